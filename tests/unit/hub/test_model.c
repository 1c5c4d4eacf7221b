/* test_model.c — random steps of several clients, against a reference model (model.h) of what they may
 * get. A failure is shrunk: steps are taken away as long as it still fails, and what is left is printed.
 *
 *     THINGD_MODEL_SEED=4711 ./unit_hub_model      that sequence
 *     THINGD_MODEL_RUNS=100000 ./unit_hub_model    so many, from the seed or from 1
 */
#include "hub_fixture.h"
#include "model_run.h"

#include "base/log.h"
#include "lib/rand_fake.h"

#include <signal.h>

#if defined(__SANITIZE_THREAD__)
enum { RUNS = 150 };
#else
enum { RUNS = 1500 };
#endif

enum { SHARED = 20 }; /* sequences in a database */

/* ---- chance ---- */

static const uint8_t weights[] = {
#define X(name, weight, attached) weight,
    STEP_LIST(X)
#undef X
};

static uint8_t random_kind(uint64_t *dice)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < STEP_KINDS; i++)
        sum += weights[i];
    uint64_t at = rand_fake_below(dice, sum);
    for (uint8_t i = 0;; i++) {
        if (at < weights[i]) return i;
        at -= weights[i];
    }
}

static bool one_in(uint64_t *dice, uint64_t n)
{
    return rand_fake_below(dice, n) == 0;
}

static struct step random_step(uint64_t *dice)
{
    uint8_t flags = 0;
    if (one_in(dice, 5)) flags |= FLAG_CLEAN;
    if (one_in(dice, 4)) flags |= FLAG_WILL;
    if (one_in(dice, 4)) flags |= FLAG_RETAIN;
    if (one_in(dice, 3)) flags |= FLAG_EMPTY;
    return (struct step){ .kind = random_kind(dice),
                          .client = (uint8_t)rand_fake_below(dice, MODEL_CLIENTS),
                          .topic = (uint8_t)rand_fake_below(dice, MODEL_TOPICS),
                          .qos = (uint8_t)rand_fake_below(dice, 3),
                          .flags = flags,
                          .n = (uint16_t)rand_fake_below(dice, 16) };
}

static void add(struct script *script, struct step step)
{
    script->steps[script->count++] = step;
}

/* Everybody comes and wants something: or most of what follows would be nothing. */
static void begin(struct script *script, uint64_t *dice)
{
    for (uint8_t i = 0; i < MODEL_CLIENTS; i++) {
        struct step step = random_step(dice);
        step.kind = STEP_connect;
        step.client = i;
        add(script, step);
        step.kind = STEP_subscribe;
        step.qos = (uint8_t)(1 + rand_fake_below(dice, 2));
        add(script, step);
    }
}

/* Hundreds of messages to somebody who is not there, and then a part of them. */
static void add_flood(struct script *script, uint64_t *dice)
{
    struct step step = random_step(dice);
    step.kind = one_in(dice, 2) ? STEP_drop : STEP_congest;
    add(script, step);
    step.kind = STEP_burst;
    step.qos = 1;
    step.flags = 0;
    step.n = (uint16_t)(50 + rand_fake_below(dice, 300));
    add(script, step);
    step.kind = STEP_connect;
    add(script, step);
    step.kind = STEP_drain;
    step.n = (uint16_t)rand_fake_below(dice, 200);
    add(script, step);
}

static void make_script(struct script *script, uint64_t seed)
{
    uint64_t dice = seed;
    *script = (struct script){ .seed = seed };
    bool flood = one_in(&dice, 12);
    script->window = 1 + rand_fake_below(&dice, 4);
    script->limit = one_in(&dice, 2) ? 2000 : flood ? 100 : 8 + rand_fake_below(&dice, 8);
    size_t count = 20 + rand_fake_below(&dice, 80);
    begin(script, &dice);
    while (script->count < count) {
        if (flood && one_in(&dice, 20)) add_flood(script, &dice);
        add(script, random_step(&dice));
    }
}

/* ---- running ---- */

static uint64_t running; /* 0 when all is done */

/* What ends otherwise than by the model's judgement is not shrunk: say at least which sequence it was. */
static int say_which(void **state)
{
    if (running) fprintf(stderr, "THINGD_MODEL_SEED=%llu\n", (unsigned long long)running);
    return 0;
}

static void on_abort(int signum)
{
    say_which(NULL);
}

static struct fixture *open_fixture(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;
    f->opts.max_queued_bytes = 64 << 20;
    return f;
}

static bool passes(const struct script *script, char failure[512], size_t *ret_at)
{
    void *state;
    bool passed = script_run(open_fixture(&state), script, failure, ret_at);
    fixture_teardown(&state);
    return passed;
}

/* Takes away whatever can be taken away. */
static void shrink(struct script *script)
{
    char failure[512];
    size_t at;
    for (size_t size = script->count; size > 0; size /= 2) {
        for (size_t from = 0; from < script->count;) {
            struct script less = *script;
            size_t end = from + size < script->count ? from + size : script->count;
            memmove(less.steps + from, less.steps + end,
                    (script->count - end) * sizeof *less.steps);
            less.count -= end - from;
            if (passes(&less, failure, &at))
                from = end;
            else
                *script = less;
        }
    }
}

/* f is shared by some sequences, which is quicker. A failure is looked for again in a fresh one. */
static void run_seed(struct fixture *f, uint64_t seed)
{
    static struct script script;
    char failure[512];
    size_t at;
    running = seed;
    make_script(&script, seed);
    if (script_run(f, &script, failure, &at)) return;
    printf("THINGD_MODEL_SEED=%llu\n", (unsigned long long)seed);
    script.count = at;
    shrink(&script);
    if (passes(&script, failure, &at))
        fail_msg("not alone: an earlier sequence has left something behind");
    script_print(&script, at);
    fail_msg("%s", failure);
}

static void test_random_sequences(void **state)
{
    const char *seed = getenv("THINGD_MODEL_SEED"), *runs = getenv("THINGD_MODEL_RUNS");
    uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
    uint64_t count = runs ? strtoull(runs, NULL, 10) : seed ? 1 : RUNS;
    for (uint64_t i = 0; i < count;) {
        struct fixture *f = open_fixture(state);
        for (int k = 0; k < SHARED && i < count; k++)
            run_seed(f, first + i++);
        fixture_teardown(state);
    }
    running = 0;
}

/* Each has found something once: both a will that came before a message of its client, which the hub had taken
 * and not yet delivered when it died. They say so as long as the script made of a seed is the same. */
static void test_sequences_that_found_something(void **state)
{
    static const uint64_t seeds[] = { 90059, 311014 };
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
        struct fixture *f = open_fixture(state);
        run_seed(f, seeds[i]);
        fixture_teardown(state);
    }
    running = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_random_sequences, say_which),
        cmocka_unit_test_teardown(test_sequences_that_found_something, say_which),
    };
    signal(SIGABRT, on_abort);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
