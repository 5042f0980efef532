/* Reads scan after scan into a history for each domain, and tells them with the last. */
#include "scanner/commands/diff_history.h"

#include <inttypes.h>

#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/diff_history_tell.h"
#include "scanner/machine/sandbox.h"
#include "scanner/commands/diff_known.h"

enum { WHY_BYTES = 16 * 1024 };

struct over {
    const struct diff_request *request;
    FILE *out, *err;
    struct side sides[HISTORY_SCANS_MOST]; /* the view of one that was walked is closed, but for the last */
    size_t count;
    struct side_reader reader;
    struct diff_known known;
    struct history_tell tell;
    struct buf why;
    unsigned scan;         /* at hand, from 1 */
    bool has_previous;     /* of it: it looked for earlier policies */
    uint64_t previous;     /* domains in the last scan but one */
    uint64_t twice_listed; /* records of a domain that the scan had already */
    bool judges_anew, unfinished, whole;
    bool known_whole;     /* of a scan before the one at hand all is known: who is in none of them is new */
    unsigned whole_until; /* the last scan of which all is known: who is not in it is gone */
    bool same_names;      /* who is not in all scans is new or gone */
};

static struct side *last_side(struct over *over)
{
    return &over->sides[over->count - 1];
}

/* ---- the directories ----------------------------------------------------------------------------------- */

static enum error open_all(struct over *over)
{
    for (size_t i = 0; i < over->count; i++) {
        over->sides[i].path = over->request->paths[i];
        enum error error = side_open(&over->sides[i], &over->reader);
        if (error != ERR_OK)
            return error;
        over->tell.started_ms[i + 1] = scanview_meta(over->sides[i].view)->started_ms;
    }
    return ERR_OK;
}

/* ---- the walks ----------------------------------------------------------------------------------------- */

static enum error on_stand(void *arg, const struct stand *stand)
{
    struct over *over = arg;
    struct history *history;
    enum error error = diff_known_get(&over->known, stand->domain, &history, &over->why);
    if (error != ERR_OK)
        return error;
    if (history->seen == over->scan) {
        over->twice_listed++;
        return ERR_OK;
    }
    bool is_new = history->seen == 0, is_last = over->scan == over->count;
    history_take(history, stand, over->scan, over->has_previous);
    over->previous += over->scan + 1 == over->count;
    over->tell.appeared += is_last && is_new && over->same_names && over->known_whole;
    if (is_last)
        error = history_tell_domain(&over->tell, history, stand, &over->why);
    return error == ERR_OK && is_last && ferror(over->out) ? ERR_STOPPED : error;
}

/* What is open of a scan, index and temporary files, goes before the next is opened; the last stays. */
static enum error walk(struct over *over)
{
    enum error error = diff_known_init(&over->known, &over->why);
    for (size_t i = 0; error == ERR_OK && i < over->count; i++) {
        struct side *side = &over->sides[i];
        over->scan = (unsigned)i + 1;
        over->has_previous = scanview_meta(side->view)->has_previous;
        if (over->judges_anew)
            error = side_judge_anew(side, &over->reader);
        if (error == ERR_OK)
            error = side_walk(side, &over->reader, on_stand, over);
        over->known_whole = over->known_whole || !side->damaged;
        over->whole_until = side->damaged ? over->whole_until : over->scan;
        over->whole = side_tell_judged(side, over->err) && !side->damaged && over->whole;
        over->unfinished = over->unfinished || side_is_unfinished(side);
        side_say_unfinished(side, &over->reader);
        if (i + 1 < over->count)
            side_close(side);
    }
    return error;
}

/* Counts who is not in the last scan, unless by choice. One that is not whole may have them yet. */
static void count_gone(struct over *over)
{
    uint64_t gone = 0;
    if (!over->same_names)
        return;
    for (uint64_t i = 0; i < over->known.count; i++) {
        unsigned seen = over->known.known[i].history.seen;
        gone += seen + 1 == over->count;
        over->tell.gone_before += seen + 1 < over->count && seen < over->whole_until;
    }
    if (gone > 0 && (side_is_unfinished(last_side(over)) || last_side(over)->damaged))
        (void)fprintf(over->err, "stsweep: diff: %" PRIu64 " domains of %s are not in what %s has\n", gone,
                      shown(over->sides[over->count - 2].path), shown(last_side(over)->path));
    else
        over->tell.gone = gone;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static int exit_code_for(struct over *over)
{
    if (!over->whole)
        return EXIT_FAILED;
    if (over->unfinished)
        return EXIT_STOPPED;
    bool gone = gone_bound_passed(&over->request->gone_at_most, over->tell.gone, over->previous,
                                  last_side(over) - 1, last_side(over), over->err);
    return gone || history_tell_is_worse(&over->tell) ? EXIT_NO : EXIT_DONE;
}

static int finish(struct over *over, enum error error)
{
    if (over->twice_listed > 0)
        (void)fprintf(over->err, "stsweep: %" PRIu64 " lines are of a domain that the scan had already\n",
                      over->twice_listed);
    if (error == ERR_OK) {
        count_gone(over);
        error = history_tell_end(&over->tell, &over->why);
    }
    if (error != ERR_OK) {
        (void)fprintf(over->err, "stsweep: diff: %s%s\n",
                      over->why.len > 0 ? buf_string(&over->why) : error_text(error), error_next(error));
        return exit_code_of(error);
    }
    over->whole = fflush(over->out) == 0 && !ferror(over->out) && over->whole;
    return exit_code_for(over);
}

static int run(struct over *over)
{
    enum error error = open_all(over);
    if (error == ERR_OK)
        error = sides_in_order(over->sides, over->count, &over->why);
    if (error == ERR_OK) {
        over->same_names = sides_name_same(over->sides, over->count, &over->reader);
        over->judges_anew = !sides_agree(over->sides, over->count);
        history_tell_begin(&over->tell);
        error = walk(over);
    }
    return finish(over, error);
}

int diff_history_run(const struct diff_request *request, FILE *out, FILE *err)
{
    struct over over = {
        .request = request, .out = out, .err = err, .count = request->path_count, .whole = true};
    over.known.fd = -1;
    buf_init(&over.why, WHY_BYTES);
    enum error error = side_reader_init(&over.reader, "diff", err, &request->except, &over.why);
    sandbox_enter_reader(&(struct sandbox_reader){
        .read = request->paths, .read_count = request->path_count, .temporary = true});
    if (error == ERR_OK)
        error = history_tell_init(&over.tell, request, out);
    int code = error == ERR_OK ? run(&over) : finish(&over, error);
    diff_known_dispose(&over.known);
    history_tell_dispose(&over.tell);
    side_reader_dispose(&over.reader);
    buf_dispose(&over.why);
    for (size_t i = 0; i < over.count; i++)
        side_close(&over.sides[i]);
    return code;
}
