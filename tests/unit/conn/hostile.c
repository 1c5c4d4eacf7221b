/* hostile.c — see hostile.h. */
#include "hostile.h"

static bool is_closed(const struct hostile *input)
{
    size_t len = strlen(input->outcome);
    return len >= 3 && strcmp(input->outcome + len - 3, "end") == 0;
}

static bool is_new(const struct hostile *input)
{
    return input->state == NEW || input->state == NEW5;
}

static void connect_up(struct peer *peer, enum hostile_state state)
{
    static const struct {
        const char *packet;
        size_t len;
    } connects[] = {
        [UP] = { BYTES("\x10\x1b\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x04will\x00\x03"
                       "bye") },
        [UP31] = { BYTES("\x10\x1d\x00\x06MQIsdp\x03\x06\x00\x00\x00\x04lamp\x00\x04will\x00\x03"
                         "bye") },
        [UP5] = { BYTES(
            "\x10\x1d\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x04will\x00\x03"
            "bye") },
    };
    peer_send(peer, connects[state].packet, connects[state].len);
    assert_non_null(strstr(peer_log(peer), "connack:0"));
}

static void complain(const struct hostile *input, size_t piece, size_t first, const char *log)
{
    fail_msg("[%s] %s, %zu bytes, then by %zu: %s instead of %s", input->statement, input->title,
             first, piece, log, input->outcome);
}

/* Sends `first` bytes, and the rest in pieces. */
static void run(struct fixture *f, struct service *wills, const struct hostile *input, size_t first,
                size_t piece)
{
    struct peer lamp = { .level = 0 };
    char expected[256];
    int before = wills->count;
    bool closed = is_closed(input);
    peer_open(f, &lamp);
    if (input->state == NEW5 || input->state == UP5) lamp.level = MQTT_LEVEL_5;
    if (!is_new(input)) connect_up(&lamp, input->state);
    for (size_t at = 0, len = first; at < input->len; at += len, len = piece) {
        if (len > input->len - at) len = input->len - at;
        peer_send(&lamp, input->bytes + at, len);
    }
    if (!closed) peer_send(&lamp, "\xc0\x00", 2);
    snprintf(expected, sizeof expected, "%s%s", input->outcome, closed ? "" : "pingresp ");
    const char *log = peer_log(&lamp);
    if (strcmp(log, expected) != 0) complain(input, piece, first, log);
    if (wills->count - before != (closed && !is_new(input)))
        complain(input, piece, first, "not as many wills");
    peer_close(&lamp);
}

typedef void (*how_cb)(struct fixture *f, struct service *wills, const struct hostile *input);

static void run_all(struct fixture *f, const struct hostile *rows, size_t count, how_cb how)
{
    struct service wills = { 0 };
    struct peer neighbour = { 0 };
    service_start(f, &wills, "will");
    peer_start(f, &neighbour, "neighbour", true);
    peer_subscribe(&neighbour, 1, "peace", 1);
    for (size_t i = 0; i < count; i++)
        how(f, &wills, &rows[i]);
    peer_publish(&neighbour, "peace", "x", 1, 1);
    assert_peer(&neighbour, "suback#1:1 peace=x/1#2 puback#1 ");
    peer_close(&neighbour);
    assert_int_equal(front_count(front), 0);
    assert_int_equal(sessions_count(hub_sessions(f->hub)), 0);
    service_stop(&wills);
}

static void whole(struct fixture *f, struct service *wills, const struct hostile *input)
{
    run(f, wills, input, input->len, input->len);
}

static void in_two(struct fixture *f, struct service *wills, const struct hostile *input)
{
    for (size_t at = 1; at < input->len; at++)
        run(f, wills, input, at, input->len);
}

static void by_bytes(struct fixture *f, struct service *wills, const struct hostile *input)
{
    run(f, wills, input, 1, 1);
}

void hostile_whole(struct fixture *f, const struct hostile *rows, size_t count)
{
    run_all(f, rows, count, whole);
}

void hostile_in_two(struct fixture *f, const struct hostile *rows, size_t count)
{
    run_all(f, rows, count, in_two);
}

void hostile_by_bytes(struct fixture *f, const struct hostile *rows, size_t count)
{
    run_all(f, rows, count, by_bytes);
}

void hostile_differ(const struct hostile *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct hostile *a = &rows[i], *b = &rows[j];
            if (a->state == b->state && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0)
                fail_msg("twice: [%s] %s, [%s] %s", a->statement, a->title, b->statement, b->title);
        }
    }
}
