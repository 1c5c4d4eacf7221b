/* sql_parse.h — what the parsers of expressions and of statements share.
 * Functions return NULL or false when p->rc is set; the sentence is in the diag then. */
#ifndef SQL_SQL_PARSE_H
#define SQL_SQL_PARSE_H

#include "sql/sql_lex.h"
#include "sql/sql_tree.h"

struct sql_parser {
    struct sql_lexer lex;
    struct sql_token token; /* the one that comes next */
    struct sql_tree *tree;
    size_t nodes;
    int depth;
    int cases;             /* CASEs that are open: WHEN, THEN, ELSE, END are names outside */
    bool is_template;      /* variables are looked up when rendered */
    bool whole_as_decimal; /* 2015-10-08 */
    int rc;
};

bool sql_parse_begin(struct sql_parser *p, struct sql_tree *tree, struct slice text, size_t at,
                     struct diag *diag);
/* Moves to the next token. */
bool sql_parse_advance(struct sql_parser *p);
/* The token behind the coming one, and the one behind that; TOKEN_END when they do not read. */
void sql_parse_peek(const struct sql_parser *p, struct sql_token ret_tokens[2]);
bool sql_parse_is_word(const struct sql_parser *p, const char *word);
/* Takes the token when it is this keyword or symbol. False with rc 0 when it is another. */
bool sql_parse_accept_word(struct sql_parser *p, const char *word);
bool sql_parse_accept(struct sql_parser *p, enum sql_token_type type);
/* The same, but another one is an error: "expected WHAT, found ...". */
bool sql_parse_expect(struct sql_parser *p, enum sql_token_type type, const char *what);
/* "expected WHAT, found ..."; always NULL. */
void *sql_parse_fail_expected(struct sql_parser *p, const char *what);
void *sql_parse_fail(struct sql_parser *p, size_t at, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Guards recursion; true pairs with sql_parse_leave. */
bool sql_parse_enter(struct sql_parser *p);
void sql_parse_leave(struct sql_parser *p);

struct sql_node *sql_parse_node(struct sql_parser *p, enum sql_node_type type);
/* Hangs kids (linked by next) below node and sets its height. */
struct sql_node *sql_parse_adopt(struct sql_parser *p, struct sql_node *node,
                                 struct sql_node *kids);

/* sql_parse_expr.c */
struct sql_node *sql_parse_expr(struct sql_parser *p);
struct sql_node *sql_parse_postfix(struct sql_parser *p);
bool sql_parse_is_reserved(const struct sql_parser *p, const struct sql_token *token);

/* sql_parse_select.c: behind "(", up to its ")" */
struct sql_node *sql_parse_subselect(struct sql_parser *p);

#endif
