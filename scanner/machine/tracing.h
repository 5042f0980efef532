/* Makes the trace of `--trace DOMAIN`, a line an event. */
#ifndef STSWEEP_MACHINE_TRACING_H
#define STSWEEP_MACHINE_TRACING_H

#include <stdio.h>

#include "scanner/base/trace.h"
#include "scanner/facts/hostname.h"

struct tracing {
    struct trace trace;
    char domain[HOSTNAME_BYTES];
};

/* Begins the trace, whose lines go to out: returns NULL if domain is NULL or no name; else &tracing->trace,
 * which stays where it is until the loops have ended. */
struct trace *tracing_init(struct tracing *tracing, const char *domain, FILE *out);

#endif
