/* Where TLSA records are asked for behind an alias, and what is made of a lookup that fails on the way. The
 * resolver is a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/reach/tlsa.h"
#include "scanner/verdict/verdict.h"

enum { ARENA_BYTES = 256 * 1024, PORT = 25, MOST_QUESTIONS = 2 };

static const char HOST[] = "mx.signed.example";

static struct {
    char names[MOST_QUESTIONS][64];
    uint16_t types[MOST_QUESTIONS];
    size_t asked;
    lookup_done done;
    void *arg;
} script;

struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg)
{
    (void)engine;
    assert_true(script.asked < MOST_QUESTIONS && strlen(name) < sizeof script.names[0]);
    memcpy(script.names[script.asked], name, strlen(name) + 1);
    script.types[script.asked++] = type;
    script.done = done;
    script.arg = arg;
    return (struct lookup_handle){{1, 1}};
}

void lookup_cancel(struct lookup_engine *engine, struct lookup_handle handle)
{
    (void)engine, (void)handle;
}

static void answer(enum dns_status status, enum dns_security security)
{
    struct dns_answer said = {.type = script.types[script.asked - 1], .owner = "x"};
    said.lookup = (struct lookup_facts){.status = status, .security = security};
    script.done(script.arg, &said);
}

static void on_done(void *arg)
{
    ++*(int *)arg;
}

/* A host in a signed zone, whose name is an alias into an unsigned one. */
struct world {
    struct arena arena;
    struct host_facts host;
    struct tlsa_query query;
    int done;
};

static void open_alias(struct world *world)
{
    static const char *cnames[] = {"mx.unsigned.example"};
    static struct ip_addr ip;
    ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
    const struct lookup_facts address = {
        .status = DNS_ANSWERED, .security = DNSSEC_INSECURE, .cnames = cnames, .cname_count = 1};
    memset(world, 0, sizeof *world);
    memset(&script, 0, sizeof script);
    arena_init(&world->arena, ARENA_BYTES);
    world->host.host = HOST;
    world->host.address = (struct address_facts){.a = address, .ips = &ip, .ip_count = 1};
    world->host.address.aaaa = (struct lookup_facts){.status = DNS_NODATA, .security = DNSSEC_INSECURE};
    assert_true(tlsa_query_start(&world->query, NULL, HOST, PORT, &world->host.address, &world->arena,
                                 &world->host.tlsa, on_done, &world->done));
    assert_int_equal(script.types[0], DNS_TYPE_CNAME);
    assert_string_equal(script.names[0], HOST);
}

/* Of a domain whose one MX host it is, and whose MX answer is signed. */
static void judge(struct world *world, struct judgement *judgement)
{
    struct mx_rr rr = {10, HOST};
    struct mx_host host = {.host = HOST, .preference = 10, .facts = &world->host};
    struct domain_facts facts = {.domain = "signed.example", .hosts = &host, .host_count = 1};
    facts.mx = (struct mx_facts){.rrs = &rr, .rr_count = 1};
    facts.mx.lookup = (struct lookup_facts){.status = DNS_ANSWERED, .security = DNSSEC_SECURE};
    facts.txt.lookup.status = DNS_NXDOMAIN;
    verdict_judge(&facts, 0, &world->arena, judgement);
}

static void a_sender_defers_where_the_alias_cannot_be_looked_up(void **state)
{
    static const struct {
        enum dns_status status;
        enum dns_security security;
        enum failure_code code;
    } rows[] = {{DNS_SERVFAIL, DNSSEC_UNVALIDATED, FAIL_DANE_TLSA_SERVFAIL},
                {DNS_TIMEOUT, DNSSEC_UNVALIDATED, FAIL_DANE_TLSA_SERVFAIL},
                {DNS_BOGUS, DNSSEC_BOGUS, FAIL_DANE_TLSA_BOGUS}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct judgement judgement;
        open_alias(&world);
        answer(rows[i].status, rows[i].security);
        assert_int_equal(world.done, 1);
        assert_int_equal(script.asked, 1);
        judge(&world, &judgement);
        assert_int_equal(judgement.hosts[0].dane_code, rows[i].code);
        assert_int_equal(judgement.dane, DANE_OUTCOME_UNKNOWN);
        assert_true(verdict_may_pass(&judgement));
        assert_true(verdict_host_may_pass(&world.host));
        arena_dispose(&world.arena);
    }
}

