/* Fuzz target of everything in crypto that reads what a peer sends. The first byte selects:
 *  'c' a certificate, read, written back, and checked against itself as its CA
 *  'l' a certificate, and behind its length of two bytes a revocation list of it as a CA
 *  'r' a certificate signing request       'k' a key       'p' a text with several certificates
 *  's' a sealed secret                     'h' a stored password hash (the rest is the hash) */
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/password.h"
#include "crypto/secret.h"
#include "crypto/x509_crl.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_certificate(struct slice text)
{
    struct arena arena = { 0 };
    struct x509_info info;
    struct diag diag = DIAG_INIT;
    int rc = x509_parse(text, &arena, &info, &diag);
    if (rc < 0 && !diag.text[0]) abort();
    if (rc == 0) {
        x509_check_time(&info, 0, &diag);
        x509_name_get(&info.subject, "CN", 0);
        for (size_t i = 0; i < info.san_count; i++)
            if (!info.sans[i].value) abort();
        for (size_t i = 0; i < info.issuer_san_count; i++)
            if (!info.issuer_sans[i].value) abort();
    }
    x509_check_client(text, &diag);
    x509_check_ca(text, &diag);
    x509_verify_issued(text, text, &diag);
    arena_deinit(&arena);
}

static void read_list(struct slice text)
{
    struct arena arena = { 0 };
    struct x509_crl_info info;
    struct diag diag = DIAG_INIT;
    if (text.len < 2) return;
    size_t ca = (size_t)((uint8_t)text.ptr[0] << 8 | (uint8_t)text.ptr[1]);
    text = slice_from(text, 2);
    if (ca > text.len) ca = text.len;
    int rc = x509_crl_read(slice_from(text, ca), slice_of(text.ptr, ca), &arena, &info, &diag);
    if (rc < 0 && !diag.text[0]) abort();
    for (size_t i = 0; rc == 0 && i < info.count; i++)
        if (!info.entries[i].serial) abort();
    arena_deinit(&arena);
}

static void read_request(struct slice text)
{
    struct arena arena = { 0 };
    struct x509_csr_info info;
    struct diag diag = DIAG_INIT;
    if (x509_csr_check(text, &arena, &info, &diag) < 0 && !diag.text[0]) abort();
    arena_deinit(&arena);
}

static void read_key(struct slice text)
{
    char *pem = NULL;
    key_public_pem(text, &pem, NULL);
    free(pem);
}

static void read_several(struct slice text)
{
    struct buf der = { 0 };
    while (x509_pem_next(&text, &der, NULL) == 0)
        buf_clear(&der);
    buf_deinit(&der);
}

static void read_secret(struct slice text)
{
    static const uint8_t key[SECRET_KEY_LEN] = { 1 };
    struct secret_box *box = secret_box_create(key);
    struct buf out = { 0 };
    if (secret_open(box, SLICE_LIT("label"), text, &out, NULL) == 0) abort();
    secret_wipe(&out);
    secret_box_close(box);
}

static void read_hash(struct slice text)
{
    char *hash = xstrndup(text.ptr, text.len);
    password_needs_rehash(hash); /* parses as password_verify() does, without the work */
    free(hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        char letter;
        void (*read)(struct slice text);
    } readers[] = {
        { 'c', read_certificate }, { 'r', read_request }, { 'k', read_key },  { 'p', read_several },
        { 's', read_secret },      { 'h', read_hash },    { 'l', read_list },
    };
    if (size == 0) return 0;
    char *text = xmalloc(size - 1); /* of exact size, so that overreads are seen */
    memcpy(text, data + 1, size - 1);
    crypto_init();
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        if (readers[i].letter == (char)data[0]) readers[i].read(slice_of(text, size - 1));
    }
    free(text);
    return 0;
}
