/* The diff command over two small directories: both forms of its answer, exit codes, what was judged by other
 * rules. What counts as a change is tested with the comparison (test_compare). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "scanner/base/errno_said.h"
#include "scanner/commands/diff.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/commands/scans.h"

static int begin(void **state)
{
    return scans_begin(state, 2, 1, 0);
}

#define RUN(scans, ...) SCANS_RUN(scans, diff_main, __VA_ARGS__)

static int diff_of(struct scans *scans, const char *const *before, const char *const *after, const char *flag)
{
    place_lines(&scans->before, "domains", before);
    place_lines(&scans->after, "domains", after);
    return RUN(scans, scans->before.path, scans->after.path, flag);
}

#define AT(name, outcome) "{\"domain\":\"" name "\",\"outcome\":\"" outcome "\"}\n"
#define WITH(name, outcome, id, body)                                                                        \
    "{\"domain\":\"" name "\",\"outcome\":\"" outcome "\",\"txt\":{\"id\":\"" id                             \
    "\"},\"policy\":{\"code\":\"ok\",\"body\":\"" body "\"}}\n"
#define TESTING(name, would_be)                                                                              \
    "{\"domain\":\"" name "\",\"outcome\":\"testing\",\"would_be\":\"" would_be "\"}\n"

#define WHOLE(dane, tls, tlsrpt)                                                                             \
    "{\"domain\":\"a.example\",\"outcome\":\"absent\",\"dane\":\"" dane "\",\"tls\":\"" tls                  \
    "\",\"tlsrpt\":{\"lookup\":\"answered\",\"code\":\"" tlsrpt "\"}}\n"

/* Gone are the first, the seventh, the eighth and the last record: the bytes in which it is noted who was
 * seen are looked at from end to end. */
static const char *const old_lines[] = {AT("gone0.example", "absent"),
                                        WITH("same.example", "protected", "1", "one"),
                                        AT("lost.example", "protected"),
                                        AT("broke.example", "protected"),
                                        AT("mended.example", "refused"),
                                        AT("gained.example", "absent"),
                                        AT("gone6.example", "partial"),
                                        AT("gone7.example", "refused"),
                                        WITH("kept.example", "protected", "x1", "one"),
                                        TESTING("would.example", "protected"),
                                        WITH("newid.example", "protected", "1", "one"),
                                        AT("unclear.example", "protected"),
                                        AT("bare.example", "protected"),
                                        AT("off.example", "off"),
                                        AT("idle.example", "no-mail"),
                                        AT("gone16.example", "protected"),
                                        NULL};
static const char *const new_lines[] = {AT("new.example", "protected"),
                                        WITH("same.example", "protected", "1", "one"),
                                        AT("lost.example", "absent"),
                                        AT("broke.example", "refused"),
                                        AT("mended.example", "protected"),
                                        AT("gained.example", "testing"),
                                        WITH("kept.example", "protected", "x1", "two"),
                                        TESTING("would.example", "refused"),
                                        WITH("newid.example", "protected", "2", "one"),
                                        AT("unclear.example", "unknown"),
                                        AT("bare.example", "protected"),
                                        AT("off.example", "off"),
                                        AT("idle.example", "no-mail"),
                                        NULL};

static void test_a_line_for_a_person(void **state)
{
    struct scans *scans = *state;
    assert_int_equal(diff_of(scans, old_lines, new_lines, NULL), 1);
    assert_string_equal(
        scans->out,
        "broke.example                  DELIVERY mta-sts protected -> refused\n"
        "lost.example                   worse    mta-sts protected -> absent\n"
        "would.example                  worse    mta-sts testing/protected -> testing/refused\n"
        "kept.example                   worse    policy.weak.id-body-changed\n"
        "unclear.example                unclear  mta-sts protected -> unknown\n"
        "mended.example                 better   mta-sts refused -> protected\n"
        "gained.example                 better   mta-sts absent -> testing/unknown\n"
        "newid.example                  changed  another policy or id\n"
        "new.example                    appeared protected\n"
        "gone0.example                  gone     absent\n"
        "gone6.example                  gone     partial\n"
        "gone7.example                  gone     refused\n"
        "gone16.example                 gone     protected\n"
        "delivery: worse 1, better 1, could not be told 1\n"
        "protection: worse 2, better 1, could not be told 1\n"
        "none 4, gained 1, lost 1, broke 1, mended 1, outcome 1, policy 2, unclear 1, appeared 1, gone 4, "
        "policies changed under the same id 1\n");
    assert_string_equal(scans->err, "");
}

static void test_json(void **state)
{
    struct scans *scans = *state;
    assert_int_equal(diff_of(scans, old_lines, new_lines, "--json"), 1);
    assert_has(scans->out,
               "{\"domain\":\"lost.example\",\"change\":\"lost\",\"old\":\"protected\",\"new\":"
               "\"absent\",\"delivery\":\"neither\",\"protection\":\"worse\",\"mta_sts\":{\"old\":"
               "\"protected\",\"new\":\"absent\"},\"codes\":[]}\n");
    assert_has(scans->out, "{\"domain\":\"kept.example\",\"change\":\"policy\",\"old\":\"protected\",\"new\":"
                           "\"protected\",\"delivery\":\"neither\",\"protection\":\"neither\","
                           "\"codes\":[\"policy.weak.id-body-changed\"]}\n");
    static const char last[] = "{\"domain\":\"gone16.example\",\"change\":\"gone\",\"old\":\"protected\","
                               "\"mta_sts\":{\"old\":\"protected\"},\"dane\":{\"old\":\"unknown\"},"
                               "\"starttls\":{\"old\":\"unknown\"},\"tlsrpt\":{\"old\":\"unknown\"},"
                               "\"codes\":[]}\n";
    assert_has(scans->out, last);
    assert_string_equal(scans->out + strlen(scans->out) - strlen(last), last); /* no sums behind it */
    assert_null(strstr(scans->out, "same.example"));
}

