/*
 * Opens and makes what a scan needs as who it was started by, becomes the user of safety.user, and gives the
 * rest away (scanner/machine/sandbox). It comes before anybody is contacted and before there are threads.
 */
#ifndef STSWEEP_SCAN_CONFINE_H
#define STSWEEP_SCAN_CONFINE_H

#include "input/input.h"
#include "scanner/machine/sandbox.h"
#include "scanner/scan/outward.h"
#include "scanner/scan/scan.h"

struct confine {
    struct input_file *files; /* as many as were asked for, open */
    size_t file_count;
    const char *made; /* the scan directory, if there was none; borrowed */
    struct sandbox sandbox;
};

/*
 * outward is open (outward.h). spool: the directory of what outgrows memory. ERR_CONFIG, ERR_NOT_FOUND or
 * another error of files with *why if something cannot be opened or made, or is not the user's to write; then
 * a directory that was made is gone again, as far as we may remove it.
 */
enum error confine_enter(struct confine *confine, const struct scan_request *request,
                         const struct config *config, const struct outward *outward, const char *spool,
                         struct buf *why);

/* Ends the beginning. Unless the scan did begin, a directory that was made for it is removed, if it is still
 * empty and ours to remove. Nothing of the kind can be done afterwards. */
void confine_end_beginning(struct confine *confine, bool begun);

void confine_dispose(struct confine *confine);

#endif
