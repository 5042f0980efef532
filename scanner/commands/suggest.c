/* Makes the texts that a domain should publish from facts and judgement. */
#include "scanner/commands/suggest.h"

#include <stdio.h>
#include <time.h>

#include "scanner/facts/placeholder.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"
#include "scanner/sts/tlsrpt.h"
#include "scanner/verdict/provider.h"

enum {
    WEEK_S = 604800,
    DAY_S = 86400,
    POLICY_BYTES = 65536,
    TXT_STRING = 255,
    NAME_MOST = 253,
    PREFIX_MOST = 11, /* "_smtp._tls." */
    LABEL_MOST = 63,
    ID_BYTES = 40,
    TXT_COLUMNS = 60, /* of owner, domain and text, so that the row fits 80 */
    RUA_BYTES = 1024,
    RUA_ARENA_BYTES = 65536
};

/* ---- names --------------------------------------------------------------------------------------------- */

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

bool suggest_is_name(const char *domain)
{
    size_t label = 0;
    if (strlen(domain) + PREFIX_MOST > NAME_MOST)
        return false;
    for (const char *at = domain; *at != 0; at++) {
        if (*at == '.' ? label == 0 : !is_name_byte(*at))
            return false;
        label = *at == '.' ? 0 : label + 1;
        if (label > LABEL_MOST)
            return false;
    }
    return label > 0;
}

/* Would a line of this very text be a good one, and match the host? A star is a pattern's, never a name's. */
static bool can_be_named(const char *host)
{
    uint32_t column = 0;
    return host[0] != '*' && sts_policy_check_pattern(bytes_of(host), &column) == FAIL_NONE;
}

bool suggest_rua_is_valid(const char *uri)
{
    char text[RUA_BYTES];
    int len = snprintf(text, sizeof text, "v=TLSRPTv1; rua=%s", uri);
    if (len < 0 || (size_t)len >= sizeof text)
        return false;
    for (const char *at = uri; *at != 0; at++)
        if (*at <= ' ' || *at > '~' || *at == ';')
            return false;
    struct arena arena;
    struct tlsrpt_record record;
    struct bytes rr = bytes_of(text);
    arena_init(&arena, RUA_ARENA_BYTES);
    tlsrpt_parse(&rr, 1, &arena, &record);
    bool valid = record.code == FAIL_NONE && record.rua_count == 1 && record.findings.count == 0;
    arena_dispose(&arena);
    return valid;
}

/* ---- mx lines ------------------------------------------------------------------------------------------ */

static bool add_mx(struct suggestion *suggestion, const char *pattern)
{
    if (pattern == NULL)
        return false;
    for (size_t i = 0; i < suggestion->mx_count; i++)
        if (strcmp(suggestion->mx[i], pattern) == 0)
            return true;
    suggestion->mx[suggestion->mx_count++] = pattern;
    return true;
}

/* Returns the pattern that the host's provider documents for it, or the host. NULL if the arena is full. */
static const char *pattern_for(const char *host, struct arena *arena)
{
    const struct provider *provider = provider_find_mx(host);
    for (const char *at = provider == NULL ? "" : provider->patterns; *at != 0;) {
        size_t len = strcspn(at, " ");
        const char *pattern = arena_copy(arena, at, len);
        if (pattern == NULL || mx_pattern_match(host, pattern))
            return pattern;
        at += len + (at[len] == ' ');
    }
    return host;
}

/* Keeps a line in force that covers the host. A wildcard matches names that no line can hold: mail to such a
 * host must not be lost by a policy that names the others exactly. If no line in force covers it, the host is
 * a block. */
static void keep_cover(const struct judgement *judgement, const char *host, struct suggestion *suggestion)
{
    const struct sts_policy *policy = &judgement->policy;
    for (size_t i = 0; suggest_is_in_force(judgement) && i < policy->mx_count; i++) {
        if (!mx_pattern_match(host, policy->mx[i]))
            continue;
        (void)add_mx(suggestion, policy->mx[i]);
        return;
    }
}

static enum error add_host(struct suggestion *suggestion, const struct judgement *judgement, const char *host,
                           struct arena *arena)
{
    const char *pattern = pattern_for(host, arena);
    if (pattern != host || can_be_named(host))
        return add_mx(suggestion, pattern) ? ERR_OK : ERR_MEMORY;
    keep_cover(judgement, host, suggestion);
    return ERR_OK;
}

/* Keeps the lines in force: the mode alone changes. */
static enum error keep_lines(const struct judgement *judgement, struct arena *arena,
                             struct suggestion *suggestion)
{
    const struct sts_policy *policy = &judgement->policy;
    suggestion->mx = arena_array(arena, policy->mx_count, sizeof *suggestion->mx);
    if (suggestion->mx == NULL)
        return ERR_MEMORY;
    suggestion->mx_count = 0;
    for (size_t i = 0; i < policy->mx_count; i++)
        if (!placeholder_by_name(policy->mx[i], suggestion->domain))
            (void)add_mx(suggestion, policy->mx[i]);
    return ERR_OK;
}

