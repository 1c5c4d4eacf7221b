/* crypto.c — see crypto.h. */
#include "crypto/crypto.h"

#include "base/err.h"
#include "base/mem.h"
#include "crypto/mbedtls_compat.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

int crypto_init(void)
{
    return sodium_init() < 0 || mbed_init() < 0 ? ERR_CRYPTO : 0;
}

void crypto_wipe(void *data, size_t len)
{
    if (len > 0) sodium_memzero(data, len);
}

void crypto_free_secret(char *text)
{
    if (!text) return;
    crypto_wipe(text, strlen(text));
    free(text);
}

void *crypto_guarded_alloc(size_t size)
{
    void *data = sodium_init() < 0 ? NULL : sodium_malloc(size);
    if (!data) BUG("no guarded memory");
    sodium_memzero(data, size);
    return data;
}

void crypto_guarded_free(void *data)
{
    sodium_free(data);
}

char *crypto_guarded_text(char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = crypto_guarded_alloc(size);
    memcpy(copy, text, size);
    crypto_free_secret(text);
    return copy;
}

void crypto_forbid_dumps(void)
{
    if (prctl(PR_SET_DUMPABLE, 0) < 0) BUG("PR_SET_DUMPABLE is refused");
}
