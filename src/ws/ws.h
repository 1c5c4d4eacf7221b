/* ws.h — WebSocket frames and the values of its handshake, as a pure codec: bytes in, bytes out. Source: RFC 6455.
 * No extension is known, so no reserved bit may be set. Frames are read and written by wslay's frame-level
 * interface. One thread for each reader or writer. */
#ifndef WS_WS_H
#define WS_WS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the handshake: section 4.2 ---- */

#define WS_VERSION "13"

/* Sec-WebSocket-Accept for the Sec-WebSocket-Key of a request; ERR_INVALID when that is not 16 bytes in base64;
 * ERR_UNSUPPORTED where mbedTLS was built without SHA-1. */
int ws_accept_key(struct slice key, char ret_accept[29]);
/* The subprotocol as the answer names it, when `name` is one under which MQTT is spoken ("mqtt", "mqttv3.1",
 * "mqttv3.1.1", and "mqttv3.11", as some clients of AWS say); else NULL. Case counts. */
const char *ws_subprotocol(struct slice name);

/* ---- status codes of the Close frame: section 7.4.1 ---- */

enum ws_close {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_UNSUPPORTED = 1003, /* data of a type that is not taken: text */
    WS_CLOSE_NONE = 1005,        /* the Close frame had none; never sent */
    WS_CLOSE_INVALID = 1007,     /* no UTF-8 where there must be */
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL = 1011,
};

/* May a Close frame carry it? */
bool ws_close_valid(unsigned code);

/* ---- reading: section 5 ---- */

enum ws_role { WS_SERVER, WS_CLIENT };

struct ws_limits {
    uint64_t max_frame;   /* bytes of a data frame's payload; 0: no limit */
    uint64_t max_message; /* of all fragments of a message; 0: no limit */
};

struct ws_reader_cbs {
    /* A Ping has come; the payload (at most 125 bytes) is valid during the call, in which the reader must stay. */
    void (*on_ping)(void *arg, struct slice payload);
};

struct wslay_frame_context;

enum {
    WS_HEAD_MAX = 14,             /* bytes of a frame's head */
    WS_CONTROL_PAYLOAD_MAX = 125, /* section 5.5 */
    WS_CONTROL_MAX = 2 + 4 + WS_CONTROL_PAYLOAD_MAX,
};

/* Only code and why are for others. Between two frames it holds no memory beside itself. */
struct ws_reader {
    const struct ws_limits *limits;
    const struct ws_reader_cbs *cbs;
    void *arg;
    struct wslay_frame_context *wslay; /* NULL between frames */
    enum ws_role role;
    int ended; /* what ws_read returns from now on; 0 while it reads */
    uint32_t
        bare; /* frames that brought nothing: control frames and empty ones. The owner may set it to 0 */
    /* when ws_read has returned WS_CLOSED or an error */
    uint16_t code;    /* received, or to be sent */
    const char *why;  /* of an error: a sentence without a full stop; static */
    uint64_t message; /* bytes of the ended frames of the message under way */
    bool in_message;  /* fragments follow */
    /* the frame under way */
    uint8_t head[WS_HEAD_MAX]; /* collected, when it comes in pieces */
    uint8_t head_len;
    bool in_frame; /* the whole head was taken */
    bool over;     /* more than a limit */
    uint8_t opcode;
    uint8_t key[4];  /* zeros without a mask */
    uint64_t left;   /* of its payload, not yet taken off the wire */
    uint64_t offset; /* in its payload */
    uint8_t control[WS_CONTROL_PAYLOAD_MAX];
    uint8_t control_len;
    /* what ws_read was given and has not taken yet */
    const uint8_t *in;
    size_t in_len;
    const uint8_t *to_feed; /* a head that wslay gets next; NULL after */
};

enum { WS_MORE = 0, WS_CLOSED = 1 };

/* role: whose side reads; a server takes masked frames only, a client frames without a mask only. limits and cbs
 * are borrowed. */
void ws_reader_init(struct ws_reader *r, enum ws_role role, const struct ws_limits *limits,
                    const struct ws_reader_cbs *cbs, void *arg);
void ws_reader_deinit(struct ws_reader *r);

/* Reads all of data; the payload of binary frames goes to out, which has room for len bytes, one after the other
 * whatever their frames and messages are; out may be data. *ret_out says how many, whatever is returned:
 *   WS_MORE       all was read;
 *   WS_CLOSED     a Close frame has come, with r->code (WS_CLOSE_NONE when it names none);
 *   ERR_PROTOCOL  r->code is WS_CLOSE_PROTOCOL, WS_CLOSE_UNSUPPORTED (text) or WS_CLOSE_INVALID (a close reason that is
 *                 no UTF-8); r->why says what is wrong;
 *   ERR_TOO_LARGE a limit; WS_CLOSE_TOO_BIG; said when the head is there, of the frame's payload nothing is delivered;
 *   -ENOMEM       wslay got no memory; WS_CLOSE_INTERNAL.
 * After all but the first nothing is read any more: the same is returned again. */
int ws_read(struct ws_reader *r, const uint8_t *data, size_t len, uint8_t *out, size_t *ret_out);

/* ---- writing ---- */

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};

/* Writes heads; may be shared by all connections of a thread. */
struct ws_writer;
/* NULL: wslay got no memory. */
struct ws_writer *ws_writer_create(void);
void ws_writer_destroy(struct ws_writer *writer);

/* The head of a final frame whose payload of `len` bytes follows, unmasked, as a server sends it. Returns its
 * length. */
size_t ws_put_head(struct ws_writer *writer, enum ws_opcode opcode, uint64_t len,
                   uint8_t ret_head[WS_HEAD_MAX]);
/* The same for a client, which masks the payload with this key: ws_mask. */
size_t ws_put_masked_head(struct ws_writer *writer, enum ws_opcode opcode, uint64_t len,
                          const uint8_t key[4], uint8_t ret_head[WS_HEAD_MAX]);
/* Copies payload, masked or unmasked; offset: where in the payload it stands. dst may be src. */
void ws_mask(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4], uint64_t offset);
/* A whole Pong (or Ping) of a server; payload at most 125 bytes. Returns its length. */
size_t ws_put_control(struct ws_writer *writer, enum ws_opcode opcode, struct slice payload,
                      uint8_t ret_frame[WS_CONTROL_MAX]);
/* A whole Close frame of a server. code: ws_close_valid, or WS_CLOSE_NONE: without payload. reason: UTF-8, cut to the
 * characters that fit; may be empty. Returns its length. */
size_t ws_put_close(struct ws_writer *writer, unsigned code, struct slice reason,
                    uint8_t ret_frame[WS_CONTROL_MAX]);

#endif
