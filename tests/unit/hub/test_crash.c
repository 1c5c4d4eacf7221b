/* test_crash.c — kill -9. A child publishes to absent persistent sessions and retains, and reports each
 * acknowledgement through a pipe when its commit is reached; the parent kills it after a random number of
 * them and looks into what is left: every message that was acknowledged must be there, and those of QoS 2
 * once. */
#include "hub_fixture.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"
#include "lib/vfs_fault.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 20, MESSAGES = 400, RECEIVERS = 3 };

/* ---- the child ---- */

struct owed {
    int64_t commit; /* < 0: refused */
    bool reported;
};

static struct owed owed[MESSAGES];

static void report(struct fixture *f, int pipe_end, int count)
{
    int64_t committed = store_committed(f->store);
    for (uint16_t i = 0; i < count; i++) {
        if (owed[i].reported || owed[i].commit < 0 || owed[i].commit > committed) continue;
        owed[i].reported = true;
        if (write(pipe_end, &i, sizeof i) != sizeof i) _exit(1);
    }
}

static void publish_one(struct client *pump, int i)
{
    char text[16], topic[32];
    snprintf(text, sizeof text, "<%d>", i);
    if (i % 3 == 0) {
        owed[i].commit = client_publish(pump, "t", text, 1);
    } else if (i % 3 == 1) {
        owed[i].commit = client_publish2(pump, (uint16_t)(i + 1), "t", text);
        if (i >= 30) client_release(pump, (uint16_t)(i + 1 - 30));
    } else {
        snprintf(topic, sizeof topic, "r/%d", i);
        owed[i].commit = client_retain(pump, topic, text, 1);
    }
}

static void child(struct fixture *f, int pipe_end)
{
    struct client pump = { 0 };
    fixture_open(f);
    client_open(f, &pump, "pump", false);
    settle(f);
    for (int i = 0; i < MESSAGES; i++) {
        publish_one(&pump, i);
        if (i % 5 == 0) loop_turn_wait(f->loop, 1);
        report(f, pipe_end, i + 1);
    }
    for (;;) {
        store_hurry(f->store);
        loop_turn_wait(f->loop, 1);
        report(f, pipe_end, MESSAGES);
    }
}

/* ---- the parent ---- */

static int count_of(const char *log, int i, const char *topic)
{
    char text[32];
    int count = 0;
    snprintf(text, sizeof text, "%s=<%d>/", topic, i);
    for (const char *at = log; (at = strstr(at, text)); at++)
        count++;
    return count;
}

static void check_receiver(struct fixture *f, const char *id, const bool *acked)
{
    struct client c = { 0 };
    client_open(f, &c, id, false);
    const char *log = buf_str(&c.log);
    for (int i = 0; i < MESSAGES; i++) {
        if (i % 3 == 2) continue;
        int count = count_of(log, i, "t");
        if (acked[i] && count == 0) fail_msg("message %d was acknowledged and is lost", i);
        if (count > 1) fail_msg("message %d came %d times", i, count);
    }
    client_free(&c);
    client_open(f, &c, id, true); /* empties the queue for the next round */
    client_free(&c);
}

static void check_retained(struct fixture *f, const bool *acked)
{
    char topic[32], text[16];
    struct client c = { 0 };
    client_open(f, &c, "check", true);
    for (int i = 2; i < MESSAGES; i += 3) {
        snprintf(topic, sizeof topic, "r/%d", i);
        snprintf(text, sizeof text, "<%d>", i);
        struct msg *msg = hub_retained_get(f->hub, slice_str(topic));
        if (acked[i] && !(msg && slice_eq_str(msg->payload, text)))
            fail_msg("retained message %d was acknowledged and is lost", i);
        if (msg) client_retain(&c, topic, "", 1);
    }
    client_free(&c);
}

static void leave_receivers(struct fixture *f)
{
    char id[16];
    for (int i = 0; i < RECEIVERS; i++) {
        struct client c = { 0 };
        snprintf(id, sizeof id, "r%d", i);
        client_open(f, &c, id, false);
        client_subscribe(&c, "t", 2);
        client_free(&c);
    }
    struct client pump = { 0 };
    client_open(f, &pump, "pump", true);
    client_free(&pump);
    settle(f);
}

static int kill_after(pid_t pid, int pipe_end, int wanted, bool *acked)
{
    uint16_t i;
    int count = 0;
    while (count < wanted && read(pipe_end, &i, sizeof i) == sizeof i) {
        acked[i] = true;
        count++;
    }
    kill(pid, SIGKILL);
    while (read(pipe_end, &i, sizeof i) == sizeof i) { /* what it has said before it died counts */
        acked[i] = true;
        count++;
    }
    waitpid(pid, NULL, 0);
    return count;
}

static void one_round(struct fixture *f, int wanted)
{
    bool acked[MESSAGES] = { false };
    char id[16];
    int ends[2];
    leave_receivers(f);
    fixture_close(f);
    loop_destroy(f->loop);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        if (loop_create(&f->loop, NULL) < 0) _exit(1);
        child(f, ends[1]);
        _exit(1);
    }
    close(ends[1]);
    int count = kill_after(pid, ends[0], wanted, acked);
    close(ends[0]);
    assert_true(count >= wanted);
    assert_int_equal(loop_create(&f->loop, NULL), 0);
    auth_fake_destroy(f->auth);
    f->auth = auth_fake_create(f->loop);
    fixture_open(f);
    settle(f); /* what was committed and not delivered goes out */
    for (int i = 0; i < RECEIVERS; i++) {
        snprintf(id, sizeof id, "r%d", i);
        check_receiver(f, id, acked);
    }
    check_retained(f, acked);
}

static void test_kill(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = (uint64_t)getpid();
    f->opts.max_retained = MESSAGES;
    f->opts.max_inflight = MESSAGES + 1;
    f->store_opts.vfs = NULL;
    print_message("seed %llu\n", (unsigned long long)seed);
    clock_fake_remove(); /* the child lingers in real time */
    f->store_opts.linger_ms = 2;
    fixture_restart(f);
    for (int i = 0; i < ROUNDS; i++)
        one_round(f, 1 + (int)rand_fake_below(&seed, MESSAGES - 1));
    clock_fake_install();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kill, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
