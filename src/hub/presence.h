/* presence.h — lifecycle events on $aws/events/presence/... with AWS's members. Loop thread only. */
#ifndef HUB_PRESENCE_H
#define HUB_PRESENCE_H

#include "hub/hub.h"
#include "hub/session.h"

struct presence;

struct presence_event {
    const char *client_id;
    const char *session_id; /* unique for the connection */
    const char *principal;  /* principalIdentifier */
    const char *source_ip;
    int64_t version;
    uint8_t level; /* of the protocol */
};

struct presence *presence_create(struct hub *hub);
void presence_destroy(struct presence *presence);
/* The number for a new connection of this client: 0 at first, rising. */
int64_t presence_enter(struct presence *presence, const char *client_id);
/* The connection with that number has ended; forgotten after an hour. */
void presence_leave(struct presence *presence, const char *client_id, int64_t number);
void presence_connected(struct presence *presence, const struct presence_event *event);
void presence_disconnected(struct presence *presence, const struct presence_event *event,
                           enum session_end why);

#endif
