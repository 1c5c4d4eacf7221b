/* Unit tests of requests over real sockets: the server is a listener of the same loop, which answers what the test
 * says; the client works on its lane. */
#include "unit/net/net_tests.h"
#include "unit/net/tls_fixtures.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "crypto/crypto.h"
#include "crypto/x509.h"
#include "net/tls.h"
#include "webhook/webhook.h"

#include <unistd.h>

enum { MAX_RESPONSE = 1000 };

static struct webhooks *hooks;
static struct listener *listener;
static struct worker_lane *lane;

struct answer {
    int calls;
    int rc;
    int status;
    char body[MAX_RESPONSE + 1];
    char why[768];
};

static void on_done(void *arg, int rc, int status, struct slice body, const struct diag *diag)
{
    struct answer *answer = arg;
    answer->calls++;
    answer->rc = rc;
    answer->status = status;
    snprintf(answer->body, sizeof answer->body, "%.*s", (int)body.len, body.ptr);
    snprintf(answer->why, sizeof answer->why, "%s", diag->text);
}

static struct webhooks_opts usual_opts(void)
{
    static struct ip_net local;
    assert_int_equal(ip_net_parse("127.0.0.0/8", &local), 0);
    return (struct webhooks_opts){ .workers = 2,
                                   .queue = 4,
                                   .timeout_ms = 20000,
                                   .max_response = MAX_RESPONSE,
                                   .allow = &local,
                                   .allow_count = 1 };
}

static void create(const struct webhooks_opts *opts)
{
    struct diag diag = DIAG_INIT;
    if (webhooks_create(&hooks, loop, opts, &diag) < 0) fail_msg("%s", diag.text);
}

static int set_up(void **state)
{
    net_set_up(state);
    log_capture();
    struct webhooks_opts opts = usual_opts();
    create(&opts);
    listener = open_local(NULL);
    return 0;
}

static int tear_down(void **state)
{
    webhooks_destroy(hooks);
    hooks = NULL;
    close_listener(listener);
    worker_lane_destroy(lane);
    lane = NULL;
    return net_tear_down(state);
}

static void send_to(const char *url, const char *method, const char *body, struct answer *answer)
{
    const struct webhook_field field = { SLICE_LIT("X-Test"), SLICE_LIT("yes") };
    webhook_send(hooks,
                 &(struct webhook_request){ .method = method,
                                            .url = slice_str(url),
                                            .fields = &field,
                                            .field_count = 1,
                                            .body = slice_str(body) },
                 on_done, answer);
}

static void post(const char *path, const char *body, struct answer *answer)
{
    char *url = xasprintf("http://127.0.0.1:%u%s", listener_port(listener), path);
    send_to(url, "POST", body, answer);
    free(url);
}

static bool has(int side, const char *text)
{
    return side_count > side && sides[side].got.len && strstr(buf_str(&sides[side].got), text);
}

/* The one request there is, answered. */
static void reply(const char *path, const char *response, bool end, struct answer *answer)
{
    *answer = (struct answer){ 0 };
    int side = side_count;
    post(path, "end", answer);
    AWAIT(has(side, "\r\n\r\nend"));
    stream_write(sides[side].s, response, strlen(response));
    if (end) stream_close(sides[side].s, true, side_on_closed);
    AWAIT(answer->calls);
}

/* ---- what goes and what comes ---- */

static void a_request_is_sent_and_answered(void **state)
{
    struct answer answer = { 0 };
    int64_t requests = metrics_get(METRIC_WEBHOOK_REQUESTS);
    int64_t failures = metrics_get(METRIC_WEBHOOK_FAILURES);
    post("/a?b", "hello", &answer);
    assert_int_equal(answer.calls, 0);
    AWAIT(has(0, "\r\n\r\nhello"));
    char *head = xasprintf("POST /a?b HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n"
                           "Content-Length: 5\r\nX-Test: yes\r\nUser-Agent: thingd/",
                           listener_port(listener));
    assert_true(has(0, head));
    free(head);
    static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";
    stream_write(sides[0].s, response, strlen(response));
    AWAIT(answer.calls);
    assert_int_equal(answer.rc, 0);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "fine");
    quiet();
    assert_int_equal(answer.calls, 1);
    assert_int_equal(metrics_get(METRIC_WEBHOOK_REQUESTS) - requests, 1);
    assert_int_equal(metrics_get(METRIC_WEBHOOK_FAILURES) - failures, 0);
}

static void any_status_is_an_answer(void **state)
{
    struct answer answer;
    reply("/", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
          false, &answer);
    assert_int_equal(answer.rc, 0);
    assert_int_equal(answer.status, 302);
    reply("/", "HTTP/1.1 500 No\r\n\r\nthe end", true, &answer);
    assert_int_equal(answer.rc, 0);
    assert_int_equal(answer.status, 500);
    assert_string_equal(answer.body, "the end");
    assert_int_equal(side_count, 2);
}

