/* builtin.h — the policies and the registration code that exist from the start. Both files' owner may replace them. */
#ifndef REGISTRY_BUILTIN_H
#define REGISTRY_BUILTIN_H

struct store;

/* Submits a request that makes those which are missing. */
void builtin_submit(struct store *store);

#endif
