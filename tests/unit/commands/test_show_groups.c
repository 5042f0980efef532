/* show --by: groups for a person, as CSV and as JSON, with filters, exit codes, and of a scan that is not
 * whole. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/commands/show.h"
#include "scanner/facts/record.h"
#include "tests/unit/commands/scan_place.h"
#include "tests/unit/has.h"

enum { ARGS_MOST = 12 };

#define HEAD(domain, label, outcome, codes)                                                                  \
    "{\"domain\":\"" domain "\",\"label\":\"" label "\",\"tld\":\"example\",\"outcome\":\"" outcome          \
    "\",\"codes\":[" codes                                                                                   \
    "],\"provider\":{\"mx\":null,\"policy\":null},\"txt\":{\"lookup\":\"answered\",\"code\":\"ok\"},"
#define POLICY                                                                                               \
    "\"policy\":{\"host\":\"mta-sts.a.example\",\"code\":\"ok\",\"mode\":\"enforce\",\"ip\":\"192.0.2.80\"}" \
    ","
#define MX(hosts) "\"mx\":{\"lookup\":\"answered\",\"hosts\":[" hosts "]}}\n"
#define HOST(name, ip, code)                                                                                 \
    "{\"host\":\"" name "\",\"code\":\"ok\",\"policy_match\":true,\"ips\":[{\"ip\":\"" ip                    \
    "\",\"code\":\"" code "\"}]}"
#define EXPIRED "\"smtp.tls.expired\""

static const char *const records[] = {
    HEAD("a.example", "gold", "refused", EXPIRED)
        POLICY MX(HOST("mx.isp.example", "192.0.2.1", "smtp.tls.expired")),
    HEAD("b.example", "gold", "refused", EXPIRED)
        POLICY MX(HOST("mx.isp.example", "192.0.2.1", "smtp.tls.expired")),
    HEAD("c.example", "=1+1", "refused", EXPIRED)
        POLICY MX(HOST("mx.isp.example", "192.0.2.1",
                       "smtp.tls.expired") "," HOST("mx.other.example", "198.51.100.1", "smtp.tls.weak")),
    HEAD("d.example", "\\u001b[31m", "protected", "")
        POLICY MX(HOST("mx.other.example", "198.51.100.2", "ok")),
    HEAD("e.example", "gold", "unknown", "")
        POLICY MX(HOST("mx.slow.example", "203.0.113.7", "smtp.tcp.timeout")),
    "{\"domain\":\"f.example\",\"tld\":\"example\",\"outcome\":\"no-mail\",\"codes\":[]}\n",
    NULL,
};

struct world {
    struct scan_place place;
    char *out, *err; /* of the last run */
    size_t out_len, err_len;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    place_begin(&world->place);
    place_meta(&world->place, RECORD_RULES);
    place_lines(&world->place, "domains", records);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    place_end(&world->place);
    free(world->out);
    free(world->err);
    free(world);
    return 0;
}

/* Runs `show DIR words…`; the words end with NULL. */
static int run(struct world *world, ...)
{
    char *argv[ARGS_MOST] = {world->place.path};
    int argc = 1;
    va_list words;
    va_start(words, world);
    for (const char *word = va_arg(words, const char *); word != NULL; word = va_arg(words, const char *))
        argv[argc++] = (char *)(uintptr_t)word;
    va_end(words);
    free(world->out);
    free(world->err);
    FILE *out = open_memstream(&world->out, &world->out_len);
    FILE *err = open_memstream(&world->err, &world->err_len);
    assert_true(out != NULL && err != NULL);
    int code = show_main(argc, argv, out, err);
    (void)fclose(out);
    (void)fclose(err);
    return code;
}

/* ---- what is printed ----------------------------------------------------------------------------------- */

static void for_a_person(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--by", "mx-host", NULL), 0);
    assert_string_equal(world->out,
                        "Mend first what fails at the MX host mx.isp.example: that alone makes 2 domains\n"
                        "good. Most there fail by smtp.tls.expired. What mends it: Renew the\n"
                        "certificate.\n"
                        "mx-host          gain domains commonest failure\n"
                        "mx.isp.example      2       3 smtp.tls.expired\n"
                        "  refused 3\n"
                        "mx.other.example    0       2 smtp.tls.weak\n"
                        "  refused 1, protected 1\n"
                        "mx.slow.example     0       1 smtp.tcp.timeout?\n"
                        "  unknown 1\n"
                        "?: what is met there could not be determined, so it is no failure yet.\n"
                        "3 of 3 groups; 1 records are in none.\n"
                        "A domain counts in each of its groups, so groups add up to more than records.\n"
                        "6 of 6 records: no-mail 1, unknown 1, protected 1, refused 3\n");
    assert_string_equal(world->err, "");
}

