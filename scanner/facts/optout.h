/*
 * Tells who asked not to be scanned: domains (exact), suffixes (.example.com: it and all below it), prefixes
 * (CIDR), and AS numbers, which are the prefixes that a file says they announce. It is filled once
 * (input/optout_list.h reads the list), then immutable and shared by all threads. Pure.
 *
 * Whether somebody is listed is asked for every name and address, and costs a few comparisons. By which
 * entry, so that it can be shown to who asked, is asked of those alone that are: if several entries say so,
 * it is the most specific one. That is the domain before a suffix, a longer suffix before a shorter one, a
 * longer prefix before a shorter one, a prefix before an AS number with the same prefix, and among equal ones
 * the first.
 */
#ifndef STSWEEP_FACTS_OPTOUT_H
#define STSWEEP_FACTS_OPTOUT_H

#include <stdbool.h>

#include "scanner/base/error.h"
#include "scanner/base/ip.h"

struct optout;

enum optout_kind { OPTOUT_DOMAIN, OPTOUT_SUFFIX, OPTOUT_PREFIX, OPTOUT_AS, OPTOUT_KINDS };

enum { OPTOUT_SINCE_BYTES = 11 /* 2026-11-30 */ };

struct optout_entry {
    enum optout_kind kind;
    const char *text;               /* as it counts: example.com, .example.com, 192.0.2.0/24, AS64500 */
    uint64_t line;                  /* of the list; 0: unknown */
    char since[OPTOUT_SINCE_BYTES]; /* the date that stands with it, or "" */
    const char *comment;            /* likewise, or "" */
    uint32_t asn;                   /* of an AS number */
    size_t prefixes;                /* likewise: how many it has */
};

/* Creates an empty list. NULL: out of memory. */
struct optout *optout_create(void);
void optout_destroy(struct optout *optout);

/* Add an entry; ERR_MEMORY, or ERR_OK. Names have the form that hostname_normalize gives them; a suffix has
 * no leading dot. The strings are copied. */
enum error optout_add_domain(struct optout *optout, const char *domain);
enum error optout_add_suffix(struct optout *optout, const char *suffix);
enum error optout_add_prefix(struct optout *optout, const struct ip_prefix *prefix);
enum error optout_add_as(struct optout *optout, uint32_t asn);

/* Notes of the entry that was added last where it stands, since when, and a comment; since and comment may be
 * "". */
enum error optout_describe(struct optout *optout, uint64_t line, const char *since, const char *comment);

/* Is there an entry of this AS number? */
bool optout_wants_as(const struct optout *optout, uint32_t asn);

/* Adds a prefix that the AS number announces to the first entry of it, if there is one. ERR_MEMORY. */
enum error optout_add_announced(struct optout *optout, uint32_t asn, const struct ip_prefix *prefix);

/* Sorts the list. Call it when all is added: only then may the list be asked. */
void optout_finish(struct optout *optout);

/* Returns the prefixes as they were added, those of IPv4 also in the IPv6 forms that lead there (NAT64,
 * 6to4). */
const struct ip_set *optout_prefixes(const struct optout *optout);

bool optout_has_domain(const struct optout *optout, const char *domain);
bool optout_has_ip(const struct optout *optout, const struct ip_addr *ip);

/* Return the place (from 0) of the entry by which it is listed; OPTOUT_NONE: by none. */
enum { OPTOUT_NONE = -1 };
int64_t optout_find_domain(const struct optout *optout, const char *domain);
int64_t optout_find_ip(const struct optout *optout, const struct ip_addr *ip);

/* Return the entries in the order in which they were added. */
size_t optout_count(const struct optout *optout);
const struct optout_entry *optout_entry(const struct optout *optout, size_t index);

/* Returns the place of the first entry of an AS number, which has its prefixes; OPTOUT_NONE: there is
 * none. */
int64_t optout_find_as(const struct optout *optout, uint32_t asn);

/* Calls visit for each prefix that an AS number's entry has. false from visit ends it. */
void optout_each_prefix(const struct optout *optout, size_t index,
                        bool (*visit)(void *arg, const struct ip_prefix *prefix), void *arg);

#endif
