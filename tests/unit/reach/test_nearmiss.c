/* The look for records at the wrong name, against scripted answers: which questions it asks and when, and
 * what the verdict makes of what it finds (TXT-9, RPT-2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "output/explain/explain.h"
#include "output/json/json.h"
#include "scanner/base/buf.h"
#include "scanner/reach/nearmiss.h"
#include "scanner/verdict/verdict.h"

enum { ARENA_BYTES = 1 << 20, TEXT_BYTES = 1 << 16, QUESTIONS = 8, RECORDS = 4, RDATA_BYTES = 256 };

/* ---- an engine that answers from a table, when it is told to ------------------------------------------- */

struct rr_of {
    const char *name;
    const char *text; /* of a TXT record; "A" or "AAAA" for an address */
};

struct question {
    char name[300];
    uint16_t type;
    lookup_done done;
    void *arg;
    bool is_open;
};

struct lookup_engine {
    const struct rr_of *records;
    enum dns_status fails; /* what a question for the name below gets instead; DNS_NOT_ASKED: none does */
    const char *failing;
    struct question questions[QUESTIONS];
    size_t asked;
};

struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg)
{
    assert_true(engine->asked < QUESTIONS);
    struct question *question = &engine->questions[engine->asked++];
    *question = (struct question){.type = type, .done = done, .arg = arg, .is_open = true};
    (void)snprintf(question->name, sizeof question->name, "%s", name);
    return (struct lookup_handle){{(uint32_t)engine->asked, 1}};
}

void lookup_cancel(struct lookup_engine *engine, struct lookup_handle handle)
{
    if (handle.handle.slot > 0)
        engine->questions[handle.handle.slot - 1].is_open = false;
}

static bool is_of_type(const struct rr_of *record, uint16_t type)
{
    bool is_a = strcmp(record->text, "A") == 0, is_aaaa = strcmp(record->text, "AAAA") == 0;
    return type == DNS_TYPE_A ? is_a : type == DNS_TYPE_AAAA ? is_aaaa : !is_a && !is_aaaa;
}

/* A record's name that begins with "*." is a wildcard. Returns how many records there are of the type. */
static size_t find(const struct lookup_engine *engine, const struct question *question,
                   struct dns_rr rrs[RECORDS], uint8_t rdata[RECORDS][RDATA_BYTES], bool *exists)
{
    size_t count = 0;
    *exists = false;
    for (const struct rr_of *record = engine->records; record->name != NULL; record++) {
        bool is_wild = strncmp(record->name, "*.", 2) == 0;
        if (strcmp(is_wild ? strchr(question->name, '.') : question->name, record->name + is_wild) != 0)
            continue;
        *exists = true;
        if (!is_of_type(record, question->type))
            continue;
        size_t len = question->type == DNS_TYPE_A ? 4 : question->type == DNS_TYPE_AAAA ? 16 : 0;
        memset(rdata[count], 1, RDATA_BYTES);
        if (len == 0) {
            len = strlen(record->text) + 1;
            rdata[count][0] = (uint8_t)(len - 1);
            memcpy(rdata[count] + 1, record->text, len - 1);
        }
        rrs[count] = (struct dns_rr){bytes_make(rdata[count], len)};
        count++;
    }
    return count;
}

static void answer(struct lookup_engine *engine, struct question *question)
{
    struct dns_rr rrs[RECORDS];
    uint8_t rdata[RECORDS][RDATA_BYTES];
    bool exists;
    size_t count = find(engine, question, rrs, rdata, &exists);
    struct dns_answer given = {.type = question->type, .rrs = rrs, .rr_count = count};
    given.lookup.status = count > 0 ? DNS_ANSWERED : exists ? DNS_NODATA : DNS_NXDOMAIN;
    if (engine->failing != NULL && strcmp(engine->failing, question->name) == 0) {
        given.lookup.status = engine->fails;
        given.rr_count = 0;
    }
    question->is_open = false;
    question->done(question->arg, &given);
}

static void answer_all(struct lookup_engine *engine)
{
    for (size_t i = 0; i < engine->asked; i++)
        if (engine->questions[i].is_open)
            answer(engine, &engine->questions[i]);
}

/* ---- one domain ---------------------------------------------------------------------------------------- */

struct world {
    struct lookup_engine engine;
    struct arena arena;
    struct domain_facts facts;
    struct bytes txt[2];
    struct bytes tlsrpt[1];
    struct mx_rr mx;
    struct judgement judgement;
    struct near_miss_look look;
    unsigned ends;
};

static void on_done(void *arg)
{
    struct world *world = arg;
    world->ends++;
}