/* Lists every MX record that is no placeholder, also those past the hosts that were looked at; without one,
 * the implicit host. If mail is being lost and the records cannot be listed, the lines in force stay, so that
 * the mode can change.
 */
static enum error list_mx(const struct domain_facts *facts, const struct judgement *judgement,
                          struct arena *arena, struct suggestion *suggestion)
{
    size_t most = facts->mx.rr_count + facts->host_count;
    suggestion->mx = arena_array(arena, most, sizeof *suggestion->mx);
    enum error error = most > 0 && suggestion->mx == NULL ? ERR_MEMORY : ERR_OK;
    for (size_t i = 0; error == ERR_OK && i < facts->mx.rr_count; i++)
        if (!placeholder_is_named(facts, facts->mx.rrs[i].host))
            error = add_host(suggestion, judgement, facts->mx.rrs[i].host, arena);
    for (size_t i = 0; error == ERR_OK && facts->mx.rr_count == 0 && i < facts->host_count; i++)
        error = add_host(suggestion, judgement, facts->hosts[i].host, arena);
    bool is_listed = suggestion->mx_count > 0 && !facts->mx.lookup.truncated;
    if (error == ERR_OK && !is_listed && suggest_loses_mail(judgement))
        error = keep_lines(judgement, arena, suggestion);
    return error;
}

/* ---- what must be true first --------------------------------------------------------------------------- */

static bool is_mended_by_policy(enum failure_code code)
{
    return code == FAIL_NONE || code == FAIL_MX_NOT_IN_POLICY;
}

/* Returns the host's own code once the suggestion is published: what is in no policy of today may be in that
 * one, and the other way round. */
static enum failure_code code_then(const struct mx_host *host, const struct host_verdict *verdict,
                                   const struct suggestion *suggestion)
{
    if (!is_mended_by_policy(verdict->code))
        return verdict->code;
    return mx_pattern_match_any(host->host, suggestion->mx, suggestion->mx_count) ? FAIL_NONE
                                                                                  : FAIL_MX_NOT_IN_POLICY;
}

/* Lists what keeps hosts from passing, after list_mx. */
static enum error list_blocks(const struct domain_facts *facts, const struct judgement *judgement,
                              struct arena *arena, struct suggestion *suggestion)
{
    size_t most = judgement->host_count;
    for (size_t i = 0; i < judgement->host_count; i++)
        most += judgement->hosts[i].ip_count;
    suggestion->blocks = arena_array(arena, most, sizeof *suggestion->blocks);
    if (most > 0 && suggestion->blocks == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < judgement->host_count; i++) {
        const struct host_verdict *verdict = &judgement->hosts[i];
        const struct mx_host *host = &facts->hosts[i];
        if (verdict->code == FAIL_MX_PLACEHOLDER)
            continue;
        enum failure_code code = code_then(host, verdict, suggestion);
        if (code != FAIL_NONE)
            suggestion->blocks[suggestion->block_count++] =
                (struct suggest_block){.host = host->host, .code = code};
        for (size_t j = 0; j < verdict->ip_count; j++)
            if (verdict->ips[j].code != FAIL_NONE)
                suggestion->blocks[suggestion->block_count++] =
                    (struct suggest_block){host->host, &host->facts->probes[j].ip, verdict->ips[j].code};
        suggestion->unseen += is_mended_by_policy(verdict->code) && verdict->ip_count == 0;
    }
    for (size_t i = 0; i < suggestion->block_count; i++)
        suggestion->open_count += suggest_is_open(&suggestion->blocks[i]);
    suggestion->unseen += mx_hosts_unseen(facts);
    return ERR_OK;
}

/* ---- the id --------------------------------------------------------------------------------- */

/* Makes the id: the time in UTC, with one more letter if the published id is that very one; the published one
 * if nothing is to change, so that no sender fetches for nothing. */
static enum error make_id(const struct judgement *judgement, int64_t now, struct arena *arena,
                          struct suggestion *suggestion)
{
    char id[ID_BYTES] = "1";
    struct tm parts;
    time_t when = (time_t)(now / 1000);
    if (gmtime_r(&when, &parts) == NULL || strftime(id, sizeof id, "%Y%m%dT%H%M%SZ", &parts) == 0)
        (void)snprintf(id, sizeof id, "1");
    if (suggestion->unchanged)
        (void)snprintf(id, sizeof id, "%s", judgement->record.id);
    else if (strcmp(id, judgement->record.id) == 0)
        strcat(id, "2");
    suggestion->id = arena_string(arena, id);
    return suggestion->id == NULL ? ERR_MEMORY : ERR_OK;
}

