/* output/readback/changes: whether a change is for the better, over all pairs of states. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "output/readback/changes.h"

static unsigned state_of(enum aspect aspect, const char *name, size_t len)
{
    for (unsigned i = 0; i < aspect_state_count(aspect); i++)
        if (strlen(aspect_state_name(aspect, i)) == len &&
            memcmp(aspect_state_name(aspect, i), name, len) == 0)
            return i;
    fail_msg("%s has no state %.*s", aspect_name(aspect), (int)len, name);
    return 0;
}

static bool is_unknown(enum aspect aspect, unsigned state)
{
    const char *name = aspect_state_name(aspect, state);
    size_t len = strlen(name);
    return len >= 7 && strcmp(name + len - 7, "unknown") == 0;
}

static enum course reverse(enum course course)
{
    return course == COURSE_BETTER ? COURSE_WORSE : course == COURSE_WORSE ? COURSE_BETTER : course;
}

/* Every pair has its two courses; none is one's own change; and the way back is the other course, but where a
 * domain takes no mail on one side. */
static void every_pair_is_there(void **state)
{
    (void)state;
    for (unsigned a = 0; a < ASPECT_COUNT; a++) {
        enum aspect aspect = (enum aspect)a;
        unsigned count = (unsigned)aspect_state_count(aspect);
        assert_true(count > 1);
        for (unsigned i = 0; i < count; i++)
            for (unsigned j = 0; j < count; j++) {
                struct change_courses there = change_courses(aspect, i, j),
                                      back = change_courses(aspect, j, i);
                bool no_mail = strcmp(aspect_state_name(aspect, i), "no-mail") == 0 ||
                               strcmp(aspect_state_name(aspect, j), "no-mail") == 0;
                if (there.protection != reverse(back.protection) ||
                    (!no_mail && there.delivery != reverse(back.delivery)))
                    fail_msg("%s: %s to %s and back", aspect_name(aspect), aspect_state_name(aspect, i),
                             aspect_state_name(aspect, j));
                bool same = i == j;
                assert_true(!same ||
                            (there.delivery == COURSE_NEITHER && there.protection == COURSE_NEITHER));
            }
    }
}

/* What could not be determined is neither better nor worse. */
static void unknown_is_unclear(void **state)
{
    (void)state;
    for (unsigned a = 0; a < ASPECT_COUNT; a++) {
        enum aspect aspect = (enum aspect)a;
        unsigned count = (unsigned)aspect_state_count(aspect), unknown = state_of(aspect, "unknown", 7);
        for (unsigned i = 0; i < count; i++) {
            struct change_courses to = change_courses(aspect, i, unknown);
            enum course wanted = i == unknown ? COURSE_NEITHER : COURSE_UNCLEAR;
            assert_int_equal(to.delivery, wanted);
            assert_int_equal(to.protection, wanted);
        }
    }
}

/* Senders lose mail only if the domain enforces and validation fails. */
static void only_what_is_enforced_is_worse_for_delivery(void **state)
{
    (void)state;
    unsigned count = (unsigned)aspect_state_count(ASPECT_MTA_STS);
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < count; j++) {
            const char *to = aspect_state_name(ASPECT_MTA_STS, j);
            bool fails = strcmp(to, "partial") == 0 || strcmp(to, "refused") == 0;
            if (change_courses(ASPECT_MTA_STS, i, j).delivery == COURSE_WORSE && !fails)
                fail_msg("%s to %s", aspect_state_name(ASPECT_MTA_STS, i), to);
            if (i != j && strcmp(to, "refused") == 0 && !is_unknown(ASPECT_MTA_STS, i))
                assert_int_equal(change_courses(ASPECT_MTA_STS, i, j).delivery, COURSE_WORSE);
        }
}

