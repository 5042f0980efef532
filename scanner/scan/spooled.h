/*
 * Makes the names of the input a source (source.h). It gives each once, in the keyed order, without those
 * whose record is in the store already. It has two spools at most: the one that is handed out, and the one
 * for names that are put off.
 */
#ifndef STSWEEP_SCAN_SPOOLED_H
#define STSWEEP_SCAN_SPOOLED_H

#include "input/spool.h"
#include "output/store/store.h"
#include "scanner/config/config.h"
#include "scanner/scan/choice.h"
#include "scanner/scan/source.h"

struct spooled;

struct spooled_options {
    const struct config *config; /* the shard, and how much memory */
    uint64_t seed;
    const char *directory;      /* NULL: the spools may not leave memory */
    const struct store *store;  /* what is done already */
    const char *const *sources; /* as of struct spool_options */
    size_t source_count;
    struct choice *choice; /* NULL: all names */
    const struct optout *optout;
    uint64_t *opted_by; /* by entry of it: names that are chosen of all, opted out and are not done are
                         * counted here before the first is handed out. NULL: nobody wants to know */
    bool (*stopped)(
        void *arg); /* looked at while names are chosen of all: true is ERR_STOPPED. It may be NULL */
    void *stopped_arg;
};

/* Returns where a list that outgrows input.memory goes: a streaming scan has no directory of its own. */
const char *spooled_directory(const struct config *config);

/* Makes an empty source. NULL when memory is lacking. */
struct spooled *spooled_create(const struct spooled_options *options);
void spooled_destroy(struct spooled *spooled); /* NULL is fine */

/* Fill the source, on the thread that calls it afterwards: any number of names, then once that there are no
 * more. */
enum error spooled_add(struct spooled *spooled, const struct input_name *name);
enum error spooled_filled(struct spooled *spooled);

/* Returns the source, good as long as spooled. */
struct source spooled_source(struct spooled *spooled);

/* Returns, from any thread, how many names there are, those that are done already included; 0 until all have
 * been added, and less with each duplicate that is found while they are handed out. */
uint64_t spooled_total(const struct spooled *spooled);

/* Returns what the first pass has found out. On the source's thread, or when that has ended. */
struct spool_counts spooled_counts(const struct spooled *spooled);

/* Adds to *why what the system said of an error, a line for each spool. On the source's thread, or when that
 * has ended. */
void spooled_say_reason(const struct spooled *spooled, struct buf *why);

#endif
