/* test_session.c — sessions: windows, identifiers, the states of QoS 1 and 2, what survives a restart and a
 * crash. The first message of a session has sequence 1, hence identifier 2. */
#include "hub_fixture.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"

#include <sqlite3.h>

static void publish_numbered(struct fixture *f, const char *topic, int from, int to, uint8_t qos)
{
    char payload[16];
    for (int i = from; i <= to; i++) {
        snprintf(payload, sizeof payload, "%d", i);
        publish(f, topic, payload, qos);
    }
}

/* An absent client with a subscription. */
static void leave_absent(struct fixture *f, struct client *c, const char *id, const char *filter)
{
    client_open(f, c, id, false);
    client_subscribe(c, filter, 2);
    client_drop(c, SESSION_END_CONNECTION_LOST);
    settle(f);
}

/* ---- outgoing ---- */

static void test_window(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_inflight = 3;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "t", 1);
    publish_numbered(f, "t", 1, 5, 1);
    assert_log(&lamp, "t=1/1#2 t=2/1#3 t=3/1#4 ");
    session_puback(lamp.session, 3); /* in any order */
    assert_log(&lamp, "t=4/1#5 ");
    session_puback(lamp.session, 3);   /* twice */
    session_puback(lamp.session, 999); /* unknown */
    session_pubcomp(lamp.session, 2);  /* the wrong kind */
    assert_log(&lamp, "");
    session_puback(lamp.session, 2);
    session_puback(lamp.session, 4);
    assert_log(&lamp, "t=5/1#6 ");
    client_free(&lamp);
}

static void test_qos2_out_of_a_clean_session(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_inflight = 1;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "t", 2);
    publish_numbered(f, "t", 1, 2, 2);
    assert_log(&lamp, "t=1/2#2 ");
    session_puback(lamp.session, 2); /* the wrong kind */
    session_pubrec(lamp.session, 2, 0);
    assert_log(&lamp, "rel#2 ");
    session_pubrec(lamp.session, 2, 0); /* again: released again */
    assert_log(&lamp, "rel#2 ");
    session_pubrec(lamp.session, 77, 0); /* unknown: let it finish */
    assert_log(&lamp, "rel#77? ");
    session_pubcomp(lamp.session, 2);
    assert_log(&lamp, "t=2/2#3 ");
    client_free(&lamp);
}

static void test_pubrel_waits_for_the_commit(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 2);
    publish(f, "t", "x", 2);
    settle(f);
    assert_log(&lamp, "t=x/2#2 ");
    session_pubrec(lamp.session, 2, 0);
    session_pubrec(lamp.session, 2, 0);
    session_pubcomp(lamp.session, 2); /* too early */
    assert_log(&lamp, "");
    settle(f);
    assert_log(&lamp, "rel#2 ");
    assert_int_equal(query(f, "SELECT count(*) FROM queue_state WHERE released = x'01'"), 1);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    session_pubcomp(lamp.session, 2);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_page"), 0);
    client_free(&lamp);
}

static void test_resend_after_reattach(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_inflight = 3;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", false);
    assert_false(lamp.present);
    client_subscribe(&lamp, "t", 2);
    publish(f, "t", "1", 1);
    publish(f, "t", "2", 2);
    publish(f, "t", "3", 2);
    publish(f, "t", "4", 1);
    settle(f);
    assert_log(&lamp, "t=1/1#2 t=2/2#3 t=3/2#4 ");
    session_pubrec(lamp.session, 3, 0);
    settle(f);
    assert_log(&lamp, "rel#3 ");
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    publish(f, "t", "5", 1);
    publish(f, "t", "nobody keeps it", 0);

    client_open(f, &lamp, "lamp", false);
    assert_true(lamp.present);
    assert_log(&lamp, "t=1/1d#2 rel#3 t=3/2d#4 ");
    session_pubcomp(lamp.session, 3);
    assert_log(&lamp, "t=4/1#5 ");
    session_puback(lamp.session, 2);
    session_puback(lamp.session, 5);
    assert_log(&lamp, "t=5/1#6 ");
    client_free(&lamp);
}

static void test_pubrec_committed_while_away(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 2);
    publish(f, "t", "x", 2);
    settle(f);
    session_pubrec(lamp.session, 2, 0);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    client_log(&lamp);
    client_open(f, &lamp, "lamp", false); /* not yet committed: nothing to say about it */
    assert_log(&lamp, "");
    settle(f);
    assert_log(&lamp, "rel#2 ");
    client_free(&lamp);
}

