/* Unit tests of Signature Version 4. The golden cases are files of sections:
 *
 *   == name
 *   method GET                    as on the wire, as are the next three
 *   path /topics/a%2Fb
 *   query qos=1                   if there is one
 *   header Name: value            each
 *   body-hex 68656c6c6f           if there is one
 *   now 20261124T063450Z          the verifier's clock
 *   secret ...
 *   (an empty line)
 *   expect ok                     or the name of an error
 *   key AKIA... / region / service / token      what has to be read, with ok
 *   says ...                      a part of the sentence, with an error */
#include "auth/sigv4.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "lib/test.h"

#include <ctype.h>
#include <time.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define NOW_S  INT64_C(1795502090) /* 2026-11-24T06:34:50Z */

/* ---- golden cases ---- */

struct golden {
    struct slice name;
    struct sigv4_request request;
    struct sigv4_header headers[32];
    struct slice secret, expect, key, region, service, token, says;
    struct buf body;
};

static char *read_file(const char *path)
{
    struct buf text = { 0 };
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("no '%s'", path);
    size_t got;
    while ((got = fread(buf_reserve(&text, 4096), 1, 4096, file)) > 0) {
        text.len += got;
        text.data[text.len] = 0;
    }
    fclose(file);
    return buf_take(&text, NULL);
}

static bool take_line(struct slice *text, struct slice *ret_line)
{
    if (text->len == 0) return false;
    const char *end = memchr(text->ptr, '\n', text->len);
    size_t len = end ? (size_t)(end - text->ptr) : text->len;
    *ret_line = slice_of(text->ptr, len);
    *text = slice_from(*text, len + 1);
    return true;
}

static int64_t parse_now(struct slice text)
{
    struct tm tm = { 0 };
    char copy[32];
    snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.ptr);
    assert_non_null(strptime(copy, "%Y%m%dT%H%M%SZ", &tm));
    return (int64_t)timegm(&tm);
}

static void take_header(struct golden *g, struct slice value)
{
    const char *colon = memchr(value.ptr, ':', value.len);
    size_t len = (size_t)(colon - value.ptr);
    g->headers[g->request.header_count++] =
        (struct sigv4_header){ slice_of(value.ptr, len), slice_from(value, len + 2) };
}

static void take_field(struct golden *g, struct slice line)
{
    const struct {
        const char *word;
        struct slice *slot;
    } slots[] = {
        { "method ", &g->request.method },
        { "path ", &g->request.path_raw },
        { "query ", &g->request.query_raw },
        { "secret ", &g->secret },
        { "expect ", &g->expect },
        { "key ", &g->key },
        { "region ", &g->region },
        { "service ", &g->service },
        { "token ", &g->token },
        { "says ", &g->says },
    };
    for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
        if (slice_starts(line, slots[i].word)) {
            *slots[i].slot = slice_from(line, strlen(slots[i].word));
            return;
        }
    }
    if (slice_starts(line, "header ")) {
        take_header(g, slice_from(line, 7));
    } else if (slice_starts(line, "now ")) {
        g->request.now_s = parse_now(slice_from(line, 4));
    } else if (slice_starts(line, "body-hex ")) {
        size_t len = (line.len - 9) / 2;
        char *to = buf_reserve(&g->body, len);
        assert_int_equal(hex_decode(slice_from(line, 9), (uint8_t *)to, len), 0);
        g->body.len = len;
        g->request.body = buf_slice(&g->body);
    } else if (line.len > 0 && line.ptr[0] != '#') {
        fail_msg("%.*s: strange line '%.*s'", (int)g->name.len, g->name.ptr, (int)line.len,
                 line.ptr);
    }
}

static void expect_slice(const struct golden *g, const char *what, struct slice got,
                         struct slice want)
{
    if (!slice_eq(got, want))
        fail_msg("%.*s: %s is '%.*s', not '%.*s'", (int)g->name.len, g->name.ptr, what,
                 (int)got.len, got.ptr, (int)want.len, want.ptr);
}

