/* app.c — builds every service in order and takes them down in reverse.
 *
 *   loop · store · registry (core)  ─►  auth ─► hub ─► services ─► api ─► http · front
 *                                                                                 └─► listeners
 *
 * The end: listeners close, HTTP drains, MQTT connections are closed after what is queued for them is
 * written; then the store commits what is pending and stops, while everybody who submitted is still there;
 * then all goes in reverse. The whole takes at most STOP_MS, whoever is connected. */
#include "app/app.h"

#include "api/api.h"
#include "app/admin.h"
#include "app/core.h"
#include "app/data_dir.h"
#include "app/expiry.h"
#include "app/host_names.h"
#include "app/jwt_setup.h"
#include "app/tls_setup.h"
#include "auth/auth.h"
#include "base/budget.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ip_net.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sd_notify.h"
#include "conn/front.h"
#include "conn/http_conn.h"
#include "hub/hub.h"
#include "hub/sys_topics.h"
#include "loop/loop.h"
#include "net/listener.h"
#include "net/tls.h"
#include "provision/provision.h"
#include "registry/registry.h"
#include "rules/rules.h"
#include "shadow/shadow.h"
#include "store/store.h"
#include "version.h"
#include "webhook/webhook.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { STOP_MS = 4000, MAX_HOPS = 255, WEBHOOK_MAX_RESPONSE = 256 * 1024 };

struct app_listener {
    struct listener *listener;
    struct front_listener front;
    const struct config_listener *conf;
};

struct app {
    struct config *conf;
    struct data_dir *dir;
    const struct config_sources *sources;
    struct core core;
    struct auth *auth;
    struct webhooks *webhooks;
    struct jwt_rules jwt;
    struct hub *hub;
    struct sys_topics *sys_topics;
    struct shadows *shadows;
    struct provisions *provisions;
    struct rules *rules;
    struct api *api;
    struct http_server *http;
    struct front *front;
    char hostname[256];
    struct worker_lane *handshakes;
    struct tls_sessions *tls_sessions;
    struct tls_server *tls[3]; /* by enum config_client_cert */
    struct expiry *expiry;
    struct app_listener *listeners;
    size_t open_listeners;
    size_t closed_listeners;
    struct session_expiry *expiries; /* see expiries_of */
    int64_t max_connections;         /* limits.connections, or fewer: see claim_descriptors */
    struct loop_signal *signals[3];
    struct loop_timer watchdog;
    struct loop_timer renewal;
    bool renewed; /* the hub's own certificate, and it is not yet served */
    bool stopping;
};

/* ---- parts ---- */

/* mqtt.session_expiry_by_client, parsed; the patterns stay the configuration's. */
static const struct session_expiry *expiries_of(struct app *app)
{
    const struct config_list *list = &app->conf->mqtt.session_expiry_by_client;
    free(app->expiries);
    app->expiries = xcalloc(list->count + 1, sizeof *app->expiries);
    for (size_t i = 0; i < list->count; i++) {
        struct session_expiry *expiry = &app->expiries[i];
        if (config_expiry_parse(list->items[i], &expiry->pattern, &expiry->ms) < 0)
            BUG("an item that was valid: %s", list->items[i]);
    }
    return app->expiries;
}

/* Owned. */
static struct ip_net *nets_of(const struct config_list *list)
{
    struct ip_net *nets = xcalloc(list->count + 1, sizeof *nets);
    for (size_t i = 0; i < list->count; i++)
        if (ip_net_parse(list->items[i], &nets[i]) < 0)
            BUG("an item that was valid: %s", list->items[i]);
    return nets;
}