static void test_congestion(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "t", 1);
    lamp.congested = true;
    int64_t drops = metrics_get(METRIC_DROPS);
    publish(f, "t", "0", 0);
    publish(f, "t", "1", 1);
    publish(f, "t", "2", 1);
    assert_log(&lamp, "");
    assert_int_equal(metrics_get(METRIC_DROPS), drops + 1);
    lamp.congested = false;
    session_pump(lamp.session);
    assert_log(&lamp, "t=1/1#2 t=2/1#3 ");
    client_free(&lamp);
}

static void test_queue_limits(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_queued = 3;
    hub_set_opts(f->hub, &f->opts);
    leave_absent(f, &lamp, "lamp", "#");
    int64_t drops = metrics_get(METRIC_DROPS);
    assert_true(publish(f, "t", "1", 1) > 0);
    publish_numbered(f, "t", 2, 3, 1);
    assert_int_equal(publish(f, "t", "4", 1), 0); /* acknowledged: it is the receiver's limit */
    assert_int_equal(metrics_get(METRIC_DROPS), drops + 1);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "t=1/1#2 t=2/1#3 t=3/1#4 ");
    session_puback(lamp.session, 2);
    publish(f, "t", "5", 1);
    assert_log(&lamp, "t=5/1#5 ");
    client_free(&lamp);

    f->opts.max_queued = 1000;
    f->opts.max_queued_bytes = 1200; /* all of a message counts, not its payload alone */
    hub_set_opts(f->hub, &f->opts);
    char large[1001];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    leave_absent(f, &lamp, "bulb", "#");
    publish(f, "t", "first", 1);
    publish(f, "t", large, 1);
    publish(f, "t", "last", 1);
    client_open(f, &lamp, "bulb", false);
    assert_log(&lamp, "t=first/1#2 t=last/1#3 ");
    client_free(&lamp);
}

static void test_other_limits(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, more = { 0 };
    f->opts.max_sessions = 1;
    f->opts.max_subscriptions = 2;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", true);
    assert_int_equal(client_open(f, &more, "more", true), ERR_LIMIT);
    assert_int_equal(client_subscribe(&lamp, "a", 1), 0);
    assert_int_equal(client_subscribe(&lamp, "b", 1), 0);
    assert_int_equal(client_subscribe(&lamp, "c", 1), ERR_LIMIT);
    assert_int_equal(client_subscribe(&lamp, "a", 0), 0);
    assert_true(client_open(f, &more, "lamp", true) >= 0); /* takes over: no new one */
    assert_true(lamp.ended);
    client_free(&lamp);
    client_free(&more);
}

/* What is acknowledged before the batch is taken never reaches the disk. */
static void test_cancels_within_the_batch(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 1);
    settle(f);
    int writes = vfs_fault_writes();
    int64_t requests = metrics_get(METRIC_COMMIT_REQUESTS);
    int64_t commit = 0;
    for (int i = 0; i < 200; i++) {
        commit = publish(f, "t", "x", 1);
        session_puback(lamp.session, (uint16_t)(2 + i));
    }
    assert_true(commit > store_committed(f->store));
    settle(f);
    assert_true(commit <= store_committed(f->store));
    assert_int_equal(vfs_fault_writes(), writes);
    assert_int_equal(metrics_get(METRIC_COMMIT_REQUESTS), requests);
    client_free(&lamp);
}

static void test_message_row_is_shared(void **state)
{
    struct fixture *f = *state;
    struct client a = { 0 }, b = { 0 };
    leave_absent(f, &a, "a", "t");
    leave_absent(f, &b, "b", "#");
    publish(f, "t", "x", 1);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 1);
    assert_int_equal(query(f, "SELECT refs FROM message_ref"), 2);
    client_open(f, &a, "a", false);
    session_puback(a.session, 2);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 1);
    client_open(f, &b, "b", true); /* clean: the old one ends */
    assert_false(b.present);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_page"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM session"), 1);
    assert_int_equal(query(f, "SELECT count(*) FROM subscription"), 1);
    client_free(&a);
    client_free(&b);
}

/* ---- restart ---- */

