/* Unit tests of the client's protocol, without sockets: what it sends for what it is told and given, on one
 * connection and over the loss of one. Packets are written in hexadecimal. */
#include "lib/test.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/mqtt/client.h"
#include "lib/clock_fake.h"

static struct mqtt_client *client;
static struct buf events; /* what the callbacks were told */
static bool refuse;       /* messages */

static void on_connected(void *arg, bool session_present)
{
    buf_puts(&events, session_present ? "present " : "connected ");
}

static bool on_message(void *arg, const struct mqtt_publish *p)
{
    buf_printf(&events, "%.*s=%.*s/%d ", (int)p->topic.len, p->topic.ptr, (int)p->payload.len,
               p->payload.ptr, p->qos);
    return !refuse;
}

static void on_granted(void *arg, struct slice codes)
{
    buf_puts(&events, "granted");
    for (size_t i = 0; i < codes.len; i++)
        buf_printf(&events, ":%02x", (uint8_t)codes.ptr[i]);
    buf_putc(&events, ' ');
}

static void on_delivered(void *arg)
{
    buf_puts(&events, "delivered ");
}

static const struct mqtt_client_cbs cbs = { on_connected, on_message, on_granted, on_delivered,
                                            NULL };

static int set_up(void **state)
{
    clock_fake_install();
    refuse = false;
    client =
        mqtt_client_create(&(struct mqtt_client_opts){ .connect = { .level = 4,
                                                                    .clean_session = true,
                                                                    .keep_alive = 60,
                                                                    .client_id = SLICE_LIT("c") },
                                                       .window = 2,
                                                       .max_waiting = 100 },
                           &cbs, NULL);
    return 0;
}

static int tear_down(void **state)
{
    mqtt_client_destroy(client);
    buf_deinit(&events);
    clock_fake_remove();
    return 0;
}

static int feed(const char *hex, struct diag *diag)
{
    size_t len = strlen(hex) / 2;
    uint8_t data[128];
    assert_int_equal(hex_decode(slice_str(hex), data, len), 0);
    return mqtt_client_feed(client, data, len, diag);
}

static void fed(const char *hex)
{
    struct diag diag = DIAG_INIT;
    if (feed(hex, &diag) < 0) fail_msg("%s: %s", hex, diag.text);
}

static void expect_sent(const char *hex)
{
    struct buf *out = mqtt_client_out(client);
    char *text = xmalloc(2 * out->len + 1);
    hex_encode(out->data ? out->data : "", out->len, text);
    assert_string_equal(text, hex);
    free(text);
    buf_clear(out);
}

static void expect_events(const char *text)
{
    assert_string_equal(buf_str(&events), text);
    buf_clear(&events);
}

static void connect_with(const char *connack)
{
    assert_int_equal(mqtt_client_open(client), 0);
    buf_clear(mqtt_client_out(client));
    fed(connack);
    buf_clear(&events);
}

static int publish(const char *payload, uint8_t qos)
{
    return mqtt_client_publish(client, &(struct mqtt_publish){ .level = 4,
                                                               .qos = qos,
                                                               .topic = SLICE_LIT("t"),
                                                               .payload = slice_str(payload) });
}

/* ---- the connection ---- */

static void connects(void **state)
{
    assert_false(mqtt_client_is_up(client));
    assert_int_equal(publish("a", 0), ERR_STATE);
    assert_int_equal(mqtt_client_open(client), 0);
    expect_sent("100d00044d5154540402003c000163");
    assert_false(mqtt_client_is_up(client));
    fed("20020000");
    expect_events("connected ");
    assert_true(mqtt_client_is_up(client));
    assert_true(mqtt_client_is_idle(client));
    mqtt_client_disconnect(client);
    expect_sent("e000");
}

