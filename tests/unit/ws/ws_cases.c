/* ws_cases.c — the table, and its bytes. Frames are built here by the book, byte by byte, and with none of the
 * functions that are tested. */
#include "ws_cases.h"

/* clang-format off */
#define CASE(title, limits, sent, delivered, outcome, pinged) \
    { .name = title, limits, .wire = sent, .payload = delivered, outcome, .pings = pinged },
#define CLIENT_CASE(title, sent, delivered, outcome, pinged) \
    { .name = title, .to_client = true, .wire = sent, .payload = delivered, outcome, .pings = pinged },

#define NO_LIMIT            .max_frame = 0
#define FRAME_MAX(n)        .max_frame = n
#define MESSAGE_MAX(n)      .max_message = n
#define BOTH_MAX(f, m)      .max_frame = f, .max_message = m

#define WIRE(...)           { __VA_ARGS__ }
#define GIVES(...)          { __VA_ARGS__ }
#define PINGS(...)          { __VA_ARGS__ }
#define NOTHING             { { NULL, 0 } }
#define OPEN                .end = WS_CASE_OPEN
#define CLOSED(n)           .end = WS_CASE_CLOSED, .code = n
#define REFUSED(n)          .end = WS_CASE_REFUSED, .code = n

#define T(text)             { "" text, sizeof(text) - 1 }
#define N(n)                { NULL, n }

/* the last argument, T or N, has commas */
#define FRAME(f, ...)       { .kind = WS_PIECE_FRAME, .first = f, .payload = __VA_ARGS__ }
#define FORM(n, f, ...)     { .kind = WS_PIECE_FRAME, .first = f, .form = n, .payload = __VA_ARGS__ }
#define BARE(f, ...)        { .kind = WS_PIECE_FRAME, .first = f, .mask = WS_MASK_NEVER, .payload = __VA_ARGS__ }
#define MASKED(f, ...)      { .kind = WS_PIECE_FRAME, .first = f, .mask = WS_MASK_ALWAYS, .payload = __VA_ARGS__ }
#define LACKS(n, f, ...)    { .kind = WS_PIECE_FRAME, .first = f, .missing = n, .payload = __VA_ARGS__ }
#define RAW(text)           { .kind = WS_PIECE_RAW, .payload = T(text) }

#define BINARY(...)         FRAME(0x82, __VA_ARGS__)
#define FIRST(...)          FRAME(0x02, __VA_ARGS__)
#define NEXT(...)           FRAME(0x00, __VA_ARGS__)
#define LAST(...)           FRAME(0x80, __VA_ARGS__)
#define TEXT(...)           FRAME(0x81, __VA_ARGS__)
#define CLOSE(...)          FRAME(0x88, __VA_ARGS__)
#define PING(...)           FRAME(0x89, __VA_ARGS__)
#define PONG(...)           FRAME(0x8a, __VA_ARGS__)
/* clang-format on */

const struct ws_case ws_cases[] = {
#include "ws_cases_tbl.h"
};
const size_t ws_case_count = sizeof ws_cases / sizeof *ws_cases;

static void put_bytes(struct buf *out, struct ws_bytes bytes)
{
    if (bytes.ptr) {
        buf_append(out, bytes.ptr, bytes.len);
        return;
    }
    for (size_t i = 0; i < bytes.len; i++)
        buf_put_u8(out, (uint8_t)(i * 7 + (i >> 8)));
}

static void put_length(struct buf *out, uint8_t mask_bit, uint8_t form, uint64_t len)
{
    if (form == 0) form = len < 126 ? 7 : len < 65536 ? 16 : 64;
    if (form == 7) {
        buf_put_u8(out, (uint8_t)(mask_bit | len));
        return;
    }
    buf_put_u8(out, mask_bit | (form == 16 ? 126 : 127));
    for (int shift = form - 8; shift >= 0; shift -= 8)
        buf_put_u8(out, (uint8_t)(len >> shift));
}

static bool is_masked(const struct ws_case *c, const struct ws_piece *piece)
{
    return piece->mask == WS_MASK_BY_ROLE ? !c->to_client : piece->mask == WS_MASK_ALWAYS;
}

/* `number` makes every frame's key another one. */
static void put_frame(struct buf *out, const struct ws_piece *piece, bool masked, size_t number)
{
    uint8_t key[4] = { 0 };
    buf_put_u8(out, piece->first);
    put_length(out, masked ? 0x80 : 0, piece->form, piece->payload.len + piece->missing);
    for (size_t i = 0; masked && i < sizeof key; i++) {
        key[i] = (uint8_t)(0x91 + 0x35 * number + 0x4d * i);
        buf_put_u8(out, key[i]);
    }
    size_t start = out->len;
    put_bytes(out, piece->payload);
    for (size_t i = start; i < out->len; i++)
        out->data[i] ^= (char)key[(i - start) % 4];
}

void ws_case_wire(const struct ws_case *c, struct buf *out)
{
    for (size_t i = 0; i < WS_CASE_PIECES; i++) {
        const struct ws_piece *piece = &c->wire[i];
        if (piece->kind == WS_PIECE_FRAME) put_frame(out, piece, is_masked(c, piece), i);
        if (piece->kind == WS_PIECE_RAW) put_bytes(out, piece->payload);
    }
}

void ws_case_payload(const struct ws_case *c, struct buf *out)
{
    for (size_t i = 0; i < WS_CASE_RUNS; i++)
        put_bytes(out, c->payload[i]);
}

void ws_case_pings(const struct ws_case *c, struct buf *out)
{
    for (size_t i = 0; i < WS_CASE_RUNS; i++) {
        if (!c->pings[i].ptr && !c->pings[i].len) break;
        buf_put_u8(out, (uint8_t)c->pings[i].len);
        put_bytes(out, c->pings[i]);
    }
}
