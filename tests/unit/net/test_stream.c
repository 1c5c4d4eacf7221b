/* Unit tests of what all streams have in common, over a pair in memory. */
#include "lib/test.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "lib/clock_fake.h"
#include "lib/rand_fake.h"
#include "lib/stream_pair.h"
#include "loop/loop.h"
#include "net/stream.h"

static struct loop *loop;

/* One end, with what happened to it. */
struct side {
    struct stream *s;
    struct buf got;
    size_t take;     /* use at most so many bytes of each on_read; SIZE_MAX: all */
    int reads;       /* calls of on_read */
    size_t last_len; /* of the last one */
    int writables;
    int ends;
    int end_rc;
    int closes;
    bool pause_on_read;
    bool close_on_read;
    bool echo;
    const struct stream_cbs *switch_to;
};

static void on_closed(struct stream *s)
{
    struct side *side = s->owner;
    side->closes++;
    side->s = NULL;
}

static size_t on_read(struct stream *s, const uint8_t *data, size_t len)
{
    struct side *side = s->owner;
    side->reads++;
    side->last_len = len;
    size_t used = len < side->take ? len : side->take;
    buf_append(&side->got, data, used);
    if (side->echo) stream_write(s, data, used);
    if (side->pause_on_read) stream_pause(s);
    if (side->close_on_read) stream_close(s, false, on_closed);
    if (side->switch_to) s->cbs = side->switch_to;
    return used;
}

static void on_writable(struct stream *s)
{
    ((struct side *)s->owner)->writables++;
}

static void on_end(struct stream *s, int rc)
{
    struct side *side = s->owner;
    side->ends++;
    side->end_rc = rc;
}

static const struct stream_cbs side_cbs = { on_read, on_writable, on_end };

static size_t read_second(struct stream *s, const uint8_t *data, size_t len)
{
    struct side *side = s->owner;
    buf_puts(&side->got, "|");
    buf_append(&side->got, data, len);
    return len;
}

static const struct stream_cbs second_cbs = { read_second, NULL, on_end };

static struct side a, b;

static void quiet(void)
{
    for (int i = 0; loop_turn(loop); i++)
        assert_true(i < 100000);
}

static int set_up(void **state)
{
    clock_fake_install();
    loop_create(&loop, NULL);
    a = b = (struct side){ .take = SIZE_MAX };
    stream_pair_create(loop, &a.s, &b.s);
    a.s->owner = &a;
    b.s->owner = &b;
    a.s->cbs = b.s->cbs = &side_cbs;
    return 0;
}

static int tear_down(void **state)
{
    if (a.s) stream_close(a.s, false, on_closed);
    if (b.s) stream_close(b.s, false, on_closed);
    quiet();
    assert_int_equal(a.closes, 1);
    assert_int_equal(b.closes, 1);
    buf_deinit(&a.got);
    buf_deinit(&b.got);
    loop_destroy(loop);
    clock_fake_remove();
    return 0;
}

static void put(struct side *side, const char *text)
{
    stream_write(side->s, text, strlen(text));
}

static void bytes_go_both_ways(void **state)
{
    put(&a, "hel");
    put(&a, "lo");
    put(&b, "world");
    stream_write(a.s, "", 0);
    assert_int_equal(stream_pending(a.s), 5);
    assert_string_equal(buf_str(&b.got), "");
    quiet();
    assert_int_equal(stream_pending(a.s), 0);
    assert_string_equal(buf_str(&b.got), "hello");
    assert_string_equal(buf_str(&a.got), "world");
    assert_int_equal(b.reads, 1);
}

static void random_writes_come_back_unchanged(void **state)
{
    uint64_t seed = 7;
    struct buf sent = { 0 };
    b.echo = true;
    stream_pair_set_window(a.s, 1000);
    for (int i = 0; i < 2000; i++) {
        size_t len = rand_fake_below(&seed, i % 10 ? 300 : 9000);
        struct chunk *chunk = chunk_create(len);
        for (size_t k = 0; k < len; k++)
            chunk->data[k] = (uint8_t)rand_fake_below(&seed, 256);
        size_t at = len ? rand_fake_below(&seed, len) : 0;
        buf_append(&sent, chunk->data + at, len - at);
        if (rand_fake_below(&seed, 2))
            stream_write(a.s, chunk->data + at, len - at);
        else
            stream_write_chunk(a.s, chunk, at, len - at);
        chunk_unref(chunk);
        if (rand_fake_below(&seed, 8) == 0) loop_turn(loop);
    }
    quiet();
    assert_int_equal(a.got.len, sent.len);
    assert_memory_equal(a.got.data, sent.data, sent.len);
    buf_deinit(&sent);
}

