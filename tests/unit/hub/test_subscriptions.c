/* test_subscriptions.c — what subscriptions of MQTT 5.0 ask for: no-local, retain as published, retain handling,
 * identifiers; where they are kept; what the hub does not offer. Section 3.8.3.1. */
#include "hub_fixture.h"

#include "base/err.h"
#include "base/mem.h"
#include "hub/session.h"

#define SUB(...) (&(struct sub_opts){ __VA_ARGS__ })

/* As its connection would publish it. */
static struct msg *of_client(struct client *c, const char *topic, const char *payload, uint8_t qos,
                             bool retain)
{
    return msg_create(&(struct msg_opts){ .topic = slice_str(topic),
                                          .payload = slice_str(payload),
                                          .origin = session_origin(c->session),
                                          .qos = qos,
                                          .retain = retain,
                                          .over_mqtt = true });
}

/* Returns msg->wanted. */
static bool say(struct client *c, const char *topic, const char *payload, uint8_t qos, bool retain)
{
    struct msg *msg = of_client(c, topic, payload, qos, retain);
    assert_true(session_publish(c->session, msg, NULL, NULL) >= 0);
    bool wanted = msg->wanted;
    msg_unref(msg);
    return wanted;
}

/* ---- where a message is matched ---- */

/* [MQTT-3.8.3-3] */
static void test_no_local(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 }, plug = { .level = 5 };
    client_open(f, &lamp, "lamp", true);
    client_open(f, &plug, "plug", true);
    client_subscribe_opts(&lamp, "t/#", SUB(.qos = 1, .no_local = true));
    assert_true(say(&lamp, "t/1", "mine", 1, false)); /* there is a subscriber, if only itself */
    assert_log(&lamp, "");
    say(&plug, "t/1", "other", 1, false);
    assert_log(&lamp, "t/1=other/1#2 ");
    publish(f, "t/1", "system", 0);
    assert_log(&lamp, "t/1=system/0 ");
    client_publish(&lamp, "t/1", "http", 0); /* in its name, but not over MQTT */
    assert_log(&lamp, "t/1=http/0 ");
    assert_false(say(&lamp, "nobody", "x", 0, false));
    client_free(&lamp);
    client_free(&plug);
}

/* Another subscription that wants it gets it as if the one with no-local were not there. */
static void test_no_local_beside_another(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 }, plug = { .level = 5 };
    client_open(f, &lamp, "lamp", true);
    client_open(f, &plug, "plug", true);
    client_subscribe_opts(&lamp, "t/#",
                          SUB(.qos = 2, .no_local = true, .retain_as_published = true, .id = 7));
    client_subscribe_opts(&lamp, "t/+", SUB(.qos = 1, .id = 8));
    say(&lamp, "t/1", "mine", 2, true);
    assert_log(&lamp, "t/1=mine/1#2@8 ");
    say(&plug, "t/1", "other", 2, true);
    assert_log(&lamp, "t/1=other/2r#3@7@8 ");
    client_free(&lamp);
    client_free(&plug);
}

/* [MQTT-3.3.4-2 to 3.3.4-4] */
static void test_identifiers_of_all_that_match(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 }, plug = { .level = 5 };
    client_open(f, &lamp, "lamp", true);
    client_open(f, &plug, "plug", true);
    client_subscribe_opts(&lamp, "a/+", SUB(.qos = 0, .id = 3));
    client_subscribe_opts(&plug, "a/b", SUB(.qos = 0, .id = 268435455));
    client_subscribe_opts(&lamp, "a/b", SUB(.qos = 1, .id = 1));
    client_subscribe_opts(&lamp, "a/#", SUB(.qos = 0)); /* has none */
    client_subscribe_opts(&lamp, "+/b", SUB(.qos = 0, .id = 3));
    client_subscribe_opts(&lamp, "x/y", SUB(.qos = 0, .id = 9));
    publish(f, "a/b", "1", 1);
    publish(f, "a/b", "2", 0);
    publish(f, "a/c", "3", 0);
    publish(f, "a", "4", 0);
    assert_log(&lamp, "a/b=1/1#2@3@1@3 a/b=2/0@3@1@3 a/c=3/0@3 a=4/0 ");
    assert_log(&plug, "a/b=1/0@268435455 a/b=2/0@268435455 ");
    client_free(&lamp);
    client_free(&plug);
}

