/* client.c — operations over the hub's Unix socket (see client.h).
 *
 * One connection for each call: a local connect costs nothing, and no call need ask whether the
 * hub has closed an idle connection meanwhile, which for an operation that is not repeatable
 * could not be answered. The first one is made by client_open, so that a hub which does not run
 * is known before anything else happens.
 *
 *  I1  A call ends within the time-out, whatever the other side does.
 *  I2  A call is sent once; it is never repeated. */
#include "cli/client.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/operation.h"
#include "crypto/crypto.h"
#include "http/client.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = 16 << 20, ANSWER_NODES = 1 << 20, ANSWER_DEPTH = 128, PAGES_MAX = 100000 };

struct socket_client {
    struct client client; /* first */
    struct sockaddr_un address;
    int64_t timeout_ms;
    int fd; /* connected, for the next call; -1: none */
};

/* ---- the socket ----------------------------------------------------------------------------- */

static int timed_out(const struct socket_client *c, struct diag *diag)
{
    return diag_set(diag, ERR_TIMEOUT, "the hub did not answer within %" PRId64 " ms",
                    c->timeout_ms);
}

/* 0, ERR_TIMEOUT without a sentence, or an errno. fd -1: only waits. */
static int wait_for(int fd, short events, int64_t deadline, int64_t most)
{
    struct pollfd poll_fd = { .fd = fd, .events = events };
    for (;;) {
        int64_t left = deadline - clock_mono_ms();
        if (left <= 0) return ERR_TIMEOUT;
        int n = poll(&poll_fd, 1, (int)(left < most ? left : most));
        if (n > 0 || (n == 0 && left > most)) return 0;
        if (n < 0 && errno != EINTR) return -errno;
    }
}

static int not_reached(const struct socket_client *c, int rc, struct diag *diag)
{
    const char *path = c->address.sun_path;
    switch (rc) {
    case -ENOENT:
        return diag_set(diag, rc, "the hub is not running (no %s)", path);
    case -ECONNREFUSED:
        return diag_set(diag, rc, "the hub is not running (nobody listens on %s)", path);
    case -EACCES:
    case -EPERM:
        return diag_set(diag, rc, "%s: permission denied; only root and the hub's own user may",
                        path);
    case ERR_TIMEOUT:
        return timed_out(c, diag);
    default:
        return diag_set(diag, rc, "%s: %s", path, err_text(rc));
    }
}

/* A full backlog of a Unix socket answers EAGAIN, and nothing tells when there is room. */
static int connect_fd(const struct socket_client *c, int fd, int64_t deadline)
{
    const struct sockaddr *address = (const struct sockaddr *)&c->address;
    for (;;) {
        if (connect(fd, address, sizeof c->address) == 0) return 0;
        if (errno != EAGAIN && errno != EINTR) return -errno;
        int rc = wait_for(-1, 0, deadline, 20);
        if (rc < 0) return rc;
    }
}

static int connect_hub(const struct socket_client *c, int64_t deadline, int *ret_fd,
                       struct diag *diag)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc = fd < 0 ? -errno : connect_fd(c, fd, deadline);
    if (rc < 0) {
        if (fd >= 0) close(fd);
        return not_reached(c, rc, diag);
    }
    *ret_fd = fd;
    return 0;
}

