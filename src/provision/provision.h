/* provision.h — fleet provisioning over MQTT: a device that shares a claim with others gets a certificate of its own.
 * AWS IoT: CreateKeysAndCertificate, CreateCertificateFromCsr, RegisterThing; topics
 *   $aws/certificates/create/json, $aws/certificates/create-from-csr/json,
 *   $aws/provisioning-templates/{template}/provision/json, each with /accepted and /rejected.
 * An answer goes to the client that has asked and to nobody else, after the commit of what it promises. And the event of
 * just-in-time registration, on $aws/events/certificates/registered/{ca}. Loop thread only. */
#ifndef PROVISION_PROVISION_H
#define PROVISION_PROVISION_H

#include "base/diag.h"
#include "webhook/webhook.h"

#include <stddef.h>
#include <stdint.h>

struct hub;
struct provisions;
struct registry;

/* webhook_send, or what a test has in its place. */
typedef void (*provision_send_cb)(struct webhooks *hooks, const struct webhook_request *request,
                                  webhook_done_cb done, void *arg);

struct provisions_opts {
    size_t max_pending; /* certificates that wait for their provisioning, of all clients */
    int64_t hook_timeout_ms;
    provision_send_cb
        send; /* NULL: there are no webhooks; a template with a hook provisions nobody */
    struct webhooks *hooks;
};

/* Subscribes to the request topics and allows clients to publish to them. */
int provisions_create(struct provisions **ret_provisions, struct hub *hub,
                      struct registry *registry, const struct provisions_opts *opts,
                      struct diag *diag);
/* Before webhooks_stop and store_stop: nothing new is begun. */
void provisions_stop(struct provisions *provisions);
/* After them: nothing is under way any more. Accepts NULL. */
void provisions_destroy(struct provisions *provisions);

#endif
