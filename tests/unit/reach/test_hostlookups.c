/* How long the DNS's answers about an MX host hold, and which earlier answers serve where a lookup fails
 * (TXT-8, DANE-2): tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/reach/hostlookups.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { TTL_S = 300, MOST = 4 };

static struct lookup_facts lookup_of(enum dns_status status, enum dns_security security)
{
    return (struct lookup_facts){.status = status, .security = security, .ttl = TTL_S};
}

/* ---- how long ------------------------------------------------------------------------------------------ */

static void the_shortest_ttl_counts_within_bounds(void **state)
{
    (void)state;
    struct host_facts facts = {0};
    assert_int_equal(host_holds_ms(&facts), HOST_HOLDS_MOST_S * INT64_C(1000));
    facts.address.a = (struct lookup_facts){.status = DNS_ANSWERED, .ttl = 3600};
    facts.address.aaaa = (struct lookup_facts){.status = DNS_NODATA, .ttl = 900};
    assert_int_equal(host_holds_ms(&facts), 900000);
    facts.tlsa.lookup = (struct lookup_facts){.status = DNS_NXDOMAIN, .ttl = 120};
    assert_int_equal(host_holds_ms(&facts), 120000);
    facts.tlsa.lookup.ttl = 5;
    assert_int_equal(host_holds_ms(&facts), HOST_HOLDS_LEAST_S * INT64_C(1000));
}

/* TXT-8, DANE-2: every way to fail, of each lookup, holds five minutes; where others hold less, less. */
static void a_failure_holds_five_minutes(void **state)
{
    static const enum dns_status failures[] = {DNS_SERVFAIL, DNS_REFUSED,          DNS_TIMEOUT, DNS_BOGUS,
                                               DNS_FORMERR,  DNS_TRUNCATED_NO_TCP, DNS_LOOP,    DNS_LAME};
    (void)state;
    for (size_t i = 0; i < COUNT(failures); i++) {
        for (int which = 0; which < 3; which++) {
            const struct lookup_facts good = {.status = DNS_ANSWERED, .ttl = 86400};
            struct host_facts facts = {.address = {.a = good, .aaaa = good}, .tlsa = {.lookup = good}};
            struct lookup_facts *lookups[] = {&facts.address.a, &facts.address.aaaa, &facts.tlsa.lookup};
            *lookups[which] = (struct lookup_facts){.status = failures[i]};
            assert_int_equal(host_holds_ms(&facts), 300000);
            *lookups[(which + 1) % 3] = (struct lookup_facts){.status = DNS_NODATA, .ttl = 100};
            assert_int_equal(host_holds_ms(&facts), 100000);
        }
    }
}

/* ---- which earlier answer serves ----------------------------------------------------------------------- */

struct family {
    enum dns_status status;
    enum dns_security security;
    unsigned addresses;
};

/* The answer at 0, and what comes `after_s` seconds later. */
struct serve_case {
    const char *name;
    struct family then_a, then_aaaa, now_a, now_aaaa;
    int64_t after_s;
    bool a, aaaa; /* stale */
    unsigned addresses;
};

#define INSECURE DNSSEC_INSECURE
#define SECURE   DNSSEC_SECURE
#define UNKNOWN  DNSSEC_UNVALIDATED
#define ONE      DNS_ANSWERED, INSECURE, 1
#define NONE     DNS_NODATA, INSECURE, 0
#define FAIL     DNS_SERVFAIL, UNKNOWN, 0

static const struct serve_case serve_cases[] = {
    {"TXT-8 both fail", {ONE}, {ONE}, {FAIL}, {FAIL}, 301, true, true, 2},
    {"TXT-8 nothing fails", {ONE}, {ONE}, {ONE}, {NONE}, 301, false, false, 1},
    {"TXT-8 one family fails", {ONE}, {ONE}, {ONE}, {FAIL}, 301, false, true, 2},
    {"TXT-8 the other fails", {ONE}, {ONE}, {FAIL}, {ONE}, 301, true, false, 2},
    {"TXT-8 that there is none serves as well", {ONE}, {NONE}, {FAIL}, {FAIL}, 301, true, true, 1},
    {"TXT-8 a timeout", {ONE}, {NONE}, {DNS_TIMEOUT, UNKNOWN, 0}, {NONE}, 301, true, false, 1},
    {"TXT-8 refused", {ONE}, {NONE}, {DNS_REFUSED, UNKNOWN, 0}, {NONE}, 301, true, false, 1},
    {"TXT-8 lame", {ONE}, {NONE}, {DNS_LAME, UNKNOWN, 0}, {NONE}, 301, true, false, 1},
    {"TXT-8 nobody has validated", {DNS_ANSWERED, UNKNOWN, 1}, {NONE}, {FAIL}, {NONE}, 301, true, false, 1},
    {"TXT-8 the last second", {ONE}, {ONE}, {FAIL}, {FAIL}, TTL_S + 3599, true, true, 2},
    {"TXT-8 an hour past its TTL", {ONE}, {ONE}, {FAIL}, {FAIL}, TTL_S + 3600, false, false, 0},
    {"TXT-8 gone is no failure",
     {ONE},
     {ONE},
     {DNS_NXDOMAIN, INSECURE, 0},
     {DNS_NXDOMAIN, INSECURE, 0},
     301,
     false,
     false,
     0},
    {"TXT-8 there was none", {NONE}, {NONE}, {FAIL}, {FAIL}, 301, false, false, 0},
    {"TXT-8 it had failed before", {FAIL}, {ONE}, {FAIL}, {FAIL}, 301, false, true, 1},
    {"DANE-1 signed addresses",
     {DNS_ANSWERED, SECURE, 1},
     {DNS_ANSWERED, SECURE, 1},
     {FAIL},
     {FAIL},
     301,
     false,
     false,
     0},
    {"DANE-1 signed, and still within its TTL",
     {DNS_ANSWERED, SECURE, 1},
     {NONE},
     {FAIL},
     {NONE},
     1,
     false,
     false,
     0},
    {"DANE-2 what fails is validation",
     {ONE},
     {ONE},
     {DNS_BOGUS, UNKNOWN, 0},
     {DNS_SERVFAIL, DNSSEC_BOGUS, 0},
     301,
     false,
     false,
     0},
};

