/* net_tests.c — see net_tests.h. */
#include "net_tests.h"

#include "base/log.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct loop *loop;
struct side sides[SIDES_MAX];
int side_count;
bool sides_echo;
struct buf logged;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;

void side_on_closed(struct stream *s)
{
    struct side *side = s->owner;
    side->s = NULL;
    side->closes++;
}

static size_t side_on_read(struct stream *s, const uint8_t *data, size_t len)
{
    struct side *side = s->owner;
    size_t used = len < side->take ? len : side->take;
    if (side->keep) buf_append(&side->got, data, used);
    if (side->echo) stream_write(s, data, used);
    return used;
}

static void side_on_writable(struct stream *s)
{
    ((struct side *)s->owner)->writables++;
}

static void side_on_end(struct stream *s, int rc)
{
    struct side *side = s->owner;
    side->ends++;
    side->end_rc = rc;
}

const struct stream_cbs side_cbs = { side_on_read, side_on_writable, side_on_end };

void on_accept(struct listener *listener, struct stream *s, void *arg)
{
    assert_true(side_count < SIDES_MAX);
    struct side *side = &sides[side_count++];
    *side = (struct side){ .s = s, .take = SIZE_MAX, .keep = true, .echo = sides_echo };
    side->peer = s->peer;
    if (s->peer.tls) side->tls = *s->peer.tls;
    side->tls.cert_der = NULL;
    s->owner = side;
    s->cbs = &side_cbs;
}

int net_set_up(void **state)
{
    side_count = 0;
    sides_echo = false;
    return loop_create(&loop, NULL);
}

static bool all_closed(void)
{
    for (int i = 0; i < side_count; i++)
        if (sides[i].s) return false;
    return true;
}

int net_tear_down(void **state)
{
    for (int i = 0; i < side_count; i++)
        if (sides[i].s) stream_close(sides[i].s, false, side_on_closed);
    AWAIT(all_closed());
    for (int i = 0; i < side_count; i++) {
        assert_int_equal(sides[i].closes, 1);
        buf_deinit(&sides[i].got);
    }
    loop_destroy(loop);
    log_set_sink(NULL);
    buf_deinit(&logged);
    return 0;
}

struct listener *open_local(const struct listener_opts *opts)
{
    struct listener_opts local = opts ? *opts : (struct listener_opts){ 0 };
    struct listener *listener = NULL;
    struct diag diag = DIAG_INIT;
    if (!local.name) local.name = "test";
    if (!local.path && !local.address) local.address = "127.0.0.1";
    int rc = listener_open(&listener, loop, &local, on_accept, &diag);
    if (rc < 0) fail_msg("%s", diag_text(&diag, rc));
    return listener;
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

void close_listener(struct listener *listener)
{
    bool closed = false;
    listener_close(listener, set_true, &closed);
    assert_false(closed);
    AWAIT(closed);
}

void quiet(void)
{
    for (int i = 0; loop_turn(loop); i++)
        assert_true(i < 100000);
}

static int connected(int fd, const void *address, socklen_t len)
{
    assert_true(fd >= 0);
    if (connect(fd, address, len) < 0 && errno != EINPROGRESS)
        fail_msg("connect: %s", strerror(errno));
    return fd;
}

int client_connect(uint16_t port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    return connected(fd, &in, sizeof in);
}

int client_connect_unix(const char *path)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    return connected(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), &un,
                     sizeof un);
}

void client_write(int fd, const void *data, size_t len)
{
    const char *at = data;
    for (int turns = 0; len > 0; turns++) {
        assert_true(turns < 100000);
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            loop_turn_wait(loop, 1);
            continue;
        }
        if (sent < 0) fail_msg("send: %s", strerror(errno));
        at += sent;
        len -= (size_t)sent;
    }
}

bool client_read(int fd, struct buf *ret_got)
{
    for (;;) {
        char block[16384];
        ssize_t got = recv(fd, block, sizeof block, 0);
        if (got == 0) return false;
        if (got < 0) return errno == EAGAIN;
        buf_append(ret_got, block, (size_t)got);
    }
}

bool client_await_end(int fd, struct buf *ret_got)
{
    AWAIT(!client_read(fd, ret_got));
    return errno == ECONNRESET;
}

static void keep_line(const char *line, size_t len)
{
    pthread_mutex_lock(&log_mutex);
    buf_append(&logged, line, len);
    pthread_mutex_unlock(&log_mutex);
}

void log_capture(void)
{
    log_set_sink(keep_line);
}