static void test_restart_keeps_everything(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_inflight = 3;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 2);
    client_subscribe(&lamp, "u", 0);
    client_subscribe(&lamp, "gone", 2);
    client_unsubscribe(&lamp, "gone");
    publish(f, "t", "1", 1);
    publish(f, "t", "2", 2);
    publish(f, "t", "3", 2);
    publish(f, "t", "4", 1);
    settle(f);
    session_pubrec(lamp.session, 3, 0);
    settle(f);
    client_log(&lamp);
    fixture_restart(f);
    client_free(&lamp);

    publish(f, "t", "5", 1);
    publish(f, "gone", "x", 1);
    settle(f);
    fixture_restart(f);
    client_open(f, &lamp, "lamp", false);
    assert_true(lamp.present);
    assert_log(&lamp, "t=1/1d#2 rel#3 t=3/2d#4 ");
    session_puback(lamp.session, 2);
    session_pubcomp(lamp.session, 3);
    assert_log(&lamp, "t=4/1#5 t=5/1#6 "); /* never sent before: no DUP */
    publish(f, "u", "x", 2);
    assert_log(&lamp, "u=x/0 ");
    session_pubrec(lamp.session, 4, 0);
    session_puback(lamp.session, 5);
    session_puback(lamp.session, 6);
    settle(f);
    session_pubcomp(lamp.session, 4);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_page"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    client_free(&lamp);
}

/* After a crash nobody knows what was sent: DUP says that it may have been. */
static void test_crash_while_connected(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_inflight = 2;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 1);
    publish_numbered(f, "t", 1, 4, 1);
    settle(f);
    client_log(&lamp);
    fixture_crash(f);
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    assert_true(lamp.present);
    assert_log(&lamp, "t=1/1d#2 t=2/1d#3 ");
    session_puback(lamp.session, 2);
    session_puback(lamp.session, 3);
    assert_log(&lamp, "t=3/1d#4 t=4/1d#5 ");
    client_free(&lamp);
}

/* A window that is smaller after the restart, with a released entry behind it, once led to a message
 * without bytes. */
static void test_smaller_window_after_a_crash(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 2);
    publish_numbered(f, "t", 1, 4, 2);
    settle(f);
    session_pubrec(lamp.session, 5, 0);
    settle(f);
    client_log(&lamp);
    f->opts.max_inflight = 1;
    fixture_crash(f);
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "t=1/2d#2 t=2/2d#3 t=3/2d#4 rel#5 ");
    session_pubcomp(lamp.session, 5);
    client_free(&lamp);
}

/* Identifiers go on where they were, though the queue was empty at the restart. */
static void test_sequence_goes_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "t", 1);
    for (int i = 0; i < 5; i++) {
        publish(f, "t", "x", 1);
        session_puback(lamp.session, (uint16_t)(2 + i));
    }
    client_log(&lamp);
    fixture_restart(f);
    client_free(&lamp);
    publish(f, "t", "new", 1);
    settle(f);
    fixture_restart(f);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "t=new/1#7 "); /* and no DUP: it was never sent */
    client_free(&lamp);
}

static void test_identifiers_wrap(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    leave_absent(f, &lamp, "lamp", "t");
    client_free(&lamp);
    fixture_close(f);
    query(f, "REPLACE INTO queue_state (session, head, flight_end, unsent) "
             "SELECT id, 65533, 65533, 65533 FROM session");
    fixture_open(f);
    client_open(f, &lamp, "lamp", false);
    publish_numbered(f, "t", 1, 4, 1);
    assert_log(&lamp, "t=1/1#65534 t=2/1#65535 t=3/1#1 t=4/1#2 ");
    client_free(&lamp);
}

/* Identifiers in flight differ, however wide the window is. */
static void test_identifiers_do_not_meet(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_inflight = 70000;
    f->opts.max_queued = 70000;
    f->opts.max_queued_bytes = 1 << 30;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "t", 1);
    for (int i = 0; i < 65535; i++)
        publish(f, "t", "x", 1);
    buf_clear(&lamp.log);
    publish(f, "t", "over", 1);
    assert_log(&lamp, "");
    session_puback(lamp.session, 3); /* not the oldest */
    assert_log(&lamp, "");
    session_puback(lamp.session, 2);
    assert_log(&lamp, "t=over/1#2 ");
    client_free(&lamp);
}

