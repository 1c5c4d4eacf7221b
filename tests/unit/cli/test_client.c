/* Unit tests of the client commands against a fake hub: which requests a command makes, what it
 * prints, what it undoes; and of the commands for credentials on a data directory without a hub. */
#include "cli_run.h"
#include "fake_hub.h"
#include "lib/test.h"

#include "app/data_dir.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/operation.h"
#include "cli/output.h"
#include "crypto/crypto.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- running a line ------------------------------------------------------------------------- */

static char *dir; /* the data directory of a test */

static char *path_of(const char *name)
{
    return *name ? xasprintf("%s/%s", dir, name) : xstrdup(dir);
}

/* Words are parted by '|'; '%' at the beginning of a word stands for the directory, and "_" for an
 * empty word. */
static struct outcome run_in(const char *line, const char *input, int64_t timeout_ms)
{
    char *copy = xstrdup(line), *words[32], *save = NULL;
    const char *argv[40] = { "thingd", "-d", dir };
    int argc = 3, owned = 0;
    for (char *word = strtok_r(copy, "|", &save); word; word = strtok_r(NULL, "|", &save)) {
        if (word[0] == '%') words[owned++] = path_of(word + 1);
        argv[argc++] = word[0] == '%' ? words[owned - 1] : strcmp(word, "_") == 0 ? "" : word;
    }
    struct client_env env = { .timeout_ms = timeout_ms };
    env.in = fmemopen((void *)(uintptr_t)(*input ? input : "\n"), *input ? strlen(input) : 1, "r");
    struct outcome o = cli_run(argc, argv, &env);
    fclose(env.in);
    while (owned)
        free(words[--owned]);
    free(copy);
    return o;
}

static struct outcome run(const char *line)
{
    return run_in(line, "", 0);
}

static int make_dir(void **state)
{
    dir = xstrdup("/tmp/thingd-cli-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    DIR *listing = opendir(dir);
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        char *path = path_of(entry->d_name);
        unlink(path);
        free(path);
    }
    closedir(listing);
    rmdir(dir);
    free(dir);
    return 0;
}

static void put_file(const char *name, const char *text)
{
    char *path = path_of(name);
    assert_int_equal(file_write(path, 0600, slice_str(text), NULL), 0);
    free(path);
}

/* NULL when there is no such file. */
static char *get_file(const char *name)
{
    char *path = path_of(name);
    struct buf data = { 0 };
    int rc = file_read(path, 1 << 20, &data, NULL);
    free(path);
    return rc < 0 ? NULL : buf_take(&data, NULL);
}

static void expect_file(const char *name, const char *text)
{
    char *data = get_file(name);
    if (text) {
        assert_non_null(data);
        assert_string_equal(data, text);
    } else {
        assert_null(data);
    }
    free(data);
}

/* ---- one line, its requests, its output ----------------------------------------------------- */

struct row {
    const char *line;
    const char *seen;
    int rc;
    const char *out, *err;
    struct fake_answer answers[12];
    const char *input;
};

static void check_row(const struct row *row)
{
    struct fake_hub hub;
    fake_hub_start(&hub, dir, row->answers);
    struct outcome o = run_in(row->line, row->input ? row->input : "", 0);
    fake_hub_stop(&hub);
    assert_string_equal(o.err, row->err);
    assert_string_equal(buf_str(&hub.seen), row->seen);
    assert_string_equal(o.out, row->out);
    assert_int_equal(o.rc, row->rc);
    assert_int_equal(row->answers[hub.at].status, 0); /* all were asked for */
    fake_hub_deinit(&hub);
    outcome_free(&o);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i]);
}
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *(rows))

#define ID          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ARN(what)   "arn:aws:iot:local:000000000000:" what
#define NOT_FOUND(t)                                                \
    {                                                               \
        404, "{\"message\":\"" t "\"}", "ResourceNotFoundException" \
    }
#define CONFLICT(t)                                                      \
    {                                                                    \
        409, "{\"message\":\"" t "\"}", "ResourceAlreadyExistsException" \
    }

static void credentials(void **state)
{
    static const struct row rows[] = {
        { "key|create|--admin|--name|me",
          "POST /hub/keys {\"name\":\"me\",\"admin\":true}\n",
          0,
          "access key id      AKIA1\nsecret access key  s3cret\n",
          "",
          { { 200, "{\"accessKeyId\":\"AKIA1\",\"secretAccessKey\":\"s3cret\",\"arn\":\"x\"}" } } },
        { "key|create|--policy|P|--json",
          "POST /hub/keys {\"policyName\":\"P\"}\n",
          0,
          "{\n  \"accessKeyId\": \"AKIA1\"\n}\n",
          "",
          { { 200, "{\"accessKeyId\":\"AKIA1\"}" } } },
        { "key|create",
          "POST /hub/keys\n",
          0,
          "access key id      AKIA1\nsecret access key  s\n",
          "it may do nothing yet: see 'thingd policy attach POLICY AKIA1'\n",
          { { 200, "{\"accessKeyId\":\"AKIA1\",\"secretAccessKey\":\"s\"}" } } },
        { "key|create|--policy|P|--admin",
          "",
          2,
          "",
          "thingd key create: --policy and --admin exclude each other\n"
          "try 'thingd key create --help'\n",
          { { 0 } } },
        { "key|list",
          "GET /hub/keys\n",
          0,
          "ID     NAME      ADMIN  STATUS    CREATED\n"
          "AKIA1  the lamp         INACTIVE  2026-11-24T06:34:50Z\n"
          "A2               yes    ACTIVE    1970-01-01T00:00:00Z\n",
          "",
          { { 200,
              "{\"accessKeys\":[{\"accessKeyId\":\"AKIA1\",\"name\":\"the lamp\",\"admin\":false,"
              "\"status\":\"INACTIVE\",\"creationDate\":1795502090.123},"
              "{\"accessKeyId\":\"A2\",\"name\":\"\",\"admin\":true,"
              "\"status\":\"ACTIVE\",\"creationDate\":0}]}" } } },
        { "key|delete|A/?#2",
          "DELETE /hub/keys/A%2F%3F%232\n",
          0,
          "key A/?#2 deleted\n",
          "",
          { { 200 } } },
        { "key|delete|A2|--json", "DELETE /hub/keys/A2\n", 0, "{}\n", "", { { 200, "{}" } } },
        { "key|delete|A2",
          "DELETE /hub/keys/A2\n",
          1,
          "",
          "thingd key delete: There is no key A2\n",
          { NOT_FOUND("There is no key A2") } },
        { "token|create|--name|n|--expires|2d",
          "POST /hub/tokens {\"name\":\"n\",\"expiresInSeconds\":172800}\n",
          0,
          "token id  t1\ntoken     thd_x\n",
          "it may do nothing yet: see 'thingd policy attach POLICY t1'\n",
          { { 200, "{\"tokenId\":\"t1\",\"token\":\"thd_x\"}" } } },
        { "token|list",
          "GET /hub/tokens\n",
          0,
          "ID  NAME  ADMIN  STATUS  CREATED\n",
          "",
          { { 200, "{\"tokens\":[]}" } } },
        { "token|delete|t1", "DELETE /hub/tokens/t1\n", 0, "token t1 deleted\n", "", { { 200 } } },
        { "user|add|bob|--password-file|-",
          "GET /hub/users\n"
          "POST /hub/users {\"userName\":\"bob\",\"password\":\"pw\"}\n",
          0,
          "user bob added\n",
          "",
          { { 200, "{\"users\":[{\"userName\":\"bo\"}]}" }, { 200, "{\"userName\":\"bob\"}" } },
          "pw" },
        { "user|add|bob|--password-stdin|--policy|P",
          "GET /hub/users\n"
          "POST /hub/users {\"userName\":\"bob\",\"password\":\"p w\",\"policyName\":\"P\"}\n",
          0,
          "user bob added\n",
          "",
          { { 200, "{}" }, { 200, "{\"userName\":\"bob\"}" } },
          "p w\r\nmore\n" },
        { "user|add|bob|--password-file|-",
          "GET /hub/users\n"
          "POST /hub/users {\"userName\":\"bob\",\"password\":\"pw\"}\n",
          0,
          "user bob has another password\n",
          "",
          { { 200, "{\"users\":[{\"userName\":\"bob\"}]}" }, { 200, "{\"userName\":\"bob\"}" } },
          "pw\nmore\n" },
        { "user|add|bob|--password-file|-|--policy|P",
          "GET /hub/users\n",
          1,
          "",
          "thingd user add: the user 'bob' is there already; 'thingd policy attach P user:bob' "
          "gives a "
          "policy\n",
          { { 200, "{\"users\":[{\"userName\":\"bob\"}]}" } },
          "pw" },
        { "user|add|bob|--password-stdin",
          "",
          1,
          "",
          "thingd user add: standard input has no password\n",
          { { 0 } },
          "\n" },
        { "user|add|bob|--password-file|-",
          "",
          1,
          "",
          "thingd user add: standard input has no password\n",
          { { 0 } } },
        { "user|add|bob|--password-stdin|--password-file|x",
          "",
          2,
          "",
          "thingd user add: --password-file and --password-stdin exclude each other\n"
          "try 'thingd user add --help'\n",
          { { 0 } } },
#define NOT_ON_THE_LINE                                                                            \
    "thingd user add: a password on the command line can be read by every user of this host, and " \
    "stays in the history of the shell: leave it out to be asked for it, or use "                  \
    "--password-file or --password-stdin\ntry 'thingd user add --help'\n"
        { "user|add|-b|bob|pw", "", 2, "", NOT_ON_THE_LINE, { { 0 } } },
        { "user|add|bob|pw", "", 2, "", NOT_ON_THE_LINE, { { 0 } } },
        { "user|list",
          "GET /hub/users\n",
          0,
          "NAME  STATUS  CREATED\nbob   ACTIVE  2001-09-09T01:46:40Z\n",
          "",
          { { 200, "{\"users\":[{\"userName\":\"bob\",\"status\":\"ACTIVE\","
                   "\"creationDate\":1e9}]}" } } },
        { "user|disable|bob",
          "PUT /hub/users/bob {\"status\":\"INACTIVE\"}\n",
          0,
          "user bob disabled\n",
          "",
          { { 200 } } },
        { "key|enable|A2",
          "PUT /hub/keys/A2 {\"status\":\"ACTIVE\"}\n",
          0,
          "key A2 enabled\n",
          "",
          { { 200 } } },
        { "token|disable|t1",
          "PUT /hub/tokens/t1 {\"status\":\"INACTIVE\"}\n",
          0,
          "token t1 disabled\n",
          "",
          { { 200 } } },
        { "user|import|-",
          "POST /hub/users/import {\"users\":[{\"userName\":\"ann\",\"passwordHash\":\"$6$a$b\"},"
          "{\"userName\":\"bob\",\"passwordHash\":\"$7$1$a:b\"}]}\n",
          0,
          "2 users added, 0 updated\n",
          "",
          { { 200, "{\"added\":2,\"updated\":0,\"refused\":[]}" } },
          "# users\nann:$6$a$b\r\n\nbob:$7$1$a:b" },
        { "user|import|-|--update|--policy|P",
          "POST /hub/users/import {\"users\":[{\"userName\":\"ann\",\"passwordHash\":\"\"}],"
          "\"policyName\":\"P\",\"update\":true}\n",
          1,
          "",
          "thingd user import: user 'ann': the hash is broken\n"
          "thingd user import: nothing was imported\n",
          { { 200, "{\"added\":0,\"updated\":0,\"refused\":[{\"userName\":\"ann\",\"reason\":"
                   "\"the hash is broken\"}]}" } },
          "ann:\n" },
        { "user|import|-",
          "",
          1,
          "",
          "thingd user import: line 2 is not of the form NAME:HASH\n",
          { { 0 } },
          "ann:$6$\nbob\n" },
        { "user|import|-",
          "",
          1,
          "",
          "thingd user import: line 1 is no text\n",
          { { 0 } },
          "a\xff:$6$\n" },
        { "user|import|-|--plain",
          "",
          1,
          "",
          "thingd user import: line 1: the password cannot be used: invalid value\n",
          { { 0 } },
          "ann:\n" },
        { "user|delete|bob", "DELETE /hub/users/bob\n", 0, "user bob deleted\n", "", { { 200 } } },
    };
    CHECK(rows);
}

