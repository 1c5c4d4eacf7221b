/* test_sys_topics.c — $SYS/broker/...: what a new subscriber gets, what comes later, the moving averages,
 * and that none of it is ever stored. */
#include "hub_fixture.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/sys_topics.h"
#include "lib/clock_fake.h"

static struct sys_topics *sys;

static void start(struct fixture *f)
{
    sys = sys_topics_create(f->hub, "thingd version 9", SECONDS(10));
}

static void stop(void)
{
    sys_topics_destroy(sys);
}

static void next_interval(struct fixture *f)
{
    clock_fake_advance(SECONDS(10));
    turns(f, 3);
}

static const char *value_of(struct fixture *f, const char *name)
{
    static char text[64];
    char topic[96];
    snprintf(topic, sizeof topic, "$SYS/broker/%s", name);
    const struct msg *msg = hub_retained_get(f->hub, slice_str(topic));
    if (!msg) return NULL;
    snprintf(text, sizeof text, "%.*s", (int)msg->payload.len, msg->payload.ptr);
    return text;
}

static void assert_value(struct fixture *f, const char *name, const char *expected)
{
    const char *value = value_of(f, name);
    if (!value) fail_msg("no %s", name);
    assert_string_equal(value, expected);
}

static bool heap_is_unknown(const char *name)
{
    return strncmp(name, "heap/", 5) == 0 && !mem_heap_used();
}

static void test_a_new_subscriber_gets_all_at_once(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    start(f);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "$SYS/#", 2);
    const char *log = client_log(&lamp);
    assert_non_null(strstr(log, "$SYS/broker/version=thingd version 9/0r "));
    assert_non_null(strstr(log, "$SYS/broker/uptime=0 seconds/0r "));
    assert_non_null(strstr(log, "$SYS/broker/load/sockets/15min=0.00/0r "));
    const char *name;
    for (size_t i = 0; (name = sys_topics_name(i)); i++) {
        char topic[96];
        snprintf(topic, sizeof topic, "$SYS/broker/%s", name);
        if (!heap_is_unknown(name) && !strstr(log, topic)) fail_msg("%s is missing", topic);
    }
    client_free(&lamp);
    stop();
}

static void test_wildcards_at_the_front_do_not_see_them(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    start(f);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "#", 0);
    client_subscribe(&lamp, "+/broker/uptime", 0);
    next_interval(f);
    assert_log(&lamp, "");
    client_subscribe(&lamp, "$SYS/+/uptime", 0);
    assert_log(&lamp, "$SYS/broker/uptime=10 seconds/0r ");
    client_free(&lamp);
    stop();
}

static void test_only_what_has_changed_comes_again(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    start(f);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "$SYS/broker/clients/#", 0);
    client_subscribe(&lamp, "$SYS/broker/version", 0);
    client_subscribe(&lamp, "$SYS/broker/uptime", 0);
    client_log(&lamp);
    clock_fake_advance(SECONDS(10) - 1);
    turns(f, 3);
    assert_log(&lamp, "");
    clock_fake_advance(1);
    turns(f, 3);
    assert_log(&lamp, "$SYS/broker/uptime=10 seconds/0 $SYS/broker/clients/connected=1/0 "
                      "$SYS/broker/clients/total=1/0 ");
    next_interval(f);
    assert_log(&lamp, "$SYS/broker/uptime=20 seconds/0 ");
    client_free(&lamp);
    stop();
}

static void test_figures(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, plug = { 0 };
    int64_t expired = metrics_get(METRIC_SESSIONS_EXPIRED);
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "a", 1);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    client_open(f, &plug, "plug", true);
    client_retain(&plug, "b", "bytes", 1);
    client_publish(&plug, "a", "x", 1);
    client_publish(&plug, "a", "y", 1);
    settle(f);
    start(f);
    assert_value(f, "clients/connected", "1");
    assert_value(f, "clients/disconnected", "1");
    assert_value(f, "clients/total", "2");
    assert_value(f, "subscriptions/count", "1");
    assert_value(f, "shared_subscriptions/count", "0");
    assert_value(f, "retained messages/count", "1");
    assert_value(f, "messages/stored", "3");
    assert_value(f, "store/messages/count", "3");
    struct session_info info;
    assert_true(session_info_get(f->hub, SLICE_LIT("lamp"), &info));
    assert_int_equal(info.queued, 2);
    assert_int_equal(atoll(value_of(f, "store/messages/bytes")),
                     info.queued_bytes + hub_retained_bytes(f->hub));
    if (mem_heap_used())
        assert_true(atoll(value_of(f, "heap/maximum")) >= atoll(value_of(f, "heap/current")));
    assert_true(atoll(value_of(f, "clients/maximum")) >= 1);
    clock_fake_advance(HOURS(2));
    turns(f, 3);
    assert_int_equal(metrics_get(METRIC_SESSIONS_EXPIRED), expired + 1);
    next_interval(f);
    assert_int_equal(atoll(value_of(f, "clients/expired")), expired + 1);
    assert_value(f, "clients/disconnected", "0");
    stop();
    client_free(&lamp);
    client_free(&plug);
}

