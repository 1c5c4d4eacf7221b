/* test_paging.c — queues between memory and the database at odd moments: a disk that cannot be read, orders
 * that differ between sessions, limits that are reached while something is on its way. */
#include "hub_fixture.h"

#include "base/budget.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"

#include <sqlite3.h>

/* "N", and behind it so many bytes in all. */
static void publish_big(struct fixture *f, const char *topic, int number, size_t len, bool retain)
{
    struct buf payload = { 0 };
    buf_printf(&payload, "%d", number);
    while (payload.len < len)
        buf_putc(&payload, '.');
    struct msg *msg = message(topic, buf_str(&payload), 1, retain);
    assert_true(hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL) >= 0);
    msg_unref(msg);
    buf_deinit(&payload);
}

static void publish_number(struct fixture *f, const char *topic, int number)
{
    publish_big(f, topic, number, 0, false);
}

static void leave(struct fixture *f, struct client *c, const char *id, const char *filter)
{
    client_open(f, c, id, false);
    client_subscribe(c, filter, 1);
    client_drop(c, SESSION_END_CONNECTION_LOST);
    settle(f);
}

/* The numbers of what came, each with a blank behind it. */
static const char *numbers(struct client *c)
{
    static struct buf text;
    buf_clear(&text);
    for (const char *at = buf_str(&c->log); (at = strchr(at, '=')); at++)
        buf_printf(&text, "%d ", atoi(at + 1));
    buf_clear(&c->log);
    return buf_str(&text);
}
#define assert_numbers(client, text) assert_string_equal(numbers(client), (text))

/* ---- orders ---- */

/* Two sessions want the same messages of one commit, but not in the same order: by a retained one. */
static void test_orders_of_a_commit_differ(void **state)
{
    struct fixture *f = *state;
    struct client a = { 0 }, b = { 0 };
    leave(f, &a, "a", "t/+");
    client_open(f, &b, "b", false);
    client_subscribe(&b, "t/2", 1);
    settle(f);
    publish_big(f, "t/1", 1, 20000, true); /* too large for one row */
    publish_big(f, "t/2", 2, 20000, false);
    client_subscribe(&b, "t/1", 1);
    publish_number(f, "t/2", 3);
    client_drop(&b, SESSION_END_CONNECTION_LOST);
    settle(f);
    fixture_restart(f);
    client_free(&a);
    client_free(&b);
    client_open(f, &a, "a", false);
    assert_numbers(&a, "1 2 3 ");
    client_open(f, &b, "b", false);
    assert_numbers(&b, "2 1 3 ");
    client_free(&a);
    client_free(&b);
}

/* ---- a disk that cannot be read ---- */

enum { RETRY_MS = 1000 };

/* Whichever read fails, the message is there after the next one. */
static void test_unread_is_not_damaged(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    int failed = 1;
    leave(f, &lamp, "lamp", "t");
    for (int i = 1; i <= 3; i++)
        publish_big(f, "t", i, 20000, false);
    settle(f);
    for (int n = 1; failed; n++) {
        client_free(&lamp);
        fixture_restart(f); /* nothing is in SQLite's cache */
        vfs_fault_fail_read(n);
        client_open(f, &lamp, "lamp", false);
        failed = vfs_fault_heal();
        clock_fake_advance(RETRY_MS);
        settle(f);
        assert_numbers(&lamp, "1 2 3 ");
        assert_true(!failed || n < 1000);
    }
    client_free(&lamp);
}

/* It is tried again for who is there; an absent client's session may end meanwhile. */
static void test_session_ends_after_a_failed_load(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    int failed = 1;
    for (int n = 1; failed; n++) {
        f->opts.drop_oldest = false;
        hub_set_opts(f->hub, &f->opts);
        leave(f, &lamp, "lamp", "t");
        client_free(&lamp);
        publish_number(f, "t", 1);
        settle(f);
        f->opts.drop_oldest = true;
        f->opts.max_queued = 1;
        fixture_restart(f);
        vfs_fault_fail_read(n);
        publish_number(f, "t", 2); /* the oldest must be brought in to be dropped */
        store_sync(f->store);
        if (store_failing(f->store)) clock_fake_advance(RETRY_MS / 2);
        settle(f);
        failed = vfs_fault_heal();
        assert_true(session_remove(f->hub, SLICE_LIT("lamp")) > 0);
        clock_fake_advance(RETRY_MS);
        settle(f);
        assert_true(!failed || n < 1000);
    }
}

/* ---- limits ---- */

static void set_queue(struct fixture *f, size_t most, bool drop_oldest)
{
    f->opts.max_queued = most;
    f->opts.max_queued_bytes = 1 << 30;
    f->opts.drop_oldest = drop_oldest;
    hub_set_opts(f->hub, &f->opts);
}

/* What went to another member keeps its place in the queue for a while: it is not the oldest message, and
 * the batch does not count it twice. */
