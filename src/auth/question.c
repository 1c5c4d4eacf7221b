/* question.c — the values of policy variables and condition keys: a table of those which a connection, a thing
 * or a role has; those of a certificate are in cert_vars.c. A policy asks for a variable by the spelling of
 * policy/variable.c. Reference: security, sections 7.2, 7.5, 7.6. */
#include "auth/question.h"

#include "auth/cert_vars.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The thing whose name is the client id. Outside MQTT there is no client id: then the only thing of the
 * principal, so that a device reaches its shadow over HTTPS with the policy that it has. */
static const struct principal_thing *connection_thing(const struct principal *p,
                                                      const struct auth_conn *conn)
{
    const char *client_id = conn ? conn->client_id : NULL;
    if (!client_id) return p->thing_count == 1 ? &p->things[0] : NULL;
    for (size_t i = 0; i < p->thing_count; i++)
        if (strcmp(p->things[i].name, client_id) == 0) return &p->things[i];
    return NULL;
}

void auth_question_init(struct auth_question *question, const struct auth *auth,
                        const struct principal *principal, const struct auth_conn *conn)
{
    *question = (struct auth_question){ .auth = auth,
                                        .principal = principal,
                                        .conn = conn,
                                        .thing = connection_thing(principal, conn) };
}

void auth_question_deinit(struct auth_question *question)
{
    free(question->will_arn);
}

struct policy *const *auth_question_policies(const struct auth_question *question,
                                             size_t *ret_count)
{
    const struct principal_thing *thing = question->thing;
    bool of_thing = thing && thing->policies;
    *ret_count = of_thing ? thing->policy_count : question->principal->policy_count;
    return of_thing ? thing->policies : question->principal->policies;
}

/* ---- values ---- */

static bool give(const char *text, size_t index, struct slice *ret_value)
{
    if (!text || index) return false;
    *ret_value = slice_str(text);
    return true;
}

static bool get_client_id(struct auth_question *q, size_t index, struct slice *ret_value)
{
    return give(q->conn ? q->conn->client_id : NULL, index, ret_value);
}

static bool get_source_ip(struct auth_question *q, size_t index, struct slice *ret_value)
{
    const char *address = q->conn ? q->conn->source_ip : NULL;
    return give(address && *address ? address : NULL, index, ret_value);
}

static bool get_domain_name(struct auth_question *q, size_t index, struct slice *ret_value)
{
    const char *domain = q->conn ? q->conn->domain : NULL;
    return give(domain && *domain ? domain : NULL, index, ret_value);
}

static bool get_secure_transport(struct auth_question *q, size_t index, struct slice *ret_value)
{
    return q->conn && give(q->conn->domain ? "true" : "false", index, ret_value);
}

static bool get_epoch_time(struct auth_question *q, size_t index, struct slice *ret_value)
{
    snprintf(q->time, sizeof q->time, "%lld", (long long)(clock_real_ms() / 1000));
    return give(q->time, index, ret_value);
}

static bool get_current_time(struct auth_question *q, size_t index, struct slice *ret_value)
{
    text_iso8601(clock_real_ms(), q->time);
    return give(q->time, index, ret_value);
}

static bool get_connect_attribute(struct auth_question *q, size_t index, struct slice *ret_value)
{
    const struct auth_connect *connect = q->conn ? q->conn->connect : NULL;
    const char *values[2];
    size_t count = 0;
    if (connect && connect->persistent) values[count++] = "PersistentConnect";
    if (connect && connect->will_topic) values[count++] = "LastWill";
    return index < count && give(values[index], 0, ret_value);
}

/* Whole, however long: a cut one would slip through a Deny. */
static bool get_will_topic(struct auth_question *q, size_t index, struct slice *ret_value)
{
    const struct auth_connect *connect = q->conn ? q->conn->connect : NULL;
    if (!connect || !connect->will_topic) return false;
    struct slice prefix = auth_arn_prefix(q->auth);
    if (!q->will_arn)
        q->will_arn =
            xasprintf("%.*s" AUTH_TOPIC "%s", (int)prefix.len, prefix.ptr, connect->will_topic);
    return give(q->will_arn, index, ret_value);
}

