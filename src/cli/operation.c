/* operation.c — the operations which the command line uses, and how a call becomes a request.
 *
 * One table holds what is particular to an operation; nothing else of the command line knows a
 * path. The same names and parameters go to the registry when the hub does not run (offline.c),
 * so a command is written once for both ways.
 *
 *  I1  A value in the path is percent-encoded whole, '/' included: it can be no other path.
 *  I2  Every member of the parameters leaves in exactly one place. */
#include "cli/operation.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "http/client.h"

#include <stdlib.h>
#include <string.h>

#define PAGED_TOKEN  .next = "nextToken", .token = "nextToken"
#define PAGED_MARKER .next = "nextMarker", .token = "marker"
#define PRINCIPAL    .header = "principal=x-amzn-principal"

static const struct operation operations[] = {
    { "CreateThing", HTTP_POST, "/things/{thingName}" },
    { "DescribeThing", HTTP_GET, "/things/{thingName}" },
    { "DeleteThing", HTTP_DELETE, "/things/{thingName}", "expectedVersion" },
    { "ListThings", HTTP_GET, "/things",
      "nextToken maxResults attributeName attributeValue thingTypeName", PAGED_TOKEN },
    { "AttachThingPrincipal", HTTP_PUT, "/things/{thingName}/principals", PRINCIPAL },
    { "DetachThingPrincipal", HTTP_DELETE, "/things/{thingName}/principals", PRINCIPAL },
    { "ListThingPrincipals", HTTP_GET, "/things/{thingName}/principals", "nextToken maxResults",
      PAGED_TOKEN },
    { "ListPrincipalThings", HTTP_GET, "/principals/things", "nextToken maxResults", PRINCIPAL,
      PAGED_TOKEN },

    { "CreateThingType", HTTP_POST, "/thing-types/{thingTypeName}" },
    { "DescribeThingType", HTTP_GET, "/thing-types/{thingTypeName}" },
    { "ListThingTypes", HTTP_GET, "/thing-types", "nextToken maxResults thingTypeName",
      PAGED_TOKEN },

    { "CreateThingGroup", HTTP_POST, "/thing-groups/{thingGroupName}" },
    { "DescribeThingGroup", HTTP_GET, "/thing-groups/{thingGroupName}" },
    { "DeleteThingGroup", HTTP_DELETE, "/thing-groups/{thingGroupName}", "expectedVersion" },
    { "ListThingGroups", HTTP_GET, "/thing-groups",
      "nextToken maxResults parentGroup namePrefixFilter recursive", PAGED_TOKEN },
    { "AddThingToThingGroup", HTTP_PUT, "/thing-groups/addThingToThingGroup" },
    { "RemoveThingFromThingGroup", HTTP_PUT, "/thing-groups/removeThingFromThingGroup" },
    { "ListThingsInThingGroup", HTTP_GET, "/thing-groups/{thingGroupName}/things",
      "recursive nextToken maxResults", PAGED_TOKEN },

    { "CreateKeysAndCertificate", HTTP_POST, "/keys-and-certificate", "setAsActive" },
    { "DescribeCertificate", HTTP_GET, "/certificates/{certificateId}" },
    { "ListCertificates", HTTP_GET, "/certificates",
      "pageSize marker ascendingOrder=isAscendingOrder", PAGED_MARKER },
    { "RegisterCertificate", HTTP_POST, "/certificate/register", "setAsActive" },
    { "RegisterCertificateWithoutCA", HTTP_POST, "/certificate/register-no-ca" },
    { "ListCertificatesByCA", HTTP_GET, "/certificates-by-ca/{caCertificateId}",
      "pageSize marker ascendingOrder=isAscendingOrder", PAGED_MARKER },
    { "UpdateCertificate", HTTP_PUT, "/certificates/{certificateId}", "newStatus" },
    { "DeleteCertificate", HTTP_DELETE, "/certificates/{certificateId}", "forceDelete" },

    { "GetRegistrationCode", HTTP_GET, "/registrationcode" },
    { "RegisterCACertificate", HTTP_POST, "/cacertificate", "setAsActive allowAutoRegistration" },
    { "DescribeCACertificate", HTTP_GET, "/cacertificate/{caCertificateId}" },
    { "ListCACertificates", HTTP_GET, "/cacertificates",
      "pageSize marker ascendingOrder=isAscendingOrder templateName", PAGED_MARKER },
    { "UpdateCACertificate", HTTP_PUT, "/cacertificate/{caCertificateId}",
      "newStatus newAutoRegistrationStatus" },
    { "DeleteCACertificate", HTTP_DELETE, "/cacertificate/{caCertificateId}" },
    { "PutCertificateRevocationList", HTTP_PUT, "/hub/cas/{caCertificateId}/crl" },
    { "GetCertificateRevocationList", HTTP_GET, "/hub/cas/{caCertificateId}/crl",
      "maxResults nextToken", PAGED_TOKEN },
    { "DeleteCertificateRevocationList", HTTP_DELETE, "/hub/cas/{caCertificateId}/crl" },

    { "CreatePolicy", HTTP_POST, "/policies/{policyName}" },
    { "GetPolicy", HTTP_GET, "/policies/{policyName}" },
    { "ListPolicies", HTTP_GET, "/policies", "pageSize marker ascendingOrder=isAscendingOrder",
      PAGED_MARKER },
    { "DeletePolicy", HTTP_DELETE, "/policies/{policyName}" },
    { "AttachPolicy", HTTP_PUT, "/target-policies/{policyName}" },
    { "DetachPolicy", HTTP_POST, "/target-policies/{policyName}" },
    { "ListTargetsForPolicy", HTTP_POST, "/policy-targets/{policyName}", "pageSize marker",
      PAGED_MARKER },
    { "ListAttachedPolicies", HTTP_POST, "/attached-policies/{target}", "recursive marker pageSize",
      PAGED_MARKER },
    { "GetEffectivePolicies", HTTP_POST, "/effective-policies", "thingName" },
    { "CreatePolicyVersion", HTTP_POST, "/policies/{policyName}/version", "setAsDefault" },
    { "ListPolicyVersions", HTTP_GET, "/policies/{policyName}/version" },
    { "SetDefaultPolicyVersion", HTTP_PATCH, "/policies/{policyName}/version/{policyVersionId}" },

    { "CreateProvisioningTemplate", HTTP_POST, "/provisioning-templates" },
    { "DescribeProvisioningTemplate", HTTP_GET, "/provisioning-templates/{templateName}" },
    { "UpdateProvisioningTemplate", HTTP_PATCH, "/provisioning-templates/{templateName}" },
    { "ListProvisioningTemplates", HTTP_GET, "/provisioning-templates", "maxResults nextToken",
      PAGED_TOKEN },
    { "DeleteProvisioningTemplate", HTTP_DELETE, "/provisioning-templates/{templateName}" },

    { "CreateTopicRule", HTTP_POST, "/rules/{ruleName}", .body = "topicRulePayload" },
    { "GetTopicRule", HTTP_GET, "/rules/{ruleName}" },
    { "ListTopicRules", HTTP_GET, "/rules", "topic maxResults nextToken ruleDisabled",
      PAGED_TOKEN },
    { "DeleteTopicRule", HTTP_DELETE, "/rules/{ruleName}" },
    { "EnableTopicRule", HTTP_POST, "/rules/{ruleName}/enable" },
    { "DisableTopicRule", HTTP_POST, "/rules/{ruleName}/disable" },

    { "GetThingShadow", HTTP_GET, "/things/{thingName}/shadow", "shadowName=name" },
    { "UpdateThingShadow", HTTP_POST, "/things/{thingName}/shadow", "shadowName=name",
      .body = "payload" },
    { "DeleteThingShadow", HTTP_DELETE, "/things/{thingName}/shadow", "shadowName=name" },

    { "CreateAccessKey", HTTP_POST, "/hub/keys" },
    { "ListAccessKeys", HTTP_GET, "/hub/keys" },
    { "UpdateAccessKey", HTTP_PUT, "/hub/keys/{accessKeyId}" },
    { "DeleteAccessKey", HTTP_DELETE, "/hub/keys/{accessKeyId}" },
    { "CreateToken", HTTP_POST, "/hub/tokens" },
    { "ListTokens", HTTP_GET, "/hub/tokens" },
    { "UpdateToken", HTTP_PUT, "/hub/tokens/{tokenId}" },
    { "DeleteToken", HTTP_DELETE, "/hub/tokens/{tokenId}" },
    { "PutUser", HTTP_POST, "/hub/users" },
    { "ImportUsers", HTTP_POST, "/hub/users/import" },
    { "UpdateUser", HTTP_PUT, "/hub/users/{userName}" },
    { "ListUsers", HTTP_GET, "/hub/users" },
    { "DeleteUser", HTTP_DELETE, "/hub/users/{userName}" },
    { "TestTopicRule", HTTP_POST, "/hub/rules/test" },
    { "ListSessions", HTTP_GET, "/hub/sessions", "clientIdPrefix connected maxResults nextToken",
      PAGED_TOKEN },
    { "GetSession", HTTP_GET, "/hub/sessions/{clientId}" },
    { "DeleteSession", HTTP_DELETE, "/hub/sessions/{clientId}" },
    { "ListRetained", HTTP_GET, "/hub/retained", "filter maxResults nextToken", PAGED_TOKEN },
    { "PurgeRetained", HTTP_DELETE, "/hub/retained", "filter dryRun" },
    { "ListDenials", HTTP_GET, "/hub/denials", "clientId thingName sourceIp maxResults nextToken",
      PAGED_TOKEN },
    { "ExplainAuthorization", HTTP_POST, "/hub/explain" },
    { "GetStatus", HTTP_GET, "/hub/status" },
};

