/* Unit tests of the registry: authorities of the owner, what they have signed, just in time too, and revocation
 * lists. The fixture's own CA stands for the owner's; see test_registry.c. */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/x509_crl.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "store/db.h"
#include "store/store.h"
#include "unit/crypto/crl_make.h"
#include "unit/crypto/device_fixtures.h"
#include "unit/crypto/fixtures.h"
#include "unit/registry/registry_fixture.h"

#define CA_ID "'caCertificateId':'@ca@'"

static struct buf log_lines;

static void keep_line(const char *line, size_t len)
{
    buf_append(&log_lines, line, len);
}

static int setup(void **state)
{
    struct registry_fixture *f = registry_fixture_create();
    f->check = registry_fixture_check_shape;
    log_set_sink(keep_line);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    registry_fixture_destroy(*state);
    log_set_sink(NULL);
    buf_deinit(&log_lines);
    return 0;
}

/* A variable with the text of a certificate; takes pem. */
static void set_pem(struct registry_fixture *f, const char *name, char *pem)
{
    registry_fixture_set(f, name, registry_fixture_quote(pem));
    free(pem);
}

static void set_code(struct registry_fixture *f)
{
    registry_fixture_do(f, "GetRegistrationCode", "{}");
    registry_fixture_set(f, "code", xstrdup(json_get_str(f->result, "registrationCode")));
}

/* The fixture's CA in the mode DEFAULT: @ca@ is its id, @caPem@ its text, @proof@ the verification certificate. */
static void register_ca(struct registry_fixture *f, const char *more)
{
    set_code(f);
    set_pem(f, "caPem", xstrdup(f->ca_cert));
    set_pem(f, "proof", registry_fixture_cert(f, registry_fixture_get(f, "code"), 30));
    char *params =
        xasprintf("{'caCertificate':'@caPem@','verificationCertificate':'@proof@'%s}", more);
    registry_fixture_do(f, "RegisterCACertificate", params);
    free(params);
    registry_fixture_set(f, "ca", xstrdup(json_get_str(f->result, "certificateId")));
}

#define ACTIVE_CA ",'setAsActive':'true','allowAutoRegistration':'true'"

/* @body@ is a template for just-in-time provisioning then, which begins with `more`. */
static void set_body(struct registry_fixture *f, const char *more)
{
    char *body =
        xasprintf("{%s\"Resources\":{\"c\":{\"Type\":\"AWS::IoT::Certificate\",\"Properties\":"
                  "{\"CertificateId\":{\"Ref\":\"AWS::IoT::Certificate::Id\"}}}}}",
                  more);
    registry_fixture_set(f, "body", registry_fixture_quote(body));
    free(body);
}

/* Another CA of the same name, whose id is @twin@ and whose text is @twinPem@; *ret_device is one of its devices. */
static void make_twin(struct registry_fixture *f, char **ret_device)
{
    char *cert = f->ca_cert, *key = f->ca_key;
    assert_int_equal(x509_ca_create(KEY_EC_P256, "Test CA", NULL, 0, &f->ca_cert, &f->ca_key, NULL),
                     0);
    *ret_device = registry_fixture_cert(f, "twin device", 30);
    set_pem(f, "twinPem", f->ca_cert);
    crypto_free_secret(f->ca_key);
    f->ca_cert = cert;
    f->ca_key = key;
}

/* ---- the registration code ---- */

static void the_code_stays_until_it_is_deleted(void **state)
{
    static const struct registry_step steps[] = {
        { "GetRegistrationCode", "{}", 0, "{'registrationCode':'*'}", NULL, "a=registrationCode" },
        { "GetRegistrationCode", "{}", 0, "{'registrationCode':'@a@'}" },
        { "DeleteRegistrationCode", "{}", 0, "" },
        { "GetRegistrationCode", "{}", 0, "{'registrationCode':'*'}", NULL, "b=registrationCode" },
    };
    static const struct registry_step again[] = {
        { "GetRegistrationCode", "{}", 0, "{'registrationCode':'@b@'}" },
    };
    struct registry_fixture *f = *state;
    RUN_STEPS(f, steps);
    registry_fixture_restart(f);
    RUN_STEPS(f, again);
    assert_int_equal(strlen(registry_fixture_get(f, "a")), 64);
    assert_string_not_equal(registry_fixture_get(f, "a"), registry_fixture_get(f, "b"));
}

/* ---- registering a CA ---- */

