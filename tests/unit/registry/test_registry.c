/* Unit tests of the registry: things, types, rules, and the way of a call, over a real store. What AWS
 * answers is written out in steps; besides, each answer is held against the members that the service
 * model knows. */
#include "unit/registry/registry_fixture.h"

#include "base/err.h"
#include "base/mem.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "store/store.h"

/* ---- things ---- */

static void things_are_made_and_described(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateThing", "{'thingName':'a'}", 0,
          "{'thingName':'a','thingArn':'@arn@thing/a','thingId':'*'}", .keep = "id=thingId" },
        { "CreateThing", "{'thingName':'a'}", 0,
          "{'thingName':'a','thingArn':'@arn@thing/a','thingId':'@id@'}" },
        { "CreateThing", "{'thingName':'a','attributePayload':{'attributes':{},'merge':true}}", 0,
          "{'thingName':'a','thingArn':'@arn@thing/a','thingId':'@id@'}" },
        { "CreateThing", "{'thingName':'a','attributePayload':{'attributes':{'k':''}}}", 0,
          "{'thingName':'a','thingArn':'@arn@thing/a','thingId':'@id@'}" },
        { "CreateThing", "{'thingName':'a','attributePayload':{'attributes':{'k':'v'}}}",
          ERR_EXISTS, "{'resourceId':'@id@','resourceArn':'@arn@thing/a'}",
          "Thing a already exists" },
        { "DescribeThing", "{'thingName':'a'}", 0,
          "{'defaultClientId':'a','thingName':'a','thingArn':'@arn@thing/a','thingId':'@id@',"
          "'attributes':{},'version':1}" },
        { "DescribeThing", "{'thingName':'A'}", ERR_NOT_FOUND, "", "Thing A" },
        { "CreateThingType", "{'thingTypeName':'T'}", 0 },
        { "CreateThing",
          "{'thingName':'b:_-9','thingTypeName':'T','attributePayload':{'attributes':"
          "{'z':'2','a.b,c@/:#-_':'x=[y]'}}}",
          0 },
        { "CreateThing",
          "{'thingName':'b:_-9','thingTypeName':'T','attributePayload':{'attributes':"
          "{'a.b,c@/:#-_':'x=[y]','z':'2'}}}",
          0 },
        { "CreateThing",
          "{'thingName':'b:_-9','attributePayload':{'attributes':"
          "{'a.b,c@/:#-_':'x=[y]','z':'2'}}}",
          ERR_EXISTS },
        { "DescribeThing", "{'thingName':'b:_-9'}", 0,
          "{'defaultClientId':'b:_-9','thingName':'b:_-9','thingArn':'@arn@thing/b:_-9',"
          "'thingId':'*','thingTypeName':'T','attributes':{'a.b,c@/:#-_':'x=[y]','z':'2'},"
          "'version':1}" },
        { "CreateThing", "{'thingName':'c','thingTypeName':'None'}", ERR_NOT_FOUND, "", "None" },
        { "CreateThing", "{'thingName':'c','billingGroupName':'B'}", ERR_UNSUPPORTED, "",
          "billing" },
        { "DescribeThing", "{'thingName':'c'}", ERR_NOT_FOUND, "" },
        /* a thing that is made anew is another one */
        { "DeleteThing", "{'thingName':'a'}", 0, "" },
        { "DeleteThing", "{'thingName':'a'}", 0, "" },
        { "DeleteThing", "{'thingName':'a','expectedVersion':'7'}", 0, "" },
        { "CreateThing", "{'thingName':'a'}", 0, NULL, NULL, "id2=thingId" },
    };
    struct registry_fixture *f = *state;
    RUN_STEPS(f, steps);
    assert_string_not_equal(registry_fixture_get(f, "id"), registry_fixture_get(f, "id2"));
}

static void names_are_checked_in_words_of_aws(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateThing", "{}", ERR_INVALID, "",
          "1 validation error detected: Value null at 'thingName' failed to satisfy constraint: "
          "Member must not be null" },
        { "CreateThing", "{'thingName':null}", ERR_INVALID, "", "Value null at 'thingName'" },
        { "CreateThing", "{'thingName':7}", ERR_INVALID, "", "'thingName'" },
        { "CreateThing", "{'thingName':''}", ERR_INVALID, "",
          "1 validation error detected: Value '' at 'thingName' failed to satisfy constraint: "
          "Member must have length greater than or equal to 1" },
        { "CreateThing", "{'thingName':'a b'}", ERR_INVALID, "",
          "1 validation error detected: Value 'a b' at 'thingName' failed to satisfy constraint: "
          "Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+" },
        { "DescribeThing", "{'thingName':'a/b'}", ERR_INVALID, "", "[a-zA-Z0-9:_-]+" },
        { "UpdateThing", "{'thingName':'a+'}", ERR_INVALID, "", "[a-zA-Z0-9:_-]+" },
        { "DeleteThing", "{'thingName':'#'}", ERR_INVALID, "", "[a-zA-Z0-9:_-]+" },
        { "CreateThing", "{'thingName':'\\u00e9'}", ERR_INVALID, "", "[a-zA-Z0-9:_-]+" },
        { "CreateThing", "{'thingName':'@n129@'}", ERR_INVALID, "",
          "Member must have length less than or equal to 128" },
        { "CreateThing", "{'thingName':'@n128@'}", 0 },
        { "CreateThingType", "{'thingTypeName':'a.b'}", ERR_INVALID, "", "[a-zA-Z0-9:_-]+" },
        { "CreatePolicy", "{'policyName':'a/b','policyDocument':'{}'}", ERR_INVALID, "",
          "1 validation error detected: Value 'a/b' at 'policyName' failed to satisfy constraint: "
          "Member must satisfy regular expression pattern: [\\w+=,.@-]+" },
        { "GetTopicRule", "{'ruleName':'x-y'}", ERR_INVALID, "",
          "1 validation error detected: Value 'x-y' at 'ruleName' failed to satisfy constraint: "
          "Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]+$" },
        { "DescribeCertificate", "{'certificateId':'ab'}", ERR_INVALID, "",
          "Member must have length greater than or equal to 64" },
        { "DescribeCertificate", "{'certificateId':'@n64@'}", ERR_INVALID, "",
          "Member must satisfy regular expression pattern: (0x)?[a-fA-F0-9]+" },
        { "GetPolicyVersion", "{'policyName':'P','policyVersionId':'x'}", ERR_INVALID, "",
          "[0-9]+" },
        { "DeleteUser", "{'userName':'a b'}", ERR_INVALID, "", "'userName'" },
    };
    struct registry_fixture *f = *state;
    char name[130];
    memset(name, 'n', sizeof name);
    name[129] = '\0';
    registry_fixture_set(f, "n129", xstrdup(name));
    registry_fixture_set(f, "n128", xstrdup(name + 1));
    registry_fixture_set(f, "n64", xstrdup(name + 65));
    RUN_STEPS(f, steps);
}

