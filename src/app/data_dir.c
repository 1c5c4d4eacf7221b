/* data_dir.c — see data_dir.h.
 * A first start may die at any moment: `admin.pending` marks a directory whose administrator was not yet
 * made known, so that the next start makes one. It goes when admin.json is on disk. */
#include "app/data_dir.h"

#include "app/host_names.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/secret.h"
#include "crypto/x509.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CA_DAYS = 3653, SERVER_DAYS = 825, RENEW_DAYS = 30, PEM_MAX = 256 * 1024 };

struct pair_files {
    const char *cert, *key; /* names */
};

static const struct kind {
    enum key_type key_type;
    const char *text;
    const char *ca_title;
    struct pair_files ca, server;
} kinds[DATA_DIR_KINDS] = {
    [DATA_DIR_EC] = { KEY_EC_P256,
                      "P-256",
                      "thingd CA",
                      { "ca.cert.pem", "ca.key.sealed" },
                      { "server.cert.pem", "server.key.sealed" } },
    [DATA_DIR_RSA] = { KEY_RSA_2048,
                       "RSA-2048",
                       "thingd RSA CA",
                       { "ca-rsa.cert.pem", "ca-rsa.key.sealed" },
                       { "server-rsa.cert.pem", "server-rsa.key.sealed" } },
};

char *data_dir_file(const struct data_dir *dir, const char *name)
{
    return xasprintf("%s/%s", dir->path, name);
}

const char *data_dir_ca_name(enum data_dir_kind kind)
{
    return kinds[kind].ca.cert;
}

int data_dir_read_cas(const char *path, struct buf *ret_pem, struct diag *diag)
{
    int rc = 0;
    for (int i = 0; i < DATA_DIR_KINDS && rc == 0; i++) {
        char *file = xasprintf("%s/%s", path, kinds[i].ca.cert);
        if (i == 0 || file_exists(file)) rc = file_read(file, PEM_MAX, ret_pem, diag);
        free(file);
    }
    return rc;
}

/* ---- the lock ---- */

static int take_lock(struct data_dir *dir, struct diag *diag)
{
    char *path = data_dir_file(dir, "thingd.lock");
    int rc = 0;
    dir->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (dir->lock < 0) {
        rc = diag_set(diag, -errno, "cannot open '%s': %s", path, strerror(errno));
    } else if (flock(dir->lock, LOCK_EX | LOCK_NB) < 0) {
        char pid[32] = "";
        ssize_t len = pread(dir->lock, pid, sizeof pid - 1, 0);
        pid[len > 0 ? len : 0] = '\0';
        rc = diag_set(diag, ERR_LOCKED,
                      "the data directory '%s' is in use by another thingd (process %s)", dir->path,
                      pid[0] ? pid : "unknown");
    } else {
        char pid[32];
        int len = snprintf(pid, sizeof pid, "%ld", (long)getpid());
        errno = ENOSPC; /* of a write that is cut short */
        if (ftruncate(dir->lock, 0) < 0 || pwrite(dir->lock, pid, (size_t)len, 0) != len)
            rc = diag_set(diag, -errno, "cannot write '%s': %s", path, strerror(errno));
    }
    free(path);
    return rc;
}

/* ---- certificates and sealed keys ---- */

static int read_text(const struct data_dir *dir, const char *name, char **ret_text,
                     struct diag *diag)
{
    char *path = data_dir_file(dir, name);
    struct buf text = { 0 };
    int rc = file_read(path, PEM_MAX, &text, diag);
    if (rc == 0) *ret_text = buf_take(&text, NULL);
    free(path);
    return rc;
}

static int read_sealed(const struct data_dir *dir, const char *name, char **ret_text,
                       struct diag *diag)
{
    char *path = data_dir_file(dir, name);
    struct buf sealed = { 0 }, text = { 0 };
    int rc = file_read(path, PEM_MAX, &sealed, diag);
    if (rc == 0) {
        rc = secret_open(dir->secrets, slice_str(name), buf_slice(&sealed), &text, diag);
        if (rc < 0) diag_wrap(diag, rc, "'%s'", path);
    }
    if (rc == 0) *ret_text = xstrndup(text.data, text.len);
    secret_wipe(&text);
    buf_deinit(&sealed);
    free(path);
    return rc;
}

static int write_text(const struct data_dir *dir, const char *name, struct slice text,
                      struct diag *diag)
{
    char *path = data_dir_file(dir, name);
    int rc = file_write(path, 0600, text, diag);
    free(path);
    return rc;
}

static int write_sealed(const struct data_dir *dir, const char *name, const char *text,
                        struct diag *diag)
{
    struct buf sealed = { 0 };
    int rc = secret_seal(dir->secrets, slice_str(name), slice_str(text), &sealed);
    if (rc < 0) return diag_set(diag, rc, "cannot seal %s", name);
    rc = write_text(dir, name, buf_slice(&sealed), diag);
    buf_deinit(&sealed);
    return rc;
}

