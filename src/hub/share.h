/* share.h — shared subscriptions, $share/GROUP/FILTER: sessions that take turns. MQTT 5.0, section 4.8.2;
 * also for 3.1.1, as AWS IoT has them. Loop thread only.
 *
 * A group is a subscriber of the topic tree. Each message goes to one of its members: to one that is online
 * and takes it at once, else to one that is online, else, QoS 1 and 2, into the queue of one that is
 * persistent. It comes with the QoS, the flag RETAIN and the identifier of that member's subscription.
 * What was queued or sent to a member whose connection ends, and is not acknowledged, goes to another one that
 * is online; but see hub_opts.keep_shared_qos2. */
#ifndef HUB_SHARE_H
#define HUB_SHARE_H

#include "base/list.h"
#include "base/slice.h"
#include "hub/hub.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct msg;
struct session;
struct sessions;
struct share_group;

struct share_member { /* embedded in the session's subscription */
    struct list link; /* in the group: online or offline */
    struct list mine; /* in session->shares */
    struct share_group *group;
    struct session *session;
    struct sub_opts opts; /* may be changed at any time but within a delivery */
};

/* name is a valid "$share/GROUP/FILTER". 0 or ERR_TOPIC. */
int share_join(struct session *session, struct slice name, const struct sub_opts *opts,
               struct share_member *member);
void share_leave(struct share_member *member);

/* The session's connection takes messages now; has ended. */
void share_online(struct session *session);
void share_offline(struct session *session);
/* A message that the session got as a member of the group with this number goes to another member: true.
 * False: there is none that takes it. over: the session ends, so one that is offline will do as well. */
bool share_pass_on(struct session *session, uint32_t group, struct msg *msg, uint8_t qos,
                   bool over);

/* ---- for sessions.c ---- */
size_t share_count(const struct sessions *all);

#endif
