/* test_headers.c — MQTT 5 properties and rules: what statements see of them, what republish sets, what an
 * action may publish with. */
#include "rules_fixture.h"

#include "mqtt/property.h"
#include "rules/firing_priv.h"

#include <errno.h>

#define RULE(sql, headers)                                                                   \
    "{\"sql\":\"" sql "\",\"awsIotSqlVersion\":\"2016-03-23\",\"actions\":[{\"republish\":{" \
    "\"topic\":\"out\",\"headers\":" headers "}}],\"errorAction\":{\"republish\":{"          \
    "\"topic\":\"err\"}}}"

static int setup(void **state)
{
    *state = fix_create();
    return 0;
}

static int teardown(void **state)
{
    fix_destroy(*state);
    return 0;
}

/* A subscriber that keeps the properties of the last message. */
struct watch {
    struct probe probe;
    struct buf block;
};

static int64_t on_message(struct subscriber *subscriber, struct msg *msg,
                          const struct delivery *how)
{
    struct watch *w = container_of(subscriber, struct watch, probe.subscriber);
    w->probe.count++;
    buf_clear(&w->probe.seen);
    buf_put_slice(&w->probe.seen, msg->payload);
    buf_clear(&w->block);
    buf_put_slice(&w->block, msg->properties);
    return 0;
}

static const struct subscriber_ops watch_ops = { .deliver = on_message };

static void watch_open(struct watch *w, struct fix *f, const char *filter)
{
    *w = (struct watch){ .block = { 0 } };
    probe_open(&w->probe, f, filter);
    w->probe.subscriber.ops = &watch_ops;
}

static void watch_close(struct watch *w)
{
    probe_close(&w->probe);
    buf_deinit(&w->block);
}

static void all_properties(struct buf *block)
{
    mqtt_put_number(block, MQTT_PROP_payload_format, 1);
    mqtt_put_number(block, MQTT_PROP_message_expiry, 60);
    mqtt_put_text(block, MQTT_PROP_content_type, SLICE_LIT("text/plain"));
    mqtt_put_text(block, MQTT_PROP_response_topic, SLICE_LIT("answers/1"));
    mqtt_put_text(block, MQTT_PROP_correlation_data, SLICE_LIT("\0\xff"));
    mqtt_put_pair(block, SLICE_LIT("k"), SLICE_LIT("1"));
    mqtt_put_pair(block, SLICE_LIT("l"), SLICE_LIT("é"));
    mqtt_put_pair(block, SLICE_LIT("k"), SLICE_LIT("2"));
}

static void publish_with(struct fix *f, const char *payload, struct slice properties)
{
    assert_true(publish_msg(f, &(struct msg_opts){ .topic = SLICE_LIT("in/x"),
                                                   .payload = slice_str(payload),
                                                   .properties = properties,
                                                   .client_id = SLICE_LIT("probe"),
                                                   .over_mqtt = true }) >= 0);
}

/* ---- what statements see ---- */

static void statements_see_the_properties(void **state)
{
    struct fix *f = *state;
    static struct watch out;
    struct buf block = { 0 };
    assert_int_equal(
        rule_create(
            f, "r",
            RULE("SELECT get_mqtt_property('content_type') AS c, "
                 "get_mqtt_property('format_indicator') AS f, "
                 "get_mqtt_property('response_topic') AS r, "
                 "get_mqtt_property('correlation_data') AS d, get_user_properties('k') AS k, "
                 "get_user_properties('none') AS n, get_user_properties() AS u, 1 AS v "
                 "FROM 'in/+'",
                 "{}")),
        0);
    watch_open(&out, f, "out");
    all_properties(&block);
    publish_with(f, "x", buf_slice(&block));
    assert_string_equal(buf_str(&out.probe.seen),
                        "{\"c\":\"text/plain\",\"f\":\"UTF8_DATA\",\"r\":\"answers/1\","
                        "\"d\":\"AP8=\",\"k\":[\"1\",\"2\"],\"u\":[{\"k\":\"1\"},{\"l\":\"é\"},"
                        "{\"k\":\"2\"}],\"v\":1}");
    assert_int_equal(out.block.len, 0); /* of the old message: they do not go on by themselves */
    publish_with(f, "x", slice_of(NULL, 0));
    assert_string_equal(buf_str(&out.probe.seen), "{\"v\":1}");
    buf_clear(&block);
    mqtt_put_number(&block, MQTT_PROP_message_expiry, 60);
    publish_with(f, "x", buf_slice(&block));
    assert_string_equal(buf_str(&out.probe.seen), "{\"f\":\"UNSPECIFIED_BYTES\",\"u\":[],\"v\":1}");
    buf_deinit(&block);
    watch_close(&out);
}

/* ---- what republish sets ---- */

static void expect_block(const struct watch *w, size_t count, const struct buf *want)
{
    assert_int_equal(w->probe.count, count);
    assert_true(slice_eq(buf_slice(&w->block), buf_slice(want)));
}

