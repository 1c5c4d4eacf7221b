/* action.h — what a rule can do with what its statement made: the interface between thingd and an
 * action. An action is one file and one const struct td_action; it needs this header and no other
 * of thingd.
 *
 * Life. start ── create ── run ··· complete, any number ── destroy, for each use in a rule ── stop.
 *   start and stop come once in the life of the process, before the first create and after every
 *   run is complete. All of them are called on thingd's loop thread and must not block it: what may
 *   wait (files, networks) belongs to a thread of the action's own.
 * Runs. Each run is completed once, by td_host.complete: within run, or later, from any thread.
 *   Until then everything that td_input points at stays as it is; afterwards nothing of it may be
 *   touched.
 * Promise. An action without TD_ACTION_INLINE runs after the message which caused it is committed
 *   (QoS 1 and 2), or at once (QoS 0). A crash between commit and completion makes thingd run it
 *   again at the next start: at least once, never lost.
 * Errors. Codes are 0 or negative errno values (-EINVAL, -ENOSPC). A sentence for humans, without a
 *   full stop, goes with each. */
#ifndef THINGD_ACTION_H
#define THINGD_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rises with every change of this file that is not an addition behind the last member. */
#define TD_ACTION_ABI 2

/* A borrowed run of bytes, not zero-terminated. */
struct td_bytes {
    const char *ptr;
    size_t len;
};

struct td_pair {
    struct td_bytes name;
    struct td_bytes value;
};

/* ---- parameters: a table, which checks the rule's JSON and prints the manual ---- */

enum td_param_type {
    TD_STRING,
    TD_INT,
    TD_BOOL,
    TD_ARN,    /* any ARN; of no meaning here, taken so that rules copied from AWS work */
    TD_PAIRS,  /* an array of {"key": "...", "value": "..."}, at most 1024 bytes each */
    TD_REFUSED /* known, but not supported: a rule that has it is refused with `text` */
};

enum td_param_flag {
    TD_REQUIRED = 1 << 0,
    TD_TEMPLATE = 1 << 1, /* strings with ${...}, rendered for each run */
};

struct td_param { /* the table ends with a row without name */
    /* "headers.contentType" is the member contentType of the member headers, which is an object. */
    const char *name;
    enum td_param_type type;
    unsigned flags;
    int64_t min; /* of a number; of a string (as the rule has it): its bytes; how many pairs */
    int64_t max;
    int64_t fallback; /* of a number or boolean which is absent */
    const char *text; /* one line for the manual */
};

/* A parameter's value, at the index of its row. */
struct td_value {
    bool present;
    bool constant;        /* false: a template which is not yet rendered (in create only) */
    int64_t number;       /* TD_INT; TD_BOOL: 0 or 1; the fallback when absent */
    struct td_bytes text; /* TD_STRING, TD_ARN */
    const struct td_pair *pairs;
    size_t pair_count;
};

/* ---- what thingd offers ---- */

enum td_log_level { TD_LOG_ERROR, TD_LOG_WARN, TD_LOG_INFO, TD_LOG_DEBUG };

struct td_run;  /* one run, thingd's */
struct td_call; /* one request that is open, thingd's */

struct td_request {
    struct td_bytes url; /* http:// or https:// */
    const struct td_pair *headers;
    size_t header_count;
    struct td_bytes body;
    int64_t timeout_ms; /* 0: webhook.timeout */
};

/* rc 0: the server has answered `status`, whatever it is. Else there was no answer, and `why` says so:
 *   -EINVAL        as of check_request
 *   -EPERM         the address is refused (webhook.allow)
 *   -EHOSTUNREACH  nobody knows the name
 *   -EAGAIN        too many requests wait already
 *   -ECANCELED     thingd is stopping
 *   -ETIMEDOUT, -ECONNREFUSED, -EPROTO (TLS, a malformed answer) and others.
 * Loop thread; all is borrowed. */
typedef void (*td_answer_cb)(void *arg, int rc, int status, struct td_bytes body, const char *why);

struct td_host {
    int abi;
    /* Any thread. */
    void (*log)(const struct td_host *host, enum td_log_level level, const char *text);
    /* The parameter at this index of the table, its template rendered. Loop thread; borrowed until
     * the run is complete. NULL when there is no such row. */
    const struct td_value *(*render)(struct td_run *run, size_t param);
    /* Publishes in the name of the hub. properties: those of MQTT 5.0 as a PUBLISH has them on the
     * wire (section 3.3.2.3), without the length before them; empty: none. Loop thread, before the
     * run is complete. Returns 0 or
     *   -EINVAL  no valid topic name, QoS above 1, malformed properties, or among them a topic alias
     *            or a subscription identifier
     *   -EPERM   a reserved topic other than a request to a shadow ("$aws/things/T/shadow/get")
     *   -ELOOP   the message was republished too often already
     *   -EIO     the store cannot keep it. */
    int (*publish)(struct td_run *run, struct td_bytes topic, struct td_bytes payload, int qos,
                   struct td_bytes properties);
    /* The run is over. `why` is copied; NULL: the text of the code. -ECANCELED while stopping:
     * thingd runs it again at the next start if it was promised. Any thread. */
    void (*complete)(struct td_run *run, int rc, const char *why);
    /* Could this be sent? 0, or -EINVAL with a sentence: the URL is malformed or has a user or a fragment,
     * a header cannot be written. Any thread. */
    int (*check_request)(const struct td_host *host, const struct td_request *request, char *why,
                         size_t why_size);
    /* Makes an HTTP request, a POST; all is copied. A body that is JSON gets Content-Type
     * application/json, another one application/octet-stream, unless a header says it. Certificates
     * are verified; redirects are not followed. `answer` is called later, once. Loop thread, before
     * stop returns. */
    struct td_call *(*request)(const struct td_host *host, const struct td_request *request,
                               td_answer_cb answer, void *arg);
    /* Before `answer`, which is not called any more. The request may arrive nevertheless. */
    void (*cancel)(const struct td_host *host, struct td_call *call);
};

/* ---- what an action is ---- */

enum td_action_flag {
    /* All that it does is to publish: it runs while the message is delivered, is complete when run
     * returns, and what it published is kept under the same commit as the message. */
    TD_ACTION_INLINE = 1 << 0,
};

struct td_setup {
    const struct td_host *host;
    void *shared;     /* of start */
    const char *rule; /* borrowed */
    const struct td_value *values;
    char *why; /* for the sentence when create fails */
    size_t why_size;
};

struct td_input {
    const char *rule;
    struct td_bytes payload; /* what the statement made */
    const struct td_value *values;
    struct td_bytes topic;     /* of the message */
    struct td_bytes client_id; /* of its publisher; empty outside MQTT */
    struct td_bytes principal;
    int64_t at_ms; /* when it was published, ms since 1970 UTC */
    int qos;
};

struct td_action {
    int abi;
    const char *name;  /* the member in the rule's JSON */
    const char *label; /* its name in the payload of error actions: "FileAction" */
    const char *text;  /* one line for the manual */
    unsigned flags;
    size_t resource; /* index of the parameter that error actions call failedResource */
    const struct td_param *params;

    /* May be NULL, both. stop returns when every run is complete. */
    int (*start)(const struct td_host *host, void **ret_shared);
    void (*stop)(void *shared);
    /* Checks what the table cannot, and makes the action of one rule. Changes nothing outside. */
    int (*create)(const struct td_setup *setup, void **ret_action);
    void (*run)(void *action, struct td_run *run, const struct td_input *input);
    /* No run of it is open. */
    void (*destroy)(void *action);
};

#endif
