/* firing.c — what one message makes one rule do.
 *
 *   fire ─► for each action: render ─┬─ inline ─► run, now, within the delivery
 *                                    └─ outside ─┬─ QoS 0 ───────────────────────► ready ─► run ··· complete
 *                                                └─ QoS 1, 2 ─► row ─► committed ─► ready     │
 *        ◄── commit number of the rows ──────────────┘                                        ▼
 *                                               row deleted, failures collected, error action once
 *
 * A firing is one message at one rule; a run is one action of it. A run holds all that it needs, so the rule
 * may be replaced or deleted meanwhile. Actions are never called from within a delivery unless they are
 * inline: an action outside may publish, and a delivery may not.
 *
 *  I1  The row of a run is deleted only when the run is done, and that of a failed one only when the error
 *      action has its own row or its commit: a crash repeats, it does not lose.
 *  I2  firing.open counts the runs that are not complete, and one for whoever still adds runs.
 *  I3  run_count and run_bytes are those of all runs outside, from run_queue to run_free.
 *  I4  complete() may be called on any thread: it touches rc, why and the mailbox, nothing else. */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "base/text.h"
#include "rules/actions/actions.h"
#include "rules/rules_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX_BYTES = 64 << 20 };

struct failure {
    struct list link;
    const char *label;
    char *resource;
    char *why;
};

struct firing {
    struct rules *rules;
    struct program *program;
    struct msg *msg;
    struct buf payload;       /* kept for the runs outside */
    struct buf error_payload; /* of the error action */
    struct list failures;
    int64_t failed_rows[RULE_MAX_ACTIONS + 1];
    size_t failed_row_count;
    unsigned open;
    bool in_error;  /* the error action is what runs */
    bool abandoned; /* the hub stops: what has a row stays for the next start */
    char trace_id[37];
};

struct td_run {
    struct letter letter; /* first */
    struct list link;     /* of rules.ready or rules.lost */
    struct firing *firing;
    struct step *step;
    int index;
    struct hub_pub *pub; /* while an inline action runs within a delivery */
    struct td_input input;
    struct buf rendered; /* the texts of templates, one behind the other */
    struct outbox_insert insert;
    struct buf params; /* of the insert */
    struct buf message;
    int64_t row; /* 0: none */
    size_t bytes;
    bool is_inline;
    bool completed; /* of an inline one */
    int rc;
    char *why;
    struct td_value values[];
};

static int64_t later(int64_t a, int64_t b)
{
    if (a < 0) return a;
    if (b < 0) return b;
    return a > b ? a : b;
}

static struct td_bytes td_of(struct slice slice)
{
    return (struct td_bytes){ slice.ptr, slice.len };
}

/* ---- runs ---- */

static struct td_run *run_create(struct firing *firing, struct step *step, int index,
                                 struct slice payload)
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
    buf_deinit(&run->params);
    buf_deinit(&run->message);
    free(run->why);
    free(run);
}

/* input may be NULL where all parameters are constant. */
static int run_render(struct td_run *run, struct input *input)
{
    size_t starts[ACTION_MAX_PARAMS + 1];
    struct step *step = run->step;
    for (size_t i = 0; i < step->param_count; i++) {
        starts[i] = run->rendered.len;
        run->values[i] = step->params[i].value;
        if (!step->params[i].template) continue;
        int rc = sql_template_render(step->params[i].template, &input->sql, &run->rendered);
        if (rc < 0) return rc;
    }
    starts[step->param_count] = run->rendered.len;
    for (size_t i = 0; i < step->param_count; i++) {
        if (!step->params[i].template) continue;
        struct slice all = buf_slice(&run->rendered);
        run->values[i].text =
            (struct td_bytes){ all.ptr + starts[i], starts[i + 1] - starts[i] };
        run->values[i].constant = true;
    }
    return 0;
}

/* ---- failures ---- */

