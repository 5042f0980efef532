/* Writes what was seen, raw and escaped: TXT records, policy, certificates, dialogues. Never judges. */
#include <stdio.h>

#include "output/explain/explain_parts.h"

enum { MARGIN = 4, INDENT = 8, TEXT_SHOWN = 4096, LINES_SHOWN = 100, LINE_SHOWN = 512, NUMBER_BYTES = 16 };

static void write_heading(struct explained *explained, const char *prefix, const char *name, const char *rest)
{
    buf_printf(&explained->page.line, "%s%s%s", prefix, name, rest);
    page_raw(&explained->page, MARGIN, MARGIN, "");
}

static void write_lookup(struct explained *explained, const struct lookup_facts *lookup, const char *prefix,
                         const char *name, const char *type)
{
    struct buf *line = &explained->page.line;
    if (lookup->status == DNS_NOT_ASKED)
        return;
    buf_printf(line, "%s%s %s: %s, %s", prefix, name, type, dns_status_name(lookup->status),
               dns_security_name(lookup->security));
    for (size_t i = 0; i < lookup->cname_count; i++)
        buf_printf(line, "%s%s", i == 0 ? ", CNAME " : " -> ", lookup->cnames[i]);
    page_edes(&explained->page, lookup);
    page_raw(&explained->page, MARGIN, MARGIN, "");
}

static void write_txt(struct explained *explained, const struct txt_facts *txt, const char *prefix)
{
    write_lookup(explained, &txt->lookup, prefix, explained->facts->domain, "TXT");
    for (size_t i = 0; i < txt->rr_count; i++) {
        buf_byte(&explained->page.line, '"');
        page_quote(&explained->page, txt->rrs[i], TEXT_SHOWN);
        buf_byte(&explained->page.line, '"');
        page_raw(&explained->page, INDENT, INDENT, "");
    }
}

static void write_mx(struct explained *explained)
{
    const struct mx_facts *mx = &explained->facts->mx;
    write_lookup(explained, &mx->lookup, "", explained->facts->domain, "MX");
    for (size_t i = 0; i < mx->rr_count && i < LINES_SHOWN; i++) {
        buf_printf(&explained->page.line, "%u %s", mx->rrs[i].preference, mx->rrs[i].host);
        page_raw(&explained->page, INDENT, INDENT, "");
    }
}

static void write_tls(struct explained *explained, const struct tls_facts *tls)
{
    struct page *page = &explained->page;
    if (tls->end == TLS_NOT_TRIED)
        return;
    explain_tls_version(page, tls);
    buf_printf(&page->line, " %s%s%s", tls_end_name(tls->end),
               tls->limit == TLS_LIMIT_NONE ? "" : ", our limit: ",
               tls->limit == TLS_LIMIT_NONE ? "" : tls_limit_name(tls->limit));
    buf_printf(&page->line, "%s%s%s%s%s%s", tls->cipher == NULL ? "" : ", ",
               tls->cipher == NULL ? "" : tls->cipher, tls->group == NULL ? "" : ", ",
               tls->group == NULL ? "" : tls->group, tls->error_text == NULL ? "" : ", ",
               tls->error_text == NULL ? "" : tls->error_text);
    page_raw(page, INDENT, INDENT, "");
    for (size_t i = 0; i < tls->cert_count; i++) {
        const struct cert_facts *cert = &tls->certs[i];
        buf_printf(&page->line, "%zu. %s: ", i + 1, cert->subject == NULL ? "" : cert->subject);
        explain_certificate(page, cert);
        buf_printf(&page->line, ", %s of %u bits, %s", cert->key_type == NULL ? "key" : cert->key_type,
                   cert->key_bits, cert->signature == NULL ? "" : cert->signature);
        page_fold(page, INDENT, INDENT, "");
        buf_text(&page->line, "sha256 ");
        for (size_t j = 0; j < sizeof cert->sha256; j++)
            buf_printf(&page->line, "%02x", cert->sha256[j]);
        page_raw(page, INDENT, INDENT, "");
    }
}

/* Writes the body with line numbers, as the findings count them. */
static void write_body(struct explained *explained, struct bytes body)
{
    size_t line = 1;
    for (size_t start = 0; start < body.len && line <= LINES_SHOWN; line++) {
        const uint8_t *end = memchr(body.data + start, '\n', body.len - start);
        size_t len = end == NULL ? body.len - start : (size_t)(end - body.data) - start;
        char number[NUMBER_BYTES];
        bool cr = len > 0 && end != NULL && body.data[start + len - 1] == '\r';
        (void)snprintf(number, sizeof number, "%3zu ", line);
        page_quote(&explained->page, bytes_make(body.data + start, len - cr), LINE_SHOWN);
        page_raw(&explained->page, INDENT, INDENT + 4, number);
        start += len + 1;
    }
}

