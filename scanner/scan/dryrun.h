/*
 * Runs `stsweep scan --dry-run`: what a scan of these lists with these options would ask of whom, how long it
 * would take and what it would need. It reads the lists as a scan does, looks at this machine as a scan does
 * (preflight), and writes nothing; a list that outgrows input.memory goes to a file without a name in TMPDIR.
 * Of the names of the list nobody is asked anything, unless some are to be measured
 * (scanner/machine/measure).
 */
#ifndef STSWEEP_SCAN_DRYRUN_H
#define STSWEEP_SCAN_DRYRUN_H

#include <stdio.h>

#include "scanner/estimate/estimate.h"
#include "scanner/scan/begin.h"

struct dryrun {
    const struct config *config;
    const struct preflight *preflight;
    struct intake_counts counts;
    struct choice_counts left_out;
    struct spool_counts spool;
    uint64_t names;   /* to scan */
    uint64_t spooled; /* names of the list of which they are chosen */
    struct estimate_shares shares;
    struct estimate_scan scan;
    struct estimate estimate;
    uint64_t disk_bytes, disk_free;     /* free 0: it cannot be told */
    uint64_t memory_bytes, memory_free; /* likewise */
    uint64_t memory_parked_bytes;       /* beyond that, if limits.parked domains wait at once */
};

/* Returns the exit code that the scan would end with, as far as it can be told: 0, 2, 4. The answer goes to
 * out, what a scan says at its start to standard error. */
int dryrun_main(const struct scan_request *request, FILE *out);

/* Fills in scan, shares apart, from options and names. */
void dryrun_options(const struct config *config, uint64_t names, struct estimate_scan *scan);

/* Write the answer for a person, and as one JSON object. */
void dryrun_tell(const struct dryrun *dryrun, FILE *out);
bool dryrun_json(const struct dryrun *dryrun, FILE *out);

#endif
