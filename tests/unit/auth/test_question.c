/* Unit tests of what policies may ask (question.c, cert_vars.c), and of what is remembered (decisions.c). */
#include "lib/test.h"

#include "auth/cert_vars.h"
#include "auth/decisions.h"
#include "auth/question.h"
#include "base/mem.h"
#include "lib/clock_fake.h"
#include "unit/crypto/device_fixtures.h"

#include <stdio.h>

/* Subject: what the guide names, "Works, Inc", six units, CN lamp<7>; two DNS names, an address, a mailbox, a URI. */
static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIDYDCCAwegAwIBAgICEjQwCgYIKoZIzj0EAwIwggEEMQswCQYDVQQGEwJERTET\n"
                          "MBEGA1UECgwKV29ya3MsIEluYzEMMAoGA1UECwwDb25lMQwwCgYDVQQLDAN0d28x\n"
                          "DjAMBgNVBAsMBXRocmVlMQ0wCwYDVQQLDARmb3VyMQ0wCwYDVQQLDARmaXZlMQww\n"
                          "CgYDVQQLDANzaXgxEDAOBgNVBAMMB2xhbXA8Nz4xCzAJBgNVBAUTAjQyMQowCAYD\n"
                          "VQQuEwFxMQowCAYDVQQMDAF0MQwwCgYDVQQEDANzdXIxDjAMBgNVBCoMBWdpdmVu\n"
                          "MQowCAYDVQQrDAFpMQowCAYDVQRBDAFwMQowCAYDVQQsDAFnMQ8wDQYDVQQIDAZC\n"
                          "YXllcm4wHhcNMjYxMTI0MjAwMDAwWhcNMzYxMTIxMjAwMDAwWjCCAQQxCzAJBgNV\n"
                          "BAYTAkRFMRMwEQYDVQQKDApXb3JrcywgSW5jMQwwCgYDVQQLDANvbmUxDDAKBgNV\n"
                          "BAsMA3R3bzEOMAwGA1UECwwFdGhyZWUxDTALBgNVBAsMBGZvdXIxDTALBgNVBAsM\n"
                          "BGZpdmUxDDAKBgNVBAsMA3NpeDEQMA4GA1UEAwwHbGFtcDw3PjELMAkGA1UEBRMC\n"
                          "NDIxCjAIBgNVBC4TAXExCjAIBgNVBAwMAXQxDDAKBgNVBAQMA3N1cjEOMAwGA1UE\n"
                          "KgwFZ2l2ZW4xCjAIBgNVBCsMAWkxCjAIBgNVBEEMAXAxCjAIBgNVBCwMAWcxDzAN\n"
                          "BgNVBAgMBkJheWVybjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNNS/MENxCZT\n"
                          "1c28gTZs31F2xj9vAArUuUFAbCO9I7nIuMJG+UKx5CF/LRGUB6OVa5WkhCcCPdto\n"
                          "aryI61a/D4SjZTBjMEIGA1UdEQQ7MDmCDGxhbXAuZXhhbXBsZYINb3RoZXIuZXhh\n"
                          "bXBsZYcEwAACCYELYUBiLmV4YW1wbGWGB3Vybjp4OjEwHQYDVR0OBBYEFGZzq2PY\n"
                          "Y4kHpQUb9JumSKvEfHl6MAoGCCqGSM49BAMCA0cAMEQCIG8TmMkKCSihiA+EXGpe\n"
                          "MUSbOm7Sl16M1a9wNg0ZlDw6AiA/CjsxttQovQpd7wAoEQoJBqi4Z1vPNBTeGR/z\n"
                          "1W+JDg==\n"
                          "-----END CERTIFICATE-----\n";

/* ---- certificates ---- */

static void expect_cert(const struct cert_vars *vars, const char *name, size_t index,
                        const char *expected)
{
    struct slice value;
    bool found = cert_vars_get(vars, name, index, &value);
    if (found != (expected != NULL) || (found && !slice_eq_str(value, expected)))
        fail_msg("%s.%zu: '%.*s'", name, index, found ? (int)value.len : 0, found ? value.ptr : "");
}

