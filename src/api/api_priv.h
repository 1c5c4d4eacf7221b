/* api_priv.h — between the files of this folder. */
#ifndef API_API_PRIV_H
#define API_API_PRIV_H

#include "api/api.h"
#include "auth/auth.h"
#include "base/json.h"
#include "base/list.h"
#include "http/exchange.h"
#include "http/request.h"
#include "http/route.h"
#include "loop/loop.h"
#include "store/store.h"

#include <stdbool.h>

/* Who may call, and how its errors look. */
enum api_plane {
    API_OPEN,    /* everybody: health */
    API_METRICS, /* every credential, or a local connection */
    API_DATA,    /* AWS's data plane: policies decide, certificates and anonymous callers too */
    API_CONTROL, /* AWS's control plane: administrators, and keys, users and tokens by their policies */
    API_HUB,     /* as the control plane, for what AWS has no operation for */
    API_KEYS, /* AWS's credential provider: client certificates, by their policies */
};

/* Whose operation it is: the variant of its route, since operations of two services may share method and
 * path. AWS tells them apart by their hosts; api.c does by who signs for what. */
enum api_service {
    API_SERVICE_HUB,
    API_SERVICE_IOT,
    API_SERVICE_IOTDATA,
    API_SERVICE_JOBS, /* iot-jobs-data */
};

enum api_flags {                         /* beside those of struct route */
                 API_READS = 0x100,      /* changes nothing; GET never does */
                 API_SELF_CHECK = 0x200, /* the service authorises: the hub, for a publish */
                 API_UPGRADE = 0x400, /* WebSocket: credentials may also come later, in CONNECT */
};

struct api_call;
struct msg;

struct api_route {
    struct route route; /* first: method, path, action, summary, flags; variant: enum api_service */
    const char *op;     /* the operation's name; that of the registry where there is one */
    enum api_plane plane;
    /* "*", or the end of an ARN with parameters: "thing/{thingName}". A parameter that is absent is left
     * out, with the slash before it. NULL: none. */
    const char *resource;
    /* Where parameters come from beside the labels of the path, separated by blanks: "?q" or "?q=param"
     * of the query, "@header=param", "{*}" the members of a JSON body, "{param}" the body as a whole.
     * NULL: nothing else. */
    const char *bind;
    void (*run)(struct api_call *call); /* NULL: not built, 501 */
};

/* A request on its way. Lives until it is answered and no callback is outstanding. */
struct api_call {
    struct api *api;
    struct list link;               /* of all calls */
    struct list waiting;            /* of those that wait for a commit */
    struct http_exchange *exchange; /* NULL once answered */
    const struct api_route *route;  /* NULL: none fits */
    struct route_match match;       /* valid until the answer */
    struct principal *principal;    /* NULL: not known yet, or not asked for */
    struct json *params;
    struct auth_conn conn;
    char source_ip[48];
    char request_id[37];
    bool loopback;
    struct loop_timer timer;
    int64_t commit; /* while waiting, and what comes then */
    void (*after)(struct api_call *call);
    bool busy;           /* a callback is outstanding */
    const char *allow;   /* the Allow header of a 405; NULL: none */
    const char *upgrade; /* the Upgrade header of a 426; NULL: none */
    const char *etag;    /* of an answer that may be kept, and asked for again; NULL: none */
};

/* Event streams. */
struct feeds {
    struct list open;
    struct list walking;     /* those that have retained messages to send, and room for them */
    struct loop_timer timer; /* while there are such */
    struct buf text;         /* an event being made */
    struct chunk *data;      /* of the message that was sent last in this turn; NULL: none */
    struct msg *of;
    bool of_retained;
    struct loop_task forget;
    size_t count;
    bool closed; /* no new ones */
};

struct api {
    struct api_opts opts;
    struct loop *loop;
    struct route_table *table;
    struct list calls;
    size_t count;
    struct list waiting;
    struct list walks;  /* hub_retained.c */
    struct feeds feeds; /* hub_subscribe.c */
    struct store_listener on_commit;
    int64_t started_ms;   /* clock_mono_ms */
    struct buf openapi;   /* the document, once it was asked for */
    char openapi_tag[12]; /* its ETag */
};

