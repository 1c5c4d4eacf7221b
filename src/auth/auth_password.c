/* auth_password.c — users with passwords. A hash costs memory and time by design, so it is computed
 * by a lane of its own, one at a time, with a bounded queue; what was right last time is recognised
 * at once.
 *
 *   judge ─┬─ the password that was right last time ─► accept
 *          └─ lane ─► on_password ─┬─ right, and the hash is still the user's ─► accept
 *                                  ├─ right, but of yesterday ─► judge again
 *                                  └─ wrong, or no such user ─► refuse
 *
 *  I1  An unknown name takes as long as a wrong password, and is told the same.
 *  I2  A password is in memory only while its question is open; after that there is at most a MAC of
 *      it, under a secret of the process. */
#include "auth/auth_ask_priv.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
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
    ask->rc = password_verify(slice_str(ask->password), ask->password_hash);
}

static bool is_current(const struct known *known, const char *hash)
{
    return !known->asking && known->rc == 0 && strcmp(known->password_hash, hash) == 0;
}

static void on_password(struct worker_job *job)
{
    struct ask *ask = container_of(job, struct ask, job);
    struct known *known = ask->known;
    int rc = job->cancelled || !ask->auth->lane ? ERR_CLOSED : ask->nobody ? ERR_AUTH : ask->rc;
    if (rc == 0 && !is_current(known, ask->password_hash)) {
        free(ask->password_hash);
        ask->password_hash = NULL;
        auth_ask_go_on(ask); /* the right password, but of yesterday */
        return;
    }
    if (rc == 0) {
        memcpy(known->password_seen, ask->password_mac, sizeof known->password_seen);
        known->has_password_seen = true;
        auth_ask_accept(ask);
    } else {
        refuse_user(ask, rc,
                    ask->nobody      ? "unknown user"
                    : rc == ERR_AUTH ? "wrong password"
                                     : err_text(rc));
    }
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
    crypto_hmac_sha256(ask->auth->process_secret, sizeof ask->auth->process_secret, text.data, len,
                       ask->password_mac);
    crypto_wipe(text.data, len);
    buf_deinit(&text);
}

static bool judge_user(struct ask *ask)
{
    struct known *known = ask->known;
    ask->nobody = ask->rc == ERR_NOT_FOUND;
    if (ask->nobody) return check_password(ask, NOBODY_HASH);
    if (ask->rc < 0) return refuse_user(ask, ask->rc, err_text(ask->rc));
    make_password_mac(ask, known->password_hash);
    if (known->has_password_seen &&
        crypto_equal(known->password_seen, ask->password_mac, sizeof ask->password_mac))
        return auth_ask_accept(ask);
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
