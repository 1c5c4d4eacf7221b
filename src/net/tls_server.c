/* tls_server.c — certificates and settings of the server side, shared by its connections.
 *
 * A server is made once, then only read, by the loop and by all workers at a time. mbedTLS allows
 * that with a few exceptions, which are seen to here:
 *  I1  Random numbers come from the kernel, without state (tls_rng). The tables of AES and of secp256r1 are
 *      computed before the first server exists (tls_prime_tables, tls_step_prime).
 *  I2  An elliptic curve group computes a table of multiples of its base point at the first use and
 *      keeps it: load_pair makes one signature before anyone shares the key. (It also proves that
 *      the key can sign.) RSA blinding is locked by mbedTLS itself.
 *  I3  What is resumed is not mbedTLS's to keep: see tls_sessions.c. Who the peer is comes with the session as a
 *      whole certificate, and whoever is told of a connection cannot tell, and need not, how it began.
 *
 * The chain of a client certificate is not judged: whoever proves the key is who the certificate
 * says, and the registry decides about the certificate. So the verify callback clears all flags and
 * the request names no CA. There are two configurations, with ALPN and without: see tls_hello.c.
 *
 * The default pairs belong to the configurations; on_server_name, which the workers run, gives a handshake
 * others when the name that the client asks for is theirs. */
#include "net/tls_compat.h"
#include "net/tls_priv.h"
#include "net/tls_step.h"

#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>

enum { SAN_DNS = 2 }; /* RFC 5280, section 4.2.1.6 */

struct pair {
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
};

struct tls_server {
    _Atomic unsigned refs;
    enum tls_client_cert client_cert;
    struct tls_sessions *sessions; /* or NULL */
    struct pair *pairs;
    size_t pair_count;
    size_t default_count;
    mbedtls_ssl_config configs[2]; /* [0] without ALPN, [1] with it */
};

const char *const tls_protocols[] = { "x-amzn-mqtt-ca", "mqtt", "x-amzn-http-ca", "http/1.1",
                                      NULL };

static const int suites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    0,
};

static int mbed_fail(struct diag *diag, int code, int rc, const char *what)
{
    char text[128];
    mbedtls_strerror(rc, text, sizeof text);
    return diag_set(diag, code, "%s: %s", what, text);
}

/* mbedTLS wants PEM with its terminating zero. */
static int parse_chain(mbedtls_x509_crt *chain, struct slice pem, struct diag *diag)
{
    char *text = xstrndup(pem.ptr, pem.len);
    int rc = mbedtls_x509_crt_parse(chain, (unsigned char *)text, pem.len + 1);
    free(text);
    if (rc > 0) return diag_set(diag, ERR_CERT, "%d certificates of the chain are unreadable", rc);
    return rc < 0 ? mbed_fail(diag, ERR_CERT, rc, "the certificate is unreadable") : 0;
}

static int parse_key(mbedtls_pk_context *key, struct slice pem, struct diag *diag)
{
    char *text = xstrndup(pem.ptr, pem.len);
    int rc = tls_pk_parse(key, (unsigned char *)text, pem.len + 1);
    crypto_wipe(text, pem.len);
    free(text);
    return rc < 0 ? mbed_fail(diag, ERR_CRYPTO, rc, "the private key is unreadable") : 0;
}

static int prime_key(mbedtls_pk_context *key, struct diag *diag)
{
    unsigned char sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    static const unsigned char hash[32] = { 1 };
    size_t len;
    int rc = tls_pk_sign(key, hash, sig, &len);
    return rc < 0 ? mbed_fail(diag, ERR_CRYPTO, rc, "the private key cannot sign") : 0;
}

/* Puts the name in front of what went wrong. */
static int blame(struct diag *diag, int rc, const char *name)
{
    return rc < 0 && name ? diag_wrap(diag, rc, "%s", name) : rc;
}

static int load_pair(struct pair *pair, const struct tls_pair *from, struct diag *diag)
{
    int rc = blame(diag, parse_chain(&pair->chain, from->chain_pem, diag), from->chain_name);
    if (rc < 0) return rc;
    rc = parse_key(&pair->key, from->key_pem, diag);
    if (rc == 0 && tls_pk_check_pair(&pair->chain.pk, &pair->key) != 0)
        rc = diag_set(diag, ERR_CERT, "the private key does not belong to the certificate%s%s",
                      from->chain_name ? " in " : "", from->chain_name ? from->chain_name : "");
    if (rc < 0) return blame(diag, rc, from->key_name);
    tls_step_prepare_key(&pair->key);
    rc = prime_key(&pair->key, diag);
    return blame(diag, rc, from->key_name);
}

/* ---- which certificate ---- */

/* Is the DNS name in the certificate? any_first: as "*." and what follows the first label. */
static bool has_name(const mbedtls_x509_crt *crt, struct slice name, bool any_first)
{
    const char *dot = memchr(name.ptr, '.', name.len);
    size_t at = any_first && dot ? (size_t)(dot - name.ptr) : 0;
    if (any_first && at == 0) return false;
    for (const mbedtls_x509_sequence *san = &crt->subject_alt_names; san; san = san->next) {
        if ((san->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) != SAN_DNS) continue;
        struct slice known = slice_of((const char *)san->buf.p, san->buf.len);
        if (any_first && (known.len < 2 || known.ptr[0] != '*')) continue;
        if (any_first) known = slice_of(known.ptr + 1, known.len - 1);
        if (known.len == name.len - at && strncasecmp(known.ptr, name.ptr + at, known.len) == 0)
            return true;
    }
    return false;
}

