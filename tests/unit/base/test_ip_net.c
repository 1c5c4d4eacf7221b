/* Unit tests of networks of addresses. */
#include "lib/test.h"

#include "base/err.h"
#include "base/ip_net.h"
#include "base/mem.h"
#include "lib/address.h"

static void addresses_are_in_their_networks(void **state)
{
    static const struct {
        const char *net, *address;
        bool in;
    } rows[] = {
        { "127.0.0.0/8", "127.255.255.255", true },
        { "127.0.0.0/8", "128.0.0.0", false },
        { "127.0.0.0/8", "126.255.255.255", false },
        { "192.0.2.7", "192.0.2.7", true },
        { "192.0.2.7", "192.0.2.6", false },
        { "192.0.2.7/32", "192.0.2.7", true },
        { "192.0.2.77/28", "192.0.2.64", true }, /* bits behind the prefix */
        { "192.0.2.77/28", "192.0.2.79", true },
        { "192.0.2.77/28", "192.0.2.80", false },
        { "10.0.0.0/9", "10.127.0.1", true },
        { "10.0.0.0/9", "10.128.0.1", false },
        { "0.0.0.0/0", "203.0.113.9", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "0.0.0.0/0", "::ffff:203.0.113.9", true },
        { "::/0", "203.0.113.9", true },
        { "::1", "::1", true },
        { "::1", "::2", false },
        { "2001:db8::/32", "2001:db8:ffff::1", true },
        { "2001:db8::/32", "2001:db9::1", false },
        { "2001:db8::/33", "2001:db8:8000::1", false },
        { "fe80::/10", "febf::1", true },
        { "fe80::/10", "fec0::1", false },
        { "::ffff:10.0.0.0/104", "10.1.2.3", true },
        { "::ffff:10.0.0.0/104", "11.1.2.3", false },
        { "::/0", "unix", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ip_net net;
        struct sockaddr_storage address = address_of(rows[i].address);
        assert_int_equal(ip_net_parse(rows[i].net, &net), 0);
        if (ip_nets_have(&net, 1, &address) != rows[i].in)
            fail_msg("%s in %s", rows[i].address, rows[i].net);
        assert_false(ip_nets_have(&net, 0, &address));
    }
}

static void one_of_several_is_enough(void **state)
{
    struct ip_net nets[2];
    struct sockaddr_storage address = address_of("10.1.1.1");
    ip_net_parse("::1", &nets[0]);
    ip_net_parse("10.0.0.0/8", &nets[1]);
    assert_true(ip_nets_have(nets, 2, &address));
    assert_false(ip_nets_have(nets, 1, &address));
}

static void what_is_no_network_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0/8",
        "10.0.0.0 ",
        "10.0.0.0/8 ",
        "10.0.0.0/08",
        "10.0.0.0/8/8",
        "10.0.0.0/1000",
        "::/129",
        "::g",
        "fe80::1%lo",
        "localhost",
        "10.0.0.0/255.0.0.0",
        "010.0.0.1",
        "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/1",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct ip_net net = { .bits = 99 };
        if (ip_net_parse(bad[i], &net) != ERR_INVALID) fail_msg("'%s' was taken", bad[i]);
        assert_int_equal(net.bits, 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_in_their_networks),
        cmocka_unit_test(one_of_several_is_enough),
        cmocka_unit_test(what_is_no_network_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