static void attributes_merge_and_have_limits(void **state)
{
#define ATTRS(text) "'attributePayload':{" text "}"
    static const struct registry_step steps[] = {
        { "CreateThing", "{'thingName':'a'," ATTRS("'attributes':{'x':'1','y':'2'}") "}", 0 },
        { "UpdateThing", "{'thingName':'a'}", 0, "" }, /* attributes untouched */
        { "DescribeThing", "{'thingName':'a'}", 0,
          "{'defaultClientId':'a','thingName':'a','thingArn':'*','thingId':'*',"
          "'attributes':{'x':'1','y':'2'},'version':2}" },
        { "UpdateThing",
          "{'thingName':'a'," ATTRS("'attributes':{'y':'3','z':'4'},'merge':true") "}", 0, "" },
        { "DescribeThing", "{'thingName':'a'}", 0,
          "{'defaultClientId':'a','thingName':'a','thingArn':'*','thingId':'*',"
          "'attributes':{'x':'1','y':'3','z':'4'},'version':3}" },
        { "UpdateThing", "{'thingName':'a'," ATTRS("'attributes':{'x':''},'merge':true") "}", 0,
          "" },
        { "UpdateThing", "{'thingName':'a'," ATTRS("'attributes':{'q':'5','w':''}") "}", 0, "" },
        { "DescribeThing", "{'thingName':'a'}", 0,
          "{'defaultClientId':'a','thingName':'a','thingArn':'*','thingId':'*',"
          "'attributes':{'q':'5'},'version':5}" },
        { "UpdateThing", "{'thingName':'a'," ATTRS("'attributes':{},'merge':false") "}", 0, "" },
        { "DescribeThing", "{'thingName':'a'}", 0,
          "{'defaultClientId':'a','thingName':'a','thingArn':'*','thingId':'*','attributes':{},"
          "'version':6}" },
        /* three without a type, fifty with one */
        { "UpdateThing",
          "{'thingName':'a'," ATTRS("'attributes':{'a':'1','b':'1','c':'1','d':'1'}") "}",
          ERR_INVALID, "", "attributes" },
        { "UpdateThing", "{'thingName':'a'," ATTRS("'attributes':{'a':'1','b':'1','c':'1'}") "}",
          0 },
        { "UpdateThing", "{'thingName':'a'," ATTRS("'attributes':{'d':'1'},'merge':true") "}",
          ERR_INVALID },
        { "CreateThingType", "{'thingTypeName':'T'}", 0 },
        { "UpdateThing",
          "{'thingName':'a','thingTypeName':'T'," ATTRS("'attributes':{'d':'1'},'merge':true") "}",
          0 },
        { "UpdateThing", "{'thingName':'a','removeThingType':true}", ERR_INVALID },
        { "UpdateThing", "{'thingName':'a'," ATTRS("'attributes':{@fifty@}") "}", 0 },
        { "UpdateThing", "{'thingName':'a'," ATTRS("'attributes':{'d':'1'},'merge':true") "}",
          ERR_INVALID },
        { "UpdateThing", "{'thingName':'a'," ATTRS("'attributes':{}") ",'removeThingType':true}",
          0 },
        { "DescribeThing", "{'thingName':'a'}", 0,
          "{'defaultClientId':'a','thingName':'a','thingArn':'*','thingId':'*','attributes':{},"
          "'version':10}" },
        { "UpdateThing", "{'thingName':'a','thingTypeName':'T','removeThingType':true}",
          ERR_INVALID },
        /* of the right kind */
        { "CreateThing", "{'thingName':'b'," ATTRS("'attributes':{'a b':'1'}") "}", ERR_INVALID, "",
          "Map keys must satisfy constraint: [Member must have length less than or equal to 128, "
          "Member must have length greater than or equal to 0, Member must satisfy regular "
          "expression pattern: [a-zA-Z0-9_.,@/:#-]+]" },
        { "CreateThing", "{'thingName':'b'," ATTRS("'attributes':{'':'1'}") "}", ERR_INVALID, "",
          "Map keys" },
        { "CreateThing", "{'thingName':'b'," ATTRS("'attributes':{'@n129@':'1'}") "}", ERR_INVALID,
          "", "Map keys" },
        { "CreateThing", "{'thingName':'b'," ATTRS("'attributes':{'a':'x y'}") "}", ERR_INVALID, "",
          "Map value must satisfy constraint: [Member must have length less than or equal to 800" },
        { "CreateThing", "{'thingName':'b'," ATTRS("'attributes':{'a':'@n801@'}") "}",
          ERR_INVALID },
        { "CreateThing", "{'thingName':'b'," ATTRS("'attributes':{'a':7}") "}", ERR_INVALID },
        { "CreateThing", "{'thingName':'b'," ATTRS("'attributes':{'a':null}") "}", ERR_INVALID },
        { "CreateThing", "{'thingName':'b'," ATTRS("'attributes':[]") "}", ERR_INVALID },
        { "CreateThing", "{'thingName':'b','attributePayload':'x'}", ERR_INVALID },
        { "CreateThing", "{'thingName':'b','attributePayload':null}", 0 },
        { "UpdateThing", "{'thingName':'b'," ATTRS("'attributes':null") "}", 0 },
    };
    struct registry_fixture *f = *state;
    struct buf text = { 0 };
    for (int i = 0; i < 50; i++)
        buf_printf(&text, "%s\"k%d\":\"%d\"", i ? "," : "", i, i);
    registry_fixture_set(f, "fifty", buf_take(&text, NULL));
    char name[802];
    memset(name, 'n', sizeof name);
    name[801] = '\0';
    registry_fixture_set(f, "n801", xstrdup(name));
    name[129] = '\0';
    registry_fixture_set(f, "n129", xstrdup(name));
    RUN_STEPS(f, steps);
}

