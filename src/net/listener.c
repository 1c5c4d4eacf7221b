/* listener.c — accepts connections and brings them to the point where bytes can be read.
 *
 *  bind ─► accept ─► over a limit: close ─► [PROXY header] ─► plain: on_accept ·  TLS: handshake ─► on_accept
 *
 *  I1  At most ACCEPT_BATCH connections are accepted in a turn, so a storm of connects does not keep
 *      those who are in from being served.
 *  I2  When the system has no descriptor left, accepting stops for a while that doubles: the
 *      pending connection would make the poll return at once for ever.
 *      While TLS handshakes wait for a worker, a listener with TLS does not accept either: nobody is refused for
 *      a storm, and what it takes is bounded.
 *  I3  The listener's memory lives until it is closed and its last handshake or wait for a header is gone;
 *      established connections hold only the gauge.
 *  I4  A socket file is replaced only when nobody listens on it, and removed only when it is still
 *      the one that we made. */
#include "net/listener.h"

#include "base/budget.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "loop/loop.h"
#include "net/proxy_priv.h"
#include "net/tcp_priv.h"
#include "net/tls_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    ACCEPT_BATCH = 64,
    BACKLOG = 1024,
    HANDSHAKE_MS = 10000,
    PAUSE_MIN_MS = 100,
    PAUSE_MAX_MS = 2000,
    LOCAL_RESERVE = 16, /* connections which Unix sockets may have above the limit */
};

/* What comes in a second while limits.memory is reached: among them may be the client whose messages fill it. */
static const struct bucket_limit lean = { .rate = 10, .burst = 1 };

struct listener {
    struct loop_fd watch;
    struct loop_task gone;
    struct loop *loop;
    struct net *net;
    struct listener_opts opts;
    listener_accept_cb on_accept;
    struct list handshakes;
    struct list headers;  /* connections whose PROXY header has not come */
    size_t pending_count; /* of both */
    struct bucket lean;
    struct loop_timer pause; /* runs while the system has no descriptors */
    struct net_held held;    /* linked while handshakes wait for a worker */
    int64_t pause_ms;
    struct log_pace pauses, refusals, strangers;
    uint16_t port;
    bool closing;
    bool closed;
    struct stat file; /* of the Unix socket */
    void (*on_closed)(void *arg);
    void *on_closed_arg;
};

/* ---- addresses ---- */

struct where {
    struct sockaddr_storage address;
    socklen_t len;
    bool any6; /* "::", which serves IPv4 too */
    char text[128];
};

/* "fe80::1%eth0" */
static bool parse_ip6(const char *text, struct sockaddr_in6 *ret_in6)
{
    char host[INET6_ADDRSTRLEN];
    const char *zone = strchr(text, '%');
    size_t len = zone ? (size_t)(zone - text) : strlen(text);
    if (len >= sizeof host) return false;
    memcpy(host, text, len);
    host[len] = '\0';
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) != 1) return false;
    if (zone) {
        in6.sin6_scope_id = if_nametoindex(zone + 1);
        if (in6.sin6_scope_id == 0) return false;
    }
    *ret_in6 = in6;
    return true;
}

static int parse_ip(const char *text, uint16_t port, struct where *ret_where, struct diag *diag)
{
    struct where where = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)&where.address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&where.address;
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        where.len = sizeof *in;
        snprintf(where.text, sizeof where.text, "%s:%u", text, port);
    } else if (parse_ip6(text, in6)) {
        in6->sin6_port = htons(port);
        where.len = sizeof *in6;
        where.any6 = IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
        snprintf(where.text, sizeof where.text, "[%s]:%u", text, port);
    } else {
        return diag_set(diag, ERR_INVALID, "'%s' is no numeric IPv4 or IPv6 address of this host",
                        text);
    }
    *ret_where = where;
    return 0;
}

static int cannot_listen(struct diag *diag, int rc, const char *where)
{
    return diag_set(diag, rc, "cannot listen on %s: %s", where, err_text(rc));
}

static void set_flag(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof value);
}

