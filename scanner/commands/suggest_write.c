/* Writes a suggestion in words and as JSON. It never decides what to suggest (suggest.c). */
#include "output/explain/explain_page.h"
#include "output/json/json_write.h"
#include "scanner/commands/suggest.h"

enum { MARGIN = 2, BLOCK_MARGIN = 4, BLOCK_INDENT = 8, BLOCKS_SHOWN = 24, DAY_S = 86400 };

static unsigned days_of(uint32_t seconds)
{
    return (seconds + DAY_S - 1) / DAY_S;
}

static void say(struct page *page, const char *text)
{
    buf_text(&page->line, text);
    page_fold(page, MARGIN, MARGIN, "");
}

/* ---- parts of the text --------------------------------------------------------------------------------- */

/* RFC 8461 section 5.1: a sender fetches anew if it sees another id, and else goes by what it holds until
 * max_age is over. */
static void say_lowered(struct page *page, const struct suggestion *suggestion)
{
    static const char *const texts[2][2] = {
        {"The published policy enforces, and senders skip the MX hosts or addresses that fail. Until they "
         "are mended, the mode is testing, which stops that.",
         "The published policy enforces, and every MX host fails: mail is being lost. Until they are mended, "
         "the mode is testing, which stops that."},
        {"The published policy enforces and does not name every MX host: senders skip the others. The lines "
         "below name them, and the mode is testing first, which stops that.",
         "The published policy enforces and names no MX host that is in use: mail is being lost. The lines "
         "below name them, and the mode is testing first, which stops that."},
    };
    say(page, texts[suggestion->block_count == 0][suggestion->all_fail]);
    buf_printf(
        &page->line,
        "The new id belongs to it: senders fetch the policy again only if they see another id. One that "
        "does not look goes on to enforce what it holds, for %u days at most (max_age).",
        days_of(suggestion->cached_s));
    page_fold(page, MARGIN, MARGIN, "");
}

static void say_head(struct page *page, const struct suggestion *suggestion)
{
    const char *reason = suggest_reason(suggestion->kind);
    buf_printf(&page->line, "%s: ", suggestion->domain);
    if (suggestion->kind == SUGGEST_STAYS && suggestion->published != STS_MODE_UNSET)
        buf_printf(&page->line, "nothing to publish, mode %s stays - %s",
                   sts_mode_name(suggestion->published), reason);
    else if (reason != NULL)
        buf_printf(&page->line, "nothing to publish - %s", reason);
    else if (suggestion->kind == SUGGEST_REMOVE)
        buf_text(&page->line, "take MTA-STS down");
    else
        buf_printf(&page->line, "%s MTA-STS, mode %s", suggestion->unchanged ? "keep" : "publish",
                   sts_mode_name(suggestion->mode));
    page_fold(page, 0, 0, "");
    if (suggestion->kind == SUGGEST_NO_MAIL)
        say(page, "Where MTA-STS was published before, take it down in order: stsweep suggest --remove.");
    if (suggestion->unchanged)
        say(page,
            suggestion->block_count == 0
                ? "The published policy says what stands below already: nothing needs to change, and the id "
                  "stays as it is."
                : "The published policy says what stands below already; the id stays as it is.");
    if (suggestion->mode_lowered)
        say_lowered(page, suggestion);
}

static void say_block(struct page *page, const struct suggest_block *block)
{
    char ip[IP_TEXT_BYTES];
    const struct failure *failure = failure_get(block->code);
    buf_text(&page->line, block->host);
    if (block->ip != NULL)
        buf_printf(&page->line, " [%s]", ip_format(block->ip, ip));
    if (block->code == FAIL_MX_NOT_IN_POLICY)
        buf_printf(&page->line,
                   " %s: A policy cannot hold this name (it holds letters, digits and hyphens), so no "
                   "line below matches the host. Rename the MX host, or cover it by a wildcard.",
                   failure->code);
    else
        buf_printf(&page->line, " %s: %s %s", failure->code, failure->why, failure->mend);
    page_fold(page, BLOCK_MARGIN, BLOCK_INDENT, "");
}

/* Lists the blocks that could not be determined, or those that fail, under a head. */
static void say_blocks(struct page *page, const struct suggestion *suggestion, bool open, const char *head)
{
    size_t said = 0, left = 0;
    for (size_t i = 0; i < suggestion->block_count; i++) {
        if (suggest_is_open(&suggestion->blocks[i]) != open)
            continue;
        if (said == 0)
            say(page, head);
        if (said < BLOCKS_SHOWN)
            say_block(page, &suggestion->blocks[i]);
        else
            left++;
        said++;
    }
    if (left > 0) {
        buf_printf(&page->line, "and %zu more", left);
        page_fold(page, BLOCK_MARGIN, BLOCK_INDENT, "");
    }
}

