/* Writes the trend over several scans: a chart an outcome, and their numbers. */
#include "output/report/html_chart.h"
#include "output/report/report_page.h"
#include "output/report/report_words.h"

enum { SCANS_MOST = 128, TREND_COLUMNS = 2 + REPORT_OUTCOMES };

static bool ever_came(const struct report_page *page, enum outcome outcome)
{
    bool came = false;
    for (size_t i = 0; i < page->scan_count; i++)
        came = came || page->scans[i].outcomes[outcome] > 0;
    return came;
}

static void put_charts(const struct report_page *page)
{
    struct html_point points[SCANS_MOST];
    (void)fputs("<div class=\"charts\">\n", page->out);
    for (size_t row = 0; row < REPORT_OUTCOMES; row++) {
        enum outcome outcome = report_order[row];
        if (!ever_came(page, outcome))
            continue;
        for (size_t i = 0; i < page->scan_count && i < SCANS_MOST; i++)
            points[i] = (struct html_point){page->scans[i].started, page->scans[i].outcomes[outcome],
                                            page->scans[i].records};
        html_chart(page->out, &(struct html_chart){outcome_name(outcome), report_outcome(outcome)->kind,
                                                   points, page->scan_count});
    }
    (void)fputs("</div>\n", page->out);
}

/* Writes the share, and the number below it. */
static void put_cell(FILE *out, uint64_t part, uint64_t whole)
{
    (void)fputs("<td class=\"n\">", out);
    html_share(out, part, whole);
    (void)fputs("<br><small>", out);
    html_count(out, part);
    (void)fputs("</small></td>", out);
}

static void put_scan(const struct report_page *page, const struct report_scan *scan)
{
    char day[HTML_DAY_BYTES];
    FILE *out = page->out;
    html_row_begin(out);
    (void)fprintf(out, "<td class=\"day\">%s%s<br><small>", html_day(scan->started, day),
                  scan->is_whole ? "" : " (not whole)");
    html_string(out, scan->dir);
    (void)fputs("</small></td>", out);
    html_cell_count(out, scan->records);
    for (size_t row = 0; row < REPORT_OUTCOMES; row++)
        if (ever_came(page, report_order[row]))
            put_cell(out, scan->outcomes[report_order[row]], scan->records);
    html_row_end(out);
}

static void put_table(const struct report_page *page)
{
    struct html_column columns[TREND_COLUMNS] = {{"Scan of", false}, {"Domains", true}};
    size_t count = 2;
    for (size_t row = 0; row < REPORT_OUTCOMES; row++)
        if (ever_came(page, report_order[row]))
            columns[count++] = (struct html_column){outcome_name(report_order[row]), true};
    html_table_begin(page->out, "Outcomes by scan date", columns, count, false);
    for (size_t i = 0; i < page->scan_count; i++)
        put_scan(page, &page->scans[i]);
    html_table_end(page->out);
}

static bool rules_differ(const struct report_page *page)
{
    bool differ = false;
    for (size_t i = 1; i < page->scan_count; i++)
        differ = differ || page->scans[i].rules != page->scans[0].rules;
    return differ;
}

void report_over_time(const struct report_page *page)
{
    if (page->scan_count == 0)
        return;
    report_section(
        page, "trend", "Over time",
        "The share of domains with each outcome, by the date on which a scan began. Each chart has "
        "a scale of its own, from 0; above it stand the first share and the last.");
    if (page->other_names)
        (void)fputs("<p class=\"note\">The scans were asked for different names of their lists: shares of "
                    "one are not those of the other, and part of a change may be that.</p>\n",
                    page->out);
    if (rules_differ(page))
        (void)fputs("<p class=\"note\">The scans were judged by different rules, as the program was at their "
                    "time: part of a change may be that.</p>\n",
                    page->out);
    put_charts(page);
    put_table(page);
    report_listed_by(page, "Of another scan with its directory in place of this one: ", "--outcome OUTCOME",
                     "");
    report_section_end(page);
}
