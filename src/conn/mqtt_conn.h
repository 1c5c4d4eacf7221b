/* mqtt_conn.h — one MQTT connection over any stream. Loop thread only. */
#ifndef CONN_MQTT_CONN_H
#define CONN_MQTT_CONN_H

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "conn/front.h"
#include "loop/loop.h"

struct principal;
struct mqtt_conn;

/* What all MQTT connections of a front share. */
struct mqtt_env {
    struct hub *hub;
    const struct front_opts *opts;
    struct list conns;   /* all of them */
    struct list waiting; /* those whose acknowledgements wait for a commit */
    struct list starved; /* those that wait because there is no memory; the first waits longest */
    struct loop_timer starving;
    struct log_pace starvation;
    struct buf scratch; /* for one packet while it is made */
};

/* Takes the stream, whose unread bytes begin with a CONNECT, and a reference to principal (NULL: nobody
 * yet; a user name and password are needed). */
void mqtt_conn_start(struct mqtt_env *env, struct stream *stream, struct principal *principal);
/* Of mqtt_env.starving, which runs while anybody is starved: ends that when there is memory again,
 * or it was for long enough. */
void mqtt_conn_feed(struct loop_timer *starving);
/* The link of mqtt_env.conns. */
void mqtt_conn_shutdown(struct list *conns_link);
/* The link of mqtt_env.waiting: sends the acknowledgements whose commit is reached. */
void mqtt_conn_release(struct list *waiting_link);

#endif
