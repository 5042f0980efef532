/* Looks on their way from one pass to the next: what comes back, the ceiling, and texts that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "scanner/reach/looks.h"
#include "tests/unit/random_facts.h"

enum { SEEDS = 500, HOSTS = 20, ADDRESSES = 8, ARENA_BYTES = 1 << 20 };

static void assert_same(const struct look *a, const struct look *b)
{
    assert_string_equal(a->host, b->host);
    assert_true(ip_equal(&a->ip, &b->ip));
    assert_int_equal(a->policy, b->policy);
    assert_int_equal(a->time, b->time);
    assert_int_equal(a->step, b->step);
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->dane, b->dane);
    assert_int_equal(a->hello_unanswered, b->hello_unanswered);
}

static bool has_failed(const struct look *look)
{
    return look->code != FAIL_NONE && !look->dane;
}

/* Those that failed come first, both kinds in their order. */
static void assert_come_back(const struct domain_facts *facts, const struct domain_facts *back)
{
    size_t at = 0;
    for (int failed = 1; failed >= 0; failed--)
        for (size_t i = 0; i < facts->look_count; i++)
            if (has_failed(&facts->looks[i]) == failed)
                assert_same(&facts->looks[i], &back->looks[at++]);
    assert_int_equal(back->look_count, at);
}

static void test_what_goes_comes_back(void **state)
{
    const struct judgement none = {.policy_code = FAIL_NONE};
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct arena arena;
        struct buf text;
        struct domain_facts facts, back = {.look_count = 1};
        arena_init(&arena, 64 << 20);
        buf_init(&text, LOOKS_BYTES);
        random_domain(seed, &arena, &facts);
        facts.policy.host = NULL;
        for (size_t i = 0; i < facts.look_count; i++)
            facts.looks[i].hello_unanswered = (seed + i) % 3 == 0;
        assert_true(looks_write(&text, &facts, &none));
        looks_read(buf_bytes(&text), &arena, &back);
        assert_come_back(&facts, &back);
        buf_dispose(&text);
        arena_dispose(&arena);
    }
}

/* 20 MX hosts of 8 IPv6 addresses each with long names, all of which failed, and as many that passed. */
static void make_crowd(struct arena *arena, struct domain_facts *facts)
{
    facts->looks = arena_array(arena, (size_t)HOSTS * ADDRESSES * 2, sizeof *facts->looks);
    for (unsigned i = 0; i < HOSTS * ADDRESSES * 2; i++) {
        char name[64];
        uint8_t ip[16] = {0x20, 1, [15] = (uint8_t)i};
        (void)snprintf(name, sizeof name, "mail-exchanger-%u.customers.example.net", i / ADDRESSES);
        struct look *look = &facts->looks[facts->look_count++];
        *look =
            (struct look){.host = arena_string(arena, name), .ip = ip_v6(ip), .time = i, .step = SMTP_EHLO};
        look->code = i % 2 == 0 ? FAIL_NONE : FAIL_SMTP_STARTTLS_NOT_OFFERED;
    }
}

static void test_past_the_ceiling_whole_looks_are_left_out(void **state)
{
    const struct judgement none = {.policy_code = FAIL_NONE};
    struct arena arena;
    struct buf text;
    struct domain_facts facts = {.domain = "example"}, back = {.look_count = 0};
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&text, LOOKS_BYTES);
    make_crowd(&arena, &facts);
    assert_false(looks_write(&text, &facts, &none));
    assert_in_range(text.len, LOOKS_BYTES - 128, LOOKS_BYTES);
    looks_read(buf_bytes(&text), &arena, &back);
    assert_in_range(back.look_count, 60, 160);
    for (size_t i = 0; i < back.look_count; i++)
        assert_same(&facts.looks[2 * i + 1], &back.looks[i]);
    buf_dispose(&text);
    arena_dispose(&arena);
}

/* It ends with the last whole look, whatever the bytes. */
static void test_a_text_that_is_none(void **state)
{
    struct arena arena;
    struct maker make = {99, &arena};
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct domain_facts back = {.look_count = 7};
        arena_init(&arena, ARENA_BYTES);
        struct bytes text = make_bytes(&make, 300);
        looks_read(text, &arena, &back);
        assert_true(back.look_count * 20 <= text.len);
        for (size_t j = 0; j < back.look_count; j++)
            assert_true(back.looks[j].code < FAIL_COUNT && back.looks[j].host != NULL);
        arena_dispose(&arena);
    }
}

