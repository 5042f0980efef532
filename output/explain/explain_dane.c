/* Explains DANE on a domain's page: which TLSA records stand, which address meets which, and what to publish.
 * Never judges by itself. */
#include <strings.h>

#include "output/explain/explain_parts.h"

enum { RECORDS_SHOWN = 4, DATA_SHOWN = 8, MARGIN = 4, INDENT = 11 };

static enum mark outcome_mark(enum dane_outcome outcome)
{
    static const enum mark marks[DANE_OUTCOME_COUNT] = {
        [DANE_OUTCOME_ABSENT] = MARK_NOTE,      [DANE_OUTCOME_PROTECTED] = MARK_OK,
        [DANE_OUTCOME_PARTIAL] = MARK_WARNING,  [DANE_OUTCOME_REFUSED] = MARK_FAIL,
        [DANE_OUTCOME_UNUSABLE] = MARK_WARNING, [DANE_OUTCOME_UNKNOWN] = MARK_UNKNOWN,
    };
    return marks[outcome];
}

static const char *absent_text(const struct judgement *judgement)
{
    if (code_set_has(&judgement->codes, FAIL_DANE_INSECURE_MX))
        return "does not apply: the MX answer is not signed";
    if (code_set_has(&judgement->codes, FAIL_DANE_INSECURE_ADDRESS))
        return "does not apply: the MX host's address is not signed";
    return "does not apply: no signed TLSA records";
}

static const char *outcome_text(const struct judgement *judgement)
{
    static const char *const texts[DANE_OUTCOME_COUNT] = {
        [DANE_OUTCOME_PROTECTED] = "every MX host matches its TLSA records",
        [DANE_OUTCOME_PARTIAL] = "a part of the MX hosts or addresses has no TLSA record that matches",
        [DANE_OUTCOME_REFUSED] = "a DANE sender delivers nothing: no MX host meets its TLSA records",
        [DANE_OUTCOME_UNUSABLE] = "TLSA records stand, but none can be used with SMTP",
        [DANE_OUTCOME_UNKNOWN] = "could not be determined",
    };
    return judgement->dane == DANE_OUTCOME_ABSENT ? absent_text(judgement) : texts[judgement->dane];
}

static void say_record(struct page *page, const struct tlsa_rr *rr)
{
    buf_printf(&page->line, "%u %u %u ", rr->usage, rr->selector, rr->matching);
    for (size_t i = 0; i < rr->data.len && i < DATA_SHOWN; i++)
        buf_printf(&page->line, "%02x", rr->data.data[i]);
    if (rr->data.len > DATA_SHOWN)
        buf_text(&page->line, "...");
}

static void step_records(struct page *page, const struct mx_host *host, const struct host_verdict *verdict)
{
    const struct tlsa_facts *tlsa = &host->facts->tlsa;
    bool elsewhere = tlsa->base != NULL && strcasecmp(tlsa->base, host->host) != 0;
    buf_printf(&page->line, "%s%s%s%s: ", host->host, elsewhere ? " (at " : "", elsewhere ? tlsa->base : "",
               elsewhere ? ")" : "");
    if (verdict->dane_code != FAIL_NONE)
        buf_printf(&page->line, "%s%s", failure_name(verdict->dane_code), tlsa->rr_count > 0 ? ": " : "");
    for (size_t i = 0; i < tlsa->rr_count && i < RECORDS_SHOWN; i++) {
        buf_text(&page->line, i == 0 ? "" : ", ");
        say_record(page, &tlsa->rrs[i]);
    }
    if (tlsa->rr_count > RECORDS_SHOWN)
        buf_printf(&page->line, " and %zu more", tlsa->rr_count - RECORDS_SHOWN);
    page_step(page, outcome_mark(verdict->dane), "  TLSA");
}

static void step_address(struct explained *explained, const struct host_facts *host,
                         const struct ip_verdict *verdict, const struct probe_facts *probe)
{
    struct page *page = &explained->page;
    char ip[IP_TEXT_BYTES];
    buf_printf(&page->line, "%s ", ip_format(&probe->ip, ip));
    if (verdict->dane != FAIL_NONE) {
        buf_text(&page->line, failure_name(verdict->dane));
    } else if (verdict->tlsa > 0 && verdict->tlsa <= host->tlsa.rr_count) {
        buf_text(&page->line, "matches ");
        say_record(page, &host->tlsa.rrs[verdict->tlsa - 1]);
    } else {
        buf_text(&page->line, "takes TLS, nothing is compared");
    }
    bool fails = failure_get(verdict->dane)->effect == EFFECT_HOST_FAILS;
    page_step(page, fails ? MARK_FAIL : explain_mark(explained->judgement, verdict->dane), "  address");
}

void explain_dane(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    buf_text(&explained->page.line, outcome_text(judgement));
    page_step(&explained->page, outcome_mark(judgement->dane), "DANE");
    for (size_t i = 0; i < judgement->host_count; i++) {
        const struct mx_host *host = &explained->facts->hosts[i];
        const struct host_verdict *verdict = &judgement->hosts[i];
        if (!verdict->dane_applies || host->facts == NULL)
            continue;
        step_records(&explained->page, host, verdict);
        for (size_t j = 0; host->facts->tlsa.rr_count > 0 && j < verdict->ip_count; j++)
            step_address(explained, host->facts, &verdict->ips[j], &host->facts->probes[j]);
    }
}

/* ---- what to publish ----------------------------------------------------------------------------------- */

static bool wants_record(const struct host_verdict *host, size_t place)
{
    enum failure_code code = host->ips[place].dane;
    return host->dane_applies &&
           (host->dane_code == FAIL_DANE_UNUSABLE || failure_get(code)->stage == STAGE_DANE);
}

/* Tells whether the same key was written for an address before this one. */
static bool was_written(const struct host_verdict *host, const struct host_facts *facts, size_t place)
{
    const struct cert_facts *cert = &facts->probes[place].tls.certs[0];
    for (size_t i = 0; i < place; i++) {
        const struct tls_facts *tls = &facts->probes[i].tls;
        if (wants_record(host, i) && tls->cert_count > 0 &&
            memcmp(tls->certs[0].spki_sha256, cert->spki_sha256, sizeof cert->spki_sha256) == 0)
            return true;
    }
    return false;
}

static void write_record(struct explained *explained, const struct host_facts *facts, size_t place)
{
    struct page *page = &explained->page;
    const struct cert_facts *cert = &facts->probes[place].tls.certs[0];
    const char *base = facts->tlsa.base != NULL ? facts->tlsa.base : facts->host;
    buf_printf(&page->line, "_25._tcp.%s. IN TLSA 3 1 1", base);
    page_raw(page, MARGIN, INDENT, "write");
    for (size_t i = 0; i < sizeof cert->spki_sha256; i++)
        buf_printf(&page->line, "%02x", cert->spki_sha256[i]);
    page_raw(page, MARGIN, INDENT, "");
}

void explain_write_tlsa(struct explained *explained)
{
    for (size_t i = 0; i < explained->judgement->host_count; i++) {
        const struct host_verdict *host = &explained->judgement->hosts[i];
        const struct host_facts *facts = explained->facts->hosts[i].facts;
        for (size_t j = 0; facts != NULL && j < host->ip_count; j++)
            if (wants_record(host, j) && facts->probes[j].tls.cert_count > 0 && !was_written(host, facts, j))
                write_record(explained, facts, j);
    }
}
