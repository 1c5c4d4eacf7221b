/* Unit tests of certificates and requests. The fixtures come from OpenSSL (fixtures.sh). */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "fixtures.h"
#include "lib/test.h"

#include <mbedtls/x509_crt.h>

static int64_t fake_now_ms;

static int64_t fake_real_ms(void)
{
    return fake_now_ms;
}

static int64_t fake_mono_ns(void)
{
    return 0;
}

static const struct clock_source fake_clock = { fake_real_ms, fake_mono_ns };

/* Patches the DER of a PEM: every `from` becomes `to`, of the same length. */
static struct buf patched(const char *pem, struct slice from, struct slice to)
{
    struct buf der = { 0 };
    assert_int_equal(x509_pem_to_der(slice_str(pem), &der, NULL), 0);
    assert_int_equal(from.len, to.len);
    size_t found = 0;
    for (size_t i = 0; i + from.len <= der.len; i++) {
        if (memcmp(der.data + i, from.ptr, from.len) != 0) continue;
        memcpy(der.data + i, to.ptr, to.len);
        found++;
    }
    assert_true(found > 0);
    return der;
}

/* ---- reading ---- */

static void a_leaf_is_read_in_full(void **state)
{
    static const struct x509_attr subject[] = {
        { "C", "DE" },        { "CN", "leaf" },       { "dnQualifier", "q1" },
        { "title", "T" },     { "SN", "Sur" },        { "GN", "Given" },
        { "initials", "AB" }, { "pseudonym", "psi" }, { "generationQualifier", "Jr" },
    };
    static const struct x509_attr issuer[] = {
        { "C", "DE" },   { "O", "Foreign  Works" }, { "OU", "One" },        { "OU", "Two" },
        { "DC", "org" }, { "DC", "foreign" },       { "CN", "Foreign CA" },
    };
    static const struct x509_san sans[] = {
        { X509_SAN_DNS, "a.example" },  { X509_SAN_IP, "192.0.2.7" },
        { X509_SAN_IP, "2001:db8::1" }, { X509_SAN_EMAIL, "me@a.example" },
        { X509_SAN_URI, "urn:x:1" },    { X509_SAN_OTHER, "" },
    };
    struct arena arena = { 0 };
    struct x509_info info;
    struct diag diag = DIAG_INIT;
    assert_int_equal(x509_parse(slice_str(cert_leaf), &arena, &info, &diag), 0);
    assert_string_equal(info.id, cert_leaf_id);
    assert_true(info.not_before_s == cert_leaf_startdate);
    assert_true(info.not_after_s == cert_leaf_enddate);
    assert_string_equal(info.serial, "0085");
    assert_int_equal(info.version, 3);
    assert_false(info.is_ca);
    assert_false(info.is_self_issued);
    assert_int_equal(info.key_type, X509_KEY_EC);
    assert_int_equal(info.key_bits, 256);

    assert_int_equal(info.subject.count, ARRAY_LEN(subject));
    for (size_t i = 0; i < ARRAY_LEN(subject); i++) {
        assert_string_equal(info.subject.attrs[i].type, subject[i].type);
        assert_string_equal(info.subject.attrs[i].value, subject[i].value);
    }
    assert_int_equal(info.issuer.count, ARRAY_LEN(issuer));
    for (size_t i = 0; i < ARRAY_LEN(issuer); i++) {
        assert_string_equal(info.issuer.attrs[i].type, issuer[i].type);
        assert_string_equal(info.issuer.attrs[i].value, issuer[i].value);
    }
    assert_int_equal(info.san_count, ARRAY_LEN(sans));
    for (size_t i = 0; i < ARRAY_LEN(sans); i++) {
        assert_int_equal(info.sans[i].type, sans[i].type);
        assert_string_equal(info.sans[i].value, sans[i].value);
    }
    assert_string_equal(x509_name_get(&info.issuer, "OU", 0), "One");
    assert_string_equal(x509_name_get(&info.issuer, "OU", 1), "Two");
    assert_null(x509_name_get(&info.issuer, "OU", 2));
    assert_null(x509_name_get(&info.issuer, "serialNumber", 0));
    arena_deinit(&arena);
}

static void names_of_one_ca_have_one_id(void **state)
{
    struct arena arena = { 0 };
    struct x509_info leaf, ca, again, other;
    assert_int_equal(x509_parse(slice_str(cert_leaf), &arena, &leaf, NULL), 0);
    assert_int_equal(x509_parse(slice_str(cert_foreign_ca), &arena, &ca, NULL), 0);
    assert_int_equal(x509_parse(slice_str(cert_reencoded_ca), &arena, &again, NULL), 0);
    assert_int_equal(x509_parse(slice_str(cert_other_name_ca), &arena, &other, NULL), 0);
    assert_string_equal(ca.id, cert_foreign_ca_id);
    assert_true(ca.is_ca);
    assert_true(ca.is_self_issued);
    assert_string_equal(leaf.issuer.id, ca.subject.id);
    assert_string_equal(leaf.issuer.id, again.subject.id);
    assert_string_not_equal(leaf.issuer.id, other.subject.id);
    assert_string_not_equal(leaf.issuer.id, leaf.subject.id);
    assert_string_equal(ca.serial, "0100000000000000ff");
    arena_deinit(&arena);
}

