/* vfs_fault.c — see vfs_fault.h.
 *
 * Each open file wraps the real one. While syncs are tracked, its power_log knows what a loss of power may
 * take. The shared memory of the WAL is passed through: it is no part of what a disk keeps.
 *
 * One mutex guards all of it: the store thread writes, the test arms. */
#include "lib/vfs_fault.h"

#include "base/list.h"
#include "base/mem.h"
#include "lib/vfs_power.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>

#define NAME "fault"

struct file {
    sqlite3_file base; /* first */
    sqlite3_file *real;
    struct list link;
    struct power_log unsynced;
    bool dead;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct list files = { &files, &files };
static sqlite3_vfs *below;
static sqlite3_vfs vfs;
static bool registered;
static bool tracking;
static int writes;
static int fail_at; /* 0: never */
static bool fail_after;
static int fail_rc;
static int failed;
static int power_off_at; /* 0: never */
static uint64_t power_dice;
static int reads_left; /* 1: it fails; 0: none does */
static bool one_read;  /* and those that follow do not */
static int opens_left; /* the last of them fails; 0: none */

static struct file *file_of(sqlite3_file *base)
{
    return (struct file *)base;
}

static void power_off(uint64_t *dice)
{
    tracking = false;
    power_off_at = 0;
    list_for_each(it, &files) {
        struct file *file = container_of(it, struct file, link);
        power_log_lose(&file->unsynced, file->real, dice);
        file->dead = true;
    }
}

/* Is this write one that fails? */
static int judge(const struct file *file)
{
    if (++writes == power_off_at) power_off(&power_dice);
    if (file->dead) return SQLITE_IOERR_WRITE;
    if (!fail_at || writes < fail_at || (writes > fail_at && !fail_after)) return SQLITE_OK;
    failed++;
    return fail_rc;
}

static int file_close(sqlite3_file *base)
{
    struct file *file = file_of(base);
    pthread_mutex_lock(&mutex);
    power_log_synced(&file->unsynced);
    list_remove(&file->link);
    pthread_mutex_unlock(&mutex);
    int rc = file->real->pMethods ? file->real->pMethods->xClose(file->real) : SQLITE_OK;
    free(file->real);
    return rc;
}

static int file_read(sqlite3_file *base, void *data, int len, sqlite3_int64 at)
{
    struct file *file = file_of(base);
    pthread_mutex_lock(&mutex);
    bool fails = reads_left == 1;
    if (reads_left > 1 || (fails && one_read)) reads_left--;
    failed += fails;
    pthread_mutex_unlock(&mutex);
    if (fails) return SQLITE_IOERR_READ;
    return file->real->pMethods->xRead(file->real, data, len, at);
}

static int file_write(sqlite3_file *base, const void *data, int len, sqlite3_int64 at)
{
    struct file *file = file_of(base);
    pthread_mutex_lock(&mutex);
    int rc = judge(file);
    if (rc == SQLITE_OK && tracking)
        rc = power_log_write(&file->unsynced, file->real, data, (size_t)len, at);
    if (rc == SQLITE_OK) rc = file->real->pMethods->xWrite(file->real, data, len, at);
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *file = file_of(base);
    pthread_mutex_lock(&mutex);
    int rc = judge(file);
    if (rc == SQLITE_OK && tracking) rc = power_log_truncate(&file->unsynced, file->real, size);
    if (rc == SQLITE_OK) rc = file->real->pMethods->xTruncate(file->real, size);
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct file *file = file_of(base);
    pthread_mutex_lock(&mutex);
    int rc = judge(file);
    if (rc == SQLITE_OK) power_log_synced(&file->unsynced); /* tests need no real one */
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xFileSize(file->real, size);
}

static int file_lock(sqlite3_file *base, int level)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xLock(file->real, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xUnlock(file->real, level);
}

static int file_check_lock(sqlite3_file *base, int *out)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xCheckReservedLock(file->real, out);
}

static int file_control(sqlite3_file *base, int op, void *arg)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xFileControl(file->real, op, arg);
}

static int file_sector_size(sqlite3_file *base)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xSectorSize(file->real);
}

static int file_characteristics(sqlite3_file *base)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xDeviceCharacteristics(file->real);
}

