/* sql_regex.c — see sql_regex.h.
 * Patterns are written for Java's engine; PCRE2 agrees with it on all that rules use (\uXXXX by an
 * option). A pattern may come from a device, so both compiling and matching are bounded: length,
 * nesting, backtracks, heap. Matching does not use the stack (PCRE2 10.30 and later), and \C, which
 * could split a character, is off. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "sql/sql_regex.h"

#include "base/mem.h"

#include <pcre2.h>
#include <stdlib.h>

enum { MAX_NESTING = 100 };

struct sql_regex {
    pcre2_code *code; /* NULL: malformed */
    uint32_t groups;
};

struct sql_regex *sql_regex_create(struct slice pattern)
{
    struct sql_regex *regex = xnew(struct sql_regex);
    uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_ALT_BSUX;
    int error;
    PCRE2_SIZE offset;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context || pattern.len > SQL_REGEX_MAX_PATTERN) goto done;
    pcre2_set_parens_nest_limit(context, MAX_NESTING);
    pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    regex->code = pcre2_compile((PCRE2_SPTR)(pattern.len ? pattern.ptr : ""), pattern.len, options,
                                &error, &offset, context);
    if (regex->code) pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
done:
    pcre2_compile_context_free(context);
    return regex;
}

void sql_regex_destroy(struct sql_regex *regex)
{
    if (!regex) return;
    pcre2_code_free(regex->code);
    free(regex);
}

bool sql_regex_ok(const struct sql_regex *regex)
{
    return regex->code != NULL;
}

bool sql_match_init(struct sql_match *match, const struct sql_regex *regex, struct slice text)
{
    *match = (struct sql_match){ .regex = regex, .text = text };
    if (!match->text.ptr) match->text.ptr = "";
    match->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    match->context = pcre2_match_context_create(NULL);
    if (match->context) pcre2_set_heap_limit(match->context, SQL_REGEX_HEAP_KB);
    return match->data && match->context;
}

void sql_match_deinit(struct sql_match *match)
{
    pcre2_match_data_free(match->data);
    pcre2_match_context_free(match->context);
}

/* The text is checked for UTF-8 once, at the first look. */
int sql_match_next(struct sql_match *match, size_t from, uint32_t limit)
{
    uint32_t options = from ? PCRE2_NO_UTF_CHECK : 0;
    pcre2_set_match_limit(match->context, limit);
    pcre2_set_depth_limit(match->context, limit);
    int rc = pcre2_match(match->regex->code, (PCRE2_SPTR)match->text.ptr, match->text.len, from,
                         options, match->data, match->context);
    if (rc == PCRE2_ERROR_NOMATCH) return 0;
    if (rc < 0) return rc;
    /* \K inside a look-ahead can put the start behind the end */
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(match->data);
    return ends[0] <= ends[1] && ends[0] >= from ? 1 : PCRE2_ERROR_BADOFFSET;
}

size_t sql_match_group_count(const struct sql_match *match)
{
    return match->regex->groups;
}

struct slice sql_match_group(const struct sql_match *match, size_t n)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(match->data);
    if (n > match->regex->groups || ends[2 * n] == PCRE2_UNSET) return slice_of(NULL, 0);
    return slice_of(match->text.ptr + ends[2 * n], ends[2 * n + 1] - ends[2 * n]);
}
