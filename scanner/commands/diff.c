/* Keeps where the old scan's domains stand, holds the new scan against them, then tells who is gone. */
#include "scanner/commands/diff.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/diff_history.h"
#include "scanner/commands/diff_old.h"
#include "scanner/commands/flags.h"
#include "scanner/machine/sandbox.h"

enum { WHY_BYTES = 16 * 1024 };

struct diff {
    const struct diff_request *request;
    struct side sides[2]; /* before, after */
    FILE *out, *err;
    struct side_reader reader;
    struct diff_old old;
    struct diff_tell tell;
    struct buf why;
    bool victims; /* the new scan is gone through for those who lose mail by an earlier policy, and for them
                     alone */
    bool told;    /* that was done */
    bool same_names;      /* who stands in one scan alone is new or gone */
    uint64_t not_reached; /* domains of the old scan that the new one, which is not whole, has not */
};

/* ---- the walks ----------------------------------------------------------------------------------------- */

/* A record with a text longer than any that a scan writes is none. */
static enum error on_old(void *arg, const struct stand *stand)
{
    struct diff *diff = arg;
    enum error error = diff_old_keep(&diff->old, stand, &diff->why);
    diff->reader.unreadable += error == ERR_LIMIT;
    return error == ERR_LIMIT ? ERR_OK : error;
}

static enum error on_new(void *arg, const struct stand *stand)
{
    struct diff *diff = arg;
    struct kept_stand kept;
    bool found = false, victim = stand->cached.code != FAIL_NONE;
    if (diff->victims ? !victim : victim && diff->told)
        return ERR_OK;
    enum error error = diff_old_find(&diff->old, stand->domain, &kept, &found);
    if (error == ERR_OK && (found || diff->same_names))
        error = diff_tell_domain(&diff->tell, found ? &kept.stand : NULL, stand, &diff->why);
    return error == ERR_OK && ferror(diff->out) ? ERR_STOPPED : error;
}

/* Who may have been left out by choice is not gone. Who is not in a scan that is not at its end may still
 * come, and who is not in a damaged one may be in what was lost. */
static void on_gone(void *arg, const struct stand *stand)
{
    struct diff *diff = arg;
    if (!diff->same_names)
        return;
    if (side_is_unfinished(&diff->sides[1]) || diff->sides[1].damaged)
        diff->not_reached++;
    else
        (void)diff_tell_domain(&diff->tell, stand, NULL, &diff->why);
}

/* Tells first, before all that has changed, who loses mail today by a policy that is published no more. Only
 * a scan that was made with --previous knows of any. */
static enum error walk_victims(struct diff *diff)
{
    if (!scanview_meta(diff->sides[1].view)->has_previous)
        return ERR_OK;
    diff->victims = true;
    diff->reader.ahead = stand_may_have_cached;
    enum error error = side_walk(&diff->sides[1], &diff->reader, on_new, diff);
    diff->reader.ahead = NULL;
    diff->victims = false;
    diff->told = true;
    return error;
}

static enum error walk(struct diff *diff)
{
    enum error error = diff_old_init(&diff->old, &diff->why);
    if (error == ERR_OK)
        error = side_walk(&diff->sides[0], &diff->reader, on_old, diff);
    if (error == ERR_OK)
        error = diff_old_end(&diff->old, &diff->why);
    if (error == ERR_OK)
        error = walk_victims(diff);
    if (error == ERR_OK)
        error = side_walk(&diff->sides[1], &diff->reader, on_new, diff);
    return error == ERR_OK ? diff_old_gone(&diff->old, on_gone, diff) : error;
}

