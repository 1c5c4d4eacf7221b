/* Unit tests of auth: every credential over a real registry, reloads, what the built-in policies allow,
 * the bounds of the cache, the end with questions open. */
#include "auth/auth.h"
#include "auth/ledger.h"
#include "auth/sigv4.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "http/request.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "store/store.h"
#include "unit/auth/auth_fixture.h"

#include <stdatomic.h>
#include <unistd.h>

static int ask_password(struct bench *b, struct slice user, struct slice password)
{
    struct reply reply = { 0 };
    auth_by_password(b->auth, user, password, "192.0.2.1", on_reply, &reply);
    int rc = await(b, &reply);
    if (rc < 0) assert_string_equal(reply.why, "bad user name or password");
    release(&reply);
    return rc;
}

static struct principal *anonymous(struct bench *b, const char *policy)
{
    struct reply reply = { 0 };
    auth_anonymous(b->auth, policy, on_reply, &reply);
    assert_int_equal(await(b, &reply), 0);
    return reply.principal;
}

/* ---- certificates ---- */

static void certificates_are_judged(void **state)
{
    struct bench *b = *state;
    struct registry_fixture *f = b->f;
    static const char *const states[] = { "ACTIVE", "INACTIVE", "REVOKED" };
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        registry_fixture_register(f, states[i], states[i], 0);
    registry_fixture_register(f, "short", "ACTIVE", 1);
    registry_fixture_set(f, "unknown",
                         xstrdup("00000000000000000000000000000000000000000000"
                                 "00000000000000000000"));
    struct reply reply;
    assert_int_equal(ask_cert(b, "ACTIVE", &reply), 0);
    assert_int_equal(reply.principal->kind, PRINCIPAL_CERT);
    assert_string_equal(reply.principal->id, registry_fixture_get(f, "ACTIVE"));
    assert_int_equal(strncmp(reply.principal->label, "cert:", 5), 0);
    assert_string_equal(principal_identifier(reply.principal), reply.principal->id);
    assert_true(reply.principal->valid && !reply.principal->admin);
    struct principal *first = reply.principal;
    assert_int_equal(ask_cert(b, "ACTIVE", &reply), 0);
    assert_ptr_equal(reply.principal, first); /* shared */
    principal_unref(first);
    release(&reply);
    static const char *const refused[] = { "INACTIVE", "REVOKED", "unknown", "INACTIVE",
                                           "unknown" };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        assert_int_equal(ask_cert(b, refused[i], &reply), ERR_CERT);
        assert_string_equal(reply.why, "certificate refused"); /* does not tell what exists */
    }
    assert_int_equal(ask_cert(b, "short", &reply), 0);
    release(&reply);
    clock_fake_advance(DAYS(2));
    assert_int_equal(ask_cert(b, "short", &reply), ERR_CERT); /* expired */
    assert_int_equal(ask_cert(b, "ACTIVE", &reply), 0);
    release(&reply);
    clock_fake_set_real(clock_real_ms() - DAYS(30));
    assert_int_equal(ask_cert(b, "short", &reply), ERR_CERT); /* not yet valid */
    registry_fixture_register(f, "late", "ACTIVE", 0);
    assert_int_equal(ask_cert(b, "late", &reply), 0);
    release(&reply);
    assert_true(lines > 0);
}

static void changes_reach_those_who_hold(void **state)
{
    static const struct {
        const char *op, *params;
        bool allowed, valid;
    } steps[] = {
        { "AttachPolicy", "{'policyName':'All','target':'@c_arn@'}", true, true },
        { "AttachPolicy", "{'policyName':'Not','target':'@c_arn@'}", false, true },
        { "DetachPolicy", "{'policyName':'Not','target':'@c_arn@'}", true, true },
        { "CreatePolicyVersion",
          "{'policyName':'All','policyDocument':'@deny@','setAsDefault':true}", false, true },
        { "SetDefaultPolicyVersion", "{'policyName':'All','policyVersionId':'1'}", true, true },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'INACTIVE'}", false, false },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'ACTIVE'}", true, true },
        { "DetachPolicy", "{'policyName':'All','target':'@c_arn@'}", false, true },
        { "AttachPolicy", "{'policyName':'All','target':'@c_arn@'}", true, true },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'REVOKED'}", false, false },
        { "DeleteCertificate", "{'certificateId':'@c@','forceDelete':'true'}", false, false },
    };
    struct bench *b = *state;
    struct registry_fixture *f = b->f;
#define POLICY(effect)                                                         \
    "{\\'Version\\':\\'2012-10-17\\',\\'Statement\\':{\\'Effect\\':\\'" effect \
    "\\',\\'Action\\':\\'*\\',\\'Resource\\':\\'*\\'}}"
    registry_fixture_set(f, "deny", registry_fixture_expand(f, POLICY("Deny")));
    registry_fixture_do(f, "CreatePolicy",
                        "{'policyName':'All','policyDocument':'" POLICY("Allow") "'}");
    registry_fixture_do(f, "CreatePolicy", "{'policyName':'Not','policyDocument':'@deny@'}");
    registry_fixture_register(f, "c", "ACTIVE", 0);
    struct reply reply;
    struct told told = { 0 };
    assert_int_equal(ask_cert(b, "c", &reply), 0);
    struct principal *p = reply.principal;
    auth_watch_principal(p, &told.watch, on_told);
    assert_int_equal(may_publish(b, p, "x"), ERR_DENIED);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        told.count = b->policy_changes = 0;
        registry_fixture_do(f, steps[i].op, steps[i].params);
        if (!told.count || !b->policy_changes) fail_msg("step %zu was not told", i);
        if (told.valid != steps[i].valid) fail_msg("step %zu: valid is %d", i, told.valid);
        assert_int_equal(p->valid, steps[i].valid);
        if (may_publish(b, p, "x") != (steps[i].allowed ? 0 : ERR_DENIED))
            fail_msg("step %zu: wrong decision", i);
    }
    assert_int_equal(ask_cert(b, "c", &reply), ERR_CERT); /* and anew it is another question */
    auth_unwatch(&told.watch);
    auth_unwatch(&told.watch);
    principal_unref(p);
}

static void things_are_variables(void **state)
{
    struct bench *b = *state;
    struct registry_fixture *f = b->f;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    registry_fixture_do(f, "CreateThingType", "{'thingTypeName':'Lamp'}");
    registry_fixture_do(f, "CreatePolicy",
                        "{'policyName':'P','policyDocument':'{\\'Version\\':\\'2012-10-17\\',"
                        "\\'Statement\\':{\\'Effect\\':\\'Allow\\',\\'Action\\':\\'*\\',"
                        "\\'Resource\\':\\'arn:aws:iot:*:*:topic/"
                        "${iot:Connection.Thing.ThingTypeName}/"
                        "${iot:Connection.Thing.Attributes[room]}\\',\\'Condition\\':"
                        "{\\'Bool\\':{\\'iot:Connection.Thing.IsAttached\\':\\'true\\'}}}}'}");
    registry_fixture_do(f, "AttachPolicy", "{'policyName':'P','target':'@c_arn@'}");
    registry_fixture_do(f, "CreateThing",
                        "{'thingName':'l1','thingTypeName':'Lamp',"
                        "'attributePayload':{'attributes':{'room':'hall'}}}");
    registry_fixture_do(f, "AttachThingPrincipal", "{'thingName':'l1','principal':'@c_arn@'}");
    struct reply reply;
    assert_int_equal(ask_cert(b, "c", &reply), 0);
    struct principal *p = reply.principal;
    const struct auth_conn as_l1 = { .client_id = "l1" }, as_l2 = { .client_id = "l2" };
#define PUBLISH(conn, topic) \
    auth_check(b->auth, p, conn, POLICY_ACTION_PUBLISH, AUTH_TOPIC, SLICE_LIT(topic), NULL)
    assert_int_equal(PUBLISH(&as_l1, "Lamp/hall"), 0);
    assert_int_equal(PUBLISH(&as_l1, "Lamp/kitchen"), ERR_DENIED);
    assert_int_equal(PUBLISH(&as_l2, "Lamp/hall"), ERR_DENIED);
    assert_int_equal(PUBLISH(NULL, "Lamp/hall"), 0); /* outside MQTT: its only thing */
    registry_fixture_do(f, "UpdateThing",
                        "{'thingName':'l1','attributePayload':{'attributes':{'room':'kitchen'}}}");
    assert_int_equal(PUBLISH(&as_l1, "Lamp/kitchen"), 0);
    assert_int_equal(PUBLISH(&as_l1, "Lamp/hall"), ERR_DENIED);
    registry_fixture_do(f, "CreateThing", "{'thingName':'l2'}");
    registry_fixture_do(f, "AttachThingPrincipal", "{'thingName':'l2','principal':'@c_arn@'}");
    assert_int_equal(PUBLISH(NULL, "Lamp/kitchen"), ERR_DENIED); /* two: which? */
    assert_int_equal(PUBLISH(&as_l1, "Lamp/kitchen"), 0);
    registry_fixture_do(f, "DetachThingPrincipal", "{'thingName':'l1','principal':'@c_arn@'}");
    assert_int_equal(PUBLISH(&as_l1, "Lamp/kitchen"), ERR_DENIED);
    release(&reply);
}

