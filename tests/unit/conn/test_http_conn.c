/* Unit tests of HTTP connections over a pair of streams in memory: requests, pipelines, time-outs, ends.
 * Principals are faked: only their references matter here. */
#include "lib/test.h"

#include "auth/principal.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "conn/http_conn.h"
#include "http/request.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"
#include "lib/stream_pair.h"
#include "loop/loop.h"

enum { HEADER_MS = 10000, BODY_MS = 30000, IDLE_MS = 60000, MOST = 64 };

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

/* ---- the handler ---- */

static struct http_exchange *pending[MOST];
static size_t pending_count, handled;
static bool at_once;
static struct buf seen; /* "METHOD path body;" of every request */
static size_t answer_size;

static void answer(struct http_exchange *exchange)
{
    struct buf body = { 0 };
    buf_printf(&body, "<%.*s>", (int)exchange->request->path.len, exchange->request->path.ptr);
    while (body.len < answer_size)
        buf_putc(&body, 'x');
    struct http_header_out header = { "x-test", exchange->request_id };
    http_respond(exchange, 200, "text/plain", buf_slice(&body), &header, 1);
    buf_deinit(&body);
}

static void handle(void *arg, struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;
    assert_ptr_equal(arg, &seen);
    assert_non_null(exchange->peer);
    assert_ptr_equal(exchange->transport, &who);
    assert_int_equal(strlen(exchange->request_id), 36);
    handled++;
    buf_printf(&seen, "%s %.*s %.*s;", http_method_name(request->method), (int)request->path.len,
               request->path.ptr, (int)request->body.len, request->body.ptr);
    if (at_once)
        answer(exchange);
    else
        pending[pending_count++] = exchange;
}

static void answer_next(void)
{
    struct http_exchange *first = pending[0];
    memmove(pending, pending + 1, --pending_count * sizeof *pending);
    answer(first);
}

/* ---- the client ---- */

struct client {
    struct stream *s;
    struct buf got;
    bool ended;
    bool deaf;
};

static struct client client;

static size_t client_read(struct stream *s, const uint8_t *data, size_t len)
{
    buf_append(&((struct client *)s->owner)->got, data, len);
    return len;
}

static void client_end(struct stream *s, int rc)
{
    ((struct client *)s->owner)->ended = true;
}

static void client_closed(struct stream *s)
{
    ((struct client *)s->owner)->s = NULL;
}

static const struct stream_cbs client_cbs = { .on_read = client_read, .on_end = client_end };

static void quiet(void)
{
    for (int i = 0; loop_turn(loop); i++)
        assert_true(i < 100000);
}

static struct stream *server_end;

static void join(void)
{
    stream_pair_create(loop, &client.s, &server_end);
    client.s->owner = &client;
    client.s->cbs = &client_cbs;
    buf_clear(&client.got);
    client.ended = false;
    http_conn_start(server, server_end, principal_ref(&who));
}

static void hang_up(void)
{
    if (client.s) stream_close(client.s, true, client_closed);
    quiet();
}

static void say(const char *text)
{
    stream_write(client.s, text, strlen(text));
    quiet();
}

static void advance(int64_t ms)
{
    clock_fake_advance(ms);
    quiet();
}

static size_t times(const char *needle)
{
    size_t count = 0;
    for (const char *at = buf_str(&client.got); (at = strstr(at, needle)); at++)
        count++;
    return count;
}

#define EXPECT_GOT(text)                                            \
    do {                                                            \
        if (!strstr(buf_str(&client.got), text))                    \
            fail_msg("no '%s' in: %s", text, buf_str(&client.got)); \
    } while (0)

static void start_server(size_t max_body)
{
    server = http_server_create(loop, &(struct http_server_opts){ .max_body = max_body,
                                                                  .max_header = 2048,
                                                                  .header_timeout_ms = HEADER_MS,
                                                                  .body_timeout_ms = BODY_MS,
                                                                  .idle_timeout_ms = IDLE_MS,
                                                                  .handler = handle,
                                                                  .arg = &seen });
}

