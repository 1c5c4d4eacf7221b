/* Unit tests of auth: credentials that end by themselves. Temporary keys, JSON Web Tokens, and the time at which a
 * principal is no longer valid; and that what is remembered of any credential ends with what it rested on. */
#include "auth/jwt.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "unit/auth/auth_fixture.h"

#define ROLE    "arn:aws:iam::000000000000:role/R"
#define INVALID "The security token included in the request is invalid."
#define EXPIRED "The security token included in the request is expired"

/* ---- temporary keys ---- */

static void prepare_role(struct bench *b)
{
    struct registry_fixture *f = b->f;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    registry_fixture_do(f, "CreatePolicy",
                        "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}");
    registry_fixture_do(f, "AttachPolicy", "{'policyName':'P','target':'" ROLE "'}");
    registry_fixture_do(f, "CreateRoleAlias",
                        "{'roleAlias':'A','roleArn':'" ROLE "','credentialDurationSeconds':900}");
}

static void take_key(struct bench *b)
{
    struct registry_fixture *f = b->f;
    static const char *const members[][2] = { { "k", "accessKeyId" },
                                              { "ks", "secretAccessKey" },
                                              { "kt", "sessionToken" } };
    registry_fixture_do(f, ".CreateTemporaryKey", "{'roleAlias':'A','certificateId':'@c@'}");
    const struct json *key = json_get(f->result, "credentials");
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        registry_fixture_set(f, members[i][0], xstrdup(json_get_str(key, members[i][1])));
}

static int ask_signed(struct bench *b, const char *secret, const char *token, struct reply *reply)
{
    struct buf text = { 0 };
    sign(b, &(struct signing){ "k", secret, "local", 0, token, false }, &text);
    int rc = ask_request(b, buf_str(&text), NULL, reply);
    buf_deinit(&text);
    return rc;
}

static void temporary_keys_sign(void **state)
{
    struct bench *b = *state;
    struct reply reply;
    prepare_role(b);
    take_key(b);
    const char *token = registry_fixture_get(b->f, "kt");
    registry_fixture_set(b->f, "wrong", xstrdup("not-the-key"));
    assert_int_equal(ask_signed(b, "ks", token, &reply), 0);
    struct principal *p = reply.principal;
    assert_int_equal(p->kind, PRINCIPAL_ROLE);
    assert_string_equal(p->id, registry_fixture_get(b->f, "k"));
    assert_string_equal(p->cert_id, registry_fixture_get(b->f, "c"));
    assert_true(p->valid && !p->admin);
    assert_true(p->expires_ms == clock_real_ms() + 900000);
    assert_int_equal(may_publish(b, p, "x"), 0);
    assert_int_equal(auth_require_admin(b->auth, p, NULL, "iot:CreateThing", "*"), 0);
    release(&reply);

    const struct {
        const char *secret, *token;
        int rc;
        const char *why;
    } cases[] = {
        { "ks", NULL, ERR_NOT_FOUND, INVALID },
        { "ks", "", ERR_NOT_FOUND, INVALID },
        { "ks", "ths_x", ERR_NOT_FOUND, INVALID },
        { "wrong", token, ERR_AUTH, SIGV4_MISMATCH_TEXT },
        { "wrong", "ths_x", ERR_NOT_FOUND, INVALID },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (ask_signed(b, cases[i].secret, cases[i].token, &reply) != cases[i].rc)
            fail_msg("case %zu: %s", i, reply.why);
        assert_string_equal(reply.why, cases[i].why);
    }
    clock_fake_advance(900001);
    assert_int_equal(ask_signed(b, "ks", token, &reply), ERR_EXPIRED);
    assert_string_equal(reply.why, EXPIRED);
    assert_int_equal(ask_signed(b, "ks", "ths_x", &reply),
                     ERR_NOT_FOUND); /* told to its owner only */
    assert_int_equal(ask_signed(b, "ks", token, &reply),
                     ERR_EXPIRED); /* also when it is read anew */
}

static void temporary_keys_end_at_once(void **state)
{
    static const struct {
        const char *op, *params;
    } cases[] = {
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'INACTIVE'}" },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'REVOKED'}" },
        { "DeleteRoleAlias", "{'roleAlias':'A'}" },
    };
    struct bench *b = *state;
    struct reply reply;
    prepare_role(b);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct told told = { 0 };
        take_key(b);
        const char *token = registry_fixture_get(b->f, "kt");
        assert_int_equal(ask_signed(b, "ks", token, &reply), 0);
        auth_watch_principal(reply.principal, &told.watch, on_told);
        registry_fixture_do(b->f, cases[i].op, cases[i].params);
        assert_int_equal(told.count, 1);
        assert_false(reply.principal->valid);
        auth_unwatch(&told.watch);
        release(&reply);
        assert_int_equal(ask_signed(b, "ks", token, &reply), ERR_NOT_FOUND);
        registry_fixture_do(b->f, "UpdateCertificate",
                            "{'certificateId':'@c@','newStatus':'ACTIVE'}");
    }
}

