/*
 * Computes what a scan may hold at most, from the options in force: memory by class, and open files; and what
 * it is likely to take. It is
 * one table, from which `stsweep scan --help` prints and which docs/internals/ceilings.md repeats. It asks
 * the system for nothing but the number of cores.
 */
#ifndef STSWEEP_MACHINE_CEILINGS_H
#define STSWEEP_MACHINE_CEILINGS_H

#include <stdio.h>

#include "scanner/base/buf.h"
#include "scanner/config/config.h"

struct ceiling {
    const char *what;
    const char *from;     /* the options or the constant that it comes from */
    uint64_t most;        /* how many there are at most */
    uint64_t worst_bytes; /* of one, if its peer is as hostile as can be */
};

enum { CEILINGS = 13, CEILINGS_GROUPS_BYTES = 33 << 20 };

/* Fills the rows for a configuration. */
void ceilings_of(const struct config *config, struct ceiling rows[CEILINGS]);

/* Returns the bytes of all rows together. */
uint64_t ceilings_total(const struct ceiling rows[CEILINGS]);

enum { CEILINGS_ANY_LIST = 0 };

/* Returns what a scan is likely to take at most, with peers as they are, of a list of so many names or, with
 * CEILINGS_ANY_LIST, of any length. As many domains may be parked as are in flight, to limits.parked. */
uint64_t ceilings_likely(const struct config *config, uint64_t names);

/* Returns what it takes beyond that if limits.parked domains wait at once, with peers as they are: there are
 * more crowded addresses in the list than turns at them. */
uint64_t ceilings_all_parked(const struct config *config, uint64_t names);

/* Prints what is likely, the table, its sum, what grows with the list besides, threads and open files. */
void ceilings_print(const struct config *config, FILE *out);

/* Can a check be made, which has one loop and needs few files? false: *said says how many it needs. */
bool ceilings_fit_check(const struct config *config, uint64_t limit, struct buf *said);

/* Returns how many threads there are: loops, feeder, writer and main. */
uint32_t ceilings_threads(const struct config *config);

/* Returns how many files are open at most if the system allows `limit`. */
uint64_t ceilings_files(const struct config *config, uint64_t limit);

/*
 * Lowers smtp.live, policy.live and, if even that is not enough, scan.loops, until ceilings_files fits the
 * limit. *said gets a line about it if something was lowered. false: nothing makes it fit; *said says what
 * would.
 */
bool ceilings_fit(struct config *config, uint64_t limit, struct buf *said);

#endif
