/* Measures what a policy decision costs on the way of a publish: a topic seen before, by the same client and by
 * ten thousand; a first one, with 50 statements; a refusal, with its explanation. `./dev bench policy` runs it. */
#include "auth/auth_ask_priv.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "registry/registry.h"
#include "store/store.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATEMENTS = 50, CLIENTS = 10000, ROUNDS = 20 };

static char dir[] = "/tmp/bench-policy-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    return remove(path);
}

static void must(int rc, const char *what)
{
    if (rc < 0) BUG("%s: %d", what, rc);
}

static void silent(const char *line, size_t len)
{
}

static void report(const char *what, int64_t since, size_t count)
{
    int64_t ns = clock_mono_ns() - since;
    printf("%-52s %8.0f ns each\n", what, (double)ns / (double)count);
}

/* 50 statements, the last of which is the one that allows; with variables and a condition, as devices have. */
static struct principal *principal_create(struct auth *auth)
{
    struct buf text = { 0 };
    struct principal *p = auth_principal_create("cert:ab12");
    buf_puts(&text, "{\"Version\":\"2012-10-17\",\"Statement\":[");
    for (int i = 0; i < STATEMENTS - 1; i++)
        buf_printf(&text,
                   "{\"Effect\":\"%s\",\"Action\":\"iot:Publish\",\"Resource\":"
                   "\"arn:aws:iot:local:000000000000:topic/site%d/${iot:ClientId}/*/secret\"},",
                   i % 10 ? "Allow" : "Deny", i);
    buf_puts(&text,
             "{\"Effect\":\"Allow\",\"Action\":[\"iot:Publish\",\"iot:Receive\"],\"Resource\":"
             "\"arn:aws:iot:local:000000000000:topic/device/${iot:ClientId}/*\",\"Condition\":"
             "{\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"}}}]}");
    struct registry_policy_doc doc = { (char *)"P", 1, (char *)buf_str(&text) };
    principal_clear_rights(p);
    auth_fill_rights(auth, p, &(struct registry_principal){ .policies = &doc, .policy_count = 1 });
    p->valid = true;
    buf_deinit(&text);
    return p;
}

static size_t check_many(struct auth *auth, const struct principal *p, int clients, int topics)
{
    size_t allowed = 0;
    char client[32], topic[64];
    for (int c = 0; c < clients; c++) {
        struct auth_conn conn = { .client_id = client, .source_ip = "192.0.2.7", .domain = "" };
        snprintf(client, sizeof client, "client-%d", c);
        for (int t = 0; t < topics; t++) {
            int len = snprintf(topic, sizeof topic, "device/%s/sensor/%d", client, t);
            allowed += auth_check(auth, p, &conn, POLICY_ACTION_PUBLISH, AUTH_TOPIC,
                                  slice_of(topic, (size_t)len), NULL) == 0;
        }
    }
    return allowed;
}

static void measure(struct auth *auth, struct principal *p)
{
    const struct auth_conn conn = { .client_id = "lamp", .source_ip = "192.0.2.7", .domain = "" };
    struct slice topic = SLICE_LIT("device/lamp/sensor/temperature"),
                 other = SLICE_LIT("elsewhere");
    int64_t start = clock_mono_ns();
    for (int i = 0; i < 1000000; i++)
        auth_check(auth, p, &conn, POLICY_ACTION_PUBLISH, AUTH_TOPIC, topic, NULL);
    report("a topic seen before", start, 1000000);
    check_many(auth, p, CLIENTS, 1);
    start = clock_mono_ns();
    for (int i = 0; i < ROUNDS; i++)
        if (check_many(auth, p, CLIENTS, 1) != CLIENTS) BUG("denied");
    report("the same, of 10,000 clients by turns", start, (size_t)CLIENTS * ROUNDS);
    start = clock_mono_ns();
    if (check_many(auth, p, 1, 50000) != 50000) BUG("denied");
    report("a topic for the first time, 50 statements", start, 50000);
    start = clock_mono_ns();
    for (int i = 0; i < 10000; i++)
        auth_require(auth, p, &conn, POLICY_ACTION_PUBLISH, AUTH_TOPIC, other);
    report("a refusal, explained and noted, 50 statements", start, 10000);
}

int main(void)
{
    struct loop *loop;
    struct store *store;
    struct registry *registry;
    char db[64];
    if (!mkdtemp(dir)) BUG("mkdtemp");
    snprintf(db, sizeof db, "%s/hub.db", dir);
    log_set_sink(silent);
    must(loop_create(&loop, NULL), "loop");
    must(store_open(&store, loop, &(struct store_opts){ .path = db, .max_pending = 1000 }, NULL),
         "store");
    must(registry_create(&registry, loop, store,
                         &(struct registry_opts){ .region = "local", .account = "000000000000" },
                         NULL),
         "registry");
    struct auth *auth = auth_create(
        loop, registry,
        &(struct auth_opts){
            .region = "local", .account = "000000000000", .ledger = 1000, .decisions = 65536 });
    struct principal *p = principal_create(auth);
    measure(auth, p);
    principal_unref(p);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
