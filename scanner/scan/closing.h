/* Computes and writes, once, when a scan has come to its end: the summary's denominators, its groups,
 * summary.csv and summary.json, the answer to --fail-on, and where all of it is. */
#ifndef STSWEEP_SCAN_CLOSING_H
#define STSWEEP_SCAN_CLOSING_H

#include <stdio.h>

#include "output/store/store.h"
#include "output/store/summary_groups.h"
#include "scanner/scan/intake.h"

/* Puts what the intake, the first pass and the choice counted into the summary as its denominators, and how
 * many names a sample speaks for. ERR_MEMORY. */
enum error closing_denominators(struct store *store, const struct intake_counts *counts,
                                const struct spool_counts *names, const struct choice *choice);

/* Gives the groups of the records, which are all on disk; none when streaming. It says so on err if it takes
 * long, as many are of before a resume. ERR_STOPPED if a signal came meanwhile: a resume counts them. */
enum error closing_groups(struct store *store, struct summary_groups *groups, FILE *err, struct buf *why);

/* Writes summary.csv, then summary.json: if that is there, the scan is whole. */
enum error closing_summary(struct store *store, const struct summary_groups *groups, struct buf *why);

/* Answers --fail-on: has any record, also one of before a resume, an outcome of the set (bit 1 << enum
 * outcome), be it by an earlier policy that senders have cached? Says how many. */
bool closing_code(const struct summary *summary, uint32_t fail_on, FILE *out);

/*
 * Returns how the scan directory is called now: given, if that still leads to it, else what the system says,
 * written into path; somebody may have moved it while the scan ran. dir_fd is the directory's, -1 if there is
 * none.
 */
enum { CLOSING_PATH_BYTES = 4096 };
const char *closing_place(int dir_fd, const char *given, char path[CLOSING_PATH_BYTES]);

/* Says how to go on with a scan that was stopped. place is what closing_place returned for given; with is
 * what the command needs beside, as " and --resume". */
void closing_stopped(uint64_t records, const char *given, const char *place, const char *with, FILE *out);

#endif
