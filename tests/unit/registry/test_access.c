/* Unit tests of the registry: policies, certificates and the hub's own credentials. See test_registry.c. */
#include "base/err.h"
#include "base/mem.h"
#include "crypto/key.h"
#include "crypto/password.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "policy/policy.h"
#include "unit/crypto/fixtures.h"
#include "unit/registry/registry_fixture.h"

/* ---- policies ---- */

static void policies_have_versions(void **state)
{
    static const struct registry_step steps[] = {
        { "CreatePolicy", "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}", 0,
          "{'policyName':'P','policyArn':'@arn@policy/P','policyDocument':'" POLICY_ALLOW_ALL
          "','policyVersionId':'1'}" },
        { "CreatePolicy", "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}", ERR_EXISTS,
          "{'resourceId':'P','resourceArn':'@arn@policy/P'}",
          "Policy cannot be created - name already exists (name=P)" },
        { "CreatePolicy", "{'policyName':'Q'}", ERR_INVALID, "", "'policyDocument'" },
        { "CreatePolicy", "{'policyName':'Q','policyDocument':''}", ERR_SYNTAX, "" },
        { "CreatePolicy", "{'policyName':'Q','policyDocument':'{}'}", ERR_SYNTAX, "", "Statement" },
        { "CreatePolicy",
          "{'policyName':'Q','policyDocument':'{\\'Statement\\':[],\\'Statement\\':[]}'}",
          ERR_SYNTAX },
        { "GetPolicy", "{'policyName':'P'}", 0,
          "{'policyName':'P','policyArn':'@arn@policy/P','policyDocument':'" POLICY_ALLOW_ALL
          "','defaultVersionId':'1','creationDate':'#','lastModifiedDate':'#','generationId':'1'"
          "}" },
        { "GetPolicy", "{'policyName':'Q'}", ERR_NOT_FOUND, "", "Policy not found" },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL "'}", 0,
          "{'policyArn':'@arn@policy/P','policyDocument':'" POLICY_DENY_ALL
          "','policyVersionId':'2','isDefaultVersion':false}" },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'{}'}", ERR_SYNTAX, "" },
        { "CreatePolicyVersion", "{'policyName':'Q','policyDocument':'" POLICY_DENY_ALL "'}",
          ERR_NOT_FOUND, "" },
        { "CreatePolicyVersion",
          "{'policyName':'P','policyDocument':'" POLICY_DENY_ALL "','setAsDefault':'true'}", 0,
          "{'policyArn':'@arn@policy/P','policyDocument':'" POLICY_DENY_ALL
          "','policyVersionId':'3','isDefaultVersion':true}" },
        { "GetPolicyVersion", "{'policyName':'P','policyVersionId':'1'}", 0,
          "{'policyArn':'@arn@policy/P','policyName':'P','policyDocument':'" POLICY_ALLOW_ALL
          "','policyVersionId':'1','isDefaultVersion':false,'creationDate':'#',"
          "'lastModifiedDate':'#','generationId':'*'}" },
        { "GetPolicyVersion", "{'policyName':'P','policyVersionId':'4'}", ERR_NOT_FOUND, "" },
        { "GetPolicyVersion", "{'policyName':'P','policyVersionId':'0'}", ERR_NOT_FOUND, "" },
        { "GetPolicyVersion", "{'policyName':'Q','policyVersionId':'1'}", ERR_NOT_FOUND, "" },
        { "ListPolicyVersions", "{'policyName':'P'}", 0,
          "{'policyVersions':[{'versionId':'3','isDefaultVersion':true,'createDate':'#'},"
          "{'versionId':'2','isDefaultVersion':false,'createDate':'#'},"
          "{'versionId':'1','isDefaultVersion':false,'createDate':'#'}]}" },
        { "ListPolicyVersions", "{'policyName':'Q'}", ERR_NOT_FOUND, "" },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}", 0 },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}", 0 },
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}",
          ERR_LIMIT, "", "The policy P already has the maximum number of versions (5)" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'3'}", ERR_IN_USE, "",
          "Cannot delete the default version of a policy" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'5'}", 0, "" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'5'}", ERR_NOT_FOUND, "" },
        /* numbers are never used again */
        { "CreatePolicyVersion", "{'policyName':'P','policyDocument':'" POLICY_ALLOW_ALL "'}", 0,
          NULL, NULL, "v=policyVersionId" },
        { "SetDefaultPolicyVersion", "{'policyName':'P','policyVersionId':'@v@'}", 0, "" },
        { "SetDefaultPolicyVersion", "{'policyName':'P','policyVersionId':'9'}", ERR_NOT_FOUND,
          "" },
        { "GetPolicy", "{'policyName':'P'}", 0,
          "{'policyName':'P','policyArn':'*','policyDocument':'" POLICY_ALLOW_ALL
          "','defaultVersionId':'6',"
          "'creationDate':'#','lastModifiedDate':'#','generationId':'6'}" },
        { "DeletePolicy", "{'policyName':'P'}", ERR_IN_USE, "",
          "The policy cannot be deleted as versions other than than default version exist" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'1'}", 0, "" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'2'}", 0, "" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'3'}", 0, "" },
        { "DeletePolicyVersion", "{'policyName':'P','policyVersionId':'4'}", 0, "" },
        { "DeletePolicy", "{'policyName':'P'}", 0, "" },
        { "DeletePolicy", "{'policyName':'P'}", ERR_NOT_FOUND, "" },
    };
    struct registry_fixture *f = *state;
    RUN_STEPS(f, steps);
    assert_string_equal(registry_fixture_get(f, "v"), "6");
}

