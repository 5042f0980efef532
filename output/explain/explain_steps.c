/* Writes the chain, step by step: what was found, and a mark. Never says how to mend it (explain_code.c). */
#include <stdio.h>

#include "output/explain/explain_parts.h"

#include "scanner/facts/placeholder.h"

enum { DAY = 86400, HEAD_BYTES = 64, NAMES_SHOWN = 6 };

bool explain_in_force(const struct judgement *judgement)
{
    return judgement->policy.parsed && judgement->policy_code == FAIL_NONE &&
           judgement->record.code == FAIL_NONE && judgement->policy.mode != STS_MODE_NONE;
}

enum mark explain_mark_of(bool in_force, enum failure_code code)
{
    if (code == FAIL_NONE || code == FAIL_MX_NULL)
        return MARK_OK;
    switch (failure_get(code)->effect) {
    case EFFECT_NO_POLICY:
        return code == FAIL_TXT_ABSENT ? MARK_WARNING : MARK_FAIL;
    case EFFECT_CACHED:
        return MARK_FAIL;
    case EFFECT_HOST_FAILS:
        return in_force || failure_get(code)->stage == STAGE_DANE ? MARK_FAIL : MARK_WARNING;
    case EFFECT_UNKNOWN:
        return MARK_UNKNOWN;
    case EFFECT_NO_MAIL:
    case EFFECT_WARN:
        return MARK_WARNING;
    case EFFECT_NONE:
    case EFFECT_COUNT:
        break;
    }
    bool warns = failure_get(code)->stage == STAGE_TLSRPT || code == FAIL_DANE_UNUSABLE;
    return warns ? MARK_WARNING : MARK_NOTE;
}

enum mark explain_mark(const struct judgement *judgement, enum failure_code code)
{
    return explain_mark_of(explain_in_force(judgement), code);
}

/* ---- pieces -------------------------------------------------------------------------------------------- */

void explain_lookup(struct page *page, const struct lookup_facts *lookup)
{
    buf_printf(&page->line, "%s (%s)", explain_is_negative(lookup) ? "none" : "could not be looked up",
               dns_status_name(lookup->status));
}

void explain_tls_version(struct page *page, const struct tls_facts *tls)
{
    if (tls->version >> 8 == 3 && tls->version > 0x0300)
        buf_printf(&page->line, "TLS 1.%d", (tls->version & 0xff) - 1);
    else
        buf_text(&page->line, "TLS");
}

void explain_certificate(struct page *page, const struct cert_facts *cert)
{
    buf_text(&page->line, "certificate");
    for (size_t i = 0; i < cert->dns_name_count && i < NAMES_SHOWN; i++)
        buf_printf(&page->line, "%s%s", i == 0 ? " for " : ", ", cert->dns_names[i]);
    if (cert->dns_name_count > NAMES_SHOWN)
        buf_printf(&page->line, " and %zu more names", cert->dns_name_count - NAMES_SHOWN);
    buf_text(&page->line, ", valid from ");
    page_day(page, cert->not_before);
    buf_text(&page->line, " until ");
    page_day(page, cert->not_after);
    if (cert->issuer != NULL && cert->issuer[0] != 0)
        buf_printf(&page->line, ", issued by %s", cert->issuer);
}

static void say_code(struct page *page, enum failure_code code)
{
    buf_printf(&page->line, "%s: %s", failure_name(code), failure_get(code)->why);
}

static void say_addresses(struct page *page, const struct address_facts *address)
{
    char text[IP_TEXT_BYTES];
    for (size_t i = 0; i < address->ip_count; i++)
        buf_printf(&page->line, "%s%s", i == 0 ? "" : ", ", ip_format(&address->ips[i], text));
    if (address_chain_end(address) != NULL)
        buf_printf(&page->line, " (an alias of %s)", address_chain_end(address));
}

/* Returns the first finding of a text that is no more than a warning. */
static enum failure_code first_warning(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (failure_get(findings->list[i].code)->effect == EFFECT_WARN)
            return findings->list[i].code;
    return FAIL_NONE;
}

/* ---- record and policy --------------------------------------------------------------------------------- */

