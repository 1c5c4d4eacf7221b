/* cmd_simple.c — the commands that are one operation: a table says which, with which parameters,
 * and how its result is printed. */
#include "base/mem.h"
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 3 << 19 }; /* what the hub reads as a body */

/* A flag that is a parameter: its value, or `is`, or the text of the file that it names, or true. Two for one
 * parameter stand side by side, and exclude each other. */
struct simple_flag {
    const char *flag;
    const char *member; /* "registrationConfig.templateName" is one in an object */
    const char *is;
    bool file;
};

struct simple {
    const char *command;
    const char *op;
    enum command_reach reach;
    const char *arg;  /* the member which the argument is; NULL: none */
    const char *file; /* the member which the text of the last argument, a file, is */
    const struct simple_flag *flags; /* ends with { 0 }; NULL: none */
    const char *fixed, *value;       /* a parameter that is always there */
    /* The result: a list, or fields, or whole, or one line "NOUN ARGUMENT DONE". */
    const char *list;                    /* the member that is a table */
    const struct output_column *columns; /* of the table, or the fields */
    const char *block;                   /* a text below the fields */
    const char *below;                   /* the member that is a table below the fields */
    const struct output_column *below_columns;
    bool tree, whole;
    const char *noun, *done;
};

static const struct output_column key_columns[] = {
    { "ID", "accessKeyId" },
    { "NAME", "name" },
    { "ADMIN", "admin", OUTPUT_FLAG },
    { "STATUS", "status" },
    { "CREATED", "creationDate", OUTPUT_TIME },
    { 0 },
};
static const struct output_column token_columns[] = {
    { "ID", "tokenId" },
    { "NAME", "name" },
    { "ADMIN", "admin", OUTPUT_FLAG },
    { "STATUS", "status" },
    { "CREATED", "creationDate", OUTPUT_TIME },
    { 0 },
};
static const struct output_column user_columns[] = {
    { "NAME", "userName" },
    { "STATUS", "status" },
    { "CREATED", "creationDate", OUTPUT_TIME },
    { 0 },
};
static const struct output_column type_columns[] = {
    { "NAME", "thingTypeName" },
    { "DEPRECATED", "thingTypeMetadata.deprecated", OUTPUT_FLAG },
    { "CREATED", "thingTypeMetadata.creationDate", OUTPUT_TIME },
    { "SEARCHABLE", "thingTypeProperties.searchableAttributes" },
    { "DESCRIPTION", "thingTypeProperties.thingTypeDescription" },
    { 0 },
};
static const struct output_column group_columns[] = {
    { "NAME", "groupName" },
    { "ARN", "groupArn" },
    { 0 },
};
static const struct output_column cert_columns[] = {
    { "ID", "certificateId" },
    { "STATUS", "status" },
    { "CREATED", "creationDate", OUTPUT_TIME },
    { 0 },
};
static const struct output_column cert_fields[] = {
    { "id", "certificateDescription.certificateId" },
    { "arn", "certificateDescription.certificateArn" },
    { "status", "certificateDescription.status" },
    { "signed by", "certificateDescription.caCertificateId" },
    { "not before", "certificateDescription.validity.notBefore", OUTPUT_TIME },
    { "not after", "certificateDescription.validity.notAfter", OUTPUT_TIME },
    { "created", "certificateDescription.creationDate", OUTPUT_TIME },
    { "modified", "certificateDescription.lastModifiedDate", OUTPUT_TIME },
    { 0 },
};
static const struct output_column registered_fields[] = {
    { "id", "certificateId" },
    { "arn", "certificateArn" },
    { 0 },
};
static const struct output_column ca_fields[] = {
    { "id", "certificateDescription.certificateId" },
    { "arn", "certificateDescription.certificateArn" },
    { "status", "certificateDescription.status" },
    { "auto registration", "certificateDescription.autoRegistrationStatus" },
    { "mode", "certificateDescription.certificateMode" },
    { "template", "registrationConfig.templateName" },
    { "template body", "registrationConfig.templateBody" },
    { "not before", "certificateDescription.validity.notBefore", OUTPUT_TIME },
    { "not after", "certificateDescription.validity.notAfter", OUTPUT_TIME },
    { "created", "certificateDescription.creationDate", OUTPUT_TIME },
    { "modified", "certificateDescription.lastModifiedDate", OUTPUT_TIME },
    { 0 },
};
static const struct output_column code_fields[] = {
    { "registration code", "registrationCode" },
    { 0 },
};
static const struct output_column crl_fields[] = {
    { "ca", "caCertificateId" },
    { "number", "crlNumber" },
    { "this update", "thisUpdate", OUTPUT_TIME },
    { "next update", "nextUpdate", OUTPUT_TIME },
    { "overdue", "overdue", OUTPUT_FLAG },
    { "uploaded", "uploadDate", OUTPUT_TIME },
    { "entries", "entryCount" },
    { "revoked now", "revokedCount" },
    { 0 },
};
static const struct output_column revoked_columns[] = {
    { "SERIAL", "serialNumber" },
    { "REVOKED", "revocationDate", OUTPUT_TIME },
    { 0 },
};
static const struct output_column policy_columns[] = {
    { "NAME", "policyName" },
    { "ARN", "policyArn" },
    { 0 },
};
static const struct output_column version_columns[] = {
    { "VERSION", "versionId" },
    { "DEFAULT", "isDefaultVersion", OUTPUT_FLAG },
    { "CREATED", "createDate", OUTPUT_TIME },
    { 0 },
};
static const struct output_column template_columns[] = {
    { "NAME", "templateName" },
    { "TYPE", "type" },
    { "ENABLED", "enabled", OUTPUT_FLAG },
    { "CREATED", "creationDate", OUTPUT_TIME },
    { "DESCRIPTION", "description" },
    { 0 },
};
static const struct output_column template_fields[] = {
    { "name", "templateName" },
    { "arn", "templateArn" },
    { "type", "type" },
    { "enabled", "enabled", OUTPUT_FLAG },
    { "version", "defaultVersionId" },
    { "hook", "preProvisioningHook.targetArn" },
    { "description", "description" },
    { "created", "creationDate", OUTPUT_TIME },
    { "modified", "lastModifiedDate", OUTPUT_TIME },
    { 0 },
};
static const struct output_column rule_columns[] = {
    { "NAME", "ruleName" },
    { "DISABLED", "ruleDisabled", OUTPUT_FLAG },
    { "CREATED", "createdAt", OUTPUT_TIME },
    { "TOPIC", "topicPattern" },
    { 0 },
};
static const struct output_column rule_fields[] = {
    { "name", "rule.ruleName" },
    { "arn", "ruleArn" },
    { "sql", "rule.sql" },
    { "sql version", "rule.awsIotSqlVersion" },
    { "description", "rule.description" },
    { "disabled", "rule.ruleDisabled", OUTPUT_FLAG },
    { "created", "rule.createdAt", OUTPUT_TIME },
    { "actions", "rule.actions", OUTPUT_JSON },
    { "error action", "rule.errorAction", OUTPUT_JSON },
    { 0 },
};