static void versions_are_expected(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateThing", "{'thingName':'a'}", 0 },
        { "UpdateThing", "{'thingName':'a','expectedVersion':2}", ERR_CONFLICT, "", "version" },
        { "UpdateThing", "{'thingName':'a','expectedVersion':0}", ERR_CONFLICT, "" },
        { "UpdateThing", "{'thingName':'a','expectedVersion':1}", 0, "" },
        { "UpdateThing", "{'thingName':'a','expectedVersion':1}", ERR_CONFLICT, "" },
        { "UpdateThing", "{'thingName':'a','expectedVersion':'x'}", ERR_INVALID, "" },
        { "UpdateThing", "{'thingName':'a','expectedVersion':1.5}", ERR_INVALID, "" },
        { "UpdateThing", "{'thingName':'a','expectedVersion':-1}", ERR_INVALID, "" },
        { "UpdateThing", "{'thingName':'a','expectedVersion':99999999999999999999}", ERR_INVALID,
          "" },
        { "UpdateThing", "{'thingName':'nobody','expectedVersion':1}", ERR_NOT_FOUND, "" },
        { "DeleteThing", "{'thingName':'a','expectedVersion':'1'}", ERR_CONFLICT, "" },
        { "DeleteThing", "{'thingName':'a','expectedVersion':'2'}", 0, "" },
    };
    RUN_STEPS(*state, steps);
}

static void things_are_listed(void **state)
{
    struct registry_fixture *f = *state;
    static const struct registry_step make[] = {
        { "CreateThingType", "{'thingTypeName':'T'}", 0 },
        { "CreateThing", "{'thingName':'e','attributePayload':{'attributes':{'c':'red'}}}", 0 },
        { "CreateThing", "{'thingName':'d','thingTypeName':'T'}", 0 },
        { "CreateThing",
          "{'thingName':'c','thingTypeName':'T','attributePayload':{'attributes':{'c':'reddish'}}}",
          0 },
        { "CreateThing", "{'thingName':'b','attributePayload':{'attributes':{'c':'blue'}}}", 0 },
        { "CreateThing", "{'thingName':'A'}", 0 },
    };
    static const struct {
        const char *filter;
        const char *want;
    } cases[] = {
        { "", "A b c d e" },
        { "'thingTypeName':'T'", "c d" },
        { "'thingTypeName':'U'", "" },
        { "'attributeName':'c'", "b c e" },
        { "'attributeName':'c','attributeValue':'red'", "e" },
        { "'attributeName':'c','attributeValue':'red','usePrefixAttributeValue':'true'", "c e" },
        { "'attributeName':'c','attributeValue':'red','usePrefixAttributeValue':true,"
          "'thingTypeName':'T'",
          "c" },
        { "'attributeName':'c','attributeValue':'RED'", "" },
        { "'attributeName':'c','attributeValue':'%'", "" },
        { "'attributeName':'x'", "" },
    };
    RUN_STEPS(f, make);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int size = 1; size <= 6; size++)
            registry_fixture_pages(f, "ListThings", cases[i].filter, size, "things", "thingName",
                                   false, cases[i].want);
    static const struct registry_step steps[] = {
        { "ListThings", "{'thingTypeName':'T','maxResults':1}", 0,
          "{'things':[{'thingName':'c','thingTypeName':'T','thingArn':'@arn@thing/c',"
          "'attributes':{'c':'reddish'},'version':1}],'nextToken':'*'}",
          NULL, "token=nextToken" },
        { "DeleteThing", "{'thingName':'c'}", 0 }, /* a token outlives what it points at */
        { "ListThings", "{'thingTypeName':'T','nextToken':'@token@'}", 0,
          "{'things':[{'thingName':'d','thingTypeName':'T','thingArn':'*','attributes':{},"
          "'version':1}]}" },
        { "ListThings", "{'attributeValue':'x'}", ERR_INVALID, "" },
        { "ListThings", "{'nextToken':'x'}", ERR_INVALID, "", "nextToken" },
        { "ListThings", "{'nextToken':''}", ERR_INVALID, "" },
        { "ListThings", "{'nextToken':'MgA='}", ERR_INVALID, "" },
        { "ListThings", "{'nextToken':'MWEAYg=='}", ERR_INVALID, "" }, /* "1a\0b" */
        { "ListThings", "{'nextToken':'Mf8='}", ERR_INVALID, "" },     /* no UTF-8 */
        { "ListThings", "{'maxResults':'0'}", ERR_INVALID, "",
          "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: "
          "Member must have value greater than or equal to 1" },
        { "ListThings", "{'maxResults':'251'}", ERR_INVALID, "", "less than or equal to 250" },
        { "ListThings", "{'maxResults':'ten'}", ERR_INVALID, "", "must be an integer" },
    };
    RUN_STEPS(f, steps);
}

/* ---- principals ---- */

