/* Unit tests of answers in pieces and of upgrades, over a pair of streams in memory. Principals are faked: only
 * their references matter here. */
#include "lib/test.h"

#include "auth/principal.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "conn/http_conn.h"
#include "http/request.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"
#include "lib/stream_pair.h"
#include "loop/loop.h"

static struct loop *loop;
static struct http_server *server;
static struct principal who;

struct principal *principal_ref(struct principal *principal)
{
    principal->refs++;
    return principal;
}

void principal_unref(struct principal *principal)
{
    if (principal) principal->refs--;
}

/* ---- the handler: "/begin" is answered in pieces, "/accept" is granted, others get their path ---- */

static struct http_exchange *open_one;
static int drained, gone;

static void on_drained(void *arg)
{
    assert_ptr_equal(arg, &open_one);
    drained++;
}

static void on_gone(void *arg)
{
    assert_ptr_equal(arg, &open_one);
    gone++;
    open_one = NULL;
}

static const struct http_body_cbs body_cbs = { on_drained, on_gone };

static void handle(void *arg, struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;
    struct http_header_out header = { "x-test", "1" };
    if (slice_eq_str(request->path, "/begin")) {
        if (http_begin(exchange, 200, "text/plain", &header, 1, &body_cbs, &open_one))
            open_one = exchange;
    } else if (slice_eq_str(request->path, "/later")) {
        open_one = exchange;
    } else if (slice_eq_str(request->path, "/accept")) {
        http_accept(exchange, principal_ref(&who));
    } else {
        http_respond(exchange, 200, "text/plain", request->path, NULL, 0);
    }
}

/* ---- who takes connections over ---- */

static struct {
    struct stream *s;
    struct principal *principal;
    struct buf got;
    int closes;
} taken;

static size_t taken_read(struct stream *s, const uint8_t *data, size_t len)
{
    buf_append(&taken.got, data, len);
    return len;
}

static void taken_closed(struct stream *s)
{
    taken.closes++;
}

static const struct stream_cbs taken_cbs = { .on_read = taken_read };

static void on_upgraded(void *arg, struct stream *stream, struct principal *principal)
{
    assert_ptr_equal(arg, &taken);
    taken.s = stream;
    taken.principal = principal;
    stream->cbs = &taken_cbs;
    stream_resume(stream);
}

/* ---- the client ---- */

static struct {
    struct stream *s;
    struct buf got;
    bool ended;
} client;

static struct stream *server_end;

static size_t client_read(struct stream *s, const uint8_t *data, size_t len)
{
    buf_append(&client.got, data, len);
    return len;
}

static void client_end(struct stream *s, int rc)
{
    client.ended = true;
}

static const struct stream_cbs client_cbs = { .on_read = client_read, .on_end = client_end };

static void quiet(void)
{
    for (int i = 0; loop_turn(loop); i++)
        assert_true(i < 100000);
}

static void say_bytes(const char *bytes, size_t len)
{
    stream_write(client.s, bytes, len);
    quiet();
}

static void say(const char *text)
{
    say_bytes(text, strlen(text));
}

static bool got(const char *text)
{
    return strstr(buf_str(&client.got), text) != NULL;
}

static void no_line(const char *line, size_t len)
{
}

static int set_up(void **state)
{
    static const struct http_server_opts opts = { .max_body = 1000,
                                                  .header_timeout_ms = 10000,
                                                  .body_timeout_ms = 30000,
                                                  .idle_timeout_ms = 60000,
                                                  .handler = handle };
    clock_fake_install();
    rand_fake_install(5);
    log_set_sink(no_line);
    loop_create(&loop, NULL);
    server = http_server_create(loop, &opts);
    http_server_on_upgraded(server, on_upgraded, &taken);
    memset(&client, 0, sizeof client);
    memset(&taken, 0, sizeof taken);
    open_one = NULL;
    drained = gone = 0;
    stream_pair_create(loop, &client.s, &server_end);
    client.s->cbs = &client_cbs;
    http_conn_start(server, server_end, principal_ref(&who));
    return 0;
}

static int tear_down(void **state)
{
    if (client.s) stream_close(client.s, false, NULL);
    if (taken.s) {
        stream_close(taken.s, false, taken_closed);
        principal_unref(taken.principal);
    }
    quiet();
    http_server_close_all(server);
    quiet();
    clock_fake_advance(10000);
    quiet();
    assert_int_equal(http_server_count(server), 0);
    assert_int_equal(who.refs, 0);
    http_server_destroy(server);
    buf_deinit(&client.got);
    buf_deinit(&taken.got);
    loop_destroy(loop);
    log_set_sink(NULL);
    rand_fake_remove();
    clock_fake_remove();
    return 0;
}

