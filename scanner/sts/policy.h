/*
 * Parses the MTA-STS policy file (RFC 8461 section 3.2; erratum 6253 on line ends). Pure.
 */
#ifndef STSWEEP_STS_POLICY_H
#define STSWEEP_STS_POLICY_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

/*
 * Parses a whole body, strictly by the ABNF and its errata. It keeps going and collects every finding with
 * line and column (both 1-based, column in bytes; 0 for a missing key). policy->code is FAIL_NONE or the
 * first fault that makes the policy invalid, in this order: faults of the file as a whole (html, not-utf8,
 * bom, control, bare-cr, empty), then the lines in order, then missing keys (version, mode, max_age, mx). Of
 * bad bytes of one kind, the first in each of POLICY_BYTES_FAULTS lines is a finding.
 *
 * version, mode, max_age and mx are filled in as far as they could be read, also in an invalid policy. A
 * policy whose only faults are blank lines, or white space before keys or colons, also gets
 * FAIL_POLICY_DISPUTED among the findings, with the words and the place of such white space. The repetition
 * of a key must be a well-formed line, whatever its value; repetitions of unknown keys are noticed for the
 * first POLICY_UNKNOWN_KEYS of those. mx patterns and details live in the arena. If it is too full for the
 * patterns of a valid policy, the code is FAIL_POLICY_CUT, which is our limit: never silently short, never a
 * fault of theirs.
 */
enum { POLICY_UNKNOWN_KEYS = 64, POLICY_BYTES_FAULTS = 8 };

void sts_policy_parse(struct bytes body, struct arena *arena, struct sts_policy *policy);

/* Checks a pattern by POL-8: FAIL_NONE or FAIL_POLICY_SYNTAX_MX_…. *column gets the 1-based column of the
 * fault; the one behind the end if nothing is wrong. */
enum failure_code sts_policy_check_pattern(struct bytes pattern, uint32_t *column);

/* The most faults that sts_policy_pattern_faults finds. */
enum { PATTERN_FAULTS = 4 };

struct pattern_fault {
    enum failure_code code;
    uint32_t column;
};

/* Lists all faults of a pattern from left to right, each code once. Returns how many there are. */
size_t sts_policy_pattern_faults(struct bytes pattern, struct pattern_fault faults[PATTERN_FAULTS]);

#endif
