/* flow.c — publishers and subscribers: fan-in, fan-out, pairs, and many filters.
 *
 * The load is closed, so that a broker which bounds its queues drops nothing and a slow one is not
 * buried: no more than `window` messages of a publisher are under way, which is sent and not yet
 * received by all who should, and with QoS 1 and 2 not yet acknowledged either. Within that,
 * publishers send as fast as they can.
 *
 * A publisher's packets are encoded once, in a block. QoS 0 sends runs of that block as they are;
 * QoS 1 and 2 copy them and write their identifiers. With `single` each packet has its own write, one
 * of each publisher in a turn.
 *
 * Who may send first changes from turn to turn: else a slow broker, which frees one place at a time,
 * would soon be fed by the first publisher alone, and a fan-in would be none. */
#include "cli/bench/bench_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "mqtt/mqtt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_BYTES = 32 * 1024, /* of one publisher in one turn */
    GUESTS = 64,             /* at a time */
};

struct pub {
    struct link link;
    struct buf block;
    size_t size;  /* of one packet */
    size_t count; /* of packets in the block */
    size_t next;
    size_t id_at; /* where the identifier stands in a packet */
    uint16_t id;
    int64_t sent;
};

struct flow {
    struct bench *b;
    const struct bench_scenario *shape;
    struct pub *pubs;
    struct link *subs;
    size_t pub_count, sub_count, filter_count;
    int64_t fan;    /* receivers of a message */
    int64_t window; /* of a publisher */
    size_t first;   /* the publisher whose turn it is */
    int64_t sent;
    struct link guests[GUESTS];
    int64_t guest_count; /* so far */
    int64_t next_guest;  /* when */
};

/* ---- topics --------------------------------------------------------------------------------- */

static void put_packet(struct pub *p, const struct bench *b, const char *topic)
{
    static const char payload[BENCH_PAYLOAD_MAX];
    struct mqtt_publish publish = { .level = b->opts->level,
                                    .qos = (uint8_t)b->scenario->qos,
                                    .topic = slice_str(topic),
                                    .payload = slice_of(payload, (size_t)b->opts->payload) };
    p->size = mqtt_publish_size(&publish);
    mqtt_encode_publish((uint8_t *)buf_reserve(&p->block, p->size), &publish, &p->id_at);
    p->block.len += p->size;
    p->count++;
}

/* Topics of one length, so that all packets of a block have one size. */
static void fill_block(struct flow *f, struct pub *p, size_t index)
{
    char topic[64];
    for (size_t i = 0; i < f->filter_count || p->block.len < BATCH_BYTES; i++) {
        snprintf(topic, sizeof topic, "bench/%06zu/t",
                 f->filter_count ? i % f->filter_count : index);
        put_packet(p, f->b, topic);
    }
}

/* As many packets from p->next on as stand together. */
static size_t run_of(const struct pub *p, size_t wanted)
{
    size_t left = p->count - p->next;
    return wanted < left ? wanted : left;
}

/* ---- publishing ----------------------------------------------------------------------------- */

static void put_ids(struct pub *p, uint8_t *packets, size_t count)
{
    for (size_t i = 0; i < count; i++, packets += p->size) {
        p->id = (uint16_t)(p->id % UINT16_MAX + 1);
        packets[p->id_at] = (uint8_t)(p->id >> 8);
        packets[p->id_at + 1] = (uint8_t)p->id;
    }
}

static void send_run(struct flow *f, struct pub *p, size_t count)
{
    const char *from = p->block.data + p->next * p->size;
    if (f->shape->qos == 0) {
        link_send(&p->link, from, count * p->size);
    } else {
        size_t at = p->link.out.len;
        buf_append(&p->link.out, from, count * p->size);
        put_ids(p, (uint8_t *)p->link.out.data + at, count);
        link_touch(&p->link);
    }
    p->next = (p->next + count) % p->count;
    p->sent += (int64_t)count;
    f->sent += (int64_t)count;
}

static int64_t at_least_0(int64_t value)
{
    return value > 0 ? value : 0;
}

/* How many messages publisher `index` may have sent more; `left` have not had their turn yet. */
static int64_t room_of(const struct flow *f, size_t index, int64_t left)
{
    const struct pub *p = &f->pubs[index];
    int64_t window = f->window, pubs = (int64_t)f->pub_count;
    if (f->shape->topics == BENCH_PAIRS) {
        int64_t unseen = p->sent - f->subs[index].received;
        if (f->shape->qos == 0) return at_least_0(window - unseen);
        if (unseen >= window) return 0;
        return at_least_0(window - (p->sent - p->link.acked));
    }
    int64_t unseen = f->sent - f->b->received / f->fan;
    if (f->shape->qos == 0) return at_least_0((window * pubs - unseen + left - 1) / left);
    if (unseen >= window * pubs) return 0;
    return at_least_0(window - (p->sent - p->link.acked));
}

/* True when somebody could have sent more. */
static bool publish_all(struct flow *f)
{
    bool more = false;
    f->first = (f->first + 1) % f->pub_count;
    for (size_t n = 0; n < f->pub_count; n++) {
        size_t i = (f->first + n) % f->pub_count;
        struct pub *p = &f->pubs[i];
        if (p->link.out.len >= BATCH_BYTES || p->link.blocked) continue;
        size_t most = f->shape->single ? 1 : 1 + BATCH_BYTES / p->size;
        size_t room = (size_t)room_of(f, i, (int64_t)(f->pub_count - n));
        size_t count = room < most ? room : most;
        count = run_of(p, count);
        if (count) send_run(f, p, count);
        more |= count < room;
    }
    return more;
}

/* ---- guests --------------------------------------------------------------------------------- */

