/* tls_client.c — see tls_client.h.
 *
 * Unlike the server side, which leaves the judgement to the registry, a client judges the chain by
 * itself: mbedTLS checks signatures, times and names. Numeric addresses are checked here, since
 * mbedTLS 2.28 compares names only: no host name is set then (SNI must not carry an address
 * either), and the certificate's own addresses are looked at as it is verified. The first thing found
 * wrong is kept as a sentence, because a handshake's error code alone says "verification failed". */
#include "net/tls_client.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/x509.h"
#include "net/tls_compat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct tls_client {
    char *host;
    char *alpn;
    const char *protocols[2];       /* alpn and NULL */
    char address[INET6_ADDRSTRLEN]; /* of a numeric host, as x509_parse writes it; else "" */
    bool any_host;
    mbedtls_x509_crt ca, chain;
    mbedtls_pk_context key;
    mbedtls_ssl_config conf;
};

struct tls_call {
    const struct tls_client *client;
    int fd;
    short events;
    size_t retry; /* bytes that the write which waits has begun with: mbedTLS takes no others */
    mbedtls_ssl_context ssl;
};

/* ---- settings ---- */

static int mbed_fail(struct diag *diag, int code, int rc, const char *what)
{
    char text[128];
    mbedtls_strerror(rc, text, sizeof text);
    return diag_set(diag, code, "%s: %s", what, text);
}

/* mbedTLS wants PEM with its terminating zero. A list of CAs may have some that it cannot read. */
static int parse_certs(mbedtls_x509_crt *certs, struct slice pem, bool all, const char *what,
                       struct diag *diag)
{
    char *text = xstrndup(pem.ptr, pem.len);
    int rc = mbedtls_x509_crt_parse(certs, (unsigned char *)text, pem.len + 1);
    free(text);
    if (rc < 0) return mbed_fail(diag, ERR_CERT, rc, what);
    if (rc > 0 && all) return diag_set(diag, ERR_CERT, "%s: %d are unreadable", what, rc);
    return 0;
}

static int parse_own(struct tls_client *c, const struct tls_client_opts *opts, struct diag *diag)
{
    int rc = parse_certs(&c->chain, opts->cert_chain_pem, true, "the client certificate", diag);
    if (rc < 0) return rc;
    char *text = xstrndup(opts->key_pem.ptr, opts->key_pem.len);
    rc = tls_pk_parse(&c->key, (unsigned char *)text, opts->key_pem.len + 1);
    crypto_wipe(text, opts->key_pem.len);
    free(text);
    if (rc < 0) return mbed_fail(diag, ERR_CRYPTO, rc, "the private key");
    if (tls_pk_check_pair(&c->chain.pk, &c->key) != 0)
        return diag_set(diag, ERR_CERT, "the private key does not belong to the certificate");
    return 0;
}

static void take_host(struct tls_client *c, const char *host)
{
    uint8_t bytes[sizeof(struct in6_addr)];
    c->host = xstrdup(host);
    for (int i = 0; i < 2 && !c->address[0]; i++) {
        int family = i ? AF_INET6 : AF_INET;
        if (inet_pton(family, host, bytes) == 1)
            inet_ntop(family, bytes, c->address, sizeof c->address);
    }
}

static bool has_address(const struct tls_client *c, const mbedtls_x509_crt *crt)
{
    struct arena arena = { 0 };
    struct x509_info info;
    bool found = false;
    if (x509_parse(tls_crt_der(crt), &arena, &info, NULL) == 0)
        for (size_t i = 0; i < info.san_count && !found; i++)
            found = info.sans[i].type == X509_SAN_IP && strcmp(info.sans[i].value, c->address) == 0;
    arena_deinit(&arena);
    return found;
}

