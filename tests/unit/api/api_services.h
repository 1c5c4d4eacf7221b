/* api_services.h — what an api stands on, for its tests: a real loop, store, registry, auth and hub, a clock that the
 * test turns, and the log in a buffer. */
#ifndef TESTS_UNIT_API_API_SERVICES_H
#define TESTS_UNIT_API_API_SERVICES_H

#include "base/buf.h"

struct auth;
struct hub;
struct hub_opts;
struct loop;
struct registry;
struct store;

/* Of the test that runs. */
extern struct loop *loop;
extern struct store *store;
extern struct registry *registry;
extern struct auth *auth;
extern struct hub *hub;
extern struct buf logged; /* lines since the start */

void services_start(const struct hub_opts *opts);
/* After store_stop, with nothing left of the api. Removes the files too. */
void services_stop(void);
/* Turns the loop until nothing is left to do. */
void quiet(void);

#endif
