/* Finds what of a suggestion is not published yet. */
#include "scanner/commands/suggest_change.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "scanner/sts/record.h"
#include "scanner/sts/tlsrpt.h"

const char *suggest_risk_name(enum suggest_risk risk)
{
    static const char *const names[RISK_COUNT] = {
#define SUGGEST_RISK_NAME(id, name) [id] = (name),
        SUGGEST_RISK_TABLE(SUGGEST_RISK_NAME)
#undef SUGGEST_RISK_NAME
    };
    return names[risk];
}

const char *suggest_what_name(enum suggest_what what)
{
    static const char *const names[CHANGE_COUNT] = {
        [CHANGE_HOST] = "host", [CHANGE_POLICY] = "policy", [CHANGE_TXT] = "txt", [CHANGE_TLSRPT] = "tlsrpt"};
    return names[what];
}

const char *suggest_host_type(const char *where)
{
    struct ip_addr ip;
    uint32_t dots = 0;
    if (ip_parse(where, &ip))
        return strchr(where, ':') != NULL ? "AAAA" : "A";
    for (const char *at = where; *at != 0; at++)
        dots += *at == '.';
    return suggest_is_name(where) && dots > 0 ? "CNAME" : NULL;
}

/* ---- the risk ------------------------------------------------------------------------------------------ */

/* Do senders enforce today, be it by an earlier policy that they have cached? */
static bool is_enforced(const struct judgement *judgement)
{
    enum cached_found found = judgement->cached.found;
    bool cached = (cached_is_kept(found) || found == CACHED_UNKNOWN) &&
                  judgement->cached.would_be.outcome != OUTCOME_NONE; /* of mode enforce */
    return cached || (suggest_is_in_force(judgement) && judgement->policy.mode == STS_MODE_ENFORCE);
}

static enum suggest_risk policy_risk(const struct judgement *judgement, const struct suggestion *suggestion)
{
    bool enforces = is_enforced(judgement);
    if (suggest_loses_mail(judgement))
        return RISK_MAIL_LOSS;
    if (enforces && suggestion->mode != STS_MODE_ENFORCE)
        return RISK_PROTECTION_LOSS;
    return suggestion->mode == STS_MODE_ENFORCE ? RISK_LOW : RISK_NONE;
}

/* A policy host that is moved while a policy is in force: who meets neither the old nor the new one finds no
 * policy. Mail goes through all the same. */
static enum suggest_risk host_risk(const struct judgement *judgement)
{
    return is_enforced(judgement) ? RISK_LOW : RISK_NONE;
}

/* ---- one change ---------------------------------------------------------------------------------------- */

struct maker {
    const struct domain_facts *facts;
    const struct judgement *judgement;
    const struct suggest_options *options;
    const struct suggestion *suggestion;
    struct arena *arena;
    struct suggest_changes *changes;
};

static const char *name_below(const struct maker *maker, const char *label)
{
    size_t size = strlen(label) + strlen(maker->facts->domain) + 2;
    char *name = arena_alloc(maker->arena, size);
    if (name != NULL)
        (void)snprintf(name, size, "%s.%s", label, maker->facts->domain);
    return name;
}

static struct suggest_change *add(const struct maker *maker, enum suggest_what what, const char *label,
                                  size_t before_count)
{
    struct suggest_change *change = &maker->changes->items[maker->changes->count];
    *change = (struct suggest_change){.what = what, .name = name_below(maker, label)};
    change->before = arena_array(maker->arena, before_count, sizeof *change->before);
    if (change->name == NULL || (before_count > 0 && change->before == NULL))
        return NULL;
    maker->changes->count++;
    return change;
}

static void rate(const struct maker *maker, struct suggest_change *change, enum suggest_risk risk)
{
    change->risk = risk;
    if (risk > maker->changes->risk)
        maker->changes->risk = risk;
}

static enum suggest_known known_of(const struct lookup_facts *lookup)
{
    if (!dns_says_anything(lookup->status))
        return KNOWN_NOT;
    return lookup->truncated ? KNOWN_PARTLY : KNOWN_EXACTLY;
}

/* Was this TXT record meant to be what comes in its place? */
static bool is_meant(enum suggest_what what, struct bytes rr)
{
    return what == CHANGE_TXT ? sts_record_is_candidate(rr) || sts_record_is_near_miss(rr)
                              : tlsrpt_is_candidate(rr) || tlsrpt_is_near_miss(rr);
}

static enum error add_txt(const struct maker *maker, enum suggest_what what, const char *label,
                          const struct txt_facts *facts, const char *text)
{
    struct suggest_change *change = add(maker, what, label, facts->rr_count);
    if (change == NULL)
        return ERR_MEMORY;
    change->type = "TXT";
    change->after = bytes_of(text);
    change->alias = facts->lookup.cname_count > 0 ? facts->lookup.cnames[0] : NULL;
    change->known = known_of(&facts->lookup);
    if (change->known != KNOWN_NOT && code_set_has(&maker->judgement->codes, FAIL_TXT_WILDCARD))
        change->known = KNOWN_WILDCARD;
    for (size_t i = 0; i < facts->rr_count; i++)
        change->before[change->before_count++] =
            (struct suggest_before){facts->rrs[i], "TXT", is_meant(what, facts->rrs[i])};
    rate(maker, change, what == CHANGE_TXT ? policy_risk(maker->judgement, maker->suggestion) : RISK_NONE);
    return ERR_OK;
}

