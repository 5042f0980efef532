/*
 * Finds the short names of mail providers from host names alone (provider.def), and what a provider documents
 * about its customers' policies. Pure. Names given here are lower case without the trailing dot.
 */
#ifndef STSWEEP_VERDICT_PROVIDER_H
#define STSWEEP_VERDICT_PROVIDER_H

#include "scanner/facts/record.h"

struct provider {
    const char *suffix;
    const char *name;
    const char *patterns; /* documented mx patterns, separated by a space; "" if none is known */
};

/* Returns the row with the longest suffix that the host lies at or under, or NULL. */
const struct provider *provider_find_mx(const char *host);

/* Returns a short name, as "Microsoft 365"; NULL if unknown. */
const char *provider_of_mx(const char *host);

/* Returns the short name by the CNAME chain of the policy host (its end first), then by that of _mta-sts,
 * then by the policy host's own name; NULL if unknown. */
const char *provider_of_policy(const struct domain_facts *facts);

/* Says whether a provider's documentation gives its customers exactly this pattern. */
bool provider_documents(const char *pattern);

/*
 * Returns the shared provider whose whole name "*." over `parent` would cover: a row with that suffix, or one
 * further down. NULL if there is none, or if `domain` is under that suffix itself, so that the hosts are its
 * own.
 */
const struct provider *provider_covered(const char *parent, const char *domain);

/* Says whether the MX host is Exchange Online's, by either form of its name (EXO-1). */
bool provider_is_exchange_online(const char *host);

/* Gives the rows in the table's order; returns how many *mx has. */
size_t provider_rows(const struct provider **mx, const struct provider **policy, size_t *policy_count);

#endif
