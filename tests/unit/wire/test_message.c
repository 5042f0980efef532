/* dns/message: questions to the wire, and responses from it. */
#include "tests/unit/wire/message_world.h"

#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/wire/dns_name.h"

/* ---- questions ----------------------------------------------------------------------------------------- */

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

/* ---- is it an answer to our question? ------------------------------------------------------------------ */

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

/* ---- status -------------------------------------------------------------------------------------------- */

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
        {0, 3600, 300, 300, DNS_NODATA},        {0, 60, 300, 60, DNS_NODATA},
        {3, 900, 1200, 900, DNS_NXDOMAIN},      {3, 0x7fffffff, 1200, 1200, DNS_NXDOMAIN},
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

/* ---- the chain ----------------------------------------------------------------------------------------- */

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

/* ---- malformed ----------------------------------------------------------------------------------------- */

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
        {"NS with a tail", 2, "\1a", "\1a\0x", 3, 4},
        {"NS whose name leaves it", 2, "\1a", "\2a", 3, 2},
        {"PTR with a tail", 12, "\1a", "\1a\0x", 3, 4},
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

/* What stands behind the names of a record is as long as its type says, or the record is none: a SOA with a
 * byte more or less says no TTL. */
static void octets_behind_the_names_are_counted(void **state)
{
    static const uint8_t soa[] = {1, 'n', 0, 1, 'h', 0, 0, 0, 0, 1, 0, 0,  0, 2,
                                  0, 0,   0, 3, 0,   0, 0, 4, 0, 0, 0, 60, 0};
    enum { WHOLE = sizeof soa - 1 };
    struct world *world = *state;
    for (size_t len = WHOLE - 1; len <= WHOLE + 1; len++) {
        wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
        wire_record(&world->wire, WIRE_IN_AUTHORITY, "example", DNS_TYPE_SOA, 300, soa, len);
        wire_opt(&world->wire, 0); /* what follows in the message is not the record's */
        expect_status(world, DNS_TYPE_A, DNS_NODATA);
        assert_int_equal(world->answer.lookup.ttl, len == WHOLE ? 60 : 0);
    }
    for (size_t len = 4; len <= 6; len++) {
        wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
        wire_record(&world->wire, WIRE_IN_ANSWER, "@", DNS_TYPE_CNAME, 60, "\3far\0x", len);
        wire_a(&world->wire, "far", 60, 1);
        if (len == 5)
            expect_status(world, DNS_TYPE_A, DNS_ANSWERED);
        else
            assert_int_equal(read_as(world, "a.example", DNS_TYPE_A, false), DNS_READ_MALFORMED);
    }
}

/* A SOA of which the second name leads nowhere says no TTL; what else is in the additional section is no OPT.
 */
static void half_a_soa_and_no_opt(void **state)
{
    static const uint8_t soa[] = {1, 'n', 0, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 2,
                                  0, 0,   0, 3,    0,    0, 0, 4, 0, 0, 0, 60};
    struct world *world = *state;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_record(&world->wire, WIRE_IN_AUTHORITY, "example", DNS_TYPE_SOA, 300, soa, sizeof soa);
    wire_record(&world->wire, WIRE_IN_ADDITIONAL, "c.example", 1, 0x01000000, "\1\2\3\4", 4);
    expect_status(world, DNS_TYPE_A, DNS_NODATA);
    assert_int_equal(world->answer.lookup.ttl, 0);
}

/* The longest names that there are fit, and what stands behind them. */
static void the_longest_soa_is_read(void **state)
{
    uint8_t name[DNS_NAME_BYTES], soa[2 * sizeof name + 20] = {0};
    struct world *world = *state;
    memset(name, 'n', sizeof name);
    name[0] = name[64] = name[128] = 63;
    name[192] = 61;
    name[sizeof name - 1] = 0;
    memcpy(soa, name, sizeof name);
    memcpy(soa + sizeof name, name, sizeof name);
    soa[sizeof soa - 1] = 77;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_record(&world->wire, WIRE_IN_AUTHORITY, "example", DNS_TYPE_SOA, 300, soa, sizeof soa);
    expect_status(world, DNS_TYPE_A, DNS_NODATA);
    assert_int_equal(world->answer.lookup.ttl, 77);
}

