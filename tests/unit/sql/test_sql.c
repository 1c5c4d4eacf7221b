/* test_sql.c — the rule language: the cases of tests/golden/sql (its README.md has the format), then what a
 * file of cases cannot say: limits, sharing, callbacks, bytes. */
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "lib/test.h"
#include "sql/sql.h"

#include <dirent.h>

/* ---- cases in files ------------------------------------------------------------------------- */

enum { KEYS = 19, USER_MAX = 8, LEAST_CASES = 800, LEAST_ERRORS = 100 };

static const char *const keys[KEYS] = { "sql",       "template",  "payload", "hex",    "topic",
                                        "client",    "principal", "account", "source", "trace",
                                        "timestamp", "version",   "mqtt5",   "shadow", "expect",
                                        "error",     "run-error", NULL,      NULL };

struct one_case {
    char *name;
    char *values[KEYS];
    int line;
};

struct tally {
    const char *file;
    int cases;
    int errors;
    int failures;
};

static const char *value_of(const struct one_case *c, const char *key)
{
    for (int i = 0; i < KEYS && keys[i]; i++)
        if (strcmp(keys[i], key) == 0) return c->values[i];
    fail_msg("no key '%s'", key);
    return NULL;
}

static const char *value_or(const struct one_case *c, const char *key, const char *fallback)
{
    const char *value = value_of(c, key);
    if (!value) return fallback;
    return strcmp(value, "-") == 0 ? NULL : value;
}

static void report(struct tally *tally, const struct one_case *c, const char *what,
                   const char *want, const char *got)
{
    tally->failures++;
    print_error("%s:%d: %s: %s\n  want: %s\n  got:  %s\n", tally->file, c->line, c->name, what,
                want, got);
}

struct mqtt5_parts {
    struct sql_mqtt5 mqtt5;
    struct sql_user_property user[USER_MAX];
    char *copy;
};