static const struct output_column session_columns[] = {
    { "CLIENT", "clientId" },
    { "CONNECTED", "connected", OUTPUT_FLAG },
    { "PERSISTENT", "persistent", OUTPUT_FLAG },
    { "ADDRESS", "sourceIp" },
    { "PRINCIPAL", "principal" },
    { "QUEUED", "queued" },
    { "FILTERS", "subscriptionCount" },
    { "LAST SEEN", "lastSeenAt", OUTPUT_TIME },
    { 0 },
};
static const struct output_column session_fields[] = {
    { "client", "clientId" },
    { "connected", "connected", OUTPUT_FLAG },
    { "persistent", "persistent", OUTPUT_FLAG },
    { "principal", "principal" },
    { "address", "sourceIp" },
    { "protocol level", "protocolLevel" },
    { "protocol version", "protocolVersion" },
    { "keep-alive", "keepAlive" },
    { "session expiry", "sessionExpiry" },
    { "will delay", "willDelay" },
    { "will at", "willAt", OUTPUT_TIME },
    { "connected at", "connectedAt", OUTPUT_TIME },
    { "disconnected at", "disconnectedAt", OUTPUT_TIME },
    { "last seen", "lastSeenAt", OUTPUT_TIME },
    { "expires", "expiresAt", OUTPUT_TIME },
    { "queued", "queued" },
    { "queued bytes", "queuedBytes" },
    { "in flight", "inFlight" },
    { 0 },
};
static const struct output_column subscription_columns[] = {
    { "FILTER", "filter" },
    { "QOS", "qos" },
    { 0 },
};
static const struct output_column retained_columns[] = {
    { "TOPIC", "topic" },
    { "BYTES", "payloadSize" },
    { "QOS", "qos" },
    { "PUBLISHED", "publishedAt", OUTPUT_TIME },
    { 0 },
};