/* 1: somebody's mail is worse off; a change for the better, or none, is 0. */
static void test_exit_codes(void **state)
{
    static const struct {
        const char *before[2], *after[2];
        int code;
    } rows[] = {
        {{AT("a.example", "protected")}, {AT("a.example", "refused")}, 1},
        {{AT("a.example", "protected")}, {AT("a.example", "absent")}, 1},
        {{WITH("a.example", "protected", "1", "one")}, {WITH("a.example", "protected", "1", "two")}, 1},
        {{WITH("a.example", "protected", "1", "one")}, {WITH("a.example", "protected", "2", "two")}, 0},
        {{AT("a.example", "refused")}, {AT("a.example", "protected")}, 0},
        {{AT("a.example", "absent")}, {AT("a.example", "protected")}, 0},
        {{AT("a.example", "protected")}, {AT("a.example", "off")}, 1},
        {{AT("a.example", "protected")}, {TESTING("a.example", "protected")}, 1},
        {{TESTING("a.example", "protected")}, {TESTING("a.example", "refused")}, 1},
        {{TESTING("a.example", "protected")}, {AT("a.example", "protected")}, 0},
        {{AT("a.example", "protected")}, {AT("a.example", "unknown")}, 0},
        {{WHOLE("protected", "all", "ok")}, {WHOLE("refused", "all", "ok")}, 1},
        {{WHOLE("protected", "all", "ok")}, {WHOLE("absent", "all", "ok")}, 1},
        {{WHOLE("protected", "all", "ok")}, {WHOLE("protected", "some", "ok")}, 1},
        {{WHOLE("protected", "all", "ok")}, {WHOLE("protected", "all", "tlsrpt.absent")}, 1},
        {{WHOLE("protected", "some", "tlsrpt.absent")}, {WHOLE("protected", "all", "ok")}, 0},
        {{NULL}, {AT("a.example", "refused")}, 0},
        {{NULL}, {NULL}, 0},
    };
    struct scans *scans = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int code = diff_of(scans, rows[i].before, rows[i].after, NULL);
        if (code != rows[i].code)
            fail_msg("row %zu: %d\n%s", i, code, scans->out);
        assert_string_equal(scans->err, "");
    }
    assert_has(scans->out, "\npolicies changed under the same id 0\n");
}

/* A domain that receives no mail, stored with another outcome. */
static void put_domain(const struct scan_place *place, const char *const names[], enum outcome outcome)
{
    struct buf lines[3];
    const char *texts[4] = {NULL};
    for (size_t i = 0; names[i] != NULL; i++) {
        const struct domain_facts facts = {.ordinal = i + 1,
                                           .domain = names[i],
                                           .tld = "example",
                                           .time = INT64_C(1769860800000),
                                           .txt = {.lookup = {.status = DNS_NXDOMAIN}},
                                           .mx = {.lookup = {.status = DNS_NXDOMAIN}},
                                           .policy = {.fetch = {.tls = {.alert = -1}}}};
        const struct judgement judgement = {.outcome = outcome};
        buf_init(&lines[i], PLACE_LINE_BYTES);
        assert_true(json_domain(&lines[i], &facts, &judgement));
        texts[i] = buf_string(&lines[i]);
    }
    place_lines(place, "domains", texts);
    for (size_t i = 0; names[i] != NULL; i++)
        buf_dispose(&lines[i]);
}

/* A change of rules is no change of a domain: what was judged by others is judged anew, on either side, and
 * what is told of those that are gone as well. */
static void test_other_rules(void **state)
{
    static const char *const names[] = {"a.example", "b.example", NULL};
    static const char *const one[] = {"a.example", NULL};
    struct scans *scans = *state;
    char words[256];
    put_domain(&scans->before, names, OUTCOME_REFUSED);
    put_domain(&scans->after, one, OUTCOME_NO_MAIL);
    place_meta(&scans->before, RECORD_RULES - 1);
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path), 0);
    assert_has(scans->out, "b.example                      gone     no-mail\n");
    assert_has(scans->out, "\nnone 1, gone 1, policies changed under the same id 0\n");
    (void)snprintf(
        words, sizeof words,
        "stsweep: diff: the scans were judged by different rules: %s (rules %d) is judged anew first, "
        "by rules %d\n"
        "rejudged: 2 records, 2 changed, 2 outcomes changed\n"
        "           2  refused -> no-mail\n",
        scans->before.path, RECORD_RULES - 1, RECORD_RULES);
    assert_string_equal(scans->err, words);
    assert_int_equal(RUN(scans, scans->after.path, scans->before.path), 0);
    assert_has(scans->out, "b.example                      appeared no-mail\n");
    assert_has(scans->out, "\nnone 1, appeared 1, policies changed under the same id 0\n");
    assert_string_equal(scans->err, words);
    /* Both by the same rules of yesterday: as they stand. */
    place_meta(&scans->after, RECORD_RULES - 1);
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path, "--json"), 1);
    assert_has(scans->out, "\"change\":\"lost\"");
    assert_string_equal(scans->err, "");
}

