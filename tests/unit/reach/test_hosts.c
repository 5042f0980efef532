/* What is known of MX hosts and for how long: one look for all who ask, anew when the answers' TTL has run
 * out, and within the memory that scan.cache gives. The resolver is a script, the clock is the test's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define clock_monotonic_ms real_monotonic_ms
#include "scanner/base/clock.c"
#undef clock_monotonic_ms
int64_t clock_monotonic_ms(void);

#include "input/optout_list.h"
#include "scanner/reach/hosts.h"
#include "scanner/reach/worker.h"

static int64_t now_ms = 1000;

int64_t clock_monotonic_ms(void)
{
    return now_ms;
}

/* ---- an engine that answers when it is told to --------------------------------------------------------- */

enum { QUESTIONS = 16, TTL_S = 300 };

struct lookup_engine {
    struct {
        uint16_t type;
        lookup_done done;
        void *arg;
    } open[QUESTIONS];
    size_t open_count;
    unsigned asked;
    enum dns_status status; /* of what has no address */
    uint32_t ttl;
    uint8_t last; /* of the address */
    enum dns_security security;
    bool tlsa; /* a TLSA record stands */
};

struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg)
{
    (void)name;
    assert_true(engine->open_count < QUESTIONS);
    engine->open[engine->open_count].type = type;
    engine->open[engine->open_count].done = done;
    engine->open[engine->open_count++].arg = arg;
    engine->asked++;
    return (struct lookup_handle){{(uint32_t)engine->open_count, 1}};
}

void lookup_cancel(struct lookup_engine *engine, struct lookup_handle handle)
{
    (void)engine;
    (void)handle;
}

/* The rest of dns/lookup, which nobody here calls. */
struct lookup_handle lookup_start_last(struct lookup_engine *engine, const char *name, uint16_t type,
                                       lookup_done done, void *arg)
{
    return lookup_start(engine, name, type, done, arg);
}

size_t lookup_pending(const struct lookup_engine *engine)
{
    return engine->open_count;
}

void lookup_follow(struct lookup_engine *engine, struct trace *trace)
{
    (void)engine;
    (void)trace;
}

void lookup_resolver_counts(const struct lookup_engine *engine, struct resolver_counts counts[RESOLVERS_MOST])
{
    (void)engine;
    (void)counts;
}

const struct lookup_counters *lookup_counters(const struct lookup_engine *engine)
{
    static const struct lookup_counters none;
    (void)engine;
    return &none;
}

void lookup_engine_destroy(struct lookup_engine *engine)
{
    (void)engine;
}

struct lookup_engine *lookup_engine_create(struct event_base *base, const struct config *config,
                                           const struct resolver_notes *notes,
                                           const struct lookup_bounds *bounds, uint32_t loops,
                                           const char **why)
{
    (void)base, (void)config, (void)notes, (void)bounds, (void)loops, (void)why;
    return NULL;
}

static void answer_all(struct lookup_engine *engine)
{
    const struct lookup_engine asked = *engine; /* answers may make questions */
    engine->open_count = 0;
    for (size_t i = 0; i < asked.open_count; i++) {
        uint8_t address[4] = {192, 0, 2, engine->last};
        struct dns_rr rr = {bytes_make(address, sizeof address)};
        struct dns_answer answer = {.type = asked.open[i].type, .owner = "x", .rrs = &rr};
        answer.lookup =
            (struct lookup_facts){.status = engine->status, .security = engine->security, .ttl = engine->ttl};
        if (answer.type == DNS_TYPE_A && engine->status == DNS_NODATA) {
            answer.lookup.status = DNS_ANSWERED;
            answer.rr_count = 1;
        }
        static const uint8_t record[] = {3, 1, 1, 0xab};
        if (answer.type == DNS_TYPE_TLSA && engine->tlsa) {
            answer.lookup.status = DNS_ANSWERED;
            rr.rdata = bytes_make(record, sizeof record);
            answer.rr_count = 1;
        }
        asked.open[i].done(asked.open[i].arg, &answer);
    }
}

