/* sigv4.c — checking the time and the signature of a request, whose credentials are read already.
 *  I1  Of each part of the canonical request the distinct readings are collected first, then all
 *      combinations are tried, the standard's own first: an honest request costs one digest, and a
 *      wrong one without odd characters a handful. The secret's key is derived once.
 *  I2  A reading only re-writes what was sent. None leaves anything out but the port of Host and,
 *      in the presigned form, the session token, which names its own key.
 *  I3  Long targets are read in the standard's form only, so that the work for one request stays
 *      below some 4 MB of digest. */
#include "auth/sigv4_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"

#include <stdio.h>

#define LENIENT_MAX 4096 /* bytes of a path or a query which is read in all forms */

/* Seconds as AWS writes them: "5 min.", and whole seconds where minutes do not do. */
static void put_span(char out[32], int64_t seconds)
{
    if (seconds % 60 == 0)
        snprintf(out, 32, "%lld min.", (long long)(seconds / 60));
    else
        snprintf(out, 32, "%lld sec.", (long long)seconds);
}

static int check_time(int64_t now_s, const struct sigv4_credential *cred, struct diag *diag)
{
    char now[SIGV4_TIMESTAMP_LEN], edge[SIGV4_TIMESTAMP_LEN], span[32];
    int64_t life_s = cred->is_query ? cred->expires_s : SIGV4_SKEW_S;
    sigv4_timestamp(now_s, now);
    if (cred->signed_at_s < now_s - life_s) {
        sigv4_timestamp(now_s - life_s, edge);
        put_span(span, life_s);
        return diag_set(diag, ERR_TIMEOUT, "Signature expired: %s is now earlier than %s (%s - %s)",
                        cred->timestamp, edge, now, span);
    }
    if (cred->signed_at_s > now_s + SIGV4_SKEW_S) {
        sigv4_timestamp(now_s + SIGV4_SKEW_S, edge);
        put_span(span, SIGV4_SKEW_S);
        return diag_set(diag, ERR_TIMEOUT,
                        "Signature not yet current: %s is still later than %s (%s + %s)",
                        cred->timestamp, edge, now, span);
    }
    return 0;
}

/* The different texts that one part of the canonical request may have. */
struct readings {
    struct buf texts[2 * SIGV4_QUERY_FORMS];
    size_t count;
};

static void readings_deinit(struct readings *readings)
{
    for (size_t i = 0; i < readings->count; i++)
        buf_deinit(&readings->texts[i]);
}

/* Takes the text, or frees it if it is there already. */
static void readings_add(struct readings *readings, struct buf *text)
{
    for (size_t i = 0; i < readings->count; i++) {
        if (!slice_eq(buf_slice(&readings->texts[i]), buf_slice(text))) continue;
        buf_deinit(text);
        return;
    }
    readings->texts[readings->count++] = *text;
    *text = (struct buf){ 0 };
}

struct attempt {
    struct readings paths;
    struct readings queries;
    struct readings headers;
    struct readings payloads;
};

static void attempt_deinit(struct attempt *attempt)
{
    readings_deinit(&attempt->paths);
    readings_deinit(&attempt->queries);
    readings_deinit(&attempt->headers);
    readings_deinit(&attempt->payloads);
}

static int read_queries(const struct sigv4_request *request, const struct sigv4_credential *cred,
                        struct readings *queries)
{
    unsigned drops[] = { cred->is_query ? SIGV4_DROP_SIGNATURE : 0,
                         SIGV4_DROP_SIGNATURE | SIGV4_DROP_TOKEN };
    size_t drop_count = cred->is_query && cred->security_token.len > 0 ? 2 : 1;
    int forms = request->query_raw.len > LENIENT_MAX ? 1 : SIGV4_QUERY_FORMS;
    for (int form = 0; form < forms; form++) {
        for (size_t i = 0; i < drop_count; i++) {
            struct buf text = { 0 };
            int rc =
                sigv4_put_query(&text, request->query_raw, (enum sigv4_query_form)form, drops[i]);
            if (rc < 0) {
                buf_deinit(&text);
                return rc;
            }
            readings_add(queries, &text);
        }
    }
    return 0;
}

