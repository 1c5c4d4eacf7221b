/* Unit tests of policy: patterns, values, malformed documents, what the header promises; and the
 * cases of tests/golden/policy, which are the evaluation.
 *
 * A case file is read line by line; '#' begins a comment.
 *   {…                        begins a document, which ends before the next blank line. Documents
 *                             that follow each other are evaluated together, as policies P0, P1, …;
 *                             one that follows a line of another kind begins anew, without
 *                             variables.
 *   error SENTENCE            the last document must be refused so.
 *   with NAME = V | V         gives a variable its value or values.
 *   without NAME              takes it away.
 *   allow ACTION RESOURCE P.S   the decision must be that, by statement S of policy P;
 *   deny ACTION RESOURCE P.S    P.S may be left out.
 *   none ACTION RESOURCE
 * A RESOURCE that is neither an ARN nor "*" gets "arn:aws:iot:local:000000000000:" before it. */
#include "base/err.h"
#include "base/mem.h"
#include "lib/test.h"
#include "policy/pattern.h"
#include "policy/policy.h"
#include "policy/value.h"

#include <dirent.h>

#define ARN "arn:aws:iot:local:000000000000:"

/* --- variables of a test ---------------------------------------------------------------------- */

enum { VARS = 16, VALUES = 8 };

struct test_vars {
    struct {
        char *name;
        char *values[VALUES];
        size_t count;
    } items[VARS];
    size_t count;
};

static bool get_var(void *arg, const char *name, size_t index, struct slice *ret_value)
{
    struct test_vars *vars = arg;
    for (size_t i = 0; i < vars->count; i++) {
        if (strcmp(vars->items[i].name, name) != 0 || index >= vars->items[i].count) continue;
        *ret_value = slice_str(vars->items[i].values[index]);
        return true;
    }
    return false;
}

static void drop_var(struct test_vars *vars, const char *name)
{
    for (size_t i = 0; i < vars->count; i++) {
        if (strcmp(vars->items[i].name, name) != 0) continue;
        free(vars->items[i].name);
        for (size_t n = 0; n < vars->items[i].count; n++)
            free(vars->items[i].values[n]);
        vars->items[i] = vars->items[--vars->count];
        return;
    }
}

/* values: "one | two". */
static void put_var(struct test_vars *vars, const char *name, const char *values)
{
    drop_var(vars, name);
    assert_true(vars->count < VARS);
    size_t at = vars->count++, count = 0;
    vars->items[at].name = xstrdup(name);
    for (const char *end; values; values = end ? end + 3 : NULL) {
        end = strstr(values, " | ");
        assert_true(count < VALUES);
        vars->items[at].values[count++] =
            end ? xstrndup(values, (size_t)(end - values)) : xstrdup(values);
    }
    vars->items[at].count = count;
}

static void clear_vars(struct test_vars *vars)
{
    while (vars->count)
        drop_var(vars, vars->items[0].name);
}

/* --- golden cases ----------------------------------------------------------------------------- */

enum { POLICIES = 8 };

struct golden {
    const char *file;
    int line;
    struct policy *policies[POLICIES];
    size_t count;
    bool evaluated; /* a document now begins anew */
    struct buf document;
    int rc; /* of the last document */
    struct diag diag;
    struct test_vars vars;
    int checks;
};

static void begin_anew(struct golden *g)
{
    while (g->count)
        policy_unref(g->policies[--g->count]);
    clear_vars(&g->vars);
    g->evaluated = false;
}

static void end_document(struct golden *g)
{
    char name[16];
    if (g->document.len == 0) return;
    if (g->evaluated) begin_anew(g);
    assert_true(g->count < POLICIES);
    snprintf(name, sizeof name, "P%zu", g->count);
    g->diag = (struct diag)DIAG_INIT;
    g->rc = policy_parse(name, buf_slice(&g->document), &g->policies[g->count], &g->diag);
    g->count += g->rc == 0;
    buf_clear(&g->document);
}

