/* Unit tests of the URL of a request and of the addresses that it may go to. */
#include "lib/test.h"

#include "base/err.h"
#include "base/mem.h"
#include "lib/address.h"
#include "webhook/guard.h"
#include "webhook/url.h"
#include "webhook/webhook.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

static const struct {
    const char *url;
    bool tls;
    uint16_t port;
    const char *host, *authority, *target;
} good[] = {
    { "http://example.org", false, 80, "example.org", "example.org", "/" },
    { "HTTPS://Example.org/", true, 443, "Example.org", "Example.org", "/" },
    { "https://example.org:443/a", true, 443, "example.org", "example.org", "/a" },
    { "http://example.org:443/a?b=c&d", false, 443, "example.org", "example.org:443", "/a?b=c&d" },
    { "http://localhost:8080/a@b:c/[x]", false, 8080, "localhost", "localhost:8080", "/a@b:c/[x]" },
    { "http://192.0.2.7:1/", false, 1, "192.0.2.7", "192.0.2.7:1", "/" },
    { "http://[::1]/x", false, 80, "::1", "[::1]", "/x" },
    { "https://[2001:db8::7]:65535/x", true, 65535, "2001:db8::7", "[2001:db8::7]:65535", "/x" },
    { "http://my_host-1/%20", false, 80, "my_host-1", "my_host-1", "/%20" },
    { "http://1a.b2/", false, 80, "1a.b2", "1a.b2", "/" },
    { "http://a/http://b@c/", false, 80, "a", "a", "/http://b@c/" },
};

static void parts_of_a_url(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct webhook_url url;
        struct diag diag = DIAG_INIT;
        if (webhook_url_parse(slice_str(good[i].url), &url, &diag) < 0)
            fail_msg("%s: %s", good[i].url, diag.text);
        assert_int_equal(url.tls, good[i].tls);
        assert_int_equal(url.port, good[i].port);
        assert_string_equal(url.host, good[i].host);
        assert_string_equal(url.authority, good[i].authority);
        assert_true(slice_eq_str(url.target, good[i].target));
    }
}

static const struct {
    const char *url, *why;
} bad[] = {
    { "", "is empty" },
    { "example.org", "must begin with" },
    { "//example.org/", "must begin with" },
    { "ftp://example.org/", "must begin with" },
    { "http:/example.org/", "must begin with" },
    { "httpx://example.org/", "must begin with" },
    { "http://", "no host" },
    { "https:///path", "no host" },
    { "http://:80/", "no valid host" },
    { "http://user@example.org/", "a user" },
    { "http://user:secret@example.org/", "a user" },
    { "http://127.0.0.1:80@example.org/", "a user" },
    { "http://example.org\\@evil.org/", "must be escaped" },
    { "http://exa mple.org/", "must be escaped" },
    { "http://example.org/a b", "must be escaped" },
    { "http://example.org/a\r\nHost: b", "must be escaped" },
    { "http://example.org/\tx", "must be escaped" },
    { "http://example.org/\x7f", "must be escaped" },
    { "http://ex\xc3\xa4mple.org/", "must be escaped" },
    { "http://example.org/{x}", "must be escaped" },
    { "http://example.org/#top", "a fragment" },
    { "http://example.org#@evil.org/", "a fragment" },
    { "http://example.org?x=1", "no path before" },
    { "http://ex%61mple.org/", "no valid host" },
    { "http://example..org/", "no valid host" },
    { "http://example.org./", "no valid host" },
    { "http://.example.org/", "no valid host" },
    { "http://example.org:/", "no valid port" },
    { "http://example.org:0/", "no valid port" },
    { "http://example.org:65536/", "no valid port" },
    { "http://example.org:100000/", "no valid port" },
    { "http://example.org:+80/", "no valid port" },
    { "http://example.org:80:80/", "no valid port" },
    { "http://example.org:8o/", "no valid port" },
    { "http://0177.0.0.1/", "no valid host" },
    { "http://0x7f.0.0.1/", "no valid host" },
    { "http://0x7f000001/", "no valid host" },
    { "http://0X7F.1/", "no valid host" },
    { "http://2130706433/", "no valid host" },
    { "http://127.1/", "no valid host" },
    { "http://127.0.0.0x1/", "no valid host" },
    { "http://127.0.0.1.5/", "no valid host" },
    { "http://256.0.0.1/", "no valid host" },
    { "http://example.0x/", "no valid host" },
    { "http://[::1/", "not closed" },
    { "http://[::1]x/", "no valid port" },
    { "http://[fe80::1%eth0]/", "no valid IPv6" },
    { "http://[127.0.0.1]/", "no valid IPv6" },
    { "http://[]/", "no valid IPv6" },
    { "http://::1/", "no valid port" },
    { "http://a]/", "no valid host" },
};

static void urls_that_are_refused(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct diag diag = DIAG_INIT;
        if (webhook_check_url(slice_str(bad[i].url), &diag) != ERR_INVALID)
            fail_msg("%s is taken", bad[i].url);
        if (!strstr(diag.text, bad[i].why)) fail_msg("%s: %s", bad[i].url, diag.text);
    }
}

