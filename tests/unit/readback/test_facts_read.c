/*
 * Facts out of their records again. The strong property: facts made at random (every field, nasty values
 * too), judged and written, read back and made whole, judged and written again, give the same bytes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "output/json/json.h"
#include "output/readback/facts_fields.h"
#include "output/readback/facts_read.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/random_facts.h"

enum { SEEDS = 3000, LINE_CEILING = 8 << 20, WHY_CEILING = 1024 };

/* Records as a scan directory would hold them, for facts_complete. */
struct shelf {
    struct domain_facts *facts;
    struct buf line;
    bool lost; /* nothing is there */
};

static enum error shelf_host(void *arg, const struct probe_wanted *wanted, struct bytes *line)
{
    struct shelf *shelf = arg;
    assert_true(wanted->until_ms >= shelf->facts->time);
    for (size_t i = 0; !shelf->lost && i < shelf->facts->host_count; i++) {
        const struct host_facts *facts = shelf->facts->hosts[i].facts;
        for (size_t j = 0; facts != NULL && j < facts->probe_count; j++) {
            if (strcmp(facts->host, wanted->host) != 0 || !ip_equal(&facts->probes[j].ip, &wanted->ip) ||
                (wanted->time != 0 && facts->probes[j].time != wanted->time))
                continue;
            buf_reset(&shelf->line);
            assert_true(json_host(&shelf->line, &facts->probes[j], FAIL_NONE));
            *line = buf_bytes(&shelf->line);
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

static const struct cert_facts *find_cert(const struct tls_facts *tls, const uint8_t sha256[32])
{
    for (size_t i = 0; i < tls->cert_count; i++)
        if (memcmp(tls->certs[i].sha256, sha256, 32) == 0)
            return &tls->certs[i];
    return NULL;
}

static enum error shelf_cert(void *arg, const uint8_t sha256[32], struct bytes *line)
{
    struct shelf *shelf = arg;
    const struct cert_facts *cert = find_cert(&shelf->facts->policy.fetch.tls, sha256);
    for (size_t i = 0; i < shelf->facts->host_count; i++) {
        const struct host_facts *facts = shelf->facts->hosts[i].facts;
        for (size_t j = 0; facts != NULL && cert == NULL && j < facts->probe_count; j++)
            if ((cert = find_cert(&facts->probes[j].tls, sha256)) == NULL && facts->probes[j].legacy != NULL)
                cert = find_cert(facts->probes[j].legacy, sha256);
    }
    if (cert == NULL || shelf->lost)
        return ERR_NOT_FOUND;
    buf_reset(&shelf->line);
    assert_true(json_cert(&shelf->line, cert));
    *line = buf_bytes(&shelf->line);
    return ERR_OK;
}

static void write_judged(struct buf *out, const struct domain_facts *facts, struct arena *arena)
{
    struct judgement judgement;
    buf_reset(out);
    verdict_judge(facts, BY_OWN_TIME, arena, &judgement);
    assert_true(json_domain(out, facts, &judgement));
}

static struct bytes without_newline(const struct buf *line)
{
    return bytes_make(line->data, line->len - 1);
}

static void assert_same(uint64_t seed, const struct buf *stored, const struct buf *again)
{
    size_t same = 0;
    while (same < stored->len && same < again->len && stored->data[same] == again->data[same])
        same++;
    if (stored->len == again->len && same == stored->len)
        return;
    size_t from = same > 80 ? same - 80 : 0;
    fail_msg("seed %llu: differs at %zu:\n  %.240s\n  %.240s", (unsigned long long)seed, same,
             (const char *)stored->data + from, (const char *)again->data + from);
}

struct round {
    struct arena made, read;
    struct buf stored, again, why;
    struct shelf shelf;
    struct domain_facts facts;
};

static void round_begin(struct round *round, uint64_t seed)
{
    *round = (struct round){0};
    arena_init(&round->made, 64 << 20);
    arena_init(&round->read, READ_ARENA_BYTES);
    buf_init(&round->stored, LINE_CEILING);
    buf_init(&round->again, LINE_CEILING);
    buf_init(&round->why, WHY_CEILING);
    buf_init(&round->shelf.line, LINE_CEILING);
    random_domain(seed, &round->made, &round->facts);
    round->shelf.facts = &round->facts;
    write_judged(&round->stored, &round->facts, &round->made);
}

static void round_end(struct round *round)
{
    arena_dispose(&round->made);
    arena_dispose(&round->read);
    buf_dispose(&round->stored);
    buf_dispose(&round->again);
    buf_dispose(&round->why);
    buf_dispose(&round->shelf.line);
}

static void read_stored(struct round *round, struct domain_facts *back, struct facts_gaps *gaps)
{
    struct facts_source source = {.arg = &round->shelf, .host = shelf_host, .cert = shelf_cert};
    if (facts_read_domain(without_newline(&round->stored), &round->read, back, &round->why) != ERR_OK)
        fail_msg("%s in %.2000s", buf_string(&round->why), (const char *)round->stored.data);
    *gaps = (struct facts_gaps){0};
    assert_int_equal(facts_complete(back, &source, &round->read, gaps, &round->why), ERR_OK);
    assert_int_equal(round->why.len, 0);
}

static void test_judged_again_is_the_same_record(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct round round;
        struct domain_facts back;
        struct facts_gaps gaps;
        round_begin(&round, seed);
        read_stored(&round, &back, &gaps);
        assert_int_equal(gaps.hosts + gaps.certs, 0);
        write_judged(&round.again, &back, &round.read);
        assert_same(seed, &round.stored, &round.again);
        round_end(&round);
    }
}

static void test_host_and_certificate_records_come_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct round round;
        struct probe_facts probe, back;
        round_begin(&round, seed);
        random_probe(seed, &round.made, &probe);
        buf_reset(&round.stored);
        assert_true(json_host(&round.stored, &probe, FAIL_NONE));
        assert_int_equal(facts_read_host(without_newline(&round.stored), &round.read, &back, &round.why),
                         ERR_OK);
        assert_true(json_host(&round.again, &back, FAIL_NONE));
        assert_same(seed, &round.stored, &round.again);
        for (size_t i = 0; i < probe.tls.cert_count; i++) {
            struct cert_facts cert;
            buf_reset(&round.stored);
            buf_reset(&round.again);
            assert_true(json_cert(&round.stored, &probe.tls.certs[i]));
            assert_int_equal(facts_read_cert(without_newline(&round.stored), &round.read, &cert, &round.why),
                             ERR_OK);
            assert_true(json_cert(&round.again, &cert));
            assert_same(seed, &round.stored, &round.again);
        }
        round_end(&round);
    }
}

