/* fuzz_json.c — any bytes into json_parse.
 *  P1  json_check and json_parse agree.
 *  P2  What parses prints, prints the same when parsed again, and both trees are equal.
 *  P3  The indented text is the same document. */
#include "base/json.h"
#include "base/mem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_limits limits = { .bytes = 65536, .nodes = 4096, .depth = 200 };
/* Escapes make a text longer, indentation even more. */
static const struct json_limits wide = { .bytes = 64 << 20, .nodes = 4096, .depth = 200 };

static void expect(bool holds)
{
    if (!holds) abort();
}

static void check_text(const struct json *json, struct buf *text)
{
    struct json *again = NULL;
    struct buf second = { 0 };
    expect(json_parse(buf_slice(text), &wide, &again, NULL) == 0);
    expect(json_equal(json, again) && json_equal(again, json));
    json_print(again, &second);
    buf_clear(text);
    json_print(json, text);
    expect(slice_eq(buf_slice(text), buf_slice(&second)));
    json_free(again);
    buf_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct json *json = NULL;
    struct diag diag = DIAG_INIT;
    int rc = json_parse(text, &limits, &json, &diag);
    expect(rc == json_check(text, &limits, NULL));
    expect((rc < 0) == (json == NULL) && (rc < 0) == (diag.text[0] != '\0'));
    if (rc < 0) return 0;
    struct buf out = { 0 };
    json_print(json, &out);
    check_text(json, &out);
    buf_clear(&out);
    json_print_pretty(json, &out);
    check_text(json, &out);
    struct json *dup = json_dup(json);
    expect(json_equal(json, dup) && json_depth(dup) <= limits.depth);
    json_free(dup);
    json_free(json);
    buf_deinit(&out);
    return 0;
}
