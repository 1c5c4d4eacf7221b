/* file.h — whole small files: read with a limit, written so that a crash leaves the old or the new one.
 * Blocking: for start-up, workers and tools. Errors are negative errno; diag names the file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <sys/types.h>

/* Appends the file's bytes. ERR_TOO_LARGE above `most`. */
int file_read(const char *path, size_t most, struct buf *ret_data, struct diag *diag);
/* A temporary file beside it, fsync, rename, fsync of the folder. */
int file_write(const char *path, mode_t mode, struct slice data, struct diag *diag);
bool file_exists(const char *path);
/* The folder, and those above it that are missing. 0 when it is there already. */
int file_make_dir(const char *path, mode_t mode, struct diag *diag);

#endif
