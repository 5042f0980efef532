/*
 * Makes a report of a scan directory: one page of HTML that people read who are new to MTA-STS, with
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
    struct scanview *view;            /* of dir, open */
    const char *folder;               /* NULL: one page; else the folder that is made, with a page an owner */
    const char *except, *as_prefixes; /* the lists that the view leaves out by, for commands; NULL: none */
};

/* What an error is of. */
enum report_fault {
    REPORT_OF_SCAN,  /* the scan, or this machine */
    REPORT_OF_OUT,   /* out, or what stands in the folder: *why does not name it */
    REPORT_OF_FOLDER /* the folder, which *why names */
};

struct report_result {
    enum report_fault fault; /* of an error */
    uint64_t unreadable;     /* lines that are no records; the page tells of them too */
};

/* Writes the page to out, or the folder: index.html, owners.html and a page for each label of the list.
 * ERR_CORRUPT if something of the scan is damaged: what is written is whole then as well, and says so;
 * ERR_EXISTS: the folder is there already; ERR_NOT_FOUND: there is no place for the folder; ERR_IO, ERR_FULL,
 * ERR_MEMORY: no whole page was written, and nothing is left of the folder. *why says what. */
enum error report_write(const struct report_request *request, FILE *out, struct report_result *result,
                        struct buf *why);

#endif