static void things_and_certificates(void **state)
{
    static const struct row rows[] = {
        { "thing|list",
          "GET /things\nGET /things?nextToken=a%2Bb%3D\n",
          0,
          "NAME  TYPE  ATTRIBUTES\n"
          "lamp  Bulb  room=bath watts=5\n"
          "oven\n",
          "",
          { { 200, "{\"things\":[{\"thingName\":\"lamp\",\"thingTypeName\":\"Bulb\",\"attributes\":"
                   "{\"room\":\"bath\",\"watts\":\"5\"}}],\"nextToken\":\"a+b=\"}" },
            { 200, "{\"things\":[{\"thingName\":\"oven\",\"attributes\":{}}]}" } } },
        { "thing|list|--json",
          "GET /things\nGET /things?nextToken=x\n",
          0,
          "{\n  \"things\": [\n    {\n      \"thingName\": \"a\"\n    },\n    {\n      "
          "\"thingName\": \"b\"\n    }\n  ]\n}\n",
          "",
          { { 200, "{\"things\":[{\"thingName\":\"a\"}],\"nextToken\":\"x\"}" },
            { 200, "{\"things\":[{\"thingName\":\"b\"}]}" } } },
        { "thing|list|--type|T u|--attr|a=b=c",
          "GET /things?attributeName=a&attributeValue=b%3Dc&thingTypeName=T%20u\n",
          0,
          "NAME  TYPE  ATTRIBUTES\n",
          "",
          { { 200, "{\"things\":[]}" } } },
        { "thing|list|--attr|a",
          "GET /things?attributeName=a\n",
          0,
          "NAME  TYPE  ATTRIBUTES\n",
          "",
          { { 200, "{\"things\":[]}" } } },
        { "thing|show|a:b",
          "GET /things/a%3Ab\nGET /things/a%3Ab/principals\n",
          0,
          "name        a:b\ntype        T\nattributes  k=v\nversion     3\nprincipals  p1, p2\n",
          "",
          { { 200, "{\"thingName\":\"a:b\",\"thingTypeName\":\"T\",\"attributes\":{\"k\":\"v\"},"
                   "\"version\":3}" },
            { 200, "{\"principals\":[\"p1\",\"p2\"]}" } } },
        { "thing|show|no",
          "GET /things/no\n",
          1,
          "",
          "thingd thing show: Thing no does not exist\n",
          { NOT_FOUND("Thing no does not exist") } },
        { "thing|delete|lamp",
          "DELETE /things/lamp\n",
          0,
          "thing lamp deleted\n",
          "",
          { { 200 } } },
        { "thing|delete|lamp",
          "DELETE /things/lamp\n",
          1,
          "",
          "thingd thing delete: Cannot delete. Thing lamp is still attached\n",
          { { 400, "{\"message\":\"Cannot delete. Thing lamp is still attached\"}",
              "InvalidRequestException" } } },
        { "thing|delete|lamp|--certs",
          "GET /things/lamp/principals\n"
          "DELETE /things/lamp/principals [" ARN(
              "cert/aa") "]\n"
                         "GET /principals/things [" ARN(
                             "cert/aa") "]\n"
                                        "PUT /certificates/aa?newStatus=INACTIVE\n"
                                        "DELETE /certificates/aa?forceDelete=true\n"
                                        "DELETE /things/lamp/principals [" ARN(
                                            "cert/bb") "]\n"
                                                       "GET /principals/things [" ARN(
                                                           "cert/bb") "]\n"
                                                                      "DELETE "
                                                                      "/things/lamp/principals "
                                                                      "[" ARN("user/u") "]\n"
                                                                                        "DELETE "
                                                                                        "/things/"
                                                                                        "lamp\n",
          0,
          "certificate aa deleted\ncertificate bb stays: another thing has it\nthing lamp "
          "deleted\n",
          "",
          { { 200, "{\"principals\":[\"" ARN("cert/aa") "\",\"" ARN("cert/bb") "\",\"" ARN(
                       "user/u") "\"]}" },
            { 200 },
            { 200, "{\"things\":[]}" },
            { 200 },
            { 200 },
            { 200 },
            { 200, "{\"things\":[\"oven\"]}" },
            { 200 },
            { 200 } } },
        { "type|list",
          "GET /thing-types\n",
          0,
          "NAME  DEPRECATED  CREATED               SEARCHABLE  DESCRIPTION\n"
          "T     yes         1970-01-01T00:00:01Z  a, b        x?y\n",
          "",
          { { 200, "{\"thingTypes\":[{\"thingTypeName\":\"T\",\"thingTypeProperties\":{"
                   "\"thingTypeDescription\":\"x\\u001by\",\"searchableAttributes\":[\"a\",\"b\"]},"
                   "\"thingTypeMetadata\":{\"deprecated\":true,\"creationDate\":1.5}}]}" } } },
        { "cert|list",
          "GET /certificates\nGET /certificates?marker=m\n",
          0,
          "ID  STATUS  CREATED\naa  ACTIVE\nbb\n",
          "",
          { { 200, "{\"certificates\":[{\"certificateId\":\"aa\",\"status\":\"ACTIVE\"}],"
                   "\"nextMarker\":\"m\"}" },
            { 200, "{\"certificates\":[{\"certificateId\":\"bb\"}]}" } } },
        { "cert|show|aa",
          "GET /certificates/aa\n",
          0,
          "id          aa\nstatus      ACTIVE\nnot before  1970-01-01T00:00:05Z\nPEM\nPEM\n",
          "",
          { { 200, "{\"certificateDescription\":{\"certificateId\":\"aa\",\"status\":\"ACTIVE\","
                   "\"validity\":{\"notBefore\":5},\"certificatePem\":\"PEM\\nPEM\\n\"}}" } } },
        { "cert|activate|aa",
          "PUT /certificates/aa?newStatus=ACTIVE\n",
          0,
          "certificate aa activated\n",
          "",
          { { 200 } } },
        { "cert|revoke|aa",
          "PUT /certificates/aa?newStatus=REVOKED\n",
          0,
          "certificate aa revoked\n",
          "",
          { { 200 } } },
        { "cert|deactivate|aa",
          "PUT /certificates/aa?newStatus=INACTIVE\n",
          0,
          "certificate aa deactivated\n",
          "",
          { { 200 } } },
        { "cert|delete|aa",
          "DELETE /certificates/aa\n",
          1,
          "",
          "thingd cert delete: must be deactivated\n",
          { { 406, "{\"Message\":\"must be deactivated\"}", "CertificateStateException" } } },
        { "cert|delete|aa|--force",
          "DELETE /certificates/aa?forceDelete=true\n",
          0,
          "certificate aa deleted\n",
          "",
          { { 200 } } },
    };
    CHECK(rows);
}

