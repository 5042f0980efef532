/*
 * Opens the scans that a report tells of beside its own: that of --against, with which it is compared as
 * `diff` compares, and those of the trend.
 */
#ifndef STSWEEP_COMMANDS_REPORT_EARLIER_H
#define STSWEEP_COMMANDS_REPORT_EARLIER_H

#include "output/readback/history.h"
#include "output/report/report.h"
#include "scanner/commands/diff_walk.h"

struct earlier {
    struct side_reader *reader;
    struct side sides[HISTORY_SCANS_MOST]; /* of the trend; the last is the scan of the report */
    size_t count;
    struct diff_walk walk;
    struct report_against against;
    struct report_earlier list[HISTORY_SCANS_MOST];
};

/* Opens all: the directories of the command line, the last of which is reported, and the one of --against
 * (NULL: there is none). ERR_MISMATCH with *why if they are not in the order of their scans; else errors as
 * of side_open. earlier_close is fine after any. */
enum error earlier_open(struct earlier *earlier, struct side_reader *reader, const char *const *dirs,
                        size_t count, const char *against);
void earlier_close(struct earlier *earlier);

/* Hands them to the report. */
void earlier_use(struct earlier *earlier, struct report_request *request);

#endif
