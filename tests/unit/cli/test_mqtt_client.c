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

static void note_codes(const char *what, const struct mqtt_suback *ack)
{
    buf_puts(&events, what);
    for (size_t i = 0; i < ack->codes.len; i++)
        buf_printf(&events, ":%02x", (uint8_t)ack->codes.ptr[i]);
    buf_putc(&events, ' ');
}

static void on_granted(void *arg, const struct mqtt_suback *ack)
{
    note_codes("granted", ack);
}

static void on_released(void *arg, const struct mqtt_suback *ack)
{
    note_codes("released", ack);
}

static void on_delivered(void *arg)
{
    buf_puts(&events, "delivered ");
}

static void on_refused(void *arg, const struct mqtt_ack *ack)
{
    const struct slice why = mqtt_property_text(ack->properties, MQTT_PROP_reason_string);
    buf_printf(&events, "refused:%02x:%.*s ", ack->code, (int)why.len, why.ptr);
}

static const struct mqtt_client_cbs cbs = { on_connected, on_message, on_granted, on_released,
                                            on_delivered, on_refused, NULL };
static struct mqtt_client_opts opts; /* a test may make another client of them */

static int set_up(void **state)
{
    opts = (struct mqtt_client_opts){ .connect = { .level = 4,
                                                   .clean_session = true,
                                                   .keep_alive = 60,
                                                   .client_id = SLICE_LIT("c") },
                                      .window = 2,
                                      .max_waiting = 100 };
    clock_fake_install();
    refuse = false;
    client = mqtt_client_create(&opts, &cbs, NULL);
    return 0;
}

static void create_again(void)
{
    mqtt_client_destroy(client);
    client = mqtt_client_create(&opts, &cbs, NULL);
}

