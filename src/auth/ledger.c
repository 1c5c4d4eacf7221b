/* ledger.c — entries in the order of their last time, and by what they say. An entry is one block of memory:
 * the struct, then its texts, those by which entries differ first: they are its key in the map.
 *
 *  I1  `order` has every entry once, by rising numbers, and `of_kind` those of a kind likewise.
 *  I2  There are at most `most` entries, and a text is cut: so the whole is bounded.
 *  I3  No two entries have the same key. */
#include "auth/ledger.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_TEXTS = 6, TEXTS = 9, SHORT_MOST = 256, LONG_MOST = 1024 };

static const struct {
    size_t offset;
    size_t most;
} texts[TEXTS] = {
#define TEXT(name, most)                          \
    {                                             \
        offsetof(struct ledger_entry, name), most \
    }
    TEXT(principal, SHORT_MOST), TEXT(client_id, SHORT_MOST), TEXT(address, SHORT_MOST),
    TEXT(action, SHORT_MOST),    TEXT(resource, SHORT_MOST),  TEXT(reason, SHORT_MOST),
    TEXT(thing, SHORT_MOST),     TEXT(closest, LONG_MOST),    TEXT(change, LONG_MOST),
#undef TEXT
};

struct slot {
    struct list in_order;
    struct list in_kind;
    struct ledger_entry entry;
    size_t key_len;
    char text[];
};

struct ledger {
    struct list order; /* the oldest first */
    struct list of_kind[LEDGER_KINDS];
    size_t counts[LEDGER_KINDS];
    struct map by_key;
    size_t most;
    int64_t last;
};

static const char *const kinds[] = {
#define X(name, word) word,
    LEDGER_KIND_LIST(X)
#undef X
};

const char *ledger_kind_name(enum ledger_kind kind)
{
    return kinds[kind];
}

struct ledger *ledger_create(size_t most)
{
    struct ledger *ledger = xnew(struct ledger);
    ledger->most = most;
    list_init(&ledger->order);
    for (int i = 0; i < LEDGER_KINDS; i++)
        list_init(&ledger->of_kind[i]);
    return ledger;
}

static void forget(struct ledger *ledger, struct slot *slot)
{
    map_del(&ledger->by_key, slice_of(slot->text, slot->key_len));
    list_remove(&slot->in_order);
    list_remove(&slot->in_kind);
    ledger->counts[slot->entry.kind]--;
    free(slot);
}

void ledger_destroy(struct ledger *ledger)
{
    if (!ledger) return;
    list_for_each_safe(it, &ledger->order)
        forget(ledger, container_of(it, struct slot, in_order));
    map_deinit(&ledger->by_key);
    free(ledger);
}

static struct slice cut(struct slice text, size_t most)
{
    if (text.len <= most) return text;
    size_t len = most;
    while (len > most - 4 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return slice_of(text.ptr, len);
}

static struct slice *text_of(struct ledger_entry *entry, int i)
{
    return (struct slice *)(void *)((char *)entry + texts[i].offset);
}

/* The texts of the entry, cut, lie in the block, each with a zero byte after it; the slices point there. */
static struct slot *slot_create(const struct ledger_entry *from)
{
    struct ledger_entry entry = *from;
    size_t len = 1;
    for (int i = 0; i < TEXTS; i++) {
        *text_of(&entry, i) = cut(*text_of(&entry, i), texts[i].most);
        len += text_of(&entry, i)->len + 1;
    }
    struct slot *slot = xcalloc(1, sizeof *slot + len);
    char *at = slot->text;
    *at++ = (char)('0' + entry.kind);
    for (int i = 0; i < TEXTS; i++) {
        struct slice *text = text_of(&entry, i);
        if (text->len) memcpy(at, text->ptr, text->len);
        text->ptr = at;
        at += text->len + 1;
        if (i == KEY_TEXTS - 1) slot->key_len = (size_t)(at - slot->text);
    }
    slot->entry = entry;
    return slot;
}

bool ledger_noted_since(const struct ledger *ledger, const struct ledger_entry *entry,
                        int64_t since_ms)
{
    struct slot *probe = slot_create(entry);
    const struct slot *slot = map_get(&ledger->by_key, slice_of(probe->text, probe->key_len));
    free(probe);
    return slot && slot->entry.at_ms >= since_ms;
}

static void make_room(struct ledger *ledger)
{
    size_t all = 0;
    int fullest = 0;
    for (int i = 0; i < LEDGER_KINDS; i++) {
        all += ledger->counts[i];
        if (ledger->counts[i] > ledger->counts[fullest]) fullest = i;
    }
    if (all == ledger->most)
        forget(ledger, container_of(ledger->of_kind[fullest].next, struct slot, in_kind));
}

void ledger_note(struct ledger *ledger, const struct ledger_entry *entry)
{
    if (ledger->most == 0) return;
    struct slot *slot = slot_create(entry);
    struct slice key = slice_of(slot->text, slot->key_len);
    struct slot *old = map_get(&ledger->by_key, key);
    slot->entry.number = ++ledger->last;
    slot->entry.at_ms = clock_real_ms();
    slot->entry.first_ms = old ? old->entry.first_ms : slot->entry.at_ms;
    slot->entry.count = old ? old->entry.count + 1 : 1;
    if (old)
        forget(ledger, old);
    else
        make_room(ledger);
    map_put(&ledger->by_key, key, slot);
    list_push_back(&ledger->order, &slot->in_order);
    list_push_back(&ledger->of_kind[entry->kind], &slot->in_kind);
    ledger->counts[entry->kind]++;
}

static bool is_asked_for(const struct ledger_entry *entry, const struct ledger_query *query)
{
    if (!query) return true;
    if (query->client_id && !slice_eq_str(entry->client_id, query->client_id)) return false;
    if (query->address && !slice_eq_str(entry->address, query->address)) return false;
    return !query->thing || slice_eq_str(entry->thing, query->thing) ||
           slice_eq_str(entry->client_id, query->thing);
}

static const struct ledger_entry *find_from(const struct ledger *ledger, const struct list *at,
                                            int64_t before, const struct ledger_query *query)
{
    for (; at != &ledger->order; at = at->prev) {
        const struct ledger_entry *entry = &container_of(at, struct slot, in_order)->entry;
        if ((before == 0 || entry->number < before) && is_asked_for(entry, query)) return entry;
    }
    return NULL;
}

const struct ledger_entry *ledger_find(const struct ledger *ledger, int64_t before,
                                       const struct ledger_query *query)
{
    return find_from(ledger, ledger->order.prev, before, query);
}

const struct ledger_entry *ledger_next(const struct ledger *ledger,
                                       const struct ledger_entry *entry,
                                       const struct ledger_query *query)
{
    return find_from(ledger, container_of(entry, struct slot, entry)->in_order.prev, 0, query);
}

struct slice ledger_reason(const struct ledger *ledger, const char *client_id)
{
    const struct ledger_entry *entry =
        ledger_find(ledger, 0, &(struct ledger_query){ .client_id = client_id });
    return entry ? entry->reason : slice_of("", 0);
}
