/*
 * Finds what came of contacts in the directories of probes, for replay.h: host records by host, address and
 * round (output/readback/facts_index), and of the contacts' own records those that say what no host record
 * says: why an address was not tried, lookups made anew, policies. All of it lies in temporary files without
 * a name, and a bounded number of results that were read last stays in memory, as domains share hosts. One
 * thread.
 */
#ifndef STSWEEP_STAGES_RESULTS_H
#define STSWEEP_STAGES_RESULTS_H

#include "output/readback/facts_index.h"
#include "scanner/stages/replay.h"

struct results_store;

/* cache_bytes: of results in memory. ERR_IO, ERR_FULL (TMPDIR), ERR_MEMORY with *why. */
enum error results_open(size_t cache_bytes, struct results_store **results, struct buf *why);
void results_close(struct results_store *results); /* NULL is fine */

/* Adds the directory of a probe, those of earlier rounds first. also (or NULL) gets its certificates and host
 * records. ERR_CORRUPT if it is damaged, as what it lacks would count as not asked; otherwise errors as of
 * facts_index_add; all with *why. */
enum error results_add(struct results_store *results, int dir_fd, uint32_t round, facts_index_also also,
                       void *arg, struct buf *why);

/* Returns the source, which is good as long as the results. What it gives is good until the next call of
 * results_next. Of an error that is not ERR_NOT_FOUND results_why says why. */
struct replay_source results_source(struct results_store *results);
const char *results_why(struct results_store *results);

/* The next domain begins: what was given for the one before is given back. */
void results_next(struct results_store *results);

struct results_counts {
    uint64_t hosts, certs, contacts; /* records that can be found */
    uint64_t bytes;                  /* of the temporary files */
    uint64_t found, cached;          /* results that were asked for and are there; of these from memory */
};
struct results_counts results_counts(const struct results_store *results);

#endif
