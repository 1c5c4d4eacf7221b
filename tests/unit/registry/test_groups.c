/* Unit tests of the registry: thing groups, who is in them, what they and others may, and who is told. */
#include "base/err.h"
#include "base/mem.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "unit/registry/registry_fixture.h"

#include <stdarg.h>

static void call(struct registry_fixture *f, const char *op, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void call(struct registry_fixture *f, const char *op, const char *fmt, ...)
{
    char params[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(params, sizeof params, fmt, ap);
    va_end(ap);
    registry_fixture_do(f, op, params);
}

#define GROUP(name, parent) \
    "CreateThingGroup", "{'thingGroupName':'" name "','parentGroupName':'" parent "'}"
#define PROPS(inside) "'thingGroupProperties':{" inside "}"
#define ATTRS(inside) "'attributePayload':{" inside "}"
#define PAIR(name)    "{'groupName':'" name "','groupArn':'@arn@thinggroup/" name "'}"

/* ---- groups ---- */

static void groups_are_made_and_described(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateThingGroup", "{'thingGroupName':'home'}", 0,
          "{'thingGroupName':'home','thingGroupArn':'@arn@thinggroup/home','thingGroupId':'*'}",
          NULL, "id=thingGroupId" },
        { "CreateThingGroup", "{'thingGroupName':'home'," PROPS("") "}", 0,
          "{'thingGroupName':'home','thingGroupArn':'*','thingGroupId':'@id@'}" },
        { "DescribeThingGroup", "{'thingGroupName':'home'}", 0,
          "{'thingGroupName':'home','thingGroupArn':'@arn@thinggroup/home','thingGroupId':'@id@',"
          "'version':1,'thingGroupProperties':{},"
          "'thingGroupMetadata':{'creationDate':1767323045}}" },
        { "CreateThingGroup",
          "{'thingGroupName':'kitchen','parentGroupName':'home'," PROPS(
              "'thingGroupDescription':'warm'," ATTRS("'attributes':{'floor':'1','none':''}")) "}",
          0 },
        { GROUP("shelf", "kitchen"), 0 },
        { "DescribeThingGroup", "{'thingGroupName':'kitchen'}", 0,
          "{'thingGroupName':'kitchen','thingGroupArn':'*','thingGroupId':'*','version':1," PROPS(
              "'thingGroupDescription':'warm'," ATTRS(
                  "'attributes':{'floor':'1'}")) ","
                                                 "'thingGroupMetadata':{'parentGroupName':'home',"
                                                 "'rootToParentThingGroups':[" PAIR(
                                                     "home") "],'creationDate':'#'}}" },
        { "DescribeThingGroup", "{'thingGroupName':'shelf'}", 0,
          "{'thingGroupName':'shelf','thingGroupArn':'*','thingGroupId':'*','version':1,"
          "'thingGroupProperties':{},'thingGroupMetadata':{'parentGroupName':'kitchen',"
          "'rootToParentThingGroups':[" PAIR("home") "," PAIR("kitchen") "],'creationDate':'#'}}" },
        { "DescribeThingGroup", "{'thingGroupName':'hall'}", ERR_NOT_FOUND, "" },
        /* the same again, and another of that name */
        { "CreateThingGroup",
          "{'thingGroupName':'kitchen','parentGroupName':'home'," PROPS(
              "'thingGroupDescription':'warm'," ATTRS("'attributes':{'floor':'1'}")) "}",
          0 },
        { "CreateThingGroup", "{'thingGroupName':'kitchen','parentGroupName':'home'}", ERR_EXISTS,
          "{'resourceId':'*','resourceArn':'@arn@thinggroup/kitchen'}",
          "Thing Group kitchen already exists in current account with different properties" },
        { "CreateThingGroup", "{'thingGroupName':'shelf'}", ERR_EXISTS },
        { GROUP("shelf", "home"), ERR_EXISTS },
        { "CreateThingGroup", "{'thingGroupName':'home'," PROPS("'thingGroupDescription':'x'") "}",
          ERR_EXISTS },
        { "CreateThingGroup",
          "{'thingGroupName':'home'," PROPS(ATTRS("'attributes':{'a':'b'}")) "}", ERR_EXISTS },
        { GROUP("a", "nowhere"), ERR_NOT_FOUND, "", "Thing group nowhere does not exist" },
        { "CreateThingGroup", "{'thingGroupName':'a b'}", ERR_INVALID, "", "'thingGroupName'" },
        { "CreateThingGroup", "{}", ERR_INVALID },
        { "CreateThingGroup", "{'thingGroupName':'a','thingGroupProperties':'x'}", ERR_INVALID },
        { "CreateThingGroup", "{'thingGroupName':'a'," PROPS(ATTRS("'attributes':{'a b':'c'}")) "}",
          ERR_INVALID, "", "'attributePayload.attributes'" },
        { "CreateThingGroup",
          "{'thingGroupName':'a'," PROPS("'thingGroupDescription':'@long@'") "}", ERR_INVALID, "",
          "'thingGroupProperties.thingGroupDescription'" },
    };
    struct registry_fixture *f = *state;
    char text[2030];
    memset(text, 'x', sizeof text);
    text[2029] = '\0';
    registry_fixture_set(f, "long", xstrdup(text));
    RUN_STEPS(f, steps);
    text[2028] = '\0';
    registry_fixture_set(f, "long", xstrdup(text));
    registry_fixture_do(f, "CreateThingGroup",
                        "{'thingGroupName':'a'," PROPS("'thingGroupDescription':'@long@'") "}");
}

