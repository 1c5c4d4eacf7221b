/* Unit tests of WebSocket in the load generator: what it asks for, how packets share frames, what it answers, and
 * brokers that misbehave. */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "cli/bench/bench_priv.h"
#include "fake_broker.h"
#include "lib/rand_fake.h"
#include "lib/test.h"
#include "mqtt/mqtt.h"
#include "ws/ws.h"

static const struct bench_opts quick = { .host = "127.0.0.1",
                                         .port = 8080,
                                         .ws = true,
                                         .level = MQTT_LEVEL_311,
                                         .payload = 64,
                                         .rate = 100,
                                         .scale = 1,
                                         .seconds = BENCH_SECONDS_MIN };

/* ---- a connection without a socket ---------------------------------------------------------- */

struct fixture {
    struct bench_opts opts;
    struct diag diag;
    struct bench b;
    struct bench_ws *ws;
};

static void no_chance(void *data, size_t len)
{
    memset(data, 0, len);
}

static void fixture_open(struct fixture *f, const char *host, int64_t frame)
{
    *f = (struct fixture){ .opts = quick, .diag = DIAG_INIT };
    f->opts.host = host;
    f->opts.frame = frame;
    f->b = (struct bench){ .opts = &f->opts, .diag = &f->diag, .ws_writer = ws_writer_create() };
    f->ws = bench_ws_create(&f->b);
}

static void fixture_close(struct fixture *f)
{
    bench_ws_destroy(f->ws);
    ws_writer_destroy(f->b.ws_writer);
}

/* Takes the first frame off what is to be written; its payload without the mask. */
static void take_frame(struct fixture *f, uint8_t *ret_first, struct buf *ret_payload)
{
    struct buf *out = bench_ws_out(f->ws);
    const uint8_t *at = (const uint8_t *)out->data;
    assert_true(out->len >= 6);
    assert_true(at[1] & 0x80);
    size_t len = at[1] & 0x7f, head = 2;
    assert_true(len < 127);
    if (len == 126) len = (size_t)at[2] << 8 | at[3];
    if ((at[1] & 0x7f) == 126) head += 2;
    assert_true(out->len >= head + 4 + len);
    buf_clear(ret_payload);
    for (size_t i = 0; i < len; i++)
        buf_putc(ret_payload, (char)(at[head + 4 + i] ^ at[head + i % 4]));
    *ret_first = at[0];
    buf_consume(out, head + 4 + len);
}

static void expect_frame(struct fixture *f, uint8_t first, const char *payload, size_t len)
{
    uint8_t got;
    struct buf text = { 0 };
    take_frame(f, &got, &text);
    assert_int_equal(got, first);
    assert_int_equal(text.len, len);
    if (len) assert_memory_equal(text.data, payload, len);
    buf_deinit(&text);
}

static void the_request_to_upgrade(void **state)
{
    struct fixture f;
    rand_set_source(no_chance);
    fixture_open(&f, "::1", 0);
    assert_string_equal(buf_str(bench_ws_out(f.ws)),
                        "GET /mqtt HTTP/1.1\r\n"
                        "Host: [::1]:8080\r\n"
                        "Connection: Upgrade\r\n"
                        "Upgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Protocol: mqtt\r\n"
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
    fixture_close(&f);
    rand_set_source(NULL);
    fixture_open(&f, "hub", 0);
    assert_non_null(strstr(buf_str(bench_ws_out(f.ws)), "\r\nHost: hub:8080\r\n"));
    assert_null(strstr(buf_str(bench_ws_out(f.ws)), "AAAAAAAAAAAAAAAAAAAAAA=="));
    fixture_close(&f);
}

/* Seven packets: 2, 6, 2, 203, 2, 6 and 2 bytes. */
static void put_packets(struct buf *packets)
{
    static const char long_payload[200];
    for (int i = 0; i < 7; i++) {
        if (i % 2 == 0) buf_append(packets, "\xc0\x00", 2);
        if (i == 1 || i == 5) buf_append(packets, "\x30\x04\x00\x01\x61\x21", 6);
        if (i == 3) buf_append(packets, "\x30\xc8\x01", 3);
        if (i == 3) buf_append(packets, long_payload, sizeof long_payload);
    }
}

static void packets_share_frames(void **state)
{
    static const struct {
        int64_t frame;
        size_t sizes[8]; /* of the frames */
    } rows[] = {
        { 0, { 223 } },          { 1, { 2, 6, 2, 203, 2, 6, 2 } },
        { 2, { 8, 205, 8, 2 } }, { 3, { 10, 211, 2 } },
        { 4, { 213, 10 } },      { 7, { 223 } },
        { 8, { 223 } },          { BENCH_FRAME_MAX, { 223 } },
    };
    struct buf packets = { 0 };
    put_packets(&packets);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture f;
        size_t at = 0;
        fixture_open(&f, "hub", rows[i].frame);
        buf_clear(bench_ws_out(f.ws));
        bench_ws_wrap(f.ws, packets.data, packets.len);
        for (const size_t *size = rows[i].sizes; *size; at += *size++)
            expect_frame(&f, 0x80 | WS_BINARY, packets.data + at, *size);
        assert_int_equal(at, packets.len);
        assert_int_equal(bench_ws_out(f.ws)->len, 0);
        fixture_close(&f);
    }
    buf_deinit(&packets);
}

