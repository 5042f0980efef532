/*
 * Keeps what was seen from one place, to be found by what it is about and gone through in order. Lines go to
 * a temporary file (facts_spill.h), their hashes to a table that is mapped from another, so that memory does
 * not grow with the scan. Of several records of one address the last pass counts, of these the first.
 */
#ifndef STSWEEP_COMMANDS_DIFF_SEEN_KEPT_H
#define STSWEEP_COMMANDS_DIFF_SEEN_KEPT_H

#include "output/readback/facts_spill.h"
#include "output/readback/facts_table.h"
#include "scanner/commands/diff_seen.h"

struct seen_kept {
    struct spill *spill;
    struct facts_table table;
    uint64_t seed; /* of the hash */
    uint64_t count;
};

/* ERR_FULL, ERR_IO, ERR_MEMORY with *why, as of the others. seen_kept_dispose is fine after any. */
enum error seen_kept_init(struct seen_kept *kept, struct buf *why);
void seen_kept_dispose(struct seen_kept *kept);

enum error seen_kept_add(struct seen_kept *kept, const struct seen *seen, struct buf *why);

/* Ends the adding. */
enum error seen_kept_end(struct seen_kept *kept, struct buf *why);

/* Finds what counts of the same address or policy host as `like`; ERR_NOT_FOUND if nothing was seen of it. */
enum error seen_kept_find(struct seen_kept *kept, const struct seen *like, struct seen *found);

/* Calls visit for each that counts, in the order of adding; an error of it ends that. */
typedef enum error (*seen_visit)(void *arg, const struct seen *seen);
enum error seen_kept_walk(struct seen_kept *kept, seen_visit visit, void *arg);

#endif
