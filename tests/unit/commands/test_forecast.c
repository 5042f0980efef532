/* What a planned change does to mail, and the steps: RFC 8461 sections 3.2, 5.1 and 8.1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "scanner/commands/forecast.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/has.h"

enum { HOSTS = 4, NAME = 64, ARENA_BYTES = 8 << 20, TEXT_BYTES = 1 << 20 };

static const int64_t now = INT64_C(1795490100000); /* 2026-11-24T03:15:00Z */

/* A host and how it stands: '+' passes, '-' its certificate has another's name, '?' it timed out, '!' it is
 * on the opt-out list. */
struct host {
    char name[NAME];
    bool opted_out;
    struct probe_facts probe;
    struct host_facts facts;
};

struct world {
    struct arena arena;
    struct ip_addr ip;
    struct cert_facts cert;
    struct host old[HOSTS], new[HOSTS];
    struct mx_rr rrs[HOSTS];
    struct mx_host hosts[HOSTS];
    struct bytes txt;
    struct domain_facts facts;
    struct judgement judgement;
    const char *mx[HOSTS];
    const struct host_facts *planned[HOSTS];
    struct sts_policy policy;
    struct forecast_plan plan;
    struct forecast forecast;
    struct buf out;
};

static void make_host(struct world *world, struct host *host, const char *word, size_t len)
{
    (void)snprintf(host->name, sizeof host->name, "%.*s", (int)len - 1, word + 1);
    host->opted_out = word[0] == '!';
    struct tls_facts tls = {.end = TLS_DONE,
                            .version = 0x0304,
                            .alert = -1,
                            .certs = &world->cert,
                            .cert_count = 1,
                            .name_match = word[0] == '+'};
    host->probe = (struct probe_facts){.host = host->name,
                                       .ip = world->ip,
                                       .step = SMTP_QUIT,
                                       .end = SMTP_END_DONE,
                                       .reply_code = 221,
                                       .starttls_offered = true,
                                       .tls = tls};
    if (word[0] == '?')
        host->probe = (struct probe_facts){.host = host->name,
                                           .ip = world->ip,
                                           .step = SMTP_CONNECT,
                                           .end = SMTP_END_NET,
                                           .net = NET_TIMEOUT,
                                           .tls.alert = -1};
    host->facts = (struct host_facts){.host = host->name, .probes = &host->probe, .probe_count = 1};
    host->facts.address = (struct address_facts){
        .a.status = DNS_ANSWERED, .aaaa.status = DNS_NODATA, .ips = &world->ip, .ip_count = 1};
    host->facts.tlsa.lookup.status = DNS_NODATA;
}

/* "+a.example -b.example" */
static size_t make_hosts(struct world *world, struct host *hosts, const char *words)
{
    size_t count = 0;
    for (const char *at = words; *at != 0 && count < HOSTS; count++) {
        size_t len = strcspn(at, " ");
        make_host(world, &hosts[count], at, len);
        at += len + (at[len] == ' ');
    }
    return count;
}

static void begin(struct world *world, const char *today, const char *old)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, ARENA_BYTES);
    buf_init(&world->out, TEXT_BYTES);
    assert_true(ip_parse("192.0.2.25", &world->ip));
    world->cert = (struct cert_facts){.not_after = now / 1000 + 90 * 86400,
                                      .key_type = "EC P-256",
                                      .key_bits = 256,
                                      .signature = "ecdsa-with-SHA256",
                                      .signed_by = -1};
    struct domain_facts *facts = &world->facts;
    *facts = (struct domain_facts){.domain = "one.example",
                                   .txt.lookup.status = DNS_NXDOMAIN,
                                   .tlsrpt.lookup.status = DNS_NXDOMAIN,
                                   .mx = {.lookup = {.status = DNS_ANSWERED, .ttl = 300}, .rrs = world->rrs},
                                   .hosts = world->hosts};
    facts->mx.rr_count = facts->host_count = make_hosts(world, world->old, old);
    for (size_t i = 0; i < facts->host_count; i++) {
        world->rrs[i] = (struct mx_rr){10, world->old[i].name};
        world->hosts[i] =
            (struct mx_host){.host = world->old[i].name, .preference = 10, .facts = &world->old[i].facts};
    }
    if (today == NULL)
        return;
    world->txt = bytes_of("v=STSv1; id=1;");
    facts->txt = (struct txt_facts){.lookup.status = DNS_ANSWERED, .rrs = &world->txt, .rr_count = 1};
    facts->policy = (struct policy_facts){
        .host = "mta-sts.one.example",
        .address = {.a.status = DNS_ANSWERED, .ips = &world->ip, .ip_count = 1},
        .fetch = {
            .step = FETCH_DONE, .http_status = 200, .media_type = "text/plain", .body = bytes_of(today)}};
    make_host(world, &world->new[0], "+mta-sts.one.example", strlen("+mta-sts.one.example"));
    facts->policy.fetch.tls = world->new[0].probe.tls;
}

