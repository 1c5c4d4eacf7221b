/* exchange.c — see exchange.h.
 *
 *  I1  A connection goes to an address that was judged, never to a name: what a name leads to may change between
 *      two questions.
 *  I2  All that waits, waits for x->patience too; only the resolver has times of its own, which are set short. */
#include "webhook/exchange.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

enum { CA_MAX = 4 << 20, RESOLVE_S = 2, RESOLVE_TRIES = 1 };

static int why_not(const struct webhook_exchange *x, int rc)
{
    const char *who = x->url->authority;
    switch (rc) {
    case -EINTR:
        return diag_set(x->diag, ERR_CLOSED, "the hub is stopping");
    case ERR_TIMEOUT:
        return diag_set(x->diag, rc, "%s did not answer within %" PRId64 " ms", who, x->timeout_ms);
    default:
        return diag_set(x->diag, rc, "%s: %s", who, err_text(rc));
    }
}

/* ERR_CLOSED is for who is stopped; a server that hangs up is an error like others. */
static int of_server(ssize_t rc)
{
    return rc == ERR_CLOSED ? -ECONNRESET : (int)rc;
}

/* ---- connecting ---- */

/* Those of this thread. res_init also reads what has changed in resolv.conf. */
static void hurry_resolver(void)
{
    if (res_init() < 0) return;
    _res.retrans = RESOLVE_S;
    _res.retry = RESOLVE_TRIES;
}

static int resolve(const struct webhook_exchange *x, struct addrinfo **ret_all)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    char port[8];
    snprintf(port, sizeof port, "%u", x->url->port);
    hurry_resolver();
    int failed = getaddrinfo(x->url->host, port, &hints, ret_all);
    return failed ? diag_set(x->diag, ERR_NOT_FOUND, "%s: %s", x->url->host, gai_strerror(failed))
                  : 0;
}

static const char *judge(const struct webhook_exchange *x, const struct addrinfo *one)
{
    struct sockaddr_storage address = { 0 };
    memcpy(&address, one->ai_addr, one->ai_addrlen);
    return webhook_guard_refuses(x->guard, &address);
}

/* An address that does not answer takes its share of the time only, so that the next ones are tried. */
static struct net_patience share_of(const struct webhook_exchange *x, const struct addrinfo *one)
{
    struct net_patience patience = x->patience;
    int64_t now = clock_mono_ms();
    int64_t tries = 0;
    for (; one; one = one->ai_next)
        tries++;
    patience.deadline = now + (patience.deadline - now) / tries;
    return patience;
}

static int connect_one_of(const struct webhook_exchange *x, const struct addrinfo *all,
                          struct net_call **ret_call)
{
    const char *refused = NULL;
    int rc = 0;
    for (const struct addrinfo *it = all; it; it = it->ai_next) {
        const char *what = judge(x, it);
        if (what) {
            refused = what;
            continue;
        }
        struct net_patience patience = share_of(x, it);
        rc = net_call_open(ret_call, it->ai_addr, it->ai_addrlen, &patience);
        if (rc == 0) return 0;
        if (rc == -EINTR) break;
    }
    if (rc < 0) return why_not(x, rc);
    return diag_set(x->diag, ERR_DENIED, "%s is %s: see webhook.allow", x->url->authority,
                    refused ? refused : "nowhere");
}

static int open_connection(const struct webhook_exchange *x, struct net_call **ret_call)
{
    struct addrinfo *all;
    int rc = resolve(x, &all);
    if (rc < 0) return rc;
    rc = connect_one_of(x, all, ret_call);
    freeaddrinfo(all);
    return rc;
}

/* ---- TLS ---- */

int webhook_make_tls(const char *ca_file, const char *host, struct tls_client **ret_tls,
                     struct diag *diag)
{
    struct buf pem = { 0 };
    int rc = file_read(ca_file, CA_MAX, &pem, diag);
    if (rc == 0) {
        const struct tls_client_opts opts = { .ca_pem = buf_slice(&pem), .host = host };
        rc = tls_client_create(ret_tls, &opts, diag);
        if (rc < 0) diag_wrap(diag, rc, "%s", ca_file);
    }
    buf_deinit(&pem);
    return rc;
}

static int start_tls(const struct webhook_exchange *x, struct net_call *call,
                     struct tls_client *tls)
{
    int rc = net_call_start_tls(call, tls, &x->patience, x->diag);
    return rc == -EINTR || rc == ERR_TIMEOUT ? why_not(x, rc) : of_server(rc);
}

/* ---- the request and the answer ---- */

static int await(const struct webhook_exchange *x, struct net_call *call, bool writing)
{
    int rc = net_call_wait(call, writing, &x->patience);
    return rc < 0 ? why_not(x, rc) : 0;
}

/* A server which answers before it has read all, and closes, is heard nevertheless: 0 then too. */
static int send_request(const struct webhook_exchange *x, struct net_call *call)
{
    struct slice rest = x->request;
    while (rest.len) {
        ssize_t n = net_call_write(call, rest.ptr, rest.len, x->diag);
        if (n == -EAGAIN) {
            int rc = await(x, call, true);
            if (rc < 0) return rc;
        } else if (n < 0) {
            return n == -EPIPE || of_server(n) == -ECONNRESET ? 0 : (int)n;
        } else {
            rest = slice_from(rest, (size_t)n);
        }
    }
    return 0;
}

static int malformed(const struct webhook_exchange *x, int rc)
{
    if (rc == ERR_CLOSED)
        return diag_set(x->diag, -ECONNRESET, "%s ended the connection without a whole answer",
                        x->url->authority);
    const char *why = x->answer->failure ? x->answer->failure->why : err_text(rc);
    return diag_set(x->diag, rc, "the answer of %s: %s", x->url->authority, why);
}

static int read_answer(const struct webhook_exchange *x, struct net_call *call)
{
    uint8_t data[16384];
    for (;;) {
        size_t used;
        int rc;
        ssize_t n = net_call_read(call, data, sizeof data, x->diag);
        if (n == -EAGAIN) {
            rc = await(x, call, false);
            if (rc < 0) return rc;
            continue;
        }
        if (n < 0) return of_server(n);
        rc =
            n ? http_client_feed(x->answer, data, (size_t)n, &used) : http_client_finish(x->answer);
        if (rc < 0) return malformed(x, rc);
        if (rc == HTTP_DONE) return 0;
    }
}

int webhook_exchange(const struct webhook_exchange *x)
{
    struct tls_client *tls = NULL;
    struct net_call *call = NULL;
    int rc = open_connection(x, &call);
    if (rc == 0 && x->url->tls) rc = webhook_make_tls(x->ca_file, x->url->host, &tls, x->diag);
    if (rc == 0 && tls) rc = start_tls(x, call, tls);
    if (rc == 0) rc = send_request(x, call);
    if (rc == 0) rc = read_answer(x, call);
    net_call_close(call, false);
    tls_client_destroy(tls);
    return rc;
}
