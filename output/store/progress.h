/*
 * Shows on stderr how far a scan is: some lines that are redrawn on a terminal, a line a minute if it is
 * none. One thread. It counts nothing itself.
 */
#ifndef STSWEEP_STORE_PROGRESS_H
#define STSWEEP_STORE_PROGRESS_H

#include <stdio.h>

#include "scanner/base/buf.h"
#include "scanner/facts/counters.h"

/* What a rate counts. */
enum progress_rate { RATE_DOMAINS, RATE_LOOKUPS, RATE_FETCHES, RATE_PROBES, RATE_COUNT };

enum { PROGRESS_CODES = 4 };

struct progress {
    FILE *out;
    bool terminal;
    unsigned lines_open; /* stand on the terminal, above the cursor */
    int64_t began_ms;
    int64_t shown_ms;
    bool has_rates;
    uint64_t shown[RATE_COUNT];
    double rates[RATE_COUNT]; /* a second, smoothed */
    double pace;              /* domains a second when they last ended at all: what is left is judged by it */
};

/* How much of the input was read. */
struct progress_read {
    uint64_t bytes;    /* of the files, as stored */
    uint64_t of_bytes; /* how many they have; 0: that cannot be told, as of a pipe */
    uint64_t inputs;   /* that came of them */
    int64_t ms;        /* since it began */
};

/* The counts of the scan at a moment. */
struct progress_state {
    uint64_t before;           /* records of earlier runs */
    uint64_t done;             /* of this run */
    uint64_t total;            /* of all runs; 0: the input is still being read */
    struct progress_read read; /* if total is 0 */
    uint64_t in_flight;        /* parked ones not counted */
    uint64_t parked;
    uint64_t again;         /* put off: they wait for another pass */
    int64_t rest_ms;        /* how long the scan rests before that pass, or still rests; 0: none comes */
    bool resting;           /* now */
    int64_t wall_ms;        /* the time of day */
    struct counters counts; /* of all loops, in this run */
};

void progress_begin(struct progress *progress, FILE *out, bool terminal, int64_t now_ms);

/* Draws, if it is time to. */
void progress_show(struct progress *progress, const struct progress_state *state, int64_t now_ms);

/* Wipes the lines off the terminal, before anything else is printed. */
void progress_clear(struct progress *progress);

/* Writes the lines themselves: how far, what is under way, outcomes, most frequent failures. They are of
 * ASCII, each ended by a newline and broken into rows of at most width columns (at least 8; 0: none is
 * broken). Brings the rates up to date. */
void progress_text(struct progress *progress, const struct progress_state *state, int64_t now_ms,
                   size_t width, struct buf *text);

#endif