/* Names as they stand in a message, behind its header: how long they are, plain, and where they end. */
static void names_in_messages(void **state)
{
    enum { HEADER = 12, LABEL = 63 };
    static const struct {
        const char *name;
        size_t labels[5]; /* as their first bytes say */
        size_t cut;       /* bytes that are missing at the end */
        size_t read, skipped;
    } cases[] = {
        {"the root", {0}, 0, 1, 1},
        {"a label of 63", {LABEL}, 0, 65, 65},
        {"a label of 64", {LABEL + 1}, 0, 0, 0},
        {"a label of 128", {128}, 0, 0, 0},
        {"a name of 255", {LABEL, LABEL, LABEL, LABEL - 2}, 0, 255, 255},
        {"a name of 256", {LABEL, LABEL, LABEL, LABEL - 1}, 0, 0, 256},
        {"no end", {LABEL}, 1, 0, 0},
        {"half a label", {LABEL}, 2, 0, 0},
    };
    uint8_t message[HEADER + 400], plain[DNS_NAME_BYTES];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = HEADER;
        memset(message, 0, sizeof message);
        for (size_t j = 0; cases[i].labels[j] != 0; j++) {
            message[len] = (uint8_t)cases[i].labels[j];
            memset(message + len + 1, 'n', cases[i].labels[j]);
            len += 1 + cases[i].labels[j];
        }
        len += 1 - cases[i].cut;
        struct bytes name = bytes_make(message + HEADER, len - HEADER);
        size_t read = dns_name_read(bytes_make(message, len), HEADER, plain);
        size_t skipped = dns_name_skip(bytes_make(message, len), HEADER);
        if (read != cases[i].read || skipped != (cases[i].skipped == 0 ? 0 : HEADER + cases[i].skipped) ||
            dns_name_valid(name) != (read != 0))
            fail_msg("%s: %zu, %zu, valid %d", cases[i].name, read, skipped, dns_name_valid(name));
        if (read != 0)
            assert_memory_equal(plain, message + HEADER, read);
    }
}

/* Pointers lead back, never into the header, and 127 of them are followed. */
static void pointers_of_names(void **state)
{
    enum { HEADER = 12, FOLLOWED = 127, FIRST = HEADER + 3 };
    uint8_t message[FIRST + 2 * (FOLLOWED + 1)] = {[HEADER] = 1, 'a'}, plain[DNS_NAME_BYTES];
    (void)state;
    for (size_t i = 0; i <= FOLLOWED; i++) {
        size_t at = FIRST + 2 * i, to = i == 0 ? HEADER : at - 2;
        message[at] = (uint8_t)(0xc0 | to >> 8);
        message[at + 1] = (uint8_t)to;
        assert_int_equal(dns_name_read(bytes_make(message, at + 2), at, plain), i < FOLLOWED ? 3 : 0);
        assert_int_equal(dns_name_skip(bytes_make(message, at + 2), at), at + 2);
        assert_int_equal(dns_name_read(bytes_make(message, at + 1), at, plain), 0);
        assert_int_equal(dns_name_skip(bytes_make(message, at + 1), at), 0);
    }
    for (unsigned to = HEADER - 1; to <= FIRST; to++) {
        message[FIRST + 1] = (uint8_t)to;
        size_t read = dns_name_read(bytes_make(message, FIRST + 2), FIRST, plain);
        assert_int_equal(read, to == HEADER ? 3 : to == HEADER + 2 ? 1 : 0);
    }
}