static void firing_fail(struct firing *firing, const struct td_run *run, int rc, const char *why)
{
    const struct td_action *kind = run->step->kind;
    const struct td_value *resource = &run->values[kind->resource];
    char reason[384];
    if (!why) why = err_text(rc);
    snprintf(reason, sizeof reason, "%s: %s", kind->name, why);
    metrics_inc(METRIC_ACTION_FAILURES);
    program_complain(firing->program, firing->in_error ? "error action failed" : "action failed",
                     firing->msg->topic, reason, rc);
    if (firing->in_error || !firing->program->error_step) return;
    struct failure *failure = xnew(struct failure);
    failure->label = kind->label;
    failure->resource = xstrndup(resource->text.ptr ? resource->text.ptr : "", resource->text.len);
    failure->why = xstrdup(why);
    list_push_back(&firing->failures, &failure->link);
}

static void free_failures(struct firing *firing)
{
    list_for_each_safe(it, &firing->failures)
    {
        struct failure *failure = container_of(it, struct failure, link);
        free(failure->resource);
        free(failure->why);
        free(failure);
    }
    list_init(&firing->failures);
}

/* AWS IoT developer guide, "Error handling (error action)": the message format. */
static void print_failures(const struct firing *firing, struct buf *out)
{
    const struct msg *msg = firing->msg;
    struct buf base64 = { 0 };
    base64_encode(&base64, msg->payload.ptr, msg->payload.len);
    struct json *root = json_new_object();
    json_set_str(root, "ruleName", firing->program->name);
    json_set(root, "topic", json_new_slice(msg->topic));
    json_set_str(root, "cloudwatchTraceId", firing->trace_id);
    json_set_str(root, "traceId", firing->trace_id);
    json_set(root, "clientId",
             msg->over_mqtt && msg->client_id.len ? json_new_slice(msg->client_id) :
                                                    json_new_str("n/a"));
    json_set_str(root, "base64OriginalPayload", buf_str(&base64));
    struct json *list = json_set(root, "failures", json_new_array());
    list_for_each(it, &firing->failures)
    {
        const struct failure *failure = container_of(it, struct failure, link);
        struct json *one = json_push(list, json_new_object());
        json_set_str(one, "failedAction", failure->label);
        json_set_str(one, "failedResource", failure->resource);
        json_set_str(one, "errorMessage", failure->why);
    }
    json_print(root, out);
    json_free(root);
    buf_deinit(&base64);
}

/* ---- outside: the queue and the outbox ---- */

static void run_ready(struct td_run *run)
{
    struct rules *rules = run->firing->rules;
    list_push_back(&rules->ready, &run->link);
    loop_defer(rules->loop, &rules->start_ready);
}

static void firing_close(struct firing *firing, struct input *input, struct hub_pub *pub,
                         int64_t *ret_commit);

