/* Unit tests of listeners behind a proxy: the header in front of plain bytes and of TLS, over the loopback of
 * the machine. */
#include "tls_fixtures.h"
#include "tls_peer.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"
#include "net/tls.h"

#include <sys/socket.h>
#include <unistd.h>

#define V2_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static const char v1[] = "PROXY TCP4 192.0.2.1 198.51.100.9 40000 443\r\n";
static struct ip_net loopback_net, other_net;
static struct worker_lane *lane;
static struct listener *listener;
static struct buf got;

static int set_up(void **state)
{
    net_set_up(state);
    log_capture();
    lane = worker_lane_create(loop, "td-tls", 2, 100);
    listener = NULL;
    got = (struct buf){ 0 };
    ip_net_parse("127.0.0.0/8", &loopback_net);
    ip_net_parse("192.0.2.0/24", &other_net);
    return 0;
}

static int tear_down(void **state)
{
    if (listener) close_listener(listener);
    worker_lane_destroy(lane);
    buf_deinit(&got);
    return net_tear_down(state);
}

/* Opens `listener`, which trusts loopback unless the options say whom. */
static uint16_t serve(struct listener_opts opts)
{
    opts.proxy_protocol = true;
    opts.lane = lane;
    if (!opts.proxy_trusted) {
        opts.proxy_trusted = &loopback_net;
        opts.proxy_trusted_count = 1;
    }
    listener = open_local(&opts);
    return listener_port(listener);
}

static void the_header_names_the_peer(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *address; /* NULL: the socket's own */
    } rows[] = {
        { v1, sizeof v1 - 1, "192.0.2.1" },
        { "PROXY TCP6 2001:db8::7 ::1 5 443\r\n", 34, "2001:db8::7" },
        { "PROXY TCP4 127.0.0.1 127.0.0.1 5 443\r\n", 38, "127.0.0.1" },
        { "PROXY UNKNOWN\r\n", 15, NULL },
        { V2_SIGNATURE "\x20\x00\x00\x00", 16, NULL },
        { V2_SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x09\xc6\x33\x64\x09\x00\x05\x01\xbb", 28,
          "192.0.2.9" },
    };
    uint16_t port = serve((struct listener_opts){ 0 });
    for (int i = 0; i < (int)ARRAY_LEN(rows); i++) {
        int fd = client_connect(port);
        client_write(fd, rows[i].bytes, rows[i].len);
        client_write(fd, "hello", 5);
        AWAIT(side_count == i + 1 && sides[i].got.len == 5);
        assert_string_equal(buf_str(&sides[i].got), "hello");
        assert_string_equal(sides[i].peer.address, rows[i].address ? rows[i].address : "127.0.0.1");
        assert_false(sides[i].peer.loopback); /* whatever the header or the socket says */
        assert_int_equal(sides[i].peer.kind, STREAM_TCP);
        if (rows[i].address) assert_true(sides[i].peer.port == 5 || sides[i].peer.port == 40000);
        close(fd);
    }
}

static void a_header_may_trickle_in(void **state)
{
    int fd = client_connect(serve((struct listener_opts){ 0 }));
    for (size_t i = 0; i < sizeof v1 - 1; i++) {
        assert_int_equal(side_count, 0);
        client_write(fd, v1 + i, 1);
        quiet();
    }
    AWAIT(side_count == 1);
    assert_int_equal(sides[0].got.len, 0);
    client_write(fd, "x", 1);
    AWAIT(sides[0].got.len == 1);
    close(fd);
}

static void what_is_no_header_is_closed(void **state)
{
    static const struct {
        const char *bytes, *reason;
    } rows[] = {
        { "GET / HTTP/1.1\r\n\r\n", "does not begin with a PROXY header" },
        { "PROXY TCP4 192.0.2.1 198.51.100.9 40000\r\n", "the destination port" },
        { "\r\n\r\n", "the peer has closed" }, /* and then its end */
        { "PROXY TC", "the peer has closed" },
    };
    uint16_t port = serve((struct listener_opts){ 0 });
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t refused = metrics_get(METRIC_PROXY_REFUSED);
        int fd = client_connect(port);
        buf_clear(&logged);
        client_write(fd, rows[i].bytes, strlen(rows[i].bytes));
        shutdown(fd, SHUT_WR);
        assert_false(client_await_end(fd, &got)); /* no reset */
        AWAIT(metrics_get(METRIC_PROXY_REFUSED) == refused + 1);
        assert_non_null(strstr(buf_str(&logged), rows[i].reason));
        assert_non_null(strstr(buf_str(&logged), "listener=test proxy=127.0.0.1"));
        close(fd);
    }
    assert_int_equal(got.len, 0);
    assert_int_equal(side_count, 0);
}

