/* test_will.c — wills where there is no easy way out: the store is behind, the rights have changed, the will meets its
 * own session, it has a delay. MQTT 3.1.1, section 3.1.2.5; MQTT 5.0, sections 3.1.2.5, 3.1.3.2.2. */
#include "hub_fixture.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"

#include <stdatomic.h>

enum { SECOND = 1000 };

static void open_with_will(struct fixture *f, struct client *c, const char *id, bool clean,
                           bool retain)
{
    struct msg *will = message("will", "gone", 1, retain);
    assert_true(client_open_will(f, c, id, clean, will) >= 0);
    msg_unref(will);
}

/* [MQTT-3.1.2-8]: nobody asks again for a will, so it is kept as what was acknowledged is. */
static void will_is_kept_while_the_store_is_behind(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    f->store_opts.max_pending = 20;
    fixture_open(f);
    struct client absent = { 0 }, online = { 0 }, dying = { 0 };
    client_open(f, &absent, "absent", false);
    client_subscribe(&absent, "will", 1);
    client_open(f, &online, "online", false);
    client_subscribe(&online, "t", 1);
    settle(f);
    client_drop(&absent, SESSION_END_CONNECTION_LOST);
    open_with_will(f, &dying, "dying", true, true);
    while (!store_busy(f->store))
        publish(f, "t", "x", 1);
    assert_int_equal(publish(f, "t", "x", 1), ERR_STORE);
    client_drop(&dying, SESSION_END_CONNECTION_LOST);
    settle(f);
    assert_int_equal(hub_retained_count(f->hub), 1);
    fixture_restart(f);
    assert_int_equal(hub_retained_count(f->hub), 1);
    client_free(&absent);
    client_open(f, &absent, "absent", false);
    assert_log(&absent, "will=gone/1#2 ");
    client_free(&absent);
    client_free(&online);
    client_free(&dying);
}

/* A subscriber that holds its decision, on a shadow for instance, is no reason to lose it. */
static void will_that_somebody_holds(void **state)
{
    struct fixture *f = *state;
    struct service shadow = { .does = SERVICE_HOLD };
    struct client dying = { 0 }, watch = { 0 };
    service_start(f, &shadow, "will");
    client_open(f, &watch, "watch", true);
    client_subscribe(&watch, "will", 1);
    open_with_will(f, &dying, "dying", true, false);
    client_drop(&dying, SESSION_END_KEEP_ALIVE);
    assert_int_equal(shadow.count, 1);
    assert_log(&watch, "will=gone/1#2 ");
    hub_release(shadow.hold, 0);
    turns(f, 3);
    service_stop(&shadow);
    client_free(&dying);
    client_free(&watch);
}

/* A kept session that wants its own will finds it when it comes back; one that is not kept never does. */
static void will_meets_its_own_session(void **state)
{
    struct fixture *f = *state;
    for (int clean = 0; clean <= 1; clean++) {
        struct client lamp = { 0 };
        const char *id = clean ? "clean" : "kept";
        open_with_will(f, &lamp, id, clean, false);
        client_subscribe(&lamp, "will", 1);
        client_drop(&lamp, SESSION_END_CONNECTION_LOST);
        settle(f);
        client_open(f, &lamp, id, clean);
        assert_log(&lamp, clean ? "" : "will=gone/1#2 ");
        client_free(&lamp);
    }
}

/* Many clients were there when the hub died: their wills are kept, however much the store has to do. */
static void wills_after_a_crash_while_the_store_is_behind(void **state)
{
    struct fixture *f = *state;
    struct client ear = { 0 }, lamps[3] = { 0 };
    struct msg *will = message("will", "gone", 1, false);
    client_open(f, &ear, "ear", false);
    client_subscribe(&ear, "will", 1);
    client_drop(&ear, SESSION_END_CLIENT_INITIATED);
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "lamp%d", i);
        client_open_will(f, &lamps[i], id, false, will);
    }
    settle(f);
    f->store_opts.max_pending = 1;
    fixture_crash(f);
    settle(f);
    client_free(&ear);
    client_open(f, &ear, "ear", false);
    assert_log(&ear, "will=gone/1#2 will=gone/1#3 will=gone/1#4 ");
    client_free(&ear);
    for (int i = 0; i < 3; i++)
        client_free(&lamps[i]);
    msg_unref(will);
}

/* ---- delays ---- */

