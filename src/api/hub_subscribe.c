/* hub_subscribe.c — GET /hub/subscribe: what MQTT clients would get for these filters, as server-sent events
 * (WHATWG HTML, "Server-sent events"), for as long as somebody reads.
 *
 *   request ─► filters ─► (each) authorise ─► head ─► subscribe ─► retained messages, live messages ─► end
 *
 * It is a subscriber with QoS 0: what is sent is sent once, nothing is kept for a reader that is away, and
 * Last-Event-ID of a reader that comes back is of no use; it gets what is retained again.
 *
 * The text of a message is made once for all readers, and shared. A reader that is too slow costs a bounded amount of
 * memory: when more than events_buffer waits for it, or something does and limits.memory is reached, messages are
 * dropped and counted, until half of that is taken. An event says how many were dropped; it stands where they would
 * have stood.
 *
 * Retained messages are looked up in portions, as for sessions, and no faster than the reader takes them; they are
 * not dropped. Live messages do not wait for the end of that. So that a topic does not go back in time, one that
 * comes before the walk has reached its topic is preceded by what is retained there, and the walk passes the topic
 * over then (`early`).
 *
 *  I1  What has a topic comes in the order in which it was published; a retained message at most once.
 *  I2  An id is the number of the message in its stream, those dropped counted: they leave a gap.
 *  I3  A feed has its call unanswered; both end together.
 *  I4  Nothing is sent that iot:Receive does not allow at that time. The stream ends when its principal becomes
 *      invalid or loses iot:Subscribe for one of the filters. */
#include "api/api_priv.h"

#include "base/budget.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "http/query.h"
#include "hub/hub.h"
#include "net/stream.h"
#include "topic/topic.h"
#include "topic/topic_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* MOST_FILTERS: each retained message is held against them; TEXT_KEPT: memory for an event that is kept for the
 * next one; EARLY_COST: of a topic that is remembered, besides its name */
enum { MOST_FILTERS = 100, PORTION = 1000, PAUSE_MS = 1, TEXT_KEPT = 64 << 10, EARLY_COST = 64 };

struct filter {
    struct subscription subscription;
    struct slice text; /* in the arena of the exchange */
    bool walks;        /* what is retained is asked for */
};

struct feed {
    struct subscriber subscriber; /* first */
    struct api_call *call;
    struct list open;
    struct filter *filters;
    size_t count;
    struct auth_watch watch;
    struct loop_timer heartbeat;

    /* the walk */
    struct list walking;
    size_t at; /* the filter whose retained messages are looked up; count: it is over */
    struct topic_map_iter iter;
    struct buf last;  /* the last topic that was found for it */
    struct map early; /* topics that had a live message before the walk has come to them */
    size_t early_bytes;

    /* what is sent */
    uint64_t id;     /* of the last message */
    int64_t missed;  /* dropped, and not told yet */
    int64_t dropped; /* in all */
    size_t left;     /* http_pending when it was last looked at */
    bool takes;      /* the reader has taken something since `patience` was started */
    struct loop_timer patience;
};

static const struct api_opts *opts_of(const struct feed *feed)
{
    return &feed->call->api->opts;
}

/* ---- sending ---- */

static void look(struct feed *feed)
{
    size_t pending = http_pending(feed->call->exchange);
    if (!pending || pending < feed->left) feed->takes = true;
    feed->left = pending;
}

/* tail: what other readers get too, behind the text; NULL: nothing. */
static void put(struct feed *feed, struct slice text, struct chunk *tail)
{
    look(feed);
    if (tail)
        http_write_shared(feed->call->exchange, text, tail);
    else
        http_write(feed->call->exchange, text.ptr, text.len);
    feed->left = http_pending(feed->call->exchange);
}

/* The buffer for an event; it goes out and is empty again by put_text. */
static struct buf *text_of(struct feed *feed)
{
    return &feed->call->api->feeds.text;
}

static void empty(struct buf *text)
{
    buf_clear(text);
    if (text->cap > TEXT_KEPT) buf_deinit(text);
}

static void put_text(struct feed *feed)
{
    put(feed, buf_slice(text_of(feed)), NULL);
    empty(text_of(feed));
}

static bool has_room(const struct feed *feed)
{
    size_t pending = http_pending(feed->call->exchange), most = opts_of(feed)->events_buffer;
    if (!pending) return true; /* one message, which all readers share */
    return !budget_over() && pending < (feed->missed ? most / 2 : most);
}

