/* vfs_power.h — what a disk has been told and has not been made to keep. For vfs_fault.c, whose files have
 * a power_log each. The caller serialises. */
#ifndef TESTS_LIB_VFS_POWER_H
#define TESTS_LIB_VFS_POWER_H

#include "base/list.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

enum { POWER_SECTOR = 512 }; /* what a disk writes whole or not at all */

struct power_log {
    struct list writes; /* the newest first */
};

void power_log_init(struct power_log *log);
/* Before a write: keeps what it overwrites and what it writes. An SQLite code. */
int power_log_write(struct power_log *log, sqlite3_file *real, const void *data, size_t len,
                    sqlite3_int64 at);
/* Before a truncation. */
int power_log_truncate(struct power_log *log, sqlite3_file *real, sqlite3_int64 size);
/* All of it is on the disk now. */
void power_log_synced(struct power_log *log);
/* Loss of power. dice NULL: nothing of it has reached the disk. Else each sector of each write, and each
 * truncation, has or has not, by chance. */
void power_log_lose(struct power_log *log, sqlite3_file *real, uint64_t *dice);

#endif
