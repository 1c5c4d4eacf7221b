/* Unit tests of TLS: handshakes on worker lanes, records on the loop, with a client of mbedTLS over
 * the loopback of the machine. */
#include "tls_fixtures.h"
#include "tls_names.h"
#include "tls_peer.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"
#include "net/tls.h"
#include "net/tls_compat.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

static struct worker_lane *lane;
static struct listener *listener;

static int set_up(void **state)
{
    net_set_up(state);
    log_capture();
    lane = worker_lane_create(loop, "td-tls", 2, 100);
    listener = NULL;
    return 0;
}

static int tear_down(void **state)
{
    if (listener) close_listener(listener);
    worker_lane_destroy(lane);
    return net_tear_down(state);
}

#define PAIR(name)                                                                            \
    {                                                                                         \
        { name##_cert, sizeof name##_cert - 1 }, { name##_key, sizeof name##_key - 1 }, NULL, \
            #name                                                                             \
    }

static struct tls_server *server_of(enum tls_client_cert ask, const struct tls_pair *pairs,
                                    size_t count, size_t default_count)
{
    struct tls_server *server;
    struct diag diag = DIAG_INIT;
    struct tls_server_opts opts = { pairs, count, default_count, ask, NULL };
    int rc = tls_server_create(&server, &opts, &diag);
    if (rc < 0) fail_msg("%s", diag_text(&diag, rc));
    return server;
}

static struct tls_server *server_with(enum tls_client_cert ask, bool ec, bool rsa)
{
    static const struct tls_pair both[] = { PAIR(server), PAIR(rsa) };
    size_t count = (size_t)ec + (size_t)rsa;
    return server_of(ask, ec ? both : both + 1, count, count);
}

/* Opens `listener`; returns its port. */
static uint16_t serve(struct tls_server *server)
{
    listener = open_local(&(struct listener_opts){ .tls = server, .lane = lane });
    tls_server_unref(server);
    return listener_port(listener);
}

static uint16_t serve_simple(enum tls_client_cert ask)
{
    return serve(server_with(ask, true, false));
}

static void ping(struct tls_peer *client)
{
    buf_clear(&client->got);
    tls_peer_write(client, "ping", 4);
    AWAIT(!tls_peer_read(client) || client->got.len >= 4);
    assert_string_equal(buf_str(&client->got), "ping");
}

/* ---- handshakes ---- */

static void every_suite_and_curve_works(void **state)
{
    static const struct {
        int suite;
        bool rsa;
        mbedtls_ecp_group_id curve;
    } cases[] = {
        { MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, false, MBEDTLS_ECP_DP_CURVE25519 },
        { MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, false, MBEDTLS_ECP_DP_SECP256R1 },
        { MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, false, MBEDTLS_ECP_DP_SECP384R1 },
        { MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, true, MBEDTLS_ECP_DP_SECP256R1 },
        { MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, true, MBEDTLS_ECP_DP_CURVE25519 },
        { MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, true, MBEDTLS_ECP_DP_SECP256R1 },
    };
    uint16_t port = serve(server_with(TLS_CLIENT_OPTIONAL, true, true));
    sides_echo = true;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tls_peer c;
        tls_peer_init(&c, port,
                      &(struct tls_peer_opts){ .suite = cases[i].suite, .curve = cases[i].curve });
        assert_int_equal(tls_peer_handshake(&c), 0);
        assert_string_equal(mbedtls_ssl_get_version(&c.ssl), "TLSv1.2");
        ping(&c);
        const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&c.ssl);
        assert_int_equal(mbedtls_pk_can_do(&crt->pk, MBEDTLS_PK_RSA), cases[i].rsa);
        tls_peer_deinit(&c);
    }
}

static void weak_offers_are_refused(void **state)
{
    static const struct tls_peer_opts offers[] = {
        { .tls11 = true },
        { .suite = MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 },
        { .suite = MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256 },
    };
    uint16_t port = serve(server_with(TLS_CLIENT_NONE, true, true));
    int64_t failures = metrics_get(METRIC_TLS_FAILURES);
    for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
        struct tls_peer c;
        tls_peer_init(&c, port, &offers[i]);
        assert_int_not_equal(tls_peer_handshake(&c), 0);
        tls_peer_deinit(&c);
    }
    AWAIT(metrics_get(METRIC_TLS_FAILURES) == failures + (int64_t)ARRAY_LEN(offers));
    assert_int_equal(side_count, 0);
}

static void random_sizes_are_echoed(void **state)
{
    uint64_t seed = 11;
    struct tls_peer c;
    struct buf sent = { 0 };
    sides_echo = true;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_OPTIONAL), NULL);
    assert_int_equal(tls_peer_handshake(&c), 0);
    for (int i = 0; i < 150; i++) {
        uint8_t block[40000];
        size_t len = 1 + rand_fake_below(&seed, i % 5 ? 500 : sizeof block);
        for (size_t k = 0; k < len; k++)
            block[k] = (uint8_t)rand_fake_below(&seed, 256);
        buf_append(&sent, block, len);
        tls_peer_write(&c, block, len);
        if (i % 3 == 0) loop_turn(loop);
        assert_true(tls_peer_read(&c));
    }
    AWAIT(tls_peer_read(&c) && c.got.len >= sent.len);
    assert_memory_equal(c.got.data, sent.data, sent.len);
    assert_int_equal(sides[0].got.len, sent.len);
    tls_peer_deinit(&c);
    buf_deinit(&sent);
}

/* ---- client certificates ---- */

