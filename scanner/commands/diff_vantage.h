/*
 * Runs `stsweep diff --vantage A B`: says which addresses of MX hosts and which policy hosts answer otherwise
 * from one place than from another, of two scans of the same names (docs/diff.md). It reads only; memory does
 * not grow with the scans.
 */
#ifndef STSWEEP_COMMANDS_DIFF_VANTAGE_H
#define STSWEEP_COMMANDS_DIFF_VANTAGE_H

#include "scanner/commands/diff.h"

/* The request has two paths. Exit code: 0 nothing differs, 1 something does, 2 no scan directory, 3 a scan is
 * not at its end, 4 a directory cannot be read. */
int diff_vantage_run(const struct diff_request *request, FILE *out, FILE *err);

#endif
