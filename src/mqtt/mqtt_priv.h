/* mqtt_priv.h — what the decoders share: how they fail, and how they read strings and properties. */
#ifndef MQTT_MQTT_PRIV_H
#define MQTT_MQTT_PRIV_H

#include "base/cursor.h"
#include "base/err.h"
#include "mqtt/mqtt.h"

/* A sentence with the number that its statement has in the standard of that level: 3.1.1 and 5.0 number
 * differently, and 3.1 is numbered as 3.1.1. */
#define WHY(level, number311, number5, text) \
    ((level) >= MQTT_LEVEL_5 ? "[" number5 "] " text : "[" number311 "] " text)

#define LONG_LENGTH "[MQTT-1.5.5-1] a length that could be written in fewer bytes"

/* The bits of a CONNECT. */
enum { CLEAN = 0x02, WILL = 0x04, WILL_RETAIN = 0x20, PASSWORD = 0x40, USERNAME = 0x80 };

static inline int fail(int code, const char *why, const char **ret_why)
{
    if (ret_why) *ret_why = why;
    return code;
}

static inline int malformed(const char *why, const char **ret_why)
{
    return fail(ERR_MALFORMED, why, ret_why);
}

/* What can be parsed but is not allowed: MQTT 5.0 has a reason code of its own for it. */
static inline int forbidden(uint8_t level, const char *why, const char **ret_why)
{
    return fail(level >= MQTT_LEVEL_5 ? ERR_PROTOCOL : ERR_MALFORMED, why, ret_why);
}

static inline struct cursor body_of(const struct mqtt_frame *frame)
{
    return cursor_init(frame->body.ptr, frame->body.len);
}

/* Section 2.2.3; of MQTT 5.0 1.5.5. Returns the number of bytes, 0 when they are not all there, or
 * ERR_MALFORMED when there are more than four. */
static inline int read_length(const uint8_t *data, size_t len, uint32_t *ret)
{
    uint32_t value = 0;
    if (len && data[0] < 0x80) { /* most of them */
        *ret = data[0];
        return 1;
    }
    for (int i = 0; i < 4; i++) {
        if ((size_t)i >= len) return 0;
        value |= (uint32_t)(data[i] & 0x7f) << (7 * i);
        if (data[i] & 0x80) continue;
        *ret = value;
        return i + 1;
    }
    return ERR_MALFORMED;
}

/* How many bytes the shortest form of a length has. */
static inline size_t length_size(size_t length)
{
    return length < 1u << 7 ? 1 : length < 1u << 14 ? 2 : length < 1u << 21 ? 3 : 4;
}

/* Why this is no string of that level, or NULL. */
const char *mqtt_string_why(struct slice text, uint8_t level);
/* 0, or the error of a topic: `why` is its own complaint, NULL for a good one. Bad encoding counts first. */
int mqtt_judge_topic(struct slice text, const char *why, uint8_t level, const char **ret_why);

/* Reads a block of properties and the length before it: always there. */
int mqtt_read_block(struct cursor *cur, unsigned where, struct slice *ret, const char **ret_why);

/* The same where the level has them; *ret stays when there are none. */
static inline int read_properties(struct cursor *cur, uint8_t level, unsigned where,
                                  struct slice *ret, const char **ret_why)
{
    if (level < MQTT_LEVEL_5) return 0;
    if (cursor_left(cur) > 0 && *cur->ptr == 0) {
        cur->ptr++;
        return 0;
    }
    return mqtt_read_block(cur, where, ret, ret_why);
}

/* May a packet of that type, sent by a client or by a server, have this reason code? */
bool mqtt_reason_fits(uint8_t code, unsigned type, bool from_client);

#endif
