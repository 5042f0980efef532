/* Loops that stand still: when that is said, what is kept of it, and that a loop which turns again is one
 * like any other. Clock, writer, store and watch are this file's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/scan/stuck.h"

enum { LOOPS = 2, AFTER_MS = 300, TICK_MS = 100, BEGAN_MS = 5000, MESSAGES = 64 };

/* ---- the others ---------------------------------------------------------------------------------------- */

static struct {
    _Atomic(int64_t) now_ms;
    _Atomic(int64_t) step_ms; /* the clock goes on by so much whenever it is asked, */
    char waits_for[48];       /* once this thread is gone */
    char kept[1024];          /* what watch_keep was told, a line each */
    char file[1024];          /* what stands in `stuck` */
    enum error write;         /* what writing it says */
    unsigned written;
} others;

int64_t clock_monotonic_ms(void)
{
    bool waits = others.waits_for[0] != 0 && access(others.waits_for, F_OK) == 0;
    return atomic_fetch_add(&others.now_ms, waits ? 0 : atomic_load(&others.step_ms));
}

int64_t clock_monotonic_us(void)
{
    return clock_monotonic_ms() * 1000;
}

int64_t clock_boot_ms(void)
{
    return clock_monotonic_ms();
}

int64_t clock_wall_ms(void)
{
    return clock_monotonic_ms();
}

void watch_keep(struct watch *watch, const char *name, bool ok, const char *line)
{
    size_t len = strlen(others.kept);
    (void)watch;
    (void)snprintf(others.kept + len, sizeof others.kept - len, "%s %s: %s\n", name, ok ? "good" : "bad",
                   line);
}

enum error store_write_file(struct store *store, const char *name, struct bytes text, struct buf *why)
{
    (void)store, (void)why;
    assert_string_equal(name, "stuck");
    (void)snprintf(others.file, sizeof others.file, "%.*s", (int)text.len, (const char *)text.data);
    others.written++;
    return others.write;
}

static struct writer *const WRITER = (struct writer *)(void *)&others;

enum error writer_barrier(struct writer *writer,
                          enum error (*act)(void *arg, struct store *store, struct buf *why), void *arg)
{
    struct buf why;
    assert_ptr_equal(writer, WRITER);
    buf_init(&why, 64);
    enum error error = act(arg, NULL, &why);
    assert_int_equal(error, others.write); /* it is the writer's from now on */
    buf_dispose(&why);
    return error;
}

/* ---- loops that turn when the test says so ------------------------------------------------------------- */

static struct config config;
static struct scan_context context;
static struct worker workers[LOOPS];
static struct stuck_list known;
static struct stuck *stuck;
static char said[1024];

static struct ip_addr address(const char *text)
{
    struct ip_addr ip;
    assert_true(ip_parse(text, &ip));
    return ip;
}

static void begin(const char *dir, int64_t after_ms)
{
    config.output_dir = (char *)(uintptr_t)dir;
    stuck = stuck_create(workers, WRITER, &known, after_ms);
    assert_non_null(stuck);
}

static int set_up(void **state)
{
    struct ip_addr ip = address("192.0.2.1");
    (void)state;
    memset(&others, 0, sizeof others);
    atomic_store(&others.now_ms, BEGAN_MS);
    memset(workers, 0, sizeof workers);
    known = (struct stuck_list){.count = 0};
    context.config = &config;
    for (uint32_t i = 0; i < LOOPS; i++) {
        workers[i] = (struct worker){.index = i, .count = LOOPS, .all = workers, .context = &context};
        assert_int_equal(loop_init(&workers[i].loop, &workers[i]), ERR_OK);
        place_enter(&workers[i].place, i == 0 ? PLACE_SMTP : PLACE_POLICY, &ip);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LOOPS; i++)
        loop_dispose(&workers[i].loop);
    stuck_destroy(stuck);
    stuck = NULL;
    return 0;
}

static void turn(uint32_t loop)
{
    (void)mailbox_deliver(&workers[loop].loop.mailbox, &workers[loop], MESSAGES);
}

/* A tick so much later, and all that it says. */
static const char *tick_after(int64_t ms)
{
    FILE *out = fmemopen(said, sizeof said, "w");
    assert_non_null(out);
    said[0] = 0;
    atomic_fetch_add(&others.now_ms, ms);
    stuck_tick(stuck, NULL, out);
    assert_int_equal(fclose(out), 0);
    return said;
}