static void principals_are_attached(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_register(f, "c1", "INACTIVE", 0);
    registry_fixture_register(f, "c2", "ACTIVE", 0);
    static const struct registry_step steps[] = {
        { "CreateThing", "{'thingName':'a'}", 0 },
        { "CreateThing", "{'thingName':'b'}", 0 },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'@c1_arn@'}", 0, "" },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'@c1_arn@'}", 0, "" },
        { "AttachThingPrincipal", "{'thingName':'b','principal':'@c1_arn@'}", 0, "" },
        { "ListThingPrincipals", "{'thingName':'a'}", 0, "{'principals':['@c1_arn@']}" },
        { "ListPrincipalThings", "{'principal':'@c1_arn@'}", 0, "{'things':['a','b']}" },
        { "ListPrincipalThings", "{'principal':'@c2_arn@'}", 0, "{'things':[]}" },
        { "AttachThingPrincipal", "{'thingName':'x','principal':'@c1_arn@'}", ERR_NOT_FOUND, "",
          "Thing x" },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'@arn@cert/00'}", ERR_NOT_FOUND,
          "" },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'x'}", ERR_INVALID, "" },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'@arn@cert/'}", ERR_INVALID, "" },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'@arn@certificate/00'}",
          ERR_INVALID },
        { "AttachThingPrincipal", "{'thingName':'a'}", ERR_INVALID, "" },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'arn:aws:iot:x:y:cert/@c1@'}",
          ERR_INVALID, "" },
        { "ListThingPrincipals", "{'thingName':'x'}", ERR_NOT_FOUND, "",
          "Failed to list principals for thing x because the thing does not exist in your "
          "account" },
        { "ListPrincipalThings", "{'principal':'@arn@cert/00'}", ERR_NOT_FOUND, "" },
        { "DeleteThing", "{'thingName':'a'}", ERR_INVALID, "",
          "Cannot delete. Thing a is still attached to one or more principals" },
        { "DescribeThing", "{'thingName':'a'}", 0 },
        /* exclusively */
        { "AttachThingPrincipal",
          "{'thingName':'a','principal':'@c1_arn@','thingPrincipalType':'EXCLUSIVE_THING'}",
          ERR_INVALID, "", "another thing" },
        { "DetachThingPrincipal", "{'thingName':'b','principal':'@c1_arn@'}", 0, "" },
        { "DetachThingPrincipal", "{'thingName':'b','principal':'@c1_arn@'}", 0, "" },
        { "AttachThingPrincipal",
          "{'thingName':'a','principal':'@c1_arn@','thingPrincipalType':'EXCLUSIVE_THING'}", 0,
          "" },
        { "AttachThingPrincipal", "{'thingName':'b','principal':'@c1_arn@'}", ERR_INVALID, "" },
        { "AttachThingPrincipal",
          "{'thingName':'a','principal':'@c1_arn@','thingPrincipalType':'NON_EXCLUSIVE_THING'}",
          0 },
        { "AttachThingPrincipal", "{'thingName':'b','principal':'@c1_arn@'}", 0, "" },
        { "AttachThingPrincipal",
          "{'thingName':'a','principal':'@c1_arn@','thingPrincipalType':'ONCE'}", ERR_INVALID, "",
          "Value 'ONCE' at 'thingPrincipalType' failed to satisfy constraint: Member must satisfy "
          "enum value set: [EXCLUSIVE_THING, NON_EXCLUSIVE_THING]" },
        { "DetachThingPrincipal", "{'thingName':'x','principal':'@c1_arn@'}", ERR_NOT_FOUND, "" },
        { "DetachThingPrincipal", "{'thingName':'a','principal':'@c1_arn@'}", 0, "" },
        { "DeleteThing", "{'thingName':'a'}", 0, "" },
        { "ListPrincipalThings", "{'principal':'@c1_arn@'}", 0, "{'things':['b']}" },
    };
    RUN_STEPS(f, steps);
    for (int i = 0; i < 5; i++) {
        char params[128];
        snprintf(params, sizeof params, "{'thingName':'m%d'}", i);
        registry_fixture_do(f, "CreateThing", params);
        snprintf(params, sizeof params, "{'thingName':'m%d','principal':'@c2_arn@'}", i);
        registry_fixture_do(f, "AttachThingPrincipal", params);
    }
    for (int size = 1; size <= 6; size++)
        registry_fixture_pages(f, "ListPrincipalThings", "'principal':'@c2_arn@'", size, "things",
                               NULL, false, "m0 m1 m2 m3 m4");
    registry_fixture_do(f, "AttachThingPrincipal", "{'thingName':'m0','principal':'@c1_arn@'}");
    for (int size = 1; size <= 3; size++) {
        bool first = strcmp(registry_fixture_get(f, "c1"), registry_fixture_get(f, "c2")) < 0;
        registry_fixture_pages(f, "ListThingPrincipals", "'thingName':'m0'", size, "principals",
                               NULL, false, first ? "@c1_arn@ @c2_arn@" : "@c2_arn@ @c1_arn@");
    }
}

/* ---- thing types ---- */

