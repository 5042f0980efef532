/*
 * The MTA-STS record at _mta-sts.<domain> (RFC 8461 section 3.1; errata 6285). Pure.
 */
#ifndef STSWEEP_STS_RECORD_H
#define STSWEEP_STS_RECORD_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

/*
 * Judges the TXT RRs found (each with its strings joined). Keeps going past the first fault and collects
 * every finding; a finding's column is the 1-based byte in its RR and its line the 1-based RR. record->code
 * is what a sender would stop at: FAIL_TXT_ABSENT, FAIL_TXT_MULTIPLE, FAIL_TXT_SYNTAX, FAIL_TXT_ID_MISSING,
 * FAIL_TXT_ID_BAD or FAIL_NONE. Warnings (FAIL_TXT_SPACE_BEFORE_SEMICOLON, FAIL_TXT_ID_REPEATED) stand among
 * the findings only. Details live in the arena (a full arena costs details, never the verdict).
 */
void sts_record_parse(const struct bytes *rrs, size_t rr_count, struct arena *arena,
                      struct sts_record *record);

/* Does the RR begin with v=STSv1; (TXT-2)? */
bool sts_record_is_candidate(struct bytes rr);

/* Was it meant to be the record, well written or not (TXT-9)? Wherever it stands. */
bool sts_record_is_near_miss(struct bytes rr);

/* May there be an MTA-STS record among the RRs, so that the policy host is worth asking? (TXT-7) */
bool sts_record_wants_policy(const struct bytes *rrs, size_t rr_count);

#endif