static void temporary_keys_follow_their_role(void **state)
{
    struct bench *b = *state;
    struct reply reply;
    struct told told = { 0 };
    prepare_role(b);
    take_key(b);
    assert_int_equal(ask_signed(b, "ks", registry_fixture_get(b->f, "kt"), &reply), 0);
    auth_watch_principal(reply.principal, &told.watch, on_told);
    registry_fixture_do(b->f, "DetachPolicy", "{'policyName':'P','target':'" ROLE "'}");
    assert_int_equal(may_publish(b, reply.principal, "x"), ERR_DENIED);
    registry_fixture_do(b->f, "AttachPolicy", "{'policyName':'P','target':'" ROLE "'}");
    assert_int_equal(may_publish(b, reply.principal, "x"), 0);
    registry_fixture_do(b->f, "CreatePolicyVersion",
                        "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL
                        "','setAsDefault':true}");
    assert_int_equal(may_publish(b, reply.principal, "x"), ERR_DENIED);
    assert_int_equal(told.count, 3);
    assert_true(told.valid);
    auth_unwatch(&told.watch);
    release(&reply);
}

/* ---- what is remembered ---- */

#define OF_GROUP(name) "{'policyName':'P','target':'@arn@thinggroup/" name "'}"

enum who { CERT, KEY, TOKEN, USER, TEMPORARY, WHO_COUNT };

static void ask_all(struct bench *b, struct reply replies[WHO_COUNT])
{
    struct registry_fixture *f = b->f;
    prepare_role(b);
    registry_fixture_do(f, "CreateThing", "{'thingName':'t'}");
    registry_fixture_do(f, "CreateThingGroup", "{'thingGroupName':'top'}");
    registry_fixture_do(f, "CreateThingGroup", "{'thingGroupName':'low','parentGroupName':'top'}");
    registry_fixture_do(f, "AttachThingPrincipal", "{'thingName':'t','principal':'@c_arn@'}");
    registry_fixture_do(f, "AttachPolicy", OF_GROUP("top"));
    assert_int_equal(ask_cert(b, "c", &replies[CERT]), 0);
    take_key(b);
    assert_int_equal(ask_signed(b, "ks", registry_fixture_get(f, "kt"), &replies[TEMPORARY]), 0);
    make_key(b, "{'policyName':'P'}", "k", "ks");
    assert_int_equal(ask_signed(b, "ks", NULL, &replies[KEY]), 0);
    registry_fixture_do(f, "CreateToken", "{'policyName':'P'}");
    registry_fixture_set(f, "id", xstrdup(json_get_str(f->result, "tokenId")));
    assert_int_equal(ask_token(b, json_get_str(f->result, "token"), &replies[TOKEN]), 0);
    registry_fixture_do(f, "PutUser", "{'userName':'u','password':'secret','policyName':'P'}");
    auth_by_password(b->auth, SLICE_LIT("u"), SLICE_LIT("secret"), "192.0.2.1", on_reply,
                     &replies[USER]);
    assert_int_equal(await(b, &replies[USER]), 0);
}

/* Of who is connected as the thing; the second answer is from memory when the first allows it. */
static bool may_twice(struct bench *b, const struct principal *p)
{
    static const struct auth_conn as_t = { .client_id = "t" };
    int rc[2];
    for (size_t i = 0; i < ARRAY_LEN(rc); i++)
        rc[i] =
            auth_check(b->auth, p, &as_t, POLICY_ACTION_PUBLISH, AUTH_TOPIC, SLICE_LIT("x"), NULL);
    assert_int_equal(rc[0], rc[1]);
    return rc[0] == 0;
}

