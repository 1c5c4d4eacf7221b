/* run.h — one run of an MQTT client in the shell: connects, keeps the connection, connects again, ends.
 * What pub and sub have in common; they add what they do. */
#ifndef CLI_MQTT_RUN_H
#define CLI_MQTT_RUN_H

#include "cli/mqtt/client.h"
#include "cli/mqtt/flags.h"

struct mqtt_run;

struct mqtt_run_ops {
    void (*on_connected)(struct mqtt_run *run, bool session_present); /* may be NULL */
    bool (*on_message)(struct mqtt_run *run, const struct mqtt_publish *publish);
    void (*on_granted)(struct mqtt_run *run, const struct mqtt_suback *ack);
    void (*on_released)(struct mqtt_run *run, const struct mqtt_suback *ack);
    /* Whenever something has changed while the connection is up: does what can be done. */
    void (*step)(struct mqtt_run *run);
    /* Before the acknowledgements of the messages received leave. 0 or an errno of standard output. */
    int (*flush)(struct mqtt_run *run); /* may be NULL */
};

struct mqtt_run {
    const struct cli_args *args;
    const struct mqtt_settings *settings;
    const struct mqtt_run_ops *ops;
    bool retry;       /* a connection that is lost is made again */
    bool confirm;     /* at the end, ask whether the hub has read all */
    int stop_code;    /* exit code after a signal */
    int timeout_code; /* and after --timeout */

    /* set by step */
    int input;    /* a descriptor to be watched; -1: none */
    bool again;   /* step stopped because too much was in the buffer */
    int64_t wake; /* when step wants to be called next; INT64_MAX: never */
    /* read by step */
    bool input_ready;
    struct mqtt_client *client;

    /* of run.c */
    struct net_call *link;
    int stop_fd;
    int code;
    unsigned futile;
    bool over, finishing, stopped, was_up, confirming;
    bool refused; /* something; so the run cannot end well */
    int64_t end, finish_end, retry_at, retry_delay, up_since;
};

/* The caller has set the first group and settings. Returns the exit code; reasons are printed. */
int mqtt_run(struct mqtt_run *run);

/* Ends the run with this code once nothing is awaited from the hub, or after limit_ms; -1: however long it
 * takes. The first call counts. */
void mqtt_run_finish(struct mqtt_run *run, int code, int64_t limit_ms);
/* Ends it with CLI_FAILED and the reason. */
void mqtt_run_fail(struct mqtt_run *run, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A line on standard error, unless --quiet. */
void mqtt_run_complain(const struct mqtt_run *run, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
