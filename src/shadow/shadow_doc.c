/* shadow_doc.c — reads shadow requests, applies them to the document, prints the answers.
 *
 * An update goes through four steps: the request is read and checked, completely and before anything
 * else; each section is merged into text (shadow_merge.c) and the texts are measured; the texts
 * become the new document; the answers are printed from the request and from both documents. Every
 * refusal happens in the first two steps, so a refused update leaves nothing behind.
 *
 *  I1  A section is absent or a non-empty object: `desired` with no members does not exist.
 *  I2  No document holds a null. In a request null means "remove".
 *  I3  Each accepted update raises the version by one, also one which changes nothing.
 *  I4  update/accepted repeats the request, nulls included; update/delta is the whole difference;
 *      update/documents has both documents without delta, and "previous":null on creation.
 *
 * The text in the store is the document of update/documents with a timestamp. Metadata lost there
 * is made up with the time of the last update.
 *
 * Where the service's behaviour is not known: an unknown member beside state is ignored; a version
 * sent for a shadow that does not exist must be 0; a null anywhere below an array is refused. */
#include "shadow/shadow_doc.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct shadow_limits shadow_default_limits = { .max_bytes = 8192,
                                                     .max_depth = 6,
                                                     .max_token = 64 };

enum { USUAL_DOCUMENT = 1000 }; /* bytes, with its metadata */

/* For texts of our own making: metadata is many times the size of a dense state. */
static const struct json_limits own_text_limits = { .bytes = (size_t)64 << 20,
                                                    .nodes = (size_t)4 << 20,
                                                    .depth = SHADOW_DEPTH_MAX + 8 };

/* ---- failures */

static const struct fault {
    int code;
    int rc;
    const char *error;
    const char *message;
} faults[] = {
#define X(fault, code, rc, name, message) [fault] = { code, rc, name, message },
    SHADOW_FAULT_LIST(X)
#undef X
};

static void copy_token(const char *token, char ret_token[SHADOW_TOKEN_MAX + 1])
{
    snprintf(ret_token, SHADOW_TOKEN_MAX + 1, "%s", token ? token : "");
}

static int fail_formatted(enum shadow_fault fault, const char *token,
                          struct shadow_failure *ret_failure)
{
    ret_failure->code = faults[fault].code;
    ret_failure->error = faults[fault].error;
    copy_token(token, ret_failure->client_token);
    return faults[fault].rc;
}

int shadow_fail(enum shadow_fault fault, const char *token, struct shadow_failure *ret_failure)
{
    snprintf(ret_failure->message, sizeof ret_failure->message, "%s", faults[fault].message);
    return fail_formatted(fault, token, ret_failure);
}

int shadow_fail_missing(const char *thing, const char *name, const char *token,
                        struct shadow_failure *ret_failure)
{
    bool named = name && *name;
    snprintf(ret_failure->message, sizeof ret_failure->message, SHADOW_MISSING_FORMAT, thing,
             named ? "~" : "", named ? name : "");
    return fail_formatted(SHADOW_MISSING, token, ret_failure);
}

static int fail_too_deep(int max_depth, const char *token, struct shadow_failure *ret_failure)
{
    snprintf(ret_failure->message, sizeof ret_failure->message, SHADOW_TOO_DEEP_FORMAT, max_depth);
    return fail_formatted(SHADOW_TOO_DEEP, token, ret_failure);
}

static void print_token(const char *token, struct buf *out)
{
    if (!token || !*token) return;
    buf_puts(out, ",\"clientToken\":");
    json_print_str(out, slice_str(token));
}

void shadow_print_failure(const struct shadow_failure *failure, int64_t now_s, struct buf *out)
{
    buf_printf(out, "{\"code\":%d,\"message\":", failure->code);
    json_print_str(out, slice_str(failure->message));
    if (now_s) buf_printf(out, ",\"timestamp\":%lld", (long long)now_s);
    print_token(failure->client_token, out);
    buf_putc(out, '}');
}

/* ---- the stored document */

static void free_section(struct shadow_section *section)
{
    json_free(section->value);
    json_free(section->metadata);
}

void shadow_doc_free(struct shadow_doc *doc)
{
    if (!doc) return;
    free_section(&doc->desired);
    free_section(&doc->reported);
    free(doc);
}

