/* Holds the tables of all pairs of states, one character a pair: a row is what was, a column what is. */
#include "output/readback/changes.h"

/* In the tables: . neither, + better, - worse, ? unclear. */
struct aspect_table {
    const char *name;
    const char *states[ASPECT_STATES_MOST];
    const char *delivery[ASPECT_STATES_MOST];
    const char *protection[ASPECT_STATES_MOST];
};

enum {
    STS_NO_MAIL,
    STS_ABSENT,
    STS_BROKEN,
    STS_OFF,
    STS_TESTING_UNKNOWN,
    STS_TESTING_REFUSED,
    STS_TESTING_PARTIAL,
    STS_TESTING_PROTECTED,
    STS_PARTIAL,
    STS_REFUSED,
    STS_PROTECTED,
    STS_UNKNOWN
};

enum { DANE_ABSENT, DANE_UNUSABLE, DANE_PARTIAL, DANE_REFUSED, DANE_PROTECTED, DANE_UNKNOWN };

enum { STARTTLS_NONE, STARTTLS_SOME, STARTTLS_ALL, STARTTLS_UNKNOWN };

enum { TLSRPT_STATE_ABSENT, TLSRPT_STATE_BAD, TLSRPT_STATE_VALID, TLSRPT_STATE_UNKNOWN };

/* clang-format off */
static const struct aspect_table tables[ASPECT_COUNT] = {
    [ASPECT_MTA_STS] = {
        "mta-sts",
        {"no-mail", "absent", "broken", "off", "testing/unknown", "testing/refused", "testing/partial",
         "testing/protected", "partial", "refused", "protected", "unknown"},
        {
            /*                    nabo URPT prs? */
            [STS_NO_MAIL]           = "........--.?",
            [STS_ABSENT]            = "........--.?",
            [STS_BROKEN]            = "........--.?",
            [STS_OFF]               = "........--.?",
            [STS_TESTING_UNKNOWN]   = "........--.?",
            [STS_TESTING_REFUSED]   = "........--.?",
            [STS_TESTING_PARTIAL]   = "........--.?",
            [STS_TESTING_PROTECTED] = "........--.?",
            [STS_PARTIAL]           = ".+++++++.-+?",
            [STS_REFUSED]           = ".++++++++.+?",
            [STS_PROTECTED]         = "........--.?",
            [STS_UNKNOWN]           = "???????????.",
        },
        {
            [STS_NO_MAIL]           = "....+++++++?",
            [STS_ABSENT]            = "....+++++++?",
            [STS_BROKEN]            = "....+++++++?",
            [STS_OFF]               = "....+++++++?",
            [STS_TESTING_UNKNOWN]   = "----.???+++?",
            [STS_TESTING_REFUSED]   = "----?.+++++?",
            [STS_TESTING_PARTIAL]   = "----?-.++++?",
            [STS_TESTING_PROTECTED] = "----?--.+++?",
            [STS_PARTIAL]           = "--------...?",
            [STS_REFUSED]           = "--------...?",
            [STS_PROTECTED]         = "--------...?",
            [STS_UNKNOWN]           = "???????????.",
        },
    },
    /* partial: hosts with DANE that hold, beside others that fail or have none; whether mail is lost by it hangs on
     * which, so that it is neither for delivery. */
    [ASPECT_DANE] = {
        "dane",
        {"absent", "unusable", "partial", "refused", "protected", "unknown"},
        {
            [DANE_ABSENT]    = "...-.?",
            [DANE_UNUSABLE]  = "...-.?",
            [DANE_PARTIAL]   = "...-.?",
            [DANE_REFUSED]   = "+++.+?",
            [DANE_PROTECTED] = "...-.?",
            [DANE_UNKNOWN]   = "?????.",
        },
        {
            [DANE_ABSENT]    = ".++++?",
            [DANE_UNUSABLE]  = "-.+++?",
            [DANE_PARTIAL]   = "--.++?",
            [DANE_REFUSED]   = "---..?",
            [DANE_PROTECTED] = "---..?",
            [DANE_UNKNOWN]   = "?????.",
        },
    },
    [ASPECT_STARTTLS] = {
        "starttls",
        {"none", "some", "all", "unknown"},
        {
            [STARTTLS_NONE]    = "...?",
            [STARTTLS_SOME]    = "...?",
            [STARTTLS_ALL]     = "...?",
            [STARTTLS_UNKNOWN] = "???.",
        },
        {
            [STARTTLS_NONE]    = ".++?",
            [STARTTLS_SOME]    = "-.+?",
            [STARTTLS_ALL]     = "--.?",
            [STARTTLS_UNKNOWN] = "???.",
        },
    },
    /* Reports protect nothing by themselves, but without them nobody hears of what fails. */
    [ASPECT_TLSRPT] = {
        "tlsrpt",
        {"absent", "bad", "valid", "unknown"},
        {
            [TLSRPT_STATE_ABSENT]  = "...?",
            [TLSRPT_STATE_BAD]     = "...?",
            [TLSRPT_STATE_VALID]   = "...?",
            [TLSRPT_STATE_UNKNOWN] = "???.",
        },
        {
            [TLSRPT_STATE_ABSENT]  = "..+?",
            [TLSRPT_STATE_BAD]     = "..+?",
            [TLSRPT_STATE_VALID]   = "--.?",
            [TLSRPT_STATE_UNKNOWN] = "???.",
        },
    },
};
/* clang-format on */