/* ---- one loop ------------------------------------------------------------------------------------------ */

struct bench {
    struct lookup_engine engine;
    struct config config;
    struct scan_context context;
    struct worker worker;
    unsigned answers;
    uint8_t last; /* of the address that was handed out, 0: none */
    bool stale;
    int64_t probed;                 /* when the address that was handed out was */
    enum not_tried tried;           /* the address that was handed out */
    const struct host_result *told; /* the last result, to be compared alone */
};

static int set_up(void **state)
{
    static struct bench bench;
    struct buf said;
    memset(&bench, 0, sizeof bench);
    bench.engine = (struct lookup_engine){.status = DNS_NODATA, .ttl = TTL_S, .last = 1};
    assert_int_equal(config_init(&bench.config), ERR_OK);
    bench.config.smtp_probe = SMTP_PROBE_NONE;
    bench.context = (struct scan_context){.config = &bench.config, .has_ipv4 = true};
    buf_init(&said, 256);
    assert_int_equal(optout_read("", "", &bench.context.optout, &said), ERR_OK);
    buf_dispose(&said);
    bench.worker = (struct worker){
        .all = &bench.worker, .count = 1, .context = &bench.context, .dns = &bench.engine, .pass = 1};
    assert_int_equal(loop_init(&bench.worker.loop, &bench.worker), ERR_OK);
    bench.worker.hosts = hosts_create(&bench.worker);
    assert_non_null(bench.worker.hosts);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    hosts_destroy(bench->worker.hosts);
    bench->worker.hosts = NULL;
    loop_dispose(&bench->worker.loop);
    optout_destroy(bench->context.optout);
    config_dispose(&bench->config);
    return 0;
}

static void on_ready(void *arg, struct host_result *result)
{
    struct bench *bench = arg;
    const struct address_facts *address = &result->facts.address;
    bench->answers++;
    bench->last = address->ip_count == 0 ? 0 : address->ips[0].bytes[3];
    bench->stale = address->a.stale;
    bench->probed = result->facts.probe_count == 0 ? 0 : result->facts.probes[0].time;
    bench->tried = result->facts.probe_count == 0 ? NOT_TRIED_COUNT : result->facts.probes[0].not_tried;
    bench->told = result;
    host_result_release(result);
}

static void turn(struct bench *bench)
{
    for (int i = 0; i < 5; i++)
        (void)event_base_loop(bench->worker.loop.base, EVLOOP_NONBLOCK);
}

static void ask(struct bench *bench, const char *host)
{
    const struct host_request request = {.host = host, .ready = on_ready, .arg = bench};
    assert_true(handle_is_set(hosts_request(&bench->worker, &request)));
    turn(bench);
}

static void ask_with_intent(struct bench *bench, const char *host)
{
    const struct host_request request = {.host = host, .intent = true, .ready = on_ready, .arg = bench};
    assert_true(handle_is_set(hosts_request(&bench->worker, &request)));
    turn(bench);
}

/* Asks, and what is asked of the resolver is answered. */
static void look(struct bench *bench, const char *host)
{
    ask(bench, host);
    answer_all(&bench->engine);
    turn(bench);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static void many_ask_and_one_look_is_made(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 10; i++)
        ask(bench, "mx.example");
    assert_int_equal(bench->answers, 0);
    answer_all(&bench->engine);
    turn(bench);
    ask(bench, "mx.example");
    assert_int_equal(bench->answers, 11);
    assert_int_equal(bench->last, 1);
    assert_int_equal(bench->engine.asked, 2); /* A and AAAA */
}

