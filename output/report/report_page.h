/* Writes the page of what was counted. Private to output/report/. */
#ifndef STSWEEP_REPORT_REPORT_PAGE_H
#define STSWEEP_REPORT_REPORT_PAGE_H

#include "output/readback/json_tree.h"
#include "output/readback/scanview.h"
#include "output/report/report_count.h"

struct report_page {
    FILE *out;
    const char *dir;
    enum view_state state;
    const struct report_counts *counts;
    const struct json_node *meta; /* the root of meta.json */
    bool has_summary;             /* the denominators are known */
    const char *damage;           /* what is damaged, a line each; "" for nothing */
};

/* Writes all of it. */
void report_page_write(const struct report_page *page);

/* The parts of it (report_head.c, report_tables.c, report_below.c). */
void report_head(const struct report_page *page);
void report_answer(const struct report_page *page);
void report_first(const struct report_page *page);
void report_outcomes(const struct report_page *page);
void report_spread(const struct report_page *page);
void report_failures(const struct report_page *page);
void report_beside(const struct report_page *page);
void report_hosts(const struct report_page *page);
void report_open(const struct report_page *page);
void report_how(const struct report_page *page);
void report_foot(const struct report_page *page);

/* Begin and end a section of the page. */
void report_section(const struct report_page *page, const char *id, const char *head, const char *lead);
void report_section_end(const struct report_page *page);

#endif
