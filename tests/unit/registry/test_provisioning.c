/* Unit tests of provisioning in the registry: templates and their versions, RegisterThing, claims, ownership,
 * just-in-time provisioning. */
#include "registry/registry_priv.h" /* cmocka has a macro `fail` */

#include "unit/registry/registry_fixture.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "policy/policy.h"

#define CERT                                                                       \
    "'cert':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':{'Ref':" \
    "'AWS::IoT::Certificate::Id'}}}"
#define THING(more)                                                                             \
    "'thing':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':{'Fn::Join':['',['T_',{'Ref':" \
    "'Serial'}]]}" more "}"
#define SERIAL "'Parameters':{'Serial':{'Type':'String'}}"
#define ROLE   "'provisioningRoleArn':'arn:aws:iam::000000000000:role/p'"

/* A variable whose value is this text, as the inside of a JSON string. */
static void set_body(struct registry_fixture *f, const char *name, const char *text)
{
    char *body = registry_fixture_expand(f, text);
    registry_fixture_set(f, name, registry_fixture_quote(body));
    free(body);
}

static int setup(void **state)
{
    struct registry_fixture *f = registry_fixture_create();
    f->check = registry_fixture_check_shape;
    set_body(f, "body", "{" SERIAL ",'Resources':{" THING("}") "," CERT "}}");
    set_body(f, "only", "{'Resources':{" CERT "}}");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    registry_fixture_destroy(*state);
    return 0;
}

/* ---- templates ---- */

static void templates_are_made_and_described(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateProvisioningTemplate", "{'templateName':'F'," ROLE ",'templateBody':'@body@'}", 0,
          "{'templateArn':'@arn@provisioningtemplate/F','templateName':'F','defaultVersionId':1}" },
        { "CreateProvisioningTemplate", "{'templateName':'F'," ROLE ",'templateBody':'@body@'}",
          ERR_EXISTS, "{'resourceId':'F','resourceArn':'@arn@provisioningtemplate/F'}",
          "F already exists" },
        { "DescribeProvisioningTemplate", "{'templateName':'F'}", 0,
          "{'templateArn':'@arn@provisioningtemplate/F','templateName':'F','creationDate':'#',"
          "'lastModifiedDate':'#','defaultVersionId':1,'templateBody':'@body@','enabled':false,"
          "'provisioningRoleArn':'arn:aws:iam::000000000000:role/p','type':'FLEET_PROVISIONING'}" },
        { "CreateProvisioningTemplate",
          "{'templateName':'H'," ROLE ",'templateBody':'@body@','enabled':true,'description':'d',"
          "'preProvisioningHook':{'targetArn':'https://hooks.local/x'}}",
          0 },
        { "DescribeProvisioningTemplate", "{'templateName':'H'}", 0,
          "{'templateArn':'*','templateName':'H','description':'d','creationDate':'#',"
          "'lastModifiedDate':'#','defaultVersionId':1,'templateBody':'@body@','enabled':true,"
          "'provisioningRoleArn':'*','preProvisioningHook':{'payloadVersion':'2020-04-01',"
          "'targetArn':'https://hooks.local/x'},'type':'FLEET_PROVISIONING'}" },
        { "UpdateProvisioningTemplate",
          "{'templateName':'H','enabled':false,'removePreProvisioningHook':true}", 0, "" },
        { "DescribeProvisioningTemplate", "{'templateName':'H'}", 0,
          "{'templateArn':'*','templateName':'H','description':'d','creationDate':'#',"
          "'lastModifiedDate':'#','defaultVersionId':1,'templateBody':'@body@','enabled':false,"
          "'provisioningRoleArn':'*','type':'FLEET_PROVISIONING'}" },
        { "DeleteProvisioningTemplate", "{'templateName':'H'}", 0, "" },
        { "DescribeProvisioningTemplate", "{'templateName':'H'}", ERR_NOT_FOUND },
        { "UpdateProvisioningTemplate", "{'templateName':'H'}", ERR_NOT_FOUND },
        { "DeleteProvisioningTemplate", "{'templateName':'H'}", ERR_NOT_FOUND },
    };
    RUN_STEPS(*state, steps);
}

#define CREATE(more) "{'templateName':'F'," ROLE ",'templateBody':'@body@'" more "}"
static void what_a_template_may_not_be(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateProvisioningTemplate", "{'templateName':'a b'," ROLE ",'templateBody':'@body@'}",
          ERR_INVALID, "", "^[0-9A-Za-z_-]+$" },
        { "CreateProvisioningTemplate", "{'templateName':'F'," ROLE "}", ERR_INVALID, "",
          "'templateBody'" },
        { "CreateProvisioningTemplate", "{'templateName':'F','templateBody':'@body@'}", ERR_INVALID,
          "", "'provisioningRoleArn'" },
        { "CreateProvisioningTemplate", "{'templateName':'F'," ROLE ",'templateBody':'{}'}",
          ERR_INVALID, "", "Invalid template body: Resources:" },
        { "CreateProvisioningTemplate", CREATE(",'type':'OTHER'"), ERR_INVALID, "", "'OTHER'" },
        { "CreateProvisioningTemplate",
          CREATE(",'preProvisioningHook':{'targetArn':'arn:aws:lambda:local:0:function:f'}"),
          ERR_INVALID, "", "runs no Lambda functions" },
        { "CreateProvisioningTemplate", CREATE(",'preProvisioningHook':{'targetArn':'http://'}"),
          ERR_INVALID, "", "http or https URL" },
        { "CreateProvisioningTemplate", CREATE(",'preProvisioningHook':{}"), ERR_INVALID, "",
          "targetArn is missing" },
        { "CreateProvisioningTemplate",
          CREATE(",'preProvisioningHook':{'targetArn':'http://h','payloadVersion':'1'}"),
          ERR_INVALID, "", "2020-04-01" },
        { "CreateProvisioningTemplate",
          CREATE(",'type':'JITP','preProvisioningHook':{'targetArn':'http://h'}"), ERR_INVALID, "",
          "no pre-provisioning hook" },
    };
    RUN_STEPS(*state, steps);
}

