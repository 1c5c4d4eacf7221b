/* Unit tests of fleet provisioning over MQTT. */
#include "unit/provision/provision_fixture.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "lib/clock_fake.h"
#include "unit/crypto/fixtures.h"

#define KEYS  "$aws/certificates/create/json"
#define CSR   "$aws/certificates/create-from-csr/json"
#define THING "$aws/provisioning-templates/F/provision/json"

/* ---- certificates ---- */

static void keys_go_to_the_client_that_asked_alone(void **state)
{
    struct provision_fixture *f = *state;
    for (int peer = 0; peer < 2; peer++) {
        provision_ask(f, peer, KEYS, peer ? "{}" : "");
        struct json *body = provision_accepted(f, peer); /* and nobody else has heard it */
        assert_int_equal(json_count(body), 4);
        assert_int_equal(strlen(json_get_str(body, "certificateId")), 64);
        assert_non_null(strstr(json_get_str(body, "certificatePem"), "BEGIN CERTIFICATE"));
        assert_non_null(strstr(json_get_str(body, "privateKey"), "PRIVATE KEY"));
        assert_int_equal(strlen(json_get_str(body, "certificateOwnershipToken")), 43);
        json_free(body);
        assert_int_equal(metrics_get(METRIC_PROVISIONING_PENDING), peer + 1);
    }
}

static void another_principal_of_the_same_client_id_hears_nothing(void **state)
{
    struct provision_fixture *f = *state;
    assert_int_equal(provision_send(f, 0, KEYS, ""), HUB_HELD);
    f->peers[0].principal.id = (char *)"other";
    provision_settle(f);
    for (int i = 0; i < PEERS; i++)
        assert_int_equal(json_count(f->peers[i].heard), 0);
    assert_int_equal(metrics_get(METRIC_PROVISIONING_PENDING), 1);
}

static void ask_csr(struct provision_fixture *f, const char *csr)
{
    struct json *request = json_new_object();
    struct buf text = { 0 };
    json_set_str(request, "certificateSigningRequest", csr);
    json_print(request, &text);
    provision_ask(f, 0, CSR, buf_str(&text));
    buf_deinit(&text);
    json_free(request);
}

static void a_request_is_signed(void **state)
{
    struct provision_fixture *f = *state;
    ask_csr(f, csr_p256);
    struct json *body = provision_accepted(f, 0);
    assert_int_equal(json_count(body), 3);
    assert_non_null(json_get_str(body, "certificateOwnershipToken"));
    assert_null(json_get_str(body, "privateKey"));
    json_free(body);
    ask_csr(f, "no request");
    provision_rejected(f, 0, 400, "InvalidParameters", "");
    provision_ask(f, 0, CSR, "{}");
    provision_rejected(f, 0, 400, "InvalidParameters", "certificateSigningRequest");
}

static void what_cannot_be_read_is_rejected(void **state)
{
    static const struct {
        const char *topic, *payload, *code, *says;
    } cases[] = {
        { KEYS, "{", "InvalidPayload", "line 1" },
        { KEYS, "[]", "InvalidPayload", "must be a JSON object" },
        { CSR, "\xff", "InvalidPayload", "" },
        { THING, "null", "InvalidPayload", "must be a JSON object" },
    };
    struct provision_fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t before = metrics_get(METRIC_PROVISIONING_REJECTS);
        provision_ask(f, 1, cases[i].topic, cases[i].payload);
        provision_rejected(f, 1, 400, cases[i].code, cases[i].says);
        assert_int_equal(metrics_get(METRIC_PROVISIONING_REJECTS), before + 1);
    }
}

