/* registry_priv.h — what the files of operations share. run functions are on the store thread. */
#ifndef REGISTRY_REGISTRY_PRIV_H
#define REGISTRY_REGISTRY_PRIV_H

#include "base/json.h"
#include "loop/loop.h"
#include "registry/registry.h"
#include "store/db.h"
#include "store/store.h"

struct registry_call {
    struct store_req req; /* first */
    struct registry *registry;
    const struct registry_op *op;
    struct json *params;
    struct json *result;  /* made by run; NULL: no output */
    struct json *changes; /* array of [kind, name] */
    struct diag diag;
    int64_t now_ms;
    int rc;       /* of run */
    size_t holds; /* the answer leaves when there is none */
    registry_done_cb done;
    void *arg;
    struct loop_task refusal;
    struct list refused; /* while the refusal waits */
};

struct registry_op {
    const char *name; /* AWS's; with a '.' before it: the hub's own, which no route leads to */
    bool reads;       /* changes nothing */
    /* Returns 0 or an error with diag; on error everything is rolled back. May run twice: results of an
     * earlier run are gone by then. */
    int (*run)(struct registry_call *call, struct db *db);
    /* Blocking work before run, on a worker (keys, signatures): may add to params. NULL: none. */
    int (*prepare)(struct registry_call *call);
    /* Before prepare, and only where there is one: what it has to know of the database goes into params. Reads
     * only; may run twice. run judges again: it may have changed since. NULL: none. */
    int (*look)(struct registry_call *call, struct db *db);
};

/* Tables end with a row without name. */
extern const struct registry_op thing_ops[];
extern const struct registry_op type_ops[];
extern const struct registry_op cert_ops[];
extern const struct registry_op cert_register_ops[];
extern const struct registry_op policy_ops[];
extern const struct registry_op policy_target_ops[];
extern const struct registry_op credential_ops[];
extern const struct registry_op user_ops[];
extern const struct registry_op rule_ops[];
extern const struct registry_op ca_ops[];
extern const struct registry_op crl_ops[];
extern const struct registry_op group_ops[];
extern const struct registry_op member_ops[];
extern const struct registry_op provisioning_ops[];
extern const struct registry_op role_ops[];
extern const struct registry_op expiring_ops[];

const struct registry_opts *registry_opts(const struct registry *registry);
struct store *registry_store(struct registry *registry);
/* Counts what is under way and points here. */
void registry_begin(struct registry *registry);
void registry_end(struct registry *registry);

/* ---- parameters and results ---- */

/* The string of that name, NULL if absent. */
const char *param_str(const struct registry_call *call, const char *name);
/* True for a boolean true or the string "true". */
bool param_flag(const struct registry_call *call, const char *name);
/* An integer (number or decimal string), or `fallback`. ERR_INVALID with AWS's message when it is out of
 * [min, max] or no integer. */
int param_int(struct registry_call *call, const char *name, int64_t min, int64_t max,
              int64_t fallback, int64_t *ret_value);
/* What a string must look like. */
struct param_kind {
    size_t min, max;     /* bytes */
    const char *allowed; /* ranges: "a-zA-Z0-9:_-"; a '-' at the end stands for itself */
    const char *pattern; /* as AWS writes it in its messages */
};
extern const struct param_kind param_registry_name; /* of things and thing types */
extern const struct param_kind param_attribute_name;
extern const struct param_kind param_policy_name;
extern const struct param_kind param_template_name;
extern const struct param_kind param_credential_name;
/* Required, and of that kind: else ERR_INVALID with "1 validation error detected: Value 'x' at
 * 'thingName' failed to satisfy constraint: …". */
int param_name(struct registry_call *call, const char *name, const struct param_kind *kind,
               const char **ret_value);