static void test_rules_that_are_not_known(void **state)
{
    static const char *const names[] = {"a.example", NULL};
    struct scans *scans = *state;
    put_domain(&scans->before, names, OUTCOME_NO_MAIL);
    put_domain(&scans->after, names, OUTCOME_NO_MAIL);
    place_meta(&scans->after, RECORD_RULES + 1);
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path), 2);
    assert_has(scans->err, "which this program does not know");
    assert_int_equal(RUN(scans, scans->after.path, scans->before.path), 2);
    assert_has(scans->err, "which this program does not know");
    assert_string_equal(scans->out, "");
}

/* What is judged anew must be whole: a host record that cannot be read might have made the difference. */
static void test_damage_under_a_rejudgement(void **state)
{
    static const char *const names[] = {"a.example", NULL}, *const hosts[] = {"{}\n", "{}\n", "{}\n",
                                                                              "{}\n", "{}\n", NULL};
    struct scans *scans = *state;
    put_domain(&scans->before, names, OUTCOME_NO_MAIL);
    put_domain(&scans->after, names, OUTCOME_NO_MAIL);
    place_lines(&scans->before, "hosts", hosts);
    place_damage(&scans->before, "hosts.ndjson.zst");
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path),
                     0); /* as they stand: it is not read */
    place_meta(&scans->before, RECORD_RULES - 1);
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path), 4);
    assert_has(scans->out, "none 1, policies");
    assert_has(scans->err, "hosts.ndjson.zst: frame ");
    assert_int_equal(RUN(scans, scans->after.path, scans->before.path), 4);
    assert_has(scans->out, "none 1, policies");
}

static void test_what_cannot_be_read(void **state)
{
    struct scans *scans = *state;
    char words[128];
    (void)snprintf(words, sizeof words, "stsweep: diff: /nowhere/at/all is no scan directory: %s\n",
                   errno_said(ENOENT));
    assert_int_equal(RUN(scans, "/nowhere/at/all", scans->after.path), 2);
    assert_string_equal(scans->err, words);
    assert_int_equal(RUN(scans, scans->before.path, "/nowhere/at/all"), 2);
    assert_string_equal(scans->err, words);
    assert_string_equal(scans->out, "");
    place_file(&scans->after, "meta.json", "{\"schema\":99}");
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path), 4);
    (void)snprintf(words, sizeof words, "stsweep: diff: %s: meta.json: its schema is 99", scans->after.path);
    assert_has(scans->err, words);
    place_meta(&scans->after, RECORD_RULES);
    assert_int_equal(diff_of(scans, old_lines, new_lines, NULL), 1);
    place_damage(&scans->before, "domains.ndjson.zst");
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path), 4);
    assert_has(scans->err, " is damaged, and compared as far as it is whole: domains.ndjson.zst: frame ");
    assert_has(scans->out, "policies changed");
    /* Who is not in what is left of it is not gone. */
    assert_int_equal(RUN(scans, scans->after.path, scans->before.path), 4);
    assert_has(scans->err, " is damaged, and compared as far as it is whole: domains.ndjson.zst: frame ");
    assert_has(scans->err, " domains of ");
    assert_null(strstr(scans->out, " gone "));
}

static void test_an_answer_that_cannot_be_written(void **state)
{
    struct scans *scans = *state;
    char *argv[] = {scans->before.path, scans->after.path};
    size_t err_len;
    place_lines(&scans->before, "domains", old_lines);
    place_lines(&scans->after, "domains", old_lines);
    FILE *full = fopen("/dev/full", "w"), *err = open_memstream(&scans->err, &err_len);
    assert_true(full != NULL && err != NULL);
    assert_int_equal(diff_main(2, argv, full, err), 4);
    (void)fclose(full);
    assert_int_equal(fclose(err), 0);
}

static void test_usage(void **state)
{
    struct scans *scans = *state;
    const char *path = scans->before.path, *other = scans->after.path;
    assert_int_equal(diff_of(scans, old_lines, new_lines, NULL), 1);
    assert_int_equal(RUN(scans, "--json", path, other), 1);
    assert_int_equal(RUN(scans, NULL), 2);
    assert_has(scans->err, "give two scan directories or more, the oldest first");
    assert_int_equal(RUN(scans, path), 2);
    assert_int_equal(RUN(scans, path, other, "--only", "better"), 2);
    assert_has(scans->err, "--only knows `worse` and `twice`, not better");
    assert_int_equal(RUN(scans, path, other, "-v"), 2);
    assert_has(scans->err, "-v is no flag of `stsweep diff`");
    assert_int_equal(RUN(scans, "--jso", path, other), 2);
    assert_has(scans->err, "no such flag: --jso");
    assert_int_equal(RUN(scans, path, other, "--gone-at-most"), 2);
    assert_has(scans->err, "needs a number of domains");
    static const char *const bad[] = {"x", "-1", "101%", "5%%", "5 %", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char word[64];
        (void)snprintf(word, sizeof word, "--gone-at-most=%s", bad[i]);
        assert_int_equal(RUN(scans, path, other, word), 2);
        assert_has(scans->err, "or N% of the old ones, not ");
    }
    assert_int_equal(RUN(scans, path, other, "--gone-at-mostly=5"), 2);
    assert_has(scans->err, "no such flag: --gone-at-mostly=5");
    assert_string_equal(scans->out, "");
}

