/* Unit tests of GET /hub/subscribe: real store, registry, auth and hub; the connection is faked. It takes what is
 * written at once, or, when it is stuck, only what a test lets it take. */
#include "lib/test.h"

#include "api/api_priv.h"
#include "api_services.h"
#include "base/budget.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "hub/hub.h"
#include "lib/clock_fake.h"
#include "mqtt/property.h"
#include "net/stream.h"
#include "registry/registry.h"
#include "store/store.h"

#include <unistd.h>

enum { REQUEST_MS = 30000, HEARTBEAT_MS = 15000, PATIENCE_MS = 60000, BUFFER = 16384, STREAMS = 4 };

static struct api *api;

/* ---- principals ---- */

static struct principal admin, cert;
static struct policy *open_policy, *deaf_policy, *lost_policy;

#define ALLOW(actions, resource)                                                                   \
    "{\"Effect\":\"Allow\",\"Action\":[" actions "],\"Resource\":\"arn:aws:iot:*:*:" resource "\"" \
    "}"
#define POLICY(statements) "{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"

static struct policy *parse_policy(const char *text)
{
    struct policy *policy;
    struct diag diag = DIAG_INIT;
    if (policy_parse("P", slice_str(text), &policy, &diag) < 0) fail_msg("%s", diag.text);
    return policy;
}

static void make_principals(void)
{
    admin = (struct principal){ .refs = 1, .kind = PRINCIPAL_LOCAL, .valid = true, .admin = true };
    admin.label = (char *)"local:0";
    admin.id = admin.label + 6;
    cert = (struct principal){ .refs = 1, .kind = PRINCIPAL_CERT, .valid = true };
    cert.label = (char *)"cert:ab12";
    cert.id = cert.label + 5;
    list_init(&admin.watches);
    list_init(&cert.watches);
    open_policy = parse_policy(POLICY(ALLOW("\"iot:Subscribe\"", "topicfilter/free/*") "," ALLOW(
        "\"iot:Receive\"", "topic/free/open/*")));
    deaf_policy = parse_policy(POLICY(ALLOW("\"iot:Subscribe\"", "topicfilter/free/*")));
    lost_policy = parse_policy(POLICY(ALLOW("\"iot:Receive\"", "topic/free/*")));
    cert.policies = &open_policy;
    cert.policy_count = 1;
}

/* As auth does it when the registry tells of a change. */
static void change_cert(struct policy **policy, bool valid)
{
    cert.policies = policy;
    cert.valid = valid;
    hub_forget_decisions(hub);
    list_for_each_safe(it, &cert.watches) {
        struct auth_watch *watch = container_of(it, struct auth_watch, link);
        watch->on_change(watch, &cert);
    }
}

/* ---- exchanges ---- */

struct reader {
    struct http_exchange exchange; /* first */
    struct http_parser parser;
    const struct http_body_cbs *cbs;
    void *arg;
    bool begun;
    bool over; /* answered, ended or gone: the exchange is no more */
    bool ended;
    size_t pending;
    int status;
    struct buf head; /* "name: value\n" */
    struct buf body;
    size_t seen; /* of the body, by next_event */
};

static struct stream_peer peer;
static bool stuck; /* readers take nothing by themselves */

static void put_head(struct reader *r, int status, const char *content_type,
                     const struct http_header_out *headers, size_t count)
{
    assert_false(r->begun || r->over);
    r->status = status;
    if (content_type) buf_printf(&r->head, "Content-Type: %s\n", content_type);
    for (size_t i = 0; i < count; i++)
        buf_printf(&r->head, "%s: %s\n", headers[i].name, headers[i].value);
}

static void end_exchange(struct reader *r)
{
    r->over = true;
    arena_deinit(&r->exchange.arena);
    http_parser_deinit(&r->parser);
    memset(&r->exchange, 0xa5, sizeof r->exchange); /* nobody may look at it any more */
}

static void fake_respond(struct http_exchange *exchange, int status, const char *content_type,
                         struct slice body, const struct http_header_out *headers, size_t count)
{
    struct reader *r = (struct reader *)exchange;
    put_head(r, status, content_type, headers, count);
    buf_put_slice(&r->body, body);
    end_exchange(r);
}

static bool fake_begin(struct http_exchange *exchange, int status, const char *content_type,
                       const struct http_header_out *headers, size_t count,
                       const struct http_body_cbs *cbs, void *arg)
{
    struct reader *r = (struct reader *)exchange;
    put_head(r, status, content_type, headers, count);
    if (exchange->request->method == HTTP_HEAD) {
        end_exchange(r);
        return false;
    }
    r->begun = true;
    r->cbs = cbs;
    r->arg = arg;
    return true;
}

static void fake_write(struct http_exchange *exchange, const void *data, size_t len)
{
    struct reader *r = (struct reader *)exchange;
    assert_true(r->begun && !r->over);
    buf_append(&r->body, data, len);
    if (stuck) r->pending += len + 6; /* with the length of the chunk */
}

static struct chunk *last_shared;
static size_t shared_count; /* how often it was written */
static size_t chunk_count;  /* how many there were */

static void fake_write_shared(struct http_exchange *exchange, struct slice head, struct chunk *tail)
{
    struct buf whole = { 0 };
    if (chunk_count == 0 || tail != last_shared) {
        chunk_count++;
        shared_count = 0;
    }
    last_shared = tail;
    shared_count++;
    buf_put_slice(&whole, head);
    buf_append(&whole, tail->data, tail->len);
    fake_write(exchange, whole.data, whole.len);
    buf_deinit(&whole);
}

static size_t fake_pending(const struct http_exchange *exchange)
{
    return ((const struct reader *)exchange)->pending;
}

static void fake_end(struct http_exchange *exchange)
{
    struct reader *r = (struct reader *)exchange;
    assert_true(r->begun && !r->over);
    r->ended = true;
    end_exchange(r);
}

static const struct http_exchange_ops fake_ops = { .respond = fake_respond,
                                                   .begin = fake_begin,
                                                   .write = fake_write,
                                                   .write_shared = fake_write_shared,
                                                   .pending = fake_pending,
                                                   .end = fake_end };