#define LARGE_PAGES .fixed = "maxResults", .value = "1000"

static const struct simple_flag group_list_flags[] = { { "--parent", "parentGroup" }, { 0 } };
static const struct simple_flag cert_delete_flags[] = { { "--force", "forceDelete" }, { 0 } };
static const struct simple_flag cert_register_flags[] = {
    { "--active", "status", "ACTIVE" },
    { "--ca", "caCertificatePem", .file = true },
    { 0 },
};
static const struct simple_flag cert_register_no_ca_flags[] = { { "--active", "status", "ACTIVE" },
                                                                { 0 } };
static const struct simple_flag ca_register_flags[] = {
    { "--proof", "verificationCertificate", .file = true },
    { "--sni-only", "certificateMode", "SNI_ONLY" },
    { "--active", "setAsActive" },
    { "--auto-registration", "allowAutoRegistration" },
    { "--template", "registrationConfig.templateName" },
    { 0 },
};
static const struct simple_flag ca_list_flags[] = { { "--template", "templateName" }, { 0 } };
static const struct simple_flag ca_update_flags[] = {
    { "--active", "newStatus", "ACTIVE" },
    { "--inactive", "newStatus", "INACTIVE" },
    { "--auto-registration", "newAutoRegistrationStatus", "ENABLE" },
    { "--no-auto-registration", "newAutoRegistrationStatus", "DISABLE" },
    { "--template", "registrationConfig.templateName" },
    { "--no-template", "removeAutoRegistration" },
    { 0 },
};
static const struct simple_flag shadow_flags[] = { { "--name", "shadowName" }, { 0 } };
static const struct simple_flag session_flags[] = {
    { "--connected", "connected", "true" },
    { "--away", "connected", "false" },
    { "--prefix", "clientIdPrefix" },
    { 0 },
};

