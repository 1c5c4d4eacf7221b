/* data_dir.h — the data directory: its lock, the master key, the hub's own CAs and server certificates.
 *
 *   thingd.lock         held by the process that uses the directory; its pid is written in it
 *   thingd.db           the database
 *   master.key          the key under which secrets are sealed
 *   ca.cert.pem         the hub's CA: ECDSA P-256, ten years; signs devices' certificates too
 *   ca.key.sealed       its key
 *   ca-rsa.cert.pem     its CA for clients that know no ECDSA: RSA-2048, ten years
 *   ca-rsa.key.sealed   its key
 *   server.cert.pem     the server certificate: P-256, 825 days
 *   server.key.sealed   its key
 *   server-rsa.cert.pem     another one, for those: RSA-2048, 825 days
 *   server-rsa.key.sealed   its key
 *   admin.json          the first administrator's key and token; may be moved away
 *   thingd.sock         the Unix socket
 *
 * Two CAs, since a whole chain is to be signed by what the client knows (RFC 5246, section 7.4.2).
 * Folder 0700, files 0600. Blocking; not thread safe. */
#ifndef APP_DATA_DIR_H
#define APP_DATA_DIR_H

#include "base/buf.h"
#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

struct secret_box;

/* In the order in which they are preferred. */
enum data_dir_kind { DATA_DIR_EC, DATA_DIR_RSA, DATA_DIR_KINDS };

struct data_dir_pair {
    char *cert_pem;
    char *key_pem;
};

struct data_dir {
    char *path; /* absolute */
    int lock;
    struct secret_box *secrets;
    char *ca_file; /* of DATA_DIR_EC */
    /* Each signs the server certificate of its kind; the first one those of devices too. Keys in guarded memory. */
    struct data_dir_pair cas[DATA_DIR_KINDS];
    struct data_dir_pair servers[DATA_DIR_KINDS]; /* NULL before data_dir_server_certs */
    bool is_new; /* there is no administrator yet: admin.json is to be written */
};

/* Opens, with `create` makes what is missing; a CA that is missing is made in any case, that of RSA in a second, on a
 * small machine in several. ERR_LOCKED when another process uses it (names its pid); ERR_NOT_FOUND when it
 * is not there and `create` is false. */
int data_dir_open(const char *path, bool create, struct data_dir **ret_dir, struct diag *diag);
void data_dir_close(struct data_dir *dir); /* accepts NULL; releases the lock */
/* "<path>/<name>", returned owned. */
char *data_dir_file(const struct data_dir *dir, const char *name);
/* "ca.cert.pem" and so on. */
const char *data_dir_ca_name(enum data_dir_kind kind);
/* Appends the certificates of the CAs of the data directory at this path, which may be in use: what clients trust.
 * One that is not there yet is left out, but for the first: an errno. */
int data_dir_read_cas(const char *path, struct buf *ret_pem, struct diag *diag);

/* Reads the server certificates. One that is missing, within 30 days of its end, signed by another CA than its
 * kind's, or made for other names than this host's (host name, host name.local, localhost, all local addresses,
 * `names`) is made anew, for the key that it has: who has pinned the key goes on. Where there is no key, one is made:
 * of RSA in a second, on a small machine in several. ret_renewed, which may be NULL: one was made. */
int data_dir_server_certs(struct data_dir *dir, const char *const *names, size_t count,
                          bool *ret_renewed, struct diag *diag);

/* Writes admin.json and ends is_new. */
int data_dir_write_admin(struct data_dir *dir, const char *access_key_id, const char *secret,
                         const char *token, struct diag *diag);

#endif