static void run_golden(struct golden *g)
{
    struct arena arena = { 0 };
    struct sigv4_credential cred;
    struct diag diag = DIAG_INIT;
    g->request.headers = g->headers;
    int rc = sigv4_parse(&g->request, &arena, &cred, &diag);
    if (rc == 0) rc = sigv4_verify(&g->request, &cred, g->secret, &diag);
    const char *got = rc == 0 ? "ok" : err_name(rc);
    if (!slice_eq_str(g->expect, got))
        fail_msg("%.*s: %s '%s'", (int)g->name.len, g->name.ptr, got, diag.text);
    if (rc == 0) {
        expect_slice(g, "key", cred.access_key_id, g->key);
        expect_slice(g, "region", cred.region, g->region);
        expect_slice(g, "service", cred.service, g->service);
        expect_slice(g, "token", cred.security_token, g->token);
    } else if (!memmem(diag.text, strlen(diag.text), g->says.ptr, g->says.len)) {
        fail_msg("%.*s: says '%s'", (int)g->name.len, g->name.ptr, diag.text);
    }
    buf_deinit(&g->body);
    arena_deinit(&arena);
}

static int run_file(const char *path)
{
    char *all = read_file(path);
    struct slice text = slice_str(all), line;
    struct golden g = { 0 };
    int count = 0;
    while (take_line(&text, &line)) {
        if (!slice_starts(line, "== ")) {
            if (g.name.len > 0) take_field(&g, line);
            continue;
        }
        if (g.name.len > 0) run_golden(&g);
        g = (struct golden){ .name = slice_from(line, 3) };
        count++;
    }
    if (g.name.len > 0) run_golden(&g);
    free(all);
    return count;
}

static void requests_of_botocore_verify(void **state)
{
    assert_true(run_file(TEST_GOLDEN "/sigv4/botocore.case") >= 60);
}

static void requests_of_other_clients_verify(void **state)
{
    assert_true(run_file(TEST_GOLDEN "/sigv4/clients.case") >= 10);
}

/* ---- what has to be refused in form ---- */

#define CRED  "Credential=AKIAIOSFODNN7EXAMPLE/20261124/local/iot/aws4_request"
#define NAMES "SignedHeaders=host;x-amz-date"
#define SIG   "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define AUTH  "AWS4-HMAC-SHA256 "

