/* Unit tests of the OpenAPI document: the notation of shapes, mistakes in its tables, and the document as it is
 * printed, read back and held against the table of routes by ways of its own. */
#include "lib/test.h"

#include "api/openapi.h"

#include "api/api_priv.h"
#include "base/err.h"
#include "base/mem.h"

/* ---- the notation ---- */

static void notation_becomes_schemas(void **state)
{
    static const struct {
        const char *text, *schema;
    } cases[] = {
        { "s", "{'type':'string'}" },
        { "n", "{'type':'integer'}" },
        { "f", "{'type':'number'}" },
        { "b", "{'type':'boolean'}" },
        { "t", "{'type':'number','description':'seconds since 1970'}" },
        { "x", "{'type':'string','contentEncoding':'base64'}" },
        { "y", "{'description':'any bytes'}" },
        { "o", "{'type':'object'}" },
        { "v", "{}" },
        { "Name", "{'$ref':'#/components/schemas/Name'}" },
        { "s<1..8>", "{'type':'string','minLength':1,'maxLength':8}" },
        { "s<..8>", "{'type':'string','maxLength':8}" },
        { "n<0..>", "{'type':'integer','minimum':0}" },
        { "f<..9>", "{'type':'number','maximum':9}" },
        { "s~^[a-z]+$", "{'type':'string','pattern':'^[a-z]+$'}" },
        { "s<2..3>~^a.{1,2}$",
          "{'type':'string','minLength':2,'maxLength':3,'pattern':'^a.{1,2}$'}" },
        { "[s]", "{'type':'array','items':{'type':'string'}}" },
        { "[[n<0..2>]<1..2>]<0..3>", "{'type':'array','items':{'type':'array','items':{'type':'"
                                     "integer','minimum':0,'maximum':2},"
                                     "'minItems':1,'maxItems':2},'minItems':0,'maxItems':3}" },
        { "{s}", "{'type':'object','additionalProperties':{'type':'string'}}" },
        { "{Key:s<..1>}<0..5>",
          "{'type':'object','propertyNames':{'$ref':'#/components/schemas/Key'},"
          "'additionalProperties':{'type':'string','maxLength':1},'minProperties':0,'maxProperties'"
          ":5}" },
        { "(a:1|b-2)", "{'type':'string','enum':['a:1','b-2']}" },
        { "s<..2>?", "{'anyOf':[{'type':'string','maxLength':2},{'type':'null'}]}" },
        { "Name?", "{'anyOf':[{'$ref':'#/components/schemas/Name'},{'type':'null'}]}" },
        { "[s?]", "{'type':'array','items':{'anyOf':[{'type':'string'},{'type':'null'}]}}" },
        { "", "{'type':'object','properties':{}}" },
        { "a:s", "{'type':'object','properties':{'a':{'type':'string'}},'required':['a']}" },
        { "a?:n b:o? c?:[s]",
          "{'type':'object','properties':{'a':{'type':'integer'},'b':{'anyOf':[{'type':'object'},"
          "{'type':'null'}]},'c':{'type':'array','items':{'type':'string'}}},'required':['b']}" },
        { "a?:s ! <1..1>",
          "{'type':'object','properties':{'a':{'type':'string'}},'additionalProperties':false,"
          "'minProperties':1,'maxProperties':1}" },
        { "=whole:y", "{'type':'object','properties':{'=whole':{'description':'any bytes'}},"
                      "'required':['=whole']}" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *schema, *wanted;
        struct diag diag = DIAG_INIT;
        char *text = xstrdup(cases[i].schema);
        for (char *at = text; *at; at++)
            if (*at == '\'') *at = '"';
        assert_int_equal(json_parse(slice_str(text), NULL, &wanted, NULL), 0);
        if (shape_parse(cases[i].text, &schema, &diag) < 0) fail_msg("%s", diag.text);
        if (!json_equal(schema, wanted)) {
            struct buf got = { 0 };
            json_print(schema, &got);
            fail_msg("%s: %s", cases[i].text, got.data);
        }
        json_free(schema);
        json_free(wanted);
        free(text);
    }
}

static void mistakes_in_the_notation(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "z", "column 2 of \"z\": no type" },
        { "ss", "no type" },
        { "s s", "column 2 of \"s s\": too much" },
        { "a:", "no type" },
        { "a:s b", "column 6 of \"a:s b\": a member is name:type" },
        { "a:s  b:s", "a member is name:type" },
        { "a:s b:", "no type" },
        { "a:s,b:s", "a blank is missing" },
        { "a:s a:n", "the member is there already" },
        { "a:s ?:n", "a member is name:type" },
        { "a:s =:y", "a member is name:type" },
        { "a:s !!", "a blank is missing" },
        { "a:s <1>", "a limit is a number" },
        { "s<1..2", "'>' is missing" },
        { "s<1.2>", "'..' is missing" },
        { "s<a..2>", "a limit is a number" },
        { "s<1..-2>", "a limit is a number" },
        { "v<1..2>", "limits of what has none" },
        { "Name<1..2>", "limits of what has none" },
        { "b<0..1>", "limits of what has none" },
        { "n~^a$", "a pattern of what is no string" },
        { "s~", "a pattern is missing" },
        { "[s", "']' is missing" },
        { "[]", "no type" },
        { "{s", "'}' is missing" },
        { "{s:}", "no type" },
        { "(a", "')' is missing" },
        { "(a||b)", "a word is missing" },
        { "()", "a word is missing" },
        { "s??", "too much" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *schema = NULL;
        struct diag diag = DIAG_INIT;
        int rc = shape_parse(cases[i].text, &schema, &diag);
        if (rc != ERR_SYNTAX || !strstr(diag.text, cases[i].why))
            fail_msg("\"%s\": %d %s", cases[i].text, rc, diag.text);
        assert_null(schema);
    }
}

