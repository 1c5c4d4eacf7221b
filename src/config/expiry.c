/* expiry.c — items of mqtt.session_expiry_by_client: "PATTERN=DURATION". The last '=' parts the two, since a
 * client id may have one. */
#include "base/err.h"
#include "config/config_priv.h"

#include <string.h>

static const struct option duration = { .name = "duration",
                                        .type = OPT_DURATION,
                                        .max = CONFIG_EXPIRY_MOST_MS };

int config_expiry_parse(const char *item, struct slice *ret_pattern, int64_t *ret_ms)
{
    const char *sign = strrchr(item, '=');
    int64_t ms;
    if (!sign || sign == item || option_set(&duration, &ms, sign + 1, NULL, NULL) < 0)
        return ERR_INVALID;
    *ret_pattern = slice_of(item, (size_t)(sign - item));
    *ret_ms = ms;
    return 0;
}

bool config_expiry_valid(const char *item)
{
    struct slice pattern;
    int64_t ms;
    return config_expiry_parse(item, &pattern, &ms) == 0;
}
