/* Writes a suggestion in words and as JSON. It never decides what to suggest (suggest.c). */
#include "output/explain/explain_page.h"
#include "output/json/json_write.h"
#include "scanner/commands/suggest.h"

enum { MARGIN = 2, BLOCK_MARGIN = 4, BLOCK_INDENT = 8, BLOCKS_SHOWN = 24, DAY_S = 86400 };

static const char *alias_of(const struct address_facts *address)
{
    const struct lookup_facts *chain = address->a.cname_count > 0 ? &address->a : &address->aaaa;
    return chain->cname_count > 0 ? chain->cnames[0] : NULL;
}

static void say(struct page *page, const char *text)
{
    buf_text(&page->line, text);
    page_fold(page, MARGIN, MARGIN, "");
}

/* ---- parts of the text --------------------------------------------------------------------------------- */

static void say_head(struct page *page, const struct suggestion *suggestion)
{
    const char *reason = suggest_reason(suggestion->kind);
    buf_printf(&page->line, "%s: ", suggestion->domain);
    if (reason != NULL)
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
        say(page,
            "The published policy enforces, and every MX host fails: mail is being lost. Until they are "
            "mended, the mode is testing.");
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

static void say_first(struct page *page, const struct suggestion *suggestion)
{
    if (suggestion->kind == SUGGEST_REMOVE)
        return;
    buf_byte(page->out, '\n');
    bool enforces = suggestion->mode == STS_MODE_ENFORCE;
    if (suggestion->block_count == 0 && suggestion->unseen == 0)
        say(page, enforces
                      ? "Every MX host passes what a sender checks: the mode stays enforce."
                      : "Every MX host passes what a sender checks: once reports show no failure for a week "
                        "or two, the mode can be enforce.");
    if (suggestion->block_count > 0)
        say(page, enforces ? "The mode stays enforce, but senders pass over these until they are mended:"
                           : "Before the mode is enforce, these must be mended:");
    for (size_t i = 0; i < suggestion->block_count && i < BLOCKS_SHOWN; i++)
        say_block(page, &suggestion->blocks[i]);
    if (suggestion->block_count > BLOCKS_SHOWN) {
        buf_printf(&page->line, "and %zu more", suggestion->block_count - BLOCKS_SHOWN);
        page_fold(page, BLOCK_MARGIN, BLOCK_INDENT, "");
    }
    if (suggestion->unseen > 0) {
        buf_printf(&page->line, "%zu MX hosts could not be looked at: check them too.", suggestion->unseen);
        page_fold(page, MARGIN, MARGIN, "");
    }
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
        if (alias_of(address) != NULL)
            buf_printf(&page->line, " (an alias of %s)", alias_of(address));
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
                   (suggestion->wait_s + DAY_S - 1) / DAY_S);
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
    write_first(json, suggestion);
}

bool suggest_json(struct buf *out, const struct domain_facts *facts, const struct suggestion *suggestion)
{
    static const char *const actions[SUGGEST_KIND_COUNT] = {
        [SUGGEST_PUBLISH] = "publish",   [SUGGEST_REMOVE] = "remove", [SUGGEST_NO_MAIL] = "none",
        [SUGGEST_NO_HOST_NAME] = "none", [SUGGEST_TOO_MANY] = "none", [SUGGEST_BAD_NAME] = "none",
        [SUGGEST_UNKNOWN] = "unknown",
    };
    struct json json;
    json_start(&json, out);
    json_open(&json, NULL);
    json_put_string(&json, "domain", facts->domain);
    json_put_string(&json, "action", actions[suggestion->kind]);
    json_put_optional(&json, "reason", suggest_reason(suggestion->kind));
    if (suggest_has_texts(suggestion))
        write_texts(&json, suggestion);
    json_close(&json);
    return json_finish(&json);
}