/* ---- mistakes in the tables ---- */

static void run_nothing(struct api_call *call)
{
}

static int try_operation(const char *path, const char *bind, const char *in, const char *out,
                         struct json **ret_operation, struct diag *diag)
{
    const struct api_route route = {
        .route = { .method = HTTP_POST, .path = path, .action = "iot:Try", .summary = "tries" },
        .op = "Try",
        .plane = API_CONTROL,
        .resource = "*",
        .bind = bind,
        .run = run_nothing,
    };
    const struct shape_op shape = { "Try", in, out };
    struct json *schemas = json_new_object();
    int rc = openapi_operation(&route, &shape, schemas, ret_operation, diag);
    json_free(schemas);
    return rc;
}

static void rows_that_do_not_fit_their_routes(void **state)
{
    static const struct {
        const char *path, *bind, *in, *out, *why;
    } cases[] = {
        { "/a/{b}", NULL, "", "", "Try: a label has no member in /a/{b}" },
        { "/a/{b+}", NULL, "c:s", "", "a label has no member in /a/{b+}" },
        { "/a/{b}", NULL, "b?:s", "", "no label may be absent in /a/{b}" },
        { "/a", "?b", "", "", "a parameter has no member b" },
        { "/a", "?b=c", "b:s", "", "a parameter has no member b=c" },
        { "/a", "@x-b=c", "", "", "a parameter has no member" },
        { "/a", NULL, "b:s", "", "a member has no place in a request: b" },
        { "/a", "?b", "b:s c?:s", "", "a member has no place in a request: c" },
        { "/a", "{b}", "b:o c?:s", "", "a member has no place in a request: c" },
        { "/a", "{*}", "b:s =payload:y", "", "a member has no place in a request: b" },
        { "/a", "{b}", "", "", "the body has no member" },
        { "/a", NULL, "Name", "", "a request is made of members, not of Name" },
        { "/a", "{*}", "{s}", "", "a request is made of members" },
        { "/a", "{*}", "b:z", "", "Try: column 4 of" },
        { "/a", NULL, "", "b:z", "Try: column 4 of" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *operation = NULL;
        struct diag diag = DIAG_INIT;
        int rc = try_operation(cases[i].path, cases[i].bind, cases[i].in, cases[i].out, &operation,
                               &diag);
        if (rc != ERR_SYNTAX || !strstr(diag.text, cases[i].why))
            fail_msg("case %zu: %d %s", i, rc, diag.text);
        assert_null(operation);
    }
}

static void names_that_are_taken(void **state)
{
    static const char *const taken[] = { "TryRequest", "TryResponse" };
    const struct api_route route = {
        .route = { .path = "/a", .summary = "tries" }, .op = "Try", .plane = API_OPEN, .bind = "{*}"
    };
    const struct shape_op shape = { "Try", "a:s", "b:s" };
    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        struct json *schemas = json_new_object(), *operation;
        struct diag diag = DIAG_INIT;
        json_set(schemas, taken[i], json_new_object());
        assert_int_equal(openapi_operation(&route, &shape, schemas, &operation, &diag), ERR_SYNTAX);
        assert_non_null(strstr(diag.text, "is taken"));
        json_free(schemas);
    }
}

