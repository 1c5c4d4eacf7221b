/* bind.c — from a request to the parameters of an operation, under AWS's member names: path labels,
 * query, headers and body become one JSON object (api-operations, section 1).
 *
 *  I1  Every string in it is UTF-8 without a zero byte.
 *  I2  No member begins with '.': those are the registry's own notes.
 *  I3  What a route takes from path, query or header is never taken from the body.
 *
 * Members that an operation does not know are ignored, as AWS's are; what a member means is for the
 * operation to check. */
#include "api/api_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "http/query.h"

#include <stdlib.h>

/* Room for a payload of a megabyte in base64 (the dry run of a rule), and for the longest policy document
 * with most of its characters escaped. What takes time is the number of nodes. */
static const struct json_limits body_limits = { .bytes = 3 << 19, .nodes = 16384, .depth = 64 };

bool api_bind_next(struct slice *bind, char *ret_kind, struct slice *ret_name,
                   struct slice *ret_param)
{
    while (bind->len && *bind->ptr == ' ')
        *bind = slice_from(*bind, 1);
    if (!bind->len) return false;
    size_t len = 0;
    while (len < bind->len && bind->ptr[len] != ' ')
        len++;
    struct slice one = slice_of(bind->ptr, len);
    *bind = slice_from(*bind, len);
    *ret_kind = one.ptr[0];
    if (one.ptr[0] == '{') {
        *ret_name = *ret_param = slice_of(one.ptr + 1, one.len - 2);
        if (slice_eq_str(*ret_name, "*")) *ret_kind = '*';
        return true;
    }
    one = slice_from(one, 1);
    const char *equals = memchr(one.ptr, '=', one.len);
    size_t name = equals ? (size_t)(equals - one.ptr) : one.len;
    *ret_name = slice_of(one.ptr, name);
    *ret_param = equals ? slice_from(one, name + 1) : *ret_name;
    return true;
}

static int set_text(struct json *params, struct slice name, struct slice value, struct diag *diag)
{
    if (!utf8_valid(value) || (value.len && memchr(value.ptr, 0, value.len)))
        return diag_set(diag, ERR_INVALID, "Value at '%.*s' is not UTF-8 text", (int)name.len,
                        name.ptr);
    char *key = xstrndup(name.ptr, name.len);
    json_set(params, key, json_new_slice(value));
    free(key);
    return 0;
}

static void remove_member(struct json *params, struct slice name)
{
    char *key = xstrndup(name.ptr, name.len);
    json_remove(params, key);
    free(key);
}

static int bind_query(struct json *params, struct slice query, struct slice name,
                      struct slice param, struct arena *arena, struct diag *diag)
{
    struct slice value;
    const char *text = arena_strndup(arena, name.ptr, name.len);
    int rc = http_query_get(query, text, arena, &value);
    if (rc == ERR_NOT_FOUND) return 0;
    if (rc < 0) return diag_set(diag, ERR_INVALID, "The query has a malformed percent-escape");
    return set_text(params, param, value, diag);
}

static int bind_header(struct json *params, const struct http_headers *headers, struct slice name,
                       struct slice param, struct arena *arena, struct diag *diag)
{
    struct slice value = http_header(headers, arena_strndup(arena, name.ptr, name.len));
    return value.ptr ? set_text(params, param, value, diag) : 0;
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.ptr[i]) || !text.ptr[i]) return false;
    return true;
}

/* Absent and empty bodies are {}. */
static int parse_body(struct slice body, struct json **ret_json, struct diag *diag)
{
    if (is_blank(body)) {
        *ret_json = json_new_object();
        return 0;
    }
    struct json *json;
    int rc = json_parse(body, &body_limits, &json, diag);
    if (rc == ERR_TOO_LARGE) return rc;
    if (rc < 0) return diag_wrap(diag, ERR_INVALID, "The body is no JSON that can be used");
    if (!json_is(json, JSON_OBJECT)) {
        json_free(json);
        return diag_set(diag, ERR_INVALID, "The body must be a JSON object");
    }
    *ret_json = json;
    return 0;
}

static void drop_notes(struct json *params)
{
    json_for_each(member, params) {
        if (json_key(member)[0] == '.') json_free(json_detach_child(params, member));
    }
}

/* The object that everything else is put into. */
static int bind_body(struct slice bind, struct slice body, struct json **ret_params,
                     struct diag *diag)
{
    char kind;
    struct slice name, param;
    while (api_bind_next(&bind, &kind, &name, &param)) {
        if (kind != '*' && kind != '{') continue;
        struct json *json = NULL;
        int rc = parse_body(body, &json, diag);
        if (rc < 0) return rc;
        if (kind == '*') {
            drop_notes(json);
            *ret_params = json;
            return 0;
        }
        *ret_params = json_new_object();
        char *key = xstrndup(param.ptr, param.len);
        json_set(*ret_params, key, json);
        free(key);
        return 0;
    }
    *ret_params = json_new_object();
    return 0;
}

