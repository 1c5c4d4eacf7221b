/* Unit tests of the client side of TLS, against our own listener: whom it trusts and whom it refuses, and
 * bytes in both directions through a socket that is full at times. The certificates are made here, by a CA
 * of the test. */
#include "net_tests.h"
#include "tls_fixtures.h"

#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "net/tls.h"
#include "net/tls_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct worker_lane *lane;
static struct listener *listener;
static char *ca_cert, *ca_key;
static int fd;
static struct tls_client *client;
static struct tls_call *call;

static int make_ca(void **state)
{
    return crypto_init() |
           x509_ca_create(KEY_EC_P256, "test CA", NULL, 10, &ca_cert, &ca_key, NULL);
}

static int free_ca(void **state)
{
    free(ca_cert);
    crypto_free_secret(ca_key);
    return 0;
}

static int set_up(void **state)
{
    net_set_up(state);
    log_capture();
    sides_echo = true;
    lane = worker_lane_create(loop, "td-tls", 2, 100);
    listener = NULL;
    client = NULL;
    call = NULL;
    fd = -1;
    return 0;
}

static int tear_down(void **state)
{
    tls_call_destroy(call);
    tls_client_destroy(client);
    if (fd >= 0) close(fd);
    if (listener) close_listener(listener);
    worker_lane_destroy(lane);
    return net_tear_down(state);
}

/* The key is that of the fixtures. Returns owned. */
static char *issue(const char *const *names, size_t count)
{
    struct diag diag = DIAG_INIT;
    char *cert = NULL;
    int rc = x509_issue(&(struct x509_issue_opts){ .issuer_cert = slice_str(ca_cert),
                                                   .issuer_key_pem = slice_str(ca_key),
                                                   .subject_key_pem = slice_str(server_key),
                                                   .common_name = "server",
                                                   .names = names,
                                                   .name_count = count,
                                                   .days = 10,
                                                   .usage = X509_USE_SERVER | X509_USE_CLIENT },
                        &cert, &diag);
    if (rc < 0) fail_msg("%s", diag.text);
    return cert;
}

static uint16_t serve(const char *cert, const char *key, enum tls_client_cert ask)
{
    struct diag diag = DIAG_INIT;
    struct tls_server *server;
    struct tls_pair pair = { slice_str(cert), slice_str(key), NULL, NULL };
    struct tls_server_opts opts = { .pairs = &pair, .pair_count = 1, .client_cert = ask };
    int rc = tls_server_create(&server, &opts, &diag);
    if (rc < 0) fail_msg("%s", diag.text);
    listener = open_local(&(struct listener_opts){ .tls = server, .lane = lane });
    tls_server_unref(server);
    return listener_port(listener);
}

static uint16_t serve_names(const char *const *names, size_t count)
{
    char *cert = issue(names, count);
    uint16_t port = serve(cert, server_key, TLS_CLIENT_OPTIONAL);
    free(cert);
    return port;
}

static struct tls_client_opts trusting(const char *host)
{
    return (struct tls_client_opts){ .ca_pem = slice_str(ca_cert), .host = host };
}

/* 0 or the error of the whole handshake. */
static int call_again(uint16_t port, struct diag *diag)
{
    tls_call_destroy(call);
    call = NULL;
    if (fd >= 0) close(fd);
    fd = client_connect(port);
    AWAIT(poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 0) == 1);
    int rc = tls_call_create(&call, client, fd, diag);
    while (rc == 0) {
        rc = tls_call_handshake(call, diag);
        if (rc != -EAGAIN) return rc;
        const short events = tls_call_events(call);
        assert_true(events == POLLIN || events == POLLOUT);
        loop_turn_wait(loop, 2);
        rc = 0;
    }
    return rc;
}

static int shake(uint16_t port, const struct tls_client_opts *opts, struct diag *diag)
{
    tls_call_destroy(call);
    tls_client_destroy(client);
    call = NULL;
    client = NULL;
    int rc = tls_client_create(&client, opts, diag);
    return rc < 0 ? rc : call_again(port, diag);
}

/* ---- whom it trusts ---- */

static void names_and_addresses(void **state)
{
    static const char *const names[] = { "hub.example", "*.lamps.example", "192.0.2.7",
                                         "2001:db8::1" };
    static const struct {
        const char *host;
        bool any;
        const char *why; /* NULL: trusted */
    } cases[] = {
        { "hub.example", false, NULL },
        { "HUB.example", false, NULL },
        { "a.lamps.example", false, NULL },
        { "192.0.2.7", false, NULL },
        { "2001:db8::1", false, NULL },
        { "2001:0DB8:0::1", false, NULL },
        { "other.example", false, "the server's certificate is not made for 'other.example'" },
        { "server", false, "the server's certificate is not made for 'server'" },
        { "192.0.2.8", false, "the server's certificate is not made for '192.0.2.8'" },
        { "2001:db8::2", false, "the server's certificate is not made for '2001:db8::2'" },
        { "other.example", true, NULL },
        { "192.0.2.8", true, NULL },
    };
    uint16_t port = serve_names(names, ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        struct tls_client_opts opts = trusting(cases[i].host);
        opts.any_host = cases[i].any;
        int rc = shake(port, &opts, &diag);
        if (rc != (cases[i].why ? ERR_CERT : 0)) fail_msg("%s: %d %s", opts.host, rc, diag.text);
        assert_string_equal(diag.text, cases[i].why ? cases[i].why : "");
    }
}

