/* alias.c — see alias.h. */
#include "cli/mqtt/alias.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void mqtt_aliases_clear(struct mqtt_aliases *a)
{
    for (size_t i = 0; i < a->count; i++)
        buf_deinit(&a->topics[i]);
    free(a->topics);
    *a = (struct mqtt_aliases){ 0 };
}

static void make_room(struct mqtt_aliases *a, uint16_t alias)
{
    size_t count = (size_t)alias + 1;
    if (count <= a->count) return;
    a->topics = xrealloc(a->topics, count * sizeof *a->topics);
    memset(a->topics + a->count, 0, (count - a->count) * sizeof *a->topics);
    a->count = count;
}

bool mqtt_aliases_set(struct mqtt_aliases *a, uint16_t alias, struct slice topic)
{
    make_room(a, alias);
    struct buf *kept = &a->topics[alias];
    if (kept->len && slice_eq(buf_slice(kept), topic)) return true;
    buf_clear(kept);
    buf_put_slice(kept, topic);
    return false;
}

int mqtt_aliases_resolve(struct mqtt_aliases *a, uint32_t highest, struct mqtt_publish *p,
                         const char **ret_why)
{
    if (p->alias == 0 || p->alias > highest) {
        *ret_why = "[section 3.3.2.3.4] a topic alias of 0, or higher than was asked for";
        return ERR_PROTOCOL;
    }
    if (p->topic.len) {
        mqtt_aliases_set(a, p->alias, p->topic);
        return 0;
    }
    if (p->alias >= a->count || !a->topics[p->alias].len) {
        *ret_why = "[section 3.3.2.3.4] a topic alias that stands for nothing";
        return ERR_PROTOCOL;
    }
    p->topic = buf_slice(&a->topics[p->alias]);
    return 0;
}
