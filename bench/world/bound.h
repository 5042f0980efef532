/*
 * How long a scan of the world must take at least, whatever the scanner: from the world's latencies and
 * losses, the scan's ceilings and its manners, by the arithmetic of `scan --dry-run`
 * (scanner/estimate/bound.h). CPU is left out. Pure.
 */
#ifndef STSWEEP_BENCH_BOUND_H
#define STSWEEP_BENCH_BOUND_H

#include <stdio.h>

#include "bench/world/internet.h"
#include "scanner/estimate/bound.h"

/* The scan's options, as options.def names them; times in ms. */
struct bound_scan {
    uint32_t in_flight;
    uint32_t dns_outstanding;
    uint32_t dns_timeout;
    uint32_t dns_attempts;
    uint32_t smtp_live;
    uint32_t smtp_connect_timeout;
    uint32_t smtp_session_timeout;
    uint32_t ip_per_minute;
    uint32_t names_per_ip;
    uint32_t wait;
    bool intent;       /* smtp.probe = intent */
    bool no_near_miss; /* dns.near_miss = no */
};

extern const struct bound_scan bound_defaults;

/* Questions that one domain takes, those asked twice (SERVFAIL) or until they are given up counted as often;
 * MX hosts that it shares are left out. */
unsigned bound_questions(const struct site *site, const struct bound_scan *scan);

/* *crowd: names that get a connection to the most crowded address. */
void bound_of(const struct internet *internet, uint64_t names, const struct bound_scan *scan,
              struct bound *bound, uint32_t *crowd);

/* As one JSON object. */
void bound_print(const struct bound *bound, uint32_t crowd, FILE *out);

#endif
