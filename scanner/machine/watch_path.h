/*
 * Looks, as a part of the watch, whether STARTTLS comes through to us. It gathers what the loops have
 * counted, and asks the known hosts when there is a suspicion; stripped.h decides. On the main thread.
 */
#ifndef STSWEEP_MACHINE_WATCH_PATH_H
#define STSWEEP_MACHINE_WATCH_PATH_H

#include "scanner/machine/knownhosts.h"
#include "scanner/machine/stripped.h"

enum { WATCH_PATH_LINE_BYTES = 320 };

struct watch_path {
    struct scan_context *context;
    struct worker *workers;
    const struct config *config; /* of the lookups */
    struct event_base *base;
    struct stripped stripped;
    struct lookup_engine *engine; /* of the look that is under way, or NULL */
    struct known_hosts *known;
    int64_t look_ends_ms;
    uint64_t with_before;     /* sessions with STARTTLS at known providers, as last seen */
    int64_t step_ms;          /* wall clock: of the last step */
    uint64_t without_step;    /* sessions without it, then */
    int64_t well_ms;          /* the step behind which there was last a further one with it */
    uint64_t without_before;  /* sessions without it, then */
    uint64_t without_noticed; /* likewise, of late, while it is lost: from then on they are doubted */
    bool befell;              /* it was lost at some time */
    bool said;                /* that it is lost */
    char line[WATCH_PATH_LINE_BYTES];
};

/* What all loops have counted. */
struct path_counts {
    uint64_t sessions, lacking; /* of hosts of known providers */
    uint64_t without;           /* of all, that nobody doubted */
};

void watch_path_init(struct watch_path *path, struct scan_context *context, struct worker *workers,
                     const struct config *config, struct event_base *base);
void watch_path_dispose(struct watch_path *path);

/* Must be called several times a second. true: the path has just become clear again. */
bool watch_path_step(struct watch_path *path, const struct path_counts *counts, int64_t now);

/* Returns the line that is due, or NULL; *ok: it is over. */
const char *watch_path_say(struct watch_path *path, const struct path_counts *counts, bool *ok);

/* Returns a line for the end of the scan, when the loops have been joined; NULL: nothing befell it. */
const char *watch_path_closing(struct watch_path *path);

#endif