/* Whichever way they are attached. */
static void a_user_has_ten_policies_at_most(void **state)
{
    struct registry_fixture *f = *state;
    for (int i = 0; i < 11; i++) {
        char params[256];
        snprintf(params, sizeof params,
                 "{'policyName':'P%02d','policyDocument':'" POLICY_ALLOW_ALL "'}", i);
        registry_fixture_do(f, "CreatePolicy", params);
        snprintf(params, sizeof params,
                 "{'userName':'ann','password':'secret','policyName':'P%02d'}", i);
        int rc = registry_fixture_call(f, "PutUser", params);
        assert_int_equal(rc, i < 10 ? 0 : ERR_LIMIT);
    }
    static const struct registry_step steps[] = {
        { "PutUser", "{'userName':'ann','password':'secret','policyName':'P00'}", 0 },
        { "PutUser", "{'userName':'bob','password':'secret','policyName':'Q'}", ERR_NOT_FOUND, "",
          "Policy not found" },
        { "UpdateUser", "{'userName':'bob','status':'INACTIVE'}", ERR_NOT_FOUND },
    };
    RUN_STEPS(f, steps);
}

static void policies_are_attached(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_register(f, "c", "ACTIVE", 0);
    for (int i = 0; i < 11; i++) {
        char params[256];
        snprintf(params, sizeof params,
                 "{'policyName':'P%02d','policyDocument':'" POLICY_ALLOW_ALL "'}", i);
        registry_fixture_do(f, "CreatePolicy", params);
        snprintf(params, sizeof params, "{'policyName':'P%02d','target':'@c_arn@'}", i);
        int rc = registry_fixture_call(f, "AttachPolicy", params);
        assert_int_equal(rc, i < 10 ? 0 : ERR_LIMIT);
    }
    static const struct registry_step steps[] = {
        { "AttachPolicy", "{'policyName':'P00','target':'@c_arn@'}", 0, "" },
        { "AttachPolicy", "{'policyName':'Q','target':'@c_arn@'}", ERR_NOT_FOUND, "" },
        { "AttachPolicy", "{'policyName':'P10','target':'@arn@cert/ab'}", ERR_NOT_FOUND, "" },
        { "AttachPolicy", "{'policyName':'P10','target':'@arn@user/nobody'}", ERR_NOT_FOUND, "" },
        { "AttachPolicy", "{'policyName':'P10','target':'@arn@key/K'}", ERR_NOT_FOUND, "" },
        { "AttachPolicy", "{'policyName':'P10','target':'@arn@token/t'}", ERR_NOT_FOUND, "" },
        { "AttachPolicy", "{'policyName':'P10','target':'@arn@thinggroup/g'}", ERR_NOT_FOUND, "" },
        { "AttachPolicy", "{'policyName':'P10','target':'group'}", ERR_INVALID, "" },
        { "AttachPolicy", "{'policyName':'P10'}", ERR_INVALID, "" },
        { "ListTargetsForPolicy", "{'policyName':'P01'}", 0, "{'targets':['@c_arn@']}" },
        { "ListTargetsForPolicy", "{'policyName':'P10'}", 0, "{'targets':[]}" },
        { "ListTargetsForPolicy", "{'policyName':'Q'}", ERR_NOT_FOUND, "" },
        { "ListAttachedPolicies", "{'target':'@arn@cert/ab'}", ERR_NOT_FOUND, "" },
        { "ListAttachedPolicies", "{'target':'@c_arn@','pageSize':'1'}", 0,
          "{'policies':[{'policyName':'P00','policyArn':'@arn@policy/P00'}],'nextMarker':'*'}" },
        { "DeletePolicy", "{'policyName':'P00'}", ERR_IN_USE, "",
          "The policy cannot be deleted as the policy is attached to one or more principals "
          "(name=P00)" },
        { "DetachPolicy", "{'policyName':'P00','target':'@c_arn@'}", 0, "" },
        { "DetachPolicy", "{'policyName':'P00','target':'@c_arn@'}", 0, "" },
        { "DetachPolicy", "{'policyName':'Q','target':'@c_arn@'}", 0,
          "" }, /* AWS has no 404 here */
        { "DetachPolicy", "{'policyName':'Q','target':'x'}", ERR_INVALID, "" },
        { "DeletePolicy", "{'policyName':'P00'}", 0, "" },
        { "DeletePolicy", "{'policyName':'P10'}", 0, "" },
    };
    RUN_STEPS(f, steps);
    for (int size = 1; size <= 10; size += 2)
        registry_fixture_pages(f, "ListAttachedPolicies", "'target':'@c_arn@'", size, "policies",
                               "policyName", true, "P01 P02 P03 P04 P05 P06 P07 P08 P09");
    registry_fixture_do(f, "PutUser", "{'userName':'u','password':'secret','policyName':'P01'}");
    registry_fixture_do(f, "PutUser", "{'userName':'v','password':'secret','policyName':'P01'}");
    for (int size = 1; size <= 4; size++)
        registry_fixture_pages(f, "ListTargetsForPolicy", "'policyName':'P01'", size, "targets",
                               NULL, true, "@c_arn@ @arn@user/u @arn@user/v");
}

