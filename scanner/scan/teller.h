/*
 * Tells others of a running scan on a thread of its own, so that neither a slow disk nor a hostile client
 * holds the scan: the status file each second (outward.h), metrics when they are asked for (scrape.h). The
 * main thread gives it a state now and then; everything that is told is made of the last one.
 */
#ifndef STSWEEP_SCAN_TELLER_H
#define STSWEEP_SCAN_TELLER_H

#include <stdio.h>

#include "output/live/state.h"
#include "scanner/scan/outward.h"

struct teller;

/* Writes the first status, and starts the thread if there is anything to tell; outward and said outlive it.
 * *teller is NULL if there is nothing. An error of files with *why if the status file cannot be written,
 * ERR_MEMORY, ERR_LIBRARY. */
enum error teller_start(const struct outward *outward, const struct live_state *state, FILE *said,
                        struct teller **teller, struct buf *why);

/* Takes a newer state; it is copied. NULL is fine, here and below. */
void teller_take(struct teller *teller, const struct live_state *state);

/* Ends the thread, and writes the last status. */
void teller_end(struct teller *teller, const struct live_state *last);

#endif
