/* Unit tests of sessions that go on: by tickets and by session ids, who may take up what, and for how long. */
#include "tls_fixtures.h"
#include "tls_names.h"
#include "tls_peer.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"
#include "net/tls.h"

#include <sys/socket.h>
#include <unistd.h>

enum { CACHED = 3, LIFETIME_MS = 10000, KEY_MS = 4000 };

static struct worker_lane *lane;
static struct tls_sessions *sessions;
static struct listener *listeners[4];
static size_t listener_count;

static int set_up(void **state)
{
    clock_fake_install();
    net_set_up(state);
    lane = worker_lane_create(loop, "td-tls", 2, 100);
    sessions =
        tls_sessions_create(&(struct tls_sessions_opts){ true, CACHED, LIFETIME_MS, KEY_MS });
    listener_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    for (size_t i = 0; i < listener_count; i++)
        close_listener(listeners[i]);
    worker_lane_destroy(lane);
    int rc = net_tear_down(state);
    tls_sessions_unref(sessions);
    clock_fake_remove();
    return rc;
}

static struct tls_server *server_of(enum tls_client_cert ask, bool rsa)
{
    const struct tls_pair ec_pair = { slice_str(server_cert), slice_str(server_key), NULL, NULL };
    const struct tls_pair rsa_pair = { slice_str(rsa_cert), slice_str(rsa_key), NULL, NULL };
    struct tls_server *server;
    struct tls_server_opts opts = { rsa ? &rsa_pair : &ec_pair, 1, 0, ask, sessions };
    assert_int_equal(tls_server_create(&server, &opts, NULL), 0);
    return server;
}

static uint16_t serve(enum tls_client_cert ask)
{
    struct tls_server *server = server_of(ask, false);
    struct listener *l = open_local(&(struct listener_opts){ .tls = server, .lane = lane });
    tls_server_unref(server);
    listeners[listener_count++] = l;
    return listener_port(l);
}

static const struct tls_peer_opts with_cert = { .cert = client_cert, .key = client_key };

/* A connection that is made and ended; returns whether it took up a session. session may be NULL. */
static bool visit(uint16_t port, const struct tls_peer_opts *opts, mbedtls_ssl_session *ret_session)
{
    struct tls_peer c;
    int count = side_count;
    int64_t resumed = metrics_get(METRIC_TLS_RESUMED);
    tls_peer_init(&c, port, opts);
    assert_int_equal(tls_peer_handshake(&c), 0);
    AWAIT(side_count == count + 1);
    if (ret_session) {
        mbedtls_ssl_session_init(ret_session);
        assert_int_equal(mbedtls_ssl_get_session(&c.ssl, ret_session), 0);
    }
    tls_peer_deinit(&c);
    return metrics_get(METRIC_TLS_RESUMED) > resumed;
}

static bool again(uint16_t port, const struct tls_peer_opts *opts,
                  const mbedtls_ssl_session *session)
{
    struct tls_peer_opts with = *opts;
    with.session = session;
    return visit(port, &with, NULL);
}

static const struct side *last_side(void)
{
    return &sides[side_count - 1];
}

/* ---- who the peer is ---- */

static void the_certificate_comes_with_the_session(bool no_tickets)
{
    struct tls_peer_opts opts = with_cert;
    opts.no_tickets = no_tickets;
    mbedtls_ssl_session session;
    uint16_t port = serve(TLS_CLIENT_REQUIRED);
    assert_false(visit(port, &opts, &session));
    assert_int_equal(session.ticket_len > 0, !no_tickets);
    assert_int_equal(tls_sessions_cached(sessions), no_tickets);
    for (int i = 0; i < 2; i++) {
        struct tls_peer_opts without = { .no_tickets = no_tickets, .session = &session };
        struct tls_peer c;
        tls_peer_init(&c, port, &without);
        assert_int_equal(tls_peer_handshake(&c), 0);
        AWAIT(side_count == i + 2);
        assert_string_equal(last_side()->tls.cert_id, client_cert_id);
        const struct stream_tls *tls = last_side()->s->peer.tls;
        assert_true(tls->cert_der && tls->cert_der_len > 300);
        tls_peer_write(&c, "hello", 5);
        AWAIT(last_side()->got.len == 5);
        tls_peer_deinit(&c);
    }
    assert_int_equal(metrics_get(METRIC_TLS_SESSIONS), no_tickets);
    mbedtls_ssl_session_free(&session);
}

