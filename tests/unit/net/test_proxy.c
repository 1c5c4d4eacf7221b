/* Unit tests of PROXY headers: each case whole, byte by byte, and with what follows the header. */
#include "lib/test.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/proxy.h"
#include "net/tcp_priv.h"

#define BYTES(text) text, sizeof(text) - 1
#define SIG         "\r\n\r\n\0\r\nQUIT\n"
#define IP4         "\xc0\x00\x02\x01\xc6\x33\x64\x09\x9c\x40\x01\xbb" /* 192.0.2.1:40000 */
#define IP6_ONE     "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"       /* 2001:db8::7 */
#define IP6         IP6_ONE IP6_ONE "\x9c\x40\x01\xbb"
#define ZEROS_36    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_216   ZEROS_36 ZEROS_36 ZEROS_36 ZEROS_36 ZEROS_36 ZEROS_36
#define LONG_6      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

static const struct {
    const char *bytes;
    size_t len;
    const char *client; /* NULL: the socket's own address stays */
    int port;
    const char *why; /* of a malformed one; a part of the sentence */
} cases[] = {
    /* version 1 */
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 40000 443\r\n"), "192.0.2.1", 40000, NULL },
    { BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255", 65535,
      NULL },
    { BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), "0.0.0.0", 0, NULL },
    { BYTES("PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n"), "127.0.0.1", 1, NULL },
    { BYTES("PROXY TCP6 2001:db8::7 ::1 40000 443\r\n"), "2001:db8::7", 40000, NULL },
    { BYTES("PROXY TCP6 " LONG_6 " " LONG_6 " 65535 65535\r\n"), LONG_6, 65535, NULL },
    { BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 7 443\r\n"), "192.0.2.1", 7, NULL },
    { BYTES("PROXY UNKNOWN\r\n"), NULL, 0, NULL },
    { BYTES("PROXY UNKNOWN " LONG_6 " " LONG_6 " 65535 65535\r\n"), NULL, 0, NULL }, /* 107 bytes */
    { BYTES("PROXY UNKNOWN  anything at all\r\n"), NULL, 0, NULL },
    { BYTES("PROXY UNKNOWN " LONG_6 " " LONG_6 " 65535 65535 \r\n"), NULL, 0, "no CRLF" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 40000 443\nGET / HTTP/1.1\r\n"), NULL, 0,
      "no printable" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 40000 443\rGET / HTTP/1.1\r\n"), NULL, 0,
      "no printable" },
    { BYTES("PROXY UNKNOWN\nGET / HTTP/1.1\r\n"), NULL, 0, "no printable" },
    { BYTES("PROXY UNKNOWN \0\r\n"), NULL, 0, "no printable" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 40000 443 \r\n"), NULL, 0, "destination port" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 40000 443 7\r\n"), NULL, 0, "more in the line" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 40000\r\n"), NULL, 0, "destination port" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9\r\n"), NULL, 0, "source port" },
    { BYTES("PROXY TCP4 192.0.2.1\r\n"), NULL, 0, "destination is" },
    { BYTES("PROXY TCP4\r\n"), NULL, 0, "source is" },
    { BYTES("PROXY TCP4  192.0.2.1 198.51.100.9 40000 443\r\n"), NULL, 0, "source is" },
    { BYTES("PROXY TCP4 192.0.2.1  198.51.100.9 40000 443\r\n"), NULL, 0, "destination is" },
    { BYTES("PROXY TCP4 192.0.2.256 198.51.100.9 40000 443\r\n"), NULL, 0, "source is" },
    { BYTES("PROXY TCP4 192.0.2.01 198.51.100.9 40000 443\r\n"), NULL, 0, "source is" },
    { BYTES("PROXY TCP4 192.0.2 198.51.100.9 40000 443\r\n"), NULL, 0, "source is" },
    { BYTES("PROXY TCP4 2001:db8::7 ::1 40000 443\r\n"), NULL, 0, "source is" },
    { BYTES("PROXY TCP6 192.0.2.1 198.51.100.9 40000 443\r\n"), NULL, 0, "source is" },
    { BYTES("PROXY TCP6 2001:db8::7 192.0.2.1 40000 443\r\n"), NULL, 0, "destination is" },
    { BYTES("PROXY TCP6 fe80::1%lo ::1 40000 443\r\n"), NULL, 0, "source is" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 65536 443\r\n"), NULL, 0, "source port" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 0400 443\r\n"), NULL, 0, "source port" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 -1 443\r\n"), NULL, 0, "source port" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 +1 443\r\n"), NULL, 0, "source port" },
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 1 99999999999\r\n"), NULL, 0, "destination port" },
    { BYTES("PROXY TCP4 a.example b.example 1 2\r\n"), NULL, 0, "source is" },
    { BYTES("PROXY UDP4 192.0.2.1 198.51.100.9 40000 443\r\n"), NULL, 0, "none of TCP4" },
    { BYTES("PROXY tcp4 192.0.2.1 198.51.100.9 40000 443\r\n"), NULL, 0, "none of TCP4" },
    { BYTES("PROXY UNKNOWNS\r\n"), NULL, 0, "none of TCP4" },
    { BYTES("PROXY \r\n"), NULL, 0, "none of TCP4" },
    { BYTES("PROXY\r\n"), NULL, 0, "does not begin" },
    { BYTES("PROXY\tTCP4 192.0.2.1 198.51.100.9 40000 443\r\n"), NULL, 0, "does not begin" },
    { BYTES("proxy TCP4 192.0.2.1 198.51.100.9 40000 443\r\n"), NULL, 0, "does not begin" },
    /* neither */
    { BYTES("GET / HTTP/1.1\r\n"), NULL, 0, "does not begin" },
    { BYTES("POST / HTTP/1.1\r\n"), NULL, 0, "does not begin" },
    { BYTES("PROPFIND / HTTP/1.1\r\n"), NULL, 0, "does not begin" },
    { BYTES("\x16\x03\x01\x02\x00\x01"), NULL, 0, "does not begin" },
    { BYTES("\x10\x0c\x00\x04MQTT"), NULL, 0, "does not begin" },
    { BYTES("\r\n\r\n\0\r\nQUIT\r\n"), NULL, 0, "does not begin" },
    { BYTES("\r\n\r\nGET / HTTP/1.1\r\n"), NULL, 0, "does not begin" },
    /* version 2 */
    { BYTES(SIG "\x21\x11\x00\x0c" IP4), "192.0.2.1", 40000, NULL },
    { BYTES(SIG "\x21\x21\x00\x24" IP6), "2001:db8::7", 40000, NULL },
    { BYTES(SIG "\x20\x00\x00\x00"), NULL, 0, NULL },     /* LOCAL */
    { BYTES(SIG "\x20\x11\x00\x0c" IP4), NULL, 0, NULL }, /* its block counts for nothing */
    { BYTES(SIG "\x20\xff\x00\x03\x00\xff\xff"), NULL, 0, NULL },
    { BYTES(SIG "\x21\x00\x00\x00"), NULL, 0, NULL }, /* UNSPEC */
    { BYTES(SIG "\x21\x00\x00\x0c" IP4), NULL, 0, NULL },
    { BYTES(SIG "\x21\x01\x00\x0c" IP4), NULL, 0, NULL },
    { BYTES(SIG "\x21\x10\x00\x0c" IP4), NULL, 0, NULL },
    { BYTES(SIG "\x21\x12\x00\x0c" IP4), NULL, 0, NULL }, /* UDP */
    { BYTES(SIG "\x21\x22\x00\x24" IP6), NULL, 0, NULL },
    { BYTES(SIG "\x21\x31\x00\xd8" ZEROS_216), NULL, 0, NULL }, /* a Unix socket */
    { BYTES(SIG "\x21\x32\x00\xd8" ZEROS_216), NULL, 0, NULL },
    { BYTES(SIG "\x21\x21\x00\x27" IP6 "\x04\x00\x00"), "2001:db8::7", 40000, NULL }, /* NOOP */
    { BYTES(SIG "\x21\x11\x00\x18" IP4 "\x02\x00\x03lab\x05\x00\x01x\xe0\x00"), NULL, 0,
      "TLV reaches" },
    { BYTES(SIG "\x21\x11\x00\x16" IP4 "\x02\x00\x03lab\x05\x00\x01x"), "192.0.2.1", 40000, NULL },
    { BYTES(SIG "\x21\x11\x00\x0f" IP4 "\x02\x00\x01"), NULL, 0, "TLV reaches" },
    { BYTES(SIG "\x21\x11\x00\x0d" IP4 "\x02"), NULL, 0, "TLV reaches" },
    { BYTES(SIG "\x21\x11\x00\x13" IP4 "\x03\x00\x04\x90\xd0\x7d\x28"), "192.0.2.1", 40000, NULL },
    { BYTES(SIG "\x21\x11\x00\x18" IP4 "\x03\x00\x04\x1c\x61\x8f\x80\x04\x00\x02"
                "ab"),
      "192.0.2.1", 40000, NULL },
    { BYTES(SIG "\x21\x11\x00\x13" IP4 "\x03\x00\x04\x28\x7d\xd0\x90"), NULL, 0,
      "checksum is wrong" },
    { BYTES(SIG "\x21\x11\x00\x13\xc0\x00\x02\x02\xc6\x33\x64\x09\x9c\x40\x01\xbb"
                "\x03\x00\x04\x90\xd0\x7d\x28"),
      NULL, 0, "checksum is wrong" },
    { BYTES(SIG "\x21\x11\x00\x12" IP4 "\x03\x00\x03\x90\xd0\x7d"), NULL, 0, "four bytes" },
    { BYTES(SIG "\x21\x11\x00\x0b\xc0\x00\x02\x01\xc6\x33\x64\x09\x9c\x40\x01"), NULL, 0,
      "cut short" },
    { BYTES(SIG "\x21\x21\x00\x0c" IP4), NULL, 0, "cut short" },
    { BYTES(SIG "\x21\x31\x00\x0c" IP4), NULL, 0, "cut short" },
    { BYTES(SIG "\x21\x11\x00\x00"), NULL, 0, "cut short" },
    { BYTES(SIG "\x11\x11\x00\x0c" IP4), NULL, 0, "another version" },
    { BYTES(SIG "\x31\x11\x00\x0c" IP4), NULL, 0, "another version" },
    { BYTES(SIG "\x22\x11\x00\x0c" IP4), NULL, 0, "neither LOCAL" },
    { BYTES(SIG "\x2f\x11\x00\x0c" IP4), NULL, 0, "neither LOCAL" },
    { BYTES(SIG "\x21\x41\x00\x0c" IP4), NULL, 0, "none that is assigned" },
    { BYTES(SIG "\x21\x13\x00\x0c" IP4), NULL, 0, "none that is assigned" },
    { BYTES(SIG "\x21\xf0\x00\x0c" IP4), NULL, 0, "none that is assigned" },
    { BYTES(SIG "\x21\x11\x0f\xf1" IP4), NULL, 0, "longer than 4096" },
    { BYTES(SIG "\x20\x00\xff\xff"), NULL, 0, "longer than 4096" },
};