static void miss(struct feed *feed)
{
    feed->id++;
    feed->missed++;
    feed->dropped++;
    metrics_inc(METRIC_EVENTS_DROPPED);
}

static void tell_missed(struct feed *feed)
{
    if (!feed->missed) return;
    buf_printf(text_of(feed), "event: dropped\ndata: {\"count\":%lld,\"total\":%lld}\n\n",
               (long long)feed->missed, (long long)feed->dropped);
    put_text(feed);
    feed->missed = 0;
}

static void forget(struct feeds *feeds)
{
    chunk_unref(feeds->data);
    msg_unref(feeds->of);
    feeds->data = NULL;
    feeds->of = NULL;
}

static void on_forget(struct loop_task *task)
{
    forget(container_of(task, struct feeds, forget));
}

/* Made once for all readers that get it in this turn: what differs between them is its number. */
static struct chunk *data_of(struct feed *feed, struct msg *msg, bool retain)
{
    struct feeds *feeds = &feed->call->api->feeds;
    struct buf *text = text_of(feed);
    if (feeds->of == msg && feeds->of_retained == retain) return feeds->data;
    forget(feeds);
    api_put_event_data(text, msg, retain);
    feeds->data = chunk_create(text->len);
    memcpy(feeds->data->data, text->data, text->len);
    empty(text);
    feeds->of = msg_ref(msg);
    feeds->of_retained = retain;
    loop_defer(feed->call->api->loop, &feeds->forget);
    return feeds->data;
}

static void send_message(struct feed *feed, struct msg *msg, bool retain)
{
    char head[64];
    tell_missed(feed);
    int len =
        snprintf(head, sizeof head, "event: message\nid: %llu\n", (unsigned long long)++feed->id);
    put(feed, slice_of(head, (size_t)len), data_of(feed, msg, retain));
    metrics_inc(METRIC_EVENTS_OUT);
}

/* ---- retained messages ---- */

static bool is_walking(const struct feed *feed)
{
    return feed->at < feed->count;
}

/* The filter for which the walk finds the topic; count: for none. */
static size_t filter_of(const struct feed *feed, struct slice topic)
{
    size_t i = 0;
    while (i < feed->count &&
           !(feed->filters[i].walks && topic_match(feed->filters[i].text, topic)))
        i++;
    return i;
}

/* Is the walk still to come to this topic? */
static bool lies_ahead(const struct feed *feed, struct slice topic)
{
    size_t i = filter_of(feed, topic);
    if (i == feed->count || map_get(&feed->early, topic)) return false;
    return i > feed->at || (i == feed->at && topic_map_order(topic, buf_slice(&feed->last)) > 0);
}

static void walk_from(struct feed *feed, size_t at)
{
    while (at < feed->count && !feed->filters[at].walks)
        at++;
    feed->at = at;
    topic_map_iter_deinit(&feed->iter);
    buf_clear(&feed->last);
    if (is_walking(feed)) {
        topic_map_iter_init(&feed->iter, feed->filters[at].text);
    } else {
        map_deinit(&feed->early);
        feed->early_bytes = 0;
    }
}

static void walk_later(struct feed *feed)
{
    struct feeds *feeds = &feed->call->api->feeds;
    if (!is_walking(feed) || !list_empty(&feed->walking)) return;
    list_push_back(&feeds->walking, &feed->walking);
    if (!loop_timer_active(&feeds->timer)) loop_timer_start(&feeds->timer, 0);
}

static bool may_receive(const struct feed *feed, struct slice topic)
{
    return auth_may_receive(opts_of(feed)->auth, feed->subscriber.principal, feed->subscriber.conn,
                            topic);
}

static void send_found(struct feed *feed, struct msg *msg)
{
    buf_clear(&feed->last);
    buf_put_slice(&feed->last, msg->topic);
    if (filter_of(feed, msg->topic) != feed->at || map_get(&feed->early, msg->topic)) return;
    if (may_receive(feed, msg->topic)) send_message(feed, msg, true);
}

/* True: the budget is spent. False: the walk is over, or waits for on_drained. */
static bool walk(struct feed *feed, size_t *budget)
{
    while (is_walking(feed) && has_room(feed)) {
        struct msg *msg;
        int rc = hub_retained_step(opts_of(feed)->hub, &feed->iter, budget, &msg);
        if (rc == ERR_BUSY) return true;
        if (rc == 0)
            walk_from(feed, feed->at + 1);
        else
            send_found(feed, msg);
    }
    return false;
}

