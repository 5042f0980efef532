/*
 * Runs the writer thread, the only one that touches the scan directory while a scan runs. Lines come through
 * its mailbox from the loops and the feeder, in one order; zstd, write and fsync happen here.
 */
#ifndef STSWEEP_SCAN_WRITER_H
#define STSWEEP_SCAN_WRITER_H

#include "output/store/store.h"

struct writer;

/* Starts the thread. It alone uses store until writer_finish returns. failed is called on that thread, once,
 * when the store can take no more. */
struct writer *writer_create(struct store *store, void (*failed)(void *arg), void *arg);

/* A line and what goes with it. */
struct writer_line {
    enum store_stream stream;
    struct bytes line;
    const struct tally *tally; /* of STORE_DOMAINS, else NULL */
    const uint8_t *sha256;     /* of STORE_CERTS, else NULL: a certificate that is known already is dropped */
    struct bytes packed;       /* what is counted of it in groups (output/store/groups_pack.h), or nothing */
};

/* Adds a line, from any thread, and copies all of it. */
enum error writer_add(struct writer *writer, const struct writer_line *line);

/* Returns how many bytes wait to be written. */
size_t writer_backlog(struct writer *writer);

/* Returns when all lines before it are durable and act (may be NULL) has run on the writer's thread. From any
 * thread but the writer's. */
enum error writer_barrier(struct writer *writer,
                          enum error (*act)(void *arg, struct store *store, struct buf *why), void *arg);

/* Returns ERR_OK, or what the store said first; *why gets the text. After writer_finish, or when `failed` was
 * called. */
enum error writer_error(struct writer *writer, struct buf *why);

/* Writes what waits, commits and ends the thread; nobody posts any more. */
enum error writer_finish(struct writer *writer);
void writer_destroy(struct writer *writer);

#endif
