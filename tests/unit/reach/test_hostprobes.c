/* What of an earlier look at an MX host holds when it is asked for anew. Probes are scripts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/clock.h"
#include "scanner/reach/hostprobes.h"
#include "scanner/reach/worker.h"

enum { ARENA_BYTES = 65536, FIRST_BYTES = 512, THEN = 1, NOW = 2 };

static unsigned probes_made;
static struct looks_again due; /* of the next look */
static enum probe_leave leave_given;
static enum not_tried comes; /* of a probe that is made now */

/* The time of it is what a test tells the two looks apart by. */
void probe_run_start(struct probe_run *run, struct worker *worker, struct trace *trace,
                     const struct host_facts *host, const struct ip_addr *ip, enum probe_leave leave,
                     const struct looks_again *again, void (*done)(void *arg), void *arg)
{
    (void)again;
    *run = (struct probe_run){.visit = {.worker = worker, .trace = trace}, .host = host};
    run->facts = (struct probe_facts){.host = host->host, .ip = *ip, .time = NOW, .not_tried = comes};
    leave_given = leave;
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

/* When a session began then, and up to when this machine is in doubt. */
static int64_t tried_ms, doubted_until_ms;

static const char said[] = "mx.example ESMTP";

/* What a second look at a host of one address gives. `whole`: as check has it. */
static struct probe_facts look_at_as(const struct probe_facts *known, unsigned looks_anew, bool whole,
                                     const struct tlsa_facts *then, const struct tlsa_facts *now)
{
    struct config config = {.smtp_max_addresses = 4};
    unsigned records = 0;
    struct scan_context context = {
        .config = &config, .whole_facts = whole, .results = {.arg = &records, .host = on_host}};
    struct worker worker = {.count = 1, .context = &context};
    struct ip_addr ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
    struct probe_facts probe = *known;
    struct host_result earlier = {.facts = {.host = "mx.example", .probes = &probe, .probe_count = 1},
                                  .tried_ms = &tried_ms,
                                  .looks_anew = looks_anew};
    struct host_result result = {.facts = {.host = "mx.example", .address = {.ips = &ip, .ip_count = 1}},
                                 .anew_before_ms = doubted_until_ms};
    struct host_probes probes;
    int done = 0;
    probe.host = "mx.example";
    probe.ip = ip;
    probe.time = THEN;
    probe.greeting = bytes_of(said);
    result.probed_before = true;
    earlier.facts.tlsa = *then;
    result.facts.tlsa = *now;
    arena_init_small(&result.arena, ARENA_BYTES, FIRST_BYTES);
    probes_made = 0;
    host_probes_start(&probes, &worker, NULL, &result, &earlier, &due, PROBE_ALWAYS, on_done, &done);
    assert_int_equal(done, 1);
    host_probes_publish(&probes);
    assert_int_equal(result.facts.probe_count, 1);
    assert_int_equal(records, comes == TRIED ? probes_made : 0);
    struct probe_facts found = result.facts.probes[0];
    if (whole && found.time == THEN) { /* what it said is told again, and stays as long as it is */
        assert_ptr_equal(result.before, &earlier);
        assert_int_equal(earlier.references, 1);
        assert_true(bytes_equal(found.greeting, probe.greeting));
    }
    free(result.kept);
    arena_dispose(&result.arena);
    return found;
}

static struct probe_facts look_at(const struct probe_facts *known, unsigned looks_anew,
                                  const struct tlsa_facts *then, const struct tlsa_facts *now)
{
    return look_at_as(known, looks_anew, false, then, now);
}

/* Looks again at a host of one address that was probed when `then` stood. When is its probe of? */
static int64_t look_again_at(const struct tlsa_facts *then, const struct tlsa_facts *now, bool whole)
{
    const struct probe_facts known = {.not_tried = TRIED};
    comes = TRIED;
    return look_at_as(&known, 0, whole, then, now).time;
}

static int64_t look_again(const struct tlsa_facts *then, const struct tlsa_facts *now)
{
    return look_again_at(then, now, false);
}

static void other_records_are_another_probe(void **state)
{
    struct tlsa_rr anchor = record(2, "a"), other = record(2, "b"), leaf = record(3, "a"),
                   other_leaf = record(3, "b");
    struct tlsa_rr both[] = {anchor, other};
    const struct tlsa_facts none = {0};
    const struct tlsa_facts with_anchor = {.rrs = &anchor, .rr_count = 1};
    const struct tlsa_facts with_other = {.rrs = &other, .rr_count = 1};
    const struct tlsa_facts with_both = {.rrs = both, .rr_count = 2};
    const struct tlsa_facts with_leaf = {.rrs = &leaf, .rr_count = 1};
    const struct tlsa_facts with_other_leaf = {.rrs = &other_leaf, .rr_count = 1};
    (void)state;
    assert_int_equal(look_again(&none, &with_anchor), NOW);
    assert_int_equal(look_again(&with_leaf, &with_anchor), NOW);
    assert_int_equal(look_again(&with_anchor, &with_other), NOW);
    assert_int_equal(look_again(&with_anchor, &with_both), NOW);
    assert_int_equal(look_again(&with_both, &with_anchor), NOW);
    /* Keys and records are changed together: an old handshake is no evidence against new records. */
    assert_int_equal(look_again(&none, &with_leaf), NOW);
    assert_int_equal(look_again(&with_leaf, &with_other_leaf), NOW);
}

static void what_holds_is_not_probed_again(void **state)
{
    struct tlsa_rr anchor = record(2, "a"), again = record(2, "a"), leaf = record(3, "a"),
                   same = record(3, "a");
    const struct tlsa_facts none = {0};
    const struct tlsa_facts with_anchor = {.rrs = &anchor, .rr_count = 1};
    const struct tlsa_facts with_again = {.rrs = &again, .rr_count = 1};
    const struct tlsa_facts with_leaf = {.rrs = &leaf, .rr_count = 1};
    const struct tlsa_facts with_same = {.rrs = &same, .rr_count = 1};
    (void)state;
    assert_int_equal(look_again(&none, &none), THEN);
    assert_int_equal(look_again(&with_anchor, &with_again), THEN);
    assert_int_equal(look_again(&with_anchor, &none), THEN);
    assert_int_equal(look_again(&with_leaf, &with_same), THEN);
}

/* ---- dates (TLS-7) ------------------------------------------------------------------------------------- */

enum { ALWAYS = 1 << 30, CERTS = 2 };

/* Seconds from now: when a handshake showed a chain of two, and their dates. */
struct date_case {
    const char *name;
    int shown, checked;
    int begins, ends;
    int issuer_ends;
    bool second; /* it is the permissive handshake that showed them */
    bool anew;
};

static const struct date_case date_cases[] = {
    {"TLS-7 holds still", -3600, 0, -7200, 60, ALWAYS, false, false},
    {"TLS-7 has expired since", -3600, 0, -7200, -60, ALWAYS, false, true},
    {"TLS-7 was expired then", -3600, 0, -7200, -3660, ALWAYS, false, false},
    {"TLS-7 has become valid since", -3600, 0, -60, ALWAYS, ALWAYS, false, true},
    {"TLS-7 is not yet valid, as then", -3600, 0, 60, ALWAYS, ALWAYS, false, false},
    {"TLS-7 its issuer has expired since", -3600, 0, -7200, ALWAYS, -60, false, true},
    {"TLS-7 of the second handshake", -3600, 0, -7200, -60, ALWAYS, true, true},
    {"TLS-7 nothing newer was to be had", -3600, -30, -7200, -60, ALWAYS, false, false},
    {"TLS-7 expired since nothing newer was to be had", -3600, -90, -7200, -60, ALWAYS, false, true},
};

struct shown {
    struct cert_facts certs[CERTS];
    struct tls_facts tls;
    struct probe_facts probe;
};

static void make_shown(const struct date_case *c, struct shown *shown)
{
    int64_t now = clock_wall_ms();
    *shown = (struct shown){.tls = {.end = TLS_DONE, .cert_count = CERTS}};
    shown->certs[0].not_before = now / 1000 + c->begins;
    shown->certs[0].not_after = now / 1000 + c->ends;
    shown->certs[1].not_after = now / 1000 + c->issuer_ends;
    shown->tls.certs = shown->certs;
    shown->tls.time = now + c->shown * INT64_C(1000);
    shown->probe.checked = c->checked == 0 ? 0 : now + c->checked * INT64_C(1000);
    if (c->second)
        shown->probe.legacy = &shown->tls;
    else
        shown->probe.tls = shown->tls;
}

static void an_address_is_probed_anew_once_a_date_has_passed(void **state)
{
    const struct tlsa_facts none = {0};
    (void)state;
    for (size_t i = 0; i < sizeof date_cases / sizeof *date_cases; i++) {
        const struct date_case *c = &date_cases[i];
        struct shown shown;
        make_shown(c, &shown);
        struct host_result known = {.facts = {.probes = &shown.probe, .probe_count = 1}};
        if (host_probes_outdated(&known, clock_wall_ms()) != c->anew)
            fail_msg("%s: outdated %d", c->name, !c->anew);
        comes = TRIED;
        struct probe_facts found = look_at(&shown.probe, 0, &none, &none);
        if (found.time != (c->anew ? NOW : THEN))
            fail_msg("%s: of the %s look", c->name, found.time == NOW ? "new" : "earlier");
        if (c->anew && (leave_given != PROBE_AGAIN || !found.again))
            fail_msg("%s: it counts as a further name, or its record is not named", c->name);
    }
}

/* A silent address, or one without a turn: what is known stays, and is not asked for again for the same date.
 */
static void what_cannot_be_had_anew_stays(void **state)
{
    static const enum not_tried reasons[] = {NOT_TRIED_DEAD, NOT_TRIED_PACE, NOT_TRIED_NO_ROUTE};
    const struct tlsa_facts none = {0};
    (void)state;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        struct shown shown;
        make_shown(&date_cases[1], &shown);
        comes = reasons[i];
        struct probe_facts found = look_at(&shown.probe, 0, &none, &none);
        assert_int_equal(probes_made, 1);
        assert_int_equal(found.time, THEN);
        assert_int_equal(found.not_tried, TRIED);
        struct host_result known = {.facts = {.probes = &found, .probe_count = 1}};
        assert_false(host_probes_outdated(&known, clock_wall_ms()));
        (void)look_at(&found, 1, &none, &none);
        assert_int_equal(probes_made, 0);
    }
}

