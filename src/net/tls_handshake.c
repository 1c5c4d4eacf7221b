/* tls_handshake.c — from an accepted connection to an open TLS stream.
 *
 *              bytes           whole records of           worker: mbedtls_ssl_handshake_step
 *  transport ────────► look ──► one flight ──► lane ─────► until it wants more, is over or failed
 *                       │            ▲                              │ done, on the loop
 *         not TLS: 400  │            └─── wants more ◄──────────────┤
 *         or close ◄────┘                                           ├─ failed ─► alert, close
 *                                              on_ready ◄── over ───┘
 *
 *  I1  While a job runs (`running`), the worker owns the stream's ssl and the handshake's in, out
 *      and results; the loop touches none of them. Bytes that come meanwhile stay in the transport,
 *      which is paused; closing waits for `done`.
 *  I2  Only whole handshake records go to a worker. Application data behind them stays in the
 *      transport until the handshake is over. So nothing is decrypted that was not wanted, and a
 *      trickling client costs no worker.
 *  I3  The 40 KB of mbedTLS are allocated by the first job: a connection that never says hello
 *      has none of them.
 *
 * When the lane is full the handshake waits in `net->tls_waiting`; each that ends lets others in, and
 * a timer does so too, for a lane that others have filled. While one waits, listeners with TLS accept nobody
 * (`net->tls_held`): who comes then waits in the kernel, costs nothing here, and his time does not run yet. */
#include "net/tls_step.h"
#include "net/tls_stream_priv.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "crypto/digest.h"
#include "net/tls_reason.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLIGHTS_MAX = 256 << 10 /* bytes of a handshake */ };

struct handshake {
    struct worker_job job; /* first */
    struct tls_stream *tls;
    struct tls_accept_opts opts;
    struct list link;    /* in opts.all */
    struct list waiting; /* in net->tls_waiting */
    struct loop_timer timer;
    size_t total; /* bytes taken */
    bool begun;   /* the hello was looked at */
    struct tls_hello hello;
    bool running;
    bool aborted;
    bool linger; /* how to close when aborted */
    /* the worker's while running */
    bool set_up;
    bool over;
    int rc;    /* of mbedTLS */
    int alert; /* see tls_reason.h */
    size_t in_at;
    struct buf in;
    struct buf out;
    struct tls_step step;
    struct stream_tls found; /* the fields that the handshake brings */
};

/* ---- the worker's part ---- */

static int bio_send(void *arg, const unsigned char *data, size_t len)
{
    struct handshake *hs = arg;
    buf_append(&hs->out, data, len);
    return (int)len;
}

static int bio_recv(void *arg, unsigned char *ret_data, size_t len)
{
    struct handshake *hs = arg;
    size_t left = hs->in.len - hs->in_at;
    if (left == 0) return MBEDTLS_ERR_SSL_WANT_READ;
    if (len > left) len = left;
    memcpy(ret_data, hs->in.data + hs->in_at, len);
    hs->in_at += len;
    return (int)len;
}

static int set_up(struct handshake *hs)
{
    struct tls_stream *tls = hs->tls;
    if (hs->set_up) return 0;
    hs->set_up = true;
    mbedtls_ssl_set_bio(&tls->ssl, hs, bio_send, bio_recv, NULL);
    return mbedtls_ssl_setup(&tls->ssl, tls_server_config(tls->server, hs->hello.alpn_known));
}

static bool misses_cert(struct handshake *hs)
{
    struct tls_stream *tls = hs->tls;
    if (tls_server_client_cert(tls->server) != TLS_CLIENT_REQUIRED) return false;
    return tls_handshake_over(&tls->ssl)
               ? !hs->step.resumed && mbedtls_ssl_get_peer_cert(&tls->ssl) == NULL
               : (mbedtls_ssl_get_verify_result(&tls->ssl) & MBEDTLS_X509_BADCERT_MISSING) != 0;
}

/* Step by step, so that a missing certificate is refused before the client thinks it is in. */
static int shake(struct handshake *hs)
{
    mbedtls_ssl_context *ssl = &hs->tls->ssl;
    int rc = set_up(hs);
    while (rc == 0 && !tls_handshake_over(ssl)) {
        rc = tls_step(&hs->step);
        if (rc == 0 && misses_cert(hs)) {
            mbedtls_ssl_send_alert_message(ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                           MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
            return MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE;
        }
    }
    return rc;
}

/* The certificate of the session, or the one of this handshake. Owned. */
static uint8_t *take_cert(struct handshake *hs, size_t *ret_len)
{
    if (hs->step.resumed) {
        uint8_t *der = hs->step.resumed_der;
        hs->step.resumed_der = NULL;
        *ret_len = hs->step.resumed_der_len;
        return der;
    }
    const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&hs->tls->ssl);
    if (!crt) return NULL;
    struct slice der = tls_crt_der(crt);
    *ret_len = der.len;
    return xmemdup(der.ptr, der.len);
}

