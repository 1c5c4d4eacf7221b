/* step.c — one action of one rule: its parameters checked against the action's table, each taken
 * (step_param.c), its object made.
 *  I1  A step never changes after step_create; runs hold it, so a rule may be replaced under them.
 *  I2  The value of a constant parameter is what run gets, without a copy. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "rules/rules_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t param_count(const struct td_action *kind)
{
    size_t count = 0;
    while (kind->params[count].name)
        count++;
    if (count > ACTION_MAX_PARAMS) BUG("action '%s' has too many parameters", kind->name);
    return count;
}

/* ---- which member is which row ---- */

/* The next level of a row's name behind the prefix; ptr NULL: the row is elsewhere. */
static struct slice level_of(const struct td_param *row, const char *prefix)
{
    size_t len = strlen(prefix);
    if (strncmp(row->name, prefix, len) != 0) return slice_of(NULL, 0);
    return slice_of(row->name + len, strcspn(row->name + len, "."));
}

/* A row that has this level; else NULL, and in *ret_near a level that may have been meant. */
static const struct td_param *find_row(const struct td_action *kind, const char *prefix,
                                       struct slice key, struct slice *ret_near)
{
    unsigned best = 3;
    for (const struct td_param *row = kind->params; row->name; row++) {
        struct slice level = level_of(row, prefix);
        if (!level.ptr) continue;
        if (slice_eq(level, key)) return row;
        unsigned distance = text_distance(level, key);
        if (distance >= best) continue;
        best = distance;
        *ret_near = level;
    }
    return NULL;
}

static int check_members(const struct td_action *kind, const char *prefix,
                         const struct json *object, struct diag *diag);

/* A member that others are members of. */
static int check_group(const struct td_action *kind, const char *prefix, const struct json *member,
                       struct diag *diag)
{
    const char *key = json_key(member);
    if (json_is(member, JSON_NULL)) return 0;
    if (!json_is(member, JSON_OBJECT))
        return diag_set(diag, ERR_INVALID, "%s: must be an object", key);
    char *inner = xasprintf("%s%s.", prefix, key);
    int rc = check_members(kind, inner, member, diag);
    free(inner);
    return rc < 0 ? diag_wrap(diag, rc, "%s", key) : 0;
}

static int check_members(const struct td_action *kind, const char *prefix,
                         const struct json *object, struct diag *diag)
{
    json_for_each(member, object) {
        const char *key = json_key(member);
        struct slice near = { NULL, 0 };
        const struct td_param *row = find_row(kind, prefix, slice_str(key), &near);
        if (!row && near.ptr)
            return diag_set(diag, ERR_INVALID, "unknown member '%.100s' (did you mean '%.*s'?)",
                            key, (int)near.len, near.ptr);
        if (!row) return diag_set(diag, ERR_INVALID, "unknown member '%.100s'", key);
        bool is_group = row->name[strlen(prefix) + strlen(key)] == '.';
        int rc = is_group ? check_group(kind, prefix, member, diag) : 0;
        if (rc < 0) return rc;
    }
    return 0;
}

static const struct json *member_of(const struct json *object, const char *name)
{
    const char *dot;
    while ((dot = strchr(name, '.'))) {
        object = json_get_slice(object, slice_of(name, (size_t)(dot - name)));
        name = dot + 1;
    }
    return json_get(object, name);
}

/* ---- all of them ---- */

static int take_params(struct step *step, const struct json *object, bool literal,
                       struct diag *diag)
{
    for (size_t i = 0; i < step->param_count; i++) {
        const struct td_param *row = &step->kind->params[i];
        const struct json *value = member_of(object, row->name);
        step->params[i].value.number = row->fallback;
        step->params[i].value.constant = true;
        if (!value || json_is(value, JSON_NULL)) {
            if (!(row->flags & TD_REQUIRED)) continue;
            return diag_set(diag, ERR_INVALID, "'%s' is missing", row->name);
        }
        int rc = step_param_take(&step->params[i], row, literal, value, diag);
        if (rc < 0) return diag_wrap(diag, rc, "%s", row->name);
    }
    return 0;
}

static int make(struct step *step, struct rules *rules, const char *rule, struct diag *diag)
{
    struct td_value values[ACTION_MAX_PARAMS];
    char why[256] = "";
    size_t at = 0;
    for (size_t i = 0; i < step->param_count; i++)
        values[i] = step->params[i].value;
    while (rule_actions[at] != step->kind)
        at++;
    struct td_setup setup = {
        .host = &rules->host,
        .shared = rules->shared[at],
        .rule = rule,
        .values = values,
        .why = why,
        .why_size = sizeof why,
    };
    int rc = step->kind->create(&setup, &step->action);
    if (rc == 0) return 0;
    step->action = NULL;
    return diag_set(diag, rc == -ENOTSUP ? ERR_UNSUPPORTED : ERR_INVALID, "%s",
                    why[0] ? why : err_text(rc));
}

int step_create(struct rules *rules, const char *rule, const struct td_action *kind,
                const struct json *object, bool literal, struct step **ret_step, struct diag *diag)
{
    if (!json_is(object, JSON_OBJECT)) return diag_set(diag, ERR_INVALID, "must be an object");
    struct step *step = xnew(struct step);
    step->refs = 1;
    step->kind = kind;
    step->param_count = param_count(kind);
    int rc = check_members(kind, "", object, diag);
    if (rc == 0) rc = take_params(step, object, literal, diag);
    if (rc == 0) rc = make(step, rules, rule, diag);
    if (rc < 0) {
        step_unref(step);
        return rc;
    }
    *ret_step = step;
    return 0;
}

struct step *step_ref(struct step *step)
{
    step->refs++;
    return step;
}

void step_unref(struct step *step)
{
    if (!step || --step->refs) return;
    if (step->action) step->kind->destroy(step->action);
    for (size_t i = 0; i < step->param_count; i++)
        step_param_deinit(&step->params[i]);
    free(step);
}

bool step_is_inline(const struct step *step)
{
    return step->kind->flags & TD_ACTION_INLINE;
}