static struct hub_opts hub_opts_of(struct app *app)
{
    const struct config *conf = app->conf;
    return (struct hub_opts){
        .profile = conf->hub.profile == CONFIG_PROFILE_AWS_STRICT ? &mqtt_profile_aws_strict
                                                                  : &mqtt_profile_standard,
        .max_topic_levels = (size_t)conf->mqtt.max_topic_levels,
        .match_cache = (size_t)conf->mqtt.match_cache,
        .max_retained = (size_t)conf->mqtt.max_retained,
        .max_retained_bytes = (size_t)conf->mqtt.max_retained_bytes,
        .max_hops = (uint8_t)(conf->rules.max_hops < MAX_HOPS ? conf->rules.max_hops : MAX_HOPS),
        .max_queued = (size_t)conf->mqtt.max_queued,
        .max_queued_bytes = (size_t)conf->mqtt.max_queued_bytes,
        .drop_oldest = conf->mqtt.queue_full == CONFIG_QUEUE_FULL_DROP_OLDEST,
        .max_inflight = (size_t)conf->mqtt.max_inflight,
        .max_subscriptions = (size_t)conf->mqtt.max_subscriptions,
        .max_sessions = (size_t)conf->mqtt.max_sessions,
        .session_expiry_ms = conf->mqtt.session_expiry,
        .no_retain = !conf->mqtt.retain_available,
        .no_wildcards = !conf->mqtt.wildcard_subscriptions,
        .no_shared = !conf->mqtt.shared_subscriptions,
        .keep_shared_qos2 = conf->mqtt.shared_qos2 == CONFIG_SHARED_QOS2_KEEP,
        .expiries = expiries_of(app),
        .expiry_count = conf->mqtt.session_expiry_by_client.count,
    };
}

static struct front_opts front_opts_of(const struct app *app)
{
    const struct config *conf = app->conf;
    return (struct front_opts){
        .http = app->http,
        .max_ws_frame = (uint64_t)conf->websocket.max_frame,
        .max_ws_message = (uint64_t)conf->websocket.max_message,
        .max_packet = (size_t)conf->mqtt.max_packet,
        .connect_timeout_ms = conf->mqtt.connect_timeout,
        .max_keep_alive_s = (uint16_t)conf->mqtt.max_keepalive,
        .output_buffer = (size_t)conf->mqtt.output_buffer,
        .output_timeout_ms = conf->mqtt.output_timeout,
        .packet_rate = { .rate = conf->mqtt.max_packet_rate },
        .byte_rate = { .rate = conf->mqtt.max_byte_rate },
        .receive_maximum = (uint16_t)conf->mqtt.receive_maximum,
        .max_topic_alias = (uint16_t)conf->mqtt.max_topic_alias,
        .server_reference = conf->mqtt.server_reference,
        .response_info = conf->mqtt.response_information,
    };
}

static int start_webhooks(struct app *app, struct diag *diag)
{
    const struct config *conf = app->conf;
    struct ip_net *allow = nets_of(&conf->webhook.allow);
    int rc = webhooks_create(&app->webhooks, app->core.loop,
                             &(struct webhooks_opts){
                                 .workers = (unsigned)conf->webhook.workers,
                                 .queue = (size_t)conf->webhook.queue,
                                 .timeout_ms = conf->webhook.timeout,
                                 .max_response = WEBHOOK_MAX_RESPONSE,
                                 .ca_file = conf->webhook.ca_file,
                                 .allow = allow,
                                 .allow_count = conf->webhook.allow.count,
                             },
                             diag);
    free(allow);
    return rc;
}

static int start_services(struct app *app, struct diag *diag)
{
    const struct config *conf = app->conf;
    struct hub_opts hub_opts = hub_opts_of(app);
    struct jwt_keys *jwt_keys;
    int rc = jwt_setup_keys(conf, &jwt_keys, diag);
    if (rc < 0) return rc;
    bool jwt = jwt_setup_rules(conf, &app->jwt);
    app->auth = auth_create(
        app->core.loop, app->core.registry,
        &(struct auth_opts){
            .region = conf->hub.region,
            .account = conf->hub.account,
            .strict_region = conf->hub.strict_region,
            .ledger = (size_t)conf->limits.ledger,
            .decisions = (size_t)conf->limits.decisions,
            .delay = { conf->auth.free_failures, conf->auth.delay, conf->auth.max_delay },
            .jwt = jwt ? &app->jwt : NULL,
        });
    auth_set_jwt_keys(app->auth, jwt_keys);
    rc = start_webhooks(app, diag);
    if (rc < 0) return rc;
    rc = hub_create(&app->hub, app->core.loop, app->core.store, app->auth, &hub_opts, diag);
    if (rc < 0) return rc;
    rc = shadows_create(&app->shadows, app->hub,
                        &(struct shadows_opts){ (size_t)conf->shadow.max_bytes,
                                                (int)conf->shadow.max_depth,
                                                (size_t)conf->shadow.cache },
                        diag);
    if (rc < 0) return rc;
    rc = provisions_create(&app->provisions, app->hub, app->core.registry,
                           &(struct provisions_opts){
                               .max_pending = (size_t)conf->provisioning.max_pending,
                               .hook_timeout_ms = conf->provisioning.hook_timeout,
                               .send = webhook_send,
                               .hooks = app->webhooks,
                           },
                           diag);
    if (rc < 0) return rc;
    rc = rules_create(&app->rules, app->hub, app->core.registry,
                      &(struct rules_opts){
                          .webhooks = app->webhooks,
                          .file_root = conf->rules.file_root,
                          .max_rules = (size_t)conf->rules.max_rules,
                          .outbox_max = (size_t)conf->rules.outbox_max,
                          .file_max_bytes = 10u << 20,
                          .file_sync = conf->store.durability == CONFIG_DURABILITY_POWER,
                      },
                      diag);
    if (rc < 0) return rc;
    app->sys_topics =
        sys_topics_create(app->hub, "thingd version " THINGD_VERSION, conf->mqtt.sys_interval);
    return 0;
}