static void types_are_made_deprecated_and_deleted(void **state)
{
#define PROPERTIES(text) "'thingTypeProperties':{" text "}"
    static const struct registry_step steps[] = {
        { "CreateThingType", "{'thingTypeName':'T'}", 0,
          "{'thingTypeName':'T','thingTypeArn':'@arn@thingtype/T','thingTypeId':'*'}", NULL,
          "id=thingTypeId" },
        { "CreateThingType",
          "{'thingTypeName':'T'," PROPERTIES("'thingTypeDescription':'','searchableAttributes':[],"
                                             "'mqtt5Configuration':null") "}",
          0, "{'thingTypeName':'T','thingTypeArn':'@arn@thingtype/T','thingTypeId':'@id@'}" },
        { "CreateThingType", "{'thingTypeName':'T'," PROPERTIES("'thingTypeDescription':'x'") "}",
          ERR_EXISTS, "{'resourceId':'@id@','resourceArn':'@arn@thingtype/T'}", "ThingType T" },
        { "CreateThingType",
          "{'thingTypeName':'U'," PROPERTIES("'thingTypeDescription':'lamps',"
                                             "'searchableAttributes':['b','a','b']") "}",
          0 },
        { "CreateThingType",
          "{'thingTypeName':'U'," PROPERTIES("'thingTypeDescription':'lamps',"
                                             "'searchableAttributes':['a','b']") "}",
          0 },
        { "CreateThingType",
          "{'thingTypeName':'U'," PROPERTIES("'thingTypeDescription':'lamps',"
                                             "'searchableAttributes':['a']") "}",
          ERR_EXISTS },
        { "CreateThingType",
          "{'thingTypeName':'V'," PROPERTIES("'searchableAttributes':['a','b','c','d']") "}",
          ERR_INVALID },
        { "CreateThingType", "{'thingTypeName':'V'," PROPERTIES("'searchableAttributes':[1]") "}",
          ERR_INVALID },
        { "CreateThingType",
          "{'thingTypeName':'V'," PROPERTIES("'searchableAttributes':['a b']") "}", ERR_INVALID },
        { "CreateThingType",
          "{'thingTypeName':'V'," PROPERTIES("'thingTypeDescription':'@n2029@'") "}", ERR_INVALID },
        { "CreateThingType",
          "{'thingTypeName':'V'," PROPERTIES(
              "'mqtt5Configuration':{'propagatingAttributes':[]}") "}",
          ERR_UNSUPPORTED },
        { "DescribeThingType", "{'thingTypeName':'V'}", ERR_NOT_FOUND, "" },
        { "DescribeThingType", "{'thingTypeName':'U'}", 0,
          "{'thingTypeName':'U','thingTypeId':'*','thingTypeArn':'@arn@thingtype/U',"
          "'thingTypeProperties':{'thingTypeDescription':'lamps','searchableAttributes':['a','b']},"
          "'thingTypeMetadata':{'deprecated':false,'creationDate':1767323045}}" },
        { "ListThingTypes", "{'thingTypeName':'T'}", 0,
          "{'thingTypes':[{'thingTypeName':'T','thingTypeArn':'@arn@thingtype/T',"
          "'thingTypeProperties':{'searchableAttributes':[]},"
          "'thingTypeMetadata':{'deprecated':false,'creationDate':'#'}}]}" },
        { "CreateThing", "{'thingName':'a','thingTypeName':'T'}", 0 },
        { "CreateThing", "{'thingName':'b'}", 0 },
        { "DeleteThingType", "{'thingTypeName':'T'}", ERR_INVALID, "", "deprecated" },
        { "DeprecateThingType", "{'thingTypeName':'T'}", 0, "" },
        { "DescribeThingType", "{'thingTypeName':'T'}", 0,
          "{'thingTypeName':'T','thingTypeId':'@id@','thingTypeArn':'*',"
          "'thingTypeProperties':{'searchableAttributes':[]},"
          "'thingTypeMetadata':{'deprecated':true,'deprecationDate':'#','creationDate':'#'}}" },
        { "CreateThing", "{'thingName':'c','thingTypeName':'T'}", ERR_INVALID, "", "T" },
        { "UpdateThing", "{'thingName':'b','thingTypeName':'T'}", ERR_INVALID, "", "T" },
        { "UpdateThing", "{'thingName':'a','thingTypeName':'T'}", 0, "" }, /* keeps it */
        { "CreateThing", "{'thingName':'a','thingTypeName':'T'}", 0 },
        { "DeprecateThingType", "{'thingTypeName':'T','undoDeprecate':true}", 0, "" },
        { "CreateThing", "{'thingName':'c','thingTypeName':'T'}", 0 },
        { "DeprecateThingType", "{'thingTypeName':'T'}", 0, "" },
        { "DeleteThingType", "{'thingTypeName':'T'}", ERR_INVALID, "" },
        { "UpdateThing", "{'thingName':'a','removeThingType':true}", 0, "" },
        { "DeleteThing", "{'thingName':'c'}", 0, "" },
        { "DeleteThingType", "{'thingTypeName':'T'}", 0, "" },
        { "DeleteThingType", "{'thingTypeName':'T'}", ERR_NOT_FOUND, "" },
        { "DeprecateThingType", "{'thingTypeName':'T'}", ERR_NOT_FOUND, "" },
        { "ListThingTypes", "{'thingTypeName':'T'}", 0, "{'thingTypes':[]}" },
        { "UpdateThing", "{'thingName':'a','thingTypeName':'T'}", ERR_NOT_FOUND, "" },
    };
    struct registry_fixture *f = *state;
    char text[2030];
    memset(text, 'n', sizeof text);
    text[2029] = '\0';
    registry_fixture_set(f, "n2029", xstrdup(text));
    RUN_STEPS(f, steps);
    registry_fixture_do(f, "CreateThingType", "{'thingTypeName':'B'}");
    registry_fixture_do(f, "CreateThingType", "{'thingTypeName':'a'}");
    for (int size = 1; size <= 4; size++)
        registry_fixture_pages(f, "ListThingTypes", "", size, "thingTypes", "thingTypeName", false,
                               "B U a");
}

/* ---- rules ---- */

#define PAYLOAD(sql, more) \
    "'topicRulePayload':{'sql':'" sql "','actions':[{'republish':{}}]" more "}"

