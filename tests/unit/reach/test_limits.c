/* Turns at IP addresses and places: concurrency, spacing, waiting, silence, who goes first, what is kept of
 * addresses, cancelling; on one loop and over several. */
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

enum { MOST = 64 };

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
    int64_t at_ms;
    bool wants_sample;
    struct arena arena; /* where a test inherits */
    struct probe_facts facts;
};

static void on_answer(void *arg, const struct pace_turn *turn)
{
    struct asker *asker = arg;
    asker->answers++;
    asker->answer = turn->answer;
    asker->wants_sample = turn->wants_sample;
    asker->facts = (struct probe_facts){.host = "heir"};
    if (turn->sample != NULL)
        probe_sample_inherit(turn->sample, &asker->arena, &asker->facts);
    asker->at_ms = clock_monotonic_ms();
}

static int granted(const struct asker *askers, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++)
        number += askers[i].answers == 1 && askers[i].answer == PACE_GRANTED;
    return number;
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[4] = {{0}};
    struct ip_addr ip = address(1);
    bench_init(&bench, 1, 1, 1000000, 60000);
    for (int i = 0; i < 4; i++)
        assert_true(handle_is_set(pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[i])));
    assert_int_equal(granted(askers, 4), 0); /* never from inside */
    for (int done = 1; done <= 4; done++) {
        run_for(bench.workers, 20);
        assert_int_equal(granted(askers, 4), done);
        assert_int_equal(askers[done - 1].answers, 1); /* in order */
        pace_release(bench.workers, &ip, PACE_SMTP, false);
    }
    bench_dispose(&bench);
}

static void test_spacing(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[4] = {{0}};
    struct ip_addr ip = address(1);
    bench_init(&bench, 1, 10, 600, 60000); /* 100 ms apart */
    for (int i = 0; i < 4; i++)
        (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[i]);
    run_for(bench.workers, 600);
    assert_int_equal(granted(askers, 4), 4);
    for (int i = 1; i < 4; i++)
        assert_true(askers[i].at_ms - askers[i - 1].at_ms >= 99);
    bench_dispose(&bench);
}

static void test_other_addresses_and_classes_do_not_wait(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[3] = {{0}};
    struct ip_addr one = address(1);
    struct ip_addr two = address(2);
    bench_init(&bench, 1, 1, 20, 60000);
    (void)pace_request(bench.workers, &one, PACE_SMTP, on_answer, &askers[0]);
    (void)pace_request(bench.workers, &two, PACE_SMTP, on_answer, &askers[1]);
    (void)pace_request(bench.workers, &one, PACE_HTTPS, on_answer, &askers[2]);
    run_for(bench.workers, 20);
    assert_int_equal(granted(askers, 3), 3);
    bench_dispose(&bench);
}

static void test_too_long_is_said_at_once(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[MOST];
    struct ip_addr ip = address(1);
    memset(askers, 0, sizeof askers);
    bench_init(&bench, 1, 1, 60, 10000); /* one a second, ten seconds at most */
    for (int i = 0; i < MOST; i++)
        (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[i]);
    run_for(bench.workers, 50);
    int too_long = 0;
    for (int i = 0; i < MOST; i++)
        too_long += askers[i].answers == 1 && askers[i].answer == PACE_TOO_LONG;
    assert_int_equal(granted(askers, MOST), 1);
    assert_true(too_long >= MOST - 13 && too_long <= MOST - 10);
    bench_dispose(&bench);
}

/* Nobody else waits, but the last connection was too short a while ago. */
static void test_one_that_comes_too_late_is_refused_at_once(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[2] = {{0}, {0}};
    struct ip_addr ip = address(1);
    bench_init(&bench, 1, 1, 1, 1000); /* one a minute, a second at most */
    (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[0]);
    run_for(bench.workers, 20);
    pace_release(bench.workers, &ip, PACE_SMTP, false);
    (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[1]);
    run_for(bench.workers, 20);
    assert_int_equal(granted(askers, 1), 1);
    assert_int_equal(askers[1].answers, 1);
    assert_int_equal(askers[1].answer, PACE_TOO_LONG);
    bench_dispose(&bench);
}

