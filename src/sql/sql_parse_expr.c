/* sql_parse_expr.c — expressions, by recursive descent.
 * Precedence, low to high: OR, AND, NOT, EXISTS; one comparison or IN (they do not chain); + -; * / %;
 * unary -; then '.', '[...]' and calls. */
#include "sql/sql_parse.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "sql/sql_func.h"

static struct sql_node *parse_not(struct sql_parser *p);
static struct sql_node *parse_unary(struct sql_parser *p);

/* ---- primaries ------------------------------------------------------------------------------ */

bool sql_parse_is_reserved(const struct sql_parser *p, const struct sql_token *token)
{
    static const char *const always[] = { "SELECT", "FROM",  "WHERE", "AS",     "AND",
                                          "OR",     "NOT",   "IN",    "EXISTS", "CASE",
                                          "TRUE",   "FALSE", "NULL" };
    static const char *const in_case[] = { "WHEN", "THEN", "ELSE", "END" };
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (sql_token_is_word(token, always[i])) return true;
    for (size_t i = 0; p->cases && i < ARRAY_LEN(in_case); i++)
        if (sql_token_is_word(token, in_case[i])) return true;
    return false;
}

static struct sql_node *parse_literal(struct sql_parser *p, struct sql_value value)
{
    struct sql_node *node = sql_parse_node(p, SQL_NODE_LITERAL);
    if (!node) return NULL;
    node->value = value;
    return sql_parse_advance(p) ? node : NULL;
}

static struct sql_node *parse_number(struct sql_parser *p)
{
    struct slice text = p->token.text;
    struct sql_num num;
    bool exact;
    if (!sql_num_parse(text, &num, &exact))
        return sql_parse_fail(p, p->token.at, ERR_SYNTAX, "number %s is out of range",
                              sql_lex_describe(&p->lex, &p->token));
    bool plain = strcspn(arena_strndup(&p->tree->arena, text.ptr, text.len), ".eE") == text.len;
    struct sql_value value = sql_value_of_num(num, plain || !p->whole_as_decimal);
    if (!exact) value.text = text;
    return parse_literal(p, value);
}

/* Items up to `close`, which is taken: expressions, or KEY: expression when keyed. */
static struct sql_node *parse_items(struct sql_parser *p, struct sql_node *node, bool keyed)
{
    enum sql_token_type close = keyed ? TOKEN_RBRACE : TOKEN_RBRACKET;
    struct sql_node *first = NULL, **end = &first;
    if (!node || !sql_parse_advance(p) || !sql_parse_enter(p)) return NULL;
    while (p->token.type != close) {
        struct slice key = p->token.text;
        if (keyed) {
            sql_parse_expect(p, TOKEN_STRING, "a member's name in quotes");
            sql_parse_expect(p, TOKEN_COLON, "':'");
        }
        if (p->rc || !(*end = sql_parse_expr(p))) return NULL;
        (*end)->key = key;
        end = &(*end)->next;
        if (p->token.type != TOKEN_COMMA) break;
        if (!sql_parse_advance(p)) return NULL;
        if (p->token.type == close)
            return sql_parse_fail_expected(p,
                                           keyed ? "a member's name in quotes" : "an expression");
    }
    if (!sql_parse_expect(p, close, keyed ? "',' or '}'" : "',' or ']'")) return NULL;
    sql_parse_leave(p);
    return sql_parse_adopt(p, node, first);
}

static const struct {
    const char *name;
    enum sql_cast cast;
} cast_types[] = {
    { "String", SQL_CAST_STRING }, { "Nvarchar", SQL_CAST_STRING }, { "Text", SQL_CAST_STRING },
    { "Ntext", SQL_CAST_STRING },  { "Varchar", SQL_CAST_STRING },  { "Int", SQL_CAST_INT },
    { "Integer", SQL_CAST_INT },   { "Double", SQL_CAST_DECIMAL },  { "Decimal", SQL_CAST_DECIMAL },
    { "Bool", SQL_CAST_BOOL },     { "Boolean", SQL_CAST_BOOL },
};