static void read_mqtt5(const char *text, struct mqtt5_parts *parts)
{
    char *save = NULL;
    parts->copy = xstrdup(text);
    parts->mqtt5.user = parts->user;
    for (char *word = strtok_r(parts->copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = '\0';
        if (strcmp(word, "utf8") == 0) {
            parts->mqtt5.is_utf8 = *value == '1';
        } else if (strcmp(word, "content_type") == 0) {
            parts->mqtt5.content_type = slice_str(value);
        } else if (strcmp(word, "response_topic") == 0) {
            parts->mqtt5.response_topic = slice_str(value);
        } else if (strcmp(word, "correlation_data") == 0) {
            parts->mqtt5.correlation_data = slice_str(value);
        } else {
            assert_true(strncmp(word, "user.", 5) == 0 && parts->mqtt5.user_count < USER_MAX);
            parts->user[parts->mqtt5.user_count++] =
                (struct sql_user_property){ slice_str(word + 5), slice_str(value) };
        }
    }
}

static int shadow_of_case(void *arg, struct slice thing, struct slice shadow,
                          struct json **ret_json)
{
    bool known = slice_eq_str(thing, "T") && (shadow.len == 0 || slice_eq_str(shadow, "S"));
    if (!arg || !known) return ERR_NOT_FOUND;
    return json_parse(slice_str(arg), NULL, ret_json, NULL);
}

/* One message as a case describes it. */
struct scene {
    struct sql_input in;
    struct mqtt5_parts parts;
    uint8_t bytes[256];
};

static void scene_init(struct scene *scene, const struct one_case *c)
{
    *scene = (struct scene){ 0 };
    struct sql_input *in = &scene->in;
    const char *hex = value_of(c, "hex"), *payload = value_of(c, "payload");
    in->payload = slice_str(payload ? payload : "{}");
    if (hex) {
        assert_int_equal(hex_decode(slice_str(hex), scene->bytes, strlen(hex) / 2), 0);
        in->payload = slice_of((const char *)scene->bytes, strlen(hex) / 2);
    }
    in->topic = slice_str(value_or(c, "topic", "t"));
    in->client_id = value_or(c, "client", NULL);
    in->principal = value_or(c, "principal", NULL);
    in->account = value_or(c, "account", NULL);
    in->source_ip = value_or(c, "source", NULL);
    in->trace_id = value_or(c, "trace", NULL);
    in->timestamp_ms = strtoll(value_or(c, "timestamp", "1481825251155"), NULL, 10);
    if (value_of(c, "mqtt5")) {
        read_mqtt5(value_of(c, "mqtt5"), &scene->parts);
        in->mqtt5 = &scene->parts.mqtt5;
    }
    in->arg = (void *)value_of(c, "shadow");
    if (in->arg) in->get_thing_shadow = shadow_of_case;
}

static void scene_deinit(struct scene *scene)
{
    sql_input_deinit(&scene->in);
    free(scene->parts.copy);
}

static void check_output(struct tally *tally, const struct one_case *c, const char *what,
                         const char *want, bool fired, const struct buf *out)
{
    if (strcmp(want, "(silent)") == 0) {
        if (fired || out->len) report(tally, c, what, want, buf_str(out));
        return;
    }
    if (!fired) report(tally, c, what, want, "(silent)");
    if (fired && !slice_eq_str(buf_slice(out), strcmp(want, "(empty)") == 0 ? "" : want))
        report(tally, c, what, want, buf_str(out));
}

static void check_code(struct tally *tally, const struct one_case *c, int rc)
{
    const char *want = value_of(c, "run-error");
    if (strcmp(want ? want : "none", rc ? err_name(rc) : "none") != 0)
        report(tally, c, "code of the run", want ? want : "none", rc ? err_name(rc) : "none");
}

static void run_template(struct tally *tally, const struct one_case *c, struct scene *scene)
{
    struct sql_template *template;
    struct diag diag = DIAG_INIT;
    struct buf out = { 0 };
    const char *text = value_of(c, "template"), *want = value_of(c, "error");
    int rc = sql_template_compile(slice_str(text), &template, &diag);
    if (rc < 0 || want) {
        tally->errors++;
        if (strcmp(rc < 0 ? diag.text : "(none)", want ? want : "(none)") != 0)
            report(tally, c, text, want ? want : "(none)", diag.text);
        if (rc == 0) sql_template_free(template);
        return;
    }
    check_code(tally, c, sql_template_render(template, &scene->in, &out));
    check_output(tally, c, text, value_of(c, "expect"), true, &out);
    if (sql_template_is_constant(template) != !strstr(text, "${"))
        report(tally, c, text, "constant as it looks", "not so");
    buf_deinit(&out);
    sql_template_free(template);
}

static void run_sql(struct tally *tally, const struct one_case *c, struct scene *scene,
                    const char *text, const char *want, const char *error)
{
    struct sql *sql;
    struct diag diag = DIAG_INIT;
    struct buf out = { 0 };
    bool fired = false;
    int rc = sql_compile(slice_str(text), value_or(c, "version", "2016-03-23"), &sql, &diag);
    if (rc < 0 || error) {
        tally->errors++;
        if (strcmp(rc < 0 ? diag.text : "(none)", error ? error : "(none)") != 0)
            report(tally, c, text, error ? error : "(none)", rc < 0 ? diag.text : "(none)");
        if (rc == 0) sql_unref(sql);
        return;
    }
    check_code(tally, c, sql_run(sql, &scene->in, &fired, &out));
    if (want) check_output(tally, c, text, want, fired, &out);
    buf_deinit(&out);
    sql_unref(sql);
}

static void run_case(struct tally *tally, const struct one_case *c)
{
    struct scene scene;
    const char *sql = value_of(c, "sql"), *template = value_of(c, "template");
    if (!sql && !template) return;
    tally->cases++;
    if (!value_of(c, "expect") && !value_of(c, "error") && !value_of(c, "run-error"))
        report(tally, c, "the case", "an expectation", "none");
    scene_init(&scene, c);
    if (sql)
        run_sql(tally, c, &scene, sql, template ? NULL : value_of(c, "expect"),
                template ? NULL : value_of(c, "error"));
    if (template) run_template(tally, c, &scene);
    scene_deinit(&scene);
}

/* EXPRESSION ==> OUTPUT, or STATEMENT ==> error SENTENCE */
static void run_row(struct tally *tally, const struct one_case *c, char *row, char *arrow)
{
    struct scene scene;
    char *want = arrow + strlen(" ==> ");
    bool is_error = strncmp(want, "error ", 6) == 0;
    *arrow = '\0';
    tally->cases++;
    scene_init(&scene, c);
    if (is_error) {
        run_sql(tally, c, &scene, row, NULL, want + 6);
    } else {
        char *text = xasprintf("SELECT VALUE (%s) FROM 't'", row);
        run_sql(tally, c, &scene, text, strcmp(want, "undefined") == 0 ? "(empty)" : want, NULL);
        free(text);
    }
    scene_deinit(&scene);
}

static void case_clear(struct one_case *c)
{
    free(c->name);
    for (int i = 0; i < KEYS; i++)
        free(c->values[i]);
    *c = (struct one_case){ 0 };
}

static void continue_value(struct one_case *c, int last, const char *text)
{
    assert_true(last >= 0);
    char *longer = xasprintf("%s\n%s", c->values[last], text);
    free(c->values[last]);
    c->values[last] = longer;
}

static int read_key(struct one_case *c, char *line)
{
    char *colon = strchr(line, ':');
    if (!colon) return -1;
    *colon = '\0';
    for (int i = 0; i < KEYS && keys[i]; i++) {
        if (strcmp(keys[i], line) != 0) continue;
        free(c->values[i]);
        c->values[i] = xstrdup(colon[1] == ' ' ? colon + 2 : colon + 1);
        return i;
    }
    return -1;
}

static void run_file(const char *path, struct tally *tally)
{
    FILE *file = fopen(path, "r");
    struct one_case c = { 0 };
    char *line = NULL;
    size_t cap = 0;
    int number = 0, last = -1;
    assert_non_null(file);
    for (ssize_t len; (len = getline(&line, &cap, file)) >= 0;) {
        number++;
        if (len && line[len - 1] == '\n') line[--len] = '\0';
        if (len == 0) continue;
        char *arrow = strstr(line, " ==> ");
        if (line[0] == '#') {
            run_case(tally, &c);
            case_clear(&c);
            c.name = xstrdup(line + 2);
            c.line = number;
            last = -1;
        } else if (line[0] == ' ' && line[1] == ' ') {
            continue_value(&c, last, line + 2);
        } else if (arrow) {
            c.line = number;
            run_row(tally, &c, line, arrow);
        } else if ((last = read_key(&c, line)) < 0) {
            fail_msg("%s:%d: what is this line?", path, number);
        }
    }
    run_case(tally, &c);
    case_clear(&c);
    free(line);
    fclose(file);
}

static int is_case_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".case") == 0;
}

