/* Unit tests of the shadow document: the cases of tests/golden/shadow, and what a line of text cannot
 * say: bytes that are no text, large documents, stored ones.
 *
 * A golden case is a list of lines (tests/golden/shadow/merge.case explains them). Acts fill
 * `answers`; the lines after an act compare. An act that fails must be followed by `rejected`. */
#include "base/err.h"
#include "base/mem.h"
#include "lib/test.h"
#include "shadow/shadow_doc.h"

#include <dirent.h>

struct stage {
    const char *file;
    char title[128];
    int line;
    struct shadow_limits limits;
    int64_t now_s;
    int64_t tombstone;
    struct shadow_doc *doc;
    struct shadow_answers answers;
    struct buf document; /* of the last get */
    struct buf deleted;
    struct buf rejected;
    bool pending; /* a failure that no line has expected so far */
};

static void wrong(const struct stage *s, const char *what, const char *got, const char *want)
{
    fail_msg("%s:%d (%s): %s\n  got  %s\n  want %s", s->file, s->line, s->title, what, got, want);
}

static void expect(const struct stage *s, const char *what, const struct buf *got, const char *want)
{
    if (strcmp(buf_str(got), want) != 0) wrong(s, what, buf_str(got), want);
}

static void forget_answers(struct stage *s)
{
    shadow_answers_deinit(&s->answers);
    memset(&s->answers, 0, sizeof s->answers);
    buf_clear(&s->document);
    buf_clear(&s->deleted);
    buf_clear(&s->rejected);
}

static void reject(struct stage *s, const struct shadow_failure *failure, int rc)
{
    assert_true(rc < 0);
    assert_non_null(failure->error);
    shadow_print_failure(failure, s->now_s, &s->rejected);
    s->pending = true;
}

/* What the store would hand back must be what was handed in. */
static void check_stored_form(const struct stage *s)
{
    struct buf saved = { 0 }, again = { 0 };
    shadow_doc_save(s->doc, &saved);
    struct shadow_doc *loaded;
    assert_int_equal(shadow_doc_load(buf_slice(&saved), &loaded, NULL), 0);
    shadow_doc_save(loaded, &again);
    expect(s, "stored form", &again, buf_str(&saved));
    shadow_doc_free(loaded);
    buf_deinit(&saved);
    buf_deinit(&again);
}

static void act_update(struct stage *s, const char *text)
{
    struct shadow_failure failure;
    struct shadow_doc *next = NULL;
    int rc = shadow_update(s->doc, s->tombstone, slice_str(text), s->now_s, &s->limits, &next,
                           &s->answers, &failure);
    if (rc < 0) {
        assert_null(next);
        reject(s, &failure, rc);
        return;
    }
    assert_true(next->version == (s->doc ? s->doc->version : s->tombstone) + 1);
    shadow_doc_free(s->doc);
    s->doc = next;
    check_stored_form(s);
}

/* Reads the token of a get or delete; false when the request was refused. */
static bool request_for_doc(struct stage *s, const char *text, char token[SHADOW_TOKEN_MAX + 1])
{
    struct shadow_failure failure;
    int rc = shadow_request_token(slice_str(text), &s->limits, token, &failure);
    if (rc == 0 && !s->doc) rc = shadow_fail_missing("thing", NULL, token, &failure);
    if (rc < 0) reject(s, &failure, rc);
    return rc == 0;
}

static void act_get(struct stage *s, const char *text)
{
    char token[SHADOW_TOKEN_MAX + 1];
    if (request_for_doc(s, text, token)) shadow_get_document(s->doc, s->now_s, token, &s->document);
}

static void act_delete(struct stage *s, const char *text)
{
    char token[SHADOW_TOKEN_MAX + 1];
    if (!request_for_doc(s, text, token)) return;
    shadow_delete_accepted(s->doc, s->now_s, token, &s->deleted);
    s->tombstone = s->doc->version;
    shadow_doc_free(s->doc);
    s->doc = NULL;
}

static void expect_part(const struct stage *s, const char *name, const char *want)
{
    if (!s->doc) wrong(s, name, "no shadow", want);
    struct buf text = { 0 }, part = { 0 };
    struct json *root;
    shadow_get_document(s->doc, s->now_s, NULL, &text);
    assert_int_equal(json_parse(buf_slice(&text), NULL, &root, NULL), 0);
    json_print(json_get(root, name), &part);
    expect(s, name, &part, want);
    json_free(root);
    buf_deinit(&text);
    buf_deinit(&part);
}

static void expect_delta(const struct stage *s, const char *want)
{
    expect(s, "delta", &s->answers.delta, strcmp(want, "none") == 0 ? "" : want);
}