static void groups_change_and_go(void **state)
{
#define DESCRIBED(version, inside)                                                    \
    "{'thingGroupName':'g','thingGroupArn':'*','thingGroupId':'*','version':" version \
    "," PROPS(inside) ",'thingGroupMetadata':{'creationDate':'#'}}"
#define UPDATE(inside) "UpdateThingGroup", "{'thingGroupName':'g'," PROPS(inside) "}"
    static const struct registry_step steps[] = {
        { "CreateThingGroup",
          "{'thingGroupName':'g'," PROPS(
              "'thingGroupDescription':'old'," ATTRS("'attributes':{'a':'1','b':'2'}")) "}",
          0 },
        { UPDATE(ATTRS("'attributes':{'b':'','c':'3'},'merge':true")), 0, "{'version':2}" },
        { "DescribeThingGroup", "{'thingGroupName':'g'}", 0,
          DESCRIBED("2",
                    "'thingGroupDescription':'old'," ATTRS("'attributes':{'a':'1','c':'3'}")) },
        { UPDATE("'thingGroupDescription':'new'"), 0, "{'version':3}" },
        { UPDATE(ATTRS("'attributes':{'d':'4'}")), 0, "{'version':4}" },
        { "DescribeThingGroup", "{'thingGroupName':'g'}", 0,
          DESCRIBED("4", "'thingGroupDescription':'new'," ATTRS("'attributes':{'d':'4'}")) },
        { "UpdateThingGroup", "{'thingGroupName':'g','expectedVersion':3," PROPS("") "}",
          ERR_CONFLICT },
        { "UpdateThingGroup", "{'thingGroupName':'g','expectedVersion':4," PROPS("") "}", 0,
          "{'version':5}" },
        { "UpdateThingGroup", "{'thingGroupName':'g'}", ERR_INVALID, "", "'thingGroupProperties'" },
        { "UpdateThingGroup", "{'thingGroupName':'h'," PROPS("") "}", ERR_NOT_FOUND },
        { GROUP("child", "g"), 0 },
        { "DeleteThingGroup", "{'thingGroupName':'g'}", ERR_INVALID, "",
          "Cannot delete thing group : g when there are still child groups attached to it" },
        { "DeleteThingGroup", "{'thingGroupName':'child'}", 0, "" },
        { "DeleteThingGroup", "{'thingGroupName':'child'}", 0, "" },
        { "DeleteThingGroup", "{'thingGroupName':'child 1'}", ERR_INVALID },
        { "DeleteThingGroup", "{'thingGroupName':'g','expectedVersion':'4'}", ERR_CONFLICT },
        /* things and policies are let go */
        { "CreateThing", "{'thingName':'t'}", 0 },
        { "AddThingToThingGroup", "{'thingGroupName':'g','thingName':'t'}", 0, "" },
        { "AttachPolicy", "{'policyName':'ThingDefault','target':'@arn@thinggroup/g'}", 0 },
        { "DeleteThingGroup", "{'thingGroupName':'g','expectedVersion':'5'}", 0, "" },
        { "DescribeThingGroup", "{'thingGroupName':'g'}", ERR_NOT_FOUND },
        { "ListThingGroupsForThing", "{'thingName':'t'}", 0, "{'thingGroups':[]}" },
        { "ListTargetsForPolicy", "{'policyName':'ThingDefault'}", 0, "{'targets':[]}" },
        { "CreateThingGroup", "{'thingGroupName':'g'}", 0 },
        { "ListThingsInThingGroup", "{'thingGroupName':'g'}", 0, "{'things':[]}" },
        { "ListAttachedPolicies", "{'target':'@arn@thinggroup/g'}", 0, "{'policies':[]}" },
    };
    struct registry_fixture *f = *state;
    RUN_STEPS(f, steps);
}

static int try_group(struct registry_fixture *f, const char *name, const char *parent)
{
    char params[128];
    snprintf(params, sizeof params, "{'thingGroupName':'%s','parentGroupName':'%s'}", name, parent);
    return registry_fixture_call(f, "CreateThingGroup", params);
}

static void groups_have_limits(void **state)
{
    struct registry_fixture *f = *state;
    char name[24], parent[24];
    struct buf attrs = { 0 };
    call(f, "CreateThingGroup", "{'thingGroupName':'level1'}");
    for (int i = 2; i <= 8; i++) {
        snprintf(name, sizeof name, "level%d", i);
        snprintf(parent, sizeof parent, "level%d", i - 1);
        assert_int_equal(try_group(f, name, parent), i <= 7 ? 0 : ERR_INVALID);
    }
    assert_non_null(strstr(f->diag.text, "at most 7 levels"));
    for (int i = 1; i <= 100; i++) { /* level1 has one child */
        snprintf(name, sizeof name, "child%d", i);
        assert_int_equal(try_group(f, name, "level1"), i <= 99 ? 0 : ERR_INVALID);
    }
    assert_non_null(strstr(f->diag.text, "at most 100 direct children"));
    for (int i = 1; i <= 50; i++)
        buf_printf(&attrs, "%s'a%d':'x'", i > 1 ? "," : "", i);
    registry_fixture_set(f, "attrs", registry_fixture_expand(f, buf_str(&attrs)));
    buf_deinit(&attrs);
    static const struct registry_step steps[] = {
        { "CreateThingGroup",
          "{'thingGroupName':'g'," PROPS(ATTRS("'attributes':{@attrs@,'b':'x'}")) "}", ERR_INVALID,
          "", "51 attributes; 50 is the limit" },
        { "CreateThingGroup", "{'thingGroupName':'g'," PROPS(ATTRS("'attributes':{@attrs@}")) "}",
          0 },
        { UPDATE(ATTRS("'attributes':{'b':'x'},'merge':true")), ERR_INVALID, "", "51 attributes" },
    };
    RUN_STEPS(f, steps);
}

