/* pattern.c — wildcard patterns with variables; see pattern.h.
 * A pattern is compiled to tokens: text, variable, n characters, any run. Variables are resolved
 * into a small array on the stack before matching, then they are texts too.
 * Matching never goes back behind the last star: when what follows a star fails, that star takes
 * one more character; earlier stars need no second thought, because the leftmost place for the
 * tokens between two stars leaves the most to those after them. So nothing is exponential, and the
 * text after a star is sought with memmem, which is linear.
 *  I1  No two tokens of kind TEXT, ONES or ANY stand beside one of their own kind.
 *  I2  No TEXT is empty, and no value that is substituted is.
 *  I3  A star stands last, or before a text or variable ("*?" is turned into "?*").
 * A character is a code point of UTF-8: topics and documents have been checked before they come
 * here; in bytes that are not UTF-8 a stray byte passes for one. */
#include "policy/pattern.h"

#include "base/err.h"

#include <strings.h>

struct compiler {
    struct arena *arena;
    unsigned flags;
    struct pattern pattern;
    char *out; /* texts are joined here */
    struct diag *diag;
};

static struct pattern_token *last_of_kind(struct compiler *c, enum pattern_kind kind)
{
    struct pattern_token *end = c->pattern.tokens + c->pattern.count;
    return c->pattern.count && end[-1].kind == kind ? end - 1 : NULL;
}

static int add(struct compiler *c, struct pattern_token token)
{
    if (c->pattern.count == PATTERN_TOKENS_MAX)
        return diag_set(c->diag, ERR_INVALID, "too many wildcards");
    c->pattern.tokens[c->pattern.count++] = token;
    return 0;
}

static int add_text(struct compiler *c, struct slice text)
{
    struct pattern_token *last = last_of_kind(c, PATTERN_TEXT);
    char *at = c->out;
    memcpy(at, text.ptr, text.len);
    c->out += text.len;
    if (!last)
        return add(c, (struct pattern_token){ .kind = PATTERN_TEXT, .text = { at, text.len } });
    last->text.len += text.len; /* what was written last stands right before */
    return 0;
}

static int add_star(struct compiler *c)
{
    if (last_of_kind(c, PATTERN_ANY)) return 0;
    return add(c, (struct pattern_token){ .kind = PATTERN_ANY });
}

/* "*?" is "?*": the star goes last. */
static int add_one(struct compiler *c)
{
    bool star = last_of_kind(c, PATTERN_ANY);
    c->pattern.count -= star;
    struct pattern_token *ones = last_of_kind(c, PATTERN_ONES);
    int rc = 0;
    if (ones)
        ones->count++;
    else
        rc = add(c, (struct pattern_token){ .kind = PATTERN_ONES, .count = 1 });
    return rc == 0 && star ? add_star(c) : rc;
}

/* At "${"; gives the length up to and with '}'. */
static int add_variable(struct compiler *c, struct slice text, size_t *ret_len)
{
    const char *end = memchr(text.ptr, '}', text.len);
    if (!end) return diag_set(c->diag, ERR_INVALID, "a variable without '}'");
    struct slice name = slice_of(text.ptr + 2, (size_t)(end - text.ptr) - 2);
    *ret_len = name.len + 3;
    if (name.len == 1 && strchr("*?$", name.ptr[0])) return add_text(c, name);
    if (c->pattern.var_count == PATTERN_VARS_MAX)
        return diag_set(c->diag, ERR_INVALID, "more than %d variables", PATTERN_VARS_MAX);
    struct pattern_token token = { .kind = PATTERN_VAR, .slot = c->pattern.var_count++ };
    int rc = variable_compile(c->arena, name, &token.var, c->diag);
    return rc < 0 ? rc : add(c, token);
}

static int add_next(struct compiler *c, struct slice rest, size_t *ret_len)
{
    *ret_len = 1;
    if ((c->flags & PATTERN_WILD) && (rest.ptr[0] == '*' || rest.ptr[0] == '?'))
        return rest.ptr[0] == '*' ? add_star(c) : add_one(c);
    if ((c->flags & PATTERN_VARS) && slice_starts(rest, "${"))
        return add_variable(c, rest, ret_len);
    while (*ret_len < rest.len && !strchr("*?$", rest.ptr[*ret_len]))
        ++*ret_len;
    return add_text(c, slice_of(rest.ptr, *ret_len));
}

int pattern_compile(struct arena *arena, struct slice text, unsigned flags,
                    struct pattern *ret_pattern, struct diag *diag)
{
    struct pattern_token tokens[PATTERN_TOKENS_MAX];
    struct compiler c = { .arena = arena, .flags = flags, .diag = diag };
    c.pattern.tokens = tokens;
    c.pattern.fold = flags & PATTERN_FOLD;
    c.out = arena_alloc(arena, text.len + 1);
    for (size_t at = 0, len; at < text.len; at += len) {
        int rc = add_next(&c, slice_from(text, at), &len);
        if (rc < 0) return rc;
    }
    c.pattern.tokens = arena_array(arena, struct pattern_token, c.pattern.count + 1);
    memcpy(c.pattern.tokens, tokens, c.pattern.count * sizeof *tokens);
    *ret_pattern = c.pattern;
    return 0;
}

