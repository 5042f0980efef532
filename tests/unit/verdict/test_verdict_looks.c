/*
 * More than one look (TLS-7): what asks for a second, and what two come to. A domain of one or two MX hosts,
 * of one address each; what was seen then is told as the scanner tells it, by looks_write.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/reach/looks.h"
#include "scanner/verdict/looks.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_MS       INT64_C(1800000000000)
#define THEN         (NOW_MS - 900000)
#define LAST         (NOW_MS - 1000)

enum { DAY = 86400 };

enum seen {
    NOTHING, /* there was no such look */
    GOOD,
    EXPIRED,
    SELF_SIGNED,
    MISSING,
    MASKED,
    DOUBTFUL,
    REFUSED,
    PUT_OFF,
    CLOSED_AT_STARTTLS,
    RESET_AT_STARTTLS,
    CLOSED_IN_TLS,
    INTERNAL_ERROR,
    HANDSHAKE_FAILURE,
    GARBAGE,
    SILENT,
    GREETING_421,
    GREETING_554,
    CLOSED_AT_EHLO,
    NOT_PROBED
};

struct world {
    struct bytes txt;
    struct cert_facts leaf, policy_leaf;
    struct mx_rr rrs[2];
    struct mx_host hosts[2];
    struct host_facts host_facts[2];
    struct probe_facts probes[2];
    struct ip_addr ips[2];
    struct tlsa_rr tlsa;
    struct domain_facts facts;
    struct judgement judgement;
    struct arena arena;
};

static struct tls_facts handshake(enum seen seen, struct cert_facts *leaf)
{
    struct tls_facts tls = {.end = TLS_DONE, .version = 0x0304, .alert = -1, .certs = leaf, .cert_count = 1};
    tls.name_match = true;
    leaf->not_after = NOW_MS / 1000 + (seen == EXPIRED ? -DAY : 60 * DAY);
    leaf->self_signed = seen == SELF_SIGNED;
    if (seen == SELF_SIGNED)
        tls.errors[tls.error_count++] = (struct chain_error){.x509 = 18};
    return tls;
}

static struct probe_facts probe_of(enum seen seen, struct cert_facts *leaf, int64_t time)
{
    static const struct {
        enum smtp_step step;
        enum smtp_end end;
        enum net_error net;
        int reply;
        enum tls_end tls;
        int alert;
    } ends[] = {
        [MISSING] = {SMTP_EHLO, SMTP_END_NOT_OFFERED, NET_OK, 250, TLS_NOT_TRIED, -1},
        [MASKED] = {SMTP_EHLO, SMTP_END_NOT_OFFERED, NET_OK, 250, TLS_NOT_TRIED, -1},
        [DOUBTFUL] = {SMTP_EHLO, SMTP_END_NOT_OFFERED, NET_OK, 250, TLS_NOT_TRIED, -1},
        [REFUSED] = {SMTP_STARTTLS, SMTP_END_REPLY, NET_OK, 502, TLS_NOT_TRIED, -1},
        [PUT_OFF] = {SMTP_STARTTLS, SMTP_END_REPLY, NET_OK, 454, TLS_NOT_TRIED, -1},
        [CLOSED_AT_STARTTLS] = {SMTP_STARTTLS, SMTP_END_CLOSED, NET_OK, 0, TLS_NOT_TRIED, -1},
        [RESET_AT_STARTTLS] = {SMTP_STARTTLS, SMTP_END_NET, NET_RESET, 0, TLS_NOT_TRIED, -1},
        [CLOSED_IN_TLS] = {SMTP_HANDSHAKE, SMTP_END_TLS, NET_OK, 0, TLS_CLOSED, -1},
        [INTERNAL_ERROR] = {SMTP_HANDSHAKE, SMTP_END_TLS, NET_OK, 0, TLS_FAILED, 80},
        [HANDSHAKE_FAILURE] = {SMTP_HANDSHAKE, SMTP_END_TLS, NET_OK, 0, TLS_FAILED, 40},
        [GARBAGE] = {SMTP_HANDSHAKE, SMTP_END_TLS, NET_OK, 0, TLS_FAILED, -1},
        [SILENT] = {SMTP_CONNECT, SMTP_END_NET, NET_TIMEOUT, 0, TLS_NOT_TRIED, -1},
        [GREETING_421] = {SMTP_GREETING, SMTP_END_REPLY, NET_OK, 421, TLS_NOT_TRIED, -1},
        [GREETING_554] = {SMTP_GREETING, SMTP_END_REPLY, NET_OK, 554, TLS_NOT_TRIED, -1},
        [CLOSED_AT_EHLO] = {SMTP_EHLO, SMTP_END_CLOSED, NET_OK, 0, TLS_NOT_TRIED, -1},
        [NOT_PROBED] = {SMTP_NONE, SMTP_END_NONE, NET_OK, 0, TLS_NOT_TRIED, -1},
    };
    struct probe_facts probe = {.step = SMTP_QUIT, .end = SMTP_END_DONE, .time = time};
    if (seen == GOOD || seen == EXPIRED || seen == SELF_SIGNED) {
        probe.tls = handshake(seen, leaf);
        return probe;
    }
    probe.step = ends[seen].step;
    probe.end = ends[seen].end;
    probe.net = ends[seen].net;
    probe.reply_code = ends[seen].reply;
    probe.tls = (struct tls_facts){.end = ends[seen].tls, .alert = ends[seen].alert};
    probe.not_tried = seen == NOT_PROBED ? NOT_TRIED_PACE : TRIED;
    probe.masked = seen == MASKED;
    probe.path_doubtful = seen == DOUBTFUL;
    return probe;
}

