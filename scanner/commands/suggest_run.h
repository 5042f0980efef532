/*
 * Takes one domain through `stsweep suggest`: its suggestion is made, printed or written, and counted. It
 * does the same for domains that were looked at now and for those of a scan.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_RUN_H
#define STSWEEP_COMMANDS_SUGGEST_RUN_H

#include <stdio.h>

#include "scanner/commands/suggest_folder.h"
#include "scanner/commands/suggest_format.h"

struct suggest_run {
    struct suggest_options options;
    FILE *out;
    int64_t now; /* wall clock in ms, of all ids of the run */
    bool json;
    enum suggest_format format;    /* of one stream; FORMAT_NONE: there is none */
    struct suggest_folder *folder; /* NULL: nothing is written to a folder a domain */
    size_t done;                   /* with something to publish */
    size_t standing_well;          /* what is to be published stands already */
    size_t nothing;
    size_t at_risk[RISK_COUNT]; /* of those with something to publish */
    size_t placeholders;        /* likewise, with a placeholder for the reports' address */
    size_t elsewhere, left_out; /* in a stream: enum suggest_written */
    size_t undetermined;
    size_t standing; /* left alone, as their files are there already */
    size_t written;  /* to folders */
    bool ended;      /* this machine cannot write: nothing more is done */
    bool failed;     /* a file could not be written: said on standard error */
};

/* Appends what is printed of the domain to text: nothing if it goes to files. False if it cannot be made;
 * what could not be written is said, and counted. */
bool suggest_run_domain(struct suggest_run *run, struct buf *text, const struct domain_facts *facts,
                        const struct judgement *judgement);

/* Write the head of a stream for at most so many domains, and its end; nothing without a format. ERR_STOPPED
 * if it cannot be written. */
enum error suggest_run_head(const struct suggest_run *run, uint64_t domains);
enum error suggest_run_foot(const struct suggest_run *run);

/* Says the counts on standard error, if domains are written to a stream or to folders. Returns the exit code:
 * 0, 2, 4 or 5. */
int suggest_run_end(const struct suggest_run *run);

#endif
