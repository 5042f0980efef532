/*
 * Short names of mail providers (provider.def). Pure.
 */
#ifndef STSWEEP_PROVIDER_H
#define STSWEEP_PROVIDER_H

#include "output/record.h"

/* "Microsoft 365", or NULL where unknown. host: lower case, no trailing dot. */
const char *provider_of_mx(const char *host);

/* By the end of the policy host's CNAME chain; NULL where there is none or it is unknown. */
const char *provider_of_policy(const struct policy_facts *policy);

#endif
