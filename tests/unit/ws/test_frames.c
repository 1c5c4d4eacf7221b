/* test_frames.c — the handshake's values, the mask, frames that are written, and when a reader holds memory. */
#include "lib/test.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "ws/ws.h"
#include "ws_tests.h"

/* ---- the handshake ---- */

/* The example of RFC 6455, section 1.3. */
static void accept_key_is_that_of_the_standard(void **state)
{
    char accept[29];
    assert_int_equal(ws_accept_key(SLICE_LIT("dGhlIHNhbXBsZSBub25jZQ=="), accept), 0);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void accept_key_wants_16_bytes(void **state)
{
    static const char *const bad[] = {
        "",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZ==",
        "dGhlIHNhbXBsZSBub25jZQ== ",
        "dGhlIHNhbXBsZSBub24=",
        "dGhlIHNhbXBsZSBub25jZSE=",
        "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==",
        "dGhlIHNhbXBsZSBub25j-_==",
        "************************",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char accept[29] = "untouched";
        assert_int_equal(ws_accept_key(slice_str(bad[i]), accept), ERR_INVALID);
        assert_string_equal(accept, "untouched");
    }
}

static void subprotocols_are_those_of_mqtt(void **state)
{
    static const char *const good[] = { "mqtt", "mqttv3.1", "mqttv3.1.1", "mqttv3.11" };
    static const char *const bad[] = { "",       "MQTT",      "mqt",    "mqtts",
                                       "mqttv3", "mqttv3.1.", "mqttv5", "wamp" };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_string_equal(ws_subprotocol(slice_str(good[i])), good[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_null(ws_subprotocol(slice_str(bad[i])));
}

static void close_codes(void **state)
{
    unsigned count = 0;
    for (unsigned code = 0; code <= 70000; code++)
        count += ws_close_valid(code);
    assert_int_equal(count, 4 + 8 + 2000);
    assert_true(ws_close_valid(1000) && ws_close_valid(1003) && ws_close_valid(1007));
    assert_true(ws_close_valid(1014) && ws_close_valid(3000) && ws_close_valid(4999));
    assert_false(ws_close_valid(WS_CLOSE_NONE));
}

/* ---- the mask ---- */

static void mask_is_byte_by_byte(void **state)
{
    static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };
    for (size_t len = 0; len <= 200; len++)
        for (uint64_t offset = 0; offset < 9; offset++) {
            uint8_t *src = xmalloc(len + 1), *dst = xmalloc(len + 1);
            for (size_t i = 0; i < len + 1; i++)
                src[i] = (uint8_t)(i * 5 + len);
            dst[len] = 0x5a;
            ws_mask(dst, src, len, key, offset);
            for (size_t i = 0; i < len; i++)
                assert_int_equal(dst[i], src[i] ^ key[(offset + i) % 4]);
            assert_int_equal(dst[len], 0x5a);
            ws_mask(dst, dst, len, key, offset);
            assert_memory_equal(dst, src, len);
            free(src);
            free(dst);
        }
}

/* ---- what is written ---- */

static int writer_setup(void **state)
{
    *state = ws_writer_create();
    return *state ? 0 : -1;
}

static int writer_teardown(void **state)
{
    ws_writer_destroy(*state);
    return 0;
}

static void heads_have_the_shortest_form(void **state)
{
    static const struct {
        enum ws_opcode opcode;
        uint64_t len;
        size_t head_len;
        const char *head;
    } heads[] = {
        { WS_BINARY, 0, 2, "\x82\x00" },
        { WS_BINARY, 125, 2, "\x82\x7d" },
        { WS_BINARY, 126, 4, "\x82\x7e\x00\x7e" },
        { WS_BINARY, 65535, 4, "\x82\x7e\xff\xff" },
        { WS_BINARY, 65536, 10, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" },
        { WS_BINARY, INT64_MAX, 10, "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff" },
        { WS_TEXT, 5, 2, "\x81\x05" },
        { WS_CONTINUATION, 5, 2, "\x80\x05" },
        { WS_CLOSE, 0, 2, "\x88\x00" },
        { WS_PING, 125, 2, "\x89\x7d" },
        { WS_PONG, 1, 2, "\x8a\x01" },
    };
    for (int round = 0; round < 2; round++) /* a writer has no memory of what it wrote */
        for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
            uint8_t head[WS_HEAD_MAX];
            assert_int_equal(ws_put_head(*state, heads[i].opcode, heads[i].len, head),
                             heads[i].head_len);
            assert_memory_equal(head, heads[i].head, heads[i].head_len);
        }
}

static void masked_heads_carry_the_key(void **state)
{
    uint8_t head[WS_HEAD_MAX];
    assert_int_equal(ws_put_masked_head(*state, WS_BINARY, 5, (const uint8_t *)"\1\2\3\4", head),
                     6);
    assert_memory_equal(head, "\x82\x85\1\2\3\4", 6);
    assert_int_equal(ws_put_masked_head(*state, WS_PING, 0, (const uint8_t *)"\1\2\3\4", head), 6);
    assert_memory_equal(head, "\x89\x80\1\2\3\4", 6);
    assert_int_equal(
        ws_put_masked_head(*state, WS_BINARY, 65536, (const uint8_t *)"\1\2\3\4", head), 14);
    assert_memory_equal(head, "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\1\2\3\4", 14);
    assert_int_equal(ws_put_head(*state, WS_BINARY, 5, head), 2); /* and the next has none */
    assert_memory_equal(head, "\x82\x05", 2);
}

static void control_frames_are_whole(void **state)
{
    uint8_t frame[WS_CONTROL_MAX];
    char payload[WS_CONTROL_PAYLOAD_MAX];
    memset(payload, 'p', sizeof payload);
    assert_int_equal(ws_put_control(*state, WS_PONG, SLICE_LIT("hi"), frame), 4);
    assert_memory_equal(frame, "\x8a\x02hi", 4);
    assert_int_equal(ws_put_control(*state, WS_PING, slice_of(NULL, 0), frame), 2);
    assert_memory_equal(frame, "\x89\x00", 2);
    assert_int_equal(ws_put_control(*state, WS_PING, slice_of(payload, sizeof payload), frame),
                     127);
    assert_memory_equal(frame, "\x89\x7d", 2);
    assert_memory_equal(frame + 2, payload, sizeof payload);
}

static void close_has_code_and_reason(void **state)
{
    uint8_t frame[WS_CONTROL_MAX];
    assert_int_equal(ws_put_close(*state, WS_CLOSE_NONE, SLICE_LIT("unsaid"), frame), 2);
    assert_memory_equal(frame, "\x88\x00", 2);
    assert_int_equal(ws_put_close(*state, WS_CLOSE_NORMAL, slice_of(NULL, 0), frame), 4);
    assert_memory_equal(frame, "\x88\x02\x03\xe8", 4);
    assert_int_equal(ws_put_close(*state, 4999, SLICE_LIT("bye"), frame), 7);
    assert_memory_equal(frame,
                        "\x88\x05\x13\x87"
                        "bye",
                        7);
}

/* `shift` letters, then 50 signs of three bytes: 123 bytes end within one unless shift is a multiple of three. */
static void close_reason_is_cut_between_characters(void **state)
{
    for (size_t shift = 0; shift < 3; shift++) {
        uint8_t frame[WS_CONTROL_MAX];
        struct buf reason = { 0 };
        for (size_t i = 0; i < shift; i++)
            buf_putc(&reason, 'a');
        for (size_t i = 0; i < 50; i++)
            buf_puts(&reason, "\xe2\x82\xac");
        size_t len = ws_put_close(*state, WS_CLOSE_POLICY, buf_slice(&reason), frame);
        size_t kept = shift == 0 ? 123 : 120 + shift;
        assert_int_equal(len, 4 + kept);
        assert_int_equal(frame[1], 2 + kept);
        assert_memory_equal(frame + 4, reason.data, kept);
        buf_deinit(&reason);
    }
}

/* ---- a reader ---- */

static void ignore_ping(void *arg, struct slice payload)
{
    ++*(unsigned *)arg;
}

static const struct ws_limits no_limits;
static const struct ws_reader_cbs ignore_pings = { ignore_ping };

static void what_a_client_writes_a_server_reads(void **state)
{
    static const uint8_t key[4] = { 9, 8, 7, 6 };
    static const size_t lens[] = { 0, 1, 125, 126, 4092, 65535, 65536 };
    unsigned pings = 0;
    struct ws_reader r;
    ws_reader_init(&r, WS_SERVER, &no_limits, &ignore_pings, &pings);
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        uint8_t *frame = xmalloc(WS_HEAD_MAX + lens[i]), *out = xmalloc(WS_HEAD_MAX + lens[i]);
        size_t out_len, head_len = ws_put_masked_head(*state, WS_BINARY, lens[i], key, frame);
        memset(frame + head_len, 'x', lens[i]);
        ws_mask(frame + head_len, frame + head_len, lens[i], key, 0);
        assert_int_equal(ws_read(&r, frame, head_len + lens[i], out, &out_len), WS_MORE);
        assert_int_equal(out_len, lens[i]);
        for (size_t at = 0; at < out_len; at++)
            assert_int_equal(out[at], 'x');
        free(frame);
        free(out);
    }
    ws_reader_deinit(&r);
}

static void what_a_server_writes_a_client_reads(void **state)
{
    uint8_t frames[4 * WS_CONTROL_MAX], out[4 * WS_CONTROL_MAX];
    unsigned pings = 0;
    struct ws_reader r;
    ws_reader_init(&r, WS_CLIENT, &no_limits, &ignore_pings, &pings);
    size_t out_len, len = ws_put_control(*state, WS_PING, SLICE_LIT("hi"), frames);
    len += ws_put_head(*state, WS_BINARY, 3, frames + len);
    memcpy(frames + len, "abc", 3);
    len += 3;
    len += ws_put_close(*state, WS_CLOSE_GOING_AWAY, SLICE_LIT("the hub stops"), frames + len);
    assert_int_equal(ws_read(&r, frames, len, out, &out_len), WS_CLOSED);
    assert_int_equal(r.code, WS_CLOSE_GOING_AWAY);
    assert_int_equal(pings, 1);
    assert_int_equal(out_len, 3);
    assert_memory_equal(out, "abc", 3);
    ws_reader_deinit(&r);
}

static void read_some(struct ws_reader *r, const char *data, size_t len)
{
    uint8_t out[64];
    size_t out_len;
    assert_int_equal(ws_read(r, (const uint8_t *)data, len, out, &out_len), WS_MORE);
}

static void memory_is_held_within_a_frame_only(void **state)
{
    unsigned pings = 0;
    struct ws_reader r;
    ws_reader_init(&r, WS_CLIENT, &no_limits, &ignore_pings, &pings);
    assert_null(r.wslay);
    read_some(&r, "\x02", 1); /* half a head */
    assert_null(r.wslay);
    read_some(&r,
              "\x03"
              "ab",
              3); /* within the payload */
    assert_non_null(r.wslay);
    read_some(&r, "c", 1); /* between fragments */
    assert_null(r.wslay);
    read_some(&r,
              "\x80\x01"
              "d\x89\x00\x82",
              6); /* a last fragment, a Ping, half a head */
    assert_null(r.wslay);
    assert_int_equal(pings, 1);
    read_some(&r, "\x05", 1);
    assert_non_null(r.wslay);
    ws_reader_deinit(&r); /* as when a connection is lost: the sanitizer looks */
}

static void why_tells_what_wslay_refused(void **state)
{
    static const char *const inputs[][2] = {
        { "\x09\x01"
          "p",
          "a control frame in fragments or of more than 125 bytes" },
        { "\x82\x7e\x00\x01", "a length beyond 63 bits or not in its shortest form" },
    };
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        uint8_t out[4];
        size_t out_len, len = i == 0 ? 3 : 4;
        struct ws_reader r;
        ws_reader_init(&r, WS_CLIENT, &no_limits, &ignore_pings, NULL);
        assert_int_equal(ws_read(&r, (const uint8_t *)inputs[i][0], len, out, &out_len),
                         ERR_PROTOCOL);
        assert_string_equal(r.why, inputs[i][1]);
        ws_reader_deinit(&r);
    }
}

