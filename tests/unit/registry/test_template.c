/* Unit tests of provisioning templates: what is refused and where, and what functions give. Texts are JSON with ' for ". */
#include "registry/template.h"

#include "base/err.h"
#include "base/mem.h"
#include "lib/test.h"

#define CERT_REF "'AWS::IoT::Certificate::Id'"
#define CERT \
    "'cert':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':{'Ref':" CERT_REF "}}}"

static char *quoted(const char *text)
{
    char *copy = xstrdup(text);
    for (char *at = copy; *at; at++)
        if (*at == '\'') *at = '"';
    return copy;
}

static int parse(const char *text, enum template_use use, struct template **ret, struct diag *diag)
{
    char *body = quoted(text);
    *ret = NULL;
    int rc = template_parse(slice_str(body), use, ret, diag);
    free(body);
    assert_true((rc == 0) == (*ret != NULL));
    return rc;
}

/* ---- what is refused ---- */

static const struct {
    const char *body;
    int rc;
    const char *says;
} refusals[] = {
    { "", ERR_SYNTAX, "" },
    { "{'Resources':", ERR_SYNTAX, "line 1, column" },
    { "[]", ERR_INVALID, "an object is needed" },
    { "{}", ERR_INVALID, "AWS::IoT::Certificate is missing" },
    { "{'Resources':{},'Outputs':{}}", ERR_INVALID, "Outputs: unknown member" },
    { "{'Resources':[]}", ERR_INVALID, "Resources: an object" },
    { "{'Resources':{" CERT "},'Resources':{}}", ERR_SYNTAX, "" },
    { "{'Parameters':{'a':{}},'Resources':{" CERT "}}", ERR_INVALID,
      "Parameters: a: Type is missing" },
    { "{'Parameters':{'a':{'Type':'Number'}}}", ERR_INVALID,
      "Parameters: a: Type: must be String" },
    { "{'Parameters':{'a':{'Type':'String','Default':1}}}", ERR_INVALID, "a: Default: a string" },
    { "{'Parameters':{'a':{'Type':'String','Max':'1'}}}", ERR_INVALID, "a: Max: unknown member" },
    { "{'Mappings':{'m':{'k':{'l':{'Ref':'x'}}}}}", ERR_INVALID, "Mappings: m: k: l: a string" },
    { "{'Mappings':{'m':{'k':'v'}}}", ERR_INVALID, "Mappings: m: k: an object" },
    { "{'Resources':{'x':{'Type':'AWS::S3::Bucket','Properties':{}}}}", ERR_INVALID,
      "Resources: x: Type: 'AWS::S3::Bucket' is not supported" },
    { "{'Resources':{'x':{'Properties':{}}}}", ERR_INVALID, "x: Type: 'null'" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Thing','Condition':'c'}}}", ERR_INVALID,
      "x: Condition: unknown member" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Thing'}}}", ERR_INVALID, "x: Properties: an object" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Thing','Properties':{}}}}", ERR_INVALID,
      "x: ThingName is missing" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':'a','Color':'b'}}}}",
      ERR_INVALID, "x: Properties: Color: unknown member" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':'a',"
      "'BillingGroup':'b'}}}}",
      ERR_UNSUPPORTED, "BillingGroup: billing groups are not supported" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':'a'},"
      "'OverrideSettings':{'ThingTypeName':'MERGE'}}}}",
      ERR_INVALID, "OverrideSettings: ThingTypeName: DO_NOTHING, REPLACE or FAIL" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':'a'},"
      "'OverrideSettings':{'ThingGroups':'merge'}}}}",
      ERR_INVALID, "DO_NOTHING, REPLACE, MERGE or FAIL" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Policy','Properties':{'PolicyName':'p'},"
      "'OverrideSettings':{'Status':'FAIL'}}}}",
      ERR_INVALID, "OverrideSettings: Status: unknown member" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Policy','Properties':{'PolicyName':'p',"
      "'PolicyDocument':'d'}}}}",
      ERR_INVALID, "either PolicyName or PolicyDocument" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Policy','Properties':{}}}}", ERR_INVALID,
      "either PolicyName or PolicyDocument" },
    { "{'Resources':{'x':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':'a'}},"
      "'y':{'Type':'aws::iot::thing','Properties':{'ThingName':'a'}}}}",
      ERR_INVALID, "y: a template has one thing at most" },
    { "{'Resources':{" CERT ",'d':{'Type':'AWS::IoT::Certificate','Properties':"
      "{'CertificateId':{'Ref':" CERT_REF "}}}}}",
      ERR_INVALID, "d: a template has one certificate" },
    { "{'Resources':{'c':{'Type':'AWS::IoT::Certificate','Properties':{'Status':'ACTIVE'}}}}",
      ERR_INVALID, "one of CertificateSigningRequest" },
    { "{'Resources':{'c':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':'i',"
      "'CertificatePem':'p'}}}}",
      ERR_INVALID, "one of CertificateSigningRequest" },
    { "{'Resources':{'c':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':'i',"
      "'CACertificatePem':'p'}}}}",
      ERR_INVALID, "CACertificatePem goes with CertificatePem" },
    { "{'Resources':{'c':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':'i',"
      "'Status':'REVOKED'}}}}",
      ERR_INVALID, "Status: ACTIVE or INACTIVE is needed, not 'REVOKED'" },
    { "{'DeviceConfiguration':{'a':['b']}}", ERR_INVALID, "DeviceConfiguration: a: a string" },
    /* functions */
    { "{'DeviceConfiguration':{'a':{'Ref':'x'}}}", ERR_INVALID,
      "DeviceConfiguration: a: Ref: 'x' is no parameter" },
    { "{'DeviceConfiguration':{'a':{'Ref':['x']}}}", ERR_INVALID, "Ref: needs the name" },
    { "{'DeviceConfiguration':{'a':{'Fn::GetAtt':'x'}}}", ERR_INVALID,
      "a: unknown function 'Fn::GetAtt'" },
    { "{'DeviceConfiguration':{'a':{'Fn::Join':['',['a']],'b':'c'}}}", ERR_INVALID, "a: a string" },
    { "{'DeviceConfiguration':{'a':{'Fn::Join':['']}}}", ERR_INVALID,
      "Fn::Join: needs an array of 2" },
    { "{'DeviceConfiguration':{'a':{'Fn::Join':['','x']}}}", ERR_INVALID, "Fn::Join: a list" },
    { "{'DeviceConfiguration':{'a':{'Fn::Join':['',[1]]}}}", ERR_INVALID, "Fn::Join: a string" },
    { "{'DeviceConfiguration':{'a':{'Fn::Select':[1.5,['x']]}}}", ERR_INVALID, "an index" },
    { "{'DeviceConfiguration':{'a':{'Fn::Split':['-','a-b']}}}", ERR_INVALID,
      "Fn::Split does not give a string" },
    { "{'DeviceConfiguration':{'a':{'Fn::FindInMap':['m','k']}}}", ERR_INVALID, "an array of 3" },
    { "{'DeviceConfiguration':{'a':{'Fn::Sub':{}}}}", ERR_INVALID, "Fn::Sub: needs a string" },
    { "{'DeviceConfiguration':{'a':{'Fn::Sub':['x',{},'y']}}}", ERR_INVALID, "Fn::Sub: needs" },
    { "{'DeviceConfiguration':{'a':{'Fn::Sub':'${x}'}}}", ERR_INVALID, "'x' is no parameter" },
    { "{'DeviceConfiguration':{'a':{'Fn::Sub':'${}'}}}", ERR_INVALID, "'' is no parameter" },
};