static void authorities(void **state)
{
    put_file("ca.pem", "CA\n");
    put_file("proof.pem", "PROOF\n");
    static const struct row rows[] = {
        { "ca|registration-code",
          "GET /registrationcode\n",
          0,
          "registration code  abc\n",
          "",
          { { 200, "{\"registrationCode\":\"abc\"}" } } },
        { "ca|register|%ca.pem|--proof|%proof.pem|--active|--auto-registration|--template|T",
          "POST /cacertificate?setAsActive=true&allowAutoRegistration=true "
          "{\"verificationCertificate\":\"PROOF\\n\",\"registrationConfig\":{\"templateName\":"
          "\"T\"},"
          "\"caCertificate\":\"CA\\n\"}\n",
          0,
          "id   aa\narn  a\n",
          "",
          { { 200, "{\"certificateId\":\"aa\",\"certificateArn\":\"a\"}" } } },
        { "ca|register|-|--sni-only",
          "POST /cacertificate {\"certificateMode\":\"SNI_ONLY\",\"caCertificate\":\"CA\"}\n",
          1,
          "",
          "thingd ca register: no\n",
          { { 400, "{\"message\":\"no\"}", "CertificateValidationException" } },
          "CA" },
        { "ca|list|--template|T",
          "GET /cacertificates?templateName=T\n",
          0,
          "ID  STATUS  CREATED\naa  ACTIVE\n",
          "",
          { { 200, "{\"certificates\":[{\"certificateId\":\"aa\",\"status\":\"ACTIVE\"}]}" } } },
        { "ca|show|aa",
          "GET /cacertificate/aa\n",
          0,
          "id                 aa\nauto registration  ENABLE\ntemplate           T\nPEM\n",
          "",
          { { 200,
              "{\"certificateDescription\":{\"certificateId\":\"aa\",\"autoRegistrationStatus\":"
              "\"ENABLE\",\"certificatePem\":\"PEM\\n\"},\"registrationConfig\":"
              "{\"templateName\":\"T\"}}" } } },
        { "ca|certs|aa",
          "GET /certificates-by-ca/aa\n",
          0,
          "ID  STATUS  CREATED\nbb\n",
          "",
          { { 200, "{\"certificates\":[{\"certificateId\":\"bb\"}]}" } } },
        { "ca|update|aa|--inactive|--no-auto-registration|--no-template",
          "PUT /cacertificate/aa?newStatus=INACTIVE&newAutoRegistrationStatus=DISABLE "
          "{\"removeAutoRegistration\":true}\n",
          0,
          "CA aa changed\n",
          "",
          { { 200 } } },
        { "ca|update|aa|--active|--auto-registration|--template|T",
          "PUT /cacertificate/aa?newStatus=ACTIVE&newAutoRegistrationStatus=ENABLE "
          "{\"registrationConfig\":{\"templateName\":\"T\"}}\n",
          0,
          "CA aa changed\n",
          "",
          { { 200 } } },
        { "ca|update|aa|--active|--inactive",
          "",
          2,
          "",
          "thingd ca update: --active and --inactive exclude each other\n"
          "try 'thingd ca update --help'\n",
          { { 0 } } },
        { "ca|delete|aa", "DELETE /cacertificate/aa\n", 0, "CA aa deleted\n", "", { { 200 } } },
        { "crl|put|aa|-",
          "PUT /hub/cas/aa/crl {\"crlPem\":\"LIST\"}\n",
          0,
          "ca           aa\nthis update  1970-01-01T00:00:05Z\nentries      2\nrevoked now  1\n",
          "",
          { { 200, "{\"caCertificateId\":\"aa\",\"thisUpdate\":5,\"overdue\":false,"
                   "\"entryCount\":2,\"revokedCount\":1}" } },
          "LIST" },
        { "crl|show|aa",
          "GET /hub/cas/aa/crl?maxResults=1000\n",
          0,
          "ca       aa\noverdue  yes\nentries  1\n\nSERIAL  REVOKED\n0085    "
          "1970-01-01T00:00:05Z\n",
          "",
          { { 200, "{\"caCertificateId\":\"aa\",\"overdue\":true,\"entryCount\":1,\"revoked\":"
                   "[{\"serialNumber\":\"0085\",\"revocationDate\":5}]}" } } },
        { "crl|delete|aa",
          "DELETE /hub/cas/aa/crl\n",
          0,
          "revocation list of aa deleted\n",
          "",
          { { 200 } } },
        { "cert|register|-|--active|--ca|%ca.pem",
          "POST /certificate/register {\"status\":\"ACTIVE\",\"caCertificatePem\":\"CA\\n\","
          "\"certificatePem\":\"CERT\"}\n",
          0,
          "id   cc\narn  a\n",
          "",
          { { 200, "{\"certificateId\":\"cc\",\"certificateArn\":\"a\"}" } },
          "CERT" },
        { "cert|register-no-ca|-",
          "POST /certificate/register-no-ca {\"certificatePem\":\"CERT\"}\n",
          0,
          "id  cc\n",
          "",
          { { 200, "{\"certificateId\":\"cc\"}" } },
          "CERT" },
    };
    CHECK(rows);
}

static void templates(void **state)
{
    put_file("t.json", "{}");
    static const struct row rows[] = {
        { "template|create|F|%t.json",
          "POST /provisioning-templates {\"templateName\":\"F\",\"templateBody\":\"{}\","
          "\"provisioningRoleArn\":\"arn:aws:iam::000000000000:role/thingd\",\"enabled\":true}\n",
          0,
          "template F created\n",
          "",
          { { 200, "{\"templateName\":\"F\"}" } } },
        { "template|create|F|-|--disabled|--hook|https://h/x",
          "POST /provisioning-templates {\"templateName\":\"F\",\"templateBody\":\"x\","
          "\"provisioningRoleArn\":\"arn:aws:iam::000000000000:role/thingd\",\"enabled\":false,"
          "\"preProvisioningHook\":{\"targetArn\":\"https://h/x\"}}\n",
          1,
          "",
          "thingd template create: Invalid template body\n",
          { { 400, "{\"message\":\"Invalid template body\"}", "InvalidRequestException" } },
          "x" },
        { "template|create|F|%t.json|--jitp",
          "POST /provisioning-templates {\"templateName\":\"F\",\"templateBody\":\"{}\","
          "\"provisioningRoleArn\":\"arn:aws:iam::000000000000:role/thingd\",\"enabled\":true,"
          "\"type\":\"JITP\"}\n",
          0,
          "template F created\n",
          "",
          { { 200, "{\"templateName\":\"F\"}" } } },
        { "template|disable|F",
          "PATCH /provisioning-templates/F {\"enabled\":\"false\"}\n",
          0,
          "template F disabled\n",
          "",
          { { 200, "{}" } } },
        { "template|delete|F",
          "DELETE /provisioning-templates/F\n",
          0,
          "template F deleted\n",
          "",
          { { 200, "{}" } } },
        { "template|show|F",
          "GET /provisioning-templates/F\n",
          0,
          "name     F\nenabled  yes\nversion  2\nhook     http://h\nbody\n",
          "",
          { { 200, "{\"templateName\":\"F\",\"enabled\":true,\"defaultVersionId\":2,"
                   "\"preProvisioningHook\":{\"targetArn\":\"http://h\"},"
                   "\"templateBody\":\"body\"}" } } },
    };
    CHECK(rows);
}

