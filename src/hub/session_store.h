/* session_store.h — what sessions keep in the database: the requests, and loading. For the files
 * of session_priv.h. Each function returns the commit number of its change. Loop thread only. */
#ifndef HUB_SESSION_STORE_H
#define HUB_SESSION_STORE_H

#include "hub/hub.h"
#include "hub/msg.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

struct session_row {
    int64_t id;
    const char *client_id;
    const char *principal; /* its label */
    int64_t created_at;
    int64_t disconnected_at; /* 0: connected */
    int64_t expiry_ms;       /* as asked for: see session_open_opts */
    struct msg *will; /* NULL: none. When the hub dies while the client is there, it is due */
    int64_t will_delay_ms;
    int64_t will_at; /* 0: it does not wait */
};
/* Both: of one that is connected. */
int64_t session_row_create(struct store *store, const struct session_row *row);
int64_t session_row_online(struct store *store, const struct session_row *row);
/* The client is gone. will_at 0: there is no will any more, and what it has brought about is in the same
 * batch. */
int64_t session_row_offline(struct store *store, int64_t id, int64_t now_ms, int64_t will_at);
int64_t session_row_will_sent(struct store *store, int64_t id);
int64_t session_row_expiry(struct store *store, int64_t id, int64_t expiry_ms);
int64_t subscription_row_put(struct store *store, int64_t id, struct slice filter,
                             const struct sub_opts *opts);
int64_t subscription_row_delete(struct store *store, int64_t id, struct slice filter);

/* Told at the commit (rc 0) or when the store closes without it. `number` is seq or key. The
 * session may be gone by then. */
typedef void (*session_noted_cb)(void *arg, int64_t session, int64_t number, int rc);
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
    void (*session)(void *arg, const struct session_row *row);
    void (*subscription)(void *arg, int64_t id, const char *filter, const struct sub_opts *opts);
    void (*inbound)(void *arg, int64_t id, int64_t key, struct msg *msg /* NULL: delivered */,
                    bool routed);
};
/* Everything but the queues, in the order of the members above; inbound as they came. References to
 * messages are the callee's. What is damaged is logged and skipped. On any thread, within a read. */
int session_load(struct db *db, const struct session_load_ops *ops, void *arg);

#endif
