/* A domain's way: what is under way of it in each state, when it counts in scan.in_flight and when among the
 * parked, and what it leaves behind when it is ended. Lookups, MX hosts and the policy's visit are scripts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "input/optout_list.h"
#include "scanner/reach/domain.h"
#include "scanner/reach/hosts.h"
#include "scanner/reach/nearmiss.h"
#include "scanner/reach/policyhost.h"
#include "scanner/reach/worker.h"

enum { MOST = 8 };

/* ---- what is under way --------------------------------------------------------------------------------- */

struct waiting_lookup {
    uint16_t type;
    bool mta_sts;
    lookup_done done;
    void *arg;
};

struct waiting_host {
    host_ready ready;
    void *arg;
};

static struct {
    struct waiting_lookup lookups[MOST];
    size_t lookup_count;
    struct waiting_host hosts[MOST];
    size_t host_count;
    void (*visited)(void *arg);
    void *visit_arg;
    unsigned lookups_cancelled, hosts_cancelled, visits_cancelled, looks_cancelled;
    unsigned records, releases, records_at_release;
} way;

struct lookup_handle lookup_start_last(struct lookup_engine *engine, const char *name, uint16_t type,
                                       lookup_done done, void *arg)
{
    (void)engine;
    assert_true(way.lookup_count < MOST);
    way.lookups[way.lookup_count++] =
        (struct waiting_lookup){type, strncmp(name, "_mta-sts.", 9) == 0, done, arg};
    return (struct lookup_handle){{(uint32_t)way.lookup_count, 1}};
}

struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg)
{
    return lookup_start_last(engine, name, type, done, arg);
}

void lookup_follow(struct lookup_engine *engine, struct trace *trace)
{
    (void)engine, (void)trace;
}

void lookup_cancel(struct lookup_engine *engine, struct lookup_handle handle)
{
    (void)engine;
    way.lookups_cancelled += handle_is_set(handle.handle);
}

struct handle hosts_request(struct worker *worker, const struct host_request *request)
{
    (void)worker;
    assert_true(way.host_count < MOST);
    way.hosts[way.host_count++] = (struct waiting_host){request->ready, request->arg};
    return (struct handle){(uint32_t)way.host_count, 1};
}

void hosts_cancel(struct worker *worker, struct handle handle)
{
    (void)worker;
    way.hosts_cancelled += handle_is_set(handle);
}

bool policy_visit_start(struct policy_visit *visit, struct worker *worker, struct trace *trace,
                        struct domain_facts *domain, struct arena *arena, void (*done)(void *arg), void *arg)
{
    (void)visit, (void)worker, (void)trace, (void)arena;
    assert_string_equal(domain->domain, "a.example");
    way.visited = done;
    way.visit_arg = arg;
    return true;
}

void policy_visit_cancel(struct policy_visit *visit)
{
    (void)visit;
    way.visits_cancelled++;
}

bool near_miss_is_due(const struct domain_facts *facts)
{
    return facts->txt.lookup.status != DNS_ANSWERED;
}

void near_miss_start(struct near_miss_look *look, struct lookup_engine *dns, struct arena *arena,
                     struct domain_facts *facts, void (*done)(void *arg), void *arg)
{
    (void)look, (void)dns, (void)arena, (void)facts, (void)done, (void)arg;
}

void near_miss_cancel(struct near_miss_look *look)
{
    (void)look;
    way.looks_cancelled++;
}

/* ---- one loop ------------------------------------------------------------------------------------------ */

struct bench {
    struct config config;
    struct scan_context context;
    struct worker worker;
    struct host_result results[2];
};

static void on_domain(void *arg, struct worker *worker, const struct domain_facts *facts,
                      const struct judgement *judgement)
{
    (void)arg, (void)worker, (void)judgement;
    assert_string_equal(facts->domain, "a.example");
    way.records++;
}

static void on_release(void *arg, struct worker *worker)
{
    (void)arg, (void)worker;
    way.releases++;
    way.records_at_release = way.records;
}

static void bench_open(struct bench *bench, int64_t parked)
{
    struct buf said;
    memset(bench, 0, sizeof *bench);
    memset(&way, 0, sizeof way);
    assert_int_equal(config_init(&bench->config), ERR_OK);
    bench->config.limits_parked = parked;
    buf_init(&said, 256);
    bench->context.config = &bench->config;
    bench->context.results.domain = on_domain;
    bench->context.results.release = on_release;
    assert_int_equal(optout_read("", "", &bench->context.optout, &said), ERR_OK);
    buf_dispose(&said);
    bench->worker = (struct worker){.all = &bench->worker, .count = 1, .context = &bench->context, .pass = 1};
    slots_init(&bench->worker.domains);
    for (size_t i = 0; i < 2; i++) {
        bench->results[i].references = 2; /* one stays here */
        bench->results[i].facts.host = i == 0 ? "mx0.example" : "mx1.example";
    }
}

static void bench_close(struct bench *bench)
{
    domains_end(&bench->worker);
    assert_int_equal(atomic_load(&bench->context.parked), 0);
    optout_destroy(bench->context.optout);
    config_dispose(&bench->config);
}

static void start(struct bench *bench)
{
    const struct domain_input input = {.ordinal = 1, .domain = "a.example"};
    assert_int_equal(domain_start(&bench->worker, &input), ERR_OK);
    assert_int_equal(way.lookup_count, 3);
}

