/* test_session_info.c — what is told of sessions, and removing one. */
#include "hub_fixture.h"

#include "base/err.h"
#include "base/mem.h"
#include "lib/clock_fake.h"

static struct session_info info_of(struct fixture *f, const char *id)
{
    struct session_info info = { 0 };
    assert_true(session_info_get(f->hub, slice_str(id), &info));
    return info;
}

static void put_sub(void *arg, struct slice filter, const struct sub_opts *opts)
{
    buf_put_slice(arg, filter);
    buf_printf(arg, "/%d ", opts->qos);
}

static void test_of_a_connected_session(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .address = "192.0.2.7" };
    int64_t begun = clock_real_ms();
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "b/#", 0);
    client_subscribe(&lamp, "a", 1);
    client_subscribe(&lamp, "a/b", 2);
    publish(f, "a", "x", 1);
    clock_fake_advance(MINUTES(5));
    struct session_info info = info_of(f, "lamp");
    assert_string_equal(info.client_id, "lamp");
    assert_string_equal(info.principal, lamp.principal->label);
    assert_string_equal(info.address, "192.0.2.7");
    assert_true(info.connected && !info.persistent);
    assert_int_equal(info.level, 4);
    assert_int_equal(info.keep_alive_s, 60);
    assert_int_equal(info.connected_at, begun);
    assert_int_equal(info.disconnected_at, 0);
    assert_int_equal(info.seen_at, begun);
    assert_int_equal(info.expires_at, 0);
    assert_int_equal(info.queued, 1);
    assert_int_equal(info.inflight, 1);
    assert_true(info.queued_bytes > 0);
    assert_int_equal(info.subscriptions, 3);
    lamp.heard_at += MINUTES(2);
    assert_int_equal(info_of(f, "lamp").seen_at, begun + MINUTES(2));
    struct buf subs = { 0 };
    session_info_subs(f->hub, SLICE_LIT("lamp"), put_sub, &subs);
    assert_string_equal(buf_str(&subs), "a/1 a/b/2 b/#/0 ");
    buf_deinit(&subs);
    client_free(&lamp);
    assert_false(session_info_get(f->hub, SLICE_LIT("lamp"), &info));
}

/* MQTT 5: what holds of what was asked for. */
static void test_of_terms(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    struct msg *will = message("will", "gone", 1, false);
    struct session_open_opts opts = { .expiry_ms = MINUTES(2),
                                      .will = will,
                                      .will_delay_ms = 5000 };
    client_open_with(f, &lamp, "lamp", opts);
    struct session_info info = info_of(f, "lamp");
    assert_true(info.persistent && info.level == 5);
    assert_int_equal(info.expiry_ms, MINUTES(2));
    assert_int_equal(info.will_delay_ms, 5000);
    assert_true(info.will_at == 0 && info.expires_at == 0);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    info = info_of(f, "lamp");
    assert_int_equal(info.will_at, clock_real_ms() + 5000);
    assert_int_equal(info.expires_at, clock_real_ms() + MINUTES(2));
    clock_fake_advance(5000);
    turns(f, 2);
    info = info_of(f, "lamp");
    assert_true(info.will_at == 0 && info.will_delay_ms == 0);
    opts.expiry_ms = SESSION_EXPIRY_ENDS;
    client_open_with(f, &lamp, "lamp", opts);
    info = info_of(f, "lamp");
    assert_true(!info.persistent && info.expiry_ms == SESSION_EXPIRY_ENDS);
    client_drop(&lamp, SESSION_END_CLIENT_INITIATED);
    f->opts.session_expiry_ms = 0;
    hub_set_opts(f->hub, &f->opts);
    opts.expiry_ms = SESSION_EXPIRY_NEVER;
    client_open_with(f, &lamp, "lamp", opts);
    client_drop(&lamp, SESSION_END_CLIENT_INITIATED);
    info = info_of(f, "lamp");
    assert_true(info.persistent && info.expires_at == 0 && info.will_delay_ms == 0);
    assert_int_equal(info.expiry_ms, SESSION_EXPIRY_NEVER);
    msg_unref(will);
    client_free(&lamp);
}