enum policy_kind {
    P_ENFORCE,
    P_TESTING,
    P_NONE,
    P_NO_RECORD,
    P_REFUSES,
    P_RESETS,
    P_SILENT,
    P_404,
    P_ALERT80
};

static void make_policy(struct world *world, enum policy_kind kind)
{
    static const char *const bodies[] = {
        "version: STSv1\nmode: enforce\nmx: *.example\nmax_age: 604800\n",
        "version: STSv1\nmode: testing\nmx: *.example\nmax_age: 604800\n",
        "version: STSv1\nmode: none\nmax_age: 604800\n",
    };
    struct policy_facts *policy = &world->facts.policy;
    struct fetch_facts *fetch = &policy->fetch;
    policy->host = "mta-sts.example";
    policy->address = (struct address_facts){.a = {.status = DNS_ANSWERED}, .ips = world->ips, .ip_count = 1};
    policy->address.aaaa.status = DNS_NODATA;
    *fetch = (struct fetch_facts){.step = FETCH_CONNECT, .ip = world->ips[0], .tls.alert = -1};
    if (kind == P_REFUSES || kind == P_RESETS)
        fetch->net = kind == P_REFUSES ? NET_REFUSED : NET_RESET;
    else if (kind == P_SILENT)
        fetch->net = NET_TIMEOUT;
    if (kind == P_ALERT80) {
        fetch->step = FETCH_TLS;
        fetch->tls = (struct tls_facts){.end = TLS_FAILED, .alert = 80};
    }
    if (fetch->net != NET_OK || kind == P_ALERT80)
        return;
    fetch->step = FETCH_DONE;
    fetch->http_status = kind == P_404 ? 404 : 200;
    fetch->media_type = "text/plain";
    fetch->tls = handshake(GOOD, &world->policy_leaf);
    fetch->body = bytes_of(kind == P_404 ? "" : bodies[kind]);
}

