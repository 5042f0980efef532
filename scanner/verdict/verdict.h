/*
 * Facts → judgement: the outcome for a sender that honours MTA-STS, for an opportunistic one, the codes, the
 * RFC 8460 types. Pure and total; depends on nothing but its arguments.
 */
#ifndef STSWEEP_VERDICT_VERDICT_H
#define STSWEEP_VERDICT_VERDICT_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

/*
 * Dates of certificates are judged by a time (wall clock, ms): `now` where it is given. 0: by the time of the
 * handshake that showed them, and where facts have none, as in records of scans made before they had, by the
 * end of what they belong to: the domain's (time and ms), the beginning of a probe that stands alone.
 */
enum { BY_OWN_TIME = 0 };

/* Fills in *judgement; what it points to lives in arena. */
void verdict_judge(const struct domain_facts *facts, int64_t now, struct arena *arena,
                   struct judgement *judgement);

/* Was something of an MX host left open that may pass: a lookup that failed, an address that could not be
 * judged? */
bool verdict_host_may_pass(const struct host_facts *facts);
bool verdict_probe_may_pass(const struct probe_facts *probe);

/* Was the outcome left open by something that may pass, so that it is worth trying again? */
bool verdict_may_pass(const struct judgement *judgement);

/* Did anything fail for a passing reason that is not by our own choice, even where the outcome is clear? */
bool verdict_has_passing(const struct judgement *judgement);

/* One address: FAIL_NONE where an MTA-STS sender's TLS checks pass. */
enum failure_code verdict_probe(const struct probe_facts *probe, int64_t now);

/* A completed handshake's certificates under the given stage's codes: FAIL_NONE or POLICY_TLS_… or
 * SMTP_TLS_…. */
enum failure_code verdict_certificate(const struct tls_facts *tls, enum failure_stage stage, int64_t now);

/* Why a policy could not be fetched, or FAIL_NONE where a 200 came with a good certificate. */
enum failure_code verdict_fetch(const struct policy_facts *policy, int64_t now);

#endif
