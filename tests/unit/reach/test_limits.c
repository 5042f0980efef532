/* Turns at IP addresses and places: cancelling, threads, what is kept of addresses. Who goes when stands in
 * worlds/. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/machine/suffixes.h"
#include "scanner/reach/samples.h"
#include "scanner/reach/served.h"
#include "scanner/reach/silent.h"
#include "scanner/reach/worker.h"

struct bench {
    struct config config;
    struct scan_context context;
    struct worker workers[4];
    uint32_t count;
};

static void bench_init(struct bench *bench, uint32_t count, int64_t connections, int64_t per_minute,
                       int64_t wait)
{
    memset(bench, 0, sizeof *bench);
    assert_int_equal(config_init(&bench->config), ERR_OK);
    bench->config.limits_ip_connections = connections;
    bench->config.limits_ip_per_minute = per_minute;
    bench->config.limits_wait = wait;
    bench->context.config = &bench->config;
    bench->count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct worker *worker = &bench->workers[i];
        worker->all = bench->workers;
        worker->index = i;
        worker->count = count;
        worker->context = &bench->context;
        assert_int_equal(loop_init(&worker->loop, worker), ERR_OK);
        worker->pacer = pacer_create(worker);
        assert_non_null(worker->pacer);
    }
}

static void bench_dispose(struct bench *bench)
{
    for (uint32_t i = 0; i < bench->count; i++) {
        struct pacer *pacer = bench->workers[i].pacer;
        bench->workers[i].pacer = NULL;
        pacer_destroy(pacer);
    }
    for (uint32_t i = 0; i < bench->count; i++)
        loop_dispose(&bench->workers[i].loop);
    config_dispose(&bench->config);
}

static struct ip_addr address(uint8_t last)
{
    uint8_t bytes[4] = {192, 0, 2, last};
    return ip_v4(bytes);
}

/* Runs the loop for a while, and for some turns however long this machine holds them up. */
static void run_for(struct worker *worker, int ms)
{
    enum { TURNS_LEAST = 10 };
    int64_t until_ms = clock_monotonic_ms() + ms;
    for (int turns = 0; turns < TURNS_LEAST || clock_monotonic_ms() < until_ms; turns++) {
        (void)event_base_loop(worker->loop.base, EVLOOP_NONBLOCK);
        (void)usleep(500);
    }
}

struct asker {
    int answers;
    enum pace_answer answer;
};

static void on_answer(void *arg, const struct pace_turn *turn)
{
    struct asker *asker = arg;
    asker->answers++;
    asker->answer = turn->answer;
}

static int granted(const struct asker *askers, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++)
        number += askers[i].answers == 1 && askers[i].answer == PACE_GRANTED;
    return number;
}

/* What a probe of an address saw that offers STARTTLS with TLS 1.3, and a certificate of its own. */
static struct probe_sample *make_sample(void)
{
    static struct bytes ehlo[2];
    static struct cert_facts cert;
    ehlo[0] = bytes_of("PIPELINING");
    ehlo[1] = bytes_of("STARTTLS");
    struct probe_facts probe = {
        .host = "first.example",
        .greeting = bytes_of("mx.example ESMTP"),
        .ehlo = ehlo,
        .ehlo_count = 2,
        .starttls_offered = true,
        .tls = {.end = TLS_DONE, .version = 0x0304, .name_match = true, .certs = &cert, .cert_count = 1}};
    struct probe_sample *sample = probe_sample_create(&probe);
    assert_non_null(sample);
    return sample;
}

