/* sql_template.c — "text ${expression} text".
 * The text is cut once, when it is compiled: the parser reads each expression and stops at the brace
 * that closes it, so a '}' in a string does not end it. "$" without "{" is plain text, hence "$${x}" is
 * a dollar and an expression, as topics of republish need it. */
#include "base/err.h"
#include "base/mem.h"
#include "sql/sql_eval.h"

#include <stdlib.h>

struct piece {
    struct piece *next;
    struct slice text; /* when expr is NULL */
    struct sql_node *expr;
};

struct sql_template {
    struct sql_tree tree; /* its arena and resources; no statement */
    struct piece *pieces;
    bool is_constant;
};

static struct piece **add_piece(struct sql_template *template, struct piece **end,
                                struct slice text, struct sql_node *expr)
{
    if (!expr && text.len == 0) return end;
    struct piece *piece = *end = arena_new(&template->tree.arena, struct piece);
    piece->text = text;
    piece->expr = expr;
    return &piece->next;
}

static int cut(struct sql_template *template, struct slice text, struct diag *diag)
{
    struct piece **end = &template->pieces;
    struct slice own = { 0 };
    int rc = sql_tree_take_text(&template->tree, text, &own, diag);
    if (rc < 0) return rc;
    size_t from = 0, at = 0;
    template->is_constant = true;
    while (at + 1 < own.len) {
        if (own.ptr[at] != '$' || own.ptr[at + 1] != '{') {
            at++;
            continue;
        }
        struct sql_node *expr = NULL;
        end = add_piece(template, end, slice_of(own.ptr + from, at - from), NULL);
        at += 2;
        rc = sql_tree_parse_embedded(own, &at, &template->tree, &expr, diag);
        if (rc < 0) return rc;
        end = add_piece(template, end, slice_of("", 0), expr);
        template->is_constant = false;
        from = at;
    }
    add_piece(template, end, slice_from(own, from), NULL);
    return 0;
}

int sql_template_compile(struct slice text, struct sql_template **ret_template, struct diag *diag)
{
    struct sql_template *template = xnew(struct sql_template);
    int rc = cut(template, text, diag);
    if (rc < 0) {
        sql_template_free(template);
        return rc;
    }
    *ret_template = template;
    return 0;
}

void sql_template_free(struct sql_template *template)
{
    if (!template) return;
    sql_tree_deinit(&template->tree);
    free(template);
}

bool sql_template_is_constant(const struct sql_template *template)
{
    return template->is_constant;
}

bool sql_template_reads_shadow(const struct sql_template *template)
{
    return template->tree.reads_shadow;
}

static void render(const struct sql_template *template, struct sql_eval *eval, struct buf *out)
{
    struct slice text;
    for (const struct piece *piece = template->pieces; piece && !eval->rc; piece = piece->next) {
        if (!piece->expr) {
            buf_put_slice(out, piece->text);
            continue;
        }
        struct sql_value value = sql_eval_node(eval, piece->expr);
        if (sql_value_to_str(eval, &value, &text)) buf_put_slice(out, text);
    }
}

int sql_template_render(const struct sql_template *template, struct sql_input *in, struct buf *out)
{
    struct sql_eval own = { 0 };
    struct sql_eval *eval = sql_eval_begin(in, &own);
    size_t start = out->len;
    render(template, eval, out);
    int rc = eval->rc;
    sql_eval_deinit(&own);
    if (rc < 0 && out->data) {
        out->len = start;
        out->data[start] = '\0';
    }
    return rc;
}
