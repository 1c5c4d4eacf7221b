/* cas.c — certificate authorities of the owner: GetRegistrationCode, DeleteRegistrationCode,
 * RegisterCACertificate, DescribeCACertificate, ListCACertificates, UpdateCACertificate, DeleteCACertificate.
 * Reference: security, section 1.2.
 * In the mode DEFAULT the owner proves that he has the CA's key: he signs a certificate by it whose common name is
 * the registration code, which only who may ask this hub knows. */
#include "registry/certs_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "registry/template.h"

#include <stdlib.h>
#include <string.h>

enum {
    CODE_BYTES = 32,
    SAME_SUBJECT_MAX = 10,
    ROLE_ARN_MIN = 20,
    ROLE_ARN_MAX = 2048,
};

/* ---- the registration code: there is always one ---- */

int ca_make_code(struct db *db)
{
    uint8_t bytes[CODE_BYTES];
    char code[2 * CODE_BYTES + 1];
    rand_bytes(bytes, sizeof bytes);
    hex_encode(bytes, sizeof bytes, code);
    struct db_stmt *q =
        db_query(db, "INSERT INTO setting (name, value) VALUES ('registration-code', ?1) "
                     "ON CONFLICT DO NOTHING");
    db_bind_text(q, 1, code);
    return db_exec(q);
}

static int read_code(struct db *db, struct json *object, const char *member)
{
    struct db_stmt *q = db_query(db, "SELECT value FROM setting WHERE name = 'registration-code'");
    if (db_step(q)) json_set_str(object, member, db_text(q, 0));
    return db_done(q);
}

static int get_code(struct registry_call *call, struct db *db)
{
    return read_code(db, result_of(call), "registrationCode");
}

/* Nobody can tell whether the next one is made now or when it is asked for. */
static int delete_code(struct registry_call *call, struct db *db)
{
    int rc = db_exec(db_query(db, "DELETE FROM setting WHERE name = 'registration-code'"));
    return rc == 0 ? ca_make_code(db) : rc;
}

/* ---- registrationConfig ---- */

struct config {
    const char *body, *name, *role;
};

/* What is wrong with it is told now, not when the first device comes. */
static int check_body(struct registry_call *call, const char *body)
{
    struct template *template;
    struct diag diag = DIAG_INIT;
    int rc = template_parse(slice_str(body), TEMPLATE_JITP, &template, &diag);
    if (rc < 0)
        return fail(call, ERR_INVALID, "registrationConfig.templateBody: %s", diag_text(&diag, rc));
    template_free(template);
    return 0;
}

static int check_config(struct registry_call *call, const struct config *config)
{
    if (!config->body == !config->name)
        return fail(call, ERR_INVALID,
                    "registrationConfig needs either templateName or templateBody");
    if (config->name && !param_fits(&param_template_name, config->name))
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value '%.200s' at "
                    "'registrationConfig.templateName' failed to satisfy constraint: Member must "
                    "satisfy regular expression pattern: %s",
                    config->name, param_template_name.pattern);
    if (config->body && !config->role)
        return fail(call, ERR_INVALID, "registrationConfig with templateBody needs roleArn");
    size_t role = config->role ? strlen(config->role) : ROLE_ARN_MIN;
    if (role < ROLE_ARN_MIN || role > ROLE_ARN_MAX)
        return fail(call, ERR_INVALID, "registrationConfig.roleArn has %d to %d characters",
                    ROLE_ARN_MIN, ROLE_ARN_MAX);
    return config->body ? check_body(call, config->body) : 0;
}

static int check_template(struct registry_call *call, struct db *db, const char *name)
{
    struct db_stmt *q = db_query(db, "SELECT type FROM provisioning_template WHERE name = ?1");
    db_bind_text(q, 1, name);
    bool found = db_step(q), fits = found && strcmp(db_text(q, 0), "JITP") == 0;
    int rc = db_done(q);
    if (rc < 0 || fits) return rc;
    return found ? fail(call, ERR_INVALID, "The provisioning template %s is not of type JITP", name)
                 : fail(call, ERR_NOT_FOUND, "The provisioning template %s does not exist", name);
}

