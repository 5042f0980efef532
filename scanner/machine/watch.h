/*
 * Watches a running scan for outages of this machine, on the main thread. It gathers what the loops count,
 * lets scanner/machine/outage judge it, asks the known questions (the root's SOA, a name that nobody has)
 * with an engine of its own, and tells the others: the feeder starts nothing while this machine is cut off,
 * the loops forget what they learned in that time. It judges no domain and stops no scan.
 */
#ifndef STSWEEP_MACHINE_WATCH_H
#define STSWEEP_MACHINE_WATCH_H

#include "scanner/facts/machine.h"
#include "scanner/reach/worker.h"

struct watch;

/* Makes the watch; both outlive it. NULL without memory. */
struct watch *watch_create(struct scan_context *context, struct worker *workers);
void watch_destroy(struct watch *watch);

/* WATCH_SHARE is the small part of a resolver's sockets that its own engine takes: it asks two questions at a
 * time. */
enum { WATCH_TICK_MS = 100, WATCH_SHARE = 64 };

/* Must be called every WATCH_TICK_MS. Returns a line for the person who scans, or NULL; good until the next
 * call. */
const char *watch_tick(struct watch *watch);

/* Adds a line to the events, with the time; drops it if they are full. line is copied, name is not. */
void watch_keep(struct watch *watch, const char *name, bool ok, const char *line);

/* Returns what this machine seems cut off from, as was said: a constant; NULL: nothing. */
const char *watch_cut_off(const struct watch *watch);

/* Returns a line for the end of the scan, when the loops have been joined; NULL if there is none. */
const char *watch_closing(struct watch *watch);

/* Returns what all loops together have counted, as they last said: at the last tick but one. */
struct counters watch_counters(const struct watch *watch);

/* Returns what happened, for meta.json: the first events of the scan; good until the next tick. */
const struct machine_line *watch_events(const struct watch *watch, size_t *count);

#endif