/* Every cut of a record, and single bytes changed: facts or an error with its reason. */
static void test_damaged_records_are_refused_or_read(void **state)
{
    (void)state;
    size_t refused = 0, accepted = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct round round;
        round_begin(&round, seed);
        uint64_t random = seed;
        for (size_t i = 0; i < 100; i++) {
            struct domain_facts back;
            bool cut = i % 2 == 0;
            size_t place = random_draw(&random, (unsigned)round.stored.len - 1);
            uint8_t was = round.stored.data[place];
            if (!cut)
                round.stored.data[place] = (uint8_t)random_draw(&random, 256);
            struct bytes line = bytes_make(round.stored.data, cut ? place : round.stored.len - 1);
            buf_reset(&round.why);
            enum error error = facts_read_domain(line, &round.read, &back, &round.why);
            assert_true(error == ERR_OK || round.why.len > 0);
            refused += error != ERR_OK;
            accepted += error == ERR_OK;
            assert_false(cut && error == ERR_OK);
            round.stored.data[place] = was;
            arena_dispose(&round.read);
        }
        round_end(&round);
    }
    assert_true(refused > 100 && accepted > 100);
}

static void test_what_is_lost_is_a_gap(void **state)
{
    (void)state;
    size_t hosts = 0, certs = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct round round;
        struct domain_facts back;
        struct facts_gaps gaps;
        round_begin(&round, seed);
        round.shelf.lost = true;
        read_stored(&round, &back, &gaps);
        hosts += gaps.hosts;
        certs += gaps.certs;
        round_end(&round);
    }
    assert_true(hosts > 0 && certs > 0);
}

