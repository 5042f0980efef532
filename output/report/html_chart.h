/* Draws a row of numbers over time, as inline SVG that a screen reader reads as its title and text. */
#ifndef STSWEEP_REPORT_HTML_CHART_H
#define STSWEEP_REPORT_HTML_CHART_H

#include "output/report/html.h"

enum { HTML_DAY_BYTES = 16 };

struct html_point {
    int64_t time; /* ms; each above the one before */
    uint64_t part, whole;
};

struct html_chart {
    const char *name; /* of what is counted */
    const char *kind; /* of its colour, as of a bar */
    const struct html_point *points;
    size_t count; /* two at least */
};

/* Draws the shares, from 0 to a round number above the largest. */
void html_chart(FILE *out, const struct html_chart *chart);

/* Writes 2026-11-30 of a time (UTC, ms) into day; zeros outside of the years 0 to 9999. Returns day. */
const char *html_day(int64_t time, char day[HTML_DAY_BYTES]);

/* Returns what the axis ends at for a share (of a hundred): 1, 2, 3 or 5 times a power of ten, 100 at most.
 */
double html_chart_top(double share);

#endif
