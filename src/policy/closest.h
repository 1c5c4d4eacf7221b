/* closest.h — why a request was refused, in words: the statement that came closest to allowing it, and the
 * smallest change that would. Pure; as slow as a refusal may be. */
#ifndef POLICY_CLOSEST_H
#define POLICY_CLOSEST_H

#include "policy/policy.h"

struct condition;

/* What of a statement does not fit. */
enum policy_gap { POLICY_GAP_CONDITION = 1, POLICY_GAP_RESOURCE = 2, POLICY_GAP_ACTION = 4 };

struct policy_closest {
    const struct policy *policy; /* borrowed; NULL: there is no Allow statement */
    int statement;
    unsigned gaps;
    const struct condition *condition; /* that does not hold; borrowed */
};

/* Of all Allow statements the one in which the fewest parts do not fit; of those the one that fails last, in the
 * order action, resource, condition; of those the one whose resource is like the request's for longest. */
void policy_find_closest(struct policy *const *policies, size_t count,
                         const struct policy_request *request, struct policy_closest *ret_closest);

/* Appends a sentence about the statement and what does not fit. */
void policy_closest_text(const struct policy_closest *closest, const struct policy_request *request,
                         struct buf *out);

/* Appends what would allow it: for an implicit deny a statement as JSON that allows this action on this
 * resource and nothing else; for an explicit one, which statement must go or be narrowed. */
void policy_change_text(const struct policy_decision *decision,
                        const struct policy_request *request, struct buf *out);

#endif
