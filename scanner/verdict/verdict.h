/*
 * Turns facts into a judgement: outcome, codes, RFC 8460 types, DANE, and what each kind of sender meets.
 * Pure and total; it depends only on its arguments.
 */
#ifndef STSWEEP_VERDICT_VERDICT_H
#define STSWEEP_VERDICT_VERDICT_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

/*
 * Dates of certificates are judged by a time (wall clock, ms): `now` if it is given. 0: by the time of the
 * handshake that showed them. Facts of older records have no such time and are judged by another: the end of
 * the domain (time and ms), or the beginning of a probe that stands alone.
 */
enum { BY_OWN_TIME = 0 };

/* Fills in *judgement; what it points to lives in arena. */
void verdict_judge(const struct domain_facts *facts, int64_t now, struct arena *arena,
                   struct judgement *judgement);

/* Say whether something transient left an MX host or a probe undetermined: a failed lookup, an address that
 * could not be judged. */
bool verdict_host_may_pass(const struct host_facts *facts);
bool verdict_probe_may_pass(const struct probe_facts *probe);

/* Say whether this may be the work of an outage of our own: whoever puts us off in a reply was reached. */
bool verdict_host_may_be_ours(const struct host_facts *facts);
bool verdict_probe_may_be_ours(const struct probe_facts *probe);

/* Says whether the record is valid and it is not known what a sender finds at the policy host: nothing
 * follows from that, least of all that there is no policy. */
bool verdict_policy_is_open(const struct domain_facts *facts, const struct judgement *judgement);

/* Says whether the domain has, or may have, MX hosts that nobody looked at: the lookup told nothing or was
 * cut, or there are more than smtp.max_hosts. */
bool verdict_hosts_are_open(const struct domain_facts *facts);

/* Says whether something transient left the outcome undetermined, so that it is worth trying again. */
bool verdict_may_pass(const struct judgement *judgement);

/* Says whether there is any transient code that our own configuration did not cause, even if the outcome is
 * clear. */
bool verdict_has_passing(const struct judgement *judgement);

/* How often what has a code is tried again: in each further pass, as it may pass by itself; once more, as one
 * look does not decide (TLS-7); or not at all. */
enum retry { RETRY_NEVER, RETRY_LOOK, RETRY_PASSES };

enum retry verdict_retry(enum failure_code code);

/* Judges one address: FAIL_NONE if an MTA-STS sender's TLS checks pass. */
enum failure_code verdict_probe(const struct probe_facts *probe, int64_t now);

/* Judges a completed handshake's certificates with the codes of the given stage: FAIL_NONE or POLICY_TLS_… or
 * SMTP_TLS_…. */
enum failure_code verdict_certificate(const struct tls_facts *tls, enum failure_stage stage, int64_t now);

/* Returns why a policy could not be fetched, or FAIL_NONE if a 200 came with a good certificate. */
enum failure_code verdict_fetch(const struct policy_facts *policy, int64_t now);

#endif