static void a_ca_is_registered_described_and_deleted(void **state)
{
    struct registry_fixture *f = *state;
    register_ca(f, "");
    clock_fake_advance(1500);
    static const struct registry_step steps[] = {
        { "DescribeCACertificate", "{" CA_ID "}", 0,
          "{'certificateDescription':{'certificateArn':'@arn@cacert/@ca@','certificateId':'@ca@',"
          "'certificatePem':'@caPem@','status':'INACTIVE','certificateMode':'DEFAULT',"
          "'ownedBy':'000000000000','validity':{'notBefore':'#','notAfter':2524607999},"
          "'creationDate':1767323045,'lastModifiedDate':1767323045,'customerVersion':1,"
          "'generationId':'*','autoRegistrationStatus':'DISABLE'}}" },
        { "RegisterCACertificate",
          "{'caCertificate':'@caPem@','verificationCertificate':'@proof@'}", ERR_EXISTS,
          "{'resourceId':'@ca@','resourceArn':'@arn@cacert/@ca@'}" },
        { "RegisterCACertificate", "{'caCertificate':'@caPem@','certificateMode':'SNI_ONLY'}",
          ERR_EXISTS },
        { "ListCACertificates", "{}", 0,
          "{'certificates':[{'certificateArn':'@arn@cacert/@ca@','certificateId':'@ca@',"
          "'status':'INACTIVE','creationDate':1767323045}]}" },
        { "UpdateCACertificate", "{" CA_ID ",'newStatus':'LOST'}", ERR_INVALID, "", "newStatus" },
        { "UpdateCACertificate",
          "{" CA_ID ",'newStatus':'ACTIVE','newAutoRegistrationStatus':'on'}", ERR_INVALID, "",
          "newAutoRegistrationStatus" },
        { "UpdateCACertificate", "{" CA_ID ",'newStatus':'ACTIVE'}", 0, "" },
        { "UpdateCACertificate", "{" CA_ID ",'newAutoRegistrationStatus':'ENABLE'}", 0, "" },
        { "DescribeCACertificate", "{" CA_ID "}", 0,
          "{'certificateDescription':{'certificateArn':'*','certificateId':'@ca@',"
          "'certificatePem':'*','status':'ACTIVE','certificateMode':'DEFAULT','ownedBy':'*',"
          "'validity':{'notBefore':'#','notAfter':'#'},'creationDate':1767323045,"
          "'lastModifiedDate':1767323046.5,'customerVersion':3,'generationId':'*',"
          "'autoRegistrationStatus':'ENABLE'}}" },
        { "DeleteCACertificate", "{" CA_ID "}", ERR_STATE, "", "Id: @ca@" },
        { "UpdateCACertificate", "{" CA_ID ",'newStatus':'INACTIVE'}", 0, "" },
        { "DeleteCACertificate", "{" CA_ID "}", 0, "" },
        { "DeleteCACertificate", "{" CA_ID "}", ERR_NOT_FOUND, "" },
        { "DescribeCACertificate", "{" CA_ID "}", ERR_NOT_FOUND, "", "Id: @ca@" },
        { "UpdateCACertificate", "{" CA_ID ",'newStatus':'ACTIVE'}", ERR_NOT_FOUND, "" },
        { "ListCACertificates", "{}", 0, "{'certificates':[]}" },
    };
    RUN_STEPS(f, steps);
}

static void the_owner_proves_his_key(void **state)
{
    struct registry_fixture *f = *state;
    char *twin_device;
    set_pem(f, "caPem", xstrdup(f->ca_cert));
    set_pem(f, "early", registry_fixture_cert(f, "any", 30));
    static const struct registry_step before[] = {
        { "RegisterCACertificate",
          "{'caCertificate':'@caPem@','verificationCertificate':'@early@'}", ERR_AUTH, "",
          "GetRegistrationCode" },
    };
    RUN_STEPS(f, before);
    set_code(f);
    make_twin(f, &twin_device);
    set_pem(f, "twinProof", twin_device);
    set_pem(f, "proof", registry_fixture_cert(f, registry_fixture_get(f, "code"), 30));
    set_pem(f, "device", registry_fixture_cert(f, "device", 30));
    set_pem(f, "weak", xstrdup(cert_weak_ca));
    set_pem(f, "noCa", xstrdup(cert_no_ca));
    static const struct registry_step steps[] = {
        { "RegisterCACertificate", "{'caCertificate':'@caPem@'}", ERR_INVALID, "",
          "verificationCertificate" },
        { "RegisterCACertificate",
          "{'caCertificate':'@caPem@','verificationCertificate':'@proof@',"
          "'certificateMode':'SNI_ONLY'}",
          ERR_INVALID, "", "verificationCertificate" },
        { "RegisterCACertificate", "{'caCertificate':'@caPem@','certificateMode':'OTHER'}",
          ERR_INVALID, "", "certificateMode" },
        { "RegisterCACertificate",
          "{'caCertificate':'@caPem@','verificationCertificate':'@device@'}", ERR_AUTH, "",
          "registration code" },
        { "RegisterCACertificate",
          "{'caCertificate':'@caPem@','verificationCertificate':'@twinProof@'}", ERR_CERT, "",
          "verification certificate: the signature is wrong" },
        { "RegisterCACertificate", "{'caCertificate':'@caPem@','verificationCertificate':'x'}",
          ERR_CERT, "" },
        { "RegisterCACertificate",
          "{'caCertificate':'@device@','verificationCertificate':'@proof@'}", ERR_CERT, "",
          "no CA" },
        { "RegisterCACertificate", "{'caCertificate':'@noCa@','certificateMode':'SNI_ONLY'}",
          ERR_CERT, "", "no CA" },
        { "RegisterCACertificate", "{'caCertificate':'@weak@','certificateMode':'SNI_ONLY'}",
          ERR_CERT, "", "1024 bits" },
        { "RegisterCACertificate", "{'verificationCertificate':'@proof@'}", ERR_INVALID, "",
          "'caCertificate'" },
        { "ListCACertificates", "{}", 0, "{'certificates':[]}" },
        { "RegisterCACertificate", "{'caCertificate':'@caPem@','certificateMode':'SNI_ONLY'}", 0,
          "{'certificateArn':'*','certificateId':'*'}" },
    };
    RUN_STEPS(f, steps);
    clock_fake_set_real(INT64_C(2524608000000)); /* the end of 2049 */
    static const struct registry_step late[] = {
        { "RegisterCACertificate", "{'caCertificate':'@twinPem@','certificateMode':'SNI_ONLY'}",
          ERR_CERT, "", "CA: the certificate expired" },
    };
    RUN_STEPS(f, late);
}

