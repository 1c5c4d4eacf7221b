/* rule_records.c — topic rules as records: CreateTopicRule, ReplaceTopicRule, GetTopicRule, ListTopicRules,
 * EnableTopicRule, DisableTopicRule, DeleteTopicRule. The rules engine checks a payload before it comes
 * here, and listens for the change. Reference: rules-sql, section 8. */
#include "base/err.h"
#include "base/mem.h"
#include "registry/registry_priv.h"
#include "sql/sql.h"
#include "topic/topic.h"

#include <stdlib.h>
#include <string.h>

/* What was stored is read again, whatever the limits are now. */
static const struct json_limits stored_limits = { .bytes = SIZE_MAX,
                                                  .nodes = SIZE_MAX,
                                                  .depth = 1000 };

static int rule_name_of(struct registry_call *call, const char **ret_name)
{
    static const struct param_kind kind = { 1, 128, "a-zA-Z0-9_", "^[a-zA-Z0-9_]+$" };
    return param_name(call, "ruleName", &kind, ret_name);
}

static int rule_and_payload(struct registry_call *call, const char **ret_name)
{
    int rc = rule_name_of(call, ret_name);
    if (rc == 0 && !json_is(json_get(call->params, "topicRulePayload"), JSON_OBJECT))
        rc = fail(call, ERR_INVALID,
                  "1 validation error detected: Value null at 'topicRulePayload' failed to satisfy "
                  "constraint: Member must not be null");
    return rc;
}

/* AWS answers UnauthorizedException for a rule that is not there. */
static int not_found(struct registry_call *call, const char *name)
{
    return fail(call, ERR_AUTH, "Access to topic rule '%s' was denied", name);
}

static char *payload_text(struct registry_call *call)
{
    struct buf text = { 0 };
    json_print(json_get(call->params, "topicRulePayload"), &text);
    return buf_take(&text, NULL);
}

static bool payload_disabled(struct registry_call *call)
{
    return json_is_true(json_get(json_get(call->params, "topicRulePayload"), "ruleDisabled"));
}

/* Read back, so that what runs is what is kept. */
static int changed_rule(struct registry_call *call, struct db *db, const char *name)
{
    struct db_stmt *q = db_query(db, "SELECT payload, disabled FROM rule WHERE name = ?1");
    db_bind_text(q, 1, name);
    if (db_step(q)) {
        struct json *detail = json_new_object();
        json_set_str(detail, "payload", db_text(q, 0));
        json_set_bool(detail, "disabled", db_int(q, 1) != 0);
        changed_to(call, REGISTRY_RULE, name, detail);
    }
    return db_done(q);
}

static int create_rule(struct registry_call *call, struct db *db)
{
    const char *name;
    int rc = rule_and_payload(call, &name);
    if (rc < 0) return rc;
    char *payload = payload_text(call);
    struct db_stmt *q = db_query(
        db, "INSERT INTO rule (name, payload, disabled, created_at) VALUES (?1, ?2, ?3, ?4)");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, payload);
    db_bind_int(q, 3, payload_disabled(call));
    db_bind_int(q, 4, call->now_ms);
    rc = db_exec(q);
    free(payload);
    if (rc == ERR_EXISTS) {
        json_set_str(result_of(call), "resourceId", name);
        result_arn(call, result_of(call), "resourceArn", "rule", name);
        return fail(call, rc, "Rule %s already exists", name);
    }
    return rc < 0 ? rc : changed_rule(call, db, name);
}

static int replace_rule(struct registry_call *call, struct db *db)
{
    const char *name;
    int rc = rule_and_payload(call, &name);
    if (rc < 0) return rc;
    char *payload = payload_text(call);
    struct db_stmt *q = db_query(db, "UPDATE rule SET payload = ?2, disabled = ?3 WHERE name = ?1");
    db_bind_text(q, 1, name);
    db_bind_text(q, 2, payload);
    db_bind_int(q, 3, payload_disabled(call));
    rc = db_exec(q);
    free(payload);
    if (rc == 0 && db_changes(db) == 0) return not_found(call, name);
    return rc < 0 ? rc : changed_rule(call, db, name);
}

/* Columns: name, payload, disabled, created_at. */
static int get_rule(struct registry_call *call, struct db *db)
{
    const char *name;
    int rc = rule_name_of(call, &name);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "SELECT payload, disabled, created_at FROM rule WHERE name = ?1");
    db_bind_text(q, 1, name);
    struct json *payload = NULL;
    bool found = db_step(q);
    if (found && json_parse(slice_str(db_text(q, 0)), &stored_limits, &payload, NULL) == 0) {
        struct json *rule = json_set(result_of(call), "rule", payload);
        json_set_str(rule, "ruleName", name);
        json_set_bool(rule, "ruleDisabled", db_int(q, 1) != 0);
        result_time(rule, "createdAt", db_int(q, 2));
        result_arn(call, result_of(call), "ruleArn", "rule", name);
    }
    rc = db_done(q);
    if (rc == 0 && !found) return not_found(call, name);
    if (rc == 0 && !payload) return fail(call, ERR_INTERNAL, "Rule %s is damaged", name);
    return rc;
}

