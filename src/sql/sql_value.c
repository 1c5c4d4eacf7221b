/* sql_value.c — see sql_value.h.
 *
 * Containers of the payload stay JSON trees and are looked at where they stand; only what a statement
 * builds itself is a list in the arena. Printing always goes through sql_value_print, so that a number
 * reads the same wherever it comes from: 10.0 and 1e1 are printed as 10 (2015-10-08: 10.0), 1.50 as 1.5.
 * A number with more than 34 digits or out of range keeps the text in which it came. */
#include "sql/sql_value.h"

#include "base/text.h"
#include "sql/sql_eval.h"

#include <string.h>
#include <strings.h>

/* ---- making --------------------------------------------------------------------------------- */

struct sql_value sql_value_of_bool(bool value)
{
    return (struct sql_value){ .type = SQL_BOOL, .boolean = value };
}

struct sql_value sql_value_of_int(int64_t value)
{
    return sql_value_of_num(sql_num_of_int64(value), true);
}

struct sql_value sql_value_of_str(struct slice text)
{
    return (struct sql_value){ .type = SQL_STRING, .str = text };
}

struct sql_value sql_value_of_text(struct slice text)
{
    bool ok = text.ptr && !memchr(text.ptr, '\0', text.len) && utf8_valid(text);
    return ok ? sql_value_of_str(text) : (struct sql_value){ 0 };
}

struct sql_value sql_value_of_num(struct sql_num num, bool as_int)
{
    enum sql_type type = as_int && num.exp == 0 ? SQL_INT : SQL_DECIMAL;
    return (struct sql_value){ .type = type, .num = num };
}

struct sql_value sql_value_of_double(double value)
{
    struct sql_num num;
    if (!sql_num_of_double(value, &num)) return (struct sql_value){ 0 };
    return sql_value_of_num(num, false);
}

static struct sql_value number_of_json(const struct json *json, bool whole_as_decimal)
{
    char scratch[32];
    int64_t integer;
    if (!whole_as_decimal && json_to_int64(json, &integer)) return sql_value_of_int(integer);
    struct sql_value value = { .type = SQL_DECIMAL };
    struct slice text = json_number_text(json, scratch);
    bool exact = false;
    value.is_beyond = !sql_num_parse(text, &value.num, &exact);
    bool plain = !memchr(text.ptr, '.', text.len) && !memchr(text.ptr, 'e', text.len) &&
                 !memchr(text.ptr, 'E', text.len);
    if (!value.is_beyond && value.num.exp == 0 && (plain || !whole_as_decimal))
        value.type = SQL_INT;
    /* what has so many digits is no double, so its text is in the tree and not in scratch */
    if (!exact && text.ptr != scratch) value.text = text;
    return value;
}

static struct sql_value value_of_json(const struct json *json, bool whole_as_decimal)
{
    if (!json) return (struct sql_value){ 0 };
    switch (json_type(json)) {
    case JSON_NULL:
        return (struct sql_value){ .type = SQL_NULL };
    case JSON_BOOL:
        return sql_value_of_bool(json_is_true(json));
    case JSON_NUMBER:
        return number_of_json(json, whole_as_decimal);
    case JSON_STRING:
        return sql_value_of_str(slice_str(json_str(json)));
    case JSON_ARRAY:
        return (struct sql_value){ .type = SQL_ARRAY, .json = json };
    case JSON_OBJECT:
        return (struct sql_value){ .type = SQL_OBJECT, .json = json };
    }
    return (struct sql_value){ 0 };
}

struct sql_value sql_value_of_json(const struct sql_eval *eval, const struct json *json)
{
    return value_of_json(json, eval->whole_as_decimal);
}

/* ---- containers ----------------------------------------------------------------------------- */

struct sql_iter sql_iter(const struct sql_eval *eval, const struct sql_value *container)
{
    struct sql_iter it = { .whole_as_decimal = eval->whole_as_decimal };
    if (container->type != SQL_ARRAY && container->type != SQL_OBJECT) return it;
    if (container->json) it.json = json_first(container->json);
    if (container->list) it.item = container->list->first;
    return it;
}

bool sql_iter_next(struct sql_iter *it, struct slice *ret_key, struct sql_value *ret_value)
{
    if (it->json) {
        *ret_key = slice_str(json_key(it->json));
        *ret_value = value_of_json(it->json, it->whole_as_decimal);
        it->json = json_next(it->json);
        return true;
    }
    if (!it->item) return false;
    *ret_key = it->item->key;
    *ret_value = it->item->value;
    it->item = it->item->next;
    return true;
}

