/* sql_func_regex.c — regexp_matches, regexp_substr, regexp_replace.
 * A constant pattern was compiled with the statement; another one is compiled at each call. What goes
 * wrong (a bad pattern, a bad replacement, too much backtracking) is Undefined. All matches of a run
 * share a falling allowance: from the fourth on the n-th may backtrack 4 * MATCH_LIMIT / n times, so that the sum over a text
 * of many matches stays near that of a few. */
#include "base/text.h"
#include "sql/sql_func.h"
#include "sql/sql_regex.h"

enum { LEAST_LIMIT = 1000, STEPS_PER_MATCH = 20, STEPS_PER_COMPILE = 2000 };

static int next_match(struct sql_eval *eval, struct sql_match *match, size_t from)
{
    if (!sql_eval_charge(eval, STEPS_PER_MATCH)) return -1;
    uint32_t limit = SQL_REGEX_MATCH_LIMIT / ++eval->regex_runs * 4;
    if (limit > SQL_REGEX_MATCH_LIMIT) limit = SQL_REGEX_MATCH_LIMIT;
    if (limit < LEAST_LIMIT) limit = LEAST_LIMIT;
    return sql_match_next(match, from, limit);
}

/* Calls `use` with the text of argument 0 under the pattern of argument 1. */
static void with_match(struct sql_eval *eval, const struct sql_args *args,
                       void (*use)(struct sql_eval *eval, const struct sql_args *args,
                                   struct sql_match *match, struct sql_value *ret_value),
                       struct sql_value *ret_value)
{
    struct slice text, pattern;
    struct sql_match match;
    struct sql_regex *own = NULL;
    if (!sql_arg_str(eval, args, 0, &text) || !sql_arg_str(eval, args, 1, &pattern)) return;
    if (!sql_eval_charge(eval, text.len / 8)) return;
    const struct sql_regex *regex = args->node->regex;
    if (!regex && sql_eval_charge(eval, STEPS_PER_COMPILE)) regex = own = sql_regex_create(pattern);
    if (regex && sql_regex_ok(regex)) {
        if (sql_match_init(&match, regex, text)) use(eval, args, &match, ret_value);
        sql_match_deinit(&match);
    }
    sql_regex_destroy(own);
}

static void use_matches(struct sql_eval *eval, const struct sql_args *args, struct sql_match *match,
                        struct sql_value *ret_value)
{
    int found = next_match(eval, match, 0);
    if (found >= 0) *ret_value = sql_value_of_bool(found);
}

SQL_FUNC(sql_fn_regexp_matches)
{
    with_match(eval, args, use_matches, ret_value);
}

static void use_substr(struct sql_eval *eval, const struct sql_args *args, struct sql_match *match,
                       struct sql_value *ret_value)
{
    if (next_match(eval, match, 0) > 0) *ret_value = sql_value_of_str(sql_match_group(match, 0));
}

SQL_FUNC(sql_fn_regexp_substr)
{
    with_match(eval, args, use_substr, ret_value);
}

/* $N takes further digits as long as such a group exists. False: there is no such group. */
static bool put_group(const struct sql_match *match, struct slice by, size_t *at, struct buf *out)
{
    size_t count = sql_match_group_count(match), n = 0, i = *at;
    for (; i < by.len && by.ptr[i] >= '0' && by.ptr[i] <= '9'; i++) {
        size_t more = n * 10 + (size_t)(by.ptr[i] - '0');
        if (more > count) break;
        n = more;
    }
    if (i == *at) return false;
    *at = i;
    buf_put_slice(out, sql_match_group(match, n));
    return true;
}

/* Java's rules: $1 a group, \x the character x; another $ and a last \ are errors. */
static bool put_replacement(const struct sql_match *match, struct slice by, struct buf *out)
{
    for (size_t at = 0; at < by.len;) {
        char c = by.ptr[at++];
        if (c == '$') {
            if (!put_group(match, by, &at, out)) return false;
        } else if (c == '\\') {
            if (at == by.len) return false;
            buf_putc(out, by.ptr[at++]);
        } else {
            buf_putc(out, c);
        }
    }
    return true;
}

static size_t next_char(struct slice text, size_t at)
{
    return utf8_next(text, &at) < 0 ? at + 1 : at;
}

static bool replace_all(struct sql_eval *eval, struct sql_match *match, struct slice by,
                        struct buf *out)
{
    struct slice text = match->text;
    size_t from = 0, copied = 0;
    int found = 1;
    while (from <= text.len && (found = next_match(eval, match, from)) > 0) {
        struct slice whole = sql_match_group(match, 0);
        size_t start = (size_t)(whole.ptr - text.ptr);
        buf_put_slice(out, slice_of(text.ptr + copied, start - copied));
        if (!put_replacement(match, by, out) || !sql_eval_may_use(eval, out->len)) return false;
        copied = start + whole.len;
        /* an empty match must not be found again */
        from = whole.len ? copied : copied < text.len ? next_char(text, copied) : text.len + 1;
    }
    if (found < 0) return false;
    buf_put_slice(out, slice_from(text, copied));
    return true;
}

static void use_replace(struct sql_eval *eval, const struct sql_args *args, struct sql_match *match,
                        struct sql_value *ret_value)
{
    struct slice by;
    struct buf out = { 0 };
    if (!sql_arg_str(eval, args, 2, &by)) return;
    if (replace_all(eval, match, by, &out))
        *ret_value = sql_value_of_str(sql_eval_take(eval, &out));
    buf_deinit(&out);
}

SQL_FUNC(sql_fn_regexp_replace)
{
    with_match(eval, args, use_replace, ret_value);
}
