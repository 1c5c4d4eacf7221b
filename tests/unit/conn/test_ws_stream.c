/* Unit tests of WebSocket as a stream, over a pair in memory whose other end speaks frames by hand. */
#include "lib/test.h"

#include "../ws/ws_cases.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "conn/ws_stream.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"
#include "lib/stream_pair.h"
#include "loop/loop.h"

enum { MAX_FRAME = 100000, MAX_MESSAGE = 200000, GOODBYE_MS = 1000, NOT_ENDED = 12345 };

static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };

static struct loop *loop;
static struct ws_env env;
static struct ws_writer *writer; /* of the client */

/* ---- the two ends ---- */

static struct {
    struct stream *s;
    struct buf got; /* all bytes of the hub */
    bool ended;
    bool deaf;
} client;

static struct {
    struct stream *s;
    struct buf got;
    size_t take; /* of each on_read; SIZE_MAX: all */
    int reads, writables, closes;
    int end_rc;
    bool pause_on_read, close_on_read, linger_on_read, echo;
} owner;

static size_t client_read(struct stream *s, const uint8_t *data, size_t len)
{
    buf_append(&client.got, data, len);
    return len;
}

static void client_end(struct stream *s, int rc)
{
    client.ended = true;
}

static const struct stream_cbs client_cbs = { .on_read = client_read, .on_end = client_end };

static void owner_closed(struct stream *s)
{
    owner.closes++;
    owner.s = NULL;
}

static size_t owner_read(struct stream *s, const uint8_t *data, size_t len)
{
    size_t used = len < owner.take ? len : owner.take;
    owner.reads++;
    buf_append(&owner.got, data, used);
    if (owner.pause_on_read) stream_pause(s);
    if (owner.echo) stream_write(s, data, used);
    if (owner.linger_on_read) stream_close(s, true, owner_closed);
    if (owner.close_on_read) stream_close(s, false, owner_closed);
    return used;
}

static void owner_writable(struct stream *s)
{
    owner.writables++;
}

static void owner_end(struct stream *s, int rc)
{
    assert_int_equal(owner.end_rc, NOT_ENDED);
    owner.end_rc = rc;
}

static const struct stream_cbs owner_cbs = { owner_read, owner_writable, owner_end };

static void quiet(void)
{
    for (int i = 0; loop_turn(loop); i++)
        assert_true(i < 100000);
}

static void pass_time(int64_t ms)
{
    clock_fake_advance(ms);
    quiet();
}

static void no_line(const char *line, size_t len)
{
}

static struct stream *transport;

static void open_pair(void)
{
    stream_pair_create(loop, &client.s, &transport);
    client.s->cbs = &client_cbs;
    owner.s = ws_stream_create(&env, transport);
    owner.s->cbs = &owner_cbs;
}

static int set_up(void **state)
{
    clock_fake_install();
    rand_fake_install(5);
    log_set_sink(no_line);
    loop_create(&loop, NULL);
    ws_env_init(&env, (struct ws_limits){ MAX_FRAME, MAX_MESSAGE }, (struct bucket_limit){ 0 });
    writer = ws_writer_create();
    memset(&client, 0, sizeof client);
    memset(&owner, 0, sizeof owner);
    owner.take = SIZE_MAX;
    owner.end_rc = NOT_ENDED;
    open_pair();
    return 0;
}

static void close_pair(void)
{
    if (client.s) stream_close(client.s, false, NULL);
    client.s = NULL;
    if (owner.s) stream_close(owner.s, false, owner_closed);
    quiet();
    pass_time(10000);
    assert_int_equal(owner.closes, 1);
}

static int tear_down(void **state)
{
    close_pair();
    buf_deinit(&client.got);
    buf_deinit(&owner.got);
    ws_writer_destroy(writer);
    ws_env_deinit(&env);
    loop_destroy(loop);
    log_set_sink(NULL);
    rand_fake_remove();
    clock_fake_remove();
    return 0;
}

/* ---- frames of the client ---- */

