/* rules.h — the rules engine: for each rule a filter in the topic tree, its SQL, its actions.
 * Rules are records of the registry; the engine follows their changes: a changed rule takes effect
 * for the next message, no message is seen by half a rule. Loop thread only. */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;
struct registry;
struct rules;
struct webhooks;

struct rules_opts {
    struct webhooks *webhooks; /* borrowed: it ends after rules_destroy */
    const char *file_root;     /* the file action writes below it; made when first needed */
    size_t max_rules;
    size_t outbox_max;       /* action runs that wait; above it: failed and counted */
    size_t outbox_max_bytes; /* their payloads together; 0: 64 MB */
    uint64_t file_max_bytes; /* default rotation size of the file action; 0: that of its table */
    bool file_sync;          /* the file action syncs before it is done: for durability "power" */
};

/* Loads the rules that are there. A stored rule that no longer compiles is logged and left out. */
int rules_create(struct rules **ret_rules, struct hub *hub, struct registry *registry,
                 const struct rules_opts *opts, struct diag *diag);
/* Carries out what a crash has left in the outbox. Call once, when everything is in place. */
void rules_start(struct rules *rules);
/* Before store_stop, when no more messages come: what was begun ends, and its rows go; what waits
 * for its commit stays in the outbox for the next start. May be left out: then what ends between
 * store_stop and rules_destroy is run once more at the next start. */
void rules_stop(struct rules *rules);
/* Waits for actions that run; after store_stop. Accepts NULL. */
void rules_destroy(struct rules *rules);

/* Is this TopicRulePayload one that the engine can run? ERR_SYNTAX: the SQL (SqlParseException),
 * diag has line and column; ERR_INVALID: anything else, diag has the member; ERR_UNSUPPORTED: an
 * action of AWS that the hub does not have; ERR_LIMIT: too many rules. `replaces`: the rule exists
 * already. */
int rules_check(struct rules *rules, const char *name, const struct json *payload, bool replaces,
                struct diag *diag);

/* Dry run: what would the statement emit for this message? 0, with *ret_fired and the output; or
 * the error of the compiler. */
int rules_test(struct rules *rules, const char *sql, const char *version, struct slice topic,
               struct slice payload, bool *ret_fired, struct buf *ret_output, struct diag *diag);

/* docs/manual/actions.md, from the tables of the actions. Any thread. */
void rules_print_manual(struct buf *out);

#endif
