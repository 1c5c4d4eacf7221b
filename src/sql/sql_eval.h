/* sql_eval.h — one run: where its memory comes from, what bounds it, and what functions get. */
#ifndef SQL_SQL_EVAL_H
#define SQL_SQL_EVAL_H

#include "sql/sql.h"
#include "sql/sql_tree.h"
#include "sql/sql_value.h"

/* The element which a nested SELECT stands at. */
struct sql_scope {
    const struct sql_scope *outer;
    struct slice alias; /* empty: none */
    struct sql_value element;
};

struct sql_kept_json {
    struct sql_kept_json *next;
    struct json *json;
};

struct sql_eval {
    const struct sql_tree *tree; /* of the statement; NULL for a template without one */
    const char *version;
    struct sql_input *in;
    struct arena arena;
    struct sql_kept_json *kept; /* trees that values point into */
    const struct sql_scope *scope;
    struct sql_value vars[SQL_MAX_VARS];
    bool var_known[SQL_MAX_VARS];
    bool whole_as_decimal; /* 2015-10-08: 10.0 is a Decimal and printed so */
    uint32_t steps;
    uint32_t regex_runs;
    int rc; /* sticks: what has ended the run */
};

/* What a function gets: its arguments, evaluated, and its place in the tree for what was prepared when
 * compiled. */
struct sql_args {
    const struct sql_node *node;
    const struct sql_value *at;
    size_t count;
};

void sql_eval_deinit(struct sql_eval *eval);
/* A run for templates: that of the statement which ran last on `in` when it was kept, else *own, which
 * the caller ends. */
struct sql_eval *sql_eval_begin(struct sql_input *in, struct sql_eval *own);
/* Charges work; false when the run is over, now or before. */
bool sql_eval_charge(struct sql_eval *eval, size_t steps);
/* Zeroed memory of the run; NULL when the run is over. */
void *sql_eval_alloc(struct sql_eval *eval, size_t size);
/* Room that a function wants outside the arena; false when the run is over. */
bool sql_eval_may_use(struct sql_eval *eval, size_t size);
/* Copies the bytes of buf into the arena and ends buf; an empty slice when the run is over. */
struct slice sql_eval_take(struct sql_eval *eval, struct buf *buf);
/* Takes json, for the length of the run. */
void sql_eval_keep(struct sql_eval *eval, struct json *json);

struct sql_value sql_eval_node(struct sql_eval *eval, const struct sql_node *node);
/* a op b for numbers and numeric Strings; Int when both are Int. */
struct sql_value sql_eval_arithmetic(enum sql_op op, const struct sql_value *a,
                                     const struct sql_value *b);
/* The payload as a value; Undefined when it is no JSON. */
struct sql_value sql_eval_payload(struct sql_eval *eval);
bool sql_eval_where(struct sql_eval *eval, const struct sql_node *where);

/* sql_select.c */
struct sql_value sql_eval_select(struct sql_eval *eval, const struct sql_select *select);
/* The body of the statement itself: appends its text to out. */
void sql_eval_result(struct sql_eval *eval, const struct sql_select *select, struct buf *out);

#endif