static void put_frame(struct buf *out, enum ws_opcode opcode, bool fin, const void *data,
                      size_t len)
{
    uint8_t head[WS_HEAD_MAX];
    size_t size = ws_put_masked_head(writer, opcode, len, key, head);
    if (!fin) head[0] &= 0x7f;
    buf_append(out, head, size);
    uint8_t *payload = (uint8_t *)buf_reserve(out, len + 1);
    ws_mask(payload, data, len, key, 0);
    out->len += len;
}

static void say(enum ws_opcode opcode, bool fin, const char *data, size_t len)
{
    struct buf out = { 0 };
    put_frame(&out, opcode, fin, data, len);
    stream_write(client.s, out.data, out.len);
    buf_deinit(&out);
    quiet();
}

static void say_text(const char *text)
{
    say(WS_BINARY, true, text, strlen(text));
}

static void say_close(unsigned code, const char *reason)
{
    char payload[125] = { (char)(code >> 8), (char)code };
    size_t len = strlen(reason);
    memcpy(payload + 2, reason, len);
    say(WS_CLOSE, true, payload, len + 2);
}

/* ---- frames of the hub ---- */

struct frame {
    unsigned first; /* FIN, RSV, opcode */
    struct slice payload;
};

/* Takes the next frame off what the client has; false: there is no whole one. */
static bool next_frame(size_t *at, struct frame *ret_frame)
{
    const uint8_t *p = (const uint8_t *)client.got.data + *at;
    size_t left = client.got.len - *at, head = 2;
    if (left < 2) return false;
    assert_int_equal(p[1] & 0x80, 0); /* section 5.1: a server does not mask */
    uint64_t len = p[1];
    size_t more = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (left < 2 + more) return false;
    for (size_t i = 0; i < more; i++)
        len = (i ? len << 8 : 0) | p[2 + i];
    head += more;
    if (left - head < len) return false;
    *ret_frame = (struct frame){ p[0], slice_of((const char *)p + head, (size_t)len) };
    *at += head + (size_t)len;
    return true;
}

/* "82:hello 88:03e8 " of all frames; a Close frame's payload in hex. Forgets them. */
static const char *frames(void)
{
    static struct buf text;
    struct frame frame;
    size_t at = 0;
    buf_clear(&text);
    while (next_frame(&at, &frame)) {
        buf_printf(&text, "%02x:", frame.first);
        for (size_t i = 0; i < frame.payload.len; i++)
            buf_printf(&text, frame.first == 0x88 && i < 2 ? "%02x" : "%c",
                       (uint8_t)frame.payload.ptr[i]);
        buf_putc(&text, ' ');
    }
    assert_int_equal(at, client.got.len);
    buf_clear(&client.got);
    return buf_str(&text);
}

static void write_text(const char *text)
{
    stream_write(owner.s, text, strlen(text));
}

/* ---- bytes ---- */

static void what_a_turn_writes_is_one_frame(void **state)
{
    write_text("ab");
    write_text("cd");
    struct chunk *chunk = chunk_create(4);
    memcpy(chunk->data, "efgh", 4);
    stream_write_chunk(owner.s, chunk, 1, 2);
    chunk_unref(chunk);
    assert_int_equal(stream_pending(owner.s), 6);
    quiet();
    assert_int_equal(stream_pending(owner.s), 0);
    assert_int_equal(stream_sent(owner.s), 2 + 6);
    write_text("x");
    quiet();
    assert_string_equal(frames(), "82:abcdfg 82:x ");
}

static void frames_and_messages_are_one_row_of_bytes(void **state)
{
    struct buf out = { 0 };
    put_frame(&out, WS_BINARY, true, "abc", 3);
    put_frame(&out, WS_BINARY, false, "de", 2);
    put_frame(&out, WS_PING, true, "p", 1);
    put_frame(&out, WS_CONTINUATION, true, "f", 1);
    put_frame(&out, WS_BINARY, true, "", 0);
    stream_write(client.s, out.data, out.len);
    quiet();
    assert_string_equal(buf_str(&owner.got), "abcdef");
    assert_int_equal(owner.reads, 1);
    for (size_t i = 0; i < out.len; i++) { /* and again, byte by byte */
        stream_write(client.s, out.data + i, 1);
        quiet();
    }
    assert_string_equal(buf_str(&owner.got), "abcdefabcdef");
    assert_string_equal(frames(), "8a:p 8a:p ");
    buf_deinit(&out);
}

