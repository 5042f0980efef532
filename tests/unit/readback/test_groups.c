/*
 * output/readback/groups: which groups a record belongs to, what fails there, and what one mending gains. The
 * strong property: what it says of a record is what the verdict says of facts in which that group is mended.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "output/json/json.h"
#include "output/readback/groups.h"
#include "tests/unit/mending.h"
#include "tests/unit/random_facts.h"

enum { ARENA_BYTES = 64 << 20, LINE_BYTES = 8 << 20, SEEDS = 6000 };

/* ---- a table of records -------------------------------------------------------------------------------- */

#define HEAD     "{\"tld\":\"example\",\"label\":\"gold\",\"provider\":{\"mx\":null,\"policy\":\"Tester\"},"
#define GOOD_TXT "\"txt\":{\"lookup\":\"answered\",\"code\":\"ok\"},"
#define POLICY(code, more)                                                                                   \
    "\"policy\":{\"host\":\"mta-sts.a.example\",\"code\":\"" code "\",\"ip\":\"192.0.2.80\"" more "},"
#define ENFORCED POLICY("ok", ",\"mode\":\"enforce\"")
#define HOST(name, code, match, ips)                                                                         \
    "{\"host\":\"" name "\",\"code\":\"" code "\",\"policy_match\":" match ",\"ips\":[" ips "]}"
#define IP(ip, code)            "{\"ip\":\"" ip "\",\"code\":\"" code "\"}"
#define MX(hosts)               "\"mx\":{\"lookup\":\"answered\",\"hosts\":[" hosts "]}}"
#define OUTCOME(outcome, codes) "\"outcome\":\"" outcome "\",\"codes\":[" codes "],"

