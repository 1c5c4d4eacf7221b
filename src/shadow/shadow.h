/* shadow.h — the device shadow service: documents in the store, requests over the reserved topics and
 * over REST, answers as messages. AWS IoT: GetThingShadow, UpdateThingShadow, DeleteThingShadow,
 * ListNamedShadowsForThing; topics $aws/things/{thing}/shadow[/name/{shadow}]/...
 * Requests for one shadow are carried out in the order of their arrival; an answer leaves after the
 * commit of what it promises. Loop thread only. */
#ifndef SHADOW_SHADOW_H
#define SHADOW_SHADOW_H

#include "base/diag.h"
#include "base/json.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct hub;
struct shadows;

struct shadows_opts {
    size_t max_bytes; /* of state.desired and state.reported together */
    int max_depth;
    size_t cache; /* documents kept in memory */
};

/* Subscribes to the request topics and allows clients to publish to them. */
int shadows_create(struct shadows **ret_shadows, struct hub *hub, const struct shadows_opts *opts,
                   struct diag *diag);
/* After store_stop. */
void shadows_destroy(struct shadows *shadows);

/* code 200: body is the document (get), or the accepted document (update, delete), or the list.
 * Otherwise the number of the error (400, 404, 409, 413, 415, 500, 503) and body is its message as plain
 * text. Called later, once; body is borrowed. */
typedef void (*shadow_done_cb)(void *arg, int code, struct slice body);

/* name NULL: the classic shadow. Everything is copied. Updates and deletions over REST publish the same
 * accepted, delta and documents messages as those over MQTT; failures and reads publish nothing. */
void shadow_rest_get(struct shadows *shadows, const char *thing, const char *name,
                     shadow_done_cb done, void *arg);
void shadow_rest_update(struct shadows *shadows, const char *thing, const char *name,
                        struct slice request, shadow_done_cb done, void *arg);
void shadow_rest_delete(struct shadows *shadows, const char *thing, const char *name,
                        shadow_done_cb done, void *arg);
/* Names in order, after `after` (NULL: from the start), at most `count`, as a JSON array of strings with
 * one more than `count` elements when there are more. */
void shadow_rest_list_named(struct shadows *shadows, const char *thing, const char *after,
                            size_t count, shadow_done_cb done, void *arg);

#endif