size_t sql_value_count(const struct sql_value *container)
{
    if (container->type != SQL_ARRAY && container->type != SQL_OBJECT) return 0;
    return container->list ? container->list->count : json_count(container->json);
}

static struct sql_item *list_find(struct sql_eval *eval, const struct sql_list *list,
                                  struct slice key)
{
    struct sql_item *item = list->first;
    size_t seen = 1;
    for (; item && !slice_eq(item->key, key); item = item->next)
        seen++;
    return sql_eval_charge(eval, seen / 8) ? item : NULL;
}

static bool key_is(const char *key, struct slice name)
{
    return strncmp(key, name.ptr, name.len) == 0 && key[name.len] == '\0';
}

struct sql_value sql_value_member(struct sql_eval *eval, const struct sql_value *object,
                                  struct slice key)
{
    if (object->type != SQL_OBJECT) return (struct sql_value){ 0 };
    if (object->list) {
        const struct sql_item *item = list_find(eval, object->list, key);
        return item ? item->value : (struct sql_value){ 0 };
    }
    size_t seen = 1;
    const struct json *it = json_first(object->json);
    while (it && !key_is(json_key(it), key)) {
        it = json_next(it);
        seen++;
    }
    if (!sql_eval_charge(eval, seen / 8)) return (struct sql_value){ 0 };
    return sql_value_of_json(eval, it);
}

struct sql_value sql_value_at(struct sql_eval *eval, const struct sql_value *array, size_t index)
{
    struct sql_value value = { 0 };
    struct slice key;
    if (array->type != SQL_ARRAY) return value;
    size_t left = index;
    for (struct sql_iter it = sql_iter(eval, array); sql_iter_next(&it, &key, &value); left--)
        if (left == 0) return sql_eval_charge(eval, index / 8) ? value : (struct sql_value){ 0 };
    sql_eval_charge(eval, (index - left) / 8);
    return (struct sql_value){ 0 };
}

static struct sql_value char_at(struct slice text, int64_t index)
{
    size_t at = 0;
    while (at < text.len) {
        size_t from = at;
        if (utf8_next(text, &at) < 0) break;
        if (index-- == 0) return sql_value_of_str(slice_of(text.ptr + from, at - from));
    }
    return (struct sql_value){ 0 };
}

struct sql_value sql_value_get(struct sql_eval *eval, const struct sql_value *container,
                               const struct sql_value *key)
{
    struct sql_value none = { 0 };
    struct sql_num num;
    int64_t index;
    if (container->type == SQL_OBJECT)
        return key->type == SQL_STRING ? sql_value_member(eval, container, key->str) : none;
    if (container->type != SQL_ARRAY && container->type != SQL_STRING) return none;
    if (!sql_value_to_index(key, &num) || !sql_num_to_int64(num, &index) || index < 0) return none;
    if (container->type == SQL_ARRAY) return sql_value_at(eval, container, (size_t)index);
    if (!sql_eval_charge(eval, container->str.len / 16)) return none;
    return char_at(container->str, index);
}

struct sql_value sql_value_new(struct sql_eval *eval, enum sql_type array_or_object)
{
    struct sql_list *list = sql_eval_alloc(eval, sizeof *list);
    if (!list) return (struct sql_value){ 0 };
    return (struct sql_value){ .type = array_or_object, .list = list };
}

void sql_list_push(struct sql_eval *eval, struct sql_list *list, struct slice key,
                   struct sql_value value)
{
    struct sql_item *item = list ? sql_eval_alloc(eval, sizeof *item) : NULL;
    if (!item) return;
    *item = (struct sql_item){ NULL, key, value };
    if (list->last)
        list->last->next = item;
    else
        list->first = item;
    list->last = item;
    list->count++;
}

void sql_list_set(struct sql_eval *eval, struct sql_list *list, struct slice key,
                  struct sql_value value)
{
    struct sql_item *item = list ? list_find(eval, list, key) : NULL;
    if (item)
        item->value = value;
    else
        sql_list_push(eval, list, key, value);
}

/* ---- conversions ---------------------------------------------------------------------------- */

/* ^-?\d+(\.\d+)?((?i)E-?\d+)?$ : what JSON allows too, but leading zeros may and '+' may not be. */
static bool num_of_str(struct slice text, struct sql_num *ret_num)
{
    bool exact;
    if (text.len == 0 || memchr(text.ptr, '+', text.len)) return false;
    return sql_num_parse(text, ret_num, &exact);
}

bool sql_value_to_num(const struct sql_value *value, struct sql_num *ret_num)
{
    if (value->type == SQL_STRING) return num_of_str(value->str, ret_num);
    if (!sql_value_is_number(value) || value->is_beyond) return false;
    *ret_num = value->num;
    return true;
}

