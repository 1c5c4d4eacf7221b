/* query.h — the parameters of a query string: name=value pairs between '&'. Split first, then
 * percent-decoded once. '+' is a plus sign (RFC 3986), as SigV4 has it: AWS's clients write a space
 * as %20. Pairs without a name are skipped; "name" alone has an empty value. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include "base/arena.h"
#include "base/slice.h"

/* Takes the next pair off *query, still encoded; false at the end. */
bool http_query_next(struct slice *query, struct slice *ret_name, struct slice *ret_value);

/* The n-th (from 0) value of that name, decoded and zero-terminated, in the arena.
 * ERR_NOT_FOUND when there are not so many; ERR_MALFORMED for a bad escape in it or before it. */
int http_query_nth(struct slice query, const char *name, size_t n, struct arena *arena,
                   struct slice *ret_value);
/* The first one. */
int http_query_get(struct slice query, const char *name, struct arena *arena,
                   struct slice *ret_value);

#endif
