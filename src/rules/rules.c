/* rules.c — the rules of the registry as subscribers of the hub.
 *
 *   registry ── changed, with the stored payload ─► compile ─► swap
 *   hub ── message ─► rule ──────────────────────► statement ─► fire
 *      └── $aws/rules/NAME/... ─► ingest ─► rule ──────┘
 *
 * The registry tells of a change after its commit and before the answer: who was told that a rule is
 * there finds it at work with the next message. The payload comes as it was read back from the database,
 * so what runs is what is kept.
 *
 * Basic Ingest is one subscriber of all of $aws/rules/: a look-up by name, whatever the number of
 * rules, and the one place that sees a message for a rule that does not exist.
 *
 *  I1  A rule is subscribed when it has a program with a filter and is enabled; a program is
 *      complete.
 *  I2  by_name has every rule that the registry has, also those which do not compile.
 *  I3  The subscriptions change after commits, in calls of the store, never within a delivery. */
#include "rules/rules.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "registry/registry.h"
#include "rules/actions/actions.h"
#include "rules/rules_priv.h"
#include "topic/topic.h"

#include <stdlib.h>
#include <string.h>

#define INGEST_PREFIX "$aws/rules/"

struct rule {
    struct subscriber subscriber;
    struct subscription subscription;
    struct rules *rules;
    struct program *program; /* NULL: does not compile */
    bool enabled;
    bool subscribed;
    char name[RULE_NAME_MAX + 1];
};

struct engine {
    struct rules rules; /* first */
    struct registry_listener listener;
};

/* ---- a message ---- */

static void on_release(struct loop_task *task)
{
    input_close(&container_of(task, struct rules, release)->input);
}

static struct input *input_of(struct rules *rules, struct msg *msg)
{
    if (rules->input.msg == msg) return &rules->input;
    input_close(&rules->input);
    input_open(&rules->input, rules, msg, NULL);
    loop_defer(rules->loop, &rules->release);
    return &rules->input;
}

/* What was routed before a crash has been decided here, at once, before it: not a second time. */
static int64_t evaluate(struct rules *rules, struct program *program, struct msg *msg,
                        const struct delivery *how)
{
    if (how->again) return 0;
    struct input *input = input_of(rules, msg);
    struct buf payload = { 0 };
    bool fired = false;
    int64_t commit = 0;
    metrics_inc(METRIC_RULE_MATCHES);
    int rc = sql_run(program->sql, &input->sql, &fired, &payload);
    if (rc < 0) {
        metrics_inc(METRIC_RULE_FAILURES);
        program_complain(program, "statement failed", msg->topic, err_text(rc), rc);
    } else if (fired && program->outside && msg_is_kept(msg) && !how->promised &&
               store_busy(rules->store)) {
        commit = ERR_STORE;
    } else if (fired) {
        metrics_inc(METRIC_RULE_FIRED);
        commit = fire(rules, program, input, buf_slice(&payload), how->pub);
    }
    buf_deinit(&payload);
    return commit;
}

static int64_t deliver(struct subscriber *subscriber, struct msg *msg, const struct delivery *how)
{
    struct rule *rule = container_of(subscriber, struct rule, subscriber);
    if (slice_starts(msg->topic, INGEST_PREFIX))
        return 0; /* is for one rule alone: deliver_ingest */
    return evaluate(rule->rules, rule->program, msg, how);
}

static const struct subscriber_ops rule_ops = { .deliver = deliver };

static int64_t deliver_ingest(struct subscriber *subscriber, struct msg *msg,
                              const struct delivery *how)
{
    struct rules *rules = container_of(subscriber, struct rules, ingest);
    size_t at = strlen(INGEST_PREFIX);
    if (msg->topic.len < at) return 0;
    struct slice name = topic_next_level(msg->topic, &at);
    struct rule *rule = map_get(&rules->by_name, name);
    if (rule && rule->enabled && rule->program) return evaluate(rules, rule->program, msg, how);
    metrics_inc(METRIC_RULE_FAILURES);
    program_complain(rules->nobody, "basic ingest: dropped", msg->topic,
                     "the rule does not exist or is disabled", ERR_NOT_FOUND);
    return 0;
}

static const struct subscriber_ops ingest_ops = { .deliver = deliver_ingest };

/* ---- the rules ---- */

struct program *rules_program(struct rules *rules, const char *name)
{
    struct rule *rule = map_get_str(&rules->by_name, name);
    return rule ? rule->program : NULL;
}

