/* Keeps where the old scan's domains stand, holds the new scan against them, then tells who is gone. */
#include "scanner/commands/diff.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "output/readback/compare.h"
#include "scanner/base/exit_code.h"
#include "scanner/commands/diff_old.h"
#include "scanner/commands/diff_tell.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/show_judge.h"

enum { WHY_BYTES = 16 * 1024, ARENA_BYTES = READ_ARENA_BYTES };

/* The bound unless --gone-at-most gives another. */
static const char GONE_AT_MOST[] = "50%";

/* How many domains of the old scan may be gone: a number of them, or so many of a hundred. */
struct gone_bound {
    const char *text;
    uint64_t most;
    bool is_share;
};

/* One of the two scans. */
struct side {
    const char *path;
    struct scanview *view;
    struct show_judge judge; /* its view is NULL unless the side is judged anew */
    bool damaged;
};

struct diff {
    struct side before, after;
    FILE *out, *err;
    enum diff_form form;
    bool worse_only;
    struct gone_bound gone_at_most;
    struct diff_old old;
    struct diff_tell tell;
    struct arena arena;
    struct buf why;
    bool victims; /* the new scan is gone through for those who lose mail by an earlier policy, and for them
                     alone */
    bool told;    /* that was done */
    uint64_t unreadable;
    uint64_t not_reached; /* domains of the old scan that the new one, which is not whole, has not */
};

/* ---- the walks ----------------------------------------------------------------------------------------- */

static bool is_unfinished(const struct side *side)
{
    return scanview_state(side->view) != VIEW_DONE;
}

static enum error read_line(struct diff *diff, struct bytes line, struct stand *stand)
{
    arena_reset(&diff->arena);
    enum error error = stand_read(line, &diff->arena, stand);
    diff->unreadable += error == ERR_SYNTAX && !diff->victims;
    return error;
}

/* Reads where a record stands, by the rules that both sides are held to. */
static enum error read_judged(struct diff *diff, struct side *side, const struct view_record *record,
                              struct stand *stand)
{
    enum error error = read_line(diff, record->line, stand);
    if (error != ERR_OK || record->found == VIEW_AS_STORED)
        return error;
    unsigned before = stand->outcome;
    error = read_line(diff, show_judge_line(&side->judge, record), stand);
    if (error == ERR_OK && !diff->victims)
        show_judge_count(&side->judge, before, stand->outcome);
    return error;
}

static enum error on_old(void *arg, const struct view_record *record)
{
    struct diff *diff = arg;
    struct stand stand;
    enum error error = read_judged(diff, &diff->before, record, &stand);
    if (error == ERR_OK)
        error = diff_old_keep(&diff->old, &stand, &diff->why);
    return error == ERR_SYNTAX ? ERR_OK : error;
}

static enum error on_new(void *arg, const struct view_record *record)
{
    struct diff *diff = arg;
    struct stand stand;
    struct kept_stand kept;
    bool found = false;
    if (diff->victims && record->found == VIEW_AS_STORED && !stand_may_have_cached(record->line))
        return ERR_OK;
    enum error error = read_judged(diff, &diff->after, record, &stand);
    if (error != ERR_OK)
        return error == ERR_SYNTAX ? ERR_OK : error;
    bool victim = stand.cached.code != FAIL_NONE;
    if (diff->victims ? !victim : victim && diff->told)
        return ERR_OK;
    error = diff_old_find(&diff->old, stand.domain, &kept, &found);
    if (error == ERR_OK)
        diff_tell_domain(&diff->tell, found ? &kept.stand : NULL, &stand);
    return error == ERR_OK && ferror(diff->out) ? ERR_STOPPED : error;
}

/* Who is not in a scan that is not at its end may still come, and who is not in a damaged one may be in what
 * was lost. */
static void on_gone(void *arg, const struct stand *stand)
{
    struct diff *diff = arg;
    if (is_unfinished(&diff->after) || diff->after.damaged)
        diff->not_reached++;
    else
        diff_tell_domain(&diff->tell, stand, NULL);
}

