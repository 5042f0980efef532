/*
 * Keeps where the domains of the old scan stand, to be found by name while the new one is read, and to tell
 * afterwards which were not. Lines go to a temporary file (facts_spill.h), their hashes to a table that is
 * mapped from another: memory does not grow with the scan but for a bit a slot of the table.
 */
#ifndef STSWEEP_COMMANDS_DIFF_OLD_H
#define STSWEEP_COMMANDS_DIFF_OLD_H

#include "output/readback/compare.h"
#include "output/readback/facts_spill.h"
#include "output/readback/facts_table.h"

enum { OLD_NAME_BYTES = 256, OLD_ID_BYTES = 64, OLD_PROVIDER_BYTES = 64, OLD_LABEL_BYTES = 4096 };

struct diff_old {
    struct spill *spill;
    struct facts_table table;
    struct buf seen; /* a bit for each slot of the table: its domain was found */
    uint64_t kept;
};

/* A standing that was kept; stand points into it. */
struct kept_stand {
    struct stand stand;
    char domain[OLD_NAME_BYTES], id[OLD_ID_BYTES], provider[OLD_PROVIDER_BYTES];
    uint8_t label[OLD_LABEL_BYTES];
};

/* ERR_FULL, ERR_IO, ERR_MEMORY with *why, as of the others. diff_old_dispose is fine after any. */
enum error diff_old_init(struct diff_old *old, struct buf *why);
void diff_old_dispose(struct diff_old *old);

/* Keeps a standing, but not its hosts. ERR_LIMIT if a text of it is longer than any that a record has. */
enum error diff_old_keep(struct diff_old *old, const struct stand *stand, struct buf *why);

/* Ends the keeping. */
enum error diff_old_end(struct diff_old *old, struct buf *why);

/* Finds a domain and notes that it was found; *found tells whether it is there. */
enum error diff_old_find(struct diff_old *old, const char *domain, struct kept_stand *kept, bool *found);

/* Calls visit for each that was never found, in the order of the old scan; an error of it ends that. */
enum error diff_old_gone(struct diff_old *old, enum error (*visit)(void *arg, const struct stand *stand),
                         void *arg);

#endif