static void expect_error(struct golden *g, const char *sentence)
{
    if (g->rc >= 0 || strcmp(diag_text(&g->diag, g->rc), sentence) != 0)
        fail_msg("%s:%d: got '%s'", g->file, g->line, g->rc < 0 ? g->diag.text : "a policy");
    g->rc = 0;
}

static void expect_decision(struct golden *g, enum policy_effect effect, const char *rest)
{
    char action[128], name[1024] = "", by[32] = "", resource[2048], got[256] = "";
    int fields = sscanf(rest, "%127s %1023s %31s", action, name, by);
    if (fields < 2 || g->rc < 0)
        fail_msg("%s:%d: %s", g->file, g->line, g->rc < 0 ? g->diag.text : "bad line");
    bool whole = strcmp(name, "*") == 0 || strncmp(name, "arn:", 4) == 0;
    snprintf(resource, sizeof resource, "%s%s", whole ? "" : ARN, name);
    struct policy_vars vars = { get_var, &g->vars };
    struct policy_request request = { .action = action,
                                      .resource = slice_str(resource),
                                      .vars = &vars };
    struct policy_decision decision;
    policy_eval(g->policies, g->count, &request, &decision);
    if (decision.policy)
        snprintf(got, sizeof got, "%s.%d", policy_name(decision.policy) + 1, decision.statement);
    if (decision.effect != effect || (by[0] && strcmp(by, got) != 0)) {
        struct buf text = { 0 };
        policy_decision_text(&decision, &text);
        fail_msg("%s:%d: %s", g->file, g->line, buf_str(&text));
    }
    /* By the number the answer must be the same. */
    struct policy_decision by_id;
    request.id = policy_action_of(action);
    if (request.id != POLICY_ACTION_OTHER) request.action = NULL;
    policy_eval(g->policies, g->count, &request, &by_id);
    assert_int_equal(by_id.effect, decision.effect);
    assert_int_equal(by_id.statement, decision.statement);
    g->checks++;
}

static void golden_with(struct golden *g, char *rest)
{
    char *is = strstr(rest, " = ");
    if (!is) fail_msg("%s:%d: bad line", g->file, g->line);
    *is = '\0';
    put_var(&g->vars, rest, is + 3);
}

static void golden_line(struct golden *g, char *line)
{
    static const struct {
        const char *word;
        enum policy_effect effect;
    } decisions[] = {
        { "allow ", POLICY_ALLOW },
        { "deny ", POLICY_EXPLICIT_DENY },
        { "none ", POLICY_IMPLICIT_DENY },
    };
    if (line[0] == '{' || (g->document.len && line[0])) {
        buf_printf(&g->document, "%s\n", line);
        return;
    }
    end_document(g);
    if (line[0] == '#' || !line[0]) return;
    g->evaluated = true;
    for (size_t i = 0; i < ARRAY_LEN(decisions); i++) {
        size_t len = strlen(decisions[i].word);
        if (strncmp(line, decisions[i].word, len) != 0) continue;
        expect_decision(g, decisions[i].effect, line + len);
        return;
    }
    if (strncmp(line, "error ", 6) == 0)
        expect_error(g, line + 6);
    else if (strncmp(line, "with ", 5) == 0)
        golden_with(g, line + 5);
    else if (strncmp(line, "without ", 8) == 0)
        drop_var(&g->vars, line + 8);
    else
        fail_msg("%s:%d: unknown line", g->file, g->line);
}

static int run_case(const char *path)
{
    struct golden g = { .file = path };
    char line[4096];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        g.line++;
        line[strcspn(line, "\n")] = '\0';
        golden_line(&g, line);
    }
    fclose(file);
    end_document(&g);
    begin_anew(&g);
    buf_deinit(&g.document);
    return g.checks;
}

