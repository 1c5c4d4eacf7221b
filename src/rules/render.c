/* render.c — the values of a run: those of its step, with the templates rendered. All the texts go into one
 * buffer, which moves while it grows: so a first walk appends them and notes lengths, and a second one in
 * the same order says where they are. */
#include "base/mem.h"
#include "rules/firing_priv.h"

struct rendering {
    struct td_run *run;
    struct input *input;
    size_t at; /* of the second walk */
};

typedef int (*text_cb)(struct rendering *r, const struct step_text *text, struct td_bytes *value);

static int each_part(struct rendering *r, const struct step_param *param, struct td_pair *pairs,
                     text_cb cb)
{
    int rc = 0;
    for (size_t i = 0; i < param->value.pair_count && rc == 0; i++) {
        rc = cb(r, &param->parts[2 * i], &pairs[i].name);
        if (rc == 0) rc = cb(r, &param->parts[2 * i + 1], &pairs[i].value);
    }
    return rc;
}

static int each_text(struct rendering *r, text_cb cb)
{
    struct td_run *run = r->run;
    struct td_pair *pairs = run->pairs;
    int rc = 0;
    for (size_t i = 0; i < run->step->param_count && rc == 0; i++) {
        const struct step_param *param = &run->step->params[i];
        if (param->value.constant) continue;
        if (!param->pairs) {
            rc = cb(r, &param->own, &run->values[i].text);
            continue;
        }
        run->values[i].pairs = pairs;
        rc = each_part(r, param, pairs, cb);
        pairs += param->value.pair_count;
    }
    return rc;
}

static int append(struct rendering *r, const struct step_text *text, struct td_bytes *value)
{
    struct buf *out = &r->run->rendered;
    size_t before = out->len;
    if (!text->template) {
        *value = (struct td_bytes){ text->text, strlen(text->text) };
        return 0;
    }
    int rc = sql_template_render(text->template, &r->input->sql, out);
    if (rc == 0) *value = (struct td_bytes){ NULL, out->len - before };
    return rc;
}

static int place(struct rendering *r, const struct step_text *text, struct td_bytes *value)
{
    if (!text->template) return 0;
    value->ptr = buf_str(&r->run->rendered) + r->at;
    r->at += value->len;
    return 0;
}

static void copy_values(struct td_run *run)
{
    for (size_t i = 0; i < run->step->param_count; i++)
        run->values[i] = run->step->params[i].value;
}

static void make_room(struct td_run *run)
{
    for (size_t i = 0; i < run->step->param_count; i++)
        if (!run->values[i].constant) run->pair_count += run->values[i].pair_count;
    if (run->pair_count) run->pairs = xcalloc(run->pair_count, sizeof *run->pairs);
}

int run_render(struct td_run *run, struct input *input)
{
    struct rendering r = { .run = run, .input = input };
    copy_values(run);
    make_room(run);
    int rc = each_text(&r, append);
    if (rc < 0) {
        copy_values(run); /* an error action is told of the template */
        return rc;
    }
    each_text(&r, place);
    for (size_t i = 0; i < run->step->param_count; i++)
        run->values[i].constant = true;
    return 0;
}