static struct look look_of(const char *host, uint8_t last, int64_t time, enum failure_code code)
{
    return (struct look){
        .host = host, .ip = ip_v4((const uint8_t[]){192, 0, 2, last}), .time = time, .code = code};
}

/* TLS-7: once; and an address that the cache has newer facts of is not probed anew. */
static void test_which_are_looked_at_again(void **state)
{
    struct arena arena;
    struct look looks[] = {look_of("a.example", 1, 10, FAIL_SMTP_STARTTLS_NOT_OFFERED),
                           look_of("a.example", 2, 10, FAIL_NONE),
                           look_of("a.example", 3, 10, FAIL_SMTP_STARTTLS_NOT_OFFERED),
                           look_of("a.example", 3, 20, FAIL_SMTP_STARTTLS_NOT_OFFERED),
                           look_of("b.example", 4, 10, FAIL_SMTP_TLS_CLOSED),
                           look_of("a.example", 5, 10, FAIL_POLICY_TCP_REFUSED)};
    struct domain_facts facts = {.looks = looks, .look_count = sizeof looks / sizeof *looks};
    struct probe_facts probe = {.ip = looks[0].ip, .time = 10};
    struct host_facts host = {.probes = &probe, .probe_count = 1};
    (void)state;
    looks[5].policy = true;
    arena_init(&arena, ARENA_BYTES);
    struct looks_again again = looks_again(&facts, "a.example", &arena);
    assert_int_equal(again.count, 3); /* one is due, one has had its second */
    assert_true(ip_equal(&again.list[0].ip, &looks[0].ip) && !again.list[0].enough);
    assert_true(ip_equal(&again.list[1].ip, &looks[2].ip) && again.list[1].enough && again.list[2].enough);
    assert_true(looks_is_old(&again, &probe) && looks_are_old(&again, &host));
    probe.time = 30;
    assert_false(looks_is_old(&again, &probe) || looks_are_old(&again, &host));
    probe.ip = looks[1].ip;
    probe.time = 10;
    assert_false(looks_is_old(&again, &probe));
    probe.ip = looks[2].ip;
    assert_false(looks_is_old(&again, &probe));
    assert_int_equal(looks_again(&facts, "b.example", &arena).count, 1);
    assert_int_equal(looks_again(&facts, "c.example", &arena).count, 0);
    arena_dispose(&arena);
}

/* A ClientHello that got no answer counts at its own address, if none passed there; whatever the pass. */
static void test_what_looks_say_of_a_hello(void **state)
{
    struct arena arena;
    struct look looks[] = {look_of("a.example", 1, 10, FAIL_SMTP_TLS_CLOSED),
                           look_of("a.example", 2, 10, FAIL_SMTP_TLS_CLOSED),
                           look_of("a.example", 2, 20, FAIL_NONE),
                           look_of("a.example", 3, 10, FAIL_SMTP_STARTTLS_NOT_OFFERED),
                           look_of("a.example", 4, 10, FAIL_SMTP_STARTTLS_NOT_OFFERED),
                           look_of("a.example", 4, 20, FAIL_SMTP_TLS_TIMEOUT),
                           look_of("mta-sts.a.example", 6, 10, FAIL_POLICY_HTTP_TIMEOUT),
                           look_of("mta-sts.a.example", 7, 10, FAIL_NONE)};
    static const enum earlier_hello told[] = {[1] = HELLO_UNANSWERED,
                                              [2] = HELLO_UNTRIED,
                                              [3] = HELLO_FAILED,
                                              [4] = HELLO_UNANSWERED,
                                              [5] = HELLO_UNTRIED};
    struct domain_facts facts = {.looks = looks, .look_count = sizeof looks / sizeof *looks};
    (void)state;
    looks[0].hello_unanswered = looks[1].hello_unanswered = looks[5].hello_unanswered = true;
    looks[6].hello_unanswered = looks[6].policy = looks[7].policy = true;
    arena_init(&arena, ARENA_BYTES);
    const struct looks_again again = looks_again(&facts, "a.example", &arena);
    for (uint8_t i = 1; i < sizeof told / sizeof *told; i++) {
        const struct ip_addr ip = ip_v4((const uint8_t[]){192, 0, 2, i});
        assert_int_equal(looks_hello(&again, &ip), told[i]);
        assert_int_equal(looks_hello(NULL, &ip), HELLO_UNTRIED);
    }
    assert_int_equal(looks_hello_of_policy(&facts, &looks[6].ip), HELLO_UNTRIED); /* another address passed */
    facts.look_count--;
    assert_int_equal(looks_hello_of_policy(&facts, &looks[6].ip), HELLO_UNANSWERED);
    assert_int_equal(looks_hello_of_policy(&facts, &looks[0].ip), HELLO_UNTRIED);
    arena_dispose(&arena);
}

