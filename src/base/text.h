/* text.h — UTF-8, hexadecimal, base64, percent-encoding, numbers, nearest words. Pure functions. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Well-formed by RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF. */
bool utf8_valid(struct slice text);
/* Decodes one code point at *at and moves on; -1 when malformed. */
int32_t utf8_next(struct slice text, size_t *at);
/* Appends a code point that is no surrogate and not above U+10FFFF. */
void utf8_put(struct buf *out, uint32_t code_point);

/* Lower case; ret_text gets 2 * len + 1 bytes. */
void hex_encode(const void *data, size_t len, char *ret_text);
/* ERR_MALFORMED unless text is exactly 2 * len digits, of either case. */
int hex_decode(struct slice text, uint8_t *ret_data, size_t len);

/* RFC 4648, section 4, with padding. */
void base64_encode(struct buf *out, const void *data, size_t len);
/* ERR_MALFORMED on foreign characters, wrong padding or left-over bits; out is unchanged then. */
int base64_decode(struct buf *out, struct slice text);
/* RFC 4648, section 5, without padding. */
void base64url_encode(struct buf *out, const void *data, size_t len);
/* ERR_MALFORMED as base64_decode, and on padding. */
int base64url_decode(struct buf *out, struct slice text);

/* RFC 3986: everything but A-Z a-z 0-9 - . _ ~ and the bytes of `keep` becomes %XX, upper case. */
void url_encode(struct buf *out, struct slice text, const char *keep);
/* ERR_MALFORMED on a bad escape or one that gives a zero byte. '+' stays as it is. */
int url_decode(struct buf *out, struct slice text);

/* Decimal, without a zero at its end; returns the length, at most 20. */
size_t text_from_int(int64_t value, char ret_text[20]);
/* Whole text, decimal, within [min, max]; ERR_INVALID otherwise. */
int text_to_int(struct slice text, int64_t min, int64_t max, int64_t *ret_value);

/* Does all of text match? '*' stands for any bytes, '?' for one character, all else for itself. Time is at
 * most the product of the lengths. */
bool text_glob(struct slice pattern, struct slice text);

/* Damerau-Levenshtein distance, capped at 64 characters a side: for "did you mean". */
unsigned text_distance(struct slice a, struct slice b);

/* "2026-01-31T23:59:59.123Z" of milliseconds since the epoch; ret_text gets 25 bytes. */
void text_iso8601(int64_t epoch_ms, char ret_text[25]);

#endif