static void on_walk(struct loop_timer *timer)
{
    struct feeds *feeds = container_of(timer, struct feeds, timer);
    size_t budget = PORTION;
    for (struct list *link; (link = list_pop_front(&feeds->walking));) {
        if (!walk(container_of(link, struct feed, walking), &budget)) continue;
        list_push_back(&feeds->walking, link);
        loop_timer_start(timer, PAUSE_MS);
        return;
    }
}

/* ---- live messages ---- */

/* False: too many topics have to be remembered. */
static bool send_before(struct feed *feed, const struct msg *msg)
{
    size_t bytes = msg->topic.len + EARLY_COST;
    if (feed->early_bytes + bytes > opts_of(feed)->events_buffer) return false;
    feed->early_bytes += bytes;
    map_put(&feed->early, msg->topic, feed);
    struct msg *retained = hub_retained_get(opts_of(feed)->hub, msg->topic);
    if (retained && retained != msg) send_message(feed, retained, true);
    return true;
}

static int64_t deliver(struct subscriber *subscriber, struct msg *msg, const struct delivery *how)
{
    struct feed *feed = container_of(subscriber, struct feed, subscriber);
    bool sent = has_room(feed);
    if (sent && is_walking(feed) && lies_ahead(feed, msg->topic)) sent = send_before(feed, msg);
    if (sent)
        send_message(feed, msg, false);
    else
        miss(feed);
    return 0;
}

static const struct subscriber_ops feed_ops = { .deliver = deliver };

/* ---- the end ---- */

static void feed_free(struct feed *feed)
{
    free(feed->filters);
    free(feed);
}

static void feed_stop(struct feed *feed)
{
    struct api *api = feed->call->api;
    for (size_t i = 0; i < feed->count; i++)
        hub_unsubscribe(api->opts.hub, &feed->filters[i].subscription);
    api->feeds.count--;
    metrics_set(METRIC_EVENT_STREAMS, (int64_t)api->feeds.count);
    loop_timer_stop(&feed->heartbeat);
    loop_timer_stop(&feed->patience);
    auth_unwatch(&feed->watch);
    list_remove(&feed->open);
    list_remove(&feed->walking);
    topic_map_iter_deinit(&feed->iter);
    buf_deinit(&feed->last);
    map_deinit(&feed->early);
    feed_free(feed);
}

static void log_end(const struct feed *feed, const char *why)
{
    LOG(LOG_INFO, "api", "event stream ended", LOG_S("request", feed->call->exchange->request_id),
        LOG_S("principal", feed->call->principal->label), LOG_S("reason", why),
        LOG_I("sent", (int64_t)feed->id - feed->dropped), LOG_I("dropped", feed->dropped));
}

static void on_gone(void *arg)
{
    struct feed *feed = arg;
    struct api_call *call = feed->call;
    log_end(feed, "the reader has gone");
    feed_stop(feed);
    api_answer_gone(call);
}

static void end(struct feed *feed, const char *why)
{
    struct api_call *call = feed->call;
    tell_missed(feed);
    buf_puts(text_of(feed), "event: end\ndata: {\"reason\":");
    json_print_str(text_of(feed), slice_str(why));
    buf_puts(text_of(feed), "}\n\n");
    put_text(feed);
    log_end(feed, why);
    feed_stop(feed);
    api_answer_end(call);
}

static void on_drained(void *arg)
{
    struct feed *feed = arg;
    tell_missed(feed);
    walk_later(feed);
}

static const struct http_body_cbs feed_cbs = { .on_drained = on_drained, .on_gone = on_gone };

static void on_heartbeat(struct loop_timer *timer)
{
    struct feed *feed = container_of(timer, struct feed, heartbeat);
    loop_timer_start(timer, opts_of(feed)->events_heartbeat_ms);
    if (!http_pending(feed->call->exchange)) put(feed, SLICE_LIT(":\n\n"), NULL);
}

static void on_patience(struct loop_timer *timer)
{
    struct feed *feed = container_of(timer, struct feed, patience);
    look(feed);
    if (!feed->takes) {
        end(feed, "Nothing was read for too long");
        return;
    }
    feed->takes = false;
    loop_timer_start(timer, opts_of(feed)->events_timeout_ms);
}

