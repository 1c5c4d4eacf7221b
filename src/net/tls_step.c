/* tls_step.c — see tls_step.h.
 *
 * mbedTLS 2.28 multiplies the base point of a curve by way of a table of its multiples, which it makes at the first
 * use of a group and keeps with the group. In a handshake every group is new: the one of the key exchange and the one
 * of the client's key. A table costs as much as the multiplication and more, twice in each handshake. There is one
 * for secp256r1 here, lent to those groups:
 *  I1  The table is made before the first handshake and only read after. mbedTLS reads it when the point is the
 *      base point, and changes it never.
 *  I2  A group has it only within the step that needs it: a group that is freed frees its table.
 * A key that came from a certificate or a file is of the kind "eckey" to mbedTLS, which copies it, without its table,
 * for each signature; one of the kind "ecdsa", of the same shape, is used as it is. So keys are made that.
 * The group of the key exchange is made in the midst of its step. The first that mbedTLS does with it is to draw the
 * private key, so that is where the table is lent: in the generator.
 *
 * mbedTLS takes up a ticket's session before it has picked a cipher suite and seen all extensions, and does not mind if
 * the suite (after a reload the server's keys may be of other kinds) or the fragment length is another than the
 * session's, while clients do. Such a session is dropped, and the handshake is a full one.
 *
 * mbedTLS 3 has constant tables and hides its insides; there, nothing is lent (and nothing resumed, see
 * tls_sessions.c). */
#include "net/tls_step.h"

#include "base/mem.h"

#include <mbedtls/ecp.h>
#if TLS_INSIDES
#include <mbedtls/ssl_internal.h>
#endif
#include <stdlib.h>

static _Thread_local struct tls_step *current;

struct tls_step *tls_step_current(void)
{
    return current;
}

#if TLS_INSIDES

static mbedtls_ecp_group with_table;

void tls_step_prime(void)
{
    mbedtls_mpi d;
    mbedtls_ecp_point q;
    mbedtls_mpi_init(&d);
    mbedtls_ecp_point_init(&q);
    mbedtls_ecp_group_init(&with_table);
    if (mbedtls_ecp_group_load(&with_table, MBEDTLS_ECP_DP_SECP256R1) == 0)
        mbedtls_ecp_gen_keypair(&with_table, &d, &q, tls_rng, NULL);
    mbedtls_ecp_point_free(&q);
    mbedtls_mpi_free(&d);
}

static void lend_table(mbedtls_ecp_group *group)
{
    if (group->id != with_table.id || group->T) return;
    group->T = with_table.T;
    group->T_size = with_table.T_size;
}

static void take_table(mbedtls_ecp_group *group)
{
    if (group->T != with_table.T) return;
    group->T = NULL;
    group->T_size = 0;
}

void tls_step_prepare_key(mbedtls_pk_context *key)
{
    if (mbedtls_pk_get_type(key) == MBEDTLS_PK_ECKEY)
        key->pk_info = mbedtls_pk_info_from_type(MBEDTLS_PK_ECDSA);
}

/* Of the client's key; NULL when that is not one of an elliptic curve. */
static mbedtls_ecp_group *client_group(const mbedtls_ssl_context *ssl)
{
    mbedtls_x509_crt *crt = ssl->session_negotiate->peer_cert;
    if (!crt) return NULL;
    tls_step_prepare_key(&crt->pk);
    return mbedtls_pk_can_do(&crt->pk, MBEDTLS_PK_ECDSA) ? &mbedtls_pk_ec(crt->pk)->grp : NULL;
}

int tls_step_rng(void *arg, unsigned char *ret_data, size_t len)
{
    if (current && current->ssl->state == MBEDTLS_SSL_SERVER_KEY_EXCHANGE)
        lend_table(&current->ssl->handshake->ecdh_ctx.grp);
    return tls_rng(arg, ret_data, len);
}

static int verify_step(mbedtls_ssl_context *ssl)
{
    mbedtls_ecp_group *group = client_group(ssl);
    if (group) lend_table(group);
    int rc = mbedtls_ssl_handshake_step(ssl);
    if (group) take_table(group);
    return rc;
}

static int exchange_step(mbedtls_ssl_context *ssl)
{
    int rc = mbedtls_ssl_handshake_step(ssl);
    take_table(&ssl->handshake->ecdh_ctx.grp);
    return rc;
}

/* What came from the ticket is overwritten in the course of a full handshake. */
static void drop_session(struct tls_step *step)
{
    step->ssl->handshake->resume = 0;
    step->ssl->handshake->new_session_ticket = 1;
    tls_step_deinit(step);
    step->resumed = false;
}

static int hello_step(struct tls_step *step)
{
    const mbedtls_ssl_context *ssl = step->ssl;
    int rc = mbedtls_ssl_handshake_step(step->ssl);
    if (step->resumed && (ssl->session_negotiate->ciphersuite != step->resumed_suite ||
                          ssl->session_negotiate->mfl_code != step->resumed_mfl_code))
        drop_session(step);
    return rc;
}

static int one_step(struct tls_step *step)
{
    switch (step->ssl->state) {
    case MBEDTLS_SSL_CLIENT_HELLO:
        return hello_step(step);
    case MBEDTLS_SSL_SERVER_KEY_EXCHANGE:
        return exchange_step(step->ssl);
    case MBEDTLS_SSL_CERTIFICATE_VERIFY:
        return verify_step(step->ssl);
    default:
        return mbedtls_ssl_handshake_step(step->ssl);
    }
}

#else

void tls_step_prime(void)
{
}

void tls_step_prepare_key(mbedtls_pk_context *key)
{
}

int tls_step_rng(void *arg, unsigned char *ret_data, size_t len)
{
    return tls_rng(arg, ret_data, len);
}

static int one_step(struct tls_step *step)
{
    return mbedtls_ssl_handshake_step(step->ssl);
}

#endif

int tls_step(struct tls_step *step)
{
    current = step;
    int rc = one_step(step);
    current = NULL;
    return rc;
}

void tls_step_deinit(struct tls_step *step)
{
    free(step->resumed_der);
    step->resumed_der = NULL;
    step->resumed_der_len = 0;
}