static void expect_client(size_t i, const struct proxy_header *header)
{
    char address[48];
    uint16_t port;
    if (header->named != (cases[i].client != NULL)) fail_msg("case %zu: named", i);
    if (!header->named) return;
    tcp_address_print(&header->client, address, &port);
    assert_string_equal(address, cases[i].client);
    assert_int_equal(port, cases[i].port);
}

/* The verdict on the first len bytes of a copy that ends there, so that a sanitizer sees what reads on. */
static int parse(const void *bytes, size_t len, struct proxy_header *ret, const char **ret_why)
{
    uint8_t *copy = xmalloc(len + 1);
    memcpy(copy + 1, bytes, len);
    int rc = proxy_parse(copy + 1, len, ret, ret_why);
    free(copy);
    return rc;
}

static void expect_malformed(size_t i, int rc, const char *why)
{
    if (rc != ERR_MALFORMED && rc != ERR_TOO_LARGE) fail_msg("case %zu was taken: %d", i, rc);
    if (!strstr(why, cases[i].why)) fail_msg("case %zu: %s", i, why);
}

static void whole(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct proxy_header header = { 0 };
        const char *why = NULL;
        int rc = parse(cases[i].bytes, cases[i].len, &header, &why);
        if (cases[i].why) {
            expect_malformed(i, rc, why);
            assert_false(header.named);
            continue;
        }
        if (rc != (int)cases[i].len) fail_msg("case %zu: %d, %s", i, rc, why ? why : "");
        expect_client(i, &header);
    }
}