static void strings_of_all_types_become_utf8(void **state)
{
    static const char *const certs[] = { cert_bmp, cert_t61 };
    for (size_t i = 0; i < ARRAY_LEN(certs); i++) {
        struct arena arena = { 0 };
        struct x509_info info;
        assert_int_equal(x509_parse(slice_str(certs[i]), &arena, &info, NULL), 0);
        assert_string_equal(x509_name_get(&info.subject, "CN", 0), "Ger\xc3\xa4t");
        arena_deinit(&arena);
    }
    /* A lone surrogate is no text: it is shown in hexadecimal. */
    struct buf der = patched(cert_bmp, slice_of("\0G\0e\0r", 6), slice_of("\xd8\0\0e\0r", 6));
    struct arena arena = { 0 };
    struct x509_info info;
    assert_int_equal(x509_parse(buf_slice(&der), &arena, &info, NULL), 0);
    assert_string_equal(x509_name_get(&info.subject, "CN", 0), "#d8000065007200e40074");
    arena_deinit(&arena);
    buf_deinit(&der);
    /* UniversalString: "leaf" is no code point */
    der = patched(cert_leaf, SLICE_LIT("\x0c\x04leaf"), SLICE_LIT("\x1c\x04leaf"));
    assert_int_equal(x509_parse(buf_slice(&der), &arena, &info, NULL), 0);
    assert_string_equal(x509_name_get(&info.subject, "CN", 0), "#6c656166");
    arena_deinit(&arena);
    buf_deinit(&der);
    der = patched(cert_leaf, SLICE_LIT("\x0c\x04leaf"), slice_of("\x1c\x04\0\1\xf6\0", 6));
    assert_int_equal(x509_parse(buf_slice(&der), &arena, &info, NULL), 0);
    assert_string_equal(x509_name_get(&info.subject, "CN", 0), "\xf0\x9f\x98\x80");
    arena_deinit(&arena);
    buf_deinit(&der);
}

static void zero_bytes_in_names_are_refused(void **state)
{
    static const struct {
        const char *pem;
        struct slice from, to;
    } cases[] = {
        { cert_leaf, SLICE_LIT("Foreign CA"), SLICE_LIT("Foreign\0CA") },
        { cert_leaf, SLICE_LIT("leaf"), SLICE_LIT("le\0f") },
        { cert_leaf, SLICE_LIT("me@a.example"), SLICE_LIT("me@a\0example") },
        { cert_leaf, SLICE_LIT("urn:x:1"), SLICE_LIT("urn:x:\0") },
        { cert_leaf, SLICE_LIT("urn:x:1"), SLICE_LIT("urn:x:\xe4") },
        { cert_leaf, SLICE_LIT("\x86\x07urn:x:1"), SLICE_LIT("\x87\x07urn:x:1") }, /* an address */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf der = patched(cases[i].pem, cases[i].from, cases[i].to);
        struct arena arena = { 0 };
        struct x509_info info;
        struct diag diag = DIAG_INIT;
        assert_int_equal(x509_parse(buf_slice(&der), &arena, &info, &diag), ERR_CERT);
        assert_true(diag.text[0] != 0);
        arena_deinit(&arena);
        buf_deinit(&der);
    }
}

static void every_truncation_and_many_alterations_are_survived(void **state)
{
    static const char *const certs[] = { cert_leaf, cert_rsa_ca, cert_pss, cert_v1 };
    for (size_t n = 0; n < ARRAY_LEN(certs); n++) {
        struct buf der = { 0 };
        assert_int_equal(x509_pem_to_der(slice_str(certs[n]), &der, NULL), 0);
        for (size_t i = 0; i < der.len; i++) {
            struct arena arena = { 0 };
            struct x509_info info;
            char *copy = xmemdup(der.data, i + 1); /* so that a read past the end is seen */
            assert_int_equal(x509_parse(slice_of(copy, i), &arena, &info, NULL), ERR_CERT);
            free(copy);
            der.data[i] ^= 0x41;
            x509_parse(buf_slice(&der), &arena, &info, NULL);
            x509_verify_issued(buf_slice(&der), slice_str(cert_foreign_ca), NULL);
            der.data[i] ^= 0x41;
            arena_deinit(&arena);
        }
        buf_putc(&der, 0);
        struct arena arena = { 0 };
        struct x509_info info;
        struct diag diag = DIAG_INIT;
        assert_int_equal(x509_parse(buf_slice(&der), &arena, &info, &diag), ERR_CERT);
        assert_non_null(strstr(diag.text, "1 bytes follow"));
        arena_deinit(&arena);
        buf_deinit(&der);
    }
}

