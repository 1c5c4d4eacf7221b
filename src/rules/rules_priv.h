/* rules_priv.h — what the files of the engine share. Loop thread, save where said. */
#ifndef RULES_RULES_PRIV_H
#define RULES_RULES_PRIV_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include "rules/rules.h"
#include "sql/sql.h"
#include "store/store.h"
#include "thingd/action.h"

enum {
    RULE_MAX_ACTIONS = 10,
    RULE_MAX_BYTES = 256 * 1024,
    RULE_NAME_MAX = 128,
    ACTION_MAX_PARAMS = 16,
    PAIR_TEXT_MAX = 1024,
    ERROR_ACTION = -1, /* its index */
};

/* ---- actions.c: the table ---- */

/* NULL at the end. */
extern const struct td_action *const rule_actions[];
enum { RULE_ACTION_KINDS = 3 };
const struct td_action *action_find(const char *name);
/* An action that AWS has and the hub does not. */
bool action_is_foreign(const char *name);

/* ---- step.c and its like: one action of one rule, compiled ---- */

struct step_text {
    char *text;                    /* owned */
    struct sql_template *template; /* NULL: constant */
};

struct step_param {
    struct td_value value;   /* its texts are those below */
    struct step_text own;    /* TD_STRING, TD_ARN */
    struct step_text *parts; /* TD_PAIRS: name and value of each */
    struct td_pair *pairs;   /* what value has */
};

struct step {
    uint32_t refs;
    const struct td_action *kind;
    void *action;
    size_t param_count;
    struct step_param params[ACTION_MAX_PARAMS];
};

/* object: the parameters. literal: strings are taken as they are, "${" means nothing in them.
 * ERR_INVALID or ERR_UNSUPPORTED, with the member in diag. */
int step_create(struct rules *rules, const char *rule, const struct td_action *kind,
                const struct json *object, bool literal, struct step **ret_step, struct diag *diag);
struct step *step_ref(struct step *step);
void step_unref(struct step *step); /* accepts NULL */
bool step_is_inline(const struct step *step);

/* step_param.c: value is what the rule has for the row. Errors as of step_create; what was made stays for
 * step_param_deinit. */
int step_param_take(struct step_param *param, const struct td_param *row, bool literal,
                    const struct json *value, struct diag *diag);
void step_param_deinit(struct step_param *param);

/* step_save.c: {"name": value, ...} of rendered values, appended: what step_create takes with `literal`. */
void step_save(const struct step *step, const struct td_value *values, struct buf *out);

/* ---- program.c: a rule, compiled; immutable but for its log state ---- */

struct program {
    uint32_t refs;
    char *name;
    struct sql *sql; /* NULL: a bare one */
    struct step *steps[RULE_MAX_ACTIONS];
    size_t count;
    struct step *error_step; /* NULL: none */
    bool outside;            /* one of the steps is not inline */
    struct log_pace complaints;
};

/* Errors as of rules_check. */
int program_compile(struct rules *rules, const char *name, const struct json *payload,
                    struct program **ret_program, struct diag *diag);
/* For what is left in the outbox of a rule that is gone: only the name. */
struct program *program_bare(const char *name);
struct program *program_ref(struct program *program);
void program_unref(struct program *program); /* accepts NULL */
/* Compiles a statement under the limits of the hub; ERR_SYNTAX for what is wrong in its text. */
int statement_compile(struct rules *rules, struct slice text, const char *version,
                      struct sql **ret_sql, struct diag *diag);

/* ---- input.c: a message as the language sees it ---- */

struct input {
    struct msg *msg; /* NULL: closed */
    struct sql_input sql;
    struct sql_mqtt5 mqtt5;
    struct sql_user_property *user;
    char *client_id;
    char *principal;
    char trace_id[37];
};

/* trace_id NULL: a new one. Takes a reference to msg. */
void input_open(struct input *input, struct rules *rules, struct msg *msg, const char *trace_id);
void input_close(struct input *input);

/* ---- firing.c, run.c, restore.c: what one message makes one rule do ---- */

/* Runs all steps on the payload. pub: the publish in which it happens. Returns the commit number to
 * wait for. Borrows everything; `input` is that of the message, whose last statement was the
 * program's. */
int64_t fire(struct rules *rules, struct program *program, struct input *input,
             struct slice payload, struct hub_pub *pub);
/* A failure of the statement or of an action: logged at most once a minute for each rule. */
void program_complain(struct program *program, const char *message, struct slice topic,
                      const char *why, int rc);

struct outbox_row {
    int64_t id;
    const char *rule;
    int64_t action;
    const char *kind;
    const char *params;
    struct slice payload;
    struct slice message;
};
/* Makes a run of what a crash has left; it waits for rules_start. */
void firing_restore(struct rules *rules, const struct outbox_row *row);
/* Hands those over. */
void firing_start_lost(struct rules *rules);
/* Fills the host table, makes mailbox and lists. */
void firing_init(struct rules *rules);
/* Stops the actions: every run that was handed over is complete afterwards. */
void firing_stop(struct rules *rules);

/* ---- outbox.c: the rows ---- */

struct outbox_insert { /* embedded in the run, whose bytes it borrows until done */
    struct store_req req;
    struct outbox_row row;
    int64_t created_at;
};
int64_t outbox_put(struct store *store, struct outbox_insert *insert, store_done_cb done);
void outbox_delete(struct store *store, int64_t id);
/* Blocking, at start. ret_last: the highest id. */
int outbox_load(struct store *store, void (*cb)(void *arg, const struct outbox_row *row), void *arg,
                int64_t *ret_last, struct diag *diag);

/* ---- rules.c ---- */

/* Whose host table it is. */
const struct rules *rules_of(const struct td_host *host);
/* The rule's present program, borrowed; NULL when there is none. */
struct program *rules_program(struct rules *rules, const char *name);

struct rules {
    struct td_host host;
    struct hub *hub;
    struct loop *loop;
    struct store *store;
    struct registry *registry;
    struct rules_opts opts;
    char *file_root;
    void *shared[RULE_ACTION_KINDS]; /* of td_action.start */

    struct map by_name; /* of struct rule */
    int64_t enabled;
    struct program *nobody; /* stands for rules that are not there, in the log */
    struct subscriber ingest;
    struct subscription ingest_subscription;
    struct input input; /* of the message at hand, shared by its rules */
    struct loop_task release;

    /* runs */
    struct mailbox *box;
    struct list ready; /* to be handed over */
    struct loop_task start_ready;
    struct list lost; /* restored, before rules_start */
    size_t run_count;
    size_t run_bytes;
    int64_t next_row;
    bool stopped;
    bool store_gone;
};

#endif
