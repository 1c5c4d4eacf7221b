/* mqtt_connect.c — from CONNECT to CONNACK: who is it, may it connect so, and its session.
 *
 *   CONNECT ─► (user name: ask auth) ─► authorise ─► session_open ─► CONNACK owed ─► (committed) greet
 *           └──────────────── refuse: CONNACK with the reason, closed ◄──────────┘
 *
 * Every refusal is logged with its reason and counted. The CONNECT is kept while auth is asked, and wiped
 * afterwards: it holds the password. */
#include "conn/mqtt_conn_priv.h"

#include "auth/ledger.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuse_connect(struct mqtt_conn *c, uint8_t level, uint8_t code)
{
    metrics_inc(METRIC_MQTT_CONNECTS_REFUSED);
    struct buf packet = { 0 };
    mqtt_encode_connack(&packet, level, &(struct mqtt_connack){ .code = code });
    mqtt_send_packet(c, packet.data, packet.len);
    buf_deinit(&packet);
    mqtt_close(c, SESSION_END_AUTH_ERROR, true);
}

static void on_principal_change(struct auth_watch *watch, struct principal *principal)
{
    struct mqtt_conn *c = container_of(watch, struct mqtt_conn, watch);
    if (principal->valid) return;
    LOG(LOG_WARN, "mqtt", "connection closed: its credential is no longer valid",
        LOG_S("client", mqtt_client_id(c)), LOG_S("principal", principal->label));
    mqtt_close(c, SESSION_END_AUTH_ERROR, false);
}

/* [MQTT-3.1.2-24] */
static int64_t keep_alive_of(const struct mqtt_conn *c, uint16_t seconds)
{
    uint16_t most = c->env->opts->max_keep_alive_s;
    uint16_t least = hub_profile(c->env->hub)->min_keep_alive_s;
    if (most && (seconds == 0 || seconds > most)) seconds = most;
    if (seconds && seconds < least) seconds = least;
    return (int64_t)seconds * 1500;
}

static struct msg *will_of(struct mqtt_conn *c, const struct mqtt_connect *connect, struct slice id)
{
    if (!connect->will) return NULL;
    return msg_create(&(struct msg_opts){
        .topic = connect->will_topic,
        .payload = connect->will_payload,
        .properties = connect->will_properties,
        .client_id = id,
        .principal = slice_str(principal_identifier(c->principal)),
        .qos = connect->will_qos,
        .retain = connect->will_retain,
        .over_mqtt = true,
        .will = true,
    });
}

/* May this principal connect so? Logs a refusal. */
static int authorize(struct mqtt_conn *c, const struct mqtt_connect *connect, const char *id)
{
    char *will_topic =
        connect->will ? xstrndup(connect->will_topic.ptr, connect->will_topic.len) : NULL;
    struct auth_conn conn = {
        .client_id = id,
        .source_ip = c->stream->peer.address,
        .persistent = !connect->clean_session,
        .will_topic = will_topic,
    };
    int rc = auth_require(hub_auth(c->env->hub), c->principal, &conn, POLICY_ACTION_CONNECT,
                          AUTH_CLIENT, slice_str(id));
    if (rc == 0 && connect->will)
        rc = hub_authorize_publish(c->env->hub, c->principal, &conn, connect->will_topic,
                                   connect->will_retain);
    free(will_topic);
    return rc;
}

void mqtt_greet(struct mqtt_conn *c)
{
    c->state = CONN_UP;
    mqtt_watch_begin(c);
    session_ready(c->session);
}

static void accept_connect(struct mqtt_conn *c, const struct mqtt_connect *connect, bool present,
                           int64_t commit)
{
    struct buf packet = { 0 };
    mqtt_encode_connack(
        &packet, connect->level,
        &(struct mqtt_connack){ .session_present = present, .code = MQTT_ACCEPTED });
    mqtt_owe(c, (const uint8_t *)packet.data, packet.len, commit);
    buf_deinit(&packet);
    c->keep_alive_ms = keep_alive_of(c, connect->keep_alive);
    c->state = CONN_GREET;
    LOG(LOG_INFO, "mqtt", "client connected", LOG_S("client", mqtt_client_id(c)),
        LOG_S("principal", c->principal->label), LOG_S("peer", c->stream->peer.address),
        LOG_I("level", connect->level), LOG_I("clean", connect->clean_session),
        LOG_I("keep_alive", connect->keep_alive), LOG_I("present", present));
    if (c->acks.count)
        stream_pause(c->stream);
    else
        mqtt_greet(c);
}

static void open_session(struct mqtt_conn *c, const struct mqtt_connect *connect, const char *id)
{
    struct session_open_opts opts = {
        .client_id = slice_str(id),
        .clean_start = connect->clean_session,
        .expiry_ms = connect->clean_session ? SESSION_EXPIRY_ENDS : SESSION_EXPIRY_CONFIGURED,
        .made_up = !connect->client_id.len,
        .principal = c->principal,
        .source_ip = c->stream->peer.address,
        .will = will_of(c, connect, slice_str(id)),
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
        refuse_connect(c, connect->level, MQTT_REFUSED_UNAVAILABLE);
        return;
    }
    c->session = session;
    accept_connect(c, connect, present, commit);
}