static void step_record(struct explained *explained)
{
    const struct txt_facts *txt = &explained->facts->txt;
    const struct sts_record *record = &explained->judgement->record;
    struct page *page = &explained->page;
    enum mark mark = explain_mark(explained->judgement, record->code);
    if (txt->lookup.status != DNS_ANSWERED) {
        explain_lookup(page, &txt->lookup);
        mark = explain_is_negative(&txt->lookup) ? MARK_WARNING : MARK_UNKNOWN;
    } else if (record->code == FAIL_NONE) {
        enum failure_code warning = first_warning(&record->findings);
        buf_printf(&page->line, "valid, id %s", record->id);
        if (warning != FAIL_NONE)
            buf_printf(&page->line, "; %s", failure_name(warning));
        mark = explain_mark(explained->judgement, warning);
    } else {
        say_code(page, record->code);
    }
    bool no_mail = explained->judgement->outcome == OUTCOME_NO_MAIL;
    page_step(page, no_mail && mark == MARK_WARNING ? MARK_NOTE : mark, "record");
}

static void step_policy_host(struct explained *explained)
{
    const struct policy_facts *policy = &explained->facts->policy;
    struct page *page = &explained->page;
    enum mark mark = MARK_OK;
    if (policy->address.ip_count > 0) {
        buf_printf(&page->line, "%s: ", policy->host);
        say_addresses(page, &policy->address);
        if (explained->judgement->policy_code == FAIL_POLICY_SPECIAL_ADDRESS)
            mark = MARK_FAIL;
    } else {
        const struct lookup_facts *lookup = &policy->address.a;
        buf_printf(&page->line, "%s: address ", policy->host);
        explain_lookup(page, explain_is_negative(lookup) ? &policy->address.aaaa : lookup);
        mark = explain_mark(explained->judgement, explained->judgement->policy_code);
    }
    page_step(page, mark, "policy host");
}

/* Returns the first fault of the policy host's certificate; if it has none, that it ends soon. */
static enum failure_code https_fault(const struct judgement *judgement)
{
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (failure_get(code)->group == GROUP_POLICY_TLS && code_set_has(&judgement->codes, code))
            return code;
    return FAIL_NONE;
}

static void step_https(struct explained *explained)
{
    const struct fetch_facts *fetch = &explained->facts->policy.fetch;
    const struct judgement *judgement = explained->judgement;
    struct page *page = &explained->page;
    enum failure_code fault = https_fault(judgement);
    if (fetch->tls.end == TLS_DONE) {
        if (fault != FAIL_NONE)
            buf_printf(&page->line, "%s: ", failure_name(fault));
        explain_tls_version(page, &fetch->tls);
        buf_text(&page->line, ", ");
        if (fetch->tls.cert_count > 0)
            explain_certificate(page, &fetch->tls.certs[0]);
        else
            buf_text(&page->line, "no certificate");
        page_step(page, explain_mark(judgement, fault), "HTTPS");
    } else {
        say_code(page, judgement->policy_code);
        page_step(page, explain_mark(judgement, judgement->policy_code), "HTTPS");
    }
}

static void say_policy(struct page *page, const struct sts_policy *policy)
{
    buf_printf(&page->line, "mode %s, max_age %u", sts_mode_name(policy->mode), policy->max_age);
    if (policy->max_age >= DAY)
        buf_printf(&page->line, " (%u days)", policy->max_age / DAY);
    for (size_t i = 0; i < policy->mx_count; i++)
        buf_printf(&page->line, "%s%s", i == 0 ? ", mx " : ", ", policy->mx[i]);
}

static enum failure_code policy_warning(const struct judgement *judgement)
{
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
        const struct failure *row = failure_get(code);
        bool is_of_it = row->stage == STAGE_POLICY && row->group != GROUP_POLICY_TLS &&
                        code != FAIL_POLICY_WEAK_CERT_EXPIRES_SOON;
        if (is_of_it && row->effect == EFFECT_WARN && code_set_has(&judgement->codes, code))
            return code;
    }
    return FAIL_NONE;
}