static bool has_any_name(const mbedtls_x509_crt *crt)
{
    for (const mbedtls_x509_sequence *san = &crt->subject_alt_names; san; san = san->next)
        if ((san->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == SAN_DNS && san->buf.len) return true;
    return false;
}

/* On a worker: touches nothing but its own handshake. */
static int on_server_name(void *arg, mbedtls_ssl_context *ssl, const unsigned char *data,
                          size_t len)
{
    struct tls_server *server = arg;
    struct slice name = slice_of((const char *)data, len);
    bool found = false;
    for (int any_first = 0; any_first <= 1 && !found; any_first++) {
        for (size_t i = 0; i < server->pair_count; i++) {
            struct pair *pair = &server->pairs[i];
            if (!has_name(&pair->chain, name, any_first)) continue;
            int rc = mbedtls_ssl_set_hs_own_cert(ssl, &pair->chain, &pair->key);
            if (rc < 0) return rc;
            found = true;
        }
    }
    return 0; /* none: the default ones */
}

/* ---- settings ---- */

static int clear_flags(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    *flags = 0;
    return 0;
}

static int configure(struct tls_server *server, mbedtls_ssl_config *conf, bool alpn)
{
    int rc = mbedtls_ssl_config_defaults(conf, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                         MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc < 0) return rc;
    tls_conf_algorithms(conf);
    mbedtls_ssl_conf_ciphersuites(conf, suites);
    mbedtls_ssl_conf_rng(conf, tls_step_rng, NULL);
    mbedtls_ssl_conf_renegotiation(conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_authmode(conf, server->client_cert == TLS_CLIENT_NONE
                                        ? MBEDTLS_SSL_VERIFY_NONE
                                        : MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_verify(conf, clear_flags, NULL);
    mbedtls_ssl_conf_cert_req_ca_list(conf, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
    if (alpn) rc = mbedtls_ssl_conf_alpn_protocols(conf, (const char **)tls_protocols);
    mbedtls_ssl_conf_sni(conf, on_server_name, server);
    if (server->sessions) tls_sessions_configure(server, conf);
    for (size_t i = 0; i < server->default_count && rc == 0; i++)
        rc = mbedtls_ssl_conf_own_cert(conf, &server->pairs[i].chain, &server->pairs[i].key);
    return rc;
}

static struct tls_server *server_alloc(const struct tls_server_opts *opts)
{
    struct tls_server *server = xnew(struct tls_server);
    atomic_init(&server->refs, 1);
    server->client_cert = opts->client_cert;
    server->sessions = opts->sessions ? tls_sessions_ref(opts->sessions) : NULL;
    server->pairs = xcalloc(opts->pair_count, sizeof *server->pairs);
    server->pair_count = opts->pair_count;
    server->default_count = opts->default_count ? opts->default_count : 1;
    for (size_t i = 0; i < server->pair_count; i++) {
        mbedtls_x509_crt_init(&server->pairs[i].chain);
        mbedtls_pk_init(&server->pairs[i].key);
    }
    for (size_t i = 0; i < ARRAY_LEN(server->configs); i++)
        mbedtls_ssl_config_init(&server->configs[i]);
    return server;
}

static void server_free(struct tls_server *server)
{
    for (size_t i = 0; i < ARRAY_LEN(server->configs); i++)
        mbedtls_ssl_config_free(&server->configs[i]);
    for (size_t i = 0; i < server->pair_count; i++) {
        mbedtls_x509_crt_free(&server->pairs[i].chain);
        mbedtls_pk_free(&server->pairs[i].key);
    }
    tls_sessions_unref(server->sessions);
    free(server->pairs);
    free(server);
}

static int load_pairs(struct tls_server *server, const struct tls_server_opts *opts,
                      struct diag *diag)
{
    int rc = 0;
    for (size_t i = 0; i < server->pair_count && rc == 0; i++) {
        const struct tls_pair *from = &opts->pairs[i];
        rc = load_pair(&server->pairs[i], from, diag);
        if (rc == 0 && i >= server->default_count && !has_any_name(&server->pairs[i].chain))
            rc = blame(diag,
                       diag_set(diag, ERR_CERT,
                                "the certificate has no DNS name (subjectAltName) "
                                "that a client could ask for"),
                       from->chain_name);
    }
    return rc;
}

static void prime(void)
{
    tls_prime_tables();
    tls_step_prime();
}

int tls_server_create(struct tls_server **ret_server, const struct tls_server_opts *opts,
                      struct diag *diag)
{
    static pthread_once_t primed = PTHREAD_ONCE_INIT;
    pthread_once(&primed, prime);
    if (opts->pair_count == 0 || opts->default_count > opts->pair_count) BUG("no default pair");
    struct tls_server *server = server_alloc(opts);
    int rc = load_pairs(server, opts, diag);
    for (size_t i = 0; i < ARRAY_LEN(server->configs) && rc == 0; i++) {
        rc = configure(server, &server->configs[i], i == 1);
        if (rc < 0) rc = mbed_fail(diag, ERR_CRYPTO, rc, "TLS cannot be configured");
    }
    if (rc < 0) {
        server_free(server);
        return rc;
    }
    *ret_server = server;
    return 0;
}

struct tls_server *tls_server_ref(struct tls_server *server)
{
    atomic_fetch_add_explicit(&server->refs, 1, memory_order_relaxed);
    return server;
}

void tls_server_unref(struct tls_server *server)
{
    if (!server) return;
    if (atomic_fetch_sub_explicit(&server->refs, 1, memory_order_acq_rel) == 1) server_free(server);
}

const struct mbedtls_ssl_config *tls_server_config(const struct tls_server *server, bool alpn)
{
    return &server->configs[alpn];
}

enum tls_client_cert tls_server_client_cert(const struct tls_server *server)
{
    return server->client_cert;
}

struct tls_sessions *tls_server_sessions(const struct tls_server *server)
{
    return server->sessions;
}