static void policies(void **state)
{
    put_file("p.json", "{\"Version\":\"2012-10-17\"}\n");
    static const struct row rows[] = {
        { "policy|create|P|%p.json",
          "POST /policies/P {\"policyDocument\":\"{\\\"Version\\\":\\\"2012-10-17\\\"}\\n\"}\n",
          0,
          "policy P created\n",
          "",
          { { 200, "{\"policyName\":\"P\"}" } } },
        { "policy|create|P|-",
          "POST /policies/P {\"policyDocument\":\"{}\"}\n",
          1,
          "",
          "thingd policy create: Policy document is malformed\n",
          { { 400, "{\"message\":\"Policy document is malformed\"}", "MalformedPolicyException" } },
          "{}" },
        { "policy|list",
          "GET /policies\n",
          0,
          "NAME  ARN\nP     a\n",
          "",
          { { 200, "{\"policies\":[{\"policyName\":\"P\",\"policyArn\":\"a\"}]}" } } },
        { "policy|show|P",
          "GET /policies/P\nPOST /policy-targets/P\n",
          0,
          "name     P\nversion  2\ntargets  a, b\n{\n  \"x\": [\n    1\n  ]\n}\n",
          "",
          { { 200, "{\"policyName\":\"P\",\"policyDocument\":\"{\\\"x\\\":[1]}\","
                   "\"defaultVersionId\":\"2\"}" },
            { 200, "{\"targets\":[\"a\",\"b\"]}" } } },
        { "policy|delete|P", "DELETE /policies/P\n", 0, "policy P deleted\n", "", { { 200 } } },
        { "policy|attach|P|arn:x",
          "PUT /target-policies/P {\"target\":\"arn:x\"}\n",
          0,
          "policy P attached to arn:x\n",
          "",
          { { 200 } } },
        { "policy|detach|P|arn:x",
          "POST /target-policies/P {\"target\":\"arn:x\"}\n",
          0,
          "policy P detached from arn:x\n",
          "",
          { { 200 } } },
        { "policy|attach|P|cert:" ID,
          "GET /certificates/" ID "\nPUT /target-policies/P {\"target\":\"" ARN("cert/" ID) "\"}\n",
          0,
          "policy P attached to cert:" ID "\n",
          "",
          { { 200, "{\"certificateDescription\":{\"certificateArn\":\"" ARN("cert/" ID) "\"}}" },
            { 200 } } },
        { "policy|attach|P|user:lamp",
          "GET /hub/users\nPUT /target-policies/P {\"target\":\"" ARN("user/lamp") "\"}\n",
          0,
          "policy P attached to user:lamp\n",
          "",
          { { 200, "{\"users\":[{\"userName\":\"lamp\",\"arn\":\"" ARN("user/lamp") "\"}]}" },
            { 200 } } },
        { "policy|attach|P|lamp|--json",
          "GET /things/lamp\nGET /things/lamp/principals\nGET /hub/keys\nGET /hub/users\n"
          "GET /hub/tokens\nGET /thing-groups/lamp\nPUT /target-policies/P {\"target\":\"c1\"}\n"
          "PUT /target-policies/P {\"target\":\"c2\"}\n",
          0,
          "{\n  \"targets\": [\n    \"c1\",\n    \"c2\"\n  ]\n}\n",
          "",
          { { 200, "{}" },
            { 200, "{\"principals\":[\"c1\",\"c2\"]}" },
            { 200, "{}" },
            { 200, "{}" },
            { 200, "{}" },
            NOT_FOUND("no"),
            { 200 },
            { 200 } } },
        { "policy|attach|P|lamp",
          "GET /things/lamp\nGET /things/lamp/principals\nGET /hub/keys\nGET /hub/users\n",
          1,
          "",
          "thingd policy attach: 'lamp' is a thing and a user: write thing:lamp or user:lamp\n",
          { { 200, "{}" },
            { 200, "{\"principals\":[\"c1\"]}" },
            { 200, "{}" },
            { 200, "{\"users\":[{\"userName\":\"lamp\",\"arn\":\"u\"}]}" } } },
        { "policy|attach|P|lamp",
          "GET /things/lamp\nGET /things/lamp/principals\n",
          1,
          "",
          "thingd policy attach: the thing 'lamp' has no certificate\n",
          { { 200, "{}" }, { 200, "{\"principals\":[]}" } } },
        { "policy|attach|P|x",
          "GET /things/x\nGET /hub/keys\nGET /hub/users\nGET /hub/tokens\nGET /thing-groups/x\n",
          1,
          "",
          "thingd policy attach: no certificate, thing, key, user, token or group is called 'x'\n",
          { NOT_FOUND("no"), { 200, "{}" }, { 200, "{}" }, { 200, "{}" }, NOT_FOUND("no") } },
        { "policy|detach|P|group:g",
          "GET /thing-groups/g\nPOST /target-policies/P {\"target\":\"" ARN("thinggroup/g") "\"}\n",
          0,
          "policy P detached from group:g\n",
          "",
          { { 200, "{\"thingGroupArn\":\"" ARN("thinggroup/g") "\"}" }, { 200 } } },
        { "policy|update|P|-",
          "POST /policies/P/version?setAsDefault=true {\"policyDocument\":\"{}\"}\n",
          0,
          "policy P updated\n",
          "",
          { { 200 } },
          "{}" },
        { "policy|update|P|-|--keep-default",
          "POST /policies/P/version?setAsDefault=false {\"policyDocument\":\"{}\"}\n",
          0,
          "policy P has a new version\n",
          "",
          { { 200 } },
          "{}" },
        { "policy|versions|P",
          "GET /policies/P/version\n",
          0,
          "VERSION  DEFAULT  CREATED\n2        yes      1970-01-01T00:00:01Z\n",
          "",
          { { 200, "{\"policyVersions\":[{\"versionId\":\"2\",\"isDefaultVersion\":true,"
                   "\"createDate\":1}]}" } } },
        { "policy|use|P|2",
          "PATCH /policies/P/version/2\n",
          0,
          "policy P: version 2 decides\n",
          "",
          { { 200 } } },
        { "policy|effective|lamp",
          "GET /things/lamp/principals\n"
          "POST /effective-policies?thingName=lamp {\"principal\":\"c1\"}\n",
          0,
          "NAME  ARN\nP     a\n",
          "",
          { { 200, "{\"principals\":[\"c1\"]}" },
            { 200, "{\"effectivePolicies\":[{\"policyName\":\"P\",\"policyArn\":\"a\"}]}" } } },
        { "policy|effective|lamp",
          "GET /things/lamp/principals\nPOST /effective-policies?thingName=lamp\n",
          0,
          "NAME  ARN\n",
          "",
          { { 200, "{\"principals\":[]}" }, { 200, "{\"effectivePolicies\":[]}" } } },
        { "policy|effective|lamp",
          "GET /things/lamp/principals\n",
          1,
          "",
          "thingd policy effective: 'lamp' has 2 principals: say which with --principal\n",
          { { 200, "{\"principals\":[\"c1\",\"c2\"]}" } } },
        { "policy|effective|lamp|--principal|arn:c2|--json",
          "POST /effective-policies?thingName=lamp {\"principal\":\"arn:c2\"}\n",
          0,
          "{\n  \"effectivePolicies\": []\n}\n",
          "",
          { { 200, "{\"effectivePolicies\":[]}" } } },
        { "policy|attach|P|key:AK",
          "GET /hub/keys\n",
          1,
          "",
          "thingd policy attach: no\n",
          { { 403, "{\"message\":\"no\"}", "AccessDeniedException" } } },
    };
    CHECK(rows);
}

static void groups(void **state)
{
    static const struct row rows[] = {
        { "group|create|g|--parent|home|--description|warm|--attr|floor=1",
          "POST /thing-groups/g {\"parentGroupName\":\"home\",\"thingGroupProperties\":"
          "{\"thingGroupDescription\":\"warm\",\"attributePayload\":{\"attributes\":"
          "{\"floor\":\"1\"}}}}\n",
          0,
          "group g created\n",
          "",
          { { 200, "{\"thingGroupName\":\"g\"}" } } },
        { "group|create|g",
          "POST /thing-groups/g {\"thingGroupProperties\":{}}\n",
          1,
          "",
          "thingd group create: there already\n",
          { CONFLICT("there already") } },
        { "group|create|g|--attr|floor",
          "",
          2,
          "",
          "thingd group create: flag '--attr': 'floor' is not KEY=VALUE\n"
          "try 'thingd group create --help'\n",
          { { 0 } } },
        { "group|list|--parent|home",
          "GET /thing-groups?parentGroup=home\n",
          0,
          "NAME  ARN\ng     a\n",
          "",
          { { 200, "{\"thingGroups\":[{\"groupName\":\"g\",\"groupArn\":\"a\"}]}" } } },
        { "group|show|g",
          "GET /thing-groups/g\nGET /thing-groups/g/things\nPOST /attached-policies/a\n",
          0,
          "name        g\narn         a\nparent      home\nattributes  floor=1\nversion     2\n"
          "things      t1, t2\n\nPOLICY  ARN\nP       p\n",
          "",
          { { 200, "{\"thingGroupName\":\"g\",\"thingGroupArn\":\"a\",\"version\":2,"
                   "\"thingGroupProperties\":{\"attributePayload\":{\"attributes\":"
                   "{\"floor\":\"1\"}}},"
                   "\"thingGroupMetadata\":{\"parentGroupName\":\"home\"}}" },
            { 200, "{\"things\":[\"t1\",\"t2\"]}" },
            { 200, "{\"policies\":[{\"policyName\":\"P\",\"policyArn\":\"p\"}]}" } } },
        { "group|show|g",
          "GET /thing-groups/g\n",
          1,
          "",
          "thingd group show: no\n",
          { NOT_FOUND("no") } },
        { "group|add|g|t",
          "PUT /thing-groups/addThingToThingGroup "
          "{\"thingGroupName\":\"g\",\"thingName\":\"t\"}\n",
          0,
          "thing t added to group g\n",
          "",
          { { 200 } } },
        { "group|remove|g|t",
          "PUT /thing-groups/removeThingFromThingGroup "
          "{\"thingGroupName\":\"g\",\"thingName\":\"t\"}\n",
          0,
          "thing t removed from group g\n",
          "",
          { { 200 } } },
        { "group|delete|g", "DELETE /thing-groups/g\n", 0, "group g deleted\n", "", { { 200 } } },
    };
    CHECK(rows);
}

static void rules(void **state)
{
    put_file("m.bin", "\xff{");
    static const struct row rows[] = {
        { "rule|create|r|--sql|SELECT * FROM 'a'|--file|a.log|--max-bytes|1000|--max-files|3|"
          "--republish|b/c|--qos|1|--error-republish|e|--description|d|--disabled",
          "POST /rules/r {\"sql\":\"SELECT * FROM 'a'\",\"awsIotSqlVersion\":\"2016-03-23\","
          "\"description\":\"d\",\"ruleDisabled\":true,\"actions\":[{\"file\":{\"path\":\"a.log\","
          "\"maxBytes\":1000,\"maxFiles\":3}},{\"republish\":{\"topic\":\"b/c\",\"qos\":1}}],"
          "\"errorAction\":{\"republish\":{\"topic\":\"e\"}}}\n",
          0,
          "rule r created\n",
          "",
          { { 200 } } },
        { "rule|create|r|--sql|S|--republish|t",
          "POST /rules/r {\"sql\":\"S\",\"awsIotSqlVersion\":"
          "\"2016-03-23\",\"ruleDisabled\":false,\"actions\":[{\"republish\":{\"topic\":\"t\"}}]}"
          "\n",
          1,
          "",
          "thingd rule create: line 1, column 1: bad\n",
          { { 400, "{\"message\":\"line 1, column 1: bad\"}", "SqlParseException" } } },
        { "rule|create|r|--sql|S",
          "",
          2,
          "",
          "thingd rule create: a rule needs an action: --file or --republish\n"
          "try 'thingd rule create --help'\n",
          { { 0 } } },
        { "rule|create|r|--file|f",
          "",
          2,
          "",
          "thingd rule create: needs --sql SQL\ntry 'thingd rule create --help'\n",
          { { 0 } } },
        { "rule|create|r|--sql|S|--file|f|--qos|1",
          "",
          2,
          "",
          "thingd rule create: --qos goes with --republish\ntry 'thingd rule create --help'\n",
          { { 0 } } },
        { "rule|create|r|--sql|S|--republish|f|--max-files|1",
          "",
          2,
          "",
          "thingd rule create: --max-files goes with --file\ntry 'thingd rule create --help'\n",
          { { 0 } } },
        { "rule|create|r|--sql|S|--republish|f|--qos|2",
          "",
          2,
          "",
          "thingd rule create: flag '--qos': '2' is not a number from 0 to 1\n"
          "try 'thingd rule create --help'\n",
          { { 0 } } },
        { "rule|list",
          "GET /rules\n",
          0,
          "NAME  DISABLED  CREATED               TOPIC\nr     yes       1970-01-01T00:00:00Z  "
          "a/#\n",
          "",
          { { 200, "{\"rules\":[{\"ruleName\":\"r\",\"ruleDisabled\":true,\"createdAt\":0.9,"
                   "\"topicPattern\":\"a/#\"}]}" } } },
        { "rule|show|r",
          "GET /rules/r\n",
          0,
          "name     r\narn      A\nsql      S\nactions  [{\"file\":{\"path\":\"p\"}}]\n",
          "",
          { { 200, "{\"ruleArn\":\"A\",\"rule\":{\"ruleName\":\"r\",\"sql\":\"S\",\"ruleDisabled\":"
                   "false,\"actions\":[{\"file\":{\"path\":\"p\"}}]}}" } } },
        { "rule|show|r",
          "GET /rules/r\n",
          1,
          "",
          "thingd rule show: Access to topic rule 'r' was denied\n",
          { { 401, "{\"message\":\"Access to topic rule 'r' was denied\"}",
              "UnauthorizedException" } } },
        { "rule|delete|r", "DELETE /rules/r\n", 0, "rule r deleted\n", "", { { 200 } } },
        { "rule|enable|r", "POST /rules/r/enable\n", 0, "rule r enabled\n", "", { { 200 } } },
        { "rule|disable|r", "POST /rules/r/disable\n", 0, "rule r disabled\n", "", { { 200 } } },
        { "rule|test|--sql|S|--topic|t",
          "POST /hub/rules/test {\"sql\":\"S\",\"awsIotSqlVersion\":"
          "\"2016-03-23\",\"topic\":\"t\",\"payloadBase64\":\"e30=\"}\n",
          0,
          "{\n  \"a\": 1.0\n}\n",
          "",
          { { 200, "{\"fired\":true,\"output\":{\"a\":1.0}}" } } },
        { "rule|test|--sql|S|--topic|t|--payload|%m.bin",
          "POST /hub/rules/test {\"sql\":\"S\","
          "\"awsIotSqlVersion\":\"2016-03-23\",\"topic\":\"t\",\"payloadBase64\":\"/3s=\"}\n",
          0,
          "\xff{",
          "",
          { { 200, "{\"fired\":true,\"outputBase64\":\"/3s=\"}" } } },
        { "rule|test|--sql|S|--topic|t|--payload|-",
          "POST /hub/rules/test {\"sql\":\"S\","
          "\"awsIotSqlVersion\":\"2016-03-23\",\"topic\":\"t\",\"payloadBase64\":\"aGk=\"}\n",
          0,
          "",
          "the rule does not fire\n",
          { { 200, "{\"fired\":false}" } },
          "hi" },
    };
    CHECK(rows);
}