/* A list that an export cut short is no change for the better: 1, and a line that says so. */
static void test_most_are_gone(void **state)
{
    static const struct {
        const char *before[5], *after[5], *bound;
        int code;
    } rows[] = {
        {{AT("a.example", "off")}, {NULL}, NULL, 1},
        {{AT("a.example", "off"), AT("b.example", "off")}, {AT("a.example", "off")}, NULL, 0},
        {{AT("a.example", "off"), AT("b.example", "off"), AT("c.example", "off")},
         {AT("c.example", "off"), AT("new.example", "off"), AT("new2.example", "off")},
         NULL,
         1},
        {{AT("a.example", "off"), AT("b.example", "off")}, {AT("a.example", "off")}, "--gone-at-most=49%", 1},
        {{AT("a.example", "off"), AT("b.example", "off")}, {AT("a.example", "off")}, "--gone-at-most=0", 1},
        {{AT("a.example", "off"), AT("b.example", "off")}, {AT("a.example", "off")}, "--gone-at-most=1", 0},
        {{AT("a.example", "off")}, {NULL}, "--gone-at-most=100%", 0},
        {{AT("a.example", "off")}, {NULL}, "--gone-at-most=1", 0},
        {{NULL}, {NULL}, "--gone-at-most=0", 0},
    };
    struct scans *scans = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int code = diff_of(scans, rows[i].before, rows[i].after, rows[i].bound);
        if (code != rows[i].code || (strstr(scans->err, "was its list whole?") != NULL) != (code == 1))
            fail_msg("row %zu: %d\n%s%s", i, code, scans->out, scans->err);
    }
    const char *old = scans->before.path, *new = scans->after.path;
    place_lines(&scans->before, "domains", old_lines);
    assert_int_equal(RUN(scans, old, new, "--gone-at-most", "16"), 0);
    assert_int_equal(RUN(scans, "--gone-at-most", "10%", "--json", old, new), 1);
    assert_has(scans->err, "16 of 16 domains of ");
    assert_has(scans->err, ", more than --gone-at-most=10%: ");
}

/* Labels and hosts may hold what a terminal, a spreadsheet or JSON would obey. */
#define HOSTED(name, outcome, host, code)                                                                    \
    "{\"domain\":\"" name "\",\"outcome\":\"" outcome                                                        \
    "\",\"label\":\"=1+1;\\u0007\\\"x\",\"provider\":{\"mx\":"                                               \
    "\"Microsoft 365\"},\"mx\":{\"hosts\":[{\"host\":\"fine.example\",\"code\":\"ok\",\"ips\":[{\"code\":"   \
    "\"ok\"}]},{\"host\":\"" host "\",\"code\":\"ok\",\"ips\":[{\"code\":\"ok\"},{\"code\":\"" code          \
    "\"}]}]}}\n"

static void test_whom_it_hangs_on(void **state)
{
    static const char *const before[] = {HOSTED("a.example", "protected", "mx.example", "ok"),
                                         HOSTED("b.example", "protected", "mx.example", "ok"),
                                         HOSTED("c.example", "protected", "other.example", "ok"), NULL};
    static const char *const after[] = {HOSTED("b.example", "refused", "mx.example", "smtp.tls.expired"),
                                        HOSTED("a.example", "refused", "mx.example", "smtp.tls.expired"),
                                        HOSTED("c.example", "protected", "other.example", "smtp.tcp.timeout"),
                                        NULL};
    struct scans *scans = *state;
    assert_int_equal(diff_of(scans, before, after, NULL), 1);
    assert_string_equal(scans->out,
                        "b.example                      DELIVERY mta-sts protected -> refused; mx.example "
                        "smtp.tls.expired [=1+1;?\"x]\n"
                        "a.example                      DELIVERY mta-sts protected -> refused; mx.example "
                        "smtp.tls.expired [=1+1;?\"x]\n"
                        "2 domains got worse with the MX host mx.example\n"
                        "2 domains got worse with the provider Microsoft 365\n"
                        "delivery: worse 2, better 0, could not be told 0\n"
                        "protection: worse 0, better 0, could not be told 0\n"
                        "none 1, broke 2, policies changed under the same id 0\n");
    assert_int_equal(diff_of(scans, before, after, "--csv"), 1);
    assert_string_equal(
        scans->out,
        "domain,label,change,delivery,protection,mta-sts_old,mta-sts_new,dane_old,dane_new,"
        "starttls_old,starttls_new,tlsrpt_old,tlsrpt_new,provider,hosts,codes,"
        "cached_found,cached_since,cached_sure_until,cached_none_after,causes,why,who,mend\r\n"
        "b.example,PTErMTsHIng=,broke,worse,neither,protected,refused,unknown,unknown,unknown,"
        "unknown,unknown,unknown,Microsoft 365,mx.example,smtp.tls.expired,,,,,mx.example smtp.tls.expired,"
        "The MX host's certificate has expired.,the MX host's operator,Renew the certificate.\r\n"
        "a.example,PTErMTsHIng=,broke,worse,neither,protected,refused,unknown,unknown,unknown,"
        "unknown,unknown,unknown,Microsoft 365,mx.example,smtp.tls.expired,,,,,mx.example smtp.tls.expired,"
        "The MX host's certificate has expired.,the MX host's operator,Renew the certificate.\r\n");
    assert_int_equal(diff_of(scans, before, after, "--json"), 1);
    assert_has(scans->out,
               "\"label\":{\"base64\":\"PTErMTsHIng=\"},\"provider\":\"Microsoft 365\",\"hosts\":"
               "[{\"host\":\"mx.example\",\"code\":\"smtp.tls.expired\"}],\"codes\":[],\"causes\":[{"
               "\"at\":\"mx.example\",\"code\":\"smtp.tls.expired\"}]}\n");
}

