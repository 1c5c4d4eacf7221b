/* registry_fixture.c — see registry_fixture.h. */
#include "unit/registry/registry_fixture.h"

#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/secret.h"
#include "crypto/x509.h"
#include "lib/clock_fake.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "store/db.h"
#include "store/store.h"

#include <unistd.h>

static const char *const kinds[] = { "principal", "policy", "rule", "thing" };

static void on_change(struct registry_listener *listener, enum registry_kind kind, const char *name,
                      const struct json *detail)
{
    struct registry_fixture *f = container_of(listener, struct registry_fixture, listener);
    buf_printf(&f->changes, "%s%s:%s", f->changes.len ? " " : "", kinds[kind], name);
}

void registry_fixture_up(struct registry_fixture *f)
{
    struct diag diag = DIAG_INIT;
    char path[80];
    snprintf(path, sizeof path, "%s/hub.db", f->dir);
    if (store_open(&f->store, f->loop, &(struct store_opts){ .path = path, .max_pending = 100000 },
                   &diag) < 0)
        fail_msg("%s", diag.text);
    const struct registry_opts opts = {
        .region = "local",
        .account = "000000000000",
        .secrets = f->secrets,
        .ca_cert_pem = slice_str(f->ca_cert),
        .ca_key_pem = slice_str(f->ca_key),
        .temporary_keys = 3,
    };
    assert_int_equal(registry_create(&f->registry, f->loop, f->store, &opts, &diag), 0);
    f->listener.on_change = on_change;
    registry_listen(f->registry, &f->listener);
}

void registry_fixture_down(struct registry_fixture *f)
{
    registry_stop(f->registry);
    store_stop(f->store);
    registry_unlisten(&f->listener);
    registry_destroy(f->registry);
    store_close(f->store);
    loop_turn(f->loop);
}

