/* fake_hub.c — see fake_hub.h. One thread, one connection at a time. */
#include "fake_hub.h"

#include "base/mem.h"
#include "http/request.h"
#include "lib/test.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void note_request(struct fake_hub *hub, const struct http_request *request)
{
    struct slice principal = http_header(&request->headers, "x-amzn-principal");
    buf_printf(&hub->seen, "%s %.*s", http_method_name(request->method), (int)request->target.len,
               request->target.ptr);
    if (principal.ptr) buf_printf(&hub->seen, " [%.*s]", (int)principal.len, principal.ptr);
    if (request->body.len)
        buf_printf(&hub->seen, " %.*s", (int)request->body.len, request->body.ptr);
    buf_putc(&hub->seen, '\n');
}

static void answer(int fd, const struct fake_answer *a)
{
    struct buf out = { 0 };
    const char *body = a->body ? a->body : "";
    buf_printf(&out, "HTTP/1.1 %d Some Words\r\nContent-Length: %zu\r\n", a->status, strlen(body));
    if (a->type) buf_printf(&out, "x-amzn-ErrorType: %s:http://internal/doc\r\n", a->type);
    buf_printf(&out, "Connection: close\r\n\r\n%s", body);
    for (size_t at = 0; at < out.len;) {
        ssize_t n = send(fd, out.data + at, out.len - at, MSG_NOSIGNAL);
        if (n <= 0) break;
        at += (size_t)n;
    }
    buf_deinit(&out);
}

static void serve(struct fake_hub *hub, int fd)
{
    struct http_parser parser;
    uint8_t data[4096];
    int rc = HTTP_MORE;
    http_parser_init(&parser, NULL);
    while (rc == HTTP_MORE) {
        size_t used;
        ssize_t n = recv(fd, data, sizeof data, 0);
        if (n <= 0) break;
        rc = http_feed(&parser, data, (size_t)n, &used);
    }
    if (rc == HTTP_DONE) {
        const struct fake_answer *a = &hub->answers[hub->at];
        note_request(hub, &parser.req);
        if (a->status) hub->at++;
        if (a->status > 0) answer(fd, a);
        if (a->status < 0) (void)!recv(fd, data, sizeof data, 0);
    }
    http_parser_deinit(&parser);
    close(fd);
}

static void *run(void *arg)
{
    struct fake_hub *hub = arg;
    for (;;) {
        struct pollfd fds[] = { { .fd = hub->stop[0], .events = POLLIN },
                                { .fd = hub->listener, .events = POLLIN } };
        if (poll(fds, 2, -1) < 0) continue;
        if (fds[1].revents)
            serve(hub, accept(hub->listener, NULL, NULL));
        else if (fds[0].revents)
            return NULL;
    }
}

void fake_hub_start(struct fake_hub *hub, const char *dir, const struct fake_answer *answers)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    *hub = (struct fake_hub){ .answers = answers };
    snprintf(address.sun_path, sizeof address.sun_path, "%s/thingd.sock", dir);
    unlink(address.sun_path);
    hub->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(hub->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(hub->listener, 8), 0);
    assert_int_equal(pipe(hub->stop), 0);
    assert_int_equal(pthread_create(&hub->thread, NULL, run, hub), 0);
}

void fake_hub_stop(struct fake_hub *hub)
{
    assert_int_equal(write(hub->stop[1], "x", 1), 1);
    pthread_join(hub->thread, NULL);
    close(hub->stop[0]);
    close(hub->stop[1]);
    close(hub->listener);
}

void fake_hub_deinit(struct fake_hub *hub)
{
    buf_deinit(&hub->seen);
}
