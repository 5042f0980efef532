/*
 * Tells whether this process stood still, because it was stopped or its machine suspended. A loop turns
 * several times a second. If more than PAUSE_MS lie between two turns (by CLOCK_BOOTTIME, which goes on while
 * a machine sleeps), whatever began before the gap and ended after it tells nothing of a peer. Pure: now is
 * an argument. Each loop has one.
 */
#ifndef STSWEEP_LOOP_PAUSE_H
#define STSWEEP_LOOP_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

enum { PAUSE_MS = 3000, PAUSE_BEAT_MS = 250 };

struct pause {
    int64_t turned_ms; /* the last turn; 0: none so far */
    int64_t ended_ms;  /* when the last gap was noticed; 0: there was none */
    int64_t lasted_ms; /* that gap */
    uint64_t count;
};

/* Notes a turn of the loop, at least every PAUSE_BEAT_MS; true if a gap has just been noticed. */
bool pause_turn(struct pause *pause, int64_t now_ms);

/* Tells whether something that began then lived through a gap. Call pause_turn first: a gap is not known
 * before. */
bool pause_struck(const struct pause *pause, int64_t began_ms);

#endif
