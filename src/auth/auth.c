/* auth.c — who is it: credentials to principals, through a cache. Here are its start and its end,
 * and those who watch; a question passes through these files:
 *
 *   auth_by_… (auth_jwt.c, auth_kinds.c, auth_password.c, auth_request.c)
 *      │
 *      ▼
 *   auth_ask_look_up ─┬─ known and fresh ───────────────────────────────► judge ─► done
 *   (auth_ask.c)      └─ ask the registry (one question for all who wait) ─┘
 *                        (auth_cache.c)
 *
 * A kind of credential is a caller of auth_ask_look_up and a judge; what lies between is the same
 * for all. May it: check.c.
 *
 *  I1  No secret leaves the files of auth_ask_priv.h, but to the functions that check it.
 *  I2  After auth_stop no question is open; one that needs a look-up is answered with ERR_CLOSED. */
#include "auth/auth_ask_priv.h"

#include "auth/decisions.h"
#include "auth/jwt.h"
#include "auth/ledger.h"
#include "base/mem.h"
#include "base/rand.h"
#include "crypto/crypto.h"

#include <stdlib.h>

enum { PASSWORD_QUEUE = 256, JWT_QUEUE = 1024 };

struct slice auth_arn_prefix(const struct auth *auth)
{
    return slice_str(auth->arn_prefix);
}

struct ledger *auth_ledger(const struct auth *auth)
{
    return auth->ledger;
}

struct decisions *auth_decisions(const struct auth *auth)
{
    return auth->decisions;
}

/* ---- watching ---- */

void auth_watch_principal(struct principal *principal, struct auth_watch *watch,
                          void (*on_change_cb)(struct auth_watch *, struct principal *))
{
    watch->on_change = on_change_cb;
    list_push_back(&principal->watches, &watch->link);
}

void auth_unwatch(struct auth_watch *watch)
{
    list_remove(&watch->link);
}

void auth_on_policy_change(struct auth *auth, void (*cb)(void *arg), void *arg)
{
    auth->on_policy_change = cb;
    auth->on_policy_change_arg = arg;
}

void auth_on_registered(struct auth *auth, auth_registered_cb cb, void *arg)
{
    auth->on_registered = cb;
    auth->on_registered_arg = arg;
}

/* ---- life ---- */

struct auth *auth_create(struct loop *loop, struct registry *registry, const struct auth_opts *opts)
{
    struct auth *auth = xnew(struct auth);
    auth->loop = loop;
    auth->registry = registry;
    auth->opts = *opts;
    auth->arn_prefix = xasprintf("arn:aws:iot:%s:%s:", opts->region, opts->account);
    auth->ledger = ledger_create(opts->ledger);
    auth->decisions = decisions_create(opts->decisions);
    auth_cache_init(auth);
    auth_ask_init(auth);
    list_init(&auth->trials);
    auth->delays = login_delays_create(&opts->delay);
    auth->process_secret = crypto_guarded_alloc(AUTH_SECRET_LEN);
    rand_system_bytes(auth->process_secret, AUTH_SECRET_LEN);
    auth->lane = worker_lane_create(loop, "thingd-passwd", 1, PASSWORD_QUEUE);
    if (opts->jwt) auth->jwt_lane = worker_lane_create(loop, "thingd-jwt", 1, JWT_QUEUE);
    auth->listener.on_change = auth_cache_on_change;
    registry_listen(registry, &auth->listener);
    return auth;
}

void auth_stop(struct auth *auth)
{
    struct worker_lane *lanes[] = { auth->lane, auth->jwt_lane };
    auth->lane = auth->jwt_lane = NULL;
    for (size_t i = 0; i < ARRAY_LEN(lanes); i++)
        if (lanes[i]) worker_lane_destroy(lanes[i]);
    auth_ask_close(auth);
    auth_trials_close(auth);
}

void auth_destroy(struct auth *auth)
{
    if (!auth) return;
    auth_stop(auth);
    registry_unlisten(&auth->listener);
    auth_cache_deinit(auth);
    decisions_destroy(auth->decisions);
    ledger_destroy(auth->ledger);
    jwt_keys_free(auth->jwt_keys);
    free(auth->arn_prefix);
    crypto_guarded_free(auth->process_secret);
    login_delays_destroy(auth->delays);
    free(auth);
}