/* What is remembered must go. */
static void things_that_change_are_told(void **state)
{
    static const char *const steps[][2] = {
        { "AttachThingPrincipal", "{'thingName':'l1','principal':'@c_arn@'}" },
        { "UpdateThing", "{'thingName':'l1','attributePayload':{'attributes':{'room':'hall'}}}" },
        { "DetachThingPrincipal", "{'thingName':'l1','principal':'@c_arn@'}" },
    };
    struct bench *b = *state;
    registry_fixture_register(b->f, "c", "ACTIVE", 0);
    registry_fixture_do(b->f, "CreateThing", "{'thingName':'l1'}");
    struct reply reply;
    assert_int_equal(ask_cert(b, "c", &reply), 0);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        b->policy_changes = 0;
        registry_fixture_do(b->f, steps[i][0], steps[i][1]);
        if (!b->policy_changes) fail_msg("%s was not told", steps[i][0]);
    }
    release(&reply);
}

static void policies_that_ask_for_the_time(void **state)
{
    struct bench *b = *state;
    struct registry_fixture *f = b->f;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    registry_fixture_do(f, "CreatePolicy",
                        "{'policyName':'All','policyDocument':'" POLICY("Allow") "'}");
    registry_fixture_do(f, "CreatePolicy",
                        "{'policyName':'Night','policyDocument':'{\\'Version\\':\\'2012-10-17\\',"
                        "\\'Statement\\':{\\'Effect\\':\\'Deny\\',\\'Action\\':\\'*\\',"
                        "\\'Resource\\':\\'*\\',\\'Condition\\':{\\'NumericLessThan\\':"
                        "{\\'AWS:EpochTime\\':\\'5\\'}}}}'}");
    registry_fixture_do(f, "AttachPolicy", "{'policyName':'All','target':'@c_arn@'}");
    struct reply reply;
    assert_int_equal(ask_cert(b, "c", &reply), 0);
    assert_false(reply.principal->timed);
    registry_fixture_do(f, "AttachPolicy", "{'policyName':'Night','target':'@c_arn@'}");
    assert_true(reply.principal->timed);
    registry_fixture_do(f, "DetachPolicy", "{'policyName':'Night','target':'@c_arn@'}");
    assert_false(reply.principal->timed);
    release(&reply);
}

/* ---- groups ---- */

#define DO(...) registry_fixture_do(f, __VA_ARGS__)

static void put_names(struct buf *out, struct policy *const *policies, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(out, " %s", policy_name(policies[i]));
}

/* "own A things t1 A B t2 A": what decides for whom. */
static void expect_rights(const struct principal *p, const char *want)
{
    struct buf out = { 0 };
    buf_puts(&out, "own");
    put_names(&out, p->policies, p->policy_count);
    for (size_t i = 0; i < p->thing_count; i++) {
        buf_printf(&out, " %s", p->things[i].name);
        put_names(&out, p->things[i].policies, p->things[i].policy_count);
    }
    assert_string_equal(buf_str(&out), want);
    buf_deinit(&out);
}

static void make_group(struct registry_fixture *f)
{
    DO("CreatePolicy", "{'policyName':'A','policyDocument':'" POLICY("Allow") "'}");
    DO("CreatePolicy", "{'policyName':'B','policyDocument':'" POLICY("Allow") "'}");
    DO("CreateThingGroup", "{'thingGroupName':'top'}");
    DO("CreateThingGroup", "{'thingGroupName':'low','parentGroupName':'top'}");
    DO("CreateThing", "{'thingName':'t1'}");
    DO("CreateThing", "{'thingName':'t2'}");
}

/* Each row changes what c has; d, of the thing t2, must not hear of it. */
static void things_have_the_policies_of_their_groups(void **state)
{
    static const struct {
        const char *op, *params, *rights;
    } steps[] = {
        { "AttachThingPrincipal", "{'thingName':'t1','principal':'@c_arn@'}", "own t1" },
        { "AttachPolicy", "{'policyName':'A','target':'@c_arn@'}", "own A t1 A" },
        { "AddThingToThingGroup", "{'thingGroupName':'low','thingName':'t1'}", "own A t1 A" },
        { "AttachPolicy", "{'policyName':'B','target':'@arn@thinggroup/top'}", "own A t1 A B" },
        { "AttachPolicy", "{'policyName':'A','target':'@arn@thinggroup/low'}", "own A t1 A B" },
        { "DetachPolicy", "{'policyName':'A','target':'@c_arn@'}", "own t1 A B" },
        { "RemoveThingFromThingGroup", "{'thingGroupName':'low','thingName':'t1'}", "own t1" },
        { "UpdateThingGroupsForThing", "{'thingName':'t1','thingGroupsToAdd':['top']}",
          "own t1 B" },
        { "DeleteThingGroup", "{'thingGroupName':'top'}", "own t1" },
    };
    struct bench *b = *state;
    struct registry_fixture *f = b->f;
    struct reply c, d;
    struct told told_c = { 0 }, told_d = { 0 };
    registry_fixture_register(f, "c", "ACTIVE", 0);
    registry_fixture_register(f, "d", "ACTIVE", 0);
    make_group(f);
    DO("AttachThingPrincipal", "{'thingName':'t2','principal':'@d_arn@'}");
    assert_int_equal(ask_cert(b, "c", &c), 0);
    assert_int_equal(ask_cert(b, "d", &d), 0);
    auth_watch_principal(c.principal, &told_c.watch, on_told);
    auth_watch_principal(d.principal, &told_d.watch, on_told);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        told_c.count = 0;
        if (i + 1 == ARRAY_LEN(steps)) DO("DeleteThingGroup", "{'thingGroupName':'low'}");
        DO(steps[i].op, steps[i].params);
        expect_rights(c.principal, steps[i].rights);
        if (told_c.count != 1) fail_msg("step %zu was told %d times", i, told_c.count);
    }
    assert_int_equal(told_d.count, 0);
    auth_unwatch(&told_c.watch);
    auth_unwatch(&told_d.watch);
    release(&c);
    release(&d);
}

static void policies_of_groups_may_ask_for_the_time(void **state)
{
    struct bench *b = *state;
    struct registry_fixture *f = b->f;
    struct reply c;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    make_group(f);
    DO("CreatePolicy", "{'policyName':'Night','policyDocument':'{\\'Version\\':\\'2012-10-17\\',"
                       "\\'Statement\\':{\\'Effect\\':\\'Deny\\',\\'Action\\':\\'*\\',"
                       "\\'Resource\\':\\'*\\',\\'Condition\\':{\\'NumericLessThan\\':"
                       "{\\'aws:EpochTime\\':\\'5\\'}}}}'}");
    DO("AttachThingPrincipal", "{'thingName':'t1','principal':'@c_arn@'}");
    DO("AddThingToThingGroup", "{'thingGroupName':'low','thingName':'t1'}");
    assert_int_equal(ask_cert(b, "c", &c), 0);
    assert_false(c.principal->timed);
    DO("AttachPolicy", "{'policyName':'Night','target':'@arn@thinggroup/top'}");
    assert_true(c.principal->timed);
    DO("DetachPolicy", "{'policyName':'Night','target':'@arn@thinggroup/top'}");
    assert_false(c.principal->timed);
    release(&c);
}

/* One compiled policy for all who have it, and another when it changes; also when one of its name is made
 * anew, whose versions begin anew. */
static void compiled_policies_are_shared(void **state)
{
    struct bench *b = *state;
    struct registry_fixture *f = b->f;
    struct reply c, d;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    registry_fixture_register(f, "d", "ACTIVE", 0);
    make_group(f);
    DO("AttachPolicy", "{'policyName':'A','target':'@c_arn@'}");
    DO("AttachPolicy", "{'policyName':'A','target':'@d_arn@'}");
    assert_int_equal(ask_cert(b, "c", &c), 0);
    assert_int_equal(ask_cert(b, "d", &d), 0);
    struct policy *first = policy_ref(c.principal->policies[0]);
    assert_ptr_equal(d.principal->policies[0], first);
    registry_fixture_set(f, "deny", registry_fixture_expand(f, POLICY("Deny")));
    DO("CreatePolicyVersion", "{'policyName':'A','policyDocument':'@deny@','setAsDefault':true}");
    assert_ptr_not_equal(c.principal->policies[0], first);
    assert_ptr_equal(c.principal->policies[0], d.principal->policies[0]);
    assert_int_equal(may_publish(b, c.principal, "x"), ERR_DENIED);
    policy_unref(first);
    release(&d);
    DO("DetachPolicy", "{'policyName':'A','target':'@d_arn@'}");
    DO("DetachPolicy", "{'policyName':'A','target':'@c_arn@'}");
    DO("AttachPolicy", "{'policyName':'B','target':'@c_arn@'}");
    assert_int_equal(may_publish(b, c.principal, "x"), 0);
    DO("DetachPolicy", "{'policyName':'B','target':'@c_arn@'}");
    DO("DeletePolicy", "{'policyName':'B'}");
    DO("CreatePolicy", "{'policyName':'B','policyDocument':'@deny@'}");
    DO("AttachPolicy", "{'policyName':'A','target':'@c_arn@'}");
    DO("SetDefaultPolicyVersion", "{'policyName':'A','policyVersionId':'1'}");
    assert_int_equal(may_publish(b, c.principal, "x"), 0);
    DO("AttachPolicy", "{'policyName':'B','target':'@c_arn@'}");
    assert_int_equal(may_publish(b, c.principal, "x"), ERR_DENIED);
    release(&c);
}

/* ---- look-ups while something changes ---- */

struct race {
    struct bench *b;
    struct reply *reply;
    bool done;
};

static void ask_at_once(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct race *race = arg;
    assert_int_equal(rc, 0);
    auth_by_cert(race->b->auth, registry_fixture_get(race->b->f, "c"), slice_of("", 0), "",
                 on_reply, race->reply);
    race->done = true;
}

static void submit(struct bench *b, const char *op, const char *params, registry_done_cb done,
                   void *arg)
{
    char *text = registry_fixture_expand(b->f, params);
    struct json *json = NULL;
    assert_int_equal(json_parse(slice_str(text), NULL, &json, NULL), 0);
    free(text);
    registry_call(b->f->registry, registry_op_find(op), json, done, arg);
}