/* The first filter that may not be subscribed to (any more); count: none. The refusal is logged. */
static size_t find_refused(struct api_call *call, const struct filter *filters, size_t count,
                           int *ret_rc)
{
    for (size_t i = 0; i < count; i++) {
        *ret_rc = hub_authorize_subscribe(call->api->opts.hub, call->principal, &call->conn,
                                          filters[i].text);
        if (*ret_rc < 0) return i;
    }
    return count;
}

static void on_change(struct auth_watch *watch, struct principal *principal)
{
    struct feed *feed = container_of(watch, struct feed, watch);
    int rc;
    if (!principal->valid)
        end(feed, "The credential is not valid any more");
    else if (find_refused(feed->call, feed->filters, feed->count, &rc) < feed->count)
        end(feed, "iot:Subscribe is not allowed any more");
}

/* ---- the request ---- */

static bool has_filter(const struct filter *filters, size_t count, struct slice text)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(filters[i].text, text)) return true;
    return false;
}

static int check_filter(struct slice text, struct diag *diag)
{
    if (topic_is_shared(text))
        return diag_set(diag, ERR_INVALID,
                        "Shared subscriptions are for MQTT clients: a stream has all messages");
    if (topic_filter_check(text) < 0)
        return diag_set(diag, ERR_INVALID, "filter is no valid topic filter: %.*s",
                        text.len > 200 ? 200 : (int)text.len, text.ptr);
    return 0;
}

/* filters: room for `most`. */
static int read_filters(struct http_exchange *exchange, struct filter *filters, size_t most,
                        size_t *ret_count, struct diag *diag)
{
    struct slice text, query = exchange->request->query;
    size_t count = 0;
    for (size_t n = 0;; n++) {
        int rc = http_query_nth(query, "filter", n, &exchange->arena, &text);
        if (rc == ERR_NOT_FOUND) break;
        rc = rc == 0 ? check_filter(text, diag)
                     : diag_set(diag, ERR_INVALID, "The query has a malformed percent-escape");
        if (rc < 0) return rc;
        if (has_filter(filters, count, text)) continue;
        if (count == most)
            return diag_set(diag, ERR_INVALID, "A stream has at most %zu filters", most);
        filters[count++].text = text;
    }
    *ret_count = count;
    return count ? 0 : diag_set(diag, ERR_INVALID, "filter is needed; '#' stands for all");
}

static bool wants_retained(const struct hub *hub, struct slice filter)
{
    if (hub_opts(hub)->no_retain) return false;
    return hub_profile(hub)->retained_for_wildcards || !topic_has_wildcard(filter);
}

static int read_request(struct api_call *call, struct filter *filters, size_t *ret_count,
                        struct diag *diag)
{
    const struct hub *hub = call->api->opts.hub;
    size_t most = hub_opts(hub)->max_subscriptions;
    bool retained = true;
    int rc = read_filters(call->exchange, filters, most < MOST_FILTERS ? most : MOST_FILTERS,
                          ret_count, diag);
    if (rc == 0 && json_get(call->params, "retained"))
        rc = api_param_bool(call->params, "retained", &retained, diag);
    for (size_t i = 0; i < *ret_count && rc == 0; i++)
        filters[i].walks = retained && wants_retained(hub, filters[i].text);
    return rc;
}

static void answer_refused(struct api_call *call, int rc, struct slice filter)
{
    static const struct {
        int rc;
        int status;
        const char *error;
        const char *text;
    } rows[] = {
        { ERR_DENIED, 403, "ForbiddenException", "iot:Subscribe is not allowed" },
        { ERR_LIMIT, 400, "InvalidRequestException",
          "A filter may not be so long, or have so many levels" },
        { ERR_UNSUPPORTED, 400, "InvalidRequestException", "Wildcards are not offered" },
        { 0, 400, "InvalidRequestException", "No filter that can be used" },
    };
    size_t i = 0;
    struct diag diag = DIAG_INIT;
    while (rows[i].rc && rows[i].rc != rc)
        i++;
    diag_set(&diag, rc, "%s: %.*s", rows[i].text, filter.len > 200 ? 200 : (int)filter.len,
             filter.ptr);
    api_fail_as(call, rows[i].status, rows[i].error, diag.text);
}

