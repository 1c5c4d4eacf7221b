/* manual.c — docs/manual/actions.md, printed from the tables that the engine checks rules with. */
#include "rules/rules_priv.h"

static const char *const type_names[] = {
    [TD_STRING] = "string", [TD_INT] = "integer", [TD_BOOL] = "boolean",
    [TD_ARN] = "ARN",       [TD_PAIRS] = "pairs", [TD_REFUSED] = "–",
};

static void print_range(const struct td_param *row, struct buf *out)
{
    if (row->type == TD_STRING || row->type == TD_ARN)
        buf_printf(out, "%lld–%lld bytes", (long long)row->min, (long long)row->max);
    else if (row->type == TD_INT || row->type == TD_PAIRS)
        buf_printf(out, "%lld–%lld", (long long)row->min, (long long)row->max);
}

static void print_fallback(const struct td_param *row, struct buf *out)
{
    if (row->flags & TD_REQUIRED)
        buf_puts(out, "required");
    else if (row->type == TD_INT)
        buf_printf(out, "%lld", (long long)row->fallback);
    else if (row->type == TD_BOOL)
        buf_puts(out, row->fallback ? "true" : "false");
    else if (row->type == TD_REFUSED)
        buf_puts(out, "refused");
    else
        buf_puts(out, "absent");
}

static void print_param(const struct td_param *row, struct buf *out)
{
    buf_printf(out, "| `%s` | %s%s | ", row->name, type_names[row->type],
               row->flags & TD_TEMPLATE ? ", template" : "");
    print_range(row, out);
    buf_puts(out, " | ");
    print_fallback(row, out);
    buf_printf(out, " | %s |\n", row->text);
}

void rules_print_manual(struct buf *out)
{
    buf_puts(out,
             "# Actions of rules\n\n"
             "Printed from the tables of the program. How to make a rule: [rules](../rules.md).\n"
             "In a *template*, `${expression}` stands for the value of an expression of the rule "
             "language,\nseen from the original message.\n");
    for (size_t i = 0; rule_actions[i]; i++) {
        const struct td_action *kind = rule_actions[i];
        buf_printf(out, "\n## %s\n\n%s\n", kind->name, kind->text);
        buf_printf(out,
                   "In the payload of an error action it is called `%s`; `failedResource` is its "
                   "`%s`.\n\n",
                   kind->label, kind->params[kind->resource].name);
        buf_puts(out,
                 "| parameter | type | range | default | |\n| --- | --- | --- | --- | --- |\n");
        for (const struct td_param *row = kind->params; row->name; row++)
            print_param(row, out);
    }
}