static void policies_are_listed_by_age(void **state)
{
    struct registry_fixture *f = *state;
    static const char *const names[] = { "z", "b", "y", "a" }; /* two at a time */
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char params[256];
        if (i % 2 == 0) clock_fake_advance(1000);
        snprintf(params, sizeof params,
                 "{'policyName':'%s','policyDocument':'" POLICY_ALLOW_ALL "'}", names[i]);
        registry_fixture_do(f, "CreatePolicy", params);
    }
    for (int size = 1; size <= 8; size++) {
        registry_fixture_pages(f, "ListPolicies", "'ascendingOrder':'true'", size, "policies",
                               "policyName", true,
                               "AnonymousLocal ProvisioningClaim ThingDefault UserDefault b z a y");
        registry_fixture_pages(f, "ListPolicies", "", size, "policies", "policyName", true,
                               "y a z b UserDefault ThingDefault ProvisioningClaim AnonymousLocal");
    }
    static const struct registry_step steps[] = {
        { "ListPolicies", "{'pageSize':'1','ascendingOrder':true}", 0,
          "{'policies':[{'policyName':'AnonymousLocal','policyArn':'@arn@policy/AnonymousLocal'}],"
          "'nextMarker':'*'}" },
        { "ListPolicies", "{'marker':'MXg='}", ERR_INVALID, "", "marker" },     /* "1x" */
        { "ListPolicies", "{'marker':'MS94'}", ERR_INVALID, "", "marker" },     /* "1/x" */
        { "ListPolicies", "{'marker':'MTF4L3g='}", ERR_INVALID, "", "marker" }, /* "11x/x" */
        { "ListPolicies", "{'marker':'?'}", ERR_INVALID, "", "marker" },
        { "ListPolicies", "{'pageSize':'251'}", ERR_INVALID, "", "'pageSize'" },
    };
    RUN_STEPS(f, steps);
}

static void built_in_policies_are_there(void **state)
{
    struct registry_fixture *f = *state;
    static const char *const names[] = { "ThingDefault", "UserDefault", "AnonymousLocal",
                                         "ProvisioningClaim" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char params[64];
        struct policy *policy;
        struct diag diag = DIAG_INIT;
        snprintf(params, sizeof params, "{'policyName':'%s'}", names[i]);
        registry_fixture_do(f, "GetPolicy", params);
        const char *document = json_get_str(f->result, "policyDocument");
        if (policy_parse(names[i], slice_str(document), &policy, &diag) < 0)
            fail_msg("%s: %s", names[i], diag.text);
        policy_unref(policy);
    }
    static const struct registry_step change[] = {
        { "CreatePolicyVersion",
          "{'policyName':'UserDefault','policyDocument':'" POLICY_DENY_ALL "','setAsDefault':true}",
          0 },
        { "DeletePolicy", "{'policyName':'ThingDefault'}", 0 },
    };
    static const struct registry_step after[] = {
        { "GetPolicy", "{'policyName':'UserDefault'}", 0,
          "{'policyName':'*','policyArn':'*','policyDocument':'" POLICY_DENY_ALL
          "','defaultVersionId':'2',"
          "'creationDate':'#','lastModifiedDate':'#','generationId':'*'}" },
        { "GetPolicy", "{'policyName':'ThingDefault'}", 0 }, /* comes back */
    };
    RUN_STEPS(f, change);
    registry_fixture_restart(f);
    RUN_STEPS(f, after);
}

/* ---- certificates ---- */