static void what_the_owner_leaves_is_shown_again(void **state)
{
    owner.take = 2;
    say_text("abcde");
    assert_string_equal(buf_str(&owner.got), "ab");
    owner.take = SIZE_MAX;
    say_text("f");
    assert_string_equal(buf_str(&owner.got), "abcdef");
}

static void a_paused_owner_gets_nothing(void **state)
{
    owner.pause_on_read = true;
    say_text("a");
    say_text("b");
    say_text("c");
    assert_string_equal(buf_str(&owner.got), "a");
    owner.pause_on_read = false;
    stream_resume(owner.s);
    quiet();
    assert_string_equal(buf_str(&owner.got), "abc");
}

static void long_reads_stop_where_the_owner_pauses(void **state)
{
    char *piece = xcalloc(1, 60000);
    struct buf out = { 0 };
    stream_pair_set_window(client.s, 1 << 20);
    for (int i = 0; i < 5; i++)
        put_frame(&out, WS_BINARY, true, piece, 60000);
    owner.pause_on_read = true;
    stream_write(client.s, out.data, out.len);
    for (int i = 1; i <= 5; i++) {
        quiet();
        assert_true(owner.got.len <= (size_t)i * 65536);
        stream_resume(owner.s);
    }
    quiet();
    assert_int_equal(owner.got.len, 300000);
    buf_deinit(&out);
    free(piece);
}

static void long_output_is_cut_into_frames_of_a_megabyte(void **state)
{
    enum { SIZE = (5 << 20) / 2 };
    uint64_t seed = 3;
    struct chunk *chunk = chunk_create(SIZE);
    struct frame frame;
    size_t at = 0, done = 0;
    for (size_t i = 0; i < SIZE; i++)
        chunk->data[i] = (uint8_t)rand_fake_below(&seed, 256);
    stream_write(owner.s, "<", 1);
    stream_write_chunk(owner.s, chunk, 0, SIZE);
    quiet();
    while (next_frame(&at, &frame)) {
        assert_true(frame.payload.len <= 1 << 20);
        assert_int_equal(frame.first, 0x82);
        size_t skip = done == 0;
        assert_memory_equal(frame.payload.ptr + skip, chunk->data + done, frame.payload.len - skip);
        done += frame.payload.len - skip;
    }
    assert_int_equal(done, SIZE);
    chunk_unref(chunk);
}

/* ---- marks ---- */

static void a_peer_that_does_not_read_is_felt(void **state)
{
    char piece[1000] = { 0 };
    stream_pause(client.s);
    stream_set_high_water(owner.s, 100000);
    while (!stream_over_high_water(owner.s)) {
        stream_write(owner.s, piece, sizeof piece);
        quiet();
    }
    assert_true(stream_pending(owner.s) > 100000);
    assert_int_equal(owner.writables, 0);
    stream_resume(client.s);
    quiet();
    assert_int_equal(owner.writables, 1);
    assert_int_equal(stream_pending(owner.s), 0);
}

static void a_lower_mark_is_felt_below(void **state)
{
    char piece[1000] = { 0 };
    stream_pause(client.s);
    for (int i = 0; i < 200; i++)
        stream_write(owner.s, piece, sizeof piece);
    quiet();
    stream_set_high_water(owner.s, 100);
    quiet();
    assert_int_equal(owner.writables, 0);
    stream_resume(client.s);
    quiet();
    assert_int_equal(owner.writables, 1);
}

static void pings_of_a_peer_that_does_not_read_make_no_queue(void **state)
{
    char payload[16];
    stream_pause(client.s);
    stream_pair_set_window(transport, 1);
    for (int i = 0; i < 200000; i++) {
        snprintf(payload, sizeof payload, "%06d", i);
        struct buf out = { 0 };
        put_frame(&out, WS_PING, true, payload, 6);
        stream_write(client.s, out.data, out.len);
        buf_deinit(&out);
        if (i % 1000 == 0) quiet();
    }
    quiet();
    assert_in_range(stream_pending(owner.s), 1, 70000);
    stream_resume(client.s);
    quiet();
    struct frame frame = { 0 };
    size_t at = 0, count = 0;
    while (next_frame(&at, &frame))
        count++;
    assert_in_range(count, 2, 70000 / 8);
    assert_memory_equal(frame.payload.ptr, "199999", 6); /* the last is answered */
}

