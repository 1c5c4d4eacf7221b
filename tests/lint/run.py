"""Lint: formatting, the rules between folders, clang-tidy, cppcheck.

usage: run.py BUILD_DIR     (configured by meson, for its compile_commands.json)
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys

import statements

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# docs/architecture.md, "Folders": a file includes its own folder and lower ranks.
RANKS = {
    "base": 0, "config": 1, "crypto": 1, "topic": 1, "mqtt": 2, "http": 2, "ws": 2, "sql": 2,
    "policy": 2, "loop": 3, "net": 4, "store": 4, "registry": 5, "webhook": 5, "auth": 6, "hub": 7,
    "shadow": 8, "provision": 8, "rules": 8, "api": 9, "conn": 9, "app": 10, "cli": 11,
}
# Who alone may include a library's header.
OWNERS = {
    r"uv\.h": {"loop"},
    r"cjson/cJSON\.h|cJSON\.h": {"base"},
    r"sqlite3\.h": {"store"},
    r"sodium\.h|sodium/.*": {"crypto"},
    r"mbedtls/.*": {"crypto", "net"},
    r"libconfig\.h": {"config"},
    r"llhttp\.h": {"http"},
    r"pcre2\.h": {"sql"},
    r"wslay/.*": {"ws"},
}
# One address for time, chance, environment and stderr.
CALLS = {
    r"\b(clock_gettime|gettimeofday|time)\s*\(": {"src/base/clock.c"},
    r"\bgetrandom\s*\(|\brand\s*\(|\brandom\s*\(": {"src/base/rand.c"},
    r"\b(sprintf|strcpy|strcat|gets)\s*\(": set(),
    r"\b(usleep|sleep|nanosleep)\s*\(": set(),
}


def git_files(*patterns):
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                         cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in out.split() if os.path.exists(os.path.join(ROOT, name))]


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def check_ranks(name, text, errors):
    folder = name.split("/")[1] if name.count("/") > 1 else None
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if not match:
            continue
        path = match.group(2)
        for pattern, owners in OWNERS.items():
            if re.fullmatch(pattern, path) and folder not in owners:
                errors.append(f"{name}:{number}: only {', '.join(sorted(owners))} may include {path}")
        target = path.split("/")[0]
        if match.group(1) != '"' or folder not in RANKS or target not in RANKS or target == folder:
            continue
        if RANKS[target] >= RANKS[folder]:
            errors.append(f"{name}:{number}: {folder} (rank {RANKS[folder]}) includes {target} "
                          f"(rank {RANKS[target]}): includes point down")
        if path.endswith("_priv.h"):
            errors.append(f"{name}:{number}: {path} is private to its folder")


def check_text(name, text, errors):
    code = without_comments(text)
    for pattern, allowed in CALLS.items():
        if name in allowed:
            continue
        for match in re.finditer(pattern, code):
            line = code.count("\n", 0, match.start()) + 1
            errors.append(f"{name}:{line}: {match.group(0).strip()} is not to be called here")
    for number, line in enumerate(text.split("\n"), 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            errors.append(f"{name}:{number}: unfinished work belongs into an issue")
    if name.endswith(".c") and not text.startswith("/*"):
        errors.append(f"{name}:1: a file opens with its design note")


def check_house(errors):
    for name in git_files("src/*.c", "src/*.h"):
        text = read(name)
        check_ranks(name, text, errors)
        check_text(name, text, errors)
    for name in git_files("include/*.h"):
        for line in read(name).split("\n"):
            if re.match(r'\s*#\s*include\s+"', line):
                errors.append(f"{name}: the plugin interface includes no header of the hub")


def check_format(errors):
    files = git_files("*.c", "*.h")
    out = subprocess.run(["clang-format", "--dry-run", "-Werror", "--ferror-limit=1", *files], cwd=ROOT,
                         capture_output=True, text=True)
    if out.returncode:
        errors.extend(line for line in out.stderr.split("\n") if "error:" in line)


def tidy_one(job):
    build, name = job
    out = subprocess.run(["clang-tidy", "--quiet", "-p", build, os.path.join(ROOT, name)], cwd=ROOT,
                         capture_output=True, text=True)
    found = [line for line in out.stdout.split("\n") if re.search(r": (warning|error):", line)]
    if out.returncode and not found:
        found = [f"{name}: clang-tidy ended with {out.returncode}: {out.stderr.strip()[-200:]}"]
    return found


def check_tidy(build, errors):
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        compiled = {os.path.relpath(os.path.join(c["directory"], c["file"]), ROOT)
                    for c in json.load(file)}
    files = git_files("src/*.c")
    errors.extend(f"{name}: no target compiles it" for name in files if name not in compiled)
    jobs = [(build, name) for name in files if name in compiled]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(tidy_one, jobs):
            errors.extend(found)
    return len(jobs)


def check_cppcheck(errors):
    out = subprocess.run(
        ["cppcheck", "--quiet", "--std=c11", "--enable=warning,portability", "--inline-suppr",
         f"-j{os.cpu_count()}", "--suppressions-list=tests/lint/cppcheck.supp", "--template={file}:"
         "{line}: {severity}: {message} [{id}]", "-Isrc", "-Iinclude", "src"],
        cwd=ROOT, capture_output=True, text=True)
    errors.extend(line for line in out.stderr.split("\n") if line.strip())


def main():
    build = os.path.abspath(sys.argv[1])
    failures = 0
    checks = [("folders and calls", check_house),
              ("statements of MQTT", lambda errors: statements.check(ROOT, errors)),
              ("clang-format", check_format), ("cppcheck", check_cppcheck),
              ("clang-tidy", lambda errors: check_tidy(build, errors))]
    for title, check in checks:
        errors = []
        check(errors)
        print(f"lint: {title}: {'fine' if not errors else f'{len(errors)} findings'}", flush=True)
        for line in errors:
            print("  " + line)
        failures += bool(errors)
    print(f"{len(checks) - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
