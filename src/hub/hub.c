/* hub.c — the one entry: check, authorise, retain, match, deliver.
 *
 *   hub_publish ─► authorize ─► route ─► retain ─► match ─► deliver to each owner once
 *                                  ▲                            │
 *                                  └──── nested publishes ◄─────┘  (a rule's republish)
 *
 * Deliver functions may not publish: what they want to publish is put on the publish's own list and
 * routed when the present message is done. So a match is never changed while it is walked, order is kept,
 * and the effects of a republish wait for the same decision as their cause.
 *
 * The decision. Most publishes are decided at once: the commit number is the highest that any subscriber
 * returned. A subscriber that must ask somebody first takes a hold; then hub_publish returns HUB_HELD,
 * and the last hub_release calls the publisher back, later, on the loop.
 *
 *  I1  A subscriber gets a message once, at the highest QoS of its matching subscriptions, with the
 *      identifiers of all of them [MQTT-3.3.4-2 to 3.3.4-4].
 *  I2  A match row's mark says what iot:Receive decided for its owner; marks are forgotten when policies
 *      change, and not believed where policies depend on the time.
 *  I3  Nothing is delivered before it was authorised. */
#include "hub/hub.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/retained.h"
#include "hub/session.h"
#include "loop/loop.h"
#include "store/store.h"
#include "topic/topic.h"

#include <stdlib.h>
#include <string.h>

#define INGEST_PREFIX "$aws/rules/"

enum { MARK_UNKNOWN, MARK_ALLOWED, MARK_DENIED };
enum { FEW_IDS = 16 };

struct reserved {
    struct list link;
    char filter[];
};

struct hub {
    struct loop *loop;
    struct store *store;
    struct auth *auth;
    struct hub_opts opts;
    struct topic_tree *tree;
    struct retained *retained;
    struct sessions *sessions;
    struct list reserved; /* filters of services that clients may publish to */
    struct list holds;    /* decisions that are open */
};

/* A decision that is open: the publish itself and each holder count one. */
struct hub_hold {
    struct list link;
    struct loop_task task;
    struct loop *loop;
    unsigned count;
    int64_t commit;
    hub_held_cb held;
    void *arg;
};

struct nested {
    struct list link;
    struct msg *msg;
};

struct hub_pub {
    struct hub *hub;
    struct hub_hold *hold; /* NULL until somebody asks for it */
    hub_held_cb held;
    void *arg;
    int64_t commit;                    /* the highest so far, or the first error */
    bool promised;                     /* acknowledged already */
    bool again;                        /* sessions have had it before a crash */
    struct slice client_id, principal; /* the only receiver; ptr NULL: all */
    struct list nested;
};

static int64_t merge(int64_t a, int64_t b)
{
    if (a < 0) return a;
    if (b < 0) return b;
    return a > b ? a : b;
}

/* ---- holds ---- */

static void hold_free(struct hub_hold *hold)
{
    list_remove(&hold->link);
    free(hold);
}

static void on_decided(struct loop_task *task)
{
    struct hub_hold *hold = container_of(task, struct hub_hold, task);
    hold->held(hold->arg, hold->commit);
    hold_free(hold);
}

/* The hub ends: what is not decided never will be. */
static void drop_holds(struct hub *hub)
{
    while (!list_empty(&hub->holds)) {
        struct hub_hold *hold = container_of(hub->holds.next, struct hub_hold, link);
        loop_task_cancel(&hold->task);
        hold->held(hold->arg, ERR_CLOSED);
        hold_free(hold);
    }
}

struct hub_hold *hub_hold(struct hub_pub *pub)
{
    if (!pub->hold) {
        pub->hold = xnew(struct hub_hold);
        *pub->hold = (struct hub_hold){
            .loop = pub->hub->loop, .count = 1, .held = pub->held, .arg = pub->arg
        };
        loop_task_init(&pub->hold->task, on_decided);
        list_push_back(&pub->hub->holds, &pub->hold->link);
    }
    pub->hold->count++;
    return pub->hold;
}

void hub_release(struct hub_hold *hold, int64_t commit)
{
    hold->commit = merge(hold->commit, commit);
    if (--hold->count == 0) loop_defer(hold->loop, &hold->task);
}