static void a_ticket_has_the_certificate(void **state)
{
    the_certificate_comes_with_the_session(false);
}

static void a_session_in_memory_has_the_certificate(void **state)
{
    the_certificate_comes_with_the_session(true);
}

/* A client that has learnt of tickets since takes up its session by id, and asks for a ticket with it. */
static void a_session_that_goes_on_makes_no_ticket(void **state)
{
    mbedtls_ssl_session by_id, after;
    struct tls_peer_opts opts = with_cert;
    opts.no_tickets = true;
    uint16_t port = serve(TLS_CLIENT_REQUIRED);
    visit(port, &opts, &by_id);
    int64_t resumed = metrics_get(METRIC_TLS_RESUMED);
    visit(port, &(struct tls_peer_opts){ .session = &by_id }, &after);
    assert_int_equal(metrics_get(METRIC_TLS_RESUMED), resumed + 1);
    assert_string_equal(last_side()->tls.cert_id, client_cert_id);
    assert_int_equal(after.ticket_len, 0);
    again(port, &(struct tls_peer_opts){ 0 }, &after);
    assert_string_equal(last_side()->tls.cert_id, client_cert_id);
    mbedtls_ssl_session_free(&by_id);
    mbedtls_ssl_session_free(&after);
}

static void who_had_no_certificate_has_none(void **state)
{
    mbedtls_ssl_session session;
    uint16_t port = serve(TLS_CLIENT_OPTIONAL);
    assert_false(visit(port, &(struct tls_peer_opts){ 0 }, &session));
    assert_true(again(port, &with_cert, &session));
    assert_string_equal(last_side()->tls.cert_id, "");
    mbedtls_ssl_session_free(&session);
}

/* ---- where ---- */

static void a_session_is_for_one_mode_of_client_certificates(void **state)
{
    uint16_t ports[3];
    for (int mode = 0; mode < 3; mode++)
        ports[mode] = serve((enum tls_client_cert)mode);
    for (int i = 0; i < 18; i++) {
        struct tls_peer_opts opts = with_cert;
        mbedtls_ssl_session session;
        int from = i % 3, to = i / 3 % 3;
        opts.no_tickets = i / 9;
        visit(ports[from], &opts, &session);
        assert_int_equal(again(ports[to], &opts, &session), from == to);
        assert_string_equal(last_side()->tls.cert_id, to == TLS_CLIENT_NONE ? "" : client_cert_id);
        mbedtls_ssl_session_free(&session);
    }
}

/* RFC 6066, section 3. */
static void a_session_is_for_one_server_name(void **state)
{
    static const struct {
        const char *first, *then;
        bool resumed;
    } rows[] = {
        { "a.example", "a.example", true },  { "a.example", "A.Example", true },
        { "a.example", "b.example", false }, { "a.example", NULL, false },
        { NULL, "a.example", false },        { NULL, NULL, true },
    };
    uint16_t port = serve(TLS_CLIENT_NONE);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        mbedtls_ssl_session session;
        visit(port, &(struct tls_peer_opts){ .sni = rows[i].first }, &session);
        assert_int_equal(again(port, &(struct tls_peer_opts){ .sni = rows[i].then }, &session),
                         rows[i].resumed);
        assert_string_equal(last_side()->tls.sni, rows[i].then ? rows[i].then : "");
        mbedtls_ssl_session_free(&session);
    }
}

/* RFC 7301, section 3.1: the protocol is agreed on anew. */
static void the_protocol_is_of_the_connection(void **state)
{
    static const char *mqtt[] = { "mqtt", NULL }, *http[] = { "http/1.1", NULL };
    mbedtls_ssl_session session;
    uint16_t port = serve(TLS_CLIENT_NONE);
    visit(port, &(struct tls_peer_opts){ .alpn = mqtt }, &session);
    assert_true(again(port, &(struct tls_peer_opts){ .alpn = http }, &session));
    assert_string_equal(last_side()->tls.alpn, "http/1.1");
    assert_true(again(port, &(struct tls_peer_opts){ 0 }, &session));
    assert_string_equal(last_side()->tls.alpn, "");
    mbedtls_ssl_session_free(&session);
}

