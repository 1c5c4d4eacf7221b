/* secret.c — see secret.h.
 *
 * A sealed text is: version (1 byte, 0x01), nonce (24), ciphertext with its tag (16 more).
 *  I1  The version byte and the label are authenticated with the text.
 *  I2  A nonce is 192 random bits, so no counter has to survive a restart or a restored backup.
 *  I3  The master key's file appears whole or not at all: it is written under another name,
 *      flushed, and linked into place. If two processes race, the first link wins and both read it.
 *
 * Losing the file loses every sealed secret, so one of a wrong shape is refused, never replaced. */
#include "crypto/secret.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    VERSION = 1,
    NONCE_LEN = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_LEN = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    FILE_MAX = 2 * SECRET_KEY_LEN + 2, /* the digits, CR and LF */
};

_Static_assert(SECRET_OVERHEAD == 1 + NONCE_LEN + TAG_LEN, "SECRET_OVERHEAD is wrong");
_Static_assert(SECRET_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "SECRET_KEY_LEN is wrong");

struct secret_box {
    uint8_t key[SECRET_KEY_LEN];
};

struct secret_box *secret_box_create(const uint8_t key[SECRET_KEY_LEN])
{
    struct secret_box *box = crypto_guarded_alloc(sizeof *box);
    memcpy(box->key, key, sizeof box->key);
    return box;
}

void secret_box_close(struct secret_box *box)
{
    crypto_guarded_free(box);
}

static int file_error(struct diag *diag, const char *what, const char *path)
{
    int rc = -errno;
    return diag_set(diag, rc, "%s '%s': %s", what, path, strerror(-rc));
}

/* Fills up to size bytes; a short count means the end of the file. */
static ssize_t read_all(int fd, void *ret_data, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, (char *)ret_data + len, size - len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

static int write_all(int fd, const void *data, size_t len)
{
    for (const char *at = data; len > 0;) {
        ssize_t put = write(fd, at, len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return -1;
        at += put;
        len -= (size_t)put;
    }
    return 0;
}

static int decode_key(struct slice text, uint8_t ret_key[SECRET_KEY_LEN])
{
    if (text.len == SECRET_KEY_LEN) {
        memcpy(ret_key, text.ptr, SECRET_KEY_LEN);
        return 0;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    return hex_decode(text, ret_key, SECRET_KEY_LEN);
}

static int check_mode(int fd, const char *path, mode_t forbidden, struct diag *diag)
{
    struct stat st;
    if (fstat(fd, &st) < 0) return file_error(diag, "cannot look at master key", path);
    if (!S_ISREG(st.st_mode))
        return diag_set(diag, ERR_INVALID, "master key '%s' is not a regular file", path);
    if (st.st_mode & forbidden)
        return diag_set(diag, ERR_DENIED,
                        "master key '%s' has mode %04o: others may touch it (chmod 600)", path,
                        (unsigned)(st.st_mode & 07777));
    return 0;
}

static int load_fd(int fd, const char *path, mode_t forbidden, struct secret_box **ret_box,
                   struct diag *diag)
{
    int rc = check_mode(fd, path, forbidden, diag);
    if (rc < 0) return rc;
    char text[FILE_MAX + 1];
    uint8_t key[SECRET_KEY_LEN];
    ssize_t len = read_all(fd, text, sizeof text);
    if (len < 0) {
        rc = file_error(diag, "cannot read master key", path);
    } else if (len > FILE_MAX || decode_key(slice_of(text, (size_t)len), key) < 0) {
        rc = diag_set(diag, ERR_INVALID,
                      "master key '%s' is neither 32 bytes nor 64 hexadecimal digits", path);
    } else {
        *ret_box = secret_box_create(key);
    }
    crypto_wipe(text, sizeof text);
    crypto_wipe(key, sizeof key);
    return rc;
}

static int load_file(const char *path, mode_t forbidden, struct secret_box **ret_box,
                     struct diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return file_error(diag, "cannot open master key", path);
    int rc = load_fd(fd, path, forbidden, ret_box, diag);
    close(fd);
    return rc;
}

static int sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        !slash ? xstrdup(".") : xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0) return -1;
    int rc = fsync(fd);
    int why = errno;
    close(fd);
    errno = why;
    return rc;
}

/* Gives the file its name unless that is taken. Some file systems have no links. */
static int put_in_place(const char *temporary, const char *path)
{
    int rc = link(temporary, path);
    if (rc < 0 && errno != EEXIST) {
        rc = renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE);
        if (rc == 0) return 0;
    }
    if (rc < 0 && errno != EEXIST) return -1;
    unlink(temporary);
    return 0;
}