/* The header, if it is sent, must be the body's digest or waive it. */
static int read_payloads(const struct sigv4_request *request, const struct sigv4_credential *cred,
                         struct readings *payloads, struct diag *diag)
{
    struct buf text = { 0 };
    struct slice sent;
    char hash[65];
    bool has_header = sigv4_find_header(request, SLICE_LIT("x-amz-content-sha256"), 0, &sent);
    sent = has_header ? sigv4_trim(sent) : slice_of("", 0);
    if (has_header && slice_eq_str(sent, SIGV4_UNSIGNED_PAYLOAD)) {
        buf_put_slice(&text, sent);
        readings_add(payloads, &text);
        return 0;
    }
    if (has_header && slice_starts(sent, "STREAMING-"))
        return diag_set(diag, ERR_UNSUPPORTED,
                        "Bodies that are signed in chunks ('x-amz-content-sha256: %.*s') are not "
                        "supported",
                        (int)(sent.len < 64 ? sent.len : 64), sent.ptr);
    sigv4_body_hash(request, hash);
    if (has_header && !slice_eq_str(sent, hash))
        return diag_set(diag, ERR_AUTH,
                        "The provided 'x-amz-content-sha256' header does not match "
                        "what was computed.");
    buf_puts(&text, hash);
    readings_add(payloads, &text);
    if (cred->is_query && !has_header) {
        buf_puts(&text, SIGV4_UNSIGNED_PAYLOAD);
        readings_add(payloads, &text);
    }
    return 0;
}

static int read_all(const struct sigv4_request *request, const struct sigv4_credential *cred,
                    struct attempt *attempt, struct diag *diag)
{
    struct buf text = { 0 };
    int forms = request->path_raw.len > LENIENT_MAX ? 1 : SIGV4_PATH_FORMS;
    for (int form = 0; form < forms; form++) {
        sigv4_put_path(&text, request->path_raw, (enum sigv4_path_form)form);
        readings_add(&attempt->paths, &text);
    }
    for (int without_port = 0; without_port < 2; without_port++) {
        sigv4_put_headers(&text, request, cred->signed_headers, without_port);
        readings_add(&attempt->headers, &text);
    }
    if (read_queries(request, cred, &attempt->queries) < 0)
        return diag_set(diag, ERR_AUTH, "%s", SIGV4_MISMATCH_TEXT);
    return read_payloads(request, cred, &attempt->payloads, diag);
}

/* Steps through all combinations like an odometer, the standard's own (all zero) first. */
static bool any_fits(const struct sigv4_request *request, const struct sigv4_credential *cred,
                     const struct attempt *attempt, const uint8_t key[32])
{
    const struct sigv4_scope scope = { cred->date, cred->region, cred->service };
    const struct readings *parts[] = { &attempt->headers, &attempt->payloads, &attempt->queries,
                                       &attempt->paths };
    size_t at[ARRAY_LEN(parts)] = { 0 };
    for (;;) {
        const struct sigv4_canonical canonical = {
            .method = request->method,
            .path = buf_slice(&attempt->paths.texts[at[3]]),
            .query = buf_slice(&attempt->queries.texts[at[2]]),
            .headers = buf_slice(&attempt->headers.texts[at[0]]),
            .signed_headers = cred->signed_headers,
            .payload_hash = buf_slice(&attempt->payloads.texts[at[1]]),
        };
        char signature[65];
        sigv4_compute(key, &scope, cred->timestamp, &canonical, signature);
        if (crypto_equal(signature, cred->signature.ptr, 64)) return true;
        size_t wheel = 0;
        while (wheel < ARRAY_LEN(parts) && ++at[wheel] == parts[wheel]->count)
            at[wheel++] = 0;
        if (wheel == ARRAY_LEN(parts)) return false;
    }
}

int sigv4_verify(const struct sigv4_request *request, const struct sigv4_credential *credential,
                 struct slice secret, struct diag *diag)
{
    int rc = check_time(request->now_s, credential, diag);
    if (rc < 0) return rc;
    struct attempt attempt = { 0 };
    rc = read_all(request, credential, &attempt, diag);
    if (rc == 0) {
        uint8_t key[32];
        const struct sigv4_scope scope = { credential->date, credential->region,
                                           credential->service };
        sigv4_derive_key(secret, &scope, key);
        if (!any_fits(request, credential, &attempt, key))
            rc = diag_set(diag, ERR_AUTH, "%s", SIGV4_MISMATCH_TEXT);
        crypto_wipe(key, sizeof key);
    }
    attempt_deinit(&attempt);
    return rc;
}