static void test_silent_address_is_dead(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[4] = {{0}};
    struct ip_addr ip = address(1);
    bench_init(&bench, 1, 1, 1000000, 60000);
    for (int i = 0; i < 2; i++)
        (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[i]);
    run_for(bench.workers, 20);
    pace_release(bench.workers, &ip, PACE_SMTP, true);
    run_for(bench.workers, 20);
    assert_int_equal(askers[1].answer, PACE_DEAD); /* who waited */
    (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[2]);
    (void)pace_request(bench.workers, &ip, PACE_HTTPS, on_answer, &askers[3]);
    run_for(bench.workers, 20);
    assert_int_equal(askers[2].answer, PACE_DEAD);    /* who comes later */
    assert_int_equal(askers[3].answer, PACE_GRANTED); /* port 443 is another matter */
    bench_dispose(&bench);
}

/* What an earlier run of the scan found silent takes no place, and gives none back. */
static void test_silence_of_an_earlier_run(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[6] = {{0}};
    bench_init(&bench, 1, 1, 1000000, 60000);
    for (uint8_t i = 0; i < 3; i++) {
        struct ip_addr silent = address((uint8_t)(100 + i));
        pace_note_silent(bench.workers, &silent, PACE_SMTP);
        pace_note_silent(bench.workers, &silent, PACE_HTTPS);
    }
    run_for(bench.workers, 20);
    for (uint8_t i = 0; i < 6; i++) { /* of three hosts, by both ports */
        struct ip_addr ip = address((uint8_t)(i / 2 + 1));
        (void)pace_request(bench.workers, &ip, i % 2 == 0 ? PACE_SMTP : PACE_HTTPS, on_answer, &askers[i]);
    }
    run_for(bench.workers, 20);
    assert_int_equal(granted(askers, 6), 6);
    struct asker late[2] = {{0}};
    struct ip_addr silent = address(101);
    (void)pace_request(bench.workers, &silent, PACE_SMTP, on_answer, &late[0]);
    (void)pace_request(bench.workers, &silent, PACE_HTTPS, on_answer, &late[1]);
    run_for(bench.workers, 20);
    assert_int_equal(late[0].answer, PACE_DEAD);
    assert_int_equal(late[1].answer, PACE_DEAD);
    bench_dispose(&bench);
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

enum { BUDGET = 4, NAMES = 10 };

static void ask_names(struct bench *bench, const struct ip_addr *ip, struct asker *askers, int count,
                      bool exempt)
{
    for (int i = 0; i < count; i++)
        assert_true(handle_is_set(pace_request_name(&bench->workers[(uint32_t)i % bench->count], ip, 0,
                                                    exempt, on_answer, &askers[i])));
}

static void run_all(struct bench *bench, int ms)
{
    for (int turn = 0; turn < 4; turn++)
        for (uint32_t i = 0; i < bench->count; i++)
            run_for(&bench->workers[i], ms);
}

static int answered_with(const struct asker *askers, int count, enum pace_answer answer)
{
    int number = 0;
    for (int i = 0; i < count; i++)
        number += askers[i].answers == 1 && askers[i].answer == answer;
    return number;
}

static void check_inherited(const struct asker *asker)
{
    const struct probe_facts *facts = &asker->facts;
    assert_true(facts->shared);
    assert_string_equal(facts->host, "heir");
    assert_int_equal(facts->greeting.len, strlen("mx.example ESMTP"));
    assert_int_equal(facts->ehlo_count, 2);
    assert_memory_equal(facts->ehlo[1].data, "STARTTLS", 8);
    assert_true(facts->starttls_offered);
    assert_int_equal(facts->tls.version, 0x0304);
    assert_int_equal(facts->tls.end, TLS_NOT_TRIED); /* no handshake of its own, no certificate, no match */
    assert_int_equal(facts->tls.cert_count, 0);
    assert_false(facts->tls.name_match);
}

/* Over two loops: as many names as the budget says are probed, the rest wait for a sample and inherit it. */
static void test_names_budget(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[NAMES];
    struct asker always;
    struct ip_addr ip = address(1);
    memset(askers, 0, sizeof askers);
    memset(&always, 0, sizeof always);
    bench_init(&bench, 2, NAMES, 1000000, 60000);
    for (uint32_t i = 0; i < bench.count; i++) {
        pacer_destroy(bench.workers[i].pacer);
        bench.config.limits_names_per_ip = BUDGET;
        bench.workers[i].pacer = pacer_create(&bench.workers[i]);
    }
    for (int i = 0; i < NAMES; i++)
        arena_init(&askers[i].arena, 65536);
    ask_names(&bench, &ip, askers, NAMES, false);
    run_all(&bench, 20);
    assert_int_equal(granted(askers, NAMES), BUDGET);
    assert_int_equal(answered_with(askers, NAMES, PACE_BUDGET), 0); /* nothing to inherit yet */
    pace_release_probe(bench.workers, &ip, 0, false, make_sample());
    run_all(&bench, 20);
    assert_int_equal(answered_with(askers, NAMES, PACE_BUDGET), NAMES - BUDGET);
    for (int i = 0; i < NAMES; i++)
        if (askers[i].answer == PACE_BUDGET)
            check_inherited(&askers[i]);
    ask_names(&bench, &ip, &always, 1, true);
    run_all(&bench, 20);
    assert_int_equal(granted(&always, 1), 1); /* TLSA records or a policy: the name itself is looked at */
    for (int i = 0; i < NAMES; i++)
        arena_dispose(&askers[i].arena);
    bench_dispose(&bench);
}

/* Where no probe of the address saw anything there is nothing to inherit, and nobody waits for ever. */
static void test_names_budget_without_sample(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[3];
    struct ip_addr ip = address(1);
    memset(askers, 0, sizeof askers);
    bench_init(&bench, 1, 1, 1000000, 60000);
    pacer_destroy(bench.workers[0].pacer);
    bench.config.limits_names_per_ip = 1;
    bench.workers[0].pacer = pacer_create(bench.workers);
    ask_names(&bench, &ip, askers, 2, false);
    run_all(&bench, 20);
    assert_int_equal(granted(askers, 2), 1);
    assert_true(askers[0].wants_sample);
    pace_release_probe(bench.workers, &ip, 0, false, NULL);
    run_all(&bench, 20);
    assert_int_equal(askers[1].answer, PACE_BUDGET);
    assert_false(askers[1].facts.shared);
    pacer_new_pass(bench.workers[0].pacer);
    ask_names(&bench, &ip, &askers[2], 1, false);
    run_all(&bench, 20);
    assert_int_equal(granted(&askers[2], 1), 1); /* a new pass has a budget of its own */
    bench_dispose(&bench);
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
    probe.end = SMTP_END_NOT_OFFERED; /* the whole reply came */
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
    assert_int_equal(set.count, SILENT);
    assert_true(set.capacity * sizeof *set.places <= (size_t)SILENT * MOST_BYTES);
    silent_clear(&set);
    uint32_t first = 0;
    assert_false(silent_has(&set, bytes_make(&first, sizeof first)));
    silent_dispose(&set);
}

/* Where all places of those who wait are taken, nobody queues up behind another: a domain in flight never
 * stands still. */
static void test_no_place_to_wait(void **state)
{
    (void)state;
    struct bench bench;
    struct asker askers[4] = {{0}, {0}, {0}, {0}};
    struct ip_addr ip = address(1);
    struct ip_addr other = address(2);
    bench_init(&bench, 1, 1, 20, 60000);
    bench.config.limits_parked = 3;
    for (int i = 0; i < 2; i++) /* one is let in, one waits */
        (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[i]);
    run_for(bench.workers, 20);
    atomic_store(&bench.context.parked, 3);
    (void)pace_request(bench.workers, &ip, PACE_SMTP, on_answer, &askers[2]);
    (void)pace_request(bench.workers, &other, PACE_SMTP, on_answer, &askers[3]);
    run_for(bench.workers, 20);
    assert_int_equal(askers[1].answers, 0);
    assert_int_equal(askers[2].answer, PACE_TOO_LONG);
    assert_int_equal(askers[2].answers, 1);
    assert_int_equal(askers[3].answer, PACE_GRANTED);
    bench_dispose(&bench);
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

enum { PLACES = 10, TARPIT = 300, TARPIT_DOMAIN = 77, GOOD_DOMAIN = 99, LONG_MS = 20000 };

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

static void test_a_tarpit_waits_for_its_own(void **state)
{
    (void)state;
    struct bench bench;
    struct asker tarpit[TARPIT];
    struct asker good = {0};
    memset(tarpit, 0, sizeof tarpit);
    bench_places(&bench, PLACES, 1000000, 60000);
    for (uint32_t i = 0; i < TARPIT; i++)
        ask_at(&bench, spread(i), TARPIT_DOMAIN, &tarpit[i]);
    run_for(bench.workers, 20);
    assert_int_equal(granted(tarpit, TARPIT), PLACES); /* no ceiling while places are free */
    ask_at(&bench, address(1), GOOD_DOMAIN, &good);
    run_for(bench.workers, 20);
    assert_int_equal(good.answers, 0);
    release_at(&bench, spread(0), TARPIT_DOMAIN);
    run_until_answered(&bench, &good);
    assert_int_equal(good.answer, PACE_GRANTED);
    assert_int_equal(granted(tarpit, TARPIT), PLACES);
    release_at(&bench, address(1), GOOD_DOMAIN);
    run_until_answered(&bench, &tarpit[PLACES]);
    assert_int_equal(pacer_open(bench.workers[0].pacer, PACE_SMTP), PLACES);
    bench_dispose(&bench);
}

/* Behind one of the tarpit's names in the line of its own address. */
static void test_a_tarpits_name_does_not_block_an_address(void **state)
{
    (void)state;
    struct bench bench;
    static struct asker tarpit[PLACES + 4000];
    struct asker early = {0}, late = {0}, last = {0}, other = {0};
    memset(tarpit, 0, sizeof tarpit);
    bench_places(&bench, PLACES, 1000000, 60000);
    for (uint32_t i = 0; i < PLACES; i++)
        ask_at(&bench, spread(i), TARPIT_DOMAIN, &tarpit[i]);
    run_for(bench.workers, 20);
    for (uint32_t i = PLACES; i < PLACES + 200; i++)
        ask_at(&bench, address(1), TARPIT_DOMAIN, &tarpit[i]);
    ask_at(&bench, address(1), GOOD_DOMAIN, &early);
    ask_at(&bench, address(1), GOOD_DOMAIN + 2, &late);
    for (uint32_t i = PLACES + 200; i < PLACES + 400; i++)
        ask_at(&bench, address(1), TARPIT_DOMAIN, &tarpit[i]);
    ask_at(&bench, address(1), GOOD_DOMAIN + 4, &last);
    run_for(bench.workers, 20);
    release_at(&bench, spread(0), TARPIT_DOMAIN); /* whoever arrives is looked at, */
    run_until_answered(&bench, &early);
    release_at(&bench, address(1), GOOD_DOMAIN); /* so are the first when the turn comes, */
    run_until_answered(&bench, &late);
    ask_at(&bench, address(2), GOOD_DOMAIN + 6, &other);
    run_for(bench.workers, 20);
    release_at(&bench, address(1), GOOD_DOMAIN + 2);
    run_until_answered(&bench, &other);
    run_for(bench.workers, 1800); /* and all of them now and then */
    release_at(&bench, address(2), GOOD_DOMAIN + 6);
    run_until_answered(&bench, &last);
    assert_int_equal(granted(tarpit, PLACES + 400), PLACES);
    bench_dispose(&bench);
}

/* What waits for a place has not had its turn: the pace is that of connections. */
static void test_the_pace_counts_from_the_place(void **state)
{
    enum { EVERY_MS = 150 };
    (void)state;
    struct bench bench;
    struct asker holder = {0}, askers[2] = {{0}};
    bench_places(&bench, 1, 60000 / EVERY_MS, 60000);
    ask_at(&bench, spread(1), 1, &holder);
    run_for(bench.workers, 10);
    for (int i = 0; i < 2; i++)
        ask_at(&bench, address(1), GOOD_DOMAIN, &askers[i]);
    run_for(bench.workers, 2 * EVERY_MS); /* in which both could have had their turns */
    assert_int_equal(granted(askers, 2), 0);
    release_at(&bench, spread(1), 1);
    run_until_answered(&bench, &askers[0]);
    release_at(&bench, address(1), GOOD_DOMAIN);
    run_until_answered(&bench, &askers[1]);
    assert_true(askers[1].at_ms - askers[0].at_ms >= EVERY_MS - 1);
    bench_dispose(&bench);
}

static void test_waiting_for_a_place_has_an_end(void **state)
{
    enum { WAIT = 300 };
    (void)state;
    struct bench bench;
    struct asker holder = {0}, waits = {0}, again = {0};
    bench_places(&bench, 1, 1000000, WAIT);
    ask_at(&bench, spread(1), 1, &holder);
    run_for(bench.workers, 10);
    int64_t asked_ms = clock_monotonic_ms();
    ask_at(&bench, address(1), GOOD_DOMAIN, &waits);
    run_until_answered(&bench, &waits);
    assert_int_equal(waits.answer, PACE_TOO_LONG);
    assert_true(waits.at_ms - asked_ms >= WAIT);
    release_at(&bench, spread(1), 1); /* nobody stands at the gate for it any more */
    run_for(bench.workers, 10);
    assert_int_equal(pacer_open(bench.workers[0].pacer, PACE_SMTP), 0);
    ask_at(&bench, address(1), GOOD_DOMAIN, &again);
    run_until_answered(&bench, &again);
    assert_int_equal(again.answer, PACE_GRANTED);
    bench_dispose(&bench);
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

/* A policy host's key is its address. */
static void test_crowded_policy_host_waits_for_its_own(void **state)
{
    (void)state;
    struct bench bench;
    struct asker crowd[100];
    struct asker good = {0};
    struct ip_addr crowded = address(1), other = address(2);
    memset(crowd, 0, sizeof crowd);
    bench_places(&bench, PLACES, 1000000, 60000);
    pacer_destroy(bench.workers[0].pacer);
    bench.config.limits_https_connections = 1000;
    bench.config.limits_https_per_minute = 60000000;
    bench.workers[0].pacer = pacer_create(bench.workers);
    for (int i = 0; i < 100; i++)
        (void)pace_request(bench.workers, &crowded, PACE_HTTPS, on_answer, &crowd[i]);
    run_for(bench.workers, 20);
    assert_int_equal(granted(crowd, 100), PLACES);
    (void)pace_request(bench.workers, &other, PACE_HTTPS, on_answer, &good);
    run_for(bench.workers, 20);
    pace_release(bench.workers, &crowded, PACE_HTTPS, false);
    run_until_answered(&bench, &good);
    assert_int_equal(granted(crowd, 100), PLACES);
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

struct crowd {
    struct bench bench;
    atomic_int open[ADDRESSES];
    atomic_int most;
    atomic_int served;
};

struct visitor {
    struct message message;
    struct crowd *crowd;
    struct worker *worker;
    int address;
    struct event *leave;
};

static void on_leave(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct visitor *visitor = arg;
    struct crowd *crowd = visitor->crowd;
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
    struct crowd *crowd = visitor->crowd;
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
    static struct crowd crowd;
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
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_spacing),
        cmocka_unit_test(test_other_addresses_and_classes_do_not_wait),
        cmocka_unit_test(test_too_long_is_said_at_once),
        cmocka_unit_test(test_one_that_comes_too_late_is_refused_at_once),
        cmocka_unit_test(test_silent_address_is_dead),
        cmocka_unit_test(test_silence_of_an_earlier_run),
        cmocka_unit_test(test_names_budget),
        cmocka_unit_test(test_names_budget_without_sample),
        cmocka_unit_test(test_half_a_reply_is_no_sample),
        cmocka_unit_test(test_many_silent_addresses),
        cmocka_unit_test(test_no_place_to_wait),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_destroy_while_waiting),
        cmocka_unit_test(test_over_loops),
        cmocka_unit_test(test_a_tarpit_waits_for_its_own),
        cmocka_unit_test(test_a_tarpits_name_does_not_block_an_address),
        cmocka_unit_test(test_the_pace_counts_from_the_place),
        cmocka_unit_test(test_waiting_for_a_place_has_an_end),
        cmocka_unit_test(test_cancel_while_waiting_for_a_place),
        cmocka_unit_test(test_crowded_policy_host_waits_for_its_own),
        cmocka_unit_test(test_domains_of_hosts),
        cmocka_unit_test(test_many_addresses_with_two_names),
        cmocka_unit_test(test_bytes_of_a_count),
        cmocka_unit_test(test_samples_have_a_ceiling),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
