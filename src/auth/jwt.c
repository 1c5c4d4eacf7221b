/* jwt.c — see jwt.h.
 *  I1  The algorithm is that of the key; the token's own word for it must be the same (RFC 8725, section 3.1).
 *  I2  What a token says twice, or in another type than the standard's, it does not say: it is refused. */
#include "auth/jwt.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

static const struct json_limits token_limits = {
    .bytes = JWT_MAX, .nodes = 512, .depth = 8, .unique_keys = true
};

static const struct {
    const char *name;
    enum signature_alg alg;
} algs[] = {
    { "RS256", SIGNATURE_RS256 },
    { "ES256", SIGNATURE_ES256 },
    { "EdDSA", SIGNATURE_EDDSA },
};

/* ---- parts of a token ---- */

static int read_object(struct slice part, const char *what, struct json **ret_json,
                       struct diag *diag)
{
    struct buf text = { 0 };
    int rc = base64url_decode(&text, part);
    if (rc == 0) rc = json_parse(buf_slice(&text), &token_limits, ret_json, NULL);
    buf_deinit(&text);
    if (rc == 0 && json_is(*ret_json, JSON_OBJECT)) return 0;
    return diag_set(diag, ERR_MALFORMED, "the %s of the token is no JSON object in base64url",
                    what);
}

/* A string or nothing. */
static int get_text(const struct json *object, const char *name, const char **ret_text,
                    struct diag *diag)
{
    const struct json *value = json_get(object, name);
    *ret_text = json_str(value);
    return value && !*ret_text
               ? diag_set(diag, ERR_MALFORMED, "'%s' of the token is not a text", name)
               : 0;
}

/* RFC 7519, section 2: NumericDate. False for what is no moment between 1970 and the year 5138. */
static bool get_time(const struct json *value, int64_t *ret_ms)
{
    double seconds = json_number(value);
    if (!json_is(value, JSON_NUMBER) || !(seconds >= 0 && seconds < 1e11)) return false;
    *ret_ms = (int64_t)floor(seconds * 1000);
    return true;
}

/* ---- reading ---- */

static int read_alg(struct jwt *jwt, struct diag *diag)
{
    const char *name;
    int rc = get_text(jwt->header, "alg", &name, diag);
    if (rc < 0) return rc;
    for (size_t i = 0; name && i < ARRAY_LEN(algs); i++) {
        if (strcmp(name, algs[i].name) != 0) continue;
        jwt->alg = algs[i].alg;
        return 0;
    }
    return diag_set(diag, ERR_UNSUPPORTED,
                    "the token's algorithm is '%.32s'; RS256, ES256 and EdDSA are taken",
                    name ? name : "");
}

/* RFC 8725, section 3.11: what is typed as another thing is none of ours. */
static int check_type(const struct jwt *jwt, struct diag *diag)
{
    static const char *const types[] = { "JWT", "at+jwt", "application/at+jwt" };
    const char *type;
    int rc = get_text(jwt->header, "typ", &type, diag);
    if (rc < 0 || !type) return rc;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (strcasecmp(type, types[i]) == 0) return 0;
    return diag_set(diag, ERR_MALFORMED, "the token is of another type: '%.32s'", type);
}

static int read_header(struct jwt *jwt, struct slice part, struct diag *diag)
{
    int rc = read_object(part, "header", &jwt->header, diag);
    if (rc == 0) rc = read_alg(jwt, diag);
    if (rc == 0) rc = check_type(jwt, diag);
    if (rc == 0) rc = get_text(jwt->header, "kid", &jwt->kid, diag);
    if (rc == 0 && json_get(jwt->header, "crit"))
        rc = diag_set(diag, ERR_MALFORMED, "the token has critical extensions");
    return rc;
}

static int read_claims(struct jwt *jwt, struct slice part, struct diag *diag)
{
    int rc = read_object(part, "payload", &jwt->claims, diag);
    if (rc == 0) rc = get_text(jwt->claims, "sub", &jwt->subject, diag);
    if (rc < 0) return rc;
    size_t len = jwt->subject ? strlen(jwt->subject) : 0;
    bool fits = len > 0 && len <= JWT_SUBJECT_MAX;
    for (size_t i = 0; i < len && fits; i++)
        fits = (unsigned char)jwt->subject[i] > ' ' && jwt->subject[i] != 0x7f;
    if (!fits)
        return diag_set(diag, ERR_MALFORMED, "the token has no subject of 1 to %d bytes",
                        JWT_SUBJECT_MAX);
    if (!get_time(json_get(jwt->claims, "exp"), &jwt->expires_ms))
        return diag_set(diag, ERR_MALFORMED, "the token does not say when it expires");
    return 0;
}