static size_t next_char(struct slice text, size_t at)
{
    for (at++; at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80;)
        at++;
    return at;
}

static bool text_at(struct slice text, size_t at, struct slice wanted, bool fold)
{
    if (text.len - at < wanted.len) return false;
    if (fold) return strncasecmp(text.ptr + at, wanted.ptr, wanted.len) == 0;
    return memcmp(text.ptr + at, wanted.ptr, wanted.len) == 0;
}

static struct slice wanted_text(const struct pattern_token *token, const struct slice *values)
{
    return token->kind == PATTERN_VAR ? values[token->slot] : token->text;
}

static bool is_text(const struct pattern_token *token)
{
    return token->kind == PATTERN_TEXT || token->kind == PATTERN_VAR;
}

/* Matches one token other than a star; moves *at on. */
static bool step(const struct pattern *p, size_t i, const struct slice *values, struct slice text,
                 size_t *at)
{
    const struct pattern_token *token = &p->tokens[i];
    if (is_text(token)) {
        struct slice wanted = wanted_text(token, values);
        if (!text_at(text, *at, wanted, p->fold)) return false;
        *at += wanted.len;
        return true;
    }
    size_t pos = *at;
    for (uint32_t n = token->count; n; n--) {
        if (pos >= text.len) return false;
        pos = next_char(text, pos);
    }
    *at = pos;
    return true;
}

/* From `at`, the first place where the token i may match; false: nowhere. */
static bool seek(const struct pattern *p, size_t i, const struct slice *values, struct slice text,
                 size_t *at)
{
    const struct pattern_token *token = &p->tokens[i];
    if (p->fold) return true;
    struct slice wanted = wanted_text(token, values);
    if (i + 1 == p->count) { /* the end: only one place will do */
        if (text.len - *at < wanted.len) return false;
        *at = text.len - wanted.len;
        return true;
    }
    const char *found = memmem(text.ptr + *at, text.len - *at, wanted.ptr, wanted.len);
    if (!found) return false;
    *at = (size_t)(found - text.ptr);
    return true;
}

static bool match(const struct pattern *p, const struct slice *values, struct slice text)
{
    size_t at = 0, i = 0, after_star = 0, star_at = 0; /* after_star 0: no star yet */
    for (;;) {
        if (i == p->count && at == text.len) return true;
        if (i < p->count && p->tokens[i].kind == PATTERN_ANY) {
            after_star = ++i;
            star_at = at;
            if (i == p->count) return true;
        } else if (i < p->count && step(p, i, values, text, &at)) {
            i++;
            continue;
        } else if (after_star && star_at < text.len) {
            star_at = next_char(text, star_at);
            i = after_star;
        } else {
            return false;
        }
        if (!seek(p, i, values, text, &star_at)) return false;
        at = star_at;
    }
}

bool pattern_match(const struct pattern *pattern, struct slice text, const struct policy_vars *vars)
{
    struct slice values[PATTERN_VARS_MAX];
    const struct pattern_token *first = pattern->tokens;
    if (pattern->count == 0) return text.len == 0;
    if (text.len == 0) text.ptr = "";
    if (first->kind == PATTERN_TEXT && !text_at(text, 0, first->text, pattern->fold)) return false;
    for (size_t i = 0; pattern->var_count && i < pattern->count; i++) {
        const struct pattern_token *token = &pattern->tokens[i];
        if (token->kind == PATTERN_VAR &&
            !variable_substitute(&token->var, vars, &values[token->slot]))
            return false;
    }
    return match(pattern, values, text);
}

void pattern_each_variable(const struct pattern *pattern, void (*cb)(void *arg, const char *name),
                           void *arg)
{
    for (size_t i = 0; i < pattern->count; i++)
        if (pattern->tokens[i].kind == PATTERN_VAR) cb(arg, pattern->tokens[i].var.name);
}

void pattern_put_literal(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        bool variable = slice_starts(slice_from(text, i), "${");
        if (variable || text.ptr[i] == '*' || text.ptr[i] == '?')
            buf_printf(out, "${%c}", text.ptr[i]);
        else
            buf_putc(out, text.ptr[i]);
    }
}

void pattern_put(const struct pattern *pattern, struct buf *out)
{
    for (size_t i = 0; i < pattern->count; i++) {
        const struct pattern_token *token = &pattern->tokens[i];
        if (token->kind == PATTERN_TEXT)
            pattern_put_literal(token->text, out);
        else if (token->kind == PATTERN_VAR)
            variable_put(&token->var, out);
        else if (token->kind == PATTERN_ANY)
            buf_putc(out, '*');
        for (uint32_t n = token->kind == PATTERN_ONES ? token->count : 0; n; n--)
            buf_putc(out, '?');
    }
}
