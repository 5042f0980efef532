/*
 * Looks at this machine before a scan and before a check. Do the resolvers answer and validate, does port 25
 * go out from here, which address families are there, what name do we say; and the clock, the roots, open
 * files, disk space. It leaves a line for each, so that what is this machine's own fault never becomes a
 * verdict about strangers. It judges no domain and changes nothing.
 */
#ifndef STSWEEP_MACHINE_PREFLIGHT_H
#define STSWEEP_MACHINE_PREFLIGHT_H

#include <stdio.h>

#include "scanner/facts/machine.h"
#include "scanner/reach/worker.h"

enum { PREFLIGHT_LINES = 13, PREFLIGHT_TEXT_BYTES = 240, PREFLIGHT_MS = 5000, PREFLIGHT_UNFIT_BYTES = 600 };

struct preflight {
    struct machine_line checks[PREFLIGHT_LINES]; /* their texts point into texts */
    char texts[PREFLIGHT_LINES][PREFLIGHT_TEXT_BYTES];
    size_t count;
    bool no_resolver;                /* none answers at all, or the root itself is bogus for all */
    bool doubtful;                   /* none says anything of a name that no cache has */
    struct resolver_notes resolvers; /* for the engines of the scan */
    struct network network;
    const char *unfit; /* why a scan from here would say nothing of anybody; NULL if it would */
    char unfit_text[PREFLIGHT_UNFIT_BYTES];
};

/* How long somebody waits for the look. */
struct preflight_patience {
    int64_t most_ms;
    FILE *told; /* after a second without an answer a line says so; NULL: nobody is told */
};

/*
 * Runs a loop of its own in the caller's thread for at most patience.most_ms; all questions and connections
 * are under way side by side. open_files is the limit in effect. The struct may not be copied afterwards.
 * ERR_CONFIG with *why if the resolver cannot be set up.
 */
enum error preflight_run(struct preflight *preflight, const struct scan_context *context, uint64_t open_files,
                         const struct preflight_patience *patience, struct buf *why);

/* Returns whether the port is blocked by every family that this machine has. */
bool preflight_is_blocked(const struct preflight *preflight, const struct scan_context *context,
                          enum known_port port);

/*
 * Updates and prints the line about disk space once it is known how many names there are to scan: it says
 * what they are likely to take, with the spooled ones of which they are a sample. Does nothing if there is
 * no such line.
 */
void preflight_disk(struct preflight *preflight, const struct config *config, uint64_t names,
                    uint64_t spooled, FILE *out);

/* Prints "preflight: NAME: TEXT" of all but the disk space, with a word of warning if it is not ok. */
void preflight_print(const struct preflight *preflight, FILE *out);

#endif
