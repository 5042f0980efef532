/*
 * Tells what a sender meets at a domain's MX hosts if it enforces a given policy, whatever policy is
 * published: the one that is published now, one that it cached earlier (cached.h), or one that is only
 * planned. The hosts were judged by verdict_judge; matching and the tally are the same for all. Pure.
 */
#ifndef STSWEEP_VERDICT_ENFORCED_H
#define STSWEEP_VERDICT_ENFORCED_H

#include "scanner/verdict/verdict.h"

/* A policy's patterns (RFC 8461 section 3.2), in lower case. */
struct enforced_policy {
    const char *const *mx;
    size_t count;
};

/* Returns the host's own fault under the policy: FAIL_NONE if it matches and has addresses to look at, so
 * that those decide; FAIL_MX_NOT_IN_POLICY if that is all that is wrong with it. */
enum failure_code enforced_host_code(const struct mx_host *host, const struct host_verdict *verdict,
                                     struct enforced_policy policy);

/*
 * Judges all MX hosts by the policy. facts and hosts are of all hosts or of those in use alone: placeholders
 * do not count. A domain that receives no mail has the outcome NO_MAIL. If arena is too full for the codes,
 * host_count is 0 and the outcome holds.
 */
struct enforced verdict_enforced(const struct domain_facts *facts, const struct host_verdict *hosts,
                                 size_t host_count, struct enforced_policy policy, struct arena *arena);

#endif