static void expect_rejected(struct stage *s, const char *want)
{
    s->pending = false;
    expect(s, "rejected", &s->rejected, want);
}

static void set_limits(struct stage *s, const char *text)
{
    assert_int_equal(sscanf(text, "%zu %d %zu", &s->limits.max_bytes, &s->limits.max_depth,
                            &s->limits.max_token),
                     3);
}

static void set_now(struct stage *s, const char *text)
{
    s->now_s = atoll(text);
}

static void set_tombstone(struct stage *s, const char *text)
{
    s->tombstone = atoll(text);
}

static void expect_accepted(struct stage *s, const char *want)
{
    expect(s, "accepted", &s->answers.accepted, want);
}

static void expect_documents(struct stage *s, const char *want)
{
    expect(s, "documents", &s->answers.documents, want);
}

static void expect_document(struct stage *s, const char *want)
{
    expect(s, "document", &s->document, want);
}

static void expect_deleted(struct stage *s, const char *want)
{
    expect(s, "deleted", &s->deleted, want);
}

static void expect_delta_line(struct stage *s, const char *want)
{
    expect_delta(s, want);
}

static void expect_state(struct stage *s, const char *want)
{
    expect_part(s, "state", want);
}

static void expect_metadata(struct stage *s, const char *want)
{
    expect_part(s, "metadata", want);
}

static void expect_version(struct stage *s, const char *want)
{
    expect_part(s, "version", want);
}

static const struct line_kind {
    const char *word;
    bool act;
    void (*run)(struct stage *s, const char *text);
} line_kinds[] = {
    { "limits", false, set_limits },
    { "now", false, set_now },
    { "tombstone", false, set_tombstone },
    { "update", true, act_update },
    { "get", true, act_get },
    { "delete", true, act_delete },
    { "accepted", false, expect_accepted },
    { "delta", false, expect_delta_line },
    { "documents", false, expect_documents },
    { "document", false, expect_document },
    { "deleted", false, expect_deleted },
    { "rejected", false, expect_rejected },
    { "state", false, expect_state },
    { "metadata", false, expect_metadata },
    { "version", false, expect_version },
};

static void run_line(struct stage *s, const char *line)
{
    size_t len = strcspn(line, " ");
    for (size_t i = 0; i < ARRAY_LEN(line_kinds); i++) {
        const struct line_kind *kind = &line_kinds[i];
        if (!slice_eq_str(slice_of(line, len), kind->word)) continue;
        bool answers_failure = kind->run == expect_rejected;
        if (s->pending && !answers_failure)
            wrong(s, "refused", buf_str(&s->rejected), "no refusal");
        if (answers_failure && !s->pending) wrong(s, "accepted", "no refusal", line);
        if (kind->act) forget_answers(s);
        kind->run(s, line[len] ? line + len + 1 : line + len);
        return;
    }
    wrong(s, "unknown line", line, "one of line_kinds");
}

static void end_case(struct stage *s)
{
    if (s->pending) wrong(s, "refused", buf_str(&s->rejected), "no refusal");
    forget_answers(s);
    shadow_doc_free(s->doc);
    s->doc = NULL;
}

static void begin_case(struct stage *s, const char *title)
{
    snprintf(s->title, sizeof s->title, "%s", title);
    s->limits = shadow_default_limits;
    s->now_s = 1000;
    s->tombstone = 0;
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    struct stage s = { .file = path };
    char *line = NULL;
    size_t room = 0;
    int cases = 0;
    for (ssize_t n; (n = getline(&line, &room, file)) >= 0;) {
        s.line++;
        if (n && line[n - 1] == '\n') line[n - 1] = '\0';
        if (line[0] == '#' || line[0] == '\0') continue;
        if (strncmp(line, "== ", 3) != 0) {
            run_line(&s, line);
            continue;
        }
        end_case(&s);
        begin_case(&s, line + 3);
        cases++;
    }
    end_case(&s);
    buf_deinit(&s.document);
    buf_deinit(&s.deleted);
    buf_deinit(&s.rejected);
    free(line);
    fclose(file);
    return cases;
}

static void golden_cases_hold(void **state)
{
    DIR *dir = opendir(TEST_GOLDEN "/shadow");
    assert_non_null(dir);
    int cases = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 5, ".case") != 0) continue;
        char *path = xasprintf("%s/shadow/%s", TEST_GOLDEN, entry->d_name);
        cases += run_file(path);
        free(path);
    }
    closedir(dir);
    assert_true(cases >= 130);
}

/* ---- requests that are not text */