static void rules_are_kept(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateTopicRule", "{'ruleName':'r1'," PAYLOAD("SELECT * FROM \\'a/+\\'", "") "}", 0,
          "" },
        { "CreateTopicRule", "{'ruleName':'r1'," PAYLOAD("SELECT * FROM \\'a/+\\'", "") "}",
          ERR_EXISTS, "{'resourceId':'r1','resourceArn':'@arn@rule/r1'}" },
        { "CreateTopicRule", "{'ruleName':'r2'}", ERR_INVALID, "", "'topicRulePayload'" },
        { "CreateTopicRule", "{'ruleName':'r2','topicRulePayload':[]}", ERR_INVALID, "" },
        { "CreateTopicRule",
          "{'ruleName':'r2'," PAYLOAD("SELECT * FROM \\'b/#\\'",
                                      ",'ruleDisabled':true,"
                                      "'awsIotSqlVersion':'2016-03-23','description':'d'") "}",
          0, "" },
        { "GetTopicRule", "{'ruleName':'r2'}", 0,
          "{'ruleArn':'@arn@rule/r2','rule':{'ruleName':'r2','sql':'SELECT * FROM \\'b/#\\'',"
          "'actions':[{'republish':{}}],'ruleDisabled':true,'awsIotSqlVersion':'2016-03-23',"
          "'description':'d','createdAt':1767323045}}" },
        { "GetTopicRule", "{'ruleName':'r3'}", ERR_AUTH, "",
          "Access to topic rule 'r3' was denied" },
        { "CreateTopicRule", "{'ruleName':'r3'," PAYLOAD("SELECT 1 AS x", "") "}", 0, "" },
        { "CreateTopicRule", "{'ruleName':'r4'," PAYLOAD("SELECT * FROM \\'a/#\\'", "") "}", 0,
          "" },
        { "ListTopicRules", "{}", 0,
          "{'rules':[{'ruleArn':'@arn@rule/r1','ruleName':'r1','topicPattern':'a/+',"
          "'createdAt':'#','ruleDisabled':false},"
          "{'ruleArn':'*','ruleName':'r2','topicPattern':'b/"
          "#','createdAt':'#','ruleDisabled':true},"
          "{'ruleArn':'*','ruleName':'r3','createdAt':'#','ruleDisabled':false},"
          "{'ruleArn':'*','ruleName':'r4','topicPattern':'a/#','createdAt':'#',"
          "'ruleDisabled':false}]}" },
        { "ListTopicRules", "{'ruleDisabled':'true'}", 0,
          "{'rules':[{'ruleArn':'*','ruleName':'r2','topicPattern':'b/#','createdAt':'#',"
          "'ruleDisabled':true}]}" },
        { "EnableTopicRule", "{'ruleName':'r2'}", 0, "" },
        { "DisableTopicRule", "{'ruleName':'r1'}", 0, "" },
        { "DisableTopicRule", "{'ruleName':'r1'}", 0, "" },
        { "EnableTopicRule", "{'ruleName':'none'}", ERR_AUTH, "" },
        { "DisableTopicRule", "{'ruleName':'none'}", ERR_AUTH, "" },
        { "ReplaceTopicRule", "{'ruleName':'none'," PAYLOAD("SELECT 1", "") "}", ERR_AUTH, "" },
        { "ReplaceTopicRule", "{'ruleName':'r1'}", ERR_INVALID, "" },
        { "ReplaceTopicRule", "{'ruleName':'r1'," PAYLOAD("SELECT 2 FROM \\'z\\'", "") "}", 0, "" },
        { "GetTopicRule", "{'ruleName':'r1'}", 0,
          "{'ruleArn':'*','rule':{'ruleName':'r1','sql':'SELECT 2 FROM \\'z\\'',"
          "'actions':[{'republish':{}}],'ruleDisabled':false,'createdAt':'#'}}" },
    };
    struct registry_fixture *f = *state;
    RUN_STEPS(f, steps);
    for (int size = 1; size <= 5; size++) {
        registry_fixture_pages(f, "ListTopicRules", "", size, "rules", "ruleName", false,
                               "r1 r2 r3 r4");
        registry_fixture_pages(f, "ListTopicRules", "'ruleDisabled':'false'", size, "rules",
                               "ruleName", false, "r1 r2 r3 r4");
        registry_fixture_pages(f, "ListTopicRules", "'topic':'a/b'", size, "rules", "ruleName",
                               false, "r4");
        registry_fixture_pages(f, "ListTopicRules", "'topic':'a/#'", size, "rules", "ruleName",
                               false, "r4");
        registry_fixture_pages(f, "ListTopicRules", "'topic':'b'", size, "rules", "ruleName", false,
                               "r2");
        registry_fixture_pages(f, "ListTopicRules", "'topic':'q'", size, "rules", "ruleName", false,
                               "");
    }
    static const struct registry_step end[] = {
        { "ListTopicRules", "{'maxResults':'10001'}", ERR_INVALID, "" },
        { "DeleteTopicRule", "{'ruleName':'r1'}", 0, "" },
        { "DeleteTopicRule", "{'ruleName':'r1'}", 0, "" },
        { "GetTopicRule", "{'ruleName':'r1'}", ERR_AUTH, "" },
    };
    RUN_STEPS(f, end);
}

static void note_rule(void *arg, const char *name, const char *payload, bool disabled,
                      int64_t created_at)
{
    buf_printf(arg, "%s%s ", name, disabled ? "(off)" : "");
    assert_non_null(strstr(payload, "\"sql\""));
    assert_true(created_at > 0);
}

static void a_large_rule_is_read_again(void **state)
{
    struct registry_fixture *f = *state;
    struct buf payload = { 0 };
    for (int i = 0; i < 20000; i++)
        buf_printf(&payload, "%s{\"kk\":%d}", i ? "," : "", i);
    registry_fixture_set(f, "actions", buf_take(&payload, NULL));
    registry_fixture_do(
        f, "CreateTopicRule",
        "{'ruleName':'big','topicRulePayload':{'sql':'SELECT 1','ruleDisabled':true,"
        "'actions':[@actions@]}}");
    registry_fixture_do(f, "GetTopicRule", "{'ruleName':'big'}");
    assert_int_equal(json_count(json_get(json_get(f->result, "rule"), "actions")), 20000);
    registry_fixture_do(f, "CreateTopicRule",
                        "{'ruleName':'a','topicRulePayload':{'sql':'SELECT 1','actions':[]}}");
    struct buf names = { 0 };
    assert_int_equal(registry_each_rule(f->registry, note_rule, &names, NULL), 0);
    assert_string_equal(buf_str(&names), "a big(off) ");
    buf_deinit(&names);
}

