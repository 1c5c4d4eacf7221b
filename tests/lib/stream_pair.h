/* stream_pair.h — two streams that are each other's peer, in memory: what one writes the other reads
 * in the next turn of the loop. Everything of net/stream.h holds for them, marks and limits too. */
#ifndef TESTS_LIB_STREAM_PAIR_H
#define TESTS_LIB_STREAM_PAIR_H

#include "loop/loop.h"
#include "net/stream.h"

/* Both start without callbacks and owner; set them before the next turn. The peer of each may be
 * edited (address, certificate; cert_der is the stream's to free). By default: STREAM_PAIR,
 * "127.0.0.1", loopback, ports 50000 (of a) and 1883 (of b); a is the client's end: b's peer is a.
 * Closing one end gives the other on_end(0) behind the bytes that were flushed; both must be closed. */
void stream_pair_create(struct loop *loop, struct stream **ret_a, struct stream **ret_b);
/* Cuts the line: both ends get on_end(rc), bytes in flight are lost. */
void stream_pair_break(struct stream *end, int rc);
/* At most so many bytes wait between this end's writer and the reader (default 64 KB); beyond, they
 * are pending at the writer: back-pressure as of a slow network. */
void stream_pair_set_window(struct stream *end, size_t bytes);

#endif