static void keys_and_certificates_are_made(void **state)
{
    struct registry_fixture *f = *state;
    struct diag diag = DIAG_INIT;
    static const struct registry_step steps[] = {
        { "CreateKeysAndCertificate", "{'setAsActive':'true'}", 0,
          "{'certificateArn':'*','certificateId':'*','certificatePem':'*',"
          "'keyPair':{'PublicKey':'*','PrivateKey':'*'}}",
          NULL, "id=certificateId" },
        { "DescribeCertificate", "{'certificateId':'@id@'}", 0,
          "{'certificateDescription':{'certificateArn':'@arn@cert/@id@','certificateId':'@id@',"
          "'status':'ACTIVE','certificatePem':'*','ownedBy':'000000000000','creationDate':'#',"
          "'lastModifiedDate':'#','customerVersion':1,'transferData':{},'generationId':'*',"
          "'validity':{'notBefore':'#','notAfter':2524607999},'certificateMode':'DEFAULT'}}" },
    };
    RUN_STEPS(f, steps);
    registry_fixture_do(f, "CreateKeysAndCertificate", "{}");
    const struct json *pair = json_get(f->result, "keyPair");
    const char *pem = json_get_str(f->result, "certificatePem");
    assert_int_equal(strncmp(pem, "-----BEGIN CERTIFICATE-----\n", 28), 0);
    assert_true(pem[strlen(pem) - 1] == '\n');
    assert_int_equal(
        strncmp(json_get_str(pair, "PrivateKey"), "-----BEGIN RSA PRIVATE KEY-----\n", 32), 0);
    assert_int_equal(strncmp(json_get_str(pair, "PublicKey"), "-----BEGIN PUBLIC KEY-----\n", 27),
                     0);
    assert_int_equal(
        key_check_pair(slice_str(json_get_str(pair, "PrivateKey")), slice_str(pem), &diag), 0);
    registry_fixture_set(f, "id", xstrdup(json_get_str(f->result, "certificateId")));
    registry_fixture_do(f, "DescribeCertificate", "{'certificateId':'@id@'}");
    assert_string_equal(json_get_str(json_get(f->result, "certificateDescription"), "status"),
                        "INACTIVE");
    assert_string_equal(
        json_get_str(json_get(f->result, "certificateDescription"), "certificateId"),
        registry_fixture_get(f, "id"));
}

static void requests_are_signed(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_set(f, "csr", registry_fixture_quote(csr_p256));
    registry_fixture_set(f, "weak", registry_fixture_quote(csr_rsa1024));
    static const struct registry_step steps[] = {
        { "CreateCertificateFromCsr", "{'certificateSigningRequest':'@csr@'}", 0,
          "{'certificateArn':'*','certificateId':'*','certificatePem':'*'}", NULL,
          "a=certificateId" },
        { "CreateCertificateFromCsr", "{'certificateSigningRequest':'@csr@','setAsActive':true}", 0,
          NULL, NULL, "b=certificateId" },
        { "CreateCertificateFromCsr", "{'certificateSigningRequest':'@weak@'}", ERR_INVALID, "" },
        { "CreateCertificateFromCsr", "{'certificateSigningRequest':'nonsense'}", ERR_INVALID, "" },
        { "CreateCertificateFromCsr", "{'certificateSigningRequest':''}", ERR_INVALID, "",
          "'certificateSigningRequest'" },
        { "CreateCertificateFromCsr", "{}", ERR_INVALID, "", "'certificateSigningRequest'" },
        { "ListCertificates", "{'ascendingOrder':true,'pageSize':1}", 0 },
    };
    RUN_STEPS(f, steps);
    assert_string_not_equal(registry_fixture_get(f, "a"), registry_fixture_get(f, "b"));
}