bool sql_value_to_index(const struct sql_value *value, struct sql_num *ret_num)
{
    struct sql_num num;
    if (!sql_value_to_num(value, &num)) return false;
    *ret_num = sql_num_round(num, value->type == SQL_STRING ? SQL_TRUNC : SQL_NEAREST, 0);
    return true;
}

static bool word_is(struct slice text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

bool sql_value_to_bool(const struct sql_value *value, bool *ret_bool)
{
    if (value->type == SQL_BOOL) {
        *ret_bool = value->boolean;
        return true;
    }
    if (value->type != SQL_STRING) return false;
    bool is_true = word_is(value->str, "true");
    if (!is_true && !word_is(value->str, "false")) return false;
    *ret_bool = is_true;
    return true;
}

bool sql_value_to_str(struct sql_eval *eval, const struct sql_value *value, struct slice *ret_str)
{
    if (value->type == SQL_UNDEFINED || value->type == SQL_NULL) return false;
    if (value->type == SQL_STRING) {
        *ret_str = value->str;
        return true;
    }
    struct buf text = { 0 };
    sql_value_print(eval, value, &text);
    struct slice taken = sql_eval_take(eval, &text);
    if (eval->rc) return false;
    *ret_str = taken;
    return true;
}

/* ---- equality and printing ------------------------------------------------------------------ */

static bool arrays_equal(struct sql_eval *eval, const struct sql_value *a,
                         const struct sql_value *b)
{
    struct sql_iter x = sql_iter(eval, a), y = sql_iter(eval, b);
    struct slice key;
    struct sql_value one, other;
    while (sql_iter_next(&x, &key, &one) && sql_iter_next(&y, &key, &other))
        if (!sql_value_equal(eval, &one, &other)) return false;
    return true;
}

static bool objects_equal(struct sql_eval *eval, const struct sql_value *a,
                          const struct sql_value *b)
{
    struct sql_iter x = sql_iter(eval, a);
    struct slice key;
    struct sql_value one;
    while (sql_iter_next(&x, &key, &one)) {
        struct sql_value other = sql_value_member(eval, b, key);
        if (!sql_value_equal(eval, &one, &other)) return false;
    }
    return true;
}

bool sql_value_equal(struct sql_eval *eval, const struct sql_value *a, const struct sql_value *b)
{
    if (!sql_eval_charge(eval, 1)) return false;
    if (sql_value_is_number(a) && sql_value_is_number(b)) {
        if (a->text.len || b->text.len) return slice_eq(a->text, b->text);
        return sql_num_cmp(a->num, b->num) == 0;
    }
    if (a->type != b->type) return false;
    switch (a->type) {
    case SQL_BOOL:
        return a->boolean == b->boolean;
    case SQL_STRING:
        return slice_eq(a->str, b->str);
    case SQL_ARRAY:
        return sql_value_count(a) == sql_value_count(b) && arrays_equal(eval, a, b);
    case SQL_OBJECT:
        return sql_value_count(a) == sql_value_count(b) && objects_equal(eval, a, b);
    default:
        return true;
    }
}

static void print_container(struct sql_eval *eval, const struct sql_value *value, struct buf *out)
{
    bool keyed = value->type == SQL_OBJECT, first = true;
    struct sql_iter it = sql_iter(eval, value);
    struct slice key;
    struct sql_value item;
    buf_putc(out, keyed ? '{' : '[');
    while (sql_iter_next(&it, &key, &item)) {
        if (item.type == SQL_UNDEFINED) continue;
        if (!first) buf_putc(out, ',');
        first = false;
        if (keyed) {
            json_print_str(out, key);
            buf_putc(out, ':');
        }
        sql_value_print(eval, &item, out);
    }
    buf_putc(out, keyed ? '}' : ']');
}

void sql_value_print(struct sql_eval *eval, const struct sql_value *value, struct buf *out)
{
    if (!sql_eval_charge(eval, 1) || !sql_eval_may_use(eval, out->len)) return;
    switch (value->type) {
    case SQL_UNDEFINED:
        break;
    case SQL_NULL:
        buf_puts(out, "null");
        break;
    case SQL_BOOL:
        buf_puts(out, value->boolean ? "true" : "false");
        break;
    case SQL_INT:
    case SQL_DECIMAL:
        if (value->text.len)
            buf_put_slice(out, value->text);
        else
            sql_num_print(value->num, value->type == SQL_DECIMAL && eval->whole_as_decimal, out);
        break;
    case SQL_STRING:
        json_print_str(out, value->str);
        break;
    case SQL_ARRAY:
    case SQL_OBJECT:
        print_container(eval, value, out);
        break;
    }
}
