/*
 * The parts of a domain's explanation, and the pieces of text that they share. Pure.
 */
#ifndef STSWEEP_EXPLAIN_EXPLAIN_PARTS_H
#define STSWEEP_EXPLAIN_EXPLAIN_PARTS_H

#include "output/explain/explain_page.h"
#include "scanner/facts/record.h"

/* One domain on its page. */
struct explained {
    struct page page;
    const struct domain_facts *facts;
    const struct judgement *judgement;
    unsigned written; /* what has been written out in full: see explain_write */
};

/* The chain, a line or more each step (explain_steps.c). */
void explain_steps(struct explained *explained);

/* What kinds of sender do over the whole MX set (explain_senders.c); nothing where no mail is received. */
void explain_senders(struct explained *explained);

/* One code: why with what was found, who, how to mend it (explain_code.c). */
void explain_code(struct explained *explained, enum failure_code code);

/* The texts to publish that would mend the code, each once on a page (explain_write.c). */
void explain_write(struct explained *explained, enum failure_code code);

/* DANE as a step with its records and addresses; the records 3 1 1 that would mend it (explain_dane.c). */
void explain_dane(struct explained *explained);
void explain_write_tlsa(struct explained *explained);

/* What earlier looks had found: beside the code that they found too or that they differ in; all of them, raw
 * (explain_looks.c). */
void explain_looks(struct explained *explained, enum failure_code code);
void explain_looks_evidence(struct explained *explained);

/* What was seen, raw (explain_evidence.c). */
void explain_evidence(struct explained *explained);

/* How bad a code is for this domain: where no policy can be used, a bad MX host stops no sender. */
enum mark explain_mark(const struct judgement *judgement, enum failure_code code);

/* Add to the line: "TLS 1.3"; "certificate for a, b, valid from … until …, issued by …". */
void explain_tls_version(struct page *page, const struct tls_facts *tls);
void explain_certificate(struct page *page, const struct cert_facts *cert);

/* Adds "none (nxdomain)" or "could not be looked up (servfail)". */
void explain_lookup(struct page *page, const struct lookup_facts *lookup);

static inline bool explain_is_negative(const struct lookup_facts *lookup)
{
    return lookup->status == DNS_NXDOMAIN || lookup->status == DNS_NODATA;
}

#endif