/* ---- changes, restarts, the way of a call ---- */

static void changes_are_told(void **state)
{
    static const struct {
        const char *op, *params;
        const char *changes;
    } cases[] = {
        { "CreateThing", "{'thingName':'a'}", "thing:a" },
        { "CreateThing", "{'thingName':'a'}", "" },
        { "DescribeThing", "{'thingName':'a'}", "" },
        { "CreateThing", "{'thingName':'a','attributePayload':{'attributes':{'x':'y'}}}", "" },
        { "UpdateThing", "{'thingName':'a'}", "thing:a" },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'@c_arn@'}", "principal:cert:@c@" },
        { "UpdateThing", "{'thingName':'a'}", "principal:cert:@c@ thing:a" },
        { "DeleteThing", "{'thingName':'a'}", "" },
        { "CreatePolicy", "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}",
          "policy:P" },
        { "AttachPolicy", "{'policyName':'P','target':'@c_arn@'}", "principal:cert:@c@" },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL "'}", "" },
        { "SetDefaultPolicyVersion", "{'policyName':'P','policyVersionId':'2'}",
          "principal:cert:@c@ policy:P" },
        { "CreatePolicyVersion",
          "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL "','setAsDefault':true}",
          "principal:cert:@c@ policy:P" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'1'}", "" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'2'}", "" },
        { "DetachPolicy", "{'policyName':'P','target':'@c_arn@'}", "principal:cert:@c@" },
        { "DetachPolicy", "{'policyName':'P','target':'@c_arn@'}", "" },
        { "DeletePolicy", "{'policyName':'P'}", "policy:P" },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'INACTIVE'}",
          "principal:cert:@c@" },
        { "DetachThingPrincipal", "{'thingName':'a','principal':'@c_arn@'}", "principal:cert:@c@" },
        { "DeleteThing", "{'thingName':'a'}", "thing:a" },
        { "DeleteThing", "{'thingName':'a'}", "" },
        { "DeleteCertificate", "{'certificateId':'@c@'}", "principal:cert:@c@" },
        { "PutUser", "{'userName':'u','password':'p'}", "principal:user:u" },
        { "DeleteUser", "{'userName':'u'}", "principal:user:u" },
        { "CreateTopicRule", "{'ruleName':'r'," PAYLOAD("SELECT 1", "") "}", "rule:r" },
        { "ReplaceTopicRule", "{'ruleName':'r'," PAYLOAD("SELECT 2", "") "}", "rule:r" },
        { "EnableTopicRule", "{'ruleName':'r'}", "rule:r" },
        { "DisableTopicRule", "{'ruleName':'r'}", "rule:r" },
        { "DeleteTopicRule", "{'ruleName':'r'}", "rule:r" },
        { "DeleteTopicRule", "{'ruleName':'r'}", "" },
    };
    struct registry_fixture *f = *state;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        registry_fixture_call(f, cases[i].op, cases[i].params);
        char *want = registry_fixture_expand(f, cases[i].changes);
        if (strcmp(buf_str(&f->changes), want) != 0)
            fail_msg("%s %s told '%s'", cases[i].op, cases[i].params, buf_str(&f->changes));
        free(want);
    }
}

static void a_restart_keeps_all(void **state)
{
    static const struct registry_step before[] = {
        { "CreateThingType",
          "{'thingTypeName':'T','thingTypeProperties':{'thingTypeDescription':'d'}}", 0 },
        { "CreateThing",
          "{'thingName':'a','thingTypeName':'T','attributePayload':{'attributes':{'x':'y'}}}", 0,
          NULL, NULL, "id=thingId" },
        { "UpdateThing", "{'thingName':'a'}", 0 },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'@c_arn@'}", 0 },
        { "CreatePolicy", "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}", 0 },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL "'}", 0 },
        { "AttachPolicy", "{'policyName':'P','target':'@c_arn@'}", 0 },
        { "CreateAccessKey", "{'name':'k'}", 0, NULL, NULL, "key=accessKeyId" },
        { "CreateTopicRule", "{'ruleName':'r'," PAYLOAD("SELECT 1", "") "}", 0 },
    };
    static const struct registry_step after[] = {
        { "DescribeThing", "{'thingName':'a'}", 0,
          "{'defaultClientId':'a','thingName':'a','thingArn':'*','thingId':'@id@',"
          "'thingTypeName':'T','attributes':{'x':'y'},'version':2}" },
        { "ListThingPrincipals", "{'thingName':'a'}", 0, "{'principals':['@c_arn@']}" },
        { "ListAttachedPolicies", "{'target':'@c_arn@'}", 0,
          "{'policies':[{'policyName':'P','policyArn':'*'}]}" },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL "'}", 0,
          "{'policyArn':'*','policyDocument':'*','policyVersionId':'3','isDefaultVersion':false}" },
        { "ListAccessKeys", "{}", 0,
          "{'accessKeys':[{'accessKeyId':'@key@','name':'k','arn':'*','admin':false,"
          "'status':'ACTIVE','creationDate':'#'}]}" },
        { "GetTopicRule", "{'ruleName':'r'}", 0 },
        { "ListPolicies", "{'ascendingOrder':true,'pageSize':3}", 0 },
    };
    struct registry_fixture *f = *state;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    RUN_STEPS(f, before);
    registry_fixture_restart(f);
    RUN_STEPS(f, after);
}