static void groups_are_listed_by_level(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateThingGroup", "{'thingGroupName':'b'}", 0 },
        { "CreateThingGroup", "{'thingGroupName':'z'}", 0 },
        { GROUP("b2", "b"), 0 },
        { GROUP("b1", "b"), 0 },
        { GROUP("a", "b2"), 0 },
        { GROUP("z1", "z"), 0 },
        { "ListThingGroups", "{'parentGroup':'x'}", ERR_NOT_FOUND },
        { "ListThingGroups", "{'maxResults':251}", ERR_INVALID },
        { "ListThingGroups", "{'nextToken':'!'}", ERR_INVALID },
        { "ListThingGroups", "{'maxResults':'1','recursive':'false'}", 0,
          "{'thingGroups':[" PAIR("b") "],'nextToken':'*'}" },
    };
    static const struct {
        const char *filter, *names;
    } lists[] = {
        { "", "b z b1 b2 z1 a" },
        { "'recursive':'true'", "b z b1 b2 z1 a" },
        { "'recursive':'false'", "b z" },
        { "'recursive':false", "b z" },
        { "'parentGroup':'b'", "b1 b2 a" },
        { "'parentGroup':'b','recursive':true", "b1 b2 a" },
        { "'parentGroup':'b','recursive':'false'", "b1 b2" },
        { "'parentGroup':'a'", "" },
        { "'namePrefixFilter':'b'", "b b1 b2" },
        { "'namePrefixFilter':'b','parentGroup':'b'", "b1 b2" },
        { "'namePrefixFilter':'%'", "" },
    };
    struct registry_fixture *f = *state;
    RUN_STEPS(f, steps);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        for (int size = 1; size <= 7; size++)
            registry_fixture_pages(f, "ListThingGroups", lists[i].filter, size, "thingGroups",
                                   "groupName", false, lists[i].names);
}

/* ---- members ---- */

