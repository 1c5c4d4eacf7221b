/* fake_hub.h — a hub of few words for the tests of the client commands: it listens on
 * DIR/thingd.sock, notes every request and gives the answers of a script, one for each. */
#ifndef TESTS_UNIT_CLI_FAKE_HUB_H
#define TESTS_UNIT_CLI_FAKE_HUB_H

#include "base/buf.h"

#include <pthread.h>
#include <stddef.h>

struct fake_answer {
    int status;       /* 0: closes without an answer; -1: says nothing until the client goes away */
    const char *body; /* NULL: none */
    const char *type; /* x-amzn-ErrorType; NULL: none */
};

struct fake_hub {
    const struct fake_answer *answers; /* ends with { 0 }, { 0 } is given for ever */
    size_t at;
    struct buf seen; /* "GET /things?maxResults=1 [principal] body" a line */
    int listener;
    int stop[2];
    pthread_t thread;
};

void fake_hub_start(struct fake_hub *hub, const char *dir, const struct fake_answer *answers);
/* Waits for the end of the thread; `seen` is to be read then. */
void fake_hub_stop(struct fake_hub *hub);
void fake_hub_deinit(struct fake_hub *hub);

#endif