static void test_of_one_that_is_away(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    int64_t begun = clock_real_ms();
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "a", 1);
    clock_fake_advance(1000);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    publish(f, "a", "x", 1);
    settle(f);
    struct session_info info = info_of(f, "lamp");
    assert_true(info.persistent && !info.connected);
    assert_int_equal(info.connected_at, begun);
    assert_int_equal(info.disconnected_at, begun + 1000);
    assert_int_equal(info.seen_at, begun + 1000);
    assert_int_equal(info.expires_at, begun + 1000 + HOURS(1));
    assert_int_equal(info.expiry_ms, HOURS(1));
    assert_true(info.will_delay_ms == 0 && info.will_at == 0);
    assert_int_equal(info.queued, 1);
    assert_int_equal(info.inflight, 0);

    fixture_restart(f); /* what only the connection knew is gone */
    info = info_of(f, "lamp");
    assert_null(info.principal);
    assert_string_equal(info.address, "");
    assert_true(info.persistent && info.level == 0 && info.connected_at == 0);
    assert_int_equal(info.disconnected_at, begun + 1000);
    assert_int_equal(info.expires_at, begun + 1000 + HOURS(1));
    assert_int_equal(info.queued, 1);
    client_free(&lamp);
}

/* "a b c", and a '+' when there is more behind. */
static void expect_page(struct fixture *f, const struct session_query *query, size_t most,
                        const char *expected)
{
    struct session_info infos[16];
    struct buf text = { 0 };
    bool more;
    size_t count = session_info_list(f->hub, query, most, infos, &more);
    assert_true(count <= most);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i ? " " : "", infos[i].client_id);
    if (more) buf_puts(&text, "+");
    assert_string_equal(buf_str(&text), expected);
    buf_deinit(&text);
}

static void test_pages(void **state)
{
    struct fixture *f = *state;
    static const char *const ids[] = { "m3", "x/1", "m10", "a", "m2", "m1", "z", "b" };
    struct client clients[ARRAY_LEN(ids)] = { 0 };
    expect_page(f, &(struct session_query){ 0 }, 2, "");
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        client_open(f, &clients[i], ids[i], i % 2);
    client_drop(&clients[4], SESSION_END_CONNECTION_LOST); /* m2 */
    client_drop(&clients[6], SESSION_END_CONNECTION_LOST); /* z */
    expect_page(f, &(struct session_query){ 0 }, 16, "a b m1 m10 m2 m3 x/1 z");
    expect_page(f, &(struct session_query){ 0 }, 8, "a b m1 m10 m2 m3 x/1 z");
    expect_page(f, &(struct session_query){ 0 }, 3, "a b m1+");
    expect_page(f, &(struct session_query){ .after = "m1" }, 3, "m10 m2 m3+");
    expect_page(f, &(struct session_query){ .after = "m3" }, 3, "x/1 z");
    expect_page(f, &(struct session_query){ .after = "n" }, 1, "x/1+"); /* need not be there */
    expect_page(f, &(struct session_query){ .prefix = "m1" }, 1, "m1+");
    expect_page(f, &(struct session_query){ .prefix = "m1", .after = "m1" }, 1, "m10");
    expect_page(f, &(struct session_query){ .prefix = "q" }, 1, "");
    expect_page(f, &(struct session_query){ .which = SESSION_AWAY }, 9, "m2 z");
    expect_page(f, &(struct session_query){ .which = SESSION_CONNECTED, .prefix = "m" }, 9,
                "m1 m10 m3");
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        client_free(&clients[i]);
}