static void golden_cases(void **state)
{
    struct dirent **files;
    struct tally sum = { 0 };
    int count = scandir(TEST_GOLDEN "/sql", &files, is_case_file, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char *path = xasprintf("%s/sql/%s", TEST_GOLDEN, files[i]->d_name);
        struct tally tally = { .file = files[i]->d_name };
        run_file(path, &tally);
        print_message("%s: %d cases, %d of them errors\n", tally.file, tally.cases, tally.errors);
        sum.cases += tally.cases;
        sum.errors += tally.errors;
        sum.failures += tally.failures;
        free(path);
        free(files[i]);
    }
    free(files);
    assert_int_equal(sum.failures, 0);
    assert_true(sum.cases >= LEAST_CASES);
    assert_true(sum.errors >= LEAST_ERRORS);
}

/* ---- helpers -------------------------------------------------------------------------------- */

static struct sql *compiled(const char *text)
{
    struct sql *sql = NULL;
    struct diag diag = DIAG_INIT;
    int rc = sql_compile(slice_str(text), "2016-03-23", &sql, &diag);
    if (rc < 0) fail_msg("%s: %s", text, diag.text);
    return sql;
}

static struct sql_template *compiled_template(const char *text)
{
    struct sql_template *template = NULL;
    assert_int_equal(sql_template_compile(slice_str(text), &template, NULL), 0);
    return template;
}

