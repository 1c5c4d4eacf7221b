/* mask.c — the mask of section 5.3 of RFC 6455: byte i of a payload is combined with byte i mod 4 of the key. The key
 * repeats every four bytes, so eight are done at once, and four times eight in a step. */
#include "ws/ws.h"

#include <string.h>

enum { WORD = sizeof(uint64_t), STEP = 4 * WORD };

static uint64_t load(const uint8_t *src)
{
    uint64_t word;
    memcpy(&word, src, sizeof word);
    return word;
}

/* The key twice, as it lies on the payload from offset on. */
static uint64_t key_from(const uint8_t key[4], uint64_t offset)
{
    uint8_t bytes[WORD];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = key[(offset + i) % 4];
    return load(bytes);
}

static void mask_tail(uint8_t *dst, const uint8_t *src, size_t len, uint64_t key)
{
    uint8_t bytes[WORD];
    memcpy(bytes, &key, sizeof bytes);
    for (size_t i = 0; i < len; i++)
        dst[i] = src[i] ^ bytes[i];
}

void ws_mask(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4], uint64_t offset)
{
    const uint64_t word_key = key_from(key, offset);
    for (; len >= STEP; len -= STEP, src += STEP, dst += STEP) {
        uint64_t words[4];
        memcpy(words, src, sizeof words);
        for (size_t i = 0; i < 4; i++)
            words[i] ^= word_key;
        memcpy(dst, words, sizeof words);
    }
    for (; len >= WORD; len -= WORD, src += WORD, dst += WORD) {
        uint64_t word = load(src) ^ word_key;
        memcpy(dst, &word, sizeof word);
    }
    mask_tail(dst, src, len, word_key);
}