static void ten_cas_may_share_a_subject(void **state)
{
    struct registry_fixture *f = *state;
    struct buf up = { 0 };
    for (int i = 0; i < 11; i++) {
        char *device;
        make_twin(f, &device);
        free(device);
        int rc =
            registry_fixture_call(f, "RegisterCACertificate",
                                  "{'caCertificate':'@twinPem@','certificateMode':'SNI_ONLY'}");
        assert_int_equal(rc, i < 10 ? 0 : ERR_LIMIT);
        if (rc == 0)
            buf_printf(&up, "%s%s", i ? " " : "", json_get_str(f->result, "certificateId"));
        clock_fake_advance(10);
    }
    for (int size = 1; size <= 11; size++)
        registry_fixture_pages(f, "ListCACertificates", "'ascendingOrder':'true'", size,
                               "certificates", "certificateId", true, buf_str(&up));
    buf_deinit(&up);
}

/* ---- registrationConfig ---- */

struct sql_req {
    struct store_req req;
    bool done;
};

static int insert_templates(struct store_req *req, struct db *db)
{
    return db_exec(db_query(
        db, "INSERT INTO provisioning_template (name, type, enabled, role_arn, default_version, "
            "last_version, created_at, modified_at) VALUES "
            "('Jit', 'JITP', 1, 'r', 1, 1, 0, 0), ('Fleet', 'FLEET_PROVISIONING', 1, 'r', 1, 1, 0, "
            "0)"));
}

static void on_sql(struct store_req *req, int rc)
{
    container_of(req, struct sql_req, req)->done = true;
    assert_int_equal(rc, 0);
}

static void run_sql(struct registry_fixture *f, int (*run)(struct store_req *req, struct db *db))
{
    struct sql_req req = { .req = { .run = run, .done = on_sql } };
    store_submit(f->store, &req.req);
    while (!req.done)
        loop_turn_wait(f->loop, 1000);
}

static void make_templates(struct registry_fixture *f)
{
    run_sql(f, insert_templates);
}

#define CONFIG(config) "{" CA_ID ",'registrationConfig':{" config "}}"
#define ROLE           "'roleArn':'arn:aws:iam::000000000000:role/r'"

static void a_ca_has_a_template(void **state)
{
    struct registry_fixture *f = *state;
    make_templates(f);
    register_ca(f, ",'registrationConfig':{'templateName':'Jit'}");
    set_body(f, "");
    char *body = xcalloc(1, 10244);
    memset(body, ' ', 10243);
    memcpy(body, "{}", 2);
    registry_fixture_set(f, "long", body);
    static const struct registry_step steps[] = {
        { "ListCACertificates", "{'templateName':'Jit'}", 0,
          "{'certificates':[{'certificateArn':'*','certificateId':'@ca@','status':'INACTIVE',"
          "'creationDate':'#'}]}" },
        { "ListCACertificates", "{'templateName':'Other'}", 0, "{'certificates':[]}" },
        { "UpdateCACertificate", CONFIG("'templateName':'Fleet'"), ERR_INVALID, "", "type JITP" },
        { "UpdateCACertificate", CONFIG("'templateName':'None'"), ERR_NOT_FOUND, "", "None" },
        { "UpdateCACertificate", CONFIG("'templateName':'a b'"), ERR_INVALID, "", "pattern" },
        { "UpdateCACertificate", CONFIG("'templateName':'Jit','templateBody':'{}'," ROLE),
          ERR_INVALID, "", "either" },
        { "UpdateCACertificate", CONFIG(ROLE), ERR_INVALID, "", "either" },
        { "UpdateCACertificate", CONFIG("'templateBody':'{}'"), ERR_INVALID, "", "roleArn" },
        { "UpdateCACertificate", CONFIG("'templateBody':'{}','roleArn':'r'"), ERR_INVALID, "",
          "20 to 2048" },
        { "UpdateCACertificate", CONFIG("'templateBody':'{'," ROLE), ERR_INVALID, "",
          "templateBody: " },
        { "UpdateCACertificate", CONFIG("'templateBody':'{}'," ROLE), ERR_INVALID, "",
          "Resources" },
        { "UpdateCACertificate", CONFIG("'templateBody':'@long@'," ROLE), ERR_INVALID, "",
          "10240 are allowed" },
        { "UpdateCACertificate",
          "{" CA_ID ",'removeAutoRegistration':true,'registrationConfig':{'templateName':'Jit'}}",
          ERR_INVALID, "", "exclude" },
        { "UpdateCACertificate", "{" CA_ID ",'newAutoRegistrationStatus':'ENABLE'}", 0, "" },
        { "DescribeCACertificate", "{" CA_ID "}", 0,
          "{'certificateDescription':{'certificateArn':'*','certificateId':'*',"
          "'certificatePem':'*','status':'*','certificateMode':'*','ownedBy':'*',"
          "'validity':{'notBefore':'#','notAfter':'#'},'creationDate':'#','lastModifiedDate':'#',"
          "'customerVersion':2,'generationId':'*','autoRegistrationStatus':'ENABLE'},"
          "'registrationConfig':{'templateName':'Jit'}}" },
        { "UpdateCACertificate", CONFIG("'templateBody':'@body@'," ROLE), 0, "" },
        { "DescribeCACertificate", "{" CA_ID "}", 0,
          "{'certificateDescription':{'certificateArn':'*','certificateId':'*',"
          "'certificatePem':'*','status':'*','certificateMode':'*','ownedBy':'*',"
          "'validity':{'notBefore':'#','notAfter':'#'},'creationDate':'#','lastModifiedDate':'#',"
          "'customerVersion':3,'generationId':'*','autoRegistrationStatus':'ENABLE'},"
          "'registrationConfig':{'templateBody':'@body@'," ROLE "}}" },
        { "UpdateCACertificate", "{" CA_ID ",'removeAutoRegistration':true}", 0, "" },
        { "DescribeCACertificate", "{" CA_ID "}", 0,
          "{'certificateDescription':{'certificateArn':'*','certificateId':'*',"
          "'certificatePem':'*','status':'*','certificateMode':'*','ownedBy':'*',"
          "'validity':{'notBefore':'#','notAfter':'#'},'creationDate':'#','lastModifiedDate':'#',"
          "'customerVersion':4,'generationId':'*','autoRegistrationStatus':'DISABLE'}}" },
    };
    RUN_STEPS(f, steps);
}

