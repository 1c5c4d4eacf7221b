/* auth_fake.c — see auth_fake.h. Questions are answered by a deferred call, as auth.h promises. */
#include "auth_fake.h"

#include "auth/auth_priv.h"
#include "auth/ledger.h"
#include "base/err.h"
#include "base/mem.h"
#include "loop/loop.h"

#include <stdlib.h>
#include <string.h>

struct denial {
    struct list link;
    char *principal; /* NULL: all */
    enum policy_action action;
    char *name;
};

struct question {
    struct list link;
    struct loop_task task;
    struct auth *auth;
    int rc;
    struct principal *principal;
    auth_done_cb done;
    void *arg;
};

struct auth {
    struct loop *loop;
    struct list denials;
    struct list questions;
    void (*on_change)(void *arg);
    void *on_change_arg;
    struct principal *last;
    int checks;
    bool hold;
    bool notes;
    const char *why;
    struct ledger *ledger;
};

static int refusals;

struct auth *auth_fake_create(struct loop *loop)
{
    struct auth *auth = xnew(struct auth);
    auth->loop = loop;
    auth->why = AUTH_FAKE_WHY;
    auth->ledger = ledger_create(100);
    list_init(&auth->denials);
    list_init(&auth->questions);
    refusals = 0;
    return auth;
}

void auth_fake_allow_all(struct auth *auth)
{
    for (struct list *link; (link = list_pop_front(&auth->denials));) {
        struct denial *denial = container_of(link, struct denial, link);
        free(denial->principal);
        free(denial->name);
        free(denial);
    }
}

void auth_fake_destroy(struct auth *auth)
{
    auth_fake_allow_all(auth);
    for (struct list *link; (link = list_pop_front(&auth->questions));) {
        struct question *question = container_of(link, struct question, link);
        loop_task_cancel(&question->task);
        principal_unref(question->principal);
        free(question);
    }
    ledger_destroy(auth->ledger);
    free(auth);
}

struct ledger *auth_ledger(const struct auth *auth)
{
    return auth->ledger;
}

void auth_fake_deny(struct auth *auth, const char *principal, enum policy_action action,
                    const char *name)
{
    struct denial *denial = xnew(struct denial);
    *denial = (struct denial){ .principal = principal ? xstrdup(principal) : NULL,
                               .action = action,
                               .name = xstrdup(name) };
    list_push_back(&auth->denials, &denial->link);
}

void auth_fake_changed(struct auth *auth)
{
    if (auth->on_change) auth->on_change(auth->on_change_arg);
}

int auth_fake_checks(const struct auth *auth)
{
    return auth->checks;
}

void auth_fake_note(struct auth *auth)
{
    auth->notes = true;
}

void auth_fake_say(struct auth *auth, const char *why)
{
    auth->why = why;
}

int auth_fake_refusals(void)
{
    return refusals;
}

/* ---- decisions ---- */

int auth_check(struct auth *auth, const struct principal *principal, const struct auth_conn *conn,
               enum policy_action action, const char *type, struct slice name,
               struct policy_decision *ret_decision)
{
    auth->checks++;
    if (!principal->valid) return ERR_DENIED;
    list_for_each(it, &auth->denials) {
        const struct denial *denial = container_of(it, struct denial, link);
        if (denial->action != action) continue;
        if (denial->principal && strcmp(denial->principal, principal->id) != 0) continue;
        if (strcmp(denial->name, "*") == 0 || slice_eq_str(name, denial->name)) return ERR_DENIED;
    }
    return 0;
}

static void refuse(struct auth *auth, const struct auth_conn *conn, const char *reason)
{
    refusals++;
    if (!auth->notes) return;
    const char *client_id = conn && conn->client_id ? conn->client_id : "";
    ledger_note(auth->ledger, &(struct ledger_entry){ .kind = LEDGER_DENIED,
                                                      .client_id = slice_str(client_id),
                                                      .reason = slice_str(reason) });
}

int auth_require(struct auth *auth, const struct principal *principal, const struct auth_conn *conn,
                 enum policy_action action, const char *type, struct slice name)
{
    int rc = auth_check(auth, principal, conn, action, type, name, NULL);
    if (rc < 0) refuse(auth, conn, auth->why);
    return rc;
}

bool auth_may_receive(struct auth *auth, const struct principal *principal,
                      const struct auth_conn *conn, struct slice topic)
{
    return auth_check(auth, principal, conn, POLICY_ACTION_RECEIVE, AUTH_TOPIC, topic, NULL) == 0;
}

