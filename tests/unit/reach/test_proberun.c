/* One address on its way to one probe or two: turns, what is kept of the second handshake, ends in between.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "input/optout_list.h"
#include "scanner/reach/proberun.h"
#include "scanner/reach/worker.h"
#include "scanner/verdict/handshake.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/smtp_visit.h"

enum { CONNECTIONS = 1, EVERY_200_MS = 300, WAIT_MS = 800, PLACES = 4, ARENA_BYTES = 65536 };

/* A worker that has what a run needs, and a server that knows TLS 1.0 and nothing newer. */
struct bench {
    struct visits visits;
    struct config config;
    struct scan_context context;
    struct worker worker;
    struct identity leaf;
    struct peer peer;
    struct probe_run run;
    int done;
};

/* As the loop knows it: no TLSA records. */
static const struct host_facts visited_host = {.host = VISIT_HOST};

static void bench_open(struct bench *bench, const struct peer_step *first, const struct peer_step *second,
                       int64_t per_minute, int most)
{
    const char *why;
    memset(bench, 0, sizeof *bench);
    visits_open(&bench->visits);
    struct cert_spec spec = {.cn = "x", .san = "DNS:" VISIT_HOST};
    bench->leaf = make_identity(&spec, &bench->visits.intermediate);
    bench->peer = (struct peer){.scripts = {first, second}, .script_count = 2};
    bench->peer.ctx = make_server(&bench->leaf, bench->visits.intermediate.cert);
    must(SSL_CTX_set_min_proto_version(bench->peer.ctx, TLS1_VERSION) == 1);
    must(SSL_CTX_set_max_proto_version(bench->peer.ctx, most) == 1);
    must(peer_open(&bench->peer, AF_INET) && config_init(&bench->config) == ERR_OK);
    bench->config.smtp_port = bench->peer.port;
    bench->config.limits_ip_connections = CONNECTIONS;
    bench->config.limits_ip_per_minute = per_minute;
    bench->config.limits_wait = WAIT_MS;
    bench->context = (struct scan_context){.config = &bench->config, .has_ipv4 = true};
    must(ip_set_parse("127.0.0.0/8", &bench->context.allow, &why) == ERR_OK);
    struct buf said;
    buf_init(&said, 256);
    must(optout_read("", "", &bench->context.optout, &said) == ERR_OK);
    buf_dispose(&said);
    bench->worker = (struct worker){.all = &bench->worker, .count = 1, .context = &bench->context, .pass = 1};
    must(loop_init(&bench->worker.loop, &bench->worker) == ERR_OK);
    bench->config.smtp_live = PLACES;
    bench->worker.pacer = pacer_create(&bench->worker);
    bench->worker.prober = prober_create(bench->worker.loop.base, &bench->config, bench->visits.trust, &why);
    must(bench->worker.pacer != NULL && bench->worker.prober != NULL);
}

static void bench_close(struct bench *bench)
{
    struct pacer *pacer = bench->worker.pacer;
    probe_run_dispose(&bench->run);
    prober_destroy(bench->worker.prober);
    bench->worker.pacer = NULL;
    pacer_destroy(pacer);
    loop_dispose(&bench->worker.loop);
    assert_true(peer_close(&bench->peer));
    SSL_CTX_free(bench->peer.ctx);
    identity_free(&bench->leaf);
    optout_destroy(bench->context.optout);
    ip_set_dispose(&bench->context.allow);
    config_dispose(&bench->config);
    visits_close(&bench->visits);
}

static void on_run(void *arg)
{
    struct bench *bench = arg;
    bench->done++;
}

static void start(struct bench *bench)
{
    struct ip_addr ip;
    must(ip_parse("127.0.0.1", &ip));
    probe_run_start(&bench->run, &bench->worker, NULL, &visited_host, &ip, PROBE_ALWAYS, NULL, on_run, bench);
}

static bool is_done(const struct bench *bench)
{
    return bench->done > 0;
}

static bool second_waits(const struct bench *bench)
{
    return bench->run.session == PROBE_SESSION_PERMISSIVE && bench->run.visit.state == VISIT_TURN;
}

static bool second_is_under_way(const struct bench *bench)
{
    return bench->run.session == PROBE_SESSION_PERMISSIVE && bench->run.visit.state == VISIT_SESSION;
}

