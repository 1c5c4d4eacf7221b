/* auth.c — who is it: credentials to principals, through a cache.
 *
 *   auth_by_… ─► lookup(key) ─┬─ known and fresh ───────────────► judge ─► done
 *                             └─ ask the registry (one question for all who wait) ─┘
 *
 * A principal is held by its users and once by the cache. When only the cache holds it, it stands in a
 * list of idle ones, the oldest of which is let go when there are too many. When the registry tells of a
 * change, the principal is loaded again and its contents are replaced in place: whoever asks meanwhile
 * waits for the new contents, whoever holds it is told by its watch.
 *
 *  I1  done is called once, later, on the loop.
 *  I2  A known principal's key is its label, but for tokens: those are found by the hash of the token.
 *  I3  No secret leaves this file, but to the functions that check it.
 *  I4  An open question is in `asks` or `earlies`, and in at most one more place: the waiters of what it
 *      is about, the deferred calls of the loop, or the lane of the passwords.
 *  I5  What the registry does not know (any more) is in no map: who asks again asks the registry again. */
#include "auth/auth.h"

#include "auth/auth_priv.h"
#include "auth/sigv4.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "crypto/password.h"
#include "http/request.h"
#include "loop/loop.h"
#include "registry/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MOST_IDLE = 256, PASSWORD_QUEUE = 256 };

/* A hash of nobody's password, at the costs of password_hash: an unknown name must take as long as a wrong
 * password, or time would tell who exists. */
#define NOBODY_HASH                                          \
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEhIQ$" \
    "ZG9lcyBub3QgbWF0dGVyLCBpdCBuZXZlciBtYXRjaGU"

struct known {
    struct principal principal; /* first */
    char *key;                  /* by which it was looked up */
    char *status;               /* of a certificate */
    char *secret;               /* of an access key */
    char *password_hash;        /* of a user */
    int64_t not_before_ms, not_after_ms;
    uint8_t password_seen[CRYPTO_SHA256_LEN]; /* HMAC of the last right password */
    bool has_password_seen;
    int rc;           /* of what the registry said last */
    bool fresh;       /* what the registry said last is here */
    bool asking;      /* the registry is being asked */
    bool again;       /* and must be asked once more: it has changed meanwhile */
    struct list idle; /* nobody but the cache holds it */
    struct list waiters;
};

struct auth {
    struct loop *loop;
    struct registry *registry;
    struct auth_opts opts;
    struct registry_listener listener;
    struct worker_lane *lane; /* NULL: stopped */
    struct list asks;
    struct list earlies;
    struct map known;   /* key to struct known */
    struct map aliases; /* label of a token to struct known */
    struct list idle;
    size_t idle_count;
    uint8_t process_secret[32];
    void (*on_policy_change)(void *arg);
    void *on_policy_change_arg;
};

/* One question by a caller, on its way. */
struct ask {
    struct list open; /* in asks */
    struct list link; /* in the waiters of known */
    struct loop_task task;
    struct auth *auth;
    struct known *known; /* held while the answer is on its way */
    int rc;
    /* judges and calls done; the ask ends after it unless it returns false */
    bool (*judge)(struct ask *ask);
    auth_done_cb done;
    void *arg;
    char peer[48];
    const char *what; /* for the log: "certificate", "user", ... */
    char *name;       /* of the credential, for the log */
    /* SigV4 */
    const struct http_request *request;
    struct arena arena;
    struct sigv4_request sigv4;
    struct sigv4_credential credential;
    /* passwords */
    struct worker_job job;
    char *password;
    char *password_hash;
    bool nobody; /* there is no such user */
    uint8_t password_mac[CRYPTO_SHA256_LEN];
};

const struct auth_opts *auth_opts(const struct auth *auth)
{
    return &auth->opts;
}

/* ---- the cache ---- */

size_t auth_cached(const struct auth *auth)
{
    return auth->known.count;
}

