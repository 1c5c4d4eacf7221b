/* provision_fixture.h — the service with a real hub and registry over a real store, under a fake clock; clients that
 * subscribe to everything of provisioning; a hook that answers what the test says. */
#ifndef TESTS_UNIT_PROVISION_FIXTURE_H
#define TESTS_UNIT_PROVISION_FIXTURE_H

#include "provision/provision_priv.h"

#include "lib/test.h"
#include "unit/registry/registry_fixture.h"

enum { PEERS = 3 };

/* One who subscribes to "$aws/#". */
struct peer {
    struct subscriber subscriber; /* first */
    struct subscription subscription;
    struct auth_conn conn;
    struct principal principal;
    struct json *heard;  /* array of [topic, payload as text] */
    int decided;         /* publishes whose publisher was told */
    int64_t last_commit; /* of the last of them */
};

/* What the hook is asked, and answers. */
struct fake_hook {
    int asked;
    char *url;
    struct json *event; /* of the last request */
    int rc;             /* of the answer */
    int status;
    const char *body; /* NULL: no answer yet */
    webhook_done_cb done;
    void *arg;
};

struct provision_fixture {
    struct registry_fixture *registry;
    struct auth *auth;
    struct hub *hub;
    struct provisions *provisions;
    struct peer peers[PEERS]; /* clients a and b; the hub itself */
    struct fake_hook hook;
    bool no_hooks; /* before up */
    size_t max_pending;
};

int provision_fixture_setup(void **state);
int provision_fixture_teardown(void **state);
/* Service and hub stop and start again over the same file. */
void provision_fixture_restart(struct provision_fixture *f);

/* Peer 0 or 1 publishes; the loop turns until it is decided. What was heard before is forgotten. */
void provision_ask(struct provision_fixture *f, int peer, const char *topic, const char *payload);
/* The same without turning. Returns what hub_publish does. */
int64_t provision_send(struct provision_fixture *f, int peer, const char *topic,
                       const char *payload);
/* Turns until nothing is under way. */
void provision_settle(struct provision_fixture *f);
void provision_forget(struct provision_fixture *f);
/* The one answer that the peer has heard is on this topic; returns its payload, borrowed. */
const char *provision_heard(struct provision_fixture *f, int peer, const char *topic);
/* The one answer on "…/rejected" has this status and code, and this in its message. */
void provision_rejected(struct provision_fixture *f, int peer, int status, const char *code,
                        const char *says);
/* The one answer on "…/accepted", parsed; returns owned. */
struct json *provision_accepted(struct provision_fixture *f, int peer);

#endif
