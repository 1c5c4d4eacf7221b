/* Unit tests of what the registry tells of certificates that end, and of overdue revocation lists: rows as they could be, and a clock that moves. */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "registry/expiring.h"
#include "unit/registry/registry_fixture.h"

static int setup(void **state)
{
    *state = registry_fixture_create();
    return 0;
}

static int teardown(void **state)
{
    registry_fixture_destroy(*state);
    return 0;
}

/* Ends so many hours from now, made for so many days, changed so many hours ago. */
struct row {
    const char *table, *id, *status;
    int64_t hours_left, days, changed_h;
};

static void print_row(struct buf *out, const struct row *row, int64_t now)
{
    int64_t end = now + HOURS(row->hours_left);
    bool is_ca = strcmp(row->table, "ca_cert") == 0;
    buf_printf(out,
               "INSERT INTO %s (id, pem, status, not_before, not_after, created_at, modified_at%s) "
               "VALUES ('%s', '', '%s', %lld, %lld, 0, %lld%s);",
               row->table, is_ca ? ", subject_id, auto_registration, mode" : "", row->id,
               row->status, (long long)(end - DAYS(row->days)), (long long)end,
               (long long)(now - HOURS(row->changed_h)), is_ca ? ", 's', 0, 'DEFAULT'" : "");
}

static void insert(struct registry_fixture *f, const struct row *rows, size_t count)
{
    struct buf sql = { 0 };
    for (size_t i = 0; i < count; i++)
        print_row(&sql, &rows[i], clock_real_ms());
    registry_fixture_script(f, buf_str(&sql));
    buf_deinit(&sql);
}

static void check(struct registry_fixture *f)
{
    char *state = xasprintf("{\"state\":{\"checked\":%lld}}", (long long)clock_real_ms());
    registry_fixture_do(f, ".SaveExpiring", state);
    free(state);
}

/* "id:days id:days+more" */
static void expect(struct registry_fixture *f, const char *member, const char *want)
{
    struct buf got = { 0 };
    int64_t more = 0;
    const struct json *list = json_get(f->result, member);
    json_for_each(one, json_get(list, "names")) {
        int64_t days = 0;
        json_to_int64(json_get(one, "days"), &days);
        buf_printf(&got, "%s%s:%lld", got.len ? " " : "", json_get_str(one, "id"), (long long)days);
    }
    assert_true(json_to_int64(json_get(list, "more"), &more));
    if (more) buf_printf(&got, "+%lld", (long long)more);
    assert_string_equal(buf_str(&got), want);
    buf_deinit(&got);
}

static void expect_number(const struct json *json, int64_t want)
{
    int64_t number = -1;
    json_to_int64(json, &number);
    assert_int_equal(number, want);
}

static void nothing_is_there(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_do(f, ".ListExpiring", "{}");
    expect(f, "certificates", "");
    expect(f, "authorities", "");
    assert_null(json_get(f->result, "nextCa"));
    assert_null(json_get(f->result, "nextDevice"));
    assert_null(json_get(f->result, "state"));
    for (size_t i = 0; i < EXPIRING_STEPS; i++)
        expect_number(json_at(json_get(f->result, "within"), i), 0);
}

static void only_active_ones_count(void **state)
{
    struct registry_fixture *f = *state;
    static const struct row rows[] = {
        { "cert", "late", "ACTIVE", 24 * 31, 365, 5000 },
        { "cert", "soon", "ACTIVE", 12, 365, 5000 },
        { "cert", "off", "INACTIVE", 6, 365, 5000 },
        { "cert", "ended", "ACTIVE", -1, 365, 5000 },
        { "cert", "week", "ACTIVE", 24 * 7, 365, 5000 },
        { "ca_cert", "a", "ACTIVE", 24 * 20, 3650, 5000 },
        { "ca_cert", "b", "INACTIVE", 24, 3650, 5000 },
    };
    insert(f, rows, ARRAY_LEN(rows));
    registry_fixture_do(f, ".ListExpiring", "{}");
    expect(f, "certificates", "soon:1 week:7");
    expect(f, "authorities", "a:30");
    expect_number(json_get(f->result, "nextDevice"), clock_real_ms() + HOURS(12));
    expect_number(json_get(f->result, "nextCa"), clock_real_ms() + DAYS(20));
    expect_number(json_at(json_get(f->result, "within"), 0), 1);
    expect_number(json_at(json_get(f->result, "within"), 1), 2);
    expect_number(json_at(json_get(f->result, "within"), 2), 2);
}

static void each_step_is_told_once(void **state)
{
    struct registry_fixture *f = *state;
    static const struct row row = { "cert", "d", "ACTIVE", 24 * 31, 365, 5000 };
    static const struct {
        int64_t day;
        const char *want;
    } days[] = { { 1, "d:30" }, { 23, "" }, { 24, "d:7" }, { 29, "" }, { 30, "d:1" }, { 31, "" } };
    insert(f, &row, 1);
    registry_fixture_do(f, ".ListExpiring", "{}");
    expect(f, "certificates", "");
    check(f);
    int64_t today = 0;
    for (size_t i = 0; i < ARRAY_LEN(days); i++) {
        clock_fake_advance(DAYS(days[i].day - today));
        today = days[i].day;
        registry_fixture_do(f, ".ListExpiring", "{}");
        expect(f, "certificates", days[i].want);
        check(f);
        registry_fixture_restart(f);
        registry_fixture_do(f, ".ListExpiring", "{}");
        expect(f, "certificates", "");
    }
}

