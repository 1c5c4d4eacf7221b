/* What is no request, through a whole connection: hostile_tbl.h of tests/unit/http, each row with a good request
 * behind it, as one piece, cut in two at every byte, and byte by byte. What stands before the bad part is
 * served; the answer to it is the last one; nothing behind it is served, and the connection is closed. */
#include "lib/test.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "conn/http_conn.h"
#include "http/hostile_tbl.h"
#include "http/request.h"
#include "lib/clock_fake.h"
#include "lib/stream_pair.h"
#include "loop/loop.h"

#define BEHIND "GET /behind HTTP/1.1\r\nHost: h\r\n\r\n"

static const struct hostile_case {
    const char *name;
    const char *data;
    size_t len;
    const char *before;
    int status;
    const char *why;
} cases[] = {
#define HOSTILE(title, bytes, before, verdict) \
    { title, "" bytes BEHIND, sizeof("" bytes) - 1, before, verdict },
#include "http/hostile_tbl.h"
};

static struct loop *loop;
static struct http_server *server;
static struct buf served; /* "METHOD path;" of each request */
static struct buf got;
static bool ended;
static struct stream *client;

static void handle(void *arg, struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;
    buf_printf(&served, "%s %.*s;", http_method_name(request->method), (int)request->path.len,
               request->path.ptr);
    http_respond(exchange, 200, "text/plain", SLICE_LIT("fine"), NULL, 0);
}

static size_t on_read(struct stream *s, const uint8_t *data, size_t len)
{
    buf_append(&got, data, len);
    return len;
}

static void on_end(struct stream *s, int rc)
{
    ended = true;
}

static void on_closed(struct stream *s)
{
    client = NULL;
}

static const struct stream_cbs client_cbs = { .on_read = on_read, .on_end = on_end };

static void quiet(void)
{
    for (int i = 0; loop_turn(loop); i++)
        assert_true(i < 100000);
}

static void no_log(const char *line, size_t len)
{
}

static int set_up(void **state)
{
    clock_fake_install();
    log_set_sink(no_log);
    loop_create(&loop, NULL);
    const struct http_limits limits = HOSTILE_LIMITS;
    server = http_server_create(loop, &(struct http_server_opts){
                                          .max_target = limits.max_target,
                                          .max_header = limits.max_head,
                                          .max_headers = limits.max_headers,
                                          .max_body = limits.max_body,
                                          .header_timeout_ms = SECONDS(10),
                                          .body_timeout_ms = SECONDS(10),
                                          .idle_timeout_ms = SECONDS(10),
                                          .handler = handle,
                                      });
    return 0;
}

static int tear_down(void **state)
{
    http_server_close_all(server);
    quiet();
    http_server_destroy(server);
    buf_deinit(&served);
    buf_deinit(&got);
    loop_destroy(loop);
    log_set_sink(NULL);
    clock_fake_remove();
    return 0;
}

/* Sends the case in a first piece and steps of so many bytes. */
static void send_case(const struct hostile_case *c, size_t first, size_t step)
{
    struct stream *end;
    size_t all = c->len + sizeof BEHIND - 1;
    buf_clear(&served);
    buf_clear(&got);
    ended = false;
    stream_pair_create(loop, &client, &end);
    client->cbs = &client_cbs;
    http_conn_start(server, end, NULL);
    for (size_t at = 0, len = first; at < all; at += len, len = step) {
        if (len > all - at) len = all - at;
        stream_write(client, c->data + at, len);
        quiet();
    }
}

static size_t times(const char *text, const char *needle)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, needle)); at++)
        count++;
    return count;
}

static void check(const struct hostile_case *c, size_t cut)
{
    const char *text = buf_str(&got), *last = text;
    size_t good = times(c->before, "; ") - times(c->before, "continue; ");
    for (const char *at = text; (at = strstr(at, "HTTP/1.1 ")); at++)
        if (at[9] >= '1' && at[9] <= '5') last = at; /* else it is in a sentence */
    char status[32];
    snprintf(status, sizeof status, "HTTP/1.1 %d ", c->status);
    bool fine = strncmp(last, status, strlen(status)) == 0 && strstr(last, c->why) &&
                strstr(last, "\r\nConnection: close\r\n") && strstr(last, "\r\nx-amzn-RequestId: ");
    if (!fine || !ended || times(text, "HTTP/1.1 200 ") != good ||
        times(buf_str(&served), ";") != good || strstr(buf_str(&served), "behind"))
        fail_msg("%s, cut at %zu: served '%s', %s: %s", c->name, cut, buf_str(&served),
                 ended ? "closed" : "open", text);
}

static void each_case_is_the_last_of_its_connection(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t all = cases[i].len + sizeof BEHIND - 1;
        for (size_t cut = 0; cut <= cases[i].len; cut++) {
            /* 0: byte by byte; the length: what is behind comes alone */
            send_case(&cases[i], cut ? cut : 1, cut ? all : 1);
            check(&cases[i], cut);
            stream_close(client, false, on_closed);
            quiet();
            assert_null(client);
            assert_int_equal(http_server_count(server), 0);
        }
        send_case(&cases[i], all, all);
        check(&cases[i], all);
        stream_close(client, false, on_closed);
        quiet();
    }
}

static void refusals_are_counted(void **state)
{
    static const enum metric metrics[] = { METRIC_HTTP_MALFORMED, METRIC_HTTP_TOO_LARGE };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool large = cases[i].status == 413 || cases[i].status == 414 || cases[i].status == 431;
        int64_t before[] = { metrics_get(metrics[0]), metrics_get(metrics[1]) };
        size_t all = cases[i].len + sizeof BEHIND - 1;
        send_case(&cases[i], all, all);
        if (metrics_get(metrics[large]) != before[large] + 1) fail_msg("%s", cases[i].name);
        assert_int_equal(metrics_get(metrics[!large]), before[!large]);
        stream_close(client, false, on_closed);
        quiet();
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(each_case_is_the_last_of_its_connection),
        T(refusals_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
