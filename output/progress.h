/*
 * How far a scan is, on stderr: one line that is rewritten on a terminal, a line a minute where it is none.
 * progress_count may be called by any thread, the others by the one that began it.
 */
#ifndef STSWEEP_OUTPUT_PROGRESS_H
#define STSWEEP_OUTPUT_PROGRESS_H

#include <stdatomic.h>

#include "output/record.h"

struct progress {
    atomic_uint_fast64_t outcomes[OUTCOME_COUNT];
    bool terminal;
    bool line_open; /* something stands on the terminal's line */
    int64_t began_ms;
    int64_t shown_ms;
    uint64_t shown_done;
};

void progress_begin(struct progress *progress, int64_t now_ms);
void progress_count(struct progress *progress, enum outcome outcome);
void progress_show(struct progress *progress, uint64_t done, uint64_t started, int64_t now_ms);

/* Before anything else is printed. */
void progress_clear(struct progress *progress);

#endif