/* Whoever has the answer to a change finds it done, though the principal was in the cache. */
static void stale_lookups_wait_for_the_reload(void **state)
{
    struct bench *b = *state;
    struct reply held, reply = { 0 };
    registry_fixture_register(b->f, "c", "ACTIVE", 0);
    assert_int_equal(ask_cert(b, "c", &held), 0);
    struct race race = { b, &reply, false };
    submit(b, "UpdateCertificate", "{'certificateId':'@c@','newStatus':'INACTIVE'}", ask_at_once,
           &race);
    assert_int_equal(await(b, &reply), ERR_CERT);
    assert_true(race.done);
    assert_false(held.principal->valid);
    reply = (struct reply){ 0 };
    submit(b, "UpdateCertificate", "{'certificateId':'@c@','newStatus':'ACTIVE'}", ask_at_once,
           &race);
    assert_int_equal(await(b, &reply), 0);
    assert_ptr_equal(reply.principal, held.principal);
    release(&reply);
    release(&held);
}

struct again {
    struct bench *b;
    int left;
    struct reply last;
};

static void ask_again(void *arg, int rc, struct principal *principal, const char *why)
{
    struct again *again = arg;
    bool more = again->left-- > 0;
    assert_int_equal(rc, ERR_CERT);
    auth_by_cert(again->b->auth, registry_fixture_get(again->b->f, "c"), slice_of("", 0), "",
                 more ? ask_again : on_reply, more ? arg : &again->last);
}

static void a_refused_one_may_ask_again(void **state)
{
    struct bench *b = *state;
    struct again again = { b, 3, { 0 } };
    registry_fixture_set(b->f, "c", xstrdup("abcd"));
    auth_by_cert(b->auth, "abcd", slice_of("", 0), "", ask_again, &again);
    assert_int_equal(await(b, &again.last), ERR_CERT);
    assert_int_equal(auth_cached(b->auth), 0); /* what is unknown is not kept */
}

/* ---- passwords ---- */

static void passwords_are_checked(void **state)
{
    struct bench *b = *state;
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret'}");
    char long_name[129], long_password[1025];
    memset(long_name, 'u', sizeof long_name);
    memset(long_password, 'p', sizeof long_password);
    const struct {
        struct slice user, password;
        int rc;
    } cases[] = {
        { SLICE_LIT("plug"), SLICE_LIT("secret"), 0 },
        { SLICE_LIT("plug"), SLICE_LIT("secret"), 0 },
        { SLICE_LIT("plug"), SLICE_LIT("Secret"), ERR_AUTH },
        { SLICE_LIT("plug"), SLICE_LIT("secret "), ERR_AUTH },
        { SLICE_LIT("plug"), SLICE_LIT(""), ERR_AUTH },
        { SLICE_LIT("plug"), { NULL, 0 }, ERR_AUTH },
        { SLICE_LIT("plug"), SLICE_LIT("secret\0x"), ERR_AUTH },
        { SLICE_LIT("plug\0"), SLICE_LIT("secret"), ERR_AUTH },
        { SLICE_LIT("Plug"), SLICE_LIT("secret"), ERR_AUTH },
        { SLICE_LIT(""), SLICE_LIT("secret"), ERR_AUTH },
        { SLICE_LIT("x' OR '1'='1"), SLICE_LIT("secret"), ERR_AUTH },
        { slice_of(long_name, 129), SLICE_LIT("secret"), ERR_AUTH },
        { slice_of(long_name, 128), SLICE_LIT("secret"), ERR_AUTH },
        { SLICE_LIT("plug"), slice_of(long_password, 1025), ERR_AUTH },
        { SLICE_LIT("plug"), slice_of(long_password, 1024), ERR_AUTH },
        { SLICE_LIT("plug"), SLICE_LIT("secret"), 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (ask_password(b, cases[i].user, cases[i].password) != cases[i].rc)
            fail_msg("case %zu", i);
}

static void a_right_password_is_remembered(void **state)
{
    struct bench *b = *state;
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret'}");
    struct reply first = { 0 }, again = { 0 };
    auth_by_password(b->auth, SLICE_LIT("plug"), SLICE_LIT("secret"), "", on_reply, &first);
    assert_int_equal(await(b, &first), 0);
    auth_by_password(b->auth, SLICE_LIT("plug"), SLICE_LIT("secret"), "", on_reply, &again);
    loop_turn(b->f->loop); /* no worker, no store */
    assert_int_equal(again.count, 1);
    assert_int_equal(again.rc, 0);
    release(&again);
    /* a new password ends the memory of the old one */
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret2'}");
    assert_int_equal(ask_password(b, SLICE_LIT("plug"), SLICE_LIT("secret")), ERR_AUTH);
    assert_int_equal(ask_password(b, SLICE_LIT("plug"), SLICE_LIT("secret2")), 0);
    /* changed while the old one is being checked: whichever came first, there is one answer */
    auth_by_password(b->auth, SLICE_LIT("plug"), SLICE_LIT("secret2"), "", on_reply, &again);
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret3'}");
    while (!again.count)
        loop_turn_wait(b->f->loop, 1000);
    release(&again);
    assert_int_equal(ask_password(b, SLICE_LIT("plug"), SLICE_LIT("secret2")), ERR_AUTH);
    registry_fixture_do(b->f, "DeleteUser", "{'userName':'plug'}");
    assert_int_equal(ask_password(b, SLICE_LIT("plug"), SLICE_LIT("secret3")), ERR_AUTH);
    release(&first);
}

static void ask_from(struct bench *b, const char *password, const char *peer, struct reply *reply)
{
    *reply = (struct reply){ 0 };
    auth_by_password(b->auth, SLICE_LIT("plug"), slice_str(password), peer, on_reply, reply);
}

static int login_from(struct bench *b, const char *password, const char *peer)
{
    struct reply reply;
    ask_from(b, password, peer, &reply);
    int rc = await(b, &reply);
    release(&reply);
    return rc;
}

static void a_change_of_a_user_reaches_those_who_hold(void **state)
{
    static const struct {
        const char *op, *params;
        const char *password; /* with which one may log in then; NULL: nobody may */
        bool valid;           /* is who came in before */
    } steps[] = {
        { "AttachPolicy", "{'policyName':'AnonymousLocal','target':'@arn@'}", "secret", true },
        { "UpdateUser", "{'userName':'plug','status':'ACTIVE'}", "secret", true },
        { "UpdateUser", "{'userName':'plug','status':'INACTIVE'}", NULL, false },
        { "UpdateUser", "{'userName':'plug','status':'ACTIVE'}", "secret", true },
        { "PutUser", "{'userName':'plug','password':'secret2'}", "secret2", false },
        { "PutUser", "{'userName':'plug','password':'secret2'}", "secret2", false },
        { "ImportUsers", "{'users':[{'userName':'plug','passwordHash':'@other@'}],'update':true}",
          "correct horse", false },
        { "DeleteUser", "{'userName':'plug'}", NULL, false },
    };
    struct bench *b = *state;
    registry_fixture_set(b->f, "other",
                         xstrdup("$6$VjGlKJvhAmnu/dnP$Xq/W0rcV//1798pBJYwi1IhbZixPZOgtEUBpv2bhZzN1"
                                 "skOM7WUuzQ1f4MR9VPA78dHCPzJFIIw1u6N74+N0AQ=="));
    registry_fixture_set(b->f, "arn", xstrdup("arn:aws:iot:local:000000000000:user/plug"));
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret'}");
    const char *password = "secret";
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct reply held;
        struct told told = { 0 };
        bool was_in = password != NULL;
        if (was_in) {
            ask_from(b, password, "192.0.2.1", &held);
            assert_int_equal(await(b, &held), 0);
            auth_watch_principal(held.principal, &told.watch, on_told);
        }
        registry_fixture_do(b->f, steps[i].op, steps[i].params);
        if (was_in) {
            assert_true(told.count > 0);
            if (told.valid != steps[i].valid || held.principal->valid != steps[i].valid)
                fail_msg("step %zu: valid is %d", i, held.principal->valid);
            assert_true(steps[i].valid || may_publish(b, held.principal, "x") == ERR_DENIED);
            auth_unwatch(&told.watch);
            release(&held);
        }
        if (password && (!steps[i].password || strcmp(password, steps[i].password) != 0))
            assert_int_equal(login_from(b, password, "192.0.2.1"), ERR_AUTH);
        password = steps[i].password;
        if (password) assert_int_equal(login_from(b, password, "192.0.2.1"), 0);
    }
}

/* Who asks while the password changes is judged by what it is then. */
static void who_asks_during_a_change_is_judged_by_the_new_password(void **state)
{
    struct bench *b = *state;
    struct reply old, new;
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret'}");
    assert_int_equal(login_from(b, "secret", ""), 0);
    ask_from(b, "secret", "", &old);
    ask_from(b, "secret2", "", &new);
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret2'}");
    while (!old.count || !new.count)
        loop_turn_wait(b->f->loop, 1000);
    if (old.rc == 0) assert_false(old.principal->valid);
    assert_true(new.rc == 0 || new.rc == ERR_AUTH); /* whichever came first */
    release(&old);
    release(&new);
    assert_int_equal(login_from(b, "secret2", ""), 0);
}

static void imported_hashes_become_ours(void **state)
{
    static const char *const hashes[] = {
        "$6$VjGlKJvhAmnu/dnP$Xq/W0rcV//1798pBJYwi1IhbZixPZOgtEUBpv2bhZzN1skOM7WUuzQ1f4MR9VPA78dHC"
        "PzJFIIw1u6N74+N0AQ==",
        "$7$101$he6FwXwpBN3U4HsI$Nu6u3nEDCpzRKPkW7DLEue6tbzmMYzClUEYyGUab8mqNME88sWZvbYEUp1oDW4yM"
        "/4deZ4a5KgBA2HVBG8p6pA==",
        "$argon2id$v=19$m=64,t=1,p=1$"
        "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8w"
        "MTIzNDU2Nzg5Ojs8PT4/QA$D++buTfBks/tZ1cps9LUXRzqyStXZjf8fSTeGe9ZRwQNMRms8rPie5Jt9nvE/O0K61"
        "l8FBTkIJmnjd8dC2SePw",
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        struct reply reply;
        registry_fixture_set(b->f, "hash", xstrdup(hashes[i]));
        registry_fixture_do(b->f, "PutUser", "{'userName':'plug','passwordHash':'@hash@'}");
        assert_int_equal(login_from(b, "correct horsf", ""), ERR_AUTH);
        int64_t before = metrics_get(METRIC_USERS_REHASHED);
        ask_from(b, "correct horse", "", &reply);
        assert_int_equal(await(b, &reply), 0);
        while (metrics_get(METRIC_USERS_REHASHED) == before)
            loop_turn_wait(b->f->loop, 1000);
        assert_true(reply.principal->valid); /* the password is the same */
        release(&reply);
        assert_int_equal(login_from(b, "correct horse", ""), 0);
        assert_int_equal(login_from(b, "correct horsf", ""), ERR_AUTH);
        assert_int_equal(metrics_get(METRIC_USERS_REHASHED), before + 1); /* once */
        assert_int_equal(registry_fixture_call(b->f, ".RehashUser",
                                               "{'userName':'plug','hash':'@hash@',"
                                               "'betterHash':'x'}"),
                         ERR_CONFLICT);
    }
}

static void failures_are_delayed(void **state)
{
    struct bench *b = *state;
    auth_destroy(b->auth);
    b->delay = (struct login_delay_opts){ 3, 1000, MINUTES(5) };
    open_auth(b, false);
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret'}");
    for (int i = 0; i < 4; i++)
        assert_int_equal(login_from(b, "wrong", "192.0.2.1"), ERR_AUTH);
    int64_t delayed = metrics_get(METRIC_LOGINS_DELAYED);
    assert_int_equal(login_from(b, "secret", "192.0.2.1"), ERR_AUTH); /* is not even looked at */
    assert_int_equal(metrics_get(METRIC_LOGINS_DELAYED), delayed + 1);
    assert_int_equal(login_from(b, "secret", "192.0.2.2"), 0); /* the true one, elsewhere */
    clock_fake_advance(1001);
    assert_int_equal(login_from(b, "secret", "192.0.2.1"), 0);
    assert_int_equal(login_from(b, "secret", "192.0.2.1"), 0); /* known at once, and counted so */
}

/* A right guess among wrong ones that were sent together must not show. */
static void guesses_at_once_are_delayed_too(void **state)
{
    struct bench *b = *state;
    enum { GUESSES = 8 };
    struct reply replies[GUESSES];
    auth_destroy(b->auth);
    b->delay = (struct login_delay_opts){ 3, 1000, MINUTES(5) };
    open_auth(b, false);
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret'}");
    for (int i = 0; i < GUESSES; i++)
        ask_from(b, i == GUESSES - 1 ? "secret" : "wrong", "192.0.2.1", &replies[i]);
    while (!replies[GUESSES - 1].count)
        loop_turn_wait(b->f->loop, 1000);
    for (int i = 0; i < GUESSES; i++)
        assert_int_equal(replies[i].rc, ERR_AUTH);
}

static void a_user_under_attack_is_held(void **state)
{
    struct bench *b = *state;
    struct reply reply;
    char peer[32];
    auth_destroy(b->auth);
    b->delay = (struct login_delay_opts){ 0, 1000, MINUTES(5) };
    open_auth(b, false);
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret'}");
    for (int i = 1; i <= 2; i++) {
        snprintf(peer, sizeof peer, "192.0.2.%d", i);
        assert_int_equal(login_from(b, "wrong", peer), ERR_AUTH);
        clock_fake_advance(2000);
    }
    assert_int_equal(login_from(b, "wrong", "192.0.2.3"), ERR_AUTH);
    int64_t held = metrics_get(METRIC_LOGINS_HELD);
    ask_from(b, "secret", "192.0.2.9", &reply);
    for (int i = 0; i < 5; i++)
        loop_turn(b->f->loop);
    assert_int_equal(reply.count, 0);
    assert_int_equal(metrics_get(METRIC_LOGINS_HELD), held + 1);
    clock_fake_advance(4001);
    assert_int_equal(await(b, &reply), 0);
    release(&reply);
    assert_int_equal(login_from(b, "wrong", "192.0.2.10"), ERR_AUTH);
    ask_from(b, "secret", "192.0.2.11", &reply); /* held when all ends */
    loop_turn(b->f->loop);
    auth_stop(b->auth);
    assert_int_equal(reply.count, 1);
    release(&reply);
}

static void the_queue_of_passwords_is_bounded(void **state)
{
    struct bench *b = *state;
    enum { MANY = 300 };
    struct reply *replies = xcalloc(MANY, sizeof *replies);
    registry_fixture_do(b->f, "PutUser", "{'userName':'plug','password':'secret'}");
    for (int i = 0; i < MANY; i++)
        auth_by_password(b->auth, SLICE_LIT("plug"), SLICE_LIT("wrong"), "", on_reply, &replies[i]);
    int busy = 0, closed = 0;
    loop_turn(b->f->loop);
    for (int n = 0; n < 1000 && !replies[MANY - 1].count; n++)
        loop_turn_wait(b->f->loop, 1000);
    auth_stop(b->auth);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(replies[i].count, 1);
        busy += replies[i].rc == ERR_BUSY;
        closed += replies[i].rc == ERR_CLOSED;
        assert_true(replies[i].rc == ERR_BUSY || replies[i].rc == ERR_CLOSED ||
                    replies[i].rc == ERR_AUTH);
    }
    assert_in_range(busy, 1, MANY - 256);
    assert_true(closed > 0);
    free(replies);
}

