/*
 * Declares the parts of a domain's explanation, and the pieces of text that they share. Pure.
 */
#ifndef STSWEEP_EXPLAIN_EXPLAIN_PARTS_H
#define STSWEEP_EXPLAIN_EXPLAIN_PARTS_H

#include "output/explain/explain_page.h"
#include "scanner/facts/record.h"

/* One domain and its page. */
struct explained {
    struct page page;
    const struct domain_facts *facts;
    const struct judgement *judgement;
    unsigned written; /* texts that have been written out in full: see explain_write */
};

/* Says, before all else, that senders lose mail by an earlier policy that they have cached
 * (explain_cached.c); nothing if none does. */
void explain_cached(struct explained *explained);

/* Writes the chain, a line or more each step (explain_steps.c). */
void explain_steps(struct explained *explained);

/* Says what kinds of sender do over the whole MX set (explain_senders.c); nothing if no mail is received. */
void explain_senders(struct explained *explained);

/* Says of each sender that delivers nothing how it goes about it, and what its operator may set. */
void explain_senders_evidence(struct explained *explained);

/* Explains one code: why, with what was found; who mends it; how (explain_code.c). */
void explain_code(struct explained *explained, enum failure_code code);

/* Writes the texts to publish that would mend the code, each once on a page (explain_write.c). */
void explain_write(struct explained *explained, enum failure_code code);

/* Write DANE as a step with its TLSA records and addresses, and the records 3 1 1 that would mend it
 * (explain_dane.c). */
void explain_dane(struct explained *explained);
void explain_write_tlsa(struct explained *explained);

/* Write what earlier looks had found: beside a code that they found too or differ in, and all of them, raw
 * (explain_looks.c). */
void explain_looks(struct explained *explained, enum failure_code code);
void explain_looks_evidence(struct explained *explained);

/* Writes what was seen, raw (explain_evidence.c). */
void explain_evidence(struct explained *explained);

/* Says how bad a code is for this domain: if no policy can be used, a bad MX host stops no sender. */
enum mark explain_mark(const struct judgement *judgement, enum failure_code code);

/* Does the same, if it is known whether a policy is in force: it can be used, and its mode is not none. */
enum mark explain_mark_of(bool in_force, enum failure_code code);
bool explain_in_force(const struct judgement *judgement);

/* Add to the line "TLS 1.3", and "certificate for a, b, valid from … until …, issued by …". */
void explain_tls_version(struct page *page, const struct tls_facts *tls);
void explain_certificate(struct page *page, const struct cert_facts *cert);

/* Adds "none (nxdomain)" or "could not be looked up (servfail)". */
void explain_lookup(struct page *page, const struct lookup_facts *lookup);

static inline bool explain_is_negative(const struct lookup_facts *lookup)
{
    return lookup->status == DNS_NXDOMAIN || lookup->status == DNS_NODATA;
}

#endif