/* ---- registering what a CA has signed ---- */

static void certificates_are_registered_under_their_ca(void **state)
{
    struct registry_fixture *f = *state;
    register_ca(f, "");
    set_pem(f, "a", registry_fixture_cert(f, "a", 30));
    set_pem(f, "b", registry_fixture_cert(f, "b", 30));
    set_pem(f, "c", registry_fixture_cert(f, "c", 30));
    set_pem(f, "server", xstrdup(device_server));
    set_pem(f, "foreign", xstrdup(device_p256));
    static const struct registry_step steps[] = {
        { "RegisterCertificate", "{'certificatePem':'@a@'}", ERR_STATE, "", "INACTIVE" },
        { "UpdateCACertificate", "{" CA_ID ",'newStatus':'ACTIVE'}", 0 },
        { "RegisterCertificate", "{'certificatePem':'@a@','status':'PENDING_ACTIVATION'}",
          ERR_STATE, "", "Not allowed to register certificate with PENDING_ACTIVATION status" },
        { "RegisterCertificate", "{'certificatePem':'@a@','status':'LOST'}", ERR_INVALID, "" },
        { "RegisterCertificate", "{'certificatePem':'@server@'}", ERR_CERT, "", "No CA" },
        { "RegisterCertificate", "{'certificatePem':'@foreign@'}", ERR_CERT, "", "No CA" },
        { "RegisterCertificate", "{'certificatePem':'@foreign@','caCertificatePem':'@caPem@'}",
          ERR_CERT, "", "it names another issuer" },
        { "RegisterCertificate", "{'certificatePem':'@a@','caCertificatePem':'@foreign@'}",
          ERR_CERT, "", "is not registered" },
        { "RegisterCertificate", "{'certificatePem':'x'}", ERR_CERT, "" },
        { "RegisterCertificate", "{'certificatePem':'@a@','caCertificatePem':'x'}", ERR_CERT, "" },
        { "RegisterCertificate", "{}", ERR_INVALID, "", "'certificatePem'" },
        { "ListCertificatesByCA", "{" CA_ID "}", 0, "{'certificates':[]}" },
        { "RegisterCertificate", "{'certificatePem':'@a@'}", 0,
          "{'certificateArn':'*','certificateId':'*'}", NULL, "ida=certificateId" },
        { "RegisterCertificate", "{'certificatePem':'@a@','status':'ACTIVE'}", ERR_EXISTS,
          "{'resourceId':'@ida@','resourceArn':'@arn@cert/@ida@'}",
          "The certificate is already provisioned or registered" },
        { "RegisterCertificate", "{'certificatePem':'@b@','setAsActive':'true'}", 0, NULL, NULL,
          "idb=certificateId" },
        { "RegisterCertificate",
          "{'certificatePem':'@c@','status':'REVOKED','caCertificatePem':'@caPem@'}", 0, NULL, NULL,
          "idc=certificateId" },
        { "DescribeCertificate", "{'certificateId':'@idb@'}", 0,
          "{'certificateDescription':{'certificateArn':'@arn@cert/@idb@','certificateId':'@idb@',"
          "'caCertificateId':'@ca@','status':'ACTIVE','certificatePem':'@b@',"
          "'ownedBy':'000000000000','creationDate':'#','lastModifiedDate':'#','customerVersion':1,"
          "'transferData':{},'generationId':'*','validity':{'notBefore':'#','notAfter':'#'},"
          "'certificateMode':'DEFAULT'}}" },
        { "UpdateCACertificate", "{" CA_ID ",'newStatus':'INACTIVE'}", 0 },
        { "DeleteCACertificate", "{" CA_ID "}", 0 },
        { "DescribeCertificate", "{'certificateId':'@idb@'}", 0 }, /* they stay */
        { "RegisterCertificateWithoutCA", "{'certificatePem':'@server@'}", ERR_CERT, "",
          "extended key usage" },
    };
    RUN_STEPS(f, steps);
}