static void what_is_wrong_is_refused_with_its_place(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        struct template *template;
        struct diag diag = DIAG_INIT;
        int rc = parse(refusals[i].body, TEMPLATE_REGISTER, &template, &diag);
        if (rc != refusals[i].rc || !strstr(diag.text, refusals[i].says) || !diag.text[0])
            fail_msg("%s: %s, %s", refusals[i].body, err_name(rc), diag.text);
    }
}

static void size_and_depth_are_bounded(void **state)
{
    struct template *template;
    struct diag diag = DIAG_INIT;
    struct buf body = { 0 };
    buf_puts(&body, "{'Resources':{" CERT "}}");
    while (body.len < TEMPLATE_BODY_MAX)
        buf_putc(&body, ' ');
    assert_int_equal(parse(buf_str(&body), TEMPLATE_FLEET, &template, &diag), 0);
    template_free(template);
    buf_putc(&body, ' ');
    assert_int_equal(parse(buf_str(&body), TEMPLATE_FLEET, &template, &diag), ERR_TOO_LARGE);
    buf_clear(&body);
    for (int i = 0; i <= TEMPLATE_DEPTH_MAX; i++)
        buf_putc(&body, '[');
    assert_int_equal(parse(buf_str(&body), TEMPLATE_FLEET, &template, &diag), ERR_DEPTH);
    buf_deinit(&body);
}

