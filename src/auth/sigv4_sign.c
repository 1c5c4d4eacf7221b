/* sigv4_sign.c — making signatures: for the command line, which speaks to the hub as any AWS client
 * does, and for the tests of the checking. It writes the standard's form only. */
#include "auth/sigv4_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"

#include <ctype.h>
#include <stdlib.h>

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static char *lower_name(struct arena *arena, struct slice name)
{
    char *text = arena_strndup(arena, name.ptr, name.len);
    for (char *at = text; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return text;
}

/* The names of all headers but Authorization: lower case, sorted, once each. */
static int list_names(const struct sigv4_request *request, struct arena *arena, struct buf *out)
{
    if (request->header_count > SIGV4_HEADERS_MAX) return ERR_INVALID;
    const char *names[SIGV4_HEADERS_MAX];
    size_t count = 0;
    bool has_host = false;
    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = lower_name(arena, request->headers[i].name);
        if (strcmp(name, "authorization") == 0) continue;
        has_host = has_host || strcmp(name, "host") == 0;
        names[count++] = name;
    }
    if (!has_host) return ERR_INVALID;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(names[i], names[i - 1]) == 0) continue;
        if (i > 0) buf_putc(out, ';');
        buf_puts(out, names[i]);
    }
    return 0;
}

static void put_scope(struct buf *out, const struct sigv4_scope *scope)
{
    buf_put_slice(out, scope->date);
    buf_putc(out, '/');
    buf_put_slice(out, scope->region);
    buf_putc(out, '/');
    buf_put_slice(out, scope->service);
    buf_puts(out, "/aws4_request");
}

static int sign(const struct sigv4_request *request, const struct sigv4_signer *signer,
                struct slice query, struct slice signed_headers, const char *timestamp,
                char ret_signature[65])
{
    struct buf path = { 0 }, canonical_query = { 0 }, headers = { 0 };
    const struct sigv4_scope scope = { slice_of(timestamp, 8), signer->region, signer->service };
    char hash[65];
    uint8_t key[32];
    struct slice payload;
    if (!sigv4_find_header(request, SLICE_LIT("x-amz-content-sha256"), 0, &payload)) {
        sigv4_body_hash(request, hash);
        payload = slice_str(hash);
    }
    int rc = sigv4_put_query(&canonical_query, query, SIGV4_QUERY_CANONICAL, 0);
    if (rc == 0) {
        sigv4_put_path(&path, request->path_raw, SIGV4_PATH_NORMAL);
        sigv4_put_headers(&headers, request, signed_headers, false);
        const struct sigv4_canonical canonical = {
            request->method,     buf_slice(&path), buf_slice(&canonical_query),
            buf_slice(&headers), signed_headers,   sigv4_trim(payload),
        };
        sigv4_derive_key(signer->secret, &scope, key);
        sigv4_compute(key, &scope, timestamp, &canonical, ret_signature);
        crypto_wipe(key, sizeof key);
    }
    buf_deinit(&path);
    buf_deinit(&canonical_query);
    buf_deinit(&headers);
    return rc < 0 ? ERR_INVALID : 0;
}

int sigv4_sign(const struct sigv4_request *request, const struct sigv4_signer *signer,
               struct buf *ret_authorization)
{
    struct arena arena = { 0 };
    struct buf names = { 0 };
    char timestamp[SIGV4_TIMESTAMP_LEN], signature[65];
    sigv4_timestamp(request->now_s, timestamp);
    int rc = list_names(request, &arena, &names);
    if (rc == 0)
        rc = sign(request, signer, request->query_raw, buf_slice(&names), timestamp, signature);
    if (rc == 0) {
        const struct sigv4_scope scope = { slice_of(timestamp, 8), signer->region,
                                           signer->service };
        buf_puts(ret_authorization, SIGV4_ALGORITHM " Credential=");
        buf_put_slice(ret_authorization, signer->access_key_id);
        buf_putc(ret_authorization, '/');
        put_scope(ret_authorization, &scope);
        buf_printf(ret_authorization, ", SignedHeaders=%s, Signature=%s", buf_str(&names),
                   signature);
    }
    buf_deinit(&names);
    arena_deinit(&arena);
    return rc;
}

static void put_param(struct buf *query, const char *name, struct slice value)
{
    if (query->len > 0) buf_putc(query, '&');
    buf_printf(query, "%s=", name);
    url_encode(query, value, "");
}

static void put_presign_params(struct buf *query, const struct sigv4_signer *signer,
                               const char *timestamp, int64_t expires_s, struct slice names)
{
    struct buf text = { 0 };
    const struct sigv4_scope scope = { slice_of(timestamp, 8), signer->region, signer->service };
    buf_put_slice(&text, signer->access_key_id);
    buf_putc(&text, '/');
    put_scope(&text, &scope);
    put_param(query, "X-Amz-Algorithm", SLICE_LIT(SIGV4_ALGORITHM));
    put_param(query, "X-Amz-Credential", buf_slice(&text));
    put_param(query, "X-Amz-Date", slice_str(timestamp));
    buf_printf(query, "&X-Amz-Expires=%lld", (long long)expires_s);
    put_param(query, "X-Amz-SignedHeaders", names);
    buf_deinit(&text);
}

int sigv4_presign(const struct sigv4_request *request, const struct sigv4_signer *signer,
                  int64_t expires_s, bool token_unsigned, struct buf *ret_query)
{
    if (expires_s < 1 || expires_s > SIGV4_EXPIRES_MAX) return ERR_INVALID;
    struct arena arena = { 0 };
    struct buf names = { 0 }, query = { 0 };
    bool has_token = signer->security_token.len > 0;
    char timestamp[SIGV4_TIMESTAMP_LEN], signature[65];
    sigv4_timestamp(request->now_s, timestamp);
    int rc = list_names(request, &arena, &names);
    if (rc == 0) {
        buf_put_slice(&query, request->query_raw);
        put_presign_params(&query, signer, timestamp, expires_s, buf_slice(&names));
        if (has_token && !token_unsigned)
            put_param(&query, "X-Amz-Security-Token", signer->security_token);
        rc = sign(request, signer, buf_slice(&query), buf_slice(&names), timestamp, signature);
    }
    if (rc == 0) {
        put_param(&query, "X-Amz-Signature", slice_str(signature));
        if (has_token && token_unsigned)
            put_param(&query, "X-Amz-Security-Token", signer->security_token);
        buf_append(ret_query, query.data, query.len);
    }
    buf_deinit(&names);
    buf_deinit(&query);
    arena_deinit(&arena);
    return rc;
}
