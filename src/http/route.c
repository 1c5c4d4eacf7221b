/* route.c — routes as a tree of segments (see route.h).
 *
 * Each node is a place after some segments; its children are the literal next segments, sorted, and
 * at most one `{name}` and one `{name+}`, whatever their names are: names belong to the route. So
 * two templates that fit the same paths meet at one node, and the same method twice is found when
 * added: unless they are variants, which stand there side by side.
 *
 *  I1  A node's depth is the number of segments before it, so a search visits each node at most
 *      once: its cost is bounded by the table, not by the path.
 *  I2  A path is split before it is decoded, and decoded once: "%2F" never makes a segment, "%252F"
 *      stays "%2F".
 *  I3  A `{name+}` node is a leaf.
 *
 * Literal segments are compared decoded: an escaped letter means itself (RFC 3986, 6.2.2.2). */
#include "http/route.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

enum segment_kind { SEGMENT_LITERAL, SEGMENT_PARAM, SEGMENT_GREEDY };

struct segment {
    enum segment_kind kind;
    struct slice text; /* of the literal, or the name */
};

struct pattern {
    size_t count;
    struct segment segments[ROUTE_MAX_SEGMENTS];
};

/* Of one method and path, in the order in which they were added. */
struct route_set {
    const struct route **items;
    size_t count;
};

struct node {
    struct slice literal;
    struct node **literals; /* sorted */
    size_t literal_count;
    struct node *param;
    struct node *greedy;
    struct route_set routes[HTTP_METHOD_COUNT];
};

struct route_table {
    struct node root;
};

static void node_free_children(struct node *node);

static void node_free(struct node *node)
{
    if (!node) return;
    node_free_children(node);
    free(node);
}

static void node_free_children(struct node *node)
{
    for (size_t i = 0; i < node->literal_count; i++)
        node_free(node->literals[i]);
    free(node->literals);
    for (size_t i = 0; i < HTTP_METHOD_COUNT; i++)
        free(node->routes[i].items);
    node_free(node->param);
    node_free(node->greedy);
}

struct route_table *route_table_create(void)
{
    return xnew(struct route_table);
}

void route_table_destroy(struct route_table *table)
{
    if (!table) return;
    node_free_children(&table->root);
    free(table);
}

static bool name_valid(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && c != '_' && c != '-') return false;
    }
    return name.len > 0;
}

static bool literal_valid(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.ptr[i] <= 0x20 || strchr("{}?#%\x7f", text.ptr[i])) return false;
    return text.len > 0;
}

static bool parse_segment(struct slice text, struct segment *ret_segment)
{
    if (!slice_starts(text, "{")) {
        *ret_segment = (struct segment){ SEGMENT_LITERAL, text };
        return literal_valid(text);
    }
    if (text.len < 3 || text.ptr[text.len - 1] != '}') return false;
    struct slice name = slice_of(text.ptr + 1, text.len - 2);
    bool greedy = name.ptr[name.len - 1] == '+';
    name.len -= greedy;
    *ret_segment = (struct segment){ greedy ? SEGMENT_GREEDY : SEGMENT_PARAM, name };
    return name_valid(name);
}

/* Takes the part before the next '/' off *rest; *rest.ptr is NULL when there is no further one. */
static struct slice split_off(struct slice *rest)
{
    const char *slash = memchr(rest->ptr, '/', rest->len);
    size_t len = slash ? (size_t)(slash - rest->ptr) : rest->len;
    struct slice part = slice_of(rest->ptr, len);
    *rest = slash ? slice_from(*rest, len + 1) : slice_of(NULL, 0);
    return part;
}

static int check_pattern(const struct pattern *t, const char *path, struct diag *diag)
{
    size_t params = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->segments[i].kind == SEGMENT_LITERAL) continue;
        if (++params > ROUTE_MAX_PARAMS)
            return diag_set(diag, ERR_LIMIT, "route '%s' has more than %d parameters", path,
                            ROUTE_MAX_PARAMS);
        if (t->segments[i].kind == SEGMENT_GREEDY && i + 1 < t->count)
            return diag_set(diag, ERR_SYNTAX, "route '%s': a greedy parameter must be the last",
                            path);
        for (size_t j = 0; j < i; j++)
            if (t->segments[j].kind != SEGMENT_LITERAL &&
                slice_eq(t->segments[j].text, t->segments[i].text))
                return diag_set(diag, ERR_SYNTAX, "route '%s' names a parameter twice", path);
    }
    return 0;
}

