/* Unit tests of what crosses threads: mailboxes and worker lanes. */
#include "lib/test.h"

#include "base/err.h"
#include "base/mem.h"
#include "loop/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>

enum { POSTERS = 4, LETTERS = 10000, PATIENCE = 100000 };

static struct loop *loop;

static int set_up(void **state)
{
    return loop_create(&loop, NULL);
}

static int tear_down(void **state)
{
    loop_destroy(loop);
    return 0;
}

/* ---- mailbox ---- */

struct numbered {
    struct letter letter; /* first */
    int poster;
    int number;
};

struct poster {
    pthread_t thread;
    struct mailbox *box;
    int index;
};

struct receipt {
    int next[POSTERS];
    int total;
};

static void on_numbered(struct mailbox *box, struct letter *letter, void *arg)
{
    struct receipt *receipt = arg;
    struct numbered *got = (struct numbered *)letter;
    assert_int_equal(got->number, receipt->next[got->poster]);
    receipt->next[got->poster]++;
    receipt->total++;
    free(got);
}

static void *post_all(void *arg)
{
    struct poster *poster = arg;
    for (int i = 0; i < LETTERS; i++) {
        struct numbered *letter = xnew(struct numbered);
        letter->poster = poster->index;
        letter->number = i;
        mailbox_post(poster->box, &letter->letter);
    }
    return NULL;
}

static void letters_of_four_threads_arrive_in_order(void **state)
{
    struct receipt receipt = { 0 };
    struct poster posters[POSTERS];
    struct mailbox *box = mailbox_create(loop, on_numbered, &receipt);
    for (int i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){ .box = box, .index = i };
        pthread_create(&posters[i].thread, NULL, post_all, &posters[i]);
    }
    for (int i = 0; i < PATIENCE && receipt.total < POSTERS * LETTERS; i++)
        loop_turn_wait(loop, 1000);
    assert_int_equal(receipt.total, POSTERS * LETTERS);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(posters[i].thread, NULL);
    mailbox_destroy(box);
}

static void destroy_delivers_what_waits(void **state)
{
    struct receipt receipt = { 0 };
    struct poster poster = { .index = 0 };
    struct mailbox *box = poster.box = mailbox_create(loop, on_numbered, &receipt);
    pthread_create(&poster.thread, NULL, post_all, &poster);
    pthread_join(poster.thread, NULL);
    mailbox_destroy(box);
    assert_int_equal(receipt.total, LETTERS);
    mailbox_destroy(NULL);
}

static int destroyed_after;

static void on_last(struct mailbox *box, struct letter *letter, void *arg)
{
    destroyed_after++;
    if (((struct numbered *)letter)->number == 0) mailbox_destroy(box);
    free(letter);
}

static void a_box_may_be_destroyed_by_its_letter(void **state)
{
    struct mailbox *box = mailbox_create(loop, on_last, NULL);
    destroyed_after = 0;
    for (int i = 0; i < 3; i++) {
        struct numbered *letter = xnew(struct numbered);
        letter->number = i;
        mailbox_post(box, &letter->letter);
    }
    for (int i = 0; i < PATIENCE && destroyed_after < 3; i++)
        loop_turn(loop);
    assert_int_equal(destroyed_after, 3);
}

/* ---- worker lanes ---- */

/* A gate that jobs wait at, so that a test knows what runs. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool open;
    int inside;
};

static void gate_init(struct gate *gate)
{
    *gate = (struct gate){ .open = false };
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->cond, NULL);
}

static void gate_pass(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->inside++;
    pthread_cond_broadcast(&gate->cond);
    while (!gate->open)
        pthread_cond_wait(&gate->cond, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_await(struct gate *gate, int inside)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->inside < inside)
        pthread_cond_wait(&gate->cond, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->cond);
    pthread_mutex_unlock(&gate->mutex);
}

struct job {
    struct worker_job job; /* first */
    struct gate *gate;
    int input;
    int output;
    char thread_name[16];
    bool done;
    bool cancelled;
};

static int jobs_done, last_done;

static void run_job(struct worker_job *base)
{
    struct job *job = (struct job *)base;
    if (job->gate) gate_pass(job->gate);
    prctl(PR_GET_NAME, job->thread_name);
    job->output = job->input * 2;
}

static void on_job_done(struct worker_job *base)
{
    struct job *job = (struct job *)base;
    assert_false(job->done);
    job->done = true;
    job->cancelled = base->cancelled;
    last_done = job->input;
    jobs_done++;
}

static void job_init(struct job *job, int input, struct gate *gate)
{
    *job = (struct job){ .gate = gate, .input = input };
    job->job.run = run_job;
    job->job.done = on_job_done;
}

