/* dns/facts and the text of names: what answers become in the record. */
#include "tests/unit/wire/message_world.h"

#include "scanner/facts/record_kept.h"

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
    assert_int_equal(facts.rrs[0].usage, 2);
    assert_int_equal(facts.rrs[0].data.len, 0);
    assert_int_equal(facts.rrs[1].usage, 3);
    assert_int_equal(facts.rrs[1].selector, 1);
    assert_int_equal(facts.rrs[1].matching, 1);
    assert_true(bytes_equal(facts.rrs[1].data, bytes_of("hash")));
    assert_null(facts.base);
}

/* Resolvers rotate an RRset; facts that count records by their places must hold all the same. */
static void tlsa_order_is_the_records_own(void **state)
{
    static const char *const sorted[] = {"\2\1\1b", "\3\0\1b", "\3\1\1a", "\3\1\1ab", "\3\1\1b", "\3\1\2a"};
    struct world *world = *state;
    struct dns_rr rrs[COUNT(sorted)];
    for (size_t turn = 0; turn < COUNT(sorted); turn++) {
        struct dns_answer answer = {.lookup = {.status = DNS_ANSWERED}, .type = DNS_TYPE_TLSA, .rrs = rrs};
        struct tlsa_facts facts;
        for (answer.rr_count = 0; answer.rr_count < COUNT(sorted); answer.rr_count++) {
            const char *text = sorted[(answer.rr_count + turn) % COUNT(sorted)];
            rrs[answer.rr_count].rdata = bytes_make(text, text[1] == 0 ? 4 : strlen(text));
        }
        dns_tlsa_facts(&answer, &world->arena, &facts);
        assert_int_equal(facts.rr_count, COUNT(sorted));
        for (size_t i = 0; i < COUNT(sorted); i++) {
            assert_int_equal(facts.rrs[i].usage, sorted[i][0]);
            assert_int_equal(facts.rrs[i].selector, sorted[i][1]);
            assert_int_equal(facts.rrs[i].matching, sorted[i][2]);
            assert_true(bytes_equal(facts.rrs[i].data, bytes_of(sorted[i] + 3)));
        }
    }
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

/* ---- what does not fit --------------------------------------------------------------------------------- */

enum { KINDS = 4, RECORDS = 6 };

/* Of one kind so many records, behind an alias; how many became facts, and what the lookup says. */
static size_t take(struct dns_answer *answer, size_t kind, struct arena *arena, struct lookup_facts *lookup,
                   bool *kept)
{
    struct txt_facts txt;
    struct mx_facts mx;
    struct tlsa_facts tlsa;
    struct address_facts address;
    switch (kind) {
    case 0:
        answer->type = DNS_TYPE_TXT;
        dns_txt_facts(answer, arena, &txt);
        *lookup = txt.lookup, *kept = txt.rrs != NULL;
        return txt.rr_count;
    case 1:
        answer->type = DNS_TYPE_MX;
        dns_mx_facts(answer, arena, &mx);
        *lookup = mx.lookup, *kept = mx.rrs != NULL;
        return mx.rr_count;
    case 2:
        answer->type = DNS_TYPE_TLSA;
        dns_tlsa_facts(answer, arena, &tlsa);
        *lookup = tlsa.lookup, *kept = tlsa.rrs != NULL;
        return tlsa.rr_count;
    default:
        answer->type = DNS_TYPE_A;
        dns_address_facts(answer, NULL, arena, &address);
        *lookup = address.a, *kept = address.ips != NULL;
        return address.ip_count;
    }
}

/* All of it or DNS_TOO_LARGE, never a part that would pass for the whole. */
static void facts_are_whole_or_too_large(void **state)
{
    static const char *const rdata[KINDS] = {"\4abcd\2ef", "\0\1\2mx\0", "\3\1\1abcdefgh", "abcd"};
    static const size_t lens[KINDS] = {8, 6, 11, 4};
    const char *cnames[] = {"b.example"};
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        size_t whole = 0, too_large = 0;
        for (size_t ceiling = 0; ceiling <= 1024; ceiling += 16) {
            uint8_t bytes[RECORDS][16];
            struct dns_rr rrs[RECORDS];
            for (size_t i = 0; i < RECORDS; i++) {
                memcpy(bytes[i], rdata[kind], lens[kind]);
                bytes[i][kind == 1 ? 1 : 3] = (uint8_t)(i + '1'); /* no two are the same */
                rrs[i].rdata = bytes_make(bytes[i], lens[kind]);
            }
            struct dns_answer answer = {.lookup = {.status = DNS_ANSWERED,
                                                   .security = DNSSEC_SECURE,
                                                   .ttl = 7,
                                                   .cnames = cnames,
                                                   .cname_count = 1},
                                        .rrs = rrs,
                                        .rr_count = RECORDS};
            struct arena arena;
            struct lookup_facts lookup;
            bool kept;
            arena_init(&arena, ceiling);
            size_t count = take(&answer, kind, &arena, &lookup, &kept);
            assert_int_equal(lookup.security, DNSSEC_SECURE);
            if (lookup.status == DNS_TOO_LARGE) {
                assert_true(arena.full && !kept);
                assert_int_equal(count + lookup.ttl + lookup.cname_count, 0);
                too_large++;
            } else {
                assert_int_equal(lookup.status, DNS_ANSWERED);
                assert_int_equal(lookup.ttl, 7);
                assert_int_equal(lookup.cname_count, 1);
                assert_int_equal(count, RECORDS);
                assert_false(arena.full);
                whole++;
            }
            arena_dispose(&arena);
        }
        assert_true(whole > 5 && too_large > 5);
    }
}