static void answers_hold_as_long_as_their_ttl(void **state)
{
    struct bench *bench = *state;
    ask(bench, "mx.example");
    answer_all(&bench->engine);
    turn(bench);
    bench->engine.last = 2;
    now_ms += TTL_S * 1000 - 1;
    ask(bench, "mx.example");
    assert_int_equal(bench->last, 1);
    assert_int_equal(bench->engine.asked, 2);
    now_ms += 1;
    ask(bench, "mx.example");
    assert_int_equal(bench->engine.asked, 4);
    answer_all(&bench->engine);
    turn(bench);
    assert_int_equal(bench->answers, 3);
    assert_int_equal(bench->last, 2);
    ask(bench, "mx.example");
    assert_int_equal(bench->engine.asked, 4);
}

static void absence_holds_likewise(void **state)
{
    struct bench *bench = *state;
    bench->engine.status = DNS_NXDOMAIN;
    ask(bench, "none.example");
    answer_all(&bench->engine);
    turn(bench);
    now_ms += TTL_S * 1000 - 1;
    ask(bench, "none.example");
    assert_int_equal(bench->engine.asked, 2);
    now_ms += 1;
    ask(bench, "none.example");
    assert_int_equal(bench->engine.asked, 4);
    answer_all(&bench->engine);
    turn(bench);
}

/* TXT-8: one failed lookup is no finding of the whole pass. */
static void a_failure_holds_five_minutes(void **state)
{
    struct bench *bench = *state;
    bench->engine.status = DNS_SERVFAIL;
    look(bench, "broken.example");
    now_ms += HOST_FAILURE_HOLDS_S * 1000 - 1;
    ask(bench, "broken.example");
    assert_int_equal(bench->engine.asked, 2);
    assert_int_equal(bench->last, 0);
    bench->engine.status = DNS_NODATA;
    now_ms += 1;
    ask(bench, "broken.example");
    ask(bench, "broken.example"); /* beside the one under way */
    assert_int_equal(bench->engine.asked, 4);
    answer_all(&bench->engine);
    turn(bench);
    assert_int_equal(bench->answers, 4);
    assert_int_equal(bench->last, 1);
    assert_false(bench->stale);
}

static void a_failure_is_forgotten_in_a_new_pass(void **state)
{
    struct bench *bench = *state;
    bench->engine.status = DNS_SERVFAIL;
    look(bench, "broken.example");
    hosts_new_pass(bench->worker.hosts);
    look(bench, "broken.example");
    assert_int_equal(bench->engine.asked, 4);
}

/* Past its TTL the earlier answer serves for an hour while lookups fail, and is asked for every five minutes.
 */
static void earlier_addresses_serve_for_an_hour(void **state)
{
    struct bench *bench = *state;
    look(bench, "mx.example");
    bench->engine.status = DNS_SERVFAIL;
    now_ms += TTL_S * 1000;
    for (int64_t past_s = 0; past_s < HOST_STALE_SERVES_S; past_s += HOST_FAILURE_HOLDS_S) {
        unsigned asked = bench->engine.asked;
        look(bench, "mx.example");
        assert_int_equal(bench->engine.asked, asked + 2);
        assert_int_equal(bench->last, 1);
        assert_true(bench->stale);
        now_ms += HOST_FAILURE_HOLDS_S * 1000;
    }
    look(bench, "mx.example");
    assert_int_equal(bench->last, 0);
    assert_false(bench->stale);
    now_ms += HOST_FAILURE_HOLDS_S * 1000;
    bench->engine.status = DNS_NODATA;
    bench->engine.last = 2;
    look(bench, "mx.example");
    assert_int_equal(bench->last, 2);
}

static void a_good_answer_ends_the_stale_one(void **state)
{
    struct bench *bench = *state;
    look(bench, "mx.example");
    bench->engine.status = DNS_TIMEOUT;
    now_ms += TTL_S * 1000;
    look(bench, "mx.example");
    assert_true(bench->stale);
    bench->engine.status = DNS_NODATA;
    bench->engine.last = 2;
    now_ms += HOST_FAILURE_HOLDS_S * 1000;
    look(bench, "mx.example");
    assert_int_equal(bench->last, 2);
    assert_false(bench->stale);
}

