/* sql_value.h — values of the language and their conversions.
 * A value is a small plain struct, copied freely. What it points at lives in the arena of the run, in
 * the statement, in the input or in a JSON tree which the run owns; never in the value itself.
 * I1  Every String is valid UTF-8 without U+0000, as base/json has it. */
#ifndef SQL_SQL_VALUE_H
#define SQL_SQL_VALUE_H

#include "base/arena.h"
#include "base/json.h"
#include "sql/sql_num.h"

enum sql_type {
    SQL_UNDEFINED, /* zero: what a function returns when it sets nothing */
    SQL_NULL,
    SQL_BOOL,
    SQL_INT, /* num.exp is 0 */
    SQL_DECIMAL,
    SQL_STRING,
    SQL_ARRAY,
    SQL_OBJECT,
};

struct sql_list; /* items of an array or an object that the run has built */

struct sql_value {
    enum sql_type type;
    union {
        bool boolean;
        struct {
            struct sql_num num;
            struct slice text; /* as it came, when num does not have all its digits; else empty */
            bool is_beyond;    /* out of range: there is only the text */
        };
        struct slice str;
        struct { /* one of the two */
            const struct json *json;
            struct sql_list *list;
        };
    };
};

struct sql_item {
    struct sql_item *next;
    struct slice key;
    struct sql_value value;
};

struct sql_list {
    struct sql_item *first;
    struct sql_item *last;
    size_t count;
    bool is_path; /* made for an alias with dots: nothing else refers to it */
};

/* Walks an Array or an Object, whatever it is made of: `struct sql_iter it = sql_iter(&v);`. */
struct sql_iter {
    const struct json *json;
    const struct sql_item *item;
    bool whole_as_decimal;
};

struct sql_eval;

struct sql_iter sql_iter(const struct sql_eval *eval, const struct sql_value *container);
bool sql_iter_next(struct sql_iter *it, struct slice *ret_key, struct sql_value *ret_value);
size_t sql_value_count(const struct sql_value *container);
/* Undefined when there is none. */
struct sql_value sql_value_member(struct sql_eval *eval, const struct sql_value *object,
                                  struct slice key);
struct sql_value sql_value_at(struct sql_eval *eval, const struct sql_value *array, size_t index);

/* container[key]: Arrays by index, Objects by String, a String's characters by index. */
struct sql_value sql_value_get(struct sql_eval *eval, const struct sql_value *container,
                               const struct sql_value *key);

struct sql_value sql_value_of_json(const struct sql_eval *eval, const struct json *json);
struct sql_value sql_value_of_bool(bool value);
struct sql_value sql_value_of_int(int64_t value);
/* Text that breaks I1 is Undefined. */
struct sql_value sql_value_of_text(struct slice text);
/* As it is: the caller knows I1. */
struct sql_value sql_value_of_str(struct slice text);
/* Int when the number is whole and as_int, else Decimal. */
struct sql_value sql_value_of_num(struct sql_num num, bool as_int);
/* Not finite: Undefined. */
struct sql_value sql_value_of_double(double value);

/* Empty containers; items are added to value.list. */
struct sql_value sql_value_new(struct sql_eval *eval, enum sql_type array_or_object);
void sql_list_push(struct sql_eval *eval, struct sql_list *list, struct slice key,
                   struct sql_value value);
/* Replaces the member of that key, in its place, or adds one. */
void sql_list_set(struct sql_eval *eval, struct sql_list *list, struct slice key,
                  struct sql_value value);

/* The standard conversions (AWS IoT SQL reference, "Data types"); false: Undefined. */
bool sql_value_to_num(const struct sql_value *value, struct sql_num *ret_num);
/* Decimals to the nearest Int, numeric Strings toward zero. */
bool sql_value_to_index(const struct sql_value *value, struct sql_num *ret_num);
bool sql_value_to_bool(const struct sql_value *value, bool *ret_bool);
/* Null, Undefined: false. Other types give their JSON text, made in the arena. */
bool sql_value_to_str(struct sql_eval *eval, const struct sql_value *value, struct slice *ret_str);

/* The operator '='; neither is Undefined. */
bool sql_value_equal(struct sql_eval *eval, const struct sql_value *a, const struct sql_value *b);
/* Appends JSON text. Undefined prints nothing. */
void sql_value_print(struct sql_eval *eval, const struct sql_value *value, struct buf *out);

static inline bool sql_value_is_number(const struct sql_value *value)
{
    return value->type == SQL_INT || value->type == SQL_DECIMAL;
}

#endif
