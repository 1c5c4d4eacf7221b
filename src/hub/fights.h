/* fights.h — two clients with one client id: each connects, and so ends the other's connection, for ever.
 * The third take-over within a minute is told: one line in the log and one entry in the ledger. Loop
 * thread only. */
#ifndef HUB_FIGHTS_H
#define HUB_FIGHTS_H

#include "auth/auth.h"

struct fights;

struct fights *fights_create(struct auth *auth);
/* Accepts NULL. */
void fights_destroy(struct fights *fights);

struct take_over { /* all borrowed */
    const char *client_id;
    const char *old_address;
    const char *new_address;
    const struct principal *principal; /* of the new one */
};
void fights_note(struct fights *fights, const struct take_over *what);

#endif
