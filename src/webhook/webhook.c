/* webhook.c — see webhook.h.
 *
 *   send ─► checked, written ─► lane ─► exchange.c, on a worker ─► done, on the loop
 *
 *  I1  Every call is in `open` until it is freed, which comes after `done`, or after the worker of one that was
 *      cancelled.
 *  I2  A worker reads the call and what of the webhooks never changes after the first request. */
#include "webhook/webhook.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "loop/loop.h"
#include "version.h"
#include "webhook/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const char system_ca[] = "/etc/ssl/certs/ca-certificates.crt";

struct webhooks {
    struct loop *loop;
    struct worker_lane *lane; /* NULL: stopped */
    struct list open;
    int stop_fd;
    int64_t timeout_ms;
    char *ca_file;
    struct ip_net *allow;
    uint16_t *own_ports;
    struct webhook_guard guard; /* views of both */
    struct http_limits limits;
};

struct webhook_call {
    struct worker_job job; /* first */
    struct list link;      /* of webhooks.open */
    struct webhooks *hooks;
    struct loop_task refused; /* when no worker gets it */
    struct webhook_url url;   /* but for its target, which was the caller's text */
    struct buf request;
    int64_t timeout_ms;
    struct http_client answer;
    int rc;
    struct diag diag;
    webhook_done_cb done; /* NULL: cancelled */
    void *arg;
    _Atomic bool cancelled; /* for the worker */
};

/* ---- a call ---- */

static void call_free(struct webhook_call *call)
{
    list_remove(&call->link);
    http_client_deinit(&call->answer);
    buf_deinit(&call->request);
    free(call);
}

static void finish(struct webhook_call *call)
{
    if (call->rc < 0) metrics_inc(METRIC_WEBHOOK_FAILURES);
    int status = call->rc < 0 ? 0 : call->answer.status;
    struct slice body = call->rc < 0 ? slice_of("", 0) : call->answer.body;
    if (call->done) call->done(call->arg, call->rc, status, body, &call->diag);
    call_free(call);
}

static void work(struct worker_job *job)
{
    struct webhook_call *call = container_of(job, struct webhook_call, job);
    struct webhooks *hooks = call->hooks;
    if (atomic_load(&call->cancelled)) return;
    call->rc = webhook_exchange(&(struct webhook_exchange){
        .url = &call->url,
        .request = buf_slice(&call->request),
        .ca_file = hooks->ca_file,
        .guard = &hooks->guard,
        .patience = { clock_mono_ms() + call->timeout_ms, hooks->stop_fd },
        .timeout_ms = call->timeout_ms,
        .answer = &call->answer,
        .diag = &call->diag,
    });
}

static void on_done(struct worker_job *job)
{
    struct webhook_call *call = container_of(job, struct webhook_call, job);
    if (job->cancelled) call->rc = diag_set(&call->diag, ERR_CLOSED, "the hub is stopping");
    finish(call);
}

static void on_refused(struct loop_task *task)
{
    finish(container_of(task, struct webhook_call, refused));
}

/* ---- writing the request ---- */

/* call.fields begins with those of the request, their names copied. */
static int put_fields(struct buf *out, const struct webhook_request *request,
                      struct http_call *call)
{
    struct http_field *fields = xcalloc(request->field_count + 1, sizeof *fields);
    for (size_t i = 0; i < request->field_count; i++) {
        const struct webhook_field *from = &request->fields[i];
        fields[i] = (struct http_field){ xstrndup(from->name.ptr, from->name.len), from->value };
    }
    fields[request->field_count] =
        (struct http_field){ "User-Agent", SLICE_LIT("thingd/" THINGD_VERSION) };
    call->fields = fields;
    call->field_count = request->field_count + 1;
    int rc = http_put_request(out, call);
    for (size_t i = 0; i < request->field_count; i++)
        free((char *)fields[i].name);
    free(fields);
    return rc;
}

static enum http_method method_of(const struct webhook_request *request)
{
    enum http_method method;
    if (http_method_find(slice_str(request->method), &method) < 0)
        BUG("a request with the method '%s'", request->method);
    return method;
}

/* The views of *ret_url are of request->url. */
static int put_request(struct buf *out, const struct webhook_request *request,
                       struct webhook_url *ret_url, struct diag *diag)
{
    int rc = webhook_url_parse(request->url, ret_url, diag);
    if (rc < 0) return rc;
    rc = put_fields(out, request,
                    &(struct http_call){ .method = method_of(request),
                                         .target = ret_url->target,
                                         .host = ret_url->authority,
                                         .body = request->body });
    return rc < 0 ? diag_set(diag, rc, "a header has a name or a value that cannot be sent") : 0;
}