static int start_doors(struct app *app, struct diag *diag)
{
    const struct config *conf = app->conf;
    host_name(app->hostname);
    int rc =
        api_create(&app->api,
                   &(struct api_opts){
                       .hub = app->hub,
                       .auth = app->auth,
                       .registry = app->core.registry,
                       .shadows = app->shadows,
                       .rules = app->rules,
                       .store = app->core.store,
                       .request_timeout_ms = conf->http.request_timeout,
                       .max_event_streams = (size_t)conf->http.max_event_streams,
                       .events_buffer = (size_t)conf->http.events_buffer,
                       .events_heartbeat_ms = conf->http.events_heartbeat,
                       .events_timeout_ms = conf->http.idle_timeout,
                       .hostname = conf->hub.names.count ? conf->hub.names.items[0] : app->hostname,
                       .names = (const char *const *)conf->hub.names.items,
                       .name_count = conf->hub.names.count,
                       .origins = (const char *const *)conf->http.allowed_origins.items,
                       .origin_count = conf->http.allowed_origins.count,
                       .data_dir = app->dir->path,
                       .version = THINGD_VERSION,
                   },
                   diag);
    if (rc < 0) return rc;
    app->http =
        http_server_create(app->core.loop, &(struct http_server_opts){
                                               .max_body = (size_t)conf->http.max_body,
                                               .max_header = (size_t)conf->http.max_header,
                                               .max_headers = (size_t)conf->http.max_header_count,
                                               .max_target = (size_t)conf->http.max_target,
                                               .header_timeout_ms = conf->http.header_timeout,
                                               .body_timeout_ms = conf->http.request_timeout,
                                               .idle_timeout_ms = conf->http.idle_timeout,
                                               .handler = api_handle,
                                               .arg = app->api,
                                           });
    struct front_opts front_opts = front_opts_of(app);
    app->front = front_create(app->hub, &front_opts);
    return 0;
}

/* The names are those of the start: what they say holds until the next one. */
static int make_tls(const struct app *app, const struct config *conf, struct tls_server *ret_tls[3],
                    struct diag *diag)
{
    return tls_setup_servers(&(struct tls_setup){ conf, &app->conf->hub.names, app->dir,
                                                  app->tls_sessions, app->expiry },
                             ret_tls, diag);
}

/* ---- listeners ---- */

static struct admission_limits admission_of(const struct config *conf)
{
    return (struct admission_limits){
        .rate = { .rate = conf->limits.connect_rate, .burst = conf->limits.connect_burst },
        .connections = (size_t)conf->limits.connections_per_address,
    };
}

static int open_listener(struct app *app, const struct config_listener *conf, struct diag *diag)
{
    struct app_listener *slot = &app->listeners[app->open_listeners];
    *slot = (struct app_listener){
        .front = { app->front, conf->name, conf->anonymous ? conf->anonymous_policy : NULL },
        .conf = conf,
    };
    struct ip_net *trusted = nets_of(&conf->proxy_trusted);
    int rc = listener_open(&slot->listener, app->core.loop,
                           &(struct listener_opts){
                               .name = conf->name,
                               .address = *conf->path ? NULL : conf->address,
                               .port = (uint16_t)conf->port,
                               .path = *conf->path ? conf->path : NULL,
                               .tls = conf->tls ? app->tls[conf->client_cert] : NULL,
                               .lane = app->handshakes,
                               .max_connections = (size_t)app->max_connections,
                               .handshake_timeout_ms = app->conf->tls.handshake_timeout,
                               .admission = admission_of(app->conf),
                               .proxy_protocol = conf->proxy_protocol,
                               .proxy_trusted = trusted,
                               .proxy_trusted_count = conf->proxy_trusted.count,
                               .on_refused = front_refused,
                               .arg = &slot->front,
                           },
                           front_accept, diag);
    free(trusted);
    if (rc < 0) return diag_wrap(diag, rc, "listener.%s", conf->name);
    app->open_listeners++;
    return 0;
}

