/* Unit tests of TCP and Unix sockets and of the listener, over the loopback of the machine. */
#include "net_tests.h"

#include "base/budget.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void random_sizes_are_echoed(void **state)
{
    uint64_t seed = 3;
    struct buf sent = { 0 }, got = { 0 };
    sides_echo = true;
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    for (int i = 0; i < 300; i++) {
        uint8_t block[30000];
        size_t len = 1 + rand_fake_below(&seed, i % 7 ? 400 : sizeof block);
        for (size_t k = 0; k < len; k++)
            block[k] = (uint8_t)rand_fake_below(&seed, 256);
        buf_append(&sent, block, len);
        client_write(fd, block, len);
        if (i % 3 == 0) loop_turn(loop);
        assert_true(client_read(fd, &got));
    }
    AWAIT(client_read(fd, &got) && got.len >= sent.len);
    assert_int_equal(got.len, sent.len);
    assert_memory_equal(got.data, sent.data, sent.len);
    assert_int_equal(stream_pending(sides[0].s), 0);
    close(fd);
    close_listener(l);
    buf_deinit(&sent);
    buf_deinit(&got);
}

static void the_peer_has_names(void **state)
{
    struct listener *l = open_local(NULL);
    struct sockaddr_in own;
    socklen_t len = sizeof own;
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    getsockname(fd, (struct sockaddr *)&own, &len);
    struct stream_peer *peer = &sides[0].peer;
    assert_int_equal(peer->kind, STREAM_TCP);
    assert_true(peer->loopback);
    assert_false(peer->tls);
    assert_string_equal(peer->address, "127.0.0.1");
    assert_int_equal(peer->port, ntohs(own.sin_port));
    assert_string_equal(listener_name(l), "test");
    close(fd);
    close_listener(l);
}

static void half_close_ends_reading_but_not_writing(void **state)
{
    struct buf got = { 0 };
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    client_write(fd, "question", 8);
    shutdown(fd, SHUT_WR);
    AWAIT(side_count == 1 && sides[0].ends == 1);
    assert_int_equal(sides[0].end_rc, 0);
    assert_string_equal(buf_str(&sides[0].got), "question");
    stream_write(sides[0].s, "answer", 6);
    stream_close(sides[0].s, true, side_on_closed);
    assert_false(client_await_end(fd, &got));
    assert_string_equal(buf_str(&got), "answer");
    close(fd);
    close_listener(l);
    buf_deinit(&got);
}

static void reset(int fd)
{
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}

static void a_reset_is_an_error(void **state)
{
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    reset(fd);
    AWAIT(sides[0].ends == 1);
    assert_int_equal(sides[0].end_rc, -ECONNRESET);
    quiet();
    assert_int_equal(sides[0].ends, 1);
    close_listener(l);
}

static void writing_to_a_reset_connection_ends_it_once(void **state)
{
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    reset(fd);
    stream_write(sides[0].s, "x", 1);
    stream_flush(sides[0].s);
    stream_write(sides[0].s, "y", 1);
    AWAIT(sides[0].ends == 1);
    assert_true(sides[0].end_rc < 0);
    stream_write(sides[0].s, "z", 1);
    quiet();
    assert_int_equal(stream_pending(sides[0].s), 0);
    assert_int_equal(sides[0].ends, 1);
    close_listener(l);
}

/* What the peer said before it left is heard, though we have written to it in vain. */
static void last_words_are_read_after_a_failed_write(void **state)
{
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    stream_pause(sides[0].s);
    client_write(fd, "last words", 10);
    close(fd);
    for (int i = 0; i < 5; i++) {
        stream_write(sides[0].s, "x", 1);
        stream_flush(sides[0].s);
    }
    assert_int_equal(sides[0].ends, 0);
    stream_resume(sides[0].s);
    AWAIT(sides[0].ends == 1);
    assert_string_equal(buf_str(&sides[0].got), "last words");
    assert_int_equal(sides[0].end_rc, -EPIPE);
    close_listener(l);
}