/* A map of three texts and a number, by RFC 8949. */
static void cbor_is_told_in_cbor_that_it_is_not_spoken(void **state)
{
    static const char *const topics[] = { "$aws/certificates/create/cbor",
                                          "$aws/certificates/create-from-csr/cbor",
                                          "$aws/provisioning-templates/F/provision/cbor" };
    struct provision_fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        provision_ask(f, 0, topics[i], "\xa0");
        assert_string_equal(
            provision_heard(f, 0, "/cbor/rejected"),
            "a3"
            "79000a737461747573436f6465"
            "190190"
            "7900096572726f72436f6465"
            "790018556e737570706f727465645061796c6f6164466f726d6174"
            "79000c6572726f724d657373616765"
            "79002a4f6e6c7920746865207061796c6f616420666f726d6174206a736f6e2069732073"
            "7570706f727465642e");
    }
    /* formats that nobody has are no topics that may be published to */
    assert_int_equal(provision_send(f, 0, "$aws/certificates/create/xml", ""), ERR_DENIED);
}

static void a_will_and_the_nameless_ask_nothing(void **state)
{
    struct provision_fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        struct msg *msg = msg_create(&(struct msg_opts){ .topic = slice_str(KEYS),
                                                         .client_id = slice_str(i ? "" : "a"),
                                                         .qos = 1,
                                                         .will = i == 0,
                                                         .over_mqtt = true });
        assert_int_equal(hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL), 0);
        msg_unref(msg);
        assert_int_equal(f->provisions->requests, 0);
    }
}

static void what_waits_is_bounded(void **state)
{
    struct provision_fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        ask_csr(f, csr_p256);
        json_free(provision_accepted(f, 0));
    }
    ask_csr(f, csr_p256);
    provision_rejected(f, 0, 429, "Throttling", "Too many certificates");
    provision_ask(f, 0, KEYS, "");
    provision_rejected(f, 0, 429, "Throttling", "Too many certificates");
}

static void what_is_under_way_is_bounded(void **state)
{
    struct provision_fixture *f = *state;
    for (int i = 0; i < PROVISION_MAX_REQUESTS; i++)
        assert_int_equal(provision_send(f, 0, THING, "{}"), HUB_HELD);
    assert_int_equal(provision_send(f, 1, THING, "{}"), HUB_HELD);
    provision_settle(f);
    assert_int_equal(json_count(f->peers[0].heard), PROVISION_MAX_REQUESTS);
    struct json *first = json_at(f->peers[0].heard, 0);
    assert_non_null(
        strstr(json_str(json_at(first, 1)), "\"statusCode\":403")); /* no such template */
    struct json *last = json_at(f->peers[1].heard, 0);
    assert_non_null(strstr(json_str(json_at(last, 1)), "Too many requests are under way"));
}

/* ---- things ---- */

static void make_template(struct provision_fixture *f, const char *more)
{
    static const char body[] =
        "{'Parameters':{'Serial':{'Type':'String'},'Site':{'Type':'String','Default':'home'}},"
        "'Resources':{'t':{'Type':'AWS::IoT::Thing','Properties':{'ThingName':{'Fn::Sub':"
        "'T_${Serial}'},'AttributePayload':{'site':{'Ref':'Site'}}}},'c':{'Type':"
        "'AWS::IoT::Certificate','Properties':{'CertificateId':{'Ref':'AWS::IoT::Certificate::Id'}"
        "}}},'DeviceConfiguration':{'url':'http://h'}}";
    struct registry_fixture *r = f->registry;
    char *text = registry_fixture_expand(r, body);
    registry_fixture_set(r, "body", registry_fixture_quote(text));
    free(text);
    char *params = xasprintf("{'templateName':'F','enabled':true,'templateBody':'@body@',"
                             "'provisioningRoleArn':'arn:aws:iam::000000000000:role/p'%s}",
                             more);
    registry_fixture_do(r, "CreateProvisioningTemplate", params);
    free(params);
    ask_csr(f, csr_p256);
    struct json *made = provision_accepted(f, 0);
    registry_fixture_set(r, "token", xstrdup(json_get_str(made, "certificateOwnershipToken")));
    registry_fixture_set(r, "own", xstrdup(json_get_str(made, "certificateId")));
    json_free(made);
}