static void golden_cases_hold(void **state)
{
    int files = 0, checks = 0;
    DIR *dir = opendir(TEST_GOLDEN "/policy");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[1024];
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 5, ".case") != 0) continue;
        snprintf(path, sizeof path, TEST_GOLDEN "/policy/%s", entry->d_name);
        checks += run_case(path);
        files++;
    }
    closedir(dir);
    assert_true(files >= 5 && checks >= 100);
}

/* --- patterns --------------------------------------------------------------------------------- */

static const struct {
    const char *pattern, *text;
    bool match;
    unsigned flags;
} patterns[] = {
    { "", "", true, 0 },
    { "", "a", false, 0 },
    { "a", "", false, 0 },
    { "*", "", true, PATTERN_WILD },
    { "*", "a/b/c", true, PATTERN_WILD },
    { "**", "", true, PATTERN_WILD },
    { "?", "", false, PATTERN_WILD },
    { "?", "a", true, PATTERN_WILD },
    { "?", "ab", false, PATTERN_WILD },
    { "?", "\xc3\xa9", true, PATTERN_WILD },
    { "??", "\xc3\xa9", false, PATTERN_WILD },
    { "*??", "\xe2\x82\xac", false, PATTERN_WILD },
    { "?*", "\xe2\x82\xac", true, PATTERN_WILD },
    { "*?", "", false, PATTERN_WILD },
    { "*?*?*", "ab", true, PATTERN_WILD },
    { "*?*?*", "a", false, PATTERN_WILD },
    { "a*b", "ab", true, PATTERN_WILD },
    { "a*b", "a/x/b", true, PATTERN_WILD },
    { "a*b", "a/x/bc", false, PATTERN_WILD },
    { "a*b*c", "abxbc", true, PATTERN_WILD },
    { "a*bc", "abbc", true, PATTERN_WILD },
    { "*abab", "ababab", true, PATTERN_WILD },
    { "*abab*", "xxabaab", false, PATTERN_WILD },
    { "*ab?d", "abcabxd", true, PATTERN_WILD },
    { "*ab?d*", "abcabxde", true, PATTERN_WILD },
    { "*aab*", "aaab", true, PATTERN_WILD },
    { "*a?b", "aaxb", true, PATTERN_WILD },
    { "*a*a*a*", "aa", false, PATTERN_WILD },
    { "a/+/c", "a/+/c", true, PATTERN_WILD },
    { "a/+/c", "a/b/c", false, PATTERN_WILD },
    { "a/#", "a/b", false, PATTERN_WILD },
    { "a/#", "a/#", true, PATTERN_WILD },
    { "a/*/c", "a/+/c", true, PATTERN_WILD },
    { "A", "a", false, PATTERN_WILD },
    { "iot:publish", "iot:Publish", true, PATTERN_FOLD },
    { "IOT:*LISH", "iot:Publish", true, PATTERN_FOLD | PATTERN_WILD },
    { "iot:*x*", "iot:Publish", false, PATTERN_FOLD | PATTERN_WILD },
    { "*", "a", false, 0 },
    { "*", "*", true, 0 },
    { "a?", "ab", false, 0 },
    { "$aws/*", "$aws/things", true, PATTERN_WILD | PATTERN_VARS },
    { "a$", "a$", true, PATTERN_VARS },
    { "$", "$", true, PATTERN_VARS },
    { "$$", "$$", true, PATTERN_VARS },
    { "${*}", "*", true, PATTERN_WILD | PATTERN_VARS },
    { "${*}", "x", false, PATTERN_WILD | PATTERN_VARS },
    { "a${?}b", "a?b", true, PATTERN_WILD | PATTERN_VARS },
    { "a${?}b", "axb", false, PATTERN_WILD | PATTERN_VARS },
    { "${$}{x}", "${x}", true, PATTERN_WILD | PATTERN_VARS },
    { "${*}*${*}", "*ab*", true, PATTERN_WILD | PATTERN_VARS },
    { "${x}", "${x}", true, 0 },
    { "${x}", "${x}", false, PATTERN_VARS }, /* without a value nothing matches, not even itself */
    { "${v}", "lamp", true, PATTERN_VARS },
    { "${v}", "lamps", false, PATTERN_VARS },
    { "${v}${v}", "lamplamp", true, PATTERN_VARS },
    { "a/${v}/*", "a/lamp/on", true, PATTERN_WILD | PATTERN_VARS },
    { "a/${v}/*", "a/lamb/on", false, PATTERN_WILD | PATTERN_VARS },
    { "*${v}", "xlamp", true, PATTERN_WILD | PATTERN_VARS },
    { "*${v}*", "xlampx", true, PATTERN_WILD | PATTERN_VARS },
    { "*${v}?${v}", "lamplamp-lamp", true, PATTERN_WILD | PATTERN_VARS },
    { "${V}", "lamp", false, PATTERN_VARS },
    { "${v}", "LAMP", true, PATTERN_VARS | PATTERN_FOLD },
    { "${star}", "*", false, PATTERN_WILD | PATTERN_VARS },
    { "${star}", "x", false, PATTERN_WILD | PATTERN_VARS },
    { "${plus}", "+", false, PATTERN_WILD | PATTERN_VARS },
    { "${hash}", "a#", false, PATTERN_WILD | PATTERN_VARS },
    { "${dollar}", "$a", false, PATTERN_WILD | PATTERN_VARS },
    { "${ask}", "a?", false, PATTERN_WILD | PATTERN_VARS },
    { "a${empty}b", "ab", false, PATTERN_WILD | PATTERN_VARS },
    { "*${none}*", "x", false, PATTERN_WILD | PATTERN_VARS },
};