static void a_route_without_a_summary(void **state)
{
    const struct api_route route = { .route = { .path = "/a", .summary = "" }, .op = "Try" };
    const struct shape_op shape = { "Try", "", "" };
    struct json *operation;
    struct diag diag = DIAG_INIT;
    assert_int_equal(openapi_operation(&route, &shape, NULL, &operation, &diag), ERR_SYNTAX);
    assert_string_equal(diag.text, "Try: the route has no summary");
}

static void members_go_where_the_route_takes_them_from(void **state)
{
    struct json *operation;
    struct buf text = { 0 };
    assert_int_equal(try_operation("/a/{b}/{c+}", "?d=dd @x-e=e {*}", "b:s c:n dd?:b e:s f:s g?:s",
                                   "", &operation, NULL),
                     0);
    json_print(json_get(operation, "parameters"), &text);
    assert_string_equal(
        buf_str(&text),
        "[{\"name\":\"b\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}},"
        "{\"name\":\"c\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\"},"
        "\"description\":\"Its slashes may be escaped or not.\",\"x-thingd-greedy\":true},"
        "{\"name\":\"d\",\"in\":\"query\",\"required\":false,\"schema\":{\"type\":\"boolean\"}},"
        "{\"name\":\"x-e\",\"in\":\"header\",\"required\":true,\"schema\":{\"type\":\"string\"}}]");
    assert_string_equal(json_get_str(operation, "summary"), "Tries");
    buf_clear(&text);
    json_print(json_get(operation, "requestBody"), &text);
    assert_string_equal(buf_str(&text), "{\"required\":true,\"content\":{\"application/json\":{"
                                        "\"schema\":{\"$ref\":\"#/components/schemas/TryRequest\"}"
                                        "}}}");
    json_free(operation);
    buf_deinit(&text);
}

/* ---- the document ---- */

static struct json *document;

static int make_document(void **state)
{
    static const struct json_limits limits = {
        .bytes = 4 << 20, .nodes = 200000, .depth = 64, .unique_keys = true
    };
    struct diag diag = DIAG_INIT;
    struct json *made;
    struct buf text = { 0 };
    if (openapi_make("1.2.3", &made, &diag) < 0) fail_msg("%s", diag.text);
    json_print(made, &text);
    json_free(made);
    if (json_parse(buf_slice(&text), &limits, &document, &diag) < 0) fail_msg("%s", diag.text);
    buf_deinit(&text);
    return 0;
}

static int free_document(void **state)
{
    json_free(document);
    return 0;
}

/* One key after another, up to NULL. */
static const struct json *in_document(const char *first, ...)
{
    const struct json *at = document;
    va_list ap;
    va_start(ap, first);
    for (const char *key = first; key; key = va_arg(ap, const char *))
        at = json_get(at, key);
    va_end(ap);
    return at;
}

static const struct json *operation_of(const struct api_route *route)
{
    char path[256], method[16];
    size_t len = 0;
    for (const char *at = route->route.path; *at; at++)
        if (strncmp(at, "+}", 2)) path[len++] = *at;
    path[len] = 0;
    snprintf(method, sizeof method, "%s", http_method_name(route->route.method));
    for (char *at = method; *at; at++)
        *at = (char)(*at | 0x20);
    return in_document("paths", path, method, NULL);
}

static size_t count_parameters(const struct json *operation, const char *in, const char *name,
                               size_t len)
{
    size_t count = 0;
    json_for_each(one, json_get(operation, "parameters")) {
        if (strcmp(json_get_str(one, "in"), in) == 0 && json_get(one, "schema") &&
            slice_eq(slice_str(json_get_str(one, "name")), slice_of(name, len)))
            count++;
    }
    return count;
}

static void info_and_servers(void **state)
{
    assert_string_equal(json_get_str(document, "openapi"), "3.1.0");
    assert_string_equal(json_str(in_document("info", "title", NULL)), "thingd");
    assert_string_equal(json_str(in_document("info", "version", NULL)), "1.2.3");
    assert_string_equal(json_get_str(json_at(json_get(document, "servers"), 0), "url"), "/");
}

/* Each has an operation of its name, and there are no more operations than routes. */
static void every_route_is_there_once(void **state)
{
    size_t routes = 0, operations = 0;
    for (size_t i = 0; i < api_route_count; i++) {
        if (!api_routes[i].run) continue;
        const struct json *operation = operation_of(&api_routes[i]);
        if (!operation) fail_msg("%s is missing", api_routes[i].op);
        assert_string_equal(json_get_str(operation, "operationId"), api_routes[i].op);
        routes++;
    }
    json_for_each(path, json_get(document, "paths")) {
        assert_int_equal(*json_key(path), '/');
        operations += json_count(path);
    }
    assert_int_equal(routes, operations);
    assert_true(routes > 70);
}