static void answers_that_are_none(void **state)
{
    static const struct {
        const char *response;
        int rc;
        const char *why;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfi", -ECONNRESET, "a whole answer" },
        { "", -ECONNRESET, "a whole answer" },
        { "SSH-2.0-OpenSSH\r\n", ERR_MALFORMED, "the answer of" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", ERR_TOO_LARGE, "the answer of" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct answer answer;
        int64_t failures = metrics_get(METRIC_WEBHOOK_FAILURES);
        reply("/", rows[i].response, true, &answer);
        assert_int_equal(answer.rc, rows[i].rc);
        if (!strstr(answer.why, rows[i].why)) fail_msg("%s", answer.why);
        assert_int_equal(metrics_get(METRIC_WEBHOOK_FAILURES) - failures, 1);
    }
}

static void nobody_answers(void **state)
{
    struct answer answer = { 0 };
    webhooks_destroy(hooks);
    struct webhooks_opts opts = usual_opts();
    opts.timeout_ms = 50;
    create(&opts);
    post("/", "x", &answer);
    AWAIT(answer.calls);
    assert_int_equal(answer.rc, ERR_TIMEOUT);
    assert_non_null(strstr(answer.why, "did not answer within 50 ms"));
}

static void nobody_is_there(void **state)
{
    struct answer answer = { 0 }, named = { 0 };
    struct listener *gone = open_local(NULL);
    char *url = xasprintf("http://127.0.0.1:%u/", listener_port(gone));
    close_listener(gone);
    send_to(url, "GET", "", &answer);
    free(url);
    send_to("http://no-such-host.invalid/", "GET", "", &named);
    AWAIT(answer.calls && named.calls);
    assert_int_equal(answer.rc, -ECONNREFUSED);
    assert_int_equal(named.rc, ERR_NOT_FOUND);
    assert_non_null(strstr(named.why, "no-such-host.invalid"));
}

/* ---- what is refused ---- */

static void requests_that_cannot_be_sent(void **state)
{
    struct answer answer = { 0 }, header = { 0 };
    const struct webhook_field bad = { SLICE_LIT("X-Test"), SLICE_LIT("a\r\nHost: b") };
    send_to("http://user@127.0.0.1/", "GET", "", &answer);
    webhook_send(hooks,
                 &(struct webhook_request){ .method = "POST",
                                            .url = SLICE_LIT("http://127.0.0.1/"),
                                            .fields = &bad,
                                            .field_count = 1 },
                 on_done, &header);
    assert_int_equal(answer.calls, 0);
    quiet();
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.rc, ERR_INVALID);
    assert_non_null(strstr(answer.why, "a user"));
    assert_int_equal(header.rc, ERR_INVALID);
    assert_non_null(strstr(header.why, "header"));
}

static void loopback_is_refused_unless_allowed(void **state)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]",
                                         "0.0.0.0" };
    webhooks_destroy(hooks);
    struct webhooks_opts opts = usual_opts();
    opts.allow_count = 0;
    create(&opts);
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        struct answer answer = { 0 };
        char *url = xasprintf("http://%s:%u/", hosts[i], listener_port(listener));
        send_to(url, "GET", "", &answer);
        free(url);
        AWAIT(answer.calls);
        assert_int_equal(answer.rc, ERR_DENIED);
        assert_non_null(strstr(answer.why, "webhook.allow"));
    }
    quiet();
    assert_int_equal(side_count, 0);
}

static void a_full_queue_refuses(void **state)
{
    struct answer answers[10] = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        post("/", "x", &answers[i]);
    quiet();
    int busy = 0;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        busy += answers[i].calls && answers[i].rc == ERR_BUSY;
    assert_in_range(busy, 4, 6); /* two run, four wait; a worker may not have taken its first yet */
    webhooks_stop(hooks);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        assert_int_equal(answers[i].calls, 1);
        assert_true(answers[i].rc == ERR_BUSY || answers[i].rc == ERR_CLOSED);
    }
}

/* ---- the end ---- */

static void a_stop_ends_what_is_open(void **state)
{
    struct answer running = { 0 }, refused = { 0 }, late = { 0 };
    post("/", "x", &running);
    AWAIT(has(0, "\r\n\r\nx"));
    send_to("nonsense", "GET", "", &refused);
    webhooks_stop(hooks);
    assert_int_equal(running.calls, 1);
    assert_int_equal(running.rc, ERR_CLOSED);
    assert_int_equal(refused.calls, 1);
    post("/", "x", &late);
    quiet();
    assert_int_equal(late.calls, 1);
    assert_int_equal(late.rc, ERR_CLOSED);
    webhooks_stop(hooks);
}

