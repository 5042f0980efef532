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
    double own_crowd;   /* and those that the most crowded address in limits.own gets */
    double own_fetch_crowd;
    double session_ms; /* a connection of a crowd lasts so long; 0: less than the pace allows */
    double one_fetch_ms;
    double own_ms; /* likewise one with an address in limits.own */
};

/* What an address gets of a class of connection. */
struct bound_pace {
    double per_minute;
    double at_a_time;
};

/* The options of a scan, as options.def names them; dns_outstanding is of all resolvers together. */
struct bound_limits {
    double in_flight;
    double dns_outstanding;
    double smtp_live;
    double policy_live;
    struct bound_pace smtp, https;         /* limits.ip_*, limits.https_* */
    struct bound_pace own_smtp, own_https; /* limits.own_ip_*, limits.own_https_* */
    double wait_ms;
    double loops; /* that have a core each */
};

enum bound_term {
    BOUND_DNS,       /* the time that all questions are out, by dns.outstanding */
    BOUND_FLIGHT,    /* the time that all domains wait for their three records, by scan.in_flight */
    BOUND_SMTP,      /* the time of all sessions, by smtp.live */
    BOUND_FETCH,     /* the time of all fetches, by policy.live */
    BOUND_SLOWEST,   /* what the slowest domain takes by itself */
    BOUND_LOOPS,     /* the CPU time, by scan.loops */
    BOUND_PACE,      /* the most crowded address, by limits.ip_per_minute, ip_connections and wait */
    BOUND_HTTPS,     /* the same of policies, by limits.https_per_minute, https_connections and wait */
    BOUND_OWN_PACE,  /* the most crowded address in limits.own, by limits.own_ip_*; limits.wait ends nobody */
    BOUND_OWN_HTTPS, /* the same of policies, by limits.own_https_* */
    BOUND_TERMS
};

struct bound {
    double seconds[BOUND_TERMS];
    enum bound_term binds; /* the largest: the bound */
};

void bound_of_work(const struct bound_work *work, const struct bound_limits *limits, struct bound *bound);

/* Returns the seconds from one connection to the next, if others wait: by the rate, or, if they last longer
 * than that, by how many there may be at a time. */
double bound_interval_s(const struct bound_pace *pace, double lasts_ms);

/* Returns the seconds of the term that binds. */
double bound_seconds(const struct bound *bound);

/* Returns the term's name, as it stands in JSON. */
const char *bound_name(enum bound_term term);

#endif