static int update_fails(const struct shadow_doc *old, struct slice request,
                        struct shadow_failure *ret_failure)
{
    struct shadow_doc *next = NULL;
    struct shadow_answers answers = { 0 };
    int rc = shadow_update(old, 0, request, 1000, NULL, &next, &answers, ret_failure);
    assert_true(rc < 0);
    assert_null(next);
    assert_null(answers.accepted.data);
    return rc;
}

static void foreign_encodings_are_refused(void **state)
{
    static const struct {
        struct slice request;
        int rc;
        int code;
        const char *error;
    } rows[] = {
        { SLICE_LIT("{\"state\":{\"reported\":{\"a\":\"\xff\"}}}"), ERR_ENCODING, 415,
          "UnsupportedDocumentEncodingException" },
        { SLICE_LIT("{\"state\":{\"reported\":{\"\xc0\x80\":1}}}"), ERR_ENCODING, 415,
          "UnsupportedDocumentEncodingException" },
        { SLICE_LIT("\xff\xfe{\0}\0"), ERR_ENCODING, 415, "UnsupportedDocumentEncodingException" },
        { SLICE_LIT("{\"state\":{\"reported\":{\"a\":\"\xed\xa0\x80\"}}}"), ERR_ENCODING, 415,
          "UnsupportedDocumentEncodingException" },
        { SLICE_LIT("{\"state\":{}}\0"), ERR_INVALID, 400, "InvalidRequestException" },
        { SLICE_LIT("{\"state\":{\"reported\":{\"a\":\"\\u0000\"}}}"), ERR_INVALID, 400,
          "InvalidRequestException" },
        { SLICE_LIT("\xef\xbb\xbf{\"state\":{}}"), ERR_INVALID, 400, "InvalidRequestException" },
        { SLICE_LIT(""), ERR_INVALID, 400, "InvalidRequestException" },
        { SLICE_LIT("\0"), ERR_INVALID, 400, "InvalidRequestException" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct shadow_failure failure;
        assert_int_equal(update_fails(NULL, rows[i].request, &failure), rows[i].rc);
        assert_int_equal(failure.code, rows[i].code);
        assert_string_equal(failure.error, rows[i].error);
        assert_string_equal(failure.client_token, "");
        if (rows[i].request.len == 0) continue;
        char token[SHADOW_TOKEN_MAX + 1] = "untouched";
        int rc = shadow_request_token(rows[i].request, NULL, token, &failure);
        if (rc < 0) assert_string_equal(token, "untouched");
    }
}

static void deep_and_long_requests_are_refused(void **state)
{
    struct buf text = { 0 };
    struct shadow_failure failure;
    for (int i = 0; i < 60000; i++)
        buf_putc(&text, '[');
    assert_int_equal(update_fails(NULL, buf_slice(&text), &failure), ERR_DEPTH);
    assert_string_equal(failure.message, "JSON contains too many levels of nesting; maximum is 6");

    buf_clear(&text);
    buf_puts(&text, "{\"state\":{\"reported\":{\"a\":\"");
    for (int i = 0; i < 200000; i++)
        buf_putc(&text, 'x');
    buf_puts(&text, "\"}}}");
    assert_int_equal(update_fails(NULL, buf_slice(&text), &failure), ERR_TOO_LARGE);
    assert_int_equal(failure.code, 413);

    buf_clear(&text);
    buf_puts(&text, "{\"state\":{\"reported\":{\"a\":[1");
    for (int i = 0; i < 60000; i++)
        buf_puts(&text, ",1");
    buf_puts(&text, "]}}}");
    assert_int_equal(update_fails(NULL, buf_slice(&text), &failure), ERR_TOO_LARGE);
    buf_deinit(&text);
}

/* ---- wide objects */

static struct shadow_doc *must_update(const struct shadow_doc *old, struct slice request,
                                      int64_t now_s, struct shadow_answers *ret_answers)
{
    const struct shadow_limits wide = { .max_bytes = 1 << 20, .max_depth = 6, .max_token = 64 };
    struct shadow_failure failure;
    struct shadow_doc *next = NULL;
    int rc = shadow_update(old, 0, request, now_s, &wide, &next, ret_answers, &failure);
    if (rc < 0) fail_msg("%s", failure.message);
    return next;
}

/* Keys go in forwards and come back backwards, so that no search ends where the last one did. */
static void wide_objects_merge_in_any_order(void **state)
{
    enum { WIDTH = 4000 };
    struct buf up = { 0 }, down = { 0 }, removal = { 0 };
    buf_puts(&up, "{\"state\":{\"desired\":{\"k\":0");
    buf_puts(&down, "{\"state\":{\"reported\":{\"k\":0");
    buf_puts(&removal, "{\"state\":{\"desired\":{\"k\":0");
    for (int i = 0; i < WIDTH; i++) {
        buf_printf(&up, ",\"k%d\":%d", i, i);
        buf_printf(&down, ",\"k%d\":%d", WIDTH - 1 - i, WIDTH - 1 - i);
        if (i % 2) buf_printf(&removal, ",\"k%d\":null", WIDTH - 1 - i);
    }
    buf_puts(&up, "}}}");
    buf_puts(&down, "}}}");
    buf_puts(&removal, "}}}");

    struct shadow_answers answers;
    struct shadow_doc *one = must_update(NULL, buf_slice(&up), 1, &answers);
    assert_true(answers.delta.len > 0);
    shadow_answers_deinit(&answers);
    struct shadow_doc *two = must_update(one, buf_slice(&down), 2, &answers);
    assert_int_equal(answers.delta.len, 0);
    shadow_answers_deinit(&answers);
    struct shadow_doc *three = must_update(two, buf_slice(&removal), 3, &answers);
    assert_int_equal(answers.delta.len, 0);
    shadow_answers_deinit(&answers);

    assert_int_equal(json_count(one->desired.value), WIDTH + 1);
    assert_int_equal(json_count(two->reported.metadata), WIDTH + 1);
    assert_int_equal(json_count(three->desired.value), WIDTH / 2 + 1);
    assert_int_equal(json_count(three->desired.metadata), WIDTH / 2 + 1);
    assert_null(json_get(three->desired.value, "k0"));
    assert_non_null(json_get(three->desired.value, "k1"));
    int64_t time;
    assert_true(
        json_to_int64(json_get(json_get(three->desired.metadata, "k1"), "timestamp"), &time));
    assert_int_equal(time, 1);
    shadow_doc_free(one);
    shadow_doc_free(two);
    shadow_doc_free(three);
    buf_deinit(&up);
    buf_deinit(&down);
    buf_deinit(&removal);
}

/* ---- stored documents */

static void damaged_stored_texts_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"state\":{},\"metadata\":{},\"version\":1,\"timestamp\":1",
        "{\"state\":{},\"metadata\":{},\"version\":0,\"timestamp\":1}",
        "{\"state\":{},\"metadata\":{},\"version\":-1,\"timestamp\":1}",
        "{\"state\":{},\"metadata\":{},\"version\":1.5,\"timestamp\":1}",
        "{\"state\":{},\"metadata\":{},\"version\":9007199254740994,\"timestamp\":1}",
        "{\"state\":{},\"metadata\":{},\"version\":1}",
        "{\"state\":{},\"metadata\":{},\"timestamp\":1}",
        "{\"state\":{},\"version\":1,\"timestamp\":1}",
        "{\"metadata\":{},\"version\":1,\"timestamp\":1}",
        "{\"state\":null,\"metadata\":{},\"version\":1,\"timestamp\":1}",
        "{\"state\":{\"desired\":1},\"metadata\":{},\"version\":1,\"timestamp\":1}",
        "{\"state\":{\"desired\":{}},\"metadata\":{},\"version\":1,\"timestamp\":1}",
        "{\"state\":{\"reported\":[1]},\"metadata\":{},\"version\":1,\"timestamp\":1}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct shadow_doc *doc = NULL;
        struct diag diag = DIAG_INIT;
        assert_int_equal(shadow_doc_load(slice_str(rows[i]), &doc, &diag), ERR_MALFORMED);
        assert_null(doc);
        assert_non_null(strstr(diag.text, "stored shadow"));
    }
}

