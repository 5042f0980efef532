/* What becomes of a worker's results: into the sink in its order, or back to the feeder. Both are this
 * file's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/scan/handover.h"

enum { LOOP = 3, TEXT_BYTES = 256 };

/* What was called, a word each. */
static struct {
    char text[TEXT_BYTES];
    enum failure_code code;
    size_t note_bytes;  /* of what went back */
    enum error put_off; /* what putting off says */
} told;

static void tell(const char *what, uint64_t number)
{
    size_t len = strlen(told.text);
    (void)snprintf(told.text + len, sizeof told.text - len, "%s%s %u", len > 0 ? ", " : "", what,
                   (unsigned)number);
}

void feeder_credit(struct feeder *feeder, uint32_t loop)
{
    (void)feeder;
    tell("credit", loop);
}

void feeder_finished(struct feeder *feeder, uint64_t ordinal)
{
    (void)feeder;
    tell("finished", ordinal);
}

enum error feeder_put_off(struct feeder *feeder, const struct input_name *name)
{
    (void)feeder;
    assert_string_equal(name->domain, "a.example");
    assert_string_equal(name->label, "label");
    assert_int_equal(name->rank, 9);
    tell("put off", name->ordinal);
    told.note_bytes = name->note.len;
    return told.put_off;
}

static void on_certificate(void *arg, uint32_t loop, const struct cert_facts *certificate)
{
    assert_ptr_equal(arg, &told);
    assert_int_equal(loop, LOOP);
    tell("certificate", certificate->sha256[0]);
}

static void on_host(void *arg, uint32_t loop, const struct probe_facts *probe, enum failure_code code)
{
    assert_ptr_equal(arg, &told);
    assert_int_equal(loop, LOOP);
    told.code = code;
    tell("host", probe->ms);
}

static void on_domain(void *arg, uint32_t loop, const struct domain_facts *facts,
                      const struct judgement *judgement)
{
    assert_ptr_equal(arg, &told);
    assert_int_equal(loop, LOOP);
    assert_non_null(judgement);
    tell("domain", facts->ordinal);
}

static struct config config;
static struct scan_context context;
static struct worker worker;
static struct handover handover;
static struct results results;

static int begin(void **state)
{
    (void)state;
    memset(&told, 0, sizeof told);
    memset(&handover, 0xA5, sizeof handover);
    config = (struct config){.scan_retry_passes = 1};
    context.config = &config;
    worker = (struct worker){.index = LOOP, .pass = 1, .context = &context};
    handover_init(&handover);
    handover.sink =
        (struct sink){.arg = &told, .certificate = on_certificate, .host = on_host, .domain = on_domain};
    results = handover_results(&handover);
    return 0;
}

static struct domain_facts make_domain(struct cert_facts *certs, size_t count)
{
    return (struct domain_facts){.ordinal = 5,
                                 .domain = "a.example",
                                 .label = "label",
                                 .rank = 9,
                                 .policy = {.fetch = {.tls = {.certs = certs, .cert_count = count}}}};
}

static struct judgement make_open(void)
{
    struct judgement judgement = {.outcome = OUTCOME_UNKNOWN};
    code_set_add(&judgement.codes, FAIL_DNS_TIMEOUT);
    return judgement;
}

/* Certificates come first, those of a handshake in an older way too; and the host with what it says. */
static void test_a_host(void **state)
{
    (void)state;
    struct cert_facts certs[] = {{.sha256 = {1}}, {.sha256 = {2}}, {.sha256 = {3}}};
    struct tls_facts legacy = {.certs = &certs[2], .cert_count = 1};
    struct probe_facts probe = {.ms = 77,
                                .step = SMTP_CONNECT,
                                .end = SMTP_END_NET,
                                .net = NET_TIMEOUT,
                                .tls = {.certs = certs, .cert_count = 2},
                                .legacy = &legacy};
    results.host(results.arg, &worker, &probe);
    assert_string_equal(told.text, "certificate 1, certificate 2, certificate 3, host 77");
    assert_int_equal(told.code, FAIL_SMTP_TCP_TIMEOUT);
    assert_int_equal(worker.counts.probes, 1);
}

static void test_a_domain(void **state)
{
    (void)state;
    struct cert_facts cert = {.sha256 = {4}};
    struct domain_facts facts = make_domain(&cert, 1);
    struct judgement judgement = {.outcome = OUTCOME_PROTECTED};
    tail_begin(&handover.tail, 1);
    results.domain(results.arg, &worker, &facts, &judgement);
    assert_string_equal(told.text, "certificate 4, domain 5, finished 5");
    assert_int_equal(worker.counts.outcomes[OUTCOME_PROTECTED], 1);
    assert_int_equal(worker.counts.fetches, 0); /* no policy was asked for */
    assert_int_equal(tail_meta(&handover.tail, 2).domains, 1);
}

