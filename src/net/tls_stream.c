/* tls_stream.c — an open TLS connection as a stream over another stream.
 *
 *  owner ─► core's queue ─► records ─► transport        transport ─► records ─► owner
 *
 *  I1  All of it happens on the loop; mbedTLS reads from `in` and writes into the transport's queue,
 *      which takes everything, so it never has to be called again with the same bytes.
 *  I2  Plain bytes wait in the core's queue until the transport has little left to write: what is
 *      encrypted and not sent is never more than CIPHER_MARK and a record.
 *  I3  A record is read whole (plain_buf is as large as one), so nothing decrypted stays in mbedTLS
 *      when the owner pauses; the records behind it wait in the transport.
 *  I4  mbedTLS has its record buffers only within decrypt, encrypt_queue and tls_close; a part of a record keeps
 *      one (tls_buffers.c).
 *  I5  After an error of mbedTLS (`failed`) it is not called again.
 *
 * Small segments of the queue are joined into one record: a message's head and its shared payload
 * cost one record and one tag, not two. */
#include "net/tls_stream_priv.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    CIPHER_MARK = 64 << 10,  /* bytes of the transport above which no more is encrypted */
    ALERT_FLOOD = 256 << 10, /* unread answers to a peer which makes us answer and does not read */
};

static struct tls_stream *tls_of(struct stream_core *core)
{
    return (struct tls_stream *)core;
}

/* ---- mbedTLS's way to the bytes ---- */

static int bio_send(void *arg, const unsigned char *data, size_t len)
{
    struct tls_stream *tls = arg;
    stream_write(tls->transport, data, len);
    return (int)len;
}

static int bio_recv(void *arg, unsigned char *ret_data, size_t len)
{
    struct tls_stream *tls = arg;
    if (stream_pending(tls->transport) > ALERT_FLOOD) return MBEDTLS_ERR_SSL_CONN_EOF;
    if (tls->in_len == 0) return MBEDTLS_ERR_SSL_WANT_READ;
    if (len > tls->in_len) len = tls->in_len;
    memcpy(ret_data, tls->in, len);
    tls->in += len;
    tls->in_len -= len;
    return (int)len;
}

/* ---- reading ---- */

static void fail(struct tls_stream *tls, int rc)
{
    char text[128];
    mbedtls_strerror(rc, text, sizeof text);
    LOG(LOG_DEBUG, "tls", "connection failed", LOG_S("peer", tls->core.s.peer.address),
        LOG_S("reason", text));
    tls->failed = true;
    stream_core_end(&tls->core, ERR_CRYPTO);
    stream_core_broken(&tls->core, ERR_CRYPTO);
    stream_flush(tls->transport);
}