/* Makes both sides follow the same rules, and finds out whether they are of the same names. */
static enum error agree(struct diff *diff)
{
    diff->same_names = sides_name_same(diff->sides, 2, diff->reader.err);
    if (sides_agree(diff->sides, 2))
        return ERR_OK;
    enum error error = side_judge_anew(&diff->sides[0], &diff->reader);
    return error != ERR_OK ? error : side_judge_anew(&diff->sides[1], &diff->reader);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static bool most_are_gone(const struct diff *diff)
{
    return gone_bound_passed(&diff->request->gone_at_most, diff->tell.counts[CHANGE_GONE], diff->old.kept,
                             &diff->sides[0], &diff->sides[1], diff->err);
}

/* An answer that is not whole has its own exit code, whatever it says. */
static int exit_code_for(const struct diff *diff, bool whole)
{
    if (!whole || diff->sides[0].damaged || diff->sides[1].damaged)
        return EXIT_FAILED;
    if (side_is_unfinished(&diff->sides[0]) || side_is_unfinished(&diff->sides[1]))
        return EXIT_STOPPED;
    return most_are_gone(diff) || diff_tell_is_worse(&diff->tell) ? EXIT_NO : EXIT_DONE;
}

static int finish(struct diff *diff, enum error error)
{
    bool whole = side_tell_judged(&diff->sides[0], diff->err);
    whole = side_tell_judged(&diff->sides[1], diff->err) && whole;
    if (diff->reader.unreadable > 0)
        (void)fprintf(diff->err, "stsweep: %" PRIu64 " lines are no records\n", diff->reader.unreadable);
    if (error == ERR_OK)
        error = diff_tell_end(&diff->tell, &diff->why);
    if (error != ERR_OK) {
        (void)fprintf(diff->err, "stsweep: diff: %s%s\n",
                      diff->why.len > 0 ? buf_string(&diff->why) : error_text(error), error_next(error));
        return exit_code_of(error);
    }
    side_say_unfinished(&diff->sides[0], diff->err);
    side_say_unfinished(&diff->sides[1], diff->err);
    if (diff->not_reached > 0)
        (void)fprintf(diff->err, "stsweep: diff: %" PRIu64 " domains of %s are not in what %s has\n",
                      diff->not_reached, shown(diff->sides[0].path), shown(diff->sides[1].path));
    whole = fflush(diff->out) == 0 && !ferror(diff->out) && whole;
    return exit_code_for(diff, whole);
}

/* ---- the command --------------------------------------------------------------------------------------- */

/* Compares the two directories, as the request says. */
static int run(const struct diff_request *request, FILE *out, FILE *err)
{
    struct diff diff = {.request = request, .out = out, .err = err};
    diff.sides[0].path = request->paths[0];
    diff.sides[1].path = request->paths[1];
    buf_init(&diff.why, WHY_BYTES);
    enum error error = side_reader_init(&diff.reader, err, &request->except, &diff.why);
    sandbox_enter_reader(&(struct sandbox_reader){
        .read = request->paths, .read_count = request->path_count, .temporary = true});
    if (error == ERR_OK)
        error = diff_tell_init(&diff.tell, out, request);
    if (error == ERR_OK)
        error = side_open(&diff.sides[0], &diff.reader);
    if (error == ERR_OK)
        error = side_open(&diff.sides[1], &diff.reader);
    if (error == ERR_OK)
        error = agree(&diff);
    if (error == ERR_OK)
        error = walk(&diff);
    int code = finish(&diff, error);
    diff_old_dispose(&diff.old);
    diff_tell_dispose(&diff.tell);
    side_reader_dispose(&diff.reader);
    buf_dispose(&diff.why);
    side_close(&diff.sides[0]);
    side_close(&diff.sides[1]);
    return code;
}

static enum flag take(struct flags *flags, enum flag flag, struct diff_request *request)
{
    if (flag == FLAG_JSON || flag == FLAG_CSV)
        request->form = flag == FLAG_JSON ? DIFF_JSON : DIFF_CSV;
    if (flag == FLAG_ONLY && diff_only_find(flags->value) == DIFF_ALL)
        return flags_refuse(flags, "--only knows `worse` and `twice`, not ", flags->value, "");
    if (flag == FLAG_ONLY)
        request->only = diff_only_find(flags->value);
    if (flag == FLAG_GONE_AT_MOST && !gone_bound_read(flags->value, &request->gone_at_most))
        return flags_refuse(flags, "--gone-at-most is a number of domains, or N% of the old ones, not ",
                            flags->value, "");
    if (!csv_style_take(&request->csv, flag, flags))
        return FLAG_FAULT;
    (void)except_take(&request->except, flags, flag);
    if (flag == FLAG_NAME && request->path_count == HISTORY_SCANS_MOST)
        return flags_refuse(flags, "100 scan directories at most: leave out the oldest", "", "");
    if (flag == FLAG_NAME)
        request->paths[request->path_count++] = flags->value;
    return flag;
}

/* Reads the flags into the request; a fault stays in flags. */
static enum flag read_flags(struct flags *flags, struct diff_request *request)
{
    enum flag flag = FLAG_NAME;
    while (flag != FLAG_END && flag != FLAG_FAULT)
        flag = take(flags, flags_next(flags), request);
    if (flag == FLAG_END && request->path_count < 2)
        return flags_refuse(flags, "give two scan directories or more, the oldest first", "", "");
    if (flag == FLAG_END && !csv_style_fits(&request->csv, request->form == DIFF_CSV, flags))
        return FLAG_FAULT;
    return flag;
}

int diff_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct diff_request request = {.form = DIFF_TEXT};
    struct flags flags;
    (void)gone_bound_read(GONE_AT_MOST, &request.gone_at_most);
    flags_begin(&flags, "diff", argc, argv);
    if (read_flags(&flags, &request) == FLAG_FAULT) {
        flags_say(&flags, err);
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    bool over_many = request.path_count > 2 || request.only == DIFF_TWICE;
    return over_many ? diff_history_run(&request, out, err) : run(&request, out, err);
}