#define OF_CAUSE(name, outcome, label, rest)                                                                 \
    "{\"domain\":\"" name "\",\"outcome\":\"" outcome "\",\"label\":\"" label "\"," rest "}\n"
#define MX_HOST(code) "\"mx\":{\"hosts\":[{\"host\":\"mx.example\",\"code\":\"" code "\"}]}"

/* The gravest stand first, whatever the order of the scans, each with what it hangs on and whose it is. */
static void test_gravity_cause_and_customer(void **state)
{
    static const char *const before[] = {AT("a.example", "protected"),
                                         AT("b.example", "protected"),
                                         AT("c.example", "protected"),
                                         AT("d.example", "protected"),
                                         AT("e.example", "protected"),
                                         AT("f.example", "absent"),
                                         NULL};
    static const char *const after[] = {
        OF_CAUSE("f.example", "protected", "F", MX_HOST("ok")),
        OF_CAUSE("e.example", "unknown", "E", MX_HOST("smtp.tcp.timeout")),
        OF_CAUSE("d.example", "absent", "D", "\"txt\":{\"code\":\"txt.absent\"}"),
        OF_CAUSE("c.example", "broken", "\\u001b[31mC",
                 "\"policy\":{\"host\":\"mta-sts.c.example\",\"code\":"
                 "\"policy.http.status\"}"),
        OF_CAUSE("b.example", "partial", "B", MX_HOST("smtp.tls.expired")),
        OF_CAUSE("a.example", "refused", "A", MX_HOST("mx.not-in-policy")),
        NULL};
    struct scans *scans = *state;
    assert_int_equal(diff_of(scans, before, after, NULL), 1);
    static const char expected[] =
        "a.example                      DELIVERY mta-sts protected -> refused; mx.example mx.not-in-policy "
        "[A]\n"
        "b.example                      DELIVERY mta-sts protected -> partial; mx.example smtp.tls.expired "
        "[B]\n"
        "d.example                      worse    mta-sts protected -> absent; _mta-sts.d.example txt.absent "
        "[D]\n"
        "c.example                      worse    mta-sts protected -> broken; mta-sts.c.example "
        "policy.http.status [?[31mC]\n"
        "e.example                      unclear  mta-sts protected -> unknown; mx.example smtp.tcp.timeout "
        "[E]\n"
        "f.example                      better   mta-sts absent -> protected [F]\n";
    if (strncmp(scans->out, expected, strlen(expected)) != 0)
        fail_msg("%s", scans->out);
    assert_int_equal(diff_of(scans, before, after, "--json"), 1);
    assert_memory_equal(scans->out, "{\"domain\":\"f.example\"", strlen("{\"domain\":\"f.example\""));
    assert_has(scans->out, "\"codes\":[],\"causes\":[{\"at\":\"mta-sts.c.example\",\"code\":"
                           "\"policy.http.status\"}]}\n");
    assert_int_equal(diff_of(scans, before, after, "--csv"), 1);
    assert_has(scans->out, ",,txt.absent,,,,,_mta-sts.d.example txt.absent,");
}

/* ---- policies that senders have cached ----------------------------------------------------------------- */

#define DAY_OF(text) "2026-02-0" text "T12:00:00.000Z"
#define CACHED(name, outcome, codes, found, would_be, since)                                                 \
    "{\"domain\":\"" name                                                                                    \
    "\",\"time\":\"" DAY_OF("2") "\",\"outcome\":\"" outcome                                                 \
                                 "\",\"cached\":{\"id\":\"1\",\"mode\":\"enforce\"," since                   \
                                 "\"found\":\"" found "\",\"would_be\":\"" would_be                          \
                                 "\",\"sure_until\":\"" DAY_OF("5") "\",\"none_after\":\"" DAY_OF(           \
                                     "9") "\",\"hosts\":[{\"host\":\"mx.new.example\",\"code\":\"mx.not-in-" \
                                          "policy\"}]},\"codes\":[" codes "]}\n"
#define SINCE "\"since\":\"" DAY_OF("1") "\","

static void meta_with_previous(const struct scan_place *place)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "{\"schema\":%d,\"rules\":%d,\"version\":\"7\",\"state\":\"done\",\"runs\":1,"
                   "\"seed\":\"1\",\"started_ms\":1,\"previous\":{\"dir\":\"x\"}}",
                   RECORD_SCHEMA_VERSION, RECORD_RULES);
    place_file(place, "meta.json", text);
}