static void place(struct txt_facts *facts, struct bytes *rrs, const char *text)
{
    facts->lookup.status = text == NULL ? DNS_NXDOMAIN : DNS_ANSWERED;
    rrs[0] = bytes_of(text);
    facts->rrs = rrs;
    facts->rr_count = text != NULL;
}

static void make_world(struct world *world, const struct rr_of *records, const char *txt, const char *tlsrpt)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, ARENA_BYTES);
    world->engine.records = records;
    world->facts.domain = "d.example";
    world->facts.policy.fetch.tls.alert = -1;
    place(&world->facts.txt, world->txt, txt);
    place(&world->facts.tlsrpt, world->tlsrpt, tlsrpt);
    world->mx = (struct mx_rr){10, "mx.example"};
    world->facts.mx = (struct mx_facts){.lookup.status = DNS_ANSWERED, .rrs = &world->mx, .rr_count = 1};
}

static void start(struct world *world)
{
    near_miss_start(&world->look, &world->engine, &world->arena, &world->facts, on_done, world);
}

static void put_asked(const struct world *world, struct buf *buf)
{
    for (size_t i = 0; i < world->engine.asked; i++) {
        const struct question *question = &world->engine.questions[i];
        const char *type = question->type == DNS_TYPE_A ? "A" : question->type == DNS_TYPE_AAAA ? "AAAA" : "";
        assert_true(buf_printf(buf, "%s%s%.*s", i == 0 ? "" : " ", type[0] == '\0' ? "" : type,
                               (int)(strlen(question->name) - strlen("d.example")), question->name));
    }
}

static void put_findings(const struct findings *findings, struct buf *buf)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        if (finding->line == 0)
            assert_true(buf_printf(buf, "%s%s %s", buf->len == 0 ? "" : " | ", failure_name(finding->code),
                                   finding->detail));
    }
}

struct near_miss_case {
    const char *name;
    const char *txt, *tlsrpt; /* what stands at _mta-sts and _smtp._tls, or NULL */
    struct rr_of records[5];
    const char *asked; /* prefixes, with the type where it is an address */
    const char *found; /* findings without line */
};

#define PLACES   "mta-sts. _mta_sts."
#define TLSRPT   "v=TLSRPTv1; rua=mailto:a@b"
#define RECORD   "v=STSv1; id=1;"
#define SPF      "v=spf1 -all"
#define MTA_STS  "mta-sts.d.example"
#define WILDCARD "_no-record-stands-here."

