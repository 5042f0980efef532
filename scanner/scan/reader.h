/*
 * The reader thread: reads the input once into the spool, rejects to the writer, then hands the names to the
 * loops in keyed order, never more at a time than scan.in_flight, and none while the writer's backlog is too
 * long. Names that are put off wait in a spool of their own for the next pass (scan.retry_passes,
 * scan.retry_after), and what an outage of this machine hit for up to READER_OUTAGE_PASSES more. None is
 * handed out while scan_context.hold_back stands.
 */
#ifndef STSWEEP_SCAN_READER_H
#define STSWEEP_SCAN_READER_H

#include "input/input.h"
#include "input/spool.h"
#include "scanner/reach/worker.h"
#include "scanner/scan/writer.h"

struct reader;

enum { READER_OUTAGE_PASSES = 3 };

/* From the worker's thread: is this judgement of a domain that was started then (monotonic) to be put off, as
 * another pass may find more? So is what one look does not decide. Whatever lived through an outage of our
 * own is, if anything failed that passes.
 */
bool reader_tries_again(const struct worker *worker, int64_t started_ms, const struct judgement *judgement);

struct reader_options {
    const struct config *config;
    struct worker *workers;
    uint32_t worker_count;
    struct writer *writer;
    struct store *store;      /* for what is done already; read only */
    struct input_file *files; /* path set; the rest is filled in */
    size_t file_count;
    const char *spool_directory; /* NULL: the spool may not leave memory */
    uint64_t seed;
    bool rejects_done;
    /* On the reader's thread, between reading and handing out; an error ends the reader. */
    enum error (*input_read)(void *arg);
    /* On the reader's thread, when it has ended. */
    void (*ended)(void *arg);
    /* The last name of a pass has been handed out; NULL: nobody wants to know. */
    void (*handed_out)(void *arg);
    void *arg;
};

struct reader_counts {
    uint64_t rejects;
    uint64_t rejected[FAIL_COUNT]; /* the same by their code */
    uint64_t opted_out;
    uint64_t inputs;
    struct spool_counts spool;
};

/* Made first and started later, so that the workers' results can know it. */
struct reader *reader_create(const struct reader_options *options);
enum error reader_start(struct reader *reader);

/* From any thread: no further domain is started. */
void reader_stop(struct reader *reader);

/* From any thread: a place in flight on the loop with this index is free again. */
void reader_credit(struct reader *reader, uint32_t loop);

/* From any thread: a domain that was handed out has ended, with a record or put off. */
void reader_finished(struct reader *reader);

/* From any thread, before reader_finished: no record was written; the next pass is to try it again. Copies.
 */
enum error reader_put_off(struct reader *reader, const struct input_name *name);

/* A domain that is tried twice is handed out twice. */
struct reader_progress {
    uint64_t started;
    uint64_t finished;
    uint64_t put_off; /* so far, in all passes */
    uint64_t again;   /* of those, how many are still to be handed out once more */
    bool waiting;     /* between two passes */
};

/* From any thread. */
struct reader_progress reader_progress(struct reader *reader);

/* Names to hand out, those that are done already included; 0 until all have been read, and less with each
 * duplicate that is found then. */
uint64_t reader_total(struct reader *reader);

/* After it has ended. ERR_STOPPED where it was stopped before the end of the list. */
enum error reader_join(struct reader *reader, struct reader_counts *counts, struct buf *why);
void reader_destroy(struct reader *reader);

#endif
