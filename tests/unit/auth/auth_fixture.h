/* auth_fixture.h — auth over a real registry, questions to it and their answers, for the unit tests of this folder. The
 * clock is the fake one. */
#ifndef TESTS_UNIT_AUTH_AUTH_FIXTURE_H
#define TESTS_UNIT_AUTH_AUTH_FIXTURE_H

#include "auth/auth.h"
#include "auth/sigv4.h"
#include "unit/registry/registry_fixture.h"

struct jwt_rules;

struct bench {
    struct registry_fixture *f;
    struct auth *auth;
    const struct jwt_rules *jwt;   /* for open_auth; NULL: none */
    struct login_delay_opts delay; /* for open_auth */
    int policy_changes;
};

/* For cmocka: state is a struct bench, with auth open. */
int setup(void **state);
int teardown(void **state);
void open_auth(struct bench *b, bool strict_region);
/* Of the log, none of which has "secret" in it: that is every password here. */
extern _Atomic int lines;

struct reply {
    int count;
    int rc;
    struct principal *principal;
    char why[320];
};

/* An auth_done_cb: arg is a struct reply. */
void on_reply(void *arg, int rc, struct principal *principal, const char *why);
/* Turns the loop until it is there; returns its rc. */
int await(struct bench *b, struct reply *reply);
void release(struct reply *reply);

/* Each asks and awaits; name is that of registry_fixture_register. */
int ask_cert(struct bench *b, const char *name, struct reply *ret_reply);
int ask_token(struct bench *b, const char *token, struct reply *ret_reply);
/* The bytes of a request. */
int ask_request(struct bench *b, const char *text, struct principal *transport,
                struct reply *ret_reply);
int may_publish(struct bench *b, const struct principal *p, const char *topic);

/* Counts what a watch is told. */
struct told {
    struct auth_watch watch;
    int count;
    bool valid;
};
void on_told(struct auth_watch *watch, struct principal *principal);

struct signing {
    const char *key;    /* variable */
    const char *secret; /* variable */
    const char *region;
    int64_t skew_s;
    const char *extra; /* a session token, signed */
    bool tamper;
};
/* Appends the bytes of a signed request. */
void sign(struct bench *b, const struct signing *how, struct buf *out);
/* Makes an access key; its id and its secret are variables then. */
void make_key(struct bench *b, const char *params, const char *id, const char *secret);

#endif
