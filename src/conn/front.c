/* front.c — see front.h.
 *
 *   accept ─► identify (asynchronous) ─► sniff the first byte ─┬─ 0x10  MQTT CONNECT ─► mqtt_conn
 *             certificate · peer · anonymous                   ├─ A–Z   a method      ─► http_conn ─┐
 *                                                              └─ TLS on a plain port, a PROXY header that
 *                                                                 is not expected, anything else: closed
 *                                        mqtt_conn ◄─ ws_stream ◄─ upgrade to WebSocket ◄────────────┘
 *
 * The stream is paused until the identity is known: no application byte is processed before.
 *
 * Where ALPN has agreed on a protocol, it is the one to be spoken (RFC 7301, section 3.2): what another protocol
 * would make of the bytes is not for the hub to find out. Who agreed on none may speak either.
 *
 * A refusal says nothing to the peer: it would have to be said in a protocol that this port, or this
 * connection, does not speak. A TLS alert would send people looking for versions and ciphers. */
#include "conn/front.h"

#include "auth/auth.h"
#include "auth/ledger.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "conn/http_conn.h"
#include "conn/mqtt_conn.h"
#include "conn/ws_stream.h"
#include "loop/loop.h"
#include "net/proxy.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

struct front {
    struct front_opts opts;
    struct mqtt_env mqtt;
    struct ws_env ws;
    struct list guests; /* not yet identified or sniffed */
    size_t count;       /* guests and MQTT connections */
    struct store_listener on_commit;
};

struct guest {
    struct list link;
    struct front *front;
    struct front_listener *listener;
    struct stream *stream; /* NULL once closed while the identity was asked for */
    struct principal *principal;
    struct loop_timer timer;
    bool asking;
};

static void guest_free(struct guest *guest)
{
    list_remove(&guest->link);
    guest->front->count--;
    loop_timer_stop(&guest->timer);
    principal_unref(guest->principal);
    free(guest);
}

static void on_closed(struct stream *stream)
{
    struct guest *guest = stream->owner;
    guest->stream = NULL;
    if (!guest->asking) guest_free(guest);
}

static void guest_close(struct guest *guest, bool linger)
{
    loop_timer_stop(&guest->timer);
    if (guest->stream) stream_close(guest->stream, linger, on_closed);
}

void front_refused(void *arg, const char *address, const char *why)
{
    const struct front_listener *from = arg;
    struct buf listener = { 0 };
    buf_printf(&listener, "listener/%s", from->name);
    ledger_note(auth_ledger(hub_auth(from->front->mqtt.hub)),
                &(struct ledger_entry){ .kind = LEDGER_HANDSHAKE,
                                        .address = slice_str(address),
                                        .action = SLICE_LIT("connect"),
                                        .resource = buf_slice(&listener),
                                        .reason = slice_str(why) });
    buf_deinit(&listener);
}

static void on_timeout(struct loop_timer *timer)
{
    struct guest *guest = container_of(timer, struct guest, timer);
    front_refused(guest->listener, guest->stream->peer.address,
                  "nothing was sent in time: MQTT begins with CONNECT, HTTP with a request");
    LOG(LOG_INFO, "conn", "closed: nothing was sent in time",
        LOG_S("peer", guest->stream->peer.address), LOG_S("listener", guest->listener->name));
    guest_close(guest, false);
}

/* ---- sniffing ---- */

static void hand_over(struct guest *guest, bool mqtt)
{
    struct front *front = guest->front;
    struct stream *stream = guest->stream;
    struct principal *principal = guest->principal;
    guest->principal = NULL;
    guest_free(guest);
    if (mqtt)
        mqtt_conn_start(&front->mqtt, stream, principal);
    else
        http_conn_start(front->opts.http, stream, principal);
}

/* Lines of a listener about what it has refused so; who scans ports is counted, and does not fill the log. */
static const struct bucket_limit most_told = { .rate = 5, .burst = 50 };

/* The end of the connection is seen as such, not as a reset. */
static void refuse(struct guest *guest, const char *message)
{
    const struct stream_peer *peer = &guest->stream->peer;
    int64_t now = loop_now(hub_loop(guest->front->mqtt.hub));
    if (bucket_take(&guest->listener->told, most_told, now) == 0)
        LOG(LOG_WARN, "conn", message, LOG_S("peer", peer->address), LOG_I("port", peer->port),
            LOG_S("listener", guest->listener->name));
    metrics_inc(METRIC_FOREIGN_PROTOCOL);
    front_refused(guest->listener, peer->address, message);
    guest_close(guest, true);
}

static void take(struct guest *guest, bool mqtt)
{
    const struct stream_tls *tls = guest->stream->peer.tls;
    bool agreed_mqtt =
        tls && (strcmp(tls->alpn, "mqtt") == 0 || strcmp(tls->alpn, "x-amzn-mqtt-ca") == 0);
    if (!tls || !*tls->alpn || agreed_mqtt == mqtt)
        hand_over(guest, mqtt);
    else
        refuse(guest, mqtt ? "closed: MQTT was spoken where ALPN has agreed on HTTP"
                           : "closed: HTTP was spoken where ALPN has agreed on MQTT");
}

