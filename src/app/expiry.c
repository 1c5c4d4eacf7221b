/* expiry.c — see expiry.h.
 *
 *   each hour ─► ".ListExpiring" ─► metrics, warnings ─► ".SaveExpiring": the time, and what was told of our own
 *
 * The registry knows by the time of the last check what it has told; of the certificates that are not in it, the
 * state has {"told": {id: days}}. A crash between a warning and its saving repeats it. */
#include "app/expiry.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "crypto/x509.h"
#include "loop/loop.h"
#include "registry/expiring.h"
#include "registry/registry.h"

#include <stdlib.h>
#include <string.h>

/* One that is not in the registry. */
struct own {
    char *name; /* NULL: the hub has made it */
    char id[X509_ID_LEN];
    int64_t begin_ms, end_ms;
};

struct owns {
    struct own *items;
    size_t count;
};

struct expiry {
    struct registry *registry;
    struct loop_timer timer;
    struct owns cas, served;
    bool asking; /* an answer of the registry is on its way */
    bool stopped;
};

/* ---- our own ---- */

static struct own own_of(const char *name, struct slice pem)
{
    struct own own = { .name = name ? xstrdup(name) : NULL };
    struct arena arena = { 0 };
    struct x509_info info;
    if (x509_parse(pem, &arena, &info, NULL) == 0) {
        memcpy(own.id, info.id, sizeof own.id);
        own.begin_ms = SECONDS(info.not_before_s);
        own.end_ms = SECONDS(info.not_after_s);
    }
    arena_deinit(&arena);
    return own;
}

static void owns_deinit(struct owns *owns)
{
    for (size_t i = 0; i < owns->count; i++)
        free(owns->items[i].name);
    free(owns->items);
}

static void owns_set(struct owns *owns, const struct expiry_cert *certs, size_t count)
{
    owns_deinit(owns);
    *owns = (struct owns){ xcalloc(count + 1, sizeof *owns->items), count };
    for (size_t i = 0; i < count; i++)
        owns->items[i] = own_of(certs[i].name, certs[i].cert_pem);
}

/* 0: there are none. */
static int64_t first_end_ms(const struct owns *owns)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < owns->count; i++)
        if (owns->items[i].end_ms < first) first = owns->items[i].end_ms;
    return first == INT64_MAX ? 0 : first;
}

void expiry_serve(struct expiry *expiry, const struct expiry_cert *certs, size_t count)
{
    owns_set(&expiry->served, certs, count);
    metrics_set(METRIC_CERT_END_SERVER, first_end_ms(&expiry->served) / 1000);
    loop_timer_start(&expiry->timer, 0);
}

/* ---- warnings ---- */

static void warn(const char *kind, const char *name, const char *id, int days, int64_t end_ms)
{
    char end[25];
    text_iso8601(end_ms, end);
    LOG(LOG_WARN, "app", "a certificate comes to its end", LOG_S("kind", kind), LOG_S("id", id),
        LOG_S("name", name), LOG_I("within_days", days), LOG_S("end", end));
}

/* Adds to `told` what has been told of it until now. */
static void tell_own(const struct own *own, const char *kind, const struct json *before,
                     struct json *told)
{
    int64_t earlier = 0;
    int days = expiring_within(own->begin_ms, own->end_ms, clock_real_ms());
    if (days == 0) return;
    json_to_int64(json_get(before, own->id), &earlier);
    if (earlier == 0 || days < earlier)
        warn(kind, own->name ? own->name : "of the hub's own making", own->id, days, own->end_ms);
    json_set_int(told, own->id, days);
}

static void tell_owns(const struct owns *owns, const char *kind, const struct json *before,
                      struct json *told)
{
    for (size_t i = 0; i < owns->count; i++)
        tell_own(&owns->items[i], kind, before, told);
}

static void tell_listed(const struct json *list, const char *kind)
{
    int64_t more = 0, days = 0, end = 0;
    json_for_each(one, json_get(list, "names")) {
        json_to_int64(json_get(one, "days"), &days);
        json_to_int64(json_get(one, "end"), &end);
        warn(kind, "registered", json_get_str(one, "id"), (int)days, end);
    }
    json_to_int64(json_get(list, "more"), &more);
    if (more > 0)
        LOG(LOG_WARN, "app", "more certificates come to their end", LOG_S("kind", kind),
            LOG_I("more", more));
}

