/* host_request.c — requests of actions: thingd/action.h over src/webhook. */
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "http/http.h"
#include "rules/firing_priv.h"
#include "webhook/webhook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct td_call {
    td_answer_cb answer;
    void *arg;
};

static struct slice slice_td(struct td_bytes bytes)
{
    return slice_of(bytes.ptr, bytes.len);
}

/* ---- errors ---- */

static const struct {
    int rc, td;
} codes[] = {
    { ERR_INVALID, -EINVAL },     { ERR_DENIED, -EPERM },     { ERR_NOT_FOUND, -EHOSTUNREACH },
    { ERR_BUSY, -EAGAIN },        { ERR_CLOSED, -ECANCELED }, { ERR_TIMEOUT, -ETIMEDOUT },
    { ERR_TOO_LARGE, -EMSGSIZE },
};

static int td_code(int rc)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (codes[i].rc == rc) return codes[i].td;
    return rc <= ERR_MALFORMED ? -EPROTO : rc;
}

/* ---- the request ---- */

static bool has_content_type(const struct td_request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (http_eq_nocase(slice_td(request->headers[i].name), SLICE_LIT("Content-Type")))
            return true;
    return false;
}

static struct slice type_of(struct slice body)
{
    struct json *json = NULL;
    bool is_json = json_parse(body, NULL, &json, NULL) == 0;
    json_free(json);
    return is_json ? SLICE_LIT("application/json") : SLICE_LIT("application/octet-stream");
}

/* Returns the fields, owned: one more than the request has. */
static struct webhook_field *fields_of(const struct td_request *request, size_t *ret_count)
{
    struct webhook_field *fields = xcalloc(request->header_count + 1, sizeof *fields);
    size_t count = request->header_count;
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct webhook_field){ slice_td(request->headers[i].name),
                                            slice_td(request->headers[i].value) };
    if (!has_content_type(request))
        fields[count++] =
            (struct webhook_field){ SLICE_LIT("Content-Type"), type_of(slice_td(request->body)) };
    *ret_count = count;
    return fields;
}

static struct webhook_request request_of(const struct td_request *request,
                                         const struct webhook_field *fields, size_t count)
{
    return (struct webhook_request){ .method = "POST",
                                     .url = slice_td(request->url),
                                     .fields = fields,
                                     .field_count = count,
                                     .body = slice_td(request->body),
                                     .timeout_ms = request->timeout_ms };
}

int host_check_request(const struct td_host *host, const struct td_request *request, char *why,
                       size_t why_size)
{
    size_t count;
    struct diag diag = DIAG_INIT;
    struct webhook_field *fields = fields_of(request, &count);
    struct webhook_request own = request_of(request, fields, count);
    int rc = webhook_check(&own, &diag);
    free(fields);
    if (rc < 0) snprintf(why, why_size, "%s", diag.text);
    return rc < 0 ? td_code(rc) : 0;
}

static void on_done(void *arg, int rc, int status, struct slice body, const struct diag *diag)
{
    struct td_call *call = arg;
    struct td_bytes bytes = { body.ptr, body.len };
    call->answer(call->arg, rc < 0 ? td_code(rc) : 0, status, bytes, diag_text(diag, rc));
    free(call);
}

struct td_call *host_request(const struct td_host *host, const struct td_request *request,
                             td_answer_cb answer, void *arg)
{
    size_t count;
    struct webhook_field *fields = fields_of(request, &count);
    struct webhook_request own = request_of(request, fields, count);
    struct td_call *call = xnew(struct td_call);
    call->answer = answer;
    call->arg = arg;
    webhook_send(rules_of(host)->opts.webhooks, &own, on_done, call);
    free(fields);
    return call;
}

void host_cancel(const struct td_host *host, struct td_call *call)
{
    webhook_cancel(rules_of(host)->opts.webhooks, call);
    free(call);
}
