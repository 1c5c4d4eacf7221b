/* cert_vars.h — what a certificate says of itself, for the variables iot:Certificate.… of policies. Immutable. */
#ifndef AUTH_CERT_VARS_H
#define AUTH_CERT_VARS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct cert_vars;

/* Whether the value of this variable is read from the certificate. */
bool cert_vars_has(const char *name);
/* NULL when it is no certificate that can be read: then no variable has a value. */
struct cert_vars *cert_vars_create(const char *pem);
/* Accepts NULL. */
void cert_vars_destroy(struct cert_vars *vars);
/* The value number `index`, from 0; of an attribute there are five at most. Borrowed from vars, which may be NULL.
 * Source: AWS IoT Core developer guide, "X.509 certificate policy variables". */
bool cert_vars_get(const struct cert_vars *vars, const char *name, size_t index,
                   struct slice *ret_value);

#endif
