/* run.c — see run.h.
 *
 *            ┌──────────── lost, retry ───────────┐
 *            ▼                                    │
 *   connect ───► CONNECT ───► up: turns of poll ──┴──► finishing ──► DISCONNECT
 *
 * A turn: wait; read; let the command do its part; flush what it prints; write. So an acknowledgement
 * leaves only after its message is out of our hands.
 *
 * A hub answers a publish that it refuses by closing the connection, which for QoS 0 would look like the
 * end of a good run. Therefore a publisher ends with a ping: the answer proves that all before it was
 * read and nothing refused.
 *
 * The delays between attempts double from one second to thirty, and begin anew when a connection has
 * held for ten: two clients that take one id from each other become slow. A publisher whose connection is
 * ended three times at once, with nothing delivered between, gives up: it has to take that for a refusal. */
#include "cli/mqtt/run.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/mqtt/outcome.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CONNECT_MS = 30000,
    RETRY_FIRST_MS = 1000,
    RETRY_MOST_MS = 30000,
    HELD_MS = 10000,
    FUTILE_MOST = 3,
    LEAVE_MS = 2000, /* for what is under way when we are told to stop */
    READS_MOST = 16, /* of one turn */
};

/* ---- signals -------------------------------------------------------------------------------- */

static int stop_pipe[2];
static const int stop_signals[] = { SIGINT, SIGTERM };
static struct sigaction old_actions[ARRAY_LEN(stop_signals)];
static struct sigaction old_pipe_action;

static void on_signal(int number)
{
    int saved = errno;
    ssize_t n = write(stop_pipe[1], "", 1);
    (void)n; /* a full pipe tells as much */
    errno = saved;
}

/* The second signal has its usual effect. */
static int watch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
    for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++)
        sigaction(stop_signals[i], &action, &old_actions[i]);
    sigaction(SIGPIPE, &ignore, &old_pipe_action);
    return 0;
}

static void unwatch_signals(void)
{
    for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++)
        sigaction(stop_signals[i], &old_actions[i], NULL);
    sigaction(SIGPIPE, &old_pipe_action, NULL);
    close(stop_pipe[0]);
    close(stop_pipe[1]);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* What a hub has said may have characters that a terminal obeys: C0, DEL, C1. */
static void tame(char *text)
{
    for (char *p = text; *p; p++) {
        bool c1 = *p == '\xc2' && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xa0;
        if ((unsigned char)*p < 0x20 || *p == 0x7f || c1) *p = ' ';
        if (c1) p[1] = ' ';
    }
}