static void lost_metadata_gets_the_time_of_the_last_update(void **state)
{
    static const char *const rows[] = {
        "{\"state\":{\"desired\":{\"a\":{\"b\":1},\"c\":[2]}},\"metadata\":{},"
        "\"version\":5,\"timestamp\":77}",
        "{\"state\":{\"desired\":{\"a\":{\"b\":1},\"c\":[2]}},\"metadata\":{\"desired\":{\"a\":[1]}"
        "},"
        "\"version\":5,\"timestamp\":77}",
        "{\"state\":{\"desired\":{\"a\":{\"b\":1},\"c\":[2]}},\"metadata\":{\"desired\":[1]},"
        "\"version\":5,\"timestamp\":77}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct shadow_doc *doc = NULL, *next = NULL;
        struct shadow_answers answers;
        assert_int_equal(shadow_doc_load(slice_str(rows[i]), &doc, NULL), 0);
        next = must_update(doc, SLICE_LIT("{\"state\":{\"desired\":{\"a\":{\"x\":1}}}}"), 88,
                           &answers);
        struct buf text = { 0 };
        json_print(next->desired.metadata, &text);
        assert_string_equal(buf_str(&text),
                            "{\"a\":{\"b\":{\"timestamp\":77},\"x\":{\"timestamp\":88}},"
                            "\"c\":[{\"timestamp\":77}]}");
        buf_deinit(&text);
        shadow_answers_deinit(&answers);
        shadow_doc_free(doc);
        shadow_doc_free(next);
    }
}