static void test_damaged_rows(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    leave_absent(f, &lamp, "lamp", "t");
    for (int i = 1; i <= 3; i++) {
        publish_numbered(f, "t", i, i, 1);
        settle(f); /* a row each */
    }
    fixture_close(f);
    query(f, "UPDATE message_row SET data = x'01' WHERE id = 3");
    query(f, "DELETE FROM message_row WHERE id = 1");
    fixture_open(f);
    publish_numbered(f, "t", 4, 5, 1); /* their rows must not meet the damaged ones */
    settle(f);
    fixture_restart(f);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "t=2/1#3 t=4/1#5 t=5/1#6 ");
    client_free(&lamp);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 2);
    assert_int_equal(query(f, "SELECT sum(refs) FROM message_ref"), 3);
}

/* ---- incoming QoS 2 ---- */

static void test_qos2_in_of_a_clean_session(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct service all = { 0 };
    service_start(f, &all, "t");
    client_open(f, &lamp, "lamp", true);
    assert_int_equal(client_publish2(&lamp, 5, "t", "x"), 0);
    assert_int_equal(client_publish2(&lamp, 5, "t", "x"), 0);
    assert_int_equal(all.count, 1);
    assert_int_equal(client_release(&lamp, 5), 0);
    assert_int_equal(client_release(&lamp, 5), 0);
    client_publish2(&lamp, 5, "t", "y");
    assert_int_equal(all.count, 2);
    auth_fake_deny(f->auth, "lamp", POLICY_ACTION_PUBLISH, "t");
    auth_fake_changed(f->auth);
    assert_int_equal(client_publish2(&lamp, 6, "t", "z"), ERR_DENIED);
    service_stop(&all);
    client_free(&lamp);
}

static void test_qos2_in_is_committed_before_it_is_delivered(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct service all = { 0 };
    service_start(f, &all, "t");
    client_open(f, &lamp, "lamp", false);
    settle(f);
    int64_t commit = client_publish2(&lamp, 5, "t", "x");
    assert_true(commit > store_committed(f->store));
    assert_int_equal(client_publish2(&lamp, 5, "t", "x"), commit);
    assert_int_equal(client_release(&lamp, 5), ERR_MALFORMED); /* no PUBREC yet */
    assert_int_equal(all.count, 0);
    settle(f);
    assert_int_equal(all.count, 1);
    assert_int_equal(client_publish2(&lamp, 5, "t", "x"), commit);
    int64_t released = client_release(&lamp, 5);
    assert_true(released > store_committed(f->store));
    assert_int_equal(client_release(&lamp, 5), released); /* again: the same promise */
    settle(f);
    assert_int_equal(all.count, 1);
    assert_int_equal(query(f, "SELECT count(*) FROM inbound"), 0);
    service_stop(&all);
    client_free(&lamp);
}

/* Crashes at each step between PUBLISH and PUBCOMP: the receiver has it once. */
static void test_qos2_in_exactly_once(void **state)
{
    struct fixture *f = *state;
    for (int crash_at = 0; crash_at < 5; crash_at++) {
        struct client pump = { 0 }, lamp = { 0 };
        leave_absent(f, &lamp, "lamp", "t");
        client_open(f, &pump, "pump", false);
        settle(f);
        int64_t commit = client_publish2(&pump, 9, "t", "x");
        if (crash_at == 0) goto crash;
        for (int i = 0; i < 1000 && store_committed(f->store) < commit; i++)
            loop_turn_wait(f->loop, 5); /* PUBREC may leave; the delivery is on its way */
        if (crash_at == 1) goto crash;
        settle(f);
        if (crash_at == 2) goto crash;
        client_release(&pump, 9);
        if (crash_at == 3) goto crash;
        settle(f);
    crash:
        /* the store may be at work in the first two cases: what it commits meanwhile is kept or not, both
         * are crashes; an orderly end would be something else */
        if (crash_at == 1) store_sync(f->store);
        fixture_crash(f);
        client_free(&pump);
        client_free(&lamp);
        client_open(f, &pump, "pump", false);
        if (crash_at < 4) {
            if (crash_at == 0) assert_int_equal(query(f, "SELECT count(*) FROM inbound"), 0);
            client_publish2(&pump, 9, "t", "x"); /* its PUBREC or PUBCOMP did not come */
            settle(f);
            client_release(&pump, 9);
        }
        settle(f);
        client_open(f, &lamp, "lamp", false);
        assert_log(&lamp, "t=x/2#2 ");
        assert_int_equal(query(f, "SELECT count(*) FROM inbound"), 0);
        client_free(&pump);
        client_free(&lamp);
        client_open(f, &lamp, "lamp", true); /* ends the session */
        client_free(&lamp);
        client_open(f, &pump, "pump", true);
        client_free(&pump);
        settle(f);
    }
}

