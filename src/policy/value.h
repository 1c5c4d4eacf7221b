/* value.h — what conditions compare: dates, addresses, numbers read from text. Pure. */
#ifndef POLICY_VALUE_H
#define POLICY_VALUE_H

#include "base/slice.h"

#include <stdint.h>

/* A network: the first `bits` of 128; IPv4 is mapped to ::ffff:0:0/96. */
struct value_net {
    uint8_t addr[16];
    unsigned bits;
};

/* Each is false when text is no such thing. */
bool value_number(struct slice text, double *ret_value);
/* Milliseconds since the epoch: "2026-01-31", "2026-01-31T23:59Z", "2026-01-31T23:59:59.5+01:00"
 * (W3C note-datetime), or seconds since the epoch as an integer. */
bool value_date(struct slice text, int64_t *ret_ms);
bool value_bool(struct slice text, bool *ret_value); /* "true", "false", in any case */
/* An address, or a network such as 10.0.0.0/8 or 2001:db8::/32. */
bool value_net(struct slice text, struct value_net *ret_net);
/* Whether text is an address, and one of the network. */
bool value_in_net(struct slice text, const struct value_net *net);

#endif
