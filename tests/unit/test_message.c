/* dns/message: questions to the wire, responses from it, and the facts that are made of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/clock.h"
#include "scanner/dns/message.h"
#include "tests/unit/dns_wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ID = 0x1234, ARENA_BYTES = 1 << 20 };

struct world {
    struct arena arena;
    struct wire wire;
    struct dns_answer answer;
};

static int set_up(void **state)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    arena_init(&world.arena, ARENA_BYTES);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    arena_dispose(&world->arena);
    return 0;
}

static enum dns_read read_as(struct world *world, const char *name, uint16_t type, bool trust_ad)
{
    const struct dns_expect expect = {.id = ID, .name = name, .type = type, .trust_ad = trust_ad};
    return dns_answer_read(bytes_make(world->wire.data, world->wire.len), &expect, &world->arena,
                           &world->answer);
}

static void expect_status(struct world *world, uint16_t type, enum dns_status status)
{
    assert_int_equal(read_as(world, "a.example", type, false), DNS_READ_ANSWER);
    assert_string_equal(dns_status_name(world->answer.lookup.status), dns_status_name(status));
}

/* ---- questions ---- */

static void a_question_is_written(void **state)
{
    static const uint8_t expected[] = {0x12, 0x34, 0x01, 0x00, 0,    1,    0,   0,   0,    0, 0, 1,  1,
                                       'A',  7,    'e',  'x',  'a',  'm',  'p', 'l', 'e',  0, 0, 16, 0,
                                       1,    0,    0,    41,   0x04, 0xd0, 0,   0,   0x80, 0, 0, 0};
    uint8_t wire[DNS_QUERY_BYTES];
    (void)state;
    assert_int_equal(dns_query_write(wire, "A.example.", DNS_TYPE_TXT, ID, false), sizeof expected);
    assert_memory_equal(wire, expected, sizeof expected);
    assert_int_equal(dns_query_write(wire, "A.example", DNS_TYPE_TXT, ID, true), sizeof expected);
    assert_int_equal(wire[3], WIRE_CD);
    assert_int_equal(dns_query_strip_edns(wire, sizeof expected), sizeof expected - 11);
    assert_int_equal(wire[11], 0);
}

static void names_of_questions(void **state)
{
    char label63[64], label64[65], name253[254], name255[256];
    memset(label63, 'a', 63);
    memset(label64, 'a', 64);
    label63[63] = label64[64] = '\0';
    (void)snprintf(name253, sizeof name253, "%s.%s.%s.%.61s", label63, label63, label63, label63);
    (void)snprintf(name255, sizeof name255, "%s.%s.%s.%.62s", label63, label63, label63, label63);
    const struct {
        const char *name;
        size_t name_bytes; /* in the wire; 0: no name */
    } cases[] = {
        {".", 1},       {"a", 3},       {"a.", 3},      {"_mta-sts.a.example", 20},
        {"", 0},        {"..", 0},      {".a", 0},      {"a..b", 0},
        {label63, 65},  {label64, 0},   {name253, 255}, {name255, 0},
        {"a\\.b", 5},   {"a\\046b", 5}, {"a\\", 0},     {"a\\25", 0},
        {"a\\256b", 0}, {"a\\000b", 5},
    };
    uint8_t wire[DNS_QUERY_BYTES];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t expected = cases[i].name_bytes == 0 ? 0 : 12 + cases[i].name_bytes + 4 + 11;
        size_t len = dns_query_write(wire, cases[i].name, DNS_TYPE_A, ID, false);
        if (len != expected)
            fail_msg("%s: %zu, not %zu", cases[i].name, len, expected);
    }
    assert_int_equal(dns_query_write(wire, "a\\.b", DNS_TYPE_A, ID, false), 32);
    assert_memory_equal(wire + 12, "\3a.b", 5);
}

/* ---- is it an answer to our question? ---- */