static struct buf logged;

static void keep_log(const char *line, size_t len)
{
    buf_append(&logged, line, len);
}

static int set_up(void **state)
{
    clock_fake_install();
    log_set_sink(keep_log);
    loop_create(&loop, NULL);
    who = (struct principal){ .refs = 1 };
    at_once = true;
    answer_size = 0;
    pending_count = handled = 0;
    start_server(1000);
    join();
    return 0;
}

static int tear_down(void **state)
{
    hang_up();
    while (pending_count)
        answer_next();
    http_server_close_all(server);
    quiet();
    assert_int_equal(http_server_count(server), 0);
    http_server_destroy(server);
    assert_int_equal(who.refs, 1);
    buf_deinit(&client.got);
    buf_deinit(&seen);
    buf_deinit(&logged);
    loop_destroy(loop);
    log_set_sink(NULL);
    clock_fake_remove();
    return 0;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

/* ---- requests and answers ---- */

static void a_request_gets_its_answer(void **state)
{
    say(GET("/a"));
    assert_string_equal(buf_str(&seen), "GET /a ;");
    EXPECT_GOT("HTTP/1.1 200 OK\r\n");
    EXPECT_GOT("\r\nContent-Type: text/plain\r\n");
    EXPECT_GOT("\r\nContent-Length: 4\r\n");
    EXPECT_GOT("\r\nConnection: keep-alive\r\n");
    EXPECT_GOT("\r\nx-amzn-RequestId: ");
    EXPECT_GOT("\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\n");
    EXPECT_GOT("\r\nx-test: ");
    EXPECT_GOT("\r\n\r\n</a>");
    assert_false(client.ended);
}

static void bytes_may_come_one_by_one(void **state)
{
    const char *text = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" GET("/q");
    for (; *text; text++) {
        stream_write(client.s, text, 1);
        quiet();
    }
    assert_string_equal(buf_str(&seen), "POST /p abc;GET /q ;");
    assert_int_equal(times("HTTP/1.1 200"), 2);
}

static void a_pipeline_is_answered_in_order(void **state)
{
    say(GET("/1") GET("/2") GET("/3") GET("/4"));
    assert_int_equal(times("HTTP/1.1 200"), 4);
    const char *got = buf_str(&client.got);
    assert_true(strstr(got, "</1>") < strstr(got, "</2>"));
    assert_true(strstr(got, "</3>") < strstr(got, "</4>"));
}

static void a_slow_handler_has_one_request_at_a_time(void **state)
{
    at_once = false;
    say(GET("/1") GET("/2") GET("/3"));
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(handled, i);
        assert_int_equal(pending_count, 1);
        answer_next();
        quiet();
        assert_int_equal(times("HTTP/1.1 200"), i);
    }
    assert_string_equal(buf_str(&seen), "GET /1 ;GET /2 ;GET /3 ;");
    say(GET("/4"));
    assert_int_equal(pending_count, 1);
}

static void a_pipeline_of_megabytes_waits_at_the_sender(void **state)
{
    at_once = false;
    struct buf many = { 0 };
    for (int i = 0; i < 200000; i++)
        buf_puts(&many, GET("/x"));
    stream_write(client.s, many.data, many.len);
    quiet();
    assert_int_equal(handled, 1);
    assert_true(stream_pending(client.s) > many.len - (256 << 10));
    at_once = true;
    answer_next();
    quiet();
    assert_int_equal(handled, 200000);
    buf_deinit(&many);
}

static void answers_that_nobody_reads_stop_the_reading(void **state)
{
    answer_size = 300000;
    stream_pause(client.s);
    struct buf many = { 0 };
    for (int i = 0; i < 100; i++)
        buf_puts(&many, GET("/x"));
    stream_write(client.s, many.data, many.len);
    quiet();
    assert_true(handled >= 2 && handled < 10);
    stream_resume(client.s);
    quiet();
    assert_int_equal(handled, 100);
    assert_int_equal(times("HTTP/1.1 200"), 100);
    buf_deinit(&many);
}

