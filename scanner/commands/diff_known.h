/*
 * Keeps a history for each domain that any of the scans had, found by name. Names go to a temporary file
 * (facts_spill.h), histories and the table of hashes are mapped from others, so that the kernel may page them
 * out when memory runs short: 112 bytes a domain, and 24 to 48 of the table. One thread.
 */
#ifndef STSWEEP_COMMANDS_DIFF_KNOWN_H
#define STSWEEP_COMMANDS_DIFF_KNOWN_H

#include "output/readback/facts_spill.h"
#include "output/readback/facts_table.h"
#include "output/readback/history.h"

struct known {
    uint64_t name; /* its place in the spill */
    struct history history;
};

struct diff_known {
    struct spill *names;
    struct facts_table table; /* from a name's hash to a number of known */
    int fd;
    struct known *known; /* mapped */
    uint64_t count, capacity;
    uint64_t readable; /* the names of those below this number are in the file */
};

/* ERR_FULL, ERR_IO, ERR_MEMORY with *why, as of the others. diff_known_dispose is fine after any. */
enum error diff_known_init(struct diff_known *known, struct buf *why);
void diff_known_dispose(struct diff_known *known);

/* Finds a domain's history, or begins one. It is good until the next call. */
enum error diff_known_get(struct diff_known *known, const char *domain, struct history **history,
                          struct buf *why);

#endif