/* Returns the number of bytes used; all of them, unless the owner has paused. */
static size_t decrypt(struct tls_stream *tls, const uint8_t *data, size_t len)
{
    struct stream_core *core = &tls->core;
    tls->in = data;
    tls->in_len = len;
    while (!tls->failed && stream_core_reading(core)) {
        tls_buffers_lend(&tls->buffers, &tls->ssl, core->net); /* the owner may have written */
        int got = mbedtls_ssl_read(&tls->ssl, core->net->plain_buf, NET_PLAIN_SIZE);
        if (got > 0)
            stream_core_read(core, core->net->plain_buf, (size_t)got);
        else if (got == MBEDTLS_ERR_SSL_WANT_READ || got == MBEDTLS_ERR_SSL_WANT_WRITE)
            break;
        else if (got == 0 || got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
            stream_core_end(core, 0);
        else
            fail(tls, got);
    }
    tls_buffers_take(&tls->buffers, &tls->ssl, core->net);
    size_t left = core->paused && !core->ended && !core->s.closing ? tls->in_len : 0;
    tls->in = NULL;
    tls->in_len = 0;
    return len - left;
}

static size_t open_on_read(struct stream *transport, const uint8_t *data, size_t len)
{
    return decrypt(transport->owner, data, len);
}

static void open_on_end(struct stream *transport, int rc)
{
    struct tls_stream *tls = transport->owner;
    stream_core_end(&tls->core, rc);
}

/* ---- writing ---- */

/* One segment as it is when it fills a record or is alone, else as many as go into a record. */
static size_t next_plain(struct stream_core *core, const uint8_t **ret_data)
{
    struct iovec iov[STREAM_IOV];
    int count = stream_core_iov(core, iov, STREAM_IOV);
    *ret_data = iov[0].iov_base;
    if (count == 1 || iov[0].iov_len >= NET_PLAIN_SIZE / 2)
        return iov[0].iov_len < NET_PLAIN_SIZE ? iov[0].iov_len : NET_PLAIN_SIZE;
    size_t len = 0;
    for (int i = 0; i < count && len < NET_PLAIN_SIZE; i++) {
        size_t part = iov[i].iov_len;
        if (part > NET_PLAIN_SIZE - len) part = NET_PLAIN_SIZE - len;
        memcpy(core->net->join_buf + len, iov[i].iov_base, part);
        len += part;
    }
    *ret_data = core->net->join_buf;
    return len;
}

static void encrypt_queue(struct stream_core *core)
{
    struct tls_stream *tls = tls_of(core);
    tls_buffers_lend(&tls->buffers, &tls->ssl, core->net);
    while (core->queued && !tls->failed && stream_pending(tls->transport) < CIPHER_MARK) {
        const uint8_t *data;
        size_t len = next_plain(core, &data);
        int sent = mbedtls_ssl_write(&tls->ssl, data, len);
        if (sent > 0)
            stream_core_sent(core, (size_t)sent);
        else
            fail(tls, sent);
    }
    tls_buffers_take(&tls->buffers, &tls->ssl, core->net);
}

static void tls_flush(struct stream_core *core)
{
    struct tls_stream *tls = tls_of(core);
    if (!tls->open || !tls->transport) return;
    stream_core_mark_lower(core, tls->transport, CIPHER_MARK - 1);
    encrypt_queue(core);
    stream_flush(tls->transport);
    stream_core_sent(core, 0);
}

static void open_on_writable(struct stream *transport)
{
    struct tls_stream *tls = transport->owner;
    tls_flush(&tls->core);
}

static const struct stream_cbs open_cbs = { open_on_read, open_on_writable, open_on_end };

/* ---- life ---- */

static void tls_set_reading(struct stream_core *core, bool on)
{
    struct tls_stream *tls = tls_of(core);
    if (!tls->open || !tls->transport) return;
    if (on)
        stream_resume(tls->transport);
    else
        stream_pause(tls->transport);
}

static void on_transport_closed(struct stream *transport)
{
    struct tls_stream *tls = transport->owner;
    tls->transport = NULL;
    stream_core_closed(&tls->core);
}

static void tls_close(struct stream_core *core, bool linger)
{
    struct tls_stream *tls = tls_of(core);
    if (!tls->failed && (linger || stream_pending(tls->transport) == 0)) {
        tls_buffers_lend(&tls->buffers, &tls->ssl, core->net);
        mbedtls_ssl_close_notify(&tls->ssl);
        tls_buffers_take(&tls->buffers, &tls->ssl, core->net);
        stream_flush(tls->transport);
    }
    stream_close_until(tls->transport, linger ? core->deadline : 0, on_transport_closed);
}

static size_t tls_below(const struct stream_core *core)
{
    const struct tls_stream *tls = (const struct tls_stream *)core;
    return tls->transport ? stream_pending(tls->transport) : 0;
}

static uint64_t tls_sent(const struct stream_core *core)
{
    const struct tls_stream *tls = (const struct tls_stream *)core;
    return tls->transport ? stream_sent(tls->transport) : 0;
}

static void tls_free(struct stream_core *core)
{
    struct tls_stream *tls = tls_of(core);
    mbedtls_ssl_free(&tls->ssl);
    tls_server_unref(tls->server);
    stream_core_deinit(core);
    free(tls);
}

static void tls_cut(struct stream_core *core)
{
    struct tls_stream *tls = tls_of(core);
    if (tls->transport) stream_cut(tls->transport);
}

static const struct stream_ops tls_ops = {
    .flush = tls_flush,
    .set_reading = tls_set_reading,
    .close = tls_close,
    .cut = tls_cut,
    .free = tls_free,
    .below = tls_below,
    .sent = tls_sent,
};

struct tls_stream *tls_stream_create(struct stream *transport, struct tls_server *server)
{
    struct tls_stream *tls = xnew(struct tls_stream);
    tls->core.s.peer = transport->peer;
    tls->core.s.peer.tls = xnew(struct stream_tls);
    stream_core_init(&tls->core, stream_loop(transport), &tls_ops);
    mbedtls_ssl_init(&tls->ssl);
    tls->transport = transport;
    tls->server = tls_server_ref(server);
    return tls;
}

void tls_stream_open(struct tls_stream *tls, struct slice early)
{
    tls->open = true;
    tls->transport->owner = tls;
    tls->transport->cbs = &open_cbs;
    mbedtls_ssl_set_bio(&tls->ssl, tls, bio_send, bio_recv, NULL);
    tls_buffers_take(&tls->buffers, &tls->ssl, tls->core.net);
    if (early.len) decrypt(tls, (const uint8_t *)early.ptr, early.len);
}

void tls_stream_free(struct tls_stream *tls)
{
    tls_free(&tls->core);
}
