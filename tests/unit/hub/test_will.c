/* test_will.c — wills where there is no easy way out: the store is behind, the rights have changed, the will meets its
 * own session. MQTT 3.1.1, section 3.1.2.5. */
#include "hub_fixture.h"

#include "base/err.h"
#include "base/metrics.h"

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(will_is_kept_while_the_store_is_behind),
        TEST(will_that_somebody_holds),
        TEST(wills_after_a_crash_while_the_store_is_behind),
        TEST(will_meets_its_own_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
