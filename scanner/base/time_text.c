#include "scanner/base/time_text.h"

#include <string.h>

/* Turns days since 1970-01-01 into a date of the proleptic Gregorian calendar. Years are counted from March,
 * so that the day that leap years add is the last; 146,097 days are 400 years. */
static void civil_date(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t shifted = days + 719468; /* since 0000-03-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    unsigned day_of_era = (unsigned)(shifted - era * 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static char *put_number(char *place, unsigned number, unsigned width, char behind)
{
    for (unsigned i = width; i > 0; i--, number /= 10)
        place[i - 1] = (char)('0' + number % 10);
    place[width] = behind;
    return place + width + 1;
}

bool time_is_one(int64_t wall_ms)
{
    return wall_ms >= TIME_FIRST_MS && wall_ms <= TIME_LAST_MS;
}

char *time_text(int64_t wall_ms, char text[TIME_TEXT_BYTES])
{
    const int64_t day_ms = 86400000, year_0_ms = INT64_C(-62167219200000);
    if (wall_ms < year_0_ms || wall_ms > TIME_LAST_MS)
        return strcpy(text, "0000-00-00T00:00:00.000Z");
    int64_t days = wall_ms / day_ms - (wall_ms % day_ms < 0);
    unsigned ms = (unsigned)(wall_ms - days * day_ms);
    int64_t year;
    unsigned month, day;
    civil_date(days, &year, &month, &day);
    char *place = put_number(text, (unsigned)year, 4, '-');
    place = put_number(place, month, 2, '-');
    place = put_number(place, day, 2, 'T');
    place = put_number(place, ms / 3600000, 2, ':');
    place = put_number(place, ms / 60000 % 60, 2, ':');
    place = put_number(place, ms / 1000 % 60, 2, '.');
    place = put_number(place, ms % 1000, 3, 'Z');
    *place = 0;
    return text;
}
