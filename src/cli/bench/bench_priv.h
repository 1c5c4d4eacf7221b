/* bench_priv.h — a run of the load generator: its connections, its counters, its clock. */
#ifndef CLI_BENCH_PRIV_H
#define CLI_BENCH_PRIV_H

#include "base/buf.h"
#include "base/diag.h"
#include "cli/bench/bench.h"
#include "net/tls_client.h"

#include <sys/socket.h>

/* ---- one connection: link.c ---- */

enum link_stage { LINK_CLOSED, LINK_SHAKING, LINK_UPGRADING, LINK_OPEN };

struct bench_ws;

/* Answers by itself what the protocol wants answered (PUBACK, PUBREC, PUBREL, PUBCOMP), and counts.
 * Zero-initialised is closed. Must stay where it is until the end of the turn in which it closed. */
struct link {
    struct bench *bench;
    enum link_stage stage;
    int fd;
    struct tls_call *tls; /* NULL: plain */
    struct bench_ws *ws;  /* NULL: MQTT without WebSocket */
    bool blocked;         /* epoll watches for room to write */
    bool dirty;           /* stands in bench->dirty */
    bool up;              /* CONNACK has come */
    bool present;         /* with "session present" */
    bool leaving;         /* DISCONNECT was written: the end is no failure */
    struct buf in;        /* the front of a packet that is not whole */
    struct buf out;   /* packets to be written; without WebSocket what the kernel has not taken */
    int64_t received; /* messages: PUBLISH, with QoS 2 PUBREL */
    int64_t acked;    /* PUBACK, PUBCOMP */
    int64_t subacked; /* SUBACK */
    /* Each PUBLISH; NULL: it is only counted. */
    void (*on_publish)(struct link *link, const uint8_t *payload, size_t len);
    void *owner;
};

/* Connects and sends CONNECT. id NULL: one of the server's making. */
int link_open(struct bench *b, struct link *link, const char *id, bool clean);
void link_subscribe(struct link *link, uint16_t packet_id, const char *filter, int qos);
/* Sends DISCONNECT; the broker closes, counted in bench->ended. */
void link_leave(struct link *link);
/* At once. Accepts a closed one. */
void link_close(struct link *link);
/* Sends whole packets, at once if nothing waits and TLS does not mind; what does not fit is queued. Without WebSocket
 * nothing is copied but that. */
void link_send(struct link *link, const void *data, size_t len);
/* What was put into link->out goes out in this turn. */
void link_touch(struct link *link);
void link_flush(struct link *link);
void link_on_event(struct link *link, uint32_t events);

/* ---- its packets in WebSocket frames: ws.c ---- */

/* The request to upgrade is in its output then. */
struct bench_ws *bench_ws_create(struct bench *b);
/* Accepts NULL. */
void bench_ws_destroy(struct bench_ws *ws);
/* What is to be written: the owner takes from its front what is out. */
struct buf *bench_ws_out(struct bench_ws *ws);
/* Reads the answer to the request: 1 when the frames may begin, behind *ret_used bytes; 0 when more must come; or the
 * code of the failure, which is noted. */
int bench_ws_upgrade(struct bench_ws *ws, const uint8_t *data, size_t len, size_t *ret_used);
/* Puts whole packets into frames, in the output. */
void bench_ws_wrap(struct bench_ws *ws, const void *packets, size_t len);
/* Leaves of the frames in data what they carry, and answers Ping and Close. Returns as ws_read. */
int bench_ws_unwrap(struct bench_ws *ws, uint8_t *data, size_t len, size_t *ret_len);
/* After WS_CLOSED and after an error of that. */
unsigned bench_ws_code(const struct bench_ws *ws);
const char *bench_ws_why(const struct bench_ws *ws);

/* ---- the run: turn.c ---- */

/* CPU and time between start and stop, added up. */
struct meter {
    int64_t wall_ns, own_ns, broker_ns;       /* the sums */
    int64_t wall_from, own_from, broker_from; /* of the start */
    int64_t looked_at;                        /* when the broker's clock was last asked */
};

struct bench {
    const struct bench_opts *opts;
    const struct bench_scenario *scenario;
    struct diag *diag;
    int rc; /* of the first failure */
    struct sockaddr_storage addr;
    socklen_t addr_len;
    struct tls_client *tls;      /* NULL: plain */
    struct ws_writer *ws_writer; /* NULL: MQTT without WebSocket */
    int epoll_fd;
    uint8_t *chunk;      /* what is being read */
    struct link **dirty; /* links with output */
    size_t dirty_count, dirty_cap;
    int64_t up, ended; /* CONNACKs, ends after DISCONNECT */
    int64_t received, acked, subacked, unsubacked;
    int64_t receive_max; /* the least that the broker has told; of MQTT 5 */
    bool moved;          /* bytes have come in this turn */
    int64_t moved_at;    /* when they came last */
    int64_t deadline;    /* of the whole run */
    struct meter meter;
    struct bench_result *result;
};

enum { BENCH_CHUNK = 256 * 1024, BENCH_PACKET_MAX = 128 * 1024, BENCH_TICK_MS = 2 };

/* Notes the first failure and ends the run. Returns its code. */
int bench_fail(struct bench *b, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes what is queued, waits for events, reads. 0, or the code of the failure. */
int bench_turn(struct bench *b, int timeout_ms);
/* Turns until the counter (of b) has come to `want`; ERR_TIMEOUT when nothing comes any more. */
int bench_await(struct bench *b, const int64_t *counter, int64_t want, const char *what);
/* True when bytes have not come for so long that none will. */
bool bench_stalled(const struct bench *b);

void meter_start(struct bench *b);
/* First awaits that the broker has come to rest: what it does late is its work too. The time ends
 * before that. */
void meter_stop(struct bench *b);
/* Whether enough is measured, the part that runs included. */
bool meter_full(struct bench *b);
/* The same between two parts. */
bool meter_enough(const struct bench *b);

/* The scenario's window; with QoS 1 and 2 not more than the broker takes. */
int64_t bench_window(const struct bench *b, int qos);
/* A number of the scenario by the scale that was asked for, at least 1. */
int64_t bench_scaled(const struct bench *b, int64_t number);
/* Opens links[0..count) with ids PREFIX0, ...; a bounded number at a time; awaits all CONNACKs. */
int bench_open_all(struct bench *b, struct link *links, size_t count, const char *prefix);

/* ---- scenarios ---- */
int bench_flow(struct bench *b);      /* flow.c: publishers and subscribers */
int bench_connects(struct bench *b);  /* session.c */
int bench_subscribe(struct bench *b); /* the same */
int bench_idle(struct bench *b);      /* the same */
int bench_enqueue(struct bench *b);   /* queue.c */
int bench_drain(struct bench *b);     /* the same */
int bench_latency(struct bench *b);   /* latency.c */

#endif