/* What devices provision themselves by has no certificate but the one that is being provisioned. */
static void fleet_and_jitp_have_their_own_certificate(void **state)
{
    static const char *const others[] = {
        "{'Parameters':{'c':{'Type':'String'}},'Resources':{'c':{'Type':'AWS::IoT::Certificate',"
        "'Properties':{'CertificateSigningRequest':{'Ref':'c'}}}}}",
        "{'Resources':{'c':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':'c'}}}}",
        "{'Parameters':{'c':{'Type':'String'}},'Resources':{'c':{'Type':'AWS::IoT::Certificate',"
        "'Properties':{'CertificateId':{'Ref':'c'}}}}}",
    };
    struct template *template;
    struct diag diag = DIAG_INIT;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_int_equal(parse(others[i], TEMPLATE_REGISTER, &template, &diag), 0);
        template_free(template);
        assert_int_equal(parse(others[i], TEMPLATE_FLEET, &template, &diag), ERR_INVALID);
        assert_non_null(strstr(diag.text, "c: CertificateId must be"));
        assert_int_equal(parse(others[i], TEMPLATE_JITP, &template, &diag), ERR_INVALID);
    }
    assert_int_equal(parse("{'Resources':{" CERT "}}", TEMPLATE_JITP, &template, &diag), 0);
    template_free(template);
}

/* ---- what expressions give ---- */

#define DECLARED                                                                          \
    "'Parameters':{'Serial':{'Type':'String'},'Site':{'Type':'String','Default':'home'}," \
    "'Index':{'Type':'String','Default':'1'}},"                                           \
    "'Mappings':{'Urls':{'home':{'url':'http://h'},'work':{'url':'http://w'}}}"