static void step_policy(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    struct page *page = &explained->page;
    enum failure_code code = judgement->policy_code;
    if (code == FAIL_NONE) {
        enum failure_code warning = policy_warning(judgement);
        say_policy(page, &judgement->policy);
        if (warning != FAIL_NONE)
            buf_printf(&page->line, "; %s", failure_name(warning));
        page_step(page, explain_mark(judgement, warning), "policy");
    } else if (https_fault(judgement) != FAIL_NONE) {
        buf_text(&page->line, "not used: a sender stops at the step before");
        page_step(page, MARK_NOTE, "policy");
    } else {
        if (explained->facts->policy.fetch.http_status != 0 && !judgement->policy.parsed)
            buf_printf(&page->line, "HTTP status %d; ", explained->facts->policy.fetch.http_status);
        say_code(page, code);
        page_step(page, explain_mark(judgement, code), "policy");
    }
}

static void steps_of_policy(struct explained *explained)
{
    struct page *page = &explained->page;
    const struct fetch_facts *fetch = &explained->facts->policy.fetch;
    bool reached = explained->facts->policy.address.ip_count > 0;
    if (explained->facts->policy.host == NULL || explained->judgement->record.code != FAIL_NONE) {
        buf_text(&page->line, "not looked for: a sender asks for it only where the record is valid");
        page_step(page, MARK_NOTE, "policy");
        return;
    }
    step_policy_host(explained);
    if (reached && explained->judgement->policy_code != FAIL_POLICY_SPECIAL_ADDRESS)
        step_https(explained);
    if (fetch->tls.end == TLS_DONE)
        step_policy(explained);
}

/* ---- MX hosts ------------------------------------------------------------------------------------------ */

static void step_address(struct explained *explained, const struct probe_facts *probe, enum failure_code code)
{
    struct page *page = &explained->page;
    char ip[IP_TEXT_BYTES];
    buf_printf(&page->line, "%s ", ip_format(&probe->ip, ip));
    if (code == FAIL_NONE) {
        explain_tls_version(page, &probe->tls);
        if (probe->tls.cert_count > 0) {
            buf_text(&page->line, ", certificate valid until ");
            page_day(page, probe->tls.certs[0].not_after);
        }
    } else {
        say_code(page, code);
    }
    page_step(page, explain_mark(explained->judgement, code), "  address");
}

static void step_host(struct explained *explained, const struct mx_host *host,
                      const struct host_verdict *verdict)
{
    struct page *page = &explained->page;
    char head[HEAD_BYTES];
    bool checked = explain_in_force(explained->judgement);
    enum failure_code code = verdict->code;
    (void)snprintf(head, sizeof head, "MX %u", host->preference);
    buf_text(&page->line, host->host);
    if (code != FAIL_NONE) {
        buf_text(&page->line, ": ");
        say_code(page, code);
    } else if (checked) {
        buf_text(&page->line, ", named by the policy");
    }
    if (host->implicit && explained->judgement->outcome != OUTCOME_NO_MAIL) {
        buf_text(&page->line, " (the domain itself, as there is no MX record)");
        code = code == FAIL_NONE ? FAIL_MX_IMPLICIT : code;
    }
    if (code == FAIL_NONE && host->facts != NULL && address_chain_end(&host->facts->address) != NULL) {
        buf_printf(&page->line, ", an alias of %s", address_chain_end(&host->facts->address));
        code = FAIL_MX_CNAME;
    }
    page_step(page, explain_mark(explained->judgement, code), host->implicit ? "MX implicit" : head);
    for (size_t i = 0; i < verdict->ip_count; i++)
        step_address(explained, &host->facts->probes[i], verdict->ips[i].code);
}

/* Says whether the name is a placeholder that is not among the hosts. */
static bool is_left_out(const struct domain_facts *facts, const char *host)
{
    for (size_t i = 0; i < facts->host_count; i++)
        if (strcmp(facts->hosts[i].host, host) == 0)
            return false;
    return placeholder_by_name(host, facts->domain);
}

/* Shows the MX records whose names alone tell that no host is behind them: they were not looked at. */
static void steps_of_placeholders(struct explained *explained)
{
    const struct mx_facts *mx = &explained->facts->mx;
    struct page *page = &explained->page;
    char head[HEAD_BYTES];
    for (size_t i = 0; i < mx->rr_count; i++) {
        if (!is_left_out(explained->facts, mx->rrs[i].host))
            continue;
        (void)snprintf(head, sizeof head, "MX %u", mx->rrs[i].preference);
        buf_printf(&page->line, "%s: ", mx->rrs[i].host);
        say_code(page, FAIL_MX_PLACEHOLDER);
        page_step(page, MARK_WARNING, head);
    }
}

