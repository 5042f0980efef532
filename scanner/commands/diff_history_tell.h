/*
 * Says what the history of each domain is, a line each, as text, JSON or CSV, and counts; at the end the
 * sums and whom most of what is worse hangs on. Text is printed at the end, the gravest first; JSON and CSV
 * as it comes. It only prints.
 */
#ifndef STSWEEP_COMMANDS_DIFF_HISTORY_TELL_H
#define STSWEEP_COMMANDS_DIFF_HISTORY_TELL_H

#include "scanner/commands/diff.h"

struct history_counts {
    uint64_t worse, second, flapped, unclear; /* domains; flapped: worse once, and not worse now */
};

struct history_tell {
    FILE *out;
    enum diff_form form;
    enum diff_only only;
    struct csv_style style;
    struct csv_out csv;
    unsigned last;                              /* the number of the last scan */
    int64_t started_ms[HISTORY_SCANS_MOST + 1]; /* by number */
    struct buf line, causes;
    struct diff_sorted sorted; /* the lines of text */
    struct history_counts counts[HISTORY_KINDS];
    uint64_t domains, appeared, gone, gone_before; /* in the last scan; the latter three: not in both of the
                                                      last two, or gone from an earlier one */
    uint64_t told;
    struct worse_groups worse;
};

/* ERR_MEMORY. history_tell_dispose is fine after any. */
enum error history_tell_init(struct history_tell *tell, const struct diff_request *request, FILE *out);
void history_tell_dispose(struct history_tell *tell);

/* Prints the head of CSV, once times are known. */
void history_tell_begin(struct history_tell *tell);

/* Counts a domain of the last scan, and tells it if it ever got worse and is asked for. Errors as of
 * worse_groups_add and diff_sorted_add. */
enum error history_tell_domain(struct history_tell *tell, const struct history *history,
                               const struct stand *stand, struct buf *why);

/* Prints the lines of text and the sums; nothing in JSON and CSV. Errors as of diff_sorted_print. */
enum error history_tell_end(struct history_tell *tell, struct buf *why);

/* Is there what the exit code 1 is for: with --only twice a domain that was told, else one that is worse? */
bool history_tell_is_worse(const struct history_tell *tell);

#endif
