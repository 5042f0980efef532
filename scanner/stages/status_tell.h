/* Tells how far a scan in stages is: as a table for a person, with the command to run next, as one object of
 * JSON, or only what is to be given again. Nothing of a stranger's is obeyed by a terminal. */
#ifndef STSWEEP_STAGES_STATUS_TELL_H
#define STSWEEP_STAGES_STATUS_TELL_H

#include <stdio.h>

#include "scanner/stages/status_sort.h"

void status_tell_text(const struct status *status, FILE *out);

/* ERR_LIMIT if it does not fit into what is kept of an answer. */
enum error status_tell_json(const struct status *status, FILE *out);

/* Prints 3,7-9 and the end of a line; nothing if nothing is to be given again. */
void status_tell_missing(const struct status *status, FILE *out);

/* Writes the command that comes next, fit for a shell. */
void status_put_next(const struct status *status, struct buf *text);

#endif