static int on_verify(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    const struct tls_client *c = arg;
    if (depth != 0) return 0;
    if (c->any_host)
        *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH;
    else if (c->address[0] && !has_address(c, crt))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

static int configure(struct tls_client *c, const struct tls_client_opts *opts)
{
    int rc = mbedtls_ssl_config_defaults(&c->conf, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc < 0) return rc;
    tls_conf_algorithms(&c->conf);
    mbedtls_ssl_conf_rng(&c->conf, tls_rng, NULL);
    mbedtls_ssl_conf_renegotiation(&c->conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_authmode(&c->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&c->conf, &c->ca, NULL);
    mbedtls_ssl_conf_verify(&c->conf, on_verify, c);
    if (opts->cert_chain_pem.len) rc = mbedtls_ssl_conf_own_cert(&c->conf, &c->chain, &c->key);
    if (rc == 0 && opts->alpn) rc = mbedtls_ssl_conf_alpn_protocols(&c->conf, c->protocols);
    return rc;
}

static int set_up(struct tls_client *c, const struct tls_client_opts *opts, struct diag *diag)
{
    int rc = parse_certs(&c->ca, opts->ca_pem, false, "the CA's certificate", diag);
    if (rc == 0 && opts->cert_chain_pem.len) rc = parse_own(c, opts, diag);
    if (rc < 0) return rc;
    rc = configure(c, opts);
    return rc < 0 ? mbed_fail(diag, ERR_CRYPTO, rc, "TLS cannot be configured") : 0;
}

int tls_client_create(struct tls_client **ret_client, const struct tls_client_opts *opts,
                      struct diag *diag)
{
    struct tls_client *c = xnew(struct tls_client);
    c->any_host = opts->any_host;
    take_host(c, opts->host);
    if (opts->alpn) c->protocols[0] = c->alpn = xstrdup(opts->alpn);
    mbedtls_x509_crt_init(&c->ca);
    mbedtls_x509_crt_init(&c->chain);
    mbedtls_pk_init(&c->key);
    mbedtls_ssl_config_init(&c->conf);
    int rc = set_up(c, opts, diag);
    if (rc < 0) {
        tls_client_destroy(c);
        return rc;
    }
    *ret_client = c;
    return 0;
}

void tls_client_destroy(struct tls_client *c)
{
    if (!c) return;
    mbedtls_ssl_config_free(&c->conf);
    mbedtls_pk_free(&c->key);
    mbedtls_x509_crt_free(&c->chain);
    mbedtls_x509_crt_free(&c->ca);
    free(c->alpn);
    free(c->host);
    free(c);
}

/* ---- one connection ---- */

static int bio_send(void *arg, const unsigned char *data, size_t len)
{
    const struct tls_call *c = arg;
    ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);
    if (n >= 0) return (int)n;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : -1;
}

static int bio_recv(void *arg, unsigned char *ret_data, size_t len)
{
    const struct tls_call *c = arg;
    ssize_t n = recv(c->fd, ret_data, len, 0);
    if (n >= 0) return (int)n;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : -1;
}

int tls_call_create(struct tls_call **ret_call, struct tls_client *client, int fd,
                    struct diag *diag)
{
    struct tls_call *c = xnew(struct tls_call);
    c->client = client;
    c->fd = fd;
    mbedtls_ssl_init(&c->ssl);
    int rc = mbedtls_ssl_setup(&c->ssl, &client->conf);
    if (rc == 0) rc = mbedtls_ssl_set_hostname(&c->ssl, client->address[0] ? NULL : client->host);
    if (rc < 0) {
        tls_call_destroy(c);
        return mbed_fail(diag, ERR_CRYPTO, rc, "TLS cannot be set up");
    }
    mbedtls_ssl_set_bio(&c->ssl, c, bio_send, bio_recv, NULL);
    *ret_call = c;
    return 0;
}

void tls_call_destroy(struct tls_call *c)
{
    if (!c) return;
    mbedtls_ssl_free(&c->ssl);
    free(c);
}

static bool wants(struct tls_call *c, int rc)
{
    if (rc != MBEDTLS_ERR_SSL_WANT_READ && rc != MBEDTLS_ERR_SSL_WANT_WRITE) return false;
    c->events = rc == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT;
    return true;
}

/* "... is made for other hosts than ..."; the rest in mbedTLS's words, which end their lines. */
static int judge(const struct tls_call *c, struct diag *diag)
{
    char text[256];
    uint32_t flags = mbedtls_ssl_get_verify_result(&c->ssl);
    if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
        return diag_set(diag, ERR_CERT, "the server's certificate is not made for '%s'",
                        c->client->host);
    if (mbedtls_x509_crt_verify_info(text, sizeof text, "", flags) < 0) text[0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return diag_set(diag, ERR_CERT, "the server's certificate is refused: %s", text);
}

int tls_call_handshake(struct tls_call *c, struct diag *diag)
{
    int rc = mbedtls_ssl_handshake(&c->ssl);
    if (rc == 0) return 0;
    if (wants(c, rc)) return -EAGAIN;
    if (rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) return judge(c, diag);
    if (rc == -1 || rc == MBEDTLS_ERR_SSL_CONN_EOF)
        return diag_set(diag, ERR_CLOSED, "the server ended the connection during the handshake");
    return mbed_fail(diag, ERR_CRYPTO, rc, "TLS handshake");
}

static ssize_t failed(struct tls_call *c, int rc, struct diag *diag)
{
    if (wants(c, rc)) return -EAGAIN;
    if (rc == -1) return diag_set(diag, ERR_CLOSED, "the connection was lost");
    return mbed_fail(diag, ERR_CRYPTO, rc, "TLS");
}

ssize_t tls_call_read(struct tls_call *c, void *data, size_t len, struct diag *diag)
{
    int rc = mbedtls_ssl_read(&c->ssl, data, len);
    if (rc >= 0) return rc;
    if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || rc == MBEDTLS_ERR_SSL_CONN_EOF) return 0;
    return failed(c, rc, diag);
}

ssize_t tls_call_write(struct tls_call *c, const void *data, size_t len, struct diag *diag)
{
    if (c->retry && c->retry < len) len = c->retry;
    int rc = mbedtls_ssl_write(&c->ssl, data, len);
    c->retry = rc == MBEDTLS_ERR_SSL_WANT_WRITE || rc == MBEDTLS_ERR_SSL_WANT_READ ? len : 0;
    return rc >= 0 ? rc : failed(c, rc, diag);
}

short tls_call_events(const struct tls_call *c)
{
    return c->events;
}

bool tls_call_pending(const struct tls_call *c)
{
    return mbedtls_ssl_get_bytes_avail(&c->ssl) > 0;
}

void tls_call_close(struct tls_call *c)
{
    mbedtls_ssl_close_notify(&c->ssl);
}