static const char *const before_cached[] = {
    AT("a.example", "protected"),
    AT("new.example", "protected"),
    CACHED("still.example", "absent", "\"cached.refused\"", "no-record", "refused", ""),
    CACHED("less.example", "absent", "\"cached.refused\"", "no-record", "refused", ""),
    CACHED("mended.example", "absent", "\"cached.refused\"", "no-record", "refused", ""),
    CACHED("open.example", "absent", "\"cached.refused\"", "no-record", "refused", ""),
    CACHED("unseen.example", "absent", "\"cached.partial\"", "no-record", "partial", ""),
    NULL};
static const char *const after_cached[] = {
    AT("a.example", "refused"),
    CACHED("new.example", "absent", "\"cached.refused\"", "no-record", "refused", ""),
    CACHED("still.example", "absent", "\"cached.refused\"", "same-id", "refused", SINCE),
    CACHED("less.example", "absent", "\"cached.partial\"", "no-record", "partial", SINCE),
    CACHED("mended.example", "absent", "", "renewed", "protected", SINCE),
    CACHED("open.example", "absent", "", "unknown", "unknown", SINCE),
    AT("unseen.example", "absent"),
    NULL};

/* Who loses mail by a policy that is published no more is told before all else, whether that is new or not.
 * JSON and CSV tell the others in the order of the scan, text in that of gravity. */
static void test_cached_comes_first(void **state)
{
    struct scans *scans = *state;
    meta_with_previous(&scans->after);
    assert_int_equal(diff_of(scans, before_cached, after_cached, NULL), 1);
    static const char expected[] =
        "new.example                    DELIVERY cached.refused until 2026-02-05T12:00Z at least, "
        "2026-02-09T12:00Z at most (no-record since 2026-02-02T12:00Z), mta-sts protected -> absent; "
        "mx.new.example mx.not-in-policy\n"
        "still.example                  still    cached.refused until 2026-02-05T12:00Z at least, "
        "2026-02-09T12:00Z at most (same-id since 2026-02-01T12:00Z); mx.new.example mx.not-in-policy\n"
        "less.example                   better   cached.partial until 2026-02-05T12:00Z at least, "
        "2026-02-09T12:00Z at most (no-record since 2026-02-01T12:00Z); mx.new.example mx.not-in-policy\n"
        "a.example                      DELIVERY mta-sts protected -> refused\n"
        "open.example                   unclear  cached.refused -> none\n"
        "unseen.example                 unclear  cached.partial -> none\n"
        "mended.example                 better   cached.refused -> none\n"
        "under an earlier policy that senders have cached: refused 2, partial 1\n";
    if (strncmp(scans->out, expected, strlen(expected)) != 0)
        fail_msg("%s", scans->out);
    assert_has(scans->out, "delivery: worse 2, better 2, could not be told 2\n");
    assert_int_equal(diff_of(scans, before_cached, after_cached, "--json"), 1);
    static const char json[] =
        "{\"domain\":\"new.example\",\"change\":\"lost\",\"old\":\"protected\",\"new\":\"absent\","
        "\"delivery\":\"worse\",\"protection\":\"worse\",\"cached\":{\"code\":\"cached.refused\",\"found\":"
        "\"no-record\",\"since\":\"2026-02-02T12:00:00.000Z\",\"sure_until\":\"2026-02-05T12:00:00.000Z\","
        "\"none_after\":\"2026-02-09T12:00:00.000Z\"},\"mta_sts\":{\"old\":\"protected\",\"new\":\"absent\"},"
        "\"hosts\":[{\"host\":\"mx.new.example\",\"code\":\"mx.not-in-policy\"}],\"codes\":[\"cached."
        "refused\"],\"causes\":[{\"at\":\"mx.new.example\",\"code\":\"mx.not-in-policy\"}]}\n";
    if (strncmp(scans->out, json, strlen(json)) != 0)
        fail_msg("%s", scans->out);
    assert_int_equal(diff_of(scans, before_cached, after_cached, "--csv"), 1);
    assert_has(scans->out,
               "cached_none_after,causes,why,who,mend\r\nnew.example,,lost,worse,worse,protected,absent,");
    assert_has(scans->out,
               ",mx.new.example,cached.refused mx.not-in-policy,no-record,2026-02-02T12:00:00.000Z,"
               "2026-02-05T12:00:00.000Z,2026-02-09T12:00:00.000Z,mx.new.example mx.not-in-policy,\"Senders "
               "that cached ");
    assert_has(scans->out,
               " the old one, so that they deliver nothing until it expires. | No mx pattern of the policy "
               "matches the MX host.\",the domain's owner | the domain's owner,\"Publish a policy ");
    assert_has(scans->out, " | Add the host to the policy and change the id.\"\r\nstill.example,");
}

/* Between the end of who has it for certain and that of the last copy nothing is certain: that is kept of the
 * old scan too. */