static void the_last_version_is_not_passed(void **state)
{
    struct shadow_doc *doc = NULL;
    struct shadow_failure failure;
    const char *text =
        "{\"state\":{},\"metadata\":{},\"version\":9007199254740992,\"timestamp\":1}";
    assert_int_equal(shadow_doc_load(slice_str(text), &doc, NULL), 0);
    assert_int_equal(update_fails(doc, SLICE_LIT("{\"state\":{}}"), &failure), ERR_INTERNAL);
    assert_int_equal(failure.code, 500);
    shadow_doc_free(doc);
}

static void an_update_leaves_the_old_document_alone(void **state)
{
    struct shadow_answers answers;
    struct shadow_doc *old =
        must_update(NULL, SLICE_LIT("{\"state\":{\"desired\":{\"a\":1}}}"), 1, &answers);
    shadow_answers_deinit(&answers);
    struct buf before = { 0 }, after = { 0 };
    shadow_doc_save(old, &before);
    struct shadow_doc *next = must_update(
        old, SLICE_LIT("{\"state\":{\"desired\":{\"a\":null,\"b\":2}},\"clientToken\":\"t\"}"), 2,
        &answers);
    assert_string_equal(answers.client_token, "t");
    shadow_answers_deinit(&answers);
    shadow_doc_save(old, &after);
    assert_string_equal(buf_str(&before), buf_str(&after));
    buf_deinit(&before);
    buf_deinit(&after);
    shadow_doc_free(old);
    shadow_doc_free(next);
}

/* ---- failures */

static void failures_have_code_name_and_text(void **state)
{
    static const struct {
        enum shadow_fault fault;
        int rc;
        const char *text;
    } rows[] = {
        { SHADOW_UNAUTHORIZED, ERR_AUTH,
          "{\"code\":401,\"message\":\"Unauthorized\",\"clientToken\":\"t\"}" },
        { SHADOW_FORBIDDEN, ERR_DENIED,
          "{\"code\":403,\"message\":\"Forbidden\",\"clientToken\":\"t\"}" },
        { SHADOW_BUSY, ERR_BUSY,
          "{\"code\":429,\"message\":\"Too many requests\",\"clientToken\":\"t\"}" },
        { SHADOW_INTERNAL, ERR_INTERNAL,
          "{\"code\":500,\"message\":\"Internal service failure\",\"clientToken\":\"t\"}" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct shadow_failure failure;
        struct buf text = { 0 };
        assert_int_equal(shadow_fail(rows[i].fault, "t", &failure), rows[i].rc);
        shadow_print_failure(&failure, 0, &text);
        assert_string_equal(buf_str(&text), rows[i].text);
        buf_deinit(&text);
    }
}

static void a_missing_shadow_is_named(void **state)
{
    struct shadow_failure failure;
    assert_int_equal(shadow_fail_missing("lamp", NULL, NULL, &failure), ERR_NOT_FOUND);
    assert_string_equal(failure.message, "No shadow exists with name: 'lamp'");
    assert_string_equal(failure.error, "ResourceNotFoundException");
    shadow_fail_missing("lamp", "", NULL, &failure);
    assert_string_equal(failure.message, "No shadow exists with name: 'lamp'");
    shadow_fail_missing("lamp", "cfg", "tok", &failure);
    assert_string_equal(failure.message, "No shadow exists with name: 'lamp~cfg'");
    assert_string_equal(failure.client_token, "tok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases_hold),
        cmocka_unit_test(foreign_encodings_are_refused),
        cmocka_unit_test(deep_and_long_requests_are_refused),
        cmocka_unit_test(wide_objects_merge_in_any_order),
        cmocka_unit_test(damaged_stored_texts_are_refused),
        cmocka_unit_test(lost_metadata_gets_the_time_of_the_last_update),
        cmocka_unit_test(the_last_version_is_not_passed),
        cmocka_unit_test(an_update_leaves_the_old_document_alone),
        cmocka_unit_test(failures_have_code_name_and_text),
        cmocka_unit_test(a_missing_shadow_is_named),
    };
    return cmocka_run_group_tests_name("shadow_doc", tests, NULL, NULL);
}