/* The publish is through: decided now, or by the last holder. */
static int64_t settle(struct hub_pub *pub)
{
    struct hub_hold *hold = pub->hold;
    if (!hold) return pub->commit;
    if (hold->count == 1) { /* every holder has released meanwhile */
        int64_t commit = merge(hold->commit, pub->commit);
        hold_free(hold);
        return commit;
    }
    hub_release(hold, pub->commit);
    return HUB_HELD;
}

static void nobody_waits(void *arg, int64_t commit)
{
}

/* ---- delivering ---- */

static bool may_receive(struct hub *hub, const struct subscriber *owner,
                        struct topic_match_row *row, const struct msg *msg)
{
    if (owner->principal->kind == PRINCIPAL_SYSTEM) return true;
    if (row->mark == MARK_UNKNOWN || owner->principal->timed) {
        bool may = auth_may_receive(hub->auth, owner->principal, owner->conn, msg->topic);
        row->mark = may ? MARK_ALLOWED : MARK_DENIED;
    }
    return row->mark == MARK_ALLOWED;
}

bool hub_is_basic_ingest(struct slice topic)
{
    return slice_starts(topic, INGEST_PREFIX);
}

bool hub_is_own(const struct subscriber *subscriber, const struct msg *msg)
{
    return msg->over_mqtt && subscriber->conn && subscriber->conn->client_id &&
           slice_eq(slice_str(subscriber->conn->client_id), msg->client_id);
}

/* Subscription identifiers; on the heap when they are many. */
struct ids {
    uint32_t *at;
    size_t count, cap;
    uint32_t few[FEW_IDS];
};

static void add_id(struct ids *ids, uint32_t id)
{
    if (ids->count == ids->cap) {
        ids->cap *= 2;
        uint32_t *more = ids->at == ids->few ? NULL : ids->at;
        more = xrealloc(more, ids->cap * sizeof *more);
        if (ids->at == ids->few) memcpy(more, ids->few, sizeof ids->few);
        ids->at = more;
    }
    ids->at[ids->count++] = id;
}

static const struct sub_opts *opts_of(const struct topic_match_row *row)
{
    return &container_of(row->entry, struct subscription, entry)->opts;
}

/* What the subscriptions of one owner ask for, rows from..end. False: none of them wants the message. */
static bool merge_subs(const struct topic_match_row *from, const struct topic_match_row *end,
                       const struct msg *msg, struct ids *ids, struct delivery *how)
{
    const struct subscriber *owner = from->entry->owner;
    bool any = false;
    how->qos = 0;
    how->retain = false;
    ids->count = 0;
    for (const struct topic_match_row *row = from; row < end; row++) {
        const struct sub_opts *opts = opts_of(row);
        if (opts->no_local && hub_is_own(owner, msg)) continue; /* [MQTT-3.8.3-3] */
        any = true;
        if (opts->qos > how->qos) how->qos = opts->qos;
        how->retain |= opts->retain_as_published;
        if (opts->id) add_id(ids, opts->id);
    }
    how->ids = ids->at;
    how->id_count = ids->count;
    return any;
}

/* Most owners have one subscription, which asks for nothing but a QoS. */
static bool plain_sub(const struct topic_match_row *row, struct delivery *how)
{
    const struct sub_opts *opts = opts_of(row);
    if (opts->no_local || opts->id) return false;
    how->qos = opts->qos;
    how->retain = opts->retain_as_published;
    how->id_count = 0;
    return true;
}

static bool is_receiver(const struct hub_pub *pub, const struct subscriber *owner)
{
    return owner->conn && owner->conn->client_id &&
           slice_eq_str(pub->client_id, owner->conn->client_id) &&
           slice_eq_str(pub->principal, principal_identifier(owner->principal));
}

static void deliver_matches(struct hub_pub *pub, struct msg *msg)
{
    struct topic_match *match = topic_tree_match(pub->hub->tree, msg->topic);
    bool ingest = hub_is_basic_ingest(msg->topic);
    bool retain = msg->retain && !pub->hub->opts.no_retain;
    struct delivery how = { .promised = pub->promised, .again = pub->again, .pub = pub };
    struct ids ids;
    ids.at = ids.few;
    ids.cap = FEW_IDS;
    msg->wanted = match->count > 0;
    for (size_t i = 0, end; i < match->count; i = end) {
        struct topic_match_row *row = &match->rows[i];
        struct subscriber *owner = row->entry->owner; /* nothing is removed meanwhile: never NULL */
        for (end = i + 1; end < match->count && match->rows[end].entry->owner == owner;)
            end++;
        if (ingest && owner->principal->kind != PRINCIPAL_SYSTEM) continue;
        if (pub->client_id.ptr && !is_receiver(pub, owner)) continue;
        bool plain = end == i + 1 && plain_sub(row, &how);
        if (!plain && !merge_subs(row, &match->rows[end], msg, &ids, &how)) continue;
        how.retain &= retain;
        if (may_receive(pub->hub, owner, row, msg))
            pub->commit = merge(pub->commit, owner->ops->deliver(owner, msg, &how));
    }
    if (ids.at != ids.few) free(ids.at);
    topic_match_unref(match);
}

