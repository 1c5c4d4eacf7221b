/* session_info.c — what there is to tell of sessions: one, a page of them, the sum of them. Reads only.
 *
 * A page is in the order of client ids, though the map has none: one pass keeps the least ids behind the
 * place where the page begins, in a table of twice the page that is sorted and cut whenever it is full.
 * Keys are compared first, so that most sessions are not even looked at. So the cost of a page is that of
 * walking the map; an order kept for the sake of a list would cost every CONNECT. */
#include "hub/session_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int64_t seen_at(const struct session *session)
{
    const struct session_link *link = session->link;
    if (!link || !link->ops->heard_at) return session->disconnected_at;
    int64_t at = clock_real_ms() - (clock_mono_ms() - link->ops->heard_at(link));
    return at > session->connected_at ? at : session->connected_at;
}

static void describe(const struct session *session, struct session_info *ret_info)
{
    const struct principal *principal = session->principal;
    bool known = principal && principal->kind != PRINCIPAL_SYSTEM; /* see load_session */
    bool ends = session->disconnected_at && session->expiry_ms != SESSION_EXPIRY_NEVER;
    const struct session_terms *terms = session->terms;
    *ret_info = (struct session_info){
        .client_id = session->client_id,
        .principal = known ? principal->label : NULL,
        .address = session->conn.source_ip,
        .persistent = !session_ends(session),
        .connected = session->link != NULL,
        .level = session->level,
        .keep_alive_s = session->keep_alive_s,
        .connected_at = session->connected_at,
        .disconnected_at = session->disconnected_at,
        .seen_at = seen_at(session),
        .expires_at = ends ? session->disconnected_at + session->expiry_ms : 0,
        .expiry_ms = session->expiry_ms,
        .will_delay_ms = session->will && terms ? terms->will_delay_ms : 0,
        .will_at = session_will_at(session),
        .queued = session->queued,
        .queued_bytes = session->queued_bytes,
        .inflight = session->inflight,
        .subscriptions = session->subs.count,
    };
}

static const struct session *find(struct hub *hub, struct slice client_id)
{
    return map_get(&hub_sessions(hub)->by_client, client_id);
}

bool session_info_get(struct hub *hub, struct slice client_id, struct session_info *ret_info)
{
    const struct session *session = find(hub, client_id);
    if (session) describe(session, ret_info);
    return session != NULL;
}

/* ---- a page ---- */

struct page {
    const struct map_entry **found;
    size_t count;
    size_t most;
    const char *below; /* once the page is full: only what is less than this can be on it */
    bool more;
};

static int by_key(const void *a, const void *b)
{
    return strcmp((*(const struct map_entry *const *)a)->key,
                  (*(const struct map_entry *const *)b)->key);
}

static void sort_and_cut(struct page *page)
{
    qsort(page->found, page->count, sizeof *page->found, by_key);
    if (page->count <= page->most) return;
    page->count = page->most;
    page->below = page->found[page->most - 1]->key;
    page->more = true;
}

static bool is_wanted(const struct session_query *query, const struct map_entry *entry)
{
    if (query->after && strcmp(entry->key, query->after) <= 0) return false;
    if (query->prefix && strncmp(entry->key, query->prefix, strlen(query->prefix)) != 0)
        return false;
    if (query->which == SESSION_ANY) return true;
    return (((const struct session *)entry->value)->link != NULL) ==
           (query->which == SESSION_CONNECTED);
}

static void offer(struct page *page, const struct session_query *query,
                  const struct map_entry *entry)
{
    if (page->below && strcmp(entry->key, page->below) > 0) return;
    if (!is_wanted(query, entry)) return;
    page->found[page->count++] = entry;
    if (page->count == 2 * page->most) sort_and_cut(page);
}

size_t session_info_list(struct hub *hub, const struct session_query *query, size_t most,
                         struct session_info *ret_infos, bool *ret_more)
{
    struct page page = { .found = xcalloc(2 * most, sizeof *page.found), .most = most };
    map_for_each(entry, &hub_sessions(hub)->by_client)
        offer(&page, query, entry);
    sort_and_cut(&page);
    for (size_t i = 0; i < page.count; i++)
        describe(page.found[i]->value, &ret_infos[i]);
    *ret_more = page.more;
    free(page.found);
    return page.count;
}

/* ---- subscriptions ---- */

struct sub {
    struct slice filter;
    const struct sub_opts *opts;
};
struct subs {
    struct sub *all;
    size_t count;
};

static int by_filter(const void *a, const void *b)
{
    const struct slice x = ((const struct sub *)a)->filter, y = ((const struct sub *)b)->filter;
    int order = memcmp(x.ptr, y.ptr, x.len < y.len ? x.len : y.len);
    return order ? order : (x.len > y.len) - (x.len < y.len);
}

static void collect(void *arg, struct slice filter, const struct sub_opts *opts)
{
    struct subs *subs = arg;
    subs->all[subs->count++] = (struct sub){ filter, opts };
}

void session_info_subs(struct hub *hub, struct slice client_id, session_sub_cb cb, void *arg)
{
    const struct session *session = find(hub, client_id);
    if (!session) return;
    struct subs subs = { xcalloc(session->subs.count + 1, sizeof *subs.all), 0 };
    session_subs_each(session, collect, &subs);
    qsort(subs.all, subs.count, sizeof *subs.all, by_filter);
    for (size_t i = 0; i < subs.count; i++)
        cb(arg, subs.all[i].filter, subs.all[i].opts);
    free(subs.all);
}

/* ---- the sum ---- */

void session_tally_start(struct sessions *all, struct session_tally *tally)
{
    *tally = (struct session_tally){ .queued = 0 };
    list_init(&tally->at);
    list_push_front(&all->order, &tally->at);
}

bool session_tally_step(struct sessions *all, struct session_tally *tally, size_t most)
{
    for (size_t i = 0; i < most && tally->at.next != &all->order; i++) {
        struct list *next = tally->at.next;
        const struct session *session = container_of(next, struct session, in_order);
        tally->queued += session->queued;
        tally->queued_bytes += session->queued_bytes;
        list_remove(&tally->at);
        list_push_front(next, &tally->at); /* behind it */
    }
    if (tally->at.next != &all->order) return false;
    session_tally_stop(tally);
    return true;
}

void session_tally_stop(struct session_tally *tally)
{
    list_remove(&tally->at);
}
