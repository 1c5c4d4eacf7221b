/* param.c — parameters in, results out: see registry_priv.h. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "registry/registry_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fail(struct registry_call *call, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(call->diag.text, sizeof call->diag.text, fmt, ap);
    va_end(ap);
    call->diag.code = code;
    return code;
}

const char *param_str(const struct registry_call *call, const char *name)
{
    return json_get_str(call->params, name);
}

bool param_flag(const struct registry_call *call, const char *name)
{
    const struct json *value = json_get(call->params, name);
    const char *text = json_str(value);
    return json_is_true(value) || (text && strcmp(text, "true") == 0);
}

int param_int(struct registry_call *call, const char *name, int64_t min, int64_t max,
              int64_t fallback, int64_t *ret_value)
{
    const struct json *value = json_get(call->params, name);
    int64_t number = fallback;
    if (value && !json_is(value, JSON_NULL)) {
        const char *text = json_str(value);
        bool fine = text ? text_to_int(slice_str(text), INT64_MIN, INT64_MAX, &number) == 0
                         : json_to_int64(value, &number);
        if (!fine) return fail(call, ERR_INVALID, "Value at '%s' must be an integer", name);
        if (number < min || number > max)
            return fail(call, ERR_INVALID,
                        "1 validation error detected: Value '%lld' at '%s' failed to satisfy "
                        "constraint: Member must have value %s than or equal to %lld",
                        (long long)number, name, number < min ? "greater" : "less",
                        (long long)(number < min ? min : max));
    }
    *ret_value = number;
    return 0;
}

const struct param_kind param_registry_name = { 1, 128, "a-zA-Z0-9:_-", "[a-zA-Z0-9:_-]+" };
const struct param_kind param_attribute_name = { 1, 128, "a-zA-Z0-9_.,@/:#-",
                                                 "[a-zA-Z0-9_.,@/:#-]+" };
const struct param_kind param_policy_name = { 1, 128, "a-zA-Z0-9_+=,.@-", "[\\w+=,.@-]+" };
const struct param_kind param_template_name = { 1, 36, "0-9A-Za-z_-", "^[0-9A-Za-z_-]+$" };
const struct param_kind param_credential_name = { 1, 128, "a-zA-Z0-9_+=,.@:-", "[\\w+=,.@:-]+" };

static bool allowed_char(char c, const char *allowed)
{
    for (const char *at = allowed; *at; at++) {
        if (at[1] == '-' && at[2]) {
            if (c >= at[0] && c <= at[2]) return true;
            at += 2;
        } else if (c == *at) {
            return true;
        }
    }
    return false;
}

static bool all_allowed(const char *text, const char *allowed)
{
    while (*text && allowed_char(*text, allowed))
        text++;
    return !*text;
}

bool param_fits(const struct param_kind *kind, const char *text)
{
    size_t len = strlen(text);
    return len >= kind->min && len <= kind->max && all_allowed(text, kind->allowed);
}

int param_name(struct registry_call *call, const char *name, const struct param_kind *kind,
               const char **ret_value)
{
    const char *value = param_str(call, name);
    if (!value)
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value null at '%s' failed to satisfy "
                    "constraint: Member must not be null",
                    name);
    size_t len = strlen(value);
    if (len < kind->min || len > kind->max)
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value '%.200s' at '%s' failed to satisfy "
                    "constraint: Member must have length %s than or equal to %zu",
                    value, name, len < kind->min ? "greater" : "less",
                    len < kind->min ? kind->min : kind->max);
    if (!all_allowed(value, kind->allowed))
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value '%.200s' at '%s' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: %s",
                    value, name, kind->pattern);
    *ret_value = value;
    return 0;
}

int check_version(struct registry_call *call, int64_t version)
{
    int64_t expected = -1;
    int rc = param_int(call, "expectedVersion", 0, INT64_MAX, -1, &expected);
    if (rc < 0 || expected < 0 || expected == version) return rc;
    return fail(call, ERR_CONFLICT, "The expected version %lld does not match the version %lld",
                (long long)expected, (long long)version);
}

int check_description(struct registry_call *call, const char *text, const char *where)
{
    enum { MOST = 2028 };
    if (!text || strlen(text) <= MOST) return 0;
    return fail(call, ERR_INVALID,
                "1 validation error detected: Value at '%s' failed to satisfy constraint: Member "
                "must have length less than or equal to %d",
                where, MOST);
}

struct json *result_of(struct registry_call *call)
{
    if (!call->result) call->result = json_new_object();
    return call->result;
}

void result_arn(struct registry_call *call, struct json *object, const char *member,
                const char *kind, const char *name)
{
    const struct registry_opts *opts = registry_opts(call->registry);
    char *arn = xasprintf("arn:aws:iot:%s:%s:%s/%s", opts->region, opts->account, kind, name);
    json_set_str(object, member, arn);
    free(arn);
}

void result_time(struct json *object, const char *member, int64_t ms)
{
    json_set(object, member, json_new_double((double)ms / 1000.0));
}

/* ---- ARNs and labels ---- */

