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
    assert_int_equal(again.count, 1);
    assert_true(ip_equal(&again.list[0].ip, &looks[0].ip));
    assert_true(looks_is_old(&again, &probe) && looks_are_old(&again, &host));
    probe.time = 30;
    assert_false(looks_is_old(&again, &probe) || looks_are_old(&again, &host));
    probe.ip = looks[1].ip;
    probe.time = 10;
    assert_false(looks_is_old(&again, &probe));
    assert_int_equal(looks_again(&facts, "b.example", &arena).count, 1);
    assert_int_equal(looks_again(&facts, "c.example", &arena).count, 0);
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_goes_comes_back),
        cmocka_unit_test(test_past_the_ceiling_whole_looks_are_left_out),
        cmocka_unit_test(test_a_text_that_is_none),
        cmocka_unit_test(test_which_are_looked_at_again),
    };
    return cmocka_run_group_tests_name("looks", tests, NULL, NULL);
}
