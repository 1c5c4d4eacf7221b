/* sql_func_string.c — functions of strings (AWS IoT SQL reference, "Functions").
 * Characters are code points. Results that are parts of an argument point into it; what is built comes
 * from the run's arena, checked against its limit before it is asked for. Letters outside ASCII change
 * their case in the Latin, Greek and Cyrillic blocks, which need no tables; others stay. */
#include "base/text.h"
#include "sql/sql_func.h"

#include <string.h>

static void set_str(struct sql_value *ret_value, struct slice text)
{
    *ret_value = sql_value_of_str(text);
}

static size_t count_chars(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

/* The byte at which character n begins; the length when there are fewer. */
static size_t char_offset(struct slice text, size_t n)
{
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.ptr[i] & 0xc0) != 0x80 && n-- == 0) return i;
    return text.len;
}

/* The byte at which `part` first stands in text from `from`, or -1. */
static int64_t find(struct slice text, size_t from, struct slice part)
{
    if (part.len > text.len - from) return -1;
    if (part.len == 0) return (int64_t)from;
    const char *at = memmem(text.ptr + from, text.len - from, part.ptr, part.len);
    return at ? at - text.ptr : -1;
}

/* 0 is an ASCII code too, but no character of our strings. */
SQL_FUNC(sql_fn_chr)
{
    struct sql_num num;
    int64_t code;
    if (!sql_arg_num(args, 0, &num)) return;
    if (!sql_num_to_int64(sql_num_round(num, SQL_FLOOR, 0), &code) || code < 1 || code > 127)
        return;
    char *text = sql_eval_alloc(eval, 2);
    if (!text) return;
    text[0] = (char)code;
    set_str(ret_value, slice_of(text, 1));
}

static void concat_arrays(struct sql_eval *eval, const struct sql_args *args,
                          struct sql_value *ret_value)
{
    struct slice none = { "", 0 }, key;
    *ret_value = sql_value_new(eval, SQL_ARRAY);
    for (size_t i = 0; i < args->count && !eval->rc; i++) {
        struct sql_value item = args->at[i];
        if (item.type == SQL_ARRAY) {
            struct sql_iter it = sql_iter(eval, &args->at[i]);
            while (sql_iter_next(&it, &key, &item) && sql_eval_charge(eval, 1))
                sql_list_push(eval, ret_value->list, none, item);
        } else if (item.type != SQL_UNDEFINED) {
            sql_list_push(eval, ret_value->list, none, item);
        }
    }
}

/* One argument comes back as it is; an Array among several makes one flat array of all. */
SQL_FUNC(sql_fn_concat)
{
    if (args->count == 1) {
        *ret_value = args->at[0];
        return;
    }
    for (size_t i = 0; i < args->count; i++) {
        if (args->at[i].type != SQL_ARRAY) continue;
        concat_arrays(eval, args, ret_value);
        return;
    }
    struct slice parts[SQL_MAX_ARGS];
    size_t len = 0;
    for (size_t i = 0; i < args->count; i++) {
        if (!sql_arg_str(eval, args, i, &parts[i])) return;
        len += parts[i].len;
    }
    char *text = sql_eval_alloc(eval, len + 1), *at = text;
    if (!text) return;
    for (size_t i = 0; i < args->count; i++)
        if (parts[i].len) at = mempcpy(at, parts[i].ptr, parts[i].len);
    set_str(ret_value, slice_of(text, len));
}

static bool two_strings(struct sql_eval *eval, const struct sql_args *args, struct slice *ret_a,
                        struct slice *ret_b)
{
    return sql_arg_str(eval, args, 0, ret_a) && sql_arg_str(eval, args, 1, ret_b);
}

SQL_FUNC(sql_fn_endswith)
{
    struct slice text, end;
    if (!two_strings(eval, args, &text, &end)) return;
    bool ends = text.len >= end.len && slice_eq(slice_from(text, text.len - end.len), end);
    *ret_value = sql_value_of_bool(ends);
}

SQL_FUNC(sql_fn_startswith)
{
    struct slice text, start;
    if (!two_strings(eval, args, &text, &start)) return;
    bool starts = text.len >= start.len && slice_eq(slice_of(text.ptr, start.len), start);
    *ret_value = sql_value_of_bool(starts);
}

SQL_FUNC(sql_fn_indexof)
{
    struct slice text, part;
    if (!two_strings(eval, args, &text, &part)) return;
    if (!sql_eval_charge(eval, text.len / 16)) return;
    int64_t at = find(text, 0, part);
    if (at > 0) at = (int64_t)count_chars(slice_of(text.ptr, (size_t)at));
    *ret_value = sql_value_of_int(at);
}

SQL_FUNC(sql_fn_length)
{
    struct slice text;
    if (sql_arg_str(eval, args, 0, &text) && sql_eval_charge(eval, text.len / 16))
        *ret_value = sql_value_of_int((int64_t)count_chars(text));
}

SQL_FUNC(sql_fn_numbytes)
{
    struct slice text;
    if (sql_arg_str(eval, args, 0, &text)) *ret_value = sql_value_of_int((int64_t)text.len);
}

/* ---- case ----------------------------------------------------------------------------------- */

/* Runs of letters whose other case is `step` away; with step 1 they alternate, upper first. */
static const struct {
    uint32_t upper_from;
    uint32_t upper_to;
    uint32_t step;
} cases[] = {
    { 'A', 'Z', 32 },      { 0xc0, 0xd6, 32 },    { 0xd8, 0xde, 32 },   { 0x100, 0x12e, 1 },
    { 0x132, 0x136, 1 },   { 0x139, 0x147, 1 },   { 0x14a, 0x176, 1 },  { 0x179, 0x17d, 1 },
    { 0x391, 0x3a1, 32 },  { 0x3a3, 0x3ab, 32 },  { 0x400, 0x40f, 80 }, { 0x410, 0x42f, 32 },
    { 0x460, 0x480, 1 },   { 0x48a, 0x4be, 1 },   { 0x4d0, 0x52e, 1 },  { 0x531, 0x556, 48 },
    { 0x1e00, 0x1e94, 1 }, { 0x1ea0, 0x1efe, 1 },
};

