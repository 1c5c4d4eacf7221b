/* test_ledger.c — the ring of refusals. */
#include "lib/test.h"

#include "auth/ledger.h"
#include "base/buf.h"
#include "base/mem.h"
#include "lib/clock_fake.h"

static void note(struct ledger *ledger, const char *client_id, const char *reason)
{
    ledger_note(ledger, &(struct ledger_entry){ .kind = LEDGER_DENIED,
                                                .principal = SLICE_LIT("user:plug"),
                                                .client_id = slice_str(client_id),
                                                .reason = slice_str(reason) });
}

/* "3:c 2:b 1:a", the youngest first. */
static void expect(const struct ledger *ledger, const char *client_id, const char *expected)
{
    struct buf text = { 0 };
    int64_t before = 0;
    const struct ledger_query query = { .client_id = client_id };
    for (const struct ledger_entry *entry; (entry = ledger_find(ledger, before, &query));) {
        buf_printf(&text, "%s%d:", text.len ? " " : "", (int)entry->number);
        buf_put_slice(&text, entry->reason);
        before = entry->number;
    }
    assert_string_equal(buf_str(&text), expected);
    buf_deinit(&text);
}

static void test_the_oldest_makes_room(void **state)
{
    struct ledger *ledger = ledger_create(3);
    expect(ledger, NULL, "");
    note(ledger, "lamp", "a");
    note(ledger, "plug", "b");
    expect(ledger, NULL, "2:b 1:a");
    note(ledger, "lamp", "c");
    note(ledger, "plug", "d");
    note(ledger, "lamp", "e");
    expect(ledger, NULL, "5:e 4:d 3:c");
    expect(ledger, "lamp", "5:e 3:c");
    expect(ledger, "nobody", "");
    assert_null(ledger_find(ledger, 3, NULL)); /* what was before is gone */
    assert_int_equal(ledger_find(ledger, 99, NULL)->number, 5);
    ledger_destroy(ledger);
}

static void test_what_an_entry_has(void **state)
{
    clock_fake_install();
    struct ledger *ledger = ledger_create(10);
    char address[] = "192.0.2.1";
    ledger_note(ledger, &(struct ledger_entry){ .number = 77,
                                                .at_ms = 5,
                                                .kind = LEDGER_FIGHT,
                                                .principal = SLICE_LIT("cert:ab"),
                                                .client_id = SLICE_LIT("lamp"),
                                                .address = slice_str(address),
                                                .action = SLICE_LIT("iot:Connect"),
                                                .resource = SLICE_LIT("client/lamp"),
                                                .reason = SLICE_LIT("why") });
    memset(address, 'x', sizeof address - 1); /* it was copied */
    const struct ledger_entry *entry = ledger_find(ledger, 0, NULL);
    assert_int_equal(entry->number, 1);
    assert_int_equal(entry->at_ms, clock_real_ms());
    assert_string_equal(ledger_kind_name(entry->kind), "fight");
    assert_true(slice_eq_str(entry->principal, "cert:ab"));
    assert_true(slice_eq_str(entry->client_id, "lamp"));
    assert_true(slice_eq_str(entry->address, "192.0.2.1"));
    assert_true(slice_eq_str(entry->action, "iot:Connect"));
    assert_true(slice_eq_str(entry->resource, "client/lamp"));
    assert_true(slice_eq_str(entry->reason, "why"));
    ledger_destroy(ledger);
    clock_fake_remove();
}

static void test_long_texts_are_cut_between_characters(void **state)
{
    struct ledger *ledger = ledger_create(1);
    struct buf text = { 0 };
    for (int i = 0; i < 100; i++)
        buf_puts(&text, "\xe2\x82\xac"); /* three bytes */
    note(ledger, "lamp", buf_str(&text));
    struct slice reason = ledger_find(ledger, 0, NULL)->reason;
    assert_int_equal(reason.len, 255);
    assert_memory_equal(reason.ptr, text.data, 255);
    buf_clear(&text);
    for (int i = 0; i < 256; i++)
        buf_putc(&text, 'x');
    note(ledger, "lamp", buf_str(&text));
    assert_int_equal(ledger_find(ledger, 0, NULL)->reason.len, 256);
    buf_deinit(&text);
    ledger_destroy(ledger);
}

static void note_of_kind(struct ledger *ledger, enum ledger_kind kind, const char *resource)
{
    ledger_note(ledger, &(struct ledger_entry){ .kind = kind,
                                                .resource = slice_str(resource),
                                                .reason = slice_str(resource) });
}

