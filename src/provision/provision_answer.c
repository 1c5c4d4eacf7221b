/* provision_answer.c — what is published: answers to requests, and the event of just-in-time registration. Reference:
 * security, sections 4 and 6.3. A refusal of CBOR is told in CBOR (RFC 8949): a map of the same three members. */
#include "provision/provision_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "topic/topic.h"

/* The first row of a code counts. */
static const struct {
    int rc;
    struct provision_error error;
} errors[] = {
    { ERR_AUTH, { 400, "InvalidCertificateOwnershipToken" } },
    { ERR_DENIED, { 403, "AccessDenied" } },
    { ERR_UNSUPPORTED, { 400, "UnsupportedPayloadFormat" } },
    { ERR_MALFORMED, { 400, "InvalidPayload" } },
    { ERR_INVALID, { 400, "InvalidParameters" } },
    { ERR_TOO_LARGE, { 400, "InvalidParameters" } },
    { ERR_CERT, { 400, "InvalidParameters" } },
    { ERR_CONFLICT, { 409, "ResourceConflict" } },
    { ERR_EXISTS, { 409, "ResourceConflict" } },
    { ERR_NOT_FOUND, { 400, "ResourceRegistrationFailure" } },
    { ERR_STATE, { 400, "ResourceRegistrationFailure" } },
    { ERR_SYNTAX, { 400, "ResourceRegistrationFailure" } },
    { ERR_IN_USE, { 400, "ResourceRegistrationFailure" } },
    { ERR_LIMIT, { 429, "Throttling" } },
    { ERR_BUSY, { 429, "Throttling" } },
    { ERR_STORE, { 503, "ServiceUnavailable" } },
};

struct provision_error provision_error_of(int rc)
{
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        if (errors[i].rc == rc) return errors[i].error;
    return (struct provision_error){ 500, "InternalFailure" };
}

static void publish(struct provisions *all, const struct msg *request, const char *suffix,
                    struct slice payload)
{
    struct buf topic = { 0 };
    buf_put_slice(&topic, request->topic);
    buf_puts(&topic, suffix);
    if (topic.len <= TOPIC_MAX_LEN) {
        struct msg *msg = msg_create(&(struct msg_opts){
            .topic = buf_slice(&topic), .payload = payload, .qos = 1, .hops = 1 });
        hub_publish_to(all->hub, request->client_id, request->principal, msg);
        msg_unref(msg);
    }
    buf_deinit(&topic);
}

void provision_accept(struct provisions *all, const struct msg *request, struct json *body)
{
    struct buf payload = { 0 };
    json_print(body, &payload);
    publish(all, request, "/accepted", buf_slice(&payload));
    LOG(LOG_INFO, "provision", "accepted", LOG_SLICE("topic", request->topic),
        LOG_SLICE("client", request->client_id), LOG_SLICE("principal", request->principal),
        LOG_S("certificate", json_get_str(body, "certificateId")),
        LOG_S("thing", json_get_str(body, "thingName")));
    buf_deinit(&payload);
    json_free(body);
}

/* ---- refusals ---- */

enum { CBOR_MAP = 0xa0, CBOR_TEXT = 0x60, CBOR_UINT16 = 0x19, CBOR_LEN16 = 0x19 };

static void cbor_text(struct buf *out, const char *text)
{
    buf_put_u8(out, CBOR_TEXT | CBOR_LEN16);
    buf_put_u16(out, (uint16_t)strlen(text));
    buf_puts(out, text);
}

static void print_cbor(struct provision_error error, const char *why, struct buf *out)
{
    buf_put_u8(out, CBOR_MAP | 3);
    cbor_text(out, "statusCode");
    buf_put_u8(out, CBOR_UINT16);
    buf_put_u16(out, (uint16_t)error.status);
    cbor_text(out, "errorCode");
    cbor_text(out, error.code);
    cbor_text(out, "errorMessage");
    cbor_text(out, why);
}

static void print_json(struct provision_error error, const char *why, struct buf *out)
{
    struct json *body = json_new_object();
    json_set_int(body, "statusCode", error.status);
    json_set_str(body, "errorCode", error.code);
    json_set_str(body, "errorMessage", why);
    json_print(body, out);
    json_free(body);
}

void provision_reject(struct provisions *all, const struct msg *request, int rc, const char *why)
{
    struct provision_error error = provision_error_of(rc);
    struct buf payload = { 0 };
    metrics_inc(METRIC_PROVISIONING_REJECTS);
    int64_t rejected = log_pace(&all->rejects, SECONDS(1), loop_now(all->loop));
    if (rejected)
        LOG(LOG_WARN, "provision", "rejected", LOG_SLICE("topic", request->topic),
            LOG_SLICE("client", request->client_id), LOG_SLICE("principal", request->principal),
            LOG_S("error", error.code), LOG_S("reason", why), LOG_I("times", rejected));
    if (error.status >= 500) why = err_text(rc); /* what is wrong with the hub is for its log */
    if (slice_eq_str(slice_from(request->topic, request->topic.len - 4), "cbor"))
        print_cbor(error, why, &payload);
    else
        print_json(error, why, &payload);
    publish(all, request, "/rejected", buf_slice(&payload));
    buf_deinit(&payload);
}

/* ---- just-in-time registration ---- */

void provision_on_registered(void *arg, const char *ca_id, const struct json *event)
{
    struct provisions *all = arg;
    struct buf topic = { 0 }, payload = { 0 };
    buf_printf(&topic, "$aws/events/certificates/registered/%s", ca_id);
    json_print(event, &payload);
    struct msg *msg = msg_create(
        &(struct msg_opts){ .topic = buf_slice(&topic), .payload = buf_slice(&payload), .qos = 1 });
    hub_publish(all->hub, principal_system(), NULL, msg, NULL, NULL);
    msg_unref(msg);
    buf_deinit(&topic);
    buf_deinit(&payload);
}