/* CAST ( expr AS type ); the token is CAST, a parenthesis follows. */
static struct sql_node *parse_cast(struct sql_parser *p)
{
    struct sql_node *node = sql_parse_node(p, SQL_NODE_CAST);
    if (!node || !sql_parse_advance(p) || !sql_parse_advance(p) || !sql_parse_enter(p)) return NULL;
    struct sql_node *value = sql_parse_expr(p);
    if (!value) return NULL;
    if (!sql_parse_accept_word(p, "AS")) return sql_parse_fail_expected(p, "AS and a type");
    size_t i = 0;
    while (i < ARRAY_LEN(cast_types) && !sql_parse_is_word(p, cast_types[i].name))
        i++;
    if (i == ARRAY_LEN(cast_types))
        return sql_parse_fail_expected(p, "a type (String, Int, Decimal or Boolean)");
    node->index = cast_types[i].cast;
    sql_parse_advance(p);
    if (!sql_parse_expect(p, TOKEN_RPAREN, "')'")) return NULL;
    sql_parse_leave(p);
    return sql_parse_adopt(p, node, value);
}

/* CASE [ expr ] WHEN expr THEN expr ... [ ELSE expr ] END; the token is CASE. */
static struct sql_node *parse_case(struct sql_parser *p)
{
    struct sql_node *node = sql_parse_node(p, SQL_NODE_CASE), *first = NULL, **end = &first;
    if (!node || !sql_parse_advance(p) || !sql_parse_enter(p)) return NULL;
    p->cases++;
    node->has_operand = !sql_parse_is_word(p, "WHEN");
    if (node->has_operand) {
        if (!(*end = sql_parse_expr(p))) return NULL;
        end = &(*end)->next;
    }
    if (!sql_parse_is_word(p, "WHEN")) return sql_parse_fail_expected(p, "WHEN");
    while (sql_parse_accept_word(p, "WHEN")) {
        if (!(*end = sql_parse_expr(p))) return NULL;
        end = &(*end)->next;
        if (!sql_parse_accept_word(p, "THEN")) return sql_parse_fail_expected(p, "THEN");
        if (!(*end = sql_parse_expr(p))) return NULL;
        end = &(*end)->next;
    }
    node->has_else = sql_parse_accept_word(p, "ELSE");
    if (node->has_else && !(*end = sql_parse_expr(p))) return NULL;
    if (!sql_parse_is_word(p, "END"))
        return sql_parse_fail_expected(p, node->has_else ? "END" : "WHEN, ELSE or END");
    p->cases--;
    sql_parse_leave(p);
    return sql_parse_advance(p) ? sql_parse_adopt(p, node, first) : NULL;
}

static const struct sql_func *find_func(struct sql_parser *p)
{
    const struct sql_func *func = sql_func_find(p->token.text);
    const char *name = sql_lex_describe(&p->lex, &p->token);
    if (func && !(func->flags & SQL_CLOUD)) return func;
    if (func)
        return sql_parse_fail(p, p->token.at, ERR_UNSUPPORTED,
                              "function '%s' calls a cloud service and is not available here",
                              func->name);
    const char *near = sql_func_nearest(p->token.text);
    if (near)
        return sql_parse_fail(p, p->token.at, ERR_SYNTAX,
                              "unknown function %s (did you mean '%s'?)", name, near);
    return sql_parse_fail(p, p->token.at, ERR_SYNTAX, "unknown function %s", name);
}

static struct sql_node *parse_arg(struct sql_parser *p)
{
    if (p->token.type != TOKEN_STAR) return sql_parse_expr(p);
    struct sql_node *node = sql_parse_node(p, SQL_NODE_STAR);
    return node && sql_parse_advance(p) ? node : NULL;
}

/* name ( [ arg {, arg} ] ); the token is the name, a parenthesis follows. */
static struct sql_node *parse_call(struct sql_parser *p)
{
    size_t at = p->token.at;
    struct sql_node *node = sql_parse_node(p, SQL_NODE_CALL), *first = NULL, **end = &first;
    if (!node || !(node->func = find_func(p))) return NULL;
    node->name = p->token.text;
    if (!sql_parse_advance(p) || !sql_parse_advance(p) || !sql_parse_enter(p)) return NULL;
    size_t count = 0;
    while (count || p->token.type != TOKEN_RPAREN) {
        if (count++ == SQL_MAX_ARGS)
            return sql_parse_fail(p, p->token.at, ERR_LIMIT, "more than %d arguments",
                                  SQL_MAX_ARGS);
        if (!(*end = parse_arg(p))) return NULL;
        end = &(*end)->next;
        if (!sql_parse_accept(p, TOKEN_COMMA)) break;
    }
    if (!sql_parse_expect(p, TOKEN_RPAREN, count ? "',' or ')'" : "')'")) return NULL;
    sql_parse_leave(p);
    if (!sql_parse_adopt(p, node, first)) return NULL;
    const char *why = sql_func_prepare(p->tree, node);
    return why ? sql_parse_fail(p, at, ERR_UNSUPPORTED, "%s", why) : node;
}

