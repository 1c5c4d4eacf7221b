/* sql_zone.c — see sql_zone.h.
 *
 * A zone is a list of moments at which the clocks change, and behind the last of them a rule for every
 * later year ("CET-1CEST,M3.5.0,M10.5.0/3", POSIX TZ), which newer databases rely on. The C library
 * cannot be asked: it knows one zone at a time, through the environment of the process. A name that
 * comes in a message is only looked up when its characters are those of zone names, so it cannot leave
 * the database's directory. */
#include "sql/sql_zone.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "sql/sql_time.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MAX = 64 * 1024,
    HEADER = 44,
    DAY = 86400,
    OFFSET_MAX = 18 * 3600,
    MOMENTS_MAX = 4096,
    KINDS_MAX = 256,
};

static const char database[] = "/usr/share/zoneinfo/";

/* A day of the year on which a rule changes the clocks. */
struct rule_day {
    enum { RULE_MONTH, RULE_JULIAN, RULE_ZERO_BASED } form;
    int month, week, weekday; /* weekday 0 is Sunday; week 5 the last */
    int day;
    int32_t second; /* of that day, local */
};

struct rule {
    bool exists;
    bool has_summer;
    struct sql_zone_state winter, summer;
    struct rule_day begin, end; /* of summer */
};

struct sql_zone {
    char name[SQL_ZONE_NAME_MAX + 1];
    size_t moment_count;
    int64_t *moments; /* rising */
    uint8_t *kinds;   /* which state holds from the moment on */
    size_t state_count;
    struct sql_zone_state *states;
    struct rule rule;
};

/* ---- rules for later years ------------------------------------------------------------------ */

static bool rule_number(const char **p, int most, int *ret_number)
{
    int n = 0;
    if (!isdigit((unsigned char)**p)) return false;
    while (isdigit((unsigned char)**p)) {
        n = n * 10 + (*(*p)++ - '0');
        if (n > most) return false;
    }
    *ret_number = n;
    return true;
}

/* [+-]hh[:mm[:ss]], up to a week of hours as RFC 8536 allows. */
static bool rule_time(const char **p, int32_t *ret_seconds)
{
    int sign = **p == '-' ? -1 : 1, parts[3] = { 0, 0, 0 };
    if (**p == '-' || **p == '+') (*p)++;
    for (int i = 0; i < 3; i++) {
        if (!rule_number(p, i ? 59 : 167, &parts[i])) return false;
        if (**p != ':') break;
        (*p)++;
    }
    *ret_seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return true;
}

/* A name of letters, or <anything> in angle brackets. */
static bool rule_name(const char **p, char ret_name[SQL_ZONE_ABBREVIATION_MAX])
{
    bool quoted = **p == '<';
    size_t len = 0;
    if (quoted) (*p)++;
    while (**p && (quoted ? **p != '>' : isalpha((unsigned char)**p))) {
        if (len == SQL_ZONE_ABBREVIATION_MAX - 1) return false;
        ret_name[len++] = *(*p)++;
    }
    ret_name[len] = '\0';
    if (!quoted) return len >= 3;
    return *(*p)++ == '>';
}

static bool rule_day(const char **p, struct rule_day *day)
{
    *day = (struct rule_day){ .form = RULE_ZERO_BASED, .second = 2 * 3600 };
    if (*(*p)++ != ',') return false;
    if (**p == 'M') {
        day->form = RULE_MONTH;
        (*p)++;
        if (!rule_number(p, 12, &day->month) || day->month < 1 || *(*p)++ != '.') return false;
        if (!rule_number(p, 5, &day->week) || day->week < 1 || *(*p)++ != '.') return false;
        if (!rule_number(p, 6, &day->weekday)) return false;
    } else {
        if (**p == 'J') {
            day->form = RULE_JULIAN;
            (*p)++;
        }
        if (!rule_number(p, 365, &day->day)) return false;
    }
    if (**p != '/') return true;
    (*p)++;
    return rule_time(p, &day->second);
}

