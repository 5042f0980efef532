/*
 * A scan directory: meta.json, domains / hosts / certs / rejects in frames, summary.json. One thread writes.
 * Order of durability: rejects, certs, then hosts, then domains, so that a domain record on disk never refers
 * to what is not; summary.json last, by rename. What is done is a bitmap of ordinals rebuilt from whole
 * frames.
 */
#ifndef STSWEEP_STORE_STORE_H
#define STSWEEP_STORE_STORE_H

#include "output/frames/frames.h"
#include "output/store/summary.h"
#include "scanner/base/ip.h"

enum store_stream { STORE_REJECTS, STORE_CERTS, STORE_HOSTS, STORE_DOMAINS, STORE_STREAMS };

struct store;

struct store_options {
    const char *dir; /* "-" streams domain records to standard output, uncompressed, and keeps nothing else */
    int level;
    size_t frame_bytes;
    uint64_t part_bytes;
    int64_t flush_ms;
};

/* Makes the directory (an existing empty one is fine; one that holds a scan, or anything else, is ERR_EXISTS
 * with the reason) and locks it against other writers. When streaming, SIGPIPE must be ignored by the
 * process. */
enum error store_create(const struct store_options *options, struct store **store, struct buf *why);

/*
 * Opens a stopped scan: recovers the frames, rebuilds what is done. A damaged frame is set aside (frames.h),
 * and what stood in it counts as not done: domains are scanned again, rejects and certificates written again
 * as they come up; facts of MX hosts in it are gone unless their domains are. store_damage says so.
 * ERR_NOT_FOUND where there is no scan, ERR_EXISTS where another process writes it, ERR_CORRUPT where it is
 * damaged otherwise; *why says what.
 */
enum error store_resume(const struct store_options *options, struct store **store, struct buf *why);

/* Is this ordinal's record on disk already? (resume) */
bool store_is_done(const struct store *store, uint64_t ordinal);

/* Resume: are all rejects of the input on disk already? They are where meta.json says that the input was read
 * to its end; otherwise what there was has been thrown away and they are to be written again. */
bool store_rejects_done(const struct store *store);

/* What was damaged and set aside on resume, a line for each stream; "" where nothing was. */
const char *store_damage(struct store *store);

/* Resume: addresses that did not answer a connection in a run before. */
const struct unanswered *store_silent_mx(const struct store *store);
const struct unanswered *store_silent_policy(const struct store *store);

/* How many bytes of torn tails were cut on resume. */
uint64_t store_cut_bytes(const struct store *store);

/* Adds one line to a stream. For STORE_DOMAINS tally is counted; NULL for the others. May commit. */
enum error store_append(struct store *store, enum store_stream stream, struct bytes line,
                        const struct tally *tally, int64_t now_ms, struct buf *why);

/* Certificates stand once: true where this SHA-256 is new (and is now known). Always false when streaming.
 * Past the ceiling of certset.h a certificate may be new twice; readers keep the first. */
bool store_cert_is_new(struct store *store, const uint8_t sha256[32]);

/* Commits when output.flush has passed since the first record that waits; says in how many ms to call again
 * (-1: nothing waits). */
enum error store_tick(struct store *store, int64_t now_ms, int64_t *next_ms, struct buf *why);

/* Commits all streams in the order above. */
enum error store_commit(struct store *store, struct buf *why);

/* A scan that ends or stops: every stream has a file, a frame without records at least, in the order above.
 * Everything has been committed. */
enum error store_complete(struct store *store, struct buf *why);

/* Counts so far: records on disk before this run included. The store counts records and rejects; the caller
 * sets the other denominators. */
struct summary *store_summary(struct store *store);

/* Writes meta.json resp. summary.json whole: temporary file, fsync, rename, fsync of the directory. */
enum error store_write_file(struct store *store, const char *name, struct bytes text, struct buf *why);

/* A file of the directory into *text. ERR_NOT_FOUND where there is none. */
enum error store_read_file(struct store *store, const char *name, struct buf *text, struct buf *why);

int store_dir_fd(const struct store *store); /* -1 when streaming */
void store_destroy(struct store *store);     /* does not commit */

#endif
