/* sigv4_canon.c — the canonical request of Signature Version 4, and its signature.
 *
 * A request is brought into one form, so that what proxies and libraries change on the way (the
 * order of parameters, the case of header names, runs of spaces) does not matter:
 *
 *   METHOD \n path \n query \n name:value \n ... \n \n signed;names \n SHA-256 of the body
 *
 * Its digest, the time and the scope are signed by a key derived from the secret. Clients have read
 * the rules differently; each reading is a form here, and the caller decides which to try.
 * Everything is bounded by the caller's limits on path, query and headers. */
#include "auth/sigv4_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"

#include <stdlib.h>
#include <strings.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice sigv4_trim(struct slice text)
{
    while (text.len > 0 && is_space(text.ptr[0]))
        text = slice_from(text, 1);
    while (text.len > 0 && is_space(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* Cuts off what stands before the next `separator`; false when text was at its end. */
static bool next_part(struct slice *text, char separator, struct slice *ret_part)
{
    if (!text->ptr) return false;
    const char *at = text->len > 0 ? memchr(text->ptr, separator, text->len) : NULL;
    size_t len = at ? (size_t)(at - text->ptr) : text->len;
    *ret_part = slice_of(text->ptr, len);
    *text = at ? slice_from(*text, len + 1) : slice_of(NULL, 0);
    return true;
}

/* ---- path ---- */

static void put_normal_path(struct buf *out, struct slice path)
{
    struct buf text = { 0 };
    struct slice rest = path, segment;
    while (next_part(&rest, '/', &segment)) {
        if (segment.len == 0 || slice_eq_str(segment, ".")) continue;
        if (slice_eq_str(segment, "..")) {
            while (text.len > 0 && text.data[text.len - 1] != '/')
                text.len--;
            if (text.len > 0) text.len--;
            continue;
        }
        buf_putc(&text, '/');
        buf_put_slice(&text, segment);
    }
    if (text.len == 0 || path.ptr[path.len - 1] == '/') buf_putc(&text, '/');
    url_encode(out, buf_slice(&text), "/");
    buf_deinit(&text);
}

void sigv4_put_path(struct buf *out, struct slice path, enum sigv4_path_form form)
{
    if (path.len == 0) path = SLICE_LIT("/");
    if (form == SIGV4_PATH_NORMAL)
        put_normal_path(out, path);
    else if (form == SIGV4_PATH_ENCODED)
        url_encode(out, path, "/");
    else
        buf_put_slice(out, path);
}

/* ---- query ---- */

bool sigv4_next_param(struct slice *query, struct slice *ret_key, struct slice *ret_value)
{
    struct slice param;
    do {
        if (!next_part(query, '&', &param)) return false;
    } while (param.len == 0);
    const char *equals = memchr(param.ptr, '=', param.len);
    size_t len = equals ? (size_t)(equals - param.ptr) : param.len;
    *ret_key = slice_of(param.ptr, len);
    *ret_value = equals ? slice_from(param, len + 1) : slice_of("", 0);
    return true;
}

/* Decodes what is a valid escape and takes the rest literally, then encodes: a query that is
 * canonical stays, any other becomes it, and none is refused. */
static struct slice recode(struct arena *arena, struct slice text, bool plus_is_space)
{
    struct buf plain = { 0 }, coded = { 0 };
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte;
        if (text.ptr[i] == '%' && text.len - i > 2 &&
            hex_decode(slice_of(text.ptr + i + 1, 2), &byte, 1) == 0) {
            buf_put_u8(&plain, byte);
            i += 2;
        } else {
            buf_putc(&plain, plus_is_space && text.ptr[i] == '+' ? ' ' : text.ptr[i]);
        }
    }
    url_encode(&coded, buf_slice(&plain), "");
    struct slice result = slice_of(arena_strndup(arena, buf_str(&coded), coded.len), coded.len);
    buf_deinit(&plain);
    buf_deinit(&coded);
    return result;
}

struct param {
    struct slice key;
    struct slice value;
};

static int compare_slices(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_params(const void *left, const void *right)
{
    const struct param *a = left, *b = right;
    int order = compare_slices(a->key, b->key);
    return order ? order : compare_slices(a->value, b->value);
}

static bool is_dropped(struct slice key, unsigned drop)
{
    return ((drop & SIGV4_DROP_SIGNATURE) && slice_eq_str(key, "X-Amz-Signature")) ||
           ((drop & SIGV4_DROP_TOKEN) && slice_eq_str(key, "X-Amz-Security-Token"));
}

static int split_query(struct slice query, enum sigv4_query_form form, unsigned drop,
                       struct arena *arena, struct param *params, size_t *ret_count)
{
    bool recoded = form == SIGV4_QUERY_CANONICAL || form == SIGV4_QUERY_PLUS_IS_SPACE;
    bool plus_is_space = form == SIGV4_QUERY_PLUS_IS_SPACE;
    struct param param;
    size_t count = 0;
    while (sigv4_next_param(&query, &param.key, &param.value)) {
        if (is_dropped(param.key, drop)) continue;
        if (count == SIGV4_PARAMS_MAX) return ERR_MALFORMED;
        if (recoded) {
            param.key = recode(arena, param.key, plus_is_space);
            param.value = recode(arena, param.value, plus_is_space);
        }
        params[count++] = param;
    }
    *ret_count = count;
    return 0;
}

int sigv4_put_query(struct buf *out, struct slice query, enum sigv4_query_form form, unsigned drop)
{
    struct arena arena = { 0 };
    struct param params[SIGV4_PARAMS_MAX];
    size_t count = 0;
    int rc = split_query(query, form, drop, &arena, params, &count);
    if (rc == 0 && form != SIGV4_QUERY_AS_SENT)
        qsort(params, count, sizeof *params, compare_params);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buf_putc(out, '&');
        buf_put_slice(out, params[i].key);
        buf_putc(out, '=');
        buf_put_slice(out, params[i].value);
    }
    arena_deinit(&arena);
    return rc;
}

/* ---- headers ---- */

bool sigv4_find_header(const struct sigv4_request *request, struct slice name, size_t n,
                       struct slice *ret_value)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sigv4_header *it = &request->headers[i];
        if (it->name.len != name.len || strncasecmp(it->name.ptr, name.ptr, name.len) != 0)
            continue;
        if (n-- > 0) continue;
        *ret_value = it->value;
        return true;
    }
    return false;
}

