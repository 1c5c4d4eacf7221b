/* pieces.h — for targets that feed a reader in pieces: whatever the cuts are, what comes of it must be the same. */
#ifndef TESTS_FUZZ_PIECES_H
#define TESTS_FUZZ_PIECES_H

#include "base/buf.h"

#include <stdlib.h>

#define REQUIRE(condition)         \
    do {                           \
        if (!(condition)) abort(); \
    } while (0)

static inline uint32_t next_random(uint32_t *seed)
{
    *seed = (*seed * 1103515245u + 12345u) | 2; /* never 0 or 1, which mean something else */
    return *seed >> 16;
}

/* seed 0: all at once; 1: byte by byte; else pieces of `least` to `most` bytes. */
static inline size_t piece_len(uint32_t *seed, size_t left, uint32_t least, uint32_t most)
{
    if (*seed == 0) return left;
    size_t len = *seed == 1 ? 1 : least + next_random(seed) % (most - least + 1);
    return len < left ? len : left;
}

/* Reads all of `in`, cut as the seed says, and tells in `out` what came of it. */
typedef void (*read_input_cb)(struct buf *out, uint8_t choice, struct slice in, uint32_t seed);

/* The first byte chooses, the second seeds the cuts, the rest is the input. */
static inline void require_same_however_cut(const uint8_t *data, size_t len, read_input_cb read)
{
    if (len < 3) return;
    struct slice in = slice_of((const char *)data + 2, len - 2);
    const uint32_t seeds[] = { 1, 2u + data[1] };
    struct buf whole = { 0 };
    read(&whole, data[0], in, 0);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct buf cut = { 0 };
        read(&cut, data[0], in, seeds[i]);
        REQUIRE(slice_eq(buf_slice(&whole), buf_slice(&cut)));
        buf_deinit(&cut);
    }
    buf_deinit(&whole);
}

#endif
