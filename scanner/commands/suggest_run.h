/*
 * Takes one domain through `stsweep suggest`: its suggestion is made, printed or written, and counted. It
 * does the same for domains that were looked at now and for those of a scan.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_RUN_H
#define STSWEEP_COMMANDS_SUGGEST_RUN_H

#include "scanner/commands/suggest_folder.h"

struct suggest_run {
    struct suggest_options options;
    bool json;
    struct suggest_folder *folder; /* NULL: nothing is written to files */
    size_t done;                   /* with something to publish */
    size_t nothing;
    size_t undetermined;
    size_t standing; /* left alone, as their files are there already */
    bool failed;     /* a file could not be written: said on standard error */
};

/* Appends what is printed of the domain to text: nothing if it goes to files. False if it cannot be made;
 * what could not be written is said, and counted. */
bool suggest_run_domain(struct suggest_run *run, struct buf *text, const struct domain_facts *facts,
                        const struct judgement *judgement);

/* Returns the exit code: 0, 4 or 5. */
int suggest_run_end(const struct suggest_run *run);

#endif
