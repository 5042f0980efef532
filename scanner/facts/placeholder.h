/*
 * Tells the names that stand in an MX record though no mail host is behind them (placeholder.def, MX-6): they
 * verify a domain, or are reserved. What is told from the name alone is never asked for; a name for tests is
 * one only if it turns out to have no address. Pure. Names are in lower case without the trailing dot.
 */
#ifndef STSWEEP_FACTS_PLACEHOLDER_H
#define STSWEEP_FACTS_PLACEHOLDER_H

#include "scanner/facts/record.h"

/* Says whether the name alone tells that no mail host is behind it, as an MX of the domain. */
bool placeholder_by_name(const char *host, const char *domain);

/* Says so of an MX host of the domain that was looked at, by its name and by its addresses. */
bool placeholder_is(const struct mx_host *host, const char *domain);

/* Says so of the name of an MX record: by itself, or as one of the hosts. */
bool placeholder_is_named(const struct domain_facts *facts, const char *host);

/* Returns the short name of the service that the name verifies a domain for, or NULL. */
const char *placeholder_service(const char *host, const char *domain);

struct placeholder {
    const char *suffix;
    const char *service;
};

/* Gives the rows in the table's order. */
size_t placeholder_rows(const struct placeholder **rows);

#endif
