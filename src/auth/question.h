/* question.h — what is asked of policies, and the values of their variables: shared by check.c (decides),
 * refusal.c (explains) and tryout.c (asks what would be). Loop thread only. */
#ifndef AUTH_QUESTION_H
#define AUTH_QUESTION_H

#include "auth/auth_priv.h"

struct auth_question {
    const struct auth *auth;
    const struct principal *principal;
    const struct auth_conn *conn; /* NULL: nothing is known of a connection */
    const struct principal_thing *thing;
    char *will_arn; /* made when a policy asks for it */
    char time[32];  /* likewise */
};

/* Borrows all. */
void auth_question_init(struct auth_question *question, const struct auth *auth,
                        const struct principal *principal, const struct auth_conn *conn);
void auth_question_deinit(struct auth_question *question);

/* policy_vars.get; arg is the question. */
bool auth_question_get(void *arg, const char *name, size_t index, struct slice *ret_value);

/* The policies that decide, borrowed. */
struct policy *const *auth_question_policies(const struct auth_question *question,
                                             size_t *ret_count);

#endif