static void certificates_are_listed_by_ca(void **state)
{
    struct registry_fixture *f = *state;
    struct buf up = { 0 }, down = { 0 };
    register_ca(f, ACTIVE_CA);
    registry_fixture_register(f, "other", "ACTIVE", 0); /* without the CA */
    for (int i = 0; i < 4; i++) {
        set_pem(f, "pem", registry_fixture_cert(f, "device", 30));
        registry_fixture_do(f, "RegisterCertificate", "{'certificatePem':'@pem@'}");
        char *id = xstrdup(json_get_str(f->result, "certificateId"));
        char *before = xasprintf("%s%s%s", id, down.len ? " " : "", buf_str(&down));
        buf_printf(&up, "%s%s", i ? " " : "", id);
        buf_clear(&down);
        buf_puts(&down, before);
        free(before);
        free(id);
        clock_fake_advance(10);
    }
    for (int size = 1; size <= 5; size++) {
        registry_fixture_pages(f, "ListCertificatesByCA", CA_ID ",'ascendingOrder':'true'", size,
                               "certificates", "certificateId", true, buf_str(&up));
        registry_fixture_pages(f, "ListCertificatesByCA", CA_ID, size, "certificates",
                               "certificateId", true, buf_str(&down));
    }
    buf_deinit(&up);
    buf_deinit(&down);
}

static void a_name_of_two_cas_needs_the_ca(void **state)
{
    struct registry_fixture *f = *state;
    char *twin_device;
    register_ca(f, ACTIVE_CA);
    make_twin(f, &twin_device);
    set_pem(f, "device", registry_fixture_cert(f, "device", 30));
    set_pem(f, "twinDevice", twin_device);
    static const struct registry_step steps[] = {
        { "RegisterCACertificate",
          "{'caCertificate':'@twinPem@','certificateMode':'SNI_ONLY','setAsActive':'true'}", 0 },
        { "RegisterCertificate", "{'certificatePem':'@device@'}", ERR_CONFLICT, "",
          "caCertificatePem" },
        { "RegisterCertificate", "{'certificatePem':'@device@','caCertificatePem':'@twinPem@'}",
          ERR_CERT, "", "the signature is wrong" },
        { "RegisterCertificate", "{'certificatePem':'@device@','caCertificatePem':'@caPem@'}", 0 },
        { "RegisterCertificate", "{'certificatePem':'@twinDevice@','caCertificatePem':'@twinPem@'}",
          0, NULL, NULL, "id=certificateId" },
    };
    RUN_STEPS(f, steps);
    registry_fixture_do(f, "DescribeCertificate", "{'certificateId':'@id@'}");
    assert_string_equal(
        json_get_str(json_get(f->result, "certificateDescription"), "certificateMode"), "SNI_ONLY");
}

/* ---- just in time ---- */

#define JIT ".RegisterJustInTime"

static void an_unknown_certificate_is_registered_just_in_time(void **state)
{
    struct registry_fixture *f = *state;
    register_ca(f, ACTIVE_CA);
    set_pem(f, "device", registry_fixture_cert(f, "device", 30));
    static const struct registry_step steps[] = {
        { JIT, "{'certificatePem':'@device@'}", 0,
          "{'certificateArn':'*','certificateId':'*','caCertificateId':'@ca@',"
          "'certificateStatus':'PENDING_ACTIVATION','event':{'certificateId':'*',"
          "'caCertificateId':'@ca@','timestamp':1767323045000,"
          "'certificateStatus':'PENDING_ACTIVATION','awsAccountId':'000000000000',"
          "'certificateRegistrationTimestamp':'1767323045000'}}",
          NULL, "id=certificateId" },
    };
    RUN_STEPS(f, steps);
    char *want = registry_fixture_expand(f, "principal:cert:@id@");
    assert_string_equal(buf_str(&f->changes), want);
    free(want);
    clock_fake_advance(MINUTES(10));
    static const struct registry_step again[] = {
        { JIT, "{'certificatePem':'@device@'}", 0,
          "{'caCertificateId':'@ca@','certificateStatus':'PENDING_ACTIVATION',"
          "'event':{'certificateId':'@id@','caCertificateId':'@ca@','timestamp':1767323645000,"
          "'certificateStatus':'PENDING_ACTIVATION','awsAccountId':'000000000000',"
          "'certificateRegistrationTimestamp':'1767323045000'}}" },
        { "ListCertificatesByCA", "{" CA_ID "}", 0,
          "{'certificates':[{'certificateArn':'*','certificateId':'@id@',"
          "'status':'PENDING_ACTIVATION','creationDate':'#','certificateMode':'DEFAULT'}]}" },
        { "UpdateCertificate", "{'certificateId':'@id@','newStatus':'ACTIVE'}", 0 },
        { JIT, "{'certificatePem':'@device@'}", ERR_CERT, "", "it was registered meanwhile" },
    };
    RUN_STEPS(f, again);
}

