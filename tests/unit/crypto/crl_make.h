/* crl_make.h — revocation lists as a test wants them, right and wrong, of a CA whose key is EC. */
#ifndef TESTS_UNIT_CRL_MAKE_H
#define TESTS_UNIT_CRL_MAKE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct crl_make {
    const char *ca_cert, *ca_key; /* PEM */
    struct slice number;          /* bytes of the INTEGER; empty: no CRLNumber */
    int64_t this_update_s;
    int64_t next_update_s;      /* 0: none */
    const char *const *serials; /* in hexadecimal, ends with NULL; NULL: no list of entries */
    struct slice entry_ext;     /* DER of an extension that each entry gets */
    struct slice ext;           /* and of one that the list gets */
    bool sha1;
};

/* DER of one extension: critical, and not. The OID and the value as literals of bytes. */
#define CRL_EXT(oid, value)          crl_make_ext(SLICE_LIT(oid), SLICE_LIT(value), false)
#define CRL_CRITICAL_EXT(oid, value) crl_make_ext(SLICE_LIT(oid), SLICE_LIT(value), true)
/* Of the heap: the test keeps it to its end. */
struct slice crl_make_ext(struct slice oid, struct slice value, bool critical);
void crl_make_ext_free(struct slice ext);

/* PEM, returned owned. */
char *crl_make(const struct crl_make *what);

#endif