static bool rule_parse(const char *text, struct rule *rule)
{
    int32_t west;
    if (!rule_name(&text, rule->winter.abbreviation) || !rule_time(&text, &west)) return false;
    rule->winter.offset = -west;
    if (*text) {
        rule->has_summer = true;
        if (!rule_name(&text, rule->summer.abbreviation)) return false;
        rule->summer.offset = rule->winter.offset + 3600;
        if (*text != ',') {
            if (!rule_time(&text, &west)) return false;
            rule->summer.offset = -west;
        }
        if (!rule_day(&text, &rule->begin) || !rule_day(&text, &rule->end)) return false;
    }
    rule->exists = *text == '\0';
    return rule->exists;
}

static int64_t rule_moment(const struct rule_day *day, int64_t year, int32_t offset_before)
{
    int64_t days = sql_days_from_civil(year, 1, 1);
    if (day->form == RULE_MONTH) {
        int64_t first = sql_days_from_civil(year, day->month, 1);
        int weekday = (int)((first + 4) % 7 + 7) % 7; /* day 0 was a Thursday */
        int at = (day->weekday - weekday + 7) % 7 + (day->week - 1) * 7;
        while (at >= sql_days_in_month(year, day->month))
            at -= 7;
        days = first + at;
    } else if (day->form == RULE_JULIAN) {
        days += day->day - 1 + (day->day >= 60 && sql_is_leap_year(year));
    } else {
        days += day->day;
    }
    return days * DAY + day->second - offset_before;
}

static const struct sql_zone_state *rule_at(const struct rule *rule, int64_t epoch_s)
{
    int64_t year;
    int month, day;
    if (!rule->has_summer) return &rule->winter;
    sql_civil_from_days(sql_floor_div(epoch_s + rule->winter.offset, DAY), &year, &month, &day);
    int64_t begin = rule_moment(&rule->begin, year, rule->winter.offset);
    int64_t end = rule_moment(&rule->end, year, rule->summer.offset);
    bool inside = epoch_s >= begin && epoch_s < end;
    if (begin > end) inside = epoch_s >= begin || epoch_s < end; /* the southern half */
    return inside ? &rule->summer : &rule->winter;
}

/* ---- files ---------------------------------------------------------------------------------- */

struct counts {
    uint32_t utc, standard, leaps, moments, kinds, letters;
};

static bool read_header(struct cursor *cur, uint8_t *ret_version, struct counts *n)
{
    struct slice magic = cursor_bytes(cur, 4);
    *ret_version = cursor_u8(cur);
    cursor_bytes(cur, 15);
    n->utc = cursor_u32(cur);
    n->standard = cursor_u32(cur);
    n->leaps = cursor_u32(cur);
    n->moments = cursor_u32(cur);
    n->kinds = cursor_u32(cur);
    n->letters = cursor_u32(cur);
    return cursor_error(cur) == 0 && slice_eq_str(magic, "TZif") && n->moments <= MOMENTS_MAX &&
           n->kinds >= 1 && n->kinds <= KINDS_MAX && n->letters <= FILE_MAX &&
           n->leaps <= FILE_MAX && n->utc <= KINDS_MAX && n->standard <= KINDS_MAX;
}

static bool read_block(struct cursor *cur, const struct counts *n, struct sql_zone *zone)
{
    zone->moment_count = n->moments;
    zone->moments = xcalloc(n->moments + 1, sizeof *zone->moments);
    zone->kinds = xcalloc(n->moments + 1, 1);
    zone->state_count = n->kinds;
    zone->states = xcalloc(n->kinds, sizeof *zone->states);
    uint8_t names[KINDS_MAX];
    for (uint32_t i = 0; i < n->moments; i++) {
        uint64_t high = cursor_u32(cur);
        zone->moments[i] = (int64_t)(high << 32 | cursor_u32(cur));
        if (i && zone->moments[i] <= zone->moments[i - 1]) return false;
    }
    for (uint32_t i = 0; i < n->moments; i++)
        if ((zone->kinds[i] = cursor_u8(cur)) >= n->kinds) return false;
    for (uint32_t i = 0; i < n->kinds; i++) {
        zone->states[i].offset = (int32_t)cursor_u32(cur);
        cursor_u8(cur); /* whether it is summer time */
        names[i] = cursor_u8(cur);
        if (zone->states[i].offset > 2 * DAY || zone->states[i].offset < -2 * DAY) return false;
    }
    struct slice letters = cursor_bytes(cur, n->letters);
    for (uint32_t i = 0; i < n->kinds; i++) {
        struct slice name = slice_from(letters, names[i]);
        size_t len = strnlen(name.ptr, name.len);
        if (len >= SQL_ZONE_ABBREVIATION_MAX) return false;
        memcpy(zone->states[i].abbreviation, name.ptr, len);
    }
    cursor_bytes(cur, (size_t)n->leaps * 12 + n->standard + n->utc);
    return cursor_error(cur) == 0;
}