static void every_frame_has_a_mask_of_its_own(void **state)
{
    struct fixture f;
    rand_fake_install(1);
    fixture_open(&f, "hub", 1);
    buf_clear(bench_ws_out(f.ws));
    bench_ws_wrap(f.ws, "\xc0\x00\xc0\x00", 4);
    const char *out = bench_ws_out(f.ws)->data;
    assert_int_equal(bench_ws_out(f.ws)->len, 16);
    assert_memory_not_equal(out + 2, out + 10, 4);
    fixture_close(&f);
    rand_fake_remove();
}

/* ---- what comes ----------------------------------------------------------------------------- */

static int unwrap(struct fixture *f, const char *bytes, size_t len, char *ret_payload)
{
    uint8_t data[256];
    size_t payload;
    memcpy(data, bytes, len);
    int rc = bench_ws_unwrap(f->ws, data, len, &payload);
    memcpy(ret_payload, data, payload);
    ret_payload[payload] = '\0';
    return rc;
}
#define UNWRAP(f, bytes, payload) unwrap(f, bytes, sizeof bytes - 1, payload)

static void a_ping_is_answered(void **state)
{
    struct fixture f;
    char payload[256];
    fixture_open(&f, "hub", 0);
    buf_clear(bench_ws_out(f.ws));
    int rc = UNWRAP(&f, "\x02\x02\x61\x62\x89\x02\x68\x69\x80\x01\x63\x89\x00", payload);
    assert_int_equal(rc, WS_MORE);
    assert_string_equal(payload, "abc");
    expect_frame(&f, 0x80 | WS_PONG, "hi", 2);
    expect_frame(&f, 0x80 | WS_PONG, "", 0);
    assert_int_equal(bench_ws_out(f.ws)->len, 0);
    fixture_close(&f);
}

static void a_close_is_answered_once(void **state)
{
    struct fixture f;
    char payload[256];
    fixture_open(&f, "hub", 0);
    buf_clear(bench_ws_out(f.ws));
    assert_int_equal(UNWRAP(&f, "\x82\x01\x61\x88\x02\x03\xe9\x89\x00", payload), WS_CLOSED);
    assert_string_equal(payload, "a");
    assert_int_equal(bench_ws_code(f.ws), WS_CLOSE_GOING_AWAY);
    assert_int_equal(UNWRAP(&f, "\x88\x00", payload), WS_CLOSED);
    bench_ws_wrap(f.ws, "\xc0\x00", 2);
    expect_frame(&f, 0x80 | WS_CLOSE, "\x03\xe9", 2);
    assert_int_equal(bench_ws_out(f.ws)->len, 0);
    fixture_close(&f);
}

static void a_close_without_a_code(void **state)
{
    struct fixture f;
    char payload[256];
    fixture_open(&f, "hub", 0);
    buf_clear(bench_ws_out(f.ws));
    assert_int_equal(UNWRAP(&f, "\x88\x00", payload), WS_CLOSED);
    expect_frame(&f, 0x80 | WS_CLOSE, "", 0);
    fixture_close(&f);
}

/* ---- brokers that misbehave ----------------------------------------------------------------- */

static void expect_failure(const struct fake_broker *shape, int code, const char *why, size_t row)
{
    struct fake_broker broker = *shape;
    struct bench_opts opts = quick;
    struct bench_result result = { .count = -1 };
    struct diag diag = DIAG_INIT;
    fake_broker_start(&broker);
    opts.port = broker.port;
    int rc = bench_run(&opts, bench_scenario_find("fan-in-0"), &result, &diag);
    fake_broker_stop(&broker);
    if (rc != code || !strstr(diag.text, why)) fail_msg("row %zu: %d, %s", row, rc, diag.text);
    assert_int_equal(result.count, -1);
}

#define STATUS   "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE  "Connection: Upgrade\r\nUpgrade: websocket\r\n"
#define PROTOCOL "Sec-WebSocket-Protocol: mqtt\r\n"
#define KEY      "Sec-WebSocket-Accept: ACCEPT\r\n"