static bool has_mx(const char *const *list, size_t count, const char *pattern)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], pattern) == 0)
            return true;
    return false;
}

static bool is_published(const struct judgement *judgement, const struct suggestion *suggestion)
{
    const struct sts_policy *policy = &judgement->policy;
    bool same = suggest_is_in_force(judgement) && policy->mode == suggestion->mode &&
                policy->max_age == suggestion->max_age;
    for (size_t i = 0; same && i < suggestion->mx_count; i++)
        same = has_mx(policy->mx, policy->mx_count, suggestion->mx[i]);
    for (size_t i = 0; same && i < policy->mx_count; i++)
        same = has_mx(suggestion->mx, suggestion->mx_count, policy->mx[i]);
    return same;
}

/* ---- texts --------------------------------------------------------------------------------------------- */

static enum error keep_text(struct buf *text, struct arena *arena, struct bytes *kept)
{
    *kept = text->failed ? (struct bytes){NULL, 0} : arena_bytes(arena, buf_bytes(text));
    return kept->data == NULL ? ERR_MEMORY : ERR_OK;
}

static enum error make_policy(struct arena *arena, struct suggestion *suggestion)
{
    struct buf text;
    buf_init(&text, POLICY_BYTES);
    buf_printf(&text, "version: STSv1\r\nmode: %s\r\n", sts_mode_name(suggestion->mode));
    for (size_t i = 0; i < suggestion->mx_count; i++)
        buf_printf(&text, "mx: %s\r\n", suggestion->mx[i]);
    buf_printf(&text, "max_age: %u\r\n", suggestion->max_age);
    if (text.failed)
        suggestion->kind = SUGGEST_TOO_MANY;
    enum error error = text.failed ? ERR_OK : keep_text(&text, arena, &suggestion->policy);
    buf_dispose(&text);
    return error;
}

/* Writes where reports go. A domain with a label that no mail address may have, as one that ends with a
 * hyphen, gets a placeholder elsewhere. */
static void put_rua(struct buf *text, const char *rua, const char *domain)
{
    char own[RUA_BYTES];
    int len = snprintf(own, sizeof own, "mailto:tls-reports@%s", domain);
    bool fits = len > 0 && (size_t)len < sizeof own && suggest_rua_is_valid(own);
    buf_text(text, rua != NULL ? rua : fits ? own : "mailto:tls-reports@example.com");
}

static enum error make_records(const struct judgement *judgement, const struct suggest_options *options,
                               struct arena *arena, struct suggestion *suggestion)
{
    struct buf text;
    enum error error = ERR_MEMORY;
    struct bytes kept;
    buf_init(&text, POLICY_BYTES);
    buf_printf(&text, "v=STSv1; id=%s;", suggestion->id);
    suggestion->txt = arena_string(arena, buf_string(&text));
    if (suggestion->txt == NULL)
        goto out;
    error = ERR_OK;
    bool stands = judgement->tlsrpt.code == FAIL_NONE && judgement->tlsrpt.rua_count > 0;
    if (suggestion->kind == SUGGEST_REMOVE || (stands && options->rua == NULL))
        goto out;
    buf_reset(&text);
    suggestion->rua_is_placeholder = options->rua == NULL;
    buf_text(&text, "v=TLSRPTv1; rua=");
    put_rua(&text, options->rua, suggestion->domain);
    buf_byte(&text, 0);
    error = keep_text(&text, arena, &kept);
    suggestion->tlsrpt = (const char *)kept.data;
out:
    buf_dispose(&text);
    return error;
}

void suggest_put_strings(struct buf *out, struct bytes text, const char *between)
{
    if (text.len == 0)
        buf_printf(out, "%s\"", between);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (i % TXT_STRING == 0)
            buf_printf(out, "%s%s\"", i == 0 ? "" : "\"", between);
        if (byte < ' ' || byte > '~')
            buf_printf(out, "\\%03u", byte);
        else
            buf_printf(out, byte == '"' || byte == '\\' ? "\\%c" : "%c", byte);
    }
    buf_byte(out, '"');
}

/* Writes a TXT record in a zone file; in parentheses if a row would be wider than a terminal. */
static void write_txt(struct buf *zone, const char *owner, const char *domain, const char *text)
{
    bool is_wide = strlen(owner) + strlen(domain) + strlen(text) > TXT_COLUMNS;
    buf_printf(zone, "%s.%s. %d IN TXT%s", owner, domain, SUGGEST_TTL_S, is_wide ? " (" : "");
    suggest_put_strings(zone, bytes_of(text), is_wide ? "\n        " : " ");
    buf_text(zone, is_wide ? " )\n" : "\n");
}