static void a_slow_reader_is_back_pressure(void **state)
{
    static uint8_t block[4096];
    struct buf got = { 0 };
    size_t sent = 0;
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    struct stream *s = sides[0].s;
    stream_set_high_water(s, 200000);
    while (!stream_over_high_water(s)) {
        stream_write(s, block, sizeof block);
        sent += sizeof block;
        if (sent % (32 * sizeof block) == 0) loop_turn(loop);
    }
    quiet();
    assert_int_equal(sides[0].writables, 0);
    assert_true(stream_pending(s) > 100000);
    AWAIT(client_read(fd, &got) && got.len == sent);
    AWAIT(sides[0].writables == 1);
    assert_int_equal(stream_pending(s), 0);
    close(fd);
    close_listener(l);
    buf_deinit(&got);
}

static void many_segments_leave_in_order(void **state)
{
    struct buf got = { 0 };
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    struct chunk *chunk = chunk_create(600);
    memset(chunk->data, '.', 600);
    for (int i = 0; i < 500; i++) {
        char head[16];
        snprintf(head, sizeof head, "%04d", i);
        stream_write(sides[0].s, head, 4);
        stream_write_chunk(sides[0].s, chunk, 0, 600);
    }
    AWAIT(client_read(fd, &got) && got.len == 500 * 604);
    assert_int_equal(chunk->refs, 1);
    for (int i = 0; i < 500; i++) {
        char head[16];
        snprintf(head, sizeof head, "%04d.", i);
        assert_memory_equal(got.data + i * 604, head, 5);
    }
    chunk_unref(chunk);
    close(fd);
    close_listener(l);
    buf_deinit(&got);
}

static void pause_stops_reading_and_resume_goes_on(void **state)
{
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    stream_pause(sides[0].s);
    client_write(fd, "abc", 3);
    quiet();
    assert_int_equal(sides[0].got.len, 0);
    stream_resume(sides[0].s);
    AWAIT(sides[0].got.len == 3);
    close(fd);
    close_listener(l);
}

static void rest_and_limit_hold_over_sockets(void **state)
{
    static char block[5000];
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    sides[0].take = 0;
    stream_set_read_limit(sides[0].s, 8000);
    client_write(fd, block, sizeof block);
    quiet();
    assert_int_equal(sides[0].ends, 0);
    client_write(fd, block, sizeof block);
    AWAIT(sides[0].ends == 1);
    assert_int_equal(sides[0].end_rc, ERR_TOO_LARGE);
    close(fd);
    close_listener(l);
}

static void a_lingering_close_writes_everything(void **state)
{
    static uint8_t block[3000000];
    struct buf got = { 0 };
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    client_write(fd, "unread input would make a reset", 31);
    stream_pause(sides[0].s);
    stream_write(sides[0].s, block, sizeof block);
    stream_close(sides[0].s, true, side_on_closed);
    quiet();
    assert_int_equal(sides[0].closes, 0);
    client_write(fd, "and more", 8);
    assert_false(client_await_end(fd, &got));
    assert_int_equal(got.len, sizeof block);
    close(fd);
    AWAIT(sides[0].closes == 1);
    close_listener(l);
    buf_deinit(&got);
}

static void a_peer_that_never_closes_does_not_hold_a_lingering_close(void **state)
{
    clock_fake_install();
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    stream_close(sides[0].s, true, side_on_closed);
    quiet();
    assert_int_equal(sides[0].closes, 0);
    clock_fake_advance(SECONDS(1));
    quiet();
    assert_int_equal(sides[0].closes, 1);
    close(fd);
    close_listener(l);
    clock_fake_remove();
}

static void a_peer_that_never_reads_is_dropped_after_five_seconds(void **state)
{
    static uint8_t block[8000000];
    clock_fake_install();
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    stream_write(sides[0].s, block, sizeof block);
    stream_close(sides[0].s, true, side_on_closed);
    quiet();
    clock_fake_advance(4999);
    quiet();
    assert_int_equal(sides[0].closes, 0);
    clock_fake_advance(1);
    quiet();
    assert_int_equal(sides[0].closes, 1);
    close(fd);
    close_listener(l);
    clock_fake_remove();
}