/* Returns the socket, or a negative code. */
static int bind_ip(const struct where *where)
{
    int family = where->address.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    tcp_tune(fd);
    if (family == AF_INET6) set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, !where->any6);
    if (bind(fd, (const struct sockaddr *)&where->address, where->len) == 0) return fd;
    int rc = -errno;
    close(fd);
    return rc;
}

static bool lacks_ip6(int rc)
{
    return rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL;
}

static int open_ip(const struct listener_opts *opts, struct diag *diag)
{
    struct where where = { 0 };
    int rc = parse_ip(opts->address, opts->port, &where, diag);
    if (rc < 0) return rc;
    int fd = bind_ip(&where);
    if (where.any6 && lacks_ip6(fd)) {
        struct where any4 = { 0 };
        parse_ip("0.0.0.0", opts->port, &any4, NULL);
        LOG(LOG_INFO, "net", "no IPv6 here, listening on IPv4 only", LOG_S("listener", opts->name));
        fd = bind_ip(&any4);
    }
    if (fd >= 0 && listen(fd, opts->backlog > 0 ? opts->backlog : BACKLOG) < 0) {
        rc = -errno;
        close(fd);
        return cannot_listen(diag, rc, where.text);
    }
    return fd >= 0 ? fd : cannot_listen(diag, fd, where.text);
}

/* ---- Unix sockets ---- */

static int connect_rc(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int rc = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? -errno : 0;
    close(fd);
    return rc;
}

static int clear_stale(const struct sockaddr_un *address, struct diag *diag)
{
    const char *path = address->sun_path;
    struct stat st;
    if (lstat(path, &st) < 0) return 0; /* bind will tell what is wrong, if anything is */
    if (!S_ISSOCK(st.st_mode))
        return diag_set(diag, -EEXIST, "cannot listen on %s: it exists and is no socket", path);
    if (connect_rc(address) != -ECONNREFUSED)
        return diag_set(diag, -EADDRINUSE, "cannot listen on %s: another process listens on it",
                        path);
    return unlink(path) < 0 ? cannot_listen(diag, -errno, path) : 0;
}

/* Between bind and listen nobody can connect: the mode is right before the first could. */
static int bind_unix(int fd, const struct sockaddr_un *address, int backlog, struct stat *ret_file)
{
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0) return -errno;
    if (chmod(address->sun_path, 0600) == 0 && listen(fd, backlog > 0 ? backlog : BACKLOG) == 0 &&
        lstat(address->sun_path, ret_file) == 0)
        return 0;
    int rc = -errno;
    unlink(address->sun_path);
    return rc;
}

static int open_unix(const struct listener_opts *opts, struct stat *ret_file, struct diag *diag)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(opts->path);
    if (len == 0 || len >= sizeof address.sun_path)
        return diag_set(
            diag, -ENAMETOOLONG,
            "cannot listen on %s: the path of a socket has 1 to %zu bytes, this has %zu",
            opts->path, sizeof address.sun_path - 1, len);
    memcpy(address.sun_path, opts->path, len);
    int rc = clear_stale(&address, diag);
    if (rc < 0) return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    rc = fd < 0 ? -errno : bind_unix(fd, &address, opts->backlog, ret_file);
    if (rc == 0) return fd;
    if (fd >= 0) close(fd);
    return cannot_listen(diag, rc, opts->path);
}

static void remove_file(struct listener *l)
{
    struct stat st;
    if (!l->opts.path || lstat(l->opts.path, &st) < 0) return;
    if (st.st_ino == l->file.st_ino && st.st_dev == l->file.st_dev) unlink(l->opts.path);
}

/* ---- accepting ---- */

static void hand_over(struct listener *l, struct stream *s)
{
    l->on_accept(l, s, l->opts.arg);
    if (!s->cbs && !s->closing) BUG("listener '%s': nobody took the connection", l->opts.name);
}

static void free_when_idle(struct listener *l)
{
    if (!l->closed || l->pending_count) return;
    if (l->on_closed) l->on_closed(l->on_closed_arg);
    net_unref(l->net);
    free((char *)l->opts.path);
    free((void *)l->opts.proxy_trusted);
    free(l);
}

static void on_tls_ready(struct stream *s, void *arg)
{
    struct listener *l = arg;
    l->pending_count--;
    hand_over(l, s);
}

