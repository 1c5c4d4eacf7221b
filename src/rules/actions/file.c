/* file.c — our own action: one JSON line for each run, into a file that rotates by size.
 *
 *   run ─► target (a path) ─► waits ─┐ the lane is idle: all that waits, up to a bound, is one job
 *                                    ▼
 *   complete ◄─ on the loop ◄── file_writer_append for each path, on the lane's thread
 *
 * While a job runs the next one gathers, so a busy file gets few large writes and a quiet one is
 * written at once. Lines of one path keep their order, also when some are tried again: a path whose
 * disk is full or failing pauses as a whole, twice as long each time, and other paths go on.
 *
 *  I1  The writer is used by the lane's thread while `job` is out, and by nobody otherwise.
 *  I2  A target exists while lines wait for it or are in the job.
 *  I3  A line that is in the outbox is tried until there is room: it was acknowledged. Others fail after
 *      MAX_TRIES without progress. */
#include "rules/actions/actions.h"

#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "rules/actions/file_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PARAM_PATH,
    PARAM_MAX_BYTES,
    PARAM_MAX_FILES,
    MAX_TRIES = 5,
    FIRST_PAUSE_MS = 200,
    LONGEST_PAUSE_MS = 30000,
    MAX_OPEN = 16,
    JOB_MAX_BYTES = 4 << 20,
};

static const struct td_param file_params[] = {
    [PARAM_PATH] = { "path", TD_STRING, TD_REQUIRED | TD_TEMPLATE, 1, 1024, 0,
                     "The file, below `rules.file_root`. Relative; without `..`; links are not "
                     "followed." },
    [PARAM_MAX_BYTES] = { "maxBytes", TD_INT, 0, 256, (int64_t)1 << 40, 10485760,
                          "Size above which the file becomes `path.1`, that one `path.2`, and so "
                          "on." },
    [PARAM_MAX_FILES] = { "maxFiles", TD_INT, 0, 1, 100, 5,
                          "Files kept beside the present one; the oldest goes." },
    { 0 },
};

struct line {
    struct file_line file; /* first */
    struct td_run *run;
};

struct target {
    struct list link; /* of files.ready, while it may be written and is not in the job */
    struct files *files;
    char *path;
    struct list waiting; /* of struct file_line */
    struct list writing; /* in the job */
    struct loop_timer pause;
    unsigned tries;
};

struct files {
    const struct td_host *host;
    struct loop *loop;
    struct worker_lane *lane;
    struct file_writer *writer;
    struct map targets;
    struct list ready;
    struct loop_task start; /* at the end of the turn, so that what came in it is one job */
    struct worker_job job;
    struct list in_job; /* targets */
    bool busy;
    bool stopping;
};

struct file {
    struct files *files;
    uint64_t max_bytes; /* 0: as the value says */
};

static struct line *line_of(struct list *link)
{
    return container_of(link, struct line, file.link);
}

static struct target *target_of(struct list *link)
{
    return container_of(link, struct target, link);
}

/* ---- the job ---- */

static void work(struct worker_job *job)
{
    struct files *files = container_of(job, struct files, job);
    list_for_each(it, &files->in_job) {
        struct target *target = target_of(it);
        file_writer_append(files->writer, target->path, &target->writing);
    }
}

/* Moves lines of the target into the job, up to `room` bytes but one at least. */
static size_t take_lines(struct target *target, size_t room)
{
    size_t taken = 0;
    while (!list_empty(&target->waiting) && (taken < room || list_empty(&target->writing))) {
        struct list *link = list_pop_front(&target->waiting);
        taken += line_of(link)->file.payload.len;
        list_push_back(&target->writing, link);
    }
    return taken;
}

static void gather(struct files *files)
{
    size_t room = JOB_MAX_BYTES;
    while (room && !list_empty(&files->ready)) {
        struct target *target = target_of(list_pop_front(&files->ready));
        size_t taken = take_lines(target, room);
        room = taken < room ? room - taken : 0;
        list_push_back(&files->in_job, &target->link);
    }
}

static void kick(struct files *files)
{
    if (files->busy || files->stopping || list_empty(&files->ready)) return;
    gather(files);
    files->busy = worker_submit(files->lane, &files->job) == 0;
    if (!files->busy) BUG("the lane of the file action is for one job at a time");
}

static void on_start(struct loop_task *task)
{
    kick(container_of(task, struct files, start));
}

/* ---- results ---- */

static bool worth_retrying(int rc)
{
    return rc == -ENOSPC || rc == -EDQUOT || rc == -EIO || rc == -EMFILE || rc == -ENFILE ||
           rc == -ENOMEM;
}

static void complete(struct files *files, struct line *line, int rc)
{
    char why[256];
    if (files->stopping && worth_retrying(rc)) rc = -ECANCELED; /* the outbox has it */
    const char *text = rc == -ELOOP || rc == -ENOTDIR
                           ? "the path leads over a link, or over what is no folder"
                           : err_text(rc);
    snprintf(why, sizeof why, "%s", line->file.why ? line->file.why : text);
    files->host->complete(line->run, rc, why);
    free(line);
}

static void pause_target(struct target *target)
{
    unsigned doublings = target->tries - 1 < 8 ? target->tries - 1 : 8;
    int64_t pause = (int64_t)FIRST_PAUSE_MS << doublings;
    loop_timer_start(&target->pause, pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS);
}

static void target_free(struct target *target)
{
    map_del(&target->files->targets, slice_str(target->path));
    loop_timer_stop(&target->pause);
    free(target->path);
    free(target);
}