static void hostile_pems_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *pem;
        const char *why;
    } cases[] = {
        { "", "empty" },
        { " ", "no certificate" },
        { "hello", "no certificate" },
        { "-----BEGIN CERTIFICATE-----", "without" },
        { "-----BEGIN CERTIFICATE-----\n", "without" },
        { "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "base64" },
        { "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", "parsed" },
        { "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n", "base64" },
        { "-----BEGIN CERTIFICATE-----\nMII*\n-----END CERTIFICATE-----\n", "base64" },
        { "-----BEGIN CERTIFICATE-----\nMIIB=AAA\n-----END CERTIFICATE-----\n", "base64" },
        { "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nMIIB\n"
          "-----END CERTIFICATE-----\n",
          "base64" },
        { "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n", "without" },
        { "-----BEGIN certificate-----\nMIIB\n-----END certificate-----\n", "no certificate" },
        { "-----BEGIN CERTIFICATE-----\nMIIB\n-----BEGIN CERTIFICATE-----\nMIIB\n"
          "-----END CERTIFICATE-----\n",
          "base64" },
        { "-----BEGIN CERTIFICATE-----\nMIQ/////\n-----END CERTIFICATE-----\n", "parsed" },
        { "-----BEGIN CERTIFICATE-----\nMIAAAAAA\n-----END CERTIFICATE-----\n", "parsed" },
        { "0\x80", "parsed" },
        { key_sec1, "no certificate" },
        { csr_p256, "no certificate" },
        { cert_ed25519, "parsed" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena arena = { 0 };
        struct x509_info info;
        struct diag diag = DIAG_INIT;
        assert_int_equal(x509_parse(slice_str(cases[i].pem), &arena, &info, &diag), ERR_CERT);
        assert_int_equal(diag.code, ERR_CERT);
        if (!strstr(diag.text, cases[i].why)) fail_msg("case %zu: '%s'", i, diag.text);
        arena_deinit(&arena);
    }
}

static void limits_are_kept(void **state)
{
    struct arena arena = { 0 };
    struct x509_info info;
    struct diag diag = DIAG_INIT;
    char *big = xmalloc(X509_PEM_MAX + 1);
    memset(big, '\n', X509_PEM_MAX + 1);
    memcpy(big, cert_leaf, sizeof cert_leaf - 1);
    assert_int_equal(x509_parse(slice_of(big, X509_PEM_MAX), &arena, &info, &diag), 0);
    assert_int_equal(x509_parse(slice_of(big, X509_PEM_MAX + 1), &arena, &info, &diag), ERR_CERT);
    assert_non_null(strstr(diag.text, "longer than"));

    memset(big, 'A', X509_PEM_MAX + 1);
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n",
                      end[] = "-----END CERTIFICATE-----";
    memcpy(big, begin, sizeof begin - 1);
    memcpy(big + X509_PEM_MAX - sizeof end + 1, end, sizeof end - 1);
    for (size_t cut = 0; cut < 4; cut++) { /* whichever of them is whole base64 */
        struct slice text = slice_of(big + cut, X509_PEM_MAX - cut);
        memcpy(big + cut, begin, sizeof begin - 1);
        assert_int_equal(x509_parse(text, &arena, &info, &diag), ERR_CERT);
    }
    big[0] = 0x30;
    assert_int_equal(x509_parse(slice_of(big, X509_DER_MAX + 1), &arena, &info, &diag), ERR_CERT);
    assert_non_null(strstr(diag.text, "longer than"));
    free(big);
    arena_deinit(&arena);
}

static void several_certificates_come_one_by_one(void **state)
{
    struct buf text = { 0 }, der = { 0 }, back = { 0 };
    struct diag diag = DIAG_INIT;
    buf_puts(&text, "Certificate:\r\n    Data: as openssl x509 -text has it\r\n");
    buf_puts(&text, cert_leaf);
    buf_puts(&text, key_sec1);
    buf_puts(&text, cert_foreign_ca);
    struct slice rest = buf_slice(&text);
    assert_int_equal(x509_pem_next(&rest, &der, &diag), 0);
    char id[X509_ID_LEN];
    x509_der_id(buf_slice(&der), id);
    assert_string_equal(id, cert_leaf_id);
    x509_der_to_pem(buf_slice(&der), &back);
    assert_string_equal(buf_str(&back), cert_leaf);
    buf_clear(&der);
    assert_int_equal(x509_pem_next(&rest, &der, &diag), 0);
    x509_der_id(buf_slice(&der), id);
    assert_string_equal(id, cert_foreign_ca_id);
    struct slice before = rest;
    assert_int_equal(x509_pem_next(&rest, &der, &diag), ERR_NOT_FOUND);
    assert_ptr_equal(before.ptr, rest.ptr);
    buf_deinit(&text);
    buf_deinit(&der);
    buf_deinit(&back);
}

static void line_ends_of_all_kinds_are_read(void **state)
{
    static const char *const ends[] = { "\r\n", "", " \n", "\n\n", "\t\r" };
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct buf text = { 0 };
        for (const char *at = cert_leaf; *at; at++) {
            if (*at == '\n')
                buf_puts(&text, ends[i]);
            else
                buf_putc(&text, *at);
        }
        struct arena arena = { 0 };
        struct x509_info info;
        assert_int_equal(x509_parse(buf_slice(&text), &arena, &info, NULL), 0);
        assert_string_equal(info.id, cert_leaf_id);
        arena_deinit(&arena);
        buf_deinit(&text);
    }
}

/* ---- who signed it ---- */

