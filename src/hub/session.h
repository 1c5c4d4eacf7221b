/* session.h — what a client has with the hub beyond one connection: its subscriptions, the messages that
 * wait for it, the packet identifiers in use. MQTT 3.1.1, sections 3.1.2.4, 4.1, 4.3, 4.4, 4.6; MQTT 5.0,
 * sections 3.1.2.4, 3.1.2.11, 4.1.
 * A connection (src/conn) attaches as a session_link. Loop thread only.
 *
 * A session that is kept for a while without a connection is persistent: it outlives the process too.
 * Functions that change it return the commit number which an acknowledgement must wait for; 0 for none. */
#ifndef HUB_SESSION_H
#define HUB_SESSION_H

#include "auth/auth.h"
#include "base/diag.h"
#include "hub/hub.h"

#include <stdbool.h>
#include <stdint.h>

struct session;
struct sessions;
struct session_link;

/* Why a connection has ended: AWS's disconnectReason (mqtt-and-topics, section 5), and whether the
 * will is due. */
#define SESSION_END_LIST(X)                                                                      \
    /* name                 AWS's word                       will                             */ \
    X(CLIENT_INITIATED, "CLIENT_INITIATED_DISCONNECT", false)                                    \
    X(CLIENT_WITH_WILL, "CLIENT_INITIATED_DISCONNECT", true) /* DISCONNECT, code other than 0 */ \
    X(CONNECTION_LOST, "CONNECTION_LOST", true)                                                  \
    X(CLIENT_ERROR, "CLIENT_ERROR", true)                                                        \
    X(KEEP_ALIVE, "MQTT_KEEP_ALIVE_TIMEOUT", true)                                               \
    X(DUPLICATE, "DUPLICATE_CLIENTID", true)                                                     \
    X(FORBIDDEN, "FORBIDDEN_ACCESS", true)                                                       \
    X(AUTH_ERROR, "AUTH_ERROR", true)                                                            \
    X(SERVER_ERROR, "SERVER_ERROR", true)                                                        \
    X(SERVER_INITIATED, "SERVER_INITIATED_DISCONNECT", true)                                     \
    X(THROTTLED, "THROTTLED", true)

enum session_end {
#define X(name, word, will) SESSION_END_##name,
    SESSION_END_LIST(X)
#undef X
};
const char *session_end_name(enum session_end why);

/* What goes out in one PUBLISH beside the message. */
struct session_out {
    uint8_t qos;
    bool retain;
    bool dup;
    uint16_t id; /* 0 for QoS 0 */
    size_t id_count;
    const uint32_t *ids; /* subscription identifiers; borrowed */
};

struct session_link_ops {
    /* Encodes and queues a PUBLISH. False: the client's maximum packet size forbids it; nothing was sent, and
     * it counts as delivered [MQTT-3.1.2-25]. */
    bool (*publish)(struct session_link *link, struct msg *msg, const struct session_out *out);
    /* found: false answers a PUBREC whose identifier is not known (0x92 at level 5). */
    void (*pubrel)(struct session_link *link, uint16_t id, bool found);
    /* True while the output is above its limit: QoS 0 is dropped, QoS 1 and 2 wait for session_pump. */
    bool (*congested)(struct session_link *link);
    /* The session lets go of the link (take-over, revocation): close; session_detach must not follow. */
    void (*end)(struct session_link *link, enum session_end why);
    /* When the client was heard last, by clock_mono_ms. */
    int64_t (*heard_at)(const struct session_link *link);
};

struct session_link { /* embedded in the connection */
    const struct session_link_ops *ops;
};

/* How long a session is kept without a connection: so many ms, or */
enum {
    SESSION_EXPIRY_CONFIGURED = -1, /* as long as the configuration says */
    SESSION_EXPIRY_ENDS = 0,        /* it ends with the connection */
};
#define SESSION_EXPIRY_NEVER INT64_MAX

struct session_open_opts {
    struct slice client_id;
    bool clean_start;            /* a session that is there ends first; 3.1.1: clean session */
    int64_t expiry_ms;           /* the configuration's is the upper bound; 3.1.1: _ENDS for a clean
                                    session, else _CONFIGURED */
    struct principal *principal; /* a reference is taken */
    const char *source_ip;
    const char *domain;       /* see struct auth_conn */
    struct msg *will;         /* NULL if none; a reference is taken */
    int64_t will_delay_ms;    /* 0: at once */
    uint16_t receive_maximum; /* of QoS 1 and 2, in flight to it; 0: no limit of its own */
    bool made_up;             /* the client id: the client gave none */
    struct session_link *link;
    uint8_t level;         /* of the protocol, as on the wire */
    uint16_t keep_alive_s; /* as the client has asked */
};

/* CONNECT is not accepted after all: there is no will. session_detach follows. */
void session_forget_will(struct session *session);
/* Attaches the link, taking the session over from another link of the same client id. Returns the commit
 * which CONNACK must wait for, or ERR_LIMIT, ERR_STORE. Nothing is sent before session_ready. */
int64_t session_open(struct hub *hub, const struct session_open_opts *opts,
                     struct session **ret_session, bool *ret_present);
/* What holds now, the upper bound applied: ms, SESSION_EXPIRY_ENDS or SESSION_EXPIRY_NEVER. */
int64_t session_expiry_ms(const struct session *session);
/* DISCONNECT asks for another expiry than CONNECT has, before session_detach. 0, or ERR_PROTOCOL when the
 * session ends with its connection and this is not SESSION_EXPIRY_ENDS (section 3.14.2.2.2). */
int session_set_expiry(struct session *session, int64_t expiry_ms);
/* The link is gone. A session that is not kept ends here: the pointer is dead afterwards. A will that is
 * due goes out when its delay has passed, when the session ends, or now: whichever comes first; a new
 * connection before that cancels it [MQTT-3.1.3-9]. */
