/*
 * Defines what the two engines of dns/lookup have in common; private to scanner/dns. Each engine's own struct
 * begins with a struct lookup_engine, and lookup.c dispatches over its ops. Belongs to one loop.
 */
#ifndef STSWEEP_DNS_ENGINE_H
#define STSWEEP_DNS_ENGINE_H

#include "scanner/dns/lookup.h"

/* The functions of an engine; each does what lookup.h says of its namesake. */
struct lookup_ops {
    struct lookup_handle (*start)(struct lookup_engine *engine, const char *name, uint16_t type, bool last,
                                  lookup_done done, void *arg);
    void (*cancel)(struct lookup_engine *engine, struct lookup_handle handle);
    size_t (*pending)(const struct lookup_engine *engine);
    void (*destroy)(struct lookup_engine *engine); /* never called with NULL; frees the struct as well */
    void (*count)(const struct lookup_engine *engine,
                  struct resolver_counts counts[RESOLVERS_MOST]); /* NULL: there are none to count */
};

/* The first member of each engine's struct. The engine keeps the counters; lookup.c reads them. */
struct lookup_engine {
    const struct lookup_ops *ops;
    struct lookup_counters counters;
    struct trace *following; /* the trace that is told of questions asked from now on; or NULL */
};

/* The caller that waits for an answer. */
struct lookup_owner {
    lookup_done done;
    void *arg;
    struct trace *trace; /* or NULL */
};

/* Counts a question that is asked, and returns its owner. */
struct lookup_owner engine_ask(struct lookup_engine *engine, const char *name, uint16_t type,
                               lookup_done done, void *arg);

/* Ends a question: counts and traces the answer, and calls back. The engine may be gone when the call
 * returns.
 */
void engine_answer(struct lookup_engine *engine, const char *name, const struct lookup_owner *owner,
                   const struct dns_answer *answer);

#endif
