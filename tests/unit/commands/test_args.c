/* The flags of scan, check and suggest that are no options. Never the options themselves (test_config). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "scanner/commands/args.h"
#include "scanner/commands/diff_only.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/manual.h"
#include "scanner/commands/suggest_format.h"
#include "scanner/facts/failure.h"
#include "scanner/facts/group.h"
#include "scanner/facts/record.h"
#include "scanner/verdict/provider.h"

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
    (void)fail_on("--fail-on=none", NULL, "no such outcome");
    (void)fail_on("--fail-on=refused,", NULL, "no such outcome");
    (void)fail_on("--fail-on=", NULL,
                  "needs outcomes, as in --fail-on refused,partial, and was given nothing");
    (void)fail_on("--fail-on=a-word-that-is-longer-than-any-outcome", NULL, "no such outcome");
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
    assert_refused("scan", "--json", "--dry-run", "");
    assert_refused("scan", "--csv", NULL, "--csv is no flag of `stsweep scan`");
    assert_refused("check", "--dry-run", NULL, "--dry-run is no flag of `stsweep check`");
    assert_refused("scan", "--measure", "0", "--measure needs a number of names from 1 to 10000");
    assert_refused("scan", "--measure", "10001", "--measure needs a number of names from 1 to 10000");
    assert_refused("scan", "--measure=2x", NULL, "--measure needs a number of names from 1 to 10000");
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
    assert_refused("scan", "--sample", NULL,
                   "--sample needs a share or a number of names, as in --sample 1%");
    assert_refused("scan", "--sample", "many", "value \"many\" is neither a share, as 1% or 0.25%, nor");
    assert_refused("scan", "--limit", "few", "input.limit");
    assert_refused("scan", "--only", NULL, "--only needs .suffixes or names");
    assert_refused("scan", "--except", NULL, "--except needs a file of names and .suffixes");
    assert_refused("check", "--sample", "1%", "--sample is no flag of `stsweep check`");
    assert_refused("scan", "--trace", NULL, "--trace needs a domain");
    assert_refused("scan", "--trace", "a b", "--trace needs a domain, which this is not: a b");
    assert_refused("scan", "--resum", NULL, "no such flag: --resum; the nearest known one is --resume");
    assert_refused("scan", "--traces", "a.example", "the nearest known one is --trace");
    assert_refused("scan", "--shards", "1/2", "the nearest known one is --shard");
    assert_refused("scan", "--configs", "/nowhere", "the nearest known one is --config");
    assert_refused("scan", "--config", "/nowhere/at/all", "/nowhere/at/all");
    assert_refused("scan", "--config=/nowhere/at/all", NULL, "/nowhere/at/all");
    assert_refused("scan", "--dns.timeout", NULL, "--dns.timeout needs a value");
    assert_refused("scan", "--a\x1b[2J.b", NULL, "--a?[2J.b needs a value");
    assert_refused("scan", "--a.\xc2\x9b\x8c", "-o", "--a.??? needs a value, and no flag is one: -o");
    assert_refused("check", "--jsn", NULL, "the nearest known one is --json");
    assert_refused("check", "--resum", NULL, "unknown option \"resum\"");
    assert_refused("scan", "--timeout=3s", NULL, "the nearest known one is dns.timeout");
    assert_refused("scan", "-z", NULL, "no such flag: -z");
    assert_refused("scan", "--resume=yes", NULL, "--resume takes no value: it was given yes");
    assert_refused("check", "-vx", NULL, "-v takes no value: it was given x");
    assert_refused("scan", "-o", "--resume", "-o needs a directory, and no flag is one: --resume");
    assert_refused("scan", "--config", "-o", "--config needs a file, and no flag is one: -o");
    assert_refused("scan", "--dns.timeout", "--resume",
                   "--dns.timeout needs a value, and no flag is one: --resume");
    assert_refused("scan", "--config", "--", "--config needs a file, and no flag is one: --");
    assert_refused("scan", "-o", "-", "");
    assert_refused("scan", "--output", "DIR", "");
    assert_refused("scan", "--output", NULL, "--output needs a directory");
    assert_refused("scan", "--ouput=DIR", NULL, "the nearest known one is --output");
    assert_refused("suggest", "--output", NULL, "--output needs a folder");
    assert_refused("scan", "-o=DIR", NULL, "");
}

/* Both spellings of a value, flags that are not each other's beginnings, and names behind --. */
static void what_was_given_is_kept(void **state)
{
    static const struct {
        const char *command, *words[6];
        const char *shard, *trace, *name; /* NULL: none */
        bool resume, json, verbose;
    } rows[] = {
        {"scan", {"--shard=2/3", "a.csv"}, "2/3", NULL, "a.csv", false, false, false},
        {"scan", {"--shard", "2/3", "a.csv"}, "2/3", NULL, "a.csv", false, false, false},
        {"scan", {"--scan.shard", "2/3", "a.csv"}, "2/3", NULL, "a.csv", false, false, false},
        {"scan", {"--scan.shard=2/3", "a.csv"}, "2/3", NULL, "a.csv", false, false, false},
        {"scan", {"--trace=a.example", "-"}, NULL, "a.example", "-", false, false, false},
        {"scan", {"--trace", "a.example", "-"}, NULL, "a.example", "-", false, false, false},
        {"scan", {"--resume", "--", "--trace"}, NULL, NULL, "--trace", true, false, false},
        {"scan", {"--", "--"}, NULL, NULL, "--", false, false, false},
        {"check", {"-v", "--json", "a.example"}, NULL, NULL, "a.example", false, true, true},
        {"check", {"--verbose", "-h"}, NULL, NULL, NULL, false, false, true},
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
        assert_true(args.verbose == rows[i].verbose);
        args_dispose(&args);
        buf_dispose(&why);
    }
}