static void turn_until(struct bench *bench, bool (*ended)(const struct bench *bench))
{
    int64_t until = clock_monotonic_ms() + VISIT_PATIENCE_MS;
    while (!ended(bench) && clock_monotonic_ms() < until) {
        const struct timeval most = {.tv_sec = 0, .tv_usec = 5000};
        must(event_base_loopexit(bench->worker.loop.base, &most) == 0);
        must(event_base_dispatch(bench->worker.loop.base) >= 0);
    }
    assert_true(ended(bench));
}

/* The whole way; each grant was given back, and the place among smtp.live too. */
static void run_to_end(struct bench *bench)
{
    start(bench);
    turn_until(bench, is_done);
    assert_int_equal(bench->done, 1);
    (void)event_base_loop(bench->worker.loop.base, EVLOOP_NONBLOCK);
    assert_int_equal(pacer_open(bench->worker.pacer, PACE_SMTP), 0);
    assert_int_equal(bench->run.facts.pass, 1);
}

static void test_two_turns(void **state)
{
    (void)state;
    struct bench bench;
    struct arena arena;
    struct probe_facts kept;
    bench_open(&bench, visit_script, visit_script, EVERY_200_MS, TLS1_VERSION);
    int64_t began = clock_monotonic_ms();
    run_to_end(&bench);
    const struct probe_facts *facts = &bench.run.facts;
    assert_true(clock_monotonic_ms() - began >= 199); /* the second waited for its turn */
    assert_int_equal(atomic_load(&bench.peer.accepted), 2);
    assert_non_null(facts->legacy);
    assert_int_equal(facts->tls.end, TLS_FAILED);
    assert_int_equal(facts->legacy->end, TLS_DONE);
    assert_int_equal(facts->legacy->version, TLS1_VERSION);
    assert_int_equal(facts->legacy->cert_count, 2);
    /* What is kept for domains is judged as the whole is. */
    arena_init(&arena, ARENA_BYTES);
    probe_facts_compact(facts, &visited_host, &arena, &kept);
    assert_non_null(kept.legacy);
    assert_ptr_not_equal(kept.legacy, facts->legacy);
    assert_int_equal(verdict_probe(facts, facts->time), FAIL_SMTP_TLS_VERSION);
    assert_int_equal(verdict_probe(&kept, facts->time), FAIL_SMTP_TLS_VERSION);
    assert_string_equal(kept.legacy->cipher, facts->legacy->cipher);
    assert_ptr_equal(handshake_of_dane(&kept), kept.legacy);
    arena_dispose(&arena);
    bench_close(&bench);
}

static void test_one_is_enough(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, visit_script, visit_script, EVERY_200_MS, TLS1_3_VERSION);
    run_to_end(&bench);
    assert_int_equal(atomic_load(&bench.peer.accepted), 1);
    assert_null(bench.run.facts.legacy);
    assert_int_equal(bench.run.facts.tls.end, TLS_DONE);
    bench_close(&bench);
}

/* Disposed of while the second waits for its turn, and while it is under way: no callback, nothing left
 * behind. */
static void test_ends_in_between(void **state)
{
    static const struct peer_step silent[] = {{PEER_SILENT, NULL, 0}};
    (void)state;
    bool (*const ends[])(const struct bench *) = {second_waits, second_is_under_way};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct bench bench;
        bench_open(&bench, visit_script, silent, EVERY_200_MS, TLS1_VERSION);
        start(&bench);
        turn_until(&bench, ends[i]);
        bench_close(&bench);
        assert_int_equal(bench.done, 0);
    }
}

/* ---- a ClientHello that is too long for the peer ------------------------------------------------------- */

enum { STEP_MS = 3000, SEGMENT_BYTES = 1460, SMALL_BYTES = 600, HYBRIDS = 305 };

struct hello_case {
    const char *does; /* upon a longer ClientHello */
    bool again;       /* an earlier look got no answer to it, and none passed */
    int connections;
    enum tls_end end;
    enum failure_code code;
    bool unanswered, intolerant;
};

