/* test_retained.c — retained messages that expire. MQTT 5.0, section 3.3.2.3.3. What has no end: test_hub.c. */
#include "hub_fixture.h"

#include "base/clock.h"
#include "lib/clock_fake.h"
#include "mqtt/property.h"
#include "topic/topic_map.h"

enum { SECOND = 1000 };

/* Returns owned. */
static struct msg *mortal(const char *topic, const char *payload, uint8_t qos, uint32_t seconds)
{
    struct buf properties = { 0 };
    mqtt_put_text(&properties, MQTT_PROP_content_type, SLICE_LIT("text/plain"));
    mqtt_put_number(&properties, MQTT_PROP_message_expiry, seconds);
    struct msg *msg = msg_create(&(struct msg_opts){ .topic = slice_str(topic),
                                                     .payload = slice_str(payload),
                                                     .properties = buf_slice(&properties),
                                                     .qos = qos,
                                                     .retain = true });
    buf_deinit(&properties);
    return msg;
}

static void put(struct fixture *f, struct msg *msg)
{
    assert_true(hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL) >= 0);
    msg_unref(msg);
}

static void retain_mortal(struct fixture *f, const char *topic, uint32_t seconds)
{
    put(f, mortal(topic, "x", 1, seconds));
}

static int64_t rows(struct fixture *f)
{
    settle(f);
    return query(f, "SELECT count(*) FROM retained");
}

static void count(void *arg, struct msg *msg)
{
    ++*(int *)arg;
}

static int matches(struct fixture *f, const char *filter)
{
    int found = 0;
    hub_retained_match(f->hub, slice_str(filter), count, &found);
    return found;
}

static int steps(struct fixture *f, const char *filter)
{
    struct topic_map_iter iter;
    struct msg *msg;
    size_t budget = 1000;
    int found = 0;
    topic_map_iter_init(&iter, slice_str(filter));
    while (hub_retained_step(f->hub, &iter, &budget, &msg) == 1)
        found++;
    topic_map_iter_deinit(&iter);
    return found;
}

/* It is there to the last moment, and then for nobody; who looks for it clears it away. */
static void test_nobody_finds_it(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    retain_mortal(f, "a/1", 10);
    retain_mortal(f, "a/2", 10);
    retain_mortal(f, "a/3", 20);
    client_open(f, &lamp, "lamp", true);
    clock_fake_advance(10 * SECOND);
    assert_int_equal(matches(f, "a/+"), 3);
    assert_int_equal(steps(f, "a/+"), 3);
    assert_non_null(hub_retained_get(f->hub, SLICE_LIT("a/1")));
    clock_fake_advance(1);
    assert_int_equal(matches(f, "a/+"), 1);
    assert_int_equal(hub_retained_count(f->hub), 3);
    assert_null(hub_retained_get(f->hub, SLICE_LIT("a/1")));
    assert_int_equal(hub_retained_count(f->hub), 2);
    assert_int_equal(rows(f), 2);
    client_subscribe(&lamp, "a/+", 1);
    assert_log(&lamp, "a/3=x/1r#2 ");
    assert_int_equal(hub_retained_count(f->hub), 1);
    assert_int_equal(rows(f), 1);
    clock_fake_advance(10 * SECOND);
    assert_int_equal(steps(f, "#"), 0);
    assert_int_equal(rows(f), 0);
    assert_int_equal(hub_retained_bytes(f->hub), 0);
    client_free(&lamp);
}

/* Nobody looks for them: they go all the same, some at a time, and no others. */
static void test_sweep(void **state)
{
    enum { MANY = 2500 };
    struct fixture *f = *state;
    char topic[32];
    f->opts.max_retained = 2 * MANY;
    hub_set_opts(f->hub, &f->opts);
    for (int i = 0; i < MANY; i++) {
        snprintf(topic, sizeof topic, "old/%d", i);
        retain_mortal(f, topic, 10);
        if (i % 100) continue;
        snprintf(topic, sizeof topic, "kept/%d", i);
        put(f, message(topic, "x", 1, true));
    }
    put(f, mortal("later", "x", 0, 3600));
    settle(f);
    clock_fake_advance(2 * MINUTES(1));
    turns(f, 1);
    size_t left = hub_retained_count(f->hub);
    assert_true(left < MANY && left > MANY / 100 + 1); /* a portion */
    for (int i = 0; i < 5; i++) {
        clock_fake_advance(1);
        turns(f, 1);
    }
    assert_int_equal(hub_retained_count(f->hub), MANY / 100 + 1);
    assert_int_equal(rows(f), MANY / 100 + 1);
    clock_fake_advance(HOURS(1));
    turns(f, 2);
    assert_int_equal(hub_retained_count(f->hub), MANY / 100);
    assert_int_equal(rows(f), MANY / 100);
}

/* The time goes on while the hub is off; what goes on being kept has its properties and its end. */
static void test_restart(void **state)
{
    struct fixture *f = *state;
    retain_mortal(f, "short", 10);
    retain_mortal(f, "long", 100);
    struct msg *long_one = msg_ref(hub_retained_get(f->hub, SLICE_LIT("long")));
    settle(f);
    fixture_close(f);
    clock_fake_advance(11 * SECOND);
    fixture_open(f);
    assert_null(hub_retained_get(f->hub, SLICE_LIT("short")));
    struct msg *back = hub_retained_get(f->hub, SLICE_LIT("long"));
    assert_non_null(back);
    assert_true(slice_eq(back->properties, long_one->properties));
    assert_int_equal(back->expires_at, long_one->expires_at);
    fixture_close(f);
    clock_fake_advance(100 * SECOND);
    fixture_open(f);
    turns(f, 2); /* and nobody asks */
    assert_int_equal(hub_retained_count(f->hub), 0);
    assert_int_equal(rows(f), 0);
    msg_unref(long_one);
}

/* The end is that of the last message. */
static void test_replaced(void **state)
{
    struct fixture *f = *state;
    retain_mortal(f, "a", 10);
    put(f, message("a", "for ever", 1, true));
    put(f, message("b", "for ever", 1, true));
    retain_mortal(f, "b", 10);
    clock_fake_advance(MINUTES(2));
    turns(f, 2);
    assert_non_null(hub_retained_get(f->hub, SLICE_LIT("a")));
    assert_null(hub_retained_get(f->hub, SLICE_LIT("b")));
    assert_int_equal(rows(f), 1);
}

/* A will's expiry begins when it is sent. */
static void test_will(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct msg *will = mortal("will", "gone", 1, 10);
    client_open_with(f, &lamp, "lamp",
                     (struct session_open_opts){
                         .expiry_ms = MINUTES(10), .will = will, .will_delay_ms = 5 * SECOND });
    msg_unref(will);
    clock_fake_advance(MINUTES(5));
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    clock_fake_advance(5 * SECOND);
    turns(f, 2);
    clock_fake_advance(10 * SECOND);
    assert_non_null(hub_retained_get(f->hub, SLICE_LIT("will")));
    clock_fake_advance(1);
    assert_null(hub_retained_get(f->hub, SLICE_LIT("will")));
    client_free(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_finds_it), TEST(test_sweep), TEST(test_restart),
        TEST(test_replaced),        TEST(test_will),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
