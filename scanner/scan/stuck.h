/*
 * Watches for loops that are stuck, on the main thread. Each loop gets a message now and then. One that has
 * not taken it for scan.stuck_after is reported, with the address that it is at, which goes to the
 * directory's file `stuck` so that a resume leaves it out. Time in which this process was paused does not
 * count.
 */
#ifndef STSWEEP_SCAN_STUCK_H
#define STSWEEP_SCAN_STUCK_H

#include <stdio.h>

#include "scanner/machine/watch.h"
#include "scanner/reach/stuck_list.h"
#include "scanner/scan/writer.h"

struct stuck;

/* Begins to watch. Workers and writer outlive it; known lists where earlier runs were stuck. NULL without
 * memory. */
struct stuck *stuck_create(struct worker *workers, struct writer *writer, const struct stuck_list *known,
                           int64_t after_ms);

/* Ends the watch, after the workers: they may hold a message of it. NULL is fine. */
void stuck_destroy(struct stuck *stuck);

/* Must be called every WATCH_TICK_MS. News goes to out and among the watch's events. */
void stuck_tick(struct stuck *stuck, struct watch *watch, FILE *out);

/* Is a loop stuck now, and has it been for twice scan.stuck_after? */
bool stuck_for_good(const struct stuck *stuck);

/* Ends the loops and waits for their threads, for scan.stuck_after at most. Those that do not end are
 * reported as above, a line each on out. false: some are left, and nothing that they can see may be taken
 * away. NULL is fine. */
bool stuck_end(struct stuck *stuck, FILE *out);

#endif