static void put_line(const struct mqtt_run *run, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static void put_line(const struct mqtt_run *run, const char *fmt, va_list ap)
{
    char text[1024];
    vsnprintf(text, sizeof text, fmt, ap);
    tame(text);
    if (!run->settings->quiet) cli_failed(run->args, "%s", text);
}

void mqtt_run_complain(const struct mqtt_run *run, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_line(run, fmt, ap);
    va_end(ap);
}

void mqtt_run_fail(struct mqtt_run *run, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_line(run, fmt, ap);
    va_end(ap);
    run->code = CLI_FAILED;
    run->over = true;
}

void mqtt_run_finish(struct mqtt_run *run, int code, int64_t limit_ms)
{
    if (run->finishing) return;
    run->finishing = true;
    run->code = code;
    run->finish_end = limit_ms < 0 ? INT64_MAX : clock_mono_ms() + limit_ms;
}

/* settled: everything that was awaited has come. */
static void end(struct mqtt_run *run, bool settled)
{
    size_t unfinished = mqtt_client_unfinished(run->client);
    if (unfinished)
        mqtt_run_fail(run, "%zu messages are not acknowledged", unfinished);
    else if (run->confirm && run->was_up && !settled)
        mqtt_run_fail(run, "the hub may not have read all messages");
    if (run->link && mqtt_client_is_up(run->client)) mqtt_client_disconnect(run->client);
    run->over = true;
}

static void check_end(struct mqtt_run *run)
{
    if (!run->finishing || run->over) return;
    bool up = run->link && mqtt_client_is_up(run->client);
    bool idle = mqtt_client_is_idle(run->client);
    if (up && idle && run->confirm && !run->confirming) {
        run->confirming = true;
        mqtt_client_ping(run->client);
    } else if (idle && (up || !run->confirm)) {
        end(run, true);
    } else if (clock_mono_ms() >= run->finish_end || (run->stopped && !run->link)) {
        end(run, false);
    }
}

/* ---- the connection ------------------------------------------------------------------------- */

static void try_later(struct mqtt_run *run)
{
    int64_t now = clock_mono_ms();
    if (run->up_since && now - run->up_since >= HELD_MS) run->retry_delay = 0;
    run->up_since = 0;
    run->retry_delay = run->retry_delay ? run->retry_delay * 2 : RETRY_FIRST_MS;
    if (run->retry_delay > RETRY_MOST_MS) run->retry_delay = RETRY_MOST_MS;
    run->retry_at = now + run->retry_delay;
}

/* What another connection would not change. */
static bool is_final(int rc)
{
    return rc == ERR_DENIED || rc == ERR_AUTH || rc == ERR_UNSUPPORTED || rc == ERR_TOO_LARGE ||
           rc == ERR_CERT;
}

/* Counts connections that were accepted and ended soon, though something was to be delivered. */
static bool is_futile(struct mqtt_run *run, int rc)
{
    if (!run->confirm || !mqtt_client_is_up(run->client) || rc != ERR_CLOSED) return false;
    if (clock_mono_ms() - run->up_since >= HELD_MS) run->futile = 0;
    return ++run->futile >= FUTILE_MOST || !run->retry;
}

/* A run that only waits to take its leave needs no other connection. */
static void lose(struct mqtt_run *run, int rc, const char *why)
{
    bool was_up = mqtt_client_is_up(run->client), futile = is_futile(run, rc);
    net_call_close(run->link, false);
    run->link = NULL;
    run->input = -1;
    run->confirming = false;
    mqtt_client_lost(run->client);
    if (run->finishing && (!run->confirm || run->stopped))
        end(run, !run->confirm);
    else if (futile)
        mqtt_run_fail(run, "%s: a message may be refused, see the hub's log", why);
    else if (!run->was_up || !run->retry || is_final(rc))
        mqtt_run_fail(run, "%s", why);
    else {
        if (was_up) mqtt_run_complain(run, "%s; connecting again", why);
        try_later(run);
    }
}

static void stop(struct mqtt_run *run, int code, const char *why)
{
    bool too_early = !run->finishing || run->confirm;
    run->stopped = true;
    if (code != CLI_DONE && too_early) {
        mqtt_run_complain(run, "%s", why);
        run->code = code;
    }
    mqtt_run_finish(run, code, LEAVE_MS);
    int64_t latest = clock_mono_ms() + LEAVE_MS;
    if (run->finish_end > latest) run->finish_end = latest;
    check_end(run);
}

static void on_stop(struct mqtt_run *run)
{
    char byte;
    if (read(run->stop_fd, &byte, 1) == 1) stop(run, run->stop_code, "interrupted");
}

static void check_time(struct mqtt_run *run)
{
    if (clock_mono_ms() < run->end || run->stopped) return;
    run->end = INT64_MAX;
    stop(run, run->timeout_code, "timed out");
}

static int wait_ms(int64_t until)
{
    int64_t left = until - clock_mono_ms();
    return left <= 0 ? 0 : left < INT32_MAX ? (int)left : INT32_MAX;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void rest(struct mqtt_run *run)
{
    struct pollfd fd = { .fd = run->stop_fd, .events = POLLIN };
    int64_t until = earlier(run->retry_at, earlier(run->end, run->finish_end));
    if (poll(&fd, 1, wait_ms(until)) > 0) on_stop(run);
    check_time(run);
    check_end(run);
}

static void connect_hub(struct mqtt_run *run)
{
    struct diag diag = DIAG_INIT;
    int64_t now = clock_mono_ms();
    if (now < run->retry_at) {
        rest(run);
        return;
    }
    const struct net_patience patience = {
        earlier(now + CONNECT_MS, earlier(run->end, run->finish_end)), run->stop_fd
    };
    int rc = mqtt_link_open(&run->settings->target, &patience, &run->link, &diag);
    if (rc == -EINTR) {
        on_stop(run);
        if (!run->over) end(run, false);
    } else if (rc == ERR_TIMEOUT && clock_mono_ms() >= run->end) {
        check_time(run);
    } else if (rc < 0) {
        lose(run, rc, diag_text(&diag, rc));
    } else if (mqtt_client_open(run->client) < 0) {
        mqtt_run_fail(run, "client id, user name, password or will are too long for MQTT");
    }
}

/* ---- a turn --------------------------------------------------------------------------------- */

static void receive(struct mqtt_run *run)
{
    static uint8_t data[65536];
    struct diag diag = DIAG_INIT;
    for (int i = 0; i < READS_MOST && run->link; i++) {
        ssize_t n = net_call_read(run->link, data, sizeof data, &diag);
        if (n == -EAGAIN) return;
        int rc = (int)n;
        if (n > 0) rc = mqtt_client_feed(run->client, data, (size_t)n, &diag);
        if (n == 0) rc = diag_set(&diag, ERR_CLOSED, "the hub has ended the connection");
        if (rc < 0) lose(run, rc, diag_text(&diag, rc));
    }
}

static void transmit(struct mqtt_run *run)
{
    struct buf *out = mqtt_client_out(run->client);
    struct diag diag = DIAG_INIT;
    size_t at = 0;
    while (run->link && at < out->len) {
        ssize_t n = net_call_write(run->link, out->data + at, out->len - at, &diag);
        if (n == -EAGAIN) break;
        if (n < 0) {
            /* what the hub has said last may explain it */
            receive(run);
            if (run->link) lose(run, (int)n, diag_text(&diag, (int)n));
            return;
        }
        at += (size_t)n;
    }
    buf_consume(out, at);
}

/* What could not be printed must not be acknowledged: then nothing leaves any more. */
static void flush(struct mqtt_run *run)
{
    int rc = run->ops->flush && !run->over ? run->ops->flush(run) : 0;
    if (rc == 0) return;
    mqtt_run_fail(run, "standard output: %s", err_text(rc));
    net_call_close(run->link, false);
    run->link = NULL;
}

static void wait_turn(struct mqtt_run *run)
{
    const bool writing = mqtt_client_out(run->client)->len > 0;
    struct pollfd fds[] = {
        { .fd = net_call_fd(run->link), .events = net_call_events(run->link, writing) },
        { .fd = run->stop_fd, .events = POLLIN },
        { .fd = run->input, .events = POLLIN },
    };
    int64_t until = earlier(mqtt_client_deadline(run->client), run->wake);
    until = earlier(until, earlier(run->end, run->finish_end));
    if (net_call_pending(run->link) || (run->again && !writing)) until = 0;
    int n = poll(fds, ARRAY_LEN(fds), wait_ms(until));
    run->again = false;
    run->input_ready = n > 0 && fds[2].revents;
    if (n > 0 && fds[1].revents) on_stop(run);
}

static void turn(struct mqtt_run *run)
{
    wait_turn(run);
    check_time(run);
    receive(run);
    if (run->link && !run->over && !run->finishing && mqtt_client_is_up(run->client))
        run->ops->step(run);
    flush(run);
    if (run->link && !run->over && mqtt_client_tick(run->client) < 0)
        lose(run, ERR_TIMEOUT, "the hub does not answer");
    check_end(run);
    transmit(run);
}

/* What is in the buffer leaves, a DISCONNECT at its end. */
static void leave(struct mqtt_run *run)
{
    int64_t until = clock_mono_ms() + LEAVE_MS;
    while (run->link && mqtt_client_out(run->client)->len && clock_mono_ms() < until) {
        struct pollfd fd = { .fd = net_call_fd(run->link),
                             .events = net_call_events(run->link, true) & ~POLLIN };
        if (!fd.events) fd.events = POLLIN;
        if (poll(&fd, 1, wait_ms(until)) < 0 && errno != EINTR) break;
        struct buf *out = mqtt_client_out(run->client);
        ssize_t n = net_call_write(run->link, out->data, out->len, &(struct diag)DIAG_INIT);
        if (n < 0 && n != -EAGAIN) break;
        if (n > 0) buf_consume(out, (size_t)n);
    }
    net_call_close(run->link, true);
    run->link = NULL;
}

/* ---- the client's calls --------------------------------------------------------------------- */

static void on_connected(void *arg, bool session_present)
{
    struct mqtt_run *run = arg;
    run->was_up = true;
    run->up_since = clock_mono_ms();
    if (run->ops->on_connected) run->ops->on_connected(run, session_present);
}

static bool on_message(void *arg, const struct mqtt_publish *publish)
{
    struct mqtt_run *run = arg;
    return !run->over && run->ops->on_message && run->ops->on_message(run, publish);
}

static void on_granted(void *arg, const struct mqtt_suback *ack)
{
    struct mqtt_run *run = arg;
    run->ops->on_granted(run, ack);
}

static void on_released(void *arg, const struct mqtt_suback *ack)
{
    struct mqtt_run *run = arg;
    run->ops->on_released(run, ack);
}

static void on_delivered(void *arg)
{
    struct mqtt_run *run = arg;
    run->futile = 0;
}

static void on_refused(void *arg, const struct mqtt_ack *ack)
{
    struct mqtt_run *run = arg;
    char text[MQTT_OUTCOME_SIZE];
    mqtt_outcome_text(ack->code, ack->properties, text);
    mqtt_run_complain(run, "the hub refuses a message: %s", text);
    run->refused = true;
    run->futile = 0;
}

static void on_packet(void *arg, bool sent, const char *type, size_t size)
{
    const struct mqtt_run *run = arg;
    if (!run->settings->debug) return;
    struct slice given = mqtt_client_id(run->client);
    char id[300];
    snprintf(id, sizeof id, "%.*s", (int)given.len, given.ptr);
    tame(id);
    fprintf(run->args->err, "%s %s %s (%zu bytes)\n", id, sent ? "sends" : "receives", type, size);
}

static const struct mqtt_client_cbs client_cbs = { on_connected, on_message,   on_granted,
                                                   on_released,  on_delivered, on_refused,
                                                   on_packet };

int mqtt_run(struct mqtt_run *run)
{
    int rc = watch_signals();
    if (rc < 0) return cli_failed(run->args, "%s", err_text(rc));
    run->stop_fd = stop_pipe[0];
    run->input = -1;
    run->wake = run->finish_end = run->end = INT64_MAX;
    if (run->settings->timeout_ms) run->end = clock_mono_ms() + run->settings->timeout_ms;
    run->client = mqtt_client_create(&run->settings->client, &client_cbs, run);
    while (!run->over) {
        if (run->link)
            turn(run);
        else
            connect_hub(run);
    }
    leave(run);
    mqtt_client_destroy(run->client);
    unwatch_signals();
    return run->refused && run->code == CLI_DONE ? CLI_FAILED : run->code;
}
