/*
 * Defines what a scan is of: where that comes from which it hands out, what is begun for each, and what its
 * books are held to. The first task is the lists of a scan (lists.c); the second is the part of a plan
 * (scanner/stages/part_task.h). Everything else is the same for both: preflight, loops, feeder, passes,
 * writer, what is seen of it, and how it ends.
 *
 * All functions run on the main thread, but for read, which is the feeder's, and start, the loops'. Those
 * that return false have said why, and have set scan->refused_with; those that return an error have written
 * why into scan->why.
 */
#ifndef STSWEEP_SCAN_TASK_H
#define STSWEEP_SCAN_TASK_H

#include <stdio.h>

#include "scanner/scan/feeder.h"

struct scan;
struct store;

struct scan_task {
    /* Reads what decides what is handed out. The configuration and the context are there; there is no scan
     * directory yet, and nothing has been given away. */
    bool (*choose)(struct scan *scan);
    /* Preflight has looked at this machine: is it fit for this? NULL: any is that can scan. */
    bool (*fits)(struct scan *scan);
    /* Makes the source. */
    bool (*open)(struct scan *scan);
    struct source (*source)(struct scan *scan);
    /* Reads the input, as far as that comes before the first name is handed out, and tells meta.json of it.
     */
    enum error (*read)(struct scan *scan);
    /* Writes what else the scan directory keeps of the input. On the writer's thread; NULL: nothing. */
    enum error (*write)(struct scan *scan, struct store *store, const char *dir, struct buf *why);
    feeder_start_name start;
    /* How many there are, those that are done included, from any thread; 0: that is not known yet. */
    uint64_t (*total)(const struct scan *scan);
    /* How many are spooled. On the feeder's thread, after read. */
    uint64_t (*spooled)(const struct scan *scan);
    /* After the feeder has ended: adds to scan->why what the source knows of its error. Returns whether that
     * is this machine's, which no other command line mends. */
    bool (*say_reason)(struct scan *scan);
    /* Sets the summary's denominators, once all has ended. */
    enum error (*denominators)(struct scan *scan);
    /* Tells how it ended. place: how the scan directory is called now. */
    void (*tell)(struct scan *scan, const char *place);
    void (*dispose)(struct scan *scan);
};

/* The lists that the request names. */
extern const struct scan_task scan_lists;

/* Asks whether the feeder is to stop; arg is the scan. */
bool scan_is_stopped(void *arg);

#endif
