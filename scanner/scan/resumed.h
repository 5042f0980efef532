/*
 * Takes over what the earlier runs of a resumed scan have left, and says what was found; without an earlier
 * run it does nothing. refusal.h and scanmeta.h decide whether a resume may go on.
 */
#ifndef STSWEEP_SCAN_RESUMED_H
#define STSWEEP_SCAN_RESUMED_H

#include <stdio.h>

#include "output/store/store.h"
#include "scanner/reach/worker.h"

/* Says what was cut or damaged; returns how many records stand already. */
uint64_t resumed_tell(struct store *store, FILE *out);

/* Returns how many of so many names are still to be scanned, at most. */
uint64_t resumed_left(uint64_t names, uint64_t done_before);

/* Reads at which addresses loops of earlier runs were stuck. A line of the file `stuck` that says something
 * else is an error. */
enum error resumed_stuck(struct store *store, struct stuck_list *stuck, struct buf *why);

/* Tells the pacers, before the loops start: addresses that were silent are not tried again in this pass. */
void resumed_silence(const struct store *store, struct worker *workers);

#endif