static const struct simple simples[] = {
    { "key list", "ListAccessKeys", REACH_ANY, .list = "accessKeys", .columns = key_columns },
    { "key disable", "UpdateAccessKey", REACH_ANY, "accessKeyId", .fixed = "status",
      .value = "INACTIVE", .noun = "key", .done = "disabled" },
    { "key enable", "UpdateAccessKey", REACH_ANY, "accessKeyId", .fixed = "status",
      .value = "ACTIVE", .noun = "key", .done = "enabled" },
    { "key delete", "DeleteAccessKey", REACH_ANY, "accessKeyId", .noun = "key", .done = "deleted" },
    { "token list", "ListTokens", REACH_ANY, .list = "tokens", .columns = token_columns },
    { "token disable", "UpdateToken", REACH_ANY, "tokenId", .fixed = "status", .value = "INACTIVE",
      .noun = "token", .done = "disabled" },
    { "token enable", "UpdateToken", REACH_ANY, "tokenId", .fixed = "status", .value = "ACTIVE",
      .noun = "token", .done = "enabled" },
    { "token delete", "DeleteToken", REACH_ANY, "tokenId", .noun = "token", .done = "deleted" },
    { "user list", "ListUsers", REACH_ANY, .list = "users", .columns = user_columns },
    { "user disable", "UpdateUser", REACH_ANY, "userName", .fixed = "status", .value = "INACTIVE",
      .noun = "user", .done = "disabled" },
    { "user enable", "UpdateUser", REACH_ANY, "userName", .fixed = "status", .value = "ACTIVE",
      .noun = "user", .done = "enabled" },
    { "user delete", "DeleteUser", REACH_ANY, "userName", .noun = "user", .done = "deleted" },
    { "type list", "ListThingTypes", .list = "thingTypes", .columns = type_columns },
    { "group list", "ListThingGroups", .flags = group_list_flags, .list = "thingGroups",
      .columns = group_columns },
    { "group delete", "DeleteThingGroup", .arg = "thingGroupName", .noun = "group",
      .done = "deleted" },
    { "cert list", "ListCertificates", .list = "certificates", .columns = cert_columns },
    { "cert show", "DescribeCertificate", .arg = "certificateId", .columns = cert_fields,
      .block = "certificateDescription.certificatePem" },
    { "cert register", "RegisterCertificate", .file = "certificatePem",
      .flags = cert_register_flags, .columns = registered_fields },
    { "cert register-no-ca", "RegisterCertificateWithoutCA", .file = "certificatePem",
      .flags = cert_register_no_ca_flags, .columns = registered_fields },
    { "cert activate", "UpdateCertificate", .arg = "certificateId", .fixed = "newStatus",
      .value = "ACTIVE", .noun = "certificate", .done = "activated" },
    { "cert revoke", "UpdateCertificate", .arg = "certificateId", .fixed = "newStatus",
      .value = "REVOKED", .noun = "certificate", .done = "revoked" },
    { "cert deactivate", "UpdateCertificate", .arg = "certificateId", .fixed = "newStatus",
      .value = "INACTIVE", .noun = "certificate", .done = "deactivated" },
    { "cert delete", "DeleteCertificate", .arg = "certificateId", .flags = cert_delete_flags,
      .noun = "certificate", .done = "deleted" },
    { "ca registration-code", "GetRegistrationCode", .columns = code_fields },
    { "ca register", "RegisterCACertificate", .file = "caCertificate", .flags = ca_register_flags,
      .columns = registered_fields },
    { "ca list", "ListCACertificates", .flags = ca_list_flags, .list = "certificates",
      .columns = cert_columns },
    { "ca show", "DescribeCACertificate", .arg = "caCertificateId", .columns = ca_fields,
      .block = "certificateDescription.certificatePem" },
    { "ca certs", "ListCertificatesByCA", .arg = "caCertificateId", .list = "certificates",
      .columns = cert_columns },
    { "ca update", "UpdateCACertificate", .arg = "caCertificateId", .flags = ca_update_flags,
      .noun = "CA", .done = "changed" },
    { "ca delete", "DeleteCACertificate", .arg = "caCertificateId", .noun = "CA",
      .done = "deleted" },
    { "crl put", "PutCertificateRevocationList", .arg = "caCertificateId", .file = "crlPem",
      .columns = crl_fields },
    { "crl show", "GetCertificateRevocationList", .arg = "caCertificateId", LARGE_PAGES,
      .columns = crl_fields, .below = "revoked", .below_columns = revoked_columns },
    { "crl delete", "DeleteCertificateRevocationList", .arg = "caCertificateId",
      .noun = "revocation list of", .done = "deleted" },
    { "policy list", "ListPolicies", .list = "policies", .columns = policy_columns },
    { "policy versions", "ListPolicyVersions", .arg = "policyName", .list = "policyVersions",
      .columns = version_columns },
    { "policy delete", "DeletePolicy", .arg = "policyName", .noun = "policy", .done = "deleted" },
    { "template list", "ListProvisioningTemplates", .list = "templates",
      .columns = template_columns },
    { "template show", "DescribeProvisioningTemplate", .arg = "templateName",
      .columns = template_fields, .block = "templateBody" },
    { "template enable", "UpdateProvisioningTemplate", .arg = "templateName", .fixed = "enabled",
      .value = "true", .noun = "template", .done = "enabled" },
    { "template disable", "UpdateProvisioningTemplate", .arg = "templateName", .fixed = "enabled",
      .value = "false", .noun = "template", .done = "disabled" },
    { "template delete", "DeleteProvisioningTemplate", .arg = "templateName", .noun = "template",
      .done = "deleted" },
    { "rule list", "ListTopicRules", .list = "rules", .columns = rule_columns },
    { "rule show", "GetTopicRule", .arg = "ruleName", .columns = rule_fields },
    { "rule delete", "DeleteTopicRule", .arg = "ruleName", .noun = "rule", .done = "deleted" },
    { "rule enable", "EnableTopicRule", .arg = "ruleName", .noun = "rule", .done = "enabled" },
    { "rule disable", "DisableTopicRule", .arg = "ruleName", .noun = "rule", .done = "disabled" },
    { "shadow get", "GetThingShadow", .arg = "thingName", .flags = shadow_flags, .whole = true },
    { "shadow delete", "DeleteThingShadow", .arg = "thingName", .flags = shadow_flags,
      .noun = "shadow of", .done = "deleted" },
    { "session list", "ListSessions", .flags = session_flags, LARGE_PAGES, .list = "sessions",
      .columns = session_columns },
    { "session show", "GetSession", .arg = "clientId", .columns = session_fields,
      .below = "subscriptions", .below_columns = subscription_columns },
    { "session delete", "DeleteSession", .arg = "clientId", .noun = "session of",
      .done = "deleted" },
    { "retained list", "ListRetained", .arg = "filter", LARGE_PAGES, .list = "retained",
      .columns = retained_columns },
    { "status", "GetStatus", .tree = true },
};

