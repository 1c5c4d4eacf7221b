/* Routes: which template wins, and what its parameters hold. */
#include "lib/test.h"

#include "base/err.h"
#include "http/route.h"

#include "http_tests.h"

/* As the users of routes have them: a struct of their own around struct route. */
struct handler {
    struct route route;
    int number;
};

static const struct handler handlers[] = {
    { { HTTP_GET, "/", "root", .summary = "the root" }, 0 },
    { { HTTP_GET, "/things", "ListThings" }, 1 },
    { { HTTP_POST, "/things/{thingName}", "CreateThing" }, 2 },
    { { HTTP_GET, "/things/{name}", "DescribeThing" }, 3 },
    { { HTTP_GET, "/things/{thingName}/shadow", "GetThingShadow" }, 4 },
    { { HTTP_GET, "/things/{thingName}/principals", "ListThingPrincipals" }, 5 },
    { { HTTP_PUT, "/things/special/{x}", "Special" }, 6 },
    { { HTTP_POST, "/topics/{topic+}", "Publish" }, 7 },
    { { HTTP_GET, "/topics/fixed", "Fixed" }, 8 },
    { { HTTP_GET, "/topics/{one}", "One" }, 9 },
    { { HTTP_GET, "/authorizers/", "bad, never added" }, 10 },
    { { HTTP_GET, "/authorizers", "ListAuthorizers", .flags = ROUTE_SLASH }, 11 },
    { { HTTP_DELETE, "/authorizers", "strict" }, 12 },
    { { HTTP_GET, "/a/{b}/c/{d}/e/{f+}", "three" }, 13 },
    { { HTTP_HEAD, "/head", "head" }, 14 },
    { { HTTP_GET, "/head", "get" }, 15 },
    { { HTTP_GET, "/Things", "case matters" }, 16 },
    { { HTTP_GET, "/s/{a}/x", "param first" }, 17 },
    { { HTTP_GET, "/s/lit/y", "literal first" }, 18 },
    { { HTTP_GET, "/slash/{p}", "slash after a parameter", .flags = ROUTE_SLASH }, 19 },
};
enum { COUNT = sizeof handlers / sizeof *handlers, BAD = 10 };

static struct route_table *make_table(void)
{
    struct route_table *table = route_table_create();
    struct diag diag = DIAG_INIT;
    assert_int_equal(route_table_add(table, handlers, BAD, sizeof *handlers, &diag), 0);
    assert_int_equal(
        route_table_add(table, handlers + BAD + 1, COUNT - BAD - 1, sizeof *handlers, &diag), 0);
    return table;
}