/* Of what one name saw further ones inherit what the address says to everybody. */
static void test_what_is_inherited(void **state)
{
    (void)state;
    struct probe_facts facts = {.host = "heir"};
    struct probe_sample *sample = make_sample();
    struct arena arena;
    arena_init(&arena, 65536);
    probe_sample_inherit(sample, &arena, &facts);
    probe_sample_release(sample);
    assert_true(facts.shared);
    assert_string_equal(facts.host, "heir");
    assert_int_equal(facts.greeting.len, strlen("mx.example ESMTP"));
    assert_int_equal(facts.ehlo_count, 2);
    assert_memory_equal(facts.ehlo[1].data, "STARTTLS", 8);
    assert_true(facts.starttls_offered);
    assert_int_equal(facts.tls.version, 0x0304);
    assert_int_equal(facts.tls.end, TLS_NOT_TRIED); /* no handshake of its own, no certificate, no match */
    assert_int_equal(facts.tls.cert_count, 0);
    assert_false(facts.tls.name_match);
    arena_dispose(&arena);
}

/* A session that broke off inside the reply to EHLO says nothing of what stood in the rest. */
static void test_half_a_reply_is_no_sample(void **state)
{
    (void)state;
    static struct bytes ehlo[1];
    ehlo[0] = bytes_of("SIZE");
    struct probe_facts probe = {.greeting = bytes_of("mx.example ESMTP"), .ehlo = ehlo, .ehlo_count = 1};
    static const enum smtp_end broken[] = {SMTP_END_CLOSED, SMTP_END_STEP_TIMEOUT, SMTP_END_NET,
                                           SMTP_END_SESSION_DEADLINE, SMTP_END_LINE_TOO_LONG};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        probe.end = broken[i];
        assert_null(probe_sample_create(&probe));
    }
    probe.step = SMTP_HELO; /* TLS-8: EHLO was refused behind the keyword, and HELO was taken */
    probe.end = SMTP_END_NOT_OFFERED;
    assert_null(probe_sample_create(&probe));
    probe.step = SMTP_EHLO; /* the whole reply came */
    struct probe_sample *sample = probe_sample_create(&probe);
    assert_non_null(sample);
    probe_sample_release(sample);
    probe.end = SMTP_END_CLOSED; /* likewise, and then it closed */
    probe.starttls_offered = true;
    sample = probe_sample_create(&probe);
    assert_non_null(sample);
    probe_sample_release(sample);
}

/* However many there are, each stays known at a few bytes, and nobody else is taken for one of them. */
static void test_many_silent_addresses(void **state)
{
    (void)state;
    enum { SILENT = 100000, MOST_BYTES = 43 };
    struct silent set;
    silent_init(&set, 42);
    for (uint32_t i = 0; i < SILENT; i++)
        assert_true(silent_add(&set, bytes_make(&i, sizeof i)));
    for (uint32_t i = 0; i < SILENT; i++)
        assert_true(silent_has(&set, bytes_make(&i, sizeof i)));
    for (uint32_t i = SILENT; i < 2 * SILENT; i++)
        assert_false(silent_has(&set, bytes_make(&i, sizeof i)));
    assert_int_equal(set.places.count, SILENT);
    assert_true(set.places.capacity * sizeof *set.places.list <= (size_t)SILENT * MOST_BYTES);
    silent_clear(&set);
    uint32_t first = 0;
    assert_false(silent_has(&set, bytes_make(&first, sizeof first)));
    silent_dispose(&set);
}

static void test_cancel(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[3] = {{0}};
    struct ip_addr ip = address(1);
    bench_init(&bench, 1, 1, 1000000, 60000);
    struct handle first = pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[0]);
    struct handle second = pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[1]);
    (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[2]);
    pace_cancel(bench.workers, first);
    pace_cancel(bench.workers, second);
    pace_cancel(bench.workers, second); /* a stale handle is fine */
    run_for(bench.workers, 50);
    assert_int_equal(askers[0].answers + askers[1].answers, 0);
    assert_int_equal(granted(&askers[2], 1), 1); /* the grants to those who left were given back */
    bench_dispose(&bench);
}

static void test_destroy_while_waiting(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[3] = {{0}};
    struct ip_addr ip = address(1);
    bench_init(&bench, 2, 1, 20, 60000);
    for (int i = 0; i < 3; i++)
        (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[i]);
    run_for(&bench.workers[0], 10);
    run_for(&bench.workers[1], 10);
    bench_dispose(&bench);
}

