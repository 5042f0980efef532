/* output/readback/history: from what a domain was in each scan to when it got worse, and for how long. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "output/readback/history.h"

/* A letter is a scan: what the domain is in it. */
static struct stand stand_of(char letter)
{
    struct stand stand = {.domain = "example.org", .id = "", .outcome = OUTCOME_ABSENT};
    static const struct {
        char letter;
        enum outcome outcome, would_be;
    } outcomes[] = {
        {'P', OUTCOME_PROTECTED, OUTCOME_NONE},  {'p', OUTCOME_PARTIAL, OUTCOME_NONE},
        {'R', OUTCOME_REFUSED, OUTCOME_NONE},    {'a', OUTCOME_ABSENT, OUTCOME_NONE},
        {'o', OUTCOME_OFF, OUTCOME_NONE},        {'T', OUTCOME_TESTING, OUTCOME_PROTECTED},
        {'r', OUTCOME_TESTING, OUTCOME_REFUSED}, {'v', OUTCOME_TESTING, OUTCOME_UNKNOWN},
        {'u', OUTCOME_UNKNOWN, OUTCOME_NONE},
    };
    bool found = false;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        if (outcomes[i].letter != letter)
            continue;
        stand.outcome = outcomes[i].outcome;
        stand.would_be = outcomes[i].would_be;
        found = true;
    }
    assert_true(found);
    stand.states[ASPECT_MTA_STS] = mta_sts_state(stand.outcome, stand.would_be);
    stand.states[ASPECT_DANE] = dane_state(DANE_OUTCOME_ABSENT);
    stand.states[ASPECT_STARTTLS] = starttls_state(TLS_OUTCOME_ALL);
    stand.states[ASPECT_TLSRPT] = tlsrpt_state(FAIL_TLSRPT_ABSENT);
    return stand;
}

static void take_all(struct history *history, const char *scans)
{
    memset(history, 0, sizeof *history);
    for (unsigned i = 0; scans[i] != 0; i++) {
        if (scans[i] == '-') /* not in this scan */
            continue;
        struct stand stand = stand_of(scans[i]);
        history_take(history, &stand, i + 1, false);
    }
}

/* The sums of one kind as text: worsened, since, scans, mended, flaps; ! if the last scan is the second. */
static const char *text_of(const struct history *history, enum history_kind kind, unsigned last)
{
    static char text[64];
    struct history_sum sum = history_sum(history, kind, last);
    (void)snprintf(text, sizeof text, "%u %u %u %u %u%s", sum.worsened, sum.since, sum.scans, sum.mended,
                   sum.flaps, sum.second ? "!" : "");
    return text;
}

