/*
 * What a scan is made of, from its beginning to its end. begin.c makes it, scan.c runs and closes it; beside
 * them its task (task.h) sees it, and nobody else.
 */
#ifndef STSWEEP_SCAN_BEGIN_H
#define STSWEEP_SCAN_BEGIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "output/store/summary_groups.h"
#include "scanner/base/buf.h"
#include "scanner/config/config.h"
#include "scanner/machine/preflight.h"
#include "scanner/machine/tracing.h"
#include "scanner/machine/watch.h"
#include "scanner/reach/worker.h"
#include "scanner/scan/choice.h"
#include "scanner/scan/confine.h"
#include "scanner/scan/feeder.h"
#include "scanner/scan/handover.h"
#include "scanner/scan/intake.h"
#include "scanner/scan/live.h"
#include "scanner/scan/previous.h"
#include "scanner/scan/records.h"
#include "scanner/scan/scan.h"
#include "scanner/scan/scanmeta.h"
#include "scanner/scan/signals.h"
#include "scanner/scan/sources.h"
#include "scanner/scan/spooled.h"
#include "scanner/scan/stuck.h"
#include "scanner/scan/task.h"
#include "scanner/scan/writer.h"

struct scan {
    const struct scan_request *request;
    const struct scan_task *task;
    void *task_arg;       /* the task's own */
    struct config fitted; /* what was asked for, lowered to what this machine allows; borrows its texts */
    const struct config *config; /* that one */
    struct scan_context context;
    struct store *store;
    struct writer *writer;
    struct worker *workers;
    uint32_t worker_count;
    struct choice *choice;
    char except_sha256[FILTER_SHA256_BYTES];
    struct summary_sample *sample; /* NULL: there is none */
    struct sources sources;        /* of the names */
    struct spooled *names;
    struct intake_counts counts;
    uint64_t *opted_by;        /* by entry of the opt-out list, how many names of the input */
    struct intake_seen seen;   /* of the input, while it is read */
    struct previous *previous; /* NULL: no earlier scan was given */
    struct feeder *feeder;
    struct watch *watch;
    struct stuck *stuck;
    struct stuck_list stood; /* the addresses at which earlier runs were stuck */
    struct confine confine;  /* with the files of the input */
    int announced;           /* holds the name by which others on this machine see the scan; -1: none */
    struct scan_meta meta;
    struct preflight preflight;
    struct handover handover;
    struct live live;
    struct crowds crowds;
    struct records records;
    uint64_t done_before; /* records of the runs before this one */
    struct buf why;
    int wake_fd; /* eventfd: something that the main thread should look at */
    struct signals signals;
    struct tracing tracing;
    struct counters counted;      /* at the end */
    struct summary_groups groups; /* likewise */
    atomic_bool writer_failed;
    bool stopping;
    bool ending;       /* all that was in flight has ended: counted is what the loops counted */
    bool left_running; /* a loop that is stuck and does not end */
    bool resting;      /* before the next pass, as last said */
    int refused_with;  /* the exit code if it does not even begin */
    int64_t started_ms;
};

/*
 * Does what comes before there is a scan directory: fits the scan to this machine, refuses what cannot be,
 * reads what decides which names are scanned, confines itself to what it needs of the files that written
 * names, and looks at this machine. written: the options, or for a dry run those with output.dir=-, so that
 * nothing is made. As scan_begin otherwise.
 */
bool scan_prepare(struct scan *scan, const struct config *written);

/*
 * Makes all of the scan and starts its threads; *scan has its request, its options as asked for in fitted,
 * and what it is shown by (live_init). Says why it cannot begin; then refused_with is the exit code, and what
 * was made is in *scan to be disposed of.
 */
bool scan_begin(struct scan *scan);

/* Says the error, if there is one, with scan->why; true if there is none. what: what failed, or
 * NULL. */
bool scan_say(struct scan *scan, const char *what, enum error error);

#endif