static void on_pending_gone(void *arg)
{
    struct listener *l = arg;
    l->pending_count--;
    free_when_idle(l);
}

static void on_pending_refused(const struct stream_peer *peer, const char *why, void *arg)
{
    struct listener *l = arg;
    if (l->opts.on_refused) l->opts.on_refused(l->opts.arg, peer->address, why);
}

static int64_t timeout_of(const struct listener *l)
{
    return l->opts.handshake_timeout_ms > 0 ? l->opts.handshake_timeout_ms : HANDSHAKE_MS;
}

static void begin_tls(struct listener *l, struct stream *s)
{
    struct tls_accept_opts opts = {
        .server = l->opts.tls,
        .lane = l->opts.lane,
        .name = l->opts.name,
        .timeout_ms = timeout_of(l),
        .all = &l->handshakes,
        .on_ready = on_tls_ready,
        .on_gone = on_pending_gone,
        .on_refused = on_pending_refused,
        .arg = l,
    };
    l->pending_count++;
    tls_accept(s, &opts);
}

/* To whom it may concern, as often as the log is. */
static void tell_refused(struct listener *l, const struct sockaddr_storage *from, const char *limit)
{
    char address[48], why[80];
    uint16_t port;
    if (!l->opts.on_refused) return;
    tcp_address_print(from, address, &port);
    snprintf(why, sizeof why, "closed: the limit is reached (see %s)", limit);
    l->opts.on_refused(l->opts.arg, address, why);
}

static void refuse(struct listener *l, int fd, const struct sockaddr_storage *from, const char *why,
                   int64_t limit)
{
    close(fd);
    metrics_inc(METRIC_CONNECTIONS_REFUSED);
    int64_t refused = log_pace(&l->refusals, SECONDS(1), loop_now(l->loop));
    if (!refused) return;
    LOG(LOG_WARN, "net", "connections refused, the limit is reached",
        LOG_S("listener", l->opts.name), LOG_S("of", why), LOG_I("limit", limit),
        LOG_I("refused", refused));
    tell_refused(l, from, why);
}

/* A flood from the network must not keep out who could end it. */
static bool is_full(const struct listener *l)
{
    size_t reserve = l->opts.path ? LOCAL_RESERVE : 0;
    return l->opts.max_connections && l->net->gauge->count >= l->opts.max_connections + reserve;
}

static void complain_of_address(struct listener *l, struct admission_address *address,
                                const struct sockaddr_storage *from, const char *why)
{
    metrics_inc(METRIC_CONNECTIONS_REFUSED);
    metrics_inc(METRIC_ADDRESS_REFUSED);
    int64_t refused = admission_complain(address, loop_now(l->loop));
    if (!refused) return;
    LOG(LOG_WARN, "net", "connections refused, an address has reached its limit",
        LOG_S("listener", l->opts.name), LOG_S("address", admission_address_text(address)),
        LOG_S("of", why), LOG_I("refused", refused));
    tell_refused(l, from, why);
}

/* True when one more may come from there; ret_address is to be left when it ends. */
static bool admit(struct listener *l, const struct sockaddr_storage *from, bool loopback_too,
                  struct admission_address **ret_address)
{
    struct admission_limits limits = l->opts.admission;
    limits.loopback_too |= loopback_too;
    const char *why =
        admission_enter(l->net->admission, from, &limits, loop_now(l->loop), ret_address);
    if (!why) return true;
    complain_of_address(l, *ret_address, from, why);
    return false;
}

static void begin(struct listener *l, struct stream *s)
{
    if (l->opts.tls)
        begin_tls(l, s);
    else
        hand_over(l, s);
}

/* The client counts from here on. A header that names a loopback address spares nobody. */
static void on_header(struct stream *s, const struct sockaddr_storage *from, bool named, void *arg)
{
    struct listener *l = arg;
    struct admission_address *address;
    l->pending_count--;
    if (!admit(l, from, named, &address)) {
        stream_close(s, false, NULL);
        return;
    }
    tcp_stream_set_from(s, address);
    begin(l, s);
}

