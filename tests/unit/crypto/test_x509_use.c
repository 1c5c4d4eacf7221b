/* Unit tests of what certificates are good for, of alternative names, and of revocation lists. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/x509_crl.h"
#include "device_fixtures.h"
#include "fixtures.h"
#include "lib/test.h"
#include "unit/crypto/crl_make.h"

/* ---- uses ---- */

static void devices_have_good_keys_and_uses(void **state)
{
    static const struct {
        const char *name, *cert, *why;
    } cases[] = {
        { "RSA 2048", device_rsa2048, NULL },
        { "RSA 3072", device_rsa3072, NULL },
        { "RSA 4096", device_rsa4096, NULL },
        { "P-256", device_p256, NULL },
        { "P-384", device_p384, NULL },
        { "P-521", device_p521, NULL },
        { "SHA-384", device_sha384, NULL },
        { "SHA-512", device_sha512, NULL },
        { "RSASSA-PSS", cert_pss, NULL },
        { "of a TLS client", device_client, NULL },
        { "of any use", device_any, NULL },
        { "RSA 1024", device_rsa1024, "1024 bits" },
        { "RSA 8192", device_rsa8192, "8192 bits" },
        { "another curve", device_k256, "curve" },
        { "SHA-1", device_sha1, "signed with SHA1" },
        { "of a TLS server", device_server, "extended key usage" },
        { "key encipherment alone", device_encipher, "digital signatures" },
        { "a CA that only signs", device_ca, "digital signatures" },
        { "Ed25519", cert_ed25519, "parsed" },
        { "nothing", "", "empty" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        int rc = x509_check_client(slice_str(cases[i].cert), &diag);
        bool fits = cases[i].why ? rc == ERR_CERT && strstr(diag.text, cases[i].why) : rc == 0;
        if (!fits) fail_msg("%s: %d '%s'", cases[i].name, rc, diag.text);
    }
}

static void every_key_is_one_that_the_ca_has_signed(void **state)
{
    static const char *const certs[] = { device_rsa2048, device_rsa3072, device_rsa4096,
                                         device_p256,    device_p384,    device_p521,
                                         device_sha384,  device_sha512 };
    for (size_t i = 0; i < ARRAY_LEN(certs); i++) {
        struct diag diag = DIAG_INIT;
        if (x509_verify_issued(slice_str(certs[i]), slice_str(device_ca), &diag) < 0)
            fail_msg("case %zu: %s", i, diag.text);
    }
}

static void cas_may_sign_certificates(void **state)
{
    static const struct {
        const char *name, *cert, *why;
    } cases[] = {
        { "EC", device_ca, NULL },
        { "RSA", cert_rsa_ca, NULL },
        { "of 1024 bits", cert_weak_ca, "1024 bits" },
        { "of X.509 v1", cert_v1, "no CA" },
        { "CA:FALSE", cert_no_ca, "no CA" },
        { "of a device", device_p256, "no CA" },
        { "without keyCertSign", cert_cannot_sign_ca, "permit certificates" },
        { "nothing", "nothing", "no certificate" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        int rc = x509_check_ca(slice_str(cases[i].cert), &diag);
        bool fits = cases[i].why ? rc == ERR_CERT && strstr(diag.text, cases[i].why) : rc == 0;
        if (!fits) fail_msg("%s: %d '%s'", cases[i].name, rc, diag.text);
    }
}

static void alternative_names_of_both_sides_are_read(void **state)
{
    static const struct x509_san subject[] = {
        { X509_SAN_DIRECTORY, "CN=\\#1\\ ,O=Acme\\+Sons" },
        { X509_SAN_DNS, "a.example" },
    };
    static const struct x509_san issuer[] = {
        { X509_SAN_URI, "urn:ca" },
        { X509_SAN_DIRECTORY, "O=Signers\\, Ltd,C=SE" },
    };
    struct arena arena = { 0 };
    struct x509_info info;
    assert_int_equal(x509_parse(slice_str(device_names), &arena, &info, NULL), 0);
    assert_int_equal(info.san_count, ARRAY_LEN(subject));
    assert_int_equal(info.issuer_san_count, ARRAY_LEN(issuer));
    for (size_t i = 0; i < ARRAY_LEN(subject); i++) {
        assert_int_equal(info.sans[i].type, subject[i].type);
        assert_string_equal(info.sans[i].value, subject[i].value);
        assert_int_equal(info.issuer_sans[i].type, issuer[i].type);
        assert_string_equal(info.issuer_sans[i].value, issuer[i].value);
    }
    arena_deinit(&arena);
}

/* A name that is cut short, and one that goes beyond its element. */
static void broken_alternative_names_are_refused(void **state)
{
    static const char marks[] = "\x06\x03\x55\x1d\x12"; /* issuerAltName */
    struct buf der = { 0 };
    assert_int_equal(x509_pem_to_der(slice_str(device_names), &der, NULL), 0);
    char *at = memmem(der.data, der.len, marks, sizeof marks - 1);
    assert_non_null(at);
    static const struct {
        size_t offset;
        char byte;
    } cases[] = { { 10, 0x7f }, { 7, 0x31 }, { 8, 5 } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena arena = { 0 };
        struct x509_info info;
        struct diag diag = DIAG_INIT;
        char before = at[cases[i].offset];
        at[cases[i].offset] = cases[i].byte;
        assert_int_equal(x509_parse(buf_slice(&der), &arena, &info, &diag), ERR_CERT);
        if (!strstr(diag.text, "alternative names")) fail_msg("case %zu: %s", i, diag.text);
        at[cases[i].offset] = before;
        arena_deinit(&arena);
    }
    buf_deinit(&der);
}

/* ---- revocation lists ---- */

static const char *const serials[] = { "0085", "01ff", "7f0102030405060708090a0b0c0d0e0f10111213",
                                       NULL };
static char *ca_cert, *ca_key, *other_cert, *other_key;

static int make_cas(void **state)
{
    assert_int_equal(crypto_init(), 0);
    assert_int_equal(x509_ca_create(KEY_EC_P256, "Lister", NULL, 0, &ca_cert, &ca_key, NULL), 0);
    assert_int_equal(x509_ca_create(KEY_EC_P256, "Lister", NULL, 0, &other_cert, &other_key, NULL),
                     0);
    return 0;
}

static int free_cas(void **state)
{
    free(ca_cert);
    free(other_cert);
    crypto_free_secret(ca_key);
    crypto_free_secret(other_key);
    return 0;
}

static struct crl_make good(void)
{
    return (struct crl_make){
        .ca_cert = ca_cert,
        .ca_key = ca_key,
        .number = SLICE_LIT("\x00\x80\x01"),
        .this_update_s = 1700000000,
        .next_update_s = 1800000000,
        .serials = serials,
    };
}

static int read_list(const struct crl_make *what, const char *ca, struct arena *arena,
                     struct x509_crl_info *ret_info, struct diag *diag)
{
    char *pem = crl_make(what);
    int rc = x509_crl_read(slice_str(pem), slice_str(ca), arena, ret_info, diag);
    free(pem);
    return rc;
}

static void a_list_is_read_in_full(void **state)
{
    struct crl_make what = good();
    struct arena arena = { 0 };
    struct x509_crl_info info;
    struct diag diag = DIAG_INIT;
    what.entry_ext = CRL_EXT("\x55\x1d\x15", "\x0a\x01\x01"); /* reasonCode */
    if (read_list(&what, ca_cert, &arena, &info, &diag) < 0) fail_msg("%s", diag.text);
    assert_string_equal(info.number, "8001");
    assert_true(info.this_update_s == 1700000000 && info.next_update_s == 1800000000);
    assert_int_equal(info.count, 3);
    for (size_t i = 0; i < info.count; i++) {
        assert_string_equal(info.entries[i].serial, serials[i]);
        assert_true(info.entries[i].revoked_at_s == 1699999999);
    }
    crl_make_ext_free(what.entry_ext);
    arena_deinit(&arena);
}

static void what_may_be_missing_may(void **state)
{
    struct crl_make what = good();
    struct arena arena = { 0 };
    struct x509_crl_info info;
    what.number = (struct slice){ 0 };
    what.next_update_s = 0;
    what.serials = NULL;
    assert_int_equal(read_list(&what, ca_cert, &arena, &info, NULL), 0);
    assert_null(info.number);
    assert_true(info.next_update_s == 0);
    assert_int_equal(info.count, 0);
    what.number = SLICE_LIT("\0");
    assert_int_equal(read_list(&what, ca_cert, &arena, &info, NULL), 0);
    assert_string_equal(info.number, "0");
    arena_deinit(&arena);
}

static void expect_refused(const char *name, const struct crl_make *what, const char *ca,
                           const char *why)
{
    struct arena arena = { 0 };
    struct x509_crl_info info;
    struct diag diag = DIAG_INIT;
    int rc = read_list(what, ca, &arena, &info, &diag);
    if (rc != ERR_CERT || !strstr(diag.text, why)) fail_msg("%s: %d '%s'", name, rc, diag.text);
    arena_deinit(&arena);
}

static void lists_of_others_are_refused(void **state)
{
    struct crl_make what = good();
    expect_refused("same name, another key", &what, other_cert, "signature is wrong");
    expect_refused("another name", &what, cert_foreign_ca, "another issuer");
    expect_refused("no CA", &what, "x", "CA: ");
    what.sha1 = true;
    expect_refused("SHA-1", &what, ca_cert, "signed with SHA1");
    what = good();
    what.ca_cert = cert_foreign_ca; /* keyCertSign alone */
    what.ca_key = key_foreign_ca;
    expect_refused("without cRLSign", &what, cert_foreign_ca, "permit revocation lists");
    what.ca_cert = cert_no_ca;
    expect_refused("CA:FALSE", &what, cert_no_ca, "no CA");
}

static void extensions_that_change_its_meaning_are_refused(void **state)
{
    static const struct {
        const char *why;
        bool of_entry, critical;
        struct slice oid, value;
    } cases[] = {
        { "delta list", false, true, SLICE_LIT("\x55\x1d\x1b"), SLICE_LIT("\x02\x01\x01") },
        { "delta list", false, false, SLICE_LIT("\x55\x1d\x1b"), SLICE_LIT("\x02\x01\x01") },
        { "issuingDistributionPoint", false, true, SLICE_LIT("\x55\x1d\x1c"),
          SLICE_LIT("\x30\x03\x84\x01\xff") },
        { "critical extension 1.2.3.4", false, true, SLICE_LIT("\x2a\x03\x04"),
          SLICE_LIT("\x05\0") },
        { "certificateIssuer", true, true, SLICE_LIT("\x55\x1d\x1d"), SLICE_LIT("\x30\0") },
        { "certificateIssuer", true, false, SLICE_LIT("\x55\x1d\x1d"), SLICE_LIT("\x30\0") },
        { "critical extension 1.2.3.4", true, true, SLICE_LIT("\x2a\x03\x04"),
          SLICE_LIT("\x05\0") },
        { "CRLNumber", false, false, SLICE_LIT("\x55\x1d\x14"), SLICE_LIT("\x02\x01\x80") },
        { "CRLNumber", false, false, SLICE_LIT("\x55\x1d\x14"), SLICE_LIT("\x02\0") },
        { "CRLNumber", false, false, SLICE_LIT("\x55\x1d\x14"),
          SLICE_LIT("\x02\x15\x01\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1") },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct crl_make what = good();
        struct slice ext = crl_make_ext(cases[i].oid, cases[i].value, cases[i].critical);
        what.number = (struct slice){ 0 };
        if (cases[i].of_entry)
            what.entry_ext = ext;
        else
            what.ext = ext;
        expect_refused(cases[i].why, &what, ca_cert, cases[i].why);
        crl_make_ext_free(ext);
    }
    struct crl_make what = good();
    what.ext = CRL_EXT("\x2a\x03\x04", "\x05\0"); /* not critical */
    struct arena arena = { 0 };
    struct x509_crl_info info;
    assert_int_equal(read_list(&what, ca_cert, &arena, &info, NULL), 0);
    crl_make_ext_free(what.ext);
    arena_deinit(&arena);
}

static void lists_have_limits(void **state)
{
    struct crl_make what = good();
    const char **many = xcalloc(X509_CRL_MAX + 2, sizeof *many);
    for (size_t i = 0; i <= X509_CRL_MAX; i++)
        many[i] = "0085";
    what.serials = many;
    expect_refused("too many", &what, ca_cert, "10001 entries; 10000 are accepted");
    many[X509_CRL_MAX] = NULL;
    struct arena arena = { 0 };
    struct x509_crl_info info;
    assert_int_equal(read_list(&what, ca_cert, &arena, &info, NULL), 0);
    assert_int_equal(info.count, X509_CRL_MAX);
    arena_deinit(&arena);
    free(many);

    char *big = xcalloc(1, X509_CRL_DER_MAX + 1);
    struct diag diag = DIAG_INIT;
    big[0] = 0x30;
    struct slice whole = slice_of(big, X509_CRL_DER_MAX + 1);
    assert_int_equal(x509_crl_read(whole, slice_str(ca_cert), &arena, &info, &diag), ERR_CERT);
    assert_non_null(strstr(diag.text, "longer than"));
    free(big);
    arena_deinit(&arena);
}

static void texts_that_are_no_list_are_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "", "empty" },
        { "hello", "no list in PEM" },
        { cert_leaf, "no list in PEM" },
        { "0", "parsed" },
        { "-----BEGIN X509 CRL-----\nMII*\n-----END X509 CRL-----\n", "base64" },
        { "-----BEGIN X509 CRL-----\nMIIB\n", "without" },
        { "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", "parsed" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena arena = { 0 };
        struct x509_crl_info info;
        struct diag diag = DIAG_INIT;
        int rc = x509_crl_read(slice_str(cases[i].text), slice_str(ca_cert), &arena, &info, &diag);
        if (rc != ERR_CERT || !strstr(diag.text, cases[i].why))
            fail_msg("case %zu: %d '%s'", i, rc, diag.text);
        arena_deinit(&arena);
    }
}

