/*
 * Makes a report of a scan directory: one page of HTML that people read who have never heard of MTA-STS, with
 * all that it needs in it. It asks for nothing over the network and is whole without its script. Of a scan
 * that is not at its end it tells what is whole at the time, and says so.
 */
#ifndef STSWEEP_REPORT_REPORT_H
#define STSWEEP_REPORT_REPORT_H

#include <stdio.h>

#include "output/readback/groups.h"
#include "output/readback/scanview.h"

struct report_request {
    const char *dir;
    group_provider provider;
    struct scanview *view; /* of it, open */
};

/* Writes the page to out. ERR_CORRUPT if something of the scan is damaged: the page is whole then as well,
 * and says so; ERR_IO, ERR_FULL, ERR_MEMORY: it is not. *why says what. */
enum error report_write(const struct report_request *request, FILE *out, struct buf *why);

#endif
