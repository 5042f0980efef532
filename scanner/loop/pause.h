/*
 * Did this process stand still: stopped, or its machine suspended? A loop turns several times a second; when
 * more than PAUSE_MS lie between two turns (by CLOCK_BOOTTIME, which goes on while a machine sleeps), what
 * ended across the gap tells nothing of a peer. Pure: now is an argument. One a loop.
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

/* A turn, at least every PAUSE_BEAT_MS; true when a gap has just been noticed. */
bool pause_turn(struct pause *pause, int64_t now_ms);

/* Has something that began then lived through a gap? Call pause_turn first: nobody knows of a gap before. */
bool pause_struck(const struct pause *pause, int64_t began_ms);

#endif