static int compile_error(struct slice text, struct diag *diag)
{
    struct sql *sql = NULL;
    *diag = (struct diag)DIAG_INIT;
    int rc = sql_compile(text, "2016-03-23", &sql, diag);
    assert_null(sql);
    return rc;
}

/* `head`, then `part` n times, then `tail`. */
static char *repeated(const char *head, const char *part, size_t n, const char *tail)
{
    struct buf text = { 0 };
    buf_puts(&text, head);
    while (n--)
        buf_puts(&text, part);
    buf_puts(&text, tail);
    return buf_take(&text, NULL);
}

static void expect_error(char *text, int code, const char *part)
{
    struct diag diag;
    assert_int_equal(compile_error(slice_str(text), &diag), code);
    if (!strstr(diag.text, part)) fail_msg("'%s' is not in '%s'", part, diag.text);
    free(text);
}

/* ---- statements ----------------------------------------------------------------------------- */

static void compile_keeps_what_it_says(void **state)
{
    struct sql *sql = compiled("SELECT * FROM 'a/+/#'");
    assert_string_equal(sql_topic_filter(sql), "a/+/#");
    assert_string_equal(sql_version(sql), "2016-03-23");
    assert_false(sql_reads_shadow(sql));
    assert_ptr_equal(sql_ref(sql), sql);
    sql_unref(sql);
    assert_string_equal(sql_topic_filter(sql), "a/+/#");
    sql_unref(sql);
    sql_unref(NULL);
    sql = compiled("SELECT 1");
    assert_null(sql_topic_filter(sql));
    sql_unref(sql);
    sql =
        compiled("SELECT a FROM '$aws/things/+/shadow/update' WHERE get_thing_shadow(a,'r').v = 1");
    assert_true(sql_reads_shadow(sql));
    sql_unref(sql);
}

static void compile_knows_three_versions(void **state)
{
    struct sql *sql = NULL;
    struct diag diag = DIAG_INIT;
    assert_int_equal(sql_compile(SLICE_LIT("SELECT 1"), NULL, &sql, &diag), 0);
    assert_string_equal(sql_version(sql), "2015-10-08");
    sql_unref(sql);
    sql = NULL;
    assert_int_equal(sql_compile(SLICE_LIT("SELECT 1"), "2017-01-01", &sql, &diag), ERR_INVALID);
    assert_null(sql);
    assert_string_equal(diag.text, "unknown SQL version '2017-01-01' (there are 2016-03-23, "
                                   "2015-10-08 and beta)");
    assert_int_equal(sql_compile(SLICE_LIT("SELECT 1"), "", &sql, NULL), ERR_INVALID);
}

static void compile_refuses_forbidden_filters(void **state)
{
    static const char *const filters[] = { "a/#/b", "a#", "a+", "+a/b", "#/a", "" };
    struct diag diag;
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        char *text = xasprintf("SELECT * FROM '%s'", filters[i]);
        assert_int_equal(compile_error(slice_str(text), &diag), ERR_TOPIC);
        assert_non_null(strstr(diag.text, "line 1, column 15: invalid topic filter"));
        free(text);
    }
}

static void compile_refuses_what_is_no_text(void **state)
{
    struct diag diag;
    assert_int_equal(compile_error(SLICE_LIT("SELECT '\xff'"), &diag), ERR_ENCODING);
    assert_int_equal(compile_error(SLICE_LIT("SELECT '\xc3'"), &diag), ERR_ENCODING);
    assert_int_equal(compile_error(SLICE_LIT("SELECT '\0'"), &diag), ERR_ENCODING);
    assert_int_equal(compile_error(SLICE_LIT("SELECT \x01"), &diag), ERR_SYNTAX);
    assert_non_null(strstr(diag.text, "control character 0x01"));
    assert_int_equal(compile_error(slice_of(NULL, 0), &diag), ERR_SYNTAX);
    assert_int_equal(compile_error(SLICE_LIT("avgg"), &diag), ERR_SYNTAX);
}