/* Completes what is decided; what may be tried again goes back in front. */
static void sort_results(struct target *target)
{
    struct files *files = target->files;
    struct list again;
    bool progress = false;
    int failed = 0;
    list_init(&again);
    list_for_each(it, &target->writing) {
        int rc = line_of(it)->file.rc;
        progress |= rc == 0;
        if (worth_retrying(rc)) failed = rc;
    }
    if (progress) target->tries = 0;
    bool retry = failed && !files->stopping;
    if (failed) target->tries++;
    for (struct list *link; (link = list_pop_front(&target->writing));) {
        struct line *line = line_of(link);
        bool patient = run_is_kept(line->run) || target->tries < MAX_TRIES;
        if (retry && patient && worth_retrying(line->file.rc))
            list_push_back(&again, link);
        else
            complete(files, line, line->file.rc);
    }
    if (list_empty(&again)) target->tries = 0;
    list_splice(&again, &target->waiting);
    list_splice(&target->waiting, &again);
}

static void settle(struct target *target)
{
    sort_results(target);
    if (list_empty(&target->waiting))
        target_free(target);
    else if (target->tries)
        pause_target(target);
    else
        list_push_back(&target->files->ready, &target->link);
}

static void settle_all(struct files *files)
{
    struct list *link;
    while ((link = list_pop_front(&files->in_job))) {
        struct target *target = target_of(link);
        list_init(&target->link);
        settle(target);
    }
}

static void on_done(struct worker_job *job)
{
    struct files *files = container_of(job, struct files, job);
    files->busy = false;
    if (job->cancelled) work(job); /* the lane stops; here nothing waits for the loop any more */
    settle_all(files);
    kick(files);
}

/* ---- targets ---- */

static void on_pause_end(struct loop_timer *timer)
{
    struct target *target = container_of(timer, struct target, pause);
    list_push_back(&target->files->ready, &target->link);
    kick(target->files);
}

static struct target *target_get(struct files *files, struct slice path)
{
    struct target *target = map_get(&files->targets, path);
    if (target) return target;
    target = xnew(struct target);
    target->files = files;
    target->path = xstrndup(path.ptr, path.len);
    list_init(&target->waiting);
    list_init(&target->writing);
    loop_timer_init(&target->pause, files->loop, on_pause_end);
    map_put(&files->targets, path, target);
    list_push_back(&files->ready, &target->link);
    return target;
}

/* ---- the action ---- */

static int file_start(const struct td_host *host, void **ret_shared)
{
    struct host_files conf = host_files(host);
    struct files *files = xnew(struct files);
    files->host = host;
    files->loop = host_loop(host);
    files->writer = file_writer_create(
        &(struct file_writer_opts){ .root = conf.root, .sync = conf.sync, .max_open = MAX_OPEN });
    loop_task_init(&files->start, on_start);
    files->job = (struct worker_job){ .run = work, .done = on_done };
    list_init(&files->ready);
    list_init(&files->in_job);
    files->lane = worker_lane_create(files->loop, "thingd-files", 1, 1);
    *ret_shared = files;
    return 0;
}

/* What waits is written here and now, that which pauses is tried a last time. */
static void write_rest(struct files *files)
{
    map_for_each(it, &files->targets) {
        struct target *target = it->value;
        loop_timer_stop(&target->pause);
        list_splice(&target->writing, &target->waiting);
        list_init(&target->link);
        file_writer_append(files->writer, target->path, &target->writing);
        settle(target);
    }
}

static void file_stop(void *shared)
{
    struct files *files = shared;
    if (!files) return;
    files->stopping = true;
    loop_task_cancel(&files->start);
    worker_lane_destroy(files->lane);
    list_init(&files->ready);
    write_rest(files);
    map_deinit(&files->targets);
    file_writer_destroy(files->writer);
    free(files);
}

static int file_create(const struct td_setup *setup, void **ret_action)
{
    const struct td_value *path = &setup->values[PARAM_PATH];
    const char *why;
    if (path->constant && file_path_check(slice_of(path->text.ptr, path->text.len), &why) < 0) {
        snprintf(setup->why, setup->why_size, "path: %s", why);
        return -EINVAL;
    }
    struct file *file = xnew(struct file);
    file->files = setup->shared;
    if (!setup->values[PARAM_MAX_BYTES].present)
        file->max_bytes = host_files(setup->host).max_bytes;
    *ret_action = file;
    return 0;
}

static void file_run(void *action, struct td_run *run, const struct td_input *input)
{
    struct file *file = action;
    struct files *files = file->files;
    struct td_bytes text = input->values[PARAM_PATH].text;
    struct slice path = slice_of(text.ptr, text.len);
    const char *why;
    int rc = file_path_check(path, &why);
    if (rc < 0) {
        files->host->complete(run, rc, why);
        return;
    }
    struct line *line = xnew(struct line);
    line->run = run;
    line->file.payload = slice_of(input->payload.ptr, input->payload.len);
    line->file.max_bytes =
        file->max_bytes ? file->max_bytes : (uint64_t)input->values[PARAM_MAX_BYTES].number;
    line->file.max_files = (unsigned)input->values[PARAM_MAX_FILES].number;
    list_push_back(&target_get(files, path)->waiting, &line->file.link);
    loop_defer(files->loop, &files->start);
}

static void file_destroy(void *action)
{
    free(action);
}

const struct td_action action_file = {
    .abi = TD_ACTION_ABI,
    .name = "file",
    .label = "FileAction",
    .text = "Appends the result, which must be JSON, as one line to a file of this machine. An "
            "action of "
            "this hub;\nAWS does not have it. Runs at least once when the message has QoS 1 or 2.",
    .resource = PARAM_PATH,
    .params = file_params,
    .start = file_start,
    .stop = file_stop,
    .create = file_create,
    .run = file_run,
    .destroy = file_destroy,
};
