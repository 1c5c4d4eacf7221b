/* fuzz_proxy.c — PROXY headers: what a prefix is told must agree with what the whole is told. */
#include "base/err.h"
#include "net/proxy.h"

#include <assert.h>
#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header header, part;
    const char *why = NULL, *part_why = NULL;
    int whole = proxy_parse(data, size, &header, &why);
    assert(whole <= PROXY_MOST && (whole < 0 || (size_t)whole <= size));
    assert(whole >= 0 || (why && (whole == ERR_MALFORMED || whole == ERR_TOO_LARGE)));
    assert(whole <= 0 || proxy_first_bytes(data, size) == PROXY_FIRST_HEADER);
    for (size_t len = 0; len <= size && len <= PROXY_MOST; len++) {
        int rc = proxy_parse(data, len, &part, &part_why);
        if (rc == 0) continue;
        assert(rc == whole && (rc > 0 || part_why == why));
        assert(rc < 0 || (size_t)rc == len);
        break;
    }
    return 0;
}
