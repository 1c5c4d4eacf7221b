/* alias.h — topic aliases of one connection, both ways: MQTT 5.0, section 3.3.2.3.4. Loop thread only.
 * Zero-initialised is valid: a maximum of 0, none at all. */
#ifndef CONN_ALIAS_H
#define CONN_ALIAS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- of the client: it says which number stands for which topic ---- */

struct alias_in {
    struct slice *topics; /* by number - 1; owned; NULL until the first is set */
    uint16_t max;         /* what CONNACK has announced */
    size_t bytes;         /* of the topics */
};
void alias_in_deinit(struct alias_in *in);
/* The topic of a PUBLISH with this alias; a topic that is there is noted. 0, or
 *   ERR_INVALID    0 or above the maximum: 0x94;
 *   ERR_NOT_FOUND  without a topic, and never set: 0x82;
 *   ERR_LIMIT      the topics of its aliases are longer than all may be together: 0x97.
 * ret_topic is borrowed until the alias is set again, or is `topic`. */
int alias_in_resolve(struct alias_in *in, uint16_t alias, struct slice topic,
                     struct slice *ret_topic);

/* ---- ours: topics that come again and again get a number ---- */

struct alias_slots; /* of alias.c */
struct alias_out {
    struct alias_slots *slots; /* NULL until the first topic */
    uint16_t max;              /* the smaller one of the client's maximum and ours */
};
void alias_out_deinit(struct alias_out *out);
/* The alias for the next PUBLISH of this topic; 0: send the topic alone. ret_known: the client knows it, so the
 * topic is left out; else the packet, which must be sent, carries both. */
uint16_t alias_out_next(struct alias_out *out, struct slice topic, bool *ret_known);
/* Looks only: an alias that the client knows already, or 0. */
uint16_t alias_out_known(const struct alias_out *out, struct slice topic);

#endif
