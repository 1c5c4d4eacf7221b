/* Fuzz target of SigV4. The input is a request by lines: method, path, query, then "Name: value"
 * headers, an empty line, and the body. What is read is also verified, under a fixed secret
 * and at the time of its own signing, so that all readings of the canonical request are reached.
 * The request is then presigned and has to verify. */
#include "auth/sigv4.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice take_line(struct slice *text)
{
    const char *end = text->len > 0 ? memchr(text->ptr, '\n', text->len) : NULL;
    size_t len = end ? (size_t)(end - text->ptr) : text->len;
    struct slice line = slice_of(text->ptr, len);
    *text = slice_from(*text, end ? len + 1 : len);
    return line;
}

static size_t take_headers(struct slice *text, struct sigv4_header *headers, size_t max)
{
    size_t count = 0;
    while (count < max) {
        struct slice line = take_line(text);
        if (line.len == 0) break;
        const char *colon = memchr(line.ptr, ':', line.len);
        size_t len = colon ? (size_t)(colon - line.ptr) : line.len;
        headers[count].name = slice_of(line.ptr, len);
        headers[count++].value = colon ? slice_from(line, len + 1) : slice_of("", 0);
    }
    return count;
}

static void read_credentials(struct sigv4_request *request)
{
    struct arena arena = { 0 };
    struct sigv4_credential cred;
    struct diag diag = DIAG_INIT;
    int rc = sigv4_parse(request, &arena, &cred, &diag);
    if (rc < 0 && !diag.text[0]) abort();
    if (rc == 0) {
        request->now_s = cred.signed_at_s;
        sigv4_verify(request, &cred, SLICE_LIT(SECRET), &diag);
    }
    arena_deinit(&arena);
}

static bool has_amz_param(struct slice query)
{
    return query.len > 0 && memmem(query.ptr, query.len, "X-Amz-", 6);
}

static void presign_and_verify(struct sigv4_request *request)
{
    static const struct sigv4_signer signer = {
        .access_key_id = SLICE_LIT("AKIA"),
        .secret = SLICE_LIT(SECRET),
        .region = SLICE_LIT("local"),
        .service = SLICE_LIT("iot"),
        .security_token = SLICE_LIT("to/ken"),
    };
    struct sigv4_header host = { SLICE_LIT("Host"), SLICE_LIT("hub.local:8443") };
    struct buf query = { 0 };
    struct arena arena = { 0 };
    struct sigv4_credential cred;
    request->headers = &host;
    request->header_count = 1;
    request->now_s = 1795502090;
    if (sigv4_presign(request, &signer, 60, request->body.len & 1, &query) == 0) {
        request->query_raw = buf_slice(&query);
        int rc = sigv4_parse(request, &arena, &cred, NULL);
        if (rc == 0) rc = sigv4_verify(request, &cred, signer.secret, NULL);
        /* the parameters of AWS may exceed the number which is accepted */
        if (rc != 0 && rc != ERR_MALFORMED) abort();
    }
    buf_deinit(&query);
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = xmemdup(size ? (const void *)data : "", size ? size : 1);
    struct slice text = slice_of(copy, size);
    struct sigv4_header headers[16];
    struct sigv4_request request = { .headers = headers };
    request.method = take_line(&text);
    request.path_raw = take_line(&text);
    request.query_raw = take_line(&text);
    request.header_count = take_headers(&text, headers, 16);
    request.body = text;
    read_credentials(&request);
    if (!has_amz_param(request.query_raw)) presign_and_verify(&request);
    free(copy);
    return 0;
}
