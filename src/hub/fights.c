/* fights.c — see fights.h. A clean session ends when it is taken over, so the count cannot be the
 * session's: a bounded map of client ids has the times of the last take-overs.
 *
 *  I1  A fight is told when it begins, and again each hour that it goes on. It is over when a minute has
 *      passed without a take-over.
 *  I2  There are at most MOST_IDS entries. When all are young, one of them makes room: with more fights
 *      than that, some are told late, or again. */
#include "hub/fights.h"

#include "auth/ledger.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"

#include <stdlib.h>

enum { MOST_IDS = 1024, WINDOW_MS = 60000 };

struct rival {          /* by clock_mono_ms, which is above 0 */
    int64_t last;       /* the last take-over, */
    int64_t before;     /* the one before it, 0: none */
    int64_t told_at;    /* 0: no fight yet */
    int64_t take_overs; /* since the fight began */
};

struct fights {
    struct auth *auth;
    struct map rivals;
};

struct fights *fights_create(struct auth *auth)
{
    struct fights *fights = xnew(struct fights);
    fights->auth = auth;
    return fights;
}

void fights_destroy(struct fights *fights)
{
    if (!fights) return;
    map_for_each(it, &fights->rivals)
        free(it->value);
    map_deinit(&fights->rivals);
    free(fights);
}

static void forget(struct fights *fights, const struct map_entry *entry)
{
    free(map_del(&fights->rivals, slice_of(entry->key, entry->key_len)));
}

static void make_room(struct fights *fights, int64_t now)
{
    if (fights->rivals.count < MOST_IDS) return;
    map_for_each(it, &fights->rivals) {
        if (now - ((const struct rival *)it->value)->last >= WINDOW_MS) forget(fights, it);
    }
    if (fights->rivals.count == MOST_IDS) forget(fights, map_next(&fights->rivals, NULL));
}

static struct rival *rival_of(struct fights *fights, const char *client_id, int64_t now)
{
    struct rival *rival = map_get_str(&fights->rivals, client_id);
    if (!rival) {
        make_room(fights, now);
        rival = xnew(struct rival);
        map_put(&fights->rivals, slice_str(client_id), rival);
    } else if (now - rival->last >= WINDOW_MS) {
        *rival = (struct rival){ 0 };
    }
    return rival;
}

static void tell(struct fights *fights, const struct take_over *what, int64_t take_overs)
{
    static const char advice[] = "two clients use this client id: give each its own";
    metrics_inc(METRIC_FIGHTS);
    LOG(LOG_WARN, "hub", "two clients fight for one client id", LOG_S("client", what->client_id),
        LOG_S("first", what->old_address), LOG_S("second", what->new_address),
        LOG_S("principal", what->principal->label), LOG_I("take_overs", take_overs),
        LOG_S("advice", advice));
    char *resource = xasprintf(AUTH_CLIENT "%s", what->client_id);
    char *reason = xasprintf("taken over %lld times by %s and %s; %s", (long long)take_overs,
                             what->old_address, what->new_address, advice);
    ledger_note(auth_ledger(fights->auth),
                &(struct ledger_entry){ .kind = LEDGER_FIGHT,
                                        .principal = slice_str(what->principal->label),
                                        .client_id = slice_str(what->client_id),
                                        .address = slice_str(what->new_address),
                                        .action = SLICE_LIT("iot:Connect"),
                                        .resource = slice_str(resource),
                                        .reason = slice_str(reason) });
    free(resource);
    free(reason);
}

void fights_note(struct fights *fights, const struct take_over *what)
{
    int64_t now = clock_mono_ms();
    struct rival *rival = rival_of(fights, what->client_id, now);
    bool third = rival->before && now - rival->before < WINDOW_MS;
    rival->before = rival->last;
    rival->last = now;
    rival->take_overs++;
    if (!third && !rival->told_at) return;
    if (rival->told_at && now - rival->told_at < HOURS(1)) return;
    rival->told_at = now;
    tell(fights, what, rival->take_overs);
}
