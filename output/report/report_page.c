/* Writes the parts of the page in their order. */
#include "output/report/report_page.h"

void report_page_write(const struct report_page *page)
{
    report_head(page);
    report_answer(page);
    report_changed(page);
    report_over_time(page);
    report_first(page);
    report_outcomes(page);
    report_spread(page);
    report_failures(page);
    report_beside(page);
    report_hosts(page);
    report_open(page);
    report_how(page);
    report_foot(page);
}
