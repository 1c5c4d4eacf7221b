/* fuzz_shadow.c — shadow requests and stored shadows.
 *
 * The input is split at zero bytes. The first part is also loaded as a stored document; each part is
 * an update of the document so far, and read as the payload of a get. What an accepted update leaves
 * must save and load to the same text, and the answers must be JSON. */
#include "base/mem.h"
#include "shadow/shadow_doc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_json(const struct buf *text)
{
    const struct json_limits limits = { .bytes = 64 << 20, .nodes = 4 << 20, .depth = 120 };
    if (json_check(buf_slice(text), &limits, NULL) < 0) abort();
}

static void check_document(const struct shadow_doc *doc)
{
    struct buf saved = { 0 }, again = { 0 }, document = { 0 };
    struct shadow_doc *loaded;
    shadow_doc_save(doc, &saved);
    if (shadow_doc_load(buf_slice(&saved), &loaded, NULL) < 0) abort();
    shadow_doc_save(loaded, &again);
    if (!slice_eq(buf_slice(&saved), buf_slice(&again))) abort();
    shadow_get_document(doc, 2, "t", &document);
    must_be_json(&document);
    shadow_doc_free(loaded);
    buf_deinit(&saved);
    buf_deinit(&again);
    buf_deinit(&document);
}

static void check_failure(const struct shadow_failure *failure)
{
    struct buf text = { 0 };
    shadow_print_failure(failure, 1, &text);
    must_be_json(&text);
    buf_deinit(&text);
}

static struct shadow_doc *update(struct shadow_doc *doc, struct slice request)
{
    struct shadow_failure failure;
    struct shadow_answers answers;
    struct shadow_doc *next;
    int64_t version = doc ? doc->version : 0;
    if (shadow_update(doc, 0, request, 1, NULL, &next, &answers, &failure) < 0) {
        check_failure(&failure);
        return doc;
    }
    if (next->version != version + 1) abort();
    must_be_json(&answers.accepted);
    if (answers.delta.len) must_be_json(&answers.delta);
    must_be_json(&answers.documents);
    check_document(next);
    shadow_answers_deinit(&answers);
    shadow_doc_free(doc);
    return next;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size);
    struct shadow_doc *doc = NULL;
    for (bool first = true; rest.len > 0; first = false) {
        const char *zero = memchr(rest.ptr, 0, rest.len);
        size_t len = zero ? (size_t)(zero - rest.ptr) : rest.len;
        char *part = xmemdup(rest.ptr, len); /* exact size, so that overreads are seen */
        struct slice text = slice_of(part, len);
        char token[SHADOW_TOKEN_MAX + 1];
        struct shadow_failure failure;
        if (shadow_request_token(text, NULL, token, &failure) < 0) check_failure(&failure);
        struct shadow_doc *loaded;
        if (first && shadow_doc_load(text, &loaded, NULL) == 0)
            doc = loaded;
        else
            doc = update(doc, text);
        free(part);
        rest = slice_from(rest, len + 1);
    }
    shadow_doc_free(doc);
    return 0;
}
