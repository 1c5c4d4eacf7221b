/* fake_broker.c — see fake_broker.h. One thread. */
#include "fake_broker.h"

#include "base/buf.h"
#include "lib/test.h"
#include "ws/ws.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 64 };

#define KEY "\r\nSec-WebSocket-Key: "

static void send_upgrade(int fd, const char *text, const char *accept)
{
    struct buf out = { 0 };
    const char *at = strstr(text, "ACCEPT");
    buf_append(&out, text, at ? (size_t)(at - text) : strlen(text));
    if (at) buf_printf(&out, "%s%s", accept, at + strlen("ACCEPT"));
    send(fd, out.data, out.len, MSG_NOSIGNAL);
    buf_deinit(&out);
}

/* Whether the client may go on: it has got a whole answer. */
static bool upgrade(int fd, const char *text)
{
    struct buf request = { 0 };
    char accept[29] = "";
    while (!strstr(buf_str(&request), "\r\n\r\n")) {
        ssize_t got = recv(fd, buf_reserve(&request, 512), 512, 0);
        if (got <= 0) break;
        request.len += (size_t)got;
        request.data[request.len] = '\0';
    }
    const char *key = strstr(buf_str(&request), KEY);
    if (key) {
        key += strlen(KEY);
        ws_accept_key(slice_of(key, strcspn(key, "\r")), accept);
        send_upgrade(fd, text, accept);
    }
    buf_deinit(&request);
    return strstr(text, "\r\n\r\n");
}

static void *serve(void *arg)
{
    struct fake_broker *broker = arg;
    int fd, open[CLIENTS], count = 0;
    while (count < CLIENTS && (fd = accept(broker->listener, NULL, NULL)) >= 0) {
        char got[512];
        bool goes_on = !broker->upgrade || upgrade(fd, broker->upgrade);
        if (goes_on && recv(fd, got, sizeof got, 0) > 0)
            send(fd, broker->bytes, broker->len, MSG_NOSIGNAL);
        if (broker->closes)
            close(fd);
        else
            open[count++] = fd;
    }
    while (count > 0)
        close(open[--count]);
    return NULL;
}

void fake_broker_start(struct fake_broker *broker)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    broker->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(broker->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(broker->listener, CLIENTS), 0);
    assert_int_equal(getsockname(broker->listener, (struct sockaddr *)&at, &len), 0);
    broker->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&broker->thread, NULL, serve, broker), 0);
}

void fake_broker_stop(struct fake_broker *broker)
{
    shutdown(broker->listener, SHUT_RDWR); /* accept returns */
    pthread_join(broker->thread, NULL);
    close(broker->listener);
}
