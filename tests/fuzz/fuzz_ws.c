/* fuzz_ws.c — WebSocket frames off the wire. The first byte chooses: bit 0 a server or a client reads, bits 1 and 2 the
 * limits, bit 3 output in the place of the input; the second seeds the places where the rest is cut. Properties:
 * however the bytes are cut, payload, Pings and end are the same; no more comes out than went in; after its end nothing
 * is read; memory is held within a frame only. */
#include "base/buf.h"
#include "base/err.h"
#include "ws/ws.h"

#include "pieces.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct ws_limits limits[] = { { 0, 0 }, { 16, 0 }, { 0, 24 }, { 200, 300 } };

static void on_ping(void *arg, struct slice payload)
{
    struct buf *pings = arg;
    REQUIRE(payload.len <= WS_CONTROL_PAYLOAD_MAX);
    buf_put_u8(pings, (uint8_t)payload.len);
    buf_put_slice(pings, payload);
}

/* The piece and its output end where their memory does. */
static void read_piece(struct ws_reader *r, struct buf *payload, struct slice piece, bool in_place)
{
    uint8_t *in = malloc(piece.len + 1), *out = in_place ? in : malloc(piece.len + 1);
    size_t out_len, skip = 1; /* malloc(0) may be NULL */
    int before = r->ended;
    REQUIRE(in && out);
    memcpy(in + skip, piece.ptr, piece.len);
    int rc = ws_read(r, in + skip, piece.len, out + skip, &out_len);
    REQUIRE(out_len <= piece.len && (!before || (rc == before && out_len == 0)));
    REQUIRE(r->wslay == NULL || (rc == WS_MORE && r->in_frame));
    buf_append(payload, out + skip, out_len);
    if (out != in) free(out);
    free(in);
}

static void put_end(struct buf *out, const struct ws_reader *r)
{
    buf_printf(out, "[%d]", r->ended);
    if (!r->ended) return;
    REQUIRE(r->ended == WS_CLOSED || r->ended == ERR_PROTOCOL || r->ended == ERR_TOO_LARGE);
    REQUIRE((r->ended < 0) == (r->why != NULL));
    REQUIRE(ws_close_valid(r->code) || (r->ended == WS_CLOSED && r->code == WS_CLOSE_NONE));
    buf_printf(out, "%u %s", r->code, r->why ? r->why : "");
}

static void read_input(struct buf *out, uint8_t choice, struct slice in, uint32_t seed)
{
    static const struct ws_reader_cbs cbs = { .on_ping = on_ping };
    struct buf pings = { 0 };
    struct ws_reader r;
    ws_reader_init(&r, choice & 1 ? WS_CLIENT : WS_SERVER, &limits[choice >> 1 & 3], &cbs, &pings);
    while (in.len) {
        size_t len = piece_len(&seed, in.len, 0, 31);
        read_piece(&r, out, slice_of(in.ptr, len), choice & 8);
        in = slice_from(in, len);
    }
    buf_put_slice(out, buf_slice(&pings));
    put_end(out, &r);
    ws_reader_deinit(&r);
    buf_deinit(&pings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    require_same_however_cut(data, len, read_input);
    return 0;
}
