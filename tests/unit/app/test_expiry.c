/* Unit tests of the warnings before certificates end, over a real registry; the clock is the test's. */
#include "lib/test.h"

#include "app/expiry.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "lib/clock_fake.h"
#include "loop/loop.h"
#include "unit/registry/registry_fixture.h"

#include <pthread.h>

static struct registry_fixture *f;
static struct expiry *expiry;
static struct buf logged;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static char *ca_cert, *ca_key, *rsa_ca_cert, *rsa_ca_key, *key;

static void keep_line(const char *line, size_t len)
{
    pthread_mutex_lock(&log_mutex);
    buf_append(&logged, line, len);
    pthread_mutex_unlock(&log_mutex);
}

static int set_up(void **state)
{
    f = registry_fixture_create();
    log_set_sink(keep_line);
    return x509_ca_create(KEY_EC_P256, "CA", NULL, 100, &ca_cert, &ca_key, NULL) |
           x509_ca_create(KEY_RSA_2048, "RSA CA", NULL, 99, &rsa_ca_cert, &rsa_ca_key, NULL) |
           key_create(KEY_EC_P256, &key, NULL);
}

static int tear_down(void **state)
{
    expiry_stop(expiry);
    registry_fixture_down(f);
    expiry_destroy(expiry);
    expiry = NULL;
    registry_fixture_up(f);
    registry_fixture_destroy(f);
    log_set_sink(NULL);
    buf_deinit(&logged);
    free(ca_cert);
    crypto_free_secret(ca_key);
    free(rsa_ca_cert);
    crypto_free_secret(rsa_ca_key);
    crypto_free_secret(key);
    return 0;
}

static char *issue(int days, unsigned usage)
{
    static const char *const names[] = { "localhost" };
    char *cert = NULL;
    assert_int_equal(x509_issue(&(struct x509_issue_opts){ .issuer_cert = slice_str(ca_cert),
                                                           .issuer_key_pem = slice_str(ca_key),
                                                           .subject_key_pem = slice_str(key),
                                                           .common_name = "x",
                                                           .names = names,
                                                           .name_count = 1,
                                                           .days = days,
                                                           .usage = usage },
                                &cert, NULL),
                     0);
    return cert;
}

static void create(void)
{
    const struct expiry_cert cas[] = { { "ca.cert.pem", slice_str(ca_cert) },
                                       { "ca-rsa.cert.pem", slice_str(rsa_ca_cert) } };
    expiry = expiry_create(f->loop, f->registry, cas, 2);
}

static void serve(const char *name, const char *cert)
{
    const struct expiry_cert certs[] = { { name, slice_str(cert) } };
    expiry_serve(expiry, certs, 1);
}

static int64_t last_check(void)
{
    int64_t checked = 0;
    registry_fixture_do(f, ".ListExpiring", "{}");
    json_to_int64(json_get(json_get(f->result, "state"), "checked"), &checked);
    return checked;
}

/* Awaits the check that is due; how many warnings there were. */
static int warnings(void)
{
    int count = 0;
    clock_fake_advance(1);
    buf_clear(&logged);
    for (int i = 0; last_check() < clock_real_ms(); i++)
        assert_true(i < 1000);
    for (const char *at = buf_str(&logged); (at = strstr(at, "a certificate comes to its end"));
         at++)
        count++;
    return count;
}

static int warnings_after(int64_t ms)
{
    clock_fake_advance(ms);
    return warnings();
}

static bool says(const char *text)
{
    return strstr(buf_str(&logged), text) != NULL;
}

static void restart(void)
{
    expiry_stop(expiry);
    registry_fixture_down(f);
    expiry_destroy(expiry);
    registry_fixture_up(f);
    create();
}

/* A device's, ACTIVE. */
static void register_device(int days)
{
    char *cert = issue(days, X509_USE_CLIENT);
    struct json *params = json_new_object();
    struct buf text = { 0 };
    json_set_str(params, "certificatePem", cert);
    json_set_str(params, "status", "ACTIVE");
    json_print(params, &text);
    json_free(params);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '"') text.data[i] = '\'';
    registry_fixture_do(f, "RegisterCertificateWithoutCA", buf_str(&text));
    buf_deinit(&text);
    free(cert);
}