/* How the kind of a label is written in ARNs: after "arn:aws:iot:REGION:ACCOUNT:", but roles have no region. */
static const struct {
    const char *kind, *arn;
} label_kinds[] = {
    { "cert", "cert" },   { "key", "key" },          { "user", "user" },
    { "token", "token" }, { "group", "thinggroup" },
};

/* "arn:aws:iam::ACCOUNT:role/NAME"; a path before the name is part of it. */
static char *role_prefix(const struct registry_opts *opts)
{
    return xasprintf("arn:aws:iam::%s:role/", opts->account);
}

/* What follows prefix in text, or NULL. Frees prefix. */
static const char *behind(const char *text, char *prefix)
{
    size_t len = strlen(prefix);
    const char *rest = text && strncmp(text, prefix, len) == 0 ? text + len : NULL;
    free(prefix);
    return rest;
}

int label_of_arn(struct registry_call *call, const char *arn, char ret_label[256])
{
    const struct registry_opts *opts = registry_opts(call->registry);
    const char *role = behind(arn, role_prefix(opts));
    if (role && *role && strlen(role) < 250) {
        snprintf(ret_label, 256, "role:%s", role);
        return 0;
    }
    const char *rest = behind(arn, xasprintf("arn:aws:iot:%s:%s:", opts->region, opts->account));
    for (size_t i = 0; rest && strlen(rest) < 250 && i < ARRAY_LEN(label_kinds); i++) {
        size_t len = strlen(label_kinds[i].arn);
        if (strncmp(rest, label_kinds[i].arn, len) || rest[len] != '/' || !rest[len + 1]) continue;
        snprintf(ret_label, 256, "%s:%s", label_kinds[i].kind, rest + len + 1);
        return 0;
    }
    return fail(call, ERR_INVALID, "Invalid principal or target: %.200s", arn ? arn : "null");
}

int principal_of_arn(struct registry_call *call, const char *arn, char ret_label[256])
{
    int rc = label_of_arn(call, arn, ret_label);
    if (rc < 0 || !(strncmp(ret_label, "group:", 6) == 0 || strncmp(ret_label, "role:", 5) == 0))
        return rc;
    return fail(call, ERR_INVALID, "Invalid principal: %.200s", arn);
}

const char *name_of_arn(const struct registry_call *call, const char *arn, const char *kind)
{
    const struct registry_opts *opts = registry_opts(call->registry);
    return behind(arn, xasprintf("arn:aws:iot:%s:%s:%s/", opts->region, opts->account, kind));
}

char *arn_of_label(const struct registry *registry, const char *label)
{
    const char *colon = strchr(label, ':');
    size_t len = (size_t)(colon - label);
    if (strncmp(label, "role:", 5) == 0) {
        char *prefix = role_prefix(registry_opts(registry));
        char *arn = xasprintf("%s%s", prefix, colon + 1);
        free(prefix);
        return arn;
    }
    for (size_t i = 0; i < ARRAY_LEN(label_kinds); i++)
        if (strlen(label_kinds[i].kind) == len && strncmp(label_kinds[i].kind, label, len) == 0)
            return xasprintf("arn:aws:iot:%s:%s:%s/%s", registry_region(registry),
                             registry_account(registry), label_kinds[i].arn, colon + 1);
    BUG("a label of no kind: %s", label);
}

int has_row(struct db *db, const char *sql, const char *key, bool *ret_has)
{
    struct db_stmt *q = db_query(db, sql);
    db_bind_text(q, 1, key);
    *ret_has = db_step(q);
    return db_done(q);
}

