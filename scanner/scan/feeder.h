/*
 * Runs the feeder thread, which hands the names of a source to the loops. First it prepares (reads the
 * input). It hands out never more names at a time than scan.in_flight, none while the sink's backlog is too
 * long, none while scan_context.hold_back is set, and none while so many wait at one's own addresses that
 * more would wait too long (own_is_full). Names that are put off go back to the source for the next pass;
 * passes.h says when that begins.
 */
#ifndef STSWEEP_SCAN_FEEDER_H
#define STSWEEP_SCAN_FEEDER_H

#include "scanner/reach/domain.h"
#include "scanner/reach/worker.h"
#include "scanner/scan/previous.h"
#include "scanner/scan/sink.h"
#include "scanner/scan/source.h"

struct feeder;

/* Starts what a name stands for, on the worker's thread; as domain_start, which is that of a list. The note
 * of the name is input->looks. */
typedef enum error (*feeder_start_name)(struct worker *worker, const struct domain_input *input);

struct feeder_options {
    const struct config *config;
    struct worker *workers;
    uint32_t worker_count;
    struct source source;
    feeder_start_name start;
    struct sink sink;          /* its backlog only */
    struct previous *previous; /* what senders may still have; NULL: nobody asks */
    /* On the feeder's thread, before the first name is asked for; an error ends the feeder. */
    enum error (*prepare)(void *arg);
    /* On the feeder's thread: the last name of a pass has been handed out. NULL: nobody wants to know. */
    void (*handed_out)(void *arg);
    /* From any thread: feeder_all_ended may be true now. */
    void (*ended)(void *arg);
    void *arg;
};

/* Makes the feeder; it is started later, so that the workers' results can know it. NULL when memory is
 * lacking. */
struct feeder *feeder_create(const struct feeder_options *options);
enum error feeder_start(struct feeder *feeder);

/* Stops the feeder, from any thread: no further domain is started. */
void feeder_stop(struct feeder *feeder);
bool feeder_is_stopped(const struct feeder *feeder);

/* Tells the feeder, from any thread, that a place in flight on the loop with this index is free again. */
void feeder_credit(struct feeder *feeder, uint32_t loop);

/* Tell the feeder that a domain has ended: with a record, or to come again in the next pass. From any thread,
 * one of the two for each domain that was handed out. feeder_put_off copies; after ERR_MEMORY the domain has
 * not ended. */
void feeder_finished(struct feeder *feeder, uint64_t ordinal);
enum error feeder_put_off(struct feeder *feeder, const struct input_name *name);

/* Tells, from any thread, whether nothing more is handed out and all that was has ended. */
bool feeder_all_ended(struct feeder *feeder);

/* A domain that is tried twice is handed out twice. */
struct feeder_progress {
    uint64_t started;
    uint64_t finished;     /* with a record or put off */
    uint64_t put_off;      /* so far, in all passes */
    uint64_t again;        /* of those, how many are still to be handed out once more */
    int64_t rest_ms;       /* how long it rests now between two passes; 0: it does not */
    int64_t rest_until_ms; /* when that ends (monotonic) */
    int64_t pass;          /* from 1 */
};

/* May be called from any thread. */
struct feeder_progress feeder_progress(struct feeder *feeder);

/* Waits until the thread has ended. ERR_STOPPED if it was stopped before the end of the list. */
enum error feeder_join(struct feeder *feeder);
void feeder_destroy(struct feeder *feeder);

#endif
