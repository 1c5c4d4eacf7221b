/* Fuzz target of JSON Web Tokens and key sets. The input is a key set if it begins with '{', else a token; or "key set\0
 * token". What is read of a token is judged, checked and mapped, whatever the step before has said. */
#include "auth/jwt.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RFC_8037_KEYS                                                      \
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"o\",\"x\":" \
    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"

static void read_token(struct slice token, const struct jwt_keys *keys)
{
    static const struct jwt_mapping mappings[] = {
        { SLICE_LIT("*"), SLICE_LIT("A") },
        { SLICE_LIT("a b"), SLICE_LIT("B") },
        { SLICE_LIT("read"), SLICE_LIT("A") },
    };
    static const struct jwt_rules rules = {
        "https://issuer.example", "thingd", 60000, "scope", mappings, ARRAY_LEN(mappings)
    };
    struct jwt jwt;
    struct signature_key key;
    struct diag diag = DIAG_INIT;
    struct buf policies = { 0 };
    int rc = jwt_parse(token, &jwt, &diag);
    if (rc < 0 && !diag.text[0]) abort();
    if (rc == 0) {
        jwt_judge(&jwt, &rules, INT64_C(1795502090000), &diag);
        if (jwt_key_for(&jwt, keys, &key, &diag) == 0) jwt_check(&jwt, &key);
        jwt_put_policies(&jwt, &rules, &policies);
        if (policies.len != 1) abort(); /* A, once */
    }
    buf_deinit(&policies);
    jwt_deinit(&jwt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = xmemdup(size ? (const void *)data : "", size ? size : 1);
    struct slice text = slice_of(copy, size), set = SLICE_LIT(RFC_8037_KEYS);
    struct jwt_keys *keys = NULL;
    struct diag diag = DIAG_INIT;
    if (size && copy[0] == '{') {
        const char *end = memchr(copy, 0, size);
        set = slice_of(copy, end ? (size_t)(end - copy) : size);
        text = slice_from(text, set.len + 1);
    }
    int rc = jwt_keys_parse(set, &keys, &diag);
    if (rc < 0 && !diag.text[0]) abort();
    if (rc == 0) read_token(text, keys);
    jwt_keys_free(keys);
    free(copy);
    return 0;
}
