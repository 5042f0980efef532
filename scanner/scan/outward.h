/*
 * Opens what a scan tells others by, beside its directory: the log, the port of metrics, and the place of the
 * status file. It comes before the scan gives anything away (confine.h), so as who it was started by.
 */
#ifndef STSWEEP_SCAN_OUTWARD_H
#define STSWEEP_SCAN_OUTWARD_H

#include <stdio.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/config/config.h"

struct outward {
    int listener;            /* listens; -1: nobody may ask */
    int log_fd;              /* appends; -1: there is none */
    bool log_torn;           /* its last line has no end: the next goes into one of its own */
    char *status_dir;        /* where the status file is put; NULL: there is none */
    const char *status_name; /* in it */
    const char *status_path; /* as given */
};

/* ERR_CONFIG, ERR_NOT_FOUND or another error of files with *why. Warns on `out` of an address that others can
 * reach. outward_close is fine after either. */
enum error outward_open(struct outward *outward, const struct config *config, FILE *out, struct buf *why);
void outward_close(struct outward *outward); /* also if zeroed with -1 for both descriptors */

/* Appends whole lines to the log, in one write; without one it does nothing. false with errno: they are lost,
 * but not those that follow. Any thread. */
bool outward_log(struct outward *outward, struct bytes lines);

/* Replaces the status file: a file beside it, then a rename. false with errno; what stood there stays. */
bool outward_status(const struct outward *outward, struct bytes text);

#endif