static const struct {
    const char *authorization;
    const char *date;
    const char *says; /* NULL: it is read */
} header_forms[] = {
    { AUTH CRED ", " NAMES ", " SIG, "20261124T063450Z", NULL },
    { AUTH CRED "," NAMES "," SIG, "20261124T063450Z", NULL },
    { AUTH SIG " " NAMES "\t" CRED, "20261124T063450Z", NULL },
    { "  " AUTH "  " CRED ",   " NAMES ", " SIG "  ", " 20261124T063450Z ", NULL },
    { AUTH, "20261124T063450Z",
      "requires 'Credential' parameter. Authorization header requires "
      "'Signature' parameter. Authorization header requires "
      "'SignedHeaders' parameter." },
    { "AWS4-HMAC-SHA256", "20261124T063450Z", "requires 'Credential' parameter" },
    { AUTH NAMES ", " SIG, "20261124T063450Z", "requires 'Credential' parameter." },
    { AUTH CRED ", " NAMES, "20261124T063450Z", "requires 'Signature' parameter." },
    { AUTH CRED ", " SIG, "20261124T063450Z", "requires 'SignedHeaders' parameter." },
    { AUTH CRED ", " NAMES ", " SIG, NULL, "existence of either a 'X-Amz-Date' or a 'Date'" },
    { AUTH CRED ", " NAMES ", " SIG, "", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "2026-11-24T06:34:50Z", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "20261324T063450Z", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "20260230T063450Z", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "20261124T243450Z", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "2026112 T063450Z", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "20261124T0634-1Z", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "Tue, 24 Nov 2026 06:34:50 GMT", NULL },
    { AUTH CRED ", " NAMES ", " SIG, "Tue, 24 Nov 2026 06:34:50 CET", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "Tue, 24 Nuv 2026 06:34:50 GMT", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "Tue, 31 Nov 2026 06:34:50 GMT", "Date must be" },
    { AUTH CRED ", " NAMES ", " SIG, "20261125T063450Z", "Date in Credential scope" },
    { AUTH "Credential=AKIA/20261124/local/iot, " NAMES ", " SIG, "20261124T063450Z",
      "exactly 5 slash-delimited" },
    { AUTH "Credential=A/B/20261124/local/iot/aws4_request, " NAMES ", " SIG, "20261124T063450Z",
      "exactly 5 slash-delimited" },
    { AUTH "Credential=/20261124/local/iot/aws4_request, " NAMES ", " SIG, "20261124T063450Z",
      "exactly 5 slash-delimited" },
    { AUTH "Credential=A/20261124//iot/aws4_request, " NAMES ", " SIG, "20261124T063450Z",
      "exactly 5 slash-delimited" },
    { AUTH "Credential=A/2026112/local/iot/aws4_request, " NAMES ", " SIG, "20261124T063450Z",
      "exactly 5 slash-delimited" },
    { AUTH "Credential=/////////////, " NAMES ", " SIG, "20261124T063450Z",
      "exactly 5 slash-delimited" },
    { AUTH "Credential=A/20261124/local/iot/aws4, " NAMES ", " SIG, "20261124T063450Z",
      "valid terminator" },
    { AUTH CRED ", SignedHeaders=x-amz-date, " SIG, "20261124T063450Z", "'Host' must be" },
    { AUTH CRED ", SignedHeaders=Host;x-amz-date, " SIG, "20261124T063450Z", "lower-case" },
    { AUTH CRED ", SignedHeaders=host;;x-amz-date, " SIG, "20261124T063450Z", "empty name" },
    { AUTH CRED ", SignedHeaders=host;, " SIG, "20261124T063450Z", "empty name" },
    { AUTH CRED ", " NAMES ", Signature=12, ", "20261124T063450Z", "64 hexadecimal" },
    { AUTH CRED ", " NAMES ", " SIG "0", "20261124T063450Z", "64 hexadecimal" },
    { AUTH CRED ", " NAMES ", Signature=z123456789abcdef0123456789abcdef0123456789abcdef01234567"
                "89abcdef",
      "20261124T063450Z", "64 hexadecimal" },
    { AUTH CRED ", " CRED ", " NAMES ", " SIG, "20261124T063450Z", "twice" },
    { AUTH CRED ", Foo=bar, " NAMES ", " SIG, "20261124T063450Z", "neither" },
    { "AWS4-HMAC-SHA256X " CRED ", " NAMES ", " SIG, "20261124T063450Z", "supports only" },
    { "AWS4-ECDSA-P256-SHA256 " CRED ", " NAMES ", " SIG, "20261124T063450Z", "supports only" },
};

static void authorization_is_read_strictly(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(header_forms); i++) {
        const struct sigv4_header headers[] = {
            { SLICE_LIT("HOST"), SLICE_LIT("hub.local") },
            { SLICE_LIT("authorization"), slice_str(header_forms[i].authorization) },
            { SLICE_LIT("X-AMZ-DATE"), slice_str(header_forms[i].date) },
        };
        const struct sigv4_request request = {
            .method = SLICE_LIT("GET"),
            .path_raw = SLICE_LIT("/"),
            .headers = headers,
            .header_count = header_forms[i].date ? 3 : 2,
            .now_s = NOW_S,
        };
        struct arena arena = { 0 };
        struct sigv4_credential cred;
        struct diag diag = DIAG_INIT;
        int rc = sigv4_parse(&request, &arena, &cred, &diag);
        const char *says = header_forms[i].says;
        bool fits = says ? rc == ERR_MALFORMED && strstr(diag.text, says) : rc == 0;
        if (!fits) fail_msg("case %zu: %d '%s'", i, rc, diag.text);
        if (rc == 0) {
            assert_true(cred.signed_at_s == NOW_S);
            assert_string_equal(cred.timestamp, "20261124T063450Z");
            assert_int_equal(sigv4_verify(&request, &cred, SLICE_LIT(SECRET), &diag), ERR_AUTH);
            assert_string_equal(diag.text, SIGV4_MISMATCH_TEXT);
        }
        arena_deinit(&arena);
    }
}

