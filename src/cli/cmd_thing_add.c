/* cmd_thing_add.c — `thing add`: everything a new device needs, in one command.
 *
 * A table of steps: the names of the files are taken, the type and the thing are made, a key and
 * a certificate, ThingDefault is attached, the certificate is given to the thing, the files are
 * written. When a step fails, those before it are undone from the last to the first, as far as
 * that goes.
 *
 *  I1  The private key exists in the answer of one operation and in NAME.private.key (0600), and
 *      is never printed.
 *  I2  A file that was there is not touched without --force. An empty file holds each name from
 *      the first step on, so two runs cannot write the same one.
 *  I3  Undoing removes what this run has made, nothing else: a thing which was there stays. A
 *      thing type stays too, since others may use it already. */
#include "app/data_dir.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/command.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_CERT, FILE_KEY, FILE_CA, FILE_COUNT, PEM_MAX = 256 * 1024, NAME_MAX_LEN = 128 };

#define THING_POLICY "ThingDefault"

struct out_file {
    char *path;
    mode_t mode;
    struct slice text; /* borrowed */
    bool mine;         /* made by this run */
    bool same;         /* there already, with this text */
};

struct add {
    struct command cmd;
    const char *name;
    struct json *attrs; /* NULL: none */
    struct buf cas;
    struct out_file files[FILE_COUNT];
    struct json *thing; /* of CreateThing */
    struct json *cert;  /* of CreateKeysAndCertificate */
    bool thing_is_new;
};

/* ---- files ---------------------------------------------------------------------------------- */

static bool has_text(const char *path, struct slice text)
{
    struct buf data = { 0 };
    bool same =
        text.len && file_read(path, PEM_MAX, &data, NULL) == 0 && slice_eq(buf_slice(&data), text);
    buf_deinit(&data);
    return same;
}

/* Takes the name: an empty file, unless one may be overwritten or is as it should be. */
static int reserve(struct add *add, struct out_file *file)
{
    struct diag *diag = &add->cmd.diag;
    int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
    if (fd >= 0) {
        close(fd);
        file->mine = true;
        return 0;
    }
    if (errno != EEXIST)
        return diag_set(diag, -errno, "cannot create '%s': %s", file->path, strerror(errno));
    file->same = has_text(file->path, file->text);
    if (file->same || cli_flag_given(add->cmd.args, "--force")) return 0;
    return diag_set(diag, ERR_EXISTS, "'%s' exists; --force overwrites it", file->path);
}

static void release_files(struct add *add)
{
    for (size_t i = 0; i < FILE_COUNT; i++)
        if (add->files[i].mine) unlink(add->files[i].path);
}

static int reserve_files(struct add *add)
{
    const char *dir = cli_flag_value(add->cmd.args, "--out", ".");
    int rc = file_make_dir(dir, 0755, &add->cmd.diag);
    for (size_t i = 0; i < FILE_COUNT && rc == 0; i++)
        rc = reserve(add, &add->files[i]);
    if (rc < 0) release_files(add);
    return rc;
}

static int write_files(struct add *add)
{
    const char *key = json_get_str(json_get(add->cert, "keyPair"), "PrivateKey");
    const char *cert = json_get_str(add->cert, "certificatePem");
    int rc = 0;
    if (!key || !cert) return diag_set(&add->cmd.diag, ERR_INTERNAL, "the hub sent no key");
    add->files[FILE_KEY].text = slice_str(key);
    add->files[FILE_CERT].text = slice_str(cert);
    for (size_t i = 0; i < FILE_COUNT && rc == 0; i++) {
        struct out_file *file = &add->files[i];
        if (file->same) continue;
        rc = file_write(file->path, file->mode, file->text, &add->cmd.diag);
        if (rc == 0) file->mine = true;
    }
    return rc;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static int make_type(struct add *add)
{
    const char *type = cli_flag_value(add->cmd.args, "--type", NULL);
    if (!type) return 0;
    int rc = command_try(&add->cmd, "DescribeThingType", params_of("thingTypeName", type), NULL);
    if (rc != ERR_NOT_FOUND) return rc;
    return command_try(&add->cmd, "CreateThingType", params_of("thingTypeName", type), NULL);
}

static int make_thing(struct add *add)
{
    struct json *params = params_of("thingName", add->name);
    json_set_str(params, "thingTypeName", cli_flag_value(add->cmd.args, "--type", NULL));
    if (add->attrs)
        json_set(json_set(params, "attributePayload", json_new_object()), "attributes",
                 json_dup(add->attrs));
    int rc = command_try(&add->cmd, "DescribeThing", params_of("thingName", add->name), NULL);
    add->thing_is_new = rc == ERR_NOT_FOUND;
    if (rc == 0 || rc == ERR_NOT_FOUND)
        return command_try(&add->cmd, "CreateThing", params, &add->thing);
    json_free(params);
    return rc;
}

static int unmake_thing(struct add *add)
{
    if (!add->thing_is_new) return 0;
    return command_try(&add->cmd, "DeleteThing", params_of("thingName", add->name), NULL);
}

static int make_cert(struct add *add)
{
    struct json *params = json_new_object();
    json_set_bool(params, "setAsActive", true);
    int rc = command_try(&add->cmd, "CreateKeysAndCertificate", params, &add->cert);
    if (rc < 0) return rc;
    if (json_get_str(add->cert, "certificateId") && json_get_str(add->cert, "certificateArn"))
        return 0;
    return diag_set(&add->cmd.diag, ERR_INTERNAL, "the hub sent no certificate");
}

static int unmake_cert(struct add *add)
{
    const char *id = json_get_str(add->cert, "certificateId");
    struct json *params = params_of("certificateId", id);
    json_set_str(params, "newStatus", "INACTIVE");
    int rc = command_try(&add->cmd, "UpdateCertificate", params, NULL);
    if (rc < 0) return rc;
    params = params_of("certificateId", id);
    json_set_bool(params, "forceDelete", true);
    return command_try(&add->cmd, "DeleteCertificate", params, NULL);
}

static int call_policy(struct add *add, const char *op)
{
    struct json *params = params_of("policyName", THING_POLICY);
    json_set_str(params, "target", json_get_str(add->cert, "certificateArn"));
    return command_try(&add->cmd, op, params, NULL);
}

static int attach_policy(struct add *add)
{
    return call_policy(add, "AttachPolicy");
}

static int detach_policy(struct add *add)
{
    return call_policy(add, "DetachPolicy");
}

static int call_principal(struct add *add, const char *op)
{
    struct json *params = params_of("thingName", add->name);
    json_set_str(params, "principal", json_get_str(add->cert, "certificateArn"));
    return command_try(&add->cmd, op, params, NULL);
}

static int attach_cert(struct add *add)
{
    return call_principal(add, "AttachThingPrincipal");
}

static int detach_cert(struct add *add)
{
    return call_principal(add, "DetachThingPrincipal");
}

static int undo_files(struct add *add)
{
    release_files(add);
    return 0;
}

static const struct {
    const char *what;
    int (*run)(struct add *add);
    int (*undo)(struct add *add); /* NULL: nothing is to be undone */
} steps[] = {
    { "preparing the files", reserve_files, undo_files },
    { "making the thing type", make_type, NULL },
    { "making the thing", make_thing, unmake_thing },
    { "making the certificate", make_cert, unmake_cert },
    { "attaching the policy " THING_POLICY, attach_policy, detach_policy },
    { "attaching the certificate to the thing", attach_cert, detach_cert },
    { "writing the files", write_files, NULL },
};

static void undo(struct add *add, size_t done)
{
    while (done-- > 0) {
        if (!steps[done].undo || steps[done].undo(add) == 0) continue;
        diag_wrap(&add->cmd.diag, add->cmd.diag.code, "not undone, %s", steps[done].what);
        command_fail(&add->cmd);
    }
}

static int run_steps(struct add *add)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i].run(add) == 0) continue;
        diag_wrap(&add->cmd.diag, add->cmd.diag.code, "%s", steps[i].what);
        int rc = command_fail(&add->cmd);
        undo(add, i);
        return rc;
    }
    return CLI_DONE;
}