static void await_header(struct listener *l, struct stream *s, const struct sockaddr_storage *from)
{
    struct proxy_accept_opts opts = {
        .name = l->opts.name,
        .timeout_ms = timeout_of(l),
        .all = &l->headers,
        .on_ready = on_header,
        .on_gone = on_pending_gone,
        .on_refused = on_pending_refused,
        .arg = l,
    };
    l->pending_count++;
    proxy_accept(s, from, &opts);
}

static void refuse_stranger(struct listener *l, int fd, const struct sockaddr_storage *from)
{
    char address[48];
    uint16_t port;
    close(fd);
    metrics_inc(METRIC_PROXY_REFUSED);
    int64_t refused = log_pace(&l->strangers, SECONDS(1), loop_now(l->loop));
    if (!refused) return;
    tcp_address_print(from, address, &port);
    LOG(LOG_WARN, "net", "connections refused, their address is not in proxy_trusted",
        LOG_S("listener", l->opts.name), LOG_S("address", address), LOG_I("refused", refused));
}

static bool is_stranger(const struct listener *l, const struct sockaddr_storage *from)
{
    return l->opts.proxy_protocol &&
           !ip_nets_have(l->opts.proxy_trusted, l->opts.proxy_trusted_count, from);
}

static void welcome(struct listener *l, int fd, const struct sockaddr_storage *from)
{
    struct admission_address *address = NULL;
    if (is_stranger(l, from)) {
        refuse_stranger(l, fd, from);
        return;
    }
    if (is_full(l)) {
        refuse(l, fd, from, "limits.connections", (int64_t)l->opts.max_connections);
        return;
    }
    if (budget_over() && !l->opts.path && bucket_take(&l->lean, lean, loop_now(l->loop)) > 0) {
        refuse(l, fd, from, "limits.memory", (int64_t)budget_limit());
        return;
    }
    if (!l->opts.proxy_protocol && !admit(l, from, false, &address)) {
        close(fd);
        return;
    }
    struct stream *s = tcp_stream_create(l->loop, fd, from, l->net->gauge);
    tcp_stream_set_from(s, address);
    if (l->opts.proxy_protocol)
        await_header(l, s, from);
    else
        begin(l, s);
    if (!s->closing) tcp_stream_start(s);
}

static void on_pause_over(struct loop_timer *timer)
{
    struct listener *l = container_of(timer, struct listener, pause);
    if (loop_fd_watch(&l->watch, LOOP_READ) < 0) loop_timer_start(timer, PAUSE_MAX_MS);
}

/* Where one connection goes and the next takes its descriptor, each acceptance ends a pause: so the log
 * has its own measure. */
static void pause_accepting(struct listener *l, int rc)
{
    metrics_inc(METRIC_ACCEPT_PAUSES);
    if (log_pace(&l->pauses, MINUTES(1), loop_now(l->loop)))
        LOG(LOG_ERROR, "net", "cannot accept connections, trying again and again",
            LOG_S("listener", l->opts.name), LOG_ERR(rc),
            LOG_I("pauses", metrics_get(METRIC_ACCEPT_PAUSES)));
    l->pause_ms = l->pause_ms ? l->pause_ms * 2 : PAUSE_MIN_MS;
    if (l->pause_ms > PAUSE_MAX_MS) l->pause_ms = PAUSE_MAX_MS;
    loop_fd_watch(&l->watch, 0);
    loop_timer_start(&l->pause, l->pause_ms);
}

/* accept(2): errors of the connection, not of the listener. */
static bool is_passing(int code)
{
    switch (code) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
        return true;
    default:
        return false;
    }
}

static void on_room(struct net_held *held)
{
    struct listener *l = container_of(held, struct listener, held);
    if (!loop_timer_active(&l->pause) && loop_fd_watch(&l->watch, LOOP_READ) < 0)
        loop_timer_start(&l->pause, PAUSE_MAX_MS);
}

/* True when nobody is to be accepted now. */
static bool hold(struct listener *l)
{
    if (!l->opts.tls || list_empty(&l->net->tls_waiting)) return false;
    list_remove(&l->held.link);
    list_push_back(&l->net->tls_held, &l->held.link);
    loop_fd_watch(&l->watch, 0);
    return true;
}

