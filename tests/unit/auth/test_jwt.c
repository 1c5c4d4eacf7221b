/* Unit tests of JSON Web Tokens and key sets. Golden cases (tests/golden/jwt/tokens.case) are sections of a token, what
 * jwt.h says of it at NOW_MS, and its policies or a part of the sentence. */
#include "auth/jwt.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "lib/test.h"

#define NOW_MS INT64_C(1795502090000)

static const struct jwt_mapping mappings[] = {
    { SLICE_LIT("*"), SLICE_LIT("Base") },
    { SLICE_LIT("read"), SLICE_LIT("ReadOnly") },
    { SLICE_LIT("view"), SLICE_LIT("ReadOnly") },
    { SLICE_LIT("write"), SLICE_LIT("Writer") },
};
static const struct jwt_rules rules = {
    .issuer = "https://issuer.example",
    .audience = "thingd",
    .leeway_ms = 60000,
    .policy_claim = "scope",
    .mappings = mappings,
    .mapping_count = ARRAY_LEN(mappings),
};

static void read_golden(const char *name, struct buf *out)
{
    struct diag diag = DIAG_INIT;
    char path[256];
    snprintf(path, sizeof path, TEST_GOLDEN "/jwt/%s", name);
    if (file_read(path, 1 << 20, out, &diag) < 0) fail_msg("%s", diag.text);
}

static struct jwt_keys *golden_keys(void)
{
    struct buf text = { 0 };
    struct jwt_keys *keys = NULL;
    struct diag diag = DIAG_INIT;
    read_golden("keys.json", &text);
    if (jwt_keys_parse(buf_slice(&text), &keys, &diag) < 0) fail_msg("%s", diag.text);
    buf_deinit(&text);
    return keys;
}

/* ---- tokens ---- */

struct golden {
    struct slice name, token, expect, policies, says;
};

static int take(const struct jwt_keys *keys, struct slice token, struct buf *policies,
                struct diag *diag)
{
    struct jwt jwt;
    struct signature_key key;
    int rc = jwt_parse(token, &jwt, diag);
    if (rc == 0) rc = jwt_judge(&jwt, &rules, NOW_MS, diag);
    if (rc == 0) rc = jwt_key_for(&jwt, keys, &key, diag);
    if (rc == 0) rc = jwt_check(&jwt, &key);
    if (rc == 0) jwt_put_policies(&jwt, &rules, policies);
    jwt_deinit(&jwt);
    return rc;
}

static void run_golden(const struct jwt_keys *keys, const struct golden *g)
{
    struct buf policies = { 0 };
    struct diag diag = DIAG_INIT;
    int rc = take(keys, g->token, &policies, &diag);
    const char *got = rc == 0 ? "ok" : err_name(rc);
    if (!slice_eq_str(g->expect, got))
        fail_msg("%.*s: %s '%s'", (int)g->name.len, g->name.ptr, got, diag.text);
    if (!memmem(diag.text, strlen(diag.text), g->says.ptr, g->says.len))
        fail_msg("%.*s: says '%s'", (int)g->name.len, g->name.ptr, diag.text);
    if (!slice_eq(buf_slice(&policies), g->policies))
        fail_msg("%.*s: '%s'", (int)g->name.len, g->name.ptr, buf_str(&policies));
    buf_deinit(&policies);
}

static struct slice next_line(struct slice *text)
{
    const char *end = memchr(text->ptr, '\n', text->len);
    struct slice line = slice_of(text->ptr, end ? (size_t)(end - text->ptr) : text->len);
    *text = slice_from(*text, line.len + 1);
    return line;
}

static void tokens_are_judged(void **state)
{
    struct jwt_keys *keys = golden_keys();
    struct buf all = { 0 };
    struct golden g = { 0 };
    int count = 0;
    read_golden("tokens.case", &all);
    struct slice text = buf_slice(&all);
    const struct {
        const char *word;
        struct slice *to;
    } fields[] = { { "token ", &g.token },
                   { "expect ", &g.expect },
                   { "policies ", &g.policies },
                   { "says ", &g.says } };
    while (text.len) {
        struct slice line = next_line(&text);
        for (size_t i = 0; i < ARRAY_LEN(fields); i++)
            if (slice_starts(line, fields[i].word))
                *fields[i].to = slice_from(line, strlen(fields[i].word));
        if (g.name.len && (slice_starts(line, "== ") || !text.len)) run_golden(keys, &g);
        if (!slice_starts(line, "== ")) continue;
        g = (struct golden){ .name = slice_from(line, 3),
                             .policies = SLICE_LIT(""),
                             .says = SLICE_LIT("") };
        count++;
    }
    assert_true(count >= 60);
    buf_deinit(&all);
    jwt_keys_free(keys);
}

