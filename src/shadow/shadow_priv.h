/* shadow_priv.h — what the files of the shadow service share: the cache of shadows and the operations on
 * them. See shadow.c for the way of an operation. Loop thread only, but for what a store request says. */
#ifndef SHADOW_SHADOW_PRIV_H
#define SHADOW_SHADOW_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include "shadow/shadow.h"
#include "shadow/shadow_doc.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SHADOW_THING_MAX = 128,
    SHADOW_NAME_MAX = 64,
    SHADOW_MAX_OPS_EACH = 256, /* operations of one shadow without an answer; then 429 */
    SHADOW_MAX_OPS = 8192,     /* of all; then 503 */
    SHADOW_MAX_OP_BYTES = 32 << 20,
    SHADOW_MAX_LIST = 1000,
};
#define SHADOW_TOMBSTONE_MS HOURS(48)

enum shadow_verb { SHADOW_GET, SHADOW_UPDATE, SHADOW_DELETE };
/* As topics spell it. */
const char *shadow_verb_name(enum shadow_verb verb);

/* What a load has found; run and done are in shadow_store.c. */
struct shadow_load {
    struct store_req req;
    bool busy; /* with the store; the members below are the store thread's then */
    bool found;
    bool deleted;
    int64_t version;
    int64_t deleted_at;
    struct buf text;
};

struct shadow {
    struct shadows *all;
    struct list idle;    /* in all->idle while nothing is under way */
    struct list ready;   /* in all->ready while answers may leave */
    struct list waiting; /* operations which wait for the load */
    struct list decided; /* operations whose answers are not out, in the order of the decisions */
    size_t ops;          /* in both lists */
    struct shadow_load load;
    bool loaded;             /* the members below are true */
    bool damaged;            /* the text in the database is none: doc has nothing but a version */
    bool stale;              /* a write was lost: not to be kept when idle */
    struct shadow_doc *doc;  /* NULL: there is none */
    int64_t deleted_version; /* without doc: that of the deleted one; 0: none */
    int64_t deleted_at;
    const char *name; /* "": the classic one */
    char thing[];
};

/* One request, from its arrival until its answer is out. */
struct shadow_op {
    struct list link; /* in waiting or decided of its shadow, or in all->refused */
    struct shadows *all;
    struct shadow *shadow; /* NULL: refused at the door */
    enum shadow_verb verb;
    struct msg *msg;     /* the request over MQTT, until decided */
    struct buf request;  /* the request over REST, until decided */
    shadow_done_cb done; /* NULL: over MQTT */
    void *arg;
    struct hub_hold *hold; /* the publisher waits for the decision; NULL: not */
    uint8_t hops;          /* of the answers */
    bool settled;          /* the answer may leave: nothing to be written, or it is committed */
    int64_t now_s;         /* of the decision */
    size_t bytes;          /* counted in all->bytes */

    struct shadow_failure failure; /* code 0: accepted */
    struct shadow_answers answers; /* accepted: the answer of any verb */

    struct store_req write;
    struct buf text; /* the row's new text; empty: deleted */
    int64_t version;
    int64_t deleted_at;
};

struct shadows {
    struct subscriber subscriber; /* first */
    struct hub *hub;
    struct loop *loop;
    struct store *store;
    struct shadow_limits limits;
    size_t cache;
    struct subscription *subscriptions;
    size_t subscription_count;

    struct map map;      /* "thing/name" to struct shadow */
    struct list idle;    /* the longest unused first */
    struct list ready;   /* shadows whose first answer may be settled */
    struct list refused; /* operations over REST which were refused at the door */
    struct loop_task flush;
    size_t ops;
    size_t bytes;
    bool closed; /* the store has stopped: nothing is published any more */

    struct loop_timer sweep;
    struct store_req sweep_req;
    bool sweeping; /* sweep_req is with the store */
    int64_t sweep_before;
    int64_t swept;
};

/* ---- shadow_cache.c ---- */

/* The names are valid. Made where it is missing, not loaded then. Not idle until shadow_rest. */
struct shadow *shadow_acquire(struct shadows *all, struct slice thing, struct slice name);
/* NULL when it is not in memory. */
struct shadow *shadow_lookup(struct shadows *all, struct slice thing, struct slice name);
/* After each step: a shadow with nothing under way becomes idle, and may be gone then. */
void shadow_rest(struct shadow *shadow);
/* All of them. Nothing may be under way. */
void shadow_cache_clear(struct shadows *all);

/* ---- shadow_op.c ---- */

/* Counts for the limits from here on. shadow NULL: refused at the door. msg NULL: over REST, with a
 * request which is copied. */
struct shadow_op *shadow_op_create(struct shadows *all, struct shadow *shadow,
                                   enum shadow_verb verb, struct msg *msg, struct slice request);
/* request NULL: over REST. */
uint8_t shadow_answer_hops(const struct msg *request);
/* The shadow is loaded. Decides, submits what is to be written, puts the answer in the queue. Returns the
 * commit which the decision waits for; 0: none. */
int64_t shadow_op_decide(struct shadow_op *op);
/* The same for one that has failed before it could be decided. */
void shadow_op_fail(struct shadow_op *op, enum shadow_fault fault);
/* The write is through, or lost. */
void shadow_op_written(struct shadow_op *op, int rc);
/* Lets the answers leave which may, later in this turn. shadow NULL: those refused at the door. */
void shadow_flush_later(struct shadows *all, struct shadow *shadow);
/* all->flush */
void shadow_on_flush(struct loop_task *task);
/* Logs and counts a refusal. */
void shadow_log_refusal(enum shadow_verb verb, struct slice thing, struct slice name,
                        const struct shadow_failure *failure);

/* ---- shadow_store.c ---- */

void shadow_load_start(struct shadow *shadow);
/* Returns the commit of the write; shadow_op_written follows. */
int64_t shadow_write_submit(struct shadow_op *op);
void shadow_sweep_start(struct shadows *all);
void shadow_sweep_stop(struct shadows *all);
/* The thing's name is valid. */
void shadow_list_submit(struct shadows *all, const char *thing, const char *after, size_t count,
                        shadow_done_cb done, void *arg);

#endif
