/* value.c — the values of options: text to member, member to text, equal or not, gone.
 *
 * Every source speaks text here: the environment and --set by nature, a file because file.c checks
 * the type that libconfig saw and hands on the text. So there is one parser a type, and one
 * sentence for each way to be wrong.
 *
 *  I1  A member is replaced only by a value that passed every check.
 *  I2  option_set takes what option_format gives, and gets the same value.
 *  I3  What a message shows of a value is short, and never the text of a secret file. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/config_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    int64_t factor;
};
/* The greater first: a value is written in the first that divides it. */
static const struct unit byte_units[] = { { "g", 1 << 30 }, { "m", 1 << 20 }, { "k", 1 << 10 } };
static const struct unit time_units[] = {
    { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 }
};

static const char *const true_words[] = { "true", "yes", "on", "1" };
static const char *const false_words[] = { "false", "no", "off", "0" };

void config_list_push(struct config_list *list, const char *text)
{
    list->items = xrealloc(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = xstrdup(text);
}

void config_list_deinit(struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct config_list){ 0 };
}

/* ---- what messages show --------------------------------------------------------------------- */

struct shown {
    char text[96];
};

/* The value in quotes, cut. loader_error makes it printable. */
static struct shown show(const char *text, const char *instead)
{
    struct shown s;
    if (instead) {
        snprintf(s.text, sizeof s.text, "%s", instead);
        return s;
    }
    enum { MOST = 60 };
    size_t n = 0;
    s.text[n++] = '\'';
    size_t len = strlen(text), kept = len < MOST ? len : MOST;
    while (kept < len && kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--; /* not within a character */
    memcpy(s.text + n, text, kept);
    n += kept;
    if (kept < len) {
        memcpy(s.text + n, "...", 3);
        n += 3;
    }
    s.text[n++] = '\'';
    s.text[n] = '\0';
    return s;
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Digits with an optional '-'; saturates. Returns what follows, or NULL without a digit. */
static const char *read_digits(const char *text, int64_t *ret_value)
{
    bool negative = *text == '-';
    const char *p = text + negative;
    if (*p < '0' || *p > '9') return NULL;
    int64_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *p - '0', &value))
            value = INT64_MAX;
    *ret_value = negative ? -value : value;
    return p;
}

static bool read_units(const char *text, const struct unit *units, size_t count, int64_t *ret_value)
{
    int64_t value = 0;
    const char *suffix = read_digits(text, &value);
    if (!suffix || *text == '-') return false;
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(suffix, units[i].name) != 0) continue;
        if (__builtin_mul_overflow(value, units[i].factor, &value)) value = INT64_MAX;
        *ret_value = value;
        return true;
    }
    return false;
}

static int parse_number(const struct option *option, const char *text, const char *shown,
                        int64_t *ret_value, struct diag *diag)
{
    int64_t value = 0;
    const char *rest = read_digits(text, &value);
    switch (option->type) {
    case OPT_BYTES:
        if ((rest && !*rest && value >= 0) ||
            read_units(text, byte_units, ARRAY_LEN(byte_units), &value))
            break;
        return diag_set(diag, ERR_INVALID, "%s is not a size (bytes, or a number with k, m or g)",
                        show(text, shown).text);
    case OPT_DURATION:
        if ((rest && !*rest && value == 0) ||
            read_units(text, time_units, ARRAY_LEN(time_units), &value))
            break;
        return diag_set(diag, ERR_INVALID,
                        "%s is not a duration (a number with ms, s, m, h or d, such as 10s)",
                        show(text, shown).text);
    default:
        if (rest && !*rest) break;
        return diag_set(diag, ERR_INVALID, "%s is not a whole number", show(text, shown).text);
    }
    if (value >= option->min && value <= option->max) {
        *ret_value = value;
        return 0;
    }
    struct buf range = { 0 };
    option_format_number(option->type, option->min, &range);
    buf_puts(&range, " to ");
    option_format_number(option->type, option->max, &range);
    diag_set(diag, ERR_INVALID, "%s is out of range (%s)", show(text, shown).text, buf_str(&range));
    buf_deinit(&range);
    return ERR_INVALID;
}

static void format_units(int64_t value, const struct unit *units, size_t count, const char *zero,
                         struct buf *out)
{
    for (size_t i = 0; i < count && value; i++) {
        if (value % units[i].factor) continue;
        buf_printf(out, "%" PRId64 "%s", value / units[i].factor, units[i].name);
        return;
    }
    buf_printf(out, "%" PRId64 "%s", value, value ? "" : zero);
}

