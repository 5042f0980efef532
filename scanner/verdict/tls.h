/*
 * Judges one connection: certificates, handshakes, SMTP sessions and HTTPS answers become codes. Pure. tls.c
 * also has verdict_probe, verdict_certificate and verdict_fetch (verdict.h) and fetch_is_too_large (parts.h);
 * limit.c has verdict_limit.
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

/* Adds every fault of the certificates of a completed handshake; verdict_certificate names the foremost. */
void verdict_certificate_codes(const struct tls_facts *tls, enum failure_stage stage, int64_t now,
                               struct code_set *codes);

#endif
