/* Says what three kinds of sender do with mail to the domain, a line or two each. Never says how to mend
 * it. */
#include "output/explain/explain_parts.h"

enum { MARGIN = 2, HEAD_MARGIN = 4, INDENT = 13, NAMES_SHOWN = 6 };

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

void explain_senders(struct explained *explained)
{
    static const struct {
        const char *head;
        const char *who;
    } kinds[SENDER_COUNT] = {
        [SENDER_MTA_STS] = {"MTA-STS", "(Exchange Online, Gmail) "},
        [SENDER_DANE] = {"DANE", "(Exchange Online, Postfix; elsewhere MTA-STS) "},
        [SENDER_OPPORTUNISTIC] = {"neither", "(most others) "},
    };
    const struct sender_view *views = explained->judgement->senders;
    if (views[SENDER_OPPORTUNISTIC].all == DELIVERY_NONE)
        return;
    buf_byte(explained->page.out, '\n');
    buf_text(&explained->page.line, "What senders do, by default and without a policy from before");
    page_fold(&explained->page, MARGIN, MARGIN, "");
    for (enum sender_kind kind = 0; kind < SENDER_COUNT; kind++) {
        buf_text(&explained->page.line, kinds[kind].who);
        if (views[kind].all == DELIVERY_NONE)
            buf_text(&explained->page.line, "cannot be told: nobody has validated the DNS answers");
        else if (kind > 0 && sender_views_equal(&views[kind], &views[kind - 1]))
            buf_text(&explained->page.line, "does the same");
        else
            say_view(explained, &views[kind]);
        buf_byte(&explained->page.line, '.');
        page_fold(&explained->page, HEAD_MARGIN, INDENT, kinds[kind].head);
    }
}