static void things_come_and_go(void **state)
{
#define ADD(group, thing) \
    "AddThingToThingGroup", "{'thingGroupName':'" group "','thingName':'" thing "'}"
#define REMOVE(group, thing) \
    "RemoveThingFromThingGroup", "{'thingGroupName':'" group "','thingName':'" thing "'}"
    static const struct registry_step steps[] = {
        { "CreateThingGroup", "{'thingGroupName':'home'}", 0 },
        { GROUP("kitchen", "home"), 0 },
        { GROUP("hall", "home"), 0 },
        { "CreateThingGroup", "{'thingGroupName':'lamps'}", 0 },
        { "CreateThing", "{'thingName':'t1'}", 0 },
        { "CreateThing", "{'thingName':'t2'}", 0 },
        { ADD("kitchen", "t1"), 0, "" },
        { ADD("kitchen", "t1"), 0, "" },
        { "AddThingToThingGroup",
          "{'thingGroupArn':'@arn@thinggroup/lamps','thingName':'t1',"
          "'overrideDynamicGroups':true}",
          0, "" },
        { "AddThingToThingGroup",
          "{'thingGroupArn':'@arn@thinggroup/lamps','thingGroupName':'lamps',"
          "'thingName':'t2','thingArn':'@arn@thing/t2'}",
          0, "" },
        { "ListThingGroupsForThing", "{'thingName':'t1'}", 0,
          "{'thingGroups':[" PAIR("kitchen") "," PAIR("lamps") "]}" },
        /* one of a hierarchy */
        { ADD("home", "t1"), ERR_INVALID, "", "the same hierarchy" },
        { ADD("hall", "t1"), ERR_INVALID, "", "the same hierarchy" },
        { "ListThingGroupsForThing", "{'thingName':'t1','maxResults':'1'}", 0,
          "{'thingGroups':[" PAIR("kitchen") "],'nextToken':'*'}" },
        { ADD("cellar", "t1"), ERR_NOT_FOUND, "", "Thing group cellar does not exist" },
        { ADD("home", "t3"), ERR_NOT_FOUND, "", "Thing t3 does not exist" },
        { "AddThingToThingGroup", "{'thingName':'t1'}", ERR_INVALID, "", "'thingGroupName'" },
        { "AddThingToThingGroup", "{'thingGroupName':'home'}", ERR_INVALID, "", "'thingName'" },
        { "AddThingToThingGroup", "{'thingGroupName':'home','thingArn':'@arn@thinggroup/t1'}",
          ERR_INVALID, "", "Invalid thingArn" },
        { "AddThingToThingGroup", "{'thingGroupName':'home','thingArn':'@arn@thing/'}",
          ERR_INVALID },
        { "AddThingToThingGroup",
          "{'thingGroupName':'home','thingGroupArn':'@arn@thinggroup/hall','thingName':'t1'}",
          ERR_INVALID, "", "thingGroupName and thingGroupArn do not match" },
        { "ListThingsInThingGroup", "{'thingGroupName':'home'}", 0, "{'things':[]}" },
        { "ListThingsInThingGroup", "{'thingGroupName':'home','recursive':'true'}", 0,
          "{'things':['t1']}" },
        { "ListThingsInThingGroup", "{'thingGroupName':'lamps','maxResults':'1'}", 0,
          "{'things':['t1'],'nextToken':'*'}" },
        { "ListThingsInThingGroup", "{'thingGroupName':'cellar'}", ERR_NOT_FOUND },
        { "ListThingGroupsForThing", "{'thingName':'t3'}", ERR_NOT_FOUND },
        { REMOVE("home", "t1"), 0, "" }, /* it is not in it */
        { REMOVE("kitchen", "t3"), ERR_NOT_FOUND, "" },
        { REMOVE("cellar", "t1"), ERR_NOT_FOUND, "" },
        { "RemoveThingFromThingGroup",
          "{'thingGroupArn':'@arn@thinggroup/kitchen','thingArn':'@arn@thing/t1'}", 0, "" },
        { ADD("hall", "t1"), 0 },
        /* all at once */
        { "UpdateThingGroupsForThing",
          "{'thingName':'t1','thingGroupsToAdd':['kitchen'],'thingGroupsToRemove':['hall',"
          "'lamps','home']}",
          0, "" },
        { "ListThingGroupsForThing", "{'thingName':'t1'}", 0,
          "{'thingGroups':[" PAIR("kitchen") "]}" },
        { "UpdateThingGroupsForThing", "{'thingName':'t1','thingGroupsToAdd':['lamps','hall']}",
          ERR_INVALID, "", "hierarchy" },
        { "UpdateThingGroupsForThing", "{'thingName':'t1','thingGroupsToAdd':['lamps','cellar']}",
          ERR_NOT_FOUND },
        { "UpdateThingGroupsForThing", "{'thingName':'t1','thingGroupsToAdd':[1]}", ERR_INVALID },
        { "UpdateThingGroupsForThing", "{'thingName':'t3'}", ERR_NOT_FOUND },
        { "UpdateThingGroupsForThing",
          "{'thingName':'t1','thingGroupsToRemove':['a','a','a','a','a','a','a','a','a','a','a']}",
          ERR_INVALID, "", "at most 10" },
        { "ListThingGroupsForThing", "{'thingName':'t1'}", 0,
          "{'thingGroups':[" PAIR("kitchen") "]}" }, /* all of it or nothing */
        { "DeleteThing", "{'thingName':'t1'}", 0 },
        { "ListThingsInThingGroup", "{'thingGroupName':'home','recursive':true}", 0,
          "{'things':[]}" },
    };
    struct registry_fixture *f = *state;
    RUN_STEPS(f, steps);
}

static void a_thing_is_in_ten_groups_at_most(void **state)
{
    struct registry_fixture *f = *state;
    char params[80];
    call(f, "CreateThing", "{'thingName':'t'}");
    for (int i = 0; i <= 10; i++) {
        call(f, "CreateThingGroup", "{'thingGroupName':'g%d'}", i);
        snprintf(params, sizeof params, "{'thingGroupName':'g%d','thingName':'t'}", i);
        assert_int_equal(registry_fixture_call(f, "AddThingToThingGroup", params),
                         i < 10 ? 0 : ERR_INVALID);
    }
    assert_non_null(strstr(f->diag.text, "at most 10 thing groups"));
    for (int size = 1; size <= 11; size += 3)
        registry_fixture_pages(f, "ListThingGroupsForThing", "'thingName':'t'", size, "thingGroups",
                               "groupName", false, "g0 g1 g2 g3 g4 g5 g6 g7 g8 g9");
}

static void things_below_are_listed_once(void **state)
{
    struct registry_fixture *f = *state;
    call(f, "CreateThingGroup", "{'thingGroupName':'top'}");
    for (int i = 0; i < 6; i++) {
        call(f, "CreateThing", "{'thingName':'t%d'}", i);
        if (i % 2 == 0) {
            call(f, "AddThingToThingGroup", "{'thingGroupName':'top','thingName':'t%d'}", i);
            continue;
        }
        call(f, "CreateThingGroup", "{'thingGroupName':'g%d','parentGroupName':'top'}", i);
        call(f, "AddThingToThingGroup", "{'thingGroupName':'g%d','thingName':'t%d'}", i, i);
    }
    for (int size = 1; size <= 7; size++) {
        registry_fixture_pages(f, "ListThingsInThingGroup",
                               "'thingGroupName':'top','recursive':'true'", size, "things", NULL,
                               false, "t0 t1 t2 t3 t4 t5");
        registry_fixture_pages(f, "ListThingsInThingGroup", "'thingGroupName':'top'", size,
                               "things", NULL, false, "t0 t2 t4");
    }
}

/* ---- policies ---- */

