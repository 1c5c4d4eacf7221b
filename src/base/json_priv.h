/* json_priv.h — what the files of json share: the scanner and the arithmetic of number texts.
 * Neither knows the tree. */
#ifndef BASE_JSON_PRIV_H
#define BASE_JSON_PRIV_H

#include "base/json.h"

/* A number whose text must be kept, and the place of its value among all values of the text, which
 * are counted from 0 in the order in which they begin. */
struct json_kept {
    size_t node;
    struct slice text; /* points into the scanned text */
};

struct json_kept_list {
    struct json_kept *items;
    size_t count;
    size_t cap;
};

/* Checks all that json_parse promises. Appends to `kept` unless that is NULL; the caller frees
 * items, also after a failure. */
int json_scan(struct slice text, const struct json_limits *limits, struct json_kept_list *kept,
              struct diag *diag);

/* The length of the number at the front of text by the grammar of RFC 8259 section 6; 0: none. */
size_t json_number_span(struct slice text);
/* Whether printing the nearest double gives the same text. `text` must be a number. */
bool json_number_is_plain(struct slice text);
/* Writes the shortest text that gives value back, in the layout of ECMA-262 Number::toString; value
 * must be finite. Returns the length; a zero byte follows. */
size_t json_double_text(double value, char ret_text[32]);
/* By decimal value, exactly. With exponents of more than 17 digits, only equal texts are equal. */
bool json_decimal_equal(struct slice a, struct slice b);
/* True if the value is whole and fits. */
bool json_decimal_to_int64(struct slice text, int64_t *ret_value);

#endif