/* Every flag of the table in every command: it is its own, with its value, or is refused by its name. */
static void every_flag_is_known_to_its_commands(void **state)
{
    const struct flag_row *rows = flag_rows;
    enum { ROWS = FLAG_ROWS };
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        for (enum command j = 0; j < COMMAND_COUNT; j++) {
            const char *command = manual_get(j)->name;
            char word[64], refused[96], value[] = "a.example";
            char *argv[] = {word, value};
            struct flags flags;
            bool is_other = false; /* a flag of the same name is that command's */
            for (size_t k = 0; k < ROWS; k++)
                is_other = is_other || (k != i && strcmp(rows[k].name, rows[i].name) == 0 &&
                                        flag_is_of(&rows[k], command));
            if (is_other)
                continue;
            (void)snprintf(word, sizeof word, "--%s", rows[i].name);
            flags_begin(&flags, command, 2, argv);
            enum flag flag = flags_next(&flags);
            (void)snprintf(refused, sizeof refused, "%s is no flag of `stsweep %s`", word, command);
            if (!flag_is_of(&rows[i], command)) {
                assert_int_equal(flag, FLAG_FAULT);
                assert_string_equal(flags.fault, refused);
                continue;
            }
            assert_int_equal(flag, rows[i].flag);
            assert_int_equal(flags_next(&flags), rows[i].needs != NULL ? FLAG_END : FLAG_NAME);
            assert_string_equal(flags.value, value);
        }
}

/* An empty value is a missing one for each flag of each command, but for those that set an option, which has
 * its default then, and for labels. */
static void an_empty_value_is_a_missing_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLAG_ROWS; i++)
        for (enum command j = 0; j < COMMAND_COUNT; j++) {
            const struct flag_row *row = &flag_rows[i];
            if (row->needs == NULL || !flag_is_of(row, manual_get(j)->name))
                continue;
            char words[3][64] = {"", "", "next"}, *together[] = {words[0], words[2]};
            char *apart[] = {words[1], words[0], words[2]};
            (void)snprintf(words[0], sizeof words[0], "--%s=", row->name);
            (void)snprintf(words[1], sizeof words[1], "--%s", row->name);
            for (int way = 0; way < 2; way++) {
                char nothing[] = "";
                struct flags flags;
                apart[1] = nothing;
                flags_begin(&flags, manual_get(j)->name, way == 0 ? 2 : 3, way == 0 ? together : apart);
                enum flag flag = flags_next(&flags);
                bool taken = row->option != NULL || row->kind == VALUE_LABELS;
                assert_int_equal(flag, taken ? row->flag : FLAG_FAULT);
                if (taken)
                    assert_string_equal(flags.value, "");
                else
                    assert_non_null(strstr(flags.fault, ", and was given nothing"));
                assert_int_equal(flags_next(&flags), FLAG_NAME); /* and the word behind is not its value */
                assert_string_equal(flags.value, "next");
            }
        }
    assert_refused("scan", "--previous=", NULL, "");
    assert_refused("scan", "--shard", "", "");
    assert_refused("check", "--config=", NULL, "--config needs a file, and was given nothing");
    assert_refused("suggest", "-o=", NULL,
                   "-o needs a folder, or with --format a file, and was given nothing");
}

