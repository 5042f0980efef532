/*
 * Parses the TLSRPT record at _smtp._tls.<domain> (RFC 8460 section 3). Pure.
 */
#ifndef STSWEEP_STS_TLSRPT_H
#define STSWEEP_STS_TLSRPT_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

/*
 * Judges the RRs as sts_record_parse does, with FAIL_TLSRPT_ABSENT, _MULTIPLE, _SYNTAX, _RUA_MISSING,
 * _RUA_BAD. If there is no record, an RR that was meant to be one is a finding (FAIL_TLSRPT_NEAR_MISS).
 *
 * Only RRs that begin "v=TLSRPTv1;" count: section 3 has the rest discarded, also if white space comes before
 * the semicolon. An address of rua that is neither a mailto: nor an https: URI is a fault of the whole value,
 * so one bad address makes the record invalid (FAIL_TLSRPT_RUA_BAD) even beside good ones; rua keeps the good
 * ones. The grammar allows rua twice, and a reporter may deliver to each (RFC 8460 section 3): the addresses
 * of all count. rua holds at most TLSRPT_RUA_KEPT addresses; more are checked, not kept. A full arena keeps
 * fewer and never changes the code.
 */
enum { TLSRPT_RUA_KEPT = 64 };

void tlsrpt_parse(const struct bytes *rrs, size_t rr_count, struct arena *arena,
                  struct tlsrpt_record *record);

/* Says whether the RR begins with "v=TLSRPTv1;". */
bool tlsrpt_is_candidate(struct bytes rr);

/* Says whether the RR was meant to be a TLSRPT record, well written or not, at whatever name it stands. */
bool tlsrpt_is_near_miss(struct bytes rr);

#endif
