/*
 * What a resumed scan takes over from the runs before it, and what it says of them. Without a run before,
 * nothing.
 */
#ifndef STSWEEP_SCAN_RESUMED_H
#define STSWEEP_SCAN_RESUMED_H

#include <stdio.h>

#include "input/input.h"
#include "output/store/store.h"
#include "scanner/reach/worker.h"

/* Says what was cut or damaged; returns how many records stand already. */
uint64_t resumed_tell(struct store *store, FILE *out);

/* How many of the names read are still to be scanned, at most. */
uint64_t resumed_left(const struct input_file *files, size_t count, uint64_t done_before);

/* Where runs before stood still. A line of the file that says something else is an error. */
enum error resumed_stuck(struct store *store, struct stuck_list *stuck, struct buf *why);

/* Before the loops start: addresses that were silent are not tried again in this pass. */
void resumed_silence(const struct store *store, struct worker *workers);

#endif