static void signatures_are_checked_against_the_ca(void **state)
{
    static const struct {
        const char *name, *cert, *ca, *why;
    } cases[] = {
        { "its CA", cert_leaf, cert_foreign_ca, NULL },
        { "its CA, strings encoded otherwise", cert_leaf, cert_reencoded_ca, NULL },
        { "a CA by itself", cert_foreign_ca, cert_foreign_ca, NULL },
        { "RSA, PSS", cert_pss, cert_rsa_ca, NULL },
        { "RSA, SHA-384", cert_rsa384, cert_rsa_ca, NULL },
        { "same name, another key", cert_leaf, cert_other_ca, "signature is wrong" },
        { "same key, another name", cert_leaf, cert_other_name_ca, "another issuer" },
        { "CA without keyCertSign", cert_leaf, cert_cannot_sign_ca, "key usage" },
        { "CA:FALSE", cert_leaf, cert_no_ca, "no CA" },
        { "X.509 v1", cert_leaf, cert_v1, "no CA" },
        { "SHA-1", cert_sha1, cert_foreign_ca, "SHA1" },
        { "RSA of 1024 bits", cert_of_weak, cert_weak_ca, "1024" },
        { "no certificate", "x", cert_foreign_ca, "no certificate" },
        { "no CA certificate", cert_leaf, "x", "CA: " },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        int rc = x509_verify_issued(slice_str(cases[i].cert), slice_str(cases[i].ca), &diag);
        bool fits = cases[i].why ? rc == ERR_CERT && strstr(diag.text, cases[i].why) : rc == 0;
        if (!fits) fail_msg("%s: %d '%s'", cases[i].name, rc, diag.text);
    }
}

static void an_altered_certificate_is_not_its_cas(void **state)
{
    struct buf der = patched(cert_leaf, SLICE_LIT("a.example"), SLICE_LIT("b.example"));
    struct diag diag = DIAG_INIT;
    assert_int_equal(x509_verify_issued(buf_slice(&der), slice_str(cert_foreign_ca), &diag),
                     ERR_CERT);
    assert_string_equal(diag.text, "the signature is wrong");
    buf_deinit(&der);
    /* identical to the trusted one, but its own signature is broken */
    der = (struct buf){ 0 };
    assert_int_equal(x509_pem_to_der(slice_str(cert_foreign_ca), &der, NULL), 0);
    der.data[der.len - 1] ^= 1;
    assert_int_equal(x509_verify_issued(buf_slice(&der), buf_slice(&der), &diag), ERR_CERT);
    buf_deinit(&der);
}

/* ---- requests ---- */