/* Nothing is made of nothing. */
static void no_records_leave_no_list(void **state)
{
    struct world *world = *state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct dns_answer answer = {.lookup = {.status = DNS_NODATA}};
        struct lookup_facts lookup;
        bool kept;
        assert_int_equal(take(&answer, kind, &world->arena, &lookup, &kept), 0);
        assert_false(kept);
        assert_int_equal(lookup.status, DNS_NODATA);
        assert_null(lookup.cnames);
        assert_null(lookup.edes);
        assert_null(lookup.why_bogus);
    }
    assert_int_equal(world->arena.used_bytes, 0);
}

static void two_of_a_kind(void **state)
{
    static struct dns_rr txts[] = {{{(const uint8_t *)"\2ab\3cde", 7}}},
                         mxs[] = {{{(const uint8_t *)"\0\7\1a", 5}}, {{(const uint8_t *)"\0\6\1a", 5}}},
                         tlsas[] = {{{(const uint8_t *)"\3\1\1b", 4}}, {{(const uint8_t *)"\3\1\1a", 4}}},
                         fours[] = {{{(const uint8_t *)"\5\6\7\10", 4}}},
                         sixes[] = {{{(const uint8_t *)"\40\1abcdefghijklmn", 16}}};
    struct world *world = *state;
    struct txt_facts txt;
    struct mx_facts mx;
    struct tlsa_facts tlsa;
    struct address_facts address;
    struct dns_answer answer = {.type = DNS_TYPE_TXT, .rrs = txts, .rr_count = 1};
    dns_txt_facts(&answer, &world->arena, &txt);
    assert_true(bytes_equal(txt.rrs[0], bytes_of("abcde")));
    answer = (struct dns_answer){.type = DNS_TYPE_MX, .rrs = mxs, .rr_count = 2};
    dns_mx_facts(&answer, &world->arena, &mx);
    assert_int_equal(mx.rrs[0].preference, 6);
    assert_int_equal(mx.rrs[1].preference, 7);
    answer = (struct dns_answer){.type = DNS_TYPE_TLSA, .rrs = tlsas, .rr_count = 2};
    dns_tlsa_facts(&answer, &world->arena, &tlsa);
    assert_int_equal(tlsa.rrs[0].data.data[0], 'a');
    assert_false(tlsa.lookup.truncated);
    answer = (struct dns_answer){.type = DNS_TYPE_A, .rrs = fours, .rr_count = 1};
    struct dns_answer aaaa = {.type = DNS_TYPE_AAAA, .rrs = sixes, .rr_count = 1};
    dns_address_facts(&answer, &aaaa, &world->arena, &address);
    assert_int_equal(address.ip_count, 2);
    assert_int_equal(address.ips[0].family, 4);
    assert_int_equal(address.ips[1].family, 6);
    assert_false(address.a.truncated || address.aaaa.truncated);
}

/* Both families in one list: where there is no room for it, both are too large, and one that was not asked
 * for or holds nothing is not. */
static void addresses_without_room(void **state)
{
    static struct dns_rr fours[] = {{{(const uint8_t *)"\5\6\7\10", 4}}},
                         sixes[] = {{{(const uint8_t *)"\40\1abcdefghijklmn", 16}}};
    (void)state;
    for (unsigned has = 1; has < 4; has++) {
        struct arena arena;
        struct address_facts facts;
        struct dns_answer a = {.lookup.status = DNS_NODATA, .type = DNS_TYPE_A};
        struct dns_answer aaaa = {.lookup.status = DNS_NODATA, .type = DNS_TYPE_AAAA};
        if ((has & 1) != 0)
            a = (struct dns_answer){
                .lookup.status = DNS_ANSWERED, .type = DNS_TYPE_A, .rrs = fours, .rr_count = 1};
        if ((has & 2) != 0)
            aaaa = (struct dns_answer){
                .lookup.status = DNS_ANSWERED, .type = DNS_TYPE_AAAA, .rrs = sixes, .rr_count = 1};
        arena_init(&arena, 0);
        dns_address_facts(&a, &aaaa, &arena, &facts);
        assert_int_equal(facts.a.status, (has & 1) != 0 ? DNS_TOO_LARGE : DNS_NODATA);
        assert_int_equal(facts.aaaa.status, (has & 2) != 0 ? DNS_TOO_LARGE : DNS_NODATA);
        assert_int_equal(facts.ip_count, 0);
        arena_dispose(&arena);
    }
}

