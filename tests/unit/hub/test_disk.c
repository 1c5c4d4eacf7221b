/* test_disk.c — disks that fail, and loss of power, at every moment of a story (story.h): what was
 * acknowledged is there afterwards, and QoS 2 has come once. */
#include "story.h"

#include "base/err.h"
#include "lib/clock_fake.h"
#include "lib/vfs_fault.h"

#include <sqlite3.h>

#if defined(__SANITIZE_THREAD__)
enum { STRIDE = 9, LOSSES = 12, MOST_PROCESS_LOSSES = 100 };
#else
enum { STRIDE = 1, LOSSES = 100, MOST_PROCESS_LOSSES = 100 };
#endif

static void check(struct story *s, const char *how, int n)
{
    if (!story_check(s)) fail_msg("%s %d: %s", how, n, s->failure);
    story_end(s);
}

/* The store thread has either failed or committed all that it was given. */
static void await_store(struct fixture *f)
{
    while (!store_failing(f->store) && store_committed(f->store) + 1 < store_next_commit(f->store))
        loop_turn_wait(f->loop, 100);
}

/* ---- failing writes and syncs ---- */

enum how { ONE_WRITE, ALL_WRITES, FULL_FOR_A_WHILE };

/* Comes back by itself when there is room again. */
static void recover(struct story *s)
{
    clock_fake_advance(MINUTES(1));
    settle(s->f);
    assert_false(store_failing(s->f->store));
    story_note(s);
    for (int i = 0; i < STORY_MESSAGES; i++)
        assert_int_equal(s->acked[i], s->commits[i] >= 0);
}

/* Returns how many writes have failed. */
static int fail_at(struct fixture *f, int n, enum how how)
{
    struct story s;
    story_begin(&s, f);
    if (how == ONE_WRITE)
        vfs_fault_fail_one(n, n % 2 ? SQLITE_IOERR_WRITE : SQLITE_IOERR_FSYNC);
    else
        vfs_fault_fail_from(n, SQLITE_FULL);
    story_tell(&s);
    await_store(f);
    story_note(&s);
    int failed = vfs_fault_heal();
    if (how == FULL_FOR_A_WHILE) recover(&s);
    fixture_crash(f);
    check(&s, how == ONE_WRITE ? "one write fails" : "disk is full from write", n);
    return failed;
}

static void fail_everywhere(struct fixture *f, enum how how)
{
    int n = 1;
    while (fail_at(f, n, how))
        n += STRIDE;
    assert_true(n > 40);
}

static void test_one_write_fails(void **state)
{
    fail_everywhere(*state, ONE_WRITE);
}

static void test_all_writes_fail(void **state)
{
    fail_everywhere(*state, ALL_WRITES);
}

static void test_full_for_a_while(void **state)
{
    fail_everywhere(*state, FULL_FOR_A_WHILE);
}

/* ---- failing reads ---- */

/* With nothing of the file in memory, and messages that wait. Returns how many reads have failed. */
static int unreadable_from(struct fixture *f, int n)
{
    struct story s;
    story_begin(&s, f);
    story_tell(&s);
    settle(f);
    story_note(&s);
    fixture_restart(f);
    vfs_fault_fail_reads_from(n);
    story_receive_some(&s);
    await_store(f);
    int failed = vfs_fault_heal();
    recover(&s);
    check(&s, "unreadable from read", n);
    return failed;
}

static void test_unreadable_for_a_while(void **state)
{
    int n = 1;
    while (unreadable_from(*state, n))
        n++;
    assert_true(n > 3);
}

/* ---- files that cannot be opened ---- */

static int try_open(struct fixture *f, int n)
{
    vfs_fault_fail_open(n);
    int rc = fixture_try_open(f);
    int failed = vfs_fault_heal();
    if (rc < 0) fixture_open(f);
    return failed;
}

static void test_one_opening_fails(void **state)
{
    struct fixture *f = *state;
    struct story s;
    story_begin(&s, f);
    story_tell(&s);
    settle(f);
    story_note(&s);
    int n = 0;
    do
        fixture_close(f);
    while (try_open(f, ++n));
    assert_true(n > 2);
    check(&s, "opening fails", n);
}

/* ---- a full disk ---- */

/* Held, refused above the limit; QoS 0 goes on; by itself it goes on. */
static void test_full_disk(void **state)
{
    struct fixture *f = *state;
    struct story s;
    f->store_opts.max_pending = 40;
    fixture_restart(f);
    story_begin(&s, f);
    client_free(&s.online.client);
    vfs_fault_fail_from(1, SQLITE_FULL);
    story_tell(&s);
    await_store(f);
    assert_true(store_failing(f->store));
    int refused = 0, held = 0;
    for (int i = 0; i < STORY_MESSAGES; i++) {
        assert_false(s.acked[i]);
        refused += s.commits[i] == ERR_STORE;
        held += s.commits[i] >= 0;
    }
    assert_true(refused > 0 && held > 0);
    struct client lamp = { 0 };
    client_open(f, &lamp, "lamp", true);
    client_subscribe(&lamp, "0", 1);
    assert_int_equal(client_publish(&lamp, "0", "goes on", 0), 0);
    assert_log(&lamp, "0=goes on/0 ");
    client_free(&lamp);
    vfs_fault_heal();
    recover(&s);
    fixture_crash(f);
    check(&s, "full disk", 0);
}

/* ---- loss of power ---- */

/* Before the n-th write of the store's thread. False: something that was acknowledged is lost. */
static bool lose_power(struct fixture *f, int n)
{
    struct story s;
    story_begin(&s, f);
    vfs_fault_power_off_at(n, (uint64_t)n);
    story_tell(&s);
    await_store(f);
    story_note(&s);
    vfs_fault_power_off(NULL); /* where there were not so many */
    fixture_close(f);
    vfs_fault_reset();
    fixture_open(f);
    assert_int_equal(query(f, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    bool kept = story_check(&s);
    if (!kept) print_message("loss %d: %s\n", n, s.failure);
    story_end(&s);
    return kept;
}

static void open_with(struct fixture *f, enum store_durability durability)
{
    f->store_opts.durability = durability;
    fixture_restart(f);
}

static void test_power_keeps_all_that_was_acknowledged(void **state)
{
    open_with(*state, STORE_POWER);
    for (int i = 1; i <= LOSSES; i++)
        assert_true(lose_power(*state, 2 * i));
}

/* The shim bites: without the syncs of `power` it takes what was acknowledged. */
static void test_process_does_not(void **state)
{
    open_with(*state, STORE_PROCESS);
    int n = 1;
    while (lose_power(*state, n))
        assert_true(n++ < MOST_PROCESS_LOSSES);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_one_write_fails),
        TEST(test_all_writes_fail),
        TEST(test_full_for_a_while),
        TEST(test_unreadable_for_a_while),
        TEST(test_one_opening_fails),
        TEST(test_full_disk),
        TEST(test_power_keeps_all_that_was_acknowledged),
        TEST(test_process_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