static void route_one(struct hub_pub *pub, struct msg *msg)
{
    if (!msg->fleeting) metrics_inc(METRIC_MESSAGES_IN);
    if (msg->retain && !pub->hub->opts.no_retain)
        pub->commit = merge(pub->commit, retained_put(pub->hub->retained, msg, pub->promised));
    deliver_matches(pub, msg);
}

void hub_publish_nested(struct hub_pub *pub, struct msg *msg)
{
    if (msg->hops > pub->hub->opts.max_hops) {
        metrics_inc(METRIC_HOPS_CUT);
        LOG(LOG_WARN, "hub", "republished too often, dropped", LOG_SLICE("topic", msg->topic),
            LOG_I("hops", msg->hops));
        return;
    }
    if (topic_name_check(msg->topic) < 0) {
        LOG(LOG_WARN, "hub", "dropped: its topic is no valid name", LOG_SLICE("topic", msg->topic));
        return;
    }
    struct nested *nested = xnew(struct nested);
    nested->msg = msg_ref(msg);
    list_push_back(&pub->nested, &nested->link);
}

static int64_t route(struct hub_pub *pub, struct msg *msg)
{
    list_init(&pub->nested);
    if (!pub->held) pub->held = nobody_waits;
    route_one(pub, msg);
    pub->again = false;
    for (struct list *link; (link = list_pop_front(&pub->nested));) {
        struct nested *nested = container_of(link, struct nested, link);
        route_one(pub, nested->msg);
        msg_unref(nested->msg);
        free(nested);
    }
    return settle(pub);
}

int64_t hub_route(struct hub *hub, struct msg *msg, hub_held_cb held, void *arg)
{
    struct hub_pub pub = { .hub = hub, .held = held, .arg = arg };
    return route(&pub, msg);
}

int64_t hub_route_promised(struct hub *hub, struct msg *msg, bool again, hub_held_cb held,
                           void *arg)
{
    struct hub_pub pub = {
        .hub = hub, .held = held ? held : nobody_waits, .arg = arg, .promised = true, .again = again
    };
    return route(&pub, msg);
}

void hub_publish_to(struct hub *hub, struct slice client_id, struct slice principal,
                    struct msg *msg)
{
    struct hub_pub pub = { .hub = hub, .client_id = client_id, .principal = principal };
    route(&pub, msg);
}

/* ---- permission ---- */

void hub_allow_reserved(struct hub *hub, const char *filter)
{
    size_t len = strlen(filter) + 1;
    struct reserved *reserved = xmalloc(sizeof *reserved + len);
    memcpy(reserved->filter, filter, len);
    list_push_back(&hub->reserved, &reserved->link);
}

static bool reserved_is_allowed(const struct hub *hub, struct slice topic)
{
    list_for_each(it, &hub->reserved) {
        if (topic_match(slice_str(container_of(it, struct reserved, link)->filter), topic))
            return true;
    }
    return false;
}

static int refuse(struct hub *hub, const struct principal *by, const struct auth_conn *conn,
                  const char *action, struct slice topic, const char *why, int rc)
{
    auth_log_refusal(hub->auth, by, conn, action, topic, why);
    return rc;
}

/* Why it is longer than topics may be; NULL: it is not. */
static const char *too_long(const struct hub *hub, struct slice topic)
{
    struct slice counted = topic_counted(topic);
    if (topic_levels(counted) > hub->opts.max_topic_levels)
        return "more levels than mqtt.max_topic_levels";
    if (counted.len > hub->opts.profile->max_topic) return "longer than hub.profile allows";
    return NULL;
}