static const struct {
    const char *expr;
    const char *gives; /* NULL: fails */
    const char *says;
} expressions[] = {
    { "'text'", "text" },
    { "{'Ref':'Serial'}", "42-x" },
    { "{'Ref':'Site'}", "home" },
    { "{'Ref':'AWS::Region'}", "local" },
    { "{'Ref':'AWS::AccountId'}", "000000000000" },
    { "{'Ref':'AWS::IoT::Certificate::Id'}", "abcd" },
    { "{'Ref':'AWS::IoT::Certificate::CommonName'}", NULL,
      "'AWS::IoT::Certificate::CommonName' has no value" },
    { "{'Fn::Join':['-',['a',{'Ref':'Serial'},'']]}", "a-42-x-" },
    { "{'Fn::Join':['',[]]}", "" },
    { "{'Fn::Join':[{'Ref':'Site'},['a','b']]}", "ahomeb" },
    { "{'Fn::Join':['/',{'Fn::Split':['-',{'Ref':'Serial'}]}]}", "42/x" },
    { "{'Fn::Select':[0,['a','b']]}", "a" },
    { "{'Fn::Select':['1',['a','b']]}", "b" },
    { "{'Fn::Select':[{'Ref':'Index'},{'Fn::Split':['-',{'Ref':'Serial'}]}]}", "x" },
    { "{'Fn::Select':[2,['a','b']]}", NULL, "Fn::Select: the list of 2 has no such element" },
    { "{'Fn::Select':[-1,['a','b']]}", NULL, "no such element" },
    { "{'Fn::Select':['x',['a','b']]}", NULL, "no such element" },
    { "{'Fn::FindInMap':['Urls',{'Ref':'Site'},'url']}", "http://h" },
    { "{'Fn::FindInMap':['Urls','sea','url']}", NULL, "Fn::FindInMap: there is no 'sea'" },
    { "{'Fn::Sub':'s-${Serial}-${AWS::Region}'}", "s-42-x-local" },
    { "{'Fn::Sub':'${!iot:ClientId} $ {x} ${Serial'}", "${iot:ClientId} $ {x} ${Serial" },
    { "{'Fn::Sub':['${a}${Site}',{'a':{'Fn::Join':['',['x','y']]},'Site':'own'}]}", "xyown" },
    { "{'Fn::Join':['',{'Fn::Split':['','ab']}]}", "ab" },
    { "{'Fn::Join':['|',{'Fn::Split':['--','--a----b']}]}", "|a||b" },
};

static struct json *object_of(const char *text)
{
    char *body = quoted(text);
    struct json *object = NULL;
    assert_int_equal(json_parse(slice_str(body), NULL, &object, NULL), 0);
    free(body);
    return object;
}

static int evaluate(const char *body, enum template_use use, const char *params,
                    struct template_plan *ret_plan, struct diag *diag)
{
    struct template *template;
    struct json *given = object_of(params);
    struct json *system =
        object_of("{'AWS::Region':'local','AWS::AccountId':'000000000000'," CERT_REF ":'abcd'}");
    if (parse(body, use, &template, diag) < 0) fail_msg("%s: %s", body, diag->text);
    int rc = template_evaluate(template, given, system, ret_plan, diag);
    template_free(template);
    json_free(given);
    json_free(system);
    return rc;
}

static void functions_give_what_aws_says(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(expressions); i++) {
        struct template_plan plan;
        struct diag diag = DIAG_INIT;
        char *body =
            xasprintf("{" DECLARED ",'Resources':{" CERT "},'DeviceConfiguration':{'v':%s}}",
                      expressions[i].expr);
        int rc = evaluate(body, TEMPLATE_FLEET, "{'Serial':'42-x','Unknown':'u'}", &plan, &diag);
        free(body);
        const char *gave = rc == 0 ? json_get_str(plan.configuration, "v") : NULL;
        bool fine = expressions[i].gives
                        ? gave && strcmp(gave, expressions[i].gives) == 0
                        : rc == ERR_INVALID && strstr(diag.text, expressions[i].says);
        if (!fine) fail_msg("%s: %s, %s", expressions[i].expr, gave ? gave : "-", diag.text);
        if (rc == 0) template_plan_deinit(&plan);
    }
}

static void every_declared_parameter_needs_a_value(void **state)
{
    static const struct {
        const char *params;
        const char *says;
    } cases[] = {
        { "{}", "the parameter 'Serial' has no value" },
        { "{'Serial':7}", "the parameter 'Serial' must be a string" },
        { "{'Serial':'1','Site':null}", "the parameter 'Site' must be a string" },
    };
    const char *body = "{" DECLARED ",'Resources':{" CERT "}}";
    struct template_plan plan;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        assert_int_equal(evaluate(body, TEMPLATE_FLEET, cases[i].params, &plan, &diag),
                         ERR_INVALID);
        assert_string_equal(diag.text, cases[i].says);
    }
}