/* Between "committed" and "delivered": those who come out of the database go in the order they came. */
static void test_left_over_messages_keep_their_order(void **state)
{
    struct fixture *f = *state;
    struct client pump = { 0 }, lamp = { 0 };
    char payload[16], expected[2000] = "";
    leave_absent(f, &lamp, "lamp", "t");
    client_open(f, &pump, "pump", false);
    client_open(f, &lamp, "lamp", false); /* online: nobody hurries the effects */
    settle(f);
    int64_t commit = 0;
    for (int i = 0; i < 40; i++) {
        snprintf(payload, sizeof payload, "%d", i);
        commit = client_publish2(&pump, (uint16_t)(1 + i * 7919 % 60000), "t", payload);
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "t=%d/2d#%d ", i,
                 2 + i);
    }
    for (int i = 0; i < 1000 && store_committed(f->store) < commit; i++)
        loop_turn_wait(f->loop, 5);
    fixture_crash(f); /* the effects are in a batch that lingers */
    client_free(&lamp);
    client_free(&pump);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM inbound WHERE data IS NOT NULL"), 0);
    client_open(f, &lamp, "lamp", false);
    settle(f);
    char *log =
        xstrdup(client_log(&lamp)); /* whether it had been sent is open: with DUP or without */
    for (char *at; (at = strstr(expected, "d#"));)
        memmove(at, at + 1, strlen(at));
    for (char *at; (at = strstr(log, "d#"));)
        memmove(at, at + 1, strlen(at));
    assert_string_equal(log, expected);
    free(log);
    client_free(&lamp);
}

static void test_held_message_is_parked(void **state)
{
    struct fixture *f = *state;
    struct client pump = { 0 }, lamp = { 0 };
    struct service shadow = { .does = SERVICE_HOLD };
    leave_absent(f, &lamp, "lamp", "t");
    service_start(f, &shadow, "t");
    client_open(f, &pump, "pump", false);
    client_publish2(&pump, 9, "t", "first");
    settle(f);
    assert_int_equal(shadow.count, 1);
    struct hub_hold *first = shadow.hold;
    client_release(&pump, 9); /* though the decision is open */
    settle(f);
    assert_int_equal(query(f, "SELECT packet_id FROM inbound"), -1);
    client_publish2(&pump, 9, "t", "second"); /* the identifier is free again */
    settle(f);
    assert_int_equal(shadow.count, 2);
    assert_int_equal(query(f, "SELECT count(*) FROM inbound WHERE data IS NOT NULL"), 2);
    hub_release(first, 0);
    hub_release(shadow.hold, 0);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM inbound"), 1);
    assert_int_equal(query(f, "SELECT count(*) FROM inbound WHERE data IS NULL"), 1);
    client_release(&pump, 9);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM inbound"), 0);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "t=first/2#2 t=second/2#3 ");
    service_stop(&shadow);
    client_free(&pump);
    client_free(&lamp);
}

/* A crash while a decision is held: sessions have the message, who holds gets it again, marked. */
static void test_crash_while_held(void **state)
{
    struct fixture *f = *state;
    for (int parked = 0; parked <= 1; parked++) {
        for (int orderly = 0; orderly <= 1; orderly++) {
            struct client pump = { 0 }, lamp = { 0 };
            struct service shadow = { .does = SERVICE_HOLD };
            leave_absent(f, &lamp, "lamp", "t");
            service_start(f, &shadow, "t");
            f->service = &shadow;
            f->service_filter = "t";
            client_open(f, &pump, "pump", false);
            client_publish2(&pump, 9, "t", "x");
            settle(f);
            if (parked) client_release(&pump, 9);
            settle(f);
            if (orderly)
                fixture_restart(f);
            else
                fixture_crash(f);
            assert_int_equal(shadow.count, 2);
            assert_int_equal(shadow.again, 1);
            client_free(&pump);
            client_free(&lamp);
            client_open(f, &pump, "pump", false);
            if (!parked) client_release(&pump, 9);
            settle(f);
            hub_release(shadow.hold, 0);
            settle(f);
            assert_int_equal(query(f, "SELECT count(*) FROM inbound"), 0);
            client_open(f, &lamp, "lamp", false);
            assert_log(&lamp, "t=x/2#2 ");
            f->service = NULL;
            service_stop(&shadow);
            client_free(&pump);
            client_free(&lamp);
            client_open(f, &lamp, "lamp", true);
            client_free(&lamp);
            settle(f);
        }
    }
}

