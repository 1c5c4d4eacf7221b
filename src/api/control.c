/* control.c — the control plane: one handler for all operations of the registry, and the few things that
 * stand before it (a rule must be one that the engine can run; only an administrator makes another). */
#include "api/api_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "registry/registry.h"
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

static void on_registry(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct api_call *call = arg;
    if (!api_end(call)) return;
    if (rc < 0) {
        api_fail(call, rc, diag_text(diag, rc), result);
        return;
    }
    struct buf body = { 0 };
    if (result)
        json_print(result, &body);
    else
        buf_puts(&body, "{}");
    api_answer(call, 200, "application/json", buf_slice(&body));
    buf_deinit(&body);
}

static bool has_tags(const struct json *params)
{
    const struct json *tags = json_get(params, "tags");
    const char *text = json_str(tags); /* of x-amz-tagging */
    return json_count(tags) || (text && *text);
}

void control_registry(struct api_call *call)
{
    const struct registry_op *op = registry_op_find(call->route->op);
    if (!op) BUG("route '%s' has no operation", call->route->op);
    if (has_tags(call->params)) { /* rather than to lose them without a word */
        api_fail(call, ERR_UNSUPPORTED, "tags are not supported yet", NULL);
        return;
    }
    struct json *params = call->params;
    call->params = NULL;
    api_begin(call);
    registry_call(call->api->opts.registry, op, params, on_registry, call);
}

void control_rule(struct api_call *call)
{
    struct diag diag = DIAG_INIT;
    bool replaces = strcmp(call->route->op, "ReplaceTopicRule") == 0;
    int rc = rules_check(call->api->opts.rules, json_get_str(call->params, "ruleName"),
                         json_get(call->params, "topicRulePayload"), replaces, &diag);
    if (rc < 0)
        api_fail(call, rc, diag_text(&diag, rc), NULL);
    else
        control_registry(call);
}

static bool flag(const struct json *value)
{
    const char *text = json_str(value);
    return json_is_true(value) || (text && strcmp(text, "true") == 0);
}

/* A policy can allow to make credentials, but not to become an administrator by them. */
void control_credential(struct api_call *call)
{
    if (flag(json_get(call->params, "admin")) && !call->principal->admin) {
        auth_log_refusal(call->api->opts.auth, call->principal, &call->conn,
                         call->route->route.action, SLICE_LIT("*"),
                         "only an administrator makes credentials of an administrator");
        api_fail_denied(call, "*");
        return;
    }
    control_registry(call);
}

static bool may_change_groups(struct api_call *call, const char *list)
{
    const struct registry *registry = call->api->opts.registry;
    bool may = true;
    json_for_each(group, json_get(call->params, list)) {
        if (!json_str(group)) continue;
        char *arn = xasprintf("arn:aws:iot:%s:%s:thinggroup/%s", registry_region(registry),
                              registry_account(registry), json_str(group));
        may = auth_require_admin(call->api->opts.auth, call->principal, &call->conn,
                                 call->route->route.action, arn) == 0;
        if (!may) api_fail_denied(call, arn);
        free(arn);
        if (!may) break;
    }
    return may;
}

/* Whoever may change a thing may not put it into every group: groups have rights. */
void control_thing_groups(struct api_call *call)
{
    if (may_change_groups(call, "thingGroupsToAdd") &&
        may_change_groups(call, "thingGroupsToRemove"))
        control_registry(call);
}

/* api-operations, section 1.5: the retired types are refused, as on AWS. */
static const char *const endpoint_types[] = { "iot:Data-ATS", "iot:CredentialProvider", "iot:Jobs",
                                              "iot:Data-Beta" };

void control_endpoint(struct api_call *call)
{
    const char *type = json_get_str(call->params, "endpointType");
    bool known = !type;
    for (size_t i = 0; i < ARRAY_LEN(endpoint_types) && !known; i++)
        known = strcmp(type, endpoint_types[i]) == 0;
    if (!known) {
        struct diag diag = DIAG_INIT;
        diag_set(&diag, ERR_INVALID, "Endpoint type %.100s not recognized", type);
        api_fail(call, ERR_INVALID, diag.text, NULL);
        return;
    }
    struct json *result = json_new_object();
    json_set_str(result, "endpointAddress", call->api->opts.hostname);
    api_answer_json(call, 200, result);
}
