/* properties.c — see properties.h.
 *
 * The words of all -D stand one behind the other; that each has as many as it must have is args.h's part. A
 * property is appended to the block of its packet, and the block is checked as if it had come from the wire: so
 * what may stand where, how often, and with which values is told in mqtt/property_tbl.h alone. */
#include "cli/mqtt/properties.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "mqtt/mqtt.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MOST = 65535, VARINT_MOST = 268435455 };

static const struct {
    const char *text;
    uint8_t id;
} names[] = {
#define NAME(text_, prop_, where_) { (text_), MQTT_PROP_##prop_ },
#include "cli/mqtt/names_tbl.h"
};

static const uint8_t forms[] = {
#define PROPERTY(name, id, form, range, many, where) [id] = MQTT_FORM_##form,
#include "mqtt/property_tbl.h"
};

/* Only what the command sends: pub subscribes to nothing, sub publishes nothing of its user. */
static const struct command {
    const char *text;
    unsigned where;
    size_t at;
    const char *not_of; /* the subcommand that has it not; NULL: both have it */
} commands[] = {
#define BLOCK(name) offsetof(struct mqtt_blocks, name)
    { "connect", MQTT_TYPE_connect, BLOCK(connect), NULL },
    { "publish", MQTT_TYPE_publish, BLOCK(publish), "sub" },
    { "subscribe", MQTT_TYPE_subscribe, BLOCK(subscribe), "pub" },
    { "unsubscribe", MQTT_TYPE_unsubscribe, BLOCK(unsubscribe), "pub" },
    { "disconnect", MQTT_TYPE_disconnect, BLOCK(disconnect), NULL },
    { "will", MQTT_WILL_PROPERTIES, BLOCK(will), NULL },
#undef BLOCK
};

static struct buf *block_of(struct mqtt_blocks *blocks, const struct command *command)
{
    return (struct buf *)((char *)blocks + command->at);
}

static const struct command *find_command(const struct cli_args *args, const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        const char *not_of = commands[i].not_of;
        bool is_ours = !not_of || strcmp(not_of, args->command->name) != 0;
        if (is_ours && strcasecmp(commands[i].text, text) == 0) return &commands[i];
    }
    return NULL;
}

static int find_name(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i].text, text) == 0) return names[i].id;
    return ERR_NOT_FOUND;
}

static int put_number(const struct cli_args *args, struct buf *block, uint8_t id, const char *text)
{
    static const int64_t most[] = { [MQTT_FORM_BYTE] = UINT8_MAX,
                                    [MQTT_FORM_U16] = UINT16_MAX,
                                    [MQTT_FORM_U32] = UINT32_MAX,
                                    [MQTT_FORM_VARINT] = VARINT_MOST };
    int64_t number = 0;
    if (text_to_int(slice_str(text), 0, most[forms[id]], &number) < 0)
        return cli_bad_usage(args, "flag '--property': '%s' is not a number from 0 to %lld", text,
                             (long long)most[forms[id]]);
    mqtt_put_number(block, id, (uint32_t)number);
    return 0;
}

/* words: the value, or name and value of a pair. */
static int put_value(const struct cli_args *args, struct buf *block, uint8_t id,
                     const char *const *words)
{
    bool is_pair = forms[id] == MQTT_FORM_PAIR;
    if (forms[id] <= MQTT_FORM_VARINT) return put_number(args, block, id, words[0]);
    if (strlen(words[0]) > TEXT_MOST || (is_pair && strlen(words[1]) > TEXT_MOST))
        return cli_bad_usage(args, "flag '--property': a text is too long for MQTT");
    if (is_pair)
        mqtt_put_pair(block, slice_str(words[0]), slice_str(words[1]));
    else
        mqtt_put_text(block, id, slice_str(words[0]));
    return 0;
}

/* What the table of properties cannot know: that it is a client which sends it. */
static const char *client_why(unsigned where, uint8_t id, const struct buf *block)
{
    if (where != MQTT_TYPE_publish) return NULL;
    if (id == MQTT_PROP_subscription_id)
        return "[MQTT-3.3.4-6] a client publishes with no subscription identifier";
    if (id == MQTT_PROP_topic_alias && !mqtt_property_number(buf_slice(block), id, 0))
        return "[MQTT-3.3.2-8] a topic alias may not be 0";
    return NULL;
}

static int add(const struct cli_args *args, struct mqtt_blocks *blocks, const char *const *words)
{
    const struct command *command = find_command(args, words[0]);
    int id = find_name(words[1]);
    const char *why = NULL;
    if (!command)
        return cli_bad_usage(args, "flag '--property': %s sends no '%s'", args->command->name,
                             words[0]);
    if (id < 0) return cli_bad_usage(args, "flag '--property': no property '%s'", words[1]);
    struct buf *block = block_of(blocks, command);
    int rc = put_value(args, block, (uint8_t)id, words + 2);
    if (rc) return rc;
    if (mqtt_properties_check(buf_slice(block), command->where, &why) == 0)
        why = client_why(command->where, (uint8_t)id, block);
    if (why) return cli_bad_usage(args, "flag '--property': %s %s: %s", words[0], words[1], why);
    return 0;
}

int mqtt_blocks_read(const struct cli_args *args, struct mqtt_blocks *ret_blocks)
{
    size_t count;
    const char *const *words = cli_flag_values(args, "--property", &count);
    int rc = 0;
    *ret_blocks = (struct mqtt_blocks){ .connect = { 0 } };
    for (size_t at = 0; at < count && rc == 0;) {
        rc = add(args, ret_blocks, words + at);
        at += strcmp(words[at + 1], MQTT_PAIR_NAME) == 0 ? 4 : 3;
    }
    return rc;
}

void mqtt_blocks_free(struct mqtt_blocks *blocks)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        buf_deinit(block_of(blocks, &commands[i]));
}
