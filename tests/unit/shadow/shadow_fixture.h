/* shadow_fixture.h — a shadow service with a real hub over a real store in a temporary file, under a fake
 * clock, with a listener to all answers and a disk that fails on demand. */
#ifndef TESTS_UNIT_SHADOW_FIXTURE_H
#define TESTS_UNIT_SHADOW_FIXTURE_H

#include "lib/test.h"

#include "shadow/shadow_priv.h"

enum { FIX_MAX_SEEN = 20000 };

struct fix_seen { /* an answer that was published */
    char *topic;  /* behind "$aws/things/" */
    char *payload;
    int64_t committed; /* by then */
};

struct fix_called { /* an answer over REST */
    int calls;
    int code;
    char *body;
};

struct fix_held {
    int calls;
    int64_t commit;
};

struct fix {
    char dir[64];
    char path[96];
    struct shadows_opts opts;
    size_t max_pending;
    struct loop *loop;
    struct store *store;
    struct registry *registry;
    struct auth *auth;
    struct hub *hub;
    struct shadows *shadows;
    struct subscriber watcher;
    struct subscription watch;
    /* called for each answer before it is noted; NULL: nothing */
    void (*on_seen)(struct fix *fix, struct msg *msg, struct hub_pub *pub);
    int count;
    struct fix_seen seen[FIX_MAX_SEEN];
};

/* opts NULL: those of AWS and 64 cached. */
struct fix *fix_create(const struct shadows_opts *opts);
void fix_destroy(struct fix *fix);
/* Stops everything and starts it again over the same file. */
void fix_restart(struct fix *fix);
void fix_start(struct fix *fix);
void fix_stop(struct fix *fix);

/* What hub_publish returned. `topic` stands behind "$aws/things/". held may be NULL. */
int64_t fix_publish(struct fix *fix, const char *topic, struct slice payload,
                    struct fix_held *held);
int64_t fix_send(struct fix *fix, const char *topic, const char *payload);
/* Turns the loop until no operation is left. */
void fix_settle(struct fix *fix);
/* Turns it until all that was submitted is committed, or the store fails. */
void fix_sync(struct fix *fix);
/* Turns it a few times, whether or not anything is left. */
void fix_turn(struct fix *fix);
/* Forgets the answers seen. */
void fix_forget(struct fix *fix);
/* The next answers are on these topics, exactly and in this order; then forgets them. NULL ends. */
void fix_expect(struct fix *fix, ...);
/* The payload of the index-th answer has this text in it. */
void fix_expect_text(struct fix *fix, int index, const char *text);
/* Runs a statement on the store thread, commits. */
void fix_sql(struct fix *fix, const char *sql);
/* The number that a query gives. */
int64_t fix_sql_number(struct fix *fix, const char *sql);

void fix_on_called(void *arg, int code, struct slice body);
void fix_called_reset(struct fix_called *called);

/* Every write to the disk fails from now on, or works again. */
void fix_disk_fail(bool fail);
/* The same for reads. */
void fix_disk_fail_reads(bool fail);
/* The disk works again, and the store finds out. */
void fix_disk_recover(struct fix *fix);

#endif
