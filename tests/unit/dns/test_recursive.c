/*
 * The embedded resolver against authoritative servers of our own: a private root on 127.0.0.0/8, port 53, in
 * a network namespace of the test's own. Without the right to make one, all cases are skipped.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "scanner/base/clock.h"
#include "scanner/config/config.h"
#include "scanner/dns/lookup.h"
#include "tests/unit/dns/recursive_world.h"

/* ---- the engine under test ----------------------------------------------------------------------------- */

struct bench {
    struct config config;
    struct ip_set allow;
    const struct ip_set *left_alone;
    struct event_base *base;
    struct lookup_engine *engine;
    bool inside_start;
};

/* What one lookup gave. */
struct seen {
    struct bench *bench;
    unsigned calls;
    enum dns_status status;
    enum dns_security security;
    uint32_t ttl;
    size_t cname_count, rr_count;
    uint8_t rdata[64];
    size_t rdata_len;
    char owner[64], why_bogus[256];
    int64_t at_ms;
    struct seen *next; /* looked up from inside the callback */
    const char *next_name;
};

static void open_engine(struct bench *bench)
{
    const char *why = NULL;
    const struct lookup_bounds bounds = {.allow = &bench->allow, .left_alone = bench->left_alone};
    bench->engine = lookup_engine_create(bench->base, &bench->config, NULL, &bounds, 1, &why);
    if (bench->engine == NULL)
        fail_msg("no engine: %s", why);
}

static void configure(struct bench *bench, const char *name, const char *value)
{
    struct buf why;
    buf_init(&why, 4096);
    if (config_set(&bench->config, name, value, "test", &why) != ERR_OK)
        fail_msg("%s", buf_string(&why));
    buf_dispose(&why);
}

static void open_bench(struct bench *bench, const char *allow)
{
    if (!world.usable)
        skip();
    *bench = (struct bench){.base = event_base_new()};
    assert_non_null(bench->base);
    assert_int_equal(config_init(&bench->config), ERR_OK);
    configure(bench, "dns.root_hints", world.hints);
    configure(bench, "dns.trust_anchor", world.anchor);
    configure(bench, "dns.timeout", "500ms");
    assert_int_equal(ip_set_parse(allow, &bench->allow, NULL), ERR_OK);
}

static void close_bench(struct bench *bench)
{
    lookup_engine_destroy(bench->engine);
    event_base_free(bench->base);
    ip_set_dispose(&bench->allow);
    config_dispose(&bench->config);
}

static void on_answer(void *arg, const struct dns_answer *answer);

static struct lookup_handle look_up(struct bench *bench, const char *name, uint16_t type,
                                    struct seen *outcome)
{
    outcome->bench = bench;
    bench->inside_start = true;
    struct lookup_handle handle = lookup_start(bench->engine, name, type, on_answer, outcome);
    bench->inside_start = false;
    assert_true(handle_is_set(handle.handle));
    return handle;
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
    struct seen *outcome = arg;
    assert_false(outcome->bench->inside_start);
    outcome->calls++;
    outcome->status = answer->lookup.status;
    outcome->security = answer->lookup.security;
    outcome->ttl = answer->lookup.ttl;
    outcome->cname_count = answer->lookup.cname_count;
    outcome->rr_count = answer->rr_count;
    outcome->at_ms = clock_monotonic_ms();
    if (answer->rr_count > 0 && answer->rrs[0].rdata.len <= sizeof outcome->rdata) {
        outcome->rdata_len = answer->rrs[0].rdata.len;
        memcpy(outcome->rdata, answer->rrs[0].rdata.data, outcome->rdata_len);
    }
    (void)snprintf(outcome->owner, sizeof outcome->owner, "%s", answer->owner);
    if (answer->lookup.why_bogus != NULL)
        (void)snprintf(outcome->why_bogus, sizeof outcome->why_bogus, "%s", answer->lookup.why_bogus);
    if (outcome->next != NULL)
        (void)look_up(outcome->bench, outcome->next_name, DNS_TYPE_A, outcome->next);
}