#define HOST " HTTP/1.1\r\nHost: h\r\n"

/* ---- answers in pieces ---- */

static void pieces_leave_as_chunks(void **state)
{
    say("GET /begin" HOST "\r\n");
    assert_true(got("HTTP/1.1 200 OK\r\n") && got("Transfer-Encoding: chunked\r\n"));
    assert_true(got("x-test: 1\r\n") && got("Connection: keep-alive\r\n"));
    assert_false(got("Content-Length"));
    buf_clear(&client.got);
    http_write(open_one, "hello", 5);
    http_write(open_one, "", 0);
    assert_int_equal(http_pending(open_one), 10);
    quiet();
    assert_string_equal(buf_str(&client.got), "5\r\nhello\r\n");
    assert_int_equal(http_pending(open_one), 0);
    http_end(open_one);
    quiet();
    assert_string_equal(buf_str(&client.got), "5\r\nhello\r\n0\r\n\r\n");
    buf_clear(&client.got);
    say("GET /next" HOST "\r\n");
    assert_true(got("/next"));
    assert_int_equal(gone, 0);
}

static void a_shared_piece_is_one_chunk_with_its_head(void **state)
{
    enum { LONG = 3000 };
    struct chunk *tail = chunk_create(LONG), *nothing = chunk_create(0);
    char size[16];
    memset(tail->data, 'x', LONG);
    say("GET /begin" HOST "\r\n");
    buf_clear(&client.got);
    http_write_shared(open_one, SLICE_LIT("id: 1\n"), tail);
    http_write_shared(open_one, SLICE_LIT(""), nothing);
    assert_int_equal(tail->refs, 2);
    quiet();
    assert_int_equal(tail->refs, 1);
    int len = snprintf(size, sizeof size, "%x\r\nid: 1\n", LONG + 6);
    assert_int_equal(client.got.len, (size_t)len + LONG + 2);
    assert_memory_equal(client.got.data, size, (size_t)len);
    assert_memory_equal(client.got.data + len, tail->data, LONG);
    http_end(open_one);
    quiet();
    assert_true(got("x\r\n0\r\n\r\n"));
    chunk_unref(tail);
    chunk_unref(nothing);
}

static void requests_behind_wait_for_the_end(void **state)
{
    say("GET /begin" HOST "\r\nGET /next" HOST "\r\n");
    http_write(open_one, "a", 1);
    quiet();
    assert_false(got("/next"));
    http_end(open_one);
    quiet();
    assert_true(got("1\r\na\r\n0\r\n\r\nHTTP/1.1 200 OK"));
    assert_true(got("/next"));
}

static void http_1_0_ends_with_the_connection(void **state)
{
    say("GET /begin HTTP/1.0\r\n\r\n");
    assert_true(got("Connection: close\r\n"));
    assert_false(got("chunked"));
    http_write(open_one, "abc", 3);
    http_end(open_one);
    quiet();
    assert_true(got("\r\n\r\nabc"));
    assert_true(client.ended);
}

static void head_has_no_pieces(void **state)
{
    say("HEAD /begin" HOST "\r\n");
    assert_null(open_one);
    assert_true(got("Transfer-Encoding: chunked\r\n"));
    buf_clear(&client.got);
    say("GET /next" HOST "\r\n");
    assert_int_equal(strncmp(buf_str(&client.got), "HTTP/1.1 200", 12), 0);
}

static void a_close_that_was_asked_for_comes_at_the_end(void **state)
{
    say("GET /begin" HOST "Connection: close\r\n\r\n");
    http_write(open_one, "abc", 3);
    quiet();
    assert_false(client.ended);
    http_end(open_one);
    quiet();
    assert_true(client.ended);
}

static void the_handler_hears_when_all_has_left(void **state)
{
    char piece[5000];
    memset(piece, 'x', sizeof piece);
    say("GET /begin" HOST "\r\n");
    stream_pair_set_window(server_end, 100);
    stream_pause(client.s);
    for (int i = 0; i < 20; i++)
        http_write(open_one, piece, sizeof piece);
    quiet();
    assert_true(http_pending(open_one) > 90000);
    int before = drained;
    stream_resume(client.s);
    quiet();
    assert_int_equal(http_pending(open_one), 0);
    assert_int_equal(drained, before + 1);
    http_end(open_one);
    quiet();
    assert_true(got("0\r\n\r\n"));
}