static enum principal_kind kind_of(const char *key)
{
    static const struct {
        const char *prefix;
        enum principal_kind kind;
    } kinds[] = {
        { "cert:", PRINCIPAL_CERT },           { "key:", PRINCIPAL_KEY },
        { "user:", PRINCIPAL_USER },           { "token-hash:", PRINCIPAL_TOKEN },
        { "anonymous:", PRINCIPAL_ANONYMOUS },
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strncmp(key, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) return kinds[i].kind;
    BUG("unknown kind of credential");
}

static struct known *known_create(struct auth *auth, const char *key)
{
    struct known *known = xnew(struct known);
    known->key = xstrdup(key);
    known->principal.refs = 1;
    known->principal.kind = kind_of(key);
    known->principal.label = xstrdup(key);
    known->principal.id = xstrdup(strchr(key, ':') + 1);
    known->principal.auth = auth;
    list_init(&known->principal.watches);
    list_init(&known->idle);
    list_init(&known->waiters);
    map_put(&auth->known, slice_str(key), known);
    return known;
}

/* Takes it out of the cache, whose reference goes. Users may hold it on. */
static void known_forget(struct known *known)
{
    struct auth *auth = known->principal.auth;
    map_del(&auth->known, slice_str(known->key));
    if (known->principal.kind == PRINCIPAL_TOKEN)
        map_del(&auth->aliases, slice_str(known->principal.label));
    if (!list_empty(&known->idle)) {
        list_remove(&known->idle);
        auth->idle_count--;
    }
    free(known->key);
    free(known->status);
    free(known->password_hash);
    crypto_free_secret(known->secret);
    known->key = known->status = known->password_hash = known->secret = NULL;
    crypto_wipe(known->password_seen, sizeof known->password_seen);
    known->principal.auth = NULL;
    principal_unref(&known->principal);
}

void auth_principal_idle(struct principal *principal)
{
    struct known *known = container_of(principal, struct known, principal);
    struct auth *auth = principal->auth;
    if (known->asking || !list_empty(&known->idle)) return;
    list_push_back(&auth->idle, &known->idle);
    auth->idle_count++;
    if (auth->idle_count > MOST_IDLE)
        known_forget(container_of(auth->idle.next, struct known, idle));
}

static void hold(struct known *known)
{
    if (!list_empty(&known->idle)) {
        list_remove(&known->idle);
        known->principal.auth->idle_count--;
    }
    principal_ref(&known->principal);
}

/* ---- contents, as the registry tells them ---- */

static char *take(char **from)
{
    char *text = *from;
    *from = NULL;
    return text;
}

static void fill_thing(struct principal_thing *to, struct registry_thing_info *from)
{
    to->name = take(&from->name);
    to->type = take(&from->type);
    to->attr_count = json_count(from->attributes);
    to->attrs = xcalloc(to->attr_count, sizeof *to->attrs);
    size_t n = 0;
    json_for_each(attr, from->attributes) {
        to->attrs[n].name = xstrdup(json_key(attr));
        to->attrs[n++].value = xstrdup(json_str(attr));
    }
}

static void fill_rights(struct principal *p, struct registry_principal *from)
{
    p->policies = xcalloc(from->policy_count, sizeof(struct policy *));
    for (size_t i = 0; i < from->policy_count; i++) {
        struct registry_policy_doc *doc = &from->policies[i];
        struct diag diag = DIAG_INIT;
        int rc =
            policy_parse(doc->name, slice_str(doc->document), &p->policies[p->policy_count], &diag);
        if (rc == 0)
            p->policy_count++;
        else
            LOG(LOG_ERROR, "auth", "a stored policy cannot be used", LOG_S("policy", doc->name),
                LOG_S("reason", diag_text(&diag, rc)));
    }
    p->things = xcalloc(from->thing_count, sizeof *p->things);
    for (; p->thing_count < from->thing_count; p->thing_count++)
        fill_thing(&p->things[p->thing_count], &from->things[p->thing_count]);
}

static void fill(struct known *known, struct registry_principal *from)
{
    struct principal *p = &known->principal;
    struct auth *auth = p->auth;
    free(known->status);
    free(known->password_hash);
    crypto_free_secret(known->secret);
    known->status = take(&from->status);
    known->password_hash = take(&from->password_hash);
    known->secret = take(&from->secret);
    known->not_before_ms = from->not_before_ms;
    known->not_after_ms = from->not_after_ms;
    known->has_password_seen = false;
    p->admin = from->admin;
    p->valid = p->kind != PRINCIPAL_CERT || strcmp(known->status, "ACTIVE") == 0;
    if (p->kind == PRINCIPAL_TOKEN) {
        free(p->label);
        free(p->id);
        p->label = take(&from->label);
        p->id = take(&from->id);
        map_put(&auth->aliases, slice_str(p->label), known);
    }
    principal_clear_rights(p);
    fill_rights(p, from);
}

static void tell_watches(struct principal *p)
{
    list_for_each_safe(it, &p->watches) {
        struct auth_watch *watch = container_of(it, struct auth_watch, link);
        watch->on_change(watch, p);
    }
}

static void ask_registry(struct known *known);

static void ask_end(struct ask *ask)
{
    list_remove(&ask->open);
    if (ask->known) principal_unref(&ask->known->principal);
    arena_deinit(&ask->arena);
    crypto_free_secret(ask->password);
    free(ask->password_hash);
    free(ask->name);
    free(ask);
}

static void judge(struct ask *ask, int rc)
{
    ask->rc = rc;
    if (ask->judge(ask)) ask_end(ask);
}

static void answer_waiters(struct known *known, int rc)
{
    struct list waiters;
    list_init(&waiters);
    list_splice(&waiters, &known->waiters);
    for (struct list *link; (link = list_pop_front(&waiters));)
        judge(container_of(link, struct ask, link), rc);
}

/* An answer has come. When there is no principal any more it is forgotten first: whoever asks from within
 * the callbacks begins anew. A failing store takes the rights away as a deletion does. */
static void settle(struct known *known, int rc, struct registry_principal *from)
{
    struct principal *p = &known->principal;
    struct auth *auth = p->auth;
    bool changed = known->fresh && rc != ERR_CLOSED;
    known->rc = rc;
    if (rc == 0) {
        fill(known, from);
        known->fresh = true;
    } else {
        if (changed) principal_clear_rights(p);
        if (changed) p->valid = false;
        known_forget(known);
    }
    if (changed && auth->on_policy_change) auth->on_policy_change(auth->on_policy_change_arg);
    if (changed) tell_watches(p);
    answer_waiters(known, rc);
}

static void on_loaded(void *arg, int rc, struct registry_principal *from)
{
    struct known *known = arg;
    struct principal *p = &known->principal;
    known->asking = false;
    if (p->auth && known->again && rc != ERR_CLOSED)
        ask_registry(known);
    else if (p->auth)
        settle(known, rc, from);
    registry_principal_free(from);
    principal_unref(p); /* that of the question */
}

static void ask_registry(struct known *known)
{
    known->again = false;
    known->asking = true;
    hold(known);
    registry_load_principal(known->principal.auth->registry, known->key, on_loaded, known);
}

static void reload(struct known *known)
{
    if (known->asking)
        known->again = true;
    else
        ask_registry(known);
}

static void on_change(struct registry_listener *listener, enum registry_kind kind, const char *name,
                      const struct json *detail)
{
    struct auth *auth = container_of(listener, struct auth, listener);
    struct known *known = NULL;
    if (kind == REGISTRY_PRINCIPAL) {
        known = map_get_str(&auth->known, name);
        if (!known) known = map_get_str(&auth->aliases, name);
    } else if (kind == REGISTRY_POLICY) {
        char *key = xasprintf("anonymous:%s", name);
        known = map_get_str(&auth->known, key);
        free(key);
    }
    if (known) reload(known);
}

/* ---- questions ---- */

/* Goes on with what is known now: waits while that is being asked for. */
static void go_on(struct ask *ask)
{
    struct known *known = ask->known;
    if (known->asking)
        list_push_back(&known->waiters, &ask->link);
    else
        judge(ask, known->rc);
}

static void on_known(struct loop_task *task)
{
    go_on(container_of(task, struct ask, task));
}

static struct ask *ask_create(struct auth *auth, const char *what, const char *name,
                              const char *peer, auth_done_cb done, void *arg)
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
    list_push_back(&auth->asks, &ask->open);
    return ask;
}

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