void option_format_number(enum option_type type, int64_t value, struct buf *out)
{
    if (type == OPT_BYTES)
        format_units(value, byte_units, ARRAY_LEN(byte_units), "", out);
    else if (type == OPT_DURATION)
        format_units(value, time_units, ARRAY_LEN(time_units), "s", out);
    else
        buf_printf(out, "%" PRId64, value);
}

/* ---- words ---------------------------------------------------------------------------------- */

static bool one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(text, words[i]) == 0) return true;
    return false;
}

static int parse_bool(const char *text, const char *shown, bool *ret_value, struct diag *diag)
{
    bool yes = one_of(text, true_words, ARRAY_LEN(true_words));
    if (!yes && !one_of(text, false_words, ARRAY_LEN(false_words)))
        return diag_set(diag, ERR_INVALID, "%s is neither true nor false", show(text, shown).text);
    *ret_value = yes;
    return 0;
}

static int parse_enum(const struct option *option, const char *text, const char *shown,
                      int *ret_value, struct diag *diag)
{
    struct buf all = { 0 };
    const char *near = NULL;
    unsigned best = 3;
    for (int i = 0; option->choices[i]; i++) {
        const char *choice = option->choices[i];
        if (strcmp(text, choice) == 0) {
            *ret_value = i;
            buf_deinit(&all);
            return 0;
        }
        bool same = strcasecmp(text, choice) == 0;
        unsigned distance = same ? 0 : text_distance(slice_str(text), slice_str(choice));
        if (distance < best && distance < strlen(choice) - 1) {
            best = distance;
            near = choice;
        }
        buf_printf(&all, "%s%s", i ? ", " : "", choice);
    }
    diag_set(diag, ERR_INVALID, "%s is not one of %s", show(text, shown).text, buf_str(&all));
    buf_deinit(&all);
    if (!near || !diag || shown) return ERR_INVALID;
    size_t len = strlen(diag->text);
    snprintf(diag->text + len, sizeof diag->text - len, " (did you mean '%s'?)", near);
    return ERR_INVALID;
}

/* ---- strings -------------------------------------------------------------------------------- */

static int check_string(const struct option *option, const char *text, const char *shown,
                        struct diag *diag)
{
    size_t len = strlen(text);
    const struct shown value = show(text, shown);
    if (option->min > 0 && len == 0) return diag_set(diag, ERR_INVALID, "must not be empty");
    if (!utf8_valid(slice_str(text))) return diag_set(diag, ERR_INVALID, "is not UTF-8");
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return diag_set(diag, ERR_INVALID, "%s has a control character", value.text);
    if (option->valid && len && !option->valid(text))
        return diag_set(diag, ERR_INVALID, "%s is not %s", value.text, option->what);
    if (len > (size_t)option->max)
        return diag_set(diag, ERR_INVALID, "%s is longer than %" PRId64 " bytes", value.text,
                        option->max);
    return 0;
}

static int set_string(const struct option *option, void *base, const char *text, const char *shown,
                      struct diag *diag)
{
    int rc = check_string(option, text, shown, diag);
    if (rc < 0) return rc;
    char **member = option_at(option, base);
    free(*member);
    *member = xstrdup(text);
    return 0;
}

int option_set_items(const struct option *option, void *base, const char *const *items,
                     size_t count, const char *shown, struct diag *diag)
{
    if (count > CONFIG_LIST_MOST)
        return diag_set(diag, ERR_INVALID, "has more than %d items", CONFIG_LIST_MOST);
    for (size_t i = 0; i < count; i++) {
        if (!*items[i]) return diag_set(diag, ERR_INVALID, "has an empty item");
        int rc = check_string(option, items[i], shown, diag);
        if (rc < 0) return rc;
    }
    struct config_list *member = option_at(option, base);
    struct config_list list = { 0 };
    for (size_t i = 0; i < count; i++)
        config_list_push(&list, items[i]);
    config_list_deinit(member);
    *member = list;
    return 0;
}

