/* proxy_accept.c — waits for the PROXY header at the front of a connection.
 *
 *  accepted ─► bytes ─► whole header ─► peer gets the client's name ─► on_ready: TLS, or the owner
 *                │
 *                └─ malformed, late, or the end ─► logged, counted, closed ─► on_gone
 *
 *  I1  Nothing behind the header is used before on_ready, and nothing is answered before.
 *  I2  Who came by a proxy is never on loopback, whatever the header or the socket says: what a loopback
 *      peer may do is not for whom a proxy lets in. */
#include "net/proxy_priv.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "net/tcp_priv.h"

#include <stdlib.h>

struct waiting {
    struct stream *stream;
    struct proxy_accept_opts opts;
    struct sockaddr_storage from;
    struct list link; /* in opts.all */
    struct loop_timer timer;
    bool begun; /* something was sent */
};

static void waiting_free(struct waiting *w)
{
    list_remove(&w->link);
    loop_timer_stop(&w->timer);
    free(w);
}

static void on_closed(struct stream *s)
{
    struct waiting *w = s->owner;
    struct proxy_accept_opts opts = w->opts;
    waiting_free(w);
    opts.on_gone(opts.arg);
}

static void give_up(struct waiting *w, bool linger)
{
    list_remove(&w->link);
    loop_timer_stop(&w->timer);
    stream_close(w->stream, linger, on_closed);
}

static void refuse(struct waiting *w, const char *why)
{
    const struct stream_peer *peer = &w->stream->peer;
    metrics_inc(METRIC_PROXY_REFUSED);
    /* Who leaves without a byte was a probe of the port. */
    LOG(w->begun ? LOG_WARN : LOG_DEBUG, "net", "closed: no PROXY header that can be used",
        LOG_S("listener", w->opts.name), LOG_S("proxy", peer->address), LOG_I("port", peer->port),
        LOG_S("reason", why));
    if (w->begun) w->opts.on_refused(peer, why, w->opts.arg);
    give_up(w, true);
}

void proxy_accept_abort(struct list *link)
{
    give_up(container_of(link, struct waiting, link), false);
}

static void on_timeout(struct loop_timer *timer)
{
    struct waiting *w = container_of(timer, struct waiting, timer);
    w->begun = true;
    refuse(w, err_text(ERR_TIMEOUT));
}

static size_t on_read(struct stream *s, const uint8_t *data, size_t len)
{
    struct waiting *w = s->owner;
    struct proxy_header header;
    const char *why;
    w->begun = true;
    int used = proxy_parse(data, len, &header, &why);
    if (used < 0) refuse(w, why);
    if (used <= 0) return 0;
    struct proxy_accept_opts opts = w->opts;
    struct sockaddr_storage from = header.named ? header.client : w->from;
    waiting_free(w);
    s->owner = NULL;
    s->cbs = NULL;
    tcp_address_print(&from, s->peer.address, &s->peer.port);
    opts.on_ready(s, &from, header.named, opts.arg);
    return (size_t)used;
}

static void on_end(struct stream *s, int rc)
{
    refuse(s->owner, rc ? err_text(rc) : "the peer has closed the connection");
}

static const struct stream_cbs waiting_cbs = { .on_read = on_read, .on_end = on_end };

void proxy_accept(struct stream *s, const struct sockaddr_storage *from,
                  const struct proxy_accept_opts *opts)
{
    struct waiting *w = xnew(struct waiting);
    w->stream = s;
    w->opts = *opts;
    w->from = *from;
    list_push_back(opts->all, &w->link);
    loop_timer_init(&w->timer, stream_loop(s), on_timeout);
    loop_timer_start(&w->timer, opts->timeout_ms);
    s->peer.loopback = false;
    s->owner = w;
    s->cbs = &waiting_cbs;
}
