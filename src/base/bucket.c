/* bucket.c — see bucket.h. In thousandths of tokens and milliseconds a rate of n tokens a second fills n a
 * millisecond, so nothing is ever rounded.
 *  I1  0 <= rate <= 2^40, so that no product of these numbers overflows.
 *  I2  level is never above the burst of the limit that was seen last. */
#include "base/bucket.h"

enum { PARTS = 1000 };

static int64_t full(struct bucket_limit limit)
{
    int64_t tokens = limit.burst > 0 ? limit.burst : limit.rate;
    return tokens * PARTS;
}

static void fill(struct bucket *bucket, struct bucket_limit limit, int64_t now_ms)
{
    int64_t most = full(limit), gone = now_ms - bucket->at_ms;
    if (bucket->at_ms == 0 || bucket->level > most)
        bucket->level = most;
    else if (gone >= (most - bucket->level) / limit.rate + 1)
        bucket->level = most;
    else if (gone > 0)
        bucket->level += gone * limit.rate;
    if (bucket->level > most) bucket->level = most;
    bucket->at_ms = now_ms;
}

int64_t bucket_wait_ms(struct bucket *bucket, struct bucket_limit limit, int64_t now_ms)
{
    if (limit.rate <= 0) {
        *bucket = (struct bucket){ 0 }; /* full again should there be a limit later */
        return 0;
    }
    fill(bucket, limit, now_ms);
    if (bucket->level >= PARTS) return 0;
    return (PARTS - bucket->level + limit.rate - 1) / limit.rate;
}

void bucket_spend(struct bucket *bucket, int64_t tokens)
{
    bucket->level -= tokens * PARTS;
}

int64_t bucket_take(struct bucket *bucket, struct bucket_limit limit, int64_t now_ms)
{
    int64_t wait = bucket_wait_ms(bucket, limit, now_ms);
    if (wait == 0) bucket_spend(bucket, 1);
    return wait;
}