int hub_authorize_publish(struct hub *hub, const struct principal *by, const struct auth_conn *conn,
                          struct slice topic, bool retain)
{
    if (topic_name_check(topic) < 0)
        return refuse(hub, by, conn, "iot:Publish", topic, "not a valid topic name", ERR_TOPIC);
    if (by->kind == PRINCIPAL_SYSTEM) return 0;
    const char *why = too_long(hub, topic);
    if (why) return refuse(hub, by, conn, "iot:Publish", topic, why, ERR_LIMIT);
    if (retain && hub->opts.no_retain)
        return refuse(hub, by, conn, "iot:RetainPublish", topic,
                      "mqtt.retain_available is off: nothing is retained", ERR_UNSUPPORTED);
    if (topic_is_reserved(topic) && !reserved_is_allowed(hub, topic))
        return refuse(hub, by, conn, "iot:Publish", topic,
                      "reserved topic: clients cannot publish to it", ERR_DENIED);
    int rc = auth_require(hub->auth, by, conn, POLICY_ACTION_PUBLISH, AUTH_TOPIC, topic);
    if (rc < 0 || !retain) return rc;
    if (topic_is_reserved(topic))
        return refuse(hub, by, conn, "iot:RetainPublish", topic,
                      "reserved topics are never retained", ERR_DENIED);
    return auth_require(hub->auth, by, conn, POLICY_ACTION_RETAIN_PUBLISH, AUTH_TOPIC, topic);
}

int hub_limit_payload(struct hub *hub, const struct principal *by, const struct auth_conn *conn,
                      const struct msg *msg)
{
    if (msg->payload.len <= hub->opts.profile->max_payload) return 0;
    return refuse(hub, by, conn, "iot:Publish", msg->topic,
                  "payload larger than hub.profile allows", ERR_TOO_LARGE);
}

/* Why the hub does not offer such subscriptions; NULL: it does. */
static const char *not_offered(const struct hub *hub, struct slice filter)
{
    if (hub->opts.no_shared && topic_is_shared(filter)) return "mqtt.shared_subscriptions is off";
    if (hub->opts.no_wildcards && topic_has_wildcard(filter))
        return "mqtt.wildcard_subscriptions is off";
    return NULL;
}

int hub_authorize_subscribe(struct hub *hub, const struct principal *by,
                            const struct auth_conn *conn, struct slice filter)
{
    if (topic_filter_check(filter) < 0)
        return refuse(hub, by, conn, "iot:Subscribe", filter, "not a valid topic filter",
                      ERR_TOPIC);
    const char *why = too_long(hub, filter);
    if (why) return refuse(hub, by, conn, "iot:Subscribe", filter, why, ERR_LIMIT);
    why = not_offered(hub, filter);
    if (why) return refuse(hub, by, conn, "iot:Subscribe", filter, why, ERR_UNSUPPORTED);
    if (!hub->opts.profile->reserved_filters && topic_is_reserved(filter) &&
        !slice_starts(filter, "$aws/") && !topic_is_shared(filter))
        return refuse(hub, by, conn, "iot:Subscribe", filter,
                      "reserved topic: hub.profile lets nobody subscribe to it", ERR_DENIED);
    struct slice group, plain = filter;
    topic_share_split(filter, &group, &plain);
    if (hub_is_basic_ingest(plain))
        return refuse(hub, by, conn, "iot:Subscribe", filter,
                      "basic ingest: nobody can subscribe to it", ERR_DENIED);
    return auth_require(hub->auth, by, conn, POLICY_ACTION_SUBSCRIBE, AUTH_TOPICFILTER, filter);
}

int64_t hub_publish(struct hub *hub, const struct principal *by, const struct auth_conn *conn,
                    struct msg *msg, hub_held_cb held, void *arg)
{
    int rc = hub_authorize_publish(hub, by, conn, msg->topic, msg->retain);
    if (rc == 0) rc = hub_limit_payload(hub, by, conn, msg);
    return rc < 0 ? rc : hub_route(hub, msg, held, arg);
}

bool hub_wants(struct hub *hub, struct slice topic)
{
    return topic_tree_wants(hub->tree, topic);
}

/* ---- subscribing ---- */

/* Where sensor/# does not match sensor, it is sensor/+/#. */
static int add_below(struct hub *hub, struct slice filter, struct subscription *subscription)
{
    struct buf text = { 0 };
    buf_append(&text, filter.ptr, filter.len - 1);
    buf_puts(&text, "+/#");
    int rc = topic_tree_add(hub->tree, buf_slice(&text), &subscription->entry);
    buf_deinit(&text);
    return rc;
}

