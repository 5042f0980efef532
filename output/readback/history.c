/* Steps a small machine for each thing that is watched: compares with a base that stands still while it is
 * worse. */
#include "output/readback/history.h"

#include <string.h>

#include <xxhash.h>

static const struct watched {
    enum aspect aspect;
    enum history_kind kind;
} watched[HISTORY_WHATS] = {
    [HISTORY_STS_DELIVERY] = {ASPECT_MTA_STS, HISTORY_DELIVERY},
    [HISTORY_DANE_DELIVERY] = {ASPECT_DANE, HISTORY_DELIVERY},
    [HISTORY_CACHED] = {ASPECT_COUNT, HISTORY_DELIVERY},
    [HISTORY_STS] = {ASPECT_MTA_STS, HISTORY_PROTECTION},
    [HISTORY_DANE] = {ASPECT_DANE, HISTORY_PROTECTION},
    [HISTORY_STARTTLS] = {ASPECT_STARTTLS, HISTORY_PROTECTION},
    [HISTORY_TLSRPT] = {ASPECT_TLSRPT, HISTORY_PROTECTION},
    [HISTORY_ID] = {ASPECT_COUNT, HISTORY_PROTECTION},
};

/* What an earlier policy does, from good to bad; open: nobody knows. */
enum cached_state { CACHED_HARMLESS, CACHED_PARTLY, CACHED_REFUSING, CACHED_OPEN, CACHED_STATES };

static const char *const cached_names[CACHED_STATES] = {"none", "partial", "refused", "unknown"};

static enum cached_state cached_state_of(const struct stand *stand)
{
    if (stand->cached.code == FAIL_CACHED_REFUSED)
        return CACHED_REFUSING;
    if (stand->cached.code == FAIL_CACHED_PARTIAL)
        return CACHED_PARTLY;
    return stand->cached.open ? CACHED_OPEN : CACHED_HARMLESS;
}

static enum course cached_course(unsigned before, unsigned after)
{
    if (before == CACHED_OPEN || after == CACHED_OPEN)
        return COURSE_UNCLEAR;
    return after > before ? COURSE_WORSE : after < before ? COURSE_BETTER : COURSE_NEITHER;
}

static unsigned state_count(enum history_what what)
{
    return what == HISTORY_CACHED ? CACHED_STATES : (unsigned)aspect_state_count(watched[what].aspect);
}

static enum course course_of(enum history_what what, unsigned before, unsigned after)
{
    if (what == HISTORY_CACHED)
        return cached_course(before, after);
    struct change_courses courses = change_courses(watched[what].aspect, before, after);
    return watched[what].kind == HISTORY_DELIVERY ? courses.delivery : courses.protection;
}

/* Counts the states to which it could not be told how this one compares: the more, the less it says. */
static unsigned vagueness(enum history_what what, unsigned state)
{
    unsigned count = 0;
    for (unsigned other = 0; other < state_count(what); other++)
        count += course_of(what, state, other) == COURSE_UNCLEAR;
    return count;
}

/* Counts a scan that is worse than the base; deeper: how it compares with the last one of the row. */
static void go_on(struct history_watch *watch, unsigned scan, enum course deeper)
{
    if (watch->scans == 0) {
        watch->since = (uint8_t)scan;
        watch->deeper = watch->deep_for = 0;
    } else if (deeper == COURSE_WORSE) {
        watch->deeper = (uint8_t)scan;
        watch->deep_for = 1;
    } else if (deeper == COURSE_BETTER)
        watch->deeper = watch->deep_for = 0;
    else if (watch->deeper != 0)
        watch->deep_for++;
    watch->scans++;
    watch->last = (uint8_t)scan;
}

static void mend(struct history_watch *watch, unsigned scan)
{
    if (watch->scans == 0)
        return;
    watch->scans = 0;
    watch->mended = (uint8_t)scan;
    watch->flaps++;
}

static enum course take_state(enum history_what what, struct history_watch *watch, unsigned state,
                              unsigned scan)
{
    enum course course = watch->base == 0 ? COURSE_NEITHER : course_of(what, watch->base - 1u, state);
    bool says_less = watch->base != 0 && vagueness(what, state) > vagueness(what, watch->base - 1u);
    if (course == COURSE_UNCLEAR) {
        if (watch->scans > 0 || says_less)
            return course;
    } else if (course == COURSE_WORSE) {
        go_on(watch, scan, watch->scans == 0 ? COURSE_NEITHER : course_of(what, watch->now - 1u, state));
        watch->now = (uint8_t)(state + 1);
        return course;
    } else
        mend(watch, scan);
    watch->base = watch->now = (uint8_t)(state + 1);
    return course;
}

