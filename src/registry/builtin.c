/* builtin.c — ThingDefault, UserDefault, AnonymousLocal and ProvisioningClaim: DESIGN, "Principals and permissions". They are
 * written when their name is missing, so a changed one stays as it was changed; a deleted one comes back at
 * the next start with no attachments. Regions and accounts are wildcards: the documents stay right when the
 * configuration changes. Beside them there is the registration code of CAs. */
#include "registry/builtin.h"

#include "base/clock.h"
#include "base/mem.h"
#include "registry/certs_priv.h"
#include "store/db.h"
#include "store/store.h"

#define THING "${iot:Connection.Thing.ThingName}"
#define TOPICS(kind)                                               \
    "\"arn:aws:iot:*:*:" kind "/device/" THING "/*\","             \
    "\"arn:aws:iot:*:*:" kind "/things/" THING "/*\","             \
    "\"arn:aws:iot:*:*:" kind "/custom/" THING "/*\","             \
    "\"arn:aws:iot:*:*:" kind "/$aws/things/" THING "/shadow/*\"," \
    "\"arn:aws:iot:*:*:" kind "/$aws/things/" THING "/jobs/*\""

/* clang-format off */
static const struct {
    const char *name;
    const char *document;
} policies[] = {
    { "ThingDefault",
      "{\"Version\":\"2012-10-17\",\"Statement\":["
      "{\"Sid\":\"Connect\",\"Effect\":\"Allow\",\"Action\":\"iot:Connect\","
      "\"Resource\":\"arn:aws:iot:*:*:client/" THING "\"},"
      "{\"Sid\":\"Topics\",\"Effect\":\"Allow\","
      "\"Action\":[\"iot:Publish\",\"iot:RetainPublish\",\"iot:Receive\"],"
      "\"Resource\":[" TOPICS("topic") "]},"
      "{\"Sid\":\"Filters\",\"Effect\":\"Allow\",\"Action\":\"iot:Subscribe\","
      "\"Resource\":[" TOPICS("topicfilter") "]},"
      "{\"Sid\":\"Shadow\",\"Effect\":\"Allow\","
      "\"Action\":[\"iot:GetThingShadow\",\"iot:UpdateThingShadow\",\"iot:DeleteThingShadow\"],"
      "\"Resource\":[\"arn:aws:iot:*:*:thing/" THING "\",\"arn:aws:iot:*:*:thing/" THING "/*\"]},"
      "{\"Sid\":\"Jobs\",\"Effect\":\"Allow\","
      "\"Action\":[\"iot:DescribeJobExecution\",\"iot:GetPendingJobExecutions\","
      "\"iot:StartNextPendingJobExecution\",\"iot:UpdateJobExecution\"],"
      "\"Resource\":\"arn:aws:iot:*:*:thing/" THING "\"}]}" },
    { "UserDefault",
      "{\"Version\":\"2012-10-17\",\"Statement\":["
      "{\"Sid\":\"Connect\",\"Effect\":\"Allow\",\"Action\":\"iot:Connect\",\"Resource\":\"*\"},"
      "{\"Sid\":\"Topics\",\"Effect\":\"Allow\","
      "\"Action\":[\"iot:Publish\",\"iot:RetainPublish\",\"iot:Receive\",\"iot:Subscribe\"],"
      "\"Resource\":[\"arn:aws:iot:*:*:topic/*\",\"arn:aws:iot:*:*:topicfilter/*\"]},"
      "{\"Sid\":\"NotReserved\",\"Effect\":\"Deny\","
      "\"Action\":[\"iot:Publish\",\"iot:RetainPublish\",\"iot:Receive\",\"iot:Subscribe\"],"
      "\"Resource\":[\"arn:aws:iot:*:*:topic/${$}*\",\"arn:aws:iot:*:*:topicfilter/${$}*\"]}]}" },
    { "AnonymousLocal",
      "{\"Version\":\"2012-10-17\",\"Statement\":["
      "{\"Sid\":\"DataPlane\",\"Effect\":\"Allow\",\"Action\":[\"iot:Connect\",\"iot:Publish\","
      "\"iot:RetainPublish\",\"iot:Subscribe\",\"iot:Receive\",\"iot:GetThingShadow\","
      "\"iot:UpdateThingShadow\",\"iot:DeleteThingShadow\",\"iot:ListNamedShadowsForThing\","
      "\"iot:GetRetainedMessage\",\"iot:ListRetainedMessages\"],\"Resource\":\"*\"}]}" },
    { BUILTIN_CLAIM_POLICY,
      "{\"Version\":\"2012-10-17\",\"Statement\":["
      "{\"Sid\":\"Connect\",\"Effect\":\"Allow\",\"Action\":\"iot:Connect\",\"Resource\":\"*\"},"
      "{\"Sid\":\"Requests\",\"Effect\":\"Allow\",\"Action\":\"iot:Publish\","
      "\"Resource\":[\"arn:aws:iot:*:*:topic/$aws/certificates/create*\","
      "\"arn:aws:iot:*:*:topic/$aws/provisioning-templates/*/provision/*\"]},"
      "{\"Sid\":\"Answers\",\"Effect\":\"Allow\",\"Action\":\"iot:Receive\","
      "\"Resource\":[\"arn:aws:iot:*:*:topic/$aws/certificates/create*/accepted\","
      "\"arn:aws:iot:*:*:topic/$aws/certificates/create*/rejected\","
      "\"arn:aws:iot:*:*:topic/$aws/provisioning-templates/*/provision/*/accepted\","
      "\"arn:aws:iot:*:*:topic/$aws/provisioning-templates/*/provision/*/rejected\"]},"
      "{\"Sid\":\"Filters\",\"Effect\":\"Allow\",\"Action\":\"iot:Subscribe\","
      "\"Resource\":[\"arn:aws:iot:*:*:topicfilter/$aws/certificates/create*\","
      "\"arn:aws:iot:*:*:topicfilter/$aws/provisioning-templates/*/provision/*\"]}]}" },
};
/* clang-format on */

static int run(struct store_req *req, struct db *db)
{
    int64_t now = clock_real_ms();
    int rc = ca_make_code(db);
    for (size_t i = 0; i < ARRAY_LEN(policies) && rc == 0; i++) {
        struct db_stmt *q =
            db_query(db, "INSERT INTO policy (name, default_version, last_version, created_at, "
                         "modified_at) VALUES (?1, 1, 1, ?2, ?2) ON CONFLICT DO NOTHING");
        db_bind_text(q, 1, policies[i].name);
        db_bind_int(q, 2, now);
        rc = db_exec(q);
        if (rc < 0 || db_changes(db) == 0) continue;
        q = db_query(db, "INSERT INTO policy_version (policy, version, document, created_at) "
                         "VALUES (?1, 1, ?2, ?3)");
        db_bind_text(q, 1, policies[i].name);
        db_bind_text(q, 2, policies[i].document);
        db_bind_int(q, 3, now);
        rc = db_exec(q);
    }
    return rc;
}

void builtin_submit(struct store *store)
{
    struct store_req *req = xnew(struct store_req);
    req->run = run;
    store_submit(store, req);
}
