/* sigv4_parse.c — reading the credentials of a request.
 *
 * Two forms carry the same facts (credential scope, time, signed names, signature, session token):
 * the Authorization header and the parameters of a presigned URL. Both are read into one struct, so
 * that one function verifies it. Nothing is believed here, only its form is checked; what is wrong
 * with it is told in AWS's words, for whoever debugs a client with AWS's documents in hand. */
#include "auth/sigv4_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>

#define ACCESS_KEY_ID_MAX 128
#define SCOPE_PART_MAX    64
#define TOKEN_MAX         (16 * 1024)

/* ---- both forms ---- */

static int set_time(struct slice text, struct sigv4_credential *cred, struct diag *diag)
{
    if (sigv4_parse_time(text, &cred->signed_at_s) < 0)
        return diag_set(diag, ERR_MALFORMED, "Date must be in ISO-8601 'basic format'. Got '%.*s'",
                        (int)(text.len < 40 ? text.len : 40), text.ptr);
    sigv4_timestamp(cred->signed_at_s, cred->timestamp);
    return 0;
}

static bool is_word(struct slice text, size_t max)
{
    if (text.len == 0 || text.len > max) return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') return false;
    return true;
}

/* AKID/20261124/region/service/aws4_request */
static int set_scope(struct slice text, struct sigv4_credential *cred, struct diag *diag)
{
    struct slice parts[5] = { { 0 } };
    size_t count = 1;
    parts[0] = slice_of(text.ptr, 0);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '/')
            parts[count - 1].len++;
        else if (count == ARRAY_LEN(parts))
            return diag_set(diag, ERR_MALFORMED,
                            "Credential must have exactly 5 slash-delimited "
                            "elements, e.g. keyid/date/region/service/term");
        else
            parts[count++] = slice_of(text.ptr + i + 1, 0);
    }
    bool fits = count == 5 && is_word(parts[0], ACCESS_KEY_ID_MAX) && parts[1].len == 8 &&
                is_word(parts[2], SCOPE_PART_MAX) && is_word(parts[3], SCOPE_PART_MAX);
    if (!fits)
        return diag_set(diag, ERR_MALFORMED,
                        "Credential must have exactly 5 slash-delimited "
                        "elements, e.g. keyid/date/region/service/term");
    if (!slice_eq_str(parts[4], "aws4_request"))
        return diag_set(diag, ERR_MALFORMED,
                        "Credential should be scoped with a valid terminator: 'aws4_request'");
    if (!slice_eq(parts[1], slice_of(cred->timestamp, 8)))
        return diag_set(diag, ERR_MALFORMED,
                        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                        "date from HTTP: '%.*s' != '%.8s'",
                        8, parts[1].ptr, cred->timestamp);
    cred->access_key_id = parts[0];
    cred->date = parts[1];
    cred->region = parts[2];
    cred->service = parts[3];
    return 0;
}

/* Lower-case names between semicolons, with host among them. */
static int set_signed_headers(struct slice text, struct sigv4_credential *cred, struct diag *diag)
{
    size_t count = 1, start = 0;
    bool has_host = false;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != ';') {
            bool fits = text.ptr[i] > ' ' && text.ptr[i] < 0x7f && text.ptr[i] != ':' &&
                        !(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z');
            if (!fits)
                return diag_set(diag, ERR_MALFORMED, "SignedHeaders must be lower-case names");
            continue;
        }
        struct slice name = slice_of(text.ptr + start, i - start);
        if (name.len == 0) return diag_set(diag, ERR_MALFORMED, "SignedHeaders has an empty name");
        has_host = has_host || slice_eq_str(name, "host");
        start = i + 1;
        count += i < text.len;
    }
    if (!has_host)
        return diag_set(diag, ERR_MALFORMED,
                        "'Host' must be a 'SignedHeader' in the AWS "
                        "Authorization.");
    if (count > SIGV4_HEADERS_MAX)
        return diag_set(diag, ERR_MALFORMED, "more than %d SignedHeaders", SIGV4_HEADERS_MAX);
    cred->signed_headers = text;
    return 0;
}

static int set_signature(struct slice text, struct sigv4_credential *cred, struct diag *diag)
{
    uint8_t bytes[32];
    if (hex_decode(text, bytes, sizeof bytes) < 0)
        return diag_set(diag, ERR_MALFORMED, "Signature must be 64 hexadecimal digits");
    cred->signature = text;
    return 0;
}

/* ---- the header form ---- */

/* The three parameters of Authorization. */
struct authorization {
    struct slice credential;
    struct slice signed_headers;
    struct slice signature;
};