static void chunks_are_shared_and_released(void **state)
{
    struct chunk *chunk = chunk_create(2000);
    memset(chunk->data, 'x', 2000);
    stream_write_chunk(a.s, chunk, 0, 2000);
    stream_write_chunk(a.s, chunk, 1000, 1000);
    stream_write_chunk(b.s, chunk, 0, 2000);
    stream_write_chunk(a.s, chunk, 0, 10); /* copied */
    assert_int_equal(chunk->refs, 4);
    quiet();
    assert_int_equal(chunk->refs, 1);
    assert_int_equal(b.got.len, 3010);
    chunk_unref(chunk);
}

static void flush_writes_before_the_end_of_the_turn(void **state)
{
    put(&a, "now");
    stream_flush(a.s);
    assert_int_equal(stream_pending(a.s), 0);
    stream_flush(a.s);
    quiet();
    assert_string_equal(buf_str(&b.got), "now");
}

static void the_unused_rest_comes_again_in_front(void **state)
{
    b.take = 0;
    put(&a, "abc");
    quiet();
    assert_int_equal(b.reads, 1);
    put(&a, "def");
    quiet();
    assert_int_equal(b.reads, 2);
    assert_int_equal(b.last_len, 6);
    b.take = 4;
    put(&a, "g");
    quiet();
    assert_string_equal(buf_str(&b.got), "abcd");
    b.take = SIZE_MAX;
    put(&a, "h");
    quiet();
    assert_string_equal(buf_str(&b.got), "abcdefgh");
    assert_int_equal(b.last_len, 4);
}

static void new_callbacks_get_the_rest_at_once(void **state)
{
    b.take = 3;
    b.switch_to = &second_cbs;
    put(&a, "GETxyz");
    quiet();
    assert_string_equal(buf_str(&b.got), "GET|xyz");
}

static void resume_shows_the_rest_to_callbacks_changed_outside(void **state)
{
    b.take = 3;
    put(&a, "abcdef");
    quiet();
    b.s->cbs = &second_cbs;
    quiet();
    assert_string_equal(buf_str(&b.got), "abc");
    stream_resume(b.s);
    assert_string_equal(buf_str(&b.got), "abc");
    quiet();
    assert_string_equal(buf_str(&b.got), "abc|def");
}

static void a_paused_stream_reads_nothing(void **state)
{
    stream_pause(b.s);
    stream_pause(b.s);
    put(&a, "abc");
    quiet();
    assert_int_equal(b.reads, 0);
    stream_resume(b.s);
    quiet();
    assert_string_equal(buf_str(&b.got), "abc");
}

static void pausing_within_on_read_keeps_the_rest(void **state)
{
    b.take = 2;
    b.pause_on_read = true;
    put(&a, "abcdef");
    quiet();
    put(&a, "gh");
    quiet();
    assert_int_equal(b.reads, 1);
    b.take = SIZE_MAX;
    b.pause_on_read = false;
    stream_resume(b.s);
    quiet();
    assert_string_equal(buf_str(&b.got), "abcdefgh");
}

static void back_pressure_reaches_the_writer(void **state)
{
    static uint8_t block[10000];
    stream_pair_set_window(a.s, 4000);
    stream_set_high_water(a.s, 8000);
    stream_pause(b.s);
    stream_write(a.s, block, sizeof block);
    assert_true(stream_over_high_water(a.s));
    quiet();
    assert_int_equal(stream_pending(a.s), 6000);
    assert_false(stream_over_high_water(a.s));
    assert_int_equal(a.writables, 0);
    b.pause_on_read = true;
    stream_resume(b.s);
    quiet();
    assert_int_equal(stream_pending(a.s), 2000);
    assert_int_equal(a.writables, 1);
    b.pause_on_read = false;
    stream_resume(b.s);
    quiet();
    assert_int_equal(a.writables, 1);
    assert_int_equal(b.got.len, sizeof block);
}

static void a_rest_above_the_limit_ends_the_stream(void **state)
{
    static uint8_t block[1000];
    stream_set_read_limit(b.s, 2500);
    b.take = 0;
    for (int i = 0; i < 2; i++) {
        stream_write(a.s, block, sizeof block);
        quiet();
    }
    assert_int_equal(b.ends, 0);
    stream_write(a.s, block, sizeof block);
    quiet();
    assert_int_equal(b.ends, 1);
    assert_int_equal(b.end_rc, ERR_TOO_LARGE);
    int reads = b.reads;
    put(&a, "more");
    quiet();
    assert_int_equal(b.reads, reads);
}

static void the_end_comes_behind_the_bytes(void **state)
{
    put(&a, "bye");
    stream_close(a.s, true, on_closed);
    stream_close(a.s, false, NULL);
    assert_int_equal(a.closes, 0);
    quiet();
    assert_int_equal(a.closes, 1);
    assert_string_equal(buf_str(&b.got), "bye");
    assert_int_equal(b.ends, 1);
    assert_int_equal(b.end_rc, 0);
    put(&b, "too late");
    quiet();
    assert_int_equal(b.ends, 1);
    assert_int_equal(stream_pending(b.s), 0);
}