static int64_t open_delayed(struct fixture *f, struct client *c, int64_t delay_ms,
                            int64_t expiry_ms)
{
    struct msg *will = message("will", "gone", 1, false);
    int64_t commit =
        client_open_with(f, c, "lamp",
                         (struct session_open_opts){
                             .expiry_ms = expiry_ms, .will = will, .will_delay_ms = delay_ms });
    msg_unref(will);
    settle(f);
    return commit;
}

static void listen(struct fixture *f, struct service *ear)
{
    f->service = ear;
    f->service_filter = "will";
    service_start(f, ear, "will");
}

/* How many wills have come in all, after so long. */
static int wills_after(struct fixture *f, int64_t ms)
{
    clock_fake_advance(ms);
    turns(f, 2);
    return f->service->count;
}

static void delay_passes(void **state)
{
    struct fixture *f = *state;
    struct service ear = { 0 };
    struct client lamp = { 0 };
    listen(f, &ear);
    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
    clock_fake_advance(MINUTES(5));
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    assert_int_equal(wills_after(f, 10 * SECOND - 1), 0);
    struct session_info info;
    assert_true(session_info_get(f->hub, SLICE_LIT("lamp"), &info));
    assert_int_equal(info.will_delay_ms, 10 * SECOND);
    assert_int_equal(info.will_at, clock_real_ms() + 1);
    assert_int_equal(wills_after(f, 1), 1);
    settle(f);
    assert_int_equal(
        query(f, "SELECT count(*) FROM session WHERE will IS NULL AND will_at IS NULL"), 1);
    fixture_crash(f); /* it is sent once */
    assert_int_equal(wills_after(f, MINUTES(20)), 1);
    client_free(&lamp);
    service_stop(&ear);
}

/* Its time is that of its sending, also for rules and for its own expiry. */
static void published_when_it_is_sent(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct msg *will = message("will", "gone", 1, true);
    client_open_with(f, &lamp, "lamp",
                     (struct session_open_opts){
                         .expiry_ms = MINUTES(10), .will = will, .will_delay_ms = 10 * SECOND });
    clock_fake_advance(MINUTES(5));
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    clock_fake_advance(10 * SECOND);
    turns(f, 2);
    const struct msg *kept = hub_retained_get(f->hub, SLICE_LIT("will"));
    assert_non_null(kept);
    assert_int_equal(kept->at_ms, clock_real_ms());
    assert_true(kept->at_ms > will->at_ms);
    assert_true(slice_eq_str(kept->payload, "gone") && kept->qos == 1);
    msg_unref(will);
    client_free(&lamp);
}

/* [MQTT-3.1.2-8], [MQTT-3.1.3-9]: after the delay or at the end of the session, whichever is first, and once. */
static void session_ends_first(void **state)
{
    struct fixture *f = *state;
    struct service ear = { 0 };
    struct client lamp = { 0 };
    listen(f, &ear);
    open_delayed(f, &lamp, 10 * SECOND, 5 * SECOND);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    assert_int_equal(wills_after(f, 5 * SECOND - 1), 0);
    assert_int_equal(wills_after(f, 1), 1);
    assert_int_equal(wills_after(f, HOURS(1)), 1);
    client_free(&lamp);

    open_delayed(f, &lamp, 10 * SECOND, SESSION_EXPIRY_ENDS);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    assert_int_equal(ear.count, 2);
    client_free(&lamp);

    open_delayed(f, &lamp, 10 * SECOND, MINUTES(1));
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    assert_true(session_remove(f->hub, SLICE_LIT("lamp")) > 0);
    assert_int_equal(ear.count, 3);
    client_free(&lamp);

    open_delayed(f, &lamp, 10 * SECOND, MINUTES(1));
    assert_true(session_remove(f->hub, SLICE_LIT("lamp")) > 0); /* while it is connected */
    assert_int_equal(ear.count, 4);
    client_free(&lamp);

    open_delayed(f, &lamp, 10 * SECOND, MINUTES(1));
    assert_int_equal(session_set_expiry(lamp.session, SESSION_EXPIRY_ENDS), 0);
    client_drop(&lamp, SESSION_END_CLIENT_WITH_WILL);
    assert_int_equal(ear.count, 5);
    client_free(&lamp);

    open_delayed(f, &lamp, 10 * SECOND, 5 * SECOND);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    clock_fake_advance(5 * SECOND); /* and nobody has looked when the client comes back */
    client_open(f, &lamp, "lamp", false);
    assert_false(lamp.present);
    assert_int_equal(ear.count, 6);
    assert_int_equal(wills_after(f, HOURS(10)), 6);
    client_free(&lamp);
    service_stop(&ear);
}

