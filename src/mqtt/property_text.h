/* property_text.h — the properties of a message as AWS IoT writes them where there is no MQTT (the members of
 * Publish, and of MqttHeaders in a rule), made a block: MQTT 5.0, section 3.3.2.3. Pure. */
#ifndef MQTT_PROPERTY_TEXT_H
#define MQTT_PROPERTY_TEXT_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"

enum { MQTT_TEXT_EXPIRY_MAX = 604800 }; /* AWS IoT: seven days */

/* ptr NULL: absent. */
struct mqtt_property_texts {
    struct slice payload_format; /* "UNSPECIFIED_BYTES" or "UTF8_DATA" */
    struct slice message_expiry; /* seconds, 0 to MQTT_TEXT_EXPIRY_MAX; 0 is taken as 1 */
    struct slice content_type;
    struct slice response_topic;
    struct slice correlation_data; /* base64 */
};

/* Appends those that are there, in this order. payload: what UTF8_DATA is said of. 0, or ERR_INVALID with a
 * sentence that begins with AWS's name of the member; block has those before it then. */
int mqtt_put_texts(struct buf *block, const struct mqtt_property_texts *texts, struct slice payload,
                   struct diag *diag);
/* Appends a user property; errors as above. */
int mqtt_put_user_text(struct buf *block, struct slice name, struct slice value, struct diag *diag);

#endif