static void compile_has_limits(void **state)
{
    expect_error(repeated("SELECT ", "(", 65, ""), ERR_DEPTH, "nested more than 64 deep");
    expect_error(repeated("SELECT ", "[", 65, ""), ERR_DEPTH, "nested");
    expect_error(repeated("SELECT ", "{'a':", 65, ""), ERR_DEPTH, "nested");
    expect_error(repeated("SELECT ", "abs(", 65, ""), ERR_DEPTH, "nested");
    expect_error(repeated("SELECT ", "- ", 65, "1"), ERR_DEPTH, "nested");
    expect_error(repeated("SELECT ", "NOT ", 65, "1"), ERR_DEPTH, "nested");
    expect_error(repeated("SELECT ", "CASE ", 65, ""), ERR_DEPTH, "nested");
    expect_error(repeated("SELECT ", "cast(", 65, ""), ERR_DEPTH, "nested");
    expect_error(repeated("SELECT ", "(SELECT ", 65, ""), ERR_DEPTH, "nested");
    expect_error(repeated("SELECT a", "[a", 65, ""), ERR_DEPTH, "nested");
    expect_error(repeated("SELECT 1", "+1", 1001, ""), ERR_DEPTH, "1000 operators");
    expect_error(repeated("SELECT a", ".a", 1001, ""), ERR_DEPTH, "1000 operators");
    expect_error(repeated("SET @a = 1", "+1", 1000, ", @b = @a SELECT @b + 1"), ERR_DEPTH,
                 "1000 operators");
    expect_error(repeated("SELECT a", ",a", 16384, ""), ERR_LIMIT, "more than 16384");
    expect_error(repeated("SELECT [1", ",1", 16384, "]"), ERR_LIMIT, "more than 16384");
    expect_error(repeated("SELECT concat(1", ",1", 64, ")"), ERR_LIMIT, "more than 64 arguments");
    expect_error(repeated("SELECT a AS x", ".x", 32, ""), ERR_DEPTH, "more than 32 parts");
    expect_error(repeated("SET @", "v", 65, " = 1 SELECT 1"), ERR_LIMIT, "longer than 64");
    expect_error(repeated("SELECT '", "x", 256 * 1024, "'"), ERR_TOO_LARGE, "longer than");
}

static void compile_takes_what_is_at_the_limits(void **state)
{
    char *texts[] = {
        repeated("SELECT ", "(", 64, ""),
        repeated("SELECT 1", "+1", 1000, ""),
        repeated("SELECT concat(1", ",1", 63, ")"),
        repeated("SELECT a AS x", ".x", 31, ""),
        repeated("SET @", "v", 64, " = 1 SELECT 1"),
        repeated("SELECT '", "x", 256 * 1024 - 9, "'"),
    };
    struct buf nested = { 0 };
    buf_puts(&nested, texts[0]);
    buf_puts(&nested, "1");
    for (int i = 0; i < 64; i++)
        buf_putc(&nested, ')');
    free(texts[0]);
    texts[0] = buf_take(&nested, NULL);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct sql_input in = { .payload = SLICE_LIT("{}") };
        struct sql *sql = compiled(texts[i]);
        struct buf out = { 0 };
        bool fired = false;
        assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
        assert_true(fired);
        buf_deinit(&out);
        sql_input_deinit(&in);
        sql_unref(sql);
        free(texts[i]);
    }
}

/* ---- runs ----------------------------------------------------------------------------------- */

static void star_passes_any_bytes(void **state)
{
    char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    struct sql_input in = { .payload = slice_of(bytes, sizeof bytes), .topic = SLICE_LIT("t") };
    struct sql *sql = compiled("SELECT * FROM 't' WHERE topic() = 't'");
    struct buf out = { 0 };
    bool fired = false;
    buf_puts(&out, "kept");
    assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
    assert_true(fired);
    assert_int_equal(out.len, 4 + sizeof bytes);
    assert_memory_equal(out.data, "kept", 4);
    assert_memory_equal(out.data + 4, bytes, sizeof bytes);
    buf_deinit(&out);
    sql_input_deinit(&in);
    sql_unref(sql);
}