static int set_up_5(void **state)
{
    int rc = set_up(state);
    opts.connect.level = 5;
    create_again();
    return rc;
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
    return mqtt_client_publish(client,
                               &(struct mqtt_publish){ .level = opts.connect.level,
                                                       .qos = qos,
                                                       .topic = SLICE_LIT("t"),
                                                       .payload = slice_str(payload) },
                               NULL);
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
    expect_events("released granted:01:80 ");
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

/* ---- MQTT 5 ---- */

#define UP "2003000000" /* a CONNACK without properties */

/* A publish with a topic alias. */
static int publish_as(uint16_t alias, const char *payload, uint8_t qos)
{
    struct buf block = { 0 };
    mqtt_put_number(&block, MQTT_PROP_topic_alias, alias);
    int rc = mqtt_client_publish(client,
                                 &(struct mqtt_publish){ .level = 5,
                                                         .qos = qos,
                                                         .topic = SLICE_LIT("t"),
                                                         .properties = buf_slice(&block),
                                                         .payload = slice_str(payload) },
                                 NULL);
    buf_deinit(&block);
    return rc;
}

static void properties_go_into_their_packets(void **state)
{
    static const char expiry[] = "\x11\0\0\0\x05", pair[] = "\x26\0\1k\0\1v", id[] = "\x0b\7";
    const struct mqtt_filter filter = { .filter = SLICE_LIT("a"),
                                        .qos = 1,
                                        .retain_as_published = true };
    opts.connect.properties = slice_of(expiry, 5);
    opts.subscribe = slice_of(id, 2);
    opts.unsubscribe = opts.disconnect = slice_of(pair, 7);
    create_again();
    mqtt_client_open(client);
    expect_sent("101300044d5154540502003c051100000005000163");
    fed(UP);
    expect_events("connected ");
    mqtt_client_subscribe(client, &filter, 1);
    expect_sent("82090001020b0700016109");
    mqtt_client_unsubscribe(client, &filter, 1);
    expect_sent("a20d0002072600016b000176000161");
    fed("900400010001");
    fed("b00400020011");
    expect_events("granted:01 released:11 ");
    publish("a", 0);
    expect_sent("30050001740061");
    mqtt_client_disconnect(client);
    expect_sent("e00900072600016b000176");
}

static void refusals_of_mqtt_5(void **state)
{
    static const struct {
        const char *packets;
        int rc;
        const char *why;
    } cases[] = {
        { "2003008400", ERR_UNSUPPORTED,
          "the hub refuses the connection: unsupported protocol version" },
        { "2003008500", ERR_DENIED, "the hub refuses the connection: client identifier not valid" },
        { "2003008600", ERR_AUTH, "the hub refuses the connection: bad user name or password" },
        { "2003008900", ERR_BUSY, "the hub refuses the connection: server busy" },
        { "200a0087071f00046e657665", ERR_DENIED,
          "the hub refuses the connection: not authorized: neve" },
        { "20080"
          "09c051c000268"
          "31",
          ERR_BUSY, "the hub refuses the connection: use another server, namely h1" },
        /* a hub of MQTT 3.1.1 */
        { "20020001", ERR_UNSUPPORTED, "the hub does not speak this version of MQTT" },
        { "20020000", ERR_MALFORMED, NULL },
        { "2003000100", ERR_PROTOCOL, NULL },
        { UP "e000", ERR_CLOSED, "the hub has ended the connection: success" },
        { UP "e0018e", ERR_CLOSED, "the hub has ended the connection: session taken over" },
        { UP "e00187", ERR_DENIED, "the hub has ended the connection: not authorized" },
        { UP "e0089b061f0003626164", ERR_DENIED,
          "the hub has ended the connection: QoS not supported: bad" },
        { "e00187", ERR_MALFORMED, "[MQTT-3.2.0-1] CONNACK must come first, and once" },
        { "f0051803150001"
          "78",
          ERR_UNSUPPORTED, "the hub asks for authentication by AUTH" },
        { UP "f000", ERR_UNSUPPORTED, "the hub asks for authentication by AUTH" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        mqtt_client_open(client);
        int rc = feed(cases[i].packets, &diag);
        if (rc != cases[i].rc || (cases[i].why && strcmp(diag.text, cases[i].why) != 0))
            fail_msg("%s: %d %s", cases[i].packets, rc, diag.text);
        mqtt_client_lost(client);
    }
}

/* A reason of any length is cut, and does not do worse. */
static void a_reason_without_end(void **state)
{
    static uint8_t packet[700] = { 0x20, 0xb9, 0x05, 0, 0x87, 0xb5, 0x05, 0x1f, 0x02, 0xb2 };
    struct diag diag = DIAG_INIT;
    memset(packet + 10, 'x', sizeof packet - 10);
    mqtt_client_open(client);
    assert_int_equal(mqtt_client_feed(client, packet, sizeof packet, &diag), ERR_DENIED);
    assert_non_null(strstr(diag.text, "not authorized: xxx"));
}

static void messages_that_are_refused(void **state)
{
    connect_with(UP);
    publish("a", 1);
    publish("b", 2);
    publish("c", 2);
    buf_clear(mqtt_client_out(client));
    fed("400a00018706"
        "1f0003626164");
    expect_events("refused:87:bad ");
    expect_sent("3407000174000300"
                "63");
    fed("5003000297"); /* no PUBREL follows */
    expect_events("refused:97: ");
    expect_sent("");
    fed("5003000310"); /* nobody is subscribed: that is none */
    expect_sent("62020003");
    fed("7003000392"); /* the id is unknown: it is done all the same */
    expect_events("delivered ");
    fed("5003000997"); /* of what is not under way */
    expect_sent("");
    expect_events("");
    assert_true(mqtt_client_is_idle(client));
}

static void limits_of_the_hub(void **state)
{
    static const struct {
        const char *connack;
        uint8_t qos;
        bool retain;
        const char *payload;
        int rc;
        const char *why;
    } cases[] = {
        { "20050000022401", 2, false, "", ERR_UNSUPPORTED, "the hub takes QoS up to 1" },
        { "20050000022401", 1, false, "", 0, "" },
        { "20050000022400", 1, false, "", ERR_UNSUPPORTED, "the hub takes QoS up to 0" },
        { "20050000022500", 0, true, "", ERR_UNSUPPORTED, "the hub retains no messages" },
        { "20050000022500", 0, false, "", 0, "" },
        { "200800000527"
          "00000009",
          0, false, "abc", 0, "" },
        { "200800000527"
          "00000009",
          0, false, "abcd", ERR_TOO_LARGE, "a packet of 10 bytes is too long: the hub takes 9" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        struct mqtt_publish p = { .level = 5,
                                  .qos = cases[i].qos,
                                  .retain = cases[i].retain,
                                  .topic = SLICE_LIT("t"),
                                  .payload = slice_str(cases[i].payload) };
        connect_with(cases[i].connack);
        assert_int_equal(mqtt_client_publish(client, &p, &diag), cases[i].rc);
        assert_string_equal(diag.text, cases[i].why);
        create_again();
    }
}

/* Published while there was no connection; the hub that comes then takes less. */
static void what_waits_is_measured_too(void **state)
{
    struct diag diag = DIAG_INIT;
    assert_int_equal(publish("a", 2), 0);
    mqtt_client_open(client);
    assert_int_equal(feed("20050000022401", &diag), ERR_UNSUPPORTED);
    assert_string_equal(diag.text, "the hub takes QoS up to 1");
    expect_events("");
}

static void requests_keep_to_the_packet_size(void **state)
{
    const struct mqtt_filter filter = { .filter = SLICE_LIT("abc") };
    connect_with("2008000005270000000a");
    assert_int_equal(mqtt_client_subscribe(client, &filter, 1), ERR_TOO_LARGE);
    expect_sent("");
    assert_true(mqtt_client_is_idle(client));
    assert_int_equal(mqtt_client_unsubscribe(client, &filter, 1), 0);
}

/* The hub takes one at a time now: what was under way before is held until there is room. */
static void the_receive_maximum(void **state)
{
    connect_with(UP);
    publish("a", 1);
    publish("b", 2);
    publish("c", 1);
    fed("50020002");
    mqtt_client_lost(client);
    mqtt_client_open(client);
    buf_clear(mqtt_client_out(client));
    fed("2006010003210001");
    expect_sent("3a0700017400010061");
    assert_false(mqtt_client_has_room(client));
    assert_int_equal(mqtt_client_unfinished(client), 3);
    fed("40020001");
    expect_sent("62020002");
    fed("70020002");
    expect_sent("32070001740003006"
                "3");
    fed("40020003");
    expect_events("present delivered delivered delivered ");
    assert_true(mqtt_client_is_idle(client));
    assert_true(mqtt_client_has_room(client));
}

/* A connection that breaks again before all that was held has left. */
static void what_is_held_outlives_another_connection(void **state)
{
    connect_with(UP);
    publish("a", 1);
    publish("b", 1);
    for (int i = 0; i < 2; i++) {
        mqtt_client_lost(client);
        connect_with("2006000003210001");
        expect_sent("3a0700017400010061");
    }
    fed("40020001");
    expect_sent("3a0700017400020062");
    fed("40020002");
    assert_true(mqtt_client_is_idle(client));
}

static void the_keep_alive_of_the_hub(void **state)
{
    connect_with("200600000313000a");
    assert_int_equal(mqtt_client_deadline(client), clock_mono_ms() + 10000);
    mqtt_client_lost(client);
    connect_with(UP);
    assert_int_equal(mqtt_client_deadline(client), clock_mono_ms() + 60000);
}

static void the_client_id_of_the_hub(void **state)
{
    opts.connect.client_id = slice_str("");
    create_again();
    mqtt_client_open(client);
    expect_sent("100d00044d5154540502003c000000");
    fed("200800000512000278"
        "79");
    assert_true(slice_eq_str(mqtt_client_id(client), "xy"));
    mqtt_client_lost(client);
    mqtt_client_open(client);
    expect_sent("100f00044d5154540502003c0000027879");
}

static void our_aliases(void **state)
{
    connect_with("2006000003220002");
    assert_int_equal(publish_as(3, "a", 0), ERR_UNSUPPORTED);
    publish_as(2, "a", 0);
    expect_sent("3008000174032300"
                "0261");
    publish_as(2, "b", 0);
    publish_as(2, "c", 1);
    expect_sent("3007000003230002623209000000010323000263");
    mqtt_client_lost(client);
    /* another connection: the topic again */
    connect_with("2006010003220002");
    expect_sent("3a0a0001740001032300026"
                "3");
    mqtt_client_lost(client);
    struct diag diag = DIAG_INIT;
    mqtt_client_open(client);
    assert_int_equal(feed(UP, &diag), ERR_UNSUPPORTED);
    assert_string_equal(diag.text, "the hub takes no topic aliases");
}

static void aliases_of_the_hub(void **state)
{
    static const char most[] = "\x22\0\3";
    struct diag diag = DIAG_INIT;
    opts.connect.properties = slice_of(most, 3);
    create_again();
    connect_with(UP);
    fed("3008000174032300"
        "0361");
    fed("300700000323000362");
    fed("3008000175032300"
        "0363");
    fed("300700000323000364");
    expect_events("t=a/0 t=b/0 u=c/0 u=d/0 ");
    assert_int_equal(feed("300700000323000264", &diag), ERR_PROTOCOL);
    assert_string_equal(diag.text, "[section 3.3.2.3.4] a topic alias that stands for nothing");
    mqtt_client_lost(client);
    connect_with(UP);
    assert_int_equal(feed("300700000323000364", &diag), ERR_PROTOCOL); /* of another connection */
    mqtt_client_lost(client);
    connect_with(UP);
    assert_int_equal(feed("300800017403230004"
                          "64",
                          &diag),
                     ERR_PROTOCOL);
    assert_string_equal(diag.text,
                        "[section 3.3.2.3.4] a topic alias of 0, or higher than was asked for");
}

static void packets_above_our_maximum(void **state)
{
    static const char most[] = "\x27\0\0\0\7";
    struct diag diag = DIAG_INIT;
    opts.connect.properties = slice_of(most, 5);
    create_again();
    connect_with(UP);
    fed("30050001740061");
    expect_events("t=a/0 ");
    assert_int_equal(feed("3006000174006162", &diag), ERR_TOO_LARGE);
    assert_string_equal(diag.text, "the hub sends a packet above 7 bytes");
}

static void an_unsuback_of_the_wrong_length(void **state)
{
    const struct mqtt_filter filter = { .filter = SLICE_LIT("a") };
    struct diag diag = DIAG_INIT;
    connect_with(UP);
    mqtt_client_unsubscribe(client, &filter, 1);
    fed("b00400090000"); /* of another */
    assert_int_equal(feed("b0050001000000", &diag), ERR_MALFORMED);
    expect_events("");
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
#define T5(name) cmocka_unit_test_setup_teardown(name, set_up_5, tear_down)
        T5(properties_go_into_their_packets),
        T5(refusals_of_mqtt_5),
        T5(a_reason_without_end),
        T5(messages_that_are_refused),
        T5(limits_of_the_hub),
        T5(what_waits_is_measured_too),
        T5(requests_keep_to_the_packet_size),
        T5(the_receive_maximum),
        T5(what_is_held_outlives_another_connection),
        T5(the_keep_alive_of_the_hub),
        T5(the_client_id_of_the_hub),
        T5(our_aliases),
        T5(aliases_of_the_hub),
        T5(packets_above_our_maximum),
        T5(an_unsuback_of_the_wrong_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