static void provision_thing(struct provision_fixture *f, const char *payload)
{
    char *text = registry_fixture_expand(f->registry, payload);
    provision_ask(f, 0, THING, text);
    free(text);
}

#define SERIAL_7 "{'certificateOwnershipToken':'@token@','parameters':{'Serial':'7'}}"

static int describe_7(struct provision_fixture *f)
{
    return registry_fixture_call(f->registry, "DescribeThing", "{'thingName':'T_7'}");
}

static const char *status_of_own(struct provision_fixture *f)
{
    registry_fixture_do(f->registry, "DescribeCertificate", "{'certificateId':'@own@'}");
    return json_get_str(json_get(f->registry->result, "certificateDescription"), "status");
}

static void a_device_is_provisioned_once(void **state)
{
    struct provision_fixture *f = *state;
    make_template(f, "");
    assert_string_equal(status_of_own(f), "PENDING_ACTIVATION");
    provision_thing(f, SERIAL_7);
    assert_string_equal(provision_heard(f, 0, "/provision/json/accepted"),
                        "{\"deviceConfiguration\":{\"url\":\"http://h\"},\"thingName\":\"T_7\"}");
    assert_int_equal(describe_7(f), 0);
    assert_string_equal(status_of_own(f), "ACTIVE");
    assert_int_equal(metrics_get(METRIC_PROVISIONING_PENDING), 0);
    provision_thing(f, SERIAL_7);
    provision_rejected(f, 0, 400, "InvalidCertificateOwnershipToken", "invalid or expired");
}

static void what_fails_leaves_nothing_and_can_be_tried_again(void **state)
{
    static const struct {
        const char *payload;
        int status;
        const char *code, *says;
    } cases[] = {
        { "{}", 400, "InvalidCertificateOwnershipToken",
          "Certificate ownership token cannot be empty." },
        { "{'certificateOwnershipToken':'x'}", 400, "InvalidCertificateOwnershipToken", "" },
        { "{'certificateOwnershipToken':'@token@'}", 400, "InvalidParameters",
          "'Serial' has no value" },
        { "{'certificateOwnershipToken':'@token@','parameters':{'Serial':7}}", 400,
          "InvalidParameters", "must be a string" },
        { "{'certificateOwnershipToken':'@token@','parameters':{'Serial':'a b'}}", 400,
          "InvalidParameters", "'thingName'" },
    };
    struct provision_fixture *f = *state;
    make_template(f, "");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        provision_thing(f, cases[i].payload);
        provision_rejected(f, 0, cases[i].status, cases[i].code, cases[i].says);
    }
    assert_string_equal(status_of_own(f), "PENDING_ACTIVATION");
    registry_fixture_do(f->registry, "UpdateProvisioningTemplate",
                        "{'templateName':'F','enabled':false}");
    provision_thing(f, SERIAL_7);
    provision_rejected(f, 0, 403, "AccessDenied", "cannot be used");
    registry_fixture_do(f->registry, "UpdateProvisioningTemplate",
                        "{'templateName':'F','enabled':true}");
    assert_int_equal(describe_7(f), ERR_NOT_FOUND);
    provision_thing(f, SERIAL_7);
    json_free(provision_accepted(f, 0));
}

/* ---- the hook ---- */

#define HOOK ",'preProvisioningHook':{'targetArn':'https://hooks.local/ask'}"