static void guest_comes(struct flow *f, struct link *guest)
{
    char id[64], filter[64];
    snprintf(id, sizeof id, "bench-guest-%d-%" PRId64, (int)getpid(), f->guest_count);
    snprintf(filter, sizeof filter, "bench/guest%" PRId64 "/#", f->guest_count);
    if (link_open(f->b, guest, id, true) < 0) return;
    guest->subacked = 0;
    link_subscribe(guest, 1, filter, 0);
    f->guest_count++;
}

/* One client comes when it is time; those who have subscribed go. */
static void receive_guests(struct flow *f)
{
    if (!f->shape->guests) return;
    int64_t now = clock_mono_ns();
    for (size_t i = 0; i < GUESTS; i++) {
        struct link *guest = &f->guests[i];
        if (guest->stage != LINK_CLOSED && guest->subacked && !guest->leaving) link_leave(guest);
        if (guest->stage != LINK_CLOSED || now < f->next_guest) continue;
        guest_comes(f, guest);
        f->next_guest += 1000000000 / f->shape->guests;
    }
}

static void send_guests_away(struct flow *f)
{
    int64_t here = 0;
    for (size_t i = 0; i < GUESTS; i++) {
        if (f->guests[i].stage == LINK_CLOSED) continue;
        here++;
        if (!f->guests[i].leaving) link_leave(&f->guests[i]);
    }
    bench_await(f->b, &f->b->ended, f->b->ended + here, "guests that go");
    f->b->result->guests = f->guest_count;
}

/* ---- the scenario --------------------------------------------------------------------------- */

static int subscribe_tree(struct flow *f)
{
    char filter[64];
    for (size_t i = 0; i < f->filter_count && f->b->rc == 0; i++) {
        snprintf(filter, sizeof filter, "bench/%06zu/+", i);
        link_subscribe(&f->subs[i % f->sub_count], (uint16_t)(i / f->sub_count % UINT16_MAX + 1),
                       filter, f->shape->qos);
        if (i % 1000 == 999) bench_await(f->b, &f->b->subacked, (int64_t)i - 500, "SUBACKs");
    }
    return bench_await(f->b, &f->b->subacked, (int64_t)f->filter_count, "SUBACKs");
}

static int subscribe_one_each(struct flow *f)
{
    char filter[64] = "bench/#";
    for (size_t i = 0; i < f->sub_count; i++) {
        if (f->shape->topics == BENCH_PAIRS) snprintf(filter, sizeof filter, "bench/%06zu/t", i);
        link_subscribe(&f->subs[i], 1, filter, f->shape->qos);
    }
    return bench_await(f->b, &f->b->subacked, (int64_t)f->sub_count, "SUBACKs");
}

static int connect_all(struct flow *f)
{
    int rc = bench_open_all(f->b, f->subs, f->sub_count, "sub");
    for (size_t i = 0; i < f->pub_count && rc == 0; i++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "pub%zu", i);
        rc = bench_open_all(f->b, &f->pubs[i].link, 1, prefix);
        fill_block(f, &f->pubs[i], i);
    }
    if (rc < 0) return rc;
    f->window = bench_window(f->b, f->shape->qos);
    return f->shape->topics == BENCH_TREE ? subscribe_tree(f) : subscribe_one_each(f);
}

/* What is under way arrives, or is lost. */
static void await_all(struct flow *f)
{
    struct bench *b = f->b;
    while (b->rc == 0 && !bench_stalled(b) &&
           (b->received < f->sent * f->fan || (f->shape->qos && b->acked < f->sent)))
        bench_turn(b, BENCH_TICK_MS);
    b->result->lost = at_least_0(f->sent * f->fan - b->received);
    b->result->count = b->received;
    if (b->rc == 0 && f->shape->qos && b->result->lost)
        bench_fail(b, ERR_TIMEOUT, "%" PRId64 " of %" PRId64 " messages did not come",
                   b->result->lost, (f->sent * f->fan));
}

static void measure(struct flow *f)
{
    meter_start(f->b);
    f->next_guest = clock_mono_ns();
    while (f->b->rc == 0 && !meter_full(f->b) && !bench_stalled(f->b)) {
        bool more = publish_all(f);
        receive_guests(f);
        bench_turn(f->b, more ? 0 : BENCH_TICK_MS);
    }
    await_all(f);
    meter_stop(f->b);
    if (f->shape->guests) send_guests_away(f);
}

static void close_all(struct flow *f)
{
    for (size_t i = 0; i < f->sub_count; i++)
        link_close(&f->subs[i]);
    for (size_t i = 0; i < f->pub_count; i++) {
        link_close(&f->pubs[i].link);
        buf_deinit(&f->pubs[i].block);
    }
    for (size_t i = 0; i < GUESTS; i++)
        link_close(&f->guests[i]);
    free(f->pubs);
    free(f->subs);
}

int bench_flow(struct bench *b)
{
    const struct bench_scenario *shape = b->scenario;
    struct flow f = { .b = b, .shape = shape };
    f.pub_count = (size_t)(shape->pubs == 1 ? 1 : bench_scaled(b, shape->pubs));
    f.sub_count = (size_t)(shape->subs == 1 ? 1 : bench_scaled(b, shape->subs));
    f.filter_count = (size_t)bench_scaled(b, shape->filters);
    f.fan = shape->topics == BENCH_ALL ? (int64_t)f.sub_count : 1;
    f.pubs = xcalloc(f.pub_count, sizeof *f.pubs);
    f.subs = xcalloc(f.sub_count, sizeof *f.subs);
    if (connect_all(&f) == 0) measure(&f);
    close_all(&f);
    return b->rc;
}
