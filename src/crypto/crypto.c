/* crypto.c — see crypto.h. */
#include "crypto/crypto.h"

#include "base/err.h"
#include "crypto/mbedtls_compat.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

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
