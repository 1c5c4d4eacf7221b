/* hub_retained.c — retained messages by filter: a page of them, and their removal.
 *
 * There may be a great many, and a filter may match few of them: so both are walks, in portions of a
 * bounded number of topics, with a pause between them in which the loop does its other work. A removal
 * also pauses while the store is behind. Subscribers are not told of it: who wants that publishes an empty
 * retained message.
 *
 *  I1  A walk ends with its call: it answers it, or finds it answered (too late, or the hub stops).
 *  I2  A page is full before its last topic is known to be the last: the topic behind it says that there
 *      is more. */
#include "api/api_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "topic/topic.h"
#include "topic/topic_map.h"

#include <stdlib.h>

enum {
    PAGE_USUAL = 100,
    PAGE_MOST = 1000,
    NAMED_MOST = 1000, /* topics that the answer to a removal names; it counts all */
    PORTION = 500,
    PAUSE_MS = 1,
    BUSY_MS = 20,
};

enum walk_kind { WALK_LIST, WALK_COUNT, WALK_REMOVE };

struct walk {
    struct list link;
    struct api_call *call;
    struct topic_map_iter iter;
    struct loop_timer timer;
    enum walk_kind kind;
    struct json *topics;
    size_t want; /* of a page */
    int64_t count;
    int64_t commit;
};

static void walk_free(struct walk *walk)
{
    list_remove(&walk->link);
    loop_timer_stop(&walk->timer);
    topic_map_iter_deinit(&walk->iter);
    json_free(walk->topics);
    free(walk);
}

/* ---- a portion ---- */

static void describe(struct json *topics, const struct msg *msg)
{
    struct json *one = json_push(topics, json_new_object());
    json_set(one, "topic", json_new_slice(msg->topic));
    json_set_int(one, "payloadSize", (int64_t)msg->payload.len);
    json_set_int(one, "qos", msg->qos);
    api_set_time(one, "publishedAt", msg->at_ms);
}

/* False: the page is full. */
static bool take(struct walk *walk, struct msg *msg)
{
    if (walk->kind == WALK_LIST) {
        if (json_count(walk->topics) == walk->want) return false;
        describe(walk->topics, msg);
        return true;
    }
    walk->count++;
    if (walk->count <= NAMED_MOST) json_push(walk->topics, json_new_slice(msg->topic));
    if (walk->kind == WALK_REMOVE)
        walk->commit = hub_retained_remove(walk->call->api->opts.hub, msg->topic);
    return true;
}

/* 1: a page is full, 0: at the end, ERR_BUSY: go on later. */
static int take_portion(struct walk *walk)
{
    const struct api *api = walk->call->api;
    if (walk->kind == WALK_REMOVE && store_busy(api->opts.store)) return ERR_BUSY;
    size_t budget = PORTION;
    struct msg *msg;
    int rc;
    while ((rc = hub_retained_step(api->opts.hub, &walk->iter, &budget, &msg)) == 1)
        if (!take(walk, msg)) break;
    return rc;
}

/* ---- the end of a walk ---- */

static struct json *page_of(struct walk *walk, bool more)
{
    struct json *result = json_new_object();
    struct json *topics = json_set(result, "retained", walk->topics);
    walk->topics = NULL;
    if (more) api_page_next(result, json_get_str(json_at(topics, json_count(topics) - 1), "topic"));
    return result;
}

static struct json *removal_of(struct walk *walk)
{
    struct json *result = json_new_object();
    json_set_bool(result, "dryRun", walk->kind == WALK_COUNT);
    json_set_int(result, "count", walk->count);
    json_set_bool(result, "truncated", walk->count > NAMED_MOST);
    json_set(result, "topics", walk->topics);
    walk->topics = NULL;
    return result;
}

/* The answer has waited in the place of the parameters. */
static void answer_removal(struct api_call *call)
{
    struct json *result = call->params;
    call->params = NULL;
    api_answer_json(call, 200, result);
}