static void test_the_same_again_is_counted(void **state)
{
    clock_fake_install();
    struct ledger *ledger = ledger_create(3);
    int64_t first = clock_real_ms();
    note(ledger, "lamp", "a");
    note(ledger, "plug", "b");
    for (int i = 0; i < 100; i++) { /* does not push out the others */
        clock_fake_advance(SECONDS(1));
        note(ledger, "lamp", "a");
    }
    expect(ledger, NULL, "102:a 2:b");
    const struct ledger_entry *entry = ledger_find(ledger, 0, NULL);
    assert_int_equal(entry->count, 101);
    assert_int_equal(entry->first_ms, first);
    assert_int_equal(entry->at_ms, first + SECONDS(100));
    assert_true(slice_eq_str(ledger_reason(ledger, "plug"), "b"));
    assert_int_equal(ledger_reason(ledger, "nobody").len, 0);
    ledger_destroy(ledger);
    clock_fake_remove();
}

static void test_what_is_frequent_makes_room(void **state)
{
    struct ledger *ledger = ledger_create(4);
    char name[32];
    note_of_kind(ledger, LEDGER_DENIED, "publish");
    note_of_kind(ledger, LEDGER_CREDENTIAL, "cert");
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "topic%d", i);
        note_of_kind(ledger, LEDGER_SUPPRESSED, name);
    }
    expect(ledger, NULL, "52:topic49 51:topic48 2:cert 1:publish");
    ledger_destroy(ledger);
}

static void test_entries_are_found_by_thing_and_address(void **state)
{
    struct ledger *ledger = ledger_create(10);
    const struct ledger_entry entries[] = {
        { .client_id = SLICE_LIT("gateway"),
          .thing = SLICE_LIT("lamp"),
          .address = SLICE_LIT("192.0.2.1"),
          .reason = SLICE_LIT("a") },
        { .client_id = SLICE_LIT("lamp"),
          .address = SLICE_LIT("192.0.2.2"),
          .reason = SLICE_LIT("b") },
        { .client_id = SLICE_LIT("plug"),
          .address = SLICE_LIT("192.0.2.2"),
          .reason = SLICE_LIT("c") },
    };
    for (size_t i = 0; i < ARRAY_LEN(entries); i++)
        ledger_note(ledger, &entries[i]);
    const struct ledger_query lamp = { .thing = "lamp" };
    const struct ledger_query both = { .thing = "lamp", .address = "192.0.2.1" };
    const struct ledger_entry *entry = ledger_find(ledger, 0, &lamp);
    assert_true(slice_eq_str(entry->reason, "b"));
    entry = ledger_next(ledger, entry, &lamp);
    assert_true(slice_eq_str(entry->reason, "a"));
    assert_null(ledger_next(ledger, entry, &lamp));
    assert_true(slice_eq_str(ledger_find(ledger, 0, &both)->reason, "a"));
    ledger_destroy(ledger);
}

static void test_noted_since(void **state)
{
    clock_fake_install();
    struct ledger *ledger = ledger_create(10);
    const struct ledger_entry one = { .kind = LEDGER_SUPPRESSED, .resource = SLICE_LIT("topic/a") };
    struct ledger_entry other = one;
    other.kind = LEDGER_DENIED;
    int64_t now = clock_real_ms();
    assert_false(ledger_noted_since(ledger, &one, now));
    ledger_note(ledger, &one);
    assert_true(ledger_noted_since(ledger, &one, now));
    assert_false(ledger_noted_since(ledger, &one, now + 1));
    assert_false(ledger_noted_since(ledger, &other, now));
    ledger_destroy(ledger);
    clock_fake_remove();
}

static void test_without_room(void **state)
{
    struct ledger *ledger = ledger_create(0);
    note(ledger, "lamp", "a");
    assert_null(ledger_find(ledger, 0, NULL));
    ledger_destroy(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_oldest_makes_room),
        cmocka_unit_test(test_what_an_entry_has),
        cmocka_unit_test(test_long_texts_are_cut_between_characters),
        cmocka_unit_test(test_the_same_again_is_counted),
        cmocka_unit_test(test_what_is_frequent_makes_room),
        cmocka_unit_test(test_entries_are_found_by_thing_and_address),
        cmocka_unit_test(test_noted_since),
        cmocka_unit_test(test_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
