/* RFC 2181 section 10.3: an MX host whose name is an alias, by either family, is warned of. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/verdict/verdict.h"

enum { ARENA_BYTES = 256 * 1024 };

static bool is_warned_of(unsigned a_links, unsigned aaaa_links)
{
    static const char *links[] = {"b.example", "c.example"};
    struct mx_rr rr = {10, "mx.example"};
    struct ip_addr ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
    struct host_facts seen = {.host = "mx.example", .address = {.ips = &ip, .ip_count = 1}};
    struct mx_host host = {.host = "mx.example", .preference = 10, .facts = &seen};
    struct domain_facts facts = {.domain = "a.example", .hosts = &host, .host_count = 1};
    struct judgement judgement;
    struct arena arena;
    facts.mx = (struct mx_facts){.rrs = &rr, .rr_count = 1, .lookup.status = DNS_ANSWERED};
    facts.txt.lookup.status = DNS_NXDOMAIN;
    seen.address.a = (struct lookup_facts){.status = DNS_ANSWERED, .cnames = links, .cname_count = a_links};
    seen.address.aaaa =
        (struct lookup_facts){.status = DNS_NODATA, .cnames = links, .cname_count = aaaa_links};
    arena_init(&arena, ARENA_BYTES);
    verdict_judge(&facts, BY_OWN_TIME, &arena, &judgement);
    bool warned = code_set_has(&judgement.codes, FAIL_MX_CNAME);
    arena_dispose(&arena);
    return warned;
}

static void an_alias_of_either_family_is_told(void **state)
{
    (void)state;
    for (unsigned a = 0; a <= 2; a++)
        for (unsigned aaaa = 0; aaaa <= 2; aaaa++)
            assert_int_equal(is_warned_of(a, aaaa), a + aaaa > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_alias_of_either_family_is_told)};
    return cmocka_run_group_tests_name("aliases", tests, NULL, NULL);
}