static const struct row {
    const char *rule, *line;
    enum group_kind kind;
    const char *groups; /* by name; a * behind one that gains, = and the codes that fail there, ? behind an
                           open one */
} rows[] = {
    {"GRP-1 an MX host, whatever fails",
     HEAD OUTCOME("absent", "")
         GOOD_TXT MX(HOST("b.mx.example", "ok", "true",
                          IP("192.0.2.1", "smtp.tls.expired")) "," HOST("a.mx.example", "ok", "true", "")),
     BY_MX_HOST, "a.mx.example b.mx.example"},
    {"GRP-1 no placeholder",
     HEAD OUTCOME("absent", "") GOOD_TXT MX(HOST("ms1.msv1.invalid", "mx.placeholder", "true", "")),
     BY_MX_HOST, ""},
    {"GRP-1 the registrable domain",
     HEAD OUTCOME("absent", "") GOOD_TXT MX(
         HOST("a.mx.example.co.uk", "ok", "true", "") "," HOST("b.example.co.uk", "ok", "true", "")),
     BY_MX_OPERATOR, "example.co.uk"},
    {"GRP-1 the host where there is none",
     HEAD OUTCOME("absent", "")
         GOOD_TXT MX(HOST("co.uk", "ok", "true", "") "," HOST("mx.lab", "ok", "true", "")),
     BY_MX_OPERATOR, "co.uk mx.lab"},
    {"GRP-1 addresses of both",
     HEAD OUTCOME("protected", "") GOOD_TXT ENFORCED MX(
         HOST("a.example", "ok", "true", IP("192.0.2.1", "ok") "," IP("2001:DB8::0001", "ok"))),
     BY_IP, "192.0.2.1 192.0.2.80 2001:db8::1"},
    {"GRP-1 networks",
     HEAD OUTCOME("protected", "") GOOD_TXT ENFORCED MX(
         HOST("a.example", "ok", "true", IP("192.0.2.1", "ok") "," IP("2001:db8:7:8::1", "ok"))),
     BY_NETWORK, "192.0.2.0/24 2001:db8:7::/48"},
    {"GRP-1 the policy host", HEAD OUTCOME("protected", "") GOOD_TXT ENFORCED MX(""), BY_POLICY_HOST,
     "mta-sts.a.example"},
    {"GRP-1 behind its aliases",
     HEAD OUTCOME("protected", "") GOOD_TXT POLICY("ok", ",\"cnames\":[\"one.example\",\"two.example\"]")
         MX(""),
     BY_POLICY_HOST, "two.example"},
    {"GRP-1 none without a look at it", HEAD OUTCOME("absent", "") GOOD_TXT MX(""), BY_POLICY_HOST, ""},
    {"GRP-1 the label", HEAD OUTCOME("absent", "") GOOD_TXT MX(""), BY_LABEL, "gold"},
    {"GRP-1 a label of any bytes", "{\"label\":{\"base64\":\"AP8=\"}," OUTCOME("absent", "") MX(""), BY_LABEL,
     "AP8="},
    {"GRP-1 a label of hidden characters",
     "{\"label\":\"\\u00ad\\udb40\\udc65\"," OUTCOME("absent", "") MX(""), BY_LABEL,
     "\xC2\xAD\xF3\xA0\x81\xA5"},
    {"GRP-1 the last label of the name", HEAD OUTCOME("absent", "") GOOD_TXT MX(""), BY_TLD, "example"},
    {"GRP-1 the codes",
     HEAD OUTCOME("absent", "\"txt.absent\",\"tlsrpt.absent\",\"made.up\"") GOOD_TXT MX(""), BY_CODE,
     "tlsrpt.absent txt.absent"},
    {"GRP-1 providers of both",
     HEAD OUTCOME("absent", "") GOOD_TXT ENFORCED MX(
         HOST("a.tested.example", "ok", "true", "") "," HOST("b.example", "ok", "true", "")),
     BY_PROVIDER, "Mailer Tester"},

    {"GRP-2 nothing fails where all is good",
     HEAD OUTCOME("protected", "") GOOD_TXT ENFORCED MX(
         HOST("a.example", "ok", "true", IP("192.0.2.1", "ok") "," IP("192.0.2.2", "smtp.tcp.timeout"))),
     BY_MX_HOST, "a.example"},
    {"GRP-2 nor where there is no policy by choice",
     HEAD OUTCOME("off", "") GOOD_TXT POLICY("ok", ",\"mode\":\"none\"")
         MX(HOST("a.example", "ok", "false", IP("192.0.2.1", "smtp.tls.expired"))),
     BY_MX_HOST, "a.example"},
    {"GRP-2 what is transient is open",
     HEAD OUTCOME("unknown", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tcp.timeout"))),
     BY_MX_HOST, "a.example=smtp.tcp.timeout?"},
    {"GRP-2 a lookup that failed is the domain's",
     HEAD OUTCOME("unknown", "\"dns.servfail\"") "\"txt\":{\"lookup\":\"servfail\"}," MX(""), BY_CODE,
     "dns.servfail=dns.servfail?"},
    {"GRP-2 a broken record alone",
     HEAD OUTCOME("broken", "\"txt.syntax\"") "\"txt\":{\"lookup\":\"answered\",\"code\":\"txt.syntax\"}," MX(
         HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired"))),
     BY_WHO, "the domain's owner=txt.syntax"},

    {"GRP-3 the one host that fails",
     HEAD OUTCOME("refused", "") GOOD_TXT ENFORCED MX(
         HOST("a.example", "ok", "true",
              IP("192.0.2.1", "smtp.tls.expired") "," IP("192.0.2.2", "smtp.tls.expired"))),
     BY_MX_HOST, "a.example*=smtp.tls.expired"},
    {"GRP-3 of several",
     HEAD OUTCOME("partial", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired")) "," HOST(
             "b.example", "ok", "true", IP("192.0.2.2", "ok"))),
     BY_MX_HOST, "a.example*=smtp.tls.expired b.example"},
    {"GRP-3 a policy in testing would pass",
     HEAD "\"would_be\":\"refused\"," OUTCOME("testing", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired"))),
     BY_IP, "192.0.2.1*=smtp.tls.expired 192.0.2.80"},
    {"GRP-3 an open host does not hold it back",
     HEAD OUTCOME("unknown", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired")) "," HOST(
             "b.example", "mx.dns-failed", "true", "")),
     BY_MX_HOST, "a.example*=smtp.tls.expired b.example=mx.dns-failed?"},
    {"GRP-3 what is only open gains nothing",
     HEAD OUTCOME("unknown", "") GOOD_TXT POLICY("policy.tcp.timeout", "")
         MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired"))),
     BY_MX_HOST, "a.example=smtp.tls.expired"},
    {"GRP-3 a policy host, with hosts that pass",
     HEAD OUTCOME("broken", "") GOOD_TXT POLICY("policy.tls.expired", "")
         MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "ok"))),
     BY_POLICY_HOST, "mta-sts.a.example*=policy.tls.expired"},
    {"GRP-3 not with hosts that nobody looked at",
     HEAD OUTCOME("broken", "") GOOD_TXT POLICY("policy.tls.expired", "")
         MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.not-probed.off"))),
     BY_POLICY_HOST, "mta-sts.a.example=policy.tls.expired"},
    {"GRP-3 nor if it says that there is to be none",
     HEAD OUTCOME("broken", "") GOOD_TXT POLICY("policy.syntax.max-age-bad", ",\"mode\":\"none\"")
         MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "ok"))),
     BY_POLICY_HOST, "mta-sts.a.example=policy.syntax.max-age-bad"},
    {"GRP-3 a broken record's policy is not known",
     HEAD OUTCOME("broken",
                  "\"txt.syntax\"") "\"txt\":{\"lookup\":\"answered\",\"code\":\"txt.syntax\"}," POLICY("ok",
                                                                                                        "")
         MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "ok"))),
     BY_CODE, "txt.syntax=txt.syntax"},
    {"GRP-3 a code of a later version is no failure",
     HEAD OUTCOME("unknown", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.novel"))),
     BY_MX_HOST, "a.example"},

    {"GRP-4 not two hosts",
     HEAD OUTCOME("refused", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired")) "," HOST(
             "b.example", "ok", "true", IP("192.0.2.2", "smtp.tls.weak"))),
     BY_MX_HOST, "a.example=smtp.tls.expired b.example=smtp.tls.weak"},
    {"GRP-4 but their network",
     HEAD OUTCOME("refused", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired")) "," HOST(
             "b.example", "ok", "true", IP("192.0.2.2", "smtp.tls.weak"))),
     BY_NETWORK, "192.0.2.0/24*=smtp.tls.expired,smtp.tls.weak"},
    {"GRP-4 who mends them",
     HEAD OUTCOME("refused", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired")) "," HOST(
             "b.example", "ok", "true", IP("192.0.2.2", "smtp.tls.weak"))),
     BY_WHO, "the MX host's operator*=smtp.tls.expired,smtp.tls.weak"},
    {"GRP-4 not two codes",
     HEAD OUTCOME("refused", "\"smtp.tls.expired\",\"smtp.tls.weak\"")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired")) "," HOST(
             "b.example", "ok", "true", IP("192.0.2.2", "smtp.tls.weak"))),
     BY_CODE, "smtp.tls.expired=smtp.tls.expired smtp.tls.weak=smtp.tls.weak"},
    {"GRP-4 the domain's own, all of it",
     HEAD OUTCOME("refused", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired")) "," HOST(
             "b.example", "ok", "false", IP("192.0.2.2", "smtp.tls.weak"))),
     BY_LABEL, "gold*=mx.not-in-policy,smtp.tls.expired,smtp.tls.weak"},
    {"GRP-4 a host without address is given one",
     HEAD OUTCOME("refused", "") GOOD_TXT ENFORCED MX(HOST("a.example", "mx.no-address", "true", "")),
     BY_MX_HOST, "a.example*=mx.no-address"},
    {"GRP-4 a private address is not mended there",
     HEAD OUTCOME("refused", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("10.0.0.1", "mx.special-address"))),
     BY_IP, "10.0.0.1=mx.special-address 192.0.2.80"},
    {"GRP-4 but at its host",
     HEAD OUTCOME("refused", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "ok", "true", IP("10.0.0.1", "mx.special-address"))),
     BY_MX_HOST, "a.example*=mx.special-address"},
    {"GRP-4 an address for a name is the domain's",
     HEAD OUTCOME("refused", "") GOOD_TXT ENFORCED MX(HOST("192.0.2.1", "mx.address-literal", "true", "")),
     BY_MX_HOST, "192.0.2.1=mx.address-literal"},
    {"GRP-4 policy host and MX host are two",
     HEAD OUTCOME("broken", "") GOOD_TXT POLICY("policy.tls.expired", "")
         MX(HOST("a.example", "ok", "true", IP("192.0.2.1", "smtp.tls.expired"))),
     BY_POLICY_HOST, "mta-sts.a.example=policy.tls.expired"},
    {"GRP-4 at one address they are one",
     HEAD OUTCOME("broken", "") GOOD_TXT POLICY("policy.tls.expired", "")
         MX(HOST("a.example", "ok", "true", IP("192.0.2.80", "smtp.tls.expired"))),
     BY_IP, "192.0.2.80*=policy.tls.expired,smtp.tls.expired"},

    {"GRP-5 a policy that misses a host is mended there",
     HEAD OUTCOME("refused", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "mx.not-in-policy", "false", IP("192.0.2.1", "ok"))),
     BY_POLICY_HOST, "mta-sts.a.example*=mx.not-in-policy"},
    {"GRP-5 and met at the host",
     HEAD OUTCOME("refused", "")
         GOOD_TXT ENFORCED MX(HOST("a.example", "mx.not-in-policy", "false", IP("192.0.2.1", "ok"))),
     BY_MX_HOST, "a.example=mx.not-in-policy"},
    {"GRP-5 what the host fails by comes to light",
     HEAD OUTCOME("refused", "") GOOD_TXT ENFORCED MX(
         HOST("a.example", "mx.not-in-policy", "false", IP("192.0.2.1", "smtp.tls.expired"))),
     BY_POLICY_HOST, "mta-sts.a.example=mx.not-in-policy"},
    {"GRP-5 also the other way round",
     HEAD OUTCOME("refused", "\"mx.no-address\"")
         GOOD_TXT ENFORCED MX(HOST("a.example", "mx.no-address", "false", "")),
     BY_CODE, "mx.no-address=mx.no-address"},
    {"GRP-5 one certain failure outweighs an open one",
     HEAD OUTCOME("unknown", "") GOOD_TXT ENFORCED MX(
         HOST("a.example", "mx.not-in-policy", "false", IP("192.0.2.1", "smtp.tcp.timeout"))),
     BY_TLD, "example=mx.not-in-policy,smtp.tcp.timeout?"},
};