static void sockets_have_nodelay_and_end_with_their_peer(void **state)
{
    struct listener *l = open_local(NULL);
    int64_t before = metrics_get(METRIC_CONNECTIONS);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    assert_int_equal(metrics_get(METRIC_CONNECTIONS), before + 1);
    /* The accepted socket is the newest descriptor of this process. */
    int value = 0, found = 0;
    socklen_t len = sizeof value;
    for (int i = fd + 1; i < fd + 10; i++)
        if (getsockopt(i, IPPROTO_TCP, TCP_NODELAY, &value, &len) == 0 && value) {
            found++;
            getsockopt(i, SOL_SOCKET, SO_KEEPALIVE, &value, &len);
            assert_int_equal(value, 1);
            getsockopt(i, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &len);
            assert_int_equal(value, 240000);
        }
    assert_int_equal(found, 1);
    close(fd);
    stream_close(sides[0].s, false, side_on_closed);
    AWAIT(sides[0].closes == 1);
    assert_int_equal(metrics_get(METRIC_CONNECTIONS), before);
    close_listener(l);
}

/* ---- the listener ---- */

static void both_families_reach_the_dual_stack(void **state)
{
    struct listener *l = open_local(&(struct listener_opts){ .address = "::" });
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    assert_string_equal(sides[0].peer.address, "127.0.0.1");
    assert_true(sides[0].peer.loopback);
    close(fd);
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(listener_port(l)) };
    in6.sin6_addr = in6addr_loopback;
    int fd6 = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd6 >= 0 && connect(fd6, (struct sockaddr *)&in6, sizeof in6) == 0) {
        AWAIT(side_count == 2);
        assert_string_equal(sides[1].peer.address, "::1");
        assert_true(sides[1].peer.loopback);
    }
    if (fd6 >= 0) close(fd6);
    close_listener(l);
}

static int try_open(const struct listener_opts *opts, struct diag *diag)
{
    struct listener *l = NULL;
    int rc = listener_open(&l, loop, opts, on_accept, diag);
    if (rc == 0) close_listener(l);
    return rc;
}

static void errors_name_the_address_and_the_reason(void **state)
{
    struct diag diag = DIAG_INIT;
    char want[64];
    struct listener *l = open_local(NULL);
    struct listener_opts taken = { .name = "t", .address = "127.0.0.1" };
    taken.port = listener_port(l);
    assert_int_equal(try_open(&taken, &diag), -EADDRINUSE);
    snprintf(want, sizeof want, "127.0.0.1:%u", taken.port);
    assert_non_null(strstr(diag.text, want));
    assert_non_null(strstr(diag.text, strerror(EADDRINUSE)));
    close_listener(l);
    assert_int_equal(try_open(&taken, &diag), 0);

    static const char *const bad[] = { "localhost",
                                       "",
                                       "1.2.3",
                                       "::1::2",
                                       "fe80::1%nonsense",
                                       "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        diag = (struct diag)DIAG_INIT;
        assert_int_equal(try_open(&(struct listener_opts){ .name = "t", .address = bad[i] }, &diag),
                         ERR_INVALID);
        assert_non_null(strstr(diag.text, bad[i]));
    }
    assert_int_equal(
        try_open(&(struct listener_opts){ .name = "t", .address = "192.0.2.1" }, &diag),
        -EADDRNOTAVAIL);
    assert_non_null(strstr(diag.text, "192.0.2.1:0"));
}