static void test_session_ends_while_held(void **state)
{
    struct fixture *f = *state;
    struct client pump = { 0 };
    struct service shadow = { .does = SERVICE_HOLD };
    service_start(f, &shadow, "t");
    client_open(f, &pump, "pump", false);
    client_publish2(&pump, 9, "t", "x");
    settle(f);
    client_free(&pump);
    client_open(f, &pump, "pump", true);
    hub_release(shadow.hold, 0);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM inbound"), 0);
    service_stop(&shadow);
    client_free(&pump);
}

/* What was promised by PUBREC is kept even when the store has fallen behind meanwhile. */
static void test_promised_message_is_kept_by_a_busy_store(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    f->store_opts.max_pending = 20;
    fixture_open(f);
    struct client pump = { 0 }, lamp = { 0 };
    leave_absent(f, &lamp, "lamp", "t");
    client_open(f, &pump, "pump", false);
    settle(f);
    int64_t commit = client_publish2(&pump, 9, "t", "promised");
    loop_turn(f->loop); /* handed over; the next batch fills up */
    while (!store_busy(f->store))
        publish(f, "t", "fill", 1);
    assert_int_equal(publish(f, "t", "refused", 1), ERR_STORE);
    assert_int_equal(client_publish2(&pump, 10, "t", "refused"), ERR_STORE);
    for (int i = 0; i < 1000 && store_committed(f->store) < commit; i++)
        loop_turn_wait(f->loop, 5);
    settle(f);
    client_open(f, &lamp, "lamp", false);
    assert_non_null(strstr(client_log(&lamp), "t=promised/2#"));
    client_free(&pump);
    client_free(&lamp);
}

/* ---- promises made by "it is so already" ---- */

static void test_repeated_requests_wait_for_the_first(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    int64_t made = client_open(f, &lamp, "lamp", false);
    assert_true(made > store_committed(f->store));
    int64_t subscribed = client_subscribe(&lamp, "a", 1);
    assert_true(subscribed >= made);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    assert_true(client_open(f, &lamp, "lamp", false) >= made);
    assert_true(lamp.present);
    assert_int_equal(client_subscribe(&lamp, "a", 1), subscribed);
    int64_t gone = client_unsubscribe(&lamp, "a");
    assert_int_equal(client_unsubscribe(&lamp, "a"), gone);
    settle(f);
    assert_true(gone <= store_committed(f->store));
    client_free(&lamp);
}

/* ---- take-over, expiry, rights ---- */

static void test_take_over(void **state)
{
    struct fixture *f = *state;
    struct client first = { 0 }, second = { 0 };
    struct service wills = { 0 };
    struct msg *will = message("will", "gone", 0, false);
    service_start(f, &wills, "will");
    client_open_will(f, &first, "lamp", false, will);
    client_subscribe(&first, "t", 1);
    publish_numbered(f, "t", 1, 2, 1);
    assert_log(&first, "t=1/1#2 t=2/1#3 ");
    client_open(f, &second, "lamp", false);
    assert_true(second.present);
    assert_true(first.ended);
    assert_int_equal(first.why, SESSION_END_DUPLICATE);
    assert_int_equal(wills.count, 1);
    assert_log(&second, "t=1/1d#2 t=2/1d#3 ");
    publish(f, "t", "3", 1);
    assert_log(&first, "");
    assert_log(&second, "t=3/1#4 ");

    client_open(f, &first, "lamp", true); /* a clean one ends what was there */
    assert_false(first.present);
    assert_true(second.ended);
    publish(f, "t", "4", 1);
    assert_log(&first, "");
    client_open(f, &second, "lamp", false);
    assert_false(second.present);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM session"), 1);
    msg_unref(will);
    service_stop(&wills);
    client_free(&first);
    client_free(&second);
}

/* A newcomer whom the store cannot serve does not throw out the one who is there. */
static void test_refused_take_over_changes_nothing(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    f->store_opts.max_pending = 5;
    fixture_open(f);
    struct client first = { 0 }, second = { 0 };
    client_open(f, &first, "lamp", false);
    client_subscribe(&first, "t", 1);
    while (!store_busy(f->store))
        publish(f, "t", "x", 1);
    assert_int_equal(client_open(f, &second, "lamp", false), ERR_STORE);
    assert_false(first.ended);
    assert_int_equal(metrics_get(METRIC_SESSIONS), 1);
    client_free(&second);
    client_free(&first);
}