static void by_disconnect(void **state)
{
    struct fixture *f = *state;
    struct service ear = { 0 };
    struct client lamp = { 0 };
    listen(f, &ear);
    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
    client_drop(&lamp, SESSION_END_CLIENT_INITIATED);
    settle(f);
    assert_int_equal(wills_after(f, MINUTES(1)), 0);
    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
    client_drop(&lamp, SESSION_END_CLIENT_WITH_WILL);
    assert_int_equal(wills_after(f, 10 * SECOND - 1), 0);
    assert_int_equal(wills_after(f, 1), 1);
    open_delayed(f, &lamp, 0, MINUTES(10));
    client_drop(&lamp, SESSION_END_CLIENT_WITH_WILL);
    assert_int_equal(ear.count, 2);
    client_free(&lamp);
    service_stop(&ear);
}

/* [MQTT-3.1.3-9], and no crash brings it back: CONNACK waits for that. */
static void back_in_time(void **state)
{
    struct fixture *f = *state;
    struct service ear = { 0 };
    struct client lamp = { 0 };
    listen(f, &ear);
    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    settle(f);
    clock_fake_advance(10 * SECOND - 1);
    struct session_open_opts without = { .expiry_ms = MINUTES(10) };
    int64_t before = store_committed(f->store);
    assert_true(client_open_with(f, &lamp, "lamp", without) > before);
    settle(f);
    assert_int_equal(wills_after(f, MINUTES(1)), 0);
    fixture_crash(f);
    assert_int_equal(wills_after(f, MINUTES(20)), 0);
    client_free(&lamp);

    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    clock_fake_advance(10 * SECOND); /* too late, though nobody has looked */
    client_open_with(f, &lamp, "lamp", without);
    assert_int_equal(ear.count, 1);
    assert_int_equal(wills_after(f, MINUTES(1)), 1);
    client_free(&lamp);
    service_stop(&ear);
}

/* A clock that goes on with each look at it. */
static _Atomic int64_t next_ms;

static int64_t ticking_ms(void)
{
    return atomic_fetch_add(&next_ms, 1);
}

static int64_t standing_ns(void)
{
    return 0;
}

/* The session's end comes right behind its will, but not between two looks at the clock. */
static void back_in_the_last_moment(void **state)
{
    static const struct clock_source ticking = { ticking_ms, standing_ns };
    struct fixture *f = *state;
    struct service ear = { 0 };
    struct client lamp = { 0 };
    listen(f, &ear);
    open_delayed(f, &lamp, 10 * SECOND - 1, 10 * SECOND);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    settle(f);
    next_ms = clock_real_ms() + 10 * SECOND - 1;
    clock_set_source(&ticking);
    client_open_with(f, &lamp, "lamp", (struct session_open_opts){ .expiry_ms = MINUTES(10) });
    clock_fake_install();
    assert_true(lamp.present);
    assert_int_equal(ear.count, 1);
    client_free(&lamp);
    service_stop(&ear);
}

/* Section 3.1.4: a new connection takes the session over, goes on with it or ends it. */
static void taken_over(void **state)
{
    static const struct {
        int64_t delay_ms;
        int64_t expiry_ms;
        bool clean_start;
        bool sent;
    } cases[] = {
        { 0, MINUTES(10), false, true },
        { 10 * SECOND, MINUTES(10), false, false },
        { 10 * SECOND, MINUTES(10), true, true },
        { 0, MINUTES(10), true, true },
        { 10 * SECOND, SESSION_EXPIRY_ENDS, false, true },
        { 10 * SECOND, SESSION_EXPIRY_ENDS, true, true },
    };
    struct fixture *f = *state;
    struct service ear = { 0 };
    listen(f, &ear);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client old = { 0 }, new = { 0 };
        int before = ear.count;
        open_delayed(f, &old, cases[i].delay_ms, cases[i].expiry_ms);
        client_open_with(f, &new, "lamp",
                         (struct session_open_opts){ .clean_start = cases[i].clean_start,
                                                     .expiry_ms = MINUTES(10) });
        if (ear.count - before != cases[i].sent) fail_msg("case %zu", i);
        assert_int_equal(wills_after(f, HOURS(2)), before + cases[i].sent);
        client_free(&old);
        client_free(&new);
        session_remove(f->hub, SLICE_LIT("lamp"));
    }
    service_stop(&ear);
}