static void certificates_are_registered(void **state)
{
    struct registry_fixture *f = *state;
    char *pem = registry_fixture_cert(f, "device", 30);
    struct buf two = { 0 };
    buf_printf(&two, "text around\n%s%s", pem, f->ca_cert);
    registry_fixture_set(f, "pem", registry_fixture_quote(pem));
    registry_fixture_set(f, "two", registry_fixture_quote(buf_str(&two)));
    registry_fixture_set(f, "ed25519", registry_fixture_quote(cert_ed25519));
    registry_fixture_set(f, "weak", registry_fixture_quote(cert_weak_ca));
    free(pem);
    buf_deinit(&two);
    static const struct registry_step steps[] = {
        { "RegisterCertificateWithoutCA",
          "{'certificatePem':'@pem@','status':'PENDING_ACTIVATION'}", ERR_STATE, "",
          "Not allowed to register certificate with PENDING_ACTIVATION status" },
        { "RegisterCertificateWithoutCA", "{'certificatePem':'@pem@','status':'LOST'}", ERR_INVALID,
          "" },
        { "RegisterCertificateWithoutCA", "{'certificatePem':'@two@'}", 0,
          "{'certificateArn':'*','certificateId':'*'}", NULL, "id=certificateId" },
        { "RegisterCertificateWithoutCA", "{'certificatePem':'@pem@','status':'ACTIVE'}",
          ERR_EXISTS, "{'resourceId':'@id@','resourceArn':'@arn@cert/@id@'}",
          "The certificate is already provisioned or registered" },
        { "DescribeCertificate", "{'certificateId':'@id@'}", 0,
          "{'certificateDescription':{'certificateArn':'@arn@cert/@id@','certificateId':'@id@',"
          "'status':'INACTIVE','certificatePem':'@pem@','ownedBy':'000000000000',"
          "'creationDate':1767323045,'lastModifiedDate':1767323045,'customerVersion':1,"
          "'transferData':{},'generationId':'*','validity':{'notBefore':'#','notAfter':'#'},"
          "'certificateMode':'SNI_ONLY'}}" },
        { "RegisterCertificateWithoutCA", "{'certificatePem':'nonsense'}", ERR_CERT, "" },
        { "RegisterCertificateWithoutCA", "{'certificatePem':''}", ERR_INVALID, "" },
        { "RegisterCertificateWithoutCA", "{'certificatePem':'@ed25519@'}", ERR_CERT, "" },
        { "RegisterCertificateWithoutCA", "{'certificatePem':'@weak@'}", ERR_CERT, "" },
        { "RegisterCertificateWithoutCA", "{}", ERR_INVALID, "", "'certificatePem'" },
        { "DeleteCertificate", "{'certificateId':'@id@'}", 0, "" },
        { "DescribeCertificate", "{'certificateId':'@id@'}", ERR_NOT_FOUND, "" },
        { "RegisterCertificateWithoutCA", "{'certificatePem':'@pem@','status':'REVOKED'}", 0,
          "{'certificateArn':'@arn@cert/@id@','certificateId':'@id@'}" }, /* the same id again */
        { "DeleteCertificate", "{'certificateId':'@id@'}", 0, "" },
    };
    RUN_STEPS(f, steps);
}

static void certificates_change_and_go(void **state)
{
    struct registry_fixture *f = *state;
    registry_fixture_register(f, "c", "INACTIVE", 0);
    registry_fixture_set(
        f, "zero", xstrdup("0000000000000000000000000000000000000000000000000000000000000000"));
    char *upper = xstrdup(registry_fixture_get(f, "c"));
    for (char *at = upper; *at; at++)
        if (*at >= 'a') *at = (char)(*at - 'a' + 'A');
    registry_fixture_set(f, "hex62", xstrdup(upper + 2));
    registry_fixture_set(f, "hex63", xstrdup(upper + 1));
    registry_fixture_set(f, "upper", upper);
    clock_fake_advance(1500);
    static const struct registry_step steps[] = {
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'ACTIVE'}", 0, "" },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'ACTIVE'}", 0, "" },
        { "DescribeCertificate", "{'certificateId':'@c@'}", 0,
          "{'certificateDescription':{'certificateArn':'*','certificateId':'@c@',"
          "'status':'ACTIVE','certificatePem':'*','ownedBy':'*',"
          "'creationDate':1767323045,'lastModifiedDate':1767323046.5,'customerVersion':3,"
          "'transferData':{},'generationId':'*','validity':{'notBefore':'#','notAfter':'#'},"
          "'certificateMode':'*'}}" },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'PENDING_TRANSFER'}",
          ERR_INVALID, "", "The status PENDING_TRANSFER is not set by requests" },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'PENDING_ACTIVATION'}",
          ERR_INVALID, "", "The status PENDING_ACTIVATION is not set by requests" },
        { "UpdateCertificate", "{'certificateId':'@upper@','newStatus':'ACTIVE'}", 0, "" },
        { "DescribeCertificate", "{'certificateId':'0x@hex62@'}", ERR_NOT_FOUND, "", "0x" },
        { "DescribeCertificate", "{'certificateId':'x@hex63@'}", ERR_INVALID, "", "pattern" },
        { "DescribeCertificate", "{'certificateId':'@hex62@'}", ERR_INVALID, "", "length" },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'active'}", ERR_INVALID },
        { "UpdateCertificate", "{'certificateId':'@c@'}", ERR_INVALID },
        { "UpdateCertificate", "{'certificateId':'@zero@','newStatus':'ACTIVE'}", ERR_NOT_FOUND,
          "" },
        { "DescribeCertificate", "{'certificateId':'@zero@'}", ERR_NOT_FOUND, "" },
        { "DeleteCertificate", "{'certificateId':'@zero@'}", ERR_NOT_FOUND, "" },
        /* what hinders deletion, in AWS's order */
        { "CreateThing", "{'thingName':'a'}", 0 },
        { "AttachThingPrincipal", "{'thingName':'a','principal':'@c_arn@'}", 0 },
        { "AttachPolicy", "{'policyName':'ThingDefault','target':'@c_arn@'}", 0 },
        { "DeleteCertificate", "{'certificateId':'@c@','forceDelete':'true'}", ERR_STATE, "",
          "Certificate must be deactivated (not ACTIVE) before deletion. Id: @c@" },
        { "UpdateCertificate", "{'certificateId':'@c@','newStatus':'REVOKED'}", 0 },
        { "DeleteCertificate", "{'certificateId':'@c@','forceDelete':'true'}", ERR_IN_USE, "",
          "Things must be detached before deletion (arn: @c_arn@)" },
        { "DetachThingPrincipal", "{'thingName':'a','principal':'@c_arn@'}", 0 },
        { "DeleteCertificate", "{'certificateId':'@c@'}", ERR_IN_USE, "",
          "Certificate policies must be detached before deletion (arn: @c_arn@)" },
        { "DeleteCertificate", "{'certificateId':'@c@','forceDelete':'true'}", 0, "" },
        { "ListTargetsForPolicy", "{'policyName':'ThingDefault'}", 0, "{'targets':[]}" },
    };
    RUN_STEPS(f, steps);
}