static void the_certificate_is_the_identity(void **state)
{
    struct tls_peer c;
    sides_echo = true;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_REQUIRED),
                  &(struct tls_peer_opts){ .cert = client_cert, .key = client_key });
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    assert_true(sides[0].peer.tls);
    assert_string_equal(sides[0].tls.cert_id, client_cert_id);
    assert_string_equal(sides[0].peer.address, "127.0.0.1");
    assert_true(sides[0].peer.loopback);
    struct stream *s = sides[0].s;
    assert_int_equal(s->peer.tls->cert_der_len, c.cert.raw.len);
    assert_memory_equal(s->peer.tls->cert_der, c.cert.raw.p, c.cert.raw.len);
    ping(&c);
    tls_peer_deinit(&c);
}

static void an_expired_certificate_is_for_the_registry_to_judge(void **state)
{
    struct tls_peer c;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_REQUIRED),
                  &(struct tls_peer_opts){ .cert = expired_cert, .key = other_key });
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    assert_int_equal(strlen(sides[0].tls.cert_id), 64);
    tls_peer_deinit(&c);
}

static void a_certificate_without_its_key_is_refused(void **state)
{
    struct tls_peer c;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_OPTIONAL),
                  &(struct tls_peer_opts){ .cert = client_cert, .key = other_key });
    assert_int_not_equal(tls_peer_handshake(&c), 0);
    quiet();
    assert_int_equal(side_count, 0);
    tls_peer_deinit(&c);
}

static void a_missing_certificate_fails_where_one_is_required(void **state)
{
    struct tls_peer c;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_REQUIRED), NULL);
    assert_int_equal(tls_peer_handshake(&c), MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
    assert_int_equal(side_count, 0);
    AWAIT(strstr(buf_str(&logged), "the client has no certificate"));
    assert_non_null(strstr(buf_str(&logged), "listener=test"));
    tls_peer_deinit(&c);
}

static void a_missing_certificate_passes_where_it_is_optional(void **state)
{
    struct tls_peer c;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_OPTIONAL), NULL);
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    assert_string_equal(sides[0].tls.cert_id, "");
    assert_null(sides[0].s->peer.tls->cert_der);
    tls_peer_deinit(&c);
}

static void none_asks_for_no_certificate(void **state)
{
    struct tls_peer c;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_NONE),
                  &(struct tls_peer_opts){ .cert = client_cert, .key = client_key });
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    assert_string_equal(sides[0].tls.cert_id, "");
    tls_peer_deinit(&c);
}

/* Without struct tls_sessions nothing is resumed: a second connection proves its certificate again. */
static void a_session_is_not_resumed(void **state)
{
    struct tls_peer a, b;
    mbedtls_ssl_session session;
    uint16_t port = serve_simple(TLS_CLIENT_OPTIONAL);
    tls_peer_init(&a, port, &(struct tls_peer_opts){ .cert = client_cert, .key = client_key });
    assert_int_equal(tls_peer_handshake(&a), 0);
    mbedtls_ssl_session_init(&session);
    assert_int_equal(mbedtls_ssl_get_session(&a.ssl, &session), 0);
    tls_peer_init(&b, port, NULL);
    assert_int_equal(mbedtls_ssl_set_session(&b.ssl, &session), 0);
    assert_int_equal(tls_peer_handshake(&b), 0);
    AWAIT(side_count == 2);
    assert_string_equal(sides[0].tls.cert_id, client_cert_id);
    assert_string_equal(sides[1].tls.cert_id, "");
    mbedtls_ssl_session_free(&session);
    tls_peer_deinit(&a);
    tls_peer_deinit(&b);
}

/* ---- names ---- */

static void protocols_are_negotiated_or_ignored(void **state)
{
    static const struct {
        const char *offer[4];
        const char *chosen;
    } cases[] = {
        { { "mqtt" }, "mqtt" },
        { { "x-amzn-mqtt-ca" }, "x-amzn-mqtt-ca" },
        { { "x-amzn-http-ca" }, "x-amzn-http-ca" },
        { { "h2", "http/1.1" }, "http/1.1" },
        { { "h2" }, "" },
        { { NULL }, "" },
    };
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tls_peer c;
        const char *offer[4];
        memcpy(offer, cases[i].offer, sizeof offer);
        tls_peer_init(&c, port, &(struct tls_peer_opts){ .alpn = offer[0] ? offer : NULL });
        assert_int_equal(tls_peer_handshake(&c), 0);
        AWAIT(side_count == (int)i + 1);
        assert_string_equal(sides[i].tls.alpn, cases[i].chosen);
        const char *got = mbedtls_ssl_get_alpn_protocol(&c.ssl);
        assert_string_equal(got ? got : "", cases[i].chosen);
        tls_peer_deinit(&c);
    }
}

static void the_server_name_is_kept(void **state)
{
    struct tls_peer c;
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    tls_peer_init(&c, port, &(struct tls_peer_opts){ .sni = "hub.example.org" });
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    assert_string_equal(sides[0].tls.sni, "hub.example.org");
    tls_peer_deinit(&c);
}

/* ---- several certificates ---- */

/* Both a pair for each kind of key, in any order. */
static const struct tls_pair many[] = { PAIR(server), PAIR(wild), PAIR(exact_rsa), PAIR(exact) };

static void expect_cert(uint16_t port, const char *sni, int suite, const char *cert)
{
    struct tls_peer c;
    mbedtls_x509_crt wanted;
    mbedtls_x509_crt_init(&wanted);
    assert_int_equal(mbedtls_x509_crt_parse(&wanted, (const unsigned char *)cert, strlen(cert) + 1),
                     0);
    tls_peer_init(&c, port, &(struct tls_peer_opts){ .sni = sni, .suite = suite });
    if (tls_peer_handshake(&c) != 0) fail_msg("%s: -0x%x", sni ? sni : "no name", (unsigned)-c.rc);
    struct slice seen = tls_crt_der(mbedtls_ssl_get_peer_cert(&c.ssl));
    struct slice der = tls_crt_der(&wanted);
    if (seen.len != der.len || memcmp(seen.ptr, der.ptr, der.len) != 0)
        fail_msg("%s: another certificate", sni ? sni : "no name");
    tls_peer_deinit(&c);
    mbedtls_x509_crt_free(&wanted);
}

