/* certificate.c — items of tls.certificates: "CERT.pem:KEY.pem", or one file that holds both. The first ':'
 * parts the two. */
#include "base/err.h"
#include "config/config_priv.h"

#include <string.h>

int config_certificate_parse(const char *item, struct slice *ret_cert, struct slice *ret_key)
{
    size_t len = strcspn(item, ":");
    const char *key = item[len] ? item + len + 1 : item;
    if (len == 0 || !*key || (key != item && strchr(key, ':'))) return ERR_INVALID;
    *ret_cert = slice_of(item, len);
    *ret_key = slice_str(key);
    return 0;
}

bool config_certificate_valid(const char *item)
{
    struct slice cert, key;
    return config_certificate_parse(item, &cert, &key) == 0;
}