static int take_parameter(struct slice part, struct authorization *auth, struct diag *diag)
{
    struct {
        const char *name;
        struct slice *value;
    } parameters[] = {
        { "Credential=", &auth->credential },
        { "SignedHeaders=", &auth->signed_headers },
        { "Signature=", &auth->signature },
    };
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        if (!slice_starts(part, parameters[i].name)) continue;
        if (parameters[i].value->ptr)
            return diag_set(diag, ERR_MALFORMED, "Authorization header has '%s' twice",
                            parameters[i].name);
        *parameters[i].value = slice_from(part, strlen(parameters[i].name));
        return 0;
    }
    return diag_set(diag, ERR_MALFORMED,
                    "Authorization header has a parameter which is neither 'Credential' nor "
                    "'SignedHeaders' nor 'Signature'");
}

/* Separated by commas, spaces or both. */
static int split_authorization(struct slice text, struct authorization *auth, struct diag *diag)
{
    size_t at = 0;
    while (at < text.len) {
        while (at < text.len && strchr(", \t", text.ptr[at]))
            at++;
        size_t end = at;
        while (end < text.len && !strchr(", \t", text.ptr[end]))
            end++;
        if (end == at) break;
        int rc = take_parameter(slice_of(text.ptr + at, end - at), auth, diag);
        if (rc < 0) return rc;
        at = end;
    }
    return 0;
}

/* AWS names all that is missing in one go. */
static int check_complete(const struct authorization *auth, bool has_date, struct diag *diag)
{
    const struct {
        bool present;
        const char *text;
    } needed[] = {
        { auth->credential.len > 0, "Authorization header requires 'Credential' parameter. " },
        { auth->signature.len > 0, "Authorization header requires 'Signature' parameter. " },
        { auth->signed_headers.len > 0,
          "Authorization header requires 'SignedHeaders' parameter. " },
        { has_date, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                    "header. " },
    };
    char text[512] = "";
    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        if (needed[i].present) continue;
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s", needed[i].text);
    }
    if (!text[0]) return 0;
    text[strlen(text) - 1] = '\0';
    return diag_set(diag, ERR_MALFORMED, "%s", text);
}

static int parse_header_form(const struct sigv4_request *request, struct slice parameters,
                             struct sigv4_credential *cred, struct diag *diag)
{
    struct authorization auth = { 0 };
    struct slice date = { 0 };
    bool has_date = sigv4_find_header(request, SLICE_LIT("x-amz-date"), 0, &date) ||
                    sigv4_find_header(request, SLICE_LIT("date"), 0, &date);
    int rc = split_authorization(parameters, &auth, diag);
    if (rc == 0) rc = check_complete(&auth, has_date, diag);
    if (rc == 0) rc = set_time(date, cred, diag);
    if (rc == 0) rc = set_scope(auth.credential, cred, diag);
    if (rc == 0) rc = set_signed_headers(auth.signed_headers, cred, diag);
    if (rc == 0) rc = set_signature(auth.signature, cred, diag);
    if (rc < 0) return rc;
    struct slice token;
    if (sigv4_find_header(request, SLICE_LIT("x-amz-security-token"), 0, &token))
        cred->security_token = sigv4_trim(token);
    return 0;
}

/* ---- the query form ---- */

enum {
    Q_ALGORITHM,
    Q_CREDENTIAL,
    Q_DATE,
    Q_SIGNED_HEADERS,
    Q_SIGNATURE,
    Q_EXPIRES,
    Q_TOKEN,
    Q_COUNT
};

static const struct {
    const char *name;
    bool required;
} query_names[Q_COUNT] = {
    [Q_ALGORITHM] = { "X-Amz-Algorithm", true },
    [Q_CREDENTIAL] = { "X-Amz-Credential", true },
    [Q_DATE] = { "X-Amz-Date", true },
    [Q_SIGNED_HEADERS] = { "X-Amz-SignedHeaders", true },
    [Q_SIGNATURE] = { "X-Amz-Signature", true },
    [Q_EXPIRES] = { "X-Amz-Expires", false },
    [Q_TOKEN] = { "X-Amz-Security-Token", false },
};

static int take_query_value(struct slice key, struct slice value, struct arena *arena,
                            struct slice found[Q_COUNT], struct diag *diag)
{
    for (size_t i = 0; i < Q_COUNT; i++) {
        if (!slice_eq_str(key, query_names[i].name)) continue;
        struct buf plain = { 0 };
        int rc = found[i].ptr ? ERR_MALFORMED : url_decode(&plain, value);
        if (rc == 0)
            found[i] = slice_of(arena_strndup(arena, buf_str(&plain), plain.len), plain.len);
        buf_deinit(&plain);
        return rc < 0 ? diag_set(diag, ERR_MALFORMED,
                                 "AWS query-string parameter '%s' occurs twice or is not encoded",
                                 query_names[i].name)
                      : 0;
    }
    return 0;
}

static int find_query_values(struct slice query, struct arena *arena, struct slice found[Q_COUNT],
                             struct diag *diag)
{
    struct slice key, value;
    size_t count = 0;
    while (sigv4_next_param(&query, &key, &value)) {
        if (++count > SIGV4_PARAMS_MAX)
            return diag_set(diag, ERR_MALFORMED, "more than %d query-string parameters",
                            SIGV4_PARAMS_MAX);
        int rc = take_query_value(key, value, arena, found, diag);
        if (rc < 0) return rc;
    }
    return 0;
}

