/*
 * Records of two scans, one behind the other with a byte FF between them: a record held against itself shows
 * no change; what is kept of one, for diff and for diff --vantage, is found again as it was, and shows the
 * same changes; a row of the same record never gets worse; and what is told of it may be printed.
 */
#include "output/readback/causes.h"
#include "output/readback/history.h"
#include "scanner/base/utf8.h"
#include "scanner/commands/diff_old.h"
#include "scanner/commands/diff_seen_kept.h"
#include "scanner/commands/diff_sorted.h"
#include "tests/fuzz/target.h"

enum { ARENA_BYTES = 64 << 20, WHY_BYTES = 4096, LINE_BYTES = 1 << 20, SCANS = 4 };

/* ---- what is told --------------------------------------------------------------------------------------- */

static void expect_hosts(const struct stand_host *hosts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(is_printable(hosts[i].host) ? NULL : "a host's name that may not be printed");
}

static void expect_printable(const struct stand *stand)
{
    expect(is_printable(stand->domain) && is_printable(stand->id) && is_printable(stand->provider) &&
                   is_printable(stand->policy_host)
               ? NULL
               : "a text that may not be printed");
    expect_hosts(stand->hosts, stand->host_count);
    expect_hosts(stand->dane, stand->dane_count);
    expect(stand->open.host == NULL || is_printable(stand->open.host) ? NULL : "an open host's name");
}

/* The end of a domain's line, in which the label is anybody's. */
static void expect_line(const struct stand_change *told)
{
    struct buf line;
    struct causes causes = stand_change_causes(told);
    buf_init(&line, LINE_BYTES);
    diff_sorted_end_line(&line, &causes, told->one->label);
    expect(stand_gravity(told) < GRAVITY_COUNT ? NULL : "no gravity");
    for (struct bytes left = buf_bytes(&line); left.len > 0;) {
        size_t len = utf8_shown_len(left);
        expect(len > 0 ? NULL : "a line that may not be printed");
        left = bytes_behind(left, len);
    }
    buf_dispose(&line);
}

/* ---- changes -------------------------------------------------------------------------------------------- */

static void expect_no_change(const struct stand *stand)
{
    struct stand_change told = stand_change(stand, stand);
    expect(told.change == CHANGE_NONE && !told.keeps_id ? NULL : "a change of the same record");
    expect(told.courses.delivery == COURSE_NEITHER && told.courses.protection == COURSE_NEITHER
               ? NULL
               : "the same record is better or worse");
    expect(told.is_told == (stand_change_victim(&told) != NULL) ? NULL : "the same record is told");
    expect_line(&told);
}

static void expect_same_change(const struct stand_change *one, const struct stand_change *other)
{
    expect(one->change == other->change && one->keeps_id == other->keeps_id &&
                   one->is_told == other->is_told && one->courses.delivery == other->courses.delivery &&
                   one->courses.protection == other->courses.protection
               ? NULL
               : "what was kept shows another change");
}

/* Without earlier policies, which may be worse in the first scan that knows of them. */
static void expect_no_row(const struct stand *stand)
{
    struct history history = {.seen = 0};
    for (unsigned scan = 1; scan <= SCANS; scan++) {
        history_take(&history, stand, scan, false);
        for (enum history_kind kind = 0; kind < HISTORY_KINDS; kind++) {
            struct history_sum sum = history_sum(&history, kind, scan);
            expect(sum.worsened == 0 && sum.flaps == 0 && !sum.second ? NULL : "the same record got worse");
        }
    }
}

/* Takes both in turn: a row has a beginning, and no more scans than there were. */
static void expect_sound_rows(const struct stand *const stands[2])
{
    struct history history = {.seen = 0};
    for (unsigned scan = 1; scan <= SCANS; scan++) {
        history_take(&history, stands[scan % 2], scan, true);
        for (enum history_what what = 0; what < HISTORY_WHATS; what++) {
            const struct history_watch *watch = &history.watches[what];
            expect(watch->scans <= scan && watch->since <= scan && (watch->scans == 0 || watch->since > 0)
                       ? NULL
                       : "a row without its beginning");
            expect(history_state_name(what, watch->now) != NULL ? NULL : "a state without a name");
        }
    }
}

/* ---- what is kept of domains ---------------------------------------------------------------------------- */

static void expect_kept(const struct stand *stand, const struct stand *kept)
{
    size_t label = stand->label.len < OLD_LABEL_BYTES ? stand->label.len : OLD_LABEL_BYTES;
    expect(strcmp(stand->domain, kept->domain) == 0 && strcmp(stand->id, kept->id) == 0 &&
                   strcmp(stand->provider, kept->provider) == 0
               ? NULL
               : "a text is another once kept");
    expect(bytes_equal(bytes_make(stand->label.data, label), kept->label) ? NULL : "another label");
    expect(stand->body == kept->body && stand->outcome == kept->outcome &&
                   stand->would_be == kept->would_be && stand->cached.code == kept->cached.code &&
                   memcmp(stand->states, kept->states, sizeof kept->states) == 0
               ? NULL
               : "a standing is another once kept");
    expect(stand_none_after(stand) == stand_none_after(kept) ? NULL : "another time once kept");
}

