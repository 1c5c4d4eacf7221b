/* x509_name.c — distinguished names as text, and as an identity.
 *
 * A value arrives in one of six string types; it leaves as UTF-8. What is no string (a bit string,
 * bytes which are not what their type says) leaves as '#' and hexadecimal, as RFC 4514 writes it,
 * since such certificates exist and their names are only shown. A zero byte in a string is refused:
 * it exists to make "admin\0.example" look like "admin" somewhere. The identity ignores the string
 * type, the case of ASCII letters, and the number of spaces (RFC 5280, section 7.1); a wrong match
 * costs nothing, since the signature decides. */
#include "crypto/x509_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/der_priv.h"
#include "crypto/digest.h"

#include <mbedtls/oid.h>

#define VALUE_MAX (4 * 1024) /* bytes of one attribute */

static void put_hex(const mbedtls_x509_buf *from, struct buf *out)
{
    buf_clear(out);
    buf_putc(out, '#');
    for (size_t i = 0; i < from->len; i++)
        buf_printf(out, "%02x", from->p[i]);
}

/* Code points of `width` bytes each, high byte first; false when one is none. */
static bool put_wide(const mbedtls_x509_buf *from, size_t width, struct buf *out)
{
    if (from->len % width != 0) return false;
    for (size_t i = 0; i < from->len; i += width) {
        uint32_t code = 0;
        for (size_t j = 0; j < width; j++)
            code = code << 8 | from->p[i + j];
        if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
        utf8_put(out, code);
    }
    return true;
}

static bool put_latin1(const mbedtls_x509_buf *from, struct buf *out)
{
    for (size_t i = 0; i < from->len; i++)
        utf8_put(out, from->p[i]);
    return true;
}

static bool put_utf8(const mbedtls_x509_buf *from, struct buf *out)
{
    buf_append(out, from->p, from->len);
    return utf8_valid(slice_of((const char *)from->p, from->len));
}

static bool put_text(const mbedtls_x509_buf *from, struct buf *out)
{
    switch (from->tag) {
    case MBEDTLS_ASN1_BMP_STRING:
        return put_wide(from, 2, out);
    case MBEDTLS_ASN1_UNIVERSAL_STRING:
        return put_wide(from, 4, out);
    case MBEDTLS_ASN1_T61_STRING:
        return utf8_valid(slice_of((const char *)from->p, from->len)) ? put_utf8(from, out)
                                                                      : put_latin1(from, out);
    case MBEDTLS_ASN1_UTF8_STRING:
    case MBEDTLS_ASN1_PRINTABLE_STRING:
    case MBEDTLS_ASN1_IA5_STRING:
        return put_utf8(from, out);
    default:
        return false;
    }
}

static int read_value(const mbedtls_x509_buf *from, const char *whose, struct buf *out,
                      struct diag *diag)
{
    buf_clear(out);
    if (from->len > VALUE_MAX)
        return diag_set(diag, ERR_CERT, "the %s has an attribute of %zu bytes", whose, from->len);
    if (from->len > 0 && !put_text(from, out)) put_hex(from, out);
    if (out->len > 0 && memchr(out->data, 0, out->len))
        return diag_set(diag, ERR_CERT, "the %s has a zero byte in a name", whose);
    return 0;
}

