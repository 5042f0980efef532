/*
 * Short names of mail providers, told from names alone (provider.def), and what a provider documents about
 * its customers' policies. Pure. Names given here are lower case without the trailing dot.
 */
#ifndef STSWEEP_VERDICT_PROVIDER_H
#define STSWEEP_VERDICT_PROVIDER_H

#include "scanner/facts/record.h"

struct provider {
    const char *suffix;
    const char *name;
    const char *patterns; /* documented mx patterns, separated by a space; "" where none is known */
};

/* The row with the longest suffix that the host lies at or under, or NULL. */
const struct provider *provider_find_mx(const char *host);

/* "Microsoft 365", or NULL where unknown. */
const char *provider_of_mx(const char *host);

/* By the CNAME chain of the policy host (its end first), then that of _mta-sts, then the policy host's own
 * name; NULL where unknown. */
const char *provider_of_policy(const struct domain_facts *facts);

/* Does a provider's documentation give its customers exactly this pattern? */
bool provider_documents(const char *pattern);

/*
 * The shared provider whose whole name "*." over `parent` would cover: a row with that suffix, or one further
 * down. NULL where there is none, and where `domain` is under that suffix itself, so that the hosts are its
 * own.
 */
const struct provider *provider_covered(const char *parent, const char *domain);

/* EXO-1: is the MX host Exchange Online's, by either form of its name? */
bool provider_is_exchange_online(const char *host);

/* The rows, in the table's order. */
size_t provider_rows(const struct provider **mx, const struct provider **policy, size_t *policy_count);

#endif
