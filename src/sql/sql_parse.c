/* sql_parse.c — the parser's hands: tokens, nodes, errors and limits; see sql_parse.h.
 * Two things bound what hostile text can do: `depth` counts what the parser itself nests, `height`
 * counts operators above an operand (a + b + c + ... is a deep tree though nothing is nested), since the
 * evaluator recurses by it. */
#include "sql/sql_parse.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

bool sql_parse_begin(struct sql_parser *p, struct sql_tree *tree, struct slice text, size_t at,
                     struct diag *diag)
{
    *p = (struct sql_parser){ .tree = tree };
    p->lex = (struct sql_lexer){ .source = text, .at = at, .arena = &tree->arena, .diag = diag };
    return sql_parse_advance(p);
}

bool sql_parse_advance(struct sql_parser *p)
{
    if (p->rc == 0) p->rc = sql_lex_next(&p->lex, &p->token);
    return p->rc == 0;
}

void sql_parse_peek(const struct sql_parser *p, struct sql_token ret_tokens[2])
{
    struct sql_lexer lex = p->lex;
    lex.diag = NULL;
    for (int i = 0; i < 2; i++) {
        ret_tokens[i] = (struct sql_token){ .type = TOKEN_END };
        if (sql_lex_next(&lex, &ret_tokens[i]) < 0) return;
    }
}

bool sql_parse_is_word(const struct sql_parser *p, const char *word)
{
    return sql_token_is_word(&p->token, word);
}

bool sql_parse_accept_word(struct sql_parser *p, const char *word)
{
    return sql_parse_is_word(p, word) && sql_parse_advance(p);
}

bool sql_parse_accept(struct sql_parser *p, enum sql_token_type type)
{
    return p->token.type == type && sql_parse_advance(p);
}

bool sql_parse_expect(struct sql_parser *p, enum sql_token_type type, const char *what)
{
    if (p->rc == 0 && p->token.type != type) sql_parse_fail_expected(p, what);
    return p->rc == 0 && sql_parse_advance(p);
}

void *sql_parse_fail(struct sql_parser *p, size_t at, int code, const char *fmt, ...)
{
    if (p->rc) return NULL;
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    p->rc = sql_lex_fail(&p->lex, at, code, "%s", text);
    return NULL;
}

/* Words of other dialects, met where an operator or the end of a clause would be. */
static const struct {
    const char *word;
    const char *hint;
} foreign_words[] = {
    { "LIKE", "LIKE is not supported; use regexp_matches(), startswith() or indexof()" },
    { "BETWEEN", "BETWEEN is not supported; use >= and <=" },
    { "IS", "IS is not supported; use isNull() or isUndefined()" },
    { "NOT", "NOT stands before the whole comparison: NOT (x IN y)" },
    { "JOIN", "JOIN is not supported" },
    { "GROUP", "GROUP BY is not supported" },
    { "ORDER", "ORDER BY is not supported" },
    { "HAVING", "HAVING is not supported" },
    { "LIMIT", "LIMIT is not supported" },
    { "UNION", "UNION is not supported" },
    { "SET", "SET stands once, before SELECT" },
};

void *sql_parse_fail_expected(struct sql_parser *p, const char *what)
{
    for (size_t i = 0; i < ARRAY_LEN(foreign_words); i++)
        if (sql_parse_is_word(p, foreign_words[i].word))
            return sql_parse_fail(p, p->token.at, ERR_SYNTAX, "expected %s, found '%s': %s", what,
                                  foreign_words[i].word, foreign_words[i].hint);
    return sql_parse_fail(p, p->token.at, ERR_SYNTAX, "expected %s, found %s", what,
                          sql_lex_describe(&p->lex, &p->token));
}

bool sql_parse_enter(struct sql_parser *p)
{
    if (p->depth == SQL_MAX_DEPTH) {
        sql_parse_fail(p, p->token.at, ERR_DEPTH, "nested more than %d deep", SQL_MAX_DEPTH);
        return false;
    }
    p->depth++;
    return true;
}

void sql_parse_leave(struct sql_parser *p)
{
    p->depth--;
}

struct sql_node *sql_parse_node(struct sql_parser *p, enum sql_node_type type)
{
    if (p->nodes == SQL_MAX_NODES)
        return sql_parse_fail(p, p->token.at, ERR_LIMIT, "more than %d operators and operands",
                              SQL_MAX_NODES);
    p->nodes++;
    struct sql_node *node = arena_new(&p->tree->arena, struct sql_node);
    node->type = type;
    return node;
}

struct sql_node *sql_parse_adopt(struct sql_parser *p, struct sql_node *node, struct sql_node *kids)
{
    if (!node || p->rc) return NULL;
    node->kid = kids;
    for (struct sql_node *kid = kids; kid; kid = kid->next) {
        node->count++;
        if (kid->height >= node->height) node->height = kid->height + 1;
    }
    if (node->height > SQL_MAX_HEIGHT)
        return sql_parse_fail(p, p->token.at, ERR_DEPTH, "more than %d operators in a chain",
                              SQL_MAX_HEIGHT);
    return node;
}
