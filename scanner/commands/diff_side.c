/* Opens, judges and walks a scan for diff. */
#include "scanner/commands/diff_side.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"
#include "scanner/base/time_text.h"

enum { ARENA_BYTES = READ_ARENA_BYTES, HOW_BYTES = 1024, WHY_BYTES = 16 * 1024 };

enum error side_reader_init(struct side_reader *reader, const char *command, FILE *err,
                            const struct except_files *except, struct buf *why)
{
    *reader = (struct side_reader){.command = command, .err = err, .why = why};
    arena_init(&reader->arena, ARENA_BYTES);
    return except_list_open(&reader->except, except, err, why);
}

void side_reader_dispose(struct side_reader *reader)
{
    arena_dispose(&reader->arena);
    except_list_dispose(&reader->except);
}

enum error side_open(struct side *side, struct side_reader *reader)
{
    struct buf *why = reader->why;
    enum error error = scanview_open(side->path, &side->view, why);
    if (error == ERR_OK)
        return except_list_use(&reader->except, side->view);
    int number = errno;
    if (error != ERR_NOT_FOUND) {
        side_blame(side->path, error, why);
        return error;
    }
    buf_reset(why);
    buf_printf(why, "%s is no scan directory: %s", shown(side->path), errno_said(number));
    return error;
}

void side_close(struct side *side)
{
    show_judge_dispose(&side->judge);
    scanview_close(side->view);
    side->judge = (struct show_judge){0};
    side->view = NULL;
}

bool side_is_unfinished(const struct side *side)
{
    return scanview_state(side->view) != VIEW_DONE;
}

/* ---- of which names ------------------------------------------------------------------------------------ */

bool sides_name_same(const struct side *sides, size_t count, const struct side_reader *reader)
{
    struct buf how;
    bool same = true;
    buf_init(&how, HOW_BYTES);
    for (size_t i = 1; i < count && same; i++)
        same = meta_names_are_same(&scanview_meta(sides[0].view)->names, &scanview_meta(sides[i].view)->names,
                                   &how);
    if (!same)
        (void)fprintf(reader->err,
                      "stsweep: %s: %s: the names that both have are compared; one that stands in one alone "
                      "counts neither as appeared nor as gone, and --gone-at-most does not apply\n",
                      reader->command, buf_string(&how));
    buf_dispose(&how);
    return same;
}

/* ---- in which order ------------------------------------------------------------------------------------ */

enum error sides_in_order(const struct side *sides, size_t count, struct buf *why)
{
    char one[TIME_TEXT_BYTES], other[TIME_TEXT_BYTES];
    for (size_t i = 1; i < count; i++) {
        int64_t before = scanview_meta(sides[i - 1].view)->started_ms;
        int64_t at = scanview_meta(sides[i].view)->started_ms;
        if (at > before)
            continue;
        buf_printf(why, "%s began %s, %s %s: %s", shown(sides[i].path), time_text(at, one),
                   at == before ? "at the same time as" : "before", shown(sides[i - 1].path),
                   at == before ? "give each scan once"
                                : "give the directories in the order of their scans, the oldest first");
        if (at != before)
            buf_printf(why, " (%s began %s)", shown(sides[i - 1].path), time_text(before, other));
        return ERR_MISMATCH;
    }
    return ERR_OK;
}

/* ---- by which rules ------------------------------------------------------------------------------------ */

bool sides_agree(const struct side *sides, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (scanview_meta(sides[i].view)->rules != scanview_meta(sides[0].view)->rules)
            return false;
    return true;
}

enum error side_judge_anew(struct side *side, struct side_reader *reader)
{
    const struct meta_stored *stored = scanview_meta(side->view);
    enum error error = meta_may_rejudge(stored, reader->why);
    if (error != ERR_OK || stored->rules == RECORD_RULES)
        return error;
    (void)fprintf(
        reader->err,
        "stsweep: %s: the scans were judged by different rules: %s (rules %u) is judged anew first, by "
        "rules %d\n",
        reader->command, shown(side->path), stored->rules, RECORD_RULES);
    return show_judge_init(&side->judge, side->view, 0, reader->why);
}

