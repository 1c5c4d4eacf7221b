/* fuzz_webhook.c — URLs of requests. Properties: of one that is taken, the parts put together again are taken as the
 * same, a request to it can be written, and nothing in its host could mean another one to somebody else. */
#include "base/err.h"
#include "http/client.h"
#include "webhook/url.h"

#include "pieces.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require_plain_host(const char *host)
{
    for (; *host; host++)
        REQUIRE(!strchr("@/\\?#%[] ", *host) && *host > ' ' && *host < 0x7f);
}

static void require_same(const struct webhook_url *url)
{
    struct buf text = { 0 };
    struct webhook_url again;
    buf_printf(&text, "%s://%s", url->tls ? "https" : "http", url->authority);
    buf_put_slice(&text, url->target);
    REQUIRE(webhook_url_parse(buf_slice(&text), &again, NULL) == 0);
    REQUIRE(again.tls == url->tls && again.port == url->port);
    REQUIRE(strcmp(again.host, url->host) == 0 && strcmp(again.authority, url->authority) == 0);
    REQUIRE(slice_eq(again.target, url->target));
    buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice text = slice_of((const char *)data, len);
    struct webhook_url url;
    struct buf request = { 0 };
    if (webhook_url_parse(text, &url, NULL) < 0) return 0;
    require_plain_host(url.host);
    require_same(&url);
    REQUIRE(http_put_request(&request, &(struct http_call){ .method = HTTP_POST,
                                                            .target = url.target,
                                                            .host = url.authority }) == 0);
    buf_deinit(&request);
    return 0;
}
