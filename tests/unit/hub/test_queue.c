/* test_queue.c — how queues stand in the database: the bytes of pages, queues that are longer than what is
 * kept in memory, what the tables of the first version become. */
#include "hub_fixture.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/queue_page.h"
#include "hub/queue_ring.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"

/* ---- pages ---- */

static const struct queue_ref refs[] = {
    { .seq = 5, .row = 1, .offset = 0, .qos = 1 },
    { .seq = 6, .row = 1, .offset = 90, .qos = 2, .retain = true },
    { .seq = 9, .row = 1, .offset = 32767, .qos = 1, .share = UINT32_MAX },
    { .seq = 10, .row = 300, .offset = 1, .qos = 2, .released = true },
    { .seq = 11, .row = 299, .offset = 7, .qos = 1 }, /* somebody else had it first */
    { .seq = 12, .row = 299, .offset = 9, .qos = 1, .id_count = 1, .ids = { "\x01", 1 } },
    { .seq = 13,
      .row = 299,
      .offset = 9,
      .qos = 2,
      .share = 7,
      .id_count = 2,
      .ids = { "\x80\x01\xff\xff\xff\x7f", 6 } },
    { .seq = 100000, .row = INT64_MAX / 2, .offset = UINT32_MAX, .qos = 1 },
};

static bool same_ref(const struct queue_ref *a, const struct queue_ref *b)
{
    return a->seq == b->seq && a->row == b->row && a->offset == b->offset && a->qos == b->qos &&
           a->retain == b->retain && a->released == b->released && a->share == b->share &&
           a->id_count == b->id_count && slice_eq(a->ids, b->ids);
}

static void test_ids_round_trip(void **state)
{
    static const uint32_t ids[] = { 1, 127, 128, 70000, QUEUE_MAX_ID };
    struct buf written = { 0 };
    struct queue_ids *made = queue_ids_create(ids, ARRAY_LEN(ids));
    queue_ids_write(&written, made);
    struct queue_ref ref = { .id_count = ARRAY_LEN(ids), .ids = buf_slice(&written) };
    struct queue_ids *back = queue_ids_read(&ref);
    assert_int_equal(back->count, ARRAY_LEN(ids));
    assert_memory_equal(back->at, ids, sizeof ids);
    assert_int_equal(queue_ids_size(back), queue_ids_size(made));
    free(made);
    free(back);
    buf_clear(&written);
    queue_ids_write(&written, NULL);
    assert_int_equal(written.len, 0);
    assert_null(queue_ids_create(ids, 0));
    assert_null(queue_ids_read(&(struct queue_ref){ .id_count = 0 }));
    buf_deinit(&written);
}

static void test_page_round_trip(void **state)
{
    struct buf page = { 0 };
    struct queue_tail tail = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(refs); i++)
        queue_page_put(&page, &tail, &refs[i], 10);
    assert_int_equal(tail.count, ARRAY_LEN(refs));
    assert_int_equal(tail.first_seq, 5);
    assert_int_equal(tail.last_seq, 100000);
    assert_int_equal(tail.bytes, 10 * ARRAY_LEN(refs));
    struct queue_page_reader reader;
    struct queue_ref ref;
    queue_page_read(&reader, tail.first_seq, buf_slice(&page));
    for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
        assert_int_equal(queue_page_next(&reader, &ref), 1);
        assert_true(same_ref(&ref, &refs[i]));
    }
    assert_int_equal(queue_page_next(&reader, &ref), 0);
    buf_deinit(&page);
}

static void test_page_of_one_commit_is_small(void **state)
{
    struct buf page = { 0 };
    struct queue_tail tail = { 0 };
    int count = 0;
    for (; !queue_page_full(&tail); count++)
        queue_page_put(&page, &tail,
                       &(struct queue_ref){ 1000 + count, 77, (uint32_t)count * 120, 1 }, 64);
    assert_int_equal(count, QUEUE_PAGE_ENTRIES);
    assert_true(page.len <= 4 * QUEUE_PAGE_ENTRIES);
    struct queue_tail big = { 0 };
    buf_clear(&page);
    queue_page_put(&page, &big, &(struct queue_ref){ 1, 1, 0, 1 }, QUEUE_PAGE_BYTES);
    assert_true(queue_page_full(&big));
    buf_deinit(&page);
}