static void headers_become_properties(void **state)
{
    struct fix *f = *state;
    static struct watch out;
    struct buf want = { 0 };
    watch_open(&out, f, "out");
    assert_int_equal(
        rule_create(f, "r",
                    RULE("SELECT * FROM 'in/+'",
                         "{\"userProperties\":[{\"key\":\"k\",\"value\":\"1\"},{\"value\":\"é\","
                         "\"key\":\"l\"},{\"key\":\"k\",\"value\":\"2\"}],\"correlationData\":"
                         "\"AP8=\",\"responseTopic\":\"answers/1\",\"contentType\":\"text/plain\","
                         "\"messageExpiry\":\"60\",\"payloadFormatIndicator\":\"UTF8_DATA\"}")),
        0);
    all_properties(&want);
    publish_with(f, "x", slice_of(NULL, 0));
    expect_block(&out, 1, &want);
    buf_deinit(&want);
    watch_close(&out);
}

#define TEMPLATES                                                                              \
    "{\"contentType\":\"${get_mqtt_property('content_type')}\",\"responseTopic\":\"to/${a}\"," \
    "\"correlationData\":\"${encode(c,'base64')}\",\"messageExpiry\":\"${e}\","                \
    "\"payloadFormatIndicator\":\"${f}\",\"userProperties\":[{\"key\":\"const\",\"value\":"    \
    "\"$1\"},{\"key\":\"${topic(2)}\",\"value\":\"<${b}>\"},{\"key\":\"n\",\"value\":\"${n}\"}]}"

static void headers_are_templates(void **state)
{
    struct fix *f = *state;
    static struct watch out;
    struct buf want = { 0 }, in = { 0 };
    watch_open(&out, f, "out");
    assert_int_equal(rule_create(f, "r", RULE("SELECT VALUE b FROM 'in/+'", TEMPLATES)), 0);
    mqtt_put_text(&in, MQTT_PROP_content_type, SLICE_LIT("a/b"));
    publish_with(f, "{\"a\":7,\"b\":\"text\",\"c\":\"data\",\"e\":30,\"f\":\"UNSPECIFIED_BYTES\"}",
                 buf_slice(&in));
    mqtt_put_number(&want, MQTT_PROP_payload_format, 0);
    mqtt_put_number(&want, MQTT_PROP_message_expiry, 30);
    mqtt_put_text(&want, MQTT_PROP_content_type, SLICE_LIT("a/b"));
    mqtt_put_text(&want, MQTT_PROP_response_topic, SLICE_LIT("to/7"));
    mqtt_put_text(&want, MQTT_PROP_correlation_data, SLICE_LIT("data"));
    mqtt_put_pair(&want, SLICE_LIT("const"), SLICE_LIT("$1"));
    mqtt_put_pair(&want, SLICE_LIT("x"), SLICE_LIT("<text>"));
    mqtt_put_pair(&want, SLICE_LIT("n"), SLICE_LIT(""));
    expect_block(&out, 1, &want);
    /* what is empty is left out; user properties stay */
    publish_with(f, "{\"a\":1,\"b\":\"\"}", slice_of(NULL, 0));
    buf_clear(&want);
    mqtt_put_text(&want, MQTT_PROP_response_topic, SLICE_LIT("to/1"));
    mqtt_put_pair(&want, SLICE_LIT("const"), SLICE_LIT("$1"));
    mqtt_put_pair(&want, SLICE_LIT("x"), SLICE_LIT("<>"));
    mqtt_put_pair(&want, SLICE_LIT("n"), SLICE_LIT(""));
    expect_block(&out, 2, &want);
    buf_deinit(&want);
    buf_deinit(&in);
    watch_close(&out);
}

static void bad_headers_fail_the_action(void **state)
{
    static const struct {
        const char *payload;
        const char *says;
    } cases[] = {
        { "{\"e\":\"soon\"}", "headers: messageExpiry: must be" },
        { "{\"e\":604801}", "headers: messageExpiry: must be" },
        { "{\"a\":\"+\"}", "headers: responseTopic: is no topic name" },
        { "{\"f\":\"text\"}", "headers: payloadFormatIndicator: must be" },
    };
    struct fix *f = *state;
    static struct watch out, err;
    watch_open(&out, f, "out");
    watch_open(&err, f, "err");
    assert_int_equal(rule_create(f, "r", RULE("SELECT VALUE b FROM 'in/+'", TEMPLATES)), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        publish_with(f, cases[i].payload, slice_of(NULL, 0));
        assert_int_equal(err.probe.count, i + 1);
        if (!strstr(buf_str(&err.probe.seen), cases[i].says))
            fail_msg("%s", buf_str(&err.probe.seen));
    }
    assert_int_equal(out.probe.count, 0);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), ARRAY_LEN(cases));
    watch_close(&out);
    watch_close(&err);
}

static void utf8_is_asked_of_the_result(void **state)
{
    struct fix *f = *state;
    static struct watch out, err;
    watch_open(&out, f, "out");
    watch_open(&err, f, "err");
    assert_int_equal(
        rule_create(f, "r",
                    RULE("SELECT * FROM 'in/+'", "{\"payloadFormatIndicator\":\"UTF8_DATA\"}")),
        0);
    publish_with(f, "\xff", slice_of(NULL, 0));
    assert_int_equal(out.probe.count, 0);
    assert_non_null(strstr(buf_str(&err.probe.seen), "the payload is not UTF-8"));
    publish_with(f, "é", slice_of(NULL, 0));
    assert_int_equal(out.probe.count, 1);
    watch_close(&out);
    watch_close(&err);
}

