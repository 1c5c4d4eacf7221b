/* sql_lex.h — words of a statement, with their places. */
#ifndef SQL_SQL_LEX_H
#define SQL_SQL_LEX_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>

enum sql_token_type {
    TOKEN_END,
    TOKEN_WORD,   /* text */
    TOKEN_VAR,    /* text, without '@' */
    TOKEN_NUMBER, /* text */
    TOKEN_STRING, /* text, unescaped */
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_STAR,
    TOKEN_SLASH,
    TOKEN_PERCENT,
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_SEMICOLON,
    TOKEN_LPAREN,
    TOKEN_RPAREN,
    TOKEN_LBRACKET,
    TOKEN_RBRACKET,
    TOKEN_LBRACE,
    TOKEN_RBRACE,
};

struct sql_token {
    enum sql_token_type type;
    size_t at;         /* byte offset of its first character */
    size_t end;        /* behind its last */
    struct slice text; /* borrowed from the source or the arena */
};

struct sql_lexer {
    struct slice source; /* UTF-8 without zero bytes */
    size_t at;
    struct arena *arena; /* for strings with escapes */
    struct diag *diag;
};

/* Returns 0, or ERR_SYNTAX with the sentence in diag. At the end it gives TOKEN_END again and again. */
int sql_lex_next(struct sql_lexer *lex, struct sql_token *ret_token);
/* "line 1, column 5: " + the sentence; returns code. Columns count characters, from 1. */
int sql_lex_fail(const struct sql_lexer *lex, size_t at, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The token as a message names it: "'FROM'", "the end"; zero-terminated, in the arena. */
const char *sql_lex_describe(const struct sql_lexer *lex, const struct sql_token *token);
/* Case-insensitive, ASCII. */
bool sql_token_is_word(const struct sql_token *token, const char *word);

#endif
