/* url.c — see url.h.
 *
 * Addresses in the odd forms that inet_aton takes (octal, hexadecimal, fewer than four parts) are refused, not
 * resolved: a host whose last label is a number must be a whole IPv4 address (as in the URL Standard, "ends in a
 * number"). */
#include "webhook/url.h"

#include "base/err.h"
#include "http/http.h"
#include "webhook/webhook.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { URL_MAX = 8000, LABEL_MAX = 63 };

static const char digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdefABCDEF";
static const char label_chars[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

static int refuse(struct diag *diag, const char *why)
{
    return diag_set(diag, ERR_INVALID, "the URL %s", why);
}

/* ---- the parts ---- */

static bool take_scheme(struct slice *rest, bool *ret_tls)
{
    static const char *const schemes[] = { "http://", "https://" };
    for (int i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        if (rest->len < len || !http_eq_nocase(slice_of(rest->ptr, len), slice_str(schemes[i])))
            continue;
        *rest = slice_from(*rest, len);
        *ret_tls = i == 1;
        return true;
    }
    return false;
}

/* Up to the path or the end. */
static struct slice take_authority(struct slice *rest)
{
    size_t len = 0;
    while (len < rest->len && !strchr("/?#\\", rest->ptr[len]))
        len++;
    struct slice authority = slice_of(rest->ptr, len);
    *rest = slice_from(*rest, len);
    return authority;
}

static bool parse_port(const char *text, uint16_t *ret_port)
{
    size_t len = strlen(text);
    unsigned port = 0;
    if (len == 0 || len > 5 || strspn(text, digits) != len) return false;
    for (size_t i = 0; i < len; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    *ret_port = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

static bool is_number(const char *label)
{
    if (strspn(label, digits) == strlen(label)) return true;
    return label[0] == '0' && (label[1] | 0x20) == 'x' &&
           strspn(label + 2, hex_digits) == strlen(label + 2);
}

static bool is_name(const char *host)
{
    const char *label = host;
    for (;;) {
        size_t len = strspn(label, label_chars);
        bool ends = label[len] == '\0';
        if (len == 0 || len > LABEL_MAX || (!ends && label[len] != '.')) return false;
        if (ends) return !is_number(label);
        label += len + 1;
    }
}

/* Splits the authority, which is a text of its own, into host and port. */
static int split(char *authority, struct webhook_url *url, struct diag *diag)
{
    uint8_t bytes[16];
    bool bracket = authority[0] == '[';
    char *end = bracket ? strchr(authority, ']') : authority + strcspn(authority, ":");
    if (!end) return refuse(diag, "has a bracket that is not closed");
    const char *port = end + bracket;
    url->port = url->tls ? 443 : 80;
    if (*port && (*port != ':' || !parse_port(port + 1, &url->port)))
        return refuse(diag, "has no valid port");
    *end = '\0';
    snprintf(url->host, sizeof url->host, "%s", authority + bracket);
    if (bracket) {
        if (inet_pton(AF_INET6, url->host, bytes) != 1)
            return refuse(diag, "has no valid IPv6 address");
    } else if (inet_pton(AF_INET, url->host, bytes) != 1 && !is_name(url->host)) {
        return refuse(diag, "has no valid host");
    }
    snprintf(url->authority, sizeof url->authority, bracket ? "[%s]" : "%s", url->host);
    size_t len = strlen(url->authority);
    if (url->port != (url->tls ? 443 : 80))
        snprintf(url->authority + len, sizeof url->authority - len, ":%u", url->port);
    return 0;
}

static int parse_authority(struct slice authority, struct webhook_url *url, struct diag *diag)
{
    char text[WEBHOOK_HOST_MAX + 9];
    if (memchr(authority.ptr, '@', authority.len)) return refuse(diag, "has a user");
    if (authority.len == 0) return refuse(diag, "has no host");
    if (authority.len > WEBHOOK_HOST_MAX) return refuse(diag, "has a host that is too long");
    memcpy(text, authority.ptr, authority.len);
    text[authority.len] = '\0';
    return split(text, url, diag);
}

static int parse_target(struct slice rest, struct webhook_url *url, struct diag *diag)
{
    if (rest.len && rest.ptr[0] != '/') return refuse(diag, "has no path before its query");
    url->target = rest.len ? rest : SLICE_LIT("/");
    return 0;
}

/* ---- the whole ---- */

static int check_chars(struct slice text, struct diag *diag)
{
    if (text.len > URL_MAX) return refuse(diag, "is too long");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}", c))
            return refuse(diag, "has a character that must be escaped");
    }
    if (memchr(text.ptr, '#', text.len)) return refuse(diag, "has a fragment");
    return 0;
}

int webhook_url_parse(struct slice text, struct webhook_url *ret_url, struct diag *diag)
{
    struct slice rest = text;
    int rc = text.len ? check_chars(text, diag) : refuse(diag, "is empty");
    if (rc < 0) return rc;
    if (!take_scheme(&rest, &ret_url->tls))
        return refuse(diag, "must begin with http:// or https://");
    rc = parse_authority(take_authority(&rest), ret_url, diag);
    return rc < 0 ? rc : parse_target(rest, ret_url, diag);
}

int webhook_check_url(struct slice url, struct diag *diag)
{
    struct webhook_url parsed;
    return webhook_url_parse(url, &parsed, diag);
}
