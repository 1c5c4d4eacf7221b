/* run.c — one action of a firing: rendered (render.c), kept in the outbox where that was promised, handed
 * over.
 * A run outside begins in a deferred call, since its action may publish and a delivery may not.
 *  I1  run_count and run_bytes are those of all runs outside, from run_account to run_free.
 *  I2  A run whose row is not deleted when the hub stops is not completed either: the next start
 *      has it. */
#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "rules/firing_priv.h"

#include <errno.h>
#include <stdlib.h>

enum { DEFAULT_MAX_BYTES = 64 << 20 };

static struct td_bytes td_of(struct slice slice)
{
    return (struct td_bytes){ slice.ptr, slice.len };
}

/* ---- runs ---- */

struct td_run *run_create(struct firing *firing, struct step *step, int index, struct slice payload)
{
    struct msg *msg = firing->msg;
    struct td_run *run = xcalloc(1, sizeof *run + step->param_count * sizeof(struct td_value));
    run->firing = firing;
    run->step = step_ref(step);
    run->index = index;
    run->is_inline = step_is_inline(step);
    list_init(&run->link);
    run->input = (struct td_input){
        .rule = firing->program->name,
        .payload = td_of(payload),
        .values = run->values,
        .topic = td_of(msg->topic),
        .client_id = td_of(msg->client_id),
        .principal = td_of(msg->principal),
        .at_ms = msg->at_ms,
        .qos = msg->qos,
    };
    return run;
}

static void run_free(struct td_run *run)
{
    struct rules *rules = run->firing->rules;
    if (run->bytes) {
        rules->run_count--;
        rules->run_bytes -= run->bytes;
    }
    step_unref(run->step);
    buf_deinit(&run->rendered);
    free(run->pairs);
    buf_deinit(&run->params);
    buf_deinit(&run->message);
    free(run->why);
    free(run);
}

/* ---- outside: the queue and the outbox ---- */

static void run_ready(struct td_run *run)
{
    struct rules *rules = run->firing->rules;
    list_push_back(&rules->ready, &run->link);
    loop_defer(rules->loop, &rules->start_ready);
}

/* Not run: the row, where there is one, stays for the next start. */
static void run_abandon(struct td_run *run)
{
    struct firing *firing = run->firing;
    firing->abandoned = true;
    run_free(run);
    firing_release(firing);
}

static void on_kept(struct store_req *req, int rc)
{
    struct td_run *run = container_of(req, struct td_run, insert.req);
    buf_deinit(&run->params);
    buf_deinit(&run->message);
    if (rc == ERR_CLOSED || run->firing->rules->stopped) {
        run_abandon(run);
        return;
    }
    if (rc < 0) {
        run->row = 0;
        program_complain(run->firing->program, "a row of the outbox was refused",
                         run->firing->msg->topic, "run without it", rc);
    }
    run_ready(run);
}

/* Without an error action nobody will ask for what the message has beside its names again. */
static void save_message(const struct firing *firing, struct buf *out)
{
    struct msg view = *firing->msg;
    if (!firing->program->error_step) view.payload = view.properties = slice_of("", 0);
    msg_save(&view, out);
}

static int64_t run_keep(struct td_run *run)
{
    struct firing *firing = run->firing;
    struct rules *rules = firing->rules;
    run->row = rules->next_row++;
    step_save(run->step, run->values, &run->params);
    save_message(firing, &run->message);
    run->insert.row = (struct outbox_row){
        .id = run->row,
        .rule = firing->program->name,
        .action = run->index,
        .kind = run->step->kind->name,
        .params = buf_str(&run->params),
        .payload = slice_of(run->input.payload.ptr, run->input.payload.len),
        .message = buf_slice(&run->message),
    };
    return outbox_put(rules->store, &run->insert, on_kept);
}

void run_account(struct td_run *run)
{
    struct rules *rules = run->firing->rules;
    const struct msg *msg = run->firing->msg;
    run->bytes = sizeof *run + run->input.payload.len + run->rendered.len +
                 run->pair_count * sizeof *run->pairs + msg->payload.len + msg->properties.len;
    rules->run_count++;
    rules->run_bytes += run->bytes;
}

static bool outbox_full(const struct rules *rules, const struct td_run *run)
{
    size_t most = rules->opts.outbox_max_bytes ? rules->opts.outbox_max_bytes : DEFAULT_MAX_BYTES;
    return rules->run_count >= rules->opts.outbox_max || rules->run_bytes > most ||
           run->input.payload.len > most - rules->run_bytes;
}