static void certificates_are_listed_by_age(void **state)
{
    struct registry_fixture *f = *state;
    struct buf up = { 0 }, down = { 0 };
    char name[8];
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "c%d", i);
        registry_fixture_register(f, name, i == 0 ? "ACTIVE" : "INACTIVE", 0);
        clock_fake_advance(10);
    }
    for (int i = 0; i < 5; i++) {
        buf_printf(&up, "%s@c%d@", i ? " " : "", i);
        buf_printf(&down, "%s@c%d@", i ? " " : "", 4 - i);
    }
    for (int size = 1; size <= 6; size++) {
        registry_fixture_pages(f, "ListCertificates", "'ascendingOrder':'true'", size,
                               "certificates", "certificateId", true, buf_str(&up));
        registry_fixture_pages(f, "ListCertificates", "'ascendingOrder':'false'", size,
                               "certificates", "certificateId", true, buf_str(&down));
    }
    static const struct registry_step steps[] = {
        { "ListCertificates", "{'pageSize':'1','ascendingOrder':'true'}", 0,
          "{'certificates':[{'certificateArn':'@c0_arn@','certificateId':'@c0@','status':'ACTIVE',"
          "'certificateMode':'SNI_ONLY','creationDate':1767323045}],'nextMarker':'*'}" },
        { "ListCertificates", "{'marker':'MWFi'}", ERR_INVALID, "", "marker" },
        { "ListCertificates", "{'marker':'!'}", ERR_INVALID, "", "marker" },
    };
    RUN_STEPS(f, steps);
    buf_deinit(&up);
    buf_deinit(&down);
}

/* ---- the hub's own credentials ---- */