static void firing_release(struct firing *firing)
{
    int64_t ignored = 0;
    firing_close(firing, NULL, NULL, &ignored);
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

/* Without an error action nobody will ask for the payload of the message again. */
static void save_message(const struct firing *firing, struct buf *out)
{
    struct msg view = *firing->msg;
    if (!firing->program->error_step) view.payload = slice_of("", 0);
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

static void account(struct td_run *run)
{
    struct rules *rules = run->firing->rules;
    run->bytes = sizeof *run + run->input.payload.len + run->rendered.len +
                 run->firing->msg->payload.len;
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
    bool keep = firing->msg->qos > 0;
    const char *why = NULL;
    if (outbox_full(rules, run)) why = "the outbox is full";
    if (rules->stopped && (!keep || rules->store_gone)) why = "the hub is stopping";
    if (why) {
        firing_fail(firing, run, ERR_LIMIT, why);
        run_free(run);
        return 0;
    }
    account(run);
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

static int64_t run_step(struct firing *firing, struct step *step, int index, struct slice payload,
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

/* ---- the end of a run, and of a firing ---- */

static void finish(struct td_run *run)
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

static void firing_free(struct firing *firing)
{
    if (!firing->abandoned && !firing->rules->store_gone)
        for (size_t i = 0; i < firing->failed_row_count; i++)
            outbox_delete(firing->rules->store, firing->failed_rows[i]);
    free_failures(firing);
    buf_deinit(&firing->payload);
    buf_deinit(&firing->error_payload);
    program_unref(firing->program);
    msg_unref(firing->msg);
    free(firing);
}

static int64_t run_error_action(struct firing *firing, struct input *input, struct hub_pub *pub)
{
    struct program *program = firing->program;
    struct input own = { 0 };
    firing->in_error = true;
    print_failures(firing, &firing->error_payload);
    if (!input) {
        bool fired;
        struct buf ignored = { 0 };
        input_open(&own, firing->rules, firing->msg, firing->trace_id);
        if (program->sql) sql_run(program->sql, &own.sql, &fired, &ignored);
        buf_deinit(&ignored);
        input = &own;
    }
    int64_t commit = run_step(firing, program->error_step, ERROR_ACTION,
                              buf_slice(&firing->error_payload), input, pub);
    input_close(&own);
    return commit;
}

/* One less is open. When nothing is: the error action, where something has failed; then the end. */
static void firing_close(struct firing *firing, struct input *input, struct hub_pub *pub,
                         int64_t *ret_commit)
{
    if (firing->open > 1) {
        firing->open--;
        return;
    }
    bool failed = !list_empty(&firing->failures) && !firing->in_error;
    if (failed && !firing->abandoned && !firing->rules->store_gone) {
        *ret_commit = later(*ret_commit, run_error_action(firing, input, pub));
        if (firing->open > 1) {
            firing->open--;
            return;
        }
    }
    firing_free(firing);
}

static struct firing *firing_create(struct rules *rules, struct program *program, struct msg *msg)
{
    struct firing *firing = xnew(struct firing);
    firing->rules = rules;
    firing->program = program_ref(program);
    firing->msg = msg_ref(msg);
    firing->open = 1;
    list_init(&firing->failures);
    return firing;
}

int64_t fire(struct rules *rules, struct program *program, struct input *input,
             struct slice payload, struct hub_pub *pub)
{
    struct firing *firing = firing_create(rules, program, input->msg);
    int64_t commit = 0;
    memcpy(firing->trace_id, input->trace_id, sizeof firing->trace_id);
    if (program->outside) {
        buf_put_slice(&firing->payload, payload);
        payload = buf_slice(&firing->payload);
    }
    for (size_t i = 0; i < program->count; i++)
        commit = later(commit, run_step(firing, program->steps[i], (int)i, payload, input, pub));
    firing_close(firing, input, pub, &commit);
    return commit;
}

/* ---- after a crash ---- */

static int restore_step(struct rules *rules, const struct outbox_row *row, struct step **ret_step,
                        struct diag *diag)
{
    const struct td_action *kind = action_find(row->kind);
    struct json *params;
    if (!kind) return diag_set(diag, ERR_UNSUPPORTED, "unknown action '%.100s'", row->kind);
    int rc = json_parse(slice_str(row->params),
                        &(struct json_limits){ .bytes = 64 << 20, .nodes = 1024, .depth = 4 },
                        &params, diag);
    if (rc < 0) return rc;
    rc = step_create(rules, row->rule, kind, params, true, ret_step, diag);
    json_free(params);
    return rc;
}

static struct program *program_of(struct rules *rules, const char *name)
{
    struct program *program = rules_program(rules, name);
    return program ? program_ref(program) : program_bare(name);
}

static void restore(struct rules *rules, const struct outbox_row *row, struct step *step,
                    struct msg *msg)
{
    struct program *program = program_of(rules, row->rule);
    struct firing *firing = firing_create(rules, program, msg);
    rand_uuid(firing->trace_id);
    firing->in_error = row->action == ERROR_ACTION;
    buf_put_slice(&firing->payload, row->payload);
    struct td_run *run =
        run_create(firing, step, (int)row->action, buf_slice(&firing->payload));
    run_render(run, NULL);
    run->row = row->id;
    run->is_inline = false;
    account(run);
    list_push_back(&rules->lost, &run->link);
    program_unref(program);
}

void firing_restore(struct rules *rules, const struct outbox_row *row)
{
    struct diag diag = DIAG_INIT;
    struct step *step;
    struct msg *msg;
    int rc = msg_load(row->message, &msg);
    if (rc == 0) {
        rc = restore_step(rules, row, &step, &diag);
        if (rc == 0) {
            restore(rules, row, step, msg);
            step_unref(step);
        }
        msg_unref(msg);
    }
    if (rc == 0) return;
    LOG(LOG_ERROR, "rules", "a run in the outbox cannot be carried out: dropped",
        LOG_S("rule", row->rule), LOG_S("action", row->kind), LOG_S("reason", diag_text(&diag, rc)));
    metrics_inc(METRIC_ACTION_FAILURES);
    outbox_delete(rules->store, row->id);
}

void firing_start_lost(struct rules *rules)
{
    list_for_each(it, &rules->lost) metrics_inc(METRIC_ACTION_RUNS);
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
    list_for_each_safe(it, runs)
    {
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

/* ---- what actions may call ---- */

static void on_letter(struct mailbox *box, struct letter *letter, void *arg)
{
    finish(container_of(letter, struct td_run, letter));
}

static void host_log(const struct td_host *host, enum td_log_level level, const char *text)
{
    static const enum log_level levels[] = { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
    LOG(levels[level], "rules", text);
}

static const struct td_value *host_render(struct td_run *run, size_t param)
{
    return param < run->step->param_count ? &run->values[param] : NULL;
}

static void host_complete(struct td_run *run, int rc, const char *why)
{
    run->rc = rc;
    run->why = rc < 0 && why ? xstrdup(why) : NULL;
    if (run->is_inline)
        run->completed = true;
    else
        mailbox_post(run->firing->rules->box, &run->letter);
}

static int publish_late(struct rules *rules, struct msg *msg)
{
    if (msg->hops > hub_max_hops(rules->hub)) {
        metrics_inc(METRIC_HOPS_CUT);
        return -ELOOP;
    }
    if (rules->store_gone) return -EIO;
    int64_t commit = hub_publish(rules->hub, principal_system(), NULL, msg, NULL, NULL);
    if (commit >= 0 || commit == HUB_HELD) return 0;
    return commit == ERR_STORE ? -EIO : -EINVAL;
}

static int host_publish(struct td_run *run, struct td_bytes topic, struct td_bytes payload, int qos)
{
    const struct msg *cause = run->firing->msg;
    struct rules *rules = run->firing->rules;
    const char *why;
    if (qos < 0 || qos > 1) return -EINVAL;
    int rc = rule_topic_check(topic, host_max_levels(&rules->host), &why);
    if (rc < 0) return rc;
    struct msg *msg = msg_create(&(struct msg_opts){
        .topic = slice_of(topic.ptr, topic.len),
        .payload = slice_of(payload.ptr, payload.len),
        .qos = (uint8_t)qos,
        .hops = cause->hops < UINT8_MAX ? (uint8_t)(cause->hops + 1) : UINT8_MAX,
    });
    if (run->pub) {
        hub_publish_nested(run->pub, msg);
        rc = msg->hops > hub_max_hops(rules->hub) ? -ELOOP : 0;
    } else {
        rc = publish_late(rules, msg);
    }
    msg_unref(msg);
    return rc;
}

static void on_start_ready(struct loop_task *task)
{
    start_ready(container_of(task, struct rules, start_ready));
}

void firing_init(struct rules *rules)
{
    rules->host = (struct td_host){
        .abi = TD_ACTION_ABI,
        .log = host_log,
        .render = host_render,
        .publish = host_publish,
        .complete = host_complete,
    };
    list_init(&rules->ready);
    list_init(&rules->lost);
    loop_task_init(&rules->start_ready, on_start_ready);
    rules->box = mailbox_create(rules->loop, on_letter, rules);
}