static void answer(struct auth *auth, auth_done_cb done, void *arg, int rc,
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

/* Each ask holds the principal until it is answered. */
static void lookup(struct ask *ask, const char *key, bool (*judge_cb)(struct ask *ask))
{
    struct auth *auth = ask->auth;
    if (!auth->lane) {
        answer(auth, ask->done, ask->arg, ERR_CLOSED, NULL, "service unavailable");
        ask_end(ask);
        return;
    }
    struct known *known = map_get_str(&auth->known, key);
    if (!known) known = known_create(auth, key);
    ask->known = known;
    ask->judge = judge_cb;
    hold(known);
    if (known->fresh && !known->asking) {
        loop_defer(auth->loop, &ask->task);
        return;
    }
    list_push_back(&known->waiters, &ask->link);
    if (!known->asking) ask_registry(known);
}

static bool accept(struct ask *ask)
{
    ask->done(ask->arg, 0, principal_ref(&ask->known->principal), NULL);
    return true;
}

static void log_failure(const char *what, struct slice name, const char *peer, const char *why)
{
    metrics_inc(METRIC_AUTH_FAILURES);
    LOG(LOG_WARN, "auth", "credential refused", LOG_S("kind", what), LOG_SLICE("name", name),
        LOG_S("peer", peer), LOG_S("reason", why));
}

/* `why` is for the log, `told` for the client: it must not reveal what exists. */
static bool refuse(struct ask *ask, int rc, const char *why, const char *told)
{
    if (rc != ERR_CLOSED) log_failure(ask->what, slice_str(ask->name), ask->peer, why);
    ask->done(ask->arg, rc, NULL, told);
    return true;
}

/* The registry could not be asked, or we stop. */
static bool refuse_unknown(struct ask *ask, int rc)
{
    return refuse(ask, rc, err_text(rc), "service unavailable");
}

/* ---- certificates ---- */

static bool judge_cert(struct ask *ask)
{
    struct known *known = ask->known;
    int64_t now = clock_real_ms();
    char why[128];
    if (ask->rc == ERR_NOT_FOUND)
        return refuse(ask, ERR_CERT, "the certificate is not registered", "certificate refused");
    if (ask->rc < 0) return refuse_unknown(ask, ask->rc);
    if (strcmp(known->status, "ACTIVE") != 0) {
        snprintf(why, sizeof why, "the certificate is %s, not ACTIVE", known->status);
        return refuse(ask, ERR_CERT, why, "certificate refused");
    }
    if (now < known->not_before_ms || now > known->not_after_ms)
        return refuse(ask, ERR_CERT,
                      now < known->not_before_ms ? "the certificate is not yet valid"
                                                 : "the certificate has expired",
                      "certificate refused");
    return accept(ask);
}

void auth_by_cert(struct auth *auth, const char *cert_id, struct slice der, const char *peer,
                  auth_done_cb done, void *arg)
{
    char key[80];
    snprintf(key, sizeof key, "cert:%s", cert_id);
    lookup(ask_create(auth, "certificate", cert_id, peer, done, arg), key, judge_cert);
}

/* ---- users ---- */

static bool refuse_user(struct ask *ask, int rc, const char *why)
{
    return refuse(ask, rc, why, "bad user name or password");
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
        go_on(ask); /* the right password, but of yesterday */
        return;
    }
    if (rc == 0) {
        memcpy(known->password_seen, ask->password_mac, sizeof known->password_seen);
        known->has_password_seen = true;
        accept(ask);
    } else {
        refuse_user(ask, rc,
                    ask->nobody      ? "unknown user"
                    : rc == ERR_AUTH ? "wrong password"
                                     : err_text(rc));
    }
    ask_end(ask);
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
        return accept(ask);
    return check_password(ask, known->password_hash);
}