static int open_listeners(struct app *app, struct diag *diag)
{
    app->listeners = xcalloc(app->conf->listener_count, sizeof *app->listeners);
    for (size_t i = 0; i < app->conf->listener_count; i++) {
        const struct config_listener *conf = &app->conf->listeners[i];
        int rc = conf->enabled ? open_listener(app, conf, diag) : 0;
        if (rc < 0) return rc;
    }
    return 0;
}

static void tell_own_ports(struct app *app)
{
    uint16_t *ports = xcalloc(app->open_listeners + 1, sizeof *ports);
    size_t count = 0;
    for (size_t i = 0; i < app->open_listeners; i++)
        if (!*app->listeners[i].conf->path)
            ports[count++] = listener_port(app->listeners[i].listener);
    webhooks_set_own_ports(app->webhooks, ports, count);
    free(ports);
}

static void log_ready(const struct app *app)
{
    struct log_field *fields = xcalloc(app->open_listeners + 1, sizeof *fields);
    for (size_t i = 0; i < app->open_listeners; i++) {
        const struct app_listener *l = &app->listeners[i];
        fields[i] = *l->conf->path ? LOG_S(l->conf->name, l->conf->path)
                                   : LOG_I(l->conf->name, listener_port(l->listener));
    }
    fields[app->open_listeners] = LOG_S("data", app->dir->path);
    log_write(LOG_INFO, "app", "ready", fields, app->open_listeners + 1);
    free(fields);
}

/* ---- signals, reload, watchdog ---- */

static void begin_stop(struct app *app)
{
    if (app->stopping) return;
    app->stopping = true;
    LOG(LOG_INFO, "app", "stopping");
    sd_notify_stopping();
    loop_stop(app->core.loop);
}

/* The limits that connections and sessions are held to from now on. */
static void apply_limits(struct app *app, struct config *conf)
{
    config_take_reloaded(app->conf, conf);
    budget_set_limit((size_t)app->conf->limits.memory);
    struct hub_opts hub_opts = hub_opts_of(app);
    struct front_opts front_opts = front_opts_of(app);
    hub_set_opts(app->hub, &hub_opts);
    front_set_opts(app->front, &front_opts);
    struct admission_limits admission = admission_of(app->conf);
    for (size_t i = 0; i < app->open_listeners; i++)
        listener_set_admission(app->listeners[i].listener, &admission);
    sys_topics_set_interval(app->sys_topics, app->conf->mqtt.sys_interval);
}

/* New connections get it; those that are there keep what they have. Takes the references. */
static void take_tls(struct app *app, struct tls_server *tls[3])
{
    for (size_t i = 0; i < app->open_listeners; i++) {
        const struct app_listener *l = &app->listeners[i];
        if (l->conf->tls) listener_set_tls(l->listener, tls[l->conf->client_cert]);
    }
    tls_setup_drop(app->tls);
    app->renewed = false;
    for (int i = 0; i < 3; i++)
        app->tls[i] = tls[i];
}

/* Once an hour: addresses come and go, and certificates end. A few milliseconds. */
static void on_renewal(struct loop_timer *timer)
{
    struct app *app = container_of(timer, struct app, renewal);
    struct tls_server *tls[3] = { 0 };
    struct diag diag = DIAG_INIT;
    loop_timer_start(timer, HOURS(1));
    if (*app->conf->tls.cert) return; /* whoever made it renews it, and says so by SIGHUP */
    bool renewed = false;
    int rc = data_dir_server_certs(app->dir, (const char *const *)app->conf->hub.names.items,
                                   app->conf->hub.names.count, &renewed, &diag);
    app->renewed |= renewed;
    if (rc == 0 && app->renewed) rc = make_tls(app, app->conf, tls, &diag);
    if (rc == 0 && app->renewed) {
        take_tls(app, tls);
        return;
    }
    tls_setup_drop(tls);
    if (rc < 0)
        LOG(LOG_ERROR, "app", "the server certificate cannot be renewed",
            LOG_S("reason", diag_text(&diag, rc)));
}

