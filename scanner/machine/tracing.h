/* Makes the trace of `--trace DOMAIN`, whose lines go to stderr. */
#ifndef STSWEEP_MACHINE_TRACING_H
#define STSWEEP_MACHINE_TRACING_H

#include "scanner/base/trace.h"
#include "scanner/facts/hostname.h"

struct tracing {
    struct trace trace;
    char domain[HOSTNAME_BYTES];
};

/* Begins the trace: returns NULL if domain is NULL or no name; else &tracing->trace, which stays where it is
 * until the loops have ended. */
struct trace *tracing_init(struct tracing *tracing, const char *domain);

#endif