static const char *read_type(const mbedtls_x509_buf *oid, struct arena *arena)
{
    const char *name = NULL;
    if (mbedtls_oid_get_attr_short_name(oid, &name) == 0 && name) return name; /* static */
    char dotted[128];
    int len = mbedtls_oid_get_numeric_string(dotted, sizeof dotted, oid);
    return arena_strdup(arena, len > 0 ? dotted : "?");
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Values hold no zero byte, so it can end type and value without ambiguity. */
static void digest_attr(const struct x509_attr *attr, struct crypto_sha256_state *digest)
{
    struct buf norm = { 0 };
    buf_append(&norm, attr->type, strlen(attr->type) + 1);
    bool space = false, started = false;
    for (const char *at = attr->value; *at; at++) {
        if (*at == ' ') {
            space = started;
            continue;
        }
        if (space) buf_putc(&norm, ' ');
        buf_putc(&norm, lower(*at));
        space = false;
        started = true;
    }
    buf_putc(&norm, '\0');
    crypto_sha256_update(digest, norm.data, norm.len);
    buf_deinit(&norm);
}

static void digest_name(const struct x509_attr *attrs, size_t count, char ret_id[X509_ID_LEN])
{
    struct crypto_sha256_state state;
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_sha256_init(&state);
    for (size_t i = 0; i < count; i++)
        digest_attr(&attrs[i], &state);
    crypto_sha256_final(&state, digest);
    hex_encode(digest, sizeof digest, ret_id);
}

/* An empty name is one node without a type. */
static size_t count_attrs(const mbedtls_x509_name *name)
{
    size_t count = 0;
    for (; name; name = name->next)
        count += name->oid.p != NULL;
    return count;
}

static int read_attrs(const mbedtls_x509_name *name, const char *whose, struct arena *arena,
                      struct x509_attr *attrs, struct diag *diag)
{
    struct buf text = { 0 };
    int rc = 0;
    for (size_t n = 0; name && rc == 0; name = name->next) {
        if (!name->oid.p) continue;
        rc = read_value(&name->val, whose, &text, diag);
        if (rc < 0) break;
        attrs[n].type = read_type(&name->oid, arena);
        attrs[n++].value = arena_strndup(arena, buf_str(&text), text.len);
    }
    buf_deinit(&text);
    return rc;
}

int x509_read_name(const mbedtls_x509_name *name, const char *whose, struct arena *arena,
                   struct x509_name *ret_name, struct diag *diag)
{
    size_t count = count_attrs(name);
    if (count > X509_ATTR_MAX)
        return diag_set(diag, ERR_CERT, "the %s has %zu attributes; %d are accepted", whose, count,
                        X509_ATTR_MAX);
    struct x509_attr *attrs = arena_array(arena, struct x509_attr, count + 1);
    int rc = read_attrs(name, whose, arena, attrs, diag);
    if (rc < 0) return rc;
    ret_name->attrs = attrs;
    ret_name->count = count;
    digest_name(attrs, count, ret_name->id);
    return 0;
}

static bool take_attr(struct slice *set, mbedtls_x509_name *ret_node)
{
    struct slice attr, oid, value;
    int tag;
    if (!der_take(set, DER_SEQUENCE, &attr) || !der_take(&attr, DER_OID, &oid) ||
        !der_next(&attr, &tag, &value) || attr.len > 0)
        return false;
    *ret_node = (mbedtls_x509_name){
        .oid = { DER_OID, oid.len, (unsigned char *)(uintptr_t)oid.ptr },
        .val = { tag, value.len, (unsigned char *)(uintptr_t)value.ptr },
    };
    return true;
}

/* As the library lists a name, but the nodes are the arena's. */
static bool list_attrs(struct slice der, struct arena *arena, mbedtls_x509_name *first)
{
    struct slice rdns, set;
    mbedtls_x509_name *last = NULL;
    if (!der_take(&der, DER_SEQUENCE, &rdns) || der.len > 0) return false;
    while (rdns.len > 0) {
        if (!der_take(&rdns, DER_SET, &set)) return false;
        while (set.len > 0) {
            mbedtls_x509_name *node = last ? arena_new(arena, mbedtls_x509_name) : first;
            if (!take_attr(&set, node)) return false;
            if (last) last->next = node;
            last = node;
        }
    }
    return true;
}

int x509_read_name_der(struct slice der, const char *whose, struct arena *arena,
                       struct x509_name *ret_name, struct diag *diag)
{
    mbedtls_x509_name first = { 0 };
    if (!list_attrs(der, arena, &first))
        return diag_set(diag, ERR_CERT, "the %s is no name", whose);
    return x509_read_name(&first, whose, arena, ret_name, diag);
}

const char *x509_name_get(const struct x509_name *name, const char *type, size_t n)
{
    for (size_t i = 0; i < name->count; i++) {
        if (strcmp(name->attrs[i].type, type) == 0 && n-- == 0) return name->attrs[i].value;
    }
    return NULL;
}