const struct operation *operation_at(size_t index)
{
    return index < ARRAY_LEN(operations) ? &operations[index] : NULL;
}

const struct operation *operation_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(operations); i++)
        if (strcmp(operations[i].name, name) == 0) return &operations[i];
    BUG("no operation '%s'", name);
}

/* ---- the parts of a request ----------------------------------------------------------------- */

struct request {
    const struct operation *op;
    struct json *left; /* parameters which have no place yet; owned */
    struct buf target;
    struct buf header; /* value of the one header */
    struct buf body;
    struct diag *diag;
};

/* A scalar as it stands in a path, a query or a header. */
static void put_text(struct buf *out, const struct json *value)
{
    if (json_str(value))
        buf_puts(out, json_str(value));
    else
        json_print(value, out);
}

/* Takes the member out of those which are left. True and its text, unless it is absent or null. */
static bool take(struct request *r, struct slice member, struct buf *ret_text)
{
    char *name = xstrndup(member.ptr, member.len);
    struct json *value = json_detach(r->left, name);
    bool there = value && !json_is(value, JSON_NULL);
    if (there) put_text(ret_text, value);
    json_free(value);
    free(name);
    return there;
}

static int put_path(struct request *r)
{
    struct buf value = { 0 };
    int rc = 0;
    for (const char *p = r->op->path; *p && rc == 0;) {
        if (*p != '{') {
            buf_putc(&r->target, *p++);
            continue;
        }
        const struct slice member = slice_of(p + 1, strcspn(p, "}") - 1);
        buf_clear(&value);
        if (!take(r, member, &value) || value.len == 0)
            rc = diag_set(r->diag, ERR_INVALID, "%.*s must not be empty", (int)member.len,
                          member.ptr);
        url_encode(&r->target, buf_slice(&value), "");
        p += member.len + 2;
    }
    buf_deinit(&value);
    return rc;
}