/* Borrows from the parameters; *ret_given: there is one. */
static int read_config(struct registry_call *call, struct db *db, struct config *ret_config,
                       bool *ret_given)
{
    const struct json *given = json_get(call->params, "registrationConfig");
    *ret_given = given && !json_is(given, JSON_NULL);
    *ret_config = (struct config){ 0 };
    if (!*ret_given) return 0;
    struct config config = {
        .body = json_get_str(given, "templateBody"),
        .name = json_get_str(given, "templateName"),
        .role = json_get_str(given, "roleArn"),
    };
    int rc = check_config(call, &config);
    if (rc == 0 && config.name) rc = check_template(call, db, config.name);
    if (rc == 0) *ret_config = config;
    return rc;
}

/* ---- registering ---- */

static int mode_of(struct registry_call *call, const char **ret_mode)
{
    const char *mode = param_str(call, "certificateMode");
    if (!mode) mode = "DEFAULT";
    bool is_default = strcmp(mode, "DEFAULT") == 0;
    bool verified = param_str(call, "verificationCertificate") != NULL;
    if (!is_default && strcmp(mode, "SNI_ONLY") != 0)
        return fail(call, ERR_INVALID, "Invalid certificateMode: %.50s", mode);
    if (is_default && !verified)
        return fail(call, ERR_INVALID, "The mode DEFAULT needs a verificationCertificate");
    if (!is_default && verified)
        return fail(call, ERR_INVALID, "The mode SNI_ONLY takes no verificationCertificate");
    *ret_mode = mode;
    return 0;
}

static int look_register(struct registry_call *call, struct db *db)
{
    const char *mode;
    int rc = mode_of(call, &mode);
    return rc == 0 ? read_code(db, call->params, ".code") : rc;
}

/* On a worker. */
static int verify(struct registry_call *call, const char *ca_pem, const char *pem)
{
    const char *code = param_str(call, ".code");
    struct arena arena = { 0 };
    struct x509_info info;
    int rc = x509_parse(slice_str(pem), &arena, &info, &call->diag);
    if (rc == 0) rc = x509_verify_issued(slice_str(pem), slice_str(ca_pem), &call->diag);
    if (rc < 0) {
        diag_wrap(&call->diag, rc, "verification certificate");
    } else {
        const char *name = x509_name_get(&info.subject, "CN", 0);
        if (!name || strcmp(code, name) != 0)
            rc = fail(call, ERR_AUTH,
                      "The common name of the verification certificate is not the registration "
                      "code that GetRegistrationCode tells");
    }
    arena_deinit(&arena);
    return rc;
}

static int note_ca(struct registry_call *call, const char *pem)
{
    struct arena arena = { 0 };
    struct x509_info info;
    int rc = x509_parse(slice_str(pem), &arena, &info, &call->diag);
    if (rc == 0) rc = x509_check_ca(slice_str(pem), &call->diag);
    if (rc == 0) rc = x509_check_time(&info, call->now_ms / 1000, &call->diag);
    if (rc == 0) {
        cert_note_info(call, pem, &info);
        json_set_str(call->params, ".subject", info.subject.id);
    } else {
        diag_wrap(&call->diag, rc, "CA");
    }
    arena_deinit(&arena);
    return rc;
}

static int prepare_register(struct registry_call *call)
{
    const char *pem, *proof = param_str(call, "verificationCertificate");
    int rc = cert_param_text(call, "caCertificate", &pem);
    if (rc == 0) rc = note_ca(call, pem);
    return rc == 0 && proof ? verify(call, pem, proof) : rc;
}

static int check_same_subject(struct registry_call *call, struct db *db)
{
    struct db_stmt *q =
        db_query(db, "SELECT count(*) FROM ca_cert WHERE subject_id = ?1 AND id <> ?2");
    db_bind_text(q, 1, param_str(call, ".subject"));
    db_bind_text(q, 2, param_str(call, ".id"));
    bool full = db_step(q) && db_int(q, 0) >= SAME_SUBJECT_MAX;
    int rc = db_done(q);
    if (rc < 0 || !full) return rc;
    return fail(call, ERR_LIMIT, "%d CA certificates with this subject are registered already",
                SAME_SUBJECT_MAX);
}

