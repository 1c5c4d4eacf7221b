/* trial.c — see trial.h. A principal is loaded for this alone, not through the cache: it need not be valid, and it is
 * nobody's to see. Policies that are added are found as the registry finds those of an anonymous listener, each by a
 * question of its own.
 *
 *   principal ─► policy to add ─► … ─► done */
#include "auth/trial.h"

#include "auth/auth_ask_priv.h"
#include "auth/question.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct trial {
    struct auth *auth;
    struct trial_opts opts;
    struct principal *principal;
    struct auth_conn conn;
    struct policy **policies; /* all that are asked */
    size_t count;
    const struct json *next; /* of opts.add */
    struct list link;        /* in auth->trials, until it has begun */
    struct loop_task task;
    trial_cb done;
    void *arg;
};

/* ---- whose, and which ---- */

/* Returns owned; NULL: no principal can be called so. */
static char *label_of(const struct auth *auth, const char *text)
{
    static const char *const kinds[] = { "cert", "key", "user", "token", "anonymous" };
    struct slice name = slice_str(text), prefix = auth_arn_prefix(auth);
    bool arn = slice_starts(name, "arn:");
    if (arn && (name.len < prefix.len || !slice_eq(slice_of(name.ptr, prefix.len), prefix)))
        return NULL;
    if (arn) name = slice_from(name, prefix.len);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t len = strlen(kinds[i]);
        if (!slice_starts(name, kinds[i]) || name.len <= len + 1) continue;
        if (name.ptr[len] == (arn ? '/' : ':'))
            return xasprintf("%s:%s", kinds[i], name.ptr + len + 1);
    }
    return NULL;
}

static bool is_in(const struct json *names, const char *name)
{
    json_for_each(it, names) {
        const char *text = json_str(it);
        if (text && strcmp(text, name) == 0) return true;
    }
    return false;
}

static void take_policy(struct trial *trial, struct policy *policy)
{
    trial->policies = xrealloc(trial->policies, (trial->count + 1) * sizeof *trial->policies);
    trial->policies[trial->count++] = policy_ref(policy);
}

/* Those that decide for the principal on that connection, less those to be skipped. */
static void take_its_own(struct trial *trial)
{
    struct auth_question question;
    size_t count;
    auth_question_init(&question, trial->auth, trial->principal, &trial->conn);
    struct policy *const *policies = auth_question_policies(&question, &count);
    for (size_t i = 0; i < count; i++)
        if (!is_in(trial->opts.skip, policy_name(policies[i]))) take_policy(trial, policies[i]);
    auth_question_deinit(&question);
}

/* ---- the way there ---- */

static void finish(struct trial *trial, int rc, const struct diag *diag)
{
    trial_cb done = trial->done;
    void *arg = trial->arg;
    if (rc < 0) {
        trial_end(trial);
        trial = NULL;
    }
    done(arg, rc, trial, diag);
}

static void go_on(struct trial *trial);

static void on_policy(void *arg, int rc, struct registry_principal *from)
{
    struct trial *trial = arg;
    struct diag diag = DIAG_INIT;
    const char *name = json_str(trial->next);
    struct policy *policy = NULL;
    if (rc == 0 && from->policy_count == 0)
        rc = diag_set(&diag, ERR_NOT_FOUND, "Policy not found: %s", name);
    if (rc == 0) rc = policy_parse(name, slice_str(from->policies[0].document), &policy, &diag);
    registry_principal_free(from);
    if (rc < 0) {
        finish(trial, rc, &diag);
        return;
    }
    take_policy(trial, policy);
    policy_unref(policy);
    trial->next = json_next(trial->next);
    go_on(trial);
}

static void go_on(struct trial *trial)
{
    const char *name = json_str(trial->next);
    if (!trial->next) {
        finish(trial, 0, NULL);
    } else if (!name || !*name) {
        struct diag diag = DIAG_INIT;
        finish(trial, diag_set(&diag, ERR_INVALID, "the name of a policy must be a string"), &diag);
    } else {
        char *label = xasprintf("anonymous:%s", name);
        registry_load_principal(trial->auth->registry, label, on_policy, trial);
        free(label);
    }
}

