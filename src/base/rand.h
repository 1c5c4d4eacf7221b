/* rand.h — the one source of chance. A test may replace it (tests/lib/rand_fake). */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/* From the kernel, always: keys of hash tables, key material. Thread safe. */
void rand_system_bytes(void *data, size_t len);
/* From the kernel through a buffer of the thread, or from the test's source. Thread safe. */
void rand_bytes(void *data, size_t len);
uint64_t rand_u64(void);
/* A UUID of version 4 (RFC 4122, section 4.4) in lower case. */
void rand_uuid(char ret_text[37]);

/* NULL puts the system's source back. Not for use while other threads run. */
typedef void (*rand_source_cb)(void *data, size_t len);
void rand_set_source(rand_source_cb source);

#endif