static enum error add_policy(const struct maker *maker)
{
    const struct fetch_facts *fetch = &maker->facts->policy.fetch;
    struct suggest_change *change = add(maker, CHANGE_POLICY, "mta-sts", 1);
    if (change == NULL)
        return ERR_MEMORY;
    bool is_served = fetch->step == FETCH_DONE && fetch->http_status == 200;
    if (is_served)
        change->before[change->before_count++] = (struct suggest_before){fetch->body, NULL, true};
    change->known = !is_served ? KNOWN_NOT : fetch->body_bytes > 0 ? KNOWN_PARTLY : KNOWN_EXACTLY;
    change->after = maker->suggestion->policy;
    rate(maker, change, policy_risk(maker->judgement, maker->suggestion));
    return ERR_OK;
}

/* ---- the policy host ----------------------------------------------------------------------------------- */

/* Does the policy host lead to where policies are served? */
static bool leads_there(const struct address_facts *address, const char *where)
{
    const char *alias = address_alias(address);
    struct ip_addr ip;
    if (!ip_parse(where, &ip))
        return alias != NULL && strcmp(alias, where) == 0;
    return alias == NULL && address->ip_count == 1 && ip_equal(&address->ips[0], &ip);
}

static const char *ip_text(struct arena *arena, const struct ip_addr *ip)
{
    char text[IP_TEXT_BYTES];
    return arena_string(arena, ip_format(ip, text));
}

/* Is this domain's policy host the very one that all are to lead to? */
static bool is_there_itself(const struct maker *maker, const char *where)
{
    static const char label[] = "mta-sts.";
    return strncasecmp(where, label, sizeof label - 1) == 0 &&
           strcasecmp(where + sizeof label - 1, maker->facts->domain) == 0;
}

static enum error add_host(const struct maker *maker)
{
    const struct address_facts *address = &maker->facts->policy.address;
    const char *alias = address_alias(address), *where = maker->options->policy_host;
    if (where == NULL || is_there_itself(maker, where) || leads_there(address, where))
        return ERR_OK;
    struct suggest_change *change = add(maker, CHANGE_HOST, "mta-sts", address->ip_count + 1);
    if (change == NULL)
        return ERR_MEMORY;
    bool both = dns_says_anything(address->a.status) && dns_says_anything(address->aaaa.status);
    change->known = !both                                             ? KNOWN_NOT
                    : address->a.truncated || address->aaaa.truncated ? KNOWN_PARTLY
                                                                      : KNOWN_EXACTLY;
    change->type = suggest_host_type(maker->options->policy_host);
    change->after = bytes_of(maker->options->policy_host);
    if (alias != NULL)
        change->before[change->before_count++] = (struct suggest_before){bytes_of(alias), "CNAME", true};
    for (size_t i = 0; alias == NULL && i < address->ip_count; i++) {
        const char *text = ip_text(maker->arena, &address->ips[i]);
        if (text == NULL)
            return ERR_MEMORY;
        change->before[change->before_count++] =
            (struct suggest_before){bytes_of(text), suggest_host_type(text), true};
    }
    rate(maker, change, host_risk(maker->judgement));
    return ERR_OK;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

/* Is there an MTA-STS record that could be taken down, or an earlier policy that a policy of mode none ends?
 */
static bool is_there(const struct maker *maker)
{
    if (is_enforced(maker->judgement))
        return true;
    return maker->judgement->record.code != FAIL_TXT_ABSENT &&
           dns_says_anything(maker->facts->txt.lookup.status);
}

static bool policy_changes(const struct maker *maker)
{
    return !maker->suggestion->unchanged && (maker->suggestion->kind != SUGGEST_REMOVE || is_there(maker));
}

/* A lookup that failed says nothing: what may stand there is left alone, and so is what is no TLSRPT record.
 */
static bool tlsrpt_changes(const struct maker *maker)
{
    const struct txt_facts *facts = &maker->facts->tlsrpt;
    const char *text = maker->suggestion->tlsrpt;
    size_t meant = 0, equal = 0;
    if (text == NULL || !dns_says_anything(facts->lookup.status))
        return false;
    for (size_t i = 0; i < facts->rr_count; i++) {
        meant += is_meant(CHANGE_TLSRPT, facts->rrs[i]);
        equal += bytes_equal(facts->rrs[i], bytes_of(text));
    }
    return meant != 1 || equal != 1;
}

enum error suggest_changes_make(const struct domain_facts *facts, const struct judgement *judgement,
                                const struct suggest_options *options, const struct suggestion *suggestion,
                                struct arena *arena, struct suggest_changes *changes)
{
    const struct maker maker = {facts, judgement, options, suggestion, arena, changes};
    enum error error = ERR_OK;
    *changes = (struct suggest_changes){0};
    if (!suggest_has_texts(suggestion))
        return ERR_OK;
    if (policy_changes(&maker)) {
        error = suggestion->kind == SUGGEST_REMOVE ? ERR_OK : add_host(&maker);
        if (error == ERR_OK)
            error = add_policy(&maker);
        if (error == ERR_OK)
            error = add_txt(&maker, CHANGE_TXT, "_mta-sts", &facts->txt, suggestion->txt);
    }
    changes->is_placeholder = suggestion->rua_is_placeholder && tlsrpt_changes(&maker);
    if (error == ERR_OK && tlsrpt_changes(&maker))
        error = add_txt(&maker, CHANGE_TLSRPT, "_smtp._tls", &facts->tlsrpt, suggestion->tlsrpt);
    return error;
}
