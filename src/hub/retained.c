/* retained.c — the last message of each topic.
 * Reads are served from memory; every change is queued to the store. A message of QoS 1 or 2 is queued at
 * once, since its acknowledgement waits for it; one of QoS 0 is written at most once a second per topic,
 * which spares SD cards under chatty sensors.
 *  I1  A topic has at most one entry, and its payload is not empty.
 *  I2  Map and table are equal when nothing is dirty and the store has caught up.
 *  I3  At most one write of a topic that is there waits in the batch being built: a younger one replaces
 *      it. What was never written needs no removal. So the writes that wait for a failing store are
 *      bounded by store_busy() and the number of topics.
 *  I4  What is fleeting (a figure of the hub itself) is in the map alone: no row, no write, no limit.
 *  I5  One that has expired is not seen by anybody (MQTT 5.0, section 3.3.2.3.3). It goes when somebody has
 *      looked for it, or within a minute or two: a sweep in portions, only while there are any that expire.
 * Why not read from SQLite: a subscribe to '#' would hold the loop for the length of a table scan. */
#include "hub/retained.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "loop/loop.h"
#include "store/db.h"
#include "store/store.h"
#include "topic/topic_map.h"

#include <stdlib.h>

enum { COALESCE_MS = 1000, SWEEP_MS = 60000, SWEEP_MOST = 1000, SWEEP_PAUSE_MS = 1 };

struct write {
    struct store_req req; /* first */
    struct entry *entry;  /* NULL once the entry is gone or has a younger write */
    struct msg *msg;      /* topic, and payload unless removed */
    bool removal;
    struct buf data;
};

struct entry {
    struct msg *msg;
    struct write *write; /* the last one submitted, until it is done */
    bool stored;         /* it has, or may have, a row */
    struct list dirty;   /* waits to be coalesced */
    struct list all;
};

struct retained {
    struct loop *loop;
    struct store *store;
    struct topic_map *map;
    struct list all;
    struct list dirty;
    struct loop_timer timer;
    size_t max_count;
    size_t max_bytes;
    size_t bytes;      /* of the messages, */
    size_t fleeting;   /* but for so many that are fleeting */
    size_t mortal;     /* so many expire */
    struct list swept; /* in `all`: the sweep has come so far */
    struct loop_timer sweep;
    struct log_pace refusals;
    int64_t removed_in; /* commit of the last removal */
};

/* ---- writing ---- */

static int run_write(struct store_req *req, struct db *db)
{
    struct write *write = container_of(req, struct write, req);
    struct db_stmt *q =
        db_query(db, write->removal ? "DELETE FROM retained WHERE topic = ?1"
                                    : "INSERT INTO retained (topic, data) VALUES (?1, ?2) "
                                      "ON CONFLICT (topic) DO UPDATE SET data = ?2");
    db_bind_slice(q, 1, write->msg->topic);
    if (!write->removal) db_bind_blob(q, 2, buf_slice(&write->data));
    return db_exec(q);
}

static void write_free(struct write *write)
{
    if (write->entry && write->entry->write == write) write->entry->write = NULL;
    msg_unref(write->msg);
    buf_deinit(&write->data);
    free(write);
}

static void on_written(struct store_req *req, int rc)
{
    write_free(container_of(req, struct write, req));
}

static int64_t submit(struct retained *retained, struct entry *entry, struct msg *msg, bool removal)
{
    if (entry->write && store_cancel(retained->store, &entry->write->req)) write_free(entry->write);
    if (entry->write) entry->write->entry = NULL;
    struct write *write = xnew(struct write);
    write->req = (struct store_req){ .run = run_write, .done = on_written, .single = true };
    write->msg = msg_ref(msg);
    write->removal = removal;
    if (!removal) msg_save(msg, &write->data);
    write->req.bytes = write->data.len;
    write->entry = removal ? NULL : entry;
    entry->write = removal ? NULL : write;
    list_remove(&entry->dirty);
    entry->stored = true;
    return store_submit(retained->store, &write->req);
}

void retained_flush(struct retained *retained)
{
    while (!list_empty(&retained->dirty)) {
        struct entry *entry = container_of(retained->dirty.next, struct entry, dirty);
        submit(retained, entry, entry->msg, false);
    }
}

static void on_coalesced(struct loop_timer *timer)
{
    struct retained *retained = container_of(timer, struct retained, timer);
    if (store_busy(retained->store))
        loop_timer_start(timer, COALESCE_MS);
    else
        retained_flush(retained);
}

/* ---- the map ---- */

