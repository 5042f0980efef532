/*
 * Lays out the live screen: every number has a place of its own that depends on nothing but the size of the
 * terminal and the number of resolvers, so that nothing jumps. Pure.
 */
#ifndef STSWEEP_LIVE_SCREEN_H
#define STSWEEP_LIVE_SCREEN_H

#include "output/live/state.h"

struct live_size {
    size_t rows, columns; /* of the terminal */
    bool colour;          /* titles may be bold, and an outage red */
};

/* On a smaller terminal the lines of text.h stand instead. */
enum { SCREEN_ROWS_LEAST = 20, SCREEN_COLUMNS_LEAST = 80 };

/*
 * Appends the rows, each ended by a newline: SGR sequences are all that is not text, and none is as wide as
 * the terminal. There are some fewer rows than the terminal has, so that messages above can be seen; their
 * number is the same whatever the state says.
 */
void live_screen(const struct live_state *state, const struct live_size *size, struct buf *out);

#endif
