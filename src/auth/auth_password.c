/* auth_password.c — users with passwords. A hash costs memory and time by design, so it is computed
 * by a lane of its own, one at a time, with a bounded queue; what was right last time is recognised
 * at once.
 *
 *   judge ─┬─ too many failures (login_delay.c) ─► refuse, or hold and judge again
 *          ├─ the password that was right last time ─► accept
 *          └─ lane ─► on_password ─┬─ the hash is no longer the user's ─► judge again
 *                                  ├─ meanwhile too many failures ─► refuse
 *                                  ├─ right ─► accept; a hash of another tool is replaced by ours
 *                                  └─ wrong, or no such user ─► refuse
 *
 *  I1  An unknown name takes as long as a wrong password, and is told the same; so is a user who is
 *      disabled, and whoever is delayed. Where a hash of another tool is quick to check, ours is
 *      computed too.
 *  I2  A password is in memory only while its question is open; after that there is at most a MAC of
 *      it, under a secret of the process.
 *  I3  During a delay nobody learns whether a password is right, even if it was being checked when
 *      the delay began. */
#include "auth/auth_ask_priv.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "crypto/crypto.h"
#include "crypto/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A hash of nobody's password, at the costs of password_hash: or time would tell who exists (I1). */
#define NOBODY_HASH                                          \
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEhIQ$" \
    "ZG9lcyBub3QgbWF0dGVyLCBpdCBuZXZlciBtYXRjaGU"

static bool refuse_user(struct ask *ask, int rc, const char *why)
{
    return auth_ask_refuse(ask, rc, why, "bad user name or password");
}

static void run_password(struct worker_job *job)
{
    struct ask *ask = container_of(job, struct ask, job);
    const struct slice password = slice_str(ask->password);
    ask->rc = password_verify(password, ask->password_hash);
    if (!password_needs_rehash(ask->password_hash)) return;
    if (ask->rc < 0)
        password_verify(password, NOBODY_HASH);
    else if (password_hash(password, ask->better_hash) < 0)
        ask->better_hash[0] = '\0';
}

/* ---- delays ---- */

static bool refuse_delayed(struct ask *ask, int64_t delay_ms)
{
    char why[96];
    metrics_inc(METRIC_LOGINS_DELAYED);
    snprintf(why, sizeof why, "too many failures; the next try counts in %lld s",
             (long long)((delay_ms + 999) / 1000));
    return refuse_user(ask, ERR_AUTH, why);
}

static struct login_verdict judge_delay(const struct ask *ask)
{
    return login_delays_judge(ask->auth->delays, slice_str(ask->name), ask->peer, clock_mono_ms());
}

static void count(const struct ask *ask, bool right)
{
    struct login_delays *delays = ask->auth->delays;
    const struct slice user = slice_str(ask->name);
    if (right)
        login_delays_succeeded(delays, user, ask->peer, clock_mono_ms());
    else
        login_delays_failed(delays, user, ask->peer, clock_mono_ms());
}

/* ---- what the lane says ---- */

static bool is_current(const struct known *known, const char *hash)
{
    return !known->asking && known->rc == 0 && strcmp(known->password_hash, hash) == 0;
}

static void on_rehashed(void *arg, int rc, struct json *result, const struct diag *diag)
{
    if (rc == 0)
        metrics_inc(METRIC_USERS_REHASHED);
    else if (rc != ERR_CONFLICT && rc != ERR_CLOSED)
        LOG(LOG_WARN, "auth", "the hash of a password could not be replaced",
            LOG_S("reason", diag_text(diag, rc)));
}

static void replace_hash(struct ask *ask)
{
    struct registry *registry = ask->auth->registry;
    struct json *params = json_new_object();
    json_set_str(params, "userName", ask->name);
    json_set_str(params, "hash", ask->password_hash);
    json_set_str(params, "betterHash", ask->better_hash);
    registry_call(registry, registry_op_find(".RehashUser"), params, on_rehashed, NULL);
}

static void accept_user(struct ask *ask)
{
    struct known *known = ask->known;
    count(ask, true);
    memcpy(known->password_seen, ask->password_mac, sizeof known->password_seen);
    known->has_password_seen = true;
    if (ask->better_hash[0]) replace_hash(ask);
    auth_ask_accept(ask);
}

static const char *why_wrong(const struct ask *ask)
{
    if (!ask->nobody) return "wrong password";
    return ask->known->rc == 0 ? "the user is disabled" : "unknown user";
}

