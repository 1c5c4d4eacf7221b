/* http.c — posts what the statement made to a web server. AWS IoT: HttpAction.
 *
 *   run ─► waits ─► sent, MAX_SENT at a time ─► answered: 2xx is success, all else an error
 *
 * The scheme and the host of the URL are the rule's own words: a message can choose a path, never whom the hub
 * talks to.
 *
 *  I1  A post is in its list from run until its run is complete; `unsent` is the first that is not sent.
 *  I2  What is open when thingd stops is cancelled: a run that is in the outbox is tried again at the next start. */
#include "thingd/action.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAM_URL, PARAM_CONFIRMATION_URL, PARAM_HEADERS, PARAM_AUTH, PARAM_BATCHING, PARAM_BATCH };

/* So many leave room in the queue of requests for those of others. */
enum { MAX_SENT = 32 };

static const struct td_param http_params[] = {
    [PARAM_URL] = { "url", TD_STRING, TD_REQUIRED | TD_TEMPLATE, 1, 2000, 0,
                    "`http://` or `https://`, host, path and query. Templates may stand behind the "
                    "host only." },
    [PARAM_CONFIRMATION_URL] = { "confirmationUrl", TD_REFUSED, 0, 0, 0, 0,
                                 "Endpoints need not be confirmed here." },
    [PARAM_HEADERS] = { "headers", TD_PAIRS, TD_TEMPLATE, 0, 100, 0,
                        "Headers of the request; their values may be templates. `Content-Type` is "
                        "`application/json` for a result that is JSON, else "
                        "`application/octet-stream`, unless it is here." },
    [PARAM_AUTH] = { "auth", TD_REFUSED, 0, 0, 0, 0, "Requests are not signed." },
    [PARAM_BATCHING] = { "enableBatching", TD_REFUSED, 0, 0, 0, 0, "Each result is one request." },
    [PARAM_BATCH] = { "batchConfig", TD_REFUSED, 0, 0, 0, 0, "Each result is one request." },
    { 0 },
};

struct post {
    struct post *next, **link;
    struct posts *posts;
    struct td_run *run;
    const struct td_input *input;
    struct td_call *call; /* NULL: not sent */
};

struct posts {
    const struct td_host *host;
    struct post *first, **end;
    struct post *unsent;
    size_t sent;
};

/* ---- the list ---- */

static void append(struct posts *posts, struct post *post)
{
    post->link = posts->end;
    *posts->end = post;
    posts->end = &post->next;
    if (!posts->unsent) posts->unsent = post;
}

static void take_out(struct post *post)
{
    struct posts *posts = post->posts;
    if (posts->unsent == post) posts->unsent = post->next;
    if (post->next)
        post->next->link = post->link;
    else
        posts->end = post->link;
    *post->link = post->next;
    if (post->call) posts->sent--;
}

static void finish(struct post *post, int rc, const char *why)
{
    take_out(post);
    post->posts->host->complete(post->run, rc, why);
    free(post);
}

/* ---- requests ---- */

static void send_some(struct posts *posts);

static void on_answer(void *arg, int rc, int status, struct td_bytes body, const char *why)
{
    struct post *post = arg;
    struct posts *posts = post->posts;
    char text[64];
    if (rc == 0 && status / 100 != 2) {
        snprintf(text, sizeof text, "the server answered %d", status);
        rc = -EIO;
        why = text;
    }
    finish(post, rc, why);
    send_some(posts);
}

static void send_some(struct posts *posts)
{
    while (posts->unsent && posts->sent < MAX_SENT) {
        struct post *post = posts->unsent;
        const struct td_value *values = post->input->values;
        posts->unsent = post->next;
        posts->sent++;
        post->call = posts->host->request(
            posts->host,
            &(struct td_request){ .url = values[PARAM_URL].text,
                                  .headers = values[PARAM_HEADERS].pairs,
                                  .header_count = values[PARAM_HEADERS].pair_count,
                                  .body = post->input->payload },
            on_answer, post);
    }
}

/* ---- checking ---- */

/* Up to the path, or all of it. */
static struct td_bytes origin_of(struct td_bytes url)
{
    size_t at = 0;
    while (at + 2 < url.len && memcmp(url.ptr + at, "://", 3) != 0)
        at++;
    at += 3;
    while (at < url.len && url.ptr[at] != '/' && url.ptr[at] != '?')
        at++;
    return (struct td_bytes){ url.ptr, at < url.len ? at : url.len };
}

static int refuse(const struct td_setup *setup, const char *why)
{
    snprintf(setup->why, setup->why_size, "%s", why);
    return -EINVAL;
}

/* Of a template the part before the path, which must be the rule's own. */
static int check(const struct td_setup *setup)
{
    const struct td_value *url = &setup->values[PARAM_URL];
    const struct td_value *headers = &setup->values[PARAM_HEADERS];
    struct td_bytes fixed = url->constant ? url->text : origin_of(url->text);
    if (!url->constant && memmem(fixed.ptr, fixed.len, "${", 2))
        return refuse(setup, "url: a template may stand in the path and the query only");
    return setup->host->check_request(setup->host,
                                      &(struct td_request){ .url = fixed,
                                                            .headers = headers->pairs,
                                                            .header_count = headers->pair_count },
                                      setup->why, setup->why_size);
}

/* ---- the action ---- */

static int http_start(const struct td_host *host, void **ret_shared)
{
    struct posts *posts = calloc(1, sizeof *posts);
    if (!posts) return -ENOMEM;
    posts->host = host;
    posts->end = &posts->first;
    *ret_shared = posts;
    return 0;
}

static void http_stop(void *shared)
{
    struct posts *posts = shared;
    while (posts && posts->first) {
        struct post *post = posts->first;
        if (post->call) posts->host->cancel(posts->host, post->call);
        finish(post, -ECANCELED, "thingd is stopping");
    }
    free(posts);
}

static int http_create(const struct td_setup *setup, void **ret_action)
{
    int rc = check(setup);
    if (rc == 0) *ret_action = setup->shared;
    return rc;
}

static void http_run(void *action, struct td_run *run, const struct td_input *input)
{
    struct posts *posts = action;
    struct post *post = calloc(1, sizeof *post);
    if (!post) {
        posts->host->complete(run, -ENOMEM, NULL);
        return;
    }
    post->posts = posts;
    post->run = run;
    post->input = input;
    append(posts, post);
    send_some(posts);
}

static void http_destroy(void *action)
{
    (void)action; /* that of all rules */
}

const struct td_action action_http = {
    .abi = TD_ACTION_ABI,
    .name = "http",
    .label = "HttpAction",
    .text = "Posts the result to a web server; any status from 200 to 299 is success. Servers on "
            "this machine "
            "itself,\nand other special addresses, need `webhook.allow`. Runs at least once when "
            "the message "
            "has QoS 1 or 2.",
    .resource = PARAM_URL,
    .params = http_params,
    .start = http_start,
    .stop = http_stop,
    .create = http_create,
    .run = http_run,
    .destroy = http_destroy,
};