/* Without spaces at the ends, and one for each run of them between. */
static void put_value(struct buf *out, struct slice value)
{
    value = sigv4_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        if (!is_space(value.ptr[i]))
            buf_putc(out, value.ptr[i]);
        else if (!is_space(value.ptr[i - 1]))
            buf_putc(out, ' ');
    }
}

/* "host:8443" is "host", "[::1]:8443" is "[::1]"; what has no port stays. */
static struct slice strip_port(struct slice host)
{
    host = sigv4_trim(host);
    size_t len = host.len;
    while (len > 0 && host.ptr[len - 1] >= '0' && host.ptr[len - 1] <= '9')
        len--;
    if (len < 2 || len == host.len || host.ptr[len - 1] != ':') return host;
    return slice_of(host.ptr, len - 1);
}

void sigv4_put_headers(struct buf *out, const struct sigv4_request *request,
                       struct slice signed_headers, bool host_without_port)
{
    struct slice name, value;
    while (next_part(&signed_headers, ';', &name)) {
        bool strip = host_without_port && slice_eq_str(name, "host");
        buf_put_slice(out, name);
        buf_putc(out, ':');
        for (size_t n = 0; sigv4_find_header(request, name, n, &value); n++) {
            if (n > 0) buf_putc(out, ',');
            put_value(out, strip ? strip_port(value) : value);
        }
        buf_putc(out, '\n');
    }
}

void sigv4_body_hash(const struct sigv4_request *request, char ret_hex[65])
{
    if (request->body_sha256.len == 64) {
        memcpy(ret_hex, request->body_sha256.ptr, 64);
        ret_hex[64] = '\0';
        return;
    }
    crypto_sha256_hex(request->body.ptr, request->body.len, ret_hex);
}

/* ---- signature ---- */

static void hmac_slice(const uint8_t key[32], struct slice text, uint8_t ret_mac[32])
{
    crypto_hmac_sha256(key, 32, text.ptr, text.len, ret_mac);
}

void sigv4_derive_key(struct slice secret, const struct sigv4_scope *scope, uint8_t ret_key[32])
{
    struct buf first = { 0 };
    buf_reserve(&first, 4 + secret.len);
    buf_puts(&first, "AWS4");
    buf_put_slice(&first, secret);
    crypto_hmac_sha256(first.data, first.len, scope->date.ptr, scope->date.len, ret_key);
    crypto_wipe(first.data, first.len);
    buf_deinit(&first);
    hmac_slice(ret_key, scope->region, ret_key);
    hmac_slice(ret_key, scope->service, ret_key);
    hmac_slice(ret_key, SLICE_LIT("aws4_request"), ret_key);
}

static void digest_canonical(const struct sigv4_canonical *canonical, char ret_hex[65])
{
    const struct slice end = SLICE_LIT("\n");
    const struct slice pieces[] = {
        canonical->method,  end, canonical->path,           end, canonical->query,        end,
        canonical->headers, end, canonical->signed_headers, end, canonical->payload_hash,
    };
    struct crypto_sha256_state state;
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_sha256_init(&state);
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
        crypto_sha256_update(&state, pieces[i].ptr, pieces[i].len);
    crypto_sha256_final(&state, digest);
    hex_encode(digest, sizeof digest, ret_hex);
}

void sigv4_compute(const uint8_t key[32], const struct sigv4_scope *scope, const char *timestamp,
                   const struct sigv4_canonical *canonical, char ret_signature[65])
{
    struct buf text = { 0 };
    char hash[65];
    uint8_t mac[CRYPTO_SHA256_LEN];
    digest_canonical(canonical, hash);
    buf_printf(&text, SIGV4_ALGORITHM "\n%s\n", timestamp);
    buf_put_slice(&text, scope->date);
    buf_putc(&text, '/');
    buf_put_slice(&text, scope->region);
    buf_putc(&text, '/');
    buf_put_slice(&text, scope->service);
    buf_printf(&text, "/aws4_request\n%s", hash);
    hmac_slice(key, buf_slice(&text), mac);
    hex_encode(mac, sizeof mac, ret_signature);
    buf_deinit(&text);
}
