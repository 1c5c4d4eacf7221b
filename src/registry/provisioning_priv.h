/* provisioning_priv.h — what the files of provisioning share. On the store thread, but for the prepare halves. */
#ifndef REGISTRY_PROVISIONING_PRIV_H
#define REGISTRY_PROVISIONING_PRIV_H

#include "registry/registry_priv.h"
#include "registry/template.h"

/* ---- other operations within this one: the call's own parameters and result stand aside meanwhile ---- */

/* What the operation's prepare adds goes into params. Borrows params. */
int other_prepare(struct registry_call *call, const char *op, struct json *params);
/* Takes params. ret_result is owned, NULL for an operation without output; the pointer may be NULL. Sets it on success
 * only. */
int other_run(struct registry_call *call, struct db *db, const char *op, struct json *params,
              struct json **ret_result);

/* ---- templates (provisioning.c) ---- */

struct template_row {
    char *name, *body, *hook; /* owned; hook NULL: none */
    bool is_jitp;             /* else for fleets */
    bool enabled;
};
/* The template with the body of its default version. 0, ERR_NOT_FOUND with a message, or the store's error. */
int template_find(struct registry_call *call, struct db *db, const char *name,
                  struct template_row *ret_row);
void template_row_deinit(struct template_row *row);
/* params["templateName"] */
int template_name_of(struct registry_call *call, const char **ret_name);

/* ---- effects (template_apply.c) ---- */

/* Region, account and the id of a certificate (NULL: none). Returns owned. */
struct json *template_system_values(const struct registry_call *call, const char *cert_id);
/* Brings about what the plan says, in the order of AWS: certificate, thing, groups, policies, attachments, status. A
 * certificate that is to be made or registered was prepared: params[".cert"]. ret_arns: object of the resources' ARNs,
 * owned, may be NULL. ret_cert_id gets 65 bytes. */
int template_apply(struct registry_call *call, struct db *db, const struct template_plan *plan,
                   struct json **ret_arns, char ret_cert_id[65]);

int register_thing_prepare(struct registry_call *call);
int register_thing(struct registry_call *call, struct db *db);

/* ---- claims and ownership (provisioning_claims.c) ---- */

int claim_look(struct registry_call *call, struct db *db);
int claim_prepare(struct registry_call *call);
int claim_create(struct registry_call *call, struct db *db);
int owned_look(struct registry_call *call, struct db *db);
int owned_keys_prepare(struct registry_call *call);
int owned_keys_create(struct registry_call *call, struct db *db);
int owned_csr_prepare(struct registry_call *call);
int owned_csr_create(struct registry_call *call, struct db *db);
int provision_look(struct registry_call *call, struct db *db);
int provision_run(struct registry_call *call, struct db *db);
int ownership_sweep(struct registry_call *call, struct db *db);

#endif
