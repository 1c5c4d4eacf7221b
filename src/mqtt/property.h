/* property.h — blocks of MQTT 5.0 properties: section 2.2.2. A block is the properties one behind the other as
 * they are on the wire, without the length before them; an empty one has ptr NULL or len 0. Blocks that a
 * decoder has returned, and those made with the functions below, are checked: readers cannot fail. Pure. */
#ifndef MQTT_PROPERTY_H
#define MQTT_PROPERTY_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MQTT_PROP_payload_format = 0x01 and so on, named as in property_tbl.h. */
enum mqtt_prop {
#define PROPERTY(name, id, form, range, many, where) MQTT_PROP_##name = (id),
#include "mqtt/property_tbl.h"
};

enum mqtt_prop_form {
    MQTT_FORM_BYTE,
    MQTT_FORM_U16,
    MQTT_FORM_U32,
    MQTT_FORM_VARINT,
    MQTT_FORM_TEXT,
    MQTT_FORM_BYTES,
    MQTT_FORM_PAIR,
};

/* What the block belongs to: the packet's type, or the will in a CONNECT. */
enum { MQTT_WILL_PROPERTIES = 16 };

struct mqtt_property {
    uint8_t id;         /* enum mqtt_prop */
    uint8_t form;       /* enum mqtt_prop_form */
    uint32_t number;    /* BYTE to VARINT */
    struct slice text;  /* TEXT, BYTES; of a PAIR its name */
    struct slice value; /* of a PAIR */
    size_t at;          /* where in the block it begins; its value is at + 1 */
    size_t size;        /* of the whole */
};

/* Checks a block from the wire, which stands in `where` (enum mqtt_type, or MQTT_WILL_PROPERTIES). 0, or
 *   ERR_MALFORMED  cut, an unknown property, one that this packet cannot have, ill-formed UTF-8, U+0000;
 *   ERR_PROTOCOL   twice what may be there once, a value that it cannot have. */
int mqtt_properties_check(struct slice block, unsigned where, const char **ret_why);

/* Start with *at = 0; false behind the last one. In the order of the wire. */
bool mqtt_property_next(struct slice block, size_t *at, struct mqtt_property *ret);
/* The first of that kind. */
bool mqtt_property_find(struct slice block, enum mqtt_prop id, struct mqtt_property *ret);
uint32_t mqtt_property_number(struct slice block, enum mqtt_prop id, uint32_t fallback);
/* Text or bytes; ptr NULL when it is not there. */
struct slice mqtt_property_text(struct slice block, enum mqtt_prop id);
/* Is the payload what its payload format says: UTF-8 where that is 1? Section 3.3.2.3.2. */
bool mqtt_payload_fits(struct slice block, struct slice payload);
/* The standard's name for it, such as "message expiry"; NULL for an unknown one. */
const char *mqtt_property_name(unsigned id);

/* ---- making one: each appends one property. What does not fit its form is a BUG ---- */
void mqtt_put_number(struct buf *block, enum mqtt_prop id, uint32_t number);
void mqtt_put_text(struct buf *block, enum mqtt_prop id, struct slice text);
void mqtt_put_pair(struct buf *block, struct slice name, struct slice value);
/* Appends all but those of that kind. */
void mqtt_put_others(struct buf *block, struct slice from, enum mqtt_prop id);

#endif