int auth_require_admin(struct auth *auth, const struct principal *principal,
                       const struct auth_conn *conn, const char *action, const char *resource)
{
    return principal->admin ? 0 : ERR_DENIED;
}

void auth_log_refusal(struct auth *auth, const struct principal *principal,
                      const struct auth_conn *conn, const char *action, struct slice resource,
                      const char *reason)
{
    refuse(auth, conn, reason);
}

void auth_on_policy_change(struct auth *auth, void (*cb)(void *arg), void *arg)
{
    auth->on_change = cb;
    auth->on_change_arg = arg;
}

/* ---- principals ---- */

struct principal *auth_fake_last(const struct auth *auth)
{
    return auth->last;
}

struct principal *auth_fake_principal(enum principal_kind kind, const char *id)
{
    struct principal *principal = xnew(struct principal);
    principal->refs = 1;
    principal->kind = kind;
    principal->id = xstrdup(id);
    principal->label = xasprintf("%d:%s", kind, id);
    principal->valid = true;
    list_init(&principal->watches);
    return principal;
}

void auth_fake_revoke(struct principal *principal)
{
    principal->valid = false;
    list_for_each_safe(it, &principal->watches) {
        struct auth_watch *watch = container_of(it, struct auth_watch, link);
        watch->on_change(watch, principal);
    }
}

void auth_principal_idle(struct principal *principal)
{
}

void auth_watch_principal(struct principal *principal, struct auth_watch *watch,
                          void (*on_change)(struct auth_watch *, struct principal *))
{
    watch->on_change = on_change;
    list_push_back(&principal->watches, &watch->link);
}

void auth_unwatch(struct auth_watch *watch)
{
    list_remove(&watch->link);
}

/* ---- questions ---- */

static void on_answer(struct loop_task *task)
{
    struct question *question = container_of(task, struct question, task);
    list_remove(&question->link);
    question->auth->last = question->principal;
    question->done(question->arg, question->rc, question->principal,
                   question->rc < 0 ? "no" : NULL);
    free(question);
}

/* Takes principal; NULL is a refusal. */
static void ask(struct auth *auth, struct principal *principal, int refusal, auth_done_cb done,
                void *arg)
{
    struct question *question = xnew(struct question);
    *question = (struct question){ .auth = auth,
                                   .rc = principal ? 0 : refusal,
                                   .principal = principal,
                                   .done = done,
                                   .arg = arg };
    loop_task_init(&question->task, on_answer);
    list_push_back(&auth->questions, &question->link);
    if (!auth->hold) loop_defer(auth->loop, &question->task);
}

void auth_fake_hold(struct auth *auth, bool hold)
{
    auth->hold = hold;
    if (hold) return;
    list_for_each(it, &auth->questions)
        loop_defer(auth->loop, &container_of(it, struct question, link)->task);
}

void auth_by_cert(struct auth *auth, const char *cert_id, struct slice der, const char *peer,
                  auth_done_cb done, void *arg)
{
    bool bad = strncmp(cert_id, "bad", 3) == 0;
    ask(auth, bad ? NULL : auth_fake_principal(PRINCIPAL_CERT, cert_id), ERR_CERT, done, arg);
}

void auth_by_password(struct auth *auth, struct slice user, struct slice password, const char *peer,
                      auth_done_cb done, void *arg)
{
    bool good = slice_eq_str(user, AUTH_FAKE_USER) && slice_eq_str(password, AUTH_FAKE_PASSWORD);
    ask(auth, good ? auth_fake_principal(PRINCIPAL_USER, AUTH_FAKE_USER) : NULL, ERR_AUTH, done,
        arg);
}

void auth_by_token(struct auth *auth, struct slice token, const char *peer, auth_done_cb done,
                   void *arg)
{
    ask(auth, NULL, ERR_NOT_FOUND, done, arg);
}

void auth_by_peer(struct auth *auth, uid_t uid, auth_done_cb done, void *arg)
{
    ask(auth, uid == 0 ? auth_fake_principal(PRINCIPAL_LOCAL, "0") : NULL, ERR_AUTH, done, arg);
}

void auth_anonymous(struct auth *auth, const char *policy_name, auth_done_cb done, void *arg)
{
    ask(auth, auth_fake_principal(PRINCIPAL_ANONYMOUS, policy_name), ERR_AUTH, done, arg);
}

void auth_by_request(struct auth *auth, const struct http_request *request,
                     struct principal *transport, bool required, const char *peer,
                     auth_done_cb done, void *arg)
{
    ask(auth, transport ? principal_ref(transport) : NULL, ERR_USAGE, done, arg);
}
