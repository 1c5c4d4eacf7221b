/* tls_reason.c — see tls_reason.h. Two tables: what the client has complained of, and what the library has. What is in
 * neither is told in the library's words. */
#include "net/tls_reason.h"

#include "base/mem.h"
#include "net/tls_compat.h"
#include "net/tls_hello.h"

#include <stdio.h>

#define TRUST_OURS                                                  \
    "give it ca.cert.pem of the data directory as its root CA, or " \
    "ca-rsa.cert.pem when it knows RSA alone"

/* Names of alerts: RFC 5246, section 7.2, and RFC 8446, section 6. */
static const struct {
    int alert;
    const char *text;
} alerts[] = {
    { 40, "the client found no parameters that it can use (alert handshake_failure): allow TLS 1.2 "
          "with an ECDHE "
          "suite in it" },
    { 42, "the client refuses the hub's certificate (alert bad_certificate): " TRUST_OURS
          ", and call the hub by a name or an address that is in its certificate" },
    { 43, "the client cannot use this kind of certificate (alert unsupported_certificate): does it "
          "know the key of "
          "the hub's certificate, RSA or P-256?" },
    { 45, "the client holds the hub's certificate for expired (alert certificate_expired): set the "
          "client's clock, or "
          "renew the certificate" },
    { 46, "the client refuses the hub's certificate (alert certificate_unknown): " TRUST_OURS
          ", and call the hub by a name or an address that is in its certificate" },
    { 48, "the client does not trust the hub's certificate (alert unknown_ca): " TRUST_OURS },
    { 49, "the client refuses the hub (alert access_denied)" },
    { 51, "the client could not verify what the hub has signed (alert decrypt_error): is something "
          "between them that "
          "opens TLS?" },
    { 70, "the client does not speak the hub's version of TLS (alert protocol_version): allow TLS "
          "1.2 in it" },
    { 71, "the client wants a stronger key or hash (alert insufficient_security): lower its "
          "security level or replace "
          "the hub's certificate" },
    { 80, "the client failed inside (alert internal_error): look into its own log" },
    { 90, "the client has given up (alert user_canceled)" },
    { 120, "the client insists on an application protocol that the hub does not have (alert "
           "no_application_protocol): use mqtt, x-amzn-mqtt-ca, http/1.1 or no ALPN" },
};

static const struct {
    int rc;
    const char *text;
} failures[] = {
    { MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN, "the client and the hub have no cipher suite or no curve "
                                        "in common: allow ECDHE with AES-GCM, on secp256r1, "
                                        "in the client" },
    { MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION,
      "the client's version of TLS is too old or too new: allow TLS 1.2 in it" },
    { MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE, "the client has no certificate, and this listener "
                                             "needs one: give it its certificate and key" },
    { MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE, "the client's certificate cannot be read: is it X.509 in "
                                          "DER, with an RSA key or one on P-256 or P-384?" },
    { MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE_VERIFY,
      "the client's signature is not by the key of its certificate: certificate and key of the "
      "client do not belong "
      "together" },
    { MBEDTLS_ERR_ECP_VERIFY_FAILED, "the client's signature is not by the key of its certificate: "
                                     "certificate and key of the client do not belong "
                                     "together" },
    { MBEDTLS_ERR_RSA_VERIFY_FAILED, "the client's signature is not by the key of its certificate: "
                                     "certificate and key of the client do not belong "
                                     "together" },
    { MBEDTLS_ERR_SSL_BAD_HS_CLIENT_HELLO,
      "the client's first message is malformed: does it speak TLS 1.2?" },
    { MBEDTLS_ERR_SSL_INVALID_MAC, "a message of the client was changed on its way or wrongly "
                                   "encrypted: is something between them that opens "
                                   "TLS?" },
    { MBEDTLS_ERR_SSL_INVALID_RECORD,
      "the client sent what is no TLS: is the port the right one?" },
    { MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE,
      "the client sent a message out of its turn: update its TLS library" },
    { MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY,
      "the client has ended the handshake without saying why: look into its own log" },
};

static const char *of_alert(int alert)
{
    for (size_t i = 0; i < ARRAY_LEN(alerts); i++)
        if (alerts[i].alert == alert) return alerts[i].text;
    return NULL;
}

/* Codes of mbedTLS may have one of a lower module added. */
static const char *of_failure(int rc)
{
    for (size_t i = 0; i < ARRAY_LEN(failures); i++)
        if (failures[i].rc == rc || failures[i].rc == -(-rc & 0xff80)) return failures[i].text;
    return NULL;
}

void tls_reason(int rc, int alert, char *ret_text, size_t size)
{
    const char *text = alert == TLS_NO_ALERT ? of_failure(rc) : of_alert(alert);
    if (text)
        snprintf(ret_text, size, "%s", text);
    else if (alert != TLS_NO_ALERT)
        snprintf(ret_text, size, "the client has ended the handshake with alert %d", alert);
    else
        mbedtls_strerror(rc, ret_text, size);
}

int tls_alert_of(const char *records, size_t len)
{
    enum { RECORD_ALERT = 21, ALERT_SIZE = 2, CLOSE_NOTIFY = 0 };
    const uint8_t *at = (const uint8_t *)records, *end = at + len;
    int alert = TLS_NO_ALERT;
    while (end - at >= TLS_HEADER_SIZE) {
        ptrdiff_t size = at[3] << 8 | at[4];
        if (end - at - TLS_HEADER_SIZE < size) break;
        if (at[0] == RECORD_ALERT && size == ALERT_SIZE && at[TLS_HEADER_SIZE + 1] != CLOSE_NOTIFY)
            alert = at[TLS_HEADER_SIZE + 1];
        at += TLS_HEADER_SIZE + size;
    }
    return alert;
}
