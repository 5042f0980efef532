/*
 * Finds host records by (host, address) and certificates by SHA-256 in a scan directory, for facts_complete.
 * One pass over hosts and certs copies them, compressed in blocks that are quick to read at random, into
 * temporary files without a name under TMPDIR; 16 bytes a record are mapped for the index. So memory does not
 * grow with the scan, and writes to the directory meanwhile change nothing here.
 */
#ifndef STSWEEP_READBACK_FACTS_INDEX_H
#define STSWEEP_READBACK_FACTS_INDEX_H

#include "output/readback/facts_read.h"

struct facts_index;

/* Copies and indexes the records. rules are those by which the scan was judged (meta.json). dir_fd is needed
 * for this call only. Damage in the directory is no error here (see facts_index_damage). ERR_IO, ERR_FULL
 * (TMPDIR), ERR_MEMORY with *why. */
enum error facts_index_open(int dir_fd, uint32_t rules, struct facts_index **index, struct buf *why);
void facts_index_close(struct facts_index *index); /* NULL is fine */

/* Returns a source that is good as long as the index. */
struct facts_source facts_index_source(struct facts_index *index);

struct facts_index_counts {
    uint64_t hosts, certs; /* records that can be found */
    uint64_t unreadable;   /* lines that are no host or certificate record */
    uint64_t bytes;        /* of the temporary files */
};
/* Says which parts of hosts and certs could not be read, a line each; "" if all could. It is good as long as
 * the index. */
const char *facts_index_damage(struct facts_index *index);

struct facts_index_counts facts_index_counts(const struct facts_index *index);

#endif
