/* shadow.c — the shadow service: its two doors, and its life.
 *
 *   hub ─► deliver ─┐                                ┌─► waiting, until the load ─┐
 *                   ├─► address ─► admit ─► shadow ──┤                            ├─► decide ─► answer
 *   api ─► REST ────┘      │         │               └─► loaded ──────────────────┘
 *                          └─ no ────┴─► refused at once
 *
 * The service is a subscriber of the hub like any session. A request whose shadow is in memory is decided
 * within the delivery, and the publisher's acknowledgement waits for the commit number; otherwise the
 * publish is held until the shadow is read. shadow_op.c has the decision and the answers, shadow_cache.c
 * the shadows in memory, shadow_store.c the database.
 *
 * What is refused at the door (a name that is none, too many requests, a store that lags behind) has no
 * place in the order of its shadow's answers: it would have to wait in the very queue that is full.
 *
 *  I1  A request over MQTT has exactly one answer, accepted or rejected, on topics of its own shadow; one
 *      over REST exactly one call of `done`, never from within the function that was called. (What the
 *      hub cuts at its hop limit, and what is open when the store stops, has no answer as a message.)
 *  I2  The number of operations and the bytes they hold are bounded, for each shadow and for all.
 *  I3  A last will is no request. */
#include "shadow/shadow_priv.h"

#include "base/err.h"
#include "topic/topic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The requests which clients may publish: shadows.md, section 2. */
static const char *const filters[] = {
    "$aws/things/+/shadow/get",           "$aws/things/+/shadow/update",
    "$aws/things/+/shadow/delete",        "$aws/things/+/shadow/name/+/get",
    "$aws/things/+/shadow/name/+/update", "$aws/things/+/shadow/name/+/delete",
};

/* ---- who is meant */

struct address {
    enum shadow_verb verb;
    struct slice thing;
    struct slice name;
    bool named; /* else name is empty */
};

static bool name_is_valid(struct slice name, size_t most, const char *more)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool valid = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr(more, c));
        if (!valid) return false;
    }
    return name.len >= 1 && name.len <= most;
}

static int fail_name(const char *message, struct shadow_failure *ret_failure)
{
    int rc = shadow_fail(SHADOW_BAD_JSON, NULL, ret_failure);
    snprintf(ret_failure->message, sizeof ret_failure->message, "%s", message);
    return rc;
}

/* [a-zA-Z0-9:_-]{1,128} and [$a-zA-Z0-9:_-]{1,64}: shadows.md, section 1. */
static int check_names(const struct address *to, struct shadow_failure *ret_failure)
{
    if (!name_is_valid(to->thing, SHADOW_THING_MAX, ":_-"))
        return fail_name("Invalid thing name", ret_failure);
    if (to->named && !name_is_valid(to->name, SHADOW_NAME_MAX, "$:_-"))
        return fail_name("Invalid shadow name", ret_failure);
    return 0;
}

static enum shadow_verb verb_of(struct slice level)
{
    for (enum shadow_verb verb = SHADOW_GET; verb <= SHADOW_DELETE; verb++)
        if (slice_eq_str(level, shadow_verb_name(verb))) return verb;
    BUG("a delivery that no filter of the shadow service matches");
}

/* The topic matches one of the filters. */
static struct address address_of(struct slice topic)
{
    enum { THING = 2, NAME = 5, MOST = 7 };
    struct slice levels[MOST];
    size_t count = 0;
    for (size_t at = 0; at <= topic.len && count < MOST;)
        levels[count++] = topic_next_level(topic, &at);
    bool named = count == MOST;
    return (struct address){ .verb = verb_of(levels[count - 1]),
                             .thing = levels[THING],
                             .name = named ? levels[NAME] : slice_of("", 0),
                             .named = named };
}

static struct address address_of_names(enum shadow_verb verb, const char *thing, const char *name)
{
    return (struct address){ .verb = verb,
                             .thing = slice_str(thing),
                             .name = slice_str(name ? name : ""),
                             .named = name != NULL };
}

/* ---- may it come in */

static bool is_full(const struct shadows *all, size_t bytes)
{
    return all->closed || all->ops >= SHADOW_MAX_OPS || all->bytes > SHADOW_MAX_OP_BYTES ||
           bytes > SHADOW_MAX_OP_BYTES - all->bytes;
}