#define QALG  "X-Amz-Algorithm=AWS4-HMAC-SHA256"
#define QCRED "&X-Amz-Credential=AKIA%2F20261124%2Flocal%2Fiotdevicegateway%2Faws4_request"
#define QDATE "&X-Amz-Date=20261124T063450Z"
#define QNAME "&X-Amz-SignedHeaders=host"
#define QSIG  "&X-Amz-Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *query;
    int rc;
    const char *says;
    int64_t expires_s;
} query_forms[] = {
    { QALG QCRED QDATE QNAME QSIG, 0, NULL, 300 },
    { QALG QCRED QDATE QNAME QSIG "&X-Amz-Expires=604800", 0, NULL, 604800 },
    { "X-Amz-Expires=1&" QALG QCRED QDATE QNAME QSIG "&X-Amz-Security-Token=a%2Fb%3D", 0, NULL, 1 },
    { "", ERR_NOT_FOUND, "Missing Authentication Token", 0 },
    { "a=b&X-Amz-Date=20261124T063450Z", ERR_NOT_FOUND, "Missing", 0 },
    { "x-amz-algorithm=AWS4-HMAC-SHA256", ERR_NOT_FOUND, "Missing", 0 },
    { QALG, ERR_MALFORMED, "must include 'X-Amz-Credential'", 0 },
    { QALG QDATE QNAME QSIG, ERR_MALFORMED, "must include 'X-Amz-Credential'", 0 },
    { QALG QCRED QNAME QSIG, ERR_MALFORMED, "must include 'X-Amz-Date'", 0 },
    { QALG QCRED QDATE QSIG, ERR_MALFORMED, "must include 'X-Amz-SignedHeaders'", 0 },
    { QALG QCRED QDATE QNAME, ERR_MALFORMED, "must include 'X-Amz-Signature'", 0 },
    { QCRED QDATE QNAME QSIG, ERR_MALFORMED, "must include 'X-Amz-Algorithm'", 0 },
    { "X-Amz-Algorithm=AWS4" QCRED QDATE QNAME QSIG, ERR_MALFORMED, "only supports", 0 },
    { QALG QALG QCRED QDATE QNAME QSIG, ERR_MALFORMED, "only supports", 0 },
    { QALG "&" QALG QCRED QDATE QNAME QSIG, ERR_MALFORMED, "twice", 0 },
    { QALG QCRED QDATE QNAME QSIG QSIG, ERR_MALFORMED, "twice", 0 },
    { QALG QCRED QDATE QNAME QSIG "&X-Amz-Expires=0", ERR_MALFORMED, "between 1 and 604800", 0 },
    { QALG QCRED QDATE QNAME QSIG "&X-Amz-Expires=604801", ERR_MALFORMED, "between 1", 0 },
    { QALG QCRED QDATE QNAME QSIG "&X-Amz-Expires=", ERR_MALFORMED, "between 1", 0 },
    { QALG QCRED QDATE QNAME QSIG "&X-Amz-Expires=9x", ERR_MALFORMED, "between 1", 0 },
    { QALG QCRED QDATE QNAME QSIG "&X-Amz-Security-Token=%zz", ERR_MALFORMED, "not encoded", 0 },
    { QALG QCRED QDATE QNAME QSIG "&X-Amz-Security-Token=%00", ERR_MALFORMED, "not encoded", 0 },
    { QALG QCRED "&X-Amz-Date=yesterday" QNAME QSIG, ERR_MALFORMED, "Date must be", 0 },
    { QALG QCRED QDATE "&X-Amz-SignedHeaders=a" QSIG, ERR_MALFORMED, "'Host' must be", 0 },
};