static void there_are_five_versions(void **state)
{
#define VERSION "{'templateName':'F','templateBody':'@body@'"
    static const struct registry_step steps[] = {
        { "CreateProvisioningTemplate", CREATE(""), 0 },
        { "CreateProvisioningTemplateVersion", VERSION "}", 0,
          "{'templateArn':'@arn@provisioningtemplate/F','templateName':'F','versionId':2,"
          "'isDefaultVersion':false}" },
        { "CreateProvisioningTemplateVersion",
          "{'templateName':'F','templateBody':'@only@','setAsDefault':'true'}", 0,
          "{'templateArn':'*','templateName':'F','versionId':3,'isDefaultVersion':true}" },
        { "CreateProvisioningTemplateVersion", VERSION "}", 0 },
        { "CreateProvisioningTemplateVersion", VERSION "}", 0 },
        { "CreateProvisioningTemplateVersion", VERSION "}", ERR_LIMIT, "",
          "maximum number of versions (5)" },
        { "DescribeProvisioningTemplateVersion", "{'templateName':'F','versionId':'3'}", 0,
          "{'versionId':3,'creationDate':'#','templateBody':'@only@','isDefaultVersion':true}" },
        { "DescribeProvisioningTemplateVersion", "{'templateName':'F','versionId':'9'}",
          ERR_NOT_FOUND, "", "Version 9" },
        { "DeleteProvisioningTemplateVersion", "{'templateName':'F','versionId':'3'}", ERR_IN_USE,
          "", "default version" },
        { "DeleteProvisioningTemplateVersion", "{'templateName':'F','versionId':'5'}", 0, "" },
        { "DeleteProvisioningTemplateVersion", "{'templateName':'F','versionId':'5'}",
          ERR_NOT_FOUND },
        { "CreateProvisioningTemplateVersion", VERSION "}", 0,
          "{'templateArn':'*','templateName':'F','versionId':6,'isDefaultVersion':false}" },
        { "UpdateProvisioningTemplate", "{'templateName':'F','defaultVersionId':5}",
          ERR_NOT_FOUND },
        { "UpdateProvisioningTemplate", "{'templateName':'F','defaultVersionId':6}", 0, "" },
        { "DeleteProvisioningTemplateVersion", "{'templateName':'F','versionId':'3'}", 0, "" },
        { "ListProvisioningTemplateVersions", "{'templateName':'F','maxResults':'3'}", 0,
          "{'versions':[{'versionId':6,'creationDate':'#','isDefaultVersion':true},"
          "{'versionId':4,'creationDate':'#','isDefaultVersion':false},"
          "{'versionId':2,'creationDate':'#','isDefaultVersion':false}],'nextToken':'*'}",
          .keep = "next=nextToken" },
        { "ListProvisioningTemplateVersions", "{'templateName':'F','nextToken':'@next@'}", 0,
          "{'versions':[{'versionId':1,'creationDate':'#','isDefaultVersion':false}]}" },
        { "ListProvisioningTemplateVersions", "{'templateName':'F','nextToken':'MXg='}",
          ERR_INVALID, "", "nextToken" },
        { "CreateProvisioningTemplate",
          "{'templateName':'B'," ROLE ",'templateBody':'@only@','type':'JITP'}", 0 },
    };
    struct registry_fixture *f = *state;
    RUN_STEPS(f, steps);
    for (int size = 1; size <= 3; size++)
        registry_fixture_pages(f, "ListProvisioningTemplates", "", size, "templates",
                               "templateName", false, "B F");
}

/* ---- RegisterThing ---- */