static void answers_that_upgrade_to_nothing(void **state)
{
    static const struct {
        const char *answer;
        int rc;
        const char *why;
    } rows[] = {
        { "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", ERR_DENIED,
          "refused WebSocket: 403 Forbidden" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ERR_DENIED, "refused WebSocket: 200 OK" },
        { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n",
          ERR_DENIED, "refused WebSocket: 426" },
        { STATUS "Upgrade: websocket\r\n" PROTOCOL KEY "\r\n", ERR_PROTOCOL, "does not upgrade" },
        { STATUS "Connection: Upgrade\r\n" PROTOCOL KEY "\r\n", ERR_PROTOCOL, "does not upgrade" },
        { STATUS "Connection: Upgrade\r\nUpgrade: h2c\r\n" PROTOCOL KEY "\r\n", ERR_PROTOCOL,
          "does not upgrade" },
        { STATUS UPGRADE PROTOCOL "\r\n", ERR_PROTOCOL, "Sec-WebSocket-Accept" },
        { STATUS UPGRADE PROTOCOL "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
          ERR_PROTOCOL, "Sec-WebSocket-Accept" },
        { STATUS UPGRADE KEY "\r\n", ERR_PROTOCOL, "the subprotocol" },
        { STATUS UPGRADE KEY "Sec-WebSocket-Protocol: mqttv3.1\r\n\r\n", ERR_PROTOCOL,
          "the subprotocol" },
        { STATUS UPGRADE PROTOCOL KEY "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
          ERR_PROTOCOL, "an extension" },
        { "\x20\x02\x00\x00", ERR_MALFORMED, "the broker's answer to the upgrade" },
        { STATUS, ERR_CLOSED, "the broker closed a connection" },
        { "", ERR_CLOSED, "the broker closed a connection" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_broker broker = { .upgrade = rows[i].answer, .closes = true };
        expect_failure(&broker, rows[i].rc, rows[i].why, i);
    }
}

#define CONNACK "\x82\x04\x20\x02\x00\x00"
#define SUBACK  "\x82\x05\x90\x03\x00\x01\x00"
#define ROW(bytes, rc, why)              \
    {                                    \
        bytes, sizeof bytes - 1, rc, why \
    }

static void frames_that_are_broken(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int rc;
        const char *why;
    } rows[] = {
        ROW("", ERR_CLOSED, "the broker closed a connection"),
        ROW("\x82\x04\x20\x02\x00", ERR_CLOSED, "the broker closed a connection"),
        ROW("\x82\x84\x00\x00\x00\x00\x20\x02\x00\x00", ERR_PROTOCOL, "malformed frame: "),
        ROW("\x81\x04\x20\x02\x00\x00", ERR_PROTOCOL, "malformed frame: "),
        ROW("\xc2\x04\x20\x02\x00\x00", ERR_PROTOCOL, "malformed frame: "),
        ROW("\x20\x02\x00\x00", ERR_PROTOCOL, "malformed frame: "),
        ROW("\x80\x01\x20", ERR_PROTOCOL, "malformed frame: "),
        ROW(CONNACK "\x83\x00", ERR_PROTOCOL, "malformed frame: "),
        ROW("\x82\x02\x30\x00", ERR_MALFORMED, "PUBLISH"),
        ROW("\x82\x01\x20\x82\x03\x02\x00\x05", ERR_DENIED, "refused to connect: not authorized"),
        ROW(CONNACK "\x88\x02\x03\xf0", ERR_CLOSED, "closed a connection (WebSocket 1008)"),
        ROW(CONNACK "\x88\x00", ERR_CLOSED, "closed a connection (WebSocket 1005)"),
        ROW(CONNACK SUBACK, ERR_CLOSED, "the broker closed a connection"),
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_broker broker = { .upgrade = FAKE_BROKER_UPGRADES,
                                            .bytes = rows[i].bytes,
                                            .len = rows[i].len,
                                            .closes = true };
        expect_failure(&broker, rows[i].rc, rows[i].why, i);
    }
}
#undef ROW

/* A clock that runs ahead, so that what waits for seconds does not. */
static int64_t hurry_ns(void)
{
    static int64_t now = 1000000000;
    return now += 20000000;
}

static int64_t hurry_ms(void)
{
    return hurry_ns() / 1000000;
}

/* Packets cut by frames and frames cut by packets, up to the first message, which never comes. */
static void a_broker_that_keeps_messages(void **state)
{
    static const char bytes[] = "\x02\x01\x20\x89\x01\x21\x80\x00\x82\x05\x02\x00\x00\x90\x03"
                                "\x82\x03\x00\x01\x00";
    struct fake_broker broker = { .upgrade = FAKE_BROKER_UPGRADES,
                                  .bytes = bytes,
                                  .len = sizeof bytes - 1 };
    struct bench_opts opts = quick;
    struct bench_result result = { 0 };
    struct diag diag = DIAG_INIT;
    fake_broker_start(&broker);
    opts.port = broker.port;
    clock_set_source(&(struct clock_source){ hurry_ms, hurry_ns });
    int rc = bench_run(&opts, bench_scenario_find("fan-in-0"), &result, &diag);
    clock_set_source(NULL);
    fake_broker_stop(&broker);
    if (rc < 0) fail_msg("%s", diag.text);
    assert_int_equal(result.count, 0);
    assert_true(result.lost > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_to_upgrade),
        cmocka_unit_test(packets_share_frames),
        cmocka_unit_test(every_frame_has_a_mask_of_its_own),
        cmocka_unit_test(a_ping_is_answered),
        cmocka_unit_test(a_close_is_answered_once),
        cmocka_unit_test(a_close_without_a_code),
        cmocka_unit_test(answers_that_upgrade_to_nothing),
        cmocka_unit_test(frames_that_are_broken),
        cmocka_unit_test(a_broker_that_keeps_messages),
    };
    return cmocka_run_group_tests_name("cli_bench_ws", tests, NULL, NULL);
}
