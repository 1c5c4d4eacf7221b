/* principal.c — see principal.h. A cached principal is held once by the cache itself: when only that
 * reference is left, auth is told and may let it go. */
#include "auth/principal.h"

#include "auth/auth_priv.h"
#include "auth/cert_vars.h"
#include "base/mem.h"
#include "policy/policy.h"

#include <stdlib.h>

static struct principal system_principal = {
    .refs = 1,
    .kind = PRINCIPAL_SYSTEM,
    .id = (char *)"system",
    .label = (char *)"system",
    .admin = true,
    .valid = true,
    .watches = { &system_principal.watches, &system_principal.watches },
};

struct principal *principal_system(void)
{
    return &system_principal;
}

struct principal *principal_ref(struct principal *principal)
{
    if (principal->kind != PRINCIPAL_SYSTEM) principal->refs++;
    return principal;
}

void principal_unref(struct principal *principal)
{
    if (!principal || principal->kind == PRINCIPAL_SYSTEM) return;
    principal->refs--;
    if (principal->refs == 0)
        principal_free(principal);
    else if (principal->refs == 1 && principal->auth)
        auth_principal_idle(principal);
}

static void clear_policies(struct policy **policies, size_t count)
{
    for (size_t i = 0; i < count; i++)
        policy_unref(policies[i]);
    free(policies);
}

static void clear_thing(struct principal_thing *thing)
{
    for (size_t i = 0; i < thing->attr_count; i++) {
        free(thing->attrs[i].name);
        free(thing->attrs[i].value);
    }
    clear_policies(thing->policies, thing->policy_count);
    free(thing->attrs);
    free(thing->name);
    free(thing->type);
}

void principal_clear_rights(struct principal *principal)
{
    static uint64_t last_stamp;
    clear_policies(principal->policies, principal->policy_count);
    principal->policies = NULL;
    principal->policy_count = 0;
    principal->timed = false;
    for (size_t i = 0; i < principal->thing_count; i++)
        clear_thing(&principal->things[i]);
    free(principal->things);
    principal->things = NULL;
    principal->thing_count = 0;
    cert_vars_destroy(principal->cert);
    principal->cert = NULL;
    principal->stamp = ++last_stamp;
}

void principal_free(struct principal *principal)
{
    principal_clear_rights(principal);
    free(principal->id);
    free(principal->cert_id);
    free(principal->label);
    free(principal);
}

const char *principal_identifier(const struct principal *principal)
{
    return principal->id;
}
