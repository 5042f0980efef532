/*
 * Counts the groups that summary.json tells of: of each kind the first by what mending them gains, as
 * `show --by` has them; and in which groups TLS keys were exchanged (summary_exchange.h). What a record
 * counts comes packed from where its facts are (groups_pack.h); the records that a resume finds on disk are
 * read back at the end, so that a scan that was resumed says the same as one that was not. One thread.
 */
#ifndef STSWEEP_STORE_SUMMARY_GROUPS_H
#define STSWEEP_STORE_SUMMARY_GROUPS_H

#include "output/readback/group_top.h"
#include "output/store/summary_exchange.h"

/* How many of each kind are told; what counting them may take of memory: more goes to a file without a name
 * in the scan directory, or in TMPDIR where that cannot be. */
enum { SUMMARY_GROUPS_TOLD = 50, SUMMARY_GROUPS_BYTES = 32 << 20 };

struct summary_groups {
    struct group_top kinds[GROUP_KIND_COUNT];
    struct summary_exchange exchange;
};

void summary_groups_init(struct summary_groups *groups);
void summary_groups_dispose(struct summary_groups *groups);

/* ---- counting ------------------------------------------------------------------------------------------ */

struct groups_counter;

/* How many records at the beginning of a scan directory's streams are meant. */
struct groups_span {
    uint64_t domains, hosts;
};

/* dir_fd: of the scan directory; borrowed. memory_bytes: what counting may take. before: the records that
 * stand there, which are not counted as they come. NULL without memory. */
struct groups_counter *groups_counter_new(int dir_fd, group_provider provider, size_t memory_bytes,
                                          const struct groups_span *before);
void groups_counter_free(struct groups_counter *counter); /* NULL is fine */

/* Count what was packed of a record; a stored domain record (one line of JSON); a host record. What cannot be
 * counted (no room for a temporary file, say) costs no record: then all are read back at the end. */
void groups_counter_add(struct groups_counter *counter, struct bytes packed);
void groups_counter_domain(struct groups_counter *counter, struct bytes line);
void groups_counter_host(struct groups_counter *counter, struct bytes line);

/* Says how many domain records the end has to read back, of so many that there are. */
uint64_t groups_counter_unread(const struct groups_counter *counter, uint64_t records);

/* Reads back what was not counted as it came, which is all on disk, and gives the first groups of each kind;
 * nothing is counted afterwards. stopped (may be NULL) is asked now and then: ERR_STOPPED if it is true.
 * ERR_CORRUPT if a record cannot be read back, ERR_FULL, ERR_IO, ERR_MEMORY, with *why. */
enum error groups_counter_end(struct groups_counter *counter, bool (*stopped)(void),
                              struct summary_groups *groups, struct buf *why);

/* Counts a whole scan directory, in one go. */
enum error summary_groups_count(struct summary_groups *groups, int dir_fd, group_provider provider,
                                struct buf *why);

#endif