int hub_subscribe(struct hub *hub, struct subscriber *subscriber, struct slice filter,
                  const struct sub_opts *opts, struct subscription *subscription)
{
    *subscription = (struct subscription){ .entry.owner = subscriber, .opts = *opts };
    bool below =
        filter.len > 2 && filter.ptr[filter.len - 2] == '/' && filter.ptr[filter.len - 1] == '#';
    if (hub->opts.profile->parent_matches || !below)
        return topic_tree_add(hub->tree, filter, &subscription->entry);
    return add_below(hub, filter, subscription);
}

void hub_unsubscribe(struct hub *hub, struct subscription *subscription)
{
    topic_tree_remove(hub->tree, &subscription->entry);
}

/* ---- retained messages ---- */

void hub_retained_match(struct hub *hub, struct slice filter, hub_retained_cb cb, void *arg)
{
    retained_match(hub->retained, filter, cb, arg);
}

int hub_retained_step(struct hub *hub, struct topic_map_iter *iter, size_t *budget,
                      struct msg **ret_msg)
{
    return retained_step(hub->retained, iter, budget, ret_msg);
}

struct msg *hub_retained_get(struct hub *hub, struct slice topic)
{
    return retained_get(hub->retained, topic);
}

int64_t hub_retained_remove(struct hub *hub, struct slice topic)
{
    return retained_remove(hub->retained, topic);
}

size_t hub_retained_count(const struct hub *hub)
{
    return retained_count(hub->retained);
}

size_t hub_retained_bytes(const struct hub *hub)
{
    return retained_bytes(hub->retained);
}

/* ---- life ---- */

void hub_forget_decisions(struct hub *hub)
{
    topic_tree_forget_marks(hub->tree);
}

static void on_policy_change(void *arg)
{
    hub_forget_decisions(arg);
}

int hub_create(struct hub **ret_hub, struct loop *loop, struct store *store, struct auth *auth,
               const struct hub_opts *opts, struct diag *diag)
{
    struct hub *hub = xnew(struct hub);
    hub->loop = loop;
    hub->store = store;
    hub->auth = auth;
    hub->opts = *opts;
    if (!opts->profile) hub->opts.profile = &mqtt_profile_standard;
    list_init(&hub->reserved);
    list_init(&hub->holds);
    hub->tree = topic_tree_create(&(struct topic_tree_opts){
        .cache_entries = opts->match_cache }); /* levels are limited where clients subscribe */
    int rc = retained_create(&hub->retained, loop, store, opts->max_retained,
                             opts->max_retained_bytes, diag);
    if (rc < 0) goto destroy_tree;
    rc = sessions_create(&hub->sessions, hub, diag);
    if (rc < 0) goto destroy_retained;
    auth_on_policy_change(auth, on_policy_change, hub);
    *ret_hub = hub;
    return 0;

destroy_retained:
    retained_destroy(hub->retained);
destroy_tree:
    topic_tree_destroy(hub->tree);
    free(hub);
    return rc;
}

void hub_start(struct hub *hub)
{
    sessions_start(hub->sessions);
}

void hub_set_opts(struct hub *hub, const struct hub_opts *opts)
{
    const struct mqtt_profile *profile = hub->opts.profile;
    hub->opts = *opts;
    hub->opts.profile = profile;
    retained_set_max(hub->retained, opts->max_retained, opts->max_retained_bytes);
    sessions_set_opts(hub->sessions);
}

void hub_flush(struct hub *hub)
{
    retained_flush(hub->retained);
}

void hub_destroy(struct hub *hub)
{
    if (!hub) return;
    auth_on_policy_change(hub->auth, NULL, NULL);
    drop_holds(hub);
    sessions_destroy(hub->sessions);
    retained_destroy(hub->retained);
    topic_tree_destroy(hub->tree);
    list_for_each_safe(it, &hub->reserved)
        free(container_of(it, struct reserved, link));
    free(hub);
}

uint8_t hub_max_hops(const struct hub *hub)
{
    return hub->opts.max_hops;
}

struct loop *hub_loop(struct hub *hub)
{
    return hub->loop;
}

struct store *hub_store(struct hub *hub)
{
    return hub->store;
}

struct auth *hub_auth(struct hub *hub)
{
    return hub->auth;
}

const struct mqtt_profile *hub_profile(const struct hub *hub)
{
    return hub->opts.profile;
}

const struct hub_opts *hub_opts(const struct hub *hub)
{
    return &hub->opts;
}

struct sessions *hub_sessions(struct hub *hub)
{
    return hub->sessions;
}