static int check_made(const char *before, int zeros, const char *after)
{
    char *url = xasprintf("%s%0*d%s", before, zeros, 0, after);
    int rc = webhook_check_url(slice_str(url), NULL);
    free(url);
    return rc;
}

static void lengths_have_limits(void **state)
{
    assert_int_equal(check_made("http://a/", 8000 - 9, ""), 0);
    assert_int_equal(check_made("http://a/", 8001 - 9, ""), ERR_INVALID);
    assert_int_equal(check_made("http://a", 62, "/"), 0);
    assert_int_equal(check_made("http://a", 63, "/"), ERR_INVALID);
    assert_int_equal(check_made("http://", 250, ".org/"), ERR_INVALID);
    assert_int_equal(webhook_check_url(slice_of("http://a\0b", 10), NULL), ERR_INVALID);
}

/* ---- addresses ---- */

static const struct {
    const char *address;
    const char *what; /* NULL: allowed */
} addresses[] = {
    { "127.0.0.1", "loopback" },
    { "127.255.0.3", "loopback" },
    { "::1", "loopback" },
    { "::ffff:127.0.0.1", "loopback" },
    { "64:ff9b::7f00:1", "loopback" },
    { "0.0.0.0", "no address" },
    { "0.1.2.3", "no address" },
    { "::", "no address" },
    { "::ffff:0.0.0.0", "no address" },
    { "::127.0.0.1", "no address" },
    { "169.254.169.254", "link-local" },
    { "::ffff:169.254.169.254", "link-local" },
    { "64:ff9b::a9fe:a9fe", "link-local" },
    { "fe80::1", "link-local" },
    { "febf::1", "link-local" },
    { "224.0.0.1", "multicast" },
    { "ff02::1", "multicast" },
    { "255.255.255.255", "reserved" },
    { "240.0.0.1", "reserved" },
    { "fd00:ec2::254", "metadata" },
    { "10.1.2.3", NULL },
    { "192.168.1.1", NULL },
    { "172.16.0.1", NULL },
    { "fd12::1", NULL },
    { "192.0.2.1", NULL },
    { "2001:db8::1", NULL },
    { "64:ff9b::c000:201", NULL },
    { "128.0.0.1", NULL },
    { "/run/a.sock", "internet" },
};

static void addresses_are_judged(void **state)
{
    const struct webhook_guard guard = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        struct sockaddr_storage address = address_of(addresses[i].address);
        const char *what = webhook_guard_refuses(&guard, &address);
        if (!what != !addresses[i].what || (what && !strstr(what, addresses[i].what)))
            fail_msg("%s: %s", addresses[i].address, what ? what : "allowed");
    }
}

static void networks_can_be_allowed(void **state)
{
    struct ip_net nets[2];
    assert_int_equal(ip_net_parse("127.0.0.0/30", &nets[0]), 0);
    assert_int_equal(ip_net_parse("fe80::/10", &nets[1]), 0);
    const struct webhook_guard guard = { .allow = nets, .allow_count = 2 };
    static const struct {
        const char *address;
        bool allowed;
    } rows[] = { { "127.0.0.3", true }, { "127.0.0.4", false }, { "::ffff:127.0.0.1", true },
                 { "::1", false },      { "fe80::7", true },    { "169.254.0.1", false } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sockaddr_storage address = address_of(rows[i].address);
        assert_int_equal(!webhook_guard_refuses(&guard, &address), rows[i].allowed);
    }
}

/* Of this machine, and not loopback; family 0 where it has none. */
static struct sockaddr_storage own_address(void)
{
    struct sockaddr_storage found = { 0 };
    struct ifaddrs *all = NULL;
    assert_int_equal(getifaddrs(&all), 0);
    for (struct ifaddrs *it = all; it; it = it->ifa_next)
        if (it->ifa_addr && it->ifa_addr->sa_family == AF_INET && !(it->ifa_flags & IFF_LOOPBACK))
            memcpy(&found, it->ifa_addr, sizeof(struct sockaddr_in));
    freeifaddrs(all);
    return found;
}

static void own_listeners_are_refused(void **state)
{
    const uint16_t ports[] = { 8883, 8443 };
    struct webhook_guard guard = { .own_ports = ports, .own_port_count = 2 };
    struct sockaddr_storage elsewhere = address_of("203.0.113.7");
    struct sockaddr_storage own = own_address();
    struct sockaddr_in *in = (struct sockaddr_in *)&own;
    ((struct sockaddr_in *)&elsewhere)->sin_port = htons(8443);
    assert_null(webhook_guard_refuses(&guard, &elsewhere));
    if (own.ss_family != AF_INET) skip();
    in->sin_port = htons(8443);
    assert_non_null(strstr(webhook_guard_refuses(&guard, &own), "listener"));
    in->sin_port = htons(8444);
    assert_null(webhook_guard_refuses(&guard, &own));
    struct ip_net all = { .bits = 0 };
    guard.allow = &all;
    guard.allow_count = 1;
    in->sin_port = htons(8443);
    assert_null(webhook_guard_refuses(&guard, &own));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_a_url),          cmocka_unit_test(urls_that_are_refused),
        cmocka_unit_test(lengths_have_limits),     cmocka_unit_test(addresses_are_judged),
        cmocka_unit_test(networks_can_be_allowed), cmocka_unit_test(own_listeners_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