/* More than fit on the stack. */
static void test_many_identifiers(void **state)
{
    enum { LEVELS = 6, FILTERS = 1 << LEVELS };
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    struct buf expected = { 0 };
    f->opts.max_subscriptions = FILTERS;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", false);
    buf_puts(&expected, "a/a/a/a/a/a=x/1d#2");
    for (uint32_t bits = 0; bits < FILTERS; bits++) {
        char filter[2 * LEVELS] = "";
        for (int i = 0; i < LEVELS; i++) {
            filter[2 * i] = bits >> i & 1 ? '+' : 'a';
            if (i + 1 < LEVELS) filter[2 * i + 1] = '/';
        }
        assert_true(client_subscribe_opts(&lamp, filter, SUB(.qos = 1, .id = bits * 1000 + 1)) >=
                    0);
        buf_printf(&expected, "@%u", bits * 1000 + 1);
    }
    buf_putc(&expected, ' ');
    publish(f, "a/a/a/a/a/a", "x", 1);
    fixture_restart(f);
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, buf_str(&expected));
    buf_deinit(&expected);
    client_free(&lamp);
}

/* [MQTT-3.3.1-12, 3.3.1-13] */
static void test_retain_as_published(void **state)
{
    struct fixture *f = *state;
    struct client plain = { .level = 5 }, kept = { .level = 5 }, both = { .level = 5 };
    client_open(f, &plain, "plain", true);
    client_open(f, &kept, "kept", false);
    client_open(f, &both, "both", true);
    client_subscribe_opts(&plain, "t", SUB(.qos = 1));
    client_subscribe_opts(&kept, "t", SUB(.qos = 1, .retain_as_published = true));
    client_subscribe_opts(&both, "t", SUB(.qos = 1));
    client_subscribe_opts(&both, "#", SUB(.qos = 0, .retain_as_published = true));
    client_retain(&plain, "t", "1", 1);
    client_publish(&plain, "t", "2", 1);
    client_retain(&plain, "t", "3", 0);
    assert_log(&plain, "t=1/1#2 t=2/1#3 t=3/0 ");
    assert_log(&kept, "t=1/1r#2 t=2/1#3 t=3/0r ");
    assert_log(&both, "t=1/1r#2 t=2/1#3 t=3/0r ");
    client_drop(&kept, SESSION_END_CONNECTION_LOST);
    client_retain(&plain, "t", "4", 1);
    fixture_restart(f);
    client_free(&kept);
    client_open(f, &kept, "kept", false); /* the option and the flags were in the database */
    client_retain(&kept, "t", "5", 1);
    assert_log(&kept, "t=1/1rd#2 t=2/1d#3 t=4/1r#4 t=5/1r#5 ");
    client_free(&plain);
    client_free(&kept);
    client_free(&both);
}

/* ---- retained messages ---- */

/* [MQTT-3.3.1-9 to 3.3.1-11]; they come with RETAIN [MQTT-3.3.1-8], and with the identifier. */
static void test_retain_handling(void **state)
{
    static const struct {
        uint8_t handling;
        const char *first, *again;
    } cases[] = {
        { 0, "t=old/1r#2@5 ", "t=old/1r#2@6 " },
        { 1, "t=old/1r#2@5 ", "" },
        { 2, "", "" },
    };
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    client_open(f, &lamp, "lamp", true);
    client_retain(&lamp, "t", "old", 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sub_opts opts = { .qos = 1, .retain_handling = cases[i].handling, .id = 5 };
        client_subscribe_opts(&lamp, "t", &opts);
        assert_log(&lamp, cases[i].first);
        session_puback(lamp.session, 2);
        client_free(&lamp);
        client_open(f, &lamp, "lamp", true);
        opts.retain_handling = 2;
        client_subscribe_opts(&lamp, "t", &opts);
        opts.retain_handling = cases[i].handling;
        opts.id = 6;
        client_subscribe_opts(&lamp, "t", &opts); /* not new any more */
        assert_log(&lamp, cases[i].again);
        client_free(&lamp);
        client_open(f, &lamp, "lamp", true);
    }
    client_free(&lamp);
}