static void test_what_is_gone_is_not_dropped(void **state)
{
    struct fixture *f = *state;
    struct client a = { 0 }, b = { 0 }, c = { 0 };
    f->opts.max_inflight = 1000;
    set_queue(f, 1000, true);
    leave(f, &c, "c", "u");
    client_open(f, &a, "a", false);
    client_subscribe(&a, "$share/g/s", 1);
    client_subscribe(&a, "t", 1);
    client_open(f, &b, "b", true);
    settle(f);
    a.congested = true;
    for (int i = 1; i <= 260; i++) /* a little more than is kept in memory */
        publish_big(f, "s", i, 5000, false);
    client_subscribe(&b, "$share/g/s", 1);
    client_drop(&a, SESSION_END_CONNECTION_LOST);
    assert_non_null(strstr(buf_str(&b.log), "s=260."));
    set_queue(f, 1, true);
    for (int i = 4; i <= 6; i++)
        publish_number(f, "t", i);
    publish_number(f, "u", 8);
    assert_true(session_remove(f->hub, SLICE_LIT("a")) > 0);
    settle(f);
    fixture_crash(f);
    client_free(&c);
    client_open(f, &c, "c", false);
    assert_numbers(&c, "8 ");
    client_free(&a);
    client_free(&b);
    client_free(&c);
}

/* The oldest ones are just being written. */
static void test_oldest_goes_also_from_a_batch(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    set_queue(f, 3, true);
    leave(f, &lamp, "lamp", "t");
    for (int i = 1; i <= 3; i++)
        publish_number(f, "t", i);
    turns(f, 1);
    for (int i = 4; i <= 5; i++)
        publish_number(f, "t", i);
    settle(f);
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    settle(f);
    assert_numbers(&lamp, "3 4 5 ");
    client_free(&lamp);
}

/* A member that has no room leaves the message where it is kept. */
static void test_who_is_full_takes_nothing_over(void **state)
{
    struct fixture *f = *state;
    struct client a = { 0 }, b = { 0 };
    client_open(f, &a, "a", false);
    client_subscribe(&a, "$share/g/s", 1);
    publish_number(f, "s", 1);
    settle(f);
    client_open(f, &b, "b", false);
    client_subscribe(&b, "$share/g/s", 1);
    client_subscribe(&b, "t", 1);
    set_queue(f, 1, false);
    publish_number(f, "t", 2);
    settle(f);
    client_drop(&a, SESSION_END_CONNECTION_LOST);
    settle(f);
    assert_numbers(&b, "2 ");
    client_free(&a);
    client_open(f, &a, "a", false);
    assert_numbers(&a, "1 ");
    client_free(&a);
    client_free(&b);
}

/* Of large messages memory holds few. */
static void test_few_large_ones_are_loaded(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    set_queue(f, 100, false);
    leave(f, &lamp, "lamp", "t");
    client_free(&lamp);
    for (int i = 1; i <= 20; i++)
        publish_big(f, "t", i, 1 << 20, false);
    settle(f);
    int64_t before = budget_used();
    lamp.congested = true;
    client_open(f, &lamp, "lamp", false);
    settle(f);
    assert_true(budget_used() - before < 4 << 20);
    lamp.congested = false;
    session_pump(lamp.session);
    settle(f);
    assert_numbers(&lamp, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 ");
    client_free(&lamp);
}

/* An absent client with nothing in its queue. */
static void test_nothing_waits_in_no_memory(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    leave(f, &lamp, "lamp", "t");
    int64_t before = budget_used();
    client_open(f, &lamp, "lamp", false);
    for (int i = 1; i <= 100; i++)
        publish_number(f, "t", i);
    for (uint16_t id = 2; id < 102; id++)
        session_puback(lamp.session, id);
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    settle(f);
    assert_int_equal(budget_used(), before);
    client_free(&lamp);
}

static void run_sql(struct fixture *f, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* What a page says of the memory of its messages is an estimate: for one that migration has made, less than
 * they take. */
static void test_estimate_is_too_low(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    set_queue(f, 2000, false);
    leave(f, &lamp, "lamp", "t");
    client_free(&lamp);
    for (int i = 1; i <= 1000; i++)
        publish_number(f, "t", i);
    settle(f);
    fixture_close(f);
    run_sql(f, "UPDATE queue_page SET bytes = count");
    fixture_open(f);
    client_open(f, &lamp, "lamp", false);
    for (uint16_t id = 2; id < 52; id++)
        session_puback(lamp.session, id);
    settle(f);
    assert_true(publish(f, "t", "1001", 1) > 0); /* 0: dropped */
    client_free(&lamp);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_orders_of_a_commit_differ),
        TEST(test_unread_is_not_damaged),
        TEST(test_session_ends_after_a_failed_load),
        TEST(test_what_is_gone_is_not_dropped),
        TEST(test_oldest_goes_also_from_a_batch),
        TEST(test_who_is_full_takes_nothing_over),
        TEST(test_few_large_ones_are_loaded),
        TEST(test_nothing_waits_in_no_memory),
        TEST(test_estimate_is_too_low),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
