/* mqtt_conn_priv.h — between mqtt_conn.c (the stream, what is owed, the end), mqtt_connect.c and
 * mqtt_connack.c (from CONNECT to CONNACK), mqtt_packets.c and mqtt_subscribe.c (packets of a connection that is up), mqtt_publish.c (messages to the client) and
 * mqtt_pace.c (when it is read from, and how long it may be silent). */
#ifndef CONN_MQTT_CONN_PRIV_H
#define CONN_MQTT_CONN_PRIV_H

#include "auth/auth.h"
#include "base/buf.h"
#include "base/log.h"
#include "conn/ack_queue.h"
#include "conn/alias.h"
#include "conn/mqtt_conn.h"
#include "hub/session.h"
#include "loop/loop.h"
#include "mqtt/mqtt.h"

enum conn_state { CONN_AWAIT, CONN_LOGIN, CONN_GREET, CONN_UP, CONN_CLOSING };

/* Why we do not read. Each is set and cleared by itself. */
enum mqtt_pause {
    PAUSE_OWED = 1,   /* too many acknowledgements wait, or it does not take its output */
    PAUSE_RATE = 2,   /* above mqtt.max_packet_rate or max_byte_rate, or refused too often */
    PAUSE_MEMORY = 4, /* it has published, and limits.memory is reached */
};

/* A question to auth, which may come back after the connection is gone. */
struct login {
    struct mqtt_conn *conn; /* NULL: gone */
    struct buf packet;      /* the CONNECT */
};

/* What only a connection of MQTT 5 has. */
struct mqtt_five {
    uint32_t max_packet;      /* that the client takes; MQTT_LONGEST_PACKET: any */
    bool tells_problems;      /* it wants reason strings: Request Problem Information */
    size_t takes;             /* the longest packet that we take, as CONNACK has announced */
    uint16_t receive_maximum; /* likewise */
    uint16_t receiving;       /* PUBLISHes of QoS 1 and 2 that are not yet answered for good */
    struct alias_in aliases_in;
    struct alias_out aliases_out;
    struct log_pace refused;  /* of its messages, those that are not what they say */
    struct log_pace rejected; /* of the messages to it, by itself */
};

/* What a packet or a delivery asks for comes first, so that it lies together. */
struct mqtt_conn {
    struct session_link link; /* first */
    struct mqtt_env *env;
    struct stream *stream;
    enum conn_state state;
    uint8_t level;
    bool picky;             /* five: it has topic aliases, or does not take packets of any size */
    bool lean;              /* its output is kept small: limits.memory was reached */
    bool braked;            /* too much of what it asks for is refused */
    uint8_t pauses;         /* why it is not read from: enum mqtt_pause */
    struct mqtt_five *five; /* at level 5, once CONNECT is accepted; else NULL */
    struct session *session;
    struct principal *principal;