static const char *provider(const char *host)
{
    return strstr(host, "tested.example") == NULL ? NULL : "Mailer";
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void write_failures(struct buf *text, const struct group_member *member)
{
    const char *names[FAIL_COUNT];
    size_t count = 0;
    for (const struct group_failure *failure = member->failures; failure != NULL; failure = failure->next)
        names[count++] = failure_name(failure->code);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        const struct group_failure *failure = member->failures;
        while (strcmp(failure_name(failure->code), names[i]) != 0)
            failure = failure->next;
        buf_printf(text, "%s%s%s", i == 0 ? "=" : ",", names[i], failure->open ? "?" : "");
    }
}

static void groups_and_gains(void **state)
{
    struct arena arena;
    struct buf text;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct group_record record;
        struct troubles troubles;
        struct group_members members;
        arena_reset(&arena);
        buf_reset(&text);
        assert_int_equal(group_record_read(bytes_of(rows[i].line), &arena, &record), ERR_OK);
        assert_true(troubles_find(&record, &arena, &troubles));
        assert_true(groups_of(&record, &troubles, rows[i].kind, provider, &arena, &members));
        for (size_t j = 0; j < members.count; j++) {
            const struct group_member *member = &members.list[j];
            buf_printf(&text, "%s%.*s%s", j == 0 ? "" : " ", (int)member->name.len,
                       (const char *)member->name.data, member->gains ? "*" : "");
            write_failures(&text, member);
        }
        if (strcmp(buf_string(&text), rows[i].groups) != 0)
            fail_msg("%s: %s, not %s", rows[i].rule, buf_string(&text), rows[i].groups);
    }
    buf_dispose(&text);
    arena_dispose(&arena);
}

