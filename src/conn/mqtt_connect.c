/* mqtt_connect.c — from CONNECT to CONNACK: who is it, may it connect so, and its session.
 *
 *   CONNECT ─► (user name: ask auth) ─► authorise ─► session_open ─► CONNACK owed ─► (committed) greet
 *           └──────────────── refuse: CONNACK with the reason, closed ◄──────────┘
 *
 * A refusal has a reason code of MQTT 5, which is the nearest one of its few for a client of 3.1.1. Every
 * refusal is logged with its reason and counted. The CONNECT is kept while auth is asked, and wiped
 * afterwards: it holds the password. */
#include "conn/mqtt_conn_priv.h"

#include "auth/ledger.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_principal_change(struct auth_watch *watch, struct principal *principal)
{
    struct mqtt_conn *c = container_of(watch, struct mqtt_conn, watch);
    if (principal->valid) return;
    LOG(LOG_WARN, "mqtt", "connection closed: its credential is no longer valid",
        LOG_S("client", mqtt_client_id(c)), LOG_S("principal", principal->label));
    mqtt_end(c, SESSION_END_AUTH_ERROR, MQTT_REASON_NOT_AUTHORIZED,
             "the credential is no longer valid");
}

/* ---- the will ---- */

static struct msg *will_of(struct mqtt_conn *c, const struct mqtt_connect *connect, struct slice id)
{
    if (!connect->will) return NULL;
    struct buf *properties = &c->env->scratch;
    buf_clear(properties);
    mqtt_put_others(properties, connect->will_properties, MQTT_PROP_will_delay);
    return msg_create(&(struct msg_opts){
        .level = connect->level,
        .topic = connect->will_topic,
        .payload = connect->will_payload,
        .properties = buf_slice(properties),
        .client_id = id,
        .principal = slice_str(principal_identifier(c->principal)),
        .qos = connect->will_qos,
        .retain = connect->will_retain,
        .over_mqtt = true,
        .will = true,
    });
}

/* Why there cannot be such a will; 0: there can. */
static uint8_t judge_will(const struct mqtt_conn *c, const struct mqtt_connect *connect,
                          const char **ret_why)
{
    if (!connect->will) return 0;
    if (connect->will_qos > hub_profile(c->env->hub)->max_qos) {
        *ret_why = "a will of a QoS that hub.profile does not allow";
        return MQTT_REASON_QOS_NOT_SUPPORTED;
    }
    if (!mqtt_payload_fits(connect->will_properties, connect->will_payload)) {
        *ret_why = "the will is not UTF-8, as its payload format says";
        return MQTT_REASON_PAYLOAD_FORMAT_INVALID;
    }
    return 0;
}

/* ---- the session ---- */

/* How long the session is to be kept. */
static int64_t expiry_of(const struct mqtt_connect *connect)
{
    if (connect->level >= MQTT_LEVEL_5)
        return mqtt_expiry_ms(
            mqtt_property_number(connect->properties, MQTT_PROP_session_expiry, 0));
    return connect->clean_session ? SESSION_EXPIRY_ENDS : SESSION_EXPIRY_CONFIGURED;
}

/* May this principal connect so? Logs a refusal. */
static int authorize(struct mqtt_conn *c, const struct mqtt_connect *connect, const char *id)
{
    char *will_topic =
        connect->will ? xstrndup(connect->will_topic.ptr, connect->will_topic.len) : NULL;
    const struct auth_connect asked = {
        .persistent = !connect->clean_session || expiry_of(connect) != SESSION_EXPIRY_ENDS,
        .will_topic = will_topic,
    };
    const struct auth_conn conn = {
        .client_id = id,
        .source_ip = c->stream->peer.address,
        .domain = stream_peer_domain(&c->stream->peer),
        .connect = &asked,
    };
    int rc = auth_require(hub_auth(c->env->hub), c->principal, &conn, POLICY_ACTION_CONNECT,
                          AUTH_CLIENT, slice_str(id));
    if (rc == 0 && connect->will)
        rc = hub_authorize_publish(c->env->hub, c->principal, &conn, connect->will_topic,
                                   connect->will_retain);
    free(will_topic);
    return rc;
}