/* ---- places -------------------------------------------------------------------------------------------- */

enum { GOOD_DOMAIN = 99, LONG_MS = 20000 };

/* So many addresses that each has a prefix of its own. */
static struct ip_addr spread(uint32_t number)
{
    uint8_t bytes[4] = {(uint8_t)(20 + (number >> 16)), (uint8_t)(number >> 8), (uint8_t)number, 1};
    return ip_v4(bytes);
}

static void bench_places(struct bench *bench, int64_t places, int64_t per_minute, int64_t wait)
{
    bench_init(bench, 1, 1, per_minute, wait);
    pacer_destroy(bench->workers[0].pacer);
    bench->config.smtp_live = places;
    bench->config.policy_live = places;
    bench->workers[0].pacer = pacer_create(bench->workers);
}

static void ask_at(struct bench *bench, struct ip_addr ip, uint64_t domain, struct asker *asker)
{
    assert_true(handle_is_set(pace_request_name(bench->workers, &ip, domain, true, on_answer, asker)));
}

static void release_at(struct bench *bench, struct ip_addr ip, uint64_t domain)
{
    pace_release_probe(bench->workers, &ip, domain, false, NULL);
}

static void run_until_answered(struct bench *bench, const struct asker *asker)
{
    int64_t until_ms = clock_monotonic_ms() + LONG_MS;
    while (asker->answers == 0 && clock_monotonic_ms() < until_ms)
        run_for(bench->workers, 1);
    assert_int_equal(asker->answers, 1);
}

static void test_cancel_while_waiting_for_a_place(void **state)
{
    (void)state;
    struct bench bench;
    struct asker holder = {0}, gone = {0}, next = {0};
    struct ip_addr ip = address(1);
    bench_places(&bench, 1, 1000000, 60000);
    ask_at(&bench, spread(1), 1, &holder);
    run_for(bench.workers, 10);
    struct handle handle = pace_request_name(bench.workers, &ip, GOOD_DOMAIN, true, on_answer, &gone);
    ask_at(&bench, address(2), GOOD_DOMAIN, &next);
    run_for(bench.workers, 10);
    pace_cancel(bench.workers, handle);
    release_at(&bench, spread(1), 1);
    run_until_answered(&bench, &next); /* the place of who left came back */
    assert_int_equal(gone.answers, 0);
    release_at(&bench, address(2), GOOD_DOMAIN);
    run_for(bench.workers, 10);
    assert_int_equal(pacer_open(bench.workers[0].pacer, PACE_SMTP), 0);
    bench_dispose(&bench);
}

static void test_domains_of_hosts(void **state)
{
    static const char *const same[][2] = {{"mx1.example.co.uk", "a.b.example.co.uk"},
                                          {"mx.example.com", "example.com"},
                                          {"mx.tarpit.nowhere", "mx2.tarpit.nowhere"}};
    static const char *const other[][2] = {
        {"mx.a.co.uk", "mx.b.co.uk"}, {"mx.a.github.io", "mx.b.github.io"}, {"a", "b"}, {"com", "org"}};
    struct scan_context context = {.hash_seed = 3};
    const struct worker worker = {.context = &context};
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_true(pace_domain(&worker, same[i][0]) == pace_domain(&worker, same[i][1]));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_true(pace_domain(&worker, other[i][0]) != pace_domain(&worker, other[i][1]));
}

/* ---- what is kept of addresses ------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MANY = 50000 }; /* whose memory is not ours to measure */
#else
enum { MANY = 1000000 };
#endif
enum { AT_ONCE = 500, EVERY = 10000, KEPT_BYTES = 24, MIB = 1 << 20 };