static void the_hook_is_asked_and_may_change_parameters(void **state)
{
    struct provision_fixture *f = *state;
    make_template(f, HOOK);
    f->hook.status = 200;
    f->hook.body = "{\"allowProvisioning\":true,\"parameterOverrides\":{\"Site\":\"work\"}}";
    provision_thing(f, SERIAL_7);
    json_free(provision_accepted(f, 0));
    assert_int_equal(f->hook.asked, 1);
    assert_string_equal(f->hook.url, "https://hooks.local/ask");
    const struct json *event = f->hook.event;
    assert_int_equal(json_count(event), 6);
    assert_string_equal(json_get_str(event, "claimCertificateId"), "same");
    assert_string_equal(json_get_str(event, "certificateId"),
                        registry_fixture_get(f->registry, "own"));
    assert_non_null(strstr(json_get_str(event, "certificatePem"), "BEGIN CERTIFICATE"));
    assert_string_equal(json_get_str(event, "templateArn"),
                        "arn:aws:iot:local:000000000000:provisioningtemplate/F");
    assert_string_equal(json_get_str(event, "clientId"), "a");
    assert_string_equal(json_get_str(json_get(event, "parameters"), "Serial"), "7");
    assert_int_equal(describe_7(f), 0);
    assert_string_equal(json_get_str(json_get(f->registry->result, "attributes"), "site"), "work");
}

static void overrides_that_are_no_object_are_a_no(void **state)
{
    struct provision_fixture *f = *state;
    make_template(f, HOOK);
    f->hook.status = 200;
    f->hook.body = "{\"allowProvisioning\":true,\"parameterOverrides\":[\"work\"]}";
    provision_thing(f, SERIAL_7);
    provision_rejected(f, 0, 403, "AccessDenied", "Access Denied");
    f->hook.body = "{\"allowProvisioning\":true,\"parameterOverrides\":null}";
    provision_thing(f, SERIAL_7);
    json_free(provision_accepted(f, 0));
}

static void anything_but_yes_is_no(void **state)
{
    static const struct {
        int rc, status;
        const char *body;
    } cases[] = {
        { 0, 200, "{\"allowProvisioning\":false}" },
        { 0, 200, "{\"allowProvisioning\":\"true\"}" },
        { 0, 200, "{\"allowProvisioning\":true,\"parameterOverrides\":[\"Site\"]}" },
        { 0, 200, "{\"allowProvisioning\":true,\"parameterOverrides\":\"Site\"}" },
        { 0, 200, "{}" },
        { 0, 200, "[]" },
        { 0, 200, "yes" },
        { 0, 200, "" },
        { 0, 500, "{\"allowProvisioning\":true}" },
        { 0, 204, "{\"allowProvisioning\":true}" },
        { ERR_TIMEOUT, 0, "" },
        { ERR_DENIED, 0, "" },
        { ERR_BUSY, 0, "" },
    };
    struct provision_fixture *f = *state;
    make_template(f, HOOK);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        f->hook.rc = cases[i].rc;
        f->hook.status = cases[i].status;
        f->hook.body = cases[i].body;
        provision_thing(f, SERIAL_7);
        provision_rejected(f, 0, 403, "AccessDenied", "Access Denied");
        assert_int_equal(f->hook.asked, (int)i + 1);
        assert_int_equal(describe_7(f), ERR_NOT_FOUND);
    }
    assert_string_equal(status_of_own(f), "PENDING_ACTIVATION");
}

static void who_proves_nothing_does_not_reach_the_hook(void **state)
{
    struct provision_fixture *f = *state;
    make_template(f, HOOK);
    provision_thing(f, "{'certificateOwnershipToken':'x'}");
    provision_rejected(f, 0, 400, "InvalidCertificateOwnershipToken", "");
    assert_int_equal(f->hook.asked, 0);
}

static void without_webhooks_a_hook_says_no(void **state)
{
    struct provision_fixture *f = *state;
    make_template(f, HOOK);
    f->no_hooks = true;
    provision_fixture_restart(f);
    provision_thing(f, SERIAL_7);
    provision_rejected(f, 0, 403, "AccessDenied", "");
}

/* The template is not what it was when the hook has answered. */
static void the_template_is_judged_again_after_the_hook(void **state)
{
    struct provision_fixture *f = *state;
    make_template(f, HOOK);
    provision_forget(f);
    char *text = registry_fixture_expand(f->registry, SERIAL_7);
    assert_int_equal(provision_send(f, 0, THING, text), HUB_HELD);
    free(text);
    while (!f->hook.asked)
        loop_turn_wait(f->registry->loop, 50);
    registry_fixture_do(f->registry, "UpdateProvisioningTemplate",
                        "{'templateName':'F','enabled':false}");
    f->hook.status = 200;
    f->hook.body = "{\"allowProvisioning\":true}";
    provision_settle(f);
    provision_rejected(f, 0, 403, "AccessDenied", "cannot be used");
}