static void what_is_not_registered_just_in_time_has_its_reason(void **state)
{
    struct registry_fixture *f = *state;
    char *twin_device;
    set_pem(f, "device", registry_fixture_cert(f, "device", 30));
    set_pem(f, "server", xstrdup(device_server));
    make_twin(f, &twin_device);
    set_pem(f, "twinDevice", twin_device);
    static const struct registry_step before[] = {
        { JIT, "{'certificatePem':'@device@'}", ERR_CERT, "",
          "no registered CA has the name of its issuer: register its CA" },
        { JIT, "{'certificatePem':'@server@'}", ERR_CERT, "",
          "of TLS clients: the device needs another certificate" },
        { JIT, "{'certificatePem':'x'}", ERR_CERT, "" },
        { JIT, "{}", ERR_INVALID, "" },
    };
    RUN_STEPS(f, before);
    register_ca(f, "");
    static const struct registry_step steps[] = {
        { JIT, "{'certificatePem':'@device@'}", ERR_CERT, "",
          "the CA certificate @ca@ is INACTIVE: UpdateCACertificate activates it" },
        { "UpdateCACertificate", "{" CA_ID ",'newStatus':'ACTIVE'}", 0 },
        { JIT, "{'certificatePem':'@device@'}", ERR_CERT, "",
          "auto registration of the CA certificate @ca@ is DISABLE" },
        { "UpdateCACertificate", "{" CA_ID ",'newAutoRegistrationStatus':'ENABLE'}", 0 },
        { JIT, "{'certificatePem':'@twinDevice@'}", ERR_CERT, "",
          "the CA certificate @ca@ did not sign it: the signature is wrong" },
        { "RegisterCACertificate",
          "{'caCertificate':'@twinPem@','certificateMode':'SNI_ONLY','setAsActive':'true',"
          "'allowAutoRegistration':'true'}",
          0 },
        { JIT, "{'certificatePem':'@twinDevice@'}", ERR_CERT, "", "in the mode SNI_ONLY" },
        { "ListCertificates", "{}", 0, "{'certificates':[]}" },
    };
    RUN_STEPS(f, steps);
    clock_fake_advance(DAYS(31));
    static const struct registry_step late[] = {
        { JIT, "{'certificatePem':'@device@'}", ERR_CERT, "", "it has expired" },
    };
    RUN_STEPS(f, late);
    clock_fake_set_real(INT64_C(1767323045000) - DAYS(1));
    static const struct registry_step early[] = {
        { JIT, "{'certificatePem':'@device@'}", ERR_CERT, "", "it is not yet valid" },
    };
    RUN_STEPS(f, early);
}

static void a_ca_that_expired_registers_nothing(void **state)
{
    struct registry_fixture *f = *state;
    free(f->ca_cert);
    crypto_free_secret(f->ca_key);
    assert_int_equal(x509_ca_create(KEY_EC_P256, "Short", NULL, 30, &f->ca_cert, &f->ca_key, NULL),
                     0);
    register_ca(f, ACTIVE_CA);
    set_pem(f, "device", registry_fixture_cert(f, "device", 60));
    clock_fake_advance(DAYS(31));
    static const struct registry_step steps[] = {
        { JIT, "{'certificatePem':'@device@'}", ERR_CERT, "",
          "the CA certificate @ca@ has expired" },
        { "RegisterCertificate", "{'certificatePem':'@device@'}", ERR_CERT, "", "has expired" },
    };
    RUN_STEPS(f, steps);
}

static void a_template_that_fails_leaves_the_certificate(void **state)
{
    struct registry_fixture *f = *state;
    set_body(f, "\"Parameters\":{\"AWS::IoT::Certificate::Country\":{\"Type\":\"String\"}},");
    register_ca(f, ACTIVE_CA ",'registrationConfig':{'templateBody':'@body@'," ROLE "}");
    set_pem(f, "device", registry_fixture_cert(f, "device", 30));
    for (int i = 0; i < 2; i++) {
        buf_clear(&log_lines);
        registry_fixture_do(f, JIT, "{'certificatePem':'@device@'}");
        assert_true(json_is(json_get(f->result, "provisioned"), JSON_BOOL));
        assert_false(json_is_true(json_get(f->result, "provisioned")));
        assert_string_equal(json_get_str(f->result, "certificateStatus"), "PENDING_ACTIVATION");
        assert_non_null(strstr(buf_str(&log_lines), "just-in-time provisioning failed"));
        /* the certificate is told when it comes, and nothing when the template runs again */
        assert_int_equal(f->changes.len > 0, i == 0);
    }
}

/* ---- revocation lists ---- */

/* @crl@ is a list of the fixture's CA then. */
static void set_crl(struct registry_fixture *f, struct slice number, int64_t this_update_s,
                    int64_t next_update_s, const char *const *serials)
{
    set_pem(f, "crl",
            crl_make(&(struct crl_make){ .ca_cert = f->ca_cert,
                                         .ca_key = f->ca_key,
                                         .number = number,
                                         .this_update_s = this_update_s,
                                         .next_update_s = next_update_s,
                                         .serials = serials }));
}

/* Makes @NAME@; the serial is the caller's. */
static char *device_with_serial(struct registry_fixture *f, const char *name)
{
    char *pem = registry_fixture_cert(f, name, 30);
    struct arena arena = { 0 };
    struct x509_info info;
    assert_int_equal(x509_parse(slice_str(pem), &arena, &info, NULL), 0);
    char *serial = xstrdup(info.serial);
    arena_deinit(&arena);
    set_pem(f, name, pem);
    return serial;
}

#define NOW_S   INT64_C(1767323045)
#define PUT     "PutCertificateRevocationList"
#define PUT_CRL "{" CA_ID ",'crlPem':'@crl@'}"