/* ---- before and after ----------------------------------------------------------------------- */

/* The name becomes part of a path. */
static bool is_thing_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-");
    return len > 0 && len <= NAME_MAX_LEN && name[len] == '\0';
}

static int prepare(struct add *add)
{
    const char *dir = cli_flag_value(add->cmd.args, "--out", ".");
    int rc = data_dir_read_cas(add->cmd.data_dir, &add->cas, &add->cmd.diag);
    if (rc < 0) return command_fail(&add->cmd);
    add->files[FILE_CERT].path = xasprintf("%s/%s.cert.pem", dir, add->name);
    add->files[FILE_CERT].mode = 0644;
    add->files[FILE_KEY].path = xasprintf("%s/%s.private.key", dir, add->name);
    add->files[FILE_KEY].mode = 0600;
    add->files[FILE_CA].path = xasprintf("%s/root-ca.pem", dir);
    add->files[FILE_CA].mode = 0644;
    add->files[FILE_CA].text = buf_slice(&add->cas);
    return 0;
}

static void print_result(const struct add *add)
{
    static const struct output_column fields[] = {
        { "thing", "thingName" },
        { "thing arn", "thingArn" },
        { "certificate id", "certificateId" },
        { "certificate", "certificateFile" },
        { "private key", "privateKeyFile" },
        { "root CA", "caFile" },
        { 0 },
    };
    struct json *result = json_dup(add->thing);
    json_set_str(result, "certificateId", json_get_str(add->cert, "certificateId"));
    json_set_str(result, "certificateArn", json_get_str(add->cert, "certificateArn"));
    json_set_str(result, "certificateFile", add->files[FILE_CERT].path);
    json_set_str(result, "privateKeyFile", add->files[FILE_KEY].path);
    json_set_str(result, "caFile", add->files[FILE_CA].path);
    if (add->cmd.json)
        output_json(add->cmd.args->out, result);
    else
        output_fields(add->cmd.args->out, fields, result);
    json_free(result);
}

static void wipe_key(struct json *cert)
{
    struct json *pair = json_get(cert, "keyPair");
    const char *key = json_get_str(pair, "PrivateKey");
    if (key) crypto_wipe((char *)(uintptr_t)key, strlen(key));
}

static void add_deinit(struct add *add)
{
    wipe_key(add->cert);
    json_free(add->cert);
    json_free(add->thing);
    json_free(add->attrs);
    buf_deinit(&add->cas);
    for (size_t i = 0; i < FILE_COUNT; i++)
        free(add->files[i].path);
}

int thing_add_run(const struct cli_args *args)
{
    struct add add = { .name = cli_arg(args, 0) };
    if (!is_thing_name(add.name))
        return cli_bad_usage(args, "'%s' is no name of a thing: 1 to %d of a-z A-Z 0-9 : _ -",
                             add.name, NAME_MAX_LEN);
    int rc = command_read_attrs(args, &add.attrs);
    if (rc == 0) rc = command_open(&add.cmd, args, REACH_RUNNING);
    if (rc == 0) {
        rc = prepare(&add);
        if (rc == 0) rc = run_steps(&add);
        if (rc == CLI_DONE) print_result(&add);
        command_close(&add.cmd, rc);
    }
    add_deinit(&add);
    return rc;
}
