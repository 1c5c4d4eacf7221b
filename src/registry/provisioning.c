/* provisioning.c — provisioning templates. */
#include "registry/registry_priv.h"

const struct registry_op provisioning_ops[] = {
    { 0 },
};