static void head_has_the_length_and_no_body(void **state)
{
    say("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n" GET("/d"));
    EXPECT_GOT("Content-Length: 6\r\n");
    assert_null(strstr(buf_str(&client.got), "</abc>"));
    EXPECT_GOT("</d>");
}

static void connection_close_is_obeyed(void **state)
{
    say("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" GET("/b"));
    EXPECT_GOT("</a>");
    EXPECT_GOT("Connection: close\r\n");
    assert_true(client.ended);
    assert_int_equal(handled, 1);
}

static void http_1_0_closes(void **state)
{
    say("GET /a HTTP/1.0\r\n\r\n");
    EXPECT_GOT("</a>");
    assert_true(client.ended);
}

static void expect_gets_a_word_before_the_body(void **state)
{
    say("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert_string_equal(buf_str(&client.got), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(handled, 0);
    say("ab");
    assert_string_equal(buf_str(&seen), "POST /p ab;");
    EXPECT_GOT("HTTP/1.1 200");
}

static void expect_with_the_body_behind_it(void **state)
{
    say("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab" GET(
        "/q"));
    assert_string_equal(buf_str(&seen), "POST /p ab;GET /q ;");
}

static void an_upgrade_is_an_ordinary_request_and_the_last(void **state)
{
    say("GET /mqtt HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x82\x01"
        "a");
    assert_string_equal(buf_str(&seen), "GET /mqtt ;");
    EXPECT_GOT("Connection: close\r\n");
    assert_true(client.ended);
}

/* However the bytes are cut and whenever the answers come: each request once, in order. */
static void random_cuts_and_delays(void **state)
{
    static const char *const kinds[] = {
        "GET /%d HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /%d HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "PUT /%d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        "\r\nDELETE /%d HTTP/1.1\r\nHost: h\r\n\r\n",
        "HEAD /%d HTTP/1.1\r\nHost: h\r\n\r\n",
    };
    uint64_t seed = 7;
    struct buf text = { 0 }, wanted = { 0 };
    for (int i = 0; i < 500; i++) {
        size_t kind = rand_fake_below(&seed, ARRAY_LEN(kinds));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        buf_printf(&text, kinds[kind], i);
#pragma GCC diagnostic pop
        static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "HEAD" };
        static const char *const bodies[] = { "", "hello", "ab", "", "" };
        buf_printf(&wanted, "%s /%d %s;", methods[kind], i, bodies[kind]);
    }
    at_once = false;
    for (size_t at = 0; at < text.len || pending_count;) {
        size_t part = rand_fake_below(&seed, 90);
        if (part > text.len - at) part = text.len - at;
        stream_write(client.s, text.data + at, part);
        at += part;
        for (uint64_t turns = rand_fake_below(&seed, 3); turns > 0; turns--)
            loop_turn(loop);
        assert_true(pending_count <= 1);
        if (pending_count && rand_fake_below(&seed, 2)) answer_next();
        if (at == text.len) quiet();
    }
    assert_string_equal(buf_str(&seen), buf_str(&wanted));
    assert_int_equal(times("HTTP/1.1 200 OK"), 500);
    buf_deinit(&text);
    buf_deinit(&wanted);
}

/* ---- refusals ---- */

static const struct {
    const char *text;
    const char *status;
    const char *error;
} refused[] = {
    { "GET /a HTTP/1.1\r\n\r\n", "400", "InvalidRequestException" },
    { "BREW /a HTTP/1.1\r\nHost: h\r\n\r\n", "501", "NotImplementedException" },
    { "GET /a HTTP/2.0\r\nHost: h\r\n\r\n", "505", "InvalidRequestException" },
    { "GET /a\nb HTTP/1.1\r\nHost: h\r\n\r\n", "400", "InvalidRequestException" },
    { "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", "413",
      "RequestEntityTooLargeException" },
    { "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "400",
      "InvalidRequestException" },
    { "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: more\r\n\r\na", "417",
      "InvalidRequestException" },
    { "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400",
      "InvalidRequestException" },
};

