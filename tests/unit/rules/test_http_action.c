/* test_http_action.c — the action `http`, against a listener of the same loop. */
#include "rules_fixture.h"
#include "unit/net/net_tests.h"

#define OUTBOX "SELECT count(*) FROM outbox"

static struct listener *listener;

static int set_up(void **state)
{
    struct fix *f = *state = fix_create();
    loop = f->loop;
    side_count = 0;
    listener = open_local(NULL);
    return 0;
}

static void close_sides(void)
{
    for (int i = 0; i < side_count; i++) {
        if (sides[i].s) stream_close(sides[i].s, false, side_on_closed);
        AWAIT(!sides[i].s);
        buf_deinit(&sides[i].got);
    }
    side_count = 0;
}

static int tear_down(void **state)
{
    close_sides();
    if (listener) close_listener(listener);
    fix_destroy(*state);
    return 0;
}

/* more: further members of the action, with a comma in front. */
static void make_rule(struct fix *f, const char *path, const char *more)
{
    char *text =
        xasprintf("{\"sql\":\"SELECT * FROM 'in/#'\",\"actions\":[{\"http\":{\"url\":"
                  "\"http://127.0.0.1:%u%s\"%s}}],\"errorAction\":{\"republish\":{\"topic\":"
                  "\"errors\"}}}",
                  listener_port(listener), path, more);
    assert_int_equal(rule_create(f, "r", text), 0);
    free(text);
}

static bool has(int side, const char *text)
{
    return side_count > side && sides[side].got.len && strstr(buf_str(&sides[side].got), text);
}

static void reply(int side, const char *status)
{
    char *response = xasprintf("HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status);
    stream_write(sides[side].s, response, strlen(response));
    free(response);
}

static void a_result_is_posted(void **state)
{
    struct fix *f = *state;
    static struct probe errors;
    probe_open(&errors, f, "errors");
    make_rule(f, "/a/${topic(2)}?v=${v}", ",\"headers\":[{\"key\":\"X-V\",\"value\":\"${v}\"}]");
    assert_true(publish(f, "in/b", "{\"v\":7}", 1) > 0);
    AWAIT(has(0, "\r\n\r\n{\"v\":7}"));
    assert_true(has(0, "POST /a/b?v=7 HTTP/1.1\r\n"));
    assert_true(has(0, "\r\nX-V: 7\r\n"));
    assert_true(has(0, "\r\nContent-Type: application/json\r\n"));
    store_sync(f->store);
    assert_int_equal(row_count(f, OUTBOX), 1);
    reply(0, "201 Created");
    fix_settle(f);
    assert_int_equal(row_count(f, OUTBOX), 0);
    assert_int_equal(errors.count, 0);
    probe_close(&errors);
}

static void what_is_no_json_says_so(void **state)
{
    struct fix *f = *state;
    make_rule(f, "/", "");
    publish(f, "in/b", "plain \x01", 0);
    AWAIT(has(0, "\r\n\r\nplain \x01"));
    assert_true(has(0, "\r\nContent-Type: application/octet-stream\r\n"));
    reply(0, "200 OK");
    fix_settle(f);
}

static void a_header_goes_before_the_default(void **state)
{
    struct fix *f = *state;
    make_rule(f, "/", ",\"headers\":[{\"key\":\"content-type\",\"value\":\"text/plain\"}]");
    publish(f, "in/b", "{}", 0);
    AWAIT(has(0, "\r\n\r\n{}"));
    assert_true(has(0, "\r\ncontent-type: text/plain\r\n"));
    assert_false(has(0, "application/json"));
    reply(0, "200 OK");
    fix_settle(f);
}

static void failures_go_to_the_error_action(void **state)
{
    struct fix *f = *state;
    static struct probe errors;
    probe_open(&errors, f, "errors");
    make_rule(f, "/${topic(2)}", "");
    publish(f, "in/b", "{}", 1);
    AWAIT(has(0, "\r\n\r\n{}"));
    reply(0, "302 Found");
    fix_settle(f);
    assert_non_null(strstr(buf_str(&errors.seen), "\"failedAction\":\"HttpAction\""));
    assert_non_null(strstr(buf_str(&errors.seen), "/b\""));
    assert_non_null(strstr(buf_str(&errors.seen), "the server answered 302"));
    assert_int_equal(row_count(f, OUTBOX), 0);
    publish(f, "in/a b", "{}", 1);
    fix_settle(f);
    assert_int_equal(errors.count, 2);
    assert_non_null(strstr(buf_str(&errors.seen), "must be escaped"));
    close_listener(listener);
    listener = NULL;
    publish(f, "in/c", "{}", 0);
    fix_settle(f);
    assert_int_equal(errors.count, 3);
    assert_non_null(strstr(buf_str(&errors.seen), "onnection refused"));
    probe_close(&errors);
}

static int count_posts(void)
{
    int count = 0;
    for (int i = 0; i < side_count; i++)
        count += has(i, "\r\n\r\n");
    return count;
}

/* More than are sent at a time, and more than the workers do at a time. */
static void many_wait_for_their_turn(void **state)
{
    enum { MANY = 100 };
    struct fix *f = *state;
    make_rule(f, "/", "");
    for (int i = 0; i < MANY; i++)
        publish(f, "in/b", "{}", 1);
    for (int answered = 0; answered < MANY; answered++) {
        AWAIT(count_posts() > answered);
        reply(answered, "204 No Content");
    }
    fix_settle(f);
    assert_int_equal(side_count, MANY);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 0);
    assert_int_equal(row_count(f, OUTBOX), 0);
}

static void what_a_stop_cuts_off_is_sent_again(void **state)
{
    struct fix *f = *state;
    make_rule(f, "/${topic(2)}", "");
    for (int i = 0; i < 40; i++)
        publish(f, "in/b", "{}", 1);
    AWAIT(count_posts() == 2);
    rules_stop(f->rules);
    store_sync(f->store);
    assert_int_equal(row_count(f, OUTBOX), 40);
    close_sides();
    close_listener(listener);
    fix_restart(f, true);
    loop = f->loop;
    listener = NULL; /* its port is free: all of them fail, which ends them */
    fix_settle(f);
    assert_int_equal(fix_count(f, METRIC_ACTION_RUNS), 80);
    assert_int_equal(fix_count(f, METRIC_ACTION_FAILURES), 40);
    assert_int_equal(row_count(f, OUTBOX), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_result_is_posted),
        T(what_is_no_json_says_so),
        T(a_header_goes_before_the_default),
        T(failures_go_to_the_error_action),
        T(many_wait_for_their_turn),
        T(what_a_stop_cuts_off_is_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