/* Checks everything, then applies or changes nothing. */
static void reload(struct app *app)
{
    struct diag diag = DIAG_INIT;
    struct config *conf = NULL;
    struct tls_server *tls[3] = { 0 };
    struct jwt_keys *jwt_keys = NULL;
    sd_notify_reloading();
    int rc = config_load(app->sources, &conf, &diag);
    if (rc == 0) rc = jwt_setup_keys(app->conf, &jwt_keys, &diag);
    if (rc == 0) rc = make_tls(app, conf, tls, &diag);
    if (rc < 0) {
        jwt_keys_free(jwt_keys);
        LOG(LOG_ERROR, "app", "reload refused, nothing has changed",
            LOG_S("reason", diag_text(&diag, rc)));
        tls_setup_drop(tls);
        config_free(conf);
        sd_notify_ready();
        return;
    }
    struct config_list kept;
    config_reload_diff(app->conf, conf, &kept);
    for (size_t i = 0; i < kept.count; i++)
        LOG(LOG_WARN, "app", "takes effect at the next start", LOG_S("key", kept.items[i]));
    config_list_deinit(&kept);
    log_configure(conf->log.level, conf->log.format);
    take_tls(app, tls);
    auth_set_jwt_keys(app->auth, jwt_keys);
    apply_limits(app, conf);
    config_free(conf);
    LOG(LOG_INFO, "app", "reloaded");
    sd_notify_ready();
}

static void on_signal(int signum, void *arg)
{
    if (signum == SIGHUP)
        reload(arg);
    else
        begin_stop(arg);
}

static void on_watchdog(struct loop_timer *timer)
{
    sd_notify_watchdog();
    loop_timer_start(timer, sd_watchdog_interval_ms());
}

/* ---- life ---- */

enum { HANDSHAKE_QUEUE = 64 }; /* what the workers do in a tenth of a second or so */

enum { OWN_FILES = 128 }; /* database, log, rule files, and the like */

/* Takes as many descriptors as we may have; returns limits.connections, or how many those allow. */
static int64_t claim_descriptors(const struct config *conf)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return conf->limits.connections;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit all = { limit.rlim_max, limit.rlim_max };
        if (setrlimit(RLIMIT_NOFILE, &all) == 0) limit = all;
    }
    if (limit.rlim_cur == RLIM_INFINITY) return conf->limits.connections;
    int64_t most = (int64_t)limit.rlim_cur - OWN_FILES;
    if (most < 16) most = 16;
    if (conf->limits.connections <= most) return conf->limits.connections;
    LOG(LOG_WARN, "app", "limits.connections is above what the system's limit of open files allows",
        LOG_I("connections", conf->limits.connections), LOG_I("allowed", most),
        LOG_I("open_files", limit.rlim_cur));
    return most;
}

static int make_admin(struct app *app, struct diag *diag)
{
    if (!app->dir->is_new) return 0;
    struct app_admin admin;
    int rc = admin_create(&app->core, app->dir, &admin, diag);
    if (rc < 0) return rc;
    char *path = data_dir_file(app->dir, "admin.json");
    LOG(LOG_INFO, "app", "the first administrator's key and token are in this file",
        LOG_S("file", path), LOG_S("ca", app->dir->ca_file));
    free(path);
    app_admin_deinit(&admin);
    return 0;
}

static struct expiry *watch_cas(const struct app *app)
{
    struct expiry_cert cas[DATA_DIR_KINDS];
    for (int i = 0; i < DATA_DIR_KINDS; i++)
        cas[i] = (struct expiry_cert){ data_dir_ca_name((enum data_dir_kind)i),
                                       slice_str(app->dir->cas[i].cert_pem) };
    return expiry_create(app->core.loop, app->core.registry, cas, DATA_DIR_KINDS);
}

static int start_all(struct app *app, struct diag *diag)
{
    int rc = make_admin(app, diag);
    if (rc == 0) rc = start_services(app, diag);
    if (rc == 0) rc = start_doors(app, diag);
    app->expiry = watch_cas(app);
    app->tls_sessions = tls_setup_sessions(app->conf);
    if (rc == 0) rc = make_tls(app, app->conf, app->tls, diag);
    if (rc < 0) return rc;
    app->handshakes = worker_lane_create(app->core.loop, "thingd-tls", tls_setup_workers(app->conf),
                                         HANDSHAKE_QUEUE);
    rc = open_listeners(app, diag);
    if (rc < 0) return rc;
    tell_own_ports(app);
    loop_timer_start(&app->renewal, HOURS(1));
    hub_start(app->hub);
    rules_start(app->rules);
    static const int signums[] = { SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < ARRAY_LEN(signums); i++)
        app->signals[i] = loop_signal_open(app->core.loop, signums[i], on_signal, app);
    if (sd_watchdog_interval_ms() > 0) on_watchdog(&app->watchdog);
    return 0;
}