/* Output that is written while a Pong is owed does not make the hub forget it. */
static void a_pong_that_is_owed_is_paid(void **state)
{
    char *piece = xcalloc(1, 300000);
    struct frame frame = { 0 }, last = { 0 };
    size_t at = 0;
    stream_pause(client.s);
    stream_pair_set_window(transport, 1);
    stream_write(owner.s, piece, 100000);
    quiet();
    say(WS_PING, true, "owed", 4);
    stream_write(owner.s, piece, 300000);
    quiet();
    stream_pair_set_window(transport, 10000);
    stream_resume(client.s);
    quiet();
    while (next_frame(&at, &frame))
        if (frame.first == 0x8a) last = frame;
    assert_int_equal(last.payload.len, 4);
    assert_memory_equal(last.payload.ptr, "owed", 4);
    free(piece);
}

/* Frames with nothing in them are read from later when there are too many. */
static void bare_frames_have_a_rate(void **state)
{
    int64_t before = metrics_get(METRIC_MQTT_THROTTLED);
    struct buf out = { 0 };
    ws_env_limit(&env, env.limits, (struct bucket_limit){ .rate = 10 });
    for (int i = 0; i < 30; i++)
        put_frame(&out, i % 3 ? WS_BINARY : WS_PING, true, "", 0);
    stream_write(client.s, out.data, out.len);
    buf_deinit(&out);
    quiet();
    say_text("late");
    assert_string_equal(buf_str(&owner.got),
                        ""); /* ten are free, for twenty it waits two seconds and a bit */
    stream_pause(owner.s);
    stream_resume(owner.s); /* that is not what it waits for */
    pass_time(2000);
    assert_string_equal(buf_str(&owner.got), "");
    pass_time(101);
    assert_string_equal(buf_str(&owner.got), "late");
    for (int i = 0; i < 50; i++)
        say_text("x"); /* those with something in them count elsewhere */
    assert_int_equal(owner.got.len, 54);
    assert_int_equal(metrics_get(METRIC_MQTT_THROTTLED), before + 1);
}

/* ---- the end ---- */

static void the_owner_closes_and_says_why(void **state)
{
    static const struct {
        enum stream_farewell farewell;
        const char *frames;
    } cases[] = {
        { STREAM_DONE, "82:bye 88:03e8 " },    { STREAM_AWAY, "82:bye 88:03e9 " },
        { STREAM_MISUSED, "82:bye 88:03ea " }, { STREAM_REFUSED, "82:bye 88:03f0 " },
        { STREAM_TOO_BIG, "82:bye 88:03f1 " }, { STREAM_FAILED, "82:bye 88:03f3 " },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (i) open_pair();
        owner.closes = 0;
        write_text("bye");
        owner.s->farewell = cases[i].farewell;
        stream_close(owner.s, true, owner_closed);
        quiet();
        assert_string_equal(frames(), cases[i].frames);
        assert_int_equal(owner.closes, 0);
        say_close(WS_CLOSE_NORMAL, "");
        assert_int_equal(owner.closes, 1);
        assert_string_equal(frames(), "");
        assert_true(client.ended);
        stream_close(client.s, false, NULL);
        quiet();
    }
    client.s = NULL;
}

static void the_peers_close_is_waited_for_a_second(void **state)
{
    stream_close(owner.s, true, owner_closed);
    quiet();
    say_text("more");
    say(WS_PING, true, "p", 1);
    pass_time(GOODBYE_MS - 1);
    assert_int_equal(owner.closes, 0);
    assert_string_equal(buf_str(&owner.got), "");
    assert_string_equal(frames(), "88:03e8 ");
    pass_time(1);
    assert_int_equal(owner.closes, 1);
}

static void a_close_without_linger_says_goodbye_too(void **state)
{
    write_text("is dropped");
    stream_close(owner.s, false, owner_closed);
    quiet();
    assert_string_equal(frames(), "88:03e8 ");
    say_close(WS_CLOSE_NORMAL, "");
    assert_int_equal(owner.closes, 1);
}

