/*
 * Makes ready what a scan and a check need before the first loop runs. From the configuration come the roots,
 * allowed prefixes and opt-out list; from the system the families that this machine can reach, the open-file
 * limit, and the versions of libraries.
 */
#ifndef STSWEEP_MACHINE_SETUP_H
#define STSWEEP_MACHINE_SETUP_H

#include "scanner/facts/machine.h"
#include "scanner/reach/worker.h"

/* Fills in everything but results and trace. On failure *why says what. context_dispose is fine after
 * either. */
enum error context_init(struct scan_context *context, const struct config *config, struct buf *why);
/* Takes over what preflight found: a family that leads nowhere is not there. */
void context_take_network(struct scan_context *context, const struct network *network);

void context_dispose(struct scan_context *context);

/* Returns scan.loops, or the number of cores. */
uint32_t setup_loops(const struct config *config);

/* Raises the soft limit of open files to the hard one; returns what it is then. */
uint64_t setup_open_files(void);

/* Returns the hard limit, to which it would be raised. */
uint64_t setup_open_files_allowed(void);

/* Has a fault that libevent cannot go on with, as too few open files for a loop, end the process with
 * EXIT_FAILED and a line; by itself it ends with 1, which is an answer of a check. */
void setup_loop_faults(void);

/* Returns a random 64-bit number from the system. */
uint64_t setup_random(void);

enum { SETUP_LIBRARIES = 8 };
size_t setup_libraries(struct machine_library libraries[SETUP_LIBRARIES]);

#endif