static void end(struct world *world)
{
    arena_dispose(&world->arena);
    buf_dispose(&world->out);
}

static void plan(struct world *world, const char *new, const char *policy)
{
    if (new != NULL) {
        world->plan.mx_count = make_hosts(world, world->new, new);
        for (size_t i = 0; i < world->plan.mx_count; i++) {
            world->mx[i] = world->new[i].name;
            world->planned[i] = world->new[i].opted_out ? NULL : &world->new[i].facts;
        }
        world->plan.mx = world->mx;
        world->plan.hosts = world->planned;
    }
    if (policy != NULL) {
        sts_policy_parse(bytes_of(policy), &world->arena, &world->policy);
        assert_int_equal(world->policy.code, FAIL_NONE);
        world->plan.policy = &world->policy;
    }
    verdict_judge(&world->facts, now, &world->arena, &world->judgement);
    assert_int_equal(
        forecast_make(&world->facts, &world->judgement, &world->plan, now, &world->arena, &world->forecast),
        ERR_OK);
}

/* Puts the steps into a word each: "enforce/604800(a b) mx/300 testing(b)". */
static void tell_steps(const struct forecast *forecast, char text[512])
{
    static const char *const whys[] = {"", "", "ttl", "reports"};
    size_t len = 0;
    text[0] = 0;
    for (size_t i = 0; i < forecast->step_count; i++) {
        const struct forecast_step *step = &forecast->steps[i];
        len += (size_t)snprintf(text + len, 512 - len, "%s%s", i == 0 ? "" : " ",
                                step->what == DO_PUBLISH ? sts_mode_name(step->mode)
                                                         : forecast_do_name(step->what));
        if (step->what == DO_PUBLISH) {
            struct arena arena;
            struct sts_policy policy;
            arena_init(&arena, ARENA_BYTES);
            sts_policy_parse(step->policy, &arena, &policy);
            assert_int_equal(policy.code, FAIL_NONE);
            assert_int_equal(policy.mode, step->mode);
            text[len++] = '(';
            for (size_t j = 0; j < policy.mx_count; j++)
                len += (size_t)snprintf(text + len, 512 - len, "%s%s", j == 0 ? "" : " ", policy.mx[j]);
            text[len++] = ')';
            text[len] = 0;
            arena_dispose(&arena);
        }
        if (step->why != WAIT_NONE)
            len += (size_t)snprintf(text + len, 512 - len, "/%u%s", step->wait_s, whys[step->why]);
    }
}

#define POLICY(mode, mx) "version: STSv1\nmode: " mode "\n" mx "max_age: 604800\n"
#define OLD              POLICY("enforce", "mx: a.old\n")
#define NONE             OUTCOME_NONE /* the case does not apply, or enforces nothing */