static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **ret)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xShmMap(file->real, page, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xShmLock(file->real, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    struct file *file = file_of(base);
    file->real->pMethods->xShmBarrier(file->real);
}

static int file_shm_unmap(sqlite3_file *base, int delete_it)
{
    struct file *file = file_of(base);
    return file->real->pMethods->xShmUnmap(file->real, delete_it);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int judge_open(void)
{
    pthread_mutex_lock(&mutex);
    bool fails = opens_left > 0 && --opens_left == 0;
    failed += fails;
    pthread_mutex_unlock(&mutex);
    return fails ? SQLITE_CANTOPEN : SQLITE_OK;
}

static int vfs_open(sqlite3_vfs *self, const char *name, sqlite3_file *base, int flags, int *out)
{
    struct file *file = file_of(base);
    *file = (struct file){ .real = xcalloc(1, (size_t)below->szOsFile) };
    power_log_init(&file->unsynced);
    int rc = judge_open();
    if (rc == SQLITE_OK) rc = below->xOpen(below, name, file->real, flags, out);
    if (rc != SQLITE_OK) {
        free(file->real);
        return rc;
    }
    file->base.pMethods = &methods;
    pthread_mutex_lock(&mutex);
    list_push_back(&files, &file->link);
    pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

/* A dead handle closes: what it would delete must stay. */
static bool any_dead(void)
{
    list_for_each(it, &files) {
        if (container_of(it, struct file, link)->dead) return true;
    }
    return false;
}

static int vfs_delete(sqlite3_vfs *self, const char *name, int sync_dir)
{
    pthread_mutex_lock(&mutex);
    bool dead = any_dead();
    pthread_mutex_unlock(&mutex);
    return dead ? SQLITE_IOERR_DELETE : below->xDelete(below, name, sync_dir);
}

const char *vfs_fault_name(void)
{
    pthread_mutex_lock(&mutex);
    if (!registered) {
        below = sqlite3_vfs_find(NULL);
        vfs = *below; /* path names, time and randomness stay the default one's */
        vfs.pNext = NULL;
        vfs.zName = NAME;
        vfs.szOsFile = (int)sizeof(struct file);
        vfs.xOpen = vfs_open;
        vfs.xDelete = vfs_delete;
        sqlite3_vfs_register(&vfs, 0);
        registered = true;
    }
    pthread_mutex_unlock(&mutex);
    return NAME;
}

void vfs_fault_reset(void)
{
    pthread_mutex_lock(&mutex);
    list_for_each(it, &files)
        power_log_synced(&container_of(it, struct file, link)->unsynced);
    tracking = false;
    writes = fail_at = failed = opens_left = reads_left = power_off_at = 0;
    pthread_mutex_unlock(&mutex);
}

static void arm(int n, int rc, bool after)
{
    pthread_mutex_lock(&mutex);
    fail_at = writes + n;
    fail_after = after;
    fail_rc = rc;
    failed = 0;
    pthread_mutex_unlock(&mutex);
}

void vfs_fault_fail_one(int n, int rc)
{
    arm(n, rc, false);
}

void vfs_fault_fail_from(int n, int rc)
{
    arm(n, rc, true);
}

void vfs_fault_fail_open(int n)
{
    pthread_mutex_lock(&mutex);
    opens_left = n;
    failed = 0;
    pthread_mutex_unlock(&mutex);
}

void vfs_fault_fail_reads_from(int n)
{
    pthread_mutex_lock(&mutex);
    one_read = false;
    reads_left = n;
    failed = 0;
    pthread_mutex_unlock(&mutex);
}

void vfs_fault_fail_read(int n)
{
    pthread_mutex_lock(&mutex);
    one_read = true;
    reads_left = n;
    failed = 0;
    pthread_mutex_unlock(&mutex);
}

int vfs_fault_heal(void)
{
    pthread_mutex_lock(&mutex);
    int count = failed;
    fail_at = opens_left = reads_left = 0;
    pthread_mutex_unlock(&mutex);
    return count;
}

int vfs_fault_writes(void)
{
    pthread_mutex_lock(&mutex);
    int count = writes;
    pthread_mutex_unlock(&mutex);
    return count;
}

void vfs_fault_track_syncs(void)
{
    pthread_mutex_lock(&mutex);
    tracking = true;
    pthread_mutex_unlock(&mutex);
}

void vfs_fault_power_off(uint64_t *dice)
{
    pthread_mutex_lock(&mutex);
    power_off(dice);
    pthread_mutex_unlock(&mutex);
}

void vfs_fault_power_off_at(int n, uint64_t seed)
{
    pthread_mutex_lock(&mutex);
    tracking = true;
    power_off_at = writes + n;
    power_dice = seed;
    pthread_mutex_unlock(&mutex);
}