/* The principal is known: the second half of CONNECT. */
static void log_in(struct mqtt_conn *c, const struct mqtt_connect *connect)
{
    char made_up[32];
    char *given = xstrndup(connect->client_id.ptr, connect->client_id.len);
    const char *id = given;
    if (!connect->client_id.len) { /* [MQTT-3.1.3-6] */
        snprintf(made_up, sizeof made_up, "auto-%016llx", (unsigned long long)rand_u64());
        id = made_up;
    }
    c->level = connect->level;
    auth_watch_principal(c->principal, &c->watch, on_principal_change);
    if (authorize(c, connect, id) < 0)
        refuse_connect(c, connect->level, MQTT_REFUSED_NOT_AUTHORIZED);
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
        refuse_connect(c, connect.level,
                       rc == ERR_AUTH ? MQTT_REFUSED_BAD_LOGIN : MQTT_REFUSED_UNAVAILABLE);
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

/* A user name decides, unless a certificate has: AWS's SDKs send their metrics as a user name. */
static bool asks_for_login(const struct mqtt_conn *c, const struct mqtt_connect *connect)
{
    if (c->principal && c->principal->kind == PRINCIPAL_CERT) return false;
    bool metrics = slice_starts(connect->username, "?SDK=") && !connect->has_password;
    return connect->has_username && !metrics;
}

/* Why a client cannot be called so; NULL: it can. */
static const char *client_id_why(const struct mqtt_conn *c, struct slice id)
{
    const struct mqtt_profile *profile = hub_profile(c->env->hub);
    if (id.len > profile->max_client_id)
        return "connect refused: the client id is longer than it may be";
    if (!profile->reserved_client_ids && slice_starts(id, "$"))
        return "connect refused: hub.profile lets no client id begin with '$'";
    return NULL;
}

static void refuse_nobody(struct mqtt_conn *c, struct slice id)
{
    static const char why[] = "this listener needs a certificate or a user name";
    metrics_inc(METRIC_AUTH_FAILURES);
    LOG(LOG_WARN, "mqtt", "connect refused", LOG_S("peer", c->stream->peer.address),
        LOG_SLICE("client", id), LOG_S("reason", why));
    ledger_note(auth_ledger(hub_auth(c->env->hub)),
                &(struct ledger_entry){ .kind = LEDGER_CREDENTIAL,
                                        .client_id = id,
                                        .address = slice_str(c->stream->peer.address),
                                        .action = SLICE_LIT("iot:Connect"),
                                        .reason = slice_str(why) });
}

void mqtt_connect_received(struct mqtt_conn *c, const struct mqtt_frame *frame, const uint8_t *data)
{
    struct mqtt_connect connect;
    const char *why = NULL;
    int rc = mqtt_decode_connect(frame, &connect, &why);
    if (rc == ERR_UNSUPPORTED || mqtt_connect_level(frame) == MQTT_LEVEL_5) { /* [MQTT-3.1.2-2] */
        LOG(LOG_WARN, "mqtt", "connect refused: protocol level not supported",
            LOG_S("peer", c->stream->peer.address), LOG_I("level", mqtt_connect_level(frame)));
        refuse_connect(c, MQTT_LEVEL_311, MQTT_REFUSED_LEVEL);
    } else if (rc == ERR_INVALID) { /* [MQTT-3.1.3-8] */
        LOG(LOG_WARN, "mqtt", "connect refused: the client id is empty",
            LOG_S("peer", c->stream->peer.address));
        refuse_connect(c, MQTT_LEVEL_311, MQTT_REFUSED_CLIENT_ID);
    } else if (rc < 0) {
        mqtt_protocol_error(c, why);
    } else if ((why = client_id_why(c, connect.client_id))) {
        LOG(LOG_WARN, "mqtt", why, LOG_S("peer", c->stream->peer.address),
            LOG_SLICE("client", connect.client_id));
        refuse_connect(c, connect.level, MQTT_REFUSED_CLIENT_ID);
    } else if (connect.will && connect.will_qos > hub_profile(c->env->hub)->max_qos) {
        mqtt_protocol_error(c, "a will of a QoS that hub.profile does not allow");
    } else if (asks_for_login(c, &connect)) {
        c->state = CONN_LOGIN;
        c->login = xnew(struct login);
        c->login->conn = c;
        buf_append(&c->login->packet, data, frame->size);
        stream_pause(c->stream);
        auth_by_password(hub_auth(c->env->hub), connect.username, connect.password,
                         c->stream->peer.address, on_login, c->login);
    } else if (!c->principal) {
        refuse_nobody(c, connect.client_id);
        refuse_connect(c, connect.level, MQTT_REFUSED_NOT_AUTHORIZED);
    } else {
        log_in(c, &connect);
    }
}
