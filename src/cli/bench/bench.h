/* bench.h — the load generator behind `thingd bench`: scenarios against any broker of MQTT 3.1.1 or 5,
 * from one thread, each with exact counts. Blocking; opens only sockets, leaves nothing behind. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "base/diag.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_opts {
    const char *host;
    int64_t port;
    const char *user; /* NULL: none */
    const char *password;
    const char *ca_file; /* NULL: without TLS */
    bool ws;             /* MQTT over WebSocket */
    int64_t frame;   /* packets that share a WebSocket frame; 0: all that are written together */
    uint8_t level;   /* enum mqtt_level, of all clients */
    int64_t payload; /* bytes of a message */
    int64_t rate;    /* messages a second of the scenario "latency" */
    int64_t scale;   /* percent of the connections, filters and queued messages */
    double seconds;  /* at most this long is measured */
    double cpu;      /* ends earlier, when the broker has used so many CPU seconds; 0: no */
    int64_t pid;     /* the broker's process on this machine; 0: unknown */
};

#define BENCH_PAYLOAD_MIN 16
#define BENCH_PAYLOAD_MAX 65536
#define BENCH_RATE_MAX    1000000
#define BENCH_FRAME_MAX   65535
#define BENCH_PID_MAX     4194304 /* of Linux */
#define BENCH_SECONDS_MIN 0.05
#define BENCH_SECONDS_MAX 3600.0

/* What does not go together or is out of bounds: ERR_USAGE and the sentence. */
int bench_opts_check(const struct bench_opts *opts, struct diag *diag);

struct bench;

enum bench_topics {
    BENCH_ALL,   /* every subscriber has one filter for all publishers' topics */
    BENCH_PAIRS, /* subscriber i has the topic of publisher i only */
    BENCH_TREE,  /* many wildcard filters, spread over the subscribers; topics by turns */
};

struct bench_scenario {
    const char *name;
    const char *text; /* one line */
    int (*run)(struct bench *b);
    int pubs, subs; /* connections */
    int qos;
    int window; /* messages of one publisher under way */
    enum bench_topics topics;
    int filters;  /* of all subscribers: BENCH_TREE */
    int messages; /* of a round */
    int guests;   /* clients a second that come, subscribe and go */
    bool single;  /* one write for each packet */
};

extern const struct bench_scenario bench_scenarios[]; /* ends with { 0 } */
/* NULL when there is none. */
const struct bench_scenario *bench_scenario_find(const char *name);

struct bench_result {
    const char *unit; /* "messages", "subscriptions", "connections" */
    int64_t count;
    int64_t lost;       /* messages that did not arrive */
    double seconds;     /* for all of count */
    double own_cpu;     /* seconds of the generator */
    double broker_cpu;  /* 0: unknown */
    int64_t p50_ns;     /* latency; 0: not measured */
    int64_t p99_ns;     /* */
    int64_t late_ns;    /* the generator behind its own schedule, 99 in 100 */
    bool memory;        /* conn_bytes was measured */
    int64_t conn_bytes; /* memory of the broker for each connection */
    int64_t guests;     /* clients that came and went meanwhile */
};

/* 0; or a code, and the reason is in diag. A lost message is no failure with QoS 0. */
int bench_run(const struct bench_opts *opts, const struct bench_scenario *scenario,
              struct bench_result *ret_result, struct diag *diag);

/* The least value that `permille` of the values do not exceed (nearest rank): 500 is the median.
 * Sorts; count > 0. */
int64_t bench_percentile(int64_t *values, size_t count, unsigned permille);

/* One object, the members of which are documented in the manual of the command. */
struct json *bench_result_json(const struct bench_scenario *scenario,
                               const struct bench_result *result);

#endif