static const struct near_miss_case near_miss_cases[] = {
    {"TXT-9 no sign: one question", NULL, NULL, {{NULL, NULL}}, "Amta-sts.", ""},
    {"TXT-9 no address though the name exists: two",
     NULL,
     NULL,
     {{MTA_STS, RECORD}},
     "Amta-sts. AAAAmta-sts.",
     ""},
    {"TXT-9 an IPv4 address is a sign",
     NULL,
     NULL,
     {{MTA_STS, "A"}},
     "Amta-sts.  " PLACES " _smtp-tlsrpt.",
     ""},
    {"TXT-9 an IPv6 address is a sign, and leaves three questions",
     NULL,
     NULL,
     {{MTA_STS, "AAAA"}, {"_smtp-tlsrpt.d.example", TLSRPT}},
     "Amta-sts. AAAAmta-sts.  " PLACES,
     ""},
    {"TXT-9 a TLSRPT record is a sign", NULL, TLSRPT, {{NULL, NULL}}, " " PLACES, ""},
    {"TXT-9 a misspelt TLSRPT record is none", NULL, "v=TLSRPT1;", {{NULL, NULL}}, "Amta-sts.", ""},
    {"TXT-9 at the apex",
     NULL,
     TLSRPT,
     {{"d.example", SPF}, {"d.example", RECORD}},
     " " PLACES,
     "txt.near-miss d.example: v=STSv1; id=1;"},
    {"TXT-9 at mta-sts",
     NULL,
     NULL,
     {{MTA_STS, "A"}, {MTA_STS, RECORD}},
     "Amta-sts.  " PLACES " _smtp-tlsrpt.",
     "txt.near-miss mta-sts.d.example: v=STSv1; id=1;"},
    {"TXT-9 at _mta_sts",
     NULL,
     TLSRPT,
     {{"_mta_sts.d.example", RECORD}},
     " " PLACES,
     "txt.near-miss _mta_sts.d.example: v=STSv1; id=1;"},
    {"TXT-9 at the apex, and misspelt",
     NULL,
     TLSRPT,
     {{"d.example", "\"v=STSv1; id=1;\""}},
     " " PLACES,
     "txt.near-miss d.example: \"v=STSv1; id=1;\""},
    {"TXT-9 at the apex and at mta-sts",
     NULL,
     TLSRPT,
     {{"d.example", RECORD}, {MTA_STS, "v=STS1"}},
     " " PLACES,
     "txt.near-miss d.example: v=STSv1; id=1; | txt.near-miss mta-sts.d.example: v=STS1"},
    {"TXT-9 SPF at the apex is no near miss", NULL, TLSRPT, {{"d.example", SPF}}, " " PLACES, ""},
    {"TXT-9 a wildcard answers for _mta-sts",
     SPF,
     SPF,
     {{"*.d.example", SPF}, {MTA_STS, "A"}},
     "Amta-sts. " WILDCARD "  " PLACES,
     "txt.wildcard *.d.example: v=spf1 -all"},
    {"TXT-9 a wildcard that is a near miss is told of once",
     "v=STS1; id=1",
     NULL,
     {{"*.d.example", "v=STS1; id=1"}, {"*.d.example", "A"}},
     "Amta-sts. " WILDCARD "  " PLACES,
     "txt.wildcard *.d.example: v=STS1; id=1"},
    {"TXT-9 other TXT at _mta-sts, and no wildcard",
     SPF,
     NULL,
     {{MTA_STS, "A"}},
     "Amta-sts. " WILDCARD "  " PLACES,
     ""},
    {"TXT-9 the wildcard says something else",
     SPF,
     TLSRPT,
     {{"*.d.example", "v=DMARC1"}},
     WILDCARD "  " PLACES,
     ""},
    {"RPT-2 at _smtp-tlsrpt",
     NULL,
     NULL,
     {{MTA_STS, "A"}, {"_smtp-tlsrpt.d.example", TLSRPT}},
     "Amta-sts.  " PLACES " _smtp-tlsrpt.",
     "tlsrpt.near-miss _smtp-tlsrpt.d.example: v=TLSRPTv1; rua=mailto:a@b"},
    {"RPT-2 at _smtp-tlsrpt, and misspelt",
     NULL,
     NULL,
     {{MTA_STS, "A"}, {"_smtp-tlsrpt.d.example", "TLSRPTv1; rua=mailto:a@b"}},
     "Amta-sts.  " PLACES " _smtp-tlsrpt.",
     "tlsrpt.near-miss _smtp-tlsrpt.d.example: TLSRPTv1; rua=mailto:a@b"},
};

enum { CASES = sizeof near_miss_cases / sizeof *near_miss_cases };

/* Codes are those of the findings, and the outcome stays as it is without the look. */
static void assert_judged(struct world *world, const char *found)
{
    const struct code_set *codes = &world->judgement.codes;
    assert_int_equal(code_set_has(codes, FAIL_TXT_WILDCARD), strstr(found, "txt.wildcard") != NULL);
    if (strstr(found, "txt.near-miss") != NULL)
        assert_true(code_set_has(codes, FAIL_TXT_NEAR_MISS));
    if (strstr(found, "tlsrpt.near-miss") != NULL)
        assert_true(code_set_has(codes, FAIL_TLSRPT_NEAR_MISS));
    assert_true(code_set_has(codes, FAIL_TXT_ABSENT));
    assert_int_equal(world->judgement.outcome, OUTCOME_ABSENT);
    assert_false(verdict_may_pass(&world->judgement));
}

static void run_case(const struct near_miss_case *row)
{
    struct world world;
    struct buf buf;
    buf_init(&buf, TEXT_BYTES);
    make_world(&world, row->records, row->txt, row->tlsrpt);
    assert_true(near_miss_is_due(&world.facts));
    start(&world);
    assert_int_equal(world.ends, 0);
    answer_all(&world.engine);
    assert_int_equal(world.ends, 1);
    assert_true(world.engine.asked <= NEAR_MISS_QUERIES);
    put_asked(&world, &buf);
    assert_string_equal(buf_string(&buf), row->asked);
    verdict_judge(&world.facts, 0, &world.arena, &world.judgement);
    buf_reset(&buf);
    put_findings(&world.judgement.record.findings, &buf);
    put_findings(&world.judgement.tlsrpt.findings, &buf);
    assert_string_equal(buf_string(&buf), row->found);
    assert_judged(&world, row->found);
    buf_dispose(&buf);
    arena_dispose(&world.arena);
}

static void cases_are_asked_and_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        print_message("%s\n", near_miss_cases[i].name);
        run_case(&near_miss_cases[i]);
    }
}