static void presigned_queries_are_read_strictly(void **state)
{
    const struct sigv4_header host = { SLICE_LIT("Host"), SLICE_LIT("hub.local") };
    for (size_t i = 0; i < ARRAY_LEN(query_forms); i++) {
        const struct sigv4_request request = {
            .method = SLICE_LIT("GET"),
            .path_raw = SLICE_LIT("/mqtt"),
            .query_raw = slice_str(query_forms[i].query),
            .headers = &host,
            .header_count = 1,
            .now_s = NOW_S,
        };
        struct arena arena = { 0 };
        struct sigv4_credential cred;
        struct diag diag = DIAG_INIT;
        int rc = sigv4_parse(&request, &arena, &cred, &diag);
        bool says = !query_forms[i].says || strstr(diag.text, query_forms[i].says);
        if (rc != query_forms[i].rc || !says) fail_msg("case %zu: %d '%s'", i, rc, diag.text);
        if (rc == 0) {
            assert_true(cred.is_query);
            assert_true(cred.expires_s == query_forms[i].expires_s);
            assert_true(slice_eq_str(cred.access_key_id, "AKIA"));
        }
        if (i == 2) assert_true(slice_eq_str(cred.security_token, "a/b="));
        arena_deinit(&arena);
    }
}

static void other_schemes_are_not_ours(void **state)
{
    static const char *const schemes[] = { "Bearer thd_x", "Basic YTpi", "", "AWS AKIA:sig",
                                           "AWS4" };
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        const struct sigv4_header header = { SLICE_LIT("Authorization"), slice_str(schemes[i]) };
        struct sigv4_request request = { .headers = &header, .header_count = 1 };
        struct arena arena = { 0 };
        struct sigv4_credential cred;
        assert_int_equal(sigv4_parse(&request, &arena, &cred, NULL), ERR_NOT_FOUND);
        /* a presigned query counts beside them */
        request.query_raw = SLICE_LIT(QALG QCRED QDATE QNAME QSIG);
        assert_int_equal(sigv4_parse(&request, &arena, &cred, NULL), 0);
        arena_deinit(&arena);
    }
    const struct sigv4_header two[] = {
        { SLICE_LIT("Authorization"), SLICE_LIT(AUTH CRED ", " NAMES ", " SIG) },
        { SLICE_LIT("authorization"), SLICE_LIT("Bearer x") },
    };
    struct sigv4_request request = { .headers = two, .header_count = 2 };
    struct arena arena = { 0 };
    struct sigv4_credential cred;
    assert_int_equal(sigv4_parse(&request, &arena, &cred, NULL), ERR_MALFORMED);
    request.header_count = 1;
    request.query_raw = SLICE_LIT(QALG QCRED QDATE QNAME QSIG);
    assert_int_equal(sigv4_parse(&request, &arena, &cred, NULL), ERR_MALFORMED);
    arena_deinit(&arena);
}

static void limits_are_kept(void **state)
{
    struct buf query = { 0 }, names = { 0 };
    struct arena arena = { 0 };
    struct sigv4_credential cred;
    struct diag diag = DIAG_INIT;
    for (int i = 0; i <= SIGV4_PARAMS_MAX; i++)
        buf_printf(&query, "a%d=&", i);
    struct sigv4_request request = { .query_raw = buf_slice(&query) };
    assert_int_equal(sigv4_parse(&request, &arena, &cred, &diag), ERR_MALFORMED);

    buf_puts(&names, AUTH CRED ", " SIG ", SignedHeaders=host");
    for (int i = 0; i < SIGV4_HEADERS_MAX; i++)
        buf_puts(&names, ";a");
    const struct sigv4_header headers[] = {
        { SLICE_LIT("Authorization"), buf_slice(&names) },
        { SLICE_LIT("X-Amz-Date"), SLICE_LIT("20261124T063450Z") },
    };
    request = (struct sigv4_request){ .headers = headers, .header_count = 2 };
    assert_int_equal(sigv4_parse(&request, &arena, &cred, &diag), ERR_MALFORMED);
    assert_non_null(strstr(diag.text, "SignedHeaders"));

    char *big = xmalloc(SIGV4_TARGET_MAX + 1);
    memset(big, '/', SIGV4_TARGET_MAX + 1);
    request.path_raw = slice_of(big, SIGV4_TARGET_MAX + 1);
    assert_int_equal(sigv4_parse(&request, &arena, &cred, &diag), ERR_MALFORMED);
    free(big);
    buf_deinit(&query);
    buf_deinit(&names);
    arena_deinit(&arena);
}

/* ---- signing and verifying ---- */

