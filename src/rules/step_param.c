/* step_param.c — one parameter of an action: the value that the rule has checked against the row of the
 * table, its templates compiled. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "rules/rules_priv.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- texts ---- */

static int take_template(struct step_text *text, struct diag *diag)
{
    int rc = sql_template_compile(slice_str(text->text), &text->template, diag);
    if (rc < 0) return rc == ERR_UNSUPPORTED ? rc : ERR_INVALID;
    if (sql_template_reads_shadow(text->template))
        return diag_set(diag, ERR_UNSUPPORTED, "get_thing_shadow() is not supported in rules yet");
    if (!sql_template_is_constant(text->template)) return 0;
    sql_template_free(text->template);
    text->template = NULL;
    return 0;
}

/* *constant becomes false when it is a template. */
static int take_text(struct step_text *text, bool may_be_template, const struct json *value,
                     struct td_bytes *ret_text, bool *constant, struct diag *diag)
{
    const char *from = json_str(value);
    if (!from) return diag_set(diag, ERR_INVALID, "must be a string");
    text->text = xstrdup(from);
    *ret_text = (struct td_bytes){ text->text, strlen(from) };
    int rc = may_be_template ? take_template(text, diag) : 0;
    if (text->template) *constant = false;
    return rc;
}

static int take_string(struct step_param *param, const struct td_param *row, bool literal,
                       const struct json *value, struct diag *diag)
{
    const char *text = json_str(value);
    int64_t len = text ? (int64_t)strlen(text) : 0;
    if (text && !literal && (len < row->min || len > row->max))
        return diag_set(diag, ERR_INVALID, "must have %lld to %lld bytes", (long long)row->min,
                        (long long)row->max);
    if (text && row->type == TD_ARN && !is_arn(text))
        return diag_set(diag, ERR_INVALID, "'%.200s' is not an ARN", text);
    return take_text(&param->own, !literal && row->flags & TD_TEMPLATE, value, &param->value.text,
                     &param->value.constant, diag);
}

/* ---- pairs ---- */

static int take_part(struct step_param *param, const struct td_param *row, bool literal,
                     const struct json *pair, size_t part, struct diag *diag)
{
    const char *member = part % 2 ? "value" : "key";
    const struct json *text = json_get(pair, member);
    struct td_pair *into = &param->pairs[part / 2];
    if (!literal && json_str(text) && strlen(json_str(text)) > PAIR_TEXT_MAX)
        return diag_set(diag, ERR_INVALID, "%s: must have at most %d bytes", member, PAIR_TEXT_MAX);
    int rc = take_text(&param->parts[part], !literal && row->flags & TD_TEMPLATE, text,
                       part % 2 ? &into->value : &into->name, &param->value.constant, diag);
    return rc < 0 ? diag_wrap(diag, rc, "%s", member) : 0;
}

static int take_pair(struct step_param *param, const struct td_param *row, bool literal,
                     const struct json *pair, struct diag *diag)
{
    size_t at = param->value.pair_count++;
    if (!json_is(pair, JSON_OBJECT) || json_count(pair) != 2)
        return diag_set(diag, ERR_INVALID, "must be an object of key and value");
    int rc = take_part(param, row, literal, pair, 2 * at, diag);
    return rc < 0 ? rc : take_part(param, row, literal, pair, 2 * at + 1, diag);
}

static int take_pairs(struct step_param *param, const struct td_param *row, bool literal,
                      const struct json *value, struct diag *diag)
{
    size_t count = json_count(value);
    if (!json_is(value, JSON_ARRAY) || (int64_t)count < row->min || (int64_t)count > row->max)
        return diag_set(diag, ERR_INVALID, "must be an array of %lld to %lld pairs",
                        (long long)row->min, (long long)row->max);
    param->pairs = xcalloc(count ? count : 1, sizeof *param->pairs);
    param->parts = xcalloc(count ? 2 * count : 1, sizeof *param->parts);
    param->value.pairs = param->pairs;
    json_for_each(pair, value) {
        int rc = take_pair(param, row, literal, pair, diag);
        if (rc < 0) return diag_wrap(diag, rc, "[%zu]", param->value.pair_count - 1);
    }
    return 0;
}

/* ---- a parameter ---- */

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

int step_param_take(struct step_param *param, const struct td_param *row, bool literal,
                    const struct json *value, struct diag *diag)
{
    param->value.present = true;
    switch (row->type) {
    case TD_STRING:
    case TD_ARN:
        return take_string(param, row, literal, value, diag);
    case TD_PAIRS:
        return take_pairs(param, row, literal, value, diag);
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

static void text_deinit(struct step_text *text)
{
    sql_template_free(text->template);
    free(text->text);
}

void step_param_deinit(struct step_param *param)
{
    text_deinit(&param->own);
    for (size_t i = 0; i < 2 * param->value.pair_count; i++)
        text_deinit(&param->parts[i]);
    free(param->parts);
    free(param->pairs);
}