static void credentials_are_made_and_listed(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateAccessKey", "{'name':'laptop','admin':true}", 0,
          "{'accessKeyId':'*','secretAccessKey':'*','arn':'*'}", NULL, "key=accessKeyId" },
        { "CreateAccessKey", "{'policyName':'None'}", ERR_NOT_FOUND, "", "Policy not found" },
        { "CreateAccessKey", "{'name':'@n129@'}", ERR_INVALID, "" },
        { "ListAccessKeys", "{}", 0,
          "{'accessKeys':[{'accessKeyId':'@key@','name':'laptop','arn':'@arn@key/@key@',"
          "'admin':true,'status':'ACTIVE','creationDate':'#'}]}" },
        { "CreateToken", "{'name':'ci','policyName':'UserDefault','expiresInSeconds':60}", 0,
          "{'tokenId':'*','token':'*','arn':'*'}", NULL, "token=tokenId" },
        { "CreateToken", "{'expiresInSeconds':-1}", ERR_INVALID, "" },
        { "CreateToken", "{'policyName':'None'}", ERR_NOT_FOUND, "" },
        { "CreateToken", "{'name':'@n129@'}", ERR_INVALID, "" },
        { "ListTokens", "{}", 0,
          "{'tokens':[{'tokenId':'@token@','name':'ci','arn':'@arn@token/@token@','admin':false,"
          "'status':'ACTIVE','creationDate':1767323045,'expirationDate':1767323105}]}" },
        { "ListAttachedPolicies", "{'target':'@arn@token/@token@'}", 0,
          "{'policies':[{'policyName':'UserDefault','policyArn':'*'}]}" },
        { "PutUser", "{'userName':'plug:1','password':'secret'}", 0,
          "{'userName':'plug:1','arn':'@arn@user/plug:1'}" },
        { "PutUser", "{'userName':'plug:2','password':'secret','policyName':'AnonymousLocal'}", 0 },
        { "PutUser", "{'userName':'plug:3','password':'secret','policyName':'None'}",
          ERR_NOT_FOUND },
        { "PutUser", "{'userName':'plug:3'}", ERR_INVALID, "" },
        { "PutUser", "{'userName':'plug:3','password':''}", ERR_INVALID, "" },
        { "PutUser", "{'userName':'plug 3','password':'x'}", ERR_INVALID, "" },
        { "PutUser", "{'password':'x'}", ERR_INVALID, "" },
        { "PutUser", "{'userName':'plug:3','password':'@n1025@'}", ERR_TOO_LARGE, "" },
        { "ListUsers", "{}", 0,
          "{'users':[{'userName':'plug:1','arn':'@arn@user/plug:1','admin':false,"
          "'status':'ACTIVE','creationDate':'#'},{'userName':'plug:2','arn':'@arn@user/"
          "plug:2','admin':false,"
          "'status':'ACTIVE','creationDate':'#'}]}" },
        { "ListAttachedPolicies", "{'target':'@arn@user/plug:1'}", 0,
          "{'policies':[{'policyName':'UserDefault','policyArn':'*'}]}" },
        /* a new password keeps what was attached; a named policy comes on top */
        { "PutUser", "{'userName':'plug:2','password':'other'}", 0 },
        { "PutUser", "{'userName':'plug:2','password':'other','policyName':'AnonymousLocal'}", 0 },
        { "PutUser", "{'userName':'plug:2','password':'other','policyName':'UserDefault'}", 0 },
        { "PutUser", "{'userName':'plug:2','password':'other','policyName':'None'}",
          ERR_NOT_FOUND },
        { "ListAttachedPolicies", "{'target':'@arn@user/plug:2'}", 0,
          "{'policies':[{'policyName':'AnonymousLocal','policyArn':'*'},"
          "{'policyName':'UserDefault','policyArn':'*'}]}" },
        { "CreateThing", "{'thingName':'plug'}", 0 },
        { "AttachThingPrincipal", "{'thingName':'plug','principal':'@arn@user/plug:1'}", 0 },
        { "DeleteUser", "{'userName':'plug:1'}", 0, "" },
        { "ListThingPrincipals", "{'thingName':'plug'}", 0, "{'principals':[]}" },
        { "DeleteUser", "{'userName':'plug:1'}", ERR_NOT_FOUND, "" },
        { "DeleteUser", "{'userName':'plug:2'}", 0, "" },
        { "DeleteToken", "{'tokenId':'@token@'}", 0, "" },
        { "DeleteToken", "{'tokenId':'@token@'}", ERR_NOT_FOUND, "" },
        { "DeleteAccessKey", "{'accessKeyId':'@key@'}", 0, "" },
        { "DeleteAccessKey", "{'accessKeyId':'@key@'}", ERR_NOT_FOUND, "" },
        { "ListTargetsForPolicy", "{'policyName':'UserDefault'}", 0, "{'targets':[]}" },
        { "ListAccessKeys", "{}", 0, "{'accessKeys':[]}" },
        { "ListTokens", "{}", 0, "{'tokens':[]}" },
        { "ListUsers", "{}", 0, "{'users':[]}" },
    };
    struct registry_fixture *f = *state;
    char text[PASSWORD_MAX + 2];
    memset(text, 'n', sizeof text);
    text[PASSWORD_MAX + 1] = '\0';
    registry_fixture_set(f, "n1025", xstrdup(text));
    text[129] = '\0';
    registry_fixture_set(f, "n129", xstrdup(text));
    RUN_STEPS(f, steps);
}