static void write_policy(struct explained *explained)
{
    const struct policy_facts *policy = &explained->facts->policy;
    const struct fetch_facts *fetch = &policy->fetch;
    struct page *page = &explained->page;
    char ip[IP_TEXT_BYTES];
    if (policy->host == NULL)
        return;
    write_lookup(explained, &policy->address.a, "", policy->host, "A");
    write_lookup(explained, &policy->address.aaaa, "", policy->host, "AAAA");
    if (fetch->not_tried != TRIED || policy->address.ip_count == 0)
        return;
    write_heading(explained, "https://", policy->host, "/.well-known/mta-sts.txt");
    buf_printf(&page->line, "%s: step %s", ip_format(&fetch->ip, ip), fetch_step_name(fetch->step));
    if (fetch->http_status != 0)
        buf_printf(&page->line, ", HTTP status %d, media type %s", fetch->http_status,
                   fetch->media_type == NULL ? "none" : fetch->media_type);
    if (fetch->redirect != NULL)
        buf_printf(&page->line, ", location %s", fetch->redirect);
    page_raw(page, INDENT, INDENT, "");
    write_tls(explained, &fetch->tls);
    write_body(explained, fetch->body);
}

static void write_quoted(struct explained *explained, const char *head, struct bytes text)
{
    if (text.len == 0)
        return;
    buf_text(&explained->page.line, head);
    page_quote(&explained->page, text, LINE_SHOWN);
    page_raw(&explained->page, INDENT, INDENT, "");
}

static void write_probe(struct explained *explained, const struct probe_facts *probe)
{
    char ip[IP_TEXT_BYTES];
    write_heading(explained, probe->host, " ", ip_format(&probe->ip, ip));
    if (probe->not_tried != TRIED) {
        buf_printf(&explained->page.line, "not contacted: %s", not_tried_name(probe->not_tried));
        page_raw(&explained->page, INDENT, INDENT, "");
        return;
    }
    buf_printf(&explained->page.line, "step %s, end %s, %u ms", smtp_step_name(probe->step),
               smtp_end_name(probe->end), probe->ms);
    page_raw(&explained->page, INDENT, INDENT, "");
    write_quoted(explained, "greeting: ", probe->greeting);
    for (size_t i = 0; i < probe->ehlo_count && i < LINES_SHOWN; i++)
        write_quoted(explained, "ehlo: ", probe->ehlo[i]);
    if (probe->reply_code != 0 && probe->reply.len > 0)
        write_quoted(explained, "reply: ", probe->reply);
    write_tls(explained, &probe->tls);
    if (probe->legacy == NULL)
        return;
    buf_text(&explained->page.line, "once more, taking what is outdated:");
    page_raw(&explained->page, INDENT, INDENT, "");
    write_tls(explained, probe->legacy);
}

static void write_host(struct explained *explained, const struct mx_host *host)
{
    const struct host_facts *facts = host->facts;
    if (facts == NULL)
        return;
    write_lookup(explained, &facts->address.a, "", host->host, "A");
    write_lookup(explained, &facts->address.aaaa, "", host->host, "AAAA");
    write_lookup(explained, &facts->tlsa.lookup, "_25._tcp.",
                 facts->tlsa.base == NULL ? "" : facts->tlsa.base, "TLSA");
    for (size_t i = 0; i < facts->tlsa.rr_count && i < LINES_SHOWN; i++) {
        const struct tlsa_rr *rr = &facts->tlsa.rrs[i];
        buf_printf(&explained->page.line, "%u %u %u, %zu bytes", rr->usage, rr->selector, rr->matching,
                   rr->data.len);
        page_raw(&explained->page, INDENT, INDENT, "");
    }
    for (size_t i = 0; i < facts->probe_count; i++)
        write_probe(explained, &facts->probes[i]);
}

void explain_evidence(struct explained *explained)
{
    const struct domain_facts *facts = explained->facts;
    buf_text(explained->page.out, "\n  evidence\n");
    write_txt(explained, &facts->txt, "_mta-sts.");
    write_policy(explained);
    write_mx(explained);
    for (size_t i = 0; i < facts->host_count; i++)
        write_host(explained, &facts->hosts[i]);
    write_txt(explained, &facts->tlsrpt, "_smtp._tls.");
    explain_looks_evidence(explained);
}