static void test_expiry(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, online = { 0 };
    leave_absent(f, &lamp, "lamp", "t");
    client_open(f, &online, "online", false);
    publish(f, "t", "x", 1);
    clock_fake_advance(HOURS(1) - MINUTES(2));
    turns(f, 2);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 2);
    settle(f);
    fixture_restart(f); /* the time goes on over a restart */
    client_free(&online);
    client_open(f, &online, "online", false);
    clock_fake_advance(MINUTES(3));
    turns(f, 2);
    settle(f);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 1);
    assert_int_equal(query(f, "SELECT count(*) FROM session"), 1);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    clock_fake_advance(HOURS(5));
    turns(f, 2);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 1);
    client_free(&online);
    client_free(&lamp);
}

static size_t sessions_after(struct fixture *f, int64_t ms)
{
    clock_fake_advance(ms);
    turns(f, 2);
    settle(f);
    return sessions_count(hub_sessions(f->hub));
}

/* The first pattern that matches counts, 0 is for ever, and what is configured holds for those too that
 * wait already: after a reload and after a restart. */
static void test_expiry_by_client(void **state)
{
    static const struct session_expiry first[] = { { SLICE_LIT("tmp-*"), MINUTES(5) },
                                                   { SLICE_LIT("*"), 0 } };
    static const struct session_expiry second[] = { { SLICE_LIT("keep-?"), DAYS(30) } };
    struct fixture *f = *state;
    struct client one = { 0 }, two = { 0 }, three = { 0 };
    f->opts.expiries = first;
    f->opts.expiry_count = ARRAY_LEN(first);
    hub_set_opts(f->hub, &f->opts);
    leave_absent(f, &one, "tmp-1", "t");
    leave_absent(f, &two, "keep-1", "t");
    leave_absent(f, &three, "keep-12", "t");
    settle(f);
    assert_int_equal(sessions_after(f, MINUTES(4)), 3);
    assert_int_equal(sessions_after(f, MINUTES(2)), 2);
    assert_int_equal(sessions_after(f, DAYS(3650)), 2);
    f->opts.expiries = second;
    f->opts.expiry_count = ARRAY_LEN(second);
    f->opts.session_expiry_ms = DAYS(3660);
    hub_set_opts(f->hub, &f->opts);
    assert_int_equal(sessions_after(f, MINUTES(2)), 1);
    f->opts.session_expiry_ms = MINUTES(1);
    fixture_restart(f);
    assert_int_equal(sessions_after(f, MINUTES(2)), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM session"), 0);
    client_free(&one);
    client_free(&two);
    client_free(&three);
}

static void test_rights_of_who_comes_back(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    leave_absent(f, &lamp, "lamp", "#");
    settle(f);
    fixture_restart(f); /* now nobody knows whose queue it is */
    publish(f, "secret", "x", 1);
    publish(f, "open", "y", 1);
    auth_fake_deny(f->auth, "lamp", POLICY_ACTION_RECEIVE, "secret");
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "open=y/1#3 ");
    session_puback(lamp.session, 3);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);

    publish(f, "private", "z", 1); /* queued under lamp's rights … */
    client_free(&lamp);
    lamp.principal = auth_fake_principal(PRINCIPAL_USER, "other");
    auth_fake_deny(f->auth, "other", POLICY_ACTION_RECEIVE, "private");
    client_open(f, &lamp, "lamp", false); /* … and somebody else comes for it */
    assert_log(&lamp, "");
    client_free(&lamp);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM queue_page"), 0);
}

/* ---- failing disks ---- */

enum { SENT = 12 };

