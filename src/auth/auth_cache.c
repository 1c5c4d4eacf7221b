/* auth_cache.c — the principals that are known: what the registry has said of each, and when to ask
 * again.
 *
 * A principal is held by its users and once by the cache. When only the cache holds it, it stands in a
 * list of idle ones, the oldest of which is let go when there are too many. When the registry tells of a
 * change, the principal is loaded again and its contents are replaced in place: whoever asks meanwhile
 * waits for the new contents, whoever holds it is told by its watch, and whoever made the change is
 * answered after that.
 *
 *  I1  A known principal's key is its label, but for tokens: those are found by the hash of the
 *      token. JSON Web Tokens have the names of their policies from the token.
 *  I2  What the registry does not know (any more) is in no map: who asks again asks the registry
 *      again.
 *  I3  The registry is asked at most one question about a principal at a time; that question holds
 *      it. */
#include "auth/auth_ask_priv.h"
#include "auth/cert_vars.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_IDLE = 256 };

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
        { "cert:", PRINCIPAL_CERT },   { "key:", PRINCIPAL_KEY },
        { "user:", PRINCIPAL_USER },   { "token-hash:", PRINCIPAL_TOKEN },
        { "token:", PRINCIPAL_TOKEN }, { "anonymous:", PRINCIPAL_ANONYMOUS },
        { "temp:", PRINCIPAL_ROLE },   { "jwt:", PRINCIPAL_JWT },
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strncmp(key, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) return kinds[i].kind;
    BUG("unknown kind of credential");
}

static void principal_init(struct principal *principal, const char *label)
{
    principal->refs = 1;
    principal->kind = kind_of(label);
    principal->label = xstrdup(label);
    principal->id = xstrdup(strchr(label, ':') + 1);
    list_init(&principal->watches);
}

struct principal *auth_principal_create(const char *label)
{
    struct principal *principal = xnew(struct principal);
    principal_init(principal, label);
    return principal;
}

static struct known *known_create(struct auth *auth, const char *key)
{
    struct known *known = xnew(struct known);
    known->key = xstrdup(key);
    principal_init(&known->principal, key);
    known->principal.auth = auth;
    list_init(&known->idle);
    list_init(&known->ending);
    list_init(&known->waiters);
    list_init(&known->holds);
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
    free(known->source);
    free(known->token_hash);
    crypto_free_secret(known->secret);
    known->source = known->token_hash = NULL;
    known->key = known->status = known->password_hash = known->secret = NULL;
    crypto_wipe(known->password_seen, sizeof known->password_seen);
    known->principal.auth = NULL;
    principal_unref(&known->principal);
}

void auth_cache_deinit(struct auth *auth)
{
    loop_timer_stop(&auth->ends);
    map_for_each(it, &auth->known)
        known_forget(it->value);
    map_deinit(&auth->known);
    map_deinit(&auth->aliases);
    compiled_deinit(&auth->compiled);
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

struct known *auth_cache_get(struct auth *auth, const char *key)
{
    struct known *known = map_get_str(&auth->known, key);
    if (!known) known = known_create(auth, key);
    hold(known);
    return known;
}

/* ---- contents, as the registry tells them ---- */

static char *take(char **from)
{
    char *text = *from;
    *from = NULL;
    return text;
}

static bool has_policy(struct policy *const *policies, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(policy_name(policies[i]), name) == 0) return true;
    return false;
}

/* Adds those of docs that are not there yet; there is room for all. */
static void add_policies(struct auth *auth, struct policy **policies, size_t *count,
                         const struct registry_policy_doc *docs, size_t doc_count)
{
    for (size_t i = 0; i < doc_count; i++) {
        const struct registry_policy_doc *doc = &docs[i];
        struct diag diag = DIAG_INIT;
        if (has_policy(policies, *count, doc->name)) continue;
        int rc = compiled_get(&auth->compiled, doc->name, doc->version, doc->document,
                              &policies[*count], &diag);
        if (rc == 0)
            ++*count;
        else
            LOG(LOG_ERROR, "auth", "a stored policy cannot be used", LOG_S("policy", doc->name),
                LOG_S("reason", diag_text(&diag, rc)));
    }
}

