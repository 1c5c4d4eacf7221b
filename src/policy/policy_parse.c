/* policy_parse.c — a policy document becomes a struct policy; see policy.h.
 * The document's members are rows of two tables, so that an unknown one is refused with its place
 * and the nearest known name. It is refused, not ignored: a member that is not understood may have
 * been meant to narrow the policy.
 * Action patterns are tried against every known action here, once, and become a mask; a request for
 * such an action then costs one bit test a statement.
 * Two decisions where the documentation is silent. A document without Version is one of 2008-10-17,
 * as in IAM; variables do not exist there, so a document that has some is refused with a hint
 * instead of being taken literally. A resource which cannot match any ARN is refused too. */
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_priv.h"

#include <stdarg.h>
#include <stdio.h>

enum { STATEMENTS_MAX = 1024, ID_MAX = 256 };

static const struct json_limits document_limits = {
    .bytes = POLICY_DOCUMENT_MAX,
    .nodes = 16384,
    .depth = 16,
    .unique_keys = true, /* a second "StringEquals" must not replace the first in silence */
};

struct parser {
    struct policy *policy;
    struct statement *statement; /* the one in hand */
    struct diag *diag;
    char place[256]; /* "Statement[1].Effect": what is being read; after a failure, what was */
};

struct member {
    const char *name;
    /* NULL: AWS IoT has no such member. */
    int (*read)(struct parser *parser, const struct json *value);
};

/* Adds to the place; returns what leave needs. Names that are too long are cut. */
static size_t __attribute__((format(printf, 2, 3)))
enter(struct parser *parser, const char *fmt, ...)
{
    va_list ap;
    size_t len = strlen(parser->place);
    va_start(ap, fmt);
    vsnprintf(parser->place + len, sizeof parser->place - len, fmt, ap);
    va_end(ap);
    return len;
}

static void leave(struct parser *parser, size_t entered)
{
    parser->place[entered] = '\0';
}

static int invalid(struct parser *parser, const char *what)
{
    return diag_set(parser->diag, ERR_INVALID, "%s", what);
}

/* --- members of an object --------------------------------------------------------------------- */

static int unknown_member(struct parser *parser, const char *name, const struct member *members,
                          size_t count)
{
    const char *near = NULL;
    unsigned best = 3;
    for (size_t i = 0; i < count; i++) {
        unsigned distance = text_distance(slice_str(name), slice_str(members[i].name));
        if (!members[i].read || distance >= best) continue;
        best = distance;
        near = members[i].name;
    }
    return diag_set(parser->diag, ERR_INVALID, "unknown member%s%s%s",
                    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static int read_member(struct parser *parser, const struct json *value,
                       const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(members[i].name, json_key(value)) != 0) continue;
        if (members[i].read) return members[i].read(parser, value);
        return invalid(parser, "not supported by AWS IoT policies");
    }
    return unknown_member(parser, json_key(value), members, count);
}

static int read_members(struct parser *parser, const struct json *object,
                        const struct member *members, size_t count)
{
    if (!json_is(object, JSON_OBJECT)) return invalid(parser, "must be an object");
    json_for_each(it, object) {
        size_t place = enter(parser, "%s%s", parser->place[0] ? "." : "", json_key(it));
        int rc = read_member(parser, it, members, count);
        if (rc < 0) return rc;
        leave(parser, place);
    }
    return 0;
}

static int require(struct parser *parser, const struct json *object, const char *name)
{
    if (json_get(object, name)) return 0;
    return diag_set(parser->diag, ERR_INVALID, "%s is missing", name);
}

/* --- members of a statement ------------------------------------------------------------------- */

static int read_sid(struct parser *parser, const struct json *value)
{
    const char *text = json_str(value);
    if (!text) return invalid(parser, "must be a string");
    if (strlen(text) > ID_MAX)
        return diag_set(parser->diag, ERR_INVALID, "longer than %d bytes", ID_MAX);
    if (*text) parser->statement->sid = arena_strdup(&parser->policy->arena, text);
    return 0;
}