/* Returns how many writes have failed. */
static int fail_once(struct fixture *f, int n, bool all)
{
    struct client lamp = { 0 }, pump = { 0 };
    int64_t commits[SENT];
    char payload[16], expected[32];
    leave_absent(f, &lamp, "lamp", "t");
    client_open(f, &pump, "pump", false);
    settle(f);
    if (all)
        vfs_fault_fail_from(n, SQLITE_FULL);
    else
        vfs_fault_fail_one(n, SQLITE_IOERR_WRITE);
    for (int i = 0; i < SENT; i++) {
        snprintf(payload, sizeof payload, "%d", i);
        commits[i] = i % 2 ? client_publish(&pump, "t", payload, 1)
                           : client_publish2(&pump, (uint16_t)(i + 1), "t", payload);
        for (int turn = 0; i % 3 == 2 && turn < 5; turn++)
            loop_turn_wait(f->loop, 1);
    }
    /* the thread is idle when it has either failed or committed all that it was given */
    for (int turn = 0; turn < 200 && !store_failing(f->store) &&
                       store_committed(f->store) + 1 < store_next_commit(f->store);
         turn++) {
        store_hurry(f->store);
        loop_turn_wait(f->loop, 1);
    }
    int64_t committed = store_committed(f->store);
    vfs_fault_fail_from(1, SQLITE_FULL); /* the orderly end must not save what the crash loses */
    fixture_crash(f);
    int failed = vfs_fault_heal();
    client_free(&pump);
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    settle(f);
    const char *log = client_log(&lamp);
    for (int i = 0; i < SENT; i++) {
        snprintf(expected, sizeof expected, "t=%d/", i);
        const char *found = strstr(log, expected);
        if (commits[i] >= 0 && commits[i] <= committed && !found)
            fail_msg("n %d: message %d was acknowledged and is lost", n, i);
        if (found && strstr(found + 1, expected)) fail_msg("n %d: message %d came twice", n, i);
    }
    client_free(&lamp);
    client_open(f, &lamp, "lamp", true);
    client_free(&lamp);
    client_open(f, &pump, "pump", true);
    client_free(&pump);
    settle(f);
    return failed;
}

static void test_acknowledged_means_kept_whatever_fails(void **state)
{
    struct fixture *f = *state;
    int failed = 0;
    for (int n = 1; n < 60; n++) {
        failed += fail_once(f, n, n % 2) > 0;
        vfs_fault_reset();
    }
    assert_true(failed > 10);
}

static void test_qos0_goes_on_while_the_store_fails(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, absent = { 0 };
    leave_absent(f, &absent, "absent", "#");
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "t", 1);
    vfs_fault_fail_from(1, SQLITE_FULL);
    int64_t commit = publish(f, "t", "1", 1);
    for (int i = 0; i < 1000 && !store_failing(f->store); i++)
        loop_turn_wait(f->loop, 5);
    assert_true(store_failing(f->store));
    publish(f, "t", "0", 0);
    assert_log(&lamp, "t=1/1#2 t=0/0 ");
    assert_true(store_committed(f->store) < commit); /* not acknowledged */
    vfs_fault_heal();
    clock_fake_advance(500);
    for (int i = 0; i < 1000 && store_committed(f->store) < commit; i++)
        loop_turn_wait(f->loop, 5);
    assert_true(store_committed(f->store) >= commit);
    client_free(&lamp);
    client_free(&absent);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_window),
        TEST(test_qos2_out_of_a_clean_session),
        TEST(test_pubrel_waits_for_the_commit),
        TEST(test_resend_after_reattach),
        TEST(test_pubrec_committed_while_away),
        TEST(test_congestion),
        TEST(test_queue_limits),
        TEST(test_other_limits),
        TEST(test_cancels_within_the_batch),
        TEST(test_message_row_is_shared),
        TEST(test_restart_keeps_everything),
        TEST(test_crash_while_connected),
        TEST(test_smaller_window_after_a_crash),
        TEST(test_sequence_goes_on_after_a_restart),
        TEST(test_identifiers_wrap),
        TEST(test_identifiers_do_not_meet),
        TEST(test_damaged_rows),
        TEST(test_qos2_in_of_a_clean_session),
        TEST(test_qos2_in_is_committed_before_it_is_delivered),
        TEST(test_qos2_in_exactly_once),
        TEST(test_left_over_messages_keep_their_order),
        TEST(test_held_message_is_parked),
        TEST(test_crash_while_held),
        TEST(test_session_ends_while_held),
        TEST(test_promised_message_is_kept_by_a_busy_store),
        TEST(test_repeated_requests_wait_for_the_first),
        TEST(test_take_over),
        TEST(test_refused_take_over_changes_nothing),
        TEST(test_expiry),
        TEST(test_expiry_by_client),
        TEST(test_rights_of_who_comes_back),
        TEST(test_acknowledged_means_kept_whatever_fails),
        TEST(test_qos0_goes_on_while_the_store_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
