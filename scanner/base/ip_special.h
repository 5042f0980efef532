/*
 * Declares the rows of the special-purpose tables. Private to scanner/base. text is what the registries
 * write, prefix is the same in binary form (a unit test holds them equal).
 */
#ifndef STSWEEP_BASE_IP_SPECIAL_H
#define STSWEEP_BASE_IP_SPECIAL_H

#include "scanner/base/ip.h"

struct ip_special {
    const char *text;
    struct ip_prefix prefix;
};

/* Not globally reachable. */
extern const struct ip_special ip_specials[];
extern const size_t ip_special_count;

/* Globally reachable although inside one of the above. */
extern const struct ip_special ip_exceptions[];
extern const size_t ip_exception_count;

/* IPv6 addresses under this prefix carry an IPv4 address, which begins at byte `offset`. */
struct ip_embedding {
    struct ip_prefix prefix;
    uint8_t offset;
};
extern const struct ip_embedding ip_embeddings[];
extern const size_t ip_embedding_count;

/* Tells whether ip is inside prefix. Families must agree. */
bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *ip);

#endif