static int check_query_complete(const struct slice found[Q_COUNT], struct diag *diag)
{
    for (size_t i = 0; i < Q_COUNT; i++) {
        if (query_names[i].required && found[i].len == 0)
            return diag_set(diag, ERR_MALFORMED,
                            "AWS query-string parameters must include '%s'. Re-examine the "
                            "query-string parameters.",
                            query_names[i].name);
    }
    if (!slice_eq_str(found[Q_ALGORITHM], SIGV4_ALGORITHM))
        return diag_set(diag, ERR_MALFORMED, "X-Amz-Algorithm only supports \"%s\"",
                        SIGV4_ALGORITHM);
    if (found[Q_TOKEN].len > TOKEN_MAX)
        return diag_set(diag, ERR_MALFORMED, "X-Amz-Security-Token is too long");
    return 0;
}

static int set_expires(struct slice text, struct sigv4_credential *cred, struct diag *diag)
{
    cred->expires_s = SIGV4_SKEW_S;
    if (!text.ptr) return 0;
    if (text_to_int(text, 1, SIGV4_EXPIRES_MAX, &cred->expires_s) < 0)
        return diag_set(diag, ERR_MALFORMED, "X-Amz-Expires must be a number between 1 and %d",
                        SIGV4_EXPIRES_MAX);
    return 0;
}

static int parse_query_form(const struct slice found[Q_COUNT], struct sigv4_credential *cred,
                            struct diag *diag)
{
    int rc = check_query_complete(found, diag);
    if (rc == 0) rc = set_time(found[Q_DATE], cred, diag);
    if (rc == 0) rc = set_scope(found[Q_CREDENTIAL], cred, diag);
    if (rc == 0) rc = set_signed_headers(found[Q_SIGNED_HEADERS], cred, diag);
    if (rc == 0) rc = set_signature(found[Q_SIGNATURE], cred, diag);
    if (rc == 0) rc = set_expires(found[Q_EXPIRES], cred, diag);
    if (rc < 0) return rc;
    if (found[Q_TOKEN].ptr) cred->security_token = found[Q_TOKEN];
    cred->is_query = true;
    return 0;
}

/* Finds "AWS4-HMAC-SHA256 ..." among the Authorization headers: 0 and its parameters. */
static int find_authorization(const struct sigv4_request *request, struct slice *ret_parameters,
                              struct diag *diag)
{
    struct slice value, second;
    const struct slice name = SLICE_LIT("authorization");
    if (!sigv4_find_header(request, name, 0, &value)) return ERR_NOT_FOUND;
    value = sigv4_trim(value);
    if (!slice_starts(value, "AWS4-")) return ERR_NOT_FOUND;
    if (sigv4_find_header(request, name, 1, &second))
        return diag_set(diag, ERR_MALFORMED, "two Authorization headers");
    size_t len = strlen(SIGV4_ALGORITHM);
    if (!slice_starts(value, SIGV4_ALGORITHM) ||
        (value.len > len && value.ptr[len] != ' ' && value.ptr[len] != '\t'))
        return diag_set(diag, ERR_MALFORMED, "Authorization header supports only \"%s\"",
                        SIGV4_ALGORITHM);
    *ret_parameters = slice_from(value, len);
    return 0;
}

static bool is_presigned(const struct slice found[Q_COUNT])
{
    return found[Q_ALGORITHM].ptr || found[Q_CREDENTIAL].ptr || found[Q_SIGNATURE].ptr;
}

int sigv4_parse(const struct sigv4_request *request, struct arena *arena,
                struct sigv4_credential *ret_credential, struct diag *diag)
{
    struct sigv4_credential cred = { .security_token = SLICE_LIT("") };
    struct slice found[Q_COUNT] = { { 0 } }, parameters = { 0 };
    if (request->path_raw.len > SIGV4_TARGET_MAX || request->query_raw.len > SIGV4_TARGET_MAX)
        return diag_set(diag, ERR_MALFORMED, "the request target is too long");
    int rc = find_query_values(request->query_raw, arena, found, diag);
    if (rc < 0) return rc;
    rc = find_authorization(request, &parameters, diag);
    if (rc == 0 && is_presigned(found))
        rc = diag_set(diag, ERR_MALFORMED,
                      "AWS credentials in the Authorization header and in the query string");
    if (rc == 0)
        rc = parse_header_form(request, parameters, &cred, diag);
    else if (rc == ERR_NOT_FOUND && is_presigned(found))
        rc = parse_query_form(found, &cred, diag);
    if (rc == ERR_NOT_FOUND) return diag_set(diag, rc, "Missing Authentication Token");
    if (rc == 0) *ret_credential = cred;
    return rc;
}