static void who_is_not_trusted_is_closed_at_once(void **state)
{
    clock_fake_install();
    uint16_t port =
        serve((struct listener_opts){ .proxy_trusted = &other_net, .proxy_trusted_count = 1 });
    int64_t refused = metrics_get(METRIC_PROXY_REFUSED);
    for (int i = 0; i < 4; i++) {
        int fd = client_connect(port);
        client_await_end(fd, &got);
        close(fd);
        if (i == 2) clock_fake_advance(1000);
    }
    assert_int_equal(metrics_get(METRIC_PROXY_REFUSED), refused + 4);
    assert_int_equal(side_count, 0);
    assert_non_null(strstr(buf_str(&logged), "address=127.0.0.1 refused=1"));
    assert_non_null(strstr(buf_str(&logged), "address=127.0.0.1 refused=3")); /* paced */
    assert_null(strstr(buf_str(&logged), "refused=2"));
    close_listener(listener);
    listener = NULL;
    clock_fake_remove();
}

static void nobody_is_trusted_by_an_empty_list(void **state)
{
    uint16_t port =
        serve((struct listener_opts){ .proxy_trusted = &other_net, .proxy_trusted_count = 0 });
    int fd = client_connect(port);
    client_await_end(fd, &got);
    close(fd);
}

static void a_late_header_is_not_waited_for(void **state)
{
    clock_fake_install();
    int fd = client_connect(serve((struct listener_opts){ .handshake_timeout_ms = 3000 }));
    client_write(fd, v1, 10);
    quiet();
    clock_fake_advance(2999);
    quiet();
    assert_true(client_read(fd, &got));
    clock_fake_advance(1);
    client_await_end(fd, &got);
    assert_non_null(strstr(buf_str(&logged), "reason=\"timed out\""));
    close(fd);
    close_listener(listener);
    listener = NULL;
    clock_fake_remove();
}

static void closing_the_listener_ends_the_wait(void **state)
{
    uint16_t port = serve((struct listener_opts){ 0 });
    int done = client_connect(port), waiting = client_connect(port);
    client_write(done, v1, sizeof v1 - 1);
    client_write(waiting, v1, 10);
    AWAIT(side_count == 1);
    quiet();
    close_listener(listener);
    listener = NULL;
    client_await_end(waiting, &got);
    client_write(done, "still", 5);
    AWAIT(sides[0].got.len == 5);
    close(done);
    close(waiting);
}

/* The time that the header has does not count then. */
static void closing_the_listener_ends_the_wait_at_once(void **state)
{
    clock_fake_install();
    int fd = client_connect(serve((struct listener_opts){ 0 }));
    client_write(fd, v1, 10);
    for (int i = 0; i < 20; i++)
        loop_turn_wait(loop, 2);
    listener_close(listener, NULL, NULL);
    listener = NULL;
    client_await_end(fd, &got);
    quiet();
    close(fd);
    clock_fake_remove();
}

/* The client that is named counts, also where its address would be spared; the proxy does not. */
static void limits_hold_for_the_client(void **state)
{
    static const char *const headers[] = { "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
                                           "PROXY TCP4 127.0.0.7 127.0.0.1 1 2\r\n" };
    uint16_t port = serve((struct listener_opts){ .admission = { .connections = 1 } });
    int64_t refused = metrics_get(METRIC_ADDRESS_REFUSED);
    for (int i = 0; i < 2; i++) {
        int first = client_connect(port), second = client_connect(port);
        client_write(first, headers[i], strlen(headers[i]));
        AWAIT(side_count == 2 * i + 1);
        client_write(second, headers[i], strlen(headers[i]));
        client_await_end(second, &got);
        assert_int_equal(metrics_get(METRIC_ADDRESS_REFUSED), refused + i + 1);
        close(first); /* gives its place back */
        AWAIT(sides[2 * i].ends == 1);
        stream_close(sides[2 * i].s, false, side_on_closed);
        AWAIT(sides[2 * i].closes == 1);
        close(second);
        second = client_connect(port);
        client_write(second, headers[i], strlen(headers[i]));
        AWAIT(side_count == 2 * i + 2);
        close(second);
    }
    assert_non_null(
        strstr(buf_str(&logged), "address=192.0.2.1 of=limits.connections_per_address"));
    assert_non_null(
        strstr(buf_str(&logged), "address=127.0.0.7 of=limits.connections_per_address"));
}

