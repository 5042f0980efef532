/*
 * Writes the records of a merged scan: rejects, certificates and host records as they stand in the
 * directories, then the domains, in an order that is the same each time. So what is on disk of an earlier run
 * is the beginning of what comes, and is passed over. The directories may be anybody's: a line that is no
 * record, or an ordinal that a scan cannot have, or has already, is ERR_CORRUPT with *why. One thread.
 */
#ifndef STSWEEP_STAGES_MERGE_WRITE_H
#define STSWEEP_STAGES_MERGE_WRITE_H

#include "output/store/ordinals.h"
#include "output/store/store.h"
#include "scanner/stages/join.h"

struct merge_write {
    const struct stagedirs *dirs;
    struct store *store;
    bool (*stopped)(void); /* asked now and then: true ends it with ERR_STOPPED */
    struct join *join;     /* once merge_write_probes has read them */
    uint64_t open;         /* domains that another round would have asked about */
    uint64_t joined;       /* that were joined with what came of their contacts, in this run */
    struct buf *why;
    uint64_t
        hosts_before; /* host records on disk of an earlier run; then how many of these are still to come */
    uint64_t lines;
    struct ordinals written; /* of the domains of this run */
    struct buf line, shown;  /* of a record that is made, and of one that is copied */
    struct buf packed;       /* what is counted of it in groups */
    struct arena arena;      /* of packing */
};

void merge_write_init(struct merge_write *write, const struct stagedirs *dirs, struct store *store,
                      bool (*stopped)(void), struct buf *why);
void merge_write_dispose(struct merge_write *write);

/* Writes the rejects of all shards. */
enum error merge_write_rejects(struct merge_write *write);

/* Writes certificates, each once, and host records, and indexes them for the domains. */
enum error merge_write_probes(struct merge_write *write);

/* Joins, judges and writes the domains. All of it has been committed when it returns ERR_OK or ERR_STOPPED.
 */
enum error merge_write_domains(struct merge_write *write);

#endif
