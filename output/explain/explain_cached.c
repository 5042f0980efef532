/* Says what senders do that have an earlier policy in their caches, if that costs mail: what they find, by
 * what they go instead, which hosts fail by it, and how long that lasts. */
#include "output/explain/explain_parts.h"

enum { MARGIN = 2, MS_PER_S = 1000, PATTERNS_SHOWN = 6 };

static const char *found_text(enum cached_found found)
{
    static const char *const texts[CACHED_FOUND_COUNT] = {
        [CACHED_SAME_ID] = "the record has the id that they know, so they do not even look",
        [CACHED_NO_RECORD] = "they find no record any more",
        [CACHED_BAD_RECORD] = "they find no record that counts",
        [CACHED_UNFETCHED] = "they find a new id, but no policy can be fetched",
        [CACHED_INVALID] = "they find a new id, but what is fetched is no policy",
    };
    return texts[found] == NULL ? cached_found_name(found) : texts[found];
}

static void say_patterns(struct page *page, const struct cached_policy *policy)
{
    for (size_t i = 0; i < policy->mx_count && i < PATTERNS_SHOWN; i++)
        buf_printf(&page->line, "%s%s", i == 0 ? "mx: " : ", ", policy->mx[i]);
    if (policy->mx_count > PATTERNS_SHOWN)
        buf_printf(&page->line, " and %zu more", policy->mx_count - PATTERNS_SHOWN);
}

/* A scan finds it gone, not the moment at which it went. */
static void say_why(struct explained *explained)
{
    const struct cached_policy *policy = explained->facts->cached;
    const struct cached_verdict *cached = &explained->judgement->cached;
    struct page *page = &explained->page;
    buf_printf(&page->line, "A sender keeps a policy for its max_age; %s (seen first on ",
               found_text(cached->found));
    page_day(page, cached->since / MS_PER_S);
    buf_text(&page->line, "). So they go by the one that was last fetched on ");
    page_day(page, policy->fetched / MS_PER_S);
    buf_printf(&page->line, ", mode %s, ", sts_mode_name(policy->mode));
    say_patterns(page, policy);
    buf_text(&page->line, ". Who fetched it then has it until ");
    page_time(page, cached->sure_until / MS_PER_S);
    buf_text(&page->line, ", nobody has it after ");
    page_time(page, cached->none_after / MS_PER_S);
    buf_byte(&page->line, '.');
    if (cached->would_be.incomplete)
        buf_text(&page->line, " This rests on one look; a second may find something else.");
    page_fold(page, MARGIN, MARGIN, "");
}

static void say_hosts(struct explained *explained)
{
    const struct enforced *would_be = &explained->judgement->cached.would_be;
    struct page *page = &explained->page;
    const char *between = "By that policy fails: ";
    for (size_t i = 0; i < would_be->host_count && i < explained->facts->host_count; i++) {
        if (would_be->codes[i] == FAIL_NONE)
            continue;
        buf_printf(&page->line, "%s%s (%s)", between, explained->facts->hosts[i].host,
                   failure_name(would_be->codes[i]));
        between = ", ";
    }
    page_fold(page, MARGIN, MARGIN, "");
}

void explain_cached(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    bool refused = code_set_has(&judgement->codes, FAIL_CACHED_REFUSED);
    if (explained->facts->cached == NULL ||
        (!refused && !code_set_has(&judgement->codes, FAIL_CACHED_PARTIAL)))
        return;
    buf_printf(&explained->page.line, "%s: %ssenders that cached the earlier policy %s",
               explained->facts->domain, refused ? "MAIL IS LOST TODAY: " : "",
               refused ? "deliver nothing" : "skip a part of the MX hosts");
    page_fold(&explained->page, 0, 0, "");
    say_why(explained);
    say_hosts(explained);
    buf_byte(explained->page.out, '\n');
}
