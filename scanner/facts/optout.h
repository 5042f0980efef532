/*
 * Tells who asked not to be scanned: domains (exact), suffixes (.example.com: it and all below it), prefixes
 * (CIDR). It is filled once (input/optout_list.h reads the list), then immutable and shared by all threads.
 * Pure.
 */
#ifndef STSWEEP_FACTS_OPTOUT_H
#define STSWEEP_FACTS_OPTOUT_H

#include <stdbool.h>

#include "scanner/base/error.h"
#include "scanner/base/ip.h"

struct optout;

/* Creates an empty list. NULL: out of memory. */
struct optout *optout_create(void);
void optout_destroy(struct optout *optout);

/* Add an entry; ERR_MEMORY, or ERR_OK. Names have the form that hostname_normalize gives them; a suffix has
 * no leading dot. The strings are copied. */
enum error optout_add_domain(struct optout *optout, const char *domain);
enum error optout_add_suffix(struct optout *optout, const char *suffix);
enum error optout_add_prefix(struct optout *optout, const struct ip_prefix *prefix);

/* Sorts the list. Call it when all entries are added: only then may the list be asked. */
void optout_finish(struct optout *optout);

/* Returns the prefixes as they were added, those of IPv4 also in the IPv6 forms that lead there (NAT64,
 * 6to4). */
const struct ip_set *optout_prefixes(const struct optout *optout);

bool optout_has_domain(const struct optout *optout, const char *domain);
bool optout_has_ip(const struct optout *optout, const struct ip_addr *ip);

#endif
