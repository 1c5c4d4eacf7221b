/* stream_core.h — the transport's side of a stream: what tcp, tls, WebSocket (src/conn) and the test pair share.
 *
 * A transport embeds struct stream_core first, fills in five operations and calls stream_core_*.
 * The core keeps the output queue, the unread rest, the marks and the life; the transport moves bytes.
 * None of the functions here calls the owner back before it returns, save stream_core_read. */
#ifndef NET_STREAM_CORE_H
#define NET_STREAM_CORE_H

#include "base/buf.h"
#include "loop/loop.h"
#include "net/stream.h"

#include <sys/uio.h>

enum {
    STREAM_IOV = 64, /* parts of one vectored write */
    STREAM_LINGER_MS = 5000,
};

struct stream_core;
struct stream_seg;
struct net;

struct stream_ops {
    /* Moves queued bytes on as far as that goes without waiting, and reports them by
     * stream_core_sent. Called at the end of a turn in which something was queued. */
    void (*flush)(struct stream_core *core);
    /* The owner wants bytes (true) or none for now. */
    void (*set_reading)(struct stream_core *core, bool on);
    /* Begins the end; called once. The queue is empty by now. linger: what lower layers still have
     * is written. The transport calls stream_core_closed when it is over, never within this call. */
    void (*close)(struct stream_core *core, bool linger);
    /* A lingering close of lower layers is to end now. NULL: there are none. */
    void (*cut)(struct stream_core *core);
    /* Releases the transport's struct, stream_core_deinit included. */
    void (*free)(struct stream_core *core);
    /* Bytes handed to a lower layer which the kernel has not taken. NULL: none. */
    size_t (*below)(const struct stream_core *core);
    /* What stream_sent says, where lower layers know better. NULL: they do not. */
    uint64_t (*sent)(const struct stream_core *core);
};

struct stream_core {
    struct stream s; /* first */
    struct net *net;
    struct buf rest;         /* read and not used by the owner */
    struct stream_seg *head; /* output queue */
    struct stream_seg *tail;
    size_t queued; /* bytes in it */
    uint64_t sent; /* that have left it */
    size_t high_water;
    size_t read_limit;
    struct list dirty; /* in net's list: to be flushed at the end of the turn */
    struct loop_task task;
    stream_closed_cb on_closed;
    struct loop_timer linger;
    int64_t deadline; /* of lingering */
    int write_rc;     /* why nothing can be written any more */
    int end_rc;
    bool paused : 1;
    bool above : 1;     /* has been over the high-water mark since the last on_writable */
    bool ended : 1;     /* nothing is read any more: on_end was called or is scheduled */
    bool lingering : 1; /* closing waits for the queue */
    bool closed : 1;    /* ops->close was called */
    bool do_end : 1;    /* what the task has to do */
    bool do_read : 1;
    bool do_writable : 1;
    bool do_closed : 1;
};

static inline struct stream_core *stream_core(struct stream *s)
{
    return (struct stream_core *)s;
}

/* The loop of a stream. */
struct loop *stream_loop(const struct stream *s);

/* core is zeroed memory; s.peer is the transport's to fill in. */
void stream_core_init(struct stream_core *core, struct loop *loop, const struct stream_ops *ops);
void stream_core_deinit(struct stream_core *core);
/* Has ops->flush called at the end of the turn, as a write does. */
void stream_core_touch(struct stream_core *core);
/* Whether bytes may be delivered now. */
bool stream_core_reading(const struct stream_core *core);
/* Gives bytes to the owner, behind the rest. To be called only while stream_core_reading(), and only
 * from the transport's own event; otherwise the bytes are lost. */
void stream_core_read(struct stream_core *core, const uint8_t *data, size_t len);
/* Nothing more comes: schedules on_end(rc). */
void stream_core_end(struct stream_core *core, int rc);
/* The output queue as a vector; returns the number of parts, at most max. */
int stream_core_iov(const struct stream_core *core, struct iovec *iov, int max);
/* n bytes of the queue have gone; also to be called, with 0, when ops->below has become less. */
void stream_core_sent(struct stream_core *core, size_t n);
/* For a layer over `lower`, which hands bytes down as they are: the first n bytes of the queue become the last of
 * lower's, without a copy where they are many. */
void stream_core_move(struct stream_core *core, struct stream *lower, size_t n);
/* For a layer over `lower`: makes lower's on_writable come in time for this stream's own mark, and
 * when lower is at `most` bytes. To be called before bytes are moved down. */
void stream_core_mark_lower(const struct stream_core *core, struct stream *lower, size_t most);
/* Writing is over: the queue is dropped, further writes are ignored. The owner learns of it when
 * reading ends, so that what the peer has said before is heard; rc is what on_end gets then. */
void stream_core_broken(struct stream_core *core, int rc);
/* Schedules the owner's on_closed and the release of the memory. */
void stream_core_closed(struct stream_core *core);
/* As stream_close; lingers until `deadline` (clock_mono_ms), 0 for not at all. */
void stream_close_until(struct stream *s, int64_t deadline, stream_closed_cb cb);

#endif
