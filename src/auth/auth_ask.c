/* auth_ask.c — questions on their way: from auth_by_… to done.
 *
 *   create ─► look up ─┬─► deferred ─► judge ─┬─► accept, refuse ─► end
 *                      └─► waiting ──────┘    ├─► the lane of the passwords ─► accept, refuse ─► end
 *                                             └─► held ─► judge
 *
 * A JSON Web Token goes to a lane of its own first, and is looked up when it is right: auth_jwt.c.
 *
 * What needs no look-up is answered early, but later on the loop all the same: struct early.
 *
 *  I1  done is called once, later, on the loop.
 *  I2  An open question is in `asks` or `earlies`, and in at most one more place: the waiters of what it
 *      is about, the deferred calls of the loop, its timers, or one of the lanes.
 *  I3  A question holds the principal that it is about until it is answered. */
#include "auth/auth_ask_priv.h"

#include "auth/ledger.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "crypto/crypto.h"
#include "http/request.h"

#include <stdio.h>
#include <stdlib.h>

void auth_ask_init(struct auth *auth)
{
    list_init(&auth->asks);
    list_init(&auth->earlies);
}

void auth_ask_end(struct ask *ask)
{
    list_remove(&ask->open);
    loop_timer_stop(&ask->hold);
    auth_jit_forget(ask);
    if (ask->known) principal_unref(&ask->known->principal);
    arena_deinit(&ask->arena);
    crypto_free_secret(ask->password);
    crypto_wipe(ask->password_mac, sizeof ask->password_mac);
    auth_jwt_ask_free(ask->jwt);
    free(ask->password_hash);
    free(ask->name);
    free(ask);
}

void auth_ask_judge(struct ask *ask, int rc)
{
    ask->rc = rc;
    if (ask->judge(ask)) auth_ask_end(ask);
}

static void look_up_anew(struct ask *ask)
{
    struct principal *renewed = &ask->known->principal;
    ask->known = NULL;
    auth_ask_look_up(ask, renewed->label, ask->judge);
    principal_unref(renewed);
}

void auth_ask_go_on(struct ask *ask)
{
    struct known *known = ask->known;
    if (known->renewed)
        look_up_anew(ask);
    else if (known->asking)
        list_push_back(&known->waiters, &ask->link);
    else
        auth_ask_judge(ask, known->rc);
}

static void on_known(struct loop_task *task)
{
    auth_ask_go_on(container_of(task, struct ask, task));
}

static void on_held(struct loop_timer *timer)
{
    auth_ask_go_on(container_of(timer, struct ask, hold));
}

struct ask *auth_ask_create(struct auth *auth, const char *what, const char *name, const char *peer,
                            auth_done_cb done, void *arg)
{
    struct ask *ask = xnew(struct ask);
    ask->auth = auth;
    ask->what = what;
    ask->name = xstrdup(name);
    ask->done = done;
    ask->arg = arg;
    snprintf(ask->peer, sizeof ask->peer, "%s", peer ? peer : "");
    list_init(&ask->link);
    loop_task_init(&ask->task, on_known);
    loop_timer_init(&ask->hold, auth->loop, on_held);
    list_push_back(&auth->asks, &ask->open);
    return ask;
}

/* ---- without a look-up ---- */

/* A question that no look-up is needed for, answered later. */
struct early {
    struct list open; /* in earlies */
    struct loop_task task;
    auth_done_cb done;
    void *arg;
    int rc;
    struct principal *principal;
    char why[320];
};

static void on_early(struct loop_task *task)
{
    struct early *early = container_of(task, struct early, task);
    list_remove(&early->open);
    early->done(early->arg, early->rc, early->principal, early->rc < 0 ? early->why : NULL);
    free(early);
}

