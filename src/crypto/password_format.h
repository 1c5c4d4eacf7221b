/* password_format.h — what a stored password looks like: by its format, how it is checked and what that
 * may cost. For password.c. Any thread. */
#ifndef CRYPTO_PASSWORD_FORMAT_H
#define CRYPTO_PASSWORD_FORMAT_H

#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>

struct password_format {
    const char *prefix;
    /* 0, or why password_verify() would refuse to look: ERR_INVALID, ERR_TOO_LARGE. Costs nothing. */
    int (*check)(const char *hash, struct diag *diag);
    /* Of a hash that check has passed: 0 or ERR_AUTH. */
    int (*verify)(struct slice password, const char *hash);
};

/* NULL: none of ours. */
const struct password_format *password_format_of(const char *hash);
/* Argon2id with these costs? */
bool password_format_is_argon2id(const char *hash, int64_t memory_kb, int64_t passes);

#endif
