/* step_save.c — the rendered parameters of a run as JSON, for its row in the outbox. */
#include "base/mem.h"
#include "rules/rules_priv.h"

#include <stdlib.h>
#include <string.h>

static struct json *text_json(struct td_bytes text)
{
    return json_new_slice(slice_of(text.ptr, text.len));
}

static struct json *pairs_json(const struct td_value *value)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < value->pair_count; i++) {
        struct json *pair = json_push(list, json_new_object());
        json_set(pair, "key", text_json(value->pairs[i].name));
        json_set(pair, "value", text_json(value->pairs[i].value));
    }
    return list;
}

static struct json *value_json(const struct td_param *row, const struct td_value *value)
{
    switch (row->type) {
    case TD_INT:
        return json_new_int(value->number);
    case TD_BOOL:
        return json_new_bool(value->number != 0);
    case TD_PAIRS:
        return pairs_json(value);
    default:
        return text_json(value->text);
    }
}

/* The object that is the member up to the dot; made when it is not there. */
static struct json *group_of(struct json *object, const char *name, const char *dot)
{
    char *key = xstrndup(name, (size_t)(dot - name));
    struct json *group = json_get(object, key);
    if (!group) group = json_set(object, key, json_new_object());
    free(key);
    return group;
}

/* Takes value. */
static void set_member(struct json *object, const char *name, struct json *value)
{
    const char *dot;
    while ((dot = strchr(name, '.'))) {
        object = group_of(object, name, dot);
        name = dot + 1;
    }
    json_set(object, name, value);
}

void step_save(const struct step *step, const struct td_value *values, struct buf *out)
{
    struct json *object = json_new_object();
    for (size_t i = 0; i < step->param_count; i++)
        if (values[i].present)
            set_member(object, step->kind->params[i].name,
                       value_json(&step->kind->params[i], &values[i]));
    json_print(object, out);
    json_free(object);
}
