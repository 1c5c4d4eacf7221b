/* tls_step.h — one step of mbedTLS's handshake on the server's side, and what its callbacks must know of the
 * handshake that calls them: mbedTLS gives them what belongs to the server only. Any thread, but one at a time for
 * a handshake. */
#ifndef NET_TLS_STEP_H
#define NET_TLS_STEP_H

#include "net/tls_compat.h"
#include "net/tls_hello.h"

struct tls_step {
    mbedtls_ssl_context *ssl;
    const struct tls_hello *hello;
    bool resumed;             /* an earlier session goes on */
    int resumed_suite;        /* and this was its cipher suite, */
    uint8_t resumed_mfl_code; /* and this its fragment length */
    uint8_t *resumed_der;     /* its client certificate, owned; NULL: it had none */
    size_t resumed_der_len;
};

void tls_step_deinit(struct tls_step *step);
/* As mbedtls_ssl_handshake_step. */
int tls_step(struct tls_step *step);
/* Of the thread; NULL outside of tls_step. */
struct tls_step *tls_step_current(void);
/* For mbedtls_ssl_conf_rng. */
int tls_step_rng(void *arg, unsigned char *ret_data, size_t len);
/* Once, before the first step. */
void tls_step_prime(void);
/* A key that signatures are made with: after it was checked, before its first use. */
void tls_step_prepare_key(mbedtls_pk_context *key);

#endif
