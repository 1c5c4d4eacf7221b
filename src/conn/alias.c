/* alias.c — see alias.h.
 *
 * Ours. A topic gets an alias when it is seen for the second time, while its hash still stands among those
 * last seen: so topics that come once cost nothing. When all aliases are given, the one that was not used for
 * longest goes to the new topic, if that was long ago: otherwise topics that take turns would take each
 * other's.
 *
 *  I1  A slot's topic is what the client knows under its number: it changes only together with a packet that
 *      says so. */
#include "conn/alias.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>

/* MOST: that we give, whatever the client allows. WORTH: shorter topics are sent as they are. IN_BYTES, and
 * EACH for an alias: what the topics of a client's aliases may have. */
enum { MOST = 64, SEEN = 256, WORTH = 4, IN_BYTES = 64 << 10, EACH = 256 };

/* ---- of the client ---- */

void alias_in_deinit(struct alias_in *in)
{
    for (size_t i = 0; in->topics && i < in->max; i++)
        free((char *)in->topics[i].ptr);
    free(in->topics);
    *in = (struct alias_in){ 0 };
}

static void note(struct slice *at, struct slice topic)
{
    if (slice_eq(*at, topic)) return;
    free((char *)at->ptr);
    *at = slice_of(xmemdup(topic.ptr, topic.len), topic.len);
}

int alias_in_resolve(struct alias_in *in, uint16_t alias, struct slice topic,
                     struct slice *ret_topic)
{
    if (alias == 0 || alias > in->max) return ERR_INVALID;
    if (!topic.len && (!in->topics || !in->topics[alias - 1].len)) return ERR_NOT_FOUND;
    if (!in->topics) in->topics = xcalloc(in->max, sizeof *in->topics);
    struct slice *known = &in->topics[alias - 1];
    size_t bytes = in->bytes - known->len + (topic.len ? topic.len : known->len);
    if (bytes > IN_BYTES + in->max * (size_t)EACH) return ERR_LIMIT;
    in->bytes = bytes;
    if (topic.len) note(known, topic);
    *ret_topic = *known;
    return 0;
}

/* ---- ours ---- */

struct slot {
    uint32_t hash;
    uint64_t used_at; /* the number of the PUBLISH */
    struct slice topic;
};

struct alias_slots {
    uint64_t now; /* PUBLISHes so far */
    uint16_t count;
    uint32_t seen[SEEN]; /* hashes of topics without an alias, each in its place */
    struct slot slots[MOST];
};

void alias_out_deinit(struct alias_out *out)
{
    for (size_t i = 0; out->slots && i < out->slots->count; i++)
        free((char *)out->slots->slots[i].topic.ptr);
    free(out->slots);
    *out = (struct alias_out){ 0 };
}

static struct slot *find(struct alias_slots *slots, struct slice topic, uint32_t hash)
{
    for (size_t i = 0; i < slots->count; i++)
        if (slots->slots[i].hash == hash && slice_eq(slots->slots[i].topic, topic))
            return &slots->slots[i];
    return NULL;
}

uint16_t alias_out_known(const struct alias_out *out, struct slice topic)
{
    struct slot *slot = out->slots ? find(out->slots, topic, slice_fnv1a(topic)) : NULL;
    return slot ? (uint16_t)(slot - out->slots->slots + 1) : 0;
}

static bool seen_lately(struct alias_slots *slots, uint32_t hash)
{
    uint32_t *at = &slots->seen[hash % SEEN];
    if (*at == hash) return true;
    *at = hash;
    return false;
}

/* A slot for a new topic; NULL: all are in use. */
static struct slot *slot_for(struct alias_out *out)
{
    struct alias_slots *slots = out->slots;
    size_t most = out->max < MOST ? out->max : MOST;
    if (slots->count < most) return &slots->slots[slots->count++];
    struct slot *oldest = &slots->slots[0];
    for (size_t i = 1; i < slots->count; i++)
        if (slots->slots[i].used_at < oldest->used_at) oldest = &slots->slots[i];
    return slots->now - oldest->used_at > 2 * most ? oldest : NULL;
}

uint16_t alias_out_next(struct alias_out *out, struct slice topic, bool *ret_known)
{
    if (!out->max || topic.len < WORTH) return 0;
    if (!out->slots) out->slots = xcalloc(1, sizeof *out->slots);
    struct alias_slots *slots = out->slots;
    uint32_t hash = slice_fnv1a(topic);
    struct slot *slot = find(slots, topic, hash);
    slots->now++;
    *ret_known = slot != NULL;
    if (!slot) {
        if (!seen_lately(slots, hash) || !(slot = slot_for(out))) return 0;
        note(&slot->topic, topic);
        slot->hash = hash;
    }
    slot->used_at = slots->now;
    return (uint16_t)(slot - slots->slots + 1);
}