static void tell_overdue(const struct json *list)
{
    int64_t more = 0, days = 0;
    json_for_each(one, json_get(list, "names")) {
        json_to_int64(json_get(one, "days"), &days);
        LOG(LOG_WARN, "app", "the revocation list of a CA should have been renewed",
            LOG_S("ca", json_get_str(one, "id")), LOG_I("days_ago", days));
    }
    json_to_int64(json_get(list, "more"), &more);
    if (more > 0)
        LOG(LOG_WARN, "app", "more revocation lists should have been renewed", LOG_I("more", more));
}

/* ---- metrics ---- */

static int64_t time_of(const struct json *result, const char *member)
{
    int64_t ms = 0;
    json_to_int64(json_get(result, member), &ms);
    return ms;
}

static void set_metrics(const struct expiry *expiry, const struct json *result)
{
    static const enum metric within[EXPIRING_STEPS] = { METRIC_DEVICE_CERTS_1D,
                                                        METRIC_DEVICE_CERTS_7D,
                                                        METRIC_DEVICE_CERTS_30D };
    int64_t ca = time_of(result, "nextCa"), own_ca = first_end_ms(&expiry->cas);
    if (ca == 0 || own_ca < ca) ca = own_ca;
    metrics_set(METRIC_CERT_END_CA, ca / 1000);
    metrics_set(METRIC_CERT_END_DEVICE, time_of(result, "nextDevice") / 1000);
    for (size_t i = 0; i < EXPIRING_STEPS; i++) {
        int64_t count = 0;
        json_to_int64(json_at(json_get(result, "within"), i), &count);
        metrics_set(within[i], count);
    }
}

/* ---- a check ---- */

static void on_saved(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct expiry *expiry = arg;
    expiry->asking = false;
    if (rc < 0 && rc != ERR_CLOSED)
        LOG(LOG_ERROR, "app", "what was told of certificates cannot be kept",
            LOG_S("reason", diag_text(diag, rc)));
}

/* Takes told. */
static void save(struct expiry *expiry, struct json *told)
{
    struct json *params = json_new_object();
    struct json *state = json_set(params, "state", json_new_object());
    json_set_int(state, "checked", clock_real_ms());
    json_set(state, "told", told);
    registry_call(expiry->registry, registry_op_find(".SaveExpiring"), params, on_saved, expiry);
}

static void on_listed(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct expiry *expiry = arg;
    if (rc < 0 || expiry->stopped) {
        expiry->asking = false;
        if (rc < 0 && rc != ERR_CLOSED)
            LOG(LOG_ERROR, "app", "the ends of certificates cannot be looked up",
                LOG_S("reason", diag_text(diag, rc)));
        return;
    }
    const struct json *before = json_get(json_get(result, "state"), "told");
    struct json *told = json_new_object();
    set_metrics(expiry, result);
    tell_owns(&expiry->served, "server", before, told);
    tell_owns(&expiry->cas, "the hub's CA", before, told);
    tell_listed(json_get(result, "authorities"), "CA");
    tell_listed(json_get(result, "certificates"), "device");
    tell_overdue(json_get(result, "overdue"));
    save(expiry, told);
}

static void on_timer(struct loop_timer *timer)
{
    struct expiry *expiry = container_of(timer, struct expiry, timer);
    loop_timer_start(timer, expiry->asking ? SECONDS(1) : HOURS(1));
    if (expiry->asking) return;
    expiry->asking = true;
    registry_call(expiry->registry, registry_op_find(".ListExpiring"), json_new_object(), on_listed,
                  expiry);
}

/* ---- life ---- */

struct expiry *expiry_create(struct loop *loop, struct registry *registry,
                             const struct expiry_cert *cas, size_t count)
{
    struct expiry *expiry = xnew(struct expiry);
    expiry->registry = registry;
    owns_set(&expiry->cas, cas, count);
    loop_timer_init(&expiry->timer, loop, on_timer);
    loop_timer_start(&expiry->timer, 0);
    return expiry;
}

void expiry_stop(struct expiry *expiry)
{
    if (!expiry) return;
    expiry->stopped = true;
    loop_timer_stop(&expiry->timer);
}

void expiry_destroy(struct expiry *expiry)
{
    if (!expiry) return;
    expiry_stop(expiry);
    owns_deinit(&expiry->served);
    owns_deinit(&expiry->cas);
    free(expiry);
}