/* DANE-1: what was signed is not handed out when it can no longer be proven. */
static void signed_addresses_do_not_serve(void **state)
{
    struct bench *bench = *state;
    bench->engine.security = DNSSEC_SECURE;
    look(bench, "mx.example");
    answer_all(&bench->engine); /* TLSA */
    turn(bench);
    assert_int_equal(bench->last, 1);
    bench->engine.status = DNS_SERVFAIL;
    bench->engine.security = DNSSEC_UNVALIDATED;
    now_ms += TTL_S * 1000;
    look(bench, "mx.example");
    assert_int_equal(bench->last, 0);
    assert_false(bench->stale);
}

static void ask_again(struct bench *bench, const struct looks_again *again)
{
    const struct timespec pause = {.tv_nsec = 2000000}; /* times of probes are in ms */
    (void)nanosleep(&pause, NULL);
    assert_true(handle_is_set(hosts_request(
        &bench->worker,
        &(struct host_request){.host = "mx.example", .again = again, .ready = on_ready, .arg = bench})));
    turn(bench);
    answer_all(&bench->engine);
    turn(bench);
}

/* TLS-7: who saw a look that does not decide gets another, once for all who saw it; nobody else does. */
static void a_second_look_is_made_once(void **state)
{
    struct bench *bench = *state;
    struct look_again seen = {.ip = ip_v4((const uint8_t[]){192, 0, 2, 1})};
    struct looks_again again = {&seen, 1};
    look(bench, "mx.example");
    seen.time = bench->probed;
    ask_again(bench, &(struct looks_again){NULL, 0});
    assert_int_equal(bench->probed, seen.time);
    ask_again(bench, &again);
    int64_t second = bench->probed;
    assert_true(second > seen.time);
    ask_again(bench, &again); /* another domain that had seen the first */
    assert_int_equal(bench->probed, second);
    ask_again(bench, &(struct looks_again){NULL, 0});
    assert_int_equal(bench->probed, second);
    assert_int_equal(bench->answers, 5);
}

/* TLS-7: a look that is under way for the sake of the DNS alone keeps what was probed: its result is the old
 * look, and who asks for a second asks once more. */
static void a_look_under_way_may_be_the_old_one(void **state)
{
    struct bench *bench = *state;
    struct look_again seen = {.ip = ip_v4((const uint8_t[]){192, 0, 2, 1})};
    struct looks_again again = {&seen, 1};
    look(bench, "mx.example");
    seen.time = bench->probed;
    now_ms += TTL_S * 1000;
    ask(bench, "mx.example");
    ask_again(bench, &again);
    assert_int_equal(bench->answers, 3);
    assert_int_equal(bench->probed, seen.time);
    ask_again(bench, &again);
    assert_true(bench->probed > seen.time);
}

/* Those asked for last stay: a thousand hosts go through a cache that holds a few. */
static void the_cache_has_a_ceiling(void **state)
{
    struct bench *bench = *state;
    struct hosts *roomy = bench->worker.hosts;
    char name[32];
    hosts_destroy(roomy);
    bench->config.scan_cache = 64 * 1024;
    bench->worker.hosts = hosts_create(&bench->worker);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "mx%d.example", i);
        ask(bench, name);
        answer_all(&bench->engine);
        turn(bench);
    }
    assert_int_equal(bench->engine.asked, 2000);
    ask(bench, name);
    assert_int_equal(bench->engine.asked, 2000);
    ask(bench, "mx0.example");
    assert_int_equal(bench->engine.asked, 2002);
    answer_all(&bench->engine);
    turn(bench);
}

/* ---- smtp.probe = intent ------------------------------------------------------------------------------- */

/* Lookups: A, AAAA and TLSA, all signed. A host that is to be probed says of its address that it is a special
 * one (192.0.2.1), and no other does. */
enum { LOOKUPS = 3, PROBED = NOT_TRIED_SPECIAL_ADDRESS };

