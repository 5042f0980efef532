/* Time, asked in one place so that everything else can take it as an argument. */
#ifndef STSWEEP_BASE_CLOCK_H
#define STSWEEP_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of a clock that never goes back; its zero means nothing. */
int64_t clock_monotonic_ms(void);

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

enum { CLOCK_TEXT_BYTES = 32 };

/* RFC 3339 in UTC, with milliseconds: 2026-01-31T12:00:00.000Z; zeros outside of the years 0 to
 * 9999. Returns text. */
char *clock_format(int64_t wall_ms, char text[CLOCK_TEXT_BYTES]);

#endif
