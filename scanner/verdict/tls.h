/*
 * The part of the verdict that looks at one TLS handshake and one probe. Pure; used by verdict.c and its
 * tests.
 */
#ifndef STSWEEP_VERDICT_TLS_H
#define STSWEEP_VERDICT_TLS_H

#include "scanner/verdict/verdict.h"

enum tls_offer { TLS_OFFER_UNKNOWN, TLS_OFFER_YES, TLS_OFFER_NO };

/* Would a sender that takes any TLS have got some here? One that takes what is outdated counts (TLS-4). */
enum tls_offer verdict_tls_offer(const struct probe_facts *probe);

/* What we did not compute; FAIL_NONE where that is nothing. */
enum failure_code verdict_limit(enum tls_limit limit, enum failure_stage stage);

/* Adds every fault of the certificates of a completed handshake; verdict_certificate names the foremost. */
void verdict_certificate_codes(const struct tls_facts *tls, enum failure_stage stage, int64_t now,
                               struct code_set *codes);

#endif
