/*
 * Judges stored records anew: the facts that a scanview gives go through the verdict into a record again. It
 * counts what changed.
 */
#ifndef STSWEEP_COMMANDS_SHOW_JUDGE_H
#define STSWEEP_COMMANDS_SHOW_JUDGE_H

#include <stdio.h>

#include "output/json/json_write.h"
#include "output/readback/scanview.h"
#include "scanner/facts/record_kept.h"

/* Of a stored line that is shown (json_show). */
enum { SHOW_LINE_BYTES = JSON_SHOW_TIMES_MOST * RECORD_LINE_BYTES };

struct show_judge {
    int64_t now;           /* wall clock, ms, or BY_OWN_TIME (verdict.h) */
    struct scanview *view; /* NULL until it judges */
    struct buf line;
    struct buf stored; /* the line that it was, as json_show has it */
    uint64_t judged, changed, missing, unreadable;
    uint64_t cut; /* of those judged, the ones of whose policy only the beginning is stored */
    uint64_t table[OUTCOME_COUNT][OUTCOME_COUNT]; /* from → to, of domain records */
};

/* Judges the view's records anew from now on, by the time now; judge stays where it is. ERR_… with *why if
 * the view cannot do it. show_judge_dispose is fine after any. */
enum error show_judge_init(struct show_judge *judge, struct scanview *view, int64_t now, struct buf *why);
void show_judge_dispose(struct show_judge *judge);

/* Returns the record anew, without its \n, good until the next call. A record whose facts are not all there,
 * or that is no record, is counted and stays as it is. */
struct bytes show_judge_line(struct show_judge *judge, const struct view_record *record);

/* Counts a domain's outcome, as stored and as judged anew. */
void show_judge_count(struct show_judge *judge, unsigned before, unsigned after);

/* Prints how many records there are, how many changed, from which outcome to which; and what could not be
 * judged. */
void show_judge_print(struct show_judge *judge, FILE *err);

#endif