/* By hand: the rate is 3600 a minute for 10 seconds, then nothing for another 10. */
static void test_moving_averages(void **state)
{
    struct fixture *f = *state;
    start(f);
    metrics_add(METRIC_PUBLISHES_IN, 600);
    next_interval(f);
    assert_value(f, "load/publish/received/1min", "552.67");
    assert_value(f, "load/publish/received/5min", "118.02");
    assert_value(f, "load/publish/received/15min", "39.78");
    assert_value(f, "load/publish/sent/1min", "0.00");
    next_interval(f);
    assert_value(f, "load/publish/received/1min", "467.82");
    assert_value(f, "load/publish/received/5min", "114.15");
    assert_value(f, "load/publish/received/15min", "39.34");
    stop();
}

static void test_a_load_that_hardly_moves_is_not_told(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    start(f);
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "$SYS/broker/load/publish/dropped/15min", 0);
    metrics_add(METRIC_DROPS, 1);
    next_interval(f); /* 6 a minute: 0.0663 */
    assert_log(&lamp, "$SYS/broker/load/publish/dropped/15min=0.00/0r "
                      "$SYS/broker/load/publish/dropped/15min=0.07/0 ");
    next_interval(f); /* 0.0656 */
    assert_log(&lamp, "");
    client_free(&lamp);
    stop();
}

static void test_nothing_is_stored(void **state)
{
    struct fixture *f = *state;
    start(f);
    next_interval(f);
    hub_flush(f->hub);
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM retained"), 0);
    assert_int_equal(hub_retained_count(f->hub), 0);
    assert_int_equal(hub_retained_bytes(f->hub), 0);
    stop();
    fixture_restart(f);
    assert_null(value_of(f, "uptime"));
}

static void test_they_take_no_room_of_others(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    f->opts.max_retained = 1;
    hub_set_opts(f->hub, &f->opts);
    start(f);
    client_open(f, &lamp, "lamp", true);
    assert_true(client_retain(&lamp, "a", "x", 1) > 0);
    assert_non_null(hub_retained_get(f->hub, SLICE_LIT("a")));
    client_free(&lamp);
    stop();
}

static void test_off_and_on(void **state)
{
    struct fixture *f = *state;
    sys = sys_topics_create(f->hub, "v", 0);
    assert_null(value_of(f, "version"));
    sys_topics_set_interval(sys, SECONDS(10));
    assert_value(f, "version", "v");
    sys_topics_set_interval(sys, SECONDS(20));
    next_interval(f);
    assert_value(f, "uptime", "0 seconds");
    next_interval(f);
    assert_value(f, "uptime", "20 seconds");
    sys_topics_set_interval(sys, 0);
    assert_null(value_of(f, "version"));
    assert_null(value_of(f, "load/sockets/15min"));
    next_interval(f);
    assert_null(value_of(f, "uptime"));
    stop();
}

/* A thousand in a portion: the second one comes a millisecond later, and those who go meanwhile do no
 * harm. */
static void test_many_sessions_are_added_up_in_portions(void **state)
{
    enum { MANY = 1500 };
    struct fixture *f = *state;
    struct client *clients = xcalloc(MANY, sizeof *clients);
    char id[16];
    f->opts.max_sessions = MANY;
    hub_set_opts(f->hub, &f->opts);
    start(f);
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "c%d", i);
        client_open(f, &clients[i], id, true);
        client_subscribe(&clients[i], "a", 1);
    }
    publish(f, "a", "x", 1);
    next_interval(f);
    assert_value(f, "uptime", "0 seconds");
    client_free(&clients[999]);  /* counted */
    client_free(&clients[1000]); /* where the tally goes on */
    clock_fake_advance(1);
    turns(f, 3);
    assert_value(f, "uptime", "10 seconds");
    assert_int_equal(atoll(value_of(f, "store/messages/count")), MANY - 1);
    next_interval(f);
    clock_fake_advance(1);
    turns(f, 3);
    assert_int_equal(atoll(value_of(f, "store/messages/count")), MANY - 2);
    next_interval(f);
    stop(); /* in the midst of it */
    for (int i = 0; i < MANY; i++)
        client_free(&clients[i]);
    free(clients);
}

static void test_clients_cannot_publish_there(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    start(f);
    client_open(f, &lamp, "lamp", true);
    assert_true(client_retain(&lamp, "$SYS/broker/version", "mine", 0) < 0);
    assert_value(f, "version", "thingd version 9");
    client_free(&lamp);
    stop();
}

/* Each name has its row in docs/operation.md; a load's row stands for its three. */
static void test_the_page_has_every_name(void **state)
{
    struct buf page = { 0 };
    char *path = xasprintf("%s/../../docs/operation.md", TEST_GOLDEN), row[80];
    assert_int_equal(file_read(path, 1 << 20, &page, NULL), 0);
    const char *name;
    for (size_t i = 0; (name = sys_topics_name(i)); i++) {
        snprintf(row, sizeof row, "`%s%s`", name, strncmp(name, "load/", 5) == 0 ? "/+" : "");
        if (!strstr(buf_str(&page), row)) fail_msg("no row for %s", row);
    }
    buf_deinit(&page);
    free(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_new_subscriber_gets_all_at_once),
        TEST(test_wildcards_at_the_front_do_not_see_them),
        TEST(test_only_what_has_changed_comes_again),
        TEST(test_figures),
        TEST(test_moving_averages),
        TEST(test_a_load_that_hardly_moves_is_not_told),
        TEST(test_nothing_is_stored),
        TEST(test_they_take_no_room_of_others),
        TEST(test_off_and_on),
        TEST(test_many_sessions_are_added_up_in_portions),
        TEST(test_clients_cannot_publish_there),
        cmocka_unit_test(test_the_page_has_every_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
