/* Unit tests of the registry: role aliases and temporary keys. The fixture gives a certificate three keys. */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/password.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "unit/registry/registry_fixture.h"

#define ROLE(name) "arn:aws:iam::000000000000:role/" name

/* ---- aliases ---- */

static void aliases_come_and_go(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateRoleAlias", "{'roleAlias':'A','roleArn':'" ROLE("R") "'}", 0,
          "{'roleAlias':'A','roleAliasArn':'@arn@rolealias/A'}" },
        { "DescribeRoleAlias", "{'roleAlias':'A'}", 0,
          "{'roleAliasDescription':{'roleAlias':'A','roleAliasArn':'@arn@rolealias/"
          "A','roleArn':'" ROLE(
              "R") "','owner':'000000000000','credentialDurationSeconds':3600,'creationDate':'#',"
                   "'lastModifiedDate':'#'}}" },
        { "CreateRoleAlias", "{'roleAlias':'A','roleArn':'" ROLE("R") "'}", ERR_EXISTS,
          "{'resourceId':'A','resourceArn':'@arn@rolealias/A'}", "already exists" },
        { "CreateRoleAlias",
          "{'roleAlias':'B=,@-_','roleArn':'" ROLE("p/R") "','credentialDurationSeconds':900}", 0 },
        { "CreateRoleAlias", "{'roleAlias':'C','roleArn':'@2048@'}", 0 },
        { "CreateRoleAlias", "{'roleAlias':'@128@','roleArn':'12345678901234567890'}", 0 },
        { "CreateRoleAlias",
          "{'roleAlias':'D','roleArn':'" ROLE("R") "',"
                                                   "'credentialDurationSeconds':43200}",
          0 },
        { "CreateRoleAlias", "{'roleAlias':'E'}", ERR_INVALID, "", "'roleArn'" },
        { "CreateRoleAlias", "{'roleArn':'" ROLE("R") "'}", ERR_INVALID, "", "'roleAlias'" },
        { "CreateRoleAlias", "{'roleAlias':'','roleArn':'" ROLE("R") "'}", ERR_INVALID },
        { "CreateRoleAlias", "{'roleAlias':'a b','roleArn':'" ROLE("R") "'}", ERR_INVALID, "",
          "[\\w=,@-]+" },
        { "CreateRoleAlias", "{'roleAlias':'a.b','roleArn':'" ROLE("R") "'}", ERR_INVALID },
        { "CreateRoleAlias", "{'roleAlias':'@129@','roleArn':'" ROLE("R") "'}", ERR_INVALID },
        { "CreateRoleAlias", "{'roleAlias':'E','roleArn':'1234567890123456789'}", ERR_INVALID, "",
          "greater than or equal to 20" },
        { "CreateRoleAlias", "{'roleAlias':'E','roleArn':'@2049@'}", ERR_INVALID, "",
          "less than or equal to 2048" },
        { "CreateRoleAlias",
          "{'roleAlias':'E','roleArn':'" ROLE("R") "',"
                                                   "'credentialDurationSeconds':899}",
          ERR_INVALID, "", "equal to 900" },
        { "CreateRoleAlias",
          "{'roleAlias':'E','roleArn':'" ROLE("R") "',"
                                                   "'credentialDurationSeconds':43201}",
          ERR_INVALID, "", "equal to 43200" },
        { "UpdateRoleAlias", "{'roleAlias':'A','credentialDurationSeconds':1800}", 0,
          "{'roleAlias':'A','roleAliasArn':'@arn@rolealias/A'}" },
        { "UpdateRoleAlias", "{'roleAlias':'A','roleArn':'" ROLE("S") "'}", 0 },
        { "UpdateRoleAlias", "{'roleAlias':'A'}", 0 },
        { "UpdateRoleAlias", "{'roleAlias':'A','roleArn':'short'}", ERR_INVALID },
        { "UpdateRoleAlias", "{'roleAlias':'A','credentialDurationSeconds':1}", ERR_INVALID },
        { "UpdateRoleAlias", "{'roleAlias':'E'}", ERR_NOT_FOUND, "", "E does not exist" },
        { "DescribeRoleAlias", "{'roleAlias':'A'}", 0,
          "{'roleAliasDescription':{'roleAlias':'A','roleAliasArn':'@arn@rolealias/"
          "A','roleArn':'" ROLE(
              "S") "','owner':'000000000000','credentialDurationSeconds':1800,'creationDate':'#',"
                   "'lastModifiedDate':'#'}}" },
        { "DescribeRoleAlias", "{'roleAlias':'E'}", ERR_NOT_FOUND, "" },
        { "DeleteRoleAlias", "{'roleAlias':'A'}", 0, "" },
        { "DeleteRoleAlias", "{'roleAlias':'A'}", ERR_NOT_FOUND, "" },
        { "DescribeRoleAlias", "{'roleAlias':'A'}", ERR_NOT_FOUND, "" },
        { "ListRoleAliases", "{'pageSize':251}", ERR_INVALID, "" },
        { "ListRoleAliases", "{'marker':'x'}", ERR_INVALID, "" },
    };
    struct registry_fixture *f = *state;
    static const size_t lengths[] = { 128, 129, 2048, 2049 };
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        char name[8], *text = xmalloc(lengths[i] + 1);
        memset(text, 'n', lengths[i]);
        text[lengths[i]] = '\0';
        snprintf(name, sizeof name, "%zu", lengths[i]);
        registry_fixture_set(f, name, text);
    }
    RUN_STEPS(f, steps);
}