struct registry_fixture *registry_fixture_create(void)
{
    static const uint8_t key[SECRET_KEY_LEN] = { 1, 2, 3 };
    struct registry_fixture *f = xnew(struct registry_fixture);
    struct diag diag = DIAG_INIT;
    assert_int_equal(crypto_init(), 0);
    clock_fake_install();
    snprintf(f->dir, sizeof f->dir, "/tmp/thingd-registry-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(loop_create(&f->loop, &diag), 0);
    f->secrets = secret_box_create(key);
    if (x509_ca_create(KEY_EC_P256, "Test CA", NULL, 0, &f->ca_cert, &f->ca_key, &diag) < 0)
        fail_msg("%s", diag.text);
    registry_fixture_set(f, "arn", xstrdup("arn:aws:iot:local:000000000000:"));
    registry_fixture_up(f);
    return f;
}

void registry_fixture_restart(struct registry_fixture *f)
{
    registry_fixture_down(f);
    registry_fixture_up(f);
}

void registry_fixture_script(struct registry_fixture *f, const char *sql)
{
    struct db *db;
    char path[80];
    struct diag diag = DIAG_INIT;
    registry_fixture_down(f);
    snprintf(path, sizeof path, "%s/hub.db", f->dir);
    assert_int_equal(db_open(&db, path, NULL, false, NULL), 0);
    if (db_script(db, sql, &diag) < 0) fail_msg("%s", diag.text);
    db_close(db);
    registry_fixture_up(f);
}

void registry_fixture_destroy(struct registry_fixture *f)
{
    static const char *const files[] = { "hub.db", "hub.db-wal", "hub.db-shm" };
    registry_fixture_down(f);
    loop_destroy(f->loop);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[80];
        snprintf(path, sizeof path, "%s/%s", f->dir, files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(f->dir), 0);
    secret_box_close(f->secrets);
    free(f->ca_cert);
    crypto_free_secret(f->ca_key);
    map_for_each(it, &f->vars)
        free(it->value);
    map_deinit(&f->vars);
    buf_deinit(&f->changes);
    json_free(f->result);
    free(f);
    clock_fake_remove();
}

int registry_fixture_setup(void **state)
{
    struct registry_fixture *f = registry_fixture_create();
    f->check = registry_fixture_check_shape;
    *state = f;
    return 0;
}

int registry_fixture_teardown(void **state)
{
    registry_fixture_destroy(*state);
    return 0;
}

void registry_fixture_set(struct registry_fixture *f, const char *name, char *value)
{
    free(map_put(&f->vars, slice_str(name), value));
}

const char *registry_fixture_get(struct registry_fixture *f, const char *name)
{
    const char *value = map_get_str(&f->vars, name);
    if (!value) fail_msg("no variable '%s'", name);
    return value;
}

char *registry_fixture_expand(struct registry_fixture *f, const char *text)
{
    struct buf out = { 0 };
    while (*text) {
        const char *end = *text == '@' ? strchr(text + 1, '@') : NULL;
        char name[32];
        size_t len = end ? (size_t)(end - text) - 1 : 0;
        snprintf(name, sizeof name, "%.*s", (int)len, text + 1);
        if (len && len < sizeof name && map_get_str(&f->vars, name)) {
            buf_puts(&out, map_get_str(&f->vars, name));
            text = end + 1;
            continue;
        }
        buf_putc(&out, *text == '\'' ? '"' : *text);
        text++;
    }
    return buf_take(&out, NULL);
}

static struct json *parse(struct registry_fixture *f, const char *text)
{
    static const struct json_limits limits = { 8 << 20, 1 << 20, 100, false };
    struct json *json = NULL;
    struct diag diag = DIAG_INIT;
    char *expanded = registry_fixture_expand(f, text);
    if (json_parse(slice_str(expanded), &limits, &json, &diag) < 0)
        fail_msg("%s: %s", expanded, diag.text);
    free(expanded);
    return json;
}

/* ---- calls ---- */

struct waiting {
    struct registry_fixture *f;
    bool calling, done;
    int rc;
};

static void on_done(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct waiting *waiting = arg;
    struct registry_fixture *f = waiting->f;
    assert_false(waiting->calling); /* never from within registry_call */
    assert_false(waiting->done);
    waiting->done = true;
    waiting->rc = rc;
    f->result = result ? json_dup(result) : NULL;
    f->diag = *diag;
}

int registry_fixture_call(struct registry_fixture *f, const char *op, const char *params)
{
    struct waiting waiting = { .f = f, .calling = true };
    if (!registry_op_find(op)) fail_msg("no operation %s", op);
    json_free(f->result);
    f->result = NULL;
    buf_clear(&f->changes);
    registry_call(f->registry, registry_op_find(op), parse(f, params), on_done, &waiting);
    waiting.calling = false;
    loop_turn(f->loop); /* hands the batch to the store */
    while (!waiting.done)
        loop_turn_wait(f->loop, 1000);
    if (waiting.rc == 0 && f->check) f->check(op, f->result);
    return waiting.rc;
}

void registry_fixture_do(struct registry_fixture *f, const char *op, const char *params)
{
    int rc = registry_fixture_call(f, op, params);
    if (rc < 0) fail_msg("%s %s: %s", op, params, diag_text(&f->diag, rc));
}

/* ---- steps ---- */

static bool fits(const struct json *want, const struct json *have);

static bool object_fits(const struct json *want, const struct json *have)
{
    json_for_each(member, want) {
        const struct json *other = json_get(have, json_key(member));
        if (!other || !fits(member, other)) return false;
    }
    return json_count(want) == json_count(have);
}

static bool array_fits(const struct json *want, const struct json *have)
{
    const struct json *other = json_first(have);
    json_for_each(item, want) {
        if (!other || !fits(item, other)) return false;
        other = json_next(other);
    }
    return !other;
}

static bool fits(const struct json *want, const struct json *have)
{
    const char *text = json_str(want);
    if (text && strcmp(text, "*") == 0) return json_str(have) && *json_str(have);
    if (text && strcmp(text, "#") == 0) return json_is(have, JSON_NUMBER);
    if (json_type(want) != json_type(have)) return false;
    if (json_is(want, JSON_OBJECT)) return object_fits(want, have);
    return json_is(want, JSON_ARRAY) ? array_fits(want, have) : json_equal(want, have);
}

static void check_result(struct registry_fixture *f, const struct registry_step *step)
{
    struct buf text = { 0 };
    if (f->result) json_print(f->result, &text);
    if (!*step->result) {
        if (f->result) fail_msg("%s %s gave %s", step->op, step->params, buf_str(&text));
    } else {
        struct json *want = parse(f, step->result);
        if (!f->result || !fits(want, f->result))
            fail_msg("%s %s gave %s, not %s", step->op, step->params, buf_str(&text), step->result);
        json_free(want);
    }
    buf_deinit(&text);
}

static void check_message(struct registry_fixture *f, const struct registry_step *step, int rc)
{
    char *want = registry_fixture_expand(f, step->message);
    for (char *at = want; *at; at++)
        if (*at == '"') *at = '\'';
    if (!strstr(diag_text(&f->diag, rc), want))
        fail_msg("%s %s said: %s", step->op, step->params, diag_text(&f->diag, rc));
    free(want);
}

static void keep(struct registry_fixture *f, const char *what)
{
    const char *equals = strchr(what, '=');
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)(equals - what), what);
    const char *value = json_get_str(f->result, equals + 1);
    if (!value) fail_msg("no member %s", equals + 1);
    registry_fixture_set(f, name, xstrdup(value));
}