static const struct {
    const char *what, *today, *old, *new, *policy;
    enum outcome holds, fresh, late, worst;
    const char *steps;
} cases[] = {
    /* ---- the MX hosts change */
    {"the new host is in no policy: it has to be known for max_age first", OLD, "+a.old", "+b.new", NULL,
     OUTCOME_REFUSED, OUTCOME_REFUSED, NONE, OUTCOME_REFUSED,
     "enforce(a.old b.new)/604800 mx/300ttl enforce(b.new)"},
    {"a wildcard names it already: nothing is to be waited for", POLICY("enforce", "mx: *.mx.example\n"),
     "+a.mx.example", "+b.mx.example", NULL, OUTCOME_PROTECTED, OUTCOME_PROTECTED, NONE, OUTCOME_PROTECTED,
     "mx/300ttl"},
    {"a wildcard names one label, and no more", POLICY("enforce", "mx: *.mx.example\n"), "+a.mx.example",
     "+b.c.mx.example", NULL, OUTCOME_REFUSED, OUTCOME_REFUSED, NONE, OUTCOME_REFUSED,
     "enforce(*.mx.example b.c.mx.example)/604800 mx/300ttl enforce(b.c.mx.example)"},
    {"it is listed already: the old lines go once the old records are gone",
     POLICY("enforce", "mx: a.old\nmx: b.new\n"), "+a.old", "+b.new", NULL, OUTCOME_PROTECTED,
     OUTCOME_PROTECTED, NONE, OUTCOME_PROTECTED, "mx/300ttl enforce(b.new)"},
    {"one host more", OLD, "+a.old", "+a.old +b.new", NULL, OUTCOME_PARTIAL, OUTCOME_PARTIAL, NONE,
     OUTCOME_PARTIAL, "enforce(a.old b.new)/604800 mx/300ttl enforce(a.old b.new)"},
    {"one host less", POLICY("enforce", "mx: a.old\nmx: b.old\n"), "+a.old +b.old", "+a.old", NULL,
     OUTCOME_PROTECTED, OUTCOME_PROTECTED, NONE, OUTCOME_PROTECTED, "mx/300ttl enforce(a.old)"},
    {"the new host fails", OLD, "+a.old", "-b.new", NULL, OUTCOME_REFUSED, OUTCOME_REFUSED, NONE,
     OUTCOME_REFUSED, "mend enforce(a.old b.new)/604800 mx/300ttl enforce(b.new)"},
    {"it fails though it is named", POLICY("enforce", "mx: *.example\n"), "+a.example", "-b.example", NULL,
     OUTCOME_REFUSED, OUTCOME_REFUSED, NONE, OUTCOME_REFUSED, "mend mx/300ttl"},
    {"one of two fails", POLICY("enforce", "mx: *.example\n"), "+a.example", "+b.example -c.example", NULL,
     OUTCOME_PARTIAL, OUTCOME_PARTIAL, NONE, OUTCOME_PARTIAL, "mend mx/300ttl"},
    {"it could not be determined", POLICY("enforce", "mx: *.example\n"), "+a.example", "?b.example", NULL,
     OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, NONE, OUTCOME_UNKNOWN, "mend mx/300ttl"},
    {"its operator asked not to be scanned", POLICY("enforce", "mx: *.example\n"), "+a.example", "!b.example",
     NULL, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, NONE, OUTCOME_UNKNOWN, "mend mx/300ttl"},
    {"that of one of two did", POLICY("enforce", "mx: *.example\n"), "+a.example", "+b.example !c.example",
     NULL, OUTCOME_PROTECTED, OUTCOME_PROTECTED, NONE, OUTCOME_PROTECTED, "mend mx/300ttl"},
    {"testing loses nothing, so nothing is waited for", POLICY("testing", "mx: a.old\n"), "+a.old", "-b.new",
     NULL, OUTCOME_REFUSED, OUTCOME_REFUSED, NONE, OUTCOME_PROTECTED,
     "testing(a.old b.new) mx/300ttl testing(b.new)"},
    {"mode none", POLICY("none", ""), "+a.old", "-b.new", NULL, NONE, NONE, NONE, OUTCOME_PROTECTED,
     "mx/300ttl"},
    {"no policy", NULL, "+a.old", "-b.new", NULL, NONE, NONE, NONE, OUTCOME_PROTECTED, "mx/300ttl"},
    {"one that cannot be used", "version: STSv1\nmode: enforce\nmx: a.old\n", "+a.old", "+b.new", NULL, NONE,
     NONE, NONE, OUTCOME_PROTECTED, "mx/300ttl"},
    {"a long max_age is a long wait", "version: STSv1\nmode: enforce\nmx: a.old\nmax_age: 31557600\n",
     "+a.old", "+b.new", NULL, OUTCOME_REFUSED, OUTCOME_REFUSED, NONE, OUTCOME_REFUSED,
     "enforce(a.old b.new)/31557600 mx/300ttl enforce(b.new)"},
    {"a max_age of nothing is none", "version: STSv1\nmode: enforce\nmx: a.old\nmax_age: 0\n", "+a.old",
     "+b.new", NULL, OUTCOME_REFUSED, OUTCOME_REFUSED, NONE, OUTCOME_REFUSED,
     "enforce(a.old b.new) mx/300ttl enforce(b.new)"},
    /* ---- the policy changes */
    {"it misses the host in use", OLD, "+a.old", NULL, POLICY("enforce", "mx: b.new\n"), NONE,
     OUTCOME_REFUSED, NONE, OUTCOME_REFUSED, "enforce(b.new a.old)"},
    {"it misses one of two", POLICY("enforce", "mx: *.old\n"), "+a.old +b.old", NULL,
     POLICY("enforce", "mx: a.old\n"), NONE, OUTCOME_PARTIAL, NONE, OUTCOME_PARTIAL, "enforce(a.old b.old)"},
    {"another way to name the same", OLD, "+a.old", NULL, POLICY("enforce", "mx: *.old\n"), NONE,
     OUTCOME_PROTECTED, NONE, OUTCOME_PROTECTED, "enforce(*.old)"},
    {"it is the same", OLD, "+a.old", NULL, OLD, NONE, OUTCOME_PROTECTED, NONE, OUTCOME_PROTECTED, ""},
    {"enforce after testing", POLICY("testing", "mx: a.old\n"), "+a.old", NULL, OLD, NONE, OUTCOME_PROTECTED,
     NONE, OUTCOME_PROTECTED, "enforce(a.old)"},
    {"enforce after testing, and the host fails", POLICY("testing", "mx: a.old\n"), "-a.old", NULL, OLD, NONE,
     OUTCOME_REFUSED, NONE, OUTCOME_REFUSED, "mend enforce(a.old)"},
    {"enforce from nothing: testing first", NULL, "+a.old", NULL, OLD, NONE, OUTCOME_PROTECTED, NONE,
     OUTCOME_PROTECTED, "testing(a.old)/1209600reports enforce(a.old)"},
    {"enforce lowered", OLD, "-a.old", NULL, POLICY("testing", "mx: a.old\n"), NONE, OUTCOME_REFUSED, NONE,
     OUTCOME_PROTECTED, "testing(a.old)"},
    {"taken down: the old one lives on for its max_age", OLD, "+a.old", NULL, POLICY("none", ""), NONE, NONE,
     NONE, OUTCOME_PROTECTED, "none()/604800 take-down"},
    /* ---- both */
    {"both at once", OLD, "+a.old", "+b.new", POLICY("enforce", "mx: b.new\n"), OUTCOME_REFUSED,
     OUTCOME_PROTECTED, OUTCOME_REFUSED, OUTCOME_REFUSED,
     "enforce(a.old b.new)/604800 mx/300ttl enforce(b.new)"},
    {"both, and the planned policy misses the new host", OLD, "+a.old", "+b.new",
     POLICY("enforce", "mx: c.new\n"), OUTCOME_REFUSED, OUTCOME_REFUSED, OUTCOME_REFUSED, OUTCOME_REFUSED,
     "enforce(a.old c.new b.new)/604800 mx/300ttl enforce(c.new b.new)"},
    {"testing from now on: what is held enforces still", OLD, "+a.old", "+b.new",
     POLICY("testing", "mx: b.new\n"), OUTCOME_REFUSED, OUTCOME_PROTECTED, OUTCOME_REFUSED, OUTCOME_REFUSED,
     "testing(a.old b.new)/604800 mx/300ttl testing(b.new)"},
    {"from nothing: late senders meet the planned policy at the old host", NULL, "+a.old", "+b.new",
     POLICY("enforce", "mx: b.new\n"), NONE, OUTCOME_PROTECTED, OUTCOME_REFUSED, OUTCOME_REFUSED,
     "mx/300ttl testing(b.new)/1209600reports enforce(b.new)"},
    {"moved, and taken down", OLD, "+a.old", "+b.new", POLICY("none", ""), OUTCOME_REFUSED, NONE, NONE,
     OUTCOME_REFUSED, "testing(a.old b.new)/604800 mx/300ttl none()/604800 take-down"},
};