/* Names at each of so many addresses, all let in and over. */
static void serve_names(struct bench *bench, uint32_t first, uint32_t count, int names)
{
    static struct asker askers[AT_ONCE];
    memset(askers, 0, sizeof askers);
    for (int name = 0; name < names; name++) {
        for (uint32_t i = 0; i < count; i++) {
            struct ip_addr ip = spread(first + i);
            askers[i].answers = 0;
            (void)pace_request_name(bench->workers, &ip, 1, false, on_answer, &askers[i]);
        }
        for (uint32_t i = 0; i < count; i++)
            while (askers[i].answers == 0)
                (void)event_base_loop(bench->workers[0].loop.base, EVLOOP_ONCE);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(askers[i].answer, PACE_GRANTED);
            release_at(bench, spread(first + i), 1);
        }
    }
}

static size_t resident_bytes(void)
{
    unsigned long pages = 0, all = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &all, &pages), 2);
    (void)fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* A million addresses with two names each: what is kept of them is small, and their budget stands. */
static void test_many_addresses_with_two_names(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, 1, 1, 1000000, 60000);
    pacer_destroy(bench.workers[0].pacer);
    bench.config.limits_names_per_ip = 3;
    bench.workers[0].pacer = pacer_create(bench.workers);
    serve_names(&bench, 0, AT_ONCE, 2);
    size_t before = resident_bytes();
    for (uint32_t first = AT_ONCE; first < MANY; first += AT_ONCE)
        serve_names(&bench, first, AT_ONCE, 2);
    size_t grown = resident_bytes() - before;
    printf("%d addresses with two names: resident memory grew by %zu bytes each\n", MANY, grown / MANY);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(grown < (size_t)KEPT_BYTES * MANY + 16 * (size_t)MIB); /* what is busy, and the heap's own */
#endif
    for (uint32_t i = 0; i < MANY; i += EVERY) {
        struct asker third = {0}, fourth = {0};
        struct ip_addr ip = spread(i);
        (void)pace_request_name(bench.workers, &ip, 1, false, on_answer, &third);
        run_until_answered(&bench, &third);
        assert_int_equal(third.answer, PACE_GRANTED);
        release_at(&bench, ip, 1);
        (void)pace_request_name(bench.workers, &ip, 1, false, on_answer, &fourth);
        run_until_answered(&bench, &fourth);
        assert_int_equal(fourth.answer, PACE_BUDGET);
    }
    pacer_new_pass(bench.workers[0].pacer);
    struct asker anew = {0};
    ask_at(&bench, spread(0), 1, &anew);
    run_until_answered(&bench, &anew);
    assert_int_equal(anew.answer, PACE_GRANTED);
    bench_dispose(&bench);
}

/* At every size, for those that are kept. */
static void test_bytes_of_a_count(void **state)
{
    (void)state;
    static struct served served;
    served_init(&served, 5);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(served_get(&served, bytes_make(&i, sizeof i)), 0);
        assert_true(served_set(&served, bytes_make(&i, sizeof i), 2 + i % 7));
        if (i > 10000)
            assert_true(served_bytes(&served) <= (size_t)KEPT_BYTES * (i + 1));
    }
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(served_get(&served, bytes_make(&i, sizeof i)), 2 + i % 7);
    uint32_t one = 1;
    assert_true(served_set(&served, bytes_make(&one, sizeof one), 1 << 25));
    assert_int_equal(served_get(&served, bytes_make(&one, sizeof one)), SERVED_NAMES_MOST);
    served_clear(&served);
    assert_int_equal(served_get(&served, bytes_make(&one, sizeof one)), 0);
    assert_int_equal(served_bytes(&served), 0);
    served_clear(&served);
}

static void test_samples_have_a_ceiling(void **state)
{
    enum { CEILING = 64 * 1024, SAMPLES = 1000 };
    (void)state;
    struct samples samples;
    struct ip_addr first = spread(0);
    samples_init(&samples, CEILING, 5);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        struct ip_addr ip = spread(i);
        samples_keep(&samples, &ip, make_sample());
        assert_true(samples.bytes <= CEILING);
        assert_non_null(samples_find(&samples, &first)); /* used all the time */
    }
    assert_true(samples.by_ip.count > 10);
    assert_true(samples.by_ip.count < SAMPLES / 2);
    struct ip_addr second = spread(1), last = spread(SAMPLES - 1);
    assert_null(samples_find(&samples, &second));
    samples_drop(&samples, &last);
    assert_null(samples_find(&samples, &last));
    samples_clear(&samples);
    assert_int_equal(samples.bytes, 0);
}

