/* test_fights.c — two clients with one client id: when it is told, where, and how often. */
#include "hub_fixture.h"

#include "auth/ledger.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/fights.h"
#include "lib/clock_fake.h"

static struct buf logged;

static void keep_fights(const char *line, size_t len)
{
    if (strstr(line, "fight")) buf_append(&logged, line, len);
}

static int setup(void **state)
{
    int rc = fixture_setup(state);
    log_set_sink(keep_fights);
    return rc;
}

static int teardown(void **state)
{
    buf_deinit(&logged);
    return fixture_teardown(state);
}

static int lines(void)
{
    int count = 0;
    for (size_t i = 0; i < logged.len; i++)
        count += logged.data[i] == '\n';
    return count;
}

static int entries(struct fixture *f, const char *client_id)
{
    int64_t before = 0;
    int count = 0;
    for (const struct ledger_entry *entry;
         (entry = ledger_find(auth_ledger(f->auth), before,
                              &(struct ledger_query){ .client_id = client_id }));
         count++)
        before = entry->number;
    return count;
}

/* The next of the two connects, after `pause`, and ends the other's connection. */
static void take_over(struct fixture *f, struct client pair[2], int *turn, bool clean,
                      int64_t pause)
{
    clock_fake_advance(pause);
    client_open(f, &pair[*turn], "lamp", clean);
    *turn = !*turn;
}

static void test_the_third_within_a_minute(void **state)
{
    struct fixture *f = *state;
    for (int clean = 0; clean <= 1; clean++) {
        struct client pair[2] = { { .address = "192.0.2.1" }, { .address = "192.0.2.2" } };
        int turn = 0;
        buf_clear(&logged);
        clock_fake_advance(MINUTES(5)); /* whatever was before is over */
        int before = entries(f, "lamp");
        client_open(f, &pair[0], "lamp", clean);
        turn = 1;
        take_over(f, pair, &turn, clean, SECONDS(1));
        take_over(f, pair, &turn, clean, SECONDS(29));
        assert_int_equal(lines(), 0);
        assert_int_equal(entries(f, "lamp"), before);
        take_over(f, pair, &turn, clean, SECONDS(30) - 1);
        assert_int_equal(lines(), 1);
        assert_non_null(strstr(buf_str(&logged), "client=lamp first=192.0.2.1 second=192.0.2.2"));
        assert_non_null(strstr(buf_str(&logged), "give each its own"));
        assert_int_equal(entries(f, "lamp"), 1); /* the same again is the same entry */
        const struct ledger_entry *entry = ledger_find(auth_ledger(f->auth), 0, NULL);
        assert_int_equal(entry->kind, LEDGER_FIGHT);
        assert_int_equal(entry->count, clean + 1);
        assert_true(slice_eq_str(entry->address, "192.0.2.2"));
        assert_true(slice_eq_str(entry->action, "iot:Connect"));
        assert_true(slice_eq_str(entry->resource, "client/lamp"));
        assert_true(slice_eq_str(entry->reason,
                                 "taken over 3 times by 192.0.2.1 and 192.0.2.2; two clients use "
                                 "this client id: give each its own"));
        client_free(&pair[0]);
        client_free(&pair[1]);
    }
}

static void test_slow_take_overs_are_no_fight(void **state)
{
    struct fixture *f = *state;
    struct client pair[2] = { 0 };
    int turn = 0;
    for (int i = 0; i < 10; i++)
        take_over(f, pair, &turn, true, SECONDS(30));
    assert_int_equal(lines(), 0);
    assert_int_equal(entries(f, NULL), 0);
    client_free(&pair[0]);
    client_free(&pair[1]);
}

static void test_a_long_fight_is_told_once_an_hour(void **state)
{
    struct fixture *f = *state;
    struct client pair[2] = { 0 };
    int turn = 0;
    for (int i = 0; i < 4; i++)
        take_over(f, pair, &turn, false, SECONDS(10));
    assert_int_equal(lines(), 1);
    for (int i = 0; i < 359; i++)
        take_over(f, pair, &turn, false, SECONDS(10));
    assert_int_equal(lines(), 1);
    take_over(f, pair, &turn, false, SECONDS(10));
    assert_int_equal(lines(), 2);
    assert_non_null(strstr(buf_str(&logged), "take_overs=363"));

    clock_fake_advance(MINUTES(1)); /* it is over: the next one begins from nothing */
    take_over(f, pair, &turn, false, 0);
    take_over(f, pair, &turn, false, 0);
    assert_int_equal(lines(), 2);
    take_over(f, pair, &turn, false, 0);
    assert_int_equal(lines(), 3);
    client_free(&pair[0]);
    client_free(&pair[1]);
}

static void test_many_client_ids(void **state)
{
    struct fixture *f = *state;
    struct fights *fights = fights_create(f->auth);
    char id[16];
    struct take_over what = { id, "192.0.2.1", "192.0.2.2", principal_system() };
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1024; i++) {
            snprintf(id, sizeof id, "c%d", i);
            fights_note(fights, &what);
        }
    }
    assert_int_equal(lines(), 1024); /* as many as there is room for */
    for (int i = 1024; i < 5000; i++) {
        snprintf(id, sizeof id, "c%d", i);
        fights_note(fights, &what);
    }
    clock_fake_advance(MINUTES(2));
    for (int i = 0; i < 3; i++) {
        snprintf(id, sizeof id, "late");
        fights_note(fights, &what);
    }
    assert_int_equal(lines(), 1025);
    fights_destroy(fights);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_third_within_a_minute),
        TEST(test_slow_take_overs_are_no_fight),
        TEST(test_a_long_fight_is_told_once_an_hour),
        TEST(test_many_client_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