static void note_peer(struct handshake *hs)
{
    struct stream_tls *found = &hs->found;
    const char *alpn = mbedtls_ssl_get_alpn_protocol(&hs->tls->ssl);
    if (alpn) snprintf(found->alpn, sizeof found->alpn, "%s", alpn);
    found->cert_der = take_cert(hs, &found->cert_der_len);
    if (found->cert_der) crypto_sha256_hex(found->cert_der, found->cert_der_len, found->cert_id);
    tls_drop_peer_cert(&hs->tls->ssl);
}

static void run_step(struct worker_job *job)
{
    struct handshake *hs = (struct handshake *)job;
    hs->rc = shake(hs);
    hs->over = hs->rc == 0;
    if (hs->over) note_peer(hs);
    hs->alert = hs->over ? TLS_NO_ALERT : tls_alert_of(hs->in.data, hs->in_at);
    buf_consume(&hs->in, hs->in_at);
    hs->in_at = 0;
}

/* ---- the end of a handshake ---- */

static void handshake_free(struct handshake *hs)
{
    if (!hs) return;
    list_remove(&hs->link);
    list_remove(&hs->waiting);
    loop_timer_stop(&hs->timer);
    buf_deinit(&hs->in);
    buf_deinit(&hs->out);
    free(hs->found.cert_der);
    tls_step_deinit(&hs->step);
    free(hs);
}

static void on_failed_closed(struct stream *transport)
{
    struct handshake *hs = transport->owner;
    struct tls_accept_opts opts = hs->opts;
    tls_stream_free(hs->tls);
    handshake_free(hs);
    opts.on_gone(opts.arg);
}

static void abort_handshake(struct handshake *hs, bool linger)
{
    if (hs->aborted) return;
    hs->aborted = true;
    hs->linger = linger;
    list_remove(&hs->link);
    list_remove(&hs->waiting);
    loop_timer_stop(&hs->timer);
    if (!hs->running) stream_close(hs->tls->transport, linger, on_failed_closed);
}

static void refuse(struct handshake *hs, bool linger, const char *why)
{
    const struct stream_peer *peer = &hs->tls->core.s.peer;
    if (hs->aborted) return;
    metrics_inc(METRIC_TLS_FAILURES);
    /* Who leaves without a byte was a probe of the port. */
    LOG(hs->begun || linger ? LOG_INFO : LOG_DEBUG, "tls", "handshake failed",
        LOG_S("listener", hs->opts.name), LOG_S("peer", peer->address), LOG_I("port", peer->port),
        LOG_S("reason", why));
    if (hs->begun || linger) hs->opts.on_refused(&hs->tls->core.s.peer, why, hs->opts.arg);
    abort_handshake(hs, linger);
}

void tls_accept_abort(struct list *link)
{
    abort_handshake(container_of(link, struct handshake, link), false);
}

static void on_timeout(struct loop_timer *timer)
{
    refuse(
        container_of(timer, struct handshake, timer), true,
        "the handshake took longer than tls.handshake_timeout: is the line too slow, or does the "
        "client wait for the hub to speak first?");
}

/* ---- the loop's part of the handshake ---- */

static void count_success(const struct handshake *hs)
{
    struct tls_sessions *sessions = tls_server_sessions(hs->tls->server);
    metrics_inc(METRIC_TLS_HANDSHAKES);
    if (hs->step.resumed) metrics_inc(METRIC_TLS_RESUMED);
    if (sessions) metrics_set(METRIC_TLS_SESSIONS, (int64_t)tls_sessions_cached(sessions));
}

static void establish(struct handshake *hs)
{
    struct tls_stream *tls = hs->tls;
    struct tls_accept_opts opts = hs->opts;
    *tls->core.s.peer.tls = hs->found;
    hs->found.cert_der = NULL;
    count_success(hs);
    tls_stream_open(tls, buf_slice(&hs->in));
    handshake_free(hs);
    opts.on_ready(&tls->core.s, opts.arg);
    if (stream_core_reading(&tls->core)) stream_resume(tls->transport);
}

static void pump_waiting(struct net *net);

static void on_step_done(struct worker_job *job)
{
    struct handshake *hs = (struct handshake *)job;
    struct tls_stream *tls = hs->tls;
    struct net *net = net_ref(tls->core.net->loop);
    char why[256];
    hs->running = false;
    stream_write(tls->transport, buf_str(&hs->out), hs->out.len);
    buf_deinit(&hs->out);
    if (hs->aborted) {
        stream_close(tls->transport, hs->linger, on_failed_closed);
    } else if (job->cancelled) {
        refuse(hs, false, err_text(ERR_CLOSED));
    } else if (hs->over) {
        establish(hs);
    } else if (hs->rc == MBEDTLS_ERR_SSL_WANT_READ) {
        stream_resume(tls->transport);
    } else {
        tls_reason(hs->rc, hs->alert, why, sizeof why);
        refuse(hs, true, why);
    }
    pump_waiting(net);
    net_unref(net);
}