/* Goes through a side's domains. What is damaged is said, and the records around it count. */
static enum error walk_side(struct diff *diff, struct side *side,
                            enum error (*visit)(void *arg, const struct view_record *record))
{
    enum error error = scanview_records(side->view, VIEW_DOMAINS, visit, diff, &diff->why);
    if (error != ERR_CORRUPT || diff->why.len == 0)
        return error;
    if (!side->damaged)
        (void)fprintf(diff->err, "stsweep: diff: %s is damaged, and compared as far as it is whole: %s\n",
                      side->path, buf_string(&diff->why));
    buf_reset(&diff->why);
    side->damaged = true;
    return ERR_OK;
}

/* Tells first, before all that has changed, who loses mail today by a policy that is published no more. Only
 * a scan that was made with --previous knows of any. */
static enum error walk_victims(struct diff *diff)
{
    if (!scanview_meta(diff->after.view)->has_previous)
        return ERR_OK;
    diff->victims = true;
    enum error error = walk_side(diff, &diff->after, on_new);
    diff->victims = false;
    diff->told = true;
    return error;
}

static enum error walk(struct diff *diff)
{
    enum error error = diff_old_init(&diff->old, &diff->why);
    if (error == ERR_OK)
        error = walk_side(diff, &diff->before, on_old);
    if (error == ERR_OK)
        error = diff_old_end(&diff->old, &diff->why);
    if (error == ERR_OK)
        error = walk_victims(diff);
    if (error == ERR_OK)
        error = walk_side(diff, &diff->after, on_new);
    return error == ERR_OK ? diff_old_gone(&diff->old, on_gone, diff) : error;
}

/* ---- by which rules ------------------------------------------------------------------------------------ */

static enum error judge_anew(struct diff *diff, struct side *side)
{
    const struct meta_stored *stored = scanview_meta(side->view);
    enum error error = meta_may_rejudge(stored, &diff->why);
    if (error != ERR_OK || stored->rules == RECORD_RULES)
        return error;
    (void)fprintf(
        diff->err,
        "stsweep: diff: the two were judged by different rules: %s (rules %u) is judged anew first, by "
        "rules %d\n",
        side->path, stored->rules, RECORD_RULES);
    return show_judge_init(&side->judge, side->view, 0, &diff->why);
}

/* Makes both sides follow the same rules, as a change of rules is no change of a domain: two scans that were
 * judged by the same ones are compared as they stand, others by the rules of this program. */
static enum error agree(struct diff *diff)
{
    if (scanview_meta(diff->before.view)->rules == scanview_meta(diff->after.view)->rules)
        return ERR_OK;
    enum error error = judge_anew(diff, &diff->before);
    return error != ERR_OK ? error : judge_anew(diff, &diff->after);
}

