/* host.c — what actions may call of the engine: thingd/action.h, struct td_host.
 *  I1  host_complete may be called on any thread: it touches rc and why of the run and the mailbox,
 *      nothing else. */
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "mqtt/mqtt.h"
#include "mqtt/property.h"
#include "rules/actions/actions.h"
#include "rules/firing_priv.h"

#include <errno.h>

static void host_log(const struct td_host *host, enum td_log_level level, const char *text)
{
    static const enum log_level levels[] = { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
    LOG(levels[level], "rules", text);
}

static const struct td_value *host_render(struct td_run *run, size_t param)
{
    return param < run->step->param_count ? &run->values[param] : NULL;
}

static void host_complete(struct td_run *run, int rc, const char *why)
{
    run->rc = rc;
    run->why = rc < 0 && why ? xstrdup(why) : NULL;
    if (run->is_inline)
        run->completed = true;
    else
        mailbox_post(run->firing->rules->box, &run->letter);
}

bool run_is_kept(const struct td_run *run)
{
    return run->row != 0;
}

static int publish_late(struct rules *rules, struct msg *msg)
{
    if (msg->hops > hub_max_hops(rules->hub)) {
        metrics_inc(METRIC_HOPS_CUT);
        return -ELOOP;
    }
    if (rules->store_gone) return -EIO;
    int64_t commit = hub_publish(rules->hub, principal_system(), NULL, msg, NULL, NULL);
    if (commit >= 0 || commit == HUB_HELD) return 0;
    return commit == ERR_STORE ? -EIO : -EINVAL;
}

/* What concerns one connection alone is no property of a message. */
static bool may_publish_with(struct slice properties)
{
    struct mqtt_property prop;
    return mqtt_properties_check(properties, MQTT_TYPE_publish, NULL) == 0 &&
           !mqtt_property_find(properties, MQTT_PROP_topic_alias, &prop) &&
           !mqtt_property_find(properties, MQTT_PROP_subscription_id, &prop);
}

static int host_publish(struct td_run *run, struct td_bytes topic, struct td_bytes payload, int qos,
                        struct td_bytes properties)
{
    const struct msg *cause = run->firing->msg;
    struct rules *rules = run->firing->rules;
    const char *why;
    struct slice block = slice_of(properties.ptr, properties.len);
    if (qos < 0 || qos > 1 || !may_publish_with(block)) return -EINVAL;
    int rc = rule_topic_check(topic, host_max_levels(&rules->host), &why);
    if (rc < 0) return rc;
    struct msg *msg = msg_create(&(struct msg_opts){
        .topic = slice_of(topic.ptr, topic.len),
        .payload = slice_of(payload.ptr, payload.len),
        .properties = block,
        .qos = (uint8_t)qos,
        .hops = cause->hops < UINT8_MAX ? (uint8_t)(cause->hops + 1) : UINT8_MAX,
    });
    if (run->pub) {
        hub_publish_nested(run->pub, msg);
        rc = msg->hops > hub_max_hops(rules->hub) ? -ELOOP : 0;
    } else {
        rc = publish_late(rules, msg);
    }
    msg_unref(msg);
    return rc;
}

struct td_host host_table(void)
{
    return (struct td_host){
        .abi = TD_ACTION_ABI,
        .log = host_log,
        .render = host_render,
        .publish = host_publish,
        .complete = host_complete,
        .check_request = host_check_request,
        .request = host_request,
        .cancel = host_cancel,
    };
}