/* Facts of one look at the domain. */
static void make_world(struct world *world, enum policy_kind policy, const enum seen seen[2], bool dane,
                       int64_t time)
{
    struct domain_facts *facts = &world->facts;
    *facts =
        (struct domain_facts){.ordinal = 1, .domain = "example", .time = time, .one_look = facts->one_look};
    world->leaf = (struct cert_facts){.subject = "CN=a", .issuer = "CN=b", .spki_sha256 = {7}};
    for (uint8_t i = 0; i < 2; i++)
        world->ips[i] = ip_v4((const uint8_t[]){192, 0, 2, i});
    world->txt = bytes_of("v=STSv1; id=1;");
    facts->txt.lookup.status = policy == P_NO_RECORD ? DNS_NXDOMAIN : DNS_ANSWERED;
    facts->txt.rrs = &world->txt;
    facts->txt.rr_count = policy != P_NO_RECORD;
    facts->tlsrpt.lookup.status = DNS_NXDOMAIN;
    facts->policy.fetch.tls.alert = -1;
    if (policy != P_NO_RECORD)
        make_policy(world, policy);
    enum dns_security security = dane ? DNSSEC_SECURE : DNSSEC_INSECURE;
    facts->mx =
        (struct mx_facts){.lookup = {.status = DNS_ANSWERED, .security = security}, .rrs = world->rrs};
    facts->hosts = world->hosts;
    world->tlsa = (struct tlsa_rr){3, 1, 1, bytes_make(world->leaf.spki_sha256, 32)};
    for (size_t i = 0; i < 2 && seen[i] != NOTHING; i++) {
        const char *name = i == 0 ? "a.example" : "b.example";
        struct host_facts *host = &world->host_facts[i];
        world->rrs[facts->mx.rr_count++] = (struct mx_rr){.preference = 10, .host = name};
        world->hosts[facts->host_count++] = (struct mx_host){.host = name, .preference = 10, .facts = host};
        *host = (struct host_facts){.host = name, .probes = &world->probes[i], .probe_count = 1};
        host->address.a = (struct lookup_facts){.status = DNS_ANSWERED, .security = security};
        host->address.aaaa = (struct lookup_facts){.status = DNS_NODATA, .security = security};
        host->address.ips = &world->ips[i];
        host->address.ip_count = 1;
        if (dane)
            host->tlsa = (struct tlsa_facts){.lookup = host->address.a, .rrs = &world->tlsa, .rr_count = 1};
        world->probes[i] = probe_of(seen[i], &world->leaf, time);
        world->probes[i].host = name;
        world->probes[i].ip = world->ips[i];
    }
}

static void judge(struct world *world)
{
    verdict_judge(&world->facts, NOW_MS, &world->arena, &world->judgement);
}

/* What goes from one pass to the next. */
static void next_pass(struct world *world, enum policy_kind policy, const enum seen seen[2], bool dane,
                      int64_t time)
{
    struct buf text;
    buf_init(&text, LOOKS_BYTES);
    looks_prune(&world->facts, &world->judgement);
    assert_true(looks_write(&text, &world->facts, &world->judgement));
    make_world(world, policy, seen, dane, time);
    looks_read(buf_bytes(&text), &world->arena, &world->facts);
    buf_dispose(&text);
    judge(world);
    looks_prune(&world->facts, &world->judgement);
}

static void begin(struct world *world, enum policy_kind policy, const enum seen seen[2], bool dane)
{
    arena_init(&world->arena, 1 << 20);
    world->facts.one_look = true;
    make_world(world, policy, seen, dane, THEN);
    judge(world);
}

static bool has(const struct world *world, enum failure_code code)
{
    return code_set_has(&world->judgement.codes, code);
}

/* ---- one look ------------------------------------------------------------------------------------------ */

struct first_case {
    const char *name;
    enum seen seen;
    bool due, decides; /* decides: where no second look comes */
    enum outcome outcome;
};