/* RFC 7627, section 5.3. */
static void an_extended_master_secret_is_kept_to(void **state)
{
    uint16_t port = serve(TLS_CLIENT_NONE);
    for (int i = 0; i < 4; i++) {
        mbedtls_ssl_session session;
        bool first = i & 1, then = i >> 1;
        visit(port, &(struct tls_peer_opts){ .no_extended_ms = first }, &session);
        assert_int_equal(again(port, &(struct tls_peer_opts){ .no_extended_ms = then }, &session),
                         first == then);
        mbedtls_ssl_session_free(&session);
    }
}

/* RFC 6066, section 4: what was agreed on holds for the session. */
static void a_session_is_for_one_fragment_length(void **state)
{
    static const unsigned char lengths[] = { MBEDTLS_SSL_MAX_FRAG_LEN_NONE,
                                             MBEDTLS_SSL_MAX_FRAG_LEN_512,
                                             MBEDTLS_SSL_MAX_FRAG_LEN_1024 };
    uint16_t port = serve(TLS_CLIENT_NONE);
    for (int i = 0; i < 18; i++) {
        mbedtls_ssl_session session;
        int first = i % 3, then = i / 3 % 3;
        struct tls_peer_opts opts = { .no_tickets = i / 9, .max_fragment = lengths[first] };
        visit(port, &opts, &session);
        opts.max_fragment = lengths[then];
        assert_int_equal(again(port, &opts, &session), first == then);
        mbedtls_ssl_session_free(&session);
    }
}

static void a_reload_keeps_sessions(void **state)
{
    mbedtls_ssl_session session;
    uint16_t port = serve(TLS_CLIENT_OPTIONAL);
    visit(port, &with_cert, &session);
    struct tls_server *same = server_of(TLS_CLIENT_OPTIONAL, false);
    listener_set_tls(listeners[0], same);
    tls_server_unref(same);
    assert_true(again(port, &with_cert, &session));
    assert_string_equal(last_side()->tls.cert_id, client_cert_id);
    mbedtls_ssl_session_free(&session);
}

/* The suite of the session cannot be had any more: a full handshake, in which the client counts as what it shows. */
static void keys_of_another_kind_end_sessions(void **state)
{
    for (int no_tickets = 0; no_tickets < 2; no_tickets++) {
        mbedtls_ssl_session session;
        struct tls_peer_opts opts = with_cert, bare = { 0 };
        opts.no_tickets = bare.no_tickets = no_tickets;
        uint16_t port = serve(TLS_CLIENT_OPTIONAL);
        visit(port, &opts, &session);
        struct tls_server *rsa = server_of(TLS_CLIENT_OPTIONAL, true);
        listener_set_tls(listeners[listener_count - 1], rsa);
        tls_server_unref(rsa);
        assert_false(again(port, &bare, &session));
        assert_string_equal(last_side()->tls.cert_id, "");
        assert_false(again(port, &opts, &session));
        assert_string_equal(last_side()->tls.cert_id, client_cert_id);
        mbedtls_ssl_session_free(&session);
    }
}

/* ---- for how long ---- */

static void a_session_ends_with_its_time(void **state)
{
    for (int no_tickets = 0; no_tickets < 2; no_tickets++) {
        mbedtls_ssl_session session;
        struct tls_peer_opts opts = { .no_tickets = no_tickets };
        uint16_t port = serve(TLS_CLIENT_NONE);
        visit(port, &opts, &session);
        clock_fake_advance(LIFETIME_MS - 1);
        assert_true(again(port, &opts, &session));
        clock_fake_advance(1);
        assert_false(again(port, &opts, &session));
        mbedtls_ssl_session_free(&session);
    }
}

