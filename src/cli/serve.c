/* serve.c — `thingd serve` and `thingd init`: the commands that are the hub. */
#include "cli/serve.h"
#include "app/app.h"
#include "app/data_dir.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/args.h"
#include "config/config.h"
#include "crypto/crypto.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* The sources of the configuration: -c, --set, and -d as the last word on hub.data. */
struct sources {
    struct config_sources config;
    const char **sets;
    char *data;
};

static void sources_init(struct sources *sources, const struct cli_args *args)
{
    size_t count = 0;
    const char *const *given = cli_flag_values(args, "--set", &count);
    const char *dir = cli_flag_value(args, "--data", NULL);
    sources->sets = xcalloc(count + 1, sizeof *sources->sets);
    for (size_t i = 0; i < count; i++)
        sources->sets[i] = given[i];
    sources->data = dir ? xasprintf("hub.data=%s", dir) : NULL;
    if (dir) sources->sets[count++] = sources->data;
    sources->config = (struct config_sources){
        .file = cli_flag_value(args, "--config", NULL),
        .sets = sources->sets,
        .set_count = count,
        .environ = (const char *const *)environ,
    };
}

static void sources_deinit(struct sources *sources)
{
    free(sources->sets);
    free(sources->data);
}

/* Loads all errors at once; prints them. */
static int load(const struct sources *sources, const struct cli_args *args,
                struct config **ret_conf)
{
    struct config_list errors = { 0 }, warnings = { 0 };
    int rc = config_check(&sources->config, &errors, &warnings);
    for (size_t i = 0; i < errors.count; i++)
        fprintf(args->err, "thingd: %s\n", errors.items[i]);
    config_list_deinit(&errors);
    config_list_deinit(&warnings);
    if (rc < 0) return CLI_USAGE;
    struct diag diag = DIAG_INIT;
    rc = config_load(&sources->config, ret_conf, &diag);
    if (rc < 0) {
        fprintf(args->err, "thingd: %s\n", diag_text(&diag, rc));
        return CLI_USAGE;
    }
    return CLI_DONE;
}

static int serve_with(const struct sources *sources, struct config *conf,
                      const struct cli_args *args)
{
    struct diag diag = DIAG_INIT;
    struct data_dir *dir = NULL;
    struct app *app = NULL;
    log_configure(conf->log.level, conf->log.format);
    for (size_t i = 0; i < conf->warnings.count; i++)
        LOG(LOG_WARN, "config", conf->warnings.items[i]);
    int rc = data_dir_open(conf->hub.data, true, &dir, &diag);
    if (rc < 0) {
        config_free(conf);
        return cli_failed(args, "%s", diag_text(&diag, rc));
    }
    rc = app_start(&app, conf, dir, &(struct app_opts){ &sources->config }, &diag);
    if (rc < 0) return cli_failed(args, "%s", diag_text(&diag, rc));
    app_run(app);
    app_stop(app);
    return CLI_DONE;
}

/* takes conf */
typedef int (*action_cb)(const struct sources *sources, struct config *conf,
                         const struct cli_args *args);

static int run(const struct cli_args *args, action_cb action)
{
    struct sources sources;
    struct config *conf = NULL;
    umask(077);
    if (crypto_init() < 0) return cli_failed(args, "the cryptographic library cannot be used");
    sources_init(&sources, args);
    int code = load(&sources, args, &conf);
    if (code == CLI_DONE && !conf->hub.core_dumps) crypto_forbid_dumps();
    if (code == CLI_DONE) code = action(&sources, conf, args);
    sources_deinit(&sources);
    return code;
}

int serve_run(const struct cli_args *args)
{
    return run(args, serve_with);
}

static void print_admin(const struct cli_args *args, const struct data_dir *dir,
                        const struct app_admin *admin)
{
    if (!cli_flag_given(args, "--json")) {
        fprintf(args->out,
                "data directory     %s\nCA certificate     %s\naccess key id      %s\n"
                "secret access key  %s\ntoken              %s\n",
                dir->path, dir->ca_file, admin->access_key_id, admin->secret_access_key,
                admin->token);
        return;
    }
    struct json *json = json_new_object();
    json_set_str(json, "dataDir", dir->path);
    json_set_str(json, "caFile", dir->ca_file);
    json_set_str(json, "accessKeyId", admin->access_key_id);
    json_set_str(json, "secretAccessKey", admin->secret_access_key);
    json_set_str(json, "token", admin->token);
    struct buf text = { 0 };
    json_print_pretty(json, &text);
    fprintf(args->out, "%s\n", buf_str(&text));
    buf_deinit(&text);
    json_free(json);
}

static int init_with(const struct sources *sources, struct config *conf,
                     const struct cli_args *args)
{
    struct diag diag = DIAG_INIT;
    struct data_dir *dir = NULL;
    struct app_admin admin;
    log_configure(LOG_WARN, LOG_TEXT);
    int rc = data_dir_open(conf->hub.data, true, &dir, &diag);
    if (rc == 0) rc = app_init(conf, dir, &admin, &diag);
    if (rc == 0) {
        print_admin(args, dir, &admin);
        app_admin_deinit(&admin);
    }
    data_dir_close(dir);
    config_free(conf);
    return rc < 0 ? cli_failed(args, "%s", diag_text(&diag, rc)) : CLI_DONE;
}

int init_run(const struct cli_args *args)
{
    return run(args, init_with);
}