static void every_operation_has_a_summary(void **state)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const struct json *operation = operation_of(&api_routes[i]);
        const char *summary = json_get_str(operation, "summary");
        assert_non_null(summary);
        assert_false(*summary >= 'a' && *summary <= 'z');
        assert_string_equal(summary + 1, api_routes[i].route.summary + 1);
        assert_int_equal(json_count(json_get(operation, "tags")), 1);
    }
}

static void labels_and_sources_are_parameters(void **state)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const struct json *operation = operation_of(&api_routes[i]);
        size_t wanted = 0;
        for (const char *at = api_routes[i].route.path; (at = strchr(at, '{')); at++, wanted++)
            assert_int_equal(count_parameters(operation, "path", at + 1, strcspn(at + 1, "+}")), 1);
        for (const char *at = api_routes[i].bind; at && *at; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            const char *in = *at == '?' ? "query" : *at == '@' ? "header" : NULL;
            if (in)
                assert_int_equal(count_parameters(operation, in, at + 1, strcspn(at + 1, "= ")), 1);
            else
                assert_non_null(json_get(operation, "requestBody"));
            wanted += in != NULL;
            at += len;
        }
        assert_int_equal(json_count(json_get(operation, "parameters")), wanted);
    }
}

static bool is_success(const struct json *answer)
{
    const char *status = json_key(answer);
    return *status == '2' || strcmp(status, "101") == 0;
}

static void every_operation_has_an_answer_with_a_schema(void **state)
{
    for (size_t i = 0; i < api_route_count; i++) {
        size_t fine = 0;
        json_for_each(answer, json_get(operation_of(&api_routes[i]), "responses")) {
            assert_true(json_get_str(answer, "description") || json_get_str(answer, "$ref"));
            if (!is_success(answer)) continue;
            fine++;
            json_for_each(content, json_get(answer, "content"))
                assert_non_null(json_get(content, "schema"));
            if (*json_key(answer) == '2')
                assert_int_equal(json_count(json_get(answer, "content")), 1);
        }
        if (fine != 1) fail_msg("%s has %zu answers", api_routes[i].op, fine);
    }
}

static const struct json *at_reference(const char *ref)
{
    char kind[32], name[128];
    if (sscanf(ref, "#/components/%31[a-z]/%127[A-Za-z0-9-]", kind, name) != 2) return NULL;
    return in_document("components", kind, name, NULL);
}

static void follow(const struct json *part)
{
    const char *ref = json_get_str(part, "$ref");
    if (ref && !at_reference(ref)) fail_msg("%s is not there", ref);
    json_for_each(child, part)
        follow(child);
}

static void references_lead_somewhere(void **state)
{
    follow(document);
    assert_null(at_reference("#/components/schemas/NotThere"));
}

static bool refers_to(const struct json *part, const char *wanted)
{
    const char *ref = json_get_str(part, "$ref");
    bool found = ref && strcmp(ref, wanted) == 0;
    json_for_each(child, part) {
        if (!found) found = refers_to(child, wanted);
    }
    return found;
}

static void components_are_all_used(void **state)
{
    static const char *const kinds[] = { "schemas", "responses" };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        json_for_each(one, in_document("components", kinds[i], NULL)) {
            char *ref = xasprintf("#/components/%s/%s", kinds[i], json_key(one));
            if (!refers_to(document, ref)) fail_msg("nobody refers to %s", ref);
            free(ref);
        }
}

static const struct json *names_of(const struct json *error)
{
    const char *ref = json_get_str(error, "$ref");
    if (ref) error = at_reference(ref);
    const struct json *header = json_get(json_get(error, "headers"), "x-amzn-ErrorType");
    return json_get(json_get(header, "schema"), "enum");
}

static bool tells(const char *op, const char *status, const char *error)
{
    const struct json *responses = json_get(operation_of(api_route_of(op)), "responses");
    json_for_each(name, names_of(json_get(responses, status))) {
        if (strcmp(json_str(name), error) == 0) return true;
    }
    return false;
}