static const struct first_case first_cases[] = {
    {"TLS-7 missing", MISSING, true, true, OUTCOME_REFUSED},
    {"TLS-7 taken out on our way is ours", MASKED, false, false, OUTCOME_UNKNOWN},
    {"TLS-7 missing behind a way in doubt is ours", DOUBTFUL, false, false, OUTCOME_UNKNOWN},
    {"TLS-7 refused", REFUSED, true, true, OUTCOME_REFUSED},
    {"TLS-7 refused for now", PUT_OFF, true, false, OUTCOME_UNKNOWN},
    {"TLS-7 closed at STARTTLS", CLOSED_AT_STARTTLS, true, false, OUTCOME_UNKNOWN},
    {"TLS-7 reset at STARTTLS", RESET_AT_STARTTLS, true, false, OUTCOME_UNKNOWN},
    {"TLS-7 closed in the handshake", CLOSED_IN_TLS, true, false, OUTCOME_UNKNOWN},
    {"TLS-7 alert internal_error", INTERNAL_ERROR, true, true, OUTCOME_REFUSED},
    {"TLS-7 alert handshake_failure is an answer", HANDSHAKE_FAILURE, false, false, OUTCOME_REFUSED},
    {"TLS-7 what is no TLS is an answer", GARBAGE, false, false, OUTCOME_REFUSED},
    {"TLS-7 a certificate is an answer", EXPIRED, false, false, OUTCOME_REFUSED},
    {"TLS-7 good", GOOD, false, false, OUTCOME_PROTECTED},
    {"TLS-7 silence is retried as ever", SILENT, false, false, OUTCOME_UNKNOWN},
    {"TLS-7 421 is retried as ever", GREETING_421, false, false, OUTCOME_UNKNOWN},
    {"TLS-7 554 is retried as ever", GREETING_554, false, false, OUTCOME_UNKNOWN},
    {"TLS-7 closed at EHLO is retried as ever", CLOSED_AT_EHLO, false, false, OUTCOME_UNKNOWN},
    {"TLS-7 not probed", NOT_PROBED, false, false, OUTCOME_UNKNOWN},
};

static void check_first(const struct first_case *c, enum policy_kind policy)
{
    static struct world world;
    const enum seen seen[2] = {c->seen, NOTHING};
    begin(&world, policy, seen, false);
    enum outcome outcome = policy == P_TESTING ? world.judgement.would_be : world.judgement.outcome;
    if (outcome != c->outcome || world.judgement.look_due != c->due ||
        world.judgement.one_look != (c->due && c->decides) ||
        world.judgement.incomplete != (c->due && c->decides))
        fail_msg("%s: %s, due %d, one look %d", c->name, outcome_name(outcome), world.judgement.look_due,
                 world.judgement.one_look);
    assert_false(has(&world, FAIL_SMTP_INCONSISTENT));
    world.facts.one_look = false; /* a record of before there were second looks: as it was */
    judge(&world);
    assert_false(world.judgement.incomplete || world.judgement.one_look);
    arena_dispose(&world.arena);
}

static void test_what_asks_for_a_second(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(first_cases); i++) {
        check_first(&first_cases[i], P_ENFORCE);
        check_first(&first_cases[i], P_TESTING);
    }
}

/* TLS-7: only where it matters what was seen. */
static void test_where_no_second_is_due(void **state)
{
    static struct world world;
    static const enum seen missing[2] = {MISSING, NOTHING};
    (void)state;
    begin(&world, P_NO_RECORD, missing, false);
    assert_false(world.judgement.look_due);
    make_world(&world, P_NONE, missing, false, THEN);
    judge(&world);
    assert_false(world.judgement.look_due);
    make_world(&world, P_404, missing, false, THEN);
    judge(&world);
    assert_false(world.judgement.look_due);
    make_world(&world, P_ENFORCE, missing, false, THEN);
    world.hosts[0].host = "mx.elsewhere.test"; /* refused whatever its TLS (MX-5) */
    judge(&world);
    assert_false(world.judgement.look_due);
    make_world(&world, P_NO_RECORD, missing, true, THEN); /* a DANE sender's mail is lost likewise */
    judge(&world);
    assert_true(world.judgement.look_due);
    assert_int_equal(world.judgement.dane, DANE_OUTCOME_REFUSED);
    assert_false(world.judgement.incomplete);
    arena_dispose(&world.arena);
}

