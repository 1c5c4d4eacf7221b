/* ledger.h — the last refusals, in memory: who was refused what, when and why. For `thingd why` and
 * GET /hub/denials. Bounded: the oldest entry makes room. Loop thread only. */
#ifndef AUTH_LEDGER_H
#define AUTH_LEDGER_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct ledger;

#define LEDGER_KIND_LIST(X)                                            \
    X(DENIED, "denied")         /* no policy, or a limit, allows it */ \
    X(CREDENTIAL, "credential") /* nobody whom we know */              \
    X(FIGHT, "fight")           /* two clients with one client id */

enum ledger_kind {
#define X(name, word) LEDGER_##name,
    LEDGER_KIND_LIST(X)
#undef X
};
const char *ledger_kind_name(enum ledger_kind kind);

/* Empty slices are absent. In the ledger each is cut to 256 bytes, at the end of a character. */
struct ledger_entry {
    int64_t number; /* of the ledger: rising, from 1 */
    int64_t at_ms;  /* of the ledger: since the epoch */
    enum ledger_kind kind;
    struct slice principal; /* its label */
    struct slice client_id;
    struct slice address;
    struct slice action;
    struct slice resource;
    struct slice reason;
};

/* most 0: nothing is kept. */
struct ledger *ledger_create(size_t most);
/* Accepts NULL. */
void ledger_destroy(struct ledger *ledger);
/* Copies. number and at_ms are the ledger's to give. */
void ledger_note(struct ledger *ledger, const struct ledger_entry *entry);
/* The youngest entry whose number is below `before` (0: of all), and that is of this client where one is
 * named. Borrowed until the next note; NULL when there is none. */
const struct ledger_entry *ledger_find(const struct ledger *ledger, int64_t before,
                                       const char *client_id);

#endif
