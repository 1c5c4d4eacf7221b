/* sub_format.h — how `thingd sub` prints a message: the format strings of mosquitto_sub's -F. Pure but for
 * the local time zone. */
#ifndef CLI_SUB_FORMAT_H
#define CLI_SUB_FORMAT_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct sub_message {
    struct slice topic;
    struct slice payload;
    uint8_t qos;
    bool retain;
    uint16_t id;             /* 0 with QoS 0 */
    int64_t time_ms;         /* of its arrival, since the epoch */
    struct slice properties; /* of MQTT 5, checked */
};

struct sub_format;

/* 0 and an owned format; ERR_SYNTAX with the sentence.
 * pretty: %j and %J take several lines. The text is not kept. */
int sub_format_parse(const char *text, bool pretty, struct sub_format **ret_format,
                     struct diag *diag);
/* Accepts NULL. */
void sub_format_free(struct sub_format *format);
/* Appends the message, without a line end. ERR_SYNTAX: %J, and the payload is no JSON; nothing has been
 * appended then. */
int sub_format_put(const struct sub_format *format, const struct sub_message *msg, struct buf *out);
#endif
