/* jwt_policy.c — items of jwt.policies: "value=PolicyName". */
#include "base/err.h"
#include "config/config_priv.h"

#include <string.h>

int config_jwt_policy_parse(const char *item, struct slice *ret_value, struct slice *ret_policy)
{
    size_t len = strcspn(item, "=");
    if (len == 0 || !item[len] || !config_policy_name_valid(item + len + 1)) return ERR_INVALID;
    *ret_value = slice_of(item, len);
    *ret_policy = slice_str(item + len + 1);
    return 0;
}

bool config_jwt_policy_valid(const char *item)
{
    struct slice value, policy;
    return config_jwt_policy_parse(item, &value, &policy) == 0;
}
