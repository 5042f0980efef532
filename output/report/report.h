/*
 * Makes a report of a scan directory: one page of HTML that people read who are new to MTA-STS, with
 * all that it needs in it. It asks for nothing over the network and is whole without its script. Of a scan
 * that is not at its end it tells what is whole at the time, and says so.
 */
#ifndef STSWEEP_REPORT_REPORT_H
#define STSWEEP_REPORT_REPORT_H

#include <stdio.h>

#include "output/readback/compare.h"
#include "output/readback/groups.h"
#include "output/readback/scanview.h"

/* Takes a domain as it stands in the earlier scan and in this one; NULL: it is not in that one. */
typedef enum error (*report_take_pair)(void *arg, const struct stand *before, const struct stand *after,
                                       struct buf *why);

/* How a comparison went. */
struct report_comparison {
    bool same_names;      /* who stands in one of the scans alone is new or gone */
    bool judged_anew;     /* as they were judged by different rules */
    bool is_whole;        /* the earlier scan came to its end, and is not damaged */
    uint64_t unreadable;  /* lines of both scans that are no records to it */
    uint64_t not_reached; /* domains of the earlier scan that this one, which is not whole, has not */
};

/* The earlier scan of --against. */
struct report_against {
    const char *dir;
    int64_t started; /* wall clock, ms */
    /* Gives all domains of both scans. ERR_CORRUPT if something is damaged: all around it were given. */
    enum error (*walk)(void *arg, report_take_pair take, void *to, struct report_comparison *comparison,
                       struct buf *why);
    void *arg;
};

/* A scan of the trend, before the one that is reported. */
struct report_earlier {
    const char *dir;
    struct scanview *view;
};

struct report_request {
    const char *dir;
    group_provider provider;
    struct scanview *view;            /* of dir, open */
    const char *folder;               /* NULL: one page; else the folder that is made, with a page an owner */
    const char *except, *as_prefixes; /* the lists that the view leaves out by, for commands; NULL: none */
    const struct report_against *against; /* NULL: nothing is compared */
    const struct report_earlier *earlier; /* the oldest first */
    size_t earlier_count;
};

/* What an error is of. */
enum report_fault {
    REPORT_OF_SCAN,    /* the scan, or this machine */
    REPORT_OF_EARLIER, /* an earlier scan, which *why names, or this machine */
    REPORT_OF_OUT,     /* out, or what stands in the folder: *why does not name it */
    REPORT_OF_FOLDER   /* the folder, which *why names */
};

struct report_result {
    enum report_fault fault; /* of an error */
};

/* Writes the page to out, or the folder: index.html, owners.html and a page for each label of the list.
 * ERR_CORRUPT if something of the scan, or of an earlier one, is damaged: what is written is whole then as
 * well, and says so; ERR_EXISTS: the folder is there already; ERR_NOT_FOUND: there is no place for the
 * folder; ERR_IO, ERR_FULL, ERR_MEMORY: no whole page was written, and nothing is left of the folder. *why
 * says what. */
enum error report_write(const struct report_request *request, FILE *out, struct report_result *result,
                        struct buf *why);

#endif
