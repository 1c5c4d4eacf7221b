/* registry_shapes.c — what the service model says of answers, and walking through pages. */
#include "base/mem.h"
#include "lib/test.h"
#include "unit/registry/registry_fixture.h"

/* Members of answers, by the service model of iot, 2015-05-28; below transferData, actions and
 * errorAction not looked at. The hub's own operations are not in it. */
static const struct {
    const char *op;
    const char *members;
} shapes[] = {
    { "AddThingToThingGroup", "" },
    { "AttachPolicy", "" },
    { "AttachPrincipalPolicy", "" },
    { "AttachThingPrincipal", "" },
    { "CreateCertificateFromCsr", "certificateArn certificateId certificatePem" },
    { "CreateKeysAndCertificate",
      "certificateArn certificateId certificatePem keyPair keyPair.PublicKey "
      "keyPair.PrivateKey" },
    { "CreatePolicy", "policyName policyArn policyDocument policyVersionId" },
    { "CreatePolicyVersion", "policyArn policyDocument policyVersionId isDefaultVersion" },
    { "CreateProvisioningClaim", "certificateId certificatePem keyPair keyPair.PublicKey "
                                 "keyPair.PrivateKey expiration" },
    { "CreateProvisioningTemplate", "templateArn templateName defaultVersionId" },
    { "CreateProvisioningTemplateVersion", "templateArn templateName versionId isDefaultVersion" },
    { "CreateRoleAlias", "roleAlias roleAliasArn" },
    { "CreateThing", "thingName thingArn thingId" },
    { "CreateThingGroup", "thingGroupName thingGroupArn thingGroupId" },
    { "CreateThingType", "thingTypeName thingTypeArn thingTypeId" },
    { "CreateTopicRule", "" },
    { "DeleteCACertificate", "" },
    { "DeleteCertificate", "" },
    { "DeletePolicy", "" },
    { "DeletePolicyVersion", "" },
    { "DeleteRegistrationCode", "" },
    { "DeleteProvisioningTemplate", "" },
    { "DeleteProvisioningTemplateVersion", "" },
    { "DeleteRoleAlias", "" },
    { "DeleteThing", "" },
    { "DeleteThingGroup", "" },
    { "DeleteThingType", "" },
    { "DeleteTopicRule", "" },
    { "DeprecateThingType", "" },
    { "DescribeCACertificate",
      "certificateDescription certificateDescription.certificateArn "
      "certificateDescription.certificateId certificateDescription.status "
      "certificateDescription.certificatePem certificateDescription.ownedBy "
      "certificateDescription.creationDate certificateDescription.autoRegistrationStatus "
      "certificateDescription.lastModifiedDate certificateDescription.customerVersion "
      "certificateDescription.generationId certificateDescription.validity "
      "certificateDescription.validity.notBefore certificateDescription.validity.notAfter "
      "certificateDescription.certificateMode registrationConfig "
      "registrationConfig.templateBody registrationConfig.roleArn "
      "registrationConfig.templateName" },
    { "DescribeCertificate",
      "certificateDescription certificateDescription.certificateArn "
      "certificateDescription.certificateId certificateDescription.caCertificateId "
      "certificateDescription.status certificateDescription.certificatePem "
      "certificateDescription.ownedBy certificateDescription.previousOwnedBy "
      "certificateDescription.creationDate certificateDescription.lastModifiedDate "
      "certificateDescription.customerVersion certificateDescription.transferData "
      "certificateDescription.generationId certificateDescription.validity "
      "certificateDescription.validity.notBefore "
      "certificateDescription.validity.notAfter certificateDescription.certificateMode" },
    { "DescribeProvisioningTemplate",
      "templateArn templateName description creationDate lastModifiedDate defaultVersionId "
      "templateBody enabled provisioningRoleArn preProvisioningHook "
      "preProvisioningHook.payloadVersion preProvisioningHook.targetArn type" },
    { "DescribeProvisioningTemplateVersion",
      "versionId creationDate templateBody isDefaultVersion" },
    { "DescribeRoleAlias",
      "roleAliasDescription roleAliasDescription.roleAlias roleAliasDescription.roleAliasArn "
      "roleAliasDescription.roleArn roleAliasDescription.owner "
      "roleAliasDescription.credentialDurationSeconds roleAliasDescription.creationDate "
      "roleAliasDescription.lastModifiedDate" },
    { "DescribeThing",
      "defaultClientId thingName thingId thingArn thingTypeName attributes version "
      "billingGroupName" },
    { "DescribeThingGroup",
      "thingGroupName thingGroupId thingGroupArn version thingGroupProperties "
      "thingGroupProperties.thingGroupDescription thingGroupProperties.attributePayload "
      "thingGroupProperties.attributePayload.attributes thingGroupMetadata "
      "thingGroupMetadata.parentGroupName thingGroupMetadata.rootToParentThingGroups "
      "thingGroupMetadata.rootToParentThingGroups.groupName "
      "thingGroupMetadata.rootToParentThingGroups.groupArn thingGroupMetadata.creationDate" },
    { "DescribeThingType", "thingTypeName thingTypeId thingTypeArn thingTypeProperties "
                           "thingTypeProperties.thingTypeDescription "
                           "thingTypeProperties.searchableAttributes thingTypeMetadata "
                           "thingTypeMetadata.deprecated thingTypeMetadata.deprecationDate "
                           "thingTypeMetadata.creationDate" },
    { "DetachPolicy", "" },
    { "DetachPrincipalPolicy", "" },
    { "DetachThingPrincipal", "" },
    { "DisableTopicRule", "" },
    { "EnableTopicRule", "" },
    { "GetEffectivePolicies",
      "effectivePolicies effectivePolicies.policyName effectivePolicies.policyArn "
      "effectivePolicies.policyDocument" },
    { "GetPolicy", "policyName policyArn policyDocument defaultVersionId creationDate "
                   "lastModifiedDate generationId" },
    { "GetPolicyVersion", "policyArn policyName policyDocument policyVersionId isDefaultVersion "
                          "creationDate lastModifiedDate generationId" },
    { "GetRegistrationCode", "registrationCode" },
    { "GetTopicRule",
      "ruleArn rule rule.ruleName rule.sql rule.description rule.createdAt rule.actions "
      "rule.ruleDisabled rule.awsIotSqlVersion rule.errorAction" },
    { "ListAttachedPolicies", "policies policies.policyName policies.policyArn nextMarker" },
    { "ListCACertificates", "certificates certificates.certificateArn certificates.certificateId "
                            "certificates.status certificates.creationDate nextMarker" },
    { "ListCertificates",
      "certificates certificates.certificateArn certificates.certificateId "
      "certificates.status certificates.certificateMode certificates.creationDate "
      "nextMarker" },
    { "ListCertificatesByCA",
      "certificates certificates.certificateArn certificates.certificateId "
      "certificates.status certificates.certificateMode certificates.creationDate "
      "nextMarker" },
    { "ListPolicies", "policies policies.policyName policies.policyArn nextMarker" },
    { "ListPolicyPrincipals", "principals nextMarker" },
    { "ListPolicyVersions",
      "policyVersions policyVersions.versionId policyVersions.isDefaultVersion "
      "policyVersions.createDate" },
    { "ListPrincipalPolicies", "policies policies.policyName policies.policyArn nextMarker" },
    { "ListPrincipalThings", "things nextToken" },
    { "ListRoleAliases", "roleAliases nextMarker" },
    { "ListTargetsForPolicy", "targets nextMarker" },
    { "ListThingGroups", "thingGroups thingGroups.groupName thingGroups.groupArn nextToken" },
    { "ListThingGroupsForThing",
      "thingGroups thingGroups.groupName thingGroups.groupArn nextToken" },
    { "ListProvisioningTemplateVersions",
      "versions versions.versionId versions.creationDate versions.isDefaultVersion nextToken" },
    { "ListProvisioningTemplates",
      "templates templates.templateArn templates.templateName templates.description "
      "templates.creationDate templates.lastModifiedDate templates.enabled templates.type "
      "nextToken" },
    { "ListThingPrincipals", "principals nextToken" },
    { "ListThingTypes",
      "thingTypes thingTypes.thingTypeName thingTypes.thingTypeArn "
      "thingTypes.thingTypeProperties "
      "thingTypes.thingTypeProperties.thingTypeDescription "
      "thingTypes.thingTypeProperties.searchableAttributes thingTypes.thingTypeMetadata "
      "thingTypes.thingTypeMetadata.deprecated "
      "thingTypes.thingTypeMetadata.deprecationDate "
      "thingTypes.thingTypeMetadata.creationDate nextToken" },
    { "ListThings",
      "things things.thingName things.thingTypeName things.thingArn things.attributes "
      "things.version nextToken" },
    { "ListThingsInThingGroup", "things nextToken" },
    { "ListTopicRules", "rules rules.ruleArn rules.ruleName rules.topicPattern rules.createdAt "
                        "rules.ruleDisabled nextToken" },
    { "RegisterCACertificate", "certificateArn certificateId" },
    { "RegisterCertificate", "certificateArn certificateId" },
    { "RegisterCertificateWithoutCA", "certificateArn certificateId" },
    { "RemoveThingFromThingGroup", "" },
    { "RegisterThing", "certificatePem resourceArns" },
    { "ReplaceTopicRule", "" },
    { "SetDefaultPolicyVersion", "" },
    { "UpdateCACertificate", "" },
    { "UpdateCertificate", "" },
    { "UpdateProvisioningTemplate", "" },
    { "UpdateRoleAlias", "roleAlias roleAliasArn" },
    { "UpdateThing", "" },
    { "UpdateThingGroup", "version" },
    { "UpdateThingGroupsForThing", "" },
};