static void only_our_question_is_read(void **state)
{
    static const struct {
        const char *what;
        uint16_t id;
        unsigned flags;
        const char *name;
        uint16_t type;
        enum dns_read read;
    } cases[] = {
        {"ours", ID, WIRE_ANSWER, "a.example", 1, DNS_READ_ANSWER},
        {"ours in other case", ID, WIRE_ANSWER, "A.eXAMPLe", 1, DNS_READ_ANSWER},
        {"id", ID + 1, WIRE_ANSWER, "a.example", 1, DNS_READ_NOT_OURS},
        {"a question", ID, WIRE_RD, "a.example", 1, DNS_READ_NOT_OURS},
        {"opcode", ID, WIRE_ANSWER | 0x2800, "a.example", 1, DNS_READ_NOT_OURS},
        {"name", ID, WIRE_ANSWER, "b.example", 1, DNS_READ_NOT_OURS},
        {"longer name", ID, WIRE_ANSWER, "a.example.x", 1, DNS_READ_NOT_OURS},
        {"root", ID, WIRE_ANSWER, "", 1, DNS_READ_NOT_OURS},
        {"type", ID, WIRE_ANSWER, "a.example", 28, DNS_READ_NOT_OURS},
        {"truncated", ID, WIRE_ANSWER | WIRE_TC, "a.example", 1, DNS_READ_TRUNCATED},
        {"truncated, of another", ID, WIRE_ANSWER | WIRE_TC, "b.example", 1, DNS_READ_NOT_OURS},
    };
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        wire_question(&world->wire, cases[i].id, cases[i].flags, cases[i].name, cases[i].type);
        wire_a(&world->wire, cases[i].name, 60, 1);
        if (read_as(world, "a.example", DNS_TYPE_A, false) != cases[i].read)
            fail_msg("%s: wrongly read", cases[i].what);
    }
}

static void exactly_one_question_of_class_in(void **state)
{
    struct world *world = *state;
    for (uint8_t count = 0; count <= 2; count++) {
        wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", 1);
        world->wire.data[5] = count;
        assert_int_equal(read_as(world, "a.example", DNS_TYPE_A, false),
                         count == 1 ? DNS_READ_ANSWER : DNS_READ_NOT_OURS);
    }
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", 1);
    world->wire.data[world->wire.len - 1] = 3; /* CHAOS */
    assert_int_equal(read_as(world, "a.example", DNS_TYPE_A, false), DNS_READ_NOT_OURS);
    memset(world->wire.data, 0, 17);
    world->wire.data[0] = 0x12;
    world->wire.data[1] = 0x34;
    world->wire.data[2] = 0x80;
    world->wire.data[5] = 1;
    world->wire.data[12] = 0xc0; /* the name is a pointer to the header's own zeroes */
    world->wire.data[13] = 6;
    world->wire.data[15] = world->wire.data[17] = 1;
    world->wire.len = 18;
    assert_int_equal(read_as(world, ".", DNS_TYPE_A, false), DNS_READ_NOT_OURS);
}

static void no_prefix_of_an_answer_is_an_answer(void **state)
{
    struct world *world = *state;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_MX);
    wire_mx(&world->wire, "@", 10, "mx.example");
    wire_soa(&world->wire, "example", 60, 60);
    wire_opt(&world->wire, 0);
    expect_status(world, DNS_TYPE_MX, DNS_ANSWERED);
    size_t whole = world->wire.len;
    for (size_t len = 0; len < whole; len++) {
        world->wire.len = len;
        assert_int_not_equal(read_as(world, "a.example", DNS_TYPE_MX, false), DNS_READ_ANSWER);
    }
}

/* ---- status ---- */

static void rcodes_are_told_apart_TXT_8(void **state)
{
    static const struct {
        unsigned rcode;
        uint8_t extended;
        enum dns_status status;
    } cases[] = {
        {0, 0, DNS_NODATA},    {1, 0, DNS_FORMERR},  {2, 0, DNS_SERVFAIL}, {3, 0, DNS_NXDOMAIN},
        {4, 0, DNS_FORMERR},   {5, 0, DNS_REFUSED},  {6, 0, DNS_SERVFAIL}, {9, 0, DNS_SERVFAIL},
        {15, 0, DNS_SERVFAIL}, {0, 1, DNS_SERVFAIL}, /* BADVERS is no NOERROR */
        {7, 1, DNS_SERVFAIL},                        /* BADCOOKIE */
        {3, 1, DNS_SERVFAIL},                        /* nor is 19 an NXDOMAIN */
    };
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        wire_question(&world->wire, ID, WIRE_ANSWER | cases[i].rcode, "a.example", DNS_TYPE_TXT);
        wire_opt(&world->wire, cases[i].extended);
        expect_status(world, DNS_TYPE_TXT, cases[i].status);
        assert_int_equal(world->answer.rr_count, 0);
    }
}

