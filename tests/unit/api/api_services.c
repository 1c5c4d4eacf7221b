/* api_services.c — see api_services.h. */
#include "lib/test.h"

#include "api_services.h"
#include "auth/auth.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/secret.h"
#include "hub/hub.h"
#include "lib/clock_fake.h"
#include "loop/loop.h"
#include "registry/registry.h"
#include "store/store.h"

#include <unistd.h>

struct loop *loop;
struct store *store;
struct registry *registry;
struct auth *auth;
struct hub *hub;
struct buf logged;

static struct secret_box *box;
static char dir[64];

void quiet(void)
{
    for (int i = 0; loop_turn(loop); i++)
        assert_true(i < 100000);
}

static void keep_log(const char *line, size_t len)
{
    buf_append(&logged, line, len);
}

static void open_store(struct diag *diag)
{
    char *path = xasprintf("%s/thingd.db", dir);
    struct store_opts opts = { .path = path, .linger_ms = 5, .max_pending = 10000, .retry_ms = 50 };
    assert_int_equal(store_open(&store, loop, &opts, diag), 0);
    free(path);
}

static void build(const struct hub_opts *opts)
{
    static const uint8_t secret[SECRET_KEY_LEN] = { 1, 2, 3 };
    struct diag diag = DIAG_INIT;
    assert_int_equal(loop_create(&loop, &diag), 0);
    open_store(&diag);
    box = secret_box_create(secret);
    struct registry_opts registry_opts = { .region = "local",
                                           .account = "000000000000",
                                           .secrets = box };
    assert_int_equal(registry_create(&registry, loop, store, &registry_opts, &diag), 0);
    auth = auth_create(
        loop, registry,
        &(struct auth_opts){ .region = "local", .account = "000000000000", .ledger = 100 });
    assert_int_equal(hub_create(&hub, loop, store, auth, opts, &diag), 0);
    hub_start(hub);
    store_sync(store);
}

void services_start(const struct hub_opts *opts)
{
    snprintf(dir, sizeof dir, "/tmp/thingd-api-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(crypto_init(), 0);
    clock_fake_install();
    log_set_sink(keep_log);
    buf_clear(&logged);
    build(opts);
}

static void remove_files(void)
{
    static const char *const files[] = { "thingd.db", "thingd.db-wal", "thingd.db-shm" };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char *path = xasprintf("%s/%s", dir, files[i]);
        unlink(path);
        free(path);
    }
    rmdir(dir);
}

void services_stop(void)
{
    hub_destroy(hub);
    auth_destroy(auth);
    registry_destroy(registry);
    store_close(store);
    quiet();
    loop_destroy(loop);
    secret_box_close(box);
    log_set_sink(NULL);
    clock_fake_remove();
    buf_deinit(&logged);
    remove_files();
}
