/* host_names.h — the names and addresses by which this host may be reached, for its certificate. */
#ifndef APP_HOST_NAMES_H
#define APP_HOST_NAMES_H

#include <stddef.h>

struct host_names {
    char **items;
    size_t count;
};

/* Host name, host name.local, localhost, the addresses of all interfaces, and `more`; each once. */
void host_names_init(struct host_names *names, const char *const *more, size_t count);
void host_names_deinit(struct host_names *names);
/* The host name without its domain, of letters, digits, '-' and '.'; "thingd" when there is none. */
void host_name(char ret_name[256]);

#endif