static int admit(struct shadows *all, const struct address *to, size_t bytes,
                 struct shadow_failure *ret_failure)
{
    int rc = check_names(to, ret_failure);
    if (rc < 0) return rc;
    bool lags = to->verb != SHADOW_GET && store_busy(all->store);
    if (lags || is_full(all, bytes)) return shadow_fail(SHADOW_UNAVAILABLE, NULL, ret_failure);
    const struct shadow *shadow = shadow_lookup(all, to->thing, to->name);
    if (shadow && shadow->ops >= SHADOW_MAX_OPS_EACH)
        return shadow_fail(SHADOW_BUSY, NULL, ret_failure);
    return 0;
}

static void wait_for_load(struct shadow_op *op)
{
    list_push_back(&op->shadow->waiting, &op->link);
    shadow_load_start(op->shadow);
}

/* ---- over MQTT */

/* The answer goes out right behind the request, as its nested publish. */
static void refuse_message(struct shadows *all, struct msg *request, const struct address *to,
                           struct shadow_failure *failure, struct hub_pub *pub)
{
    shadow_log_refusal(to->verb, to->thing, to->name, failure);
    struct shadow_failure other;
    if (shadow_request_token(request->payload, &all->limits, failure->client_token, &other) < 0)
        failure->client_token[0] = '\0';
    struct buf topic = { 0 }, payload = { 0 };
    buf_put_slice(&topic, request->topic);
    buf_puts(&topic, "/rejected");
    shadow_print_failure(failure, request->at_ms / 1000, &payload);
    if (topic.len <= TOPIC_MAX_LEN) {
        struct msg *msg = msg_create(&(struct msg_opts){ .topic = buf_slice(&topic),
                                                         .payload = buf_slice(&payload),
                                                         .qos = 1,
                                                         .hops = shadow_answer_hops(request) });
        hub_publish_nested(pub, msg);
        msg_unref(msg);
    }
    buf_deinit(&topic);
    buf_deinit(&payload);
}

static int64_t deliver(struct subscriber *subscriber, struct msg *msg, const struct delivery *how)
{
    struct shadows *all = container_of(subscriber, struct shadows, subscriber);
    if (msg->will) return 0;
    if (all->closed) return ERR_STORE;
    struct address to = address_of(msg->topic);
    struct shadow_failure failure;
    if (admit(all, &to, msg->payload.len, &failure) < 0) {
        refuse_message(all, msg, &to, &failure, how->pub);
        return 0;
    }
    struct shadow *shadow = shadow_acquire(all, to.thing, to.name);
    struct shadow_op *op = shadow_op_create(all, shadow, to.verb, msg, slice_of("", 0));
    if (shadow->loaded) return shadow_op_decide(op);
    op->hold = hub_hold(how->pub);
    wait_for_load(op);
    return 0;
}

static const struct subscriber_ops shadow_ops = { deliver };

/* ---- over REST */

static void refuse_call(struct shadows *all, const struct address *to,
                        const struct shadow_failure *failure, shadow_done_cb done, void *arg)
{
    shadow_log_refusal(to->verb, to->thing, to->name, failure);
    struct shadow_op *op = shadow_op_create(all, NULL, to->verb, NULL, slice_of("", 0));
    op->done = done;
    op->arg = arg;
    op->failure = *failure;
    list_push_back(&all->refused, &op->link);
    shadow_flush_later(all, NULL);
}

/* A publisher's acknowledgement may wait until the disk is there again; who has called wants to know now. */
static int admit_call(struct shadows *all, const struct address *to, size_t bytes,
                      struct shadow_failure *ret_failure)
{
    int rc = admit(all, to, bytes, ret_failure);
    if (rc < 0 || to->verb == SHADOW_GET || !store_failing(all->store)) return rc;
    return shadow_fail(SHADOW_UNAVAILABLE, NULL, ret_failure);
}

