/* reader.c — frames off the wire.
 *
 * wslay judges the frames and says where payload begins and ends; what it lets pass (reserved bits and opcodes, a mask
 * that is missing, fragments out of order, all of Close) is judged here. wslay takes a mask off byte by byte, which
 * alone would cost a third of the time of a message. So it never sees a mask: the head of a frame is collected here,
 * and what is fed to wslay is that head without its key, and the payload unmasked on its way into wslay's buffer.
 *
 *  I1  wslay's buffer holds bytes of one frame only, and after wslay_frame_recv none. So a frame has ended when
 *      `left` is 0, and wslay's context may go then: it is as a new one.
 *  I2  A head goes to wslay whole. What is judged here of its first two bytes is said without waiting for the rest.
 *  I3  What is delivered and how it ends do not depend on where the bytes are cut.
 *  I4  out never holds more than was taken of the input; that lets them be the same memory. */
#include "ws/ws.h"

#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <wslay/wslay.h>

#define RSV     0x70
#define MASK    0x80
#define CONTROL 0x08 /* of the opcode */

/* Nothing is read after this. */
static bool finish(struct ws_reader *r, int rc, unsigned code, const char *why)
{
    r->ended = rc;
    r->code = (uint16_t)code;
    r->why = why;
    return false;
}

static bool violates(struct ws_reader *r, const char *why)
{
    return finish(r, ERR_PROTOCOL, WS_CLOSE_PROTOCOL, why);
}

/* ---- the head: section 5.2 ---- */

/* Takes bytes until the head has `len`; returns whether it has. */
static bool collect(struct ws_reader *r, size_t len)
{
    size_t more = len - r->head_len;
    if (more > r->in_len) more = r->in_len;
    for (size_t i = 0; i < more; i++)
        r->head[r->head_len + i] = r->in[i];
    r->head_len = (uint8_t)(r->head_len + more);
    r->in += more;
    r->in_len -= more;
    return r->head_len == len;
}

static bool check_opcode(struct ws_reader *r, unsigned opcode)
{
    switch (opcode) {
    case WS_CONTINUATION:
        return r->in_message || violates(r, "a fragment continues no message");
    case WS_TEXT:
    case WS_BINARY:
        if (r->in_message) return violates(r, "a message begins within another");
        return opcode == WS_BINARY ||
               finish(r, ERR_PROTOCOL, WS_CLOSE_UNSUPPORTED, "a text message");
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        return true;
    default:
        return violates(r, "a reserved opcode");
    }
}

/* The first two bytes. */
static bool check_start(struct ws_reader *r, const uint8_t *head)
{
    bool masked = head[1] & MASK;
    if (head[0] & RSV) return violates(r, "a reserved bit is set");
    if (masked != (r->role == WS_SERVER))
        return violates(r, masked ? "a frame of a server has a mask" : "a frame has no mask");
    return check_opcode(r, head[0] & 0x0f);
}

/* Without the key. */
static size_t plain_size(const uint8_t *head)
{
    unsigned form = head[1] & ~MASK;
    return form < 126 ? 2 : form == 126 ? 4 : 10;
}

static uint64_t payload_len(const uint8_t *head)
{
    size_t size = plain_size(head);
    uint64_t len = 0;
    if (size == 2) return head[1] & ~MASK;
    for (size_t i = 2; i < size; i++)
        len = len << 8 | head[i];
    return len;
}

/* A length of 64 bits may overflow the sum; wslay refuses it whatever this says. */
static bool over_limit(const struct ws_reader *r, const uint8_t *head)
{
    const struct ws_limits *limits = r->limits;
    if (head[0] & CONTROL) return false;
    if (limits->max_frame && r->left > limits->max_frame) return true;
    return limits->max_message && r->message + r->left > limits->max_message;
}

/* The head in one piece, which is in the input mostly; NULL: bytes are missing, or it is refused. */
static const uint8_t *whole_head(struct ws_reader *r, size_t key_len)
{
    const uint8_t *head = r->in;
    if (r->head_len == 0 && r->in_len >= WS_HEAD_MAX) {
        if (!check_start(r, head)) return NULL;
        size_t len = plain_size(head) + key_len;
        r->in += len;
        r->in_len -= len;
        return head;
    }
    if (r->head_len < 2 && !(collect(r, 2) && check_start(r, r->head))) return NULL;
    return collect(r, plain_size(r->head) + key_len) ? r->head : NULL;
}

/* Returns whether a frame's head is there and may go to wslay. */
static bool take_head(struct ws_reader *r)
{
    size_t key_len = r->role == WS_SERVER ? sizeof r->key : 0;
    const uint8_t *head = whole_head(r, key_len);
    if (!head) return false;
    if (key_len) memcpy(r->key, head + plain_size(head), sizeof r->key);
    r->to_feed = head;
    r->opcode = head[0] & 0x0f;
    r->left = payload_len(head);
    r->offset = 0;
    r->over = over_limit(r, head);
    r->head_len = 0;
    r->control_len = 0;
    r->in_frame = true;
    return true;
}

/* ---- what wslay is fed with ---- */

