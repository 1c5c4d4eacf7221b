/* worker.c — lanes of threads for work that would hold the loop.
 *
 * Each kind of work has a lane of its own, so that a thousand password hashes cannot keep a TLS
 * handshake waiting. A lane accepts at most threads + max_queue unfinished jobs; the caller decides
 * what it means when there is no more room. libuv's pool is not used: it is one queue for all,
 * without a limit, and names no threads.
 *
 *  I1  A job belongs to the lane from worker_submit until `done`, which is called on the loop once.
 *  I2  Results travel by mailbox; nothing of a job is touched by two threads at a time.
 *  I3  Signals are blocked in workers: they are the loop's. */
#include "loop/loop_priv.h"

#include "base/err.h"
#include "base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct worker_lane {
    const char *name;
    struct mailbox *box;
    size_t load; /* of the loop: accepted and not yet done */
    size_t max_unfinished;
    bool closing; /* of the loop */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct list queue; /* under the mutex, as what follows */
    size_t unfinished; /* waiting or running */
    bool stopping;
    unsigned thread_count;
    pthread_t threads[];
};

static struct worker_job *job_of(struct list *link)
{
    return container_of(link, struct worker_job, letter.link);
}

static void finish(struct worker_lane *lane, struct worker_job *job)
{
    lane->load--;
    job->done(job);
}

static void on_letter(struct mailbox *box, struct letter *letter, void *arg)
{
    finish(arg, container_of(letter, struct worker_job, letter));
}

/* NULL: the lane stops. */
static struct worker_job *next_job(struct worker_lane *lane)
{
    pthread_mutex_lock(&lane->mutex);
    while (list_empty(&lane->queue) && !lane->stopping)
        pthread_cond_wait(&lane->wake, &lane->mutex);
    struct list *link = lane->stopping ? NULL : list_pop_front(&lane->queue);
    pthread_mutex_unlock(&lane->mutex);
    return link ? job_of(link) : NULL;
}

static void *work(void *arg)
{
    struct worker_lane *lane = arg;
    pthread_setname_np(pthread_self(), lane->name);
    for (struct worker_job *job; (job = next_job(lane));) {
        job->run(job);
        pthread_mutex_lock(&lane->mutex);
        lane->unfinished--;
        pthread_mutex_unlock(&lane->mutex);
        mailbox_post(lane->box, &job->letter);
    }
    return NULL;
}

static void start_threads(struct worker_lane *lane, unsigned threads)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = 0;
    while (lane->thread_count < threads && rc == 0) {
        rc = pthread_create(&lane->threads[lane->thread_count], NULL, work, lane);
        if (rc == 0) lane->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    /* Like memory: without a single thread there is nothing sensible left to do. */
    if (lane->thread_count == 0) BUG("lane '%s' has no thread: %s", lane->name, strerror(rc));
}

struct worker_lane *worker_lane_create(struct loop *loop, const char *name, unsigned threads,
                                       size_t max_queue)
{
    if (threads == 0) threads = 1;
    struct worker_lane *lane = xcalloc(1, sizeof *lane + threads * sizeof(pthread_t));
    lane->name = name;
    lane->box = mailbox_create(loop, on_letter, lane);
    list_init(&lane->queue);
    pthread_mutex_init(&lane->mutex, NULL);
    pthread_cond_init(&lane->wake, NULL);
    start_threads(lane, threads);
    lane->max_unfinished =
        max_queue > SIZE_MAX - lane->thread_count ? SIZE_MAX : max_queue + lane->thread_count;
    return lane;
}

int worker_submit(struct worker_lane *lane, struct worker_job *job)
{
    if (lane->closing) return ERR_CLOSED;
    pthread_mutex_lock(&lane->mutex);
    bool room = lane->unfinished < lane->max_unfinished;
    if (room) {
        job->cancelled = false;
        lane->unfinished++;
        list_push_back(&lane->queue, &job->letter.link);
        pthread_cond_signal(&lane->wake);
    }
    pthread_mutex_unlock(&lane->mutex);
    if (!room) return ERR_BUSY;
    lane->load++;
    return 0;
}

size_t worker_lane_load(const struct worker_lane *lane)
{
    return lane->load;
}

void worker_lane_destroy(struct worker_lane *lane)
{
    if (!lane) return;
    lane->closing = true;
    pthread_mutex_lock(&lane->mutex);
    lane->stopping = true;
    pthread_cond_broadcast(&lane->wake);
    pthread_mutex_unlock(&lane->mutex);
    for (unsigned i = 0; i < lane->thread_count; i++)
        pthread_join(lane->threads[i], NULL);
    mailbox_destroy(lane->box);
    for (struct list *link; (link = list_pop_front(&lane->queue));) {
        struct worker_job *job = job_of(link);
        job->cancelled = true;
        finish(lane, job);
    }
    pthread_cond_destroy(&lane->wake);
    pthread_mutex_destroy(&lane->mutex);
    free(lane);
}
