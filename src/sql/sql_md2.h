/* sql_md2.h — the digest of RFC 1319, which no library has any more. A checksum, never a proof. */
#ifndef SQL_SQL_MD2_H
#define SQL_SQL_MD2_H

#include <stddef.h>
#include <stdint.h>

void sql_md2(const void *data, size_t len, uint8_t ret_digest[16]);

#endif
