/*
 * Takes one domain from its name to its judgement, on one loop. Its states:
 *
 *   RECORDS  TXT at _mta-sts and _smtp._tls, MX: three lookups side by side
 *   REACH    the policy (if there may be an MTA-STS record) or the look for near misses (if there is none),
 *            beside every MX host, in the order of preference and four at a time
 *   JUDGE    facts → judgement → results
 *
 * In REACH a domain is parked: it leaves the loop's share of scan.in_flight, up to limits.parked, so that one
 * that waits for its turn at a paced address holds up nobody. MX hosts and policy hosts have ceilings of
 * their own.
 */
#ifndef STSWEEP_REACH_DOMAIN_H
#define STSWEEP_REACH_DOMAIN_H

#include <stdint.h>

#include "scanner/base/bytes.h"
#include "scanner/base/error.h"
#include "scanner/base/owned.h"
#include "scanner/facts/record.h"

struct worker;

/* The ceiling of one domain's facts and judgement, whatever peers send: scanner/facts/record_kept.h bounds
 * each part, and tests/unit/reach/test_kept.c fills them all. */
enum { DOMAIN_ARENA_BYTES = 2 << 20 };

struct domain_input {
    uint64_t ordinal;
    const char *domain;
    uint32_t rank;
    const char *label;                  /* or NULL */
    const char *source;                 /* likewise; not copied: it lives as long as the scan */
    struct bytes looks;                 /* of earlier passes (scanner/reach/looks); empty: none */
    const struct cached_policy *cached; /* that senders may still have; NULL: none is known */
    struct owned *made;                 /* what its source made of it, to be taken; NULL: nothing */
};

/* Starts a domain, on the worker's thread. input is copied. worker.h's results get the facts and then a
 * release; if the domain is parked, the release comes then, before the facts. ERR_MEMORY: neither will
 * come. */
enum error domain_start(struct worker *worker, const struct domain_input *input);

/* Ends all domains of the worker without a record. On the worker's thread, or when it is joined. */
void domains_end(struct worker *worker);

#endif