/* ---- tokens, peers, anonymous ---- */

static void tokens_are_found_by_their_hash(void **state)
{
    struct bench *b = *state;
    struct registry_fixture *f = b->f;
    struct reply reply;
    struct told told = { 0 };
    registry_fixture_do(f, "CreateToken", "{'expiresInSeconds':60,'policyName':'UserDefault'}");
    registry_fixture_set(f, "id", xstrdup(json_get_str(f->result, "tokenId")));
    registry_fixture_set(f, "token", xstrdup(json_get_str(f->result, "token")));
    registry_fixture_do(f, "CreateToken", "{'admin':true}");
    registry_fixture_set(f, "admin", xstrdup(json_get_str(f->result, "token")));
    const char *token = registry_fixture_get(f, "token");

    assert_int_equal(ask_token(b, token, &reply), 0);
    struct principal *p = reply.principal;
    assert_int_equal(p->kind, PRINCIPAL_TOKEN);
    assert_string_equal(p->id, registry_fixture_get(f, "id")); /* not the token, nor its hash */
    assert_string_equal(p->label + 6, registry_fixture_get(f, "id"));
    assert_false(p->admin);
    assert_int_equal(may_publish(b, p, "x"), 0);
    auth_watch_principal(p, &told.watch, on_told);
    registry_fixture_do(f, "DetachPolicy",
                        "{'policyName':'UserDefault','target':'@arn@token/@id@'}");
    assert_int_equal(told.count, 1); /* found by its label too */
    assert_int_equal(may_publish(b, p, "x"), ERR_DENIED);

    static const char *const wrong[] = { "", "thd_", "x",
                                         "thd_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct reply none;
        assert_int_equal(ask_token(b, wrong[i], &none), ERR_NOT_FOUND);
        assert_string_equal(none.why, "The security token included in the request is invalid.");
    }
    registry_fixture_do(f, "UpdateToken", "{'tokenId':'@id@','status':'INACTIVE'}");
    assert_true(told.count == 2 && !told.valid);
    struct reply expired;
    assert_int_equal(ask_token(b, token, &expired), ERR_NOT_FOUND);
    registry_fixture_do(f, "UpdateToken", "{'tokenId':'@id@','status':'ACTIVE'}");
    assert_true(told.count == 3 && told.valid);
    assert_int_equal(ask_token(b, token, &expired), 0);
    release(&expired);
    clock_fake_advance(60001);
    assert_int_equal(ask_token(b, token, &expired), ERR_EXPIRED);
    registry_fixture_do(f, "DeleteToken", "{'tokenId':'@id@'}");
    assert_int_equal(told.count, 4);
    assert_false(told.valid);
    assert_int_equal(ask_token(b, token, &expired), ERR_NOT_FOUND);
    auth_unwatch(&told.watch);
    principal_unref(p);

    assert_int_equal(ask_token(b, registry_fixture_get(f, "admin"), &reply), 0);
    assert_true(reply.principal->admin);
    assert_int_equal(may_publish(b, reply.principal, "$aws/x"), 0);
    release(&reply);
}

static void peers_are_known_by_uid(void **state)
{
    struct bench *b = *state;
    const uid_t uids[] = { 0, geteuid(), 12345 };
    for (size_t i = 0; i < ARRAY_LEN(uids); i++) {
        struct reply reply = { 0 };
        bool ours = uids[i] == 0 || uids[i] == geteuid();
        auth_by_peer(b->auth, uids[i], on_reply, &reply);
        assert_int_equal(await(b, &reply), ours ? 0 : ERR_AUTH);
        if (ours) assert_true(reply.principal->admin && reply.principal->kind == PRINCIPAL_LOCAL);
        release(&reply);
    }
    struct principal *system = principal_system();
    assert_int_equal(may_publish(b, system, "$aws/events/x"), 0);
    principal_unref(principal_ref(system));
    principal_unref(system);
    principal_unref(NULL);
    assert_true(system->valid);
}