static const struct route_case {
    enum http_method method;
    const char *path;
    int rc; /* the handler's number, or the error */
    const char *params;
} route_cases[] = {
    { HTTP_GET, "/", 0, "" },
    { HTTP_HEAD, "/", 0, "" },
    { HTTP_POST, "/", ERR_UNSUPPORTED, "" },
    { HTTP_GET, "//", ERR_NOT_FOUND, "" },
    { HTTP_GET, "", ERR_MALFORMED, "" },
    { HTTP_GET, "*", ERR_MALFORMED, "" },
    { HTTP_GET, "things", ERR_MALFORMED, "" },
    { HTTP_GET, "/things", 1, "" },
    { HTTP_GET, "/th%69ngs", 1, "" },
    { HTTP_GET, "/Things", 16, "" },
    { HTTP_GET, "/THINGS", ERR_NOT_FOUND, "" },
    { HTTP_GET, "/things/", ERR_NOT_FOUND, "" },
    { HTTP_GET, "/thing", ERR_NOT_FOUND, "" },
    { HTTP_GET, "/thingsx", ERR_NOT_FOUND, "" },
    { HTTP_POST, "/things/lamp", 2, "thingName=lamp;" },
    { HTTP_GET, "/things/lamp", 3, "name=lamp;" },
    { HTTP_GET, "/things/a%2Fb", 3, "name=a/b;" },
    { HTTP_GET, "/things/a%252Fb", 3, "name=a%2Fb;" },
    { HTTP_GET, "/things/a+b", 3, "name=a+b;" },
    { HTTP_GET, "/things/arn%3Aaws", 3, "name=arn:aws;" },
    { HTTP_GET, "/things/..", 3, "name=..;" },
    { HTTP_GET, "/things/%2e%2e", 3, "name=..;" },
    { HTTP_GET, "/things/a%", ERR_MALFORMED, "" },
    { HTTP_GET, "/things/a%2", ERR_MALFORMED, "" },
    { HTTP_GET, "/things/a%zz", ERR_MALFORMED, "" },
    { HTTP_GET, "/things/a%00", ERR_MALFORMED, "" },
    { HTTP_GET, "/nowhere/%", ERR_MALFORMED, "" },
    { HTTP_DELETE, "/things/lamp", ERR_UNSUPPORTED, "" },
    { HTTP_GET, "/things/lamp/shadow", 4, "thingName=lamp;" },
    { HTTP_HEAD, "/things/lamp/shadow", 4, "thingName=lamp;" },
    { HTTP_GET, "/things/lamp/shadow/", ERR_NOT_FOUND, "" },
    { HTTP_GET, "/things/lamp/shade", ERR_NOT_FOUND, "" },
    { HTTP_GET, "/things//shadow", ERR_NOT_FOUND, "" },
    { HTTP_GET, "/things/special/shadow", 4, "thingName=special;" },
    { HTTP_PUT, "/things/special/shadow", 6, "x=shadow;" },
    { HTTP_GET, "/things/special/principals", 5, "thingName=special;" },
    { HTTP_PUT, "/things/lamp/shadow", ERR_UNSUPPORTED, "" },
    { HTTP_POST, "/topics/a", 7, "topic=a;" },
    { HTTP_POST, "/topics/a/b/c", 7, "topic=a/b/c;" },
    { HTTP_POST, "/topics/a%2Fb/c", 7, "topic=a/b/c;" },
    { HTTP_POST, "/topics/a%252Fb", 7, "topic=a%2Fb;" },
    { HTTP_POST, "/topics//a", 7, "topic=/a;" },
    { HTTP_POST, "/topics/a//", 7, "topic=a//;" },
    { HTTP_POST, "/topics/$aws/things/x", 7, "topic=$aws/things/x;" },
    { HTTP_POST, "/topics/fixed", 7, "topic=fixed;" },
    { HTTP_POST, "/topics/%23", 7, "topic=#;" },
    { HTTP_POST, "/topics/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18", 7,
      "topic=1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18;" },
    { HTTP_POST, "/topics/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/%", ERR_MALFORMED, "" },
    { HTTP_POST, "/topics/", ERR_NOT_FOUND, "" },
    { HTTP_POST, "/topics", ERR_NOT_FOUND, "" },
    { HTTP_GET, "/topics/fixed", 8, "" },
    { HTTP_GET, "/topics/other", 9, "one=other;" },
    { HTTP_GET, "/topics/a/b", ERR_UNSUPPORTED, "" },
    { HTTP_GET, "/authorizers", 11, "" },
    { HTTP_GET, "/authorizers/", 11, "" },
    { HTTP_HEAD, "/authorizers/", 11, "" },
    { HTTP_GET, "/authorizers//", ERR_NOT_FOUND, "" },
    { HTTP_DELETE, "/authorizers", 12, "" },
    { HTTP_DELETE, "/authorizers/", ERR_UNSUPPORTED, "" },
    { HTTP_GET, "/a/1/c/2/e/3/4", 13, "b=1;d=2;f=3/4;" },
    { HTTP_GET, "/a/1/c/2/e", ERR_NOT_FOUND, "" },
    { HTTP_HEAD, "/head", 14, "" },
    { HTTP_GET, "/head", 15, "" },
    { HTTP_GET, "/s/lit/y", 18, "" },
    { HTTP_GET, "/s/lit/x", 17, "a=lit;" },
    { HTTP_GET, "/s/lit/z", ERR_NOT_FOUND, "" },
    { HTTP_GET, "/slash/p/", 19, "p=p;" },
    { HTTP_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18", ERR_NOT_FOUND, "" },
};

static void put_params(struct buf *out, const struct route_match *match)
{
    for (size_t i = 0; i < match->count; i++) {
        buf_put_slice(out, match->params[i].name);
        buf_printf(out, "=%s;", match->params[i].value.ptr);
        assert_int_equal(match->params[i].value.ptr[match->params[i].value.len], 0);
    }
}

static void test_find(void **state)
{
    struct route_table *table = make_table();
    for (size_t i = 0; i < sizeof route_cases / sizeof *route_cases; i++) {
        const struct route_case *c = &route_cases[i];
        struct arena arena = { 0 };
        struct route_match match = { 0 };
        /* a copy of its own, so that reading beyond it is found */
        size_t len = strlen(c->path);
        char *path = malloc(len + !len);
        memcpy(path, c->path, len);
        int rc = route_find(table, c->method, slice_of(path, len), &arena, &match);
        if (rc == 0) rc = ((const struct handler *)(const void *)match.route)->number;
        if (rc != c->rc) fail_msg("%s: %d, expected %d", c->path, rc, c->rc);
        struct buf params = { 0 };
        put_params(&params, &match);
        assert_string_equal(buf_str(&params), c->params);
        buf_deinit(&params);
        arena_deinit(&arena);
        free(path);
    }
    route_table_destroy(table);
}

static void test_param(void **state)
{
    struct route_table *table = make_table();
    struct arena arena = { 0 };
    struct route_match match;
    assert_int_equal(route_find(table, HTTP_GET, SLICE_LIT("/a/1/c/2/e/3"), &arena, &match), 0);
    assert_true(slice_eq_str(route_param(&match, "d"), "2"));
    assert_true(slice_eq_str(route_param(&match, "f"), "3"));
    assert_null(route_param(&match, "c").ptr);
    assert_null(route_param(&match, "").ptr);
    assert_string_equal(match.route->action, "three");
    arena_deinit(&arena);
    route_table_destroy(table);
}

static void test_allowed(void **state)
{
    static const struct {
        const char *path, *allow;
    } cases[] = {
        { "/", "GET, HEAD" },
        { "/things/lamp", "GET, HEAD, POST" },
        { "/things/special/shadow", "GET, HEAD, PUT" },
        { "/topics/fixed", "GET, HEAD, POST" },
        { "/topics/a/b", "POST" },
        { "/authorizers", "GET, HEAD, DELETE" },
        { "/authorizers/", "GET, HEAD" },
        { "/nowhere", "" },
        { "/things/%", "" },
        { "*", "" },
        { "", "" },
    };
    struct route_table *table = make_table();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = { 0 };
        route_put_allow(&out, route_allowed(table, slice_str(cases[i].path)));
        assert_string_equal(buf_str(&out), cases[i].allow);
        buf_deinit(&out);
    }
    route_table_destroy(table);
}

