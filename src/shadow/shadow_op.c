/* shadow_op.c — one operation on a loaded shadow: the decision, and later the answer.
 *
 *   waiting ─► decide ─┬─ get, refusal ───────────────► settled ─┐
 *                      └─ update, delete ─► write ─► commit ─► settled ─► answer, in order
 *
 * The decision changes the document in memory at once, so the next operation builds on it; what it has
 * promised leaves only when it is settled, and never before what was decided earlier for the same shadow.
 * So nobody is told of a state which a crash could take back.
 *
 *  I1  Operations of a shadow are decided in the order of their arrival and answered in the order of their
 *      decisions.
 *  I2  A decided operation stands in its shadow's list until its answer is out: the shadow is not idle.
 *  I3  Answers are published from the flush task alone, not from within a delivery or a store callback.
 *      Publishing may bring new operations for the same shadow (a rule that answers an answer): they are
 *      decided then and there, and wait behind.
 *
 * Answers carry one hop more than the request, so that a rule between an answer and a request is cut. */
#include "shadow/shadow_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metrics.h"

#include <stdlib.h>

static const char *const verb_names[] = {
    [SHADOW_GET] = "get",
    [SHADOW_UPDATE] = "update",
    [SHADOW_DELETE] = "delete",
};

const char *shadow_verb_name(enum shadow_verb verb)
{
    return verb_names[verb];
}

/* ---- life */

static void weigh(struct shadow_op *op)
{
    size_t bytes = (op->msg ? op->msg->payload.len : 0) + op->request.len + op->text.len +
                   op->answers.accepted.len + op->answers.delta.len + op->answers.documents.len;
    op->all->bytes = op->all->bytes - op->bytes + bytes;
    op->bytes = bytes;
}

uint8_t shadow_answer_hops(const struct msg *request)
{
    if (!request) return 1;
    return request->hops < UINT8_MAX ? (uint8_t)(request->hops + 1) : UINT8_MAX;
}

struct shadow_op *shadow_op_create(struct shadows *all, struct shadow *shadow,
                                   enum shadow_verb verb, struct msg *msg, struct slice request)
{
    struct shadow_op *op = xnew(struct shadow_op);
    list_init(&op->link);
    op->all = all;
    op->shadow = shadow;
    op->verb = verb;
    op->hops = shadow_answer_hops(msg);
    if (msg)
        op->msg = msg_ref(msg);
    else
        buf_put_slice(&op->request, request);
    all->ops++;
    if (shadow) shadow->ops++;
    weigh(op);
    return op;
}

static void drop_request(struct shadow_op *op)
{
    msg_unref(op->msg);
    op->msg = NULL;
    buf_deinit(&op->request);
}

static void op_free(struct shadow_op *op)
{
    list_remove(&op->link);
    drop_request(op);
    buf_deinit(&op->text);
    shadow_answers_deinit(&op->answers);
    weigh(op);
    op->all->ops--;
    if (op->shadow) op->shadow->ops--;
    free(op);
}

void shadow_flush_later(struct shadows *all, struct shadow *shadow)
{
    if (shadow && list_empty(&shadow->ready)) list_push_back(&all->ready, &shadow->ready);
    loop_defer(all->loop, &all->flush);
}

/* ---- the decision */

static struct slice request_of(const struct shadow_op *op)
{
    return op->msg ? op->msg->payload : buf_slice(&op->request);
}

static int64_t tombstone_version(const struct shadow *shadow, int64_t now_ms)
{
    bool valid = shadow->deleted_version && now_ms - shadow->deleted_at < SHADOW_TOMBSTONE_MS;
    return valid ? shadow->deleted_version : 0;
}

static int decide_get(struct shadow_op *op, int64_t now_ms, struct shadow_failure *ret_failure)
{
    const struct shadow *shadow = op->shadow;
    char token[SHADOW_TOKEN_MAX + 1];
    int rc = shadow_request_token(request_of(op), &op->all->limits, token, ret_failure);
    if (rc < 0) return rc;
    if (shadow->damaged) return shadow_fail(SHADOW_INTERNAL, token, ret_failure);
    if (!shadow->doc) return shadow_fail_missing(shadow->thing, shadow->name, token, ret_failure);
    shadow_get_document(shadow->doc, op->now_s, token, &op->answers.accepted);
    return 0;
}

