/* rules_fixture.h — a loop, a store on a file, registry, auth, hub and the rules engine, all real;
 * the clock is the test's. */
#ifndef TESTS_UNIT_RULES_FIXTURE_H
#define TESTS_UNIT_RULES_FIXTURE_H

#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "hub/hub.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "registry/registry.h"
#include "rules/actions/file_writer.h"
#include "rules/rules_priv.h"
#include "store/db.h"
#include "store/store.h"

struct fix {
    char dir[64];
    char *db;
    char *files;
    struct rules_opts opts;
    struct loop *loop;
    struct store *store;
    struct registry *registry;
    struct auth *auth;
    struct webhooks *webhooks; /* may go to 127.0.0.0/8 */
    struct hub *hub;
    struct rules *rules;
    int64_t counted[METRIC_COUNT]; /* when it was opened */
};

struct fix *fix_create(void);
/* With other options, at the same place: call it while closed. */
void fix_open(struct fix *f);
/* polite: rules_stop first; else the hub "dies" with what is in the outbox. */
void fix_close(struct fix *f, bool polite);
void fix_restart(struct fix *f, bool polite);
void fix_destroy(struct fix *f);
/* Turns the loop until no run is open and all is committed. */
void fix_settle(struct fix *f);
int64_t fix_count(struct fix *f, enum metric id);

/* 0, or the error of rules_check or of the registry. */
int rule_create(struct fix *f, const char *name, const char *payload);
int rule_replace(struct fix *f, const char *name, const char *payload);
/* op: "EnableTopicRule", "DisableTopicRule", "DeleteTopicRule". */
void rule_do(struct fix *f, const char *op, const char *name);
/* The error of rules_check, and its sentence. */
int rule_check(struct fix *f, const char *payload, struct diag *diag);

int64_t publish(struct fix *f, const char *topic, const char *payload, uint8_t qos);
int64_t publish_msg(struct fix *f, const struct msg_opts *opts);

/* A subscriber which writes "topic payload\n" of each message. */
struct probe {
    struct subscriber subscriber;
    struct subscription subscription;
    struct fix *f;
    struct buf seen;
    size_t count;
    uint8_t qos; /* of the last one */
};
void probe_open(struct probe *p, struct fix *f, const char *filter);
void probe_close(struct probe *p);

/* The text of a file below the file root; NULL when there is none. Owned. */
char *file_text(struct fix *f, const char *path);
size_t line_count(const char *text);
int64_t row_count(struct fix *f, const char *table_count_sql);

#endif