/* The filter behind FROM, returned owned; NULL when there is none. */
static char *topic_pattern(const char *payload_text)
{
    struct json *payload;
    struct sql *sql;
    char *pattern = NULL;
    if (json_parse(slice_str(payload_text), &stored_limits, &payload, NULL) < 0) return NULL;
    const char *text = json_get_str(payload, "sql");
    if (text &&
        sql_compile(slice_str(text), json_get_str(payload, "awsIotSqlVersion"), &sql, NULL) == 0) {
        if (sql_topic_filter(sql)) pattern = xstrdup(sql_topic_filter(sql));
        sql_unref(sql);
    }
    json_free(payload);
    return pattern;
}

/* Columns: name, payload, disabled, created_at. */
static void push_rule(struct registry_call *call, struct json *list, struct db_stmt *q,
                      const char *pattern)
{
    struct json *one = json_push(list, json_new_object());
    result_arn(call, one, "ruleArn", "rule", db_text(q, 0));
    json_set_str(one, "ruleName", db_text(q, 0));
    json_set_str(one, "topicPattern", pattern);
    result_time(one, "createdAt", db_int(q, 3));
    json_set_bool(one, "ruleDisabled", db_int(q, 2) != 0);
}

/* `topic` chooses the rules whose FROM matches it; a pattern chooses those which have just that. */
static bool pattern_is_wanted(const char *pattern, const char *topic)
{
    if (!topic) return true;
    return pattern &&
           (strcmp(pattern, topic) == 0 || topic_match(slice_str(pattern), slice_str(topic)));
}

static int list_page(struct registry_call *call, struct db *db, const struct page *page)
{
    const char *topic = param_str(call, "topic");
    struct json *list = json_set(result_of(call), "rules", json_new_array());
    struct db_stmt *q = db_query(db, "SELECT name, payload, disabled, created_at FROM rule WHERE "
                                     "name > ?1 AND (?2 IS NULL OR disabled = ?2) ORDER BY name");
    db_bind_text(q, 1, page->after ? page->after : "");
    if (json_get(call->params, "ruleDisabled"))
        db_bind_int(q, 2, param_flag(call, "ruleDisabled"));
    else
        db_bind_null(q, 2);
    bool more = false;
    while (!more && db_step(q)) {
        char *pattern = topic_pattern(db_text(q, 1));
        bool wanted = pattern_is_wanted(pattern, topic);
        more = wanted && (int64_t)json_count(list) == page->size;
        if (wanted && !more) push_rule(call, list, q, pattern);
        free(pattern);
    }
    if (more) {
        const struct json *last = json_at(list, json_count(list) - 1);
        page_next(call, "nextToken", json_get_str(last, "ruleName"));
    }
    return db_done(q);
}

static int list_rules(struct registry_call *call, struct db *db)
{
    struct page page;
    int rc = page_open(call, "maxResults", "nextToken", 100, 10000, &page);
    if (rc < 0) return rc;
    rc = list_page(call, db, &page);
    page_close(&page);
    return rc;
}

static int set_disabled(struct registry_call *call, struct db *db, bool disabled)
{
    const char *name;
    int rc = rule_name_of(call, &name);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "UPDATE rule SET disabled = ?2 WHERE name = ?1");
    db_bind_text(q, 1, name);
    db_bind_int(q, 2, disabled);
    rc = db_exec(q);
    if (rc == 0 && db_changes(db) == 0) return not_found(call, name);
    return rc < 0 ? rc : changed_rule(call, db, name);
}

static int enable_rule(struct registry_call *call, struct db *db)
{
    return set_disabled(call, db, false);
}

static int disable_rule(struct registry_call *call, struct db *db)
{
    return set_disabled(call, db, true);
}

static int delete_rule(struct registry_call *call, struct db *db)
{
    const char *name;
    int rc = rule_name_of(call, &name);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "DELETE FROM rule WHERE name = ?1");
    db_bind_text(q, 1, name);
    rc = db_exec(q);
    if (rc == 0 && db_changes(db)) changed(call, REGISTRY_RULE, name);
    return rc;
}

const struct registry_op rule_ops[] = {
    { .name = "CreateTopicRule", .run = create_rule },
    { .name = "ReplaceTopicRule", .run = replace_rule },
    { .name = "GetTopicRule", .run = get_rule, .reads = true },
    { .name = "ListTopicRules", .run = list_rules, .reads = true },
    { .name = "EnableTopicRule", .run = enable_rule },
    { .name = "DisableTopicRule", .run = disable_rule },
    { .name = "DeleteTopicRule", .run = delete_rule },
    { 0 },
};
