/* Query parameters. */
#include "lib/test.h"

#include "base/buf.h"
#include "base/err.h"
#include "http/query.h"

#include "http_tests.h"

static const struct query_case {
    const char *query;
    const char *name;
    size_t n;
    int rc;
    const char *value;
} query_cases[] = {
    { "a=1&b=2", "a", 0, 0, "1" },
    { "a=1&b=2", "b", 0, 0, "2" },
    { "a=1&b=2", "c", 0, ERR_NOT_FOUND, NULL },
    { "", "a", 0, ERR_NOT_FOUND, NULL },
    { "a", "a", 0, 0, "" },
    { "a=", "a", 0, 0, "" },
    { "&&a=1&", "a", 0, 0, "1" },
    { "=1&a=2", "", 0, ERR_NOT_FOUND, NULL },
    { "a=b=c", "a", 0, 0, "b=c" },
    { "a=1&a=2&a=3", "a", 0, 0, "1" },
    { "a=1&a=2&a=3", "a", 2, 0, "3" },
    { "a=1&a=2&a=3", "a", 3, ERR_NOT_FOUND, NULL },
    { "a=x+y", "a", 0, 0, "x+y" },
    { "a=x%20y%2B", "a", 0, 0, "x y+" },
    { "a=%26%3D%3f", "a", 0, 0, "&=?" },
    { "a=%252F", "a", 0, 0, "%2F" },
    { "%61=1", "a", 0, 0, "1" },
    { "%61=1", "%61", 0, ERR_NOT_FOUND, NULL },
    { "A=1", "a", 0, ERR_NOT_FOUND, NULL },
    { "aa=1&a=2", "a", 0, 0, "2" },
    { "a=%", "a", 0, ERR_MALFORMED, NULL },
    { "a=%4", "a", 0, ERR_MALFORMED, NULL },
    { "a=%zz", "a", 0, ERR_MALFORMED, NULL },
    { "a=%00", "a", 0, ERR_MALFORMED, NULL },
    { "%=1&a=2", "a", 0, ERR_MALFORMED, NULL },
    { "b=%&a=2", "a", 0, 0, "2" },
    { "a=2&b=%", "a", 0, 0, "2" },
    { "t=%C3%A4", "t", 0, 0, "\xc3\xa4" },
};

static void test_cases(void **state)
{
    struct arena arena = { 0 };
    for (size_t i = 0; i < sizeof query_cases / sizeof *query_cases; i++) {
        const struct query_case *c = &query_cases[i];
        struct slice value = { "untouched", 9 };
        int rc = http_query_nth(slice_str(c->query), c->name, c->n, &arena, &value);
        if (rc != c->rc) fail_msg("%s of '%s': %s", c->name, c->query, err_name(rc));
        assert_string_equal(value.ptr, c->value ? c->value : "untouched");
        if (c->n == 0)
            assert_int_equal(http_query_get(slice_str(c->query), c->name, &arena, &value), c->rc);
    }
    arena_deinit(&arena);
}

static void test_iteration(void **state)
{
    struct slice query = SLICE_LIT("a=1&&b&=x&c=%20=");
    struct slice name, value;
    struct buf out = { 0 };
    while (http_query_next(&query, &name, &value)) {
        buf_put_slice(&out, name);
        buf_putc(&out, '>');
        buf_put_slice(&out, value);
        buf_putc(&out, ' ');
    }
    assert_string_equal(buf_str(&out), "a>1 b> c>%20= ");
    buf_deinit(&out);
}

int test_query(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_iteration),
    };
    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