static void run_for(struct bench *bench, int64_t ms)
{
    struct timeval wait = {ms / 1000, ms % 1000 * 1000};
    assert_int_equal(event_base_loopexit(bench->base, &wait), 0);
    (void)event_base_dispatch(bench->base);
}

/* Runs the loop until nothing is under way, for 50 s at most. */
static void run(struct bench *bench)
{
    int64_t end_ms = clock_monotonic_ms() + 50000;
    while (lookup_pending(bench->engine) > 0 && clock_monotonic_ms() < end_ms)
        run_for(bench, 5);
    assert_int_equal(lookup_pending(bench->engine), 0);
}

static struct seen answer_of(struct bench *bench, const char *name, uint16_t type)
{
    struct seen outcome = {0};
    (void)look_up(bench, name, type, &outcome);
    run(bench);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

enum { FAILURE_KEPT_MS = 6000 }; /* as in dns/recursive.c */
static const char ALLOWED[] = "127.0.1.0/24";

/* ---- the cases ----------------------------------------------------------------------------------------- */

static void records_are_found_from_a_private_root(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    struct seen outcome = answer_of(&bench, "_mta-sts.a.test", DNS_TYPE_TXT);
    assert_int_equal(outcome.status, DNS_ANSWERED);
    assert_int_equal(outcome.security, DNSSEC_INSECURE);
    assert_int_equal(outcome.rr_count, 1);
    assert_in_range(outcome.ttl, 290, 300);
    assert_int_equal(outcome.rdata_len, 15);
    assert_memory_equal(outcome.rdata, "\016v=STSv1; id=1;", 15);
    assert_int_equal(answer_of(&bench, "_mta-sts.a.test.", DNS_TYPE_TXT).status, DNS_ANSWERED);
    const struct lookup_counters *counters = lookup_counters(bench.engine);
    assert_int_equal(counters->asked, 2);
    assert_int_equal(counters->answered, 2);
    assert_int_equal(counters->by_status[DNS_ANSWERED], 2);
    close_bench(&bench);
}

static void absence_is_told_apart(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    struct seen outcome = answer_of(&bench, "nothing.test", DNS_TYPE_TXT);
    assert_int_equal(outcome.status, DNS_NXDOMAIN);
    assert_int_equal(outcome.security, DNSSEC_INSECURE);
    assert_in_range(outcome.ttl, 60, 77);
    outcome = answer_of(&bench, "c.test", DNS_TYPE_TXT);
    assert_int_equal(outcome.status, DNS_NODATA);
    assert_int_equal(outcome.rr_count, 0);
    assert_int_equal(answer_of(&bench, "nowhere", DNS_TYPE_A).status, DNS_NXDOMAIN);
    close_bench(&bench);
}

static void cname_chains_are_kept(void **state)
{
    static const uint8_t address[] = {192, 0, 2, 7};
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    struct seen outcome = answer_of(&bench, "a.test", DNS_TYPE_A);
    assert_int_equal(outcome.status, DNS_ANSWERED);
    assert_int_equal(outcome.cname_count, 2);
    assert_string_equal(outcome.owner, "c.test");
    assert_in_range(outcome.ttl, 90, 100);
    assert_memory_equal(outcome.rdata, address, 4);
    outcome = answer_of(&bench, "a.test", DNS_TYPE_AAAA);
    assert_int_equal(outcome.status, DNS_NODATA);
    assert_int_equal(outcome.cname_count, 2);
    close_bench(&bench);
}

static void signatures_are_judged_here(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    struct seen outcome = answer_of(&bench, "good.signed.test", DNS_TYPE_A);
    assert_int_equal(outcome.status, DNS_ANSWERED);
    assert_int_equal(outcome.security, DNSSEC_SECURE);
    for (unsigned round = 0; round < 2; round++) { /* the second time from the cache */
        outcome = answer_of(&bench, "bad.signed.test", DNS_TYPE_A);
        assert_int_equal(outcome.status, DNS_BOGUS);
        assert_int_equal(outcome.security, DNSSEC_BOGUS);
        assert_int_equal(outcome.rr_count, 0);
        assert_non_null(strstr(outcome.why_bogus, "bad.signed.test"));
    }
    close_bench(&bench);
}

static void without_an_anchor_nothing_is_validated(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    configure(&bench, "dns.trust_anchor", "");
    open_engine(&bench);
    struct seen outcome = answer_of(&bench, "bad.signed.test", DNS_TYPE_A);
    assert_int_equal(outcome.status, DNS_ANSWERED);
    assert_int_equal(outcome.security, DNSSEC_UNVALIDATED);
    close_bench(&bench);
}

static void refusing_servers_are_servfail(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    struct seen outcome = answer_of(&bench, "www.refusing.test", DNS_TYPE_A);
    assert_int_equal(outcome.status, DNS_SERVFAIL);
    assert_int_equal(outcome.security, DNSSEC_UNVALIDATED);
    assert_string_equal(outcome.owner, "www.refusing.test");
    assert_true(atomic_load(&world.queries[REFUSING]) > 0);
    close_bench(&bench);
}

static void silent_servers_time_out_at_the_deadline(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    configure(&bench, "dns.attempts", "2");
    open_engine(&bench);
    int64_t began_ms = clock_monotonic_ms();
    struct seen outcome = answer_of(&bench, "www.silent.test", DNS_TYPE_A);
    assert_int_equal(outcome.status, DNS_TIMEOUT);
    assert_in_range(outcome.at_ms - began_ms, 1000, 45000);
    assert_true(atomic_load(&world.queries[SILENT]) > 0);
    /* Others go on, and the lookup that was given up does no harm when its end comes. */
    assert_int_equal(answer_of(&bench, "c.test", DNS_TYPE_A).status, DNS_ANSWERED);
    close_bench(&bench);
}

static void cached_answers_are_deferred(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    assert_int_equal(answer_of(&bench, "c.test", DNS_TYPE_A).status, DNS_ANSWERED);
    unsigned before = atomic_load(&world.queries[TEST]);
    struct seen outcome = {0};
    (void)look_up(&bench, "c.test", DNS_TYPE_A, &outcome);
    assert_int_equal(outcome.calls, 0);
    assert_int_equal(lookup_pending(bench.engine), 1);
    run(&bench);
    assert_int_equal(outcome.calls, 1);
    assert_int_equal(outcome.status, DNS_ANSWERED);
    assert_int_equal(atomic_load(&world.queries[TEST]), before);
    close_bench(&bench);
}

static void names_that_are_none_are_formerr(void **state)
{
    static const char *const names[] = {
        "a..test", ".test", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test"};
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(answer_of(&bench, names[i], DNS_TYPE_A).status, DNS_FORMERR);
    close_bench(&bench);
}

static void cancelled_lookups_never_call_back(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    struct seen asked = {0}, silent = {0}, ready = {0}, kept = {0};
    struct lookup_handle handle = look_up(&bench, "c.test", DNS_TYPE_A, &asked);
    lookup_cancel(bench.engine, handle);
    lookup_cancel(bench.engine, handle);
    lookup_cancel(bench.engine, (struct lookup_handle){0});
    handle = look_up(&bench, "x.silent.test", DNS_TYPE_A, &silent);
    run_for(&bench, 100);
    lookup_cancel(bench.engine, handle);
    assert_int_equal(lookup_pending(bench.engine), 0);
    handle = look_up(&bench, "c.test", DNS_TYPE_A, &ready); /* in the cache by now */
    (void)look_up(&bench, "c.test", DNS_TYPE_A, &kept);
    lookup_cancel(bench.engine, handle);
    run(&bench);
    run_for(&bench, 2000);
    assert_int_equal(asked.calls, 0);
    assert_int_equal(silent.calls, 0);
    assert_int_equal(ready.calls, 0);
    assert_int_equal(kept.calls, 1);
    assert_int_equal(lookup_counters(bench.engine)->answered, 1);
    close_bench(&bench);
}

static void callbacks_may_look_up(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    struct seen last = {0};
    struct seen cached = {.next = &last, .next_name = "nothing.test"};
    struct seen first = {.next = &cached, .next_name = "c.test"};
    (void)look_up(&bench, "c.test", DNS_TYPE_A, &first);
    run(&bench);
    assert_int_equal(first.status, DNS_ANSWERED);
    assert_int_equal(cached.status, DNS_ANSWERED);
    assert_int_equal(last.status, DNS_NXDOMAIN);
    close_bench(&bench);
}

static void lookups_past_the_ceiling_wait_their_turn(void **state)
{
    enum { LOOKUPS = 40 };
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    configure(&bench, "dns.outstanding", "2");
    configure(&bench, "dns.attempts", "1");
    configure(&bench, "dns.timeout", "2s");
    open_engine(&bench);
    struct seen outcomes[LOOKUPS] = {0};
    struct lookup_handle handles[LOOKUPS];
    int64_t began_ms = clock_monotonic_ms();
    for (size_t i = 0; i < LOOKUPS; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, i < 2 ? "n%zu.silent.test" : "n%zu.test", i);
        handles[i] = look_up(&bench, name, DNS_TYPE_A, &outcomes[i]);
    }
    assert_int_equal(lookup_pending(bench.engine), LOOKUPS);
    lookup_cancel(bench.engine, handles[LOOKUPS - 1]); /* still waits for its turn */
    run_for(&bench, 250);
    if (clock_monotonic_ms() - began_ms < 2000)
        for (size_t i = 0; i < LOOKUPS; i++) /* the two silent ones hold both places */
            assert_int_equal(outcomes[i].calls, 0);
    run(&bench);
    for (size_t i = 0; i < LOOKUPS - 1; i++)
        assert_int_equal(outcomes[i].status, i < 2 ? DNS_TIMEOUT : DNS_NXDOMAIN);
    assert_int_equal(outcomes[LOOKUPS - 1].calls, 0);
    close_bench(&bench);
}

static void engines_close_with_lookups_under_way(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    configure(&bench, "dns.outstanding", "3");
    open_engine(&bench);
    struct seen outcomes[10] = {0};
    assert_int_equal(answer_of(&bench, "c.test", DNS_TYPE_A).status, DNS_ANSWERED);
    for (size_t i = 0; i < 10; i++)
        (void)look_up(&bench, i == 0 ? "c.test" : "y.silent.test", DNS_TYPE_A, &outcomes[i]);
    lookup_engine_destroy(bench.engine);
    bench.engine = NULL;
    run_for(&bench, 100);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(outcomes[i].calls, 0);
    close_bench(&bench);
}

static void special_addresses_are_never_asked(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    struct seen outcome = answer_of(&bench, "hidden", DNS_TYPE_A);
    assert_int_equal(outcome.status, DNS_SERVFAIL);
    assert_int_equal(atomic_load(&world.queries[HIDDEN]), 0);
    close_bench(&bench);
    open_bench(&bench, "127.0.1.0/24, 127.0.2.1");
    open_engine(&bench);
    outcome = answer_of(&bench, "hidden", DNS_TYPE_A);
    assert_int_equal(outcome.status, DNS_ANSWERED);
    assert_true(atomic_load(&world.queries[HIDDEN]) > 0);
    close_bench(&bench);
    unsigned before = atomic_load(&world.queries[ROOT]);
    open_bench(&bench, "");
    open_engine(&bench);
    assert_int_equal(answer_of(&bench, "c.test", DNS_TYPE_A).status, DNS_SERVFAIL);
    assert_int_equal(atomic_load(&world.queries[ROOT]), before);
    close_bench(&bench);
}

/* A server in a prefix of the opt-out list gets no packet, and what cannot be looked up for that is nobody's
 * fault. What else fails is told apart, and so it is beside other engines of the process, made and gone. */
static void listed_prefixes_are_left_alone(void **state)
{
    struct bench bench, other;
    struct ip_set listed;
    (void)state;
    assert_int_equal(ip_set_parse("127.0.1.3,198.51.100.0/24", &listed, NULL), ERR_OK);
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    assert_int_equal(answer_of(&bench, "x.refusing.test", DNS_TYPE_A).status, DNS_SERVFAIL);
    assert_true(atomic_load(&world.queries[REFUSING]) > 0);
    close_bench(&bench);

    unsigned refusing = atomic_load(&world.queries[REFUSING]), signing = atomic_load(&world.queries[SIGNED]);
    open_bench(&bench, ALLOWED);
    bench.left_alone = &listed;
    open_engine(&bench);
    assert_int_equal(answer_of(&bench, "x.refusing.test", DNS_TYPE_A).status, DNS_SERVFAIL);
    assert_int_equal(answer_of(&bench, "c.test", DNS_TYPE_A).status, DNS_ANSWERED);
    assert_int_equal(answer_of(&bench, "good.signed.test", DNS_TYPE_A).status, DNS_OPTOUT);
    assert_int_equal(answer_of(&bench, "good.signed.test", DNS_TYPE_A).status,
                     DNS_OPTOUT); /* as it is kept */
    assert_int_equal(atomic_load(&world.queries[SIGNED]), signing);
    assert_true(atomic_load(&world.queries[REFUSING]) > refusing);

    open_bench(&other, ALLOWED);
    other.left_alone = &listed;
    open_engine(&other);
    (void)answer_of(&other, "c.test", DNS_TYPE_A);
    close_bench(&other);
    run_for(&bench, FAILURE_KEPT_MS + 500);
    assert_int_equal(answer_of(&bench, "bad.signed.test", DNS_TYPE_AAAA).status, DNS_OPTOUT);
    assert_int_equal(atomic_load(&world.queries[SIGNED]), signing);
    close_bench(&bench);
    ip_set_dispose(&listed);
}

static void unusable_files_are_named(void **state)
{
    static const struct {
        const char *option, *value;
    } cases[] = {{"dns.root_hints", "/nonexistent/hints"},
                 {"dns.root_hints", "/etc/passwd"},
                 {"dns.trust_anchor", "/nonexistent/anchor"},
                 {"dns.trust_anchor", "/etc/passwd"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench;
        const char *why = NULL;
        open_bench(&bench, ALLOWED);
        configure(&bench, cases[i].option, cases[i].value);
        const struct lookup_bounds bounds = {.allow = &bench.allow};
        assert_null(recursive_create(bench.base, &bench.config, &bounds, 1, &why));
        if (strstr(why, cases[i].option) == NULL || strstr(why, cases[i].value) == NULL)
            fail_msg("%s=%s: %s", cases[i].option, cases[i].value, why);
        close_bench(&bench);
    }
}

enum { LOOPS = 3 };

static void *resolve_on_own_loop(void *arg)
{
    struct seen *outcome = arg;
    struct bench bench;
    open_bench(&bench, ALLOWED);
    open_engine(&bench);
    *outcome = answer_of(&bench, "a.test", DNS_TYPE_A);
    close_bench(&bench);
    return NULL;
}

static void each_loop_has_an_engine_of_its_own(void **state)
{
    (void)state;
    if (!world.usable)
        skip();
    pthread_t threads[LOOPS];
    struct seen outcomes[LOOPS] = {0};
    for (size_t i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, resolve_on_own_loop, &outcomes[i]), 0);
    for (size_t i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < LOOPS; i++)
        assert_int_equal(outcomes[i].status, DNS_ANSWERED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_found_from_a_private_root),
        cmocka_unit_test(absence_is_told_apart),
        cmocka_unit_test(cname_chains_are_kept),
        cmocka_unit_test(signatures_are_judged_here),
        cmocka_unit_test(without_an_anchor_nothing_is_validated),
        cmocka_unit_test(refusing_servers_are_servfail),
        cmocka_unit_test(silent_servers_time_out_at_the_deadline),
        cmocka_unit_test(cached_answers_are_deferred),
        cmocka_unit_test(names_that_are_none_are_formerr),
        cmocka_unit_test(cancelled_lookups_never_call_back),
        cmocka_unit_test(callbacks_may_look_up),
        cmocka_unit_test(lookups_past_the_ceiling_wait_their_turn),
        cmocka_unit_test(engines_close_with_lookups_under_way),
        cmocka_unit_test(special_addresses_are_never_asked),
        cmocka_unit_test(listed_prefixes_are_left_alone),
        cmocka_unit_test(unusable_files_are_named),
        cmocka_unit_test(each_loop_has_an_engine_of_its_own),
    };
    return cmocka_run_group_tests_name("recursive", tests, start_world, stop_world);
}
