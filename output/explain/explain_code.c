/* Explains one code: why, with what was found of it; who mends it; how. Never says in full what to publish
 * (explain_write.c). */
#include "output/explain/explain.h"
#include "output/explain/explain_parts.h"

#include "scanner/facts/placeholder.h"

enum { MARGIN = 4, INDENT = 11, PLACES_SHOWN = 8, REPLY_SHOWN = 200, SOON_S = 14 * 86400, TLS_1_2 = 0x0303 };

/* ---- records and policy
 * ------------------------------------------------------------------------------------
 */

static void say_findings(struct page *page, const struct findings *findings, enum failure_code code,
                         const char *text)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        if (finding->code != code || finding->line == 0)
            continue;
        buf_printf(&page->line, " %s %u, column %u", text, finding->line, finding->column);
        if (finding->detail != NULL && finding->detail[0] != 0)
            buf_printf(&page->line, ": %s", finding->detail);
        buf_byte(&page->line, '.');
        return;
    }
}

/* Says what stands at another name: such findings have no line, and their detail says where and what. */
static void say_elsewhere(struct page *page, const struct findings *findings, enum failure_code code)
{
    for (size_t i = 0, said = 0; i < findings->count && said < PLACES_SHOWN; i++) {
        const struct finding *finding = &findings->list[i];
        if (finding->code != code || finding->line != 0 || finding->detail == NULL)
            continue;
        buf_printf(&page->line, " Found at %s.", finding->detail);
        said++;
    }
}

static void say_handshake(struct page *page, const struct tls_facts *tls)
{
    if (tls->end == TLS_DONE && tls->cert_count > 0) {
        buf_text(&page->line, "the ");
        explain_certificate(page, &tls->certs[0]);
        if (tls->certs[0].key_type != NULL && tls->certs[0].signature != NULL)
            buf_printf(&page->line, ", key %s of %u bits, signed with %s", tls->certs[0].key_type,
                       tls->certs[0].key_bits, tls->certs[0].signature);
    } else if (tls->end == TLS_FAILED && tls->limit != TLS_LIMIT_NONE) {
        buf_text(&page->line, "we ended the handshake");
    } else if (tls->end == TLS_FAILED) {
        buf_printf(&page->line, "the handshake ended with: %s",
                   tls->error_text == NULL ? "an error" : tls->error_text);
        if (tls->alert >= 0)
            buf_printf(&page->line, " (alert %d)", tls->alert);
    }
}

/* Says what a sender that takes anything would have got. */
static void say_permissive(struct page *page, const struct tls_facts *legacy)
{
    if (legacy == NULL || legacy->end != TLS_DONE)
        return;
    buf_text(&page->line, "; a client that takes anything gets ");
    explain_tls_version(page, legacy);
    buf_printf(&page->line, " with %s", legacy->cipher == NULL ? "no cipher" : legacy->cipher);
    /* Before TLS 1.2 there is nothing to choose. */
    if (legacy->signature != NULL && legacy->version >= TLS_1_2)
        buf_printf(&page->line, ", signed with %s", legacy->signature);
}

static void say_http(struct page *page, const struct fetch_facts *fetch, enum failure_code code)
{
    if (fetch->http2 && fetch->http_status == 0)
        buf_text(&page->line, " It answers with a frame of HTTP/2.");
    if (fetch->http_status == 0 && fetch->tls.end == TLS_FAILED)
        buf_printf(&page->line, " It ends the handshake with alert %d.", fetch->tls.alert);
    if (fetch->http_status == 0)
        return;
    buf_printf(&page->line, " It answers with HTTP status %d", fetch->http_status);
    if (code == FAIL_POLICY_HTTP_REDIRECT && fetch->redirect != NULL)
        buf_printf(&page->line, " to %s", fetch->redirect);
    if (fetch->media_type != NULL && code == FAIL_POLICY_HTTP_MEDIA_TYPE)
        buf_printf(&page->line, " and the media type %s", fetch->media_type);
    bool is_coding = code == FAIL_POLICY_HTTP_CONTENT_CODING || code == FAIL_POLICY_HTTP_CODING_UNKNOWN ||
                     code == FAIL_POLICY_HTTP_CODING_BROKEN;
    if (fetch->coding != NULL && is_coding)
        buf_printf(&page->line, " and Content-Encoding: %s", fetch->coding);
    if (fetch->signs != NULL && code == FAIL_POLICY_HTTP_CHALLENGE)
        buf_printf(&page->line, " and these header lines: %s", fetch->signs);
    buf_byte(&page->line, '.');
}

