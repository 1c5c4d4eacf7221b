/* tls_setup.c — see tls_setup.h. Every text of a pair is wiped: a file of a certificate may hold the key as well. */
#include "app/tls_setup.h"

#include "app/data_dir.h"
#include "app/expiry.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "config/config.h"
#include "net/tls.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEM_MAX = 256 * 1024 };

static int read_pem(const char *path, char **ret_text, struct diag *diag)
{
    struct buf text = { 0 };
    int rc = file_read(path, PEM_MAX, &text, diag);
    if (rc == 0) *ret_text = buf_take(&text, NULL);
    return rc;
}

/* A pair of files, or of the data directory; the texts of its views, owned. */
struct pem_pair {
    char *cert, *key;
    char *cert_name, *key_name; /* NULL: the hub's own */
};

struct pem_pairs {
    struct pem_pair *items;
    size_t count;
    size_t default_count;
};

static void wipe(char *text)
{
    if (text) explicit_bzero(text, strlen(text));
    free(text);
}

static void pem_pairs_deinit(struct pem_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        wipe(pairs->items[i].cert);
        wipe(pairs->items[i].key);
        free(pairs->items[i].cert_name);
        free(pairs->items[i].key_name);
    }
    free(pairs->items);
}

/* Takes the names. */
static int read_pair(struct pem_pairs *pairs, char *cert_name, char *key_name, struct diag *diag)
{
    struct pem_pair *pair = &pairs->items[pairs->count++];
    pair->cert_name = cert_name;
    pair->key_name = key_name;
    int rc = read_pem(cert_name, &pair->cert, diag);
    return rc < 0 ? rc : read_pem(key_name, &pair->key, diag);
}

static int own_pairs(struct pem_pairs *pairs, const struct config_list *names, struct data_dir *dir,
                     struct diag *diag)
{
    int rc =
        data_dir_server_certs(dir, (const char *const *)names->items, names->count, NULL, diag);
    if (rc < 0) return rc;
    for (int i = 0; i < DATA_DIR_KINDS; i++)
        pairs->items[pairs->count++] = (struct pem_pair){
            .cert = xstrdup(dir->servers[i].cert_pem),
            .key = xstrdup(dir->servers[i].key_pem),
        };
    return 0;
}

static char *below(const struct data_dir *dir, struct slice path)
{
    char *text = xstrndup(path.ptr, path.len);
    if (*text == '/') return text;
    char *whole = data_dir_file(dir, text);
    free(text);
    return whole;
}

/* The default ones first: what is configured, else the hub's own. */
static int load_pairs(const struct config *conf, const struct config_list *names,
                      struct data_dir *dir, struct pem_pairs *ret_pairs, struct diag *diag)
{
    const struct config_list *more = &conf->tls.certificates;
    ret_pairs->items = xcalloc(more->count + DATA_DIR_KINDS, sizeof *ret_pairs->items);
    int rc = *conf->tls.cert
                 ? read_pair(ret_pairs, xstrdup(conf->tls.cert), xstrdup(conf->tls.key), diag)
                 : own_pairs(ret_pairs, names, dir, diag);
    ret_pairs->default_count = ret_pairs->count;
    for (size_t i = 0; i < more->count && rc == 0; i++) {
        struct slice cert, key;
        if (config_certificate_parse(more->items[i], &cert, &key) < 0)
            BUG("an item that was valid: %s", more->items[i]);
        rc = read_pair(ret_pairs, below(dir, cert), below(dir, key), diag);
    }
    return rc;
}

static int make_servers(const struct pem_pairs *pairs, struct tls_sessions *sessions,
                        struct tls_server *ret_tls[3], struct diag *diag)
{
    int rc = 0;
    struct tls_pair *views = xcalloc(pairs->count, sizeof *views);
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pem_pair *pair = &pairs->items[i];
        views[i] = (struct tls_pair){ slice_str(pair->cert), slice_str(pair->key), pair->cert_name,
                                      pair->key_name };
    }
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = tls_server_create(&ret_tls[i],
                               &(struct tls_server_opts){
                                   .pairs = views,
                                   .pair_count = pairs->count,
                                   .default_count = pairs->default_count,
                                   .client_cert = (enum tls_client_cert)i,
                                   .sessions = sessions,
                               },
                               diag);
    free(views);
    return rc;
}

static void watch_ends(struct expiry *expiry, const struct pem_pairs *pairs)
{
    struct expiry_cert *certs = xcalloc(pairs->count, sizeof *certs);
    for (size_t i = 0; i < pairs->count; i++)
        certs[i] =
            (struct expiry_cert){ pairs->items[i].cert_name, slice_str(pairs->items[i].cert) };
    expiry_serve(expiry, certs, pairs->count);
    free(certs);
}

int tls_setup_servers(const struct tls_setup *from, struct tls_server *ret_servers[3],
                      struct diag *diag)
{
    struct pem_pairs pairs = { 0 };
    int rc = load_pairs(from->conf, from->names, from->dir, &pairs, diag);
    if (rc == 0) rc = make_servers(&pairs, from->sessions, ret_servers, diag);
    if (rc == 0) watch_ends(from->expiry, &pairs);
    pem_pairs_deinit(&pairs);
    if (rc < 0) diag_wrap(diag, rc, "server certificate");
    return rc;
}

struct tls_sessions *tls_setup_sessions(const struct config *conf)
{
    return tls_sessions_create(&(struct tls_sessions_opts){
        .tickets = conf->tls.session_tickets,
        .cached = (size_t)conf->tls.session_cache,
        .lifetime_ms = conf->tls.session_lifetime,
        .key_ms = conf->tls.ticket_key_lifetime,
    });
}

void tls_setup_drop(struct tls_server *servers[3])
{
    for (int i = 0; i < 3; i++) {
        tls_server_unref(servers[i]);
        servers[i] = NULL;
    }
}

unsigned tls_setup_workers(const struct config *conf)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (conf->tls.handshake_workers) return (unsigned)conf->tls.handshake_workers;
    return cores < 1 ? 1 : (unsigned)cores;
}
