/* model_run_priv.h — between model_run.c (the steps) and model_watch.c (what comes of them). */
#ifndef TESTS_UNIT_HUB_MODEL_RUN_PRIV_H
#define TESTS_UNIT_HUB_MODEL_RUN_PRIV_H

#include "model_run.h"

struct run {
    struct fixture *f;
    struct model m;
    struct client clients[MODEL_CLIENTS][2]; /* the second one, for take-overs */
    int now[MODEL_CLIENTS];                  /* which of them is the present one */
    struct principal *principals[MODEL_CLIENTS];
};

/* The present connection of a client. */
struct client *run_client(struct run *r, int client);
/* Returns owned. */
struct msg *run_message(const struct model *m, int number);
/* Shows the model what the store has reached, what clients have got, and what is retained. */
void run_observe(struct run *r);
void run_check_retained(struct run *r, bool after_crash);
/* The store's thread has nothing to do: all that it was given is committed, or has failed. */
void run_await_thread(struct run *r);
/* Until nothing happens by itself; what nobody waits for stays in its batch. Shows it. */
void run_idle(struct run *r);
/* The disk is well, and the store has noticed. Shows it. */
void run_heal(struct run *r);

#endif