static void a_pem_is_registered_with_its_thing(void **state)
{
    static const struct registry_step steps[] = {
        { "CreatePolicy", "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}", 0 },
        { "CreateThingType", "{'thingTypeName':'Lamp'}", 0 },
        { "RegisterThing",
          "{'templateBody':'@register@','parameters':{'Serial':'7','Pem':'@pem@'}}", 0,
          "{'certificatePem':'@pem@','resourceArns':{'cert':'*','thing':'@arn@thing/T_7',"
          "'named':'@arn@policy/P','made':'*'}}" },
        { "DescribeThing", "{'thingName':'T_7'}", 0,
          "{'defaultClientId':'T_7','thingName':'T_7','thingArn':'*','thingId':'*',"
          "'thingTypeName':'Lamp','attributes':{'serial':'7'},'version':1}" },
        /* the same again changes nothing */
        { "RegisterThing",
          "{'templateBody':'@register@','parameters':{'Serial':'7','Pem':'@pem@'}}", 0 },
        { "DescribeThing", "{'thingName':'T_7'}", 0,
          "{'defaultClientId':'T_7','thingName':'T_7','thingArn':'*','thingId':'*',"
          "'thingTypeName':'Lamp','attributes':{'serial':'7'},'version':1}" },
    };
    struct registry_fixture *f = *state;
    char *pem = registry_fixture_cert(f, "c", 10), params[256];
    registry_fixture_set(f, "pem", registry_fixture_quote(pem));
    free(pem);
    registry_fixture_set(f, "allow", registry_fixture_expand(f, POLICY_ALLOW_ALL));
    set_body(
        f, "register",
        "{'Parameters':{'Serial':{'Type':'String'},'Pem':{'Type':'String'}},'Resources':{" THING(
            ",'ThingTypeName':'Lamp','AttributePayload':{'serial':{'Ref':'Serial'}}}") ","
                                                                                       "'cert':{'"
                                                                                       "Type':'AWS:"
                                                                                       ":IoT::"
                                                                                       "Certificate"
                                                                                       "','"
                                                                                       "Properties'"
                                                                                       ":{'"
                                                                                       "Certificate"
                                                                                       "Pem':{'Ref'"
                                                                                       ":'Pem'}}},"
                                                                                       "'named':{'"
                                                                                       "Type':'AWS:"
                                                                                       ":IoT::"
                                                                                       "Policy','"
                                                                                       "Properties'"
                                                                                       ":{'"
                                                                                       "PolicyName'"
                                                                                       ":'P'}},"
                                                                                       "'made':{'"
                                                                                       "Type':'AWS:"
                                                                                       ":IoT::"
                                                                                       "Policy','"
                                                                                       "Properties'"
                                                                                       ":{'"
                                                                                       "PolicyDocum"
                                                                                       "ent':'@"
                                                                                       "allow@'}}}"
                                                                                       "}");
    RUN_STEPS(f, steps);
    registry_fixture_do(f, "ListThingPrincipals", "{'thingName':'T_7'}");
    const char *arn = json_str(json_at(json_get(f->result, "principals"), 0));
    snprintf(params, sizeof params, "{'target':'%s'}", arn);
    snprintf(params + 128, 128, "{'certificateId':'%s'}", strchr(arn, '/') + 1);
    registry_fixture_do(f, "ListAttachedPolicies", params);
    assert_int_equal(json_count(json_get(f->result, "policies")), 2);
    registry_fixture_do(f, "DescribeCertificate", params + 128);
    assert_string_equal(json_get_str(json_get(f->result, "certificateDescription"), "status"),
                        "ACTIVE");
}

#define ONE_CERT                                                                           \
    "{'certificates':[{'certificateArn':'@known_arn@','certificateId':'@known@','status':" \
    "'ACTIVE','certificateMode':'SNI_ONLY','creationDate':'#'}]}"

static void nothing_stays_of_a_template_that_fails(void **state)
{
    static const struct registry_step steps[] = {
        { "RegisterThing",
          "{'templateBody':'@register@','parameters':{'Serial':'7','Pem':'@pem@'}}", ERR_NOT_FOUND,
          "", "Policy not found (name=None)" },
        { "DescribeThing", "{'thingName':'T_7'}", ERR_NOT_FOUND },
        { "ListCertificates", "{'pageSize':'1'}", 0, ONE_CERT },
        { "RegisterThing", "{'templateBody':'@register@','parameters':{'Serial':'7'}}", ERR_INVALID,
          "", "'Pem' has no value" },
        { "RegisterThing", "{'templateBody':'@register@','parameters':{'Serial':'7','Pem':'no'}}",
          ERR_CERT },
        { "RegisterThing", "{'templateBody':'{'}", ERR_INVALID, "", "line 1" },
        { "RegisterThing", "{'templateBody':'@grouped@','parameters':{'Serial':'7','Pem':'@pem@'}}",
          ERR_NOT_FOUND, "", "Thing group G does not exist" },
        { "ListCertificates", "{'pageSize':'1'}", 0, ONE_CERT },
        { "RegisterThing", "{'templateBody':'@foreign@','parameters':{'Pem':'@pem@','Ca':'@ca@'}}",
          ERR_NOT_FOUND, "", "no active CA" },
        { "RegisterThing", "{'templateBody':'@foreign@','parameters':{'Pem':'@pem@','Ca':'@pem@'}}",
          ERR_CERT },
        { "ListCertificates", "{'pageSize':'1'}", 0, ONE_CERT },
        { "RegisterThing", "{'templateBody':'@unknown@'}", ERR_NOT_FOUND, "", "Id: abc" },
        { "RegisterThing", "{'templateBody':'@longer@'}", ERR_NOT_FOUND },
    };
    struct registry_fixture *f = *state;
    registry_fixture_register(f, "known", "ACTIVE", 10);
    char *pem = registry_fixture_cert(f, "c", 10);
    registry_fixture_set(f, "pem", registry_fixture_quote(pem));
    registry_fixture_set(f, "ca", registry_fixture_quote(f->ca_cert));
    free(pem);
#define PARAMS "'Parameters':{'Serial':{'Type':'String'},'Pem':{'Type':'String'}}"
#define OF_PEM \
    "'cert':{'Type':'AWS::IoT::Certificate','Properties':{'CertificatePem':{'Ref':'Pem'}}}"
    set_body(f, "register",
             "{" PARAMS ",'Resources':{" THING(
                 "}") "," OF_PEM ","
                      "'p':{'Type':'AWS::IoT::Policy','Properties':{'PolicyName':'None'}}}}");
    set_body(f, "grouped",
             "{" PARAMS ",'Resources':{" THING(",'ThingGroups':['G']}") "," OF_PEM "}}");
    set_body(f, "foreign",
             "{'Parameters':{'Pem':{'Type':'String'},'Ca':{'Type':'String'}},'Resources':{'cert':"
             "{'Type':'AWS::IoT::Certificate','Properties':{'CertificatePem':{'Ref':'Pem'},"
             "'CACertificatePem':{'Ref':'Ca'}}}}}");
    set_body(f, "longer",
             "{'Resources':{'c':{'Type':'AWS::IoT::Certificate','Properties':"
             "{'CertificateId':'@known@0'}}}}");
    set_body(f, "unknown",
             "{'Resources':{'c':{'Type':'AWS::IoT::Certificate','Properties':"
             "{'CertificateId':'abc'}}}}");
    RUN_STEPS(f, steps);
}

