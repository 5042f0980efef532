/*
 * Makes a libunbound context set up for a survey; private to dns/recursive.
 */
#ifndef STSWEEP_DNS_RECURSIVE_CONTEXT_H
#define STSWEEP_DNS_RECURSIVE_CONTEXT_H

#include <event2/event.h>
#include <unbound.h>

#include "scanner/dns/lookup.h"

struct config;

/* The numbers of its sockets: for UDP a part of the open files, with a least number a loop; for TCP an eighth
 * of that. */
enum {
    RECURSIVE_FILES_SHARE = 4, /* one part in so many of the open files is for UDP to name servers */
    RECURSIVE_UDP_LEAST = 16,
    RECURSIVE_TCP_SHARE = 8,
    RECURSIVE_TCP_LEAST = 8,
    RECURSIVE_TCP_MOST = 128
};

/*
 * Makes a context that is ready to resolve on base: options, root hints and trust anchor are read already, so
 * that a fault in them shows here. lookups: how many resolutions run in it at most. NULL with *why (static
 * per thread).
 */
struct ub_ctx *recursive_context_create(struct event_base *base, const struct config *config,
                                        const struct lookup_bounds *bounds, uint32_t loops, uint32_t lookups,
                                        const char **why);

/* Destroys the context. Callbacks of resolutions under way may come from inside this call. */
void recursive_context_destroy(struct ub_ctx *context);

#endif