void auth_by_password(struct auth *auth, struct slice user, struct slice password, const char *peer,
                      auth_done_cb done, void *arg)
{
    if (user.len == 0 || user.len > 128 || memchr(user.ptr, 0, user.len) ||
        memchr(password.ptr ? password.ptr : "", 0, password.len) || password.len > PASSWORD_MAX) {
        log_failure("user", user, peer, "not a possible user name or password");
        answer(auth, done, arg, ERR_AUTH, NULL, "bad user name or password");
        return;
    }
    char key[160];
    snprintf(key, sizeof key, "user:%.*s", (int)user.len, user.ptr);
    struct ask *ask = ask_create(auth, "user", key + 5, peer, done, arg);
    ask->password = xstrndup(password.ptr ? password.ptr : "", password.len);
    lookup(ask, key, judge_user);
}

/* ---- tokens, peers, anonymous ---- */

static bool judge_token(struct ask *ask)
{
    struct known *known = ask->known;
    if (ask->rc == ERR_NOT_FOUND)
        return refuse(ask, ERR_NOT_FOUND, "unknown token",
                      "The security token included in the request is invalid.");
    if (ask->rc < 0) return refuse_unknown(ask, ask->rc);
    if (known->not_after_ms && clock_real_ms() > known->not_after_ms)
        return refuse(ask, ERR_TIMEOUT, "the token has expired",
                      "The security token included in the request is expired");
    return accept(ask);
}