static void fill_thing_policies(struct auth *auth, const struct principal *p,
                                struct principal_thing *to, const struct registry_thing_info *from)
{
    to->policies = xcalloc(p->policy_count + from->policy_count, sizeof(struct policy *));
    for (; to->policy_count < p->policy_count; to->policy_count++)
        to->policies[to->policy_count] = policy_ref(p->policies[to->policy_count]);
    add_policies(auth, to->policies, &to->policy_count, from->policies, from->policy_count);
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

static void look_for_cert(void *arg, const char *name)
{
    *(bool *)arg |= cert_vars_has(name);
}

static void look_at(struct principal *p, const struct policy *policy, bool *asks_cert)
{
    p->timed |= policy_depends_on_time(policy);
    policy_each_variable(policy, look_for_cert, asks_cert);
}

/* The certificate is read when a policy asks for something in it. */
static void look_at_policies(struct principal *p, const char *cert_pem)
{
    bool asks_cert = false;
    for (size_t i = 0; i < p->policy_count; i++)
        look_at(p, p->policies[i], &asks_cert);
    for (size_t i = 0; i < p->thing_count; i++)
        for (size_t j = 0; j < p->things[i].policy_count; j++)
            look_at(p, p->things[i].policies[j], &asks_cert);
    if (asks_cert && cert_pem) p->cert = cert_vars_create(cert_pem);
}

void auth_fill_rights(struct auth *auth, struct principal *p, struct registry_principal *from)
{
    p->policies = xcalloc(from->policy_count, sizeof(struct policy *));
    add_policies(auth, p->policies, &p->policy_count, from->policies, from->policy_count);
    p->things = xcalloc(from->thing_count, sizeof *p->things);
    for (; p->thing_count < from->thing_count; p->thing_count++) {
        fill_thing(&p->things[p->thing_count], &from->things[p->thing_count]);
        fill_thing_policies(auth, p, &p->things[p->thing_count], &from->things[p->thing_count]);
    }
    look_at_policies(p, from->cert_pem);
}

static void fill(struct known *known, struct registry_principal *from)
{
    struct principal *p = &known->principal;
    struct auth *auth = p->auth;
    free(known->status);
    free(known->password_hash);
    free(known->token_hash);
    free(p->cert_id);
    crypto_free_secret(known->secret);
    known->status = take(&from->status);
    known->password_hash = take(&from->password_hash);
    known->token_hash = take(&from->token_hash);
    known->secret = take(&from->secret);
    known->password_id = from->password_id;
    known->not_before_ms = from->not_before_ms;
    p->cert_id = take(&from->cert_id);
    if (p->kind != PRINCIPAL_JWT) p->expires_ms = from->not_after_ms; /* else the token says it */
    known->has_password_seen = false;
    p->admin = from->admin;
    p->valid = !known->status || strcmp(known->status, "ACTIVE") == 0;
    if (p->kind == PRINCIPAL_TOKEN) {
        free(p->label);
        free(p->id);
        p->label = take(&from->label);
        p->id = take(&from->id);
        map_put(&auth->aliases, slice_str(p->label), known);
    }
    principal_clear_rights(p);
    auth_fill_rights(p->auth, p, from);
}

/* ---- telling ---- */

static void tell_watches(struct principal *p)
{
    list_for_each_safe(it, &p->watches) {
        struct auth_watch *watch = container_of(it, struct auth_watch, link);
        watch->on_change(watch, p);
    }
}

static void tell_change(struct auth *auth, struct principal *p)
{
    if (auth->on_policy_change) auth->on_policy_change(auth->on_policy_change_arg);
    tell_watches(p);
}

static void answer_waiters(struct known *known, int rc)
{
    struct list waiters;
    list_init(&waiters);
    list_splice(&waiters, &known->waiters);
    for (struct list *link; (link = list_pop_front(&waiters));) {
        struct ask *ask = container_of(link, struct ask, link);
        if (known->renewed)
            auth_ask_go_on(ask);
        else
            auth_ask_judge(ask, rc);
    }
}

static void answer_changers(struct known *known)
{
    struct list holds;
    list_init(&holds);
    list_splice(&holds, &known->holds);
    while (!list_empty(&holds))
        registry_release(container_of(holds.next, struct registry_hold, link));
}

/* ---- the end of a principal ---- */

static void end(struct known *known, int rc)
{
    struct principal *p = &known->principal;
    struct auth *auth = p->auth;
    known->rc = rc;
    principal_clear_rights(p);
    p->valid = false;
    known_forget(known);
    tell_change(auth, p);
}

void auth_cache_ending(struct known *known, struct list *ending)
{
    hold(known);
    list_push_back(ending, &known->ending);
}

/* Whoever is told may make others end. */
void auth_cache_end_all(struct list *ending, int rc, const char *why)
{
    for (struct list *link; (link = list_pop_front(ending));) {
        struct known *known = container_of(link, struct known, ending);
        struct principal *p = &known->principal;
        if (p->auth) {
            LOG(LOG_INFO, "auth", "credential ended", LOG_S("principal", p->label),
                LOG_S("reason", why));
            end(known, rc);
        }
        principal_unref(p);
    }
}

/* One timer for all, at the time of the first end. The clock may be set meanwhile, so it is looked at once in a while
 * whatever it has said; and all are looked at, so not more often than once a second. */
enum { LOOK_AGAIN_MS = MINUTES(1), LOOK_LEAST_MS = 1000 };

static void expect_end(struct auth *auth, int64_t delay_ms)
{
    if (delay_ms > LOOK_AGAIN_MS) delay_ms = LOOK_AGAIN_MS;
    if (delay_ms < 0) delay_ms = 0;
    if (loop_timer_active(&auth->ends) && auth->ends.due <= loop_now(auth->loop) + delay_ms) return;
    loop_timer_start(&auth->ends, delay_ms);
}

static void on_end(struct loop_timer *timer)
{
    struct auth *auth = container_of(timer, struct auth, ends);
    int64_t now = clock_real_ms(), next = INT64_MAX;
    struct list ending;
    list_init(&ending);
    map_for_each(it, &auth->known) {
        struct known *known = it->value;
        int64_t end_ms = known->principal.expires_ms;
        if (end_ms && end_ms < now)
            auth_cache_ending(known, &ending);
        else if (end_ms && end_ms < next)
            next = end_ms;
    }
    auth_cache_end_all(&ending, ERR_EXPIRED, "it has expired");
    if (next == INT64_MAX) return;
    int64_t delay = next - now + 1;
    expect_end(auth, delay < LOOK_LEAST_MS ? LOOK_LEAST_MS : delay);
}

void auth_cache_init(struct auth *auth)
{
    list_init(&auth->idle);
    compiled_init(&auth->compiled);
    loop_timer_init(&auth->ends, auth->loop, on_end);
}

/* ---- what the registry answers ---- */

/* Who came in by the old password must prove who they are once more. */
static bool has_other_password(const struct known *known, const struct registry_principal *from)
{
    return known->fresh && known->principal.kind == PRINCIPAL_USER &&
           known->password_id != from->password_id;
}

/* An answer has come. When there is no principal any more it is forgotten first: whoever asks from within
 * the callbacks begins anew. A failing store takes the rights away as a deletion does, and so does another
 * password: whoever has that becomes another principal. */
static void settle(struct known *known, int rc, struct registry_principal *from)
{
    struct principal *p = &known->principal;
    struct auth *auth = p->auth;
    bool changed = known->fresh && rc != ERR_CLOSED;
    known->renewed = rc == 0 && has_other_password(known, from);
    if (known->renewed) rc = ERR_NOT_FOUND;
    known->rc = rc;
    if (rc == 0) {
        fill(known, from);
        known->fresh = true;
        if (p->expires_ms) expect_end(auth, p->expires_ms - clock_real_ms() + 1);
        if (changed) tell_change(auth, p);
    } else if (changed) {
        end(known, rc);
    } else {
        known_forget(known);
    }
    answer_waiters(known, rc);
}

static void on_loaded(void *arg, int rc, struct registry_principal *from)
{
    struct known *known = arg;
    struct principal *p = &known->principal;
    known->asking = false;
    if (p->auth && known->again && rc != ERR_CLOSED) {
        auth_cache_load(known);
    } else {
        if (p->auth)
            settle(known, rc, from);
        else
            answer_waiters(known, known->rc); /* it has ended meanwhile */
        answer_changers(known);
    }
    registry_principal_free(from);
    principal_unref(p); /* that of the question */
}

void auth_cache_load(struct known *known)
{
    known->again = false;
    known->asking = true;
    hold(known);
    const char *source = known->source ? known->source : known->key;
    registry_load_principal(known->principal.auth->registry, source, on_loaded, known);
}

static void reload(struct known *known)
{
    if (known->asking)
        known->again = true;
    else
        auth_cache_load(known);
}

/* Those who have policies by their names, and not by attachments. */
static bool has_policy_by_name(const struct known *known, const char *policy)
{
    if (known->principal.kind == PRINCIPAL_ANONYMOUS)
        return strcmp(known->principal.id, policy) == 0;
    return known->principal.kind == PRINCIPAL_JWT && auth_jwt_has_policy(known, policy);
}

static void follow(struct known *known)
{
    list_push_back(&known->holds, &registry_hold(known->principal.auth->registry)->link);
    reload(known);
}

void auth_cache_on_change(struct registry_listener *listener, enum registry_kind kind,
                          const char *name, const struct json *detail)
{
    struct auth *auth = container_of(listener, struct auth, listener);
    if (kind == REGISTRY_PRINCIPAL) {
        struct known *known = map_get_str(&auth->known, name);
        if (!known) known = map_get_str(&auth->aliases, name);
        if (known) follow(known);
    } else if (kind == REGISTRY_POLICY) {
        compiled_drop(&auth->compiled, name);
        map_for_each(it, &auth->known)
            if (has_policy_by_name(it->value, name)) follow(it->value);
    }
}
