/* tls_peer.c — see tls_peer.h. */
#include "tls_peer.h"

#include "net/tls_compat.h"

#include <sys/socket.h>
#include <unistd.h>

static int bio_send(void *arg, const unsigned char *data, size_t len)
{
    ssize_t sent = send(*(int *)arg, data, len, MSG_NOSIGNAL);
    if (sent >= 0) return (int)sent;
    return errno == EAGAIN || errno == ENOTCONN ? MBEDTLS_ERR_SSL_WANT_WRITE
                                                : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int bio_recv(void *arg, unsigned char *ret_data, size_t len)
{
    ssize_t got = recv(*(int *)arg, ret_data, len, 0);
    if (got >= 0) return (int)got;
    return errno == EAGAIN || errno == ENOTCONN ? MBEDTLS_ERR_SSL_WANT_READ
                                                : MBEDTLS_ERR_SSL_CONN_EOF;
}

static void load_cert(struct tls_peer *client, const struct tls_peer_opts *opts)
{
    assert_int_equal(mbedtls_x509_crt_parse(&client->cert, (const unsigned char *)opts->cert,
                                            strlen(opts->cert) + 1),
                     0);
    assert_int_equal(
        tls_pk_parse(&client->key, (const unsigned char *)opts->key, strlen(opts->key) + 1), 0);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&client->conf, &client->cert, &client->key), 0);
}

static void configure(struct tls_peer *client, const struct tls_peer_opts *opts)
{
    mbedtls_ssl_config *conf = &client->conf;
    mbedtls_ssl_config_defaults(conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_rng(conf, tls_rng, NULL);
    if (opts->cert) load_cert(client, opts);
    if (opts->alpn) assert_int_equal(mbedtls_ssl_conf_alpn_protocols(conf, opts->alpn), 0);
    if (opts->suite) {
        client->suites[0] = opts->suite;
        mbedtls_ssl_conf_ciphersuites(conf, client->suites);
    }
    if (opts->max_fragment)
        assert_int_equal(mbedtls_ssl_conf_max_frag_len(conf, opts->max_fragment), 0);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    mbedtls_ssl_conf_max_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
#else
    if (opts->tls11) mbedtls_ssl_conf_max_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, 2);
    if (opts->curve) {
        client->curves[0] = opts->curve;
        client->curves[1] = MBEDTLS_ECP_DP_SECP256R1;
        mbedtls_ssl_conf_curves(conf, client->curves);
    }
#endif
    mbedtls_ssl_conf_session_tickets(conf, !opts->no_tickets);
    mbedtls_ssl_conf_extended_master_secret(conf, !opts->no_extended_ms);
    if (opts->renegotiation)
        mbedtls_ssl_conf_renegotiation(conf, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
}

void tls_peer_init(struct tls_peer *client, uint16_t port, const struct tls_peer_opts *opts)
{
    static const struct tls_peer_opts none;
    if (!opts) opts = &none;
    memset(client, 0, sizeof *client);
    client->fd = client_connect(port);
    mbedtls_ssl_init(&client->ssl);
    mbedtls_ssl_config_init(&client->conf);
    mbedtls_x509_crt_init(&client->cert);
    mbedtls_pk_init(&client->key);
    configure(client, opts);
    assert_int_equal(mbedtls_ssl_setup(&client->ssl, &client->conf), 0);
    if (opts->sni) assert_int_equal(mbedtls_ssl_set_hostname(&client->ssl, opts->sni), 0);
    if (opts->session) assert_int_equal(mbedtls_ssl_set_session(&client->ssl, opts->session), 0);
    mbedtls_ssl_set_bio(&client->ssl, &client->fd, bio_send, bio_recv, NULL);
}

void tls_peer_deinit(struct tls_peer *client)
{
    if (client->fd >= 0) close(client->fd);
    mbedtls_ssl_free(&client->ssl);
    mbedtls_ssl_config_free(&client->conf);
    mbedtls_x509_crt_free(&client->cert);
    mbedtls_pk_free(&client->key);
    buf_deinit(&client->got);
}

static bool waits(int rc)
{
    return rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE;
}

bool tls_peer_shake(struct tls_peer *client)
{
    client->rc = mbedtls_ssl_handshake(&client->ssl);
    return !waits(client->rc);
}

int tls_peer_handshake(struct tls_peer *client)
{
    AWAIT(tls_peer_shake(client));
    return client->rc;
}

void tls_peer_write(struct tls_peer *client, const void *data, size_t len)
{
    const unsigned char *at = data;
    for (int turns = 0; len > 0; turns++) {
        assert_true(turns < 100000);
        client->rc = mbedtls_ssl_write(&client->ssl, at, len);
        if (waits(client->rc)) {
            loop_turn_wait(loop, 1);
            continue;
        }
        assert_true(client->rc > 0);
        at += client->rc;
        len -= (size_t)client->rc;
    }
}

bool tls_peer_read(struct tls_peer *client)
{
    for (;;) {
        unsigned char block[16384];
        client->rc = mbedtls_ssl_read(&client->ssl, block, sizeof block);
        if (client->rc <= 0) return waits(client->rc);
        if ((size_t)client->rc > client->largest) client->largest = (size_t)client->rc;
        buf_append(&client->got, block, (size_t)client->rc);
    }
}