static void finish(struct walk *walk, bool more)
{
    struct api_call *call = walk->call;
    int64_t commit = walk->commit;
    bool list = walk->kind == WALK_LIST;
    struct json *result = list ? page_of(walk, more) : removal_of(walk);
    walk_free(walk);
    api_end(call);
    if (list) {
        api_answer_json(call, 200, result);
        return;
    }
    json_free(call->params);
    call->params = result;
    api_wait_commit(call, commit, answer_removal);
}

static void go_on(struct walk *walk)
{
    int rc = take_portion(walk);
    if (rc == ERR_BUSY)
        loop_timer_start(&walk->timer,
                         store_busy(walk->call->api->opts.store) ? BUSY_MS : PAUSE_MS);
    else
        finish(walk, rc == 1);
}

/* Whoever asked has gone, or the hub stops. */
static void abandon(struct walk *walk)
{
    struct api_call *call = walk->call;
    walk_free(walk);
    api_end(call);
}

static void on_timer(struct loop_timer *timer)
{
    struct walk *walk = container_of(timer, struct walk, timer);
    if (walk->call->exchange)
        go_on(walk);
    else
        abandon(walk);
}

void hub_retained_stop(struct api *api)
{
    list_for_each_safe(it, &api->walks)
        abandon(container_of(it, struct walk, link));
}

static void start(struct api_call *call, const char *filter, const char *after, enum walk_kind kind,
                  size_t want)
{
    struct walk *walk = xnew(struct walk);
    walk->call = call;
    walk->kind = kind;
    walk->want = want;
    walk->topics = json_new_array();
    topic_map_iter_init(&walk->iter, slice_str(filter));
    if (after) topic_map_iter_seek(&walk->iter, slice_str(after));
    loop_timer_init(&walk->timer, call->api->loop, on_timer);
    list_push_back(&call->api->walks, &walk->link);
    api_begin(call);
    go_on(walk);
}

/* ---- the operations ---- */

static int read_filter(const struct json *params, const char *fallback, const char **ret_filter,
                       struct diag *diag)
{
    const char *filter = json_get_str(params, "filter");
    if (!filter) filter = fallback;
    if (!filter) return diag_set(diag, ERR_INVALID, "filter is needed; '#' stands for all");
    if (topic_filter_check(slice_str(filter)) < 0)
        return diag_set(diag, ERR_INVALID, "filter is no valid topic filter");
    *ret_filter = filter;
    return 0;
}

void hub_list_retained(struct api_call *call)
{
    struct diag diag = DIAG_INIT;
    const char *filter = NULL;
    int64_t want = 0;
    char *after = NULL;
    int rc = read_filter(call->params, "#", &filter, &diag);
    if (rc == 0)
        rc = api_param_int(call->params, "maxResults", 1, PAGE_MOST, PAGE_USUAL, &want, &diag);
    if (rc == 0) rc = api_page_after(call->params, "nextToken", &after, &diag);
    if (rc < 0)
        api_fail(call, rc, diag_text(&diag, rc), NULL);
    else
        start(call, filter, after, WALK_LIST, (size_t)want);
    free(after);
}

static bool is_sys(const char *filter)
{
    struct slice text = slice_str(filter);
    return slice_eq_str(text, "$SYS") || slice_starts(text, "$SYS/");
}

void hub_purge_retained(struct api_call *call)
{
    struct diag diag = DIAG_INIT;
    const char *filter = NULL;
    bool dry = false;
    int rc = read_filter(call->params, NULL, &filter, &diag);
    if (rc == 0) rc = api_param_bool(call->params, "dryRun", &dry, &diag);
    if (rc == 0 && is_sys(filter))
        rc = diag_set(&diag, ERR_INVALID, "What is below $SYS is the hub's own");
    if (rc < 0)
        api_fail(call, rc, diag_text(&diag, rc), NULL);
    else
        start(call, filter, NULL, dry ? WALK_COUNT : WALK_REMOVE, 0);
}