static void negative_answers_last_as_the_soa_says(void **state)
{
    static const struct {
        unsigned rcode;
        uint32_t ttl, minimum, expected;
        enum dns_status status;
    } cases[] = {
        {0, 3600, 300, 300, DNS_NODATA},
        {0, 60, 300, 60, DNS_NODATA},
        {3, 900, 1200, 900, DNS_NXDOMAIN},
        {3, 0x80000000, 1200, 0, DNS_NXDOMAIN},
    };
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        wire_question(&world->wire, ID, WIRE_ANSWER | cases[i].rcode, "a.example", DNS_TYPE_TXT);
        wire_soa(&world->wire, "example", cases[i].ttl, cases[i].minimum);
        expect_status(world, DNS_TYPE_TXT, cases[i].status);
        assert_int_equal(world->answer.lookup.ttl, cases[i].expected);
    }
    wire_question(&world->wire, ID, WIRE_ANSWER | 3, "a.example", DNS_TYPE_TXT);
    expect_status(world, DNS_TYPE_TXT, DNS_NXDOMAIN);
    assert_int_equal(world->answer.lookup.ttl, 0);
}

static void a_referral_is_no_nodata(void **state)
{
    static const struct {
        unsigned flags;
        bool soa;
        enum dns_status status;
    } cases[] = {
        {WIRE_QR, false, DNS_LAME},
        {WIRE_QR, true, DNS_NODATA},
        {WIRE_QR | WIRE_RA, false, DNS_NODATA},
    };
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        wire_question(&world->wire, ID, cases[i].flags, "a.example", DNS_TYPE_TXT);
        wire_record(&world->wire, WIRE_IN_AUTHORITY, "", 2, 60, "\1a", 3);
        if (cases[i].soa)
            wire_soa(&world->wire, "example", 60, 60);
        expect_status(world, DNS_TYPE_TXT, cases[i].status);
    }
}

static void ad_counts_only_where_it_is_trusted(void **state)
{
    static const struct {
        bool ad, trusted;
        unsigned rcode;
        enum dns_security security;
    } cases[] = {
        {true, true, 0, DNSSEC_SECURE},       {false, true, 0, DNSSEC_INSECURE},
        {true, false, 0, DNSSEC_UNVALIDATED}, {false, false, 0, DNSSEC_UNVALIDATED},
        {true, true, 3, DNSSEC_SECURE},       {false, true, 3, DNSSEC_INSECURE},
        {false, true, 2, DNSSEC_UNVALIDATED}, /* a failure says nothing about signatures */
        {true, true, 5, DNSSEC_UNVALIDATED},
    };
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned flags = WIRE_ANSWER | cases[i].rcode | (cases[i].ad ? WIRE_AD : 0);
        wire_question(&world->wire, ID, flags, "a.example", DNS_TYPE_A);
        if (cases[i].rcode == 0)
            wire_a(&world->wire, "@", 60, 1);
        assert_int_equal(read_as(world, "a.example", DNS_TYPE_A, cases[i].trusted), DNS_READ_ANSWER);
        assert_int_equal(world->answer.lookup.security, cases[i].security);
    }
}

/* ---- the chain ---- */

static void the_chain_is_followed_in_any_order_TXT_7(void **state)
{
    struct world *world = *state;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_a(&world->wire, "C.Example", 500, 7);
    wire_a(&world->wire, "stranger.example", 1, 66); /* out of the chain: ignored, its TTL too */
    wire_cname(&world->wire, "B.EXAMPLE", 200, "c.example");
    wire_cname(&world->wire, "other.example", 2, "stranger.example");
    wire_cname(&world->wire, "@", 900, "b.example");
    wire_record(&world->wire, WIRE_IN_ADDITIONAL, "c.example", 1, 3, (uint8_t[]){192, 0, 2, 99}, 4);
    expect_status(world, DNS_TYPE_A, DNS_ANSWERED);
    assert_int_equal(world->answer.rr_count, 1);
    assert_int_equal(world->answer.rrs[0].rdata.data[3], 7);
    assert_int_equal(world->answer.lookup.ttl, 200);
    assert_string_equal(world->answer.owner, "c.example");
    assert_int_equal(world->answer.lookup.cname_count, 2);
    assert_string_equal(world->answer.lookup.cnames[0], "b.example");
    assert_string_equal(world->answer.lookup.cnames[1], "c.example");
}

