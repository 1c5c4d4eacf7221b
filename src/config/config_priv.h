/* config_priv.h — what the files of this folder share: the option table and the loader. */
#ifndef CONFIG_CONFIG_PRIV_H
#define CONFIG_CONFIG_PRIV_H

#include "base/arena.h"
#include "config/config.h"

enum {
    CONFIG_FILE_MOST = 1 << 20,  /* bytes of one file */
    CONFIG_DEPTH_MOST = 8,       /* groups in groups */
    CONFIG_SETTINGS_MOST = 4096, /* of one file; libconfig compares each with all before it */
    CONFIG_STRING_MOST = 4096,
    CONFIG_LIST_MOST = 64,
    CONFIG_LISTENERS_MOST = 64,
    CONFIG_CONF_D_MOST = 256,
    CONFIG_ERRORS_MOST = 100,
    CONFIG_NAME_MOST = 64, /* bytes of a listener's name */
};

/* ---- options ------------------------------------------------------------------------------- */

enum option_type {
    OPT_INT,
    OPT_BYTES,    /* 2m: k, m, g are powers of 1024 */
    OPT_DURATION, /* 10s: ms, s, m, h, d */
    OPT_BOOL,
    OPT_STRING,
    OPT_ENUM,
    OPT_LIST, /* of strings */
};

struct option {
    const char *name; /* "mqtt.max_packet"; of a listener the last part alone: "port" */
    enum option_type type;
    bool reload;                     /* takes effect on SIGHUP */
    bool path;                       /* relative ones are below hub.data */
    size_t offset;                   /* into struct config or struct config_listener */
    int64_t min, max;                /* of numbers; of strings the length */
    const char *const *choices;      /* OPT_ENUM: the names in the order of the enum, then NULL */
    bool (*valid)(const char *text); /* strings and items of lists; NULL: everything */
    const char *what;                /* "'x' is not WHAT" where valid says no */
    const char *fallback;            /* the default, as text */
    const char *strict;              /* the default under hub.profile aws-strict; NULL: the same */
    const char *text;                /* for the manual */
};

extern const struct option config_options[];
extern const size_t config_option_count;
extern const struct option listener_options[];
extern const size_t listener_option_count;

/* The listeners that exist without a file: pairs of key and value. */
struct listener_preset {
    const char *name;
    const char *pairs[5][2];
};
extern const struct listener_preset listener_presets[];
extern const size_t listener_preset_count;

/* Parses text and stores it in base, replacing what was there. Otherwise ERR_INVALID and the
 * reason, without the option's name. `shown` stands for the text in it; NULL: the text itself. */
int option_set(const struct option *option, void *base, const char *text, const char *shown,
               struct diag *diag);
/* For OPT_LIST: copies the items. */
int option_set_items(const struct option *option, void *base, const char *const *items,
                     size_t count, const char *shown, struct diag *diag);
void option_clear(const struct option *option, void *base);
/* Each of the two gets the other's value. */
void option_swap(const struct option *option, void *a, void *b);
bool option_equal(const struct option *option, const void *a, const void *b);
/* As text that option_set takes. */
void option_format(const struct option *option, const void *base, struct buf *out);
/* A number of that type: 2m, 5ms, 100. */
void option_format_number(enum option_type type, int64_t value, struct buf *out);

static inline void *option_at(const struct option *option, const void *base)
{
    return (char *)(uintptr_t)base + option->offset;
}

/* The most that a session may be kept: ten years. */
#define CONFIG_EXPIRY_MOST_MS (INT64_C(3650) * 86400000)
/* expiry.c: does config_expiry_parse take it? */
bool config_expiry_valid(const char *item);
/* certificate.c: does config_certificate_parse take it? */
bool config_certificate_valid(const char *item);
/* jwt_policy.c: does config_jwt_policy_parse take it? */
bool config_jwt_policy_valid(const char *item);
/* AWS IoT CreatePolicy: [\w+=,.@-]+, at most 128. */
bool config_policy_name_valid(const char *text);

void config_list_push(struct config_list *list, const char *text);

/* ---- loader -------------------------------------------------------------------------------- */

/* Where a value comes from. */
struct place {
    const char *text; /* "thingd.conf:12", "THINGD_MQTT__MAX_PACKET", "--set mqtt.max_packet" */
    bool names_key;   /* the text says already which key it is */
};

/* Where the keys of one listener were set; NULL: by default. */
struct listener_labels {
    const char *first; /* where it was first named */
    const char *keys[16];
};

struct loader {
    struct config *conf;
    struct config_list errors;
    const char **labels; /* by option: where it was set, as messages name it; NULL: by default */
    struct listener_labels *listeners; /* as conf->listeners */
    struct arena arena;                /* of the labels */
};

/* A key in one of the tables, the memory which it describes, and where to note its label. The two
 * last are valid until the next listener is added. */
struct target {
    const struct option *option;
    void *base;
    const char **label;
};

/* Makes a config of the defaults. */
void loader_init(struct loader *l);
/* Frees everything but l->conf, which is the caller's. */
void loader_deinit(struct loader *l);
/* Adds a sentence to the errors; what is not printable in it becomes '?'. */
void loader_error(struct loader *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "thingd.conf:12: mqtt.max_packet" or "--set mqtt.max_packet"; lives as long as the loader. */
const char *loader_label(struct loader *l, const struct place *place, const char *key);
/* Finds the key, and adds the listener which it names first. False: unknown, and reported. */
bool loader_find(struct loader *l, const struct place *place, const char *key,
                 struct target *ret_target);
/* Sets the key from text; errors are reported. `shown` as in option_set. */
void loader_set(struct loader *l, const struct place *place, const char *key, const char *text,
                const char *shown);
/* Adds the listener unless it is there. Returns its index, or -1 when that was reported. */
int loader_listener(struct loader *l, const struct place *place, const char *name);
/* Report what is in no table, with what may have been meant. */
void loader_unknown_group(struct loader *l, const struct place *place, const char *name);
void loader_unknown_key(struct loader *l, const struct place *place, const char *key);
bool loader_is_group(const char *name);

/* file.c: one file; a text as if it stood in that file; conf.d beside that file. */
void loader_read_file(struct loader *l, const char *file);
void loader_read_text(struct loader *l, const char *file, struct slice text);
void loader_read_conf_d(struct loader *l, const char *file);
/* Appends the bytes of a file. 0, a negative errno, or ERR_TOO_LARGE above `most`. */
int config_slurp(const char *file, size_t most, struct buf *out);

/* sources.c: the environment and --set. */
void loader_read_environ(struct loader *l, const char *const *env);
void loader_read_set(struct loader *l, const char *set);

/* check.c: what only the whole can show. Completes paths, fills the warnings. */
void loader_finish(struct loader *l, const char *const *env);

/* scan.c: appends text, made fit for libconfig. ERR_SYNTAX with line and reason otherwise. */
int config_scan(struct slice text, struct buf *out, unsigned *ret_line, struct diag *diag);

#endif