static bool get_certificate_id(struct auth_question *q, size_t index, struct slice *ret_value)
{
    return give(q->principal->kind == PRINCIPAL_CERT ? q->principal->id : NULL, index, ret_value);
}

static bool get_thing_name(struct auth_question *q, size_t index, struct slice *ret_value)
{
    return give(q->thing ? q->thing->name : NULL, index, ret_value);
}

static bool get_thing_type(struct auth_question *q, size_t index, struct slice *ret_value)
{
    return give(q->thing ? q->thing->type : NULL, index, ret_value);
}

static bool get_is_attached(struct auth_question *q, size_t index, struct slice *ret_value)
{
    return give(q->thing ? "true" : "false", index, ret_value);
}

/* What temporary keys say of the device that they were made for. */
static const struct principal_thing *thing_of_role(const struct auth_question *q)
{
    const struct principal *p = q->principal;
    return p->kind == PRINCIPAL_ROLE && p->thing_count ? &p->things[0] : NULL;
}

static bool get_role_thing_name(struct auth_question *q, size_t index, struct slice *ret_value)
{
    const struct principal_thing *thing = thing_of_role(q);
    return give(thing ? thing->name : NULL, index, ret_value);
}

static bool get_role_thing_type(struct auth_question *q, size_t index, struct slice *ret_value)
{
    const struct principal_thing *thing = thing_of_role(q);
    return give(thing ? thing->type : NULL, index, ret_value);
}

static bool get_role_certificate(struct auth_question *q, size_t index, struct slice *ret_value)
{
    const struct principal *p = q->principal;
    return give(p->kind == PRINCIPAL_ROLE ? p->cert_id : NULL, index, ret_value);
}

#define THING_ATTRIBUTES "iot:Connection.Thing.Attributes["

static bool get_attribute(const struct auth_question *q, const char *rest, size_t index,
                          struct slice *ret_value)
{
    size_t len = strlen(rest);
    if (!q->thing || len < 2 || rest[len - 1] != ']') return false;
    struct slice wanted = slice_of(rest, len - 1);
    for (size_t i = 0; i < q->thing->attr_count; i++)
        if (slice_eq_str(wanted, q->thing->attrs[i].name))
            return give(q->thing->attrs[i].value, index, ret_value);
    return false;
}

static const struct {
    const char *name;
    bool (*get)(struct auth_question *q, size_t index, struct slice *ret_value);
} variables[] = {
    { "iot:ClientId", get_client_id },
    { "iot:Connection.Thing.ThingName", get_thing_name },
    { "iot:Connection.Thing.ThingTypeName", get_thing_type },
    { "iot:Connection.Thing.IsAttached", get_is_attached },
    { "iot:ConnectAttributes", get_connect_attribute },
    { "iot:LastWillTopic", get_will_topic },
    { "iot:CertificateId", get_certificate_id },
    { "iot:DomainName", get_domain_name },
    { "aws:SourceIp", get_source_ip },
    { "aws:SecureTransport", get_secure_transport },
    { "aws:CurrentTime", get_current_time },
    { "aws:EpochTime", get_epoch_time },
    { "credentials-iot:ThingName", get_role_thing_name },
    { "credentials-iot:ThingTypeName", get_role_thing_type },
    { "credentials-iot:AwsCertificateId", get_role_certificate },
};

bool auth_question_get(void *arg, const char *name, size_t index, struct slice *ret_value)
{
    struct auth_question *q = arg;
    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        if (strcmp(variables[i].name, name) == 0) return variables[i].get(q, index, ret_value);
    if (cert_vars_has(name)) return cert_vars_get(q->principal->cert, name, index, ret_value);
    if (strncmp(name, THING_ATTRIBUTES, sizeof THING_ATTRIBUTES - 1) == 0)
        return get_attribute(q, name + sizeof THING_ATTRIBUTES - 1, index, ret_value);
    return false;
}