static void assert_quiet(unsigned ticks)
{
    for (unsigned i = 0; i < ticks; i++)
        assert_string_equal(tick_after(TICK_MS), "");
}

#define REPORT(seconds, place)                                                                               \
    "stsweep: WARNING: a loop has not turned for " seconds " s, at " place ". Please report it"
#define KEPT ". The address is kept in the file `stuck`: a resume leaves it out\n"

/* ---- tests --------------------------------------------------------------------------------------------- */

static void loops_that_turn_are_never_told(void **state)
{
    (void)state;
    begin("out", AFTER_MS);
    for (unsigned i = 0; i < 20; i++) {
        assert_quiet(2); /* one that is late, but not by so much */
        turn(0);
        turn(1);
        assert_false(stuck_for_good(stuck));
    }
    assert_int_equal(others.written, 0);
    assert_string_equal(others.kept, "");
}

/* Said once, kept behind what runs before had found, said again when it turns; and all of it anew the next
 * time. */
static void one_that_stands_still_is_told(void **state)
{
    const struct place_at before = {.kind = PLACE_POLICY, .ip = address("2001:db8::1")};
    (void)state;
    assert_true(stuck_list_add(&known, &before));
    begin("out", AFTER_MS);
    assert_quiet(1);
    for (unsigned round = 0; round < 2; round++) {
        turn(0);
        turn(1);
        assert_quiet(1); /* the message of now is sent */
        for (unsigned i = 1; i <= 2; i++) {
            turn(1);
            assert_quiet(1);
        }
        turn(1);
        assert_string_equal(tick_after(TICK_MS), REPORT("0.3", "192.0.2.1 (smtp)") KEPT);
        assert_string_equal(others.file, "policy 2001:db8::1\nsmtp 192.0.2.1\n");
        for (unsigned i = 4; i <= 6; i++) {
            assert_false(stuck_for_good(stuck));
            turn(1);
            assert_quiet(1);
        }
        assert_true(stuck_for_good(stuck));
        turn(0);
        assert_false(stuck_for_good(stuck));
        turn(1);
        assert_string_equal(tick_after(TICK_MS), "stsweep: the loop turns again after 0.6 s\n");
        assert_quiet(1);
    }
    turn(0);
    turn(1);
    assert_quiet(1);
    assert_int_equal(others.written, 2);
    assert_string_equal(
        others.kept,
        "loop bad: WARNING: a loop has not turned for 0.3 s, at 192.0.2.1 (smtp). Please report it. The "
        "address is kept in the file `stuck`: a resume leaves it out\n"
        "loop good: the loop turns again after 0.6 s\n"
        "loop bad: WARNING: a loop has not turned for 0.3 s, at 192.0.2.1 (smtp). Please report it. The "
        "address is kept in the file `stuck`: a resume leaves it out\n"
        "loop good: the loop turns again after 0.6 s\n");
}

/* Each has its line, one a tick. */
static void two_at_once(void **state)
{
    (void)state;
    others.write = ERR_FULL;
    begin("out", AFTER_MS);
    assert_quiet(3);
    assert_string_equal(tick_after(TICK_MS), REPORT("0.3", "192.0.2.1 (smtp)") KEPT);
    assert_string_equal(others.file, "smtp 192.0.2.1\n");
    others.write = ERR_OK;
    assert_string_equal(tick_after(TICK_MS), REPORT("0.3", "192.0.2.1 (policy)") KEPT);
    assert_string_equal(others.file, "smtp 192.0.2.1\npolicy 192.0.2.1\n");
    assert_quiet(1);
    turn(0);
    turn(1);
    assert_string_equal(tick_after(TICK_MS), "stsweep: the loop turns again after 0.5 s\n");
    turn(0);
    assert_string_equal(tick_after(TICK_MS), "stsweep: the loop turns again after 0.5 s\n");
    assert_quiet(1);
}

/* Stopped, or asleep: of a time between two ticks that is longer than a second, a second counts. */
static void time_in_which_nobody_ran_does_not_count(void **state)
{
    (void)state;
    begin("out", 2500);
    assert_quiet(1);
    assert_string_equal(tick_after(3600000), "");
    assert_string_equal(tick_after(3600000), "");
    assert_string_equal(tick_after(499), "");
    assert_string_equal(tick_after(1), REPORT("2.5", "192.0.2.1 (smtp)") KEPT);
}

