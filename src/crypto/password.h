/* password.h — passwords, tokens and access keys: making and checking.
 * Any thread. password_hash() and password_verify() take 19 MB and some 50 ms to 1 s of a core:
 * they belong to the worker lane for passwords. */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>

#define PASSWORD_MAX      1024 /* bytes of a password */
#define PASSWORD_HASH_LEN 128  /* room for a hash with its zero byte */

/* Argon2id (RFC 9106), 19 MB, two passes, in the PHC text form
 * "$argon2id$v=19$m=19456,t=2,p=1$...". ERR_INVALID for an empty password, ERR_TOO_LARGE above
 * PASSWORD_MAX, ERR_CRYPTO without memory. */
int password_hash(struct slice password, char ret_hash[PASSWORD_HASH_LEN]);
/* Whether password_verify() will look at a hash that comes from elsewhere: Argon2id, or what mosquitto_passwd
 * makes. 0; ERR_UNSUPPORTED for another format, ERR_INVALID for a broken one; ERR_TOO_LARGE when it costs more
 * than 128 MB, 16 passes, 512 MB in all of its passes, or a million iterations. */
int password_check_hash(const char *hash, struct diag *diag);
/* 0 when it is the password. ERR_AUTH when it is not; ERR_INVALID where password_check_hash() fails. */
int password_verify(struct slice password, const char *hash);
/* True when a hash was not made as password_hash() does now. */
bool password_needs_rehash(const char *hash);

#define TOKEN_PREFIX_MAX 8
#define TOKEN_LEN        (TOKEN_PREFIX_MAX + 43 + 1) /* room for a token with its zero byte */
#define TOKEN_HASH_LEN   65

/* 256 random bits in base64url behind a prefix such as "thd_", at most TOKEN_PREFIX_MAX bytes. */
void token_make(const char *prefix, char ret_token[TOKEN_LEN]);
/* What is stored instead of the token: its SHA-256 in lower-case hexadecimal. A token has all its
 * bits by chance, so it needs no salt and no slow hash. */
void token_hash(struct slice token, char ret_hash[TOKEN_HASH_LEN]);

#define ACCESS_KEY_ID_LEN     21
#define ACCESS_KEY_SECRET_LEN 41

/* "AKIA" and 16 characters of A-Z2-7; `temporary` gives "ASIA". */
void access_key_make_id(bool temporary, char ret_id[ACCESS_KEY_ID_LEN]);
/* 40 characters of the base64 alphabet, 240 random bits. */
void access_key_make_secret(char ret_secret[ACCESS_KEY_SECRET_LEN]);

#endif