/* Five keys one after the other; each ticket lives on. */
static void keys_change_and_tickets_stay(void **state)
{
    enum { TICKETS = 5 };
    mbedtls_ssl_session tickets[TICKETS];
    const struct tls_peer_opts opts = { 0 };
    uint16_t port = serve(TLS_CLIENT_NONE);
    for (int i = 0; i < TICKETS; i++) {
        visit(port, &opts, &tickets[i]);
        clock_fake_advance(KEY_MS);
        for (int k = 0; k <= i; k++)
            assert_int_equal(again(port, &opts, &tickets[k]), (i - k + 1) * KEY_MS < LIFETIME_MS);
        uint32_t number;
        memcpy(&number, tickets[i].ticket, sizeof number);
        assert_int_equal(__builtin_bswap32(number), i + 1);
    }
    for (int i = 0; i < TICKETS; i++)
        mbedtls_ssl_session_free(&tickets[i]);
}

static void memory_is_bounded(void **state)
{
    mbedtls_ssl_session kept[CACHED + 1];
    const struct tls_peer_opts opts = { .no_tickets = true };
    uint16_t port = serve(TLS_CLIENT_NONE);
    for (int i = 0; i <= CACHED; i++) {
        visit(port, &opts, &kept[i]);
        assert_int_equal(tls_sessions_cached(sessions), i < CACHED ? i + 1 : CACHED);
    }
    for (int i = 1; i <= CACHED; i++)
        assert_true(again(port, &opts, &kept[i]));
    assert_false(again(port, &opts, &kept[0])); /* which keeps a new one */
    assert_false(again(port, &opts, &kept[1]));
    for (int i = 0; i <= CACHED; i++)
        mbedtls_ssl_session_free(&kept[i]);
}

/* ---- what is not ours ---- */

static void a_ticket_that_was_changed_is_no_ticket(void **state)
{
    mbedtls_ssl_session session;
    uint16_t port = serve(TLS_CLIENT_OPTIONAL);
    visit(port, &with_cert, &session);
    for (size_t at = 0; at < session.ticket_len; at += session.ticket_len / 12) {
        session.ticket[at] ^= 1;
        assert_false(again(port, &(struct tls_peer_opts){ 0 }, &session));
        assert_string_equal(last_side()->tls.cert_id, "");
        session.ticket[at] ^= 1;
    }
    size_t len = session.ticket_len;
    for (session.ticket_len = 1; session.ticket_len < 50; session.ticket_len += 12)
        assert_false(again(port, &(struct tls_peer_opts){ 0 }, &session));
    session.ticket_len = len;
    assert_true(again(port, &(struct tls_peer_opts){ 0 }, &session));
    mbedtls_ssl_session_free(&session);
}

static void put_ticket(struct buf *out, const mbedtls_ssl_session *session)
{
    buf_put_u16(out, 35);
    buf_put_u16(out, (uint16_t)session->ticket_len);
    buf_append(out, session->ticket, session->ticket_len);
}

/* With no extended master secret. */
static void put_hello(struct buf *out, int suite, const struct buf *extensions)
{
    size_t body = 2 + 32 + 1 + 4 + 2 + 2 + extensions->len;
    buf_put_u8(out, 22);
    buf_put_u16(out, 0x0301);
    buf_put_u16(out, (uint16_t)(4 + body));
    buf_put_u16(out, 0x0100); /* and the length, of three bytes */
    buf_put_u16(out, (uint16_t)body);
    buf_put_u16(out, 0x0303);
    for (int i = 0; i < 33; i++)
        buf_put_u8(out, 0);
    buf_put_u16(out, 2);
    buf_put_u16(out, (uint16_t)suite);
    buf_put_u16(out, 0x0100);
    buf_put_u16(out, (uint16_t)extensions->len);
    buf_append(out, extensions->data, extensions->len);
}

static void a_hello_with_two_tickets_leaks_nothing(void **state)
{
    struct tls_peer_opts opts = with_cert;
    mbedtls_ssl_session session;
    struct buf extensions = { 0 }, hello = { 0 };
    /* supported_groups: secp256r1; signature_algorithms: ecdsa_secp256r1_sha256 */
    static const uint8_t needed[] = { 0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3 };
    uint8_t answer[5];
    opts.no_extended_ms = true;
    uint16_t port = serve(TLS_CLIENT_OPTIONAL);
    visit(port, &opts, &session);
    buf_append(&extensions, needed, sizeof needed);
    put_ticket(&extensions, &session);
    put_ticket(&extensions, &session);
    put_hello(&hello, session.ciphersuite, &extensions);
    int fd = client_connect(port);
    client_write(fd, hello.data, hello.len);
    AWAIT(recv(fd, answer, sizeof answer, 0) == sizeof answer);
    assert_int_equal(answer[0], 22);
    close(fd);
    buf_deinit(&hello);
    buf_deinit(&extensions);
    mbedtls_ssl_session_free(&session);
}