static void a_large_payload_is_no_json_but_passes(void **state)
{
    char *payload = repeated("{\"a\":\"", "x", 200000, "\"}");
    struct sql_input in = { .payload = slice_str(payload) };
    struct sql *all = compiled("SELECT * FROM 't'"), *member = compiled("SELECT a FROM 't'");
    struct buf out = { 0 };
    bool fired = false;
    assert_int_equal(sql_run(all, &in, &fired, &out), 0);
    assert_true(slice_eq_str(buf_slice(&out), payload));
    buf_clear(&out);
    assert_int_equal(sql_run(member, &in, &fired, &out), 0);
    assert_string_equal(buf_str(&out), "{}");
    buf_deinit(&out);
    sql_input_deinit(&in);
    sql_unref(all);
    sql_unref(member);
    free(payload);
}

static void rules_share_the_parsed_payload(void **state)
{
    char payload[] = "{\"a\":1}";
    struct sql_input in = { .payload = slice_str(payload) };
    struct sql *sql = compiled("SELECT a FROM 't'");
    struct buf out = { 0 };
    bool fired = false;
    assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
    payload[5] = '2'; /* a second parse would see it */
    assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
    assert_string_equal(buf_str(&out), "{\"a\":1}{\"a\":1}");
    buf_deinit(&out);
    sql_input_deinit(&in);
    sql_unref(sql);
}

static void variables_outlive_the_statement(void **state)
{
    struct sql_input in = { .payload = SLICE_LIT("{}") };
    struct sql *sql = compiled("SET @id = newuuid() SELECT VALUE @id FROM 't'");
    struct sql_template *template = compiled_template("\"${@id}\"");
    struct buf out = { 0 }, text = { 0 };
    bool fired = false;
    assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
    sql_unref(sql);
    for (int i = 0; i < 3; i++) {
        buf_clear(&text);
        assert_int_equal(sql_template_render(template, &in, &text), 0);
        assert_string_equal(buf_str(&text), buf_str(&out));
    }
    struct sql *other = compiled("SELECT 1 FROM 't'");
    assert_int_equal(sql_run(other, &in, &fired, &out), 0);
    buf_clear(&text);
    assert_int_equal(sql_template_render(template, &in, &text), 0);
    assert_string_equal(buf_str(&text), "\"\"");
    sql_unref(other);
    sql_template_free(template);
    sql_template_free(NULL);
    buf_deinit(&out);
    buf_deinit(&text);
    sql_input_deinit(&in);
}

static int shadow_busy(void *arg, struct slice thing, struct slice shadow, struct json **ret_json)
{
    (*(int *)arg)++;
    return ERR_BUSY;
}

static int shadow_absent(void *arg, struct slice thing, struct slice shadow, struct json **ret_json)
{
    return ERR_NOT_FOUND;
}

static void the_shadow_may_end_the_run(void **state)
{
    int calls = 0;
    struct sql_input in = { .payload = SLICE_LIT("{}"), .get_thing_shadow = shadow_busy };
    in.arg = &calls;
    struct sql *sql =
        compiled("SELECT get_thing_shadow('a','r') AS s, get_thing_shadow('b','r') AS t");
    struct sql_template *template = compiled_template("x${get_thing_shadow('a','r')}");
    struct buf out = { 0 };
    bool fired = false;
    assert_true(sql_template_reads_shadow(template));
    assert_int_equal(sql_run(sql, &in, &fired, &out), ERR_BUSY);
    assert_int_equal(calls, 1);
    assert_false(fired);
    assert_int_equal(out.len, 0);
    assert_int_equal(sql_template_render(template, &in, &out), ERR_BUSY);
    assert_int_equal(out.len, 0);
    in.get_thing_shadow = shadow_absent;
    assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
    assert_string_equal(buf_str(&out), "{}");
    buf_deinit(&out);
    sql_template_free(template);
    sql_input_deinit(&in);
    sql_unref(sql);
}

static void texts_that_are_no_utf8_are_undefined(void **state)
{
    struct sql_input in = { .payload = SLICE_LIT("{}"), .topic = SLICE_LIT("a/\xff") };
    in.client_id = "\xc3";
    in.principal = "\xed\xa0\x80";
    struct sql *sql =
        compiled("SELECT topic() AS t, topic(1) AS a, clientid() AS c, principal() AS p");
    struct buf out = { 0 };
    bool fired = false;
    assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
    assert_string_equal(buf_str(&out), "{\"a\":\"a\"}");
    buf_deinit(&out);
    sql_input_deinit(&in);
    sql_unref(sql);
}

