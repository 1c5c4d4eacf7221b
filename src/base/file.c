/* file.c — see file.h. */
#include "base/file.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct diag *diag, const char *what, const char *path)
{
    int rc = -errno;
    return diag_set(diag, rc, "cannot %s '%s': %s", what, path, strerror(errno));
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

int file_read(const char *path, size_t most, struct buf *ret_data, struct diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failed(diag, "open", path);
    struct buf data = { 0 };
    int rc = 0;
    for (;;) {
        char *to = buf_reserve(&data, 4096);
        ssize_t got = read(fd, to, 4096);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) rc = failed(diag, "read", path);
        if (got <= 0) break;
        data.len += (size_t)got;
        if (data.len > most) {
            rc = diag_set(diag, ERR_TOO_LARGE, "'%s' is larger than %zu bytes", path, most);
            break;
        }
    }
    close(fd);
    if (rc == 0) buf_append(ret_data, data.data, data.len);
    buf_deinit(&data);
    return rc;
}

static int write_all(int fd, struct slice data)
{
    while (data.len) {
        ssize_t put = write(fd, data.ptr, data.len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return -1;
        data = slice_from(data, (size_t)put);
    }
    return fsync(fd);
}

static void sync_folder(const char *path)
{
    char *copy = xstrdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

int file_write(const char *path, mode_t mode, struct slice data, struct diag *diag)
{
    char *temporary = xasprintf("%s.XXXXXX", path);
    int rc = 0;
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        rc = failed(diag, "create", temporary);
        free(temporary);
        return rc;
    }
    if (fchmod(fd, mode) < 0 || write_all(fd, data) < 0) rc = failed(diag, "write", path);
    close(fd);
    if (rc == 0 && rename(temporary, path) < 0) rc = failed(diag, "replace", path);
    if (rc < 0)
        unlink(temporary);
    else
        sync_folder(path);
    free(temporary);
    return rc;
}

int file_make_dir(const char *path, mode_t mode, struct diag *diag)
{
    if (mkdir(path, mode) == 0) return 0;
    struct stat st;
    if (errno == EEXIST && stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode)) return 0;
        errno = ENOTDIR;
    }
    if (errno != ENOENT) return failed(diag, "create folder", path);
    char *copy = xstrdup(path);
    int rc = file_make_dir(dirname(copy), mode, diag);
    free(copy);
    if (rc < 0) return rc;
    return mkdir(path, mode) == 0 || errno == EEXIST ? 0 : failed(diag, "create folder", path);
}
