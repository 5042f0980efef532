/* The retry policy: which domains come again, and when the next pass begins. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/scan/passes.h"

/* ---- which domain is put off --------------------------------------------------------------------------- */

enum kind {
    CLEAR,       /* the outcome is known and nothing failed */
    LOOK_DUE,    /* TLS-7: one look does not decide */
    OPEN,        /* the outcome is open by something that may pass */
    OPEN_BY_US,  /* likewise, but by our own configuration, which stays */
    CLEAR_PASSES /* the outcome is known, although something failed that may pass */
};

static struct judgement make_judgement(enum kind kind)
{
    struct judgement judgement = {.outcome = OUTCOME_PROTECTED};
    switch (kind) {
    case LOOK_DUE:
        judgement.look_due = true;
        break;
    case OPEN:
        judgement.outcome = OUTCOME_UNKNOWN;
        code_set_add(&judgement.codes, FAIL_DNS_TIMEOUT);
        break;
    case OPEN_BY_US:
        judgement.outcome = OUTCOME_UNKNOWN;
        code_set_add(&judgement.codes, FAIL_SMTP_NOT_PROBED_OFF);
        break;
    case CLEAR_PASSES:
        code_set_add(&judgement.codes, FAIL_SMTP_TCP_TIMEOUT);
        break;
    default:
        break;
    }
    return judgement;
}

struct put_off_case {
    const char *what;
    enum kind kind;
    int64_t retries;
    uint32_t pass;
    int64_t began_ms, doubted_until_ms;
    bool expected;
};

enum { NEVER = 0 };

static const struct put_off_case put_off_cases[] = {
    {"nothing to wait for", CLEAR, 1, 1, 100, NEVER, false},
    {"open, and a pass is left", OPEN, 1, 1, 100, NEVER, true},
    {"open, in the last pass", OPEN, 1, 2, 100, NEVER, false},
    {"open, three passes are left", OPEN, 3, 1, 100, NEVER, true},
    {"open, the last of three is over", OPEN, 3, 4, 100, NEVER, false},
    {"open, no pass is wanted", OPEN, 0, 1, 100, NEVER, false},
    {"open by our own configuration", OPEN_BY_US, 1, 1, 100, NEVER, false},
    {"a second look is due", LOOK_DUE, 1, 1, 100, NEVER, true},
    {"a second look is due, and none comes", LOOK_DUE, 1, 2, 100, NEVER, false},
    {"clear, and what failed decides nothing", CLEAR_PASSES, 1, 1, 100, NEVER, false},
    {"clear, and began in an outage", CLEAR_PASSES, 1, 1, 100, 101, true},
    {"clear, and began when it was over", CLEAR_PASSES, 1, 1, 100, 100, false},
    {"nothing failed in the outage", CLEAR, 1, 1, 100, 101, false},
    {"by our own configuration in an outage", OPEN_BY_US, 1, 1, 100, 101, false},
    {"an outage, no pass is wanted", OPEN, 0, 1, 100, 101, true},
    {"an outage in the last pass", OPEN, 1, 2, 100, 101, true},
    {"an outage in the second pass for outages", OPEN, 1, 4, 100, 101, true},
    {"an outage in the last pass for outages", OPEN, 1, 5, 100, 101, false},
    {"an outage lasts", CLEAR_PASSES, 0, 3, 100, INT64_MAX, true},
    {"an outage lasts, and no pass is left", CLEAR_PASSES, 0, 4, 100, INT64_MAX, false},
};

static void test_which_are_put_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof put_off_cases / sizeof *put_off_cases; i++) {
        const struct put_off_case *row = &put_off_cases[i];
        struct judgement judgement = make_judgement(row->kind);
        struct pass_end end = {.retries = row->retries,
                               .pass = row->pass,
                               .began_ms = row->began_ms,
                               .doubted_until_ms = row->doubted_until_ms};
        if (passes_put_off(&end, &judgement) != row->expected)
            fail_msg("%s: expected %d", row->what, row->expected);
    }
}

/* ---- when passes begin
 * ------------------------------------------------------------------------------------- */

/* What is to be seen at some time, and what follows. After PASS_HAND_OUT the names are handed out. */
struct sight_row {
    struct pass_sight sight; /* now, started, finished, put off, stopped, held back */
    enum pass_step step;
};

enum { MOST_ROWS = 12, AFTER_MS = 1000 };

