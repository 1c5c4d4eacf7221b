/* vfs_fault.h — a disk that fails when the test says so: an SQLite VFS over the default one. One for the
 * process. Pass vfs_fault_name() as store_opts.vfs. Writes, truncations and syncs count as writes.
 * Everything here may be called from any thread. */
#ifndef TESTS_LIB_VFS_FAULT_H
#define TESTS_LIB_VFS_FAULT_H

#include <stdint.h>

/* Registers it at the first call. */
const char *vfs_fault_name(void);
/* No faults, no memory of unsynced writes. */
void vfs_fault_reset(void);

/* The n-th write from now on (1: the next) fails with rc, an SQLite code such as SQLITE_FULL. */
void vfs_fault_fail_one(int n, int rc);
/* The n-th write and all that follow fail. */
void vfs_fault_fail_from(int n, int rc);
/* The n-th opening of a file from now on fails. */
void vfs_fault_fail_open(int n);
/* The n-th read from now on fails; the n-th and all that follow do. */
void vfs_fault_fail_read(int n);
void vfs_fault_fail_reads_from(int n);
/* The disk is well again. Returns how many writes, reads or openings have failed since it was armed. */
int vfs_fault_heal(void);
/* Writes since the last reset. */
int vfs_fault_writes(void);

/* From now on every write is remembered until its file is synced. */
void vfs_fault_track_syncs(void);
/* Loss of power: of what was not synced all is gone, or by chance some of it when there are dice. Handles
 * that are open now can write no more; files that are opened afterwards work. */
void vfs_fault_power_off(uint64_t *dice);
/* Tracks syncs, and does so by chance before the n-th write from now on: in the middle of a transaction. */
void vfs_fault_power_off_at(int n, uint64_t seed);

#endif