/* The key first: a certificate on disk always has its key. */
static int write_pair(const struct data_dir *dir, const struct pair_files *files,
                      const struct data_dir_pair *pair, struct diag *diag)
{
    int rc = write_sealed(dir, files->key, pair->key_pem, diag);
    return rc < 0 ? rc : write_text(dir, files->cert, slice_str(pair->cert_pem), diag);
}

static void pair_deinit(struct data_dir_pair *pair)
{
    free(pair->cert_pem);
    crypto_free_secret(pair->key_pem);
    *pair = (struct data_dir_pair){ 0 };
}

/* ---- the CAs ---- */

static int read_ca(const struct data_dir *dir, const struct kind *kind,
                   struct data_dir_pair *ret_pair, struct diag *diag)
{
    int rc = read_text(dir, kind->ca.cert, &ret_pair->cert_pem, diag);
    return rc < 0 ? rc : read_sealed(dir, kind->ca.key, &ret_pair->key_pem, diag);
}

static int make_ca(const struct data_dir *dir, const struct kind *kind,
                   struct data_dir_pair *ret_pair, struct diag *diag)
{
    char host[256], name[300];
    host_name(host);
    snprintf(name, sizeof name, "%s of %.32s", kind->ca_title, host);
    int rc = x509_ca_create(kind->key_type, name, NULL, CA_DAYS, &ret_pair->cert_pem,
                            &ret_pair->key_pem, diag);
    return rc < 0 ? rc : write_pair(dir, &kind->ca, ret_pair, diag);
}

static int open_cas(struct data_dir *dir, struct diag *diag)
{
    int rc = 0;
    for (int i = 0; i < DATA_DIR_KINDS && rc == 0; i++) {
        struct data_dir_pair *pair = &dir->cas[i];
        char *path = data_dir_file(dir, kinds[i].ca.cert);
        rc = file_exists(path) ? read_ca(dir, &kinds[i], pair, diag)
                               : make_ca(dir, &kinds[i], pair, diag);
        if (pair->key_pem) pair->key_pem = crypto_guarded_text(pair->key_pem);
        free(path);
    }
    return rc;
}

/* ---- the server certificates ---- */

static bool has_name(const struct x509_info *info, const char *name)
{
    for (size_t i = 0; i < info->san_count; i++)
        if (strcasecmp(info->sans[i].value, name) == 0) return true;
    return false;
}

/* NULL, or why another one is needed. */
static const char *why_renew(const char *cert_pem, const char *ca_pem,
                             const struct host_names *names)
{
    struct arena arena = { 0 };
    struct x509_info info;
    const char *why = NULL;
    if (x509_parse(slice_str(cert_pem), &arena, &info, NULL) < 0)
        why = "it cannot be read";
    else if (x509_verify_issued(slice_str(cert_pem), slice_str(ca_pem), NULL) < 0)
        why = "another CA has signed it";
    else if (info.not_after_s - clock_real_ms() / 1000 < DAYS(RENEW_DAYS) / 1000)
        why = "it is near its end";
    for (size_t i = 0; !why && i < names->count; i++)
        if (!has_name(&info, names->items[i])) why = "this host has other names or addresses now";
    arena_deinit(&arena);
    return why;
}

/* NULL, or why the certificate must be made anew; the key is read where there is one. */
static const char *read_server(const struct data_dir *dir, enum data_dir_kind which,
                               const struct host_names *names, struct data_dir_pair *pair)
{
    const struct pair_files *files = &kinds[which].server;
    if (read_sealed(dir, files->key, &pair->key_pem, NULL) < 0) return "there is no key";
    if (read_text(dir, files->cert, &pair->cert_pem, NULL) < 0) return "there is none";
    if (key_check_pair(slice_str(pair->key_pem), slice_str(pair->cert_pem), NULL) < 0)
        return "it does not belong to its key"; /* a crash came between the two */
    return why_renew(pair->cert_pem, dir->cas[which].cert_pem, names);
}

static int issue_server(const struct data_dir_pair *ca, const struct host_names *names,
                        struct data_dir_pair *pair, struct diag *diag)
{
    char *cert = NULL;
    int rc = x509_issue(
        &(struct x509_issue_opts){
            .issuer_cert = slice_str(ca->cert_pem),
            .issuer_key_pem = slice_str(ca->key_pem),
            .subject_key_pem = slice_str(pair->key_pem),
            .common_name = names->items[0],
            .names = (const char *const *)names->items,
            .name_count = names->count,
            .days = SERVER_DAYS,
            .usage = X509_USE_SERVER,
        },
        &cert, diag);
    if (rc < 0) return rc;
    free(pair->cert_pem);
    pair->cert_pem = cert;
    return 0;
}

