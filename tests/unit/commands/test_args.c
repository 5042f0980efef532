/* The flags of scan, check and suggest that are no options. Never the options themselves (test_config). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "scanner/commands/args.h"
#include "scanner/facts/record.h"

enum { WHY_BYTES = 4096, ARGS_MOST = 4 };

/* What the arguments ask to fail on; where they are wrong, that the reason holds `fault`. */
static uint32_t fail_on(const char *first, const char *second, const char *fault)
{
    char words[ARGS_MOST][64] = {"check"};
    char *argv[ARGS_MOST] = {words[0]};
    int argc = 1;
    for (const char *word = first; word != NULL; word = word == first ? second : NULL) {
        (void)snprintf(words[argc], sizeof words[argc], "%s", word);
        argv[argc] = words[argc];
        argc++;
    }
    struct args args;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = args_parse(&args, argc, argv, &why);
    assert_int_equal(error == ERR_OK, fault == NULL);
    if (fault != NULL && strstr(buf_string(&why), fault) == NULL)
        fail_msg("%s is not in: %s", fault, buf_string(&why));
    uint32_t bits = args.fail_on;
    args_dispose(&args);
    buf_dispose(&why);
    return bits;
}

static void outcomes_are_read(void **state)
{
    (void)state;
    assert_int_equal(fail_on("good.example", NULL, NULL), 0);
    assert_int_equal(fail_on("--fail-on=refused", "a.example", NULL), 1u << OUTCOME_REFUSED);
    assert_int_equal(fail_on("--fail-on", "no-mail,refused,unknown", NULL),
                     1u << OUTCOME_NO_MAIL | 1u << OUTCOME_REFUSED | 1u << OUTCOME_UNKNOWN);
}

static void unknown_outcomes_name_the_nearest(void **state)
{
    (void)state;
    (void)fail_on("--fail-on=refusd", NULL, "nearest known one is refused");
    (void)fail_on("--fail-on=refused,protectde", NULL, "nearest known one is protected");
    (void)fail_on("--fail-on=none", NULL, "unknown outcome");
    (void)fail_on("--fail-on=refused,", NULL, "unknown outcome");
    (void)fail_on("--fail-on=", NULL, "unknown outcome");
    (void)fail_on("--fail-on=a-word-that-is-longer-than-any-outcome", NULL, "unknown outcome");
    (void)fail_on("--fail-on", NULL, "needs outcomes");
}

/* That the command's arguments are refused, with the words in the reason; "" where they are taken. */
static void assert_refused(const char *command, const char *first, const char *second, const char *words)
{
    char texts[ARGS_MOST][64] = {""};
    char *argv[ARGS_MOST] = {texts[0], texts[1], texts[2]};
    struct args args;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    (void)snprintf(texts[0], sizeof texts[0], "%s", command);
    (void)snprintf(texts[1], sizeof texts[1], "%s", first);
    (void)snprintf(texts[2], sizeof texts[2], "%s", second == NULL ? "" : second);
    enum error error = args_parse(&args, second == NULL ? 2 : 3, argv, &why);
    if ((error == ERR_OK) != (words[0] == 0) || strstr(buf_string(&why), words) == NULL)
        fail_msg("%s %s: %s", command, first, buf_string(&why));
    args_dispose(&args);
    buf_dispose(&why);
}

static void flags_of_other_commands_are_refused(void **state)
{
    (void)state;
    assert_refused("scan", "--resume", NULL, "");
    assert_refused("scan", "-oDIR", NULL, "");
    assert_refused("scan", "-o", "DIR", "");
    assert_refused("check", "--json", "-v", "");
    assert_refused("suggest", "--json", NULL, "");
    assert_refused("scan", "--json", NULL, "--json is no flag of `stsweep scan`");
    assert_refused("scan", "-v", NULL, "-v is no flag of `stsweep scan`");
    assert_refused("check", "--resume", NULL, "--resume is no flag of `stsweep check`");
    assert_refused("check", "--shard=1/2", NULL, "--shard is no flag of `stsweep check`");
    assert_refused("check", "-oDIR", NULL, "-o is no flag of `stsweep check`");
    assert_refused("suggest", "--fail-on", "refused", "--fail-on is no flag of `stsweep suggest`");
    assert_refused("check", "--", "--resume", "");
}

