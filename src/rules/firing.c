/* firing.c — what one message makes one rule do.
 *
 *   fire ─► for each action: render ─┬─ inline ─► run, now, within the delivery
 *                                    └─ outside ─┬─ QoS 0 ──────────────────────► ready
 *                                                └─ QoS 1, 2 ─► row ─► committed ─► ready
 *     commit number of the rows ◄──────────────────────┘                           │
 *     row deleted, failures collected, error action once ◄── complete ··· run ◄────┘
 *
 * A firing is one message at one rule; a run is one action of it. A run holds all that it needs, so
 * the rule may be replaced or deleted meanwhile. Actions are never called from within a delivery
 * unless they are inline: an action outside may publish, and a delivery may not.
 *
 *  I1  The row of a run is deleted only when the run is done, and that of a failed one only when
 *      the error action has its own row or its commit: a crash repeats, it does not lose.
 *  I2  firing.open counts the runs that are not complete, and one for whoever still adds runs.
 * The runs themselves are in run.c, what actions call in host.c. */
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "rules/firing_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t later(int64_t a, int64_t b)
{
    if (a < 0) return a;
    if (b < 0) return b;
    return a > b ? a : b;
}

/* ---- failures ---- */

void firing_fail(struct firing *firing, const struct td_run *run, int rc, const char *why)
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
    list_for_each_safe(it, &firing->failures) {
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
             msg->over_mqtt && msg->client_id.len ? json_new_slice(msg->client_id)
                                                  : json_new_str("n/a"));
    json_set_str(root, "base64OriginalPayload", buf_str(&base64));
    struct json *list = json_set(root, "failures", json_new_array());
    list_for_each(it, &firing->failures) {
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

/* ---- the end ---- */

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

void firing_release(struct firing *firing)
{
    int64_t ignored = 0;
    firing_close(firing, NULL, NULL, &ignored);
}

struct firing *firing_create(struct rules *rules, struct program *program, struct msg *msg)
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