/* Each override against a thing of the type A with the attributes x and y, and an inactive certificate. */
static void overrides_decide_what_stays(void **state)
{
    static const struct {
        const char *settings;
        int rc;
        const char *type, *attributes, *status;
    } cases[] = {
        { "", 0, "A", "{\"x\":\"1\",\"y\":\"2\"}", "INACTIVE" },
        { "'AttributePayload':'DO_NOTHING','ThingTypeName':'DO_NOTHING'", 0, "A",
          "{\"x\":\"1\",\"y\":\"2\"}", "INACTIVE" },
        { "'AttributePayload':'REPLACE'", 0, "A", "{\"x\":\"9\"}", "INACTIVE" },
        { "'AttributePayload':'MERGE'", 0, "A", "{\"x\":\"9\",\"y\":\"2\"}", "INACTIVE" },
        { "'ThingTypeName':'REPLACE'", 0, "B", "{\"x\":\"1\",\"y\":\"2\"}", "INACTIVE" },
        { "'AttributePayload':'FAIL'", ERR_CONFLICT, "A", "{\"x\":\"1\",\"y\":\"2\"}", "INACTIVE" },
        { "'ThingTypeName':'FAIL'", ERR_CONFLICT, "A", "{\"x\":\"1\",\"y\":\"2\"}", "INACTIVE" },
        { "'Status':'REPLACE'", 0, "A", "{\"x\":\"1\",\"y\":\"2\"}", "ACTIVE" },
        { "'Status':'FAIL'", ERR_CONFLICT, "A", "{\"x\":\"1\",\"y\":\"2\"}", "INACTIVE" },
    };
    struct registry_fixture *f = *state;
    registry_fixture_do(f, "CreateThingType", "{'thingTypeName':'A'}");
    registry_fixture_do(f, "CreateThingType", "{'thingTypeName':'B'}");
    registry_fixture_register(f, "c", "INACTIVE", 10);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool of_cert = strstr(cases[i].settings, "Status") != NULL;
        char *body =
            xasprintf("{'Resources':{'t':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':'t',"
                      "'ThingTypeName':'B','AttributePayload':{'x':'9'}},'OverrideSettings':{%s}},"
                      "'c':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':'@c@'},"
                      "'OverrideSettings':{%s}}}}",
                      of_cert ? "" : cases[i].settings, of_cert ? cases[i].settings : "");
        set_body(f, "over", body);
        free(body);
        registry_fixture_do(f, "CreateThing",
                            "{'thingName':'t','thingTypeName':'A','attributePayload':{'attributes':"
                            "{'x':'1','y':'2'}}}");
        registry_fixture_do(f, "UpdateCertificate",
                            "{'certificateId':'@c@','newStatus':'INACTIVE'}");
        int rc = registry_fixture_call(f, "RegisterThing", "{'templateBody':'@over@'}");
        if (rc != cases[i].rc) fail_msg("%s: %s", cases[i].settings, f->diag.text);
        registry_fixture_do(f, "DescribeThing", "{'thingName':'t'}");
        struct buf text = { 0 };
        json_print(json_get(f->result, "attributes"), &text);
        assert_string_equal(buf_str(&text), cases[i].attributes);
        buf_deinit(&text);
        assert_string_equal(json_get_str(f->result, "thingTypeName"), cases[i].type);
        registry_fixture_do(f, "DescribeCertificate", "{'certificateId':'@c@'}");
        assert_string_equal(json_get_str(json_get(f->result, "certificateDescription"), "status"),
                            cases[i].status);
        registry_fixture_call(f, "DetachThingPrincipal", "{'thingName':'t','principal':'@c_arn@'}");
        registry_fixture_do(f, "DeleteThing", "{'thingName':'t'}");
    }
}

/* ---- the database, where no operation shows it ---- */

struct sql {
    const char *text;
    int64_t number;
};

static struct sql *current_sql;

static int run_sql(struct registry_call *call, struct db *db)
{
    struct db_stmt *q = db_query(db, current_sql->text);
    if (db_step(q)) current_sql->number = db_int(q, 0);
    return db_done(q);
}

static void on_sql(void *arg, int rc, struct json *result, const struct diag *diag)
{
    assert_int_equal(rc, 0);
    *(bool *)arg = true;
}