/* Many loops, few addresses: never more than the limit at an address, and everybody is served. */
enum { LOOPS = 4, EACH = 200, ADDRESSES = 5, CONNECTIONS = 2 };

struct throng {
    struct bench bench;
    atomic_int open[ADDRESSES];
    atomic_int most;
    atomic_int served;
};

struct visitor {
    struct message message;
    struct throng *crowd;
    struct worker *worker;
    int address;
    struct event *leave;
};

static void on_leave(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct visitor *visitor = arg;
    struct throng *crowd = visitor->crowd;
    struct ip_addr ip = address((uint8_t)visitor->address);
    atomic_fetch_sub(&crowd->open[visitor->address], 1);
    pace_release(visitor->worker, &ip, PACE_SMTP, false);
    event_free(visitor->leave);
    free(visitor);
    if (atomic_fetch_add(&crowd->served, 1) + 1 == LOOPS * EACH)
        for (uint32_t i = 0; i < LOOPS; i++)
            (void)loop_stop(&crowd->bench.workers[i].loop);
}

static void on_turn(void *arg, const struct pace_turn *turn)
{
    struct visitor *visitor = arg;
    struct throng *crowd = visitor->crowd;
    struct timeval stay = {.tv_usec = 500};
    if (turn->answer != PACE_GRANTED)
        abort();
    int open = atomic_fetch_add(&crowd->open[visitor->address], 1) + 1;
    if (open > atomic_load(&crowd->most))
        atomic_store(&crowd->most, open);
    visitor->leave = evtimer_new(visitor->worker->loop.base, on_leave, visitor);
    (void)evtimer_add(visitor->leave, &stay);
}

static void arrive(struct message *message, void *receiver)
{
    struct visitor *visitor = (struct visitor *)message;
    struct ip_addr ip = address((uint8_t)visitor->address);
    visitor->worker = receiver;
    (void)pace_request(receiver, &ip, PACE_SMTP, on_turn, visitor);
}

static void test_over_loops(void **state)
{
    (void)state;
    static struct throng crowd;
    bench_init(&crowd.bench, LOOPS, CONNECTIONS, 1000000, 60000);
    for (uint32_t i = 0; i < LOOPS; i++)
        assert_int_equal(loop_start(&crowd.bench.workers[i].loop), ERR_OK);
    for (int i = 0; i < LOOPS * EACH; i++) {
        struct visitor *visitor = calloc(1, sizeof *visitor);
        assert_non_null(visitor);
        *visitor =
            (struct visitor){.message.deliver = arrive, .crowd = &crowd, .address = i / LOOPS % ADDRESSES};
        loop_post(&crowd.bench.workers[i % LOOPS].loop, &visitor->message);
    }
    for (uint32_t i = 0; i < LOOPS; i++)
        loop_join(&crowd.bench.workers[i].loop);
    assert_int_equal(atomic_load(&crowd.served), LOOPS * EACH);
    assert_true(atomic_load(&crowd.most) <= CONNECTIONS);
    bench_dispose(&crowd.bench);
}

int main(void)
{
    suffixes_load();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_inherited),
        cmocka_unit_test(test_half_a_reply_is_no_sample),
        cmocka_unit_test(test_many_silent_addresses),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_destroy_while_waiting),
        cmocka_unit_test(test_over_loops),
        cmocka_unit_test(test_cancel_while_waiting_for_a_place),
        cmocka_unit_test(test_domains_of_hosts),
        cmocka_unit_test(test_many_addresses_with_two_names),
        cmocka_unit_test(test_bytes_of_a_count),
        cmocka_unit_test(test_samples_have_a_ceiling),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
