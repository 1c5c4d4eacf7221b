/* tls_hello.c — reads a ClientHello far enough to know the server name and the protocols offered, and
 * whether an earlier session may go on.
 *
 * mbedTLS refuses a handshake when ALPN is offered and nothing in it is known (RFC 7301 allows
 * that), but a client which offers only "h2" should be served all the same. Since the list of
 * protocols belongs to mbedTLS's configuration, the right configuration must be chosen before the
 * handshake begins; that is what this look is for. It decides nothing else: what is malformed here
 * is left to mbedTLS to refuse. */
#include "net/tls_hello.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "net/proxy.h"

enum {
    RECORD_CCS = 20,
    RECORD_HANDSHAKE = 22,
    MQTT_CONNECT = 0x10,
    HANDSHAKE_CLIENT_HELLO = 1,
    EXT_SERVER_NAME = 0,
    EXT_ALPN = 16,
    EXT_EXTENDED_MS = 23,
};

static const char *const http_methods[] = {
    "GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE ", "PRI ",
};

/* TLS_FIRST_OTHER when it is no request. */
static enum tls_first first_of_http(const uint8_t *data, size_t len)
{
    enum tls_first verdict = TLS_FIRST_OTHER;
    for (size_t i = 0; i < ARRAY_LEN(http_methods); i++) {
        size_t want = strlen(http_methods[i]);
        if (memcmp(data, http_methods[i], len < want ? len : want) != 0) continue;
        if (len >= want) return TLS_FIRST_HTTP;
        verdict = TLS_FIRST_MORE;
    }
    return verdict;
}

static enum tls_first first_of_others(const uint8_t *data, size_t len)
{
    if (data[0] == MQTT_CONNECT) return TLS_FIRST_MQTT;
    enum proxy_first proxy = proxy_first_bytes(data, len);
    if (proxy == PROXY_FIRST_HEADER) return TLS_FIRST_PROXY;
    return proxy == PROXY_FIRST_MORE ? TLS_FIRST_MORE : first_of_http(data, len);
}

enum tls_first tls_first_bytes(const uint8_t *data, size_t len)
{
    if (len == 0) return TLS_FIRST_MORE;
    if (data[0] != RECORD_HANDSHAKE) return first_of_others(data, len);
    if (len == 1) return TLS_FIRST_MORE;
    return data[1] == 3 ? TLS_FIRST_TLS : TLS_FIRST_OTHER;
}

int tls_handshake_records(const uint8_t *data, size_t len, size_t *ret_used)
{
    size_t at = 0;
    while (len - at >= TLS_HEADER_SIZE) {
        const uint8_t *head = data + at;
        size_t size = (size_t)head[3] << 8 | head[4];
        if (head[0] < RECORD_CCS || head[0] > RECORD_HANDSHAKE || size > TLS_RECORD_MAX) {
            if (at == 0) return ERR_MALFORMED;
            break;
        }
        if (len - at - TLS_HEADER_SIZE < size) break;
        at += TLS_HEADER_SIZE + size;
    }
    *ret_used = at;
    return 0;
}

static struct cursor cursor_sub(struct slice slice)
{
    return cursor_init(slice.ptr, slice.len);
}

static struct slice str8(struct cursor *cur)
{
    return cursor_bytes(cur, cursor_u8(cur));
}

static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f) return false;
    return name.len > 0;
}

static int parse_server_name(struct slice ext, struct tls_hello *out)
{
    struct cursor cur = cursor_sub(ext);
    struct cursor list = cursor_sub(cursor_str16(&cur));
    while (cursor_left(&list)) {
        uint8_t type = cursor_u8(&list);
        struct slice name = cursor_str16(&list);
        if (type != 0 || out->sni[0] || name.len >= sizeof out->sni || !is_name(name)) continue;
        memcpy(out->sni, name.ptr, name.len);
    }
    return cursor_error(&cur) ? cursor_error(&cur) : cursor_error(&list);
}

static int parse_alpn(struct slice ext, const char *const *protocols, struct tls_hello *out)
{
    struct cursor cur = cursor_sub(ext);
    struct cursor list = cursor_sub(cursor_str16(&cur));
    while (cursor_left(&list)) {
        struct slice name = str8(&list);
        for (const char *const *p = protocols; *p; p++)
            if (slice_eq_str(name, *p)) out->alpn_known = true;
    }
    return cursor_error(&cur) ? cursor_error(&cur) : cursor_error(&list);
}

static int parse_extensions(struct slice block, const char *const *protocols, struct tls_hello *out)
{
    struct cursor cur = cursor_sub(block);
    while (cursor_left(&cur)) {
        uint16_t type = cursor_u16(&cur);
        struct slice ext = cursor_str16(&cur);
        int rc = 0;
        if (cursor_error(&cur)) break;
        if (type == EXT_SERVER_NAME) rc = parse_server_name(ext, out);
        if (type == EXT_ALPN) rc = parse_alpn(ext, protocols, out);
        if (type == EXT_EXTENDED_MS) out->extended_ms = true;
        if (rc < 0) return rc;
    }
    return cursor_error(&cur);
}

static int parse_hello(struct slice body, const char *const *protocols, struct tls_hello *out)
{
    struct cursor cur = cursor_sub(body);
    cursor_bytes(&cur, 2 + 32); /* version, random */
    str8(&cur);                 /* session id */
    cursor_str16(&cur);         /* cipher suites */
    str8(&cur);                 /* compression methods */
    if (cursor_error(&cur) || cursor_left(&cur) == 0) return cursor_error(&cur);
    struct slice extensions = cursor_str16(&cur);
    if (cursor_error(&cur)) return cursor_error(&cur);
    return parse_extensions(extensions, protocols, out);
}

int tls_hello_parse(const uint8_t *record, size_t len, const char *const *protocols,
                    struct tls_hello *ret_hello)
{
    struct cursor cur = cursor_init(record, len);
    struct tls_hello hello = { 0 };
    *ret_hello = hello;
    uint8_t type = cursor_u8(&cur);
    cursor_u16(&cur);
    struct cursor message = cursor_sub(cursor_str16(&cur));
    uint8_t kind = cursor_u8(&message);
    size_t size = (size_t)cursor_u8(&message) << 16;
    size |= cursor_u16(&message);
    struct slice body = cursor_bytes(&message, size);
    if (cursor_error(&cur) || cursor_error(&message)) return ERR_MALFORMED;
    if (type != RECORD_HANDSHAKE || kind != HANDSHAKE_CLIENT_HELLO) return ERR_MALFORMED;
    int rc = parse_hello(body, protocols, &hello);
    if (rc < 0) return rc;
    *ret_hello = hello;
    return 0;
}
