/* fuzz_template.c — any bytes as the body of a provisioning template, and what parses is evaluated.
 * The input is a body, then (after the first zero byte) the parameters as JSON.
 *  P1  A failure says why and gives nothing; success gives a template, or a plan.
 *  P2  A plan has one certificate, and policies by name or document.
 *  P3  Evaluation is a function, and what it gives is bounded. */
#include "base/err.h"
#include "registry/template.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds) abort();
}

static void check_plan(const struct template_plan *plan)
{
    const struct template_cert *cert = &plan->cert;
    expect(cert->resource && (cert->csr != NULL) + (cert->id != NULL) + (cert->pem != NULL) == 1);
    expect(!plan->thing.resource || plan->thing.name);
    expect(plan->policy_count <= TEMPLATE_POLICIES_MAX);
    for (size_t i = 0; i < plan->policy_count; i++)
        expect(!plan->policies[i].name != !plan->policies[i].document);
    struct buf text = { 0 };
    json_print(plan->values, &text);
    expect(text.len <= 6 * TEMPLATE_TEXT_MAX + 4 * TEMPLATE_BODY_MAX);
    buf_deinit(&text);
}

static void evaluate(const struct template *template, const struct json *params)
{
    struct template_plan plan, again;
    struct diag diag = DIAG_INIT;
    struct json *system = json_new_object();
    json_set_str(system, TEMPLATE_CERT_ID, "id");
    json_set_str(system, TEMPLATE_REGION, "local");
    int rc = template_evaluate(template, params, system, &plan, &diag);
    expect(rc == 0 || ((rc == ERR_INVALID || rc == ERR_TOO_LARGE) && diag.text[0]));
    if (rc == 0) {
        check_plan(&plan);
        expect(template_evaluate(template, params, system, &again, &diag) == 0);
        expect(json_equal(plan.values, again.values));
        template_plan_deinit(&plan);
        template_plan_deinit(&again);
    }
    json_free(system);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size), body = rest;
    const char *end = size ? memchr(data, '\0', size) : NULL;
    if (end) body.len = (size_t)(end - body.ptr);
    struct json *params = NULL;
    if (end) json_parse(slice_from(rest, body.len + 1), NULL, &params, NULL);
    for (int use = TEMPLATE_REGISTER; use <= TEMPLATE_JITP; use++) {
        struct template *template = NULL;
        struct diag diag = DIAG_INIT;
        int rc = template_parse(body, (enum template_use)use, &template, &diag);
        expect((rc < 0) == (template == NULL) && (rc < 0) == (diag.text[0] != '\0'));
        if (rc == 0) evaluate(template, params);
        template_free(template);
    }
    json_free(params);
    return 0;
}
