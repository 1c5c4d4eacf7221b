/* groups.c — static thing groups. */
#include "registry/registry_priv.h"

const struct registry_op group_ops[] = {
    { 0 },
};
