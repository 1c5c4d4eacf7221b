/* Unit tests of login delays: what is free, how they grow and end, whom they touch, that memory is bounded. */
#include "auth/login_delay.h"

#include "base/clock.h"
#include "base/mem.h"
#include "lib/test.h"

#include <stdio.h>

#define MOST MINUTES(5)

static const struct login_delay_opts usual = { 3, 1000, MOST };
static int64_t now;

static int setup(void **state)
{
    now = 1000000;
    *state = login_delays_create(&usual);
    return 0;
}

static int teardown(void **state)
{
    login_delays_destroy(*state);
    return 0;
}

static void fail_times(struct login_delays *d, const char *user, const char *address, int times)
{
    for (int i = 0; i < times; i++)
        login_delays_failed(d, slice_str(user), address, now);
}

static int64_t refused(struct login_delays *d, const char *user, const char *address)
{
    return login_delays_judge(d, slice_str(user), address, now).refused_ms;
}

static int64_t held(struct login_delays *d, const char *user, const char *address)
{
    return login_delays_judge(d, slice_str(user), address, now).held_ms;
}

static void delays_double_up_to_the_longest(void **state)
{
    struct login_delays *d = *state;
    static const int64_t delays[] = { 0,     0,     0,     1000,   2000,   4000, 8000,
                                      16000, 32000, 64000, 128000, 256000, MOST, MOST };
    assert_int_equal(refused(d, "ann", "192.0.2.1"), 0);
    for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
        fail_times(d, "ann", "192.0.2.1", 1);
        assert_int_equal(refused(d, "ann", "192.0.2.1"), delays[i]);
    }
    now += MOST - 1;
    assert_int_equal(refused(d, "ann", "192.0.2.1"), 1);
    now += 1;
    assert_int_equal(refused(d, "ann", "192.0.2.1"), 0);
    fail_times(d, "ann", "192.0.2.1", 1); /* half of 14 is forgotten: the eighth */
    assert_int_equal(refused(d, "ann", "192.0.2.1"), 16000);
    now += DAYS(1);
    fail_times(d, "ann", "192.0.2.1", 1);
    assert_int_equal(refused(d, "ann", "192.0.2.1"), 0);
    fail_times(d, "bob", "192.0.2.2", 2000);
    assert_int_equal(refused(d, "bob", "192.0.2.2"), MOST);
}

static void a_success_clears_that_user_there(void **state)
{
    struct login_delays *d = *state;
    fail_times(d, "ann", "192.0.2.1", 4);
    fail_times(d, "bob", "192.0.2.1", 4);
    login_delays_succeeded(d, SLICE_LIT("ann"), "192.0.2.1", now);
    assert_int_equal(refused(d, "ann", "192.0.2.1"), 0);
    assert_int_equal(refused(d, "bob", "192.0.2.1"), 1000);
    fail_times(d, "ann", "192.0.2.1", 3);
    assert_int_equal(refused(d, "ann", "192.0.2.1"), 0);
}

static void nobody_is_locked_out_from_elsewhere(void **state)
{
    struct login_delays *d = *state;
    fail_times(d, "ann", "192.0.2.1", 100);
    assert_int_equal(refused(d, "ann", "192.0.2.1"), MOST);
    assert_int_equal(refused(d, "ann", "198.51.100.1"), 0);
    assert_int_equal(held(d, "ann", "198.51.100.1"), LOGIN_HOLD_MAX);
    login_delays_succeeded(d, SLICE_LIT("ann"), "198.51.100.1", now);
    fail_times(d, "ann", "192.0.2.1", 100);
    assert_int_equal(held(d, "ann", "198.51.100.1"), 0); /* one of hers */
    assert_int_equal(held(d, "bob", "198.51.100.1"), 0);
}