static void malformed_requests_are_answered_and_closed(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        char status[32];
        snprintf(status, sizeof status, "HTTP/1.1 %s ", refused[i].status);
        say(refused[i].text);
        EXPECT_GOT(status);
        EXPECT_GOT(refused[i].error);
        EXPECT_GOT("\r\nx-amzn-RequestId: ");
        EXPECT_GOT("{\"message\":\"");
        assert_true(client.ended);
        assert_int_equal(handled, 0);
        hang_up();
        join();
    }
}

/* Who was refused can be found by the id in the answer. */
static void a_refusal_is_logged_with_its_id(void **state)
{
    say("GET /a HTTP/1.1\r\n\r\n");
    const char *id = strstr(buf_str(&client.got), "x-amzn-RequestId: ");
    assert_non_null(id);
    char *field = xasprintf("request refused request=%.36s ", id + strlen("x-amzn-RequestId: "));
    if (!strstr(buf_str(&logged), field)) fail_msg("no '%s' in %s", field, buf_str(&logged));
    free(field);
}

/* Each limit is its option's, and no other one's. */
static void limits_are_those_of_the_options(void **state)
{
    static const struct {
        struct http_server_opts opts;
        const char *fits, *above;
        const char *status;
    } rows[] = {
        { { .max_target = 10 }, GET("/23456789a"), GET("/23456789ab"), "414" },
        { { .max_headers = 2 },
          "GET / HTTP/1.1\r\nHost: h\r\na: b\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: h\r\na: b\r\nc: d\r\n\r\n",
          "431" },
        { { .max_header = 12 },
          "GET / HTTP/1.1\r\nHost:h\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: hhhhhh\r\n\r\n",
          "431" },
        { { .max_body = 2 },
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab",
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
          "413" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        hang_up();
        http_server_destroy(server);
        struct http_server_opts opts = rows[i].opts;
        opts.handler = handle;
        opts.arg = &seen;
        server = http_server_create(loop, &opts);
        join();
        say(rows[i].fits);
        EXPECT_GOT("HTTP/1.1 200 ");
        say(rows[i].above);
        char *status = xasprintf("HTTP/1.1 %s ", rows[i].status);
        EXPECT_GOT(status);
        free(status);
    }
}

static void headers_above_the_limit(void **state)
{
    struct buf text = { 0 };
    buf_puts(&text, "GET /a HTTP/1.1\r\nHost: h\r\nX-A: ");
    for (int i = 0; i < 3000; i++)
        buf_putc(&text, 'a');
    say(text.data);
    EXPECT_GOT("HTTP/1.1 431 ");
    assert_true(client.ended);
    buf_deinit(&text);
}

static void what_follows_a_refusal_is_not_served(void **state)
{
    say("GET /a HTTP/1.1\r\n\r\n" GET("/b"));
    assert_int_equal(handled, 0);
    assert_int_equal(times("HTTP/1.1 400 "), 1);
}

static void a_header_that_breaks_the_head_is_not_written(void **state)
{
    at_once = false;
    say(GET("/a"));
    struct http_header_out bad = { "x-a", "b\r\nx-evil: 1" };
    http_respond(pending[--pending_count], 200, NULL, SLICE_LIT(""), &bad, 1);
    quiet();
    EXPECT_GOT("HTTP/1.1 500 ");
    assert_null(strstr(buf_str(&client.got), "x-evil"));
}

/* ---- time ---- */

static void silence_before_the_first_byte(void **state)
{
    advance(HEADER_MS - 1);
    assert_false(client.ended);
    advance(1);
    EXPECT_GOT("HTTP/1.1 408 ");
    assert_true(client.ended);
}

static void slow_headers(void **state)
{
    say("GET /a HTTP/1.1\r\n");
    advance(HEADER_MS - 1);
    say("Host: h\r\n"); /* a line now and then does not help */
    advance(1);
    EXPECT_GOT("HTTP/1.1 408 ");
    assert_true(client.ended);
    assert_int_equal(handled, 0);
}

static void a_slow_body(void **state)
{
    say("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    advance(BODY_MS - 1);
    say("d");
    assert_false(client.ended);
    advance(1);
    EXPECT_GOT("HTTP/1.1 408 ");
    assert_true(client.ended);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    say(GET("/a"));
    advance(IDLE_MS - 1);
    assert_false(client.ended);
    say(GET("/b"));
    advance(IDLE_MS - 1);
    assert_false(client.ended);
    buf_clear(&client.got);
    advance(1);
    assert_true(client.ended);
    assert_int_equal(client.got.len, 0);
}

static void a_long_answer_on_a_slow_line(void **state)
{
    int64_t slow = metrics_get(METRIC_HTTP_SLOW);
    answer_size = 3000000;
    stream_pair_set_window(server_end, 100000);
    stream_pause(client.s);
    say(GET("/a"));
    size_t left = stream_pending(server_end);
    for (int i = 0; i < 5; i++) {
        stream_resume(client.s);
        for (int j = 0; j < 4; j++)
            loop_turn(loop);
        stream_pause(client.s);
        quiet();
        assert_true(stream_pending(server_end) < left);
        left = stream_pending(server_end);
        assert_true(left > 0);
        advance(IDLE_MS - 1);
        assert_false(server_end->closing);
    }
    advance(IDLE_MS); /* the time of the last progress */
    assert_int_equal(http_server_count(server), 1);
    advance(IDLE_MS);
    advance(SECONDS(6)); /* of lingering */
    assert_int_equal(http_server_count(server), 0);
    assert_non_null(strstr(buf_str(&logged), "closed: an answer is not read"));
    assert_int_equal(metrics_get(METRIC_HTTP_SLOW), slow + 1);
}

static void empty_lines_do_not_keep_a_connection(void **state)
{
    say(GET("/a"));
    advance(IDLE_MS - 10);
    say("\r\n");
    advance(10);
    assert_true(client.ended);
}

static void the_handler_has_all_the_time(void **state)
{
    at_once = false;
    say(GET("/a"));
    advance(HOURS(5));
    assert_false(client.ended);
    answer_next();
    quiet();
    EXPECT_GOT("</a>");
}

/* ---- ends ---- */

static void a_peer_that_closes_its_side_gets_the_answer(void **state)
{
    at_once = false;
    say(GET("/a"));
    server_end->cbs->on_end(server_end, 0);
    quiet();
    answer_next();
    quiet();
    EXPECT_GOT("</a>");
    EXPECT_GOT("Connection: close\r\n");
    assert_true(client.ended);
}

static void a_request_outlives_its_connection(void **state)
{
    at_once = false;
    say("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    stream_pair_break(client.s, -ECONNRESET);
    quiet();
    assert_int_equal(http_server_count(server), 0);
    struct http_exchange *exchange = pending[0];
    assert_null(exchange->peer);
    assert_true(slice_eq_str(exchange->request->body, "abc"));
    assert_ptr_equal(exchange->transport, &who);
    assert_non_null(arena_alloc(&exchange->arena, 10));
    answer_next();
}

static void an_answer_after_the_server_is_gone(void **state)
{
    at_once = false;
    say(GET("/a"));
    http_server_close_all(server);
    quiet();
    assert_int_equal(http_server_count(server), 0);
    http_server_destroy(server);
    answer_next();
    start_server(1000);
}

static void half_a_request_and_the_end(void **state)
{
    say("GET /a HTTP/1.1\r\nHo");
    hang_up();
    assert_int_equal(http_server_count(server), 0);
    assert_int_equal(handled, 0);
}

static void a_broken_line(void **state)
{
    say("GET /a HT");
    stream_pair_break(client.s, -ECONNRESET);
    quiet();
    assert_int_equal(http_server_count(server), 0);
}

static void draining_closes_what_is_idle(void **state)
{
    say(GET("/a"));
    http_server_drain(server);
    quiet();
    assert_true(client.ended);
    assert_int_equal(http_server_count(server), 0);
}

static void draining_closes_what_has_not_asked_yet(void **state)
{
    http_server_drain(server);
    quiet();
    assert_true(client.ended);
    assert_int_equal(client.got.len, 0);
    assert_int_equal(http_server_count(server), 0);
}

static void draining_ends_a_pipeline(void **state)
{
    at_once = false;
    say(GET("/a") GET("/b") GET("/c"));
    http_server_drain(server);
    answer_next();
    quiet();
    assert_int_equal(times("HTTP/1.1 200"), 1);
    EXPECT_GOT("Connection: close\r\n");
    assert_true(client.ended);
    assert_string_equal(buf_str(&seen), "GET /a ;");
}

static void draining_lets_a_request_end(void **state)
{
    at_once = false;
    say(GET("/a") GET("/b"));
    http_server_drain(server);
    quiet();
    assert_false(client.ended);
    answer_next();
    quiet();
    EXPECT_GOT("</a>");
    EXPECT_GOT("Connection: close\r\n");
    assert_true(client.ended);
    assert_int_equal(handled, 1);
}

static void draining_lets_half_a_request_come(void **state)
{
    say("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na");
    http_server_drain(server);
    quiet();
    assert_false(client.ended);
    say("b");
    EXPECT_GOT("</a>");
    assert_true(client.ended);
}

static void without_a_principal(void **state)
{
    hang_up();
    struct stream *end;
    stream_pair_create(loop, &client.s, &end);
    client.s->owner = &client;
    client.s->cbs = &client_cbs;
    http_conn_start(server, end, NULL);
    say("GET /a HTTP/1.1\r\n\r\n");
    EXPECT_GOT("HTTP/1.1 400 ");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_request_gets_its_answer),
        T(bytes_may_come_one_by_one),
        T(a_pipeline_is_answered_in_order),
        T(a_slow_handler_has_one_request_at_a_time),
        T(a_pipeline_of_megabytes_waits_at_the_sender),
        T(answers_that_nobody_reads_stop_the_reading),
        T(head_has_the_length_and_no_body),
        T(connection_close_is_obeyed),
        T(http_1_0_closes),
        T(expect_gets_a_word_before_the_body),
        T(expect_with_the_body_behind_it),
        T(random_cuts_and_delays),
        T(an_upgrade_is_an_ordinary_request_and_the_last),
        T(malformed_requests_are_answered_and_closed),
        T(a_refusal_is_logged_with_its_id),
        T(limits_are_those_of_the_options),
        T(headers_above_the_limit),
        T(what_follows_a_refusal_is_not_served),
        T(a_header_that_breaks_the_head_is_not_written),
        T(silence_before_the_first_byte),
        T(slow_headers),
        T(a_slow_body),
        T(an_idle_connection_is_closed_without_a_word),
        T(a_long_answer_on_a_slow_line),
        T(empty_lines_do_not_keep_a_connection),
        T(the_handler_has_all_the_time),
        T(a_peer_that_closes_its_side_gets_the_answer),
        T(a_request_outlives_its_connection),
        T(an_answer_after_the_server_is_gone),
        T(half_a_request_and_the_end),
        T(a_broken_line),
        T(draining_closes_what_is_idle),
        T(draining_closes_what_has_not_asked_yet),
        T(draining_ends_a_pipeline),
        T(draining_lets_a_request_end),
        T(draining_lets_half_a_request_come),
        T(without_a_principal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