/* ---- it is accepted ---- */

void mqtt_greet(struct mqtt_conn *c)
{
    c->state = CONN_UP;
    mqtt_watch_begin(c);
    session_ready(c->session);
}

void mqtt_greet_failed(struct mqtt_conn *c)
{
    static const char why[] = "the store could not keep the session in time";
    ack_queue_deinit(&c->acks); /* the CONNACK that waits */
    session_forget_will(c->session);
    if (c->five)
        mqtt_send_refusal(c, NULL, c->level, MQTT_REASON_SERVER_UNAVAILABLE, slice_str(why));
    mqtt_close(c, SESSION_END_SERVER_ERROR, c->five != NULL);
}

static void accept_connect(struct mqtt_conn *c, const struct mqtt_connect *connect, bool present,
                           int64_t commit)
{
    if (c->level >= MQTT_LEVEL_5) {
        c->five = mqtt_five_create(c, connect);
        c->picky = c->five->aliases_out.max || c->five->max_packet < MQTT_LONGEST_PACKET;
    }
    c->keep_alive_ms = (int64_t)mqtt_keep_alive(c, connect) * 1500; /* [MQTT-3.1.2-22] */
    c->state = CONN_GREET;
    LOG(LOG_INFO, "mqtt", "client connected", LOG_S("client", mqtt_client_id(c)),
        LOG_S("principal", c->principal->label), LOG_S("peer", c->stream->peer.address),
        LOG_I("level", connect->level), LOG_I("clean", connect->clean_session),
        LOG_I("keep_alive", connect->keep_alive), LOG_I("present", present));
    mqtt_owe_connack(c, connect, present, commit);
    if (c->state != CONN_GREET) return;
    if (c->acks.count)
        stream_pause(c->stream);
    else
        mqtt_greet(c);
}

static void open_session(struct mqtt_conn *c, const struct mqtt_connect *connect, const char *id)
{
    struct slice asked = connect->properties;
    struct session_open_opts opts = {
        .client_id = slice_str(id),
        .clean_start = connect->clean_session,
        .expiry_ms = expiry_of(connect),
        .made_up = !connect->client_id.len,
        .principal = c->principal,
        .source_ip = c->stream->peer.address,
        .domain = stream_peer_domain(&c->stream->peer),
        .will = will_of(c, connect, slice_str(id)),
        .will_delay_ms =
            mqtt_property_number(connect->will_properties, MQTT_PROP_will_delay, 0) * SECONDS(1),
        .receive_maximum = (uint16_t)mqtt_property_number(asked, MQTT_PROP_receive_maximum, 0),
        .link = &c->link,
        .level = connect->level,
        .keep_alive_s = connect->keep_alive,
    };
    struct session *session;
    bool present;
    int64_t commit = session_open(c->env->hub, &opts, &session, &present);
    msg_unref(opts.will);
    if (commit < 0) {
        LOG(LOG_WARN, "mqtt", "connect refused", LOG_S("client", id), LOG_ERR((int)commit));
        mqtt_refuse(c, connect, connect->level,
                    commit == ERR_LIMIT ? MQTT_REASON_QUOTA_EXCEEDED
                                        : MQTT_REASON_SERVER_UNAVAILABLE,
                    slice_str(err_text((int)commit)));
        return;
    }
    c->session = session;
    accept_connect(c, connect, present, commit);
}

/* ---- who is it ---- */

static uint8_t refused_reason(int rc)
{
    switch (rc) {
    case ERR_DENIED:
        return MQTT_REASON_NOT_AUTHORIZED;
    case ERR_UNSUPPORTED:
        return MQTT_REASON_RETAIN_NOT_SUPPORTED;
    default:
        return MQTT_REASON_TOPIC_NAME_INVALID; /* of the will */
    }
}

