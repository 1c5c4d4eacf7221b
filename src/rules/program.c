/* program.c — a TopicRulePayload compiled: statement, actions, error action. AWS IoT:
 * CreateTopicRule.
 *  I1  A program is complete or it is not there: rules.c swaps whole programs.
 *  I2  Checking a rule and running it are the same code: what rules_check accepts will run. */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "rules/rules_priv.h"
#include "topic/topic.h"

#include <stdlib.h>
#include <string.h>

/* ---- the statement ---- */

/* What is wrong in the text is one kind of error to a caller: SqlParseException. */
static int statement_error(int rc)
{
    switch (rc) {
    case ERR_UNSUPPORTED:
    case ERR_INVALID: /* the version */
        return rc;
    default:
        return ERR_SYNTAX;
    }
}

static int check_statement(struct rules *rules, const struct sql *sql, struct diag *diag)
{
    const char *filter = sql_topic_filter(sql);
    if (filter && slice_starts(slice_str(filter), "$share/"))
        return diag_set(diag, ERR_SYNTAX, "FROM: shared subscriptions are not for rules");
    size_t most = hub_opts(rules->hub)->max_topic_levels;
    if (filter && most && topic_levels(slice_str(filter)) > most)
        return diag_set(diag, ERR_SYNTAX, "FROM: the filter has more than %zu levels", most);
    if (sql_reads_shadow(sql))
        return diag_set(diag, ERR_UNSUPPORTED, "get_thing_shadow() is not supported in rules yet");
    return 0;
}

int statement_compile(struct rules *rules, struct slice text, const char *version,
                      struct sql **ret_sql, struct diag *diag)
{
    struct sql *sql;
    int rc = sql_compile(text, version, &sql, diag);
    if (rc < 0) return statement_error(rc);
    rc = check_statement(rules, sql, diag);
    if (rc < 0) {
        sql_unref(sql);
        return rc;
    }
    *ret_sql = sql;
    return 0;
}

/* ---- actions ---- */

static int unknown_action(const char *name, struct diag *diag)
{
    if (action_is_foreign(name))
        return diag_set(diag, ERR_UNSUPPORTED, "the action '%s' is not supported by this hub",
                        name);
    for (size_t i = 0; rule_actions[i]; i++)
        if (text_distance(slice_str(name), slice_str(rule_actions[i]->name)) <= 2)
            return diag_set(diag, ERR_INVALID, "unknown action '%.100s' (did you mean '%s'?)", name,
                            rule_actions[i]->name);
    return diag_set(diag, ERR_INVALID, "unknown action '%.100s'", name);
}

static int compile_action(struct rules *rules, const char *rule, const struct json *action,
                          struct step **ret_step, struct diag *diag)
{
    if (!json_is(action, JSON_OBJECT) || json_count(action) != 1)
        return diag_set(diag, ERR_INVALID, "must be an object with exactly one action");
    const char *name = json_key(json_first(action));
    const struct td_action *kind = action_find(name);
    if (!kind) return unknown_action(name, diag);
    int rc = step_create(rules, rule, kind, json_first(action), false, ret_step, diag);
    return rc < 0 ? diag_wrap(diag, rc, "%s", name) : 0;
}

static int compile_actions(struct program *program, struct rules *rules, const struct json *actions,
                           struct diag *diag)
{
    if (!json_is(actions, JSON_ARRAY) || json_count(actions) > RULE_MAX_ACTIONS)
        return diag_set(diag, ERR_INVALID, "actions: must be an array of at most %d actions",
                        RULE_MAX_ACTIONS);
    json_for_each(action, actions) {
        struct step **step = &program->steps[program->count];
        int rc = compile_action(rules, program->name, action, step, diag);
        if (rc < 0) return diag_wrap(diag, rc, "actions[%zu]", program->count);
        program->outside |= !step_is_inline(*step);
        program->count++;
    }
    return 0;
}

/* ---- the rule ---- */

static int check_type(const struct json *payload, const char *member, enum json_type type,
                      const char *what, struct diag *diag)
{
    const struct json *value = json_get(payload, member);
    if (!value || json_is(value, JSON_NULL) || json_is(value, type)) return 0;
    return diag_set(diag, ERR_INVALID, "%s: must be %s", member, what);
}

static int check_members(const struct json *payload, struct diag *diag)
{
    if (!json_is(payload, JSON_OBJECT))
        return diag_set(diag, ERR_INVALID, "a rule must be an object");
    struct buf text = { 0 };
    json_print(payload, &text);
    size_t size = text.len;
    buf_deinit(&text);
    if (size > RULE_MAX_BYTES)
        return diag_set(diag, ERR_INVALID, "the rule has more than %d bytes", RULE_MAX_BYTES);
    if (!json_get_str(payload, "sql"))
        return diag_set(diag, ERR_INVALID, "sql: a string is required");
    if (!json_get(payload, "actions"))
        return diag_set(diag, ERR_INVALID, "actions: an array is required");
    int rc = check_type(payload, "description", JSON_STRING, "a string", diag);
    if (rc == 0) rc = check_type(payload, "awsIotSqlVersion", JSON_STRING, "a string", diag);
    if (rc == 0) rc = check_type(payload, "ruleDisabled", JSON_BOOL, "true or false", diag);
    return rc;
}

static int compile(struct program *program, struct rules *rules, const struct json *payload,
                   struct diag *diag)
{
    int rc = check_members(payload, diag);
    if (rc < 0) return rc;
    rc = statement_compile(rules, slice_str(json_get_str(payload, "sql")),
                           json_get_str(payload, "awsIotSqlVersion"), &program->sql, diag);
    if (rc < 0) return diag_wrap(diag, rc, "sql");
    rc = compile_actions(program, rules, json_get(payload, "actions"), diag);
    if (rc < 0) return rc;
    const struct json *error_action = json_get(payload, "errorAction");
    if (!error_action || json_is(error_action, JSON_NULL)) return 0;
    rc = compile_action(rules, program->name, error_action, &program->error_step, diag);
    return rc < 0 ? diag_wrap(diag, rc, "errorAction") : 0;
}

struct program *program_bare(const char *name)
{
    struct program *program = xnew(struct program);
    program->refs = 1;
    program->name = xstrdup(name);
    return program;
}

int program_compile(struct rules *rules, const char *name, const struct json *payload,
                    struct program **ret_program, struct diag *diag)
{
    struct program *program = program_bare(name);
    int rc = compile(program, rules, payload, diag);
    if (rc < 0) {
        program_unref(program);
        return rc;
    }
    *ret_program = program;
    return 0;
}

struct program *program_ref(struct program *program)
{
    program->refs++;
    return program;
}

void program_unref(struct program *program)
{
    if (!program || --program->refs) return;
    for (size_t i = 0; i < program->count; i++)
        step_unref(program->steps[i]);
    step_unref(program->error_step);
    sql_unref(program->sql);
    free(program->name);
    free(program);
}

void program_complain(struct program *program, const char *message, struct slice topic,
                      const char *why, int rc)
{
    int64_t times = log_pace(&program->complaints, MINUTES(1), clock_mono_ms());
    if (!times) return;
    LOG(LOG_WARN, "rules", message, LOG_S("rule", program->name), LOG_SLICE("topic", topic),
        LOG_S("reason", why), LOG_ERR(rc), LOG_I("more", times - 1));
}
