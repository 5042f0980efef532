/*
 * Says what a diff finds, a domain a line, as text, JSON or CSV, and counts it; at the end the sums and whom
 * most of what got worse hangs on. Text is printed at the end, the gravest first; JSON and CSV as it comes.
 * It only prints; the pairs are the caller's.
 */
#ifndef STSWEEP_COMMANDS_DIFF_TELL_H
#define STSWEEP_COMMANDS_DIFF_TELL_H

#include <stdio.h>

#include "output/readback/compare.h"
#include "scanner/base/buf.h"
#include "output/readback/worse_groups.h"
#include "scanner/commands/csv_out.h"
#include "scanner/commands/diff_sorted.h"

enum diff_form { DIFF_TEXT, DIFF_JSON, DIFF_CSV };

struct diff_tell {
    FILE *out;
    enum diff_form form;
    bool worse_only;
    struct csv_out csv;
    struct buf line, codes;
    uint64_t counts[CHANGE_COUNT];
    uint64_t delivery[COURSE_COUNT], protection[COURSE_COUNT]; /* domains in both scans */
    uint64_t kept_ids;
    uint64_t cached_refused, cached_partial; /* domains of the new scan, changed or not */
    struct worse_groups worse;
    struct diff_sorted sorted; /* the lines of text */
};

/* ERR_MEMORY. diff_tell_dispose is fine after any. Prints the head of CSV. */
struct diff_request;
enum error diff_tell_init(struct diff_tell *tell, FILE *out, const struct diff_request *request);
void diff_tell_dispose(struct diff_tell *tell);

/* Counts a domain, and tells it if anything changed. before or after may be NULL, not both. ERR_FULL, ERR_IO,
 * ERR_MEMORY with *why. */
enum error diff_tell_domain(struct diff_tell *tell, const struct stand *before, const struct stand *after,
                            struct buf *why);

/* Prints the lines of text and the sums; nothing in JSON and CSV. Errors as of diff_sorted_print. */
enum error diff_tell_end(struct diff_tell *tell, struct buf *why);

/* Did anything get worse? A policy that changed under the same id is worse, too: senders keep the old one. */
bool diff_tell_is_worse(const struct diff_tell *tell);

#endif
