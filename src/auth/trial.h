/* trial.h — what would be if: asks policies, by the evaluator that decides in earnest, about what nobody has tried.
 * For TestAuthorization and `thingd policy explain`. Loop thread only. */
#ifndef AUTH_TRIAL_H
#define AUTH_TRIAL_H

#include "auth/auth.h"
#include "auth/refusal.h"
#include "base/json.h"

struct trial;

struct trial_opts {
    const char *principal;   /* its label or its ARN; NULL: nobody, who has no policies */
    const struct json *add;  /* array of names of policies that it has in addition; NULL: none */
    const struct json *skip; /* array of names of policies that it has not; NULL: none */
    const char *client_id;   /* NULL: outside MQTT */
    const struct json
        *context; /* object: variable to a string or an array of strings, instead of what is known;
                                   names as the guide spells them. NULL: none */
};

/* rc 0 and a trial, which the callback owns: trial_end. Or ERR_INVALID (the principal), ERR_NOT_FOUND, or an error of
 * the store, with the sentence in diag. */
typedef void (*trial_cb)(void *arg, int rc, struct trial *trial, const struct diag *diag);

/* Borrows opts until the trial has ended. Called later, on the loop, once. */
void trial_begin(struct auth *auth, const struct trial_opts *opts, trial_cb done, void *arg);
void trial_end(struct trial *trial);

/* Of ret_missing, an array, become names of variables that policies have asked for in vain, each once. The action is
 * any by its name; a resource that is neither an ARN nor "*" gets the hub's region and account before it. ret_why is the
 * caller's to deinit, its policies live as long as the trial. */
void trial_ask(struct trial *trial, const char *action, const char *resource,
               struct explanation *ret_why, struct json *missing);
/* The names of the policies that are asked. */
void trial_each_policy(const struct trial *trial, void (*cb)(void *arg, const char *name),
                       void *arg);

#endif