static void an_address_that_tries_many_is_delayed(void **state)
{
    struct login_delays *d = *state;
    char user[32];
    login_delays_succeeded(d, SLICE_LIT("ann"), "192.0.2.1", now);
    for (int i = 0; i < 13; i++) {
        snprintf(user, sizeof user, "user-%d", i);
        assert_int_equal(refused(d, "new", "192.0.2.1"), 0);
        fail_times(d, user, "192.0.2.1", 1);
    }
    assert_int_equal(refused(d, "new", "192.0.2.1"), 1000);
    assert_int_equal(refused(d, "ann", "192.0.2.1"), 0); /* behind the same NAT, and known */
    assert_int_equal(refused(d, "new", "192.0.2.2"), 0);
}

static void addresses_that_are_one(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } pairs[] = {
        { "192.0.2.1", "::ffff:192.0.2.1", true },
        { "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true },
        { "2001:db8:1:2::1", "2001:db8:1:3::1", false },
        { "fe80::1%eth0", "fe80::2", true },
        { "127.0.0.1", "::1", true },
        { "127.0.0.1", "127.8.8.8", true },
        { "127.0.0.1", "", true },
        { "127.0.0.1", "::ffff:127.0.0.1", true },
        { "127.0.0.1", "192.0.2.1", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct login_delays *d = login_delays_create(&usual);
        fail_times(d, "ann", pairs[i].one, 4);
        if ((refused(d, "ann", pairs[i].other) > 0) != pairs[i].same) fail_msg("pair %zu", i);
        login_delays_destroy(d);
    }
}

static void this_host_has_no_delay_of_its_own(void **state)
{
    struct login_delays *d = *state;
    fail_times(d, "ann", "127.0.0.1", 100);
    assert_int_equal(refused(d, "ann", "127.0.0.1"), MOST);
    assert_int_equal(refused(d, "bob", "127.0.0.1"), 0);
    assert_int_equal(refused(d, "bob", "::1"), 0);
    assert_int_equal(refused(d, "bob", ""), 0);
}

static void the_oldest_make_room(void **state)
{
    struct login_delays *d = *state;
    char user[32];
    fail_times(d, "ann", "127.0.0.1", 4);
    for (int i = 0; i < LOGIN_DELAY_ENTRIES - 1; i++) {
        snprintf(user, sizeof user, "user-%d", i);
        fail_times(d, user, "127.0.0.1", 1);
    }
    assert_int_equal(refused(d, "ann", "127.0.0.1"), 1000);
    fail_times(d, "user-0", "127.0.0.1", 3); /* is the youngest then */
    fail_times(d, "one more", "127.0.0.1", 1);
    assert_int_equal(refused(d, "ann", "127.0.0.1"), 0);
    assert_int_equal(refused(d, "user-0", "127.0.0.1"), 1000);
}

static void names_may_be_long(void **state)
{
    struct login_delays *d = *state;
    char name[600];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    fail_times(d, name, "2001:db8::1", 4);
    assert_int_equal(refused(d, name, "2001:db8::1"), 1000);
    assert_int_equal(refused(d, "n", "2001:db8::1"), 0);
}

static void without_delays(void **state)
{
    struct login_delays *d = login_delays_create(&(struct login_delay_opts){ 0, 0, MOST });
    fail_times(d, "ann", "192.0.2.1", 1000);
    login_delays_succeeded(d, SLICE_LIT("ann"), "192.0.2.1", now);
    assert_int_equal(refused(d, "ann", "192.0.2.1"), 0);
    assert_int_equal(held(d, "ann", "192.0.2.2"), 0);
    login_delays_destroy(d);
    login_delays_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(delays_double_up_to_the_longest),
        TEST(a_success_clears_that_user_there),
        TEST(nobody_is_locked_out_from_elsewhere),
        TEST(an_address_that_tries_many_is_delayed),
        TEST(addresses_that_are_one),
        TEST(this_host_has_no_delay_of_its_own),
        TEST(the_oldest_make_room),
        TEST(names_may_be_long),
        TEST(without_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
