/* diff over more than two scans: its lines, forms, order, exit codes. From states to rows: test_history. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/commands/diff.h"
#include "scanner/commands/diff_known.h"
#include "tests/unit/commands/scans.h"

enum { PLACES = 4 };

#define DAY_MS   86400000LL
#define FIRST_MS 1764000000000LL /* 2025-11-24T16:00Z */

static int begin(void **state)
{
    return scans_begin(state, PLACES, FIRST_MS, DAY_MS);
}

#define RUN(scans, ...) SCANS_RUN(scans, diff_main, __VA_ARGS__)
#define PATH(i)         (scans->places[i].path)

#define AT(name, outcome) "{\"domain\":\"" name "\",\"outcome\":\"" outcome "\"}\n"
#define LOST(name)                                                                                           \
    "{\"domain\":\"" name                                                                                    \
    "\",\"label\":\"=K1;\",\"outcome\":\"refused\",\"provider\":{\"mx\":\"Pobox\"},\"mx\":"                  \
    "{\"hosts\":[{\"host\":\"mx." name "\",\"code\":\"mx.not-in-policy\"}]}}\n"

static const char *const nights[PLACES][9] = {
    {AT("good.example", "protected"), AT("twice.example", "protected"), AT("flap.example", "protected"),
     AT("once.example", "protected"), AT("gone.example", "protected"), AT("old.example", "protected"),
     AT("dark.example", "protected"), NULL},
    {AT("good.example", "protected"), AT("twice.example", "protected"), AT("flap.example", "refused"),
     AT("once.example", "protected"), AT("gone.example", "protected"), AT("dark.example", "absent"), NULL},
    {AT("good.example", "protected"), LOST("twice.example"), AT("flap.example", "protected"),
     AT("once.example", "protected"), AT("gone.example", "refused"), AT("dark.example", "unknown"), NULL},
    {AT("new.example", "refused"), AT("good.example", "protected"), LOST("twice.example"),
     AT("flap.example", "protected"), AT("once.example", "testing"),
     "{\"domain\":\"dark.example\",\"outcome\":\"absent\",\"txt\":{\"code\":\"txt.absent\"}}\n", NULL},
};

static void put_nights(struct scans *scans)
{
    for (size_t i = 0; i < PLACES; i++)
        place_lines(&scans->places[i], "domains", nights[i]);
}

static void test_a_line_for_a_person(void **state)
{
    struct scans *scans = *state;
    put_nights(scans);
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(2), PATH(3)), 1);
    assert_string_equal(
        scans->out,
        "twice.example                  DELIVERY mta-sts protected -> refused since 2025-11-26T16:00Z (2 "
        "scans); mx.twice.example mx.not-in-policy [=K1;]\n"
        "once.example                   worse    mta-sts protected -> testing/unknown since "
        "2025-11-27T16:00Z (1 scan)\n"
        "dark.example                   worse    mta-sts protected -> absent since 2025-11-25T16:00Z (2 "
        "scans); _mta-sts.dark.example txt.absent\n"
        "flap.example                   flapped  mta-sts worse 2025-11-25T16:00Z, mended 2025-11-26T16:00Z\n"
        "delivery: worse 1 (for the second scan in a row 1), flapped 1, could not be told 0\n"
        "protection: worse 2 (for the second scan in a row 1), flapped 0, could not be told 0\n"
        "4 scans from 2025-11-24T16:00Z to 2025-11-27T16:00Z: domains 6, appeared in the last 1, gone in it "
        "1, gone before 1\n");
    assert_string_equal(scans->err, "");
}

/* Who was refused and could not be told since stands before who is partial. */
static void test_the_gravest_first(void **state)
{
    static const char *const lines[][5] = {
        {AT("flap.example", "protected"), AT("same.example", "protected"), AT("partial.example", "protected"),
         AT("refused.example", "protected"), NULL},
        {AT("flap.example", "refused"), AT("same.example", "protected"), AT("partial.example", "protected"),
         AT("refused.example", "refused"), NULL},
        {AT("flap.example", "protected"), AT("same.example", "absent"), AT("partial.example", "partial"),
         AT("refused.example", "unknown"), NULL}};
    static const char *const order[] = {"refused.example ", "partial.example ", "same.example ",
                                        "flap.example "};
    struct scans *scans = *state;
    for (size_t i = 0; i < 3; i++)
        place_lines(&scans->places[i], "domains", lines[i]);
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(2)), 1);
    const char *at = scans->out;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (strncmp(at, order[i], strlen(order[i])) != 0)
            fail_msg("%s is not in its place:\n%s", order[i], scans->out);
        at = strchr(at, '\n') + 1;
    }
}

