/* builtin.h — the policies and the registration code that exist from the start. Both files' owner may replace them. */
#ifndef REGISTRY_BUILTIN_H
#define REGISTRY_BUILTIN_H

struct store;

/* That of the certificates of CreateProvisioningClaim: the topics of provisioning, but not what others ask on them: an
 * ownership token is in that. */
#define BUILTIN_CLAIM_POLICY "ProvisioningClaim"

/* Submits a request that makes those which are missing. */
void builtin_submit(struct store *store);

#endif
