/* cas.c — the owner's certificate authorities. */
#include "registry/registry_priv.h"

const struct registry_op ca_ops[] = {
    { 0 },
};