static const struct sigv4_signer signer = {
    .access_key_id = SLICE_LIT("AKIAIOSFODNN7EXAMPLE"),
    .secret = SLICE_LIT(SECRET),
    .region = SLICE_LIT("local"),
    .service = SLICE_LIT("iot"),
};

/* A request that signs itself; its last header is Authorization. */
struct sample {
    struct sigv4_header headers[8];
    struct sigv4_request request;
    struct buf authorization;
};

static void sample_init(struct sample *s)
{
    *s = (struct sample){
        .headers = {
            { SLICE_LIT("Host"), SLICE_LIT("hub.local:8443") },
            { SLICE_LIT("X-Amz-Date"), SLICE_LIT("20261124T063450Z") },
            { SLICE_LIT("content-type"), SLICE_LIT("application/json") },
        },
        .request = {
            .method = SLICE_LIT("POST"),
            .path_raw = SLICE_LIT("/things/a%3Ab"),
            .query_raw = SLICE_LIT("b=2&a=1"),
            .header_count = 3,
            .body = SLICE_LIT("{}"),
            .now_s = NOW_S,
        },
    };
    s->request.headers = s->headers;
    assert_int_equal(sigv4_sign(&s->request, &signer, &s->authorization), 0);
    s->headers[s->request.header_count++] =
        (struct sigv4_header){ SLICE_LIT("Authorization"), buf_slice(&s->authorization) };
}

static int check(const struct sigv4_request *request, struct slice secret)
{
    struct arena arena = { 0 };
    struct sigv4_credential cred;
    int rc = sigv4_parse(request, &arena, &cred, NULL);
    if (rc == 0) rc = sigv4_verify(request, &cred, secret, NULL);
    arena_deinit(&arena);
    return rc;
}

static void what_was_signed_verifies_and_nothing_else(void **state)
{
    struct sample s;
    sample_init(&s);
    const struct sigv4_request good = s.request;
    assert_int_equal(check(&good, SLICE_LIT(SECRET)), 0);
    assert_int_equal(check(&good, SLICE_LIT("")), ERR_AUTH);
    assert_int_equal(check(&good, SLICE_LIT(SECRET "x")), ERR_AUTH);

    struct sigv4_request r = good; /* what intermediaries change does not matter */
    r.query_raw = SLICE_LIT("a=1&b=2");
    assert_int_equal(check(&r, SLICE_LIT(SECRET)), 0);
    r = good;
    r.query_raw = SLICE_LIT("&b=2&&%61=1&");
    assert_int_equal(check(&r, SLICE_LIT(SECRET)), 0);

    struct {
        struct slice *part;
        struct slice value;
    } changes[] = {
        { &r.method, SLICE_LIT("PUT") },
        { &r.path_raw, SLICE_LIT("/things/a%3Ac") },
        { &r.path_raw, SLICE_LIT("/things/a:b") },
        { &r.path_raw, SLICE_LIT("/things") },
        { &r.path_raw, SLICE_LIT("") },
        { &r.query_raw, SLICE_LIT("b=2") },
        { &r.query_raw, SLICE_LIT("b=2&a=1&c=3") },
        { &r.query_raw, SLICE_LIT("b=1&a=2") },
        { &r.query_raw, SLICE_LIT("b=2&a=%31%00") },
        { &r.body, SLICE_LIT("{ }") },
        { &r.body, SLICE_LIT("") },
    };
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        r = good;
        *changes[i].part = changes[i].value;
        if (check(&r, SLICE_LIT(SECRET)) != ERR_AUTH) fail_msg("change %zu", i);
    }
    struct slice old[] = { s.headers[0].value, s.headers[2].value };
    s.headers[0].value = SLICE_LIT("hub.local:8444");
    assert_int_equal(check(&good, SLICE_LIT(SECRET)), ERR_AUTH);
    s.headers[0].value = old[0];
    s.headers[2].value = SLICE_LIT("text/plain");
    assert_int_equal(check(&good, SLICE_LIT(SECRET)), ERR_AUTH);
    s.headers[2].value = SLICE_LIT("  application/json ");
    s.headers[2].name = SLICE_LIT("CONTENT-TYPE");
    assert_int_equal(check(&good, SLICE_LIT(SECRET)), 0);
    s.headers[2].name = SLICE_LIT("content-typo"); /* a signed header is gone */
    assert_int_equal(check(&good, SLICE_LIT(SECRET)), ERR_AUTH);
    buf_deinit(&s.authorization);
}