static void zero_random(void *data, size_t len)
{
    memset(data, 0, len);
}

static void all_ones(void *data, size_t len)
{
    memset(data, 0xff, len);
}

static void rand_stays_below_one(void **state)
{
    struct sql_input in = { .payload = SLICE_LIT("{}") };
    struct sql *sql = compiled("SELECT VALUE [rand() = 0, rand() < 1]");
    struct buf out = { 0 };
    bool fired = false;
    rand_set_source(zero_random);
    assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
    rand_set_source(all_ones);
    assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
    rand_set_source(NULL);
    assert_string_equal(buf_str(&out), "[true,true][false,true]");
    buf_deinit(&out);
    sql_input_deinit(&in);
    sql_unref(sql);
}

static void a_failed_run_appends_nothing(void **state)
{
    char *payload = repeated("{\"l\":[1", ",1", 15000, "]}");
    struct sql_input in = { .payload = slice_str(payload) };
    struct sql *sql = compiled("SELECT 1 AS one, (SELECT VALUE length(concat(l,l)) FROM l) AS big");
    struct buf out = { 0 };
    bool fired = false;
    buf_puts(&out, "before");
    int rc = sql_run(sql, &in, &fired, &out);
    assert_true(rc == ERR_LIMIT || rc == ERR_TOO_LARGE);
    assert_false(fired);
    assert_string_equal(buf_str(&out), "before");
    buf_deinit(&out);
    sql_input_deinit(&in);
    sql_unref(sql);
    free(payload);
}

static void hostile_work_ends_soon(void **state)
{
    static const char *const texts[] = {
        "SELECT VALUE regexp_replace(s, '(a+)+b|a', '$1$1')",
        "SELECT VALUE regexp_replace(s, '(a*)*(a*)*(a*)*x|a', s)",
        "SELECT VALUE (SELECT VALUE regexp_matches(s, p) FROM l AS p)",
        "SELECT VALUE (SELECT VALUE decode(b, 'base64') FROM l)",
        "SELECT VALUE (SELECT VALUE s + s FROM l)",
        "SELECT VALUE (SELECT VALUE l = l FROM l)",
        "SELECT VALUE replace(s, 'a', s)",
        "SELECT VALUE (SELECT VALUE 'x' IN l FROM l)",
        "SELECT VALUE (SELECT VALUE parse_time('yyyy', 1, 'Europe/Paris') FROM l)",
        "SELECT VALUE (SELECT VALUE transform('enrichArray', o, e) FROM l)",
        "SELECT VALUE (SELECT VALUE sha512(s) FROM l)",
        "SELECT VALUE (SELECT VALUE indexof(s, 'ab') FROM l)",
        "SELECT VALUE (SELECT VALUE cast(l AS String) FROM l)",
    };
    char *start = repeated("{\"s\":\"", "a", 30000, "\",\"b\":\"");
    char *middle =
        repeated(start, "W10=", 5000, "\",\"o\":{\"a\":1,\"b\":2},\"e\":[{},{},{}],\"l\":[1");
    char *payload = repeated(middle, ",\"(a+)+$\"", 5000, "]}");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct sql_input in = { .payload = slice_str(payload) };
        struct sql *sql = compiled(texts[i]);
        struct buf out = { 0 };
        bool fired = false;
        int64_t began = clock_mono_ms();
        int rc = sql_run(sql, &in, &fired, &out);
        int64_t took = clock_mono_ms() - began;
        if (took > 5000) fail_msg("%s: %lld ms", texts[i], (long long)took);
        print_message("%4lld ms, %s: %s\n", (long long)took, rc ? err_name(rc) : "done", texts[i]);
        buf_deinit(&out);
        sql_input_deinit(&in);
        sql_unref(sql);
    }
    free(start);
    free(middle);
    free(payload);
}

/* ---- functions and parts -------------------------------------------------------------------- */

