/* step.c — one action of one rule: its parameters checked against the action's table, its templates
 * compiled, its object made.
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

/* ---- one parameter ---- */

/* arn:partition:service:region:account:resource; region and account may be empty. */
static bool is_arn(const char *text)
{
    struct slice rest = slice_str(text);
    if (!slice_starts(rest, "arn:") || !utf8_valid(rest)) return false;
    for (int part = 0; part < 5; part++) {
        const char *colon = memchr(rest.ptr, ':', rest.len);
        bool may_be_empty = part == 3 || part == 4;
        if (!colon || (colon == rest.ptr && !may_be_empty)) return false;
        rest = slice_from(rest, (size_t)(colon - rest.ptr) + 1);
    }
    return rest.len > 0;
}

static int take_string(struct step_param *param, const struct td_param *row, bool literal,
                       const struct json *value, struct diag *diag)
{
    const char *text = json_str(value);
    if (!text) return diag_set(diag, ERR_INVALID, "must be a string");
    int64_t len = (int64_t)strlen(text);
    if (!literal && (len < row->min || len > row->max))
        return diag_set(diag, ERR_INVALID, "must have %lld to %lld bytes", (long long)row->min,
                        (long long)row->max);
    if (row->type == TD_ARN && !is_arn(text))
        return diag_set(diag, ERR_INVALID, "'%.200s' is not an ARN", text);
    param->text = xstrdup(text);
    param->value.text = (struct td_bytes){ param->text, (size_t)len };
    param->value.constant = true;
    if (literal || !(row->flags & TD_TEMPLATE)) return 0;
    int rc = sql_template_compile(slice_str(text), &param->template, diag);
    if (rc < 0) return rc == ERR_UNSUPPORTED ? rc : ERR_INVALID;
    if (sql_template_reads_shadow(param->template))
        return diag_set(diag, ERR_UNSUPPORTED, "get_thing_shadow() is not supported in rules yet");
    param->value.constant = sql_template_is_constant(param->template);
    return 0;
}

static int take_int(struct step_param *param, const struct td_param *row, const struct json *value,
                    struct diag *diag)
{
    int64_t number;
    if (!json_to_int64(value, &number) || number < row->min || number > row->max)
        return diag_set(diag, ERR_INVALID, "must be an integer from %lld to %lld",
                        (long long)row->min, (long long)row->max);
    param->value.number = number;
    return 0;
}

static int take_value(struct step_param *param, const struct td_param *row, bool literal,
                      const struct json *value, struct diag *diag)
{
    param->value.present = true;
    switch (row->type) {
    case TD_STRING:
    case TD_ARN:
        return take_string(param, row, literal, value, diag);
    case TD_INT:
        return take_int(param, row, value, diag);
    case TD_BOOL:
        if (!json_is(value, JSON_BOOL)) return diag_set(diag, ERR_INVALID, "must be true or false");
        param->value.number = json_is_true(value);
        return 0;
    case TD_REFUSED:
        return diag_set(diag, ERR_UNSUPPORTED, "%s", row->text);
    }
    BUG("parameter type %d", row->type);
}

/* ---- all of them ---- */

static int check_members(const struct td_action *kind, const struct json *object, struct diag *diag)
{
    json_for_each(member, object) {
        const char *key = json_key(member);
        const struct td_param *row = kind->params, *near = NULL;
        unsigned best = 3;
        for (; row->name && strcmp(row->name, key); row++) {
            unsigned distance = text_distance(slice_str(row->name), slice_str(key));
            if (distance >= best) continue;
            best = distance;
            near = row;
        }
        if (row->name) continue;
        if (near)
            return diag_set(diag, ERR_INVALID, "unknown member '%.100s' (did you mean '%s'?)", key,
                            near->name);
        return diag_set(diag, ERR_INVALID, "unknown member '%.100s'", key);
    }
    return 0;
}

static int take_params(struct step *step, const struct json *object, bool literal,
                       struct diag *diag)
{
    for (size_t i = 0; i < step->param_count; i++) {
        const struct td_param *row = &step->kind->params[i];
        const struct json *value = json_get(object, row->name);
        step->params[i].value.number = row->fallback;
        step->params[i].value.constant = true;
        if (!value || json_is(value, JSON_NULL)) {
            if (!(row->flags & TD_REQUIRED)) continue;
            return diag_set(diag, ERR_INVALID, "'%s' is missing", row->name);
        }
        int rc = take_value(&step->params[i], row, literal, value, diag);
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
    int rc = check_members(kind, object, diag);
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
    for (size_t i = 0; i < step->param_count; i++) {
        sql_template_free(step->params[i].template);
        free(step->params[i].text);
    }
    free(step);
}

bool step_is_inline(const struct step *step)
{
    return step->kind->flags & TD_ACTION_INLINE;
}

static struct json *value_json(const struct td_param *row, const struct td_value *value)
{
    switch (row->type) {
    case TD_INT:
        return json_new_int(value->number);
    case TD_BOOL:
        return json_new_bool(value->number != 0);
    default:
        return json_new_slice(slice_of(value->text.ptr, value->text.len));
    }
}

void step_save(const struct step *step, const struct td_value *values, struct buf *out)
{
    struct json *object = json_new_object();
    for (size_t i = 0; i < step->param_count; i++)
        if (values[i].present)
            json_set(object, step->kind->params[i].name,
                     value_json(&step->kind->params[i], &values[i]));
    json_print(object, out);
    json_free(object);
}
