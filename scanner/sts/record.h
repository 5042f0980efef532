/*
 * Parses the MTA-STS record at _mta-sts.<domain> (RFC 8461 section 3.1; erratum 6285). Pure.
 */
#ifndef STSWEEP_STS_RECORD_H
#define STSWEEP_STS_RECORD_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

/*
 * Judges the TXT RRs found (each with its strings joined). It keeps going past the first fault and collects
 * every finding; a finding's column is the 1-based byte in its RR and its line the 1-based RR. record->code
 * is the fault at which a sender would stop: FAIL_TXT_ABSENT, FAIL_TXT_MULTIPLE, FAIL_TXT_SYNTAX,
 * FAIL_TXT_ID_MISSING, FAIL_TXT_ID_BAD or FAIL_NONE. Warnings (FAIL_TXT_SPACE_BEFORE_SEMICOLON,
 * FAIL_TXT_ID_REPEATED) are among the findings only. Details live in the arena (a full arena costs details,
 * never the code).
 */
void sts_record_parse(const struct bytes *rrs, size_t rr_count, struct arena *arena,
                      struct sts_record *record);

/* Says whether the RR begins with v=STSv1; (TXT-2). */
bool sts_record_is_candidate(struct bytes rr);

/* Says whether the RR begins with v=STSv1 and lacks the semicolon behind it. */
bool sts_record_lacks_semicolon(struct bytes rr);

/* Says whether the RR was meant to be an MTA-STS record, well written or not, at whatever name it stands
 * (TXT-9). */
bool sts_record_is_near_miss(struct bytes rr);

/* Says whether there may be an MTA-STS record among the RRs, so that the policy host is worth asking (TXT-7).
 */
bool sts_record_wants_policy(const struct bytes *rrs, size_t rr_count);

#endif