static void say_host_names(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    size_t said = 0;
    for (size_t i = 0; i < facts->host_count && said < PLACES_SHOWN; i++)
        if (!placeholder_is(&facts->hosts[i], facts->domain))
            buf_printf(&explained->page.line, "%s%s", said++ == 0 ? " The MX hosts in use: " : ", ",
                       facts->hosts[i].host);
    if (said > 0)
        buf_byte(&explained->page.line, '.');
}

/* Tells of a leaf that ends within two weeks of the look. */
static void say_if_soon(struct explained *explained, const char *host, const struct tls_facts *tls)
{
    if (tls->end != TLS_DONE || tls->cert_count == 0)
        return;
    int64_t left = tls->certs[0].not_after - explained->facts->time / 1000;
    if (left < 0 || left >= SOON_S)
        return;
    buf_printf(&explained->page.line, " That of %s ends at ", host);
    page_time(&explained->page, tls->certs[0].not_after);
    buf_byte(&explained->page.line, '.');
}

/* Names the MX hosts of whose certificates a code says that they end soon. */
static void say_soon(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    for (size_t i = 0; i < facts->host_count; i++)
        for (size_t j = 0; facts->hosts[i].facts != NULL && j < facts->hosts[i].facts->probe_count; j++)
            say_if_soon(explained, facts->hosts[i].host, &facts->hosts[i].facts->probes[j].tls);
}

static void say_policy_facts(struct explained *explained, enum failure_code code)
{
    struct page *page = &explained->page;
    const struct fetch_facts *fetch = &explained->facts->policy.fetch;
    if (failure_get(code)->group == GROUP_POLICY_TLS) {
        buf_text(&page->line, " Found: ");
        say_handshake(page, &fetch->tls);
        buf_byte(&page->line, '.');
    } else if (failure_get(code)->group == GROUP_POLICY_HTTP) {
        say_http(page, fetch, code);
    } else if (code == FAIL_POLICY_WEAK_MX_UNUSED || code == FAIL_POLICY_WEAK_MX_TOO_WIDE) {
        say_host_names(explained);
    } else if (code == FAIL_POLICY_WEAK_MAX_AGE_SHORT) {
        buf_printf(&page->line, " It is %u seconds.", explained->judgement->policy.max_age);
    } else if (code == FAIL_POLICY_WEAK_CERT_EXPIRES_SOON) {
        say_if_soon(explained, explained->facts->policy.host, &fetch->tls);
    }
    say_findings(page, &explained->judgement->policy.findings, code, "Line");
}

/* ---- MX hosts ------------------------------------------------------------------------------------------ */

static void say_probe(struct page *page, const struct probe_facts *probe)
{
    buf_text(&page->line, ": ");
    size_t before = page->line.len;
    if (probe->not_tried != TRIED)
        buf_text(&page->line, "not contacted");
    else if (probe->end == SMTP_END_REPLY && probe->reply_code != 0) {
        buf_printf(&page->line, "it says %d ", probe->reply_code);
        page_quote(page, probe->reply, REPLY_SHOWN);
    } else {
        say_handshake(page, &probe->tls);
        say_permissive(page, probe->legacy);
    }
    if (page->line.len == before)
        buf_printf(&page->line, "the dialogue ended at the step %s", smtp_step_name(probe->step));
}

/* Names the host itself, or its alias. true if the code is about it. */
static bool say_host(struct explained *explained, size_t index, enum failure_code code)
{
    const struct mx_host *host = &explained->facts->hosts[index];
    struct page *page = &explained->page;
    if (code == FAIL_MX_CNAME && host->facts != NULL) {
        const char *end = address_chain_end(&host->facts->address);
        if (end != NULL)
            buf_printf(&page->line, " %s is an alias of %s.", host->host, end);
        return end != NULL;
    }
    const struct host_verdict *verdict = &explained->judgement->hosts[index];
    bool differ = code == FAIL_MX_CERTIFICATES_DIFFER && verdict->certificates_differ;
    bool lacks_dane =
        code == FAIL_DANE_NOT_ALL_HOSTS && verdict->dane == DANE_OUTCOME_ABSENT && verdict->ip_count > 0;
    if (verdict->code != code && !differ && !lacks_dane)
        return false;
    buf_printf(&page->line, " This is so of %s.", host->host);
    return true;
}