static void patterns_match(void **state)
{
    struct test_vars values = { 0 };
    static const char *const given[][2] = { { "v", "lamp" },  { "star", "*" },    { "plus", "+" },
                                            { "hash", "a#" }, { "dollar", "$a" }, { "ask", "a?" },
                                            { "empty", "" } };
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        put_var(&values, given[i][0], given[i][1]);
    struct policy_vars vars = { get_var, &values };
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
        struct arena arena = { 0 };
        struct pattern p;
        assert_int_equal(
            pattern_compile(&arena, slice_str(patterns[i].pattern), patterns[i].flags, &p, NULL),
            0);
        if (pattern_match(&p, slice_str(patterns[i].text), &vars) != patterns[i].match)
            fail_msg("%s on %s", patterns[i].pattern, patterns[i].text);
        arena_deinit(&arena);
    }
    clear_vars(&values);
}

static void patterns_refuse(void **state)
{
    static const char *const cases[] = { "${",       "a${b",    "${}",   "${a b}",
                                         "${a${b}}", "${a'b'}", "${a*}", "${\xc3\xa9}" };
    struct arena arena = { 0 };
    struct buf text = { 0 };
    struct pattern p;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (pattern_compile(&arena, slice_str(cases[i]), PATTERN_WILD | PATTERN_VARS, &p, NULL) !=
            ERR_INVALID)
            fail_msg("%s", cases[i]);
    for (int i = 0; i < PATTERN_VARS_MAX + 1; i++)
        buf_puts(&text, "${a}");
    assert_int_equal(pattern_compile(&arena, buf_slice(&text), PATTERN_VARS, &p, NULL),
                     ERR_INVALID);
    buf_clear(&text);
    for (int i = 0; i < PATTERN_TOKENS_MAX; i++)
        buf_puts(&text, "a*");
    assert_int_equal(pattern_compile(&arena, buf_slice(&text), PATTERN_WILD, &p, NULL),
                     ERR_INVALID);
    buf_clear(&text);
    for (int i = 0; i < 5000; i++)
        buf_puts(&text, i % 2 ? "?" : "*");
    assert_int_equal(pattern_compile(&arena, buf_slice(&text), PATTERN_WILD, &p, NULL), 0);
    assert_int_equal(p.count, 2);
    buf_deinit(&text);
    arena_deinit(&arena);
}