/* Whatever the order of the map, the pages together are all, once, in order. */
static void test_pages_of_many(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 90 };
    struct client clients[MANY] = { 0 };
    char id[16], after[16] = "";
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "c%03d", (i * 37) % MANY);
        client_open(f, &clients[i], id, true);
    }
    bool more = true;
    int seen = 0;
    while (more) {
        struct session_info infos[7];
        size_t count =
            session_info_list(f->hub, &(struct session_query){ .after = after }, 7, infos, &more);
        for (size_t i = 0; i < count; i++) {
            snprintf(id, sizeof id, "c%03d", seen++);
            assert_string_equal(infos[i].client_id, id);
            snprintf(after, sizeof after, "%s", id);
        }
    }
    assert_int_equal(seen, MANY);
    for (int i = 0; i < MANY; i++)
        client_free(&clients[i]);
}

static void test_remove_one_that_is_connected(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, watch = { 0 };
    struct msg *will = message("will", "gone", 0, false);
    client_open(f, &watch, "watch", true);
    client_subscribe(&watch, "will", 0);
    client_open_will(f, &lamp, "lamp", false, will);
    client_subscribe(&lamp, "a", 1);
    settle(f);
    int64_t commit = session_remove(f->hub, SLICE_LIT("lamp"));
    assert_true(commit > store_committed(f->store));
    assert_true(lamp.ended && lamp.why == SESSION_END_SERVER_INITIATED);
    assert_log(&watch, "will=gone/0 ");
    settle(f);
    assert_true(store_committed(f->store) >= commit);
    assert_int_equal(query(f, "SELECT count(*) FROM session"), 0);
    assert_int_equal(query(f, "SELECT count(*) FROM subscription"), 0);
    client_open(f, &lamp, "lamp", false);
    assert_false(lamp.present);
    msg_unref(will);
    client_free(&lamp);
    client_free(&watch);
}

static void test_remove_one_that_is_away(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", false);
    client_subscribe(&lamp, "a", 1);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    publish(f, "a", "x", 1);
    settle(f);
    assert_true(session_remove(f->hub, SLICE_LIT("lamp")) > 0);
    assert_int_equal(session_remove(f->hub, SLICE_LIT("lamp")), ERR_NOT_FOUND);
    settle(f);
    fixture_crash(f);
    struct session_info info;
    assert_false(session_info_get(f->hub, SLICE_LIT("lamp"), &info));
    client_free(&lamp);
}

static void test_remove_a_clean_one(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    assert_int_equal(session_remove(f->hub, SLICE_LIT("lamp")), 0);
    assert_true(lamp.ended);
    client_free(&lamp);
}

/* What the removal promises is what the one before has promised too. */
static void test_remove_a_clean_one_that_has_replaced_another(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", false);
    settle(f);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    int64_t commit = client_open(f, &lamp, "lamp", true);
    assert_true(commit > store_committed(f->store));
    assert_int_equal(session_remove(f->hub, SLICE_LIT("lamp")), commit);
    client_free(&lamp);
}

/* ---- retained messages ---- */

static void test_remove_retained(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "#", 0);
    client_retain(&lamp, "kept", "x", 1);
    client_retain(&lamp, "fresh", "y", 0); /* has no row yet */
    client_log(&lamp);
    settle(f);
    int64_t commit = hub_retained_remove(f->hub, SLICE_LIT("kept"));
    assert_true(commit > store_committed(f->store));
    assert_int_equal(hub_retained_remove(f->hub, SLICE_LIT("none")), commit);
    hub_retained_remove(f->hub, SLICE_LIT("fresh"));
    assert_int_equal(hub_retained_count(f->hub), 0);
    assert_int_equal(hub_retained_bytes(f->hub), 0);
    assert_log(&lamp, ""); /* nobody is told */
    clock_fake_advance(SECONDS(2));
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM retained"), 0);
    client_free(&lamp);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_of_a_connected_session),
        TEST(test_of_one_that_is_away),
        TEST(test_of_terms),
        TEST(test_pages),
        TEST(test_pages_of_many),
        TEST(test_remove_one_that_is_connected),
        TEST(test_remove_one_that_is_away),
        TEST(test_remove_a_clean_one),
        TEST(test_remove_a_clean_one_that_has_replaced_another),
        TEST(test_remove_retained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
