/* sql_parse_select.c — statements, nested SELECTs and the expressions of templates.
 *
 * Which words are keywords depends on the place, since the names of members are free and `value` is a
 * common one: behind '.' any word is a name, behind AS any but FROM and WHERE, and VALUE is the keyword
 * only as the first word of the list with an operand behind it. `SELECT value - 1` subtracts, and
 * `SELECT value * 2` multiplies, while `SELECT VALUE *` gives the payload. */
#include "sql/sql_parse.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "topic/topic.h"

#include <stdlib.h>

/* ---- columns -------------------------------------------------------------------------------- */

static bool is_value_keyword(const struct sql_parser *p)
{
    static const char *const infix[] = { "FROM", "AS", "WHERE", "AND", "OR", "IN" };
    static const enum sql_token_type operands[] = { TOKEN_NUMBER, TOKEN_STRING,   TOKEN_VAR,
                                                    TOKEN_LPAREN, TOKEN_LBRACKET, TOKEN_LBRACE };
    struct sql_token next[2];
    if (!sql_parse_is_word(p, "VALUE")) return false;
    sql_parse_peek(p, next);
    for (size_t i = 0; i < ARRAY_LEN(operands); i++)
        if (next[0].type == operands[i]) return true;
    if (next[0].type == TOKEN_STAR)
        return next[1].type == TOKEN_END || next[1].type == TOKEN_RPAREN ||
               next[1].type == TOKEN_SEMICOLON || next[1].type == TOKEN_COMMA ||
               sql_token_is_word(&next[1], "FROM") || sql_token_is_word(&next[1], "WHERE") ||
               sql_token_is_word(&next[1], "AS");
    if (next[0].type != TOKEN_WORD) return false;
    for (size_t i = 0; i < ARRAY_LEN(infix); i++)
        if (sql_token_is_word(&next[0], infix[i])) return false;
    return true;
}

static bool parse_alias(struct sql_parser *p, struct sql_column *column)
{
    struct slice names[SQL_MAX_PATH];
    size_t count = 0;
    do {
        bool is_name = p->token.type == TOKEN_WORD &&
                       (count || (!sql_parse_is_word(p, "FROM") && !sql_parse_is_word(p, "WHERE")));
        if (p->rc) return false;
        if (!is_name)
            return sql_parse_fail_expected(p, count ? "a name after '.'" : "a name after AS");
        if (count == SQL_MAX_PATH)
            return sql_parse_fail(p, p->token.at, ERR_DEPTH, "a name of more than %d parts",
                                  SQL_MAX_PATH);
        names[count++] = p->token.text;
        if (!sql_parse_advance(p)) return false;
    } while (sql_parse_accept(p, TOKEN_DOT));
    struct slice *path = arena_array(&p->tree->arena, struct slice, count);
    memcpy(path, names, count * sizeof *path);
    column->path = path;
    column->path_len = count;
    return p->rc == 0;
}

/* The last name of a path, the name of a function; "_col2" for the rest. */
static void name_column(struct sql_parser *p, struct sql_column *column, size_t index)
{
    const struct sql_node *expr = column->expr;
    struct slice *path = arena_new(&p->tree->arena, struct slice);
    switch (expr->type) {
    case SQL_NODE_NAME:
    case SQL_NODE_MEMBER:
    case SQL_NODE_VAR:
    case SQL_NODE_CALL:
        *path = expr->name;
        break;
    case SQL_NODE_CAST:
        *path = SLICE_LIT("cast");
        break;
    default:
        *path = slice_str(arena_printf(&p->tree->arena, "_col%zu", index));
    }
    column->path = path;
    column->path_len = 1;
}

static struct sql_column *parse_column(struct sql_parser *p, size_t index, bool *stars)
{
    struct sql_column *column = arena_new(&p->tree->arena, struct sql_column);
    size_t at = p->token.at;
    if (p->token.type == TOKEN_STAR)
        sql_parse_advance(p);
    else if (!(column->expr = sql_parse_expr(p)))
        return NULL;
    if (sql_parse_accept_word(p, "AS")) return parse_alias(p, column) ? column : NULL;
    if (p->rc) return NULL;
    if (column->expr) {
        name_column(p, column, index);
        return column;
    }
    if (*stars) return sql_parse_fail(p, at, ERR_SYNTAX, "'*' stands twice in one SELECT");
    *stars = true;
    return column;
}

