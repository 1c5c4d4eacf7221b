/* provision_priv.h — what the files of the service share. */
#ifndef PROVISION_PROVISION_PRIV_H
#define PROVISION_PROVISION_PRIV_H

#include "base/json.h"
#include "base/list.h"
#include "base/log.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include "provision/provision.h"
#include "registry/registry.h"

enum { PROVISION_MAX_REQUESTS = 256 }; /* without an answer; then 429 */

enum provision_verb { PROVISION_KEYS, PROVISION_CSR, PROVISION_THING };
enum { PROVISION_FILTERS = 6 };

struct provisions {
    struct subscriber subscriber; /* first */
    struct hub *hub;
    struct loop *loop;
    struct registry *registry;
    struct provisions_opts opts;
    struct subscription subscriptions[PROVISION_FILTERS];
    size_t subscription_count;
    size_t requests; /* under way */
    struct loop_timer sweep;
    bool sweeping;
    struct log_pace rejects;
    bool closed; /* the store stops: nothing new is begun */
};

/* A request, from its arrival until its answer is out. */
struct provision {
    struct provisions *all;
    struct msg *msg; /* the request: who asks, and on which topic */
    enum provision_verb verb;
    struct slice template; /* of the topic; borrowed of msg */
    struct hub_hold *hold; /* its publisher waits */
    struct json *
        params; /* of the registry's operation: what .LookProvision and .Provision have in common */
    struct json *found; /* what .LookProvision has answered, for the hook */
    struct loop_task refusal;
    struct diag why; /* of the refusal */
};

/* ---- provision_answer.c ---- */

struct provision_error {
    int status;
    const char *code;
};
/* rc of an operation to what AWS's service says: security, section 6.3. */
struct provision_error provision_error_of(int rc);
/* Publishes body (takes it) on TOPIC/accepted. */
void provision_accept(struct provisions *all, const struct msg *request, struct json *body);
void provision_reject(struct provisions *all, const struct msg *request, int rc, const char *why);
/* $aws/events/certificates/registered/<ca> */
void provision_on_registered(void *arg, const char *ca_id, const struct json *event);

/* ---- provision_hook.c ---- */

/* Asks the hook of p->found; provision_hook_done follows, later, once. */
void provision_hook_ask(struct provision *p);

/* ---- provision.c ---- */

/* rc 0: the device may be provisioned, by the parameters as they are now; else why not. */
void provision_hook_done(struct provision *p, int rc, const char *why);

/* ---- provision_sweep.c ---- */

void provision_sweep_start(struct provisions *all);
/* Something waits now that has an end. */
void provision_sweep_later(struct provisions *all);

#endif