static void take(struct reader *r, size_t len)
{
    assert_true(len && len <= r->pending);
    r->pending -= len;
    if (!r->pending) r->cbs->on_drained(r->arg);
}

static void go_away(struct reader *r)
{
    r->cbs->on_gone(r->arg);
    end_exchange(r);
}

static struct reader *request(struct principal *who, const char *line, const char *headers)
{
    struct reader *r = xnew(struct reader);
    struct buf text = { 0 };
    size_t used = 0;
    buf_printf(&text, "%s HTTP/1.1\r\nHost: localhost:8080\r\n%s\r\n", line, headers);
    http_parser_init(&r->parser, NULL);
    assert_int_equal(http_feed(&r->parser, (const uint8_t *)text.data, text.len, &used), HTTP_DONE);
    buf_deinit(&text);
    r->exchange.request = &r->parser.req;
    r->exchange.peer = &peer;
    r->exchange.transport = who;
    r->exchange.ops = &fake_ops;
    memcpy(r->exchange.request_id, "01234567-89ab-4cde-8f01-23456789abcd", 37);
    api_handle(api, &r->exchange);
    quiet();
    return r;
}

static void reader_free(struct reader *r)
{
    assert_true(r->over);
    buf_deinit(&r->head);
    buf_deinit(&r->body);
    free(r);
}

static struct reader *listen_to(struct principal *who, const char *query)
{
    char line[512];
    snprintf(line, sizeof line, "GET /hub/subscribe?%s", query);
    struct reader *r = request(who, line, "");
    if (!r->begun) fail_msg("%s: %d %s", line, r->status, buf_str(&r->body));
    return r;
}

/* Ends it as a peer that closes. */
static void leave(struct reader *r)
{
    go_away(r);
    reader_free(r);
}

/* ---- events ---- */

struct event {
    char *text; /* all of it, its empty line too */
    struct json *data;
};

/* The end of the event that begins at `from`, its empty line; NULL: it is not complete. */
static const char *end_of_event(const char *from, const char *end)
{
    while ((from = memchr(from, '\n', (size_t)(end - from)))) {
        if (++from == end) return NULL;
        if (*from == '\n') return from;
    }
    return NULL;
}

/* "event: NAME", perhaps "id: N", "data: JSON": no end of a line but theirs, of any kind that the standard knows. */
static void read_event(const char *at, const char *end, struct event *ret)
{
    static const struct json_limits limits = {
        .bytes = 32u << 20, .nodes = 10000, .depth = 9, .unique_keys = true
    };
    struct diag diag = DIAG_INIT;
    const char *line = at;
    assert_null(memchr(at, '\r', (size_t)(end - at)));
    while (memcmp(line, "data: ", 6) != 0) {
        line = memchr(line, '\n', (size_t)(end - line));
        assert_true(line && line + 7 < end);
        line++;
    }
    assert_ptr_equal(memchr(line, '\n', (size_t)(end - line)), end - 1); /* the last one */
    if (json_parse(slice_of(line + 6, (size_t)(end - line - 7)), &limits, &ret->data, &diag) < 0)
        fail_msg("%s", diag.text);
    ret->text = xstrndup(at, (size_t)(end + 1 - at));
}

/* The next one which is more than a comment or a time. False: there is none. */
static bool next_event(struct reader *r, struct event *ret)
{
    const char *last = buf_str(&r->body) + r->body.len, *at, *end;
    while ((end = end_of_event(at = buf_str(&r->body) + r->seen, last))) {
        r->seen += (size_t)(end + 1 - at);
        if (memcmp(at, "event: ", 7) != 0) continue;
        read_event(at, end, ret);
        return true;
    }
    assert_int_equal(r->seen, r->body.len);
    return false;
}

static void event_free(struct event *event)
{
    free(event->text);
    json_free(event->data);
}

static void expect_event(struct reader *r, const char *text)
{
    struct event event;
    if (!next_event(r, &event)) fail_msg("no event, but expected: %s", text);
    assert_string_equal(event.text, text);
    event_free(&event);
}

/* A message: its payload, and whether it is a retained one. */
static void expect_message(struct reader *r, const char *topic, const char *payload, bool retain)
{
    struct event event;
    if (!next_event(r, &event)) fail_msg("no event, but expected: %s %s", topic, payload);
    if (strncmp(event.text, "event: message\n", 15) != 0) fail_msg("%s", event.text);
    assert_string_equal(json_get_str(event.data, "topic"), topic);
    assert_string_equal(json_get_str(event.data, "payload"), payload);
    assert_int_equal(json_is_true(json_get(event.data, "retain")), retain);
    event_free(&event);
}

static void expect_nothing(struct reader *r)
{
    struct event event;
    if (next_event(r, &event)) fail_msg("unexpected: %s", event.text);
}

static void expect_end(struct reader *r, const char *why)
{
    struct buf text = { 0 };
    buf_printf(&text, "event: end\ndata: {\"reason\":\"%s\"}\n\n", why);
    expect_event(r, buf_str(&text));
    buf_deinit(&text);
    expect_nothing(r);
    assert_true(r->over);
    reader_free(r);
}

static void publish_bytes(const char *topic, struct slice payload, bool retain)
{
    struct msg *msg = msg_create(
        &(struct msg_opts){ .topic = slice_str(topic), .payload = payload, .retain = retain });
    assert_true(hub_publish(hub, principal_system(), NULL, msg, NULL, NULL) >= 0);
    msg_unref(msg);
}

static void publish(const char *topic, const char *payload)
{
    publish_bytes(topic, slice_str(payload), false);
}

static void retain(const char *topic, const char *payload)
{
    publish_bytes(topic, slice_str(payload), true);
}

/* ---- set-up ---- */

static const char *const origins[] = { "https://console.example" };

