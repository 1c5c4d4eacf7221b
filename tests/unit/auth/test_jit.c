/* Unit tests of auth: certificates that are registered just in time, over a real registry. */
#include "auth/auth.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/x509.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "unit/registry/registry_fixture.h"

struct bench {
    struct registry_fixture *f;
    struct auth *auth;
    struct buf der; /* of a device that the fixture's CA has signed */
    char id[X509_ID_LEN];
    /* what was told */
    int events;
    char ca[X509_ID_LEN];
    struct json *event;
    /* what was answered */
    int replies;
    int rc;
};

static struct buf log_lines;

static void keep_line(const char *line, size_t len)
{
    buf_append(&log_lines, line, len);
}

static void on_registered(void *arg, const char *ca_id, const struct json *event)
{
    struct bench *b = arg;
    assert_int_equal(b->replies, 0); /* before the connection is refused */
    b->events++;
    snprintf(b->ca, sizeof b->ca, "%s", ca_id);
    json_free(b->event);
    b->event = json_dup(event);
}

static int setup(void **state)
{
    struct bench *b = xnew(struct bench);
    log_set_sink(keep_line);
    b->f = registry_fixture_create();
    b->auth = auth_create(b->f->loop, b->f->registry,
                          &(struct auth_opts){ "local", "000000000000", false, 100 });
    auth_on_registered(b->auth, on_registered, b);
    char *pem = registry_fixture_cert(b->f, "device", 30);
    assert_int_equal(x509_pem_to_der(slice_str(pem), &b->der, NULL), 0);
    x509_der_id(buf_slice(&b->der), b->id);
    registry_fixture_set(b->f, "id", xstrdup(b->id));
    free(pem);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    auth_destroy(b->auth);
    registry_fixture_destroy(b->f);
    json_free(b->event);
    buf_deinit(&b->der);
    free(b);
    log_set_sink(NULL);
    buf_deinit(&log_lines);
    return 0;
}

static void register_ca(struct bench *b, const char *flags)
{
    struct registry_fixture *f = b->f;
    registry_fixture_do(f, "GetRegistrationCode", "{}");
    const char *code = json_get_str(f->result, "registrationCode");
    char *proof = registry_fixture_cert(f, code, 30);
    registry_fixture_set(f, "proof", registry_fixture_quote(proof));
    registry_fixture_set(f, "ca", registry_fixture_quote(f->ca_cert));
    char *params =
        xasprintf("{'caCertificate':'@ca@','verificationCertificate':'@proof@'%s}", flags);
    registry_fixture_do(f, "RegisterCACertificate", params);
    registry_fixture_set(f, "ca_id", xstrdup(json_get_str(f->result, "certificateId")));
    free(params);
    free(proof);
}

static void on_reply(void *arg, int rc, struct principal *principal, const char *why)
{
    struct bench *b = arg;
    b->replies++;
    b->rc = rc;
    principal_unref(principal);
}

static int connect_device(struct bench *b)
{
    b->replies = 0;
    auth_by_cert(b->auth, b->id, buf_slice(&b->der), "192.0.2.1", on_reply, b);
    while (!b->replies)
        loop_turn_wait(b->f->loop, 1000);
    return b->rc;
}

static void expect_log(const char *text)
{
    if (!strstr(buf_str(&log_lines), text)) fail_msg("not logged: %s", text);
    buf_deinit(&log_lines);
}

#define AUTO ",'setAsActive':'true','allowAutoRegistration':'true'"

static void a_device_is_registered_and_passes_once_it_is_active(void **state)
{
    struct bench *b = *state;
    register_ca(b, AUTO);
    for (int i = 1; i <= 2; i++) { /* told again at each attempt */
        assert_int_equal(connect_device(b), ERR_CERT);
        assert_int_equal(b->events, i);
        expect_log("PENDING_ACTIVATION: set it ACTIVE");
    }
    assert_string_equal(b->ca, registry_fixture_get(b->f, "ca_id"));
    assert_string_equal(json_get_str(b->event, "certificateId"), b->id);
    assert_string_equal(json_get_str(b->event, "certificateStatus"), "PENDING_ACTIVATION");
    registry_fixture_do(b->f, "UpdateCertificate", "{'certificateId':'@id@','newStatus':'ACTIVE'}");
    assert_int_equal(connect_device(b), 0);
    assert_int_equal(b->events, 2);
}

static void who_is_not_registered_is_told_why(void **state)
{
    struct bench *b = *state;
    assert_int_equal(connect_device(b), ERR_CERT);
    expect_log("no registered CA has the name of its issuer");
    register_ca(b, ",'setAsActive':'true'");
    assert_int_equal(connect_device(b), ERR_CERT);
    expect_log("auto registration of the CA certificate");
    assert_int_equal(b->events, 0);
}

/* Wherever the question is when auth stops: answered once, and the registry's answer finds nobody. */
static void stopping_ends_the_question(void **state)
{
    for (int turns = 0; turns < 40; turns++) {
        struct bench *b = *state;
        if (turns == 0) register_ca(b, AUTO);
        b->replies = 0;
        auth_by_cert(b->auth, b->id, buf_slice(&b->der), "192.0.2.1", on_reply, b);
        for (int i = 0; i < turns; i++)
            loop_turn(b->f->loop);
        auth_stop(b->auth);
        assert_int_equal(b->replies, 1);
        assert_true(b->rc == ERR_CLOSED || b->rc == ERR_CERT);
        auth_destroy(b->auth);
        registry_fixture_restart(b->f);
        b->auth = auth_create(b->f->loop, b->f->registry,
                              &(struct auth_opts){ "local", "000000000000", false, 100 });
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_device_is_registered_and_passes_once_it_is_active, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_is_not_registered_is_told_why, setup, teardown),
        cmocka_unit_test_setup_teardown(stopping_ends_the_question, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