static struct sql_node *parse_word(struct sql_parser *p)
{
    struct sql_token next[2];
    sql_parse_peek(p, next);
    if (sql_parse_is_word(p, "true")) return parse_literal(p, sql_value_of_bool(true));
    if (sql_parse_is_word(p, "false")) return parse_literal(p, sql_value_of_bool(false));
    if (sql_parse_is_word(p, "null"))
        return parse_literal(p, (struct sql_value){ .type = SQL_NULL });
    if (sql_parse_is_word(p, "CASE")) return parse_case(p);
    if (sql_parse_is_reserved(p, &p->token)) return sql_parse_fail_expected(p, "an expression");
    if (next[0].type == TOKEN_LPAREN)
        return sql_parse_is_word(p, "CAST") ? parse_cast(p) : parse_call(p);
    struct sql_node *node = sql_parse_node(p, SQL_NODE_NAME);
    if (!node) return NULL;
    node->name = p->token.text;
    return sql_parse_advance(p) ? node : NULL;
}

static struct sql_node *parse_var(struct sql_parser *p)
{
    struct sql_node *node = sql_parse_node(p, SQL_NODE_VAR);
    if (!node) return NULL;
    node->name = p->token.text;
    bool known = p->is_template;
    for (size_t i = 0; i < p->tree->var_count; i++) {
        if (!slice_eq(p->tree->vars[i].name, node->name)) continue;
        known = true;
        node->height = p->tree->vars[i].expr->height + 1; /* its evaluation nests in this one */
    }
    if (!known)
        return sql_parse_fail(p, p->token.at, ERR_SYNTAX,
                              "unknown variable %s; SET it first, before SELECT",
                              sql_lex_describe(&p->lex, &p->token));
    return sql_parse_advance(p) ? node : NULL;
}

static struct sql_node *parse_paren(struct sql_parser *p)
{
    if (!sql_parse_advance(p) || !sql_parse_enter(p)) return NULL;
    struct sql_node *node =
        sql_parse_is_word(p, "SELECT") ? sql_parse_subselect(p) : sql_parse_expr(p);
    if (!node || !sql_parse_expect(p, TOKEN_RPAREN, "')'")) return NULL;
    sql_parse_leave(p);
    return node;
}

static struct sql_node *parse_primary(struct sql_parser *p)
{
    switch (p->token.type) {
    case TOKEN_NUMBER:
        return parse_number(p);
    case TOKEN_STRING:
        return parse_literal(p, sql_value_of_str(p->token.text));
    case TOKEN_VAR:
        return parse_var(p);
    case TOKEN_WORD:
        return parse_word(p);
    case TOKEN_LPAREN:
        return parse_paren(p);
    case TOKEN_LBRACKET:
        return parse_items(p, sql_parse_node(p, SQL_NODE_ARRAY), false);
    case TOKEN_LBRACE:
        return parse_items(p, sql_parse_node(p, SQL_NODE_OBJECT), true);
    default:
        return sql_parse_fail_expected(p, "an expression");
    }
}

struct sql_node *sql_parse_postfix(struct sql_parser *p)
{
    struct sql_node *node = parse_primary(p);
    while (node && (p->token.type == TOKEN_DOT || p->token.type == TOKEN_LBRACKET)) {
        bool dot = p->token.type == TOKEN_DOT;
        struct sql_node *outer = sql_parse_node(p, dot ? SQL_NODE_MEMBER : SQL_NODE_INDEX);
        if (!outer || !sql_parse_advance(p)) return NULL;
        if (dot) {
            outer->name = p->token.text;
            if (!sql_parse_expect(p, TOKEN_WORD, "a name after '.'")) return NULL;
        } else {
            if (!sql_parse_enter(p) || !(node->next = sql_parse_expr(p))) return NULL;
            if (!sql_parse_expect(p, TOKEN_RBRACKET, "']'")) return NULL;
            sql_parse_leave(p);
        }
        node = sql_parse_adopt(p, outer, node);
    }
    return node;
}

