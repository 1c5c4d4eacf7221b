/* actions.h — the actions that are compiled in, one file each; and what those of our own may ask of
 * the engine beyond thingd/action.h. */
#ifndef RULES_ACTIONS_ACTIONS_H
#define RULES_ACTIONS_ACTIONS_H

#include "thingd/action.h"

#include <stdbool.h>

struct loop;

extern const struct td_action action_file;
extern const struct td_action action_http;
extern const struct td_action action_republish;

struct host_files {
    const char *root;   /* borrowed */
    uint64_t max_bytes; /* 0: not set */
    bool sync;
};

struct loop *host_loop(const struct td_host *host);
struct host_files host_files(const struct td_host *host);
/* Is the run in the outbox: acknowledged, and not to be given up for want of room? */
bool run_is_kept(const struct td_run *run);
/* Levels that a topic may have. */
size_t host_max_levels(const struct td_host *host);

/* 0, -EINVAL or -EPERM with a static sentence: may rules publish to this topic? */
int rule_topic_check(struct td_bytes topic, size_t max_levels, const char **ret_why);

#endif
