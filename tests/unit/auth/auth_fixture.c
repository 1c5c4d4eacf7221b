/* auth_fixture.c — see auth_fixture.h. */
#include "unit/auth/auth_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/request.h"
#include "lib/test.h"
#include "loop/loop.h"

#include <stdatomic.h>

static void on_policy_change(void *arg)
{
    struct bench *b = arg;
    b->policy_changes++;
}

void open_auth(struct bench *b, bool strict_region)
{
    b->auth = auth_create(b->f->loop, b->f->registry,
                          &(struct auth_opts){
                              .region = "local",
                              .account = "000000000000",
                              .strict_region = strict_region,
                              .ledger = 100,
                              .decisions = 1024,
                              .delay = b->delay,
                              .jwt = b->jwt,
                          });
    auth_on_policy_change(b->auth, on_policy_change, b);
}

_Atomic int lines;

static void count_line(const char *line, size_t len)
{
    atomic_fetch_add(&lines, 1);
    for (size_t i = 0; i + 6 <= len; i++) /* "secret" is every password here */
        if (memcmp(line + i, "secret", 6) == 0)
            fail_msg("a secret in the log: %.*s", (int)len, line);
}

int setup(void **state)
{
    struct bench *b = xnew(struct bench);
    log_set_sink(count_line);
    b->f = registry_fixture_create();
    open_auth(b, false);
    *state = b;
    return 0;
}

int teardown(void **state)
{
    struct bench *b = *state;
    auth_destroy(b->auth);
    registry_fixture_destroy(b->f);
    free(b);
    log_set_sink(NULL);
    return 0;
}

void on_reply(void *arg, int rc, struct principal *principal, const char *why)
{
    struct reply *reply = arg;
    reply->count++;
    reply->rc = rc;
    reply->principal = principal;
    snprintf(reply->why, sizeof reply->why, "%s", why ? why : "");
    assert_true((rc == 0) == (principal != NULL));
    assert_true((rc == 0) == (why == NULL));
}

int await(struct bench *b, struct reply *reply)
{
    assert_int_equal(reply->count, 0); /* never from within the call */
    loop_turn(b->f->loop);
    while (!reply->count)
        loop_turn_wait(b->f->loop, 1000);
    assert_int_equal(reply->count, 1);
    return reply->rc;
}

void release(struct reply *reply)
{
    principal_unref(reply->principal);
    *reply = (struct reply){ 0 };
}

int ask_cert(struct bench *b, const char *name, struct reply *ret_reply)
{
    *ret_reply = (struct reply){ 0 };
    auth_by_cert(b->auth, registry_fixture_get(b->f, name), slice_of("", 0), "192.0.2.1", on_reply,
                 ret_reply);
    return await(b, ret_reply);
}

int ask_token(struct bench *b, const char *token, struct reply *ret_reply)
{
    *ret_reply = (struct reply){ 0 };
    auth_by_token(b->auth, slice_str(token), "192.0.2.1", on_reply, ret_reply);
    return await(b, ret_reply);
}

int may_publish(struct bench *b, const struct principal *p, const char *topic)
{
    return auth_check(b->auth, p, NULL, POLICY_ACTION_PUBLISH, AUTH_TOPIC, slice_str(topic), NULL);
}

void on_told(struct auth_watch *watch, struct principal *principal)
{
    struct told *told = container_of(watch, struct told, watch);
    told->count++;
    told->valid = principal->valid;
}

static void put_headers(struct buf *out, const struct sigv4_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "%.*s: %.*s\r\n", (int)headers[i].name.len, headers[i].name.ptr,
                   (int)headers[i].value.len, headers[i].value.ptr);
}

/* The bytes of a signed request. */
void sign(struct bench *b, const struct signing *how, struct buf *out)
{
    char stamp[SIGV4_TIMESTAMP_LEN];
    int64_t now_s = clock_real_ms() / 1000 + how->skew_s;
    sigv4_timestamp(now_s, stamp);
    struct sigv4_header headers[3] = { { SLICE_LIT("Host"), SLICE_LIT("hub.local:8443") },
                                       { SLICE_LIT("X-Amz-Date"), slice_str(stamp) } };
    size_t count = 2;
    if (how->extra)
        headers[count++] =
            (struct sigv4_header){ SLICE_LIT("X-Amz-Security-Token"), slice_str(how->extra) };
    const struct sigv4_request request = {
        .method = SLICE_LIT("GET"),
        .path_raw = SLICE_LIT("/things/a%3Ab"),
        .query_raw = SLICE_LIT("x=1&a=2"),
        .headers = headers,
        .header_count = count,
        .now_s = now_s,
    };
    const struct sigv4_signer signer = {
        .access_key_id = slice_str(registry_fixture_get(b->f, how->key)),
        .secret = slice_str(registry_fixture_get(b->f, how->secret)),
        .region = slice_str(how->region),
        .service = SLICE_LIT("execute-api"),
    };
    struct buf authorization = { 0 };
    assert_int_equal(sigv4_sign(&request, &signer, &authorization), 0);
    buf_printf(out, "GET /things/a%%3Ab?x=1&a=%d HTTP/1.1\r\n", how->tamper ? 3 : 2);
    put_headers(out, headers, count);
    buf_printf(out, "Authorization: %s\r\n\r\n", buf_str(&authorization));
    buf_deinit(&authorization);
}

int ask_request(struct bench *b, const char *text, struct principal *transport,
                struct reply *ret_reply)
{
    struct http_parser parser;
    size_t used;
    http_parser_init(&parser, NULL);
    assert_int_equal(http_feed(&parser, (const uint8_t *)text, strlen(text), &used), HTTP_DONE);
    *ret_reply = (struct reply){ 0 };
    auth_by_request(b->auth, &parser.req, transport, true, "192.0.2.1", on_reply, ret_reply);
    int rc = await(b, ret_reply);
    http_parser_deinit(&parser);
    return rc;
}

void make_key(struct bench *b, const char *params, const char *id, const char *secret)
{
    registry_fixture_do(b->f, "CreateAccessKey", params);
    registry_fixture_set(b->f, id, xstrdup(json_get_str(b->f->result, "accessKeyId")));
    registry_fixture_set(b->f, secret, xstrdup(json_get_str(b->f->result, "secretAccessKey")));
}