static void the_handler_hears_that_the_peer_is_gone(void **state)
{
    say("GET /begin" HOST "\r\n");
    http_write(open_one, "abc", 3);
    stream_close(client.s, false, NULL);
    client.s = NULL;
    quiet();
    assert_int_equal(gone, 1);
}

static void an_end_may_come_after_the_peer_has_gone(void **state)
{
    say("GET /begin" HOST "\r\n");
    http_server_close_all(server);
    assert_int_equal(gone, 0);
    http_write(open_one, "abc", 3);
    assert_int_equal(http_pending(open_one), 0);
    assert_null(open_one->peer);
    http_end(open_one);
    quiet();
    assert_int_equal(gone, 0);
}

static void begun_after_the_peer_has_gone(void **state)
{
    say("GET /later" HOST "\r\n");
    stream_close(client.s, false, NULL);
    client.s = NULL;
    http_server_close_all(server);
    quiet();
    assert_false(http_begin(open_one, 200, "text/plain", NULL, 0, &body_cbs, &open_one));
}

/* A peer that has ended its side before the answer began is heard of no more by reading. */
static void begun_after_the_peer_has_ended(void **state)
{
    say("GET /later" HOST "\r\n");
    stream_close(client.s, false, NULL);
    client.s = NULL;
    quiet();
    assert_false(http_begin(open_one, 200, NULL, NULL, 0, &body_cbs, &open_one));
    quiet();
    assert_int_equal(http_server_count(server), 0);
}

/* Bytes of a next request do not hide the end behind them. */
static void the_end_is_heard_behind_the_next_request(void **state)
{
    for (int late = 0; late < 2; late++) {
        if (late) {
            tear_down(state);
            set_up(state);
        }
        if (late) say("GET /begin" HOST "\r\n");
        say(late ? "GET /next" : "GET /begin" HOST "\r\nGET /next");
        http_write(open_one, "abc", 3);
        stream_close(client.s, false, NULL);
        client.s = NULL;
        quiet();
        if (open_one) http_write(open_one, "def", 3);
        quiet();
        assert_int_equal(gone, 1);
        assert_int_equal(http_server_count(server), 0);
    }
}

static void shutdown_ends_the_body_well(void **state)
{
    say("GET /begin" HOST "\r\n");
    http_write(open_one, "abc", 3);
    http_server_drain(server);
    quiet();
    assert_int_equal(gone, 1);
    assert_true(got("3\r\nabc\r\n0\r\n\r\n"));
    assert_true(client.ended);
}

/* ---- upgrades ---- */

#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"

static void an_upgrade_hands_the_connection_over(void **state)
{
    static const char request[] =
        "GET /accept" HOST UPGRADE KEY VERSION "Sec-WebSocket-Protocol: chat, mqtt\r\n\r\n\x82\x01"
        "bytes";
    say_bytes(request, sizeof request - 1);
    assert_true(got("HTTP/1.1 101 Switching Protocols\r\n"));
    assert_true(got("Upgrade: websocket\r\n") && got("Connection: Upgrade\r\n"));
    assert_true(got("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")); /* RFC 6455, 1.3 */
    assert_true(got("Sec-WebSocket-Protocol: mqtt\r\n"));
    assert_false(got("Content-"));
    assert_ptr_equal(taken.s, server_end);
    assert_ptr_equal(taken.principal, &who);
    assert_int_equal(http_server_count(server), 0);
    assert_string_equal(buf_str(&taken.got), "\x82\x01"
                                             "bytes");
    say("more");
    assert_string_equal(buf_str(&taken.got), "\x82\x01"
                                             "bytesmore");
    clock_fake_advance(100000); /* no timer of HTTP is left */
    quiet();
    assert_false(client.ended);
}

