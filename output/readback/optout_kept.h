/*
 * Reads the opt-out list that a scan directory keeps (optout.ndjson): the entries of the list that the scan
 * went by, with date and comment as they stood there, the prefixes that AS numbers had then, and how many
 * names of the input each has kept out. Entries that stood in the list of an earlier run, and do so no more,
 * are there too, as what they kept out was kept out. Pure. The file may be anybody's.
 */
#ifndef STSWEEP_READBACK_OPTOUT_KEPT_H
#define STSWEEP_READBACK_OPTOUT_KEPT_H

#include "scanner/base/buf.h"
#include "scanner/base/bytes.h"
#include "scanner/facts/optout.h"

/* The file's name, and how much of it is read. */
#define OPTOUT_KEPT_NAME "optout.ndjson"
enum { OPTOUT_KEPT_BYTES = 1 << 30 };

struct optout_kept {
    struct optout *optout; /* owned; ready to be asked */
    uint64_t *domains;     /* owned; by entry */
    bool *removed;         /* owned; by entry: it stands no more in the list */
};

/* ERR_CORRUPT with *why if a line is no entry; ERR_LIMIT, ERR_MEMORY. optout_kept_dispose is fine after
 * any. */
enum error optout_kept_read(struct bytes text, struct optout_kept *kept, struct buf *why);
void optout_kept_dispose(struct optout_kept *kept);

/* Returns what kind of entry it is, in a word: domain, suffix, prefix, as. */
const char *optout_kind_name(enum optout_kind kind);

#endif
