/* test_session_expiry.c — how long sessions are kept: what clients ask for in CONNECT and DISCONNECT, what the
 * configuration allows, restarts, crashes, take-overs. MQTT 5.0, sections 3.1.2.4, 3.1.2.11.2, 3.14.2.2.2. */
#include "hub_fixture.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/metrics.h"
#include "hub/session_priv.h"
#include "lib/clock_fake.h"

enum { SECOND = 1000 };

/* Sessions of MQTT 3.1.1 are many: 744 bytes before there was MQTT 5, and one pointer for it. */
#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(struct session) <= 744 + sizeof(void *), "a session has grown");
#endif

static int64_t open5(struct fixture *f, struct client *c, const char *id, bool clean_start,
                     int64_t expiry_ms)
{
    return client_open_with(
        f, c, id, (struct session_open_opts){ .clean_start = clean_start, .expiry_ms = expiry_ms });
}

/* It was there, and is away now. */
static void leave5(struct fixture *f, struct client *c, const char *id, int64_t expiry_ms)
{
    open5(f, c, id, true, expiry_ms);
    client_subscribe(c, "t", 1);
    settle(f);
    client_drop(c, SESSION_END_CONNECTION_LOST);
    settle(f);
}

static size_t sessions_after(struct fixture *f, int64_t ms)
{
    clock_fake_advance(ms);
    turns(f, 2);
    return sessions_count(hub_sessions(f->hub));
}

static int64_t rows(struct fixture *f)
{
    settle(f);
    return query(f, "SELECT count(*) FROM session");
}

static void configure(struct fixture *f, int64_t expiry_ms)
{
    f->opts.session_expiry_ms = expiry_ms;
    hub_set_opts(f->hub, &f->opts);
}

static void test_what_holds(void **state)
{
    static const struct session_expiry by_client[] = { { SLICE_LIT("short-*"), 5 * SECOND } };
    static const struct {
        const char *id;
        int64_t configured;
        int64_t asked;
        int64_t holds;
    } cases[] = {
        { "lamp", HOURS(1), SESSION_EXPIRY_CONFIGURED, HOURS(1) },
        { "lamp", HOURS(1), SESSION_EXPIRY_ENDS, SESSION_EXPIRY_ENDS },
        { "lamp", HOURS(1), SESSION_EXPIRY_NEVER, HOURS(1) },
        { "lamp", HOURS(1), HOURS(1) - 1, HOURS(1) - 1 },
        { "lamp", HOURS(1), HOURS(1) + 1, HOURS(1) },
        { "lamp", 0, SESSION_EXPIRY_CONFIGURED, SESSION_EXPIRY_NEVER },
        { "lamp", 0, SESSION_EXPIRY_NEVER, SESSION_EXPIRY_NEVER },
        { "lamp", 0, SESSION_EXPIRY_ENDS, SESSION_EXPIRY_ENDS },
        { "lamp", 0, DAYS(4000), DAYS(4000) },
        { "short-1", 0, SESSION_EXPIRY_NEVER, 5 * SECOND },
        { "short-1", 0, SESSION_EXPIRY_CONFIGURED, 5 * SECOND },
        { "short-1", 0, SECOND, SECOND },
    };
    struct fixture *f = *state;
    f->opts.expiries = by_client;
    f->opts.expiry_count = ARRAY_LEN(by_client);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client lamp = { 0 };
        configure(f, cases[i].configured);
        open5(f, &lamp, cases[i].id, true, cases[i].asked);
        if (session_expiry_ms(lamp.session) != cases[i].holds) fail_msg("case %zu", i);
        bool kept = cases[i].holds != SESSION_EXPIRY_ENDS;
        assert_int_equal(session_persistent(lamp.session), kept);
        client_drop(&lamp, SESSION_END_CLIENT_INITIATED);
        assert_int_equal(sessions_count(hub_sessions(f->hub)), kept);
        client_free(&lamp);
        if (kept) session_remove(f->hub, slice_str(cases[i].id));
    }
}

/* Clean start says nothing of the end. */
static void test_clean_start_is_kept(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    leave5(f, &lamp, "lamp", MINUTES(10));
    publish(f, "t", "x", 1);
    settle(f);
    fixture_restart(f);
    open5(f, &lamp, "lamp", false, MINUTES(10));
    assert_true(lamp.present);
    assert_log(&lamp, "t=x/1#2 ");
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    open5(f, &lamp, "lamp", true, MINUTES(10));
    assert_false(lamp.present);
    assert_int_equal(rows(f), 1);
    client_free(&lamp);
}