static void a_template_that_is_too_costly_fails_alone(void **state)
{
    struct fix *f = *state;
    static struct watch err;
    struct buf payload = { 0 };
    watch_open(&err, f, "err");
    assert_int_equal(
        rule_create(
            f, "r",
            RULE("SELECT * FROM 'in/+'",
                 "{\"contentType\":\"${topic()}\",\"userProperties\":[{\"key\":\"${topic()}\","
                 "\"value\":\"${(SELECT VALUE (SELECT VALUE (SELECT VALUE (SELECT VALUE x "
                 "FROM l)[0] FROM l)[0] FROM l)[0] FROM l)}\"}]}")),
        0);
    buf_puts(&payload, "{\"l\":[1");
    for (int i = 0; i < 40; i++)
        buf_puts(&payload, ",1");
    buf_puts(&payload, "]}");
    publish_with(f, buf_str(&payload), slice_of(NULL, 0));
    assert_int_equal(err.probe.count, 1);
    assert_non_null(strstr(buf_str(&err.probe.seen), "a template cannot be evaluated"));
    assert_non_null(strstr(buf_str(&err.probe.seen), "\"failedResource\":\"out\""));
    buf_deinit(&payload);
    watch_close(&err);
}

/* ---- the outbox ---- */

static void parameters_come_back_from_a_row(void **state)
{
    static const char saved[] =
        "{\"topic\":\"out\",\"qos\":1,\"headers\":{\"contentType\":\"${a}\",\"messageExpiry\":"
        "\"5\",\"userProperties\":[{\"key\":\"${b}\",\"value\":\"c\"}]}}";
    struct fix *f = *state;
    struct json *object;
    struct step *step;
    struct buf out = { 0 };
    struct td_value values[ACTION_MAX_PARAMS];
    assert_int_equal(json_parse(slice_str(saved), NULL, &object, NULL), 0);
    assert_int_equal(
        step_create(f->rules, "r", action_find("republish"), object, true, &step, NULL), 0);
    for (size_t i = 0; i < step->param_count; i++) {
        values[i] = step->params[i].value;
        assert_true(values[i].constant);
    }
    step_save(step, values, &out);
    assert_string_equal(buf_str(&out),
                        "{\"topic\":\"out\",\"qos\":1,\"headers\":{\"contentType\":\"${a}\","
                        "\"messageExpiry\":\"5\",\"userProperties\":[{\"key\":\"${b}\","
                        "\"value\":\"c\"}]}}");
    step_unref(step);
    json_free(object);
    buf_deinit(&out);
}

/* ---- what an action may publish with ---- */

static void the_host_checks_properties(void **state)
{
    struct fix *f = *state;
    static struct watch out;
    struct msg *msg = msg_create(&(struct msg_opts){ .topic = SLICE_LIT("in") });
    struct program *program = program_bare("r");
    struct firing *firing = firing_create(f->rules, program, msg);
    struct td_run *run = xcalloc(1, sizeof *run);
    struct td_bytes topic = { "out", 3 }, payload = { "x", 1 };
    struct td_host host = host_table();
    static const struct {
        const char *bytes;
        size_t len;
        int rc;
    } cases[] = {
        { NULL, 0, 0 },
        { "\x01\x01", 2, 0 },
        { "\x26\x00\x01k\x00\x01v", 7, 0 },
        { "\x01\x02", 2, -EINVAL },              /* neither 0 nor 1 */
        { "\x26\x00\x01k\x00\x01", 6, -EINVAL }, /* cut */
        { "\x11\x00\x00\x00\x01", 5, -EINVAL },  /* session expiry: of CONNECT */
        { "\x23\x00\x01", 3, -EINVAL },          /* topic alias */
        { "\x0b\x01", 2, -EINVAL },              /* subscription identifier */
    };
    size_t fine = 0;
    run->firing = firing;
    watch_open(&out, f, "out");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct td_bytes properties = { cases[i].bytes, cases[i].len };
        assert_int_equal(host.publish(run, topic, payload, 0, properties), cases[i].rc);
        fine += cases[i].rc == 0;
        assert_int_equal(out.probe.count, fine);
        if (cases[i].rc == 0)
            assert_true(slice_eq(buf_slice(&out.block), slice_of(cases[i].bytes, cases[i].len)));
    }
    watch_close(&out);
    free(run);
    firing_release(firing);
    program_unref(program);
    msg_unref(msg);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(statements_see_the_properties),   T(headers_become_properties),
        T(headers_are_templates),           T(bad_headers_fail_the_action),
        T(utf8_is_asked_of_the_result),     T(a_template_that_is_too_costly_fails_alone),
        T(parameters_come_back_from_a_row), T(the_host_checks_properties),
    };
    return cmocka_run_group_tests_name("rule_headers", tests, NULL, NULL);
}
