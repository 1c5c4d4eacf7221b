/* password_format.c — see password_format.h. Beside our own, the formats of mosquitto_passwd:
 *
 *   $6$SALT$HASH             SHA-512 of the password and the salt           (-H sha512)
 *   $7$N$SALT$HASH           PBKDF2 with HMAC-SHA-512, N iterations         (-H sha512-pbkdf2; RFC 8018)
 *   $argon2id$v=..$m=,t=,p=$SALT$HASH    PHC form, base64 without padding   (-H argon2id; RFC 9106)
 *
 * SALT and HASH of the first two are base64 with padding, HASH is of 64 bytes. Since hashes are brought from
 * elsewhere, what a verification may cost is bounded before anything is computed: the lane in which it runs is
 * everybody's. */
#include "crypto/password_format.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"

#include <mbedtls/md.h>
#include <mbedtls/pkcs5.h>
#include <sodium.h>

enum {
    HASH_MAX = 256, /* characters of any of them; mosquitto's Argon2id has 204 */
    SHA512_LEN = 64,
    SALT_MIN = 8,
    SALT_MAX = 64,
    ITERATIONS_MAX = 1000000, /* about a second of a small core */
    MEMORY_KB_MAX = 128 * 1024,
    PASSES_MAX = 16,
    COST_KB_MAX = 512 * 1024, /* memory times passes */
};

static int too_costly(struct diag *diag)
{
    return diag_set(diag, ERR_TOO_LARGE, "the hash costs more to check than is allowed");
}

static int broken(struct diag *diag)
{
    return diag_set(diag, ERR_INVALID, "the hash is broken");
}

/* What stands before the next '$', which is taken too. False without one. */
static bool take_field(struct slice *text, struct slice *ret_field)
{
    const char *stop = text->len ? memchr(text->ptr, '$', text->len) : NULL;
    if (!stop) return false;
    *ret_field = slice_of(text->ptr, (size_t)(stop - text->ptr));
    *text = slice_from(*text, ret_field->len + 1);
    return true;
}

/* ---- SHA-512, once or many times ---- */

struct sha512_hash {
    int64_t iterations; /* 0: of $6$ */
    struct buf salt, hash;
};

static void free_sha512(struct sha512_hash *parsed)
{
    buf_deinit(&parsed->salt);
    buf_deinit(&parsed->hash);
}

/* Frees what it has made where it fails. */
static int parse_sha512(const char *text, struct sha512_hash *ret_parsed, struct diag *diag)
{
    struct slice rest = slice_from(slice_str(text), 3), iterations, salt;
    *ret_parsed = (struct sha512_hash){ 0 };
    if (rest.len > HASH_MAX) return broken(diag);
    if (text[1] == '7') {
        if (!take_field(&rest, &iterations) ||
            text_to_int(iterations, 1, INT32_MAX, &ret_parsed->iterations) < 0)
            return broken(diag);
        if (ret_parsed->iterations > ITERATIONS_MAX) return too_costly(diag);
    }
    if (take_field(&rest, &salt) && base64_decode(&ret_parsed->salt, salt) == 0 &&
        base64_decode(&ret_parsed->hash, rest) == 0 && ret_parsed->hash.len == SHA512_LEN &&
        ret_parsed->salt.len >= SALT_MIN && ret_parsed->salt.len <= SALT_MAX)
        return 0;
    free_sha512(ret_parsed);
    return broken(diag);
}

static int check_sha512(const char *hash, struct diag *diag)
{
    struct sha512_hash parsed;
    int rc = parse_sha512(hash, &parsed, diag);
    if (rc == 0) free_sha512(&parsed);
    return rc;
}

static int sha512_once(struct slice password, const struct buf *salt, uint8_t ret_hash[SHA512_LEN])
{
    struct buf text = { 0 };
    buf_reserve(&text, password.len + salt->len); /* it must not leave copies behind by growing */
    buf_put_slice(&text, password);
    buf_put_slice(&text, buf_slice(salt));
    int rc = crypto_digest(CRYPTO_SHA512, text.data, text.len, ret_hash, NULL);
    crypto_wipe(text.data, text.len);
    buf_deinit(&text);
    return rc;
}

