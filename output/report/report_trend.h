/*
 * Counts the outcomes of an earlier scan, for the trend over several. They are those of its summary.json if
 * it has a whole one and nobody is left out, else they are counted from its records.
 */
#ifndef STSWEEP_REPORT_REPORT_TREND_H
#define STSWEEP_REPORT_REPORT_TREND_H

#include "output/readback/scanview.h"

/* A scan of the trend. */
struct report_scan {
    const char *dir;
    int64_t started; /* wall clock, ms */
    unsigned rules;  /* that it was judged by */
    bool is_whole;   /* it came to its end, and nothing of its domain records is damaged */
    uint64_t records, outcomes[OUTCOME_COUNT];
};

/* Reads it. leaves_out: the view leaves records out. ERR_CORRUPT if it is
 * damaged: it was counted as far as it can be read; ERR_IO, ERR_MEMORY with *why. */
enum error report_scan_read(struct scanview *view, const char *dir, bool leaves_out, struct report_scan *scan,
                            struct buf *why);

/* Takes the outcomes of a summary.json; false if it has none, or they do not add up to its records. Pure. */
bool report_scan_summary(struct bytes summary, struct report_scan *scan);

#endif
