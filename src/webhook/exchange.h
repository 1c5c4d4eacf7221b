/* exchange.h — one request and its answer, on a thread that may block. */
#ifndef WEBHOOK_EXCHANGE_H
#define WEBHOOK_EXCHANGE_H

#include "base/buf.h"
#include "http/client.h"
#include "net/call.h"
#include "webhook/guard.h"
#include "webhook/url.h"

struct webhook_exchange {
    const struct webhook_url *url;
    struct slice request; /* as it goes over the wire */
    const char *ca_file;
    const struct webhook_guard *guard;
    struct net_patience patience;
    int64_t timeout_ms;         /* that the deadline comes from, for the sentence */
    struct http_client *answer; /* initialised */
    struct diag *diag;
};

/* A client of TLS for this host, who believes the CAs of the file. Errors name the file. */
int webhook_make_tls(const char *ca_file, const char *host, struct tls_client **ret_tls,
                     struct diag *diag);

/* 0: `answer` is complete. Else as of webhook_done_cb, with the reason. */
int webhook_exchange(const struct webhook_exchange *x);

#endif
