/* password.c — see password.h.
 * Costs follow OWASP's first choice for Argon2id (19 MiB, two passes, one lane), which a small
 * board can pay for one login at a time. Hashes that were made elsewhere are checked too, by their
 * format (password_format.c), and replaced by ours when their user comes. Tokens and keys are made of chance from the kernel alone, never from a
 * source that a test replaces. */
#include "crypto/password.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "crypto/password_format.h"

#include <sodium.h>
#include <stdio.h>

enum { PASSES = 2, MEMORY_KB = 19 * 1024 };

_Static_assert(PASSWORD_HASH_LEN >= crypto_pwhash_STRBYTES, "PASSWORD_HASH_LEN is too small");

int password_hash(struct slice password, char ret_hash[PASSWORD_HASH_LEN])
{
    if (password.len == 0) return ERR_INVALID;
    if (password.len > PASSWORD_MAX) return ERR_TOO_LARGE;
    char hash[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str_alg(hash, password.ptr, password.len, PASSES, (size_t)MEMORY_KB * 1024,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ERR_CRYPTO;
    memcpy(ret_hash, hash, sizeof hash);
    return 0;
}

int password_check_hash(const char *hash, struct diag *diag)
{
    const struct password_format *format = password_format_of(hash);
    if (format) return format->check(hash, diag);
    return diag_set(diag, ERR_UNSUPPORTED,
                    "the hash is of no known format ($argon2id$, $7$ and $6$ are)");
}

int password_verify(struct slice password, const char *hash)
{
    const struct password_format *format = password_format_of(hash);
    if (!format || format->check(hash, NULL) < 0) return ERR_INVALID;
    if (password.len == 0 || password.len > PASSWORD_MAX) return ERR_AUTH;
    return format->verify(password, hash);
}

bool password_needs_rehash(const char *hash)
{
    return !password_format_is_argon2id(hash, MEMORY_KB, PASSES);
}

void token_make(const char *prefix, char ret_token[TOKEN_LEN])
{
    if (strlen(prefix) > TOKEN_PREFIX_MAX) BUG("token prefix '%s' is too long", prefix);
    uint8_t chance[32];
    struct buf text = { 0 };
    rand_system_bytes(chance, sizeof chance);
    base64url_encode(&text, chance, sizeof chance);
    snprintf(ret_token, TOKEN_LEN, "%s%s", prefix, buf_str(&text));
    crypto_wipe(chance, sizeof chance);
    crypto_wipe(text.data, text.len);
    buf_deinit(&text);
}

void token_hash(struct slice token, char ret_hash[TOKEN_HASH_LEN])
{
    crypto_sha256_hex(token.ptr, token.len, ret_hash);
}

void access_key_make_id(bool temporary, char ret_id[ACCESS_KEY_ID_LEN])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t chance[ACCESS_KEY_ID_LEN - 5];
    rand_system_bytes(chance, sizeof chance);
    memcpy(ret_id, temporary ? "ASIA" : "AKIA", 4);
    for (size_t i = 0; i < sizeof chance; i++)
        ret_id[4 + i] = letters[chance[i] & 31];
    ret_id[ACCESS_KEY_ID_LEN - 1] = '\0';
}

void access_key_make_secret(char ret_secret[ACCESS_KEY_SECRET_LEN])
{
    uint8_t chance[30];
    struct buf text = { 0 };
    rand_system_bytes(chance, sizeof chance);
    base64_encode(&text, chance, sizeof chance);
    memcpy(ret_secret, buf_str(&text), ACCESS_KEY_SECRET_LEN);
    crypto_wipe(chance, sizeof chance);
    crypto_wipe(text.data, text.len);
    buf_deinit(&text);
}
