/* json_priv.h — what the files of json share: the scanner, builders which take what they get, and the
 * arithmetic of number texts. */
#ifndef BASE_JSON_PRIV_H
#define BASE_JSON_PRIV_H

#include "base/json.h"

/* Checks all that json_parse promises, and builds unless ret_json is NULL. With unique_keys it must
 * build, since only then it knows the keys. ret_json stays untouched after a failure. */
int json_scan(struct slice text, const struct json_limits *limits, struct json **ret_json,
              struct diag *diag);

/* Takes text. */
struct json *json_new_str_taken(char *text);
/* `text` is known to be a number. */
struct json *json_new_number_known(struct slice text);
/* Adds at the end. Takes key (NULL in an array) and value; an object must not have the key. */
void json_append_taken(struct json *container, char *key, struct json *value);

/* The length of the number at the front of text by the grammar of RFC 8259 section 6; 0: none. */
size_t json_number_span(struct slice text);
/* Whether printing the nearest double gives the same text. `text` must be a number. */
bool json_number_is_plain(struct slice text);
/* The double of a plain number. */
double json_plain_value(struct slice text);
/* Writes the shortest text that gives value back, in the layout of ECMA-262 Number::toString; value
 * must be finite. Returns the length; a zero byte follows. */
size_t json_double_text(double value, char ret_text[32]);
/* By decimal value, exactly. With exponents of more than 17 digits, only equal texts are equal. */
bool json_decimal_equal(struct slice a, struct slice b);
/* True if the value is whole and fits. */
bool json_decimal_to_int64(struct slice text, int64_t *ret_value);

#endif