/* No sweep is awaited: sessions of some seconds end in the turn in which they are over. */
static void test_seconds(void **state)
{
    struct fixture *f = *state;
    struct client one = { 0 }, two = { 0 };
    int64_t expired = metrics_get(METRIC_SESSIONS_EXPIRED);
    leave5(f, &one, "one", 5 * SECOND);
    leave5(f, &two, "two", 7 * SECOND);
    assert_int_equal(sessions_after(f, 5 * SECOND - 1), 2);
    assert_int_equal(sessions_after(f, 1), 1);
    assert_int_equal(rows(f), 1);
    assert_int_equal(sessions_after(f, 2 * SECOND - 1), 1);
    assert_int_equal(sessions_after(f, 1), 0);
    assert_int_equal(rows(f), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM subscription"), 0);
    assert_int_equal(metrics_get(METRIC_SESSIONS_EXPIRED), expired + 2);
    client_free(&one);
    client_free(&two);
}

/* What is longer than the time between two sweeps ends as exactly. */
static void test_hours(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    configure(f, DAYS(1));
    leave5(f, &lamp, "lamp", HOURS(3));
    assert_int_equal(sessions_after(f, HOURS(3) - 30 * SECOND), 1);
    assert_int_equal(sessions_after(f, 30 * SECOND - 1), 1);
    assert_int_equal(sessions_after(f, 1), 0);
    client_free(&lamp);
}

/* A client that is back stops the time; one that comes after it finds nothing, though no turn was made. */
static void test_back_in_time_or_not(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    leave5(f, &lamp, "lamp", 5 * SECOND);
    clock_fake_advance(5 * SECOND - 1);
    open5(f, &lamp, "lamp", false, 5 * SECOND);
    assert_true(lamp.present);
    assert_int_equal(sessions_after(f, HOURS(10)), 1);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    clock_fake_advance(5 * SECOND);
    open5(f, &lamp, "lamp", false, 5 * SECOND);
    assert_false(lamp.present);
    client_free(&lamp);
}

/* One that was kept and is resumed with 0 has its rows until the connection ends. */
static void test_resumed_to_end(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    leave5(f, &lamp, "lamp", MINUTES(10));
    open5(f, &lamp, "lamp", false, SESSION_EXPIRY_ENDS);
    assert_true(lamp.present);
    assert_int_equal(session_expiry_ms(lamp.session), SESSION_EXPIRY_ENDS);
    publish(f, "t", "x", 1);
    settle(f);
    assert_log(&lamp, "t=x/1#2 ");
    assert_int_equal(rows(f), 1);
    configure(f, HOURS(2)); /* which is not about it */
    assert_int_equal(session_expiry_ms(lamp.session), SESSION_EXPIRY_ENDS);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
    assert_int_equal(rows(f), 0);
    client_free(&lamp);
}

/* What it has not acknowledged goes to another member, who need not be there, as from a clean session. */
static void test_resumed_to_end_and_shared(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, other = { 0 };
    leave5(f, &lamp, "lamp", MINUTES(10));
    open5(f, &lamp, "lamp", false, SESSION_EXPIRY_ENDS);
    client_subscribe(&lamp, "$share/g/work", 1);
    client_open(f, &other, "other", false);
    client_subscribe(&other, "$share/g/work", 1);
    client_drop(&other, SESSION_END_CLIENT_INITIATED);
    publish(f, "work", "x", 1);
    settle(f);
    assert_log(&lamp, "work=x/1#2 ");
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    client_open(f, &other, "other", false);
    settle(f);
    assert_log(&other, "work=x/1#2 ");
    client_free(&lamp);
    client_free(&other);
}

/* And when it was the hub that ended: what it has acknowledged is delivered before. */
static void test_resumed_to_end_and_crash(void **state)
{
    struct fixture *f = *state;
    struct service ear = { .does = SERVICE_HOLD };
    struct client lamp = { 0 };
    f->service = &ear;
    f->service_filter = "in";
    service_start(f, &ear, "in");
    leave5(f, &lamp, "lamp", MINUTES(10));
    open5(f, &lamp, "lamp", false, SESSION_EXPIRY_ENDS);
    client_publish2(&lamp, 7, "in", "x");
    settle(f);
    assert_int_equal(ear.count, 1);
    ear.does = SERVICE_COUNT; /* after the crash: this decision is never made */
    fixture_crash(f);
    assert_int_equal(ear.count, 2);
    assert_int_equal(sessions_after(f, 0), 0);
    assert_int_equal(rows(f), 0);
    client_free(&lamp);
    open5(f, &lamp, "lamp", false, SESSION_EXPIRY_ENDS);
    assert_false(lamp.present);
    client_free(&lamp);
    service_stop(&ear);
}

static void test_disconnect_changes_it(void **state)
{
    static const struct {
        int64_t first;
        int64_t then;
        int rc;
        int64_t holds;
    } cases[] = {
        { MINUTES(10), SECOND, 0, SECOND },
        { SECOND, MINUTES(10), 0, MINUTES(10) },
        { SECOND, HOURS(2), 0, HOURS(1) },
        { SECOND, SESSION_EXPIRY_NEVER, 0, HOURS(1) },
        { SESSION_EXPIRY_CONFIGURED, SECOND, 0, SECOND },
        { MINUTES(10), SESSION_EXPIRY_ENDS, 0, SESSION_EXPIRY_ENDS },
        { SESSION_EXPIRY_ENDS, SESSION_EXPIRY_ENDS, 0, SESSION_EXPIRY_ENDS },
        { SESSION_EXPIRY_ENDS, SECOND, ERR_PROTOCOL, SESSION_EXPIRY_ENDS },
        { SESSION_EXPIRY_ENDS, SESSION_EXPIRY_NEVER, ERR_PROTOCOL, SESSION_EXPIRY_ENDS },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client lamp = { 0 };
        bool kept = cases[i].holds != SESSION_EXPIRY_ENDS;
        open5(f, &lamp, "lamp", true, cases[i].first);
        int rc = session_set_expiry(lamp.session, cases[i].then);
        if (rc != cases[i].rc) fail_msg("case %zu: %d", i, rc);
        assert_int_equal(session_expiry_ms(lamp.session), cases[i].holds);
        client_drop(&lamp, SESSION_END_CLIENT_INITIATED);
        assert_int_equal(sessions_count(hub_sessions(f->hub)), kept);
        assert_int_equal(rows(f), kept);
        fixture_restart(f); /* it is remembered */
        if (kept) assert_int_equal(sessions_after(f, cases[i].holds - 1), 1);
        assert_int_equal(sessions_after(f, 1), 0);
        client_free(&lamp);
    }
}

/* What was asked for is what holds, as long as the configuration allows it, whoever restarts. */
static void test_restart_and_configuration(void **state)
{
    struct fixture *f = *state;
    struct client asked = { 0 }, never = { 0 }, usual = { 0 };
    configure(f, 0);
    leave5(f, &asked, "asked", MINUTES(30));
    leave5(f, &never, "never", SESSION_EXPIRY_NEVER);
    leave5(f, &usual, "usual", SESSION_EXPIRY_CONFIGURED);
    assert_int_equal(query(f, "SELECT count(*) FROM session WHERE expiry_ms IS NULL"), 1);
    fixture_restart(f);
    assert_int_equal(sessions_after(f, MINUTES(30) - 1), 3);
    assert_int_equal(sessions_after(f, 1), 2);
    assert_int_equal(sessions_after(f, DAYS(4000)), 2);
    configure(f, DAYS(5000));
    fixture_restart(f);
    assert_int_equal(sessions_after(f, DAYS(1)), 2);
    configure(f, DAYS(4000)); /* they are over now */
    assert_int_equal(sessions_after(f, 0), 0);
    assert_int_equal(rows(f), 0);

    client_free(&asked);
    configure(f, MINUTES(1));
    leave5(f, &asked, "asked", MINUTES(30));
    configure(f, HOURS(1)); /* now it may have what it has asked for */
    assert_int_equal(sessions_after(f, MINUTES(30) - 1), 1);
    configure(f, MINUTES(5));
    assert_int_equal(sessions_after(f, 0), 0);
    client_free(&asked);
    client_free(&never);
    client_free(&usual);
}

static void test_take_over(void **state)
{
    static const struct {
        int64_t first;
        bool clean_start;
        int64_t then;
        bool present;
        int64_t rows;
    } cases[] = {
        { MINUTES(10), false, SECOND, true, 1 },
        { MINUTES(10), false, SESSION_EXPIRY_ENDS, true, 1 },
        { MINUTES(10), true, SECOND, false, 1 },
        { MINUTES(10), true, SESSION_EXPIRY_ENDS, false, 0 },
        { SESSION_EXPIRY_ENDS, false, MINUTES(10), false, 1 }, /* ended with its connection */
        { SESSION_EXPIRY_ENDS, false, SESSION_EXPIRY_ENDS, false, 0 },
        { SESSION_EXPIRY_ENDS, true, MINUTES(10), false, 1 },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client old = { 0 }, new = { 0 };
        open5(f, &old, "lamp", true, cases[i].first);
        client_subscribe(&old, "t", 1);
        int64_t commit = open5(f, &new, "lamp", cases[i].clean_start, cases[i].then);
        assert_true(old.ended && old.why == SESSION_END_DUPLICATE);
        if (new.present != cases[i].present) fail_msg("case %zu", i);
        assert_true(commit > 0 || cases[i].first == SESSION_EXPIRY_ENDS);
        assert_int_equal(session_expiry_ms(new.session), cases[i].then);
        publish(f, "t", "x", 1);
        settle(f);
        assert_log(&new, cases[i].present ? "t=x/1#2 " : "");
        assert_int_equal(rows(f), cases[i].rows);
        client_free(&old);
        client_free(&new);
        session_remove(f->hub, SLICE_LIT("lamp"));
    }
}

/* A session of MQTT 5 that a client of 3.1.1 goes on with, and one that it ends. */
static void test_older_clients(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    leave5(f, &lamp, "lamp", 5 * SECOND);
    int64_t before = store_committed(f->store);
    assert_true(client_open(f, &lamp, "lamp", false) > before); /* CONNACK: it is kept for longer */
    assert_true(lamp.present);
    assert_int_equal(session_expiry_ms(lamp.session), HOURS(1));
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM session WHERE expiry_ms IS NULL"), 1);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    assert_int_equal(sessions_after(f, MINUTES(30)), 1);
    client_open(f, &lamp, "lamp", true);
    assert_false(lamp.present);
    assert_int_equal(rows(f), 0);
    client_free(&lamp);
}

static void test_no_room_in_the_store(void **state)
{
    static const struct {
        bool clean_start;
        int64_t expiry_ms;
        bool taken;
    } cases[] = {
        { true, SESSION_EXPIRY_ENDS, true },
        { false, SESSION_EXPIRY_ENDS, true },
        { true, SECOND, false },
        { false, SECOND, false },
    };
    struct fixture *f = *state;
    struct client ear = { 0 };
    fixture_close(f);
    f->store_opts.max_pending = 20;
    fixture_open(f);
    client_open(f, &ear, "ear", false);
    client_subscribe(&ear, "t", 1);
    while (!store_busy(f->store))
        publish(f, "t", "x", 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client lamp = { 0 };
        int64_t rc = open5(f, &lamp, "lamp", cases[i].clean_start, cases[i].expiry_ms);
        assert_int_equal(rc, cases[i].taken ? 0 : ERR_STORE);
        client_free(&lamp);
    }
    client_free(&ear);
}

/* [MQTT-3.3.4-9]; the next connection may have another. */
static void test_receive_maximum(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct session_open_opts opts = { .expiry_ms = MINUTES(10), .receive_maximum = 2 };
    client_open_with(f, &lamp, "lamp", opts);
    client_subscribe(&lamp, "t", 1);
    for (int i = 0; i < 4; i++)
        publish(f, "t", "x", 1);
    settle(f);
    assert_log(&lamp, "t=x/1#2 t=x/1#3 ");
    session_puback(lamp.session, 2);
    settle(f);
    assert_log(&lamp, "t=x/1#4 ");
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    opts.receive_maximum = 0;
    client_open_with(f, &lamp, "lamp", opts);
    assert_log(&lamp, "t=x/1d#3 t=x/1d#4 t=x/1#5 ");
    client_free(&lamp);
}

static void test_window(void **state)
{
    static const struct {
        uint16_t asked;
        size_t window;
    } cases[] = { { 0, 100 }, { 1, 1 }, { 99, 99 }, { 100, 100 }, { 101, 100 }, { 65535, 100 } };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client lamp = { 0 };
        client_open_with(f, &lamp, "lamp",
                         (struct session_open_opts){ .receive_maximum = cases[i].asked });
        assert_int_equal(session_window(lamp.session), cases[i].window);
        client_free(&lamp);
    }
}