static int write_new_key(int fd)
{
    uint8_t key[SECRET_KEY_LEN];
    char text[2 * SECRET_KEY_LEN + 2];
    rand_system_bytes(key, sizeof key);
    hex_encode(key, sizeof key, text);
    text[2 * SECRET_KEY_LEN] = '\n';
    int rc = write_all(fd, text, 2 * SECRET_KEY_LEN + 1);
    if (rc == 0) rc = fsync(fd);
    crypto_wipe(key, sizeof key);
    crypto_wipe(text, sizeof text);
    return rc;
}

static int create_file(const char *path, struct diag *diag)
{
    char *temporary = xasprintf("%s.XXXXXX", path);
    int rc = 0;
    int fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
    if (fd < 0) {
        rc = file_error(diag, "cannot create master key", path);
        goto free_name;
    }
    if (write_new_key(fd) < 0 || put_in_place(temporary, path) < 0 || sync_folder_of(path) < 0) {
        rc = file_error(diag, "cannot write master key", path);
        unlink(temporary);
    }
    close(fd);
free_name:
    free(temporary);
    return rc;
}

int secret_box_open(const char *path, bool create, struct secret_box **ret_box, struct diag *diag)
{
    if (create && access(path, F_OK) < 0 && errno == ENOENT) {
        int rc = create_file(path, diag);
        if (rc < 0) return rc;
    }
    return load_file(path, create ? 077 : 07, ret_box, diag);
}

/* What is authenticated with the text: the version and the label. */
static size_t make_context(struct slice label, uint8_t ret_context[1 + SECRET_LABEL_MAX])
{
    ret_context[0] = VERSION;
    if (label.len > 0) memcpy(ret_context + 1, label.ptr, label.len);
    return 1 + label.len;
}

int secret_seal(const struct secret_box *box, struct slice label, struct slice text,
                struct buf *ret_sealed)
{
    if (label.len > SECRET_LABEL_MAX || text.len > SECRET_TEXT_MAX) return ERR_TOO_LARGE;
    uint8_t context[1 + SECRET_LABEL_MAX];
    size_t context_len = make_context(label, context);
    uint8_t *out = (uint8_t *)buf_reserve(ret_sealed, text.len + SECRET_OVERHEAD);
    uint8_t *nonce = out + 1;
    out[0] = VERSION;
    rand_system_bytes(nonce, NONCE_LEN);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_LEN, NULL, (const uint8_t *)text.ptr,
                                               text.len, context, context_len, NULL, nonce,
                                               box->key);
    ret_sealed->len += text.len + SECRET_OVERHEAD;
    ret_sealed->data[ret_sealed->len] = '\0';
    return 0;
}

int secret_open(const struct secret_box *box, struct slice label, struct slice sealed,
                struct buf *ret_text, struct diag *diag)
{
    if (label.len > SECRET_LABEL_MAX || sealed.len > SECRET_TEXT_MAX + SECRET_OVERHEAD)
        return diag_set(diag, ERR_TOO_LARGE, "a sealed secret is too large");
    if (sealed.len > 0 && sealed.ptr[0] != VERSION)
        return diag_set(diag, ERR_NEWER, "a sealed secret has the unknown version %d",
                        (uint8_t)sealed.ptr[0]);
    if (sealed.len < SECRET_OVERHEAD)
        return diag_set(diag, ERR_CRYPTO, "a sealed secret is cut short");

    uint8_t context[1 + SECRET_LABEL_MAX];
    size_t context_len = make_context(label, context);
    const uint8_t *nonce = (const uint8_t *)sealed.ptr + 1;
    size_t len = sealed.len - SECRET_OVERHEAD;
    char *out = buf_reserve(ret_text, len + 1);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)out, NULL, NULL, nonce + NONCE_LEN,
                                                   len + TAG_LEN, context, context_len, nonce,
                                                   box->key) != 0) {
        *out = '\0';
        return diag_set(diag, ERR_CRYPTO,
                        "a sealed secret does not open: another master key, or altered bytes");
    }
    out[len] = '\0';
    ret_text->len += len;
    return 0;
}

void secret_wipe(struct buf *buf)
{
    if (buf->data) crypto_wipe(buf->data, buf->cap);
    buf_deinit(buf);
}