struct script {
    const char *what;
    int64_t retries;
    struct sight_row rows[MOST_ROWS]; /* up to PASS_END or PASS_STOP */
};

static const struct script scripts[] = {
    {"nothing is put off",
     1,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT},
      {{10, 5, 4, 0, false, false}, PASS_WAIT},
      {{20, 5, 5, 0, false, false}, PASS_END}}},
    {"no names at all",
     1,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT}, {{0, 0, 0, 0, false, false}, PASS_END}}},
    {"two of five come again, after the rest, and are done then",
     1,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT},
      {{10, 5, 3, 2, false, false}, PASS_WAIT},
      {{20, 5, 5, 2, false, false}, PASS_TURN},
      {{30, 5, 5, 2, false, false}, PASS_WAIT},
      {{1019, 5, 5, 2, false, false}, PASS_WAIT},
      {{1020, 5, 5, 2, false, false}, PASS_BEGIN},
      {{1020, 5, 5, 2, false, false}, PASS_HAND_OUT},
      {{1030, 7, 6, 2, false, false}, PASS_WAIT},
      {{1040, 7, 7, 2, false, false}, PASS_END}}},
    {"what only an outage hit does not rest",
     0,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT},
      {{20, 5, 5, 2, false, false}, PASS_TURN},
      {{20, 5, 5, 2, false, false}, PASS_BEGIN},
      {{20, 5, 5, 2, false, false}, PASS_HAND_OUT},
      {{40, 7, 7, 2, false, false}, PASS_END}}},
    {"but waits for the end of the outage",
     0,
     {{{0, 0, 0, 0, false, true}, PASS_HAND_OUT},
      {{20, 5, 5, 2, false, true}, PASS_TURN},
      {{20, 5, 5, 2, false, true}, PASS_WAIT},
      {{9000, 5, 5, 2, false, true}, PASS_WAIT},
      {{9010, 5, 5, 2, false, false}, PASS_BEGIN},
      {{9010, 5, 5, 2, false, false}, PASS_HAND_OUT},
      {{9020, 7, 7, 2, false, false}, PASS_END}}},
    {"the rest is over, the outage not",
     1,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT},
      {{20, 5, 5, 2, false, false}, PASS_TURN},
      {{1020, 5, 5, 2, false, true}, PASS_WAIT},
      {{1030, 5, 5, 2, false, false}, PASS_BEGIN},
      {{1030, 5, 5, 2, false, false}, PASS_HAND_OUT},
      {{1040, 7, 7, 2, false, false}, PASS_END}}},
    {"the pass after the last wanted one is for outages: no rest",
     1,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT},
      {{20, 5, 5, 2, false, false}, PASS_TURN},
      {{1020, 5, 5, 2, false, false}, PASS_BEGIN},
      {{1020, 5, 5, 2, false, false}, PASS_HAND_OUT},
      {{1030, 7, 7, 3, false, false}, PASS_TURN},
      {{1030, 7, 7, 3, false, false}, PASS_BEGIN},
      {{1030, 7, 7, 3, false, false}, PASS_HAND_OUT},
      {{1040, 8, 8, 3, false, false}, PASS_END}}},
    {"a stop while some are under way",
     1,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT},
      {{10, 5, 4, 0, false, false}, PASS_WAIT},
      {{20, 5, 4, 0, true, false}, PASS_STOP}}},
    {"a stop when all have their record: the scan is whole",
     1,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT}, {{20, 5, 5, 0, true, false}, PASS_END}}},
    {"a stop when some are put off: they come in a resume",
     1,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT},
      {{20, 5, 5, 1, true, false}, PASS_TURN},
      {{20, 5, 5, 1, true, false}, PASS_STOP}}},
    {"a stop in the rest",
     1,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT},
      {{20, 5, 5, 1, false, false}, PASS_TURN},
      {{30, 5, 5, 1, false, false}, PASS_WAIT},
      {{40, 5, 5, 1, true, false}, PASS_STOP}}},
    {"a stop in an outage",
     0,
     {{{0, 0, 0, 0, false, false}, PASS_HAND_OUT},
      {{20, 5, 5, 1, false, true}, PASS_TURN},
      {{30, 5, 5, 1, false, true}, PASS_WAIT},
      {{40, 5, 5, 1, true, true}, PASS_STOP}}},
};