static int64_t sql(struct registry_fixture *f, const char *text)
{
    static const struct registry_op op = { .name = "sql", .run = run_sql };
    struct sql statement = { .text = text };
    bool done = false;
    current_sql = &statement;
    registry_call(f->registry, &op, json_new_object(), on_sql, &done);
    loop_turn(f->loop);
    while (!done)
        loop_turn_wait(f->loop, 1000);
    return statement.number;
}

static void groups_are_joined(void **state)
{
    static const struct {
        const char *setting, *groups;
        int64_t in_old, in_new;
        int rc;
    } cases[] = {
        { "DO_NOTHING", "'new'", 1, 0, 0 },
        { "MERGE", "'new'", 1, 1, 0 },
        { "REPLACE", "'new'", 0, 1, 0 },
        { "FAIL", "'new'", 1, 0, ERR_CONFLICT },
        { "REPLACE", "'none'", 1, 0, ERR_NOT_FOUND },
        { "MERGE", "'below'", 1, 0, ERR_INVALID }, /* of the hierarchy of old */
        { "REPLACE", "'below','new'", 0, 1, 0 },
        { "REPLACE", "'below','beside'", 1, 0, ERR_INVALID },
        { "MERGE", "'new','g1','g2','g3','g4','g5','g6','g7','g8'", 1, 1, 0 },
        { "MERGE", "'new','g1','g2','g3','g4','g5','g6','g7','g8','g9'", 1, 0, ERR_INVALID },
    };
    struct registry_fixture *f = *state;
    sql(f, "INSERT INTO thing_group (name, parent, id, version, created_at) VALUES "
           "('old', NULL, 'i', 1, 0), ('new', NULL, 'j', 1, 0), ('below', 'old', 'k', 1, 0), "
           "('beside', 'old', 'l', 1, 0), ('g1', NULL, 'g1', 1, 0), ('g2', NULL, 'g2', 1, 0), "
           "('g3', NULL, 'g3', 1, 0), ('g4', NULL, 'g4', 1, 0), ('g5', NULL, 'g5', 1, 0), "
           "('g6', NULL, 'g6', 1, 0), ('g7', NULL, 'g7', 1, 0), ('g8', NULL, 'g8', 1, 0), "
           "('g9', NULL, 'g9', 1, 0)");
    registry_fixture_register(f, "c", "ACTIVE", 10);
    registry_fixture_do(f, "CreateThing", "{'thingName':'t'}");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        sql(f, "DELETE FROM thing_group_member");
        sql(f, "INSERT INTO thing_group_member VALUES ('old', 't')");
        char *body =
            xasprintf("{'Resources':{'t':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':'t',"
                      "'ThingGroups':[%s]},'OverrideSettings':{'ThingGroups':'%s'}},"
                      "'c':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':'@c@'}}}}",
                      cases[i].groups, cases[i].setting);
        set_body(f, "group", body);
        free(body);
        int rc = registry_fixture_call(f, "RegisterThing", "{'templateBody':'@group@'}");
        if (rc != cases[i].rc) fail_msg("%s: %s", cases[i].setting, f->diag.text);
        assert_int_equal(
            sql(f, "SELECT count(*) FROM thing_group_member WHERE thing_group = 'old'"),
            cases[i].in_old);
        assert_int_equal(
            sql(f, "SELECT count(*) FROM thing_group_member WHERE thing_group = 'new'"),
            cases[i].in_new);
    }
}

/* What AddThingToThingGroup refuses, a template does not do either. */
static void groups_of_a_template_are_judged(void **state)
{
    struct registry_fixture *f = *state;
    sql(f, "INSERT INTO thing_group (name, id, parent, version, created_at) VALUES "
           "('root', 'i', NULL, 1, 0), ('a', 'j', 'root', 1, 0), ('b', 'k', 'root', 1, 0)");
    registry_fixture_register(f, "c", "ACTIVE", 10);
    set_body(f, "group",
             "{'Resources':{'t':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':'t',"
             "'ThingGroups':['a','b']}},"
             "'c':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':'@c@'}}}}");
    assert_int_equal(registry_fixture_call(f, "RegisterThing", "{'templateBody':'@group@'}"),
                     ERR_INVALID);
    assert_non_null(strstr(f->diag.text, "same hierarchy"));
}

/* ---- claims ---- */

static void a_claim_ends_after_five_minutes(void **state)
{
    struct registry_fixture *f = *state;
    struct arena arena = { 0 };
    struct x509_info info;
    static const struct registry_step steps[] = {
        { "CreateProvisioningTemplate", CREATE(""), 0 },
        { "CreateProvisioningTemplate",
          "{'templateName':'J'," ROLE ",'templateBody':'@only@','type':'JITP'}", 0 },
        { "CreateProvisioningClaim", "{'templateName':'None'}", ERR_NOT_FOUND },
        { "CreateProvisioningClaim", "{'templateName':'J'}", ERR_INVALID, "",
          "FLEET_PROVISIONING" },
        { "CreateProvisioningClaim", "{'templateName':'F'}", 0,
          "{'certificateId':'*','certificatePem':'*','keyPair':{'PublicKey':'*','PrivateKey':'*'},"
          "'expiration':'#'}",
          .keep = "claim=certificateId" },
    };
    RUN_STEPS(f, steps);
    int64_t end_s = clock_real_ms() / 1000 + 300;
    assert_int_equal(
        x509_parse(slice_str(json_get_str(f->result, "certificatePem")), &arena, &info, NULL), 0);
    assert_int_equal(info.not_after_s, end_s);
    assert_int_equal((int64_t)json_number(json_get(f->result, "expiration")), end_s);
    arena_deinit(&arena);
    registry_fixture_do(f, "ListAttachedPolicies", "{'target':'@arn@cert/@claim@'}");
    assert_string_equal(json_get_str(json_at(json_get(f->result, "policies"), 0), "policyName"),
                        "ProvisioningClaim");
    clock_fake_advance(MINUTES(64)); /* it is kept for an hour after its end */
    registry_fixture_do(f, ".SweepOwnership", "{}");
    registry_fixture_do(f, "DescribeCertificate", "{'certificateId':'@claim@'}");
    clock_fake_advance(MINUTES(1));
    registry_fixture_do(f, ".SweepOwnership", "{}");
    assert_int_equal(registry_fixture_call(f, "DescribeCertificate", "{'certificateId':'@claim@'}"),
                     ERR_NOT_FOUND);
}

