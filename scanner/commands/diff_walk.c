/* Keeps where the old scan's domains stand, holds the new scan against them, then gives who is gone. */
#include "scanner/commands/diff_walk.h"

/* A record with a text longer than any that a scan writes is none. */
static enum error on_old(void *arg, const struct stand *stand)
{
    struct diff_walk *walk = arg;
    enum error error = diff_old_keep(&walk->old, stand, walk->why);
    return error == ERR_LIMIT ? scanview_refuse(walk->sides[0].view, error, "a text of it is too long")
                              : error;
}

/* Who is not in an old scan of which something cannot be read is not new: it may be in what was lost. Who
 * loses mail today is told of all the same, as if nothing had changed. */
static enum error on_not_found(struct diff_walk *walk, const struct stand *stand)
{
    if (!walk->same_names)
        return ERR_OK;
    if (!walk->sides[0].damaged)
        return walk->take(walk->arg, NULL, stand, walk->why);
    walk->not_known++;
    return stand->cached.code == FAIL_NONE ? ERR_OK : walk->take(walk->arg, stand, stand, walk->why);
}

static enum error on_new(void *arg, const struct stand *stand)
{
    struct diff_walk *walk = arg;
    struct kept_stand kept;
    bool found = false, victim = stand->cached.code != FAIL_NONE;
    if (walk->of_victims ? !victim : victim && walk->victims_told)
        return ERR_OK;
    enum error error = diff_old_find(&walk->old, stand->domain, &kept, &found);
    if (error != ERR_OK)
        return error;
    return found ? walk->take(walk->arg, &kept.stand, stand, walk->why) : on_not_found(walk, stand);
}

/* Who may have been left out by choice is not gone. Who is not in a scan that is not at its end may still
 * come, and who is not in a damaged one may be in what was lost. */
static enum error on_gone(void *arg, const struct stand *stand)
{
    struct diff_walk *walk = arg;
    if (!walk->same_names)
        return ERR_OK;
    if (!side_is_unfinished(&walk->sides[1]) && !walk->sides[1].damaged)
        return walk->take(walk->arg, stand, NULL, walk->why);
    walk->not_reached++;
    return ERR_OK;
}

/* Gives first who loses mail today by a policy that is published no more. Only a scan that was made with
 * --previous knows of any. */
static enum error walk_victims(struct diff_walk *walk)
{
    if (!walk->victims_first || !scanview_meta(walk->sides[1].view)->has_previous)
        return ERR_OK;
    walk->of_victims = true;
    walk->reader->ahead = stand_may_have_cached;
    enum error error = side_walk(&walk->sides[1], walk->reader, on_new, walk);
    walk->reader->ahead = NULL;
    walk->of_victims = false;
    walk->victims_told = true;
    return error;
}

/* Makes both sides follow the same rules, and finds out whether they are of the same names. */
static enum error agree(struct diff_walk *walk)
{
    walk->same_names = sides_name_same(walk->sides, 2, walk->reader);
    walk->judged_anew = !sides_agree(walk->sides, 2);
    if (!walk->judged_anew)
        return ERR_OK;
    enum error error = side_judge_anew(&walk->sides[0], walk->reader);
    return error != ERR_OK ? error : side_judge_anew(&walk->sides[1], walk->reader);
}

enum error diff_walk(struct diff_walk *walk)
{
    walk->why = walk->reader->why;
    enum error error = agree(walk);
    if (error == ERR_OK)
        error = diff_old_init(&walk->old, walk->why);
    if (error == ERR_OK)
        error = side_walk(&walk->sides[0], walk->reader, on_old, walk);
    if (error == ERR_OK)
        error = diff_old_end(&walk->old, walk->why);
    if (error == ERR_OK)
        error = walk_victims(walk);
    if (error == ERR_OK)
        error = side_walk(&walk->sides[1], walk->reader, on_new, walk);
    return error == ERR_OK ? diff_old_gone(&walk->old, on_gone, walk) : error;
}

void diff_walk_dispose(struct diff_walk *walk)
{
    diff_old_dispose(&walk->old);
}
