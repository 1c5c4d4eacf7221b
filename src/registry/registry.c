/* registry.c — calls on their way: parameters to the worker (where an operation prepares, after a look into the
 * database where it needs one), to the store thread, back to the loop; then the changes are told, before the answer, which waits for listeners that
 * have to read first (registry_hold): so whoever gets an answer finds the caches refreshed.
 *  I1  done is called exactly once, on the loop, never from within registry_call.
 *  I2  An error leaves no result behind, but for ERR_EXISTS: that says what exists.
 *  I3  Whatever is under way is counted, and the registry outlives it. */
#include "registry/registry.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "registry/builtin.h"
#include "registry/registry_priv.h"

#include <stdlib.h>
#include <string.h>

struct registry {
    struct loop *loop;
    struct store *store;
    struct registry_opts opts;
    struct worker_lane *lane; /* NULL: stopped */
    struct list listeners;
    struct list refused; /* calls whose refusal waits for the end of the turn */
    size_t under_way;
    struct registry_call *telling; /* whose changes are being told */
};

struct preparation {
    struct worker_job job; /* first */
    struct registry_call *call;
    int rc;
};

static const struct registry_op *const tables[] = {
    thing_ops,         type_ops,   cert_ops,     policy_ops, credential_ops,   rule_ops,
    cert_register_ops, ca_ops,     crl_ops,      group_ops,  provisioning_ops, role_ops,
    policy_target_ops, member_ops, expiring_ops, user_ops
};

const struct registry_op *registry_op_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct registry_op *op = tables[i]; op->name; op++)
            if (strcmp(op->name, name) == 0) return op;
    return NULL;
}

const struct registry_opts *registry_opts(const struct registry *registry)
{
    return &registry->opts;
}

struct store *registry_store(struct registry *registry)
{
    return registry->store;
}

const char *registry_region(const struct registry *registry)
{
    return registry->opts.region;
}

const char *registry_account(const struct registry *registry)
{
    return registry->opts.account;
}

void registry_begin(struct registry *registry)
{
    registry->under_way++;
}

void registry_end(struct registry *registry)
{
    registry->under_way--;
}

/* ---- changes ---- */

void changed(struct registry_call *call, enum registry_kind kind, const char *name)
{
    struct json *pair = json_push(call->changes, json_new_array());
    json_push(pair, json_new_int(kind));
    json_push(pair, json_new_str(name));
}

void changed_to(struct registry_call *call, enum registry_kind kind, const char *name,
                struct json *detail)
{
    changed(call, kind, name);
    json_push(json_at(call->changes, json_count(call->changes) - 1), detail);
}

static void tell(struct registry_call *call)
{
    struct registry *registry = call->registry;
    registry->telling = call;
    json_for_each(pair, call->changes) {
        int64_t kind = 0;
        json_to_int64(json_at(pair, 0), &kind);
        const char *name = json_str(json_at(pair, 1));
        list_for_each_safe(it, &registry->listeners) {
            struct registry_listener *listener = container_of(it, struct registry_listener, link);
            listener->on_change(listener, (enum registry_kind)kind, name, json_at(pair, 2));
        }
    }
    registry->telling = NULL;
}

void registry_listen(struct registry *registry, struct registry_listener *listener)
{
    list_push_back(&registry->listeners, &listener->link);
}

void registry_unlisten(struct registry_listener *listener)
{
    list_remove(&listener->link);
}

/* ---- calls ---- */

static void drop_result(struct registry_call *call)
{
    json_free(call->result);
    call->result = NULL;
}

static int run(struct store_req *req, struct db *db)
{
    struct registry_call *call = container_of(req, struct registry_call, req);
    call->diag = (struct diag)DIAG_INIT;
    drop_result(call);
    json_free(call->changes);
    call->changes = json_new_array();
    int rc = call->op->run(call, db);
    if (rc == 0) rc = role_keys_changed(call, db);
    if (rc < 0 && rc != ERR_EXISTS) drop_result(call);
    if (rc < 0 && !call->diag.text[0])
        diag_set(&call->diag, rc, "%s", db_fatal(db) ? db_error(db) : err_text(rc));
    return rc;
}

static void let_go(struct registry_call *call)
{
    if (--call->holds) return;
    call->done(call->arg, call->rc, call->result, &call->diag);
    registry_end(call->registry);
    json_free(call->params);
    json_free(call->result);
    json_free(call->changes);
    free(call);
}

static void finish(struct store_req *req, int rc)
{
    struct registry_call *call = container_of(req, struct registry_call, req);
    if (rc == ERR_CLOSED) drop_result(call); /* what ran was not committed */
    call->rc = rc;
    call->holds = 1;
    if (rc == 0) tell(call);
    let_go(call);
}

struct registry_hold *registry_hold(struct registry *registry)
{
    if (!registry->telling) BUG("a hold outside on_change");
    struct registry_hold *hold = xnew(struct registry_hold);
    list_init(&hold->link);
    hold->call = registry->telling;
    hold->call->holds++;
    return hold;
}

