/*
 * Changes the state of every state machine, so that a trace tells of each change: a struct has an enum as its
 * state, a table has the states' names, and each change goes through state_enter:
 *
 *     domain->state = state_enter(&domain_states, domain->trace, domain->name, NULL, domain->state,
 * DOMAIN_REACH);
 */
#ifndef STSWEEP_BASE_STATE_H
#define STSWEEP_BASE_STATE_H

#include "scanner/base/trace.h"

struct state_names {
    const char *machine;     /* "domain", "probe" */
    const char *const *list; /* by the enum */
};

/* Returns `to`. name and ip (or NULL) say whose state it is. */
static inline unsigned state_enter(const struct state_names *names, struct trace *trace, const char *name,
                                   const struct ip_addr *ip, unsigned from, unsigned to)
{
    if (trace != NULL)
        trace_say(trace, name, ip, "%s %s -> %s", names->machine, names->list[from], names->list[to]);
    return to;
}

#endif