static void numbers_are_digits_within_bounds(void **state)
{
    static const struct {
        const char *text;
        uint64_t least, most, number; /* number 0: it is none */
    } rows[] = {
        {"1", 1, UINT64_MAX, 1},
        {"0", 1, 9, 0},
        {"18446744073709551615", 1, UINT64_MAX, UINT64_MAX},
        {"18446744073709551616", 1, UINT64_MAX, 0},
        {"7", 1, 7, 7},
        {"8", 1, 7, 0},
        {"-1", 1, 9, 0},
        {"+1", 1, 9, 0},
        {" 1", 1, 9, 0},
        {"1 ", 1, 9, 0},
        {"0x2", 1, 9, 0},
        {"1", 2, 9, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flags flags = {.value = rows[i].text};
        uint64_t number;
        assert_true(flags_number(&flags, rows[i].least, rows[i].most, &number) == (rows[i].number != 0));
        if (rows[i].number != 0)
            assert_true(number == rows[i].number);
    }
}

/* A value has a kind, and a flag says what it does: in a sentence that a list of completions has room for. */
static void every_flag_and_command_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLAG_ROWS; i++) {
        const struct flag_row *row = &flag_rows[i];
        size_t len = strlen(row->does), first = strcspn(row->does, ".");
        if ((row->needs == NULL) != (row->kind == VALUE_NONE) || len < 10 || row->does[len - 1] != '.' ||
            first > 140 || row->does[0] < 'A' || row->does[0] > 'Z')
            fail_msg("--%s: kind or description", row->name);
        if (row->option != NULL && strchr(row->option, '.') == NULL)
            fail_msg("--%s: %s is no option", row->name, row->option);
    }
    for (enum command i = 0; i < COMMAND_COUNT; i++)
        if (manual_get(i)->brief[0] == 0 || strlen(manual_get(i)->brief) > 60)
            fail_msg("%s: what does it do in short?", manual_get(i)->name);
}

/* Every word that completions offer is taken by the parser that reads it. */
static void every_word_of_a_value_is_taken(void **state)
{
    (void)state;
    for (enum value kind = 0; kind < VALUE_COUNT; kind++) {
        bool has_words = value_with(kind) == WITH_WORDS || value_with(kind) == WITH_LIST;
        assert_true(has_words == (value_word(kind, "show", 0) != NULL));
        const char *word;
        for (size_t i = 0; (word = value_word(kind, "show", i)) != NULL; i++) {
            struct flags flags = {.value = word};
            uint32_t outcomes = 0;
            assert_null(strpbrk(
                word, ",'\"\\$`\n\t()&;<>|*?[]{}~#!:=%@")); /* nothing that a shell reads but blanks */
            if (kind == VALUE_OUTCOMES)
                assert_true(flags_outcomes(&flags, &outcomes));
            if (kind == VALUE_CODES)
                assert_true(failure_find(word, strlen(word)) != FAIL_COUNT);
            if (kind == VALUE_GROUPS)
                assert_true(group_kind_find(word) != GROUP_KIND_COUNT);
            if (kind == VALUE_FORMATS)
                assert_true(suggest_format_find(word) != FORMAT_NONE);
            if (kind == VALUE_CHANGES)
                assert_true(diff_only_find(word) != DIFF_ALL);
            if (kind == VALUE_TOPICS)
                assert_true(manual_find(word) != COMMAND_COUNT || strcmp(word, "exit") == 0 ||
                            strcmp(word, "scan.ini") == 0);
        }
    }
    assert_string_equal(value_word(VALUE_GROUPS, "report", 0), "label");
    assert_null(value_word(VALUE_GROUPS, "report", 1));
    assert_string_equal(value_word(VALUE_PROVIDERS, "show", 0), provider_of_mx("antispamcloud.com"));
}

/* A word from outside is printed without what a terminal would obey, and not for ever. */
static void what_is_refused_is_printable(void **state)
{
    char word[400], *argv[] = {word};
    struct flags flags;
    (void)state;
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = 0;
    (void)memcpy(word, "--\x1b[2J", 6);
    flags_begin(&flags, "show", 1, argv);
    assert_int_equal(flags_next(&flags), FLAG_FAULT);
    assert_null(strchr(flags.fault, 0x1b));
    assert_true(strlen(flags.fault) < 120);
    flags_begin(&flags, "scan", 1, argv);
    assert_int_equal(flags_next(&flags), FLAG_FAULT);
    assert_int_equal(flags_next(&flags), FLAG_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_are_read),
        cmocka_unit_test(unknown_outcomes_name_the_nearest),
        cmocka_unit_test(flags_of_other_commands_are_refused),
        cmocka_unit_test(what_is_missing_or_misspelt_is_named),
        cmocka_unit_test(what_was_given_is_kept),
        cmocka_unit_test(every_flag_is_known_to_its_commands),
        cmocka_unit_test(an_empty_value_is_a_missing_one),
        cmocka_unit_test(numbers_are_digits_within_bounds),
        cmocka_unit_test(every_flag_and_command_is_described),
        cmocka_unit_test(every_word_of_a_value_is_taken),
        cmocka_unit_test(what_is_refused_is_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