static void assert_refused(const char *line, enum error expected, const char *reason)
{
    struct arena arena;
    struct buf why;
    struct domain_facts facts;
    arena_init(&arena, 1 << 20);
    buf_init(&why, WHY_CEILING);
    assert_int_equal(facts_read_domain(bytes_of(line), &arena, &facts, &why), expected);
    if (strstr(buf_string(&why), reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", buf_string(&why), reason);
    buf_dispose(&why);
    arena_dispose(&arena);
}

#define HEAD "\"schema\":1,\"domain\":\"a.example\",\"tld\":\"example\",\"time\":\"2026-01-31T12:00:00.000Z\""

#define CERTS "\"certs\":[\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"]"

static void test_refusals_say_which_field(void **state)
{
    (void)state;
    assert_refused("", ERR_SYNTAX, "no JSON object");
    assert_refused("[1]", ERR_SYNTAX, "no JSON object");
    assert_refused("{\"schema\":2}", ERR_SYNTAX, "schema");
    assert_refused("{\"schema\":1}", ERR_SYNTAX, "domain: is missing");
    assert_refused("{\"schema\":1,\"domain\":\"a b\"}", ERR_SYNTAX, "domain: is no name");
    assert_refused("{\"schema\":1,\"domain\":\"a\\u001b[2J\"}", ERR_SYNTAX, "domain: is no name");
    assert_refused("{" HEAD ",\"label\":\"a\\u0000b\"}", ERR_SYNTAX, "label: holds a NUL");
    assert_refused("{" HEAD ",\"rank\":4294967296}", ERR_SYNTAX, "rank");
    assert_refused("{" HEAD ",\"rank\":-1}", ERR_SYNTAX, "rank");
    assert_refused("{" HEAD ",\"txt\":[]}", ERR_SYNTAX, "txt");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"http_status\":2147483648}}", ERR_SYNTAX,
                   "http_status");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"http_status\":2147483647,\"ms\":4294967296}}",
                   ERR_SYNTAX, "ms");
    assert_refused("{" HEAD ",\"txt\":{\"lookup\":\"perhaps\"}}", ERR_SYNTAX, "lookup");
    assert_refused("{" HEAD ",\"txt\":{\"rrs\":[{\"base64\":\"%%%%\"}]}}", ERR_SYNTAX, "base64");
    assert_refused("{" HEAD ",\"mx\":{\"hosts\":[{}]}}", ERR_SYNTAX, "host: is missing");
    assert_refused("{" HEAD ",\"mx\":{\"hosts\":[{\"host\":\"m\",\"lookup_a\":\"answered\",\"addresses\":"
                   "[\"192.0.2.1\"],\"ips\":[{\"ip\":\"192.0.2.1\"},{\"ip\":\"192.0.2.2\"}]}]}}",
                   ERR_SYNTAX, "ips");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"tls\":{\"certs\":[\"00\"]}}}", ERR_SYNTAX,
                   "certs");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"tls\":{" CERTS ",\"signed_by\":[-2]}}}",
                   ERR_SYNTAX, "signed_by: is no certificate of the chain");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"tls\":{" CERTS ",\"signed_by\":[1]}}}", ERR_SYNTAX,
                   "signed_by: is no certificate of the chain");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"tls\":{" CERTS ",\"signed_by\":[]}}}", ERR_SYNTAX,
                   "signed_by: are not as many as the certificates");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"tls\":{\"version\":\"TLSv2\"}}}", ERR_SYNTAX,
                   "version: is no version of TLS");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"tls\":{\"version\":\"0x10000\"}}}", ERR_SYNTAX,
                   "version: is no version of TLS");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"tls\":{\"version\":\"0x03g\"}}}", ERR_SYNTAX,
                   "version: is no version of TLS");
    assert_refused("{" HEAD ",\"policy\":{\"host\":\"h\",\"stale\":[\"a\",\"txt\"]}}", ERR_SYNTAX,
                   "stale: is no family of addresses");
    assert_refused("{" HEAD ",\"looks\":[{\"ip\":\"192.0.2.1\"}]}", ERR_SYNTAX, "host: is missing");
    assert_refused("{" HEAD ",\"looks\":[{\"host\":\"m\",\"code\":\"smtp.what\"}]}", ERR_SYNTAX, "");
    assert_refused("{" HEAD ",\"mx\":{\"x\":[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]}}", ERR_LIMIT, "");
}

/* A name of 255 bytes, each escaped as in RFC 1035 section 5.1, fits; what finds hosts by name goes by the
 * bound. */
