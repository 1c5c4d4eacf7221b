/* ledger.h — the last refusals, in memory: who was refused what, when, why, and what would allow it. For
 * `thingd why` and GET /hub/denials. Bounded; what is refused again and again is one entry with a count. Loop
 * thread only. */
#ifndef AUTH_LEDGER_H
#define AUTH_LEDGER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;

#define LEDGER_KIND_LIST(X)                                                   \
    X(DENIED, "denied")         /* no policy, or a limit, allows it */        \
    X(SUPPRESSED, "suppressed") /* a delivery that its client may not have */ \
    X(CREDENTIAL, "credential") /* nobody whom we know */                     \
    X(HANDSHAKE, "handshake")   /* no connection came about */                \
    X(FIGHT, "fight")           /* two clients with one client id */

enum ledger_kind {
#define X(name, word) LEDGER_##name,
    LEDGER_KIND_LIST(X)
#undef X
        LEDGER_KINDS
};
const char *ledger_kind_name(enum ledger_kind kind);

/* Empty slices are absent. In the ledger each is cut to 256 bytes, at the end of a character; what may be long,
 * closest and change, to 1024. */
struct ledger_entry {
    int64_t number;   /* of the ledger: rising, from 1; another one each time that it is refused */
    int64_t at_ms;    /* of the ledger: since the epoch, the last time */
    int64_t first_ms; /* of the ledger: the first time */
    uint64_t count;   /* of the ledger: how often */
    enum ledger_kind kind;
    struct slice principal; /* its label */
    struct slice client_id;
    struct slice address;
    struct slice action;
    struct slice resource;
    struct slice reason;
    /* By these no entry differs from another: the last ones hold. */
    struct slice thing;   /* which the connection was of */
    struct slice closest; /* the statement that came closest */
    struct slice change;  /* what would allow it */
};

/* most 0: nothing is kept. */
struct ledger *ledger_create(size_t most);
/* Accepts NULL. */
void ledger_destroy(struct ledger *ledger);
/* Copies. One that is there is counted, is the youngest again, and takes what is new to it. When there are too many,
 * the oldest of the kind that has the most makes room: what is frequent does not push out what is not. */
void ledger_note(struct ledger *ledger, const struct ledger_entry *entry);

/* Whether the same was noted at that time, ms since the epoch, or after it. */
bool ledger_noted_since(const struct ledger *ledger, const struct ledger_entry *entry,
                        int64_t since_ms);

/* Which entries: all members that are not NULL must fit. A query that is NULL asks for all. */
struct ledger_query {
    const char *client_id;
    const char *address;
    const char *thing; /* of its connections, or by its name as a client id */
};
/* The youngest entry whose number is below `before` (0: of all), and that is asked for. Borrowed until the next note;
 * NULL when there is none. */
const struct ledger_entry *ledger_find(const struct ledger *ledger, int64_t before,
                                       const struct ledger_query *query);
/* The next older one, likewise; entry is of this ledger. */
const struct ledger_entry *ledger_next(const struct ledger *ledger,
                                       const struct ledger_entry *entry,
                                       const struct ledger_query *query);
/* The reason of the youngest entry of this client; empty when there is none. Borrowed likewise. */
struct slice ledger_reason(const struct ledger *ledger, const char *client_id);

#endif