static void aliases_are_listed_by_name(void **state)
{
    struct registry_fixture *f = *state;
    static const char *const names[] = { "b", "a", "d", "c", "e" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *params = xasprintf("{'roleAlias':'%s','roleArn':'" ROLE("R") "'}", names[i]);
        registry_fixture_do(f, "CreateRoleAlias", params);
        free(params);
    }
    for (int size = 1; size < 7; size++) {
        registry_fixture_pages(f, "ListRoleAliases", "'ascendingOrder':'true'", size, "roleAliases",
                               NULL, true, "a b c d e");
        registry_fixture_pages(f, "ListRoleAliases", "", size, "roleAliases", NULL, true,
                               "e d c b a");
    }
}

/* ---- keys ---- */

struct loaded {
    bool done;
    int rc;
    struct registry_principal *principal;
};

static void on_loaded(void *arg, int rc, struct registry_principal *principal)
{
    struct loaded *loaded = arg;
    *loaded = (struct loaded){ true, rc, principal };
}

static struct loaded load(struct registry_fixture *f, const char *id)
{
    struct loaded loaded = { 0 };
    char *label = xasprintf("temp:%s", id);
    registry_load_principal(f->registry, label, on_loaded, &loaded);
    while (!loaded.done)
        loop_turn_wait(f->loop, 1000);
    free(label);
    return loaded;
}

static int is_there(struct registry_fixture *f, const char *name)
{
    struct loaded loaded = load(f, registry_fixture_get(f, name));
    registry_principal_free(loaded.principal);
    return loaded.rc;
}

#define ASSUME "{'roleAlias':'A','certificateId':'@c@'}"

/* Makes a key whose id is then this variable. */
static void make_key(struct registry_fixture *f, const char *params, const char *name)
{
    registry_fixture_do(f, ".CreateTemporaryKey", params);
    const struct json *key = json_get(f->result, "credentials");
    registry_fixture_set(f, name, xstrdup(json_get_str(key, "accessKeyId")));
}

static void prepare(struct registry_fixture *f)
{
    registry_fixture_register(f, "c", "ACTIVE", 0);
    registry_fixture_do(f, "CreatePolicy",
                        "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}");
    registry_fixture_do(f, "AttachPolicy", "{'policyName':'P','target':'" ROLE("R") "'}");
    registry_fixture_do(f, "CreateRoleAlias", "{'roleAlias':'A','roleArn':'" ROLE("R") "'}");
}

