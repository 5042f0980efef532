/*
 * Holds what a look at one MX host gave: the facts, how long they hold, and a counted reference to share them
 * by.
 */
#ifndef STSWEEP_REACH_HOSTRESULT_H
#define STSWEEP_REACH_HOSTRESULT_H

#include <stdatomic.h>
#include <stddef.h>

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"
#include "scanner/reach/hostlookups.h"

struct config;

enum { HOST_LOOKS_ANEW_MOST = 32 };

/* Immutable once handed out; may be read by any thread that holds a reference. */
struct host_result {
    atomic_uint references;
    struct arena arena;
    struct host_facts facts;
    struct arena *kept; /* with whole_facts: the probes' own memory, that facts point into */
    size_t kept_count;
    struct host_result *before; /* likewise: the earlier result that some of the facts stand in, or NULL */
    int64_t *tried_ms;          /* of each probe: monotonic, when its session began; 0: there was none */
    int64_t
        anew_before_ms; /* of an earlier result: a probe that began before then and may pass is made anew */
    int64_t holds_until_ms;    /* monotonic: of what the DNS said */
    struct host_serves serves; /* its addresses, if the next lookup fails */
    int64_t turns_after_ms;    /* monotonic: addresses that had no turn may get one then; 0: all had */
    bool probed_before;        /* its addresses were probed, or may have been */
    unsigned looks_anew;       /* at addresses since whose probe a date of their certificates had passed */
};

/* The arena's ceiling, for addresses and TLSA records; and that of what is kept of each probe. */
enum { HOST_ARENA_BYTES = 64 << 10, HOST_PROBE_BYTES = 80 << 10 };

/* Makes an empty result with one reference. */
struct host_result *host_result_create(const struct config *config);
void host_result_release(struct host_result *result);
size_t host_result_bytes(const struct host_result *result); /* on the heap */

/* The lookups of the addresses have ended now (monotonic, ms): if one failed, what was known before (or NULL)
 * serves, if it may. */
void host_result_serve(struct host_result *result, const struct host_result *earlier, int64_t now);

/* Takes what the DNS said earlier, if it still holds; false if it does not, is in doubt, or nothing is
 * known. */
bool host_result_take_lookups(struct host_result *result, const struct host_result *earlier, int64_t now);

/* Was there an address at which STARTTLS was not offered? */
bool host_lacked_starttls(const struct host_facts *facts);

#endif