static size_t on_read(struct stream *stream, const uint8_t *data, size_t len)
{
    struct guest *guest = stream->owner;
    enum proxy_first proxy = proxy_first_bytes(data, len);
    if (proxy == PROXY_FIRST_MORE) return 0;
    if (data[0] == 0x10)
        take(guest, true);
    else if (proxy == PROXY_FIRST_HEADER)
        refuse(guest,
               "closed: a PROXY header is not expected (see the listener's option proxy_protocol)");
    else if (data[0] >= 'A' && data[0] <= 'Z')
        take(guest, false);
    else
        refuse(guest, data[0] == 0x16 ? "closed: TLS was spoken to a port without TLS"
                                      : "closed: neither MQTT nor HTTP was spoken");
    return 0;
}

static void on_end(struct stream *stream, int rc)
{
    guest_close(stream->owner, false);
}

static const struct stream_cbs guest_cbs = { .on_read = on_read, .on_end = on_end };

/* ---- identity ---- */

static void on_identity(void *arg, int rc, struct principal *principal, const char *why)
{
    struct guest *guest = arg;
    guest->asking = false;
    guest->principal = principal;
    if (!guest->stream) {
        guest_free(guest);
    } else if (rc < 0) {
        guest_close(guest, false);
    } else {
        stream_resume(guest->stream);
    }
}

static void identify(struct guest *guest)
{
    struct auth *auth = hub_auth(guest->front->mqtt.hub);
    const struct stream_peer *peer = &guest->stream->peer;
    guest->asking = true;
    stream_pause(guest->stream);
    if (peer->tls && peer->tls->cert_id[0])
        auth_by_cert(auth, peer->tls->cert_id,
                     slice_of((const char *)peer->tls->cert_der, peer->tls->cert_der_len),
                     peer->address, on_identity, guest);
    else if (peer->kind == STREAM_UNIX)
        auth_by_peer(auth, peer->uid, on_identity, guest);
    else if (guest->listener->anonymous_policy)
        auth_anonymous(auth, guest->listener->anonymous_policy, on_identity, guest);
    else
        on_identity(guest, 0, NULL, NULL);
}

void front_accept(struct listener *listener, struct stream *stream, void *arg)
{
    struct front_listener *from = arg;
    struct guest *guest = xnew(struct guest);
    guest->front = from->front;
    guest->listener = from;
    guest->stream = stream;
    list_push_back(&from->front->guests, &guest->link);
    from->front->count++;
    stream->owner = guest;
    stream->cbs = &guest_cbs;
    loop_timer_init(&guest->timer, hub_loop(from->front->mqtt.hub), on_timeout);
    loop_timer_start(&guest->timer, from->front->opts.connect_timeout_ms);
    identify(guest);
}

/* ---- life ---- */

static void on_commit(struct store_listener *listener, int64_t committed)
{
    struct front *front = container_of(listener, struct front, on_commit);
    list_for_each_safe(it, &front->mqtt.waiting)
        mqtt_conn_release(it);
}

static void on_upgraded(void *arg, struct stream *stream, struct principal *principal)
{
    struct front *front = arg;
    mqtt_conn_start(&front->mqtt, ws_stream_create(&front->ws, stream), principal);
}

static struct ws_limits ws_limits_of(const struct front_opts *opts)
{
    return (struct ws_limits){ opts->max_ws_frame, opts->max_ws_message };
}

struct front *front_create(struct hub *hub, const struct front_opts *opts)
{
    struct front *front = xnew(struct front);
    front->opts = *opts;
    front->mqtt.hub = hub;
    front->mqtt.opts = &front->opts;
    front->on_commit.on_commit = on_commit;
    list_init(&front->guests);
    list_init(&front->mqtt.conns);
    list_init(&front->mqtt.waiting);
    list_init(&front->mqtt.starved);
    loop_timer_init(&front->mqtt.starving, hub_loop(hub), mqtt_conn_feed);
    ws_env_init(&front->ws, ws_limits_of(opts), opts->packet_rate);
    if (opts->http) http_server_on_upgraded(opts->http, on_upgraded, front);
    store_listen(hub_store(hub), &front->on_commit);
    return front;
}

void front_set_opts(struct front *front, const struct front_opts *opts)
{
    front->opts = *opts;
    ws_env_limit(&front->ws, ws_limits_of(opts), opts->packet_rate);
}

void front_close_all(struct front *front)
{
    list_for_each_safe(it, &front->guests)
        guest_close(container_of(it, struct guest, link), false);
    list_for_each_safe(it, &front->mqtt.conns)
        mqtt_conn_shutdown(it);
}

size_t front_count(const struct front *front)
{
    size_t count = front->count;
    list_for_each(it, &front->mqtt.conns)
        count++;
    return count;
}

void front_destroy(struct front *front)
{
    if (!front) return;
    if (front_count(front)) BUG("front destroyed with connections");
    loop_timer_stop(&front->mqtt.starving);
    store_unlisten(&front->on_commit);
    buf_deinit(&front->mqtt.scratch);
    ws_env_deinit(&front->ws);
    free(front);
}
