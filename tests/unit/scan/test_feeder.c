/*
 * The feeder between a source and a sink that the test makes up, and loops on which a domain ends as its name
 * says: this file's domain_start stands in for the scanner's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scanner/reach/domain.h"
#include "scanner/scan/feeder.h"

enum { LOOPS = 2, MOST_NAMES = 4352, NAMES = 512, IN_FLIGHT = 4, DEADLINE_S = 60 };

struct fake {
    struct feeder *feeder;
    struct scan_context context;
    struct config config;
    struct worker workers[LOOPS];
    /* the source */
    unsigned names, given;         /* of this pass */
    uint64_t pending[MOST_NAMES];  /* ordinals of this pass */
    uint64_t returned[MOST_NAMES]; /* and of the next one */
    unsigned returned_count;
    unsigned ends; /* calls of end */
    enum error next_error;
    enum error put_off_error;
    enum error end_error;
    unsigned put_off_calls;
    atomic_uint finished[MOST_NAMES + 1]; /* by ordinal */
    /* the loops */
    atomic_uint started[MOST_NAMES + 1];
    atomic_uint at_once, most_at_once;
    unsigned put_offs; /* how often each name is put off before it has its record */
    bool keep_open;    /* nothing ends */
    atomic_uint under_way;
    atomic_uint on_loop[LOOPS]; /* of those */
    int64_t in_flight;          /* 0: IN_FLIGHT */
    /* the sink */
    atomic_size_t backlog;
    atomic_bool ended;
    atomic_uint handed_out;
    atomic_uint made, destroyed; /* objects that go with names */
};

static struct fake fake;

/* ---- the domains
 * ------------------------------------------------------------------------------------------- */

struct visit {
    struct message message;
    uint64_t ordinal;
};

static void destroy_made(void *object)
{
    (void)atomic_fetch_add(&fake.destroyed, 1);
    free(object);
}

static void deliver_end(struct message *message, void *receiver)
{
    struct worker *worker = receiver;
    struct visit *visit = (struct visit *)message;
    uint64_t ordinal = visit->ordinal;
    char domain[32];
    free(visit);
    (void)snprintf(domain, sizeof domain, "d%u.example", (unsigned)ordinal);
    (void)atomic_fetch_sub(&fake.at_once, 1);
    feeder_credit(fake.feeder, worker->index);
    if (atomic_load(&fake.started[ordinal]) <= fake.put_offs) {
        struct input_name name = {.ordinal = ordinal,
                                  .domain = domain,
                                  .rank = (uint32_t)ordinal,
                                  .label = "label",
                                  .note = bytes_of("note")};
        assert_int_equal(feeder_put_off(fake.feeder, &name), ERR_OK);
    } else {
        feeder_finished(fake.feeder, ordinal);
    }
}

enum error domain_start(struct worker *worker, const struct domain_input *input)
{
    char domain[32];
    unsigned now = atomic_fetch_add(&fake.at_once, 1) + 1;
    unsigned most = atomic_load(&fake.most_at_once);
    (void)snprintf(domain, sizeof domain, "d%u.example", (unsigned)input->ordinal);
    assert_string_equal(input->domain, domain);
    assert_int_equal(input->rank, input->ordinal);
    assert_string_equal(input->label, "label");
    assert_int_equal(*(const uint64_t *)input->made->object, input->ordinal);
    if (input->ordinal % 2 == 0) /* every second one is left */
        destroy_made(owned_take(input->made));
    if (atomic_fetch_add(&fake.started[input->ordinal], 1) > 0)
        assert_true(bytes_equal(input->looks, bytes_of("note")));
    while (now > most && !atomic_compare_exchange_weak(&fake.most_at_once, &most, now)) {
    }
    if (fake.keep_open) {
        (void)atomic_fetch_add(&fake.on_loop[worker->index], 1);
        (void)atomic_fetch_add(&fake.under_way, 1);
        return ERR_OK;
    }
    struct visit *visit = calloc(1, sizeof *visit);
    assert_non_null(visit);
    visit->message.deliver = deliver_end;
    visit->ordinal = input->ordinal;
    loop_post(&worker->loop, &visit->message);
    return ERR_OK;
}

void domains_end(struct worker *worker)
{
    (void)worker;
}

/* ---- the source and the sink
 * ------------------------------------------------------------------------------- */