/* Of a password that was compared. */
static void answer_checked(struct ask *ask, int rc)
{
    int64_t delay_ms = judge_delay(ask).refused_ms;
    if (delay_ms) {
        refuse_delayed(ask, delay_ms);
    } else if (rc == 0) {
        accept_user(ask);
    } else {
        count(ask, false);
        refuse_user(ask, rc, why_wrong(ask));
    }
}

static void on_password(struct worker_job *job)
{
    struct ask *ask = container_of(job, struct ask, job);
    int rc = job->cancelled || !ask->auth->lane ? ERR_CLOSED : ask->nobody ? ERR_AUTH : ask->rc;
    bool compared = rc == 0 || rc == ERR_AUTH;
    if (compared && !ask->nobody && !is_current(ask->known, ask->password_hash)) {
        free(ask->password_hash);
        ask->password_hash = NULL;
        ask->better_hash[0] = '\0';
        auth_ask_go_on(ask); /* it was the hash of yesterday */
        return;
    }
    if (compared)
        answer_checked(ask, rc);
    else
        refuse_user(ask, rc, err_text(rc));
    auth_ask_end(ask);
}

static bool check_password(struct ask *ask, const char *hash)
{
    if (!ask->auth->lane) return refuse_user(ask, ERR_CLOSED, err_text(ERR_CLOSED));
    ask->password_hash = xstrdup(hash);
    ask->job = (struct worker_job){ .run = run_password, .done = on_password };
    if (worker_submit(ask->auth->lane, &ask->job) < 0)
        return refuse_user(ask, ERR_BUSY, "too many passwords are being checked");
    return false;
}

/* A right password is remembered as a MAC under a secret of the process, bound to the stored hash. */
static void make_password_mac(struct ask *ask, const char *hash)
{
    struct buf text = { 0 };
    size_t hash_len = strlen(hash) + 1, len = hash_len + strlen(ask->password);
    buf_reserve(&text, len); /* it must not leave copies behind by growing */
    buf_append(&text, hash, hash_len);
    buf_puts(&text, ask->password);
    crypto_hmac_sha256(ask->auth->process_secret, AUTH_SECRET_LEN, text.data, len,
                       ask->password_mac);
    crypto_wipe(text.data, len);
    buf_deinit(&text);
}

/* True: answered. False: held. */
static bool delay(struct ask *ask, const struct login_verdict *verdict)
{
    if (verdict->refused_ms) return refuse_delayed(ask, verdict->refused_ms);
    metrics_inc(METRIC_LOGINS_HELD);
    ask->held = true;
    loop_timer_start(&ask->hold, verdict->held_ms);
    return false;
}

static bool judge_user(struct ask *ask)
{
    struct known *known = ask->known;
    ask->nobody = ask->rc == ERR_NOT_FOUND || (ask->rc == 0 && !known->principal.valid);
    if (ask->rc < 0 && !ask->nobody) return refuse_user(ask, ask->rc, err_text(ask->rc));
    struct login_verdict verdict = judge_delay(ask);
    if (verdict.refused_ms || (verdict.held_ms && !ask->held)) return delay(ask, &verdict);
    if (ask->nobody) return check_password(ask, NOBODY_HASH);
    make_password_mac(ask, known->password_hash);
    if (known->has_password_seen &&
        crypto_equal(known->password_seen, ask->password_mac, sizeof ask->password_mac)) {
        count(ask, true);
        return auth_ask_accept(ask);
    }
    return check_password(ask, known->password_hash);
}

void auth_by_password(struct auth *auth, struct slice user, struct slice password, const char *peer,
                      auth_done_cb done, void *arg)
{
    if (user.len == 0 || user.len > 128 || memchr(user.ptr, 0, user.len) ||
        memchr(password.ptr ? password.ptr : "", 0, password.len) || password.len > PASSWORD_MAX) {
        auth_ask_log_failure(auth, "user", user, peer, NULL,
                             "not a possible user name or password");
        auth_ask_answer(auth, done, arg, ERR_AUTH, NULL, "bad user name or password");
        return;
    }
    char key[160];
    snprintf(key, sizeof key, "user:%.*s", (int)user.len, user.ptr);
    struct ask *ask = auth_ask_create(auth, "user", key + 5, peer, done, arg);
    ask->password = xstrndup(password.ptr ? password.ptr : "", password.len);
    auth_ask_look_up(ask, key, judge_user);
}
