/* blob_functions.c — numbers as bytes, for migrations that make the program's own formats: SQLite 3.40 has
 * nothing that turns a number into a blob.
 *   be32(n)    four bytes, the highest first
 *   varint(n)  as queue_page.c writes numbers: 7 bits a byte, the lowest first */
#include "store/blob_functions.h"

#include <stddef.h>
#include <stdint.h>

static void be32(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    uint32_t n = (uint32_t)sqlite3_value_int64(argv[0]);
    uint8_t bytes[] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
    sqlite3_result_blob(context, bytes, sizeof bytes, SQLITE_TRANSIENT);
}

static void varint(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    uint64_t n = (uint64_t)sqlite3_value_int64(argv[0]);
    uint8_t bytes[10];
    int len = 0;
    for (; n >= 0x80; n >>= 7)
        bytes[len++] = (uint8_t)(n | 0x80);
    bytes[len++] = (uint8_t)n;
    sqlite3_result_blob(context, bytes, len, SQLITE_TRANSIENT);
}

int blob_functions_add(sqlite3 *sqlite)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    int rc = sqlite3_create_function(sqlite, "be32", 1, flags, NULL, be32, NULL, NULL);
    if (rc != SQLITE_OK) return rc;
    return sqlite3_create_function(sqlite, "varint", 1, flags, NULL, varint, NULL, NULL);
}