static void the_subprotocol_is_the_first_of_ours(void **state)
{
    static const struct {
        const char *headers, *answer;
    } cases[] = {
        { "", NULL },
        { "Sec-WebSocket-Protocol: mqtt\r\n", "mqtt" },
        { "Sec-WebSocket-Protocol: mqttv3.1\r\n", "mqttv3.1" },
        { "Sec-WebSocket-Protocol: mqttv3.1.1\r\n", "mqttv3.1.1" },
        { "Sec-WebSocket-Protocol: chat,mqttv3.1 , mqtt\r\n", "mqttv3.1" },
        { "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: mqtt\r\n", "mqtt" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[400], line[64] = "Sec-WebSocket-Protocol: ";
        if (i) {
            tear_down(state);
            set_up(state);
        }
        snprintf(text, sizeof text, "GET /accept" HOST UPGRADE KEY VERSION "%s\r\n",
                 cases[i].headers);
        say(text);
        assert_true(got("HTTP/1.1 101 "));
        if (cases[i].answer) snprintf(line, sizeof line, "Protocol: %s\r\n", cases[i].answer);
        assert_true(got(line) == (cases[i].answer != NULL));
    }
}

static void what_is_no_handshake_of_ours_is_refused(void **state)
{
    static const struct {
        const char *headers, *status, *why;
    } cases[] = {
        { KEY "Sec-WebSocket-Version: 12\r\n", "426", "version" },
        { KEY "Sec-WebSocket-Version: 13, 8\r\n", "426", "version" },
        { KEY VERSION VERSION, "426", "version" },
        { KEY, "426", "version" },
        { VERSION, "400", "Key" },
        { VERSION KEY KEY, "400", "Key" },
        { VERSION "Sec-WebSocket-Key: \r\n", "400", "Key" },
        { VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", "400", "Key" },
        { VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", "400", "Key" },
        { VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=\r\n", "400", "Key" },
        { VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ===\r\n", "400", "Key" },
        { VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub2*jZQ==\r\n", "400", "Key" },
        { KEY VERSION "Sec-WebSocket-Protocol: chat\r\n", "400", "subprotocol" },
        { KEY VERSION "Sec-WebSocket-Protocol: MQTT\r\n", "400", "subprotocol" },
        { KEY VERSION "Sec-WebSocket-Protocol: mqttv5\r\n", "400", "subprotocol" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[400], line[32];
        if (i) {
            tear_down(state);
            set_up(state);
        }
        snprintf(text, sizeof text, "GET /accept" HOST UPGRADE "%s\r\n", cases[i].headers);
        say(text);
        snprintf(line, sizeof line, "HTTP/1.1 %s ", cases[i].status);
        if (!got(line) || !got(cases[i].why)) fail_msg("%s: %s", text, buf_str(&client.got));
        /* RFC 9110, section 15.5.22 */
        assert_int_equal(got("\r\nUpgrade: websocket\r\n"), strcmp(cases[i].status, "426") == 0);
        assert_int_equal(got("Sec-WebSocket-Version: 13\r\n"), cases[i].status[1] == '2');
        assert_null(taken.s);
        assert_true(client.ended); /* it may go on in the other protocol */
    }
}

static void no_upgrade_while_the_server_drains(void **state)
{
    say("GET /later" HOST UPGRADE KEY VERSION "\r\n");
    http_server_drain(server);
    http_accept(open_one, NULL);
    quiet();
    assert_true(got("HTTP/1.1 503 "));
    assert_true(got("x-amzn-ErrorType: ServiceUnavailableException\r\n"));
    assert_null(taken.s);
}

static void an_upgrade_of_nobody_that_is_left(void **state)
{
    say("GET /later" HOST UPGRADE KEY VERSION "\r\n");
    http_accept(open_one, principal_ref(&who));
    http_server_close_all(server);
    quiet();
    assert_null(taken.s);
}

static void an_upgrade_after_the_peer_has_ended(void **state)
{
    say("GET /later" HOST UPGRADE KEY VERSION "\r\n");
    stream_close(client.s, false, NULL);
    client.s = NULL;
    quiet();
    http_accept(open_one, NULL);
    quiet();
    assert_null(taken.s);
    assert_int_equal(http_server_count(server), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(pieces_leave_as_chunks),
        T(a_shared_piece_is_one_chunk_with_its_head),
        T(requests_behind_wait_for_the_end),
        T(http_1_0_ends_with_the_connection),
        T(head_has_no_pieces),
        T(a_close_that_was_asked_for_comes_at_the_end),
        T(the_handler_hears_when_all_has_left),
        T(the_handler_hears_that_the_peer_is_gone),
        T(an_end_may_come_after_the_peer_has_gone),
        T(begun_after_the_peer_has_gone),
        T(begun_after_the_peer_has_ended),
        T(an_upgrade_after_the_peer_has_ended),
        T(the_end_is_heard_behind_the_next_request),
        T(shutdown_ends_the_body_well),
        T(an_upgrade_hands_the_connection_over),
        T(the_subprotocol_is_the_first_of_ours),
        T(what_is_no_handshake_of_ours_is_refused),
        T(no_upgrade_while_the_server_drains),
        T(an_upgrade_of_nobody_that_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