/* Would take longer than the age of the universe if stars were tried against each other. */
static void patterns_do_not_explode(void **state)
{
    struct arena arena = { 0 };
    struct buf text = { 0 }, pattern = { 0 };
    struct pattern p;
    for (int i = 0; i < 65536; i++)
        buf_putc(&text, 'a');
    for (int i = 0; i < 100; i++)
        buf_puts(&pattern, "*a?a");
    buf_puts(&pattern, "b*");
    assert_int_equal(pattern_compile(&arena, buf_slice(&pattern), PATTERN_WILD, &p, NULL),
                     ERR_INVALID);
    buf_clear(&pattern);
    for (int i = 0; i < 60; i++)
        buf_puts(&pattern, "*a?a");
    buf_puts(&pattern, "b*");
    assert_int_equal(pattern_compile(&arena, buf_slice(&pattern), PATTERN_WILD, &p, NULL), 0);
    assert_false(pattern_match(&p, buf_slice(&text), NULL));
    buf_deinit(&text);
    buf_deinit(&pattern);
    arena_deinit(&arena);
}

/* --- values ----------------------------------------------------------------------------------- */

static void values_are_read(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t ms;
    } dates[] = {
        { "1970-01-01", true, 0 },
        { "1970-01-01T00:00:00Z", true, 0 },
        { "2026-01-31T23:59:59Z", true, 1769903999000 },
        { "2026-01-31T23:59Z", true, 1769903940000 },
        { "2026-01-31T23:59:59.1239Z", true, 1769903999123 },
        { "2026-02-01T00:59:59+01:00", true, 1769903999000 },
        { "2026-01-31T18:59:59-0500", true, 1769903999000 },
        { "2024-02-29", true, 1709164800000 },
        { "1600-02-29", true, -11670998400000 },
        { "0001-01-01", true, -62135596800000 },
        { "1769903999", true, 1769903999000 },
        { "-1", true, -1000 },
        { "2023-02-29", false, 0 },
        { "1900-02-29", false, 0 },
        { "2026-13-01", false, 0 },
        { "2026-00-01", false, 0 },
        { "2026-01-00", false, 0 },
        { "2026-1-1", false, 0 },
        { "2026-01-31T24:00:00Z", false, 0 },
        { "2026-01-31T23:60Z", false, 0 },
        { "2026-01-31T23:59:59", false, 0 },
        { "2026-01-31T23:59:59.Z", false, 0 },
        { "2026-01-31T23:59:59.", false, 0 },
        { "2026-01-31 23:59:59Z", false, 0 },
        { "2026-01-31T23:59:59ZZ", false, 0 },
        { "2026-01-31T23:59:59+1:00", false, 0 },
        { "2026-01-31T-1:00Z", false, 0 },
        { "0000-01-01", false, 0 },
        { "9223372036854775807", false, 0 },
        { "", false, 0 },
        { "today", false, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        int64_t ms = 4711;
        bool good = value_date(slice_str(dates[i].text), &ms);
        if (good != dates[i].good || ms != (good ? dates[i].ms : 4711))
            fail_msg("%s gave %lld", dates[i].text, (long long)ms);
    }
    static const struct {
        const char *net, *address;
        bool inside;
    } nets[] = {
        { "10.0.0.0/8", "10.255.0.1", true },
        { "10.0.0.0/8", "11.0.0.1", false },
        { "10.1.2.3/8", "10.9.9.9", true },
        { "192.168.1.128/25", "192.168.1.129", true },
        { "192.168.1.128/25", "192.168.1.1", false },
        { "192.168.1.7", "192.168.1.7", true },
        { "192.168.1.7", "192.168.1.8", false },
        { "0.0.0.0/0", "203.0.113.9", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "2001:db8::1", true },
        { "::/0", "10.0.0.1", true }, /* an IPv4 address is ::ffff:10.0.0.1 */
        { "10.0.0.0/8", "::ffff:10.1.1.1", true },
        { "2001:db8::/32", "2001:db8:1::1", true },
        { "2001:db8::/33", "2001:db8:8000::1", false },
        { "2001:db8::1", "2001:DB8:0::1", true },
        { "10.0.0.0/8", "10.1.1.1/32", false },
        { "10.0.0.0/8", "", false },
        { "10.0.0.0/8", "localhost", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(nets); i++) {
        struct value_net net;
        assert_true(value_net(slice_str(nets[i].net), &net));
        if (value_in_net(slice_str(nets[i].address), &net) != nets[i].inside)
            fail_msg("%s in %s", nets[i].address, nets[i].net);
    }
    static const char *const bad_nets[] = { "",          "10.0.0.0/33", "10.0.0.0/",   "10.0.0/8",
                                            "::/129",    "10.0.0.0/-1", "10.0.0.0/8x", "/8",
                                            "256.0.0.1", "10.0.0.0/8/8" };
    for (size_t i = 0; i < ARRAY_LEN(bad_nets); i++) {
        struct value_net net;
        if (value_net(slice_str(bad_nets[i]), &net)) fail_msg("%s", bad_nets[i]);
    }
    static const char *const bad_numbers[] = { "",  "x",  "1x",  " 1",    "0x10", "nan",
                                               "+", "1e", "inf", "1e999", "1,5",  "--1" };
    double number;
    for (size_t i = 0; i < ARRAY_LEN(bad_numbers); i++)
        if (value_number(slice_str(bad_numbers[i]), &number)) fail_msg("%s", bad_numbers[i]);
    assert_true(value_number(slice_str("-1.50e1"), &number) && number == -15);
    bool truth;
    assert_true(value_bool(slice_str("True"), &truth) && truth);
    assert_true(value_bool(slice_str("FALSE"), &truth) && !truth);
    assert_false(value_bool(slice_str("1"), &truth) || value_bool(slice_str(""), &truth));
}

/* --- the header's promises -------------------------------------------------------------------- */

static struct policy *parse(const char *document)
{
    struct policy *policy = NULL;
    struct diag diag = DIAG_INIT;
    if (policy_parse("p", slice_str(document), &policy, &diag) < 0)
        fail_msg("%s: %s", document, diag.text);
    return policy;
}

static void actions_are_known_by_name(void **state)
{
    for (int i = 1; i < POLICY_ACTION_COUNT; i++) {
        const char *name = policy_action_name((enum policy_action)i);
        assert_int_equal(policy_action_of(name), i);
        if (i > 1)
            assert_true(strcasecmp(policy_action_name((enum policy_action)(i - 1)), name) < 0);
    }
    assert_int_equal(policy_action_of("IOT:PUBLISH"), POLICY_ACTION_PUBLISH);
    static const char *const others[] = { "",        "iot:", "iot:Publis",      "iot:Publishe",
                                          "Publish", "*",    "iot:CreateThing", "zzz",
                                          "aaa" };
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_int_equal(policy_action_of(others[i]), POLICY_ACTION_OTHER);
    assert_null(policy_action_name(POLICY_ACTION_OTHER));
}

static void decisions_tell_why(void **state)
{
    struct policy *policy =
        parse("{\"Version\":\"2012-10-17\",\"Statement\":["
              "{\"Effect\":\"Allow\",\"Action\":\"iot:*\",\"Resource\":\"*\"},"
              "{\"Sid\":\"NoSecrets\",\"Effect\":\"Deny\",\"Action\":\"iot:Receive\","
              "\"Resource\":\"arn:*:topic/secret\"}]}");
    struct policy *other = policy_ref(policy);
    static const struct {
        const char *action, *resource, *text;
    } cases[] = {
        { "iot:Publish", ARN "topic/secret", "allowed by policy p, Statement[0]" },
        { "iot:Receive", ARN "topic/secret",
          "explicit deny by policy p, Statement[1] (NoSecrets)" },
        { "s3:GetObject", ARN "topic/secret", "no statement allows it" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct policy_request request = { .action = cases[i].action,
                                          .resource = slice_str(cases[i].resource) };
        struct policy_decision decision;
        struct buf text = { 0 };
        policy_eval(&policy, 1, &request, &decision);
        policy_decision_text(&decision, &text);
        assert_string_equal(buf_str(&text), cases[i].text);
        buf_deinit(&text);
    }
    struct policy_request request = { .id = POLICY_ACTION_CONNECT, .resource = SLICE_LIT("x") };
    struct policy_decision decision;
    policy_eval(NULL, 0, &request, &decision);
    assert_int_equal(decision.effect, POLICY_IMPLICIT_DENY);
    assert_int_equal(decision.statement, -1);
    assert_null(decision.policy);
    assert_string_equal(policy_name(policy), "p");
    assert_int_equal(policy_statement_count(policy), 2);
    policy_unref(policy);
    policy_unref(other);
    policy_unref(NULL);
}

static void collect(void *arg, const char *name)
{
    buf_printf(arg, "%s;", name);
}

static void variables_are_listed_once(void **state)
{
    struct policy *policy = parse(
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"iot:"
        "Connect\","
        "\"Resource\":[\"arn:aws:iot:*:*:client/${IOT:clientid}\","
        "\"arn:aws:iot:*:*:client/${iot:ClientId}${*}${iot:connection.thing.attributes[Room]}\"],"
        "\"Condition\":{\"ForAllValues:StringEquals\":{\"iot:connectattributes\":[]},"
        "\"StringLike\":{\"iot:Certificate.Subject.CommonName.1\":\"${iot:Certificate.Issuer.State}"
        "*\"},"
        "\"ArnLike\":{\"iot:LastWillTopic\":[\"*\",\"arn:aws:iot:*:*:topic/${iot:ClientId}\"]},"
        "\"Null\":{\"iot:Unheard.List\":\"true\"}}}]}");
    struct buf names = { 0 };
    policy_each_variable(policy, collect, &names);
    assert_string_equal(buf_str(&names),
                        "iot:ClientId;iot:Connection.Thing.Attributes[Room];iot:ConnectAttributes;"
                        "iot:Certificate.Subject.CommonName;iot:Certificate.Issuer.State;"
                        "iot:LastWillTopic;iot:Unheard.List;");
    assert_true(policy_uses_variable(policy, "iot:ConnectAttributes"));
    assert_false(policy_uses_variable(policy, "aws:SourceIp"));
    buf_deinit(&names);
    policy_unref(policy);
}

static void what_depends_on_the_time(void **state)
{
    static const struct {
        const char *condition;
        bool depends;
    } cases[] = {
        { "{\"DateGreaterThan\":{\"AWS:CURRENTTIME\":\"2026-01-01T00:00:00Z\"}}", true },
        { "{\"NumericLessThanIfExists\":{\"aws:EpochTime\":\"5\"}}", true },
        { "{\"StringLike\":{\"iot:ClientId\":\"${aws:CurrentTime}\"}}", true },
        { "{\"StringLike\":{\"iot:ClientId\":\"aws:CurrentTime\"}}", false },
        { "{\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"}}", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = xasprintf("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                               "\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":%s}]}",
                               cases[i].condition);
        struct policy *policy = parse(text);
        if (policy_depends_on_time(policy) != cases[i].depends) fail_msg("case %zu", i);
        policy_unref(policy);
        free(text);
    }
}