/* What waits for room when the subscription is changed comes under its new identifier. */
static void test_identifier_changes_while_retained_come(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    client_open(f, &lamp, "lamp", true);
    client_retain(&lamp, "t/1", "a", 0);
    client_retain(&lamp, "t/2", "b", 0);
    lamp.congested = true;
    client_subscribe_opts(&lamp, "t/+", SUB(.qos = 1, .id = 1));
    client_subscribe_opts(&lamp, "t/+", SUB(.qos = 1, .id = 2, .retain_handling = 1));
    lamp.congested = false;
    session_pump(lamp.session);
    const char *log = client_log(&lamp);
    assert_non_null(strstr(log, "t/1=a/0r@2 "));
    assert_non_null(strstr(log, "t/2=b/0r@2 "));
    client_free(&lamp);
}

static void test_no_local_and_retained(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 }, plug = { .level = 5 };
    client_open(f, &lamp, "lamp", true);
    client_open(f, &plug, "plug", true);
    say(&lamp, "t/1", "mine", 1, true);
    say(&plug, "t/2", "other", 1, true);
    client_subscribe_opts(&lamp, "t/+", SUB(.qos = 0, .no_local = true));
    assert_log(&lamp, "t/2=other/0r ");
    client_free(&lamp);
    client_free(&plug);
}

/* ---- coming, changing, going ---- */

static void test_new_and_existing(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    bool is_new = false, existed = true;
    client_open(f, &lamp, "lamp", false);
    static const char *const filters[] = { "t", "$share/g/t" };
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        struct slice filter = slice_str(filters[i]);
        session_unsubscribe(lamp.session, filter, &existed);
        assert_false(existed);
        assert_true(session_subscribe(lamp.session, filter, SUB(.qos = 1), &is_new) > 0);
        assert_true(is_new);
        session_subscribe(lamp.session, filter, SUB(.qos = 1), &is_new);
        assert_false(is_new);
        is_new = true;
        session_subscribe(lamp.session, filter, SUB(.qos = 1, .id = 4), &is_new);
        assert_false(is_new);
        session_unsubscribe(lamp.session, filter, &existed);
        assert_true(existed);
    }
    client_free(&lamp);
}

/* Each option, changed alone, is another subscription: here, and in the database [MQTT-3.8.4-3]. */
static void test_options_are_kept(void **state)
{
    static const struct sub_opts all[] = {
        { .qos = 1 },
        { .qos = 2 },
        { .qos = 2, .no_local = true },
        { .qos = 2, .no_local = true, .retain_as_published = true },
        { .qos = 2, .no_local = true, .retain_as_published = true, .retain_handling = 1 },
        { .qos = 2, .no_local = true, .retain_as_published = true, .retain_handling = 2, .id = 77 },
        { .qos = 0 },
    };
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    char sql[256];
    client_open(f, &lamp, "lamp", false);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_true(client_subscribe_opts(&lamp, "t", &all[i]) > 0);
        settle(f);
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM subscription WHERE qos = %d AND no_local = %d AND "
                 "retain_as_published = %d AND retain_handling = %d AND sub_id = %u",
                 all[i].qos, all[i].no_local, all[i].retain_as_published, all[i].retain_handling,
                 all[i].id);
        assert_int_equal(query(f, sql), 1);
        assert_int_equal(query(f, "SELECT count(*) FROM subscription"), 1);
    }
    client_free(&lamp);
}

static void put_sub(void *arg, struct slice filter, const struct sub_opts *opts)
{
    buf_printf(arg, "%.*s/%d%s%s%d@%u ", (int)filter.len, filter.ptr, opts->qos,
               opts->no_local ? "n" : "", opts->retain_as_published ? "r" : "",
               opts->retain_handling, opts->id);
}

static void test_options_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 }, plug = { .level = 5 };
    struct buf subs = { 0 };
    client_open(f, &lamp, "lamp", false);
    client_subscribe_opts(&lamp, "a", SUB(.qos = 1, .id = 9));
    client_subscribe_opts(&lamp, "a",
                          SUB(.qos = 2, .no_local = true, .retain_handling = 2, .id = 268435455));
    client_subscribe_opts(&lamp, "$share/g/b", SUB(.qos = 1, .retain_as_published = true, .id = 4));
    fixture_restart(f);
    session_info_subs(f->hub, SLICE_LIT("lamp"), put_sub, &subs);
    assert_string_equal(buf_str(&subs), "$share/g/b/1r0@4 a/2n2@268435455 ");
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    client_open(f, &plug, "plug", true);
    say(&lamp, "a", "mine", 0, false);
    say(&plug, "a", "other", 0, false);
    say(&plug, "b", "shared", 0, true);
    assert_log(&lamp, "a=other/0@268435455 b=shared/0r@4 ");
    buf_deinit(&subs);
    client_free(&lamp);
    client_free(&plug);
}

