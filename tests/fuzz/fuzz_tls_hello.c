/* fuzz_tls_hello.c — the look at the first bytes of a connection to a TLS port. */
#include "net/tls_hello.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const protocols[] = { "mqtt", "http/1.1", NULL };
    struct tls_hello hello;
    size_t used = 0;
    tls_first_bytes(data, size);
    if (tls_handshake_records(data, size, &used) == 0) assert(used <= size);
    tls_hello_parse(data, size, protocols, &hello);
    assert(memchr(hello.sni, 0, sizeof hello.sni));
    return 0;
}