static void test_what_is_asked_for(void **state)
{
    struct scans *scans = *state;
    put_nights(scans);
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(2), PATH(3), "--only", "worse"), 1);
    assert_null(strstr(scans->out, "flap.example"));
    assert_has(scans->out, "once.example ");
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(2), PATH(3), "--only", "twice"), 1);
    assert_has(scans->out, "twice.example ");
    assert_has(scans->out, "dark.example ");
    assert_null(strstr(scans->out, "once.example"));
    /* The night before: it got worse for the first time, or could not be determined, so that nobody is
     * mailed; and of the two nights before a flap nobody at all. */
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(2), "--only", "twice"), 0);
    assert_has(scans->out,
               "protection: worse 1 (for the second scan in a row 0), flapped 0, could not be told 1\n");
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(2)), 1);
    /* In two scans nothing is so twice: a nightly job is quiet in its second night as well. */
    assert_int_equal(RUN(scans, PATH(1), PATH(2), "--only", "twice"), 0);
    assert_has(scans->out, "delivery: worse 2 (for the second scan in a row 0)");
    assert_int_equal(RUN(scans, PATH(1), PATH(2), PATH(3), "--only=twice", "--csv"), 1);
    assert_string_equal(
        scans->out,
        "domain,label,twice,delivery_worsened,delivery_since,delivery_scans,delivery_mended,"
        "delivery_flaps,protection_worsened,protection_since,protection_scans,"
        "protection_mended,protection_flaps,worse,provider,hosts,codes,causes,why,who,mend\r\n"
        "twice.example,\"'=K1;\",true,2025-11-26T16:00:00.000Z,2025-11-26T16:00:00.000Z,2,,0,"
        ",,0,,0,mta-sts,Pobox,mx.twice.example,mx.not-in-policy,mx.twice.example mx.not-in-policy,No mx "
        "pattern of the policy "
        "matches the MX host.,the domain's owner,Add the host to the policy and change the id.\r\n");
}

static void test_json(void **state)
{
    struct scans *scans = *state;
    put_nights(scans);
    assert_int_equal(RUN(scans, "--json", PATH(0), PATH(1), PATH(2), PATH(3)), 1);
    assert_has(
        scans->out,
        "{\"domain\":\"twice.example\",\"twice\":true,\"delivery\":{\"worsened\":\"2025-11-26T16:00:00."
        "000Z\",\"since\":\"2025-11-26T16:00:00.000Z\",\"scans\":2,\"flaps\":0},\"protection\":{"
        "\"scans\":0,\"flaps\":0},\"worse\":[{\"what\":\"mta-sts\",\"of\":\"delivery\",\"old\":"
        "\"protected\",\"new\":\"refused\",\"since\":\"2025-11-26T16:00:00.000Z\",\"last\":"
        "\"2025-11-27T16:00:00.000Z\",\"scans\":2}],\"label\":\"=K1;\",\"provider\":\"Pobox\",\"hosts\":[{"
        "\"host\":\"mx.twice.example\",\"code\":\"mx.not-in-policy\"}],\"causes\":[{\"at\":\"mx.twice."
        "example\",\"code\":"
        "\"mx.not-in-policy\"}]}\n");
    assert_has(
        scans->out,
        "{\"domain\":\"flap.example\",\"twice\":false,\"delivery\":{\"worsened\":\"2025-11-25T16:00:00."
        "000Z\",\"scans\":0,\"mended\":\"2025-11-26T16:00:00.000Z\",\"flaps\":1},\"protection\":{"
        "\"scans\":0,\"flaps\":0},\"worse\":[]}\n");
}

/* A row of scans in another order is none. */
static void test_order(void **state)
{
    struct scans *scans = *state;
    char words[512];
    put_nights(scans);
    assert_int_equal(RUN(scans, PATH(0), PATH(2), PATH(1)), 2);
    (void)snprintf(words, sizeof words,
                   "stsweep: diff: %s began 2025-11-25T16:00:00.000Z, before %s: give the directories in the "
                   "order of their scans, the oldest first (%s began 2025-11-26T16:00:00.000Z)\n",
                   PATH(1), PATH(2), PATH(2));
    assert_string_equal(scans->err, words);
    assert_string_equal(scans->out, "");
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(1)), 2);
    assert_has(scans->err, "at the same time as");
    assert_has(scans->err, "give each scan once");
    assert_int_equal(RUN(scans, PATH(0), PATH(1), "/nowhere/at/all"), 2);
    assert_has(scans->err, "/nowhere/at/all is no scan directory");
    const char *many[HISTORY_SCANS_MOST + 2];
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        many[i] = PATH(0);
    size_t err_len;
    free(scans->err);
    FILE *err = open_memstream(&scans->err, &err_len);
    assert_int_equal(diff_main(HISTORY_SCANS_MOST + 1, (char **)(uintptr_t)many, err, err), 2);
    assert_int_equal(fclose(err), 0);
    assert_has(scans->err, "100 scan directories at most: leave out the oldest");
}

