/* sql.h — the rule language: statements and substitution templates, compiled once, run per message.
 *
 * The language is AWS IoT SQL, version 2016-03-23 (AWS IoT developer guide, "AWS IoT SQL reference").
 * Pure: no socket, no store, no clock; what a statement needs of the world stands in sql_input. The one
 * exception is the system's time zone database, which parse_time() and time_to_epoch() read.
 * Compiled things are immutable but counted without locks: they belong to one thread. */
#ifndef SQL_SQL_H
#define SQL_SQL_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

enum sql_limit {
    SQL_MAX_TEXT = 262144,    /* bytes of a statement or a template */
    SQL_MAX_DEPTH = 64,       /* parentheses, brackets, braces, calls and CASEs within each other */
    SQL_MAX_NODES = 16384,    /* operators, names, literals, calls */
    SQL_MAX_HEIGHT = 1000,    /* a + b + c + ... : operators above one operand */
    SQL_MAX_ARGS = 64,        /* arguments of a call */
    SQL_MAX_PATH = 32,        /* names in AS a.b.c */
    SQL_MAX_VARS = 10,        /* SET variables */
    SQL_MAX_VAR_NAME = 64,    /* bytes of a variable's name without '@' */
    SQL_MAX_STEPS = 1000000,  /* work units of one run, some 50 ns each */
    SQL_MAX_MEMORY = 8 << 20, /* bytes that the values of one run may take */
};

/* ---- statements ---------------------------------------------------------------------------- */

struct sql;

/* version: "2016-03-23", "2015-10-08" or "beta"; NULL means "2015-10-08", as for a rule that names none.
 * All are evaluated by the rules of 2016-03-23, save that 2015-10-08 keeps 10.0 a Decimal.
 * Returns 0 and a statement with one reference. Otherwise diag has the sentence, with line and column,
 *   ERR_SYNTAX       not the language: unknown function, unknown variable and the like included
 *   ERR_TOPIC        FROM has a filter that MQTT forbids
 *   ERR_UNSUPPORTED  a function that calls a cloud service
 *   ERR_INVALID      unknown version
 *   ERR_ENCODING     not UTF-8, or a zero byte
 *   ERR_TOO_LARGE, ERR_LIMIT, ERR_DEPTH  a limit of above. */
int sql_compile(struct slice text, const char *version, struct sql **ret_sql, struct diag *diag);
struct sql *sql_ref(struct sql *sql);
/* Accepts NULL. */
void sql_unref(struct sql *sql);

/* NULL when there is no FROM (a rule for Basic Ingest only). */
const char *sql_topic_filter(const struct sql *sql);
const char *sql_version(const struct sql *sql);
/* True when a run may call get_thing_shadow of the input. */
bool sql_reads_shadow(const struct sql *sql);

/* ---- messages ------------------------------------------------------------------------------ */

struct sql_user_property {
    struct slice key;
    struct slice value;
};

/* What only MQTT 5 carries. A slice with ptr NULL is absent. */
struct sql_mqtt5 {
    struct slice content_type;
    struct slice response_topic;
    struct slice correlation_data; /* binary */
    bool is_utf8;                  /* payload format indicator 1 */
    const struct sql_user_property *user;
    size_t user_count;
};

/* The shadow document {"state":...,"metadata":...,"version":...,"timestamp":...} of a thing; `shadow`
 * is empty for the classic one. Returns 0 and an owned document; ERR_NOT_FOUND or ERR_INVALID make the
 * function Undefined; any other error ends the run, which returns it (ERR_BUSY: ask again when the
 * document has been read). */
typedef int (*sql_shadow_cb)(void *arg, struct slice thing, struct slice shadow,
                             struct json **ret_document);

/* One message, shared by all the rules that it matches. Zero it, fill it, and end it with
 * sql_input_deinit(). All is borrowed. Texts that are no valid UTF-8 are Undefined in the language. */
struct sql_input {
    struct slice topic; /* as published; topic() leaves out "$aws/rules/NAME/" of Basic Ingest */
    struct slice payload;
    const char *client_id; /* NULL: "n/a", not by MQTT */
    const char *principal; /* NULL, as the next ones: Undefined */
    const char *account;
    const char *source_ip;
    const char *trace_id;
    int64_t timestamp_ms;           /* since 1970 UTC: when the message came */
    const struct sql_mqtt5 *mqtt5;  /* NULL: not by MQTT 5 */
    sql_shadow_cb get_thing_shadow; /* NULL: every shadow is Undefined */
    void *arg;                      /* for get_thing_shadow */

    struct sql_input_cache *cache; /* private: the parsed payload, the last run's variables */
};

void sql_input_deinit(struct sql_input *in);

/* Runs the statement on the message; whether its filter matches the topic was the caller's question.
 * *ret_fired tells whether WHERE was true; only then the result is appended to ret_payload, which is
 *   - the very bytes of the payload for SELECT * and SELECT VALUE *;
 *   - else JSON text; empty when the value of SELECT VALUE is Undefined.
 * A payload that is no JSON (or above 128 KB, 16384 values, depth 64) has no members; where * meets
 * other items, its base64 text stands under "payload".
 * Returns 0, or with nothing appended
 *   ERR_LIMIT, ERR_TOO_LARGE  SQL_MAX_STEPS, SQL_MAX_MEMORY
 *   what get_thing_shadow returned. */
int sql_run(const struct sql *sql, struct sql_input *in, bool *ret_fired, struct buf *ret_payload);

/* ---- substitution templates: "lamps/${topic(2)}/state" --------------------------------------- */

struct sql_template;

/* Errors as of sql_compile. Variables of SET are known only when rendered: others are empty then. */
int sql_template_compile(struct slice text, struct sql_template **ret_template, struct diag *diag);
/* Accepts NULL. */
void sql_template_free(struct sql_template *template);
/* True when there is no ${...} in it. */
bool sql_template_is_constant(const struct sql_template *template);
bool sql_template_reads_shadow(const struct sql_template *template);
/* Appends the text to out: Undefined and Null are empty. SET variables and the version are those of the
 * statement that sql_run() ran last on `in` (`in` keeps a reference). Errors as of sql_run. */
int sql_template_render(const struct sql_template *template, struct sql_input *in, struct buf *out);

/* ---- the functions, for the manual ----------------------------------------------------------- */

struct sql_eval;
struct sql_args;
struct sql_value;

enum sql_func_flag {
    SQL_PURE = 1 << 0,      /* a function of its arguments alone */
    SQL_NEEDS_MSG = 1 << 1, /* reads the message around the payload */
    SQL_CHANCE = 1 << 2,    /* another value at each call */
    SQL_SHADOW = 1 << 3,    /* calls get_thing_shadow of the input */
    SQL_CLOUD = 1 << 4,     /* would call a cloud service: refused when compiled */
    SQL_PATTERN = 1 << 5,   /* its 2nd argument is a pattern, compiled once when constant */
    SQL_ZONE = 1 << 6,      /* its 3rd argument is a time zone, read once when constant */
};

struct sql_func {
    const char *name; /* lower case; any case is accepted */
    uint8_t min_args; /* another number of arguments gives Undefined */
    uint8_t max_args;
    uint8_t flags;
    void (*call)(struct sql_eval *eval, const struct sql_args *args, struct sql_value *ret_value);
    const char *text; /* one line for the manual */
};

/* In the order of the names; NULL behind the last. */
const struct sql_func *sql_func_at(size_t index);

#endif