/* ---- two looks ----------------------------------------------------------------------------------------- */

struct both_case {
    const char *name;
    enum seen then, last;
    enum outcome outcome;
    enum failure_code code; /* of the address */
    bool inconsistent;
    size_t told; /* looks that stay in the record */
};

static const struct both_case both_cases[] = {
    {"TLS-7 missing, then good", MISSING, GOOD, OUTCOME_PROTECTED, FAIL_NONE, true, 1},
    {"TLS-7 refused, then good", REFUSED, GOOD, OUTCOME_PROTECTED, FAIL_NONE, true, 1},
    {"TLS-7 closed, then good", CLOSED_IN_TLS, GOOD, OUTCOME_PROTECTED, FAIL_NONE, true, 1},
    {"TLS-7 internal_error, then good", INTERNAL_ERROR, GOOD, OUTCOME_PROTECTED, FAIL_NONE, true, 1},
    {"TLS-7 good, then missing", GOOD, MISSING, OUTCOME_PROTECTED, FAIL_NONE, true, 1},
    {"TLS-7 good, then internal_error", GOOD, INTERNAL_ERROR, OUTCOME_PROTECTED, FAIL_NONE, true, 1},
    {"TLS-7 good, then closed", GOOD, CLOSED_IN_TLS, OUTCOME_PROTECTED, FAIL_NONE, true, 1},
    {"TLS-7 missing twice", MISSING, MISSING, OUTCOME_REFUSED, FAIL_SMTP_STARTTLS_NOT_OFFERED, false, 1},
    {"TLS-7 missing, then refused", MISSING, REFUSED, OUTCOME_REFUSED, FAIL_SMTP_STARTTLS_REFUSED, false, 1},
    {"TLS-7 closed, then missing", CLOSED_IN_TLS, MISSING, OUTCOME_REFUSED, FAIL_SMTP_STARTTLS_NOT_OFFERED,
     false, 1},
    {"TLS-7 internal_error twice", INTERNAL_ERROR, INTERNAL_ERROR, OUTCOME_REFUSED, FAIL_SMTP_TLS_ALERT,
     false, 1},
    {"TLS-7 missing, then a bad certificate", MISSING, EXPIRED, OUTCOME_REFUSED, FAIL_SMTP_TLS_EXPIRED, false,
     1},
    {"TLS-7 missing, then silent", MISSING, SILENT, OUTCOME_UNKNOWN, FAIL_SMTP_TCP_TIMEOUT, false, 1},
    {"TLS-7 missing, then 421", MISSING, GREETING_421, OUTCOME_UNKNOWN, FAIL_SMTP_GREETING_4XX, false, 1},
    {"TLS-7 missing, then closed", MISSING, CLOSED_IN_TLS, OUTCOME_UNKNOWN, FAIL_SMTP_TLS_CLOSED, false, 1},
    {"TLS-7 missing, then behind a way in doubt", MISSING, DOUBTFUL, OUTCOME_UNKNOWN, FAIL_SMTP_STARTTLS_PATH,
     false, 1},
    {"TLS-7 masked, then good", MASKED, GOOD, OUTCOME_PROTECTED, FAIL_NONE, false, 0},
    {"TLS-7 missing, then not probed", MISSING, NOT_PROBED, OUTCOME_UNKNOWN, FAIL_SMTP_NOT_PROBED_PACE, false,
     1},
    {"TLS-7 closed twice stays open", CLOSED_IN_TLS, CLOSED_IN_TLS, OUTCOME_UNKNOWN, FAIL_SMTP_TLS_CLOSED,
     false, 1},
    {"TLS-7 good, then silent", GOOD, SILENT, OUTCOME_UNKNOWN, FAIL_SMTP_TCP_TIMEOUT, false, 1},
    {"TLS-7 good, then a bad certificate", GOOD, EXPIRED, OUTCOME_REFUSED, FAIL_SMTP_TLS_EXPIRED, false, 1},
    {"TLS-7 good twice", GOOD, GOOD, OUTCOME_PROTECTED, FAIL_NONE, false, 0},
};

