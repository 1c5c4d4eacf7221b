/* ledger.c — a ring of entries by their numbers: entry n stands in place n % most. The texts of an entry
 * are one block of memory, which is given back when its place is taken.
 *
 *  I1  The entries that are there have the numbers last - count + 1 ... last.
 *  I2  count <= most, and a text has at most TEXT_MOST bytes: so the whole is bounded. */
#include "auth/ledger.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 256, TEXTS = 6 };

struct slot {
    struct ledger_entry entry;
    char *text;
};

struct ledger {
    struct slot *slots;
    size_t most;
    size_t count;
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
    ledger->slots = xcalloc(most ? most : 1, sizeof *ledger->slots);
    return ledger;
}

void ledger_destroy(struct ledger *ledger)
{
    if (!ledger) return;
    for (size_t i = 0; i < ledger->most; i++)
        free(ledger->slots[i].text);
    free(ledger->slots);
    free(ledger);
}

static struct slot *slot_of(const struct ledger *ledger, int64_t number)
{
    return &ledger->slots[(uint64_t)number % ledger->most];
}

static struct slice cut(struct slice text)
{
    if (text.len <= TEXT_MOST) return text;
    size_t len = TEXT_MOST;
    while (len > TEXT_MOST - 4 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return slice_of(text.ptr, len);
}

/* One block for all; the slices point into it afterwards. */
static char *copy_texts(struct ledger_entry *entry)
{
    struct slice *const texts[TEXTS] = { &entry->principal, &entry->client_id, &entry->address,
                                         &entry->action,    &entry->resource,  &entry->reason };
    size_t len = 0;
    for (int i = 0; i < TEXTS; i++) {
        *texts[i] = cut(*texts[i]);
        len += texts[i]->len;
    }
    char *block = xmalloc(len), *at = block;
    for (int i = 0; i < TEXTS; i++) {
        if (texts[i]->len) memcpy(at, texts[i]->ptr, texts[i]->len);
        texts[i]->ptr = at;
        at += texts[i]->len;
    }
    return block;
}

void ledger_note(struct ledger *ledger, const struct ledger_entry *entry)
{
    if (ledger->most == 0) return;
    struct slot *slot = slot_of(ledger, ++ledger->last);
    free(slot->text);
    slot->entry = *entry;
    slot->entry.number = ledger->last;
    slot->entry.at_ms = clock_real_ms();
    slot->text = copy_texts(&slot->entry);
    if (ledger->count < ledger->most) ledger->count++;
}

const struct ledger_entry *ledger_find(const struct ledger *ledger, int64_t before,
                                       const char *client_id)
{
    int64_t first = ledger->last - (int64_t)ledger->count + 1;
    int64_t number = before > 0 && before <= ledger->last ? before - 1 : ledger->last;
    for (; ledger->count && number >= first; number--) {
        const struct ledger_entry *entry = &slot_of(ledger, number)->entry;
        if (!client_id || slice_eq_str(entry->client_id, client_id)) return entry;
    }
    return NULL;
}