static int read_effect(struct parser *parser, const struct json *value)
{
    const char *text = json_str(value);
    bool deny = text && strcmp(text, "Deny") == 0;
    if (!deny && (!text || strcmp(text, "Allow") != 0))
        return invalid(parser, "must be Allow or Deny");
    parser->statement->deny = deny;
    return 0;
}

typedef int (*pattern_cb)(struct parser *parser, struct slice text, struct pattern *ret_pattern);

static int read_pattern(struct parser *parser, const struct json *value, pattern_cb compile,
                        struct pattern *ret_pattern)
{
    const char *text = json_str(value);
    if (!text || !*text) return invalid(parser, "must be a string that is not empty");
    return compile(parser, slice_str(text), ret_pattern);
}

/* One string, or an array of them. */
static int read_patterns(struct parser *parser, const struct json *value, pattern_cb compile,
                         struct pattern **ret_patterns, size_t *ret_count)
{
    bool list = json_is(value, JSON_ARRAY);
    size_t count = list ? json_count(value) : 1, i = 0;
    if (count == 0) return invalid(parser, "must not be empty");
    struct pattern *patterns = arena_array(&parser->policy->arena, struct pattern, count);
    int rc = list ? 0 : read_pattern(parser, value, compile, patterns);
    if (rc < 0) return rc;
    for (const struct json *it = list ? json_first(value) : NULL; it; it = json_next(it), i++) {
        size_t place = enter(parser, "[%zu]", i);
        rc = read_pattern(parser, it, compile, &patterns[i]);
        if (rc < 0) return rc;
        leave(parser, place);
    }
    *ret_patterns = patterns;
    *ret_count = count;
    return 0;
}

static bool has_only(struct slice text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || !strchr(more, c))) return false;
    }
    return text.len > 0;
}

static int compile_action(struct parser *parser, struct slice text, struct pattern *ret_pattern)
{
    const char *colon = memchr(text.ptr, ':', text.len);
    size_t service = colon ? (size_t)(colon - text.ptr) : 0;
    bool good = slice_eq_str(text, "*") || (colon && has_only(slice_of(text.ptr, service), "-") &&
                                            has_only(slice_from(text, service + 1), "*?"));
    if (!good) return invalid(parser, "must be * or an action such as iot:Publish");
    int rc = pattern_compile(&parser->policy->arena, text, PATTERN_WILD | PATTERN_FOLD, ret_pattern,
                             parser->diag);
    if (rc < 0) return rc;
    for (int i = 1; i < POLICY_ACTION_COUNT; i++)
        if (pattern_match(ret_pattern, slice_str(policy_action_name((enum policy_action)i)), NULL))
            parser->statement->known |= UINT64_C(1) << i;
    return 0;
}

static int read_action(struct parser *parser, const struct json *value)
{
    struct statement *statement = parser->statement;
    return read_patterns(parser, value, compile_action, &statement->actions,
                         &statement->action_count);
}

/* Whether an ARN may begin like that: literal characters must be those of "arn:". */
static bool may_be_arn(struct slice text)
{
    static const char arn[] = "arn:";
    for (size_t i = 0; i < sizeof arn - 1; i++) {
        if (i == text.len) return false;
        if (strchr("*?$", text.ptr[i])) return true;
        if (text.ptr[i] != arn[i]) return false;
    }
    return true;
}

static int compile_resource(struct parser *parser, struct slice text, struct pattern *ret_pattern)
{
    if (!may_be_arn(text))
        return invalid(parser, "must be * or an ARN such as arn:aws:iot:REGION:ACCOUNT:topic/NAME");
    return pattern_compile(&parser->policy->arena, text, PATTERN_WILD | PATTERN_VARS, ret_pattern,
                           parser->diag);
}

static int read_resource(struct parser *parser, const struct json *value)
{
    struct statement *statement = parser->statement;
    return read_patterns(parser, value, compile_resource, &statement->resources,
                         &statement->resource_count);
}