/* The delay goes on over a restart and a crash; what is due by then is sent at the start. */
static void waits_over_a_restart(void **state)
{
    struct fixture *f = *state;
    struct service ear = { 0 };
    listen(f, &ear);
    for (int crash = 0; crash <= 1; crash++) {
        for (int late = 0; late <= 1; late++) {
            struct client lamp = { 0 };
            int before = ear.count;
            open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
            client_drop(&lamp, SESSION_END_CONNECTION_LOST);
            settle(f);
            clock_fake_advance(4 * SECOND);
            if (crash)
                fixture_crash(f);
            else
                fixture_close(f);
            if (late) clock_fake_advance(6 * SECOND);
            if (!crash) fixture_open(f);
            if (!late) {
                assert_int_equal(wills_after(f, 6 * SECOND - 1), before);
                clock_fake_advance(1);
            }
            assert_int_equal(wills_after(f, 0), before + 1);
            settle(f);
            assert_int_equal(query(f, "SELECT count(*) FROM session WHERE will IS NULL"), 1);
            client_free(&lamp);
        }
    }
    service_stop(&ear);
}

/* The end of the hub is the end of the connection, when it starts again. An orderly end is one at once. */
static void hub_ends_while_it_is_connected(void **state)
{
    struct fixture *f = *state;
    struct service ear = { 0 };
    struct client lamp = { 0 };
    listen(f, &ear);
    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
    clock_fake_advance(MINUTES(1));
    fixture_crash(f);
    assert_int_equal(wills_after(f, 10 * SECOND - 1), 0);
    settle(f);
    fixture_crash(f); /* nor does another one begin it anew */
    assert_int_equal(wills_after(f, 1), 1);
    client_free(&lamp);

    open_delayed(f, &lamp, 10 * SECOND, 5 * SECOND); /* the session's time begins likewise */
    fixture_crash(f);
    assert_int_equal(wills_after(f, 5 * SECOND - 1), 1);
    assert_int_equal(wills_after(f, 1), 2);
    client_free(&lamp);

    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10)); /* kept, then to end with the connection */
    client_drop(&lamp, SESSION_END_CLIENT_INITIATED);
    open_delayed(f, &lamp, 10 * SECOND, SESSION_EXPIRY_ENDS);
    fixture_crash(f);
    int before = ear.count;
    assert_int_equal(wills_after(f, 0), before + 1);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM session"), 0);
    client_free(&lamp);

    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
    fixture_restart(f);
    assert_int_equal(wills_after(f, 10 * SECOND - 1), before + 1);
    assert_int_equal(wills_after(f, 1), before + 2);
    client_free(&lamp);
    service_stop(&ear);
}

/* Whether the client may is decided when its will is sent. */
static void rights_when_it_is_sent(void **state)
{
    struct fixture *f = *state;
    struct service ear = { 0 };
    struct client lamp = { 0 };
    listen(f, &ear);
    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    int refusals = auth_fake_refusals();
    auth_fake_deny(f->auth, "lamp", POLICY_ACTION_PUBLISH, "will");
    assert_int_equal(wills_after(f, 10 * SECOND), 0);
    assert_int_equal(auth_fake_refusals(), refusals + 1);
    open_delayed(f, &lamp, 10 * SECOND, MINUTES(10));
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    auth_fake_allow_all(f->auth);
    assert_int_equal(wills_after(f, 10 * SECOND), 1);
    client_free(&lamp);
    service_stop(&ear);
}

/* A session that is over takes no turn of a shared subscription any more, though it was its turn. */
static void not_for_the_one_who_is_over(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, other = { 0 };
    open_delayed(f, &lamp, 10 * SECOND, 5 * SECOND);
    client_subscribe(&lamp, "$share/g/will", 1);
    client_open(f, &other, "other", false);
    client_subscribe(&other, "$share/g/will", 1);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    client_drop(&other, SESSION_END_CLIENT_INITIATED);
    clock_fake_advance(5 * SECOND);
    turns(f, 2);
    client_open(f, &other, "other", false);
    settle(f);
    assert_log(&other, "will=gone/1#2 ");
    client_free(&lamp);
    client_free(&other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(will_is_kept_while_the_store_is_behind),
        TEST(will_that_somebody_holds),
        TEST(wills_after_a_crash_while_the_store_is_behind),
        TEST(will_meets_its_own_session),
        TEST(delay_passes),
        TEST(published_when_it_is_sent),
        TEST(session_ends_first),
        TEST(by_disconnect),
        TEST(back_in_time),
        TEST(back_in_the_last_moment),
        TEST(taken_over),
        TEST(waits_over_a_restart),
        TEST(hub_ends_while_it_is_connected),
        TEST(rights_when_it_is_sent),
        TEST(not_for_the_one_who_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