/* ---- ends ---- */

static void turn_until_swept(struct provision_fixture *f)
{
    loop_turn(f->registry->loop);
    while (f->provisions->sweeping)
        loop_turn_wait(f->registry->loop, 50);
}

static void unused_certificates_go(void **state)
{
    struct provision_fixture *f = *state;
    clock_fake_advance(SECONDS(1)); /* the first sweep: nothing waits, the next one is far */
    turn_until_swept(f);
    ask_csr(f, csr_p256);
    struct json *made = provision_accepted(f, 0);
    registry_fixture_set(f->registry, "own", xstrdup(json_get_str(made, "certificateId")));
    json_free(made);
    for (int minute = 0; minute < 59; minute++) {
        clock_fake_advance(MINUTES(1));
        turn_until_swept(f);
    }
    assert_string_equal(status_of_own(f), "PENDING_ACTIVATION");
    for (int minute = 0; minute < 2; minute++) {
        clock_fake_advance(MINUTES(1));
        turn_until_swept(f);
    }
    assert_int_equal(
        registry_fixture_call(f->registry, "DescribeCertificate", "{'certificateId':'@own@'}"),
        ERR_NOT_FOUND);
    assert_int_equal(metrics_get(METRIC_PROVISIONING_PENDING), 0);
}

static void a_stop_with_requests_under_way_is_clean(void **state)
{
    struct provision_fixture *f = *state;
    make_template(f, "");
    provision_forget(f);
    int decided = f->peers[0].decided;
    assert_int_equal(provision_send(f, 0, KEYS, ""), HUB_HELD);
    assert_int_equal(provision_send(f, 0, THING, "{}"), HUB_HELD);
    provision_fixture_restart(f);
    assert_int_equal(f->peers[0].decided, decided + 2);
    assert_int_equal(f->peers[0].last_commit, ERR_CLOSED);
}

/* ---- just-in-time registration ---- */

static void a_registration_is_told_to_all(void **state)
{
    struct provision_fixture *f = *state;
    struct json *event = json_new_object();
    json_set_str(event, "certificateId", "c");
    provision_on_registered(f->provisions, "abc", event);
    json_free(event);
    for (int i = 0; i < PEERS; i++) {
        const struct json *heard = json_at(f->peers[i].heard, 0);
        assert_string_equal(json_str(json_at(heard, 0)), "$aws/events/certificates/registered/abc");
        assert_string_equal(json_str(json_at(heard, 1)), "{\"certificateId\":\"c\"}");
    }
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, provision_fixture_setup, provision_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_go_to_the_client_that_asked_alone),
        TEST(another_principal_of_the_same_client_id_hears_nothing),
        TEST(a_request_is_signed),
        TEST(what_cannot_be_read_is_rejected),
        TEST(cbor_is_told_in_cbor_that_it_is_not_spoken),
        TEST(a_will_and_the_nameless_ask_nothing),
        TEST(what_waits_is_bounded),
        TEST(what_is_under_way_is_bounded),
        TEST(a_device_is_provisioned_once),
        TEST(what_fails_leaves_nothing_and_can_be_tried_again),
        TEST(the_hook_is_asked_and_may_change_parameters),
        TEST(overrides_that_are_no_object_are_a_no),
        TEST(anything_but_yes_is_no),
        TEST(who_proves_nothing_does_not_reach_the_hook),
        TEST(without_webhooks_a_hook_says_no),
        TEST(the_template_is_judged_again_after_the_hook),
        TEST(unused_certificates_go),
        TEST(a_stop_with_requests_under_way_is_clean),
        TEST(a_registration_is_told_to_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
