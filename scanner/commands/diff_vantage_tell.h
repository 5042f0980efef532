/*
 * Writes what two places were answered: in which an address or a policy host differs, a line each as text,
 * JSON or CSV, and who was asked from one place alone. As text the latter stand behind the former, and behind
 * them the sums. It only prints.
 */
#ifndef STSWEEP_COMMANDS_DIFF_VANTAGE_TELL_H
#define STSWEEP_COMMANDS_DIFF_VANTAGE_TELL_H

#include <stdio.h>

#include "output/readback/facts_spill.h"
#include "scanner/commands/csv_out.h"
#include "scanner/commands/diff_seen.h"
#include "scanner/commands/diff_tell.h"

/* What was counted of MX hosts' addresses, or of policy hosts. */
struct vantage_counts {
    uint64_t both, differ, alone[2];
    uint64_t by_aspect[SEEN_ASPECTS];
};

struct vantage_tell {
    FILE *out;
    enum diff_form form;
    const char *places[2]; /* their names; printable */
    struct csv_out csv;
    struct buf line;
    struct spill *alone;             /* the lines of text of those; NULL: none yet */
    struct vantage_counts counts[2]; /* of MX hosts, of policy hosts */
};

/* Prints the head of CSV. vantage_tell_dispose is fine after any, and without. */
struct diff_request;
void vantage_tell_init(struct vantage_tell *tell, FILE *out, const struct diff_request *request,
                       const char *const places[2]);
void vantage_tell_dispose(struct vantage_tell *tell);

/* Counts what was seen from both places, and tells it if it differs. */
void vantage_tell_both(struct vantage_tell *tell, const struct seen *const seen[2]);

/* Tells who was asked from one place (0 or 1) alone. ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error vantage_tell_alone(struct vantage_tell *tell, size_t place, const struct seen *seen,
                              struct buf *why);

/* Prints what is left of the text. Errors as above, and ERR_STOPPED if out takes no more. */
enum error vantage_tell_end(struct vantage_tell *tell, struct buf *why);

bool vantage_tell_differs(const struct vantage_tell *tell);

#endif