/* What the hub knows of a certificate, no request can say. */
static void nobody_says_what_is_the_hubs(void **state)
{
    const char *body = "{'Parameters':{" CERT_REF ":{'Type':'String'},"
                       "'AWS::IoT::Certificate::Country':{'Type':'String','Default':'DE'}},"
                       "'Resources':{" CERT "},'DeviceConfiguration':{'id':{'Ref':" CERT_REF
                       "},'c':{'Ref':'AWS::IoT::Certificate::Country'}}}";
    struct template_plan plan;
    struct diag diag = DIAG_INIT;
    assert_int_equal(evaluate(body, TEMPLATE_FLEET,
                              "{" CERT_REF ":'mine','AWS::IoT::Certificate::Country':'FR'}", &plan,
                              &diag),
                     0);
    assert_string_equal(json_get_str(plan.configuration, "id"), "abcd");
    assert_string_equal(json_get_str(plan.configuration, "c"), "DE");
    assert_string_equal(plan.cert.id, "abcd");
    template_plan_deinit(&plan);
}

static void a_whole_template_is_a_plan(void **state)
{
    static const char body[] =
        "{" DECLARED ",'Resources':{"
        "'t':{'Type':'aws::iot::thing','Properties':{'ThingName':{'Fn::Join':['',['T_',{'Ref':"
        "'Serial'}]]},'AttributePayload':{'serial':{'Ref':'Serial'},'v':'1'},'ThingTypeName':'Lamp'"
        ","
        "'ThingGroups':['g',{'Ref':'Site'}]},'OverrideSettings':{'AttributePayload':'MERGE',"
        "'THING_TYPE_NAME':'REPLACE','ThingGroups':'FAIL'}},"
        "'c':{'Type':'AWS::IoT::Certificate','Properties':{'CertificateId':{'Ref':" CERT_REF
        "},'Status':'Inactive'},'OverrideSettings':{'Status':'REPLACE'}},"
        "'p':{'Type':'AWS::IoT::Policy','Properties':{'PolicyName':'P'}},"
        "'q':{'Type':'AWS::IoT::Policy','Properties':{'PolicyDocument':{'Fn::Sub':'${Serial}'}}}},"
        "'DeviceConfiguration':{'u':{'Fn::FindInMap':['Urls',{'Ref':'Site'},'url']}}}";
    struct template_plan plan;
    struct diag diag = DIAG_INIT;
    if (evaluate(body, TEMPLATE_FLEET, "{'Serial':'7','Site':'work'}", &plan, &diag) < 0)
        fail_msg("%s", diag.text);
    assert_string_equal(plan.thing.resource, "t");
    assert_string_equal(plan.thing.name, "T_7");
    assert_string_equal(plan.thing.type, "Lamp");
    assert_string_equal(json_get_str(plan.thing.attributes, "serial"), "7");
    assert_int_equal(json_count(plan.thing.attributes), 2);
    assert_string_equal(json_str(json_at(plan.thing.groups, 1)), "work");
    assert_int_equal(plan.thing.on_attributes, TEMPLATE_MERGE);
    assert_int_equal(plan.thing.on_type, TEMPLATE_REPLACE);
    assert_int_equal(plan.thing.on_groups, TEMPLATE_FAIL);
    assert_string_equal(plan.cert.resource, "c");
    assert_false(plan.cert.active);
    assert_int_equal(plan.cert.on_status, TEMPLATE_REPLACE);
    assert_int_equal(plan.policy_count, 2);
    assert_string_equal(plan.policies[0].name, "P");
    assert_null(plan.policies[0].document);
    assert_string_equal(plan.policies[1].document, "7");
    assert_string_equal(json_get_str(plan.configuration, "u"), "http://w");
    template_plan_deinit(&plan);
}