bool param_fits(const struct param_kind *kind, const char *text);
int policy_name_of(struct registry_call *call, const char **ret_name);
/* Sets the diag and returns code. */
int fail(struct registry_call *call, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The optional "expectedVersion" against the one that is there: ERR_CONFLICT when it is another. */
int check_version(struct registry_call *call, int64_t version);
/* The description of a type or group (NULL: it has none): ERR_INVALID when it is too long. */
int check_description(struct registry_call *call, const char *text, const char *where);
/* Makes result an object if it is none yet. */
struct json *result_of(struct registry_call *call);
/* "arn:aws:iot:REGION:ACCOUNT:<kind>/<name>" as a member of result. */
void result_arn(struct registry_call *call, struct json *object, const char *member,
                const char *kind, const char *name);
/* Seconds since the epoch with a fraction, as AWS's timestamps. */
void result_time(struct json *object, const char *member, int64_t ms);

/* Notes a change to be told after the commit. */
void changed(struct registry_call *call, enum registry_kind kind, const char *name);
/* The same with the detail that listeners get. Takes it. */
void changed_to(struct registry_call *call, enum registry_kind kind, const char *name,
                struct json *detail);
/* The same for each principal, once, whose rights may have changed: those to whom a policy says something, */
int changed_targets(struct registry_call *call, struct db *db, const char *policy);
/* those to whom it says something because this target has it: the principal itself or, of a thing group, those of
 * the things in it and below, */
int changed_target(struct registry_call *call, struct db *db, const char *label);
/* and those of a thing. */
int changed_thing(struct registry_call *call, struct db *db, const char *thing);

/* "arn:…:cert/<id>" to the label "cert:<id>"; also the hub's own ARNs "key/", "user/", "token/", thing groups
 * ("thinggroup/NAME": "group:NAME") and roles ("arn:aws:iam::ACCOUNT:role/NAME": "role:NAME"), which are targets
 * of policies but no principals. ERR_INVALID when it is none of ours. ret_label gets 256 bytes. */
int label_of_arn(struct registry_call *call, const char *arn, char ret_label[256]);
/* The same, and ERR_INVALID for a target that is no principal. */
int principal_of_arn(struct registry_call *call, const char *arn, char ret_label[256]);
/* What is called so in "arn:aws:iot:REGION:ACCOUNT:<kind>/<name>", borrowed from arn; NULL when it is none of ours. */
const char *name_of_arn(const struct registry_call *call, const char *arn, const char *kind);
/* The ARN of a label, returned owned. */
char *arn_of_label(const struct registry *registry, const char *label);
/* Whether the query finds a row for the key, which is ?1. Returns what db_done does. */
int has_row(struct db *db, const char *sql, const char *key, bool *ret_has);
/* Does the principal or target exist? (A role does by its name.) 0, ERR_NOT_FOUND with a message, or the store's error. */
int check_label(struct registry_call *call, struct db *db, const char *label);

/* Is there such a thing, thing group, policy? 0, ERR_NOT_FOUND with a message, or the store's error. */
int check_thing(struct registry_call *call, struct db *db, const char *name);
int check_group(struct registry_call *call, struct db *db, const char *name);
int check_policy(struct registry_call *call, struct db *db, const char *name);

/* Attaches it unless it is attached: both must be there, and a target has so many policies at most (ERR_LIMIT). Whose
 * rights change is for the caller to note. */
int policy_attach(struct registry_call *call, struct db *db, const char *policy, const char *label,
                  bool *ret_new);
/* The thing, which is there, joins these groups, a list of names; with `only` it leaves all others first. ERR_INVALID
 * when it cannot be in so many, or in two of one hierarchy. Notes whose rights change. */
int thing_put_groups(struct registry_call *call, struct db *db, const char *thing,
                     const struct json *groups, bool only);

/* ---- attributes of things and thing groups (attributes.c) ---- */

/* What an "attributePayload" asks for; NULL: there is none. ret_attrs is borrowed, NULL when it has none. Checks
 * names and values: ERR_INVALID with AWS's message. */
int attrs_asked(struct registry_call *call, const struct json *payload,
                const struct json **ret_attrs, bool *ret_merge);
/* `attrs` over what is there, or instead of it; an empty value removes its key. Returned owned. */
struct json *attrs_combine(const struct json *old, const struct json *attrs, bool merge);
/* ---- temporary keys (roles.c) ---- */
struct role_key {
    char *
        role; /* "role:NAME", whose policies it has; NULL: there is no such key, or it is not valid now */
    char
        *thing; /* that the device has named, while it is attached to the certificate; NULL: none */
};
/* Reads the key p->id into p. To be freed by role_key_deinit, whatever is returned. */
int role_read_key(struct registry *registry, struct registry_principal *p, struct db *db,
                  struct role_key *ret_key);
void role_key_deinit(struct role_key *key);
/* Notes the keys of all certificates and roles that are noted as changed. */
int role_keys_changed(struct registry_call *call, struct db *db);
/* The keys of a certificate that is no more go with it: one that is registered anew has none. */
int role_drop_keys(struct registry_call *call, struct db *db, const char *cert);

/* ---- just-in-time provisioning (provisioning.c) ---- */

/* Runs the template of a CA for a certificate of it that was just registered, PENDING_ACTIVATION: thing, policy,
 * status. template_body NULL: the default version of the template of that name. An error leaves nothing of it. */
int template_apply_jitp(struct registry_call *call, struct db *db, const char *cert_id,
                        const char *cert_pem, const char *template_name, const char *template_body);

/* ---- paging: opaque tokens that carry the key after which the next page begins ---- */

struct page {
    int64_t size;
    char *after; /* owned; NULL: from the start */
};
/* size_name is "maxResults" or "pageSize", token_name "nextToken" or "marker". */
int page_open(struct registry_call *call, const char *size_name, const char *token_name,
              int64_t fallback, int64_t max, struct page *ret_page);
void page_close(struct page *page);
/* Adds one name to a list of the result. */
typedef void (*page_push_cb)(struct registry_call *call, struct json *list, const char *name);
void push_name(struct registry_call *call, struct json *list, const char *name);
/* The ARN of a label. */
void push_arn(struct registry_call *call, struct json *list, const char *label);
/* {groupName, groupArn}, {policyName, policyArn}. */
void push_group(struct registry_call *call, struct json *list, const char *name);
void push_policy(struct registry_call *call, struct json *list, const char *name);
/* The page of a query whose rows are one name each, in their order: ?2 is the name after which it begins, ?3 how
 * many rows at most; other parameters are bound already. Returns what db_done does. */
int page_list(struct registry_call *call, struct db_stmt *q, const struct page *page,
              const char *member, const char *token_member, page_push_cb push);
/* Adds the token to the result. */
void page_next(struct registry_call *call, const char *member, const char *after);
/* For lists by date of creation: `after` is "<ms>/<name>" there. Both ends of time when it is NULL. */
int page_split(struct registry_call *call, const struct page *page, bool ascending,
               int64_t *ret_created, const char **ret_name);
/* page_list for rows of a name and its date (or another number), in their order: ?1 and ?2 are the date and the
 * name after which it begins. */
int page_list_split(struct registry_call *call, struct db_stmt *q, const struct page *page,
                    bool ascending, const char *member, const char *token_member,
                    page_push_cb push);

#endif
