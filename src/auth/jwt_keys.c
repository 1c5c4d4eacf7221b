/* jwt_keys.c — the key set of an issuer: RFC 7517, with the parameters of RFC 7518 (section 6) and RFC 8037. */
#include "auth/jwt.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

struct entry {
    char *kid; /* NULL: it has none */
    struct signature_key key;
    uint8_t id[CRYPTO_SHA256_LEN];
};

struct jwt_keys {
    size_t count;
    struct entry entries[JWT_KEYS_MAX];
};

void jwt_keys_free(struct jwt_keys *keys)
{
    for (size_t i = 0; keys && i < keys->count; i++)
        free(keys->entries[i].kid);
    free(keys);
}

/* ---- one key ---- */

static int get_number(const struct json *jwk, const char *name, struct buf *out, struct diag *diag)
{
    const char *text = json_get_str(jwk, name);
    if (text && *text && base64url_decode(out, slice_str(text)) == 0) return 0;
    return diag_set(diag, ERR_INVALID, "'%s' is missing or not in base64url", name);
}

static int read_numbers(const struct json *jwk, enum signature_alg alg, struct signature_key *key,
                        struct diag *diag)
{
    static const char *const names[][2] = {
        [SIGNATURE_RS256] = { "n", "e" },
        [SIGNATURE_ES256] = { "x", "y" },
        [SIGNATURE_EDDSA] = { "x", NULL },
    };
    struct buf first = { 0 }, second = { 0 };
    int rc = get_number(jwk, names[alg][0], &first, diag);
    if (rc == 0 && names[alg][1]) rc = get_number(jwk, names[alg][1], &second, diag);
    if (rc == 0 && alg == SIGNATURE_RS256)
        rc = signature_key_rsa(buf_slice(&first), buf_slice(&second), key, diag);
    else if (rc == 0 && alg == SIGNATURE_ES256)
        rc = signature_key_p256(buf_slice(&first), buf_slice(&second), key, diag);
    else if (rc == 0)
        rc = signature_key_ed25519(buf_slice(&first), key, diag);
    buf_deinit(&first);
    buf_deinit(&second);
    return rc;
}

static bool is_text(const struct json *jwk, const char *name, const char *wanted)
{
    const char *text = json_get_str(jwk, name);
    return text && strcmp(text, wanted) == 0;
}

/* What is said of its use must include the checking of signatures. */
static bool may_verify(const struct json *jwk)
{
    const struct json *ops = json_get(jwk, "key_ops");
    if (json_get(jwk, "use") && !is_text(jwk, "use", "sig")) return false;
    if (!ops) return true;
    json_for_each(op, ops)
        if (json_str(op) && strcmp(json_str(op), "verify") == 0) return true;
    return false;
}

/* The algorithm of a key by its kind; false: it is none of ours. */
static bool find_alg(const struct json *jwk, enum signature_alg *ret_alg)
{
    static const struct {
        const char *kty, *crv, *alg;
        enum signature_alg is;
    } kinds[] = {
        { "RSA", NULL, "RS256", SIGNATURE_RS256 },
        { "EC", "P-256", "ES256", SIGNATURE_ES256 },
        { "OKP", "Ed25519", "EdDSA", SIGNATURE_EDDSA },
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!is_text(jwk, "kty", kinds[i].kty)) continue;
        if (kinds[i].crv && !is_text(jwk, "crv", kinds[i].crv)) continue;
        if (json_get(jwk, "alg") && !is_text(jwk, "alg", kinds[i].alg)) continue;
        *ret_alg = kinds[i].is;
        return true;
    }
    return false;
}

static bool has_kid(const struct jwt_keys *keys, const char *kid)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->entries[i].kid && strcmp(keys->entries[i].kid, kid) == 0) return true;
    return false;
}

static int add_key(struct jwt_keys *keys, const struct json *jwk, struct diag *diag)
{
    enum signature_alg alg;
    const char *kid = json_get_str(jwk, "kid");
    struct entry *entry = &keys->entries[keys->count];
    if (!json_is(jwk, JSON_OBJECT) || !json_get_str(jwk, "kty"))
        return diag_set(diag, ERR_INVALID, "not an object with 'kty'");
    if (json_get(jwk, "d") || json_get(jwk, "k"))
        return diag_set(diag, ERR_INVALID,
                        "a private key or a shared secret: it belongs nowhere "
                        "but to the issuer");
    if (!may_verify(jwk) || !find_alg(jwk, &alg)) return 0;
    if ((json_get(jwk, "kid") && !kid) || (kid && strlen(kid) > JWT_KID_MAX))
        return diag_set(diag, ERR_INVALID, "'kid' is no text of at most %d bytes", JWT_KID_MAX);
    if (kid && has_kid(keys, kid))
        return diag_set(diag, ERR_INVALID, "there are two keys '%s'", kid);
    if (keys->count == JWT_KEYS_MAX)
        return diag_set(diag, ERR_INVALID, "there are more than %d keys", JWT_KEYS_MAX);
    int rc = read_numbers(jwk, alg, &entry->key, diag);
    if (rc < 0) return rc;
    signature_key_id(&entry->key, entry->id);
    entry->kid = kid ? xstrdup(kid) : NULL;
    keys->count++;
    return 0;
}

/* ---- the set ---- */

int jwt_keys_parse(struct slice json, struct jwt_keys **ret_keys, struct diag *diag)
{
    static const struct json_limits limits = {
        .bytes = 256 * 1024, .nodes = 4096, .depth = 8, .unique_keys = true
    };
    struct json *set = NULL;
    int rc = json_parse(json, &limits, &set, diag);
    if (rc < 0) return diag_wrap(diag, ERR_INVALID, "the key set");
    const struct json *list = json_get(set, "keys");
    struct jwt_keys *keys = xnew(struct jwt_keys);
    size_t at = 0;
    if (!json_is(list, JSON_ARRAY)) list = NULL;
    json_for_each(jwk, list) {
        at++;
        rc = add_key(keys, jwk, diag);
        if (rc < 0) {
            const char *kid = json_get_str(jwk, "kid");
            diag_wrap(diag, rc, "key %zu of the set (kid '%.64s')", at, kid ? kid : "");
            break;
        }
    }
    json_free(set);
    if (rc == 0 && keys->count == 0)
        rc = diag_set(diag, ERR_INVALID,
                      "the key set has no key for RS256, ES256 or EdDSA in 'keys'");
    if (rc < 0)
        jwt_keys_free(keys);
    else
        *ret_keys = keys;
    return rc;
}

bool jwt_keys_have(const struct jwt_keys *keys, const uint8_t id[CRYPTO_SHA256_LEN])
{
    for (size_t i = 0; keys && i < keys->count; i++)
        if (memcmp(keys->entries[i].id, id, CRYPTO_SHA256_LEN) == 0) return true;
    return false;
}

int jwt_key_for(const struct jwt *jwt, const struct jwt_keys *keys, struct signature_key *ret_key,
                struct diag *diag)
{
    const struct entry *found = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        const struct entry *entry = &keys->entries[i];
        bool named = jwt->kid && entry->kid && strcmp(jwt->kid, entry->kid) == 0;
        if (entry->key.alg != jwt->alg || (jwt->kid && !named)) continue;
        if (found)
            return diag_set(diag, ERR_NOT_FOUND,
                            "the token names no key, and several of the issuer's fit");
        found = entry;
    }
    if (!found)
        return diag_set(diag, ERR_NOT_FOUND,
                        "the issuer's set has no key '%.64s' of the token's algorithm",
                        jwt->kid ? jwt->kid : "");
    *ret_key = found->key;
    return 0;
}