static void functions_are_sorted_and_told(void **state)
{
    const struct sql_func *func, *before = NULL;
    size_t n = 0;
    for (; (func = sql_func_at(n)); n++) {
        assert_true(!before || strcmp(before->name, func->name) < 0);
        assert_true(func->min_args <= func->max_args);
        assert_true((func->call == NULL) == ((func->flags & SQL_CLOUD) != 0));
        assert_true(strlen(func->text) > 3);
        before = func;
    }
    assert_true(n > 80);
    assert_null(sql_func_at(n + 1000));
}

static void every_function_stands_every_argument(void **state)
{
    static const char *const args[] = { "",      "null",   "missing", "true", "-1",       "2.5",
                                        "1e300", "'text'", "'9'",     "[1]",  "{'a': 1}", "*" };
    struct sql_input in = { .payload = SLICE_LIT("{\"a\":1}"), .topic = SLICE_LIT("a/b") };
    const struct sql_func *func;
    for (size_t n = 0; (func = sql_func_at(n)); n++) {
        if (func->flags & SQL_CLOUD) continue;
        for (size_t i = 0; i < ARRAY_LEN(args) * 3 * ARRAY_LEN(args); i++) {
            size_t count = i % 3 + 1;
            const char *one = args[i / 3 % ARRAY_LEN(args)], *two = args[i / 3 / ARRAY_LEN(args)];
            if (!*one && count == 1) continue;
            char *text = count == 1       ? xasprintf("SELECT VALUE %s(%s)", func->name, one)
                         : !*one || !*two ? xasprintf("SELECT VALUE %s()", func->name)
                         : count == 2
                             ? xasprintf("SELECT VALUE %s(%s,%s)", func->name, one, two)
                             : xasprintf("SELECT VALUE %s(%s,%s,%s)", func->name, one, two, one);
            struct sql *sql = compiled(text);
            struct buf out = { 0 };
            bool fired = false;
            assert_int_equal(sql_run(sql, &in, &fired, &out), 0);
            if (out.len) assert_int_equal(json_check(buf_slice(&out), NULL, NULL), 0);
            buf_deinit(&out);
            sql_unref(sql);
            free(text);
        }
    }
    sql_input_deinit(&in);
}

static void templates_have_limits(void **state)
{
    struct sql_template *template = NULL;
    struct diag diag = DIAG_INIT;
    char *longest = repeated("", "x", 256 * 1024, ""), *longer = repeated(longest, "x", 1, "");
    assert_int_equal(sql_template_compile(slice_str(longer), &template, &diag), ERR_TOO_LARGE);
    assert_int_equal(sql_template_compile(SLICE_LIT("\xff"), &template, &diag), ERR_ENCODING);
    assert_int_equal(sql_template_compile(SLICE_LIT("a\0b"), &template, &diag), ERR_ENCODING);
    assert_null(template);
    assert_int_equal(sql_template_compile(slice_str(longest), &template, &diag), 0);
    assert_true(sql_template_is_constant(template));
    sql_template_free(template);
    free(longest);
    free(longer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases),
        cmocka_unit_test(compile_keeps_what_it_says),
        cmocka_unit_test(compile_knows_three_versions),
        cmocka_unit_test(compile_refuses_forbidden_filters),
        cmocka_unit_test(compile_refuses_what_is_no_text),
        cmocka_unit_test(compile_has_limits),
        cmocka_unit_test(compile_takes_what_is_at_the_limits),
        cmocka_unit_test(star_passes_any_bytes),
        cmocka_unit_test(a_large_payload_is_no_json_but_passes),
        cmocka_unit_test(rules_share_the_parsed_payload),
        cmocka_unit_test(variables_outlive_the_statement),
        cmocka_unit_test(the_shadow_may_end_the_run),
        cmocka_unit_test(texts_that_are_no_utf8_are_undefined),
        cmocka_unit_test(rand_stays_below_one),
        cmocka_unit_test(a_failed_run_appends_nothing),
        cmocka_unit_test(hostile_work_ends_soon),
        cmocka_unit_test(functions_are_sorted_and_told),
        cmocka_unit_test(every_function_stands_every_argument),
        cmocka_unit_test(templates_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
