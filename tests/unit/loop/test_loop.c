/* Unit tests of the turns of the loop: timers under a fake clock, deferred tasks, hooks, signals. */
#include "lib/test.h"

#include "lib/clock_fake.h"
#include "lib/rand_fake.h"
#include "loop/loop.h"

#include <pthread.h>
#include <signal.h>

static struct loop *loop;
static char journal[256];

static void note(char c)
{
    size_t len = strlen(journal);
    assert_true(len + 1 < sizeof journal);
    journal[len] = c;
    journal[len + 1] = '\0';
}

static int set_up(void **state)
{
    clock_fake_install();
    journal[0] = '\0';
    return loop_create(&loop, NULL);
}

static int tear_down(void **state)
{
    loop_destroy(loop);
    clock_fake_remove();
    return 0;
}

static void run_until_quiet(void)
{
    for (int i = 0; loop_turn(loop); i++)
        assert_true(i < 1000);
}

/* ---- timers ---- */

struct named_timer {
    struct loop_timer timer;
    char name;
    struct loop_timer *stops;
    struct loop_timer *starts;
};

static void on_named(struct loop_timer *timer)
{
    struct named_timer *named = container_of(timer, struct named_timer, timer);
    assert_false(loop_timer_active(timer));
    note(named->name);
    if (named->stops) loop_timer_stop(named->stops);
    if (named->starts) loop_timer_start(named->starts, 0);
}

static void named_init(struct named_timer *named, char name)
{
    *named = (struct named_timer){ .name = name };
    loop_timer_init(&named->timer, loop, on_named);
}

static void timers_fire_in_order_of_time(void **state)
{
    struct named_timer a, b, c;
    named_init(&a, 'a');
    named_init(&b, 'b');
    named_init(&c, 'c');
    loop_timer_start(&c.timer, 300);
    loop_timer_start(&a.timer, 100);
    loop_timer_start(&b.timer, 200);
    assert_true(loop_timer_active(&b.timer));
    assert_false(loop_turn(loop));
    clock_fake_advance(99);
    assert_false(loop_turn(loop));
    clock_fake_advance(1);
    assert_true(loop_turn(loop));
    assert_string_equal(journal, "a");
    clock_fake_advance(1000);
    loop_turn(loop);
    assert_string_equal(journal, "abc");
    assert_false(loop_turn(loop));
}

static void a_timer_restarts_and_stops(void **state)
{
    struct named_timer a;
    named_init(&a, 'a');
    loop_timer_stop(&a.timer);
    loop_timer_start(&a.timer, 100);
    clock_fake_advance(60);
    loop_timer_start(&a.timer, 100);
    clock_fake_advance(60);
    assert_false(loop_turn(loop));
    loop_timer_stop(&a.timer);
    loop_timer_stop(&a.timer);
    clock_fake_advance(1000);
    assert_false(loop_turn(loop));
    assert_string_equal(journal, "");
}

static void delay_zero_fires_in_the_next_turn_only(void **state)
{
    struct named_timer a;
    named_init(&a, 'a');
    a.starts = &a.timer;
    loop_timer_start(&a.timer, 0);
    assert_string_equal(journal, "");
    loop_turn(loop);
    assert_string_equal(journal, "a");
    loop_turn(loop);
    assert_string_equal(journal, "aa");
    loop_timer_stop(&a.timer);
}

static void a_callback_stops_and_restarts_timers_due_in_the_same_turn(void **state)
{
    struct named_timer a, b, c;
    named_init(&a, 'a');
    named_init(&b, 'b');
    named_init(&c, 'c');
    a.stops = &b.timer;
    a.starts = &c.timer; /* c is due as well: it moves to the next turn */
    loop_timer_start(&a.timer, 1);
    loop_timer_start(&b.timer, 2);
    loop_timer_start(&c.timer, 3);
    clock_fake_advance(10);
    loop_turn(loop);
    assert_string_equal(journal, "a");
    assert_false(loop_timer_active(&b.timer));
    loop_turn(loop);
    assert_string_equal(journal, "ac");
}

static void extreme_delays_are_clamped(void **state)
{
    struct named_timer a, b;
    named_init(&a, 'a');
    named_init(&b, 'b');
    loop_timer_start(&a.timer, INT64_MAX);
    loop_timer_start(&b.timer, -5);
    loop_turn(loop);
    assert_string_equal(journal, "b");
    loop_timer_stop(&a.timer);
}

enum { RANDOM_TIMERS = 500, RANDOM_STEPS = 20000 };