static enum error next(void *arg, struct input_name *name)
{
    static char domain[32];
    (void)arg;
    if (fake.next_error != ERR_OK && fake.given == fake.names / 2)
        return fake.next_error;
    if (fake.given == fake.names)
        return ERR_NOT_FOUND;
    uint64_t ordinal = fake.pending[fake.given++];
    (void)snprintf(domain, sizeof domain, "d%u.example", (unsigned)ordinal);
    *name = (struct input_name){
        .ordinal = ordinal, .domain = domain, .rank = (uint32_t)ordinal, .label = "label"};
    uint64_t *made = malloc(sizeof *made);
    assert_non_null(made);
    *made = ordinal;
    name->made = (struct owned){made, destroy_made};
    (void)atomic_fetch_add(&fake.made, 1);
    if (fake.ends > 0)
        name->note = bytes_of("note");
    return ERR_OK;
}

static enum error put_off(void *arg, const struct input_name *name)
{
    (void)arg;
    fake.put_off_calls++;
    assert_string_equal(name->label, "label");
    assert_true(bytes_equal(name->note, bytes_of("note")));
    if (fake.put_off_error == ERR_OK)
        fake.returned[fake.returned_count++] = name->ordinal;
    return fake.put_off_error;
}

static void finished(void *arg, uint64_t ordinal)
{
    (void)arg;
    (void)atomic_fetch_add(&fake.finished[ordinal], 1);
}

/* All that was handed out has ended by now: it is the contract. */
static enum error end(void *arg)
{
    (void)arg;
    assert_int_equal(atomic_load(&fake.at_once), 0);
    assert_int_equal(fake.given, fake.names);
    memcpy(fake.pending, fake.returned, sizeof fake.pending);
    fake.names = fake.returned_count;
    fake.given = 0;
    fake.returned_count = 0;
    fake.ends++;
    return fake.end_error;
}

static size_t backlog(void *arg)
{
    (void)arg;
    return atomic_load(&fake.backlog);
}

static enum error prepare(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < fake.names; i++)
        fake.pending[i] = i + 1;
    return ERR_OK;
}

static void on_handed_out(void *arg)
{
    (void)arg;
    (void)atomic_fetch_add(&fake.handed_out, 1);
}

static void on_ended(void *arg)
{
    (void)arg;
    if (feeder_all_ended(fake.feeder))
        atomic_store(&fake.ended, true);
}

/* ---- the tests' frame
 * -------------------------------------------------------------------------------------- */

static void begin(unsigned names, int64_t retries)
{
    fake.names = names;
    fake.config = (struct config){.scan_in_flight = fake.in_flight == 0 ? IN_FLIGHT : fake.in_flight,
                                  .scan_retry_passes = retries,
                                  .scan_retry_after = 1};
    fake.context.config = &fake.config;
    for (uint32_t i = 0; i < LOOPS; i++) {
        fake.workers[i].index = i;
        fake.workers[i].context = &fake.context;
        assert_int_equal(loop_init(&fake.workers[i].loop, &fake.workers[i]), ERR_OK);
    }
    struct feeder_options options = {
        .config = &fake.config,
        .workers = fake.workers,
        .worker_count = LOOPS,
        .source = {.next = next, .put_off = put_off, .finished = finished, .end = end},
        .start = domain_start,
        .sink = {.backlog = backlog},
        .prepare = prepare,
        .handed_out = on_handed_out,
        .ended = on_ended};
    fake.feeder = feeder_create(&options);
    assert_non_null(fake.feeder);
    for (uint32_t i = 0; i < LOOPS; i++)
        assert_int_equal(loop_start(&fake.workers[i].loop), ERR_OK);
    assert_int_equal(feeder_start(fake.feeder), ERR_OK);
}

static void nap(void)
{
    struct timespec pause = {.tv_nsec = 1000000};
    (void)nanosleep(&pause, NULL);
}

static bool is_over(time_t since)
{
    return time(NULL) - since > DEADLINE_S;
}

static void wait_for_end(void)
{
    for (time_t since = time(NULL); !atomic_load(&fake.ended); nap())
        if (is_over(since))
            fail_msg("it does not end");
}

static enum error finish(void)
{
    enum error error = feeder_join(fake.feeder);
    for (uint32_t i = 0; i < LOOPS; i++) {
        assert_int_equal(loop_stop(&fake.workers[i].loop), ERR_OK);
        loop_join(&fake.workers[i].loop);
        loop_dispose(&fake.workers[i].loop);
    }
    feeder_destroy(fake.feeder);
    assert_int_equal(atomic_load(&fake.destroyed), atomic_load(&fake.made)); /* however it ended */
    return error;
}

static int forget(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    return 0;
}