/* ---- through the queue ---- */

/* In the window, beyond it, in the database, after a crash: the identifiers are those of the matching. */
static void test_identifiers_through_the_queue(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    f->opts.max_inflight = 2;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", false);
    client_subscribe_opts(&lamp, "t/#", SUB(.qos = 2, .id = 300));
    client_subscribe_opts(&lamp, "t/+", SUB(.qos = 1, .id = 20));
    client_subscribe(&lamp, "u", 1);
    publish(f, "t/1", "1", 1);
    publish(f, "t", "2", 1);
    publish(f, "u", "3", 1);
    publish(f, "t/1", "4", 1);
    settle(f);
    assert_log(&lamp, "t/1=1/1#2@300@20 t=2/1#3@300 ");
    client_unsubscribe(&lamp, "t/#"); /* what is queued stays as it was */
    settle(f);
    fixture_crash(f);
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "t/1=1/1d#2@300@20 t=2/1d#3@300 ");
    session_puback(lamp.session, 2);
    session_puback(lamp.session, 3);
    assert_log(&lamp, "u=3/1d#4 t/1=4/1d#5@300@20 ");
    client_drop(&lamp, SESSION_END_CONNECTION_LOST);
    publish(f, "t/1", "5", 1);
    settle(f); /* out of memory */
    client_free(&lamp);
    client_open(f, &lamp, "lamp", false);
    assert_log(&lamp, "u=3/1d#4 t/1=4/1d#5@300@20 ");
    session_puback(lamp.session, 4);
    session_puback(lamp.session, 5);
    assert_log(&lamp, "t/1=5/1#6@20 ");
    client_free(&lamp);
}

/* More than memory holds: they come by pages. */
static void test_identifiers_by_pages(void **state)
{
    enum { COUNT = 2000 };
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    f->opts.max_queued = COUNT;
    f->opts.max_queued_bytes = 64 << 20;
    f->opts.max_inflight = 10;
    hub_set_opts(f->hub, &f->opts);
    client_open(f, &lamp, "lamp", false);
    client_subscribe_opts(&lamp, "t/+", SUB(.qos = 1, .id = 300));
    client_subscribe_opts(&lamp, "t/1", SUB(.qos = 1, .id = 5));
    for (int i = 0; i < COUNT; i++) {
        char payload[16];
        snprintf(payload, sizeof payload, "%d", i);
        publish(f, i % 2 ? "t/1" : "t/2", payload, 1);
        if (i % 100 == 0) settle(f);
    }
    for (int i = 0; i < COUNT; i++) {
        char expected[64];
        if (i % 10 == 0) {
            settle(f);
            for (int j = i; j < i + 10; j++) {
                snprintf(expected, sizeof expected, "t/%d=%d/1#%d@300%s ", j % 2 ? 1 : 2, j, j + 2,
                         j % 2 ? "@5" : "");
                assert_true(lamp.log.len >= strlen(expected));
                assert_memory_equal(lamp.log.data, expected, strlen(expected));
                buf_consume(&lamp.log, strlen(expected));
            }
        }
        session_puback(lamp.session, (uint16_t)(i + 2));
    }
    settle(f);
    assert_int_equal(query(f, "SELECT count(*) FROM message_row"), 0);
    client_free(&lamp);
}

/* What they take counts for the limits of the queue. */
static void test_identifiers_have_a_size(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 }, plug = { .level = 5 };
    struct session_info with, without;
    client_open(f, &lamp, "lamp", true);
    client_open(f, &plug, "plug", true);
    client_subscribe_opts(&lamp, "t", SUB(.qos = 1, .id = 1));
    client_subscribe(&plug, "t", 1);
    publish(f, "t", "x", 1);
    session_info_get(f->hub, SLICE_LIT("lamp"), &with);
    session_info_get(f->hub, SLICE_LIT("plug"), &without);
    assert_true(with.queued_bytes > without.queued_bytes);
    session_puback(lamp.session, 2);
    session_info_get(f->hub, SLICE_LIT("lamp"), &with);
    assert_int_equal(with.queued_bytes, 0);
    client_free(&lamp);
    client_free(&plug);
}

