/* Keeps in the merged scan the opt-out list that its stages went by (output/readback/optout_kept.h). */
#ifndef STSWEEP_STAGES_MERGE_OPTOUT_H
#define STSWEEP_STAGES_MERGE_OPTOUT_H

#include "output/store/store.h"
#include "scanner/stages/stagedirs.h"

/* Writes the file; an entry counts what it has kept out of the input in all shards. The list of a later stage
 * is the newer one: entries that it lacks count as removed. Nothing is written if no stage has a list. place
 * is how the merged directory is called. Errors with *why as of scanview_optout and optouts_write. */
enum error merge_optout(const struct stagedirs *dirs, struct store *store, const char *place,
                        struct buf *why);

#endif
