/*
 * Keeps the opt-out list that a scan goes by in its directory (output/readback/optout_kept.h), with what each
 * entry has kept out of the input, so that `show DIR --optout` can say of each what it has kept out at all.
 * Entries of earlier runs stay. The file is the operator's own: a release leaves it out.
 */
#ifndef STSWEEP_SCAN_OPTOUTS_H
#define STSWEEP_SCAN_OPTOUTS_H

#include "output/store/store.h"
#include "scanner/facts/optout.h"

/* Writes the file; domains: by entry, how many names of the input. Nothing is written if there is no entry,
 * now or before. ERR_CORRUPT with *why, which tells the way out with the directory as it is called (dir), if
 * what stands there is none; ERR_FULL, ERR_IO, ERR_LIMIT, ERR_MEMORY.
 */
enum error optouts_write(struct store *store, const char *dir, const struct optout *optout,
                         const uint64_t *domains, struct buf *why);

#endif
