/*
 * The TLSRPT record at _smtp._tls.<domain> (RFC 8460 section 3). Pure.
 */
#ifndef STSWEEP_STS_TLSRPT_H
#define STSWEEP_STS_TLSRPT_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

/*
 * As sts_record_parse, with FAIL_TLSRPT_ABSENT, _MULTIPLE, _SYNTAX, _RUA_MISSING, _RUA_BAD. Where there is
 * none, what was meant to be one is a finding (FAIL_TLSRPT_NEAR_MISS).
 *
 * Only RRs that begin v=TLSRPTv1; count: section 3 has the rest discarded, also where white space stands
 * before the semicolon. An address of rua that is neither a mailto: nor an https: URI is a fault of the whole
 * value, so one bad address makes the record invalid (FAIL_TLSRPT_RUA_BAD) even beside good ones; rua keeps
 * the good ones. The grammar lets rua stand twice: the first counts, the others must only be well-formed. rua
 * holds at most TLSRPT_RUA_KEPT addresses; more are checked, not kept. A full arena keeps fewer and never
 * changes the code.
 */
enum { TLSRPT_RUA_KEPT = 64 };

void tlsrpt_parse(const struct bytes *rrs, size_t rr_count, struct arena *arena,
                  struct tlsrpt_record *record);

/* Does the RR begin with v=TLSRPTv1;? */
bool tlsrpt_is_candidate(struct bytes rr);

/* Was it meant to be a TLSRPT record, well written or not? Wherever it stands. */
bool tlsrpt_is_near_miss(struct bytes rr);

#endif
