/*
 * How long a scan of the world must take at least, whatever the scanner: from the world's latencies and
 * losses, the scan's ceilings and its manners. CPU is left out. Pure.
 */
#ifndef STSWEEP_BENCH_BOUND_H
#define STSWEEP_BENCH_BOUND_H

#include <stdio.h>

#include "bench/world/internet.h"

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
    uint32_t wait;
    bool intent;       /* smtp.probe = intent */
    bool no_near_miss; /* dns.near_miss = no */
};

extern const struct bound_scan bound_defaults;

enum bound_term {
    BOUND_DNS,     /* the time that all questions are out, by dns.outstanding */
    BOUND_FLIGHT,  /* the time that all domains wait for their three records, by scan.in_flight */
    BOUND_SMTP,    /* the time of all sessions, by smtp.live */
    BOUND_SLOWEST, /* what the slowest domain takes by itself */
    BOUND_PACE,    /* the most crowded address, by limits.ip_per_minute and limits.wait */
    BOUND_TERMS
};

struct bound {
    double seconds[BOUND_TERMS];
    enum bound_term binds; /* the largest: the bound */
    uint32_t crowd;        /* names at the most crowded address */
};

/* Questions that one domain takes, those asked twice (SERVFAIL) or until they are given up counted as often;
 * MX hosts that it shares are left out. */
unsigned bound_questions(const struct site *site, const struct bound_scan *scan);

void bound_of(const struct internet *internet, uint64_t names, const struct bound_scan *scan,
              struct bound *bound);

/* As one JSON object. */
void bound_print(const struct bound *bound, FILE *out);

#endif
