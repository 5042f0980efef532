/* Says what senders do with mail to the domain, each by its name: those that do the same share a line. Never
 * says how to mend it. */
#include "output/explain/explain_parts.h"

enum { MARGIN = 2, LINE_MARGIN = 4, LINE_INDENT = 8, NAMES_SHOWN = 6, DAY_HOURS = 24 };

static bool takes(enum delivery delivery)
{
    return delivery == DELIVERY_TAKES || delivery == DELIVERY_SOME;
}

/* Adds "; it skips a, b". */
static void say_hosts(struct explained *explained, const struct sender_view *view, enum delivery delivery,
                      const char *words)
{
    size_t said = 0, left = 0;
    for (size_t i = 0; i < view->host_count; i++) {
        if (view->hosts[i] != delivery)
            continue;
        if (said == NAMES_SHOWN) {
            left++;
            continue;
        }
        buf_printf(&explained->page.line, "%s%s", said++ == 0 ? words : ", ",
                   explained->facts->hosts[i].host);
    }
    if (left > 0)
        buf_printf(&explained->page.line, " and %zu more", left);
}

/* Tells whether another host has the same preference: such hosts are tried in any order (RFC 5321 section
 * 5.1). */
static bool has_equal(const struct explained *explained, const struct sender_view *view)
{
    const struct mx_host *hosts = explained->facts->hosts;
    size_t first = 0;
    while (first < view->host_count && hosts[first].host != view->delivered_by)
        first++;
    for (size_t i = first + 1; i < view->host_count && hosts[i].preference == hosts[first].preference; i++)
        if (takes(view->hosts[i]))
            return true;
    return false;
}

static void say_view(struct explained *explained, const struct sender_view *view)
{
    struct buf *line = &explained->page.line;
    if (view->all == DELIVERY_TAKES) {
        buf_printf(line, "delivers to %s%s, %s", view->delivered_by,
                   has_equal(explained, view) ? " or another of the same preference" : "",
                   view->validated ? "validated" : "not validated");
        say_hosts(explained, view, DELIVERY_SOME, "; at some addresses only: ");
        say_hosts(explained, view, DELIVERY_SKIPS, "; skips ");
        say_hosts(explained, view, DELIVERY_DEFERS, "; not determined: ");
    } else if (view->all == DELIVERY_SKIPS) {
        buf_text(line, "skips every MX host: mail is kept, tried again, and returned in the end");
    } else {
        buf_text(line, "could not be determined");
        say_hosts(explained, view, DELIVERY_SKIPS, "; skips ");
    }
}

/* Does the row's sender do the same as that of an earlier row? */
static bool is_as(const struct judgement *judgement, const struct sender *row, const struct sender *earlier)
{
    return sender_views_equal(&judgement->senders[row->kind], &judgement->senders[earlier->kind]);
}

/* Adds how long each of them keeps what it cannot deliver, as far as that is documented. */
static void say_hours(struct explained *explained, const struct sender *first)
{
    const struct judgement *judgement = explained->judgement;
    const struct sender *end = judgement->sender_rows + judgement->sender_row_count;
    const char *before = " (";
    for (const struct sender *row = first; row < end; row++) {
        if (row->hours == 0 || !is_as(judgement, row, first))
            continue;
        buf_printf(&explained->page.line, "%s%s: after ", before, row->name);
        if (row->hours > DAY_HOURS && row->hours % DAY_HOURS == 0)
            buf_printf(&explained->page.line, "%u days", row->hours / DAY_HOURS);
        else
            buf_printf(&explained->page.line, "%u hours", row->hours);
        before = "; ";
    }
    if (before[0] == ';')
        buf_byte(&explained->page.line, ')');
}

/* Writes the line of all that do what the first does. */
static void say_senders(struct explained *explained, const struct sender *first)
{
    const struct judgement *judgement = explained->judgement;
    const struct sender *end = judgement->sender_rows + judgement->sender_row_count;
    const struct sender_view *view = &judgement->senders[first->kind];
    for (const struct sender *row = first; row < end; row++)
        if (is_as(judgement, row, first))
            buf_printf(&explained->page.line, "%s%s", row == first ? "" : ", ", row->name);
    buf_text(&explained->page.line, ": ");
    if (view->all == DELIVERY_NONE)
        buf_text(&explained->page.line, "cannot be told: nobody has validated the DNS answers");
    else
        say_view(explained, view);
    if (view->all == DELIVERY_SKIPS)
        say_hours(explained, first);
    buf_byte(&explained->page.line, '.');
    page_fold(&explained->page, LINE_MARGIN, LINE_INDENT, "");
}

void explain_senders(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    if (judgement->senders[SENDER_OPPORTUNISTIC].all == DELIVERY_NONE)
        return;
    buf_byte(explained->page.out, '\n');
    buf_text(&explained->page.line, "What senders do, by default and without a policy from before");
    page_fold(&explained->page, MARGIN, MARGIN, "");
    for (size_t i = 0; i < judgement->sender_row_count; i++) {
        bool is_said = false;
        for (size_t j = 0; j < i && !is_said; j++)
            is_said = is_as(judgement, &judgement->sender_rows[i], &judgement->sender_rows[j]);
        if (!is_said)
            say_senders(explained, &judgement->sender_rows[i]);
    }
}

void explain_senders_evidence(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    for (size_t i = 0; i < judgement->sender_row_count; i++) {
        const struct sender *row = &judgement->sender_rows[i];
        if (judgement->senders[row->kind].all != DELIVERY_SKIPS)
            continue;
        buf_printf(&explained->page.line, "%s: %s", row->name, row->does);
        page_fold(&explained->page, LINE_MARGIN, LINE_INDENT, "");
    }
}