static void a_cancelled_call_says_nothing(void **state)
{
    struct answer running = { 0 }, refused = { 0 };
    post("/", "x", &running);
    AWAIT(has(0, "\r\n\r\nx"));
    send_to("nonsense", "GET", "", &refused);
    webhook_cancel(hooks, &running);
    webhook_cancel(hooks, &refused);
    stream_write(sides[0].s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
    AWAIT(sides[0].ends);
    webhooks_stop(hooks);
    assert_int_equal(running.calls + refused.calls, 0);
}

/* ---- TLS ---- */

static char *ca_cert, *ca_key;

static void serve_tls(const char *name)
{
    struct tls_server *server;
    char *cert = NULL;
    assert_int_equal(x509_issue(&(struct x509_issue_opts){ .issuer_cert = slice_str(ca_cert),
                                                           .issuer_key_pem = slice_str(ca_key),
                                                           .subject_key_pem = slice_str(server_key),
                                                           .common_name = "server",
                                                           .names = &name,
                                                           .name_count = 1,
                                                           .days = 10,
                                                           .usage = X509_USE_SERVER },
                                &cert, NULL),
                     0);
    struct tls_pair pair = { slice_str(cert), slice_str(server_key), NULL, NULL };
    assert_int_equal(tls_server_create(&server,
                                       &(struct tls_server_opts){ .pairs = &pair, .pair_count = 1 },
                                       NULL),
                     0);
    close_listener(listener);
    lane = worker_lane_create(loop, "td-tls", 1, 10);
    listener = open_local(&(struct listener_opts){ .tls = server, .lane = lane });
    tls_server_unref(server);
    free(cert);
}

static void post_tls(const char *host, struct answer *answer)
{
    char *url = xasprintf("https://%s:%u/", host, listener_port(listener));
    send_to(url, "POST", "x", answer);
    free(url);
}

/* Webhooks that believe a CA of ours; file: a template of mkstemp. */
static void make_ca(char *file)
{
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(
        crypto_init() | x509_ca_create(KEY_EC_P256, "CA", NULL, 10, &ca_cert, &ca_key, NULL), 0);
    assert_int_equal(file_write(file, 0600, slice_str(ca_cert), NULL), 0);
    webhooks_destroy(hooks);
    struct webhooks_opts opts = usual_opts();
    opts.ca_file = file;
    create(&opts);
}

static void drop_ca(const char *file)
{
    unlink(file);
    free(ca_cert);
    crypto_free_secret(ca_key);
}

static void certificates_are_verified(void **state)
{
    char file[] = "/tmp/thingd-webhook-XXXXXX";
    struct answer good = { 0 }, other_name = { 0 }, other_ca = { 0 };
    make_ca(file);
    serve_tls("localhost");
    post_tls("localhost", &good);
    AWAIT(has(0, "\r\n\r\nx"));
    stream_write(sides[0].s, "HTTP/1.1 204 Yes\r\n\r\n", 20);
    AWAIT(good.calls);
    assert_int_equal(good.rc, 0);
    assert_int_equal(good.status, 204);
    assert_string_equal(sides[0].tls.sni, "localhost");

    post_tls("127.0.0.1", &other_name);
    AWAIT(other_name.calls);
    assert_int_equal(other_name.rc, ERR_CERT);
    assert_non_null(strstr(other_name.why, "not made for '127.0.0.1'"));

    assert_int_equal(file_write(file, 0600, slice_str(rsa_cert), NULL), 0);
    post_tls("localhost", &other_ca);
    AWAIT(other_ca.calls);
    assert_int_equal(other_ca.rc, ERR_CERT);
    drop_ca(file);
}

/* ERR_CLOSED is the end of the hub, after which nobody is told. */
static void a_server_that_hangs_up_in_the_handshake_is_an_error(void **state)
{
    char file[] = "/tmp/thingd-webhook-XXXXXX";
    struct answer answer = { 0 };
    make_ca(file);
    post_tls("127.0.0.1", &answer);
    AWAIT(side_count == 1 && sides[0].got.len);
    stream_close(sides[0].s, true, side_on_closed);
    AWAIT(answer.calls);
    assert_int_equal(answer.rc, -ECONNRESET);
    assert_non_null(strstr(answer.why, "during the handshake"));
    drop_ca(file);
}

static void a_ca_file_must_be_of_use(void **state)
{
    struct webhooks_opts opts = usual_opts();
    struct webhooks *none = NULL;
    struct diag diag = DIAG_INIT;
    opts.ca_file = "/nonexistent/ca.pem";
    assert_int_equal(webhooks_create(&none, loop, &opts, &diag), -ENOENT);
    assert_non_null(strstr(diag.text, "webhook.ca_file"));
    opts.ca_file = "/etc/passwd";
    assert_int_equal(webhooks_create(&none, loop, &opts, &diag), ERR_CERT);
    assert_null(none);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_sent_and_answered),
        TEST(any_status_is_an_answer),
        TEST(answers_that_are_none),
        TEST(nobody_answers),
        TEST(nobody_is_there),
        TEST(requests_that_cannot_be_sent),
        TEST(loopback_is_refused_unless_allowed),
        TEST(a_full_queue_refuses),
        TEST(a_stop_ends_what_is_open),
        TEST(a_cancelled_call_says_nothing),
        TEST(certificates_are_verified),
        TEST(a_server_that_hangs_up_in_the_handshake_is_an_error),
        TEST(a_ca_file_must_be_of_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
