/* ws_cases.h — what a peer sends in WebSocket frames and what must come of it, as data: ws_cases_tbl.h. Whoever reads
 * frames can be driven with it; nothing here knows a reader. */
#ifndef TESTS_UNIT_WS_WS_CASES_H
#define TESTS_UNIT_WS_WS_CASES_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ptr NULL and len > 0: a pattern of that length. Both 0: the end of a list. */
struct ws_bytes {
    const char *ptr;
    size_t len;
};

enum ws_piece_kind { WS_PIECE_NONE, WS_PIECE_FRAME, WS_PIECE_RAW };
enum ws_piece_mask { WS_MASK_BY_ROLE, WS_MASK_NEVER, WS_MASK_ALWAYS };

/* A frame, or bytes as they are. */
struct ws_piece {
    enum ws_piece_kind kind;
    uint8_t first; /* FIN, RSV and opcode */
    uint8_t form;  /* 7, 16 or 64 bits of length; 0: the shortest */
    enum ws_piece_mask mask;
    struct ws_bytes payload;
    uint64_t missing; /* of the length that the head announces, this much never comes */
};

enum ws_case_end {
    WS_CASE_OPEN,    /* it goes on */
    WS_CASE_CLOSED,  /* by a Close frame with this code, 1005 without any */
    WS_CASE_REFUSED, /* with this code */
};

enum { WS_CASE_PIECES = 24, WS_CASE_RUNS = 8 };

struct ws_case {
    const char *name;
    bool to_client; /* the bytes come from a server */
    uint64_t max_frame, max_message;
    struct ws_piece wire[WS_CASE_PIECES];
    struct ws_bytes payload[WS_CASE_RUNS]; /* which is delivered, one after the other */
    enum ws_case_end end;
    unsigned code;
    struct ws_bytes pings[WS_CASE_RUNS]; /* the payload of each; {"", 0}: an empty one */
};

extern const struct ws_case ws_cases[];
extern const size_t ws_case_count;

/* All that is sent. */
void ws_case_wire(const struct ws_case *c, struct buf *out);
/* All that is delivered. */
void ws_case_payload(const struct ws_case *c, struct buf *out);
/* Every Ping, a byte with its length before it. */
void ws_case_pings(const struct ws_case *c, struct buf *out);

#endif
