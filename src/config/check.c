/* check.c — what only the whole configuration can show, and what changed between two.
 *
 * Runs once, after the last source. Defaults are never to blame: a rule about two keys speaks only
 * when somebody set one of them, and its message begins with the label of that one. Where a default
 * does not fit what was set (client certificates on a listener whose TLS was turned off), the
 * default gives way. */
#include "base/mem.h"
#include "config/config_priv.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- listeners ------------------------------------------------------------------------------ */

/* The label of a listener's key, NULL where it has its default. */
static const char *label_of(const struct loader *l, size_t listener, const char *key)
{
    for (size_t i = 0; i < listener_option_count; i++)
        if (strcmp(listener_options[i].name, key) == 0) return l->listeners[listener].keys[i];
    BUG("no key %s of listeners", key);
}

/* The label of whatever was set of the listener, NULL if nothing was. */
static const char *any_label(const struct loader *l, size_t listener)
{
    if (l->listeners[listener].first) return l->listeners[listener].first;
    for (size_t i = 0; i < listener_option_count; i++)
        if (l->listeners[listener].keys[i]) return l->listeners[listener].keys[i];
    return NULL;
}

static void check_place(struct loader *l, size_t i)
{
    const struct config_listener *listener = &l->conf->listeners[i];
    const char *address = label_of(l, i, "address"), *port = label_of(l, i, "port");
    if (*listener->path && (address || port))
        loader_error(l, "%s: listener '%s' has a path; an address and port need path = \"\"",
                     address ? address : port, listener->name);
    else if (!*listener->path && !port && listener->port == 0)
        loader_error(l, "%s: listener '%s' needs a port or a path", any_label(l, i),
                     listener->name);
}

static void check_tls(struct loader *l, size_t i)
{
    struct config_listener *listener = &l->conf->listeners[i];
    if (listener->tls || listener->client_cert == CONFIG_CLIENT_CERT_NONE) return;
    const char *label = label_of(l, i, "client_cert");
    if (label)
        loader_error(l, "%s: listener '%s' needs tls = true for that", label, listener->name);
    listener->client_cert = CONFIG_CLIENT_CERT_NONE;
}

/* Does the listener's key have its default, set or not? */
static bool has_default(const struct config_listener *listener, const char *key)
{
    struct config_listener other = { 0 };
    const struct option *option = listener_options;
    while (strcmp(option->name, key) != 0)
        option++;
    if (option_set(option, &other, option->fallback, NULL, NULL) < 0)
        BUG("the default of %s", option->name);
    bool same = option_equal(option, listener, &other);
    option_clear(option, &other);
    return same;
}

/* A header may name any address, so it must not open what is open on loopback only. */
static void check_proxy(struct loader *l, size_t i)
{
    const struct config_listener *listener = &l->conf->listeners[i];
    const char *on = label_of(l, i, "proxy_protocol"), *trusted = label_of(l, i, "proxy_trusted");
    const char *anonymous = label_of(l, i, "anonymous"), *path = label_of(l, i, "path");
    if (!listener->proxy_protocol) {
        if (trusted && !has_default(listener, "proxy_trusted"))
            loader_error(l, "%s: listener '%s' needs proxy_protocol = true for that", trusted,
                         listener->name);
        return;
    }
    if (*listener->path)
        loader_error(l, "%s: listener '%s' is a Unix socket, which takes no PROXY header",
                     on ? on : path, listener->name);
    if (listener->anonymous)
        loader_error(l,
                     "%s: listener '%s' takes its clients' addresses from a proxy and may not be "
                     "anonymous: it needs anonymous = false",
                     on ? on : anonymous, listener->name);
    if (listener->proxy_trusted.count == 0)
        loader_error(l, "%s: listener '%s' would trust no proxy", trusted, listener->name);
}

static bool same_place(const struct config_listener *a, const struct config_listener *b)
{
    if (*a->path || *b->path) return strcmp(a->path, b->path) == 0;
    return a->port != 0 && a->port == b->port && strcmp(a->address, b->address) == 0;
}

static void check_collision(struct loader *l, size_t i)
{
    const struct config_listener *listeners = l->conf->listeners;
    for (size_t j = 0; j < i; j++) {
        if (!listeners[j].enabled || !same_place(&listeners[i], &listeners[j])) continue;
        const char *label = any_label(l, i);
        loader_error(l, "%s: listener '%s' is at the same place as listener '%s'",
                     label ? label : any_label(l, j), listeners[i].name, listeners[j].name);
    }
}