static void a_chain_may_end_in_nothing(void **state)
{
    static const enum dns_status statuses[] = {DNS_NODATA, DNS_NXDOMAIN};
    struct world *world = *state;
    for (unsigned i = 0; i < 2; i++) {
        wire_question(&world->wire, ID, WIRE_ANSWER | (i == 0 ? 0 : 3), "a.example", DNS_TYPE_A);
        wire_cname(&world->wire, "@", 100, "gone.example");
        wire_soa(&world->wire, "example", 300, 300);
        expect_status(world, DNS_TYPE_A, statuses[i]);
        assert_int_equal(world->answer.lookup.cname_count, 1);
        assert_string_equal(world->answer.lookup.cnames[0], "gone.example");
        assert_string_equal(world->answer.owner, "gone.example");
        assert_int_equal(world->answer.lookup.ttl, 100);
    }
}

/* a.example → c0.example → c1.example … with an address at the end. */
static void make_chain(struct world *world, unsigned links)
{
    char owner[32] = "a.example", target[32];
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    for (unsigned i = 0; i < links; i++) {
        (void)snprintf(target, sizeof target, "c%u.example", i);
        wire_cname(&world->wire, owner, 60, target);
        memcpy(owner, target, sizeof owner);
    }
    wire_a(&world->wire, owner, 60, 1);
}

static void circles_and_long_chains_are_loops(void **state)
{
    struct world *world = *state;
    make_chain(world, DNS_CNAMES_KEPT);
    expect_status(world, DNS_TYPE_A, DNS_ANSWERED);
    assert_int_equal(world->answer.lookup.cname_count, DNS_CNAMES_KEPT);
    make_chain(world, DNS_CNAMES_KEPT + 1);
    expect_status(world, DNS_TYPE_A, DNS_LOOP);
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_cname(&world->wire, "@", 60, "b.example");
    wire_cname(&world->wire, "b.example", 60, "A.example");
    expect_status(world, DNS_TYPE_A, DNS_LOOP);
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_cname(&world->wire, "@", 60, "@");
    expect_status(world, DNS_TYPE_A, DNS_LOOP);
}

/* ---- malformed ---- */

static void malformed_rdata_is_left_out(void **state)
{
    static const struct {
        const char *what;
        uint16_t type;
        const char *good, *bad;
        size_t good_len, bad_len;
    } cases[] = {
        {"A of 3 bytes", 1, "\1\2\3\4", "\1\2\3", 4, 3},
        {"A of 5 bytes", 1, "\1\2\3\4", "\1\2\3\4\5", 4, 5},
        {"AAAA of 4 bytes", 28, "0123456789abcdef", "0123", 16, 4},
        {"TXT whose string leaves it", 16, "\2hi", "\5hi", 3, 3},
        {"TXT of nothing", 16, "\2hi", "", 3, 0},
        {"TXT with a tail", 16, "\2hi", "\2hi\1", 3, 4},
        {"MX without a name", 15, "\0\1\1a", "\0\1", 5, 2},
        {"MX with a tail", 15, "\0\1\1a", "\0\1\1a\0x", 5, 6},
        {"MX that points at itself", 15, "\0\1\1a", "\0\1\xc0\x29", 5, 4},
        {"MX that points ahead", 15, "\0\1\1a", "\0\1\xff\xff", 5, 4},
        {"MX with an unknown label type", 15, "\0\1\1a", "\0\1\x41g", 5, 5},
        {"TLSA of 2 bytes", 52, "\3\1\1x", "\3\1", 4, 2},
    };
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", cases[i].type);
        wire_record(&world->wire, WIRE_IN_ANSWER, "@", cases[i].type, 60, cases[i].bad, cases[i].bad_len);
        if (read_as(world, "a.example", cases[i].type, false) != DNS_READ_MALFORMED)
            fail_msg("%s alone is no answer", cases[i].what);
        wire_record(&world->wire, WIRE_IN_ANSWER, "@", cases[i].type, 60, cases[i].good, cases[i].good_len);
        expect_status(world, cases[i].type, DNS_ANSWERED);
        if (world->answer.rr_count != 1)
            fail_msg("%s: %zu records", cases[i].what, world->answer.rr_count);
        assert_memory_equal(world->answer.rrs[0].rdata.data, cases[i].good, cases[i].good_len);
        assert_int_equal(world->answer.rrs[0].rdata.len, cases[i].good_len);
    }
}