struct model_timer {
    struct loop_timer timer;
    int64_t due; /* -1: stopped */
};
static struct model_timer models[RANDOM_TIMERS];
static int64_t model_now, last_fired;

static void on_model(struct loop_timer *timer)
{
    struct model_timer *model = container_of(timer, struct model_timer, timer);
    assert_true(model->due >= 0 && model->due <= model_now);
    assert_true(model->due >= last_fired);
    last_fired = model->due;
    model->due = -1;
}

/* Against a plain array: what is due fires, in order, and nothing else. */
static void the_heap_agrees_with_a_model(void **state)
{
    uint64_t seed = 42;
    model_now = 0;
    for (int i = 0; i < RANDOM_TIMERS; i++) {
        loop_timer_init(&models[i].timer, loop, on_model);
        models[i].due = -1;
    }
    for (int step = 0; step < RANDOM_STEPS; step++) {
        struct model_timer *model = &models[rand_fake_below(&seed, RANDOM_TIMERS)];
        uint64_t what = rand_fake_below(&seed, 10);
        if (what < 6) {
            int64_t delay = (int64_t)rand_fake_below(&seed, 1000);
            loop_timer_start(&model->timer, delay);
            model->due = model_now + delay;
        } else if (what < 8) {
            loop_timer_stop(&model->timer);
            model->due = -1;
        } else {
            int64_t by = (int64_t)rand_fake_below(&seed, 50);
            clock_fake_advance(by);
            model_now += by;
            last_fired = 0;
            loop_turn(loop);
            for (int i = 0; i < RANDOM_TIMERS; i++) {
                assert_true(models[i].due < 0 || models[i].due > model_now);
                assert_int_equal(loop_timer_active(&models[i].timer), models[i].due >= 0);
            }
        }
    }
    for (int i = 0; i < RANDOM_TIMERS; i++)
        loop_timer_stop(&models[i].timer);
}

static void now_is_the_time_of_the_turn(void **state)
{
    int64_t before = loop_now(loop);
    clock_fake_advance(250);
    loop_turn(loop);
    assert_true(loop_now(loop) == before + 250);
}

static void the_time_of_day_is_taken_once_a_turn(void **state)
{
    int64_t before = loop_real(loop);
    clock_fake_advance(250);
    assert_true(loop_real(loop) == before);
    loop_turn(loop);
    clock_fake_advance(50);
    assert_true(loop_real(loop) == before + 300); /* asked for only now */
    clock_fake_advance(7);
    assert_true(loop_real(loop) == before + 300);
    clock_fake_set_real(12345); /* as an administrator does */
    loop_turn(loop);
    assert_true(loop_real(loop) == 12345);
}

static void a_blocking_turn_wakes_for_a_timer(void **state)
{
    clock_fake_remove();
    struct named_timer a;
    named_init(&a, 'a');
    loop_timer_start(&a.timer, 5);
    for (int i = 0; i < 100 && !journal[0]; i++)
        loop_turn_wait(loop, 10000);
    assert_string_equal(journal, "a");
}

/* ---- tasks and hooks ---- */

struct named_task {
    struct loop_task task;
    char name;
    struct named_task *then;
    struct named_task *cancels;
};

static void on_task(struct loop_task *task)
{
    struct named_task *named = container_of(task, struct named_task, task);
    note(named->name);
    if (named->then) loop_defer(loop, &named->then->task);
    if (named->cancels) loop_task_cancel(&named->cancels->task);
}

static struct named_task named_task(char name)
{
    return (struct named_task){ .name = name };
}

static void tasks_run_in_order_once_before_the_hooks(void **state)
{
    struct named_task a = named_task('a'), b = named_task('b'), c = named_task('c');
    struct named_task d = named_task('d');
    loop_task_init(&a.task, on_task);
    loop_task_init(&b.task, on_task);
    loop_task_init(&c.task, on_task);
    loop_task_init(&d.task, on_task);
    a.then = &c;
    a.cancels = &d;
    loop_defer(loop, &a.task);
    loop_defer(loop, &b.task);
    loop_defer(loop, &d.task);
    loop_defer(loop, &a.task);
    assert_string_equal(journal, "");
    assert_true(loop_turn(loop));
    assert_string_equal(journal, "abc");
    assert_false(loop_turn(loop));
}

static void a_task_that_defers_itself_does_not_hold_the_loop(void **state)
{
    struct named_task a = named_task('a');
    loop_task_init(&a.task, on_task);
    a.then = &a;
    loop_defer(loop, &a.task);
    loop_turn(loop);
    size_t first = strlen(journal);
    assert_true(first >= 1);
    loop_turn(loop);
    assert_true(strlen(journal) > first);
    loop_task_cancel(&a.task);
}

