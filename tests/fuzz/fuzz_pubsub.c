/* fuzz_pubsub.c — what `thingd pub` and `thingd sub` read: formats and URLs of their users, and the bytes of
 * a hub, which may be anybody's. The first byte chooses; with its highest bit it is MQTT 5, where bytes of a
 * message are properties too. */
#include "base/arena.h"
#include "base/mem.h"
#include "cli/mqtt/client.h"
#include "cli/mqtt/flags.h"
#include "cli/sub_format.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What stands behind the first line, if it is a block of properties. The line is cut there. */
static struct slice take_properties(char *text, struct slice all)
{
    const char *end = memchr(all.ptr, '\n', all.len);
    if (!end) return (struct slice){ 0 };
    text[end - all.ptr] = '\0';
    struct slice block = slice_from(all, (size_t)(end - all.ptr) + 1);
    bool good = mqtt_properties_check(block, MQTT_TYPE_publish, NULL) == 0;
    return good ? block : (struct slice){ 0 };
}

static void try_format(const char *text, struct slice payload, struct slice properties)
{
    struct sub_format *format;
    struct buf out = { 0 };
    const struct sub_message msg = { { "a/b", 3 }, payload,       1,         true,
                                     65535,        1767323045123, properties };
    for (int pretty = 0; pretty < 2; pretty++) {
        if (sub_format_parse(text, pretty, &format, NULL) < 0) continue;
        if (sub_format_put(format, &msg, &out) < 0) assert(out.len == 0);
        buf_clear(&out);
        sub_format_free(format);
    }
    buf_deinit(&out);
}

static void try_url(const char *text)
{
    struct arena arena = { 0 };
    struct mqtt_url url;
    if (mqtt_parse_url(text, &arena, &url, NULL) == 0) {
        assert(url.host && *url.host && url.port > 0);
        assert(!url.password || url.user);
    }
    arena_deinit(&arena);
}

/* ---- a hub of any manners ---- */

static size_t messages;
static uint8_t level;

static void on_connected(void *arg, bool session_present)
{
    static const struct mqtt_filter filters[] = { { { "a/#", 3 }, 2 }, { { "b", 1 }, 1 } };
    struct mqtt_client **client = arg;
    for (uint8_t qos = 0; qos < 3; qos++)
        mqtt_client_publish(
            *client,
            &(struct mqtt_publish){ .level = level,
                                    .qos = qos,
                                    .topic = { "t", 1 },
                                    .properties = { "\x23\0\5", level == 5 ? 3 : 0 },
                                    .payload = { "x", 1 } },
            NULL);
    mqtt_client_unsubscribe(*client, filters, 1);
    mqtt_client_subscribe(*client, filters, 2);
}

static bool on_message(void *arg, const struct mqtt_publish *publish)
{
    assert(publish->topic.len > 0 && publish->qos <= 2);
    return ++messages % 3;
}

static void on_granted(void *arg, const struct mqtt_suback *ack)
{
    assert(ack->codes.len == 2);
}

static void on_released(void *arg, const struct mqtt_suback *ack)
{
    assert(ack->codes.len == (level == 5));
}

static void on_refused(void *arg, const struct mqtt_ack *ack)
{
    assert(ack->code >= 0x80);
}

static void on_delivered(void *arg)
{
}

/* In pieces as long as the byte before them says; after an error on the next connection. */
static void try_client(const uint8_t *data, size_t size)
{
    static const struct mqtt_client_cbs cbs = { on_connected, on_message, on_granted, on_released,
                                                on_delivered, on_refused, NULL };
    struct mqtt_client *client = NULL;
    client = mqtt_client_create(
        &(struct mqtt_client_opts){ .connect = { .level = level,
                                                 .client_id = { "c", 1 },
                                                 .properties = { "\x22\0\7", level == 5 ? 3 : 0 } },
                                    .window = 2,
                                    .max_waiting = 4096 },
        &cbs, &client);
    mqtt_client_open(client);
    while (size > 1) {
        size_t len = data[0] < size - 1 ? data[0] + 1U : size - 1;
        if (mqtt_client_feed(client, data + 1, len, &(struct diag)DIAG_INIT) < 0) {
            mqtt_client_lost(client);
            mqtt_client_open(client);
        }
        buf_clear(mqtt_client_out(client));
        data += len + 1;
        size -= len + 1;
    }
    mqtt_client_destroy(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 4096) return 0;
    char *text = xstrndup((const char *)data + 1, size - 1);
    const struct slice all = slice_of((const char *)data + 1, size - 1);
    struct slice properties = { 0 };
    messages = 0;
    level = data[0] & 0x80 ? MQTT_LEVEL_5 : MQTT_LEVEL_311;
    switch ((data[0] & 0x7f) % 3) {
    case 0:
        properties = level == MQTT_LEVEL_5 ? take_properties(text, all) : properties;
        try_format(text, all, properties);
        break;
    case 1:
        try_url(text);
        break;
    default:
        try_client(data + 1, size - 1);
        break;
    }
    free(text);
    return 0;
}