static void test_what_two_come_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(both_cases); i++) {
        const struct both_case *c = &both_cases[i];
        static struct world world;
        const enum seen then[2] = {c->then, NOTHING}, last[2] = {c->last, NOTHING};
        begin(&world, P_ENFORCE, then, false);
        next_pass(&world, P_ENFORCE, last, false, LAST);
        const struct judgement *judgement = &world.judgement;
        if (judgement->outcome != c->outcome || judgement->hosts[0].ips[0].code != c->code ||
            has(&world, FAIL_SMTP_INCONSISTENT) != c->inconsistent || world.facts.look_count != c->told)
            fail_msg("%s: %s, %s, %zu looks", c->name, outcome_name(judgement->outcome),
                     failure_name(judgement->hosts[0].ips[0].code), world.facts.look_count);
        assert_false(judgement->look_due || judgement->one_look || judgement->incomplete);
        struct judgement again; /* by what is told, it is the same */
        verdict_judge(&world.facts, NOW_MS, &world.arena, &again);
        assert_int_equal(again.outcome, judgement->outcome);
        assert_memory_equal(&again.codes, &judgement->codes, sizeof again.codes);
        assert_int_equal(again.tls, judgement->tls);
        arena_dispose(&world.arena);
    }
}

/* TLS-7: three kinds of sender agree with the outcome. */
static void test_senders_and_dane(void **state)
{
    static struct world world;
    static const enum seen missing[2] = {MISSING, NOTHING}, own[2] = {SELF_SIGNED, NOTHING};
    static const enum seen good[2] = {GOOD, NOTHING};
    (void)state;
    begin(&world, P_ENFORCE, good, true);
    next_pass(&world, P_ENFORCE, missing, true, LAST);
    assert_int_equal(world.judgement.outcome, OUTCOME_PROTECTED);
    assert_int_equal(world.judgement.dane, DANE_OUTCOME_PROTECTED);
    assert_int_equal(world.judgement.tls, TLS_OUTCOME_ALL);
    for (enum sender_kind kind = 0; kind < SENDER_COUNT; kind++)
        assert_int_equal(world.judgement.senders[kind].all, DELIVERY_TAKES);
    assert_false(has(&world, FAIL_SMTP_STARTTLS_NOT_OFFERED));
    arena_dispose(&world.arena);
    /* A certificate of its own passes by DANE alone. */
    begin(&world, P_ENFORCE, own, true);
    next_pass(&world, P_ENFORCE, missing, true, LAST);
    assert_int_equal(world.judgement.outcome, OUTCOME_REFUSED);
    assert_int_equal(world.judgement.dane, DANE_OUTCOME_PROTECTED);
    assert_true(has(&world, FAIL_SMTP_INCONSISTENT));
    arena_dispose(&world.arena);
    begin(&world, P_NO_RECORD, missing, true);
    next_pass(&world, P_NO_RECORD, own, true, LAST);
    assert_int_equal(world.judgement.dane, DANE_OUTCOME_PROTECTED);
    assert_true(has(&world, FAIL_SMTP_INCONSISTENT));
    next_pass(&world, P_NO_RECORD, missing, true, LAST + 1);
    assert_int_equal(world.judgement.dane, DANE_OUTCOME_PROTECTED);
    arena_dispose(&world.arena);
}