static void test_damaged_pages(void **state)
{
    static const struct {
        const char *what;
        int good; /* entries before it */
        size_t len;
        const char *bytes;
    } cases[] = {
        { "nothing behind the flags", 0, 1, "\x11" },
        { "QoS 0", 0, 3, "\x10\x01\x00" },
        { "QoS 3", 0, 3, "\x13\x01\x00" },
        { "shared by nobody", 0, 4, "\x51\x02\x00\x00" },
        { "group above 32 bits", 0, 8, "\x51\x02\x00\xff\xff\xff\xff\x7f" },
        { "identifiers that are not there", 0, 3, "\x91\x02\x00" },
        { "no identifier", 0, 4, "\x91\x02\x00\x00" },
        { "identifier 0", 0, 5, "\x91\x02\x00\x01\x00" },
        { "identifier above the most", 0, 9, "\x91\x02\x00\x01\x80\x80\x80\x80\x01" },
        { "more identifiers than bytes", 0, 6, "\x91\x02\x00\x03\x01\x01" },
        { "an identifier that is cut", 0, 5, "\x91\x02\x00\x01\x81" },
        { "no row, and not released", 0, 2, "\x31\x00" },
        { "number without an end", 0, 4, "\x11\x80\x80\x80" },
        { "number above 63 bits", 0, 13, "\x11\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00" },
        { "offset above 32 bits", 0, 8, "\x11\x02\xff\xff\xff\xff\x7f" },
        { "sequence numbers overflow", 1, 15,
          "\x11\x02\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x00" },
        { "a row below 0", 0, 3, "\x11\x01\x00" },
        { "rows overflow", 1, 14, "\x11\x02\x00\x11\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00" },
        { "cut in the second entry", 1, 4, "\x11\x02\x00\x31" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct queue_page_reader reader;
        struct queue_ref ref;
        int good = 0, rc;
        queue_page_read(&reader, 1, slice_of(cases[i].bytes, cases[i].len));
        while ((rc = queue_page_next(&reader, &ref)) == 1)
            good++;
        if (rc != ERR_MALFORMED || good != cases[i].good)
            fail_msg("%s: rc %d after %d entries", cases[i].what, rc, good);
        assert_int_equal(queue_page_next(&reader, &ref), ERR_MALFORMED); /* and it stays so */
    }
}

static void test_state(void **unused)
{
    struct buf done = { 0 }, released = { 0 };
    queue_bit_set(&done, 0);
    queue_bit_set(&done, 9);
    queue_bit_set(&released, 2);
    struct queue_state state = { .head = 100, .flight_end = 112, .unsent = 120 };
    state.done = buf_slice(&done);
    state.released = buf_slice(&released);
    assert_int_equal(done.len, 2);
    for (int64_t seq = 0; seq < 200; seq++) {
        bool gone = seq < 100 || seq == 100 || seq == 109 || (seq >= 112 && seq < 120);
        assert_int_equal(queue_state_is_gone(&state, seq), gone);
        assert_int_equal(queue_state_is_released(&state, seq), seq == 102);
    }
    buf_deinit(&done);
    buf_deinit(&released);
}

static void test_ring(void **state)
{
    struct queue_ring ring = { 0 };
    int64_t next = 3;
    queue_ring_move(&ring, 3);
    for (int i = 0; i < 1000; i++) {
        queue_ring_push_at(&ring, ring.end + i % 3,
                           &(struct queue_entry){ .row = i + 1, .state = 1 });
        if (i % 2) next += queue_ring_pop(&ring).state != 9;
    }
    assert_int_equal(ring.from, next);
    assert_true(ring.cap >= queue_ring_count(&ring));
    int64_t row = 0;
    queue_ring_for_each(entry, &ring)
    {
        if (entry->state == ENTRY_GONE) continue;
        assert_true(entry->row > row);
        row = entry->row;
        assert_ptr_equal(queue_ring_get(&ring, entry_seq), entry);
    }
    assert_int_equal(row, 1000);
    assert_null(queue_ring_get(&ring, ring.from - 1));
    assert_null(queue_ring_get(&ring, ring.end));
    queue_ring_free(&ring);
    assert_true(queue_ring_empty(&ring));
}

/* ---- long queues ---- */

enum { LONG = 5000 };

static void publish_run(struct fixture *f, int from, int to, int batch)
{
    char payload[16];
    for (int i = from; i < to; i++) {
        snprintf(payload, sizeof payload, "%d", i);
        assert_true(publish(f, "t", payload, (uint8_t)(1 + i % 2)) >= 0);
        if (i % batch == batch - 1) settle(f);
    }
    settle(f);
}

static void leave(struct fixture *f, struct client *c, const char *id)
{
    client_open(f, c, id, false);
    client_subscribe(c, "t", 2);
    client_drop(c, SESSION_END_CONNECTION_LOST);
    settle(f);
}

/* What the client has done with the messages of publish_run: it checks that they come in order, and those
 * of QoS 2 once. */
struct drain {
    bool had[LONG]; /* QoS 1: acknowledged; QoS 2: PUBREC sent */
    int all;
    int count; /* of those that it has had */
    int last;  /* seen in this connection */
};

static void take_publish(struct client *c, struct drain *drain, const char *text)
{
    int number = atoi(text + 2);
    uint16_t id = (uint16_t)atoi(strchr(text, '#') + 1);
    bool once = number % 2;
    if (text[0] != 't' || number >= LONG || number <= drain->last || (once && drain->had[number]))
        fail_msg("%s after %d, %s", text, drain->last, drain->had[number] ? "again" : "new");
    drain->last = number;
    drain->count += !drain->had[number];
    drain->had[number] = true;
    if (once)
        session_pubrec(c->session, id, 0);
    else
        session_puback(c->session, id);
}

/* Until it has had so many; with the last of them, until nothing comes any more. */
static void drain(struct fixture *f, struct client *c, struct drain *drain, int most)
{
    for (int idle = 0; idle < 3 && (drain->count < most || most == drain->all);) {
        char *log = xstrdup(client_log(c));
        idle = *log ? 0 : idle + 1;
        for (char *save, *one = strtok_r(log, " ", &save); one; one = strtok_r(NULL, " ", &save)) {
            if (one[0] == 'r')
                session_pubcomp(c->session, (uint16_t)atoi(strchr(one, '#') + 1));
            else
                take_publish(c, drain, one);
        }
        free(log);
        settle(f);
    }
    assert_true(drain->count >= most);
}

static struct drain *drain_create(int all)
{
    struct drain *drain = xnew(struct drain);
    drain->all = all;
    return drain;
}

static void come(struct fixture *f, struct client *c, const char *id, struct drain *drain)
{
    drain->last = -1;
    client_open(f, c, id, false);
}

static void set_limits(struct fixture *f, size_t window, size_t queued)
{
    f->opts.max_inflight = window;
    f->opts.max_queued = queued;
    f->opts.max_queued_bytes = 1 << 30;
    hub_set_opts(f->hub, &f->opts);
}

/* Batches of all sizes, a restart in the middle of the draining, another one after it. */
static void test_long_queue_drains_in_order(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct drain *had = drain_create(LONG);
    set_limits(f, 100, LONG);
    leave(f, &lamp, "lamp");
    publish_run(f, 0, 300, 1);
    publish_run(f, 300, 2000, 7);
    publish_run(f, 2000, LONG, 1000);
    assert_int_equal(query(f, "SELECT sum(refs) FROM message_ref"), LONG);
    come(f, &lamp, "lamp", had);
    drain(f, &lamp, had, 1500);
    assert_true(had->count < 2000);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    settle(f);
    fixture_restart(f);
    come(f, &lamp, "lamp", had);
    client_log(&lamp);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST); /* it was sent a window, and takes nothing */
    settle(f);
    come(f, &lamp, "lamp", had);
    assert_non_null(strstr(buf_str(&lamp.log), "d#"));
    drain(f, &lamp, had, LONG);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_page"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM message_ref"), 0);
    client_free(&lamp);
    free(had);
}