/* ---- what is no record --------------------------------------------------------------------------------- */

static void other_lines(void **state)
{
    static const char *const none[] = {"",
                                       "[]",
                                       "7",
                                       "{",
                                       "{}",
                                       "{\"outcome\":\"fine\"}",
                                       "{\"outcome\":[]}",
                                       "{\"outcome\":\"refused\",\"mx\":{\"hosts\":[{\"ips\":[}",
                                       "{\"mx\":{\"hosts\":[[[[[[[[[[[[[[{\"host\":\"a\"}]]]]]]]]]]]]]]}}"};
    static const char *const strange[] = {
        "{\"outcome\":\"refused\",\"mx\":7,\"policy\":[],\"txt\":null,\"codes\":{\"a\":1},\"provider\":true}",
        "{\"outcome\":\"refused\",\"mx\":{\"hosts\":[7,[],{\"host\":[],\"ips\":[[{}]]},null]}}",
        "{\"outcome\":\"refused\",\"mx\":{\"hosts\":{\"ips\":{\"ip\":\"x\"}}}}",
        "{\"mx\":{\"hosts\":[[[[[[[[[[[[[{\"host\":\"a\"}]]]]]]]]]]]]]},\"outcome\":\"refused\"}",
        "{\"ips\":[{\"ip\":\"192.0.2.1\",\"code\":\"ok\"}],\"hosts\":[{}],\"outcome\":\"refused\"}",
    };
    struct arena arena;
    struct group_record record;
    struct troubles troubles;
    struct group_members members;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(group_record_read(bytes_of(none[i]), &arena, &record), ERR_SYNTAX);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        assert_int_equal(group_record_read(bytes_of(strange[i]), &arena, &record), ERR_OK);
        assert_true(troubles_find(&record, &arena, &troubles));
        for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
            assert_true(groups_of(&record, &troubles, kind, provider, &arena, &members));
    }
    arena_dispose(&arena);
}