static void changes_that_people_ask_about(void **state)
{
    static const struct {
        enum aspect aspect;
        const char *pair;
        enum course delivery, protection;
    } rows[] = {
        {ASPECT_MTA_STS, "protected > off", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_MTA_STS, "protected > testing/protected", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_MTA_STS, "protected > absent", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_MTA_STS, "protected > broken", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_MTA_STS, "protected > partial", COURSE_WORSE, COURSE_NEITHER},
        {ASPECT_MTA_STS, "protected > refused", COURSE_WORSE, COURSE_NEITHER},
        {ASPECT_MTA_STS, "testing/protected > testing/refused", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_MTA_STS, "testing/protected > testing/unknown", COURSE_NEITHER, COURSE_UNCLEAR},
        {ASPECT_MTA_STS, "testing/protected > protected", COURSE_NEITHER, COURSE_BETTER},
        {ASPECT_MTA_STS, "testing/refused > refused", COURSE_WORSE, COURSE_BETTER},
        {ASPECT_MTA_STS, "refused > testing/refused", COURSE_BETTER, COURSE_WORSE},
        {ASPECT_MTA_STS, "refused > protected", COURSE_BETTER, COURSE_NEITHER},
        {ASPECT_MTA_STS, "absent > broken", COURSE_NEITHER, COURSE_NEITHER},
        {ASPECT_MTA_STS, "absent > no-mail", COURSE_NEITHER, COURSE_NEITHER},
        {ASPECT_MTA_STS, "protected > no-mail", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_MTA_STS, "absent > testing/unknown", COURSE_NEITHER, COURSE_BETTER},
        {ASPECT_DANE, "protected > refused", COURSE_WORSE, COURSE_NEITHER},
        {ASPECT_DANE, "protected > absent", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_DANE, "absent > protected", COURSE_NEITHER, COURSE_BETTER},
        {ASPECT_DANE, "absent > refused", COURSE_WORSE, COURSE_BETTER},
        {ASPECT_STARTTLS, "all > some", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_STARTTLS, "none > all", COURSE_NEITHER, COURSE_BETTER},
        {ASPECT_TLSRPT, "valid > bad", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_TLSRPT, "valid > absent", COURSE_NEITHER, COURSE_WORSE},
        {ASPECT_TLSRPT, "absent > bad", COURSE_NEITHER, COURSE_NEITHER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *between = strstr(rows[i].pair, " > ");
        assert_non_null(between);
        unsigned before = state_of(rows[i].aspect, rows[i].pair, (size_t)(between - rows[i].pair));
        unsigned after = state_of(rows[i].aspect, between + 3, strlen(between + 3));
        struct change_courses courses = change_courses(rows[i].aspect, before, after);
        if (courses.delivery != rows[i].delivery || courses.protection != rows[i].protection)
            fail_msg("%s %s: delivery %s, protection %s", aspect_name(rows[i].aspect), rows[i].pair,
                     course_name(courses.delivery), course_name(courses.protection));
    }
}

static void what_is_found_has_its_state(void **state)
{
    (void)state;
    for (unsigned i = OUTCOME_NO_MAIL; i < OUTCOME_COUNT; i++)
        if (i != OUTCOME_TESTING)
            assert_string_equal(
                aspect_state_name(ASPECT_MTA_STS, mta_sts_state((enum outcome)i, OUTCOME_NONE)),
                outcome_name((enum outcome)i));
    assert_string_equal(aspect_state_name(ASPECT_MTA_STS, mta_sts_state(OUTCOME_TESTING, OUTCOME_PARTIAL)),
                        "testing/partial");
    assert_string_equal(aspect_state_name(ASPECT_MTA_STS, mta_sts_state(OUTCOME_TESTING, OUTCOME_UNKNOWN)),
                        "testing/unknown");
    for (unsigned i = 0; i < DANE_OUTCOME_COUNT; i++)
        assert_string_equal(aspect_state_name(ASPECT_DANE, dane_state((enum dane_outcome)i)),
                            dane_outcome_name((enum dane_outcome)i));
    for (unsigned i = 0; i < TLS_OUTCOME_COUNT; i++)
        assert_string_equal(aspect_state_name(ASPECT_STARTTLS, starttls_state((enum tls_outcome)i)),
                            tls_outcome_name((enum tls_outcome)i));
    assert_string_equal(aspect_state_name(ASPECT_TLSRPT, tlsrpt_state(FAIL_NONE)), "valid");
    assert_string_equal(aspect_state_name(ASPECT_TLSRPT, tlsrpt_state(FAIL_TLSRPT_ABSENT)), "absent");
    assert_string_equal(aspect_state_name(ASPECT_TLSRPT, tlsrpt_state(FAIL_TLSRPT_RUA_BAD)), "bad");
    assert_string_equal(aspect_state_name(ASPECT_TLSRPT, tlsrpt_state(FAIL_DNS_TIMEOUT)), "unknown");
    assert_string_equal(aspect_state_name(ASPECT_TLSRPT, tlsrpt_state(FAIL_COUNT)), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_there),
        cmocka_unit_test(unknown_is_unclear),
        cmocka_unit_test(only_what_is_enforced_is_worse_for_delivery),
        cmocka_unit_test(changes_that_people_ask_about),
        cmocka_unit_test(what_is_found_has_its_state),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
