/* firing_priv.h — a firing and its runs, for the files that make them up: firing.c, run.c,
 * restore.c, host.c. Who holds whom: a run holds its firing open and its step by reference; a
 * firing holds its program and its message. */
#ifndef RULES_FIRING_PRIV_H
#define RULES_FIRING_PRIV_H

#include "rules/rules_priv.h"

struct failure {
    struct list link;
    const char *label;
    char *resource;
    char *why;
};

struct firing {
    struct rules *rules;
    struct program *program;
    struct msg *msg;
    struct buf payload;       /* kept for the runs outside */
    struct buf error_payload; /* of the error action */
    struct list failures;
    int64_t failed_rows[RULE_MAX_ACTIONS + 1];
    size_t failed_row_count;
    unsigned open;
    bool in_error;  /* the error action is what runs */
    bool abandoned; /* the hub stops: what has a row stays for the next start */
    char trace_id[37];
};

struct td_run {
    struct letter letter; /* first */
    struct list link;     /* of rules.ready or rules.lost */
    struct firing *firing;
    struct step *step;
    int index;
    struct hub_pub *pub; /* while an inline action runs within a delivery */
    struct td_input input;
    struct buf rendered;   /* the texts of templates, one behind the other */
    struct td_pair *pairs; /* rendered */
    size_t pair_count;
    struct outbox_insert insert;
    struct buf params; /* of the insert */
    struct buf message;
    int64_t row; /* 0: none */
    size_t bytes;
    bool is_inline;
    bool completed; /* of an inline one */
    int rc;
    char *why;
    struct td_value values[];
};

/* ---- firing.c ---- */

/* open is 1, for the caller. */
struct firing *firing_create(struct rules *rules, struct program *program, struct msg *msg);
/* One less is open; at the last the error action runs where something has failed, and the firing
 * ends. */
void firing_release(struct firing *firing);
/* Counts, logs and keeps a failure for the error action. why NULL: the text of rc. */
void firing_fail(struct firing *firing, const struct td_run *run, int rc, const char *why);

/* ---- run.c ---- */

/* Borrows payload, which lives as long as the firing or, for an inline step, the call. */
struct td_run *run_create(struct firing *firing, struct step *step, int index,
                          struct slice payload);
/* Counts the run among those outside, until it is freed. */
void run_account(struct td_run *run);
/* Makes a run of the step and runs or queues it. Returns the commit of its row, 0 for none. */
int64_t run_step(struct firing *firing, struct step *step, int index, struct slice payload,
                 struct input *input, struct hub_pub *pub);
/* On the loop, after host_complete of a run outside. */
void run_finish(struct td_run *run);

/* ---- render.c ---- */

/* Renders the parameters. input may be NULL where all are constant. */
int run_render(struct td_run *run, struct input *input);

/* ---- host.c ---- */

/* The table that actions call. */
struct td_host host_table(void);

/* ---- host_request.c: of that table ---- */

int host_check_request(const struct td_host *host, const struct td_request *request, char *why,
                       size_t why_size);
struct td_call *host_request(const struct td_host *host, const struct td_request *request,
                             td_answer_cb answer, void *arg);
void host_cancel(const struct td_host *host, struct td_call *call);

#endif