/* Whoever shows a certificate of a second's life with each handshake is not looked at for ever. */
static void looks_anew_have_an_end(void **state)
{
    const struct tlsa_facts none = {0};
    struct shown shown;
    (void)state;
    make_shown(&date_cases[1], &shown);
    struct host_result known = {.facts = {.probes = &shown.probe, .probe_count = 1}};
    comes = TRIED;
    assert_int_equal(look_at(&shown.probe, HOST_LOOKS_ANEW_MOST - 1, &none, &none).time, NOW);
    assert_int_equal(look_at(&shown.probe, HOST_LOOKS_ANEW_MOST, &none, &none).time, THEN);
    known.looks_anew = HOST_LOOKS_ANEW_MOST;
    assert_false(host_probes_outdated(&known, clock_wall_ms()));
}

/* An address that had no turn is no finding of the whole pass. */
static void what_had_no_turn_may_get_one(void **state)
{
    static const enum not_tried reasons[] = {NOT_TRIED_PACE, NOT_TRIED_NO_ROUTE, NOT_TRIED_PAUSED,
                                             NOT_TRIED_BUDGET};
    const struct tlsa_facts none = {0};
    (void)state;
    comes = TRIED;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        const struct probe_facts known = {.not_tried = reasons[i]};
        assert_int_equal(look_at(&known, 0, &none, &none).time, NOW);
        assert_int_equal(leave_given, PROBE_ALWAYS);
    }
    const struct probe_facts dead = {.not_tried = NOT_TRIED_DEAD};
    assert_int_equal(look_at(&dead, 0, &none, &none).time, THEN);
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