/* RFC 1035 section 3.3: preference and name; a string and its length. */
static void answer_lookup(size_t which, bool intent)
{
    static const uint8_t record[] = "\x10v=STSv1; id=2026;";
    static const uint8_t mx[2][15] = {"\x00\x0a\x03mx0\x07"
                                      "example",
                                      "\x00\x14\x03mx1\x07"
                                      "example"};
    const struct waiting_lookup *lookup = &way.lookups[which];
    struct dns_rr rrs[2] = {0};
    struct dns_answer answer = {.type = lookup->type, .owner = "x", .rrs = rrs};
    answer.lookup.status = DNS_NXDOMAIN;
    if (lookup->type == DNS_TYPE_MX) {
        answer.lookup.status = DNS_ANSWERED;
        answer.rr_count = 2;
        for (size_t i = 0; i < 2; i++)
            rrs[i].rdata = bytes_make(mx[i], sizeof mx[i]);
    } else if (lookup->mta_sts && intent) {
        answer.lookup.status = DNS_ANSWERED;
        answer.rr_count = 1;
        rrs[0].rdata = bytes_make(record, 17);
    }
    lookup->done(lookup->arg, &answer);
}

static void answer_lookups(bool intent)
{
    for (size_t i = 0; i < 3; i++)
        answer_lookup(i, intent);
}

static void answer_host(struct bench *bench, size_t which)
{
    way.hosts[which].ready(way.hosts[which].arg, &bench->results[which]);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static void a_domain_is_parked_from_its_first_answer_on(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, 10);
    start(&bench);
    assert_int_equal(atomic_load(&bench.context.parked), 0);
    answer_lookups(true);
    assert_int_equal(way.host_count, 2);
    assert_int_equal(atomic_load(&bench.context.parked), 1);
    assert_int_equal(way.releases, 1);
    assert_int_equal(way.records_at_release, 0);
    answer_host(&bench, 0);
    way.visited(way.visit_arg);
    assert_int_equal(way.records, 0);
    answer_host(&bench, 1);
    assert_int_equal(way.records, 1);
    assert_int_equal(way.releases, 1); /* and no second one */
    assert_int_equal(atomic_load(&bench.context.parked), 0);
    assert_int_equal(bench.results[0].references, 1);
    assert_int_equal(bench.results[1].references, 1);
    bench_close(&bench);
}

/* limits.parked is reached: it stays in flight until its record is made, and is released after that. */
static void a_domain_without_a_place_to_wait_stays_in_flight(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, 1);
    atomic_store(&bench.context.parked, 1);
    start(&bench);
    answer_lookups(true);
    answer_host(&bench, 0);
    answer_host(&bench, 1);
    assert_int_equal(way.releases, 0);
    assert_int_equal(atomic_load(&bench.context.parked), 1);
    way.visited(way.visit_arg);
    assert_int_equal(way.records, 1);
    assert_int_equal(way.releases, 1);
    assert_int_equal(way.records_at_release, 1);
    assert_int_equal(atomic_load(&bench.context.parked), 1);
    atomic_store(&bench.context.parked, 0);
    bench_close(&bench);
}

/* Whatever is under way when a domain is ended is cancelled, once, and nothing comes of it. */
static void a_domain_that_is_ended_leaves_nothing_under_way(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, 10);
    start(&bench);
    answer_lookup(0, true);
    bench_close(&bench);
    assert_int_equal(way.lookups_cancelled, 2);
    bench_open(&bench, 10);
    start(&bench);
    answer_lookups(true);
    answer_host(&bench, 0);
    bench_close(&bench); /* checks that it is not parked any more */
    assert_int_equal(way.lookups_cancelled, 0);
    assert_int_equal(way.hosts_cancelled, 1);
    assert_int_equal(way.visits_cancelled, 1);
    assert_int_equal(way.looks_cancelled, 0);
    assert_int_equal(bench.results[0].references, 1);
    bench_open(&bench, 10);
    start(&bench);
    answer_lookups(true);
    way.visited(way.visit_arg);
    bench_close(&bench);
    assert_int_equal(way.visits_cancelled, 0);
    assert_int_equal(way.hosts_cancelled, 2);
    bench_open(&bench, 10);
    start(&bench);
    answer_lookups(false);
    bench_close(&bench);
    assert_int_equal(way.visits_cancelled, 0);
    assert_int_equal(way.looks_cancelled, 1);
    assert_int_equal(way.records, 0);
}

/* The look for near misses costs lookups alone, as the records did: the domain stays in flight meanwhile. */
static void a_look_for_near_misses_parks_nobody(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, 10);
    start(&bench);
    answer_lookups(false);
    assert_null(way.visited);
    answer_host(&bench, 0);
    answer_host(&bench, 1);
    assert_int_equal(way.releases, 0);
    assert_int_equal(atomic_load(&bench.context.parked), 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_parked_from_its_first_answer_on),
        cmocka_unit_test(a_domain_without_a_place_to_wait_stays_in_flight),
        cmocka_unit_test(a_domain_that_is_ended_leaves_nothing_under_way),
        cmocka_unit_test(a_look_for_near_misses_parks_nobody),
    };
    return cmocka_run_group_tests_name("domain", tests, NULL, NULL);
}