/* Prints what a rejudgement says of itself; false if it could not be whole. */
static bool tell_rejudged(struct diff *diff, struct side *side)
{
    if (side->judge.view == NULL)
        return true;
    show_judge_print(&side->judge, diff->err);
    return scanview_damage(side->view)[0] == 0;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static void say_unfinished(struct diff *diff, const struct side *side)
{
    if (!is_unfinished(side))
        return;
    (void)fprintf(diff->err, "stsweep: diff: %s %s: only what it has is compared\n", side->path,
                  scanview_state(side->view) == VIEW_STOPPED ? "was stopped before its end"
                                                             : "still runs or was cut off");
}

/* Are more domains gone than may be? That says so: a list of which an export has lost most names makes a
 * short scan, in which hardly anything got worse. */
static bool most_are_gone(const struct diff *diff)
{
    const struct gone_bound *bound = &diff->gone_at_most;
    uint64_t old = diff->old.kept, gone = diff->tell.counts[CHANGE_GONE];
    if (bound->is_share ? gone * 100 <= bound->most * old : gone <= bound->most)
        return false;
    (void)fprintf(diff->err,
                  "stsweep: diff: %" PRIu64 " of %" PRIu64 " domains of %s are gone from %s, more than "
                  "--gone-at-most=%s: was its list whole?\n",
                  gone, old, diff->before.path, diff->after.path, bound->text);
    return true;
}

/* An answer that is not whole has its own exit code, whatever it says. */
static int exit_code_for(const struct diff *diff, bool whole)
{
    if (!whole || diff->before.damaged || diff->after.damaged)
        return EXIT_FAILED;
    if (is_unfinished(&diff->before) || is_unfinished(&diff->after))
        return EXIT_STOPPED;
    return most_are_gone(diff) || diff_tell_is_worse(&diff->tell) ? EXIT_NO : EXIT_DONE;
}

static int finish(struct diff *diff, enum error error)
{
    bool whole = tell_rejudged(diff, &diff->before);
    whole = tell_rejudged(diff, &diff->after) && whole;
    if (diff->unreadable > 0)
        (void)fprintf(diff->err, "stsweep: %" PRIu64 " lines are no records\n", diff->unreadable);
    if (error != ERR_OK) {
        (void)fprintf(diff->err, "stsweep: diff: %s\n",
                      diff->why.len > 0 ? buf_string(&diff->why) : error_text(error));
        return exit_code_of(error);
    }
    diff_tell_end(&diff->tell);
    say_unfinished(diff, &diff->before);
    say_unfinished(diff, &diff->after);
    if (diff->not_reached > 0)
        (void)fprintf(diff->err, "stsweep: diff: %" PRIu64 " domains of %s are not in what %s has\n",
                      diff->not_reached, diff->before.path, diff->after.path);
    whole = fflush(diff->out) == 0 && !ferror(diff->out) && whole;
    return exit_code_for(diff, whole);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static enum error open_side(struct diff *diff, struct side *side)
{
    enum error error = scanview_open(side->path, &side->view, &diff->why);
    if (error != ERR_NOT_FOUND)
        return error;
    int number = errno;
    buf_reset(&diff->why);
    buf_printf(&diff->why, "%s is no scan directory: %s", side->path, strerror(number));
    return error;
}

static void close_side(struct side *side)
{
    show_judge_dispose(&side->judge);
    scanview_close(side->view);
}

/* Compares the two directories of diff, as its flags say. */
static int run(struct diff *diff)
{
    arena_init(&diff->arena, ARENA_BYTES);
    buf_init(&diff->why, WHY_BYTES);
    enum error error = diff_tell_init(&diff->tell, diff->out, diff->form, diff->worse_only);
    if (error == ERR_OK)
        error = open_side(diff, &diff->before);
    if (error == ERR_OK)
        error = open_side(diff, &diff->after);
    if (error == ERR_OK)
        error = agree(diff);
    if (error == ERR_OK)
        error = walk(diff);
    int code = finish(diff, error);
    diff_old_dispose(&diff->old);
    diff_tell_dispose(&diff->tell);
    arena_dispose(&diff->arena);
    buf_dispose(&diff->why);
    close_side(&diff->before);
    close_side(&diff->after);
    return code;
}

/* Reads N or N%. */
static bool read_bound(const char *text, struct gone_bound *bound)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *bound = (struct gone_bound){.text = text, .most = strtoull(text, &end, 10)};
    bound->is_share = *end == '%';
    return errno == 0 && end[bound->is_share] == 0 && (!bound->is_share || bound->most <= 100);
}

/* Reads the flags into diff; a fault stays in flags. */
static enum flag read_flags(struct flags *flags, struct diff *diff)
{
    enum flag flag;
    size_t count = 0;
    while ((flag = flags_next(flags)) != FLAG_END && flag != FLAG_FAULT) {
        if (flag == FLAG_JSON || flag == FLAG_CSV)
            diff->form = flag == FLAG_JSON ? DIFF_JSON : DIFF_CSV;
        if (flag == FLAG_ONLY && strcmp(flags->value, "worse") != 0)
            return flags_refuse(flags, "--only knows `worse`, not ", flags->value, "");
        diff->worse_only = diff->worse_only || flag == FLAG_ONLY;
        if (flag == FLAG_GONE_AT_MOST && !read_bound(flags->value, &diff->gone_at_most))
            return flags_refuse(flags, "--gone-at-most is a number of domains, or N% of the old ones, not ",
                                flags->value, "");
        if (flag == FLAG_NAME && count++ < 2)
            *(count == 1 ? &diff->before.path : &diff->after.path) = flags->value;
    }
    if (flag == FLAG_END && count != 2)
        flag = flags_refuse(flags, "give two scan directories, the old one first", "", "");
    return flag;
}

int diff_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct diff diff = {.out = out, .err = err};
    struct flags flags;
    (void)read_bound(GONE_AT_MOST, &diff.gone_at_most);
    flags_begin(&flags, "diff", argc, argv);
    if (read_flags(&flags, &diff) == FLAG_FAULT) {
        flags_say(&flags, err);
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    return run(&diff);
}