void registry_release(struct registry_hold *hold)
{
    struct registry_call *call = hold->call;
    list_remove(&hold->link);
    free(hold);
    let_go(call);
}

/* ---- look, prepare, submit: in this order, what there is of them ---- */

static void submit(struct registry_call *call)
{
    struct store *store = call->registry->store;
    call->req.run = run;
    call->req.done = finish;
    if (call->op->reads) {
        store_read(store, &call->req);
    } else {
        store_submit(store, &call->req);
        store_hurry(store);
    }
}

static void prepare(struct worker_job *job)
{
    struct preparation *preparation = container_of(job, struct preparation, job);
    preparation->rc = preparation->call->op->prepare(preparation->call);
}

static void prepared(struct worker_job *job)
{
    struct preparation *preparation = container_of(job, struct preparation, job);
    struct registry_call *call = preparation->call;
    int rc = job->cancelled || !call->registry->lane ? ERR_CLOSED : preparation->rc;
    free(preparation);
    if (rc < 0)
        finish(&call->req, rc);
    else
        submit(call);
}

static void refuse(struct loop_task *task)
{
    struct registry_call *call = container_of(task, struct registry_call, refusal);
    list_remove(&call->refused);
    finish(&call->req, call->diag.code);
}

static void refuse_later(struct registry_call *call, int rc, const char *why)
{
    diag_set(&call->diag, rc, "%s", why);
    list_push_back(&call->registry->refused, &call->refused);
    loop_task_init(&call->refusal, refuse);
    loop_defer(call->registry->loop, &call->refusal);
}

static void start_preparation(struct registry_call *call)
{
    struct registry *registry = call->registry;
    if (!registry->lane) {
        refuse_later(call, ERR_CLOSED, "the hub stops");
        return;
    }
    struct preparation *preparation = xnew(struct preparation);
    preparation->job = (struct worker_job){ .run = prepare, .done = prepared };
    preparation->call = call;
    int rc = worker_submit(registry->lane, &preparation->job);
    if (rc == 0) return;
    free(preparation);
    refuse_later(call, rc,
                 rc == ERR_BUSY ? "too many keys and certificates are being made"
                                : "the hub stops");
}

static int look(struct store_req *req, struct db *db)
{
    struct registry_call *call = container_of(req, struct registry_call, req);
    call->diag = (struct diag)DIAG_INIT;
    return call->op->look(call, db);
}

static void looked(struct store_req *req, int rc)
{
    struct registry_call *call = container_of(req, struct registry_call, req);
    if (rc < 0)
        finish(req, rc);
    else
        start_preparation(call);
}

void registry_call(struct registry *registry, const struct registry_op *op, struct json *params,
                   registry_done_cb done, void *arg)
{
    struct registry_call *call = xnew(struct registry_call);
    call->registry = registry;
    call->op = op;
    call->params = params;
    call->now_ms = clock_real_ms();
    call->done = done;
    call->arg = arg;
    registry_begin(registry);
    if (op->look) {
        call->req.run = look;
        call->req.done = looked;
        store_read(registry->store, &call->req);
    } else if (op->prepare) {
        start_preparation(call);
    } else {
        submit(call);
    }
}

/* ---- life ---- */

int registry_create(struct registry **ret_registry, struct loop *loop, struct store *store,
                    const struct registry_opts *opts, struct diag *diag)
{
    struct registry *registry = xnew(struct registry);
    registry->loop = loop;
    registry->store = store;
    registry->opts = *opts;
    list_init(&registry->listeners);
    list_init(&registry->refused);
    registry->lane = worker_lane_create(loop, "thingd-keys", 1, 256);
    builtin_submit(store);
    *ret_registry = registry;
    return 0;
}

void registry_stop(struct registry *registry)
{
    struct worker_lane *lane = registry->lane;
    registry->lane = NULL; /* what is prepared now goes no further */
    if (lane) worker_lane_destroy(lane);
    for (struct list *link; (link = list_pop_front(&registry->refused));) {
        struct registry_call *call = container_of(link, struct registry_call, refused);
        loop_task_cancel(&call->refusal);
        finish(&call->req, call->diag.code);
    }
}

void registry_destroy(struct registry *registry)
{
    if (!registry) return;
    registry_stop(registry);
    if (registry->under_way) BUG("registry destroyed with %zu requests", registry->under_way);
    free(registry);
}

struct each_rule {
    registry_rule_cb cb;
    void *arg;
};

static int read_rules(struct db *db, void *arg)
{
    struct each_rule *each = arg;
    struct db_stmt *q =
        db_query(db, "SELECT name, payload, disabled, created_at FROM rule ORDER BY name");
    while (db_step(q))
        each->cb(each->arg, db_text(q, 0), db_text(q, 1), db_int(q, 2) != 0, db_int(q, 3));
    return db_done(q);
}

int registry_each_rule(struct registry *registry, registry_rule_cb cb, void *arg, struct diag *diag)
{
    struct each_rule each = { cb, arg };
    return store_read_now(registry->store, read_rules, &each, diag);
}