static void test_cached_until_the_last_copy(void **state)
{
    static const char *const before[] = {
        CACHED("a.example", "absent", "\"cached.refused\"", "no-record", "refused", ""),
        CACHED("b.example", "absent", "\"cached.refused\"", "no-record", "refused", ""), NULL};
    static const char *const after[] = {
        "{\"domain\":\"a.example\",\"time\":\"" DAY_OF("8") "\",\"outcome\":\"absent\"}\n",
        "{\"domain\":\"b.example\",\"time\":\"" DAY_OF("9") "\",\"outcome\":\"absent\"}\n", NULL};
    struct scans *scans = *state;
    meta_with_previous(&scans->after);
    assert_int_equal(diff_of(scans, before, after, NULL), 0);
    assert_has(scans->out, "a.example                      unclear  cached.refused -> none\n");
    assert_has(scans->out, "b.example                      better   cached.refused -> none\n");
}

/* A scan that does not change makes nobody lose mail anew: exit 0, though it is told. */
static void test_cached_that_stays_is_not_worse(void **state)
{
    static const char *const lines[] = {
        CACHED("still.example", "absent", "\"cached.refused\"", "no-record", "refused", SINCE), NULL};
    struct scans *scans = *state;
    meta_with_previous(&scans->after);
    assert_int_equal(diff_of(scans, lines, lines, NULL), 0);
    assert_has(scans->out, "still.example                  still    cached.refused until ");
    place_lines(&scans->after, "domains", lines);
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path, "--only", "worse"), 0);
    assert_memory_equal(scans->out, "under an earlier policy", strlen("under an earlier policy"));
}

/* A record of the old scan with a text that no scan writes is counted, and the others are compared. */
static void test_texts_that_no_scan_writes(void **state)
{
    static char id[512], provider[512];
    static const char lines[] =
        "{\"domain\":\"z.example\",\"outcome\":\"protected\",\"provider\":{\"mx\":\"a\\nb\"}}\n";
    static const char *const before[] = {AT("a.example", "protected"), id,  provider, lines,
                                         AT("b.example", "protected"), NULL};
    static const char *const after[] = {AT("a.example", "refused"), AT("b.example", "protected"),
                                        AT("z.example", "refused"), NULL};
    struct scans *scans = *state;
    (void)snprintf(id, sizeof id,
                   "{\"domain\":\"x.example\",\"outcome\":\"protected\",\"txt\":{\"id\":\"%0100d\"}}\n", 1);
    (void)snprintf(provider, sizeof provider,
                   "{\"domain\":\"y.example\",\"outcome\":\"protected\",\"provider\":{\"mx\":\"%0100d\"}}\n",
                   1);
    assert_int_equal(diff_of(scans, before, after, NULL), 4);
    assert_has(scans->err,
               "record 2 cannot be read: a text of it is too long; and 2 more; take the directory");
    assert_has(scans->out, "a.example                      DELIVERY mta-sts protected -> refused\n");
    assert_has(scans->out, "delivery: worse 1, better 0, could not be told 0\n");
}

static void test_only_what_is_worse(void **state)
{
    struct scans *scans = *state;
    assert_int_equal(diff_of(scans, old_lines, new_lines, "--only=worse"), 1);
    assert_has(scans->out, "lost.example ");
    assert_has(scans->out, "broke.example ");
    assert_has(scans->out, "kept.example ");
    assert_has(scans->out, "would.example ");
    assert_null(strstr(scans->out, "mended.example"));
    assert_null(strstr(scans->out, "gone0.example"));
    assert_null(strstr(scans->out, "unclear.example"));
    assert_has(scans->out, "\nnone 4, gained 1, lost 1, ");
}

/* Of a scan that is not at its end nobody is gone, and the exit code says that the answer is not whole. */
static void test_a_side_that_is_not_at_its_end(void **state)
{
    struct scans *scans = *state;
    place_lines(&scans->before, "domains", old_lines);
    place_lines(&scans->after, "domains", new_lines);
    place_meta_state(&scans->after, RECORD_RULES, "stopped");
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path), 3);
    assert_has(scans->err, " was stopped before its end: only what it has is compared\n");
    assert_has(scans->err, "stsweep: diff: 4 domains of ");
    assert_null(strstr(scans->out, " gone "));
    assert_int_equal(RUN(scans, scans->after.path, scans->before.path), 3);
    assert_has(scans->out, "gone6.example                  appeared partial\n");
    place_meta_state(&scans->after, RECORD_RULES, "scanning");
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path), 3);
    assert_has(scans->err, " still runs or was cut off: only what it has is compared\n");
}

#define CONFIG(options) ",\"config\":{" options "}"
#define LISTS(a, b)     ",\"inputs\":[{\"sha256\":\"" a "\"},{\"sha256\":\"" b "\"}]"