static void every_bit_of_the_signature_counts(void **state)
{
    struct sample s;
    sample_init(&s);
    for (size_t i = s.authorization.len - 64; i < s.authorization.len; i++) {
        char old = s.authorization.data[i];
        s.authorization.data[i] = old == '0' ? '1' : '0';
        assert_int_equal(check(&s.request, SLICE_LIT(SECRET)), ERR_AUTH);
        s.authorization.data[i] = (char)toupper((unsigned char)old);
        int want = old >= 'a' ? ERR_AUTH : 0; /* hexadecimal in lower case only */
        assert_int_equal(check(&s.request, SLICE_LIT(SECRET)), want);
        s.authorization.data[i] = old;
    }
    buf_deinit(&s.authorization);
}

static void the_content_header_must_be_the_bodys(void **state)
{
    static const struct {
        struct slice header, body;
        int rc;
    } cases[] = {
        { SLICE_LIT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
          SLICE_LIT(""), 0 },
        { SLICE_LIT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
          SLICE_LIT("x"), ERR_AUTH },
        { SLICE_LIT("UNSIGNED-PAYLOAD"), SLICE_LIT("whatever"), 0 },
        { SLICE_LIT("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), SLICE_LIT("x"), ERR_UNSUPPORTED },
        { SLICE_LIT(""), SLICE_LIT("x"), ERR_AUTH },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sample s;
        sample_init(&s);
        s.headers[3] = (struct sigv4_header){ SLICE_LIT("X-Amz-Content-Sha256"), cases[i].header };
        s.request.body = cases[i].body;
        buf_clear(&s.authorization);
        assert_int_equal(sigv4_sign(&s.request, &signer, &s.authorization), 0);
        s.headers[s.request.header_count++] =
            (struct sigv4_header){ SLICE_LIT("Authorization"), buf_slice(&s.authorization) };
        assert_int_equal(check(&s.request, SLICE_LIT(SECRET)), cases[i].rc);
        buf_deinit(&s.authorization);
    }
    struct sample s; /* a digest that was computed while the body came in */
    sample_init(&s);
    s.request.body = SLICE_LIT("not looked at");
    s.request.body_sha256 =
        SLICE_LIT("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    assert_int_equal(check(&s.request, SLICE_LIT(SECRET)), 0);
    buf_deinit(&s.authorization);
}

static void time_is_judged_by_form(void **state)
{
    struct sample s;
    sample_init(&s);
    static const struct {
        int64_t offset_s;
        int rc;
    } header_times[] = { { 300, 0 }, { 301, ERR_TIMEOUT }, { -300, 0 }, { -301, ERR_TIMEOUT } };
    for (size_t i = 0; i < ARRAY_LEN(header_times); i++) {
        s.request.now_s = NOW_S + header_times[i].offset_s;
        assert_int_equal(check(&s.request, SLICE_LIT(SECRET)), header_times[i].rc);
    }
    buf_deinit(&s.authorization);

    static const struct {
        int64_t expires_s, offset_s;
        int rc;
    } query_times[] = {
        { 60, 60, 0 },       { 60, 61, ERR_TIMEOUT },
        { 86400, 86400, 0 }, { 86400, 86401, ERR_TIMEOUT },
        { 604800, -300, 0 }, { 604800, -301, ERR_TIMEOUT },
    };
    const struct sigv4_header host = { SLICE_LIT("Host"), SLICE_LIT("hub.local") };
    for (size_t i = 0; i < ARRAY_LEN(query_times); i++) {
        struct buf query = { 0 };
        struct sigv4_request request = {
            .method = SLICE_LIT("GET"),
            .path_raw = SLICE_LIT("/mqtt"),
            .headers = &host,
            .header_count = 1,
            .now_s = NOW_S,
        };
        assert_int_equal(sigv4_presign(&request, &signer, query_times[i].expires_s, false, &query),
                         0);
        request.query_raw = buf_slice(&query);
        request.now_s = NOW_S + query_times[i].offset_s;
        assert_int_equal(check(&request, SLICE_LIT(SECRET)), query_times[i].rc);
        buf_deinit(&query);
    }
}

static void presigned_urls_verify_with_and_without_token_and_port(void **state)
{
    static const char *const hosts[][2] = {
        { "hub.local", "hub.local" },          { "hub.local:8443", "hub.local:8443" },
        { "hub.local", "hub.local:8443" },     { "[::1]", "[::1]:8443" },
        { "192.168.1.5", "192.168.1.5:8080" }, { "[::1]", "[::1]" },
    };
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        for (int unsigned_token = 0; unsigned_token < 2; unsigned_token++) {
            struct sigv4_header host = { SLICE_LIT("Host"), slice_str(hosts[i][0]) };
            struct sigv4_signer who = signer;
            struct buf query = { 0 };
            struct sigv4_request request = {
                .method = SLICE_LIT("GET"),
                .path_raw = SLICE_LIT("/mqtt"),
                .query_raw = SLICE_LIT("x=%20y"),
                .headers = &host,
                .header_count = 1,
                .now_s = NOW_S,
            };
            who.security_token = SLICE_LIT("to/ken+with=all&");
            assert_int_equal(sigv4_presign(&request, &who, 60, unsigned_token, &query), 0);
            request.query_raw = buf_slice(&query);
            host.value = slice_str(hosts[i][1]);
            assert_int_equal(check(&request, SLICE_LIT(SECRET)), 0);
            host.value = SLICE_LIT("other.local");
            assert_int_equal(check(&request, SLICE_LIT(SECRET)), ERR_AUTH);
            buf_deinit(&query);
        }
    }
}

static void signing_refuses_what_cannot_verify(void **state)
{
    struct buf out = { 0 };
    const struct sigv4_header date = { SLICE_LIT("X-Amz-Date"), SLICE_LIT("x") };
    struct sigv4_request request = { .headers = &date, .header_count = 1, .now_s = NOW_S };
    assert_int_equal(sigv4_sign(&request, &signer, &out), ERR_INVALID); /* no Host */
    assert_int_equal(sigv4_presign(&request, &signer, 60, false, &out), ERR_INVALID);
    const struct sigv4_header host = { SLICE_LIT("Host"), SLICE_LIT("x") };
    request.headers = &host;
    assert_int_equal(sigv4_presign(&request, &signer, 0, false, &out), ERR_INVALID);
    assert_int_equal(sigv4_presign(&request, &signer, 604801, false, &out), ERR_INVALID);
    assert_int_equal(out.len, 0);
    buf_deinit(&out);
}

static void timestamps_are_those_of_the_calendar(void **state)
{
    static const struct {
        int64_t epoch_s;
        const char *text;
    } cases[] = {
        { 0, "19700101T000000Z" },
        { -1, "19691231T235959Z" },
        { 951782399, "20000228T235959Z" },
        { 951782400, "20000229T000000Z" },
        { NOW_S, "20261124T063450Z" },
        { INT64_C(4107542399), "21000228T235959Z" },
        { INT64_C(4107542400), "21000301T000000Z" },
        { INT64_C(253402300799), "99991231T235959Z" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[SIGV4_TIMESTAMP_LEN];
        sigv4_timestamp(cases[i].epoch_s, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    if (crypto_init() < 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_botocore_verify),
        cmocka_unit_test(requests_of_other_clients_verify),
        cmocka_unit_test(authorization_is_read_strictly),
        cmocka_unit_test(presigned_queries_are_read_strictly),
        cmocka_unit_test(other_schemes_are_not_ours),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(what_was_signed_verifies_and_nothing_else),
        cmocka_unit_test(every_bit_of_the_signature_counts),
        cmocka_unit_test(the_content_header_must_be_the_bodys),
        cmocka_unit_test(time_is_judged_by_form),
        cmocka_unit_test(presigned_urls_verify_with_and_without_token_and_port),
        cmocka_unit_test(signing_refuses_what_cannot_verify),
        cmocka_unit_test(timestamps_are_those_of_the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
