/* routes.c — what the hub answers: every path once, with who may ask and where its parameters come from.
 * The router, the check of permissions, the manual and a test read the same rows. Operations of AWS that
 * have no row here are answered 501 with their name (operations_tbl.h, which also keeps the rows here
 * honest: the same name must have the same method and path). */
#include "api/api_priv.h"

#include "base/mem.h"

#include <string.h>

/* Every plane has one service, but AWS's data plane two. */
#define SERVICE_OF_API_OPEN    API_SERVICE_HUB
#define SERVICE_OF_API_METRICS API_SERVICE_HUB
#define SERVICE_OF_API_HUB     API_SERVICE_HUB
#define SERVICE_OF_API_CONTROL API_SERVICE_IOT
#define SERVICE_OF_API_DATA    API_SERVICE_IOTDATA
#define SERVICE_OF_API_KEYS    API_SERVICE_HUB

#define ROW(verb, uri, name, flags_, plane_, action_, resource_, bind_, run_, text)              \
    {                                                                                            \
        .route = { .method = HTTP_##verb,                                                        \
                   .path = (uri),                                                                \
                   .action = (action_),                                                          \
                   .summary = (text),                                                            \
                   .flags = (flags_),                                                            \
                   .variant = SERVICE_OF_##plane_ },                                             \
        .op = (name), .plane = (plane_), .resource = (resource_), .bind = (bind_), .run = (run_) \
    }

/* An operation of the registry under AWS's name. */
#define REG(verb, uri, name, resource, bind, text) \
    ROW(verb, uri, name, 0, API_CONTROL, "iot:" name, resource, bind, control_registry, text)
#define REG_READ(verb, uri, name, resource, bind, text)                                         \
    ROW(verb, uri, name, API_READS, API_CONTROL, "iot:" name, resource, bind, control_registry, \
        text)
#define RULE(verb, uri, name, bind, text) \
    ROW(verb, uri, name, 0, API_CONTROL, "iot:" name, "rule/{ruleName}", bind, control_rule, text)
#define DATA(verb, uri, name, flags, resource, bind, run, text) \
    ROW(verb, uri, name, flags, API_DATA, "iot:" name, resource, bind, run, text)
#define UPGRADE(uri, name, text)                                                             \
    ROW(GET, uri, name, API_UPGRADE | API_SELF_CHECK | ROUTE_SLASH, API_DATA, "iot:Connect", \
        "client/{clientId}", NULL, data_connect, text)
#define HUB(verb, uri, name, flags, resource, bind, run, text) \
    ROW(verb, uri, name, flags, API_HUB, "thingd:" name, resource, bind, run, text)
#define OPEN(uri, name, plane, run, text) ROW(GET, uri, name, 0, plane, NULL, NULL, NULL, run, text)

#define THING                             "thing/{thingName}"
#define TYPE                              "thingtype/{thingTypeName}"
#define CERT                              "cert/{certificateId}"
#define CA                                "cacert/{caCertificateId}"
#define POLICY                            "policy/{policyName}"
#define GROUP                             "thinggroup/{thingGroupName}"
#define GROUP_OR_ARN                      "thinggroup/{thingGroupName,thingGroupArn}"
#define ALIAS                             "rolealias/{roleAlias}"
#define SHADOW                            "thing/{thingName}/{shadowName}"
#define TEMPLATE                          "provisioningtemplate/{templateName}"
#define PAGE                              "?nextToken ?maxResults"
#define PAGE_OLD                          "?pageSize ?marker ?isAscendingOrder=ascendingOrder"

/* clang-format off */
const struct api_route api_routes[] = {
    /* ---- endpoint ---- */
    ROW(GET, "/endpoint", "DescribeEndpoint", 0, API_CONTROL, "iot:DescribeEndpoint", "*",
        "?endpointType", control_endpoint, "the name of this hub"),

    /* ---- things ---- */
    REG(POST, "/things/{thingName}", "CreateThing", THING, "{*}", "registers a thing"),
    REG(GET, "/things/{thingName}", "DescribeThing", THING, NULL, "a thing, its type and attributes"),
    REG(PATCH, "/things/{thingName}", "UpdateThing", THING, "{*}",
        "changes attributes or the type of a thing"),
    REG(DELETE, "/things/{thingName}", "DeleteThing", THING, "?expectedVersion",
        "removes a thing; its shadows stay"),
    REG(GET, "/things", "ListThings", "*",
        PAGE " ?attributeName ?attributeValue ?thingTypeName ?usePrefixAttributeValue",
        "things, by attribute or type"),
    REG(PUT, "/things/{thingName}/principals", "AttachThingPrincipal", THING,
        "@x-amzn-principal=principal ?thingPrincipalType", "gives a certificate to a thing"),
    REG(DELETE, "/things/{thingName}/principals", "DetachThingPrincipal", THING,
        "@x-amzn-principal=principal", "takes a certificate from a thing"),
    REG(GET, "/things/{thingName}/principals", "ListThingPrincipals", THING, PAGE,
        "the certificates of a thing"),
    REG(GET, "/principals/things", "ListPrincipalThings", "*", "@x-amzn-principal=principal " PAGE,
        "the things of a certificate"),

    /* ---- thing types ---- */
    REG(POST, "/thing-types/{thingTypeName}", "CreateThingType", TYPE, "{*}", "makes a thing type"),
    REG(GET, "/thing-types/{thingTypeName}", "DescribeThingType", TYPE, NULL, "a thing type"),
    REG(GET, "/thing-types", "ListThingTypes", "*", PAGE " ?thingTypeName", "thing types"),
    REG(POST, "/thing-types/{thingTypeName}/deprecate", "DeprecateThingType", TYPE, "{*}",
        "no new things get this type; undoDeprecate takes it back"),
    REG(DELETE, "/thing-types/{thingTypeName}", "DeleteThingType", TYPE, NULL,
        "removes a deprecated thing type"),

    /* ---- thing groups ---- */
    REG(POST, "/thing-groups/{thingGroupName}", "CreateThingGroup", GROUP, "{*}",
        "makes a static thing group, perhaps in another"),
    REG(GET, "/thing-groups/{thingGroupName}", "DescribeThingGroup", GROUP, NULL,
        "a thing group, and the groups that it is in"),
    REG(PATCH, "/thing-groups/{thingGroupName}", "UpdateThingGroup", GROUP, "{*}",
        "changes the description or the attributes of a thing group"),
    REG(DELETE, "/thing-groups/{thingGroupName}", "DeleteThingGroup", GROUP, "?expectedVersion",
        "removes a thing group without children; its things and policies stay"),
    REG(GET, "/thing-groups", "ListThingGroups", "*",
        PAGE " ?parentGroup ?namePrefixFilter ?recursive",
        "thing groups level by level; only one level with recursive=false"),
    REG(PUT, "/thing-groups/addThingToThingGroup", "AddThingToThingGroup", GROUP_OR_ARN, "{*}",
        "puts a thing into a group"),
    REG(PUT, "/thing-groups/removeThingFromThingGroup", "RemoveThingFromThingGroup", GROUP_OR_ARN,
        "{*}", "takes a thing out of a group"),
    ROW(PUT, "/thing-groups/updateThingGroupsForThing", "UpdateThingGroupsForThing", 0, API_CONTROL,
        "iot:UpdateThingGroupsForThing", THING, "{*}", control_thing_groups,
        "takes a thing out of groups and puts it into others; each group must be allowed too"),
    REG(GET, "/thing-groups/{thingGroupName}/things", "ListThingsInThingGroup", GROUP,
        "?recursive " PAGE, "the things of a group; with recursive those of groups in it too"),
    REG(GET, "/things/{thingName}/thing-groups", "ListThingGroupsForThing", THING, PAGE,
        "the groups that a thing is in"),

    /* ---- certificates ---- */
    REG(POST, "/keys-and-certificate", "CreateKeysAndCertificate", "*", "?setAsActive",
        "makes a key pair and a certificate of the hub's CA"),
    REG(POST, "/certificates", "CreateCertificateFromCsr", "*", "?setAsActive {*}",
        "signs a certificate request"),
    REG(POST, "/certificate/register", "RegisterCertificate", "*", "?setAsActive {*}",
        "registers a certificate that a registered CA has signed"),
    REG(POST, "/certificate/register-no-ca", "RegisterCertificateWithoutCA", "*", "{*}",
        "registers a certificate of any origin"),
    REG(GET, "/certificates/{certificateId}", "DescribeCertificate", CERT, NULL, "a certificate"),
    REG(GET, "/certificates", "ListCertificates", "*", PAGE_OLD, "certificates"),
    REG(GET, "/certificates-by-ca/{caCertificateId}", "ListCertificatesByCA", "*", PAGE_OLD,
        "certificates that a registered CA has signed"),
    REG(PUT, "/certificates/{certificateId}", "UpdateCertificate", CERT, "?newStatus",
        "ACTIVE, INACTIVE or REVOKED"),
    REG(DELETE, "/certificates/{certificateId}", "DeleteCertificate", CERT, "?forceDelete",
        "removes a certificate that is not active"),

    /* ---- authorities ---- */
    REG(GET, "/registrationcode", "GetRegistrationCode", "*", NULL,
        "what the common name of a verification certificate must be"),
    REG(DELETE, "/registrationcode", "DeleteRegistrationCode", "*", NULL,
        "the next one asked for is another"),
    REG(POST, "/cacertificate", "RegisterCACertificate", "*",
        "?setAsActive ?allowAutoRegistration {*}", "registers a CA, whose key its owner proves to have"),
    REG(GET, "/cacertificate/{caCertificateId}", "DescribeCACertificate", CA, NULL, "a CA"),
    REG(GET, "/cacertificates", "ListCACertificates", "*", PAGE_OLD " ?templateName", "CAs"),
    REG(PUT, "/cacertificate/{caCertificateId}", "UpdateCACertificate", CA,
        "?newStatus ?newAutoRegistrationStatus {*}",
        "ACTIVE or INACTIVE, auto registration, the provisioning template"),
    REG(DELETE, "/cacertificate/{caCertificateId}", "DeleteCACertificate", CA, NULL,
        "removes a CA that is not active"),
    /* ---- provisioning ---- */
    REG(POST, "/things", "RegisterThing", "*", "{*}",
        "makes a thing, its certificate and policies by a template"),
    REG(POST, "/provisioning-templates", "CreateProvisioningTemplate", "*", "{*}",
        "makes a provisioning template"),
    REG(GET, "/provisioning-templates/{templateName}", "DescribeProvisioningTemplate", TEMPLATE, NULL,
        "a template with the body of its default version"),
    REG(PATCH, "/provisioning-templates/{templateName}", "UpdateProvisioningTemplate", TEMPLATE, "{*}",
        "enables a template, changes its hook or its default version"),
    REG(DELETE, "/provisioning-templates/{templateName}", "DeleteProvisioningTemplate", TEMPLATE, NULL,
        "removes a template with its versions"),
    REG(GET, "/provisioning-templates", "ListProvisioningTemplates", "*", PAGE, "templates"),
    REG(POST, "/provisioning-templates/{templateName}/versions", "CreateProvisioningTemplateVersion",
        TEMPLATE, "?setAsDefault {*}", "adds a version to a template"),
    REG(GET, "/provisioning-templates/{templateName}/versions/{versionId}",
        "DescribeProvisioningTemplateVersion", TEMPLATE, NULL, "a version of a template"),
    REG(GET, "/provisioning-templates/{templateName}/versions", "ListProvisioningTemplateVersions",
        TEMPLATE, PAGE, "the versions of a template"),
    REG(DELETE, "/provisioning-templates/{templateName}/versions/{versionId}",
        "DeleteProvisioningTemplateVersion", TEMPLATE, NULL,
        "removes a version that is not the default"),
    REG(POST, "/provisioning-templates/{templateName}/provisioning-claim", "CreateProvisioningClaim",
        TEMPLATE, NULL, "a certificate that is good for five minutes and this template"),

    /* ---- policies ---- */
    REG(POST, "/policies/{policyName}", "CreatePolicy", POLICY, "{*}", "makes a policy"),
    REG(GET, "/policies/{policyName}", "GetPolicy", POLICY, NULL,
        "a policy with the document of its default version"),
    REG(GET, "/policies", "ListPolicies", "*", PAGE_OLD, "policies"),
    REG(DELETE, "/policies/{policyName}", "DeletePolicy", POLICY, NULL,
        "removes a policy that is attached to nobody"),
    REG(POST, "/policies/{policyName}/version", "CreatePolicyVersion", POLICY, "?setAsDefault {*}",
        "adds a version to a policy"),
    REG(GET, "/policies/{policyName}/version/{policyVersionId}", "GetPolicyVersion", POLICY, NULL,
        "a version of a policy"),
    REG(GET, "/policies/{policyName}/version", "ListPolicyVersions", POLICY, NULL,
        "the versions of a policy"),
    REG(PATCH, "/policies/{policyName}/version/{policyVersionId}", "SetDefaultPolicyVersion", POLICY,
        NULL, "the version that decides"),
    REG(DELETE, "/policies/{policyName}/version/{policyVersionId}", "DeletePolicyVersion", POLICY,
        NULL, "removes a version that is not the default"),
    REG(PUT, "/target-policies/{policyName}", "AttachPolicy", POLICY, "{*}",
        "attaches a policy to a certificate, key, user, token, thing group or role"),
    REG(POST, "/target-policies/{policyName}", "DetachPolicy", POLICY, "{*}", "detaches a policy"),
    REG_READ(POST, "/attached-policies/{target}", "ListAttachedPolicies", "*",
        "?recursive ?marker ?pageSize",
        "the policies of a target; with recursive those of a group's parents too"),
    REG_READ(POST, "/policy-targets/{policyName}", "ListTargetsForPolicy", POLICY,
        "?marker ?pageSize", "to whom a policy is attached"),
    REG(PUT, "/principal-policies/{policyName}", "AttachPrincipalPolicy", POLICY,
        "@x-amzn-iot-principal=principal", "AttachPolicy of AWS's older API, for principals"),
    REG(DELETE, "/principal-policies/{policyName}", "DetachPrincipalPolicy", POLICY,
        "@x-amzn-iot-principal=principal", "DetachPolicy of AWS's older API"),
    REG(GET, "/principal-policies", "ListPrincipalPolicies", "*",
        "@x-amzn-iot-principal=principal " PAGE_OLD, "the policies of a principal"),
    REG(GET, "/policy-principals", "ListPolicyPrincipals", POLICY,
        "@x-amzn-iot-policy=policyName " PAGE_OLD,
        "the principals that have a policy, by kind and id"),
    REG_READ(POST, "/effective-policies", "GetEffectivePolicies", "*", "?thingName {*}",
        "what decides for a principal, a thing, or both: their policies and those of the groups"),

    /* ---- role aliases ---- */
    REG(POST, "/role-aliases/{roleAlias}", "CreateRoleAlias", ALIAS, "{*}",
        "lets devices have temporary keys with the policies of a role"),
    REG(GET, "/role-aliases/{roleAlias}", "DescribeRoleAlias", ALIAS, NULL, "a role alias"),
    REG(PUT, "/role-aliases/{roleAlias}", "UpdateRoleAlias", ALIAS, "{*}",
        "changes the role of an alias, or how long its keys live"),
    REG(DELETE, "/role-aliases/{roleAlias}", "DeleteRoleAlias", ALIAS, NULL,
        "removes an alias, and the keys that it has led to"),
    REG(GET, "/role-aliases", "ListRoleAliases", "*", PAGE_OLD, "role aliases"),
    ROW(GET, "/role-aliases/{roleAlias}/credentials", "AssumeRoleWithCertificate", API_SELF_CHECK,
        API_KEYS, "iot:AssumeRoleWithCertificate", ALIAS, "@x-amzn-iot-thingname=thingName",
        keys_assume_role, "a temporary key for the device of this client certificate"),
    ROW(POST, "/test-authorization", "TestAuthorization", API_READS, API_CONTROL, "iot:TestAuthorization", "*",
        "?clientId {*}", control_test_authorization, "what policies would say to actions on resources"),

    /* ---- rules ---- */
    RULE(POST, "/rules/{ruleName}", "CreateTopicRule", "@x-amz-tagging=tags {topicRulePayload}",
        "makes a rule"),
    RULE(PATCH, "/rules/{ruleName}", "ReplaceTopicRule", "{topicRulePayload}",
        "puts another rule in its place"),
    REG(GET, "/rules/{ruleName}", "GetTopicRule", "rule/{ruleName}", NULL, "a rule"),
    REG(GET, "/rules", "ListTopicRules", "*", "?topic " PAGE " ?ruleDisabled", "rules"),
    REG(POST, "/rules/{ruleName}/enable", "EnableTopicRule", "rule/{ruleName}", NULL,
        "lets a rule run"),
    REG(POST, "/rules/{ruleName}/disable", "DisableTopicRule", "rule/{ruleName}", NULL,
        "stops a rule"),
    REG(DELETE, "/rules/{ruleName}", "DeleteTopicRule", "rule/{ruleName}", NULL, "removes a rule"),

    /* ---- data plane ---- */
    UPGRADE("/mqtt", "Connect",
        "MQTT over WebSocket, by an upgrade; who has no credential here may say it in CONNECT"),
    UPGRADE("/", "ConnectAtRoot", "the same, for clients that ask for no path"),
    DATA(POST, "/topics/{topic+}", "Publish", API_SELF_CHECK, "topic/{topic}",
        "?qos ?retain ?contentType ?responseTopic ?messageExpiry "
        "@x-amz-mqtt5-user-properties=userProperties "
        "@x-amz-mqtt5-payload-format-indicator=payloadFormatIndicator "
        "@x-amz-mqtt5-correlation-data=correlationData",
        data_publish, "publishes the body; slashes of the topic may be escaped or not"),
    DATA(GET, "/retainedMessage/{topic+}", "GetRetainedMessage", 0, "topic/{topic}", NULL,
        data_get_retained, "the retained message of a topic"),
    DATA(GET, "/retainedMessage", "ListRetainedMessages", 0, "*", PAGE, data_list_retained,
        "topics with a retained message"),
    DATA(GET, "/things/{thingName}/shadow", "GetThingShadow", 0, SHADOW, "?name=shadowName",
        data_get_shadow, "the document of a shadow"),
    DATA(POST, "/things/{thingName}/shadow", "UpdateThingShadow", 0, SHADOW, "?name=shadowName",
        data_update_shadow, "merges the body into a shadow"),
    DATA(DELETE, "/things/{thingName}/shadow", "DeleteThingShadow", 0, SHADOW, "?name=shadowName",
        data_delete_shadow, "removes a shadow"),
    DATA(GET, "/api/things/shadow/ListNamedShadowsForThing/{thingName}", "ListNamedShadowsForThing",
        0, THING, "?nextToken ?pageSize", data_list_shadows, "the names of a thing's shadows"),
    DATA(GET, "/hub/subscribe", "Subscribe", API_SELF_CHECK, "topicfilter/{filter}",
        "?filter ?retained", hub_stream_events,
        "messages as they come, as server-sent events; filter may be repeated; first those retained, "
        "unless retained=false"),

    /* ---- the hub's own ---- */
    HUB(POST, "/hub/keys", "CreateAccessKey", 0, "*", "{*}", control_credential,
        "makes an access key: name, policyName, admin; the secret is shown once"),
    HUB(GET, "/hub/keys", "ListAccessKeys", 0, "*", NULL, control_registry, "access keys"),
    HUB(PUT, "/hub/keys/{accessKeyId}", "UpdateAccessKey", 0, "key/{accessKeyId}", "{*}",
        control_registry, "status: INACTIVE ends the connections of a key, and lets it make none"),
    HUB(DELETE, "/hub/keys/{accessKeyId}", "DeleteAccessKey", 0, "key/{accessKeyId}", NULL,
        control_registry, "removes an access key"),
    HUB(POST, "/hub/tokens", "CreateToken", 0, "*", "{*}", control_credential,
        "makes a bearer token: name, policyName, admin, expiresInSeconds; it is shown once"),
    HUB(GET, "/hub/tokens", "ListTokens", 0, "*", NULL, control_registry, "bearer tokens"),
    HUB(PUT, "/hub/tokens/{tokenId}", "UpdateToken", 0, "token/{tokenId}", "{*}",
        control_registry, "status: ACTIVE or INACTIVE"),
    HUB(DELETE, "/hub/tokens/{tokenId}", "DeleteToken", 0, "token/{tokenId}", NULL,
        control_registry, "removes a token"),
    HUB(POST, "/hub/users", "PutUser", 0, "user/{userName}", "{*}", control_registry,
        "makes an MQTT user, or changes the password: userName, password or passwordHash, policyName"),
    HUB(POST, "/hub/users/import", "ImportUsers", 0, "*", "{*}", control_registry,
        "makes many, by the hashes of their passwords: all of them, or none if one is refused"),
    HUB(GET, "/hub/users", "ListUsers", 0, "*", NULL, control_registry, "MQTT users"),
    HUB(PUT, "/hub/users/{userName}", "UpdateUser", 0, "user/{userName}", "{*}", control_registry,
        "status: INACTIVE ends the connections of a user, and lets it make none"),
    HUB(DELETE, "/hub/users/{userName}", "DeleteUser", 0, "user/{userName}", NULL,
        control_registry, "removes a user"),
    HUB(PUT, "/hub/cas/{caCertificateId}/crl", "PutCertificateRevocationList", 0, CA, "{*}",
        control_registry,
        "puts the revocation list of a CA (crlPem); what it names is REVOKED from now on"),
    HUB(GET, "/hub/cas/{caCertificateId}/crl", "GetCertificateRevocationList", 0, CA, PAGE,
        control_registry, "the revocation list of a CA that is in force"),
    HUB(DELETE, "/hub/cas/{caCertificateId}/crl", "DeleteCertificateRevocationList", 0, CA, NULL,
        control_registry, "removes the list; what it has revoked stays so"),
    HUB(POST, "/hub/rules/test", "TestTopicRule", API_READS, "*", "{*}", hub_test_rule,
        "dry run: what the statement sql would emit for topic and payload (or payloadBase64)"),
    HUB(GET, "/hub/sessions", "ListSessions", 0, "*", "?clientIdPrefix ?connected " PAGE,
        hub_list_sessions, "sessions of MQTT clients, by their client ids"),
    HUB(GET, "/hub/sessions/{clientId+}", "GetSession", 0, "client/{clientId}", NULL,
        hub_get_session, "a session: who and where, what waits for it, its subscriptions"),
    HUB(DELETE, "/hub/sessions/{clientId+}", "DeleteSession", 0, "client/{clientId}", NULL,
        hub_delete_session, "disconnects the client and removes its session"),
    HUB(GET, "/hub/retained", "ListRetained", 0, "*", "?filter " PAGE, hub_list_retained,
        "topics with a retained message that the filter matches; $SYS only by its name"),
    HUB(DELETE, "/hub/retained", "PurgeRetained", 0, "*", "?filter ?dryRun", hub_purge_retained,
        "removes those which the filter matches, and tells them; with dryRun it only tells"),
    HUB(GET, "/hub/denials", "ListDenials", 0, "*", "?clientId ?thingName ?sourceIp " PAGE,
        hub_list_denials,
        "what was refused, to whom and why, the last first"),
    HUB(POST, "/hub/explain", "ExplainAuthorization", API_READS, "*", "{*}", hub_explain_authorization,
        "what policies would say: principal, action, resource, clientId, context; and why"),
    HUB(GET, "/hub/status", "GetStatus", 0, "*", NULL, hub_status, "version, health and figures"),

    /* ---- health ---- */
    OPEN("/livez", "Live", API_OPEN, hub_live, "200 while the process answers"),
    OPEN("/readyz", "Ready", API_OPEN, hub_ready, "200, or 503 with the reason"),
    OPEN("/healthz", "Health", API_OPEN, hub_ready, "the same as /readyz"),
    OPEN("/metrics", "Metrics", API_METRICS, hub_metrics, "every metric in Prometheus's text format"),
    OPEN("/openapi.json", "OpenApi", API_METRICS, hub_openapi, "this interface as an OpenAPI 3.1 document"),
};
/* clang-format on */
const size_t api_route_count = ARRAY_LEN(api_routes);

const struct api_route *api_route_of(const char *op)
{
    for (size_t i = 0; i < ARRAY_LEN(api_routes); i++)
        if (strcmp(api_routes[i].op, op) == 0) return &api_routes[i];
    return NULL;
}

const struct api_route *api_route_built(const struct api_route *theirs)
{
    for (size_t i = 0; i < ARRAY_LEN(api_routes); i++)
        if (api_routes[i].route.variant == theirs->route.variant &&
            strcmp(api_routes[i].op, theirs->op) == 0)
            return &api_routes[i];
    return NULL;
}

#define PLANE_OF_IOT     API_CONTROL
#define PLANE_OF_IOTDATA API_DATA
#define PLANE_OF_JOBS    API_DATA
#define OPERATION(verb, uri, name, service)          \
    { .route = { .method = HTTP_##verb,              \
                 .path = (uri),                      \
                 .action = "iot:" name,              \
                 .flags = ROUTE_SLASH,               \
                 .variant = API_SERVICE_##service }, \
      .op = (name),                                  \
      .plane = PLANE_OF_##service },
const struct api_route api_aws_operations[] = {
#include "api/operations_tbl.h"
};
#undef OPERATION
const size_t api_aws_operation_count = ARRAY_LEN(api_aws_operations);