void auth_ask_answer(struct auth *auth, auth_done_cb done, void *arg, int rc,
                     struct principal *principal, const char *why)
{
    struct early *early = xnew(struct early);
    early->done = done;
    early->arg = arg;
    early->rc = rc;
    early->principal = principal;
    snprintf(early->why, sizeof early->why, "%s", why ? why : "");
    list_push_back(&auth->earlies, &early->open);
    loop_task_init(&early->task, on_early);
    loop_defer(auth->loop, &early->task);
}

/* ---- with one ---- */

void auth_ask_look_up(struct ask *ask, const char *key, bool (*judge_cb)(struct ask *ask))
{
    struct auth *auth = ask->auth;
    if (!auth->lane) {
        auth_ask_answer(auth, ask->done, ask->arg, ERR_CLOSED, NULL, "service unavailable");
        auth_ask_end(ask);
        return;
    }
    struct known *known = auth_cache_get(auth, key);
    ask->known = known;
    ask->judge = judge_cb;
    if (known->fresh && !known->asking) {
        loop_defer(auth->loop, &ask->task);
        return;
    }
    list_push_back(&known->waiters, &ask->link);
    if (!known->asking) auth_cache_load(known);
}

bool auth_ask_expired(const struct ask *ask)
{
    int64_t end = ask->rc == 0 ? ask->known->principal.expires_ms : 0;
    return ask->rc == ERR_EXPIRED || (end && clock_real_ms() > end);
}

bool auth_ask_accept(struct ask *ask)
{
    ask->done(ask->arg, 0, principal_ref(&ask->known->principal), NULL);
    return true;
}

void auth_ask_log_failure(struct auth *auth, const char *what, struct slice name, const char *peer,
                          const char *request_id, const char *why)
{
    metrics_inc(METRIC_AUTH_FAILURES);
    /* fail2ban reads this line: the peer stands before all that the peer may choose (docs/operation.md) */
    const struct log_field fields[] = { LOG_S("kind", what), LOG_S("peer", peer),
                                        LOG_SLICE("name", name), LOG_S("reason", why),
                                        LOG_S("request", request_id) };
    if (log_enabled(LOG_WARN))
        log_write(LOG_WARN, "auth", "credential refused", fields, ARRAY_LEN(fields) - !request_id);
    struct buf principal = { 0 };
    buf_printf(&principal, "%s:", what);
    buf_put_slice(&principal, name);
    ledger_note(auth->ledger, &(struct ledger_entry){ .kind = LEDGER_CREDENTIAL,
                                                      .principal = buf_slice(&principal),
                                                      .address = slice_str(peer ? peer : ""),
                                                      .reason = slice_str(why) });
    buf_deinit(&principal);
}

bool auth_ask_refuse(struct ask *ask, int rc, const char *why, const char *told)
{
    if (rc != ERR_CLOSED)
        auth_ask_log_failure(ask->auth, ask->what, slice_str(ask->name), ask->peer,
                             ask->request ? ask->request->id : NULL, why);
    ask->done(ask->arg, rc, NULL, told);
    return true;
}

bool auth_ask_refuse_unknown(struct ask *ask, int rc)
{
    return auth_ask_refuse(ask, rc, err_text(rc), "service unavailable");
}

/* ---- the end ---- */

static void close_asks(struct auth *auth)
{
    while (!list_empty(&auth->asks)) {
        struct ask *ask = container_of(auth->asks.next, struct ask, open);
        list_remove(&ask->link);
        loop_task_cancel(&ask->task);
        auth_ask_refuse_unknown(ask, ERR_CLOSED);
        auth_ask_end(ask);
    }
}

static void close_earlies(struct auth *auth)
{
    while (!list_empty(&auth->earlies)) {
        struct early *early = container_of(auth->earlies.next, struct early, open);
        loop_task_cancel(&early->task);
        principal_unref(early->principal);
        early->principal = NULL;
        early->rc = ERR_CLOSED;
        snprintf(early->why, sizeof early->why, "service unavailable");
        on_early(&early->task);
    }
}

void auth_ask_close(struct auth *auth)
{
    close_asks(auth);
    close_earlies(auth);
}