static int64_t keep(struct retained *retained, struct entry *entry, struct msg *msg)
{
    if (msg_is_kept(msg)) {
        int64_t commit = submit(retained, entry, msg, false);
        store_hurry(retained->store);
        return commit;
    }
    if (list_empty(&entry->dirty)) list_push_back(&retained->dirty, &entry->dirty);
    if (!loop_timer_active(&retained->timer)) loop_timer_start(&retained->timer, COALESCE_MS);
    return 0;
}

static void count_in(struct retained *retained, const struct msg *msg)
{
    retained->mortal += msg->expires_at != 0;
    if (retained->mortal && !loop_timer_active(&retained->sweep))
        loop_timer_start(&retained->sweep, SWEEP_MS);
    if (msg->fleeting)
        retained->fleeting++;
    else
        retained->bytes += msg_size(msg);
}

static void count_out(struct retained *retained, const struct msg *msg)
{
    retained->mortal -= msg->expires_at != 0;
    if (msg->fleeting)
        retained->fleeting--;
    else
        retained->bytes -= msg_size(msg);
}

static struct entry *entry_add(struct retained *retained, struct msg *msg)
{
    struct entry *entry = xnew(struct entry);
    entry->msg = msg_ref(msg);
    list_init(&entry->dirty);
    list_push_back(&retained->all, &entry->all);
    count_in(retained, msg);
    topic_map_put(retained->map, msg->topic, entry);
    metrics_set(METRIC_RETAINED, (int64_t)retained_count(retained));
    return entry;
}

static void entry_replace(struct retained *retained, struct entry *entry, struct msg *msg)
{
    count_out(retained, entry->msg);
    count_in(retained, msg);
    msg_ref(msg);
    msg_unref(entry->msg);
    entry->msg = msg;
}

static void entry_free(struct entry *entry)
{
    if (entry->write) entry->write->entry = NULL;
    list_remove(&entry->dirty);
    list_remove(&entry->all);
    msg_unref(entry->msg);
    free(entry);
}

/* msg: for the topic. */
static void take_out(struct retained *retained, struct msg *msg)
{
    struct entry *entry = topic_map_del(retained->map, msg->topic);
    if (!entry) return;
    if (entry->stored) {
        retained->removed_in = submit(retained, entry, msg, true);
        store_hurry(retained->store);
    }
    count_out(retained, entry->msg);
    entry_free(entry);
    metrics_set(METRIC_RETAINED, (int64_t)retained_count(retained));
}

static void remove_entry(struct retained *retained, struct entry *entry)
{
    struct msg *msg = msg_ref(entry->msg);
    take_out(retained, msg);
    msg_unref(msg);
}

int64_t retained_remove(struct retained *retained, struct slice topic)
{
    struct entry *entry = topic_map_get(retained->map, topic);
    if (entry) remove_entry(retained, entry);
    return retained->removed_in;
}

/* A portion. True: it has come to the end. */
static bool sweep_some(struct retained *retained)
{
    int64_t now = clock_real_ms();
    if (list_empty(&retained->swept)) list_push_front(&retained->all, &retained->swept);
    for (size_t i = 0; i < SWEEP_MOST && retained->swept.next != &retained->all; i++) {
        struct list *next = retained->swept.next;
        struct entry *entry = container_of(next, struct entry, all);
        list_remove(&retained->swept);
        list_push_front(next, &retained->swept); /* behind it */
        if (msg_is_expired(entry->msg, now)) remove_entry(retained, entry);
    }
    if (retained->swept.next != &retained->all) return false;
    list_remove(&retained->swept);
    return true;
}

static void on_sweep(struct loop_timer *timer)
{
    struct retained *retained = container_of(timer, struct retained, sweep);
    if (!store_busy(retained->store) && !sweep_some(retained))
        loop_timer_start(timer, SWEEP_PAUSE_MS);
    else if (retained->mortal)
        loop_timer_start(timer, SWEEP_MS);
}

static int64_t put_nothing(struct retained *retained, struct msg *msg)
{
    take_out(retained, msg);
    return msg_is_kept(msg) ? retained->removed_in
                            : 0; /* also for one that somebody else has removed */
}

static int64_t put_fleeting(struct retained *retained, struct msg *msg)
{
    struct entry *entry = topic_map_get(retained->map, msg->topic);
    if (entry) {
        list_remove(&entry->dirty);
        entry_replace(retained, entry, msg);
    } else {
        entry_add(retained, msg);
    }
    return 0;
}

/* Once a minute: a client that publishes on would fill the log. */
static void complain(struct retained *retained, const struct msg *msg)
{
    metrics_inc(METRIC_DROPS);
    if (!log_pace(&retained->refusals, MINUTES(1), clock_mono_ms())) return;
    LOG(LOG_WARN, "hub", "not retained: mqtt.max_retained or max_retained_bytes is reached",
        LOG_SLICE("topic", msg->topic), LOG_I("topics", retained_count(retained)),
        LOG_I("bytes", retained->bytes));
}