struct named_hook {
    struct loop_hook hook;
    char name;
    struct named_hook *removes;
    struct named_task *defers;
};

static void on_hook(struct loop_hook *hook)
{
    struct named_hook *named = container_of(hook, struct named_hook, hook);
    note(named->name);
    if (named->removes) loop_hook_remove(&named->removes->hook);
    if (named->defers) loop_defer(loop, &named->defers->task);
    named->defers = NULL;
}

static void hooks_run_at_the_end_in_order(void **state)
{
    struct named_task t = named_task('t');
    struct named_hook x = { .name = 'x' }, y = { .name = 'y' }, z = { .name = 'z' };
    loop_task_init(&t.task, on_task);
    loop_hook_add(loop, &x.hook, on_hook);
    loop_hook_add(loop, &y.hook, on_hook);
    loop_hook_add(loop, &z.hook, on_hook);
    loop_defer(loop, &t.task);
    loop_turn(loop);
    assert_string_equal(journal, "txyz");
    x.removes = &y;
    z.removes = &z;
    journal[0] = '\0';
    loop_turn(loop);
    assert_string_equal(journal, "xz");
    loop_hook_remove(&x.hook);
    journal[0] = '\0';
    loop_turn(loop);
    assert_string_equal(journal, "");
}

/* The wait is ten minutes: the test ends only if the loop does not sleep on the task. */
static void what_a_hook_defers_is_done_without_sleep(void **state)
{
    struct named_task t = named_task('t');
    struct named_hook x = { .name = 'x', .defers = &t };
    loop_task_init(&t.task, on_task);
    loop_hook_add(loop, &x.hook, on_hook);
    loop_turn(loop);
    assert_string_equal(journal, "x");
    loop_turn_wait(loop, 600000);
    assert_string_equal(journal, "xtx");
    loop_hook_remove(&x.hook);
}

/* ---- run, stop, signals ---- */

static void on_stop_timer(struct loop_timer *timer)
{
    note('s');
    loop_stop(loop);
}

static void run_ends_by_stop(void **state)
{
    struct loop_timer timer;
    loop_timer_init(&timer, loop, on_stop_timer);
    loop_timer_start(&timer, 0);
    loop_run(loop);
    loop_timer_start(&timer, 0);
    loop_run(loop);
    assert_string_equal(journal, "ss");
}

static void *stop_from_thread(void *arg)
{
    loop_stop(arg);
    return NULL;
}

static void run_ends_by_stop_of_another_thread(void **state)
{
    pthread_t thread;
    struct named_hook x = { .name = 'x' };
    loop_hook_add(loop, &x.hook, on_hook);
    pthread_create(&thread, NULL, stop_from_thread, loop);
    loop_run(loop);
    pthread_join(thread, NULL);
    loop_hook_remove(&x.hook);
}

static void on_signal(int signum, void *arg)
{
    *(int *)arg = signum;
}

static void signals_arrive_on_the_loop(void **state)
{
    int hup = 0, usr = 0;
    struct loop_signal *a = loop_signal_open(loop, SIGHUP, on_signal, &hup);
    struct loop_signal *b = loop_signal_open(loop, SIGUSR1, on_signal, &usr);
    raise(SIGHUP);
    for (int i = 0; i < 100 && !hup; i++)
        loop_turn_wait(loop, 100);
    assert_int_equal(hup, SIGHUP);
    assert_int_equal(usr, 0);
    raise(SIGUSR1);
    for (int i = 0; i < 100 && !usr; i++)
        loop_turn_wait(loop, 100);
    assert_int_equal(usr, SIGUSR1);
    loop_signal_close(a);
    loop_signal_close(b);
    loop_signal_close(NULL);
    run_until_quiet();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(timers_fire_in_order_of_time),
        T(a_timer_restarts_and_stops),
        T(delay_zero_fires_in_the_next_turn_only),
        T(a_callback_stops_and_restarts_timers_due_in_the_same_turn),
        T(extreme_delays_are_clamped),
        T(the_heap_agrees_with_a_model),
        T(now_is_the_time_of_the_turn),
        T(the_time_of_day_is_taken_once_a_turn),
        T(a_blocking_turn_wakes_for_a_timer),
        T(tasks_run_in_order_once_before_the_hooks),
        T(a_task_that_defers_itself_does_not_hold_the_loop),
        T(hooks_run_at_the_end_in_order),
        T(what_a_hook_defers_is_done_without_sleep),
        T(run_ends_by_stop),
        T(run_ends_by_stop_of_another_thread),
        T(signals_arrive_on_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