static void malformed_elsewhere(void **state)
{
    struct world *world = *state;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_record(&world->wire, WIRE_IN_ANSWER, "@", DNS_TYPE_CNAME, 60, "\xc0\x00", 1);
    assert_int_equal(read_as(world, "a.example", DNS_TYPE_A, false), DNS_READ_MALFORMED);
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_record(&world->wire, WIRE_IN_AUTHORITY, "example", DNS_TYPE_SOA, 60, "\1a", 3);
    expect_status(world, DNS_TYPE_A, DNS_NODATA); /* a SOA that cannot be read says no TTL */
    assert_int_equal(world->answer.lookup.ttl, 0);
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_a(&world->wire, "@", 60, 1);
    world->wire.data[7] = 2; /* one record more than there are */
    assert_int_equal(read_as(world, "a.example", DNS_TYPE_A, false), DNS_READ_MALFORMED);
}

/* A chain of pointers in the rdata of an unread record, and thousands of records whose owners enter it at its
 * end. */
static void hostile_messages_cost_bounded_work(void **state)
{
    struct world *world = *state;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    size_t at = wire_begin(&world->wire, WIRE_IN_ANSWER, "", 99, 0);
    size_t first = world->wire.len;
    wire_u16(&world->wire, 0xc00c);
    while (world->wire.len < 0x3ff0) /* what a pointer reaches */
        wire_u16(&world->wire, 0xc000 | (unsigned)(world->wire.len - 2));
    size_t last = world->wire.len - 2;
    wire_end(&world->wire, at);
    while (world->wire.len < 65500) {
        world->wire.data[7]++;
        world->wire.data[6] = (uint8_t)(world->wire.data[6] + (world->wire.data[7] == 0));
        wire_u16(&world->wire, 0xc000 | (unsigned)last);
        wire_u32(&world->wire, 0x00010001);
        wire_u32(&world->wire, 60);
        wire_u16(&world->wire, 4);
        wire_u32(&world->wire, 0xc0000201);
    }
    int64_t start = clock_monotonic_ms();
    for (int i = 0; i < 20; i++)
        expect_status(world, DNS_TYPE_A, DNS_NODATA);
    assert_true(clock_monotonic_ms() - start < 2000);
    assert_true(last > first + 15000);
}

static void at_most_256_records_are_kept(void **state)
{
    struct world *world = *state;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    for (unsigned i = 0; i < 2000; i++)
        wire_a(&world->wire, "@", 60, (uint8_t)i);
    expect_status(world, DNS_TYPE_A, DNS_ANSWERED);
    assert_int_equal(world->answer.rr_count, DNS_RRS_KEPT);
}

/* ---- facts ---- */

static void txt_strings_are_joined_TXT_1(void **state)
{
    struct world *world = *state;
    struct txt_facts facts;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_TXT);
    wire_record(&world->wire, WIRE_IN_ANSWER, "@", 16, 60, "\7v=STSv1\0\6; id=1", 16);
    wire_record(&world->wire, WIRE_IN_ANSWER, "@", 16, 60, "\0", 1);
    wire_record(&world->wire, WIRE_IN_ANSWER, "@", 16, 60, "\3a\0b", 4);
    expect_status(world, DNS_TYPE_TXT, DNS_ANSWERED);
    dns_txt_facts(&world->answer, &world->arena, &facts);
    assert_int_equal(facts.rr_count, 3);
    assert_true(bytes_equal(facts.rrs[0], bytes_of("v=STSv1; id=1")));
    assert_int_equal(facts.rrs[1].len, 0);
    assert_true(bytes_equal(facts.rrs[2], bytes_make("a\0b", 3)));
    assert_int_equal(facts.lookup.ttl, 60);
}

