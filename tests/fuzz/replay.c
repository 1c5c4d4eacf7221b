/* replay.c — a main for fuzz targets where libFuzzer is not linked: runs every file of the folders given
 * once, so that the corpora are part of the test run. */
#include "base/buf.h"
#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    struct buf data = { 0 };
    struct diag diag = DIAG_INIT;
    if (file_read(path, 64 << 20, &data, &diag) < 0) {
        fprintf(stderr, "%s\n", diag.text);
        return 1;
    }
    /* an allocation of the exact size, so that a read past the end is seen */
    uint8_t *exact = malloc(data.len ? data.len : 1);
    if (!exact) abort();
    if (data.len) memcpy(exact, data.data, data.len);
    LLVMFuzzerTestOneInput(exact, data.len);
    free(exact);
    buf_deinit(&data);
    return 0;
}

static int run_folder(const char *folder, size_t *count)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        perror(folder);
        return 1;
    }
    int rc = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') continue;
        struct buf path = { 0 };
        buf_printf(&path, "%s/%s", folder, entry->d_name);
        rc |= run_file(buf_str(&path));
        buf_deinit(&path);
        ++*count;
    }
    closedir(dir);
    return rc;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    int rc = 0;
    for (int i = 1; i < argc; i++)
        rc |= run_folder(argv[i], &count);
    if (count == 0) {
        fprintf(stderr, "no inputs\n");
        return 1;
    }
    printf("%zu inputs replayed\n", count);
    return rc;
}
