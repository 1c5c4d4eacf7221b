/* address.h — addresses as accept would give them. */
#ifndef TESTS_LIB_ADDRESS_H
#define TESTS_LIB_ADDRESS_H

#include <sys/socket.h>

/* IPv4 or IPv6 in numbers; of any other text that of a Unix socket. */
struct sockaddr_storage address_of(const char *text);

#endif
