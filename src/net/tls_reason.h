/* tls_reason.h — why a handshake has failed: one sentence with the cause and the remedy. */
#ifndef NET_TLS_REASON_H
#define NET_TLS_REASON_H

#include "base/slice.h"

/* rc: of mbedTLS. alert: what the peer has said, TLS_NO_ALERT: nothing. Appends no more than size - 1 bytes. */
enum { TLS_NO_ALERT = -1 };
void tls_reason(int rc, int alert, char *ret_text, size_t size);

/* The description of the last alert in whole records that are not encrypted (RFC 5246, section 7.2), but for
 * close_notify, which says nothing. */
int tls_alert_of(const char *records, size_t len);

#endif
