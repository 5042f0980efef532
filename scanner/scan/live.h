/*
 * Shows a scan: takes one state at a time from the main thread and hands it to everything that shows it, the
 * terminal or a line a minute, the status file, the metrics and the log (output/live). It counts nothing.
 */
#ifndef STSWEEP_SCAN_LIVE_H
#define STSWEEP_SCAN_LIVE_H

#include <stdatomic.h>

#include "output/live/terminal.h"
#include "scanner/scan/outward.h"
#include "scanner/scan/scan.h"
#include "scanner/scan/teller.h"

struct live {
    struct terminal terminal;
    struct outward outward;
    struct teller *teller; /* NULL: nobody is told */
    struct live_pace pace;
    struct live_state state; /* the last one; what does not change stands in it from the beginning */
    int64_t began_ms;        /* monotonic */
    int64_t disk_at_ms;      /* when the space was last asked for */
    atomic_int log_error; /* the first errno of the log, 0: none; any thread that says something finds it */
    bool log_told;
    enum live_phase phase; /* as last logged, and so on */
    bool read;             /* the input */
    const char *cut_off;
    uint64_t pass;
};

/* Makes the streams that all is said on: terminal.news and terminal.said. ERR_MEMORY. */
enum error live_init(struct live *live, const struct scan_request *request, int64_t now_ms);

/* Opens log, port and status file's place as who we were started by, and begins the log. Errors as of
 * outward_open. */
enum error live_open(struct live *live, const struct scan_request *request, struct buf *why);

/* Begins to tell others, once all is given away; errors as of teller_start. */
enum error live_start(struct live *live, struct buf *why);

/* Takes the state of now: *state is live->state with what has changed filled in, but for what live_measure
 * and this function fill in. asked: print it once, too. */
void live_show(struct live *live, struct live_state *state, bool asked);

/* Logs that the scan is to stop, and why: a text of ours. */
void live_stop(struct live *live, const char *reason);

/* All has been scanned, or what was in flight has ended; the screen goes. The state is as in live_show. */
void live_ending(struct live *live, struct live_state *state);

/* Tells how it ended, and lets everything go but what terminal_dispose does. Also if live_open has failed. */
void live_end(struct live *live, int exit_code);
void live_dispose(struct live *live);

#endif
