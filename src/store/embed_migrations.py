"""Prints a C table of the migration files given, in order; refuses gaps in the numbers."""
import os
import sys

files = sorted(sys.argv[2:], key=os.path.basename)
with open(sys.argv[1], "w", encoding="utf-8") as out:
    out.write('#include "store/migrations.h"\n\nconst struct migration migrations[] = {\n')
    for number, path in enumerate(files, start=1):
        name = os.path.basename(path)
        if not name.startswith(f"{number:04d}_"):
            sys.exit(f"{name}: expected number {number:04d}")
        out.write(f'    {{ "{name}",\n')
        with open(path, encoding="utf-8") as sql:
            for line in sql:
                text = line.rstrip("\n").replace("\\", "\\\\").replace('"', '\\"')
                out.write(f'      "{text}\\n"\n')
        out.write("    },\n")
    out.write(f"}};\nconst int migration_count = {len(files)};\n")
