/* Responses: exact bytes, and that nothing gets into a head that does not belong there. */
#include "lib/test.h"

#include "base/clock.h"
#include "base/err.h"
#include "http/response.h"

#include "http_tests.h"

static int64_t now_ms;

static int64_t fake_ms(void)
{
    return now_ms;
}

static int64_t fake_ns(void)
{
    return 0;
}

static int own_the_clock(void **state)
{
    static const struct clock_source source = { fake_ms, fake_ns };
    now_ms = 784111777000; /* RFC 9110's example */
    clock_set_source(&source);
    return 0;
}

static int give_back_the_clock(void **state)
{
    clock_set_source(NULL);
    return 0;
}

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define SAFE                                                                  \
    "X-Content-Type-Options: nosniff\r\n"                                     \
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n" \
    "Referrer-Policy: no-referrer\r\n"
#define UNKEPT SAFE "Cache-Control: no-store\r\n"

static const struct http_field two_fields[] = {
    { "X-A", { "1", 1 } },
    { "x-b", { "", 0 } },
};

static const struct http_field cache_field = { "cache-control", { "max-age=60", 10 } };

static const struct response_case {
    const char *name;
    struct http_response response;
    const char *expected;
} response_cases[] = {
    { "all of it",
      { .status = 200,
        .content_type = "application/json",
        .request_id = "id-1",
        .fields = two_fields,
        .field_count = 2,
        .body = { "{}", 2 },
        .keep_alive = true },
      "HTTP/1.1 200 OK\r\n" DATE "Content-Type: application/json\r\nContent-Length: 2\r\n"
      "Connection: keep-alive\r\nx-amzn-RequestId: id-1\r\n" UNKEPT "X-A: 1\r\nx-b: \r\n\r\n{}" },
    { "nothing of it",
      { .status = 404 },
      "HTTP/1.1 404 Not Found\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n" UNKEPT
      "\r\n" },
    { "head",
      { .status = 200, .body = { "four", 4 }, .head = true, .keep_alive = true },
      "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 4\r\nConnection: keep-alive\r\n" UNKEPT "\r\n" },
    { "no content",
      { .status = 204, .content_type = "text/plain", .body = { "x", 1 }, .keep_alive = true },
      "HTTP/1.1 204 No Content\r\n" DATE "Connection: keep-alive\r\n" UNKEPT "\r\n" },
    { "not modified",
      { .status = 304, .body = { "x", 1 }, .keep_alive = true },
      "HTTP/1.1 304 Not Modified\r\n" DATE "Connection: keep-alive\r\n" UNKEPT "\r\n" },
    { "switching protocols",
      { .status = 101, .fields = two_fields, .field_count = 1 },
      "HTTP/1.1 101 Switching Protocols\r\n" DATE "Connection: Upgrade\r\nX-A: 1\r\n\r\n" },
    { "chunked",
      { .status = 200, .framing = HTTP_CHUNKED, .body = { "x", 1 }, .keep_alive = true },
      "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n" UNKEPT
      "\r\n" },
    { "until close",
      { .status = 200, .framing = HTTP_UNTIL_CLOSE, .body = { "x", 1 }, .keep_alive = true },
      "HTTP/1.1 200 OK\r\n" DATE "Connection: close\r\n" UNKEPT "\r\nx" },
    { "kept for a while",
      { .status = 200, .fields = &cache_field, .field_count = 1 },
      "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n" SAFE
      "cache-control: max-age=60\r\n\r\n" },
    { "status of no name",
      { .status = 499 },
      "HTTP/1.1 499 Bad Request\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n" UNKEPT
      "\r\n" },
};

static void test_responses(void **state)
{
    for (size_t i = 0; i < sizeof response_cases / sizeof *response_cases; i++) {
        const struct response_case *c = &response_cases[i];
        struct buf out = { 0 };
        buf_puts(&out, "before|");
        assert_int_equal(http_put_response(&out, &c->response), 0);
        if (strcmp(buf_str(&out) + 7, c->expected) != 0)
            fail_msg("%s:\n%s", c->name, buf_str(&out));
        buf_deinit(&out);
    }
}

#define FIELD(name, value)              \
    {                                   \
        name,                           \
        {                               \
            "" value, sizeof(value) - 1 \
        }                               \
    }