/* As many as are kept, and one more. */
static void more_addresses_than_are_kept(void **state)
{
    static uint8_t bytes[ADDRESSES_KEPT + 1][4];
    static struct dns_rr rrs[ADDRESSES_KEPT + 1];
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(rrs); i++) {
        bytes[i][0] = 20;
        bytes[i][2] = (uint8_t)(i >> 8);
        bytes[i][3] = (uint8_t)i;
        rrs[i].rdata = bytes_make(bytes[i], 4);
    }
    for (size_t count = ADDRESSES_KEPT - 1; count <= ADDRESSES_KEPT + 1; count++) {
        struct address_facts facts;
        struct dns_answer answer = {
            .lookup.status = DNS_ANSWERED, .type = DNS_TYPE_A, .rrs = rrs, .rr_count = count};
        dns_address_facts(&answer, NULL, &world->arena, &facts);
        assert_int_equal(facts.ip_count, count < ADDRESSES_KEPT ? count : ADDRESSES_KEPT);
        assert_int_equal(facts.a.truncated, count > ADDRESSES_KEPT);
    }
}

/* By their number, and by their bytes together. */
static void more_tlsa_than_is_kept(void **state)
{
    static uint8_t bytes[TLSA_RRS_KEPT + 1][4], long_bytes[2][TLSA_BYTES_KEPT + 4];
    static struct dns_rr rrs[TLSA_RRS_KEPT + 1];
    struct world *world = *state;
    struct tlsa_facts facts;
    struct dns_answer answer = {.lookup.status = DNS_ANSWERED, .type = DNS_TYPE_TLSA, .rrs = rrs};
    for (size_t i = 0; i < COUNT(rrs); i++) {
        memcpy(bytes[i], "\3\1\1", 3);
        bytes[i][3] = (uint8_t)i;
        rrs[i].rdata = bytes_make(bytes[i], 4);
    }
    for (size_t count = TLSA_RRS_KEPT - 1; count <= TLSA_RRS_KEPT + 1; count++) {
        answer.rr_count = count;
        dns_tlsa_facts(&answer, &world->arena, &facts);
        assert_int_equal(facts.rr_count, count < TLSA_RRS_KEPT ? count : TLSA_RRS_KEPT);
        assert_int_equal(facts.lookup.truncated, count > TLSA_RRS_KEPT);
    }
    memcpy(long_bytes[0], "\3\1\1a", 4);
    memcpy(long_bytes[1], "\3\1\1b", 4);
    answer.rr_count = 2;
    for (size_t more = 0; more < 3; more++) {
        rrs[0].rdata = bytes_make(long_bytes[0], 3 + TLSA_BYTES_KEPT - 10);
        rrs[1].rdata = bytes_make(long_bytes[1], 3 + 9 + more);
        dns_tlsa_facts(&answer, &world->arena, &facts);
        assert_int_equal(facts.rr_count, more < 2 ? 2 : 1);
        assert_int_equal(facts.lookup.truncated, more == 2);
    }
}

/* An alias chain is kept whole up to a length, the words of a validator are cut. */
static void long_chains_and_words(void **state)
{
    static char name[CNAME_BYTES_KEPT + 2], words[WHY_BOGUS_BYTES_KEPT + 2];
    struct world *world = *state;
    memset(name, 'n', sizeof name - 1);
    memset(words, 'w', sizeof words - 1);
    for (size_t more = 0; more < 2; more++) {
        const char *cnames[] = {"ab", name + 3 - more};
        struct lookup_facts from = {.status = DNS_BOGUS,
                                    .security = DNSSEC_BOGUS,
                                    .ttl = 9,
                                    .stale = true,
                                    .truncated = true,
                                    .cnames = cnames,
                                    .cname_count = 2,
                                    .why_bogus = words + 2 - more};
        struct lookup_facts to;
        dns_lookup_copy(&from, &world->arena, &to);
        assert_int_equal(to.status, more == 0 ? DNS_BOGUS : DNS_TOO_LARGE);
        assert_int_equal(to.security, DNSSEC_BOGUS);
        assert_int_equal(to.cname_count, more == 0 ? 2 : 0);
        assert_int_equal(to.stale + to.truncated + to.ttl, more == 0 ? 11 : 0);
        from.cname_count = 0;
        dns_lookup_copy(&from, &world->arena, &to);
        assert_int_equal(strlen(to.why_bogus), WHY_BOGUS_BYTES_KEPT - (more == 0));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(txt_strings_are_joined_TXT_1),
        TEST(mx_are_sorted_and_lowered_MX_1),
        TEST(addresses_are_sorted_and_unique),
        TEST(tlsa_fields),
        TEST(tlsa_order_is_the_records_own),
        TEST(facts_leave_malformed_rdata_out),
        TEST(lookups_are_copied_deeply),
        TEST(a_full_arena_loses_records_only),
        TEST(names_as_text),
        TEST(facts_are_whole_or_too_large),
        TEST(no_records_leave_no_list),
        TEST(two_of_a_kind),
        TEST(addresses_without_room),
        TEST(more_addresses_than_are_kept),
        TEST(more_tlsa_than_is_kept),
        TEST(long_chains_and_words),
    };
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