/* A hub which answers before it has read all, and closes, is heard nevertheless: 0 then too. */
static int send_all(int fd, struct slice data, int64_t deadline)
{
    while (data.len) {
        ssize_t n = send(fd, data.ptr, data.len, MSG_NOSIGNAL);
        if (n >= 0) {
            data = slice_from(data, (size_t)n);
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return 0;
        } else if (errno == EAGAIN) {
            int rc = wait_for(fd, POLLOUT, deadline, INT32_MAX);
            if (rc < 0) return rc;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

/* HTTP_DONE or an error. */
static int receive(int fd, struct http_client *http, int64_t deadline)
{
    uint8_t data[16384];
    for (;;) {
        size_t used;
        ssize_t n = recv(fd, data, sizeof data, 0);
        int rc = HTTP_MORE;
        if (n > 0)
            rc = http_client_feed(http, data, (size_t)n, &used);
        else if (n == 0 || errno == ECONNRESET)
            return http_client_finish(http);
        else if (errno == EAGAIN)
            rc = wait_for(fd, POLLIN, deadline, INT32_MAX);
        else if (errno != EINTR)
            return -errno;
        if (rc != HTTP_MORE) return rc;
    }
}

/* ---- the answer ----------------------------------------------------------------------------- */

static const struct {
    const char *type; /* of the header x-amzn-ErrorType */
    int code;
} error_types[] = {
    { "ResourceNotFoundException", ERR_NOT_FOUND },
    { "ResourceAlreadyExistsException", ERR_EXISTS },
    { "VersionConflictException", ERR_CONFLICT },
    { "ConflictException", ERR_CONFLICT },
    { "DeleteConflictException", ERR_IN_USE },
    { "CertificateStateException", ERR_STATE },
    { "CertificateValidationException", ERR_CERT },
    { "LimitExceededException", ERR_LIMIT },
    { "VersionsLimitExceededException", ERR_LIMIT },
    { "MalformedPolicyException", ERR_SYNTAX },
    { "SqlParseException", ERR_SYNTAX },
    { "ThrottlingException", ERR_BUSY },
    { "ServiceUnavailableException", ERR_BUSY },
    { "UnauthorizedException", ERR_AUTH },
    { "ForbiddenException", ERR_DENIED },
    { "AccessDeniedException", ERR_DENIED },
};

static int code_of(const struct http_client *http)
{
    struct slice type = http_header(&http->headers, "x-amzn-ErrorType");
    const char *colon = type.len ? memchr(type.ptr, ':', type.len) : NULL;
    if (colon) type.len = (size_t)(colon - type.ptr);
    for (size_t i = 0; i < ARRAY_LEN(error_types); i++)
        if (slice_eq_str(type, error_types[i].type)) return error_types[i].code;
    if (http->status == 404) return ERR_NOT_FOUND;
    if (http->status == 403) return ERR_DENIED;
    return http->status >= 500 ? ERR_INTERNAL : ERR_INVALID;
}

static int take_refusal(const struct http_client *http, const struct json *body, struct diag *diag)
{
    const char *message = json_get_str(body, "message");
    if (!message) message = json_get_str(body, "Message");
    if (message && *message) return diag_set(diag, code_of(http), "%s", message);
    return diag_set(diag, code_of(http), "the hub answered %d %.*s", http->status,
                    (int)http->reason.len, http->reason.ptr);
}

static int take_answer(const struct http_client *http, struct json **ret_result, struct diag *diag)
{
    const struct json_limits limits = { ANSWER_MAX, ANSWER_NODES, ANSWER_DEPTH };
    struct json *body = NULL;
    int rc = http->body.len ? json_parse(http->body, &limits, &body, diag) : 0;
    if (http->status >= 300) {
        rc = take_refusal(http, body, diag);
        json_free(body);
        return rc;
    }
    if (rc < 0) return diag_wrap(diag, rc, "the hub's answer");
    *ret_result = body ? body : json_new_object();
    return 0;
}

static int exchange(struct socket_client *c, enum http_method method, struct slice request,
                    struct json **ret_result, struct diag *diag)
{
    struct http_limits limits = http_default_limits;
    struct http_client http;
    int64_t deadline = clock_mono_ms() + c->timeout_ms;
    int fd = c->fd;
    c->fd = -1;
    if (fd < 0) {
        int rc = connect_hub(c, deadline, &fd, diag);
        if (rc < 0) return rc;
    }
    limits.max_body = ANSWER_MAX;
    http_client_init(&http, &limits, method);
    int rc = send_all(fd, request, deadline);
    if (rc == 0) rc = receive(fd, &http, deadline);
    if (rc == HTTP_DONE)
        rc = take_answer(&http, ret_result, diag);
    else if (rc == ERR_TIMEOUT)
        timed_out(c, diag);
    else
        diag_set(diag, rc, "the hub gave no proper answer: %s",
                 http.failure ? http.failure->why : err_text(rc));
    http_client_deinit(&http);
    close(fd);
    return rc;
}

/* ---- the interface -------------------------------------------------------------------------- */

static int socket_call(struct client *client, const struct operation *op, const struct json *params,
                       struct json **ret_result, struct diag *diag)
{
    struct socket_client *c = container_of(client, struct socket_client, client);
    struct buf request = { 0 };
    int rc = operation_put_request(op, params, &request, diag);
    if (rc == 0) rc = exchange(c, op->method, buf_slice(&request), ret_result, diag);
    if (request.data) crypto_wipe(request.data, request.cap);
    buf_deinit(&request);
    return rc;
}

static void socket_close(struct client *client)
{
    struct socket_client *c = container_of(client, struct socket_client, client);
    if (c->fd >= 0) close(c->fd);
    free(c);
}

int client_open(const char *data_dir, int64_t timeout_ms, struct client **ret_client,
                struct diag *diag)
{
    struct socket_client *c = xnew(struct socket_client);
    *c = (struct socket_client){ .client = { socket_call, socket_close },
                                 .address = { .sun_family = AF_UNIX },
                                 .timeout_ms = timeout_ms,
                                 .fd = -1 };
    const size_t room = sizeof c->address.sun_path;
    int rc = 0;
    if (strlen(data_dir) + sizeof "/thingd.sock" > room)
        rc = diag_set(diag, -ENAMETOOLONG,
                      "%s/thingd.sock is longer than %zu bytes, the most for "
                      "a socket",
                      data_dir, room - 1);
    if (rc == 0) {
        snprintf(c->address.sun_path, room, "%s/thingd.sock", data_dir);
        rc = connect_hub(c, clock_mono_ms() + timeout_ms, &c->fd, diag);
    }
    if (rc < 0) {
        free(c);
        return rc;
    }
    *ret_client = &c->client;
    return 0;
}

void client_close(struct client *client)
{
    if (client) client->close(client);
}

int client_call(struct client *client, const char *op, struct json *params,
                struct json **ret_result, struct diag *diag)
{
    struct json *result = NULL;
    if (!params) params = json_new_object();
    int rc = client->call(client, operation_find(op), params, &result, diag);
    json_free(params);
    if (rc == 0 && ret_result)
        *ret_result = result;
    else
        json_free(result);
    return rc;
}

/* Moves the elements of one page to the end of those before. */
static void add_page(struct json *all, struct json *page, const char *member)
{
    struct json *from = json_get(page, member), *to = json_get(all, member);
    if (!json_is(from, JSON_ARRAY)) return;
    json_for_each(element, from) {
        json_push(to, json_detach_child(from, element));
    }
}

int client_list(struct client *client, const char *name, struct json *params, const char *member,
                struct json **ret_result, struct diag *diag)
{
    const struct operation *op = operation_find(name);
    struct json *all = json_new_object();
    int rc = 0;
    if (!params) params = json_new_object();
    json_set(all, member, json_new_array());
    for (size_t pages = 0; rc == 0; pages++) {
        struct json *page = NULL;
        if (pages == PAGES_MAX) {
            rc = diag_set(diag, ERR_LIMIT, "the list does not end");
            break;
        }
        rc = client->call(client, op, params, &page, diag);
        if (rc < 0) break;
        add_page(all, page, member);
        const char *next = op->next ? json_get_str(page, op->next) : NULL;
        const char *before = op->token ? json_get_str(params, op->token) : NULL;
        bool more = next && *next;
        if (more && before && strcmp(before, next) == 0)
            rc = diag_set(diag, ERR_MALFORMED, "the hub sends the same page again");
        if (more) json_set_str(params, op->token, next);
        json_free(page);
        if (!more) break;
    }
    json_free(params);
    if (rc == 0)
        *ret_result = all;
    else
        json_free(all);
    return rc;
}