static void mx_are_sorted_and_lowered_MX_1(void **state)
{
    static const struct mx_rr expected[] = {
        {0, "."}, {5, "z.example"}, {10, "a.example"}, {10, "mx\\0461\\032x.example"}, {300, "b.example"}};
    struct world *world = *state;
    struct mx_facts facts;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_MX);
    wire_mx(&world->wire, "@", 300, "B.example");
    size_t at = wire_begin(&world->wire, WIRE_IN_ANSWER, "@", 15, 300);
    wire_u16(&world->wire, 10);
    wire_bytes(&world->wire, "\6MX.1 x\300\16", 9);
    wire_end(&world->wire, at);
    wire_mx(&world->wire, "@", 10, "@");
    wire_mx(&world->wire, "@", 0, "");
    wire_mx(&world->wire, "@", 5, "Z.EXAMPLE");
    expect_status(world, DNS_TYPE_MX, DNS_ANSWERED);
    dns_mx_facts(&world->answer, &world->arena, &facts);
    assert_int_equal(facts.rr_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(facts.rrs[i].preference, expected[i].preference);
        assert_string_equal(facts.rrs[i].host, expected[i].host);
    }
}

static void addresses_are_sorted_and_unique(void **state)
{
    static const uint8_t v6[2][16] = {{0x20, 0x01, 0x0d, 0xb8, [15] = 2}, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
    struct world *world = *state;
    struct dns_answer a;
    struct address_facts facts;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    for (unsigned i = 0; i < 4; i++)
        wire_a(&world->wire, "@", 60 + i, (uint8_t[]){200, 7, 200, 9}[i]);
    expect_status(world, DNS_TYPE_A, DNS_ANSWERED);
    a = world->answer;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_AAAA);
    for (unsigned i = 0; i < 2; i++)
        wire_record(&world->wire, WIRE_IN_ANSWER, "@", DNS_TYPE_AAAA, 30, v6[i], 16);
    expect_status(world, DNS_TYPE_AAAA, DNS_ANSWERED);
    dns_address_facts(&a, &world->answer, &world->arena, &facts);
    static const char *const expected[] = {"192.0.2.7", "192.0.2.9", "192.0.2.200", "2001:db8::1",
                                           "2001:db8::2"};
    assert_int_equal(facts.ip_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        char text[IP_TEXT_BYTES];
        assert_string_equal(ip_format(&facts.ips[i], text), expected[i]);
    }
    assert_int_equal(facts.a.ttl, 60);
    assert_int_equal(facts.aaaa.ttl, 30);
    dns_address_facts(NULL, &world->answer, &world->arena, &facts);
    assert_int_equal(facts.a.status, DNS_NOT_ASKED);
    assert_int_equal(facts.ip_count, 2);
    dns_address_facts(&world->answer, &a, &world->arena, &facts); /* the wrong way round: neither fits */
    assert_int_equal(facts.ip_count, 0);
}

static void tlsa_fields(void **state)
{
    struct world *world = *state;
    struct tlsa_facts facts;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_TLSA);
    wire_record(&world->wire, WIRE_IN_ANSWER, "@", 52, 60, "\3\1\1hash", 7);
    wire_record(&world->wire, WIRE_IN_ANSWER, "@", 52, 60, "\2\0\2", 3);
    expect_status(world, DNS_TYPE_TLSA, DNS_ANSWERED);
    dns_tlsa_facts(&world->answer, &world->arena, &facts);
    assert_int_equal(facts.rr_count, 2);
    assert_int_equal(facts.rrs[0].usage, 3);
    assert_int_equal(facts.rrs[0].selector, 1);
    assert_int_equal(facts.rrs[0].matching, 1);
    assert_true(bytes_equal(facts.rrs[0].data, bytes_of("hash")));
    assert_int_equal(facts.rrs[1].data.len, 0);
    assert_null(facts.base);
}

/* Whatever an engine hands over, nothing malformed becomes a fact. */
static void facts_leave_malformed_rdata_out(void **state)
{
    static struct dns_rr rrs[] = {{{(const uint8_t *)"\5a", 2}}, {{(const uint8_t *)"\0", 0}}};
    struct world *world = *state;
    struct dns_answer answer = {.lookup = {.status = DNS_ANSWERED}, .rrs = rrs, .rr_count = COUNT(rrs)};
    struct txt_facts txt;
    struct mx_facts mx;
    struct tlsa_facts tlsa;
    struct address_facts address;
    answer.type = DNS_TYPE_TXT;
    dns_txt_facts(&answer, &world->arena, &txt);
    answer.type = DNS_TYPE_MX;
    dns_mx_facts(&answer, &world->arena, &mx);
    answer.type = DNS_TYPE_TLSA;
    dns_tlsa_facts(&answer, &world->arena, &tlsa);
    answer.type = DNS_TYPE_A;
    dns_address_facts(&answer, NULL, &world->arena, &address);
    assert_int_equal(txt.rr_count + mx.rr_count + tlsa.rr_count + address.ip_count, 0);
    assert_int_equal(txt.lookup.status, DNS_ANSWERED);
}

