/* session_store.h — what sessions keep in the database: the requests, and loading. For the files
 * of session_priv.h. Each function returns the commit number of its change. Loop thread only. */
#ifndef HUB_SESSION_STORE_H
#define HUB_SESSION_STORE_H

#include "base/diag.h"
#include "hub/msg.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct msg_rows; /* numbers the rows of messages */

struct msg_rows *msg_rows_create(struct store *store);
void msg_rows_destroy(struct msg_rows *rows);
/* One more queue entry needs the message's row; the first one inserts it. */
void msg_row_ref(struct msg_rows *rows, struct msg *msg);
/* One less; the last one deletes it, or cancels the insertion that has not begun. */
void msg_row_unref(struct msg_rows *rows, struct msg *msg);
/* The same without touching the database: the process ends. */
void msg_row_forget(struct msg *msg);
int64_t msg_row_id(const struct msg *msg);
/* At start: the message came from this row. Adds a reference as msg_row_ref does. */
void msg_row_loaded(struct msg_rows *rows, struct msg *msg, int64_t id);

/* A row of the queue while its insertion is under way. */
struct queue_write;

int64_t session_row_create(struct store *store, int64_t id, const char *client_id,
                           const char *principal, int64_t now_ms, int64_t expiry_ms);
int64_t session_row_delete(struct store *store, int64_t id);
int64_t session_row_online(struct store *store, int64_t id, const char *principal);
int64_t session_row_offline(struct store *store, int64_t id, int64_t now_ms, int64_t sent_seq);
int64_t subscription_row_put(struct store *store, int64_t id, struct slice filter, uint8_t qos);
int64_t subscription_row_delete(struct store *store, int64_t id, struct slice filter);

/* *write is set until the row is committed; then it becomes NULL by itself. */
int64_t queue_row_put(struct store *store, int64_t id, int64_t seq, int64_t message, uint8_t qos,
                      bool retain, struct queue_write **write);
/* Cancels an insertion which has not begun, else deletes. */
int64_t queue_row_delete(struct store *store, int64_t id, int64_t seq, struct queue_write **write);
/* The owner of *write goes away; the row stays. */
void queue_write_forget(struct queue_write **write);

/* Told at the commit (rc 0) or when the store closes without it. `number` is seq or key. The
 * session may be gone by then. */
typedef void (*session_noted_cb)(void *arg, int64_t session, int64_t number, int rc);
/* PUBREC has come: the message is no longer needed. */
int64_t queue_row_released(struct store *store, int64_t id, int64_t seq, session_noted_cb cb,
                           void *arg);
/* A QoS 2 message has come; msg is copied. */
int64_t inbound_row_put(struct store *store, int64_t id, int64_t key, const struct msg *msg,
                        session_noted_cb cb, void *arg);
/* Sessions have it; somebody else holds the decision. */
int64_t inbound_row_routed(struct store *store, int64_t id, int64_t key);
int64_t inbound_row_delivered(struct store *store, int64_t id, int64_t key);
int64_t inbound_row_delete(struct store *store, int64_t id, int64_t key);
/* Gives the row another key. */
int64_t inbound_row_park(struct store *store, int64_t id, int64_t key, int64_t new_key);

/* ---- loading ---- */

struct session_load_ops {
    void (*session)(void *arg, int64_t id, const char *client_id, const char *principal,
                    int64_t created_at, int64_t disconnected_at /* 0: was connected */,
                    int64_t expiry_ms, int64_t sent_seq);
    void (*subscription)(void *arg, int64_t id, const char *filter, uint8_t qos);
    /* msg NULL: PUBREC had come. Its row is referenced already; a reference to msg is the callee's. */
    void (*queued)(void *arg, int64_t id, int64_t seq, struct msg *msg, uint8_t qos, bool retain);
    void (*inbound)(void *arg, int64_t id, int64_t key, struct msg *msg /* NULL: delivered */,
                    bool routed);
};
/* Everything, in the order of the members above: queues by sequence, inbound as they came. What is
 * damaged is logged and removed. */
int session_load(struct store *store, struct msg_rows *rows, const struct session_load_ops *ops,
                 void *arg, struct diag *diag);

#endif