static void requests_prove_their_key(void **state)
{
    static const struct {
        const char *csr;
        enum x509_key_type type;
        unsigned bits;
        const char *why;
    } cases[] = {
        { csr_rsa2048, X509_KEY_RSA, 2048, NULL },
        { csr_p256, X509_KEY_EC, 256, NULL },
        { csr_p384, X509_KEY_EC, 384, NULL },
        { csr_p521, X509_KEY_EC, 521, NULL },
        { csr_pss, X509_KEY_RSA, 2048, NULL },
        { csr_noname, 0, 0, "parsed" },
        { csr_rsa1024, 0, 0, "1024 bits" },
        { csr_rsa8192, 0, 0, "8192 bits" },
        { csr_k256, 0, 0, "curve" },
        { csr_sha1, 0, 0, "SHA1" },
        { csr_many, 0, 0, "65 attributes" },
        { cert_leaf, 0, 0, "no certificate signing request" },
        { "", 0, 0, "empty" },
        { "0", 0, 0, "parsed" },
        { "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----", 0, 0,
          "parsed" },
        { "-----BEGIN CERTIFICATE REQUEST-----\n!\n-----END CERTIFICATE REQUEST-----", 0, 0,
          "base64" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena arena = { 0 };
        struct x509_csr_info info;
        struct diag diag = DIAG_INIT;
        int rc = x509_csr_check(slice_str(cases[i].csr), &arena, &info, &diag);
        bool fits = cases[i].why ? rc == ERR_CERT && strstr(diag.text, cases[i].why) : rc == 0;
        if (!fits) fail_msg("case %zu: %d '%s'", i, rc, diag.text);
        if (rc == 0) {
            assert_int_equal(info.key_type, cases[i].type);
            assert_int_equal(info.key_bits, cases[i].bits);
        }
        arena_deinit(&arena);
    }
    struct arena arena = { 0 };
    struct x509_csr_info info;
    assert_int_equal(x509_csr_check(slice_str(csr_rsa2048), &arena, &info, NULL), 0);
    assert_string_equal(x509_name_get(&info.subject, "serialNumber", 0), "0042");
    assert_string_equal(x509_name_get(&info.subject, "OU", 1), "Hall");
    arena_deinit(&arena);
    assert_int_equal(x509_csr_check(slice_str(csr_p256), NULL, NULL, NULL), 0);
}

static struct buf csr_der(const char *pem)
{
    struct slice body = slice_str(pem);
    struct buf digits = { 0 }, der = { 0 };
    const char *from = strchr(body.ptr, '\n'), *to = strstr(body.ptr, "-----END");
    for (const char *at = from; at < to; at++)
        if (*at != '\n') buf_putc(&digits, *at);
    assert_int_equal(base64_decode(&der, buf_slice(&digits)), 0);
    buf_deinit(&digits);
    return der;
}

static void an_altered_request_is_refused(void **state)
{
    struct buf der = csr_der(csr_p256);
    assert_int_equal(x509_csr_check(buf_slice(&der), NULL, NULL, NULL), 0);
    for (size_t i = 0; i < der.len; i++) {
        der.data[i] ^= 1;
        assert_int_equal(x509_csr_check(buf_slice(&der), NULL, NULL, NULL), ERR_CERT);
        der.data[i] ^= 1;
        char *copy = xmemdup(der.data, i + 1);
        assert_int_equal(x509_csr_check(slice_of(copy, i), NULL, NULL, NULL), ERR_CERT);
        free(copy);
    }
    buf_deinit(&der);
}

/* ---- issuing ---- */

struct ca {
    char *cert;
    char *key;
};

static struct ca ca_make_of(enum key_type type)
{
    struct ca ca = { 0 };
    struct diag diag = DIAG_INIT;
    if (x509_ca_create(type, "Test CA", "Home", 3650, &ca.cert, &ca.key, &diag) < 0)
        fail_msg("%s", diag.text);
    return ca;
}

static struct ca ca_make(void)
{
    return ca_make_of(KEY_EC_P256);
}

static void ca_free(struct ca *ca)
{
    free(ca->cert);
    crypto_free_secret(ca->key);
}

static void a_ca_is_a_ca(void **state)
{
    fake_now_ms = INT64_C(1800000000) * 1000;
    clock_set_source(&fake_clock);
    struct ca ca = ca_make();
    struct arena arena = { 0 };
    struct x509_info info;
    assert_int_equal(x509_parse(slice_str(ca.cert), &arena, &info, NULL), 0);
    assert_true(info.is_ca);
    assert_true(info.is_self_issued);
    assert_int_equal(info.version, 3);
    assert_int_equal(strlen(info.serial), 40);
    assert_string_equal(x509_name_get(&info.subject, "CN", 0), "Test CA");
    assert_string_equal(x509_name_get(&info.subject, "O", 0), "Home");
    assert_true(info.not_before_s == 1800000000 - 3600);
    assert_true(info.not_after_s == INT64_C(1800000000) + 3650 * 86400);
    assert_int_equal(x509_verify_issued(slice_str(ca.cert), slice_str(ca.cert), NULL), 0);
    assert_int_equal(key_check_pair(slice_str(ca.key), slice_str(ca.cert), NULL), 0);

    struct ca second = ca_make();
    assert_string_not_equal(ca.cert, second.cert);
    assert_int_equal(key_check_pair(slice_str(second.key), slice_str(ca.cert), NULL), ERR_CERT);
    ca_free(&second);
    ca_free(&ca);
    arena_deinit(&arena);
    clock_set_source(NULL);
}

/* What a client needs that knows RSA alone: no other algorithm is in the chain. */
static void an_rsa_ca_signs_by_rsa(void **state)
{
    struct ca ca = ca_make_of(KEY_RSA_2048), other = ca_make();
    struct arena arena = { 0 };
    struct x509_info info;
    char *cert = NULL;
    assert_int_equal(x509_parse(slice_str(ca.cert), &arena, &info, NULL), 0);
    assert_true(info.is_ca);
    assert_int_equal(info.key_type, X509_KEY_RSA);
    assert_int_equal(info.key_bits, 2048);
    assert_int_equal(x509_check_ca(slice_str(ca.cert), NULL), 0);
    assert_int_equal(x509_verify_issued(slice_str(ca.cert), slice_str(ca.cert), NULL), 0);
    const struct x509_issue_opts opts = { .issuer_cert = slice_str(ca.cert),
                                          .issuer_key_pem = slice_str(ca.key),
                                          .subject_key_pem = slice_str(ca.key),
                                          .common_name = "x",
                                          .usage = X509_USE_SERVER };
    assert_int_equal(x509_issue(&opts, &cert, NULL), 0);
    assert_int_equal(x509_verify_issued(slice_str(cert), slice_str(ca.cert), NULL), 0);
    assert_int_equal(x509_verify_issued(slice_str(cert), slice_str(other.cert), NULL), ERR_CERT);
    free(cert);
    ca_free(&other);
    ca_free(&ca);
    arena_deinit(&arena);
}

static void validity_is_encoded_as_the_standard_wants(void **state)
{
    static const struct {
        int64_t now_s;
        int days;
        int64_t not_before_s, not_after_s;
    } cases[] = {
        { 0, 1, 0, 86400 },
        { 951782400, 1, 951778800, 951868800 },             /* 2000-02-29 */
        { 1800000000, 0, 1799996400, 2524607999 },          /* to the end of 2049, UTCTime */
        { 2524521600, 1, 2524518000, 2524608000 },          /* 2050-01-01, GeneralizedTime */
        { 1800000000, 36500, 1799996400, 4953600000 },      /* beyond 32 bits */
        { INT64_C(4107542400), 1, 4107538800, 4107628800 }, /* 2100-03-01, no leap year */
    };
    clock_set_source(&fake_clock);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *cert = NULL, *key = NULL;
        struct arena arena = { 0 };
        struct x509_info info;
        fake_now_ms = cases[i].now_s * 1000;
        assert_int_equal(x509_ca_create(KEY_EC_P256, "x", NULL, cases[i].days, &cert, &key, NULL),
                         0);
        assert_int_equal(x509_parse(slice_str(cert), &arena, &info, NULL), 0);
        assert_true(info.not_before_s == cases[i].not_before_s);
        assert_true(info.not_after_s == cases[i].not_after_s);
        assert_int_equal(x509_check_time(&info, info.not_before_s, NULL), 0);
        assert_int_equal(x509_check_time(&info, info.not_after_s, NULL), 0);
        assert_int_equal(x509_check_time(&info, info.not_before_s - 1, NULL), ERR_CERT);
        assert_int_equal(x509_check_time(&info, info.not_after_s + 1, NULL), ERR_CERT);
        arena_deinit(&arena);
        free(cert);
        crypto_free_secret(key);
    }
    char *cert = NULL, *key = NULL;
    assert_int_equal(x509_ca_create(KEY_EC_P256, "x", NULL, 0, &cert, &key, NULL),
                     ERR_INVALID); /* past 2049 */
    assert_int_equal(x509_ca_create(KEY_EC_P256, "x", NULL, -1, &cert, &key, NULL), ERR_INVALID);
    assert_int_equal(x509_ca_create(KEY_EC_P256, "x", NULL, 36501, &cert, &key, NULL), ERR_INVALID);
    assert_null(cert);
    clock_set_source(NULL);
}