/* False: the lane is full. */
static bool submit(struct handshake *hs)
{
    hs->running = true;
    int rc = worker_submit(hs->opts.lane, &hs->job);
    if (rc == 0) return true;
    hs->running = false;
    if (rc == ERR_BUSY) return false;
    refuse(hs, false, err_text(rc));
    return true;
}

static void on_room(struct net *net)
{
    loop_timer_stop(&net->tls_retry);
    for (struct list *link; (link = list_pop_front(&net->tls_held));) {
        struct net_held *held = container_of(link, struct net_held, link);
        held->resume(held);
    }
}

static void pump_waiting(struct net *net)
{
    for (struct list *link; (link = list_pop_front(&net->tls_waiting));) {
        if (submit(container_of(link, struct handshake, waiting))) continue;
        list_push_front(&net->tls_waiting, link);
        break;
    }
    if (list_empty(&net->tls_waiting))
        on_room(net);
    else if (!loop_timer_active(&net->tls_retry))
        loop_timer_start(&net->tls_retry, NET_TLS_RETRY_MS);
}

void net_tls_retry(struct loop_timer *timer)
{
    pump_waiting(container_of(timer, struct net, tls_retry));
}

/* Those who wait go first. */
static void enqueue(struct handshake *hs)
{
    struct net *net = hs->tls->core.net;
    stream_pause(hs->tls->transport);
    list_push_back(&net->tls_waiting, &hs->waiting);
    pump_waiting(net);
}

/* Names both schemes: whether the request asks for an upgrade may stand in what has not come yet. */
static void answer_plain_http(struct stream *transport, const uint8_t *data)
{
    static const char body[] = "This port speaks TLS: use https:// in the address, or wss:// for a "
                               "WebSocket.\n";
    char text[320];
    bool head = data[0] == 'H';
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                       "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                       sizeof body - 1, head ? "" : body);
    stream_write(transport, text, (size_t)len);
}

/* True when TLS begins here. */
static bool look(struct handshake *hs, const uint8_t *data, size_t len)
{
    static const char *const reasons[] = {
        [TLS_FIRST_HTTP] = "not TLS but plain HTTP was spoken: use https:// or wss:// on this port",
        [TLS_FIRST_MQTT] =
            "not TLS but plain MQTT was spoken: use mqtts:// on this port, or give the client a CA",
        [TLS_FIRST_PROXY] =
            "not TLS but a PROXY header was sent: see the listener's option proxy_protocol",
        [TLS_FIRST_OTHER] = "not TLS was spoken: is the port the right one?",
    };
    enum tls_first first = tls_first_bytes(data, len);
    if (first == TLS_FIRST_MORE || first == TLS_FIRST_TLS) return first == TLS_FIRST_TLS;
    if (first == TLS_FIRST_HTTP) answer_plain_http(hs->tls->transport, data);
    refuse(hs, true, reasons[first]);
    return false;
}

static void read_hello(struct handshake *hs, const uint8_t *data)
{
    size_t size = (size_t)data[3] << 8 | data[4];
    hs->begun = true;
    if (tls_hello_parse(data, TLS_HEADER_SIZE + size, tls_protocols, &hs->hello) < 0) return;
    memcpy(hs->found.sni, hs->hello.sni, sizeof hs->found.sni);
}

static size_t shake_on_read(struct stream *transport, const uint8_t *data, size_t len)
{
    struct handshake *hs = transport->owner;
    size_t used = 0;
    if (hs->running || hs->aborted || !list_empty(&hs->waiting)) return 0;
    if (!hs->begun && !look(hs, data, len)) return 0;
    int rc = tls_handshake_records(data, len, &used);
    if (rc < 0 || (hs->total += used) > FLIGHTS_MAX) {
        refuse(hs, true, "what followed was no TLS: is something between client and hub?");
        return 0;
    }
    if (used == 0) return 0;
    if (!hs->begun) read_hello(hs, data);
    buf_append(&hs->in, data, used);
    enqueue(hs);
    return used;
}

static void shake_on_end(struct stream *transport, int rc)
{
    refuse(transport->owner, false,
           rc ? err_text(rc)
              : "the client has closed the connection during the handshake: look into its own log");
}

static const struct stream_cbs shake_cbs = { shake_on_read, NULL, shake_on_end };

void tls_accept(struct stream *transport, const struct tls_accept_opts *opts)
{
    struct handshake *hs = xnew(struct handshake);
    hs->tls = tls_stream_create(transport, opts->server);
    hs->opts = *opts;
    hs->alert = TLS_NO_ALERT;
    hs->step.ssl = &hs->tls->ssl;
    hs->step.hello = &hs->hello;
    hs->job.run = run_step;
    hs->job.done = on_step_done;
    list_push_back(opts->all, &hs->link);
    list_init(&hs->waiting);
    loop_timer_init(&hs->timer, stream_loop(transport), on_timeout);
    loop_timer_start(&hs->timer, opts->timeout_ms);
    transport->owner = hs;
    transport->cbs = &shake_cbs;
}