static void test_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        char steps[512];
        begin(&world, cases[i].today, cases[i].old);
        plan(&world, cases[i].new, cases[i].policy);
        const struct forecast *forecast = &world.forecast;
        const enum outcome expected[] = {cases[i].holds, cases[i].fresh, cases[i].late};
        for (unsigned who = 0; who < FORECAST_WHO_COUNT; who++)
            if (forecast->cases[who].enforced.outcome != expected[who])
                fail_msg("%s: %s: %d", cases[i].what, forecast_who_name((enum forecast_who)who),
                         (int)forecast->cases[who].enforced.outcome);
        if (forecast->worst != cases[i].worst)
            fail_msg("%s: worst %d", cases[i].what, (int)forecast->worst);
        tell_steps(forecast, steps);
        if (strcmp(steps, cases[i].steps) != 0)
            fail_msg("%s: %s", cases[i].what, steps);
        assert_true(forecast_text(&world.out, forecast, now));
        for (const char *at = buf_string(&world.out); *at != 0; at += strcspn(at, "\n") + 1)
            if (strcspn(at, "\n") > 79)
                fail_msg("%s: %s", cases[i].what, at);
        end(&world);
    }
}

/* What senders may hold between two steps, and the MX sets that they may know. */
struct between {
    struct sts_policy held[FORECAST_STEPS + 1];
    size_t held_count;
    const struct domain_facts *sets[2];
    size_t set_count;
};

