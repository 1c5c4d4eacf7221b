/* template.h — provisioning templates: read once, then evaluated with parameters to what is to be there: a thing, a
 * certificate, policies. AWS IoT: "Provisioning templates". Pure; any thread. */
#ifndef REGISTRY_TEMPLATE_H
#define REGISTRY_TEMPLATE_H

#include "base/diag.h"
#include "base/json.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    TEMPLATE_BODY_MAX = 10240,     /* bytes */
    TEMPLATE_DEPTH_MAX = 24,       /* of the JSON */
    TEMPLATE_TEXT_MAX = 64 * 1024, /* bytes that one evaluation may make */
    TEMPLATE_POLICIES_MAX = 10,
};

/* What it is for decides where its certificate may come from. */
enum template_use {
    TEMPLATE_REGISTER, /* RegisterThing: a request, an id or a PEM */
    TEMPLATE_FLEET,    /* {"Ref": "AWS::IoT::Certificate::Id"}, as for the next */
    TEMPLATE_JITP,
};

/* Parameters that no request can carry. */
#define TEMPLATE_CERT_ID    "AWS::IoT::Certificate::Id"
#define TEMPLATE_REGION     "AWS::Region"
#define TEMPLATE_ACCOUNT_ID "AWS::AccountId"
/* Those of the subject of a certificate, and the type of its attribute as x509_name_get takes it. */
struct template_subject {
    const char *parameter, *type;
};
extern const struct template_subject template_subjects[]; /* ends with a row without parameter */

struct template;

/* Returns 0 and an owned template, or ERR_SYNTAX (JSON), ERR_TOO_LARGE, ERR_DEPTH, ERR_LIMIT, ERR_ENCODING, ERR_INVALID
 * or ERR_UNSUPPORTED (billing groups); diag names the place: "Resources.thing.Properties: ...". What is accepted can
 * fail in evaluation for its parameters only. */
int template_parse(struct slice body, enum template_use use, struct template **ret_template,
                   struct diag *diag);
void template_free(struct template *template); /* accepts NULL */

/* What happens to what was there before. */
enum template_override {
    TEMPLATE_DO_NOTHING, /* it stays; what a template does not say is this */
    TEMPLATE_REPLACE,
    TEMPLATE_FAIL,
    TEMPLATE_MERGE, /* attributes and groups only */
};

/* Texts that are not given are NULL. `resource` is the name in the template. */
struct template_thing {
    const char *resource; /* NULL: there is none */
    const char *name, *type;
    const struct json *attributes; /* strings; NULL: none are named */
    const struct json *groups;     /* array of strings */
    enum template_override on_attributes, on_type, on_groups;
};

struct template_cert {
    const char *resource;
    const char *csr, *id, *pem; /* one of them */
    const char *ca_pem;         /* with pem */
    bool active;                /* Status */
    enum template_override on_status;
};

struct template_policy {
    const char *resource;
    const char *name, *document; /* one of them */
};

struct template_plan {
    struct template_thing thing;
    struct template_cert cert;
    struct template_policy policies[TEMPLATE_POLICIES_MAX];
    size_t policy_count;
    struct json *configuration; /* DeviceConfiguration: object of strings; NULL: it has none */
    struct json *values;        /* where the texts live */
};

/* params: those of a request, an object of strings, or NULL; names that the template does not know are ignored.
 * system: those above, as far as they are known. Borrowed. Returns 0, or ERR_INVALID or ERR_TOO_LARGE. */
int template_evaluate(const struct template *template, const struct json *params,
                      const struct json *system, struct template_plan *ret_plan, struct diag *diag);
void template_plan_deinit(struct template_plan *plan);

#endif