static void the_name_picks_the_certificate(void **state)
{
    static const struct {
        const char *sni, *cert;
        bool rsa;
    } rows[] = {
        { "hub.example.org", exact_cert, false },
        { "HUB.Example.ORG", exact_cert, false },
        { "other.example.net", exact_cert, false },
        { "hub.example.org", exact_rsa_cert, true },
        { "www.example.org", wild_cert, false },
        { "a.b.example.org", server_cert, false }, /* a wildcard is for one label */
        { "example.org", server_cert, false },
        { "hub.example.orgx", server_cert, false },
        { "localhost", server_cert, false },
        { "elsewhere.test", server_cert, false },
        { ".example.org", server_cert, false },
        { "org", server_cert, false },
        { NULL, server_cert, false },
    };
    uint16_t port = serve(server_of(TLS_CLIENT_NONE, many, ARRAY_LEN(many), 1));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect_cert(port, rows[i].sni,
                    rows[i].rsa ? MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
                                : MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                    rows[i].cert);
}

/* The default pair counts by its names too, and where it has the name, no wildcard does. */
static void the_default_pair_may_be_the_exact_one(void **state)
{
    static const struct tls_pair pairs[] = { PAIR(exact), PAIR(wild) };
    uint16_t port = serve(server_of(TLS_CLIENT_NONE, pairs, 2, 0));
    expect_cert(port, "hub.example.org", 0, exact_cert);
    expect_cert(port, "www.example.org", 0, wild_cert);
    expect_cert(port, NULL, 0, exact_cert);
}

static void several_default_pairs_are_told_by_their_keys(void **state)
{
    static const struct tls_pair pairs[] = { PAIR(server), PAIR(rsa), PAIR(wild) };
    uint16_t port = serve(server_of(TLS_CLIENT_NONE, pairs, 3, 2));
    expect_cert(port, NULL, MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, rsa_cert);
    expect_cert(port, "elsewhere.test", MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                server_cert);
    expect_cert(port, "www.example.org", 0, wild_cert);
}

static void who_knows_both_kinds_of_keys_gets_ecdsa(void **state)
{
    static const struct tls_pair pairs[] = { PAIR(rsa), PAIR(server) };
    uint16_t port = serve(server_of(TLS_CLIENT_NONE, pairs, 2, 2));
    expect_cert(port, NULL, 0, server_cert);
    expect_cert(port, "elsewhere.test", 0, server_cert);
    expect_cert(port, NULL, MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, rsa_cert);
}

/* ---- what is not TLS ---- */

static void plain_http_gets_an_answer_in_plain_http(void **state)
{
    static const char *const requests[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /topics/a",
                                            "DELETE /things/x HTTP/1.1\r\n\r\n" };
    uint16_t port = serve_simple(TLS_CLIENT_REQUIRED);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        struct buf got = { 0 };
        int fd = client_connect(port);
        client_write(fd, requests[i], strlen(requests[i]));
        assert_false(client_await_end(fd, &got));
        assert_memory_equal(buf_str(&got), "HTTP/1.1 400 ", 13);
        assert_non_null(strstr(buf_str(&got), "https://"));
        assert_non_null(strstr(buf_str(&got), "wss://"));
        close(fd);
        buf_deinit(&got);
    }
    assert_non_null(strstr(buf_str(&logged), "not TLS but plain HTTP"));
    assert_int_equal(side_count, 0);
}

/* What was sent and not read would make a reset of the close, and that would take the answer away. */
static void the_answer_survives_a_large_request(void **state)
{
    static char body[3000000];
    static const char head[] = "POST /topics/a HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n";
    struct buf got = { 0 };
    int fd = client_connect(serve_simple(TLS_CLIENT_NONE));
    client_write(fd, head, strlen(head));
    client_write(fd, body, sizeof body);
    assert_false(client_await_end(fd, &got));
    assert_memory_equal(buf_str(&got), "HTTP/1.1 400 ", 13);
    close(fd);
    buf_deinit(&got);
}

static void head_is_answered_without_a_body(void **state)
{
    struct buf got = { 0 };
    int fd = client_connect(serve_simple(TLS_CLIENT_NONE));
    client_write(fd, "HEAD / HTTP/1.1\r\n\r\n", 19);
    assert_false(client_await_end(fd, &got));
    assert_memory_equal(buf_str(&got), "HTTP/1.1 400 ", 13);
    assert_string_equal(buf_str(&got) + got.len - 4, "\r\n\r\n");
    close(fd);
    buf_deinit(&got);
}

static void other_bytes_are_closed_with_a_line_in_the_log(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *reason;
    } openings[] = {
        { "\x10\x0c\x00\x04MQTT", 8, "not TLS but plain MQTT was spoken: use mqtts://" },
        { "SSH-2.0-x\r\n", 11, "reason=\"not TLS was spoken" },
        { "\x16\x02x", 3, "reason=\"not TLS was spoken" },
        { "GETX", 4, "reason=\"not TLS was spoken" },
        { "PROXY TCP4 ", 11, "not TLS but a PROXY header was sent: see the listener's option" },
        { "\r\n\r\n\0\r\nQUIT\n", 12, "not TLS but a PROXY header" },
    };
    uint16_t port = serve_simple(TLS_CLIENT_REQUIRED);
    for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
        struct buf got = { 0 };
        int fd = client_connect(port);
        buf_clear(&logged);
        client_write(fd, openings[i].bytes, openings[i].len);
        assert_false(client_await_end(fd, &got));
        assert_int_equal(got.len, 0);
        assert_non_null(strstr(buf_str(&logged), openings[i].reason));
        close(fd);
        buf_deinit(&got);
    }
}

