/* Unit tests of the load generator: what it refuses, how it counts, and brokers that misbehave. */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/bench/bench_priv.h"
#include "fake_broker.h"
#include "lib/test.h"
#include "mqtt/mqtt.h"

static const struct bench_opts quick = { .host = "127.0.0.1",
                                         .port = 1883,
                                         .level = MQTT_LEVEL_311,
                                         .payload = 64,
                                         .rate = 100,
                                         .scale = 1,
                                         .seconds = BENCH_SECONDS_MIN };

/* ---- options, table, figures ---------------------------------------------------------------- */

static void options_that_do_not_go_together(void **state)
{
    struct diag diag = DIAG_INIT;
    struct bench_opts opts = quick;
    assert_int_equal(bench_opts_check(&opts, &diag), 0);
    opts.password = "secret";
    assert_int_equal(bench_opts_check(&opts, &diag), ERR_USAGE);
    assert_string_equal(diag.text, "a password needs a user name");
    opts.user = "me";
    assert_int_equal(bench_opts_check(&opts, &diag), 0);
    opts.cpu = 1;
    assert_int_equal(bench_opts_check(&opts, &diag), ERR_USAGE);
    opts.pid = 1;
    assert_int_equal(bench_opts_check(&opts, &diag), 0);
    opts.frame = 16;
    assert_int_equal(bench_opts_check(&opts, &diag), ERR_USAGE);
    assert_string_equal(diag.text, "only WebSocket has frames that packets could share");
    opts.ws = true;
    assert_int_equal(bench_opts_check(&opts, &diag), 0);
    opts.host = "";
    assert_int_equal(bench_opts_check(&opts, &diag), ERR_USAGE);
    assert_string_equal(diag.text, "the host is empty");
}

/* What the scenarios rely on. */
static void the_table_makes_sense(void **state)
{
    size_t count = 0;
    for (const struct bench_scenario *s = bench_scenarios; s->name; s++, count++) {
        assert_ptr_equal(bench_scenario_find(s->name), s); /* so no name is there twice */
        assert_non_null(s->run);
        assert_true(strlen(s->text) > 0 && strlen(s->text) < 80);
        assert_in_range(s->qos, 0, 2);
        if (s->topics == BENCH_PAIRS) assert_int_equal(s->pubs, s->subs);
        if (s->filters) assert_int_equal(s->filters % s->subs, 0);
        if (s->filters) assert_in_range(s->filters / s->subs, 1, 1000);
        if (s->guests) assert_true(s->topics == BENCH_TREE);
    }
    assert_int_equal(count, 20);
    assert_null(bench_scenario_find("nonsense"));
    assert_null(bench_scenario_find(""));
}

static void percentiles_are_values_that_were_there(void **state)
{
    int64_t one[] = { 7 }, few[] = { 30, 10, 40, 20 }, many[1000];
    for (int i = 0; i < 1000; i++)
        many[i] = (i * 7919) % 1000 + 1; /* 1 to 1000 in some order */
    assert_int_equal(bench_percentile(one, 1, 0), 7);
    assert_int_equal(bench_percentile(one, 1, 500), 7);
    assert_int_equal(bench_percentile(one, 1, 1000), 7);
    assert_int_equal(bench_percentile(few, 4, 500), 20);
    assert_int_equal(bench_percentile(few, 4, 501), 30);
    assert_int_equal(bench_percentile(few, 4, 990), 40);
    assert_int_equal(bench_percentile(many, 1000, 500), 500);
    assert_int_equal(bench_percentile(many, 1000, 990), 990);
    assert_int_equal(bench_percentile(many, 1000, 999), 999);
}

/* What a broker of MQTT 5 says that it takes counts, where it is about acknowledgements. */
static void windows_keep_to_what_the_broker_takes(void **state)
{
    struct bench b = { .scenario = bench_scenario_find("fan-in-1"), .receive_max = UINT16_MAX };
    assert_int_equal(bench_window(&b, 1), 100);
    b.receive_max = 7;
    assert_int_equal(bench_window(&b, 1), 7);
    assert_int_equal(bench_window(&b, 2), 7);
    assert_int_equal(bench_window(&b, 0), 100);
}

static void expect_json(const struct bench_result *result, const char *expected)
{
    struct buf text = { 0 };
    struct json *row = bench_result_json(bench_scenario_find("fan-in-1"), result);
    json_print(row, &text);
    assert_string_equal(buf_str(&text), expected);
    json_free(row);
    buf_deinit(&text);
}