/* Takes run. */
static int64_t run_queue(struct td_run *run)
{
    struct firing *firing = run->firing;
    struct rules *rules = firing->rules;
    bool keep = msg_is_kept(firing->msg);
    const char *why = NULL;
    if (outbox_full(rules, run)) why = "the outbox is full";
    if (rules->stopped && (!keep || rules->store_gone)) why = "the hub is stopping";
    if (why) {
        firing_fail(firing, run, ERR_LIMIT, why);
        run_free(run);
        return 0;
    }
    run_account(run);
    firing->open++;
    if (keep) return run_keep(run);
    run_ready(run);
    return 0;
}

/* ---- running ---- */

static void run_inline(struct td_run *run, struct hub_pub *pub)
{
    run->pub = pub;
    run->step->kind->run(run->step->action, run, &run->input);
    if (!run->completed) BUG("action '%s' did not complete", run->step->kind->name);
    if (run->rc < 0) firing_fail(run->firing, run, run->rc, run->why);
    run_free(run);
}

int64_t run_step(struct firing *firing, struct step *step, int index, struct slice payload,
                 struct input *input, struct hub_pub *pub)
{
    struct td_run *run = run_create(firing, step, index, payload);
    metrics_inc(METRIC_ACTION_RUNS);
    int rc = run_render(run, input);
    if (rc < 0) {
        firing_fail(firing, run, rc, "a template cannot be evaluated");
        run_free(run);
        return 0;
    }
    if (!run->is_inline) return run_queue(run);
    run_inline(run, pub);
    return 0;
}

static void start_ready(struct rules *rules)
{
    struct list *link;
    while ((link = list_pop_front(&rules->ready))) {
        struct td_run *run = container_of(link, struct td_run, link);
        list_init(&run->link);
        run->step->kind->run(run->step->action, run, &run->input);
    }
}

/* ---- the end of a run ---- */

void run_finish(struct td_run *run)
{
    struct firing *firing = run->firing;
    struct rules *rules = firing->rules;
    if (run->rc == -ECANCELED && run->row) {
        run_abandon(run);
        return;
    }
    if (run->rc < 0) firing_fail(firing, run, run->rc, run->why);
    if (run->row && run->rc < 0)
        firing->failed_rows[firing->failed_row_count++] = run->row;
    else if (run->row && !rules->store_gone)
        outbox_delete(rules->store, run->row);
    run_free(run);
    firing_release(firing);
}

/* ---- start and stop ---- */

void firing_start_lost(struct rules *rules)
{
    list_for_each(it, &rules->lost)
        metrics_inc(METRIC_ACTION_RUNS);
    if (list_empty(&rules->lost)) return;
    list_splice(&rules->ready, &rules->lost);
    loop_defer(rules->loop, &rules->start_ready);
}

static void abandon_all(struct list *runs)
{
    struct list *link;
    while ((link = list_pop_front(runs)))
        run_abandon(container_of(link, struct td_run, link));
}

/* Their rows can no more be deleted: better not run than run twice. */
static void abandon_kept(struct list *runs)
{
    list_for_each_safe(it, runs) {
        struct td_run *run = container_of(it, struct td_run, link);
        if (!run->row) continue;
        list_remove(&run->link);
        run_abandon(run);
    }
}

void firing_stop(struct rules *rules)
{
    if (rules->stopped) return;
    loop_task_cancel(&rules->start_ready);
    if (rules->store_gone) abandon_kept(&rules->ready);
    start_ready(rules);
    rules->stopped = true;
    abandon_all(&rules->lost);
    for (size_t i = 0; rule_actions[i]; i++)
        if (rule_actions[i]->stop) rule_actions[i]->stop(rules->shared[i]);
    mailbox_destroy(rules->box);
    rules->box = NULL;
}

static void on_letter(struct mailbox *box, struct letter *letter, void *arg)
{
    run_finish(container_of(letter, struct td_run, letter));
}

static void on_start_ready(struct loop_task *task)
{
    start_ready(container_of(task, struct rules, start_ready));
}

void firing_init(struct rules *rules)
{
    rules->host = host_table();
    list_init(&rules->ready);
    list_init(&rules->lost);
    loop_task_init(&rules->start_ready, on_start_ready);
    rules->box = mailbox_create(rules->loop, on_letter, rules);
}
