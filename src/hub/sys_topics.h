/* sys_topics.h — the figures of the hub as topics, $SYS/broker/..., with Mosquitto's names:
 * mosquitto(8), "Broker status". Loop thread only. */
#ifndef HUB_SYS_TOPICS_H
#define HUB_SYS_TOPICS_H

#include "hub/hub.h"

struct sys_topics;

/* Publishes all figures at once, and what has changed every interval_ms (0: nothing). Borrows version. */
struct sys_topics *sys_topics_create(struct hub *hub, const char *version, int64_t interval_ms);
/* Another interval from now on. 0 takes the topics away. */
void sys_topics_set_interval(struct sys_topics *sys, int64_t interval_ms);
/* Before the hub. Accepts NULL. */
void sys_topics_destroy(struct sys_topics *sys);

/* The names below $SYS/broker, in the order of their table; NULL behind the last. For docs/operation.md. */
const char *sys_topics_name(size_t index);

#endif
