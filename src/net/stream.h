/* stream.h — a connection as its users see it: bytes in, bytes out, a peer with a name. TCP, Unix
 * sockets, TLS and (in src/conn) WebSocket are streams; nobody above can tell which.
 * Loop thread only.
 *
 * Life: a stream comes from a listener's on_accept (TLS: after the handshake) with no callbacks set;
 * the owner sets `owner` and `cbs` in on_accept. It ends by stream_close, called by the owner, at any
 * time, also from within a callback. After stream_close no callback but on_closed is called.
 *
 * Reading: on_read gets all bytes that are there and returns how many it has used. The rest is kept
 * and shown again, in front, when more has come. An idle stream holds no buffer. The owner may change
 * `cbs` within on_read (the sniffer does): the unused rest goes to the new on_read at once.
 * Writing: bytes are queued and written together at the end of the turn. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stream;
struct loop;
struct buf;

/* Immutable bytes shared by reference count (loop thread only): one encoding for many receivers. */
struct chunk {
    uint32_t refs;
    uint32_t len;
    uint8_t data[];
};
struct chunk *chunk_create(size_t len); /* refs 1; the caller fills data before sharing */
struct chunk *chunk_ref(struct chunk *chunk);
void chunk_unref(struct chunk *chunk);

struct stream_cbs {
    /* Returns how many of the len > 0 bytes were used, 0 to len. */
    size_t (*on_read)(struct stream *s, const uint8_t *data, size_t len);
    /* The queue has fallen below half of the high-water mark after it had been above. May be NULL. */
    void (*on_writable)(struct stream *s);
    /* The peer has closed its side (rc 0, or STREAM_SAID_GOODBYE where the transport knows such a thing) or the
     * connection failed (rc < 0). At most once; nothing is read any more. The owner calls stream_close, now or later. */
    void (*on_end)(struct stream *s, int rc);
};

/* Why the owner ends a stream, for transports that can tell the peer. */
enum stream_farewell {
    STREAM_DONE,    /* there is nothing more to say */
    STREAM_AWAY,    /* the hub stops */
    STREAM_MISUSED, /* the peer has broken the protocol above */
    STREAM_REFUSED, /* it may not do what it wants */
    STREAM_TOO_BIG, /* what it has sent is too large */
    STREAM_FAILED,  /* the hub cannot go on */
};

/* on_end: the peer has said that it closes, rather than only closed. */
enum { STREAM_SAID_GOODBYE = 1 };

enum stream_kind { STREAM_TCP, STREAM_UNIX, STREAM_PAIR /* tests */ };

/* What a TLS handshake has found out. */
struct stream_tls {
    char cert_id[65];  /* SHA-256 of the client certificate's DER, lower-case hex; "" if none */
    uint8_t *cert_der; /* owned; NULL if none */
    size_t cert_der_len;
    char alpn[24]; /* negotiated protocol, "" if none */
    char sni[256]; /* server name asked for, "" if none */
};

struct stream_peer {
    enum stream_kind kind;
    bool loopback;    /* peer address is 127.0.0.0/8 or ::1 */
    char address[48]; /* numeric; "unix" for Unix sockets */
    uint16_t port;
    uid_t uid; /* Unix sockets: SO_PEERCRED */
    pid_t pid;
    struct stream_tls *tls; /* owned by the stream; NULL: it is not encrypted */
};

struct stream_ops; /* the transport's side: stream_core.h */
struct stream {
    const struct stream_ops *ops;
    const struct stream_cbs *cbs;
    void *owner;
    struct stream_peer peer;
    bool closing;
    enum stream_farewell farewell; /* the owner may set it before it closes */
};

/* The server name that the peer has asked for; "" if none, NULL: it is not encrypted. */
static inline const char *stream_peer_domain(const struct stream_peer *peer)
{
    return peer->tls ? peer->tls->sni : NULL;
}

typedef void (*stream_closed_cb)(struct stream *s);

/* Queues a copy. Nothing after close. */
void stream_write(struct stream *s, const void *data, size_t len);
/* Queues `len` bytes of the chunk from `at`, by reference. */
void stream_write_chunk(struct stream *s, struct chunk *chunk, size_t at, size_t len);
/* Bytes queued and not yet taken by the kernel. */
size_t stream_pending(const struct stream *s);
/* Bytes that the kernel has taken so far, those of lower layers included: who does not take its output makes no
 * progress here. */
uint64_t stream_sent(const struct stream *s);
/* Above it, the owner should stop producing until on_writable. */
enum { STREAM_HIGH_WATER = 1 << 20 }; /* by default */
void stream_set_high_water(struct stream *s, size_t bytes);
bool stream_over_high_water(const struct stream *s);
/* Back-pressure on the peer: no on_read until resumed. Starts in the resumed state. Resuming shows
 * the unused rest again soon (later in this turn), also to an owner that has not paused; so it is
 * the way to have a rest shown to cbs which were changed outside on_read. While paused the rest
 * comes before on_end of a peer that has closed (rc not negative), which waits. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);
/* Writes now what is queued instead of at the end of the turn. */
void stream_flush(struct stream *s);
/* Idempotent. What is queued is still written, for at most 5 s (`linger` true), or thrown away. cb is
 * called later, once, on the loop; s->owner is what it was, and s is freed after cb returns. With
 * linger, a TCP peer that has not closed its side gets up to a second to do so before cb. cb may be
 * NULL. */
void stream_close(struct stream *s, bool linger, stream_closed_cb cb);
/* The same with another limit than 5 s; 0: nothing is written any more. */
void stream_close_within(struct stream *s, int64_t linger_ms, stream_closed_cb cb);
/* A lingering close ends in the next turn instead. Harmless where nothing lingers. */
void stream_cut(struct stream *s);

/* Base for transports; the size of the unread rest is limited by this: a peer whose rest grows beyond it gets
 * on_end(ERR_TOO_LARGE). */
enum { STREAM_READ_LIMIT = 4 << 20 }; /* by default */
void stream_set_read_limit(struct stream *s, size_t bytes);

#endif
