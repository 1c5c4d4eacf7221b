/* mqtt_conn_priv.h — between mqtt_conn.c (packets of a connection that is up, its end), mqtt_connect.c
 * (from CONNECT to CONNACK) and mqtt_pace.c (when it is read from, and how long it may be silent). */
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

/* Why we do not read. Each is set and cleared by itself. */
enum mqtt_pause {
    PAUSE_OWED = 1,   /* too many acknowledgements wait, or it does not take its output */
    PAUSE_RATE = 2,   /* above mqtt.max_packet_rate or max_byte_rate */
    PAUSE_MEMORY = 4, /* it has published, and limits.memory is reached */
};

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
    struct list starved;
    int64_t starved_at;
    enum conn_state state;
    uint8_t level;
    struct principal *principal;
    struct auth_watch watch;
    struct session *session;
    struct login *login;
    struct ack_queue acks;
    uint8_t pauses;            /* why it is not read from: enum mqtt_pause */
    bool lean;                 /* its output is kept small: limits.memory was reached */
    struct throttle *throttle; /* NULL while no limit of rates was ever there */
    struct loop_timer timer;   /* CONNECT time-out, then keep-alive */
    int64_t keep_alive_ms;     /* 1.5 times; 0: none */
    int64_t heard_at;
    size_t under_way; /* of a packet that is not whole, when heard_at was set */
    /* of the output, when mqtt_watch_time looked last */
    size_t pending;
    uint64_t sent;
    int64_t moved_at; /* when it was seen to move, or there was none */
};

static inline const char *mqtt_client_id(const struct mqtt_conn *c)
{
    return c->session ? session_client_id(c->session) : "";
}

/* ---- mqtt_conn.c ---- */
void mqtt_close(struct mqtt_conn *c, enum session_end why, bool linger);
/* What the peer has sent breaks the protocol [MQTT-4.8.0-1]. */
void mqtt_protocol_error(struct mqtt_conn *c, const char *why);
/* Any packet but a PUBLISH, now. */
void mqtt_send_packet(struct mqtt_conn *c, const void *packet, size_t len);
/* The packet leaves when `commit` is reached and everything owed before it has left. */
void mqtt_owe(struct mqtt_conn *c, const uint8_t *packet, size_t len, int64_t commit);

/* ---- mqtt_pace.c ---- */
/* Reads on or not: who owes us reading gets no answers to more. */
void mqtt_balance(struct mqtt_conn *c);
/* May the next packet be handled now? Else the connection is paused until it may. */
bool mqtt_pace_limited(struct mqtt_conn *c);
static inline bool mqtt_pace_next(struct mqtt_conn *c)
{
    const struct front_opts *opts = c->env->opts;
    return (!opts->packet_rate.rate && !opts->byte_rate.rate) || mqtt_pace_limited(c);
}
/* A packet of that type and size was handled. */
void mqtt_pace_spend(struct mqtt_conn *c, uint8_t type, size_t size);
/* Is its output above what it may be? on_writable follows, and calls the second. */
bool mqtt_pace_congested(struct mqtt_conn *c);
void mqtt_pace_writable(struct mqtt_conn *c);
/* The connection is up, and its clock begins; or its timer has fired. Closes one that was silent for too
 * long, or has taken no output. */
void mqtt_watch_begin(struct mqtt_conn *c);
void mqtt_watch_time(struct mqtt_conn *c);
void mqtt_pace_stop(struct mqtt_conn *c);
void mqtt_pace_free(struct mqtt_conn *c);

/* ---- mqtt_connect.c ---- */
/* The first packet, which is a CONNECT; data is the whole of it. */
void mqtt_connect_received(struct mqtt_conn *c, const struct mqtt_frame *frame,
                           const uint8_t *data);
/* CONNACK has left. */
void mqtt_greet(struct mqtt_conn *c);

#endif
