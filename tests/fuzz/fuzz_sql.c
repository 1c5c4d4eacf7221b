/* fuzz_sql.c — compiles and runs whatever comes: up to the first zero byte a statement and, as well, a
 * template; behind it the payload. What is not passed through must be JSON; a second run must give the
 * same unless the statement asks for chance. */
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "sql/sql.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sql_user_property properties[] = {
    { { "k", 1 }, { "v", 1 } },
    { { "k", 1 }, { "\xff", 1 } },
};

static const struct sql_mqtt5 mqtt5 = {
    .content_type = { "text/plain", 10 },
    .correlation_data = { "\x00\x01", 2 },
    .user = properties,
    .user_count = ARRAY_LEN(properties),
};

static int shadow(void *arg, struct slice thing, struct slice name, struct json **ret_document)
{
    if (thing.len == 1) return ERR_BUSY;
    if (name.len) return ERR_NOT_FOUND;
    return json_parse(SLICE_LIT("{\"state\":{\"reported\":{\"a\":[1.50,null]}},\"version\":1}"),
                      NULL, ret_document, NULL);
}

static void check_result(const struct sql_input *in, const struct buf *out)
{
    static const struct json_limits limits = { SQL_MAX_MEMORY * 2, 10000000, 4096 };
    struct slice text = buf_slice(out);
    if (text.len == 0 || slice_eq(text, in->payload)) return;
    if (json_check(text, &limits, NULL) < 0) BUG("no JSON: %.*s", (int)text.len, text.ptr);
}

static void run_statement(struct slice text, const char *version, struct sql_input *in)
{
    struct sql *sql;
    struct diag diag = DIAG_INIT;
    struct buf out = { 0 }, again = { 0 };
    bool fired = false, fired_again = false;
    int rc = sql_compile(text, version, &sql, &diag);
    if (rc < 0) {
        if (!diag.text[0] || diag.code != rc) BUG("no sentence for %d", rc);
        return;
    }
    rc = sql_run(sql, in, &fired, &out);
    if (rc == 0 && fired) check_result(in, &out);
    if (rc < 0 && (fired || out.len)) BUG("a failed run has said something");
    if (sql_run(sql, in, &fired_again, &again) != rc) BUG("another code");
    bool chance =
        memmem(text.ptr, text.len, "(", 1) != NULL; /* a call may be newuuid() or rand() */
    if (!chance && (fired != fired_again || !slice_eq(buf_slice(&out), buf_slice(&again))))
        BUG("another result");
    sql_unref(sql);
    buf_deinit(&out);
    buf_deinit(&again);
}

static void run_template(struct slice text, struct sql_input *in)
{
    struct sql_template *template;
    struct buf out = { 0 };
    if (sql_template_compile(text, &template, NULL) < 0) return;
    int rc = sql_template_render(template, in, &out);
    if (sql_template_is_constant(template) && (rc < 0 || !slice_eq(buf_slice(&out), text)))
        BUG("a constant template has changed");
    sql_template_free(template);
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = slice_of((const char *)data, size);
    const char *zero = size ? memchr(data, 0, size) : NULL;
    struct slice text = slice_of(all.ptr, zero ? (size_t)(zero - all.ptr) : size);
    struct sql_input in = {
        .topic = SLICE_LIT("$aws/rules/r/a/b"),
        .payload = slice_from(all, text.len + 1),
        .client_id = "c",
        .timestamp_ms = 1583312645007,
        .mqtt5 = &mqtt5,
        .get_thing_shadow = shadow,
    };
    run_statement(text, size % 2 ? "2016-03-23" : "2015-10-08", &in);
    run_template(text, &in);
    sql_input_deinit(&in);
    return 0;
}