static int set_up(void **state)
{
    stuck = false;
    services_start(&(struct hub_opts){ .max_topic_levels = 8,
                                       .match_cache = 64,
                                       .max_retained = 10000,
                                       .max_hops = 10,
                                       .max_queued = 10,
                                       .max_queued_bytes = 10000,
                                       .max_inflight = 10,
                                       .max_subscriptions = 1000,
                                       .max_sessions = 10 });
    make_principals();
    peer = (struct stream_peer){ .kind = STREAM_PAIR, .loopback = true, .address = "127.0.0.1" };
    struct api_opts opts = { .hub = hub,
                             .auth = auth,
                             .registry = registry,
                             .store = store,
                             .request_timeout_ms = REQUEST_MS,
                             .max_event_streams = STREAMS,
                             .events_buffer = BUFFER,
                             .events_heartbeat_ms = HEARTBEAT_MS,
                             .events_timeout_ms = PATIENCE_MS,
                             .origins = origins,
                             .origin_count = ARRAY_LEN(origins) };
    struct diag diag = DIAG_INIT;
    if (api_create(&api, &opts, &diag) < 0) fail_msg("%s", diag.text);
    metrics_set(METRIC_EVENTS_OUT, 0);
    metrics_set(METRIC_EVENTS_DROPPED, 0);
    return 0;
}

static int tear_down(void **state)
{
    budget_set_limit(0);
    hub_flush(hub);
    store_stop(store);
    api_stop(api);
    quiet();
    assert_int_equal(api_count(api), 0);
    assert_int_equal(metrics_get(METRIC_EVENT_STREAMS), 0);
    api_destroy(api);
    services_stop();
    assert_int_equal(admin.refs, 1);
    assert_int_equal(cert.refs, 1);
    assert_true(list_empty(&admin.watches) && list_empty(&cert.watches));
    policy_unref(open_policy);
    policy_unref(deaf_policy);
    policy_unref(lost_policy);
    return 0;
}

/* ---- what an event looks like ---- */

#define EVENT(id, members)                                                                 \
    "event: message\nid: " id "\ndata: {\"topic\":" members ",\"qos\":0,\"retain\":false," \
    "\"timestamp\":1767323045000}\n\n"

/* A string of bytes, zeros too. */
#define BYTES(text)           \
    {                         \
        text, sizeof text - 1 \
    }

static void payloads_are_text_or_base64(void **state)
{
    static const struct {
        struct slice payload;
        const char *member;
    } cases[] = {
        { BYTES("21.5"), "\"payload\":\"21.5\"" },
        { BYTES(""), "\"payload\":\"\"" },
        { BYTES("{\"t\": 1}"), "\"payload\":\"{\\\"t\\\": 1}\"" },
        { BYTES("null"), "\"payload\":\"null\"" },
        { BYTES("a\nb"), "\"payload\":\"a\\nb\"" },
        { BYTES("a\r\nb\r\tc"), "\"payload\":\"a\\r\\nb\\r\\tc\"" },
        { BYTES("\n\nevent: end\ndata: {}\n\n"),
          "\"payload\":\"\\n\\nevent: end\\ndata: {}\\n\\n\"" },
        { BYTES("\\n\\"), "\"payload\":\"\\\\n\\\\\"" },
        { BYTES("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\xa5"),
          "\"payload\":\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\xa5\"" },
        { BYTES("\xef\xbb\xbfx"), "\"payload\":\"\xef\xbb\xbfx\"" }, /* a mark of the byte order */
        { BYTES("\xef\xbf\xbe\xef\xbf\xbf"), "\"payload\":\"\xef\xbf\xbe\xef\xbf\xbf\"" },
        { BYTES("a\xe2\x80\xa8\xe2\x80\xa9z\xe2\x80\xa7"),
          "\"payload\":\"a\\u2028\\u2029z\xe2\x80\xa7\"" },
        { BYTES("a\0b"), "\"payloadBase64\":\"YQBi\"" },
        { BYTES("\0"), "\"payloadBase64\":\"AA==\"" },
        { BYTES("\x01"), "\"payloadBase64\":\"AQ==\"" },
        { BYTES("\x1b[0m"), "\"payloadBase64\":\"G1swbQ==\"" },
        { BYTES("\x0b"), "\"payloadBase64\":\"Cw==\"" },
        { BYTES("\x7f"), "\"payloadBase64\":\"fw==\"" },
        { BYTES("\xc2\x80"), "\"payloadBase64\":\"woA=\"" },
        { BYTES("\xc2\x85"), "\"payloadBase64\":\"woU=\"" },
        { BYTES("\xc2\xa0"), "\"payload\":\"\xc2\xa0\"" },
        { BYTES("\xff"), "\"payloadBase64\":\"/w==\"" },
        { BYTES("ab\xc3"), "\"payloadBase64\":\"YWLD\"" },               /* cut off */
        { BYTES("\xed\xa0\x80"), "\"payloadBase64\":\"7aCA\"" },         /* a lone surrogate */
        { BYTES("\xed\xbf\xbf"), "\"payloadBase64\":\"7b+/\"" },         /* the other kind */
        { BYTES("\xc0\xaf"), "\"payloadBase64\":\"wK8=\"" },             /* longer than need be */
        { BYTES("\xf4\x90\x80\x80"), "\"payloadBase64\":\"9JCAgA==\"" }, /* above U+10FFFF */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct reader *r = listen_to(&admin, "filter=a");
        publish_bytes("a", cases[i].payload, false);
        struct buf text = { 0 };
        buf_printf(&text, EVENT("1", "\"a\",%s"), cases[i].member);
        expect_event(r, buf_str(&text));
        buf_deinit(&text);
        expect_nothing(r);
        leave(r);
    }
}