/* Only where a record is surely not there, of MTA-STS or TLSRPT, and somebody receives mail. */
static void it_is_not_always_due(void **state)
{
    (void)state;
    struct world world;
    make_world(&world, NULL, RECORD, NULL);
    assert_true(near_miss_is_due(&world.facts)); /* for RPT-2 alone */
    world.facts.tlsrpt.lookup.status = DNS_SERVFAIL;
    assert_false(near_miss_is_due(&world.facts));
    place(&world.facts.tlsrpt, world.tlsrpt, TLSRPT);
    assert_false(near_miss_is_due(&world.facts));
    place(&world.facts.txt, world.txt, "v=STSv1 ; id=1;");
    assert_false(near_miss_is_due(&world.facts));
    place(&world.facts.txt, world.txt, NULL);
    assert_true(near_miss_is_due(&world.facts));
    world.mx.host = ".";
    assert_false(near_miss_is_due(&world.facts));
    world.facts.mx = (struct mx_facts){.lookup.status = DNS_NXDOMAIN};
    assert_false(near_miss_is_due(&world.facts));
    world.facts.mx.lookup.status = DNS_SERVFAIL;
    assert_true(near_miss_is_due(&world.facts));
    static const enum dns_status failed[] = {DNS_SERVFAIL, DNS_REFUSED, DNS_TIMEOUT, DNS_BOGUS, DNS_LOOP};
    for (size_t i = 0; i < sizeof failed / sizeof *failed; i++) {
        world.facts.txt.lookup.status = failed[i];
        assert_false(near_miss_is_due(&world.facts));
    }
    arena_dispose(&world.arena);
}

/* TXT-9, RPT-2: beside an MTA-STS record one question is asked, and a wildcard is seen by what stands where
 * TLSRPT's record belongs. */
