/* test_bucket.c — token buckets: burst, average, debt, limits that change. */
#include "base/bucket.h"
#include "lib/test.h"

static const struct bucket_limit ten = { .rate = 10 };

static int taken(struct bucket *bucket, struct bucket_limit limit, int64_t now)
{
    int count = 0;
    while (count < 1000 && bucket_take(bucket, limit, now) == 0)
        count++;
    return count;
}

static void burst_then_average(void **state)
{
    struct bucket bucket = { 0 };
    assert_int_equal(taken(&bucket, ten, 5000), 10);
    assert_int_equal(bucket_wait_ms(&bucket, ten, 5000), 100);
    assert_int_equal(bucket_wait_ms(&bucket, ten, 5099), 1);
    assert_int_equal(taken(&bucket, ten, 5100), 1);
    assert_int_equal(taken(&bucket, ten, 5350), 2);
    assert_int_equal(taken(&bucket, ten, 5400), 1); /* the half of one was not lost */
    assert_int_equal(taken(&bucket, ten, 1000000), 10);
    struct bucket_limit wide = { .rate = 10, .burst = 25 };
    assert_int_equal(taken(&bucket, wide, 1000000), 0);
    assert_int_equal(taken(&bucket, wide, 1002500), 25);
}

static void average_of_odd_rates(void **state)
{
    static const int64_t rates[] = { 1, 3, 7, 999, 1001, 5000 };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct bucket bucket = { 0 };
        struct bucket_limit limit = { .rate = rates[i], .burst = rates[i] };
        int64_t count = 0;
        for (int64_t now = 1; now <= 10001; now++)
            while (bucket_take(&bucket, limit, now) == 0)
                count++;
        assert_int_equal(count, rates[i] * 11); /* the burst, and ten seconds */
    }
}

static void debt_is_paid_back(void **state)
{
    struct bucket bucket = { 0 };
    struct bucket_limit limit = { .rate = 1000 };
    assert_int_equal(bucket_wait_ms(&bucket, limit, 1), 0);
    bucket_spend(&bucket, 3000);
    assert_int_equal(bucket_wait_ms(&bucket, limit, 1), 2001);
    assert_int_equal(bucket_wait_ms(&bucket, limit, 2001), 1);
    assert_int_equal(bucket_wait_ms(&bucket, limit, 2002), 0);
}

static void limits_change(void **state)
{
    struct bucket bucket = { 0 };
    assert_int_equal(taken(&bucket, ten, 1000), 10);
    assert_int_equal(taken(&bucket, (struct bucket_limit){ 0 }, 1000), 1000); /* none */
    assert_int_equal(taken(&bucket, ten, 1000), 10);
    assert_int_equal(taken(&bucket, (struct bucket_limit){ .rate = 500 }, 1100), 50);
    bucket = (struct bucket){ 0 };
    assert_int_equal(bucket_wait_ms(&bucket, (struct bucket_limit){ .rate = 500 }, 1), 0);
    assert_int_equal(taken(&bucket, ten, 2), 10); /* what is above the new burst is gone */
}

static void extremes(void **state)
{
    struct bucket bucket = { 0 };
    struct bucket_limit most = { .rate = INT64_C(1) << 40 };
    assert_int_equal(bucket_wait_ms(&bucket, most, 1), 0);
    bucket_spend(&bucket, INT64_C(1) << 40);
    assert_true(bucket_wait_ms(&bucket, most, 1) == 1);
    assert_int_equal(bucket_wait_ms(&bucket, most, INT64_MAX / 2), 0);
    struct bucket slow = { 0 };
    struct bucket_limit one = { .rate = 1 };
    assert_int_equal(bucket_take(&slow, one, INT64_MAX / 2), 0);
    assert_int_equal(bucket_take(&slow, one, INT64_MAX / 2), 1000);
    assert_int_equal(bucket_wait_ms(&slow, one, INT64_MAX / 2 - 5),
                     1000); /* a clock that stumbles */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(burst_then_average), cmocka_unit_test(average_of_odd_rates),
        cmocka_unit_test(debt_is_paid_back),  cmocka_unit_test(limits_change),
        cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