void registry_fixture_steps(struct registry_fixture *f, const struct registry_step *steps,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct registry_step *step = &steps[i];
        int rc = registry_fixture_call(f, step->op, step->params);
        if (rc != step->rc)
            fail_msg("step %zu, %s %s: %s, %s", i, step->op, step->params, rc ? err_name(rc) : "0",
                     diag_text(&f->diag, rc));
        if (step->result) check_result(f, step);
        if (step->message) check_message(f, step, rc);
        if (step->keep) keep(f, step->keep);
    }
}

/* ---- certificates ---- */

char *registry_fixture_cert(struct registry_fixture *f, const char *common_name, int days)
{
    char *key = NULL, *pem = NULL;
    struct diag diag = DIAG_INIT;
    assert_int_equal(key_create(KEY_EC_P256, &key, &diag), 0);
    int rc = x509_issue(
        &(struct x509_issue_opts){
            .issuer_cert = slice_str(f->ca_cert),
            .issuer_key_pem = slice_str(f->ca_key),
            .subject_key_pem = slice_str(key),
            .common_name = common_name,
            .days = days,
            .usage = X509_USE_CLIENT,
        },
        &pem, &diag);
    if (rc < 0) fail_msg("%s", diag.text);
    crypto_free_secret(key);
    return pem;
}

char *registry_fixture_quote(const char *pem)
{
    struct buf out = { 0 };
    json_print_str(&out, slice_str(pem));
    size_t len;
    char *quoted = buf_take(&out, &len);
    quoted[len - 1] = '\0';
    memmove(quoted, quoted + 1, len - 1);
    return quoted;
}

void registry_fixture_register(struct registry_fixture *f, const char *name, const char *status,
                               int days)
{
    char *pem = registry_fixture_cert(f, name, days), params[128], arn_name[40];
    registry_fixture_set(f, "pem", registry_fixture_quote(pem));
    free(pem);
    snprintf(params, sizeof params, "{'certificatePem':'@pem@','status':'%s'}", status);
    registry_fixture_do(f, "RegisterCertificateWithoutCA", params);
    snprintf(arn_name, sizeof arn_name, "%s_arn", name);
    registry_fixture_set(f, name, xstrdup(json_get_str(f->result, "certificateId")));
    registry_fixture_set(f, arn_name, xstrdup(json_get_str(f->result, "certificateArn")));
}
