/* writer.c — frames to the wire. wslay makes the heads. It believes that the payload is sent right after each: of that
 * its callback only says that all has gone, so one context does for all connections. A client's mask is put into the
 * head here, since wslay would mask the payload itself. */
#include "ws/ws.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

struct ws_writer {
    struct wslay_frame_context *wslay;
    uint8_t head[WS_HEAD_MAX];
    size_t head_len; /* 0: wslay gives the head next */
};

static ssize_t keep_head(const uint8_t *data, size_t len, int flags, void *arg)
{
    struct ws_writer *writer = arg;
    if (writer->head_len == 0) {
        memcpy(writer->head, data, len);
        writer->head_len = len;
    }
    return (ssize_t)len;
}

struct ws_writer *ws_writer_create(void)
{
    static const struct wslay_frame_callbacks callbacks = { .send_callback = keep_head };
    struct ws_writer *writer = xnew(struct ws_writer);
    if (wslay_frame_context_init(&writer->wslay, &callbacks, writer) == 0) return writer;
    free(writer);
    return NULL;
}

void ws_writer_destroy(struct ws_writer *writer)
{
    if (!writer) return;
    wslay_frame_context_free(writer->wslay);
    free(writer);
}

size_t ws_put_head(struct ws_writer *writer, enum ws_opcode opcode, uint64_t len,
                   uint8_t ret_head[WS_HEAD_MAX])
{
    struct wslay_frame_iocb frame = { .fin = 1, .opcode = (uint8_t)opcode, .payload_length = len };
    frame.data_length = (size_t)len;
    writer->head_len = 0;
    if (frame.data_length != len || wslay_frame_send(writer->wslay, &frame) != (ssize_t)len)
        BUG("a frame %d of %llu bytes", (int)opcode, (unsigned long long)len);
    memcpy(ret_head, writer->head, writer->head_len);
    return writer->head_len;
}

size_t ws_put_masked_head(struct ws_writer *writer, enum ws_opcode opcode, uint64_t len,
                          const uint8_t key[4], uint8_t ret_head[WS_HEAD_MAX])
{
    size_t head_len = ws_put_head(writer, opcode, len, ret_head);
    ret_head[1] |= 0x80;
    memcpy(ret_head + head_len, key, 4);
    return head_len + 4;
}

size_t ws_put_control(struct ws_writer *writer, enum ws_opcode opcode, struct slice payload,
                      uint8_t ret_frame[WS_CONTROL_MAX])
{
    if (payload.len > WS_CONTROL_PAYLOAD_MAX) BUG("a control frame of %zu bytes", payload.len);
    size_t head_len = ws_put_head(writer, opcode, payload.len, ret_frame);
    if (payload.len) memcpy(ret_frame + head_len, payload.ptr, payload.len);
    return head_len + payload.len;
}

/* The most whole characters within max bytes. */
static size_t cut(struct slice text, size_t max)
{
    if (text.len <= max) return text.len;
    while (max > 0 && ((uint8_t)text.ptr[max] & 0xc0) == 0x80)
        max--;
    return max;
}

size_t ws_put_close(struct ws_writer *writer, unsigned code, struct slice reason,
                    uint8_t ret_frame[WS_CONTROL_MAX])
{
    char payload[WS_CONTROL_PAYLOAD_MAX];
    if (code == WS_CLOSE_NONE)
        return ws_put_control(writer, WS_CLOSE, slice_of(payload, 0), ret_frame);
    if (!ws_close_valid(code)) BUG("status code %u", code);
    size_t len = cut(reason, sizeof payload - 2);
    payload[0] = (char)(code >> 8);
    payload[1] = (char)code;
    if (len) memcpy(payload + 2, reason.ptr, len);
    return ws_put_control(writer, WS_CLOSE, slice_of(payload, 2 + len), ret_frame);
}