bool side_tell_judged(struct side *side, FILE *err)
{
    if (side->judge.view == NULL)
        return true;
    show_judge_print(&side->judge, err);
    return scanview_damage(side->view)[0] == 0;
}

/* ---- the walk ------------------------------------------------------------------------------------------ */

struct walk {
    struct side *side;
    struct side_reader *reader;
    enum error (*take)(void *arg, const struct stand *stand);
    void *arg;
    bool is_taken; /* what ends the walk is of whom it takes for */
};

static enum error read_line(struct side_reader *reader, struct bytes line, struct stand *stand)
{
    arena_reset(&reader->arena);
    return stand_read(line, &reader->arena, stand);
}

/* Reads where a record stands, by the rules that all sides are held to. */
static enum error on_record(void *arg, const struct view_record *record)
{
    struct walk *walk = arg;
    struct stand stand;
    bool (*ahead)(struct bytes line) = walk->reader->ahead;
    if (ahead != NULL && record->found == VIEW_AS_STORED && !ahead(record->line))
        return ERR_OK;
    enum error error = read_line(walk->reader, record->line, &stand);
    if (error == ERR_OK && record->found != VIEW_AS_STORED) {
        unsigned before = stand.outcome;
        error = read_line(walk->reader, show_judge_line(&walk->side->judge, record), &stand);
        if (error == ERR_OK && ahead == NULL)
            show_judge_count(&walk->side->judge, before, stand.outcome);
    }
    if (error != ERR_OK)
        return scanview_refuse(walk->side->view, error, NULL);
    error = walk->take(walk->arg, &stand);
    walk->is_taken = error != ERR_OK;
    return error;
}

void side_blame(const char *path, enum error error, struct buf *why)
{
    struct buf said;
    buf_init(&said, WHY_BYTES);
    buf_text(&said, why->len > 0 ? buf_string(why) : error_text(error));
    buf_reset(why);
    buf_printf(why, "%s: %s", shown(path), buf_string(&said));
    buf_dispose(&said);
}

enum error side_walk(struct side *side, struct side_reader *reader,
                     enum error (*take)(void *arg, const struct stand *stand), void *arg)
{
    struct walk walk = {side, reader, take, arg, false};
    enum error error = scanview_records(side->view, VIEW_DOMAINS, on_record, &walk, reader->why);
    if (reader->ahead == NULL)
        except_list_tell(&reader->except, side->view, VIEW_DOMAINS, side->path, reader->err);
    bool is_damage = error == ERR_CORRUPT && reader->why->len > 0 && !walk.is_taken;
    if (error != ERR_OK && !is_damage && !walk.is_taken)
        side_blame(side->path, error, reader->why);
    if (!is_damage)
        return error;
    if (reader->ahead == NULL) /* else the walk of all says it */
        (void)fprintf(reader->err, "stsweep: %s: %s is damaged, and compared as far as it is whole: %s%s\n",
                      reader->command, shown(side->path), buf_string(reader->why), error_next(error));
    buf_reset(reader->why);
    side->damaged = true;
    return ERR_OK;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

void side_say_unfinished(const struct side *side, const struct side_reader *reader)
{
    if (!side_is_unfinished(side))
        return;
    (void)fprintf(reader->err, "stsweep: %s: %s %s: only what it has is compared\n", reader->command,
                  shown(side->path),
                  scanview_state(side->view) == VIEW_STOPPED ? "was stopped before its end"
                                                             : "still runs or was cut off");
}

bool gone_bound_read(const char *text, struct gone_bound *bound)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *bound = (struct gone_bound){.text = text, .most = strtoull(text, &end, 10)};
    bound->is_share = *end == '%';
    return errno == 0 && end[bound->is_share] == 0 && (!bound->is_share || bound->most <= 100);
}

bool gone_bound_passed(const struct gone_bound *bound, uint64_t gone, uint64_t old, const struct side *before,
                       const struct side *after, FILE *err)
{
    if (bound->is_share ? gone * 100 <= bound->most * old : gone <= bound->most)
        return false;
    (void)fprintf(err,
                  "stsweep: diff: %" PRIu64 " of %" PRIu64 " domains of %s are gone from %s, more than "
                  "--gone-at-most=%s: was its list whole?\n",
                  gone, old, shown(before->path), shown(after->path), bound->text);
    return true;
}
