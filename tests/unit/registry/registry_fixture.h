/* registry_fixture.h — a registry over a real store in a folder of its own, for tests of registry and
 * auth; and steps: tables of operations with what they must answer. The clock is the fake one.
 *
 * Texts of steps are JSON in which ' stands for " and @name@ for a variable. An expected value "*" fits
 * any string that is not empty, "#" any number; all else, the set of members too, must be equal. */
#ifndef TESTS_UNIT_REGISTRY_FIXTURE_H
#define TESTS_UNIT_REGISTRY_FIXTURE_H

#include "base/diag.h"
#include "base/json.h"
#include "base/map.h"
#include "registry/registry.h"

struct secret_box;

struct registry_fixture {
    char dir[48];
    struct loop *loop;
    struct store *store;
    struct registry *registry;
    struct secret_box *secrets;
    char *ca_cert, *ca_key; /* PEM */
    struct registry_listener listener;
    struct buf changes; /* "principal:cert:ab… policy:P …", since the last call began */
    struct map vars;    /* name to owned text */
    struct json *result;
    struct diag diag;
    /* Called with each success; may be NULL. */
    void (*check)(const char *op, const struct json *result);
};

struct registry_fixture *registry_fixture_create(void);
/* Stops and starts all but the clock; variables stay. */
void registry_fixture_restart(struct registry_fixture *f);
/* The two halves of a restart: what else uses the store goes down in between. */
void registry_fixture_down(struct registry_fixture *f);
void registry_fixture_up(struct registry_fixture *f);
void registry_fixture_destroy(struct registry_fixture *f);
/* For cmocka: state is a fixture whose answers are compared with the service model. */
int registry_fixture_setup(void **state);
int registry_fixture_teardown(void **state);
/* Runs statements of SQL while all is down: rows as no operation makes them. */
void registry_fixture_script(struct registry_fixture *f, const char *sql);

/* Takes value. */
void registry_fixture_set(struct registry_fixture *f, const char *name, char *value);
const char *registry_fixture_get(struct registry_fixture *f, const char *name);
/* Returns owned. */
char *registry_fixture_expand(struct registry_fixture *f, const char *text);

/* Runs op until it is done; result and diag are in f then. */
int registry_fixture_call(struct registry_fixture *f, const char *op, const char *params);
/* The same, and fails the test unless it succeeds. */
void registry_fixture_do(struct registry_fixture *f, const char *op, const char *params);

struct registry_step {
    const char *op;
    const char *params;
    int rc;
    const char *result;  /* NULL: not looked at; "": none */
    const char *message; /* of an error: part of it; NULL: not looked at */
    const char *keep;    /* "name=member": a variable out of the result */
};
void registry_fixture_steps(struct registry_fixture *f, const struct registry_step *steps,
                            size_t count);
#define RUN_STEPS(f, steps) registry_fixture_steps((f), (steps), ARRAY_LEN(steps))

/* Fails when an answer has a member that the service model does not know: for `check`. */
void registry_fixture_check_shape(const char *op, const struct json *result);
/* Each operation of the model that the registry should have. */
void registry_fixture_each_shape(void (*cb)(const char *op));
/* Walks all pages of a list (`old`: pageSize and marker); the names found, joined by blanks, must be
 * `want`. `filter` is more parameters, `member` of an item its name, NULL when items are strings. */
void registry_fixture_pages(struct registry_fixture *f, const char *op, const char *filter,
                            int size, const char *list, const char *member, bool old,
                            const char *want);

/* Documents for steps. */
#define POLICY_ALLOW_ALL                                                          \
    "{\\'Version\\':\\'2012-10-17\\',\\'Statement\\':[{\\'Effect\\':\\'Allow\\'," \
    "\\'Action\\':\\'iot:*\\',\\'Resource\\':\\'*\\'}]}"
#define POLICY_DENY_ALL                                                          \
    "{\\'Version\\':\\'2012-10-17\\',\\'Statement\\':[{\\'Effect\\':\\'Deny\\'," \
    "\\'Action\\':\\'iot:*\\',\\'Resource\\':\\'*\\'}]}"

/* A certificate of a new EC key, signed by the fixture's CA for `days`; PEM, returned owned. */
char *registry_fixture_cert(struct registry_fixture *f, const char *common_name, int days);
/* Makes and registers one with this status; NAME is its id then and NAME_arn its ARN. */
void registry_fixture_register(struct registry_fixture *f, const char *name, const char *status,
                               int days);
/* A PEM as the inside of a JSON string; returned owned. */
char *registry_fixture_quote(const char *pem);

#endif
