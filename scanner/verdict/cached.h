/*
 * Judges the policy that senders may still have in their caches (RFC 8461 sections 3.3, 5.1 and 8.3). A
 * sender keeps a policy for its max_age. When it finds no record, a bad one or the same id, or cannot fetch
 * what a new id points to, it goes by the one that it has: so mail may be refused under a policy that stands
 * nowhere any more. Pure.
 */
#ifndef STSWEEP_VERDICT_CACHED_H
#define STSWEEP_VERDICT_CACHED_H

#include "scanner/verdict/verdict.h"

/* Says what a sender finds at `now` (wall clock, ms) that has facts->cached. judgement: of the facts, as far
 * as the record and the policy. */
enum cached_found cached_found_at(const struct domain_facts *facts, int64_t now,
                                  const struct judgement *judgement);

/* Returns until when the policy is alive: a sender that asked when it was last seen keeps it until
 * then (wall clock, ms). */
int64_t cached_sure_until(const struct cached_policy *policy);

#endif