/* Cuts "member=wire" in two; without '=' both are the same. */
static void split_name(struct slice entry, struct slice *ret_member, struct slice *ret_wire)
{
    const char *equals = memchr(entry.ptr, '=', entry.len);
    size_t at = equals ? (size_t)(equals - entry.ptr) : entry.len;
    *ret_member = slice_of(entry.ptr, at);
    *ret_wire = equals ? slice_from(entry, at + 1) : entry;
}

static void put_query(struct request *r)
{
    struct buf value = { 0 };
    char mark = '?';
    for (const char *p = r->op->query; p && *p;) {
        struct slice member, wire;
        size_t len = strcspn(p, " ");
        split_name(slice_of(p, len), &member, &wire);
        buf_clear(&value);
        if (take(r, member, &value)) {
            buf_putc(&r->target, mark);
            buf_put_slice(&r->target, wire);
            buf_putc(&r->target, '=');
            url_encode(&r->target, buf_slice(&value), "");
            mark = '&';
        }
        p += len + (p[len] == ' ');
    }
    buf_deinit(&value);
}

static void put_body(struct request *r)
{
    if (r->op->body) {
        struct json *whole = json_detach(r->left, r->op->body);
        if (whole) json_print(whole, &r->body);
        json_free(whole);
    } else if (json_count(r->left)) {
        json_print(r->left, &r->body);
        return;
    }
    if (json_count(r->left))
        BUG("%s cannot carry '%s'", r->op->name, json_key(json_first(r->left)));
}

static void drop_nulls(struct json *params)
{
    json_for_each(member, params) {
        if (json_is(member, JSON_NULL)) json_free(json_detach_child(params, member));
    }
}

int operation_put_request(const struct operation *op, const struct json *params, struct buf *out,
                          struct diag *diag)
{
    struct request r = { .op = op, .left = json_dup(params), .diag = diag };
    struct http_field fields[2];
    struct slice member, wire;
    size_t count = 0;
    char *name = NULL;
    drop_nulls(r.left);
    int rc = put_path(&r);
    put_query(&r);
    if (op->header) {
        split_name(slice_str(op->header), &member, &wire);
        name = xstrndup(wire.ptr, wire.len);
        if (take(&r, member, &r.header))
            fields[count++] = (struct http_field){ name, buf_slice(&r.header) };
    }
    put_body(&r);
    if (r.body.len)
        fields[count++] = (struct http_field){ "Content-Type", SLICE_LIT("application/json") };
    if (rc == 0 && http_put_request(out, &(struct http_call){ .method = op->method,
                                                              .target = buf_slice(&r.target),
                                                              .host = "localhost",
                                                              .fields = fields,
                                                              .field_count = count,
                                                              .body = buf_slice(&r.body) }) < 0)
        rc = diag_set(diag, ERR_INVALID, "a parameter has characters that cannot be sent");
    free(name);
    json_free(r.left);
    buf_deinit(&r.target);
    buf_deinit(&r.header);
    buf_deinit(&r.body);
    return rc;
}