static void a_broken_hello_fails_the_handshake(void **state)
{
    static const uint8_t hello[] = { 22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0 };
    static const uint8_t huge[] = { 22, 3, 3, 0xff, 0xff, 1 };
    struct buf got = { 0 };
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    int fd = client_connect(port);
    client_write(fd, hello, sizeof hello);
    client_await_end(fd, &got);
    assert_non_null(strstr(buf_str(&logged), "handshake failed"));
    close(fd);
    fd = client_connect(port);
    client_write(fd, huge, sizeof huge);
    client_await_end(fd, &got);
    assert_non_null(strstr(buf_str(&logged), "what followed was no TLS"));
    close(fd);
    buf_deinit(&got);
}

/* A client that has the hub's hello says this, and leaves. */
static void leave_with(uint16_t port, const uint8_t alerts[][2], size_t count)
{
    struct tls_peer c;
    uint8_t begin;
    tls_peer_init(&c, port, NULL);
    assert_false(tls_peer_shake(&c));
    AWAIT(recv(c.fd, &begin, 1, MSG_PEEK) == 1);
    buf_clear(&logged);
    for (size_t i = 0; i < count; i++)
        mbedtls_ssl_send_alert_message(&c.ssl, alerts[i][0], alerts[i][1]);
    AWAIT(strstr(buf_str(&logged), "handshake failed"));
    tls_peer_deinit(&c);
}

static void the_reason_is_what_the_client_has_said(void **state)
{
    enum { WARNING = 1, FATAL = 2 };
    static const struct {
        uint8_t alerts[2][2];
        size_t count;
        const char *reason;
    } rows[] = {
        { { { FATAL, 48 } }, 1, "alert unknown_ca" },
        { { { FATAL, 77 } }, 1, "with alert 77" },
        { { { WARNING, 0 } }, 1, "without saying why" },
        { { { WARNING, 90 }, { WARNING, 0 } }, 2, "alert user_canceled" },
    };
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        leave_with(port, rows[i].alerts, rows[i].count);
        if (!strstr(buf_str(&logged), rows[i].reason)) fail_msg("%s", buf_str(&logged));
    }
}

/* ---- time and load ---- */

static void a_silent_client_is_closed_after_the_timeout(void **state)
{
    static const uint8_t half[] = { 22, 3, 1, 1, 0, 1, 0 };
    struct buf got = { 0 };
    clock_fake_install();
    struct tls_server *server = server_with(TLS_CLIENT_NONE, true, false);
    listener = open_local(
        &(struct listener_opts){ .tls = server, .lane = lane, .handshake_timeout_ms = 3000 });
    tls_server_unref(server);
    int a = client_connect(listener_port(listener)), b = client_connect(listener_port(listener));
    client_write(b, half, sizeof half);
    quiet();
    clock_fake_advance(2999);
    quiet();
    assert_true(client_read(a, &got) && client_read(b, &got));
    clock_fake_advance(1);
    client_await_end(a, &got);
    client_await_end(b, &got);
    assert_non_null(strstr(buf_str(&logged), "tls.handshake_timeout"));
    close(a);
    close(b);
    close_listener(listener);
    listener = NULL;
    clock_fake_remove();
    buf_deinit(&got);
}

/* A relay in the test cuts the client's bytes into pieces of one. */
static void a_trickled_handshake_passes(void **state)
{
    struct tls_peer c;
    uint16_t port = serve_simple(TLS_CLIENT_OPTIONAL);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    tls_peer_init(&c, port, &(struct tls_peer_opts){ .cert = client_cert, .key = client_key });
    int server = c.fd;
    c.fd = pair[0];
    for (int i = 0; !tls_peer_shake(&c); i++) {
        char byte, block[4096];
        assert_true(i < 100000);
        if (recv(pair[1], &byte, 1, 0) == 1) client_write(server, &byte, 1);
        ssize_t got = recv(server, block, sizeof block, 0);
        if (got > 0) assert_int_equal(send(pair[1], block, (size_t)got, 0), got);
        loop_turn(loop);
    }
    assert_int_equal(c.rc, 0);
    AWAIT(side_count == 1);
    assert_string_equal(sides[0].tls.cert_id, client_cert_id);
    close(server);
    close(pair[1]);
    tls_peer_deinit(&c);
}

/* A relay changes one byte of what the client says: the handshake fails or, rarely, passes; the
 * server stays well. */
static void corrupted_handshakes_do_no_harm(void **state)
{
    uint64_t seed = 23;
    struct tls_peer last;
    uint16_t port = serve_simple(TLS_CLIENT_OPTIONAL);
    sides_echo = true;
    for (int round = 0; round < 60; round++) {
        struct tls_peer c;
        int pair[2];
        size_t at = 0, wrong = rand_fake_below(&seed, 900);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        tls_peer_init(&c, port, &(struct tls_peer_opts){ .cert = client_cert, .key = client_key });
        int server = c.fd;
        c.fd = pair[0];
        bool over = false;
        for (int i = 0; i < 20000 && !over; i++) {
            char block[4096];
            over = tls_peer_shake(&c);
            ssize_t got = recv(pair[1], block, sizeof block, 0);
            if (got > 0) {
                if (wrong >= at && wrong < at + (size_t)got)
                    block[wrong - at] = (char)rand_fake_below(&seed, 256);
                at += (size_t)got;
                if (send(server, block, (size_t)got, MSG_NOSIGNAL) < 0) over = true;
            }
            got = recv(server, block, sizeof block, 0);
            if (got > 0 && send(pair[1], block, (size_t)got, MSG_NOSIGNAL) != got) over = true;
            if (got == 0) over = true;
            loop_turn_wait(loop, 1);
            if (i > 200) over = true; /* both wait for bytes that a wrong length promised */
        }
        close(server);
        close(pair[1]);
        tls_peer_deinit(&c);
    }
    tls_peer_init(&last, port, NULL);
    assert_int_equal(tls_peer_handshake(&last), 0);
    ping(&last);
    tls_peer_deinit(&last);
}

