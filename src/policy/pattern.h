/* pattern.h — texts with wildcards and variables: resources, actions, condition values. */
#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"
#include "policy/variable.h"

#include <stdint.h>

enum pattern_flags {
    PATTERN_WILD = 1, /* * is any run of characters, / included; ? is one character */
    PATTERN_VARS = 2, /* ${name} is a variable, ${*} ${?} ${$} are those characters */
    PATTERN_FOLD = 4, /* A-Z and a-z are the same */
};

enum pattern_kind { PATTERN_TEXT, PATTERN_VAR, PATTERN_ONES, PATTERN_ANY };

struct pattern_token {
    enum pattern_kind kind;
    uint32_t count;      /* of PATTERN_ONES */
    uint32_t slot;       /* of PATTERN_VAR: from 0 in order */
    struct slice text;   /* of PATTERN_TEXT */
    struct variable var; /* of PATTERN_VAR */
};

/* Plain data, immutable once compiled; all of it lives in the arena. */
struct pattern {
    struct pattern_token *tokens;
    uint32_t count;
    uint32_t var_count;
    bool fold;
};

/* Most tokens and variables in a pattern. */
enum { PATTERN_TOKENS_MAX = 256, PATTERN_VARS_MAX = 16 };

/* ERR_INVALID with a sentence when variables are malformed or too many. Copies text. */
int pattern_compile(struct arena *arena, struct slice text, unsigned flags,
                    struct pattern *ret_pattern, struct diag *diag);
/* The whole text. False when a variable has no value that may be substituted. No allocation; the
 * time is linear in the text for each run of characters between two stars. */
bool pattern_match(const struct pattern *pattern, struct slice text,
                   const struct policy_vars *vars);
/* Calls cb for each variable. */
void pattern_each_variable(const struct pattern *pattern, void (*cb)(void *arg, const char *name),
                           void *arg);
/* Appends it as a policy would write it. */
void pattern_put(const struct pattern *pattern, struct buf *out);
/* Appends literal text as a pattern that matches nothing else: ${*} for *. */
void pattern_put_literal(struct slice text, struct buf *out);

#endif
