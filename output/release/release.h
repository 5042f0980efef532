/*
 * Makes a directory for publication of a scan directory: its records, what they mean, a data card that says
 * how they came to be, and checksums; or, of a scan whose domains are nobody's business, tables of groups
 * alone. What is the operator's own stays out: rejected lines and labels of the list, paths, the command
 * line, the host's name, and what the machine is like. The same scan gives the same bytes.
 */
#ifndef STSWEEP_RELEASE_RELEASE_H
#define STSWEEP_RELEASE_RELEASE_H

#include "output/readback/groups.h"
#include "output/readback/scanview.h"

struct release_request {
    const char *dir, *out;
    const struct optout *except; /* who is left out; NULL: nobody */
    uint64_t aggregate;          /* domains that a group of the tables has at least; 0: the records */
    bool labels;                 /* the labels of the list stay in the records */
    group_provider provider;     /* for the groups that summary.json tells of */
};

struct release_counts {
    uint64_t records[VIEW_STREAMS], left_out[VIEW_STREAMS];
    uint64_t labels; /* records whose label was taken out */
};

/*
 * Makes request->out, which must not be there. On failure nothing is left of it, and *why says what to do:
 * ERR_EXISTS; ERR_STOPPED if the scan is not at its end; ERR_CORRUPT if it is damaged; ERR_NOT_FOUND with
 * errno as of scanview_open; ERR_IO, ERR_FULL, ERR_MEMORY, ERR_LIMIT.
 */
enum error release_make(const struct release_request *request, struct release_counts *counts,
                        struct buf *why);

#endif
