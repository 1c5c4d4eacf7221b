/* scan.c — a look at the text of a file before libconfig reads it.
 *
 * libconfig 1.5 is lenient where a configuration must not be: it cuts integers to 32 bits without a
 * word, ends strings at \x00, lets a forgotten quote swallow the lines after it, nests as deep as
 * its stack, takes a time that grows with the square of the settings, and loses memory when a
 * string stands where none may. It also follows @include to anywhere. So this pass over the tokens
 *
 *   - copies the text, every line in its place, and gives long integers the suffix L, with which
 *     libconfig reads 64 bits;
 *   - refuses what is named above, with the line where it begins.
 *
 * It is no second parser: what is grammar (which token after which) is libconfig's affair, but for
 * the one case of the string. */
#include "base/err.h"
#include "config/config_priv.h"

#include <string.h>

struct scan {
    const char *p;
    const char *end;
    unsigned line;
    int depth;
    int settings;
    char last; /* the token before: itself if of one character, else 'a' or '"'; 0 at the start */
    struct buf *out;
    struct diag *diag;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           c == '-' || c == '*';
}

/* The character n places on, 0 at the end. */
static char peek(const struct scan *s, size_t n)
{
    return (size_t)(s->end - s->p) > n ? s->p[n] : '\0';
}

static void take(struct scan *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s->line += s->p[i] == '\n';
    buf_append(s->out, s->p, n);
    s->p += n;
}

static void take_line_comment(struct scan *s)
{
    const char *end = memchr(s->p, '\n', (size_t)(s->end - s->p));
    take(s, (size_t)((end ? end : s->end) - s->p));
}

static int take_block_comment(struct scan *s)
{
    const char *end = memmem(s->p + 2, (size_t)(s->end - s->p) - 2, "*/", 2);
    if (!end) return diag_set(s->diag, ERR_SYNTAX, "the comment is not closed");
    take(s, (size_t)(end + 2 - s->p));
    return 0;
}

static int take_string(struct scan *s)
{
    if (!s->last || !strchr("=:([,\"", s->last))
        return diag_set(s->diag, ERR_SYNTAX, "a string cannot stand here (is '=' missing?)");
    size_t n = 1;
    for (; peek(s, n) != '"'; n++) {
        if (peek(s, n) == '\0' || peek(s, n) == '\n')
            return diag_set(s->diag, ERR_SYNTAX, "the string is not closed");
        if (peek(s, n) != '\\') continue;
        if (peek(s, n + 1) == 'x' && peek(s, n + 2) == '0' && peek(s, n + 3) == '0')
            return diag_set(s->diag, ERR_SYNTAX, "a string cannot have \\x00");
        if (peek(s, n + 1) != '\n' && peek(s, n + 1) != '\0') n++;
    }
    take(s, n + 1);
    s->last = '"';
    return 0;
}

/* An integer gets the suffix L when it may not fit 32 bits. */
static int take_number(struct scan *s)
{
    size_t sign = !is_digit(*s->p), n = sign, from;
    bool hex = peek(s, n) == '0' && (peek(s, n + 1) | 0x20) == 'x';
    if (hex) n += 2;
    from = n;
    while (hex ? is_hex(peek(s, n)) : is_digit(peek(s, n)))
        n++;
    char after = peek(s, n);
    bool whole = after != '.' && (after | 0x20) != 'e';
    if (whole && n - from > (hex ? 15 : 18))
        return diag_set(s->diag, ERR_SYNTAX, "the number is too large");
    take(s, n);
    if (whole && after != 'L' && n - from > (hex ? 7 : 9)) buf_putc(s->out, 'L');
    while (is_name(peek(s, 0)) || peek(s, 0) == '.')
        take(s, 1);
    s->last = 'a';
    return 0;
}

static int take_punctuation(struct scan *s)
{
    char c = *s->p;
    if (c == '@')
        return diag_set(s->diag, ERR_SYNTAX,
                        "@include is not supported (files in conf.d are read)");
    if (strchr("{[(", c) && ++s->depth > CONFIG_DEPTH_MOST)
        return diag_set(s->diag, ERR_SYNTAX, "nested too deeply");
    if (strchr("=:", c) && ++s->settings > CONFIG_SETTINGS_MOST)
        return diag_set(s->diag, ERR_SYNTAX, "more than %d settings", CONFIG_SETTINGS_MOST);
    if (strchr("}])", c)) s->depth -= s->depth > 0;
    if (!strchr("{}[]()=:;,", c))
        return diag_set(s->diag, ERR_SYNTAX, "a character that has no meaning here");
    take(s, 1);
    s->last = c;
    return 0;
}

static int take_token(struct scan *s)
{
    char c = *s->p;
    if (strchr(" \t\r\n\f", c)) {
        take(s, 1);
        return 0;
    }
    if (c == '#' || (c == '/' && peek(s, 1) == '/')) {
        take_line_comment(s);
        return 0;
    }
    if (c == '/' && peek(s, 1) == '*') return take_block_comment(s);
    if (c == '"') return take_string(s);
    if (is_digit(c) || ((c == '-' || c == '+') && is_digit(peek(s, 1)))) return take_number(s);
    if (!is_name(c)) return take_punctuation(s);
    do
        take(s, 1);
    while (is_name(peek(s, 0)));
    s->last = 'a';
    return 0;
}

int config_scan(struct slice text, struct buf *out, unsigned *ret_line, struct diag *diag)
{
    struct scan s = {
        .p = text.ptr, .end = text.ptr + text.len, .line = 1, .out = out, .diag = diag
    };
    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0) s.p += 3;
    const char *zero = memchr(s.p, '\0', (size_t)(s.end - s.p));
    if (zero) s.end = zero;
    while (s.p < s.end) {
        if (take_token(&s) < 0) {
            *ret_line = s.line;
            return ERR_SYNTAX;
        }
    }
    if (!zero) return 0;
    *ret_line = s.line;
    return diag_set(diag, ERR_SYNTAX, "a zero byte");
}