static size_t feed_head(const uint8_t *head, uint8_t *buf)
{
    size_t size = plain_size(head);
    buf[0] = head[0];
    buf[1] = head[1] & (uint8_t)~MASK;
    for (size_t i = 2; i < size; i++)
        buf[i] = head[i];
    return size;
}

/* Beyond a limit only the head: what wslay has to say of that comes first. */
static ssize_t feed(uint8_t *buf, size_t room, int flags, void *arg)
{
    struct ws_reader *r = arg;
    size_t head = r->to_feed ? feed_head(r->to_feed, buf) : 0;
    size_t len = room - head;
    r->to_feed = NULL;
    if (r->over) return (ssize_t)head;
    if (len > r->left) len = (size_t)r->left;
    if (len > r->in_len) len = r->in_len;
    ws_mask(buf + head, r->in, len, r->key, r->offset);
    r->in += len;
    r->in_len -= len;
    r->left -= len;
    r->offset += len;
    return (ssize_t)(head + len); /* 0: there is no more */
}

static bool open_wslay(struct ws_reader *r)
{
    static const struct wslay_frame_callbacks callbacks = { .recv_callback = feed };
    if (r->wslay) return true;
    if (wslay_frame_context_init(&r->wslay, &callbacks, r) == 0) return true;
    r->wslay = NULL;
    return finish(r, -ENOMEM, WS_CLOSE_INTERNAL, "no memory");
}

static void close_wslay(struct ws_reader *r)
{
    if (r->wslay) wslay_frame_context_free(r->wslay);
    r->wslay = NULL;
}

/* ---- frames ---- */

/* Section 5.5.1. */
static void end_close(struct ws_reader *r)
{
    struct slice reason = slice_from(slice_of((const char *)r->control, r->control_len), 2);
    unsigned code = r->control_len ? (unsigned)(r->control[0] << 8 | r->control[1]) : WS_CLOSE_NONE;
    if (r->control_len == 1)
        violates(r, "a Close frame has half a status code");
    else if (r->control_len > 0 && !ws_close_valid(code))
        violates(r, "a Close frame has a status code that may not be sent");
    else if (!utf8_valid(reason))
        finish(r, ERR_PROTOCOL, WS_CLOSE_INVALID, "the reason of a Close frame is not UTF-8");
    else
        finish(r, WS_CLOSED, code, NULL);
}

static void end_frame(struct ws_reader *r, const struct wslay_frame_iocb *frame)
{
    r->in_frame = false;
    if (wslay_is_ctrl_frame(frame->opcode) || frame->payload_length == 0) r->bare++;
    switch (frame->opcode) {
    case WS_CONTINUATION:
    case WS_BINARY:
        r->in_message = !frame->fin;
        r->message = frame->fin ? 0 : r->message + frame->payload_length;
        break;
    case WS_PING:
        r->cbs->on_ping(r->arg, slice_of((const char *)r->control, r->control_len));
        break;
    case WS_CLOSE:
        end_close(r);
        break;
    default: /* a Pong asks for nothing */
        break;
    }
}

static size_t deliver(struct ws_reader *r, const struct wslay_frame_iocb *frame, uint8_t *out)
{
    if (!wslay_is_ctrl_frame(frame->opcode)) {
        memcpy(out, frame->data, frame->data_length);
        return frame->data_length;
    }
    memcpy(r->control + r->control_len, frame->data, frame->data_length);
    r->control_len = (uint8_t)(r->control_len + frame->data_length);
    return 0;
}

/* wslay delivers nothing. */
static void stop(struct ws_reader *r, ssize_t error)
{
    if (error == WSLAY_ERR_WANT_READ) {
        if (r->over) finish(r, ERR_TOO_LARGE, WS_CLOSE_TOO_BIG, "a message beyond the limit");
        return;
    }
    violates(r, r->opcode & CONTROL ? "a control frame in fragments or of more than 125 bytes"
                                    : "a length beyond 63 bits or not in its shortest form");
}

static size_t read_frames(struct ws_reader *r, uint8_t *out)
{
    size_t total = 0;
    while (!r->ended && (r->in_frame || take_head(r)) && open_wslay(r)) {
        struct wslay_frame_iocb frame;
        ssize_t len = wslay_frame_recv(r->wslay, &frame);
        if (len < 0) {
            stop(r, len);
            break;
        }
        total += deliver(r, &frame, out + total);
        if (r->left == 0) end_frame(r, &frame);
    }
    return total;
}

void ws_reader_init(struct ws_reader *r, enum ws_role role, const struct ws_limits *limits,
                    const struct ws_reader_cbs *cbs, void *arg)
{
    *r = (struct ws_reader){ .role = role, .limits = limits, .cbs = cbs, .arg = arg };
}

void ws_reader_deinit(struct ws_reader *r)
{
    close_wslay(r);
}

int ws_read(struct ws_reader *r, const uint8_t *data, size_t len, uint8_t *out, size_t *ret_out)
{
    r->in = data;
    r->in_len = len;
    *ret_out = read_frames(r, out);
    r->in = NULL;
    r->in_len = 0;
    if (r->ended || !r->in_frame) close_wslay(r);
    return r->ended;
}

bool ws_close_valid(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}
