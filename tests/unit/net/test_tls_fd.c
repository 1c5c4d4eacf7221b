/* Unit tests of TLS without a loop, against a listener of ours on a loop that the test turns. */
#include "net_tests.h"
#include "tls_fixtures.h"

#include "base/err.h"
#include "net/tls.h"
#include "net/tls_fd.h"

#include <sys/socket.h>
#include <unistd.h>

static struct worker_lane *lane;
static struct listener *listener;

static int set_up(void **state)
{
    struct tls_server *server;
    struct tls_server_opts opts = { .cert_chain_pem = slice_str(server_cert),
                                    .key_pem = slice_str(server_key) };
    net_set_up(state);
    log_capture();
    lane = worker_lane_create(loop, "td-tls", 1, 100);
    assert_int_equal(tls_server_create(&server, &opts, NULL), 0);
    listener = open_local(&(struct listener_opts){ .tls = server, .lane = lane });
    tls_server_unref(server);
    return 0;
}

static int tear_down(void **state)
{
    close_listener(listener);
    worker_lane_destroy(lane);
    return net_tear_down(state);
}

struct client {
    struct tls_trust *trust;
    struct tls_fd *tls;
    int fd;
};

/* The result of the handshake. */
static int connect_with(struct client *c, const char *ca, const char *host, struct diag *diag)
{
    assert_int_equal(tls_trust_create(&c->trust, slice_str(ca), diag), 0);
    c->fd = client_connect(listener_port(listener));
    assert_int_equal(tls_fd_create(&c->tls, c->trust, c->fd, host, diag), 0);
    int rc = -EAGAIN;
    AWAIT((rc = tls_fd_handshake(c->tls, diag)) != -EAGAIN);
    return rc;
}

static void end(struct client *c)
{
    tls_fd_destroy(c->tls);
    tls_trust_destroy(c->trust);
    close(c->fd);
}

static void more_than_the_kernel_takes(void **state)
{
    enum { MANY = 4 << 20 };
    struct client c;
    struct diag diag = DIAG_INIT;
    sides_echo = true;
    assert_int_equal(connect_with(&c, server_cert, NULL, &diag), 0);
    char *sent = malloc(MANY), *got = malloc(MANY);
    for (int i = 0; i < MANY; i++)
        sent[i] = (char)(i * 7 + i / 251);
    size_t out = 0, in = 0;
    bool waited = false;
    for (int turns = 0; in < MANY; turns++) {
        assert_true(turns < 200000);
        ssize_t put = out < MANY ? tls_fd_write(c.tls, sent + out, MANY - out) : 0;
        waited |= put == -EAGAIN;
        if (put > 0) out += (size_t)put;
        if (put > 0 && !waited) continue; /* fill it first */
        ssize_t read = tls_fd_read(c.tls, got + in, MANY - in);
        assert_true(read > 0 || read == -EAGAIN);
        if (read > 0) in += (size_t)read;
        loop_turn(loop);
    }
    assert_true(waited);
    assert_memory_equal(sent, got, MANY);
    free(sent);
    free(got);
    end(&c);
}

static void the_end_is_told(void **state)
{
    struct client c;
    char byte;
    ssize_t rc = -EAGAIN;
    assert_int_equal(connect_with(&c, server_cert, NULL, NULL), 0);
    assert_int_equal(tls_fd_read(c.tls, &byte, 1), -EAGAIN);
    AWAIT(side_count == 1);
    stream_close(sides[0].s, true, side_on_closed);
    AWAIT((rc = tls_fd_read(c.tls, &byte, 1)) != -EAGAIN);
    assert_int_equal(rc, 0);
    end(&c);
}

static void a_server_that_is_not_believed(void **state)
{
    static const struct {
        const char *ca, *host;
    } rows[] = { { other_cert, NULL }, { server_cert, "another.example" } };
    for (size_t i = 0; i < 2; i++) {
        struct client c;
        struct diag diag = DIAG_INIT;
        assert_int_equal(connect_with(&c, rows[i].ca, rows[i].host, &diag), ERR_CERT);
        assert_non_null(strstr(diag.text, "TLS handshake"));
        end(&c);
    }
}

static void a_peer_that_goes(void **state)
{
    struct client c = { 0 };
    struct diag diag = DIAG_INIT;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(tls_trust_create(&c.trust, slice_str(server_cert), &diag), 0);
    assert_int_equal(tls_fd_create(&c.tls, c.trust, pair[0], NULL, &diag), 0);
    assert_int_equal(tls_fd_handshake(c.tls, &diag), -EAGAIN);
    close(pair[1]);
    assert_int_equal(tls_fd_handshake(c.tls, &diag), ERR_CLOSED);
    c.fd = pair[0];
    end(&c);
}

static void trust_needs_certificates(void **state)
{
    struct tls_trust *trust = NULL;
    struct diag diag = DIAG_INIT;
    assert_int_equal(tls_trust_create(&trust, slice_str("nothing"), &diag), ERR_CERT);
    assert_int_equal(tls_trust_create(&trust, slice_str(""), &diag), ERR_CERT);
    assert_int_equal(tls_trust_create(&trust, slice_str(server_key), &diag), ERR_CERT);
    assert_null(trust);
    tls_trust_destroy(NULL);
    tls_fd_destroy(NULL);
}

int main(void)
{
#define OVER_NET(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        OVER_NET(more_than_the_kernel_takes),       OVER_NET(the_end_is_told),
        OVER_NET(a_server_that_is_not_believed),    cmocka_unit_test(a_peer_that_goes),
        cmocka_unit_test(trust_needs_certificates),
    };
    return cmocka_run_group_tests_name("net_tls_fd", tests, NULL, NULL);
}
