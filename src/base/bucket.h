/* bucket.h — a token bucket: so much a second on average, so much at once. Pure; the caller has the clock.
 *
 * Spending may overdraw: whoever finds the bucket open may take one thing of any size, and waits the longer
 * afterwards. So what is larger than the burst passes too, and the average holds all the same. */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <stdint.h>

/* Looked up at each use, so that it may change at any time. rate 0: no limit. */
struct bucket_limit {
    int64_t rate;  /* tokens a second, at most 2^40 */
    int64_t burst; /* tokens that a full bucket holds; 0: those of one second */
};

/* Zero-initialised is valid: it is filled at its first use. */
struct bucket {
    int64_t level; /* thousandths of tokens; below zero: a debt */
    int64_t at_ms; /* when that was so; 0: never used */
};

/* Milliseconds until there is a whole token; 0: now. now_ms is above 0 and does not go back. */
int64_t bucket_wait_ms(struct bucket *bucket, struct bucket_limit limit, int64_t now_ms);
/* Takes tokens, whether they are there or not. After bucket_wait_ms of the same moment. */
void bucket_spend(struct bucket *bucket, int64_t tokens);
/* Both: takes one token if there is one. Returns what bucket_wait_ms does. */
int64_t bucket_take(struct bucket *bucket, struct bucket_limit limit, int64_t now_ms);

#endif