static uint32_t change_case(uint32_t c, bool to_upper)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t from = cases[i].upper_from, to = cases[i].upper_to, step = cases[i].step;
        if (c < from || c > to + step) continue;
        bool paired = step == 1;
        bool is_upper = paired ? (c & 1) == (from & 1) : c <= to;
        bool is_lower = paired ? !is_upper : c >= from + step;
        if (to_upper && is_lower) return c - step;
        if (!to_upper && is_upper) return c + step;
        if (is_upper || is_lower) return c;
    }
    return c;
}

/* The other case has as many bytes in all the blocks above. */
static void changed_case(struct sql_eval *eval, const struct sql_args *args, bool to_upper,
                         struct sql_value *ret_value)
{
    struct slice text;
    struct buf out = { 0 };
    if (!sql_arg_str(eval, args, 0, &text)) return;
    if (!sql_eval_charge(eval, text.len / 8) || !sql_eval_may_use(eval, text.len + 1)) return;
    buf_reserve(&out, text.len);
    for (size_t at = 0; at < text.len;) {
        int32_t c = utf8_next(text, &at);
        if (c < 0) break;
        utf8_put(&out, change_case((uint32_t)c, to_upper));
    }
    set_str(ret_value, sql_eval_take(eval, &out));
}

SQL_FUNC(sql_fn_lower)
{
    changed_case(eval, args, false, ret_value);
}

SQL_FUNC(sql_fn_upper)
{
    changed_case(eval, args, true, ret_value);
}

/* ---- spaces --------------------------------------------------------------------------------- */

static void padded(struct sql_eval *eval, const struct sql_args *args, bool left,
                   struct sql_value *ret_value)
{
    enum { MOST = 1000 };
    struct slice text;
    struct sql_num num;
    int64_t n;
    if (!sql_arg_num(args, 1, &num) || !sql_arg_str(eval, args, 0, &text)) return;
    num = sql_num_round(num, SQL_FLOOR, 0);
    if (!sql_num_to_int64(num, &n)) n = num.coef < 0 ? 0 : MOST;
    size_t spaces = n < 0 ? 0 : n > MOST ? MOST : (size_t)n;
    char *out = sql_eval_alloc(eval, text.len + spaces + 1);
    if (!out) return;
    memset(left ? out : out + text.len, ' ', spaces);
    if (text.len) memcpy(left ? out + spaces : out, text.ptr, text.len);
    set_str(ret_value, slice_of(out, text.len + spaces));
}

SQL_FUNC(sql_fn_lpad)
{
    padded(eval, args, true, ret_value);
}

SQL_FUNC(sql_fn_rpad)
{
    padded(eval, args, false, ret_value);
}

static void trimmed(struct sql_eval *eval, const struct sql_args *args, bool left, bool right,
                    struct sql_value *ret_value)
{
    struct slice text;
    if (!sql_arg_str(eval, args, 0, &text)) return;
    while (left && text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = slice_from(text, 1);
    while (right && text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    set_str(ret_value, text);
}

SQL_FUNC(sql_fn_ltrim)
{
    trimmed(eval, args, true, false, ret_value);
}

SQL_FUNC(sql_fn_rtrim)
{
    trimmed(eval, args, false, true, ret_value);
}

SQL_FUNC(sql_fn_trim)
{
    trimmed(eval, args, true, true, ret_value);
}

/* ---- parts ---------------------------------------------------------------------------------- */

/* An empty string to look for is found nowhere. */
SQL_FUNC(sql_fn_replace)
{
    struct slice text, part, by;
    struct buf out = { 0 };
    if (!two_strings(eval, args, &text, &part) || !sql_arg_str(eval, args, 2, &by)) return;
    size_t from = 0;
    for (int64_t at; part.len && (at = find(text, from, part)) >= 0; from = (size_t)at + part.len) {
        if (!sql_eval_charge(eval, 1) || !sql_eval_may_use(eval, out.len + text.len + by.len))
            break;
        buf_put_slice(&out, slice_of(text.ptr + from, (size_t)at - from));
        buf_put_slice(&out, by);
    }
    buf_put_slice(&out, slice_from(text, from));
    set_str(ret_value, sql_eval_take(eval, &out));
}

/* Argument i as an index within [0, len]. */
static bool arg_index(const struct sql_args *args, size_t i, size_t len, size_t *ret_index)
{
    struct sql_num num;
    int64_t n;
    if (!sql_arg_num(args, i, &num)) return false;
    num = sql_num_round(num, SQL_TRUNC, 0);
    if (!sql_num_to_int64(num, &n)) n = num.coef < 0 ? 0 : (int64_t)len;
    *ret_index = n < 0 ? 0 : (uint64_t)n > len ? len : (size_t)n;
    return true;
}

SQL_FUNC(sql_fn_substring)
{
    struct slice text;
    size_t from, to;
    if (!sql_arg_str(eval, args, 0, &text) || !sql_eval_charge(eval, text.len / 16)) return;
    to = text.len;
    if (!arg_index(args, 1, text.len, &from)) return;
    if (args->count == 3 && !arg_index(args, 2, text.len, &to)) return;
    size_t start = char_offset(text, from), end = char_offset(text, to);
    set_str(ret_value, start < end ? slice_of(text.ptr + start, end - start) : slice_of("", 0));
}