int app_start(struct app **ret_app, struct config *conf, struct data_dir *dir,
              const struct app_opts *opts, struct diag *diag)
{
    struct app *app = xnew(struct app);
    app->conf = conf;
    app->dir = dir;
    app->sources = opts->sources;
    signal(SIGPIPE, SIG_IGN);
    app->max_connections = claim_descriptors(conf);
    budget_set_limit((size_t)conf->limits.memory);
    json_set_default_limits((size_t)conf->json.max_bytes, (int)conf->json.max_depth);
    int rc = core_open(&app->core, conf, dir, diag);
    if (rc < 0) {
        data_dir_close(dir);
        config_free(conf);
        free(app);
        return rc;
    }
    loop_timer_init(&app->watchdog, app->core.loop, on_watchdog);
    loop_timer_init(&app->renewal, app->core.loop, on_renewal);
    rc = start_all(app, diag);
    if (rc < 0) {
        app_stop(app);
        return rc;
    }
    log_ready(app);
    sd_notify_ready();
    *ret_app = app;
    return 0;
}

int app_run(struct app *app)
{
    loop_run(app->core.loop);
    return 0;
}

static bool connected(const struct app *app)
{
    return app->closed_listeners < app->open_listeners || (app->front && front_count(app->front)) ||
           (app->http && http_server_count(app->http)) || (app->api && api_count(app->api));
}

static void on_listener_closed(void *arg)
{
    ((struct app *)arg)->closed_listeners++;
}

/* Runs the loop until every listener and connection is gone, or the time is over. */
static void await_connections(struct app *app, int64_t most_ms)
{
    int64_t until = clock_mono_ms() + most_ms;
    while (connected(app) && clock_mono_ms() < until)
        loop_turn_wait(app->core.loop, 50);
}

static void close_connections(struct app *app)
{
    for (size_t i = 0; i < app->open_listeners; i++)
        listener_close(app->listeners[i].listener, on_listener_closed, app);
    if (app->front) front_close_all(app->front);
    if (app->api) api_end_streams(app->api);
    if (app->http) http_server_drain(app->http);
    await_connections(app, STOP_MS / 2);
    if (app->front) front_close_all(app->front);
    if (app->http) http_server_close_all(app->http);
    await_connections(app, STOP_MS / 2);
}

void app_stop(struct app *app)
{
    loop_timer_stop(&app->watchdog);
    loop_timer_stop(&app->renewal);
    expiry_stop(app->expiry);
    close_connections(app);
    for (size_t i = 0; i < ARRAY_LEN(app->signals); i++)
        if (app->signals[i]) loop_signal_close(app->signals[i]);
    if (app->handshakes) worker_lane_destroy(app->handshakes);
    if (app->rules) rules_stop(app->rules);
    if (app->provisions) provisions_stop(app->provisions);
    if (app->webhooks) webhooks_stop(app->webhooks);
    registry_stop(app->core.registry);
    if (app->auth) auth_stop(app->auth);
    if (app->hub) hub_flush(app->hub);
    store_stop(app->core.store);
    if (app->api) api_stop(app->api);
    while (loop_turn(app->core.loop)) /* decisions that fell with the store, answers on their way */
        ;
    front_destroy(app->front);
    http_server_destroy(app->http);
    api_destroy(app->api);
    rules_destroy(app->rules);
    provisions_destroy(app->provisions);
    shadows_destroy(app->shadows);
    sys_topics_destroy(app->sys_topics);
    hub_destroy(app->hub);
    auth_destroy(app->auth);
    webhooks_destroy(app->webhooks);
    tls_setup_drop(app->tls);
    expiry_destroy(app->expiry);
    tls_sessions_unref(app->tls_sessions);
    core_close(&app->core);
    data_dir_close(app->dir);
    config_free(app->conf);
    free(app->listeners);
    free(app->expiries);
    jwt_setup_deinit(&app->jwt);
    free(app);
    LOG(LOG_INFO, "app", "stopped");
}
