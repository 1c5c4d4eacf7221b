/* authorization.c — TestAuthorization, and the hub's own ExplainAuthorization: what policies would say. Both are answered by
 * auth/trial.h. api-operations, section 4; security, section 7.1. */
#include "api/api_priv.h"

#include "auth/trial.h"
#include "base/err.h"
#include "base/mem.h"
#include "registry/registry.h"

#include <stdlib.h>
#include <string.h>

enum { INFOS_MAX = 10, RESOURCES_MAX = 100, NAMES_MAX = 100 };

static const struct {
    const char *type;
    const char *action;
} types[] = {
    { "PUBLISH", "iot:Publish" },
    { "SUBSCRIBE", "iot:Subscribe" },
    { "RECEIVE", "iot:Receive" },
    { "CONNECT", "iot:Connect" },
};

static const char *action_of(const char *type)
{
    for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
        if (strcmp(type, types[i].type) == 0) return types[i].action;
    return NULL;
}

/* ---- answers ---- */

static void add_policy(const struct api_call *call, struct json *list, const char *name)
{
    const struct registry *registry = call->api->opts.registry;
    json_for_each(it, list)
        if (strcmp(json_get_str(it, "policyName"), name) == 0) return;
    struct json *one = json_push(list, json_new_object());
    char *arn = xasprintf("arn:aws:iot:%s:%s:policy/%s", registry_region(registry),
                          registry_account(registry), name);
    json_set_str(one, "policyName", name);
    json_set_str(one, "policyArn", arn);
    free(arn);
}

struct listing {
    const struct api_call *call;
    struct json *list;
};

static void add_listed(void *arg, const char *name)
{
    const struct listing *listing = arg;
    add_policy(listing->call, listing->list, name);
}

static struct json *policies_of(struct json *object, const char *member)
{
    struct json *one = json_set(object, member, json_new_object());
    return json_set(one, "policies", json_new_array());
}

/* The worst of its resources decides. */
static struct json *test_info(struct api_call *call, struct trial *trial, const struct json *info)
{
    static const char *const decisions[] = { [POLICY_IMPLICIT_DENY] = "IMPLICIT_DENY",
                                             [POLICY_ALLOW] = "ALLOWED",
                                             [POLICY_EXPLICIT_DENY] = "EXPLICIT_DENY" };
    struct json *result = json_new_object();
    json_set(result, "authInfo", json_dup(info));
    struct json *allowed = policies_of(result, "allowed");
    struct json *denied = json_set(result, "denied", json_new_object());
    struct listing implicit = { call, policies_of(denied, "implicitDeny") };
    struct json *explicitly = policies_of(denied, "explicitDeny");
    struct json *missing = json_new_array();
    enum policy_effect worst = POLICY_ALLOW;
    json_for_each(resource, json_get(info, "resources")) {
        struct explanation why = { 0 };
        trial_ask(trial, action_of(json_get_str(info, "actionType")), json_str(resource), &why,
                  missing);
        enum policy_effect effect = why.decision.effect;
        if (effect == POLICY_IMPLICIT_DENY)
            trial_each_policy(trial, add_listed, &implicit);
        else
            add_policy(call, effect == POLICY_ALLOW ? allowed : explicitly,
                       policy_name(why.decision.policy));
        if (effect == POLICY_EXPLICIT_DENY || worst == POLICY_ALLOW) worst = effect;
        explanation_deinit(&why);
    }
    json_set_str(result, "authDecision", decisions[worst]);
    json_set(result, "missingContextValues", missing);
    return result;
}

static void set_text(struct json *object, const char *member, const struct buf *text)
{
    if (text->len) json_set_str(object, member, buf_str(text));
}

static struct json *explain(const struct json *params, struct trial *trial)
{
    static const char *const decisions[] = { [POLICY_IMPLICIT_DENY] = "implicitDeny",
                                             [POLICY_ALLOW] = "allowed",
                                             [POLICY_EXPLICIT_DENY] = "explicitDeny" };
    struct explanation why = { 0 };
    struct json *result = json_new_object(), *missing = json_new_array();
    trial_ask(trial, json_get_str(params, "action"), json_get_str(params, "resource"), &why,
              missing);
    json_set_str(result, "decision", decisions[why.decision.effect]);
    set_text(result, "reason", &why.reason);
    if (why.decision.policy) {
        json_set_str(result, "policyName", policy_name(why.decision.policy));
        json_set_int(result, "statement", why.decision.statement);
        if (why.decision.sid) json_set_str(result, "sid", why.decision.sid);
    }
    set_text(result, "closest", &why.closest);
    set_text(result, "change", &why.change);
    json_set(result, "missingContextValues", missing);
    explanation_deinit(&why);
    return result;
}