/* A retained message waits for room for its identifier too, rather than being dropped. */
static void test_identifiers_need_room(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    client_open(f, &lamp, "lamp", true);
    client_retain(&lamp, "t/1", "x", 1);
    client_retain(&lamp, "t/2", "x", 1);
    const struct msg *kept = hub_retained_get(f->hub, SLICE_LIT("t/1"));
    f->opts.max_queued_bytes = 2 * msg_size(kept) + 8; /* one identifier takes as much */
    hub_set_opts(f->hub, &f->opts);
    client_subscribe_opts(&lamp, "t/+", SUB(.qos = 1, .id = 7));
    assert_log(&lamp, "t/1=x/1r#2@7 ");
    session_puback(lamp.session, 2);
    assert_log(&lamp, "t/2=x/1r#3@7 ");
    client_free(&lamp);
}

/* ---- what is not offered ---- */

static void test_nothing_is_retained(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    client_open(f, &lamp, "lamp", true);
    client_retain(&lamp, "t", "before", 1);
    f->opts.no_retain = true;
    hub_set_opts(f->hub, &f->opts);
    assert_int_equal(client_retain(&lamp, "t", "x", 0), ERR_UNSUPPORTED);
    assert_int_equal(client_publish(&lamp, "t", "x", 0), 0);
    client_subscribe_opts(&lamp, "t", SUB(.qos = 1, .retain_as_published = true));
    assert_log(&lamp, "");
    struct msg *msg = message("t", "a rule's", 0, true);
    assert_int_equal(hub_publish(f->hub, principal_system(), NULL, msg, NULL, NULL), 0);
    msg_unref(msg);
    assert_log(&lamp, "t=a rule's/0 ");
    assert_true(slice_eq_str(hub_retained_get(f->hub, SLICE_LIT("t"))->payload, "before"));
    client_free(&lamp);
}

static void test_filters_that_are_not_offered(void **state)
{
    static const struct {
        const char *filter;
        int plain, without_wildcards, without_shared;
    } cases[] = {
        { "a/b", 0, 0, 0 },
        { "a/+", 0, ERR_UNSUPPORTED, 0 },
        { "#", 0, ERR_UNSUPPORTED, 0 },
        { "$share/g/a", 0, 0, ERR_UNSUPPORTED },
        { "$share/g/#", 0, ERR_UNSUPPORTED, ERR_UNSUPPORTED },
        { "$share/g", ERR_TOPIC, ERR_TOPIC, ERR_TOPIC },
    };
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    client_open(f, &lamp, "lamp", true);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice filter = slice_str(cases[i].filter);
        const int expected[] = { cases[i].plain, cases[i].without_wildcards,
                                 cases[i].without_shared };
        for (int what = 0; what < 3; what++) {
            f->opts.no_wildcards = what == 1;
            f->opts.no_shared = what == 2;
            hub_set_opts(f->hub, &f->opts);
            assert_int_equal(hub_authorize_subscribe(f->hub, lamp.principal, NULL, filter),
                             expected[what]);
        }
    }
    client_free(&lamp);
}

/* ---- who wants it ---- */

static void test_wanted(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 }, plug = { .level = 5 };
    struct service service = { .does = SERVICE_COUNT };
    client_open(f, &lamp, "lamp", false);
    client_open(f, &plug, "plug", true);
    assert_false(say(&lamp, "t", "x", 1, false));
    client_subscribe(&plug, "t", 0);
    assert_true(say(&lamp, "t", "x", 1, false));
    service_start(f, &service, "s");
    assert_true(say(&lamp, "s", "x", 0, false));
    for (int clean = 0; clean <= 1; clean++) { /* a persistent session routes it later */
        struct client *c = clean ? &plug : &lamp;
        for (uint16_t id = 1; id <= 2; id++) {
            struct msg *msg = of_client(c, id == 1 ? "t" : "nobody", "x", 2, false);
            struct msg *again = of_client(c, id == 1 ? "t" : "nobody", "x", 2, false);
            assert_true(session_receive(c->session, id, msg, NULL, NULL) >= 0);
            assert_true(session_receive(c->session, id, again, NULL, NULL) >= 0);
            assert_int_equal(msg->wanted, id == 1);
            assert_int_equal(again->wanted, id == 1);
            msg_unref(msg);
            msg_unref(again);
        }
    }
    service_stop(&service);
    client_free(&lamp);
    client_free(&plug);
}

