/* decode_any.h — for the tests of the codec: one packet of any type through its decoder. */
#ifndef TESTS_UNIT_MQTT_DECODE_ANY_H
#define TESTS_UNIT_MQTT_DECODE_ANY_H

#include "lib/test.h"

#include "base/buf.h"
#include "mqtt/mqtt.h"

#define BYTES(text)            \
    {                          \
        text, sizeof(text) - 1 \
    }
#define MAX_PACKET (1 << 20)

/* Decodes one packet of any type. Returns what the frame or the decoder says; 0 when all is well, 1
 * when more is needed. CONNECT brings its own level. */
int decode_any(const uint8_t *data, size_t len, uint8_t level, bool from_client,
               const char **ret_why);
/* The same in memory of exactly its size, so that the sanitizer sees a read beyond. */
int decode_copy(const void *data, size_t len, uint8_t level, bool from_client,
                const char **ret_why);
/* The frame of a whole packet. */
struct mqtt_frame frame_of(const struct buf *packet, uint8_t level);

#endif
