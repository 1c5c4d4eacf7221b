/* Unit tests of what a connection speaks: the first bytes, with and without ALPN, and what is refused. */
#include "mqtt_peer.h"

#include "base/log.h"
#include "conn/http_conn.h"
#include "http/exchange.h"

#define V2_HEADER "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
#define CONNECT   "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01x"
#define GET       "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct http_server *http;
static struct buf logged;

static void keep_line(const char *line, size_t len)
{
    buf_append(&logged, line, len);
}

static void say_hello(void *arg, struct http_exchange *exchange)
{
    http_respond(exchange, 200, "text/plain", SLICE_LIT("hello"), NULL, 0);
}

static int set_up(void **state)
{
    peer_setup(state);
    struct fixture *f = *state;
    log_set_sink(keep_line);
    http = http_server_create(f->loop, &(struct http_server_opts){ .max_body = 1000,
                                                                   .max_header = 1000,
                                                                   .header_timeout_ms = CONNECT_MS,
                                                                   .body_timeout_ms = CONNECT_MS,
                                                                   .idle_timeout_ms = CONNECT_MS,
                                                                   .handler = say_hello });
    front_opts.http = http;
    front_set_opts(front, &front_opts);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    http_server_close_all(http);
    turns(f, 10);
    assert_int_equal(http_server_count(http), 0);
    http_server_destroy(http);
    log_set_sink(NULL);
    buf_deinit(&logged);
    return peer_teardown(state);
}

/* alpn NULL: a connection without TLS; "": one without ALPN. */
static void open_with(struct fixture *f, struct peer *peer, const char *alpn)
{
    struct stream *server = peer_pair(f, peer);
    if (alpn) {
        server->peer.tls = xnew(struct stream_tls);
        snprintf(server->peer.tls->alpn, sizeof server->peer.tls->alpn, "%s", alpn);
    }
    front_accept(NULL, server, &open_listener);
    turns(f, 3);
}

static void the_first_bytes_decide(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *answer; /* how it begins; NULL: none, and the end with this line in the log */
        const char *line;
    } rows[] = {
        { BYTES(CONNECT), "\x20\x02", NULL },
        { BYTES(GET), "HTTP/1.1 200 ", NULL },
        { BYTES("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), "HTTP/1.1 200 ", NULL },
        { BYTES("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 ", NULL },
        { BYTES("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"), NULL,
          "closed: TLS was spoken to a port without TLS" },
        { BYTES("\x16"), NULL, "closed: TLS was spoken to a port without TLS" },
        { BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" GET), NULL,
          "closed: a PROXY header is not expected (see the listener's option proxy_protocol)" },
        { BYTES(V2_HEADER CONNECT), NULL, "closed: a PROXY header is not expected" },
        { BYTES("SSH"), NULL, NULL }, /* a method, as far as it goes */
        { BYTES("get / HTTP/1.1\r\n"), NULL, "closed: neither MQTT nor HTTP was spoken" },
        { BYTES("\r\n\r\nGET"), NULL, "closed: neither MQTT nor HTTP was spoken" },
        { BYTES("\x20\x02\x00\x00"), NULL, "closed: neither MQTT nor HTTP was spoken" },
        { BYTES("\0"), NULL, "closed: neither MQTT nor HTTP was spoken" },
    };
    for (int trickle = 0; trickle <= 1; trickle++) {
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            struct peer peer = { 0 };
            buf_clear(&logged);
            open_with(f, &peer, NULL);
            for (size_t at = 0; at < rows[i].len; at += trickle ? 1 : rows[i].len)
                peer_send(&peer, rows[i].bytes + at, trickle ? 1 : rows[i].len);
            peer_settle(&peer);
            const char *answer = rows[i].answer ? rows[i].answer : "";
            if (strncmp(buf_str(&peer.in), answer, strlen(answer)) != 0 ||
                (!*answer && peer.in.len))
                fail_msg("row %zu: %s", i, buf_str(&peer.in));
            if (!rows[i].answer) assert_int_equal(peer.ended, rows[i].line != NULL);
            if (rows[i].line && !strstr(buf_str(&logged), rows[i].line))
                fail_msg("row %zu: %s", i, buf_str(&logged));
            if (rows[i].line) assert_non_null(strstr(buf_str(&logged), "listener=open"));
            peer_close(&peer);
            turns(f, 5);
        }
    }
}

/* What only begins like a header is waited for, but not for ever. */
static void half_a_header_times_out(void **state)
{
    struct fixture *f = *state;
    struct peer peer = { 0 };
    open_with(f, &peer, NULL);
    peer_send(&peer, "PRO", 3);
    assert_false(peer.ended);
    clock_fake_advance(CONNECT_MS);
    turns(f, 5);
    assert_true(peer.ended);
    peer_close(&peer);
}

static void alpn_binds(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *alpn;
        bool mqtt, http; /* may it be spoken? */
    } rows[] = {
        { "", true, true },
        { "mqtt", true, false },
        { "x-amzn-mqtt-ca", true, false },
        { "http/1.1", false, true },
        { "x-amzn-http-ca", false, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int mqtt = 0; mqtt <= 1; mqtt++) {
            struct peer peer = { 0 };
            bool may = mqtt ? rows[i].mqtt : rows[i].http;
            buf_clear(&logged);
            open_with(f, &peer, rows[i].alpn);
            if (mqtt)
                peer_send(&peer, BYTES(CONNECT));
            else
                peer_send(&peer, BYTES(GET));
            peer_settle(&peer);
            assert_int_equal(peer.in.len > 0, may);
            assert_int_equal(peer.ended, !may);
            if (!may)
                assert_non_null(
                    strstr(buf_str(&logged),
                           mqtt ? "closed: MQTT was spoken where ALPN has agreed on HTTP"
                                : "closed: HTTP was spoken where ALPN has agreed on MQTT"));
            peer_close(&peer);
            turns(f, 5);
        }
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_first_bytes_decide),
        T(half_a_header_times_out),
        T(alpn_binds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
