/* provision.c — the way of a request:
 *
 *   deliver ─► accept it? ─► certificate: .CreateOwned… ─────────────────────────────────┐
 *                       └──► thing: .LookProvision ─► hook, if it has one ─► .Provision ──┴─► answer
 *
 * The registry decides and keeps (registry/provisioning_claims.c); here are topics, JSON and the hook. Whether a template
 * may be used is judged before the hook is asked, and again in the transaction: it may have changed meanwhile.
 *
 *  I1  A request has one answer, accepted or rejected, and its publisher is acknowledged after it is decided. (What is
 *      open when the store stops has none.)
 *  I2  An answer reaches the client and principal of the request only: it may hold a private key.
 *  I3  The number of requests under way, and of certificates that wait, is bounded.
 *  I4  A last will is no request, nor is what has no client to answer to. */
#include "provision/provision_priv.h"

#include "auth/auth.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "topic/topic.h"

#include <stdlib.h>

/* The requests which clients may publish: security, section 6.3. CBOR is taken to be told that it is not spoken. */
static const char *const filters[PROVISION_FILTERS] = {
    "$aws/certificates/create/json",
    "$aws/certificates/create/cbor",
    "$aws/certificates/create-from-csr/json",
    "$aws/certificates/create-from-csr/cbor",
    "$aws/provisioning-templates/+/provision/json",
    "$aws/provisioning-templates/+/provision/cbor",
};

static const char *const operations[] = {
    [PROVISION_KEYS] = ".CreateOwnedKeys",
    [PROVISION_CSR] = ".CreateOwnedFromCsr",
    [PROVISION_THING] = ".Provision",
};

/* ---- the end of a request ---- */

static void let_go(struct provision *p, int64_t decision)
{
    hub_release(p->hold, decision);
    p->all->requests--;
    json_free(p->params);
    json_free(p->found);
    msg_unref(p->msg);
    free(p);
}

static void reject(struct provision *p, int rc, const char *why)
{
    if (rc != ERR_CLOSED) provision_reject(p->all, p->msg, rc, why);
    let_go(p, rc == ERR_CLOSED ? rc : 0);
}

static void on_decided(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct provision *p = arg;
    if (rc < 0) {
        reject(p, rc, diag_text(diag, rc));
        return;
    }
    struct json *body = json_dup(result);
    int64_t pending = 0;
    json_to_int64(json_get(body, "pending"), &pending);
    json_remove(body, "pending");
    metrics_set(METRIC_PROVISIONING_PENDING, pending);
    provision_sweep_later(p->all);
    provision_accept(p->all, p->msg, body);
    let_go(p, 0);
}

static void decide(struct provision *p)
{
    if (p->all->closed) {
        reject(p, ERR_CLOSED, NULL);
        return;
    }
    struct json *params = p->params;
    p->params = NULL;
    registry_call(p->all->registry, registry_op_find(operations[p->verb]), params, on_decided, p);
}

/* ---- a thing ---- */

void provision_hook_done(struct provision *p, int rc, const char *why)
{
    if (rc < 0)
        reject(p, rc, why);
    else
        decide(p);
}

static void on_looked(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct provision *p = arg;
    if (rc < 0) {
        reject(p, rc, diag_text(diag, rc));
        return;
    }
    if (!json_get_str(result, "hook")) {
        decide(p);
        return;
    }
    p->found = json_dup(result);
    if (p->all->closed)
        reject(p, ERR_CLOSED, NULL);
    else
        provision_hook_ask(p);
}

static void look(struct provision *p)
{
    registry_call(p->all->registry, registry_op_find(".LookProvision"), json_dup(p->params),
                  on_looked, p);
}

/* ---- coming in ---- */

/* The members of the request that count; an empty payload is {}. */
static int read_request(const struct msg *msg, struct json **ret_request, struct diag *diag)
{
    struct json *request = NULL;
    struct diag why = DIAG_INIT;
    int rc = msg->payload.len ? json_parse(msg->payload, NULL, &request, &why) : 0;
    if (rc < 0) return diag_set(diag, ERR_MALFORMED, "Invalid JSON: %s", diag_text(&why, rc));
    if (!request) request = json_new_object();
    *ret_request = request;
    if (json_is(request, JSON_OBJECT)) return 0;
    return diag_set(diag, ERR_MALFORMED, "The request must be a JSON object.");
}

static struct json *params_of(const struct provision *p, struct json *request)
{
    struct json *params = json_new_object();
    switch (p->verb) {
    case PROVISION_CSR:
        json_set_str(params, "certificateSigningRequest",
                     json_get_str(request, "certificateSigningRequest"));
        break;
    case PROVISION_THING:
        json_set(params, "templateName", json_new_slice(p->template));
        json_set(params, "principal", json_new_slice(p->msg->principal));
        json_set_str(params, "certificateOwnershipToken",
                     json_get_str(request, "certificateOwnershipToken"));
        if (json_is(json_get(request, "parameters"), JSON_OBJECT))
            json_set(params, "parameters", json_detach(request, "parameters"));
        break;
    default:
        break;
    }
    json_set_int(params, "maxPending", (int64_t)p->all->opts.max_pending);
    return params;
}