static struct sql_column *parse_value(struct sql_parser *p)
{
    struct sql_column *column = arena_new(&p->tree->arena, struct sql_column);
    if (!sql_parse_advance(p)) return NULL;
    if (p->token.type == TOKEN_STAR)
        sql_parse_advance(p);
    else if (!(column->expr = sql_parse_expr(p)))
        return NULL;
    if (p->token.type == TOKEN_COMMA || sql_parse_is_word(p, "AS"))
        return sql_parse_fail(p, p->token.at, ERR_SYNTAX,
                              "SELECT VALUE takes one expression and no AS");
    return p->rc ? NULL : column;
}

/* SELECT and its list; the token is SELECT. */
static struct sql_select *parse_select(struct sql_parser *p)
{
    struct sql_select *select = arena_new(&p->tree->arena, struct sql_select);
    struct sql_column **end = &select->columns;
    struct sql_token next[2];
    bool stars = false;
    if (!sql_parse_advance(p)) return NULL;
    sql_parse_peek(p, next);
    if (sql_parse_is_word(p, "DISTINCT") && next[0].type == TOKEN_WORD &&
        !sql_parse_is_reserved(p, &next[0]))
        return sql_parse_fail(p, p->token.at, ERR_SYNTAX, "DISTINCT is not supported");
    select->is_value = is_value_keyword(p);
    if (select->is_value) return (*end = parse_value(p)) ? select : NULL;
    size_t index = 0;
    do {
        if (p->rc || !(*end = parse_column(p, index++, &stars))) return NULL;
        end = &(*end)->next;
    } while (sql_parse_accept(p, TOKEN_COMMA));
    return p->rc ? NULL : select;
}

/* The height of a nested SELECT counts as one operator above all its parts. */
static struct sql_node *select_node(struct sql_parser *p, struct sql_select *select)
{
    struct sql_node *node = sql_parse_node(p, SQL_NODE_SELECT);
    if (!node) return NULL;
    unsigned height = select->from->height;
    if (select->where && select->where->height > height) height = select->where->height;
    for (const struct sql_column *column = select->columns; column; column = column->next)
        if (column->expr && column->expr->height > height) height = column->expr->height;
    node->select = select;
    node->height = height + 1;
    return sql_parse_adopt(p, node, NULL);
}

struct sql_node *sql_parse_subselect(struct sql_parser *p)
{
    struct sql_select *select = parse_select(p);
    if (!select) return NULL;
    if (!sql_parse_accept_word(p, "FROM"))
        return sql_parse_fail_expected(p, "',', AS or FROM in a nested SELECT");
    if (!(select->from = sql_parse_postfix(p))) return NULL;
    if (sql_parse_accept_word(p, "AS")) {
        select->alias = p->token.text;
        if (sql_parse_is_word(p, "WHERE") || !sql_parse_expect(p, TOKEN_WORD, "a name after AS"))
            return sql_parse_fail_expected(p, "a name after AS");
    }
    if (sql_parse_accept_word(p, "WHERE") && !(select->where = sql_parse_expr(p))) return NULL;
    return p->rc ? NULL : select_node(p, select);
}

/* ---- statements ----------------------------------------------------------------------------- */

static bool parse_set(struct sql_parser *p)
{
    struct sql_tree *tree = p->tree;
    do {
        struct sql_token name = p->token;
        if (!sql_parse_expect(p, TOKEN_VAR, "a variable such as @name")) return false;
        const char *shown = sql_lex_describe(&p->lex, &name);
        if (name.text.len > SQL_MAX_VAR_NAME)
            return sql_parse_fail(p, name.at, ERR_LIMIT, "the name %s is longer than %d characters",
                                  shown, SQL_MAX_VAR_NAME);
        for (size_t i = 0; i < tree->var_count; i++)
            if (slice_eq(tree->vars[i].name, name.text))
                return sql_parse_fail(p, name.at, ERR_SYNTAX, "variable %s is set twice", shown);
        if (tree->var_count == SQL_MAX_VARS)
            return sql_parse_fail(p, name.at, ERR_LIMIT, "more than %d variables", SQL_MAX_VARS);
        if (!sql_parse_expect(p, TOKEN_EQ, "'='")) return false;
        struct sql_node *expr = sql_parse_expr(p);
        if (!expr) return false;
        tree->vars[tree->var_count++] = (struct sql_var){ name.text, expr };
    } while (sql_parse_accept(p, TOKEN_COMMA));
    return p->rc == 0;
}

