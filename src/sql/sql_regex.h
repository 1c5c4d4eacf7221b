/* sql_regex.h — regular expressions over PCRE2, with limits. */
#ifndef SQL_SQL_REGEX_H
#define SQL_SQL_REGEX_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql_regex;

enum {
    SQL_REGEX_MAX_PATTERN = 4096,   /* bytes */
    SQL_REGEX_MATCH_LIMIT = 100000, /* backtracks of one match */
    SQL_REGEX_HEAP_KB = 2048,
};

/* Never NULL: a malformed or too long pattern gives a regex that is not sql_regex_ok(). */
struct sql_regex *sql_regex_create(struct slice pattern);
void sql_regex_destroy(struct sql_regex *regex);
bool sql_regex_ok(const struct sql_regex *regex);

/* One text under one regex; embedded. Groups are those of the last match. */
struct sql_match {
    const struct sql_regex *regex;
    struct slice text;
    void *data;
    void *context;
};

/* False when the library has no memory. Pairs with sql_match_deinit in either case. */
bool sql_match_init(struct sql_match *match, const struct sql_regex *regex, struct slice text);
void sql_match_deinit(struct sql_match *match);
/* Looks from `from` on; backtracks at most `limit` times. 1: found, 0: not found, negative: error. */
int sql_match_next(struct sql_match *match, size_t from, uint32_t limit);
size_t sql_match_group_count(const struct sql_match *match); /* without group 0, the whole match */
/* The n-th group; empty, with ptr NULL, when it took no part. */
struct slice sql_match_group(const struct sql_match *match, size_t n);

#endif
