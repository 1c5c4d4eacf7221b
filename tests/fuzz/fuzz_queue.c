/* Fuzz target of queue pages and of saved messages: what is read is written again and must read the same.
 * The first byte says which. */
#include "base/mem.h"
#include "hub/msg.h"
#include "hub/queue_page.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 4096 };

static bool same_ref(const struct queue_ref *a, const struct queue_ref *b)
{
    return a->seq == b->seq && a->row == b->row && a->offset == b->offset && a->qos == b->qos &&
           a->retain == b->retain && a->released == b->released && a->share == b->share &&
           a->id_count == b->id_count && slice_eq(a->ids, b->ids);
}

/* Read and written again, identifiers are as many, and no longer than they were. */
static void check_ids(const struct queue_ref *ref)
{
    struct buf again = { 0 };
    struct queue_ids *ids = queue_ids_read(ref);
    queue_ids_write(&again, ids);
    for (uint32_t i = 0; i < ref->id_count; i++)
        if (ids->at[i] < 1 || ids->at[i] > QUEUE_MAX_ID) BUG("a subscription identifier of 0");
    if (again.len > ref->ids.len) BUG("subscription identifiers grow");
    free(ids);
    buf_deinit(&again);
}

static void read_again(struct slice page, const struct queue_ref *refs, int count)
{
    struct queue_page_reader reader;
    struct queue_ref ref;
    queue_page_read(&reader, refs[0].seq, page);
    for (int i = 0; i < count; i++)
        if (queue_page_next(&reader, &ref) != 1 || !same_ref(&ref, &refs[i]))
            BUG("entry %d of a page reads differently", i);
    if (queue_page_next(&reader, &ref) != 0) BUG("a page has more than was written");
}

static void check_page(struct slice data)
{
    static struct queue_ref refs[MOST];
    struct queue_page_reader reader;
    struct queue_tail tail = { 0 };
    struct buf page = { 0 };
    int count = 0;
    memset(refs, 0, sizeof refs);
    queue_page_read(&reader, 1, data);
    while (count < MOST && queue_page_next(&reader, &refs[count]) == 1) {
        check_ids(&refs[count]);
        queue_page_put(&page, &tail, &refs[count++], 1);
    }
    if (count) read_again(buf_slice(&page), refs, count);
    buf_deinit(&page);
}

static void check_message(struct slice data)
{
    struct slice saved;
    struct msg *msg;
    struct buf again = { 0 };
    if (msg_find_framed(data, 0, &saved) < 0 || msg_load(saved, &msg) < 0) return;
    msg_save(msg, &again);
    if (again.len != msg_saved_size(msg)) BUG("msg_saved_size is wrong");
    if (again.len != saved.len) BUG("a message has another size when it is saved again");
    msg_unref(msg);
    buf_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct slice rest = slice_of((const char *)data + 1, size - 1);
    if (data[0] == 'm')
        check_message(rest);
    else
        check_page(rest);
    return 0;
}
