/* principals.c — everything about one principal in one read: see registry.h. */
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/secret.h"
#include "registry/registry_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct load {
    struct store_req req; /* first */
    struct registry *registry;
    struct registry_principal *principal;
    registry_principal_cb done;
    void *arg;
    char label[];
};

static void free_policies(struct registry_policy_doc *policies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(policies[i].name);
        free(policies[i].document);
    }
    free(policies);
}

void registry_principal_free(struct registry_principal *p)
{
    if (!p) return;
    free(p->label);
    free(p->id);
    free(p->status);
    free(p->cert_pem);
    free(p->password_hash);
    free(p->token_hash);
    free(p->cert_id);
    crypto_free_secret(p->secret);
    free_policies(p->policies, p->policy_count);
    for (size_t i = 0; i < p->thing_count; i++) {
        free_policies(p->things[i].policies, p->things[i].policy_count);
        free(p->things[i].name);
        free(p->things[i].type);
        json_free(p->things[i].attributes);
    }
    free(p->things);
    free(p);
}

/* Columns: name, version, document. */
static void add_policy(struct registry_policy_doc **policies, size_t *count, struct db_stmt *q)
{
    *policies = xrealloc(*policies, (*count + 1) * sizeof **policies);
    (*policies)[(*count)++] = (struct registry_policy_doc){ xstrdup(db_text(q, 0)), db_int(q, 1),
                                                            xstrdup(db_text(q, 2)) };
}

static int read_policies(struct registry_principal *p, struct db *db, const char *target)
{
    struct db_stmt *q =
        db_query(db, "SELECT v.policy, v.version, v.document FROM policy_target t "
                     "JOIN policy p ON p.name = t.policy "
                     "JOIN policy_version v ON v.policy = p.name AND v.version = p.default_version "
                     "WHERE t.target = ?1 ORDER BY v.policy");
    db_bind_text(q, 1, target);
    while (db_step(q))
        add_policy(&p->policies, &p->policy_count, q);
    return db_done(q);
}

static int read_one_policy(struct registry_principal *p, struct db *db, const char *name)
{
    struct db_stmt *q =
        db_query(db, "SELECT v.policy, v.version, v.document FROM policy p "
                     "JOIN policy_version v ON v.policy = p.name AND v.version = p.default_version "
                     "WHERE p.name = ?1");
    db_bind_text(q, 1, name);
    while (db_step(q))
        add_policy(&p->policies, &p->policy_count, q);
    return db_done(q);
}

/* Names with blanks between them. */
static int read_named_policies(struct registry_principal *p, struct db *db)
{
    int rc = 0;
    char *names = xstrdup(p->id), *rest = names;
    for (char *name; rc == 0 && (name = strsep(&rest, " "));)
        rc = read_one_policy(p, db, name);
    free(names);
    return rc;
}

static int read_attributes(struct registry_thing_info *thing, struct db *db)
{
    struct db_stmt *q =
        db_query(db, "SELECT name, value FROM thing_attr WHERE thing = ?1 ORDER BY name");
    db_bind_text(q, 1, thing->name);
    while (db_step(q))
        json_set_str(thing->attributes, db_text(q, 0), db_text(q, 1));
    return db_done(q);
}

/* Those of all things at once; both come in the order of the things' names. */
static int read_group_policies(struct registry_principal *p, struct db *db)
{
    struct db_stmt *q =
        db_query(db, "WITH RECURSIVE up (thing, name) AS (SELECT m.thing, m.thing_group "
                     "FROM thing_principal tp JOIN thing_group_member m ON m.thing = tp.thing "
                     "WHERE tp.principal = ?1 UNION SELECT u.thing, g.parent FROM up u "
                     "JOIN thing_group g ON g.name = u.name WHERE g.parent IS NOT NULL) "
                     "SELECT v.policy, v.version, v.document, u.thing FROM up u "
                     "JOIN policy_target t ON t.target = 'group:' || u.name "
                     "JOIN policy p ON p.name = t.policy "
                     "JOIN policy_version v ON v.policy = p.name AND v.version = p.default_version "
                     "GROUP BY u.thing, v.policy ORDER BY u.thing, v.policy");
    db_bind_text(q, 1, p->label);
    struct registry_thing_info *thing = p->things;
    while (db_step(q)) {
        while (strcmp(thing->name, db_text(q, 3)) != 0)
            thing++;
        add_policy(&thing->policies, &thing->policy_count, q);
    }
    return db_done(q);
}

