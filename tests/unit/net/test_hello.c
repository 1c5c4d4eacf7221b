/* Unit tests of the look at the first bytes of a connection to a TLS port. */
#include "lib/test.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "lib/rand_fake.h"
#include "net/tls_hello.h"

static const char *const protocols[] = { "mqtt", "http/1.1", NULL };

static void first_bytes_tell_the_protocol(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum tls_first first;
    } cases[] = {
        { "", 0, TLS_FIRST_MORE },
        { "\x16", 1, TLS_FIRST_MORE },
        { "\x16\x03", 2, TLS_FIRST_TLS },
        { "\x16\x03\x01\x02", 4, TLS_FIRST_TLS },
        { "\x16\x02", 2, TLS_FIRST_OTHER },
        { "\x16\xfe", 2, TLS_FIRST_OTHER }, /* DTLS */
        { "\x80\x2e\x01", 3, TLS_FIRST_OTHER },
        { "G", 1, TLS_FIRST_MORE },
        { "GET", 3, TLS_FIRST_MORE },
        { "GET ", 4, TLS_FIRST_HTTP },
        { "GET / HTTP/1.1", 14, TLS_FIRST_HTTP },
        { "P", 1, TLS_FIRST_MORE },
        { "PU", 2, TLS_FIRST_MORE },
        { "PUT /", 5, TLS_FIRST_HTTP },
        { "PRI * HTTP/2.0", 14, TLS_FIRST_HTTP },
        { "OPTIONS", 7, TLS_FIRST_MORE },
        { "get /", 5, TLS_FIRST_OTHER },
        { "GETS ", 5, TLS_FIRST_OTHER },
        { "\x10\x0c\x00\x04MQTT", 8, TLS_FIRST_MQTT },
        { "\x10", 1, TLS_FIRST_MQTT },
        { "\x20\x02", 2, TLS_FIRST_OTHER },
        { "PROXY", 5, TLS_FIRST_MORE },
        { "PROXY ", 6, TLS_FIRST_PROXY },
        { "PROPFIND /", 10, TLS_FIRST_OTHER },
        { "\r\n\r\n", 4, TLS_FIRST_MORE },
        { "\r\n\r\n\0\r\nQUIT\n", 12, TLS_FIRST_PROXY },
        { "\r\nGET /", 7, TLS_FIRST_OTHER },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(tls_first_bytes((const uint8_t *)cases[i].bytes, cases[i].len),
                         cases[i].first);
}

static void only_whole_handshake_records_count(void **state)
{
    static const uint8_t bytes[] = { 22, 3, 3, 0, 2, 1, 2, 20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 1, 9 };
    static const size_t used[] = {
        0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 13, 13, 13, 13, 13, 13, 13
    };
    for (size_t len = 0; len <= sizeof bytes; len++) {
        size_t got = 99;
        assert_int_equal(tls_handshake_records(bytes, len, &got), 0);
        assert_int_equal(got, used[len]);
    }
    static const uint8_t data_first[] = { 23, 3, 3, 0, 0 };
    static const uint8_t too_long[] = { 22, 3, 3, 0x48, 0x01 };
    static const uint8_t longest[] = { 22, 3, 3, 0x48, 0x00 };
    size_t got = 99;
    assert_int_equal(tls_handshake_records(data_first, 5, &got), ERR_MALFORMED);
    assert_int_equal(tls_handshake_records(too_long, 5, &got), ERR_MALFORMED);
    assert_int_equal(got, 99);
    assert_int_equal(tls_handshake_records(longest, 5, &got), 0);
    assert_int_equal(got, 0);
}

/* ---- hellos ---- */

static void put_ext(struct buf *out, uint16_t type, struct slice body)
{
    buf_put_u16(out, type);
    buf_put_u16(out, (uint16_t)body.len);
    buf_put_slice(out, body);
}

static void put_names(struct buf *exts, const char *sni, uint8_t type)
{
    struct buf body = { 0 };
    size_t len = strlen(sni);
    buf_put_u16(&body, (uint16_t)(len + 3));
    buf_put_u8(&body, type);
    buf_put_u16(&body, (uint16_t)len);
    buf_puts(&body, sni);
    put_ext(exts, 0, buf_slice(&body));
    buf_deinit(&body);
}

static void put_alpn(struct buf *exts, const char *const *offer)
{
    struct buf list = { 0 }, body = { 0 };
    for (; *offer; offer++) {
        buf_put_u8(&list, (uint8_t)strlen(*offer));
        buf_puts(&list, *offer);
    }
    buf_put_u16(&body, (uint16_t)list.len);
    buf_put_slice(&body, buf_slice(&list));
    put_ext(exts, 16, buf_slice(&body));
    buf_deinit(&list);
    buf_deinit(&body);
}

