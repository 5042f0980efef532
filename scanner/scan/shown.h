/*
 * Says of a feeder's counts what progress shows: how much is done and under way, and how long what was put
 * off is to wait. Pure.
 */
#ifndef STSWEEP_SCAN_SHOWN_H
#define STSWEEP_SCAN_SHOWN_H

#include "output/live/state.h"
#include "scanner/scan/feeder.h"
#include "scanner/scan/intake.h"

/* Fills in what is shown of the input while it is read. */
void shown_take_input(struct live_state *state, const struct intake_seen *seen, int64_t now_ms);

/* Fills in done, handed_out, pass, in_flight, again, rest_ms and resting. before, total and parked are there;
 * now_ms is monotonic. */
void shown_take(struct live_state *state, const struct feeder_progress *progress,
                const struct scan_context *context, int64_t now_ms);

#endif