static void run_script(const struct script *script)
{
    struct passes passes;
    passes_begin(&passes, 1, script->retries, AFTER_MS);
    for (size_t i = 0; i < MOST_ROWS; i++) {
        const struct sight_row *row = &script->rows[i];
        enum pass_step step = passes_step(&passes, &row->sight);
        if (step != row->step)
            fail_msg("%s: row %zu: step %d, expected %d", script->what, i + 1, (int)step, (int)row->step);
        if (step == PASS_HAND_OUT)
            passes_handed_out(&passes);
        if (step == PASS_END || step == PASS_STOP)
            return;
    }
    fail_msg("%s: no end", script->what);
}

static void test_when_passes_begin(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        run_script(&scripts[i]);
}

/* With each pass putting one off, how many are there? And nobody waits for those of the last. */
static void count_passes(int64_t retries, unsigned *passes_made, unsigned *rests)
{
    struct passes passes;
    struct pass_sight sight = {.now_ms = 1};
    enum pass_step step;
    *passes_made = 0;
    *rests = 0;
    passes_begin(&passes, 1, retries, AFTER_MS);
    while ((step = passes_step(&passes, &sight)) != PASS_END) {
        if (step == PASS_HAND_OUT) {
            sight.started++;
            passes_handed_out(&passes);
            ++*passes_made;
        } else if (step == PASS_WAIT && passes_rest(&passes, sight.now_ms)) {
            sight.now_ms = passes.rest_until_ms;
            ++*rests;
        } else if (step == PASS_WAIT) {
            sight.finished++;
            sight.put_off++;
        }
        assert_true(*passes_made < 100);
    }
    assert_int_equal(sight.started, *passes_made);
    assert_int_equal(sight.finished, *passes_made - 1);
}

static void test_how_many_passes(void **state)
{
    (void)state;
    for (int64_t retries = 0; retries <= 10; retries++) {
        unsigned made, rests;
        count_passes(retries, &made, &rests);
        assert_int_equal(made, 1 + retries + PASSES_OUTAGE);
        assert_int_equal(rests, retries);
    }
}

/* A minute is the least that helps, the option is the most, and between them each name counts. */
static void test_how_long_it_rests(void **state)
{
    (void)state;
    static const struct {
        int64_t retry_after_ms;
        uint64_t names;
        int64_t rest_ms;
    } rows[] = {
        {900000, 0, 60000},
        {900000, 1, 60000},
        {900000, 100, 60000},
        {900000, 101, 60600},
        {900000, 1000, 600000},
        {900000, 1499, 899400},
        {900000, 1500, 900000},
        {900000, 1501, 900000},
        {900000, UINT64_MAX, 900000},
        {10, 1, 10},
        {10, 1000000, 10},
        {59999, 1, 59999},
        {86400000, 100000, 60000000},
        {86400000, 10000000, 86400000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (passes_rest_ms(rows[i].retry_after_ms, rows[i].names) != rows[i].rest_ms)
            fail_msg("row %zu", i);
}

/* The names of the first pass count, also when few are put off by a later one. */
static void test_the_rest_is_of_the_list(void **state)
{
    (void)state;
    struct passes passes;
    struct pass_sight sight = {.now_ms = 5000};
    passes_begin(&passes, 1, 2, 900000);
    assert_int_equal(passes_step(&passes, &sight), PASS_HAND_OUT);
    passes_handed_out(&passes);
    sight.started = sight.finished = 200;
    sight.put_off = 3;
    assert_int_equal(passes_step(&passes, &sight), PASS_TURN);
    assert_int_equal(passes.rest_ms, 120000);
    assert_int_equal(passes.rest_until_ms, 125000);
    sight.now_ms = 125000;
    assert_int_equal(passes_step(&passes, &sight), PASS_BEGIN);
    assert_int_equal(passes_step(&passes, &sight), PASS_HAND_OUT);
    passes_handed_out(&passes);
    sight.started = sight.finished = 203;
    sight.put_off = 4;
    assert_int_equal(passes_step(&passes, &sight), PASS_TURN);
    assert_int_equal(passes.rest_ms, 120000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_are_put_off), cmocka_unit_test(test_when_passes_begin),
        cmocka_unit_test(test_how_long_it_rests), cmocka_unit_test(test_the_rest_is_of_the_list),
        cmocka_unit_test(test_how_many_passes),
    };
    return cmocka_run_group_tests_name("passes", tests, NULL, NULL);
}
