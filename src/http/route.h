/* route.h — finds the route of a method and a path in a table of templates.
 *
 * A template is a path of segments: literal, `{name}` (one segment, not empty) or, as the last one,
 * `{name+}` (the rest with its slashes, not empty). The raw path is split at '/' first, then each
 * value is percent-decoded once. At each segment a literal is better than `{name}`, and that better
 * than `{name+}`; the first match in this order that has the method wins.
 * A table does not change after it is built; any number of threads may search it then. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "http/http.h"

enum { ROUTE_MAX_SEGMENTS = 16, ROUTE_MAX_PARAMS = 8 };

enum route_flags {
    ROUTE_SLASH = 1 /* one slash more at the end of the path is the same */
};

/* Plain data, mostly static const. A table may have a struct of its own that begins with it. */
struct route {
    enum http_method method;
    const char *path;
    const char *action; /* what the principal must be allowed, such as "iot:CreateThing" */
    const void *data;   /* the owner's */
    const char *summary;
    unsigned flags;
    unsigned variant; /* routes of the same method and path differ in it: see route_use_variant */
};

struct route_param {
    struct slice name;  /* of the template */
    struct slice value; /* decoded, zero-terminated, in the arena of the search */
};

struct route_match {
    const struct route *route;
    const struct route_set *set; /* private: all routes of this method and path */
    bool slash;                  /* private: the path has one slash more */
    size_t count;
    struct route_param params[ROUTE_MAX_PARAMS]; /* in the order of the template */
};

struct route_set;
struct route_table;

struct route_table *route_table_create(void);
/* Accepts NULL. */
void route_table_destroy(struct route_table *table);
/* Adds `count` routes, `stride` bytes apart, each beginning with a struct route; borrows them.
 * ERR_SYNTAX for a malformed template, ERR_LIMIT for too many segments or parameters, ERR_EXISTS
 * for the same method, variant and template twice (whatever the parameters' names); diag names the
 * route; those before it stay added. */
int route_table_add(struct route_table *table, const void *routes, size_t count, size_t stride,
                    struct diag *diag);

/* ret_match gets the route and its parameters. Where no route is for HEAD, GET's serves it; of several
 * variants it is the one that was added first.
 * ERR_NOT_FOUND    no template fits: 404
 * ERR_UNSUPPORTED  one fits, but not with this method: 405, see route_allowed
 * ERR_MALFORMED    a bad percent-escape, an escaped zero byte, or no path: 400 */
int route_find(const struct route_table *table, enum http_method method, struct slice path,
               struct arena *arena, struct route_match *ret_match);
/* Are there others of this method and path? */
bool route_has_variants(const struct route_match *match);
/* Takes the route of this variant instead, whose method and path are those of the match; the parameters get
 * its names for them. False: there is none, and the match is as before. */
bool route_use_variant(struct route_match *match, unsigned variant);
/* The methods of all templates which fit, a bit each (1 << method); 0 for none. */
unsigned route_allowed(const struct route_table *table, struct slice path);
/* "GET, HEAD, POST" for the Allow header. */
void route_put_allow(struct buf *out, unsigned methods);
/* The value of a parameter; ptr is NULL when the template has none of that name. */
struct slice route_param(const struct route_match *match, const char *name);

#endif