/* ---- in front of TLS ---- */

static uint16_t serve_tls(void)
{
    struct tls_server *server;
    struct tls_pair pair = { slice_str(server_cert), slice_str(server_key), NULL, NULL };
    struct tls_server_opts opts = { .pairs = &pair,
                                    .pair_count = 1,
                                    .client_cert = TLS_CLIENT_OPTIONAL };
    assert_int_equal(tls_server_create(&server, &opts, NULL), 0);
    uint16_t port = serve((struct listener_opts){ .tls = server });
    tls_server_unref(server);
    return port;
}

static void the_header_comes_before_tls(void **state)
{
    struct tls_peer c;
    tls_peer_init(&c, serve_tls(),
                  &(struct tls_peer_opts){ .cert = client_cert, .key = client_key });
    client_write(c.fd, v1, sizeof v1 - 1);
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    assert_string_equal(sides[0].peer.address, "192.0.2.1");
    assert_int_equal(sides[0].peer.port, 40000);
    assert_false(sides[0].peer.loopback);
    assert_string_equal(sides[0].tls.cert_id, client_cert_id);
    tls_peer_write(&c, "ping", 4);
    AWAIT(sides[0].got.len == 4);
    tls_peer_deinit(&c);
}

static void header_and_hello_may_come_together(void **state)
{
    struct tls_peer c;
    char hello[2048];
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    tls_peer_init(&c, serve_tls(), NULL);
    int server = c.fd;
    c.fd = pair[0];
    tls_peer_shake(&c);
    memcpy(hello, v1, sizeof v1 - 1);
    ssize_t len = recv(pair[1], hello + sizeof v1 - 1, sizeof hello - sizeof v1, 0);
    assert_true(len > 0);
    client_write(server, hello, sizeof v1 - 1 + (size_t)len);
    c.fd = server;
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == 1);
    assert_string_equal(sides[0].peer.address, "192.0.2.1");
    close(pair[0]);
    close(pair[1]);
    tls_peer_deinit(&c);
}

static void tls_without_a_header_is_closed(void **state)
{
    struct tls_peer c;
    tls_peer_init(&c, serve_tls(), NULL);
    assert_int_not_equal(tls_peer_handshake(&c), 0);
    assert_non_null(strstr(buf_str(&logged), "does not begin with a PROXY header"));
    tls_peer_deinit(&c);
}

static void plain_http_behind_the_header_is_answered(void **state)
{
    int fd = client_connect(serve_tls());
    client_write(fd, v1, sizeof v1 - 1);
    client_write(fd, "GET / HTTP/1.1\r\n\r\n", 18);
    assert_false(client_await_end(fd, &got));
    assert_memory_equal(buf_str(&got), "HTTP/1.1 400 ", 13);
    assert_non_null(strstr(buf_str(&logged), "peer=192.0.2.1 port=40000"));
    close(fd);
}

/* A listener that closes has no certificates any more: nobody speaks to it in plain text instead. */
static void no_header_is_taken_by_a_closed_listener(void **state)
{
    int fd = client_connect(serve_tls());
    client_write(fd, v1, 10);
    for (int i = 0; i < 20; i++)
        loop_turn_wait(loop, 2);
    listener_close(listener, NULL, NULL);
    listener = NULL;
    send(fd, v1 + 10, sizeof v1 - 1 - 10, MSG_NOSIGNAL);
    for (int i = 0; i < 20; i++)
        loop_turn_wait(loop, 2);
    assert_int_equal(side_count, 0);
    client_await_end(fd, &got);
    close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_header_names_the_peer),
        T(a_header_may_trickle_in),
        T(what_is_no_header_is_closed),
        T(who_is_not_trusted_is_closed_at_once),
        T(nobody_is_trusted_by_an_empty_list),
        T(a_late_header_is_not_waited_for),
        T(closing_the_listener_ends_the_wait),
        T(limits_hold_for_the_client),
        T(the_header_comes_before_tls),
        T(header_and_hello_may_come_together),
        T(tls_without_a_header_is_closed),
        T(plain_http_behind_the_header_is_answered),
        T(closing_the_listener_ends_the_wait_at_once),
        T(no_header_is_taken_by_a_closed_listener),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
