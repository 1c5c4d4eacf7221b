/* x509_ext.c — extensions of certificates and lists, and alternative names in them (RFC 5280, sections 4.2,
 * 4.2.1.6 and 4.2.1.7). Read here, since mbedTLS knows no names of issuers and none that are directory names. */
#include "base/err.h"
#include "base/text.h"
#include "crypto/der_priv.h"
#include "crypto/x509_priv.h"

#include <arpa/inet.h>

int x509_ext_next(struct slice *list, struct x509_ext *ret_ext, struct diag *diag)
{
    if (list->len == 0) return 0;
    struct slice one, critical;
    struct x509_ext ext = { 0 };
    bool fine = der_take(list, DER_SEQUENCE, &one) && der_take(&one, DER_OID, &ext.oid);
    if (fine && der_take(&one, DER_BOOLEAN, &critical))
        ext.critical = critical.len == 1 && critical.ptr[0] != 0;
    if (!fine || !der_take(&one, DER_OCTET_STRING, &ext.value) || one.len > 0)
        return diag_set(diag, ERR_CERT, "an extension cannot be read");
    *ret_ext = ext;
    return 1;
}

bool x509_find_extension(const mbedtls_x509_crt *crt, struct slice oid, struct slice *ret_value)
{
    struct slice whole = slice_of((const char *)crt->v3_ext.p, crt->v3_ext.len), list;
    struct x509_ext ext = { 0 };
    if (!der_take(&whole, DER_SEQUENCE, &list)) return false;
    while (x509_ext_next(&list, &ext, NULL) > 0) {
        if (!slice_eq(ext.oid, oid)) continue;
        *ret_value = ext.value;
        return true;
    }
    return false;
}

/* ---- alternative names ---- */

static int read_address(struct slice from, struct arena *arena, const char **ret_text,
                        struct diag *diag)
{
    char text[INET6_ADDRSTRLEN];
    if (from.len != 4 && from.len != 16)
        return diag_set(diag, ERR_CERT, "an alternative name is an IP address of %zu bytes",
                        from.len);
    inet_ntop(from.len == 4 ? AF_INET : AF_INET6, from.ptr, text, sizeof text);
    *ret_text = arena_strdup(arena, text);
    return 0;
}

static int read_ia5(struct slice from, struct arena *arena, const char **ret_text,
                    struct diag *diag)
{
    for (size_t i = 0; i < from.len; i++) {
        uint8_t byte = (uint8_t)from.ptr[i];
        if (byte < 0x20 || byte > 0x7e)
            return diag_set(diag, ERR_CERT, "an alternative name has the byte 0x%02x", byte);
    }
    *ret_text = arena_strndup(arena, from.ptr, from.len);
    return 0;
}

/* RFC 4514, section 2.4 */
static void put_escaped(struct buf *out, const char *value)
{
    size_t len = strlen(value);
    for (size_t i = 0; i < len; i++) {
        bool at_end = (i == 0 && strchr(" #", value[i])) || (i + 1 == len && value[i] == ' ');
        if (at_end || strchr(",+\"\\<>;", value[i])) buf_putc(out, '\\');
        buf_putc(out, value[i]);
    }
}

static int read_directory(struct slice from, struct arena *arena, const char **ret_text,
                          struct diag *diag)
{
    struct x509_name name;
    struct buf text = { 0 };
    int rc = x509_read_name_der(from, "directory name", arena, &name, diag);
    if (rc < 0) return rc;
    for (size_t i = name.count; i-- > 0;) {
        buf_printf(&text, "%s%s=", text.len ? "," : "", name.attrs[i].type);
        put_escaped(&text, name.attrs[i].value);
    }
    *ret_text = arena_strndup(arena, buf_str(&text), text.len);
    buf_deinit(&text);
    return 0;
}

/* GeneralName's context tags */
static const struct {
    int tag;
    enum x509_san_type type;
    int (*read)(struct slice from, struct arena *arena, const char **ret_text, struct diag *diag);
} san_kinds[] = {
    { DER_CONTEXT | 1, X509_SAN_EMAIL, read_ia5 },
    { DER_CONTEXT | 2, X509_SAN_DNS, read_ia5 },
    { DER_CONTEXT | DER_CONSTRUCTED | 4, X509_SAN_DIRECTORY, read_directory },
    { DER_CONTEXT | 6, X509_SAN_URI, read_ia5 },
    { DER_CONTEXT | 7, X509_SAN_IP, read_address },
};

static int read_san(int tag, struct slice from, struct arena *arena, struct x509_san *ret_san,
                    struct diag *diag)
{
    struct x509_san san = { X509_SAN_OTHER, "" };
    int rc = 0;
    for (size_t i = 0; i < sizeof san_kinds / sizeof *san_kinds; i++) {
        if (san_kinds[i].tag != tag) continue;
        san.type = san_kinds[i].type;
        rc = san_kinds[i].read(from, arena, &san.value, diag);
    }
    if (rc == 0) *ret_san = san;
    return rc;
}

static int count_names(struct slice list, size_t *ret_count, struct diag *diag)
{
    struct slice value;
    size_t count = 0;
    int tag;
    for (; list.len > 0; count++)
        if (!der_next(&list, &tag, &value))
            return diag_set(diag, ERR_CERT, "the alternative names cannot be read");
    if (count > X509_SAN_MAX)
        return diag_set(diag, ERR_CERT, "%zu alternative names; %d are accepted", count,
                        X509_SAN_MAX);
    *ret_count = count;
    return 0;
}

int x509_read_alt_names(const mbedtls_x509_crt *crt, struct slice oid, struct arena *arena,
                        const struct x509_san **ret_names, size_t *ret_count, struct diag *diag)
{
    struct slice value, list;
    size_t count = 0;
    int tag;
    if (!x509_find_extension(crt, oid, &value)) return 0;
    if (!der_take(&value, DER_SEQUENCE, &list) || value.len > 0)
        return diag_set(diag, ERR_CERT, "the alternative names cannot be read");
    int rc = count_names(list, &count, diag);
    if (rc < 0) return rc;
    struct x509_san *names = arena_array(arena, struct x509_san, count + 1);
    for (size_t i = 0; i < count && rc == 0; i++) {
        der_next(&list, &tag, &value); /* has been counted */
        rc = read_san(tag, value, arena, &names[i], diag);
    }
    if (rc < 0) return rc;
    *ret_names = names;
    *ret_count = count;
    return 0;
}
