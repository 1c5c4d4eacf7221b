/* tls.h — the server side of TLS, by mbedTLS. A tls_server holds certificates and settings, is
 * counted, and may be replaced (reload) while connections of the old one live on.
 *
 * Which certificate a client sees: of all pairs, those with the server name that it asks for as a DNS name of
 * subjectAltName; without one, those with "*." in the place of the name's first label (RFC 6125, section
 * 6.4.3: a whole label, one of them); without one, and for who asks for no name, the default pairs. Of
 * several, the first whose key is of a kind that the client can verify: so an ECDSA and an RSA pair may stand
 * side by side.
 *
 * TLS 1.2 at least; ECDHE with AES-GCM or ChaCha20-Poly1305; secp256r1 and x25519. Client
 * certificates are asked for or not; whatever CA signed them, the handshake passes if the client
 * proves its key: the registry decides afterwards by the certificate's fingerprint. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct tls_server;

/* Sessions that clients take up again without keys and certificates: as tickets, which clients keep for us (RFC 5077),
 * and in memory for clients that know no tickets. Counted; shared by servers, also by those that follow after a
 * reload. A session goes on only where client certificates are asked for in the same way, for the same server
 * name and fragment length (RFC 6066, sections 3 and 4), and with or without an extended master secret as it was
 * made (RFC 7627, section 5.3); its client certificate is the one that was proved when it began. Nothing survives the process. */
struct tls_sessions;

struct tls_sessions_opts {
    bool tickets;
    size_t cached;       /* most sessions in memory; 0: none */
    int64_t lifetime_ms; /* of a session, from its full handshake */
    int64_t key_ms;      /* how long a key makes tickets, before a new one does */
};
struct tls_sessions *tls_sessions_create(const struct tls_sessions_opts *opts);
struct tls_sessions *tls_sessions_ref(struct tls_sessions *sessions);
void tls_sessions_unref(struct tls_sessions *sessions);
/* Sessions in memory. Any thread. */
size_t tls_sessions_cached(struct tls_sessions *sessions);

enum tls_client_cert { TLS_CLIENT_NONE, TLS_CLIENT_OPTIONAL, TLS_CLIENT_REQUIRED };

/* All is borrowed for the call. */
struct tls_pair {
    struct slice chain_pem; /* leaf first */
    struct slice key_pem;
    const char *chain_name; /* a file, for messages; NULL: none is named */
    const char *key_name;
};

struct tls_server_opts {
    const struct tls_pair *pairs;
    size_t pair_count; /* at least one */
    size_t
        default_count; /* so many at the front are default pairs; the others need a DNS name. 0: one */
    enum tls_client_cert client_cert;
    struct tls_sessions *sessions; /* a reference is taken. NULL: nothing is resumed */
};

/* Returns 0 and a reference, or ERR_CRYPTO / ERR_CERT with the reason, which begins with the name of what is
 * wrong. Any thread. */
int tls_server_create(struct tls_server **ret_server, const struct tls_server_opts *opts,
                      struct diag *diag);
struct tls_server *tls_server_ref(struct tls_server *server);
void tls_server_unref(struct tls_server *server);

#endif