static void only_the_first(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--by=ip", "--top=1", NULL), 0);
    assert_has(world->out, "at the address 192.0.2.1: that alone makes 2 domains\n");
    assert_has(world->out, "1 of 5 groups (4 left out; --top N shows more); 1 records are in none.\n");
    assert_null(strstr(world->out, "198.51.100.1"));
    assert_int_equal(run(world, "--by=ip", "--top=1", "--csv", NULL), 0);
    assert_string_equal(world->err, "stsweep: 1 of 5 groups (4 left out; --top N shows more)\n");
    assert_int_equal(run(world, "--by=network", "--domain=d.example", NULL), 0);
    assert_has(world->out, "No single mending among these would make a domain good that is not.\n");
    assert_int_equal(run(world, "--by=network", "--domain=none.example", NULL), 0);
    assert_string_equal(world->out,
                        "No single mending among these would make a domain good that is not.\n"
                        "0 of 0 groups; 0 records are in none.\n"
                        "A domain counts in each of its groups, so groups add up to more than records.\n"
                        "0 of 6 records\n");
}

#define WORDS "The MX host's certificate has expired.,the MX host's operator,Renew the certificate."

static void as_csv(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--by=label", "--csv", NULL), 0);
    assert_string_equal(
        world->out,
        "by,group,gain,domains,refused,partial,broken,testing,protected,off,absent,unknown,no-mail,"
        "failure,failing,open,why,who,mend\r\n"
        "label,gold,2,3,2,0,0,0,0,0,0,1,0,smtp.tls.expired,2,," WORDS "\r\n"
        "label,\"'=1+1\",1,1,1,0,0,0,0,0,0,0,0,smtp.tls.expired,1,," WORDS "\r\n"
        "label,G1szMW0=,0,1,0,0,0,0,1,0,0,0,0,,,,,,\r\n");
    assert_string_equal(world->err, "");
}

static void as_json(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--by=mx-host", "--json", NULL), 0);
    assert_has(world->out,
               "{\"by\":\"mx-host\",\"group\":\"mx.isp.example\",\"gain\":2,\"domains\":3,\"outcomes\":"
               "{\"no-mail\":0,\"absent\":0,\"unknown\":0,\"broken\":0,\"off\":0,\"testing\":0,"
               "\"protected\":0,\"partial\":0,\"refused\":3},\"failure\":\"smtp.tls.expired\","
               "\"failing\":3}\n");
    assert_has(world->out, "\"failure\":\"smtp.tcp.timeout\",\"failing\":1,\"open\":true}\n");
}

/* A name is somebody else's: nothing of it reaches a terminal as it is. */
static void names_are_escaped(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--by=label", NULL), 0);
    assert_has(world->out, "\\027[31m");
    assert_null(memchr(world->out, 0x1B, world->out_len));
    assert_null(strstr(world->out, "A domain counts in each")); /* it has one label */
    assert_int_equal(run(world, "--by=label", "--json", "--label=gold", NULL), 0);
    assert_int_equal(run(world, "--by=label", "--json", NULL), 0);
    assert_null(memchr(world->out, 0x1B, world->out_len));
}

static void what_is_to_be_mended_is_said(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *kind, *words;
    } rows[] = {
        {"--by=mx-operator", "Mend first what fails at the MX hosts of "},
        {"--by=network", "Mend first what fails in the network 192.0.2.0/24: that alone makes 2 domains\n"},
        {"--by=tld", "Mend first all that fails under .example: that alone makes 3 domains good. Most\n"},
        {"--by=label", "Mend first all that fails of the label gold: that alone makes 2 domains good."},
        {"--by=who", "Mend first what the MX host's operator has to mend: that alone makes 3 domains\n"},
        {"--by=code", "Mend first smtp.tls.expired, wherever it stands: that alone makes 2 domains\n"
                      "good. What mends it: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run(world, rows[i].kind, NULL), 0);
        assert_has(world->out, rows[i].words);
        for (const char *line = world->out; *line != 0; line = strchr(line, '\n') + 1)
            assert_true(strchr(line, '\n') - line < 80);
    }
}

/* ---- with other flags ---------------------------------------------------------------------------------- */

static void filters_come_first(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *filter, *count;
    } rows[] = {
        {"--outcome=refused", "3 of 6 records: refused 3\n"},
        {"--code=smtp.tls", "3 of 6 records: refused 3\n"},
        {"--label=gold", "3 of 6 records: unknown 1, refused 2\n"},
        {"--domain=a.example,f.example", "2 of 6 records: no-mail 1, refused 1\n"},
        {"--tld=test", "0 of 6 records\n"},
        {"--provider=google", "0 of 6 records\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run(world, "--by=tld", rows[i].filter, NULL), 0);
        assert_has(world->out, rows[i].count);
    }
    assert_int_equal(run(world, "--by=mx-host", "--label=gold", "--outcome=refused", NULL), 0);
    assert_has(world->out, "mx.isp.example    2       2 smtp.tls.expired\n  refused 2\n");
}

