/*
 * Measures the end of a scan, after the last name has been handed out. It tells how long that took, and what
 * each of the domains that were still under way waited for longest: so a slow scanner is told from a slow
 * world.
 */
#ifndef STSWEEP_SCAN_TAIL_H
#define STSWEEP_SCAN_TAIL_H

#include <stdatomic.h>
#include <stdio.h>

#include "output/store/meta.h"
#include "scanner/facts/record.h"

enum tail_reason {
    TAIL_DNS,     /* answers of resolvers, its own or of the hosts it shares */
    TAIL_POLICY,  /* the policy host, its turns included */
    TAIL_PACE,    /* turns at MX hosts' addresses (limits.ip_per_minute, limits.ip_connections) */
    TAIL_PLACE,   /* a place among smtp.live */
    TAIL_TIMEOUT, /* MX hosts that ran into one of our deadlines */
    TAIL_SMTP,    /* MX hosts that answered in the end */
    TAIL_REASONS
};

struct tail {
    atomic_int_fast64_t began_ms; /* 0: names are still handed out */
    atomic_uint_fast64_t counts[TAIL_REASONS];
};

/* Returns what took longest of a domain's time; pure. */
enum tail_reason tail_reason(const struct domain_facts *facts);

void tail_init(struct tail *tail);

/* Begins the tail, from any thread: the last name of a pass has been handed out; the last pass is the one
 * that counts. now_ms is monotonic and not 0. */
void tail_begin(struct tail *tail, int64_t now_ms);

/* Counts a domain that has ended, from any thread, and only after tail_begin. */
void tail_count(struct tail *tail, const struct domain_facts *facts);

/* Returns what meta.json keeps; zeroed if the tail has not begun. */
struct meta_tail tail_meta(const struct tail *tail, int64_t now_ms);

/* Prints one line; nothing if nobody was under way any more. */
void tail_print(const struct meta_tail *meta, FILE *out);

#endif