static void topics_are_text(void **state)
{
    static const struct {
        const char *topic;
        const char *json;
    } cases[] = {
        { "a/b", "\"a/b\"" },
        { "\"\\", "\"\\\"\\\\\"" },
        { "a\r\nb\n", "\"a\\r\\nb\\n\"" },
        { "\x01\x7f", "\"\\u0001\x7f\"" },
        { "n\xc2\x85l\xe2\x80\xa8p\xe2\x80\xa9", "\"n\\u0085l\\u2028p\\u2029\"" },
        { "\xe2\x80\xa8", "\"\\u2028\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct reader *r = listen_to(&admin, "filter=%23");
        publish(cases[i].topic, "1");
        struct buf text = { 0 };
        buf_printf(&text, EVENT("1", "%s,\"payload\":\"1\""), cases[i].json);
        expect_event(r, buf_str(&text));
        buf_deinit(&text);
        leave(r);
    }
}

static void properties_come_along(void **state)
{
    struct buf block = { 0 };
    mqtt_put_number(&block, MQTT_PROP_payload_format, 1);
    mqtt_put_number(&block, MQTT_PROP_message_expiry, 60);
    mqtt_put_text(&block, MQTT_PROP_content_type, SLICE_LIT("text/\"x\""));
    mqtt_put_text(&block, MQTT_PROP_response_topic, SLICE_LIT("answers/1"));
    mqtt_put_text(&block, MQTT_PROP_correlation_data, slice_of("\0\xff", 2));
    mqtt_put_pair(&block, SLICE_LIT("k"), SLICE_LIT("one"));
    mqtt_put_pair(&block, SLICE_LIT("k"), SLICE_LIT("t\nw\xe2\x80\xa8o"));
    struct reader *r = listen_to(&admin, "filter=a");
    struct msg *msg = msg_create(&(struct msg_opts){ .topic = SLICE_LIT("a"),
                                                     .payload = SLICE_LIT("x"),
                                                     .properties = buf_slice(&block),
                                                     .client_id = SLICE_LIT("secret-client"),
                                                     .principal = SLICE_LIT("secret-principal"),
                                                     .qos = 2,
                                                     .over_mqtt = true });
    assert_true(hub_publish(hub, principal_system(), NULL, msg, NULL, NULL) >= 0);
    msg_unref(msg);
    expect_event(r, "event: message\nid: 1\n"
                    "data: {\"topic\":\"a\",\"payload\":\"x\",\"qos\":2,\"retain\":false,"
                    "\"timestamp\":1767323045000,\"contentType\":\"text/\\\"x\\\"\","
                    "\"responseTopic\":\"answers/1\",\"correlationData\":\"AP8=\","
                    "\"userProperties\":[{\"k\":\"one\"},{\"k\":\"t\\nw\\u2028o\"}]}\n\n");
    buf_deinit(&block);
    leave(r);
}

static void two_megabytes_come_whole(void **state)
{
    enum { LEN = 2 << 20 };
    char *payload = xmalloc(LEN);
    static const char *const fills[] = { "\"", "\xff", "x" };
    for (size_t i = 0; i < ARRAY_LEN(fills); i++) {
        memset(payload, fills[i][0], LEN);
        struct reader *r = listen_to(&admin, "filter=a");
        publish_bytes("a", slice_of(payload, LEN), false);
        struct event event;
        assert_true(next_event(r, &event));
        struct buf got = { 0 };
        const char *encoded = json_get_str(event.data, "payloadBase64");
        if (encoded)
            assert_int_equal(base64_decode(&got, slice_str(encoded)), 0);
        else
            buf_puts(&got, json_get_str(event.data, "payload"));
        assert_int_equal(got.len, LEN);
        assert_memory_equal(got.data, payload, LEN);
        buf_deinit(&got);
        event_free(&event);
        leave(r);
    }
    free(payload);
}

/* ---- the request ---- */

static void the_head(void **state)
{
    struct reader *r = request(&admin, "GET /hub/subscribe?filter=a",
                               "Origin: https://console.example\r\nLast-Event-ID: 7\r\n");
    assert_int_equal(r->status, 200);
    assert_string_equal(buf_str(&r->head),
                        "Content-Type: text/event-stream\nCache-Control: no-store\n"
                        "X-Accel-Buffering: no\nVary: Origin\n"
                        "Access-Control-Allow-Origin: https://console.example\n"
                        "Access-Control-Expose-Headers: x-amzn-RequestId, x-amzn-ErrorType, "
                        "Date, ETag\n");
    assert_string_equal(buf_str(&r->body), "retry: 3000\n\n");
    publish("a", "1");
    expect_event(r, EVENT("1", "\"a\",\"payload\":\"1\"")); /* from the beginning */
    leave(r);
}

static void head_has_no_body(void **state)
{
    struct reader *r = request(&admin, "HEAD /hub/subscribe?filter=a", "");
    assert_true(r->over);
    assert_int_equal(r->status, 200);
    assert_non_null(strstr(buf_str(&r->head), "text/event-stream"));
    assert_int_equal(r->body.len, 0);
    assert_int_equal(metrics_get(METRIC_EVENT_STREAMS), 0);
    assert_false(hub_wants(hub, SLICE_LIT("a")));
    reader_free(r);
    r = request(&admin, "HEAD /hub/subscribe", "");
    assert_int_equal(r->status, 400);
    reader_free(r);
}

static void many_filters(char *line, size_t size, int count)
{
    int len = snprintf(line, size, "GET /hub/subscribe?retained=false");
    for (int i = 0; i < count; i++)
        len += snprintf(line + len, size - (size_t)len, "&filter=f%%2F%d", i);
}

static void what_is_refused(void **state)
{
    static char many[4096];
    many_filters(many, sizeof many, 101);
    const struct {
        struct principal *who;
        const char *line;
        int status;
        const char *error;
        const char *holds;
    } cases[] = {
        { &admin, "GET /hub/subscribe", 400, "InvalidRequestException", "filter is needed" },
        { &admin, "GET /hub/subscribe?filter", 400, "InvalidRequestException", "topic filter" },
        { &admin, "GET /hub/subscribe?filter=", 400, "InvalidRequestException", "topic filter" },
        { &admin, "GET /hub/subscribe?filter=a%23", 400, "InvalidRequestException", "filter: a#" },
        { &admin, "GET /hub/subscribe?filter=a&filter=%2B%2B", 400, "InvalidRequestException",
          "filter: ++" },
        { &admin, "GET /hub/subscribe?filter=%00", 400, "InvalidRequestException", "" },
        { &admin, "GET /hub/subscribe?filter=a&filter=%zz", 400, "InvalidRequestException",
          "escape" },
        { &admin, "GET /hub/subscribe?filter=a&filter=%ff", 400, "InvalidRequestException",
          "topic filter" },
        { &admin, "GET /hub/subscribe?filter=%24share%2Fg%2Fa", 400, "InvalidRequestException",
          "Shared subscriptions" },
        { &admin, "GET /hub/subscribe?filter=a&retained=1", 400, "InvalidRequestException",
          "true or false" },
        { &admin, "GET /hub/subscribe?filter=1%2F2%2F3%2F4%2F5%2F6%2F7%2F8%2F9", 400,
          "InvalidRequestException", "so many levels: 1/2/3" },
        { &admin, "GET /hub/subscribe?filter=%24aws%2Frules%2Fr%2Fa", 403, "ForbiddenException",
          "not allowed" },
        { &admin, many, 400, "InvalidRequestException", "at most 100 filters" },
        { &cert, "GET /hub/subscribe?filter=other", 403, "ForbiddenException",
          "iot:Subscribe is not allowed: other" },
        { &cert, "GET /hub/subscribe?filter=free%2Fopen%2Fa&filter=%23", 403, "ForbiddenException",
          "iot:Subscribe is not allowed: #" },
        { &cert, "GET /hub/subscribe?filter=%24SYS%2F%23", 403, "ForbiddenException", "" },
        { NULL, "GET /hub/subscribe?filter=a", 403, "ForbiddenException", "Missing" },
        { &admin, "POST /hub/subscribe?filter=a", 405, "MethodNotAllowedException", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct reader *r = request(cases[i].who, cases[i].line, "");
        if (r->begun || r->status != cases[i].status ||
            !strstr(buf_str(&r->head), cases[i].error) ||
            !strstr(buf_str(&r->body), cases[i].holds))
            fail_msg("%s: %d %s %s", cases[i].line, r->status, buf_str(&r->head),
                     buf_str(&r->body));
        reader_free(r);
    }
    assert_false(hub_wants(hub, SLICE_LIT("a")));
    assert_int_equal(api_count(api), 0);
}

static void a_hundred_filters_are_taken_and_doubles_are_one(void **state)
{
    static char many[4096];
    many_filters(many, sizeof many, 100);
    snprintf(many + strlen(many), 64, "&filter=f%%2F7&filter=f%%2F7");
    struct reader *r = request(&admin, many, "");
    assert_true(r->begun);
    publish("f/99", "1");
    publish("f/7", "2");
    publish("f/100", "3");
    expect_message(r, "f/99", "1", false);
    expect_message(r, "f/7", "2", false);
    expect_nothing(r);
    leave(r);
}

static void more_streams_than_there_may_be(void **state)
{
    struct reader *r[STREAMS];
    for (size_t i = 0; i < STREAMS; i++)
        r[i] = listen_to(&admin, "filter=a");
    assert_int_equal(metrics_get(METRIC_EVENT_STREAMS), STREAMS);
    struct reader *late = request(&admin, "GET /hub/subscribe?filter=a", "");
    assert_int_equal(late->status, 503);
    assert_non_null(strstr(buf_str(&late->head), "ServiceUnavailableException"));
    assert_non_null(strstr(buf_str(&late->body), "http.max_event_streams"));
    reader_free(late);
    leave(r[0]);
    r[0] = listen_to(&admin, "filter=a");
    for (size_t i = 0; i < STREAMS; i++)
        leave(r[i]);
}

static void guests_leave_room_for_who_has_a_credential(void **state)
{
    enum { GUESTS = STREAMS - STREAMS / 4 };
    struct principal guest = admin;
    struct reader *r[GUESTS];
    guest.kind = PRINCIPAL_ANONYMOUS;
    list_init(&guest.watches);
    for (size_t i = 0; i < GUESTS; i++)
        r[i] = listen_to(&guest, "filter=a");
    struct reader *late = request(&guest, "GET /hub/subscribe?filter=a", "");
    assert_int_equal(late->status, 503);
    reader_free(late);
    leave(listen_to(&admin, "filter=a"));
    for (size_t i = 0; i < GUESTS; i++)
        leave(r[i]);
}

/* ---- live messages ---- */

static void a_message_comes_once(void **state)
{
    struct reader *r = listen_to(&admin, "filter=a%2F%23&filter=a%2F%2B&filter=b");
    struct reader *other = listen_to(&admin, "filter=b");
    publish("a/1", "one");
    publish("c", "not this");
    publish("b", "two");
    retain("b", "three"); /* live: not marked */
    publish("b", "");
    expect_message(r, "a/1", "one", false);
    expect_message(r, "b", "two", false);
    expect_message(r, "b", "three", false);
    expect_message(r, "b", "", false);
    expect_nothing(r);
    expect_message(other, "b", "two", false);
    assert_int_equal(metrics_get(METRIC_EVENTS_OUT), 7);
    leave(r);
    publish("a/1", "nobody");
    leave(other);
    assert_int_equal(metrics_get(METRIC_EVENTS_OUT), 7);
}

static void policies_decide_what_is_received(void **state)
{
    retain("free/open/r", "seen");
    retain("free/shut/r", "not seen");
    struct reader *r = listen_to(&cert, "filter=free%2F%23");
    publish("free/open/x", "1");
    publish("free/shut/x", "2");
    publish("free/open/y", "3");
    expect_message(r, "free/open/r", "seen", true);
    expect_message(r, "free/open/x", "1", false);
    expect_message(r, "free/open/y", "3", false);
    expect_nothing(r);
    change_cert(&deaf_policy, true); /* stays, and hears nothing */
    publish("free/open/x", "4");
    expect_nothing(r);
    change_cert(&open_policy, true);
    publish("free/open/x", "5");
    expect_message(r, "free/open/x", "5", false);
    leave(r);
}

static void who_loses_the_right_to_subscribe_is_told(void **state)
{
    struct reader *r = listen_to(&cert, "filter=free%2Fopen%2F%23");
    change_cert(&lost_policy, true);
    expect_end(r, "iot:Subscribe is not allowed any more");
    publish("free/open/x", "1");
    assert_false(hub_wants(hub, SLICE_LIT("free/open/x")));
    assert_non_null(strstr(buf_str(&logged), "iot:Subscribe"));
}

static void who_is_revoked_is_told(void **state)
{
    struct reader *a = listen_to(&cert, "filter=free%2Fopen%2Fa");
    struct reader *b = listen_to(&cert, "filter=free%2Fopen%2Fb");
    struct reader *c = listen_to(&admin, "filter=a");
    change_cert(&open_policy, false);
    expect_end(a, "The credential is not valid any more");
    expect_end(b, "The credential is not valid any more");
    assert_false(c->over);
    leave(c);
}

static void a_stream_outlasts_the_time_of_requests(void **state)
{
    struct reader *r = listen_to(&admin, "filter=a");
    for (int i = 0; i < 20; i++) {
        clock_fake_advance(REQUEST_MS);
        quiet();
    }
    assert_false(r->over);
    leave(r);
}

/* ---- retained messages ---- */

static void retained_messages_come_first_and_once(void **state)
{
    retain("a/1", "one");
    retain("a/2", "two");
    retain("a/2/x", "three");
    retain("b", "four");
    struct reader *r = listen_to(&admin, "filter=a%2F%2B&filter=a%2F%23&filter=b&filter=a%2F1");
    expect_message(r, "a/1", "one", true);
    expect_message(r, "a/2", "two", true);
    expect_message(r, "a/2/x", "three", true);
    expect_message(r, "b", "four", true);
    expect_nothing(r);
    leave(r);
    r = listen_to(&admin, "filter=a%2F%23&retained=false");
    expect_nothing(r);
    leave(r);
    r = listen_to(&admin, "filter=a%2F%23&retained=true");
    expect_message(r, "a/1", "one", true);
    leave(r);
}

enum { MANY = 2500 };

static void topic_of(char *ret, size_t size, int i)
{
    snprintf(ret, size, "many/%04d", i);
}

static void retain_many(const char *payload)
{
    char topic[32];
    for (int i = 0; i < MANY; i++) {
        topic_of(topic, sizeof topic, i);
        retain(topic, payload);
    }
}

static void many_retained_messages_go_in_portions(void **state)
{
    retain_many("r");
    struct reader *r = listen_to(&admin, "filter=many%2F%23");
    size_t rounds = 0, count = 0;
    struct event event;
    for (;; rounds++) {
        size_t before = count;
        for (; next_event(r, &event); count++)
            event_free(&event);
        if (count == before) break;
        assert_true(count - before <= 1000);
        clock_fake_advance(1);
        quiet();
    }
    assert_int_equal(count, MANY);
    assert_int_equal(rounds, 3);
    leave(r);
}

/* Time goes on, ten portions of a walk. */
static void go_on(void)
{
    for (int i = 0; i < 10; i++) {
        clock_fake_advance(1);
        quiet();
    }
}

static void a_walk_stops_for_a_reader_that_is_stuck(void **state)
{
    retain_many("r");
    stuck = true;
    struct reader *r = listen_to(&admin, "filter=many%2F%23");
    struct reader *other = listen_to(&admin, "filter=many%2F2499");
    go_on();
    assert_true(r->pending >= BUFFER && r->pending < BUFFER + 300);
    size_t sent = r->body.len;
    go_on();
    assert_int_equal(r->body.len, sent);
    take(r, r->pending - 1);
    go_on();
    assert_int_equal(r->body.len, sent); /* it goes on when all is taken */
    take(r, r->pending);
    go_on();
    assert_true(r->body.len > sent);
    stuck = false;
    while (r->pending)
        take(r, r->pending);
    for (int i = 0; i < 20; i++)
        go_on();
    struct event event;
    size_t count = 0;
    for (; next_event(r, &event); count++)
        event_free(&event);
    assert_int_equal(count, MANY);
    assert_int_equal(metrics_get(METRIC_EVENTS_DROPPED), 0);
    expect_message(other, "many/2499", "r", true);
    leave(r);
    leave(other);
}

/* A live message does not wait for the walk, but what was retained there comes first, and once. */
static void a_topic_does_not_go_back_in_time(void **state)
{
    retain_many("r");
    struct reader *r = listen_to(&admin, "filter=many%2F%23&filter=%2B%2F%2B");
    publish("many/2000", "a"); /* not reached yet */
    publish("many/2000", "b");
    publish("many/0000", "c"); /* behind the walk */
    retain("many/2001", "d");  /* another one in its place */
    retain("many/2002", "");   /* none any more */
    publish("many/none", "e"); /* nothing is retained there */
    publish("any/2000", "f");  /* of the second filter */
    go_on();
    struct event event;
    for (int i = 0; i < 1000; i++) {
        char topic[32];
        topic_of(topic, sizeof topic, i);
        expect_message(r, topic, "r", true);
    }
    expect_message(r, "many/2000", "r", true);
    expect_message(r, "many/2000", "a", false);
    expect_message(r, "many/2000", "b", false);
    expect_message(r, "many/0000", "c", false);
    expect_message(r, "many/2001", "d", false);
    expect_message(r, "many/2002", "", false);
    expect_message(r, "many/none", "e", false);
    expect_message(r, "any/2000", "f", false);
    size_t count = 0;
    for (; next_event(r, &event); count++) {
        assert_true(json_is_true(json_get(event.data, "retain")));
        assert_null(strstr("many/2000 many/2001 many/2002", json_get_str(event.data, "topic")));
        event_free(&event);
    }
    assert_int_equal(count, MANY - 1000 - 3);
    leave(r);
}

/* Where the walk has not been and cannot say so either: live messages count as dropped then. */
static void topics_that_overtake_are_bounded(void **state)
{
    retain_many("r");
    struct reader *r = listen_to(&admin, "filter=many%2F%23");
    size_t before = r->body.len;
    char topic[32];
    int count = 0;
    while (metrics_get(METRIC_EVENTS_DROPPED) == 0) {
        topic_of(topic, sizeof topic, 1000 + count++);
        publish(topic, "live");
    }
    assert_int_equal(count, BUFFER / (strlen("many/1000") + 64) + 1);
    assert_true(r->body.len > before);
    go_on();
    assert_non_null(
        strstr(buf_str(&r->body), "event: dropped\ndata: {\"count\":1,\"total\":1}\n\n"));
    publish("many/1999", "after"); /* the walk is over: nothing is to be remembered */
    publish("many/1998", "after");
    assert_int_equal(metrics_get(METRIC_EVENTS_DROPPED), 1);
    leave(r);
}

enum { TOPICS = MANY, STEPS = 6000 };

static int number_of(const struct event *event)
{
    return atoi(json_get_str(event->data, "payload"));
}

/* Whatever happens in whatever order: each topic goes forward, is retained once, and ends with its last message. */
static void judge(struct reader *r, const int *last, const bool *heard)
{
    static int at[TOPICS];
    static bool retained[TOPICS];
    memset(at, 0, sizeof at);
    memset(retained, 0, sizeof retained);
    struct event event;
    while (next_event(r, &event)) {
        int topic = atoi(json_get_str(event.data, "topic") + 5);
        int number = number_of(&event);
        bool marked = json_is_true(json_get(event.data, "retain"));
        if (number <= at[topic]) fail_msg("topic %d: %d after %d", topic, number, at[topic]);
        if (marked && retained[topic]) fail_msg("topic %d is retained twice", topic);
        at[topic] = number;
        retained[topic] |= marked;
        event_free(&event);
    }
    for (int i = 0; i < TOPICS; i++)
        if (heard[i] && at[i] != last[i])
            fail_msg("topic %d ends with %d, not %d", i, at[i], last[i]);
}

static void a_random_walk(uint64_t seed, int first)
{
    static int last[TOPICS];   /* the number of its last message */
    static bool heard[TOPICS]; /* that one was retained, or published to the reader */
    char topic[32], payload[16];
    struct reader *r = NULL;
    memset(last, 0, sizeof last);
    memset(heard, 0, sizeof heard);
    for (int i = 0; i < STEPS; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t random = (uint32_t)(seed >> 33);
        int n = (int)(random % TOPICS);
        bool keep = random / TOPICS % 3 > 0;
        topic_of(topic, sizeof topic, n);
        snprintf(payload, sizeof payload, "%d", first + i);
        if (i < STEPS / 2 || keep)
            retain(topic, payload);
        else
            publish(topic, payload);
        last[n] = first + i;
        heard[n] = true;
        if (i == STEPS / 2) r = listen_to(&admin, "filter=many%2F%23");
        if (r && random % 97 == 0) clock_fake_advance(1);
        if (r && random % 97 == 0) quiet();
    }
    go_on();
    judge(r, last, heard);
    leave(r);
}

static void random_walks(void **state)
{
    for (uint64_t seed = 1; seed <= 10; seed++)
        a_random_walk(seed, (int)seed * STEPS);
}

/* ---- too slow ---- */

static void what_is_dropped_is_told(void **state)
{
    char payload[BUFFER / 4];
    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = 0;
    stuck = true;
    struct reader *r = listen_to(&admin, "filter=a");
    for (int i = 0; i < 10; i++)
        publish("a", payload);
    int sent = (int)metrics_get(METRIC_EVENTS_OUT);
    assert_int_equal(sent, 4); /* with the last one it is above events_buffer */
    assert_int_equal(metrics_get(METRIC_EVENTS_DROPPED), 6);
    take(r, r->pending - BUFFER / 2); /* half is taken, but not more */
    publish("a", "dropped too");
    take(r, 1);
    publish("a", "fits");
    publish("a", "fits too");
    take(r, r->pending);
    for (int i = 0; i < sent; i++)
        expect_message(r, "a", payload, false);
    expect_event(r, "event: dropped\ndata: {\"count\":7,\"total\":7}\n\n");
    expect_event(r, EVENT("12", "\"a\",\"payload\":\"fits\"")); /* those dropped have numbers too */
    expect_message(r, "a", "fits too", false);
    expect_nothing(r);
    for (int i = 0; i < 6; i++)
        publish("a", payload);
    take(r, r->pending); /* it is told at once, not with the next message */
    for (int i = 0; i < 4; i++)
        expect_message(r, "a", payload, false);
    expect_event(r, "event: dropped\ndata: {\"count\":2,\"total\":9}\n\n");
    expect_nothing(r);
    leave(r);
}

static void a_message_larger_than_the_queue_comes_alone(void **state)
{
    static char payload[3 * BUFFER];
    memset(payload, 'x', sizeof payload - 1);
    stuck = true;
    struct reader *r = listen_to(&admin, "filter=a");
    take(r, r->pending);
    publish("a", payload);
    publish("a", "dropped");
    take(r, r->pending);
    publish("a", "after");
    expect_message(r, "a", payload, false);
    expect_event(r, "event: dropped\ndata: {\"count\":1,\"total\":1}\n\n");
    expect_message(r, "a", "after", false);
    leave(r);
}

/* A long message is made once, whoever reads it. */
static void readers_share_a_message(void **state)
{
    static char payload[100000];
    struct reader *r[STREAMS];
    memset(payload, 'x', sizeof payload - 1);
    for (size_t i = 0; i < STREAMS; i++)
        r[i] = listen_to(&admin, i ? "filter=a" : "filter=a&filter=b");
    publish("b", "1"); /* so that the numbers differ */
    chunk_count = 0;
    publish("a", payload);
    assert_int_equal(shared_count, STREAMS);
    assert_int_equal(chunk_count, 1); /* the same chunk for all */
    expect_message(r[0], "b", "1", false);
    for (size_t i = 0; i < STREAMS; i++) {
        expect_message(r[i], "a", payload, false);
        leave(r[i]);
    }
    int64_t before = budget_used();
    quiet();
    assert_true(budget_used() <= before - (int64_t)sizeof payload); /* and is not kept */
}

static void without_memory_who_is_behind_gets_nothing(void **state)
{
    stuck = true;
    struct reader *slow = listen_to(&admin, "filter=a");
    stuck = false;
    struct reader *fast = listen_to(&admin, "filter=a");
    budget_set_limit(1);
    publish("a", "1");
    budget_set_limit(0);
    take(slow, slow->pending);
    publish("a", "2");
    expect_event(slow, "event: dropped\ndata: {\"count\":1,\"total\":1}\n\n");
    expect_message(slow, "a", "2", false);
    expect_message(fast, "a", "1", false);
    expect_message(fast, "a", "2", false);
    leave(slow);
    leave(fast);
}

static void heartbeats(void **state)
{
    struct reader *r = listen_to(&admin, "filter=a");
    size_t len = r->body.len;
    clock_fake_advance(HEARTBEAT_MS - 1);
    quiet();
    assert_int_equal(r->body.len, len);
    for (int i = 0; i < 3; i++) {
        clock_fake_advance(i ? HEARTBEAT_MS : 1);
        quiet();
    }
    assert_string_equal(buf_str(&r->body) + len, ":\n\n:\n\n:\n\n");
    stuck = true; /* whoever has something to read knows */
    publish("a", "1");
    len = r->body.len;
    clock_fake_advance(HEARTBEAT_MS);
    quiet();
    assert_int_equal(r->body.len, len);
    leave(r);
}

static void a_reader_that_takes_nothing_is_let_go(void **state)
{
    stuck = true;
    struct reader *r = listen_to(&admin, "filter=a");
    struct reader *slow = listen_to(&admin, "filter=a");
    for (int i = 0; i < 50; i++)
        publish("a", "some text, so that there is enough to be taken slowly");
    for (int i = 0; i < 2 && !r->over; i++) {
        take(slow, 1);
        clock_fake_advance(PATIENCE_MS);
        quiet();
    }
    assert_true(r->over && r->ended);
    assert_non_null(strstr(buf_str(&r->body), "Nothing was read for too long"));
    assert_non_null(strstr(buf_str(&logged), "Nothing was read for too long"));
    for (int i = 0; i < 5; i++) {
        take(slow, 1);
        clock_fake_advance(PATIENCE_MS);
        quiet();
    }
    assert_false(slow->over);
    stuck = false;
    take(slow, slow->pending);
    for (int i = 0; i < 5; i++) { /* nothing waits for it */
        clock_fake_advance(PATIENCE_MS);
        quiet();
    }
    assert_false(slow->over);
    reader_free(r);
    leave(slow);
}

/* ---- the end ---- */

static void who_goes_leaves_nothing_behind(void **state)
{
    retain_many("r");
    struct reader *r = listen_to(&admin, "filter=many%2F%23"); /* in the midst of a walk */
    publish("many/2000", "early");
    leave(r);
    assert_int_equal(api_count(api), 0);
    assert_int_equal(metrics_get(METRIC_EVENT_STREAMS), 0);
    assert_false(hub_wants(hub, SLICE_LIT("many/0000")));
    go_on();
    publish("many/0000", "x");
}

static void the_hub_ends_streams(void **state)
{
    retain_many("r");
    struct reader *a = listen_to(&admin, "filter=a");
    struct reader *b = listen_to(&admin, "filter=many%2F%23");
    stuck = true;
    struct reader *c = listen_to(&cert, "filter=free%2Fopen%2Fa");
    for (int i = 0; i < 400; i++)
        publish("free/open/a", "some text, so that there is too much of it");
    int dropped = (int)metrics_get(METRIC_EVENTS_DROPPED);
    assert_true(dropped > 0);
    api_end_streams(api);
    assert_true(a->ended && b->ended && c->ended);
    expect_end(a, "The hub stops");
    assert_non_null(strstr(buf_str(&b->body), "event: end"));
    char text[128];
    snprintf(text, sizeof text,
             "event: dropped\ndata: {\"count\":%d,\"total\":%d}\n\nevent: end\n"
             "data: {\"reason\":\"The hub stops\"}\n\n",
             dropped, dropped);
    assert_non_null(strstr(buf_str(&c->body), text));
    struct reader *late = request(&admin, "GET /hub/subscribe?filter=a", "");
    assert_int_equal(late->status, 503);
    assert_non_null(strstr(buf_str(&late->body), "The hub stops"));
    api_end_streams(api);
    reader_free(b);
    reader_free(c);
    reader_free(late);
}

static void stopping_ends_streams(void **state)
{
    struct reader *r = listen_to(&admin, "filter=a");
    store_stop(store);
    api_stop(api);
    assert_true(r->ended);
    assert_int_equal(api_count(api), 0);
    reader_free(r);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(payloads_are_text_or_base64),
        T(topics_are_text),
        T(properties_come_along),
        T(two_megabytes_come_whole),
        T(the_head),
        T(head_has_no_body),
        T(what_is_refused),
        T(a_hundred_filters_are_taken_and_doubles_are_one),
        T(more_streams_than_there_may_be),
        T(guests_leave_room_for_who_has_a_credential),
        T(a_message_comes_once),
        T(policies_decide_what_is_received),
        T(who_loses_the_right_to_subscribe_is_told),
        T(who_is_revoked_is_told),
        T(a_stream_outlasts_the_time_of_requests),
        T(retained_messages_come_first_and_once),
        T(many_retained_messages_go_in_portions),
        T(a_walk_stops_for_a_reader_that_is_stuck),
        T(a_topic_does_not_go_back_in_time),
        T(topics_that_overtake_are_bounded),
        T(random_walks),
        T(what_is_dropped_is_told),
        T(a_message_larger_than_the_queue_comes_alone),
        T(readers_share_a_message),
        T(without_memory_who_is_behind_gets_nothing),
        T(heartbeats),
        T(a_reader_that_takes_nothing_is_let_go),
        T(who_goes_leaves_nothing_behind),
        T(the_hub_ends_streams),
        T(stopping_ends_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
