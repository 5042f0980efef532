/*
 * The time of a world: base/clock.h and loop/timer.h in the place of the program's. It stands still until the
 * test turns it, from one timer that is due to the next, so that an hour passes as fast as its events. All
 * that a world does later waits in these timers: those of reach/, the answers of the other fakes, and what
 * its file says for a time. What is due at one time happens in the order in which it was set.
 */
#ifndef TESTS_REACH_WORLD_FAKE_CLOCK_H
#define TESTS_REACH_WORLD_FAKE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/clock.h"
#include "scanner/loop/timer.h"

/* All clocks begin anew. What is still set is forgotten. */
void fake_clock_begin(void);

/* Microseconds since then, by the clock that timers go by. */
int64_t fake_clock_us(void);

/* The time goes on to the next timer, which fires. False: none is set. */
bool fake_clock_turn(void);

/* The process is stopped, resp. its machine sleeps, for so long: nothing fires meanwhile. */
void fake_clock_stop(int64_t us);
void fake_clock_sleep(int64_t us);

/* Somebody sets the wall clock forward, or back. */
void fake_clock_set(int64_t by_us);

/* Timers that were made and not freed. */
size_t fake_clock_timers(void);

#endif