/* A name that is too long is cut, so that counting stays bounded. */
static void long_names(void **state)
{
    struct arena arena;
    struct group_record record;
    struct troubles troubles;
    struct group_members members;
    struct buf line;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&line, LINE_BYTES);
    buf_text(&line, "{\"outcome\":\"absent\",\"label\":\"");
    for (size_t i = 0; i < 5000; i++)
        buf_byte(&line, 'x');
    buf_text(&line, "\"}");
    assert_int_equal(group_record_read(buf_bytes(&line), &arena, &record), ERR_OK);
    assert_true(troubles_find(&record, &arena, &troubles));
    assert_true(groups_of(&record, &troubles, BY_LABEL, provider, &arena, &members));
    assert_int_equal(members.count, 1);
    assert_int_equal(members.list[0].name.len, GROUP_NAME_BYTES);
    buf_dispose(&line);
    arena_dispose(&arena);
}

static void without_memory(void **state)
{
    struct arena arena, room;
    struct group_record record;
    struct troubles troubles;
    struct group_members members;
    size_t refused = 0;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    for (size_t bytes = 0; bytes < 6000; bytes += 16) {
        arena_init(&room, bytes);
        if (group_record_read(bytes_of(rows[30].line), &room, &record) != ERR_OK ||
            !troubles_find(&record, &room, &troubles) ||
            !groups_of(&record, &troubles, BY_NETWORK, provider, &room, &members))
            refused++;
        arena_dispose(&room);
    }
    assert_in_range(refused, 20, 300);
    arena_dispose(&arena);
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        assert_int_equal(group_kind_find(group_kind_name(kind)), kind);
    assert_int_equal(group_kind_find("hosts"), GROUP_KIND_COUNT);
}

/* ---- held to the verdict ------------------------------------------------------------------------------- */

