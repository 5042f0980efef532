/*
 * Judges one connection: certificates, handshakes, SMTP sessions and HTTPS answers become codes. Pure. tls.c
 * has the certificates, probe.c the sessions (verdict_probe of verdict.h), fetch.c the policy's fetch
 * (verdict_fetch), limit.c has verdict_limit.
 */
#ifndef STSWEEP_VERDICT_TLS_H
#define STSWEEP_VERDICT_TLS_H

#include "scanner/verdict/verdict.h"

enum tls_offer { TLS_OFFER_UNKNOWN, TLS_OFFER_YES, TLS_OFFER_NO };

/* Says whether a sender that takes any TLS would have got some here. A sender that takes outdated TLS counts
 * (TLS-4). */
enum tls_offer verdict_tls_offer(const struct probe_facts *probe);

/* Returns the code of a computation that we left out; FAIL_NONE for TLS_LIMIT_NONE. */
enum failure_code verdict_limit(enum tls_limit limit, enum failure_stage stage);

/* Has it more than is kept of a chain, or of a leaf's names, so that the rest is open? */
bool verdict_is_past_ceiling(const struct tls_facts *tls);

/* Adds every fault of the certificates of a completed handshake; verdict_certificate names the foremost. */
void verdict_certificate_codes(const struct tls_facts *tls, enum failure_stage stage, int64_t now,
                               struct code_set *codes);

#endif