/* As after a restart. */
static void other_sessions_do_not_know_it(void **state)
{
    mbedtls_ssl_session session;
    visit(serve(TLS_CLIENT_NONE), &(struct tls_peer_opts){ 0 }, &session);
    tls_sessions_unref(sessions);
    sessions =
        tls_sessions_create(&(struct tls_sessions_opts){ true, CACHED, LIFETIME_MS, KEY_MS });
    uint16_t port = serve(TLS_CLIENT_NONE);
    visit(port, &(struct tls_peer_opts){ 0 }, NULL); /* it has a key of the same number now */
    assert_false(again(port, &(struct tls_peer_opts){ 0 }, &session));
    mbedtls_ssl_session_free(&session);
}

static void what_is_turned_off_is_not_offered(void **state)
{
    mbedtls_ssl_session session;
    tls_sessions_unref(sessions);
    sessions = tls_sessions_create(&(struct tls_sessions_opts){ false, 0, LIFETIME_MS, KEY_MS });
    uint16_t port = serve(TLS_CLIENT_NONE);
    visit(port, &(struct tls_peer_opts){ 0 }, &session);
    assert_int_equal(session.ticket_len, 0);
    assert_false(again(port, &(struct tls_peer_opts){ 0 }, &session));
    assert_int_equal(tls_sessions_cached(sessions), 0);
    mbedtls_ssl_session_free(&session);
}

/* Several workers make and take up sessions of both kinds at a time. */
static void workers_share_sessions(void **state)
{
    enum { CLIENTS = 8, ROUNDS = 6 };
    static struct tls_peer clients[CLIENTS];
    mbedtls_ssl_session kept[CLIENTS];
    uint16_t port = serve(TLS_CLIENT_OPTIONAL);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            struct tls_peer_opts opts = with_cert;
            opts.no_tickets = i % 2;
            opts.session = round ? &kept[i] : NULL;
            tls_peer_init(&clients[i], port, &opts);
            tls_peer_shake(&clients[i]);
        }
        for (int i = 0; i < CLIENTS; i++) {
            assert_int_equal(tls_peer_handshake(&clients[i]), 0);
            if (round) mbedtls_ssl_session_free(&kept[i]);
            mbedtls_ssl_session_init(&kept[i]);
            assert_int_equal(mbedtls_ssl_get_session(&clients[i].ssl, &kept[i]), 0);
        }
        AWAIT(side_count == (round + 1) * CLIENTS);
        for (int i = 0; i < CLIENTS; i++)
            tls_peer_deinit(&clients[i]);
        clock_fake_advance(KEY_MS / 3);
    }
    for (int i = 0; i < side_count; i++)
        assert_string_equal(sides[i].tls.cert_id, client_cert_id);
    for (int i = 0; i < CLIENTS; i++)
        mbedtls_ssl_session_free(&kept[i]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_ticket_has_the_certificate),
        T(a_session_in_memory_has_the_certificate),
        T(a_session_that_goes_on_makes_no_ticket),
        T(who_had_no_certificate_has_none),
        T(a_session_is_for_one_mode_of_client_certificates),
        T(a_session_is_for_one_server_name),
        T(the_protocol_is_of_the_connection),
        T(an_extended_master_secret_is_kept_to),
        T(a_session_is_for_one_fragment_length),
        T(a_reload_keeps_sessions),
        T(keys_of_another_kind_end_sessions),
        T(a_session_ends_with_its_time),
        T(keys_change_and_tickets_stay),
        T(memory_is_bounded),
        T(a_ticket_that_was_changed_is_no_ticket),
        T(a_hello_with_two_tickets_leaks_nothing),
        T(other_sessions_do_not_know_it),
        T(what_is_turned_off_is_not_offered),
        T(workers_share_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
