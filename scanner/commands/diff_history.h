/*
 * Runs `stsweep diff` over three scans and more: says of each domain when it got worse, for how many scans in
 * a row it has been so, and whether it got better again (output/readback/history.h). The scans are read one
 * after the other, the last one's records as they are told.
 */
#ifndef STSWEEP_COMMANDS_DIFF_HISTORY_H
#define STSWEEP_COMMANDS_DIFF_HISTORY_H

#include "scanner/commands/diff.h"

/* Returns an exit code as diff_main does: 1 also if --only twice told of a domain. 2 if the directories are
 * not in the order in which their scans began. */
int diff_history_run(const struct diff_request *request, FILE *out, FILE *err);

#endif
