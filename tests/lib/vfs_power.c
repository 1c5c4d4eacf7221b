/* vfs_power.c — see vfs_power.h.
 *
 * The file itself always has the newest bytes, so that reads need no overlay. The log has, for each write
 * since the last sync, the bytes before and after. A loss of power first plays all of it backwards, which
 * gives what was synced, and then some of it forwards again: a disk may keep unsynced writes in any order
 * and in part. */
#include "lib/vfs_power.h"

#include "base/mem.h"
#include "lib/rand_fake.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct power_write {
    struct list link;
    sqlite3_int64 size; /* of the file before */
    sqlite3_int64 at;
    size_t old_len, len;
    bool truncates; /* to `at` */
    char data[];    /* old_len bytes that were there, len new ones */
};

void power_log_init(struct power_log *log)
{
    list_init(&log->writes);
}

static int add(struct power_log *log, sqlite3_file *real, const void *data, size_t len,
               sqlite3_int64 at, bool truncates)
{
    sqlite3_int64 size = 0;
    int rc = real->pMethods->xFileSize(real, &size);
    if (rc != SQLITE_OK) return rc;
    size_t old_len = at >= size ? 0 : (size_t)(size - at);
    if (!truncates && old_len > len) old_len = len;
    struct power_write *write = xmalloc(sizeof *write + old_len + len);
    *write = (struct power_write){
        .size = size, .at = at, .old_len = old_len, .len = len, .truncates = truncates
    };
    if (old_len) rc = real->pMethods->xRead(real, write->data, (int)old_len, at);
    if (len) memcpy(write->data + old_len, data, len);
    list_push_front(&log->writes, &write->link);
    return rc;
}

int power_log_write(struct power_log *log, sqlite3_file *real, const void *data, size_t len,
                    sqlite3_int64 at)
{
    return add(log, real, data, len, at, false);
}

int power_log_truncate(struct power_log *log, sqlite3_file *real, sqlite3_int64 size)
{
    return add(log, real, NULL, 0, size, true);
}

void power_log_synced(struct power_log *log)
{
    for (struct list *link; (link = list_pop_front(&log->writes));)
        free(container_of(link, struct power_write, link));
}

static void undo(sqlite3_file *real, const struct power_write *write)
{
    if (write->old_len) real->pMethods->xWrite(real, write->data, (int)write->old_len, write->at);
    real->pMethods->xTruncate(real, write->size);
}

static bool reaches_the_disk(uint64_t *dice)
{
    return rand_fake_below(dice, 2) == 0;
}

static void redo_in_part(sqlite3_file *real, const struct power_write *write, uint64_t *dice)
{
    if (write->truncates && reaches_the_disk(dice)) real->pMethods->xTruncate(real, write->at);
    const char *data = write->data + write->old_len;
    for (size_t done = 0, part; done < write->len; done += part) {
        size_t to_border = POWER_SECTOR - (size_t)(write->at + (sqlite3_int64)done) % POWER_SECTOR;
        part = write->len - done < to_border ? write->len - done : to_border;
        if (reaches_the_disk(dice))
            real->pMethods->xWrite(real, data + done, (int)part, write->at + (sqlite3_int64)done);
    }
}

void power_log_lose(struct power_log *log, sqlite3_file *real, uint64_t *dice)
{
    list_for_each(it, &log->writes)
        undo(real, container_of(it, struct power_write, link));
    for (struct list *it = log->writes.prev; dice && it != &log->writes; it = it->prev)
        redo_in_part(real, container_of(it, struct power_write, link), dice);
    power_log_synced(log);
}
