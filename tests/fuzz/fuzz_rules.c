/* fuzz_rules.c — rules as an administrator may write them, messages as anybody may send them, rows
 * as a damaged database may have them, on a whole engine below a temporary directory.
 *   'r' RULE \n PAYLOAD     compile; if it does, one message
 *   'o' PARAMS \n MESSAGE   a row of the outbox for the action file, and one for republish
 *   'p' PATH                the path of a file */
#include "auth/auth.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include "registry/registry.h"
#include "rules/actions/file_writer.h"
#include "rules/rules_priv.h"
#include "store/store.h"
#include "webhook/webhook.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct loop *loop;
static struct store *store;
static struct rules *rules;

static void silent(const char *line, size_t len)
{
}

static void must(int rc, const char *what)
{
    if (rc < 0) BUG("%s: %d", what, rc);
}

static char dir[] = "/tmp/thingd-fuzz-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static void clean(void)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void start(void)
{
    static char db[64], files[64];
    struct hub_opts opts = { .max_topic_levels = 32,
                             .match_cache = 16,
                             .max_retained = 16,
                             .max_hops = 3,
                             .max_sessions = 4 };
    struct registry *registry;
    struct hub *hub;
    struct webhooks *webhooks;
    if (!mkdtemp(dir)) BUG("mkdtemp");
    atexit(clean);
    snprintf(db, sizeof db, "%s/hub.db", dir);
    snprintf(files, sizeof files, "%s/files", dir);
    log_set_sink(silent);
    must(loop_create(&loop, NULL), "loop");
    must(store_open(&store, loop, &(struct store_opts){ .path = db, .max_pending = 1000 }, NULL),
         "store");
    must(registry_create(&registry, loop, store,
                         &(struct registry_opts){ .region = "local", .account = "000000000000" },
                         NULL),
         "registry");
    struct auth *auth =
        auth_create(loop, registry, &(struct auth_opts){ "local", "000000000000", false });
    must(hub_create(&hub, loop, store, auth, &opts, NULL), "hub");
    must(webhooks_create(&webhooks, loop,
                         &(struct webhooks_opts){ .workers = 1, .queue = 1, .timeout_ms = 1 },
                         NULL),
         "webhooks");
    webhooks_stop(webhooks); /* nothing leaves this machine */
    must(rules_create(&rules, hub, registry,
                      &(struct rules_opts){ .webhooks = webhooks,
                                            .file_root = files,
                                            .max_rules = 10,
                                            .outbox_max = 100,
                                            .file_max_bytes = 4096 },
                      NULL),
         "rules");
    store_sync(store);
}

static void settle(void)
{
    do {
        while (loop_turn(loop)) {}
        if (rules->run_count) loop_turn_wait(loop, 1);
    } while (rules->run_count);
}

static void split(struct slice text, struct slice *ret_first, struct slice *ret_second)
{
    const char *end = memchr(text.ptr, '\n', text.len);
    size_t len = end ? (size_t)(end - text.ptr) : text.len;
    *ret_first = slice_of(text.ptr, len);
    *ret_second = slice_from(text, len + 1);
}

static void run_program(struct program *program, struct slice payload)
{
    struct msg *msg =
        msg_create(&(struct msg_opts){ .topic = SLICE_LIT("a/b/c"), .payload = payload });
    struct input input;
    struct buf output = { 0 };
    bool fired = false;
    input_open(&input, rules, msg, NULL);
    if (sql_run(program->sql, &input.sql, &fired, &output) == 0 && fired)
        fire(rules, program, &input, buf_slice(&output), NULL);
    settle();
    buf_deinit(&output);
    input_close(&input);
    msg_unref(msg);
}

static void try_rule(struct slice text)
{
    struct slice rule, payload;
    struct json *json;
    struct program *program;
    struct diag diag = DIAG_INIT;
    split(text, &rule, &payload);
    if (json_parse(rule, NULL, &json, NULL) < 0) return;
    if (program_compile(rules, "r", json, &program, &diag) == 0) {
        run_program(program, payload);
        program_unref(program);
    }
    json_free(json);
}

static void try_row(struct slice text)
{
    static const char *const kinds[] = { "file", "republish" };
    struct slice params, message;
    split(text, &params, &message);
    char *params_text = xstrndup(params.ptr, params.len);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        firing_restore(rules, &(struct outbox_row){ .rule = "r",
                                                    .kind = kinds[i],
                                                    .params = params_text,
                                                    .payload = SLICE_LIT("{}"),
                                                    .message = message });
    free(params_text);
    rules_start(rules);
    settle();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why = "";
    if (!rules) start();
    if (size == 0) return 0;
    struct slice rest = slice_of((const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'r':
        try_rule(rest);
        break;
    case 'o':
        try_row(rest);
        break;
    case 'p':
        if (file_path_check(rest, &why) < 0 && !*why) abort();
        break;
    }
    return 0;
}
