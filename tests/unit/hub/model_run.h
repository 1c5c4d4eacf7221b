/* model_run.h — a script of steps, run against the hub and the model side by side. */
#ifndef TESTS_UNIT_HUB_MODEL_RUN_H
#define TESTS_UNIT_HUB_MODEL_RUN_H

#include "hub_fixture.h"
#include "model.h"

/* Steps that make no sense where they stand (an acknowledgement of nothing, a subscription of somebody who
 * is not there) do nothing: so any part of a script is a script. A publish of somebody who is not there
 * is the system's. */
/* clang-format off */
#define STEP_LIST(X)                                                       \
    /* name      weight  needs a connection */                             \
    X(connect,       10, false) /* FLAG_CLEAN, FLAG_WILL: topic, qos */    \
    X(disconnect,     2, true)                                             \
    X(drop,           4, true)                                             \
    X(subscribe,      8, true)  /* n: filter */                            \
    X(unsubscribe,    2, true)                                             \
    X(publish,       16, false) /* FLAG_RETAIN, FLAG_EMPTY */              \
    X(publish2,       8, true)                                             \
    X(repeat,         2, true)  /* PUBLISH of QoS 2 with DUP */            \
    X(release,        6, true)  /* PUBREL */                               \
    X(ack,           12, true)  /* PUBACK or PUBREC of the n-th */         \
    X(comp,           6, true)  /* PUBCOMP of the n-th */                  \
    X(stray,          2, true)  /* an acknowledgement that fits nothing */ \
    X(congest,        2, true)                                             \
    X(clear,          2, true)  /* the output has room again */            \
    X(run,            8, false) /* until nothing happens by itself */      \
    X(sync,           6, false) /* the same, all committed */              \
    X(clock,          1, false) /* a second */                             \
    X(expire,         1, false) /* longer than sessions live alone */      \
    X(restart,        1, false)                                            \
    X(crash,          2, false)                                            \
    X(fill,           1, false) /* the disk is full: no commit succeeds */ \
    X(heal,           3, false) /* and has room again */                   \
    X(burst,          2, false) /* n messages */                           \
    X(drain,          2, true)  /* acknowledges until it has had n */
/* clang-format on */

enum step_kind {
#define X(name, weight, attached) STEP_##name,
    STEP_LIST(X)
#undef X
        STEP_KINDS
};

enum { FLAG_CLEAN = 1, FLAG_WILL = 2, FLAG_RETAIN = 4, FLAG_EMPTY = 8 };

struct step {
    uint8_t kind, client, topic, qos, flags;
    uint16_t n;
};

struct script {
    uint64_t seed;
    size_t window, limit;
    size_t count;
    struct step steps[160];
};

/* Runs it over the fixture, which must have neither sessions nor retained messages, and leaves it so. Returns
 * true if all was allowed; else failure says what was not, and *ret_at after which step (count: perhaps
 * after the last one). */
bool script_run(struct fixture *f, const struct script *script, char failure[512], size_t *ret_at);
void script_print(const struct script *script, size_t at);

#endif
