/* Unit tests of the data directory's server certificates: made, kept, renewed; the clock is the test's. */
#include "lib/test.h"

#include "app/data_dir.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "lib/clock_fake.h"

#include <errno.h>
#include <ftw.h>
#include <unistd.h>

static char folder[48];
static struct data_dir *dir;
static const char *const names[] = { "hub.example.org" };

static void silent(const char *line, size_t len)
{
}

static void open_dir(void)
{
    struct diag diag = DIAG_INIT;
    if (data_dir_open(folder, true, &dir, &diag) < 0) fail_msg("%s", diag.text);
}

static int set_up(void **state)
{
    log_set_sink(silent);
    clock_fake_install();
    snprintf(folder, sizeof folder, "/tmp/thingd-data-XXXXXX");
    if (!mkdtemp(folder) || crypto_init() < 0) return -1;
    open_dir();
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static int tear_down(void **state)
{
    data_dir_close(dir);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    clock_fake_remove();
    log_set_sink(NULL);
    return 0;
}

/* Returns whether any was made. */
static bool take_certs(const char *const *more, size_t count)
{
    struct diag diag = DIAG_INIT;
    bool renewed = false;
    if (data_dir_server_certs(dir, more, count, &renewed, &diag) < 0) fail_msg("%s", diag.text);
    for (int i = 0; i < DATA_DIR_KINDS; i++) {
        struct slice cert = slice_str(dir->servers[i].cert_pem);
        assert_int_equal(key_check_pair(slice_str(dir->servers[i].key_pem), cert, NULL), 0);
        assert_int_equal(x509_verify_issued(cert, slice_str(dir->cas[i].cert_pem), NULL), 0);
    }
    return renewed;
}

/* Copies of what is there. */
static struct data_dir_pair copy_of(enum data_dir_kind which)
{
    return (struct data_dir_pair){ xstrdup(dir->servers[which].cert_pem),
                                   xstrdup(dir->servers[which].key_pem) };
}

static void expect(struct data_dir_pair before, enum data_dir_kind which, bool same_cert,
                   bool same_key)
{
    assert_int_equal(strcmp(before.cert_pem, dir->servers[which].cert_pem) == 0, same_cert);
    assert_int_equal(strcmp(before.key_pem, dir->servers[which].key_pem) == 0, same_key);
    free(before.cert_pem);
    crypto_free_secret(before.key_pem);
}

static void remove_file(const char *name)
{
    char *path = data_dir_file(dir, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void two_kinds_are_made_and_kept(void **state)
{
    static const enum x509_key_type kinds[] = { X509_KEY_EC, X509_KEY_RSA };
    static const unsigned bits[] = { 256, 2048 };
    assert_true(take_certs(names, 1));
    for (int i = 0; i < DATA_DIR_KINDS; i++) {
        struct arena arena = { 0 };
        struct x509_info info;
        assert_int_equal(x509_parse(slice_str(dir->servers[i].cert_pem), &arena, &info, NULL), 0);
        assert_int_equal(info.key_type, kinds[i]);
        assert_int_equal(info.key_bits, bits[i]);
        assert_int_equal(info.not_after_s, clock_real_ms() / 1000 + 825 * 86400);
        arena_deinit(&arena);
    }
    struct data_dir_pair ec = copy_of(DATA_DIR_EC), rsa = copy_of(DATA_DIR_RSA);
    data_dir_close(dir);
    open_dir();
    assert_false(take_certs(names, 1));
    expect(ec, DATA_DIR_EC, true, true);
    expect(rsa, DATA_DIR_RSA, true, true);
}

static void a_directory_of_before_gets_the_second_one(void **state)
{
    take_certs(names, 1);
    remove_file("server-rsa.cert.pem");
    remove_file("server-rsa.key.sealed");
    struct data_dir_pair ec = copy_of(DATA_DIR_EC), rsa = copy_of(DATA_DIR_RSA);
    assert_true(take_certs(names, 1));
    expect(ec, DATA_DIR_EC, true, true);
    expect(rsa, DATA_DIR_RSA, false, false);
}

static void write_file(const char *name, const char *text)
{
    char *path = data_dir_file(dir, name);
    assert_int_equal(file_write(path, 0600, slice_str(text), NULL), 0);
    free(path);
}

static struct slice ca_of(enum data_dir_kind kind)
{
    return slice_str(dir->cas[kind].cert_pem);
}

static void the_cas_are_two(void **state)
{
    static const enum x509_key_type types[] = { X509_KEY_EC, X509_KEY_RSA };
    static const unsigned bits[] = { 256, 2048 };
    struct arena arena = { 0 };
    struct x509_info infos[DATA_DIR_KINDS];
    for (int i = 0; i < DATA_DIR_KINDS; i++) {
        struct x509_info *info = &infos[i];
        struct slice ca = ca_of((enum data_dir_kind)i);
        assert_int_equal(x509_parse(ca, &arena, info, NULL), 0);
        assert_int_equal(info->key_type, types[i]);
        assert_int_equal(info->key_bits, bits[i]);
        assert_int_equal(info->not_after_s, clock_real_ms() / 1000 + 3653 * 86400);
        assert_int_equal(x509_check_ca(ca, NULL), 0);
        assert_int_equal(x509_verify_issued(ca, ca, NULL), 0);
    }
    assert_string_not_equal(x509_name_get(&infos[0].subject, "CN", 0),
                            x509_name_get(&infos[1].subject, "CN", 0));
    take_certs(names, 1);
    assert_int_equal(x509_verify_issued(slice_str(dir->servers[DATA_DIR_RSA].cert_pem),
                                        ca_of(DATA_DIR_EC), NULL),
                     ERR_CERT);
    arena_deinit(&arena);
}

static void both_cas_are_read_the_first_one_first(void **state)
{
    struct diag diag = DIAG_INIT;
    struct buf pem = { 0 }, first = { 0 };
    char *both = xasprintf("%s%s", dir->cas[DATA_DIR_EC].cert_pem, dir->cas[DATA_DIR_RSA].cert_pem);
    assert_int_equal(data_dir_read_cas(folder, &pem, NULL), 0);
    assert_string_equal(buf_str(&pem), both);
    remove_file("ca-rsa.cert.pem");
    assert_int_equal(data_dir_read_cas(folder, &first, NULL), 0);
    assert_string_equal(buf_str(&first), dir->cas[DATA_DIR_EC].cert_pem);
    remove_file("ca.cert.pem");
    assert_int_equal(data_dir_read_cas(folder, &first, &diag), -ENOENT);
    assert_non_null(strstr(diag.text, "ca.cert.pem"));
    buf_deinit(&first);
    buf_deinit(&pem);
    free(both);
}

/* The RSA one as it was when one CA had signed both: for the same names. */
static char *signed_by_the_first(void)
{
    char *cert = NULL;
    const char *sans[64];
    struct arena arena = { 0 };
    struct x509_info info;
    const struct data_dir_pair *ca = &dir->cas[DATA_DIR_EC], *rsa = &dir->servers[DATA_DIR_RSA];
    assert_int_equal(x509_parse(slice_str(rsa->cert_pem), &arena, &info, NULL), 0);
    assert_true(info.san_count <= ARRAY_LEN(sans));
    for (size_t i = 0; i < info.san_count; i++)
        sans[i] = info.sans[i].value;
    const struct x509_issue_opts opts = {
        .issuer_cert = slice_str(ca->cert_pem),
        .issuer_key_pem = slice_str(ca->key_pem),
        .subject_key_pem = slice_str(rsa->key_pem),
        .common_name = "hub.example.org",
        .names = sans,
        .name_count = info.san_count,
        .days = 825,
        .usage = X509_USE_SERVER,
    };
    assert_int_equal(x509_issue(&opts, &cert, NULL), 0);
    arena_deinit(&arena);
    return cert;
}

static void a_directory_with_one_ca_gets_the_other(void **state)
{
    take_certs(names, 1);
    char *old = signed_by_the_first(), *ca = xstrdup(dir->cas[DATA_DIR_EC].cert_pem);
    struct data_dir_pair ec = copy_of(DATA_DIR_EC), rsa = copy_of(DATA_DIR_RSA);
    write_file("server-rsa.cert.pem", old);
    remove_file("ca-rsa.cert.pem");
    remove_file("ca-rsa.key.sealed");
    data_dir_close(dir);
    open_dir();
    assert_string_equal(dir->cas[DATA_DIR_EC].cert_pem, ca);
    assert_true(take_certs(names, 1));
    expect(ec, DATA_DIR_EC, true, true);
    expect(rsa, DATA_DIR_RSA, false, true);
    assert_string_not_equal(dir->servers[DATA_DIR_RSA].cert_pem, old);
    assert_false(take_certs(names, 1));
    write_file("server-rsa.cert.pem", old); /* the issuer alone tells it */
    assert_true(take_certs(names, 1));
    free(ca);
    free(old);
}

static void near_their_end_they_are_renewed(void **state)
{
    take_certs(names, 1);
    clock_fake_advance(DAYS(825 - 31));
    assert_false(take_certs(names, 1));
    struct data_dir_pair ec = copy_of(DATA_DIR_EC), rsa = copy_of(DATA_DIR_RSA);
    clock_fake_advance(DAYS(2));
    assert_true(take_certs(names, 1));
    expect(ec, DATA_DIR_EC, false, true);
    expect(rsa, DATA_DIR_RSA, false, true);
    assert_false(take_certs(names, 1));
}

static void other_names_renew_them(void **state)
{
    static const char *const more[] = { "hub.example.org", "192.0.2.99" };
    take_certs(names, 1);
    struct data_dir_pair ec = copy_of(DATA_DIR_EC), rsa = copy_of(DATA_DIR_RSA);
    assert_true(take_certs(more, 2));
    expect(ec, DATA_DIR_EC, false, true);
    expect(rsa, DATA_DIR_RSA, false, true);
    assert_false(take_certs(names, 1)); /* one more does no harm */
}

static void half_a_pair_is_mended(void **state)
{
    take_certs(names, 1);
    remove_file("server.cert.pem");
    remove_file("server-rsa.key.sealed");
    struct data_dir_pair ec = copy_of(DATA_DIR_EC), rsa = copy_of(DATA_DIR_RSA);
    assert_true(take_certs(names, 1));
    expect(ec, DATA_DIR_EC, false, true);
    expect(rsa, DATA_DIR_RSA, false, false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(two_kinds_are_made_and_kept),
        TEST(a_directory_of_before_gets_the_second_one),
        TEST(near_their_end_they_are_renewed),
        TEST(other_names_renew_them),
        TEST(half_a_pair_is_mended),
        TEST(the_cas_are_two),
        TEST(both_cas_are_read_the_first_one_first),
        TEST(a_directory_with_one_ca_gets_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