static int parse_pattern(const char *path, struct pattern *ret_pattern, struct diag *diag)
{
    struct pattern t = { 0 };
    if (!path || path[0] != '/')
        return diag_set(diag, ERR_SYNTAX, "route '%s' does not begin with '/'", path ? path : "");
    struct slice rest = slice_str(path + 1);
    while (rest.ptr && path[1]) {
        if (t.count == ROUTE_MAX_SEGMENTS)
            return diag_set(diag, ERR_LIMIT, "route '%s' has more than %d segments", path,
                            ROUTE_MAX_SEGMENTS);
        struct slice text = split_off(&rest);
        if (!parse_segment(text, &t.segments[t.count++]))
            return diag_set(diag, ERR_SYNTAX, "route '%s': segment '%.*s' is malformed", path,
                            (int)text.len, text.ptr);
    }
    int rc = check_pattern(&t, path, diag);
    if (rc < 0) return rc;
    *ret_pattern = t;
    return 0;
}

static int compare(struct slice a, struct slice b)
{
    if (a.len != b.len) return a.len < b.len ? -1 : 1;
    return a.len ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

/* The place of a literal among the children, or where it would stand. */
static size_t literal_place(const struct node *node, struct slice text)
{
    size_t low = 0, high = node->literal_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(node->literals[middle]->literal, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct node *literal_child(const struct node *node, struct slice text)
{
    size_t at = literal_place(node, text);
    bool found = at < node->literal_count && slice_eq(node->literals[at]->literal, text);
    return found ? node->literals[at] : NULL;
}

static struct node *add_literal(struct node *node, struct slice text)
{
    struct node *child = literal_child(node, text);
    if (child) return child;
    child = xnew(struct node);
    child->literal = text;
    size_t at = literal_place(node, text);
    node->literals = xrealloc(node->literals, (node->literal_count + 1) * sizeof(struct node *));
    memmove(node->literals + at + 1, node->literals + at,
            (node->literal_count - at) * sizeof(struct node *));
    node->literals[at] = child;
    node->literal_count++;
    return child;
}

static struct node *add_segment(struct node *node, const struct segment *segment)
{
    if (segment->kind == SEGMENT_LITERAL) return add_literal(node, segment->text);
    struct node **child = segment->kind == SEGMENT_PARAM ? &node->param : &node->greedy;
    if (!*child) *child = xnew(struct node);
    return *child;
}

static int add_variant(struct route_set *set, const struct route *route, struct diag *diag)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i]->variant == route->variant)
            return diag_set(diag, ERR_EXISTS, "routes '%s' and '%s' are the same for %s",
                            set->items[i]->path, route->path, http_method_name(route->method));
    set->items = xrealloc(set->items, (set->count + 1) * sizeof(struct route *));
    set->items[set->count++] = route;
    return 0;
}

static int add_route(struct route_table *table, const struct route *route, struct diag *diag)
{
    struct pattern t = { 0 };
    int rc = parse_pattern(route->path, &t, diag);
    if (rc < 0) return rc;
    if ((unsigned)route->method >= HTTP_METHOD_COUNT)
        return diag_set(diag, ERR_INVALID, "route '%s' has no method", route->path);
    struct node *node = &table->root;
    for (size_t i = 0; i < t.count; i++)
        node = add_segment(node, &t.segments[i]);
    return add_variant(&node->routes[route->method], route, diag);
}

int route_table_add(struct route_table *table, const void *routes, size_t count, size_t stride,
                    struct diag *diag)
{
    for (size_t i = 0; i < count; i++) {
        const void *at = (const char *)routes + i * stride;
        int rc = add_route(table, at, diag);
        if (rc < 0) return rc;
    }
    return 0;
}

struct part {
    struct slice rest; /* raw: from this segment to the end of the path */
    struct slice text; /* decoded */
};

struct search {
    struct part parts[ROUTE_MAX_SEGMENTS];
    size_t count;
    bool longer;     /* there are more segments than parts */
    unsigned method; /* HTTP_METHOD_COUNT: only `allowed` is wanted */
    unsigned allowed;
    const struct route *found;
    const struct route_set *set; /* that it is from */
    bool slash;
};

/* Decodes into the arena; no copy where nothing is escaped. */
static int decode(struct slice raw, struct arena *arena, struct slice *ret_text)
{
    if (!raw.len || !memchr(raw.ptr, '%', raw.len)) {
        *ret_text = raw;
        return 0;
    }
    struct buf scratch = { 0 };
    int rc = url_decode(&scratch, raw);
    if (rc == 0)
        *ret_text = slice_of(arena_strndup(arena, buf_str(&scratch), scratch.len), scratch.len);
    buf_deinit(&scratch);
    return rc;
}

static int split_path(struct search *s, struct slice path, struct arena *arena)
{
    if (!slice_starts(path, "/")) return ERR_MALFORMED;
    struct slice rest = slice_from(path, 1);
    if (rest.len == 0) return 0;
    while (rest.ptr && s->count < ROUTE_MAX_SEGMENTS) {
        struct part *part = &s->parts[s->count++];
        part->rest = rest;
        int rc = decode(split_off(&rest), arena, &part->text);
        if (rc < 0) return rc;
    }
    s->longer = rest.ptr != NULL;
    struct slice unused;
    return s->longer ? decode(rest, arena, &unused) : 0;
}