/* Nobody who enforces meets a host that its policy does not name. */
static void assert_named(const char *what, size_t step, const struct between *between)
{
    for (size_t i = 0; i < between->held_count; i++) {
        const struct sts_policy *held = &between->held[i];
        if (held->mode != STS_MODE_ENFORCE || held->max_age == 0)
            continue;
        for (size_t j = 0; j < between->set_count; j++)
            for (size_t k = 0; k < between->sets[j]->host_count; k++)
                if (!mx_pattern_match_any(between->sets[j]->hosts[k].host, held->mx, held->mx_count))
                    fail_msg("%s: step %zu: %s is refused", what, step, between->sets[j]->hosts[k].host);
    }
}

/* That is what the steps are for. Whoever asked just before a step holds what was published then, until it
 * has been waited for. */
static void test_no_step_loses_mail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        begin(&world, cases[i].today, cases[i].old);
        plan(&world, cases[i].new, cases[i].policy);
        const struct forecast *forecast = &world.forecast;
        struct between between = {.sets = {forecast->facts}, .set_count = 1};
        if (forecast->today != NULL)
            between.held[between.held_count++] = *forecast->today;
        assert_named(cases[i].what, 0, &between);
        for (size_t j = 0; j < forecast->step_count; j++) {
            const struct forecast_step *step = &forecast->steps[j];
            if (step->what == DO_PUBLISH)
                sts_policy_parse(step->policy, &world.arena, &between.held[between.held_count++]);
            if (step->what == DO_MX)
                between.sets[between.set_count++] = forecast->then;
            assert_named(cases[i].what, j + 1, &between);
            if (step->why == WAIT_MAX_AGE) {
                between.held[0] = between.held[between.held_count - 1];
                between.held_count = 1;
            }
            if (step->why == WAIT_TTL)
                between.sets[0] = between.sets[--between.set_count];
        }
        end(&world);
    }
}

/* What could not be looked up says nothing, and nothing can be put in order. */
static void test_what_is_open(void **state)
{
    (void)state;
    struct world world;
    char steps[512];
    begin(&world, OLD, "+a.old");
    world.facts.txt = (struct txt_facts){.lookup.status = DNS_SERVFAIL};
    plan(&world, "+b.new", NULL);
    assert_true(world.forecast.is_open);
    assert_int_equal(world.forecast.worst, OUTCOME_UNKNOWN);
    tell_steps(&world.forecast, steps);
    assert_string_equal(steps, "look-again");
    assert_true(forecast_text(&world.out, &world.forecast, now));
    assert_has(buf_string(&world.out), "Change nothing yet");
    assert_null(strstr(buf_string(&world.out), "find no policy"));
    end(&world);
    begin(&world, OLD, "+a.old");
    world.facts.policy.fetch =
        (struct fetch_facts){.step = FETCH_CONNECT, .net = NET_TIMEOUT, .tls.alert = -1};
    plan(&world, "+b.new", POLICY("enforce", "mx: c.new\n"));
    assert_true(world.forecast.is_open);
    assert_int_equal(world.forecast.worst, OUTCOME_REFUSED); /* by the planned policy, whatever is held */
    end(&world);
    /* An earlier look fetched the policy, and the last one met internal_error: senders may hold it. */
    struct look look = {.host = "mta-sts.one.example", .policy = true, .time = now - 5000};
    for (unsigned i = 0; i < 2; i++) {
        begin(&world, OLD, "+a.old");
        world.facts.policy.fetch = (struct fetch_facts){
            .step = FETCH_TLS, .time = now, .ip = world.ip, .tls = {.end = TLS_FAILED, .alert = 80}};
        look.ip = world.ip;
        world.facts.looks = &look;
        world.facts.look_count = i;
        plan(&world, "+b.new", NULL);
        assert_int_equal(world.judgement.outcome, i == 0 ? OUTCOME_BROKEN : OUTCOME_UNKNOWN);
        assert_int_equal(world.forecast.is_open, i == 1);
        tell_steps(&world.forecast, steps);
        assert_string_equal(steps, i == 0 ? "mx/300ttl" : "look-again");
        end(&world);
    }
}