static void who_talks_and_leaves_at_once_is_heard(void **state)
{
    struct tls_peer c;
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    for (int i = 0; i < 10; i++) {
        tls_peer_init(&c, port, NULL);
        assert_int_equal(tls_peer_handshake(&c), 0);
        assert_int_equal(mbedtls_ssl_write(&c.ssl, (const unsigned char *)"hello", 5), 5);
        if (i % 2) mbedtls_ssl_close_notify(&c.ssl);
        tls_peer_deinit(&c);
        AWAIT(side_count == i + 1 && sides[i].ends == 1);
        assert_string_equal(buf_str(&sides[i].got), "hello");
        assert_int_equal(sides[i].end_rc, 0);
    }
}

enum { STORM = 50 };

static void a_storm_of_handshakes_leaves_the_established_echoing(void **state)
{
    static struct tls_peer storm[STORM];
    struct tls_peer steady;
    bool over[STORM] = { false };
    int left = STORM, pongs = 0;
    uint16_t port = serve(server_with(TLS_CLIENT_OPTIONAL, true, true));
    sides_echo = true;
    tls_peer_init(&steady, port, NULL);
    assert_int_equal(tls_peer_handshake(&steady), 0);
    for (int i = 0; i < STORM; i++)
        tls_peer_init(&storm[i], port,
                      &(struct tls_peer_opts){
                          .cert = client_cert,
                          .key = client_key,
                          .suite = i % 2 ? MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 : 0 });
    for (int turns = 0; left > 0; turns++) {
        assert_true(turns < 100000);
        for (int i = 0; i < STORM; i++) {
            if (over[i] || !tls_peer_shake(&storm[i])) continue;
            assert_int_equal(storm[i].rc, 0);
            over[i] = true;
            left--;
        }
        ping(&steady);
        pongs++;
    }
    assert_true(pongs > 1);
    for (int i = 0; i < STORM; i++)
        ping(&storm[i]);
    AWAIT(side_count == STORM + 1);
    for (int i = 1; i <= STORM; i++)
        assert_string_equal(sides[i].tls.cert_id, client_cert_id);
    for (int i = 0; i < STORM; i++)
        tls_peer_deinit(&storm[i]);
    tls_peer_deinit(&steady);
}

static void a_full_lane_makes_handshakes_wait(void **state)
{
    struct tls_peer clients[12];
    int left = 12;
    bool over[12] = { false };
    worker_lane_destroy(lane);
    lane = worker_lane_create(loop, "td-tls", 1, 0);
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    for (int i = 0; i < 12; i++)
        tls_peer_init(&clients[i], port, NULL);
    for (int turns = 0; left > 0; turns++) {
        assert_true(turns < 100000);
        for (int i = 0; i < 12; i++) {
            if (over[i] || !tls_peer_shake(&clients[i])) continue;
            assert_int_equal(clients[i].rc, 0);
            over[i] = true;
            left--;
        }
        loop_turn_wait(loop, 1);
    }
    AWAIT(side_count == 12);
    for (int i = 0; i < 12; i++)
        tls_peer_deinit(&clients[i]);
}

struct obstacle {
    struct worker_job job; /* first */
    atomic_bool gone;
};

static void stand_in_the_way(struct worker_job *job)
{
    struct obstacle *obstacle = (struct obstacle *)job;
    while (!atomic_load(&obstacle->gone))
        sched_yield();
}

static void on_obstacle_gone(struct worker_job *job)
{
}

static void nobody_is_accepted_while_handshakes_wait(void **state)
{
    enum { FIRST = 4, MORE = 8 };
    struct obstacle obstacle = { .job = { .run = stand_in_the_way, .done = on_obstacle_gone } };
    struct tls_peer clients[FIRST + MORE];
    worker_lane_destroy(lane);
    lane = worker_lane_create(loop, "td-tls", 1, 0);
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    assert_int_equal(worker_submit(lane, &obstacle.job), 0);
    int64_t before = metrics_get(METRIC_CONNECTIONS_TOTAL);
    for (int i = 0; i < FIRST + MORE; i++) {
        tls_peer_init(&clients[i], port, NULL);
        tls_peer_shake(&clients[i]);
        if (i != FIRST - 1) continue;
        AWAIT(metrics_get(METRIC_CONNECTIONS_TOTAL) == before + FIRST);
        quiet();
    }
    quiet();
    assert_int_equal(metrics_get(METRIC_CONNECTIONS_TOTAL), before + FIRST);
    atomic_store(&obstacle.gone, true);
    for (int i = 0; i < FIRST + MORE; i++)
        assert_int_equal(tls_peer_handshake(&clients[i]), 0);
    AWAIT(side_count == FIRST + MORE);
    for (int i = 0; i < FIRST + MORE; i++)
        tls_peer_deinit(&clients[i]);
}

