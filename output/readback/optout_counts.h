/*
 * Counts, by entry of the opt-out list, what domain records say was left alone: policies that were not
 * fetched, MX hosts and addresses that were not connected to. Each counts at the one entry by which it was
 * left alone, the most specific one (scanner/facts/optout.h), a name that leads there before its address.
 * Pure.
 */
#ifndef STSWEEP_READBACK_OPTOUT_COUNTS_H
#define STSWEEP_READBACK_OPTOUT_COUNTS_H

#include "scanner/base/arena.h"
#include "scanner/base/bytes.h"
#include "scanner/base/places.h"
#include "scanner/facts/optout.h"

struct optout_tally {
    uint64_t policies;  /* domains whose policy was not fetched */
    uint64_t mx;        /* times that a domain's MX host was not connected to, at one address or at all */
    uint64_t hosts;     /* the MX hosts of those, each once */
    uint64_t addresses; /* addresses that were passed over, of MX hosts and policy hosts, each once */
};

struct optout_counts {
    const struct optout *optout;
    struct optout_tally *tallies; /* owned; by entry, and behind them what no entry explains */
    struct places seen;           /* hosts and addresses by entry, as 64 bits of a keyed hash */
    uint64_t seed;
    struct arena arena; /* of the record at hand */
};

/* seed: of the hash, so that strangers cannot choose the places. ERR_MEMORY. */
enum error optout_counts_init(struct optout_counts *counts, const struct optout *optout, uint64_t seed);
void optout_counts_dispose(struct optout_counts *counts);

/* Counts a line of domains.ndjson. ERR_SYNTAX if it is no record, ERR_LIMIT, ERR_MEMORY. */
enum error optout_counts_add(struct optout_counts *counts, struct bytes line);

#endif