static void test_release_finds_or_not(void **state)
{
    struct fixture *f = *state;
    struct client lamp = { .level = 5 };
    for (int clean = 0; clean <= 1; clean++) {
        bool found = false;
        client_open(f, &lamp, "lamp", clean);
        client_publish2(&lamp, 5, "t", "x");
        settle(f);
        assert_true(session_release(lamp.session, 5, &found) >= 0);
        assert_true(found);
        assert_true(session_release(lamp.session, 5, &found) >= 0);
        assert_false(found);
        client_free(&lamp);
    }
}

/* ---- groups ---- */

/* A member gets what its own subscription asks for. */
static void test_options_of_members(void **state)
{
    struct fixture *f = *state;
    struct client a = { .level = 5 }, b = { .level = 5 };
    client_open(f, &a, "a", true);
    client_open(f, &b, "b", true);
    client_subscribe_opts(&a, "$share/g/t", SUB(.qos = 1, .retain_as_published = true, .id = 10));
    client_subscribe_opts(&b, "$share/g/t", SUB(.qos = 0, .id = 20));
    for (int i = 0; i < 4; i++)
        client_retain(&a, "t", "x", 2);
    assert_log(&a, "t=x/1r#2@10 t=x/1r#3@10 ");
    assert_log(&b, "t=x/0@20 t=x/0@20 ");
    client_subscribe_opts(&b, "$share/g/t", SUB(.qos = 2, .id = 21));
    client_drop(&a, SESSION_END_CONNECTION_LOST); /* its messages go to b, as b wants them */
    assert_log(&b, "t=x/1#2@21 t=x/1#3@21 ");
    client_free(&a);
    client_free(&b);
}

/* [MQTT-4.8.2-4], [MQTT-4.8.2-5] by option; QoS 1 goes to another one in any case. */
static void test_qos2_of_a_group_stays(void **state)
{
    struct fixture *f = *state;
    for (int keep = 0; keep <= 1; keep++) {
        for (int clean = 0; clean <= 1; clean++) {
            struct client a = { .level = 5 }, b = { .level = 5 };
            f->opts.keep_shared_qos2 = keep;
            f->opts.max_inflight = 2;
            hub_set_opts(f->hub, &f->opts);
            client_open(f, &a, "a", clean);
            client_subscribe(&a, "$share/g/t", 2);
            publish(f, "t", "1", 2);
            publish(f, "t", "2", 1);
            publish(f, "t", "3", 2); /* not sent yet */
            settle(f);
            assert_log(&a, "t=1/2#2 t=2/1#3 ");
            client_open(f, &b, "b", true);
            client_subscribe(&b, "$share/g/t", 2);
            client_drop(&a, SESSION_END_CONNECTION_LOST);
            settle(f);
            assert_log(&b, keep ? "t=2/1#2 t=3/2#3 " : "t=1/2#2 t=2/1#3 ");
            client_free(&a);
            client_open(f, &a, "a", clean);
            assert_log(&a, keep && !clean ? "t=1/2d#2 " : "");
            client_free(&a);
            client_open(f, &a, "a", true);
            client_free(&a);
            client_free(&b);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_local),
        TEST(test_no_local_beside_another),
        TEST(test_identifiers_of_all_that_match),
        TEST(test_many_identifiers),
        TEST(test_retain_as_published),
        TEST(test_retain_handling),
        TEST(test_identifier_changes_while_retained_come),
        TEST(test_no_local_and_retained),
        TEST(test_new_and_existing),
        TEST(test_options_are_kept),
        TEST(test_options_after_a_restart),
        TEST(test_identifiers_through_the_queue),
        TEST(test_identifiers_by_pages),
        TEST(test_identifiers_have_a_size),
        TEST(test_identifiers_need_room),
        TEST(test_nothing_is_retained),
        TEST(test_filters_that_are_not_offered),
        TEST(test_wanted),
        TEST(test_release_finds_or_not),
        TEST(test_options_of_members),
        TEST(test_qos2_of_a_group_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
