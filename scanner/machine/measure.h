/*
 * Asks the DNS about some names of a list, as a scan would, so that an estimate rests on them: the three
 * records of each, and the addresses of its MX hosts and of its policy host if it has a record. No mail host
 * and no policy host is connected to.
 */
#ifndef STSWEEP_MACHINE_MEASURE_H
#define STSWEEP_MACHINE_MEASURE_H

#include "scanner/estimate/estimate.h"
#include "scanner/reach/worker.h"

/*
 * Runs a loop of its own in the caller's thread until all is answered or given up. What cannot be seen so
 * (how many mail hosts never answer) stays as shares.def has it. shares->measured is the number of names.
 * ERR_CONFIG with *why if the resolver cannot be set up; ERR_MEMORY.
 */
enum error measure_names(const struct scan_context *context, char *const *names, size_t count,
                         struct estimate_shares *shares, struct buf *why);

#endif
