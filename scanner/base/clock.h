/* Asks for the time, in this one place, so that everything else can take it as an argument. */
#ifndef STSWEEP_BASE_CLOCK_H
#define STSWEEP_BASE_CLOCK_H

#include <stdint.h>

/* Return the milliseconds, and microseconds, of a clock that never goes back; its zero means nothing. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Returns the milliseconds of such a clock that goes on while the machine sleeps. */
int64_t clock_boot_ms(void);

/* Returns the milliseconds since 1970-01-01 UTC. */
int64_t clock_wall_ms(void);

/* Notes how the wall clock stands to CLOCK_BOOTTIME now. It is called once, before there are threads. */
void clock_keep(void);

/* Returns what the wall clock would say had nobody set it since clock_keep; if that was not called, what it
 * says. */
int64_t clock_kept_ms(void);

/* The wall clock and the kept one may drift apart by so much before it counts as a step. */
enum { CLOCK_STEP_MS = 60000 };

#endif