/* Tells whether the probe met the code, also if another fault of the same certificate gave the address its
 * code. */
static bool is_met(const struct probe_facts *probe, const struct ip_verdict *ip, enum failure_code code)
{
    const struct tls_facts *tls = &probe->tls;
    bool is_another_name = tls->end == TLS_DONE && tls->cert_count > 0 && !tls->name_match;
    return ip->code == code || (code == FAIL_SMTP_TLS_HOST_MISMATCH && is_another_name);
}

/* Names each host and address where the code was met, up to a few. */
static void say_places(struct explained *explained, enum failure_code code)
{
    const struct judgement *judgement = explained->judgement;
    struct page *page = &explained->page;
    char ip[IP_TEXT_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < judgement->host_count && count < PLACES_SHOWN; i++) {
        const struct mx_host *host = &explained->facts->hosts[i];
        count += say_host(explained, i, code);
        for (size_t j = 0; j < judgement->hosts[i].ip_count && count < PLACES_SHOWN; j++) {
            const struct probe_facts *probe = &host->facts->probes[j];
            if (!is_met(probe, &judgement->hosts[i].ips[j], code))
                continue;
            buf_printf(&page->line, " At %s [%s]", host->host, ip_format(&probe->ip, ip));
            say_probe(page, probe);
            buf_byte(&page->line, '.');
            count++;
        }
    }
}

static void say_placeholders(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    struct buf *line = &explained->page.line;
    size_t said = 0;
    for (size_t i = 0; i < facts->mx.rr_count && said < PLACES_SHOWN; i++) {
        const char *host = facts->mx.rrs[i].host;
        if (!placeholder_is_named(facts, host))
            continue;
        const char *service = placeholder_service(host, facts->domain);
        buf_printf(line, "%s%u %s", said++ == 0 ? " It is MX " : ", ", facts->mx.rrs[i].preference, host);
        if (service != NULL)
            buf_printf(line, " (of %s)", service);
    }
    if (said > 0)
        buf_byte(line, '.');
}

static void say_patterns(struct explained *explained)
{
    const struct sts_policy *policy = &explained->judgement->policy;
    for (size_t i = 0; i < policy->mx_count && i < PLACES_SHOWN; i++)
        buf_printf(&explained->page.line, "%s%s", i == 0 ? " The policy names " : ", ", policy->mx[i]);
    if (policy->mx_count > PLACES_SHOWN)
        buf_text(&explained->page.line, " and more");
    if (policy->mx_count > 0)
        buf_byte(&explained->page.line, '.');
}

/* Says for EXO-1 that the policy names the service, but not by the name that it has here. */
static void say_renamed(struct explained *explained)
{
    const char *host = explained->judgement->exo_renamed;
    if (host == NULL)
        return;
    buf_printf(&explained->page.line,
               " Exchange Online has two forms of MX name: an older one, a label before "
               "mail.protection.outlook.com, and a newer one, two labels before mx.microsoft. What the "
               "policy names does not cover the one in use, as \"*\" stands for a single label: name "
               "the host itself, %s.",
               host);
}

/* ---- lookups ------------------------------------------------------------------------------------------- */

/* Names a lookup that the code is about; *said counts those that were named before. */
static void say_lookup(struct page *page, enum failure_code code, const struct lookup_facts *lookup,
                       const char *prefix, const char *name, const char *type, size_t *said)
{
    if (dns_status_code(lookup->status) != code)
        return;
    buf_printf(&page->line, "%s%s%s %s", *said == 0 ? " Asked for: " : ", ", prefix, name, type);
    if (lookup->why_bogus != NULL)
        buf_printf(&page->line, " (%s)", lookup->why_bogus);
    page_edes(page, lookup);
    (*said)++;
}