static void limits_may_shrink_within_a_message(void **state)
{
    struct ws_limits limits = { 0, 10 };
    uint8_t out[16];
    size_t out_len;
    struct ws_reader r;
    ws_reader_init(&r, WS_CLIENT, &limits, &ignore_pings, NULL);
    read_some(&r,
              "\x02\x08"
              "abcdefgh",
              10);
    limits.max_message = 4;
    assert_int_equal(ws_read(&r,
                             (const uint8_t *)"\x80\x01"
                                              "i",
                             3, out, &out_len),
                     ERR_TOO_LARGE);
    assert_int_equal(r.code, WS_CLOSE_TOO_BIG);
    ws_reader_deinit(&r);
}

int test_frames(void)
{
#define TEST_WRITER(name) cmocka_unit_test_setup_teardown(name, writer_setup, writer_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept_key_is_that_of_the_standard),
        cmocka_unit_test(accept_key_wants_16_bytes),
        cmocka_unit_test(subprotocols_are_those_of_mqtt),
        cmocka_unit_test(close_codes),
        cmocka_unit_test(mask_is_byte_by_byte),
        TEST_WRITER(heads_have_the_shortest_form),
        TEST_WRITER(masked_heads_carry_the_key),
        TEST_WRITER(control_frames_are_whole),
        TEST_WRITER(close_has_code_and_reason),
        TEST_WRITER(close_reason_is_cut_between_characters),
        TEST_WRITER(what_a_client_writes_a_server_reads),
        TEST_WRITER(what_a_server_writes_a_client_reads),
        cmocka_unit_test(memory_is_held_within_a_frame_only),
        cmocka_unit_test(why_tells_what_wslay_refused),
        cmocka_unit_test(limits_may_shrink_within_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