/* ---- key sets ---- */

#define X   "'x':'11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'" /* RFC 8037, appendix A.2 */
#define OKP "'kty':'OKP','crv':'Ed25519'," X

static const struct {
    const char *set;  /* ' for " */
    const char *says; /* NULL: it is taken */
} sets[] = {
    { "{'keys':[{" OKP "}]}", NULL },
    { "{'keys':[{" OKP ",'kid':'a'},{" OKP ",'kid':'b'},{" OKP "}]}", NULL },
    { "{'keys':[{" OKP ",'use':'sig','alg':'EdDSA','x5t':'?'}],'more':1}", NULL },
    { "{'keys':[{'kty':'XYZ'},{'kty':'oct'},{" OKP "}]}", NULL },
    { "", "the key set" },
    { "[]", "no key for" },
    { "{}", "no key for" },
    { "{'keys':[]}", "no key for" },
    { "{'keys':{'a':{" OKP "}}}", "no key for" },
    { "{'keys':[1]}", "key 1 of the set" },
    { "{'keys':[{}]}", "'kty'" },
    { "{'keys':[{'kty':'XYZ'}]}", "no key for" },
    { "{'keys':[{" OKP ",'use':'enc'}]}", "no key for" },
    { "{'keys':[{" OKP ",'key_ops':['sign']}]}", "no key for" },
    { "{'keys':[{" OKP ",'alg':'ES256'}]}", "no key for" },
    { "{'keys':[{'kty':'EC','crv':'secp256k1'}]}", "no key for" },
    { "{'keys':[{" OKP ",'d':'AA'}]}", "a private key" },
    { "{'keys':[{'kty':'oct','k':'AA'}]}", "a shared secret" },
    { "{'keys':[{" OKP ",'kid':'a'},{" OKP ",'kid':'a'}]}", "there are two keys 'a'" },
    { "{'keys':[{" OKP ",'kid':7}]}", "'kid' is no text" },
    { "{'keys':[{" OKP "},{'kty':'OKP','crv':'Ed25519','kid':'k'}]}",
      "key 2 of the set (kid 'k'): 'x' is missing" },
    { "{'keys':[{'kty':'OKP','crv':'Ed25519','x':'AA'}]}", "32 bytes" },
    { "{'keys':[{'kty':'OKP','crv':'Ed25519','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}]}",
      "Ed25519 pair" },
    { "{'keys':[{'kty':'OKP','crv':'Ed25519','x':'A=='}]}", "not in base64url" },
    { "{'keys':[{'kty':'EC','crv':'P-256','x':'AA','y':'AA'}]}", "32 bytes each" },
    { "{'keys':[{'kty':'EC','crv':'P-256','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE',"
      "'y':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE'}]}",
      "not on the curve" },
    { "{'keys':[{'kty':'RSA','n':'','e':'AQAB'}]}", "'n' is missing" },
    { "{'keys':[{'kty':'RSA','n':'AQAB','e':'AQAB'}]}", "RSA" },
    { "{'keys':[{'kty':'RSA','n':'AAAA','e':'AQAB'}]}", "RSA" },
};

static void key_sets_are_read_strictly(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        char *text = xstrdup(sets[i].set);
        struct jwt_keys *keys = NULL;
        struct diag diag = DIAG_INIT;
        for (char *at = text; *at; at++)
            if (*at == '\'') *at = '"';
        int rc = jwt_keys_parse(slice_str(text), &keys, &diag);
        bool fits = sets[i].says ? rc == ERR_INVALID && !keys && strstr(diag.text, sets[i].says)
                                 : rc == 0 && keys;
        if (!fits) fail_msg("set %zu: %d '%s'", i, rc, diag.text);
        jwt_keys_free(keys);
        free(text);
    }
}

static void a_set_has_a_bound(void **state)
{
    struct buf text = { 0 };
    struct jwt_keys *keys = NULL;
    struct diag diag = DIAG_INIT;
    buf_puts(&text, "{\"keys\":[");
    for (int i = 0; i <= JWT_KEYS_MAX; i++)
        buf_printf(&text,
                   "%s{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"%d\",\"x\":"
                   "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
                   i ? "," : "", i);
    buf_puts(&text, "]}");
    assert_int_equal(jwt_keys_parse(buf_slice(&text), &keys, &diag), ERR_INVALID);
    assert_non_null(strstr(diag.text, "more than 64 keys"));
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_judged),
        cmocka_unit_test(key_sets_are_read_strictly),
        cmocka_unit_test(a_set_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