static int bind_sources(struct slice bind, const struct http_request *request, struct arena *arena,
                        struct json *params, struct diag *diag)
{
    char kind;
    struct slice name, param;
    int rc = 0;
    while (rc == 0 && api_bind_next(&bind, &kind, &name, &param)) {
        if (kind != '?' && kind != '@') continue;
        remove_member(params, param);
        rc = kind == '?' ? bind_query(params, request->query, name, param, arena, diag)
                         : bind_header(params, &request->headers, name, param, arena, diag);
    }
    return rc;
}

int api_bind(const char *bind, const struct route_match *match, const struct http_request *request,
             struct arena *arena, struct json **ret_params, struct diag *diag)
{
    struct json *params = NULL;
    int rc = bind_body(slice_str(bind), request->body, &params, diag);
    if (rc < 0) return rc;
    rc = bind_sources(slice_str(bind), request, arena, params, diag);
    for (size_t i = 0; i < match->count && rc == 0; i++)
        rc = set_text(params, match->params[i].name, match->params[i].value, diag);
    if (rc < 0) {
        json_free(params);
        return rc;
    }
    *ret_params = params;
    return 0;
}

/* Of "thingName,thingArn" the name, or what is called so in the ARN. */
static const char *expand_one(struct slice names, const struct json *params)
{
    const char *comma = memchr(names.ptr, ',', names.len);
    size_t len = comma ? (size_t)(comma - names.ptr) : names.len;
    const char *text = json_str(json_get_slice(params, slice_of(names.ptr, len)));
    if (text || !comma) return text;
    const char *arn = json_str(json_get_slice(params, slice_from(names, len + 1)));
    const char *slash = arn ? strchr(arn, '/') : NULL;
    return slash ? slash + 1 : arn;
}

/* The registry takes ids of certificates in either case: what a policy says of one holds for both. */
static void lower_cert_id(const char *resource, char *text)
{
    if (strncmp(resource, "cert/", 5) != 0 && strncmp(resource, "cacert/", 7) != 0) return;
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'F') *text = (char)(*text - 'A' + 'a');
}

void api_expand(const char *resource, const struct json *params, struct buf *out)
{
    size_t start = out->len;
    for (const char *at = resource; *at; at++) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (!end) {
            buf_putc(out, *at);
            continue;
        }
        const char *text = expand_one(slice_of(at + 1, (size_t)(end - at) - 1), params);
        if (text)
            buf_puts(out, text);
        else if (out->len && out->data[out->len - 1] == '/')
            out->data[--out->len] = 0;
        at = end;
    }
    if (out->len > start) lower_cert_id(resource, out->data + start);
}

int api_param_int(const struct json *params, const char *name, int64_t min, int64_t max,
                  int64_t fallback, int64_t *ret_value, struct diag *diag)
{
    const char *text = json_get_str(params, name);
    int64_t value = fallback;
    if (text && text_to_int(slice_str(text), min, max, &value) < 0)
        return diag_set(diag, ERR_INVALID,
                        "1 validation error detected: Value '%.100s' at '%s' failed to satisfy "
                        "constraint: Member must be an integer between %lld and %lld",
                        text, name, (long long)min, (long long)max);
    *ret_value = value;
    return 0;
}

int api_param_bool(const struct json *params, const char *name, bool *ret_value, struct diag *diag)
{
    const char *text = json_get_str(params, name);
    if (text && strcmp(text, "true") && strcmp(text, "false"))
        return diag_set(diag, ERR_INVALID,
                        "1 validation error detected: Value '%.100s' at '%s' failed to satisfy "
                        "constraint: Member must be true or false",
                        text, name);
    *ret_value = text && strcmp(text, "true") == 0;
    return 0;
}

int api_page_after(const struct json *params, const char *member, char **ret_after,
                   struct diag *diag)
{
    const char *token = json_get_str(params, member);
    char *after = NULL;
    if (token) {
        struct buf text = { 0 };
        bool fine = base64_decode(&text, slice_str(token)) == 0 && text.len >= 2 &&
                    text.data[0] == '1' && utf8_valid(buf_slice(&text)) &&
                    strlen(text.data) == text.len;
        if (fine) after = xstrdup(text.data + 1);
        buf_deinit(&text);
        if (!fine) return diag_set(diag, ERR_INVALID, "Invalid %s", member);
    }
    *ret_after = after;
    return 0;
}

void api_page_next(struct json *result, const char *after)
{
    char *text = xasprintf("1%s", after);
    struct buf token = { 0 };
    base64_encode(&token, text, strlen(text));
    json_set_str(result, "nextToken", buf_str(&token));
    buf_deinit(&token);
    free(text);
}