static void keys_carry_the_role(void **state)
{
    struct registry_fixture *f = *state;
    prepare(f);
    registry_fixture_do(f, "CreateThing",
                        "{'thingName':'lamp','attributePayload':{'attributes':{'a':'1'}}}");
    registry_fixture_do(f, "AttachThingPrincipal", "{'thingName':'lamp','principal':'@c_arn@'}");
    make_key(f, "{'roleAlias':'A','certificateId':'@c@','thingName':'lamp'}", "k");
    const struct json *key = json_get(f->result, "credentials");
    char end[25], hash[TOKEN_HASH_LEN];
    text_iso8601(clock_real_ms() + HOURS(1), end);
    assert_int_equal(json_count(f->result), 1);
    assert_int_equal(json_count(key), 4);
    assert_int_equal(strncmp(json_get_str(key, "accessKeyId"), "ASIA", 4), 0);
    assert_int_equal(strlen(json_get_str(key, "expiration")), 20);
    assert_int_equal(strncmp(json_get_str(key, "expiration"), end, 19), 0);
    token_hash(slice_str(json_get_str(key, "sessionToken")), hash);

    struct loaded loaded = load(f, registry_fixture_get(f, "k"));
    struct registry_principal *p = loaded.principal;
    assert_int_equal(loaded.rc, 0);
    assert_string_equal(p->secret, json_get_str(key, "secretAccessKey"));
    assert_string_equal(p->token_hash, hash);
    assert_string_equal(p->cert_id, registry_fixture_get(f, "c"));
    assert_true(p->not_after_ms == clock_real_ms() + HOURS(1));
    assert_false(p->admin);
    assert_int_equal(p->policy_count, 1);
    assert_string_equal(p->policies[0].name, "P");
    assert_int_equal(p->thing_count, 1);
    assert_string_equal(p->things[0].name, "lamp");
    assert_string_equal(json_get_str(p->things[0].attributes, "a"), "1");
    registry_principal_free(p);

    /* another's thing it is no longer */
    registry_fixture_do(f, "DetachThingPrincipal", "{'thingName':'lamp','principal':'@c_arn@'}");
    loaded = load(f, registry_fixture_get(f, "k"));
    assert_int_equal(loaded.principal->thing_count, 0);
    registry_principal_free(loaded.principal);
}

static void keys_are_refused(void **state)
{
    static const struct registry_step steps[] = {
        { ".CreateTemporaryKey", "{'roleAlias':'none','certificateId':'@c@'}", ERR_NOT_FOUND, "",
          "Role alias does not exist" },
        { "CreateRoleAlias", "{'roleAlias':'F','roleArn':'arn:aws:iam::111111111111:role/R'}", 0 },
        { ".CreateTemporaryKey", "{'roleAlias':'F','certificateId':'@c@'}", ERR_INVALID, "",
          "Unable to assume the role, or the role to assume does not exist" },
        { "CreateRoleAlias", "{'roleAlias':'G','roleArn':'" ROLE("unheard-of") "'}", 0 },
        { ".CreateTemporaryKey", "{'roleAlias':'G','certificateId':'@c@'}", ERR_INVALID, "",
          "Unable to assume" },
        { "CreateRoleAlias", "{'roleAlias':'H','roleArn':'@c_arn@'}", 0 },
        { ".CreateTemporaryKey", "{'roleAlias':'H','certificateId':'@c@'}", ERR_INVALID, "",
          "Unable to assume" },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'INACTIVE'}", 0 },
        { ".CreateTemporaryKey", ASSUME, ERR_DENIED, "", "Access Denied" },
    };
    struct registry_fixture *f = *state;
    prepare(f);
    RUN_STEPS(f, steps);
}

static void a_key_ends_with_its_certificate(void **state)
{
    struct registry_fixture *f = *state;
    prepare(f);
    registry_fixture_register(f, "short", "ACTIVE", 1);
    clock_fake_advance(DAYS(1) - MINUTES(10));
    registry_fixture_do(f, ".CreateTemporaryKey", "{'roleAlias':'A','certificateId':'@short@'}");
    const char *end = json_get_str(json_get(f->result, "credentials"), "expiration");
    char hour[25];
    text_iso8601(clock_real_ms() + MINUTES(11), hour);
    assert_true(strcmp(end, hour) < 0);
}

