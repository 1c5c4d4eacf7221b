/* sql_lex.c — cuts a statement into words.
 *
 * Keywords are plain words here: whether VALUE or END is one depends on where it stands, and the parser
 * knows that. Both kinds of quotes make strings. In a string \" \' \\ \n \t \r and \uXXXX are escapes,
 * and a doubled quote is one quote; any other backslash stays, with what follows it, so that regular
 * expressions can be written either way: '\d+' and '\\d+' are the same pattern.
 * Comments do not exist; "--" and "/" + "*" are refused by name, lest `a -- b` be taken for a - (-b). */
#include "sql/sql_lex.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 40 }; /* bytes of a token in a message */

static const struct {
    char text[3];
    enum sql_token_type type;
} symbols[] = {
    /* longer ones first */
    { "<>", TOKEN_NE },    { "!=", TOKEN_NE },    { "<=", TOKEN_LE },      { ">=", TOKEN_GE },
    { "=", TOKEN_EQ },     { "<", TOKEN_LT },     { ">", TOKEN_GT },       { "+", TOKEN_PLUS },
    { "-", TOKEN_MINUS },  { "*", TOKEN_STAR },   { "/", TOKEN_SLASH },    { "%", TOKEN_PERCENT },
    { ".", TOKEN_DOT },    { ",", TOKEN_COMMA },  { ":", TOKEN_COLON },    { ";", TOKEN_SEMICOLON },
    { "(", TOKEN_LPAREN }, { ")", TOKEN_RPAREN }, { "[", TOKEN_LBRACKET }, { "]", TOKEN_RBRACKET },
    { "{", TOKEN_LBRACE }, { "}", TOKEN_RBRACE },
};

/* What other dialects have in place of a word of ours. */
static const struct {
    char text[3];
    const char *hint;
} foreign[] = {
    { "--", "comments are not supported" },
    { "/*", "comments are not supported" },
    { "||", "'||' is not supported; use concat() or '+'" },
    { "&&", "'&&' is not supported; use AND" },
    { "==", "'==' is not supported; use '='" },
};

int sql_lex_fail(const struct sql_lexer *lex, size_t at, int code, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < at && i < lex->source.len; i++) {
        unsigned char c = (unsigned char)lex->source.ptr[i];
        if (c == '\n') {
            line++;
            column = 1;
        } else if ((c & 0xc0) != 0x80) {
            column++;
        }
    }
    return diag_set(lex->diag, code, "line %u, column %u: %s", line, column, text);
}

const char *sql_lex_describe(const struct sql_lexer *lex, const struct sql_token *token)
{
    if (token->type == TOKEN_END) return "the end";
    const char *from = lex->source.ptr + token->at;
    size_t len = token->end - token->at;
    bool cut = len > SHOWN;
    if (cut) {
        len = SHOWN;
        while (len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80)
            len--;
    }
    const char *quote = token->type == TOKEN_STRING && !cut ? "" : "'";
    return arena_printf(lex->arena, "%s%.*s%s%s", quote, (int)len, from, cut ? "..." : "", quote);
}