static void check_each(unsigned names, unsigned starts)
{
    for (unsigned ordinal = 1; ordinal <= names; ordinal++) {
        assert_int_equal(atomic_load(&fake.started[ordinal]), starts);
        assert_int_equal(atomic_load(&fake.finished[ordinal]), 1);
    }
}

/* ---- the tests
 * --------------------------------------------------------------------------------------------- */

static void test_each_name_once(void **state)
{
    (void)state;
    begin(NAMES, 1);
    wait_for_end();
    struct feeder_progress progress = feeder_progress(fake.feeder);
    assert_int_equal(finish(), ERR_OK);
    check_each(NAMES, 1);
    assert_int_equal(fake.ends, 0);
    assert_int_equal(atomic_load(&fake.handed_out), 1);
    assert_int_equal(progress.started, NAMES);
    assert_int_equal(progress.finished, NAMES);
    assert_int_equal(progress.put_off, 0);
    assert_true(atomic_load(&fake.most_at_once) <= IN_FLIGHT);
}

static void test_no_names(void **state)
{
    (void)state;
    begin(0, 1);
    wait_for_end();
    assert_int_equal(finish(), ERR_OK);
    assert_int_equal(fake.ends, 0);
}

static void test_put_off_comes_again(void **state)
{
    (void)state;
    fake.put_offs = 2;
    begin(100, 2);
    wait_for_end();
    struct feeder_progress progress = feeder_progress(fake.feeder);
    assert_int_equal(finish(), ERR_OK);
    check_each(100, 3);
    assert_int_equal(fake.ends, 2);
    assert_int_equal(atomic_load(&fake.handed_out), 3);
    assert_int_equal(progress.started, 300);
    assert_int_equal(progress.put_off, 200);
    assert_int_equal(progress.again, 0);
    assert_int_equal(fake.workers[0].pass + fake.workers[1].pass, 4); /* from 0 here: two turns a loop */
}

static void test_nothing_starts_past_the_backlog(void **state)
{
    (void)state;
    atomic_store(&fake.backlog, SIZE_MAX);
    begin(100, 1);
    for (int i = 0; i < 50; i++)
        nap();
    assert_int_equal(feeder_progress(fake.feeder).started, 0);
    atomic_store(&fake.backlog, 0);
    wait_for_end();
    assert_int_equal(finish(), ERR_OK);
    check_each(100, 1);
}

static void test_nothing_starts_in_an_outage(void **state)
{
    (void)state;
    atomic_store(&fake.context.hold_back, true);
    begin(100, 1);
    for (int i = 0; i < 50; i++)
        nap();
    assert_int_equal(feeder_progress(fake.feeder).started, 0);
    atomic_store(&fake.context.hold_back, false);
    wait_for_end();
    assert_int_equal(finish(), ERR_OK);
    check_each(100, 1);
}

static void test_nothing_starts_while_too_many_wait_at_ones_own(void **state)
{
    (void)state;
    assert_int_equal(ip_set_parse("192.0.2.0/24", &fake.context.own, NULL), ERR_OK);
    atomic_store(&fake.context.own_waiting, 1000);
    begin(100, 1);
    for (int i = 0; i < 50; i++)
        nap();
    assert_int_equal(feeder_progress(fake.feeder).started, 0);
    atomic_store(&fake.context.own_waiting, 999);
    wait_for_end();
    assert_int_equal(finish(), ERR_OK);
    check_each(100, 1);
    ip_set_dispose(&fake.context.own);
}

/* As many as there are places in flight are started, and no more when it is stopped. */
static void test_stop_while_all_places_are_taken(void **state)
{
    (void)state;
    fake.keep_open = true;
    begin(100, 1);
    for (time_t since = time(NULL); atomic_load(&fake.under_way) < IN_FLIGHT; nap())
        if (is_over(since))
            fail_msg("the places in flight are not taken");
    feeder_stop(fake.feeder);
    assert_int_equal(feeder_join(fake.feeder), ERR_STOPPED);
    /* What ends after that is kept by nobody, and the source is not asked. */
    struct input_name late = {.ordinal = 1, .domain = "d1.example"};
    assert_int_equal(feeder_put_off(fake.feeder, &late), ERR_OK);
    assert_int_equal(finish(), ERR_STOPPED);
    assert_int_equal(fake.put_off_calls, 0);
    assert_int_equal(atomic_load(&fake.under_way), IN_FLIGHT);
    assert_false(atomic_load(&fake.ended));
}