static void on_connection(struct loop_fd *watch, int events)
{
    struct listener *l = container_of(watch, struct listener, watch);
    loop_event(l->loop);
    if (events & LOOP_FAILED) { /* it is not watched any more: look again in a while */
        pause_accepting(l, -EIO);
        return;
    }
    for (int i = 0; i < ACCEPT_BATCH && !l->closing && !hold(l); i++) {
        struct sockaddr_storage from = { 0 };
        socklen_t len = sizeof from;
        int fd = accept4(l->watch.fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            l->pause_ms = 0;
            welcome(l, fd, &from);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (!is_passing(errno)) {
            pause_accepting(l, -errno);
            return;
        }
    }
}

/* ---- life ---- */

static void on_gone(struct loop_task *task)
{
    struct listener *l = container_of(task, struct listener, gone);
    l->closed = true;
    free_when_idle(l);
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t len = sizeof address;
    char text[48];
    uint16_t port = 0;
    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0)
        tcp_address_print(&address, text, &port);
    return port;
}

int listener_open(struct listener **ret_listener, struct loop *loop,
                  const struct listener_opts *opts, listener_accept_cb on_accept, struct diag *diag)
{
    struct stat file = { 0 };
    if (opts->tls && !opts->lane) BUG("listener '%s' has TLS and no lane", opts->name);
    if (opts->proxy_protocol && opts->path) BUG("listener '%s': no PROXY header here", opts->name);
    int fd = opts->path ? open_unix(opts, &file, diag) : open_ip(opts, diag);
    if (fd < 0) return fd;
    struct listener *l = xnew(struct listener);
    loop_fd_init(&l->watch, loop, fd, on_connection);
    loop_task_init(&l->gone, on_gone);
    l->file = file;
    l->loop = loop;
    l->opts = *opts;
    l->opts.path = opts->path ? xstrdup(opts->path) : NULL;
    l->opts.address = NULL;
    l->on_accept = on_accept;
    l->port = bound_port(fd);
    int rc = loop_fd_watch(&l->watch, LOOP_READ);
    if (rc < 0) {
        remove_file(l);
        loop_fd_close(&l->watch);
        free((char *)l->opts.path);
        free(l);
        return diag_set(diag, rc, "cannot watch a socket: %s", err_text(rc));
    }
    if (l->opts.tls) tls_server_ref(l->opts.tls);
    size_t trusted_size = opts->proxy_trusted_count * sizeof *opts->proxy_trusted;
    l->opts.proxy_trusted = trusted_size ? xmemdup(opts->proxy_trusted, trusted_size) : NULL;
    l->net = net_ref(loop);
    list_init(&l->handshakes);
    list_init(&l->headers);
    loop_timer_init(&l->pause, loop, on_pause_over);
    list_init(&l->held.link);
    l->held.resume = on_room;
    *ret_listener = l;
    return 0;
}

uint16_t listener_port(const struct listener *listener)
{
    return listener->port;
}

const char *listener_name(const struct listener *listener)
{
    return listener->opts.name;
}

void listener_set_tls(struct listener *listener, struct tls_server *tls)
{
    tls_server_ref(tls);
    tls_server_unref(listener->opts.tls);
    listener->opts.tls = tls;
}

void listener_set_admission(struct listener *listener, const struct admission_limits *limits)
{
    listener->opts.admission = *limits;
}

void listener_close(struct listener *listener, void (*cb)(void *arg), void *arg)
{
    if (!listener || listener->closing) return;
    listener->closing = true;
    listener->on_closed = cb;
    listener->on_closed_arg = arg;
    loop_timer_stop(&listener->pause);
    list_remove(&listener->held.link);
    loop_fd_close(&listener->watch);
    loop_defer(listener->loop, &listener->gone);
    remove_file(listener);
    while (!list_empty(&listener->headers))
        proxy_accept_abort(listener->headers.next);
    while (!list_empty(&listener->handshakes))
        tls_accept_abort(listener->handshakes.next);
    tls_server_unref(listener->opts.tls);
    listener->opts.tls = NULL;
}
