/* json.h — JSON documents: strict in, exact out. The only includer of cJSON.
 *
 * Grammar: RFC 8259 to the letter: no leading zeros, no trailing bytes, valid UTF-8 (paired
 * surrogates in escapes too), no U+0000 in strings, bounded depth, nodes and bytes. A repeated key:
 * the last one wins, unless the limits ask for unique keys.
 * Numbers: a number whose text a double does not reproduce keeps its text and leaves as it came
 * (9007199254740993, 1.10, 1e400 stay what they are).
 * Member order is kept. Any thread; a tree belongs to one thread at a time. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct json; /* a value; a tree owns its children */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_limits {
    size_t bytes;     /* longest text */
    size_t nodes;     /* most values in it, containers included */
    int depth;        /* deepest nesting; a scalar at the top has depth 0, {} and [] have 1 */
    bool unique_keys; /* a repeated key is ERR_SYNTAX */
};
/* 128 KB, 16384 nodes, depth 64, unless set otherwise. */
extern struct json_limits json_default_limits;
/* Before other threads run. */
void json_set_default_limits(size_t bytes, int depth);

/* Returns 0 and an owned tree; or ERR_SYNTAX (diag: "line 1, column 7: ..."), ERR_ENCODING,
 * ERR_TOO_LARGE, ERR_LIMIT (nodes), ERR_DEPTH. limits NULL: the default ones. */
int json_parse(struct slice text, const struct json_limits *limits, struct json **ret_json,
               struct diag *diag);
/* Checks grammar and limits only; builds nothing. */
int json_check(struct slice text, const struct json_limits *limits, struct diag *diag);
/* Accepts NULL. */
void json_free(struct json *json);
struct json *json_dup(const struct json *json);

enum json_type json_type(const struct json *json);
bool json_is(const struct json *json, enum json_type type); /* false for NULL */
/* The text of a string, zero-terminated, borrowed; NULL if json is NULL or no string. */
const char *json_str(const struct json *json);
bool json_is_true(const struct json *json);
/* Nearest double; 0 if it is no number. */
double json_number(const struct json *json);
/* True and the value if it is a number without fraction (1.0 and 1e2 count) that fits. */
bool json_to_int64(const struct json *json, int64_t *ret_value);
/* The number as it is printed; borrowed from json or from scratch. */
struct slice json_number_text(const struct json *json, char scratch[32]);

/* Containers. NULL-tolerant: json NULL or of another type is an empty container. */
size_t json_count(const struct json *json);
struct json *json_get(const struct json *object, const char *key); /* case-sensitive; borrowed */
struct json *json_get_slice(const struct json *object, struct slice key);
struct json *json_at(const struct json *array, size_t index);
const char *json_get_str(const struct json *object, const char *key); /* NULL unless a string */
struct json *json_first(const struct json *container);
struct json *json_next(const struct json *child);
/* The key of a member of an object; NULL otherwise. */
const char *json_key(const struct json *member);

#define json_for_each(it, container)                                                          \
    for (struct json *it = json_first(container), *it##_next = it ? json_next(it) : NULL; it; \
         it = it##_next, it##_next = it ? json_next(it) : NULL)

/* Builders return owned values. */
struct json *json_new_null(void);
struct json *json_new_bool(bool value);
struct json *json_new_int(int64_t value);
struct json *json_new_double(double value); /* not finite: null */
/* `text` must be a JSON number; kept as it is. */
struct json *json_new_number_text(struct slice text);
struct json *json_new_str(const char *text);
struct json *json_new_slice(struct slice text);
struct json *json_new_array(void);
struct json *json_new_object(void);

/* Adds a member or replaces the one of that key, in its place. Takes value (not NULL).
 * Returns value, now borrowed. */
struct json *json_set(struct json *object, const char *key, struct json *value);
void json_set_str(struct json *object, const char *key, const char *text); /* NULL text: nothing */
void json_set_int(struct json *object, const char *key, int64_t value);
void json_set_bool(struct json *object, const char *key, bool value);
/* Takes value; returns it, borrowed. */
struct json *json_push(struct json *array, struct json *value);
/* Removes and frees; false if there was none. */
bool json_remove(struct json *object, const char *key);
/* Unlinks and returns owned; NULL if there was none. */
struct json *json_detach(struct json *object, const char *key);
struct json *json_detach_child(struct json *container, struct json *child);

/* Deep: numbers by value (1 = 1.0, exact also beyond 2^53), objects in any order, arrays in order. */
bool json_equal(const struct json *a, const struct json *b);
/* Compact text, appended. */
void json_print(const struct json *json, struct buf *out);
/* Indented by two, for humans. */
void json_print_pretty(const struct json *json, struct buf *out);
/* Appends text as a JSON string with its quotes. Malformed UTF-8 becomes U+FFFD. */
void json_print_str(struct buf *out, struct slice text);
/* Depth as json_limits counts it. */
int json_depth(const struct json *json);

#endif
