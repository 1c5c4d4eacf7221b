/* mask.c — the mask of section 5.3 of RFC 6455: byte i of a payload is combined with byte i mod 4 of the key. The key
 * repeats every four bytes, so eight are done at once, and four times eight in a step. */
#include "ws/ws.h"

#include <string.h>

enum { WORD = sizeof(uint64_t), STEP = 4 * WORD };

/* The key twice, as it lies on the payload from offset on. */
static uint64_t key_from(const uint8_t key[4], uint64_t offset)
{
    const uint8_t turned[4] = { key[offset % 4], key[(offset + 1) % 4], key[(offset + 2) % 4],
                                key[(offset + 3) % 4] };
    uint32_t half;
    memcpy(&half, turned, sizeof half);
    return (uint64_t)half << 32 | half;
}

static void mask_word(uint8_t *dst, const uint8_t *src, uint64_t key)
{
    uint64_t word;
    memcpy(&word, src, sizeof word);
    word ^= key;
    memcpy(dst, &word, sizeof word);
}

/* Fewer than eight bytes. */
static void mask_tail(uint8_t *dst, const uint8_t *src, size_t len, uint64_t key)
{
    uint8_t bytes[WORD];
    memcpy(bytes, &key, sizeof bytes);
    if (len & 4) {
        uint32_t half;
        memcpy(&half, src, sizeof half);
        half ^= (uint32_t)key;
        memcpy(dst, &half, sizeof half);
        src += sizeof half;
        dst += sizeof half;
    }
    for (size_t i = 0; i < len % 4; i++)
        dst[i] = src[i] ^ bytes[i];
}

void ws_mask(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4], uint64_t offset)
{
    const uint64_t word_key = key_from(key, offset);
    for (; len >= STEP; len -= STEP, src += STEP, dst += STEP) {
        mask_word(dst, src, word_key);
        mask_word(dst + WORD, src + WORD, word_key);
        mask_word(dst + 2 * WORD, src + 2 * WORD, word_key);
        mask_word(dst + 3 * WORD, src + 3 * WORD, word_key);
    }
    for (; len >= WORD; len -= WORD, src += WORD, dst += WORD)
        mask_word(dst, src, word_key);
    mask_tail(dst, src, len, word_key);
}