static void one_that_is_at_no_peer(void **state)
{
    (void)state;
    place_leave(&workers[0].place);
    begin("out", AFTER_MS);
    assert_quiet(3);
    assert_string_equal(tick_after(TICK_MS), REPORT("0.3", "no peer's address (none)") "\n");
    assert_int_equal(others.written, 0);
}

static void a_scan_that_streams_keeps_nothing(void **state)
{
    (void)state;
    begin("-", AFTER_MS);
    assert_quiet(3);
    assert_string_equal(tick_after(TICK_MS), REPORT("0.3", "192.0.2.1 (smtp)") "\n");
    assert_int_equal(others.written, 0);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

struct hold {
    struct message message;
    sem_t held, let_go;
    pid_t thread;
};

static void deliver_hold(struct message *message, void *receiver)
{
    struct hold *hold = (struct hold *)message;
    (void)receiver;
    hold->thread = gettid();
    sem_post(&hold->held);
    while (sem_wait(&hold->let_go) != 0) {
    }
}

static void hold_loop(struct hold *hold, uint32_t loop)
{
    hold->message.deliver = deliver_hold;
    sem_init(&hold->held, 0, 0);
    sem_init(&hold->let_go, 0, 0);
    loop_post(&workers[loop].loop, &hold->message);
    while (sem_wait(&hold->held) != 0) {
    }
}

static void start_loops(void)
{
    for (uint32_t i = 0; i < LOOPS; i++)
        assert_int_equal(loop_start(&workers[i].loop), ERR_OK);
}

static char *end_of(bool *all)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    *all = stuck_end(stuck, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void all_end(void **state)
{
    bool all;
    (void)state;
    assert_true(stuck_end(NULL, NULL));
    begin("out", AFTER_MS);
    start_loops();
    char *text = end_of(&all);
    assert_true(all);
    assert_string_equal(text, "");
    free(text);
    for (uint32_t i = 0; i < LOOPS; i++)
        assert_false(workers[i].loop.has_thread);
}

/* The other one is waited for all the same. One that was told before is not waited for, nor told again. */
static void assert_one_does_not_end(bool told)
{
    bool all;
    struct hold held, other;
    begin("out", AFTER_MS);
    turn(0);
    turn(1);
    assert_quiet(1);
    for (unsigned i = 0; told && i < 3; i++) {
        turn(1);
        (void)tick_after(TICK_MS);
    }
    assert_int_equal(others.written, told);
    start_loops();
    hold_loop(&held, 0); /* it has its last message by now; what was said of it stands until the next tick */
    hold_loop(&other, 1);
    (void)snprintf(others.waits_for, sizeof others.waits_for, "/proc/self/task/%d", (int)other.thread);
    int64_t began_ms = atomic_load(&others.now_ms);
    atomic_store(&others.step_ms, 1);
    sem_post(&other.let_go);
    char *text = end_of(&all);
    atomic_store(&others.step_ms, 0);
    others.waits_for[0] = 0;
    assert_false(all);
    assert_true(workers[0].loop.has_thread);
    assert_false(workers[1].loop.has_thread);
    assert_string_equal(text, told ? "" : REPORT("0.3", "192.0.2.1 (smtp)") KEPT);
    assert_int_equal(atomic_load(&others.now_ms) - began_ms < AFTER_MS, told);
    assert_int_equal(others.written, 1);
    free(text);
    sem_post(&held.let_go);
    loop_join(&workers[0].loop);
}

static void one_does_not_end(void **state)
{
    (void)state;
    assert_one_does_not_end(false);
}

static void one_that_was_told_does_not_end(void **state)
{
    (void)state;
    assert_one_does_not_end(true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(loops_that_turn_are_never_told),
        TEST(one_that_stands_still_is_told),
        TEST(two_at_once),
        TEST(time_in_which_nobody_ran_does_not_count),
        TEST(one_that_is_at_no_peer),
        TEST(a_scan_that_streams_keeps_nothing),
        TEST(all_end),
        TEST(one_does_not_end),
        TEST(one_that_was_told_does_not_end),
    };
    return cmocka_run_group_tests_name("standstill", tests, NULL, NULL);
}