/* No verdict before it must fall, and then the one that the whole gets. */
static void byte_by_byte(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct proxy_header header = { 0 };
        const char *why = NULL;
        size_t len = 0;
        int rc = 0;
        while (rc == 0 && len < cases[i].len)
            rc = parse(cases[i].bytes, ++len, &header, &why);
        if (cases[i].why) {
            expect_malformed(i, rc, why);
            continue;
        }
        if (rc != (int)cases[i].len || len != cases[i].len)
            fail_msg("case %zu: %d at %zu", i, rc, len);
        expect_client(i, &header);
    }
}

static void what_follows_is_not_touched(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf text = { 0 };
        struct proxy_header header = { 0 };
        const char *why = NULL;
        if (cases[i].why) continue;
        buf_append(&text, cases[i].bytes, cases[i].len);
        buf_puts(&text, "\x10\x0c PROXY TCP4 \r\n");
        assert_int_equal(parse(text.data, text.len, &header, &why), cases[i].len);
        expect_client(i, &header);
        buf_deinit(&text);
    }
}

static void the_longest_header_passes(void **state)
{
    static uint8_t bytes[PROXY_MOST] = SIG "\x20\x00\x0f\xf0";
    struct proxy_header header;
    const char *why = NULL;
    assert_int_equal(proxy_parse(bytes, sizeof bytes - 1, &header, &why), 0);
    assert_int_equal(proxy_parse(bytes, sizeof bytes, &header, &why), PROXY_MOST);
}

static void first_bytes_tell_a_header(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum proxy_first first;
    } rows[] = {
        { BYTES(""), PROXY_FIRST_MORE },
        { BYTES("P"), PROXY_FIRST_MORE },
        { BYTES("PROXY"), PROXY_FIRST_MORE },
        { BYTES("PROXY "), PROXY_FIRST_HEADER },
        { BYTES("PROXY TCP4"), PROXY_FIRST_HEADER },
        { BYTES("PROXYX"), PROXY_FIRST_OTHER },
        { BYTES("PU"), PROXY_FIRST_OTHER },
        { BYTES("\r"), PROXY_FIRST_MORE },
        { BYTES("\r\n\r\n"), PROXY_FIRST_MORE },
        { BYTES("\r\n\r\nG"), PROXY_FIRST_OTHER },
        { BYTES(SIG), PROXY_FIRST_HEADER },
        { BYTES("G"), PROXY_FIRST_OTHER },
        { BYTES("\x16\x03"), PROXY_FIRST_OTHER },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(proxy_first_bytes((const uint8_t *)rows[i].bytes, rows[i].len),
                         rows[i].first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(what_follows_is_not_touched),
        cmocka_unit_test(the_longest_header_passes),
        cmocka_unit_test(first_bytes_tell_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
