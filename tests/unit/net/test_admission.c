/* test_admission.c — the table of addresses: who is counted as whom, its bound, its memory of the slow. */
#include "base/clock.h"
#include "base/mem.h"
#include "lib/address.h"
#include "lib/test.h"
#include "net/admission.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static struct admission *admission;

static int set_up(void **state)
{
    admission = admission_create();
    return 0;
}

static int tear_down(void **state)
{
    admission_destroy(admission);
    return 0;
}

static const char *enter(const char *text, struct admission_limits limits, int64_t now,
                         struct admission_address **ret_address)
{
    struct sockaddr_storage from = address_of(text);
    return admission_enter(admission, &from, &limits, now, ret_address);
}

static const struct admission_limits two = { .connections = 2 };

static void who_is_who(void **state)
{
    static const struct {
        const char *address, *as; /* NULL: spared */
    } rows[] = {
        { "192.0.2.1", "192.0.2.1" },
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
        { "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64" },
        { "2001:db8:1:3::1", "2001:db8:1:3::/64" },
        { "fe80::1", "fe80::/64" },
        { "::2", "::/64" },
        { "127.0.0.1", NULL },
        { "127.255.0.9", NULL },
        { "::1", NULL },
        { "::ffff:127.0.0.1", NULL },
        { "unix", NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct admission_address *address;
        assert_null(enter(rows[i].address, two, 1, &address));
        if (rows[i].as)
            assert_string_equal(admission_address_text(address), rows[i].as);
        else
            assert_null(address);
        admission_leave(admission, address);
    }
    assert_int_equal(admission_count(admission), 5);
}

static void without_limits_nobody_is_counted(void **state)
{
    struct admission_address *address;
    assert_null(enter("192.0.2.1", (struct admission_limits){ 0 }, 1, &address));
    assert_null(address);
    admission_leave(admission, address);
    assert_int_equal(admission_count(admission), 0);
}

static void connections_of_an_address(void **state)
{
    struct admission_address *a, *b, *c;
    assert_null(enter("2001:db8::1", two, 1, &a));
    assert_null(enter("2001:db8::2", two, 1, &b));
    assert_string_equal(enter("2001:db8::3", two, 1, &c), "limits.connections_per_address");
    assert_null(enter("192.0.2.1", two, 1, &c));
    admission_leave(admission, c);
    admission_leave(admission, a);
    assert_null(enter("2001:db8::3", two, 1, &a));
    admission_leave(admission, a);
    admission_leave(admission, b);
}

static void rate_of_an_address(void **state)
{
    struct admission_limits limits = { .rate = { .rate = 2, .burst = 3 } };
    struct admission_address *address;
    for (int i = 0; i < 3; i++) {
        assert_null(enter("192.0.2.1", limits, 1000, &address));
        admission_leave(admission, address); /* that it is gone again gives no token back */
    }
    assert_string_equal(enter("192.0.2.1", limits, 1000, &address), "limits.connect_rate");
    assert_int_equal(admission_complain(address, 1000), 1);
    assert_int_equal(admission_complain(address, 1001), 0);
    assert_int_equal(admission_complain(address, 1000 + MINUTES(1)), 2);
    assert_string_equal(enter("192.0.2.1", limits, 1499, &address), "limits.connect_rate");
    assert_null(enter("192.0.2.2", limits, 1499, &address));
    admission_leave(admission, address);
    assert_null(enter("192.0.2.1", limits, 1500, &address));
    admission_leave(admission, address);
}

/* The oldest without a connection goes first; who has one is never forgotten. */
static void the_table_is_bounded(void **state)
{
    struct admission_limits limits = { .connections = 1, .rate = { .rate = 1, .burst = 1 } };
    struct admission_address *stays, *address;
    char text[32];
    assert_null(enter("192.0.2.1", limits, 1, &stays));
    for (int i = 0; i < 10000; i++) {
        snprintf(text, sizeof text, "10.0.%d.%d", i >> 8, i & 255);
        assert_null(enter(text, limits, 1, &address));
        admission_leave(admission, address);
    }
    assert_int_equal(admission_count(admission), 4096 + 1);
    assert_non_null(enter(text, limits, 1, &address));           /* the youngest is remembered */
    assert_non_null(enter("192.0.2.1", limits, 5000, &address)); /* it has one already */
    assert_null(enter("10.0.0.1", limits, 1, &address));         /* forgotten */
    admission_leave(admission, address);
    admission_leave(admission, stays);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(who_is_who),
        T(without_limits_nobody_is_counted),
        T(connections_of_an_address),
        T(rate_of_an_address),
        T(the_table_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
