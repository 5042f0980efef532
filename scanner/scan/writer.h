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

/* Adds a line, from any thread, and copies it. sha256 for STORE_CERTS (a certificate that is known already is
 * dropped), tally for STORE_DOMAINS, else NULL. */
enum error writer_line(struct writer *writer, enum store_stream stream, struct bytes line,
                       const struct tally *tally, const uint8_t *sha256);

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