static void an_alias_that_is_surely_unsigned_has_no_dane(void **state)
{
    static const struct {
        enum dns_status status;
        enum dns_security security;
    } rows[] = {{DNS_ANSWERED, DNSSEC_INSECURE}, {DNS_NODATA, DNSSEC_SECURE}, {DNS_NXDOMAIN, DNSSEC_SECURE}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct judgement judgement;
        open_alias(&world);
        answer(rows[i].status, rows[i].security);
        assert_int_equal(world.done, 1);
        judge(&world, &judgement);
        assert_int_equal(judgement.hosts[0].dane_code, FAIL_DANE_INSECURE_ADDRESS);
        assert_int_equal(judgement.dane, DANE_OUTCOME_ABSENT);
        arena_dispose(&world.arena);
    }
}

static void a_signed_alias_is_asked_at(void **state)
{
    struct world world;
    (void)state;
    open_alias(&world);
    answer(DNS_ANSWERED, DNSSEC_SECURE);
    assert_int_equal(world.done, 0);
    assert_int_equal(script.asked, 2);
    assert_int_equal(script.types[1], DNS_TYPE_TLSA);
    assert_string_equal(script.names[1], "_25._tcp.mx.signed.example");
    answer(DNS_NXDOMAIN, DNSSEC_SECURE);
    assert_int_equal(world.done, 1);
    assert_string_equal(world.host.tlsa.base, HOST);
    arena_dispose(&world.arena);
}

/* ---- the whole way of a name is signed ----------------------------------------------------------------- */

static void begin(struct world *world, const struct lookup_facts *a, const struct lookup_facts *aaaa,
                  bool asks)
{
    memset(world, 0, sizeof *world);
    memset(&script, 0, sizeof script);
    arena_init(&world->arena, ARENA_BYTES);
    world->host.address = (struct address_facts){.a = *a, .aaaa = *aaaa};
    assert_int_equal(tlsa_query_start(&world->query, NULL, HOST, PORT, &world->host.address, &world->arena,
                                      &world->host.tlsa, on_done, &world->done),
                     asks);
}

/* RFC 7672 section 2.2.2: first at the name that the alias leads to, then at the host itself. */
static void an_alias_signed_to_its_end_is_asked_there_first(void **state)
{
    static const char *cnames[] = {"between.example", "mx.far.example"};
    static const struct lookup_facts alias = {
        .status = DNS_ANSWERED, .security = DNSSEC_SECURE, .cnames = cnames, .cname_count = 2};
    static const struct lookup_facts none = {.status = DNS_NODATA, .security = DNSSEC_SECURE};
    struct world world;
    (void)state;
    for (int family = 0; family < 2; family++) {
        begin(&world, family == 0 ? &alias : &none, family == 0 ? &none : &alias, true);
        assert_int_equal(script.asked, 1);
        assert_int_equal(script.types[0], DNS_TYPE_TLSA);
        assert_string_equal(script.names[0], "_25._tcp.mx.far.example");
        answer(DNS_NODATA, DNSSEC_SECURE);
        assert_int_equal(world.done, 0);
        assert_int_equal(script.asked, 2);
        assert_string_equal(script.names[1], "_25._tcp.mx.signed.example");
        answer(DNS_NXDOMAIN, DNSSEC_SECURE);
        assert_int_equal(world.done, 1);
        assert_string_equal(world.host.tlsa.base, HOST);
        arena_dispose(&world.arena);
    }
}