static void test_names_are_bounded(void **state)
{
    enum { LONGEST = NAME_CEILING_BYTES };
    assert_true(LONGEST >= 4 * 255);
    static const struct {
        size_t len;
        bool taken;
    } rows[] = {{0, false}, {1, true}, {LONGEST, true}, {LONGEST + 1, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[2048], name[LONGEST + 2] = "";
        memset(name, 'a', rows[i].len);
        name[rows[i].len] = 0;
        (void)snprintf(line, sizeof line,
                       "{\"schema\":1,\"domain\":\"%s\",\"tld\":\"a\",\"time\":"
                       "\"2026-01-31T12:00:00.000Z\"}",
                       name);
        if (rows[i].taken) {
            struct arena arena;
            struct buf why;
            struct domain_facts facts;
            arena_init(&arena, 1 << 20);
            buf_init(&why, WHY_CEILING);
            assert_int_equal(facts_read_domain(bytes_of(line), &arena, &facts, &why), ERR_OK);
            assert_string_equal(facts.domain, name);
            buf_dispose(&why);
            arena_dispose(&arena);
        } else {
            assert_refused(line, ERR_SYNTAX, "domain: is no name");
        }
    }
}

/* The MX answer is told where hosts do not tell it already; where they do, it comes back from them: explain
 * shows it, and what counts the hosts that the answer names goes by it. */
static void test_the_mx_answer_comes_back(void **state)
{
#define HOST(name, pref, more) "{\"host\":\"" name "\",\"pref\":" pref more "}"
    static const struct {
        const char *mx;
        size_t count;
        const char *first;
    } rows[] = {
        {"\"hosts\":[" HOST("b.example", "10", "") "," HOST("a.example", "20", "") "]", 2, "b.example"},
        {"\"hosts\":[" HOST("a.example", "0", ",\"implicit\":true") "]", 0, NULL},
        {"\"hosts\":[" HOST("b.example", "10", "") "],\"rrs\":[" HOST("c.example", "10", "") "," HOST(
             "b.example", "10", "") "," HOST(".", "5", "") "]",
         3, "c.example"},
        {"\"hosts\":[]", 0, NULL},
        {"\"rrs\":[" HOST(".", "10", "") "]", 1, "."},
    };
#undef HOST
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena;
        struct buf why, line;
        struct domain_facts facts;
        arena_init(&arena, 1 << 20);
        buf_init(&why, WHY_CEILING);
        buf_init(&line, 4096);
        assert_true(buf_printf(&line, "{" HEAD ",\"mx\":{%s}}", rows[i].mx));
        assert_int_equal(facts_read_domain(buf_bytes(&line), &arena, &facts, &why), ERR_OK);
        assert_int_equal(facts.mx.rr_count, rows[i].count);
        if (rows[i].count > 0) {
            assert_string_equal(facts.mx.rrs[0].host, rows[i].first);
            assert_int_equal(facts.mx.rrs[0].preference, 10);
        }
        buf_dispose(&line);
        buf_dispose(&why);
        arena_dispose(&arena);
    }
}

static void test_a_huge_record_is_refused(void **state)
{
    (void)state;
    struct buf line;
    buf_init(&line, 2 << 20);
    assert_true(buf_text(&line, "{" HEAD ",\"mx\":{\"rrs\":[0"));
    while (line.len < 1 << 20)
        assert_true(buf_text(&line, ",0"));
    assert_true(buf_text(&line, "]}}"));
    assert_refused(buf_string(&line), ERR_LIMIT, "limit");
    buf_reset(&line);
    assert_true(buf_text(&line, "{" HEAD ",\"looks\":[0"));
    for (size_t i = 0; i < LOOKS_MOST; i++)
        assert_true(buf_text(&line, ",0"));
    assert_true(buf_text(&line, "]}"));
    assert_refused(buf_string(&line), ERR_SYNTAX, "looks: are more than there can be");
    buf_dispose(&line);
}

/* Every place of a time is looked at. */
static void test_times(void **state)
{
    static const char good[] = "2026-01-31T12:34:56.789Z";
    static const char others[] = {'/', ':', 'x', 0};
    int64_t ms = 0;
    (void)state;
    assert_true(read_time_text(bytes_of(good), &ms));
    assert_int_equal(ms, INT64_C(1769862896789));
    assert_true(read_time_text(bytes_of("1999-12-09T09:08:07.006Z"), &ms));
    assert_int_equal(ms, INT64_C(944730487006));
    /* What is never written is not read: it would come back as another time. */
    assert_true(read_time_text(bytes_of("1000-01-01T00:00:00.000Z"), &ms));
    assert_true(read_time_text(bytes_of("9999-12-31T23:59:59.999Z"), &ms));
    assert_false(read_time_text(bytes_of("0026-11-30T06:03:27.578Z"), &ms));
    assert_false(read_time_text(bytes_of("1000-00-00T00:00:00.000Z"), &ms));
    assert_false(read_time_text(bytes_of("9999-99-99T00:00:00.000Z"), &ms));
    assert_false(read_time_text(bytes_make(good, sizeof good - 2), &ms));
    assert_false(read_time_text(bytes_make(good, sizeof good), &ms));
    for (size_t i = 0; i < sizeof good - 1; i++) {
        for (size_t j = 0; j < sizeof others; j++) {
            char text[sizeof good];
            memcpy(text, good, sizeof good);
            text[i] = others[j];
            if (others[j] != good[i])
                assert_false(read_time_text(bytes_make(text, sizeof good - 1), &ms));
        }
    }
}