static void closing_the_listener_ends_handshakes_and_spares_the_established(void **state)
{
    struct tls_peer done, clients[8];
    struct buf got = { 0 };
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    sides_echo = true;
    tls_peer_init(&done, port, NULL);
    assert_int_equal(tls_peer_handshake(&done), 0);
    AWAIT(side_count == 1);
    for (int i = 0; i < 8; i++) {
        tls_peer_init(&clients[i], port, NULL);
        tls_peer_shake(&clients[i]);
    }
    int silent = client_connect(port);
    loop_turn(loop); /* accepted; some are with the workers now */
    close_listener(listener);
    listener = NULL;
    client_await_end(silent, &got);
    close(silent);
    ping(&done);
    for (int i = 0; i < 8; i++) {
        AWAIT(tls_peer_shake(&clients[i]));
        tls_peer_deinit(&clients[i]);
    }
    tls_peer_deinit(&done);
    buf_deinit(&got);
}

static void destroying_the_lane_ends_handshakes(void **state)
{
    struct tls_peer clients[8];
    worker_lane_destroy(lane);
    lane = worker_lane_create(loop, "td-tls", 1, 2);
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    for (int i = 0; i < 8; i++) {
        tls_peer_init(&clients[i], port, NULL);
        tls_peer_shake(&clients[i]);
    }
    for (int i = 0; i < 3; i++)
        loop_turn(loop);
    worker_lane_destroy(lane);
    lane = NULL;
    close_listener(listener);
    listener = NULL;
    for (int i = 0; i < 8; i++)
        tls_peer_deinit(&clients[i]);
}

static void a_client_may_vanish_at_any_point(void **state)
{
    uint16_t port = serve_simple(TLS_CLIENT_OPTIONAL);
    for (int point = 0; point < 12; point++) {
        struct tls_peer c;
        tls_peer_init(&c, port, NULL);
        for (int i = 0; i < point && !tls_peer_shake(&c); i++)
            loop_turn(loop);
        tls_peer_deinit(&c);
        if (point % 3 == 0) quiet();
    }
    quiet();
}

/* ---- records ---- */

static int keep_record(void *arg, const unsigned char *data, size_t len)
{
    buf_append(arg, data, len);
    return (int)len;
}

/* A part of a record keeps its buffer, while other connections need one too. */
static void parts_of_records_wait_side_by_side(void **state)
{
    enum { CLIENTS = 3 };
    struct tls_peer clients[CLIENTS];
    struct buf records[CLIENTS] = { 0 };
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    sides_echo = true;
    for (int i = 0; i < CLIENTS; i++) {
        tls_peer_init(&clients[i], port, NULL);
        assert_int_equal(tls_peer_handshake(&clients[i]), 0);
        AWAIT(side_count == i + 1);
        mbedtls_ssl_set_bio(&clients[i].ssl, &records[i], keep_record, NULL, NULL);
        assert_int_equal(mbedtls_ssl_write(&clients[i].ssl, (const unsigned char *)"part", 4), 4);
    }
    for (size_t at = 0; at < records[0].len; at++) {
        for (int i = 0; i < CLIENTS; i++)
            client_write(clients[i].fd, records[i].data + at, 1);
        quiet();
    }
    for (int i = 0; i < CLIENTS; i++) {
        assert_string_equal(buf_str(&sides[i].got), "part");
        tls_peer_deinit(&clients[i]);
        buf_deinit(&records[i]);
    }
}

static void back_pressure_works_through_tls(void **state)
{
    static uint8_t block[4096];
    struct tls_peer c;
    size_t sent = 0;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_NONE), NULL);
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    struct stream *s = sides[0].s;
    static const size_t marks[] = { 300000, 20000 };
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        stream_set_high_water(s, marks[i]);
        int before = sides[0].writables;
        for (int full = 0; full < 20; full = stream_over_high_water(s) ? full + 1 : 0) {
            stream_write(s, block, sizeof block);
            sent += sizeof block;
            loop_turn(loop);
        }
        quiet();
        assert_int_equal(sides[0].writables > before, false);
        AWAIT(tls_peer_read(&c) && c.got.len == sent);
        AWAIT(sides[0].writables > before);
        assert_int_equal(stream_pending(s), 0);
    }
    tls_peer_deinit(&c);
}

static void pause_and_rest_work_through_tls(void **state)
{
    static uint8_t block[200000];
    struct tls_peer c;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_NONE), NULL);
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    stream_pause(sides[0].s);
    tls_peer_write(&c, "abc", 3);
    quiet();
    assert_int_equal(sides[0].got.len, 0);
    sides[0].take = 2;
    stream_resume(sides[0].s);
    AWAIT(sides[0].got.len == 2);
    sides[0].take = SIZE_MAX;
    tls_peer_write(&c, "def", 3);
    AWAIT(sides[0].got.len == 6);
    assert_string_equal(buf_str(&sides[0].got), "abcdef");
    tls_peer_write(&c, block, sizeof block);
    AWAIT(sides[0].got.len == 6 + sizeof block);
    tls_peer_deinit(&c);
}

/* The owner pauses at each record and is resumed later: nothing is lost or shown twice. */
static size_t pausing_read(struct stream *s, const uint8_t *data, size_t len)
{
    struct side *side = s->owner;
    buf_append(&side->got, data, len);
    stream_pause(s);
    return len;
}

static void pausing_at_every_record_loses_nothing(void **state)
{
    static const struct stream_cbs cbs = { pausing_read, NULL, NULL };
    struct tls_peer c;
    struct buf sent = { 0 };
    tls_peer_init(&c, serve_simple(TLS_CLIENT_NONE), NULL);
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    sides[0].s->cbs = &cbs;
    for (int i = 0; i < 100; i++) {
        char record[32];
        int len = snprintf(record, sizeof record, "record %d.", i);
        buf_append(&sent, record, (size_t)len);
        tls_peer_write(&c, record, (size_t)len);
    }
    AWAIT((stream_resume(sides[0].s), sides[0].got.len == sent.len));
    assert_string_equal(buf_str(&sides[0].got), sent.data);
    sides[0].s->cbs = &side_cbs;
    tls_peer_deinit(&c);
    buf_deinit(&sent);
}

