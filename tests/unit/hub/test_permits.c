/* Unit tests of session_publish.c: that auth is asked about every publish, so that a change is for the next one; and
 * what its messages know of the session. */
#include "hub_fixture.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"

/* A session that is up, and how often auth was asked when we looked last. */
struct bench {
    struct fixture *f;
    struct client lamp;
    int checks;
};

static void begin(struct bench *b, void **state)
{
    *b = (struct bench){ .f = *state };
    client_open(b->f, &b->lamp, "lamp", false);
    b->checks = auth_fake_checks(b->f->auth);
}

/* Questions to auth since the last call. */
static int asked(struct bench *b)
{
    int before = b->checks;
    b->checks = auth_fake_checks(b->f->auth);
    return b->checks - before;
}

static void test_a_refusal_is_said_each_time(void **state)
{
    struct bench b;
    begin(&b, state);
    auth_fake_deny(b.f->auth, NULL, POLICY_ACTION_PUBLISH, "t");
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(client_publish(&b.lamp, "t", "x", 0), ERR_DENIED);
        assert_int_equal(auth_fake_refusals(), i);
    }
    auth_fake_allow_all(b.f->auth); /* and is not remembered */
    assert_int_equal(client_publish(&b.lamp, "t", "x", 0), 0);
    client_free(&b.lamp);
}

static void test_a_change_is_for_the_next_publish(void **state)
{
    struct bench b;
    begin(&b, state);
    assert_int_equal(client_publish(&b.lamp, "t", "x", 0), 0);
    auth_fake_deny(b.f->auth, "lamp", POLICY_ACTION_PUBLISH, "t");
    auth_fake_changed(b.f->auth);
    assert_int_equal(client_publish(&b.lamp, "t", "x", 0), ERR_DENIED);
    assert_int_equal(client_publish2(&b.lamp, 1, "t", "x"), ERR_DENIED);
    auth_fake_allow_all(b.f->auth);
    auth_fake_changed(b.f->auth);
    assert_int_equal(client_publish(&b.lamp, "t", "x", 0), 0);
    auth_fake_revoke(b.lamp.principal); /* whoever is told of it first */
    assert_int_equal(client_publish(&b.lamp, "t", "x", 0), ERR_DENIED);
    client_free(&b.lamp);
}

static void test_retain_is_a_permission_of_its_own(void **state)
{
    struct bench b;
    begin(&b, state);
    auth_fake_deny(b.f->auth, NULL, POLICY_ACTION_RETAIN_PUBLISH, "t");
    assert_int_equal(client_publish(&b.lamp, "t", "x", 0), 0);
    assert_int_equal(client_retain(&b.lamp, "t", "x", 0), ERR_DENIED);
    assert_int_equal(client_publish(&b.lamp, "t", "x", 0), 0);
    assert_int_equal(hub_retained_count(b.f->hub), 0);
    client_free(&b.lamp);
}

static void test_limits_that_have_changed(void **state)
{
    struct bench b;
    begin(&b, state);
    assert_int_equal(client_publish(&b.lamp, "1/2/3", "x", 0), 0);
    b.f->opts.max_topic_levels = 2;
    hub_set_opts(b.f->hub, &b.f->opts);
    assert_int_equal(client_publish(&b.lamp, "1/2/3", "x", 0), ERR_LIMIT);
    client_free(&b.lamp);
}

static void test_rights_that_depend_on_the_time(void **state)
{
    struct bench b;
    begin(&b, state);
    b.lamp.principal->timed = true;
    assert_true(client_subscribe(&b.lamp, "t", 0) >= 0);
    asked(&b);
    for (int i = 0; i < 3; i++)
        assert_int_equal(client_publish(&b.lamp, "t", "x", 0), 0);
    assert_int_equal(asked(&b), 6); /* iot:Publish and iot:Receive */
    auth_fake_deny(b.f->auth, NULL, POLICY_ACTION_RECEIVE, "t");
    client_log(&b.lamp);
    assert_int_equal(client_publish(&b.lamp, "t", "x", 0), 0); /* nobody tells that it is night */
    assert_log(&b.lamp, "");
    auth_fake_deny(b.f->auth, NULL, POLICY_ACTION_PUBLISH, "t");
    assert_int_equal(client_publish(&b.lamp, "t", "x", 0), ERR_DENIED);
    client_free(&b.lamp);
}

/* The same message, but for whose the name of its publisher is. */
static struct msg *from(struct msg_origin *origin, const char *client_id, const char *principal)
{
    return msg_create(&(struct msg_opts){ .topic = SLICE_LIT("t"),
                                          .payload = SLICE_LIT("x"),
                                          .origin = origin,
                                          .client_id = slice_str(client_id),
                                          .principal = slice_str(principal),
                                          .at_ms = 1 });
}

static void test_an_origin_outlives_its_session(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 };
    int64_t before = metrics_get(METRIC_MEMORY_MESSAGES);
    client_open(f, &lamp, "lamp", true);
    struct msg_origin *origin = session_origin(lamp.session);
    assert_ptr_equal(session_origin(lamp.session), origin);
    struct msg *shared = from(origin, "", ""), *own = from(NULL, "lamp", "lamp");
    int64_t with_both = metrics_get(METRIC_MEMORY_MESSAGES);
    client_free(&lamp); /* the session is over */

    assert_true(slice_eq_str(shared->client_id, "lamp"));
    assert_true(slice_eq_str(shared->principal, "lamp"));
    assert_int_equal(msg_size(shared), msg_size(own)); /* queues count both alike */
    assert_int_equal(with_both - before, 2 * msg_size(own) - 2 * strlen("lamp"));
    struct buf a = { 0 }, b = { 0 };
    msg_save(shared, &a);
    msg_save(own, &b);
    assert_int_equal(a.len, msg_saved_size(shared));
    assert_true(slice_eq(buf_slice(&a), buf_slice(&b)));
    buf_deinit(&a);
    buf_deinit(&b);
    msg_unref(shared);
    msg_unref(own);
    assert_int_equal(metrics_get(METRIC_MEMORY_MESSAGES), before);
}

static void test_another_connection_is_another_origin(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { 0 }, other = { 0 };
    client_open(f, &lamp, "lamp", false);
    struct msg *msg = from(session_origin(lamp.session), "", "");
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    other.principal = auth_fake_principal(PRINCIPAL_CERT, "cert2");
    client_open(f, &other, "lamp", false);
    assert_true(slice_eq_str(session_origin(other.session)->principal, "cert2"));
    assert_true(slice_eq_str(msg->principal, "lamp"));
    msg_unref(msg);
    client_free(&lamp);
    client_free(&other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_refusal_is_said_each_time),
        TEST(test_a_change_is_for_the_next_publish),
        TEST(test_retain_is_a_permission_of_its_own),
        TEST(test_limits_that_have_changed),
        TEST(test_rights_that_depend_on_the_time),
        TEST(test_an_origin_outlives_its_session),
        TEST(test_another_connection_is_another_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