static void anonymous_follows_its_policy(void **state)
{
    struct bench *b = *state;
    struct principal *none = anonymous(b, "Custom"), *local = anonymous(b, "AnonymousLocal");
    assert_int_equal(may_publish(b, none, "x"),
                     ERR_DENIED); /* no such policy: nothing is allowed */
    assert_int_equal(may_publish(b, local, "x"), 0);
    registry_fixture_do(b->f, "CreatePolicy",
                        "{'policyName':'Custom','policyDocument':'" POLICY("Allow") "'}");
    assert_int_equal(may_publish(b, none, "x"), 0);
    registry_fixture_do(b->f, "DeletePolicy", "{'policyName':'Custom'}");
    assert_int_equal(may_publish(b, none, "x"), ERR_DENIED);
    assert_true(none->valid);
    principal_unref(none);
    principal_unref(local);
}

/* ---- HTTP requests ---- */

static void requests_are_signed(void **state)
{
    static const struct {
        struct signing how;
        int rc;
        const char *why; /* part of it */
    } cases[] = {
        { { "k", "ks", "local", 0, NULL, false }, 0, "" },
        { { "k", "ks", "eu-central-1", 0, NULL, false }, 0, "" },
        { { "k", "ks", "local", 299, NULL, false }, 0, "" },
        { { "k", "ks", "local", -299, NULL, false }, 0, "" },
        { { "k", "ks", "local", 301, NULL, false }, ERR_TIMEOUT, "Signature" },
        { { "k", "ks", "local", -301, NULL, false }, ERR_TIMEOUT, "Signature expired" },
        { { "k", "ls", "local", 0, NULL, false }, ERR_AUTH, SIGV4_MISMATCH_TEXT },
        { { "k", "ks", "local", 0, NULL, true }, ERR_AUTH, SIGV4_MISMATCH_TEXT },
        { { "none", "ks", "local", 0, NULL, false },
          ERR_NOT_FOUND,
          "The security token included in the request is invalid." },
        { { "k", "ks", "local", 0, "a-session", false },
          ERR_NOT_FOUND,
          "The security token included in the request is invalid." },
    };
    struct bench *b = *state;
    make_key(b, "{'policyName':'UserDefault'}", "k", "ks");
    make_key(b, "{'admin':true}", "l", "ls");
    registry_fixture_set(b->f, "none", xstrdup("AKIAAAAAAAAAAAAAAAAA"));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf text = { 0 };
        struct reply reply;
        sign(b, &cases[i].how, &text);
        int rc = ask_request(b, buf_str(&text), NULL, &reply);
        if (rc != cases[i].rc) fail_msg("case %zu: %s, %s", i, err_name(rc), reply.why);
        if (!strstr(reply.why, cases[i].why)) fail_msg("case %zu: %s", i, reply.why);
        if (rc == 0) assert_string_equal(reply.principal->id, registry_fixture_get(b->f, "k"));
        if (rc == 0) assert_true(reply.principal->kind == PRINCIPAL_KEY && !reply.principal->admin);
        release(&reply);
        buf_deinit(&text);
    }
    /* the same under strict_region, and after the key is disabled, enabled, gone */
    auth_destroy(b->auth);
    open_auth(b, true);
    for (int i = 0; i < 5; i++) {
        const struct signing how = { "k", "ks", i == 0 ? "eu-central-1" : "local", 0, NULL, false };
        static const int want[] = { ERR_AUTH, 0, ERR_NOT_FOUND, 0, ERR_NOT_FOUND };
        static const char *const changes[][2] = {
            [2] = { "UpdateAccessKey", "{'accessKeyId':'@k@','status':'INACTIVE'}" },
            [3] = { "UpdateAccessKey", "{'accessKeyId':'@k@','status':'ACTIVE'}" },
            [4] = { "DeleteAccessKey", "{'accessKeyId':'@k@'}" },
        };
        struct buf text = { 0 };
        struct reply reply;
        if (changes[i][0]) registry_fixture_do(b->f, changes[i][0], changes[i][1]);
        sign(b, &how, &text);
        assert_int_equal(ask_request(b, buf_str(&text), NULL, &reply), want[i]);
        if (i == 0)
            assert_string_equal(reply.why, "Credential should be scoped to a valid region.");
        release(&reply);
        buf_deinit(&text);
    }
}

static void requests_say_who_they_are(void **state)
{
    struct bench *b = *state;
    struct reply reply;
    struct principal *transport = anonymous(b, "AnonymousLocal");
    registry_fixture_do(b->f, "CreateToken", "{}");
    const char *token = json_get_str(b->f->result, "token");
    char bearer[160], lower[160];
#define HEAD "GET / HTTP/1.1\r\nHost: x\r\n"
    snprintf(bearer, sizeof bearer, HEAD "Authorization: Bearer %s\r\n\r\n", token);
    snprintf(lower, sizeof lower, HEAD "Authorization: bearer %s\r\n\r\n", token);
    const struct {
        const char *text;
        bool transport;
        int rc;
        const char *why;
    } cases[] = {
        { bearer, false, 0, "" },
        { bearer, true, 0, "" },
        { lower, false, 0, "" },
        { HEAD "Authorization: Bearer thd_x\r\n\r\n", true, ERR_NOT_FOUND, "invalid" },
        { HEAD "Authorization: Basic eDp5\r\n\r\n", true, ERR_MALFORMED, "Unsupported" },
        { HEAD "Authorization: Bearer\r\n\r\n", true, ERR_MALFORMED, "Unsupported" },
        { HEAD "Authorization: AWS4-HMAC-SHA256 nonsense\r\n\r\n", true, ERR_MALFORMED, "" },
        { HEAD "\r\n", false, ERR_USAGE, "Missing Authentication Token" },
        { HEAD "\r\n", true, 0, "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int rc = ask_request(b, cases[i].text, cases[i].transport ? transport : NULL, &reply);
        if (rc != cases[i].rc) fail_msg("case %zu: %s, %s", i, err_name(rc), reply.why);
        if (!strstr(reply.why, cases[i].why)) fail_msg("case %zu: %s", i, reply.why);
        if (rc == 0 && i + 1 < ARRAY_LEN(cases))
            assert_int_equal(reply.principal->kind, PRINCIPAL_TOKEN);
        else if (rc == 0)
            assert_ptr_equal(reply.principal, transport);
        release(&reply);
    }
    principal_unref(transport);
}

/* ---- decisions ---- */

struct decision {
    enum policy_action action;
    const char *type, *name;
    const char *client_id; /* NULL: outside MQTT */
    bool allowed;
};

static void expect_decisions(struct bench *b, const struct principal *p,
                             const struct decision *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct auth_conn conn = { .client_id = rows[i].client_id, .source_ip = "192.0.2.1" };
        struct policy_decision why;
        int rc = auth_check(b->auth, p, &conn, rows[i].action, rows[i].type,
                            slice_str(rows[i].name), &why);
        if ((rc == 0) != rows[i].allowed)
            fail_msg("%s %s%s as %s: %s", policy_action_name(rows[i].action), rows[i].type,
                     rows[i].name, rows[i].client_id ? rows[i].client_id : "(none)", err_name(rc));
        assert_true((why.effect == POLICY_ALLOW) == rows[i].allowed);
        assert_int_equal(
            auth_require(b->auth, p, &conn, rows[i].action, rows[i].type, slice_str(rows[i].name)),
            rc);
    }
}

#define CONNECT(name, as, ok)                            \
    {                                                    \
        POLICY_ACTION_CONNECT, AUTH_CLIENT, name, as, ok \
    }
#define PUB(name, as, ok)                               \
    {                                                   \
        POLICY_ACTION_PUBLISH, AUTH_TOPIC, name, as, ok \
    }
#define RETAIN(name, as, ok)                                   \
    {                                                          \
        POLICY_ACTION_RETAIN_PUBLISH, AUTH_TOPIC, name, as, ok \
    }
#define RECEIVE(name, as, ok)                           \
    {                                                   \
        POLICY_ACTION_RECEIVE, AUTH_TOPIC, name, as, ok \
    }
#define SUBSCRIBE(name, as, ok)                                 \
    {                                                           \
        POLICY_ACTION_SUBSCRIBE, AUTH_TOPICFILTER, name, as, ok \
    }
#define SHADOW(name, as, ok)                                             \
    { POLICY_ACTION_GET_THING_SHADOW, AUTH_THING, name, as, ok },        \
        { POLICY_ACTION_UPDATE_THING_SHADOW, AUTH_THING, name, as, ok }, \
    {                                                                    \
        POLICY_ACTION_DELETE_THING_SHADOW, AUTH_THING, name, as, ok      \
    }

