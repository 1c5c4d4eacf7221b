/* test_mqtt_hostile.c — the rows of hostile_tbl.h, each sent whole, split in two at every byte, and byte by byte: the
 * outcome is the same, the will comes when it is due, and a neighbour notices nothing. */
#include "mqtt_peer.h"

enum state { NEW, UP, UP31 };

static const struct hostile {
    const char *statement, *title;
    enum state state;
    const char *bytes;
    size_t len;
    const char *outcome;
} inputs[] = {
#define HOSTILE(statement_, title_, state_, bytes_, outcome_) \
    { statement_, title_, state_, BYTES(bytes_), outcome_ },
#include "hostile_tbl.h"
};

static bool is_closed(const struct hostile *input)
{
    size_t len = strlen(input->outcome);
    return len >= 3 && strcmp(input->outcome + len - 3, "end") == 0;
}

static void connect_up(struct peer *peer, enum state state)
{
    static const char connect[] = "\x10\x1b\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp"
                                  "\x00\x04will\x00\x03"
                                  "bye";
    static const char connect31[] = "\x10\x1d\x00\x06MQIsdp\x03\x06\x00\x00\x00\x04lamp"
                                    "\x00\x04will\x00\x03"
                                    "bye";
    if (state == UP)
        peer_send(peer, BYTES(connect));
    else
        peer_send(peer, BYTES(connect31));
    assert_peer(peer, "connack:0 ");
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
    struct peer lamp = { 0 };
    char expected[128];
    int before = wills->count;
    bool closed = is_closed(input);
    peer_open(f, &lamp);
    if (input->state != NEW) connect_up(&lamp, input->state);
    for (size_t at = 0, len = first; at < input->len; at += len, len = piece) {
        if (len > input->len - at) len = input->len - at;
        peer_send(&lamp, input->bytes + at, len);
    }
    if (!closed) peer_send(&lamp, "\xc0\x00", 2);
    snprintf(expected, sizeof expected, "%s%s", input->outcome, closed ? "" : "pingresp ");
    const char *log = peer_log(&lamp);
    if (strcmp(log, expected) != 0) complain(input, piece, first, log);
    if (wills->count - before != (closed && input->state != NEW))
        complain(input, piece, first, "not as many wills");
    peer_close(&lamp);
}

static void run_all(struct fixture *f, void (*how)(struct fixture *f, struct service *wills,
                                                   const struct hostile *input))
{
    struct service wills = { 0 };
    struct peer neighbour = { 0 };
    service_start(f, &wills, "will");
    peer_start(f, &neighbour, "neighbour", true);
    peer_subscribe(&neighbour, 1, "peace", 1);
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++)
        how(f, &wills, &inputs[i]);
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

static void hostile_inputs(void **state)
{
    run_all(*state, whole);
}

static void hostile_inputs_split_everywhere(void **state)
{
    run_all(*state, in_two);
}

static void hostile_inputs_byte_by_byte(void **state)
{
    run_all(*state, by_bytes);
}

/* Two rows with the same bytes would be one. */
static void rows_differ(void **state)
{
    assert_true(ARRAY_LEN(inputs) >= 400);
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        for (size_t j = 0; j < i; j++) {
            const struct hostile *a = &inputs[i], *b = &inputs[j];
            if (a->state == b->state && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0)
                fail_msg("twice: [%s] %s, [%s] %s", a->statement, a->title, b->statement, b->title);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(hostile_inputs),
        TEST(hostile_inputs_split_everywhere),
        TEST(hostile_inputs_byte_by_byte),
        cmocka_unit_test(rows_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