static bool parse_from(struct sql_parser *p)
{
    struct sql_token filter = p->token;
    if (p->rc) return false;
    if (!sql_parse_expect(p, TOKEN_STRING, "a topic filter in quotes after FROM")) return false;
    const char *why = topic_filter_why(filter.text);
    if (why || topic_filter_check(filter.text) < 0)
        return sql_parse_fail(p, filter.at, ERR_TOPIC, "invalid topic filter %s: %s",
                              sql_lex_describe(&p->lex, &filter), why ? why : err_text(ERR_TOPIC));
    p->tree->topic_filter = arena_strndup(&p->tree->arena, filter.text.ptr, filter.text.len);
    return true;
}

static bool parse_statement(struct sql_parser *p)
{
    bool has_set = p->token.type == TOKEN_WORD && sql_parse_is_word(p, "SET");
    if (has_set && (!sql_parse_advance(p) || !parse_set(p))) return false;
    if (!sql_parse_is_word(p, "SELECT"))
        return sql_parse_fail_expected(p, has_set ? "',' or SELECT" : "SELECT or SET");
    struct sql_select *select = p->tree->select = parse_select(p);
    if (!select) return false;
    const char *what = "',', AS, FROM, WHERE or the end";
    if (sql_parse_accept_word(p, "FROM")) {
        if (!parse_from(p)) return false;
        what = "WHERE or the end";
    }
    if (sql_parse_accept_word(p, "WHERE")) {
        if (!(select->where = sql_parse_expr(p))) return false;
        what = "an operator or the end";
    }
    sql_parse_accept(p, TOKEN_SEMICOLON);
    if (p->rc == 0 && p->token.type != TOKEN_END) sql_parse_fail_expected(p, what);
    return p->rc == 0;
}

/* ---- entry ---------------------------------------------------------------------------------- */

struct sql_resource {
    struct sql_resource *next;
    void *object;
    void (*free_cb)(void *object);
};

void sql_tree_own(struct sql_tree *tree, void *object, void (*free_cb)(void *object))
{
    struct sql_resource *resource = arena_new(&tree->arena, struct sql_resource);
    *resource = (struct sql_resource){ tree->resources, object, free_cb };
    tree->resources = resource;
}

void sql_tree_deinit(struct sql_tree *tree)
{
    for (struct sql_resource *it = tree->resources; it; it = it->next)
        it->free_cb(it->object);
    arena_deinit(&tree->arena);
    *tree = (struct sql_tree){ 0 };
}

int sql_tree_take_text(struct sql_tree *tree, struct slice text, struct slice *ret_text,
                       struct diag *diag)
{
    if (text.len > SQL_MAX_TEXT)
        return diag_set(diag, ERR_TOO_LARGE, "the text is longer than %d bytes", SQL_MAX_TEXT);
    if (!utf8_valid(text)) return diag_set(diag, ERR_ENCODING, "the text is not UTF-8");
    if (text.len && memchr(text.ptr, '\0', text.len))
        return diag_set(diag, ERR_ENCODING, "the text has a zero byte");
    *ret_text = slice_of(arena_strndup(&tree->arena, text.ptr, text.len), text.len);
    return 0;
}

int sql_tree_parse(struct slice text, struct sql_tree *tree, bool whole_as_decimal,
                   struct diag *diag)
{
    struct slice own = { 0 };
    int rc = sql_tree_take_text(tree, text, &own, diag);
    if (rc < 0) return rc;
    struct sql_parser p;
    sql_parse_begin(&p, tree, own, 0, diag);
    p.whole_as_decimal = whole_as_decimal;
    if (p.rc == 0) parse_statement(&p);
    return p.rc;
}

int sql_tree_parse_embedded(struct slice text, size_t *at, struct sql_tree *tree,
                            struct sql_node **ret_node, struct diag *diag)
{
    struct sql_parser p;
    sql_parse_begin(&p, tree, text, *at, diag);
    p.is_template = true;
    struct sql_node *node = sql_parse_expr(&p);
    if (node && p.token.type != TOKEN_RBRACE) sql_parse_fail_expected(&p, "an operator or '}'");
    if (p.rc < 0) return p.rc;
    *at = p.token.end;
    *ret_node = node;
    return 0;
}