/* The library which will judge the handshake has to accept what was issued. */
static void check_by_library(const char *cert, const char *ca, const char *host)
{
    mbedtls_x509_crt a, b;
    uint32_t flags = 0;
    mbedtls_x509_crt_init(&a);
    mbedtls_x509_crt_init(&b);
    assert_int_equal(mbedtls_x509_crt_parse(&a, (const unsigned char *)cert, strlen(cert) + 1), 0);
    assert_int_equal(mbedtls_x509_crt_parse(&b, (const unsigned char *)ca, strlen(ca) + 1), 0);
    int rc = mbedtls_x509_crt_verify(&a, &b, NULL, host, &flags, NULL, NULL);
    if (rc != 0) fail_msg("flags 0x%x", (unsigned)flags);
    mbedtls_x509_crt_free(&a);
    mbedtls_x509_crt_free(&b);
}

static void a_server_certificate_has_its_names(void **state)
{
    static const char *const names[] = { "hub.local",   "localhost",      "*.home.example",
                                         "my_host",     "127.0.0.1",      "::1",
                                         "fe80::1:2:3", "xn--nxa.example" };
    static const enum x509_san_type types[] = { X509_SAN_DNS, X509_SAN_DNS, X509_SAN_DNS,
                                                X509_SAN_DNS, X509_SAN_IP,  X509_SAN_IP,
                                                X509_SAN_IP,  X509_SAN_DNS };
    struct ca ca = ca_make();
    struct diag diag = DIAG_INIT;
    struct x509_issue_opts opts = {
        .issuer_cert = slice_str(ca.cert),
        .issuer_key_pem = slice_str(ca.key),
        .subject_key_pem = slice_str(key_pkcs1),
        .common_name = "hub.local",
        .names = names,
        .name_count = ARRAY_LEN(names),
        .days = 800,
        .usage = X509_USE_SERVER,
    };
    char *cert = NULL;
    if (x509_issue(&opts, &cert, &diag) < 0) fail_msg("%s", diag.text);
    struct arena arena = { 0 };
    struct x509_info info, ca_info;
    assert_int_equal(x509_parse(slice_str(cert), &arena, &info, NULL), 0);
    assert_int_equal(x509_parse(slice_str(ca.cert), &arena, &ca_info, NULL), 0);
    assert_int_equal(info.san_count, ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_int_equal(info.sans[i].type, types[i]);
        assert_string_equal(info.sans[i].value, names[i]);
    }
    assert_false(info.is_ca);
    assert_int_equal(info.key_type, X509_KEY_RSA);
    assert_int_equal(info.key_bits, 2048);
    assert_string_equal(info.issuer.id, ca_info.subject.id);
    assert_int_equal(key_check_pair(slice_str(key_rsa_pkcs8), slice_str(cert), NULL), 0);
    assert_int_equal(x509_verify_issued(slice_str(cert), slice_str(ca.cert), &diag), 0);
    check_by_library(cert, ca.cert, "hub.local");
    check_by_library(cert, ca.cert, "lamp.home.example");
    /* it cannot sign others */
    assert_int_equal(x509_verify_issued(slice_str(cert), slice_str(cert), &diag), ERR_CERT);
    free(cert);
    ca_free(&ca);
    arena_deinit(&arena);
}