static void errors_are_those_of_the_plane(void **state)
{
    static const struct {
        const char *op, *status, *error;
        bool told;
    } cases[] = {
        { "CreateThing", "409", "ResourceAlreadyExistsException", true },
        { "CreateThing", "400", "MalformedPolicyException", false },
        { "CreateThing", "403", "MissingAuthenticationTokenException", true },
        { "CreatePolicy", "400", "MalformedPolicyException", true },
        { "CreatePolicy", "400", "InvalidRequestException", true },
        { "CreatePolicyVersion", "409", "VersionsLimitExceededException", true },
        { "CreatePolicyVersion", "409", "VersionConflictException", true },
        { "CreateTopicRule", "400", "SqlParseException", true },
        { "TestTopicRule", "400", "SqlParseException", true },
        { "GetThingShadow", "404", "ResourceNotFoundException", true },
        { "UpdateThingShadow", "409", "ConflictException", true },
        { "UpdateThingShadow", "409", "ResourceAlreadyExistsException", false },
        { "Publish", "429", "ThrottlingException", true },
        { "Publish", "403", "ForbiddenException", true },
        { "Publish", "403", "MissingAuthenticationTokenException", false },
        { "Publish", "410", "LimitExceededException", false },
        { "ListSessions", "403", "AccessDeniedException", true },
        { "Metrics", "403", "AccessDeniedException", true },
        { "Metrics", "404", "ResourceNotFoundException", false },
        { "Live", "503", "ServiceUnavailableException", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (tells(cases[i].op, cases[i].status, cases[i].error) != cases[i].told)
            fail_msg("%s %s %s", cases[i].op, cases[i].status, cases[i].error);
}

static bool has_scheme(const char *op, const char *scheme)
{
    json_for_each(one, json_get(operation_of(api_route_of(op)), "security")) {
        if (scheme ? json_get(one, scheme) != NULL : !json_count(one)) return true;
    }
    return false;
}

static void who_may_ask(void **state)
{
    static const struct {
        const char *op;
        bool sigv4, bearer, certificate, nobody;
    } cases[] = {
        { "CreateThing", true, true, false, false }, { "GetStatus", true, true, false, false },
        { "Publish", true, true, true, true },       { "Metrics", true, true, true, true },
        { "OpenApi", true, true, true, true },       { "Live", false, false, false, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(has_scheme(cases[i].op, "sigv4"), cases[i].sigv4);
        assert_int_equal(has_scheme(cases[i].op, "bearer"), cases[i].bearer);
        assert_int_equal(has_scheme(cases[i].op, "certificate"), cases[i].certificate);
        assert_int_equal(has_scheme(cases[i].op, NULL), cases[i].nobody);
    }
    json_for_each(one, in_document("components", "securitySchemes", NULL))
        assert_non_null(json_get_str(one, "type"));
}

static void bodies_have_their_types(void **state)
{
    const struct json *publish = operation_of(api_route_of("Publish"));
    const struct json *shadow = operation_of(api_route_of("UpdateThingShadow"));
    const struct json *metrics = operation_of(api_route_of("Metrics"));
    const struct json *known = operation_of(api_route_of("OpenApi"));
    assert_non_null(json_get(json_get(json_get(publish, "requestBody"), "content"), "*/*"));
    assert_non_null(json_get(json_get(json_get(shadow, "requestBody"), "content"), OPENAPI_JSON));
    const struct json *ok = json_get(json_get(metrics, "responses"), "200");
    assert_non_null(json_get(json_get(ok, "content"), "text/plain"));
    const struct json *not_modified = json_get(json_get(known, "responses"), "304");
    assert_non_null(not_modified);
    assert_null(json_get(not_modified, "content"));
    assert_null(json_get(operation_of(api_route_of("DescribeThing")), "requestBody"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notation_becomes_schemas),
        cmocka_unit_test(mistakes_in_the_notation),
        cmocka_unit_test(rows_that_do_not_fit_their_routes),
        cmocka_unit_test(names_that_are_taken),
        cmocka_unit_test(a_route_without_a_summary),
        cmocka_unit_test(members_go_where_the_route_takes_them_from),
        cmocka_unit_test(info_and_servers),
        cmocka_unit_test(every_route_is_there_once),
        cmocka_unit_test(every_operation_has_a_summary),
        cmocka_unit_test(labels_and_sources_are_parameters),
        cmocka_unit_test(every_operation_has_an_answer_with_a_schema),
        cmocka_unit_test(references_lead_somewhere),
        cmocka_unit_test(components_are_all_used),
        cmocka_unit_test(errors_are_those_of_the_plane),
        cmocka_unit_test(who_may_ask),
        cmocka_unit_test(bodies_have_their_types),
    };
    return cmocka_run_group_tests(tests, make_document, free_document);
}