/* A client that is there and takes nothing: what is too much for memory goes by the database, and comes
 * back in order while more comes. */
static void test_slow_client_drains_in_order(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct drain *had = drain_create(LONG);
    set_limits(f, 50, LONG);
    come(f, &lamp, "lamp", had);
    client_subscribe(&lamp, "t", 2);
    lamp.congested = true;
    publish_run(f, 0, 3000, 400);
    assert_log(&lamp, "");
    lamp.congested = false;
    session_pump(lamp.session);
    settle(f);
    drain(f, &lamp, had, 1000);
    publish_run(f, 3000, 4000, 30);
    drain(f, &lamp, had, 2500);
    publish_run(f, 4000, LONG, 999);
    drain(f, &lamp, had, LONG);
    publish(f, "t", "0", 1);
    settle(f);
    assert_non_null(strstr(client_log(&lamp), "t=0/1"));
    client_free(&lamp);
    free(had);
}

/* Two who wait for the same messages: each row goes with the last of them. */
static void test_rows_go_with_the_last(void **state)
{
    struct fixture *f = *state;
    struct client a = { 0 }, b = { 0 };
    set_limits(f, 100, LONG);
    leave(f, &a, "a");
    leave(f, &b, "b");
    publish_run(f, 0, 600, 50);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 12);
    struct drain *a_had = drain_create(600), *b_had = drain_create(600);
    come(f, &a, "a", a_had);
    drain(f, &a, a_had, 600);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 12);
    assert_int_equal(query(f, "SELECT sum(refs) FROM message_ref"), 600);
    come(f, &b, "b", b_had);
    drain(f, &b, b_had, 300);
    assert_true(query(f, "SELECT count(*) FROM message_row") < 12);
    assert_true(b_had->count < 600);
    client_free(&b);
    client_open(f, &b, "b", true); /* the old one ends, in the middle of its queue */
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM message_ref"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_state"), 1);
    client_free(&a);
    client_free(&b);
    free(a_had);
    free(b_had);
}