static void test_what_is_not_whole(void **state)
{
    struct scans *scans = *state;
    put_nights(scans);
    place_meta_at(&scans->places[1], RECORD_RULES, "stopped", FIRST_MS + DAY_MS);
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(3)), 3);
    assert_has(scans->err, "was stopped before its end: only what it has is compared\n");
    place_meta_at(&scans->places[3], RECORD_RULES, "scanning", FIRST_MS + 3 * DAY_MS);
    assert_int_equal(RUN(scans, PATH(0), PATH(2), PATH(3)), 3);
    assert_has(scans->err, "1 domains of "); /* gone.example may still come */
    assert_has(scans->out, "gone in it 0, gone before 1\n");
    place_damage(&scans->places[1], "domains.ndjson.zst");
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(3)), 4);
    assert_has(scans->err, " is damaged, and compared as far as it is whole: domains.ndjson.zst: frame ");
    place_meta_at(&scans->places[1], RECORD_RULES + 1, "done", FIRST_MS + DAY_MS);
    assert_int_equal(RUN(scans, PATH(0), PATH(1), PATH(2)), 2);
    assert_has(scans->err, "which this program does not know");
}

/* What an export of the list has lost, and a scan that has a domain twice. */
static void test_most_are_gone(void **state)
{
    static const char *const one[] = {AT("good.example", "protected"), AT("good.example", "refused"), NULL};
    struct scans *scans = *state;
    put_nights(scans);
    place_lines(&scans->places[3], "domains", one);
    assert_int_equal(RUN(scans, PATH(1), PATH(2), PATH(3), "--only", "twice"), 1);
    assert_has(scans->err, "5 of 6 domains of ");
    assert_has(scans->err, ", more than --gone-at-most=50%: was its list whole?\n");
    assert_has(scans->err, "stsweep: 1 lines are of a domain that the scan had already\n");
    assert_int_equal(RUN(scans, PATH(1), PATH(2), PATH(3), "--gone-at-most=5", "--only", "twice"), 0);
    assert_has(scans->out, "delivery: worse 0 (");
}

/* One of the scans was of other names: who is missing somewhere is neither new nor gone. */
static void test_other_names(void **state)
{
    static const char *const one[] = {AT("good.example", "protected"), AT("new.example", "protected"), NULL};
    struct scans *scans = *state;
    put_nights(scans);
    place_lines(&scans->places[3], "domains", one);
    place_meta_with(&scans->places[3], RECORD_RULES, "done", FIRST_MS + 3 * DAY_MS,
                    ",\"config\":{\"sample.take\":\"10%\"}");
    assert_int_equal(RUN(scans, PATH(0), PATH(2), PATH(3), "--gone-at-most=0"), 0);
    assert_has(scans->err, "stsweep: diff: the scans differ in sample.take: ");
    assert_null(strstr(scans->err, "was its list whole?"));
    assert_has(scans->out, "domains 2, appeared in the last 0, gone in it 0, gone before 0\n");
    place_meta_at(&scans->places[3], RECORD_RULES, "done", FIRST_MS + 3 * DAY_MS);
    assert_int_equal(RUN(scans, PATH(0), PATH(2), PATH(3), "--gone-at-most=0"), 1);
    assert_has(scans->out, "domains 2, appeared in the last 1, gone in it 5, gone before 1\n");
}

/* Names past the first mapping are found again, and so is one that was added just before. */
static void test_many_names(void **state)
{
    enum { MANY = 10000 };
    struct diff_known known;
    struct buf why;
    struct history *history;
    char name[32];
    (void)state;
    buf_init(&why, 4096);
    assert_int_equal(diff_known_init(&known, &why), ERR_OK);
    for (unsigned round = 1; round <= 2; round++)
        for (unsigned i = 0; i < MANY; i++) {
            (void)snprintf(name, sizeof name, "d%u.example", i);
            assert_int_equal(diff_known_get(&known, name, &history, &why), ERR_OK);
            assert_int_equal(history->seen, round == 1 ? 0 : i % 100 + 1);
            history->seen = (uint8_t)(i % 100 + 1);
            if (i % 1000 == 0) {
                assert_int_equal(diff_known_get(&known, name, &history, &why), ERR_OK);
                assert_int_equal(history->seen, i % 100 + 1);
            }
        }
    assert_int_equal(known.count, MANY);
    diff_known_dispose(&known);
    buf_dispose(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_line_for_a_person, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_the_gravest_first, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_what_is_asked_for, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_json, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_order, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_what_is_not_whole, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_most_are_gone, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_other_names, begin, scans_end),
        cmocka_unit_test(test_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