static int read_things(struct registry_principal *p, struct db *db)
{
    struct db_stmt *q = db_query(db, "SELECT t.name, t.type FROM thing_principal tp "
                                     "JOIN thing t ON t.name = tp.thing WHERE tp.principal = ?1 "
                                     "ORDER BY t.name");
    db_bind_text(q, 1, p->label);
    while (db_step(q)) {
        p->things = xrealloc(p->things, (p->thing_count + 1) * sizeof *p->things);
        p->things[p->thing_count++] =
            (struct registry_thing_info){ .name = xstrdup(db_text(q, 0)),
                                          .type = db_text_dup(q, 1),
                                          .attributes = json_new_object() };
    }
    int rc = db_done(q);
    for (size_t i = 0; i < p->thing_count && rc == 0; i++)
        rc = read_attributes(&p->things[i], db);
    return rc == 0 && p->thing_count ? read_group_policies(p, db) : rc;
}

static int read_one_thing(struct registry_principal *p, struct db *db, const char *name)
{
    struct db_stmt *q = db_query(db, "SELECT name, type FROM thing WHERE name = ?1");
    db_bind_text(q, 1, name);
    if (db_step(q)) {
        p->things = xcalloc(1, sizeof *p->things);
        p->things[p->thing_count++] = (struct registry_thing_info){
            .name = xstrdup(db_text(q, 0)),
            .type = db_text_dup(q, 1),
            .attributes = json_new_object(),
        };
    }
    int rc = db_done(q);
    return rc == 0 && p->thing_count ? read_attributes(&p->things[0], db) : rc;
}

/* The policies of its role, and the thing that the device has named. */
static int read_temporary(struct registry *registry, struct registry_principal *p, struct db *db)
{
    struct role_key key;
    int rc = role_read_key(registry, p, db, &key);
    if (rc == 0 && !key.role) rc = ERR_NOT_FOUND;
    if (rc == 0) rc = read_policies(p, db, key.role);
    if (rc == 0 && key.thing) rc = read_one_thing(p, db, key.thing);
    role_key_deinit(&key);
    return rc;
}

static int read_cert(struct registry_principal *p, struct db *db, bool *ret_found)
{
    struct db_stmt *q =
        db_query(db, "SELECT status, not_before, not_after, pem FROM cert WHERE id = ?1");
    db_bind_text(q, 1, p->id);
    if ((*ret_found = db_step(q))) {
        p->status = xstrdup(db_text(q, 0));
        p->not_before_ms = db_int(q, 1);
        p->not_after_ms = db_int(q, 2);
        p->cert_pem = xstrdup(db_text(q, 3));
    }
    return db_done(q);
}

static int read_key(struct registry *registry, struct registry_principal *p, struct db *db,
                    bool *ret_found)
{
    struct db_stmt *q = db_query(db, "SELECT secret, admin, status FROM access_key WHERE id = ?1");
    db_bind_text(q, 1, p->id);
    if ((*ret_found = db_step(q))) {
        char label[128];
        struct buf text = { 0 };
        snprintf(label, sizeof label, "access-key/%.100s", p->id);
        struct diag diag = DIAG_INIT;
        int rc = secret_open(registry_opts(registry)->secrets, slice_str(label), db_blob(q, 0),
                             &text, &diag);
        if (rc < 0) {
            LOG(LOG_ERROR, "registry", "an access key cannot be decrypted", LOG_S("key", p->id),
                LOG_S("reason", diag_text(&diag, rc)));
            *ret_found = false;
        } else {
            p->secret = xstrndup(text.data, text.len);
            p->admin = db_int(q, 1) != 0;
            p->status = xstrdup(db_text(q, 2));
        }
        secret_wipe(&text);
    }
    return db_done(q);
}

