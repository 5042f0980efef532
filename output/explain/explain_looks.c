/* Tells what earlier looks had found, if a domain was looked at more than once (TLS-7). */
#include "output/explain/explain_parts.h"

enum { MARGIN = 4, INDENT = 8, LOOKS_SHOWN = 8 };

static void write_look(struct page *page, const struct look *look)
{
    char ip[IP_TEXT_BYTES];
    buf_text(&page->line, "look at ");
    page_time(page, look->time / 1000);
    buf_printf(&page->line, ", %s [%s]: %s", look->host, ip_format(&look->ip, ip), failure_name(look->code));
}

static bool is_about(const struct look *look, enum failure_code code)
{
    if (code == FAIL_SMTP_INCONSISTENT || code == FAIL_POLICY_INCONSISTENT)
        return look->policy == (code == FAIL_POLICY_INCONSISTENT);
    return look->code == code;
}

void explain_looks(struct explained *explained, enum failure_code code)
{
    const struct domain_facts *facts = explained->facts;
    size_t said = 0;
    for (size_t i = 0; i < facts->look_count && said < LOOKS_SHOWN; i++) {
        if (!is_about(&facts->looks[i], code))
            continue;
        buf_text(&explained->page.line, " An earlier ");
        write_look(&explained->page, &facts->looks[i]);
        buf_byte(&explained->page.line, '.');
        said++;
    }
}

void explain_looks_evidence(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    if (facts->look_count == 0)
        return;
    buf_text(&explained->page.line, "looks before this one");
    page_raw(&explained->page, MARGIN, MARGIN, "");
    for (size_t i = 0; i < facts->look_count; i++) {
        write_look(&explained->page, &facts->looks[i]);
        buf_printf(&explained->page.line, ", step %s",
                   facts->looks[i].policy ? fetch_step_name((enum fetch_step)facts->looks[i].step)
                                          : smtp_step_name((enum smtp_step)facts->looks[i].step));
        page_fold(&explained->page, INDENT, INDENT, "");
    }
}