static void only_some_keys_are_kept(void **state)
{
    struct registry_fixture *f = *state;
    static const char *const names[] = { "k1", "k2", "k3", "k4" };
    prepare(f);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        clock_fake_advance(1000);
        make_key(f, ASSUME, names[i]);
    }
    char *told = registry_fixture_expand(f, "principal:temp:@k1@");
    assert_string_equal(buf_str(&f->changes), told);
    free(told);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(is_there(f, names[i]), i == 0 ? ERR_NOT_FOUND : 0);
    /* for a day after their end they are told apart from unknown ones, then they are gone */
    clock_fake_advance(HOURS(2));
    assert_int_equal(is_there(f, "k4"), 0);
    clock_fake_advance(DAYS(1));
    make_key(f, ASSUME, "k5");
    assert_int_equal(is_there(f, "k4"), ERR_NOT_FOUND);
}

static void what_they_rest_on_is_told(void **state)
{
    static const struct {
        const char *op, *params, *told;
        int rc; /* of the key afterwards */
    } cases[] = {
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'INACTIVE'}",
          "principal:cert:@c@ principal:temp:@k@", ERR_NOT_FOUND },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'ACTIVE'}",
          "principal:cert:@c@ principal:temp:@k@", 0 },
        { "CreatePolicyVersion",
          "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL "','setAsDefault':true}",
          "principal:role:R policy:P principal:temp:@k@", 0 },
        { "DetachPolicy", "{'policyName':'P','target':'" ROLE("R") "'}",
          "principal:role:R principal:temp:@k@", 0 },
        { "AttachPolicy", "{'policyName':'P','target':'" ROLE("S") "'}", "principal:role:S", 0 },
        { "UpdateRoleAlias", "{'roleAlias':'A','roleArn':'" ROLE("S") "'}", "", 0 },
        { "DeleteRoleAlias", "{'roleAlias':'A'}", "principal:temp:@k@", ERR_NOT_FOUND },
    };
    struct registry_fixture *f = *state;
    prepare(f);
    make_key(f, ASSUME, "k");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        registry_fixture_do(f, cases[i].op, cases[i].params);
        char *want = registry_fixture_expand(f, cases[i].told);
        if (strcmp(buf_str(&f->changes), want) != 0)
            fail_msg("case %zu told '%s'", i, buf_str(&f->changes));
        free(want);
        assert_int_equal(is_there(f, "k"), cases[i].rc);
    }
}

static void keys_do_not_outlive_their_certificate(void **state)
{
    struct registry_fixture *f = *state;
    prepare(f);
    make_key(f, ASSUME, "k");
    registry_fixture_do(f, "DescribeCertificate", "{'certificateId':'@c@'}");
    registry_fixture_set(f, "pem",
                         registry_fixture_quote(json_get_str(
                             json_get(f->result, "certificateDescription"), "certificatePem")));
    registry_fixture_do(f, "UpdateCertificate", "{'certificateId':'@c@','newStatus':'REVOKED'}");
    registry_fixture_do(f, "DeleteCertificate", "{'certificateId':'@c@'}");
    char *told = registry_fixture_expand(f, "principal:temp:@k@");
    assert_non_null(strstr(buf_str(&f->changes), told));
    free(told);
    registry_fixture_do(f, "RegisterCertificateWithoutCA",
                        "{'certificatePem':'@pem@','status':'ACTIVE'}");
    assert_int_equal(is_there(f, "k"), ERR_NOT_FOUND);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(aliases_come_and_go),       TEST(aliases_are_listed_by_name),
        TEST(keys_carry_the_role),       TEST(keys_are_refused),
        TEST(only_some_keys_are_kept),   TEST(a_key_ends_with_its_certificate),
        TEST(what_they_rest_on_is_told), TEST(keys_do_not_outlive_their_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
