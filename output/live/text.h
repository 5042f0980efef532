/*
 * Writes the lines about how far a scan is: for a log, for a terminal that is too small for the screen, and
 * for who asks by a signal. Pure.
 */
#ifndef STSWEEP_LIVE_TEXT_H
#define STSWEEP_LIVE_TEXT_H

#include "output/live/state.h"

/* Appends the lines: how far, what is under way, outcomes, most frequent failures, resolvers. They are of
 * ASCII, each ended by a newline and broken into rows of at most width columns (at least 8; 0: none is
 * broken). */
void live_text(const struct live_state *state, size_t width, struct buf *text);

/* Appends how much of the input was read, and how long the rest takes at the same pace. */
void live_reading(const struct live_read *read, struct buf *line);

/* Appends the same as one line. */
void live_line(const struct live_state *state, struct buf *text);

#endif
