/*
 * Puts domains off to the next pass, and says how many there are. Such a domain ends without a record; its
 * name and what was seen so far go back to the feeder.
 */
#ifndef STSWEEP_SCAN_PUTOFF_H
#define STSWEEP_SCAN_PUTOFF_H

#include <stdio.h>

#include "scanner/scan/feeder.h"

struct put_off {
    atomic_uint_fast64_t domains;
    atomic_uint_fast64_t looks; /* of those, the ones that one look does not decide (TLS-7) */
};

void put_off_init(struct put_off *put_off);

/* Puts a domain off, from a worker's thread, when it has ended. */
void put_off_domain(struct put_off *put_off, struct feeder *feeder, const struct domain_facts *facts,
                    const struct judgement *judgement);

/* Says how many wait for the next pass, how long, and until when by the clock (wall_ms is now); put_off_print
 * says at the end for how many a second
 * look was made. */
void put_off_print_wait(const struct put_off *put_off, int64_t wait_ms, int64_t wall_ms, FILE *out);
void put_off_print(const struct put_off *put_off, FILE *out);

#endif