/* A host all of whose addresses leave a ClientHello without an answer; the last one has TLSA records. */
static void make_unanswered(struct arena *arena, unsigned i, struct mx_host *mx, struct host_verdict *verdict)
{
    char name[64];
    (void)snprintf(name, sizeof name, "mail-exchanger-%u.customers.example.net", i);
    struct host_facts *host = arena_alloc(arena, sizeof *host);
    *host = (struct host_facts){.host = arena_string(arena, name), .probe_count = ADDRESSES};
    host->probes = arena_array(arena, ADDRESSES, sizeof *host->probes);
    *verdict = (struct host_verdict){.dane_applies = i == HOSTS, .ip_count = ADDRESSES};
    verdict->ips = arena_array(arena, ADDRESSES, sizeof *verdict->ips);
    for (uint8_t j = 0; j < ADDRESSES; j++) {
        struct probe_facts *probe = &host->probes[j];
        const uint8_t ip[16] = {0x20, 1, [14] = (uint8_t)i, [15] = j};
        *probe = (struct probe_facts){.host = host->host, .ip = ip_v6(ip), .time = j + 1};
        probe->step = SMTP_HANDSHAKE;
        probe->end = SMTP_END_TLS;
        probe->tls = (struct tls_facts){.end = TLS_CLOSED, .alert = -1, .hello_unanswered = true};
        verdict->ips[j] = (struct ip_verdict){.code = FAIL_SMTP_TLS_CLOSED, .dane = FAIL_SMTP_TLS_CLOSED};
    }
    *mx = (struct mx_host){.host = host->host, .facts = host};
}

/* Hosts to which nothing published applies do not take the room of one with TLSA records. */
static void test_hosts_that_matter_go_first(void **state)
{
    struct arena arena;
    struct buf text;
    struct domain_facts facts = {.domain = "example"}, back = {.look_count = 0};
    struct judgement judgement = {.outcome = OUTCOME_ABSENT};
    (void)state;
    arena_init(&arena, 64 << 20);
    facts.hosts = arena_array(&arena, HOSTS + 1, sizeof *facts.hosts);
    judgement.hosts = arena_array(&arena, HOSTS + 1, sizeof *judgement.hosts);
    facts.host_count = judgement.host_count = HOSTS + 1;
    for (unsigned i = 0; i <= HOSTS; i++)
        make_unanswered(&arena, i, &facts.hosts[i], &judgement.hosts[i]);
    for (int pass = 1; pass <= 2; pass++) { /* then also as earlier looks */
        buf_init(&text, LOOKS_BYTES);
        assert_false(looks_write(&text, &facts, &judgement));
        looks_read(buf_bytes(&text), &arena, &back);
        for (unsigned j = 0; j < ADDRESSES; j++) {
            assert_string_equal(back.looks[j].host, facts.hosts[HOSTS].host);
            assert_true(back.looks[j].hello_unanswered);
        }
        assert_string_equal(back.looks[(unsigned)pass * ADDRESSES].host, facts.hosts[0].host);
        facts.looks = back.looks;
        facts.look_count = back.look_count;
        buf_dispose(&text);
    }
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_goes_comes_back),
        cmocka_unit_test(test_past_the_ceiling_whole_looks_are_left_out),
        cmocka_unit_test(test_a_text_that_is_none),
        cmocka_unit_test(test_which_are_looked_at_again),
        cmocka_unit_test(test_what_looks_say_of_a_hello),
        cmocka_unit_test(test_hosts_that_matter_go_first),
    };
    return cmocka_run_group_tests_name("looks", tests, NULL, NULL);
}
