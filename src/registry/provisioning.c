/* provisioning.c — provisioning templates. */
#include "base/err.h"
#include "registry/registry_priv.h"

int template_apply_jitp(struct registry_call *call, struct db *db, const char *cert_id,
                        const char *cert_pem, const char *template_name, const char *template_body)
{
    return fail(call, ERR_UNSUPPORTED, "Provisioning templates are not supported yet");
}

const struct registry_op provisioning_ops[] = {
    { 0 },
};