static void both_sides_say_goodbye(void **state)
{
    static uint8_t block[1000000];
    struct tls_peer c;
    uint16_t port = serve_simple(TLS_CLIENT_NONE);
    tls_peer_init(&c, port, NULL);
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    stream_write(sides[0].s, block, sizeof block);
    stream_close(sides[0].s, true, side_on_closed);
    AWAIT(!tls_peer_read(&c));
    assert_int_equal(c.rc, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    assert_int_equal(c.got.len, sizeof block);
    tls_peer_deinit(&c);
    AWAIT(sides[0].closes == 1);

    tls_peer_init(&c, port, NULL);
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 2);
    stream_close(sides[1].s, false, side_on_closed);
    AWAIT(!tls_peer_read(&c));
    assert_int_equal(c.rc, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    tls_peer_deinit(&c);

    tls_peer_init(&c, port, NULL);
    assert_int_equal(tls_peer_handshake(&c), 0);
    mbedtls_ssl_close_notify(&c.ssl);
    AWAIT(side_count == 3 && sides[2].ends == 1);
    assert_int_equal(sides[2].end_rc, 0);
    tls_peer_deinit(&c);
    quiet();
    assert_int_equal(sides[2].ends, 1);
}

static void forged_records_end_the_connection(void **state)
{
    static const uint8_t forged[] = { 23, 3,  3,  0,  30, 1,  2,  3,  4,  5,  6,  7,
                                      8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
                                      20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30 };
    struct tls_peer c;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_NONE), NULL);
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    client_write(c.fd, forged, sizeof forged);
    AWAIT(sides[0].ends == 1);
    assert_int_equal(sides[0].end_rc, ERR_CRYPTO);
    stream_write(sides[0].s, "x", 1);
    stream_close(sides[0].s, true, side_on_closed);
    tls_peer_deinit(&c);
}

static void short_fragments_are_kept_to(void **state)
{
    static uint8_t block[5000];
    struct tls_peer c;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_NONE),
                  &(struct tls_peer_opts){ .max_fragment = MBEDTLS_SSL_MAX_FRAG_LEN_512 });
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    stream_write(sides[0].s, block, sizeof block);
    AWAIT(tls_peer_read(&c) && c.got.len == sizeof block);
    assert_true(c.largest <= 512);
    tls_peer_deinit(&c);
}

#if defined(MBEDTLS_SSL_RENEGOTIATION)
static void renegotiation_is_refused(void **state)
{
    struct tls_peer c;
    tls_peer_init(&c, serve_simple(TLS_CLIENT_NONE),
                  &(struct tls_peer_opts){ .renegotiation = true });
    assert_int_equal(tls_peer_handshake(&c), 0);
    int64_t handshakes = metrics_get(METRIC_TLS_HANDSHAKES);
    AWAIT((c.rc = mbedtls_ssl_renegotiate(&c.ssl)) != MBEDTLS_ERR_SSL_WANT_READ &&
          c.rc != MBEDTLS_ERR_SSL_WANT_WRITE);
    assert_int_not_equal(c.rc, 0);
    assert_int_equal(metrics_get(METRIC_TLS_HANDSHAKES), handshakes);
    tls_peer_deinit(&c);
}
#endif

/* Clients come, talk, and leave in the middle of anything; owners pause, resume and close at will.
 * What is asked: no crash, no leak, every stream closed once, and whoever stays is still served. */
static void random_deeds_leave_the_listener_healthy(void **state)
{
    enum { CLIENTS = 8, STEPS = 1500 };
    static uint8_t block[30000];
    struct tls_peer clients[CLIENTS], last;
    bool open[CLIENTS] = { false }, ready[CLIENTS] = { false };
    uint64_t seed = 17;
    uint16_t port = serve_simple(TLS_CLIENT_OPTIONAL);
    sides_echo = true;
    for (int step = 0; step < STEPS && side_count < SIDES_MAX - CLIENTS; step++) {
        size_t i = rand_fake_below(&seed, CLIENTS);
        struct side *side =
            side_count ? &sides[rand_fake_below(&seed, (uint64_t)side_count)] : NULL;
        if (!open[i]) {
            tls_peer_init(&clients[i], port, NULL);
            open[i] = true;
            ready[i] = false;
        } else if (rand_fake_below(&seed, 30) == 0) {
            tls_peer_deinit(&clients[i]);
            open[i] = false;
        } else if (!ready[i]) {
            ready[i] = tls_peer_shake(&clients[i]) && clients[i].rc == 0;
        } else {
            mbedtls_ssl_write(&clients[i].ssl, block, 1 + rand_fake_below(&seed, sizeof block));
            tls_peer_read(&clients[i]);
            buf_clear(&clients[i].got);
        }
        if (side && side->s) {
            uint64_t deed = rand_fake_below(&seed, 30);
            if (deed == 0) stream_close(side->s, rand_fake_below(&seed, 2), side_on_closed);
            if (deed == 1) stream_pause(side->s);
            if (deed >= 2 && deed < 5) stream_resume(side->s);
            if (deed == 6) stream_write(side->s, block, sizeof block);
        }
        if (rand_fake_below(&seed, 4)) loop_turn(loop);
        for (int k = 0; k < side_count; k++)
            buf_clear(&sides[k].got);
    }
    for (size_t i = 0; i < CLIENTS; i++)
        if (open[i]) tls_peer_deinit(&clients[i]);
    tls_peer_init(&last, port, NULL);
    assert_int_equal(tls_peer_handshake(&last), 0);
    ping(&last);
    tls_peer_deinit(&last);
}