/* Exactly three parts, none of them empty. */
static bool split(struct slice token, struct slice parts[3])
{
    for (size_t i = 0; i < 3; i++) {
        const char *dot = token.len ? memchr(token.ptr, '.', token.len) : NULL;
        size_t len = dot ? (size_t)(dot - token.ptr) : token.len;
        if (len == 0 || (i < 2) != (dot != NULL)) return false;
        parts[i] = slice_of(token.ptr, len);
        token = slice_from(token, len + 1);
    }
    return true;
}

int jwt_parse(struct slice token, struct jwt *ret_jwt, struct diag *diag)
{
    struct slice parts[3];
    *ret_jwt = (struct jwt){ 0 };
    if (token.len > JWT_MAX)
        return diag_set(diag, ERR_MALFORMED, "the token is longer than %d bytes", JWT_MAX);
    if (!split(token, parts))
        return diag_set(diag, ERR_MALFORMED, "the token does not have three parts");
    int rc = read_header(ret_jwt, parts[0], diag);
    if (rc == 0) rc = read_claims(ret_jwt, parts[1], diag);
    if (rc == 0 && base64url_decode(&ret_jwt->signature, parts[2]) < 0)
        rc = diag_set(diag, ERR_MALFORMED, "the token's signature is not in base64url");
    ret_jwt->signed_text = slice_of(token.ptr, parts[0].len + 1 + parts[1].len);
    return rc;
}

void jwt_deinit(struct jwt *jwt)
{
    json_free(jwt->header);
    json_free(jwt->claims);
    buf_deinit(&jwt->signature);
}

/* ---- judging ---- */

/* A text, or a list with it in. */
static bool names_audience(const struct json *claim, const char *audience)
{
    if (json_str(claim)) return strcmp(json_str(claim), audience) == 0;
    if (!json_is(claim, JSON_ARRAY)) return false;
    json_for_each(one, claim)
        if (json_str(one) && strcmp(json_str(one), audience) == 0) return true;
    return false;
}

/* A time that must have come, where it is said. */
static int check_begun(const struct jwt *jwt, const char *name, int64_t latest_ms,
                       struct diag *diag)
{
    const struct json *value = json_get(jwt->claims, name);
    int64_t ms;
    if (!value) return 0;
    if (!get_time(value, &ms))
        return diag_set(diag, ERR_AUTH, "'%s' of the token is no time", name);
    return ms > latest_ms ? diag_set(diag, ERR_AUTH, "the token is not yet valid ('%s')", name) : 0;
}

int jwt_judge(const struct jwt *jwt, const struct jwt_rules *rules, int64_t now_ms,
              struct diag *diag)
{
    const char *issuer = json_get_str(jwt->claims, "iss");
    if (!issuer || strcmp(issuer, rules->issuer) != 0)
        return diag_set(diag, ERR_AUTH, "the token is of another issuer: '%.100s'",
                        issuer ? issuer : "");
    if (!names_audience(json_get(jwt->claims, "aud"), rules->audience))
        return diag_set(diag, ERR_AUTH, "the token is for another audience");
    if (now_ms > jwt->expires_ms + rules->leeway_ms)
        return diag_set(diag, ERR_EXPIRED, "the token has expired");
    int rc = check_begun(jwt, "nbf", now_ms + rules->leeway_ms, diag);
    return rc ? rc : check_begun(jwt, "iat", now_ms + rules->leeway_ms, diag);
}

int jwt_check(const struct jwt *jwt, const struct signature_key *key)
{
    return signature_check(key, jwt->signed_text, buf_slice(&jwt->signature));
}

/* ---- rights ---- */

/* A list of texts, or one text with blanks between the values (RFC 8693, section 4.2). */
static bool has_value(const struct json *claim, struct slice wanted)
{
    if (slice_eq_str(wanted, "*")) return true;
    json_for_each(one, claim)
        if (json_str(one) && slice_eq_str(wanted, json_str(one))) return true;
    for (const char *at = json_str(claim); at && *at;) {
        size_t len = strcspn(at, " ");
        if (slice_eq(wanted, slice_of(at, len))) return true;
        at += len + strspn(at + len, " ");
    }
    return false;
}

static bool has_name(struct slice names, struct slice name)
{
    while (names.len) {
        const char *blank = memchr(names.ptr, ' ', names.len);
        size_t len = blank ? (size_t)(blank - names.ptr) : names.len;
        if (slice_eq(slice_of(names.ptr, len), name)) return true;
        names = slice_from(names, len + 1);
    }
    return false;
}

void jwt_put_policies(const struct jwt *jwt, const struct jwt_rules *rules, struct buf *out)
{
    const struct json *claim = json_get(jwt->claims, rules->policy_claim);
    size_t start = out->len;
    for (size_t i = 0; i < rules->mapping_count; i++) {
        const struct jwt_mapping *mapping = &rules->mappings[i];
        struct slice names = slice_from(buf_slice(out), start);
        if (!has_value(claim, mapping->value) || has_name(names, mapping->policy)) continue;
        if (names.len) buf_putc(out, ' ');
        buf_put_slice(out, mapping->policy);
    }
}