static enum error on_gone(void *arg, const struct stand *stand)
{
    expect_kept(arg, stand);
    return ERR_STOPPED;
}

/* Keeps the first, and holds the second against it. */
static void check_kept(const struct stand *stand, const struct stand *other)
{
    struct diff_old old;
    struct kept_stand kept;
    struct buf why;
    bool found = false;
    buf_init(&why, WHY_BYTES);
    expect(diff_old_init(&old, &why) == ERR_OK ? NULL : "no place to keep anything");
    enum error error = diff_old_keep(&old, stand, &why);
    expect(error == ERR_OK || error == ERR_LIMIT ? NULL : "a record that cannot be kept");
    expect(diff_old_end(&old, &why) == ERR_OK ? NULL : "the end of the keeping");
    if (error == ERR_OK) {
        expect(diff_old_gone(&old, on_gone, (void *)(uintptr_t)stand) == ERR_STOPPED ? NULL : "not gone");
        error = diff_old_find(&old, stand->domain, &kept, &found);
        expect(error == ERR_OK && found ? NULL : "what was kept is not found");
        expect_kept(stand, &kept.stand);
        struct stand_change told = stand_change(stand, other), again = stand_change(&kept.stand, other);
        expect_same_change(&told, &again);
        expect(diff_old_gone(&old, on_gone, NULL) == ERR_OK ? NULL : "gone, and was found");
    }
    diff_old_dispose(&old);
    buf_dispose(&why);
}

/* ---- what is kept of answers ---------------------------------------------------------------------------- */

static void expect_seen(const struct seen *one, const struct seen *other)
{
    expect(seen_is_same(one, other) && !seen_outdates(one, other) && !seen_outdates(other, one) &&
                   seen_differs(one, other) == 0
               ? NULL
               : "what was seen differs from itself");
    expect(one->pass == other->pass && one->code == other->code && one->starttls == other->starttls &&
                   strcmp(one->version, other->version) == 0 &&
                   strcmp(one->certificate, other->certificate) == 0 &&
                   strcmp(one->policy, other->policy) == 0 && ip_equal(&one->ip, &other->ip)
               ? NULL
               : "what was seen is another once kept");
}

static enum error on_seen(void *arg, const struct seen *seen)
{
    expect_seen(arg, seen);
    return ERR_STOPPED;
}

static void check_seen(struct bytes line, enum error (*read)(struct bytes line, struct seen *seen))
{
    struct seen_kept kept;
    struct seen seen, found;
    struct buf why;
    if (read(line, &seen) != ERR_OK)
        return;
    buf_init(&why, WHY_BYTES);
    expect(is_printable(seen.host) && is_printable(seen.version) ? NULL : "a text that may not be printed");
    expect(seen_kept_init(&kept, &why) == ERR_OK ? NULL : "no place to keep anything");
    expect(seen_kept_add(&kept, &seen, &why) == ERR_OK ? NULL : "an answer that cannot be kept");
    expect(seen_kept_end(&kept, &why) == ERR_OK ? NULL : "the end of the keeping");
    expect(seen_kept_find(&kept, &seen, &found) == ERR_OK ? NULL : "what was seen is not found");
    expect_seen(&seen, &found);
    expect(seen_kept_walk(&kept, on_seen, &seen) == ERR_STOPPED ? NULL : "what was seen is not told");
    seen_kept_dispose(&kept);
    buf_dispose(&why);
}

/* ---- the records ---------------------------------------------------------------------------------------- */

static void check_stands(const struct stand *const stands[2])
{
    for (size_t i = 0; i < 2; i++) {
        struct stand_change gone = stand_change(stands[i], NULL), come = stand_change(NULL, stands[i]);
        expect_printable(stands[i]);
        expect_no_change(stands[i]);
        expect_no_row(stands[i]);
        expect(gone.change == CHANGE_GONE && come.change == CHANGE_APPEARED ? NULL : "neither come nor gone");
        expect_line(&come);
        check_kept(stands[i], stands[1 - i]);
    }
    struct stand_change told = stand_change(stands[0], stands[1]);
    expect_line(&told);
    expect_sound_rows(stands);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes lines[TARGET_RRS];
    struct stand stands[2];
    struct arena arena;
    size_t count = split_rrs(data, size, lines), read = 0;
    (void)setenv("TMPDIR", quick_folder(), 1);
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < count && i < 2; i++) {
        enum error error = stand_read(lines[i], &arena, &stands[read]);
        expect(error == ERR_OK || error == ERR_SYNTAX || error == ERR_LIMIT || error == ERR_MEMORY
                   ? NULL
                   : "another error");
        read += error == ERR_OK;
        check_seen(lines[i], seen_read_host);
        check_seen(lines[i], seen_read_domain);
    }
    if (read > 0)
        check_stands((const struct stand *const[2]){&stands[0], &stands[read - 1]});
    arena_dispose(&arena);
    return 0;
}