/* Another host may be excused, another CA may not. */
static void a_foreign_ca(void **state)
{
    static const char *const names[] = { "localhost" };
    uint16_t port = serve_names(names, 1);
    for (int any = 0; any < 2; any++) {
        struct diag diag = DIAG_INIT;
        struct tls_client_opts opts = trusting("localhost");
        opts.ca_pem = slice_str(other_cert);
        opts.any_host = any;
        assert_int_equal(shake(port, &opts, &diag), ERR_CERT);
        assert_non_null(strstr(diag.text, "not correctly signed by the trusted CA"));
    }
    char *both = xasprintf("%s%s", other_cert, ca_cert);
    struct tls_client_opts opts = trusting("localhost");
    opts.ca_pem = slice_str(both);
    assert_int_equal(shake(port, &opts, NULL), 0);
    free(both);
}

static void one_client_calls_often(void **state)
{
    static const char *const names[] = { "localhost" };
    uint16_t port = serve_names(names, 1);
    struct tls_client_opts opts = trusting("localhost");
    assert_int_equal(shake(port, &opts, NULL), 0);
    struct tls_call *first = call;
    int first_fd = fd;
    call = NULL;
    fd = -1;
    assert_int_equal(call_again(port, NULL), 0);
    AWAIT(side_count == 2);
    struct tls_call *const both[] = { first, call };
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        char byte = 0;
        assert_int_equal(tls_call_write(both[i], &"ab"[i], 1, NULL), 1);
        AWAIT(tls_call_read(both[i], &byte, 1, NULL) == 1);
        assert_int_equal(byte, "ab"[i]);
    }
    tls_call_destroy(first);
    close(first_fd);
}

static void its_own_certificate(void **state)
{
    char *cert = issue(NULL, 0);
    static const char *const names[] = { "localhost" };
    char *server = issue(names, 1);
    uint16_t port = serve(server, server_key, TLS_CLIENT_REQUIRED);
    struct diag diag = DIAG_INIT;
    struct tls_client_opts opts = trusting("localhost");
    assert_true(shake(port, &opts, &diag) < 0);
    opts.cert_chain_pem = slice_str(cert);
    opts.key_pem = slice_str(server_key);
    int rc = shake(port, &opts, &diag);
    if (rc < 0) fail_msg("%s", diag.text);
    AWAIT(side_count == 1);
    char id[X509_ID_LEN];
    struct buf der = { 0 };
    assert_int_equal(x509_pem_to_der(slice_str(cert), &der, NULL), 0);
    x509_der_id(buf_slice(&der), id);
    assert_string_equal(sides[0].tls.cert_id, id);
    buf_deinit(&der);
    free(server);
    free(cert);
}