/* Today's MX hosts count as well: senders go to them that still have their records, and steps that do not
 * know of them would lose that mail. */
static void test_mx_hosts_that_are_open(void **state)
{
    enum what { SEEN, FAILS, TIMES_OUT, CUT, MORE };
    static const struct {
        enum what what;
        const char *new, *policy; /* the plan */
        bool open;
        const char *text, *step;
    } rows[] = {
        {SEEN, "+b.new", NULL, false, "MX             a.old\n", "Serve this policy"},
        {FAILS, "+b.new", NULL, true, "unknown  MX             could not be determined: dns.servfail\n",
         "look again later: today's MX hosts"},
        {TIMES_OUT, "+b.new", NULL, true, "unknown  MX             could not be determined: dns.timeout\n",
         "look again later: today's MX hosts"},
        {CUT, "+b.new", NULL, true, "unknown  MX             a.old, and others: the answer holds more than",
         "look again later: today's MX hosts"},
        {MORE, "+b.new", NULL, true, "unknown  MX             a.old, and 1 that were not looked at",
         "look again with --smtp.max_hosts=2"},
        {FAILS, "+b.new", POLICY("enforce", "mx: b.new\n"), true,
         "today's MX records still (how long is not known)", "look again later: today's MX hosts"},
        {FAILS, NULL, POLICY("enforce", "mx: c.new\n"), false, "", "Serve this policy"}, /* they stay */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        char steps[512];
        begin(&world, OLD, "+a.old +b.old");
        struct mx_facts *mx = &world.facts.mx;
        if (rows[i].what != MORE)
            mx->rr_count = 1;
        world.facts.host_count = 1;
        mx->lookup.truncated = rows[i].what == CUT;
        if (rows[i].what == FAILS || rows[i].what == TIMES_OUT) {
            *mx = (struct mx_facts){.lookup.status = rows[i].what == FAILS ? DNS_SERVFAIL : DNS_TIMEOUT};
            world.facts.host_count = 0;
        }
        plan(&world, rows[i].new, rows[i].policy);
        assert_int_equal(world.forecast.mx_is_open, rows[i].open);
        assert_false(world.forecast.is_open);
        tell_steps(&world.forecast, steps);
        if ((strcmp(steps, "look-again") == 0) != rows[i].open)
            fail_msg("row %zu: %s", i, steps);
        if (rows[i].open)
            assert_true(world.forecast.worst == OUTCOME_UNKNOWN || world.forecast.worst == OUTCOME_REFUSED);
        assert_true(forecast_text(&world.out, &world.forecast, now));
        assert_has(buf_string(&world.out), rows[i].text);
        assert_has(buf_string(&world.out), rows[i].step);
        buf_reset(&world.out);
        assert_true(forecast_json(&world.out, &world.forecast, now));
        assert_int_equal(strstr(buf_string(&world.out), "\"open\":true") != NULL, rows[i].open);
        end(&world);
    }
    /* By the policies alone nothing would be lost: it is open all the same. */
    struct world world;
    begin(&world, POLICY("enforce", "mx: *.example\n"), "+a.example");
    world.facts.mx.lookup.truncated = true;
    plan(&world, "+b.example", NULL);
    assert_int_equal(world.forecast.worst, OUTCOME_UNKNOWN);
    end(&world);
}