static void expect_operation(const char *op)
{
    if (!registry_op_find(op)) fail_msg("no %s", op);
}

static void operations_are_found_by_name(void **state)
{
    registry_fixture_each_shape(expect_operation);
    static const char *const none[] = { "", "createThing", "CreateThingX", "Create" };
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_null(registry_op_find(none[i]));
}

struct tally {
    int done, closed, busy;
    size_t others;
};

static void count_done(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct tally *tally = arg;
    tally->done++;
    tally->closed += rc == ERR_CLOSED;
    tally->busy += rc == ERR_BUSY;
    tally->others += rc < 0 && rc != ERR_CLOSED && rc != ERR_BUSY;
    if (rc == ERR_CLOSED || rc == ERR_BUSY) assert_null(result);
    assert_non_null(diag);
}

static struct json *user_params(int i)
{
    char name[16];
    struct json *params = json_new_object();
    snprintf(name, sizeof name, "u%d", i);
    json_set_str(params, "userName", name);
    json_set_str(params, "password", "secret");
    return params;
}

static void a_full_lane_refuses(void **state)
{
    struct registry_fixture *f = *state;
    struct tally tally = { 0 };
    enum { MANY = 300 };
    for (int i = 0; i < MANY; i++)
        registry_call(f->registry, registry_op_find("PutUser"), user_params(i), count_done, &tally);
    assert_int_equal(tally.done, 0);
    loop_turn(f->loop);
    assert_in_range(tally.busy, 1, MANY - 256); /* as many as did not fit */
    /* and what still waits ends when the registry stops */
    registry_stop(f->registry);
    registry_call(f->registry, registry_op_find("PutUser"), user_params(0), count_done, &tally);
    registry_stop(f->registry);
    store_sync(f->store);
    loop_turn(f->loop);
    assert_int_equal(tally.done, MANY + 1);
    assert_int_equal(tally.others, 0);
    assert_true(tally.closed > 200);
    registry_fixture_do(f, "CreateThing", "{'thingName':'a'}"); /* what needs no lane goes on */
}

static void what_is_open_ends_with_the_store(void **state)
{
    struct registry_fixture *f = *state;
    struct tally tally = { 0 };
    for (int i = 0; i < 20; i++) {
        char name[16];
        struct json *params = json_new_object();
        snprintf(name, sizeof name, "t%d", i);
        json_set_str(params, "thingName", name);
        const char *op = i % 2 ? "CreateThing" : "DescribeThing";
        registry_call(f->registry, registry_op_find(op), params, count_done, &tally);
    }
    registry_fixture_restart(f);
    assert_int_equal(tally.done, 20);
    assert_int_equal(tally.closed, 0); /* the pending batch is committed */
    registry_fixture_do(f, "DescribeThing", "{'thingName':'t19'}");
}

struct holder {
    struct registry_listener listener;
    struct registry *registry;
    struct list holds;
};

static void hold_it(struct registry_listener *listener, enum registry_kind kind, const char *name,
                    const struct json *detail)
{
    struct holder *holder = container_of(listener, struct holder, listener);
    list_push_back(&holder->holds, &registry_hold(holder->registry)->link);
}

/* Two holders; other calls go on meanwhile. */
static void an_answer_waits_for_who_holds_it(void **state)
{
    struct registry_fixture *f = *state;
    struct tally tally = { 0 };
    struct holder holders[2];
    for (size_t i = 0; i < 2; i++) {
        holders[i] = (struct holder){ .listener.on_change = hold_it, .registry = f->registry };
        list_init(&holders[i].holds);
        registry_listen(f->registry, &holders[i].listener);
    }
    struct json *params = json_new_object();
    json_set_str(params, "userName", "u");
    json_set_str(params, "password", "secret");
    registry_call(f->registry, registry_op_find("PutUser"), params, count_done, &tally);
    while (list_empty(&holders[1].holds))
        loop_turn_wait(f->loop, 1000);
    registry_fixture_do(f, "ListUsers", "{}");
    assert_int_equal(tally.done, 0);
    for (size_t i = 0; i < 2; i++) {
        registry_unlisten(&holders[i].listener);
        while (!list_empty(&holders[i].holds)) {
            assert_int_equal(tally.done, 0);
            registry_release(container_of(holders[i].holds.next, struct registry_hold, link));
        }
    }
    assert_int_equal(tally.done, 1);
    assert_int_equal(tally.others, 0);
}

/* Operations parse JSON on the store thread while the loop does: ThreadSanitizer looks on. */
static void both_threads_parse(void **state)
{
    struct registry_fixture *f = *state;
    struct tally tally = { 0 };
    static const char *const texts[] = { "{\"a\":[1,2.50,\"x\\n\"]}", "{\"a\":", "[1,2", "nul" };
    registry_fixture_do(f, "CreateThingType", "{'thingTypeName':'T'}");
    for (int i = 0; i < 50; i++)
        registry_call(f->registry, registry_op_find("ListThingTypes"), json_new_object(),
                      count_done, &tally);
    while (tally.done < 50) {
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
            struct json *json = NULL;
            json_parse(slice_str(texts[i]), NULL, &json, NULL);
            json_free(json);
        }
        loop_turn(f->loop);
    }
    assert_int_equal(tally.others, 0);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_found_by_name),
        TEST(things_are_made_and_described),
        TEST(names_are_checked_in_words_of_aws),
        TEST(attributes_merge_and_have_limits),
        TEST(versions_are_expected),
        TEST(things_are_listed),
        TEST(principals_are_attached),
        TEST(types_are_made_deprecated_and_deleted),
        TEST(rules_are_kept),
        TEST(a_large_rule_is_read_again),
        TEST(changes_are_told),
        TEST(a_restart_keeps_all),
        TEST(a_full_lane_refuses),
        TEST(what_is_open_ends_with_the_store),
        TEST(an_answer_waits_for_who_holds_it),
        TEST(both_threads_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
