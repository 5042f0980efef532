/*
 * Declares the parts of the verdict, one a stage of the chain; verdict.c puts them together. Pure: facts in,
 * codes and parts of the judgement out. Each adds its codes to judgement->codes and allocates in arena.
 */
#ifndef STSWEEP_VERDICT_PARTS_H
#define STSWEEP_VERDICT_PARTS_H

#include "scanner/verdict/verdict.h"

/* The time by which dates are judged (verdict.h), in ms of the wall clock. */
struct judged_at {
    int64_t now; /* of all facts, or BY_OWN_TIME */
    int64_t end; /* of facts that have no time */
};

/* Returns the moment by which one handshake's dates are judged. */

int64_t moment_of(const struct tls_facts *tls, struct judged_at at);
/* Returns the other reading of a clock that was set during the scan if the facts are judged by their own
 * time; else the same moment. */
int64_t other_moment_of(const struct tls_facts *tls, int64_t moment);

/* Counts of what an MTA-STS sender meets over a set of addresses or hosts. */
struct tally_of {
    size_t pass;
    size_t fail;
    size_t unknown;
};

/* Counts one address or host with this code as a pass (FAIL_NONE), a fail or an unknown. */
void tally_add(struct tally_of *tally, enum failure_code code);

bool lookup_failed(const struct lookup_facts *lookup); /* it was asked, and neither answered nor said no */
/* Adds the code of a lookup that failed, and of one that was cut. Returns whether it failed. */
bool add_failed_lookup(struct judgement *judgement, const struct lookup_facts *lookup);
bool lookup_is_ours(
    const struct lookup_facts *lookup); /* it failed by our own ceiling, or may have by an opt-out */
/* Returns the code of a name that could not be looked up: otherwise, or FAIL_DNS_TOO_LARGE if no lookup
 * failed except by our own ceiling, or FAIL_DNS_OPTOUT if one may have failed by an opt-out. */
enum failure_code failed_code(const struct address_facts *address, enum failure_code otherwise);
/* Says whether the domain has MX hosts beyond the `seen` that were looked at. */
bool has_unseen_hosts(const struct domain_facts *facts, size_t seen);
void add_findings(struct judgement *judgement, const struct findings *findings);

/* ---- records (records.c) ------------------------------------------------------------------------------- */
void judge_txt(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement);
void judge_tlsrpt(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement);
void judge_mx(const struct domain_facts *facts, struct judgement *judgement);
/* Judges TXT records at the wrong name (nearmiss.c) and adds findings to the record and to TLSRPT. Call it
 * after those two. */
void judge_near_miss(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement);

/* Says whether nobody can send mail there: a null MX, a name that does not exist, or neither MX nor address.
 */
bool is_no_mail(const struct domain_facts *facts);
/* Judges whether the name is a website's or another host's, and not one of mail addresses (records.c). Call
 * it after judge_txt. */
void judge_name(const struct domain_facts *facts, struct judgement *judgement);

/* ---- placeholders (inuse.c) ---------------------------------------------------------------------------- */
/* Makes the facts without MX hosts and records that are placeholders (MX-6): all that follows is judged by
 * them. They share everything else. */
void leave_placeholders(const struct domain_facts *facts, struct arena *arena, struct domain_facts *in_use);
/* Puts the verdicts on the hosts in use at their places among all hosts; what is in between is a
 * placeholder. */
void spread_hosts(const struct domain_facts *facts, const struct domain_facts *in_use, struct arena *arena,
                  struct judgement *judgement);

/* ---- the policy (policy.c): only if the record is valid ------------------------------------------------ */
void judge_policy(const struct domain_facts *facts, struct judged_at at, struct arena *arena,
                  struct judgement *judgement);
bool policy_is_usable(const struct judgement *judgement);
bool fetch_is_too_large(const struct fetch_facts *fetch); /* more than a policy may be (fetch.c) */
bool fetch_is_challenge(const struct fetch_facts *fetch); /* a guard against bots answered (challenge.c) */

/* ---- MX hosts (hosts.c) -------------------------------------------------------------------------------- */
void judge_host(const struct domain_facts *facts, const struct mx_host *host, struct judged_at at,
                struct arena *arena, struct host_verdict *verdict, struct judgement *judgement);
/* Says whether the host has, or may have, addresses that nobody looked at: the lookup of a family was cut, or
 * failed without an earlier answer to use instead, or there are more than smtp.max_addresses. Those may pass
 * or fail. */
bool has_unseen_addresses(const struct host_facts *host);

/* ---- what senders have cached (cached.c): after judge_outcome ------------------------------------------- */
void judge_cached(const struct domain_facts *facts, struct judged_at at, struct arena *arena,
                  struct judgement *judgement);
/* Says whether a sender that has the earlier policy goes by it, or may do so. */
bool cached_may_apply(const struct judgement *judgement);

/* ---- DANE (dane.c) ------------------------------------------------------------------------------------- */
/* Judges all hosts by DANE. Call it after judge_host of all of them. */
enum dane_outcome judge_dane(const struct domain_facts *facts, struct judged_at at,
                             struct judgement *judgement);

/* ---- who runs it (services.c): last, as it looks at the outcome ---------------------------------------- */
void judge_providers(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement);

/* ---- senders (senders.c): after all the others --------------------------------------------------------- */
void judge_senders(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement);

#endif