static void make_policies(struct registry_fixture *f, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        call(f, "CreatePolicy", "{'policyName':'%s','policyDocument':'" POLICY_ALLOW_ALL "'}",
             names[i]);
        clock_fake_advance(1000);
    }
}

#define ATTACH(policy, target) "AttachPolicy", "{'policyName':'" policy "','target':'" target "'}"
#define DETACH(policy, target) "DetachPolicy", "{'policyName':'" policy "','target':'" target "'}"
#define NAMED(policy)          "{'policyName':'" policy "','policyArn':'@arn@policy/" policy "'}"
#define DOCUMENT(policy)                                               \
    "{'policyName':'" policy "','policyArn':'@arn@policy/" policy "'," \
    "'policyDocument':'" POLICY_ALLOW_ALL "'}"

static void groups_have_policies(void **state)
{
    static const char *const names[] = { "A", "B", "C" };
    static const struct registry_step steps[] = {
        { "CreateThingGroup", "{'thingGroupName':'top'}", 0 },
        { GROUP("mid", "top"), 0 },
        { GROUP("low", "mid"), 0 },
        { ATTACH("C", "@arn@thinggroup/top"), 0, "" },
        { ATTACH("B", "@arn@thinggroup/top"), 0, "" },
        { ATTACH("B", "@arn@thinggroup/top"), 0, "" },
        { ATTACH("A", "@arn@thinggroup/top"), ERR_LIMIT, "",
          "A thing group can have at most 2 policies" },
        { ATTACH("A", "@arn@thinggroup/low"), 0, "" },
        { ATTACH("B", "@arn@thinggroup/low"), 0, "" },
        { "ListAttachedPolicies", "{'target':'@arn@thinggroup/low'}", 0,
          "{'policies':[" NAMED("A") "," NAMED("B") "]}" },
        { "ListAttachedPolicies", "{'target':'@arn@thinggroup/low','recursive':'true'}", 0,
          "{'policies':[" NAMED("A") "," NAMED("B") "," NAMED("C") "]}" },
        { "ListAttachedPolicies", "{'target':'@arn@thinggroup/mid'}", 0, "{'policies':[]}" },
        { "ListAttachedPolicies", "{'target':'@arn@thinggroup/mid','recursive':true}", 0,
          "{'policies':[" NAMED("B") "," NAMED("C") "]}" },
        { "PutUser", "{'userName':'xlow','password':'p'}", 0 }, /* no group, though it ends so */
        { "ListAttachedPolicies", "{'target':'@arn@user/xlow','recursive':true}", 0,
          "{'policies':[" NAMED("UserDefault") "]}" },
        { "ListTargetsForPolicy", "{'policyName':'B'}", 0,
          "{'targets':['@arn@thinggroup/low','@arn@thinggroup/top']}" },
        { "DeletePolicy", "{'policyName':'B'}", ERR_IN_USE },
        { DETACH("B", "@arn@thinggroup/top"), 0, "" },
        { DETACH("B", "@arn@thinggroup/low"), 0, "" },
        { "DeletePolicy", "{'policyName':'B'}", 0 },
        /* roles are but names */
        { ATTACH("A", "arn:aws:iam::000000000000:role/any"), 0, "" },
        { "ListAttachedPolicies", "{'target':'arn:aws:iam::000000000000:role/any'}", 0,
          "{'policies':[" NAMED("A") "]}" },
        { DETACH("A", "arn:aws:iam::000000000000:role/any"), 0, "" },
        /* nothing but principals belongs to a thing */
        { "CreateThing", "{'thingName':'t'}", 0 },
        { "AttachThingPrincipal", "{'thingName':'t','principal':'@arn@thinggroup/top'}",
          ERR_INVALID, "", "Invalid principal" },
        { "AttachThingPrincipal",
          "{'thingName':'t','principal':'arn:aws:iam::000000000000:role/any'}", ERR_INVALID },
    };
    struct registry_fixture *f = *state;
    make_policies(f, names, ARRAY_LEN(names));
    RUN_STEPS(f, steps);
    for (int size = 1; size <= 3; size++)
        registry_fixture_pages(f, "ListAttachedPolicies",
                               "'target':'@arn@thinggroup/low','recursive':'true'", size,
                               "policies", "policyName", true, "A C");
}