/* TLS-7: each address has looks of its own, and what was known already is no second one. */
static void test_each_address_by_itself(void **state)
{
    static struct world world;
    static const enum seen first[2] = {MISSING, GOOD}, then[2] = {GOOD, MISSING},
                           worse[2] = {MISSING, MISSING};
    (void)state;
    begin(&world, P_ENFORCE, first, false);
    assert_int_equal(world.judgement.outcome, OUTCOME_PARTIAL);
    assert_true(world.judgement.look_due);
    next_pass(&world, P_ENFORCE, then, false, LAST);
    assert_int_equal(world.judgement.outcome, OUTCOME_PROTECTED);
    assert_int_equal(world.facts.look_count, 2);
    arena_dispose(&world.arena);
    begin(&world, P_ENFORCE, first, false);
    next_pass(&world, P_ENFORCE, worse, false, LAST);
    assert_int_equal(world.judgement.outcome, OUTCOME_PARTIAL);
    assert_int_equal(world.judgement.hosts[0].ips[0].code, FAIL_SMTP_STARTTLS_NOT_OFFERED);
    assert_int_equal(world.judgement.hosts[1].ips[0].code, FAIL_NONE);
    arena_dispose(&world.arena);
    begin(&world, P_ENFORCE, worse, false);
    next_pass(&world, P_ENFORCE, worse, false, THEN); /* nobody looked again: the same look once more */
    assert_true(world.judgement.look_due && world.judgement.one_look && world.judgement.incomplete);
    assert_int_equal(world.facts.look_count, 0);
    arena_dispose(&world.arena);
}

/* TLS-7: a look that passed at an address that is gone tells nothing any more; one that failed stays. */
static void test_addresses_that_are_gone(void **state)
{
    static struct world world;
    static const enum seen first[2] = {MISSING, GOOD}, good[2] = {GOOD, GOOD};
    (void)state;
    begin(&world, P_ENFORCE, first, false);
    next_pass(&world, P_ENFORCE, good, false, LAST);
    assert_int_equal(world.facts.look_count, 1);
    for (size_t i = 0; i < 2; i++)
        world.probes[i].ip = ip_v4((const uint8_t[]){198, 51, 100, (uint8_t)i});
    judge(&world);
    looks_prune(&world.facts, &world.judgement);
    assert_int_equal(world.facts.look_count, 1);
    assert_int_equal(world.facts.looks[0].code, FAIL_SMTP_STARTTLS_NOT_OFFERED);
    assert_false(has(&world, FAIL_SMTP_INCONSISTENT));
    world.facts.looks[0].code = FAIL_NONE;
    looks_prune(&world.facts, &world.judgement);
    assert_int_equal(world.facts.look_count, 0);
    arena_dispose(&world.arena);
}

/* TLS-7: what nobody asks about is not carried along. */
static void test_looks_that_do_not_matter(void **state)
{
    static const enum policy_kind without[] = {P_NO_RECORD, P_NONE, P_404};
    static const enum seen missing[2] = {MISSING, GOOD};
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(without); i++) {
        static struct world world;
        const bool dane = i >= COUNT(without), policy_was_there = without[i % COUNT(without)] == P_NONE;
        struct buf text;
        buf_init(&text, LOOKS_BYTES);
        begin(&world, without[i % COUNT(without)], missing, dane);
        assert_true(looks_write(&text, &world.facts, &world.judgement));
        looks_read(buf_bytes(&text), &world.arena, &world.facts);
        assert_int_equal(world.facts.look_count, (dane ? 2 : 0) + policy_was_there);
        buf_dispose(&text);
        arena_dispose(&world.arena);
    }
}

/* ---- the policy host ----------------------------------------------------------------------------------- */

struct policy_case {
    const char *name;
    enum policy_kind then, last;
    enum outcome outcome;
    bool inconsistent, incomplete;
};