/* Takes the section out of the stored state and metadata. */
static int load_section(struct json *state, struct json *metadata, const char *name,
                        struct shadow_section *ret_section)
{
    ret_section->value = json_detach(state, name);
    ret_section->metadata = json_detach(metadata, name);
    if (!ret_section->value) return 0;
    return json_is(ret_section->value, JSON_OBJECT) && json_count(ret_section->value) > 0
               ? 0
               : ERR_MALFORMED;
}

static int load_members(struct json *root, struct shadow_doc *doc)
{
    struct json *state = json_get(root, "state"), *metadata = json_get(root, "metadata");
    if (!json_is(state, JSON_OBJECT) || !json_is(metadata, JSON_OBJECT)) return ERR_MALFORMED;
    int rc = load_section(state, metadata, "desired", &doc->desired);
    if (rc == 0) rc = load_section(state, metadata, "reported", &doc->reported);
    if (rc < 0) return rc;
    return json_to_int64(json_get(root, "version"), &doc->version) && doc->version >= 1 &&
                   doc->version <= SHADOW_VERSION_MAX &&
                   json_to_int64(json_get(root, "timestamp"), &doc->timestamp_s)
               ? 0
               : ERR_MALFORMED;
}

int shadow_doc_load(struct slice text, struct shadow_doc **ret_doc, struct diag *diag)
{
    struct json *root;
    int rc = json_parse(text, &own_text_limits, &root, diag);
    if (rc < 0) return diag_wrap(diag, ERR_MALFORMED, "stored shadow");
    struct shadow_doc *doc = xnew(struct shadow_doc);
    rc = load_members(root, doc);
    json_free(root);
    if (rc < 0) {
        shadow_doc_free(doc);
        return diag_set(diag, rc, "stored shadow: a member is missing or of the wrong type");
    }
    *ret_doc = doc;
    return 0;
}

static void print_member(const char *key, const struct json *value, struct buf *out)
{
    if (!value) return;
    shadow_print_key(out, key);
    json_print(value, out);
}

static void print_metadata(const struct shadow_doc *doc, struct buf *out)
{
    buf_puts(out, "\"metadata\":{");
    print_member("desired", doc->desired.metadata, out);
    print_member("reported", doc->reported.metadata, out);
    buf_putc(out, '}');
}

/* {"state":{...},"metadata":{...},"version":N, without the closing brace. */
static void print_open_document(const struct shadow_doc *doc, const struct buf *delta,
                                struct buf *out)
{
    buf_puts(out, "{\"state\":{");
    print_member("desired", doc->desired.value, out);
    print_member("reported", doc->reported.value, out);
    if (delta) {
        shadow_print_key(out, "delta");
        buf_put_slice(out, buf_slice(delta));
    }
    buf_puts(out, "},");
    print_metadata(doc, out);
    buf_puts(out, ",\"version\":");
    buf_put_int(out, doc->version);
}

static void print_timestamp(int64_t when_s, struct buf *out)
{
    buf_puts(out, ",\"timestamp\":");
    buf_put_int(out, when_s);
}

void shadow_doc_save(const struct shadow_doc *doc, struct buf *out)
{
    print_open_document(doc, NULL, out);
    print_timestamp(doc->timestamp_s, out);
    buf_putc(out, '}');
}

/* ---- requests */

struct request {
    struct json *root;
    const struct json *state;   /* an object or null; as the following borrowed from root */
    const struct json *desired; /* an object or null; NULL: not mentioned */
    const struct json *reported;
    const char *token; /* NULL: none */
    bool has_version;
    int64_t version;
};

/* A request may be larger than the state it leaves: it has nulls, white space and a token. */
static struct json_limits request_limits(const struct shadow_limits *limits)
{
    size_t state =
        limits->max_bytes < own_text_limits.bytes ? limits->max_bytes : own_text_limits.bytes;
    struct json_limits json_limits = json_default_limits;
    json_limits.depth = SHADOW_DEPTH_MAX + 2;
    if (json_limits.bytes < 2 * state) {
        json_limits.bytes = 2 * state;
        json_limits.nodes = json_limits.bytes / 8;
    }
    return json_limits;
}