static void await_done(int count)
{
    for (int i = 0; i < PATIENCE && jobs_done < count; i++)
        loop_turn_wait(loop, 1000);
    assert_int_equal(jobs_done, count);
}

static void jobs_run_off_the_loop_and_are_done_on_it(void **state)
{
    static struct job jobs[100];
    struct worker_lane *lane = worker_lane_create(loop, "td-test", 3, 1000);
    jobs_done = 0;
    for (int i = 0; i < 100; i++) {
        job_init(&jobs[i], i, NULL);
        assert_int_equal(worker_submit(lane, &jobs[i].job), 0);
    }
    assert_int_equal(worker_lane_load(lane), 100);
    assert_int_equal(jobs_done, 0);
    await_done(100);
    assert_int_equal(worker_lane_load(lane), 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(jobs[i].output, 2 * i);
        assert_string_equal(jobs[i].thread_name, "td-test");
        assert_false(jobs[i].cancelled);
    }
    worker_lane_destroy(lane);
}

static void a_full_lane_is_busy(void **state)
{
    struct gate gate;
    struct job jobs[6];
    struct worker_lane *lane = worker_lane_create(loop, "td-test", 2, 3);
    gate_init(&gate);
    jobs_done = 0;
    for (int i = 0; i < 6; i++)
        job_init(&jobs[i], i, &gate);
    for (int i = 0; i < 5; i++)
        assert_int_equal(worker_submit(lane, &jobs[i].job), 0);
    assert_int_equal(worker_submit(lane, &jobs[5].job), ERR_BUSY);
    assert_int_equal(worker_lane_load(lane), 5);
    gate_open(&gate);
    await_done(5);
    assert_false(jobs[5].done);
    assert_int_equal(worker_submit(lane, &jobs[5].job), 0);
    await_done(6);
    worker_lane_destroy(lane);
}

static void one_thread_keeps_the_order(void **state)
{
    struct job jobs[50];
    struct worker_lane *lane = worker_lane_create(loop, "td-test", 1, 50);
    jobs_done = 0;
    for (int i = 0; i < 50; i++) {
        job_init(&jobs[i], i, NULL);
        assert_int_equal(worker_submit(lane, &jobs[i].job), 0);
    }
    for (int i = 0; i < PATIENCE && jobs_done < 50; i++) {
        int before = jobs_done;
        loop_turn_wait(loop, 1000);
        if (jobs_done > before) assert_int_equal(last_done, jobs_done - 1);
    }
    assert_int_equal(jobs_done, 50);
    worker_lane_destroy(lane);
}

static void *open_later(void *arg)
{
    gate_open(arg);
    return NULL;
}

static void destroy_waits_for_the_running_and_cancels_the_waiting(void **state)
{
    struct gate gate;
    struct job jobs[10];
    pthread_t opener;
    struct worker_lane *lane = worker_lane_create(loop, "td-test", 2, 20);
    gate_init(&gate);
    jobs_done = 0;
    for (int i = 0; i < 10; i++) {
        job_init(&jobs[i], i, &gate);
        assert_int_equal(worker_submit(lane, &jobs[i].job), 0);
    }
    gate_await(&gate, 2);
    pthread_create(&opener, NULL, open_later, &gate);
    worker_lane_destroy(lane);
    pthread_join(opener, NULL);
    assert_int_equal(jobs_done, 10);
    assert_int_equal(jobs[0].output, 0);
    assert_int_equal(jobs[1].output, 2);
    assert_false(jobs[0].cancelled || jobs[1].cancelled);
    int cancelled = 0;
    for (int i = 0; i < 10; i++) {
        assert_true(jobs[i].done);
        assert_true(jobs[i].cancelled || jobs[i].output == 2 * i);
        cancelled += jobs[i].cancelled;
    }
    assert_true(cancelled <= 8);
}

static struct worker_lane *closing_lane;
static int resubmit_rc;

static void resubmit(struct worker_job *job)
{
    resubmit_rc = worker_submit(closing_lane, job);
}

static void a_closing_lane_takes_no_job(void **state)
{
    struct job job;
    closing_lane = worker_lane_create(loop, "td-test", 1, 1);
    job_init(&job, 1, NULL);
    job.job.done = resubmit;
    assert_int_equal(worker_submit(closing_lane, &job.job), 0);
    worker_lane_destroy(closing_lane);
    assert_int_equal(resubmit_rc, ERR_CLOSED);
    worker_lane_destroy(NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(letters_of_four_threads_arrive_in_order),
        T(destroy_delivers_what_waits),
        T(a_box_may_be_destroyed_by_its_letter),
        T(jobs_run_off_the_loop_and_are_done_on_it),
        T(a_full_lane_is_busy),
        T(one_thread_keeps_the_order),
        T(destroy_waits_for_the_running_and_cancels_the_waiting),
        T(a_closing_lane_takes_no_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
