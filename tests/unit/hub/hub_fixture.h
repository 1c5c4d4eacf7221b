/* hub_fixture.h — a hub over a real store in a temporary folder, a fake auth, a fake clock, and clients
 * whose connection is a line of text. */
#ifndef TESTS_UNIT_HUB_HUB_FIXTURE_H
#define TESTS_UNIT_HUB_HUB_FIXTURE_H

#include "lib/test.h"

#include "auth_fake.h"
#include "base/buf.h"
#include "hub/hub.h"
#include "hub/session.h"
#include "loop/loop.h"
#include "store/store.h"

#define LINGER_MS \
    60000 /* of the fake clock: a batch goes out when somebody waits for it, or in settle */

struct fixture {
    struct loop *loop;
    struct auth *auth;
    struct store *store;
    struct hub *hub;
    struct hub_opts opts;
    struct store_opts store_opts;
    struct list clients;     /* attached ones */
    struct service *service; /* started again before hub_start, when there is one */
    const char *service_filter;
    char dir[64];
    char path[96];
};

struct client {
    struct session_link link; /* first */
    struct list attached;
    struct fixture *f;
    struct session *session;
    struct principal *principal;
    struct buf
        log; /* "topic=payload/qos" "r" if retained "d" if DUP "#id" "@" before each subscription
                       identifier, or "rel#id", with "?" if it is not known */
    size_t most; /* bytes of a payload that the client takes; 0: no limit */
    bool congested;
    bool ended; /* the session has let go of us */
    enum session_end why;
    bool present;
    int64_t commit; /* what CONNACK waits for */
    int64_t heard_at;
    const char *address; /* NULL: 192.0.2.1 */
    uint8_t level;       /* of client_open and the like; 0: 4 */
};

/* cmocka's setup and teardown; *state is the fixture, with store and hub open. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

void fixture_open(struct fixture *f);
/* The same, but it may fail: then nothing is open. */
int fixture_try_open(struct fixture *f);
/* Detaches the clients (as CONNECTION_LOST), commits, closes store and hub. */
void fixture_close(struct fixture *f);
void fixture_restart(struct fixture *f);
/* While it is closed, in the place of what is there: a database as the first `version` migrations leave
 * it, and then this script. */
void fixture_make_old(struct fixture *f, int version, const char *sql);
/* Appends the message as a blob of SQL. */
void put_blob(struct buf *sql, const struct msg *msg);
/* As if the process had died now: what is committed stays, what waits in a batch is gone. The store thread
 * must be idle: right after settle, or without a turn since. */
void fixture_crash(struct fixture *f);
/* Commits everything and turns the loop until nothing happens any more. */
void settle(struct fixture *f);
void turns(struct fixture *f, int count);

/* Opens the session of a client that is not attached; zero-initialised clients are valid. `id` is the
 * client id, and the principal's too. */
int64_t client_open(struct fixture *f, struct client *c, const char *id, bool clean);
int64_t client_open_will(struct fixture *f, struct client *c, const char *id, bool clean,
                         struct msg *will);
/* In the words of MQTT 5: what of opts is about the client itself is filled in. */
int64_t client_open_with(struct fixture *f, struct client *c, const char *id,
                         struct session_open_opts opts);
void client_drop(struct client *c, enum session_end why);
void client_free(struct client *c);
int64_t client_subscribe(struct client *c, const char *filter, uint8_t qos);
int64_t client_subscribe_opts(struct client *c, const char *filter, const struct sub_opts *opts);
int64_t client_unsubscribe(struct client *c, const char *filter);
int64_t client_release(struct client *c, uint16_t id); /* session_release */
/* session_publish, or hub_publish in the client's name when it is not attached. */
int64_t client_publish(struct client *c, const char *topic, const char *payload, uint8_t qos);
int64_t client_retain(struct client *c, const char *topic, const char *payload, uint8_t qos);
/* session_receive. */
int64_t client_publish2(struct client *c, uint16_t id, const char *topic, const char *payload);
/* What came since the last call. Valid until the next one. */
const char *client_log(struct client *c);
#define assert_log(client, text) assert_string_equal(client_log(client), (text))

/* Returns owned. */
struct msg *message(const char *topic, const char *payload, uint8_t qos, bool retain);
/* In the system's name. */
int64_t publish(struct fixture *f, const char *topic, const char *payload, uint8_t qos);
/* One number out of the database, by a connection of its own. */
int64_t query(struct fixture *f, const char *sql);

/* A subscriber that is no session: counts, and holds, releases or publishes on demand. */
struct service {
    struct subscriber subscriber; /* first */
    struct subscription subscription;
    struct fixture *f;
    enum { SERVICE_COUNT, SERVICE_RELEASE, SERVICE_HOLD, SERVICE_REPUBLISH } does;
    const char *to; /* topic of a republish */
    int64_t commit; /* what deliver, or a release at once, returns */
    struct hub_hold *hold;
    int count;
    int again;
    struct buf log; /* "topic=payload " of each */
};
void service_start(struct fixture *f, struct service *service, const char *filter);
void service_stop(struct service *service);

/* For hub_held_cb: what was decided. */
struct decision {
    int count;
    int64_t commit;
};
void on_decision(void *arg, int64_t commit);

#endif