static int make_server(const struct data_dir *dir, enum data_dir_kind which,
                       const struct host_names *names, struct data_dir_pair *pair,
                       struct diag *diag)
{
    int rc = pair->key_pem ? 0 : key_create(kinds[which].key_type, &pair->key_pem, diag);
    if (rc == 0) rc = issue_server(&dir->cas[which], names, pair, diag);
    if (rc == 0) rc = write_pair(dir, &kinds[which].server, pair, diag);
    return rc;
}

/* What there was stays when it fails. */
static int take_server(struct data_dir *dir, enum data_dir_kind which,
                       const struct host_names *names, bool *renewed, struct diag *diag)
{
    struct data_dir_pair pair = { 0 };
    const char *why = read_server(dir, which, names, &pair);
    int rc = 0;
    if (why) {
        LOG(LOG_INFO, "app", "making a server certificate", LOG_S("kind", kinds[which].text),
            LOG_S("reason", why));
        rc = make_server(dir, which, names, &pair, diag);
    }
    if (rc < 0) {
        pair_deinit(&pair);
        return rc;
    }
    pair_deinit(&dir->servers[which]);
    dir->servers[which] = pair;
    *renewed |= why != NULL;
    return 0;
}

int data_dir_server_certs(struct data_dir *dir, const char *const *names, size_t count,
                          bool *ret_renewed, struct diag *diag)
{
    struct host_names all;
    bool renewed = false;
    int rc = 0;
    host_names_init(&all, names, count);
    for (int i = 0; i < DATA_DIR_KINDS && rc == 0; i++)
        rc = take_server(dir, (enum data_dir_kind)i, &all, &renewed, diag);
    host_names_deinit(&all);
    if (ret_renewed) *ret_renewed = renewed;
    return rc;
}

/* ---- the administrator ---- */

static int check_new(struct data_dir *dir, struct diag *diag)
{
    char *db = data_dir_file(dir, "thingd.db");
    char *pending = data_dir_file(dir, "admin.pending");
    int rc = 0;
    dir->is_new = !file_exists(db) || file_exists(pending);
    if (dir->is_new) rc = file_write(pending, 0600, slice_of("", 0), diag);
    free(db);
    free(pending);
    return rc;
}

int data_dir_write_admin(struct data_dir *dir, const char *access_key_id, const char *secret,
                         const char *token, struct diag *diag)
{
    struct json *admin = json_new_object();
    json_set_str(admin, "dataDir", dir->path);
    json_set_str(admin, "caFile", dir->ca_file);
    json_set_str(admin, "accessKeyId", access_key_id);
    json_set_str(admin, "secretAccessKey", secret);
    json_set_str(admin, "token", token);
    struct buf text = { 0 };
    json_print_pretty(admin, &text);
    buf_putc(&text, '\n');
    int rc = write_text(dir, "admin.json", buf_slice(&text), diag);
    secret_wipe(&text);
    json_free(admin);
    if (rc < 0) return rc;
    char *pending = data_dir_file(dir, "admin.pending");
    unlink(pending);
    free(pending);
    dir->is_new = false;
    return 0;
}

/* ---- life ---- */

/* Without `create`, nothing is written into what is no data directory. */
static int make_folder(const char *path, bool create, struct diag *diag)
{
    if (create) return file_make_dir(path, 0700, diag);
    char *key = xasprintf("%s/master.key", path);
    bool found = file_exists(key);
    free(key);
    return found ? 0 : diag_set(diag, ERR_NOT_FOUND, "there is no data directory '%s'", path);
}

int data_dir_open(const char *path, bool create, struct data_dir **ret_dir, struct diag *diag)
{
    int rc = make_folder(path, create, diag);
    if (rc < 0) return rc;
    struct data_dir *dir = xnew(struct data_dir);
    dir->lock = -1;
    dir->path = realpath(path, NULL);
    if (!dir->path) dir->path = xstrdup(path);
    dir->ca_file = data_dir_file(dir, kinds[DATA_DIR_EC].ca.cert);
    char *key_file = data_dir_file(dir, "master.key");
    rc = take_lock(dir, diag);
    if (rc == 0) rc = check_new(dir, diag);
    if (rc == 0) rc = secret_box_open(key_file, create && dir->is_new, &dir->secrets, diag);
    if (rc == 0) rc = open_cas(dir, diag);
    free(key_file);
    if (rc < 0) {
        data_dir_close(dir);
        return rc;
    }
    *ret_dir = dir;
    return 0;
}

void data_dir_close(struct data_dir *dir)
{
    if (!dir) return;
    secret_box_close(dir->secrets);
    free(dir->ca_file);
    for (int i = 0; i < DATA_DIR_KINDS; i++) {
        free(dir->cas[i].cert_pem);
        crypto_guarded_free(dir->cas[i].key_pem);
        pair_deinit(&dir->servers[i]);
    }
    if (dir->lock >= 0) close(dir->lock);
    free(dir->path);
    free(dir);
}