static void who_does_not_read_is_not_waited_for(void **state)
{
    stream_pause(client.s);
    stream_pair_set_window(transport, 1);
    write_text("stuck");
    quiet();
    write_text("more");
    quiet();
    stream_close(owner.s, false, owner_closed);
    quiet();
    assert_int_equal(owner.closes, 1);
}

static void a_cut_ends_the_waiting(void **state)
{
    stream_close(owner.s, true, owner_closed);
    quiet();
    assert_int_equal(owner.closes, 0);
    stream_cut(owner.s);
    quiet();
    assert_int_equal(owner.closes, 1);
}

static void a_cut_ends_the_lingering(void **state)
{
    stream_pause(client.s);
    stream_pair_set_window(transport, 1);
    write_text("stuck");
    stream_close(owner.s, true, owner_closed);
    quiet();
    assert_int_equal(owner.closes, 0);
    stream_cut(owner.s);
    quiet();
    pass_time(0);
    assert_int_equal(owner.closes, 1);
}

static void the_peer_closes(void **state)
{
    static const struct {
        const char *payload;
        size_t len;
        const char *answer;
    } cases[] = {
        { "", 0, "88: " },
        { "\x03\xe8", 2, "88:03e8 " },
        { "\x03\xe9going", 7, "88:03e9 " },
        { "\x0b\xb8", 2, "88:0bb8 " },
        { "\x13\x87", 2, "88:1387 " },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (i) open_pair();
        owner.end_rc = NOT_ENDED;
        owner.closes = 0;
        buf_clear(&owner.got);
        struct buf out = { 0 };
        put_frame(&out, WS_BINARY, true, "last", 4);
        put_frame(&out, WS_CLOSE, true, cases[i].payload, cases[i].len);
        put_frame(&out, WS_BINARY, true, "not this", 8);
        stream_write(client.s, out.data, out.len);
        buf_deinit(&out);
        quiet();
        assert_string_equal(buf_str(&owner.got), "last");
        assert_int_equal(owner.end_rc, STREAM_SAID_GOODBYE);
        assert_string_equal(frames(), cases[i].answer);
        write_text("too late");
        stream_close(owner.s, true, owner_closed);
        quiet();
        assert_int_equal(owner.closes, 1);
        assert_string_equal(frames(), "");
        stream_close(client.s, false, NULL);
        quiet();
    }
    client.s = NULL;
}

static void what_is_answered_before_the_peers_close_leaves(void **state)
{
    owner.echo = true;
    struct buf out = { 0 };
    put_frame(&out, WS_BINARY, true, "ask", 3);
    put_frame(&out, WS_CLOSE, true, "\x03\xe8", 2);
    stream_write(client.s, out.data, out.len);
    quiet();
    assert_string_equal(frames(), "82:ask 88:03e8 ");
    /* also when the owner closes at once, and lingers */
    close_pair();
    open_pair();
    owner.closes = 0;
    owner.end_rc = NOT_ENDED;
    owner.linger_on_read = true;
    stream_write(client.s, out.data, out.len);
    buf_deinit(&out);
    quiet();
    assert_string_equal(frames(), "82:ask 88:03e8 ");
    assert_int_equal(owner.closes, 1);
}

/* As before the end of a connection without a goodbye. */
static void what_was_said_before_the_close_is_heard_first(void **state)
{
    struct buf out = { 0 };
    put_frame(&out, WS_BINARY, true, "abc", 3);
    put_frame(&out, WS_CLOSE, true, "", 0);
    owner.pause_on_read = true;
    owner.take = 1;
    stream_write(client.s, out.data, out.len);
    buf_deinit(&out);
    quiet();
    assert_string_equal(buf_str(&owner.got), "a");
    assert_int_equal(owner.end_rc, NOT_ENDED);
    owner.pause_on_read = false;
    owner.take = SIZE_MAX;
    stream_resume(owner.s);
    quiet();
    assert_string_equal(buf_str(&owner.got), "abc");
    assert_int_equal(owner.end_rc, STREAM_SAID_GOODBYE);
}