static void without_memory_connections_are_closed(void **state)
{
    struct buf got = { 0 };
    struct chunk *chunk = chunk_create(2000);
    struct listener *l = open_local(NULL);
    int64_t before = metrics_get(METRIC_CONNECTIONS_REFUSED);
    log_capture();
    budget_set_limit(1000);
    clock_fake_install();
    int lucky = client_connect(listener_port(l)); /* a few may come in: one may be who frees it */
    int fd = client_connect(listener_port(l));
    client_await_end(fd, &got);
    assert_int_equal(side_count, 1);
    assert_int_equal(metrics_get(METRIC_CONNECTIONS_REFUSED), before + 1);
    assert_non_null(strstr(buf_str(&logged), "of=limits.memory limit=1000"));
    clock_fake_advance(100);
    int next = client_connect(listener_port(l));
    AWAIT(side_count == 2);
    chunk_unref(chunk);
    int again = client_connect(listener_port(l));
    AWAIT(side_count == 3);
    budget_set_limit(0);
    clock_fake_remove();
    close(lucky);
    close(next);
    close(fd);
    close(again);
    close_listener(l);
    buf_deinit(&got);
}

/* listener_opts.on_refused: arg is a buf of "address: why" lines. */
static void note_refused(void *arg, const char *address, const char *why)
{
    buf_printf(arg, "%s: %s\n", address, why);
}

#define TOLD(limit) "127.0.0.1: closed: the limit is reached (see " limit ")\n"

static void above_the_limit_connections_are_closed(void **state)
{
    struct buf got = { 0 }, told = { 0 };
    clock_fake_install();
    struct listener *l = open_local(
        &(struct listener_opts){ .max_connections = 2, .on_refused = note_refused, .arg = &told });
    int64_t before = metrics_get(METRIC_CONNECTIONS_REFUSED);
    int fds[3];
    log_capture();
    for (int i = 0; i < 3; i++)
        fds[i] = client_connect(listener_port(l));
    client_await_end(fds[2], &got);
    assert_int_equal(side_count, 2);
    assert_int_equal(metrics_get(METRIC_CONNECTIONS_REFUSED), before + 1);
    assert_non_null(strstr(buf_str(&logged), "limit=2"));
    int fourth = client_connect(listener_port(l));
    client_await_end(fourth, &got);
    close(fourth);
    assert_string_equal(buf_str(&told), TOLD("limits.connections")); /* once a second */
    stream_close(sides[0].s, false, side_on_closed);
    AWAIT(sides[0].closes == 1);
    int again = client_connect(listener_port(l));
    AWAIT(side_count == 3);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    close(again);
    close_listener(l);
    clock_fake_remove();
    buf_deinit(&told);
    buf_deinit(&got);
}

static void connections_outlive_their_listener(void **state)
{
    struct buf got = { 0 };
    sides_echo = true;
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    AWAIT(side_count == 1);
    close_listener(l);
    client_write(fd, "still here", 10);
    AWAIT(client_read(fd, &got) && got.len == 10);
    close(fd);
    buf_deinit(&got);
}

static void an_address_above_its_limits(void **state)
{
    struct buf got = { 0 }, told = { 0 };
    clock_fake_install();
    log_capture();
    struct listener *l =
        open_local(&(struct listener_opts){ .admission = { .connections = 2, .loopback_too = true },
                                            .on_refused = note_refused,
                                            .arg = &told });
    int64_t refused = metrics_get(METRIC_ADDRESS_REFUSED);
    int fds[8];
    for (int i = 0; i < 3; i++)
        fds[i] = client_connect(listener_port(l));
    client_await_end(fds[2], &got);
    assert_int_equal(side_count, 2);
    assert_int_equal(metrics_get(METRIC_ADDRESS_REFUSED), refused + 1);
    assert_non_null(
        strstr(buf_str(&logged), "address=127.0.0.1 of=limits.connections_per_address"));
    stream_close(sides[0].s, false, side_on_closed); /* gives its place back */
    AWAIT(sides[0].closes == 1);
    fds[3] = client_connect(listener_port(l));
    AWAIT(side_count == 3);

    listener_set_admission(
        l, &(struct admission_limits){ .rate = { .rate = 1, .burst = 2 }, .loopback_too = true });
    clock_fake_advance(MINUTES(1));
    for (int i = 4; i < 7; i++)
        fds[i] = client_connect(listener_port(l));
    client_await_end(fds[6], &got);
    assert_int_equal(side_count, 5);
    assert_non_null(strstr(buf_str(&logged), "of=limits.connect_rate refused=1"));
    assert_string_equal(buf_str(&told),
                        TOLD("limits.connections_per_address") TOLD("limits.connect_rate"));
    clock_fake_advance(1000);
    fds[7] = client_connect(listener_port(l));
    AWAIT(side_count == 6);
    listener_set_admission(l,
                           &(struct admission_limits){ .connections = 1 }); /* loopback: spared */
    int free_one = client_connect(listener_port(l));
    AWAIT(side_count == 7);
    close(free_one);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    close_listener(l);
    clock_fake_remove();
    buf_deinit(&told);
    buf_deinit(&got);
}

