/* template_priv.h — what reading and evaluating a template share: the functions it may use. */
#ifndef REGISTRY_TEMPLATE_PRIV_H
#define REGISTRY_TEMPLATE_PRIV_H

#include "registry/template.h"

struct template
{
    enum template_use use;
    struct json *root;
    const struct json *thing, *cert, *policies[TEMPLATE_POLICIES_MAX]; /* resources */
    size_t policy_count;
};

enum expr_type {
    EXPR_NONE,
    EXPR_STRING,
    EXPR_INDEX, /* a number, or a string that is one */
    EXPR_LIST,
};

enum { EXPR_ARGS_MAX = 3 };

struct template_fn {
    const char *name;
    enum expr_type gives;
    /* Of the array that it takes. None: it takes a string, which the function's reader knows. */
    enum expr_type wants[EXPR_ARGS_MAX];
};
enum template_fn_id { FN_REF, FN_SUB, FN_JOIN, FN_SELECT, FN_FIND_IN_MAP, FN_SPLIT, FN_COUNT };
extern const struct template_fn template_fns[FN_COUNT];

/* The function that an object is a call of, and its argument; FN_COUNT when it is none. */
enum template_fn_id template_call_of(const struct json *expr, const struct json **ret_arg);

/* One piece of the text of Fn::Sub: the literal part before a name, and the name; name.ptr NULL at the end. "${!x}" is
 * the literal "${x}": its two parts come apart. */
struct sub_piece {
    struct slice literal, name;
};
struct sub_piece template_sub_next(struct slice *rest);

#endif