/* ---- operators ------------------------------------------------------------------------------ */

static struct sql_node *parse_prefix(struct sql_parser *p, enum sql_node_type type,
                                     struct sql_node *(*operand)(struct sql_parser *))
{
    struct sql_node *node = sql_parse_node(p, type);
    if (!node || !sql_parse_advance(p) || !sql_parse_enter(p)) return NULL;
    struct sql_node *kid = operand(p);
    if (!kid) return NULL;
    sql_parse_leave(p);
    return sql_parse_adopt(p, node, kid);
}

static struct sql_node *parse_unary(struct sql_parser *p)
{
    if (p->token.type == TOKEN_MINUS) return parse_prefix(p, SQL_NODE_NEG, parse_unary);
    return sql_parse_postfix(p);
}

static const struct {
    enum sql_token_type token;
    const char *word; /* when the token is a word */
    enum sql_op op;
    int level;
} operators[] = {
    { TOKEN_WORD, "OR", SQL_OP_OR, 0 },   { TOKEN_WORD, "AND", SQL_OP_AND, 1 },
    { TOKEN_EQ, NULL, SQL_OP_EQ, 2 },     { TOKEN_NE, NULL, SQL_OP_NE, 2 },
    { TOKEN_LT, NULL, SQL_OP_LT, 2 },     { TOKEN_LE, NULL, SQL_OP_LE, 2 },
    { TOKEN_GT, NULL, SQL_OP_GT, 2 },     { TOKEN_GE, NULL, SQL_OP_GE, 2 },
    { TOKEN_WORD, "IN", SQL_OP_IN, 2 },   { TOKEN_PLUS, NULL, SQL_OP_ADD, 3 },
    { TOKEN_MINUS, NULL, SQL_OP_SUB, 3 }, { TOKEN_STAR, NULL, SQL_OP_MUL, 4 },
    { TOKEN_SLASH, NULL, SQL_OP_DIV, 4 }, { TOKEN_PERCENT, NULL, SQL_OP_MOD, 4 },
};

enum { LEVEL_AND = 1, LEVEL_COMPARE = 2, LEVEL_MUL = 4 };

static bool at_operator(const struct sql_parser *p, int level, enum sql_op *ret_op)
{
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (operators[i].level != level || operators[i].token != p->token.type) continue;
        if (operators[i].word && !sql_parse_is_word(p, operators[i].word)) continue;
        *ret_op = operators[i].op;
        return true;
    }
    return false;
}

static struct sql_node *parse_level(struct sql_parser *p, int level)
{
    struct sql_node *(*below)(struct sql_parser *) = NULL;
    if (level == LEVEL_AND) below = parse_not;
    if (level == LEVEL_MUL) below = parse_unary;
    struct sql_node *left = below ? below(p) : parse_level(p, level + 1);
    enum sql_op op;
    while (left && at_operator(p, level, &op)) {
        struct sql_node *node = sql_parse_node(p, SQL_NODE_BINARY);
        if (!node || !sql_parse_advance(p)) return NULL;
        node->op = op;
        left->next = below ? below(p) : parse_level(p, level + 1);
        if (!left->next || !sql_parse_adopt(p, node, left)) return NULL;
        left = node;
        if (level == LEVEL_COMPARE && at_operator(p, level, &op))
            return sql_parse_fail(p, p->token.at, ERR_SYNTAX,
                                  "comparisons do not chain: use AND or parentheses");
    }
    return left;
}

static struct sql_node *parse_compare(struct sql_parser *p)
{
    return parse_level(p, LEVEL_COMPARE);
}

static struct sql_node *parse_not(struct sql_parser *p)
{
    if (sql_parse_is_word(p, "NOT")) return parse_prefix(p, SQL_NODE_NOT, parse_not);
    if (sql_parse_is_word(p, "EXISTS")) return parse_prefix(p, SQL_NODE_EXISTS, sql_parse_postfix);
    return parse_compare(p);
}

struct sql_node *sql_parse_expr(struct sql_parser *p)
{
    return p->rc ? NULL : parse_level(p, 0);
}