static void results_as_json(void **state)
{
    struct bench_result flow = {
        .unit = "messages", .count = 1000, .seconds = 0.5, .own_cpu = 0.1
    };
    expect_json(&flow, "{\"scenario\":\"fan-in-1\",\"unit\":\"messages\",\"count\":1000,\"lost\":0,"
                       "\"seconds\":0.500,\"perSecond\":2000,\"generatorBusy\":0.20,"
                       "\"generatorIsBottleneck\":false}");
    flow.own_cpu = 0.45;
    flow.broker_cpu = 0.25;
    flow.lost = 2;
    expect_json(&flow, "{\"scenario\":\"fan-in-1\",\"unit\":\"messages\",\"count\":1000,\"lost\":2,"
                       "\"seconds\":0.500,\"perSecond\":2000,\"perBrokerCpuSecond\":4000,"
                       "\"brokerCpuSeconds\":0.250,\"brokerBusy\":0.50,\"generatorBusy\":0.90,"
                       "\"generatorIsBottleneck\":true}");
    struct bench_result none = { .unit = "messages",
                                 .memory = true,
                                 .conn_bytes = 1500,
                                 .p50_ns = 81234,
                                 .p99_ns = 200000,
                                 .late_ns = 1000 };
    expect_json(&none, "{\"scenario\":\"fan-in-1\",\"unit\":\"messages\",\"count\":0,\"lost\":0,"
                       "\"seconds\":0.000,\"generatorBusy\":0.00,\"generatorIsBottleneck\":false,"
                       "\"p50Microseconds\":81.2,\"p99Microseconds\":200.0,"
                       "\"lateMicroseconds\":1.0,\"bytesPerConnection\":1500}");
}

/* ---- brokers that misbehave ----------------------------------------------------------------- */

#define CONNACK  "\x20\x02\x00\x00"
#define SUBACK   "\x90\x03\x00\x01\x00"
#define CONNACK5 "\x20\x03\x00\x00\x00"
#define SUBACK5  "\x90\x04\x00\x01\x00\x00"

struct misbehaviour {
    const char *bytes;
    size_t len;
    int rc;
    const char *why;
};
#define ROW(bytes, rc, why)              \
    {                                    \
        bytes, sizeof bytes - 1, rc, why \
    }

static void check_misbehaviour(uint8_t level, const struct misbehaviour *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fake_broker broker = { .bytes = rows[i].bytes, .len = rows[i].len, .closes = true };
        struct bench_opts opts = quick;
        struct bench_result result = { .count = -1 };
        struct diag diag = DIAG_INIT;
        fake_broker_start(&broker);
        opts.port = broker.port;
        opts.level = level;
        int rc = bench_run(&opts, bench_scenario_find("fan-in-0"), &result, &diag);
        fake_broker_stop(&broker);
        if (rc != rows[i].rc || !strstr(diag.text, rows[i].why))
            fail_msg("row %zu: %d, %s", i, rc, diag.text);
        assert_int_equal(result.count, -1);
    }
}

static void brokers_that_misbehave(void **state)
{
    static const struct misbehaviour rows[] = {
        ROW("", ERR_CLOSED, "the broker closed a connection"),
        ROW("\x20\x02\x00", ERR_CLOSED, "the broker closed a connection"),
        ROW("\x20\x02\x00\x04", ERR_DENIED, "bad user name or password"),
        ROW("\x20\x02\x00\xff", ERR_DENIED, "unknown reason"),
        ROW("\x20\x01\x00", ERR_MALFORMED, "too short"),
        ROW("\x20\x00", ERR_MALFORMED, "too short"),
        ROW("\x00\x00", ERR_MALFORMED, "not of a server"),
        ROW("\xe0\x00", ERR_MALFORMED, "not of a server"), /* DISCONNECT and AUTH: only MQTT 5 */
        ROW("\xf0\x00", ERR_MALFORMED, "not of a server"),
        ROW("\x82\x06\x00\x01\x00\x01\x61\x00", ERR_MALFORMED, "not of a server"),
        ROW(CONNACK "\x90\x03\x00\x01\x80", ERR_DENIED, "refused a subscription"),
        ROW(CONNACK "\x90\x02\x00\x01", ERR_MALFORMED, "too short"),
        ROW("\x30\x00", ERR_MALFORMED, "PUBLISH"),
        ROW("\x30\x01\x00", ERR_MALFORMED, "PUBLISH"),
        ROW("\x30\x02\x00\x01", ERR_MALFORMED, "PUBLISH"),
        ROW("\x30\x03\xff\xff\x61", ERR_MALFORMED, "PUBLISH"),
        ROW("\x32\x03\x00\x01\x61", ERR_MALFORMED, "PUBLISH"),
        ROW("\x32\x04\x00\x01\x61\x00", ERR_MALFORMED, "PUBLISH"),
        ROW("\x40\x01\x00", ERR_MALFORMED, "too short"),
        ROW("\x62\x00", ERR_MALFORMED, "too short"),
        ROW("\x30\xff\xff\xff\xff", ERR_MALFORMED, "malformed"),
        ROW("\x30\xff\xff\xff\x7f", ERR_MALFORMED, "malformed"), /* 256 MB */
        ROW(CONNACK SUBACK, ERR_CLOSED, "the broker closed a connection"),
    };
    check_misbehaviour(MQTT_LEVEL_311, rows, ARRAY_LEN(rows));
}

