/* migrations.h — the table which the build makes out of the files in src/store/migrations. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

struct migration {
    const char *name; /* "0001_hub.sql" */
    const char *sql;
};
extern const struct migration migrations[];
extern const int migration_count;

#endif
