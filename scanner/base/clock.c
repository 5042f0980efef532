/* The two clocks and the one form in which times are written. */
#include "scanner/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

char *clock_format(int64_t wall_ms, char text[CLOCK_TEXT_BYTES])
{
    int64_t millis = wall_ms % 1000;
    time_t seconds = (time_t)(wall_ms / 1000);
    if (millis < 0) {
        millis += 1000;
        seconds--;
    }
    struct tm parts;
    char date[24] = "0000-00-00T00:00:00";
    if (gmtime_r(&seconds, &parts) != NULL)
        (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text, CLOCK_TEXT_BYTES, "%s.%03dZ", date, (int)millis);
    return text;
}