/* Who asks for no more than 3.1.1 can say costs no more. */
static void test_terms_are_made_when_needed(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct msg *will = message("will", "gone", 1, false);
    const struct session_open_opts usual[] = {
        { .level = 4, .expiry_ms = SESSION_EXPIRY_CONFIGURED, .will = will },
        { .expiry_ms = SESSION_EXPIRY_CONFIGURED, .receive_maximum = UINT16_MAX },
        { .will_delay_ms = SECOND }, /* without a will */
        { .clean_start = true, .will = will },
    };
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        client_open_with(f, &lamp, "lamp", usual[i]);
        assert_null(lamp.session->terms);
        client_drop(&lamp, SESSION_END_CLIENT_INITIATED);
    }
    open5(f, &lamp, "lamp", false, SECOND);
    assert_non_null(lamp.session->terms);
    client_drop(&lamp, SESSION_END_CLIENT_INITIATED);
    client_open(f, &lamp, "lamp", false);
    assert_null(lamp.session->terms);
    client_free(&lamp);
    msg_unref(will);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_holds),
        TEST(test_clean_start_is_kept),
        TEST(test_seconds),
        TEST(test_hours),
        TEST(test_back_in_time_or_not),
        TEST(test_resumed_to_end),
        TEST(test_resumed_to_end_and_shared),
        TEST(test_resumed_to_end_and_crash),
        TEST(test_disconnect_changes_it),
        TEST(test_restart_and_configuration),
        TEST(test_take_over),
        TEST(test_older_clients),
        TEST(test_no_room_in_the_store),
        TEST(test_window),
        TEST(test_receive_maximum),
        TEST(test_terms_are_made_when_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