static void set_enabled(struct rule *rule, bool enabled)
{
    rule->rules->enabled += (int)enabled - (int)rule->enabled;
    rule->enabled = enabled;
    metrics_set(METRIC_RULES, rule->rules->enabled);
}

static void unsubscribe(struct rule *rule)
{
    if (rule->subscribed) hub_unsubscribe(rule->rules->hub, &rule->subscription);
    rule->subscribed = false;
}

static const char *filter_of(const struct program *program)
{
    return program ? sql_topic_filter(program->sql) : NULL;
}

static void subscribe(struct rule *rule)
{
    const char *filter = filter_of(rule->program);
    if (!filter || rule->subscribed) return;
    int rc = hub_subscribe(rule->rules->hub, &rule->subscriber, slice_str(filter),
                           &(struct sub_opts){ .qos = 2 }, &rule->subscription);
    rule->subscribed = rc == 0;
    if (rc < 0)
        LOG(LOG_ERROR, "rules", "cannot subscribe the rule", LOG_S("rule", rule->name),
            LOG_S("filter", filter), LOG_ERR(rc));
}

static bool same_filter(const struct program *a, const struct program *b)
{
    const char *one = filter_of(a), *other = filter_of(b);
    return one && other && strcmp(one, other) == 0;
}

static void rule_set(struct rule *rule, struct program *program, bool enabled)
{
    if (!enabled || !same_filter(rule->program, program)) unsubscribe(rule);
    program_unref(rule->program);
    rule->program = program;
    set_enabled(rule, enabled);
    if (enabled) subscribe(rule);
}

static struct program *compile_stored(struct rules *rules, const char *name, const char *payload)
{
    struct diag diag = DIAG_INIT;
    struct json *json;
    struct program *program = NULL;
    int rc = json_parse(slice_str(payload),
                        &(struct json_limits){ .bytes = 1 << 20, .nodes = 65536, .depth = 64 },
                        &json, &diag);
    if (rc == 0) {
        rc = program_compile(rules, name, json, &program, &diag);
        json_free(json);
    }
    if (rc < 0)
        LOG(LOG_ERROR, "rules", "a stored rule does not compile: left out", LOG_S("rule", name),
            LOG_S("reason", diag_text(&diag, rc)));
    return program;
}

static void rule_put(struct rules *rules, const char *name, const char *payload, bool disabled)
{
    struct rule *rule = map_get_str(&rules->by_name, name);
    size_t len = strlen(name);
    if (!rule) {
        if (len > RULE_NAME_MAX) return;
        rule = xnew(struct rule);
        rule->rules = rules;
        rule->subscriber = (struct subscriber){ .ops = &rule_ops, .principal = principal_system() };
        memcpy(rule->name, name, len + 1);
        map_put(&rules->by_name, slice_str(name), rule);
    }
    rule_set(rule, compile_stored(rules, name, payload), !disabled);
}

static void rule_free(struct rule *rule)
{
    rule_set(rule, NULL, false);
    free(rule);
}

static void rule_drop(struct rules *rules, const char *name)
{
    struct rule *rule = map_del(&rules->by_name, slice_str(name));
    if (rule) rule_free(rule);
}

/* ---- following the registry ---- */

static void on_change(struct registry_listener *listener, enum registry_kind kind, const char *name,
                      const struct json *detail)
{
    struct rules *rules = &container_of(listener, struct engine, listener)->rules;
    if (kind != REGISTRY_RULE || rules->store_gone) return;
    if (detail)
        rule_put(rules, name, json_get_str(detail, "payload"),
                 json_is_true(json_get(detail, "disabled")));
    else
        rule_drop(rules, name);
}

/* ---- checking and trying ---- */

int rules_check(struct rules *rules, const char *name, const struct json *payload, bool replaces,
                struct diag *diag)
{
    if (!replaces && rules->by_name.count >= rules->opts.max_rules)
        return diag_set(diag, ERR_LIMIT, "there are %zu rules, as many as rules.max_rules allows",
                        rules->by_name.count);
    struct program *program;
    int rc = program_compile(rules, name ? name : "", payload, &program, diag);
    if (rc == 0) program_unref(program);
    return rc;
}