int check_label(struct registry_call *call, struct db *db, const char *label)
{
    struct db_stmt *q;
    if (strncmp(label, "role:", 5) == 0) return 0; /* a name is enough for a role */
    if (strncmp(label, "group:", 6) == 0)
        q = db_query(db, "SELECT 1 FROM thing_group WHERE name = ?1");
    else if (strncmp(label, "cert:", 5) == 0)
        q = db_query(db, "SELECT 1 FROM cert WHERE id = ?1");
    else if (strncmp(label, "key:", 4) == 0)
        q = db_query(db, "SELECT 1 FROM access_key WHERE id = ?1");
    else if (strncmp(label, "user:", 5) == 0)
        q = db_query(db, "SELECT 1 FROM user WHERE name = ?1");
    else
        q = db_query(db, "SELECT 1 FROM token WHERE id = ?1");
    db_bind_text(q, 1, strchr(label, ':') + 1);
    bool found = db_step(q);
    int rc = db_done(q);
    if (rc < 0) return rc;
    return found ? 0
                 : fail(call, ERR_NOT_FOUND, "The principal or target %s does not exist", label);
}

/* ---- paging ---- */

int page_open(struct registry_call *call, const char *size_name, const char *token_name,
              int64_t fallback, int64_t max, struct page *ret_page)
{
    int64_t size;
    int rc = param_int(call, size_name, 1, max, fallback, &size);
    if (rc < 0) return rc;
    char *after = NULL;
    const char *token = param_str(call, token_name);
    if (token) {
        struct buf text = { 0 };
        if (base64_decode(&text, slice_str(token)) < 0 || text.len < 2 || text.data[0] != '1' ||
            !utf8_valid(buf_slice(&text)) || strlen(text.data) != text.len) {
            buf_deinit(&text);
            return fail(call, ERR_INVALID, "Invalid %s", token_name);
        }
        after = xstrdup(text.data + 1);
        buf_deinit(&text);
    }
    *ret_page = (struct page){ size, after };
    return 0;
}

void page_close(struct page *page)
{
    free(page->after);
    page->after = NULL;
}

void page_next(struct registry_call *call, const char *member, const char *after)
{
    char *text = xasprintf("1%s", after);
    struct buf token = { 0 };
    base64_encode(&token, text, strlen(text));
    json_set_str(result_of(call), member, buf_str(&token));
    buf_deinit(&token);
    free(text);
}

int page_split(struct registry_call *call, const struct page *page, bool ascending,
               int64_t *ret_created, const char **ret_name)
{
    int64_t created = ascending ? INT64_MIN : INT64_MAX;
    const char *name = "";
    if (page->after) {
        const char *slash = strchr(page->after, '/');
        size_t digits = slash ? (size_t)(slash - page->after) : 0;
        if (text_to_int(slice_of(page->after, digits), INT64_MIN, INT64_MAX, &created) < 0)
            return fail(call, ERR_INVALID, "Invalid marker");
        name = slash + 1;
    }
    *ret_created = created;
    *ret_name = name;
    return 0;
}

void push_name(struct registry_call *call, struct json *list, const char *name)
{
    json_push(list, json_new_str(name));
}

void push_arn(struct registry_call *call, struct json *list, const char *label)
{
    char *arn = arn_of_label(call->registry, label);
    json_push(list, json_new_str(arn));
    free(arn);
}

int page_list(struct registry_call *call, struct db_stmt *q, const struct page *page,
              const char *member, const char *token_member, page_push_cb push)
{
    struct json *list = json_set(result_of(call), member, json_new_array());
    char *last = NULL;
    db_bind_text(q, 2, page->after ? page->after : "");
    db_bind_int(q, 3, page->size + 1);
    while (db_step(q)) {
        if ((int64_t)json_count(list) == page->size) {
            page_next(call, token_member, last);
            break;
        }
        free(last);
        last = xstrdup(db_text(q, 0));
        push(call, list, last);
    }
    free(last);
    return db_done(q);
}

int page_list_split(struct registry_call *call, struct db_stmt *q, const struct page *page,
                    bool ascending, const char *member, const char *token_member, page_push_cb push)
{
    int64_t after = 0;
    const char *after_name = NULL;
    char *last = NULL;
    int rc = page_split(call, page, ascending, &after, &after_name);
    struct json *list = json_set(result_of(call), member, json_new_array());
    db_bind_int(q, 1, after);
    db_bind_text(q, 2, after_name);
    db_bind_int(q, 3, page->size + 1);
    while (rc == 0 && db_step(q)) {
        if ((int64_t)json_count(list) == page->size) {
            page_next(call, token_member, last);
            break;
        }
        push(call, list, db_text(q, 0));
        free(last);
        last = xasprintf("%lld/%s", (long long)db_int(q, 1), db_text(q, 0));
    }
    free(last);
    int done = db_done(q);
    return rc < 0 ? rc : done;
}