/* What senders meet that have an earlier policy counts as well, of the records that are shown. */
static void fail_on_by_an_earlier_policy(void **state)
{
    static const char *const two[] = {
        HEAD("a.example", "gold", "protected", "\"cached.refused\"")
            POLICY MX(HOST("mx.isp.example", "192.0.2.1", "ok")),
        HEAD("b.example", "iron", "absent", "\"cached.partial\"")
            POLICY MX(HOST("mx.isp.example", "192.0.2.1", "ok")),
        NULL,
    };
    static const struct {
        const char *fail_on, *filter;
        int code;
    } rows[] = {
        {"--fail-on=refused", "--tld=example", 1},      {"--fail-on=partial", "--tld=example", 1},
        {"--fail-on=refused", "--label=iron", 0},       {"--fail-on=partial", "--label=gold", 0},
        {"--fail-on=refused", "--outcome=absent", 0},   {"--fail-on=refused", "--outcome=protected", 1},
        {"--fail-on=broken,off", "--tld=example", 0},   {"--fail-on=absent", "--label=gold", 0},
        {"--fail-on=refused,partial", "--tld=test", 0},
    };
    struct world *world = *state;
    place_lines(&world->place, "domains", two);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned by = 0; by < 2; by++) {
            int code = run(world, rows[i].fail_on, rows[i].filter, by == 1 ? "--by=tld" : NULL, NULL);
            if (code != rows[i].code)
                fail_msg("row %zu, by %u: %d\n%s%s", i, by, code, world->out, world->err);
        }
}

static void exit_codes(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--by=tld", "--fail-on=refused", NULL), 1);
    assert_int_equal(run(world, "--by=tld", "--fail-on=refused", "--outcome=protected", NULL), 0);
    assert_int_equal(run(world, "--by=host", NULL), 2);
    assert_has(world->err,
               "--by has no groups called host; there are provider, mx-host, mx-operator, policy-host, "
               "ip, network, tld, label, who, code");
    assert_int_equal(run(world, "--by", NULL), 2);
    assert_int_equal(run(world, "--top=5", NULL), 2);
    assert_has(world->err, "it needs --by");
    static const char *const bad[] = {"--top=0", "--top=-1",  "--top=1000001", "--top=x",
                                      "--hosts", "--rejects", "--limit=5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(run(world, "--by=tld", bad[i], NULL), 2);
    assert_int_equal(run(world, "--by=tld", "--top=1000000", NULL), 0);
}

/* A column for all outcomes: the program that reads it needs to know none of them. */
static void an_unfinished_scan_is_said(void **state)
{
    struct world *world = *state;
    place_meta_state(&world->place, RECORD_RULES, "scanning");
    assert_int_equal(run(world, "--by=mx-host", NULL), 0);
    assert_string_equal(world->err,
                        "stsweep: this scan still runs or was cut off; what is durable by now is shown\n");
    assert_has(world->out, "mx.isp.example");
    place_meta_state(&world->place, RECORD_RULES, "stopped");
    assert_int_equal(run(world, "--by=mx-host", "--json", NULL), 0);
    assert_has(world->err, "this scan was stopped before its end");
}

static void a_damaged_scan_is_counted_around_it(void **state)
{
    struct world *world = *state;
    place_damage(&world->place, "domains.ndjson.zst");
    assert_int_equal(run(world, "--by=tld", NULL), 4);
    assert_has(world->err, "damaged");
    assert_has(world->out, "example    ");
    place_file(&world->place, "domains.ndjson.zst", "");
    assert_int_equal(run(world, "--by=tld", NULL), 0);
    place_lines(&world->place, "domains", (const char *const[]){"{\"tld\":7}\n", records[0], NULL});
    assert_int_equal(run(world, "--by=tld", NULL), 4);
    assert_has(world->err, "domains.ndjson.zst: record 1 cannot be read: ");
    assert_has(world->out, "example    ");
}

/* Without a place for temporary files little is counted in memory all the same. */
static void tmpdir_is_not_needed_for_little(void **state)
{
    struct world *world = *state;
    assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
    assert_int_equal(run(world, "--by=mx-host", NULL), 0);
    assert_int_equal(unsetenv("TMPDIR"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(for_a_person),
        TEST(only_the_first),
        TEST(as_csv),
        TEST(as_json),
        TEST(names_are_escaped),
        TEST(what_is_to_be_mended_is_said),
        TEST(filters_come_first),
        TEST(fail_on_by_an_earlier_policy),
        TEST(exit_codes),
        TEST(an_unfinished_scan_is_said),
        TEST(a_damaged_scan_is_counted_around_it),
        TEST(tmpdir_is_not_needed_for_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
