/* sql_tree.h — what the parser makes and the evaluator walks. A tree lives in its own arena and is
 * immutable when sql_tree_parse has returned; names and strings in it are UTF-8. */
#ifndef SQL_SQL_TREE_H
#define SQL_SQL_TREE_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"
#include "sql/sql.h"
#include "sql/sql_value.h"

struct sql_regex;
struct sql_zone;
struct sql_select;

enum sql_node_type {
    SQL_NODE_LITERAL, /* value */
    SQL_NODE_NAME,    /* name: a member of the element or of the payload */
    SQL_NODE_VAR,     /* name: a SET variable */
    SQL_NODE_STAR,    /* the payload, as an argument */
    SQL_NODE_MEMBER,  /* kid . name */
    SQL_NODE_INDEX,   /* kid [ kid->next ] */
    SQL_NODE_CALL,    /* func, its arguments in kid */
    SQL_NODE_CAST,    /* kid AS index (enum sql_cast) */
    SQL_NODE_NEG,
    SQL_NODE_NOT,
    SQL_NODE_EXISTS,
    SQL_NODE_BINARY, /* op, kid, kid->next */
    SQL_NODE_CASE,   /* kid: operand (when has_operand), then pairs, then one more for ELSE */
    SQL_NODE_SELECT, /* select */
    SQL_NODE_ARRAY,  /* kids */
    SQL_NODE_OBJECT, /* kids, each with its key */
};

enum sql_op {
    SQL_OP_OR,
    SQL_OP_AND,
    SQL_OP_EQ,
    SQL_OP_NE,
    SQL_OP_LT,
    SQL_OP_LE,
    SQL_OP_GT,
    SQL_OP_GE,
    SQL_OP_IN,
    SQL_OP_ADD,
    SQL_OP_SUB,
    SQL_OP_MUL,
    SQL_OP_DIV,
    SQL_OP_MOD,
};

enum sql_cast { SQL_CAST_STRING, SQL_CAST_INT, SQL_CAST_DECIMAL, SQL_CAST_BOOL };

struct sql_node {
    enum sql_node_type type;
    enum sql_op op;
    unsigned index;
    unsigned height; /* operators below, for the limit */
    bool has_operand;
    bool has_else;
    size_t count; /* of kids */
    struct sql_node *kid;
    struct sql_node *next; /* sibling */
    struct slice name;
    struct slice key; /* as a member of an object */
    struct sql_value value;
    const struct sql_func *func;
    struct sql_select *select;
    struct sql_regex *regex; /* of a constant pattern */
    struct sql_zone *zone;   /* of a constant time zone */
};

/* x AS a.b.c; an expression without AS has a path of one name. */
struct sql_column {
    struct sql_column *next;
    struct sql_node *expr; /* NULL: * */
    const struct slice *path;
    size_t path_len; /* 0: a bare * */
};

struct sql_select {
    struct sql_column *columns;
    bool is_value;         /* SELECT VALUE: one column without a path */
    struct sql_node *from; /* of a nested one */
    struct slice alias;
    struct sql_node *where; /* NULL: none */
};

struct sql_var {
    struct slice name;
    struct sql_node *expr;
};

struct sql_tree {
    struct arena arena;
    struct sql_select *select; /* NULL in a template's expression */
    const char *topic_filter;  /* NULL: no FROM */
    struct sql_var vars[SQL_MAX_VARS];
    size_t var_count;
    bool reads_shadow;
    struct sql_resource *resources; /* what is not in the arena */
};

/* Takes an empty tree. On failure too, end it with sql_tree_deinit(). Errors: sql_compile. */
int sql_tree_parse(struct slice text, struct sql_tree *tree, bool whole_as_decimal,
                   struct diag *diag);
/* Copies the text into the tree. ERR_TOO_LARGE, ERR_ENCODING. */
int sql_tree_take_text(struct sql_tree *tree, struct slice text, struct slice *ret_text,
                       struct diag *diag);
/* Parses the expression of a template which begins at *at, behind "${", and moves *at behind its '}'.
 * `text` is the whole template, taken: positions are those in it. Unknown variables are no error here. */
int sql_tree_parse_embedded(struct slice text, size_t *at, struct sql_tree *tree,
                            struct sql_node **ret_node, struct diag *diag);
void sql_tree_deinit(struct sql_tree *tree);

/* Calls free_cb(object) when the tree ends. */
void sql_tree_own(struct sql_tree *tree, void *object, void (*free_cb)(void *object));

#endif