static void say_unseen(struct page *page, const struct suggestion *suggestion)
{
    if (suggestion->unseen == 0)
        return;
    buf_printf(&page->line, "%zu MX hosts could not be looked at: check them too.", suggestion->unseen);
    page_fold(page, MARGIN, MARGIN, "");
}

/* Says why what is published cannot be used or not be judged. */
static void say_fault(struct page *page, const struct suggestion *suggestion, const char *head)
{
    const struct failure *failure = failure_get(suggestion->fault);
    if (suggestion->fault == FAIL_NONE)
        return;
    say(page, head);
    buf_printf(&page->line, "%s: %s %s", failure->code, failure->why, failure->mend);
    page_fold(page, BLOCK_MARGIN, BLOCK_INDENT, "");
}

static void say_wait(struct page *page, const struct suggestion *suggestion)
{
    bool passes = suggestion->block_count == 0 && suggestion->unseen == 0;
    if (suggestion->mode == STS_MODE_ENFORCE) {
        say(page, "Every MX host passes what a sender checks: the mode stays enforce.");
        return;
    }
    buf_printf(&page->line, "%s once reports show no failure for %u days, the mode can be enforce.",
               passes ? "Every MX host passes what a sender checks:" : "When all of them pass, and",
               days_of(suggestion->reports_s));
    page_fold(page, MARGIN, MARGIN, "");
}

static void say_first(struct page *page, const struct suggestion *suggestion)
{
    if (suggestion->kind == SUGGEST_REMOVE)
        return;
    buf_byte(page->out, '\n');
    say_fault(page, suggestion, "What is published today cannot be used:");
    if (suggestion->fault != FAIL_NONE)
        say(page, "Senders deliver as without a policy; one that holds an earlier policy goes by that until "
                  "it expires.");
    say_blocks(page, suggestion, false, "Before the mode is enforce, these must be mended:");
    say_blocks(page, suggestion, true,
               "These could not be determined; look at them again before the mode is enforce:");
    say_unseen(page, suggestion);
    say_wait(page, suggestion);
}

/* Says what keeps the answer open, and what is known to fail in any case. */
static void say_open(struct page *page, const struct suggestion *suggestion)
{
    if (suggestion->one_look)
        say(page, "This rests on one look; a second may find something else.");
    say_fault(page, suggestion, "What is published could not be judged:");
    say_blocks(page, suggestion, true, "These could not be determined:");
    say_unseen(page, suggestion);
    say_blocks(page, suggestion, false,
               suggestion->one_look ? "These failed at that look:"
                                    : "These fail, and must be mended in any case:");
}

static void say_policy_host(struct page *page, const struct domain_facts *facts, const char *domain)
{
    const struct address_facts *address = &facts->policy.address;
    char ip[IP_TEXT_BYTES];
    if (address->ip_count == 0) {
        buf_printf(&page->line,
                   "1. Give mta-sts.%s an A, AAAA or CNAME record that leads to a web server, and the server "
                   "a certificate of a public authority for exactly this name.",
                   domain);
    } else {
        buf_printf(&page->line, "1. mta-sts.%s leads to ", domain);
        for (size_t i = 0; i < address->ip_count; i++)
            buf_printf(&page->line, "%s%s", i == 0 ? "" : ", ", ip_format(&address->ips[i], ip));
        if (address_alias(address) != NULL)
            buf_printf(&page->line, " (an alias of %s)", address_alias(address));
        buf_printf(&page->line, ": that server needs a certificate for mta-sts.%s.", domain);
    }
    page_fold(page, MARGIN, MARGIN, "");
}

/* Writes the block whole, so that it can be copied: it holds names and digits alone. */
static void put_block(struct page *page, struct bytes text)
{
    buf_byte(page->out, '\n');
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '\r')
            buf_byte(page->out, text.data[i]);
    buf_byte(page->out, '\n');
}

static void say_texts(struct page *page, const struct domain_facts *facts,
                      const struct suggestion *suggestion)
{
    buf_byte(page->out, '\n');
    say_policy_host(page, facts, suggestion->domain);
    buf_printf(&page->line,
               "2. Serve this there as /.well-known/mta-sts.txt, with status 200, as text/plain, without a "
               "redirect:");
    page_fold(page, MARGIN, MARGIN, "");
    put_block(page, suggestion->policy);
    say(page, suggestion->unchanged ? "3. These records belong to it:" : "3. When it is served, publish:");
    put_block(page, suggestion->zone);
    if (suggestion->rua_is_placeholder)
        say(page, "The address of the reports is a placeholder: use one that somebody reads (--rua).");
    if (suggestion->kind == SUGGEST_PUBLISH && suggestion->tlsrpt == NULL)
        say(page, "The TLSRPT record at _smtp._tls stands and is valid: leave it.");
}