/* A device hears the answers to itself, and not what others ask: their ownership tokens are in there. */
static void a_claim_hears_no_requests(void **state)
{
#define ARN      "arn:aws:iot:local:000000000000:"
#define THING_OF "$aws/provisioning-templates/F/provision/json"
    static const struct {
        const char *action, *resource;
        enum policy_effect effect;
    } cases[] = {
        { "iot:Connect", ARN "client/x", POLICY_ALLOW },
        { "iot:Publish", ARN "topic/$aws/certificates/create/json", POLICY_ALLOW },
        { "iot:Publish", ARN "topic/$aws/certificates/create-from-csr/cbor", POLICY_ALLOW },
        { "iot:Publish", ARN "topic/" THING_OF, POLICY_ALLOW },
        { "iot:Subscribe", ARN "topicfilter/$aws/certificates/create/json/accepted", POLICY_ALLOW },
        { "iot:Subscribe", ARN "topicfilter/$aws/certificates/create/json/#", POLICY_ALLOW },
        { "iot:Subscribe", ARN "topicfilter/" THING_OF "/rejected", POLICY_ALLOW },
        { "iot:Subscribe", ARN "topicfilter/" THING_OF "/+", POLICY_ALLOW },
        { "iot:Receive", ARN "topic/$aws/certificates/create/json/accepted", POLICY_ALLOW },
        { "iot:Receive", ARN "topic/$aws/certificates/create-from-csr/json/rejected",
          POLICY_ALLOW },
        { "iot:Receive", ARN "topic/" THING_OF "/accepted", POLICY_ALLOW },
        { "iot:Receive", ARN "topic/" THING_OF "/rejected", POLICY_ALLOW },
        { "iot:Receive", ARN "topic/" THING_OF, POLICY_IMPLICIT_DENY },
        { "iot:Receive", ARN "topic/$aws/certificates/create-from-csr/json", POLICY_IMPLICIT_DENY },
    };
    struct registry_fixture *f = *state;
    struct policy *policy;
    registry_fixture_do(f, "GetPolicy", "{'policyName':'ProvisioningClaim'}");
    const char *document = json_get_str(f->result, "policyDocument");
    assert_int_equal(policy_parse("P", slice_str(document), &policy, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct policy_decision decision;
        policy_eval(&policy, 1,
                    &(struct policy_request){ .action = cases[i].action,
                                              .resource = slice_str(cases[i].resource) },
                    &decision);
        if (decision.effect != cases[i].effect)
            fail_msg("%s %s", cases[i].action, cases[i].resource);
    }
    policy_unref(policy);
#undef ARN
#undef THING_OF
}

/* ---- ownership ---- */

#define OWN       "{'maxPending':10}"
#define PROVISION "{'templateName':'F','certificateOwnershipToken':'@token@','principal':'@who@'"

static void enable(struct registry_fixture *f)
{
    static const struct registry_step steps[] = {
        { "CreateProvisioningTemplate", CREATE(",'enabled':true"), 0 },
        { ".CreateOwnedKeys", OWN, 0,
          "{'certificateId':'*','certificatePem':'*','privateKey':'*',"
          "'certificateOwnershipToken':'*','pending':1}",
          .keep = "token=certificateOwnershipToken" },
    };
    registry_fixture_set(f, "who", xstrdup("somebody"));
    RUN_STEPS(f, steps);
    registry_fixture_set(f, "own", xstrdup(json_get_str(f->result, "certificateId")));
    assert_int_equal(strlen(registry_fixture_get(f, "token")), 43); /* 256 bits */
}

static void who_has_the_token_is_provisioned_once(void **state)
{
    static const struct registry_step steps[] = {
        { "DescribeCertificate", "{'certificateId':'@own@'}", 0 },
        { ".Provision", PROVISION ",'parameters':{}}", ERR_INVALID, "", "'Serial' has no value" },
        { ".Provision", PROVISION ",'parameters':{'Serial':'7'}}", 0,
          "{'deviceConfiguration':{},'thingName':'T_7','pending':0}" },
        { ".Provision", PROVISION ",'parameters':{'Serial':'7'}}", ERR_AUTH, "",
          "invalid or expired" },
        { "ListThingPrincipals", "{'thingName':'T_7'}", 0, "{'principals':['@arn@cert/@own@']}" },
    };
    struct registry_fixture *f = *state;
    enable(f);
    assert_int_equal(sql(f, "SELECT count(*) FROM ownership_token WHERE length(hash) = 64"), 1);
    assert_int_equal(sql(f, "SELECT count(*) FROM cert WHERE status = 'PENDING_ACTIVATION'"), 1);
    RUN_STEPS(f, steps);
    assert_int_equal(sql(f, "SELECT count(*) FROM cert WHERE status = 'ACTIVE'"), 1);
}

static void what_proves_nothing_provisions_nothing(void **state)
{
    static const struct registry_step steps[] = {
        { ".Provision", "{'templateName':'F','principal':'w'}", ERR_AUTH, "",
          "Certificate ownership token cannot be empty." },
        { ".Provision", "{'templateName':'F','principal':'w','certificateOwnershipToken':''}",
          ERR_AUTH, "", "cannot be empty" },
        { ".LookProvision", "{'templateName':'F','principal':'w','certificateOwnershipToken':'x'}",
          ERR_AUTH, "", "invalid or expired" },
        { ".LookProvision", PROVISION "}", 0,
          "{'certificateId':'@own@','certificatePem':'*','templateArn':"
          "'@arn@provisioningtemplate/F'}" },
        { "UpdateProvisioningTemplate", "{'templateName':'F','enabled':false}", 0 },
        { ".LookProvision", PROVISION "}", ERR_DENIED, "", "cannot be used" },
        { ".Provision", PROVISION ",'parameters':{'Serial':'7'}}", ERR_DENIED },
        { "UpdateProvisioningTemplate", "{'templateName':'F','enabled':true}", 0 },
        { ".Provision",
          "{'templateName':'None','certificateOwnershipToken':'@token@','principal':'w'}",
          ERR_DENIED },
        { ".Provision",
          "{'templateName':'a b','certificateOwnershipToken':'@token@',"
          "'principal':'w'}",
          ERR_DENIED },
        /* a claim is for its template */
        { "CreateProvisioningTemplate", "{'templateName':'G'," ROLE ",'templateBody':'@body@'}",
          0 },
        { "CreateProvisioningClaim", "{'templateName':'G'}", 0, .keep = "who=certificateId" },
        { ".Provision", PROVISION ",'parameters':{'Serial':'7'}}", ERR_DENIED, "",
          "another template" },
        /* somebody has revoked it meanwhile */
        { "UpdateCertificate", "{'certificateId':'@own@','newStatus':'REVOKED'}", 0 },
        { ".Provision",
          "{'templateName':'F','certificateOwnershipToken':'@token@',"
          "'principal':'w','parameters':{'Serial':'7'}}",
          ERR_AUTH },
        { "DescribeThing", "{'thingName':'T_7'}", ERR_NOT_FOUND },
    };
    struct registry_fixture *f = *state;
    enable(f);
    RUN_STEPS(f, steps);
}

static void unused_certificates_go_after_an_hour(void **state)
{
    struct registry_fixture *f = *state;
    enable(f);
    clock_fake_advance(HOURS(1) - 1);
    registry_fixture_do(f, ".SweepOwnership", "{}");
    registry_fixture_do(f, ".LookProvision", PROVISION "}");
    clock_fake_advance(1);
    assert_int_equal(registry_fixture_call(f, ".LookProvision", PROVISION "}"), ERR_AUTH);
    static const struct registry_step steps[] = {
        { ".SweepOwnership", "{}", 0, "{'claims':0,'pending':0}" },
        { "DescribeCertificate", "{'certificateId':'@own@'}", ERR_NOT_FOUND },
    };
    RUN_STEPS(f, steps);
}

static void what_was_taken_into_use_stays(void **state)
{
    struct registry_fixture *f = *state;
    enable(f);
    registry_fixture_do(f, "UpdateCertificate", "{'certificateId':'@own@','newStatus':'ACTIVE'}");
    clock_fake_advance(HOURS(1));
    registry_fixture_do(f, ".SweepOwnership", "{}");
    registry_fixture_do(f, "DescribeCertificate", "{'certificateId':'@own@'}");
    assert_int_equal(sql(f, "SELECT count(*) FROM ownership_token"), 0);
}

static void only_so_many_wait(void **state)
{
    static const struct registry_step steps[] = {
        { ".CreateOwnedFromCsr", "{'maxPending':1,'certificateSigningRequest':'x'}", ERR_LIMIT, "",
          "Too many certificates" },
        { ".CreateOwnedKeys", "{'maxPending':1}", ERR_LIMIT },
        { ".CreateOwnedFromCsr", "{'maxPending':2,'certificateSigningRequest':'x'}", ERR_INVALID },
        { ".CreateOwnedFromCsr", "{'maxPending':2}", ERR_INVALID },
    };
    struct registry_fixture *f = *state;
    enable(f);
    RUN_STEPS(f, steps);
}

/* ---- just-in-time provisioning ---- */

struct jitp {
    const char *cert_id, *pem, *name, *body;
    int rc;
    bool done;
    char why[sizeof((struct diag *)NULL)->text];
};

static struct jitp *current;

static int run_jitp(struct registry_call *call, struct db *db)
{
    current->rc =
        template_apply_jitp(call, db, current->cert_id, current->pem, current->name, current->body);
    snprintf(current->why, sizeof current->why, "%s", call->diag.text);
    return 0; /* the certificate is registered all the same */
}

static void on_jitp(void *arg, int rc, struct json *result, const struct diag *diag)
{
    assert_int_equal(rc, 0);
    ((struct jitp *)arg)->done = true;
}

static int apply_jitp(struct registry_fixture *f, struct jitp *jitp)
{
    static const struct registry_op op = { .name = "jitp", .run = run_jitp };
    char *body = jitp->body ? registry_fixture_expand(f, jitp->body) : NULL;
    jitp->body = body;
    jitp->done = false;
    current = jitp;
    buf_clear(&f->changes);
    registry_call(f->registry, &op, json_new_object(), on_jitp, jitp);
    loop_turn(f->loop);
    while (!jitp->done)
        loop_turn_wait(f->loop, 1000);
    free(body);
    return jitp->rc;
}

#define JITP(more)                                                                     \
    "{'Parameters':{'AWS::IoT::Certificate::CommonName':{'Type':'String'}" more "},"   \
    "'Resources':{'thing':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':{'Ref':" \
    "'AWS::IoT::Certificate::CommonName'}}}," CERT ","                                 \
    "'p':{'Type':'AWS::IoT::Policy','Properties':{'PolicyName':'ThingDefault'}}}}"

static void the_subject_of_a_certificate_provisions_it(void **state)
{
    struct registry_fixture *f = *state;
    char *pem = registry_fixture_cert(f, "lamp", 10);
    registry_fixture_set(f, "pem", registry_fixture_quote(pem));
    registry_fixture_do(f, "RegisterCertificateWithoutCA", "{'certificatePem':'@pem@'}");
    registry_fixture_set(f, "c", xstrdup(json_get_str(f->result, "certificateId")));
    sql(f, "UPDATE cert SET status = 'PENDING_ACTIVATION'");
    struct jitp jitp = { .cert_id = registry_fixture_get(f, "c"), .pem = pem };

    jitp.body = JITP(",'AWS::IoT::Certificate::Country':{'Type':'String'}");
    assert_int_equal(apply_jitp(f, &jitp), ERR_INVALID);
    assert_non_null(strstr(jitp.why, "Certificate::Country' has no value"));

    jitp.body =
        "{'Resources':{" CERT ",'thing':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':"
        "'half'}},'p':{'Type':'AWS::IoT::Policy','Properties':{'PolicyName':'None'}}}}";
    assert_int_equal(apply_jitp(f, &jitp), ERR_NOT_FOUND);
    assert_int_equal(sql(f, "SELECT count(*) FROM thing"), 0);
    assert_string_equal(buf_str(&f->changes), ""); /* nothing is told of what was taken back */

    jitp.body = JITP("");
    if (apply_jitp(f, &jitp) < 0) fail_msg("%s", jitp.why);
    static const struct registry_step steps[] = {
        { "ListThingPrincipals", "{'thingName':'lamp'}", 0, "{'principals':['@arn@cert/@c@']}" },
    };
    RUN_STEPS(f, steps);
    assert_int_equal(sql(f, "SELECT count(*) FROM cert WHERE status = 'ACTIVE'"), 1);
    free(pem);
}

static void a_named_template_must_be_one_for_it(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_register(f, "c", "INACTIVE", 10);
    char *pem = registry_fixture_cert(f, "x", 10);
    struct jitp jitp = { .cert_id = registry_fixture_get(f, "c"), .pem = pem, .name = "J" };
    assert_int_equal(apply_jitp(f, &jitp), ERR_NOT_FOUND);
    registry_fixture_do(f, "CreateProvisioningTemplate", CREATE(",'enabled':true"));
    jitp.name = "F";
    assert_int_equal(apply_jitp(f, &jitp), ERR_STATE);
    registry_fixture_do(f, "CreateProvisioningTemplate",
                        "{'templateName':'J'," ROLE ",'templateBody':'@only@','type':'JITP'}");
    jitp.name = "J";
    assert_int_equal(apply_jitp(f, &jitp), ERR_STATE);
    registry_fixture_do(f, "UpdateProvisioningTemplate", "{'templateName':'J','enabled':true}");
    assert_int_equal(apply_jitp(f, &jitp), 0);
    free(pem);
}

static void a_template_of_a_ca_stays(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_do(f, "CreateProvisioningTemplate", CREATE(""));
    sql(f, "INSERT INTO ca_cert (id, pem, subject_id, status, auto_registration, mode, "
           "template_name, not_before, not_after, created_at, modified_at) "
           "VALUES ('i', 'p', 's', 'ACTIVE', 1, 'DEFAULT', 'F', 0, 0, 0, 0)");
    assert_int_equal(registry_fixture_call(f, "DeleteProvisioningTemplate", "{'templateName':'F'}"),
                     ERR_IN_USE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(templates_are_made_and_described),
        TEST(what_a_template_may_not_be),
        TEST(there_are_five_versions),
        TEST(a_pem_is_registered_with_its_thing),
        TEST(nothing_stays_of_a_template_that_fails),
        TEST(overrides_decide_what_stays),
        TEST(groups_are_joined),
        TEST(groups_of_a_template_are_judged),
        TEST(a_claim_hears_no_requests),
        TEST(a_claim_ends_after_five_minutes),
        TEST(who_has_the_token_is_provisioned_once),
        TEST(what_proves_nothing_provisions_nothing),
        TEST(unused_certificates_go_after_an_hour),
        TEST(what_was_taken_into_use_stays),
        TEST(only_so_many_wait),
        TEST(the_subject_of_a_certificate_provisions_it),
        TEST(a_named_template_must_be_one_for_it),
        TEST(a_template_of_a_ca_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
