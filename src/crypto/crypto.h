/* crypto.h — what the whole folder needs once, and the wiping of secrets.
 * Only src/crypto includes libsodium and mbedTLS' crypto and x509 headers; net/tls.c has ssl. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <stddef.h>

/* Call once before any other thread runs; repeatable. Returns 0 or ERR_CRYPTO. */
int crypto_init(void);
/* Overwrites memory in a way which the compiler does not drop. Accepts NULL with len 0. */
void crypto_wipe(void *data, size_t len);
/* Wipes a zero-terminated secret, such as a private key in PEM, and frees it. Accepts NULL. */
void crypto_free_secret(char *text);

/* Any time, also before crypto_init(). Memory for the few keys that live as long as the process: between guard pages, locked into memory where limits
 * permit, left out of core dumps. It costs at least four pages. Never NULL; zeroed when it is freed. */
void *crypto_guarded_alloc(size_t size);
void crypto_guarded_free(void *data); /* accepts NULL */
/* Moves a text from the heap, which is wiped and freed, to there. */
char *crypto_guarded_text(char *text);
/* From now on the process leaves no core dump, and no other of its user can read its memory. */
void crypto_forbid_dumps(void);

#endif
