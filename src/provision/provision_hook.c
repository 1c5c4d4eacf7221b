/* provision_hook.c — the pre-provisioning hook: AWS's event of a Lambda function, posted to a URL, and its answer
 *   {"allowProvisioning": true, "parameterOverrides": {"name": "value"}}
 * Anything else (another status than 200, no answer in time, other JSON) is a no: reference, security, section 6.3. */
#include "provision/provision_priv.h"

#include "base/err.h"
#include "base/log.h"

#include <stdio.h>

#define REFUSED "Access Denied"

static void refuse(struct provision *p, const char *why)
{
    LOG(LOG_WARN, "provision", "the hook does not allow it",
        LOG_S("hook", json_get_str(p->found, "hook")), LOG_S("reason", why),
        LOG_S("certificate", json_get_str(p->found, "certificateId")));
    provision_hook_done(p, ERR_DENIED, REFUSED);
}

static void override(struct provision *p, const struct json *overrides)
{
    struct json *params = json_get(p->params, "parameters");
    if (!params) params = json_set(p->params, "parameters", json_new_object());
    json_for_each(value, overrides)
        json_set(params, json_key(value), json_dup(value));
}

static void on_answer(struct provision *p, const struct json *answer)
{
    const struct json *overrides = json_get(answer, "parameterOverrides");
    if (!json_is_true(json_get(answer, "allowProvisioning"))) {
        refuse(p, "allowProvisioning is not true");
    } else if (overrides && !json_is(overrides, JSON_OBJECT) && !json_is(overrides, JSON_NULL)) {
        refuse(p, "parameterOverrides is no object");
    } else {
        override(p, overrides);
        provision_hook_done(p, 0, NULL);
    }
}

static void on_response(void *arg, int rc, int status, struct slice body, const struct diag *diag)
{
    struct provision *p = arg;
    struct json *answer = NULL;
    struct diag why = DIAG_INIT;
    if (rc == ERR_CLOSED) {
        provision_hook_done(p, rc, NULL);
    } else if (rc < 0) {
        refuse(p, diag_text(diag, rc));
    } else if (status != 200) {
        snprintf(why.text, sizeof why.text, "status %d", status);
        refuse(p, why.text);
    } else if ((rc = json_parse(body, NULL, &answer, &why)) < 0) {
        refuse(p, diag_text(&why, rc));
    } else {
        on_answer(p, answer);
        json_free(answer);
    }
}

static void put_event(const struct provision *p, struct buf *out)
{
    static const char *const found[] = { "certificateId", "certificatePem", "templateArn" };
    struct json *event = json_new_object();
    const struct json *params = json_get(p->params, "parameters");
    json_set(event, "claimCertificateId", json_new_slice(p->msg->principal));
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        json_set_str(event, found[i], json_get_str(p->found, found[i]));
    json_set(event, "clientId", json_new_slice(p->msg->client_id));
    json_set(event, "parameters", params ? json_dup(params) : json_new_object());
    json_print(event, out);
    json_free(event);
}

void provision_hook_ask(struct provision *p)
{
    const struct provisions_opts *opts = &p->all->opts;
    static const struct webhook_field fields[] = {
        { { "Content-Type", 12 }, { "application/json", 16 } },
    };
    struct buf event = { 0 };
    if (!opts->send) {
        refuse(p, "this hub makes no requests");
        return;
    }
    put_event(p, &event);
    opts->send(opts->hooks,
               &(struct webhook_request){
                   .method = "POST",
                   .url = slice_str(json_get_str(p->found, "hook")),
                   .fields = fields,
                   .field_count = 1,
                   .body = buf_slice(&event),
                   .timeout_ms = opts->hook_timeout_ms,
               },
               on_response, p);
    buf_deinit(&event);
}