static void refusals_have_reasons(void **state)
{
    static const struct {
        const char *connack;
        int rc;
        const char *why;
    } cases[] = {
        { "20020001", ERR_UNSUPPORTED, "the hub does not speak this version of MQTT" },
        { "20020002", ERR_DENIED, "the hub refuses the client id" },
        { "20020003", ERR_BUSY, "the hub cannot serve now" },
        { "20020004", ERR_AUTH, "the hub refuses user name and password" },
        { "20020005", ERR_DENIED, "not authorized to connect" },
        { "20020006", ERR_DENIED, "the hub refuses the connection, code 6" },
        { "200200ff", ERR_DENIED, "the hub refuses the connection, code 255" },
        { "20020101", ERR_MALFORMED, "[MQTT-3.2.2-4] CONNACK which refuses and has a session" },
        { "d000", ERR_MALFORMED, "[MQTT-3.2.0-1] CONNACK must come first, and once" },
        { "3003000174", ERR_MALFORMED, "[MQTT-3.2.0-1] CONNACK must come first, and once" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        mqtt_client_open(client);
        assert_int_equal(feed(cases[i].connack, &diag), cases[i].rc);
        assert_string_equal(diag.text, cases[i].why);
        assert_false(mqtt_client_is_up(client));
        expect_events("");
        mqtt_client_lost(client);
    }
}

static void what_a_hub_may_not_send(void **state)
{
    static const char *const packets[] = {
        "20020000", /* a second CONNACK */
        "100d00044d5154540402003c000163",
        "82060001000174ff",
        "a2050001000174",
        "c000",
        "e000",
        "f000",           /* reserved */
        "3603000174",     /* QoS 3 */
        "32050001740000", /* id 0 */
        "40020000",       /* id 0 */
        "9003000500",     /* SUBACK that was not asked for */
        "30ffffffff7f",   /* length of five bytes */
    };
    for (size_t i = 0; i < ARRAY_LEN(packets); i++) {
        struct diag diag = DIAG_INIT;
        connect_with("20020000");
        assert_int_equal(feed(packets[i], &diag), ERR_MALFORMED);
        assert_true(diag.text[0]);
        expect_events("");
        mqtt_client_lost(client);
    }
}

/* Every packet may come byte by byte. */
static void packets_come_in_pieces(void **state)
{
    static const char stream[] = "200200003003000174320700017400016162d000";
    mqtt_client_open(client);
    buf_clear(mqtt_client_out(client));
    for (size_t i = 0; i + 1 < sizeof stream - 1; i += 2)
        fed((char[]){ stream[i], stream[i + 1], '\0' });
    expect_events("connected t=/0 t=ab/1 ");
    expect_sent("40020001");
}

static void pings(void **state)
{
    connect_with("20020000");
    assert_int_equal(mqtt_client_deadline(client), clock_mono_ms() + 60000);
    clock_fake_advance(59999);
    assert_int_equal(mqtt_client_tick(client), 0);
    expect_sent("");
    clock_fake_advance(1);
    assert_int_equal(mqtt_client_tick(client), 0);
    expect_sent("c000");
    assert_false(mqtt_client_is_idle(client));
    fed("d000");
    assert_true(mqtt_client_is_idle(client));
    clock_fake_advance(30000);
    assert_int_equal(publish("a", 0), 0); /* what is sent puts the ping off */
    clock_fake_advance(59999);
    buf_clear(mqtt_client_out(client));
    assert_int_equal(mqtt_client_tick(client), 0);
    expect_sent("");
    clock_fake_advance(1);
    mqtt_client_tick(client);
    clock_fake_advance(60000);
    assert_int_equal(mqtt_client_tick(client), ERR_TIMEOUT);
}

static void silence_after_connect_ends(void **state)
{
    mqtt_client_open(client);
    clock_fake_advance(29999);
    assert_int_equal(mqtt_client_tick(client), 0);
    clock_fake_advance(1);
    assert_int_equal(mqtt_client_tick(client), ERR_TIMEOUT);
    mqtt_client_lost(client);
    assert_int_equal(mqtt_client_deadline(client), INT64_MAX);
}

static void texts_too_long_for_connect(void **state)
{
    static char text[70000];
    memset(text, 'x', sizeof text);
    struct mqtt_client *c = mqtt_client_create(
        &(struct mqtt_client_opts){ .connect = { .level = 4, .client_id = { text, sizeof text } } },
        &cbs, NULL);
    assert_int_equal(mqtt_client_open(c), ERR_INVALID);
    mqtt_client_destroy(c);
}

/* ---- publishing ---- */

static void qos_0_leaves_at_once(void **state)
{
    connect_with("20020000");
    assert_int_equal(publish("ab", 0), 0);
    expect_sent("30050001746162");
    assert_true(mqtt_client_is_idle(client));
}

static void qos_1_waits_for_the_window(void **state)
{
    connect_with("20020000");
    for (int i = 0; i < 3; i++)
        assert_int_equal(publish("a", 1), 0);
    expect_sent("320600017400016132060001740002"
                "61");
    assert_false(mqtt_client_has_room(client));
    assert_int_equal(mqtt_client_unfinished(client), 3);
    fed("40020002"); /* in any order */
    expect_events("delivered ");
    expect_sent("3206000174000361");
    fed("40020002"); /* twice: nobody waits for it */
    fed("40020001");
    fed("40020003");
    expect_events("delivered delivered ");
    assert_true(mqtt_client_is_idle(client));
}

static void too_much_does_not_wait(void **state)
{
    static const char long_text[] = "0123456789012345678901234567890123456789";
    for (int i = 0; i < 2; i++) /* not connected: all wait */
        assert_int_equal(publish(long_text, 1), 0);
    assert_int_equal(publish(long_text, 1), ERR_LIMIT);
    assert_int_equal(mqtt_client_unfinished(client), 2);
}

static void qos_2_in_three_steps(void **state)
{
    connect_with("20020000");
    publish("a", 2);
    expect_sent("3406000174000161");
    fed("40020001"); /* a PUBACK is no answer to QoS 2 */
    fed("70020001");
    expect_events("delivered ");
    publish("b", 2);
    expect_sent("3406000174000262");
    fed("50020002");
    expect_sent("62020002");
    fed("50020002"); /* again: again */
    expect_sent("62020002");
    assert_int_equal(mqtt_client_unfinished(client), 1);
    fed("70020002");
    expect_events("delivered ");
    assert_true(mqtt_client_is_idle(client));
}

static void what_was_under_way_is_sent_again(void **state)
{
    connect_with("20020000");
    publish("a", 1);
    publish("b", 2);
    publish("c", 1);
    fed("50020002");
    buf_clear(mqtt_client_out(client));
    mqtt_client_lost(client);
    publish("d", 1);
    assert_int_equal(mqtt_client_unfinished(client), 4);
    mqtt_client_open(client);
    buf_clear(mqtt_client_out(client));
    fed("20020100");
    expect_events("present ");
    expect_sent("3a06000174000161"
                "62020002"); /* DUP; PUBREL; the others wait */
    fed("40020001");
    expect_sent("3206000174000363");
    fed("70020002");
    expect_sent("3206000174000464");
    fed("40020003");
    fed("40020004");
    assert_true(mqtt_client_is_idle(client));
}

/* Ids wrap around, and those under way are passed over. */
static void ids_are_never_shared(void **state)
{
    connect_with("20020000");
    publish("a", 1); /* 1 stays */
    for (unsigned id = 2; id <= 65535; id++) {
        char ack[9];
        publish("b", 1);
        snprintf(ack, sizeof ack, "4002%04x", id);
        fed(ack);
    }
    assert_int_equal(mqtt_client_unfinished(client), 1);
    buf_clear(mqtt_client_out(client));
    publish("c", 1);
    expect_sent("3206000174000263");
}

/* ---- subscribing and receiving ---- */

static void subscribes(void **state)
{
    const struct mqtt_filter filters[] = { { SLICE_LIT("a"), 1 }, { SLICE_LIT("#"), 1 } };
    connect_with("20020000");
    assert_int_equal(mqtt_client_unsubscribe(client, filters, 1), 0);
    assert_int_equal(mqtt_client_subscribe(client, filters, 2), 0);
    expect_sent("a2050001000161"
                "820a00020001610100012301");
    fed("b0020001");
    assert_false(mqtt_client_is_idle(client));
    fed("900400020180");
    expect_events("granted:01:80 ");
    assert_true(mqtt_client_is_idle(client));
}

static void a_suback_of_the_wrong_length(void **state)
{
    const struct mqtt_filter filters[] = { { SLICE_LIT("a"), 1 }, { SLICE_LIT("#"), 1 } };
    struct diag diag = DIAG_INIT;
    connect_with("20020000");
    mqtt_client_subscribe(client, filters, 2);
    assert_int_equal(feed("9003000101", &diag), ERR_MALFORMED);
    expect_events("");
}

static void qos_2_is_given_once(void **state)
{
    connect_with("20020000");
    fed("34060001740009"
        "61");
    expect_events("t=a/2 ");
    expect_sent("50020009");
    fed("3c060001740009"
        "61"); /* DUP */
    expect_events("");
    expect_sent("50020009");
    assert_false(mqtt_client_is_idle(client));
    fed("62020009");
    expect_sent("70020009");
    fed("62020009"); /* a PUBREL is always answered */
    expect_sent("70020009");
    assert_true(mqtt_client_is_idle(client));
    fed("34060001740009"
        "62"); /* the id is free again */
    expect_events("t=b/2 ");
}

static void qos_2_outlives_the_connection_with_its_session(void **state)
{
    connect_with("20020000");
    fed("34060001740009"
        "61");
    mqtt_client_lost(client);
    connect_with("20020100"); /* the session is there: still the same message */
    fed("3c060001740009"
        "61");
    expect_events("");
    mqtt_client_lost(client);
    connect_with("20020000"); /* the session is gone: another one */
    fed("34060001740009"
        "61");
    expect_events("t=a/2 ");
}

static void what_is_not_wanted_is_not_acknowledged(void **state)
{
    connect_with("20020000");
    refuse = true;
    fed("32060001740009"
        "61");
    fed("34060001740008"
        "61");
    expect_sent("");
    assert_true(mqtt_client_is_idle(client));
    refuse = false;
    fed("34060001740008"
        "61");
    expect_sent("50020008");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(connects),
        T(refusals_have_reasons),
        T(what_a_hub_may_not_send),
        T(packets_come_in_pieces),
        T(pings),
        T(silence_after_connect_ends),
        T(texts_too_long_for_connect),
        T(qos_0_leaves_at_once),
        T(qos_1_waits_for_the_window),
        T(too_much_does_not_wait),
        T(qos_2_in_three_steps),
        T(what_was_under_way_is_sent_again),
        T(ids_are_never_shared),
        T(subscribes),
        T(a_suback_of_the_wrong_length),
        T(qos_2_is_given_once),
        T(qos_2_outlives_the_connection_with_its_session),
        T(what_is_not_wanted_is_not_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
