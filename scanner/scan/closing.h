/* Computes and writes, once, when a scan has come to its end: the summary's denominators, summary.json, and
 * the answer to --fail-on. */
#ifndef STSWEEP_SCAN_CLOSING_H
#define STSWEEP_SCAN_CLOSING_H

#include <stdio.h>

#include "output/store/store.h"
#include "scanner/scan/intake.h"

/* Puts what the intake and the first pass counted into the summary as its denominators. */
void closing_denominators(struct store *store, const struct intake_counts *counts,
                          const struct spool_counts *names);

/* Writes summary.json. */
enum error closing_summary(struct store *store, struct buf *why);

/* Answers --fail-on: has any record, also one of before a resume, an outcome of the set (bit 1 << enum
 * outcome)? Says how many. */
bool closing_code(const struct summary *summary, uint32_t fail_on, FILE *out);

#endif