static void names_are_the_same_in_any_case(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {{"\1a", "\1A", true},    {"\1z", "\1Z", true},  {"\1@", "\1`", false},
                 {"\1[", "\1{", false},   {"\1a", "\1b", false}, {"\1a", "\2ab", false},
                 {"\2ab", "\2Ac", false}, {"", "", true}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(dns_name_equal(bytes_of(cases[i].a), bytes_of(cases[i].b)), cases[i].same);
}

/* The messages stand at the end of what may be read, so that one byte too many ends the test. */
static void nothing_is_read_past_the_end(void **state)
{
    struct world *world = *state;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_MX);
    wire_mx(&world->wire, "@", 10, "mx.example");
    wire_soa(&world->wire, "example", 60, 60);
    const struct dns_expect expect = {.id = ID, .name = "a.example", .type = DNS_TYPE_MX};
    for (size_t len = 0; len <= world->wire.len; len++) {
        uint8_t *message = pages + page - len;
        uint8_t name[DNS_NAME_BYTES];
        memcpy(message, world->wire.data, len);
        enum dns_read read =
            dns_answer_read(bytes_make(message, len), &expect, &world->arena, &world->answer);
        assert_int_equal(read == DNS_READ_ANSWER, len == world->wire.len);
        for (size_t at = 0; at <= len; at++) {
            (void)dns_name_read(bytes_make(message, len), at, name);
            (void)dns_name_skip(bytes_make(message, len), at);
        }
    }
    for (size_t rdlength = 0; rdlength <= 2;
         rdlength++) { /* an MX that ends in its preference, or before it */
        wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_MX);
        wire_record(&world->wire, WIRE_IN_ANSWER, "@", DNS_TYPE_MX, 60, "\0\1", rdlength);
        memcpy(pages + page - world->wire.len, world->wire.data, world->wire.len);
        assert_int_equal(dns_answer_read(bytes_make(pages + page - world->wire.len, world->wire.len), &expect,
                                         &world->arena, &world->answer),
                         DNS_READ_MALFORMED);
    }
    assert_int_equal(munmap(pages, 2 * page), 0);
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
    for (size_t i = 0; i < 2; i++) { /* a record whose name points to itself, alone and beside a good one */
        wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
        for (size_t good = 0; good < i; good++)
            wire_a(&world->wire, "@", 60, 1);
        size_t owner = world->wire.len;
        wire_a(&world->wire, "@", 60, 2);
        world->wire.data[owner + 1] = (uint8_t)owner;
        assert_int_equal(read_as(world, "a.example", DNS_TYPE_A, false), DNS_READ_MALFORMED);
    }
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_a(&world->wire, "@", 60, 1);
    world->wire.data[7] = 2; /* one record more than there are */
    assert_int_equal(read_as(world, "a.example", DNS_TYPE_A, false), DNS_READ_MALFORMED);
    wire_question(&world->wire, ID, WIRE_ANSWER, "", DNS_TYPE_A);
    wire_a(&world->wire, "", 60, 1);
    assert_int_equal(read_as(world, ".", DNS_TYPE_A, false), DNS_READ_ANSWER);
    assert_int_equal(world->answer.rr_count, 1);
    wire_question(&world->wire, ID, WIRE_ANSWER, "", DNS_TYPE_A);
    wire_a(&world->wire, "@", 60, 1);
    world->wire.data[18] = 8; /* the owner is a pointer to a zero of the header: no name */
    assert_int_equal(read_as(world, ".", DNS_TYPE_A, false), DNS_READ_MALFORMED);
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    wire_a(&world->wire, "@", 60, 1);
    world->wire.data[28] = (uint8_t)world->wire.len; /* the owner points ahead, to the same name */
    wire_name(&world->wire, "a.example");
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
    clock_t start = clock();
    for (int i = 0; i < 20; i++)
        assert_int_equal(read_as(world, "a.example", DNS_TYPE_A, false), DNS_READ_MALFORMED);
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC); /* of CPU */
    assert_true(last > first + 15000);
}

/* Names inside the records that point at themselves. */
static void hostile_rdata_costs_bounded_work(void **state)
{
    struct world *world = *state;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_MX);
    for (unsigned i = 0; i < 1000; i++) {
        size_t at = wire_begin(&world->wire, WIRE_IN_ANSWER, "@", DNS_TYPE_MX, 60);
        wire_u16(&world->wire, 10);
        wire_u16(&world->wire, 0xc000 | (unsigned)world->wire.len);
        wire_end(&world->wire, at);
    }
    clock_t start = clock();
    for (int i = 0; i < 100; i++)
        assert_int_equal(read_as(world, "a.example", DNS_TYPE_MX, false), DNS_READ_MALFORMED);
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC); /* of CPU */
}

static void at_most_256_records_are_kept(void **state)
{
    struct world *world = *state;
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    for (unsigned i = 0; i < 2000; i++)
        wire_a(&world->wire, "@", 60, (uint8_t)i);
    expect_status(world, DNS_TYPE_A, DNS_ANSWERED);
    assert_int_equal(world->answer.rr_count, DNS_RRS_KEPT);
    assert_true(world->answer.lookup.truncated);
    wire_question(&world->wire, ID, WIRE_ANSWER, "a.example", DNS_TYPE_A);
    for (unsigned i = 0; i < DNS_RRS_KEPT; i++)
        wire_a(&world->wire, "@", 60, (uint8_t)i);
    expect_status(world, DNS_TYPE_A, DNS_ANSWERED);
    assert_int_equal(world->answer.rr_count, DNS_RRS_KEPT);
    assert_false(world->answer.lookup.truncated);
}