/* exts NULL: a hello without the field. */
static void put_hello(struct buf *out, const struct buf *exts)
{
    struct buf body = { 0 };
    char random[32] = { 0 };
    buf_put_u16(&body, 0x0303);
    buf_append(&body, random, sizeof random);
    buf_put_u8(&body, 0);
    buf_put_u16(&body, 2);
    buf_put_u16(&body, 0xc02b);
    buf_put_u16(&body, 0x0100);
    if (exts) {
        buf_put_u16(&body, (uint16_t)exts->len);
        buf_put_slice(&body, buf_slice(exts));
    }
    buf_put_u8(out, 22);
    buf_put_u16(out, 0x0301);
    buf_put_u16(out, (uint16_t)(body.len + 4));
    buf_put_u8(out, 1);
    buf_put_u8(out, 0);
    buf_put_u16(out, (uint16_t)body.len);
    buf_put_slice(out, buf_slice(&body));
    buf_deinit(&body);
}

static int parse(const struct buf *record, struct tls_hello *ret_hello)
{
    return tls_hello_parse((const uint8_t *)record->data, record->len, protocols, ret_hello);
}

static void names_and_protocols_are_found(void **state)
{
    static const struct {
        const char *sni;
        uint8_t type;
        const char *offer[3];
        const char *want_sni;
        bool want_alpn;
    } cases[] = {
        { "hub.local", 0, { "mqtt" }, "hub.local", true },
        { "hub.local", 0, { "h2", "http/1.1" }, "hub.local", true },
        { "hub.local", 0, { "h2" }, "hub.local", false },
        { "hub.local", 7, { "MQTT" }, "", false },
        { "bad name", 0, { "mqttx", "http/1" }, "", false },
        { "bad\x01name", 0, { NULL }, "", false },
        { "", 0, { NULL }, "", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf exts = { 0 }, record = { 0 };
        struct tls_hello hello;
        put_ext(&exts, 43, SLICE_LIT("\x02\x03\x04"));
        put_names(&exts, cases[i].sni, cases[i].type);
        put_alpn(&exts, cases[i].offer);
        put_hello(&record, &exts);
        assert_int_equal(parse(&record, &hello), 0);
        assert_string_equal(hello.sni, cases[i].want_sni);
        assert_int_equal(hello.alpn_known, cases[i].want_alpn);
        buf_deinit(&exts);
        buf_deinit(&record);
    }
}

static void names_have_a_longest(void **state)
{
    static const size_t lens[] = { 255, 256, 1000 };
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        struct buf exts = { 0 }, record = { 0 };
        struct tls_hello hello;
        char name[1001];
        memset(name, 'n', lens[i]);
        name[lens[i]] = '\0';
        put_names(&exts, name, 0);
        put_hello(&record, &exts);
        assert_int_equal(parse(&record, &hello), 0);
        assert_int_equal(strlen(hello.sni), lens[i] < 256 ? lens[i] : 0);
        buf_deinit(&exts);
        buf_deinit(&record);
    }
}

static void a_hello_without_extensions_is_well_formed(void **state)
{
    struct buf record = { 0 };
    struct tls_hello hello;
    put_hello(&record, NULL);
    assert_int_equal(parse(&record, &hello), 0);
    assert_string_equal(hello.sni, "");
    buf_deinit(&record);
}

static void cut_hellos_are_malformed(void **state)
{
    static const char *const offer[] = { "mqtt", NULL };
    struct buf exts = { 0 }, record = { 0 };
    struct tls_hello hello;
    put_names(&exts, "hub", 0);
    put_alpn(&exts, offer);
    put_hello(&record, &exts);
    for (size_t len = 0; len < record.len; len++) {
        uint8_t *copy = xmemdup(record.data, len); /* its own block: reading on is noticed */
        assert_int_equal(tls_hello_parse(copy, len, protocols, &hello), ERR_MALFORMED);
        assert_string_equal(hello.sni, "");
        free(copy);
    }
    buf_deinit(&exts);
    buf_deinit(&record);
}

static void flipped_bytes_never_crash(void **state)
{
    static const char *const offer[] = { "mqtt", "h2", NULL };
    uint64_t seed = 5;
    struct buf exts = { 0 }, record = { 0 };
    put_names(&exts, "hub", 0);
    put_alpn(&exts, offer);
    put_hello(&record, &exts);
    for (int i = 0; i < 20000; i++) {
        struct tls_hello hello;
        uint8_t *copy = xmemdup(record.data, record.len);
        for (int k = 0; k < 3; k++)
            copy[rand_fake_below(&seed, record.len)] = (uint8_t)rand_fake_below(&seed, 256);
        tls_hello_parse(copy, record.len, protocols, &hello);
        assert_non_null(memchr(hello.sni, 0, sizeof hello.sni));
        free(copy);
    }
    buf_deinit(&exts);
    buf_deinit(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_tell_the_protocol),
        cmocka_unit_test(only_whole_handshake_records_count),
        cmocka_unit_test(names_and_protocols_are_found),
        cmocka_unit_test(names_have_a_longest),
        cmocka_unit_test(a_hello_without_extensions_is_well_formed),
        cmocka_unit_test(cut_hellos_are_malformed),
        cmocka_unit_test(flipped_bytes_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