/* An outage of this machine: what began before its end and may pass is probed anew, and nothing else. */
static void only_what_an_outage_hit_is_probed_anew(void **state)
{
    static const struct probe_facts silent = {.step = SMTP_CONNECT, .end = SMTP_END_NET, .net = NET_TIMEOUT};
    static const struct probe_facts plain = {.step = SMTP_EHLO, .end = SMTP_END_NOT_OFFERED};
    static const struct probe_facts put_off = {
        .step = SMTP_GREETING, .end = SMTP_END_REPLY, .reply_code = 421};
    static const struct probe_facts dead = {.not_tried = NOT_TRIED_DEAD};
    static const struct {
        const struct probe_facts *seen;
        int64_t tried_ms, doubted_until_ms, time;
    } rows[] = {
        {&silent, 5, 0, THEN},        /* there was none */
        {&silent, 5, 6, NOW},         /* it may have been hit */
        {&silent, 6, 6, THEN},        /* it began later */
        {&silent, 5, INT64_MAX, NOW}, /* it is not over */
        {&plain, 5, 6, THEN},         /* no other try would find more */
        {&put_off, 5, 6, THEN},       /* we were heard */
        {&dead, 0, 6, NOW},           /* it was not tried for what another met */
    };
    const struct tlsa_facts none = {0};
    (void)state;
    comes = TRIED;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tried_ms = rows[i].tried_ms;
        doubted_until_ms = rows[i].doubted_until_ms;
        assert_int_equal(look_at(rows[i].seen, 0, &none, &none).time, rows[i].time);
    }
    doubted_until_ms = 0;
}