static int insert_ca(struct registry_call *call, struct db *db, const char *mode,
                     const struct config *config)
{
    struct db_stmt *q = db_query(
        db,
        "INSERT INTO ca_cert (id, pem, subject_id, status, auto_registration, mode, "
        "template_body, template_name, role_arn, not_before, not_after, created_at, modified_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)");
    db_bind_text(q, 1, param_str(call, ".id"));
    db_bind_text(q, 2, param_str(call, ".pem"));
    db_bind_text(q, 3, param_str(call, ".subject"));
    db_bind_text(q, 4, param_flag(call, "setAsActive") ? "ACTIVE" : "INACTIVE");
    db_bind_int(q, 5, param_flag(call, "allowAutoRegistration"));
    db_bind_text(q, 6, mode);
    db_bind_text(q, 7, config->body);
    db_bind_text(q, 8, config->name);
    db_bind_text(q, 9, config->role);
    db_bind_int(q, 10, cert_noted(call, ".notBefore"));
    db_bind_int(q, 11, cert_noted(call, ".notAfter"));
    db_bind_int(q, 12, call->now_ms);
    return db_exec(q);
}

static int register_ca(struct registry_call *call, struct db *db)
{
    const char *mode = NULL;
    struct config config = { 0 };
    bool given;
    int rc = mode_of(call, &mode);
    if (rc == 0) rc = read_config(call, db, &config, &given);
    if (rc == 0) rc = check_same_subject(call, db);
    if (rc < 0) return rc;
    rc = insert_ca(call, db, mode, &config);
    if (rc == ERR_EXISTS)
        return cert_exists(call, "cacert", "The CA certificate is already registered");
    if (rc < 0) return rc;
    result_arn(call, result_of(call), "certificateArn", "cacert", param_str(call, ".id"));
    json_set_str(result_of(call), "certificateId", param_str(call, ".id"));
    return 0;
}

/* ---- reading ---- */

int ca_param_id(struct registry_call *call, const char **ret_id)
{
    return cert_param_id(call, "caCertificateId", ret_id);
}

int ca_not_found(struct registry_call *call, const char *id)
{
    return fail(call, ERR_NOT_FOUND,
                "The CA certificate given in the request does not exist. Id: %s", id);
}

static void put_config(struct registry_call *call, struct db_stmt *q, int column)
{
    static const char *const members[] = { "templateBody", "templateName", "roleArn" };
    if (db_is_null(q, column) && db_is_null(q, column + 1)) return;
    struct json *config = json_set(result_of(call), "registrationConfig", json_new_object());
    for (int i = 0; i < (int)ARRAY_LEN(members); i++)
        json_set_str(config, members[i], db_text(q, column + i));
}

static int describe_ca(struct registry_call *call, struct db *db)
{
    const char *id;
    int rc = ca_param_id(call, &id);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "SELECT " CERT_COLUMNS ", auto_registration, template_body, template_name, "
                     "role_arn FROM ca_cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    bool found = db_step(q);
    if (found) {
        struct json *about = cert_describe(call, q, "cacert", id);
        json_set_str(about, "autoRegistrationStatus",
                     db_int(q, CERT_COLUMN_COUNT) ? "ENABLE" : "DISABLE");
        put_config(call, q, CERT_COLUMN_COUNT + 1);
    }
    rc = db_done(q);
    return rc == 0 && !found ? ca_not_found(call, id) : rc;
}

#define CA_ROWS "SELECT id, status, created_at, NULL FROM ca_cert WHERE"

static int list_cas(struct registry_call *call, struct db *db)
{
    const char *name = param_str(call, "templateName");
    static const struct cert_listing all = { .kind = "cacert",
                                             .up = CA_ROWS CERT_PAGE_UP,
                                             .down = CA_ROWS CERT_PAGE_DOWN };
    return cert_list(call, db,
                     name ? &(struct cert_listing){
                                .kind = "cacert",
                                .filter = name,
                                .up = CA_ROWS " template_name = ?4 AND" CERT_PAGE_UP,
                                .down = CA_ROWS " template_name = ?4 AND" CERT_PAGE_DOWN,
                            }
                          : &all);
}

/* ---- changing ---- */

