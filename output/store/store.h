/*
 * Writes and resumes a scan directory: meta.json, domains / hosts / certs / rejects in frames, summary.csv,
 * summary.json. One thread writes. The order of durability is rejects, certs, hosts, domains, so that a
 * domain record on disk never refers to a record that is not there; summary.json comes last, by rename. A
 * bitmap of ordinals, rebuilt from whole frames, says which inputs are done.
 */
#ifndef STSWEEP_STORE_STORE_H
#define STSWEEP_STORE_STORE_H

#include "output/frames/frames.h"
#include "output/readback/amounts.h"
#include "output/store/summary.h"
#include "output/store/summary_groups.h"
#include "scanner/base/ip.h"

enum store_stream { STORE_REJECTS, STORE_CERTS, STORE_HOSTS, STORE_DOMAINS, STORE_STREAMS };

struct store;

struct store_options {
    const char *dir; /* "-" streams domain records to standard output, uncompressed, and keeps nothing else */
    int level;
    size_t frame_bytes;
    uint64_t part_bytes;
    int64_t flush_ms;
    struct summary_sample *sample; /* borrowed: counts the records as well; NULL: nobody does */
    group_provider provider;       /* of MX hosts, for groups; NULL: they are not counted */
    size_t groups_bytes;           /* what counting them may take of memory; 0: SUMMARY_GROUPS_BYTES */
};

/* Makes the directory (an existing empty one is fine; one that holds a scan, or anything else, is ERR_EXISTS
 * with the reason) and locks it against other writers. When streaming, SIGPIPE must be ignored by the
 * process. */
enum error store_create(const struct store_options *options, struct store **store, struct buf *why);

/*
 * Opens a stopped scan: recovers the frames, rebuilds the bitmap of what is done. A damaged frame is set
 * aside (frames.h), and its records count as not done: domains are scanned again, rejects and certificates
 * written again as they come up; facts of MX hosts in it are gone unless their domains are scanned again too.
 * store_damage says so. ERR_NOT_FOUND if there is no scan, ERR_EXISTS if another process writes it,
 * ERR_CORRUPT if it is damaged otherwise; *why says what.
 */
enum error store_resume(const struct store_options *options, struct store **store, struct buf *why);

/* Tells on resume whether this ordinal's record is on disk already; never without a store (NULL). */
bool store_is_done(const struct store *store, uint64_t ordinal);

/* Tells on resume whether all rejects of the input are on disk already. They are if meta.json says that the
 * input was read to its end; otherwise those that were there have been thrown away and all are to be written
 * again. */
bool store_rejects_done(const struct store *store);

/* Says what was damaged and set aside on resume, a line for each stream; "" if nothing was. */
const char *store_damage(struct store *store);

/* Return on resume the addresses that did not answer a connection in a run before. */
const struct unanswered *store_silent_mx(const struct store *store);
const struct unanswered *store_silent_policy(const struct store *store);

/* Returns how many bytes of torn tails were cut on resume. */
uint64_t store_cut_bytes(const struct store *store);

/* Returns how many lines of a stream are durable. */
uint64_t store_lines(const struct store *store, enum store_stream stream);

/* Says what the record files hold that will not grow under this state of meta.json: all of them if the scan
 * is stopped or done, the rejects once it is scanning. Others, and those of a stream to standard output, are
 * not known. Everything has been committed before. */
void store_amounts(const struct store *store, const char *state, struct amount amounts[AMOUNT_STREAMS]);

/* Adds one line to a stream. For STORE_DOMAINS tally is counted; NULL for the others. May commit. */
enum error store_append(struct store *store, enum store_stream stream, struct bytes line,
                        const struct tally *tally, int64_t now_ms, struct buf *why);

/* Count a record that was added, for the groups of summary.json: what was packed of it (groups_pack.h), or
 * what is read of its line; other streams than STORE_DOMAINS and STORE_HOSTS count nothing, nor does a stream
 * to standard output. What cannot be counted (no room for a temporary file, say) costs no record: then all
 * are read back at the end. */
void store_count(struct store *store, struct bytes packed);
void store_count_line(struct store *store, enum store_stream stream, struct bytes line);

/* Gives the groups, at the end, when all records are on disk: those of before a resume are read for it.
 * ERR_STOPPED if stopped, which is asked now and then, said so: another resume counts them. ERR_CORRUPT,
 * ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error store_groups(struct store *store, struct summary_groups *groups, bool (*stopped)(void),
                        struct buf *why);

/* Are groups counted: for a directory, and with a provider? */
bool store_counts_groups(const struct store *store);

/* Returns how many domain records store_groups has to read. */
uint64_t store_groups_unread(const struct store *store);

/* Tells whether this SHA-256 is new (and knows it from now on), so that a certificate stands once. Always
 * false when streaming. Past the ceiling of certset.h a certificate may be new twice; readers keep the
 * first. */
bool store_cert_is_new(struct store *store, const uint8_t sha256[32]);

/* Commits when output.flush has passed since the first record that waits; says in how many ms to call again
 * (-1: nothing waits). */
enum error store_tick(struct store *store, int64_t now_ms, int64_t *next_ms, struct buf *why);

/* Commits all streams in the order above. */
enum error store_commit(struct store *store, struct buf *why);

/* Called when a scan ends or stops: gives every stream a file, with a frame without records at least, in the
 * order above. Everything has been committed before. */
enum error store_complete(struct store *store, struct buf *why);

/* Returns the counts so far, records on disk before this run included. The store counts records and rejects;
 * the caller sets the other denominators. */
struct summary *store_summary(struct store *store);

/* Writes a small file, as meta.json, whole: temporary file, fsync, rename, fsync of the directory. */
enum error store_write_file(struct store *store, const char *name, struct bytes text, struct buf *why);

/* Reads a file of the directory into *text. ERR_NOT_FOUND if there is none. */
enum error store_read_file(struct store *store, const char *name, struct buf *text, struct buf *why);

int store_dir_fd(const struct store *store); /* -1 when streaming */
void store_destroy(struct store *store);     /* does not commit */

#endif