static void altered_and_cut_lists_are_refused(void **state)
{
    struct crl_make what = good();
    what.entry_ext = CRL_EXT("\x55\x1d\x15", "\x0a\x01\x01");
    char *pem = crl_make(&what);
    struct buf der = { 0 }, digits = { 0 };
    for (const char *at = strchr(pem, '\n'); strncmp(at, "\n-", 2); at++)
        if (*at != '\n') buf_putc(&digits, *at);
    assert_int_equal(base64_decode(&der, buf_slice(&digits)), 0);
    for (size_t i = 0; i < der.len; i++) {
        struct arena arena = { 0 };
        struct x509_crl_info info;
        char *copy = xmemdup(der.data, i + 1); /* so that a read past the end is seen */
        assert_int_equal(x509_crl_read(slice_of(copy, i), slice_str(ca_cert), &arena, &info, NULL),
                         ERR_CERT);
        free(copy);
        der.data[i] ^= 0x41;
        assert_int_equal(x509_crl_read(buf_slice(&der), slice_str(ca_cert), &arena, &info, NULL),
                         ERR_CERT);
        der.data[i] ^= 0x41;
        arena_deinit(&arena);
    }
    struct arena arena = { 0 };
    struct x509_crl_info info;
    assert_int_equal(x509_crl_read(buf_slice(&der), slice_str(ca_cert), &arena, &info, NULL), 0);
    buf_putc(&der, 0);
    assert_int_equal(x509_crl_read(buf_slice(&der), slice_str(ca_cert), &arena, &info, NULL),
                     ERR_CERT);
    arena_deinit(&arena);
    crl_make_ext_free(what.entry_ext);
    buf_deinit(&der);
    buf_deinit(&digits);
    free(pem);
}

static void numbers_are_compared_as_numbers(void **state)
{
    assert_int_equal(x509_crl_number_compare("8001", "8001"), 0);
    assert_true(x509_crl_number_compare("9", "10") < 0);
    assert_true(x509_crl_number_compare("10", "f") > 0);
    assert_true(x509_crl_number_compare("a0", "9f") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_have_good_keys_and_uses),
        cmocka_unit_test(every_key_is_one_that_the_ca_has_signed),
        cmocka_unit_test(cas_may_sign_certificates),
        cmocka_unit_test(alternative_names_of_both_sides_are_read),
        cmocka_unit_test(broken_alternative_names_are_refused),
        cmocka_unit_test(a_list_is_read_in_full),
        cmocka_unit_test(what_may_be_missing_may),
        cmocka_unit_test(lists_of_others_are_refused),
        cmocka_unit_test(extensions_that_change_its_meaning_are_refused),
        cmocka_unit_test(lists_have_limits),
        cmocka_unit_test(texts_that_are_no_list_are_refused),
        cmocka_unit_test(altered_and_cut_lists_are_refused),
        cmocka_unit_test(numbers_are_compared_as_numbers),
    };
    return cmocka_run_group_tests(tests, make_cas, free_cas);
}