static const struct hello_case hello_cases[] = {
    /* one look does not decide */
    {"closes", false, 1, TLS_CLOSED, FAIL_SMTP_TLS_CLOSED, true, false},
    {"resets", false, 1, TLS_CLOSED, FAIL_SMTP_TLS_CLOSED, true, false},
    {"hangs", false, 1, TLS_TIMEOUT, FAIL_SMTP_TLS_TIMEOUT, true, false},
    {"alerts", false, 1, TLS_FAILED, FAIL_SMTP_TLS_ALERT, true, false},
    /* the small one, in the same visit */
    {"closes", true, 2, TLS_DONE, FAIL_NONE, false, true},
    {"resets", true, 2, TLS_DONE, FAIL_NONE, false, true},
    {"hangs", true, 2, TLS_DONE, FAIL_NONE, false, true},
    {"alerts", true, 2, TLS_DONE, FAIL_NONE, false, true},
};

static void check_hello(const struct hello_case *row, const char *groups, int most)
{
    struct bench bench;
    struct look_again due = {.time = 1, .hello = HELLO_UNANSWERED};
    const struct looks_again again = {&due, 1};
    struct peer_step script[sizeof visit_script / sizeof *visit_script + 1];
    size_t steps = 0;
    for (size_t i = 0; i < sizeof visit_script / sizeof *visit_script; i++) {
        if (visit_script[i].act == PEER_TLS)
            script[steps++] = (struct peer_step){PEER_HELLO, row->does, most};
        script[steps++] = visit_script[i];
    }
    must(ip_parse("127.0.0.1", &due.ip));
    bench_open(&bench, script, script, EVERY_200_MS, TLS1_3_VERSION);
    prober_destroy(bench.worker.prober);
    const char *why;
    must(trust_offer(bench.visits.trust, groups, NULL) == ERR_OK);
    bench.config.smtp_step_timeout = STEP_MS;
    bench.context.large_hello = true;
    bench.worker.prober = prober_create(bench.worker.loop.base, &bench.config, bench.visits.trust, &why);
    must(bench.worker.prober != NULL);
    probe_run_start(&bench.run, &bench.worker, NULL, &visited_host, &due.ip, PROBE_ALWAYS,
                    row->again ? &again : NULL, on_run, &bench);
    turn_until(&bench, is_done);
    const struct probe_facts *facts = &bench.run.facts;
    if (facts->tls.end != row->end || verdict_probe(facts, facts->time) != row->code ||
        facts->tls.hello_unanswered != row->unanswered || facts->tls.hello_intolerant != row->intolerant ||
        atomic_load(&bench.peer.accepted) != row->connections)
        fail_msg("%s, %s, %d: %s, %s, unanswered %d, intolerant %d, connections %d", groups, row->does,
                 row->again, tls_end_name(facts->tls.end), failure_name(verdict_probe(facts, facts->time)),
                 facts->tls.hello_unanswered, facts->tls.hello_intolerant, atomic_load(&bench.peer.accepted));
    if (row->intolerant)
        assert_string_equal(facts->tls.group, "X25519");
    assert_int_equal(facts->pass, 1);
    bench_close(&bench);
}

/* Every release can send a long key share; a hybrid one makes it more than one segment. */
static void test_long_hello(void **state)
{
    bool hybrids = OPENSSL_version_major() * 100 + OPENSSL_version_minor() >= HYBRIDS;
    (void)state;
    for (size_t i = 0; i < sizeof hello_cases / sizeof *hello_cases; i++) {
        check_hello(&hello_cases[i], "ffdhe4096", SMALL_BYTES);
        if (hybrids)
            check_hello(&hello_cases[i], "X25519MLKEM768", SEGMENT_BYTES);
    }
    if (!hybrids)
        print_message("OpenSSL %s has no hybrid groups\n", OpenSSL_version(OPENSSL_VERSION_STRING));
}

/* Who takes it gets no other, and who takes none has no fault of its groups. */
static void test_long_hello_taken(void **state)
{
    (void)state;
    static const struct hello_case taken = {"closes", true, 1, TLS_DONE, FAIL_NONE, false, false};
    static const struct hello_case none = {"closes", true, 2, TLS_CLOSED, FAIL_SMTP_TLS_CLOSED, false, false};
    check_hello(&taken, "ffdhe4096,X25519", 16384);
    check_hello(&none, "ffdhe4096", 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_turns),        cmocka_unit_test(test_one_is_enough),
        cmocka_unit_test(test_ends_in_between),  cmocka_unit_test(test_long_hello),
        cmocka_unit_test(test_long_hello_taken),
    };
    return cmocka_run_group_tests_name("probe runs", tests, NULL, NULL);
}