static void a_device_certificate_comes_of_a_request(void **state)
{
    struct ca ca = ca_make();
    struct diag diag = DIAG_INIT;
    struct arena arena = { 0 };
    struct x509_info a, b, of_rsa;
    char *cert = NULL;
    struct x509_issue_opts opts = {
        .issuer_cert = slice_str(ca.cert),
        .issuer_key_pem = slice_str(ca.key),
        .csr = slice_str(csr_p256),
        .common_name = "AWS IoT Certificate",
        .usage = X509_USE_CLIENT,
    };
    if (x509_issue(&opts, &cert, &diag) < 0) fail_msg("%s", diag.text);
    check_by_library(cert, ca.cert, NULL);
    assert_int_equal(x509_parse(slice_str(cert), &arena, &a, NULL), 0);
    assert_string_equal(x509_name_get(&a.subject, "CN", 0), "AWS IoT Certificate");
    assert_int_equal(key_check_pair(slice_str(key_sec1), slice_str(cert), NULL), 0);
    /* what the request asked for beyond key and name did not get in */
    assert_false(a.is_ca);
    assert_int_equal(a.san_count, 0);
    free(cert);

    /* the same request again gives another certificate; without a name, its own is kept */
    opts.common_name = NULL;
    if (x509_issue(&opts, &cert, &diag) < 0) fail_msg("%s", diag.text);
    assert_int_equal(x509_parse(slice_str(cert), &arena, &b, NULL), 0);
    assert_string_not_equal(a.id, b.id);
    assert_string_not_equal(a.serial, b.serial);
    assert_string_equal(x509_name_get(&b.subject, "CN", 0), "p256");
    free(cert);

    opts.csr = slice_str(csr_rsa2048);
    if (x509_issue(&opts, &cert, &diag) < 0) fail_msg("%s", diag.text);
    assert_int_equal(x509_parse(slice_str(cert), &arena, &of_rsa, NULL), 0);
    assert_string_equal(x509_name_get(&of_rsa.subject, "OU", 1), "Hall");
    check_by_library(cert, ca.cert, NULL);
    free(cert);
    ca_free(&ca);
    arena_deinit(&arena);
}

static void foreign_issuers_keep_their_name_and_identifier(void **state)
{
    static const struct {
        const char *cert, *key;
    } issuers[] = {
        { cert_foreign_ca, key_foreign_ca },
        { cert_rsa_ca, key_rsa_pkcs8 },
        { cert_no_id_ca, key_foreign_ca },
    };
    for (size_t i = 0; i < ARRAY_LEN(issuers); i++) {
        char *cert = NULL;
        struct diag diag = DIAG_INIT;
        struct x509_issue_opts opts = {
            .issuer_cert = slice_str(issuers[i].cert),
            .issuer_key_pem = slice_str(issuers[i].key),
            .subject_key_pem = slice_str(key_public),
            .common_name = "of a foreign CA",
            .days = 10,
        };
        if (x509_issue(&opts, &cert, &diag) < 0) fail_msg("%s", diag.text);
        assert_int_equal(x509_verify_issued(slice_str(cert), slice_str(issuers[i].cert), NULL), 0);
        struct buf der = { 0 };
        assert_int_equal(x509_pem_to_der(slice_str(cert), &der, NULL), 0);
        /* authorityKeyIdentifier: what the CA calls itself, 0102030405 */
        bool named = memmem(der.data, der.len, "\x30\x07\x80\x05\x01\x02\x03\x04\x05", 9);
        assert_int_equal(named, issuers[i].cert != cert_no_id_ca);
        buf_deinit(&der);
        free(cert);
    }
}

static void nothing_is_issued_on_bad_input(void **state)
{
    struct ca ca = ca_make(), other = ca_make();
    static const char *const fine[] = { "a.example" };
    static const char *const bad_names[] = {
        "",
        "a b",
        "-a.example",
        "a-.example",
        "a..b",
        ".a",
        "a.",
        "1.2.3",
        "256.1.1.1",
        "fe80::1%eth0",
        "h\xc3\xa4user",
        "a/b",
        "*",
        "a.*.b",
        "http://a",
        "a:80",
        "1.2.3.4.5",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b",
    };
    const struct x509_issue_opts good = {
        .issuer_cert = slice_str(ca.cert),
        .issuer_key_pem = slice_str(ca.key),
        .subject_key_pem = slice_str(key_sec1),
        .common_name = "x",
        .names = fine,
        .name_count = 1,
        .days = 1,
    };
    char long_name[X509_CN_MAX + 2];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    struct {
        const char *what;
        struct x509_issue_opts opts;
        int rc;
    } cases[] = {
        { "no issuer", good, ERR_CERT },
        { "issuer is no CA", good, ERR_CERT },
        { "key of another CA", good, ERR_INVALID },
        { "issuer key encrypted", good, ERR_INVALID },
        { "no key and no request", good, ERR_INVALID },
        { "key and request", good, ERR_INVALID },
        { "key on another curve", good, ERR_INVALID },
        { "key of another kind", good, ERR_INVALID },
        { "bad request", good, ERR_CERT },
        { "request without a name", good, ERR_CERT },
        { "no name", good, ERR_INVALID },
        { "long name", good, ERR_INVALID },
        { "control character", good, ERR_INVALID },
        { "not UTF-8", good, ERR_INVALID },
        { "empty organization", good, ERR_INVALID },
        { "days", good, ERR_INVALID },
        { "too many names", good, ERR_INVALID },
    };
    struct x509_issue_opts *o[ARRAY_LEN(cases)];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        o[i] = &cases[i].opts;
    o[0]->issuer_cert = SLICE_LIT("");
    o[1]->issuer_cert = slice_str(cert_leaf);
    o[2]->issuer_key_pem = slice_str(other.key);
    o[3]->issuer_key_pem = slice_str(key_encrypted);
    o[4]->subject_key_pem = SLICE_LIT("");
    o[5]->csr = slice_str(csr_p256);
    o[6]->subject_key_pem = slice_str(key_k256);
    o[7]->subject_key_pem = slice_str(key_ed25519);
    o[8]->subject_key_pem = SLICE_LIT("");
    o[8]->csr = slice_str(csr_sha1);
    o[9]->subject_key_pem = SLICE_LIT("");
    o[9]->csr = slice_str(csr_noname);
    o[9]->common_name = NULL;
    o[10]->common_name = NULL;
    o[11]->common_name = long_name;
    o[12]->common_name = "a\nb";
    o[13]->common_name = "a\xff";
    o[14]->organization = "";
    o[15]->days = -5;
    o[16]->name_count = X509_SAN_MAX + 1;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *cert = NULL;
        struct diag diag = DIAG_INIT;
        int rc = x509_issue(&cases[i].opts, &cert, &diag);
        if (rc != cases[i].rc || !diag.text[0] || cert)
            fail_msg("%s: %d '%s'", cases[i].what, rc, diag.text);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad_names); i++) {
        struct x509_issue_opts opts = good;
        char *cert = NULL;
        opts.names = &bad_names[i];
        if (x509_issue(&opts, &cert, NULL) != ERR_INVALID) fail_msg("'%s'", bad_names[i]);
    }
    ca_free(&other);
    ca_free(&ca);
}