static void read_footer(struct cursor *cur, struct rule *rule)
{
    char text[128];
    struct slice rest = cursor_rest(cur);
    if (rest.len < 2 || rest.ptr[0] != '\n') return;
    rest = slice_from(rest, 1);
    const char *end = memchr(rest.ptr, '\n', rest.len);
    if (!end || (size_t)(end - rest.ptr) >= sizeof text) return;
    memcpy(text, rest.ptr, (size_t)(end - rest.ptr));
    text[end - rest.ptr] = '\0';
    if (!rule_parse(text, rule)) *rule = (struct rule){ 0 };
}

/* Version 2 and later: the first block, of 32-bit moments, is passed over. */
static bool read_file(struct slice bytes, struct sql_zone *zone)
{
    struct cursor cur = cursor_init(bytes.ptr, bytes.len);
    struct counts n;
    uint8_t version;
    if (!read_header(&cur, &version, &n) || version < '2') return false;
    cursor_bytes(&cur, (size_t)n.moments * 5 + (size_t)n.kinds * 6 + n.letters +
                           (size_t)n.leaps * 8 + n.standard + n.utc);
    if (!read_header(&cur, &version, &n) || !read_block(&cur, &n, zone)) return false;
    read_footer(&cur, &zone->rule);
    return true;
}

struct sql_zone *sql_zone_create_from(struct slice name, struct slice bytes)
{
    struct sql_zone *zone = xnew(struct sql_zone);
    memcpy(zone->name, name.ptr, name.len);
    if (read_file(bytes, zone)) return zone;
    sql_zone_destroy(zone);
    return NULL;
}

static struct sql_zone *load(struct slice name, const char *file)
{
    char path[sizeof database + SQL_ZONE_NAME_MAX];
    struct stat st;
    struct sql_zone *zone = NULL;
    snprintf(path, sizeof path, "%s%s", database, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= HEADER &&
        st.st_size <= FILE_MAX) {
        char *bytes = xmalloc((size_t)st.st_size);
        if (read(fd, bytes, (size_t)st.st_size) == st.st_size)
            zone = sql_zone_create_from(name, slice_of(bytes, (size_t)st.st_size));
        free(bytes);
    }
    close(fd);
    return zone;
}

/* ---- names ---------------------------------------------------------------------------------- */

bool sql_zone_parse_offset(struct slice text, size_t *at, int32_t *ret_offset)
{
    size_t i = *at, digits = 0;
    if (i >= text.len || (text.ptr[i] != '+' && text.ptr[i] != '-')) return false;
    int sign = text.ptr[i++] == '-' ? -1 : 1, parts[3] = { 0, 0, 0 }, part = 0;
    while (i < text.len && part < 3) {
        if (isdigit((unsigned char)text.ptr[i])) {
            if (digits == 2) {
                part++;
                digits = 0;
                continue;
            }
            parts[part] = parts[part] * 10 + (text.ptr[i++] - '0');
            digits++;
        } else if (text.ptr[i] == ':' && digits && i + 1 < text.len && part < 2 &&
                   isdigit((unsigned char)text.ptr[i + 1])) {
            part++;
            digits = 0;
            i++;
        } else {
            break;
        }
    }
    if (digits == 0 || (part && digits != 2) || parts[1] > 59 || parts[2] > 59) return false;
    int32_t offset = parts[0] * 3600 + parts[1] * 60 + parts[2];
    if (offset > OFFSET_MAX) return false;
    *at = i;
    *ret_offset = sign * offset;
    return true;
}