static void a_list_revokes_what_it_names(void **state)
{
    struct registry_fixture *f = *state;
    register_ca(f, ACTIVE_CA);
    char *a = device_with_serial(f, "a"), *b = device_with_serial(f, "b"),
         *c = device_with_serial(f, "c");
    static const struct registry_step before[] = {
        { "RegisterCertificate", "{'certificatePem':'@a@','status':'ACTIVE'}", 0, NULL, NULL,
          "ida=certificateId" },
        { "RegisterCertificate", "{'certificatePem':'@b@','status':'ACTIVE'}", 0, NULL, NULL,
          "idb=certificateId" },
    };
    RUN_STEPS(f, before);
    set_crl(f, SLICE_LIT("\x0f"), NOW_S, NOW_S + 3600, (const char *const[]){ a, c, a, NULL });
    static const struct registry_step steps[] = {
        { PUT, PUT_CRL, 0,
          "{'caCertificateId':'@ca@','crlNumber':'f','thisUpdate':1767323045,"
          "'nextUpdate':1767326645,'overdue':false,'uploadDate':1767323045,'entryCount':2,"
          "'revokedCount':1}" },
    };
    RUN_STEPS(f, steps);
    char *want = registry_fixture_expand(f, "principal:cert:@ida@");
    assert_string_equal(buf_str(&f->changes), want);
    free(want);
    static const struct registry_step after[] = {
        { PUT, PUT_CRL, 0 }, /* the same again */
        { "ListCertificatesByCA", "{" CA_ID ",'pageSize':'1','ascendingOrder':'true'}", 0 },
        { "RegisterCertificate", "{'certificatePem':'@c@'}", ERR_CERT, "", "revocation list" },
        { JIT, "{'certificatePem':'@c@'}", ERR_CERT, "",
          "the revocation list of the CA certificate @ca@ names it" },
        { "UpdateCertificate", "{'certificateId':'@ida@','newStatus':'ACTIVE'}", ERR_STATE, "",
          "revocation list of its CA" },
        { "UpdateCertificate", "{'certificateId':'@ida@','newStatus':'REVOKED'}", 0 },
        { "UpdateCertificate", "{'certificateId':'@idb@','newStatus':'INACTIVE'}", 0 },
        { "GetCertificateRevocationList", "{" CA_ID "}", 0,
          "{'caCertificateId':'@ca@','crlNumber':'f','thisUpdate':1767323045,"
          "'nextUpdate':1767326645,'overdue':false,'uploadDate':1767323045,'entryCount':2,"
          "'revoked':[{'serialNumber':'*','revocationDate':1767323044},"
          "{'serialNumber':'*','revocationDate':1767323044}]}" },
        { "DeleteCertificateRevocationList", "{" CA_ID "}", 0, "" },
        { "DeleteCertificateRevocationList", "{" CA_ID "}", ERR_NOT_FOUND, "" },
        { "GetCertificateRevocationList", "{" CA_ID "}", ERR_NOT_FOUND, "" },
        { "UpdateCertificate", "{'certificateId':'@ida@','newStatus':'ACTIVE'}", 0 },
        { "RegisterCertificate", "{'certificatePem':'@c@'}", 0 },
    };
    RUN_STEPS(f, after);
    free(a);
    free(b);
    free(c);
}

static void lists_follow_each_other(void **state)
{
    struct registry_fixture *f = *state;
    register_ca(f, ACTIVE_CA);
    char *a = device_with_serial(f, "a");
    registry_fixture_do(f, "RegisterCertificate", "{'certificatePem':'@a@','status':'ACTIVE'}");
    static const char *const nobody[] = { "0085", NULL };
    const struct {
        struct slice number;
        int64_t this_update_s;
        int rc;
    } cases[] = {
        { SLICE_LIT("\x09"), NOW_S, 0 },
        { SLICE_LIT("\x08"), NOW_S + 1, ERR_CONFLICT },
        { SLICE_LIT("\x0a"), NOW_S - 1, ERR_CONFLICT },
        { SLICE_LIT("\x10"), NOW_S + 1, 0 },
        { { 0 }, NOW_S, ERR_CONFLICT },
        { { 0 }, NOW_S + 2, 0 },
        { SLICE_LIT("\x01"), NOW_S + 3, 0 }, /* nothing to compare with */
        { SLICE_LIT("\x02"), NOW_S + 7200, ERR_CERT },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set_crl(f, cases[i].number, cases[i].this_update_s, NOW_S + 3600, nobody);
        int rc = registry_fixture_call(f, PUT, PUT_CRL);
        if (rc != cases[i].rc) fail_msg("case %zu: %d %s", i, rc, f->diag.text);
    }
    registry_fixture_do(f, "GetCertificateRevocationList", "{" CA_ID "}");
    assert_int_equal(json_count(json_get(f->result, "revoked")), 1);
    free(a);
}

static void lists_of_others_are_refused(void **state)
{
    struct registry_fixture *f = *state;
    char *twin_device;
    register_ca(f, ACTIVE_CA);
    make_twin(f, &twin_device);
    free(twin_device);
    set_crl(f, SLICE_LIT("\x01"), NOW_S, 0, NULL);
    static const struct registry_step steps[] = {
        { "RegisterCACertificate", "{'caCertificate':'@twinPem@','certificateMode':'SNI_ONLY'}", 0,
          NULL, NULL, "twin=certificateId" },
        { PUT, "{'caCertificateId':'@twin@','crlPem':'@crl@'}", ERR_CERT, "",
          "revocation list: the signature is wrong" },
        { PUT, "{" CA_ID ",'crlPem':'x'}", ERR_CERT, "", "revocation list" },
        { PUT, "{" CA_ID "}", ERR_INVALID, "", "'crlPem'" },
        { PUT,
          "{'caCertificateId':'0000000000000000000000000000000000000000000000000000000000000000',"
          "'crlPem':'@crl@'}",
          ERR_NOT_FOUND, "" },
        { PUT, PUT_CRL, 0,
          "{'caCertificateId':'@ca@','crlNumber':'1','thisUpdate':'#','overdue':false,"
          "'uploadDate':'#','entryCount':0,'revokedCount':0}" },
    };
    RUN_STEPS(f, steps);
}