static void test_empty_table(void **state)
{
    struct route_table *table = route_table_create();
    struct arena arena = { 0 };
    struct route_match match;
    assert_int_equal(route_find(table, HTTP_GET, SLICE_LIT("/"), &arena, &match), ERR_NOT_FOUND);
    assert_int_equal(route_find(table, HTTP_GET, SLICE_LIT("/a/b"), &arena, &match), ERR_NOT_FOUND);
    arena_deinit(&arena);
    route_table_destroy(table);
    route_table_destroy(NULL);
}

static void test_bad_templates(void **state)
{
    static const struct {
        const char *path;
        int rc;
    } cases[] = {
        { NULL, ERR_SYNTAX },
        { "", ERR_SYNTAX },
        { "a", ERR_SYNTAX },
        { "/a/", ERR_SYNTAX },
        { "//", ERR_SYNTAX },
        { "//a", ERR_SYNTAX },
        { "/{}", ERR_SYNTAX },
        { "/{+}", ERR_SYNTAX },
        { "/{a", ERR_SYNTAX },
        { "/a}", ERR_SYNTAX },
        { "/a{b}", ERR_SYNTAX },
        { "/{a}b", ERR_SYNTAX },
        { "/{a b}", ERR_SYNTAX },
        { "/{a++}", ERR_SYNTAX },
        { "/{a+}/b", ERR_SYNTAX },
        { "/{a}/{a}", ERR_SYNTAX },
        { "/{a}/{a+}", ERR_SYNTAX },
        { "/a b", ERR_SYNTAX },
        { "/a%20", ERR_SYNTAX },
        { "/a?b", ERR_SYNTAX },
        { "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", ERR_LIMIT },
        { "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", ERR_LIMIT },
        { "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", 0 },
        { "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}", 0 },
        { "/{a-b_C9+}", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct route_table *table = route_table_create();
        struct route route = { HTTP_GET, cases[i].path };
        struct diag diag = DIAG_INIT;
        int rc = route_table_add(table, &route, 1, sizeof route, &diag);
        if (rc != cases[i].rc) fail_msg("%s: %d", cases[i].path, rc);
        assert_int_equal(diag.code, rc);
        route_table_destroy(table);
    }
}

static void test_conflicts(void **state)
{
    static const struct route routes[] = {
        { HTTP_GET, "/a/{b}" },
        { HTTP_PUT, "/a/{c}" },
        { HTTP_GET, "/a/{d}" },
    };
    struct route_table *table = route_table_create();
    struct diag diag = DIAG_INIT;
    assert_int_equal(route_table_add(table, routes, 3, sizeof *routes, &diag), ERR_EXISTS);
    assert_string_equal(diag.text, "routes '/a/{b}' and '/a/{d}' are the same for GET");
    struct route bad = { HTTP_METHOD_COUNT, "/x" };
    assert_int_equal(route_table_add(table, &bad, 1, sizeof bad, &diag), ERR_INVALID);
    route_table_destroy(table);
}

/* The same paths for three owners: each gets its own, with its names. */
static void test_variants(void **state)
{
    static const struct route routes[] = {
        { HTTP_GET, "/a/{b}/{c+}", "first" },
        { HTTP_GET, "/a/{x}/{y+}", "second", .variant = 1 },
        { HTTP_GET, "/a", "plain", .variant = 1 },
        { HTTP_GET, "/a", "slashed", .variant = 2, .flags = ROUTE_SLASH },
        { HTTP_GET, "/a/{b}/{c+}", "again", .variant = 1 },
    };
    struct route_table *table = route_table_create();
    struct arena arena = { 0 };
    struct route_match match;
    assert_int_equal(route_table_add(table, routes, 5, sizeof *routes, NULL), ERR_EXISTS);
    assert_int_equal(route_find(table, HTTP_HEAD, SLICE_LIT("/a/1/2/3"), &arena, &match), 0);
    assert_string_equal(match.route->action, "first");
    assert_true(route_has_variants(&match));
    assert_false(route_use_variant(&match, 2));
    assert_string_equal(match.route->action, "first");
    assert_true(route_use_variant(&match, 1));
    assert_string_equal(match.route->action, "second");
    assert_true(slice_eq_str(route_param(&match, "x"), "1"));
    assert_true(slice_eq_str(route_param(&match, "y"), "2/3"));
    assert_null(route_param(&match, "b").ptr);
    assert_true(route_use_variant(&match, 0));
    assert_true(slice_eq_str(route_param(&match, "c"), "2/3"));

    /* with the slash more there is one only */
    assert_int_equal(route_find(table, HTTP_GET, SLICE_LIT("/a/"), &arena, &match), 0);
    assert_string_equal(match.route->action, "slashed");
    assert_false(route_use_variant(&match, 1));
    assert_true(route_use_variant(&match, 2));
    arena_deinit(&arena);
    route_table_destroy(table);
}

int test_route(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),          cmocka_unit_test(test_param),
        cmocka_unit_test(test_allowed),       cmocka_unit_test(test_empty_table),
        cmocka_unit_test(test_bad_templates), cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_variants),
    };
    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
