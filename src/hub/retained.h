/* retained.h — the last message of each topic, for hub.c. Loop thread only. */
#ifndef HUB_RETAINED_H
#define HUB_RETAINED_H

#include "base/diag.h"
#include "hub/hub.h"

struct retained;

/* Loads from the store. */
int retained_create(struct retained **ret_retained, struct loop *loop, struct store *store,
                    size_t max_count, size_t max_bytes, struct diag *diag);
void retained_destroy(struct retained *retained);
/* Sets, or with an empty payload removes. Returns the commit number that an acknowledgement waits for, 0
 * for QoS 0 (written within a second) and for what is not retained because there are too many (logged and
 * counted), or ERR_STORE with nothing done: QoS 1 or 2 while the store is behind, unless promised. What is
 * fleeting never reaches the store, and no limit counts it. */
int64_t retained_put(struct retained *retained, struct msg *msg, bool promised);
/* These find none that has expired, though it may still be counted. */
struct msg *retained_get(struct retained *retained, struct slice topic);
void retained_match(struct retained *retained, struct slice filter, hub_retained_cb cb, void *arg);
void retained_set_max(struct retained *retained, size_t max_count, size_t max_bytes);
struct topic_map_iter;
int retained_step(struct retained *retained, struct topic_map_iter *iter, size_t *budget,
                  struct msg **ret_msg);
/* Removes; returns the commit of the removal, or of the last one when there is none of this topic. */
int64_t retained_remove(struct retained *retained, struct slice topic);
/* Neither counts what is fleeting. */
size_t retained_count(const struct retained *retained);
size_t retained_bytes(const struct retained *retained);
/* Submits what is still coalescing. */
void retained_flush(struct retained *retained);

#endif