static void an_overdue_list_stays_in_force(void **state)
{
    struct registry_fixture *f = *state;
    register_ca(f, ACTIVE_CA);
    char *a = device_with_serial(f, "a");
    set_crl(f, SLICE_LIT("\x01"), NOW_S, NOW_S + 3600, (const char *const[]){ a, NULL });
    registry_fixture_do(f, PUT, PUT_CRL);
    assert_null(strstr(buf_str(&log_lines), "should have been renewed"));
    clock_fake_advance(MINUTES(61));
    assert_int_equal(registry_fixture_call(f, JIT, "{'certificatePem':'@a@'}"), ERR_CERT);
    assert_non_null(strstr(buf_str(&log_lines), "should have been renewed"));
    registry_fixture_do(f, "GetCertificateRevocationList", "{" CA_ID "}");
    assert_true(json_is_true(json_get(f->result, "overdue")));
    buf_clear(&log_lines);
    registry_fixture_do(f, PUT, PUT_CRL);
    assert_non_null(strstr(buf_str(&log_lines), "should have been renewed"));
    free(a);
}

/* The CA's certificate was renewed: another one of the same name and key. */
static int insert_renewed(struct store_req *req, struct db *db)
{
    return db_exec(db_query(
        db,
        "INSERT INTO ca_cert (id, pem, subject_id, status, auto_registration, mode, not_before, "
        "not_after, created_at, modified_at) SELECT 'renewed', pem, subject_id, status, "
        "auto_registration, mode, not_before, not_after, created_at + 1, modified_at "
        "FROM ca_cert"));
}

static void a_list_holds_for_the_renewed_ca_too(void **state)
{
    struct registry_fixture *f = *state;
    register_ca(f, ACTIVE_CA);
    char *a = device_with_serial(f, "a");
    set_crl(f, SLICE_LIT("\x01"), NOW_S, 0, (const char *const[]){ a, NULL });
    registry_fixture_do(f, PUT, PUT_CRL);
    run_sql(f, insert_renewed);
    assert_int_equal(registry_fixture_call(f, JIT, "{'certificatePem':'@a@'}"), ERR_CERT);
    assert_non_null(strstr(f->diag.text, "the revocation list of the CA certificate"));
    registry_fixture_do(f, "UpdateCACertificate", "{" CA_ID ",'newStatus':'INACTIVE'}");
    assert_int_equal(registry_fixture_call(f, JIT, "{'certificatePem':'@a@'}"), ERR_CERT);
    set_pem(f, "b", registry_fixture_cert(f, "b", 30));
    registry_fixture_do(f, JIT, "{'certificatePem':'@b@'}");
    assert_string_equal(json_get_str(f->result, "caCertificateId"), "renewed");
    free(a);
}

static void entries_come_in_pages(void **state)
{
    struct registry_fixture *f = *state;
    register_ca(f, ACTIVE_CA);
    set_crl(f, SLICE_LIT("\x01"), NOW_S, 0,
            (const char *const[]){ "05", "02", "03", "01", "04", NULL });
    registry_fixture_do(f, PUT, PUT_CRL);
    for (int size = 1; size <= 6; size++)
        registry_fixture_pages(f, "GetCertificateRevocationList", CA_ID, size, "revoked",
                               "serialNumber", false, "01 02 03 04 05");
}

static void the_longest_list_is_taken(void **state)
{
    struct registry_fixture *f = *state;
    char(*serials)[9] = xcalloc(X509_CRL_MAX, sizeof *serials);
    const char **list = xcalloc(X509_CRL_MAX + 1, sizeof *list);
    for (int i = 0; i < X509_CRL_MAX; i++) {
        snprintf(serials[i], sizeof serials[i], "01%06x", i);
        list[i] = serials[i];
    }
    register_ca(f, ACTIVE_CA);
    set_crl(f, SLICE_LIT("\x01"), NOW_S, 0, list);
    registry_fixture_do(f, PUT, PUT_CRL);
    int64_t count = 0;
    json_to_int64(json_get(f->result, "entryCount"), &count);
    assert_int_equal(count, X509_CRL_MAX);
    free(list);
    free(serials);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_code_stays_until_it_is_deleted),
        TEST(a_ca_is_registered_described_and_deleted),
        TEST(the_owner_proves_his_key),
        TEST(ten_cas_may_share_a_subject),
        TEST(a_ca_has_a_template),
        TEST(certificates_are_registered_under_their_ca),
        TEST(certificates_are_listed_by_ca),
        TEST(a_name_of_two_cas_needs_the_ca),
        TEST(an_unknown_certificate_is_registered_just_in_time),
        TEST(what_is_not_registered_just_in_time_has_its_reason),
        TEST(a_ca_that_expired_registers_nothing),
        TEST(a_template_that_fails_leaves_the_certificate),
        TEST(a_list_revokes_what_it_names),
        TEST(lists_follow_each_other),
        TEST(lists_of_others_are_refused),
        TEST(an_overdue_list_stays_in_force),
        TEST(a_list_holds_for_the_renewed_ca_too),
        TEST(entries_come_in_pages),
        TEST(the_longest_list_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