void auth_by_token(struct auth *auth, struct slice token, const char *peer, auth_done_cb done,
                   void *arg)
{
    char hash[TOKEN_HASH_LEN], key[TOKEN_HASH_LEN + 16];
    token_hash(token, hash);
    snprintf(key, sizeof key, "token-hash:%s", hash);
    lookup(ask_create(auth, "token", "", peer, done, arg), key, judge_token);
}

static struct principal *local_principal(uid_t uid)
{
    struct principal *p = xnew(struct principal);
    p->refs = 1;
    p->kind = PRINCIPAL_LOCAL;
    p->id = xasprintf("%lu", (unsigned long)uid);
    p->label = xasprintf("local:%lu", (unsigned long)uid);
    p->admin = p->valid = true;
    list_init(&p->watches);
    return p;
}

void auth_by_peer(struct auth *auth, uid_t uid, auth_done_cb done, void *arg)
{
    if (uid == 0 || uid == geteuid()) {
        answer(auth, done, arg, 0, local_principal(uid), NULL);
        return;
    }
    char name[24];
    snprintf(name, sizeof name, "%lu", (unsigned long)uid);
    log_failure("local", slice_str(name), "",
                "only root and the hub's own user may use the Unix socket");
    answer(auth, done, arg, ERR_AUTH, NULL, "not authorized");
}

static bool judge_anonymous(struct ask *ask)
{
    if (ask->rc < 0) return refuse_unknown(ask, ask->rc);
    return accept(ask);
}

void auth_anonymous(struct auth *auth, const char *policy_name, auth_done_cb done, void *arg)
{
    char *key = xasprintf("anonymous:%s", policy_name);
    lookup(ask_create(auth, "anonymous", policy_name, "", done, arg), key, judge_anonymous);
    free(key);
}

/* ---- HTTP requests ---- */

static bool judge_sigv4(struct ask *ask)
{
    struct known *known = ask->known;
    if (ask->rc == ERR_NOT_FOUND)
        return refuse(ask, ERR_NOT_FOUND, "unknown access key",
                      "The security token included in the request is invalid.");
    if (ask->rc < 0) return refuse_unknown(ask, ask->rc);
    if (ask->credential.security_token.len)
        return refuse(ask, ERR_NOT_FOUND, "a session token with a key that is not temporary",
                      "The security token included in the request is invalid.");
    if (ask->auth->opts.strict_region &&
        !slice_eq_str(ask->credential.region, ask->auth->opts.region))
        return refuse(ask, ERR_AUTH, "the credential is scoped to another region",
                      "Credential should be scoped to a valid region.");
    struct diag diag = DIAG_INIT;
    int rc = sigv4_verify(&ask->sigv4, &ask->credential, slice_str(known->secret), &diag);
    if (rc < 0)
        return refuse(ask, rc, rc == ERR_AUTH ? "the signature does not match" : diag.text,
                      diag_text(&diag, rc));
    return accept(ask);
}