/* ---- the table: routes.c, manual.c ---- */
extern const struct api_route api_routes[];
extern const size_t api_route_count;
/* The row of an operation; NULL when it is not built. */
const struct api_route *api_route_of(const char *op);
/* The same for a row of api_aws_operations: two services may have operations of one name. */
const struct api_route *api_route_built(const struct api_route *theirs);
/* Operations of AWS, built or not: run is NULL. */
extern const struct api_route api_aws_operations[];
extern const size_t api_aws_operation_count;

/* ---- the way of a call: api.c ---- */
/* Before a function is called that will call back: the call stays. */
void api_begin(struct api_call *call);
/* First in such a callback. False when the call was answered meanwhile (it is gone then). */
bool api_end(struct api_call *call);
/* Calls after(call) once the commit is durable, perhaps at once. commit < 0: fails the call with it. */
void api_wait_commit(struct api_call *call, int64_t commit, void (*after)(struct api_call *call));
/* Ends a call that was answered: it is freed unless a callback is outstanding. For answer.c. */
void api_call_done(struct api_call *call);

/* ---- whose operation: service.c ---- */
/* Chooses between the operations of several services that share method and path: the service that was signed
 * for decides; without a signature the kind of principal (NULL: unknown), certificates and anonymous callers
 * having the data planes only. A service which has no such operation gets what there is. */
void api_choose_service(struct route_match *match, const struct http_request *request,
                        const struct principal *principal, struct arena *arena);

/* ---- answers: answer.c. Each ends the call, which is gone afterwards. ---- */
void api_answer(struct api_call *call, int status, const char *content_type, struct slice body);
/* An answer in pieces, for as long as it lasts: the client decides, no time-out. True: the body follows by
 * http_write to call->exchange, up to api_answer_end, or to cbs.on_gone, which calls api_answer_gone. False: the
 * call is gone already. */
bool api_answer_begin(struct api_call *call, const char *content_type,
                      const struct http_header_out *more, size_t count,
                      const struct http_body_cbs *cbs, void *arg);
void api_answer_end(struct api_call *call);
void api_answer_gone(struct api_call *call);
/* Takes json. */
void api_answer_json(struct api_call *call, int status, struct json *json);
/* Seconds since the epoch, with a fraction; nothing for 0. */
void api_set_time(struct json *object, const char *member, int64_t ms);
/* By the table of errors. message NULL: the code's text. result: resourceId and resourceArn of
 * ERR_EXISTS; may be NULL. */
void api_fail(struct api_call *call, int rc, const char *message, const struct json *result);
void api_fail_as(struct api_call *call, int status, const char *error, const char *message);
void api_fail_auth(struct api_call *call, int rc, const char *why);
/* Not permitted; resource: an ARN or "*", which the data plane does not tell. */
void api_fail_denied(struct api_call *call, const char *resource);
/* For the number of a shadow's error. */
const char *api_shadow_error(int code);
bool api_is_data_plane(const struct api_call *call);
/* Does the request ask to go on as WebSocket, where that is offered? */
bool api_wants_websocket(const struct api_call *call);
/* For messages: the action, or the operation where there is none; "" for an unknown path. */
const char *api_action(const struct api_call *call);

struct api_failure {
    int rc;
    const char *op; /* for this operation alone; NULL: for all */
    int status[2];  /* of the control plane, of the data plane */
    const char *error[2];
};
/* The row for an error; `data`: the data plane. Never NULL. */
const struct api_failure *api_failure_of(int rc, const char *op);
extern const struct api_failure api_failures[];
extern const size_t api_failure_count;
struct api_auth_failure {
    int rc;
    int status;
    const char *error;
};
extern const struct api_auth_failure api_auth_failures[];
extern const size_t api_auth_failure_count;

/* ---- parameters: bind.c ---- */
/* The parameters of a request as an object, owned. ERR_INVALID with the sentence for the client. */
int api_bind(const char *bind, const struct route_match *match, const struct http_request *request,
             struct arena *arena, struct json **ret_params, struct diag *diag);
