/* mqtt_conn_priv.h — between mqtt_conn.c (packets of a connection that is up, its time, its end) and
 * mqtt_connect.c (from CONNECT to CONNACK). */
#ifndef CONN_MQTT_CONN_PRIV_H
#define CONN_MQTT_CONN_PRIV_H

#include "auth/auth.h"
#include "base/buf.h"
#include "conn/ack_queue.h"
#include "conn/mqtt_conn.h"
#include "hub/session.h"
#include "loop/loop.h"
#include "mqtt/mqtt.h"

enum conn_state { CONN_AWAIT, CONN_LOGIN, CONN_GREET, CONN_UP, CONN_CLOSING };

/* A question to auth, which may come back after the connection is gone. */
struct login {
    struct mqtt_conn *conn; /* NULL: gone */
    struct buf packet;      /* the CONNECT */
};

struct mqtt_conn {
    struct session_link link; /* first */
    struct mqtt_env *env;
    struct stream *stream;
    struct list conns;
    struct list waiting;
    enum conn_state state;
    uint8_t level;
    struct principal *principal;
    struct auth_watch watch;
    struct session *session;
    struct login *login;
    struct ack_queue acks;
    bool paused;             /* by us, because too many acknowledgements are owed */
    struct loop_timer timer; /* CONNECT time-out, then keep-alive */
    int64_t keep_alive_ms;   /* 1.5 times; 0: none */
    int64_t heard_at;
    size_t pending;         /* output when the timer looked last, while paused */
    enum session_end ended; /* why, once closing */
};

static inline const char *mqtt_client_id(const struct mqtt_conn *c)
{
    return c->session ? session_client_id(c->session) : "";
}

/* ---- mqtt_conn.c ---- */
void mqtt_close(struct mqtt_conn *c, enum session_end why, bool linger);
/* What the peer has sent breaks the protocol [MQTT-4.8.0-1]. */
void mqtt_protocol_error(struct mqtt_conn *c, const char *why);
/* The packet leaves when `commit` is reached and everything owed before it has left. */
void mqtt_owe(struct mqtt_conn *c, const uint8_t *packet, size_t len, int64_t commit);

/* ---- mqtt_connect.c ---- */
/* The first packet, which is a CONNECT; data is the whole of it. */
void mqtt_connect_received(struct mqtt_conn *c, const struct mqtt_frame *frame,
                           const uint8_t *data);
/* CONNACK has left. */
void mqtt_greet(struct mqtt_conn *c);

#endif
