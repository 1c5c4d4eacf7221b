/* password.c — see password.h.
 * Costs follow OWASP's first choice for Argon2id (19 MiB, two passes, one lane), which a small
 * board can pay for one login at a time. A stored hash carries its own costs; since an
 * administrator may bring hashes from elsewhere, what verification may cost is bounded before
 * libsodium sees the text. Tokens and keys are made of chance from the kernel alone, never from a
 * source that a test replaces. */
#include "crypto/password.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"

#include <sodium.h>
#include <stdio.h>

enum {
    PASSES = 2,
    MEMORY_KB = 19 * 1024,
    PASSES_MAX = 16,
    MEMORY_KB_MAX = 128 * 1024,
};

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

/* Takes "name=123" and the byte `end` behind it from the front of text. */
static int take_cost(struct slice *text, const char *name, char end, int64_t max, int64_t *ret_cost)
{
    if (!slice_starts(*text, name)) return ERR_INVALID;
    struct slice value = slice_from(*text, strlen(name));
    const char *stop = memchr(value.ptr, end, value.len);
    if (!stop) return ERR_INVALID;
    struct slice digits = slice_of(value.ptr, (size_t)(stop - value.ptr));
    int rc = text_to_int(digits, 1, max, ret_cost);
    if (rc < 0) return rc;
    *text = slice_from(value, digits.len + 1);
    return 0;
}

static int parse_costs(const char *hash, int64_t *ret_memory_kb, int64_t *ret_passes)
{
    int64_t version, lanes;
    struct slice text = slice_str(hash);
    if (text.len >= crypto_pwhash_STRBYTES || !slice_starts(text, "$argon2id$")) return ERR_INVALID;
    text = slice_from(text, strlen("$argon2id$"));
    int rc = take_cost(&text, "v=", '$', 19, &version);
    if (rc == 0) rc = take_cost(&text, "m=", ',', MEMORY_KB_MAX, ret_memory_kb);
    if (rc == 0) rc = take_cost(&text, "t=", ',', PASSES_MAX, ret_passes);
    if (rc == 0) rc = take_cost(&text, "p=", '$', 16, &lanes);
    return rc < 0 ? ERR_INVALID : 0;
}

int password_verify(struct slice password, const char *hash)
{
    int64_t memory_kb, passes;
    int rc = parse_costs(hash, &memory_kb, &passes);
    if (rc < 0) return rc;
    if (password.len == 0 || password.len > PASSWORD_MAX) return ERR_AUTH;
    char text[crypto_pwhash_STRBYTES] = { 0 };
    memcpy(text, hash, strlen(hash));
    return crypto_pwhash_str_verify(text, password.ptr, password.len) == 0 ? 0 : ERR_AUTH;
}

bool password_needs_rehash(const char *hash)
{
    int64_t memory_kb, passes;
    return parse_costs(hash, &memory_kb, &passes) < 0 || memory_kb != MEMORY_KB || passes != PASSES;
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