/* "a, b": blanks around the commas do not count; nothing at all is the empty list. */
static int set_list(const struct option *option, void *base, const char *text, const char *shown,
                    struct diag *diag)
{
    struct config_list list = { 0 };
    const char *p = text + strspn(text, " ");
    while (*p || list.count) {
        size_t len = strcspn(p, ","), trimmed = len;
        while (trimmed && p[trimmed - 1] == ' ')
            trimmed--;
        char *item = xstrndup(p, trimmed);
        config_list_push(&list, item);
        free(item);
        if (p[len] == '\0' || list.count > CONFIG_LIST_MOST) break;
        p += len + 1;
        p += strspn(p, " ");
    }
    int rc =
        option_set_items(option, base, (const char *const *)list.items, list.count, shown, diag);
    config_list_deinit(&list);
    return rc;
}

/* ---- all types ------------------------------------------------------------------------------ */

int option_set(const struct option *option, void *base, const char *text, const char *shown,
               struct diag *diag)
{
    int choice;
    _Static_assert(sizeof(enum config_profile) == sizeof choice, "enums are stored as int");
    switch (option->type) {
    case OPT_INT:
    case OPT_BYTES:
    case OPT_DURATION:
        return parse_number(option, text, shown, option_at(option, base), diag);
    case OPT_BOOL:
        return parse_bool(text, shown, option_at(option, base), diag);
    case OPT_ENUM:
        if (parse_enum(option, text, shown, &choice, diag) < 0) return ERR_INVALID;
        memcpy(option_at(option, base), &choice, sizeof choice);
        return 0;
    case OPT_STRING:
        return set_string(option, base, text, shown, diag);
    case OPT_LIST:
        return set_list(option, base, text, shown, diag);
    }
    BUG("option %s has type %d", option->name, option->type);
}

void option_clear(const struct option *option, void *base)
{
    if (option->type == OPT_STRING) {
        char **member = option_at(option, base);
        free(*member);
        *member = NULL;
    } else if (option->type == OPT_LIST) {
        config_list_deinit(option_at(option, base));
    }
}

static size_t member_size(enum option_type type)
{
    switch (type) {
    case OPT_INT:
    case OPT_BYTES:
    case OPT_DURATION:
        return sizeof(int64_t);
    case OPT_BOOL:
        return sizeof(bool);
    case OPT_ENUM:
        return sizeof(int);
    case OPT_STRING:
        return sizeof(char *);
    case OPT_LIST:
        return sizeof(struct config_list);
    }
    BUG("type %d of options", type);
}

void option_swap(const struct option *option, void *a, void *b)
{
    unsigned char kept[sizeof(struct config_list)];
    size_t size = member_size(option->type);
    memcpy(kept, option_at(option, a), size);
    memcpy(option_at(option, a), option_at(option, b), size);
    memcpy(option_at(option, b), kept, size);
}

static bool list_equal(const struct config_list *a, const struct config_list *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0) return false;
    return true;
}

bool option_equal(const struct option *option, const void *a, const void *b)
{
    const void *x = option_at(option, a), *y = option_at(option, b);
    switch (option->type) {
    case OPT_INT:
    case OPT_BYTES:
    case OPT_DURATION:
        return *(const int64_t *)x == *(const int64_t *)y;
    case OPT_BOOL:
        return *(const bool *)x == *(const bool *)y;
    case OPT_ENUM:
        return memcmp(x, y, sizeof(int)) == 0;
    case OPT_STRING:
        return strcmp(*(char *const *)x, *(char *const *)y) == 0;
    case OPT_LIST:
        return list_equal(x, y);
    }
    BUG("option %s has type %d", option->name, option->type);
}

void option_format(const struct option *option, const void *base, struct buf *out)
{
    const void *member = option_at(option, base);
    const struct config_list *list = member;
    int choice;
    switch (option->type) {
    case OPT_INT:
    case OPT_BYTES:
    case OPT_DURATION:
        option_format_number(option->type, *(const int64_t *)member, out);
        return;
    case OPT_BOOL:
        buf_puts(out, *(const bool *)member ? "true" : "false");
        return;
    case OPT_ENUM:
        memcpy(&choice, member, sizeof choice);
        buf_puts(out, option->choices[choice]);
        return;
    case OPT_STRING:
        buf_puts(out, *(char *const *)member);
        return;
    case OPT_LIST:
        for (size_t i = 0; i < list->count; i++)
            buf_printf(out, "%s%s", i ? "," : "", list->items[i]);
        return;
    }
    BUG("option %s has type %d", option->name, option->type);
}