/* The second's first message stands in a younger row than those that the first had too. */
static void test_messages_that_another_had_first(void **state)
{
    struct fixture *f = *state;
    struct client a = { 0 }, b = { 0 };
    struct drain *had = drain_create(300);
    set_limits(f, 100, LONG);
    client_open(f, &b, "b", false);
    client_subscribe(&b, "#", 2);
    client_drop(&b, SESSION_END_CONNECTION_LOST);
    leave(f, &a, "a");
    char payload[16];
    publish(f, "u", "alone", 1);
    for (int i = 0; i < 300; i++) {
        snprintf(payload, sizeof payload, "%d", i);
        publish(f, "t", payload, (uint8_t)(1 + i % 2));
    }
    publish(f, "u", "alone too", 1);
    settle(f);
    fixture_restart(f);
    come(f, &b, "b", had);
    client_free(&a);
    const char *log = client_log(&b);
    assert_true(strncmp(log, "u=alone/1#2 t=0/1#3 ", 20) == 0);
    session_puback(b.session, 2);
    for (int id = 3; id < 303; id++) {
        session_puback(b.session, (uint16_t)id);
        session_pubrec(b.session, (uint16_t)id, 0);
        settle(f);
        session_pubcomp(b.session, (uint16_t)id);
    }
    assert_non_null(strstr(client_log(&b), "u=alone too/1#303"));
    free(had);
    client_free(&b);
}

/* The hub dies again and again while a long queue is drained: nothing is lost, QoS 2 comes once. */
static void test_crashes_while_draining(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    set_limits(f, 20, LONG);
    leave(f, &lamp, "lamp");
    publish_run(f, 0, 700, 100);
    struct drain *had = drain_create(700);
    for (int round = 1; round <= 12; round++) {
        come(f, &lamp, "lamp", had);
        drain(f, &lamp, had, 700 * round / 13);
        fixture_crash(f);
        client_free(&lamp);
    }
    come(f, &lamp, "lamp", had);
    drain(f, &lamp, had, 700);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    client_free(&lamp);
    free(had);
}

/* ---- wills ---- */

static void test_will_after_a_crash(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, ear = { 0 };
    client_open(f, &ear, "ear", false);
    client_subscribe(&ear, "will", 1);
    client_drop(&ear, SESSION_END_CLIENT_INITIATED);
    struct msg *will = message("will", "gone", 1, true);
    client_open_will(f, &lamp, "lamp", false, will);
    msg_unref(will);
    settle(f);
    fixture_crash(f);
    settle(f);
    client_free(&lamp);
    fixture_crash(f); /* it is sent once */
    settle(f);
    client_free(&ear);
    client_open(f, &ear, "ear", false);
    assert_log(&ear, "will=gone/1#2 ");
    assert_true(slice_eq_str(hub_retained_get(f->hub, SLICE_LIT("will"))->payload, "gone"));
    client_free(&ear);
}

static void test_no_will_after_a_disconnect(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct msg *will = message("will", "gone", 1, true);
    client_open_will(f, &lamp, "lamp", false, will);
    settle(f);
    client_drop(&lamp, SESSION_END_CLIENT_INITIATED);
    settle(f);
    fixture_crash(f);
    assert_null(hub_retained_get(f->hub, SLICE_LIT("will")));
    client_free(&lamp);
    client_open_will(f, &lamp, "lamp", false, NULL); /* and a later connection had none */
    settle(f);
    fixture_crash(f);
    assert_null(hub_retained_get(f->hub, SLICE_LIT("will")));
    msg_unref(will);
    client_free(&lamp);
}

/* ---- from the first version ---- */

static void put_old_message(struct buf *sql, int id, const char *payload, uint8_t qos)
{
    struct msg *msg = message("t", payload, qos, false);
    buf_printf(sql, "INSERT INTO message VALUES (%d, ", id);
    put_blob(sql, msg);
    buf_puts(sql, ");");
    msg_unref(msg);
}