int rules_test(struct rules *rules, const char *sql, const char *version, struct slice topic,
               struct slice payload, bool *ret_fired, struct buf *ret_output, struct diag *diag)
{
    struct sql *statement;
    int rc = statement_compile(rules, slice_str(sql), version, &statement, diag);
    if (rc < 0) return rc;
    struct msg *msg = msg_create(&(struct msg_opts){ .topic = topic, .payload = payload });
    struct input input;
    input_open(&input, rules, msg, NULL);
    bool fired;
    rc = sql_run(statement, &input.sql, &fired, ret_output);
    if (rc == 0)
        *ret_fired = fired;
    else
        diag_set(diag, rc, "the statement failed: %s", err_text(rc));
    input_close(&input);
    msg_unref(msg);
    sql_unref(statement);
    return rc;
}

/* ---- what our own actions may ask ---- */

const struct rules *rules_of(const struct td_host *host)
{
    return (const struct rules *)(const void *)((const char *)host - offsetof(struct rules, host));
}

struct loop *host_loop(const struct td_host *host)
{
    return rules_of(host)->loop;
}

struct host_files host_files(const struct td_host *host)
{
    const struct rules *rules = rules_of(host);
    return (struct host_files){ rules->file_root, rules->opts.file_max_bytes,
                                rules->opts.file_sync };
}

size_t host_max_levels(const struct td_host *host)
{
    return hub_opts(rules_of(host)->hub)->max_topic_levels;
}

/* ---- life ---- */

static int start_actions(struct rules *rules, struct diag *diag)
{
    for (size_t i = 0; rule_actions[i]; i++) {
        const struct td_action *kind = rule_actions[i];
        if (kind->abi != TD_ACTION_ABI)
            return diag_set(diag, ERR_UNSUPPORTED,
                            "action '%s' is made for version %d of the interface", kind->name,
                            kind->abi);
        int rc = kind->start ? kind->start(&rules->host, &rules->shared[i]) : 0;
        if (rc < 0) return diag_set(diag, rc, "action '%s': %s", kind->name, err_text(rc));
    }
    return 0;
}

static void load_rule(void *arg, const char *name, const char *payload, bool disabled,
                      int64_t created_at)
{
    rule_put(arg, name, payload, disabled);
}

static void load_row(void *arg, const struct outbox_row *row)
{
    firing_restore(arg, row);
}

static int load(struct rules *rules, struct diag *diag)
{
    int64_t last = 0;
    int rc = start_actions(rules, diag);
    if (rc == 0) rc = registry_each_rule(rules->registry, load_rule, rules, diag);
    if (rc == 0) rc = outbox_load(rules->store, load_row, rules, &last, diag);
    if (rc < 0) return rc;
    rules->next_row = last + 1;
    hub_allow_reserved(rules->hub, INGEST_PREFIX "+/#"); /* matches INGEST_PREFIX "NAME" too */
    return hub_subscribe(rules->hub, &rules->ingest, slice_str(INGEST_PREFIX "#"),
                         &(struct sub_opts){ .qos = 2 }, &rules->ingest_subscription);
}

int rules_create(struct rules **ret_rules, struct hub *hub, struct registry *registry,
                 const struct rules_opts *opts, struct diag *diag)
{
    struct engine *engine = xnew(struct engine);
    struct rules *rules = &engine->rules;
    rules->hub = hub;
    rules->loop = hub_loop(hub);
    rules->store = hub_store(hub);
    rules->registry = registry;
    rules->opts = *opts;
    rules->file_root = xstrdup(opts->file_root);
    rules->ingest = (struct subscriber){ .ops = &ingest_ops, .principal = principal_system() };
    rules->nobody = program_bare("");
    loop_task_init(&rules->release, on_release);
    firing_init(rules);
    engine->listener.on_change = on_change;
    registry_listen(registry, &engine->listener);
    int rc = load(rules, diag);
    if (rc < 0) {
        rules_destroy(rules);
        return diag_wrap(diag, rc, "rules");
    }
    *ret_rules = rules;
    return 0;
}

void rules_start(struct rules *rules)
{
    firing_start_lost(rules);
}

void rules_stop(struct rules *rules)
{
    firing_stop(rules);
}

void rules_destroy(struct rules *rules)
{
    if (!rules) return;
    struct engine *engine = container_of(rules, struct engine, rules);
    registry_unlisten(&engine->listener);
    rules->store_gone = true;
    firing_stop(rules);
    loop_task_cancel(&rules->release);
    input_close(&rules->input);
    if (rules->ingest_subscription.entry.node)
        hub_unsubscribe(rules->hub, &rules->ingest_subscription);
    map_for_each(it, &rules->by_name)
        rule_free(it->value);
    map_deinit(&rules->by_name);
    program_unref(rules->nobody);
    free(rules->file_root);
    free(engine);
}
