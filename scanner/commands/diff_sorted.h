/*
 * Keeps the lines of diff's text until all are known, and prints them in the order of their gravity; lines of
 * one gravity in the order in which they were added. They go to temporary files (facts_spill.h), so that
 * memory does not grow with them. One thread.
 */
#ifndef STSWEEP_COMMANDS_DIFF_SORTED_H
#define STSWEEP_COMMANDS_DIFF_SORTED_H

#include <stdio.h>

#include "output/readback/causes.h"
#include "output/readback/facts_spill.h"

/* All NULL at first. */
struct diff_sorted {
    struct spill *spills[GRAVITY_COUNT]; /* NULL: no line yet */
};

void diff_sorted_dispose(struct diff_sorted *sorted);

/* Adds a line without its \n. ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error diff_sorted_add(struct diff_sorted *sorted, enum gravity gravity, struct bytes line,
                           struct buf *why);

/* Prints all, and forgets them. Errors as above, and ERR_STOPPED if out takes no more. */
enum error diff_sorted_print(struct diff_sorted *sorted, FILE *out, struct buf *why);

/* Ends a domain's line: what causes it, and the label of the list, of which nothing is obeyed by a terminal.
 */
void diff_sorted_end_line(struct buf *line, const struct causes *causes, struct bytes label);

#endif