static void the_older_api_sees_the_same(void **state)
{
    static const char *const names[] = { "Z", "Y", "X" };
    static const struct registry_step steps[] = {
        { "AttachPrincipalPolicy", "{'policyName':'Z','principal':'@c_arn@'}", 0, "" },
        { "AttachPrincipalPolicy", "{'policyName':'Y','principal':'@c_arn@'}", 0, "" },
        { ATTACH("X", "@c_arn@"), 0 },
        { "AttachPrincipalPolicy", "{'policyName':'W','principal':'@c_arn@'}", ERR_NOT_FOUND },
        { "AttachPrincipalPolicy", "{'policyName':'Z','principal':'@arn@cert/ab'}", ERR_NOT_FOUND },
        { "AttachPrincipalPolicy", "{'policyName':'Z'}", ERR_INVALID },
        { "CreateThingGroup", "{'thingGroupName':'g'}", 0 },
        { "AttachPrincipalPolicy", "{'policyName':'Z','principal':'@arn@thinggroup/g'}",
          ERR_INVALID },
        { ATTACH("Z", "@arn@thinggroup/g"), 0 },
        { ATTACH("Z", "arn:aws:iam::000000000000:role/r"), 0 },
        { "PutUser", "{'userName':'u','password':'p','policyName':'Z'}", 0 },
        { "PutUser", "{'userName':'v','password':'p','policyName':'Z'}", 0 },
        { "ListPolicyPrincipals", "{'policyName':'Z','ascendingOrder':'true'}", 0,
          "{'principals':['@c_arn@','@arn@user/u','@arn@user/v']}" },
        { "ListPolicyPrincipals", "{'policyName':'W'}", ERR_NOT_FOUND },
        { "ListPrincipalPolicies", "{'principal':'@arn@cert/ab'}", ERR_NOT_FOUND },
        { "ListPrincipalPolicies", "{'principal':'@arn@thinggroup/g'}", ERR_INVALID },
        { "ListPrincipalPolicies", "{'principal':'@c_arn@','pageSize':'1'}", 0,
          "{'policies':[" NAMED("X") "],'nextMarker':'*'}" },
        { "ListPrincipalPolicies", "{'principal':'@c_arn@','marker':'MXg='}", ERR_INVALID },
    };
    struct registry_fixture *f = *state;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    make_policies(f, names, ARRAY_LEN(names));
    RUN_STEPS(f, steps);
    for (int size = 1; size <= 4; size++) {
        registry_fixture_pages(f, "ListPrincipalPolicies",
                               "'principal':'@c_arn@','ascendingOrder':'true'", size, "policies",
                               "policyName", true, "Z Y X");
        registry_fixture_pages(f, "ListPrincipalPolicies", "'principal':'@c_arn@'", size,
                               "policies", "policyName", true, "X Y Z");
        registry_fixture_pages(f, "ListPolicyPrincipals", "'policyName':'Z'", size, "principals",
                               NULL, true, "@arn@user/v @arn@user/u @c_arn@");
    }
    registry_fixture_do(f, "DetachPrincipalPolicy", "{'policyName':'Y','principal':'@c_arn@'}");
    registry_fixture_do(f, "DetachPrincipalPolicy", "{'policyName':'Y','principal':'@c_arn@'}");
    registry_fixture_pages(f, "ListAttachedPolicies", "'target':'@c_arn@'", 9, "policies",
                           "policyName", true, "X Z");
}

static void what_has_an_effect(void **state)
{
    static const char *const names[] = { "A", "B", "C", "D" };
    static const struct registry_step steps[] = {
        { "CreateThingGroup", "{'thingGroupName':'top'}", 0 },
        { GROUP("low", "top"), 0 },
        { "CreateThing", "{'thingName':'t'}", 0 },
        { ADD("low", "t"), 0 },
        { ATTACH("A", "@arn@thinggroup/top"), 0 },
        { ATTACH("B", "@arn@thinggroup/low"), 0 },
        { ATTACH("C", "@arn@thinggroup/low"), 0 },
        { ATTACH("D", "@c_arn@"), 0 },
        { ATTACH("B", "@c_arn@"), 0 },
#define EFFECTIVE(inside) "GetEffectivePolicies", "{" inside "}"
        { EFFECTIVE("'principal':'@c_arn@'"), 0,
          "{'effectivePolicies':[" DOCUMENT("B") "," DOCUMENT("D") "]}" },
        { EFFECTIVE("'thingName':'t'"), 0,
          "{'effectivePolicies':[" DOCUMENT("A") "," DOCUMENT("B") "," DOCUMENT("C") "]}" },
        /* another's thing has no effect */
        { EFFECTIVE("'thingName':'t','principal':'@c_arn@'"), 0,
          "{'effectivePolicies':[" DOCUMENT("B") "," DOCUMENT("D") "]}" },
        { "AttachThingPrincipal", "{'thingName':'t','principal':'@c_arn@'}", 0 },
        { EFFECTIVE("'thingName':'t','principal':'@c_arn@'"), 0,
          "{'effectivePolicies':[" DOCUMENT("B") "," DOCUMENT("D") "," DOCUMENT("A") "," DOCUMENT(
              "C") "]}" },
        { "CreatePolicyVersion",
          "{'policyName':'D','policyDocument':'" POLICY_DENY_ALL "','setAsDefault':true}", 0 },
        { EFFECTIVE("'principal':'@c_arn@'"), 0,
          "{'effectivePolicies':[" DOCUMENT("B") ",{'policyName':'D','policyArn':'*',"
                                                 "'policyDocument':'" POLICY_DENY_ALL "'}]}" },
        { EFFECTIVE(""), ERR_INVALID, "", "principal or thingName" },
        { EFFECTIVE("'principal':'@arn@cert/ab'"), ERR_NOT_FOUND },
        { EFFECTIVE("'principal':'@arn@thinggroup/low'"), ERR_INVALID },
        { EFFECTIVE("'thingName':'x'"), ERR_NOT_FOUND, "", "Thing x does not exist" },
        { EFFECTIVE("'thingName':'x y'"), ERR_INVALID },
        { EFFECTIVE("'principal':'@c_arn@','cognitoIdentityPoolId':'p'"), ERR_UNSUPPORTED, "",
          "Cognito" },
    };
    struct registry_fixture *f = *state;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    make_policies(f, names, ARRAY_LEN(names));
    RUN_STEPS(f, steps);
}