static void steps_of_mx(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    const struct judgement *judgement = explained->judgement;
    struct page *page = &explained->page;
    if (code_set_has(&judgement->codes, FAIL_MX_NULL)) {
        buf_text(&page->line, "a null MX: the domain says that it receives no mail");
        page_step(page, MARK_OK, "MX");
    } else if (judgement->host_count == 0 && !code_set_has(&judgement->codes, FAIL_MX_PLACEHOLDER)) {
        explain_lookup(page, &facts->mx.lookup);
        page_step(page, explain_is_negative(&facts->mx.lookup) ? MARK_WARNING : MARK_UNKNOWN, "MX");
    }
    for (size_t i = 0; i < judgement->host_count; i++)
        step_host(explained, &facts->hosts[i], &judgement->hosts[i]);
    steps_of_placeholders(explained);
    if (mx_hosts_unseen(facts) > 0 && judgement->host_count > 0) {
        buf_printf(&page->line, "%zu further MX records were not looked at", mx_hosts_unseen(facts));
        page_step(page, MARK_UNKNOWN, "MX");
    }
}

/* Says for EXO-1 what must pass if Exchange Online takes the domain's mail. */
static void step_exchange_online(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    struct page *page = &explained->page;
    if (judgement->exo == EXO_NOT)
        return;
    if (judgement->exo == EXO_DIRECT)
        buf_text(&page->line, "mail to this domain arrives at Exchange Online directly: its MX is what must "
                              "pass");
    else if (judgement->exo_in_front)
        buf_printf(&page->line,
                   "mail to this domain arrives through %s in front of Exchange Online: %s is what must "
                   "pass",
                   judgement->exo_intermediary, judgement->exo_intermediary);
    else
        buf_printf(&page->line,
                   "mail to this domain arrives at Exchange Online or at %s beside it: both must pass",
                   judgement->exo_intermediary);
    page_step(page, MARK_NOTE, "Exchange");
}

/* ---- beside MTA-STS ------------------------------------------------------------------------------------ */

static void step_tlsrpt(struct explained *explained)
{
    const struct lookup_facts *lookup = &explained->facts->tlsrpt.lookup;
    const struct tlsrpt_record *record = &explained->judgement->tlsrpt;
    struct page *page = &explained->page;
    enum mark mark = explain_mark(explained->judgement, record->code);
    if (lookup->status != DNS_ANSWERED) {
        explain_lookup(page, lookup);
        mark = explain_is_negative(lookup) ? MARK_WARNING : MARK_UNKNOWN;
    } else if (record->code != FAIL_NONE) {
        say_code(page, record->code);
    } else {
        for (size_t i = 0; i < record->rua_count; i++)
            buf_printf(&page->line, "%s%s", i == 0 ? "reports go to " : ", ", record->rua[i]);
    }
    bool no_mail = explained->judgement->outcome == OUTCOME_NO_MAIL;
    page_step(page, no_mail && mark == MARK_WARNING ? MARK_NOTE : mark, "TLSRPT");
}

static void step_starttls(struct explained *explained)
{
    static const struct {
        enum mark mark;
        const char *text;
    } states[TLS_OUTCOME_COUNT] = {
        [TLS_OUTCOME_UNKNOWN] = {MARK_UNKNOWN, "could not be determined at any MX host"},
        [TLS_OUTCOME_ALL] = {MARK_OK, "every MX address that answered takes TLS"},
        [TLS_OUTCOME_SOME] = {MARK_WARNING, "some MX addresses take no TLS"},
        [TLS_OUTCOME_NONE] = {MARK_FAIL, "no MX address completes TLS: mail travels in the clear"},
    };
    enum tls_outcome tls = explained->judgement->tls;
    bool no_mail = explained->judgement->outcome == OUTCOME_NO_MAIL;
    buf_text(&explained->page.line, no_mail ? "there is no MX host to ask" : states[tls].text);
    page_step(&explained->page, no_mail ? MARK_NOTE : states[tls].mark, "STARTTLS");
}

void explain_steps(struct explained *explained)
{
    step_record(explained);
    steps_of_policy(explained);
    steps_of_mx(explained);
    step_exchange_online(explained);
    step_tlsrpt(explained);
    explain_dane(explained);
    step_starttls(explained);
}