static const struct policy_case policy_cases[] = {
    {"TLS-7 policy refused, then there", P_REFUSES, P_ENFORCE, OUTCOME_PROTECTED, true, false},
    {"TLS-7 policy reset, then there", P_RESETS, P_ENFORCE, OUTCOME_PROTECTED, true, false},
    {"TLS-7 policy internal_error, then there", P_ALERT80, P_ENFORCE, OUTCOME_PROTECTED, true, false},
    {"TLS-7 policy refused twice", P_REFUSES, P_REFUSES, OUTCOME_UNKNOWN, false, false},
    {"TLS-7 policy internal_error twice", P_ALERT80, P_ALERT80, OUTCOME_BROKEN, false, false},
    {"TLS-7 policy refused, then silent", P_REFUSES, P_SILENT, OUTCOME_UNKNOWN, false, false},
    {"TLS-7 policy refused, then reset", P_REFUSES, P_RESETS, OUTCOME_UNKNOWN, false, false},
    {"TLS-7 policy reset, then refused", P_RESETS, P_REFUSES, OUTCOME_UNKNOWN, false, false},
    {"TLS-7 policy refused, then not there", P_REFUSES, P_404, OUTCOME_BROKEN, true, false},
    {"TLS-7 policy there, then refused: what it says is open", P_ENFORCE, P_REFUSES, OUTCOME_UNKNOWN, true,
     false},
    {"TLS-7 policy there, then not there", P_ENFORCE, P_404, OUTCOME_BROKEN, false, false},
    {"TLS-7 policy silent, then refused", P_SILENT, P_REFUSES, OUTCOME_UNKNOWN, false, false},
    {"TLS-7 policy silent, then internal_error: one look", P_SILENT, P_ALERT80, OUTCOME_BROKEN, false, true},
};

static void test_policy_host(void **state)
{
    static const enum seen good[2] = {GOOD, NOTHING};
    (void)state;
    for (size_t i = 0; i < COUNT(policy_cases); i++) {
        const struct policy_case *c = &policy_cases[i];
        static struct world world;
        begin(&world, c->then, good, false);
        bool asks = c->then == P_REFUSES || c->then == P_RESETS || c->then == P_ALERT80;
        assert_int_equal(world.judgement.look_due, asks);
        assert_int_equal(world.judgement.incomplete, c->then == P_ALERT80);
        next_pass(&world, c->last, good, false, LAST);
        if (world.judgement.outcome != c->outcome ||
            has(&world, FAIL_POLICY_INCONSISTENT) != c->inconsistent ||
            world.judgement.incomplete != c->incomplete)
            fail_msg("%s: %s, incomplete %d", c->name, outcome_name(world.judgement.outcome),
                     world.judgement.incomplete);
        assert_false(has(&world, FAIL_SMTP_INCONSISTENT));
        arena_dispose(&world.arena);
    }
}

/* TLS-7: the hosts were seen while nobody knew whether there was a policy: their looks count when there is.
 */
static void test_hosts_of_a_policy_that_came_late(void **state)
{
    static const enum policy_kind unknown[] = {P_REFUSES, P_RESETS, P_SILENT};
    static const enum seen missing[2] = {MISSING, NOTHING}, good[2] = {GOOD, NOTHING};
    (void)state;
    for (size_t i = 0; i < COUNT(unknown); i++) {
        static struct world world;
        begin(&world, unknown[i], missing, false);
        next_pass(&world, P_ENFORCE, good, false, LAST);
        assert_int_equal(world.judgement.outcome, OUTCOME_PROTECTED);
        assert_true(has(&world, FAIL_SMTP_INCONSISTENT));
        arena_dispose(&world.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_asks_for_a_second),
        cmocka_unit_test(test_where_no_second_is_due),
        cmocka_unit_test(test_what_two_come_to),
        cmocka_unit_test(test_senders_and_dane),
        cmocka_unit_test(test_each_address_by_itself),
        cmocka_unit_test(test_addresses_that_are_gone),
        cmocka_unit_test(test_looks_that_do_not_matter),
        cmocka_unit_test(test_policy_host),
        cmocka_unit_test(test_hosts_of_a_policy_that_came_late),
    };
    return cmocka_run_group_tests_name("verdict_looks", tests, NULL, NULL);
}
