/* test_cases.c — the rows of ws_cases_tbl.h, each whole, byte by byte and in two pieces everywhere. Every piece and its
 * output are allocations of their exact size, so that a byte too much is seen. */
#include "lib/test.h"

#include "base/err.h"
#include "base/mem.h"
#include "ws/ws.h"
#include "ws_cases.h"
#include "ws_tests.h"

/* A row, and the bytes of it. */
struct row {
    const struct ws_case *c;
    struct buf wire, payload, pings;
};

struct run {
    const struct ws_case *c;
    struct ws_limits limits;
    struct ws_reader reader;
    struct buf payload, pings;
    size_t cut; /* for the message when it fails */
    bool in_place;
};

static void open_row(struct row *row, const struct ws_case *c)
{
    *row = (struct row){ .c = c };
    ws_case_wire(c, &row->wire);
    ws_case_payload(c, &row->payload);
    ws_case_pings(c, &row->pings);
}

static void close_row(struct row *row)
{
    buf_deinit(&row->wire);
    buf_deinit(&row->payload);
    buf_deinit(&row->pings);
}

static void on_ping(void *arg, struct slice payload)
{
    struct run *run = arg;
    buf_put_u8(&run->pings, (uint8_t)payload.len);
    buf_put_slice(&run->pings, payload);
}

static void start(struct run *run, const struct ws_case *c)
{
    static const struct ws_reader_cbs cbs = { .on_ping = on_ping };
    run->c = c;
    run->limits = (struct ws_limits){ c->max_frame, c->max_message };
    ws_reader_init(&run->reader, c->to_client ? WS_CLIENT : WS_SERVER, &run->limits, &cbs, run);
}

static void finish(struct run *run)
{
    ws_reader_deinit(&run->reader);
    buf_deinit(&run->payload);
    buf_deinit(&run->pings);
}

static void feed(struct run *run, const char *data, size_t len)
{
    uint8_t *in = xmalloc(len + (len == 0));
    uint8_t *out = run->in_place ? in : xmalloc(len + (len == 0));
    size_t out_len = SIZE_MAX;
    int before = run->reader.ended;
    if (len) memcpy(in, data, len);
    int rc = ws_read(&run->reader, in, len, out, &out_len);
    if (out_len > len) fail_msg("%s, cut at %zu: more out than in", run->c->name, run->cut);
    if (before && (rc != before || out_len > 0))
        fail_msg("%s, cut at %zu: read after its end", run->c->name, run->cut);
    buf_append(&run->payload, out, out_len);
    if (out != in) free(out);
    free(in);
}

static int expected_rc(const struct ws_case *c)
{
    if (c->end == WS_CASE_OPEN) return WS_MORE;
    if (c->end == WS_CASE_CLOSED) return WS_CLOSED;
    return c->code == WS_CLOSE_TOO_BIG ? ERR_TOO_LARGE : ERR_PROTOCOL;
}

static void expect(const struct run *run, const struct row *row)
{
    const struct ws_case *c = run->c;
    const struct ws_reader *r = &run->reader;
    if (r->ended != expected_rc(c))
        fail_msg("%s, cut at %zu: %s, expected %s", c->name, run->cut, err_name(r->ended),
                 err_name(expected_rc(c)));
    if (r->ended && r->code != c->code)
        fail_msg("%s, cut at %zu: code %u, expected %u", c->name, run->cut, r->code, c->code);
    if ((r->ended < 0) != (r->why != NULL))
        fail_msg("%s, cut at %zu: why: %s", c->name, run->cut, r->why ? r->why : "nothing");
    if (!slice_eq(buf_slice(&run->payload), buf_slice(&row->payload)))
        fail_msg("%s, cut at %zu: %zu bytes of payload, or others than the %zu expected", c->name,
                 run->cut, run->payload.len, row->payload.len);
    if (!slice_eq(buf_slice(&run->pings), buf_slice(&row->pings)))
        fail_msg("%s, cut at %zu: other Pings", c->name, run->cut);
    if ((r->ended || !r->in_frame) && r->wslay)
        fail_msg("%s, cut at %zu: memory is held between frames", c->name, run->cut);
}

static void run_in_two(const struct row *row, size_t cut, bool in_place)
{
    struct run run = { .cut = cut, .in_place = in_place };
    start(&run, row->c);
    feed(&run, buf_str(&row->wire), cut);
    feed(&run, buf_str(&row->wire) + cut, row->wire.len - cut);
    expect(&run, row);
    finish(&run);
}

static void case_whole(void **state)
{
    for (size_t i = 0; i < ws_case_count; i++) {
        struct row row;
        open_row(&row, &ws_cases[i]);
        run_in_two(&row, 0, false);
        run_in_two(&row, 0, true);
        close_row(&row);
    }
}

static void case_byte_by_byte(void **state)
{
    for (size_t i = 0; i < ws_case_count; i++) {
        struct run run = { .cut = 1 };
        struct row row;
        open_row(&row, &ws_cases[i]);
        start(&run, row.c);
        for (size_t at = 0; at < row.wire.len; at++)
            feed(&run, row.wire.data + at, 1);
        expect(&run, &row);
        finish(&run);
        close_row(&row);
    }
}

/* Everywhere in a short one; in a long one around its ends and where wslay's buffer is full the first time. */
static size_t next_cut(size_t cut, size_t len)
{
    bool dense = len <= 1000 || cut < 40 || len - cut <= 40 || (cut >= 4080 && cut < 4112);
    size_t next = cut < 4080 ? cut + 509 : cut + 4093;
    if (dense) return cut + 1;
    if (cut < 4080 && next > 4080) next = 4080;
    return next > len - 40 ? len - 40 : next;
}

static void case_in_two(void **state)
{
    for (size_t i = 0; i < ws_case_count; i++) {
        struct row row;
        open_row(&row, &ws_cases[i]);
        for (size_t cut = 1; cut < row.wire.len; cut = next_cut(cut, row.wire.len))
            run_in_two(&row, cut, cut % 2);
        close_row(&row);
    }
}

static void cases_differ(void **state)
{
    assert_true(ws_case_count >= 130);
    for (size_t i = 0; i < ws_case_count; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(ws_cases[i].name, ws_cases[j].name);
}

int test_cases(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_whole),
        cmocka_unit_test(case_byte_by_byte),
        cmocka_unit_test(case_in_two),
        cmocka_unit_test(cases_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
