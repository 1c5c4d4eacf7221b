/* jwt_setup.c — see jwt_setup.h. */
#include "app/jwt_setup.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "config/config.h"

#include <stdlib.h>

enum { KEYS_FILE_MAX = 256 * 1024 };

bool jwt_setup_rules(const struct config *conf, struct jwt_rules *ret_rules)
{
    const struct config_list *list = &conf->jwt.policies;
    if (!*conf->jwt.keys_file) return false;
    struct jwt_mapping *mappings = xcalloc(list->count, sizeof *mappings);
    for (size_t i = 0; i < list->count; i++)
        if (config_jwt_policy_parse(list->items[i], &mappings[i].value, &mappings[i].policy) < 0)
            BUG("an item that was valid: %s", list->items[i]);
    *ret_rules = (struct jwt_rules){
        .issuer = conf->jwt.issuer,
        .audience = conf->jwt.audience,
        .leeway_ms = conf->jwt.leeway,
        .policy_claim = conf->jwt.policy_claim,
        .mappings = mappings,
        .mapping_count = list->count,
    };
    return true;
}

void jwt_setup_deinit(struct jwt_rules *rules)
{
    free((void *)(uintptr_t)rules->mappings);
}

int jwt_setup_keys(const struct config *conf, struct jwt_keys **ret_keys, struct diag *diag)
{
    *ret_keys = NULL;
    if (!*conf->jwt.keys_file) return 0;
    struct buf text = { 0 };
    int rc = file_read(conf->jwt.keys_file, KEYS_FILE_MAX, &text, diag);
    if (rc == 0) rc = jwt_keys_parse(buf_slice(&text), ret_keys, diag);
    buf_deinit(&text);
    return rc < 0 ? diag_wrap(diag, rc, "jwt.keys_file '%s'", conf->jwt.keys_file) : 0;
}
