/* Writes times as text (RFC 3339). Pure. */
#ifndef STSWEEP_BASE_TIME_TEXT_H
#define STSWEEP_BASE_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

enum { TIME_TEXT_BYTES = 32 };

/* What records hold: the years 1000 to 9999 (wall clock, ms). */
#define TIME_FIRST_MS INT64_C(-30610224000000)
#define TIME_LAST_MS  INT64_C(253402300799999)

/* Tells whether a file of a scan may hold the time. One that may not is none: somebody else wrote it. The
 * difference of two that may fits an int64_t. */
bool time_is_one(int64_t wall_ms);

/* Writes RFC 3339 in UTC, with milliseconds: 2026-01-31T12:00:00.000Z; zeros outside of the years 0 to 9999.
 * Returns text. */
char *time_text(int64_t wall_ms, char text[TIME_TEXT_BYTES]);

#endif
