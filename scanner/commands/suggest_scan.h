/*
 * Runs `stsweep suggest DIR`: makes the suggestions for every domain of a scan, from the facts that it
 * stored. They are judged at the time of the scan and by today's rules. One record is in memory at a time,
 * whatever the scan's size.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_SCAN_H
#define STSWEEP_COMMANDS_SUGGEST_SCAN_H

#include "scanner/commands/except_list.h"
#include "scanner/commands/suggest_run.h"

/* Prints to the run's output, a stream with its head and its end. On failure *why says what; domains whose
 * facts are not whole are counted as undetermined. */
enum error suggest_scan(const char *dir, const struct except_files *except, struct suggest_run *run,
                        struct buf *why);

#endif