static bool is_word_of(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len])) return true;
    return false;
}

static void check_members(const char *op, const char *members, const struct json *json,
                          const char *path)
{
    json_for_each(member, json) {
        char below[160];
        const char *key = json_key(member);
        if (key) {
            snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", key);
            if (!is_word_of(members, below)) fail_msg("%s has a member %s", op, below);
        }
        static const char *const open[] = { "attributes", "transferData", "actions", "errorAction",
                                            "resourceArns" };
        bool skip = false;
        for (size_t i = 0; key && i < ARRAY_LEN(open); i++)
            skip |= strcmp(key, open[i]) == 0;
        if (!skip) check_members(op, members, member, key ? below : path);
    }
}

void registry_fixture_check_shape(const char *op, const struct json *result)
{
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        if (strcmp(shapes[i].op, op) != 0) continue;
        if (!*shapes[i].members && result) fail_msg("%s has a result", op);
        check_members(op, shapes[i].members, result, "");
    }
}

void registry_fixture_each_shape(void (*cb)(const char *op))
{
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
        cb(shapes[i].op);
}

/* Walks all pages of a list; the names found, joined by blanks, must be `want`. */
void registry_fixture_pages(struct registry_fixture *f, const char *op, const char *filter,
                            int size, const char *list, const char *member, bool old,
                            const char *want)
{
    struct buf names = { 0 };
    char *token = NULL;
    int pages = 0;
    do {
        char *params = xasprintf("{'%s':'%d'%s%s%s%s%s}", old ? "pageSize" : "maxResults", size,
                                 *filter ? "," : "", filter,
                                 token ? (old ? ",'marker':'" : ",'nextToken':'") : "",
                                 token ? token : "", token ? "'" : "");
        registry_fixture_do(f, op, params);
        free(params);
        const struct json *page = json_get(f->result, list);
        assert_true(json_is(page, JSON_ARRAY));
        assert_true(json_count(page) <= (size_t)size);
        json_for_each(it, page)
            buf_printf(&names, "%s%s", names.len ? " " : "",
                       member ? json_get_str(it, member) : json_str(it));
        const char *next = json_get_str(f->result, old ? "nextMarker" : "nextToken");
        assert_true(!next || json_count(page) == (size_t)size); /* only full pages go on */
        free(token);
        token = next ? xstrdup(next) : NULL;
    } while (token && ++pages < 100);
    char *wanted = registry_fixture_expand(f, want);
    assert_string_equal(buf_str(&names), wanted);
    free(wanted);
    buf_deinit(&names);
}
