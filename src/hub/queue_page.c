/* queue_page.c — see queue_page.h.
 * An entry is a byte of flags, and numbers of variable length (7 bits a byte, the lowest
 * first, the high bit set on all but the last): how many sequence numbers were left out, unless none was;
 * how far the row is from that of the entry before, unless it is the same (ahead n: 2n, behind: 2n - 1: a
 * message that somebody else had first stands in an older row); the place in the row; the group
 * of a shared subscription, if there is one; how many subscription identifiers follow, and these, if there are
 * any. So messages of one commit take four bytes each. */
#include "hub/queue_page.h"

#include "base/mem.h"

#include <string.h>

enum {
    FLAG_QOS = 3,
    FLAG_RETAIN = 4,
    FLAG_RELEASED = 8,
    FLAG_NEXT_SEQ = 16, /* no sequence number was left out */
    FLAG_SAME_ROW = 32,
    FLAG_SHARED = 64,
    FLAG_IDS = 128,
};

static uint64_t folded(int64_t n)
{
    return n < 0 ? (uint64_t)-n * 2 - 1 : (uint64_t)n * 2;
}

static int64_t unfolded(int64_t n)
{
    return n % 2 ? -(n / 2) - 1 : n / 2;
}

/* Numbers above INT64_MAX are not written. */
static int64_t get_number(struct cursor *cur)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint8_t byte = cursor_u8(cur);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return (int64_t)value;
    }
    cur->rc = ERR_MALFORMED;
    return 0;
}

void queue_page_put(struct buf *out, struct queue_tail *tail, const struct queue_ref *ref,
                    size_t bytes)
{
    if (tail->count == 0)
        *tail = (struct queue_tail){ .first_seq = ref->seq, .last_seq = ref->seq - 1 };
    bool next = ref->seq == tail->last_seq + 1, same = ref->row == tail->last_row;
    buf_put_u8(out, (uint8_t)(ref->qos | (ref->retain ? FLAG_RETAIN : 0) |
                              (ref->released ? FLAG_RELEASED : 0) | (next ? FLAG_NEXT_SEQ : 0) |
                              (same ? FLAG_SAME_ROW : 0) | (ref->share ? FLAG_SHARED : 0) |
                              (ref->id_count ? FLAG_IDS : 0)));
    if (!next) buf_put_varint(out, (uint64_t)(ref->seq - tail->last_seq - 1));
    if (!same) buf_put_varint(out, folded(ref->row - tail->last_row));
    buf_put_varint(out, ref->offset);
    if (ref->share) buf_put_varint(out, ref->share);
    if (ref->id_count) buf_put_varint(out, ref->id_count);
    if (ref->id_count) buf_put_slice(out, ref->ids);
    tail->last_seq = ref->seq;
    tail->last_row = ref->row;
    tail->count++;
    tail->bytes += bytes;
}

bool queue_page_full(const struct queue_tail *tail)
{
    return tail->count >= QUEUE_PAGE_ENTRIES || tail->bytes >= QUEUE_PAGE_BYTES;
}

void queue_page_read(struct queue_page_reader *reader, int64_t first_seq, struct slice data)
{
    *reader =
        (struct queue_page_reader){ .cur = cursor_init(data.ptr, data.len), .seq = first_seq - 1 };
}

static bool add(int64_t *number, int64_t more)
{
    return !__builtin_add_overflow(*number, more, number);
}

/* At least one; each takes at least a byte, so their number is bounded by what is there. */
static void skip_ids(struct cursor *cur, struct queue_ref *ref)
{
    int64_t count = get_number(cur);
    const char *from = (const char *)cur->ptr;
    if (count < 1 || (uint64_t)count > cursor_left(cur)) cur->rc = ERR_MALFORMED;
    for (int64_t i = 0; i < count && !cursor_error(cur); i++) {
        int64_t id = get_number(cur);
        if (id < 1 || id > QUEUE_MAX_ID) cur->rc = ERR_MALFORMED;
    }
    if (cursor_error(cur)) return;
    ref->id_count = (uint32_t)count;
    ref->ids = slice_of(from, (size_t)((const char *)cur->ptr - from));
}

int queue_page_next(struct queue_page_reader *reader, struct queue_ref *ret_ref)
{
    struct cursor *cur = &reader->cur;
    if (!cursor_error(cur) && cursor_left(cur) == 0) return 0;
    uint8_t flags = cursor_u8(cur);
    int64_t left_out = flags & FLAG_NEXT_SEQ ? 0 : get_number(cur);
    int64_t rows = flags & FLAG_SAME_ROW ? 0 : unfolded(get_number(cur));
    int64_t offset = get_number(cur);
    int64_t share = flags & FLAG_SHARED ? get_number(cur) : 0;
    uint8_t qos = flags & FLAG_QOS;
    struct queue_ref ref = { .qos = qos,
                             .offset = (uint32_t)offset,
                             .retain = flags & FLAG_RETAIN,
                             .released = flags & FLAG_RELEASED,
                             .share = (uint32_t)share };
    if (flags & FLAG_IDS) skip_ids(cur, &ref);
    bool fits = add(&reader->seq, left_out) && add(&reader->seq, 1) && add(&reader->row, rows);
    if (cursor_error(cur) || !fits || offset > UINT32_MAX || share > UINT32_MAX ||
        (flags & FLAG_SHARED && !share) || qos < 1 || qos > 2 || reader->row < 0 ||
        (reader->row == 0 && !(flags & FLAG_RELEASED))) {
        cur->rc = ERR_MALFORMED;
        return ERR_MALFORMED;
    }
    ref.seq = reader->seq;
    ref.row = reader->row;
    *ret_ref = ref;
    return 1;
}

/* ---- subscription identifiers ---- */

struct queue_ids *queue_ids_create(const uint32_t *ids, size_t count)
{
    if (!count) return NULL;
    struct queue_ids *made = xmalloc(sizeof *made + count * sizeof made->at[0]);
    made->count = (uint32_t)count;
    memcpy(made->at, ids, count * sizeof made->at[0]);
    return made;
}

struct queue_ids *queue_ids_read(const struct queue_ref *ref)
{
    if (!ref->id_count) return NULL;
    struct queue_ids *made = xmalloc(sizeof *made + ref->id_count * sizeof made->at[0]);
    struct cursor cur = cursor_init(ref->ids.ptr, ref->ids.len);
    made->count = ref->id_count;
    for (uint32_t i = 0; i < made->count; i++)
        made->at[i] = (uint32_t)get_number(&cur);
    return made;
}

void queue_ids_write(struct buf *out, const struct queue_ids *ids)
{
    for (uint32_t i = 0; ids && i < ids->count; i++)
        buf_put_varint(out, ids->at[i]);
}

/* ---- what is gone ---- */

bool queue_bit(struct slice bits, int64_t at)
{
    if (at < 0 || (uint64_t)at >= bits.len * 8) return false;
    return (uint8_t)bits.ptr[at / 8] >> (at % 8) & 1;
}

void queue_bit_set(struct buf *bits, int64_t at)
{
    while (bits->len <= (size_t)at / 8)
        buf_put_u8(bits, 0);
    bits->data[at / 8] = (char)((uint8_t)bits->data[at / 8] | 1u << (at % 8));
}

bool queue_state_is_gone(const struct queue_state *state, int64_t seq)
{
    if (seq < state->head) return true;
    if (seq < state->flight_end) return queue_bit(state->done, seq - state->head);
    return seq < state->unsent;
}

bool queue_state_is_released(const struct queue_state *state, int64_t seq)
{
    return seq < state->flight_end && queue_bit(state->released, seq - state->head);
}