static int parse_object(struct slice text, const struct shadow_limits *limits,
                        struct json **ret_root, struct shadow_failure *ret_failure)
{
    struct json_limits json_limits = request_limits(limits);
    if (text.len > json_limits.bytes) return shadow_fail(SHADOW_TOO_LARGE, NULL, ret_failure);
    if (!utf8_valid(text)) return shadow_fail(SHADOW_BAD_ENCODING, NULL, ret_failure);
    struct json *root;
    int rc = json_parse(text, &json_limits, &root, NULL);
    if (rc == ERR_DEPTH) return fail_too_deep(limits->max_depth, NULL, ret_failure);
    if (rc == ERR_LIMIT || rc == ERR_TOO_LARGE)
        return shadow_fail(SHADOW_TOO_LARGE, NULL, ret_failure);
    if (rc < 0) return shadow_fail(SHADOW_BAD_JSON, NULL, ret_failure);
    if (!json_is(root, JSON_OBJECT)) {
        json_free(root);
        return shadow_fail(SHADOW_BAD_JSON, NULL, ret_failure);
    }
    *ret_root = root;
    return 0;
}

static int read_token(const struct json *root, const struct shadow_limits *limits,
                      const char **ret_token, struct shadow_failure *ret_failure)
{
    const struct json *token = json_get(root, "clientToken");
    if (!token) {
        *ret_token = NULL;
        return 0;
    }
    size_t most = limits->max_token < SHADOW_TOKEN_MAX ? limits->max_token : SHADOW_TOKEN_MAX;
    const char *text = json_str(token);
    if (!text || strlen(text) > most) return shadow_fail(SHADOW_BAD_TOKEN, NULL, ret_failure);
    *ret_token = text;
    return 0;
}

static bool has_null_in_array(const struct json *value, bool inside)
{
    if (json_is(value, JSON_NULL)) return inside;
    inside = inside || json_is(value, JSON_ARRAY);
    json_for_each(child, value)
        if (has_null_in_array(child, inside)) return true;
    return false;
}

static int check_section(const struct json *section, enum shadow_fault wrong_type,
                         const struct request *req, const struct shadow_limits *limits,
                         struct shadow_failure *ret_failure)
{
    if (!section || json_is(section, JSON_NULL)) return 0;
    if (!json_is(section, JSON_OBJECT)) return shadow_fail(wrong_type, req->token, ret_failure);
    if (json_depth(section) > limits->max_depth)
        return fail_too_deep(limits->max_depth, req->token, ret_failure);
    if (has_null_in_array(section, false))
        return shadow_fail(SHADOW_BAD_NODE, req->token, ret_failure);
    return 0;
}

static int read_state(struct request *req, const struct shadow_limits *limits,
                      struct shadow_failure *ret_failure)
{
    req->state = json_get(req->root, "state");
    if (!req->state) return shadow_fail(SHADOW_NO_STATE, req->token, ret_failure);
    if (json_is(req->state, JSON_NULL)) {
        req->desired = req->reported = req->state;
        return 0;
    }
    if (!json_is(req->state, JSON_OBJECT))
        return shadow_fail(SHADOW_BAD_STATE, req->token, ret_failure);
    req->desired = json_get(req->state, "desired");
    req->reported = json_get(req->state, "reported");
    if (json_count(req->state) != (size_t) !!req->desired + (size_t) !!req->reported)
        return shadow_fail(SHADOW_BAD_NODE, req->token, ret_failure);
    int rc = check_section(req->desired, SHADOW_BAD_DESIRED, req, limits, ret_failure);
    if (rc < 0) return rc;
    return check_section(req->reported, SHADOW_BAD_REPORTED, req, limits, ret_failure);
}

static int read_version(struct request *req, struct shadow_failure *ret_failure)
{
    const struct json *version = json_get(req->root, "version");
    if (!version) return 0;
    if (!json_is(version, JSON_NUMBER) || !json_to_int64(version, &req->version))
        return shadow_fail(SHADOW_BAD_VERSION, req->token, ret_failure);
    req->has_version = true;
    return 0;
}