static void credentials_are_deactivated(void **state)
{
    static const struct registry_step steps[] = {
        { "CreateAccessKey", "{}", 0, NULL, NULL, "key=accessKeyId" },
        { "UpdateAccessKey", "{'accessKeyId':'@key@','status':'INACTIVE'}", 0, "" },
        { "ListAccessKeys", "{}", 0,
          "{'accessKeys':[{'accessKeyId':'@key@','name':'','arn':'*','admin':false,"
          "'status':'INACTIVE','creationDate':'#'}]}" },
        { "UpdateAccessKey", "{'accessKeyId':'@key@','status':'Inactive'}", ERR_INVALID, "",
          "ACTIVE or INACTIVE" },
        { "UpdateAccessKey", "{'accessKeyId':'@key@'}", ERR_INVALID, "" },
        { "UpdateAccessKey", "{'accessKeyId':'AKIANONE','status':'ACTIVE'}", ERR_NOT_FOUND, "" },
        { "CreateToken", "{}", 0, NULL, NULL, "token=tokenId" },
        { "UpdateToken", "{'tokenId':'@token@','status':'INACTIVE'}", 0, "" },
        { "ListTokens", "{}", 0,
          "{'tokens':[{'tokenId':'@token@','name':'','arn':'*','admin':false,"
          "'status':'INACTIVE','creationDate':'#'}]}" },
        { "UpdateToken", "{'tokenId':'none','status':'ACTIVE'}", ERR_NOT_FOUND, "" },
        { "PutUser", "{'userName':'u','password':'secret'}", 0 },
        { "UpdateUser", "{'userName':'u','status':'INACTIVE'}", 0, "" },
        { "PutUser", "{'userName':'u','password':'other'}", 0 }, /* does not make it active */
        { "ListUsers", "{}", 0,
          "{'users':[{'userName':'u','arn':'*','admin':false,'status':'INACTIVE',"
          "'creationDate':'#'}]}" },
        { "UpdateUser", "{'userName':'v','status':'ACTIVE'}", ERR_NOT_FOUND, "" },
    };
    RUN_STEPS(*state, steps);
}

#define HASH6(user)                                                                        \
    "{'userName':'" user "','passwordHash':'$6$VjGlKJvhAmnu/dnP$Xq/W0rcV//1798pBJYwi1IhbZ" \
    "ixPZOgtEUBpv2bhZzN1skOM7WUuzQ1f4MR9VPA78dHCPzJFIIw1u6N74+N0AQ=='}"

static void users_are_imported(void **state)
{
    static const struct registry_step steps[] = {
        { "ImportUsers", "{'users':[" HASH6("a") "," HASH6("b") "]}", 0,
          "{'refused':[],'added':2,'updated':0}" },
        { "ImportUsers", "{'users':[" HASH6("c") "," HASH6("a") "]}", 0,
          "{'refused':[{'userName':'a','reason':'the user is there already'}],"
          "'added':0,'updated':0}" },
        { "ImportUsers", "{'users':[" HASH6("a") "," HASH6("c") "],'update':true}", 0,
          "{'refused':[],'added':1,'updated':1}" },
        { "ImportUsers",
          "{'users':[" HASH6("d") "," HASH6("d") "," HASH6(
              "e f") ",{'userName':'g'},"
                     "{'userName':'h','passwordHash':'plain'},{'userName':'i','passwordHash':'$6$x'"
                     "},"
                     "{'passwordHash':'$6$x'},5]}",
          0,
          "{'refused':[{'userName':'d','reason':'the name is there twice'},"
          "{'userName':'e f','reason':'*'},{'userName':'g','reason':'there is no passwordHash'},"
          "{'userName':'h','reason':'the hash is of no known format ($argon2id$, $7$ and $6$ "
          "are)'},{'userName':'i','reason':'the hash is broken'},"
          "{'userName':'','reason':'*'},{'userName':'','reason':'*'}],'added':0,'updated':0}" },
        { "ImportUsers", "{'users':[" HASH6("j") "],'policyName':'None'}", ERR_NOT_FOUND, "" },
        { "ImportUsers", "{'users':5}", ERR_INVALID, "" },
        { "ImportUsers", "{'users':[]}", 0, "{'refused':[],'added':0,'updated':0}" },
        { "ListUsers", "{}", 0,
          "{'users':[{'userName':'a','arn':'*','admin':false,'status':'ACTIVE','creationDate':'#'},"
          "{'userName':'b','arn':'*','admin':false,'status':'ACTIVE','creationDate':'#'},"
          "{'userName':'c','arn':'*','admin':false,'status':'ACTIVE','creationDate':'#'}]}" },
        { "ListAttachedPolicies", "{'target':'@arn@user/a'}", 0,
          "{'policies':[{'policyName':'UserDefault','policyArn':'*'}]}" },
        { "PutUser", "{'userName':'k','passwordHash':'$7$1000001$x$y'}", ERR_INVALID, "",
          "The passwordHash cannot be used" },
        { "PutUser", "{'userName':'k','passwordHash':'$6$x','password':'x'}", ERR_INVALID, "",
          "not both" },
    };
    RUN_STEPS(*state, steps);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(policies_have_versions),
        TEST(a_user_has_ten_policies_at_most),
        TEST(policies_are_attached),
        TEST(policies_are_listed_by_age),
        TEST(built_in_policies_are_there),
        TEST(keys_and_certificates_are_made),
        TEST(requests_are_signed),
        TEST(certificates_are_registered),
        TEST(certificates_change_and_go),
        TEST(certificates_are_listed_by_age),
        TEST(credentials_are_made_and_listed),
        TEST(credentials_are_deactivated),
        TEST(users_are_imported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