/* ---- keys ---- */

static void keys_of_all_forms_are_read(void **state)
{
    static const struct {
        const char *pem;
        const char *why;
    } cases[] = {
        { key_sec1, NULL },
        { key_pkcs8, NULL },
        { key_encrypted, "password" },
        { key_ed25519, "not a private key" },
        { key_public, "not a private key" },
        { cert_leaf, "not a private key" },
        { "", "not in PEM" },
        { "x", "not in PEM" },
        { "-----BEGIN EC PRIVATE KEY-----", "not a private key" },
        { "-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----\n",
          "not a private key" },
        { "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
          "not a private key" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *pem = NULL;
        struct diag diag = DIAG_INIT;
        int rc = key_public_pem(slice_str(cases[i].pem), &pem, &diag);
        bool fits = cases[i].why ? rc == ERR_INVALID && strstr(diag.text, cases[i].why) : rc == 0;
        if (!fits) fail_msg("case %zu: %d '%s'", i, rc, diag.text);
        if (rc == 0) assert_string_equal(pem, key_public);
        free(pem);
    }
    char *a = NULL, *b = NULL;
    assert_int_equal(key_public_pem(slice_str(key_pkcs1), &a, NULL), 0);
    assert_int_equal(key_public_pem(slice_str(key_rsa_pkcs8), &b, NULL), 0);
    assert_string_equal(a, b);
    free(a);
    free(b);
    char *big = xcalloc(1, KEY_PEM_MAX + 1);
    assert_int_equal(key_public_pem(slice_of(big, KEY_PEM_MAX + 1), &a, NULL), ERR_INVALID);
    memcpy(big, key_sec1, sizeof key_sec1); /* zero bytes behind it */
    assert_int_equal(key_public_pem(slice_of(big, KEY_PEM_MAX), &a, NULL), ERR_INVALID);
    free(big);
}

static void keys_and_certificates_are_paired(void **state)
{
    struct diag diag = DIAG_INIT;
    assert_int_equal(key_check_pair(slice_str(key_sec1), slice_str(cert_leaf), &diag), 0);
    assert_int_equal(key_check_pair(slice_str(key_rsa_pkcs8), slice_str(cert_rsa_ca), &diag), 0);
    assert_int_equal(key_check_pair(slice_str(key_foreign_ca), slice_str(cert_leaf), &diag),
                     ERR_CERT);
    assert_int_equal(key_check_pair(slice_str(key_pkcs1), slice_str(cert_leaf), &diag), ERR_CERT);
    assert_int_equal(key_check_pair(slice_str("x"), slice_str(cert_leaf), &diag), ERR_INVALID);
    assert_int_equal(key_check_pair(slice_str(key_sec1), slice_str("x"), &diag), ERR_CERT);
}

int main(void)
{
    if (crypto_init() < 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_is_read_in_full),
        cmocka_unit_test(names_of_one_ca_have_one_id),
        cmocka_unit_test(strings_of_all_types_become_utf8),
        cmocka_unit_test(zero_bytes_in_names_are_refused),
        cmocka_unit_test(every_truncation_and_many_alterations_are_survived),
        cmocka_unit_test(hostile_pems_are_refused_with_a_reason),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(several_certificates_come_one_by_one),
        cmocka_unit_test(line_ends_of_all_kinds_are_read),
        cmocka_unit_test(signatures_are_checked_against_the_ca),
        cmocka_unit_test(an_altered_certificate_is_not_its_cas),
        cmocka_unit_test(requests_prove_their_key),
        cmocka_unit_test(an_altered_request_is_refused),
        cmocka_unit_test(a_ca_is_a_ca),
        cmocka_unit_test(an_rsa_ca_signs_by_rsa),
        cmocka_unit_test(validity_is_encoded_as_the_standard_wants),
        cmocka_unit_test(a_server_certificate_has_its_names),
        cmocka_unit_test(a_device_certificate_comes_of_a_request),
        cmocka_unit_test(foreign_issuers_keep_their_name_and_identifier),
        cmocka_unit_test(nothing_is_issued_on_bad_input),
        cmocka_unit_test(keys_of_all_forms_are_read),
        cmocka_unit_test(keys_and_certificates_are_paired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