static int request_read(struct slice text, const struct shadow_limits *limits,
                        struct request *ret_req, struct shadow_failure *ret_failure)
{
    struct request req = { 0 };
    int rc = parse_object(text, limits, &req.root, ret_failure);
    if (rc < 0) return rc;
    rc = read_token(req.root, limits, &req.token, ret_failure);
    if (rc == 0) rc = read_version(&req, ret_failure);
    if (rc == 0) rc = read_state(&req, limits, ret_failure);
    if (rc < 0) {
        json_free(req.root);
        return rc;
    }
    *ret_req = req;
    return 0;
}

int shadow_request_token(struct slice payload, const struct shadow_limits *limits,
                         char ret_token[SHADOW_TOKEN_MAX + 1], struct shadow_failure *ret_failure)
{
    if (!limits) limits = &shadow_default_limits;
    if (payload.len == 0) {
        copy_token(NULL, ret_token);
        return 0;
    }
    struct json *root = NULL;
    int rc = parse_object(payload, limits, &root, ret_failure);
    if (rc < 0) return rc;
    const char *token = NULL;
    rc = read_token(root, limits, &token, ret_failure);
    if (rc == 0) copy_token(token, ret_token);
    json_free(root);
    return rc;
}

/* ---- update */

static const struct shadow_doc no_doc;

struct update {
    const struct shadow_doc *old; /* no_doc where there is none */
    struct request req;
    int64_t now_s;
    struct shadow_twin desired;
    struct shadow_twin reported;
};

static bool is_empty_object(const struct buf *text)
{
    return text->len == strlen("{}");
}

/* Length of {"desired":D,"reported":R}; a section of length 2, "{}", is left out. */
static size_t state_size(size_t desired, size_t reported)
{
    size_t size = strlen("{}");
    if (desired > 2) size += strlen("\"desired\":") + desired;
    if (reported > 2) size += strlen("\"reported\":") + reported;
    return size + (desired > 2 && reported > 2);
}

static size_t printed_size(const struct json *value)
{
    struct buf text = { 0 };
    if (value) json_print(value, &text);
    size_t len = text.len;
    buf_deinit(&text);
    return len;
}

/* A state above the limit may only shrink: so it stays editable after the limit was lowered. */
static bool is_too_large(const struct update *up, const struct shadow_limits *limits)
{
    size_t size = state_size(up->desired.value.len, up->reported.value.len);
    if (size <= limits->max_bytes) return false;
    size_t before =
        state_size(printed_size(up->old->desired.value), printed_size(up->old->reported.value));
    return size >= before;
}

static struct json *parse_own(const struct buf *text)
{
    struct json *tree;
    int rc = json_parse(buf_slice(text), &own_text_limits, &tree, NULL);
    if (rc < 0) BUG("a merged shadow does not parse: %s", err_text(rc));
    return tree;
}

static struct shadow_section section_from(const struct shadow_twin *twin)
{
    if (is_empty_object(&twin->value)) return (struct shadow_section){ NULL, NULL };
    return (struct shadow_section){ parse_own(&twin->value), parse_own(&twin->metadata) };
}

static void print_accepted_metadata(const struct update *up, struct buf *out)
{
    if (json_is(up->req.state, JSON_NULL)) {
        shadow_print_times(up->req.state, up->now_s, out);
        return;
    }
    buf_putc(out, '{');
    json_for_each(section, up->req.state) {
        shadow_print_key(out, json_key(section));
        shadow_print_times(section, up->now_s, out);
    }
    buf_putc(out, '}');
}

static void print_end(int64_t now_s, const char *token, struct buf *out)
{
    print_timestamp(now_s, out);
    print_token(token, out);
    buf_putc(out, '}');
}

static void print_accepted(const struct update *up, int64_t version, struct buf *out)
{
    buf_puts(out, "{\"state\":");
    json_print(up->req.state, out);
    buf_puts(out, ",\"metadata\":");
    print_accepted_metadata(up, out);
    buf_printf(out, ",\"version\":%lld", (long long)version);
    print_end(up->now_s, up->req.token, out);
}

