/* tls_load.c — TLS 1.2 clients of OpenSSL with a certificate, for `./dev bench tls`: OpenSSL, so that the generator is
 * no part of what is measured and costs a fraction of it. One thread on epoll.
 *
 * usage: tls_load PORT CERT KEY MODE COUNT [SECONDS]
 *   full, ticket, id   COUNT connections at a time make handshakes for SECONDS: full ones; resumed ones by a ticket, or
 *                      by a session id. Each ends with its handshake.
 *   storm              COUNT handshakes begin at once, from another process, while a session of MQTT pings
 *   idle               COUNT sessions of MQTT stay until the standard input ends
 * Prints one JSON object; `idle` when all are there. */
#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS = 64, SAMPLES_MAX = 1000000, CONNECT_MAX = 64 };

struct client {
    SSL *ssl;
    int fd;
};

static SSL_CTX *context;
static SSL_SESSION *resumed; /* what each handshake takes up; NULL: nothing */
static uint16_t port;
static int polled;
static long over, taken_up;

static _Noreturn void __attribute__((format(printf, 1, 2))) die(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fprintf(stderr, " (%s)\n", errno ? strerror(errno) : ERR_reason_error_string(ERR_peek_error()));
    exit(1);
}

/* ---- connections ---- */

static void make_context(const char *cert, const char *key)
{
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256");
    SSL_CTX_set1_groups_list(context, "P-256");
    if (SSL_CTX_use_certificate_file(context, cert, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        die("%s, %s", cert, key);
}

static void client_open(struct client *c, bool wait)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0);
    if (c->fd < 0 ||
        (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS))
        die("connect");
    c->ssl = SSL_new(context);
    SSL_set_fd(c->ssl, c->fd);
    if (resumed) SSL_set_session(c->ssl, resumed);
}

static void client_close(struct client *c)
{
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    close(c->fd);
}

/* True when it is over. */
static bool shake(struct client *c)
{
    errno = 0;
    int rc = SSL_connect(c->ssl);
    if (rc == 1) return true;
    int why = SSL_get_error(c->ssl, rc);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) die("handshake %ld", over);
    return false;
}

static void watch(struct client *c)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
    if (epoll_ctl(polled, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll_ctl");
}

static void begin(struct client *c)
{
    client_open(c, false);
    watch(c);
}

/* One is over: the next takes its place while `more`. Returns the number of open ones that it takes away. */
static int on_event(struct client *c, bool more)
{
    if (!shake(c)) return 0;
    over++;
    taken_up += SSL_session_reused(c->ssl);
    client_close(c);
    if (!more) return 1;
    begin(c);
    return 0;
}

static void storm(int count, int64_t end_ns)
{
    struct client *clients = xcalloc((size_t)count, sizeof *clients);
    struct epoll_event events[EVENTS];
    polled = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++)
        begin(&clients[i]);
    for (int left = count; left > 0;) {
        int ready = epoll_wait(polled, events, EVENTS, 30000);
        if (ready <= 0) die("%d handshakes hang", left);
        for (int i = 0; i < ready; i++)
            left -= on_event(events[i].data.ptr, clock_mono_ns() < end_ns);
    }
    free(clients);
}

/* ---- MQTT ---- */

static void put(struct client *c, const void *data, int len)
{
    if (SSL_write(c->ssl, data, len) != len) die("write");
}

static void get(struct client *c, void *ret_data, int len)
{
    for (int at = 0, got; at < len; at += got)
        if ((got = SSL_read(c->ssl, (char *)ret_data + at, len - at)) <= 0) die("read");
}

static void mqtt_connect(struct client *c, int number)
{
    uint8_t packet[CONNECT_MAX] = { 0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0 };
    uint8_t answer[4];
    int len = snprintf((char *)packet + 14, sizeof packet - 14, "tls-load-%d", number);
    packet[13] = (uint8_t)len;
    packet[1] = (uint8_t)(12 + len);
    client_open(c, true);
    if (!shake(c)) die("handshake");
    put(c, packet, 14 + len);
    get(c, answer, sizeof answer);
    if (answer[3]) die("CONNACK %d", answer[3]);
}

static int64_t ping(struct client *c)
{
    uint8_t answer[2];
    int64_t start = clock_mono_ns();
    put(c, "\xc0\0", 2);
    get(c, answer, sizeof answer);
    return clock_mono_ns() - start;
}

/* ---- modes ---- */

static void run_handshakes(bool resume, bool ticket, int count, int seconds)
{
    if (!ticket) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    if (resume) {
        struct client c;
        client_open(&c, true);
        if (!shake(&c)) die("handshake");
        resumed = SSL_get1_session(c.ssl);
        client_close(&c);
    }
    int64_t start = clock_mono_ns();
    storm(count, start + SECONDS(seconds) * 1000000);
    printf("{\"handshakes\": %ld, \"resumed\": %ld, \"seconds\": %.3f}\n", over, taken_up,
           (double)(clock_mono_ns() - start) / 1e9);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void run_storm(int count)
{
    struct client c;
    size_t samples = 0;
    int64_t *took = xcalloc(SAMPLES_MAX, sizeof *took);
    mqtt_connect(&c, 0);
    ping(&c);
    int64_t start = clock_mono_ns();
    pid_t child = fork();
    if (child == 0) {
        storm(count, 0);
        _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0 && samples < SAMPLES_MAX) {
        took[samples++] = ping(&c);
        usleep(1000);
    }
    if (status) die("the storm failed");
    double seconds = (double)(clock_mono_ns() - start) / 1e9;
    qsort(took, samples, sizeof *took, by_size);
    printf("{\"handshakes\": %d, \"seconds\": %.3f, \"pings\": %zu, \"p50Microseconds\": %.1f, "
           "\"p99Microseconds\": %.1f, \"mostMicroseconds\": %.1f}\n",
           count, seconds, samples, (double)took[samples / 2] / 1e3,
           (double)took[samples * 99 / 100] / 1e3, (double)took[samples - 1] / 1e3);
    free(took);
}

static void run_idle(int count)
{
    struct client *clients = xcalloc((size_t)count, sizeof *clients);
    for (int i = 0; i < count; i++)
        mqtt_connect(&clients[i], i);
    printf("{\"connections\": %d}\n", count);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    free(clients);
}

int main(int argc, char **argv)
{
    if (argc < 6) die("usage: tls_load PORT CERT KEY MODE COUNT [SECONDS]");
    const char *mode = argv[4];
    int count = atoi(argv[5]);
    int seconds = argc > 6 ? atoi(argv[6]) : 0;
    port = (uint16_t)atoi(argv[1]);
    make_context(argv[2], argv[3]);
    if (strcmp(mode, "storm") == 0)
        run_storm(count);
    else if (strcmp(mode, "idle") == 0)
        run_idle(count);
    else
        run_handshakes(strcmp(mode, "full") != 0, strcmp(mode, "id") != 0, count, seconds);
    return 0;
}