static void wait_for_under_way(unsigned count)
{
    for (time_t since = time(NULL); atomic_load(&fake.under_way) < count; nap())
        if (is_over(since))
            fail_msg("%u are under way, not %u", atomic_load(&fake.under_way), count);
}

/* No more of them, though there are names. */
static void assert_under_way(unsigned count)
{
    wait_for_under_way(count);
    for (int i = 0; i < 20; i++)
        nap();
    assert_int_equal(atomic_load(&fake.under_way), count);
}

/* Places that are given back are taken again a batch at a time: a 64th of all of them, 64 at most. */
static void test_places_come_back_in_batches(void **state)
{
    static const struct {
        unsigned in_flight, batch;
    } cases[] = {{1, 1}, {64, 1}, {127, 1}, {128, 2}, {129, 2}, {4096, 64}, {4225, 64}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(forget(state), 0);
        fake.keep_open = true;
        fake.in_flight = cases[i].in_flight;
        begin(MOST_NAMES, 1);
        assert_under_way(cases[i].in_flight);
        for (unsigned given = 1; given < cases[i].batch; given++)
            feeder_credit(fake.feeder, 0);
        assert_under_way(cases[i].in_flight);
        feeder_credit(fake.feeder, 0);
        assert_under_way(cases[i].in_flight + cases[i].batch);
        feeder_stop(fake.feeder);
        assert_int_equal(finish(), ERR_STOPPED);
    }
}

/* The next name goes to the loop that has the fewest, among equals to the first. */
static void test_the_least_busy_loop_gets_the_next(void **state)
{
    static const struct {
        uint32_t credit;
        unsigned first, second; /* names that each has had by then */
    } steps[] = {{1, 2, 3}, {1, 2, 4}, {0, 3, 4}, {0, 4, 4}, {1, 4, 5}};
    (void)state;
    fake.keep_open = true;
    begin(100, 1);
    assert_under_way(IN_FLIGHT);
    assert_int_equal(atomic_load(&fake.on_loop[0]), 2);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        feeder_credit(fake.feeder, steps[i].credit);
        wait_for_under_way(IN_FLIGHT + (unsigned)i + 1);
        assert_int_equal(atomic_load(&fake.on_loop[0]), steps[i].first);
        assert_int_equal(atomic_load(&fake.on_loop[1]), steps[i].second);
    }
    feeder_stop(fake.feeder);
    assert_int_equal(finish(), ERR_STOPPED);
}

static void test_an_error_of_the_source_ends_it(void **state)
{
    (void)state;
    fake.next_error = ERR_CORRUPT;
    begin(100, 1);
    wait_for_end();
    assert_int_equal(finish(), ERR_CORRUPT);
    check_each(50, 1);
}

static void test_a_source_that_takes_nothing_back_ends_it(void **state)
{
    (void)state;
    fake.put_offs = 1;
    fake.put_off_error = ERR_FULL;
    begin(100, 1);
    wait_for_end();
    assert_int_equal(finish(), ERR_FULL);
}

static void test_a_source_that_has_no_next_pass_ends_it(void **state)
{
    (void)state;
    fake.put_offs = 1;
    fake.end_error = ERR_FULL;
    begin(100, 1);
    wait_for_end();
    assert_int_equal(finish(), ERR_FULL);
    assert_int_equal(fake.ends, 1);
    for (unsigned ordinal = 1; ordinal <= 100; ordinal++)
        assert_int_equal(atomic_load(&fake.started[ordinal]), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_each_name_once, forget),
        cmocka_unit_test_setup(test_no_names, forget),
        cmocka_unit_test_setup(test_put_off_comes_again, forget),
        cmocka_unit_test_setup(test_nothing_starts_past_the_backlog, forget),
        cmocka_unit_test_setup(test_nothing_starts_in_an_outage, forget),
        cmocka_unit_test_setup(test_nothing_starts_while_too_many_wait_at_ones_own, forget),
        cmocka_unit_test_setup(test_stop_while_all_places_are_taken, forget),
        cmocka_unit_test_setup(test_places_come_back_in_batches, forget),
        cmocka_unit_test_setup(test_the_least_busy_loop_gets_the_next, forget),
        cmocka_unit_test_setup(test_an_error_of_the_source_ends_it, forget),
        cmocka_unit_test_setup(test_a_source_that_takes_nothing_back_ends_it, forget),
        cmocka_unit_test_setup(test_a_source_that_has_no_next_pass_ends_it, forget),
    };
    return cmocka_run_group_tests_name("feeder", tests, NULL, NULL);
}