static void brokers_of_mqtt_5_that_misbehave(void **state)
{
    static const struct misbehaviour rows[] = {
        ROW("\x20\x03\x00\x86\x00", ERR_DENIED, "refused to connect: bad user name or password"),
        ROW("\x20\x02\x00\x01", ERR_DENIED, "refused to connect: unacceptable protocol version"),
        ROW("\x20\x02\x00\x84", ERR_DENIED, "refused to connect: unsupported protocol version"),
        ROW("\x20\x02\x00\x00", ERR_MALFORMED, "malformed"),
        ROW("\x20\x06\x00\x00\x03\x21\x00\x00", ERR_MALFORMED, "may not be 0"),
        ROW("\x20\x05\x00\x00\x03\x21\x00", ERR_MALFORMED, "malformed"),
        ROW(CONNACK5 "\x90\x04\x00\x01\x00\x87", ERR_DENIED, "refused a subscription"),
        ROW(CONNACK5 "\x90\x03\x00\x01\x00", ERR_MALFORMED, "SUBACK"),
        ROW(CONNACK5 "\x90\x04\x00\x01\x05\x00", ERR_MALFORMED, "SUBACK"),
        ROW(CONNACK5 "\x90\x06\x00\x01\xff\xff\xff\xff", ERR_MALFORMED, "SUBACK"),
        ROW(CONNACK5 "\x40\x03\x00\x01\x97", ERR_DENIED, "refused a message: quota exceeded"),
        ROW(CONNACK5 "\x50\x03\x00\x01\x87", ERR_DENIED, "refused a message: not authorized"),
        ROW("\x30\x03\x00\x01\x61", ERR_MALFORMED, "PUBLISH"), /* no length of properties */
        ROW("\x30\x04\x00\x01\x61\x01", ERR_MALFORMED, "PUBLISH"),
        ROW("\x30\x07\x00\x01\x61\xff\xff\xff\x7f", ERR_MALFORMED, "PUBLISH"),
        ROW("\x30\x08\x00\x01\x61\xff\xff\xff\xff\x00", ERR_MALFORMED, "PUBLISH"),
        ROW("\xf0\x00", ERR_MALFORMED, "not of a server"),
        ROW(CONNACK5 "\xe0\x00", ERR_CLOSED, "the broker ended a connection: success"),
        ROW(CONNACK5 "\xe0\x01\x8b", ERR_CLOSED, "ended a connection: server shutting down"),
        ROW(CONNACK5 SUBACK5, ERR_CLOSED, "the broker closed a connection"),
    };
    check_misbehaviour(MQTT_LEVEL_5, rows, ARRAY_LEN(rows));
}
#undef ROW

/* A clock that runs ahead, so that what waits for seconds does not. */
static int64_t hurry_ns(void)
{
    static int64_t now = 1000000000;
    return now += 20000000;
}

static int64_t hurry_ms(void)
{
    return hurry_ns() / 1000000;
}

/* All is well until the first message, which never comes. */
static void a_broker_that_keeps_messages(void **state)
{
    static const char bytes[] = CONNACK SUBACK;
    struct fake_broker broker = { .bytes = bytes, .len = sizeof bytes - 1 };
    struct bench_opts opts = quick;
    struct bench_result result = { 0 };
    struct diag diag = DIAG_INIT;
    fake_broker_start(&broker);
    opts.port = broker.port;
    clock_set_source(&(struct clock_source){ hurry_ms, hurry_ns });
    assert_int_equal(bench_run(&opts, bench_scenario_find("fan-in-0"), &result, &diag), 0);
    assert_int_equal(result.count, 0);
    assert_true(result.lost > 0);
    assert_int_equal(bench_run(&opts, bench_scenario_find("fan-in-1"), &result, &diag),
                     ERR_TIMEOUT);
    assert_non_null(strstr(diag.text, "messages did not come"));
    clock_set_source(NULL);
    fake_broker_stop(&broker);
}

static void no_broker_at_all(void **state)
{
    struct bench_opts opts = quick;
    struct bench_result result;
    struct diag diag = DIAG_INIT;
    opts.port = 1;
    assert_int_equal(bench_run(&opts, bench_scenario_find("connect"), &result, &diag),
                     -ECONNREFUSED);
    opts.host = "no such host";
    assert_int_equal(bench_run(&opts, bench_scenario_find("connect"), &result, &diag),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "host 'no such host'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_do_not_go_together),
        cmocka_unit_test(the_table_makes_sense),
        cmocka_unit_test(percentiles_are_values_that_were_there),
        cmocka_unit_test(windows_keep_to_what_the_broker_takes),
        cmocka_unit_test(results_as_json),
        cmocka_unit_test(brokers_that_misbehave),
        cmocka_unit_test(brokers_of_mqtt_5_that_misbehave),
        cmocka_unit_test(a_broker_that_keeps_messages),
        cmocka_unit_test(no_broker_at_all),
    };
    return cmocka_run_group_tests_name("cli_bench", tests, NULL, NULL);
}