static void long_values_are_not_substituted(void **state)
{
    struct policy *policy =
        parse("{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\","
              "\"Action\":\"iot:Publish\",\"Resource\":\"arn:${iot:ClientId}\"}}");
    struct test_vars values = { 0 };
    struct policy_vars vars = { get_var, &values };
    for (size_t len = 1024; len <= 1025; len++) {
        struct buf id = { 0 }, resource = { 0 };
        while (id.len < len)
            buf_putc(&id, 'x');
        buf_printf(&resource, "arn:%s", buf_str(&id));
        put_var(&values, "iot:ClientId", buf_str(&id));
        struct policy_request request = { .action = "iot:Publish",
                                          .resource = buf_slice(&resource),
                                          .vars = &vars };
        struct policy_decision decision;
        policy_eval(&policy, 1, &request, &decision);
        assert_int_equal(decision.effect, len == 1024 ? POLICY_ALLOW : POLICY_IMPLICIT_DENY);
        buf_deinit(&id);
        buf_deinit(&resource);
    }
    clear_vars(&values);
    policy_unref(policy);
}

static void documents_have_limits(void **state)
{
    struct buf text = { 0 };
    struct policy *policy = NULL;
    struct diag diag = DIAG_INIT;
    while (text.len <= POLICY_DOCUMENT_MAX)
        buf_putc(&text, ' ');
    assert_int_equal(policy_parse("p", buf_slice(&text), &policy, &diag), ERR_TOO_LARGE);
    assert_string_equal(diag.text, "404601 bytes where 404600 are allowed");

    buf_clear(&text);
    for (int i = 0; i < 17; i++)
        buf_putc(&text, '[');
    assert_int_equal(policy_parse("p", buf_slice(&text), &policy, &diag), ERR_SYNTAX);
    assert_string_equal(diag.text, "not JSON: line 1, column 17: nested too deeply");

    buf_clear(&text);
    buf_puts(&text, "{\"Statement\":[0");
    for (int i = 0; i < 1024; i++)
        buf_puts(&text, ",0");
    buf_puts(&text, "]}");
    assert_int_equal(policy_parse("p", buf_slice(&text), &policy, &diag), ERR_INVALID);
    assert_string_equal(diag.text, "Statement: more than 1024 statements");

    buf_clear(&text);
    buf_puts(&text, "{\"Statement\":{\"");
    for (int i = 0; i < 3000; i++)
        buf_putc(&text, 'x');
    buf_puts(&text, "\":0}}");
    assert_int_equal(policy_parse("p", buf_slice(&text), &policy, &diag), ERR_INVALID);
    assert_int_equal(policy_parse("p", buf_slice(&text), &policy, NULL), ERR_INVALID);
    assert_null(policy);
    buf_deinit(&text);
}

