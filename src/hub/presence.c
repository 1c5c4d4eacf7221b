/* presence.c — see presence.h. Client ids with '+' or '#' connect, but have no events, as on AWS: their
 * topic would be a filter. The version numbers of clients that are away live in a bounded map, for an hour. */
#include "hub/presence.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"
#include "loop/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_VERSIONS = 100000 };

struct version {
    int64_t number;
    int64_t used_at;
};

struct presence {
    struct hub *hub;
    struct map versions;
    struct loop_timer sweep;
};

static void on_sweep(struct loop_timer *timer)
{
    struct presence *presence = container_of(timer, struct presence, sweep);
    int64_t before = clock_mono_ms() - HOURS(1);
    map_for_each(it, &presence->versions) {
        struct version *version = it->value;
        if (version->used_at >= before) continue;
        map_del(&presence->versions, slice_of(it->key, it->key_len));
        free(version);
    }
    loop_timer_start(timer, MINUTES(10));
}

struct presence *presence_create(struct hub *hub)
{
    struct presence *presence = xnew(struct presence);
    presence->hub = hub;
    loop_timer_init(&presence->sweep, hub_loop(hub), on_sweep);
    loop_timer_start(&presence->sweep, MINUTES(10));
    return presence;
}

void presence_destroy(struct presence *presence)
{
    loop_timer_stop(&presence->sweep);
    map_for_each(it, &presence->versions)
        free(it->value);
    map_deinit(&presence->versions);
    free(presence);
}

int64_t presence_enter(struct presence *presence, const char *client_id)
{
    struct version *version = map_del(&presence->versions, slice_str(client_id));
    int64_t number = version ? version->number + 1 : 0;
    free(version);
    return number;
}

void presence_leave(struct presence *presence, const char *client_id, int64_t number)
{
    if (presence->versions.count >= MOST_VERSIONS) return;
    struct version *version = xnew(struct version);
    version->number = number;
    version->used_at = clock_mono_ms();
    free(map_put(&presence->versions, slice_str(client_id), version));
}

static struct json *event_body(const struct presence_event *event, const char *type)
{
    struct json *body = json_new_object();
    json_set_str(body, "clientId", event->client_id);
    json_set_int(body, "timestamp", clock_real_ms());
    json_set_str(body, "eventType", type);
    json_set_str(body, "sessionIdentifier", event->session_id);
    json_set_str(body, "principalIdentifier", event->principal);
    json_set_str(body, "protocolVersion", session_protocol_version(event->level));
    return body;
}

/* Appends the event's topic. False: it has none, or nobody wants it. */
static bool topic_of(struct presence *presence, const struct presence_event *event,
                     const char *type, struct buf *topic)
{
    if (strpbrk(event->client_id, "+#")) return false;
    buf_puts(topic, "$aws/events/presence/");
    buf_puts(topic, type);
    buf_putc(topic, '/');
    buf_puts(topic, event->client_id);
    return hub_wants(presence->hub, buf_slice(topic));
}

static void publish(struct presence *presence, const struct presence_event *event,
                    const struct buf *topic, struct json *body)
{
    struct buf payload = { 0 };
    json_set_int(body, "versionNumber", event->version);
    json_print(body, &payload);
    struct msg *msg = msg_create(
        &(struct msg_opts){ .topic = buf_slice(topic), .payload = buf_slice(&payload), .qos = 1 });
    hub_publish(presence->hub, principal_system(), NULL, msg, NULL, NULL);
    msg_unref(msg);
    buf_deinit(&payload);
    json_free(body);
}

void presence_connected(struct presence *presence, const struct presence_event *event)
{
    struct buf topic = { 0 };
    if (topic_of(presence, event, "connected", &topic)) {
        struct json *body = event_body(event, "connected");
        json_set_str(body, "ipAddress", event->source_ip);
        publish(presence, event, &topic, body);
    }
    buf_deinit(&topic);
}

void presence_disconnected(struct presence *presence, const struct presence_event *event,
                           enum session_end why)
{
    struct buf topic = { 0 };
    if (topic_of(presence, event, "disconnected", &topic)) {
        struct json *body = event_body(event, "disconnected");
        json_set_bool(body, "clientInitiatedDisconnect",
                      why == SESSION_END_CLIENT_INITIATED || why == SESSION_END_CLIENT_WITH_WILL);
        json_set_str(body, "disconnectReason", session_end_name(why));
        publish(presence, event, &topic, body);
    }
    buf_deinit(&topic);
}