/* Takes the next source off *bind: kind is '?', '@', '{' or '*' ("{*}"); false at the end. */
bool api_bind_next(struct slice *bind, char *ret_kind, struct slice *ret_name,
                   struct slice *ret_param);
/* "thing/{thingName}" with the parameters filled in, appended; "{thingName,thingArn}": by its name or its ARN. */
void api_expand(const char *resource, const struct json *params, struct buf *out);
/* A decimal parameter of the query, or fallback; ERR_INVALID with AWS's sentence. */
int api_param_int(const struct json *params, const char *name, int64_t min, int64_t max,
                  int64_t fallback, int64_t *ret_value, struct diag *diag);
/* "true" or "false"; ERR_INVALID. */
int api_param_bool(const struct json *params, const char *name, bool *ret_value, struct diag *diag);
/* Pages of what is listed here: opaque tokens that carry the name after which the next begins. */
int api_page_after(const struct json *params, const char *member, char **ret_after,
                   struct diag *diag);
void api_page_next(struct json *result, const char *after);

/* ---- MQTT 5 in the data plane: message_properties.c ---- */
/* Appends what the members of Publish say; ERR_INVALID with the member. */
int api_read_properties(const struct json *params, struct slice payload, struct buf *block,
                        struct diag *diag);
/* "userProperties" of the answer, as Publish takes them; nothing when there are none. */
void api_set_user_properties(struct json *result, struct slice block);

/* ---- messages as events: event_text.c ---- */
/* Appends the message as the event number `id` of its stream. retain: it was there before the reader. */
void api_put_event_data(struct buf *out, const struct msg *msg, bool retain);

/* ---- who may be a local user: guard.c ---- */
/* Why a request that has nobody but the transport's principal (NULL: nobody at all) to answer for it is refused;
 * NULL: it is not. tls: the connection has shown a certificate for the name that the client knows. */
const char *guard_refusal(const struct api_opts *opts, const struct principal *transport,
                          const struct http_request *request, bool tls);
/* The Origin of the request when it is listed, else an empty slice. */
struct slice guard_origin(const struct api_opts *opts, const struct http_request *request);

/* ---- scripts of web pages: cors.c ---- */
enum { CORS_HEADERS = 5 }; /* at most */
/* The headers that an answer has for them; returns how many. Values live as long as the exchange. */
size_t cors_headers(struct api_call *call, struct http_header_out ret_headers[CORS_HEADERS]);
/* Answers the question of a browser before a page's request; false: it is none. */
bool cors_preflight(struct api_call *call);

/* ---- operations ---- */
void control_registry(struct api_call *call);
void control_rule(struct api_call *call);
void control_credential(struct api_call *call);
void control_thing_groups(struct api_call *call);
void control_endpoint(struct api_call *call);
void keys_assume_role(struct api_call *call);
void control_test_authorization(struct api_call *call);
void data_connect(struct api_call *call);
void data_publish(struct api_call *call);
void data_get_retained(struct api_call *call);
void data_list_retained(struct api_call *call);
void data_get_shadow(struct api_call *call);
void data_update_shadow(struct api_call *call);
void data_delete_shadow(struct api_call *call);
void data_list_shadows(struct api_call *call);
void hub_live(struct api_call *call);
void hub_ready(struct api_call *call);
void hub_metrics(struct api_call *call);
void hub_openapi(struct api_call *call);
void hub_status(struct api_call *call);
void hub_test_rule(struct api_call *call);
void hub_list_sessions(struct api_call *call);
void hub_get_session(struct api_call *call);
void hub_delete_session(struct api_call *call);
void hub_list_denials(struct api_call *call);
void hub_explain_authorization(struct api_call *call);
void hub_list_retained(struct api_call *call);
void hub_purge_retained(struct api_call *call);
/* Ends the walks that are under way: their calls are answered already. */
void hub_retained_stop(struct api *api);
void hub_stream_events(struct api_call *call);
void hub_feeds_init(struct api *api);
/* Ends all streams, each with an event that says why; there are no new ones. Repeatable. */
void hub_feeds_stop(struct api *api);
void hub_feeds_deinit(struct api *api);

#endif