static void out_of_descriptors_accepting_waits(void **state)
{
    struct rlimit old, low;
    int fill[512], count = 0;
    clock_fake_install();
    log_capture();
    struct listener *l = open_local(NULL);
    int fd = client_connect(listener_port(l));
    getrlimit(RLIMIT_NOFILE, &old);
    low = old;
    low.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &low);
    while (count < 512 && (fill[count] = open("/dev/null", O_RDONLY)) >= 0)
        count++;
    quiet();
    assert_int_equal(side_count, 0);
    assert_non_null(strstr(buf_str(&logged), "cannot accept"));
    clock_fake_advance(100);
    quiet();
    assert_int_equal(side_count, 0);
    while (count > 0)
        close(fill[--count]);
    setrlimit(RLIMIT_NOFILE, &old);
    clock_fake_advance(199);
    quiet();
    assert_int_equal(side_count, 0);
    clock_fake_advance(1);
    AWAIT(side_count == 1);
    close(fd);
    close_listener(l);
    clock_fake_remove();
}

static void refuse_all(struct listener *l, struct stream *s, void *arg)
{
    stream_close(s, false, NULL);
    (*(int *)arg)++;
    listener_close(l, NULL, NULL);
}

static void stream_and_listener_may_be_closed_in_on_accept(void **state)
{
    struct buf got = { 0 };
    struct listener *l;
    int calls = 0;
    struct listener_opts opts = { .name = "t", .address = "127.0.0.1", .arg = &calls };
    assert_int_equal(listener_open(&l, loop, &opts, refuse_all, NULL), 0);
    uint16_t port = listener_port(l);
    int a = client_connect(port), b = client_connect(port);
    client_await_end(a, &got);
    client_await_end(b, &got);
    assert_int_equal(calls, 1);
    close(a);
    close(b);
    quiet();
    buf_deinit(&got);
}

static void a_storm_of_connections_is_accepted(void **state)
{
    int fds[100];
    struct listener *l = open_local(NULL);
    for (int i = 0; i < 100; i++)
        fds[i] = client_connect(listener_port(l));
    loop_turn(loop);
    assert_true(side_count <= 64);
    AWAIT(side_count == 100);
    for (int i = 0; i < 100; i++)
        close(fds[i]);
    AWAIT(sides[99].ends == 1);
    close_listener(l);
}

/* ---- Unix sockets ---- */

static char directory[] = "/tmp/thingd-net-XXXXXX";
static char path[100];

static int unix_set_up(void **state)
{
    strcpy(directory + sizeof directory - 7, "XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/hub.sock", directory);
    return net_set_up(state);
}

static int unix_tear_down(void **state)
{
    unlink(path);
    assert_int_equal(rmdir(directory), 0);
    return net_tear_down(state);
}