static void open_intent(struct bench *bench, bool tlsa)
{
    bench->config.smtp_probe = SMTP_PROBE_INTENT;
    bench->engine.security = DNSSEC_SECURE;
    bench->engine.tlsa = tlsa;
}

static void answer_to_the_end(struct bench *bench)
{
    while (bench->engine.open_count > 0) {
        answer_all(&bench->engine);
        turn(bench);
    }
}

/* A host with TLSA records is probed though no domain with a policy asked, and once for all: who asks with a
 * policy gets the same. */
static void under_intent_a_host_with_tlsa_records_is_probed_once(void **state)
{
    struct bench *bench = *state;
    open_intent(bench, true);
    ask(bench, "mx.example");
    answer_to_the_end(bench);
    const struct host_result *told = bench->told;
    assert_int_equal(bench->answers, 1);
    assert_int_equal(bench->tried, PROBED);
    assert_int_equal(bench->engine.asked, 2 * LOOKUPS);
    ask_with_intent(bench, "mx.example");
    ask(bench, "mx.example");
    assert_int_equal(bench->answers, 3);
    assert_ptr_equal(bench->told, told);
    assert_int_equal(bench->engine.asked, 2 * LOOKUPS);
}

static void under_intent_a_host_without_is_probed_for_a_policy_alone(void **state)
{
    struct bench *bench = *state;
    open_intent(bench, false);
    ask(bench, "mx.example");
    answer_to_the_end(bench);
    assert_int_equal(bench->tried, NOT_TRIED_OFF);
    assert_int_equal(bench->engine.asked, LOOKUPS);
    ask_with_intent(bench, "mx.example");
    answer_to_the_end(bench);
    assert_int_equal(bench->answers, 2);
    assert_int_equal(bench->tried, PROBED);
}

/* Of the other modes TLSA records are no reason: all are probed, or none is. */
static void without_intent_tlsa_records_change_nothing(void **state)
{
    struct bench *bench = *state;
    open_intent(bench, true);
    bench->config.smtp_probe = SMTP_PROBE_NONE;
    ask(bench, "mx.example");
    answer_to_the_end(bench);
    assert_int_equal(bench->tried, NOT_TRIED_OFF);
    assert_int_equal(bench->engine.asked, LOOKUPS);
    bench->config.smtp_probe = SMTP_PROBE_ALL;
    ask(bench, "mx.example");
    answer_to_the_end(bench);
    assert_int_equal(bench->tried, PROBED);
    assert_int_equal(bench->engine.asked, 2 * LOOKUPS);
}

/* The table goes while one of its hosts waits for what is known under the other key. */
static void a_table_that_goes_meanwhile_tells_nobody(void **state)
{
    struct bench *bench = *state;
    open_intent(bench, true);
    ask(bench, "mx.example");
    while (bench->engine.asked <= LOOKUPS) {
        answer_all(&bench->engine);
        turn(bench);
    }
    hosts_destroy(bench->worker.hosts);
    bench->worker.hosts = hosts_create(&bench->worker);
    turn(bench);
    assert_int_equal(bench->answers, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(many_ask_and_one_look_is_made),
        TEST(answers_hold_as_long_as_their_ttl),
        TEST(absence_holds_likewise),
        TEST(a_failure_holds_five_minutes),
        TEST(a_failure_is_forgotten_in_a_new_pass),
        TEST(earlier_addresses_serve_for_an_hour),
        TEST(a_good_answer_ends_the_stale_one),
        TEST(signed_addresses_do_not_serve),
        TEST(a_second_look_is_made_once),
        TEST(a_look_under_way_may_be_the_old_one),
        TEST(the_cache_has_a_ceiling),
        TEST(under_intent_a_host_with_tlsa_records_is_probed_once),
        TEST(under_intent_a_host_without_is_probed_for_a_policy_alone),
        TEST(without_intent_tlsa_records_change_nothing),
        TEST(a_table_that_goes_meanwhile_tells_nobody),
    };
    return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