static bool is_fixed(struct slice name, struct sql_zone *zone)
{
    static const char *const prefixes[] = { "UTC", "GMT", "UT", "" };
    struct sql_zone_state *state = &zone->rule.winter;
    zone->rule.exists = true;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        if (!slice_starts(name, prefixes[i])) continue;
        size_t at = strlen(prefixes[i]);
        if (at == name.len && at) {
            memcpy(state->abbreviation, prefixes[i], at);
            return true;
        }
        if (sql_zone_parse_offset(name, &at, &state->offset) && at == name.len) {
            int minutes = abs(state->offset) / 60;
            snprintf(state->abbreviation, sizeof state->abbreviation, "%c%02d:%02d",
                     state->offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
            return true;
        }
    }
    if (!slice_eq_str(name, "Z")) return false;
    memcpy(state->abbreviation, "UTC", 3);
    return true;
}

static const struct {
    char abbreviation[5];
    const char *name;
} abbreviations[] = {
    { "PST", "America/Los_Angeles" }, { "PDT", "America/Los_Angeles" },
    { "MST", "America/Denver" },      { "MDT", "America/Denver" },
    { "CST", "America/Chicago" },     { "CDT", "America/Chicago" },
    { "EST", "America/New_York" },    { "EDT", "America/New_York" },
    { "AKST", "America/Anchorage" },  { "HST", "Pacific/Honolulu" },
    { "BST", "Europe/London" },       { "WET", "Europe/Lisbon" },
    { "CET", "Europe/Paris" },        { "CEST", "Europe/Paris" },
    { "EET", "Europe/Athens" },       { "EEST", "Europe/Athens" },
    { "MSK", "Europe/Moscow" },       { "IST", "Asia/Kolkata" },
    { "JST", "Asia/Tokyo" },          { "KST", "Asia/Seoul" },
    { "AEST", "Australia/Sydney" },   { "AEDT", "Australia/Sydney" },
    { "NZST", "Pacific/Auckland" },   { "NZDT", "Pacific/Auckland" },
};

static bool is_zone_name(struct slice name)
{
    if (name.len == 0 || name.len > SQL_ZONE_NAME_MAX || !isalpha((unsigned char)name.ptr[0]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && !strchr("/_+-", name.ptr[i])) return false;
    return true;
}

static struct sql_zone *create_fixed(struct slice name)
{
    struct sql_zone *zone = xnew(struct sql_zone);
    memcpy(zone->name, name.ptr, name.len);
    if (is_fixed(name, zone)) return zone;
    sql_zone_destroy(zone);
    return NULL;
}

struct sql_zone *sql_zone_create(struct slice name)
{
    if (name.len == 0 || name.len > SQL_ZONE_NAME_MAX) return NULL;
    struct sql_zone *zone = create_fixed(name);
    if (zone || !is_zone_name(name)) return zone;
    char file[SQL_ZONE_NAME_MAX + 1] = "";
    memcpy(file, name.ptr, name.len);
    for (size_t i = 0; i < ARRAY_LEN(abbreviations); i++)
        if (strcmp(file, abbreviations[i].abbreviation) == 0)
            return load(name, abbreviations[i].name);
    return load(name, file);
}

void sql_zone_destroy(struct sql_zone *zone)
{
    if (!zone) return;
    free(zone->moments);
    free(zone->kinds);
    free(zone->states);
    free(zone);
}

const char *sql_zone_name(const struct sql_zone *zone)
{
    return zone->name;
}

/* ---- questions ------------------------------------------------------------------------------ */

struct sql_zone_state sql_zone_at(const struct sql_zone *zone, int64_t epoch_s)
{
    size_t low = 0, high = zone->moment_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->moments[middle] <= epoch_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->moment_count && zone->rule.exists) return *rule_at(&zone->rule, epoch_s);
    return zone->states[low ? zone->kinds[low - 1] : 0];
}

int64_t sql_zone_to_epoch(const struct sql_zone *zone, int64_t local_s)
{
    int32_t before = sql_zone_at(zone, local_s - DAY).offset;
    int32_t after = sql_zone_at(zone, local_s + DAY).offset;
    if (sql_zone_at(zone, local_s - before).offset == before) return local_s - before;
    if (sql_zone_at(zone, local_s - after).offset == after) return local_s - after;
    return local_s - before;
}