/* Who was away for a month hears of the nearest step alone. */
static void steps_that_were_missed_are_one(void **state)
{
    struct registry_fixture *f = *state;
    static const struct row row = { "ca_cert", "c", "ACTIVE", 24 * 40, 365, 5000 };
    insert(f, &row, 1);
    check(f);
    clock_fake_advance(DAYS(35));
    registry_fixture_do(f, ".ListExpiring", "{}");
    expect(f, "authorities", "c:7");
}

static void what_is_new_is_told_at_once(void **state)
{
    struct registry_fixture *f = *state;
    static const struct row rows[] = {
        { "cert", "old", "ACTIVE", 100, 365, 2 },
        { "cert", "new", "ACTIVE", 100, 365, 0 },
        { "cert", "short", "ACTIVE", 20, 1, 0 }, /* made for a day */
        { "cert", "week", "ACTIVE", 20, 7, 0 },
    };
    clock_fake_advance(HOURS(-1));
    check(f);
    clock_fake_advance(HOURS(1));
    insert(f, rows, ARRAY_LEN(rows));
    registry_fixture_do(f, ".ListExpiring", "{}");
    expect(f, "certificates", "week:1 new:7");
}

static void long_lists_are_cut(void **state)
{
    struct registry_fixture *f = *state;
    struct row rows[13];
    char ids[13][8];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(ids[i], sizeof ids[i], "%c", (char)('a' + i));
        rows[i] = (struct row){ "cert", ids[i], "ACTIVE", 50, 365, 5000 };
    }
    insert(f, rows, ARRAY_LEN(rows));
    registry_fixture_do(f, ".ListExpiring", "{}");
    expect(f, "certificates", "a:7 b:7 c:7 d:7 e:7 f:7 g:7 h:7 i:7 j:7+3");
}

/* Lists of the CAs a and b, due in so many hours; c's says nothing of another. */
static void insert_lists(struct registry_fixture *f, int64_t a_h, int64_t b_h)
{
    static const struct row cas[] = { { "ca_cert", "a", "ACTIVE", 24 * 365, 3650, 5000 },
                                      { "ca_cert", "b", "INACTIVE", 24 * 365, 3650, 5000 },
                                      { "ca_cert", "c", "ACTIVE", 24 * 365, 3650, 5000 } };
    char *sql = xasprintf("INSERT INTO crl (ca, this_update, next_update, created_at) VALUES "
                          "('a', 0, %lld, 0), ('b', 0, %lld, 0), ('c', 0, NULL, 0)",
                          (long long)(clock_real_ms() + HOURS(a_h)),
                          (long long)(clock_real_ms() + HOURS(b_h)));
    insert(f, cas, ARRAY_LEN(cas));
    registry_fixture_script(f, sql);
    free(sql);
}

static void overdue_lists_are_told_once_a_day(void **state)
{
    struct registry_fixture *f = *state;
    static const struct {
        int64_t hour;
        const char *want;
    } hours[] = { { 9, "" },  { 10, "" },    { 11, "a:0" },     { 30, "" },
                  { 33, "" }, { 34, "a:1" }, { 35, "" },        { 41, "b:0" },
                  { 57, "" }, { 58, "a:2" }, { 240, "a:9 b:8" } };
    insert_lists(f, 10, 40);
    check(f);
    int64_t now = 0;
    for (size_t i = 0; i < ARRAY_LEN(hours); i++) {
        clock_fake_advance(HOURS(hours[i].hour - now));
        now = hours[i].hour;
        registry_fixture_do(f, ".ListExpiring", "{}");
        expect(f, "overdue", hours[i].want);
        check(f);
        registry_fixture_restart(f);
        registry_fixture_do(f, ".ListExpiring", "{}");
        expect(f, "overdue", "");
    }
}

static void steps_need_a_life_that_is_longer(void **state)
{
    const int64_t now = DAYS(1000);
    static const struct {
        int64_t days, hours_left;
        int want;
    } rows[] = {
        { 365, 24 * 30, 30 }, { 365, 24 * 30 + 1, 0 },
        { 365, 24 * 7, 7 },   { 365, 24 * 7 + 1, 30 },
        { 365, 24, 1 },       { 365, 1, 1 },
        { 365, 0, 0 },        { 365, -1, 0 },
        { 30, 24 * 20, 0 },   { 31, 24 * 20, 30 },
        { 7, 24 * 5, 0 },     { 8, 24 * 5, 7 },
        { 1, 5, 0 },          { 2, 5, 1 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t end = now + HOURS(rows[i].hours_left);
        assert_int_equal(expiring_within(end - DAYS(rows[i].days), end, now), rows[i].want);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_there),
        TEST(only_active_ones_count),
        TEST(each_step_is_told_once),
        TEST(steps_that_were_missed_are_one),
        TEST(what_is_new_is_told_at_once),
        TEST(long_lists_are_cut),
        TEST(overdue_lists_are_told_once_a_day),
        cmocka_unit_test(steps_need_a_life_that_is_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