static void a_paused_owner_sees_the_rest_before_the_end(void **state)
{
    b.take = 1;
    b.pause_on_read = true;
    put(&a, "bye");
    stream_close(a.s, true, on_closed);
    quiet();
    assert_int_equal(b.ends, 0);
    b.take = SIZE_MAX;
    b.pause_on_read = false;
    stream_resume(b.s);
    quiet();
    assert_string_equal(buf_str(&b.got), "bye");
    assert_int_equal(b.ends, 1);
}

static void close_without_linger_drops_the_queue(void **state)
{
    put(&a, "never");
    stream_close(a.s, false, on_closed);
    quiet();
    assert_string_equal(buf_str(&b.got), "");
    assert_int_equal(b.ends, 1);
}

static void writes_after_close_are_ignored(void **state)
{
    struct chunk *chunk = chunk_create(1000);
    stream_close(a.s, true, on_closed);
    put(&a, "x");
    stream_write_chunk(a.s, chunk, 0, 1000);
    assert_int_equal(chunk->refs, 1);
    chunk_unref(chunk);
    quiet();
    assert_int_equal(b.got.len, 0);
}

static void lingering_ends_after_five_seconds(void **state)
{
    static uint8_t block[10000];
    stream_pair_set_window(a.s, 4000);
    stream_pause(b.s);
    stream_write(a.s, block, sizeof block);
    stream_close(a.s, true, on_closed);
    quiet();
    assert_int_equal(a.closes, 0);
    clock_fake_advance(4999);
    quiet();
    assert_int_equal(a.closes, 0);
    clock_fake_advance(1);
    quiet();
    assert_int_equal(a.closes, 1);
}

static void lingering_ends_when_all_is_written(void **state)
{
    static uint8_t block[10000];
    stream_pair_set_window(a.s, 4000);
    stream_pause(b.s);
    stream_write(a.s, block, sizeof block);
    stream_close(a.s, true, on_closed);
    quiet();
    assert_int_equal(a.closes, 0);
    stream_resume(b.s);
    quiet();
    assert_int_equal(a.closes, 1);
    assert_int_equal(b.got.len, sizeof block);
    assert_int_equal(b.ends, 1);
}

static void closing_within_on_read_is_safe(void **state)
{
    b.close_on_read = true;
    b.take = 1;
    put(&a, "abc");
    quiet();
    assert_int_equal(b.reads, 1);
    assert_int_equal(b.closes, 1);
    assert_int_equal(b.ends, 0);
    assert_int_equal(a.ends, 1);
}

static void after_close_only_on_closed_is_called(void **state)
{
    static uint8_t block[10000];
    stream_set_high_water(a.s, 10);
    stream_write(a.s, block, sizeof block);
    put(&b, "data");
    stream_close(b.s, true, on_closed);
    loop_turn(loop);
    stream_close(a.s, true, on_closed);
    quiet();
    assert_int_equal(a.writables, 0);
    assert_int_equal(a.ends, 0);
    assert_int_equal(a.closes, 1);
}

static void a_broken_line_ends_both_sides(void **state)
{
    put(&a, "lost");
    stream_pair_break(a.s, -ECONNRESET);
    quiet();
    assert_int_equal(a.ends, 1);
    assert_int_equal(a.end_rc, -ECONNRESET);
    assert_int_equal(b.ends, 1);
    assert_int_equal(b.end_rc, -ECONNRESET);
    assert_int_equal(b.got.len, 0);
    put(&a, "x");
    assert_int_equal(stream_pending(a.s), 0);
}

static void breaking_releases_a_lingering_close(void **state)
{
    static uint8_t block[10000];
    stream_pair_set_window(a.s, 4000);
    stream_pause(b.s);
    stream_write(a.s, block, sizeof block);
    stream_close(a.s, true, on_closed);
    quiet();
    assert_int_equal(a.closes, 0);
    stream_pair_break(b.s, -ECONNRESET);
    quiet();
    assert_int_equal(a.closes, 1);
}

static void the_pair_has_names(void **state)
{
    assert_int_equal(a.s->peer.kind, STREAM_PAIR);
    assert_true(b.s->peer.loopback);
    b.s->peer.tls = xnew(struct stream_tls); /* freed with the stream */
    b.s->peer.tls->cert_der = xmalloc(3);
}

static void nothing_is_read_after_the_end(void **state)
{
    b.take = 1;
    put(&a, "bye");
    stream_close(a.s, true, on_closed);
    quiet();
    assert_int_equal(b.ends, 1);
    int reads = b.reads;
    stream_resume(b.s);
    quiet();
    assert_int_equal(b.reads, reads);
}