static void test_migrates_queues(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct buf sql = { 0 };
    buf_printf(&sql,
               "INSERT INTO session (id, client_id, principal, created_at, disconnected_at, "
               "expiry_ms, sent_seq) VALUES (1, 'lamp', 'user:lamp', 0, %lld, 0, 202);"
               "INSERT INTO subscription VALUES (1, 't', 2);",
               (long long)clock_real_ms());
    put_old_message(&sql, 7, "seven", 1);
    put_old_message(&sql, 300, "three", 2);
    put_old_message(&sql, 301, "nobody", 1);
    buf_puts(&sql,
             "INSERT INTO queue VALUES (1, 200, 7, 1, 0, 0), (1, 201, NULL, 2, 0, 1), "
             "(1, 202, 300, 2, 1, 0), (1, 203, 7, 1, 0, 0);"
             "INSERT INTO queue VALUES (1, 204, 999, 1, 0, 0);"); /* its message is not there */
    fixture_close(f);
    fixture_make_old(f, 4, buf_str(&sql));
    buf_deinit(&sql);
    fixture_open(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 2);
    client_open(f, &lamp, "lamp", false);
    assert_true(lamp.present);
    assert_log(&lamp, "t=seven/1d#201 rel#202 t=three/2rd#203 t=seven/1#204 ");
    session_puback(lamp.session, 201);
    session_puback(lamp.session, 204);
    session_pubcomp(lamp.session, 202);
    session_pubrec(lamp.session, 203, 0);
    settle(f);
    session_pubcomp(lamp.session, 203);
    publish(f, "t", "new", 1);
    settle(f);
    assert_log(&lamp, "rel#203 t=new/1#205 ");
    session_puback(lamp.session, 205);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_page"), 0);
    client_free(&lamp);
}

/* What the version before MQTT 5 has left: one that is away and has a queue, one that was connected. */
static void test_migrates_sessions(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct buf sql = { 0 };
    struct msg *queued = message("t", "old", 2, false), *will = message("t", "gone", 1, false);
    buf_printf(
        &sql,
        "INSERT INTO session (id, client_id, principal, created_at, disconnected_at, "
        "expiry_ms) VALUES (1, 'lamp', 'user:lamp', 0, %lld, 3600000);"
        "INSERT INTO subscription VALUES (1, 't', 2);"
        "INSERT INTO queue_page (session, first_seq, last_seq, count, bytes, data) VALUES "
        "(1, 7, 7, 1, 3, CAST(varint(2) || varint(0) || varint(2 * 5) || varint(0) AS BLOB));"
        "INSERT INTO queue_state (session, head, flight_end, unsent) VALUES (1, 7, 7, 7);"
        "INSERT INTO message_ref VALUES (5, 1);"
        "INSERT INTO message_row SELECT 5, CAST(be32(length(data)) || data AS BLOB) "
        "FROM (SELECT ",
        (long long)clock_real_ms() - MINUTES(50));
    put_blob(&sql, queued);
    buf_puts(&sql, " AS data);"
                   "INSERT INTO session (id, client_id, principal, created_at, expiry_ms, will) "
                   "VALUES (2, 'plug', 'user:plug', 0, 3600000, ");
    put_blob(&sql, will);
    buf_puts(&sql, ");");
    msg_unref(queued);
    msg_unref(will);
    fixture_close(f);
    fixture_make_old(f, 5, buf_str(&sql));
    buf_deinit(&sql);
    fixture_open(f);
    assert_int_equal(query(f, "SELECT count(*) FROM session WHERE expiry_ms IS NULL"), 2);
    publish(f, "t", "new", 1);
    settle(f);
    client_open(f, &lamp, "lamp", false);
    assert_true(lamp.present);
    assert_log(&lamp, "t=old/2#8 t=gone/1#9 t=new/1#10 ");
    clock_fake_advance(MINUTES(59)); /* of plug */
    turns(f, 2);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 2);
    clock_fake_advance(MINUTES(1));
    turns(f, 2);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 1);
    client_free(&lamp);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_round_trip),
        cmocka_unit_test(test_ids_round_trip),
        cmocka_unit_test(test_page_of_one_commit_is_small),
        cmocka_unit_test(test_damaged_pages),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_ring),
        TEST(test_long_queue_drains_in_order),
        TEST(test_slow_client_drains_in_order),
        TEST(test_rows_go_with_the_last),
        TEST(test_messages_that_another_had_first),
        TEST(test_crashes_while_draining),
        TEST(test_will_after_a_crash),
        TEST(test_no_will_after_a_disconnect),
        TEST(test_migrates_queues),
        TEST(test_migrates_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