int webhook_check(const struct webhook_request *request, struct diag *diag)
{
    struct buf ignored = { 0 };
    struct webhook_url url;
    int rc = put_request(&ignored, request, &url, diag);
    buf_deinit(&ignored);
    return rc;
}

static int submit(struct webhook_call *call)
{
    struct worker_lane *lane = call->hooks->lane;
    int rc = lane ? worker_submit(lane, &call->job) : ERR_CLOSED;
    if (rc == ERR_BUSY) return diag_set(&call->diag, rc, "too many requests wait (webhook.queue)");
    return rc < 0 ? diag_set(&call->diag, rc, "the hub is stopping") : 0;
}

void webhook_send(struct webhooks *hooks, const struct webhook_request *request,
                  webhook_done_cb done, void *arg)
{
    struct webhook_call *call = xnew(struct webhook_call);
    call->job = (struct worker_job){ .run = work, .done = on_done };
    call->hooks = hooks;
    call->timeout_ms = request->timeout_ms ? request->timeout_ms : hooks->timeout_ms;
    call->done = done;
    call->arg = arg;
    loop_task_init(&call->refused, on_refused);
    list_push_back(&hooks->open, &call->link);
    metrics_inc(METRIC_WEBHOOK_REQUESTS);
    http_client_init(&call->answer, &hooks->limits, method_of(request));
    int rc = put_request(&call->request, request, &call->url, &call->diag);
    if (rc == 0) rc = submit(call);
    if (rc < 0) { /* else it is the worker's */
        call->rc = rc;
        loop_defer(hooks->loop, &call->refused);
    }
}

void webhook_cancel(struct webhooks *hooks, const void *arg)
{
    list_for_each(it, &hooks->open) {
        struct webhook_call *call = container_of(it, struct webhook_call, link);
        if (call->arg != arg) continue;
        call->done = NULL;
        atomic_store(&call->cancelled, true);
    }
}

/* ---- life ---- */

static int check_ca(const char *file, struct diag *diag)
{
    struct tls_client *tls = NULL;
    int rc = webhook_make_tls(file, "", &tls, diag);
    tls_client_destroy(tls);
    return rc < 0 ? diag_wrap(diag, rc, "webhook.ca_file") : 0;
}

int webhooks_create(struct webhooks **ret_hooks, struct loop *loop,
                    const struct webhooks_opts *opts, struct diag *diag)
{
    bool own_ca = opts->ca_file && *opts->ca_file;
    int rc = own_ca ? check_ca(opts->ca_file, diag) : 0;
    if (rc < 0) return rc;
    int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd < 0) return diag_set(diag, -errno, "eventfd: %s", err_text(-errno));
    struct webhooks *hooks = xnew(struct webhooks);
    hooks->loop = loop;
    hooks->stop_fd = stop_fd;
    hooks->timeout_ms = opts->timeout_ms;
    hooks->ca_file = xstrdup(own_ca ? opts->ca_file : system_ca);
    hooks->allow = xcalloc(opts->allow_count + 1, sizeof *hooks->allow);
    if (opts->allow_count)
        memcpy(hooks->allow, opts->allow, opts->allow_count * sizeof *hooks->allow);
    hooks->guard = (struct webhook_guard){ hooks->allow, opts->allow_count, NULL, 0 };
    hooks->limits = http_default_limits;
    hooks->limits.max_body = opts->max_response;
    list_init(&hooks->open);
    hooks->lane = worker_lane_create(loop, "thingd-webhook", opts->workers, opts->queue);
    *ret_hooks = hooks;
    return 0;
}

void webhooks_set_own_ports(struct webhooks *hooks, const uint16_t *ports, size_t count)
{
    hooks->own_ports = xcalloc(count + 1, sizeof *ports);
    memcpy(hooks->own_ports, ports, count * sizeof *ports);
    hooks->guard.own_ports = hooks->own_ports;
    hooks->guard.own_port_count = count;
}

void webhooks_stop(struct webhooks *hooks)
{
    struct worker_lane *lane = hooks->lane;
    if (lane) {
        hooks->lane = NULL;
        eventfd_write(hooks->stop_fd, 1);
        worker_lane_destroy(lane);
    }
    while (!list_empty(&hooks->open)) {
        struct webhook_call *call = container_of(hooks->open.next, struct webhook_call, link);
        loop_task_cancel(&call->refused);
        finish(call);
    }
}

void webhooks_destroy(struct webhooks *hooks)
{
    if (!hooks) return;
    webhooks_stop(hooks);
    close(hooks->stop_fd);
    free(hooks->ca_file);
    free(hooks->allow);
    free(hooks->own_ports);
    free(hooks);
}