static void what_is_remembered_ends_with_its_cause(void **state)
{
#define IN_LOW  "{'thingGroupName':'low','thingName':'t'}"
#define OF_ROLE "{'policyName':'P','target':'" ROLE "'}"
    static const struct {
        enum who who;
        const char *op, *params;
        bool allowed;
    } steps[] = {
        { CERT, "AddThingToThingGroup", IN_LOW, true },
        { CERT, "RemoveThingFromThingGroup", IN_LOW, false },
        { CERT, "UpdateThingGroupsForThing", "{'thingName':'t','thingGroupsToAdd':['low']}", true },
        { CERT, "DetachPolicy", OF_GROUP("top"), false },
        { CERT, "AttachPolicy", OF_GROUP("low"), true },
        { CERT, "DetachThingPrincipal", "{'thingName':'t','principal':'@c_arn@'}", false },
        { CERT, "AttachThingPrincipal", "{'thingName':'t','principal':'@c_arn@'}", true },
        { CERT, "DeleteThingGroup", "{'thingGroupName':'low'}", false },
        { CERT, "AttachPolicy", "{'policyName':'P','target':'@c_arn@'}", true },
        { TEMPORARY, "DetachPolicy", OF_ROLE, false },
        { TEMPORARY, "AttachPolicy", OF_ROLE, true },
        { TEMPORARY, "UpdateCertificate", "{'certificateId':'@c@','newStatus':'INACTIVE'}", false },
        { CERT, "UpdateCertificate", "{'certificateId':'@c@','newStatus':'ACTIVE'}", true },
        { CERT, "UpdateCertificate", "{'certificateId':'@c@','newStatus':'INACTIVE'}", false },
        { KEY, "UpdateAccessKey", "{'accessKeyId':'@k@','status':'INACTIVE'}", false },
        { KEY, "UpdateAccessKey", "{'accessKeyId':'@k@','status':'ACTIVE'}", true },
        { KEY, "DeleteAccessKey", "{'accessKeyId':'@k@'}", false },
        { TOKEN, "UpdateToken", "{'tokenId':'@id@','status':'INACTIVE'}", false },
        { TOKEN, "UpdateToken", "{'tokenId':'@id@','status':'ACTIVE'}", true },
        { TOKEN, "DeleteToken", "{'tokenId':'@id@'}", false },
        { USER, "UpdateUser", "{'userName':'u','status':'INACTIVE'}", false },
        { USER, "UpdateUser", "{'userName':'u','status':'ACTIVE'}", true },
        { USER, "PutUser", "{'userName':'u','password':'secret too'}", false },
    };
    struct bench *b = *state;
    struct reply replies[WHO_COUNT] = { 0 };
    ask_all(b, replies);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        const struct principal *p = replies[steps[i].who].principal;
        if (may_twice(b, p) == steps[i].allowed) fail_msg("step %zu changes nothing", i);
        registry_fixture_do(b->f, steps[i].op, steps[i].params);
        if (may_twice(b, p) != steps[i].allowed) fail_msg("step %zu: wrong decision", i);
    }
    for (size_t i = 0; i < WHO_COUNT; i++)
        release(&replies[i]);
}

/* ---- the time ---- */

/* Time passes; whoever watches is told. */
static void pass(struct bench *b, int64_t ms)
{
    clock_fake_advance(ms);
    loop_turn(b->f->loop);
}

static void principals_end_at_their_time(void **state)
{
    struct bench *b = *state;
    struct registry_fixture *f = b->f;
    struct reply cert, forever, token, later;
    struct told told[3] = { 0 };
    registry_fixture_register(f, "c", "ACTIVE", 1);
    registry_fixture_register(f, "d", "ACTIVE", 0);
    assert_int_equal(ask_cert(b, "c", &cert), 0);
    assert_int_equal(ask_cert(b, "d", &forever), 0);
    registry_fixture_do(f, "CreateToken", "{'expiresInSeconds':30}");
    assert_int_equal(ask_token(b, json_get_str(f->result, "token"), &token), 0);
    registry_fixture_do(f, "CreateToken", "{'expiresInSeconds':7200}");
    assert_int_equal(ask_token(b, json_get_str(f->result, "token"), &later), 0);
    struct principal *watched[] = { token.principal, later.principal, cert.principal };
    for (size_t i = 0; i < ARRAY_LEN(watched); i++)
        auth_watch_principal(watched[i], &told[i].watch, on_told);

    pass(b, 30000);
    assert_int_equal(told[0].count, 0);
    pass(b, 1);
    assert_int_equal(told[0].count, 1);
    assert_false(token.principal->valid);
    assert_int_equal(may_publish(b, token.principal, "x"), ERR_DENIED);
    assert_int_equal(told[1].count, 0);
    for (int minute = 0; minute < 121; minute++) /* it looks again, in case that the clock is set */
        pass(b, MINUTES(1));
    assert_int_equal(told[1].count, 1);
    assert_int_equal(told[2].count, 0);
    clock_fake_set_real(clock_real_ms() + DAYS(2)); /* as it is set forward */
    pass(b, MINUTES(1));
    assert_int_equal(told[2].count, 1);
    assert_false(cert.principal->valid);
    assert_true(forever.principal->valid);
    for (size_t i = 0; i < ARRAY_LEN(told); i++)
        auth_unwatch(&told[i].watch);
    release(&cert);
    release(&forever);
    release(&token);
    release(&later);
}