static void shadows_and_status(void **state)
{
    put_file("s.json", "{\"state\": {\"desired\": {\"n\": 9007199254740993}}}\n");
    static const struct row rows[] = {
        { "shadow|get|lamp",
          "GET /things/lamp/shadow\n",
          0,
          "{\n  \"state\": {\n    \"n\": 9007199254740993\n  }\n}\n",
          "",
          { { 200, "{\"state\":{\"n\":9007199254740993}}" } } },
        { "shadow|get|lamp|--name|a b",
          "GET /things/lamp/shadow?name=a%20b\n",
          1,
          "",
          "thingd shadow get: No shadow exists with name: 'lamp~a b'\n",
          { { 404, "{\"code\":404,\"message\":\"No shadow exists with name: 'lamp~a b'\"}" } } },
        { "shadow|update|lamp|{\"state\": {\"desired\":{\"on\":true}}}|--name|x",
          "POST /things/lamp/shadow?name=x {\"state\":{\"desired\":{\"on\":true}}}\n",
          0,
          "{\n  \"version\": 1\n}\n",
          "",
          { { 200, "{\"version\":1}" } } },
        { "shadow|update|lamp|-",
          "POST /things/lamp/shadow {\"state\":null}\n",
          0,
          "{}\n",
          "",
          { { 200, "{}" } },
          "{\"state\":null}\n" },
        { "shadow|update|lamp|{\"a\":}",
          "",
          2,
          "",
          "thingd shadow update: the document: line 1, column 6: expected a value, found '}'\n"
          "try 'thingd shadow update --help'\n",
          { { 0 } } },
        { "shadow|delete|lamp",
          "DELETE /things/lamp/shadow\n",
          0,
          "shadow of lamp deleted\n",
          "",
          { { 200, "{\"version\":2}" } } },
        { "status",
          "GET /hub/status\n",
          0,
          "version        0.1.0\nready          true\nstore.pending  0\nnames          a, b\n",
          "",
          { { 200,
              "{\"version\":\"0.1.0\",\"ready\":true,\"store\":{\"pending\":0},\"names\":[\"a\","
              "\"b\"]}" } } },
        { "status|--json",
          "GET /hub/status\n",
          0,
          "{\n  \"ready\": true\n}\n",
          "",
          { { 200, "{\"ready\":true}" } } },
    };
    CHECK(rows);
    char *line = xasprintf("shadow|update|lamp|@%s/s.json", dir);
    check_row(&(struct row){ line,
                             "POST /things/lamp/shadow "
                             "{\"state\":{\"desired\":{\"n\":9007199254740993}}}\n",
                             0,
                             "{}\n",
                             "",
                             { { 200, "{}" } } });
    free(line);
}

static void sessions_and_retained(void **state)
{
    static const struct row rows[] = {
        { "session|list",
          "GET /hub/sessions?maxResults=1000\n"
          "GET /hub/sessions?maxResults=1000&nextToken=n\n",
          0,
          "CLIENT  CONNECTED  PERSISTENT  ADDRESS    PRINCIPAL  QUEUED  FILTERS  LAST SEEN\n"
          "a/b     yes                    192.0.2.1  user:x     0       2        "
          "2026-11-24T06:34:50Z\n"
          "lamp               yes                               7       1        "
          "1970-01-01T00:00:01Z\n",
          "",
          { { 200, "{\"sessions\":[{\"clientId\":\"a/b\",\"connected\":true,\"persistent\":false,"
                   "\"sourceIp\":\"192.0.2.1\",\"principal\":\"user:x\",\"queued\":0,"
                   "\"subscriptionCount\":2,\"lastSeenAt\":1795502090.123}],\"nextToken\":\"n\"}" },
            { 200, "{\"sessions\":[{\"clientId\":\"lamp\",\"connected\":false,\"persistent\":true,"
                   "\"queued\":7,\"subscriptionCount\":1,\"lastSeenAt\":1}]}" } } },
        { "session|list|--connected|--prefix|a b",
          "GET /hub/sessions?clientIdPrefix=a%20b&connected=true&maxResults=1000\n",
          0,
          "CLIENT  CONNECTED  PERSISTENT  ADDRESS  PRINCIPAL  QUEUED  FILTERS  LAST SEEN\n",
          "",
          { { 200, "{\"sessions\":[]}" } } },
        { "session|list|--away|--json",
          "GET /hub/sessions?connected=false&maxResults=1000\n",
          0,
          "{\n  \"sessions\": []\n}\n",
          "",
          { { 200, "{\"sessions\":[]}" } } },
        { "session|list|--away|--connected",
          "",
          2,
          "",
          "thingd session list: --connected and --away exclude each other\n"
          "try 'thingd session list --help'\n",
          { { 0 } } },
        { "session|show|a/b",
          "GET /hub/sessions/a%2Fb\n",
          0,
          "client            a/b\n"
          "connected         yes\n"
          "principal         user:x\n"
          "protocol level    5\n"
          "protocol version  5.0\n"
          "keep-alive        60\n"
          "session expiry    600\n"
          "will delay        30\n"
          "queued            3\n"
          "in flight         1\n"
          "\n"
          "FILTER  QOS\n"
          "a/#     1\n"
          "b       0\n",
          "",
          { { 200, "{\"clientId\":\"a/b\",\"connected\":true,\"persistent\":false,"
                   "\"principal\":\"user:x\",\"protocolLevel\":5,\"protocolVersion\":\"5.0\","
                   "\"keepAlive\":60,\"sessionExpiry\":600,\"willDelay\":30,\"queued\":3,"
                   "\"inFlight\":1,\"subscriptions\":[{\"filter\":\"a/#\",\"qos\":1},"
                   "{\"filter\":\"b\",\"qos\":0}]}" } } },
        { "session|show|lamp",
          "GET /hub/sessions/lamp\n",
          0,
          "client  lamp\n",
          "",
          { { 200, "{\"clientId\":\"lamp\",\"subscriptions\":[]}" } } },
        { "session|show|x",
          "GET /hub/sessions/x\n",
          1,
          "",
          "thingd session show: no session\n",
          { NOT_FOUND("no session") } },
        { "session|delete|lamp",
          "DELETE /hub/sessions/lamp\n",
          0,
          "session of lamp deleted\n",
          "",
          { { 200, "{}" } } },
        { "retained|list",
          "GET /hub/retained?maxResults=1000\n",
          0,
          "TOPIC  BYTES  QOS  PUBLISHED\n"
          "a?b    5      1    1970-01-01T00:00:01Z\n",
          "",
          { { 200, "{\"retained\":[{\"topic\":\"a\\u001bb\",\"payloadSize\":5,\"qos\":1,"
                   "\"publishedAt\":1.5}]}" } } },
        { "retained|list|$SYS/#",
          "GET /hub/retained?filter=%24SYS%2F%23&maxResults=1000\n",
          0,
          "TOPIC  BYTES  QOS  PUBLISHED\n",
          "",
          { { 200, "{\"retained\":[]}" } } },
        { "retained|purge|a/#|--dry-run",
          "DELETE /hub/retained?filter=a%2F%23&dryRun=true\n",
          0,
          "a/1\na?2\n... and 3 more\n5 retained messages would be removed\n",
          "",
          { { 200, "{\"dryRun\":true,\"count\":5,\"truncated\":true,"
                   "\"topics\":[\"a/1\",\"a\\u001b2\"]}" } } },
        { "retained|purge|a/1",
          "DELETE /hub/retained?filter=a%2F1\n",
          0,
          "1 retained message removed\n",
          "",
          { { 200, "{\"dryRun\":false,\"count\":1,\"topics\":[\"a/1\"]}" } } },
        { "retained|purge|none|--json",
          "DELETE /hub/retained?filter=none\n",
          0,
          "{\n  \"count\": 0\n}\n",
          "",
          { { 200, "{\"count\":0}" } } },
        { "retained|purge|a#",
          "DELETE /hub/retained?filter=a%23\n",
          1,
          "",
          "thingd retained purge: bad filter\n",
          { { 400, "{\"message\":\"bad filter\"}", "InvalidRequestException" } } },
        { "retained|purge",
          "",
          2,
          "",
          "thingd retained purge: needs FILTER\n"
          "try 'thingd retained purge --help'\n",
          { { 0 } } },
        { "why|lamp",
          "GET /hub/denials?thingName=lamp&maxResults=1000\n",
          0,
          "time        1970-01-01T00:00:01Z\n"
          "times       3\n"
          "kind        denied\n"
          "client      lamp\n"
          "principal   user:x\n"
          "action      iot:Publish\n"
          "resource    topic/a\n"
          "reason      no statement allows it\n"
          "closest     policy P, Statement[0]: it is not about iot:Publish\n"
          "would help  {\"Effect\":\"Allow\"}\n"
          "\n"
          "time    1970-01-01T00:00:01Z\n"
          "times   1\n"
          "kind    handshake\n"
          "reason  why\n",
          "",
          { { 200, "{\"denials\":[{\"time\":1.5,\"count\":3,\"kind\":\"denied\",\"principal\":"
                   "\"user:x\","
                   "\"clientId\":\"lamp\",\"action\":\"iot:Publish\","
                   "\"resource\":\"topic/a\",\"reason\":\"no statement allows it\","
                   "\"closest\":\"policy P, Statement[0]: it is not about iot:Publish\","
                   "\"change\":\"{\\\"Effect\\\":\\\"Allow\\\"}\"},"
                   "{\"time\":1.5,\"count\":1,\"kind\":\"handshake\",\"reason\":\"why\"}]}" } } },
        { "why|--address|192.0.2.1",
          "GET /hub/denials?sourceIp=192.0.2.1&maxResults=1000\n",
          0,
          "",
          "",
          { { 200, "{\"denials\":[]}" } } },
        { "policy|explain|--principal|user:lamp|--action|iot:Publish|--resource|topic/a|"
          "--context|aws:SourceIp=192.0.2.1",
          "GET /hub/users\n"
          "POST /hub/explain {\"action\":\"iot:Publish\",\"resource\":\"topic/a\","
          "\"context\":{\"aws:SourceIp\":[\"192.0.2.1\"]},\"principal\":\"arn:u\"}\n",
          1,
          "decision    implicitDeny\n"
          "reason      no statement allows it\n"
          "would help  {}\n",
          "",
          { { 200, "{\"users\":[{\"userName\":\"lamp\",\"arn\":\"arn:u\"}]}" },
            { 200, "{\"decision\":\"implicitDeny\",\"reason\":\"no statement allows it\","
                   "\"change\":\"{}\",\"missingContextValues\":[]}" } } },
        { "policy|explain|--principal|user:lamp|--action|iot:Publish|--resource|topic/"
          "a|--context|x",
          "",
          2,
          "",
          "thingd policy explain: --context is KEY=VALUE, not 'x'\n"
          "try 'thingd policy explain --help'\n",
          { { 0 } } },
    };
    CHECK(rows);
}