static void beside_a_record(void **state)
{
    static const struct {
        const char *name;
        const char *tlsrpt;   /* at _smtp._tls */
        const char *obsolete; /* at _smtp-tlsrpt */
        const char *code;     /* found */
    } cases[] = {
        {"RPT-2 nothing", NULL, NULL, ""},
        {"RPT-2 at the obsolete name", NULL, TLSRPT, "tlsrpt.near-miss"},
        {"TXT-9 the wildcard's record", RECORD, RECORD, "txt.wildcard"},
        {"TXT-9 the wildcard has another record", "v=STSv1; id=2;", NULL, "txt.wildcard"},
        {"TXT-9 the wildcard shows at the obsolete name alone", NULL, RECORD, "txt.wildcard"},
        {"TXT-9 the wildcard has no such record", SPF, SPF, ""},
        {"TXT-9 a near miss of one shows nothing", "v=STS1; id=1", NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rr_of records[RECORDS] = {
            {cases[i].obsolete == NULL ? NULL : "_smtp-tlsrpt.d.example", cases[i].obsolete}};
        struct world world;
        make_world(&world, records, RECORD, cases[i].tlsrpt);
        print_message("%s\n", cases[i].name);
        assert_true(near_miss_is_due(&world.facts));
        near_miss_start(&world.look, &world.engine, &world.arena, &world.facts, on_done, &world);
        answer_all(&world.engine);
        assert_int_equal(world.ends, 1);
        assert_int_equal(world.engine.asked, 1);
        assert_string_equal(world.engine.questions[0].name, "_smtp-tlsrpt.d.example");
        verdict_judge(&world.facts, 0, &world.arena, &world.judgement);
        const struct code_set *codes = &world.judgement.codes;
        assert_int_equal(code_set_has(codes, FAIL_TXT_WILDCARD), strcmp(cases[i].code, "txt.wildcard") == 0);
        assert_int_equal(code_set_has(codes, FAIL_TLSRPT_NEAR_MISS),
                         strcmp(cases[i].code, "tlsrpt.near-miss") == 0);
        assert_false(code_set_has(codes, FAIL_TXT_NEAR_MISS));
        arena_dispose(&world.arena);
    }
}

/* A question of the look that fails ends it or says nothing, and leaves no code. */
static void failures_say_nothing(void **state)
{
    static const struct rr_of records[] = {{MTA_STS, "A"}, {MTA_STS, RECORD}, {NULL, NULL}};
    static const struct {
        const char *name;
        size_t asked;
        bool is_found;
    } cases[] = {{MTA_STS, 1, false}, {"d.example", 5, true}, {"_mta_sts.d.example", 5, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        make_world(&world, records, NULL, NULL);
        world.engine.fails = DNS_SERVFAIL;
        world.engine.failing = cases[i].name;
        start(&world);
        answer_all(&world.engine);
        assert_int_equal(world.ends, 1);
        assert_int_equal(world.engine.asked, cases[i].asked);
        verdict_judge(&world.facts, 0, &world.arena, &world.judgement);
        assert_int_equal(code_set_has(&world.judgement.codes, FAIL_TXT_NEAR_MISS), cases[i].is_found);
        assert_false(code_set_has(&world.judgement.codes, FAIL_DNS_SERVFAIL));
        arena_dispose(&world.arena);
    }
}

/* Cancelled before an answer, between the steps, and with a part of the places answered. */
static void a_cancelled_look_never_calls_back(void **state)
{
    static const struct rr_of records[] = {{MTA_STS, "A"}, {NULL, NULL}};
    (void)state;
    for (size_t answered = 0; answered < NEAR_MISS_QUERIES; answered++) {
        struct world world;
        make_world(&world, records, NULL, NULL);
        near_miss_cancel(&world.look);
        start(&world);
        for (size_t i = 0; i < answered; i++)
            answer(&world.engine, &world.engine.questions[i]);
        near_miss_cancel(&world.look);
        for (size_t i = 0; i < world.engine.asked; i++)
            assert_false(world.engine.questions[i].is_open);
        assert_int_equal(world.ends, 0);
        arena_dispose(&world.arena);
    }
}

static void assert_has(struct buf *out, const char *text)
{
    if (strstr(buf_string(out), text) == NULL)
        fail_msg("%s is not in %s", text, buf_string(out));
}

static void judged(struct world *world, const struct rr_of *records, const char *txt)
{
    make_world(world, records, txt, NULL);
    world->facts.tld = "example";
    start(world);
    answer_all(&world->engine);
    verdict_judge(&world->facts, 0, &world->arena, &world->judgement);
}

/* The record has what was asked; check says where it stands and what to write instead. */
static void record_and_check_tell_of_it(void **state)
{
    static const struct rr_of records[] = {
        {MTA_STS, "A"}, {"d.example", RECORD}, {"_smtp-tlsrpt.d.example", TLSRPT}, {NULL, NULL}};
    struct world world;
    struct buf out;
    struct explain_style style = {0};
    (void)state;
    buf_init(&out, TEXT_BYTES);
    judged(&world, records, NULL);
    assert_true(json_domain(&out, &world.facts, &world.judgement));
    assert_has(&out,
               "\"near_miss\":{\"address\":\"answered\",\"apex\":{\"lookup\":\"answered\",\"rrs\":"
               "[\"v=STSv1; id=1;\"]},\"policy_host\":{\"lookup\":\"nodata\"},\"underscore\":{\"lookup\":"
               "\"nxdomain\"},\"tlsrpt\":{\"lookup\":\"answered\",\"rrs\":[\"" TLSRPT "\"]}}");
    assert_has(
        &out,
        "{\"code\":\"txt.near-miss\",\"line\":0,\"column\":0,\"detail\":\"d.example: v=STSv1; id=1;\"}");
    buf_reset(&out);
    assert_true(explain_domain(&out, &world.facts, &world.judgement, &style));
    assert_has(&out, "  FAIL     txt.near-miss\n");
    assert_has(&out, "Found at d.example: v=STSv1; id=1;.\n");
    assert_has(&out, "    write  _mta-sts.d.example. IN TXT\n");
    assert_has(&out, "_smtp-tlsrpt.d.example:");
    assert_has(&out, "    write  _smtp._tls.d.example. IN TXT\n");
    arena_dispose(&world.arena);
    buf_dispose(&out);
}

/* Where nothing was looked for, the record does not speak of it; a look without a sign is one word. */
static void the_record_is_short_where_nothing_stands(void **state)
{
    static const struct rr_of nothing[] = {{NULL, NULL}};
    struct world world;
    struct buf out;
    (void)state;
    buf_init(&out, TEXT_BYTES);
    judged(&world, nothing, NULL);
    assert_true(json_domain(&out, &world.facts, &world.judgement));
    assert_has(&out, "\"near_miss\":{\"address\":\"nxdomain\"},");
    world.facts.near_miss = (struct near_miss_facts){0};
    buf_reset(&out);
    assert_true(json_domain(&out, &world.facts, &world.judgement));
    assert_null(strstr(buf_string(&out), "near_miss"));
    arena_dispose(&world.arena);
    buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_and_check_tell_of_it),
        cmocka_unit_test(the_record_is_short_where_nothing_stands),
        cmocka_unit_test(cases_are_asked_and_judged),
        cmocka_unit_test(it_is_not_always_due),
        cmocka_unit_test(beside_a_record),
        cmocka_unit_test(failures_say_nothing),
        cmocka_unit_test(a_cancelled_look_never_calls_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