/* The principal is known: the second half of CONNECT. */
static void log_in(struct mqtt_conn *c, const struct mqtt_connect *connect)
{
    char made_up[32];
    char *given = xstrndup(connect->client_id.ptr, connect->client_id.len);
    const char *id = given;
    if (!connect->client_id.len) { /* [MQTT-3.1.3-6]; 5.0: told in CONNACK [MQTT-3.2.2-16] */
        snprintf(made_up, sizeof made_up, "auto-%016llx", (unsigned long long)rand_u64());
        id = made_up;
    }
    c->level = connect->level;
    auth_watch_principal(c->principal, &c->watch, on_principal_change);
    int rc = authorize(c, connect, id);
    if (rc < 0)
        mqtt_refuse(c, connect, c->level, refused_reason(rc), mqtt_refusal_why(c, id));
    else
        open_session(c, connect, id);
    free(given);
}

static int decode_connect(const struct buf *packet, struct mqtt_connect *ret_connect)
{
    struct mqtt_frame frame;
    const char *why;
    if (mqtt_frame((const uint8_t *)packet->data, packet->len, packet->len, 0, &frame, &why) != 1)
        return ERR_MALFORMED;
    return mqtt_decode_connect(&frame, ret_connect, &why);
}

static void on_login(void *arg, int rc, struct principal *principal, const char *why)
{
    struct login *login = arg;
    struct mqtt_conn *c = login->conn;
    struct mqtt_connect connect;
    if (c) {
        c->login = NULL;
        c->state = CONN_AWAIT;
        stream_resume(c->stream);
        if (decode_connect(&login->packet, &connect) < 0) BUG("a CONNECT changed while it waited");
    }
    if (c && rc < 0) {
        mqtt_refuse(c, &connect, connect.level,
                    rc == ERR_AUTH ? MQTT_REASON_BAD_LOGIN : MQTT_REASON_SERVER_UNAVAILABLE,
                    slice_str(why));
    } else if (c) {
        principal_unref(c->principal);
        c->principal = principal_ref(principal);
        log_in(c, &connect);
    }
    principal_unref(principal);
    explicit_bzero(login->packet.data, login->packet.len); /* it holds the password */
    buf_deinit(&login->packet);
    free(login);
}

/* A user name decides, unless a certificate has: AWS's SDKs send their metrics as a user name. A password
 * alone, which MQTT 5 allows, is a token. */
static bool asks_for_login(const struct mqtt_conn *c, const struct mqtt_connect *connect)
{
    if (c->principal && c->principal->kind == PRINCIPAL_CERT) return false;
    bool metrics = slice_starts(connect->username, "?SDK=") && !connect->has_password;
    return (connect->has_username && !metrics) || connect->has_password;
}

static void ask_for_login(struct mqtt_conn *c, const struct mqtt_connect *connect,
                          const uint8_t *data, size_t size)
{
    struct auth *auth = hub_auth(c->env->hub);
    const char *peer = c->stream->peer.address;
    c->state = CONN_LOGIN;
    c->login = xnew(struct login);
    c->login->conn = c;
    buf_append(&c->login->packet, data, size);
    stream_pause(c->stream);
    if (connect->has_username)
        auth_by_password(auth, connect->username, connect->password, peer, on_login, c->login);
    else
        auth_by_token(auth, connect->password, peer, on_login, c->login);
}

/* Why a client cannot be called so; NULL: it can. */
static const char *client_id_why(const struct mqtt_conn *c, struct slice id)
{
    const struct mqtt_profile *profile = hub_profile(c->env->hub);
    if (id.len > profile->max_client_id) return "the client id is longer than it may be";
    if (!profile->reserved_client_ids && slice_starts(id, "$"))
        return "hub.profile lets no client id begin with '$'";
    return NULL;
}

/* In the ledger: before there is a principal whose policies could refuse it. */
static void note_refusal(const struct mqtt_conn *c, enum ledger_kind kind, struct slice client_id,
                         const char *why)
{
    ledger_note(auth_ledger(hub_auth(c->env->hub)),
                &(struct ledger_entry){ .kind = kind,
                                        .client_id = client_id,
                                        .address = slice_str(c->stream->peer.address),
                                        .action = SLICE_LIT("iot:Connect"),
                                        .reason = slice_str(why) });
}