/* ---- answers that are wrong, hubs that are not there ----------------------------------------- */

static void bad_answers(void **state)
{
    static const struct row rows[] = {
        { "status",
          "GET /hub/status\n",
          1,
          "",
          "thingd status: the hub gave no proper answer: closed\n",
          { { 0 } } },
        { "status",
          "GET /hub/status\n",
          1,
          "",
          "thingd status: the hub's answer: line 1, column 1: expected a value, found '<'\n",
          { { 200, "<html>" } } },
        { "status",
          "GET /hub/status\n",
          1,
          "",
          "thingd status: the hub answered 500 Some Words\n",
          { { 500, "<html>" } } },
        { "status",
          "GET /hub/status\n",
          1,
          "",
          "thingd status: the hub answered 302 Some Words\n",
          { { 302 } } },
        { "status",
          "GET /hub/status\n",
          1,
          "",
          "thingd status: a b [31m\n",
          { { 400, "{\"message\":\"a\\nb\\u001b[31m\"}" } } },
        { "thing|list", "GET /things\n", 0, "NAME  TYPE  ATTRIBUTES\n", "", { { 200, "{}" } } },
        { "thing|list",
          "GET /things\n",
          0,
          "NAME  TYPE  ATTRIBUTES\n",
          "",
          { { 200, "{\"things\":{\"a\":1},\"nextToken\":7}" } } },
        { "cert|show|aa", "GET /certificates/aa\n", 0, "", "", { { 200, "[1,2]" } } },
        { "key|create|--admin", "POST /hub/keys {\"admin\":true}\n", 0, "", "", { { 200 } } },
        { "thing|show|_",
          "",
          1,
          "",
          "thingd thing show: thingName must not be empty\n",
          { { 0 } } },
        { "thing|show|",
          "",
          2,
          "",
          "thingd thing show: needs NAME\ntry 'thingd thing show --help'\n",
          { { 0 } } },
    };
    CHECK(rows);
}

/* '%' in the reason stands for the directory. */
static void expect_failure(const char *line, const char *reason, int64_t timeout_ms)
{
    struct outcome o = run_in(line, "", timeout_ms);
    size_t len = strcspn(reason, "%");
    const char *rest = reason[len] ? reason + len + 1 : "";
    char *text = xasprintf("%.*s%s%s", (int)len, reason, reason[len] ? dir : "", rest);
    assert_string_equal(o.err, text);
    assert_string_equal(o.out, "");
    assert_int_equal(o.rc, CLI_FAILED);
    free(text);
    outcome_free(&o);
}

static void no_hub(void **state)
{
    expect_failure("status", "thingd status: the hub is not running (no %/thingd.sock)\n", 0);
    /* a socket which a dead process has left */
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/thingd.sock", dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    expect_failure("status",
                   "thingd status: the hub is not running (nobody listens on "
                   "%/thingd.sock)\n",
                   0);
}

static void a_path_too_long(void **state)
{
    struct client *client;
    struct diag diag = DIAG_INIT;
    char name[200];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(client_open(name, 1000, &client, &diag), -ENAMETOOLONG);
    assert_non_null(strstr(diag.text, "xxx/thingd.sock is longer than 107 bytes"));
    name[95] = '\0'; /* 107 with the socket's name: the longest */
    assert_int_equal(client_open(name, 1000, &client, &diag), -ENOENT);
    name[95] = 'x';
    name[96] = '\0';
    assert_int_equal(client_open(name, 1000, &client, &diag), -ENAMETOOLONG);
}

static void a_hub_that_hangs(void **state)
{
    static const struct fake_answer answers[] = { { -1 }, { 0 } };
    struct fake_hub hub;
    fake_hub_start(&hub, dir, answers);
    expect_failure("status", "thingd status: the hub did not answer within 30 ms\n", 30);
    fake_hub_stop(&hub);
    fake_hub_deinit(&hub);
}

static void a_list_without_end(void **state)
{
    static const struct fake_answer answers[] = {
        { 200, "{\"rules\":[{\"ruleName\":\"a\"}],\"nextToken\":\"t\"}" },
        { 200, "{\"rules\":[],\"nextToken\":\"t\"}" },
        { 0 },
    };
    struct fake_hub hub;
    fake_hub_start(&hub, dir, answers);
    expect_failure("rule|list", "thingd rule list: the hub sends the same page again\n", 0);
    fake_hub_stop(&hub);
    fake_hub_deinit(&hub);
}

/* ---- thing add ------------------------------------------------------------------------------ */

#define CERT_ANSWER                                                                       \
    {                                                                                     \
        200, "{\"certificateId\":\"cc\",\"certificateArn\":\"" ARN(                       \
                 "cert/cc") "\","                                                         \
                            "\"certificatePem\":\"CERT\\n\",\"keyPair\":{\"PrivateKey\":" \
                            "\"KEY\\n\"}}"                                                \
    }
#define THING_ANSWER                                                           \
    {                                                                          \
        200, "{\"thingName\":\"lamp\",\"thingArn\":\"" ARN("thing/lamp") "\"}" \
    }
#define MAKE_CERT     "POST /keys-and-certificate?setAsActive=true\n"
#define ATTACH_POLICY "PUT /target-policies/ThingDefault {\"target\":\"" ARN("cert/cc") "\"}\n"
#define DETACH_POLICY "POST /target-policies/ThingDefault {\"target\":\"" ARN("cert/cc") "\"}\n"
#define ATTACH_CERT   "PUT /things/lamp/principals [" ARN("cert/cc") "]\n"
#define DETACH_CERT   "DELETE /things/lamp/principals [" ARN("cert/cc") "]\n"
#define DROP_CERT \
    "PUT /certificates/cc?newStatus=INACTIVE\nDELETE /certificates/cc?forceDelete=true\n"

static void expect_no_files(void)
{
    expect_file("lamp.cert.pem", NULL);
    expect_file("lamp.private.key", NULL);
    expect_file("root-ca.pem", NULL);
}

static void add_thing(void **state)
{
    put_file("ca.cert.pem", "CA\n");
    put_file("ca-rsa.cert.pem", "RSA CA\n");
    char *out = xasprintf(
        "thing           lamp\nthing arn       " ARN(
            "thing/lamp") "\n"
                          "certificate id  cc\ncertificate     %s/lamp.cert.pem\n"
                          "private key     %s/lamp.private.key\nroot CA         %s/root-ca.pem\n",
        dir, dir, dir);
    check_row(&(struct row){
        "thing|add|lamp|--type|Bulb|--attr|room=bath|--attr|w=1=2|--out|%",
        "GET /thing-types/Bulb\nPOST /thing-types/Bulb\nGET /things/lamp\n"
        "POST /things/lamp {\"thingTypeName\":\"Bulb\",\"attributePayload\":{\"attributes\":"
        "{\"room\":\"bath\",\"w\":\"1=2\"}}}\n" MAKE_CERT ATTACH_POLICY ATTACH_CERT,
        0,
        out,
        "",
        { NOT_FOUND("no type"),
          { 200, "{}" },
          NOT_FOUND("no thing"),
          THING_ANSWER,
          CERT_ANSWER,
          { 200 },
          { 200 } } });
    free(out);
    expect_file("lamp.cert.pem", "CERT\n");
    expect_file("lamp.private.key", "KEY\n");
    expect_file("root-ca.pem", "CA\nRSA CA\n");
    struct stat st;
    char *key = path_of("lamp.private.key");
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    free(key);
}