static void thing_default_allows_its_own(void **state)
{
    static const struct decision rows[] = {
        CONNECT("lamp", "lamp", true),
        CONNECT("lamp2", "lamp2", false),
        CONNECT("", "", false),
        CONNECT("${iot:Connection.Thing.ThingName}", "x", false),
        PUB("device/lamp/state", "lamp", true),
        PUB("device/lamp/", "lamp", true),
        PUB("device/lamp", "lamp", false),
        PUB("device/lamp2/state", "lamp", false),
        PUB("device/lamp/state", "lamp2", false),
        PUB("things/lamp/a/b", "lamp", true),
        PUB("custom/lamp/a", "lamp", true),
        PUB("other/lamp/a", "lamp", false),
        PUB("$aws/things/lamp/shadow/update", "lamp", true),
        PUB("$aws/things/lamp/shadow/name/n/get", "lamp", true),
        PUB("$aws/things/lamp/jobs/get", "lamp", true),
        PUB("$aws/things/other/shadow/update", "lamp", false),
        PUB("$aws/things/lamp/tunnels/notify", "lamp", false),
        PUB("$aws/rules/r/device/lamp/x", "lamp", false),
        RETAIN("device/lamp/state", "lamp", true),
        RETAIN("device/other/state", "lamp", false),
        RECEIVE("device/lamp/state", "lamp", true),
        RECEIVE("device/other/state", "lamp", false),
        RECEIVE("$aws/things/lamp/shadow/update/delta", "lamp", true),
        SUBSCRIBE("device/lamp/#", "lamp", true),
        SUBSCRIBE("device/lamp/+/x", "lamp", true),
        SUBSCRIBE("device/+/#", "lamp", false),
        SUBSCRIBE("device/#", "lamp", false),
        SUBSCRIBE("#", "lamp", false),
        SUBSCRIBE("$aws/things/lamp/shadow/#", "lamp", true),
        SUBSCRIBE("$aws/things/+/shadow/#", "lamp", false),
        SUBSCRIBE("device/lamp/#", NULL, true), /* outside MQTT: its only thing */
        SHADOW("lamp", NULL, true),
        SHADOW("lamp/named", NULL, true),
        SHADOW("lamp2", NULL, false),
        SHADOW("lamp", "lamp", true),
        SHADOW("lamp", "lamp2", false),
        { POLICY_ACTION_GET_PENDING_JOB_EXECUTIONS, AUTH_THING, "lamp", NULL, true },
        { POLICY_ACTION_UPDATE_JOB_EXECUTION, AUTH_THING, "lamp2", NULL, false },
        { POLICY_ACTION_GET_RETAINED_MESSAGE, AUTH_TOPIC, "device/lamp/state", NULL, false },
        { POLICY_ACTION_DELETE_CONNECTION, AUTH_CLIENT, "lamp", "lamp", false },
    };
    struct bench *b = *state;
    struct reply reply;
    registry_fixture_register(b->f, "c", "ACTIVE", 0);
    registry_fixture_do(b->f, "CreateThing", "{'thingName':'lamp'}");
    registry_fixture_do(b->f, "CreateThing", "{'thingName':'lamp2'}");
    registry_fixture_do(b->f, "AttachThingPrincipal", "{'thingName':'lamp','principal':'@c_arn@'}");
    registry_fixture_do(b->f, "AttachPolicy", "{'policyName':'ThingDefault','target':'@c_arn@'}");
    assert_int_equal(ask_cert(b, "c", &reply), 0);
    expect_decisions(b, reply.principal, rows, ARRAY_LEN(rows));
    release(&reply);
}

static void user_default_allows_all_but_reserved(void **state)
{
    static const struct decision rows[] = {
        CONNECT("anything", "anything", true),
        PUB("a", "x", true),
        PUB("device/lamp/state", "x", true),
        PUB("a/$SYS", "x", true),
        PUB("$SYS/x", "x", false),
        PUB("$aws/things/lamp/shadow/update", "x", false),
        PUB("$", "x", false),
        RETAIN("a", "x", true),
        RETAIN("$a", "x", false),
        RECEIVE("a/b", "x", true),
        RECEIVE("$aws/events/x", "x", false),
        SUBSCRIBE("#", "x", true),
        SUBSCRIBE("+/a", "x", true),
        SUBSCRIBE("$SYS/#", "x", false),
        SUBSCRIBE("$aws/things/lamp/shadow/#", "x", false),
        SHADOW("lamp", NULL, false),
        { POLICY_ACTION_LIST_RETAINED_MESSAGES, "", "*", NULL, false },
    };
    struct bench *b = *state;
    struct reply reply = { 0 };
    registry_fixture_do(b->f, "PutUser", "{'userName':'u','password':'secret'}");
    auth_by_password(b->auth, SLICE_LIT("u"), SLICE_LIT("secret"), "", on_reply, &reply);
    assert_int_equal(await(b, &reply), 0);
    expect_decisions(b, reply.principal, rows, ARRAY_LEN(rows));
    release(&reply);
}

static void anonymous_local_has_the_data_plane(void **state)
{
    static const struct decision rows[] = {
        CONNECT("x", "x", true),
        PUB("a/b", "x", true),
        PUB("$aws/things/lamp/shadow/update", "x", true),
        RETAIN("a", "x", true),
        RECEIVE("a", "x", true),
        SUBSCRIBE("#", "x", true),
        SUBSCRIBE("$SYS/#", "x", true),
        RECEIVE("$SYS/broker/uptime", "x", true),
        SHADOW("lamp", NULL, true),
        { POLICY_ACTION_GET_RETAINED_MESSAGE, AUTH_TOPIC, "a", NULL, true },
        { POLICY_ACTION_DELETE_CONNECTION, AUTH_CLIENT, "x", NULL, false },
        { POLICY_ACTION_ASSUME_ROLE_WITH_CERTIFICATE, "rolealias/", "x", NULL, false },
    };
    struct bench *b = *state;
    struct principal *p = anonymous(b, "AnonymousLocal");
    expect_decisions(b, p, rows, ARRAY_LEN(rows));
    assert_int_equal(auth_require_admin(b->auth, p, NULL, "iot:ListThings", "*"), ERR_DENIED);
    principal_unref(p);
}

/* A principal of a certificate with this one policy. */
static struct principal *with_policy(struct bench *b, const char *statement)
{
    struct reply reply;
    char *params = xasprintf("{'policyName':'P','policyDocument':'{\\'Version\\':\\'2012-10-17\\',"
                             "\\'Statement\\':%s}'}",
                             statement);
    registry_fixture_do(b->f, "CreatePolicy", params);
    free(params);
    registry_fixture_register(b->f, "c", "ACTIVE", 0);
    registry_fixture_do(b->f, "AttachPolicy", "{'policyName':'P','target':'@c_arn@'}");
    assert_int_equal(ask_cert(b, "c", &reply), 0);
    return reply.principal;
}