    struct list conns;
    struct list waiting;
    struct list starved;
    int64_t starved_at;
    struct auth_watch watch;
    struct login *login;
    struct ack_queue acks;
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

/* Session expiry as on the wire, as struct session_open_opts has it, and back. */
static inline int64_t mqtt_expiry_ms(uint32_t seconds)
{
    return seconds == UINT32_MAX ? SESSION_EXPIRY_NEVER : (int64_t)seconds * 1000;
}
static inline uint32_t mqtt_expiry_s(int64_t ms)
{
    return ms / 1000 >= UINT32_MAX ? UINT32_MAX : (uint32_t)(ms / 1000);
}

/* ---- mqtt_conn.c ---- */
void mqtt_close(struct mqtt_conn *c, enum session_end why, bool linger);
/* The same; a client of MQTT 5 is told by a DISCONNECT with the reason code and the sentence (NULL: none). */
void mqtt_end(struct mqtt_conn *c, enum session_end why, uint8_t code, const char *sentence);
/* What the peer has sent breaks the protocol, or asks for what is not there [MQTT-4.8.0-1]: logged, counted,
 * and the end. */
void mqtt_fail(struct mqtt_conn *c, uint8_t code, const char *why);
/* Any packet but a PUBLISH, now. */
void mqtt_send_packet(struct mqtt_conn *c, const void *packet, size_t len);
/* The packet leaves when `commit` is reached and everything owed before it has left. */
void mqtt_owe(struct mqtt_conn *c, const uint8_t *packet, size_t len, int64_t commit);
/* The same, for a packet whose decision is held: ack_queue_hold. */
void mqtt_owe_held(struct mqtt_conn *c, const uint8_t *packet, size_t len);
/* The decision of a PUBLISH that was held; arg is ack_queue_spare. */
void mqtt_decided(void *arg, int64_t commit);
/* May a packet of this size be sent to the client? [MQTT-3.1.2-24] */
static inline bool mqtt_fits(const struct mqtt_conn *c, size_t size)
{
    return !c->five || size <= c->five->max_packet;
}
/* Why the hub has refused this client something last, in the words of the log; empty: not known. Borrowed
 * until the next refusal. */
struct slice mqtt_refusal_why(const struct mqtt_conn *c, const char *client_id);

/* ---- mqtt_packets.c ---- */
/* A packet of a connection that is up. */
void mqtt_packet_received(struct mqtt_conn *c, const struct mqtt_frame *frame);
/* A publish that the hub has not taken, which ends the connection: the reason is in the log already, but for
 * the store's. */
void mqtt_publish_failed(struct mqtt_conn *c, int64_t rc);

/* The block for an answer: a reason string, where the client wants to hear of problems [MQTT-3.1.2-29]. */
struct slice mqtt_reason_string(const struct mqtt_conn *c, struct buf *block, struct slice why);

/* ---- mqtt_subscribe.c: handlers ---- */
void mqtt_subscribe_received(struct mqtt_conn *c, const struct mqtt_frame *frame);
void mqtt_unsubscribe_received(struct mqtt_conn *c, const struct mqtt_frame *frame);

/* ---- mqtt_publish.c: of struct session_link_ops ---- */
bool mqtt_link_publish(struct session_link *link, struct msg *msg, const struct session_out *out);

/* ---- mqtt_pace.c ---- */
/* Reads on or not: who owes us reading gets no answers to more. */
void mqtt_balance(struct mqtt_conn *c);
/* May the next packet be handled now? Else the connection is paused until it may. */
bool mqtt_pace_limited(struct mqtt_conn *c);
static inline bool mqtt_pace_next(struct mqtt_conn *c)
{
    const struct front_opts *opts = c->env->opts;
    bool free_to_go = !opts->packet_rate.rate && !opts->byte_rate.rate && !c->braked;
    return free_to_go || mqtt_pace_limited(c);
}
/* A publish or a filter was refused, and the connection goes on. */
void mqtt_pace_refused(struct mqtt_conn *c);
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

/* ---- mqtt_connack.c ---- */
/* CONNACK with the reason. connect: NULL when it could not be decoded, or is gone. why: what the log says;
 * empty: nothing to be told. */
void mqtt_send_refusal(struct mqtt_conn *c, const struct mqtt_connect *connect, uint8_t level,
                       uint8_t reason, struct slice why);
/* The same, and the end. */
void mqtt_refuse(struct mqtt_conn *c, const struct mqtt_connect *connect, uint8_t level,
                 uint8_t reason, struct slice why);
/* Of a connection of level 5: what its CONNECT says, and what we announce. */
struct mqtt_five *mqtt_five_create(const struct mqtt_conn *c, const struct mqtt_connect *connect);
/* What holds, of what the client has asked for, in seconds; 0: none. */
uint16_t mqtt_keep_alive(const struct mqtt_conn *c, const struct mqtt_connect *connect);
/* Leaves when `commit` is reached. Closes the connection when the client takes no packet of that size. */
void mqtt_owe_connack(struct mqtt_conn *c, const struct mqtt_connect *connect, bool present,
                      int64_t commit);

/* ---- mqtt_connect.c ---- */
/* The first packet, which is a CONNECT; data is the whole of it. */
void mqtt_connect_received(struct mqtt_conn *c, const struct mqtt_frame *frame,
                           const uint8_t *data);
/* CONNACK has left. */
void mqtt_greet(struct mqtt_conn *c);
/* CONNACK could not leave in time, since the store does not keep the session. */
void mqtt_greet_failed(struct mqtt_conn *c);

#endif