static void what_is_missing_or_misspelt_is_named(void **state)
{
    (void)state;
    assert_refused("scan", "--config", NULL, "--config needs a file");
    assert_refused("scan", "--shard", NULL, "--shard needs i/n");
    assert_refused("scan", "-o", NULL, "-o needs a directory");
    assert_refused("scan", "--trace", NULL, "--trace needs a domain");
    assert_refused("scan", "--trace", "a b", "--trace: \"a b\" is no domain name");
    assert_refused("scan", "--resum", NULL, "unknown flag \"--resum\"; the nearest known one is --resume");
    assert_refused("scan", "--traces", "a.example", "the nearest known one is --trace");
    assert_refused("scan", "--shards", "1/2", "the nearest known one is --shard");
    assert_refused("scan", "--configs", "/nowhere", "the nearest known one is --config");
    assert_refused("scan", "--config", "/nowhere/at/all", "/nowhere/at/all");
    assert_refused("scan", "--config=/nowhere/at/all", NULL, "/nowhere/at/all");
    assert_refused("scan", "--dns.timeout", NULL, "--dns.timeout needs a value");
    assert_refused("check", "--jsn", NULL, "the nearest known one is --json");
    assert_refused("check", "--resum", NULL, "unknown option \"resum\"");
    assert_refused("scan", "--timeout=3s", NULL, "the nearest known one is dns.timeout");
    assert_refused("scan", "-z", NULL, "no such flag");
}

/* Both spellings of a value, flags that are not each other's beginnings, and names behind --. */
static void what_was_given_is_kept(void **state)
{
    static const struct {
        const char *command, *words[6];
        const char *shard, *trace, *name; /* NULL: none */
        bool resume, json, verbose, help;
    } rows[] = {
        {"scan", {"--shard=2/3", "a.csv"}, "2/3", NULL, "a.csv", false, false, false, false},
        {"scan", {"--shard", "2/3", "a.csv"}, "2/3", NULL, "a.csv", false, false, false, false},
        {"scan", {"--scan.shard", "2/3", "a.csv"}, "2/3", NULL, "a.csv", false, false, false, false},
        {"scan", {"--scan.shard=2/3", "a.csv"}, "2/3", NULL, "a.csv", false, false, false, false},
        {"scan", {"--trace=a.example", "-"}, NULL, "a.example", "-", false, false, false, false},
        {"scan", {"--trace", "a.example", "-"}, NULL, "a.example", "-", false, false, false, false},
        {"scan", {"--resume", "--", "--trace"}, NULL, NULL, "--trace", true, false, false, false},
        {"scan", {"--", "--"}, NULL, NULL, "--", false, false, false, false},
        {"check", {"-v", "--json", "a.example"}, NULL, NULL, "a.example", false, true, true, false},
        {"check", {"--verbose", "-h"}, NULL, NULL, NULL, false, false, true, true},
        {"check", {"a.example", "--help"}, NULL, NULL, "a.example", false, false, false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char texts[8][32] = {""};
        char *argv[8] = {texts[0]};
        struct args args;
        struct buf why;
        int argc = 1;
        (void)snprintf(texts[0], sizeof texts[0], "%s", rows[i].command);
        for (; rows[i].words[argc - 1] != NULL; argc++) {
            (void)snprintf(texts[argc], sizeof texts[argc], "%s", rows[i].words[argc - 1]);
            argv[argc] = texts[argc];
        }
        buf_init(&why, WHY_BYTES);
        if (args_parse(&args, argc, argv, &why) != ERR_OK)
            fail_msg("row %zu: %s", i, buf_string(&why));
        assert_string_equal(args.config.scan_shard, rows[i].shard == NULL ? "" : rows[i].shard);
        assert_int_equal(args.name_count, rows[i].name != NULL);
        if (rows[i].name != NULL)
            assert_string_equal(args.names[0], rows[i].name);
        assert_int_equal(args.trace != NULL, rows[i].trace != NULL);
        if (rows[i].trace != NULL)
            assert_string_equal(args.trace, rows[i].trace);
        assert_true(args.resume == rows[i].resume && args.json == rows[i].json);
        assert_true(args.verbose == rows[i].verbose && args.help == rows[i].help);
        args_dispose(&args);
        buf_dispose(&why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_are_read),
        cmocka_unit_test(unknown_outcomes_name_the_nearest),
        cmocka_unit_test(flags_of_other_commands_are_refused),
        cmocka_unit_test(what_is_missing_or_misspelt_is_named),
        cmocka_unit_test(what_was_given_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