static void what_a_template_makes_is_bounded(void **state)
{
    struct buf body = { 0 };
    struct template_plan plan;
    struct diag diag = DIAG_INIT;
    buf_puts(&body, "{'Parameters':{'x':{'Type':'String'}},'Resources':{" CERT
                    "},'DeviceConfiguration':{'v':{'Fn::Join':['',[{'Ref':'x'}");
    for (int i = 0; i < 500; i++)
        buf_puts(&body, ",{'Ref':'x'}");
    buf_puts(&body, "]]}}}");
    assert_int_equal(evaluate(buf_str(&body), TEMPLATE_FLEET, "{'x':'0123456789'}", &plan, &diag),
                     0);
    template_plan_deinit(&plan);
    char *params = xasprintf("{'x':'%0200d'}", 0);
    assert_int_equal(evaluate(buf_str(&body), TEMPLATE_FLEET, params, &plan, &diag), ERR_TOO_LARGE);
    assert_string_equal(diag.text, "DeviceConfiguration: the template gives more than 65536 bytes");
    free(params);
    buf_deinit(&body);
}

static void status_is_judged_when_it_is_known(void **state)
{
    const char *body = "{'Parameters':{'s':{'Type':'String'}},'Resources':{'c':{'Type':"
                       "'AWS::IoT::Certificate','Properties':{'CertificateId':'i','Status':"
                       "{'Ref':'s'}}}}}";
    struct template_plan plan;
    struct diag diag = DIAG_INIT;
    assert_int_equal(evaluate(body, TEMPLATE_REGISTER, "{'s':'active'}", &plan, &diag), 0);
    assert_true(plan.cert.active);
    template_plan_deinit(&plan);
    assert_int_equal(evaluate(body, TEMPLATE_REGISTER, "{'s':'REVOKED'}", &plan, &diag),
                     ERR_INVALID);
    assert_non_null(strstr(diag.text, "Resources.c.Status: 'REVOKED'"));
}

/* Whoever has a claim says what the parameters are: by them a document must not say more, or something else. */
static void a_device_does_not_write_its_policy(void **state)
{
    static const char *const values[] = { "*", "a?",        "${iot:ClientId}", "a+",
                                          "#", "x\\',\\'*", "a\\\\",           "a\\n" };
    static const char body[] =
        "{'Parameters':{'Serial':{'Type':'String'},'All':{'Type':'String','Default':'*'}},"
        "'Resources':{" CERT ",'p':{'Type':'AWS::IoT::Policy','Properties':{'PolicyDocument':"
        "{'Fn::Join':['/',['topic',{'Ref':'Serial'},{'Fn::Sub':'${All}'}]]}}}}}";
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct template_plan plan;
        struct diag diag = DIAG_INIT;
        char *params = xasprintf("{'Serial':'%s'}", values[i]);
        assert_int_equal(evaluate(body, TEMPLATE_FLEET, params, &plan, &diag), ERR_INVALID);
        assert_non_null(strstr(diag.text, "p.PolicyDocument: the parameter 'Serial'"));
        free(params);
    }
    struct template_plan plan;
    struct diag diag = DIAG_INIT;
    assert_int_equal(evaluate(body, TEMPLATE_FLEET, "{'Serial':'a b/7.,:-_'}", &plan, &diag), 0);
    assert_string_equal(plan.policies[0].document, "topic/a b/7.,:-_/*");
    template_plan_deinit(&plan);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_with_its_place),
        cmocka_unit_test(size_and_depth_are_bounded),
        cmocka_unit_test(fleet_and_jitp_have_their_own_certificate),
        cmocka_unit_test(functions_give_what_aws_says),
        cmocka_unit_test(every_declared_parameter_needs_a_value),
        cmocka_unit_test(nobody_says_what_is_the_hubs),
        cmocka_unit_test(a_whole_template_is_a_plan),
        cmocka_unit_test(what_a_template_makes_is_bounded),
        cmocka_unit_test(status_is_judged_when_it_is_known),
        cmocka_unit_test(a_device_does_not_write_its_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