static void say_lookups(struct explained *explained, enum failure_code code)
{
    const struct domain_facts *facts = explained->facts;
    struct page *page = &explained->page;
    size_t said = 0;
    bool failed = code != FAIL_DNS_NXDOMAIN && code != FAIL_DNS_NODATA;
    /* A missing TXT record at these two names has codes of its own. */
    if (failed) {
        say_lookup(page, code, &facts->txt.lookup, "_mta-sts.", facts->domain, "TXT", &said);
        say_lookup(page, code, &facts->tlsrpt.lookup, "_smtp._tls.", facts->domain, "TXT", &said);
    }
    say_lookup(page, code, &facts->mx.lookup, "", facts->domain, "MX", &said);
    if (facts->policy.host != NULL && (failed || facts->policy.address.ip_count == 0)) {
        say_lookup(page, code, &facts->policy.address.a, "", facts->policy.host, "A", &said);
        say_lookup(page, code, &facts->policy.address.aaaa, "", facts->policy.host, "AAAA", &said);
    }
    for (size_t i = 0; i < facts->host_count && i < PLACES_SHOWN; i++) {
        const struct host_facts *host = facts->hosts[i].facts;
        if (host == NULL || (!failed && host->address.ip_count > 0))
            continue;
        say_lookup(page, code, &host->address.a, "", facts->hosts[i].host, "A", &said);
        say_lookup(page, code, &host->address.aaaa, "", facts->hosts[i].host, "AAAA", &said);
    }
    if (said > 0)
        buf_byte(&page->line, '.');
}

/* ---- the code ------------------------------------------------------------------------------------------ */

static void say_found(struct explained *explained, enum failure_code code)
{
    struct page *page = &explained->page;
    const struct judgement *judgement = explained->judgement;
    switch (failure_get(code)->stage) {
    case STAGE_DNS:
        say_lookups(explained, code);
        break;
    case STAGE_TXT:
        if (code == FAIL_TXT_MULTIPLE)
            buf_printf(&page->line, " There are %zu.", judgement->record.candidates);
        say_findings(page, &judgement->record.findings, code, "Record");
        say_elsewhere(page, &judgement->record.findings, code);
        break;
    case STAGE_POLICY:
        say_policy_facts(explained, code);
        explain_looks(explained, code);
        break;
    case STAGE_CACHED: /* it stands above all else (explain_cached.c) */
        break;
    case STAGE_MX:
    case STAGE_SMTP:
        if (code == FAIL_MX_PLACEHOLDER)
            say_placeholders(explained);
        else
            say_places(explained, code);
        if (code == FAIL_MX_NOT_IN_POLICY) {
            say_patterns(explained);
            say_renamed(explained);
        }
        if (code == FAIL_SMTP_WEAK_CERT_EXPIRES_SOON)
            say_soon(explained);
        explain_looks(explained, code);
        break;
    case STAGE_TLSRPT:
        say_findings(page, &judgement->tlsrpt.findings, code, "Record");
        say_elsewhere(page, &judgement->tlsrpt.findings, code);
        break;
    case STAGE_DANE: /* the chain's steps say at which addresses */
        if (code == FAIL_DANE_NOT_ALL_HOSTS)
            say_places(explained, code);
        break;
    case STAGE_INPUT:
        if (code == FAIL_INPUT_HOST_NAME)
            buf_printf(&page->line, " It is %s.", judgement->registrable);
        break;
    case STAGE_COUNT:
        break;
    }
}

void explain_found(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement,
                   enum failure_code code)
{
    struct explained explained = {.facts = facts, .judgement = judgement};
    page_begin(&explained.page, out, false);
    say_found(&explained, code);
    (void)buf_append(out, explained.page.line.data, explained.page.line.len);
    (void)page_end(&explained.page);
}

/* Says how to mend it. Nobody publishes an MX record for a website's name. */
static void say_mend(struct explained *explained, enum failure_code code)
{
    const char *registrable = explained->judgement->registrable;
    struct buf *line = &explained->page.line;
    bool lacks_mx = code == FAIL_MX_NONE || code == FAIL_MX_IMPLICIT;
    if (lacks_mx && registrable != NULL)
        buf_printf(line, "Nothing, if mail addresses are at %s and not at this name.", registrable);
    else
        buf_text(line, failure_get(code)->mend);
}

void explain_code(struct explained *explained, enum failure_code code)
{
    const struct failure *failure = failure_get(code);
    struct page *page = &explained->page;
    buf_byte(page->out, '\n');
    buf_text(&page->line, failure->code);
    page_finding(page, explain_mark(explained->judgement, code));
    buf_text(&page->line, failure->why);
    say_found(explained, code);
    page_fold(page, MARGIN, INDENT, "why");
    buf_text(&page->line, failure_who_name(failure->who));
    page_fold(page, MARGIN, INDENT, "who");
    say_mend(explained, code);
    page_fold(page, MARGIN, INDENT, "mend");
    explain_write(explained, code);
}
