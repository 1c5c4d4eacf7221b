/* tls_setup.h — the servers of TLS, as the configuration and the data directory say it: their pairs, their sessions,
 * their workers. Loop thread only. */
#ifndef APP_TLS_SETUP_H
#define APP_TLS_SETUP_H

#include "base/diag.h"

struct config;
struct config_list;
struct data_dir;
struct expiry;
struct tls_server;
struct tls_sessions;

/* All is borrowed for the call. */
struct tls_setup {
    const struct config *conf;
    const struct config_list *names; /* of this host, for the hub's own certificates */
    struct data_dir *dir;
    struct tls_sessions *sessions;
    struct expiry *expiry; /* is told what is served */
};

/* One for each enum config_client_cert; ret_servers begins as NULLs. 0, or an error and those which could be made:
 * tls_setup_drop. */
int tls_setup_servers(const struct tls_setup *from, struct tls_server *ret_servers[3],
                      struct diag *diag);
/* Lets go of what is there; NULLs are left. */
void tls_setup_drop(struct tls_server *servers[3]);

/* Owned. */
struct tls_sessions *tls_setup_sessions(const struct config *conf);
/* For handshakes: as configured, else as many as there are cores. */
unsigned tls_setup_workers(const struct config *conf);

#endif
