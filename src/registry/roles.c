/* roles.c — role aliases and temporary keys. */
#include "registry/registry_priv.h"

const struct registry_op role_ops[] = {
    { 0 },
};