const char *aspect_name(enum aspect aspect)
{
    return tables[aspect].name;
}

const char *course_name(enum course course)
{
    static const char *const names[COURSE_COUNT] = {[COURSE_NEITHER] = "neither",
                                                    [COURSE_BETTER] = "better",
                                                    [COURSE_WORSE] = "worse",
                                                    [COURSE_UNCLEAR] = "unclear"};
    return names[course];
}

size_t aspect_state_count(enum aspect aspect)
{
    size_t count = 0;
    while (count < ASPECT_STATES_MOST && tables[aspect].states[count] != NULL)
        count++;
    return count;
}

const char *aspect_state_name(enum aspect aspect, unsigned state)
{
    return tables[aspect].states[state];
}

static unsigned testing_state(enum outcome would_be)
{
    switch (would_be) {
    case OUTCOME_PROTECTED:
        return STS_TESTING_PROTECTED;
    case OUTCOME_PARTIAL:
        return STS_TESTING_PARTIAL;
    case OUTCOME_REFUSED:
        return STS_TESTING_REFUSED;
    default:
        return STS_TESTING_UNKNOWN;
    }
}

unsigned mta_sts_state(enum outcome outcome, enum outcome would_be)
{
    static const uint8_t states[OUTCOME_COUNT] = {
        [OUTCOME_NONE] = STS_UNKNOWN,    [OUTCOME_NO_MAIL] = STS_NO_MAIL,     [OUTCOME_ABSENT] = STS_ABSENT,
        [OUTCOME_UNKNOWN] = STS_UNKNOWN, [OUTCOME_BROKEN] = STS_BROKEN,       [OUTCOME_OFF] = STS_OFF,
        [OUTCOME_PARTIAL] = STS_PARTIAL, [OUTCOME_PROTECTED] = STS_PROTECTED, [OUTCOME_REFUSED] = STS_REFUSED,
    };
    return outcome == OUTCOME_TESTING ? testing_state(would_be) : states[outcome];
}

unsigned dane_state(enum dane_outcome outcome)
{
    static const uint8_t states[DANE_OUTCOME_COUNT] = {
        [DANE_OUTCOME_ABSENT] = DANE_ABSENT,     [DANE_OUTCOME_PROTECTED] = DANE_PROTECTED,
        [DANE_OUTCOME_PARTIAL] = DANE_PARTIAL,   [DANE_OUTCOME_REFUSED] = DANE_REFUSED,
        [DANE_OUTCOME_UNUSABLE] = DANE_UNUSABLE, [DANE_OUTCOME_UNKNOWN] = DANE_UNKNOWN,
    };
    return states[outcome];
}

unsigned starttls_state(enum tls_outcome outcome)
{
    static const uint8_t states[TLS_OUTCOME_COUNT] = {
        [TLS_OUTCOME_UNKNOWN] = STARTTLS_UNKNOWN,
        [TLS_OUTCOME_ALL] = STARTTLS_ALL,
        [TLS_OUTCOME_SOME] = STARTTLS_SOME,
        [TLS_OUTCOME_NONE] = STARTTLS_NONE,
    };
    return states[outcome];
}

unsigned tlsrpt_state(enum failure_code code)
{
    if (code == FAIL_NONE)
        return TLSRPT_STATE_VALID;
    if (code == FAIL_TLSRPT_ABSENT || code == FAIL_TLSRPT_NEAR_MISS)
        return TLSRPT_STATE_ABSENT;
    if (code >= FAIL_COUNT) /* of a later version */
        return TLSRPT_STATE_UNKNOWN;
    return failure_get(code)->stage == STAGE_TLSRPT ? TLSRPT_STATE_BAD : TLSRPT_STATE_UNKNOWN;
}

static enum course course_of(char cell)
{
    return cell == '+'   ? COURSE_BETTER
           : cell == '-' ? COURSE_WORSE
           : cell == '?' ? COURSE_UNCLEAR
                         : COURSE_NEITHER;
}

struct change_courses change_courses(enum aspect aspect, unsigned before, unsigned after)
{
    const struct aspect_table *table = &tables[aspect];
    return (struct change_courses){course_of(table->delivery[before][after]),
                                   course_of(table->protection[before][after])};
}