static void mistakes_of_the_peer_end_it(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *code;
        int rc;
    } cases[] = {
#define MISTAKE(bytes, code, rc) { bytes, sizeof bytes - 1, code, rc }
        MISTAKE("\x82\x01x", "03ea", ERR_PROTOCOL),         /* no mask */
        MISTAKE("\xc2\x80\0\0\0\0", "03ea", ERR_PROTOCOL),  /* RSV1 */
        MISTAKE("\x83\x80\0\0\0\0", "03ea", ERR_PROTOCOL),  /* an opcode of the future */
        MISTAKE("\x80\x80\0\0\0\0", "03ea", ERR_PROTOCOL),  /* goes on with nothing */
        MISTAKE("\x81\x81\0\0\0\0x", "03eb", ERR_PROTOCOL), /* text */
        MISTAKE("\x88\x83\0\0\0\0\x03\xe8\xff", "03ef",
                ERR_PROTOCOL), /* a reason that is no text */
        MISTAKE("\x82\xff\0\0\0\0\0\1\x86\xa1\0\0\0\0", "03f1", ERR_TOO_LARGE),
#undef MISTAKE
    };
    int64_t before = metrics_get(METRIC_WEBSOCKET_ERRORS);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char start[16];
        if (i) open_pair();
        owner.end_rc = NOT_ENDED;
        owner.closes = 0;
        stream_write(client.s, cases[i].bytes, cases[i].len);
        quiet();
        say_text("after that nothing counts");
        assert_string_equal(buf_str(&owner.got), "");
        assert_int_equal(owner.end_rc, cases[i].rc);
        snprintf(start, sizeof start, "88:%s", cases[i].code);
        const char *answer = frames();
        assert_int_equal(strncmp(answer, start, strlen(start)), 0);
        assert_true(strlen(answer) > strlen(start) + 5); /* and a sentence */
        stream_close(owner.s, false, owner_closed);
        quiet();
        assert_int_equal(owner.closes, 1);
        stream_close(client.s, false, NULL);
        quiet();
    }
    client.s = NULL;
    assert_int_equal(metrics_get(METRIC_WEBSOCKET_ERRORS) - before, ARRAY_LEN(cases));
}

/* ---- the conformance cases of the codec, through a stream ---- */

/* Pongs are told as the case tells its Pings; returns the code of the Close frame, 0 when there is none. */
static unsigned read_answers(struct buf *pongs)
{
    struct frame frame;
    size_t at = 0;
    unsigned code = 0;
    while (next_frame(&at, &frame)) {
        assert_int_equal(code, 0); /* nothing after a Close frame */
        if (frame.first == 0x8a) {
            buf_put_u8(pongs, (uint8_t)frame.payload.len);
            buf_put_slice(pongs, frame.payload);
            continue;
        }
        assert_int_equal(frame.first, 0x88);
        const uint8_t *payload = (const uint8_t *)frame.payload.ptr;
        code = frame.payload.len ? (unsigned)(payload[0] << 8 | payload[1]) : WS_CLOSE_NONE;
    }
    assert_int_equal(at, client.got.len);
    return code;
}

static void judge(const struct ws_case *c, size_t piece)
{
    struct buf pongs = { 0 }, payload = { 0 }, pings = { 0 };
    ws_case_payload(c, &payload);
    ws_case_pings(c, &pings);
    unsigned code = read_answers(&pongs);
    bool ended = owner.end_rc == (c->end == WS_CASE_CLOSED ? STREAM_SAID_GOODBYE : ERR_PROTOCOL) ||
                 (c->end == WS_CASE_REFUSED && owner.end_rc == ERR_TOO_LARGE);
    if (c->end == WS_CASE_OPEN) ended = owner.end_rc == NOT_ENDED;
    if (code != c->code || !ended || !slice_eq(buf_slice(&owner.got), buf_slice(&payload)) ||
        !slice_eq(buf_slice(&pongs), buf_slice(&pings)))
        fail_msg("%s, in pieces of %zu: code %u, end %d, %zu bytes", c->name, piece, code,
                 owner.end_rc, owner.got.len);
    buf_deinit(&pongs);
    buf_deinit(&payload);
    buf_deinit(&pings);
}