/* ---- servers ---- */

static void bad_certificates_are_explained(void **state)
{
    static const struct {
        const char *cert, *key, *cert2, *key2;
        int rc;
        const char *text;
    } cases[] = {
        { "", "", NULL, NULL, ERR_CERT, "1.pem: the certificate is unreadable" },
        { "nonsense", server_key, NULL, NULL, ERR_CERT, "1.pem: the certificate is unreadable" },
        { server_cert, "nonsense", NULL, NULL, ERR_CRYPTO, "1.key: the private key is unreadable" },
        { server_cert, client_key, NULL, NULL, ERR_CERT,
          "1.key: the private key does not belong to the certificate in 1.pem" },
        { server_cert, rsa_key, NULL, NULL, ERR_CERT, "1.key: the private key does not belong" },
        { server_cert, server_key, exact_cert, server_key, ERR_CERT,
          "2.key: the private key does not belong to the certificate in 2.pem" },
        { server_cert, server_key, exact_cert, "", ERR_CRYPTO, "2.key: the private key" },
        { server_cert, server_key, "", exact_key, ERR_CERT, "2.pem: the certificate" },
        { server_cert, server_key, nameless_cert, nameless_key, ERR_CERT,
          "2.pem: the certificate has no DNS name" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tls_server *server = NULL;
        struct diag diag = DIAG_INIT;
        struct tls_pair pairs[] = {
            { slice_str(cases[i].cert), slice_str(cases[i].key), "1.pem", "1.key" },
            { slice_str(cases[i].cert2), slice_str(cases[i].key2), "2.pem", "2.key" },
        };
        struct tls_server_opts opts = { .pairs = pairs, .pair_count = cases[i].cert2 ? 2 : 1 };
        assert_int_equal(tls_server_create(&server, &opts, &diag), cases[i].rc);
        assert_null(server);
        if (strncmp(diag.text, cases[i].text, strlen(cases[i].text)) != 0)
            fail_msg("%s", diag.text);
    }
    tls_server_unref(NULL);
}

/* A default pair needs no name: it is for all others. */
static void a_default_pair_without_a_name_is_taken(void **state)
{
    static const struct tls_pair pairs[] = { PAIR(nameless) };
    expect_cert(serve(server_of(TLS_CLIENT_NONE, pairs, 1, 1)), "hub.example.org", 0,
                nameless_cert);
}

static void a_reload_is_for_new_connections(void **state)
{
    struct tls_peer a, b;
    uint16_t port = serve(server_with(TLS_CLIENT_NONE, true, false));
    sides_echo = true;
    tls_peer_init(&a, port, NULL);
    assert_int_equal(tls_peer_handshake(&a), 0);
    struct tls_server *server = server_with(TLS_CLIENT_NONE, false, true);
    listener_set_tls(listener, server);
    tls_server_unref(server);
    tls_peer_init(&b, port, NULL);
    assert_int_equal(tls_peer_handshake(&b), 0);
    assert_true(mbedtls_pk_can_do(&mbedtls_ssl_get_peer_cert(&b.ssl)->pk, MBEDTLS_PK_RSA));
    ping(&a);
    ping(&b);
    tls_peer_deinit(&a);
    tls_peer_deinit(&b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_suite_and_curve_works),
        T(weak_offers_are_refused),
        T(random_sizes_are_echoed),
        T(the_certificate_is_the_identity),
        T(an_expired_certificate_is_for_the_registry_to_judge),
        T(a_certificate_without_its_key_is_refused),
        T(a_missing_certificate_fails_where_one_is_required),
        T(a_missing_certificate_passes_where_it_is_optional),
        T(none_asks_for_no_certificate),
        T(a_session_is_not_resumed),
        T(protocols_are_negotiated_or_ignored),
        T(the_server_name_is_kept),
        T(the_name_picks_the_certificate),
        T(the_default_pair_may_be_the_exact_one),
        T(several_default_pairs_are_told_by_their_keys),
        T(who_knows_both_kinds_of_keys_gets_ecdsa),
        T(plain_http_gets_an_answer_in_plain_http),
        T(the_answer_survives_a_large_request),
        T(head_is_answered_without_a_body),
        T(other_bytes_are_closed_with_a_line_in_the_log),
        T(a_broken_hello_fails_the_handshake),
        T(the_reason_is_what_the_client_has_said),
        T(a_silent_client_is_closed_after_the_timeout),
        T(a_trickled_handshake_passes),
        T(corrupted_handshakes_do_no_harm),
        T(who_talks_and_leaves_at_once_is_heard),
        T(a_storm_of_handshakes_leaves_the_established_echoing),
        T(a_full_lane_makes_handshakes_wait),
        T(nobody_is_accepted_while_handshakes_wait),
        T(closing_the_listener_ends_handshakes_and_spares_the_established),
        T(destroying_the_lane_ends_handshakes),
        T(a_client_may_vanish_at_any_point),
        T(parts_of_records_wait_side_by_side),
        T(back_pressure_works_through_tls),
        T(pause_and_rest_work_through_tls),
        T(pausing_at_every_record_loses_nothing),
        T(both_sides_say_goodbye),
        T(forged_records_end_the_connection),
        T(short_fragments_are_kept_to),
#if defined(MBEDTLS_SSL_RENEGOTIATION)
        T(renegotiation_is_refused),
#endif
        T(random_deeds_leave_the_listener_healthy),
        T(bad_certificates_are_explained),
        T(a_default_pair_without_a_name_is_taken),
        T(a_reload_is_for_new_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