/* The same CA's file is no obstacle; --json has no key. */
static void add_second_thing(void **state)
{
    put_file("ca.cert.pem", "CA\n");
    put_file("root-ca.pem", "CA\n");
    struct fake_hub hub;
    static const struct fake_answer answers[] = { NOT_FOUND("no"), THING_ANSWER, CERT_ANSWER,
                                                  { 200 },         { 200 },      { 0 } };
    fake_hub_start(&hub, dir, answers);
    struct outcome o = run("thing|add|lamp|--json|--out|%");
    fake_hub_stop(&hub);
    assert_int_equal(o.rc, 0);
    assert_null(strstr(o.out, "KEY"));
    struct json *result;
    assert_int_equal(json_parse(slice_str(o.out), NULL, &result, NULL), 0);
    assert_string_equal(json_get_str(result, "certificateId"), "cc");
    assert_string_equal(json_get_str(result, "thingName"), "lamp");
    json_free(result);
    outcome_free(&o);
    fake_hub_deinit(&hub);
}

static void add_overwrites_only_when_told(void **state)
{
    static const char *const names[] = { "lamp.cert.pem", "lamp.private.key", "root-ca.pem" };
    put_file("ca.cert.pem", "CA\n");
    for (size_t i = 0; i < 3; i++) {
        put_file(names[i], "old");
        char *err = xasprintf("thingd thing add: preparing the files: '%s/%s' exists; --force "
                              "overwrites it\n",
                              dir, names[i]);
        check_row(&(struct row){ "thing|add|lamp|--out|%", "", 1, "", err, { { 0 } } });
        free(err);
        for (size_t j = 0; j < 3; j++)
            expect_file(names[j], i == j ? "old" : NULL);
        char *path = path_of(names[i]);
        unlink(path);
        free(path);
    }
    put_file("lamp.private.key", "old");
    put_file("root-ca.pem", "old");
    struct fake_hub hub;
    static const struct fake_answer answers[] = { { 200, "{}" }, THING_ANSWER, CERT_ANSWER,
                                                  { 200 },       { 200 },      { 0 } };
    fake_hub_start(&hub, dir, answers);
    struct outcome o = run("thing|add|lamp|--force|--out|%");
    fake_hub_stop(&hub);
    assert_string_equal(o.err, "");
    assert_int_equal(o.rc, 0);
    expect_file("lamp.private.key", "KEY\n");
    expect_file("root-ca.pem", "CA\n");
    outcome_free(&o);
    fake_hub_deinit(&hub);
}

