/* file_writer.c — see file_writer.h.
 * A path comes from a rule and, by templates, from messages: so it is walked part by part from the
 * root with openat and O_NOFOLLOW, and only plain files are written. Files stay open in a small
 * cache; each append looks whether the name still means the same file, so another program may move
 * files away at any time.
 *
 *  I1  A line is in the file as a whole, or not at all: a write that fails is cut off again, and a
 *      file that does not end in a line end (power was lost) gets one first.
 *  I2  Files are 0600, folders 0700. */
#include "rules/actions/file_writer.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct handle {
    struct list link; /* of the writer, the last used first */
    char *path;
    const char *name; /* its last part */
    int dir;
    int fd; /* -1: to be opened */
    uint64_t size;
    bool torn;  /* does not end in a line end */
    bool fresh; /* made here: its folder must be synced */
};

struct file_writer {
    struct file_writer_opts opts;
    char *root;
    struct list handles;
    size_t count;
    struct buf pending; /* lines that are not written yet */
};

static ssize_t (*write_hook)(int fd, const void *data, size_t len) = write;

void file_writer_set_write(ssize_t (*write_fn)(int fd, const void *data, size_t len))
{
    write_hook = write_fn ? write_fn : write;
}

/* ---- paths ---- */

static const char *part_why(struct slice part)
{
    if (part.len == 0) return "the path has an empty part, or is absolute";
    if (slice_eq_str(part, ".") || slice_eq_str(part, ".."))
        return "the path has '.' or '..' in it";
    if (part.len > FILE_NAME_LEN) return "a part of the path is too long";
    for (size_t i = 0; i < part.len; i++)
        if ((unsigned char)part.ptr[i] < 0x20 || part.ptr[i] == 0x7f)
            return "the path has control characters";
    return NULL;
}

static struct slice next_part(struct slice *rest)
{
    const char *slash = memchr(rest->ptr, '/', rest->len);
    size_t len = slash ? (size_t)(slash - rest->ptr) : rest->len;
    struct slice part = slice_of(rest->ptr, len);
    *rest = slice_from(*rest, slash ? len + 1 : len);
    return part;
}

int file_path_check(struct slice path, const char **ret_why)
{
    const char *why = NULL;
    struct slice rest = path;
    size_t parts = 0;
    if (path.len == 0) why = "the path is empty";
    if (path.len > FILE_PATH_MAX) why = "the path is too long";
    if (!why && !utf8_valid(path)) why = "the path is not UTF-8";
    if (!why && path.ptr[path.len - 1] == '/') why = "the path ends in '/'";
    while (!why && rest.len) {
        why = part_why(next_part(&rest));
        if (++parts > FILE_PARTS_MAX) why = "the path has too many parts";
    }
    if (!why) return 0;
    *ret_why = why;
    return -EINVAL;
}

/* ---- opening ---- */

static int open_folder(int at, const char *name, bool follow)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
    int fd = openat(at, name, flags);
    if (fd >= 0) return fd;
    if (errno != ENOENT) return -errno;
    if (mkdirat(at, name, 0700) < 0 && errno != EEXIST) return -errno;
    fd = openat(at, name, flags);
    return fd < 0 ? -errno : fd;
}

/* The folder of the file; ret_name is the last part, within path. */
static int walk(const struct file_writer *writer, const char *path, const char **ret_name)
{
    char part[FILE_NAME_LEN + 1];
    int dir = open_folder(AT_FDCWD, writer->root, true);
    const char *slash;
    while (dir >= 0 && (slash = strchr(path, '/'))) {
        size_t len = (size_t)(slash - path);
        memcpy(part, path, len);
        part[len] = '\0';
        int next = open_folder(dir, part, false);
        if (next >= 0 && writer->opts.sync) fsync(dir);
        close(dir);
        dir = next;
        path = slash + 1;
    }
    *ret_name = path;
    return dir;
}

static bool ends_torn(int fd, off_t size)
{
    char last;
    return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

static int handle_open(struct handle *handle)
{
    struct stat st;
    int fd =
        openat(handle->dir, handle->name,
               O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0) return -errno;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -EACCES;
    }
    handle->fd = fd;
    handle->size = (uint64_t)st.st_size;
    handle->torn = ends_torn(fd, st.st_size);
    handle->fresh = st.st_size == 0;
    return 0;
}

static void handle_close(struct handle *handle)
{
    if (handle->fd >= 0) close(handle->fd);
    handle->fd = -1;
}

static void handle_free(struct file_writer *writer, struct handle *handle)
{
    list_remove(&handle->link);
    writer->count--;
    handle_close(handle);
    close(handle->dir);
    free(handle->path);
    free(handle);
}