void session_detach(struct session *session, enum session_end why);
/* CONNACK is queued: what was in flight goes out again, then what waits. */
void session_ready(struct session *session);
/* Sends what may be sent, whenever the output has room again. */
void session_pump(struct session *session);
/* Part of the queue is on its way from the store, and goes out when it has come. */
bool session_is_loading(const struct session *session);

/* One filter, authorised already. A filter that is there is replaced; ret_new: there was none. ERR_LIMIT
 * above max_subscriptions, ERR_TOPIC. Retained messages come by session_send_retained, after SUBACK. */
int64_t session_subscribe(struct session *session, struct slice filter, const struct sub_opts *opts,
                          bool *ret_new);
/* As opts->retain_handling says; is_new: what session_subscribe has returned. No-local holds for them too:
 * what the client itself has left there it does not get. */
void session_send_retained(struct session *session, struct slice filter,
                           const struct sub_opts *opts, bool is_new);
int64_t session_unsubscribe(struct session *session, struct slice filter, bool *ret_existed);

/* Acknowledgements from the client of what was sent to it. Unknown identifiers are ignored. */
void session_puback(struct session *session, uint16_t id);
/* code: the client's; from 0x80 on the message is over, and no PUBREL follows [MQTT-4.3.3-4]. Below level 5
 * it is 0. */
void session_pubrec(struct session *session, uint16_t id, uint8_t code);
void session_pubcomp(struct session *session, uint16_t id);

/* Of what the client publishes; borrowed until the link is gone. */
struct msg_origin *session_origin(struct session *session);
/* A PUBLISH of QoS 0 or 1 from the client: hub_publish in the session's name. */
int64_t session_publish(struct session *session, struct msg *msg, hub_held_cb held, void *arg);
/* A PUBLISH of QoS 2 from the client. Returns what PUBREC waits for, HUB_HELD, or an error of
 * hub_publish. A repeated identifier is not delivered again. At level 5 msg->wanted is as of now, also where the message
 * is routed later. */
int64_t session_receive(struct session *session, uint16_t id, struct msg *msg, hub_held_cb held,
                        void *arg);
/* PUBREL from the client. Returns what PUBCOMP waits for, or ERR_MALFORMED when no PUBREC was sent.
 * ret_found false: there is no such identifier, or not any more (0x92 at level 5). */
int64_t session_release(struct session *session, uint16_t id, bool *ret_found);

/* Ends the session of this client, whoever is connected: the link's end is SERVER_INITIATED, a will is
 * sent, one that waits too. Returns the commit of that, or ERR_NOT_FOUND. */
int64_t session_remove(struct hub *hub, struct slice client_id);

const char *session_client_id(const struct session *session);
const struct auth_conn *session_auth_conn(const struct session *session);
/* The version of a protocol level: "5.0", "3.1.1", "3.1"; NULL for others. */
const char *session_protocol_version(uint8_t level);

/* ---- what there is to tell: session_info.c ---- */

/* Times are ms since the epoch, 0 where there is none. Text is borrowed until the session changes. */
struct session_info {
    const char *client_id;
    const char *principal; /* its label; NULL: not known since the start */
    const char *address;   /* of the last connection; "" when there was none since the start */
    bool persistent;
    bool connected;
    uint8_t level; /* of the last connection, 0 likewise; and its keep-alive */
    uint16_t keep_alive_s;
    int64_t connected_at;
    int64_t disconnected_at;
    int64_t seen_at;
    int64_t expires_at;
    int64_t expiry_ms;     /* see session_expiry_ms */
    int64_t will_delay_ms; /* of the will that there is; 0: there is none, or it has no delay */
    int64_t will_at;       /* it waits until then */
    size_t queued;         /* messages of QoS 1 and 2, those in flight included */
    size_t queued_bytes;
    size_t inflight;
    size_t subscriptions;
};

enum session_filter { SESSION_ANY, SESSION_CONNECTED, SESSION_AWAY };
struct session_query {
    const char *after;  /* client ids behind this one; NULL: from the first */
    const char *prefix; /* that begin so; NULL: all */
    enum session_filter which;
};

/* False: there is no such session. */
bool session_info_get(struct hub *hub, struct slice client_id, struct session_info *ret_info);
/* At most `most` of them, in the order of their client ids' bytes; ret_more: there are others behind.
 * One pass over all sessions, whatever `most` is. */
size_t session_info_list(struct hub *hub, const struct session_query *query, size_t most,
                         struct session_info *ret_infos, bool *ret_more);
/* The subscriptions of one, in the order of their filters. */
typedef void (*session_sub_cb)(void *arg, struct slice filter, const struct sub_opts *opts);
void session_info_subs(struct hub *hub, struct slice client_id, session_sub_cb cb, void *arg);

/* What waits in all sessions together, a message for each receiver; in portions, since there may be a
 * hundred thousand. One tally at a time. */
struct session_tally {
    struct list at; /* its place among the sessions */
    size_t queued;
    size_t queued_bytes;
};
void session_tally_start(struct sessions *sessions, struct session_tally *tally);
/* Looks at no more than `most` sessions. True: that was all of them, and the tally is over. */
bool session_tally_step(struct sessions *sessions, struct session_tally *tally, size_t most);
/* Repeatable. */
void session_tally_stop(struct session_tally *tally);

/* ---- all of them; for hub.c ---- */
int sessions_create(struct sessions **ret_sessions, struct hub *hub, struct diag *diag);
void sessions_start(struct sessions *sessions);
void sessions_destroy(struct sessions *sessions);
/* The options have changed. */
void sessions_set_opts(struct sessions *sessions);
size_t sessions_count(const struct sessions *sessions);

#endif