static void a_unix_peer_has_credentials(void **state)
{
    struct stat st;
    struct buf got = { 0 };
    sides_echo = true;
    struct listener *l = open_local(&(struct listener_opts){ .path = path });
    assert_int_equal(listener_port(l), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    int fd = client_connect_unix(path);
    client_write(fd, "hello", 5);
    AWAIT(client_read(fd, &got) && got.len == 5);
    assert_int_equal(sides[0].peer.kind, STREAM_UNIX);
    assert_int_equal(sides[0].peer.uid, getuid());
    assert_int_equal(sides[0].peer.pid, getpid());
    assert_string_equal(sides[0].peer.address, "unix");
    assert_false(sides[0].peer.loopback);
    close(fd);
    close_listener(l);
    assert_int_equal(access(path, F_OK), -1);
    buf_deinit(&got);
}

static void a_stale_socket_is_replaced_a_live_one_is_not(void **state)
{
    struct diag diag = DIAG_INIT;
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&un, sizeof un), 0);
    close(dead);
    struct listener *l = open_local(&(struct listener_opts){ .path = path });
    assert_int_equal(try_open(&(struct listener_opts){ .name = "t", .path = path }, &diag),
                     -EADDRINUSE);
    assert_non_null(strstr(diag.text, path));
    assert_non_null(strstr(diag.text, "another process listens"));
    int fd = client_connect_unix(path);
    AWAIT(side_count >= 1);
    close(fd);
    close_listener(l);
}

static void other_files_and_long_paths_are_errors(void **state)
{
    struct diag diag = DIAG_INIT;
    char deep[200];
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    assert_int_equal(try_open(&(struct listener_opts){ .name = "t", .path = path }, &diag),
                     -EEXIST);
    assert_non_null(strstr(diag.text, "no socket"));
    assert_int_equal(access(path, F_OK), 0);
    memset(deep, 'd', sizeof deep);
    deep[0] = '/';
    deep[150] = '\0';
    assert_int_equal(try_open(&(struct listener_opts){ .name = "t", .path = deep }, &diag),
                     -ENAMETOOLONG);
    assert_non_null(strstr(diag.text, deep));
    assert_non_null(strstr(diag.text, "107"));
    assert_int_equal(
        try_open(&(struct listener_opts){ .name = "t", .path = "/nonexistent/x.sock" }, &diag),
        -ENOENT);
    assert_non_null(strstr(diag.text, "/nonexistent/x.sock"));
}

static void a_file_that_is_not_ours_any_more_is_left(void **state)
{
    struct listener *l = open_local(&(struct listener_opts){ .path = path });
    unlink(path);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    close_listener(l);
    assert_int_equal(access(path, F_OK), 0);
    close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, net_set_up, net_tear_down)
#define U(name) cmocka_unit_test_setup_teardown(name, unix_set_up, unix_tear_down)
    const struct CMUnitTest tests[] = {
        T(random_sizes_are_echoed),
        T(the_peer_has_names),
        T(half_close_ends_reading_but_not_writing),
        T(a_reset_is_an_error),
        T(writing_to_a_reset_connection_ends_it_once),
        T(last_words_are_read_after_a_failed_write),
        T(a_slow_reader_is_back_pressure),
        T(many_segments_leave_in_order),
        T(pause_stops_reading_and_resume_goes_on),
        T(rest_and_limit_hold_over_sockets),
        T(a_lingering_close_writes_everything),
        T(a_peer_that_never_closes_does_not_hold_a_lingering_close),
        T(a_peer_that_never_reads_is_dropped_after_five_seconds),
        T(sockets_have_nodelay_and_end_with_their_peer),
        T(both_families_reach_the_dual_stack),
        T(errors_name_the_address_and_the_reason),
        T(above_the_limit_connections_are_closed),
        T(connections_outlive_their_listener),
        T(without_memory_connections_are_closed),
        T(an_address_above_its_limits),
        T(out_of_descriptors_accepting_waits),
        T(stream_and_listener_may_be_closed_in_on_accept),
        T(a_storm_of_connections_is_accepted),
        U(a_unix_peer_has_credentials),
        U(a_stale_socket_is_replaced_a_live_one_is_not),
        U(other_files_and_long_paths_are_errors),
        U(a_file_that_is_not_ours_any_more_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