static void print_delta(const struct update *up, const struct shadow_doc *doc, struct buf *out)
{
    struct shadow_twin delta = { 0 };
    if (shadow_diff(&doc->desired, &doc->reported, doc->timestamp_s, &delta)) {
        buf_puts(out, "{\"state\":");
        buf_put_slice(out, buf_slice(&delta.value));
        buf_puts(out, ",\"metadata\":");
        buf_put_slice(out, buf_slice(&delta.metadata));
        buf_printf(out, ",\"version\":%lld", (long long)doc->version);
        print_end(up->now_s, up->req.token, out);
    }
    shadow_twin_deinit(&delta);
}

static void print_documents(const struct update *up, const struct shadow_doc *doc, struct buf *out)
{
    buf_puts(out, "{\"previous\":");
    if (up->old == &no_doc) {
        buf_puts(out, "null");
    } else {
        print_open_document(up->old, NULL, out);
        buf_putc(out, '}');
    }
    buf_puts(out, ",\"current\":");
    print_open_document(doc, NULL, out);
    buf_putc(out, '}');
    print_end(up->now_s, up->req.token, out);
}

/* Checks version and size, and merges; nothing is kept on failure. */
static int update_apply(struct update *up, int64_t base_version, const struct shadow_limits *limits,
                        struct shadow_doc **ret_new, struct shadow_failure *ret_failure)
{
    if (up->req.has_version && up->req.version != up->old->version)
        return shadow_fail(SHADOW_CONFLICT, up->req.token, ret_failure);
    if (base_version < 0 || base_version >= SHADOW_VERSION_MAX)
        return shadow_fail(SHADOW_INTERNAL, up->req.token, ret_failure);
    int64_t written_s = up->old->timestamp_s;
    shadow_merge(&up->old->desired, up->req.desired, written_s, up->now_s, &up->desired);
    shadow_merge(&up->old->reported, up->req.reported, written_s, up->now_s, &up->reported);
    if (is_too_large(up, limits)) return shadow_fail(SHADOW_TOO_LARGE, up->req.token, ret_failure);
    struct shadow_doc *doc = xnew(struct shadow_doc);
    doc->desired = section_from(&up->desired);
    doc->reported = section_from(&up->reported);
    doc->version = base_version + 1;
    doc->timestamp_s = up->now_s;
    *ret_new = doc;
    return 0;
}

int shadow_update(const struct shadow_doc *old, int64_t tombstone_version, struct slice request,
                  int64_t now_s, const struct shadow_limits *limits, struct shadow_doc **ret_new,
                  struct shadow_answers *ret_answers, struct shadow_failure *ret_failure)
{
    if (!limits) limits = &shadow_default_limits;
    struct update up = { .old = old ? old : &no_doc, .now_s = now_s };
    int rc = request_read(request, limits, &up.req, ret_failure);
    if (rc < 0) return rc;
    struct shadow_doc *doc = NULL;
    rc = update_apply(&up, old ? old->version : tombstone_version, limits, &doc, ret_failure);
    if (doc) {
        struct shadow_answers answers = { 0 };
        print_accepted(&up, doc->version, &answers.accepted);
        print_delta(&up, doc, &answers.delta);
        print_documents(&up, doc, &answers.documents);
        copy_token(up.req.token, answers.client_token);
        *ret_answers = answers;
        *ret_new = doc;
    }
    shadow_twin_deinit(&up.desired);
    shadow_twin_deinit(&up.reported);
    json_free(up.req.root);
    return rc;
}

void shadow_answers_deinit(struct shadow_answers *answers)
{
    buf_deinit(&answers->accepted);
    buf_deinit(&answers->delta);
    buf_deinit(&answers->documents);
}

/* ---- get and delete */

void shadow_get_document(const struct shadow_doc *doc, int64_t now_s, const char *token,
                         struct buf *out)
{
    struct shadow_twin delta = { 0 };
    buf_reserve(out, USUAL_DOCUMENT);
    bool differ = shadow_diff(&doc->desired, &doc->reported, doc->timestamp_s, &delta);
    print_open_document(doc, differ ? &delta.value : NULL, out);
    print_end(now_s, token, out);
    shadow_twin_deinit(&delta);
}

void shadow_delete_accepted(const struct shadow_doc *doc, int64_t now_s, const char *token,
                            struct buf *out)
{
    buf_printf(out, "{\"version\":%lld", (long long)doc->version);
    print_end(now_s, token, out);
}