/* Who stands in one of two scans of other names is neither new nor gone, however many they are. */
static void test_other_names(void **state)
{
    static const char *const before[] = {AT("a.example", "off"), AT("b.example", "off"),
                                         AT("c.example", "off"), AT("d.example", "protected"), NULL};
    static const char *const after[] = {AT("d.example", "absent"), AT("e.example", "off"), NULL};
    static const struct {
        const char *before, *after, *said; /* NULL: they are of the same names */
    } rows[] = {
        {"", "", NULL},
        {"",
         CONFIG("\"sample.take\":\"\",\"sample.key\":\"stsweep\",\"sample.strata\":\"none\",\"input.limit\":"
                "\"0\",\"input.only\":\"\",\"input.except\":\"\",\"scan.shard\":\"1/1\""),
         NULL},
        {"", CONFIG("\"sample.take\":\"1%\""), "the scans differ in sample.take: "},
        {CONFIG("\"sample.take\":\"1%\""), CONFIG("\"sample.take\":\"2%\""),
         "the scans differ in sample.take: "},
        {CONFIG("\"sample.take\":\"1%\",\"sample.key\":\"x\""),
         CONFIG("\"sample.take\":\"1%\",\"sample.strata\":\"tld\""), "differ in sample.key, sample.strata: "},
        {CONFIG("\"sample.key\":\"x\""), CONFIG("\"sample.key\":\"y\""), NULL}, /* there is no sample */
        {CONFIG("\"input.limit\":\"1\""), CONFIG("\"input.limit\":\"2\""), "differ in input.limit: "},
        {CONFIG("\"input.only\":\".de\""), CONFIG("\"input.only\":\".at\""), "differ in input.only: "},
        {CONFIG("\"scan.shard\":\"1/2\""), CONFIG("\"scan.shard\":\"2/2\""), "differ in scan.shard: "},
        {"", CONFIG("\"input.except\":\"f\",\"input.except.sha256\":\"1\""), "differ in input.except: "},
        {CONFIG("\"input.except\":\"f\",\"input.except.sha256\":\"1\""),
         CONFIG("\"input.except\":\"f\",\"input.except.sha256\":\"2\""), "differ in input.except: "},
        {CONFIG("\"input.except\":\"f\",\"input.except.sha256\":\"1\""),
         CONFIG("\"input.except\":\"g\",\"input.except.sha256\":\"1\""), NULL},
        {CONFIG("\"input.except\":\"/d/f\",\"input.except.sha256\":\"1\""),
         CONFIG("\"input.except\":\"f\",\"input.except.sha256\":\"\""), NULL}, /* it was published */
        {CONFIG("\"sample.take\":\"9\"") LISTS("a", "b"), CONFIG("\"sample.take\":\"9\"") LISTS("a", "b"),
         NULL},
        {CONFIG("\"sample.take\":\"9\"") LISTS("a", "b"), CONFIG("\"sample.take\":\"9\"") LISTS("a", "c"),
         "so many names (sample.take, input.limit) of lists that are not the same, "},
        {CONFIG("\"input.limit\":\"9\"") LISTS("a", "b"), CONFIG("\"input.limit\":\"9\"") LISTS("b", "a"),
         "so many names (sample.take, input.limit) of lists that are not the same, "},
        {CONFIG("\"sample.take\":\"9%\"") LISTS("a", "b"), CONFIG("\"sample.take\":\"9%\"") LISTS("c", "b"),
         NULL},
        {LISTS("a", "b"), LISTS("c", "b"), NULL},
    };
    struct scans *scans = *state;
    place_lines(&scans->before, "domains", before);
    place_lines(&scans->after, "domains", after);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        place_meta_with(&scans->before, RECORD_RULES, "done", 1, rows[i].before);
        place_meta_with(&scans->after, RECORD_RULES, "done", 1, rows[i].after);
        assert_int_equal(RUN(scans, scans->before.path, scans->after.path), 1);
        bool same = rows[i].said == NULL, bounded = strstr(scans->err, "was its list whole?") != NULL;
        bool told = strstr(scans->out, "e.example                      appeared off\n") != NULL &&
                    strstr(scans->out, "a.example                      gone     off\n") != NULL &&
                    strstr(scans->out, "\nlost 1, appeared 1, gone 3, policies") != NULL;
        bool left = strstr(scans->out, "appeared") == NULL && strstr(scans->out, "gone") == NULL &&
                    strstr(scans->out, "\nlost 1, policies") != NULL;
        if (bounded != same || told != same || left == same ||
            (same ? strstr(scans->err, "differ") != NULL : strstr(scans->err, rows[i].said) == NULL))
            fail_msg("row %zu:\n%s%s", i, scans->out, scans->err);
    }
    /* And nothing else is a reason for the exit code. */
    place_meta_with(&scans->before, RECORD_RULES, "done", 1, CONFIG("\"input.limit\":\"4\""));
    place_lines(&scans->after, "domains", &after[1]);
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path, "--gone-at-most=0"), 0);
    place_meta_state(&scans->after, RECORD_RULES, "stopped");
    assert_int_equal(RUN(scans, scans->before.path, scans->after.path), 3);
    assert_null(strstr(scans->err, "are not in what"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, scans_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_line_for_a_person),
        CASE(test_json),
        CASE(test_whom_it_hangs_on),
        CASE(test_gravity_cause_and_customer),
        CASE(test_cached_comes_first),
        CASE(test_cached_until_the_last_copy),
        CASE(test_cached_that_stays_is_not_worse),
        CASE(test_texts_that_no_scan_writes),
        CASE(test_only_what_is_worse),
        CASE(test_a_side_that_is_not_at_its_end),
        CASE(test_exit_codes),
        CASE(test_other_rules),
        CASE(test_rules_that_are_not_known),
        CASE(test_damage_under_a_rejudgement),
        CASE(test_what_cannot_be_read),
        CASE(test_an_answer_that_cannot_be_written),
        CASE(test_usage),
        CASE(test_most_are_gone),
        CASE(test_other_names),
    };
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