static void from_scans_to_rows(void **state)
{
    static const struct {
        const char *scans, *delivery, *protection;
    } rows[] = {
        /* worsened, since, scans in the row, mended, flaps */
        {"PPP", "0 0 0 0 0", "0 0 0 0 0"},
        {"P", "0 0 0 0 0", "0 0 0 0 0"},
        {"PR", "2 2 1 0 0", "0 0 0 0 0"},
        {"PRR", "2 2 2 0 0!", "0 0 0 0 0"},
        {"PRRR", "2 2 3 0 0", "0 0 0 0 0"},
        /* What was so from the first scan on did not get worse. */
        {"RRR", "0 0 0 0 0", "0 0 0 0 0"},
        /* A flap is no second night. */
        {"PRP", "2 0 0 3 1", "0 0 0 0 0"},
        {"PRPR", "4 4 1 3 1", "0 0 0 0 0"},
        {"PRPRR", "4 4 2 3 1!", "0 0 0 0 0"},
        {"PRPRP", "4 0 0 5 2", "0 0 0 0 0"},
        /* Unknown, or not in a scan: neither ends the row nor counts in it. */
        {"Pu", "0 0 0 0 0", "0 0 0 0 0"},
        {"uR", "0 0 0 0 0", "0 0 0 0 0"},
        {"uuR", "0 0 0 0 0", "0 0 0 0 0"},
        {"PuR", "3 3 1 0 0", "0 0 0 0 0"},
        {"PRu", "2 2 1 0 0", "0 0 0 0 0"},
        {"PRuR", "2 2 2 0 0!", "0 0 0 0 0"},
        {"PRuRu", "2 2 2 0 0", "0 0 0 0 0"},
        {"PRuuRR", "2 2 3 0 0", "0 0 0 0 0"},
        {"PRuP", "2 0 0 4 1", "0 0 0 0 0"},
        {"PR-R", "2 2 2 0 0!", "0 0 0 0 0"},
        {"--PR", "4 4 1 0 0", "0 0 0 0 0"},
        /* It is the state before the row that is compared with: from refused to partial is better than
         * yesterday, and mail is lost all the same. */
        {"PRp", "2 2 2 0 0!", "0 0 0 0 0"},
        {"PRpp", "2 2 3 0 0", "0 0 0 0 0"},
        /* Worse still: a second night of its own. */
        {"Ppp", "2 2 2 0 0!", "0 0 0 0 0"},
        {"PpppR", "5 2 4 0 0", "0 0 0 0 0"},
        {"PpppRR", "5 2 5 0 0!", "0 0 0 0 0"},
        {"PpppRRR", "5 2 6 0 0", "0 0 0 0 0"},
        {"PpppRuR", "5 2 5 0 0!", "0 0 0 0 0"},
        {"PpppRpR", "7 2 6 0 0", "0 0 0 0 0"},
        {"PpppRpRR", "7 2 7 0 0!", "0 0 0 0 0"},
        /* Protection. Mail is no longer lost once the policy is gone, but it is less protected. */
        {"Pa", "0 0 0 0 0", "2 2 1 0 0"},
        {"Paa", "0 0 0 0 0", "2 2 2 0 0!"},
        {"Pao", "0 0 0 0 0", "2 2 2 0 0!"},
        {"PRa", "2 0 0 3 1", "3 3 1 0 0"},
        {"PRaa", "2 0 0 3 1", "3 3 2 0 0!"},
        {"PTT", "0 0 0 0 0", "2 2 2 0 0!"},
        {"PTa", "0 0 0 0 0", "3 2 2 0 0!"},
        {"PTaa", "0 0 0 0 0", "3 2 3 0 0!"},
        {"aPa", "0 0 0 0 0", "3 3 1 0 0"},
        /* would_be unknown says less than another testing: it neither breaks nor mends. */
        {"TrT", "0 0 0 0 0", "2 0 0 3 1"},
        {"Tvr", "0 0 0 0 0", "3 3 1 0 0"},
        {"Trvr", "0 0 0 0 0", "2 2 2 0 0!"},
        {"vTr", "0 0 0 0 0", "3 3 1 0 0"},
        {"vua", "0 0 0 0 0", "3 3 1 0 0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct history history;
        unsigned last = (unsigned)strlen(rows[i].scans);
        take_all(&history, rows[i].scans);
        const char *text = text_of(&history, HISTORY_DELIVERY, last);
        if (strcmp(text, rows[i].delivery) != 0)
            fail_msg("%s: delivery %s, not %s", rows[i].scans, text, rows[i].delivery);
        text = text_of(&history, HISTORY_PROTECTION, last);
        if (strcmp(text, rows[i].protection) != 0)
            fail_msg("%s: protection %s, not %s", rows[i].scans, text, rows[i].protection);
        assert_int_equal(history.seen, last);
    }
}

/* What each thing was and is, and that one does not mend another. */
static void each_has_a_row_of_its_own(void **state)
{
    struct history history = {0};
    struct stand stand = stand_of('P');
    (void)state;
    stand.states[ASPECT_DANE] = dane_state(DANE_OUTCOME_PROTECTED);
    history_take(&history, &stand, 1, false);
    stand = stand_of('a');
    stand.states[ASPECT_DANE] = dane_state(DANE_OUTCOME_PROTECTED);
    history_take(&history, &stand, 2, false);
    stand = stand_of('P'); /* the policy is back, and DANE gone */
    history_take(&history, &stand, 3, false);
    assert_string_equal(text_of(&history, HISTORY_PROTECTION, 3), "3 3 1 3 1");
    assert_int_equal(history.watches[HISTORY_STS].scans, 0);
    assert_int_equal(history.watches[HISTORY_STS].flaps, 1);
    const struct history_watch *dane = &history.watches[HISTORY_DANE];
    assert_int_equal(dane->scans, 1);
    assert_string_equal(history_what_name(HISTORY_DANE), "dane");
    assert_string_equal(history_state_name(HISTORY_DANE, dane->base), "protected");
    assert_string_equal(history_state_name(HISTORY_DANE, dane->now), "absent");
    assert_string_equal(history_state_name(HISTORY_DANE, 0), "");
    stand.states[ASPECT_DANE] = dane_state(DANE_OUTCOME_REFUSED); /* as much protection, and mail is lost */
    history_take(&history, &stand, 4, false);
    assert_int_equal(history.watches[HISTORY_DANE].scans, 0);
    assert_string_equal(text_of(&history, HISTORY_DELIVERY, 4), "4 4 1 0 0");
    stand.states[ASPECT_STARTTLS] = starttls_state(TLS_OUTCOME_SOME);
    stand.states[ASPECT_DANE] = dane_state(DANE_OUTCOME_UNKNOWN);
    history_take(&history, &stand, 5, false);
    assert_int_equal(history.watches[HISTORY_STARTTLS].since, 5);
    assert_int_equal(history.unclear[HISTORY_DELIVERY], 1);
    assert_int_equal(history.unclear[HISTORY_PROTECTION], 1);
    history_take(&history, &stand, 6, false);
    assert_string_equal(text_of(&history, HISTORY_PROTECTION, 6), "5 5 2 4 2!");
    stand = stand_of('P');
    history_take(&history, &stand, 7, false);
    assert_int_equal(history.unclear[HISTORY_DELIVERY] + history.unclear[HISTORY_PROTECTION], 0);
}

/* EXO-4 over many scans. */
static void a_policy_under_its_old_id(void **state)
{
    static const struct {
        const char *scans, *sum; /* of a scan two characters: id and policy; -- none served, ?? unknown */
    } rows[] = {
        {"1A1A", "0 0 0 0 0"},      {"1A2B", "0 0 0 0 0"},     {"1A1B", "2 2 1 0 0"},
        {"1A1B1B", "2 2 2 0 0!"},   {"1A1B1C", "2 2 2 0 0!"},  {"1A1B1A", "2 0 0 3 1"},
        {"1A1B2B", "2 0 0 3 1"},    {"1A1B2B2C", "4 4 1 3 1"}, {"1A??1B", "3 3 1 0 0"},
        {"1A1B??1B", "2 2 2 0 0!"}, {"1A--1B", "0 0 0 0 0"},   {"1A1B--", "2 0 0 3 1"},
        {"??1A1B", "3 3 1 0 0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct history history = {0};
        unsigned scan = 0;
        for (const char *at = rows[i].scans; *at != 0; at += 2) {
            char id[2] = {at[0], 0};
            struct stand stand = stand_of(at[0] == '?' ? 'u' : 'P');
            /* The rest of it stands still. */
            stand.states[ASPECT_MTA_STS] = mta_sts_state(OUTCOME_PROTECTED, OUTCOME_NONE);
            stand.id = at[0] == '-' || at[0] == '?' ? "" : id;
            stand.body = at[0] == '-' || at[0] == '?' ? 0 : (uint64_t)at[1];
            history_take(&history, &stand, ++scan, false);
        }
        const char *text = text_of(&history, HISTORY_PROTECTION, scan);
        if (strcmp(text, rows[i].sum) != 0)
            fail_msg("%s: %s, not %s", rows[i].scans, text, rows[i].sum);
    }
    assert_string_equal(history_what_name(HISTORY_ID), "policy-id");
    assert_string_equal(history_state_name(HISTORY_ID, 1), "");
}

/* Who loses mail by an earlier policy: h none does, p some do, R all, u it is open; o in a scan without
 * --previous, whatever it is. */
static void an_earlier_policy(void **state)
{
    static const struct {
        const char *scans, *sum;
    } rows[] = {
        {"hhh", "0 0 0 0 0"},  {"hR", "2 2 1 0 0"},    {"hRR", "2 2 2 0 0!"},  {"R", "1 1 1 0 0"},
        {"RR", "1 1 2 0 0!"},  {"oR", "2 2 1 0 0"},    {"oRR", "2 2 2 0 0!"},  {"hRoR", "2 2 2 0 0!"},
        {"hRo", "2 2 1 0 0"},  {"hRh", "2 0 0 3 1"},   {"hRuR", "2 2 2 0 0!"}, {"hRu", "2 2 1 0 0"},
        {"hpR", "3 2 2 0 0!"}, {"hpRR", "3 2 3 0 0!"}, {"hRp", "2 2 2 0 0!"},  {"ooo", "0 0 0 0 0"},
        {"hRhR", "4 4 1 3 1"}, {"uR", "2 2 1 0 0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct history history = {0};
        unsigned scan = 0;
        for (const char *at = rows[i].scans; *at != 0; at++) {
            struct stand stand = stand_of('a');
            stand.cached.code = *at == 'R'   ? FAIL_CACHED_REFUSED
                                : *at == 'p' ? FAIL_CACHED_PARTIAL
                                             : FAIL_NONE;
            stand.cached.open = *at == 'u';
            history_take(&history, &stand, ++scan, *at != 'o');
            assert_int_equal(history.unclear[HISTORY_DELIVERY], *at == 'u');
        }
        const char *text = text_of(&history, HISTORY_DELIVERY, scan);
        if (strcmp(text, rows[i].sum) != 0)
            fail_msg("%s: %s, not %s", rows[i].scans, text, rows[i].sum);
    }
    assert_string_equal(history_what_name(HISTORY_CACHED), "cached-policy");
    assert_string_equal(history_state_name(HISTORY_CACHED, 3), "refused");
}

/* Nights are a day apart. R: mail is refused by an earlier policy, whose last copy expires max_age after that
 * night; . the record has nothing of it and no policy, v the same with a policy that is served; n senders
 * take a newer one; h they have it, and lose no mail. */
static void what_expires_in_between(void **state)
{
    static const struct {
        int hours; /* max_age */
        const char *scans, *sum;
        bool unclear;
    } rows[] = {
        /* A day and an hour: the third night is before the end, and is told as the second in a row. */
        {25, ".R.", "2 2 2 0 0!", true},
        {25, ".R..", "2 0 0 4 1", false},
        /* A day: nobody has it in the third night, and there is nothing to mend. */
        {24, ".R.", "2 0 0 3 1", false},
        {6, ".R.", "2 0 0 3 1", false},
        /* Whoever was seen again stands in the row as before. */
        {60, ".RR.", "2 2 3 0 0", true},
        {60, ".RR..", "2 2 4 0 0", true},
        {60, ".RR...", "2 0 0 6 1", false},
        /* A policy is served, which they may have taken: it does not count, and mends nothing. */
        {60, ".Rv", "2 2 1 0 0", true},
        {60, ".RvR", "2 2 2 0 0!", false},
        {60, ".Rvv", "2 2 1 0 0", true},
        {60, ".Rvvv", "2 0 0 5 1", false},
        /* What is seen to be mended is. */
        {60, ".Rn.", "2 0 0 3 1", false},
        {60, ".Rh.", "2 0 0 3 1", false},
        {60, "..h.", "0 0 0 0 0", false},
        {60, ".Rn.R", "5 5 1 3 1", false},
    };
    const int64_t hour_ms = INT64_C(3600000), first_ms = INT64_C(1769947200000);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct history history = {0};
        unsigned scan = 0;
        for (const char *at = rows[i].scans; *at != 0; at++) {
            struct stand stand = stand_of('a');
            stand.time = first_ms + 24 * hour_ms * scan;
            stand.body = *at == 'v';
            stand.cached.there = *at == 'R' || *at == 'n' || *at == 'h';
            stand.cached.found = *at == 'n' ? CACHED_RENEWED : CACHED_NO_RECORD;
            if (*at == 'R') {
                stand.cached.code = FAIL_CACHED_REFUSED;
                stand.cached.sure_until = stand.time + hour_ms;
                stand.cached.none_after = stand.time + rows[i].hours * hour_ms;
            }
            history_take(&history, &stand, ++scan, true);
        }
        const char *text = text_of(&history, HISTORY_DELIVERY, scan);
        if (strcmp(text, rows[i].sum) != 0 || history.unclear[HISTORY_DELIVERY] != rows[i].unclear)
            fail_msg("%s, %d hours: %s, not %s; unclear %d", rows[i].scans, rows[i].hours, text, rows[i].sum,
                     history.unclear[HISTORY_DELIVERY]);
    }
    assert_int_equal(sizeof(struct history), 104); /* 112 with its name's place: docs/internals/readback.md */
}

/* The one judge is the table: no column of it that says worse is left out. */
static void all_that_gets_worse_is_watched(void **state)
{
    (void)state;
    for (unsigned aspect = 0; aspect < ASPECT_COUNT; aspect++)
        for (unsigned kind = 0; kind < HISTORY_KINDS; kind++) {
            bool worse = false, is_watched = false;
            for (unsigned a = 0; a < aspect_state_count((enum aspect)aspect); a++)
                for (unsigned b = 0; b < aspect_state_count((enum aspect)aspect); b++) {
                    struct change_courses courses = change_courses((enum aspect)aspect, a, b);
                    worse = worse || (kind == HISTORY_DELIVERY ? courses.delivery : courses.protection) ==
                                         COURSE_WORSE;
                }
            for (unsigned what = 0; what < HISTORY_ID; what++)
                is_watched =
                    is_watched || (history_kind_of((enum history_what)what) == (enum history_kind)kind &&
                                   strcmp(history_what_name((enum history_what)what),
                                          aspect_name((enum aspect)aspect)) == 0);
            assert_int_equal(worse, is_watched);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_scans_to_rows),        cmocka_unit_test(each_has_a_row_of_its_own),
        cmocka_unit_test(a_policy_under_its_old_id), cmocka_unit_test(an_earlier_policy),
        cmocka_unit_test(what_expires_in_between),   cmocka_unit_test(all_that_gets_worse_is_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