static void refuse_nobody(struct mqtt_conn *c, const struct mqtt_connect *connect)
{
    static const char why[] = "this listener needs a certificate or a user name";
    metrics_inc(METRIC_AUTH_FAILURES);
    LOG(LOG_WARN, "mqtt", "connect refused", LOG_S("peer", c->stream->peer.address),
        LOG_SLICE("client", connect->client_id), LOG_S("reason", why));
    note_refusal(c, LEDGER_CREDENTIAL, connect->client_id, why);
    mqtt_refuse(c, connect, connect->level, MQTT_REASON_NOT_AUTHORIZED, slice_str(why));
}

/* ---- CONNECT ---- */

/* One that cannot be decoded, or has no client id where it needs one. Below level 5 there is no CONNACK for
 * what breaks the protocol [MQTT-3.1.4-1]. */
static void refuse_broken(struct mqtt_conn *c, const struct mqtt_frame *frame, int rc,
                          const char *why)
{
    uint8_t level = mqtt_connect_level(frame);
    uint8_t reason = mqtt_reason_of(rc, MQTT_TYPE_connect);
    note_refusal(c, LEDGER_HANDSHAKE, slice_of("", 0), why);
    if (rc != ERR_UNSUPPORTED && rc != ERR_INVALID && level < MQTT_LEVEL_5) {
        mqtt_fail(c, reason, why);
        return;
    }
    if (rc != ERR_UNSUPPORTED && rc != ERR_INVALID) metrics_inc(METRIC_MQTT_MALFORMED);
    LOG(LOG_WARN, "mqtt", "connect refused", LOG_S("peer", c->stream->peer.address),
        LOG_I("level", level), LOG_S("reason", why));
    mqtt_refuse(c, NULL, level < MQTT_LEVEL_5 ? MQTT_LEVEL_311 : level, reason, slice_str(why));
}

/* Why it is refused before anybody asks who it is; 0: it is not. */
static uint8_t judge(const struct mqtt_conn *c, const struct mqtt_connect *connect,
                     const char **ret_why)
{
    struct mqtt_property method;
    *ret_why = client_id_why(c, connect->client_id);
    if (*ret_why) return MQTT_REASON_CLIENT_ID_NOT_VALID;
    if (mqtt_property_find(connect->properties, MQTT_PROP_auth_method, &method)) {
        *ret_why = "[MQTT-4.12.0-1] an authentication method, of which there is none here";
        return MQTT_REASON_BAD_AUTH_METHOD;
    }
    return judge_will(c, connect, ret_why);
}

void mqtt_connect_received(struct mqtt_conn *c, const struct mqtt_frame *frame, const uint8_t *data)
{
    struct mqtt_connect connect;
    const char *why = NULL;
    int rc = mqtt_decode_connect(frame, &connect, &why);
    if (rc < 0) {
        refuse_broken(c, frame, rc, why);
        return;
    }
    uint8_t reason = judge(c, &connect, &why);
    if (reason == MQTT_REASON_QOS_NOT_SUPPORTED && connect.level < MQTT_LEVEL_5) {
        mqtt_fail(c, reason, why);
    } else if (reason) {
        LOG(LOG_WARN, "mqtt", "connect refused", LOG_S("peer", c->stream->peer.address),
            LOG_SLICE("client", connect.client_id), LOG_S("reason", why));
        note_refusal(c, LEDGER_HANDSHAKE, slice_of("", 0), why);
        mqtt_refuse(c, &connect, connect.level, reason, slice_str(why));
    } else if (asks_for_login(c, &connect)) {
        ask_for_login(c, &connect, data, frame->size);
    } else if (!c->principal) {
        refuse_nobody(c, &connect);
    } else {
        log_in(c, &connect);
    }
}
