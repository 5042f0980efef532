/*
 * Writes and reads the spool's file: it holds runs, each an index of offsets (one a bucket and one for the
 * end) and behind it the buckets' bytes. The file has no name once it is open, so nothing is left behind,
 * whatever happens. Private to the spool.
 */
#ifndef STSWEEP_INPUT_SPOOL_RUNS_H
#define STSWEEP_INPUT_SPOOL_RUNS_H

#include "input/spool.h"

enum { SPOOL_REASON_BYTES = 160 };

struct spool_runs {
    int fd;         /* -1: not open */
    uint64_t end;   /* of the bytes that are written or wait in out */
    uint64_t *runs; /* owned: where each begins */
    size_t count;
    size_t capacity;
    uint8_t *out; /* owned */
    size_t out_len;
    size_t out_bytes;
    uint64_t index[SPOOL_BUCKETS + 1];    /* of the run that is being written */
    uint64_t bucket_bytes[SPOOL_BUCKETS]; /* over all runs */
    char reason[SPOOL_REASON_BYTES];      /* what the system said */
};

void spool_runs_init(struct spool_runs *runs, size_t out_bytes);
void spool_runs_dispose(struct spool_runs *runs);

/* Makes the file in directory. One that a crash left there is removed. */
enum error spool_runs_open(struct spool_runs *runs, const char *directory);

/* Write a run: begin, every bucket in order with its bytes, end. */
enum error spool_runs_begin(struct spool_runs *runs);
void spool_runs_bucket(struct spool_runs *runs, uint32_t bucket);
enum error spool_runs_write(struct spool_runs *runs, struct bytes data);
enum error spool_runs_end(struct spool_runs *runs);

/* Reads one bucket of all runs into out, which has bucket_bytes[bucket] bytes. */
enum error spool_runs_load(struct spool_runs *runs, uint32_t bucket, uint8_t *out);

#endif