static void test_words(void **state)
{
    (void)state;
    struct world world;
    begin(&world, OLD, "+a.old");
    plan(&world, "-b.new", POLICY("enforce", "mx: c.new\n"));
    assert_true(forecast_text(&world.out, &world.forecast, now));
    const char *text = buf_string(&world.out);
    assert_has(text, "one.example: the planned change loses mail if it is made at once\n");
    assert_has(text, "  FAIL     new MX         b.new, not named by today's policy, not named by the\n       "
                     "                   planned one\n");
    assert_has(text, "  FAIL       address      192.0.2.25 smtp.tls.host-mismatch:");
    assert_has(text, "      Those that hold today's policy (enforce, for 7 days at the longest: until\n"
                     "      2026-12-01 03:15 UTC) skip every MX host:");
    assert_has(
        text,
        "    1. Mend these first, or look at them again:\n           b.new [192.0.2.25] smtp.tls.host-");
    assert_has(text, "_mta-sts.one.example. IN TXT \"v=STSv1; id=20261124T031500Z;\"\n");
    assert_has(text, "       Then wait 7 days, today's max_age (if the step is made now, until\n");
    assert_has(text, "id=20261124T031501Z;");
    end(&world);
    begin(&world, OLD, "+a.old");
    plan(&world, "!b.new", POLICY("enforce", "mx: b.new\n"));
    assert_true(forecast_text(&world.out, &world.forecast, now));
    text = buf_string(&world.out);
    assert_has(text, "  unknown  new MX         b.new, not named by today's policy, named by the\n");
    assert_has(text, " planned one: smtp.not-probed.optout: The host or its\n");
    assert_has(text, "1. Mend these first, or look at them again:\n           b.new smtp.not-probed.optout:");
    end(&world);
    begin(&world, OLD, "+a.old");
    world.new[0].probe.starttls_offered = false;
    plan(&world, "+b.new", NULL);
    world.new[0].probe = (struct probe_facts){.host = "b.new",
                                              .ip = world.ip,
                                              .step = SMTP_EHLO,
                                              .end = SMTP_END_NOT_OFFERED,
                                              .reply_code = 250,
                                              .tls.alert = -1};
    assert_int_equal(
        forecast_make(&world.facts, &world.judgement, &world.plan, now, &world.arena, &world.forecast),
        ERR_OK);
    assert_true(world.forecast.is_one_look);
    assert_true(forecast_text(&world.out, &world.forecast, now));
    assert_has(buf_string(&world.out), "rests on one look");
    end(&world);
}

static void test_json(void **state)
{
    (void)state;
    struct world world;
    begin(&world, OLD, "+a.old");
    plan(&world, "-b.new", NULL);
    assert_true(forecast_json(&world.out, &world.forecast, now));
    json_t *root = json_loads(buf_string(&world.out), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "worst")), "refused");
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "today"), "mode")),
                        "enforce");
    const json_t *host = json_array_get(json_object_get(root, "hosts"), 0);
    assert_string_equal(json_string_value(json_object_get(host, "host")), "b.new");
    assert_true(json_is_false(json_object_get(host, "in_today")));
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(host, "ips"), 0), "code")),
        "smtp.tls.host-mismatch");
    const json_t *senders = json_object_get(root, "senders");
    assert_int_equal(json_array_size(senders), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(senders, 0), "until")),
                        "2026-12-01T03:15:00.000Z");
    const json_t *steps = json_object_get(root, "steps");
    assert_int_equal(json_array_size(steps), 4);
    assert_string_equal(json_string_value(json_object_get(json_array_get(steps, 0), "do")), "mend");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(steps, 1), "wait_s")), 604800);
    assert_string_equal(json_string_value(json_object_get(json_array_get(steps, 2), "why")), "ttl");
    assert_int_equal(json_array_size(json_object_get(root, "faults")), 1);
    json_decref(root);
    end(&world);
    begin(&world, NULL, "+a.old");
    plan(&world, "+b.new", NULL);
    assert_true(forecast_json(&world.out, &world.forecast, now));
    assert_has(buf_string(&world.out), "\"today\":null,\"after\":null,");
    end(&world);
}

static void test_ceilings(void **state)
{
    (void)state;
    struct world world;
    struct arena small;
    struct buf out;
    begin(&world, OLD, "+a.old");
    plan(&world, "+b.new", NULL);
    arena_init(&small, 64);
    assert_int_equal(forecast_make(&world.facts, &world.judgement, &world.plan, now, &small, &world.forecast),
                     ERR_MEMORY);
    arena_dispose(&small);
    assert_int_equal(
        forecast_make(&world.facts, &world.judgement, &world.plan, now, &world.arena, &world.forecast),
        ERR_OK);
    buf_init(&out, 100);
    assert_false(forecast_text(&out, &world.forecast, now));
    buf_reset(&out);
    assert_false(forecast_json(&out, &world.forecast, now));
    buf_dispose(&out);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_no_step_loses_mail),
        cmocka_unit_test(test_what_is_open),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_mx_hosts_that_are_open),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_ceilings),
    };
    return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}
