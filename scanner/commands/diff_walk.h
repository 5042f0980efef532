/*
 * Goes through two scans of a list, and gives each domain as it stands in the old and in the new one: for
 * `diff` and for what `report` tells beside an earlier scan. Memory does not grow with the scans
 * (diff_old.h).
 */
#ifndef STSWEEP_COMMANDS_DIFF_WALK_H
#define STSWEEP_COMMANDS_DIFF_WALK_H

#include "scanner/commands/diff_old.h"
#include "scanner/commands/diff_side.h"

/* Takes a domain; before or after is NULL if that scan does not have it, not both. An error ends the walk. */
typedef enum error (*diff_take)(void *arg, const struct stand *before, const struct stand *after,
                                struct buf *why);

struct diff_walk {
    struct side sides[2]; /* before, after; side_open'ed by the caller, who closes them */
    struct side_reader *reader;
    bool victims_first; /* those who lose mail by an earlier policy are given before all others */
    diff_take take;
    void *arg;
    struct diff_old old;
    bool same_names;      /* who stands in one scan alone is new or gone */
    bool judged_anew;     /* the scans were judged by different rules */
    uint64_t not_reached; /* domains of the old scan that the new one, which is not whole, has not */
    uint64_t not_known;   /* domains of the new scan that the old one, which is damaged, has not */
    bool of_victims, victims_told;
    struct buf *why;
};

/* Walks. Errors as of diff_old, of side_walk and of take, with reader->why. diff_walk_dispose is fine after
 * any, and without a walk. */
enum error diff_walk(struct diff_walk *walk);
void diff_walk_dispose(struct diff_walk *walk);

#endif