bool sql_token_is_word(const struct sql_token *token, const char *word)
{
    return token->type == TOKEN_WORD && token->text.len == strlen(word) &&
           strncasecmp(token->text.ptr, word, token->text.len) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_word_start(c) || is_digit(c);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The byte at offset, 0 behind the end: no zero byte is inside. */
static char peek(const struct sql_lexer *lex, size_t at)
{
    return at < lex->source.len ? lex->source.ptr[at] : '\0';
}

static size_t skip(const struct sql_lexer *lex, size_t at, bool (*accept)(char))
{
    while (at < lex->source.len && accept(lex->source.ptr[at]))
        at++;
    return at;
}

static struct slice source_part(const struct sql_lexer *lex, size_t from, size_t to)
{
    return slice_of(lex->source.ptr + from, to - from);
}

static int lex_number(struct sql_lexer *lex, struct sql_token *token)
{
    size_t at = skip(lex, lex->at, is_digit);
    if (peek(lex, at) == '.' && is_digit(peek(lex, at + 1))) at = skip(lex, at + 1, is_digit);
    if (peek(lex, at) == 'e' || peek(lex, at) == 'E') {
        size_t exp = at + 1;
        if (peek(lex, exp) == '-' || peek(lex, exp) == '+') exp++;
        if (is_digit(peek(lex, exp))) at = skip(lex, exp, is_digit);
    }
    token->end = skip(lex, at, is_word);
    token->text = source_part(lex, token->at, token->end);
    if (token->end > at)
        return sql_lex_fail(lex, token->at, ERR_SYNTAX,
                            "malformed number %s; use get() for names that begin with a digit",
                            sql_lex_describe(lex, token));
    return 0;
}

/* Four hexadecimal digits at offset; -1 when they are not. */
static int32_t hex4(const struct sql_lexer *lex, size_t at)
{
    uint8_t bytes[2];
    if (at + 4 > lex->source.len || hex_decode(source_part(lex, at, at + 4), bytes, 2) < 0)
        return -1;
    return bytes[0] << 8 | bytes[1];
}

/* \uXXXX at *at (which is at the 'u'), with the second half of a pair. */
static int unescape_unicode(struct sql_lexer *lex, size_t *at, struct buf *out)
{
    size_t from = *at - 1;
    int32_t code = hex4(lex, *at + 1);
    *at += 5;
    if (code >= 0xd800 && code < 0xdc00 && peek(lex, *at) == '\\' && peek(lex, *at + 1) == 'u') {
        int32_t low = hex4(lex, *at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            *at += 6;
        }
    }
    if (code <= 0 || (code >= 0xd800 && code < 0xe000))
        return sql_lex_fail(lex, from, ERR_SYNTAX,
                            "malformed escape: \\u and four digits expected");
    utf8_put(out, (uint32_t)code);
    return 0;
}

static int unescape(struct sql_lexer *lex, size_t *at, struct buf *out)
{
    static const char plain[] = "\"'\\ntr", meaning[] = "\"'\\\n\t\r";
    char c = peek(lex, *at);
    const char *known = c ? strchr(plain, c) : NULL;
    if (c == 'u') return unescape_unicode(lex, at, out);
    if (known) {
        buf_putc(out, meaning[known - plain]);
        *at += 1;
    } else {
        buf_putc(out, '\\');
    }
    return 0;
}

/* A string that needs no change is borrowed from the source. */
static int lex_string(struct sql_lexer *lex, struct sql_token *token)
{
    char quote = lex->source.ptr[lex->at];
    size_t from = lex->at + 1, at = from;
    struct buf text = { 0 };
    bool changed = false;
    int rc = 0;
    for (;;) {
        size_t run = at;
        while (at < lex->source.len && lex->source.ptr[at] != quote && lex->source.ptr[at] != '\\')
            at++;
        if (changed) buf_put_slice(&text, source_part(lex, run, at));
        if (at == lex->source.len) {
            rc = sql_lex_fail(lex, token->at, ERR_SYNTAX, "string without its closing %c", quote);
            break;
        }
        bool escape = lex->source.ptr[at] == '\\';
        if (!escape && peek(lex, at + 1) != quote) break;
        if (!changed) buf_put_slice(&text, source_part(lex, from, at));
        changed = true;
        at++;
        if (escape) {
            rc = unescape(lex, &at, &text);
            if (rc < 0) break;
        } else {
            buf_putc(&text, quote);
            at++;
        }
    }
    token->end = at + 1;
    token->text = changed ? slice_of(arena_strndup(lex->arena, buf_str(&text), text.len), text.len)
                          : source_part(lex, from, at);
    buf_deinit(&text);
    return rc;
}

static int lex_var(struct sql_lexer *lex, struct sql_token *token)
{
    token->end = skip(lex, lex->at + 1, is_word);
    token->text = source_part(lex, lex->at + 1, token->end);
    if (token->text.len == 0)
        return sql_lex_fail(lex, token->at, ERR_SYNTAX, "a name is expected after '@'");
    return 0;
}

static int lex_symbol(struct sql_lexer *lex, struct sql_token *token)
{
    struct slice rest = slice_from(lex->source, lex->at);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (slice_starts(rest, foreign[i].text))
            return sql_lex_fail(lex, token->at, ERR_SYNTAX, "%s", foreign[i].hint);
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        if (!slice_starts(rest, symbols[i].text)) continue;
        token->type = symbols[i].type;
        token->end = token->at + strlen(symbols[i].text);
        token->text = source_part(lex, token->at, token->end);
        return 0;
    }
    unsigned char c = (unsigned char)rest.ptr[0];
    if (c < ' ' || c == 0x7f)
        return sql_lex_fail(lex, token->at, ERR_SYNTAX, "unexpected control character 0x%02x", c);
    return sql_lex_fail(lex, token->at, ERR_SYNTAX, "unexpected character '%c'", c);
}

static int lex_token(struct sql_lexer *lex, struct sql_token *token)
{
    char c = peek(lex, lex->at);
    if (lex->at == lex->source.len) {
        token->type = TOKEN_END;
        return 0;
    }
    if (is_word_start(c)) {
        token->type = TOKEN_WORD;
        token->end = skip(lex, lex->at, is_word);
        token->text = source_part(lex, token->at, token->end);
        return 0;
    }
    token->type = is_digit(c) ? TOKEN_NUMBER : c == '@' ? TOKEN_VAR : TOKEN_STRING;
    if (is_digit(c)) return lex_number(lex, token);
    if (c == '@') return lex_var(lex, token);
    if (c == '\'' || c == '"') return lex_string(lex, token);
    return lex_symbol(lex, token);
}

int sql_lex_next(struct sql_lexer *lex, struct sql_token *ret_token)
{
    lex->at = skip(lex, lex->at, is_space);
    struct sql_token token = { .at = lex->at, .end = lex->at };
    int rc = lex_token(lex, &token);
    if (rc < 0) return rc;
    lex->at = token.end;
    *ret_token = token;
    return 0;
}