/* Makes facts at random of which most are deployed, and many hang on one thing. */
static void make_facts(struct maker *make, uint64_t seed, struct domain_facts *facts)
{
    random_domain(seed, make->arena, facts);
    facts->label = one_in(make, 2) ? "gold" : NULL;
    for (size_t i = 0; i < facts->host_count; i++)
        for (char *place = (char *)(uintptr_t)facts->hosts[i].host; *place != 0; place++)
            *place = *place == '\\' ? 'x' : *place; /* a policy can name it */
    if (!one_in(make, 8)) {
        static const struct bytes good = {(const uint8_t *)"v=STSv1; id=1;", 14};
        facts->txt = (struct txt_facts){.lookup = {.status = DNS_ANSWERED},
                                        .rrs = mending_copy(make->arena, &good, 1, sizeof good),
                                        .rr_count = 1};
    }
    struct judgement judgement;
    verdict_judge(facts, BY_OWN_TIME, make->arena, &judgement);
    const struct mending as_it_is = {BY_TLD, "", facts, &judgement, make->arena};
    if (!one_in(make, 3))
        mending_policy(&as_it_is, facts);
    if (facts->policy.host == NULL)
        facts->policy.host = "mta-sts.h1.example.com";
    if (facts->policy.address.a.status == DNS_NOT_ASKED)
        facts->policy.address.a.status = DNS_NODATA; /* it is looked for if the record is good */
    for (size_t i = 0; i < facts->host_count; i++) {
        struct host_facts *host = (struct host_facts *)(uintptr_t)facts->hosts[i].facts;
        for (size_t j = 0; host != NULL && j < host->probe_count; j++) {
            struct probe_facts *probe = &host->probes[j];
            if (one_in(make, 3))
                continue;
            *probe = mending_probe(probe->host, probe->ip, probe->time, make->arena);
            if (one_in(make, 3))
                probe->tls.name_match = false;
        }
    }
}

static char *text_of(struct arena *arena, struct bytes name)
{
    return arena_copy(arena, name.data, name.len);
}

static void what_a_mending_gains_is_what_the_verdict_says(void **state)
{
    size_t gains[GROUP_KIND_COUNT] = {0}, none = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct arena arena;
        struct buf line;
        struct domain_facts facts;
        struct judgement judgement;
        struct group_record record;
        struct troubles troubles;
        struct group_members members;
        arena_init(&arena, ARENA_BYTES);
        buf_init(&line, LINE_BYTES);
        struct maker make = {seed, &arena};
        make_facts(&make, seed, &facts);
        verdict_judge(&facts, BY_OWN_TIME, &arena, &judgement);
        assert_true(json_domain(&line, &facts, &judgement));
        assert_int_equal(group_record_read(bytes_make(line.data, line.len - 1), &arena, &record), ERR_OK);
        assert_true(troubles_find(&record, &arena, &troubles));
        for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++) {
            assert_true(groups_of(&record, &troubles, kind, provider_of_mx, &arena, &members));
            for (size_t i = 0; i < members.count; i++) {
                const struct group_member *member = &members.list[i];
                const struct mending mending = {kind, text_of(&arena, member->name), &facts, &judgement,
                                                &arena};
                if (member->gains != mending_gains(&mending, BY_OWN_TIME))
                    fail_msg("seed %u, %s %s: %s gains, the verdict says otherwise: %.3000s", (unsigned)seed,
                             group_kind_name(kind), mending.name, member->gains ? "it" : "it never",
                             (const char *)line.data);
                gains[kind] += member->gains;
                none += !member->gains;
            }
        }
        buf_dispose(&line);
        arena_dispose(&arena);
    }
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        if (gains[kind] < 20)
            fail_msg("%s: only %zu gains were tried", group_kind_name(kind), gains[kind]);
    assert_true(none > SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_and_gains), cmocka_unit_test(other_lines),
        cmocka_unit_test(long_names),       cmocka_unit_test(without_memory),
        cmocka_unit_test(kinds_have_names), cmocka_unit_test(what_a_mending_gains_is_what_the_verdict_says),
    };
    suffix_use(psl_builtin());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