static int decide_update(struct shadow_op *op, int64_t now_ms, struct shadow_failure *ret_failure)
{
    struct shadow *shadow = op->shadow;
    if (shadow->damaged) {
        char token[SHADOW_TOKEN_MAX + 1];
        int rc = shadow_request_token(request_of(op), &op->all->limits, token, ret_failure);
        return rc < 0 ? rc : shadow_fail(SHADOW_INTERNAL, token, ret_failure);
    }
    struct shadow_doc *doc;
    int rc = shadow_update(shadow->doc, tombstone_version(shadow, now_ms), request_of(op),
                           op->now_s, &op->all->limits, &doc, &op->answers, ret_failure);
    if (rc < 0) return rc;
    shadow_doc_free(shadow->doc);
    shadow->doc = doc;
    shadow->deleted_version = 0;
    shadow_doc_save(doc, &op->text);
    op->version = doc->version;
    return 0;
}

/* Also the way out for a shadow that is damaged. */
static int decide_delete(struct shadow_op *op, int64_t now_ms, struct shadow_failure *ret_failure)
{
    struct shadow *shadow = op->shadow;
    char token[SHADOW_TOKEN_MAX + 1];
    int rc = shadow_request_token(request_of(op), &op->all->limits, token, ret_failure);
    if (rc < 0) return rc;
    if (!shadow->doc) return shadow_fail_missing(shadow->thing, shadow->name, token, ret_failure);
    shadow_delete_accepted(shadow->doc, op->now_s, token, &op->answers.accepted);
    memcpy(op->answers.client_token, token, sizeof token);
    op->version = shadow->deleted_version = shadow->doc->version;
    op->deleted_at = shadow->deleted_at = now_ms;
    shadow_doc_free(shadow->doc);
    shadow->doc = NULL;
    shadow->damaged = false;
    return 0;
}

static const struct {
    int (*decide)(struct shadow_op *op, int64_t now_ms, struct shadow_failure *ret_failure);
    bool writes;
} verbs[] = {
    [SHADOW_GET] = { decide_get, false },
    [SHADOW_UPDATE] = { decide_update, true },
    [SHADOW_DELETE] = { decide_delete, true },
};

static void settle(struct shadow_op *op)
{
    op->settled = true;
    shadow_flush_later(op->all, op->shadow);
}

/* The end of waiting: the answer is in its place in the order. */
static void decided(struct shadow_op *op, int64_t commit)
{
    drop_request(op);
    weigh(op);
    list_remove(&op->link);
    list_push_back(&op->shadow->decided, &op->link);
    if (!op->hold) return;
    hub_release(op->hold, commit);
    op->hold = NULL;
}

int64_t shadow_op_decide(struct shadow_op *op)
{
    int64_t commit = 0, now_ms = clock_real_ms();
    op->now_s = now_ms / 1000;
    int rc = verbs[op->verb].decide(op, now_ms, &op->failure);
    if (rc == 0 && verbs[op->verb].writes)
        commit = shadow_write_submit(op);
    else
        settle(op);
    decided(op, commit);
    return commit;
}

void shadow_op_fail(struct shadow_op *op, enum shadow_fault fault)
{
    char token[SHADOW_TOKEN_MAX + 1];
    op->now_s = clock_real_ms() / 1000;
    bool known = shadow_request_token(request_of(op), &op->all->limits, token, &op->failure) == 0;
    int rc = shadow_fail(fault, known ? token : NULL, &op->failure);
    settle(op);
    decided(op, op->all->closed ? rc : 0);
}

void shadow_op_written(struct shadow_op *op, int rc)
{
    buf_deinit(&op->text);
    if (rc < 0) {
        char token[SHADOW_TOKEN_MAX + 1];
        memcpy(token, op->answers.client_token, sizeof token);
        op->shadow->stale = true;
        shadow_answers_deinit(&op->answers);
        shadow_fail(SHADOW_INTERNAL, token, &op->failure);
    }
    weigh(op);
    settle(op);
}

