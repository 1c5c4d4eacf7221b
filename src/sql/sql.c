/* sql.c — statements from compile to end, and their runs.
 *
 * A statement is its tree with a count. A run has an arena of its own, which goes when it ends: most
 * rules on most messages take one block of memory. Two things outlive a run, in the input's cache: the
 * parsed payload, which all rules on a message share, and, for a statement with SET, the run itself, so
 * that the templates of its actions see the very values of its variables (a newuuid() in SET is the
 * same in the payload and in the topic). */
#include "sql/sql.h"

#include "base/err.h"
#include "base/mem.h"
#include "sql/sql_eval.h"

#include <stdlib.h>

struct sql {
    unsigned refs;
    const char *version; /* static */
    struct sql_tree tree;
};

struct sql_input_cache {
    bool is_parsed;
    struct json *json;    /* NULL: the payload is no JSON */
    struct sql *sql;      /* what ran last; a reference */
    struct sql_eval *run; /* its run, kept when it has variables */
};

/* ---- statements ----------------------------------------------------------------------------- */

static const char version_2015[] = "2015-10-08";

static const char *version_find(const char *version)
{
    static const char *const versions[] = { version_2015, "2016-03-23", "beta" };
    if (!version) return version_2015;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++)
        if (strcmp(versions[i], version) == 0) return versions[i];
    return NULL;
}

int sql_compile(struct slice text, const char *version, struct sql **ret_sql, struct diag *diag)
{
    const char *known = version_find(version);
    if (!known)
        return diag_set(diag, ERR_INVALID,
                        "unknown SQL version '%.40s' (there are 2016-03-23, 2015-10-08 and beta)",
                        version);
    struct sql *sql = xnew(struct sql);
    sql->refs = 1;
    sql->version = known;
    int rc = sql_tree_parse(text, &sql->tree, known == version_2015, diag);
    if (rc < 0) {
        sql_unref(sql);
        return rc;
    }
    *ret_sql = sql;
    return 0;
}

struct sql *sql_ref(struct sql *sql)
{
    sql->refs++;
    return sql;
}

void sql_unref(struct sql *sql)
{
    if (!sql || --sql->refs) return;
    sql_tree_deinit(&sql->tree);
    free(sql);
}

const char *sql_topic_filter(const struct sql *sql)
{
    return sql->tree.topic_filter;
}

const char *sql_version(const struct sql *sql)
{
    return sql->version;
}

bool sql_reads_shadow(const struct sql *sql)
{
    return sql->tree.reads_shadow;
}

/* ---- the message ---------------------------------------------------------------------------- */

static struct sql_input_cache *cache_of(struct sql_input *in)
{
    if (!in->cache) in->cache = xnew(struct sql_input_cache);
    return in->cache;
}

static void cache_forget(struct sql_input_cache *cache)
{
    if (cache->run) {
        sql_eval_deinit(cache->run);
        free(cache->run);
    }
    sql_unref(cache->sql);
    cache->run = NULL;
    cache->sql = NULL;
}

void sql_input_deinit(struct sql_input *in)
{
    if (in->cache) {
        cache_forget(in->cache);
        json_free(in->cache->json);
        free(in->cache);
    }
    *in = (struct sql_input){ 0 };
}

struct sql_value sql_eval_payload(struct sql_eval *eval)
{
    struct sql_input_cache *cache = cache_of(eval->in);
    if (!cache->is_parsed) {
        cache->is_parsed = true;
        if (json_parse(eval->in->payload, NULL, &cache->json, NULL) < 0) cache->json = NULL;
    }
    return sql_value_of_json(eval, cache->json);
}

/* ---- runs ----------------------------------------------------------------------------------- */

static void eval_init(struct sql_eval *eval, const struct sql *sql, struct sql_input *in)
{
    *eval = (struct sql_eval){ .in = in, .tree = &sql->tree, .version = sql->version };
    eval->whole_as_decimal = sql->version == version_2015;
}

/* Takes the run: its end, or a place in the cache. */
static void remember(struct sql_input *in, const struct sql *sql, struct sql_eval *eval)
{
    struct sql_input_cache *cache = cache_of(in);
    struct sql *owned = sql_ref((struct sql *)sql);
    cache_forget(cache);
    cache->sql = owned;
    if (sql->tree.var_count && eval->rc == 0)
        cache->run = xmemdup(eval, sizeof *eval);
    else
        sql_eval_deinit(eval);
}

int sql_run(const struct sql *sql, struct sql_input *in, bool *ret_fired, struct buf *ret_payload)
{
    struct sql_eval eval;
    eval_init(&eval, sql, in);
    bool fired = sql_eval_where(&eval, sql->tree.select->where);
    if (fired) sql_eval_result(&eval, sql->tree.select, ret_payload);
    int rc = eval.rc;
    remember(in, sql, &eval);
    if (rc < 0) return rc;
    *ret_fired = fired;
    return 0;
}

struct sql_eval *sql_eval_begin(struct sql_input *in, struct sql_eval *own)
{
    struct sql_input_cache *cache = cache_of(in);
    if (cache->run) {
        cache->run->in = in;
        cache->run->steps = 0;
        cache->run->regex_runs = 0;
        cache->run->rc = 0;
        return cache->run;
    }
    if (cache->sql)
        eval_init(own, cache->sql, in);
    else
        *own = (struct sql_eval){ .in = in, .version = "2016-03-23" };
    return own;
}