static bool takes_slash(const struct route *route, bool slash)
{
    return !slash || (route->flags & ROUTE_SLASH);
}

static const struct route *route_for(const struct route_set *set, bool slash)
{
    for (size_t i = 0; i < set->count; i++)
        if (takes_slash(set->items[i], slash)) return set->items[i];
    return NULL;
}

static void find_in(struct search *s, const struct route_set *set, bool slash)
{
    s->found = route_for(set, slash);
    s->set = set;
    s->slash = slash;
}

/* The path ends at this node, perhaps with one slash more. */
static void arrive(struct search *s, const struct node *node, bool slash)
{
    for (unsigned i = 0; i < HTTP_METHOD_COUNT; i++)
        if (route_for(&node->routes[i], slash)) s->allowed |= 1u << i;
    if (s->method == HTTP_METHOD_COUNT) return;
    find_in(s, &node->routes[s->method], slash);
    if (!s->found && s->method == HTTP_HEAD) find_in(s, &node->routes[HTTP_GET], slash);
}

static void walk(struct search *s, const struct node *node, size_t at)
{
    if (at == s->count) {
        if (!s->longer) arrive(s, node, false);
        return;
    }
    const struct part *part = &s->parts[at];
    if (part->rest.len == 0) {
        arrive(s, node, true);
        return;
    }
    const struct node *child = literal_child(node, part->text);
    if (child) walk(s, child, at + 1);
    if (!s->found && node->param && part->text.len) walk(s, node->param, at + 1);
    if (!s->found && node->greedy) arrive(s, node->greedy, false);
}

static int take_params(const struct search *s, struct arena *arena, struct route_match *match)
{
    struct pattern t = { 0 };
    if (parse_pattern(s->found->path, &t, NULL) < 0) BUG("route '%s' changed", s->found->path);
    for (size_t i = 0; i < t.count; i++) {
        if (t.segments[i].kind == SEGMENT_LITERAL) continue;
        struct slice value = s->parts[i].text;
        if (t.segments[i].kind == SEGMENT_GREEDY) {
            int rc = decode(s->parts[i].rest, arena, &value);
            if (rc < 0) return rc;
        }
        value.ptr = arena_strndup(arena, value.ptr, value.len);
        match->params[match->count++] = (struct route_param){ t.segments[i].text, value };
    }
    return 0;
}

int route_find(const struct route_table *table, enum http_method method, struct slice path,
               struct arena *arena, struct route_match *ret_match)
{
    struct search s = { .method = method };
    int rc = split_path(&s, path, arena);
    if (rc < 0) return rc;
    walk(&s, &table->root, 0);
    if (!s.found) return s.allowed ? ERR_UNSUPPORTED : ERR_NOT_FOUND;
    struct route_match match = { .route = s.found, .set = s.set, .slash = s.slash };
    rc = take_params(&s, arena, &match);
    if (rc < 0) return rc;
    *ret_match = match;
    return 0;
}

static void rename_params(struct route_match *match)
{
    struct pattern t = { 0 };
    size_t count = 0;
    if (parse_pattern(match->route->path, &t, NULL) < 0)
        BUG("route '%s' changed", match->route->path);
    for (size_t i = 0; i < t.count; i++)
        if (t.segments[i].kind != SEGMENT_LITERAL) match->params[count++].name = t.segments[i].text;
}

bool route_has_variants(const struct route_match *match)
{
    return match->set->count > 1;
}

bool route_use_variant(struct route_match *match, unsigned variant)
{
    for (size_t i = 0; i < match->set->count; i++) {
        const struct route *route = match->set->items[i];
        if (route->variant != variant || !takes_slash(route, match->slash)) continue;
        if (route == match->route) return true;
        match->route = route;
        rename_params(match);
        return true;
    }
    return false;
}

unsigned route_allowed(const struct route_table *table, struct slice path)
{
    struct search s = { .method = HTTP_METHOD_COUNT };
    struct arena arena = { 0 };
    if (split_path(&s, path, &arena) == 0) walk(&s, &table->root, 0);
    arena_deinit(&arena);
    return s.allowed & 1u << HTTP_GET ? s.allowed | 1u << HTTP_HEAD : s.allowed;
}

void route_put_allow(struct buf *out, unsigned methods)
{
    const char *separator = "";
    for (unsigned i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (!(methods & 1u << i)) continue;
        buf_puts(out, separator);
        buf_puts(out, http_method_name((enum http_method)i));
        separator = ", ";
    }
}

struct slice route_param(const struct route_match *match, const char *name)
{
    for (size_t i = 0; i < match->count; i++)
        if (slice_eq_str(match->params[i].name, name)) return match->params[i].value;
    return slice_of(NULL, 0);
}