static void on_principal(void *arg, int rc, struct registry_principal *from)
{
    struct trial *trial = arg;
    struct diag diag = DIAG_INIT;
    if (rc == ERR_NOT_FOUND) diag_set(&diag, rc, "Principal not found: %s", trial->opts.principal);
    if (rc == 0) auth_fill_rights(trial->auth, trial->principal, from);
    registry_principal_free(from);
    if (rc < 0) {
        finish(trial, rc, &diag);
        return;
    }
    take_its_own(trial);
    go_on(trial);
}

static void on_begin(struct loop_task *task)
{
    struct trial *trial = container_of(task, struct trial, task);
    const char *who = trial->opts.principal;
    list_remove(&trial->link);
    char *label = who ? label_of(trial->auth, who) : NULL;
    struct diag diag = DIAG_INIT;
    if (label) {
        trial->principal = auth_principal_create(label);
        registry_load_principal(trial->auth->registry, label, on_principal, trial);
    } else if (who) {
        diag_set(&diag, ERR_INVALID,
                 "no principal is called '%.200s': it has the ARN of a "
                 "certificate, key, user or token",
                 who);
        finish(trial, ERR_INVALID, &diag);
    } else {
        trial->principal = auth_principal_create("anonymous:");
        go_on(trial);
    }
    free(label);
}

void trial_begin(struct auth *auth, const struct trial_opts *opts, trial_cb done, void *arg)
{
    struct trial *trial = xnew(struct trial);
    trial->auth = auth;
    trial->opts = *opts;
    trial->conn.client_id = opts->client_id;
    trial->next = json_first(opts->add);
    trial->done = done;
    trial->arg = arg;
    list_push_back(&auth->trials, &trial->link);
    loop_task_init(&trial->task, on_begin);
    loop_defer(auth->loop, &trial->task);
}

void auth_trials_close(struct auth *auth)
{
    for (struct list *link; (link = list_pop_front(&auth->trials));) {
        struct trial *trial = container_of(link, struct trial, link);
        loop_task_cancel(&trial->task);
        finish(trial, ERR_CLOSED, NULL);
    }
}

void trial_end(struct trial *trial)
{
    for (size_t i = 0; i < trial->count; i++)
        policy_unref(trial->policies[i]);
    free(trial->policies);
    principal_unref(trial->principal);
    free(trial);
}

/* ---- questions ---- */

struct trial_vars {
    struct trial *trial;
    struct auth_question question;
    struct json *missing;
};

/* What the context has goes before what is known. */
static bool get_given(const struct json *context, const char *name, size_t index, bool *ret_given,
                      struct slice *ret_value)
{
    const struct json *value = json_get(context, name);
    *ret_given = value != NULL;
    if (json_is(value, JSON_ARRAY)) {
        value = json_first(value);
        for (; value && index; index--)
            value = json_next(value);
    }
    if (index || !json_str(value)) return false;
    *ret_value = slice_str(json_str(value));
    return true;
}

static bool get(void *arg, const char *name, size_t index, struct slice *ret_value)
{
    struct trial_vars *vars = arg;
    bool given;
    bool found = get_given(vars->trial->opts.context, name, index, &given, ret_value);
    if (!given) found = auth_question_get(&vars->question, name, index, ret_value);
    if (!found && index == 0 && !is_in(vars->missing, name))
        json_push(vars->missing, json_new_str(name));
    return found;
}

void trial_ask(struct trial *trial, const char *action, const char *resource,
               struct explanation *ret_why, struct json *missing)
{
    struct trial_vars vars = { .trial = trial, .missing = missing };
    struct buf arn = { 0 };
    bool whole = strcmp(resource, "*") == 0 || strncmp(resource, "arn:", 4) == 0;
    if (!whole) buf_put_slice(&arn, auth_arn_prefix(trial->auth));
    buf_puts(&arn, resource);
    auth_question_init(&vars.question, trial->auth, trial->principal, &trial->conn);
    struct policy_vars values = { get, &vars };
    struct policy_request request = { .action = action,
                                      .resource = buf_slice(&arn),
                                      .vars = &values };
    explanation_decide(trial->policies, trial->count, &request, ret_why);
    vars.missing = json_new_array(); /* what advice looks at, no decision rests on */
    explanation_advise(trial->policies, trial->count, &request, ret_why);
    json_free(vars.missing);
    auth_question_deinit(&vars.question);
    buf_deinit(&arn);
}

void trial_each_policy(const struct trial *trial, void (*cb)(void *arg, const char *name),
                       void *arg)
{
    for (size_t i = 0; i < trial->count; i++)
        cb(arg, policy_name(trial->policies[i]));
}
