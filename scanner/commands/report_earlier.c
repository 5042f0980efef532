/* Opens scans, and walks over two of them for a report. */
#include "scanner/commands/report_earlier.h"

/* Passes a domain on. */
struct passing {
    report_take_pair take;
    void *to;
};

static enum error on_domain(void *arg, const struct stand *before, const struct stand *after, struct buf *why)
{
    struct passing *passing = arg;
    return passing->take(passing->to, before, after, why);
}

static enum error walk(void *arg, report_take_pair take, void *to, struct report_comparison *comparison,
                       struct buf *why)
{
    struct earlier *earlier = arg;
    struct diff_walk *both = &earlier->walk;
    struct passing passing = {take, to};
    earlier->reader->why = why;
    both->take = on_domain;
    both->arg = &passing;
    enum error error = diff_walk(both);
    side_say_unfinished(&both->sides[0], earlier->reader);
    bool whole = side_tell_judged(&both->sides[0], earlier->reader->err);
    whole = side_tell_judged(&both->sides[1], earlier->reader->err) && whole;
    uint64_t unreadable = scanview_refused(both->sides[0].view, VIEW_DOMAINS) +
                          scanview_refused(both->sides[1].view, VIEW_DOMAINS);
    *comparison = (struct report_comparison){.same_names = both->same_names,
                                             .judged_anew = both->judged_anew,
                                             .is_whole = whole && !both->sides[0].damaged &&
                                                         !side_is_unfinished(&both->sides[0]),
                                             .unreadable = unreadable,
                                             .not_reached = both->not_reached};
    return error == ERR_OK && (!whole || both->sides[0].damaged) ? ERR_CORRUPT : error;
}

static enum error open_against(struct earlier *earlier, const char *old, const char *new)
{
    struct diff_walk *both = &earlier->walk;
    *both = (struct diff_walk){.reader = earlier->reader};
    both->sides[0].path = old;
    both->sides[1].path = new;
    enum error error = side_open(&both->sides[0], earlier->reader);
    if (error == ERR_OK)
        error = side_open(&both->sides[1], earlier->reader);
    if (error == ERR_OK)
        error = sides_in_order(both->sides, 2, earlier->reader->why);
    if (error == ERR_OK)
        earlier->against = (struct report_against){.dir = old,
                                                   .started = scanview_meta(both->sides[0].view)->started_ms,
                                                   .walk = walk,
                                                   .arg = earlier};
    return error;
}

enum error earlier_open(struct earlier *earlier, struct side_reader *reader, const char *const *dirs,
                        size_t count, const char *against)
{
    enum error error = ERR_OK;
    *earlier = (struct earlier){.reader = reader, .count = count};
    for (size_t i = 0; error == ERR_OK && i < count; i++) {
        earlier->sides[i].path = dirs[i];
        error = side_open(&earlier->sides[i], reader);
        earlier->list[i] = (struct report_earlier){dirs[i], earlier->sides[i].view};
    }
    if (error == ERR_OK)
        error = sides_in_order(earlier->sides, count, reader->why);
    return error == ERR_OK && against != NULL ? open_against(earlier, against, dirs[count - 1]) : error;
}

void earlier_close(struct earlier *earlier)
{
    diff_walk_dispose(&earlier->walk);
    side_close(&earlier->walk.sides[0]);
    side_close(&earlier->walk.sides[1]);
    for (size_t i = 0; i < earlier->count; i++)
        side_close(&earlier->sides[i]);
}

void earlier_use(struct earlier *earlier, struct report_request *request)
{
    request->dir = earlier->sides[earlier->count - 1].path;
    request->view = earlier->sides[earlier->count - 1].view;
    request->against = earlier->against.walk == NULL ? NULL : &earlier->against;
    request->earlier = earlier->list;
    request->earlier_count = earlier->count - 1;
}