int64_t retained_put(struct retained *retained, struct msg *msg, bool promised)
{
    if (msg_is_kept(msg) && !promised && store_busy(retained->store)) return ERR_STORE;
    if (msg->payload.len == 0) return put_nothing(retained, msg);
    if (msg->fleeting) return put_fleeting(retained, msg);
    struct entry *entry = topic_map_get(retained->map, msg->topic);
    size_t before = entry && !entry->msg->fleeting ? msg_size(entry->msg) : 0;
    if ((!entry && retained_count(retained) >= retained->max_count) ||
        (retained->max_bytes && retained->bytes - before + msg_size(msg) > retained->max_bytes)) {
        complain(retained, msg);
        return 0;
    }
    if (!entry)
        entry = entry_add(retained, msg);
    else
        entry_replace(retained, entry, msg);
    return keep(retained, entry, msg);
}

struct msg *retained_get(struct retained *retained, struct slice topic)
{
    struct entry *entry = topic_map_get(retained->map, topic);
    if (!entry) return NULL;
    if (!msg_has_expired(entry->msg)) return entry->msg;
    remove_entry(retained, entry);
    return NULL;
}

struct visit {
    hub_retained_cb cb;
    void *arg;
    int64_t now;
};

static bool visit_entry(struct slice name, void *value, void *arg)
{
    struct visit *visit = arg;
    struct msg *msg = ((struct entry *)value)->msg;
    if (!msg_is_expired(msg, visit->now)) visit->cb(visit->arg, msg);
    return true;
}

void retained_match(struct retained *retained, struct slice filter, hub_retained_cb cb, void *arg)
{
    struct visit visit = { cb, arg, clock_real_ms() };
    topic_map_match(retained->map, filter, visit_entry, &visit);
}

int retained_step(struct retained *retained, struct topic_map_iter *iter, size_t *budget,
                  struct msg **ret_msg)
{
    struct slice name;
    void *value;
    int rc;
    while ((rc = topic_map_iter_step(iter, retained->map, budget, &name, &value)) == 1) {
        struct entry *entry = value;
        if (!msg_has_expired(entry->msg)) {
            *ret_msg = entry->msg;
            return 1;
        }
        remove_entry(retained, entry);
    }
    return rc;
}

void retained_set_max(struct retained *retained, size_t max_count, size_t max_bytes)
{
    retained->max_count = max_count;
    retained->max_bytes = max_bytes;
}

size_t retained_count(const struct retained *retained)
{
    return topic_map_count(retained->map) - retained->fleeting;
}

size_t retained_bytes(const struct retained *retained)
{
    return retained->bytes;
}

/* ---- life ---- */

static int load(struct db *db, void *arg)
{
    struct retained *retained = arg;
    struct db_stmt *q = db_query(db, "SELECT topic, data FROM retained");
    while (db_step(q)) {
        struct msg *msg;
        if (msg_load(db_blob(q, 1), &msg) < 0) {
            LOG(LOG_ERROR, "hub", "a retained message in the database is damaged, skipped",
                LOG_S("topic", db_text(q, 0)));
            continue;
        }
        entry_add(retained, msg)->stored = true;
        msg_unref(msg);
    }
    return db_done(q);
}

int retained_create(struct retained **ret_retained, struct loop *loop, struct store *store,
                    size_t max_count, size_t max_bytes, struct diag *diag)
{
    struct retained *retained = xnew(struct retained);
    retained->loop = loop;
    retained->store = store;
    retained_set_max(retained, max_count, max_bytes);
    retained->map = topic_map_create();
    list_init(&retained->all);
    list_init(&retained->dirty);
    list_init(&retained->swept);
    loop_timer_init(&retained->timer, loop, on_coalesced);
    loop_timer_init(&retained->sweep, loop, on_sweep);
    int rc = store_read_now(store, load, retained, diag);
    if (rc < 0) {
        retained_destroy(retained);
        return rc;
    }
    if (retained->mortal) loop_timer_start(&retained->sweep, 0); /* they were so all the while */
    *ret_retained = retained;
    return 0;
}

void retained_destroy(struct retained *retained)
{
    if (!retained) return;
    loop_timer_stop(&retained->timer);
    loop_timer_stop(&retained->sweep);
    list_remove(&retained->swept);
    list_for_each_safe(it, &retained->all)
        entry_free(container_of(it, struct entry, all));
    topic_map_destroy(retained->map);
    free(retained);
}