static void repeated_members_are_refused(void **state)
{
    static const char *const documents[] = {
        "{\"Version\":\"2012-10-17\",\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":"
        "\"Allow\","
        "\"Action\":\"iot:*\",\"Resource\":\"*\"}}",
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Effect\":\"Allow\","
        "\"Action\":\"iot:*\",\"Resource\":\"*\"}}",
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"iot:*\","
        "\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"iot:ClientId\":\"a\"},"
        "\"StringEquals\":{\"aws:SourceIp\":\"b\"}}}}",
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"iot:*\","
        "\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"iot:ClientId\":\"a\","
        "\"iot:ClientId\":\"b\"}}}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
        struct policy *policy = NULL;
        struct diag diag = DIAG_INIT;
        int rc = policy_parse("P", slice_str(documents[i]), &policy, &diag);
        if (rc != ERR_SYNTAX) fail_msg("%s: %s", documents[i], err_name(rc));
        assert_non_null(strstr(diag.text, "a key that was there before"));
        assert_null(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match),
        cmocka_unit_test(patterns_refuse),
        cmocka_unit_test(patterns_do_not_explode),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(actions_are_known_by_name),
        cmocka_unit_test(decisions_tell_why),
        cmocka_unit_test(variables_are_listed_once),
        cmocka_unit_test(what_depends_on_the_time),
        cmocka_unit_test(long_values_are_not_substituted),
        cmocka_unit_test(documents_have_limits),
        cmocka_unit_test(repeated_members_are_refused),
        cmocka_unit_test(golden_cases_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