/* The same by another policy under the same id: stand_keeps_id, of the base and now. */
static void take_id(struct history *history, const struct stand *stand, unsigned scan)
{
    struct history_watch *watch = &history->watches[HISTORY_ID];
    bool served = stand->body != 0 && stand->id[0] != 0;
    uint64_t id = served ? XXH3_64bits(stand->id, strlen(stand->id)) : 0;
    if (!served && stand->outcome == OUTCOME_UNKNOWN)
        return;
    if (served && history->body != 0 && history->id == id && history->body != stand->body) {
        go_on(watch, scan, COURSE_NEITHER);
        return;
    }
    mend(watch, scan);
    history->id = id;
    history->body = served ? stand->body : 0;
}

/* Nobody can say what senders do that may still have the policy of the row. If no policy is served, none took
 * its place. */
static enum course take_unseen(struct history_watch *watch, const struct stand *stand, unsigned scan)
{
    if (stand->body == 0)
        go_on(watch, scan, COURSE_NEITHER);
    return COURSE_UNCLEAR;
}

/* Each earlier policy was harmless as long as it was published: a row begins with the first scan that knows
 * of a victim. */
static enum course take_cached(struct history *history, const struct stand *stand, unsigned scan)
{
    struct history_watch *watch = &history->watches[HISTORY_CACHED];
    if (watch->base == 0)
        watch->base = watch->now = CACHED_HARMLESS + 1;
    if (watch->scans > 0 && !stand_saw_cached(stand) && stand->time < history->none_after)
        return take_unseen(watch, stand, scan);
    if (stand->cached.code != FAIL_NONE)
        history->none_after = stand_none_after(stand);
    return take_state(HISTORY_CACHED, watch, cached_state_of(stand), scan);
}

static enum course take_aspect(struct history *history, enum history_what what, const struct stand *stand,
                               unsigned scan)
{
    return take_state(what, &history->watches[what], stand->states[watched[what].aspect], scan);
}

void history_take(struct history *history, const struct stand *stand, unsigned scan, bool has_previous)
{
    history->seen = (uint8_t)scan;
    memset(history->unclear, 0, sizeof history->unclear);
    for (enum history_what what = 0; what < HISTORY_ID; what++) {
        enum course course = what != HISTORY_CACHED ? take_aspect(history, what, stand, scan)
                             : has_previous         ? take_cached(history, stand, scan)
                                                    : COURSE_NEITHER;
        if (course == COURSE_UNCLEAR)
            history->unclear[watched[what].kind] = 1;
    }
    take_id(history, stand, scan);
}

enum history_kind history_kind_of(enum history_what what)
{
    return watched[what].kind;
}

const char *history_what_name(enum history_what what)
{
    return what == HISTORY_ID       ? "policy-id"
           : what == HISTORY_CACHED ? "cached-policy"
                                    : aspect_name(watched[what].aspect);
}

const char *history_state_name(enum history_what what, unsigned state)
{
    if (what == HISTORY_ID || state == 0)
        return "";
    return what == HISTORY_CACHED ? cached_names[state - 1]
                                  : aspect_state_name(watched[what].aspect, state - 1);
}

bool history_is_second(const struct history_watch *watch, unsigned scan)
{
    return watch->scans > 0 && watch->last == scan && (watch->scans == 2 || watch->deep_for == 2);
}

static unsigned later_of(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

struct history_sum history_sum(const struct history *history, enum history_kind kind, unsigned scan)
{
    struct history_sum sum = {0};
    for (unsigned what = 0; what < HISTORY_WHATS; what++) {
        const struct history_watch *watch = &history->watches[what];
        if (watched[what].kind != kind)
            continue;
        sum.worsened = later_of(sum.worsened, later_of(watch->since, watch->deeper));
        sum.mended = later_of(sum.mended, watch->mended);
        sum.flaps += watch->flaps;
        sum.second = sum.second || history_is_second(watch, scan);
        if (watch->scans > sum.scans) {
            sum.scans = watch->scans;
            sum.since = watch->since;
        }
    }
    return sum;
}