/* An OPT record of options: each is a code, so many bytes of it in the message, and the length that it
 * claims. */
struct edns_option {
    unsigned code;
    const char *data;
    size_t len, claimed;
};

static void write_opt(struct wire *wire, const struct edns_option *options, size_t count)
{
    size_t at = wire_begin(wire, WIRE_IN_ADDITIONAL, "", 41, 0);
    for (size_t i = 0; i < count; i++) {
        wire_u16(wire, options[i].code);
        wire_u16(wire, (unsigned)options[i].claimed);
        wire_bytes(wire, options[i].data, options[i].len);
    }
    wire_end(wire, at);
}

/* RFC 8914: kept as evidence, whatever the rcode, which they do not change. */
static void extended_errors_are_kept_TXT_8(void **state)
{
    static const char words[] =
        "\0\026no server of a.example answers, and these words are cut off here, where enough "
        "of them has been kept";
    static const struct edns_option options[] = {
        {10, "cookie..", 8, 8}, /* another option */
        {15, "\0", 1, 1},       /* too short to be one */
        {15, words, sizeof words - 1, sizeof words - 1},
        {15, "\0\011", 2, 2},
        {15, "\0\006more than are kept", 20, 20},
    };
    static const enum dns_status statuses[] = {
        [0] = DNS_NODATA, [1] = DNS_FORMERR, [2] = DNS_SERVFAIL, [3] = DNS_NXDOMAIN, [5] = DNS_REFUSED};
    struct world *world = *state;
    for (unsigned rcode = 0; rcode < COUNT(statuses); rcode++) {
        if (rcode == 4)
            continue;
        wire_question(&world->wire, ID, WIRE_ANSWER | rcode, "a.example", DNS_TYPE_A);
        write_opt(&world->wire, options, COUNT(options));
        expect_status(world, DNS_TYPE_A, statuses[rcode]);
        struct lookup_facts copy;
        dns_lookup_copy(&world->answer.lookup, &world->arena, &copy);
        assert_ptr_not_equal(copy.edes, world->answer.lookup.edes);
        assert_int_equal(copy.ede_count, DNS_EDES_KEPT);
        assert_int_equal(copy.edes[0].code, 22);
        assert_string_equal(dns_ede_name(copy.edes[0].code), "No Reachable Authority");
        assert_int_equal(copy.edes[0].text.len, DNS_EDE_TEXT_BYTES);
        assert_memory_equal(copy.edes[0].text.data, words + 2, DNS_EDE_TEXT_BYTES);
        assert_int_equal(copy.edes[1].code, 9);
        assert_int_equal(copy.edes[1].text.len, 0);
    }
    assert_null(dns_ede_name(25));
}

static void malformed_options_end_the_list(void **state)
{
    static const struct edns_option cut[][2] = {
        {{15, "\0\006ok", 4, 4}, {15, "\0\007", 2, 3}}, /* claims more than there is */
        {{15, "\0\006ok", 4, 4}, {15, "", 0, 65535}},   /* likewise */
        {{15, "\0\006ok", 4, 4}, {15, "", 0, 0}},       /* nothing in it */
    };
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(cut); i++) {
        wire_question(&world->wire, ID, WIRE_ANSWER | 2, "a.example", DNS_TYPE_A);
        write_opt(&world->wire, cut[i], 2);
        expect_status(world, DNS_TYPE_A, DNS_SERVFAIL);
        assert_int_equal(world->answer.lookup.ede_count, 1);
        assert_int_equal(world->answer.lookup.edes[0].code, 6);
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
        TEST(octets_behind_the_names_are_counted),
        TEST(half_a_soa_and_no_opt),
        TEST(the_longest_soa_is_read),
        TEST(names_in_messages),
        TEST(pointers_of_names),
        TEST(names_are_the_same_in_any_case),
        TEST(nothing_is_read_past_the_end),
        TEST(malformed_elsewhere),
        TEST(hostile_messages_cost_bounded_work),
        TEST(hostile_rdata_costs_bounded_work),
        TEST(at_most_256_records_are_kept),
        TEST(extended_errors_are_kept_TXT_8),
        TEST(malformed_options_end_the_list),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