/* What goes through the line is checked byte by byte while both sides do as they like. */
struct churn {
    struct stream *s;
    uint8_t next_out, next_in;
    size_t sent, seen;
    bool ended, closed;
    uint64_t *seed;
};

static void churn_closed(struct stream *s)
{
    struct churn *side = s->owner;
    assert_false(side->closed);
    side->closed = true;
}

static void churn_act(struct churn *side)
{
    uint8_t block[3000];
    size_t len = rand_fake_below(side->seed, sizeof block);
    switch (rand_fake_below(side->seed, 40)) {
    case 0:
        stream_pause(side->s);
        break;
    case 1:
    case 2:
    case 3:
        stream_resume(side->s);
        break;
    case 4:
        stream_flush(side->s);
        break;
    case 5:
        stream_set_high_water(side->s, len);
        break;
    case 6:
        if (rand_fake_below(side->seed, 50) == 0) stream_close(side->s, len & 1, churn_closed);
        break;
    default:
        if (stream_over_high_water(side->s)) break;
        for (size_t i = 0; i < len; i++)
            block[i] = side->next_out++;
        stream_write(side->s, block, len);
        side->sent += len;
    }
}

static size_t churn_read(struct stream *s, const uint8_t *data, size_t len)
{
    struct churn *side = s->owner;
    assert_false(side->closed || side->ended);
    size_t used = rand_fake_below(side->seed, 4) ? len : rand_fake_below(side->seed, len + 1);
    for (size_t i = 0; i < used; i++)
        assert_int_equal(data[i], side->next_in++);
    side->seen += used;
    if (rand_fake_below(side->seed, 5) == 0) churn_act(side);
    return used;
}

static void churn_writable(struct stream *s)
{
    struct churn *side = s->owner;
    assert_false(side->closed);
    churn_act(side);
}

static void churn_end(struct stream *s, int rc)
{
    struct churn *side = s->owner;
    assert_false(side->closed || side->ended);
    side->ended = true;
}

static void random_deeds_keep_order_and_life(void **state)
{
    static const struct stream_cbs cbs = { churn_read, churn_writable, churn_end };
    uint64_t seed = 99;
    size_t total = 0;
    for (int round = 0; round < 60; round++) {
        struct churn ends[2] = { { .seed = &seed }, { .seed = &seed } };
        stream_pair_create(loop, &ends[0].s, &ends[1].s);
        stream_pair_set_window(ends[0].s, 1 + rand_fake_below(&seed, 5000));
        for (int i = 0; i < 2; i++) {
            ends[i].s->owner = &ends[i];
            ends[i].s->cbs = &cbs;
        }
        for (int step = 0; step < 400; step++) {
            struct churn *side = &ends[rand_fake_below(&seed, 2)];
            if (!side->closed) churn_act(side);
            if (rand_fake_below(&seed, 3) == 0) loop_turn(loop);
            if (rand_fake_below(&seed, 100) == 0) clock_fake_advance(1000);
            if (rand_fake_below(&seed, 4000) == 0 && !ends[0].closed && !ends[1].closed)
                stream_pair_break(ends[0].s, -ECONNRESET);
        }
        for (int i = 0; i < 2; i++)
            if (!ends[i].closed) stream_close(ends[i].s, false, churn_closed);
        quiet();
        assert_true(ends[0].closed && ends[1].closed);
        assert_true(ends[0].seen <= ends[1].sent && ends[1].seen <= ends[0].sent);
        total += ends[0].seen;
    }
    assert_true(total > 1000000);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(bytes_go_both_ways),
        T(random_writes_come_back_unchanged),
        T(chunks_are_shared_and_released),
        T(flush_writes_before_the_end_of_the_turn),
        T(the_unused_rest_comes_again_in_front),
        T(new_callbacks_get_the_rest_at_once),
        T(resume_shows_the_rest_to_callbacks_changed_outside),
        T(a_paused_stream_reads_nothing),
        T(pausing_within_on_read_keeps_the_rest),
        T(back_pressure_reaches_the_writer),
        T(a_rest_above_the_limit_ends_the_stream),
        T(the_end_comes_behind_the_bytes),
        T(a_paused_owner_sees_the_rest_before_the_end),
        T(close_without_linger_drops_the_queue),
        T(writes_after_close_are_ignored),
        T(lingering_ends_after_five_seconds),
        T(lingering_ends_when_all_is_written),
        T(closing_within_on_read_is_safe),
        T(after_close_only_on_closed_is_called),
        T(a_broken_line_ends_both_sides),
        T(breaking_releases_a_lingering_close),
        T(nothing_is_read_after_the_end),
        T(random_deeds_keep_order_and_life),
        T(the_pair_has_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