/* A document of n characters that are no white space, indented. */
static void set_document(struct registry_fixture *f, size_t n)
{
    static const char head[] = "{\\'Statement\\':{\\'Effect\\':\\'Allow\\',\\'Action\\':\\'*\\',"
                               "\\'Resource\\':\\'arn:aws:iot:*:*:topic/";
    struct buf text = { 0 };
    size_t have = 0;
    for (const char *at = head; *at; at++)
        have += *at != '\\';
    for (int i = 0; i < 3000; i++)
        buf_puts(&text, i % 100 ? " " : "\\n");
    buf_puts(&text, head);
    for (have += 3; have < n; have++) /* 3: what ends it */
        buf_puts(&text, "\xc3\xa9");  /* one character */
    buf_puts(&text, "\\'}}");
    registry_fixture_set(f, "document", registry_fixture_expand(f, buf_str(&text)));
    buf_deinit(&text);
}

static void documents_have_a_size(void **state)
{
    static const struct registry_step fits[] = {
        { "CreatePolicy", "{'policyName':'P','policyDocument':'@document@'}", 0 },
    };
    static const struct registry_step is_larger[] = {
        { "CreatePolicy", "{'policyName':'Q','policyDocument':'@document@'}", ERR_SYNTAX, "",
          "Policy document is malformed: line 31, column 2148: more than 2048 characters that are "
          "no white space" },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'@document@'}", ERR_SYNTAX },
        { "CreatePolicy",
          "{'policyName':'Q','policyDocument':'{\\'Statement\\':[{\\'Effect\\':\\'Allow\\',"
          "\\'Action\\':\\'*\\',\\'Resource\\':\\'*\\'},{\\'Effect\\':\\'Maybe\\'}]}'}",
          ERR_SYNTAX, "", "Policy document is malformed: Statement[1].Effect: must be" },
    };
    struct registry_fixture *f = *state;
    set_document(f, 2048);
    RUN_STEPS(f, fits);
    set_document(f, 2049);
    RUN_STEPS(f, is_larger);
}

/* ---- who is told ---- */

/* Things t1 and t2 with certificates c1 and c2; c2 is that of both. Group low, in top, has t1; side has t2. */
static void make_fleet(struct registry_fixture *f)
{
    static const char *const names[] = { "P", "Q" };
    static const struct registry_step steps[] = {
        { "CreateThingGroup", "{'thingGroupName':'top'}", 0 },
        { GROUP("low", "top"), 0 },
        { "CreateThingGroup", "{'thingGroupName':'side'}", 0 },
        { "CreateThing", "{'thingName':'t1'}", 0 },
        { "CreateThing", "{'thingName':'t2'}", 0 },
        { "AttachThingPrincipal", "{'thingName':'t1','principal':'@c1_arn@'}", 0 },
        { "AttachThingPrincipal", "{'thingName':'t1','principal':'@c2_arn@'}", 0 },
        { "AttachThingPrincipal", "{'thingName':'t2','principal':'@c2_arn@'}", 0 },
        { "PutUser", "{'userName':'u','password':'p'}", 0 },
    };
    make_policies(f, names, ARRAY_LEN(names));
    RUN_STEPS(f, steps);
}

