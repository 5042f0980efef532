/*
 * Tells what happens for one domain while it happens: a line an event, with the milliseconds since the first.
 * Every part that works for a traced domain holds a pointer to its trace; for all other domains the pointer
 * is NULL, and a test of it is all that a trace costs them. Whoever makes the trace decides where the lines
 * go. Any thread may tell. Bytes that are not printable ASCII are escaped as \xNN.
 */
#ifndef STSWEEP_BASE_TRACE_H
#define STSWEEP_BASE_TRACE_H

#include <stdatomic.h>
#include <stdint.h>

#include "scanner/base/bytes.h"
#include "scanner/base/ip.h"

enum { TRACE_LINE_BYTES = 480 }; /* a line that is longer is cut */

struct trace {
    const char *domain;             /* as hostname_normalize makes it */
    atomic_int_fast64_t started_ms; /* monotonic: the first event; 0: there was none */
    /* Takes a line without its end; the text is gone when the call returns. Must bear being called by several
     * threads at once. */
    void (*write)(void *arg, const char *line);
    void *arg;
};

/* Writes "    12 ms  NAME ADDRESS: TEXT"; ip may be NULL. Does nothing if trace is NULL; but test for that
 * first if the arguments cost something. */
void trace_say(struct trace *trace, const char *name, const struct ip_addr *ip, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Writes lines of a dialogue, each behind the mark ("<" received, ">" sent); of many only the first. */
void trace_bytes(struct trace *trace, const char *name, const struct ip_addr *ip, const char *mark,
                 struct bytes data);

#endif