/* ---- what the budget left out -------------------------------------------------------------------------- */

/* A host of two addresses within the budget of names, one of which or both are left out; then it turns out to
 * be one that is always probed: those, and no others, are probed. */
static void what_the_budget_left_out_is_caught_up(void **state)
{
    static const enum not_tried reasons[] = {NOT_TRIED_BUDGET, NOT_TRIED_PACE, TRIED};
    struct config config = {.smtp_max_addresses = 4};
    unsigned records = 0;
    struct scan_context context = {.config = &config, .results = {.arg = &records, .host = on_host}};
    struct worker worker = {.count = 1, .context = &context};
    struct ip_addr ips[] = {ip_v4((const uint8_t[]){192, 0, 2, 1}), ip_v4((const uint8_t[]){192, 0, 2, 2})};
    (void)state;
    due = (struct looks_again){NULL, 0};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        struct host_result result = {.facts = {.host = "mx.example", .address = {.ips = ips, .ip_count = 2}}};
        struct host_probes probes;
        bool left_out = reasons[i] == NOT_TRIED_BUDGET;
        int done = 0;
        arena_init_small(&result.arena, ARENA_BYTES, FIRST_BYTES);
        probes_made = records = 0;
        comes = reasons[i];
        host_probes_start(&probes, &worker, NULL, &result, NULL, &due, PROBE_WITHIN_BUDGET, on_done, &done);
        assert_int_equal(leave_given, PROBE_WITHIN_BUDGET);
        assert_int_equal(probes_made, 2);
        probes.runs[1].facts.not_tried = NOT_TRIED_DEAD;
        comes = TRIED;
        assert_int_equal(host_probes_catch_up(&probes), left_out);
        assert_int_equal(probes_made, left_out ? 3 : 2);
        assert_int_equal(done, left_out ? 2 : 1);
        assert_int_equal(leave_given, left_out ? PROBE_ALWAYS : PROBE_WITHIN_BUDGET);
        assert_false(host_probes_catch_up(&probes)); /* nothing more is left out */
        host_probes_publish(&probes);
        assert_int_equal(result.facts.probes[0].not_tried, left_out ? TRIED : reasons[i]);
        assert_int_equal(result.facts.probes[1].not_tried, NOT_TRIED_DEAD);
        arena_dispose(&result.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_budget_left_out_is_caught_up),
        cmocka_unit_test(other_records_are_another_probe),
        cmocka_unit_test(what_holds_is_not_probed_again),
        cmocka_unit_test(only_what_an_outage_hit_is_probed_anew),
        cmocka_unit_test(a_second_look_is_another_probe),
        cmocka_unit_test(an_address_is_probed_anew_once_a_date_has_passed),
        cmocka_unit_test(what_cannot_be_had_anew_stays),
        cmocka_unit_test(looks_anew_have_an_end),
        cmocka_unit_test(what_had_no_turn_may_get_one),
    };
    return cmocka_run_group_tests_name("hostprobes", tests, NULL, NULL);
}