static void say_after(struct page *page, const struct suggestion *suggestion)
{
    if (suggestion->kind == SUGGEST_PUBLISH) {
        say(page, "Whenever the policy changes, change it first and then the id.");
        return;
    }
    buf_text(&page->line, "4. Keep both until every copy that a sender may hold has expired: ");
    if (suggestion->wait_s == 0)
        buf_text(&page->line, "the largest max_age that was ever served, counted from its last day.");
    else
        buf_printf(&page->line,
                   "at least %u days, the max_age that is published now, or longer where a larger one was "
                   "served before.",
                   days_of(suggestion->wait_s));
    buf_text(&page->line, " Then remove the record, and after it the policy and its host.");
    page_fold(page, MARGIN, MARGIN, "");
}

bool suggest_text(struct buf *out, const struct domain_facts *facts, const struct suggestion *suggestion)
{
    struct page page;
    page_begin(&page, out, false);
    say_head(&page, suggestion);
    if (suggest_has_texts(suggestion)) {
        say_first(&page, suggestion);
        say_texts(&page, facts, suggestion);
        say_after(&page, suggestion);
    } else if (suggestion->kind == SUGGEST_STAYS) {
        say_open(&page, suggestion);
    }
    buf_byte(out, '\n');
    return page_end(&page);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void write_first(struct json *json, const struct suggestion *suggestion)
{
    char ip[IP_TEXT_BYTES];
    json_open_array(json, "first");
    for (size_t i = 0; i < suggestion->block_count; i++) {
        const struct suggest_block *block = &suggestion->blocks[i];
        json_open(json, NULL);
        json_put_string(json, "host", block->host);
        if (block->ip != NULL)
            json_put_string(json, "ip", ip_format(block->ip, ip));
        json_put_string(json, "code", failure_name(block->code));
        json_close(json);
    }
    json_close_array(json);
    json_put_unsigned(json, "unseen", suggestion->unseen);
}

static void write_texts(struct json *json, const struct suggestion *suggestion)
{
    json_put_string(json, "mode", sts_mode_name(suggestion->mode));
    json_put_unsigned(json, "max_age", suggestion->max_age);
    json_open_array(json, "mx");
    for (size_t i = 0; i < suggestion->mx_count; i++)
        json_put_string(json, NULL, suggestion->mx[i]);
    json_close_array(json);
    json_put_string(json, "id", suggestion->id);
    json_put_string(json, "txt", suggestion->txt);
    json_put_string(json, "tlsrpt", suggestion->tlsrpt);
    json_put_flag(json, "rua_is_placeholder", suggestion->rua_is_placeholder);
    json_put_text(json, "policy", suggestion->policy);
    json_put_text(json, "zone", suggestion->zone);
    json_put_bool(json, "unchanged", suggestion->unchanged);
    if (suggestion->wait_s > 0)
        json_put_unsigned(json, "wait_s", suggestion->wait_s);
    if (suggestion->cached_s > 0)
        json_put_unsigned(json, "cached_s", suggestion->cached_s);
    if (suggestion->reports_s > 0)
        json_put_unsigned(json, "reports_s", suggestion->reports_s);
}

/* Writes what is published, as far as it is known. */
static void write_published(struct json *json, const struct suggestion *suggestion)
{
    if (suggestion->published != STS_MODE_UNSET)
        json_put_string(json, "published", sts_mode_name(suggestion->published));
    if (suggestion->fault != FAIL_NONE)
        json_put_string(json, "fault", failure_name(suggestion->fault));
}

bool suggest_json(struct buf *out, const struct domain_facts *facts, const struct suggestion *suggestion)
{
    static const char *const actions[SUGGEST_KIND_COUNT] = {
        [SUGGEST_PUBLISH] = "publish",   [SUGGEST_REMOVE] = "remove", [SUGGEST_NO_MAIL] = "none",
        [SUGGEST_NO_HOST_NAME] = "none", [SUGGEST_TOO_MANY] = "none", [SUGGEST_BAD_NAME] = "none",
        [SUGGEST_UNKNOWN] = "unknown",   [SUGGEST_STAYS] = "unknown",
    };
    struct json json;
    json_start(&json, out);
    json_open(&json, NULL);
    json_put_string(&json, "domain", facts->domain);
    json_put_string(&json, "action", actions[suggestion->kind]);
    json_put_optional(&json, "reason", suggest_reason(suggestion->kind));
    write_published(&json, suggestion);
    if (suggest_has_texts(suggestion))
        write_texts(&json, suggestion);
    if (suggest_has_texts(suggestion) || suggestion->kind == SUGGEST_STAYS)
        write_first(&json, suggestion);
    json_close(&json);
    return json_finish(&json);
}