static void test_certificates(void **state)
{
    static const struct {
        const char *name;
        size_t index;
        const char *value;
    } rows[] = {
#define CERT "iot:Certificate."
        { CERT "Subject.Country", 0, "DE" },
        { CERT "Subject.Organization", 0, "Works\\, Inc" },
        { CERT "Subject.OrganizationalUnit", 0, "one" },
        { CERT "Subject.OrganizationalUnit", 4, "five" },
        { CERT "Subject.OrganizationalUnit", 5, NULL }, /* five at most */
        { CERT "Subject.CommonName", 0, "lamp\\<7\\>" },
        { CERT "Subject.CommonName", 1, NULL },
        { CERT "Subject.SerialNumber", 0, "42" },
        { CERT "Subject.DistinguishedNameQualifier", 0, "q" },
        { CERT "Subject.Title", 0, "t" },
        { CERT "Subject.Surname", 0, "sur" },
        { CERT "Subject.GivenName", 0, "given" },
        { CERT "Subject.Initials", 0, "i" },
        { CERT "Subject.Pseudonym", 0, "p" },
        { CERT "Subject.GenerationQualifier", 0, "g" },
        { CERT "Subject.State", 0, "Bayern" },
        { CERT "Issuer.CommonName", 0, "lamp\\<7\\>" },
        { CERT "Issuer.Country", 0, "DE" },
        { CERT "Subject.AlternativeName.DNSName", 0, "lamp.example" },
        { CERT "Subject.AlternativeName.DNSName", 1, "other.example" },
        { CERT "Subject.AlternativeName.IPAddress", 0, "192.0.2.9" },
        { CERT "Subject.AlternativeName.RFC822Name", 0, "a@b.example" },
        { CERT "Subject.AlternativeName.UniformResourceIdentifier", 0, "urn:x:1" },
        { CERT "Subject.AlternativeName.DirectoryName", 0, NULL },
        { CERT "SerialNumber", 0, "1234" },
        { CERT "AvailableKeys", 0, CERT "Subject.Country" },
        { CERT "AvailableKeys", 2, CERT "Subject.OrganizationalUnit" },
        { CERT "AvailableKeys", 3, CERT "Subject.CommonName" },
        { CERT "AvailableKeys", 99, NULL },
    };
    struct cert_vars *vars = cert_vars_create(pem);
    assert_non_null(vars);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(cert_vars_has(rows[i].name));
        expect_cert(vars, rows[i].name, rows[i].index, rows[i].value);
        expect_cert(NULL, rows[i].name, rows[i].index, NULL);
    }
    assert_false(cert_vars_has("iot:CertificateId"));
    cert_vars_destroy(vars);
    assert_null(cert_vars_create("no certificate"));
}

static void test_alternative_names_of_both_sides(void **state)
{
    static const struct {
        const char *name;
        size_t index;
        const char *value;
    } rows[] = {
        { CERT "Subject.AlternativeName.DirectoryName", 0, "CN=\\#1\\ ,O=Acme\\+Sons" },
        { CERT "Subject.AlternativeName.DirectoryName", 1, NULL },
        { CERT "Subject.AlternativeName.DNSName", 0, "a.example" },
        { CERT "Subject.AlternativeName.UniformResourceIdentifier", 0, NULL },
        { CERT "Issuer.AlternativeName.DirectoryName", 0, "O=Signers\\, Ltd,C=SE" },
        { CERT "Issuer.AlternativeName.UniformResourceIdentifier", 0, "urn:ca" },
        { CERT "Issuer.AlternativeName.DNSName", 0, NULL },
        { CERT "AvailableKeys", 5, CERT "Issuer.AlternativeName.UniformResourceIdentifier" },
        { CERT "AvailableKeys", 6, CERT "Issuer.AlternativeName.DirectoryName" },
    };
    struct cert_vars *vars = cert_vars_create(device_names);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect_cert(vars, rows[i].name, rows[i].index, rows[i].value);
    cert_vars_destroy(vars);
}

/* ---- the connection, the thing, the role ---- */

static void expect_var(struct principal *p, const struct auth_conn *conn, const char *name,
                       const char *expected)
{
    struct auth_question question;
    struct slice value;
    auth_question_init(&question, NULL, p, conn);
    bool found = auth_question_get(&question, name, 0, &value);
    if (found != (expected != NULL) || (found && !slice_eq_str(value, expected)))
        fail_msg("%s: '%.*s'", name, found ? (int)value.len : 0, found ? value.ptr : "");
    assert_false(auth_question_get(&question, name, 2, &value));
    auth_question_deinit(&question);
}

