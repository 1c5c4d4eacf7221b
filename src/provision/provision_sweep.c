/* provision_sweep.c — certificates that nobody has provisioned in their hour, and claims, go: every minute while there
 * are any, else seldom (claims are made over REST, where this service is not asked). */
#include "provision/provision_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metrics.h"

#define SWEEP_FIRST SECONDS(1)
#define SWEEP_SOON  MINUTES(1)
#define SWEEP_IDLE  MINUTES(10)

static void on_swept(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct provisions *all = arg;
    int64_t pending = 0, claims = 0;
    all->sweeping = false;
    if (all->closed) return;
    if (rc < 0) {
        LOG(LOG_ERROR, "provision", "cannot remove what was not provisioned",
            LOG_S("reason", diag_text(diag, rc)));
    } else {
        json_to_int64(json_get(result, "pending"), &pending);
        json_to_int64(json_get(result, "claims"), &claims);
        metrics_set(METRIC_PROVISIONING_PENDING, pending);
    }
    loop_timer_start(&all->sweep, rc < 0 || pending + claims ? SWEEP_SOON : SWEEP_IDLE);
}

static void on_sweep(struct loop_timer *timer)
{
    struct provisions *all = container_of(timer, struct provisions, sweep);
    all->sweeping = true;
    registry_call(all->registry, registry_op_find(".SweepOwnership"), json_new_object(), on_swept,
                  all);
}

void provision_sweep_start(struct provisions *all)
{
    loop_timer_init(&all->sweep, all->loop, on_sweep);
    loop_timer_start(&all->sweep, SWEEP_FIRST);
}

void provision_sweep_later(struct provisions *all)
{
    bool soon =
        loop_timer_active(&all->sweep) && all->sweep.due <= loop_now(all->loop) + SWEEP_SOON;
    if (!all->sweeping && !all->closed && !soon) loop_timer_start(&all->sweep, SWEEP_SOON);
}