static int read_user(struct registry_principal *p, struct db *db, bool *ret_found)
{
    struct db_stmt *q = db_query(db, "SELECT hash, status, password_id FROM user WHERE name = ?1");
    db_bind_text(q, 1, p->id);
    if ((*ret_found = db_step(q))) {
        p->password_hash = xstrdup(db_text(q, 0));
        p->status = xstrdup(db_text(q, 1));
        p->password_id = db_int(q, 2);
    }
    return db_done(q);
}

/* By id, or by the hash of the token: then id and label become the id's. */
static int read_token(struct registry_principal *p, struct db *db, bool by_hash, bool *ret_found)
{
    struct db_stmt *q =
        db_query(db, by_hash ? "SELECT id, admin, expires_at, status FROM token WHERE hash = ?1"
                             : "SELECT id, admin, expires_at, status FROM token WHERE id = ?1");
    db_bind_text(q, 1, p->id);
    if ((*ret_found = db_step(q))) {
        char *id = xstrdup(db_text(q, 0));
        p->admin = db_int(q, 1) != 0;
        p->not_after_ms = db_int(q, 2);
        p->status = xstrdup(db_text(q, 3));
        free(p->label);
        p->label = xasprintf("token:%s", id);
        int rc = db_done(q);
        free(p->id);
        p->id = id;
        return rc;
    }
    return db_done(q);
}

static int read_principal(struct registry *registry, struct registry_principal *p, struct db *db)
{
    const char *colon = strchr(p->label, ':');
    size_t kind = (size_t)(colon - p->label);
    bool found = true;
    int rc = 0;
    p->id = xstrdup(colon + 1);
    if (kind == 4 && strncmp(p->label, "cert", 4) == 0)
        rc = read_cert(p, db, &found);
    else if (kind == 3 && strncmp(p->label, "key", 3) == 0)
        rc = read_key(registry, p, db, &found);
    else if (kind == 4 && strncmp(p->label, "user", 4) == 0)
        rc = read_user(p, db, &found);
    else if (kind == 5 && strncmp(p->label, "token", 5) == 0)
        rc = read_token(p, db, false, &found);
    else if (kind == 10 && strncmp(p->label, "token-hash", 10) == 0)
        rc = read_token(p, db, true, &found);
    else if (kind == 9 && strncmp(p->label, "anonymous", 9) == 0)
        return read_one_policy(p, db, p->id);
    else if (kind == 8 && strncmp(p->label, "policies", 8) == 0)
        return read_named_policies(p, db);
    else if (kind == 4 && strncmp(p->label, "temp", 4) == 0)
        return read_temporary(registry, p, db);
    else
        BUG("unknown kind of principal: %s", p->label);
    if (rc == 0 && !found) return ERR_NOT_FOUND;
    if (rc == 0) rc = read_policies(p, db, p->label);
    if (rc == 0) rc = read_things(p, db);
    return rc;
}

static int run(struct store_req *req, struct db *db)
{
    struct load *load = container_of(req, struct load, req);
    struct registry_principal *p = xnew(struct registry_principal);
    p->label = xstrdup(load->label);
    int rc = read_principal(load->registry, p, db);
    if (rc < 0) {
        registry_principal_free(p);
        return rc;
    }
    load->principal = p;
    return 0;
}

static void done(struct store_req *req, int rc)
{
    struct load *load = container_of(req, struct load, req);
    struct registry *registry = load->registry;
    if (rc < 0) { /* it may have run without having been committed */
        registry_principal_free(load->principal);
        load->principal = NULL;
    }
    load->done(load->arg, rc, load->principal);
    free(load);
    registry_end(registry);
}

void registry_load_principal(struct registry *registry, const char *label, registry_principal_cb cb,
                             void *arg)
{
    size_t len = strlen(label) + 1;
    struct load *load = xmalloc(sizeof *load + len);
    *load = (struct load){
        .req = { .run = run, .done = done }, .registry = registry, .done = cb, .arg = arg
    };
    memcpy(load->label, label, len);
    registry_begin(registry);
    store_read(registry_store(registry), &load->req);
}