/* The folder may have been moved or removed: its link count tells the second. */
static bool still_there(const struct handle *handle)
{
    struct stat dir, named, open;
    return handle->fd >= 0 && fstat(handle->dir, &dir) == 0 && dir.st_nlink > 0 &&
           fstat(handle->fd, &open) == 0 &&
           fstatat(handle->dir, handle->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_ino == open.st_ino && named.st_dev == open.st_dev &&
           (uint64_t)open.st_size == handle->size;
}

static struct handle *find(struct file_writer *writer, const char *path)
{
    list_for_each(it, &writer->handles) {
        struct handle *handle = container_of(it, struct handle, link);
        if (strcmp(handle->path, path) == 0) return handle;
    }
    return NULL;
}

static int acquire(struct file_writer *writer, const char *path, struct handle **ret_handle)
{
    struct handle *handle = find(writer, path);
    if (handle && !still_there(handle)) {
        handle_free(writer, handle);
        handle = NULL;
    }
    if (handle) {
        list_remove(&handle->link);
        list_push_front(&writer->handles, &handle->link);
        *ret_handle = handle;
        return 0;
    }
    char *own = xstrdup(path);
    const char *name;
    int dir = walk(writer, own, &name);
    if (dir < 0) {
        free(own);
        return dir;
    }
    handle = xnew(struct handle);
    *handle = (struct handle){ .path = own, .name = name, .dir = dir, .fd = -1 };
    list_push_front(&writer->handles, &handle->link);
    writer->count++;
    int rc = handle_open(handle);
    if (rc < 0) {
        handle_free(writer, handle);
        return rc;
    }
    if (writer->count > writer->opts.max_open)
        handle_free(writer, container_of(writer->handles.prev, struct handle, link));
    *ret_handle = handle;
    return 0;
}

/* ---- rotating ---- */

static void numbered(const struct handle *handle, unsigned number,
                     char ret_name[FILE_NAME_LEN + 16])
{
    snprintf(ret_name, FILE_NAME_LEN + 16, "%s.%u", handle->name, number);
}

static int shift(const struct handle *handle, const char *from, const char *to)
{
    int rc = renameat(handle->dir, from, handle->dir, to);
    return rc < 0 && errno != ENOENT ? -errno : 0;
}

static int rotate(struct handle *handle, unsigned max_files)
{
    char from[FILE_NAME_LEN + 16], to[FILE_NAME_LEN + 16];
    handle_close(handle);
    for (unsigned number = max_files; number > 1; number--) {
        numbered(handle, number - 1, from);
        numbered(handle, number, to);
        int rc = shift(handle, from, to);
        if (rc < 0) return rc;
    }
    numbered(handle, 1, to);
    int rc = shift(handle, handle->name, to);
    return rc < 0 ? rc : handle_open(handle);
}

/* ---- writing ---- */

static int write_all(int fd, struct slice data)
{
    while (data.len) {
        ssize_t n = write_hook(fd, data.ptr, data.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? -errno : -EIO;
        data = slice_from(data, (size_t)n);
    }
    return 0;
}

static int sync_file(struct handle *handle)
{
    if (fdatasync(handle->fd) < 0) return -errno;
    if (handle->fresh && fsync(handle->dir) < 0) return -errno;
    handle->fresh = false;
    return 0;
}

/* Writes what is pending, or nothing of it. */
static int flush(struct file_writer *writer, struct handle *handle)
{
    struct slice data = buf_slice(&writer->pending);
    if (data.len == 0) return 0;
    int rc = handle->torn ? write_all(handle->fd, SLICE_LIT("\n")) : 0;
    if (rc == 0 && handle->torn) handle->size++;
    if (rc == 0) handle->torn = false;
    if (rc == 0) rc = write_all(handle->fd, data);
    if (rc == 0 && writer->opts.sync) rc = sync_file(handle);
    if (rc == 0)
        handle->size += data.len;
    else if (ftruncate(handle->fd, (off_t)handle->size) < 0)
        handle->torn = true;
    buf_clear(&writer->pending);
    return rc;
}

static void put_line(struct buf *out, struct slice payload)
{
    size_t at = out->len;
    buf_put_slice(out, payload);
    for (; at < out->len; at++)
        if (out->data[at] == '\n' || out->data[at] == '\r') out->data[at] = ' ';
    buf_putc(out, '\n');
}

static struct file_line *line_of(struct list *link)
{
    return container_of(link, struct file_line, link);
}

static void set_result(struct list *from, const struct list *end, int rc)
{
    for (struct list *it = from; it != end; it = it->next)
        if (line_of(it)->rc != -EINVAL) line_of(it)->rc = rc;
}

/* Lines from *first on are pending; gives them their result. */
static int settle(struct file_writer *writer, struct handle *handle, struct list **first,
                  struct list *end)
{
    int rc = flush(writer, handle);
    set_result(*first, end, rc);
    *first = end;
    return rc;
}

static void check(struct list *lines)
{
    list_for_each(it, lines) {
        struct file_line *line = line_of(it);
        line->rc = json_check(line->payload, NULL, NULL) < 0 ? -EINVAL : 0;
        line->why = line->rc < 0 ? "the result is not JSON, or above 128 KB" : NULL;
    }
}

static int append_all(struct file_writer *writer, struct handle *handle, struct list *lines,
                      struct list **first)
{
    list_for_each(it, lines) {
        struct file_line *line = line_of(it);
        if (line->rc < 0) continue;
        uint64_t size = handle->size + writer->pending.len;
        if (size > 0 && size + line->payload.len + 1 > line->max_bytes) {
            int rc = settle(writer, handle, first, it);
            if (rc == 0 && handle->size > 0) rc = rotate(handle, line->max_files);
            if (rc < 0) return rc;
        }
        put_line(&writer->pending, line->payload);
    }
    return settle(writer, handle, first, lines);
}

void file_writer_append(struct file_writer *writer, const char *path, struct list *lines)
{
    struct handle *handle;
    struct list *first = lines->next;
    check(lines);
    int rc = acquire(writer, path, &handle);
    if (rc == 0) rc = append_all(writer, handle, lines, &first);
    if (rc == 0) return;
    set_result(first, lines, rc);
    handle = find(writer, path);
    if (handle) handle_free(writer, handle);
}

struct file_writer *file_writer_create(const struct file_writer_opts *opts)
{
    struct file_writer *writer = xnew(struct file_writer);
    writer->opts = *opts;
    writer->root = xstrdup(opts->root);
    list_init(&writer->handles);
    return writer;
}

void file_writer_destroy(struct file_writer *writer)
{
    if (!writer) return;
    list_for_each_safe(it, &writer->handles)
        handle_free(writer, container_of(it, struct handle, link));
    buf_deinit(&writer->pending);
    free(writer->root);
    free(writer);
}
