/* Writes the page of what was counted. Private to output/report/. */
#ifndef STSWEEP_REPORT_REPORT_PAGE_H
#define STSWEEP_REPORT_REPORT_PAGE_H

#include "scanner/json/json_tree.h"
#include "output/readback/scanview.h"
#include "output/report/report.h"
#include "output/report/report_changes.h"
#include "output/report/report_count.h"
#include "output/report/report_owners.h"
#include "output/report/report_trend.h"

/* What is told of an earlier scan. */
struct report_since {
    const struct report_against *against;
    struct report_comparison comparison;
    struct report_changes changes;
};

struct report_page {
    FILE *out;
    const char *dir;
    enum view_state state;
    const struct report_counts *counts;
    const struct json_node *meta;     /* the root of meta.json */
    bool has_summary;                 /* the denominators are known */
    struct report_owners *owners;     /* NULL: there are no pages of owners */
    const char *damage;               /* what is damaged, a line each; "" for nothing */
    const char *except, *as_prefixes; /* the lists by which records are left out; NULL: none */
    uint64_t excepted;                /* domains that are */
    const struct meta_sample *sample; /* its take is "" if all names of the lists were scanned */
    bool has_intervals;               /* counts->summary.sample is whole */
    const struct report_since *since; /* NULL: nothing is compared */
    const struct report_scan *scans;  /* of the trend: the last is that of the page */
    size_t scan_count;                /* 0: there is no trend */
    bool other_names;                 /* the scans of the trend were asked for other names of their lists */
};

/* Writes all of it. */
void report_page_write(const struct report_page *page);

/* The parts of it (report_head.c, report_changed.c, report_over_time.c, report_tables.c, report_below.c). */
void report_head(const struct report_page *page);
void report_answer(const struct report_page *page);
void report_changed(const struct report_page *page);
void report_over_time(const struct report_page *page);
void report_first(const struct report_page *page);
void report_outcomes(const struct report_page *page);
void report_spread(const struct report_page *page);
void report_failures(const struct report_page *page);
void report_beside(const struct report_page *page);
void report_hosts(const struct report_page *page);
void report_open(const struct report_page *page);
void report_how(const struct report_page *page);
void report_foot(const struct report_page *page);

/* Adds the day on which the scan began, and which zone that is of. */
void report_put_day(const struct report_page *page, struct buf *text);

/* Writes the beginning of any page: head, style, title, and a line below it, which is HTML. */
void report_begin(FILE *out, struct bytes title, const char *below);
void report_end(FILE *out, const char *dir);

/* Writes the pages of the owners into the directory, and their index owners.html. Errors as of report_owners,
 * and of new_dir. */
struct new_dir;
enum error report_pages(const struct report_page *page, const struct new_dir *dir, struct buf *why);

/* Writes a table of changes: of the page, with whose a domain is, or of an owner, with what kind it is. */
void report_change_begin(FILE *out, const char *caption, bool of_owner);
void report_change_row(FILE *out, const struct report_change *change, bool of_owner);

/* Writes the command that shows the same records as the page: "stsweep show DIR", rest, and --except. */
void report_command(const struct report_page *page, const char *rest);

/* Begins an item of a list of numbers, with the number: <li><span><b>1,234</b>, which the caller goes on with
 * and ends. */
void report_number(FILE *out, const char *kind, uint64_t count);

/* Writes a line with the command that lists what a table counts: "All of them: ", or what else stands before
 * it, and behind it. */
void report_listed_by(const struct report_page *page, const char *before, const char *rest,
                      const char *behind);

/* Are there hosts or certificates to tell of? */
bool report_has_hosts(const struct report_page *page);

/* Begin and end a section of the page. */
void report_section(const struct report_page *page, const char *id, const char *head, const char *lead);
void report_section_end(const struct report_page *page);

#endif