static int sha512_often(struct slice password, const struct sha512_hash *parsed,
                        uint8_t ret_hash[SHA512_LEN])
{
    mbedtls_md_context_t md;
    mbedtls_md_init(&md);
    int rc = mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA512), 1);
    if (rc == 0)
        rc = mbedtls_pkcs5_pbkdf2_hmac(&md, (const unsigned char *)password.ptr, password.len,
                                       (const unsigned char *)parsed->salt.data, parsed->salt.len,
                                       (unsigned)parsed->iterations, SHA512_LEN, ret_hash);
    mbedtls_md_free(&md);
    return rc ? ERR_CRYPTO : 0;
}

static int verify_sha512(struct slice password, const char *hash)
{
    struct sha512_hash parsed;
    uint8_t made[SHA512_LEN];
    int rc = parse_sha512(hash, &parsed, NULL);
    if (rc < 0) return rc;
    rc = parsed.iterations ? sha512_often(password, &parsed, made)
                           : sha512_once(password, &parsed.salt, made);
    if (rc == 0 && !crypto_equal(made, parsed.hash.data, SHA512_LEN)) rc = ERR_AUTH;
    crypto_wipe(made, sizeof made);
    free_sha512(&parsed);
    return rc;
}

/* ---- Argon2id ---- */

/* Takes "name=123" and the byte `end` behind it from the front of text. */
static bool take_cost(struct slice *text, const char *name, char end, int64_t *ret_cost)
{
    if (!slice_starts(*text, name)) return false;
    struct slice value = slice_from(*text, strlen(name));
    const char *stop = value.len ? memchr(value.ptr, end, value.len) : NULL;
    if (!stop) return false;
    struct slice digits = slice_of(value.ptr, (size_t)(stop - value.ptr));
    *text = slice_from(value, digits.len + 1);
    return text_to_int(digits, 1, INT32_MAX, ret_cost) == 0;
}

static bool is_unpadded(struct slice text, size_t min)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(letters, text.ptr[i], sizeof letters - 1)) return false;
    return text.len >= min && text.len % 4 != 1;
}

static bool parse_argon2id(const char *hash, int64_t *ret_memory_kb, int64_t *ret_passes)
{
    int64_t version, lanes;
    struct slice salt, text = slice_from(slice_str(hash), strlen("$argon2id$"));
    return text.len <= HASH_MAX && take_cost(&text, "v=", '$', &version) && version == 19 &&
           take_cost(&text, "m=", ',', ret_memory_kb) && take_cost(&text, "t=", ',', ret_passes) &&
           take_cost(&text, "p=", '$', &lanes) && lanes <= 16 && *ret_memory_kb >= 8 * lanes &&
           take_field(&text, &salt) && is_unpadded(salt, 11) && is_unpadded(text, 22);
}

static int check_argon2id(const char *hash, struct diag *diag)
{
    int64_t memory_kb, passes;
    if (!parse_argon2id(hash, &memory_kb, &passes)) return broken(diag);
    if (memory_kb > MEMORY_KB_MAX || passes > PASSES_MAX || memory_kb * passes > COST_KB_MAX)
        return too_costly(diag);
    return 0;
}

static int verify_argon2id(struct slice password, const char *hash)
{
    char text[HASH_MAX + 16] = { 0 }; /* libsodium wants at least crypto_pwhash_STRBYTES of it */
    memcpy(text, hash, strlen(hash));
    return crypto_pwhash_str_verify(text, password.ptr, password.len) == 0 ? 0 : ERR_AUTH;
}

bool password_format_is_argon2id(const char *hash, int64_t memory_kb, int64_t passes)
{
    int64_t memory_is, passes_are;
    return slice_starts(slice_str(hash), "$argon2id$") &&
           parse_argon2id(hash, &memory_is, &passes_are) && memory_is == memory_kb &&
           passes_are == passes;
}

/* ---- all of them ---- */

const struct password_format *password_format_of(const char *hash)
{
    static const struct password_format formats[] = {
        { "$argon2id$", check_argon2id, verify_argon2id },
        { "$7$", check_sha512, verify_sha512 },
        { "$6$", check_sha512, verify_sha512 },
    };
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (slice_starts(slice_str(hash), formats[i].prefix)) return &formats[i];
    return NULL;
}