static void make_family(const struct family *family, uint8_t version, struct lookup_facts *lookup,
                        struct address_facts *address)
{
    const uint8_t bytes[16] = {192, 0, 2, (uint8_t)(address->ip_count + 1)};
    *lookup = lookup_of(family->status, family->security);
    for (unsigned i = 0; i < family->addresses; i++)
        address->ips[address->ip_count++] = version == 4 ? ip_v4(bytes) : ip_v6(bytes);
}

static void make_address(const struct family *a, const struct family *aaaa, struct ip_addr *ips,
                         struct address_facts *address)
{
    *address = (struct address_facts){.ips = ips};
    make_family(a, 4, &address->a, address);
    make_family(aaaa, 6, &address->aaaa, address);
}

static void earlier_answers_serve(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(serve_cases); i++) {
        const struct serve_case *c = &serve_cases[i];
        struct ip_addr then_ips[MOST], now_ips[MOST];
        struct address_facts then, now;
        struct arena arena;
        arena_init(&arena, 65536);
        make_address(&c->then_a, &c->then_aaaa, then_ips, &then);
        make_address(&c->now_a, &c->now_aaaa, now_ips, &now);
        struct host_serves until = host_serves_until(&then, 0);
        struct host_serves serves = host_serves_until(&now, c->after_s * 1000);
        host_serve_stale(&now, &serves, &then, &until, c->after_s * 1000, &arena);
        if (now.a.stale != c->a || now.aaaa.stale != c->aaaa || now.ip_count != c->addresses)
            fail_msg("%s: a %d, aaaa %d, %zu addresses", c->name, now.a.stale, now.aaaa.stale, now.ip_count);
        if (now.a.status != c->now_a.status || now.aaaa.status != c->now_aaaa.status)
            fail_msg("%s: the lookups are not told as they went", c->name);
        if (now.a.security != c->now_a.security || now.aaaa.security != c->now_aaaa.security)
            fail_msg("%s: a signed state was taken over", c->name);
        if (c->a && serves.a_until_ms != until.a_until_ms)
            fail_msg("%s: it serves longer than it may", c->name);
        for (size_t j = 0; j + 1 < now.ip_count; j++)
            assert_true(now.ips[j].family <= now.ips[j + 1].family);
        arena_dispose(&arena);
    }
}

/* The aliases that led to the addresses stand with them: an opt-out list looks at these. */
static void aliases_come_along(void **state)
{
    const char *alias = "alias.example";
    struct ip_addr ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
    struct address_facts then = {.a = lookup_of(DNS_ANSWERED, DNSSEC_INSECURE),
                                 .aaaa = lookup_of(DNS_NODATA, DNSSEC_INSECURE),
                                 .ips = &ip,
                                 .ip_count = 1};
    struct address_facts now = {.a = {.status = DNS_SERVFAIL}, .aaaa = {.status = DNS_SERVFAIL}};
    struct host_serves serves = {0, 0};
    struct arena arena;
    (void)state;
    arena_init(&arena, 65536);
    then.a.cnames = &alias;
    then.a.cname_count = 1;
    struct host_serves until = host_serves_until(&then, 0);
    host_serve_stale(&now, &serves, &then, &until, 1000, &arena);
    assert_int_equal(now.a.cname_count, 1);
    assert_string_equal(now.a.cnames[0], alias);
    assert_ptr_not_equal(now.a.cnames[0], alias);
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shortest_ttl_counts_within_bounds),
        cmocka_unit_test(a_failure_holds_five_minutes),
        cmocka_unit_test(earlier_answers_serve),
        cmocka_unit_test(aliases_come_along),
    };
    return cmocka_run_group_tests_name("hostlookups", tests, NULL, NULL);
}
