/* wire_priv.h — one message off the wire: the guard, then llhttp. Private to src/http. */
#ifndef HTTP_WIRE_PRIV_H
#define HTTP_WIRE_PRIV_H

#include "http/guard.h"
#include "http/wire.h"

enum wire_event { WIRE_MORE, WIRE_GOT_HEAD, WIRE_GOT_ALL };

void http_wire_init(struct http_wire *w, const struct http_limits *limits, bool response);
/* Frees the message; ready for the next one. */
void http_wire_reset(struct http_wire *w);
/* WIRE_GOT_HEAD comes once a message, before any byte of the body is taken; then WIRE_MORE until
 * WIRE_GOT_ALL. Negative: w->failure says why, ret_used is untouched. */
int http_wire_feed(struct http_wire *w, const uint8_t *data, size_t len, size_t *ret_used);
/* Ends the message with a failure that its owner has found; returns its code. */
int http_wire_fail(struct http_wire *w, enum http_failure_id failure);
/* The peer has closed: true when that completes the message. */
bool http_wire_finish(struct http_wire *w);

#endif