static int read_condition(struct parser *parser, const struct json *value)
{
    struct statement *statement = parser->statement;
    return condition_compile(&parser->policy->arena, value, &statement->conditions,
                             &statement->condition_count, parser->diag);
}

static const struct member statement_members[] = {
    { "Sid", read_sid },           { "Effect", read_effect },       { "Action", read_action },
    { "Resource", read_resource }, { "Condition", read_condition }, { "NotAction", NULL },
    { "NotResource", NULL },       { "Principal", NULL },           { "NotPrincipal", NULL },
};

static int read_statement(struct parser *parser, const struct json *value)
{
    static const char *const required[] = { "Effect", "Action", "Resource" };
    int rc = read_members(parser, value, statement_members, ARRAY_LEN(statement_members));
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(required); i++)
        rc = require(parser, value, required[i]);
    return rc;
}

/* --- members of a document -------------------------------------------------------------------- */

static int read_version(struct parser *parser, const struct json *value)
{
    const char *text = json_str(value);
    if (text && (strcmp(text, "2012-10-17") == 0 || strcmp(text, "2008-10-17") == 0)) return 0;
    return invalid(parser, "must be 2012-10-17");
}

static int read_id(struct parser *parser, const struct json *value)
{
    return json_str(value) ? 0 : invalid(parser, "must be a string");
}

/* One statement, or an array of them. */
static int read_statements(struct parser *parser, const struct json *value)
{
    bool list = json_is(value, JSON_ARRAY);
    size_t count = list ? json_count(value) : 1, i = 0;
    if (count == 0) return invalid(parser, "must not be empty");
    if (count > STATEMENTS_MAX)
        return diag_set(parser->diag, ERR_INVALID, "more than %d statements", STATEMENTS_MAX);
    struct policy *policy = parser->policy;
    policy->statements = arena_array(&policy->arena, struct statement, count);
    policy->count = count;
    parser->statement = policy->statements;
    if (!list) return read_statement(parser, value);
    json_for_each(it, value) {
        size_t place = enter(parser, "[%zu]", i);
        parser->statement = &policy->statements[i++];
        int rc = read_statement(parser, it);
        if (rc < 0) return rc;
        leave(parser, place);
    }
    return 0;
}

static const struct member document_members[] = {
    { "Version", read_version },
    { "Id", read_id },
    { "Statement", read_statements },
};

static int read_document(struct parser *parser, struct slice document, const struct json *json)
{
    int rc = read_members(parser, json, document_members, ARRAY_LEN(document_members));
    if (rc < 0) return rc;
    const char *version = json_get_str(json, "Version");
    if ((!version || strcmp(version, "2012-10-17") != 0) &&
        memmem(document.ptr, document.len, "${", 2))
        return invalid(parser, "Version: must be 2012-10-17 in a policy with variables");
    return require(parser, json, "Statement");
}

int policy_parse(const char *name, struct slice document, struct policy **ret_policy,
                 struct diag *diag)
{
    struct json *json = NULL;
    if (document.len > POLICY_DOCUMENT_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "%zu bytes where %zu are allowed", document.len,
                        POLICY_DOCUMENT_MAX);
    struct parser parser = { .diag = diag };
    int rc = json_parse(document, &document_limits, &json, diag);
    if (rc < 0) return diag_wrap(diag, ERR_SYNTAX, "not JSON");
    struct policy *policy = xnew(struct policy);
    parser.policy = policy;
    policy->refs = 1;
    policy->name = arena_strdup(&policy->arena, name);
    rc = read_document(&parser, document, json);
    json_free(json);
    if (rc < 0) {
        policy_unref(policy);
        return parser.place[0] ? diag_wrap(diag, rc, "%s", parser.place) : rc;
    }
    policy->timed = policy_uses_variable(policy, "aws:CurrentTime") ||
                    policy_uses_variable(policy, "aws:EpochTime");
    *ret_policy = policy;
    return 0;
}
