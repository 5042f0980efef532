/*
 * Finds host records by (host, address) and certificates by SHA-256 in a scan directory, for facts_complete;
 * or in several directories, which each hold what one part of a round found (docs/internals/stages.md). One
 * pass over hosts and certs copies them, compressed in blocks that are quick to read at random, into
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

/* ---- several directories ------------------------------------------------------------------------------- */

enum facts_index_kind { FACTS_INDEX_CERT, FACTS_INDEX_HOST };

/* Gets each line that is indexed too, without its \n; an error of it ends the adding. */
typedef enum error (*facts_index_also)(void *arg, enum facts_index_kind kind, struct bytes line);

/* Makes an index of nothing. Errors as of facts_index_open. */
enum error facts_index_create(uint32_t rules, struct facts_index **index, struct buf *why);

/* Adds what a directory holds of a round; 0: of no round. dir_fd is needed for this call only; also may be
 * NULL. Errors as of facts_index_open, or that of also. */
enum error facts_index_add(struct facts_index *index, int dir_fd, uint32_t round, facts_index_also also,
                           void *arg, struct buf *why);

/* Finds the record of what was seen at an address in a round: the one of this time, or with 0 the last one.
 * shared: of a name beyond limits.names_per_ip, which was not tried. ERR_NOT_FOUND; errors as of spill_get.
 */
enum error facts_index_host(struct facts_index *index, const struct probe_wanted *wanted, uint32_t round,
                            bool shared, struct bytes *line);

/* Does a round have a record of the address? A false yes is as likely as two equal 64-bit hashes. */
bool facts_index_has(const struct facts_index *index, const char *host, const struct ip_addr *ip,
                     uint32_t round);

/* ---- what is in it ------------------------------------------------------------------------------------- */

/* Returns a source that is good as long as the index. Certificates of facts that it completed are good until
 * the next facts_index_next, which must follow, as they gather until then. */
struct facts_source facts_index_source(struct facts_index *index);

/* Nothing is needed any more of the certificates that were given. */
void facts_index_next(struct facts_index *index);

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