static const struct simple *find(const char *command)
{
    for (size_t i = 0; i < ARRAY_LEN(simples); i++)
        if (strcmp(simples[i].command, command) == 0) return &simples[i];
    BUG("no row for '%s'", command);
}

/* A member, or "object.member". Takes value. */
static void set_member(struct json *params, const char *path, struct json *value)
{
    const char *dot = strchr(path, '.');
    if (!dot) {
        json_set(params, path, value);
        return;
    }
    char *name = xstrndup(path, (size_t)(dot - path));
    json_set(json_set(params, name, json_new_object()), dot + 1, value);
    free(name);
}

static int add_file(const struct cli_args *args, const char *file, const char *member,
                    struct json *params)
{
    struct buf text = { 0 };
    int rc = command_read(args, file, FILE_MAX, &text);
    if (rc == 0) json_set(params, member, json_new_slice(buf_slice(&text)));
    buf_deinit(&text);
    return rc;
}

static int add_flag(const struct simple_flag *flag, const struct cli_args *args,
                    struct json *params)
{
    const char *value = flag->is ? flag->is : cli_flag_value(args, flag->flag, NULL);
    if (flag->file) return add_file(args, value, flag->member, params);
    set_member(params, flag->member, value ? json_new_str(value) : json_new_bool(true));
    return 0;
}

static int add_flags(const struct simple *s, const struct cli_args *args, struct json *params)
{
    const struct simple_flag *flag = s->flags;
    for (; flag && flag->flag; flag++) {
        if (!cli_flag_given(args, flag->flag)) continue;
        if (output_find(params, flag->member))
            return cli_bad_usage(args, "%s and %s exclude each other", flag[-1].flag, flag->flag);
        int rc = add_flag(flag, args, params);
        if (rc) return rc;
    }
    return 0;
}

static int params_for(const struct simple *s, const struct cli_args *args, struct json **ret_params)
{
    struct json *params = json_new_object();
    if (s->arg) json_set_str(params, s->arg, cli_arg(args, 0));
    if (s->fixed) json_set_str(params, s->fixed, s->value);
    int rc = add_flags(s, args, params);
    if (rc == 0 && s->file) rc = add_file(args, cli_arg(args, s->arg ? 1 : 0), s->file, params);
    if (rc)
        json_free(params);
    else
        *ret_params = params;
    return rc;
}

static void print(struct command *cmd, const struct simple *s, const struct json *result)
{
    FILE *out = cmd->args->out;
    if (cmd->json || s->whole)
        output_json(out, result);
    else if (s->list)
        output_table(out, s->columns, json_get(result, s->list));
    else if (s->tree)
        output_tree(out, result);
    else if (s->columns)
        output_fields(out, s->columns, result);
    else
        command_done(cmd, result, "%s %s %s", s->noun, cli_arg(cmd->args, 0), s->done);
    const char *block = s->block && !cmd->json ? json_str(output_find(result, s->block)) : NULL;
    if (block) output_block(out, block);
    if (s->below && !cmd->json && json_count(json_get(result, s->below))) {
        fputc('\n', out);
        output_table(out, s->below_columns, json_get(result, s->below));
    }
}

int simple_run(const struct cli_args *args)
{
    const struct simple *s = find(args->command->name);
    struct command cmd;
    struct json *params, *result = NULL;
    int rc = params_for(s, args, &params);
    if (rc) return rc;
    rc = command_open(&cmd, args, s->reach);
    if (rc) {
        json_free(params);
        return rc;
    }
    rc = s->list ? command_try_list(&cmd, s->op, params, s->list, &result)
                 : command_try(&cmd, s->op, params, &result);
    if (rc < 0) return command_close(&cmd, command_fail(&cmd));
    print(&cmd, s, result);
    json_free(result);
    return command_close(&cmd, CLI_DONE);
}