static enum error make_zone(const struct domain_facts *facts, struct arena *arena,
                            struct suggestion *suggestion)
{
    struct buf zone;
    const char *domain = suggestion->domain;
    buf_init(&zone, POLICY_BYTES);
    if (facts->policy.address.ip_count == 0)
        buf_printf(&zone,
                   "; mta-sts.%s. needs an A, AAAA or CNAME record\n"
                   "; that leads to the web server with the policy, and that server a certificate\n"
                   "; for mta-sts.%s.\n",
                   domain, domain);
    write_txt(&zone, "_mta-sts", domain, suggestion->txt);
    if (suggestion->rua_is_placeholder)
        buf_text(&zone, "; Put an address below at which reports are read.\n");
    if (suggestion->tlsrpt != NULL)
        write_txt(&zone, "_smtp._tls", domain, suggestion->tlsrpt);
    enum error error = keep_text(&zone, arena, &suggestion->zone);
    buf_dispose(&zone);
    return error;
}

/* ---- the suggestion ------------------------------------------------------------------------------------ */

static enum suggest_kind kind_of(const struct domain_facts *facts, const struct judgement *judgement,
                                 const struct suggest_options *options)
{
    if (!suggest_is_name(facts->domain))
        return SUGGEST_BAD_NAME;
    if (options->remove)
        return SUGGEST_REMOVE;
    if (judgement->outcome == OUTCOME_NO_MAIL)
        return SUGGEST_NO_MAIL;
    bool is_known = dns_says_anything(facts->mx.lookup.status) && !facts->mx.lookup.truncated;
    return is_known || suggest_loses_mail(judgement) ? SUGGEST_PUBLISH : SUGGEST_UNKNOWN;
}

static enum error fill_in(const struct domain_facts *facts, const struct judgement *judgement,
                          struct arena *arena, struct suggestion *suggestion)
{
    if (suggestion->kind == SUGGEST_REMOVE) {
        suggestion->mode = STS_MODE_NONE;
        suggestion->max_age = DAY_S;
        suggestion->wait_s = judgement->policy.max_age_set ? judgement->policy.max_age : 0;
        return ERR_OK;
    }
    enum error error = list_mx(facts, judgement, arena, suggestion);
    if (error == ERR_OK)
        error = list_blocks(facts, judgement, arena, suggestion);
    suggest_choose_mode(facts, judgement, suggestion);
    if (suggestion->kind == SUGGEST_PUBLISH && suggestion->mx_count == 0)
        suggestion->kind = SUGGEST_NO_HOST_NAME;
    suggestion->max_age = WEEK_S;
    if (suggestion->mode == STS_MODE_ENFORCE && judgement->policy.max_age > WEEK_S)
        suggestion->max_age = judgement->policy.max_age;
    return error;
}

enum error suggest_make(const struct domain_facts *facts, const struct judgement *judgement,
                        const struct suggest_options *options, int64_t now, struct arena *arena,
                        struct suggestion *suggestion)
{
    *suggestion = (struct suggestion){.domain = facts->domain, .kind = kind_of(facts, judgement, options)};
    if (!suggest_has_texts(suggestion))
        return ERR_OK;
    enum error error = fill_in(facts, judgement, arena, suggestion);
    if (error != ERR_OK || !suggest_has_texts(suggestion))
        return error;
    suggestion->unchanged = is_published(judgement, suggestion);
    error = make_id(judgement, now, arena, suggestion);
    if (error == ERR_OK)
        error = make_policy(arena, suggestion);
    if (error != ERR_OK || !suggest_has_texts(suggestion))
        return error;
    error = make_records(judgement, options, arena, suggestion);
    return error == ERR_OK ? make_zone(facts, arena, suggestion) : error;
}

bool suggest_has_texts(const struct suggestion *suggestion)
{
    return suggestion->kind == SUGGEST_PUBLISH || suggestion->kind == SUGGEST_REMOVE;
}

const char *suggest_reason(enum suggest_kind kind)
{
    static const char *const reasons[SUGGEST_KIND_COUNT] = {
        [SUGGEST_NO_MAIL] = "The domain receives no mail, so there is nothing to protect.",
        [SUGGEST_NO_HOST_NAME] =
            "No MX host has a name that a policy can hold (an address, an underscore): give "
            "the hosts proper names first.",
        [SUGGEST_TOO_MANY] =
            "There are so many MX hosts that the policy would be larger than the 64 KiB that "
            "senders read.",
        [SUGGEST_BAD_NAME] = "No record can stand below the domain: its name is too long, or no host's name.",
        [SUGGEST_UNKNOWN] =
            "The MX records could not be looked up, so the policy's hosts are not known: leave "
            "what is published as it is, and try again later.",
        [SUGGEST_STAYS] = "What senders meet could not be determined: leave what is published as it is, and "
                          "look again later.",
    };
    return reasons[kind];
}