static void describe_request(struct ask *ask, const struct http_request *request)
{
    struct sigv4_header *headers =
        arena_array(&ask->arena, struct sigv4_header, request->headers.count + 1);
    for (size_t i = 0; i < request->headers.count; i++)
        headers[i] = (struct sigv4_header){ request->headers.items[i].name,
                                            request->headers.items[i].value };
    ask->request = request;
    ask->sigv4 = (struct sigv4_request){
        .method = slice_str(http_method_name(request->method)),
        .path_raw = request->path,
        .query_raw = request->query,
        .headers = headers,
        .header_count = request->headers.count,
        .body = request->body,
        .now_s = clock_real_ms() / 1000,
    };
}

/* RFC 9110, section 11.1: the name of a scheme has no case. */
static bool is_bearer(struct slice authorization)
{
    return authorization.len > 7 && strncasecmp(authorization.ptr, "Bearer ", 7) == 0;
}

/* What to say of a request whose credentials cannot be looked up. 0: it has none, and needs none. */
static int refuse_request(struct slice authorization, bool transport, int rc, struct diag *diag)
{
    if (rc != ERR_NOT_FOUND) return ERR_MALFORMED;
    if (authorization.len) return diag_set(diag, ERR_MALFORMED, "Unsupported authorization scheme");
    return transport ? 0 : diag_set(diag, ERR_USAGE, "Missing Authentication Token");
}

void auth_by_request(struct auth *auth, const struct http_request *request,
                     struct principal *transport, const char *peer, auth_done_cb done, void *arg)
{
    struct slice authorization = http_header(&request->headers, "authorization");
    if (is_bearer(authorization)) {
        auth_by_token(auth, slice_from(authorization, 7), peer, done, arg);
        return;
    }
    struct ask *ask = ask_create(auth, "access key", "", peer, done, arg);
    struct diag diag = DIAG_INIT;
    describe_request(ask, request);
    int rc = sigv4_parse(&ask->sigv4, &ask->arena, &ask->credential, &diag);
    if (rc == 0) {
        free(ask->name);
        ask->name = xstrndup(ask->credential.access_key_id.ptr, ask->credential.access_key_id.len);
        char *key = xasprintf("key:%s", ask->name);
        lookup(ask, key, judge_sigv4);
        free(key);
        return;
    }
    ask_end(ask);
    rc = refuse_request(authorization, transport != NULL, rc, &diag);
    if (rc < 0) log_failure("request", SLICE_LIT(""), peer, diag_text(&diag, rc));
    answer(auth, done, arg, rc, rc < 0 ? NULL : principal_ref(transport), diag_text(&diag, rc));
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

/* ---- life ---- */

struct auth *auth_create(struct loop *loop, struct registry *registry, const struct auth_opts *opts)
{
    struct auth *auth = xnew(struct auth);
    auth->loop = loop;
    auth->registry = registry;
    auth->opts = *opts;
    list_init(&auth->idle);
    list_init(&auth->asks);
    list_init(&auth->earlies);
    rand_system_bytes(auth->process_secret, sizeof auth->process_secret);
    auth->lane = worker_lane_create(loop, "thingd-passwd", 1, PASSWORD_QUEUE);
    auth->listener.on_change = on_change;
    registry_listen(registry, &auth->listener);
    return auth;
}

static void close_asks(struct auth *auth)
{
    while (!list_empty(&auth->asks)) {
        struct ask *ask = container_of(auth->asks.next, struct ask, open);
        list_remove(&ask->link);
        loop_task_cancel(&ask->task);
        refuse_unknown(ask, ERR_CLOSED);
        ask_end(ask);
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

void auth_stop(struct auth *auth)
{
    struct worker_lane *lane = auth->lane;
    auth->lane = NULL;
    worker_lane_destroy(lane);
    close_asks(auth);
    close_earlies(auth);
}

void auth_destroy(struct auth *auth)
{
    if (!auth) return;
    auth_stop(auth);
    registry_unlisten(&auth->listener);
    map_for_each(it, &auth->known)
        known_forget(it->value);
    map_deinit(&auth->known);
    map_deinit(&auth->aliases);
    crypto_wipe(auth->process_secret, sizeof auth->process_secret);
    free(auth);
}
