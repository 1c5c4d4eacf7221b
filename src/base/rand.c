/* rand.c — see rand.h. Small requests are served from a buffer of the thread, since a system call for
 * each identifier would be felt on the publish path (newuuid() in rules). */
#include "base/rand.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static rand_source_cb fake_source;

void rand_system_bytes(void *data, size_t len)
{
    for (char *at = data; len > 0;) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) BUG("getrandom: %s", strerror(errno));
        at += got;
        len -= (size_t)got;
    }
}

void rand_bytes(void *data, size_t len)
{
    static _Thread_local uint8_t pool[1024];
    static _Thread_local size_t left;

    if (fake_source) {
        fake_source(data, len);
        return;
    }
    if (len > sizeof pool / 4) {
        rand_system_bytes(data, len);
        return;
    }
    if (left < len) {
        rand_system_bytes(pool, sizeof pool);
        left = sizeof pool;
    }
    left -= len;
    memcpy(data, pool + left, len);
    memset(pool + left, 0, len);
}

uint64_t rand_u64(void)
{
    uint64_t value;
    rand_bytes(&value, sizeof value);
    return value;
}

void rand_uuid(char ret_text[37])
{
    uint8_t b[16];
    rand_bytes(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    char hex[33];
    hex_encode(b, sizeof b, hex);
    for (size_t from = 0, to = 0; from <= 32; from++) {
        if (from == 8 || from == 12 || from == 16 || from == 20) ret_text[to++] = '-';
        ret_text[to++] = hex[from];
    }
}

void rand_set_source(rand_source_cb source)
{
    fake_source = source;
}
