/* guard.c — may a request be taken for the user of this machine, or for the device of this certificate?
 * What a connection proves, it proves of the program at its other end: a browser which shows a foreign
 * page, or a proxy which serves the world, is such a program too. DESIGN, "Listeners".
 *
 * A page reaches 127.0.0.1 by itself (Origin tells) or by a name that was pointed here (Host tells);
 * proxies say that they are. A request with credentials of its own is not asked any of this. */
#include "api/api_priv.h"

#include "base/mem.h"

static const char *const local_hosts[] = { "localhost", "127.0.0.1", "[::1]" };

static const char *const forwarding[] = {
    "forwarded",           "via",
    "x-real-ip",           "x-client-ip",
    "x-cluster-client-ip", "x-original-host",
    "x-original-url",      "true-client-ip",
    "cf-connecting-ip",
};

/* "name:port" or "[v6]:port" without the port. */
static struct slice without_port(struct slice host)
{
    size_t end = host.len;
    while (end > 0 && host.ptr[end - 1] >= '0' && host.ptr[end - 1] <= '9')
        end--;
    bool port = end > 0 && host.ptr[end - 1] == ':';
    return port ? slice_of(host.ptr, end - 1) : host;
}

static bool is_one_of(struct slice text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (http_eq_nocase(text, slice_str(list[i]))) return true;
    return false;
}

static bool host_is_ours(const struct api_opts *opts, struct slice host)
{
    struct slice name = without_port(host);
    return is_one_of(name, local_hosts, ARRAY_LEN(local_hosts)) ||
           is_one_of(name, opts->names, opts->name_count);
}

static bool is_forwarding(struct slice name)
{
    const struct slice family = SLICE_LIT("x-forwarded");
    if (name.len >= family.len && http_eq_nocase(slice_of(name.ptr, family.len), family))
        return true;
    return is_one_of(name, forwarding, ARRAY_LEN(forwarding));
}

struct slice guard_origin(const struct api_opts *opts, const struct http_request *request)
{
    struct slice origin = http_header_known(&request->headers, HTTP_H_ORIGIN);
    bool listed = origin.len && http_header_count(&request->headers, "origin") == 1 &&
                  is_one_of(origin, opts->origins, opts->origin_count);
    return listed ? origin : slice_of("", 0);
}

/* No name that somebody could point here. */
static bool is_address(struct slice host)
{
    struct slice name = without_port(host);
    if (slice_starts(name, "[")) return true;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] != '.' && (name.ptr[i] < '0' || name.ptr[i] > '9')) return false;
    return name.len > 0;
}

/* A page which the hub itself has served, had it any: no other may be behind this name. With TLS the certificate says
 * so; a name without it could have been pointed here. Some clients that are no browsers send the Origin of their
 * server (paho). */
static bool is_same_origin(const struct api_opts *opts, const struct http_request *request,
                           bool tls)
{
    if (!tls && !is_address(request->host) && !host_is_ours(opts, request->host)) return false;
    static const char *const schemes[] = { "https://", "http://" };
    size_t count = tls ? 1 : ARRAY_LEN(schemes); /* without it, a proxy before us may have it */
    struct slice origin = http_header_known(&request->headers, HTTP_H_ORIGIN);
    for (size_t i = 0; i < count; i++) {
        if (slice_starts(origin, schemes[i]))
            return http_eq_nocase(slice_from(origin, strlen(schemes[i])), request->host);
    }
    return false;
}

/* May the page that the request comes from, if it comes from one, use what comes with the connection? */
static bool origin_passes(const struct api_opts *opts, const struct http_request *request, bool tls)
{
    size_t count = http_header_count(&request->headers, "origin");
    return count == 0 || guard_origin(opts, request).len ||
           (count == 1 && is_same_origin(opts, request, tls));
}

/* W3C, Fetch Metadata: browsers send no Origin with what a page only shows (an image), but they tell that it is a page
 * of another site. A link that somebody follows is no such thing. */
static bool is_of_another_site(const struct http_request *request)
{
    struct slice site = http_header(&request->headers, "sec-fetch-site");
    struct slice mode = http_header(&request->headers, "sec-fetch-mode");
    return slice_eq_str(site, "cross-site") && !slice_eq_str(mode, "navigate") &&
           http_header_count(&request->headers, "origin") == 0;
}

const char *guard_refusal(const struct api_opts *opts, const struct principal *transport,
                          const struct http_request *request, bool tls)
{
    const struct http_headers *headers = &request->headers;
    bool local =
        transport && (transport->kind == PRINCIPAL_ANONYMOUS || transport->kind == PRINCIPAL_LOCAL);
    if (!origin_passes(opts, request, tls))
        return "the request comes from a web page whose origin is not in http.allowed_origins";
    if (is_of_another_site(request)) return "the request comes from a web page of another site";
    if (!local) return NULL;
    if (!host_is_ours(opts, request->host)) return "Host is not a name of this hub";
    for (size_t i = 0; i < headers->count; i++)
        if (is_forwarding(headers->items[i].name)) return "the request was forwarded by a proxy";
    return NULL;
}
