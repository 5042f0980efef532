/*
 * Tells how long an amount of work must take at least, by the ceilings of a scan and by its manners, and
 * which of them binds. `scan --dry-run` and the benchmarks' world (bench/world/bound.h) reckon with it. Pure.
 */
#ifndef STSWEEP_ESTIMATE_BOUND_H
#define STSWEEP_ESTIMATE_BOUND_H

#include <stdint.h>

/* The work of one pass. Times are in ms, each the sum over all that waits so long. */
struct bound_work {
    double dns_ms;      /* all questions are out */
    double flight_ms;   /* all domains wait for their three records */
    double smtp_ms;     /* all sessions with MX hosts */
    double fetch_ms;    /* all policy fetches */
    double slowest_ms;  /* what the slowest domain takes by itself */
    double cpu_ms;      /* of the loops; 0 leaves it out */
    double crowd;       /* SMTP connections that the most crowded address gets */
    double fetch_crowd; /* HTTPS connections, likewise */
};

/* The options of a scan, as options.def names them; dns_outstanding is of all resolvers together. */
struct bound_limits {
    double in_flight;
    double dns_outstanding;
    double smtp_live;
    double policy_live;
    double ip_per_minute;
    double https_per_minute;
    double wait_ms;
    double loops; /* that have a core each */
};

enum bound_term {
    BOUND_DNS,     /* the time that all questions are out, by dns.outstanding */
    BOUND_FLIGHT,  /* the time that all domains wait for their three records, by scan.in_flight */
    BOUND_SMTP,    /* the time of all sessions, by smtp.live */
    BOUND_FETCH,   /* the time of all fetches, by policy.live */
    BOUND_SLOWEST, /* what the slowest domain takes by itself */
    BOUND_LOOPS,   /* the CPU time, by scan.loops */
    BOUND_PACE,    /* the most crowded address, by limits.ip_per_minute and limits.wait */
    BOUND_HTTPS,   /* the same of policies, by limits.https_per_minute and limits.wait */
    BOUND_TERMS
};

struct bound {
    double seconds[BOUND_TERMS];
    enum bound_term binds; /* the largest: the bound */
};

void bound_of_work(const struct bound_work *work, const struct bound_limits *limits, struct bound *bound);

/* Returns the seconds of the term that binds. */
double bound_seconds(const struct bound *bound);

/* Returns the term's name, as it stands in JSON. */
const char *bound_name(enum bound_term term);

#endif