static void unreadable_files_are_told(void **state)
{
    static const struct {
        const char *ca, *cert, *key;
        int rc;
        const char *why;
    } cases[] = {
        { "", "", "", ERR_CERT, "the CA's certificate: " },
        { "x", "", "", ERR_CERT, "the CA's certificate: " },
        { server_key, "", "", ERR_CERT, "the CA's certificate: " },
        { NULL, "x", "x", ERR_CERT, "the client certificate: " },
        { NULL, client_cert, "x", ERR_CRYPTO, "the private key: " },
        { NULL, client_cert, rsa_key, ERR_CERT, "the private key does not belong" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        struct tls_client_opts opts = trusting("localhost");
        if (cases[i].ca) opts.ca_pem = slice_str(cases[i].ca);
        opts.cert_chain_pem = slice_str(cases[i].cert);
        opts.key_pem = slice_str(cases[i].key);
        assert_int_equal(tls_client_create(&client, &opts, &diag), cases[i].rc);
        if (!strstr(diag.text, cases[i].why)) fail_msg("%zu: %s", i, diag.text);
    }
}

static void a_protocol_is_asked_for(void **state)
{
    static const char *const names[] = { "localhost" };
    uint16_t port = serve_names(names, 1);
    struct tls_client_opts opts = trusting("localhost");
    opts.alpn = "x-amzn-mqtt-ca";
    assert_int_equal(shake(port, &opts, NULL), 0);
    AWAIT(side_count == 1);
    assert_string_equal(sides[0].tls.alpn, "x-amzn-mqtt-ca");
    assert_string_equal(sides[0].tls.sni, "localhost");
    opts.host = "192.0.2.1"; /* an address is no server name */
    opts.any_host = true;
    assert_int_equal(shake(port, &opts, NULL), 0);
    AWAIT(side_count == 2);
    assert_string_equal(sides[1].tls.sni, "");
}

/* ---- bytes ---- */

/* Writes more than the socket takes, growing what it offers while it waits, as a buffer does. */
static void a_full_socket_loses_nothing(void **state)
{
    enum { SIZE = 4 << 20 };
    static const char *const names[] = { "localhost" };
    uint8_t *sent = xmalloc(SIZE), *got = xmalloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        sent[i] = (uint8_t)(i * 31 + i / 251);
    uint16_t port = serve_names(names, 1);
    struct tls_client_opts opts = trusting("localhost");
    assert_int_equal(shake(port, &opts, NULL), 0);
    size_t out = 0, in = 0, offered = 100, full = 0;
    for (int idle = 0; in < SIZE; idle++) {
        assert_true(idle < 5000);
        ssize_t n = out < SIZE ? tls_call_write(call, sent + out, offered, NULL) : -EAGAIN;
        if (n > 0) out += (size_t)n;
        bool blocked = out < SIZE && n == -EAGAIN;
        full += blocked;
        offered = blocked ? offered + 1000 : 100 + out % 3000;
        if (offered > SIZE - out) offered = SIZE - out;
        if (!blocked && out < SIZE) {
            idle = 0;
            continue;
        }
        n = tls_call_read(call, got + in, SIZE - in, NULL);
        assert_true(n > 0 || n == -EAGAIN);
        if (n > 0) in += (size_t)n;
        if (n > 0) idle = 0;
        loop_turn_wait(loop, 1);
    }
    assert_true(full > 0);
    assert_memory_equal(sent, got, SIZE);
    free(sent);
    free(got);
}

static void the_end_is_seen(void **state)
{
    static const char *const names[] = { "localhost" };
    char byte;
    uint16_t port = serve_names(names, 1);
    struct tls_client_opts opts = trusting("localhost");
    assert_int_equal(shake(port, &opts, NULL), 0);
    AWAIT(side_count == 1);
    assert_int_equal(tls_call_read(call, &byte, 1, NULL), -EAGAIN);
    assert_false(tls_call_pending(call));
    stream_close(sides[0].s, true, side_on_closed);
    ssize_t n = -EAGAIN;
    AWAIT((n = tls_call_read(call, &byte, 1, NULL)) != -EAGAIN);
    assert_int_equal(n, 0);
}

static void bytes_that_wait_inside_are_told(void **state)
{
    static const char *const names[] = { "localhost" };
    char bytes[4];
    uint16_t port = serve_names(names, 1);
    struct tls_client_opts opts = trusting("localhost");
    assert_int_equal(shake(port, &opts, NULL), 0);
    assert_int_equal(tls_call_write(call, "abcd", 4, NULL), 4);
    AWAIT(tls_call_read(call, bytes, 1, NULL) == 1);
    assert_true(tls_call_pending(call));
    assert_int_equal(tls_call_read(call, bytes + 1, 3, NULL), 3);
    assert_false(tls_call_pending(call));
    assert_memory_equal(bytes, "abcd", 4);
    tls_call_close(call);
    AWAIT(sides[0].ends == 1);
    assert_int_equal(sides[0].end_rc, 0);
}

static void a_server_that_goes_during_the_handshake(void **state)
{
    struct diag diag = DIAG_INIT;
    struct tls_client_opts opts = trusting("localhost");
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    fd = pair[0];
    assert_int_equal(tls_client_create(&client, &opts, NULL), 0);
    assert_int_equal(tls_call_create(&call, client, fd, NULL), 0);
    assert_int_equal(tls_call_handshake(call, NULL), -EAGAIN);
    assert_int_equal(tls_call_events(call), POLLIN);
    close(pair[1]);
    assert_int_equal(tls_call_handshake(call, &diag), ERR_CLOSED);
    assert_string_equal(diag.text, "the server ended the connection during the handshake");
}

static void a_server_that_speaks_no_tls(void **state)
{
    struct diag diag = DIAG_INIT;
    struct tls_client_opts opts = trusting("localhost");
    listener = open_local(NULL);
    assert_true(shake(listener_port(listener), &opts, &diag) < 0);
    assert_true(diag.text[0]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(names_and_addresses),
        T(a_foreign_ca),
        T(one_client_calls_often),
        T(its_own_certificate),
        T(unreadable_files_are_told),
        T(a_protocol_is_asked_for),
        T(a_full_socket_loses_nothing),
        T(the_end_is_seen),
        T(bytes_that_wait_inside_are_told),
        T(a_server_that_goes_during_the_handshake),
        T(a_server_that_speaks_no_tls),
    };
    return cmocka_run_group_tests(tests, make_ca, free_ca);
}
