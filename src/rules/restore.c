/* restore.c — what a crash has left in the outbox becomes runs again.
 * A row has all that the run needs, its parameters rendered; of the rule only the error action is
 * asked for, and that only when the run fails. */
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "rules/firing_priv.h"

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
    struct td_run *run = run_create(firing, step, (int)row->action, buf_slice(&firing->payload));
    run_render(run, NULL);
    run->row = row->id;
    run->is_inline = false;
    run_account(run);
    list_push_back(&rules->lost, &run->link);
    program_unref(program);
}

void firing_restore(struct rules *rules, const struct outbox_row *row)
{
    struct diag diag = DIAG_INIT;
    struct step *step = NULL;
    struct msg *msg = NULL;
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
        LOG_S("rule", row->rule), LOG_S("action", row->kind),
        LOG_S("reason", diag_text(&diag, rc)));
    metrics_inc(METRIC_ACTION_FAILURES);
    outbox_delete(rules->store, row->id);
}
