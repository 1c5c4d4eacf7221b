/* data_shadow.c — GetThingShadow, UpdateThingShadow, DeleteThingShadow, ListNamedShadowsForThing over
 * REST: shadows, sections 6 and 7. The service answers with documents and with the numbers of its errors;
 * here they get their HTTP names. Names are checked here, since they become parts of topics. */
#include "api/api_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "shadow/shadow.h"

#include <stdlib.h>
#include <string.h>

enum { THING_MAX = 128, NAME_MAX_LEN = 64, PAGE_MAX = 100, PAGE_DEFAULT = 25 };

static bool name_char(char c, const char *more)
{
    bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alnum || strchr(more, c);
}

static int check_name(const char *value, const char *member, size_t max, const char *more,
                      struct diag *diag)
{
    size_t len = strlen(value), good = 0;
    while (value[good] && name_char(value[good], more))
        good++;
    if (len > 0 && len <= max && good == len) return 0;
    return diag_set(diag, ERR_INVALID,
                    "1 validation error detected: Value '%.200s' at '%s' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: "
                    "[%sa-zA-Z0-9:_-]{1,%zu}",
                    value, member, strchr(more, '$') ? "$" : "", max);
}

/* The names of the request; false when it is answered already. */
static bool take_names(struct api_call *call, const char **ret_thing, const char **ret_name)
{
    struct diag diag = DIAG_INIT;
    const char *thing = json_get_str(call->params, "thingName");
    const char *name = json_get_str(call->params, "shadowName");
    int rc = check_name(thing, "thingName", THING_MAX, ":_-", &diag);
    if (rc == 0 && name) rc = check_name(name, "shadowName", NAME_MAX_LEN, "$:_-", &diag);
    if (rc < 0) {
        api_fail(call, rc, diag.text, NULL);
        return false;
    }
    *ret_thing = thing;
    *ret_name = name;
    return true;
}

static void fail(struct api_call *call, int code, struct slice message)
{
    char *text = xstrndup(message.ptr, message.len);
    api_fail_as(call, code, api_shadow_error(code), text);
    free(text);
}

static void on_document(void *arg, int code, struct slice body)
{
    struct api_call *call = arg;
    if (!api_end(call)) return;
    if (code == 200)
        api_answer(call, 200, "application/json", body);
    else
        fail(call, code, body);
}

void data_get_shadow(struct api_call *call)
{
    const char *thing, *name;
    if (!take_names(call, &thing, &name)) return;
    api_begin(call);
    shadow_rest_get(call->api->opts.shadows, thing, name, on_document, call);
}

void data_update_shadow(struct api_call *call)
{
    const char *thing, *name;
    if (!take_names(call, &thing, &name)) return;
    api_begin(call);
    shadow_rest_update(call->api->opts.shadows, thing, name, call->exchange->request->body,
                       on_document, call);
}

void data_delete_shadow(struct api_call *call)
{
    const char *thing, *name;
    if (!take_names(call, &thing, &name)) return;
    api_begin(call);
    shadow_rest_delete(call->api->opts.shadows, thing, name, on_document, call);
}

/* ---- ListNamedShadowsForThing ---- */

static int64_t page_size(const struct api_call *call, struct diag *diag)
{
    int64_t size = 0;
    int rc = api_param_int(call->params, "pageSize", 1, PAGE_MAX, PAGE_DEFAULT, &size, diag);
    return rc < 0 ? rc : size;
}

static void on_names(void *arg, int code, struct slice body)
{
    struct api_call *call = arg;
    struct diag diag = DIAG_INIT;
    if (!api_end(call)) return;
    if (code != 200) {
        fail(call, code, body);
        return;
    }
    struct json *names;
    static const struct json_limits limits = { .bytes = 1 << 20, .nodes = 4096, .depth = 4 };
    int rc =
        json_parse(body, &limits, &names, &diag); /* our own list, whatever json.max_bytes is */
    if (rc < 0) {
        api_fail(call, ERR_INTERNAL, diag.text, NULL);
        return;
    }
    struct json *result = json_new_object();
    size_t size = (size_t)page_size(call, NULL);
    if (json_count(names) > size) {
        json_free(json_detach_child(names, json_at(names, size)));
        api_page_next(result, json_str(json_at(names, size - 1)));
    }
    json_set(result, "results", names);
    json_set_int(result, "timestamp", clock_real_ms() / 1000);
    api_answer_json(call, 200, result);
}

void data_list_shadows(struct api_call *call)
{
    const char *thing, *name;
    struct diag diag = DIAG_INIT;
    char *after = NULL;
    if (!take_names(call, &thing, &name)) return;
    int64_t size = page_size(call, &diag);
    int rc = size < 0 ? (int)size : api_page_after(call->params, "nextToken", &after, &diag);
    if (rc < 0) {
        api_fail(call, rc, diag.text, NULL);
        return;
    }
    api_begin(call);
    shadow_rest_list_named(call->api->opts.shadows, thing, after, (size_t)size, on_names, call);
    free(after);
}
