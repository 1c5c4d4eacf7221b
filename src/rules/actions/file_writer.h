/* file_writer.h — lines into files below one root: no link is followed, files rotate by size.
 * Blocking; one thread at a time. */
#ifndef RULES_ACTIONS_FILE_WRITER_H
#define RULES_ACTIONS_FILE_WRITER_H

#include "base/list.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    FILE_PATH_MAX = 1024,
    FILE_NAME_LEN = 240, /* of each part; leaves room for the number of a rotated file */
    FILE_PARTS_MAX = 16,
};

/* 0, or -EINVAL with a static sentence: relative, parts that are neither empty nor "." nor "..",
 * UTF-8 without control characters. */
int file_path_check(struct slice path, const char **ret_why);

struct file_writer;

struct file_writer_opts {
    const char *root; /* copied; made when first needed, if what it stands in is there */
    bool sync;        /* a line counts only when it is synced */
    size_t max_open;  /* files kept open */
};

struct file_writer *file_writer_create(const struct file_writer_opts *opts);
/* Accepts NULL. */
void file_writer_destroy(struct file_writer *writer);

struct file_line {
    struct list link;
    struct slice payload; /* must be JSON; line ends in it become blanks, which JSON allows */
    uint64_t
        max_bytes; /* a file that would grow beyond is rotated first; a longer line has it alone */
    unsigned max_files; /* rotated files that are kept: path.1 is the youngest */
    int rc;
    const char *why; /* static; NULL: the text of rc */
};

/* Appends the lines, in order, with as few writes as rotation allows, and sets the rc of each.
 * After a line that cannot be written the rest is not tried and has its rc; nothing of those is in
 * the file. A payload which is no JSON has -EINVAL, and the next go on. The path has been checked.
 * */
void file_writer_append(struct file_writer *writer, const char *path, struct list *lines);

/* For tests: what stands for write(2). NULL puts it back. Not while a writer works. */
void file_writer_set_write(ssize_t (*write_fn)(int fd, const void *data, size_t len));

#endif