static void those_whose_rights_change_are_told(void **state)
{
    static const struct {
        const char *op, *params, *told;
    } cases[] = {
#define BOTH "principal:cert:@c1@ principal:cert:@c2@"
#define C2   "principal:cert:@c2@"
        { ATTACH("P", "@arn@thinggroup/top"), "" }, /* nobody is in it */
        { ADD("low", "t1"), BOTH },
        { ADD("low", "t1"), "" },
        { ADD("top", "t1"), "" }, /* refused */
        { ADD("side", "t2"), C2 },
        { ATTACH("Q", "@arn@thinggroup/top"), BOTH },
        { ATTACH("Q", "@arn@thinggroup/top"), "" },
        { DETACH("Q", "@arn@thinggroup/top"), BOTH },
        { DETACH("Q", "@arn@thinggroup/top"), "" },
        { ATTACH("Q", "@arn@thinggroup/side"), C2 },
        { ATTACH("P", "@arn@thinggroup/side"), C2 },
        { ATTACH("P", "@arn@user/u"), "principal:user:u" },
        { ATTACH("P", "@arn@user/u"), "" },
        /* c2 by two ways, and once */
        { "CreatePolicyVersion",
          "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL "','setAsDefault':true}",
          BOTH " principal:user:u policy:P" },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL "'}", "" },
        { "SetDefaultPolicyVersion", "{'policyName':'P','policyVersionId':'1'}",
          BOTH " principal:user:u policy:P" },
        { "CreatePolicyVersion",
          "{'policyName':'Q','policyDocument':'" POLICY_DENY_ALL "','setAsDefault':true}",
          C2 " policy:Q" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'2'}", "" },
        { "AttachPrincipalPolicy", "{'policyName':'Q','principal':'@arn@user/u'}",
          "principal:user:u" },
        { "DetachPrincipalPolicy", "{'policyName':'Q','principal':'@arn@user/u'}",
          "principal:user:u" },
        { "DetachPrincipalPolicy", "{'policyName':'Q','principal':'@arn@user/u'}", "" },
        { ATTACH("Q", "arn:aws:iam::000000000000:role/r"), "principal:role:r" },
        { "UpdateThingGroup", "{'thingGroupName':'low'," PROPS("'thingGroupDescription':'d'") "}",
          "" }, /* no policy asks for it */
        { "UpdateThing", "{'thingName':'t2'}", C2 " thing:t2" },
        { "UpdateThingGroupsForThing", "{'thingName':'t1','thingGroupsToAdd':['low']}", "" },
        { "UpdateThingGroupsForThing", "{'thingName':'t1','thingGroupsToRemove':['side']}", "" },
        { "UpdateThingGroupsForThing",
          "{'thingName':'t1','thingGroupsToAdd':['top'],'thingGroupsToRemove':['low']}", BOTH },
        { REMOVE("low", "t1"), "" },
        { REMOVE("top", "t1"), BOTH },
        { "DeleteThingGroup", "{'thingGroupName':'top'}", "" }, /* refused: it has low */
        { "DeleteThingGroup", "{'thingGroupName':'low'}", "" },
        { "DeleteThingGroup", "{'thingGroupName':'side'}", C2 },
        { "DeleteThingGroup", "{'thingGroupName':'side'}", "" },
        { "DetachThingPrincipal", "{'thingName':'t2','principal':'@c1_arn@'}", "" },
        { "DetachThingPrincipal", "{'thingName':'t2','principal':'@c2_arn@'}", C2 },
        { "CreateThingGroup", "{'thingGroupName':'low'}", "" },
        { ADD("low", "t2"), "" }, /* it has no principals */
        { "DeleteThing", "{'thingName':'t2'}", "thing:t2" },
    };
    struct registry_fixture *f = *state;
    do { /* in their order, for the texts above */
        registry_fixture_register(f, "c1", "ACTIVE", 0);
        registry_fixture_register(f, "c2", "ACTIVE", 0);
    } while (strcmp(registry_fixture_get(f, "c1"), registry_fixture_get(f, "c2")) > 0);
    make_fleet(f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        registry_fixture_call(f, cases[i].op, cases[i].params);
        char *want = registry_fixture_expand(f, cases[i].told);
        if (strcmp(buf_str(&f->changes), want) != 0)
            fail_msg("case %zu, %s %s told '%s'", i, cases[i].op, cases[i].params,
                     buf_str(&f->changes));
        free(want);
    }
}

/* ---- what auth gets ---- */

static void on_principal(void *arg, int rc, struct registry_principal *principal)
{
    assert_int_equal(rc, 0);
    *(struct registry_principal **)arg = principal;
}

static void print_policies(struct buf *out, const struct registry_policy_doc *docs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(out, " %s:%lld", docs[i].name, (long long)docs[i].version);
}

static void principals_have_the_policies_of_groups(void **state)
{
    static const struct registry_step steps[] = {
        { ADD("low", "t1"), 0 },
        { ADD("side", "t2"), 0 },
        { ATTACH("P", "@arn@thinggroup/top"), 0 },
        { ATTACH("P", "@arn@thinggroup/low"), 0 },
        { ATTACH("Q", "@arn@thinggroup/low"), 0 },
        { ATTACH("Q", "@arn@thinggroup/side"), 0 },
        { ATTACH("Q", "@c2_arn@"), 0 },
        { "CreatePolicyVersion",
          "{'policyName':'Q','policyDocument':'" POLICY_DENY_ALL "','setAsDefault':true}", 0 },
        { "CreateThing", "{'thingName':'t0'}", 0 }, /* in no group */
        { "AttachThingPrincipal", "{'thingName':'t0','principal':'@c2_arn@'}", 0 },
    };
    struct registry_fixture *f = *state;
    struct registry_principal *p = NULL;
    struct buf text = { 0 };
    registry_fixture_register(f, "c1", "ACTIVE", 0);
    registry_fixture_register(f, "c2", "ACTIVE", 0);
    make_fleet(f);
    RUN_STEPS(f, steps);
    char *label = registry_fixture_expand(f, "cert:@c2@");
    registry_load_principal(f->registry, label, on_principal, &p);
    free(label);
    loop_turn(f->loop);
    while (!p)
        loop_turn_wait(f->loop, 1000);
    buf_puts(&text, "own");
    print_policies(&text, p->policies, p->policy_count);
    for (size_t i = 0; i < p->thing_count; i++) {
        buf_printf(&text, " %s", p->things[i].name);
        print_policies(&text, p->things[i].policies, p->things[i].policy_count);
    }
    assert_string_equal(buf_str(&text), "own Q:2 t0 t1 P:1 Q:2 t2 Q:2");
    buf_deinit(&text);
    registry_principal_free(p);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(groups_are_made_and_described),
        TEST(groups_change_and_go),
        TEST(groups_have_limits),
        TEST(groups_are_listed_by_level),
        TEST(things_come_and_go),
        TEST(a_thing_is_in_ten_groups_at_most),
        TEST(things_below_are_listed_once),
        TEST(groups_have_policies),
        TEST(the_older_api_sees_the_same),
        TEST(what_has_an_effect),
        TEST(documents_have_a_size),
        TEST(those_whose_rights_change_are_told),
        TEST(principals_have_the_policies_of_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
