/* Time, asked in one place so that everything else can take it as an argument. */
#ifndef STSWEEP_BASE_CLOCK_H
#define STSWEEP_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds, and microseconds, of a clock that never goes back; its zero means nothing. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Likewise, of a clock that goes on while the machine sleeps. */
int64_t clock_boot_ms(void);

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_wall_ms(void);

/* Notes how the wall clock stands to CLOCK_BOOTTIME now. Once, before there are threads. */
void clock_keep(void);

/* What the wall clock would say had nobody set it since clock_keep; without that, what it says. */
int64_t clock_kept_ms(void);

/* The two may drift apart by so much before anybody calls it a step. */
enum { CLOCK_STEP_MS = 60000 };

#endif