static void connect_attributes_are_conditions(void **state)
{
    struct bench *b = *state;
    struct principal *p = with_policy(
        b, "[{\\'Effect\\':\\'Allow\\',\\'Action\\':\\'iot:Connect\\',\\'Resource\\':"
           "\\'arn:aws:iot:local:000000000000:client/plain\\',\\'Condition\\':"
           "{\\'ForAllValues:StringEquals\\':{\\'iot:ConnectAttributes\\':[]}}},"
           "{\\'Effect\\':\\'Allow\\',\\'Action\\':\\'iot:Connect\\',\\'Resource\\':"
           "\\'arn:aws:iot:local:000000000000:client/keeps\\',\\'Condition\\':"
           "{\\'ForAllValues:StringEquals\\':{\\'iot:ConnectAttributes\\':"
           "[\\'PersistentConnect\\']}}},"
           "{\\'Effect\\':\\'Allow\\',\\'Action\\':\\'iot:Connect\\',\\'Resource\\':"
           "\\'arn:aws:iot:local:000000000000:client/any\\'},"
           "{\\'Effect\\':\\'Deny\\',\\'Action\\':\\'iot:Connect\\',\\'Resource\\':\\'*\\',"
           "\\'Condition\\':{\\'ArnLike\\':{\\'iot:LastWillTopic\\':"
           "\\'arn:aws:iot:local:000000000000:topic/*/private\\'}}}]");
    char *long_will = xmalloc(2000);
    memset(long_will, 'w', 2000);
    memcpy(long_will + 1900, "/private", sizeof "/private");
    const struct {
        const char *client_id;
        bool persistent;
        const char *will;
        bool allowed;
    } rows[] = {
        { "plain", false, NULL, true },       { "plain", true, NULL, false },
        { "plain", false, "w", false },       { "keeps", false, NULL, true },
        { "keeps", true, NULL, true },        { "keeps", true, "w", false },
        { "any", true, "w", true },           { "any", false, NULL, true },
        { "any", false, "a/private", false }, { "any", false, "a/private/b", true },
        { "any", false, long_will, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct auth_connect asked = { rows[i].persistent, rows[i].will };
        const struct auth_conn conn = { .client_id = rows[i].client_id,
                                        .source_ip = "192.0.2.1",
                                        .connect = &asked };
        int rc = auth_check(b->auth, p, &conn, POLICY_ACTION_CONNECT, AUTH_CLIENT,
                            slice_str(rows[i].client_id), NULL);
        if ((rc == 0) != rows[i].allowed) fail_msg("row %zu: %s", i, err_name(rc));
    }
    free(long_will);
    principal_unref(p);
}

static void resources_may_be_long(void **state)
{
    struct bench *b = *state;
    struct principal *p =
        with_policy(b, "{\\'Effect\\':\\'Allow\\',\\'Action\\':\\'iot:Publish\\',\\'Resource\\':"
                       "\\'arn:aws:iot:local:000000000000:topic/*/end\\',\\'Condition\\':"
                       "{\\'IpAddress\\':{\\'aws:SourceIp\\':\\'192.0.2.0/24\\'}}}");
    const struct auth_conn near = { .client_id = "x", .source_ip = "192.0.2.7" },
                           far = { .client_id = "x", .source_ip = "198.51.100.7" };
    char *topic = xmalloc(65536);
    memset(topic, 't', 65535);
    topic[65535] = '\0';
    for (size_t len = 400; len < 65535; len += len < 600 ? 1 : 13001) {
        struct slice name = slice_of(topic, len);
        assert_int_equal(
            auth_check(b->auth, p, &near, POLICY_ACTION_PUBLISH, AUTH_TOPIC, name, NULL),
            ERR_DENIED);
        memcpy(topic + len - 4, "/end", 4);
        assert_int_equal(
            auth_check(b->auth, p, &near, POLICY_ACTION_PUBLISH, AUTH_TOPIC, name, NULL), 0);
        assert_int_equal(
            auth_check(b->auth, p, &far, POLICY_ACTION_PUBLISH, AUTH_TOPIC, name, NULL),
            ERR_DENIED);
        memset(topic + len - 4, 't', 4);
    }
    free(topic);
    principal_unref(p);
}

static int by_token(struct bench *b, const char *params, struct reply *ret_reply)
{
    registry_fixture_do(b->f, "CreateToken", params);
    return ask_token(b, json_get_str(b->f->result, "token"), ret_reply);
}

static void the_control_plane_wants_more(void **state)
{
    struct bench *b = *state;
    struct reply admin, reader, nobody;
    struct principal *cert =
        with_policy(b, "{\\'Effect\\':\\'Allow\\',\\'Action\\':\\'*\\',\\'Resource\\':\\'*\\'}");
    registry_fixture_do(b->f, "CreatePolicy",
                        "{'policyName':'Reader','policyDocument':'{\\'Version\\':\\'2012-10-17\\',"
                        "\\'Statement\\':{\\'Effect\\':\\'Allow\\',\\'Action\\':"
                        "[\\'iot:Describe*\\',\\'iot:List*\\'],\\'Resource\\':\\'*\\'}}'}");
    assert_int_equal(by_token(b, "{'admin':true}", &admin), 0);
    assert_int_equal(by_token(b, "{'policyName':'Reader'}", &reader), 0);
    assert_int_equal(by_token(b, "{}", &nobody), 0);
    const struct {
        const struct principal *who;
        const char *action;
        bool allowed;
    } rows[] = {
        { admin.principal, "iot:DeleteThing", true },
        { reader.principal, "iot:DescribeThing", true },
        { reader.principal, "IOT:listthings", true },
        { reader.principal, "iot:DeleteThing", false },
        { nobody.principal, "iot:DescribeThing", false },
        { cert, "iot:DescribeThing", false }, /* whatever its policies say */
        { principal_system(), "iot:DeleteThing", true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int before = lines;
        int rc = auth_require_admin(b->auth, rows[i].who, NULL, rows[i].action,
                                    "arn:aws:iot:local:000000000000:thing/a");
        if ((rc == 0) != rows[i].allowed) fail_msg("row %zu: %s", i, err_name(rc));
        assert_int_equal(lines - before, rows[i].allowed ? 0 : 1); /* a refusal is one line */
    }
    principal_unref(cert);
    release(&admin);
    release(&reader);
    release(&nobody);
}

/* ---- bounds, ends ---- */

enum { MANY = 10000, IDLE = 256 };

struct crowd {
    char (*tokens)[64];
    int made;
    struct reply *replies;
};

static void on_token(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct crowd *crowd = arg;
    assert_int_equal(rc, 0);
    snprintf(crowd->tokens[crowd->made++], sizeof *crowd->tokens, "%s",
             json_get_str(result, "token"));
}

static void the_cache_is_bounded(void **state)
{
    struct bench *b = *state;
    struct crowd crowd = { xcalloc(MANY, sizeof *crowd.tokens), 0,
                           xcalloc(MANY, sizeof *crowd.replies) };
    for (int i = 0; i < MANY; i++)
        submit(b, "CreateToken", "{'policyName':'UserDefault'}", on_token, &crowd);
    loop_turn(b->f->loop);
    while (crowd.made < MANY)
        loop_turn_wait(b->f->loop, 1000);
    for (int i = 0; i < MANY; i++)
        auth_by_token(b->auth, slice_str(crowd.tokens[i]), "", on_reply, &crowd.replies[i]);
    loop_turn(b->f->loop);
    while (!crowd.replies[MANY - 1].count)
        loop_turn_wait(b->f->loop, 1000);
    assert_int_equal(auth_cached(b->auth), MANY); /* those in use stay */
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(crowd.replies[i].rc, 0);
        release(&crowd.replies[i]);
        assert_int_equal(auth_cached(b->auth), i + 1 <= IDLE ? MANY : MANY - (i + 1 - IDLE));
    }
    /* the last are still there, the first are loaded again */
    struct reply reply = { 0 };
    auth_by_token(b->auth, slice_str(crowd.tokens[MANY - 1]), "", on_reply, &reply);
    loop_turn(b->f->loop);
    assert_int_equal(reply.count, 1);
    release(&reply);
    assert_int_equal(ask_token(b, crowd.tokens[0], &reply), 0);
    assert_int_equal(auth_cached(b->auth), IDLE + 1); /* one is in use */
    assert_int_equal(may_publish(b, reply.principal, "x"), 0);
    release(&reply);
    free(crowd.tokens);
    free(crowd.replies);
}

enum { OPEN = 8 };

/* Questions of every kind that are not answered yet. */
static void ask_all(struct bench *b, struct http_parser *parser, struct reply replies[OPEN])
{
    struct buf text = { 0 };
    size_t used;
    sign(b, &(struct signing){ "k", "ks", "local", 0, NULL, false }, &text);
    http_parser_init(parser, NULL);
    assert_int_equal(http_feed(parser, (const uint8_t *)text.data, text.len, &used), HTTP_DONE);
    buf_deinit(&text);
    const char *id = registry_fixture_get(b->f, "c");
    memset(replies, 0, OPEN * sizeof *replies);
    auth_by_cert(b->auth, id, slice_of("", 0), "", on_reply, &replies[0]);
    auth_by_cert(b->auth, id, slice_of("", 0), "", on_reply, &replies[1]);
    auth_by_password(b->auth, SLICE_LIT("u"), SLICE_LIT("secret"), "", on_reply, &replies[2]);
    auth_by_password(b->auth, SLICE_LIT(""), SLICE_LIT("secret"), "", on_reply, &replies[3]);
    auth_by_token(b->auth, SLICE_LIT("thd_x"), "", on_reply, &replies[4]);
    auth_by_peer(b->auth, 0, on_reply, &replies[5]);
    auth_anonymous(b->auth, "AnonymousLocal", on_reply, &replies[6]);
    auth_by_request(b->auth, &parser->req, NULL, true, "", on_reply, &replies[7]);
}

static void open_questions_end(void **state)
{
    struct bench *b = *state;
    struct http_parser parser;
    struct reply replies[OPEN];
    make_key(b, "{}", "k", "ks");
    registry_fixture_register(b->f, "c", "ACTIVE", 0);
    registry_fixture_do(b->f, "PutUser", "{'userName':'u','password':'secret'}");
    /* 0: not even begun; 1: the store reads; 2: all is in the cache, answers wait for the loop */
    for (int round = 0; round < 3; round++) {
        if (round == 2) {
            ask_all(b, &parser, replies);
            for (int i = 0; i < OPEN; i++)
                while (!replies[i].count)
                    loop_turn_wait(b->f->loop, 100);
            for (int i = 0; i < OPEN; i++)
                release(&replies[i]);
            http_parser_deinit(&parser);
        }
        ask_all(b, &parser, replies);
        if (round == 1) loop_turn(b->f->loop);
        if (round == 0)
            auth_destroy(b->auth); /* the store will answer to nobody */
        else
            auth_stop(b->auth);
        for (int i = 0; i < OPEN; i++) {
            assert_int_equal(replies[i].count, 1);
            if (round != 1) assert_int_equal(replies[i].rc, ERR_CLOSED);
            release(&replies[i]);
        }
        http_parser_deinit(&parser);
        if (round == 0) {
            open_auth(b, false);
            continue;
        }
        ask_all(b, &parser, replies); /* after the end */
        for (int i = 0; i < OPEN; i++)
            assert_int_equal(replies[i].count, 0);
        auth_destroy(b->auth);
        for (int i = 0; i < OPEN; i++)
            assert_int_equal(replies[i].rc, ERR_CLOSED);
        http_parser_deinit(&parser);
        open_auth(b, false);
    }
}

static void the_store_may_end_first(void **state)
{
    struct bench *b = *state;
    struct http_parser parser;
    struct reply replies[OPEN], held;
    struct told told = { 0 };
    make_key(b, "{}", "k", "ks");
    registry_fixture_register(b->f, "c", "ACTIVE", 0);
    registry_fixture_do(b->f, "PutUser", "{'userName':'u','password':'secret'}");
    assert_int_equal(ask_cert(b, "c", &held), 0);
    auth_watch_principal(held.principal, &told.watch, on_told);
    ask_all(b, &parser, replies);
    auth_stop(b->auth);
    registry_fixture_do(b->f, "UpdateCertificate",
                        "{'certificateId':'@c@','newStatus':'INACTIVE'}");
    store_stop(b->f->store); /* the reload is under way */
    for (int i = 0; i < OPEN; i++) {
        assert_int_equal(replies[i].count, 1);
        release(&replies[i]);
    }
    auth_destroy(b->auth);
    assert_true(told.count <= 1);
    auth_unwatch(&told.watch);
    release(&held); /* outlives the cache */
    http_parser_deinit(&parser);
    registry_fixture_restart(b->f);
    open_auth(b, false);
    assert_int_equal(ask_cert(b, "c", &held), ERR_CERT);
}

static void count_changed(void *arg, int rc, struct json *result, const struct diag *diag)
{
    int *answers = arg;
    assert_int_equal(rc, 0); /* it is committed, whatever became of the reload */
    (*answers)++;
}

static void a_change_is_answered_though_all_ends(void **state)
{
    struct bench *b = *state;
    struct reply held;
    registry_fixture_register(b->f, "c", "ACTIVE", 0);
    for (int auth_first = 0; auth_first < 2; auth_first++) {
        int answers = 0;
        assert_int_equal(ask_cert(b, "c", &held), 0);
        submit(b, "UpdateCertificate", "{'certificateId':'@c@','newStatus':'ACTIVE'}",
               count_changed, &answers);
        auth_stop(b->auth);
        if (auth_first) auth_destroy(b->auth);
        store_stop(b->f->store);
        assert_int_equal(answers, 1);
        if (!auth_first) auth_destroy(b->auth);
        release(&held);
        registry_fixture_restart(b->f);
        open_auth(b, false);
    }
}

/* ---- the ledger ---- */

static void expect_entry(struct bench *b, const char *kind, const char *principal,
                         const char *client_id, const char *action, const char *resource,
                         const char *reason)
{
    const struct ledger_entry *entry = ledger_find(auth_ledger(b->auth), 0, NULL);
    assert_non_null(entry);
    assert_string_equal(ledger_kind_name(entry->kind), kind);
    assert_true(slice_eq_str(entry->principal, principal));
    assert_true(slice_eq_str(entry->client_id, client_id));
    assert_true(slice_eq_str(entry->address, "192.0.2.1"));
    assert_true(slice_eq_str(entry->action, action));
    assert_true(slice_eq_str(entry->resource, resource));
    if (!slice_eq_str(entry->reason, reason))
        fail_msg("'%.*s'", (int)entry->reason.len, entry->reason.ptr);
}

static void refusals_are_noted(void **state)
{
    struct bench *b = *state;
    const struct auth_conn conn = { .client_id = "lamp", .source_ip = "192.0.2.1" };
    struct principal *p = anonymous(b, "AnonymousLocal");
    assert_int_equal(
        auth_require(b->auth, p, &conn, POLICY_ACTION_PUBLISH, AUTH_TOPIC, SLICE_LIT("a")), 0);
    assert_int_equal(auth_check(b->auth, p, &conn, POLICY_ACTION_DELETE_CONNECTION, AUTH_CLIENT,
                                SLICE_LIT("a"), NULL),
                     ERR_DENIED);
    assert_null(ledger_find(auth_ledger(b->auth), 0, NULL)); /* neither the allowed nor the asked */

    auth_require(b->auth, p, &conn, POLICY_ACTION_DELETE_CONNECTION, AUTH_CLIENT, SLICE_LIT("a"));
    expect_entry(b, "denied", "anonymous:AnonymousLocal", "lamp", "iot:DeleteConnection",
                 "client/a", "no statement allows it");
    auth_require_admin(b->auth, p, &conn, "iot:ListThings", "*");
    expect_entry(b, "denied", "anonymous:AnonymousLocal", "lamp", "iot:ListThings", "*",
                 "certificates and anonymous callers have the data plane only");
    auth_log_refusal(b->auth, p, &conn, "iot:Publish", SLICE_LIT("$SYS/x"), "reserved");
    expect_entry(b, "denied", "anonymous:AnonymousLocal", "lamp", "iot:Publish", "$SYS/x",
                 "reserved");
    principal_unref(p);

    assert_int_equal(ask_password(b, SLICE_LIT("nobody"), SLICE_LIT("secret")), ERR_AUTH);
    expect_entry(b, "credential", "user:nobody", "", "", "", "unknown user");
    assert_int_equal(ask_password(b, SLICE_LIT(""), SLICE_LIT("secret")), ERR_AUTH);
    expect_entry(b, "credential", "user:", "", "", "", "not a possible user name or password");
}

static void refusals_are_explained(void **state)
{
    struct bench *b = *state;
    struct principal *p = with_policy(
        b, "{\\'Sid\\':\\'Own\\',\\'Effect\\':\\'Allow\\',\\'Action\\':\\'iot:Publish\\',"
           "\\'Resource\\':\\'arn:aws:iot:local:000000000000:topic/a/${iot:ClientId}\\'}");
    const struct auth_conn conn = { .client_id = "lamp", .source_ip = "192.0.2.1" };
    assert_int_equal(
        auth_require(b->auth, p, &conn, POLICY_ACTION_PUBLISH, AUTH_TOPIC, SLICE_LIT("b*")),
        ERR_DENIED);
    const struct ledger_entry *entry = ledger_find(auth_ledger(b->auth), 0, NULL);
    assert_true(slice_eq_str(entry->closest,
                             "policy P, Statement[0] (Own): its resource is "
                             "arn:aws:iot:local:000000000000:topic/a/${iot:ClientId}"));
    assert_true(slice_eq_str(entry->change,
                             "{\"Effect\":\"Allow\",\"Action\":\"iot:Publish\",\"Resource\":"
                             "\"arn:aws:iot:local:000000000000:topic/b${*}\"}"));
    principal_unref(p);
}

/* A delivery that is refused again and again is noted once a minute. */
static void suppressed_deliveries_are_noted_once(void **state)
{
    struct bench *b = *state;
    struct principal *p = anonymous(b, "ThingDefault");
    const struct auth_conn conn = { .client_id = "lamp", .source_ip = "192.0.2.1" };
    clock_fake_set_real(clock_real_ms());
    for (int i = 0; i < 5; i++)
        assert_false(auth_may_receive(b->auth, p, &conn, SLICE_LIT("elsewhere")));
    assert_int_equal(ledger_find(auth_ledger(b->auth), 0, NULL)->count, 1);
    expect_entry(b, "suppressed", "anonymous:ThingDefault", "lamp", "iot:Receive",
                 "topic/elsewhere", "no statement allows it");
    clock_fake_advance(MINUTES(1) + 1);
    assert_false(auth_may_receive(b->auth, p, &conn, SLICE_LIT("elsewhere")));
    assert_int_equal(ledger_find(auth_ledger(b->auth), 0, NULL)->count, 2);
    principal_unref(p);
}

/* What is remembered for one connection is not so for another: each part of the key by itself. */
static void what_is_remembered_is_of_the_connection(void **state)
{
    struct bench *b = *state;
    struct principal *p = with_policy(
        b,
        "[{\\'Effect\\':\\'Allow\\',\\'Action\\':[\\'iot:Publish\\',\\'iot:Connect\\'],\\'"
        "Resource\\':\\'*\\',"
        "\\'Condition\\':{\\'StringEquals\\':{\\'iot:ClientId\\':\\'lamp\\',\\'aws:SourceIp\\':\\'"
        "192.0.2.1\\',"
        "\\'iot:DomainName\\':\\'hub\\'},\\'Null\\':{\\'iot:ConnectAttributes\\':\\'true\\'}}}]");
    const struct auth_connect keeps = { .persistent = true };
    const struct auth_conn right = { .client_id = "lamp",
                                     .source_ip = "192.0.2.1",
                                     .domain = "hub" };
    const struct auth_conn wrong[] = {
        { .client_id = "plug", .source_ip = "192.0.2.1", .domain = "hub" },
        { .client_id = "lamp", .source_ip = "192.0.2.2", .domain = "hub" },
        { .client_id = "lamp", .source_ip = "192.0.2.1", .domain = "bub" },
        { .client_id = "lamp", .source_ip = "192.0.2.1" },
        { .client_id = "lamp", .source_ip = "192.0.2.1", .domain = "hub", .connect = &keeps },
    };
    struct slice topic = SLICE_LIT("t");
    for (int round = 0; round < 2; round++) {
        assert_int_equal(
            auth_check(b->auth, p, &right, POLICY_ACTION_PUBLISH, AUTH_TOPIC, topic, NULL), 0);
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
            if (auth_check(b->auth, p, &wrong[i], POLICY_ACTION_PUBLISH, AUTH_TOPIC, topic, NULL) ==
                0)
                fail_msg("connection %zu", i);
        assert_int_equal(
            auth_check(b->auth, p, &right, POLICY_ACTION_SUBSCRIBE, AUTH_TOPIC, topic, NULL),
            ERR_DENIED);
    }
    principal_unref(p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(certificates_are_judged),
        TEST(changes_reach_those_who_hold),
        TEST(things_are_variables),
        TEST(things_that_change_are_told),
        TEST(policies_that_ask_for_the_time),
        TEST(things_have_the_policies_of_their_groups),
        TEST(policies_of_groups_may_ask_for_the_time),
        TEST(compiled_policies_are_shared),
        TEST(stale_lookups_wait_for_the_reload),
        TEST(a_refused_one_may_ask_again),
        TEST(passwords_are_checked),
        TEST(a_right_password_is_remembered),
        TEST(a_change_of_a_user_reaches_those_who_hold),
        TEST(who_asks_during_a_change_is_judged_by_the_new_password),
        TEST(imported_hashes_become_ours),
        TEST(failures_are_delayed),
        TEST(guesses_at_once_are_delayed_too),
        TEST(a_user_under_attack_is_held),
        TEST(the_queue_of_passwords_is_bounded),
        TEST(tokens_are_found_by_their_hash),
        TEST(peers_are_known_by_uid),
        TEST(anonymous_follows_its_policy),
        TEST(requests_are_signed),
        TEST(requests_say_who_they_are),
        TEST(thing_default_allows_its_own),
        TEST(user_default_allows_all_but_reserved),
        TEST(anonymous_local_has_the_data_plane),
        TEST(connect_attributes_are_conditions),
        TEST(resources_may_be_long),
        TEST(the_control_plane_wants_more),
        TEST(the_cache_is_bounded),
        TEST(open_questions_end),
        TEST(the_store_may_end_first),
        TEST(a_change_is_answered_though_all_ends),
        TEST(refusals_are_noted),
        TEST(refusals_are_explained),
        TEST(suppressed_deliveries_are_noted_once),
        TEST(what_is_remembered_is_of_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
