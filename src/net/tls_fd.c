/* tls_fd.c — TLS for clients without a loop (see tls_fd.h).
 *
 * The caller polls; here are only the steps. The chain is verified against the trusted certificates
 * and, where a name is given, the name against the certificate. mbedTLS 2.28 knows no addresses in
 * certificates, so a caller that connects to a bare address gives no name.
 *
 *  I1  A write that was told to wait is repeated with the length it had: mbedTLS has encrypted that
 *      record already and reports the length of the call in which it leaves. */
#include "net/tls_fd.h"

#include "base/err.h"
#include "base/mem.h"
#include "net/tls_compat.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

struct tls_trust {
    mbedtls_x509_crt ca;
    mbedtls_ssl_config config;
};

struct tls_fd {
    int fd;
    size_t held; /* length of the write that waits, 0: none */
    mbedtls_ssl_context ssl;
};

static int mbed_fail(struct diag *diag, int code, int rc, const char *what)
{
    char text[128];
    mbedtls_strerror(rc, text, sizeof text);
    return diag_set(diag, code, "%s: %s", what, text);
}

/* ---- trust ---------------------------------------------------------------------------------- */

static int load_ca(struct tls_trust *trust, struct slice pem, struct diag *diag)
{
    char *text = xstrndup(pem.ptr, pem.len);
    int rc = mbedtls_x509_crt_parse(&trust->ca, (unsigned char *)text, pem.len + 1);
    free(text);
    if (rc > 0) return diag_set(diag, ERR_CERT, "%d certificates are unreadable", rc);
    return rc < 0 ? mbed_fail(diag, ERR_CERT, rc, "the certificate is unreadable") : 0;
}

static int configure(struct tls_trust *trust, struct diag *diag)
{
    mbedtls_ssl_config *config = &trust->config;
    int rc = mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc < 0) return mbed_fail(diag, ERR_CRYPTO, rc, "TLS cannot be configured");
    tls_conf_algorithms(config);
    mbedtls_ssl_conf_rng(config, tls_rng, NULL);
    mbedtls_ssl_conf_ca_chain(config, &trust->ca, NULL);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    return 0;
}

int tls_trust_create(struct tls_trust **ret_trust, struct slice ca_pem, struct diag *diag)
{
    struct tls_trust *trust = xnew(struct tls_trust);
    mbedtls_x509_crt_init(&trust->ca);
    mbedtls_ssl_config_init(&trust->config);
    int rc = load_ca(trust, ca_pem, diag);
    if (rc == 0) rc = configure(trust, diag);
    if (rc < 0) {
        tls_trust_destroy(trust);
        return rc;
    }
    *ret_trust = trust;
    return 0;
}

void tls_trust_destroy(struct tls_trust *trust)
{
    if (!trust) return;
    mbedtls_ssl_config_free(&trust->config);
    mbedtls_x509_crt_free(&trust->ca);
    free(trust);
}

/* ---- one connection ------------------------------------------------------------------------- */

static int bio_send(void *arg, const unsigned char *data, size_t len)
{
    const struct tls_fd *tls = arg;
    ssize_t sent = send(tls->fd, data, len, MSG_NOSIGNAL);
    if (sent >= 0) return (int)sent;
    return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int bio_recv(void *arg, unsigned char *ret_data, size_t len)
{
    const struct tls_fd *tls = arg;
    ssize_t got = recv(tls->fd, ret_data, len, 0);
    if (got >= 0) return (int)got;
    return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_SSL_CONN_EOF;
}

int tls_fd_create(struct tls_fd **ret_tls, const struct tls_trust *trust, int fd, const char *host,
                  struct diag *diag)
{
    struct tls_fd *tls = xnew(struct tls_fd);
    tls->fd = fd;
    mbedtls_ssl_init(&tls->ssl);
    int rc = mbedtls_ssl_setup(&tls->ssl, &trust->config);
    if (rc == 0 && host) rc = mbedtls_ssl_set_hostname(&tls->ssl, host);
    if (rc < 0) {
        tls_fd_destroy(tls);
        return mbed_fail(diag, ERR_CRYPTO, rc, "TLS cannot be set up");
    }
    mbedtls_ssl_set_bio(&tls->ssl, tls, bio_send, bio_recv, NULL);
    *ret_tls = tls;
    return 0;
}

void tls_fd_destroy(struct tls_fd *tls)
{
    if (!tls) return;
    mbedtls_ssl_free(&tls->ssl);
    free(tls);
}

/* What mbedTLS says, as ours. */
static int code_of(int rc)
{
    if (rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE) return -EAGAIN;
    if (rc == MBEDTLS_ERR_SSL_CONN_EOF) return ERR_CLOSED;
    return rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED ? ERR_CERT : ERR_CRYPTO;
}

int tls_fd_handshake(struct tls_fd *tls, struct diag *diag)
{
    int rc = mbedtls_ssl_handshake(&tls->ssl);
    if (rc == 0) return 0;
    int code = code_of(rc);
    if (code == -EAGAIN) return code;
    if (code == ERR_CLOSED) return diag_set(diag, code, "the peer ended the TLS handshake");
    return mbed_fail(diag, code, rc, "TLS handshake");
}

ssize_t tls_fd_read(struct tls_fd *tls, void *ret_data, size_t len)
{
    int rc = mbedtls_ssl_read(&tls->ssl, ret_data, len);
    if (rc >= 0) return rc;
    return rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? 0 : code_of(rc);
}

ssize_t tls_fd_write(struct tls_fd *tls, const void *data, size_t len)
{
    int rc = mbedtls_ssl_write(&tls->ssl, data, tls->held ? tls->held : len);
    if (rc >= 0) {
        tls->held = 0;
        return rc;
    }
    int code = code_of(rc);
    if (code == -EAGAIN && !tls->held) tls->held = len;
    return code;
}
