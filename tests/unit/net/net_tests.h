/* net_tests.h — what the tests over real sockets share: the loop, the accepted side with a record of
 * what happened to it, and clients that are plain sockets. */
#ifndef TESTS_UNIT_NET_NET_TESTS_H
#define TESTS_UNIT_NET_NET_TESTS_H

#include "lib/test.h"

#include "base/buf.h"
#include "loop/loop.h"
#include "net/listener.h"
#include "net/stream.h"

/* An accepted connection. */
struct side {
    struct stream *s;        /* NULL when closed */
    struct stream_peer peer; /* as it was when accepted */
    struct stream_tls tls;   /* the same, without cert_der */
    struct buf got;
    bool keep; /* append to got */
    bool echo;
    size_t take; /* use at most so much of each on_read */
    int ends;
    int end_rc;
    int writables;
    int closes;
};

enum { SIDES_MAX = 128 };
extern struct loop *loop;
extern struct side sides[SIDES_MAX];
extern int side_count;
extern bool sides_echo; /* what new sides do */

extern const struct stream_cbs side_cbs;
void side_on_closed(struct stream *s);
void on_accept(struct listener *listener, struct stream *s, void *arg);

/* Loop and counters; group them as set-up and tear-down. Tear-down closes every side. */
int net_set_up(void **state);
int net_tear_down(void **state);
/* Opens on 127.0.0.1, port 0; opts may be NULL. */
struct listener *open_local(const struct listener_opts *opts);
void close_listener(struct listener *listener);

/* Turns until the condition holds; fails the test when that takes too long. */
#define AWAIT(condition)                               \
    do {                                               \
        for (int turns_ = 0; !(condition); turns_++) { \
            assert_true(turns_ < 20000);               \
            loop_turn_wait(loop, 2);                   \
        }                                              \
    } while (0)
/* Turns until nothing happens. */
void quiet(void);

/* A connected, non-blocking client socket. */
int client_connect(uint16_t port);
int client_connect_unix(const char *path);
/* Writes all, turning the loop while the socket is full. */
void client_write(int fd, const void *data, size_t len);
/* Appends what is there; returns false when the server has closed. */
bool client_read(int fd, struct buf *ret_got);
/* Turns until the server has closed the connection; true if by a reset. */
bool client_await_end(int fd, struct buf *ret_got);

/* Keeps the log lines. */
extern struct buf logged;
void log_capture(void);

#endif