/* What a parameter may be: one of two words, or absent. */
static int check_word(struct registry_call *call, const char *name, const char *one,
                      const char *other, const char **ret_word)
{
    const char *word = param_str(call, name);
    if (word && strcmp(word, one) != 0 && strcmp(word, other) != 0)
        return fail(call, ERR_INVALID,
                    "1 validation error detected: Value '%.50s' at '%s' failed to satisfy "
                    "constraint: Member must satisfy enum value set: [%s, %s]",
                    word, name, one, other);
    *ret_word = word;
    return 0;
}

struct update {
    const char *status, *registration;
    struct config config;
    bool configures, unconfigures;
};

static int read_update(struct registry_call *call, struct db *db, struct update *ret_update)
{
    struct update update = { .unconfigures = param_flag(call, "removeAutoRegistration") };
    int rc = check_word(call, "newStatus", "ACTIVE", "INACTIVE", &update.status);
    if (rc == 0)
        rc = check_word(call, "newAutoRegistrationStatus", "ENABLE", "DISABLE",
                        &update.registration);
    if (rc == 0) rc = read_config(call, db, &update.config, &update.configures);
    if (rc == 0 && update.configures && update.unconfigures)
        rc = fail(call, ERR_INVALID,
                  "registrationConfig and removeAutoRegistration exclude each other");
    if (rc < 0) return rc;
    if (update.unconfigures && !update.registration) update.registration = "DISABLE";
    *ret_update = update;
    return 0;
}

static int update_ca(struct registry_call *call, struct db *db)
{
    const char *id;
    struct update update = { 0 };
    int rc = ca_param_id(call, &id);
    if (rc == 0) rc = read_update(call, db, &update);
    if (rc < 0) return rc;
    struct db_stmt *q =
        db_query(db, "UPDATE ca_cert SET status = coalesce(?2, status), "
                     "auto_registration = CASE ?3 WHEN 'ENABLE' THEN 1 WHEN 'DISABLE' THEN 0 "
                     "ELSE auto_registration END, "
                     "template_body = CASE WHEN ?4 THEN ?5 ELSE template_body END, "
                     "template_name = CASE WHEN ?4 THEN ?6 ELSE template_name END, "
                     "role_arn = CASE WHEN ?4 THEN ?7 ELSE role_arn END, "
                     "modified_at = ?8, version = version + 1 WHERE id = ?1");
    db_bind_text(q, 1, id);
    db_bind_text(q, 2, update.status);
    db_bind_text(q, 3, update.registration);
    db_bind_int(q, 4, update.configures || update.unconfigures);
    db_bind_text(q, 5, update.config.body);
    db_bind_text(q, 6, update.config.name);
    db_bind_text(q, 7, update.config.role);
    db_bind_int(q, 8, call->now_ms);
    rc = db_exec(q);
    return rc == 0 && db_changes(db) == 0 ? ca_not_found(call, id) : rc;
}

/* Those that it has signed stay as they are; its revocation list goes with it. */
static int delete_ca(struct registry_call *call, struct db *db)
{
    const char *id;
    int rc = ca_param_id(call, &id);
    if (rc < 0) return rc;
    struct db_stmt *q = db_query(db, "SELECT status = 'ACTIVE' FROM ca_cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    bool found = db_step(q), active = found && db_int(q, 0) != 0;
    rc = db_done(q);
    if (rc == 0 && !found) rc = ca_not_found(call, id);
    if (rc == 0 && active)
        rc = fail(call, ERR_STATE,
                  "CA certificate must be deactivated (not ACTIVE) before deletion. Id: %s", id);
    if (rc < 0) return rc;
    q = db_query(db, "DELETE FROM ca_cert WHERE id = ?1");
    db_bind_text(q, 1, id);
    return db_exec(q);
}

const struct registry_op ca_ops[] = {
    { .name = "GetRegistrationCode", .run = get_code, .reads = true },
    { .name = "DeleteRegistrationCode", .run = delete_code },
    { .name = "RegisterCACertificate",
      .look = look_register,
      .prepare = prepare_register,
      .run = register_ca },
    { .name = "DescribeCACertificate", .run = describe_ca, .reads = true },
    { .name = "ListCACertificates", .run = list_cas, .reads = true },
    { .name = "UpdateCACertificate", .run = update_ca },
    { .name = "DeleteCACertificate", .run = delete_ca },
    { 0 },
};
