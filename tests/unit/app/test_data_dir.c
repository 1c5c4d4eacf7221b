/* Unit tests of the data directory's server certificates: made, kept, renewed; the clock is the test's. */
#include "lib/test.h"

#include "app/data_dir.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "lib/clock_fake.h"

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
    for (int i = 0; i < DATA_DIR_SERVERS; i++) {
        struct slice cert = slice_str(dir->servers[i].cert_pem);
        assert_int_equal(key_check_pair(slice_str(dir->servers[i].key_pem), cert, NULL), 0);
        assert_int_equal(x509_verify_issued(cert, slice_str(dir->ca_cert_pem), NULL), 0);
    }
    return renewed;
}

/* Copies of what is there. */
static struct data_dir_pair copy_of(enum data_dir_server which)
{
    return (struct data_dir_pair){ xstrdup(dir->servers[which].cert_pem),
                                   xstrdup(dir->servers[which].key_pem) };
}

static void expect(struct data_dir_pair before, enum data_dir_server which, bool same_cert,
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
    for (int i = 0; i < DATA_DIR_SERVERS; i++) {
        struct arena arena = { 0 };
        struct x509_info info;
        assert_int_equal(x509_parse(slice_str(dir->servers[i].cert_pem), &arena, &info, NULL), 0);
        assert_int_equal(info.key_type, kinds[i]);
        assert_int_equal(info.key_bits, bits[i]);
        assert_int_equal(info.not_after_s, clock_real_ms() / 1000 + 825 * 86400);
        arena_deinit(&arena);
    }
    struct data_dir_pair ec = copy_of(DATA_DIR_SERVER_EC), rsa = copy_of(DATA_DIR_SERVER_RSA);
    data_dir_close(dir);
    open_dir();
    assert_false(take_certs(names, 1));
    expect(ec, DATA_DIR_SERVER_EC, true, true);
    expect(rsa, DATA_DIR_SERVER_RSA, true, true);
}

static void a_directory_of_before_gets_the_second_one(void **state)
{
    take_certs(names, 1);
    remove_file("server-rsa.cert.pem");
    remove_file("server-rsa.key.sealed");
    struct data_dir_pair ec = copy_of(DATA_DIR_SERVER_EC), rsa = copy_of(DATA_DIR_SERVER_RSA);
    assert_true(take_certs(names, 1));
    expect(ec, DATA_DIR_SERVER_EC, true, true);
    expect(rsa, DATA_DIR_SERVER_RSA, false, false);
}

static void near_their_end_they_are_renewed(void **state)
{
    take_certs(names, 1);
    clock_fake_advance(DAYS(825 - 31));
    assert_false(take_certs(names, 1));
    struct data_dir_pair ec = copy_of(DATA_DIR_SERVER_EC), rsa = copy_of(DATA_DIR_SERVER_RSA);
    clock_fake_advance(DAYS(2));
    assert_true(take_certs(names, 1));
    expect(ec, DATA_DIR_SERVER_EC, false, true);
    expect(rsa, DATA_DIR_SERVER_RSA, false, true);
    assert_false(take_certs(names, 1));
}

static void other_names_renew_them(void **state)
{
    static const char *const more[] = { "hub.example.org", "192.0.2.99" };
    take_certs(names, 1);
    struct data_dir_pair ec = copy_of(DATA_DIR_SERVER_EC), rsa = copy_of(DATA_DIR_SERVER_RSA);
    assert_true(take_certs(more, 2));
    expect(ec, DATA_DIR_SERVER_EC, false, true);
    expect(rsa, DATA_DIR_SERVER_RSA, false, true);
    assert_false(take_certs(names, 1)); /* one more does no harm */
}

static void half_a_pair_is_mended(void **state)
{
    take_certs(names, 1);
    remove_file("server.cert.pem");
    remove_file("server-rsa.key.sealed");
    struct data_dir_pair ec = copy_of(DATA_DIR_SERVER_EC), rsa = copy_of(DATA_DIR_SERVER_RSA);
    assert_true(take_certs(names, 1));
    expect(ec, DATA_DIR_SERVER_EC, false, true);
    expect(rsa, DATA_DIR_SERVER_RSA, false, false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(two_kinds_are_made_and_kept),     TEST(a_directory_of_before_gets_the_second_one),
        TEST(near_their_end_they_are_renewed), TEST(other_names_renew_them),
        TEST(half_a_pair_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