static void test_connections(void **state)
{
    struct principal_attr attr = { (char *)"room", (char *)"hall" };
    struct principal_thing thing = {
        .name = (char *)"lamp", .type = (char *)"Lamp", .attrs = &attr, .attr_count = 1
    };
    struct principal p = {
        .kind = PRINCIPAL_CERT, .id = (char *)"ab", .things = &thing, .thing_count = 1
    };
    const struct auth_connect both = { .persistent = true, .will_topic = "w" }, none = { 0 };
    const struct auth_conn tls = { .client_id = "lamp",
                                   .source_ip = "192.0.2.1",
                                   .domain = "hub.example",
                                   .connect = &none },
                           plain = { .client_id = "other" },
                           nameless = { .domain = "", .connect = &both };
    clock_fake_install();
    clock_fake_set_real(INT64_C(1767323045500));
    expect_var(&p, &tls, "iot:ClientId", "lamp");
    expect_var(&p, NULL, "iot:ClientId", NULL);
    expect_var(&p, &tls, "aws:SourceIp", "192.0.2.1");
    expect_var(&p, &plain, "aws:SourceIp", NULL);
    expect_var(&p, &tls, "iot:DomainName", "hub.example");
    expect_var(&p, &nameless, "iot:DomainName", NULL);
    expect_var(&p, &plain, "iot:DomainName", NULL);
    expect_var(&p, &tls, "aws:SecureTransport", "true");
    expect_var(&p, &nameless, "aws:SecureTransport", "true");
    expect_var(&p, &plain, "aws:SecureTransport", "false");
    expect_var(&p, NULL, "aws:SecureTransport", NULL);
    expect_var(&p, NULL, "aws:EpochTime", "1767323045");
    expect_var(&p, NULL, "aws:CurrentTime", "2026-01-02T03:04:05.500Z");
    expect_var(&p, &tls, "iot:CertificateId", "ab");
    expect_var(&p, &tls, "iot:ConnectAttributes", NULL);
    expect_var(&p, &nameless, "iot:ConnectAttributes", "PersistentConnect");
    expect_var(&p, &tls, "iot:LastWillTopic", NULL);
    expect_var(&p, &tls, "iot:Connection.Thing.ThingName", "lamp");
    expect_var(&p, &tls, "iot:Connection.Thing.ThingTypeName", "Lamp");
    expect_var(&p, &tls, "iot:Connection.Thing.Attributes[room]", "hall");
    expect_var(&p, &tls, "iot:Connection.Thing.Attributes[colour]", NULL);
    expect_var(&p, &tls, "iot:Connection.Thing.IsAttached", "true");
    expect_var(&p, &plain, "iot:Connection.Thing.IsAttached", "false");
    expect_var(&p, &plain, "iot:Connection.Thing.ThingName", NULL);
    expect_var(&p, &tls, "credentials-iot:ThingName", NULL);
    expect_var(&p, &tls, "iot:Certificate.Subject.CommonName", NULL);
    expect_var(&p, &tls, "iot:Unheard", NULL);
    p.kind = PRINCIPAL_ROLE;
    p.cert_id = (char *)"cd";
    expect_var(&p, &plain, "credentials-iot:ThingName", "lamp");
    expect_var(&p, &plain, "credentials-iot:ThingTypeName", "Lamp");
    expect_var(&p, &plain, "credentials-iot:AwsCertificateId", "cd");
    expect_var(&p, &plain, "iot:CertificateId", NULL);
    clock_fake_remove();
}

/* ---- whose policies ---- */

static void test_policies_of_a_thing(void **state)
{
    struct policy *own[2] = { 0 }, *of_thing[3] = { 0 };
    struct principal_thing things[] = {
        { .name = (char *)"lamp", .policies = of_thing, .policy_count = 3 },
        { .name = (char *)"plug" },
    };
    struct principal p = { .policies = own, .policy_count = 2, .things = things, .thing_count = 2 };
    static const struct {
        const char *client_id;
        size_t count;
    } rows[] = { { "lamp", 3 }, { "plug", 2 }, { "other", 2 }, { NULL, 2 } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct auth_conn conn = { .client_id = rows[i].client_id };
        struct auth_question question;
        size_t count;
        auth_question_init(&question, NULL, &p, &conn);
        assert_ptr_equal(auth_question_policies(&question, &count),
                         rows[i].count == 3 ? of_thing : own);
        assert_int_equal(count, rows[i].count);
    }
}

/* ---- what is remembered ---- */

static void test_decisions_are_bounded(void **state)
{
    struct decisions *decisions = decisions_create(16);
    int kept = 0;
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key%d", i);
        assert_false(decisions_has(decisions, slice_str(key)));
        decisions_add(decisions, slice_str(key));
        decisions_add(decisions, slice_str(key));
        assert_true(decisions_has(decisions, slice_str(key)));
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key%d", i);
        kept += decisions_has(decisions, slice_str(key));
    }
    assert_true(kept > 8 && kept <= 16);
    decisions_destroy(decisions);
}

static void test_without_decisions(void **state)
{
    struct decisions *decisions = decisions_create(0);
    decisions_add(decisions, SLICE_LIT("a"));
    assert_false(decisions_has(decisions, SLICE_LIT("a")));
    decisions_destroy(decisions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_alternative_names_of_both_sides),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_policies_of_a_thing),
        cmocka_unit_test(test_decisions_are_bounded),
        cmocka_unit_test(test_without_decisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