/* Whatever step fails, what was made before is taken back, from the last to the first. */
static void add_undoes(void **state)
{
    put_file("ca.cert.pem", "CA\n");
    static const struct row rows[] = {
        { "thing|add|lamp|--type|T|--out|%",
          "GET /thing-types/T\n",
          1,
          "",
          "thingd thing add: making the thing type: bad\n",
          { { 400, "{\"message\":\"bad\"}" } } },
        { "thing|add|lamp|--out|%",
          "GET /things/lamp\n",
          1,
          "",
          "thingd thing add: making the thing: bad\n",
          { { 400, "{\"message\":\"bad\"}" } } },
        { "thing|add|lamp|--out|%",
          "GET /things/lamp\nPOST /things/lamp\n",
          1,
          "",
          "thingd thing add: making the thing: there\n",
          { { 200, "{}" }, CONFLICT("there") } },
        { "thing|add|lamp|--out|%",
          "GET /things/lamp\nPOST /things/lamp\n" MAKE_CERT "DELETE /things/lamp\n",
          1,
          "",
          "thingd thing add: making the certificate: bad\n",
          { NOT_FOUND("no"), THING_ANSWER, { 400, "{\"message\":\"bad\"}" }, { 200 } } },
        { "thing|add|lamp|--out|%",
          "GET /things/lamp\nPOST /things/lamp\n" MAKE_CERT "DELETE /things/lamp\n",
          1,
          "",
          "thingd thing add: making the certificate: the hub sent no certificate\n",
          { NOT_FOUND("no"), THING_ANSWER, { 200, "{}" }, { 200 } } },
        { "thing|add|lamp|--out|%",
          "GET /things/lamp\nPOST /things/lamp\n" MAKE_CERT ATTACH_POLICY DROP_CERT
          "DELETE /things/lamp\n",
          1,
          "",
          "thingd thing add: attaching the policy ThingDefault: Policy not found\n",
          { NOT_FOUND("no"),
            THING_ANSWER,
            CERT_ANSWER,
            NOT_FOUND("Policy not found"),
            { 200 },
            { 200 },
            { 200 } } },
        { "thing|add|lamp|--out|%",
          "GET /things/lamp\nPOST /things/lamp\n" MAKE_CERT ATTACH_POLICY ATTACH_CERT DETACH_POLICY
              DROP_CERT "DELETE /things/lamp\n",
          1,
          "",
          "thingd thing add: attaching the certificate to the thing: bad\n",
          { NOT_FOUND("no"),
            THING_ANSWER,
            CERT_ANSWER,
            { 200 },
            { 400, "{\"message\":\"bad\"}" },
            { 200 },
            { 200 },
            { 200 },
            { 200 } } },
        /* no key in the answer: found out when the files are written */
        { "thing|add|lamp|--out|%",
          "GET /things/lamp\nPOST /things/lamp\n" MAKE_CERT ATTACH_POLICY ATTACH_CERT DETACH_CERT
              DETACH_POLICY DROP_CERT "DELETE /things/lamp\n",
          1,
          "",
          "thingd thing add: writing the files: the hub sent no key\n",
          { NOT_FOUND("no"),
            THING_ANSWER,
            { 200, "{\"certificateId\":\"cc\",\"certificateArn\":\"" ARN("cert/cc") "\"}" },
            { 200 },
            { 200 },
            { 200 },
            { 200 },
            { 200 },
            { 200 },
            { 200 } } },
        /* a thing that was there stays; what cannot be undone is told, and the rest is undone */
        { "thing|add|lamp|--out|%",
          "GET /things/lamp\nPOST /things/lamp\n" MAKE_CERT ATTACH_POLICY ATTACH_CERT DETACH_POLICY
              DROP_CERT,
          1,
          "",
          "thingd thing add: attaching the certificate to the thing: bad\n"
          "thingd thing add: not undone, attaching the policy ThingDefault: worse\n",
          { { 200, "{}" },
            THING_ANSWER,
            CERT_ANSWER,
            { 200 },
            { 400, "{\"message\":\"bad\"}" },
            { 500, "{\"message\":\"worse\"}" },
            { 200 },
            { 200 } } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row(&rows[i]);
        expect_no_files();
    }
}

static void add_refuses_bad_words(void **state)
{
    static const struct row rows[] = {
        { "thing|add|../x",
          "",
          2,
          "",
          "thingd thing add: '../x' is no name of a thing: 1 to 128 of a-z A-Z 0-9 : _ -\n"
          "try 'thingd thing add --help'\n",
          { { 0 } } },
        { "thing|add|x|--attr|novalue",
          "",
          2,
          "",
          "thingd thing add: flag '--attr': 'novalue' is not KEY=VALUE\n"
          "try 'thingd thing add --help'\n",
          { { 0 } } },
        { "thing|add|x|--attr|=v",
          "",
          2,
          "",
          "thingd thing add: flag '--attr': '=v' is not KEY=VALUE\n"
          "try 'thingd thing add --help'\n",
          { { 0 } } },
    };
    CHECK(rows);
    char *err = xasprintf("thingd thing add: cannot open '%s/ca.cert.pem': No such file or "
                          "directory\n",
                          dir);
    check_row(&(struct row){ "thing|add|x|--out|%", "", 1, "", err, { { 0 } } });
    free(err);
}

/* ---- without a hub -------------------------------------------------------------------------- */

static int make_data(void **state)
{
    struct data_dir *data;
    if (make_dir(state) || crypto_init() < 0) return -1;
    log_configure(LOG_ERROR, LOG_TEXT);
    if (data_dir_open(dir, true, &data, NULL) < 0) return -1;
    data_dir_close(data);
    return 0;
}

static struct json *run_json(const char *line, const char *input)
{
    struct json *result = NULL;
    struct outcome o = run_in(line, input, 0);
    assert_string_equal(o.err, "");
    assert_int_equal(o.rc, CLI_DONE);
    assert_int_equal(json_parse(slice_str(o.out), NULL, &result, NULL), 0);
    outcome_free(&o);
    return result;
}

static size_t count_of(const char *line, const char *member)
{
    struct json *result = run_json(line, "");
    size_t count = json_count(json_get(result, member));
    json_free(result);
    return count;
}

static void credentials_without_a_hub(void **state)
{
    struct json *key = run_json("key|create|--admin|--name|me|--json", "");
    const char *id = json_get_str(key, "accessKeyId");
    assert_int_equal(strlen(json_get_str(key, "secretAccessKey")), 40);
    assert_int_equal(count_of("key|list|--json", "accessKeys"), 1);

    struct outcome o = run("key|list");
    assert_non_null(strstr(o.out, id));
    assert_null(strstr(o.out, json_get_str(key, "secretAccessKey")));
    outcome_free(&o);

    char *line = xasprintf("key|delete|%s", id);
    o = run(line);
    assert_int_equal(o.rc, CLI_DONE);
    outcome_free(&o);
    o = run(line);
    assert_int_equal(o.rc, CLI_FAILED);
    assert_non_null(strstr(o.err, "There is no key"));
    outcome_free(&o);
    free(line);
    json_free(key);
    assert_int_equal(count_of("key|list|--json", "accessKeys"), 0);

    json_free(run_json("token|create|--policy|UserDefault|--expires|1h|--json", ""));
    assert_int_equal(count_of("token|list|--json", "tokens"), 1);
    json_free(run_json("user|add|bob|--password-stdin|--json", "secret\n"));
    struct json *user = run_json("user|add|amy|--json", "");
    assert_int_equal(strlen(json_get_str(user, "password")), 24);
    json_free(user);
    assert_int_equal(count_of("user|list|--json", "users"), 2);
    o = run("token|create|--policy|NoSuch");
    assert_string_equal(o.err, "thingd token create: Policy not found (name=NoSuch)\n");
    assert_int_equal(o.rc, CLI_FAILED);
    outcome_free(&o);
}

static void others_need_a_hub(void **state)
{
    expect_failure("thing|list", "thingd thing list: the hub is not running (no %/thingd.sock)\n",
                   0);
    expect_failure("policy|list", "thingd policy list: the hub is not running (no %/thingd.sock)\n",
                   0);
}

static void a_locked_directory(void **state)
{
    struct data_dir *data;
    assert_int_equal(data_dir_open(dir, false, &data, NULL), 0);
    expect_failure("key|list",
                   "thingd key list: the hub of '%' is just starting or stopping; try "
                   "again\n",
                   0);
    data_dir_close(data);
    assert_int_equal(count_of("key|list|--json", "accessKeys"), 0);
}

static void no_directory_at_all(void **state)
{
    struct outcome o = run("-d|/nonexistent/thingd|key|list");
    assert_int_equal(o.rc, CLI_USAGE); /* -d twice */
    outcome_free(&o);
    char *before = dir;
    dir = path_of("missing");
    o = run("key|list");
    assert_int_equal(o.rc, CLI_FAILED);
    assert_non_null(strstr(o.err, "missing"));
    assert_string_equal(o.out, "");
    outcome_free(&o);
    free(dir);
    dir = before;
}

/* ---- check ---------------------------------------------------------------------------------- */

static void check_configuration(void **state)
{
    put_file("good.conf", "mqtt = { max_packet = \"4m\"; };\n");
    put_file("bad.conf", "mqtt = {\n  max_paket = 1;\n  max_inflight = -1;\n};\n");
    struct outcome o = run("check|-c|%good.conf");
    assert_string_equal(o.err, "");
    assert_string_equal(o.out, "the configuration is valid\n");
    assert_int_equal(o.rc, CLI_DONE);
    outcome_free(&o);

    o = run("check|-c|%bad.conf");
    assert_non_null(strstr(o.err, "bad.conf:2: "));
    assert_non_null(strstr(o.err, "bad.conf:3: "));
    assert_string_equal(o.out, "");
    assert_int_equal(o.rc, CLI_USAGE);
    outcome_free(&o);

    o = run("check|-c|%bad.conf|--json");
    struct json *result;
    assert_int_equal(json_parse(slice_str(o.out), NULL, &result, NULL), 0);
    assert_int_equal(json_count(json_get(result, "errors")), 2);
    assert_false(json_is_true(json_get(result, "valid")));
    assert_int_equal(o.rc, CLI_USAGE);
    json_free(result);
    outcome_free(&o);

    o = run("check|-c|%missing.conf");
    assert_int_equal(o.rc, CLI_USAGE);
    outcome_free(&o);
    o = run("check");
    assert_string_equal(o.err, "thingd check: needs --config FILE\ntry 'thingd check --help'\n");
    outcome_free(&o);
}

/* ---- expiry, operations, output ------------------------------------------------------------- */

static void expiries(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* 0: refused */
    } rows[] = {
        { "1s", 1 },
        { "90s", 90 },
        { "15m", 900 },
        { "12h", 43200 },
        { "30d", 2592000 },
        { "52w", 31449600 },
        { "36500d", 3153600000 },
        { "36501d", 0 },
        { "0s", 0 },
        { "", 0 },
        { "d", 0 },
        { "5", 0 },
        { "-1d", 0 },
        { "1.5h", 0 },
        { "1ms", 0 },
        { "99999999999999999999s", 0 },
        { "1 d", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fake_hub hub;
        static const struct fake_answer answers[] = { { 200, "{}" }, { 0 } };
        fake_hub_start(&hub, dir, answers);
        char *line = xasprintf("token|create|--admin|--expires=%s", rows[i].text);
        struct outcome o = run(line);
        fake_hub_stop(&hub);
        char *seen = xasprintf("POST /hub/tokens {\"admin\":true,\"expiresInSeconds\":%lld}\n",
                               (long long)rows[i].seconds);
        assert_string_equal(buf_str(&hub.seen), rows[i].seconds ? seen : "");
        assert_int_equal(o.rc, rows[i].seconds ? CLI_DONE : CLI_USAGE);
        free(seen);
        free(line);
        outcome_free(&o);
        fake_hub_deinit(&hub);
    }
}

static void every_operation_makes_a_request(void **state)
{
    for (size_t i = 0; operation_at(i); i++) {
        const struct operation *op = operation_at(i);
        struct json *params = json_new_object();
        for (const char *p = strchr(op->path, '{'); p; p = strchr(p + 1, '{')) {
            char *member = xstrndup(p + 1, strcspn(p, "}") - 1);
            json_set_str(params, member, "a/b c\xc3\xa4");
            free(member);
        }
        struct buf out = { 0 };
        assert_ptr_equal(operation_find(op->name), op);
        assert_int_equal(operation_put_request(op, params, &out, NULL), 0);
        assert_non_null(strstr(buf_str(&out), " HTTP/1.1\r\nHost: localhost\r\n"));
        if (strchr(op->path, '{')) assert_non_null(strstr(buf_str(&out), "/a%2Fb%20c%C3%A4"));
        assert_null(strchr(buf_str(&out), '{'));
        buf_deinit(&out);
        if (strchr(op->path, '{')) {
            struct json *none = json_new_object();
            assert_int_equal(operation_put_request(op, none, &out, NULL), ERR_INVALID);
            json_free(none);
        }
        buf_deinit(&out);
        json_free(params);
    }
}

static void a_header_cannot_be_split(void **state)
{
    struct json *params = json_new_object();
    struct buf out = { 0 };
    struct diag diag = DIAG_INIT;
    json_set_str(params, "thingName", "a");
    json_set_str(params, "principal", "x\r\nEvil: yes");
    assert_int_equal(
        operation_put_request(operation_find("AttachThingPrincipal"), params, &out, &diag),
        ERR_INVALID);
    assert_int_equal(out.len, 0);
    json_free(params);
    buf_deinit(&out);
}

static void tables_are_clean(void **state)
{
    static const struct output_column columns[] = {
        { "A", "a" }, { "T", "t", OUTPUT_TIME }, { "B", "x.y" }, { 0 }
    };
    struct json *rows;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    static const char json[] =
        "[{\"a\":\"\\u001b[2J\\u009bx\\n\",\"t\":\"soon\",\"x\":{\"y\":\"\xc3\xa4\"}},"
        "{\"a\":\"\xc3\xa4\xc3\xb6\",\"t\":1e300,\"x\":{\"y\":false}},"
        "{\"a\":null,\"t\":-1,\"x\":5},{\"a\":[{\"k\":1},[2,3]]},7]";
    assert_int_equal(json_parse(slice_str(json), NULL, &rows, NULL), 0);
    output_table(out, columns, rows);
    output_table(out, columns, NULL);
    fclose(out);
    assert_string_equal(text, "A          T                     B\n"
                              "?[2J?x?    soon                  \xc3\xa4\n"
                              "\xc3\xa4\xc3\xb6         1e300                 false\n"
                              "           1969-12-31T23:59:59Z\n"
                              "k=1, 2, 3\n"
                              "\n"
                              "A  T  B\n");
    free(text);
    json_free(rows);
}

/* ---- the manual ----------------------------------------------------------------------------- */

/* Compares with the committed file; THINGD_TEST_UPDATE=1 in the environment writes it instead. */
static void the_manual_is_as_printed(void **state)
{
    struct cli_program program = { .name = "thingd", .flags = client_flags };
    struct cli_command *commands = commands_collect(&program.command_count);
    char *text = NULL, *path = xasprintf("%s/../../docs/manual/command-line.md", TEST_GOLDEN);
    struct buf committed = { 0 };
    size_t len;
    FILE *out = open_memstream(&text, &len);
    program.commands = commands;
    commands_print_manual(&program, out);
    fclose(out);
    if (getenv("THINGD_TEST_UPDATE"))
        assert_int_equal(file_write(path, 0644, slice_of(text, len), NULL), 0);
    assert_int_equal(file_read(path, 1 << 20, &committed, NULL), 0);
    assert_string_equal(buf_str(&committed), text);
    buf_deinit(&committed);
    free(commands);
    free(path);
    free(text);
}

int main(void)
{
#define IN_DIR(test)  cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
#define IN_DATA(test) cmocka_unit_test_setup_teardown(test, make_data, remove_dir)
    const struct CMUnitTest tests[] = {
        IN_DIR(credentials),
        IN_DIR(things_and_certificates),
        IN_DIR(authorities),
        IN_DIR(policies),
        IN_DIR(groups),
        IN_DIR(templates),
        IN_DIR(rules),
        IN_DIR(shadows_and_status),
        IN_DIR(sessions_and_retained),
        IN_DIR(bad_answers),
        IN_DIR(no_hub),
        cmocka_unit_test(a_path_too_long),
        IN_DIR(a_hub_that_hangs),
        IN_DIR(a_list_without_end),
        IN_DIR(add_thing),
        IN_DIR(add_second_thing),
        IN_DIR(add_overwrites_only_when_told),
        IN_DIR(add_undoes),
        IN_DIR(add_refuses_bad_words),
        IN_DATA(credentials_without_a_hub),
        IN_DATA(others_need_a_hub),
        IN_DATA(a_locked_directory),
        IN_DATA(no_directory_at_all),
        IN_DIR(check_configuration),
        IN_DIR(expiries),
        cmocka_unit_test(every_operation_makes_a_request),
        cmocka_unit_test(a_header_cannot_be_split),
        cmocka_unit_test(tables_are_clean),
        cmocka_unit_test(the_manual_is_as_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