/* ---- the answer */

static void publish(struct shadow_op *op, const char *suffix, struct slice payload)
{
    const struct shadow *shadow = op->shadow;
    struct buf topic = { 0 };
    buf_printf(&topic, "$aws/things/%s/shadow%s%s/%s/%s", shadow->thing,
               *shadow->name ? "/name/" : "", shadow->name, verb_names[op->verb], suffix);
    struct msg *msg = msg_create(&(struct msg_opts){
        .topic = buf_slice(&topic), .payload = payload, .qos = 1, .hops = op->hops });
    hub_publish(op->all->hub, principal_system(), NULL, msg, NULL, NULL);
    msg_unref(msg);
    buf_deinit(&topic);
}

static void answer_accepted(struct shadow_op *op)
{
    const struct shadow_answers *answers = &op->answers;
    if (op->verb == SHADOW_UPDATE) metrics_inc(METRIC_SHADOW_UPDATES);
    if (!op->done || op->verb != SHADOW_GET) publish(op, "accepted", buf_slice(&answers->accepted));
    if (answers->delta.len) publish(op, "delta", buf_slice(&answers->delta));
    if (answers->documents.len) publish(op, "documents", buf_slice(&answers->documents));
    if (op->done) op->done(op->arg, 200, buf_slice(&answers->accepted));
}

void shadow_log_refusal(enum shadow_verb verb, struct slice thing, struct slice name,
                        const struct shadow_failure *failure)
{
    metrics_inc(METRIC_SHADOW_REJECTS);
    LOG(LOG_DEBUG, "shadow", "request rejected", LOG_S("request", verb_names[verb]),
        LOG_SLICE("thing", thing), LOG_SLICE("shadow", name), LOG_I("code", failure->code),
        LOG_S("reason", failure->message));
}

static void call_failed(const struct shadow_op *op)
{
    op->done(op->arg, op->failure.code, slice_str(op->failure.message));
}

/* As captured from the service, a 404 has no timestamp. */
static void answer_rejected(struct shadow_op *op)
{
    const struct shadow_failure *failure = &op->failure;
    shadow_log_refusal(op->verb, slice_str(op->shadow->thing), slice_str(op->shadow->name),
                       failure);
    if (op->done) {
        call_failed(op);
        return;
    }
    struct buf payload = { 0 };
    shadow_print_failure(failure, failure->code == 404 ? 0 : op->now_s, &payload);
    publish(op, "rejected", buf_slice(&payload));
    buf_deinit(&payload);
}

/* The store has stopped: an answer that promises something may come only over REST, and says no. */
static void answer_closed(struct shadow_op *op)
{
    if (op->done) op->done(op->arg, 503, SLICE_LIT("Service unavailable"));
}

static void answer(struct shadow_op *op)
{
    if (op->all->closed)
        answer_closed(op);
    else if (op->failure.code)
        answer_rejected(op);
    else
        answer_accepted(op);
}

static void flush_shadow(struct shadow *shadow)
{
    list_remove(&shadow->ready);
    while (!list_empty(&shadow->decided)) {
        struct shadow_op *op = container_of(shadow->decided.next, struct shadow_op, link);
        if (!op->settled) break;
        answer(op);
        op_free(op);
    }
    shadow_rest(shadow);
}

void shadow_on_flush(struct loop_task *task)
{
    struct shadows *all = container_of(task, struct shadows, flush);
    struct list refused, ready;
    list_init(&refused);
    list_init(&ready);
    list_splice(&refused, &all->refused);
    list_splice(&ready, &all->ready);
    while (!list_empty(&refused)) {
        struct shadow_op *op = container_of(refused.next, struct shadow_op, link);
        call_failed(op);
        op_free(op);
    }
    while (!list_empty(&ready))
        flush_shadow(container_of(ready.next, struct shadow, ready));
}
