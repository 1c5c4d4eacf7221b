/* api.h — the REST front door: AWS IoT's control plane and data plane, and the hub's own paths.
 * Reference: api-operations, sections 1 and 2; security, section 9.4; shadows, section 7.
 *
 * A second front door to the same services: no table of theirs is written here. Routes are one table
 * (routes.c); docs/manual/rest.md is printed from it. Loop thread only. */
#ifndef API_API_H
#define API_API_H

#include "base/buf.h"
#include "base/diag.h"

#include <stddef.h>
#include <stdint.h>

struct api;
struct auth;
struct http_exchange;
struct hub;
struct registry;
struct rules;
struct shadows;
struct store;

/* All borrowed, for as long as the api lives. */
struct api_opts {
    struct hub *hub;
    struct auth *auth;
    struct registry *registry;
    struct shadows *shadows;
    struct rules *rules;
    struct store *store;
    int64_t request_timeout_ms; /* how long an answer may be waited for; 0: for ever */
    size_t max_payload;         /* of Publish; 0: what a request's body may have */
    size_t max_event_streams;   /* at one time */
    size_t
        events_buffer; /* bytes that may wait for a stream's reader; beyond, it misses messages */
    int64_t events_heartbeat_ms;
    int64_t events_timeout_ms; /* a stream ends whose reader takes nothing for so long */
    const char *hostname;      /* what DescribeEndpoint answers: a name, no port */
    const char *const *names;  /* for anonymous requests Host must be one of these, or local */
    size_t name_count;
    const char *const *origins; /* of web pages whose scripts may call */
    size_t origin_count;
    const char *data_dir; /* for GET /hub/status; may be NULL */
    const char *version;  /* likewise */
};

/* Fails only on a mistake in the table of routes (ERR_SYNTAX, ERR_EXISTS, with the route in diag). */
int api_create(struct api **ret_api, const struct api_opts *opts, struct diag *diag);
/* Ends the answers that have no end of their own; there are no new ones. Repeatable. */
void api_end_streams(struct api *api);
/* After store_stop: what still waits for a commit is answered 503. */
void api_stop(struct api *api);
/* Requests that are being carried out. */
size_t api_count(const struct api *api);
/* After api_stop, and a turn of the loop. */
void api_destroy(struct api *api);

/* The handler for http_server_opts.handler; arg is the struct api. Answers each exchange once. */
void api_handle(void *arg, struct http_exchange *exchange);

/* docs/manual/rest.md. */
void api_print_manual(struct buf *out);

#endif
