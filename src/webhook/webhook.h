/* webhook.h — requests that the hub makes itself: the hooks of provisioning, the rules' action `http`. HTTP/1.1 and
 * HTTPS, on a lane of workers: names are resolved, sockets connected and certificates verified there, each request
 * within its time. Redirects are not followed. Loop thread only, but where it says otherwise.
 *
 * A target is judged on the addresses that its name has resolved to, and the connection goes to the address that was
 * judged: loopback, link-local, unspecified and multicast ones, and the hub's own listeners, are refused unless
 * `webhook.allow` names their network. So a rule cannot reach what only this machine may. */
#ifndef WEBHOOK_WEBHOOK_H
#define WEBHOOK_WEBHOOK_H

#include "base/diag.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct loop;
struct webhooks;
struct ip_net;

struct webhooks_opts {
    unsigned workers; /* requests at a time */
    size_t queue;     /* that wait; more: ERR_BUSY */
    int64_t
        timeout_ms; /* of a request as a whole, from when a worker begins it, where it names none */
    size_t max_response;        /* bytes of a body */
    const char *ca_file;        /* PEM, read for each request; "" or NULL: the system's */
    const struct ip_net *allow; /* borrowed for the call */
    size_t allow_count;
};

/* ERR_CERT, ERR_TOO_LARGE or an errno when there is a ca_file that is of no use. */
int webhooks_create(struct webhooks **ret_hooks, struct loop *loop,
                    const struct webhooks_opts *opts, struct diag *diag);
/* The ports of the hub's own listeners: on an address of this machine they are refused. Once, before the first
 * request. */
void webhooks_set_own_ports(struct webhooks *hooks, const uint16_t *ports, size_t count);
/* Every request that is open ends with ERR_CLOSED before it returns. Only a name that is being resolved is waited
 * for, a few seconds at most. Repeatable. */
void webhooks_stop(struct webhooks *hooks);
void webhooks_destroy(struct webhooks *hooks); /* stops first; accepts NULL */

/* 0, or ERR_INVALID with the reason: scheme http or https, a host, no user, no fragment, nothing that must be
 * escaped. Pure; any thread. */
int webhook_check_url(struct slice url, struct diag *diag);

struct webhook_field {
    struct slice name, value;
};

/* All is copied. */
struct webhook_request {
    const char *method; /* "POST" */
    struct slice url;
    const struct webhook_field *fields; /* Host, Content-Length and User-Agent are made */
    size_t field_count;
    struct slice body;
    int64_t timeout_ms; /* 0: that of the options */
};

/* 0, or ERR_INVALID with the reason why its URL or a header cannot be sent. Pure; any thread. */
int webhook_check(const struct webhook_request *request, struct diag *diag);

/* rc 0 and what was answered, whatever the status; else why there was no answer: ERR_INVALID (URL, field), ERR_DENIED
 * (address), ERR_NOT_FOUND (name), ERR_CERT, ERR_CRYPTO, ERR_TIMEOUT, ERR_MALFORMED, ERR_TOO_LARGE, ERR_CLOSED,
 * ERR_BUSY, or a negative errno. Borrowed. */
typedef void (*webhook_done_cb)(void *arg, int rc, int status, struct slice body,
                                const struct diag *diag);
/* done is called later, once. */
void webhook_send(struct webhooks *hooks, const struct webhook_request *request,
                  webhook_done_cb done, void *arg);
/* The calls that were sent with this arg are over: done is not called any more. A request that is under way may
 * nevertheless arrive. */
void webhook_cancel(struct webhooks *hooks, const void *arg);

#endif
