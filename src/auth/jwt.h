/* jwt.h — JSON Web Tokens of a foreign issuer (RFC 7519, in the compact form of RFC 7515), and the issuer's keys
 * (RFC 7517), under the advice of RFC 8725.
 * Pure: no clock, no file; any thread. A token is taken in these steps: jwt_parse, jwt_judge, jwt_key_for, and
 * jwt_check, the only one that costs time. Nothing of a token is proven before that. */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include "base/diag.h"
#include "base/json.h"
#include "base/slice.h"
#include "crypto/signature.h"

#include <stddef.h>
#include <stdint.h>

#define JWT_MAX         8192 /* bytes of a token */
#define JWT_SUBJECT_MAX 128
#define JWT_KEYS_MAX    64 /* of a set */
#define JWT_KID_MAX     128

/* Which tokens are taken, and what they may. All borrowed. */
struct jwt_mapping {
    struct slice value, policy;
};
struct jwt_rules {
    const char *issuer;
    const char *audience;
    int64_t leeway_ms;
    const char *policy_claim;
    const struct jwt_mapping *mappings; /* value "*": every token's */
    size_t mapping_count;
};

/* ---- keys ---- */

struct jwt_keys;

/* Reads a JWK set. Keys that are not for signatures, or of kinds that are not taken here, are passed over; a private
 * or a broken key, one key id twice, or a set without a key of use is ERR_INVALID, and diag says which. */
int jwt_keys_parse(struct slice json, struct jwt_keys **ret_keys, struct diag *diag);
/* Accepts NULL. */
void jwt_keys_free(struct jwt_keys *keys);
/* Is the key of this id (signature_key_id) in the set? */
bool jwt_keys_have(const struct jwt_keys *keys, const uint8_t id[CRYPTO_SHA256_LEN]);

/* ---- tokens ---- */

struct jwt {
    enum signature_alg alg;
    const char *kid; /* NULL: the token names none */
    const char *subject;
    int64_t expires_ms;
    struct slice signed_text; /* of the token, which must live */
    struct buf signature;
    struct json *header, *claims;
};

/* Reads a token, which must name its subject and its end. ERR_MALFORMED, or ERR_UNSUPPORTED for an algorithm that is
 * not taken ("none" and all with shared secrets). Whatever is returned, jwt_deinit. */
int jwt_parse(struct slice token, struct jwt *ret_jwt, struct diag *diag);
void jwt_deinit(struct jwt *jwt);
/* ERR_EXPIRED, or ERR_AUTH: not yet valid, of another issuer, or for somebody else. */
int jwt_judge(const struct jwt *jwt, const struct jwt_rules *rules, int64_t now_ms,
              struct diag *diag);
/* The key that the token names, or the only one that fits where it names none; its algorithm is the token's.
 * ERR_NOT_FOUND. */
int jwt_key_for(const struct jwt *jwt, const struct jwt_keys *keys, struct signature_key *ret_key,
                struct diag *diag);
/* 0, or ERR_AUTH. */
int jwt_check(const struct jwt *jwt, const struct signature_key *key);
/* Appends the names of the policies that the token has by the rules, with blanks between them, each once. */
void jwt_put_policies(const struct jwt *jwt, const struct jwt_rules *rules, struct buf *out);

#endif