/* What a number, an address, a hash and bytes may be. */
static void test_values_at_their_bounds(void **state)
{
    static const struct {
        const char *fields;
        const char *reason; /* NULL: they are read */
    } rows[] = {
        {"\"rank\":4294967295", NULL},
        {"\"rank\":1.5", "rank: is no whole number that fits"},
        {"\"rank\":\"1\"", "rank: is of another kind than it must be"},
        {"\"rank\":null", NULL},
        {"\"label\":null", NULL},
        {"\"label\":7", "label: is no text"},
        {"\"label\":{\"base64\":\"YQ==\"}", NULL},
        {"\"label\":{\"base64\":\"YQ=\"}", "base64: is no base64"},
        {"\"label\":{\"base64\":\"AGE=\"}", "label: holds a NUL"},
        /* Such a line would be one of its own in a zone file, or a command to nsupdate. */
        {"\"txt\":{\"lookup\":\"answered\",\"cnames\":[\"x.example\\nupdate delete y.example. ANY\"]}",
         "is not printable"},
        {"\"policy\":{\"host\":\"h\",\"cnames\":[{\"base64\":\"eAp5\"}]}", "is not printable"},
        {"\"label\":{\"base65\":\"YQ==\"}", "label: is no text"},
        {"\"policy\":{\"host\":\"h\",\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"]}", NULL},
        {"\"policy\":{\"host\":\"h\",\"addresses\":[\"192.0.2\"]}", "addresses: is no address"},
        {"\"policy\":{\"host\":\"h\",\"addresses\":[7]}", "addresses: is no address"},
        {"\"policy\":{\"host\":\"h\",\"addresses\":[\"192.0.2.1\\u0000\"]}", "addresses: is no address"},
        {"\"policy\":{\"host\":\"h\",\"tls\":{\"certs\":[7]}}", "certs: is no hash"},
        {"\"policy\":{\"host\":\"h\",\"tls\":{\"certs\":"
         "[\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeefF\"]}}",
         "certs: is no hash"},
        {"\"policy\":{\"host\":\"h\",\"tls\":{\"certs\":"
         "[\"00112233445566778899aabbccddeeff00112233445566778899aabbccddee/0\"]}}",
         "certs: is no hash"},
        {"\"policy\":{\"host\":\"h\",\"tls\":{\"certs\":"
         "[\"00112233445566778899aabbccddeeff00112233445566778899aabbccddee0g\"]}}",
         "certs: is no hash"},
        {"\"policy\":{\"host\":\"h\",\"tls\":{\"version\":\"0xffff\"}}", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[1024];
        struct arena arena;
        struct buf why;
        struct domain_facts facts;
        (void)snprintf(line, sizeof line, "{" HEAD ",%s}", rows[i].fields);
        if (rows[i].reason != NULL) {
            assert_refused(line, ERR_SYNTAX, rows[i].reason);
            continue;
        }
        arena_init(&arena, 1 << 20);
        buf_init(&why, WHY_CEILING);
        if (facts_read_domain(bytes_of(line), &arena, &facts, &why) != ERR_OK)
            fail_msg("row %zu: %s", i, buf_string(&why));
        if (strstr(line, "base64") != NULL)
            assert_string_equal(facts.label, "a");
        buf_dispose(&why);
        arena_dispose(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judged_again_is_the_same_record),
        cmocka_unit_test(test_host_and_certificate_records_come_back),
        cmocka_unit_test(test_damaged_records_are_refused_or_read),
        cmocka_unit_test(test_what_is_lost_is_a_gap),
        cmocka_unit_test(test_refusals_say_which_field),
        cmocka_unit_test(test_names_are_bounded),
        cmocka_unit_test(test_the_mx_answer_comes_back),
        cmocka_unit_test(test_a_huge_record_is_refused),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_values_at_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
