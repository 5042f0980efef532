/*
 * Hears from libunbound's log that it left a name server alone because of its prefix; private to
 * dns/recursive. Nothing else that libunbound gives tells of it: who serves a name is known inside it only,
 * and a lookup without a server to ask ends as SERVFAIL like any other.
 */
#ifndef STSWEEP_DNS_RECURSIVE_LOG_H
#define STSWEEP_DNS_RECURSIVE_LOG_H

#include <unbound.h>

#include "scanner/base/ip.h"

/* Makes the log be read. All contexts of the process share one log and its level, which each that is made or
 * deleted sets anew: so this is called before every question. They share one set of prefixes, too, which
 * outlives them. */
void recursive_log_listen(struct ub_ctx *context, const struct ip_set *left_alone);

/* Reads a line of the log, as the thread that wrote it. */
void recursive_log_read(const char *line, size_t len);

/* Returns when (clock_monotonic_ms) a context of this thread last left a server alone; 0: never. */
int64_t recursive_log_heard_ms(void);

#endif