static void who_is_told_may_let_others_go(void **state)
{
    struct bench *b = *state;
    struct reply replies[4];
    for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
        registry_fixture_do(b->f, "CreateToken", "{'expiresInSeconds':30}");
        assert_int_equal(ask_token(b, json_get_str(b->f->result, "token"), &replies[i]), 0);
    }
    release(&replies[1]); /* only the cache holds it */
    pass(b, 30001);
    assert_int_equal(auth_cached(b->auth), 0);
    for (size_t i = 0; i < ARRAY_LEN(replies); i++)
        release(&replies[i]);
}

/* ---- JSON Web Tokens ---- */

static const struct jwt_mapping mappings[] = { { SLICE_LIT("*"), SLICE_LIT("Base") },
                                               { SLICE_LIT("read"), SLICE_LIT("ReadOnly") } };
static const struct jwt_rules rules = {
    "https://issuer.example", "thingd", 60000, "scope", mappings, ARRAY_LEN(mappings),
};

static struct jwt_keys *read_keys(const char *text)
{
    struct jwt_keys *keys = NULL;
    struct diag diag = DIAG_INIT;
    if (jwt_keys_parse(slice_str(text), &keys, &diag) < 0) fail_msg("%s", diag.text);
    return keys;
}

static void read_golden(const char *name, struct buf *out)
{
    char path[256];
    snprintf(path, sizeof path, TEST_GOLDEN "/jwt/%s", name);
    assert_int_equal(file_read(path, 1 << 20, out, NULL), 0);
}

/* The token of a golden case, as a variable. */
static const char *golden_token(struct bench *b, const char *name)
{
    struct buf all = { 0 };
    read_golden("tokens.case", &all);
    char *head = xasprintf("== %s\ntoken ", name);
    const char *at = strstr(buf_str(&all), head);
    assert_non_null(at);
    at += strlen(head);
    registry_fixture_set(b->f, name, xstrndup(at, strcspn(at, "\n")));
    free(head);
    buf_deinit(&all);
    return registry_fixture_get(b->f, name);
}

static int setup_jwt(void **state)
{
    int rc = setup(state);
    struct bench *b = *state;
    struct buf text = { 0 };
    auth_destroy(b->auth);
    b->jwt = &rules;
    open_auth(b, false);
    clock_fake_set_real(INT64_C(1795502090000)); /* of the golden cases */
    read_golden("keys.json", &text);
    auth_set_jwt_keys(b->auth, read_keys(buf_str(&text)));
    buf_deinit(&text);
    registry_fixture_do(b->f, "CreatePolicy",
                        "{'policyName':'ReadOnly','policyDocument':'" POLICY_ALLOW_ALL "'}");
    return rc;
}

static void tokens_of_an_issuer_are_taken(void **state)
{
    static const struct {
        const char *name;
        int rc;
    } cases[] = {
        { "RS256", 0 },
        { "EdDSA", 0 },
        { "ES256", 0 },
        { "EdDSA altered", ERR_NOT_FOUND },
        { "unknown kid", ERR_NOT_FOUND },
        { "alg none", ERR_NOT_FOUND },
        { "another audience", ERR_NOT_FOUND },
        { "expired", ERR_EXPIRED },
    };
    struct bench *b = *state;
    struct reply reply, again = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *token = golden_token(b, cases[i].name);
        int rc = ask_token(b, token, &reply);
        if (rc != cases[i].rc) fail_msg("%s: %s %s", cases[i].name, err_name(rc), reply.why);
        if (rc < 0) assert_string_equal(reply.why, rc == ERR_EXPIRED ? EXPIRED : INVALID);
        if (rc == 0) assert_int_equal(reply.principal->kind, PRINCIPAL_JWT);
        if (rc == 0) assert_string_equal(reply.principal->label, "jwt:alice");
        if (rc == 0) assert_false(reply.principal->admin);
        release(&reply);
    }
    /* once right, it is known */
    const char *token = registry_fixture_get(b->f, "RS256");
    auth_by_token(b->auth, slice_str(token), "", on_reply, &again);
    loop_turn(b->f->loop); /* no worker, no store */
    assert_int_equal(again.count, 1);
    assert_int_equal(again.rc, 0);
    release(&again);
    char *text = xasprintf("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", token);
    assert_int_equal(ask_request(b, text, NULL, &reply), 0);
    release(&reply);
    free(text);
}