static bool is_loopback(const char *address)
{
    struct in6_addr six;
    struct in_addr four;
    if (inet_pton(AF_INET, address, &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, address, &six) != 1) return false;
    return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

static void warn_of_anonymous(struct loader *l, const struct config_listener *listener)
{
    if (!listener->anonymous || *listener->path || is_loopback(listener->address)) return;
    char *text =
        xasprintf("listener '%s' lets clients without a credential in from the network "
                  "(address %s, port %" PRId64 ", policy %s)",
                  listener->name, listener->address, listener->port, listener->anonymous_policy);
    config_list_push(&l->conf->warnings, text);
    free(text);
}

static void check_listener(struct loader *l, size_t i)
{
    const struct config_listener *listener = &l->conf->listeners[i];
    check_tls(l, i);
    check_proxy(l, i);
    check_place(l, i);
    if (!listener->enabled) return;
    check_collision(l, i);
    warn_of_anonymous(l, listener);
}

/* ---- the rest ------------------------------------------------------------------------------- */

static const char *option_label(const struct loader *l, const char *key)
{
    for (size_t i = 0; i < config_option_count; i++)
        if (strcmp(config_options[i].name, key) == 0) return l->labels[i];
    BUG("no key %s", key);
}

/* A profile is a set of defaults: what was set goes before. */
static void apply_profile(struct loader *l)
{
    if (l->conf->hub.profile != CONFIG_PROFILE_AWS_STRICT) return;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct option *option = &config_options[i];
        if (!option->strict || l->labels[i]) continue;
        if (option_set(option, l->conf, option->strict, NULL, NULL) < 0)
            BUG("the strict default of %s", option->name);
    }
}

/* Retained messages alone must not use up what all may have: nobody could publish any more. */
static void check_memory(struct loader *l)
{
    struct config *conf = l->conf;
    int64_t most = conf->limits.memory / 2;
    if (conf->mqtt.max_retained_bytes <= most) return;
    const char *retained = option_label(l, "mqtt.max_retained_bytes");
    if (retained) loader_error(l, "%s: is more than half of limits.memory", retained);
    conf->mqtt.max_retained_bytes = most;
}

/* A certificate and its key come together. */
static void check_key_pair(struct loader *l)
{
    bool cert = *l->conf->tls.cert, key = *l->conf->tls.key;
    if (cert != key)
        loader_error(l, "%s: needs %s as well", option_label(l, cert ? "tls.cert" : "tls.key"),
                     cert ? "tls.key" : "tls.cert");
}

/* Whose tokens, and for whom, must be said: else those of another audience would do. */
static void check_jwt(struct loader *l)
{
    static const char *const needed[] = { "jwt.issuer", "jwt.audience" };
    const char *const values[] = { l->conf->jwt.issuer, l->conf->jwt.audience };
    for (size_t i = 0; *l->conf->jwt.keys_file && i < ARRAY_LEN(needed); i++)
        if (!*values[i])
            loader_error(l, "%s: needs %s as well", option_label(l, "jwt.keys_file"), needed[i]);
}

static void complete_path(const struct option *option, void *base, const char *dir)
{
    if (!option->path) return;
    char **member = option_at(option, base), *old = *member;
    if (!*old || *old == '/') return;
    size_t len = strlen(dir);
    *member = xasprintf("%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/", old);
    free(old);
}

static void complete_paths(struct config *conf)
{
    for (size_t i = 0; i < config_option_count; i++)
        complete_path(&config_options[i], conf, conf->hub.data);
    for (size_t i = 0; i < conf->listener_count; i++)
        for (size_t j = 0; j < listener_option_count; j++)
            complete_path(&listener_options[j], &conf->listeners[i], conf->hub.data);
}

void loader_finish(struct loader *l, const char *const *env)
{
    struct config *conf = l->conf;
    if (!*conf->hub.data) {
        free(conf->hub.data);
        conf->hub.data = config_data_dir(env);
    }
    complete_paths(conf);
    check_key_pair(l);
    check_jwt(l);
    apply_profile(l);
    check_memory(l);
    for (size_t i = 0; i < conf->listener_count; i++)
        check_listener(l, i);
}

/* ---- differences ---------------------------------------------------------------------------- */

static const struct config_listener *find(const struct config *conf, const char *name)
{
    for (size_t i = 0; i < conf->listener_count; i++)
        if (strcmp(conf->listeners[i].name, name) == 0) return &conf->listeners[i];
    return NULL;
}

static void push_key(struct config_list *keys, const char *listener, const char *key)
{
    char *text = xasprintf("listener.%s%s%s", listener, *key ? "." : "", key);
    config_list_push(keys, text);
    free(text);
}

static void diff_listener(const struct config_listener *before, const struct config *after,
                          struct config_list *keys)
{
    const struct config_listener *other = find(after, before->name);
    if (!other) {
        push_key(keys, before->name, "");
        return;
    }
    for (size_t i = 0; i < listener_option_count; i++)
        if (!listener_options[i].reload && !option_equal(&listener_options[i], before, other))
            push_key(keys, before->name, listener_options[i].name);
}

void config_reload_diff(const struct config *before, const struct config *after,
                        struct config_list *ret_keys)
{
    *ret_keys = (struct config_list){ 0 };
    for (size_t i = 0; i < config_option_count; i++)
        if (!config_options[i].reload && !option_equal(&config_options[i], before, after))
            config_list_push(ret_keys, config_options[i].name);
    for (size_t i = 0; i < before->listener_count; i++)
        diff_listener(&before->listeners[i], after, ret_keys);
    for (size_t i = 0; i < after->listener_count; i++)
        if (!find(before, after->listeners[i].name))
            push_key(ret_keys, after->listeners[i].name, "");
}

void config_take_reloaded(struct config *into, struct config *from)
{
    /* another profile waits for the next start, and so do its defaults */
    bool same_profile = into->hub.profile == from->hub.profile;
    for (size_t i = 0; i < config_option_count; i++)
        if (config_options[i].reload && (same_profile || !config_options[i].strict))
            option_swap(&config_options[i], into, from);
}
