/* keys.c — the credential provider: temporary keys for the device of a client certificate. Reference: security,
 * section 10, whose checks these are, in their order and with their answers. */
#include "api/api_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "registry/registry.h"

#include <string.h>

static void on_key(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct api_call *call = arg;
    if (!api_end(call)) return;
    if (rc < 0)
        api_fail(call, rc, diag_text(diag, rc), NULL);
    else
        api_answer_json(call, 200, json_dup(result));
}

static bool has_thing(const struct principal *principal, const char *name)
{
    for (size_t i = 0; i < principal->thing_count; i++)
        if (strcmp(principal->things[i].name, name) == 0) return true;
    return false;
}

static void refuse(struct api_call *call, const char *message, const char *why)
{
    auth_log_refusal(call->api->opts.auth, call->principal, &call->conn, api_action(call),
                     slice_str(json_get_str(call->params, "roleAlias")), why);
    api_fail_as(call, 403, "AccessDeniedException", message);
}

void keys_assume_role(struct api_call *call)
{
    const char *thing = json_get_str(call->params, "thingName");
    const char *alias = json_get_str(call->params, "roleAlias");
    if (call->principal->kind != PRINCIPAL_CERT) {
        refuse(call, "Access Denied", "temporary keys are for client certificates");
        return;
    }
    if (thing && !has_thing(call->principal, thing)) {
        refuse(call, "Invalid thing name passed", "the certificate is not attached to that thing");
        return;
    }
    if (auth_require(call->api->opts.auth, call->principal, &call->conn,
                     POLICY_ACTION_ASSUME_ROLE_WITH_CERTIFICATE, AUTH_ROLE_ALIAS,
                     slice_str(alias)) < 0) {
        api_fail_as(call, 403, "AccessDeniedException", "Access Denied");
        return;
    }
    struct json *params = call->params;
    call->params = NULL;
    json_set_str(params, "certificateId", call->principal->id);
    api_begin(call);
    registry_call(call->api->opts.registry, registry_op_find(".CreateTemporaryKey"), params, on_key,
                  call);
}