static void call(struct shadows *all, const struct address *to, struct slice request,
                 shadow_done_cb done, void *arg)
{
    struct shadow_failure failure;
    if (admit_call(all, to, request.len, &failure) < 0) {
        refuse_call(all, to, &failure, done, arg);
        return;
    }
    struct shadow *shadow = shadow_acquire(all, to->thing, to->name);
    struct shadow_op *op = shadow_op_create(all, shadow, to->verb, NULL, request);
    op->done = done;
    op->arg = arg;
    if (shadow->loaded)
        shadow_op_decide(op);
    else
        wait_for_load(op);
}

void shadow_rest_get(struct shadows *shadows, const char *thing, const char *name,
                     shadow_done_cb done, void *arg)
{
    struct address to = address_of_names(SHADOW_GET, thing, name);
    call(shadows, &to, slice_of("", 0), done, arg);
}

void shadow_rest_update(struct shadows *shadows, const char *thing, const char *name,
                        struct slice request, shadow_done_cb done, void *arg)
{
    struct address to = address_of_names(SHADOW_UPDATE, thing, name);
    call(shadows, &to, request, done, arg);
}

void shadow_rest_delete(struct shadows *shadows, const char *thing, const char *name,
                        shadow_done_cb done, void *arg)
{
    struct address to = address_of_names(SHADOW_DELETE, thing, name);
    call(shadows, &to, slice_of("", 0), done, arg);
}

void shadow_rest_list_named(struct shadows *shadows, const char *thing, const char *after,
                            size_t count, shadow_done_cb done, void *arg)
{
    struct address to = address_of_names(SHADOW_GET, thing, NULL);
    struct shadow_failure failure;
    int rc = check_names(&to, &failure);
    if (rc == 0 && is_full(shadows, 0)) rc = shadow_fail(SHADOW_UNAVAILABLE, NULL, &failure);
    if (rc < 0)
        refuse_call(shadows, &to, &failure, done, arg);
    else
        shadow_list_submit(shadows, thing, after, count, done, arg);
}

/* ---- life */

static void unsubscribe(struct shadows *all)
{
    for (size_t i = 0; i < all->subscription_count; i++)
        hub_unsubscribe(all->hub, &all->subscriptions[i]);
    free(all->subscriptions);
}

static int subscribe(struct shadows *all, struct diag *diag)
{
    all->subscriptions = xcalloc(ARRAY_LEN(filters), sizeof *all->subscriptions);
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        int rc = hub_subscribe(all->hub, &all->subscriber, slice_str(filters[i]),
                               &(struct sub_opts){ .qos = 1 }, &all->subscriptions[i]);
        if (rc < 0)
            return diag_set(diag, rc, "the shadow service cannot subscribe to %s: %s", filters[i],
                            err_text(rc));
        all->subscription_count++;
    }
    return 0;
}

static int clamp(int value, int most)
{
    return value < most ? value : most;
}

int shadows_create(struct shadows **ret_shadows, struct hub *hub, const struct shadows_opts *opts,
                   struct diag *diag)
{
    struct shadows *all = xnew(struct shadows);
    all->subscriber = (struct subscriber){ .ops = &shadow_ops, .principal = principal_system() };
    all->hub = hub;
    all->loop = hub_loop(hub);
    all->store = hub_store(hub);
    all->limits = (struct shadow_limits){ .max_bytes = opts->max_bytes,
                                          .max_depth = clamp(opts->max_depth, SHADOW_DEPTH_MAX),
                                          .max_token = shadow_default_limits.max_token };
    all->cache = opts->cache;
    list_init(&all->idle);
    list_init(&all->ready);
    list_init(&all->refused);
    loop_task_init(&all->flush, shadow_on_flush);
    int rc = subscribe(all, diag);
    if (rc < 0) {
        unsubscribe(all);
        free(all);
        return rc;
    }
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        hub_allow_reserved(hub, filters[i]);
    shadow_sweep_start(all);
    *ret_shadows = all;
    return 0;
}

void shadows_destroy(struct shadows *shadows)
{
    if (!shadows) return;
    unsubscribe(shadows);
    shadow_sweep_stop(shadows);
    loop_task_cancel(&shadows->flush);
    shadows->closed = true;
    shadow_on_flush(&shadows->flush);
    loop_task_cancel(&shadows->flush);
    shadow_cache_clear(shadows);
    free(shadows);
}