/* Only where there are surely none at the first name is the second asked at. */
static void what_stands_at_the_aliass_end_is_enough(void **state)
{
    static const struct {
        enum dns_status status;
        enum dns_security security;
        size_t asked;
    } rows[] = {
        {DNS_ANSWERED, DNSSEC_SECURE, 1},     {DNS_SERVFAIL, DNSSEC_UNVALIDATED, 1},
        {DNS_TIMEOUT, DNSSEC_UNVALIDATED, 1}, {DNS_BOGUS, DNSSEC_BOGUS, 1},
        {DNS_ANSWERED, DNSSEC_INSECURE, 2},   {DNS_NXDOMAIN, DNSSEC_SECURE, 2},
        {DNS_NXDOMAIN, DNSSEC_INSECURE, 2},   {DNS_NODATA, DNSSEC_INSECURE, 2},
    };
    static const char *cnames[] = {"mx.far.example"};
    static const struct lookup_facts alias = {
        .status = DNS_ANSWERED, .security = DNSSEC_SECURE, .cnames = cnames, .cname_count = 1};
    static const struct lookup_facts none = {.status = DNS_NODATA, .security = DNSSEC_SECURE};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        begin(&world, &alias, &none, true);
        answer(rows[i].status, rows[i].security);
        assert_int_equal(script.asked, rows[i].asked);
        assert_int_equal(world.done, rows[i].asked == 1);
        assert_string_equal(world.host.tlsa.base, rows[i].asked == 1 ? "mx.far.example" : HOST);
        tlsa_query_cancel(&world.query);
        arena_dispose(&world.arena);
    }
}

/* A name that leads round to itself is asked at once. */
static void an_alias_to_itself_is_asked_at_once(void **state)
{
    static const char *cnames[] = {HOST};
    static const struct lookup_facts alias = {
        .status = DNS_ANSWERED, .security = DNSSEC_SECURE, .cnames = cnames, .cname_count = 1};
    static const struct lookup_facts none = {.status = DNS_NODATA, .security = DNSSEC_SECURE};
    struct world world;
    (void)state;
    begin(&world, &alias, &none, true);
    answer(DNS_NODATA, DNSSEC_SECURE);
    assert_int_equal(world.done, 1);
    assert_int_equal(script.asked, 1);
    arena_dispose(&world.arena);
}

static void where_addresses_are_unsigned_nothing_is_asked(void **state)
{
    static const struct lookup_facts insecure = {.status = DNS_ANSWERED, .security = DNSSEC_INSECURE};
    static const struct lookup_facts secure = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE};
    static const struct lookup_facts none = {.status = DNS_NODATA, .security = DNSSEC_SECURE};
    static const struct lookup_facts failed = {.status = DNS_SERVFAIL, .security = DNSSEC_UNVALIDATED};
    static const struct {
        const struct lookup_facts *a, *aaaa;
        bool asks;
    } rows[] = {{&insecure, &none, false}, {&none, &insecure, false}, {&secure, &insecure, false},
                {&none, &none, false},     {&failed, &failed, false}, {&secure, &none, true},
                {&none, &secure, true},    {&secure, &failed, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        begin(&world, rows[i].a, rows[i].aaaa, rows[i].asks);
        assert_int_equal(script.asked, rows[i].asks);
        if (rows[i].asks)
            assert_string_equal(script.names[0], "_25._tcp.mx.signed.example");
        tlsa_query_cancel(&world.query);
        arena_dispose(&world.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sender_defers_where_the_alias_cannot_be_looked_up),
        cmocka_unit_test(an_alias_that_is_surely_unsigned_has_no_dane),
        cmocka_unit_test(a_signed_alias_is_asked_at),
        cmocka_unit_test(an_alias_signed_to_its_end_is_asked_there_first),
        cmocka_unit_test(what_stands_at_the_aliass_end_is_enough),
        cmocka_unit_test(an_alias_to_itself_is_asked_at_once),
        cmocka_unit_test(where_addresses_are_unsigned_nothing_is_asked),
    };
    return cmocka_run_group_tests_name("tlsa", tests, NULL, NULL);
}