static void subscribe_all(struct feed *feed)
{
    for (size_t i = 0; i < feed->count; i++) {
        struct filter *filter = &feed->filters[i];
        int rc = hub_subscribe(opts_of(feed)->hub, &feed->subscriber, filter->text,
                               &(struct sub_opts){ .qos = 0 }, &filter->subscription);
        if (rc < 0) BUG("a filter that was checked: %s", err_text(rc));
    }
}

/* Nobody knows of it before feed_start. */
static struct feed *feed_create(struct api_call *call, const struct filter *filters, size_t count)
{
    struct feed *feed = xnew(struct feed);
    feed->subscriber = (struct subscriber){ &feed_ops, call->principal, &call->conn };
    feed->call = call;
    feed->filters = xcalloc(count, sizeof *filters);
    memcpy(feed->filters, filters, count * sizeof *filters);
    feed->count = count;
    feed->takes = true;
    return feed;
}

static void feed_start(struct feed *feed)
{
    struct api *api = feed->call->api;
    LOG(LOG_INFO, "api", "event stream", LOG_S("request", feed->call->exchange->request_id),
        LOG_S("principal", feed->call->principal->label), LOG_S("peer", feed->call->source_ip),
        LOG_SLICE("filter", feed->filters[0].text), LOG_I("filters", feed->count));
    list_init(&feed->walking);
    list_push_back(&api->feeds.open, &feed->open);
    api->feeds.count++;
    metrics_set(METRIC_EVENT_STREAMS, (int64_t)api->feeds.count);
    loop_timer_init(&feed->heartbeat, api->loop, on_heartbeat);
    loop_timer_init(&feed->patience, api->loop, on_patience);
    auth_watch_principal(feed->call->principal, &feed->watch, on_change);
    put(feed, SLICE_LIT("retry: 3000\n\n"), NULL);
    loop_timer_start(&feed->heartbeat, opts_of(feed)->events_heartbeat_ms);
    if (opts_of(feed)->events_timeout_ms > 0)
        loop_timer_start(&feed->patience, opts_of(feed)->events_timeout_ms);
    subscribe_all(feed);
    walk_from(feed, 0);
    walk_later(feed);
}

/* Who has no credential leaves a quarter to those who have one. */
static size_t most_feeds(const struct api_call *call)
{
    size_t most = call->api->opts.max_event_streams;
    return call->principal->kind == PRINCIPAL_ANONYMOUS ? most - most / 4 : most;
}

static void open_feed(struct api_call *call, const struct filter *filters, size_t count)
{
    static const struct http_header_out headers[] = {
        { "Cache-Control", "no-store" },
        { "X-Accel-Buffering", "no" },
    };
    const struct feeds *feeds = &call->api->feeds;
    if (feeds->closed || feeds->count >= most_feeds(call)) {
        api_fail_as(call, 503, "ServiceUnavailableException",
                    feeds->closed ? "The hub stops"
                                  : "As many event streams are open as http.max_event_streams has");
        return;
    }
    struct feed *feed = feed_create(call, filters, count);
    if (api_answer_begin(call, "text/event-stream", headers, ARRAY_LEN(headers), &feed_cbs, feed))
        feed_start(feed);
    else
        feed_free(feed);
}

void hub_stream_events(struct api_call *call)
{
    struct filter filters[MOST_FILTERS] = { 0 };
    struct diag diag = DIAG_INIT;
    size_t count = 0;
    int rc = read_request(call, filters, &count, &diag);
    if (rc < 0) {
        api_fail(call, rc, diag_text(&diag, rc), NULL);
        return;
    }
    size_t refused = find_refused(call, filters, count, &rc);
    if (refused < count)
        answer_refused(call, rc, filters[refused].text);
    else
        open_feed(call, filters, count);
}

/* ---- all of them ---- */

void hub_feeds_init(struct api *api)
{
    list_init(&api->feeds.open);
    list_init(&api->feeds.walking);
    loop_timer_init(&api->feeds.timer, api->loop, on_walk);
    loop_task_init(&api->feeds.forget, on_forget);
}

void hub_feeds_stop(struct api *api)
{
    api->feeds.closed = true;
    list_for_each_safe(it, &api->feeds.open)
        end(container_of(it, struct feed, open), "The hub stops");
    loop_timer_stop(&api->feeds.timer);
}

void hub_feeds_deinit(struct api *api)
{
    loop_task_cancel(&api->feeds.forget);
    forget(&api->feeds);
    buf_deinit(&api->feeds.text);
}