/* The request of a topic that matches one of the filters. */
static enum provision_verb verb_of(struct slice topic, struct slice *ret_template,
                                   struct slice *ret_format)
{
    enum { MOST = 5, NAME = 2 };
    struct slice levels[MOST] = { 0 };
    size_t count = 0;
    for (size_t at = 0; at <= topic.len && count < MOST;)
        levels[count++] = topic_next_level(topic, &at);
    *ret_template = levels[NAME];
    *ret_format = levels[count - 1];
    if (count == MOST) return PROVISION_THING;
    return slice_eq_str(levels[NAME], "create") ? PROVISION_KEYS : PROVISION_CSR;
}

static int admit(const struct provisions *all, const struct msg *msg, struct slice format,
                 struct json **ret_request, struct diag *diag)
{
    if (!slice_eq_str(format, "json"))
        return diag_set(diag, ERR_UNSUPPORTED, "Only the payload format json is supported.");
    if (all->requests >= PROVISION_MAX_REQUESTS)
        return diag_set(diag, ERR_BUSY, "Too many requests are under way.");
    return read_request(msg, ret_request, diag);
}

/* Nothing is published from within deliver. */
static void on_refused(struct loop_task *task)
{
    struct provision *p = container_of(task, struct provision, refusal);
    reject(p, p->why.code, p->why.text);
}

static int64_t deliver(struct subscriber *subscriber, struct msg *msg, const struct delivery *how)
{
    struct provisions *all = container_of(subscriber, struct provisions, subscriber);
    struct slice format;
    struct json *request = NULL;
    if (msg->will || msg->client_id.len == 0) return 0;
    if (all->closed) return ERR_CLOSED;
    struct provision *p = xnew(struct provision);
    p->all = all;
    p->msg = msg_ref(msg);
    p->verb = verb_of(p->msg->topic, &p->template, &format);
    p->hold = hub_hold(how->pub);
    loop_task_init(&p->refusal, on_refused);
    int rc = admit(all, msg, format, &request, &p->why);
    all->requests++;
    if (rc == 0) p->params = params_of(p, request);
    json_free(request);
    if (rc < 0)
        loop_defer(all->loop, &p->refusal);
    else if (p->verb == PROVISION_THING)
        look(p);
    else
        decide(p);
    return 0;
}

static const struct subscriber_ops provision_ops = { deliver };

/* ---- life ---- */

static void unsubscribe(struct provisions *all)
{
    while (all->subscription_count)
        hub_unsubscribe(all->hub, &all->subscriptions[--all->subscription_count]);
}

static int subscribe(struct provisions *all, struct diag *diag)
{
    for (size_t i = 0; i < PROVISION_FILTERS; i++) {
        int rc = hub_subscribe(all->hub, &all->subscriber, slice_str(filters[i]),
                               &(struct sub_opts){ .qos = 1 }, &all->subscriptions[i]);
        if (rc < 0)
            return diag_set(diag, rc, "provisioning cannot subscribe to %s: %s", filters[i],
                            err_text(rc));
        all->subscription_count++;
    }
    return 0;
}

int provisions_create(struct provisions **ret_provisions, struct hub *hub,
                      struct registry *registry, const struct provisions_opts *opts,
                      struct diag *diag)
{
    struct provisions *all = xnew(struct provisions);
    all->subscriber = (struct subscriber){ .ops = &provision_ops, .principal = principal_system() };
    all->hub = hub;
    all->loop = hub_loop(hub);
    all->registry = registry;
    all->opts = *opts;
    int rc = subscribe(all, diag);
    if (rc < 0) {
        unsubscribe(all);
        free(all);
        return rc;
    }
    for (size_t i = 0; i < PROVISION_FILTERS; i++)
        hub_allow_reserved(hub, filters[i]);
    auth_on_registered(hub_auth(hub), provision_on_registered, all);
    provision_sweep_start(all);
    *ret_provisions = all;
    return 0;
}

void provisions_stop(struct provisions *provisions)
{
    provisions->closed = true;
    loop_timer_stop(&provisions->sweep);
}

void provisions_destroy(struct provisions *provisions)
{
    if (!provisions) return;
    if (provisions->requests || provisions->sweeping)
        BUG("provisioning destroyed with %zu requests", provisions->requests);
    auth_on_registered(hub_auth(provisions->hub), NULL, NULL);
    loop_timer_stop(&provisions->sweep);
    unsubscribe(provisions);
    free(provisions);
}
