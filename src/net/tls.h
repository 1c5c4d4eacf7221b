/* tls.h — the server side of TLS, by mbedTLS. A tls_server holds certificates and settings, is
 * counted, and may be replaced (reload) while connections of the old one live on.
 *
 * TLS 1.2 at least; ECDHE with AES-GCM or ChaCha20-Poly1305; secp256r1 and x25519. Client
 * certificates are asked for or not; whatever CA signed them, the handshake passes if the client
 * proves its key: the registry decides afterwards by the certificate's fingerprint. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>

struct tls_server;

enum tls_client_cert { TLS_CLIENT_NONE, TLS_CLIENT_OPTIONAL, TLS_CLIENT_REQUIRED };

struct tls_server_opts {
    struct slice cert_chain_pem; /* leaf first */
    struct slice key_pem;
    struct slice cert2_chain_pem; /* a second pair (RSA beside ECDSA); empty if none */
    struct slice key2_pem;
    enum tls_client_cert client_cert;
};

/* Returns 0 and a reference, or ERR_CRYPTO / ERR_CERT with the reason. Any thread. */
int tls_server_create(struct tls_server **ret_server, const struct tls_server_opts *opts,
                      struct diag *diag);
struct tls_server *tls_server_ref(struct tls_server *server);
void tls_server_unref(struct tls_server *server);

#endif