static void a_served_one_is_told_of_three_times(void **state)
{
    char *cert = issue(90, X509_USE_SERVER);
    create();
    serve("site.pem", cert);
    assert_int_equal(warnings(), 0);
    assert_int_equal(metrics_get(METRIC_CERT_END_SERVER), clock_real_ms() / 1000 + 90 * 86400);
    assert_int_equal(warnings_after(DAYS(59)), 0);
    assert_int_equal(warnings_after(DAYS(1)), 1);
    assert_true(says("kind=server") && says("site.pem") && says("within_days=30"));
    assert_int_equal(warnings_after(HOURS(1)), 0);
    restart();
    serve("site.pem", cert);
    assert_int_equal(warnings(), 0);
    assert_int_equal(warnings_after(DAYS(23)), 3);
    assert_true(says("within_days=7") && says("within_days=30") && says("ca.cert.pem") &&
                says("ca-rsa.cert.pem"));
    assert_int_equal(warnings_after(DAYS(6)), 1);
    assert_true(says("within_days=1 "));
    free(cert);
}

static void a_new_one_is_told_of_anew(void **state)
{
    char *old = issue(60, X509_USE_SERVER), *same = issue(61, X509_USE_SERVER);
    char *good = issue(99, X509_USE_SERVER);
    clock_fake_advance(DAYS(55));
    create();
    serve(NULL, old);
    assert_int_equal(warnings(), 1);
    assert_true(says("within_days=7") && says("of the hub's own making"));
    serve(NULL, good);
    assert_int_equal(warnings(), 0);
    serve(NULL, same);
    assert_int_equal(warnings(), 1);
    serve(NULL, same);
    assert_int_equal(warnings(), 0);
    free(old);
    free(same);
    free(good);
}

static void devices_are_counted_and_told_of(void **state)
{
    const int64_t start_s = clock_real_ms() / 1000;
    char *cert = issue(99, X509_USE_SERVER);
    register_device(75);
    register_device(40);
    register_device(90);
    clock_fake_advance(DAYS(20));
    create();
    serve("site.pem", cert);
    free(cert);
    assert_int_equal(warnings(), 1);
    assert_true(says("kind=device") && says("within_days=30"));
    assert_int_equal(metrics_get(METRIC_DEVICE_CERTS_30D), 1);
    assert_int_equal(metrics_get(METRIC_DEVICE_CERTS_7D), 0);
    assert_int_equal(metrics_get(METRIC_CERT_END_DEVICE), start_s + 40 * 86400);
    assert_int_equal(metrics_get(METRIC_CERT_END_CA), start_s + 99 * 86400);
    assert_int_equal(warnings_after(DAYS(14)), 1);
    assert_int_equal(metrics_get(METRIC_DEVICE_CERTS_7D), 1);
    restart();
    assert_int_equal(warnings(), 0);
    assert_int_equal(warnings_after(DAYS(6) - HOURS(1)), 1);
    assert_int_equal(metrics_get(METRIC_DEVICE_CERTS_1D), 1);
    assert_int_equal(warnings_after(HOURS(1)), 0);
    assert_int_equal(metrics_get(METRIC_DEVICE_CERTS_30D), 0);
    assert_int_equal(metrics_get(METRIC_CERT_END_DEVICE), start_s + 75 * 86400);
}

/* A CA with a list that is due in an hour. */
static void put_list(void)
{
    char *sql = xasprintf(
        "INSERT INTO ca_cert (id, pem, subject_id, status, auto_registration, mode, "
        "not_before, not_after, created_at, modified_at) VALUES "
        "('ab', '', 's', 'ACTIVE', 0, 'DEFAULT', 0, %lld, 0, 0); "
        "INSERT INTO crl (ca, this_update, next_update, created_at) "
        "VALUES ('ab', 0, %lld, 0)",
        (long long)(clock_real_ms() + DAYS(365)), (long long)(clock_real_ms() + HOURS(1)));
    registry_fixture_script(f, sql);
    free(sql);
}

static void overdue_lists_are_told_of_once_a_day(void **state)
{
    static const char text[] = "the revocation list of a CA should have been renewed ca=ab ";
    put_list();
    create();
    warnings();
    assert_false(says(text));
    warnings_after(HOURS(1));
    assert_true(says(text) && says("days_ago=0"));
    for (int hour = 1; hour < 24; hour++) {
        warnings_after(HOURS(1));
        assert_false(says(text));
    }
    warnings_after(HOURS(1));
    assert_true(says(text) && says("days_ago=1"));
    restart();
    warnings();
    assert_false(says(text));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_served_one_is_told_of_three_times),
        TEST(a_new_one_is_told_of_anew),
        TEST(devices_are_counted_and_told_of),
        TEST(overdue_lists_are_told_of_once_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
