/*
 * How much work a scan of the world's first names is, step by step: what the bound of a whole domain is
 * summed from. SMTP without TLS is left out. Pure.
 */
#ifndef STSWEEP_BENCH_STEPS_H
#define STSWEEP_BENCH_STEPS_H

#include <stdio.h>

#include "bench/world/bound.h"

struct steps {
    uint64_t questions;  /* to a resolver */
    uint64_t handshakes; /* STARTTLS sessions */
    uint64_t failures;   /* connections to port 25 that are refused or never answered */
    uint64_t fetches;    /* policies over HTTPS, good certificates and bad */
};

/* budget: limits.names_per_ip. */
void steps_of(const struct internet *internet, uint64_t names, const struct bound_scan *scan, uint32_t budget,
              struct steps *steps);

/* As one JSON object. */
void steps_print(const struct steps *steps, FILE *out);

#endif