static void lookups_are_copied_deeply(void **state)
{
    struct world *world = *state;
    char cname[] = "b.example", why[] = "signature expired";
    const char *cnames[] = {cname};
    const struct lookup_facts from = {.status = DNS_BOGUS,
                                      .security = DNSSEC_BOGUS,
                                      .ttl = 5,
                                      .cnames = cnames,
                                      .cname_count = 1,
                                      .why_bogus = why};
    struct lookup_facts to;
    dns_lookup_copy(&from, &world->arena, &to);
    memset(cname, 'x', 3);
    memset(why, 'x', 3);
    assert_string_equal(to.cnames[0], "b.example");
    assert_string_equal(to.why_bogus, "signature expired");
    assert_int_equal(to.cname_count, 1);
    assert_int_equal(to.status, DNS_BOGUS);
}

/* Every ceiling: never a crash, never more than there is. */
static void a_full_arena_loses_records_only(void **state)
{
    struct world *world = *state;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_MX);
    wire_cname(&world->wire, "@", 60, "b.example");
    for (unsigned i = 0; i < 8; i++)
        wire_mx(&world->wire, "b.example", i, "mx.example");
    bool whole = false;
    for (size_t ceiling = 0; ceiling < 4096; ceiling += 16) {
        const struct dns_expect expect = {.id = ID, .name = "a.example", .type = DNS_TYPE_MX};
        struct arena arena;
        struct dns_answer answer;
        arena_init(&arena, ceiling);
        enum dns_read read =
            dns_answer_read(bytes_make(world->wire.data, world->wire.len), &expect, &arena, &answer);
        assert_true(read == DNS_READ_ANSWER || (arena.full && read == DNS_READ_MALFORMED));
        if (read == DNS_READ_ANSWER) {
            struct mx_facts facts;
            dns_mx_facts(&answer, &arena, &facts);
            assert_true(facts.rr_count <= answer.rr_count);
            whole = facts.rr_count == 8;
        }
        arena_dispose(&arena);
    }
    assert_true(whole);
}

static void names_as_text(void **state)
{
    static const struct {
        const char *wire;
        size_t len;
        const char *text; /* NULL: malformed */
    } cases[] = {
        {"", 1, "."},
        {"\3WwW\7Example", 13, "www.example"},
        {"\4a.b\\\1\x80", 8, "a\\046b\\092.\\128"},
        {"\2 \"", 4, "\\032\""},
        {"\3www", 4, NULL},
        {"\3ww", 4, NULL},
        {"\1a\0x", 4, NULL},
        {"\xc0\x0c", 2, NULL},
        {"\x41", 2, NULL},
        {"", 0, NULL},
    };
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = dns_name_text(bytes_make(cases[i].wire, cases[i].len), &world->arena);
        if (cases[i].text == NULL)
            assert_null(text);
        else
            assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_question_is_written),
        TEST(names_of_questions),
        TEST(only_our_question_is_read),
        TEST(exactly_one_question_of_class_in),
        TEST(no_prefix_of_an_answer_is_an_answer),
        TEST(rcodes_are_told_apart_TXT_8),
        TEST(negative_answers_last_as_the_soa_says),
        TEST(a_referral_is_no_nodata),
        TEST(ad_counts_only_where_it_is_trusted),
        TEST(the_chain_is_followed_in_any_order_TXT_7),
        TEST(a_chain_may_end_in_nothing),
        TEST(circles_and_long_chains_are_loops),
        TEST(malformed_rdata_is_left_out),
        TEST(malformed_elsewhere),
        TEST(hostile_messages_cost_bounded_work),
        TEST(at_most_256_records_are_kept),
        TEST(txt_strings_are_joined_TXT_1),
        TEST(mx_are_sorted_and_lowered_MX_1),
        TEST(addresses_are_sorted_and_unique),
        TEST(tlsa_fields),
        TEST(facts_leave_malformed_rdata_out),
        TEST(lookups_are_copied_deeply),
        TEST(a_full_arena_loses_records_only),
        TEST(names_as_text),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