/* ---- the way of a call ---- */

static bool took(struct api_call *call, int rc, const struct diag *diag)
{
    if (rc < 0) api_fail(call, rc, diag_text(diag, rc), NULL);
    return rc == 0;
}

static void on_test(void *arg, int rc, struct trial *trial, const struct diag *diag)
{
    struct api_call *call = arg;
    bool there = api_end(call);
    if (there && took(call, rc, diag)) {
        struct json *result = json_new_object();
        struct json *results = json_set(result, "authResults", json_new_array());
        json_for_each(info, json_get(call->params, "authInfos"))
            json_push(results, test_info(call, trial, info));
        api_answer_json(call, 200, result);
    }
    if (trial) trial_end(trial);
}

static void on_explain(void *arg, int rc, struct trial *trial, const struct diag *diag)
{
    struct api_call *call = arg;
    bool there = api_end(call);
    if (there && took(call, rc, diag)) api_answer_json(call, 200, explain(call->params, trial));
    if (trial) trial_end(trial);
}

/* ---- what was asked ---- */

static int check_strings(const struct json *list, const char *what, size_t min, size_t max,
                         struct diag *diag)
{
    size_t count = json_count(list);
    if (list && !json_is(list, JSON_ARRAY))
        return diag_set(diag, ERR_INVALID, "%s must be an array of strings", what);
    if (count < min || count > max)
        return diag_set(diag, ERR_INVALID, "%s must have %zu to %zu members", what, min, max);
    json_for_each(it, list) {
        if (!json_str(it) || !*json_str(it))
            return diag_set(diag, ERR_INVALID, "%s must be an array of strings", what);
    }
    return 0;
}

static int check_infos(const struct json *infos, struct diag *diag)
{
    size_t count = json_count(infos);
    if (!json_is(infos, JSON_ARRAY) || count < 1 || count > INFOS_MAX)
        return diag_set(diag, ERR_INVALID, "authInfos must have 1 to %d members", INFOS_MAX);
    json_for_each(info, infos) {
        if (!action_of(json_get_str(info, "actionType")))
            return diag_set(diag, ERR_INVALID,
                            "actionType must be PUBLISH, SUBSCRIBE, RECEIVE or CONNECT");
        int rc = check_strings(json_get(info, "resources"), "resources", 1, RESOURCES_MAX, diag);
        if (rc < 0) return rc;
    }
    return 0;
}

static int check_context(const struct json *context, struct diag *diag)
{
    if (context && !json_is(context, JSON_OBJECT))
        return diag_set(diag, ERR_INVALID, "context must be an object");
    json_for_each(it, context) {
        int rc = json_str(it) ? 0 : check_strings(it, json_key(it), 0, NAMES_MAX, diag);
        if (rc < 0) return rc;
    }
    return 0;
}

static int check_test(const struct json *params, struct diag *diag)
{
    if (json_get(params, "cognitoIdentityPoolId"))
        return diag_set(diag, ERR_UNSUPPORTED, "this hub has no Cognito identities");
    int rc = check_infos(json_get(params, "authInfos"), diag);
    if (rc == 0)
        rc = check_strings(json_get(params, "policyNamesToAdd"), "policyNamesToAdd", 0, NAMES_MAX,
                           diag);
    if (rc == 0)
        rc = check_strings(json_get(params, "policyNamesToSkip"), "policyNamesToSkip", 0, NAMES_MAX,
                           diag);
    return rc;
}

static int check_explain(const struct json *params, struct diag *diag)
{
    static const char *const needed[] = { "principal", "action", "resource" };
    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        const char *text = json_get_str(params, needed[i]);
        if (!text || !*text) return diag_set(diag, ERR_INVALID, "%s is missing", needed[i]);
    }
    return check_context(json_get(params, "context"), diag);
}

/* The parameters live as long as the call, which stays until trial_begin has called back. */
static void begin(struct api_call *call, int rc, const struct diag *diag, trial_cb done)
{
    const struct json *params = call->params;
    if (!took(call, rc, diag)) return;
    api_begin(call);
    trial_begin(call->api->opts.auth,
                &(struct trial_opts){ .principal = json_get_str(params, "principal"),
                                      .add = json_get(params, "policyNamesToAdd"),
                                      .skip = json_get(params, "policyNamesToSkip"),
                                      .client_id = json_get_str(params, "clientId"),
                                      .context = json_get(params, "context") },
                done, call);
}

void control_test_authorization(struct api_call *call)
{
    struct diag diag = DIAG_INIT;
    begin(call, check_test(call->params, &diag), &diag, on_test);
}

void hub_explain_authorization(struct api_call *call)
{
    struct diag diag = DIAG_INIT;
    begin(call, check_explain(call->params, &diag), &diag, on_explain);
}
