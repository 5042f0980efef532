/* Compares two scans, and says at the end how it went. */
#include "scanner/commands/diff.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/diff_history.h"
#include "scanner/commands/diff_vantage.h"
#include "scanner/commands/diff_walk.h"
#include "scanner/commands/flags.h"
#include "scanner/machine/sandbox.h"

enum { WHY_BYTES = 16 * 1024 };

struct diff {
    const struct diff_request *request;
    FILE *out, *err;
    struct side_reader reader;
    struct diff_walk walk;
    struct diff_tell tell;
    struct buf why;
};

static enum error on_domain(void *arg, const struct stand *before, const struct stand *after, struct buf *why)
{
    struct diff *diff = arg;
    enum error error = diff_tell_domain(&diff->tell, before, after, why);
    return error == ERR_OK && ferror(diff->out) ? ERR_STOPPED : error;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static bool most_are_gone(const struct diff *diff)
{
    return gone_bound_passed(&diff->request->gone_at_most, diff->tell.counts[CHANGE_GONE],
                             diff->walk.old.kept, &diff->walk.sides[0], &diff->walk.sides[1], diff->err);
}

/* An answer that is not whole has its own exit code, whatever it says. */
static int exit_code_for(const struct diff *diff, bool whole)
{
    if (!whole || diff->walk.sides[0].damaged || diff->walk.sides[1].damaged)
        return EXIT_FAILED;
    if (side_is_unfinished(&diff->walk.sides[0]) || side_is_unfinished(&diff->walk.sides[1]))
        return EXIT_STOPPED;
    return most_are_gone(diff) || diff_tell_is_worse(&diff->tell) ? EXIT_NO : EXIT_DONE;
}

/* Says how many domains of a side count neither as appeared nor as gone, as the other is not whole. */
static void say_not_in(const struct diff *diff, uint64_t domains, size_t side)
{
    if (domains > 0)
        (void)fprintf(diff->err, "stsweep: diff: %" PRIu64 " domains of %s are not in what %s has\n", domains,
                      shown(diff->walk.sides[side].path), shown(diff->walk.sides[1 - side].path));
}

static int finish(struct diff *diff, enum error error)
{
    bool whole = side_tell_judged(&diff->walk.sides[0], diff->err);
    whole = side_tell_judged(&diff->walk.sides[1], diff->err) && whole;
    if (error == ERR_OK)
        error = diff_tell_end(&diff->tell, &diff->why);
    if (error != ERR_OK) {
        (void)fprintf(diff->err, "stsweep: diff: %s%s\n",
                      diff->why.len > 0 ? buf_string(&diff->why) : error_text(error), error_next(error));
        return exit_code_of(error);
    }
    side_say_unfinished(&diff->walk.sides[0], &diff->reader);
    side_say_unfinished(&diff->walk.sides[1], &diff->reader);
    say_not_in(diff, diff->walk.not_reached, 0);
    say_not_in(diff, diff->walk.not_known, 1);
    whole = fflush(diff->out) == 0 && !ferror(diff->out) && whole;
    return exit_code_for(diff, whole);
}

/* ---- the command --------------------------------------------------------------------------------------- */

/* Compares the two directories, as the request says. */
static int run(const struct diff_request *request, FILE *out, FILE *err)
{
    struct diff diff = {.request = request, .out = out, .err = err};
    diff.walk = (struct diff_walk){.reader = &diff.reader,
                                   .victims_first = request->form != DIFF_TEXT, /* which is sorted */
                                   .take = on_domain,
                                   .arg = &diff};
    diff.walk.sides[0].path = request->paths[0];
    diff.walk.sides[1].path = request->paths[1];
    buf_init(&diff.why, WHY_BYTES);
    enum error error = side_reader_init(&diff.reader, "diff", err, &request->except, &diff.why);
    sandbox_enter_reader(&(struct sandbox_reader){
        .read = request->paths, .read_count = request->path_count, .temporary = true});
    if (error == ERR_OK)
        error = diff_tell_init(&diff.tell, out, request);
    if (error == ERR_OK)
        error = side_open(&diff.walk.sides[0], &diff.reader);
    if (error == ERR_OK)
        error = side_open(&diff.walk.sides[1], &diff.reader);
    if (error == ERR_OK)
        error = diff_walk(&diff.walk);
    int code = finish(&diff, error);
    diff_walk_dispose(&diff.walk);
    diff_tell_dispose(&diff.tell);
    side_reader_dispose(&diff.reader);
    buf_dispose(&diff.why);
    side_close(&diff.walk.sides[0]);
    side_close(&diff.walk.sides[1]);
    return code;
}

static enum flag take(struct flags *flags, enum flag flag, struct diff_request *request)
{
    if (flag == FLAG_JSON || flag == FLAG_CSV)
        request->form = flag == FLAG_JSON ? DIFF_JSON : DIFF_CSV;
    if (flag == FLAG_BY_VANTAGE)
        request->by_vantage = true;
    request->is_over_time = request->is_over_time || flag == FLAG_ONLY || flag == FLAG_GONE_AT_MOST;
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
    if (flag == FLAG_END && request->by_vantage && (request->path_count > 2 || request->is_over_time))
        return flags_refuse(flags,
                            "--vantage compares two scan directories, of one time each: leave out others, "
                            "--only and --gone-at-most",
                            "", "");
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
    if (request.by_vantage)
        return diff_vantage_run(&request, out, err);
    bool over_many = request.path_count > 2 || request.only == DIFF_TWICE;
    return over_many ? diff_history_run(&request, out, err) : run(&request, out, err);
}