static void run_case(const struct ws_case *c, size_t piece)
{
    struct buf wire = { 0 };
    close_pair();
    owner.end_rc = NOT_ENDED;
    owner.closes = 0;
    buf_clear(&owner.got);
    buf_clear(&client.got);
    env.limits = (struct ws_limits){ c->max_frame, c->max_message };
    open_pair();
    ws_case_wire(c, &wire);
    for (size_t at = 0; at < wire.len; at += piece) {
        stream_write(client.s, wire.data + at, piece < wire.len - at ? piece : wire.len - at);
        quiet();
    }
    buf_deinit(&wire);
    judge(c, piece);
}

static void conformance_cases(void **state)
{
    size_t count = 0;
    for (size_t i = 0; i < ws_case_count; i++) {
        const struct ws_case *c = &ws_cases[i];
        struct buf wire = { 0 };
        ws_case_wire(c, &wire);
        size_t len = wire.len;
        buf_deinit(&wire);
        if (c->to_client) continue;
        count++;
        run_case(c, SIZE_MAX);
        run_case(c, 1000);
        if (len < 1000) run_case(c, 1);
        if (len < 1000) run_case(c, 3);
    }
    assert_true(count >= 200);
    env.limits = (struct ws_limits){ MAX_FRAME, MAX_MESSAGE };
}

static void a_lost_line_is_told(void **state)
{
    say(WS_BINARY, false, "half", 4);
    stream_pair_break(client.s, -ECONNRESET);
    quiet();
    assert_int_equal(owner.end_rc, -ECONNRESET);
}

static void an_end_without_a_close_frame_is_none(void **state)
{
    stream_close(client.s, false, NULL);
    client.s = NULL;
    quiet();
    assert_int_equal(owner.end_rc, 0);
}

static void an_owner_may_close_within_on_read(void **state)
{
    owner.close_on_read = true;
    struct buf out = { 0 };
    put_frame(&out, WS_BINARY, true, "a", 1);
    put_frame(&out, WS_CLOSE, true, "", 0);
    stream_write(client.s, out.data, out.len);
    buf_deinit(&out);
    quiet();
    assert_string_equal(buf_str(&owner.got), "a");
    assert_int_equal(owner.closes, 1);
    assert_int_equal(owner.end_rc, NOT_ENDED);
}

static void what_tls_has_found_goes_along(void **state)
{
    struct stream *near, *far;
    stream_pair_create(loop, &near, &far);
    far->peer.tls = xnew(struct stream_tls);
    snprintf(far->peer.tls->cert_id, sizeof far->peer.tls->cert_id, "ab12");
    struct stream *ws = ws_stream_create(&env, far);
    ws->cbs = &owner_cbs;
    assert_string_equal(ws->peer.tls->cert_id, "ab12");
    assert_string_equal(ws->peer.address, "127.0.0.1");
    stream_close(near, false, NULL);
    stream_close(ws, false, NULL);
    quiet();
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(what_a_turn_writes_is_one_frame),
        T(frames_and_messages_are_one_row_of_bytes),
        T(what_the_owner_leaves_is_shown_again),
        T(a_paused_owner_gets_nothing),
        T(long_reads_stop_where_the_owner_pauses),
        T(long_output_is_cut_into_frames_of_a_megabyte),
        T(a_peer_that_does_not_read_is_felt),
        T(a_lower_mark_is_felt_below),
        T(pings_of_a_peer_that_does_not_read_make_no_queue),
        T(a_pong_that_is_owed_is_paid),
        T(bare_frames_have_a_rate),
        T(the_owner_closes_and_says_why),
        T(the_peers_close_is_waited_for_a_second),
        T(a_close_without_linger_says_goodbye_too),
        T(who_does_not_read_is_not_waited_for),
        T(a_cut_ends_the_waiting),
        T(a_cut_ends_the_lingering),
        T(the_peer_closes),
        T(what_is_answered_before_the_peers_close_leaves),
        T(what_was_said_before_the_close_is_heard_first),
        T(mistakes_of_the_peer_end_it),
        T(conformance_cases),
        T(a_lost_line_is_told),
        T(an_end_without_a_close_frame_is_none),
        T(an_owner_may_close_within_on_read),
        T(what_tls_has_found_goes_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
