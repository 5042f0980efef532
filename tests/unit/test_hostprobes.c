/* What of an earlier look at an MX host holds when its TLSA records are asked for anew. Probes are scripts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/hostprobes.h"
#include "scanner/worker.h"

enum { ARENA_BYTES = 65536, FIRST_BYTES = 512, THEN = 1, NOW = 2 };

static unsigned probes_made;
static struct looks_again due; /* of the next look */

/* The time of it is what a test tells the two looks apart by. */
void probe_run_start(struct probe_run *run, struct worker *worker, const struct host_facts *host,
                     const struct ip_addr *ip, enum probe_leave leave, void (*done)(void *arg), void *arg)
{
    (void)leave;
    *run = (struct probe_run){.worker = worker, .host = host};
    run->facts = (struct probe_facts){.host = host->host, .ip = *ip, .time = NOW};
    probes_made++;
    done(arg);
}

void probe_run_dispose(struct probe_run *run)
{
    (void)run;
}

bool probe_looks_for_anchors(const struct tlsa_facts *tlsa)
{
    for (size_t i = 0; i < tlsa->rr_count; i++)
        if (tlsa->rrs[i].usage == 2)
            return true;
    return false;
}

void probe_facts_compact(const struct probe_facts *from, const struct host_facts *host, struct arena *arena,
                         struct probe_facts *to)
{
    (void)host, (void)arena;
    *to = *from;
}

void host_result_release(struct host_result *result)
{
    (void)result;
}

static void on_host(void *arg, struct worker *worker, const struct probe_facts *probe)
{
    (void)worker;
    assert_int_equal(probe->time, NOW);
    ++*(unsigned *)arg;
}

static void on_done(void *arg)
{
    ++*(int *)arg;
}

static struct tlsa_rr record(uint8_t usage, const char *data)
{
    return (struct tlsa_rr){usage, 1, 1, bytes_of(data)};
}

/* Looks again at a host of one address that was probed when `then` stood. When is its probe of? `whole`: as
 * check has it. */
static int64_t look_again_at(const struct tlsa_facts *then, const struct tlsa_facts *now, bool whole)
{
    struct config config = {.smtp_max_addresses = 4};
    unsigned records = 0;
    struct scan_context context = {
        .config = &config, .whole_facts = whole, .sink = {.arg = &records, .host = on_host}};
    struct worker worker = {.count = 1, .context = &context};
    struct ip_addr ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
    struct probe_facts probe = {
        .host = "mx.example", .ip = ip, .time = THEN, .greeting = bytes_of("mx.example ESMTP")};
    struct host_result earlier = {.facts = {.host = "mx.example", .probes = &probe, .probe_count = 1}};
    struct host_result result = {.facts = {.host = "mx.example", .address = {.ips = &ip, .ip_count = 1}}};
    struct host_probes probes;
    int done = 0;
    earlier.facts.tlsa = *then;
    result.facts.tlsa = *now;
    arena_init_small(&result.arena, ARENA_BYTES, FIRST_BYTES);
    probes_made = 0;
    host_probes_start(&probes, &worker, &result, &earlier, &due, PROBE_ALWAYS, on_done, &done);
    assert_int_equal(done, 1);
    host_probes_publish(&probes);
    assert_int_equal(result.facts.probe_count, 1);
    assert_int_equal(records, probes_made);
    int64_t time = result.facts.probes[0].time;
    if (whole && time == THEN) { /* what it said is told again, and stays as long as it is */
        assert_ptr_equal(result.before, &earlier);
        assert_int_equal(earlier.references, 1);
        assert_true(bytes_equal(result.facts.probes[0].greeting, probe.greeting));
    }
    free(result.kept);
    arena_dispose(&result.arena);
    return time;
}

static int64_t look_again(const struct tlsa_facts *then, const struct tlsa_facts *now)
{
    return look_again_at(then, now, false);
}

static void other_anchors_are_another_probe(void **state)
{
    struct tlsa_rr anchor = record(2, "a"), other = record(2, "b"), leaf = record(3, "a");
    struct tlsa_rr both[] = {anchor, other};
    const struct tlsa_facts none = {0};
    const struct tlsa_facts with_anchor = {.rrs = &anchor, .rr_count = 1};
    const struct tlsa_facts with_other = {.rrs = &other, .rr_count = 1};
    const struct tlsa_facts with_both = {.rrs = both, .rr_count = 2};
    const struct tlsa_facts with_leaf = {.rrs = &leaf, .rr_count = 1};
    (void)state;
    assert_int_equal(look_again(&none, &with_anchor), NOW);
    assert_int_equal(look_again(&with_leaf, &with_anchor), NOW);
    assert_int_equal(look_again(&with_anchor, &with_other), NOW);
    assert_int_equal(look_again(&with_anchor, &with_both), NOW);
    assert_int_equal(look_again(&with_both, &with_anchor), NOW);
}

static void what_holds_is_not_probed_again(void **state)
{
    struct tlsa_rr anchor = record(2, "a"), again = record(2, "a"), leaf = record(3, "a"),
                   other = record(3, "b");
    const struct tlsa_facts none = {0};
    const struct tlsa_facts with_anchor = {.rrs = &anchor, .rr_count = 1};
    const struct tlsa_facts with_again = {.rrs = &again, .rr_count = 1};
    const struct tlsa_facts with_leaf = {.rrs = &leaf, .rr_count = 1};
    const struct tlsa_facts with_other = {.rrs = &other, .rr_count = 1};
    (void)state;
    assert_int_equal(look_again(&none, &none), THEN);
    assert_int_equal(look_again(&with_anchor, &with_again), THEN);
    assert_int_equal(look_again(&with_anchor, &none), THEN);
    assert_int_equal(look_again(&none, &with_leaf), THEN); /* a leaf's digests are always facts */
    assert_int_equal(look_again(&with_leaf, &with_other), THEN);
}

/* TLS-7: what one look did not decide is probed anew, by its time and address; nothing else is. */
static void a_second_look_is_another_probe(void **state)
{
    const struct tlsa_facts nothing = {0};
    struct look_again list[] = {{.ip = ip_v4((const uint8_t[]){192, 0, 2, 2}), .time = THEN},
                                {.ip = ip_v4((const uint8_t[]){192, 0, 2, 1}), .time = THEN}};
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        due = (struct looks_again){NULL, 0};
        assert_int_equal(look_again_at(&nothing, &nothing, whole), THEN);
        due = (struct looks_again){list, 1}; /* another address */
        assert_int_equal(look_again_at(&nothing, &nothing, whole), THEN);
        due = (struct looks_again){list, 2};
        assert_int_equal(look_again_at(&nothing, &nothing, whole), NOW);
        list[1].time = THEN - 1; /* somebody has looked since */
        assert_int_equal(look_again_at(&nothing, &nothing, whole), THEN);
        list[1].time = THEN;
    }
    due = (struct looks_again){NULL, 0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_anchors_are_another_probe),
        cmocka_unit_test(what_holds_is_not_probed_again),
        cmocka_unit_test(a_second_look_is_another_probe),
    };
    return cmocka_run_group_tests_name("hostprobes", tests, NULL, NULL);
}