static void test_bad_fields_are_refused(void **state)
{
    static const struct http_field bad[] = {
        FIELD("", "a"),
        FIELD("X Y", "a"),
        FIELD("X:", "a"),
        FIELD("X\r\nY", "a"),
        FIELD("X\n", "a"),
        FIELD("\xc3\xa4", "a"),
        FIELD("X", "a\r\nSet-Cookie: b"),
        FIELD("X", "a\nb"),
        FIELD("X", "a\rb"),
        FIELD("X", "a\0b"),
        FIELD("X", "\x1b"),
        FIELD("X", "\x7f"),
        FIELD("Content-Length", "3"),
        FIELD("content-length", "3"),
        FIELD("Transfer-Encoding", "chunked"),
        FIELD("Connection", "close"),
        FIELD("Date", "now"),
    };
    struct buf out = { 0 };
    buf_puts(&out, "before");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_field fields[] = { two_fields[0], bad[i] };
        struct http_response r = { .status = 200, .fields = fields, .field_count = 2 };
        assert_int_equal(http_put_response(&out, &r), ERR_INVALID);
    }
    struct http_response type = { .status = 200, .content_type = "a\r\nb: c" };
    assert_int_equal(http_put_response(&out, &type), ERR_INVALID);
    struct http_response id = { .status = 200, .request_id = "a\nb" };
    assert_int_equal(http_put_response(&out, &id), ERR_INVALID);
    struct http_response low = { .status = 99 }, high = { .status = 600 };
    assert_int_equal(http_put_response(&out, &low), ERR_INVALID);
    assert_int_equal(http_put_response(&out, &high), ERR_INVALID);
    assert_string_equal(buf_str(&out), "before");
    buf_deinit(&out);
}

static void test_chunks(void **state)
{
    struct buf out = { 0 };
    http_put_continue(&out);
    http_put_chunk(&out, SLICE_LIT("0123456789abcdefg"));
    http_put_chunk(&out, SLICE_LIT(""));
    http_put_last_chunk(&out);
    assert_string_equal(buf_str(&out), "HTTP/1.1 100 Continue\r\n\r\n"
                                       "11\r\n0123456789abcdefg\r\n0\r\n\r\n");
    buf_deinit(&out);
}

static void test_dates(void **state)
{
    static const struct {
        int64_t epoch;
        const char *text;
    } dates[] = {
        { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
        { -5, "Thu, 01 Jan 1970 00:00:00 GMT" },
        { 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
        { 1798761599, "Thu, 31 Dec 2026 23:59:59 GMT" },
        { 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
        { INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT" },
    };
    char text[30];
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        http_date(dates[i].epoch, text);
        assert_string_equal(text, dates[i].text);
    }
}

static void expect_date(const char *expected)
{
    struct buf out = { 0 };
    struct http_response r = { .status = 200 };
    assert_int_equal(http_put_response(&out, &r), 0);
    assert_non_null(strstr(buf_str(&out), expected));
    buf_deinit(&out);
}

static void test_date_follows_the_clock(void **state)
{
    expect_date("06 Nov 1994 08:49:37 GMT");
    now_ms += 999;
    expect_date("06 Nov 1994 08:49:37 GMT");
    now_ms += 1;
    expect_date("06 Nov 1994 08:49:38 GMT");
    now_ms -= 2000;
    expect_date("06 Nov 1994 08:49:36 GMT");
}

static void test_reasons(void **state)
{
    static const int statuses[] = {
#define STATUS(status, reason) status,
#include "http/status_table.h"
#undef STATUS
    };
    for (size_t i = 1; i < sizeof statuses / sizeof *statuses; i++)
        assert_true(statuses[i - 1] < statuses[i]);
    assert_string_equal(http_status_reason(409), "Conflict");
    assert_string_equal(http_status_reason(599), "Internal Server Error");
    assert_string_equal(http_status_reason(299), "OK");
    assert_string_equal(http_status_reason(0), "Unknown");
    assert_string_equal(http_status_reason(600), "Unknown");
}

int test_response(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_bad_fields_are_refused),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_dates),
        cmocka_unit_test_setup(test_date_follows_the_clock, own_the_clock),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests_name("response", tests, own_the_clock, give_back_the_clock);
}