/* It leaves no record, is nobody's outcome yet, and its name goes back. */
static void test_a_domain_that_is_put_off(void **state)
{
    (void)state;
    struct cert_facts cert = {.sha256 = {4}};
    struct domain_facts facts = make_domain(&cert, 1);
    struct judgement judgement = make_open();
    tail_begin(&handover.tail, 1);
    results.domain(results.arg, &worker, &facts, &judgement);
    assert_string_equal(told.text, "put off 5");
    assert_int_equal(atomic_load(&handover.put_off.domains), 1);
    assert_int_equal(worker.counts.outcomes[OUTCOME_UNKNOWN], 0);
    assert_int_equal(atomic_load(&handover.put_off.looks), 0);
    assert_int_equal(tail_meta(&handover.tail, 2).domains, 0);
}

static void test_a_second_look_is_due(void **state)
{
    (void)state;
    struct domain_facts facts = make_domain(NULL, 0);
    struct judgement judgement = {.outcome = OUTCOME_REFUSED, .look_due = true};
    results.domain(results.arg, &worker, &facts, &judgement);
    assert_string_equal(told.text, "put off 5");
    assert_int_equal(atomic_load(&handover.put_off.looks), 1);
}

/* The worker's pass decides, and what this machine's outages say. */
static void test_the_last_pass(void **state)
{
    (void)state;
    struct domain_facts facts = make_domain(NULL, 0);
    struct judgement judgement = make_open();
    worker.pass = 2;
    results.domain(results.arg, &worker, &facts, &judgement);
    assert_string_equal(told.text, "domain 5, finished 5");
    told.text[0] = 0;
    atomic_store(&context.doubtful, true);
    results.domain(results.arg, &worker, &facts, &judgement);
    atomic_store(&context.doubtful, false);
    assert_string_equal(told.text, "put off 5");
}

/* A domain that ended after the outage began before its end, if it took long enough. */
static void test_it_lived_through_an_outage(void **state)
{
    (void)state;
    struct domain_facts facts = make_domain(NULL, 0);
    struct judgement judgement = make_open();
    worker.pass = 2;
    atomic_store(&context.doubt_ended_ms, clock_monotonic_ms() - 500000);
    facts.ms = 1000000;
    results.domain(results.arg, &worker, &facts, &judgement);
    assert_string_equal(told.text, "put off 5");
    told.text[0] = 0;
    facts.ms = 0;
    results.domain(results.arg, &worker, &facts, &judgement);
    atomic_store(&context.doubt_ended_ms, 0);
    assert_string_equal(told.text, "domain 5, finished 5");
}

/* What was seen goes with it. One that cannot go back would be lost: it ends all. */
static void test_what_was_seen_goes_back(void **state)
{
    (void)state;
    struct look look = {.host = "mx.example", .time = 1, .code = FAIL_SMTP_TCP_REFUSED};
    struct domain_facts facts = make_domain(NULL, 0);
    struct judgement judgement = make_open();
    int status;
    assert_true(ip_parse("192.0.2.1", &look.ip));
    results.domain(results.arg, &worker, &facts, &judgement);
    assert_int_equal(told.note_bytes, 0);
    facts.looks = &look;
    facts.look_count = 1;
    results.domain(results.arg, &worker, &facts, &judgement);
    assert_true(told.note_bytes > strlen(look.host));
    told.put_off = ERR_MEMORY;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        results.domain(results.arg, &worker, &facts, &judgement);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void assert_put_off_says(const char *waits, const char *end)
{
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    put_off_print_wait(&handover.put_off, 1500, INT64_C(1767225600000), out);
    assert_int_equal(fflush(out), 0);
    assert_string_equal(text, waits);
    rewind(out);
    memset(text, 0, sizeof text);
    put_off_print(&handover.put_off, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, end);
}

/* Those that wait for their second look are told apart from those that nothing is known of. */
static void test_what_is_said_of_the_put_off(void **state)
{
    (void)state;
    struct domain_facts facts = make_domain(NULL, 0);
    struct judgement open = make_open();
    struct judgement look = {.outcome = OUTCOME_REFUSED, .look_due = true};
    results.domain(results.arg, &worker, &facts, &open);
    results.domain(results.arg, &worker, &facts, &open);
    assert_put_off_says(
        "stsweep: could not be determined: 2 domains; they are tried again in 1.5 s, at 00:00:01 UTC\n", "");
    results.domain(results.arg, &worker, &facts, &look);
    assert_put_off_says(
        "stsweep: could not be determined: 2 domains, and by one look only: 1; they are tried again in 1.5 "
        "s, at 00:00:01 UTC\n",
        "stsweep: domains looked at a second time, as one look does not decide that mail is lost: 1\n");
}

static void test_release(void **state)
{
    (void)state;
    results.release(results.arg, &worker);
    assert_string_equal(told.text, "credit 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_host, begin),
        cmocka_unit_test_setup(test_a_domain, begin),
        cmocka_unit_test_setup(test_a_domain_that_is_put_off, begin),
        cmocka_unit_test_setup(test_a_second_look_is_due, begin),
        cmocka_unit_test_setup(test_the_last_pass, begin),
        cmocka_unit_test_setup(test_it_lived_through_an_outage, begin),
        cmocka_unit_test_setup(test_what_was_seen_goes_back, begin),
        cmocka_unit_test_setup(test_what_is_said_of_the_put_off, begin),
        cmocka_unit_test_setup(test_release, begin),
    };
    return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