static void claims_give_policies(void **state)
{
    struct bench *b = *state;
    struct reply reader, other;
    assert_int_equal(ask_token(b, golden_token(b, "RS256"), &reader), 0);
    assert_int_equal(ask_token(b, golden_token(b, "no scope"), &other), 0);
    assert_int_equal(may_publish(b, reader.principal, "x"), 0);
    assert_int_equal(may_publish(b, other.principal, "x"), ERR_DENIED);
    registry_fixture_do(b->f, "CreatePolicy",
                        "{'policyName':'Base','policyDocument':'" POLICY_ALLOW_ALL "'}");
    assert_int_equal(may_publish(b, other.principal, "x"), 0);
    registry_fixture_do(b->f, "CreatePolicyVersion",
                        "{'policyName':'ReadOnly','policyDocument':'" POLICY_DENY_ALL
                        "','setAsDefault':true}");
    assert_int_equal(may_publish(b, reader.principal, "x"), ERR_DENIED);
    assert_int_equal(may_publish(b, other.principal, "x"), 0);
    release(&reader);
    release(&other);
}

static void a_token_ends_with_its_time_and_its_key(void **state)
{
    struct bench *b = *state;
    struct reply rsa, ed;
    struct told told[2] = { 0 };
    assert_int_equal(ask_token(b, golden_token(b, "RS256"), &rsa), 0);
    assert_int_equal(ask_token(b, golden_token(b, "EdDSA"), &ed), 0);
    auth_watch_principal(rsa.principal, &told[0].watch, on_told);
    auth_watch_principal(ed.principal, &told[1].watch, on_told);

    struct buf text = { 0 };
    read_golden("keys.json", &text);
    auth_set_jwt_keys(b->auth, read_keys(buf_str(&text))); /* the same: nothing happens */
    assert_int_equal(told[0].count + told[1].count, 0);
    char *at = strstr(buf_str(&text), "\"RSA\"");
    memcpy(at, "\"---\"", 5);
    auth_set_jwt_keys(b->auth, read_keys(buf_str(&text)));
    buf_deinit(&text);
    assert_int_equal(told[0].count, 1);
    assert_false(rsa.principal->valid);
    assert_int_equal(told[1].count, 0);
    struct reply reply;
    assert_int_equal(ask_token(b, registry_fixture_get(b->f, "RS256"), &reply), ERR_NOT_FOUND);

    for (int minute = 0; minute < 11; minute++)
        pass(b, MINUTES(1));
    assert_true(ed.principal->valid); /* ten minutes and the leeway */
    pass(b, 1000);
    assert_int_equal(told[1].count, 1);
    assert_false(ed.principal->valid);
    assert_int_equal(ask_token(b, registry_fixture_get(b->f, "EdDSA"), &reply), ERR_EXPIRED);
    for (size_t i = 0; i < ARRAY_LEN(told); i++)
        auth_unwatch(&told[i].watch);
    release(&rsa);
    release(&ed);
}

static void questions_about_tokens_end(void **state)
{
    struct bench *b = *state;
    const char *token = golden_token(b, "RS256");
    for (int turns = 0; turns < 3; turns++) {
        struct reply replies[3] = { 0 };
        for (size_t i = 0; i < ARRAY_LEN(replies); i++)
            auth_by_token(b->auth, slice_str(token), "", on_reply, &replies[i]);
        for (int turn = 0; turn < turns; turn++)
            loop_turn(b->f->loop);
        if (turns == 2) auth_set_jwt_keys(b->auth, NULL); /* while they are being checked */
        auth_stop(b->auth);
        for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
            assert_int_equal(replies[i].count, 1);
            release(&replies[i]);
        }
        struct reply late = { 0 };
        auth_by_token(b->auth, slice_str(token), "", on_reply, &late);
        auth_destroy(b->auth);
        assert_int_equal(late.rc, ERR_CLOSED);
        open_auth(b, false);
        struct buf text = { 0 };
        read_golden("keys.json", &text);
        auth_set_jwt_keys(b->auth, read_keys(buf_str(&text)));
        buf_deinit(&text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define JWT(name)  cmocka_unit_test_setup_teardown(name, setup_jwt, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(temporary_keys_sign),
        TEST(temporary_keys_end_at_once),
        TEST(temporary_keys_follow_their_role),
        TEST(what_is_remembered_ends_with_its_cause),
        TEST(principals_end_at_their_time),
        TEST(who_is_told_may_let_others_go),
        JWT(tokens_of_an_issuer_are_taken),
        JWT(claims_give_policies),
        JWT(a_token_ends_with_its_time_and_its_key),
        JWT(questions_about_tokens_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
