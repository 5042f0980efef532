/*
 * Runs `stsweep diff DIR DIR...`: says what has changed for senders between two scans, domain by domain, or
 * when each got worse over three and more (diff_history.h). output/readback/compare says what a change is. It
 * reads only; memory does not grow with the scans (where domains stood goes to files without a name under
 * TMPDIR).
 */
#ifndef STSWEEP_COMMANDS_DIFF_H
#define STSWEEP_COMMANDS_DIFF_H

#include <stdio.h>

#include "output/readback/history.h"
#include "scanner/commands/diff_only.h"
#include "scanner/commands/diff_side.h"
#include "scanner/commands/diff_tell.h"

struct diff_request {
    const char *paths[HISTORY_SCANS_MOST]; /* the oldest first */
    size_t path_count;
    enum diff_form form;
    struct csv_style csv;
    enum diff_only only;
    struct gone_bound gone_at_most;
    struct except_files except;
    bool by_vantage;   /* --vantage: diff_vantage.h */
    bool is_over_time; /* a flag was given that is of scans one after the other */
};

/* Runs the command. argv: the words behind `diff`. Exit code: 0 nothing got worse, 1 a domain broke, lost
 * MTA-STS or changed its policy under the same id, or more are gone than may be, 2 usage, 3 a scan is not at
 * its end, 4 a directory cannot be read. */
int diff_main(int argc, char **argv, FILE *out, FILE *err);

#endif
